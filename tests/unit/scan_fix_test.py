#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--fix: what it writes parses and is laid out as gofmt wants it, and the finding is gone; where it is
not plainly safe nothing is offered. --new-from: only what the revision does not have."""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("MAPTRAP_BUILD", os.path.join(TOP, "build"))
MAPTRAP = os.path.join(BUILD, "maptrap")
CACHE = os.environ.get("MAPTRAP_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "maptrap")
GO = sorted(glob.glob(os.path.join(CACHE, "go/usr/lib/go-*/bin/go")))

HEAD = """package p

import (
	"fmt"
	"sync"
)

var mu sync.Mutex
var all = map[string]int{}

func Add(k string) { mu.Lock(); all[k]++; mu.Unlock() }
func Sub(k string) { mu.Lock(); all[k]--; mu.Unlock() }

type S struct {
	mu  sync.RWMutex
	m   map[string]int
	log []string
}

func New() *S { return &S{m: map[string]int{}} }

func (s *S) Put(k string) { s.mu.Lock(); s.m[k] = 1; s.mu.Unlock() }
func (s *S) Drop(k string) { s.mu.Lock(); delete(s.m, k); s.mu.Unlock() }
func (s *S) Get(k string) int { s.mu.RLock(); defer s.mu.RUnlock(); return s.m[k] }
func (s *S) Size() int { s.mu.RLock(); defer s.mu.RUnlock(); return len(s.m) }
func (s *S) Touch(k string) { s.mu.Lock(); s.m[k]++; s.mu.Unlock() }
func (s *S) Set(k string, v int) { s.mu.Lock(); s.m[k] = v; s.mu.Unlock() }
func (s *S) Clear() { s.mu.Lock(); clear(s.m); s.mu.Unlock() }
func f() string { return fmt.Sprint(1) }
"""
# body of a function with a finding → what --fix makes of it
FIXED = [
    ("func (s *S) X(k string) {\n\ts.m[k] = 2\n}\n",
     "func (s *S) X(k string) {\n\ts.mu.Lock()\n\ts.m[k] = 2\n\ts.mu.Unlock()\n}\n"),
    ("func (s *S) X(k string) {\n\tif k != \"\" {\n\t\tdelete(s.m, k) // not wanted\n\t}\n}\n",
     "func (s *S) X(k string) {\n\tif k != \"\" {\n\t\ts.mu.Lock()\n\t\tdelete(s.m, k) // not wanted\n"
     "\t\ts.mu.Unlock()\n\t}\n}\n"),
    ("func (s *S) X(k string) int {\n\tv := s.m[k]\n\treturn v\n}\n",
     "func (s *S) X(k string) int {\n\ts.mu.RLock()\n\tv := s.m[k]\n\ts.mu.RUnlock()\n\treturn v\n}\n"),
    ("func (s *S) X(k string) int {\n\treturn s.m[k] + len(k)\n}\n",
     "func (s *S) X(k string) int {\n\ts.mu.RLock()\n\tdefer s.mu.RUnlock()\n\treturn s.m[k] + len(k)\n}\n"),
    ("func (s *S) X(k string) {\n\tswitch k {\n\tcase \"a\":\n\t\ts.m[k]++\n\t}\n}\n",
     "func (s *S) X(k string) {\n\tswitch k {\n\tcase \"a\":\n\t\ts.mu.Lock()\n\t\ts.m[k]++\n\t\ts.mu.Unlock()\n\t}\n}\n"),
    ("func (s *S) X() (n int) {\n\tfor _, v := range s.m {\n\t\tn += v\n\t}\n\treturn\n}\n",
     "func (s *S) X() (n int) {\n\ts.mu.RLock()\n\tfor _, v := range s.m {\n\t\tn += v\n\t}\n\ts.mu.RUnlock()\n\treturn\n}\n"),
    ("func (s *S) X(k string) {\n\ts.mu.RLock()\n\tdefer s.mu.RUnlock()\n\ts.m[k]++\n}\n",
     "func (s *S) X(k string) {\n\ts.mu.Lock()\n\tdefer s.mu.Unlock()\n\ts.m[k]++\n}\n"),
    ("func (s *S) X(k string) int {\n\treturn s.m[k] / len(k)\n}\n",
     "func (s *S) X(k string) int {\n\ts.mu.RLock()\n\tdefer s.mu.RUnlock()\n\treturn s.m[k] / len(k)\n}\n"),
    # reads and writes: the lock for writing
    ("func (s *S) X(k string) {\n\ts.m[k] = s.m[k+\"a\"] + 1\n}\n",
     "func (s *S) X(k string) {\n\ts.mu.Lock()\n\ts.m[k] = s.m[k+\"a\"] + 1\n\ts.mu.Unlock()\n}\n"),
    ("func (s *S) X() {\n\tfor k := range s.m {\n\t\tdelete(s.m, k)\n\t}\n}\n",
     "func (s *S) X() {\n\ts.mu.Lock()\n\tfor k := range s.m {\n\t\tdelete(s.m, k)\n\t}\n\ts.mu.Unlock()\n}\n"),
    ("func X(k string) {\n\tall[k] = 2\n}\n", "func X(k string) {\n\tmu.Lock()\n\tall[k] = 2\n\tmu.Unlock()\n}\n"),
]
# a finding, and no fix: one line why each
LEFT = [
    "func (s *S) X(k string) {\n\ts.m[f()] = 2\n}\n",                                # a call may lock
    "func (s *S) X(k string, c chan int) {\n\ts.m[k] = <-c\n}\n",                    # may wait
    "func (s *S) X(k string) {\n\tif s.m[k] > 1 {\n\t\tf()\n\t}\n}\n",               # no statement of its own
    "func (s *S) X(k string, a []int) {\n\ts.m[k] = a[0]\n}\n",                        # may panic, and leave it locked
    "func (s *S) X(k string, v any) {\n\ts.m[k] = v.(int)\n}\n",
    "func (s *S) X(k string, n int) {\n\ts.m[k] = 60 / n\n}\n",
    "func (s *S) X(k string, n int) {\n\ts.m[k[n:]] = 1\n}\n",
    "func (s *S) X(k string) { s.m[k] = 2 }\n",                                      # on one line
    "func (s *S) X() {\n\tfor k := range s.m {\n\t\tfmt.Println(k)\n\t}\n}\n",        # the body calls
    "func (s *S) X() string {\n\tfor k := range s.m {\n\t\treturn k\n\t}\n\treturn \"\"\n}\n",  # leaves early
    "func X(k string) {\n\tmu := 1\n\tall[k] = mu\n}\n",                             # the lock's name is taken
    "func (s *S) X(k string) {\n\ts.mu.RLock()\n\ts.Size()\n\ts.m[k]++\n\ts.mu.RUnlock()\n}\n",  # would lock twice
]


def scan(folder, *args):
    p = subprocess.run([MAPTRAP, "scan", "--no-cache", *args, "."], cwd=folder, capture_output=True, text=True)
    return p


def write(folder, body, name="p.go"):
    path = os.path.join(folder, name)
    with open(path, "w") as f:
        f.write(HEAD + "\n" + body)
    return path


def read(path):
    with open(path) as f:
        return f.read()


def gofmt(path):
    """As the newest toolchain lays it out; the head, which is written short, aside."""
    text = read(path)
    body = "package p\n" + text[len(HEAD):]
    p = subprocess.run([GO[-1].replace("bin/go", "bin/gofmt")], input=body, capture_output=True, text=True)
    assert p.returncode == 0 and p.stdout == body, (p.stderr, p.stdout)


def fixed(before, after):
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, before)
        findings = json.loads(scan(folder, "--json").stdout)["findings"]
        finding = findings[0]
        assert "@@" in finding["fix"], finding
        patched = os.path.join(folder, "patched")
        shutil.copytree(folder, patched)
        p = subprocess.run(["patch", "-p1", "-s"], input=finding["fix"], cwd=patched, capture_output=True, text=True)
        assert p.returncode == 0, p.stdout
        assert len(findings) > 1 or read(os.path.join(patched, "p.go")) == HEAD + "\n" + after
        shutil.rmtree(patched)
        os.chmod(path, 0o640)
        p = scan(folder, "--fix")
        assert p.returncode == 0, (p.stdout, p.stderr)
        assert f"{len(findings)} findings fixed in 1 files" in p.stderr, p.stderr
        assert read(path) == HEAD + "\n" + after, read(path)[len(HEAD):]
        assert os.stat(path).st_mode & 0o777 == 0o640 and os.listdir(folder) == ["p.go"]
        assert scan(folder).returncode == 0
        if GO:
            gofmt(path)


def left(body):
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, body)
        report = json.loads(scan(folder, "--json").stdout)
        assert len(report["findings"]) == 1 and "fix" not in report["findings"][0], report["findings"]
        assert scan(folder, "--fix").returncode == 1 and read(path) == HEAD + "\n" + body


def places(report):
    also = sum(r["role"].startswith("also: ") for f in report["findings"] for r in f["related"])
    return len(report["findings"]) + also


def several():
    """All at once, the safe ones go and the others stay."""
    with tempfile.TemporaryDirectory() as folder:
        bodies = [b for b, _ in FIXED] + LEFT
        text = "\n".join(b.replace(" X(", f" X{i}(") for i, b in enumerate(bodies))
        # So many locked ones beside them that the map is guarded without doubt.
        text += "".join(f"\nfunc (s *S) L{i}(k string) {{ s.mu.Lock(); s.m[k] = {i}; s.mu.Unlock() }}\n" for i in range(30))
        write(folder, text)
        p = scan(folder, "--fix", "--json")
        after = places(json.loads(p.stdout))
        assert f"{len(FIXED) + 2} findings fixed in 1 files" in p.stderr, p.stderr  # two places in two of them
        assert p.returncode == 1 and after == len(LEFT), (after, p.stderr)
        assert places(json.loads(scan(folder, "--json").stdout)) == len(LEFT)


def one_is_enough():
    """A fix that does not stand the test is taken back with those of its function; the rest of the file is cured."""
    before, after = FIXED[0]
    two = "\nfunc (s *S) Y(k string) {\n\tall[k] = s.m[k]\n\ts.m[k+\"b\"] = 2\n}\n"  # one lock would be held for the other map
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, before + two)
        p = scan(folder, "--fix", "--json")
        assert "1 findings fixed in 1 files; 3 fixes did not cure theirs" in p.stderr, p.stderr
        assert p.returncode == 1 and places(json.loads(p.stdout)) == 3, p.stdout
        assert read(path) == HEAD + "\n" + after + two


def carriage_returns():
    """What is added ends as the lines around it do."""
    for before, after in FIXED:
        with tempfile.TemporaryDirectory() as folder:
            path = write(folder, before)
            with open(path, "w", newline="") as f:
                f.write((HEAD + "\n" + before).replace("\n", "\r\n"))
            p = scan(folder, "--fix")
            assert p.returncode == 0, (p.stdout, p.stderr)
            with open(path, newline="") as f:
                assert f.read() == (HEAD + "\n" + after).replace("\n", "\r\n")


def not_to_be_written():
    """Generated files get no fix; one that is read-only is named, and the others are written."""
    before, after = FIXED[0]
    with tempfile.TemporaryDirectory() as folder:
        shut, other = os.path.join(folder, "shut"), os.path.join(folder, "other")
        os.mkdir(shut), os.mkdir(other)
        path, good = write(shut, before), write(other, before)
        os.chmod(path, 0o444)
        p = scan(folder, "--fix")
        assert p.returncode == 1 and "1 findings fixed in 1 files" in p.stderr, p.stderr
        assert "1 files are not written" in p.stderr and "p.go is read-only" in p.stderr, p.stderr
        assert p.stdout.count("inconsistent-lock") == 1 and read(good) == HEAD + "\n" + after
        assert read(path) == HEAD + "\n" + before and os.listdir(shut) == ["p.go"]
        os.chmod(path, 0o644)
        licence = "".join(f"// line {i} of a licence\n" for i in range(20))
        with open(path, "w") as f:
            f.write(licence + "\n// Code generated by x. DO NOT EDIT.\n\n" + HEAD + "\n" + before)
        [finding] = json.loads(scan(shut, "--json").stdout)["findings"]
        assert "fix" not in finding, finding
        if os.getuid() == 0:  # what is somebody else's stays theirs
            path = write(shut, before)
            os.chown(path, 65534, 65534)
            assert scan(shut, "--fix").returncode == 0
            assert (os.stat(path).st_uid, os.stat(path).st_gid) == (65534, 65534)


def git(folder, *args):
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false", *args],
                   cwd=folder, check=True, capture_output=True)


def new_from():
    with tempfile.TemporaryDirectory() as folder:
        git(folder, "init", "-q", "-b", "main")
        inner = os.path.join(folder, "inner")
        os.mkdir(inner)
        with open(os.path.join(folder, "go.mod"), "w") as f:
            f.write("module example.com/p\n")
        write(inner, LEFT[3])
        git(folder, "add", "."), git(folder, "commit", "-q", "-m", "one")
        assert scan(folder).returncode == 1 and scan(folder, "--new-from", "main").returncode == 0
        write(inner, "// moved\n\n\n" + LEFT[3] + LEFT[0].replace(" X(", " Y("))
        p = scan(inner, "--new-from", "HEAD", "--json")
        [finding] = json.loads(p.stdout)["findings"]
        assert p.returncode == 1 and finding["file"] == "./p.go", finding
        git(folder, "add", "."), git(folder, "commit", "-q", "-m", "two")
        assert scan(inner, "--new-from", "HEAD").returncode == 0
        assert scan(folder, "--new-from", "HEAD~1").returncode == 1
        p = subprocess.run([MAPTRAP, "scan", "--new-from", "HEAD~1", inner], cwd=folder, capture_output=True, text=True)
        assert p.returncode == 1 and p.stdout.count("inconsistent-lock") == 1, p.stdout
        before = subprocess.run(["git", "status", "--porcelain"], cwd=folder, capture_output=True, text=True).stdout
        marker = os.path.join(folder, "marker")
        for bad in ("nonsense", "--output=x", "-x", "", f"$(touch {marker})", f"HEAD; touch {marker}", "HEAD --"):
            p = scan(folder, "--new-from", bad)
            assert p.returncode == 2 and p.stderr, (bad, p.returncode, p.stderr)
        assert not os.path.exists(marker)
        assert before == subprocess.run(["git", "status", "--porcelain"], cwd=folder, capture_output=True,
                                        text=True).stdout
        os.mkdir(os.path.join(folder, "doc"))  # no Go files, so not in the revision's tree
        for where, path in ((folder, folder), (inner, ".."), (inner, "../../" + os.path.basename(folder)), (folder, "./..."),
                            (folder, "inner/p.go"), (os.path.join(folder, "doc"), "..")):
            p = subprocess.run([MAPTRAP, "scan", "--new-from", "HEAD", path], cwd=where, capture_output=True, text=True)
            assert p.returncode == 0, (where, path, p.stdout)
        beside = folder + "2"
        shutil.copytree(inner, beside)
        for path in (beside, "../" + os.path.basename(beside)):
            p = subprocess.run([MAPTRAP, "scan", "--new-from", "HEAD", path], cwd=folder, capture_output=True, text=True)
            assert p.returncode == 2 and "not in this folder's git repository" in p.stderr, (path, p.stdout)
        shutil.rmtree(beside)
        with open(os.path.join(folder, ".gitattributes"), "w") as f:
            f.write("*.go filter=odd working-tree-encoding=UTF-16 ident\n")
        git(folder, "config", "filter.odd.smudge", f"touch {marker}; false")
        git(folder, "config", "filter.odd.required", "true")
        assert scan(folder, "--new-from", "HEAD").returncode == 0 and not os.path.exists(marker)
        os.remove(os.path.join(folder, ".gitattributes"))
        write(folder, LEFT[0], "new.go")  # a package that the revision does not have
        assert scan(folder, "--new-from", "HEAD").returncode == 1
    with tempfile.TemporaryDirectory() as folder:
        write(folder, LEFT[0])
        p = scan(folder, "--new-from", "HEAD")
        assert p.returncode == 3 and "git" in p.stderr, (p.returncode, p.stderr)
        git(folder, "init", "-q", "-b", "main"), git(folder, "add", "."), git(folder, "commit", "-q", "-m", "one")
        for path in (".", folder, "p.go", os.path.join(folder, "p.go")):  # in no module, and asked for in any way
            p = subprocess.run([MAPTRAP, "scan", "--new-from", "HEAD", path], cwd=folder, capture_output=True, text=True)
            assert p.returncode == 0, (path, p.stdout)
    assert not glob.glob("/tmp/maptrap-rev-*"), "a temporary folder is left"


tests = [(f"fixed {b.splitlines()[1].strip()}", lambda b=b, a=a: fixed(b, a)) for b, a in FIXED]
tests += [(f"left {b.splitlines()[-2 if b.count(chr(10)) > 1 else 0].strip()}", lambda b=b: left(b)) for b in LEFT]
tests += [("several at once", several), ("one is enough", one_is_enough), ("carriage returns", carriage_returns),
          ("not to be written", not_to_be_written), ("new-from", new_from)]
for name, test in tests:
    tap.run(name, test)
if not GO:
    tap.skip("gofmt", "no toolchain (scripts/setup.sh test)")
sys.exit(tap.done())

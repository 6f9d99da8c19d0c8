#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trees that nobody should have: each file that cannot be used is counted and named, the others are read,
the exit status is right (0, 1, 3 unreadable, 4 nothing usable), and it ends in seconds within bounds."""
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("MAPTRAP_BUILD", os.path.join(TOP, "build"))
MAPTRAP = os.path.join(BUILD, "maptrap")
GOOD = b"package p\n\nfunc F() int { return 1 }\n"
NOBODY = 65534
SANITIZED = "asan" in os.path.basename(BUILD)


def run(folder, *args, uid=None, memory=None):
    command = [MAPTRAP, "scan", "--no-cache", "--json", *(args or ["."])]
    if uid:
        command = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] + command
    p = subprocess.run(command, cwd=folder, capture_output=True, timeout=100)
    assert p.returncode in (0, 1, 3, 4), (p.returncode, p.stderr[-300:])
    report = json.loads(p.stdout) if p.stdout else None
    return p.returncode, report, p.stderr.decode()


def tree(**files):
    top = tempfile.mkdtemp(prefix="maptrap-hostile-")
    for name, data in files.items():
        write(top, name.replace("__", "/") + ".go", data)
    return top


def write(top, name, data):
    path = os.path.join(top, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)
    return path


def syntax():
    """One file of each kind beside a sound one: all bad ones are named, the sound one is read."""
    bad = {
        "nul": b"package p\n\x00var x int\n", "latin": b"package p\nvar s = \"\xe9\"\n", "bom": b"package p\n\xef\xbb\xbf\n",
        "parens": b"package p\nvar x = " + b"(" * 1000000, "closed": b"package p\nvar x = " + b"(" * 500000 + b"1" + b")" * 500000,
        "braces": b"package p\nfunc f() " + b"{" * 1000000, "types": b"package p\nvar x " + b"[]" * 1000000 + b"int\n",
        "stars": b"package p\nvar x " + b"*" * 1000000 + b"int\n", "unary": b"package p\nvar x = " + b"-" * 1000000 + b"1\n",
        "funcs": b"package p\nvar x = " + b"func(){" * 200000, "ifs": b"package p\nfunc f() {" + b"if x {" * 200000,
        "string": b"package p\nvar s = `" + b"x" * 1000000, "comment": b"package p\n/*" + b"*" * 1000000, "empty": b"",
        "random": bytes(range(256)) * 4000, "keywords": b"package p\n" + b"func type var " * 100000,
    }
    top = tree(good=GOOD, **bad)
    status, report, _ = run(top)
    assert status == 0, status
    assert sorted(report["files_with_errors"]) == sorted(f"./{n}.go" for n in bad), report["files_with_errors"]
    assert report["files"] == len(bad) + 1
    os.remove(os.path.join(top, "good.go"))
    status, _, text = run(top)
    assert status == 4 and "none of 16 files" in text, (status, text)
    shutil.rmtree(top)


def large():
    top = tree(good=GOOD)
    with open(os.path.join(top, "huge.go"), "wb") as f:
        f.truncate(100 << 20)
    status, report, text = run(top)
    assert status == 3 and report["files_with_errors"] == ["./huge.go"] and report["files"] == 1, (status, report)
    os.remove(os.path.join(top, "huge.go"))
    write(top, "lines.go", b"package p\n" + b"// x\n" * (8 << 20))
    write(top, "wide.go", b"package p\n\nvar x = []int{" + b"1," * (2 << 20) + b"}\n")
    write(top, "sum.go", b"package p\n\nvar y = 1" + b"+1" * 200000 + b"\n")
    before = time.monotonic()
    status, report, _ = run(top)
    assert status == 0 and report["lines"] > 8 << 20, (status, report)
    assert time.monotonic() - before < 60
    if not SANITIZED:
        assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 1500 << 10
    shutil.rmtree(top)


def files_that_are_none():
    top = tree(good=GOOD)
    os.mkfifo(os.path.join(top, "fifo.go"))
    os.symlink("/dev/zero", os.path.join(top, "zero.go"))
    os.symlink("loop.go", os.path.join(top, "loop.go"))
    os.symlink("nothing", os.path.join(top, "dangling.go"))
    os.symlink("good.go", os.path.join(top, "link.go"))
    os.symlink(".", os.path.join(top, "here"))
    os.symlink("..", os.path.join(top, "up"))
    os.mkdir(os.path.join(top, "folder.go"))
    status, report, _ = run(top)
    assert status == 3, status
    assert sorted(report["files_with_errors"]) == ["./dangling.go", "./fifo.go", "./loop.go", "./zero.go"], report
    again = run(top, ".", "./", top, "fifo.go")[1]  # asked for in several ways, named once
    assert again["files_with_errors"] == report["files_with_errors"] and again["files"] == report["files"], again
    for name in ("fifo.go", "zero.go", "/dev/zero", "/dev/tty"):
        status, report, text = run(top, name)
        assert status == 3, (name, status, text)
    status, _, text = run(top, "absent")
    assert status == 3 and "absent" in text
    status, _, text = run(top, "here")  # asked for by name, a link is followed
    assert status == 3
    shutil.rmtree(top)


def folders_that_go_deep():
    top = tree(good=GOOD)
    deep = os.path.join(top, *["d"] * 140)
    os.makedirs(deep)
    with open(os.path.join(deep, "p.go"), "wb") as f:
        f.write(GOOD)
    status, report, _ = run(top)
    assert status == 3 and len(report["files_with_errors"]) == 1 and report["files"] == 1, (status, report)
    shutil.rmtree(top)


def nothing():
    top = tree()
    status, _, text = run(top)
    assert status == 4 and "no Go files" in text, (status, text)
    shutil.rmtree(top)


def unreadable():
    top = tree(good=GOOD, closed__p=GOOD, mute__p=GOOD)
    os.chmod(top, 0o755)
    os.chmod(os.path.join(top, "closed"), 0)
    os.chmod(os.path.join(top, "mute/p.go"), 0)
    status, report, text = run(top, uid=NOBODY)
    assert status == 3 and "2 files or folders" in text, (status, text)
    assert sorted(report["files_with_errors"]) == ["./closed", "./mute/p.go"] and report["files"] == 1, report
    write(top, "bad.go", b"package p\n\nfunc G() {\n\tm := map[int]int{}\n\tfor i := 0; i < 3; i++ {\n"
                         b"\t\tgo func() { m[i] = i }()\n\t}\n}\n")
    os.chmod(os.path.join(top, "bad.go"), 0o644)
    assert run(top, uid=NOBODY)[0] == 1  # what was found counts, whatever could not be read
    shutil.rmtree(top)


def vanishing():
    """Files that come, go and change length while they are read."""
    top = tree(good=GOOD, **{f"f{i}": GOOD.replace(b"F", b"F%d" % i) for i in range(200)})
    stop = threading.Event()

    def churn():
        i = 0
        while not stop.is_set():
            path = os.path.join(top, f"f{i % 200}.go")
            try:
                os.remove(path)
            except FileNotFoundError:
                write(top, f"f{i % 200}.go", GOOD * (i % 7 + 1))
            i += 1

    t = threading.Thread(target=churn)
    t.start()
    try:
        for _ in range(20):
            status, report, _ = run(top)
            assert status in (0, 3) and report["files"] >= 1, status
    finally:
        stop.set()
        t.join()
        shutil.rmtree(top)


def modules():
    """go.work and replace bring in what lies outside, for its types only; odd ones do no harm."""
    top = tempfile.mkdtemp(prefix="maptrap-hostile-")
    lib = b"package lib\n\nimport \"sync\"\n\ntype T struct {\n\tMu sync.Mutex\n\tM  map[int]int\n}\n\n" \
          b"func (t *T) Bad() { t.M[1] = 1 }\nfunc (t *T) A() { t.Mu.Lock(); t.M[1] = 1; t.Mu.Unlock() }\n" \
          b"func (t *T) B() { t.Mu.Lock(); t.M[1] = 1; t.Mu.Unlock() }\n"
    use = b"package use\n\nimport \"example.com/lib\"\n\ntype S struct{ t lib.T }\n\n" \
          b"func (s *S) A() { s.t.Mu.Lock(); s.t.M[1] = 1; s.t.Mu.Unlock() }\n" \
          b"func (s *S) B() { s.t.Mu.Lock(); s.t.M[1] = 1; s.t.Mu.Unlock() }\n" \
          b"func (s *S) C() { s.t.M[1] = 1 }\n"
    write(top, "lib/lib.go", lib), write(top, "lib/go.mod", b"module example.com/lib\n")
    write(top, "app/use.go", use)
    alone = b"module example.com/app\n"
    write(top, "app/go.mod", alone)
    app = os.path.join(top, "app")

    def found():
        return [f"{os.path.basename(f['file'])}:{f['line']}" for f in run(app)[1]["findings"]]

    assert found() == [], found()
    for text in (alone + b"\nreplace example.com/lib => ../lib // near\n",
                 alone + b"\nreplace (\n\texample.com/other v1.0.0 => ../none\n\texample.com/lib v1.2.3 => \"../lib\"\n)\n"):
        write(app, "go.mod", text)
        assert found() == ["use.go:9"], (text, found())
    write(app, "go.mod", alone)
    write(top, "go.work", b"go 1.22\n\nuse (\n\t./app\n\t./lib\n)\n")
    assert found() == ["use.go:9"], found()
    os.remove(os.path.join(top, "go.work"))
    write(app, "vendor/example.com/lib/lib.go", lib)
    assert found() == ["use.go:9"], found()
    shutil.rmtree(os.path.join(app, "vendor"))
    for text in (b"replace", b"replace x => ", b"use (", b"\0" * 100, b"replace (\n" * 999,
                 b"module \"\n", b"module\n", b"replace example.com/lib => " + b"../" * 5000 + b"\n"):
        write(app, "go.mod", alone + text)
        assert found() == [], (text, found())
    shutil.rmtree(top)


def odd_names():
    """A name with control characters stays on its line, and is itself in JSON."""
    bad = b"package p\n\nimport \"sync\"\n\ntype S struct {\n\tmu sync.Mutex\n\tm  map[int]int\n}\n\n" \
          b"func (s *S) A() { s.mu.Lock(); s.m[1] = 1; s.mu.Unlock() }\nfunc (s *S) B() { s.m[1] = 1 }\n"
    top = tempfile.mkdtemp(prefix="maptrap-hostile-")
    write(top, "a\n\x1b[31mb.go", bad), write(top, "c\rd.go", b"package")
    status, report, _ = run(top)
    assert status == 1 and report["findings"][0]["file"] == "./a\n\x1b[31mb.go", report
    text = subprocess.run([MAPTRAP, "scan", "--no-cache", "."], cwd=top, capture_output=True).stdout
    assert text.startswith(b"./a\\x0a\\x1b[31mb.go:11:19: ") and b"\n    ./c\\x0dd.go:1:" in text, text
    assert not set(text) & (set(range(32)) - {10}), text
    shutil.rmtree(top)


tests = [syntax, large, odd_names, files_that_are_none, folders_that_go_deep, nothing, unreadable, vanishing, modules]
for test in tests:
    if test is unreadable and (os.getuid() != 0 or not shutil.which("setpriv")):
        tap.skip(test.__name__, "root and setpriv are needed to be somebody else")
    else:
        tap.run(test.__name__, test)
sys.exit(tap.done())

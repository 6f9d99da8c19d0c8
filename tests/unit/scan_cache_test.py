#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The cache of the static scan: with it and without it the same is said, whatever happened between
two runs; what is damaged is ignored; two runs at once do not harm each other; its size is bounded."""
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("MAPTRAP_BUILD", os.path.join(TOP, "build"))
MAPTRAP = os.path.join(BUILD, "maptrap")

GOOD = """package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[int]int
}

func (s *S) A(k int) { s.mu.Lock(); s.m[k] = 1; s.mu.Unlock() }
func (s *S) B(k int) { s.mu.Lock(); s.m[k] = 2; s.mu.Unlock() }
func (s *S) C(k int) { s.mu.Lock(); s.m[k] = 3; s.mu.Unlock() }
"""
BAD = GOOD.replace("s.mu.Lock(); s.m[k] = 3; s.mu.Unlock()", "                  s.m[k] = 3       ")
assert len(BAD) < len(GOOD)


class Tree:
    def __init__(self):
        self.top = tempfile.TemporaryDirectory(prefix="maptrap-cache-")
        self.dir = os.path.join(self.top.name, "src")
        self.cache = os.path.join(self.top.name, "cache")
        os.mkdir(self.dir)
        self.write("go.mod", "module example.com/p\n\ngo 1.22\n")
        self.write("a.go", GOOD)
        self.write("b.go", "package p\n\nvar X map[string]int\n")

    def write(self, name, text, age=100):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text)
        then = time.time() - age
        os.utime(path, (then, then))
        return path

    def scan(self, *args, **more):
        p = subprocess.run([MAPTRAP, "scan", "--json", *args, "."], cwd=self.dir, capture_output=True, text=True,
                           env={**os.environ, "XDG_CACHE_HOME": self.cache, **more})
        report = json.loads(p.stdout)
        del report["took_s"]
        return report, p.returncode

    def entries(self):
        return sorted(glob.glob(self.cache + "/maptrap/scan/*"))

    def agree(self):
        """Cold, warm and uncached runs say the same; how many findings."""
        first, again, without = self.scan(), self.scan(), self.scan("--no-cache")
        assert first == again == without, (first, again, without)
        return len(first[0]["findings"])


def same_answer():
    t = Tree()
    assert t.agree() == 0
    assert len(t.entries()) == 2, t.entries()
    t.write("a.go", BAD)
    assert t.agree() == 1
    t.write("a.go", GOOD)
    assert t.agree() == 0


def same_size_and_time():
    """A file that changed within its time stamp's grain: its size and mtime say nothing."""
    t = Tree()
    bad = GOOD[:-1].replace("s.mu.Lock(); s.m[k] = 3; s.mu.Unlock()", "                  s.m[k] = 3       ")
    bad += " " * (len(GOOD) - len(bad) - 1) + "\n"
    assert len(bad) == len(GOOD)
    for _ in range(5):
        path = t.write("a.go", GOOD)
        stamp = os.stat(path)
        assert len(t.scan()[0]["findings"]) == 0
        with open(path, "r+") as f:
            f.write(bad)
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        assert len(t.scan()[0]["findings"]) == 1


def files_come_and_go():
    t = Tree()
    assert t.agree() == 0
    t.write("c.go", "package p\n\nfunc (s *S) D(k int) { s.m[k] = 4 }\n")
    assert t.agree() == 1
    os.rename(os.path.join(t.dir, "c.go"), os.path.join(t.dir, "d.go"))
    assert t.agree() == 1
    os.remove(os.path.join(t.dir, "d.go"))
    assert t.agree() == 0
    t.write("e.go", "package p\n\nfunc broken( {\n")
    report, _ = t.scan()
    assert report["files_with_errors"] == ["./e.go"], report
    assert t.agree() == 0
    t.write("go.mod", "module example.com/q\n\ngo 1.22\n")
    assert t.agree() == 0


def tiers_from_one_entry():
    t = Tree()
    t.write("a.go", BAD)
    n = [len(t.scan("--tier", tier)[0]["findings"]) for tier in ("default", "medium", "library")]
    entries = t.entries()
    assert n == [len(t.scan("--no-cache", "--tier", tier)[0]["findings"])
                 for tier in ("default", "medium", "library")], n
    assert t.entries() == entries and len(entries) == 2


def damaged():
    t = Tree()
    t.write("a.go", BAD)
    want = t.scan("--no-cache")
    t.scan()
    for path in t.entries():
        with open(path, "rb") as f:
            sound = f.read()
        for bad in (b"", sound[:20], sound[:-1], sound + b"x", b"\0" * len(sound), b"\xff" * 4096,
                    sound[:len(sound) // 2] + b"\x55" + sound[len(sound) // 2 + 1:]):
            with open(path, "wb") as f:
                f.write(bad)
            assert t.scan() == want
        os.remove(path)
        os.mkdir(path)
        assert t.scan() == want
        os.rmdir(path)
        os.symlink("/dev/zero", path)
        assert t.scan() == want
        os.remove(path)


def unusable_folder():
    t = Tree()
    want = t.scan("--no-cache")
    for folder in ("/proc/none", "/dev/null", "relative", ""):
        got = t.scan(XDG_CACHE_HOME=folder, HOME="/proc/none")
        assert got == want, folder
    assert not os.path.exists(os.path.join(t.dir, "relative"))


def at_once():
    t = Tree()
    t.write("a.go", BAD)
    want = t.scan("--no-cache")
    env = {**os.environ, "XDG_CACHE_HOME": t.cache}
    for _ in range(4):
        runs = [subprocess.Popen([MAPTRAP, "scan", "--json", "."], cwd=t.dir, stdout=subprocess.PIPE, env=env)
                for _ in range(6)]
        for p in runs:
            out, _ = p.communicate()
            got = json.loads(out)
            del got["took_s"]
            assert (got, p.returncode) == want
        for path in t.entries()[:1]:
            os.remove(path)
    assert not [p for p in t.entries() if "aside" in p]


def bounded():
    t = Tree()
    t.scan()
    folder = t.cache + "/maptrap/scan/"
    for i in range(600):
        path = folder + f"{i:064x}"
        with open(path, "wb") as f:
            f.truncate(200 << 10)
        os.utime(path, (i, i))
    with open(folder + "aside-1-x", "w"):
        pass
    os.utime(folder + "aside-1-x", (1, 1))
    t.write("a.go", BAD)
    t.scan()
    left = t.entries()
    size = sum(os.stat(p).st_size for p in left)
    assert size <= 64 << 20 and len(left) <= 512, (size, len(left))
    assert not os.path.exists(folder + "aside-1-x") and not os.path.exists(folder + f"{0:064x}")
    assert os.path.exists(folder + f"{599:064x}")


tests = [same_answer, same_size_and_time, files_come_and_go, tiers_from_one_entry, damaged, unusable_folder, at_once,
         bounded]
for test in tests:
    tap.run(test.__name__, test)
sys.exit(tap.done())

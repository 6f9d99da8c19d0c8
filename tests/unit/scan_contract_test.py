#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What scripts rely on: paths however they are spelt, ids, baselines, comments that keep a finding quiet, files that
a build leaves out."""
import json
import os
import subprocess
import sys
import tempfile

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAPTRAP = os.path.join(os.environ.get("MAPTRAP_BUILD", os.path.join(TOP, "build")), "maptrap")
HEAD = """package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

""" + "".join(f"func (s *S) A{i}(k string) {{ s.mu.Lock(); s.m[k] = {i}; s.mu.Unlock() }}\n" for i in range(40))
BAD = "func (s *S) B(k string) {\n\ts.m[k] = 99\n}\n"


def scan(folder, *args):
    return subprocess.run([MAPTRAP, "scan", "--no-cache", *args], cwd=folder, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)


def write(folder, text, name="p.go"):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", newline="") as f:
        f.write(text)


def spelling():
    """One file, one name and one id, with a module and without."""
    with tempfile.TemporaryDirectory() as top:
        inner = os.path.join(top, "in")
        write(inner, HEAD + BAD)
        write(inner, HEAD + BAD, "sub/p.go")
        for module in (False, True):
            if module:
                write(inner, "module example.com/p\n", "go.mod")
            want = scan(inner, "--write-baseline", ".").stdout
            assert len(set(want.split())) == 2, want
            for path in ("./", "./.", ".//", "./...", "...", "../in", "../in/...", inner, inner + "//", inner + "/../in"):
                assert scan(inner, "--write-baseline", path).stdout == want, path
                assert scan(inner, "--write-baseline", "--", path).stdout == want, path
            for paths in (["p.go", "sub/p.go"], ["./p.go", "sub"], [".", "sub/p.go", "p.go"], ["sub//p.go", inner + "/p.go"]):
                got = scan(inner, "--write-baseline", *paths)
                assert sorted(got.stdout.split()) == sorted(want.split()), (paths, got)
        for path, name in ((".//.", "./p.go"), ("././p.go", "./p.go"), ("p.go", "p.go"), ("../in/./", "../in/p.go")):
            found = json.loads(scan(inner, "--json", path).stdout)["findings"]
            assert found[0]["file"] == name, (path, found)


def arguments():
    with tempfile.TemporaryDirectory() as top:
        write(top, HEAD + BAD)
        write(top, HEAD + BAD, "-x/p.go")
        p = scan(top, "")  # as of an unset variable: not the whole disk
        assert p.returncode == 2 and "empty name" in p.stderr, p
        assert scan(top, ".", "").returncode == 2
        assert "-x/p.go:" in scan(top, "--", "-x").stdout
        p = scan(top, "--", "--json")
        assert p.returncode == 3 and "--json: No such file" in p.stderr, p


def baselines():
    with tempfile.TemporaryDirectory() as top:
        write(top, HEAD + BAD)
        [known] = scan(top, "--write-baseline", ".").stdout.split()
        for text, status in ((known, 0), (known.upper() + "\r\n", 0), (f"# why\n\n  {known}\n", 0), ("", 1), ("\n", 1),
                             (f"# {known}: mended\n", 1), ("0" * 16, 1), (known[1:], 4), (known + "0", 4),
                             (f"{known} why", 4), ("g" * 16, 4), ("{}", 4), ("\0" * 16, 4)):
            write(top, text, "known")
            p = scan(top, "--baseline", "known", ".")
            assert p.returncode == status, (text, p)
        assert scan(top, "--baseline", "absent", ".").returncode == 3
        write(top, known + "\n", "known")
        write(top, "\n// moved\n\n" + HEAD + "\n\n" + BAD, "q.go")
        os.remove(os.path.join(top, "p.go"))
        assert scan(top, "--baseline", "known", ".").returncode == 0
        write(top, HEAD + BAD + BAD.replace("99", "98").replace(" B(", " C("), "q.go")
        assert scan(top, "--baseline", "known", ".").returncode == 1


# a statement → whether it is reported
QUIET = [
    ("s.m[k] = 1 //nolint:maptrap // reason", False), ("s.m[k] = 1 //nolint:maptrap", False),
    ("s.m[k] = 1 // nolint:maptrap", False), ("s.m[k] = 1 //nolint:errcheck,maptrap // reason", False),
    ("s.m[k] = 1 //nolint:errcheck, maptrap // reason", False), ("s.m[k] = 1 //nolint: maptrap // reason", False),
    ("s.m[k] = 1 //nolint:maptrap//reason", False), ("s.m[k] = 1 //nolint:maptrap\t// reason", False),
    ("s.m[k] = 1 //nolint:MapTrap", False), ("s.m[k] = 1 //nolint:all", False), ("s.m[k] = 1 //nolint", False),
    ("s.m[k] = 1 //nolint // why", False), ("s.m[k] = 1 //nolint//why", False),
    ("s.m[k] = 1 //lint:ignore maptrap reason", False), ("//lint:ignore SA1,maptrap reason\n\ts.m[k] = 1", False),
    ("//nolint:maptrap // reason\n\ts.m[k] = 1", False), ("// a\n\t//nolint:maptrap\n\ts.m[k] = 1", False),
    ("s.m[k] = 1 /* a */ //nolint:maptrap", False),
    ("s.m[k] = 1 //nolint:errcheck // maptrap", True), ("s.m[k] = 1 //nolint:maptrapper", True),
    ("s.m[k] = 1 //nolinter", True), ("s.m[k] = 1 //lint:ignore SA1 maptrap", True),
    ("s.m[k] = 1 //lint:ignore SA1 reason, maptrap", True), ("_ = k //nolint:maptrap\n\ts.m[k] = 1", True),
    ("//nolint:maptrap\n\t// a\n\ts.m[k] = 1", True), ("//nolint:maptrap\n\n\ts.m[k] = 1", True),
    ("//nolint:maptrap\n\t_ = k\n\ts.m[k] = 1", True), ("//nolint\n\ts.m[k] = 1", True),
    ("_ = \"//nolint:maptrap\"; s.m[k] = 1", True), ("s.m[k] = 1 // see //nolint:maptrap", True),
]


def comments():
    for newline in ("\n", "\r\n"):
        for statement, reported in QUIET:
            with tempfile.TemporaryDirectory() as top:
                write(top, (HEAD + f"func (s *S) B(k string) {{\n\t{statement}\n}}\n").replace("\n", newline))
                assert scan(top, ".").returncode == reported, (statement, newline)


# a field's comment above, one behind → is it a finding (else True if it is named on stderr)
NOTES = [
    ("// guarded by mu", "", True, False), ("", "// guarded by mu", True, False), ("// +checklocks:mu", "", True, False),
    ("//+checklocks:mu", "", True, False), ("", "// +checklocks:mu", True, False), ("// Protected by s.mu.", "", True, False),
    ("// guarded by mu\n", "", False, False), ("", "", False, False), ("// not guarded by mu", "", False, False),
    ("// unguarded by mu", "", False, False), ("// isn't protected by mu", "", False, False),
    ("// guarded by num", "", False, False), ("// guarded by the caller", "", False, False),
    ("// +checklocks:num", "", False, True), ("// +checklocks:mux", "", False, True), ("// +checklocks: mu", "", False, True),
    ("", "// +checklocks:mux", False, True),
]


def annotations():
    """Each holds for its own field; one that names no lock is named."""
    for above, behind, found, named in NOTES:
        with tempfile.TemporaryDirectory() as top:
            write(top, "package p\n\nimport \"sync\"\n\ntype S struct {\n\tmu sync.Mutex\n\tnum int\n"
                       f"\ta map[int]int\n\t{above}\n\tm map[int]int {behind}\n\tz map[int]int\n}}\n\n"
                       "func (s *S) A() { s.a[1] = 1 }\nfunc (s *S) M() { s.m[1] = 1 }\nfunc (s *S) Z() { s.z[1] = 1 }\n")
            p = scan(top, "--json", ".")
            got = [f["map"] for f in json.loads(p.stdout)["findings"]]
            assert got == ["S.m"] * found, (above, behind, got)
            assert ("it has no effect" in p.stderr) == named, (above, behind, p.stderr)


def left_out():
    """What a build for linux/amd64 does not take, by the newer and the older lines."""
    for head, taken in (("//go:build windows\n\n", False), ("\ufeff//go:build windows\n\n", False), ("\ufeff", True),
                        ("//go:build linux && cgo\n\n", True), ("// +build windows\n\n", False),
                        ("// +build windows linux\n\n", True), ("// +build linux,!amd64 darwin\n\n", False),
                        ("//+build linux,amd64 darwin\n// +build !cgo\n\n", False), ("// +build ignore\n\n// p\n", False),
                        ("// +build linux\n\n// +build go1.19\n\n", True), ("// +build windows\n", True),
                        ("//go:build linux\n// +build windows\n\n", True), ("// c\n\n// +build !linux\r\n\r\n", False)):
        with tempfile.TemporaryDirectory() as top:
            write(top, head + HEAD + BAD)
            write(top, "package p\n", "q.go")
            report = json.loads(scan(top, "--json", ".").stdout)
            assert (report["files"], len(report["findings"])) == (1 + taken, taken), (head, report["files"])


for test in (spelling, arguments, baselines, comments, annotations, left_out):
    tap.run(test.__name__, test)
sys.exit(tap.done())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""maptrap-vet under `go vet -vettool` of each toolchain: a module with a finding (whose types stand in
another package of it) and one without; plain, -json and -fix; cgo; what the go command remembers; and unit files
that no go command wrote."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/live"))
from build import CACHE, VERSIONS, goroot

BUILD = os.environ.get("MAPTRAP_BUILD", os.path.join(TOP, "build"))
VET = os.path.join(BUILD, "maptrap-vet")
FILES = {
    "go.mod": "module example.com/m\n\ngo 1.19\n",
    "deep/deep.go": "package deep\n\ntype Map map[string]int\n",
    "lib/lib.go": """package lib

import (
	"sync"

	"example.com/m/deep"
)

// Table is a guarded map.
type Table struct {
	Mu sync.RWMutex
	M  deep.Map
}

func Put(m map[int]int, k int) { m[k] = 1 }
""",
    "bad/bad.go": """package bad

import (
	"sync"

	"example.com/m/lib"
)

type S struct {
	t  lib.Table
	mu sync.Mutex
	m  map[int]int
}

func (s *S) A(k string) { s.t.Mu.Lock(); s.t.M[k] = 1; s.t.Mu.Unlock() }
func (s *S) B(k string) { s.t.Mu.Lock(); s.t.M[k] = 2; s.t.Mu.Unlock() }
func (s *S) C(k string) {
	s.t.M[k] = 3
}

func (s *S) D(k int) { s.mu.Lock(); s.m[k] = 1; s.mu.Unlock() }
func (s *S) E(k int) { s.mu.Lock(); s.m[k] = 2; s.mu.Unlock() }
func (s *S) F(k int) {
	lib.Put(s.m, k)
}
""",
    "bad/bad_test.go": "package bad\n\nimport \"testing\"\n\nfunc TestS(t *testing.T) { (&S{}).C(\"\") }\n",
    "good/good.go": "package good\n\nfunc F(k int) map[int]int { return map[int]int{k: k} }\n",
    "good/good_test.go": "package good_test\n\nimport (\n\t\"testing\"\n\n\t\"example.com/m/good\"\n)\n\n"
                         "func TestF(t *testing.T) { good.F(1) }\n",
}


def module(top):
    for name, text in FILES.items():
        path = os.path.join(top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)


CGO = {
    "c/c.go": """package c

// int twice(int x) { return 2 * x; }
import "C"

import "sync"

type S struct {
	mu sync.Mutex
	m  map[int]int
	n  C.int
}

func (s *S) A(k int) { s.mu.Lock(); s.m[k] = int(C.twice(3)); s.mu.Unlock() }
func (s *S) B(k int) { s.mu.Lock(); s.m[k] = 2; s.mu.Unlock() }
func (s *S) C(k int) {
	s.n = C.twice(s.n)
	s.m[k] = int(s.n)
}
""",
    "c/plain.go": "package c\n\nfunc (s *S) D(k int) {\n\ts.m[k] = 5\n}\n",
}


def vet(version, top, *args, cgo="0"):
    root = goroot(version)
    env = {**os.environ, "GOROOT": root, "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOPROXY": "off", "CGO_ENABLED": cgo,
           "GO111MODULE": "on", "GOCACHE": os.path.join(CACHE, "gocache-" + version)}
    return subprocess.run([root + "/bin/go", "vet", "-vettool=" + VET, *args], cwd=top, env=env, capture_output=True,
                          text=True)


def documents(text):
    """What `go vet -json` prints: comments with the packages, and a JSON document after each."""
    text = re.sub(r"(?m)^#.*\n", "", text)
    found, at = {}, 0
    decoder = json.JSONDecoder()
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        doc, at = decoder.raw_decode(text, at)
        found.update(doc)
    return found


def check_fix(version, top):
    """-fix applies the safe cures, -diff only shows them (Go 1.26 on; the go command knows neither before)."""
    bad = os.path.join(top, "bad/bad.go")
    with open(bad) as f:
        before = f.read()
    shown = vet(version, top, "-fix", "-diff", "./bad")
    done = vet(version, top, "-fix", "./...")
    with open(bad) as f:
        after = f.read()
    if tuple(map(int, version.split("."))) < (1, 26):
        assert shown.returncode == 2 and done.returncode == 2 and after == before, (shown.stderr, done.stderr)
        return
    assert shown.returncode == 1 and "\n+\ts.t.Mu.Lock()\n" in shown.stdout, (shown.stdout, shown.stderr)
    assert done.returncode == 0 and done.stdout == "", (done.stdout, done.stderr)
    assert "\ts.t.Mu.Lock()\n\ts.t.M[k] = 3\n\ts.t.Mu.Unlock()\n" in after, after
    assert "bad.go:26:2" in vet(version, top, "./bad").stderr  # what a callee writes has no safe cure
    again = vet(version, top, "-fix", "./...")
    assert again.returncode == 0, again.stderr


def check_cgo(version, top):
    """Lines of a file with `import "C"` are those of the source, not of what cgo makes of it."""
    for name, text in CGO.items():
        path = os.path.join(top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
    p = vet(version, top, "./c", cgo="1")
    got = re.findall(r"(?m)^(c/\w+\.go:\d+:\d+): w", p.stderr)
    assert p.returncode in (1, 2) and got == ["c/c.go:18:2", "c/plain.go:4:2"], (p.returncode, p.stdout, p.stderr)


def check_annotation(version, top):
    """One that names no lock is said to, and is no finding."""
    path = os.path.join(top, "good/note.go")
    with open(path, "w") as f:
        f.write("package good\n\nimport \"sync\"\n\ntype N struct {\n\tmu sync.Mutex\n\t// +checklocks:mux\n"
                "\tm map[int]int\n}\n\nfunc (n *N) Get(k int) int { return n.m[k] }\n")
    p = vet(version, top, "./good")
    assert "note.go:8: +checklocks: no lock 'mux' is known here" in p.stderr, (p.returncode, p.stdout, p.stderr)
    assert p.returncode == 0, (p.returncode, p.stderr)
    p = vet(version, top, "-json", "./good")
    assert p.returncode == 0 and documents(p.stdout or re.sub(r"(?m)^maptrap-vet: .*\n", "", p.stderr)) == {}, p
    os.remove(path)


def check(version):
    with tempfile.TemporaryDirectory(prefix="maptrap-vet-") as top:
        module(top)
        p = vet(version, top, "./bad")
        want = ["bad/bad.go:18:2", "bad/bad.go:24:2"]
        got = re.findall(r"(?m)^(bad/bad\.go:\d+:\d+): w", p.stderr)  # 1.26 on prints the related places too
        assert p.returncode in (1, 2) and got == want and "inconsistent-lock" in p.stderr, (p.returncode, p.stdout, p.stderr)
        again = vet(version, top, "./bad")
        assert (again.returncode, again.stderr) == (p.returncode, p.stderr), (again.returncode, again.stderr)
        p = vet(version, top, "./good")
        assert p.returncode == 0 and not p.stderr, (p.returncode, p.stderr)
        check_annotation(version, top)
        p = vet(version, top, "-json", "./...")
        docs = documents(p.stdout or p.stderr)
        [(package, by_tool)] = docs.items()
        diagnostics = by_tool["maptrap"]
        assert p.returncode == 0 and package.startswith("example.com/m/bad"), (p.returncode, p.stdout, p.stderr)
        assert [d["posn"].split("/")[-1] for d in diagnostics] == ["bad.go:18:2", "bad.go:24:2"], diagnostics
        assert diagnostics[0]["category"] == "inconsistent-lock", diagnostics
        if shutil.which("gcc"):
            check_cgo(version, top)
            shutil.rmtree(os.path.join(top, "c"))
        # What changes in a dependency changes what is said about its users.
        with open(os.path.join(top, "lib/lib.go"), "w") as f:
            f.write(FILES["lib/lib.go"].replace("m[k] = 1", "_ = m[k]"))
        p = vet(version, top, "./bad")
        assert "bad/bad.go:24:2: read of S.m" in p.stderr, (p.returncode, p.stderr)
        with open(os.path.join(top, "lib/lib.go"), "w") as f:
            f.write(FILES["lib/lib.go"])
        check_fix(version, top)
        with open(os.path.join(top, "bad/bad.go"), "w") as f:
            f.write(FILES["bad/bad.go"].replace("func (s *S) E", "func (s *S E"))
        p = vet(version, top, "./bad")
        assert p.returncode != 0, p.stderr
        p = vet(version, top, "-tier=nonsense", "./good")
        assert p.returncode != 0 and "-tier nonsense" in p.stderr, p.stderr
        # What exported code writes without any lock is in the library tier only.
        with open(os.path.join(top, "good/table.go"), "w") as f:
            f.write("package good\n\ntype Table struct{ m map[string]int }\n\n"
                    "func (t *Table) Set(k string) { t.m[k]++ }\n")
        assert vet(version, top, "./good").returncode == 0
        p = vet(version, top, "-tier=library", "./good")
        assert p.returncode in (1, 2) and "good/table.go:5:" in p.stderr, p.stderr


def alone():
    """What the go command asks first, and files that it did not write."""
    p = subprocess.run([VET, "-V=full"], capture_output=True, text=True)
    assert re.fullmatch(r"maptrap-vet version devel \S+ buildID=[0-9a-f]{64}\n", p.stdout), p.stdout
    p = subprocess.run([VET, "-flags"], capture_output=True, text=True)
    assert {f["Name"] for f in json.loads(p.stdout)} == {"json", "tier"}
    with tempfile.TemporaryDirectory() as top:
        cfg, facts = os.path.join(top, "vet.cfg"), os.path.join(top, "vet.out")
        source = os.path.join(top, "p.go")
        with open(source, "w") as f:
            f.write("package p\n")
        base = {"ID": "p", "ImportPath": "p", "GoFiles": [source], "VetxOutput": facts}

        def run(text):
            with open(cfg, "w") as f:
                f.write(text)
            return subprocess.run([VET, cfg], capture_output=True, text=True)

        assert run(json.dumps(base)).returncode == 0 and os.path.getsize(facts) > 0
        hostile = os.path.join(top, "hostile")
        with open(hostile, "w") as f:
            f.write("maptrap-vet facts 1\npackage x\nfile 00 /dev/zero\nfile zz\nfile\npackage\n" + "x" * 10000)
        assert run(json.dumps({**base, "PackageVetx": {"x": hostile, "y": "/nonexistent", "z": 3}})).returncode == 0
        assert run(json.dumps({**base, "GoFiles": [source, "/nonexistent.go", 7]})).returncode == 1
        for text, status in (("", 4), ("{", 4), ("[]", 4), ("{}", 4), ('{"GoFiles": []}', 4), ("[" * 100000, 4),
                             (json.dumps({**base, "VetxOutput": "/proc/none/x"}), 3)):
            p = run(text)
            assert p.returncode == status and p.stderr, (text[:40], p.returncode, p.stderr)
        for args, status in (([], 2), (["x.go"], 2), (["-nope", cfg], 2), (["/nonexistent.cfg"], 3)):
            assert subprocess.run([VET, *args], capture_output=True).returncode == status, args


tap.run("go vet alone", alone)
for name in VERSIONS:
    if os.path.exists(goroot(name) + "/bin/go"):
        tap.run(f"go vet {name}", lambda: check(name))
    else:
        tap.skip(f"go vet {name}", f"toolchain {name} is not installed (scripts/setup.sh test)")
sys.exit(tap.done())

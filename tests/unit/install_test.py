#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`make install` with PREFIX and DESTDIR: what lies where, and that it runs from there, go vet's tool too."""
import os
import subprocess
import sys
import tempfile

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/live"))
from build import CACHE, goroot

BUILD = os.environ.get("MAPTRAP_BUILD", os.path.join(TOP, "build"))
GO = "1.24"


def make_install(top, prefix):
    command = ["make", "-C", TOP, "install", "BUILD=" + BUILD, "DESTDIR=" + top, "PREFIX=" + prefix]
    p = subprocess.run(command, capture_output=True, text=True)
    assert p.returncode == 0, p.stdout[-500:] + p.stderr[-500:]
    return os.path.join(top, prefix.lstrip("/"))


def installed():
    with tempfile.TemporaryDirectory(prefix="maptrap-install-") as top:
        try:
            at = make_install(top, "/opt/maptrap")
        finally:
            subprocess.run(["meson", "configure", BUILD, "-Dprefix=/usr/local"], capture_output=True, check=True)
        for name in ("bin/maptrap", "bin/maptrap-vet", "share/man/man1/maptrap.1", "share/man/man1/maptrap-scan.1",
                     "share/bash-completion/completions/maptrap.bash", "share/zsh/site-functions/_maptrap",
                     "share/fish/vendor_completions.d/maptrap.fish"):
            assert os.path.getsize(os.path.join(at, name)) > 0, name
        assert os.listdir(top) == ["opt"], os.listdir(top)
        p = subprocess.run([at + "/bin/maptrap", "--version"], capture_output=True, text=True)
        assert p.returncode == 0 and p.stdout.startswith("maptrap "), p.stdout + p.stderr


def vettool():
    with tempfile.TemporaryDirectory(prefix="maptrap-install-") as top:
        at = make_install(top, "/usr/local")
        with open(os.path.join(top, "go.mod"), "w") as f:
            f.write("module example.com/p\n\ngo 1.19\n")
        with open(os.path.join(top, "p.go"), "w") as f:
            f.write("package p\n\nimport \"sync\"\n\nvar mu sync.Mutex\nvar m = map[int]int{}\n\n"
                    "func A() { mu.Lock(); m[1] = 1; mu.Unlock() }\nfunc B() { mu.Lock(); m[2] = 1; mu.Unlock() }\n"
                    "func C() { m[3] = 1 }\n")
        root = goroot(GO)
        env = {**os.environ, "PATH": at + "/bin:" + root + "/bin:" + os.environ["PATH"], "GOROOT": root,
               "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOPROXY": "off", "CGO_ENABLED": "0",
               "GOCACHE": os.path.join(CACHE, "gocache-" + GO)}
        p = subprocess.run(["sh", "-c", "go vet -vettool=$(command -v maptrap-vet) ./..."], cwd=top, env=env,
                           capture_output=True, text=True)
        assert p.returncode != 0 and "p.go:10:12: write of p.m" in p.stderr, (p.returncode, p.stderr)


tap.run("installed", installed)
if os.path.exists(goroot(GO) + "/bin/go"):
    tap.run("vettool", vettool)
else:
    tap.skip("vettool", f"toolchain {GO} is not installed (scripts/setup.sh test)")
sys.exit(tap.done())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the test targets of tests/targets, each version of Go x each kind of build, and keeps them
in $MAPTRAP_CACHE/targets under a hash of everything that went in.

build.py TARGET [GO [KIND]]   prints the path of one (default 1.19 plain)
build.py --all                builds every target in every cell (the kinds a target's name allows)
Kinds: plain, stripped (-ldflags "-s -w"), pie, cgo (linked by the C compiler), race.
"""
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TARGETS = os.path.join(TOP, "tests/targets")
CACHE = os.environ.get("MAPTRAP_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "maptrap")
VERSIONS = ["1.19", "1.21", "1.22", "1.23", "1.24", "1.25", "1.26", "1.27"]
KINDS = ["plain", "stripped", "pie", "cgo"]
FLAGS = {"plain": [], "stripped": ["-ldflags=-s -w"], "pie": ["-buildmode=pie"],
         "cgo": ["-ldflags=-linkmode=external"], "race": ["-race"]}
LIBRARIES = ("kit",)


class Missing(Exception):
    """What a build needs and this machine has not."""


def goroot(version):
    return os.path.join(CACHE, "go/usr/lib/go-" + version)


def source_hash(target):
    """All sources that can go in; their own path too, since binaries hold it."""
    h = hashlib.sha256(TOP.encode())
    for name in (target,) + LIBRARIES:
        for p in sorted(glob.glob(os.path.join(TARGETS, name, "*"))):
            with open(p, "rb") as f:
                h.update(os.path.basename(p).encode() + b"\0" + f.read() + b"\0")
    return h.hexdigest()[:16]


def targets():
    return sorted(os.path.basename(d) for d in glob.glob(os.path.join(TARGETS, "*"))
                  if glob.glob(os.path.join(d, "main.go")))


def build(target, version="1.19", kind="plain"):
    """The path of the binary; Missing or CalledProcessError where it cannot be."""
    folder = os.path.join(CACHE, "targets", f"{target}-{source_hash(target)}")
    out = os.path.join(folder, f"{target}-{version}-{kind}")
    if os.path.exists(out):
        return out
    root = goroot(version)
    if not os.path.exists(os.path.join(root, "bin/go")):
        raise Missing(f"Go {version} is not unpacked (scripts/toolchains.sh {version})")
    with_c = kind in ("cgo", "race")
    if with_c and not shutil.which("gcc"):
        raise Missing("no gcc")
    os.makedirs(folder, exist_ok=True)
    fd, part = tempfile.mkstemp(dir=folder)
    os.close(fd)
    env = {k: v for k, v in os.environ.items() if not k.startswith("GO") and k != "CGO_ENABLED"}
    env.update(GOROOT=root, GO111MODULE="off", GOTOOLCHAIN="local", GOFLAGS="",
               GOCACHE=os.path.join(CACHE, "gocache-" + version), GOPATH="/nonexistent",
               CGO_ENABLED="1" if with_c else "0")
    try:
        p = subprocess.run(["nice", "-n", "10", os.path.join(root, "bin/go"), "build", "-o", part]
                           + FLAGS[kind] + ["."], cwd=os.path.join(TARGETS, target), env=env,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if p.returncode:
            raise RuntimeError(f"{target} with Go {version} {kind}: {p.stdout.strip()[:2000]}")
        os.chmod(part, 0o755)
        os.rename(part, out)
    finally:
        if os.path.exists(part):
            os.remove(part)
    return out


def main():
    if sys.argv[1:] == ["--all"]:
        for target in targets():
            for version in VERSIONS:
                for kind in KINDS:
                    print(build(target, version, kind), flush=True)
        return
    if not 2 <= len(sys.argv) <= 4 or sys.argv[1] not in targets():
        sys.exit(__doc__)
    try:
        print(build(*sys.argv[1:]))
    except (Missing, RuntimeError) as e:
        sys.exit(f"error: {e}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""unpack_deb of scripts/lib.sh: who comes while another unpacks the same package waits for it, and what did not
unpack is not called unpacked. A made package, no network."""
import os
import shutil
import subprocess
import sys
import tempfile

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Downloading stands in the way for a moment, and counts.
SCRIPT = """. scripts/lib.sh
private_apt_init() { mkdir -p "$cache/apt/archives"; }
private_apt() { echo once >>"$cache/downloads"; sleep 0.3; cp "$cache/made.deb" thing_1_all.deb; }
unpack_deb "$cache/out" thing/sid
cat "$cache/out/file"
"""


def start(cache):
    return subprocess.Popen(["bash", "-c", SCRIPT], cwd=TOP, env={**os.environ, "MAPTRAP_CACHE": cache},
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def make_package(cache):
    root = os.path.join(cache, "root")
    os.makedirs(root + "/DEBIAN")
    with open(root + "/DEBIAN/control", "w", encoding="utf-8") as f:
        f.write("Package: thing\nVersion: 1\nArchitecture: all\nMaintainer: nobody <n@example.com>\nDescription: x\n")
    with open(root + "/file", "w", encoding="utf-8") as f:
        f.write("whole\n")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", root, cache + "/made.deb"], check=True,
                   stdout=subprocess.DEVNULL)


def at_once():
    with tempfile.TemporaryDirectory(prefix="maptrap-unpack-") as cache:
        make_package(cache)
        said = [p.communicate()[0] for p in [start(cache) for _ in range(3)]]
        assert said == ["whole\n"] * 3, said
        with open(cache + "/downloads", encoding="utf-8") as f:
            assert f.read() == "once\n"


def damaged():
    with tempfile.TemporaryDirectory(prefix="maptrap-unpack-") as cache:
        with open(cache + "/made.deb", "w", encoding="utf-8") as f:
            f.write("no package")
        p = start(cache)
        said = p.communicate()[0]
        assert p.returncode == 1 and "could not be unpacked" in said, (p.returncode, said)
        assert not os.path.exists(cache + "/out/.unpacked-thing")


for test in (at_once, damaged):
    if shutil.which("dpkg-deb"):
        tap.run(test.__name__, test)
    else:
        tap.skip(test.__name__, "no dpkg-deb")
sys.exit(tap.done())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""maptrap profile against go tool pprof (flat and cum of every function, every sample type) and a
fold of perf script, on the profiles that the golden cases have."""
import glob
import os
import subprocess
import sys

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOLDEN = os.path.join(TOP, "tests/golden/profile")
sys.path.insert(0, os.path.join(TOP, "tests/oracle"))
import pprof_top  # noqa: E402


NEED_PPROF = "Go 1.24 is not unpacked (scripts/toolchains.sh 1.24)"


def run(name, script, paths, env=None, needs_pprof=True):
    if needs_pprof and not os.access(pprof_top.PPROF, os.X_OK):
        tap.skip(name, NEED_PPROF)
        return
    p = subprocess.run([sys.executable, os.path.join(TOP, "tests/oracle", script)] + paths,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **(env or {})})
    lines = p.stdout.splitlines()
    tap.check(p.returncode == 0 and lines, f"{name}: {lines[-1] if lines else 'nothing said'}", *lines[-5:])


def main():
    files = sorted(glob.glob(GOLDEN + "/*/*.pb.gz"))
    base = os.path.join(GOLDEN, "heap-1.19/heap.pb.gz")
    run("flat and cum", "pprof_top.py", files)
    run("focus", "pprof_top.py", files, {"PPROF_ARGS": "'-focus=main\\.dec\\w+'",
                                         "MAPTRAP_ARGS": "'--focus=main\\.dec\\w+'"})
    run("hide", "pprof_top.py", files, {"PPROF_ARGS": "-hide=^runtime", "MAPTRAP_ARGS": "--hide=^runtime"})
    run("tagfocus", "pprof_top.py", files, {"PPROF_ARGS": "-tagfocus=route=GET",
                                            "MAPTRAP_ARGS": "--tagfocus=route=GET"})
    run("base", "pprof_top.py", [os.path.join(GOLDEN, "diff-heap/heap.pb.gz")],
        {"PPROF_ARGS": "-base " + base, "MAPTRAP_ARGS": "--base " + base})
    run("traces", "pprof_traces.py", files)
    run("folding", "perf_fold.py", [os.path.join(GOLDEN, "perf-json/perf.txt")], needs_pprof=False)
    sys.exit(tap.done())


if __name__ == "__main__":
    main()

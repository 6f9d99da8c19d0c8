#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""maptrap profile against go tool pprof (flat and cum of every function, every sample type) and a
fold of perf script, on the profiles that the golden cases have."""
import glob
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOLDEN = os.path.join(TOP, "tests/golden/profile")
sys.path.insert(0, os.path.join(TOP, "tests/oracle"))
import pprof_top  # noqa: E402


def run(number, name, command, env):
    p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                       env={**os.environ, **env})
    for line in p.stdout.splitlines():
        print("# " + line)
    print(f"{'ok' if p.returncode == 0 else 'not ok'} {number} - {name}")


def main():
    files = sorted(glob.glob(GOLDEN + "/*/*.pb.gz"))
    script = os.path.join(TOP, "tests/oracle/pprof_top.py")
    base = os.path.join(GOLDEN, "heap-1.19/heap.pb.gz")
    cases = [("flat and cum", files, {}),
             ("focus", files, {"PPROF_ARGS": "'-focus=main\\.dec\\w+'", "MAPTRAP_ARGS": "'--focus=main\\.dec\\w+'"}),
             ("hide", files, {"PPROF_ARGS": "-hide=^runtime", "MAPTRAP_ARGS": "--hide=^runtime"}),
             ("tagfocus", files, {"PPROF_ARGS": "-tagfocus=route=GET", "MAPTRAP_ARGS": "--tagfocus=route=GET"}),
             ("base", [os.path.join(GOLDEN, "diff-heap/heap.pb.gz")],
              {"PPROF_ARGS": "-base " + base, "MAPTRAP_ARGS": "--base " + base})]
    print(f"1..{len(cases) + 2}")
    for i, (name, paths, env) in enumerate(cases, 1):
        if os.access(pprof_top.PPROF, os.X_OK):
            run(i, name, [sys.executable, script] + paths, env)
        else:
            print(f"ok {i} - {name} # SKIP Go 1.24 is not unpacked (scripts/toolchains.sh 1.24)")
    if os.access(pprof_top.PPROF, os.X_OK):
        run(len(cases) + 2, "traces", [sys.executable, os.path.join(TOP, "tests/oracle/pprof_traces.py")] + files, {})
    else:
        print(f"ok {len(cases) + 2} - traces # SKIP Go 1.24 is not unpacked")
    run(len(cases) + 1, "folding", [sys.executable, os.path.join(TOP, "tests/oracle/perf_fold.py"),
                                    os.path.join(GOLDEN, "perf-json/perf.txt")], {})


if __name__ == "__main__":
    main()

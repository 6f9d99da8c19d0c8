#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pprof_top.py FILE...: compares `maptrap profile --json --top 0` with `go tool pprof -top` on each
file and each of its sample types: flat and cum of every function, to the last unit.

GO_PPROF names the pprof program (default: that of the Go 1.24 toolchain in the cache folder);
PPROF_ARGS and MAPTRAP_ARGS are added to both command lines (a filter in both spellings, say).
Ends with "N agree, N differ"."""
import json
import os
import re
import shlex
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAPTRAP = os.environ.get("MAPTRAP", os.path.join(TOP, "build/maptrap"))
CACHE = os.environ.get("MAPTRAP_CACHE", os.path.expanduser("~/.cache/maptrap"))
PPROF = os.environ.get("GO_PPROF", CACHE + "/go/usr/lib/go-1.24/pkg/tool/linux_amd64/pprof")
ROW = re.compile(r"^\s*(-?[\d.]+)(\S*)\s+\S+%\s+\S+%\s+(-?[\d.]+)(\S*)\s+\S+%\s\s(.*?)(?: \((?:partial-)?inline\))?$")
# pprof prints times and sizes in a unit asked for; these keep every digit.
RAW_UNIT = {"nanoseconds": "ns", "bytes": "B", "microseconds": "us", "milliseconds": "ms"}


def ours(path, kind):
    p = subprocess.run([MAPTRAP, "profile", path, "--json", "--top", "0"]
                       + (["--sample", kind] if kind else [])
                       + shlex.split(os.environ.get("MAPTRAP_ARGS", "")), capture_output=True)
    return p.returncode, json.loads(p.stdout) if p.stdout else None, p.stderr.decode()


def theirs(path, index, unit):
    p = subprocess.run([PPROF, "-top", "-symbolize=none", "-nodefraction=0", "-edgefraction=0",
                        f"-sample_index={index}", "-unit=" + RAW_UNIT.get(unit, unit)]
                       + shlex.split(os.environ.get("PPROF_ARGS", "")) + [path],
                       capture_output=True, text=True,
                       env={**os.environ, "PPROF_BINARY_PATH": "/nonexistent"})
    if p.returncode:
        return None, p.stderr
    rows = {}
    for line in p.stdout.splitlines():
        m = ROW.match(line)
        if m:
            flat, cum = rows.get(m[5], (0, 0))
            rows[m[5]] = (flat + float(m[1]), cum + float(m[3]))
    return rows, p.stdout


def main():
    agree = differ = 0
    for path in sys.argv[1:]:
        status, whole, err = ours(path, None)
        types = whole["sample_types"] if whole else [{"type": None, "unit": ""}]
        for i, t in enumerate(types):
            name = f"{path} {t['type']}"
            rows, text = theirs(path, i, t["unit"])
            mine = ours(path, str(i))[1] if whole else None
            if rows is None or mine is None:
                if (rows is None) != (mine is None or status != 0):
                    print(f"DIFFER {name}: one of both refuses: ours {status} {err.strip()}; "
                          f"theirs {'refused ' + text.strip() if rows is None else 'read it'}")
                    differ += 1
                else:
                    agree += 1
                continue
            got = {r["function"]: (r["flat"], r["cum"]) for r in mine["top"]}
            # Two names that pprof keeps apart by their binary are one row of ours.
            bad = [(f, got.get(f), rows.get(f)) for f in sorted(set(got) | set(rows))
                   if got.get(f) != rows.get(f)]
            if bad:
                differ += 1
                print(f"DIFFER {name}: {len(bad)} of {len(rows)} functions")
                for f, a, b in bad[:5]:
                    print(f"       {f}: ours {a}, theirs {b}")
            else:
                agree += 1
    print(f"{agree} agree, {differ} differ")
    sys.exit(1 if differ or not agree else 0)


if __name__ == "__main__":
    main()

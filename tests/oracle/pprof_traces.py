#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pprof_traces.py FILE...: compares `maptrap profile --folded` with the stacks that `go tool pprof
-traces` prints, added up, for each file and each of its sample types: every stack, every value.
Ends with "N agree, N differ"."""
import collections
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pprof_top  # noqa: E402


def theirs(path, index, unit):
    p = subprocess.run([pprof_top.PPROF, "-traces", "-symbolize=none", f"-sample_index={index}",
                        "-unit=" + pprof_top.RAW_UNIT.get(unit, unit), path], capture_output=True, text=True,
                       env={**os.environ, "PPROF_BINARY_PATH": "/nonexistent"}, check=True)
    stacks = collections.Counter()
    for block in re.split(r"^-+\+-+$", p.stdout, flags=re.M)[1:]:
        value, frames = 0, []
        for line in block.splitlines():
            m = re.match(r"(.{10,}?)   (.+?)( \(inline\))?$", line)
            number = re.match(r"^\s*(-?[\d.]+)[A-Za-z]*$", m[1]) if m else None
            if not m or not (number or not m[1].strip()):
                continue  # a label
            if number and not frames:
                value = float(number[1])
            frames.append(m[2].replace(";", ":"))
        if value:
            stacks[";".join(frames[::-1])] += value
    return {s: v for s, v in stacks.items() if v}


def ours(path, index):
    p = subprocess.run([pprof_top.MAPTRAP, "profile", path, "--folded", "--sample", str(index)],
                       capture_output=True, text=True, check=True)
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in p.stdout.splitlines()}


def main():
    agree = differ = 0
    for path in sys.argv[1:]:
        for i, t in enumerate(pprof_top.ours(path, None)[1]["sample_types"]):
            want, got = theirs(path, i, t["unit"]), ours(path, i)
            bad = [s for s in sorted(set(want) | set(got)) if want.get(s) != got.get(s)]
            agree, differ = agree + (not bad), differ + bool(bad)
            for s in bad[:3]:
                print(f"DIFFER {path} {t['type']} {s}: ours {got.get(s)}, theirs {want.get(s)}")
    print(f"{agree} agree, {differ} differ")
    sys.exit(1 if differ or not agree else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""perf_fold.py [FILE]: folds the text of `perf script` by a few lines of its own and compares with
`maptrap profile --folded --tagroot comm`: every stack and count. Without FILE it records a run of
the service beside it (software clock, frame pointers) with perf, or with GO_SERVICE=program of that.
Ends with "N stacks agree" or the differences."""
import collections
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAPTRAP = os.environ.get("MAPTRAP", os.path.join(TOP, "build/maptrap"))


def fold(text):
    """Blocks parted by blank lines: a header that begins with the command's name, then frames."""
    stacks = collections.Counter()
    for block in re.split(r"\n\s*\n", text.replace(" (deleted))", ")")):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if not lines:
            continue
        comm = re.match(r"\s*(.+?)\s+-?\d+(?:/-?\d+)?\s+(?:\[\d+\]\s+)?[\d.]+:", lines[0])[1]
        frames = []
        for line in lines[1:]:
            m = re.match(r"\s*[0-9a-f]+ (.+) \((.*?)\)$", line)
            name = re.sub(r"\+0x[0-9a-f]+$", "", m[1])
            if name == "[unknown]":
                name = "[" + os.path.basename(m[2]) + "]" if m[2] != "[unknown]" else "<unknown>"
            frames.append(name.replace(";", ":"))
        stacks[";".join([comm] + frames[::-1])] += 1
    return stacks


def record(folder):
    service = os.environ.get("GO_SERVICE")
    if not service:
        subprocess.run([os.path.join(TOP, "tests/oracle/make_profiles.sh"), folder, "1.24"], check=True)
        service = os.path.join(folder, "1.24/service")
    data = os.path.join(folder, "perf.data")
    subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-F", "499", "-g", "-o", data, "--", service, folder],
                   check=True, stdout=subprocess.DEVNULL)
    path = os.path.join(folder, "perf.txt")
    with open(path, "w", encoding="utf-8") as out:
        subprocess.run(["perf", "script", "-i", data], check=True, stdout=out, stderr=subprocess.DEVNULL)
    return path


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = sys.argv[1] if len(sys.argv) > 1 else record(folder)
        with open(path, encoding="utf-8", errors="replace") as f:
            want = fold(f.read())
        p = subprocess.run([MAPTRAP, "profile", path, "--folded", "--tagroot", "comm"], capture_output=True,
                           text=True, check=True)
    got = collections.Counter()
    for line in p.stdout.splitlines():
        stack, count = line.rsplit(" ", 1)
        got[stack] += int(count)
    bad = [s for s in sorted(set(got) | set(want)) if got[s] != want[s]]
    for s in bad[:10]:
        print(f"DIFFER {s}: ours {got[s]}, theirs {want[s]}")
    print(f"{len(want) - len(bad)} stacks of {sum(want.values())} samples agree, {len(bad)} differ")
    sys.exit(1 if bad or not want else 0)


if __name__ == "__main__":
    main()

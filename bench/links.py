#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long N probes take to go on and off, all in one link (uprobe_multi) and with a link each:
bench/results/links.jsonl. Needs root; probes a function of its own that nothing calls."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import record

PROGRAM = os.path.join(os.environ.get("MAPTRAP_BUILD", os.path.join(record.TOP, "build")), "tests/unit/probe_links")
ROUNDS = "5"
POINTS = ["1", "8", "16", "32", "64"]


def main():
    p = subprocess.run([PROGRAM, ROUNDS] + POINTS, stdout=subprocess.PIPE, text=True, check=True)
    series = record.Series("links", "time to attach and detach N probes", resume=False)
    for line in p.stdout.splitlines():
        how, n, attach, detach = line.split()
        series.add({"how": how, "points": int(n), "attach_ms": float(attach), "detach_ms": float(detach)})
    return 0


if __name__ == "__main__":
    sys.exit(main())

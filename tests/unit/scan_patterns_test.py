#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pattern suite: tests/scan/bad/NAME holds packages whose lines marked `// want RULE` must be
reported (with the tier in the file `tier`, if there is one) and no others; in tests/scan/safe/NAME
nothing may be reported in the default and medium tiers."""
import glob
import json
import os
import re
import subprocess
import sys

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("MAPTRAP_BUILD", os.path.join(TOP, "build"))


def check(folder):
    tier = "default"
    if os.path.exists(os.path.join(folder, "tier")):
        with open(os.path.join(folder, "tier")) as f:
            tier = f.read().strip()
    if os.sep + "safe" + os.sep in folder:
        tier = "medium"
    want = set()
    for path in glob.glob(os.path.join(folder, "**/*.go"), recursive=True):
        with open(path) as f:
            for number, line in enumerate(f, 1):
                for rules in re.findall(r"// want ([a-z -]+)", line):
                    want |= {(os.path.basename(path), number, rule) for rule in rules.split()}
    p = subprocess.run([os.path.join(BUILD, "maptrap"), "scan", "--no-cache", "--json", "--tier", tier, folder],
                       capture_output=True, text=True)
    report = json.loads(p.stdout)
    got = {(os.path.basename(f["file"]), f["line"], f["rule"]) for f in report["findings"]}
    why = []
    if report["files_with_errors"]:
        why.append(f"syntax errors in {report['files_with_errors']}")
    if p.returncode != (1 if want else 0):
        why.append(f"exit status {p.returncode}")
    why += [f"missing {w}" for w in sorted(want - got)]
    why += [f"not wanted {g}" for g in sorted(got - want)]
    if os.sep + "bad" + os.sep in folder and not want:
        why.append("no line says what is wanted")
    return why


folders = sorted(glob.glob(os.path.join(TOP, "tests/scan/bad/*/")) +
                 glob.glob(os.path.join(TOP, "tests/scan/safe/*/")))
for folder in folders:
    why = check(folder.rstrip("/"))
    tap.check(not why, os.path.relpath(folder, os.path.join(TOP, "tests")), *why)
sys.exit(tap.done())

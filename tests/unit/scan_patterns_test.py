#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pattern suite: tests/scan/bad/NAME holds packages whose lines marked `// want RULE` must be
reported (with the tier in the file `tier`, if there is one) and no others, those of tests/scan/doubtful/NAME
in the medium tier, and nothing in the default tier; in tests/scan/safe/NAME nothing may be reported in either."""
import glob
import json
import os
import re
import subprocess
import sys

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("MAPTRAP_BUILD", os.path.join(TOP, "build"))


def scan(tier, folder):
    p = subprocess.run([os.path.join(BUILD, "maptrap"), "scan", "--no-cache", "--json", "--tier", tier, folder],
                       capture_output=True, text=True)
    return json.loads(p.stdout), p.returncode


def check(folder):
    tier = "default"
    if os.path.exists(os.path.join(folder, "tier")):
        with open(os.path.join(folder, "tier")) as f:
            tier = f.read().strip()
    if f"{os.sep}bad{os.sep}" not in folder:
        tier = "medium"
    want = set()
    for path in glob.glob(os.path.join(folder, "**/*.go"), recursive=True):
        with open(path) as f:
            for number, line in enumerate(f, 1):
                for rules in re.findall(r"// want ([a-z -]+)", line):
                    want |= {(os.path.basename(path), number, rule) for rule in rules.split()}
    report, status = scan(tier, folder)
    got = {(os.path.basename(place["file"]), place["line"], f["rule"]) for f in report["findings"]
           for place in [f] + [r for r in f["related"] if r["role"].startswith("also: ")]}
    why = []
    if report["files_with_errors"]:
        why.append(f"syntax errors in {report['files_with_errors']}")
    if status != (1 if want else 0):
        why.append(f"exit status {status}")
    why += [f"missing {w}" for w in sorted(want - got)]
    why += [f"not wanted {g}" for g in sorted(got - want)]
    if f"{os.sep}safe{os.sep}" not in folder and not want:
        why.append("no line says what is wanted")
    if f"{os.sep}doubtful{os.sep}" in folder and scan("default", folder)[1]:
        why.append("reported in the default tier")
    return why


folders = sorted(f for kind in ("bad", "doubtful", "safe") for f in glob.glob(os.path.join(TOP, f"tests/scan/{kind}/*/")))
for folder in folders:
    why = check(folder.rstrip("/"))
    tap.check(not why, os.path.relpath(folder, os.path.join(TOP, "tests")), *why)
sys.exit(tap.done())

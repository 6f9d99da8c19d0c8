#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nothing about the scan's rules drifts apart: each has its text, its place in docs/scan.md, a golden
case and patterns; ids hold no line number; the record of the driven patterns holds all of them."""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("MAPTRAP_BUILD", os.path.join(TOP, "build"))
SUITE = os.path.join(TOP, "tests/scan")
LEAST = 60  # patterns of each kind


def scan(*args):
    p = subprocess.run([os.path.join(BUILD, "maptrap"), "scan", *args], capture_output=True, text=True)
    return p.stdout


def read(*path):
    with open(os.path.join(TOP, *path)) as f:
        return f.read()


def rules(folder):
    with open(os.path.join(folder, "a.go"), "w") as f:
        f.write("package a\n")
    run = json.loads(scan("--sarif", folder))["runs"][0]
    return [r["id"] for r in run["tool"]["driver"]["rules"]]


def texts(names):
    docs, golden = read("docs/scan.md"), read("tests/golden/scan/rules/want")
    wanted = set()
    for p in glob.glob(os.path.join(SUITE, "bad/**/*.go"), recursive=True):
        with open(p) as f:
            for line in re.findall(r"// want ([a-z -]+)", f.read()):
                wanted |= set(line.split())
    for name in names:
        if "What to do: " not in scan("--explain", name):
            yield f"{name}: --explain says nothing"
        if f"\n### {name}\n" not in docs:
            yield f"{name}: not in docs/scan.md"
        if f"[{name}, " not in golden:
            yield f"{name}: not in the golden case"
        if name not in wanted:
            yield f"{name}: no pattern wants it"
    for name in (wanted | set(re.findall(r"(?m)^### ([a-z-]+)$", docs))) - set(names):
        yield f"{name} is no rule"


def ids(folder):
    text = read("tests/golden/scan/rules/a.go")
    seen = []
    for shift in (0, 7):
        with open(os.path.join(folder, "a.go"), "w") as f:
            f.write("\n" * shift + text)
        report = json.loads(scan("--json", "--tier", "library", folder))
        seen.append([(f["id"], f["line"] - shift) for f in report["findings"]])
    if len(seen[0]) < 9 or len({i for i, _ in seen[0]}) != len(seen[0]):
        yield f"{len(seen[0])} findings, {len({i for i, _ in seen[0]})} ids"
    if seen[0] != seen[1]:
        yield "ids change when lines move"


def record():
    driven = {}
    for line in read("tests/scan/driven").splitlines():
        name, verdict = line.split(" ", 1)
        driven[name] = verdict.rsplit(" ", 1)[0]
    names = [os.path.relpath(p.rstrip("/"), SUITE) for p in glob.glob(os.path.join(SUITE, "*/*/"))]
    for kind in ("bad", "safe"):
        n = sum(x.startswith(kind + "/") for x in names)
        if n < LEAST:
            yield f"{n} {kind} patterns"
    for name in sorted(set(names) ^ set(driven)):
        yield f"{name}: in the suite or in tests/scan/driven, not in both (tests/scan/drive.py --record)"
    for name, verdict in driven.items():
        if verdict not in (("race", "fatal", "not driven") if name.startswith("bad/")
                           else ("quiet", "not driven")):
            yield f"{name}: {verdict}"
    shown = sum(v in ("race", "fatal") for v in driven.values())
    print(f"# {shown} bad patterns raced when they were driven")


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, bad in (("every rule has its texts", list(texts(rules(folder)))),
                          ("ids hold no line number", list(ids(folder))),
                          ("the record of the driven patterns is whole", list(record()))):
            tap.check(not bad, name, *bad)
    return tap.done()


sys.exit(main())

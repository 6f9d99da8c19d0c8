#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much the static scan says about large code bases (tests/scan/noise.tsv), and how useful it is.

    bench/noise.py --mirrors DIR [--sample 40 --seed 1 [--read]]

Each tree is scanned whole without its vendored packages. The default tier's alerts (one a map and rule) are
counted against the lines read. A sample of them, drawn with the seed, is looked up in tests/scan/verdicts.tsv, which
holds what reading each alert by hand said: bug, plausible or false, and why. --read prints the source
around those of the sample that have no verdict yet, and writes no result file."""
import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import history
import record

LIST = os.path.join(record.TOP, "tests/scan/noise.tsv")
VERDICTS = os.path.join(record.TOP, "tests/scan/verdicts.tsv")


def table(path):
    with open(path, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f, delimiter="\t"))


def scan(program, top):
    p = subprocess.run([program, "scan", "--json", "--tier", "library", top], stdout=subprocess.PIPE, text=True)
    if p.returncode not in (0, 1):
        raise SystemExit(f"maptrap scan {top}: exit {p.returncode}")
    return json.loads(p.stdout)


def test_lines(top):
    n = 0
    for folder, _, names in os.walk(top):
        for name in names:
            if name.endswith("_test.go"):
                with open(os.path.join(folder, name), "rb") as f:
                    n += f.read().count(b"\n")
    return n


def show(top, f):
    print(f"== {f['repository']} {f['path']}:{f['line']} {f['rule']} {f['id']}\n   {f['message']}")
    for r in f["related"]:
        print(f"   {os.path.relpath(r['file'], top)}:{r['line']} {r['role']}")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--mirrors", default=os.environ.get("MAPTRAP_MIRRORS"),
                   help="where the clones are; else $MAPTRAP_MIRRORS")
    p.add_argument("--trees", default=os.path.join(tempfile.gettempdir(), "maptrap-history"))
    p.add_argument("--program", default=os.path.join(record.TOP, "build/maptrap"))
    p.add_argument("--sample", type=int, default=40)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--read", action="store_true")
    a = p.parse_args()
    if not a.mirrors:
        p.error("--mirrors or MAPTRAP_MIRRORS is needed")
    os.makedirs(a.trees, exist_ok=True)
    series = None if a.read else record.Series("noise", "static scan of large code bases", resume=False)
    alerts = []
    for row in table(LIST):
        mirror = os.path.join(a.mirrors, row["repository"].replace("/", "+"), "repo")
        top = history.tree(mirror, row["commit"], a.trees)
        report = scan(a.program, top)
        tiers = [f["tier"] for f in report["findings"]]
        out = {"repository": row["repository"], "commit": row["commit"], "lines": report["lines"],
               "lines_of_tests": test_lines(top), "default": tiers.count("default"),
               "medium": tiers.count("medium"), "library": tiers.count("library"), "took_s": report["took_s"]}
        if series:
            series.add(out)
        else:
            print(out)
        for f in report["findings"]:
            if f["tier"] == "default":
                alerts.append(dict(f, repository=row["repository"], commit=row["commit"], top=top,
                                   path=os.path.relpath(f["file"], top)))
    alerts.sort(key=lambda f: (f["repository"], f["path"], f["line"], f["column"]))
    drawn = random.Random(a.seed).sample(alerts, min(a.sample, len(alerts)))
    known = {(v["repository"], v["place"], v["rule"]): v for v in table(VERDICTS)}
    counts = {}
    for f in drawn:
        v = known.get((f["repository"], f"{f['path']}:{f['line']}", f["rule"]))
        verdict = v["verdict"] if v else "unread"
        counts[verdict] = counts.get(verdict, 0) + 1
        if series:
            series.add({"repository": f["repository"], "place": f"{f['path']}:{f['line']}", "rule": f["rule"],
                        "seed": a.seed, "verdict": verdict})
        elif not v:
            show(f["top"], f)
    print(len(alerts), "alerts;", ", ".join(f"{n} {v}" for v, n in sorted(counts.items())), "in the sample")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real bugs of public history (tests/scan/history.tsv): is the unguarded access named before the fix,
and is the alert gone after it?

    bench/history.py --mirrors DIR [--half tuning|held-out] [--listed read|rule|wide] [--only TEXT] [--show]

DIR holds a git directory OWNER+NAME/repo for each repository of the list (any clone will do). Each tree
is scanned whole, without its vendored packages, in every tier at once. A pair counts as named if a
finding stands at one of the lines where the list has an unguarded access, or says the same of that
line ("also: read"; places that only illustrate do not count); the alert is gone if no finding is
left on that map in that function. Trees are kept in --trees DIR for the next run."""
import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import record

LIST = os.path.join(record.TOP, "tests/scan/history.tsv")
LISTS = ("read", "rule", "wide")
FUNC = re.compile(r"^func\s+(?:\((?:\w+\s+)?\*?(\w+)[^)]*\)\s*)?(\w+)")


def pairs():
    with open(LIST, encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f, delimiter="\t"):
            places = {}
            for part in row["unguarded accesses at the parent"].split():
                path, lines = part.rsplit(":", 1)
                places[path] = {int(x[:-1]) for x in lines.split(",")}
            yield row["repository"], row["fix"], row["parent"], row["half"], row["listed"], places


def sources_of(mirror, commit):
    """Path and id of each Go file and go.mod of a commit, vendored packages left out."""
    p = subprocess.run(["git", "--git-dir=" + mirror, "ls-tree", "-r", "-z", commit], stdout=subprocess.PIPE, check=True)
    for entry in p.stdout.decode("utf-8", "surrogateescape").split("\0"):
        if not entry:
            continue
        meta, path = entry.split("\t", 1)
        if meta.split()[1] == "blob" and "vendor" not in path.split("/") and (
                path.endswith(".go") or os.path.basename(path) in ("go.mod", "go.work")):
            yield path, meta.split()[2]


def tree(mirror, commit, trees):
    """The Go source of a commit, unpacked once. What the mirror lacks is left out, aloud."""
    into = os.path.join(trees, commit)
    if os.path.isdir(into):
        return into
    wanted = list(sources_of(mirror, commit))
    batch = subprocess.run(["git", "--git-dir=" + mirror, "cat-file", "--batch"], stdout=subprocess.PIPE, check=True,
                           input="".join(i + "\n" for _, i in wanted).encode()).stdout
    at = 0
    for path, _ in wanted:
        end = batch.index(b"\n", at)
        head = batch[at:end].split()
        at = end + 1
        if head[1] == b"missing":
            print(f"{mirror}: {path} of {commit} is missing", file=sys.stderr)
            continue
        full = os.path.join(into + ".part", path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as f:
            f.write(batch[at:at + int(head[2])])
        at += int(head[2]) + 1
    os.rename(into + ".part", into)
    return into


def function_at(path, line):
    """(receiver's type, name) of the function that holds a line."""
    with open(path, encoding="utf-8", errors="replace") as f:
        lines = f.read().split("\n")
    for text in reversed(lines[:line]):
        m = FUNC.match(text)
        if m:
            return m.group(1) or "", m.group(2)
    return "", ""


def scan(program, top):
    p = subprocess.run([program, "scan", "--json", "--tier", "library", top], stdout=subprocess.PIPE, text=True)
    if p.returncode not in (0, 1):
        raise SystemExit(f"maptrap scan {top}: exit {p.returncode}")
    found = []
    for f in json.loads(p.stdout)["findings"]:
        for place in [f] + [r for r in f["related"] if r["role"].startswith("also: ")]:
            path = os.path.relpath(place["file"], top) if os.path.isabs(place["file"]) else place["file"]
            found.append({"path": path, "line": place["line"], "tier": f["tier"], "rule": f["rule"], "map": f["map"],
                          "function": function_at(os.path.join(top, path), place["line"])})
    return found


def judge(before, after, places):
    """What one tier and the ones below it say about a pair."""
    named = [f for f in before if f["line"] in places.get(f["path"], ())]
    keys = {(f["path"], f["function"], f["map"]) for f in named}
    left = [f for f in after if (f["path"], f["function"], f["map"]) in keys]
    return {"named": bool(named), "gone": bool(named) and not left, "rules": sorted({f["rule"] for f in named}),
            "at": sorted(f"{f['path']}:{f['line']}" for f in named)}


def summary(rows, half):
    out = []
    for tier in ("default", "medium", "library"):
        named = [r for r in rows if r[tier]["named"]]
        gone = sum(r[tier]["gone"] for r in named)
        out.append(f"{tier} {len(named)}/{len(rows)} ({100 * len(named) / max(1, len(rows)):.0f} %), gone {gone}")
    return f"{half}: " + "; ".join(out)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--mirrors", default=os.environ.get("MAPTRAP_MIRRORS"),
                   help="where the clones are; else $MAPTRAP_MIRRORS")
    p.add_argument("--half", choices=("tuning", "held-out"))
    p.add_argument("--listed", choices=LISTS, help="pairs whose accesses were listed that way")
    p.add_argument("--only", default="", help="pairs whose OWNER/NAME@COMMIT holds this")
    p.add_argument("--unpack", action="store_true", help="only unpack the trees")
    p.add_argument("--trees", default=os.path.join(tempfile.gettempdir(), "maptrap-history"))
    p.add_argument("--program", default=os.path.join(record.TOP, "build/maptrap"))
    p.add_argument("--show", action="store_true", help="print each pair and write no result file")
    a = p.parse_args()
    if not a.mirrors:
        p.error("--mirrors or MAPTRAP_MIRRORS is needed")
    os.makedirs(a.trees, exist_ok=True)
    series = None if a.show or a.unpack else record.Series("history" + ("-" + a.half if a.half else ""),
                                               "static scan before and after real fixes", resume=False)
    rows = []
    for repo, fix, parent, half, listed, places in pairs():
        mirror = os.path.join(a.mirrors, repo.replace("/", "+"), "repo")
        if (a.half and half != a.half) or (a.listed and listed != a.listed) or a.only not in repo + "@" + fix:
            continue
        if not os.path.isdir(mirror):
            print(f"{repo}: no mirror, skipped", file=sys.stderr)
            continue
        tops = [tree(mirror, c, a.trees) for c in (parent, fix)]
        if a.unpack:
            continue
        before, after = [scan(a.program, top) for top in tops]
        row = {"repository": repo, "fix": fix, "half": half, "listed": listed}
        for i, tier in enumerate(("default", "medium", "library")):
            asked = ("default", "medium", "library")[:i + 1]
            row[tier] = judge([f for f in before if f["tier"] in asked], [f for f in after if f["tier"] in asked],
                              places)
        rows.append(row)
        if series:
            series.add(row)
        else:
            marks = "".join(" +!"[row[t]["named"] + (row[t]["named"] and not row[t]["gone"])]
                            for t in ("default", "medium", "library"))
            where = " ".join(f"{k}:{','.join(map(str, sorted(v)))}" for k, v in places.items())
            print(f"[{marks}] {repo} {fix[:10]} {'/'.join(row['library']['rules'])} {where}", flush=True)
    for half in ("tuning", "held-out"):
        for listed in LISTS:
            some = [r for r in rows if r["half"] == half and r["listed"] == listed]
            if some:
                print(summary(some, f"{half}, listed by {listed}"))


if __name__ == "__main__":
    main()

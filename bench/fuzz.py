#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fuzzes one target for some seconds and appends what came of it to bench/results/fuzz.jsonl: one
record a run, each with its commit, so that the hours add up over commits.

    bench/fuzz.py --build DIR TARGET [SECONDS] [SEEDS...]    DIR: a tree set up as scripts/fuzz.sh does

The target gobin patches a Go program: MAPTRAP_FUZZ_GOBIN names it (without it, whole files only).

New inputs are kept in the cache folder, so the next run goes on where this one stopped. An input that
crashes is left beside them, named in the record, and makes the exit status 1."""
import argparse
import datetime
import glob
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import record

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "maptrap/fuzz")


def final(log, name):
    m = re.search(r"stat::" + name + r":\s+(\d+)", log)
    return int(m[1]) if m else None


def crashes_of(found):
    """Inputs that broke the target. Not those that libFuzzer keeps because it had to wait for a CPU."""
    return {path for path in glob.glob(found + "-crash-*") if "-crash-slow-unit-" not in path}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--build", default="build-fuzz")
    ap.add_argument("--max-len", type=int, default=0)
    ap.add_argument("target")
    ap.add_argument("seconds", type=int, nargs="?", default=180)
    ap.add_argument("seeds", nargs="*")
    o = ap.parse_args()
    found = os.path.join(CACHE, o.target)
    os.makedirs(found, exist_ok=True)
    corpus = os.path.join(record.TOP, "tests/fuzz/corpus", o.target)
    seeds = [d for d in [corpus] + o.seeds if os.path.isdir(d)]
    before = crashes_of(found)
    command = [os.path.join(o.build, "tests/fuzz/fuzz_" + o.target), f"-max_total_time={o.seconds}", "-timeout=25",
               "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={found}-crash-"]
    if o.max_len:
        command.append(f"-max_len={o.max_len}")
    began = time.monotonic()
    p = subprocess.run(command + [found] + seeds, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    took = time.monotonic() - began
    log = p.stdout.decode(errors="replace")
    covered = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", log)
    crashes = sorted(crashes_of(found) - before)
    for path in crashes:
        print(f"crash: {path}")
    if p.returncode:
        print("\n".join(l for l in log.splitlines() if re.search(r"ERROR|SUMMARY|runtime error|#[0-4] ", l)))
    row = {"target": o.target, "command": "fuzz_" + o.target + " " + " ".join(command[1:5]),
           "commit": record.git("rev-parse", "--short=12", "HEAD"), "sources": record.sources(),
           "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%MZ"),
           "seconds": round(took), "execs": final(log, "number_of_executed_units"),
           "covered": int(covered[-1][0]) if covered else None,
           "corpus": int(covered[-1][2]) if covered else None, "crashes": len(crashes)}
    if o.target == "gobin" and os.environ.get("MAPTRAP_FUZZ_GOBIN"):
        row["program"] = os.path.basename(os.environ["MAPTRAP_FUZZ_GOBIN"])
    os.makedirs(record.RESULTS, exist_ok=True)
    with open(os.path.join(record.RESULTS, "fuzz.jsonl"), "a", encoding="utf-8") as f:
        f.write(json.dumps(row) + "\n")
    print(json.dumps(row))
    return 1 if p.returncode else 0


if __name__ == "__main__":
    sys.exit(main())

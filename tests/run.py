#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests and counts them. Ends with the line "N passed, N failed, N skipped".

run.py [--only TIER,TIER] [--rewrite] [--match TEXT]
Tiers: lint (include table, help, format), unit (TAP programs of build/), golden (tests/golden),
live (tests/live, needs root and the Go toolchains).
A test that is skipped says why, and is counted.
"""
import argparse
import glob
import os
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("MAPTRAP_BUILD", os.path.join(TOP, "build"))
MAPTRAP = os.path.join(BUILD, "maptrap")


class Counts:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def result(self, ok, name, why="", skipped=False):
        if skipped:
            self.skipped += 1
            print(f"SKIP {name}: {why}", flush=True)
        elif ok:
            self.passed += 1
            print(f"ok   {name}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL {name}" + (f": {why}" if why else ""), flush=True)


def tap(counts, name, text, status):
    """Counts the lines of a TAP program. A plan that was not fulfilled is a failure."""
    planned = seen = 0
    notes = []
    for line in text.splitlines():
        if line.startswith("1.."):
            planned = int(line[3:].split()[0])
        elif line.startswith("# "):
            notes.append(line[2:])
        elif line.startswith(("ok ", "not ok ")):
            seen += 1
            test = line.split(" - ", 1)[-1]
            if " # SKIP " in test:
                test, why = test.split(" # SKIP ", 1)
                counts.result(True, f"{name}: {test}", why, skipped=True)
            else:
                counts.result(line.startswith("ok "), f"{name}: {test}", "; ".join(notes[:5]))
            notes = []
    if planned == 0 or seen != planned or (status != 0 and "not ok" not in text):
        counts.result(False, name, f"{seen} of {planned} tests ran, exit status {status}; "
                      + " | ".join(text.splitlines()[-3:]))


def run_tap_program(counts, name, command, timeout=900):
    try:
        p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=TOP,
                           timeout=timeout, env={**os.environ, "MAPTRAP": MAPTRAP, "TOP": TOP})
    except subprocess.TimeoutExpired as e:
        tap(counts, name, (e.stdout or b"").decode(errors="replace"), -1)
        return
    tap(counts, name, p.stdout.decode(errors="replace"), p.returncode)


def unit(counts, args):
    programs = sorted(p for p in glob.glob(os.path.join(BUILD, "tests/unit/test_*"))
                      if os.access(p, os.X_OK) and os.path.isfile(p))
    if not programs:
        counts.result(False, "unit", "no test programs in " + BUILD)
    for p in programs:
        if args.match in p:
            run_tap_program(counts, os.path.basename(p), [p])
    for p in sorted(glob.glob(os.path.join(TOP, "tests/unit/*_test.py"))):
        if args.match in p:
            run_tap_program(counts, os.path.basename(p), [sys.executable, p])


def golden(counts, args):
    sys.path.insert(0, os.path.join(TOP, "tests"))
    import golden as g
    g.run(counts, TOP, MAPTRAP, args.match, args.rewrite)


def lint(counts, args):
    for p in sorted(glob.glob(os.path.join(TOP, "tests/lint/*"))):
        if os.access(p, os.X_OK) and os.path.isfile(p) and args.match in p:
            r = subprocess.run([p], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               cwd=TOP, env={**os.environ, "MAPTRAP": MAPTRAP, "TOP": TOP})
            name = "lint: " + os.path.basename(p)
            if r.returncode == 77:
                counts.result(True, name, r.stdout.strip(), skipped=True)
            else:
                if r.returncode:
                    print(r.stdout, end="")
                counts.result(r.returncode == 0, name, r.stdout.strip().split("\n")[-1])


def live(counts, args):
    p = os.path.join(TOP, "tests/live/run.py")
    if not os.path.exists(p):
        return
    command = [sys.executable, p, "--tap"] + (["--match", args.match] if args.match else [])
    # Live tests print as they go: they take minutes.
    r = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=TOP,
                         env={**os.environ, "MAPTRAP": MAPTRAP, "TOP": TOP})
    lines = []
    for line in r.stdout:
        lines.append(line)
        if line.startswith("#"):
            print("     " + line.rstrip(), flush=True)
    tap(counts, "live", "".join(lines), r.wait())


TIERS = {"lint": lint, "unit": unit, "golden": golden, "live": live}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="lint,unit,golden,live")
    parser.add_argument("--rewrite", action="store_true")
    parser.add_argument("--match", default="")
    args = parser.parse_args()
    counts = Counts()
    for tier in args.only.split(","):
        began = time.time()
        TIERS[tier](counts, args)
        print(f"---- {tier}: {time.time() - began:.1f} s", flush=True)
    print(f"{counts.passed} passed, {counts.failed} failed, {counts.skipped} skipped")
    sys.exit(1 if counts.failed or counts.passed == 0 else 0)


if __name__ == "__main__":
    main()

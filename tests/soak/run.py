#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A long look at services that do not race: nothing may be accused, no target may suffer, and maptrap's
memory must stay flat. run.py [--seconds 600] [--round 60] [--go 1.24]

Each round looks at the guarded shop under load, and then at one of the safe programs. A round is one row of
bench/results/soak.jsonl; `make soak SOAK_SECONDS=259200` is the 72 hours."""
import argparse
import json
import os
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "bench"))
import record
import service


def locate(pid, seconds):
    """(document or None, exit status, peak memory in KB) of one locate."""
    p = subprocess.Popen([service.MAPTRAP, "locate", "--json", "--pid", str(pid), "--for", f"{seconds}s"],
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    out = p.stdout.read()
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    try:
        return json.loads(out), p.returncode, usage.ru_maxrss
    except ValueError:
        return None, p.returncode, usage.ru_maxrss


def one_round(place, shop, safe_name, args):
    began = time.monotonic()
    row = {"accused": 0, "dead": 0, "failed_checks": 0, "bad_exit": 0, "safe": safe_name}
    doc, status, rss = locate(shop.pid, args.round * 3 // 4)
    safe = place.target("safe", args.go, ["-rate", "200", safe_name])
    safe_doc, safe_status, _ = locate(safe.pid, args.round // 4)
    for d, s, t in ((doc, status, shop), (safe_doc, safe_status, safe)):
        row["accused"] += len(d["findings"]) if d else 0
        row["bad_exit"] += d is None or s not in (0, 5)
        row["dead"] += not t.alive()
        row["failed_checks"] += t.words()[1]
    place.forget(safe)
    return {**row, "rss_kb": rss, "seconds": round(time.monotonic() - began, 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--round", type=int, default=60)
    parser.add_argument("--go", default="1.24")
    args = parser.parse_args()
    names = subprocess.run([service.build.build("safe", args.go), "-list"], stdout=subprocess.PIPE, check=True,
                           text=True).stdout.split()
    series = record.Series("soak", f"rounds of {args.round} s, Go {args.go}", resume=False)
    passed = failed = 0
    end = time.monotonic() + args.seconds
    with service.Place() as place:
        shop = place.target("shop", args.go, ["-self-load", "60", "-rate", "60", "-fixed"])
        while time.monotonic() < end:
            row = one_round(place, shop, names[len(series.rows) % len(names)], args)
            series.add(row)
            bad = row["accused"] + row["dead"] + row["failed_checks"] + row["bad_exit"]
            passed, failed = passed + (not bad), failed + bool(bad)
            print(f"{'FAIL' if bad else 'ok  '} round {len(series.rows)}: {row}", flush=True)
            if not shop.alive():
                break
    rows = series.rows
    if len(rows) >= 4:
        grown = rows[-1]["rss_kb"] / rows[1]["rss_kb"]
        passed, failed = passed + (grown < 1.1), failed + (grown >= 1.1)
        print(f"{'ok  ' if grown < 1.1 else 'FAIL'} memory: {rows[1]['rss_kb']} KB, then {rows[-1]['rss_kb']} KB")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()

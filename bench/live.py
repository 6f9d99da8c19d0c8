#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What maptrap costs the service that it looks at. Paired in one run and interleaved: in each round
every arm has its turn, in random order, and is compared with the same round's turn of nothing.

live.py http [--go 1.24] [--rounds 20] [--block 8]    an HTTP service with realistic map use, the lock in place:
    base     alone                      drag    with an injected slow-down of 1 %
    locate   maptrap locate beside it   race    the same service built with -race
  Half of a block runs flat out (throughput, CPU a request), half at a fixed rate (p50, p99).
live.py hot [--go 1.24] [--rounds 10] [--block 10]    2 million map writes a second: writes done with and without
  locate, attach and detach included.

Raw figures: bench/results/live-http.jsonl, live-hot.jsonl. Prints each ratio with its 95 % interval."""
import argparse
import json
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import record
import service
import stats

DRAG = 0.01


def locate(place, target, seconds):
    return place.command([service.MAPTRAP, "locate", "--json", "--pid", str(target.pid), "--for", f"{seconds}s"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def answer(p):
    """What locate says of its own cost, when it is done."""
    out, _ = p.communicate(timeout=60)
    try:
        doc = json.loads(out)
        return {"exit": p.returncode, "cost": doc["cost"], "holds": doc["coverage"]["holds"]}
    except (ValueError, KeyError):
        return {"exit": p.returncode}


def http_block(place, target, args, arm, turns, rate):
    """One turn of one arm: its figures."""
    service.get(target.rest + f"/drag?turns={turns if arm == 'drag' else 0}", b"")
    tool = locate(place, target, args.block) if arm == "locate" else None
    half = args.block / 2 - 0.5
    cpu, began = service.cpu_s(target.pid), time.monotonic()
    flat = service.load(target.rest, args.go, "-c", 4, "-for", f"{half}s", "-warm", "500ms")
    cpu = service.cpu_s(target.pid) - cpu
    paced = service.load(target.rest, args.go, "-c", 8, "-rate", rate, "-for", f"{half}s", "-warm", "500ms")
    row = {"arm": arm, "requests_s": flat["requests"] / flat["seconds"],
           "cpu_us": 1e6 * cpu / (flat["requests"] * (half + 0.5) / half), "p50_us": paced["p50_us"],
           "p99_us": paced["p99_us"], "errors": flat["errors"] + paced["errors"],
           "seconds": round(time.monotonic() - began, 2)}
    if tool:
        row["locate"] = answer(tool)
    return row


def calibrate(target, args):
    """Turns of drag that make 1 % of a request's share of all CPUs, and a rate of half the capacity."""
    flat = service.load(target.rest, args.go, "-c", 4, "-for", "3s")
    share_ns = 1e9 * (os.cpu_count() or 1) / (flat["requests"] / flat["seconds"])
    ns_of_million = float(service.get(target.rest + "/drag?turns=1000000", b""))
    service.get(target.rest + "/drag?turns=0", b"")
    return int(DRAG * share_ns / ns_of_million * 1e6), round(0.35 * flat["requests"] / flat["seconds"])


def http(args):
    series = record.Series("live-http", f"HTTP service of Go {args.go}, blocks of {args.block} s")
    with service.Place() as place:
        flags = ["-fixed", "-rate", "60"]
        plain = place.target("shop", args.go, flags)
        race = place.target("shop", args.go, flags, "race")
        turns, rate = calibrate(plain, args)
        print(f"drag: {turns} turns a request; latency at {rate} requests a second", flush=True)
        done = len({r["round"] for r in series.rows})
        for n in range(done, args.rounds):
            arms = ["base", "locate", "drag", "race"]
            random.shuffle(arms)
            rows = [http_block(place, race if arm == "race" else plain, args, arm, turns, rate) for arm in arms]
            for row in rows:
                series.add({"round": n, **row})
            print(f"round {n + 1} of {args.rounds}: " + ", ".join(
                f"{r['arm']} {r['requests_s']:.0f}/s p99 {r['p99_us']:.0f} us" for r in rows), flush=True)
    summary_http(series.rows)


def pairs(rows, arm, figure):
    by_round = {}
    for r in rows:
        by_round.setdefault(r["round"], {})[r["arm"]] = r[figure]
    return [(a[arm], a["base"]) for a in by_round.values() if arm in a and a.get("base") and a[arm]]


def ratios(rows, arm, figures):
    """{figure: (ratio, low, high)} of an arm against the same rounds' base."""
    return {f: stats.ratio_interval(p) for f in figures if len(p := pairs(rows, arm, f)) >= 2}


FIGURES = ["requests_s", "cpu_us", "p50_us", "p99_us"]


def sees_drag(rows):
    """Whether the injected slow-down shows: by throughput or by CPU a request."""
    r = ratios(rows, "drag", FIGURES)
    return bool(r) and (r["requests_s"][2] < 1 or r["cpu_us"][1] > 1)


def percent(r):
    return "{:+.1f} % [{:+.1f}, {:+.1f}]".format(*(100 * (x - 1) for x in r))


def summary_http(rows):
    for arm in ("locate", "drag", "race"):
        for figure, r in ratios(rows, arm, FIGURES).items():
            print(f"{arm:7s} {figure:10s} {percent(r)}")
    if sees_drag(rows):
        print("the injected slow-down of 1 % is seen")
    else:
        print("this machine cannot see a slow-down of 1 %: the intervals of `drag` hold zero")


def hot(args):
    series = record.Series("live-hot", f"2 million map writes a second, Go {args.go}, windows of {args.block} s")
    with service.Place() as place:
        target = place.target("hot", args.go, ["-rate", "2e6", "-slow", "60", "-fixed"])
        time.sleep(1)
        for n in range(len({r["round"] for r in series.rows}), args.rounds):
            arms = ["base", "locate"]
            random.shuffle(arms)
            for arm in arms:
                tool = locate(place, target, args.block) if arm == "locate" else None
                before, began = target.sides()[0], time.monotonic()
                said = answer(tool) if tool else time.sleep(args.block)
                time.sleep(max(0, args.block - (time.monotonic() - began)))
                row = {"round": n, "arm": arm,
                       "writes_s": (target.sides()[0] - before) / (time.monotonic() - began)}
                if tool:
                    row["locate"] = said
                series.add(row)
            print(f"round {n + 1}: " + ", ".join(f"{r['arm']} {r['writes_s']:.0f}/s" for r in series.rows[-2:]),
                  flush=True)
    for figure, r in ratios(series.rows, "locate", ["writes_s"]).items():
        print(f"locate  {figure} {percent(r)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["http", "hot"])
    parser.add_argument("--go", default="1.24")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--block", type=int)
    args = parser.parse_args()
    args.rounds = args.rounds or {"http": 20, "hot": 10}[args.what]
    args.block = args.block or {"http": 8, "hot": 10}[args.what]
    {"http": http, "hot": hot}[args.what](args)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does a mechanism make a racing target die sooner? Targets run until they die or a limit, the arms
interleaved in random order; compared are crashes a second, as a ratio to the target alone, with its
exact 95 % interval and one-sided 95 % upper bound. Bound <= 1.25: no more than alone.

crash.py --all                the series of `make test-matrix` (MATRIX)
crash.py SUITE [--go V] [--arm NAME=COMMAND]... [--crashes 100] [--seconds 900] [--runs 10000] [--limit 20]
  SUITE    hot, grow, delete, spin, slow, slow-hog, slow-niced, busy, torture (see SUITES)
  --arm    what runs beside the target, {pid} {map} {exe} filled in; `alone` always runs too. Without
           --arm: the arms of ARMS. A command that ends is started again while the target lives.
  Each arm goes on until it has --crashes deaths or --seconds of life, whatever comes first.
  --together: all arms at the same time instead of one after the other, each with a target (and a lock on
  holds) of its own: they share the machine's weather exactly, and the targets must leave it idle.

Raw figures: bench/results/crash-SUITE-GO.jsonl; a series that was interrupted goes on."""
import argparse
import contextlib
import json
import os
import random
import re
import shlex
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import record
import service
import stats

# Target, arguments, limit of one run in seconds.
SLOW = ("racer", ["-op", "delete", "-rate", "190"], 20)
SUITES = {
    "hot": ("racer", ["-rate", "2000"], 20),
    "grow": ("racer", ["-op", "clear", "-rate", "2000", "-keys", "100"], 20),
    "delete": ("racer", ["-op", "delete", "-rate", "2000", "-gc", "5ms"], 20),
    "spin": ("racer", ["-spin", "200000"], 20),
    "slow": SLOW,
    "slow-hog": SLOW,
    "slow-niced": SLOW,
    "busy": ("racer", ["-op", "delete", "-rate", "190", "-busy", "4"], 20),
    "torture": ("torture", ["-sleep", "1ms"], 12),
}
# `locate` as users run it; the mechanisms without end (tests/tools/harm.c); holds without the guard, to show
# that the series can see harm.
ARMS = {
    "locate": "maptrap locate --json --pid {pid} --for 60s",
    "windows": "harm {pid} 60 no-hold",
    "holds": "harm {pid} 60",
    "short": "harm {pid} 60 200",
    "unguarded": "harm {pid} 60 no-guard",
}
SPIN_ARMS = ("locate", "windows", "holds") # a target that leaves no CPU free
MATRIX = [("slow", "1.24"), ("slow-hog", "1.24"), ("slow-niced", "1.24"), ("busy", "1.24"), ("hot", "1.23"), ("hot", "1.24"),
          ("grow", "1.23"), ("grow", "1.24"), ("delete", "1.23"), ("delete", "1.24"), ("spin", "1.24"), ("torture", "1.24")]
TOGETHER = ("hot", "grow", "delete", "slow", "slow-hog", "slow-niced") # of the series of --all
HOGS = {"slow-hog": (1, 0), "slow-niced": (5, 19)} # how many, and their nice value
MEANT_TO_HARM = ("unguarded",)  # shows that the series can see harm
BOUND = 1.25
stop = threading.Event() # the arms that run at once are to end

OWN_RUN = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "sh"]


def tools(place, arm, target, together):
    """Starts what runs beside the target."""
    names = {"pid": target.pid, "map": hex(target.map), "exe": target.path}
    argv = [re.sub(r"\{(pid|map|exe)\}", lambda m: str(names[m[1]]), a) for a in shlex.split(arm)]
    argv[0] = {"maptrap": service.MAPTRAP, "harm": service.HARM}.get(argv[0], argv[0])
    with open(os.path.join(place.folder, "tool.out"), "ab") as out, \
         open(os.path.join(place.folder, "tool.err"), "ab") as err:
        return place.command((OWN_RUN if together else []) + argv, stdout=out, stderr=err)


def said(place):
    """What the tool told: of its holds, and of the target's end."""
    row = {}
    for name, pattern in (("tool.out", r'^\{"holds.*'), ("tool.err", r"fatal: .*")):
        path = os.path.join(place.folder, name)
        text = open(path, encoding="utf-8").read() if os.path.exists(path) else ""
        for found in re.findall(pattern, text, re.M):
            if name == "tool.err":
                row["end"] = found
            else:
                for k, v in json.loads(found).items():
                    row[k] = row.get(k, 0) + v
    return row


@contextlib.contextmanager
def weather(suite):
    """What burns CPU beside a suite, for the length of a `with`."""
    n, niced = HOGS.get(suite, (0, 0))
    hogs = [subprocess.Popen(["nice", "-n", str(niced), sys.executable, "-c", "while True: pass"]) for _ in range(n)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


def run(suite, go, arm, limit, lead, together=False):
    """One target, until it dies or the limit: a row."""
    name, args, _ = SUITES[suite]
    with service.Place() as place:
        target = place.target(name, go, args, gate=True)
        tool = tools(place, arm, target, together) if arm else None
        time.sleep(lead)
        target.go()
        began, starts = time.monotonic(), 1
        while target.alive() and time.monotonic() - began < limit and not stop.is_set():
            target.await_end(0.05)
            if tool and tool.poll() is not None and target.alive():
                tool, starts = tools(place, arm, target, together), starts + 1
                time.sleep(0.2)
        seconds, dead = time.monotonic() - began, not target.alive()
        row = {"died": dead, "seconds": round(seconds, 3), "ops": sum(target.sides())}
        if dead:
            m = re.search(r"fatal error: .*|panic: .*|unexpected fault.*", target.last_words())
            row["how"] = m[0] if m else target.last_words()[:120]
        if tool:
            row["starts"] = starts
            if tool.poll() is None:
                tool.terminate()
            try:
                row["exit"] = tool.wait(10)
            except subprocess.TimeoutExpired:
                tool.kill()
                row["exit"] = "did not end"
            row.update(said(place))
        return row


def together(suite, go, arms, limit, lead, add):
    """All arms at once; each starts a new target when its own has died, until the limit. Tells of the rows at the
    end, also if it is asked to stop: then its targets and what runs beside them go first."""
    rows, until = [], time.monotonic() + limit

    def turn(arm):
        while (left := until - time.monotonic()) > 1 and not stop.is_set():
            rows.append({"arm": arm, **run(suite, go, arms[arm], left, lead, True)})

    threads = [threading.Thread(target=turn, args=(arm,)) for arm in arms]
    for t in threads:
        t.start()
    try:
        for t in threads:
            t.join()
    except BaseException: # a signal ends the first thread alone
        stop.set()
        raise
    finally:
        for t in threads:
            t.join()
        for row in rows:
            add(row)


def totals(rows):
    """{arm: (runs, crashes, seconds, operations)}"""
    t = {}
    for r in rows:
        n, d, s, o = t.get(r["arm"], (0, 0, 0.0, 0))
        t[r["arm"]] = (n + 1, d + r["died"], s + r["seconds"], o + r["ops"])
    return t


def describe(rows):
    """Lines of a table, arm by arm."""
    t = totals(rows)
    base = t.get("alone")
    lines = []
    for arm, (n, died, seconds, ops) in t.items():
        line = f"{arm:12s} {died} crashes in {n} runs, {seconds:.0f} s, {ops} operations"
        if arm != "alone" and base:
            r, low, high, bound = stats.hazard_ratio(died, seconds, base[1], base[2])
            line += f"; hazard ratio {r:.2f} [{low:.2f}, {high:.2f}], one-sided bound {bound:.2f}: " + (
                "no more than alone" if bound <= BOUND else "MORE than alone" if low > 1 else "not decided")
        lines.append(line)
    return lines


def harmless(rows):
    """No arm is shown to kill more often than nothing does."""
    t = totals(rows)
    _, base_died, base_seconds, _ = t["alone"]
    return all(stats.hazard_ratio(d, s, base_died, base_seconds)[1] <= 1 for a, (_, d, s, _) in t.items()
               if a != "alone" and a not in MEANT_TO_HARM)


def arms_of(suite, args):
    given = dict(a.split("=", 1) for a in args.arm)
    if not given:
        names = SPIN_ARMS if suite in ("spin", "torture") else ARMS
        given = {n: ARMS[n] for n in names}
    return {"alone": "", **given}


def measure(suite, go, args):
    """A whole series. Returns whether it is harmless."""
    limit = args.limit or SUITES[suite][2]
    arms, at_once = arms_of(suite, args), args.together or args.all and suite in TOGETHER
    if at_once:
        limit = args.limit or 60
    series = record.Series(f"crash-{suite}-{go}", f"{suite}: {SUITES[suite]}")
    while True:
        t = totals(series.rows)
        # All arms run on while one is open: they share the machine's weather.
        if all(runs >= args.runs or died >= args.crashes or seconds >= args.seconds
               for runs, died, seconds, _ in (t.get(a, (0, 0, 0, 0)) for a in arms)):
            break
        if at_once:
            with weather(suite):
                together(suite, go, arms, limit, args.lead, series.add)
            continue
        for arm in random.sample(list(arms), len(arms)):
            with weather(suite):
                row = run(suite, go, arms[arm], limit, args.lead)
            series.add({"arm": arm, **row})
        if len(series.rows) % (10 * len(arms)) == 0:
            print("\n".join(describe(series.rows)), flush=True)
    print(f"{suite}, Go {go}:\n" + "\n".join("  " + line for line in describe(series.rows)), flush=True)
    return harmless(series.rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("suite", nargs="?", choices=sorted(SUITES))
    parser.add_argument("--go", default="1.24")
    parser.add_argument("--arm", action="append", default=[])
    parser.add_argument("--crashes", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--runs", type=int, default=10000)
    parser.add_argument("--limit", type=float)
    parser.add_argument("--lead", type=float, default=2,
                        help="seconds between the tool's start, which takes CPU, and the race's")
    parser.add_argument("--together", action="store_true")
    parser.add_argument("--all", action="store_true")
    args = parser.parse_args()
    if args.all == bool(args.suite):
        parser.error("a suite, or --all")
    harmful = [s for s in (MATRIX if args.all else [(args.suite, args.go)]) if not measure(*s, args)]
    n = len(MATRIX) if args.all else 1
    print(f"{n - len(harmful)} passed, {len(harmful)} failed, 0 skipped")
    sys.exit(1 if harmful else 0)


if __name__ == "__main__":
    main()

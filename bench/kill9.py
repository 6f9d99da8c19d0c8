#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of maptrap at random moments: the target must not notice. kill9.py [--times 100] [--go 1.24]

After each kill: the target lives, no thread of it is stopped or traced, its code in memory is as in its
file (no breakpoint is left), no BPF program or link of the dead maptrap exists, its speed is back, its own
checks hold; at the end the next attach works. Raw figures: bench/results/kill9.jsonl. Exit 1 if any
of it failed."""
import argparse
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import record
import service

process = service.process

SETTLE_S = 3 # links die with their descriptors, a little after the process


def after_kill(target, before, speed):
    """What is wrong with the target and the kernel: a list."""
    wrong = []
    if not target.alive():
        return ["the target is dead: " + target.last_words()[:200]]
    end = time.monotonic() + SETTLE_S
    while True:
        left = [f"{n} changed bytes in the target's code" for n in [process.changed_code(target.pid)] if n]
        left += process.held_threads(target.pid)
        left += sorted(process.bpf_objects() - before)
        if not left or time.monotonic() > end:
            break
        time.sleep(0.1)
    wrong += left
    now = process.speeds(target, 1)
    if sum(now[:2]) < 0.7 * sum(speed[:2]):
        wrong.append(f"speed {sum(now[:2]):.0f}, before {sum(speed[:2]):.0f}")
    if target.words()[1]:
        wrong.append(f"{target.words()[1]} of its own checks failed")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--go", default="1.24")
    parser.add_argument("--longest", type=float, default=4.0, help="seconds until the kill, at most")
    args = parser.parse_args()
    series = record.Series("kill9", f"kill -9 at 0..{args.longest} s, Go {args.go}")
    bad = sum(bool(r["wrong"]) for r in series.rows)
    with service.Place() as place:
        target = place.target("shop", args.go, ["-self-load", "60", "-rate", "60", "-fixed"])
        time.sleep(1)
        speed, before = process.speeds(target, 2), process.bpf_objects()
        for n in range(len(series.rows), args.times):
            tool = place.command([service.MAPTRAP, "locate", "--pid", str(target.pid), "--for", "60s"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait = random.uniform(0, args.longest)
            time.sleep(wait)
            ended = tool.poll()
            tool.send_signal(signal.SIGKILL)
            tool.wait()
            row = {"after_s": round(wait, 3), "wrong": after_kill(target, before, speed)}
            if ended is not None:
                row["wrong"].append(f"maptrap had ended by itself, with {ended}")
            series.add(row)
            bad += bool(row["wrong"])
            if row["wrong"]:
                print(f"{n + 1}: after {wait:.2f} s: {'; '.join(row['wrong'])}", flush=True)
                if not target.alive():
                    break
        racy = place.target("shop", args.go, ["-self-load", "60", "-rate", "60"])
        status = subprocess.run([service.MAPTRAP, "locate", "--pid", str(racy.pid), "--until-found", "--for", "30s"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60).returncode
    bad += status != 1
    print(f"the next attach {'works' if status == 1 else 'FAILS: exit ' + str(status)}")
    print(f"{len(series.rows) + 1 - bad} passed, {bad} failed, 0 skipped")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()

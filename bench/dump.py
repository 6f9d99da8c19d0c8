#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dump.py [--goroutines N] [--runs N] [--no-stream]: `maptrap dump` on made crash logs.

Speed: a log of N goroutines (315 bytes each), paired run by run with plain reading of the same file from
the disk cache (the floor); the same lines as docker's JSON and behind syslog's prefixes, smaller.
Memory: streams of a million goroutines and 3 GB through a pipe (tests/dumps/flood.py), never stored: of
few stacks, of stacks that all differ, of names that all differ; and one line of 1 GB.
Into bench/results/dump.jsonl go all figures."""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import record  # noqa: E402

TOP = os.path.dirname(HERE)
MAPTRAP = os.path.join(TOP, "build/maptrap")
FLOOD = os.path.join(TOP, "tests/dumps/flood.py")
GOROUTINE = """goroutine {i} [{state}]:
main.(*store).set(0xc{a:09x}, 0x{i:x})
\t/src/app/store.go:{line} +0x1d
main.worker(0xc{b:09x}, {{0xc{c:09x}, 0x20, 0x40}})
\t/src/app/main.go:{line2} +0x1a5
main.forever(0xc000012345)
\t/src/app/main.go:33 +0x2f
created by main.start in goroutine 1
\t/src/app/main.go:52 +0x9b

"""


def make(path, goroutines):
    with open(path, "w", encoding="ascii") as f:
        f.write("fatal error: concurrent map writes\n\n")
        for i in range(1, goroutines + 1):
            f.write(GOROUTINE.format(i=i, state="running" if i == 1 else "chan receive, 3 minutes",
                                     a=i * 64, b=i * 32, c=i * 16, line=10 + i % 50,
                                     line2=100 + i % 40))


def timed(command, want):
    began = time.monotonic()
    p = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    took = time.monotonic() - began
    if p.returncode != want:
        sys.exit(f"{command[0]} ended with {p.returncode}")
    return {"s": round(took, 3), "cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
            "peak_mb": usage.ru_maxrss // 1024}


def mangle(plain, folder, lines):
    """The first `lines` lines as docker and syslog would have them."""
    docker, syslog = folder + "/docker.log", folder + "/syslog.log"
    with open(plain, encoding="ascii") as f, open(docker, "w", encoding="ascii") as d, \
            open(syslog, "w", encoding="ascii") as s:
        for number, line in enumerate(f):
            if number >= lines:
                break
            d.write(json.dumps({"log": line, "stream": "stderr", "time": "2026-11-24T10:02:33.1Z"},
                               separators=(",", ":")) + "\n")
            s.write("Nov 24 10:02:33 web1 shop[4711]: " + line.replace("\t", "#011"))
    return docker, syslog


def stream(kind, goroutines):
    """maptrap behind a pipe: seconds, CPU and peak memory of maptrap alone."""
    flood = subprocess.Popen([sys.executable, FLOOD, kind, "--goroutines", str(goroutines)], stdout=subprocess.PIPE)
    count = subprocess.Popen([MAPTRAP, "dump", "-", "--top", "3"], stdin=flood.stdout, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    flood.stdout.close()
    began = time.monotonic()
    out, err = count.stdout.read(), count.stderr.read()
    _, status, usage = os.wait4(count.pid, 0)
    count.returncode = os.waitstatus_to_exitcode(status)
    flood.wait()
    said = (out.strip().split("\n") or [""])[-1] if out.strip() else err.strip()
    return {"s": round(time.monotonic() - began, 1), "cpu_s": round(usage.ru_utime + usage.ru_stime, 2),
            "peak_mb": usage.ru_maxrss // 1024, "status": count.returncode, "said": said}


def speed(series, folder, args):
    path = folder + "/crash.log"
    make(path, args.goroutines)
    docker, syslog = mangle(path, folder, 2000000)
    # wc -c of a file only asks its size; of a pipe it reads.
    arms = {"maptrap": ([MAPTRAP, "dump", path], 1, path),
            "read": (["sh", "-c", f"cat {path} | wc -c"], 0, path),
            "maptrap, docker": ([MAPTRAP, "dump", docker], 1, docker),
            "maptrap, syslog": ([MAPTRAP, "dump", syslog], 1, syslog)}
    rows = {}
    for run in range(args.runs):
        for name, (command, want, file) in arms.items():
            row = {"arm": name, "run": run, "bytes": os.path.getsize(file), **timed(command, want)}
            series.add(row)
            rows.setdefault(name, []).append(row)
    for name, got in rows.items():
        median = sorted(r["cpu_s"] for r in got)[len(got) // 2]
        print(f"{name:16} {median:6.3f} s CPU  {got[0]['bytes'] / median / 1e6:6.0f} MB/s  "
              f"peak {max(r['peak_mb'] for r in got)} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goroutines", type=int, default=1000000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--no-stream", action="store_true")
    args = parser.parse_args()
    series = record.Series("dump", "crash logs: speed and memory", resume=False)
    with tempfile.TemporaryDirectory() as folder:
        speed(series, folder, args)
    for kind in () if args.no_stream else ("same", "distinct", "names", "line", "json"):
        goroutines = args.goroutines if kind in ("same", "distinct", "names") else args.goroutines // 3
        row = {"arm": "stream", "kind": kind, "goroutines": goroutines, **stream(kind, goroutines)}
        series.add(row)
        print(f"stream of {kind:9} {row['s']:6.1f} s  peak {row['peak_mb']} MB  {row['said'][:150]}")


if __name__ == "__main__":
    main()

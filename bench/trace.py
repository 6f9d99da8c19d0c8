#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""trace.py [--mb N] [--runs N] [--go V,V]: reading speed of execution traces, paired with Go's own
tools on the same file, run by run in turn. Traces of at least --mb MB are made by the service of
tests/oracle/gotrace, built with Go 1.27 and 1.21 (the two formats); into bench/results/trace.jsonl go
all times:

  maptrap      maptrap trace FILE: parsed, summed up, the text answer
  go-tool      go tool trace -pprof=sched FILE (built once): parsed, one profile made
  go-summarize internal/trace's Reader and Summarizer: parsed, summed up
  go-read      internal/trace's Reader alone: parsed, nothing done with it"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "tests/oracle")]
import gotrace  # noqa: E402
import record  # noqa: E402

GO = "1.27"  # whose tools are measured


def timed(command):
    """Seconds and CPU seconds of a command, and its peak memory."""
    began = time.monotonic()
    p = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(p.pid, 0)
    p.returncode = status
    took = time.monotonic() - began
    if status:
        sys.exit(f"{command[0]} ended with {status}")
    return {"s": round(took, 3), "cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
            "peak_mb": usage.ru_maxrss // 1024}


def count_events(path):
    """As maptrap counts them. Not by loading the answer: a large parent spoils its children's peak."""
    p = subprocess.Popen([gotrace.MAPTRAP, "trace", "--json", path], stdout=subprocess.PIPE)
    head = p.stdout.read(4096).decode()
    p.stdout.close()
    p.wait()
    return int(re.search(r'"events": (\d+)', head)[1])


def make_trace(version, folder, mb):
    source = f"{folder}/{version}"
    os.mkdir(source)
    shutil.copy(gotrace.HERE + "/service.go", source + "/main.go")
    gotrace.go_build(version, source, source + "/service")
    path, seconds = f"{folder}/go{version}.trace", 5
    while True:
        subprocess.run([source + "/service", path, f"{seconds}s", "hot"], check=True,
                       stdout=subprocess.DEVNULL)
        if os.path.getsize(path) >= mb * 1e6:
            return path
        seconds *= 2


def measure(series, path, arms, runs):
    size, events, name = os.path.getsize(path), count_events(path), os.path.basename(path)
    times = {}
    for run in range(runs):
        for arm, command in arms.items():
            row = {"file": name, "arm": arm, "run": run, "bytes": size, "events": events,
                   **timed(command + [path])}
            series.add(row)
            times.setdefault(arm, []).append(row["s"])
    ours = sorted(times["maptrap"])[runs // 2]
    for arm, seconds in times.items():
        median = sorted(seconds)[runs // 2]
        print(f"{name:14} {arm:13} {median:7.3f} s  {size / median / 1e6:6.0f} MB/s  "
              f"{events / median / 1e6:6.1f} M events/s  {median / ours:5.1f} x maptrap's time")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=int, default=50)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--go", default="1.27,1.21")
    args = parser.parse_args()
    series = record.Series("trace", "execution traces: maptrap against Go's own tools", resume=False)
    with tempfile.TemporaryDirectory() as folder:
        oracle = gotrace.Oracle(GO)
        tool = folder + "/gotool"
        gotrace.go_build(GO, gotrace.goroot(GO) + "/src/cmd/trace", tool)
        arms = {"maptrap": [gotrace.MAPTRAP, "trace"],
                "go-tool": [tool, "-pprof=sched"],
                "go-summarize": [oracle.binary, "summarize"],
                "go-read": [oracle.binary, "read"]}
        for version in args.go.split(","):
            measure(series, make_trace(version, folder, args.mb), arms, args.runs)
        oracle.close()


if __name__ == "__main__":
    main()

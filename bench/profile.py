#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""profile.py [--runs N] [--megabytes N]: `maptrap profile` against `go tool pprof -top` on the same
files, run by run in turns. Files: a large profile (profile_gen.py), gzipped as services send it and
plain; the CPU profile of a small service, for which what counts is how fast a program starts: there
pprof's own program is run too, without the go command before it. Results:
bench/results/profile.jsonl, one row a run (wall and CPU seconds, peak memory); ends with the medians
and their ratios."""
import argparse
import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import record  # noqa: E402

TOP = record.TOP
MAPTRAP = os.environ.get("MAPTRAP", os.path.join(TOP, "build/maptrap"))
CACHE = os.environ.get("MAPTRAP_CACHE", os.path.expanduser("~/.cache/maptrap"))
GO = CACHE + "/go/usr/lib/go-1.24"
TOOLS = {"go tool pprof": [GO + "/bin/go", "tool", "pprof", "-top", "-symbolize=none"],
         "pprof alone": [GO + "/pkg/tool/linux_amd64/pprof", "-top", "-symbolize=none"]}


def run(command, times):
    """One run, or the mean of many by a shell where one is too short to be timed from here."""
    if times > 1:
        command = ["sh", "-c", f'i=0; while [ $i -lt {times} ]; do "$@" || exit 1; i=$((i+1)); done', "sh"] + command
    began = time.monotonic()
    p = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(p.pid, 0)
    if status:
        sys.exit(f"{command} ended with {status}")
    return {"wall_s": round((time.monotonic() - began) / times, 5),
            "cpu_s": round((usage.ru_utime + usage.ru_stime) / times, 5), "peak_kb": usage.ru_maxrss if times == 1 else None}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--megabytes", type=int, default=40)
    parser.add_argument("--only", default="", help="files whose name contains this; what is there stays")
    args = parser.parse_args()
    series = record.Series("profile", "maptrap profile against go tool pprof -top, same files, in turns",
                           resume=bool(args.only))
    with tempfile.TemporaryDirectory() as folder:
        plain = os.path.join(folder, "large.pb")
        if args.only in "large.pb.gz":
            subprocess.run([sys.executable, os.path.join(TOP, "bench/profile_gen.py"), plain,
                            str(args.megabytes)], check=True)
            with open(plain, "rb") as i, gzip.open(plain + ".gz", "wb", 6) as o:
                shutil.copyfileobj(i, o)
        small = os.path.join(TOP, "tests/golden/profile/cpu-json/cpu.pb.gz")
        files = [("large.pb.gz", plain + ".gz"), ("large.pb", plain), ("small.pb.gz", small)]
        files = [f for f in files if args.only in f[0]]
        for name, path in files:
            for i in range(args.runs + 1):
                for tool, command in {"maptrap": [MAPTRAP, "profile"], **TOOLS}.items():
                    if tool == "pprof alone" and "large" in name:
                        continue
                    row = run(command + [path], 1 if "large" in name else 50)
                    if i:  # the first round warms the disk cache
                        series.add({"file": name, "bytes": os.path.getsize(path), "tool": tool, **row})
    print(f"{'file':12} {'MB':>6}  {'maptrap':>8}  {'against':13} {'':>8}  {'faster':>7} {'less CPU':>8}  memory")
    for name, tool in dict.fromkeys((r["file"], r["tool"]) for r in series.rows if r["tool"] != "maptrap"):
        def median(who, key, name=name):
            return statistics.median(r[key] or 0 for r in series.rows if r["file"] == name and r["tool"] == who)
        size = next(r["bytes"] for r in series.rows if r["file"] == name) / 1e6
        print(f"{name:12} {size:6.2f}  {median('maptrap', 'wall_s'):7.4f}s  {tool:13} {median(tool, 'wall_s'):7.3f}s"
              f"  {median(tool, 'wall_s') / median('maptrap', 'wall_s'):6.1f}x"
              f" {median(tool, 'cpu_s') / median('maptrap', 'cpu_s'):7.1f}x"
              + (f"  {median('maptrap', 'peak_kb') / 1024:.0f} against {median(tool, 'peak_kb') / 1024:.0f} MB"
                 if median(tool, "peak_kb") else ""))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""maptrap scan and `go vet` on the same tree, in turns: Go's own source tree (with --part std, the
standard library alone). Appends to bench/results/scan.jsonl.

    bench/scan.py [--go 1.24] [--part all|std] [--rounds 7] [--vet-rounds 3]

Arms: `cold` without a cache; `first` with an empty one (it is written); `warm` with nothing changed;
`one file changed`; `go vet, cold` with an empty build cache (it compiles the tree first), `go vet, warm`
with everything compiled. Wall time, CPU time, and the largest process of each."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import record

CACHE = os.environ.get("MAPTRAP_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "maptrap")
MAPTRAP = os.path.join(os.environ.get("MAPTRAP_BUILD", os.path.join(record.TOP, "build")), "maptrap")


def measure(command, env, cwd):
    began = time.monotonic()
    with tempfile.TemporaryFile() as out:
        p = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env={**os.environ, **env}, cwd=cwd)
        _, status, usage = os.wait4(p.pid, 0)
        wall = time.monotonic() - began
        out.seek(0)
        text = out.read()
    return os.waitstatus_to_exitcode(status), text, {
        "wall_s": round(wall, 4), "cpu_s": round(usage.ru_utime + usage.ru_stime, 4), "peak_kb": usage.ru_maxrss}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--go", default="1.24")
    ap.add_argument("--part", choices=["all", "std"], default="all")
    ap.add_argument("--rounds", type=int, default=7)
    ap.add_argument("--vet-rounds", type=int, default=3)
    o = ap.parse_args()
    root = os.path.join(CACHE, "go/usr/lib/go-" + o.go)
    series = record.Series("scan", "maptrap scan and go vet on the same tree")
    with tempfile.TemporaryDirectory(prefix="maptrap-bench-") as top:
        tree = os.path.join(top, "src")
        shutil.copytree(os.path.join(root, "src"), tree, symlinks=False,
                        ignore=shutil.ignore_patterns("testdata", *(["cmd"] if o.part == "std" else [])),
                        ignore_dangling_symlinks=True)
        then = time.time() - 100
        for folder, _, files in os.walk(tree):
            for f in files:
                os.utime(os.path.join(folder, f), (then, then))
        changed = os.path.join(tree, "net/http/server.go")

        def scan(arm, *args):
            status, text, row = measure([MAPTRAP, "scan", "--json", *args, tree],
                                        {"XDG_CACHE_HOME": os.path.join(top, "cache")}, top)
            report = json.loads(text)
            assert status in (0, 1) and not report["files_with_errors"], (status, report["files_with_errors"][:3])
            series.add({"tree": f"go {o.go}, {o.part}", "arm": arm, "lines": report["lines"], "files": report["files"],
                        "findings": len(report["findings"]), **row})
            print(arm, row, report["lines"], flush=True)

        scan("warm-up", "--no-cache")
        for i in range(o.rounds):
            scan("cold", "--no-cache")
            shutil.rmtree(os.path.join(top, "cache"), ignore_errors=True)
            scan("first")
            scan("warm")
            with open(changed, "a", encoding="utf-8") as f:
                f.write(f"// {i}\n")
            scan("one file changed")
        env = {"GOROOT": root, "GOTOOLCHAIN": "local", "GOFLAGS": "", "CGO_ENABLED": "0", "GOPROXY": "off",
               "GOCACHE": os.path.join(top, "gocache")}
        for i in range(o.vet_rounds and o.vet_rounds + 1):
            status, _, row = measure([root + "/bin/go", "vet", *(["std", "cmd"] if o.part == "all" else ["std"])],
                                     env, os.path.join(root, "src"))
            series.add({"tree": f"go {o.go}, {o.part}", "arm": "go vet, warm" if i else "go vet, cold",
                        "status": status, **row})
            print("go vet", row, flush=True)


if __name__ == "__main__":
    main()

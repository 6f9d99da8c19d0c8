#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gotrace.py: `maptrap trace` against Go's own trace parsers.

gotrace.py tests            internal/trace/testdata/tests/*.test of each toolchain of 1.22 and later:
                            (--go V: of one) accepted and refused alike, with as many events, and
                            the same times
gotrace.py v1               *_good of the 1.19 and 1.21 toolchains
gotrace.py files FILE...    any traces, against the parser of Go 1.27 (--go V: another)
gotrace.py make DIR [V...]  traces of tests/oracle/gotrace/service.go by each toolchain, into DIR
gotrace.py all [DIR]        all of the above (the made ones are of 1.2 s each)

Go's parser is internal: its sources are copied out of the toolchain into a temporary folder under
another import path, and built there with oracle.go. Ends with "N agree, N differ"."""
import argparse
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(TOP, "tests/oracle/gotrace")
MAPTRAP = os.environ.get("MAPTRAP", os.path.join(TOP, "build/maptrap"))
V2 = ["1.22", "1.23", "1.24", "1.25", "1.26", "1.27"]
ALL = ["1.19", "1.21"] + V2

SHIM = """package main
import (
\t"io"
\ttrace "ptrace"
\t"ptrace/testtrace"
)
func parse(test string) (io.Reader, *testtrace.Expectation, error) {
\t%s testtrace.ParseFile(test)
\treturn r, exp, err
}
%s
"""


def goroot(version):
    return subprocess.run([os.path.join(TOP, "scripts/toolchains.sh"), "--path", version],
                          capture_output=True, text=True, check=True).stdout.strip()


def go_build(version, folder, output, gopath=None):
    env = {**os.environ, "GOROOT": goroot(version), "GO111MODULE": "off", "GOTOOLCHAIN": "local",
           "GOFLAGS": "", "CGO_ENABLED": "0",
           "GOCACHE": os.environ.get("GOCACHE", "/tmp/maptrap-gocache") + "-" + version}
    if gopath:
        env["GOPATH"] = gopath
    subprocess.run([goroot(version) + "/bin/go", "build", "-trimpath", "-o", output], cwd=folder,
                   env=env, check=True)


def source(version):
    return os.path.realpath(goroot(version) + "/src") + "/internal"


def copy_package(version, gopath):
    """internal/trace of a toolchain as package ptrace of a GOPATH, without its tests."""
    old = version == "1.22"
    src = source(version) + ("/trace/v2" if old else "/trace")
    src_import = "internal/trace/v2" if old else "internal/trace"
    dst = gopath + "/src/ptrace"
    shutil.copytree(src, dst, ignore=shutil.ignore_patterns("testdata", "*_test.go", "traceviewer",
                                                            "testgen", "mkexp.bash"))
    shutil.copytree(source(version) + "/txtar", gopath + "/src/ptxtar",
                    ignore=shutil.ignore_patterns("testdata", "*_test.go"))
    for path in glob.glob(dst + "/**/*.go", recursive=True):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        if '"internal/testenv"' in text:  # needs a toolchain's inside: runs programs, not wanted
            os.remove(path)
            continue
        text = text.replace(f'"{src_import}', '"ptrace').replace('"internal/txtar"', '"ptxtar"')
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)


def slack_of(version):
    """ns by which times may differ: up to 1.23 the reader takes threads with equal times in random
    order (it ranges over a map), and spaces them 1 ns apart; so does that of 1.27 with what was there
    when a trace of 1.21 or before began."""
    return 20 if version in ("1.22", "1.23") else 0


class Oracle:
    """Go's parser of one version."""

    def __init__(self, version):
        self.version = version
        self.dir = tempfile.mkdtemp(prefix="gotrace-oracle-")
        copy_package(version, self.dir)
        main = self.dir + "/src/oracle"
        os.mkdir(main)
        shutil.copy(HERE + "/oracle.go", main)
        results = "r, exp, err :=" if float(version) < 1.25 else "r, _, exp, err :="
        summarizer = "var newSummarizer = trace.NewSummarizer"
        if version == "1.22":
            summarizer = ("type none struct{}\nfunc (none) Event(*trace.Event) {}\n"
                          "func newSummarizer() none { return none{} }")
        with open(main + "/shim.go", "w", encoding="utf-8") as f:
            f.write(SHIM % (results, summarizer))
        self.binary = self.dir + "/oracle"
        go_build(version, main, self.binary, self.dir)

    def close(self):
        shutil.rmtree(self.dir)

    def sum(self, path):
        p = subprocess.run([self.binary, "sum", path], capture_output=True, text=True, check=False)
        if p.returncode:
            return {"err": "the oracle died: " + p.stderr[:200], "events": 0, "goroutines": {}}
        return json.loads(p.stdout)

    def convert(self, out, tests):
        p = subprocess.run([self.binary, "convert", out] + tests, capture_output=True, text=True,
                           check=True)
        return dict(line.split() for line in p.stdout.splitlines())


class Counts:
    agree = differ = 0

    def result(self, name, why):
        if why:
            self.differ += 1
            print(f"DIFFER {name}: {why}", flush=True)
        else:
            self.agree += 1
            print(f"agree  {name}", flush=True)


def ours(path):
    p = subprocess.run([MAPTRAP, "trace", "--json", path], capture_output=True, text=True,
                       timeout=600, check=False)
    return p.returncode, json.loads(p.stdout) if p.stdout else None, p.stderr.strip()


def compare_times(mine, theirs, slack):
    """The first difference, or "". slack: ns a goroutine and state may differ by."""
    got = {g["goroutine"]: g for g in mine["goroutines"]}
    want = {int(k): v for k, v in theirs["goroutines"].items()}
    if set(got) != set(want):
        return f"goroutines {sorted(set(got) ^ set(want))[:5]} only in one of both"
    for k, w in sorted(want.items()):
        g = got[k]
        waits = {x["reason"]: (x["ns"], x["count"]) for x in g["waiting"]}
        have = [g["running_ns"], g["runnable_ns"], g["syscall_ns"], sum(n for n, _ in waits.values())]
        for name, a, b in zip(["running", "runnable", "syscall", "waiting"], have, w["ns"]):
            if abs(a - b) > slack:
                return f"goroutine {k} {name} {a} ns, Go says {b}"
        if abs(g["gc_assist_ns"] - w["assist_ns"]) > slack:
            return f"goroutine {k} assist {g['gc_assist_ns']} ns, Go says {w['assist_ns']}"
        for reason in set(waits) | set(r or "unknown" for r in w["counts"]):
            raw = "" if reason == "unknown" and "unknown" not in w["counts"] else reason
            ns, count = waits.get(reason, (0, 0))
            if abs(ns - w["reasons"].get(raw, 0)) > slack or count != w["counts"].get(raw, 0):
                return (f"goroutine {k} waits for {reason!r} {ns} ns {count} times, Go says "
                        f"{w['reasons'].get(raw, 0)} ns {w['counts'].get(raw, 0)} times")
    return ""


def compare(counts, name, path, theirs, slack=0, verdict=None):
    status, mine, err = ours(path)
    if mine is None:
        counts.result(name, "" if theirs["err"] and status == 4 else f"no answer: {err}")
        return
    refused = not mine["complete"]
    if refused != bool(theirs["err"]) or (verdict and refused != (verdict == "FAILURE")):
        counts.result(name, f"ours {'refuses' if refused else 'accepts'} ({err}), Go says "
                      f"'{theirs['err'][:100]}', expected {verdict}")
    elif status != (4 if refused else 0):
        counts.result(name, f"exit status {status}")
    elif refused:
        counts.result(name, "")  # how far each came is its own matter
    elif mine["events"] != theirs["events"]:
        counts.result(name, f"{mine['events']} events, Go says {theirs['events']}")
    elif abs(mine["span_ns"] - theirs["span_ns"]) > slack:
        counts.result(name, f"span {mine['span_ns']}, Go says {theirs['span_ns']}")
    else:
        counts.result(name, compare_times(mine, theirs, slack))


def do_tests(counts, versions):
    for version in versions:
        oracle = Oracle(version)
        folder = source(version) + ("/trace/v2" if version == "1.22" else "/trace")
        with tempfile.TemporaryDirectory() as out:
            tests = sorted(glob.glob(folder + "/testdata/tests/*.test"))
            assert tests, folder
            for name, verdict in oracle.convert(out, tests).items():
                path = f"{out}/{name}.trace"
                compare(counts, f"{version} {name} ({verdict})", path, oracle.sum(path),
                        slack_of(version), verdict)
        oracle.close()


def do_files(counts, files, version="1.27", slack=0):
    oracle = Oracle(version)
    for path in files:
        compare(counts, f"{os.path.basename(path)} by go{version}", path, oracle.sum(path), slack)
    oracle.close()


def do_v1(counts):
    files = []
    for version in ["1.19", "1.21"]:
        for path in sorted(glob.glob(source(version) + "/trace/testdata/*_good")):
            if re.search(r"_1_(11|19|21)_good$", path):
                files.append(path)
    do_files(counts, files, slack=100)


def do_make(folder, versions):
    made = []
    os.makedirs(folder, exist_ok=True)
    for version in versions:
        with tempfile.TemporaryDirectory() as tmp:
            shutil.copy(HERE + "/service.go", tmp + "/main.go")
            go_build(version, tmp, tmp + "/service")
            path = os.path.join(folder, f"go{version}.trace")
            subprocess.run([tmp + "/service", path, "1200ms"], check=True)
            made.append(path)
    return made


def do_made(counts, folder, versions):
    for version, path in zip(versions, do_make(folder, versions)):
        if version in V2:
            do_files(counts, [path], version, slack_of(version))
        do_files(counts, [path], "1.27", slack=0 if version in V2 else 100)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["tests", "v1", "files", "make", "all"])
    parser.add_argument("args", nargs="*")
    parser.add_argument("--go")
    args = parser.parse_args()
    counts = Counts()
    if args.what in ("tests", "all"):
        do_tests(counts, [args.go] if args.go and args.what == "tests" else V2)
    if args.what in ("v1", "all"):
        do_v1(counts)
    if args.what == "files":
        do_files(counts, args.args, args.go or "1.27")
    if args.what == "make":
        do_make(args.args[0], args.args[1:] or ALL)
        return
    if args.what == "all":
        with tempfile.TemporaryDirectory() as tmp:
            do_made(counts, args.args[0] if args.args else tmp, ALL)
    print(f"{counts.agree} agree, {counts.differ} differ")
    sys.exit(1 if counts.differ or not counts.agree else 0)


if __name__ == "__main__":
    main()

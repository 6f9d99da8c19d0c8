#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds every pattern with Go 1.27 (`go vet` finds no error in it) and drives those with a file
`drive` under the race detector: each bad one should be reported or crash, no other may be.

drive.py [--record] [--match TEXT]
`drive` holds imports, statements, and behind each line `---` what one more goroutine does over and
over; or `test` (its own tests drive it), or `run` (it is a main package). --record brings
tests/scan/driven up to date, which the unit tier compares with the suite."""
import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SUITE = os.path.join(TOP, "tests/scan")
RECORD = os.path.join(SUITE, "driven")
ROUNDS = 300
TRIES = 3  # of a bad one: whether two goroutines meet is luck

# Copied locks are what some patterns are about; unusedresult and the like are not our business.
# Without inlining, so that a report names the line of the access.
EXACT = ["-gcflags=bad/...=-l", "-gcflags=doubtful/...=-l", "-gcflags=safe/...=-l"]
VET = ["-copylocks=false", "-unreachable=false"]


def go_env(folder):
    root = subprocess.run([os.path.join(TOP, "scripts/toolchains.sh"), "--path", "1.27"],
                          capture_output=True, text=True).stdout.strip()
    cache = os.path.expanduser("~/.cache/maptrap/gocache-1.27-race")
    return {**os.environ, "GOROOT": root, "GOPATH": folder, "GOTOOLCHAIN": "local", "GOFLAGS": "",
            "GOPROXY": "off", "CGO_ENABLED": "1", "GOCACHE": cache, "GO111MODULE": "off",
            "GORACE": "halt_on_error=0 exitcode=66"}, os.path.join(root, "bin/go")


def drive_source(package, text):
    parts = re.split(r"(?m)^---\n", text)
    imports = re.findall(r"(?m)^import .*$", parts[0])
    setup = re.sub(r"(?m)^import .*$\n?", "", parts[0])
    out = [f"package {package}", "", 'import drivesync "sync"'] + imports
    out += ["", "func Drive() {", setup, "var driveWait drivesync.WaitGroup",
            "driveStart := make(chan bool)"]
    for part in parts[1:]:
        out += ["driveWait.Add(1)", "go func() {", "defer driveWait.Done()", "<-driveStart",
                f"for driveRound := 0; driveRound < {ROUNDS}; driveRound++ {{", part, "}", "}()"]
    return "\n".join(out + ["close(driveStart)", "driveWait.Wait()", "}", ""])


class Pattern:
    def __init__(self, folder):
        self.folder = folder
        self.name = os.path.relpath(folder, SUITE)
        self.bad = self.name.startswith("bad/")
        self.module = os.path.exists(os.path.join(folder, "go.work"))
        path = os.path.join(folder, "drive")
        self.drive = None
        if os.path.exists(path):
            with open(path) as f:
                self.drive = f.read()
        self.how = (self.drive or "").strip() if self.drive in ("test\n", "run\n") else "call"
        self.wants = set()
        for p in glob.glob(os.path.join(folder, "**/*.go"), recursive=True):
            with open(p) as f:
                self.wants |= {f"{os.path.basename(p)}:{i}" for i, line in enumerate(f, 1)
                               if "// want " in line}


def copy_patterns(patterns, src):
    """The suite in a GOPATH, with a function Drive in each package that is called."""
    for p in patterns:
        to = os.path.join(src, p.name)
        shutil.copytree(p.folder, to)
        if p.drive and p.how == "call":
            with open(os.path.join(to, "drive_generated.go"), "w") as f:
                f.write(drive_source("p", p.drive))
    called = [p for p in patterns if p.drive and p.how == "call"]
    main = os.path.join(src, "driver")
    os.mkdir(main)
    with open(os.path.join(main, "main.go"), "w") as f:
        f.write('package main\n\nimport (\n"os"\n')
        for i, p in enumerate(called):
            f.write(f'p{i} "{p.name}"\n')
        f.write(")\n\nfunc main() {\nswitch os.Args[1] {\n")
        for i, p in enumerate(called):
            f.write(f'case "{p.name}": p{i}.Drive()\n')
        f.write("}\n}\n")


def vet(go, env, patterns, src):
    """Errors of each pattern, by name."""
    bad = {}
    paths = [p for p in patterns if not p.module]
    r = subprocess.run([go, "vet", *VET] + [f"./{p.name}" for p in paths], cwd=src, env=env,
                       capture_output=True, text=True)
    at = None
    for line in r.stderr.splitlines():
        m = re.match(r"# (?:\[)?((?:bad|doubtful|safe)/\w+)", line)
        at = m.group(1) if m else at
        if not line.startswith("#"):
            m = re.match(r"(?:vet: )?((?:bad|doubtful|safe)/\w+)/", line)
            bad.setdefault(m.group(1) if m else at or "?", []).append(line)
    for p in patterns:
        if not p.module:
            continue
        r = subprocess.run([go, "vet", *VET, "./app/...", "./store/..."], text=True,
                           cwd=os.path.join(src, p.name), env={**env, "GO111MODULE": "on"},
                           capture_output=True)
        if r.returncode:
            bad[p.name] = r.stderr.splitlines()
    return bad


def run(go, env, p, src, driver):
    cwd = os.path.join(src, p.name)
    if p.how == "test":
        command = [go, "test", "-race", "-vet=off", "-count=1", "./app" if p.module else "."]
        env = {**env, "GO111MODULE": "on"} if p.module else env
    elif p.how == "run":
        command = [go, "run", "-race", "."]
    else:
        command = [driver, p.name]
    try:
        r = subprocess.run(command, cwd=cwd, env=env, capture_output=True, timeout=120)
    except subprocess.TimeoutExpired:
        return "ran into the time limit", set()
    text = (r.stdout + r.stderr).decode(errors="replace")
    lines = set(re.findall(r"(\w+\.go:\d+)", text))
    if "WARNING: DATA RACE" in text:
        return "race", lines
    if "concurrent map" in text:
        return "fatal", lines
    return "quiet" if r.returncode == 0 else f"failed: {text[-300:]}", lines


def write_record(new):
    """A line for each pattern that is there: verdict, marked lines in the reports / marked lines."""
    lines = {}
    if os.path.exists(RECORD):
        with open(RECORD) as f:
            lines = dict(line.rstrip("\n").split(" ", 1) for line in f)
    lines.update(new)
    with open(RECORD, "w") as f:
        f.writelines(f"{n} {v}\n" for n, v in sorted(lines.items())
                     if os.path.isdir(os.path.join(SUITE, n)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--match", default="")
    args = parser.parse_args()
    patterns = [Pattern(f.rstrip("/")) for f in sorted(glob.glob(os.path.join(SUITE, "*/*/")))
                if args.match in f]
    record, failed, driven, reported, at_line = {}, 0, 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        src = os.path.join(folder, "src")
        env, go = go_env(folder)
        copy_patterns(patterns, src)
        errors = vet(go, env, patterns, src)
        for line in errors.pop("?", []):
            print("#", line)
        driver = os.path.join(folder, "driver")
        r = subprocess.run([go, "build", "-race", *EXACT, "-o", driver, "driver"], cwd=src, env=env,
                           capture_output=True, text=True)
        if r.returncode:
            print(r.stderr[:2000] + "0 passed, 1 failed, 0 skipped")
            return 1
        for p in patterns:
            verdict, lines = "not driven", set()
            for _ in range(TRIES if p.bad and p.drive else bool(p.drive)):
                verdict, lines = run(go, env, p, src, driver)
                if verdict != "quiet":
                    break
            there = p.wants & lines
            good = p.name not in errors and verdict in (
                ("race", "fatal", "not driven") if p.bad else ("quiet", "not driven"))
            for e in errors.get(p.name, []) + ([] if good else [f"{verdict} at {sorted(lines)}"]):
                print("#", e)
            print("ok  " if good else "FAIL", f"{p.name}: {verdict}", flush=True)
            failed += not good
            if p.bad and p.drive:
                driven, reported = driven + 1, reported + (verdict in ("race", "fatal"))
                at_line += bool(there)
            record[p.name] = f"{verdict} {len(there)}/{len(p.wants)}"
    print(f"bad patterns: {driven} driven, {reported} reported, {at_line} of them at a marked line")
    skipped = sum(not p.drive for p in patterns)
    print(f"{len(patterns) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    if args.record and not failed:
        write_record(record)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

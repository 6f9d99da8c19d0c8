#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the live cases: real Go programs, really probed. Needs root, BPF and the Go toolchains; what
is missing skips a case and says so.

run.py [--tap] [--match TEXT] [--matrix] [--cases DIR] [--list] [--keep]
  (nothing)   the slice of `make test`: every Go version and mechanism at least once
  --matrix    every cell, each as often as the case says; goes on where it was interrupted, and writes
              bench/results/matrix.jsonl
  --tap       TAP, for tests/run.py
"""
import argparse
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, "bench")]
import build
import cases
import expect
import process
import record
import settings

MAPTRAP = os.environ.get("MAPTRAP", os.path.join(TOP, "build/maptrap"))
RUN_LIMIT_S = 180
OWN_DEATHS_MAX = 2  # of one case: a racing target may die of its race, alone as well
# In the slice a case that waits for two sides to meet has this many tries: it shows that the mechanism
# works there. How often and how soon is what the matrix measures, where each run counts.
SLICE_TRIES = 3


class Skip(Exception):
    pass


def kernel():
    return tuple(int(n) for n in re.findall(r"\d+", platform.release())[:2])


def why_not(need):
    """Why this machine cannot, or ""."""
    if need == "root":
        return "" if os.geteuid() == 0 else "not root"
    if need == "bpf":
        return why_not("root") or process.can_bpf()
    if need.startswith("kernel>="):
        want = tuple(int(n) for n in need[8:].split("."))
        return "" if kernel() >= want else f"kernel {platform.release()} is older than {need[8:]}"
    if need == "cpu-quota":
        return "" if settings.cpu_groups()[0] else "no control groups for CPU"
    if need.startswith("cpus>="):
        return "" if os.cpu_count() >= int(need[6:]) else f"only {os.cpu_count()} CPUs"
    if need.startswith("later:"):  # locate cannot do it yet
        return need[6:].replace("-", " ")
    if need.startswith("tool:"):
        return "" if shutil.which(need[5:]) else f"no {need[5:]}"
    raise cases.BadCase(f"no such need: {need}")


def commands_of(maptrap):
    """Names of the commands that maptrap --help lists: what is not there is not yet tested."""
    p = subprocess.run([maptrap, "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return set(re.findall(r"^ +([a-z][a-z-]+)\b", p.stdout, re.M))


def start(case, cell, folder):
    """The case's targets, running."""
    started = []
    try:
        for index, (name, *args) in enumerate(case.targets):
            if case.setting == "not-go":
                path = settings.not_go(folder)
            elif name in build.targets():
                path = settings.program(case.setting, build.build(name, *cell), folder)
            else:
                path = name # a program of the machine, or of a test of this harness
            started.append(process.Target(path, args, folder, index))
    except Exception:
        for t in started:
            t.stop()
        raise
    return started


def fill(text, targets):
    names = {}
    for n, t in enumerate(targets):
        after = str(n + 1) if n else ""
        names.update({"pid" + after: str(t.pid), "map" + after: hex(t.map), "exe" + after: t.path})
    return re.sub(r"\{(\w+)\}", lambda m: names.get(m[1], m[0]), text)


def speed_sides(case):
    return [int(e.split()[1]) for e in case.expect if e.startswith("speed ")]


def execute(case, targets):
    """Runs the command beside the targets. Returns an expect.Outcome."""
    time.sleep(case.warm)
    undo = settings.started(case.setting, targets[0]) if targets else lambda: None
    objects = process.bpf_objects() if "clean" in case.expect else set()
    before = process.speeds(targets[0], 2) if speed_sides(case) else []
    argv = shlex.split(fill(case.run, targets))
    argv = settings.command(case.setting, [MAPTRAP if a == "maptrap" else a for a in argv])
    began, counts = time.monotonic(), targets[0].sides() if before else []
    try:
        p = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=RUN_LIMIT_S, cwd=TOP, env={**os.environ, "MAPTRAP": MAPTRAP})
        status, out, err = p.returncode, p.stdout, p.stderr
    except subprocess.TimeoutExpired as e:
        status, out, err = -1, e.stdout or b"", b"did not end in %d s" % RUN_LIMIT_S
    o = expect.Outcome(status, out.decode(errors="replace"), err.decode(errors="replace"),
                       time.monotonic() - began)
    if before:
        after = targets[0].sides()
        o.speed = {s: (after[s] - counts[s]) / o.wall_s / max(before[s], 1e-9) for s in speed_sides(case)}
    undo()
    if targets:
        look_at(targets[0], case, o)
    if "clean" in case.expect:
        alive = targets and targets[0].alive() and case.setting != "traced"
        o.left = process.left_behind(targets[0].pid if alive else 0, objects)
    return o


def look_at(target, case, o):
    """How the target is afterwards."""
    o.map, o.target = target.map, case.targets[0][0]
    if o.target not in build.targets():
        o.target = ""
    if target.alive() and "intact" in case.expect:
        before = sum(target.sides())
        for _ in range(20):
            time.sleep(0.1)
            if sum(target.sides()) > before:
                break
        o.works = sum(target.sides()) > before
        o.checks, o.failed_checks = target.words()[2], target.words()[1]
    o.alive, o.said = target.alive(), target.last_words()


def judge(case, o):
    complaints = []
    for line in case.expect:
        try:
            expect.check(line, o)
        except expect.Unmet as e:
            complaints.append(str(e))
    if "--json" in case.run and o.status in (0, 1, 5):
        try:
            complaints += expect.contract(o.document(), o.status)
        except ValueError as e:
            complaints.append(f"stdout is no JSON: {e}: {o.stdout[:200]!r}")
    return list(dict.fromkeys(complaints))


def row_of(case, cell, o, complaints):
    row = {"case": case.name, "go": cell[0], "kind": cell[1], "status": o.status, "ok": not complaints,
           "wall_s": round(o.wall_s, 3)}
    try:
        doc = o.document()
        row.update(took_s=doc["took_s"], cost=doc["cost"], held=[f["held"] for f in doc["findings"]],
                   holds=doc["coverage"]["holds"])
    except (ValueError, KeyError, TypeError):
        pass
    if o.speed:
        row["speed"] = {str(k): round(v, 4) for k, v in o.speed.items()}
    if complaints:
        row["why"] = complaints[:4]
    return row


def by_chance(case):
    """Does what the case expects depend on two goroutines meeting, or on enough holds in its time?"""
    return any(e.startswith(("finding ", "map holds", "json findings.0")) for e in case.expect)


def once(case, cell, say):
    """One run of a case in a cell: (row, complaints). Skip if the machine cannot."""
    deaths = 0
    while True:
        folder = tempfile.mkdtemp(prefix="maptrap-live-")
        os.chmod(folder, 0o755)
        targets = []
        try:
            targets = start(case, cell, folder)
            o = execute(case, targets)
            own_death = targets and "alive" in case.expect and targets[0].died_of_its_race()
            if own_death and deaths < OWN_DEATHS_MAX:
                deaths += 1
                say(f"{case.name}: the target died of its own race after {o.wall_s:.1f} s; once more")
                continue
            complaints = judge(case, o)
            row = row_of(case, cell, o, complaints)
            row["deaths"] = deaths + bool(own_death)
            return row, complaints
        except build.Missing as e:
            raise Skip(str(e)) from None
        except RuntimeError as e:
            return {"case": case.name, "go": cell[0], "kind": cell[1], "ok": False, "why": [str(e)]}, [str(e)]
        finally:
            for t in targets:
                t.stop()
            shutil.rmtree(folder, ignore_errors=True)


class Report:
    """Prints results as TAP or as plain lines, and counts them."""

    def __init__(self, tap):
        self.tap, self.n, self.passed, self.failed, self.skipped = tap, 0, 0, 0, 0

    def say(self, text):
        print(("# " if self.tap else "     ") + text, flush=True)

    def result(self, name, complaints, note=""):
        self.n += 1
        for c in complaints if self.tap else []:
            self.say(c.replace("\n", " "))
        self.passed, self.failed = self.passed + (not complaints), self.failed + bool(complaints)
        if self.tap:
            print(f"{'not ok' if complaints else 'ok'} {self.n} - {name}", flush=True)
        else:
            print(f"{'FAIL' if complaints else 'ok  '} {name}{note}"
                  + "".join("\n       " + c for c in complaints), flush=True)

    def skip(self, name, why):
        self.n += 1
        self.skipped += 1
        print(f"ok {self.n} - {name} # SKIP {why}" if self.tap else f"SKIP {name}: {why}", flush=True)

    def end(self):
        print(f"1..{self.n}" if self.tap else
              f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)


def run_case(case, args, report, series, known):
    command = re.search(r"(?:maptrap|MAPTRAP)\"? ([a-z]+)", case.run)
    reasons = [why_not(n) for n in case.needs]
    if command and command[1] not in known:
        reasons.append(f"maptrap has no command {command[1]} yet")
    if any(reasons):
        report.skip(case.name, "; ".join(r for r in reasons if r))
        return
    took = []
    for cell in case.cells if args.matrix else case.slice:
        name = case.name + ("" if cell[0] == "-" else f" [{'/'.join(cell)}]")
        if args.match not in name:
            continue
        rows = series.rows if series else []
        done = [r for r in rows if (r["case"], r["go"], r["kind"]) == (case.name,) + cell]
        for n in range(case.runs if args.matrix else 1):
            try:
                if n < len(done):
                    row, complaints = done[n], done[n].get("why", [])
                else:
                    row, complaints = once(case, cell, report.say)
                    for n in range(2, SLICE_TRIES + 1 if by_chance(case) and not args.matrix else 0):
                        if not complaints:
                            break
                        report.say(f"{case.name} [{'/'.join(cell)}]: {complaints[0][:150]}; try {n} of {SLICE_TRIES}")
                        row, complaints = once(case, cell, report.say)
            except Skip as e:
                report.skip(name, str(e))
                break
            if series and n >= len(done):
                series.add(row)
            if "took_s" in row and row.get("status") == 1:
                took.append(row["took_s"])
            report.result(name + (f" #{n + 1}" if args.matrix and case.runs > 1 else ""), complaints,
                          f" ({row['took_s']:.1f} s)" if "took_s" in row else "")
    if took and args.matrix and any(e.split()[0] in ("median", "p95") for e in case.expect):
        report.result(case.name + " times", expect.over_all(case.expect, took),
                      f" (median {sorted(took)[len(took) // 2]:.2f} s of {len(took)})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tap", action="store_true")
    parser.add_argument("--matrix", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--match", default="")
    parser.add_argument("--cases", default=os.path.join(HERE, "cases"))
    args = parser.parse_args()
    all_cases = cases.load(args.cases)
    if args.list:
        for c in all_cases:
            print(c.name, *("/".join(x) for x in (c.cells if args.matrix else c.slice)))
        return 0
    report = Report(args.tap)
    series = record.Series("matrix", "live cases, every cell") if args.matrix else None
    known = commands_of(MAPTRAP)
    for case in all_cases:
        if args.match in case.name or any(args.match in f"{case.name} [{'/'.join(c)}]" for c in case.cells):
            run_case(case, args, report, series, known)
    report.end()
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())

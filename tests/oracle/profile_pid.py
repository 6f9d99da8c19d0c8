#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""profile_pid.py [--go V,V] [--kinds plain,stripped,pie] [--seconds N]: `maptrap profile --pid` against
the CPU profile that the same process takes of itself at the same time (tests/oracle/pidprofile), by
every toolchain, with symbols, stripped (-s -w) and as PIE: the share of each function, inlined ones
included, and of each pprof label must agree within what so few samples allow. The process must end as
it would alone. Root (perf events)."""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gotrace  # noqa: E402

SOURCE = os.path.join(gotrace.TOP, "tests/oracle/pidprofile/main.go")
FLAGS = {"plain": [], "stripped": ["-ldflags=-s -w"], "pie": ["-buildmode=pie"]}
OWN = ["main.hash", "main.fill", "main.order", "main.(*server).worker"]
SIGMAS, SYSTEMATIC = 4, 0.02  # both see whole ticks of different clocks


def build(version, kind, output):
    root = gotrace.goroot(version)
    env = {**os.environ, "GOROOT": root, "GO111MODULE": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "",
           "CGO_ENABLED": "0", "GOCACHE": os.environ.get("GOCACHE", "/tmp/maptrap-gocache") + "-" + version}
    subprocess.run([root + "/bin/go", "build", "-trimpath"] + FLAGS[kind] + ["-o", output, SOURCE], env=env, check=True)


def ask(args):
    p = subprocess.run([gotrace.MAPTRAP, "profile", "--json", "--top", "0", "--tags", "--sample", "cpu"] + args,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if p.returncode:
        raise SystemExit(f"maptrap profile {args}: status {p.returncode}: {p.stderr}")
    return json.loads(p.stdout)


def shares(profile):
    """Of the time within the program's own code: functions by cum, the inlined one by flat, routes."""
    top = {t["function"]: t for t in profile["top"]}
    whole = top.get("main.(*server).worker", {}).get("cum", 0)
    if not whole:
        return {}, 0
    out = {f: top.get(f, {}).get("cum", 0) / whole for f in OWN}
    out["main.mix, inlined"] = top.get("main.mix", {}).get("flat", 0) / whole
    for t in profile.get("tags", []):
        if t["key"] == "route":
            out[t["value"]] = t["sum"] / whole
    unit = next(t for t in profile["sample_types"] if t["type"] == "cpu")["total"] / profile["samples"]
    return out, whole / unit


def differences(ours, n, theirs, m):
    """Those that chance does not explain."""
    out = []
    for name in sorted(set(ours) | set(theirs)):
        a, b = ours.get(name, 0), theirs.get(name, 0)
        p = (a * n + b * m) / (n + m)
        chance = SIGMAS * math.sqrt(max(p * (1 - p), 1 / (n + m)) * (1 / n + 1 / m)) + SYSTEMATIC
        if abs(a - b) > chance:
            out.append(f"{name}: {a:.1%} from outside, {b:.1%} by itself (chance explains {chance:.1%})")
    return out


def measure(binary, folder, seconds):
    own = os.path.join(folder, "own.pb.gz")
    p = subprocess.Popen([binary, own, f"{seconds}s"], stdout=subprocess.PIPE, text=True)
    assert p.stdout.readline() == "begun\n"
    outside = ask(["--pid", str(p.pid), "--for", f"{seconds + 2}s"])
    work = int(p.stdout.read())
    if p.wait() != 0:
        return None, f"the process ended with {p.returncode}", ""
    ours, n = shares(outside)
    theirs, m = shares(ask([own]))
    if not n or not m:
        return None, f"no samples in the program's own code: {n} and {m}", ""
    wrong = differences(ours, n, theirs, m)
    goroutines = {t["value"] for t in outside["tags"] if t["key"] == "goroutine"}
    if len(goroutines) < 3:
        wrong.append(f"goroutines {sorted(goroutines)}, there are three that work")
    if outside["samples"] > 99 * (seconds + 2) * 2:
        wrong.append(f"{outside['samples']} samples in {seconds} s are more than 99 a second and thread")
    what = ", ".join(f"{k.split('.')[-1]} {ours.get(k, 0):.0%}/{theirs.get(k, 0):.0%}" for k in list(theirs)[:3] + list(theirs)[4:])
    return work, "; ".join(wrong), f"{n:.0f}/{m:.0f} samples: {what}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--go", default=",".join(gotrace.ALL))
    parser.add_argument("--kinds", default=",".join(FLAGS))
    parser.add_argument("--seconds", type=int, default=4)
    args = parser.parse_args()
    agree = differ = 0
    with tempfile.TemporaryDirectory() as folder:
        for version in args.go.split(","):
            for kind in args.kinds.split(","):
                binary = os.path.join(folder, f"{version}-{kind}")
                build(version, kind, binary)
                work, wrong, what = measure(binary, folder, args.seconds)
                agree, differ = agree + (not wrong), differ + bool(wrong)
                print(f"{'DIFFER' if wrong else 'agree '} {version} {kind:8} work {work} {what} {wrong}", flush=True)
    print(f"{agree} agree, {differ} differ")
    sys.exit(1 if differ or not agree else 0)


if __name__ == "__main__":
    main()

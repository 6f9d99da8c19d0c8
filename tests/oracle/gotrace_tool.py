#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""gotrace_tool.py FILE...: the delays that `go tool trace -pprof=sched|sync|net|syscall` adds up, against
those of maptrap's states (read back from `maptrap trace --perfetto`): intervals and their sum.

sync, net and syscall must be equal, to 100 ns where the trace is of before 1.22 (Go's reader orders equal
times at random there). sched: Go counts a goroutine's wait for a P from its first run on, maptrap from
its creation; those first waits are taken out here, and the few goroutines that were runnable when the
trace began may be left. Ends with "N agree, N differ"."""
import collections
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gotrace  # noqa: E402

KINDS = ("sched", "sync", "net", "syscall")
OLD_SLACK_NS, RUNNABLE_AT_FIRST = 100, 10


def kind_of(slice_):
    reason = slice_.get("args", {}).get("reason", "")
    if slice_["name"] == "waiting":
        if reason == "network":
            return "net"
        return "sync" if any(w in reason for w in ("chan", "sync", "select")) else None
    return {"runnable": "sched", "syscall": "syscall"}.get(slice_["name"])


def ours(path, folder):
    """kind → (ns, intervals) of what ended within the trace."""
    out = os.path.join(folder, "perfetto.json")
    subprocess.run([gotrace.MAPTRAP, "trace", "--perfetto", out, path], stdout=subprocess.DEVNULL, check=True)
    with open(out, encoding="utf-8") as f:
        slices = [e for e in json.load(f)["traceEvents"] if e["ph"] == "X" and e["pid"] == 2]
    end = max(s["ts"] + s["dur"] for s in slices)
    first = {}
    for s in slices:
        first[s["tid"]] = min(s["ts"], first.get(s["tid"], s["ts"]))
    ns, count = collections.Counter(), collections.Counter()
    for s in slices:
        created = s["name"] == "runnable" and s["ts"] == first[s["tid"]] and s["ts"] > 0
        kind = kind_of(s)
        if kind and not created and s["ts"] + s["dur"] < end - 0.002:
            ns[kind] += s["dur"] * 1000
            count[kind] += 1
    return {k: (round(ns[k]), count[k]) for k in KINDS}


def theirs(tool, path, kind, folder):
    out = os.path.join(folder, "delays.pb.gz")
    with open(out, "wb") as f:
        subprocess.run([tool, "-pprof=" + kind, path], stdout=f, stderr=subprocess.DEVNULL, check=True)
    if not os.path.getsize(out):
        return 0, 0
    p = subprocess.run([gotrace.MAPTRAP, "profile", "--json", out], stdout=subprocess.PIPE, check=True)
    totals = {t["type"]: t["total"] for t in json.loads(p.stdout)["sample_types"]}
    return totals["delay"], totals["contentions"]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    agree = differ = 0
    with tempfile.TemporaryDirectory() as folder:
        tool = os.path.join(folder, "gotool")
        gotrace.go_build("1.27", gotrace.goroot("1.27") + "/src/cmd/trace", tool)
        for path in sys.argv[1:]:
            mine = ours(path, folder)
            for kind in KINDS:
                ns, n = theirs(tool, path, kind, folder)
                have_ns, have = mine[kind]
                same = abs(have_ns - ns) <= OLD_SLACK_NS and have == n
                if kind == "sched":
                    same = 0 <= have - n <= RUNNABLE_AT_FIRST and have_ns >= ns
                agree, differ = agree + same, differ + (not same)
                print(f"{'agree ' if same else 'DIFFER'} {os.path.basename(path)} {kind}: {have} intervals, {have_ns:,} ns; "
                      f"Go {n}, {ns:,} ns", flush=True)
    print(f"{agree} agree, {differ} differ")
    sys.exit(1 if differ or not agree else 0)


if __name__ == "__main__":
    main()

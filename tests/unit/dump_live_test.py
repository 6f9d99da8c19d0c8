#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`maptrap dump --pid` against what the process says of itself: its own /debug/pprof/goroutine?debug=2,
for every toolchain, stripped and position-independent too, and for a Debian daemon as it ships. Parked
goroutines must agree in id, state, thread lock, every function and line, creator and parent. All builds
with MAPTRAP_SLOW=1."""
import json
import os
import re
import subprocess
import sys
import time
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/live"))
import build

MAPTRAP = os.environ.get("MAPTRAP", os.path.join(TOP, "build/maptrap"))
SLOW = os.environ.get("MAPTRAP_SLOW")
KIND_OF = dict(zip(build.VERSIONS, ["stripped", "pie", "plain", "stripped", "pie", "cgo", "stripped", "pie"]))
EACH = 5
results = []


def check(ok, name, *notes):
    for n in notes if not ok else ():
        print("# " + str(n).replace("\n", " | ")[:400])
    results.append(ok)
    print(f"{'ok' if ok else 'not ok'} {len(results)} - {name}", flush=True)


def skip(name, why):
    results.append(True)
    print(f"ok {len(results)} - {name} # SKIP {why}", flush=True)


class Target:
    def __init__(self, program, *args):
        self.process = subprocess.Popen([program, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.pid = self.process.pid
        self.base = "http://" + self.process.stdout.readline().split()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def page(self, path):
        with urllib.request.urlopen(self.base + path, timeout=20) as r:
            return r.read().decode()


def maptrap(*args):
    return subprocess.run([MAPTRAP, "dump", *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=120, check=False)


def theirs(text):
    """id → (state, locked, [(function, place)], creator, parent) as debug=2 has them. None for a function
    stands where frames were elided."""
    found = {}
    for block in text.strip().split("\n\n"):
        lines = block.split("\n")
        m = re.match(r"goroutine (\d+) (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[([^\]]*)\]:$", lines[0])
        if not m:
            continue
        state, *more = m[2].split(", ")
        stack, creator, parent, n = [], None, None, 1
        while n < len(lines):
            place = re.sub(r" \+0x[0-9a-f]+$", "", lines[n + 1].strip()) if n + 1 < len(lines) else ""
            if lines[n].startswith("..."):
                stack.append((None, ""))
                n += 1
                continue
            c = re.match(r"created by (\S+?)(?: in goroutine (\d+))?$", lines[n])
            if c:
                creator, parent = (c[1], place), int(c[2]) if c[2] else None
            else:
                stack.append((re.sub(r"\([^()]*\)$", "", lines[n]), place))
            n += 2
        found[int(m[1])] = (state, "locked to thread" in more, stack, creator, parent)
    return found


def shown(function):
    """Whether Go's own dumps show a function (runtime.showfuncinfo), as far as this test needs it."""
    return not re.match(r"runtime\.[^A-Z]|panic$", function)


def ours(doc):
    found = {}
    for g in doc["list"]:
        stack = [(f["function"], f"{f['file']}:{f['line']}") for f in g["stack"] if shown(f["function"])]
        c = g["created_by"]
        found[g["goroutine"]] = (g["state"], g["locked_to_thread"], stack,
                                 c and (c["function"], f"{c['file']}:{c['line']}"), g["parent"])
    return found


def differ(a, b):
    """Why ours (a) and theirs (b) disagree, or ""."""
    if a[:2] != b[:2]:
        return f"{a[:2]} {b[:2]}"
    if b[3] and not b[3][0].startswith("runtime.") and a[3:] != b[3:]:
        return f"{a[3:]} {b[3:]}"
    stack = [f for f in b[2] if f[0] is None or shown(f[0])]
    cut = next((i for i, f in enumerate(stack) if f[0] is None), None)
    if cut is None and len(stack) > 90:  # 1.19 stops at 100 frames, hidden ones included, and does not say so
        cut = len(stack)
    if cut is not None:
        return "" if a[2][:cut] == stack[:cut] and cut >= 40 else f"elided at {cut}"
    return "" if a[2] == stack else f"{a[2]} {stack}"


def compare(name, t, least):
    """Reads the process between two of its own answers: what is equal in both was parked meanwhile."""
    before, p, after = t.page("/debug/pprof/goroutine?debug=2"), maptrap("--pid", str(t.pid), "--json", "--list"), None
    after = theirs(t.page("/debug/pprof/goroutine?debug=2"))
    if p.returncode:
        check(False, name, p.returncode, p.stderr)
        return None
    doc = json.loads(p.stdout)
    mine, parked = ours(doc), {i: g for i, g in theirs(before).items()
                               if after.get(i) == g and g[0] not in ("running", "runnable")}
    wrong = [f"{i}: {differ(mine[i], g) if i in mine else 'missing'}" for i, g in parked.items()
             if i not in mine or differ(mine[i], g)]
    frames = sum(len(g[2]) for g in parked.values())
    check(not wrong and len(parked) >= least, f"{name}: {len(parked)} parked goroutines, {frames} frames, as it "
          "says itself", f"{len(wrong)} differ", *wrong[:3])
    return doc


def version(v, kind):
    name = f"go{v} {kind}"
    try:
        program = build.build("waits", v, kind)
    except build.Missing as e:
        skip(name, str(e))
        return
    with Target(program, "-each", str(EACH)) as t:
        doc = compare(name, t, 24 * EACH)
        if not doc:
            return
        spinning = [g for g in doc["list"] if g["state"] in ("running", "runnable")]
        creators = {g["created_by"]["function"] for g in spinning if g["created_by"]}
        check("main.main" in creators and doc["process"]["torn"] == 0 and doc["process"]["system_goroutines"] >= 3,
              f"{name}: the one that runs is seen too, none torn, the runtime's own left out", spinning[:2],
              doc["process"])
        check("heap profile" not in t.page("/debug/pprof/goroutine?debug=1") and t.process.poll() is None,
              f"{name}: it lives on")


def main():
    for v in build.VERSIONS:
        for kind in build.KINDS if SLOW else [KIND_OF[v]]:
            version(v, kind)
    print(f"1..{len(results)}")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`maptrap dump --pid` against what the process says of itself: its own /debug/pprof/goroutine?debug=2,
for every toolchain, stripped and position-independent too, and for a Debian daemon as it ships. Parked
goroutines must agree in id, state, thread lock, every function and line, creator and parent. All builds
with MAPTRAP_SLOW=1. Then what cannot be read and its messages, and --symptoms with a Prometheus."""
import ctypes
import http.server
import importlib.util
import json
import os
import re
import subprocess
import shutil
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

from tap import check, done, skip

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/live"))
import build

spec = importlib.util.spec_from_file_location("servers", os.path.join(TOP, "tests/servers/run.py"))
servers = importlib.util.module_from_spec(spec)
spec.loader.exec_module(servers)

MAPTRAP = os.environ.get("MAPTRAP", os.path.join(TOP, "build/maptrap"))
SLOW = os.environ.get("MAPTRAP_SLOW")
KIND_OF = dict(zip(build.VERSIONS, ["stripped", "pie", "plain", "stripped", "pie", "cgo", "stripped", "pie"]))
EACH = 5


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
        doc = compare(name, t, 22 * EACH)
        if not doc:
            return
        spinning = [g for g in doc["list"] if g["state"] in ("running", "runnable")]
        creators = {g["created_by"]["function"] for g in spinning if g["created_by"]}
        check("main.main" in creators and doc["process"]["torn"] == 0 and doc["process"]["system_goroutines"] >= 3,
              f"{name}: the one that runs is seen too, none torn, the runtime's own left out", spinning[:2],
              doc["process"])
        check("heap profile" not in t.page("/debug/pprof/goroutine?debug=1") and t.process.poll() is None,
              f"{name}: it lives on")


def churn():
    """Goroutines come and go while it is read, again and again; what the program counts stays right."""
    name = "a process that starts thousands of goroutines a second"
    try:
        program = build.build("waits", "1.24", "stripped")
    except build.Missing as e:
        skip(name, str(e))
        return
    with Target(program, "-each", "2", "-churn") as t:
        docs, before = [], int(t.page("/counts").split()[0])
        for _ in range(10):
            p = maptrap("--pid", str(t.pid), "--json")
            docs.append(json.loads(p.stdout) if p.returncode == 0 else {"goroutines": 0, "process": {"torn": 9999}})
        got, wrote = (int(n) for n in t.page("/counts").split())
        check(min(d["goroutines"] for d in docs) >= 48 and max(d["process"]["torn"] for d in docs) <= 5,
              f"{name}: read ten times", [(d["goroutines"], d["process"]["torn"]) for d in docs])
        check(got == wrote > before, f"{name}: its counters are intact", before, got, wrote)


def daemon():
    """Debian's own Prometheus, stripped as it ships, against its own page."""
    name = "Debian's prometheus, stripped"
    try:
        folder = servers.unpack("prometheus", "bookworm")
    except build.Missing as e:
        skip(name, str(e))
        return
    port, work = servers.free_port(), tempfile.mkdtemp(prefix="maptrap-dump-")
    with open(work + "/prometheus.yml", "w", encoding="utf-8") as f:
        f.write(servers.FILES["prometheus.yml"].format(port=port))
    with subprocess.Popen([folder + "/usr/bin/prometheus", f"--config.file={work}/prometheus.yml",
                           f"--storage.tsdb.path={work}/data", f"--web.listen-address=127.0.0.1:{port}"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as p:
        t = Target.__new__(Target)
        t.process, t.pid, t.base = p, p.pid, f"http://127.0.0.1:{port}"
        try:
            servers.answers(t.base, "/metrics", 30)
            time.sleep(2)
            compare(name, t, 15)
            check(servers.answers(t.base, "/metrics", 5), f"{name}: it answers afterwards")
        finally:
            p.kill()
    shutil.rmtree(work, ignore_errors=True)


def refused(name, status, text, *args, **more):
    p = subprocess.run([MAPTRAP, "dump", *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                       timeout=60, check=False, **more)
    check(p.returncode == status and text in p.stderr and not p.stdout, name, p.returncode, p.stderr)


def refusals():
    with subprocess.Popen(["sleep", "60"]) as other:
        refused("not a Go program", 3, "not a Go program", "--pid", str(other.pid))
        other.kill()
    refused("a process that is gone", 3, "no process", "--pid", str(other.pid))
    refused("a process and a file", 2, "name one dump", "--pid", "1", "file")
    try:
        program = build.build("waits", "1.24", "stripped")
    except build.Missing as e:
        skip("traced, without permission", str(e))
        return
    with Target(program, "-each", "1") as t:
        libc = ctypes.CDLL(None, use_errno=True)
        seize, detach = 0x4206, 17
        if libc.ptrace(seize, t.pid, None, None) == 0:
            refused("a process that is being traced", 3, "is being traced by", "--pid", str(t.pid))
            libc.ptrace(0x4207, t.pid, None, None)
            os.waitpid(t.pid, 0)  # __WALL is not needed for the main thread
            libc.ptrace(detach, t.pid, None, None)
        else:
            skip("a process that is being traced", os.strerror(ctypes.get_errno()))
        if os.geteuid() == 0:
            with tempfile.TemporaryDirectory() as folder:  # nobody may not look into where it was built
                os.chmod(folder, 0o755)
                shutil.copy(MAPTRAP, folder + "/maptrap")
                p = subprocess.run([folder + "/maptrap", "dump", "--pid", str(t.pid)], user=65534, group=65534,
                                   extra_groups=[], capture_output=True, text=True, timeout=60, check=False)
                check(p.returncode == 3 and "run maptrap as root" in p.stderr, "without permission", p.stderr)
        else:
            skip("without permission", "not root")


class Prometheus(http.server.BaseHTTPRequestHandler):
    """Answers as Prometheus does: one old histogram that has soared, one that is busy, no native ones."""
    asked = []
    VALUES = {"slow": {"0.99": 2.5, "0.95": 1.5, "before": 0.2, "rate": 3},
              "fast": {"0.99": 0.01, "0.95": 0.005, "before": 0.01, "rate": 900}}

    def log_message(self, *_):
        pass

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        q = urllib.parse.parse_qs(url.query)
        self.asked.append(q)
        if url.path.endswith("/label/__name__/values"):
            data = [f"http_{n}_request_duration_seconds_{p}" for n in self.VALUES for p in ("bucket", "sum", "count")]
        else:
            query = q["query"][0]
            value = self.VALUES["slow" if "slow" in query else "fast"]
            key = ("rate" if query.startswith("sum(rate") else "before" if "offset 1h" in query else
                   "0.99" if "0.99" in query else "0.95")
            data = {"resultType": "vector", "result": [{"metric": {}, "value": [1, str(value[key])]}]}
        body = json.dumps({"status": "success", "data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def symptoms():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Prometheus)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url, golden = f"http://127.0.0.1:{server.server_port}", TOP + "/tests/golden/dump/1.24-quit/dump"
    p = maptrap(golden, "--symptoms", "--json", "--prom", url, "--prom-select", 'job="shop"')
    row = next((s for s in json.loads(p.stdout or '{"symptoms": []}')["symptoms"] if s["name"] == "request latency"), {})
    check(row.get("score") == 2 and "p95 1.500 s, p99 2.500 s, p99 an hour ago 0.200 s" in row["value"]
          and "http_slow" in row["value"], "latency that soared, by a Prometheus", row, p.stderr)
    check(all('job="shop"' in (q.get("query") or q.get("match[]"))[0] for q in Prometheus.asked),
          "only the labels that were asked for", Prometheus.asked[:3])
    server.shutdown()
    server.server_close()
    p = maptrap(golden, "--symptoms", "--prom", url)
    check(p.returncode == 3 and "Couldn't connect" in p.stderr, "a Prometheus that does not answer", p.returncode, p.stderr)
    try:
        program = build.build("waits", "1.24", "stripped")
    except build.Missing as e:
        skip("CPU and threads", str(e))
        return
    with Target(program, "-each", "1", "-spin", "1") as t:
        doc = json.loads(maptrap("--pid", str(t.pid), "--symptoms", "--json").stdout)
        row = next(s for s in doc["symptoms"] if s["name"] == "CPU")
        share = float(row["value"].split()[0])
        check(share > 5 and "threads:" in row["value"], "CPU and threads of a process that spins", row)
        missing = [s["name"] for s in doc["symptoms"] if s["level"] == "not measured"]
        check({"map memory", "request latency", "fatal line"} <= set(missing), "what was not given is not measured",
              missing)


def main():
    for v in build.VERSIONS:
        for kind in build.KINDS if SLOW else [KIND_OF[v]]:
            version(v, kind)
    churn()
    daemon()
    refusals()
    symptoms()
    sys.exit(done())


if __name__ == "__main__":
    main()

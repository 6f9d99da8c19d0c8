#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's own Go servers, stripped as they ship, started from unpacked packages on loopback, under load,
with `maptrap locate` beside them: nothing may be accused (a real race of theirs would be news: look at it,
then name it in KNOWN), shared maps must have been seen, and the server must answer afterwards.

run.py [--suite bookworm] [--match NAME] [--for 20] [--start-only]
Raw figures: bench/results/servers-SUITE.jsonl"""
import argparse
import contextlib
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "bench"))
import record
import service

# Package, program, arguments ({port}, {port2}, {dir} filled in), pages that are asked for.
SERVERS = [
    ("prometheus", "usr/bin/prometheus", "--config.file={dir}/prometheus.yml --storage.tsdb.path={dir}/data "
     "--web.listen-address=127.0.0.1:{port}", ["/metrics", "/api/v1/query?query=up", "/api/v1/targets"]),
    ("etcd-server", "usr/bin/etcd", "--data-dir {dir}/data --listen-client-urls http://127.0.0.1:{port} "
     "--advertise-client-urls http://127.0.0.1:{port} --listen-peer-urls http://127.0.0.1:{port2}",
     ["/health", "/metrics", "/version"]),
    ("nats-server", "usr/sbin/nats-server", "-a 127.0.0.1 -p {port2} -m {port}", ["/varz", "/connz", "/routez"]),
    ("caddy", "usr/bin/caddy", "file-server --listen 127.0.0.1:{port} --root {dir} --browse", ["/", "/prometheus.yml"]),
    ("influxdb", "usr/bin/influxd", "-config {dir}/influx.conf", ["/ping", "/query?q=SHOW+DATABASES", "/debug/vars"]),
    ("docker-registry", "usr/bin/docker-registry", "serve {dir}/registry.yml", ["/v2/", "/v2/_catalog"]),
    ("prometheus-node-exporter", "usr/bin/prometheus-node-exporter", "--web.listen-address=127.0.0.1:{port}",
     ["/metrics"]),
    ("rclone", "usr/bin/rclone", "serve http --addr 127.0.0.1:{port} {dir}", ["/", "/prometheus.yml"]),
    ("syncthing", "usr/bin/syncthing", "serve --no-browser --no-restart --home={dir}/st --gui-address=127.0.0.1:{port}",
     ["/", "/rest/noauth/health"]),
    ("victoria-metrics", "usr/bin/vmagent", "-promscrape.config={dir}/prometheus.yml -httpListenAddr=127.0.0.1:{port} "
     "-remoteWrite.url=http://127.0.0.1:9/ -remoteWrite.tmpDataPath={dir}/rw", ["/metrics", "/targets", "/health"]),
    ("prometheus-pushgateway", "usr/bin/prometheus-pushgateway", "--web.listen-address=127.0.0.1:{port}",
     ["/metrics", "/api/v1/metrics"]),
    ("victoria-metrics", "usr/bin/victoria-metrics", "-storageDataPath={dir}/vm -httpListenAddr=127.0.0.1:{port} -retentionPeriod=1",
     ["/metrics", "/api/v1/query?query=up", "/health"]),
]
FILES = {
    "prometheus.yml": "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: self\n  static_configs:\n"
                      "  - targets: ['127.0.0.1:{port}']\n",
    "registry.yml": "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {dir}/registry}}}}\n"
                    "http: {{addr: '127.0.0.1:{port}'}}\n",
    "influx.conf": "reporting-disabled = true\nbind-address = '127.0.0.1:{port2}'\n[meta]\n  dir = '{dir}/meta'\n"
                   "[data]\n  dir = '{dir}/data'\n  wal-dir = '{dir}/wal'\n[http]\n  bind-address = '127.0.0.1:{port}'\n",
}
KNOWN = {}  # program: functions of races that are really there


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def unpack(package, suite):
    folder = os.path.join(service.build.CACHE, "servers", suite)
    p = subprocess.run(["bash", "-c", '. scripts/lib.sh; unpack_deb "$1" "$2/$3"', "-", folder, package, suite],
                       cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if p.returncode:
        raise service.build.Missing(f"{package}/{suite}: {p.stdout.strip()[-200:]}")
    return folder


class Load(threading.Thread):
    """Asks for the pages in turn, about 200 times a second."""

    def __init__(self, base, pages):
        super().__init__(daemon=True)
        self.base, self.pages, self.on, self.good, self.bad = base, pages, True, 0, 0

    def run(self):
        n = 0
        while self.on:
            try:
                with urllib.request.urlopen(self.base + self.pages[n % len(self.pages)], timeout=5) as r:
                    r.read()
                self.good += 1
            except urllib.error.HTTPError:
                self.good += 1  # an answer all the same
            except OSError:
                self.bad += 1
            n += 1
            time.sleep(0.01)


def worker(pid):
    """The process that does the work: some start themselves again, and watch over that one."""
    children = []
    for path in glob.glob(f"/proc/{pid}/task/*/children"):
        with open(path, encoding="ascii") as f:
            children += f.read().split()
    exe = os.readlink(f"/proc/{pid}/exe")
    return next((int(c) for c in children if os.readlink(f"/proc/{c}/exe") == exe), pid)


def answers(base, page, wait_s):
    end = time.monotonic() + wait_s
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(base + page, timeout=2).read()
            return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.1)
    return False


def look(pid, seconds):
    p = subprocess.run([service.MAPTRAP, "locate", "--json", "--pid", str(pid), "--for", f"{seconds}s"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    row, wrong = {"exit": p.returncode}, []
    try:
        doc = json.loads(p.stdout)
    except ValueError:
        return row, [f"exit {p.returncode}: {p.stderr.strip()[-300:]}"]
    c = doc["coverage"]
    row.update(go=doc["target"].get("go"), maps=c["maps"], maps_shared=c["maps_shared"], accesses=c["accesses"],
               holds=c["holds"], cpu_share=doc["cost"]["cpu_share"], dropped=doc["cost"]["dropped"],
               findings=[[a["function"] for a in f["accesses"]] for f in doc["findings"]],
               suspects=[[a["function"] for a in f["accesses"]] for f in doc["suspects"]][:10])
    return row, wrong


def one(server, suite, args):
    package, program, arguments, pages = server
    row, folder = {"server": os.path.basename(program), "suite": suite}, tempfile.mkdtemp(prefix="maptrap-server-")
    process = load = None
    pids = []
    try:
        names = {"dir": folder, "port": free_port(), "port2": free_port()}
        for name, text in FILES.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write(text.format(**names))
        path = os.path.join(unpack(package, suite), program)
        with open(os.path.join(folder, "log"), "wb") as log:
            process = subprocess.Popen([path] + arguments.format(**names).split(), cwd=folder, stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log, env={**os.environ, "HOME": folder})
        base = f"http://127.0.0.1:{names['port']}"
        if not answers(base, pages[0], 30):
            with open(os.path.join(folder, "log"), encoding="utf-8", errors="replace") as f:
                return row, [f"does not start: exit {process.poll()}: {f.read()[-300:]}"]
        if args.start_only:
            return row, []
        load = Load(base, pages)
        load.start()
        time.sleep(1)
        pids.append(worker(process.pid))
        found, wrong = look(pids[0], args.seconds)
        row.update(found)
        if not wrong and not row["maps_shared"]:
            wrong.append("no shared map was seen")
        load.on = False
        new = [f for f in row.get("findings", []) if not set(f) & KNOWN.get(row["server"], set())]
        wrong += [f"accused: {' / '.join(f)}" for f in new]
        if process.poll() is not None or not answers(base, pages[0], 5):
            wrong.append("the server does not answer any more")
        row.update(requests=load.good, failed_requests=load.bad)
        return row, wrong
    finally:
        if load:
            load.on = False
        if process:
            process.kill()
            process.wait()
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--suite", default="bookworm")
    parser.add_argument("--match", default="")
    parser.add_argument("--for", dest="seconds", type=int, default=20)
    parser.add_argument("--start-only", action="store_true", help="only see whether the servers start")
    args = parser.parse_args()
    series = None if args.start_only else record.Series(f"servers-{args.suite}", f"Debian {args.suite}'s Go servers")
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for server in SERVERS:
        name = os.path.basename(server[1])
        if args.match not in name:
            continue
        row = next((r for r in series.rows if r["server"] == name), None) if series else None
        try:
            if row is None:
                row, wrong = one(server, args.suite, args)
                if wrong:
                    row["wrong"] = wrong
                if series:
                    series.add(row)
        except service.build.Missing as e:
            counts["skipped"] += 1
            print(f"SKIP {name}: {e}", flush=True)
            continue
        wrong = row.get("wrong", [])
        counts["failed" if wrong else "passed"] += 1
        print(f"{'FAIL' if wrong else 'ok  '} {name} {row.get('go', '')}" + (
            f": {row['maps_shared']} of {row['maps']} maps shared, {row['accesses']} accesses, {row['holds']} holds"
            if "maps" in row else "") + "".join("\n       " + w for w in wrong), flush=True)
    print(", ".join(f"{n} {what}" for what, n in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())

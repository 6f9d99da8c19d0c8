# SPDX-License-Identifier: Apache-2.0
"""What the benches share: targets in a folder of their own, HTTP to them, maptrap beside them."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TOP, "tests/live"), os.path.join(TOP, "bench")]
import build
import process

MAPTRAP = os.environ.get("MAPTRAP", os.path.join(TOP, "build/maptrap"))
HARM = os.path.join(os.path.dirname(MAPTRAP), "tests/unit/harm")


class Place:
    """A scratch folder and the processes in it; all gone at the end of a `with`."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="maptrap-bench-")
        self.running, self.n = [], 0
        return self

    def __exit__(self, *_):
        for p in self.running:
            if isinstance(p, process.Target):
                p.stop()
            elif p.poll() is None:
                p.kill()
                p.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def target(self, name, go, args, kind="plain", gate=False):
        t = process.Target(build.build(name, go, kind), args, self.folder, self.n, gate)
        self.n += 1
        self.running.append(t)
        return t

    def forget(self, t):
        t.stop()
        self.running.remove(t)

    def command(self, argv, **how):
        p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, **how)
        self.running = [r for r in self.running if isinstance(r, process.Target) or r.poll() is None] + [p]
        return p


def get(url, data=None):
    with urllib.request.urlopen(url, data=data, timeout=20) as r:
        return r.read().decode()


def load(url, go, *args):
    """Runs the load generator: its figures."""
    p = subprocess.run([build.build("load", go)] + [str(a) for a in args] + [url], stdout=subprocess.PIPE,
                       check=True, text=True)
    return json.loads(p.stdout)


def cpu_s(pid):
    """CPU time that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

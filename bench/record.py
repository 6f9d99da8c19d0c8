# SPDX-License-Identifier: Apache-2.0
"""Result files: bench/results/NAME.jsonl. The first line says how they came about (command, commit,
date, machine), each further line is one raw figure. A series that was interrupted goes on where it
stopped, as long as the sources that matter are the same; else it begins anew."""
import datetime
import json
import os
import platform
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RESULTS = os.environ.get("MAPTRAP_RESULTS", os.path.join(TOP, "bench/results"))


def git(*args):
    p = subprocess.run(["git", "-C", TOP] + list(args), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                       text=True)
    return p.stdout.strip()


def sources():
    """What decides over results: the program's own sources. Names their tree, or their difference."""
    tree = git("rev-parse", "--short=12", "HEAD:src")
    dirty = git("status", "--porcelain", "--", "src")
    return tree + ("-dirty" if dirty else "")


def machine():
    cpu = "unknown CPU"
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo", encoding="utf-8") as f:
        memory_gib = round(int(f.readline().split()[1]) / 1048576)
    return {"cpu": cpu, "cpus": os.cpu_count(), "memory_gib": memory_gib, "kernel": platform.release(),
            "arch": platform.machine(), "virtual": "hypervisor" in open("/proc/cpuinfo").read()}


def shown(arguments):
    """A command line for the record: of a path on this machine only the last part, which is all that it tells."""
    return " ".join(re.sub(r"(?<![^\s=:])/(?:[^\s/]+/)*(?=[^\s/])", "", a) for a in arguments)


def head(what):
    command = shown([os.path.relpath(os.path.abspath(sys.argv[0]), TOP)] + sys.argv[1:])
    return {"what": what, "command": command, "commit": git("rev-parse", "--short=12", "HEAD"),
            "sources": sources(), "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%MZ"),
            "machine": machine()}


class Series:
    """Rows of one result file, appended as they come."""

    def __init__(self, name, what, resume=True):
        os.makedirs(RESULTS, exist_ok=True)
        self.path = os.path.join(RESULTS, name + ".jsonl")
        self.rows = []
        if resume and os.path.exists(self.path):
            with open(self.path, encoding="utf-8") as f:
                old = [json.loads(line) for line in f if line.endswith("\n")]
            if old and old[0].get("sources") == sources() and "dirty" not in sources():
                self.rows = old[1:]
                return
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(json.dumps(head(what)) + "\n")

    def add(self, row):
        self.rows.append(row)
        with open(self.path, "a", encoding="utf-8") as f:
            f.write(json.dumps(row) + "\n")
            f.flush()
            os.fsync(f.fileno())


def load(name):
    """(head, rows) of a result file, or (None, []) where there is none."""
    path = os.path.join(RESULTS, name + ".jsonl")
    if not os.path.exists(path):
        return None, []
    with open(path, encoding="utf-8") as f:
        lines = [json.loads(line) for line in f]
    return lines[0], lines[1:]

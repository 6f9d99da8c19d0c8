# SPDX-License-Identifier: Apache-2.0
"""Starting, watching and stopping targets, and what the kernel still holds afterwards."""
import ctypes
import glob
import json
import os
import re
import signal
import struct
import subprocess
import sys
import time

import build

# Whoever ends a test run with TERM must not leave its targets running: the usual way out cleans up.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

MAGIC = 0x6D61707472617031
SIDES = 8


class Target:
    """A program of tests/targets (or any that prints the same first line) with its counters."""

    def __init__(self, path, args, folder, index=0, gate=False):
        self.path = path
        self.counts = os.path.join(folder, f"counts{index}")
        self.stderr = open(os.path.join(folder, f"stderr{index}"), "w+b")
        env = {**os.environ, "COUNTS": self.counts}
        env.pop("GATE", None)
        if gate:
            env["GATE"] = "1"
        self.process = subprocess.Popen([path] + args, env=env, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.stderr, cwd=folder)
        line = self.process.stdout.readline().decode()
        words = line.split()
        if len(words) < 4 or words[0] != "ready":
            self.stop()
            raise RuntimeError(f"{os.path.basename(path)} did not start: {line!r} {self.last_words()}")
        self.pid, self.map, self.word = int(words[1]), int(words[2], 16), int(words[3], 16)
        self.rest = words[4] if len(words) > 4 else ""

    def go(self):
        self.process.stdin.write(b"x")
        self.process.stdin.flush()

    def words(self):
        with open(self.counts, "rb") as f:
            w = struct.unpack("<64Q", f.read(512))
        if w[0] != MAGIC:
            raise RuntimeError("no counters in " + self.counts)
        return w

    def sides(self):
        return self.words()[SIDES:SIDES + 16]

    def alive(self):
        return self.process.poll() is None

    def await_end(self, at_most_s):
        try:
            self.process.wait(at_most_s)
        except subprocess.TimeoutExpired:
            pass

    def last_words(self):
        self.stderr.flush()
        with open(self.stderr.name, "rb") as f:
            return f.read(4000).decode(errors="replace")

    def died_of_its_race(self):
        return not self.alive() and "concurrent map" in self.last_words()

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for f in (self.process.stdin, self.process.stdout, self.stderr):
            f.close()


def speeds(target, length_s):
    """Operations a second of each side over that time."""
    before, at = target.sides(), time.monotonic()
    time.sleep(length_s)
    after, d = target.sides(), time.monotonic() - at
    return [(b - a) / d for a, b in zip(before, after)]


def can_bpf():
    """"" or why not: asks the kernel for a small BPF map."""
    attr = (ctypes.c_char * 128)(*struct.pack("<5I", 2, 4, 4, 1, 0))
    fd = ctypes.CDLL(None, use_errno=True).syscall(321, 0, attr, 128)
    if fd < 0:
        return "BPF: " + os.strerror(ctypes.get_errno())
    os.close(fd)
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        return "this kernel has no BTF"
    if not os.path.exists("/sys/bus/event_source/devices/uprobe"):
        return "this kernel has no uprobes"
    return ""


def bpftool():
    path = os.path.join(build.CACHE, "libbpf/usr/sbin/bpftool")
    return path if os.path.exists(path) else None


def held_objects():
    """{"prog 12", "link 3"}: what living processes hold by descriptors."""
    held = set()
    for fd in glob.glob("/proc/[0-9]*/fd/*"):
        try:
            if not os.readlink(fd).startswith("anon_inode:bpf"):
                continue
            with open(fd.replace("/fd/", "/fdinfo/"), encoding="utf-8") as f:
                held |= {f"{kind} {n}" for kind, n in re.findall(r"^(link|prog)_id:\s+(\d+)", f.read(), re.M)}
        except OSError:
            continue  # it has gone meanwhile
    return held


def bpf_objects():
    """{"prog 12", "link 3"}: the BPF programs and links that exist and that no living process holds (what
    other processes have open is theirs). Empty where it cannot be known."""
    if not bpftool() or os.geteuid() != 0:
        return set()
    found = set()
    for kind in ("link", "prog"):
        p = subprocess.run([bpftool(), "-j", kind, "show"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        found |= {f"{kind} {x['id']}" for x in json.loads(p.stdout or b"[]")}
    return found - held_objects()


def code_ranges(pid):
    """(start, end, file offset) of the executable's own code in a process."""
    exe = os.readlink(f"/proc/{pid}/exe")
    with open(f"/proc/{pid}/maps", encoding="utf-8") as f:
        for line in f:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \d+ +(.*)", line)
            if m and "x" in m[3] and m[5] == exe:
                yield int(m[1], 16), int(m[2], 16), int(m[4], 16)


def changed_code(pid):
    """How many bytes of a process's code are not those of its file: a probe that is left is one."""
    n = 0
    try:
        with open(f"/proc/{pid}/mem", "rb") as memory, open(f"/proc/{pid}/exe", "rb") as f:
            for start, end, offset in code_ranges(pid):
                memory.seek(start)
                f.seek(offset)
                there = f.read(end - start)
                here = memory.read(end - start)[:len(there)]
                if here != there:
                    n += sum(a != b for a, b in zip(here, there))
    except OSError:
        return 0  # it has gone, or may not be read
    return n


def held_threads(pid):
    """Threads that are stopped or traced, in words."""
    held = []
    for status in glob.glob(f"/proc/{pid}/task/*/status"):
        try:
            with open(status, encoding="utf-8") as f:
                text = f.read()
        except OSError:
            continue
        state, tracer = re.search(r"State:\s+(\S)", text)[1], re.search(r"TracerPid:\s+(\d+)", text)[1]
        if state in "tT" or tracer != "0":
            held.append(f"thread {status.split('/')[4]} is in state {state}, traced by {tracer}")
    return held


def left_behind(pid, before):
    """What is left of a maptrap that has ended: changed code, held threads, BPF objects that were not
    there before, uprobes in tracefs. Waits up to two seconds for what dies with its descriptors; what
    was not there all that time is another's."""
    always = None
    for _ in range(20):
        changed = changed_code(pid) if pid else 0
        left = [f"{changed} changed bytes in the code"] if changed else []
        left += (held_threads(pid) if pid else []) + sorted(bpf_objects() - before)
        try:
            with open("/sys/kernel/tracing/uprobe_events", encoding="utf-8") as f:
                left += [line.strip() for line in f if "maptrap" in line]
        except OSError:
            pass
        always = left if always is None else [x for x in always if x in left]
        if not always:
            break
        time.sleep(0.1)
    return always

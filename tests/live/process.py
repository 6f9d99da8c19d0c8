# SPDX-License-Identifier: Apache-2.0
"""Starting, watching and stopping targets, and what the kernel still holds afterwards."""
import ctypes
import glob
import os
import re
import struct
import subprocess
import time

import build

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

    def last_words(self):
        self.stderr.flush()
        with open(self.stderr.name, "rb") as f:
            return f.read(4000).decode(errors="replace")

    def died_of_its_race(self):
        return not self.alive() and re.search(r"concurrent map|concurrent map writes\?", self.last_words()) is not None

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


def left_in_kernel(paths=()):
    """What is still there of ours: named uprobes, and descriptors of BPF objects of a maptrap process
    (links and programs die with their descriptors; pinned ones would lie in /sys/fs/bpf)."""
    left = []
    for events in ("/sys/kernel/tracing/uprobe_events", "/sys/kernel/debug/tracing/uprobe_events"):
        try:
            with open(events, encoding="utf-8") as f:
                left += [line.strip() for line in f if any(p in line for p in paths)]
            break
        except OSError:
            continue
    left += glob.glob("/sys/fs/bpf/*maptrap*")
    return left + bpf_programs("maptrap")


def bpftool():
    path = os.path.join(build.CACHE, "libbpf/usr/sbin/bpftool")
    return path if os.path.exists(path) else None


def bpf_programs(owner):
    """Links and programs that bpftool ascribes to processes of this name."""
    if not bpftool() or os.geteuid() != 0:
        return []
    out = []
    for kind in ("link", "prog"):
        p = subprocess.run([bpftool(), kind, "show"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                           text=True)
        out += [f"{kind} {line.strip()}" for line in re.findall(rf"pids .*\b{owner}\(\d+\).*", p.stdout)]
    return out

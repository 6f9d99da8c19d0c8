#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Inputs that want to hurt the readers of profiles and traces: compression bombs, absurd counts, endless
lines, files cut at every byte. What must hold: an answer or a message with the offset, exit status 0 or 4
(never a signal), memory and CPU time bounded. MAPTRAP_SLOW=1 cuts at every byte instead of every 29th."""
import glob
import gzip
import os
import subprocess
import sys
import tempfile
import zlib

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "bench"))
from profile_gen import field, number, varint

MAPTRAP = os.environ.get("MAPTRAP", os.path.join(TOP, "build/maptrap"))
MB = 1 << 20
MEMORY_MB = 2600  # 512 MiB of a profile, decompressed, and 50 million samples made of them (src/model/profile.h)


def members(unit, times):
    """gzip of `unit` so many times over, without making it: members may follow each other."""
    return gzip.compress(unit, 9) * times


class Case:
    """One command on one input: `data` is bytes, or a list of byte strings. With `times` the last of them
    comes so many times over, through a pipe."""

    def __init__(self, folder, command, data, times=0):
        path = os.path.join(folder, "input")
        pieces = data if isinstance(data, list) else [data]
        if not times:
            with open(path, "wb") as f:
                f.writelines(pieces)
        with open(os.path.join(folder, "err"), "wb+") as err:
            p = subprocess.Popen([MAPTRAP, command, "-" if times else path], stdout=subprocess.DEVNULL, stderr=err,
                                 stdin=subprocess.PIPE)
            try:
                for piece in pieces[:-1] + pieces[-1:] * times if times else []:
                    p.stdin.write(piece)
                p.stdin.close()
            except BrokenPipeError:
                pass  # it has seen enough
            _, status, usage = os.wait4(p.pid, 0)
            p.returncode = os.waitstatus_to_exitcode(status)
            err.seek(0)
            self.err = err.read().decode(errors="replace").strip()
        self.seconds = usage.ru_utime + usage.ru_stime
        self.status = p.returncode
        self.mb = usage.ru_maxrss / 1024

    def wrong(self, want_status, want_text=""):
        if self.status not in want_status:
            return f"exit status {self.status}, wanted {want_status}: {self.err[-300:]}"
        if want_text not in self.err:
            return f"no {want_text!r} in: {self.err[:300]}"
        if self.mb > MEMORY_MB:
            return f"{self.mb:.0f} MB of memory"
        if self.seconds > 30:
            return f"{self.seconds:.0f} s of CPU"
        return ""


def valid_profile():
    strings = [b"", b"cpu", b"ns", b"f", b"g"]
    return (field(1, number(1, 1) + number(2, 2)) + b"".join(field(6, s) for s in strings) +
            field(5, number(1, 1) + number(2, 3)) + field(4, number(1, 1) + field(4, number(1, 1))))


def bombs():
    """name, command, data, exit statuses, text of the message[, times]"""
    sample = field(2, field(1, varint(1) * 40) + field(2, varint(7)))  # past the limit of stacks, too
    block = sample * (MB // len(sample))
    trace = b"go 1.22 trace\0\0\0"
    profile = valid_profile()
    # A location whose line names a function that is not there, one that names itself as its mapping,
    # functions that name each other's strings: tables that lead nowhere or around.
    around = (profile + field(4, number(1, 2) + number(2, 2) + field(4, number(1, 99))) +
              field(3, number(1, 1) + number(5, 1)) + field(5, number(1, 5) + number(2, 5)) +
              field(2, field(1, varint(2) * 3 + varint(1)) + field(2, varint(1))))
    return [
        ("gzip bomb of 4 GB of samples", "profile", [gzip.compress(profile), members(block * 64, 64)], (4,), "the limit here"),
        ("1 GB of samples", "profile", [profile, block], (4,), "offset", 1024),
        ("gzip bomb of 2 GB of zeros", "profile", members(bytes(64 * MB), 32), (4,), "gzip bomb"),
        ("gzip bomb of zeros behind a trace's header", "trace", [gzip.compress(trace), members(bytes(64 * MB), 32)],
         (4,), "offset"),
        ("gzip within gzip within gzip", "profile", gzip.compress(gzip.compress(gzip.compress(profile))), (4,), ""),
        ("gzip cut off", "profile", gzip.compress(profile * 500)[:-20], (4,), "offset"),
        ("gzip with a wrong checksum", "profile", gzip.compress(profile)[:-8] + b"\0" * 8, (0, 4), ""),
        ("tables that lead around", "profile", around, (0, 4), ""),
        ("a string of 2^62 bytes", "profile", profile + varint(6 << 3 | 2) + varint(1 << 62), (4,), "offset"),
        ("a packed list of 2^31 stacks", "profile", profile + varint(2 << 3 | 2) + varint(1 << 31) + b"\x0a", (4,),
         "offset"),
        ("a value of 20 bytes", "profile", profile + varint(2 << 3) + b"\xff" * 20, (4,), "offset"),
        ("a folded line of 1 GB", "profile", [b"main.f;" * (MB // 7 + 1)], (4,), "the limit here", 1024),
        ("a folded line of 1 GB behind good ones", "profile", [b"main.f;main.g 1\n" * 9, b"main.f;" * (MB // 7 + 1)], (4,),
         "offset", 1024),
        ("folded lines of 1 MB without a count", "profile", members((b"a" * MB + b"\n") * 16, 16), (4,), ""),
        ("a line of 1 GB in perf script", "profile",
         [b"svc 12 3.4: 10 cpu-clock:\n\t10 main.f (/svc)\n\nsvc 1", b"1" * MB], (4,), "offset", 1024),
        ("legacy counts beyond 64 bits", "profile",
         b"heap profile: 99999999999999999999: 1 [1: 1] @ heap/1\n1: 99999999999999999999 [1: 1] @ 0x1\n", (0, 4), ""),
        ("a trace's batch of 2^60 bytes", "trace", trace + b"\x01\x01\x01\x01" + varint(1 << 60), (4,), "offset"),
        ("a trace's stack of 2^40 frames", "trace",
         trace + b"\x01\x01\x00\x01" + varint(9) + b"\x02\x03\x01" + varint(1 << 40), (4,), "offset"),
        ("a million batches of nothing", "trace",
         trace + b"\x01\x01\x01\x01\x00" * 1000000, (4,), "offset"),
        ("a million threads", "trace",
         trace + b"".join(b"\x01\x01" + varint(i) + b"\x01\x01\x0b" for i in range(1000000)), (4,), "offset"),
        ("an old trace of 1 GB", "trace", [b"go 1.21 trace\0\0\0", bytes(MB)], (4,), "offset", 1024),
        ("a generation of 1 GB", "trace", [trace, b"\x01\x01\x01\x01" + varint(60000) + b"\x0b" + bytes(59999)], (4,),
         "offset", 17900),
    ]


def cuts(folder, command, paths, step):
    """Every file cut at every byte: what was wrong first, and how many were tried."""
    tried = 0
    for path in paths:
        with open(path, "rb") as f:
            data = f.read()
        if data[:2] == b"\x1f\x8b":
            data = zlib.decompress(data, 31)
        for n in range(tried % step, len(data), step):
            case = Case(folder, command, data[:n])
            tried += 1
            wrong = case.wrong((0, 4))
            if wrong:
                return tried, f"{os.path.basename(path)} cut at {n}: {wrong}"
    return tried, ""


def outputs():
    """A disk that is full is an error; a reader of the output that leaves is none."""
    trace = [MAPTRAP, "trace", "--json", os.path.join(TOP, "tests/fuzz/corpus/gotrace/go1.26.trace")]
    with open("/dev/full", "wb") as full:
        p = subprocess.run(trace, stdout=full, stderr=subprocess.PIPE, check=False)
    wrong = "" if p.returncode == 3 and b"writing to stdout failed" in p.stderr else f"status {p.returncode}: {p.stderr}"
    read_end, write_end = os.pipe()
    os.close(read_end)
    left = subprocess.run(trace, stdout=write_end, stderr=subprocess.PIPE, check=False)
    os.close(write_end)
    return [("stdout is full", wrong, ""),
            ("who reads stdout has left", f"{left.returncode}: {left.stderr}" if left.returncode or left.stderr else "", "")]


def main():
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for name, command, data, status, text, *times in bombs():
            case = Case(folder, command, data, *times)
            results.append((f"{name}: {case.seconds:.1f} s, {case.mb:.0f} MB", case.wrong(status, text)))
            results[-1] += (case.err,)
        step = 1 if os.environ.get("MAPTRAP_SLOW") else 29
        for command, pattern in (("profile", "tests/fuzz/corpus/pro*/*"), ("trace", "tests/fuzz/corpus/gotrace/*")):
            paths = [p for p in sorted(glob.glob(os.path.join(TOP, pattern))) if os.path.getsize(p) < 12000]
            tried, wrong = cuts(folder, command, paths, step)
            results.append((f"{len(paths)} files for {command}, cut at {tried} places", wrong, ""))
    results += outputs()
    for name, wrong, err in results:
        tap.check(not wrong, name, wrong, err)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boots Debian's cloud kernels under emulation (qemu, no KVM needed) with maptrap and a racing Go
target in an initramfs, runs doctor and locate there, and looks at the answers. What must hold: doctor
names the way of attaching that this kernel has; locate finds the race, both sides; a lock that both
sides take is not accused; the target lives, and neither a BPF program nor a byte of a probe is left.

run.py [--match SUITE] [--verbose]      `make test-kernels`; raw figures: bench/results/kernels.jsonl"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(TOP, "tests/live"), os.path.join(TOP, "bench")]
import build
import record

MAPTRAP = os.environ.get("MAPTRAP", os.path.join(TOP, "build/maptrap"))
BOOT_LIMIT_S = 230
# How probes are attached: Debian 12's kernel (6.1) has no uprobe_multi.
UPROBES = {"bookworm": "single uprobes", "trixie": "uprobe_multi", "sid": "uprobe_multi"}


def libraries(path):
    out = subprocess.run(["ldd", path], stdout=subprocess.PIPE, check=True, text=True).stdout
    folder = os.path.dirname(re.search(r"libc\.so\.6 => (/\S+)", out)[1])
    # And those that it opens when it needs them (base/lazy.h).
    opened = [os.path.join(folder, name) for name in ("libZydis.so.4.0", "libm.so.6")]
    return re.findall(r"(/\S+)", out) + opened


def initramfs(folder, target):
    """A cpio archive with busybox, maptrap and its libraries, and the target."""
    root = os.path.join(folder, "root")
    for d in ("bin", "proc", "sys", "dev", "tmp", "etc", "run"):
        os.makedirs(os.path.join(root, d))
    busybox = shutil.which("busybox")
    if not busybox:
        raise build.Missing("no busybox (scripts/setup.sh kernels)")
    for path, name in ((busybox, "bin/busybox"), (MAPTRAP, "bin/maptrap"), (target, "bin/target"),
                       (os.path.join(HERE, "init"), "init")):
        shutil.copy(path, os.path.join(root, name))
        os.chmod(os.path.join(root, name), 0o755)
    for lib in libraries(MAPTRAP):
        to = os.path.join(root, lib.lstrip("/"))
        os.makedirs(os.path.dirname(to), exist_ok=True)
        shutil.copy(lib, to)
    archive = os.path.join(folder, "initramfs")
    with open(archive, "wb") as f:
        names = subprocess.run(["find", "."], cwd=root, stdout=subprocess.PIPE, check=True).stdout
        subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=names, stdout=f, check=True)
    return archive


def boot(vmlinuz, archive):
    """The console's text, or what there was of it when the time was over."""
    command = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "Haswell-noTSX", "-smp", "2", "-m", "1536",
               "-kernel", vmlinuz, "-initrd", archive, "-append", "console=ttyS0 panic=-1 quiet loglevel=3",
               "-nographic", "-no-reboot", "-net", "none"]
    try:
        p = subprocess.run(["nice", "-n", "10"] + command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=BOOT_LIMIT_S)
        return p.stdout.decode(errors="replace").replace("\r", "")
    except subprocess.TimeoutExpired as e:
        return (e.stdout or b"").decode(errors="replace").replace("\r", "") + "\nMAPTRAP-TIMEOUT"


def part(text, name):
    """(what was printed, exit status) of a command's last run, or ("", None)."""
    m = re.findall(rf"MAPTRAP-{name}-BEGIN\n(.*?)MAPTRAP-{name}-END (\d+)", text, re.S)
    return (m[-1][0], int(m[-1][1])) if m else ("", None)


def judge_doctor(suite, text):
    answer, status = part(text, "DOCTOR")
    try:
        rows = {c["name"]: c for c in json.loads(answer)["checks"]}
    except ValueError:
        return [f"doctor: exit {status}: {answer[-300:]}"], None
    wrong = [f"doctor: {n}: {c['found']}" for n, c in rows.items() if c["state"] == "no"]
    how = rows.get("uprobes", {}).get("found", "nothing")
    if status != 0 or not how.startswith(UPROBES[suite]):
        wrong.append(f"doctor: exit {status}, uprobes: {how}")
    return wrong, how


def judge_look(name, text, wanted, row):
    """What locate said, and what it left behind. The document, or None."""
    answer, status = part(text, name)
    stderr = " | ".join(re.findall(rf"MAPTRAP-{name}-STDERR (.*)", text))
    row[name.lower()] = status
    wrong = [f"{name}: the target is {what}" for what, mark in (("dead", "ALIVE"), ("not as it was", "CLEAN"))
             if f"MAPTRAP-{name}-{mark}" not in text]
    if status not in wanted:
        wrong.append(f"{name}: exit {status}, wanted {wanted}: {stderr[-400:]}")
    try:
        return wrong, json.loads(answer)
    except ValueError:
        return wrong + [f"{name}: no JSON: {stderr[-400:]}"], None


def judge(suite, text):
    """Complaints, and the row of figures."""
    kernel = re.search(r"MAPTRAP-KERNEL (\S+)", text)
    row = {"suite": suite, "kernel": kernel[1] if kernel else "did not boot"}
    if not kernel:
        return ["the kernel did not boot: " + text[-300:]], row
    wrong, row["uprobes"] = judge_doctor(suite, text)
    more, doc = judge_look("LOCATE", text, (1,), row)
    row["deaths"] = text.count("MAPTRAP-LOCATE-BEGIN") - ("MAPTRAP-LOCATE-ALIVE" in text)
    if doc and doc["findings"]:
        sides = {a["function"] for a in doc["findings"][0]["accesses"]}
        row["took_s"], row["holds"] = doc["took_s"], doc["coverage"]["holds"]
        if sides != {"main.stringA", "main.stringB"}:
            more.append(f"locate names {sorted(sides)}")
    fixed, doc = judge_look("GUARDED", text, (0, 5), row)
    if doc:
        row["guarded_holds"] = doc["coverage"]["holds"]
        if doc["findings"]:
            fixed.append("a map with a lock is accused")
    return wrong + more + fixed, row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--match", default="")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    if not shutil.which("qemu-system-x86_64"):
        print("SKIP kernels: no qemu-system-x86_64 (scripts/setup.sh kernels)\n0 passed, 0 failed, 1 skipped")
        return 0
    out = subprocess.run([os.path.join(TOP, "scripts/kernels.sh")], stdout=subprocess.PIPE, check=True, text=True)
    series = record.Series("kernels", "doctor and locate under emulated kernels", resume=True)
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="maptrap-kernels-") as folder:
        archive = initramfs(folder, build.build("racer", "1.24", "plain"))
        for line in out.stdout.split("\n"):
            if not line or args.match not in line:
                continue
            suite, vmlinuz = line.split()
            began = time.monotonic()
            text = boot(vmlinuz, archive)
            wrong, row = judge(suite, text)
            row["seconds"] = round(time.monotonic() - began)
            row["ok"] = not wrong
            series.add(row)
            passed, failed = passed + (not wrong), failed + bool(wrong)
            print(f"{'FAIL' if wrong else 'ok  '} {row['kernel']} ({row['seconds']} s)"
                  + "".join("\n       " + w for w in wrong), flush=True)
            if args.verbose:
                print(text)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

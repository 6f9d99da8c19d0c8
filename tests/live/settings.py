# SPDX-License-Identifier: Apache-2.0
"""What a live case may change around the run (SETTING). Each gives the target to start and the
command to run; what it does is undone when the case is over."""
import ctypes
import os
import re
import shlex
import shutil

PTRACE_SEIZE, PTRACE_DETACH = 0x4206, 17
NAMES = ("", "nobody", "no-btf", "no-bpf", "lockdown", "traced", "deleted", "not-go", "old-go",
         "future-go", "wrong-go")


def change_version(path, folder, version):
    """A copy of a Go binary that says it was built by another version (of the same length)."""
    with open(path, "rb") as f:
        data = f.read()
    now = re.search(rb"go1\.\d\d\.\d+", data)[0]
    new = version.encode() + now[len(version):]
    out = os.path.join(folder, "other-version")
    with open(out, "wb") as f:
        f.write(data.replace(now, new))
    os.chmod(out, 0o755)
    return out


def program(setting, path, folder):
    """The program to start instead of path."""
    if setting == "old-go":
        return change_version(path, folder, "go1.18")
    if setting == "wrong-go":  # another layout than its own: what is read from it makes no sense
        return change_version(path, folder, "go1.19")
    if setting == "future-go":
        return change_version(path, folder, "go1.39")
    if setting == "deleted":
        out = os.path.join(folder, "copy")
        shutil.copy(path, out)
        return out
    return path


def not_go(folder):
    """A program that is not Go and speaks as a target does."""
    out = os.path.join(folder, "not-go")
    with open(out, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\necho ready $$ 0x0 0x0 sh\nread x\n")
    os.chmod(out, 0o755)
    return out


def started(setting, target):
    """After the target has started. Returns what undoes it."""
    if setting == "deleted":
        os.remove(target.path)
    if setting == "traced":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long] * 4
        if libc.ptrace(PTRACE_SEIZE, target.pid, 0, 0) != 0:
            raise RuntimeError("PTRACE_SEIZE: " + os.strerror(ctypes.get_errno()))
        return lambda: None # killing the target ends it
    return lambda: None


def command(setting, argv):
    """The command to run instead of argv."""
    run = " ".join(shlex.quote(a) for a in argv)
    if setting == "nobody":
        return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"] + argv
    if setting == "no-btf":
        return ["unshare", "-m", "sh", "-c", f"mount -t tmpfs none /sys/kernel/btf && exec {run}"]
    if setting == "lockdown":
        fake = "none integrity [confidentiality]"
        return ["unshare", "-m", "sh", "-c",
                f"mount -t tmpfs none /sys/kernel/security && echo '{fake}' >/sys/kernel/security/lockdown && "
                f"exec {run}"]
    if setting == "no-bpf": # root without the capabilities that BPF takes
        less = "-bpf,-sys_admin,-perfmon"
        return ["setpriv", "--bounding-set=" + less, "--inh-caps=" + less] + argv
    return argv

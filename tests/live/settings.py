# SPDX-License-Identifier: Apache-2.0
"""What a live case may change around the run (SETTING). Each gives the target to start and the
command to run; what it does is undone when the case is over."""
import ctypes
import os
import re
import shlex
import shutil
import signal
import time

PTRACE_SEIZE, PTRACE_DETACH = 0x4206, 17
NAMES = ("", "nobody", "no-btf", "no-bpf", "lockdown", "traced", "traced-thread", "traced-later", "stopped",
         "tight-quota", "one-cpu", "deleted", "not-go", "old-go", "future-go", "wrong-go")


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


def trace(tid, after_s=0):
    """Traces a thread, stopping nothing, until what is returned is called."""
    child = os.fork()
    if child:
        time.sleep(0.1)
        return lambda: (os.kill(child, signal.SIGKILL), os.waitpid(child, 0))
    time.sleep(after_s)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long] * 4
    libc.ptrace(PTRACE_SEIZE, tid, 0, 0)
    while True:
        signal.pause()


def cpu_groups():
    """(where control groups with a CPU quota can be made, whether they are v1's); ("", False): nowhere."""
    if os.path.exists("/sys/fs/cgroup/cpu/cpu.shares"):
        return "/sys/fs/cgroup/cpu", True
    try:
        with open("/sys/fs/cgroup/cgroup.subtree_control", encoding="utf-8") as f:
            return ("/sys/fs/cgroup" if "cpu" in f.read().split() else ""), False
    except OSError:
        return "", False


def quota(target, share):
    """Puts it into a control group that may use this share of a core. Returns what undoes it."""
    top, v1 = cpu_groups()
    group = f"{top}/maptrap-test-{target.pid}"
    os.mkdir(group)
    name, value = ("cpu.cfs_quota_us", "%d") if v1 else ("cpu.max", "%d 100000")
    with open(f"{group}/{name}", "w", encoding="utf-8") as f:
        f.write(value % (share * 100000))
    with open(f"{group}/cgroup.procs", "w", encoding="utf-8") as f:
        f.write(str(target.pid))

    def undo():
        with open(top + "/cgroup.procs", "w", encoding="utf-8") as f:
            f.write(str(target.pid))
        os.rmdir(group)
    return undo


def started(setting, target):
    """After the target has started. Returns what undoes it."""
    if setting == "deleted":
        os.remove(target.path)
    if setting == "traced":
        return trace(target.pid)
    if setting == "traced-thread":
        return trace(max(int(t) for t in os.listdir(f"/proc/{target.pid}/task")))
    if setting == "traced-later":
        return trace(target.pid, 3)
    if setting == "tight-quota":
        return quota(target, 0.5)
    if setting == "one-cpu":
        for tid in os.listdir(f"/proc/{target.pid}/task"):
            os.sched_setaffinity(int(tid), {min(os.sched_getaffinity(0))})
    if setting == "stopped":
        os.kill(target.pid, signal.SIGSTOP)
        time.sleep(0.5)
        return lambda: os.kill(target.pid, signal.SIGCONT)
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

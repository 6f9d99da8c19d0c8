#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What locate says before it looks into anything: values that make no sense, descriptors that are closed, and what
becomes of a command that it starts. Needs neither root nor BPF."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAPTRAP = os.path.join(os.environ.get("MAPTRAP_BUILD", os.path.join(TOP, "build")), "maptrap")


def run(*args, **more):
    return subprocess.run([MAPTRAP, "locate", *args], capture_output=True, text=True, timeout=60, **more)


def nonsense():
    me = str(os.getpid())
    for args, want in ((["--pid", "0"], "--pid 0: no process has that pid"),
                       (["--pid", "99999999"], "no process has that pid"),
                       (["--pid", me, "--for", "0"], "--for 0: must be more than zero"),
                       (["--pid", me, "--for", "0s"], "--for 0s: must be more than zero"),
                       (["--pid", me, "--max-hold", "0"], "--max-hold 0: must be more than zero"),
                       (["--pid", me, "--max-hold", "3ms"], "2 ms at most"),
                       (["--pid", me, "--budget", "cpu=nan%"], "--budget cpu=nan%"),
                       (["--pid", me, "--src", "/no/such/dir"], "--src /no/such/dir: there is no such directory"),
                       (["--"], "no command stands after --"),
                       (["--pid", me, "--"], "name the process in one way")):
        p = run(*args)
        assert p.returncode == 2 and want in p.stderr and not p.stdout, (args, p)


def list_in_json():
    p = run("--json")
    doc = json.loads(p.stdout)
    assert p.returncode == 0 and doc["schema"] == "maptrap.processes/1" and isinstance(doc["processes"], list), p


def closed_descriptors():
    """What is printed must not land in a file that got the number of a closed descriptor."""
    p = subprocess.run(["sh", "-c", 'exec "$0" doctor --json >&-', MAPTRAP], stderr=subprocess.PIPE, text=True)
    assert p.returncode == 3 and "stdout" in p.stderr, p
    with tempfile.NamedTemporaryFile() as f:
        f.write(b"goroutine 1 [running]:\nmain.main()\n\t/a.go:1 +0x1\n")
        f.flush()
        before = open(f.name, "rb").read()
        for closed in (">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"):
            subprocess.run(["sh", "-c", f'exec "$0" dump "$1" {closed}', MAPTRAP, f.name], capture_output=True)
            assert open(f.name, "rb").read() == before, closed


def gone(path):
    """Does the process whose number was written there run no more?"""
    pid = int(open(path).read())
    for _ in range(100):
        if not os.path.exists(f"/proc/{pid}") or open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def command_is_ended():
    """SIGTERM while it waits: the answer says so, and nothing that the command started is left."""
    with tempfile.TemporaryDirectory() as d:
        at = os.path.join(d, "pid")
        for script in (f"sleep 300 & echo $! >{at}; wait", f"(sleep 300 & echo $! >{at}); exec sleep 301"):
            p = subprocess.Popen([MAPTRAP, "locate", "--", "sh", "-c", script], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
            while not os.path.exists(at) or not open(at).read():
                time.sleep(0.02)
            p.send_signal(signal.SIGTERM)
            out, err = p.communicate(timeout=30)
            assert p.returncode == 5 and "you ended it" in err and not out, (p.returncode, out, err)
            assert gone(at), script
            os.remove(at)


def command_without_go():
    p = run("--", "true")
    assert p.returncode == 5 and "ended before a Go program" in p.stderr, p
    p = run("--", "/no/such/command")
    assert p.returncode == 3 and "could not be started" in p.stderr, p


def command_dies_of_sigpipe():
    """maptrap ignores SIGPIPE; what it starts must not."""
    p = run("--", "sh", "-c", "kill -PIPE $$; echo survived")
    assert p.returncode == 5 and "survived" not in p.stdout + p.stderr, p


for test in (nonsense, list_in_json, closed_descriptors, command_is_ended, command_without_go,
             command_dies_of_sigpipe):
    tap.run(test.__name__, test)
sys.exit(tap.done())

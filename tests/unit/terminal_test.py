#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""On a terminal, control characters out of foreign input are shown, not sent; colours are. In a pipe the bytes stay."""
import os
import pty
import subprocess
import sys
import tempfile

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAPTRAP = os.path.join(os.environ.get("MAPTRAP_BUILD", os.path.join(TOP, "build")), "maptrap")
DUMP = b"""fatal error: concurrent map writes

goroutine 7 [running]:
main.\x1b]0;owned\x07put(...)
	/src/a\x1b[2Jb.go:12 +0x1d
created by main.main in goroutine 1
	/src/main.go:20 +0x3a
"""


def on_terminal(argv, stream="stdout"):
    leader, follower = pty.openpty()
    env = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    where = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: follower}
    p = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, **where)
    os.close(follower)
    text = b""
    try:
        while piece := os.read(leader, 65536):
            text += piece
    except OSError:  # the other end is closed
        pass
    os.close(leader)
    return p.wait(), text


def dump():
    with tempfile.NamedTemporaryFile() as f:
        f.write(DUMP)
        f.flush()
        status, text = on_terminal([MAPTRAP, "dump", f.name])
        assert status == 1, (status, text)
        assert b"\\x1b]0;owned\\x07put" in text and b"\\x1b[2Jb.go:12" in text, text
        assert b"\x1b]" not in text and b"\x1b[2J" not in text and b"\x07" not in text, text
        piped = subprocess.run([MAPTRAP, "dump", f.name], stdout=subprocess.PIPE, check=False).stdout
        assert b"\x1b]0;owned\x07put" in piped, piped


def colours():
    status, text = on_terminal([MAPTRAP, "doctor"])
    assert status in (0, 3) and b"\x1b[32m" in text and b"\\x1b" not in text, (status, text)


def messages():
    """So are those in messages: names of files and programs, versions that binaries claim."""
    status, text = on_terminal([MAPTRAP, "dump", "/none/\x1b]0;owned\x07"], "stderr")
    assert status == 3 and b"\\x1b]0;owned\\x07" in text and b"\x1b" not in text, (status, text)


for test in (dump, colours, messages):
    tap.run(test.__name__, test)
sys.exit(tap.done())

# SPDX-License-Identifier: Apache-2.0
"""Golden cases: a folder tests/golden/AREA/CASE with
  cmd      arguments of maptrap, one shell-quoted line, run inside the folder
  want     its stdout (fields "took_s" are blanked)
  want.err its stderr, where it is not empty
  status   its exit status, where it is not 0
Whatever else lies there is input."""
import difflib
import glob
import os
import re
import shlex
import subprocess


def read(path):
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def write(path, text):
    if text:
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as f:
            f.write(text)
    elif os.path.exists(path):
        os.remove(path)


def run(counts, top, maptrap, match, rewrite):
    for cmd in sorted(glob.glob(os.path.join(top, "tests/golden/*/*/cmd"))):
        folder = os.path.dirname(cmd)
        name = "golden: " + os.path.relpath(folder, os.path.join(top, "tests/golden"))
        if match not in name:
            continue
        try:
            p = subprocess.run([maptrap] + shlex.split(read(cmd)), cwd=folder, timeout=120,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE,
                               env={**os.environ, "NO_COLOR": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8",
                                    "XDG_CACHE_HOME": "/proc/none"})
        except subprocess.TimeoutExpired:
            counts.result(False, name, "did not end in 120 s")
            continue
        got = p.stdout.decode("utf-8", "surrogateescape")
        got = re.sub(r'("took_s": ?)[0-9.e-]+', r"\g<1>0", got)
        err = p.stderr.decode("utf-8", "surrogateescape")
        status = f"{p.returncode}\n" if p.returncode else ""
        if rewrite:
            write(os.path.join(folder, "want"), got)
            write(os.path.join(folder, "want.err"), err)
            write(os.path.join(folder, "status"), status)
        wants = [("want", got), ("want.err", err), ("status", status)]
        bad = [(f, g) for f, g in wants if read(os.path.join(folder, f)) != g]
        for f, g in bad:
            diff = difflib.unified_diff(read(os.path.join(folder, f)).splitlines(), g.splitlines(),
                                        f, "got", lineterm="", n=1)
            print("\n".join(list(diff)[:40]))
        counts.result(not bad, name, "differs in " + ", ".join(f for f, _ in bad))

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The trace reader against Go's own (tests/oracle/gotrace.py): text traces of 1.27 and old traces of
1.19 and 1.21; with MAPTRAP_SLOW=1 those of every toolchain, and traces that each of them makes."""
import os
import subprocess
import sys

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/oracle"))
import gotrace  # noqa: E402


def main():
    os.environ["MAPTRAP"] = os.environ.get("MAPTRAP", os.path.join(TOP, "build/maptrap"))
    slow = os.environ.get("MAPTRAP_SLOW")
    cases = [["all"]] if slow else [["tests", "--go", "1.27"], ["v1"]]
    need = gotrace.ALL if slow else ["1.19", "1.21", "1.27"]
    missing = [v for v in need if not os.path.exists(gotrace.goroot(v) + "/bin/go")]
    for args in cases:
        name = f"like Go's own reader: {args[0]}"
        if missing:
            tap.skip(name, f"Go {', '.join(missing)} not unpacked (make setup)")
            continue
        p = subprocess.run([sys.executable, os.path.join(TOP, "tests/oracle/gotrace.py")] + args,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        lines = p.stdout.splitlines()
        tap.check(p.returncode == 0 and lines, name + ", " + (lines[-1] if lines else "nothing said"),
                  *[x for x in lines if not x.startswith("agree")][:5])
    sys.exit(tap.done())


if __name__ == "__main__":
    main()

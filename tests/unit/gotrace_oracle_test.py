#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The trace reader against Go's own (tests/oracle/gotrace.py): text traces of 1.27 and old traces of
1.19 and 1.21; with MAPTRAP_SLOW=1 those of every toolchain, and traces that each of them makes."""
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/oracle"))
import gotrace  # noqa: E402


def main():
    os.environ["MAPTRAP"] = os.environ.get("MAPTRAP", os.path.join(TOP, "build/maptrap"))
    slow = os.environ.get("MAPTRAP_SLOW")
    cases = [["all"]] if slow else [["tests", "--go", "1.27"], ["v1"]]
    need = gotrace.ALL if slow else ["1.19", "1.21", "1.27"]
    missing = [v for v in need if not os.path.exists(gotrace.goroot(v) + "/bin/go")]
    print(f"1..{len(cases)}")
    for number, args in enumerate(cases, 1):
        name = f"{number} - like Go's own reader: {args[0]}"
        if missing:
            print(f"ok {name} # SKIP Go {', '.join(missing)} not unpacked (make setup)")
            continue
        p = subprocess.run([sys.executable, os.path.join(TOP, "tests/oracle/gotrace.py")] + args,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        lines = p.stdout.splitlines()
        for line in [x for x in lines if not x.startswith("agree")][:5]:
            print("#", line[:300])
        print("ok" if p.returncode == 0 else "not ok", name + ", " + (lines[-1] if lines else ""))


if __name__ == "__main__":
    main()

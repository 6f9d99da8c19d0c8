#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the rows of src/decoders/golayout_rows.h: builds a program with every Go toolchain of the
cache and prints what its own DWARF says, through `gobin_dump FILE layout`.

golayout-rows.py GOBIN_DUMP >src/decoders/golayout_rows.h
"""
import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROWS = [("1.19", ""), ("1.21", ""), ("1.22", ""), ("1.23", ""), ("1.24", ""),
        ("1.24", "noswissmap"), ("1.25", ""), ("1.25", "noswissmap"), ("1.26", ""), ("1.27", "")]
PROGRAM = """package main

func main() {
\tm := map[string]int{}
\tfor i := range make([]int, 100) {
\t\tm[string(rune(i))] = i
\t}
\tfor k := range m {
\t\tdelete(m, k)
\t}
}
"""


def build(version, experiment, folder, flags=()):
    """The path of PROGRAM built by that toolchain."""
    goroot = subprocess.run([TOP + "/scripts/toolchains.sh", "--path", version], check=True,
                            capture_output=True, text=True).stdout.strip()
    source, out = folder + "/main.go", f"{folder}/{version}-{experiment or 'plain'}"
    with open(source, "w", encoding="utf-8") as f:
        f.write(PROGRAM)
    env = {**os.environ, "GOROOT": goroot, "GO111MODULE": "off", "GOTOOLCHAIN": "local",
           "GOFLAGS": "", "CGO_ENABLED": "0", "GOEXPERIMENT": experiment,
           "GOCACHE": os.path.join(tempfile.gettempdir(), "maptrap-gocache-" + version)}
    subprocess.run([goroot + "/bin/go", "build", *flags, "-o", out, source], check=True, env=env,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return out


def layout(dump, program):
    """Field → offset, as the program's DWARF says."""
    text = subprocess.run([dump, program, "layout"], check=True, capture_output=True,
                          text=True).stdout
    fields = dict(line.split() for line in text.splitlines() if not line.startswith("source "))
    return {k: int(v) for k, v in fields.items()}


def main():
    print("// SPDX-License-Identifier: Apache-2.0")
    print("// Made by scripts/golayout-rows.py from the DWARF of programs built by each toolchain.")
    print("// clang-format off")
    with tempfile.TemporaryDirectory() as folder:
        for version, experiment in ROWS:
            fields = layout(sys.argv[1], build(version, experiment, folder))
            minor = int(version.split(".")[1])
            swiss = "true" if minor >= 24 and not experiment else "false"
            print(f'{{ {minor}, {swiss}, {{ .source = "table go{version}'
                  f'{" " + experiment if experiment else ""}",')
            items = [f".{k} = {v}," for k, v in fields.items() if v]
            for i in range(0, len(items), 4):
                print("    " + " ".join(items[i:i + 4]))
            print("} },")


if __name__ == "__main__":
    main()

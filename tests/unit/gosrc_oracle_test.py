#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our Go parser against go/parser of Go 1.27: the same files accepted and rejected, the same nodes at
the same places. A part of Go's own tree (its syntax-error tests among it); all of it, in every
version, with MAPTRAP_SLOW=1."""
import glob
import os
import subprocess
import sys
import tempfile

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("MAPTRAP_BUILD", os.path.join(TOP, "build"))
SLOW = os.environ.get("MAPTRAP_SLOW")
PARTS = ["src/go", "src/sync", "src/net/http", "src/internal/types/testdata", "test/fixedbugs",
         "test/typeparam", "src/cmd/compile/internal/syntax"]


def root(version):
    out = subprocess.run([os.path.join(TOP, "scripts/toolchains.sh"), "--path", version],
                         capture_output=True, text=True)
    return out.stdout.strip()


def sources(version):
    share = os.path.realpath(os.path.join(root(version), "src"))
    top = os.path.dirname(share)
    for part in [""] if SLOW else PARTS:
        for folder, _, names in os.walk(os.path.join(top, part)):
            for n in sorted(names):
                if n.endswith(".go"):
                    yield os.path.join(folder, n)


def deep(folder):
    """Files that are hard on a parser, with what must become of them."""
    cases = {
        "parens.go": ("package p\nvar x = " + "(" * 200000 + "\n", "error"),
        "blocks.go": ("package p\nfunc f() " + "{" * 200000 + "\n", "error"),
        "types.go": ("package p\ntype t " + "[]" * 200000 + "int\n", "error"),
        "sum.go": ("package p\nvar x = 1" + "+1" * 5000 + "\n", "Ident"),
        "nul.go": ("package p\nvar x = \0\n", "error"),
        "empty.go": ("", "error"),
        "one.go": ("package p", "Ident"),
    }
    for name, (text, want) in cases.items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    with open(os.path.join(folder, "latin1.go"), "wb") as f:
        f.write(b"package p\n// caf\xe9\n")
    cases["latin1.go"] = ("", "error")
    return {n: w for n, (_, w) in cases.items()}


def main():
    digest = os.path.join(BUILD, "tests/unit/gosrc_digest")
    with tempfile.TemporaryDirectory() as folder:
        wants = deep(folder)
        names = "".join(os.path.join(folder, n) + "\n" for n in wants)
        out = subprocess.run([digest], input=names, capture_output=True, text=True)
        bad = [line[:200] for line, want in zip(out.stdout.splitlines(), wants.values())
               if not line.split()[1].startswith(want)]
        if out.returncode or len(out.stdout.splitlines()) != len(wants):
            bad.append(f"exit status {out.returncode}")
        tap.check(not bad, "hard files end in an error, not in a crash", *bad)

        go = os.path.join(root("1.27"), "bin/go")
        if not os.path.exists(go):
            tap.skip("like go/parser", "Go 1.27 is not unpacked (make setup)")
            return tap.done()
        oracle = os.path.join(folder, "oracle")
        env = {**os.environ, "GOROOT": root("1.27"), "GO111MODULE": "off", "GOTOOLCHAIN": "local",
               "GOFLAGS": "", "CGO_ENABLED": "0",
               "GOCACHE": os.environ.get("GOCACHE", os.path.join(folder, "cache"))}
        subprocess.run([go, "build", "-o", oracle,
                        os.path.join(TOP, "tests/tools/gosrc_oracle.go")], check=True, env=env)
        files, differ = 0, []
        versions = [os.path.basename(p)[3:] for p in
                    glob.glob(os.path.join(os.path.dirname(root("1.27")), "go-*"))]
        for v in versions if SLOW else ["1.27"]:
            names = "\n".join(sources(v)) + "\n"
            ours = subprocess.run([digest], input=names, capture_output=True, text=True).stdout
            theirs = subprocess.run([oracle], input=names, capture_output=True, text=True).stdout
            a, b = ours.splitlines(), theirs.splitlines()
            files += len(a)
            differ += [x for x, y in zip(a, b) if x != y] + [""] * abs(len(a) - len(b))
        tap.check(not differ and files >= 100, f"like go/parser in {files} files, {len(differ)} differ", *differ[:5])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SARIF as Microsoft's validator wants it (schema 2.1.0, its own rules and those of GitHub's code scanning; npm, by
scripts/setup.sh test), columns and URIs of what is not ASCII, and GitHub's workflow commands."""
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("MAPTRAP_BUILD", os.path.join(TOP, "build"))
CACHE = os.environ.get("MAPTRAP_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "maptrap")
TOOL = os.path.join(CACHE, "npm/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool")
SOURCE = """package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) A(k string) { s.mu.Lock(); s.m[k] = 1; s.mu.Unlock() }
func (s *S) B(k string) { s.mu.Lock(); s.m[k] = 2; s.mu.Unlock() }
func (s *S) C(k string) { /* 😀é */ s.m[k] = 3 }
"""


def scan(folder, *args):
    p = subprocess.run([os.path.join(BUILD, "maptrap"), "scan", "--no-cache", *args], cwd=folder, capture_output=True,
                       text=True)
    assert p.returncode in (0, 1), p.stderr
    return p.stdout


def odd_names(top):
    name = "a b#%ü,:.go"
    with open(os.path.join(top, name), "w") as f:
        f.write(SOURCE)
    return name


def columns_and_uris():
    with tempfile.TemporaryDirectory() as top:
        name = odd_names(top)
        for where, prefix in ((".", ""), (top, "file://" + top + "/")):
            [result] = json.loads(scan(top, "--sarif", where))["runs"][0]["results"]
            place = result["locations"][0]["physicalLocation"]
            assert urllib.parse.unquote(place["artifactLocation"]["uri"]) == prefix + name, place
            assert " " not in place["artifactLocation"]["uri"] and "#" not in place["artifactLocation"]["uri"]
            column = place["region"]["startColumn"]
            before = SOURCE.splitlines()[11].encode("utf-16-le")[:2 * (column - 1)].decode("utf-16-le")
            assert SOURCE.splitlines()[11][len(before):].startswith("s.m[k] = 3"), column


def github():
    with tempfile.TemporaryDirectory() as top:
        odd_names(top)
        text = scan(top, "--github", ".")
        assert re.fullmatch(r"::warning file=a b#%25ü%2C%3A\.go,line=12,col=\d+,title=maptrap inconsistent-lock::"
                            r"write of S\.m: [^\n]*\n", text), text


def validator():
    with tempfile.TemporaryDirectory() as top:
        odd_names(top)
        os.chmod(TOOL, 0o755)  # npm leaves that to a script, which did not run
        logs = {"empty": (TOP, "tests/scan/safe/once"), "many": (TOP, "--tier", "library", "tests/scan", "tests/golden/scan"),
                "absolute": (TOP, os.path.join(TOP, "tests/scan/bad")), "odd": (top, ".")}
        for name, (folder, *args) in logs.items():
            with open(os.path.join(top, name + ".sarif"), "w") as f:
                f.write(scan(folder, "--sarif", *args))
        report = os.path.join(top, "report")
        env = {**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "DOTNET_CLI_TELEMETRY_OPTOUT": "1"}
        p = subprocess.run([TOOL, "validate", *(n + ".sarif" for n in logs), "--rule-kind", "Sarif;Ghas",
                            "--output", report, "--log", "ForceOverwrite"],
                           cwd=top, env=env, capture_output=True, text=True)
        assert f"{len(logs)} files scanned" in p.stdout, p.stdout + p.stderr
        with open(report) as f:
            bad = [r for run in json.load(f)["runs"] for r in run["results"] if r.get("level", "warning") == "error"]
        assert not bad, [(r["ruleId"], r["message"]) for r in bad[:3]]


tests = [columns_and_uris, github, validator]
for test in tests:
    if test is validator and not os.path.exists(TOOL):
        tap.skip("validator", "no sarif-multitool (npm and scripts/setup.sh test)")
    else:
        tap.run(test.__name__, test)
sys.exit(tap.done())

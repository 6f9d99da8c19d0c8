#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The dump reader against the truth: tests/oracle/godump/truth.go knows each of its goroutines (number,
parent, creator, function, state, locked to its thread, depth), and ends in every way there is, built by
every toolchain. maptrap's list must say the same, and hold no goroutine more or less than the text does."""
import json
import os
import re
import subprocess
import sys
import tempfile

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/live"))
from build import CACHE, VERSIONS, goroot

MAPTRAP = os.environ.get("MAPTRAP", os.path.join(TOP, "build/maptrap"))
# how, GOTRACEBACK, what else is in the environment
WAYS = [("fatal", None, {}), ("fatal", "all", {}), ("fatal", "system", {}), ("fatal", "crash", {}),
        ("panic", "all", {}), ("panic", "system", {}), ("quit", None, {}), ("quit", "system", {}),
        ("spin", None, {}), ("debug1", None, {}), ("debug2", None, {}),
        ("quit", None, {"GODEBUG": "tracebackancestors=5"})]
HEADER = re.compile(r"^goroutine (\d+) (?:gp=\S+ m=\S+(?: mp=\S+)? )?\[([^]]*)\]:$", re.M)


def build(version, output):
    env = {**os.environ, "GOROOT": goroot(version), "GO111MODULE": "off", "GOTOOLCHAIN": "local", "GOFLAGS": "",
           "CGO_ENABLED": "0", "GOCACHE": f"{CACHE}/gocache-{version}"}
    subprocess.run([goroot(version) + "/bin/go", "build", "-o", output, "truth.go"],
                   cwd=os.path.join(TOP, "tests/oracle/godump"), env=env, check=True)


# The other side's fatal line, printed into the midst of a line: what is cut so cannot all be understood.
CUT_IN = re.compile(r"^.+fatal error: concurrent", re.M)
RUNS_CUT_MAX = 3 # about 1 in 300 beside other work


def run(program, folder, how, level, more):
    """(what the program knows, what it printed), the latter whole."""
    for n in range(RUNS_CUT_MAX):
        facts, text = run_once(program, folder, how, level, more)
        if not CUT_IN.search(text):
            break
        print(f"# {how}: the second fatal line cut into a line, run {n + 1}; once more")
    return facts, text


def run_once(program, folder, how, level, more):
    env = {k: v for k, v in os.environ.items() if k not in ("GOTRACEBACK", "GODEBUG")}
    env.update(more)
    if level:
        env["GOTRACEBACK"] = level
    facts = folder + "/facts"
    p = subprocess.run([program, facts, how], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, env=env, timeout=30, check=False)
    with open(facts, encoding="utf-8") as f:
        return json.load(f), p.stderr.decode()


def list_of(text):
    p = subprocess.run([MAPTRAP, "dump", "-", "--json", "--list"], input=text.encode(), stdout=subprocess.PIPE,
                       check=False)
    return json.loads(p.stdout)


def hidden(text, goroutine):
    """Whether Go itself says that it cannot show the stack: it runs on another thread."""
    return re.search(rf"^goroutine {goroutine} .*\]:\n\tgoroutine running on other thread; stack unavailable", text, re.M)


def differences(fact, got, version, more, text):
    names = [f["function"] for f in got["stack"]]
    if not names and "running" in fact["states"] and hidden(text, fact["goroutine"]):
        names = [fact["function"]]
        got = {**got, "stack": [{"file": "truth.go", "line": 1}]}
    at = names.index(fact["function"]) if fact["function"] in names else -1
    if fact["function"] == "main.start.func":
        at = next((i for i, n in enumerate(names) if n.startswith("main.start.func")), -1)
    if at < 0:
        yield f"{fact['function']} is not on the stack, {names}"
    elif not got["stack"][at]["file"].endswith("truth.go") or not got["stack"][at]["line"]:
        yield "no file and line"
    if got["state"] not in fact["states"]:
        yield f"state {got['state']}, not {fact['states']}"
    if got["locked_to_thread"] != fact["locked"]:
        yield f"locked: {got['locked_to_thread']}"
    if (got["created_by"] or {}).get("function") != fact["creator"]:
        yield f"created by {got['created_by']}, not {fact['creator']}"
    told = version != "1.19" or "GODEBUG" in more
    if got["parent"] != (fact["parent"] if told else None):
        yield f"parent {got['parent']}, not {fact['parent']}"
    deep = names.count("main.deep")
    if deep != fact["depth"] and not (fact["depth"] > 90 and deep >= 50):  # Go itself elides beyond 100 frames
        yield f"{deep} calls of deep, not {fact['depth']}"


def check_list(facts, text, answer, version, more):
    # A thread may show its goroutine a second time, with GOTRACEBACK=crash.
    headers = list(dict.fromkeys((int(n), s.split(",")[0]) for n, s in HEADER.findall(text) if n != "0"))
    listed = [(g["goroutine"], g["state"]) for g in answer["list"]]
    if headers != listed:
        yield f"{len(headers)} goroutines in the text, {len(listed)} in the list"
    by_id = {g["goroutine"]: g for g in answer["list"]}
    for fact in facts:
        if fact["goroutine"] not in by_id:
            if len(headers) > 1:
                yield f"goroutine {fact['goroutine']} ({fact['function']}) is missing"
            continue
        for d in differences(fact, by_id[fact["goroutine"]], version, more, text):
            yield f"goroutine {fact['goroutine']} ({fact['function']}): {d}"
    if answer["source"]["lines_not_understood"]:
        yield f"{answer['source']['lines_not_understood']} lines not understood"


def check_debug1(facts, text, answer):
    total = int(re.search(r"goroutine profile: total (\d+)", text)[1])
    if answer["goroutines"] != total:
        yield f"{answer['goroutines']} goroutines, not {total}"
    for name in {f["function"] for f in facts} - {"main.start.func", "main.deep"}:
        want = sum(f["function"] == name for f in facts)
        got = sum(g["count"] for g in answer["groups"] if any(s["function"] == name for s in g["stack"]))
        if want != got:
            yield f"{got} goroutines in {name}, not {want}"


def check(version, program, folder, way):
    how, level, more = way
    facts, text = run(program, folder, how, level, more)
    answer = list_of(text)
    wrong = list(check_debug1(facts, text, answer) if how == "debug1"
                 else check_list(facts, text, answer, version, more))
    fatal = (answer["fatal"] or {}).get("text", "")
    said = re.search(r"^fatal error: (.*)$", text, re.M)
    if how == "fatal":
        if not said or fatal != said[1]:
            wrong.append(f"fatal {fatal!r}")
        died = HEADER.search(text, said.end() if said else 0)
        if answer["fatal"]["goroutine"] != int(died[1]):
            wrong.append(f"died: {answer['fatal']['goroutine']}, not {died[1]}")
        alone = version in ("1.26", "1.27") and not level
        if bool(answer["second_writer"]) == alone:
            wrong.append(f"second writer {answer['second_writer']}")
        hidden = answer["second_writer"] and not answer["second_writer"][0]["function"]  # "stack unavailable"
        if not alone and not hidden and not any(w["function"] in ("main.(*cache).put", "main.main.func1")
                                                for w in answer["second_writer"][:1]):
            wrong.append(f"second writer {answer['second_writer'][:1]}")
    elif how != "panic" and fatal:
        wrong.append(f"fatal {fatal!r}")
    keep = os.environ.get("ORACLE_KEEP")
    if keep:
        with open(f"{keep}/{version}-{how}-{level}{'-ancestors' if more else ''}", "w", encoding="utf-8") as f:
            f.write(text)
    return wrong, len(answer.get("list", []))


def main():
    with tempfile.TemporaryDirectory() as folder:
        for v in VERSIONS:
            if not os.path.exists(goroot(v) + "/bin/go"):
                tap.skip(f"Go {v}", "not unpacked (make setup)")
                continue
            program = f"{folder}/truth-{v}"
            build(v, program)
            goroutines, notes, bad = 0, [], 0
            for way in WAYS:
                wrong, n = check(v, program, folder, way)
                goroutines += n
                bad += bool(wrong)
                notes += [f"{way[0]}, GOTRACEBACK={way[1]} {way[2] or ''}: {w[:300]}" for w in wrong[:5]]
            tap.check(goroutines and not bad, f"Go {v}: {goroutines} goroutines of {len(WAYS)} dumps, "
                      f"{len(WAYS) - bad} as they were", *notes)
    sys.exit(tap.done())


if __name__ == "__main__":
    main()

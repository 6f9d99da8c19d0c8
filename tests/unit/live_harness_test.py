#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The harness of the live tests, tried on a maptrap that prints canned answers: what is right must
pass, and every kind of wrong answer must fail."""
import copy
import json
import os
import stat
import subprocess
import sys
import tempfile

from tap import check, done

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(TOP, "tests/live"), os.path.join(TOP, "bench")]
import build
import cases
import expect
import process

MAP = 0xC000012345
WHEN = "2026-01-01T00:00:00.5Z"


def access(function, mark, op="assign"):
    name, line = expect.marks("shop")[mark]
    place = {"function": function, "file": "/src/shop/" + name, "line": line}
    return {"op": op, "goroutine": 7, "parent": 1, "created_by": {"function": "main.main", "file": "/m.go", "line": 1},
            **place, "via": None, "key": "k", "hash": None, "bucket": None, "locks": [], "labels": {}, "route": None,
            "time": WHEN, "stack": [{**place, "inlined": False}]}


def document():
    where = {"address": hex(MAP), "type": "map[string]int", "name": None}
    finding = {"id": "mt-0123456789abcdef", "kind": "write-write", "evidence": "overlap", "map": where,
               "accesses": [access("main.(*catalog).remember", "handler"),
                            access("main.(*catalog).refresh", "refresher")],
               "guards": [], "held": {"kind": "busy", "ms": 2.0, "times": 3, "arrivals": 1, "expected": 0.5},
               "missing": [], "static": "unknown", "advice": "lock", "first_seen": WHEN, "count": 1}
    own = {"map": where, "goroutines": 2, "sites": 2, "accesses": 300, "holds": 120,
           "arrivals": 1, "guards": [], "verdict": "overlap", "why": "met"}
    return {"schema": "maptrap.findings/1", "findings": [finding], "suspects": [],
            "target": {"pid": 1, "start_time": WHEN, "exe": "/shop", "go": "go1.24.4", "build_id": "b", "stripped": False},
            "coverage": {"maps": 3, "maps_shared": 1, "sites": 4, "accesses": 900, "holds": 120,
                         "blind": ["main.rollup is too hot"], "by_map": [own]},
            "cost": {"probe_hits": 10, "ns_per_hit": 1300, "held_ms": 4.0, "cpu_share": 0.004, "dropped": 0},
            "took_s": 2.1}


def outcome(doc, status=1):
    return expect.Outcome(status, json.dumps(doc), "", 2.5, map=MAP, target="shop", alive=True, works=True,
                          checks=4, speed={0: 0.97})


PAIR = "finding main.(*catalog).remember@handler main.(*catalog).refresh@refresher write-write overlap"


def unmet(line, o):
    try:
        expect.check(line, o)
    except expect.Unmet as e:
        return str(e)
    return ""


def changed(change):
    doc = copy.deepcopy(document())
    change(doc)
    return doc


def holds():
    o = outcome(document())
    for line in ["exit 1", "exit 0|1", PAIR, "finding main.(*catalog).refresh main.(*catalog).remember",
                 "map holds >= 100", "map goroutines >= 2", "map verdict in guarded|overlap", "took <= 3s",
                 "json coverage.maps_shared >= 1", "json findings.1 absent", "blind ~ too hot", "alive", "intact",
                 "speed 0 >= 0.95", "clean", "wall <= 3s", "not accused main.innocent"]:
        check(unmet(line, o) == "", "holds: " + line, unmet(line, o))
    check(expect.contract(document(), 1) == [], "the canned document is as the contract says",
          expect.contract(document(), 1))


def fails():
    def line_off(d):
        d["findings"][0]["accesses"][0]["line"] += 1

    def other_function(d):
        d["findings"][0]["accesses"][1]["function"] = "main.innocent"
    wrong = [
        ("a wrong line", PAIR, outcome(changed(line_off))),
        ("a wrong function", PAIR, outcome(changed(other_function))),
        ("one side twice", PAIR, outcome(changed(lambda d: d["findings"][0].update(
            accesses=[d["findings"][0]["accesses"][0]] * 2)))),
        ("another kind", PAIR, outcome(changed(lambda d: d["findings"][0].update(kind="read-write")))),
        ("a suspect is no finding", PAIR, outcome(changed(
            lambda d: d.update(suspects=d["findings"], findings=[])))),
        ("an accused innocent", "not accused main.innocent", outcome(changed(other_function))),
        ("something found", "nothing found", outcome(document())),
        ("no coverage of the map", "map holds >= 100", outcome(changed(lambda d: d["coverage"].update(by_map=[])))),
        ("coverage of another map", "map holds >= 100", outcome(changed(
            lambda d: d["coverage"]["by_map"][0]["map"].update(address="0xdead")))),
        ("too few holds", "map holds >= 100", outcome(changed(
            lambda d: d["coverage"]["by_map"][0].update(holds=99)))),
        ("no coverage at all", "map holds >= 100", outcome(changed(lambda d: d.pop("coverage")))),
        ("another verdict", "map verdict in guarded|suspect", outcome(document())),
        ("too slow", "took <= 2s", outcome(document())),
        ("the exit status", "exit 0", outcome(document())),
        ("no JSON", PAIR, expect.Outcome(1, "oops", "", 1)),
        ("a second finding", "json findings.0 absent", outcome(document())),
        ("a slowed target", "speed 0 >= 0.98", outcome(document())),
        ("a dead target", "alive", expect.Outcome(1, "", "", 1)),
        ("a target that stands still", "intact", expect.Outcome(1, "", "", 1, alive=True)),
        ("a check that failed", "intact", expect.Outcome(1, "", "", 1, alive=True, works=True, failed_checks=1)),
        ("a probe left behind", "clean", expect.Outcome(1, "", "", 1, left=["link 7"])),
        ("a race that the detector saw", "target !~ DATA RACE", expect.Outcome(0, "", "", 1, said="x DATA RACE y")),
        ("a race that it did not see", "target ~ DATA RACE", expect.Outcome(0, "", "", 1)),
        ("an unknown expectation", "miracle", outcome(document())),
        ("an unknown mark", "finding -@nowhere -@handler", outcome(document())),
    ]
    for name, line, o in wrong:
        check(unmet(line, o) != "", "fails: " + name)
    broken = [
        ("exit 0 with a finding", document(), 0),
        ("exit 1 without one", changed(lambda d: d.update(findings=[])), 1),
        ("a suspicion among the findings", changed(lambda d: d["findings"][0].update(evidence="suspect")), 1),
        ("an accusation among the suspects", changed(lambda d: d.update(suspects=d["findings"])), 1),
        ("no coverage", changed(lambda d: d.pop("coverage")), 1),
        ("coverage without holds", changed(lambda d: d["coverage"].pop("holds")), 1),
        ("an unknown verdict", changed(lambda d: d["coverage"]["by_map"][0].update(verdict="fine")), 1),
        ("a proof with more holds than were made", changed(lambda d: d["coverage"].update(holds=2)), 1),
        ("a proof that held for longer than all", changed(lambda d: d["cost"].update(held_ms=1.9)), 1),
        ("a proof without an arrival", changed(lambda d: d["findings"][0]["held"].update(arrivals=0)), 1),
        ("an arrival too many", changed(lambda d: d["findings"][0]["held"].update(arrivals=2)), 1),
        ("a time that is none", changed(lambda d: d["findings"][0]["accesses"][0].update(time="just now")), 1),
        ("a frame without its line", changed(lambda d: d["findings"][0]["accesses"][0]["stack"][0].pop("line")), 1),
        ("a number for a yes or no", changed(lambda d: d["target"].update(stripped=0)), 1),
        ("no word of the route", changed(lambda d: d["findings"][0]["accesses"][0].pop("route")), 1),
        ("a suspect of which nothing is missing", changed(lambda d: d.update(
            suspects=[{**d["findings"][0], "evidence": "suspect"}])), 1),
        ("another schema", changed(lambda d: d.update(schema="maptrap.findings/2")), 1),
    ]
    for name, doc, status in broken:
        check(expect.contract(doc, status) != [], "breaks the contract: " + name)
    over = ["median took <= 3.2s", "p95 took <= 15s"]
    check(expect.over_all(over, [1.0, 2.0, 9.0]) == [], "a good median")
    check(len(expect.over_all(over, [1.0, 4.0, 9.0])) == 1, "a bad median")
    check(len(expect.over_all(over, [1.0] * 18 + [20.0] * 3)) == 1, "a bad 95th percentile")


FAKE_TARGET = """#!/usr/bin/env python3
import mmap, os, struct, time
with open(os.environ["COUNTS"], "w+b") as f:
    f.truncate(4096)
    page = mmap.mmap(f.fileno(), 4096)
page[0:8] = struct.pack("<Q", {magic})
print("ready", os.getpid(), hex({map}), "0x0", "fake", flush=True)
for i in range(1, 10000):
    page[64:72] = struct.pack("<Q", i)
    time.sleep(0.01)
"""

FAKE_MAPTRAP = """#!/bin/sh
if [ "$1" = --help ]; then echo "  locate  finds"; exit 0; fi
cat "{answer}"
exit {status}
"""

CASE = """
NAME    found
TARGET  {target}
WARM    0.05
RUN     maptrap locate --json --pid {{pid}}
EXPECT  exit 1
EXPECT  finding main.(*catalog).remember main.(*catalog).refresh write-write overlap
EXPECT  map holds >= 100
EXPECT  alive
EXPECT  intact

NAME    needs-what-nobody-has
RUN     maptrap locate --json
EXPECT  exit 0
NEEDS   cpus>=100000
"""


def script(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
    return path


def whole(folder, doc, status):
    """The runner itself, over one case. Returns its exit status and output."""
    answer = os.path.join(folder, "answer")
    with open(answer, "w", encoding="utf-8") as f:
        json.dump(doc, f)
    maptrap = script(os.path.join(folder, "maptrap"), FAKE_MAPTRAP.format(answer=answer, status=status))
    target = script(os.path.join(folder, "target"), FAKE_TARGET.format(magic=process.MAGIC, map=MAP))
    with open(os.path.join(folder, "one.case"), "w", encoding="utf-8") as f:
        f.write(CASE.format(target=target))
    p = subprocess.run([sys.executable, os.path.join(TOP, "tests/live/run.py"), "--tap", "--cases", folder],
                       env={**os.environ, "MAPTRAP": maptrap}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True, timeout=60)
    return p.returncode, p.stdout


def runs():
    with tempfile.TemporaryDirectory() as folder:
        status, out = whole(folder, document(), 1)
        check(status == 0 and "ok 1 - found" in out and "\n1..2" in out, "a right answer passes", out)
        check("ok 2 - needs-what-nobody-has # SKIP only" in out, "what the machine lacks is skipped, with its reason", out)
        doc = document()
        doc["findings"][0]["accesses"][0]["function"] = "main.innocent"
        status, out = whole(folder, doc, 1)
        check(status == 1 and "not ok 1 - found" in out, "a wrong finding fails", out)
        status, out = whole(folder, changed(lambda d: d["coverage"].update(by_map=[])), 1)
        check(status == 1 and "not ok 1 - found" in out, "a missing coverage fails", out)
        status, out = whole(folder, changed(lambda d: d.update(findings=[])), 0)
        check(status == 1 and "not ok 1 - found" in out, "a missing finding fails", out)


def real_cases():
    """The cases of the repository can be read, and name targets that exist."""
    found = cases.load(os.path.join(TOP, "tests/live/cases"))
    check(len(found) > 30, "the live cases can be read")
    unknown = [t[0] for c in found for t in c.targets if t[0] not in build.targets()]
    check(not unknown, "every target exists", unknown)
    covered = {cell[0] for c in found for cell in c.slice}
    check(set(build.VERSIONS) <= covered, "the slice meets every Go version", covered)
    kinds = {cell[1] for c in found for cell in c.slice}
    check(set(build.KINDS) <= kinds, "the slice meets every kind of build", kinds)
    strange = [f"{c.name}: {line}" for c in found for line in c.expect
               if "no such expectation" in unmet(line, outcome(document()))]
    check(not strange, "every expectation is known", strange)
    lost = []
    for c in found:
        known = expect.marks(c.targets[0][0]) if c.targets else {}
        lost += [f"{c.name}: {w}" for line in c.expect if line.startswith(("finding", "suspect"))
                 for w in line.split()[1:3] if "@" in w and w.split("@")[1] not in known]
    check(not lost, "every marked line exists", lost)


holds()
fails()
runs()
real_cases()
sys.exit(done())

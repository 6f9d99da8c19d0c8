# SPDX-License-Identifier: Apache-2.0
"""What a live case may expect of a run. One line each:

    exit 1                        the exit status; several: exit 0|5
    finding F@MARK G@MARK [KIND] [EVIDENCE]
                                  a finding between these two accesses, in either order: F is the function's
                                  name (or -), MARK a comment `// race:MARK` on the source line (or left out)
    suspect F@MARK G@MARK ...     the same among the suspects
    nothing found                 no finding
    not accused F                 no finding in which function F takes part
    map FIELD OP VALUE            of coverage.by_map, the entry of the target's own map: goroutines >= 2,
                                  holds >= 100, verdict in guarded|suspect
    json PATH OP VALUE            anything else: json coverage.maps_shared >= 1; json findings.1 absent
    blind ~ REGEX                 one of coverage.blind matches
    stderr ~ REGEX, stdout ~ REGEX
    took <= 15s                   the program's own time to the answer
    wall <= 20s                   the time of the whole run
    median took <= 3.2s, p95 took <= 15s   over all runs of the case (p95: of 20 or more)
    alive, gone                   the (first) target afterwards
    target ~ REGEX, target !~ REGEX   what it wrote to stderr
    intact                        it works on, and its own checks hold
    speed N >= 0.9                side N of the target worked that fast during the run, against before
    clean                         no probe or program of ours is left in the kernel
"""
import json
import operator
import os
import re
from dataclasses import dataclass, field

import build
import contract as shapes

OPS = {"<=": operator.le, ">=": operator.ge, "==": operator.eq, "<": operator.lt, ">": operator.gt}
ACCUSES = ("overlap", "fatal")


@dataclass
class Outcome:
    status: int
    stdout: str
    stderr: str
    wall_s: float
    map: int = 0
    target: str = ""
    said: str = ""
    alive: bool = False
    works: bool = False
    failed_checks: int = 0
    checks: int = 0
    speed: dict = field(default_factory=dict)
    left: list = field(default_factory=list)

    def document(self):
        return json.loads(self.stdout)


class Unmet(Exception):
    """An expectation that does not hold: says what was there instead."""


def seconds(text):
    m = re.fullmatch(r"([0-9.]+)(ms|s|m)?", text)
    if not m:
        raise Unmet(f"no time: {text}")
    return float(m[1]) * {"ms": 0.001, "s": 1, "m": 60, None: 1}[m[2]]


def marks(target):
    """{mark: (file name, line)} of a target's sources."""
    found = {}
    folder = os.path.join(build.TARGETS, target)
    for name in sorted(os.listdir(folder)) if target else []:
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                m = re.search(r"// race:([\w-]+)", line)
                if m:
                    found[m[1]] = (name, number)
    return found


def compare(what, value, op, want):
    if op == "in":
        good = str(value) in want.split("|")
    elif op == "~":
        good = re.search(want, str(value)) is not None
    else:
        try:
            good = OPS[op](float(value), seconds(want))
        except (KeyError, TypeError, ValueError):
            raise Unmet(f"{what} is {value!r}, wanted {op} {want}") from None
    if not good:
        raise Unmet(f"{what} is {value!r}, wanted {op} {want}")


def access_is(access, spec, known):
    function, _, mark = spec.partition("@")
    if function not in ("-", "", access.get("function")):
        return False
    if not mark:
        return True
    if mark not in known:
        raise Unmet(f"no line is marked race:{mark}")
    name, line = known[mark]
    return os.path.basename(access.get("file") or "") == name and access.get("line") == line


def describe(finding):
    return "{} {} {}".format(finding.get("evidence"), finding.get("kind"), " / ".join(
        "{} {}:{}".format(a.get("function"), os.path.basename(a.get("file") or "?"), a.get("line"))
        for a in finding.get("accesses", [])))


def pair_in(where, findings, words, known):
    if len(words) < 2:
        raise Unmet("a pair takes two sides")
    one, two, rest = words[0], words[1], words[2:]
    for f in findings:
        a = f.get("accesses", [])
        if len(a) != 2 or not all(w in (f.get("kind"), f.get("evidence")) for w in rest):
            continue
        if (access_is(a[0], one, known) and access_is(a[1], two, known)) or \
           (access_is(a[0], two, known) and access_is(a[1], one, known)):
            return
    seen = "; ".join(describe(f) for f in findings[:4]) or "nothing"
    raise Unmet(f"no such pair in {where}: {' '.join(words)}; there: {seen}")


def own_map(doc, address):
    for m in doc["coverage"]["by_map"]:
        if int(m["map"]["address"], 16) == address:
            return m
    raise Unmet("coverage.by_map does not hold the target's map {:#x}; it holds {}".format(
        address, ", ".join(str(m["map"].get("name") or m["map"]["address"])
                           for m in doc["coverage"]["by_map"][:8]) or "nothing"))


def reach(doc, path):
    at = doc
    for part in path.split("."):
        try:
            at = at[int(part)] if isinstance(at, list) else at[part]
        except (KeyError, IndexError, TypeError, ValueError):
            raise Unmet(f"the JSON has no {path}") from None
    return at


def absent(doc, path):
    try:
        value = reach(doc, path)
    except Unmet:
        return
    raise Unmet(f"{path} is there: {describe(value) if path.startswith('findings') else value}")


def check_json(words, o):
    """Expectations that look into the document; False if the first word is not one of them."""
    if words[0] not in ("finding", "suspect", "nothing", "not", "map", "json", "blind", "took"):
        return False
    doc = o.document()
    if words[0] == "finding":
        pair_in("findings", doc["findings"], words[1:], marks(o.target))
    elif words[0] == "suspect":
        pair_in("suspects", doc["suspects"], words[1:], marks(o.target))
    elif words[0] == "nothing":
        if doc["findings"]:
            raise Unmet("found: " + "; ".join(describe(f) for f in doc["findings"][:4]))
    elif words[0] == "not":
        for f in doc["findings"]:
            if any(a.get("function") == words[2] for a in f["accesses"]):
                raise Unmet("accused: " + describe(f))
    elif words[0] == "map":
        m = own_map(doc, o.map)
        compare("map " + words[1] + f" ({m.get('why')})", reach(m, words[1]), words[2], words[3])
    elif words[0] == "json" and words[2] == "absent":
        absent(doc, words[1])
    elif words[0] == "json":
        compare(words[1], reach(doc, words[1]), words[2], " ".join(words[3:]))
    elif words[0] == "blind":
        if not any(re.search(" ".join(words[2:]), b) for b in doc["coverage"]["blind"]):
            raise Unmet(f"coverage.blind says {doc['coverage']['blind']}")
    else:
        compare("took_s", doc["took_s"], words[1], words[2])
    return True


def check(line, o):
    """Raises Unmet, or returns if the line holds."""
    words = line.split()
    try:
        if check_json(words, o):
            return
    except (ValueError, KeyError, TypeError) as e:
        raise Unmet(f"the JSON is not as the contract says: {type(e).__name__} {e}; "
                    f"stderr: {o.stderr.strip()[:300]}") from None
    if words[0] == "exit":
        if str(o.status) not in words[1].split("|"):
            raise Unmet(f"exit status {o.status}, wanted {words[1]}; stderr: {o.stderr.strip()[-400:]}")
    elif words[0] in ("stderr", "stdout"):
        text = getattr(o, words[0])
        if not re.search(" ".join(words[2:]), text):
            raise Unmet(f"{words[0]} is: {text.strip()[:400]!r}")
    elif words[0] == "target":
        if (re.search(" ".join(words[2:]), o.said) is not None) != (words[1] == "~"):
            raise Unmet(f"the target said: {o.said.strip()[:400]!r}")
    elif words[0] == "wall":
        compare("wall time", o.wall_s, words[1], words[2])
    elif words[0] in ("median", "p95"):
        pass  # over_all() looks at all runs together
    elif words[0] == "alive":
        if not o.alive:
            raise Unmet("the target is dead")
    elif words[0] == "gone":
        if o.alive:
            raise Unmet("the target lives on")
    elif words[0] == "intact":
        if not o.works or o.failed_checks:
            raise Unmet("the target stands still" if not o.works else
                        f"{o.failed_checks} of the target's {o.checks} own checks failed")
    elif words[0] == "speed":
        compare(f"speed of side {words[1]}", o.speed.get(int(words[1])), words[2], words[3])
    elif words[0] == "clean":
        if o.left:
            raise Unmet("left in the kernel: " + ", ".join(o.left[:5]))
    else:
        raise Unmet(f"no such expectation: {line}")


def over_all(lines, took):
    """Expectations over all runs of a case: complaints. took: seconds of each run that answered."""
    complaints = []
    took = sorted(took)
    for line in lines:
        words = line.split()
        if words[0] not in ("median", "p95") or not took:
            continue
        if words[0] == "p95" and len(took) < 20:
            continue
        at = took[len(took) // 2] if words[0] == "median" else took[int(0.95 * (len(took) - 1) + 0.5)]
        try:
            compare(f"{words[0]} of took_s over {len(took)} runs", round(at, 2), words[2], words[3])
        except Unmet as e:
            complaints.append(str(e))
    return complaints


def counts_agree(doc):
    """A proof's holds, arrivals and time held are among those of the whole run."""
    bad = []
    of = {m["map"]["address"]: m for m in doc["coverage"]["by_map"]}
    for f in doc["findings"]:
        held, m = f["held"], of.get(f["map"]["address"])
        if held["kind"] == "none":
            continue
        if held["times"] > doc["coverage"]["holds"]:
            bad.append(f"{held['times']} holds for a proof, {doc['coverage']['holds']} in all")
        if held["ms"] > doc["cost"]["held_ms"] + 0.01:
            bad.append(f"{held['ms']} ms held for a proof, {doc['cost']['held_ms']} in all")
        if held["arrivals"] < 1 or m and held["arrivals"] > m["arrivals"]:
            bad.append(f"{held['arrivals']} arrivals for a proof, {m and m['arrivals']} at that map in all")
    return bad


def contract(doc, status):
    """Complaints about a findings document against its contract, whatever the case expects."""
    bad = shapes.complaints(doc)
    if bad:
        return bad
    for where in ("findings", "suspects"):
        for f in doc[where]:
            if (f["evidence"] in ACCUSES) != (where == "findings"):
                bad.append(f"evidence {f['evidence']} stands in {where}")
            if where == "findings" and len(f["accesses"]) != 2:
                bad.append("an accusation has two accesses")
            if where == "suspects" and not f["missing"]:
                bad.append("a suspect does not say what is missing")
    looked = [f["held"]["times"] for f in doc["suspects"]]
    if looked != sorted(looked, reverse=True):
        bad.append(f"suspects are not ranked: {looked} holds")
    if not bad:
        bad += counts_agree(doc)
    if status in (0, 1, 5) and (status == 1) != bool(doc["findings"]):
        bad.append(f"exit status {status} with {len(doc['findings'])} findings")
    return bad

# SPDX-License-Identifier: Apache-2.0
"""What a document of `maptrap locate --json` looks like: every key, and what may stand there. A shape is a type, a
regular expression for a string, a set of words, a dict (all of these keys, others may come), a list (of any
length, all of its one shape), or maybe(shape), where null says "not known"."""
import re

NUMBER = (int, float)
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"  # RFC 3339
ADDRESS = r"0x[0-9a-f]+"


class maybe:
    def __init__(self, shape):
        self.shape = shape


PLACE = {"function": str, "file": str, "line": int}
ACCESS = {
    "op": {"assign", "delete", "clear", "read", "iterate", "clone"}, "goroutine": int,
    "parent": maybe(int),  # Go before 1.21 does not keep it
    "created_by": maybe(PLACE), **PLACE, "via": maybe(str), "key": maybe(str), "hash": maybe(ADDRESS),
    "bucket": maybe(int), "locks": [{"name": str, "mode": {"write", "read", "free", "unknown"}}], "labels": dict,
    "route": maybe(str), "time": TIME, "stack": [{**PLACE, "inlined": bool}]}
MAP = {"address": ADDRESS, "type": maybe(str), "name": maybe(str)}
GUARD = {"site": str, "lock": str, "mode": str, "held": int, "of": int}
FINDING = {
    "id": r"mt-[0-9a-f]{16}(-\d+)?", "kind": {"write-write", "read-write", "iterate-write"},
    "evidence": {"overlap", "fatal", "unguarded", "suspect"}, "map": MAP, "accesses": [ACCESS], "guards": [GUARD],
    "held": {"kind": {"busy", "thread", "none"}, "ms": NUMBER, "times": int, "arrivals": int, "expected": NUMBER},
    "missing": [str], "static": {"confirmed", "refuted", "not executed", "unknown"}, "advice": maybe(str),
    "first_seen": TIME, "count": int}
BY_MAP = {
    "map": MAP, "goroutines": int, "sites": int, "accesses": int, "holds": int, "arrivals": int, "guards": [GUARD],
    "verdict": {"overlap", "unguarded", "suspect", "guarded", "ordered", "private"}, "why": r"(?s).+"}
DOCUMENT = {
    "schema": r"maptrap\.findings/1",
    "target": {"pid": int, "start_time": TIME, "exe": str, "go": str, "build_id": str, "stripped": bool},
    "findings": [FINDING], "suspects": [FINDING],
    "coverage": {"maps": int, "maps_shared": int, "sites": int, "accesses": int, "holds": int, "blind": [str],
                 "by_map": [BY_MAP]},
    "cost": {"probe_hits": int, "ns_per_hit": NUMBER, "held_ms": NUMBER, "cpu_share": NUMBER, "dropped": int},
    "took_s": NUMBER}


def complaints(value, shape=DOCUMENT, at="document"):
    """Where the value is not of its shape, in words."""
    if isinstance(shape, maybe):
        return [] if value is None else complaints(value, shape.shape, at)
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{at} is {value!r:.80}, no object"]
        bad = [f"{at} has no {key}" for key in shape if key not in value]
        for key, inner in shape.items():
            if key in value:
                bad += complaints(value[key], inner, f"{at}.{key}")
        return bad
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{at} is {value!r:.80}, no list"]
        return [c for i, v in enumerate(value) for c in complaints(v, shape[0], f"{at}.{i}")]
    if isinstance(shape, set):
        good = value in shape
    elif isinstance(shape, str):
        good = isinstance(value, str) and re.fullmatch(shape, value)
    else:
        good = isinstance(value, shape) and (shape is bool or not isinstance(value, bool))
    return [] if good else [f"{at} is {value!r:.80}"]

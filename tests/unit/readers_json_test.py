#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The JSON of dump, profile and trace, as their pages in docs/ tell it: every key, its type and its place,
on the golden inputs, on those of the fuzz targets, and on each of them cut short; sums and orders that must
hold; exit status 0 (dump: 1, 5), or 4 with a message, and then with the answer of a part."""
import glob
import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAPTRAP = os.environ.get("MAPTRAP", os.path.join(TOP, "build/maptrap"))
CUTS = int(os.environ.get("JSON_CUTS", "9"))  # of each input

# A form: a type, a tuple of forms that may be, a set of words, [form] for a list, Obj for an object.


class Obj:
    """Keys in their order, those of other objects too; one that ends in "?" may be absent. Forms of keys that
    hold no integer."""

    def __init__(self, *keys, **forms):
        self.keys = [k for part in keys for k in (part.keys if isinstance(part, Obj) else part.split())]
        self.forms = {k: v for part in keys if isinstance(part, Obj) for k, v in part.forms.items()} | forms

    def wrong(self, v, at):
        if not isinstance(v, dict):
            return f"{at}: {v!r} is no object"
        keys = [k.rstrip("?") for k in self.keys if not k.endswith("?") or k[:-1] in v]
        if list(v) != keys:
            return f"{at}: keys {list(v)}, wanted {keys}"
        return first(wrong(v[k], self.forms.get(k, int), f"{at}.{k}") for k in keys)


def first(texts):
    return next((t for t in texts if t), "")


def wrong(v, form, at):
    if isinstance(form, Obj):
        return form.wrong(v, at)
    if isinstance(form, tuple):
        texts = [wrong(v, f, at) for f in form]
        return "" if "" in texts else texts[0]
    if isinstance(form, list):
        return first(wrong(x, form[0], f"{at}[{i}]") for i, x in enumerate(v)) if isinstance(v, list) else f"{at}: no list"
    if isinstance(form, set):
        return "" if v in form else f"{at}: {v!r}, wanted one of {form}"
    numbers = (int, float) if form is float else form
    return "" if isinstance(v, numbers) and (form is bool or not isinstance(v, bool)) else f"{at}: {v!r}, wanted {form}"


NONE = type(None)
FRAME = Obj("function file line", function=str, file=str)
MAYBE_FRAME = (FRAME, NONE)
SHARE = dict(share=float)
BROKE = Obj("offset why", why=str)
DUMP = Obj(
    "schema source fatal goroutines states top_functions groups second_writer chain symptoms odds races? list?",
    schema={"maptrap.dump/1"}, fatal=(Obj("text goroutine sure", text=str, goroutine=(int, NONE),
                                          sure={"certain", "probable", "possible"}), NONE),
    source=Obj("name bytes lines lines_not_understood truncated frames_without_place? lines_too_long? "
               "goroutines_merged? goroutines_not_kept? arguments_dropped?", name=str, truncated=bool),
    states=[Obj("state count share", state=str, **SHARE)], top_functions=[Obj("function count share", function=str, **SHARE)],
    groups=[Obj("count state stack created_by goroutines", state=str, stack=[FRAME], created_by=MAYBE_FRAME, goroutines=[int])],
    second_writer=[Obj("goroutine score why", FRAME, why=[str])],
    chain=[Obj("goroutine parent created_by", goroutine=(int, NONE), parent=(int, NONE), created_by=MAYBE_FRAME)],
    symptoms=[Obj("name value level score score_max why looks_the_same speaks_for", name=str, value=str, level=str,
                  score=(float, NONE), score_max=float, why=str, looks_the_same=str, speaks_for=str)],
    odds=Obj("verdict stars stars_max", verdict=str, stars=float, stars_max=float),
    races=[[Obj("op goroutine stack", op=str, stack=[FRAME])]],
    list=[Obj("goroutine state wait_minutes locked_to_thread stack created_by parent", goroutine=(int, NONE), state=str,
              locked_to_thread=bool, stack=[Obj(FRAME, "arguments", arguments=str)], created_by=MAYBE_FRAME,
              parent=(int, NONE))])
SITE = Obj(FRAME, "op via?", op=str, via=str)
PROFILE = Obj(
    "schema format sample_types sample samples top map_sites map_memory tags? broke?", schema={"maptrap.profile/1"},
    format={"proto", "legacy", "perf", "folded"}, sample_types=[Obj("type unit total", type=str, unit=str)], sample=str,
    top=[Obj("function flat cum", function=str)], map_sites=[Obj(SITE, "value share", **SHARE)],
    map_memory=[Obj(SITE, "bytes share over_10mb", over_10mb=bool, **SHARE)], tags=[Obj("key value sum", key=str, value=str)],
    broke=BROKE)
WAITS = dict(waiting=[Obj("reason ns count", reason=str)])
TIMES = Obj("running_ns runnable_ns syscall_ns gc_assist_ns")
TRACE = Obj(
    "schema version complete broke span_ns events goroutines groups longest_runnable unblocked pauses writers_in_parallel "
    "stuck", schema={"maptrap.trace/1"}, version={"go1." + v for v in "11 19 21 22 23 25 26".split()}, complete=bool,
    broke=(BROKE, NONE), goroutines=[Obj("goroutine function", TIMES, "waiting", function=str, **WAITS)],
    groups=[Obj("function goroutines", TIMES, "longest_runnable_ns waiting", function=str, **WAITS)],
    longest_runnable=[Obj("goroutine function ns at_ns after by", function=str, after={"waking", "running"}, by=(int, NONE))],
    unblocked=[Obj("by goroutine count", by=(int, NONE))],
    pauses=[Obj("kind reason at_ns ns goroutine", kind={"stop-the-world", "gc"}, reason=str, goroutine=(int, NONE))],
    writers_in_parallel=[Obj("evidence inside running at_ns writers", evidence={"inside", "running"},
                             writers=[Obj("goroutine op", FRAME, op=str)])],
    stuck=[Obj("goroutine function kind reason ns wakes by at", function=str, kind=str, reason=(str, NONE), by=(int, NONE),
               at=MAYBE_FRAME)])


def falls(numbers):
    numbers = list(numbers)
    return numbers == sorted(numbers, reverse=True)


def sums_of_dump(j):
    n = j["goroutines"]
    yield n == sum(s["count"] for s in j["states"]), "states"
    yield n == sum(g["count"] for g in j["groups"]), "groups"
    yield all(falls(x["count"] for x in j[k]) for k in ("states", "top_functions", "groups")), "order by count"
    yield falls(s["score"] for s in j["second_writer"]), "order of second_writer"
    yield len(j["list"]) <= n, "list"


def sums_of_profile(j):
    yield j["sample"] in [t["type"] for t in j["sample_types"]], "sample"
    yield len({t["function"] for t in j["top"]}) == len(j["top"]), "a function twice"


def sums_of_trace(j):
    span = j["span_ns"]
    yield j["complete"] == (j["broke"] is None), "complete"
    yield [g["goroutine"] for g in j["goroutines"]] == sorted(g["goroutine"] for g in j["goroutines"]), "order of goroutines"
    yield sum(g["goroutines"] for g in j["groups"]) == len(j["goroutines"]), "groups"
    yield falls(w["ns"] for w in j["longest_runnable"]) and len(j["longest_runnable"]) <= 20, "longest_runnable"
    yield falls(u["count"] for u in j["unblocked"]), "order of unblocked"
    for g in j["goroutines"]:
        all_ns = g["running_ns"] + g["runnable_ns"] + g["syscall_ns"] + sum(w["ns"] for w in g["waiting"])
        yield 0 <= all_ns <= span, f"times of goroutine {g['goroutine']}"


READERS = {"dump": (DUMP, sums_of_dump, ("--list",), {0, 1, 5}), "profile": (PROFILE, sums_of_profile, ("--tags",), {0}),
           "trace": (TRACE, sums_of_trace, (), {0})}


def no_double(pairs):
    assert len({k for k, _ in pairs}) == len(pairs), f"a key twice: {[k for k, _ in pairs]}"
    return dict(pairs)


def no_constant(text):
    raise AssertionError(text + " is no JSON")


def fault(reader, data):
    form, sums, options, fine = READERS[reader]
    p = subprocess.run([MAPTRAP, reader, "-", "--json", *options], input=data, capture_output=True, timeout=120, check=False)
    if p.returncode not in fine | {4}:
        return f"exit status {p.returncode}: {p.stderr[-200:]}"
    if p.returncode == 4 and not p.stderr.startswith(f"maptrap {reader}: ".encode()):
        return f"exit status 4 without a message: {p.stderr[:200]}"
    if not p.stdout:
        return "" if p.returncode == 4 else "no answer"
    try:
        j = json.loads(p.stdout, object_pairs_hook=no_double, parse_constant=no_constant)
    except (ValueError, AssertionError) as e:
        return str(e)
    if "source" in j and j["source"]["name"] != "stdin":
        return f"source.name {j['source']['name']}"
    return wrong(j, form, "$") or first(what for ok, what in sums(j) if not ok)


def inputs(reader):
    names = {"dump": ["godump"], "profile": ["pprof", "profile_text"], "trace": ["gotrace"]}[reader]
    paths = glob.glob(os.path.join(TOP, "tests/golden", reader, "*/*"))
    for name in names:
        paths += glob.glob(os.path.join(TOP, "tests/fuzz/corpus", name, "*"))
    for path in sorted(paths):
        if os.path.basename(path) not in ("cmd", "want", "want.err", "status"):
            with open(path, "rb") as f:
                yield os.path.relpath(path, TOP), f.read()


def check(reader):
    dice, jobs = random.Random(3), []
    for name, data in inputs(reader):
        sizes = [len(data)] + sorted(dice.randrange(len(data)) for _ in range(CUTS if data else 0))
        jobs += [(f"{name}, {n} bytes of it", data[:n]) for n in sizes]
    with ThreadPoolExecutor(2) as pool:
        bad = [f"{name}: {text}" for (name, _), text in zip(jobs, pool.map(lambda job: fault(reader, job[1]), jobs)) if text]
    tap.check(jobs and not bad, f"{reader}: {len(jobs) - len(bad)} of {len(jobs)} answers have the form", *bad[:9])


def main():
    for reader in READERS:
        check(reader)
    sys.exit(tap.done())


if __name__ == "__main__":
    main()

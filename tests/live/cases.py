# SPDX-License-Identifier: Apache-2.0
"""Live cases as text: tests/live/cases/*.case. A case is a block of lines, KEY and value:

    NAME     handler-and-refresher        # and {each} where EACH is given
    EACH     assign delete read           # one case a word, {each} stands for it everywhere
    TARGET   shop -self-load 100          # a program of tests/targets; may be repeated
    CELLS    all                          # GO/KIND..., "all", "versions" (each, plain), "spread" (one of
                                          # the eight, another for each word of EACH)
    SLICE    1.19/plain 1.27/stripped     # the cells of `make test`; "same" = CELLS; default: the first
    RUNS     5                            # of each cell in `make test-matrix`; once in `make test`
    SETTING  nobody                       # around the run; see settings.py
    WARM     0.3                          # seconds between the target's start and the run
    RUN      maptrap locate --json --pid {pid} --until-found --for 30s
    EXPECT   exit 1                       # any number; see expect.py
    NEEDS    root bpf                     # what the machine must have, else: skipped, with the reason:
                                          # kernel>=6.6, cpus>=2, cpu-quota, tool:gcc; later:WHY = never yet

{pid} {map} {exe} are the first target's, {pid2} and so on those of the next."""
import glob
import os
import re
from dataclasses import dataclass, field

import build

KEYS = ("NAME", "EACH", "TARGET", "CELLS", "SLICE", "RUNS", "SETTING", "WARM", "RUN", "EXPECT", "NEEDS")
SEVERAL = ("TARGET", "EXPECT")


@dataclass
class Case:
    name: str
    where: str
    targets: list = field(default_factory=list)
    cells: list = field(default_factory=list)
    slice: list = field(default_factory=list)
    runs: int = 1
    setting: str = ""
    warm: float = 0.3
    run: str = ""
    expect: list = field(default_factory=list)
    needs: list = field(default_factory=list)


class BadCase(Exception):
    pass


def cells_of(text, index, where):
    everywhere = [(v, k) for v in build.VERSIONS for k in build.KINDS]
    if text == "all":
        return everywhere
    if text == "versions":
        return [(v, "plain") for v in build.VERSIONS]
    if text == "spread":
        return [(build.VERSIONS[index % len(build.VERSIONS)], "plain")]
    cells = [tuple(c.split("/")) for c in text.split()]
    for c in cells:
        if len(c) != 2 or c[0] not in build.VERSIONS or c[1] not in build.FLAGS:
            raise BadCase(f"{where}: no such cell: {'/'.join(c)}")
    return cells


def blocks(path):
    """The blocks of a file: (line number, {key: value or [values]})."""
    block = start = None
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = re.sub(r"(^|\s)#\s.*", "", line).rstrip()
            if not line:
                continue
            key, _, value = line.partition(" ")
            value = value.strip()
            if key not in KEYS:
                raise BadCase(f"{path}:{number}: no key {key}")
            if key == "NAME":
                if block:
                    yield start, block
                block, start = {}, number
            if block is None:
                raise BadCase(f"{path}:{number}: a case begins with NAME")
            if key in SEVERAL:
                block.setdefault(key, []).append(value)
            elif key in block:
                raise BadCase(f"{path}:{number}: {key} twice")
            else:
                block[key] = value
    if block:
        yield start, block


def make(block, where, each, index):
    def say(text):
        return text.replace("{each}", each)
    for key in ("RUN", "EXPECT"):
        if key not in block:
            raise BadCase(f"{where}: no {key}")
    targets = [say(t).split() for t in block.get("TARGET", [])]
    cells = cells_of(block.get("CELLS", "1.19/plain"), index, where) if targets else [("-", "-")]
    choice = block.get("SLICE", "")
    chosen = cells if choice == "same" else cells_of(choice, index, where) if choice else cells[:1]
    return Case(name=say(block["NAME"]), where=where, targets=targets, cells=cells, slice=chosen,
                runs=int(block.get("RUNS", 1)), setting=say(block.get("SETTING", "")),
                warm=float(block.get("WARM", 0.3)), run=say(block["RUN"]),
                expect=[say(e) for e in block["EXPECT"]], needs=block.get("NEEDS", "").split())


def load(folder):
    """All cases of a folder, in order. BadCase with file and line."""
    found = []
    for path in sorted(glob.glob(os.path.join(folder, "*.case"))):
        for line, block in blocks(path):
            where = f"{os.path.basename(path)}:{line}"
            for index, each in enumerate(block.get("EACH", "").split() or [""]):
                found.append(make(block, where, each, index))
    names = [c.name for c in found]
    for name in names:
        if names.count(name) > 1:
            raise BadCase(f"two cases are called {name}")
    return found

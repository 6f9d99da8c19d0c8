#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What we read from Go programs against those who know: the program's own runtime (inlined chains
of its addresses), a runtime of the same version that Debian's stripped servers are hung into
(tests/oracle/gobin_foreign), `go tool nm` (functions, variables), `go tool objdump` (calls of all map
functions, where these are probed), `go tool addr2line` (Debian's), delve, each toolchain's DWARF (the
rows of golayout).

A few hundred random addresses a program, and not every toolchain for everything; with MAPTRAP_SLOW=1
10,000 and all of them. --record keeps what was compared in bench/results/gobin.jsonl; --match TEXT
takes only the programs whose name has TEXT in it ("go1.19", "prometheus")."""
import argparse
import importlib.util
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/live"))
from build import CACHE, VERSIONS, goroot

BUILD = os.environ.get("MAPTRAP_BUILD", os.path.join(TOP, "build"))
DUMP = os.path.join(BUILD, "tests/unit/gobin_dump")
SLOW = os.environ.get("MAPTRAP_SLOW")
ADDRESSES = 10000 if SLOW else 400
SEED = 1 # of the addresses
KINDS = {"plain": [], "strip": ["-s", "-w"], "pie": [], "cgo": ["-linkmode=external"],
         "cgo-pie": ["-linkmode=external"], "noswissmap": []}
DEBIAN = ["prometheus/trixie", "etcd-server/trixie", "caddy/trixie", "kubectl/trixie",
          "kustomize/trixie"]
# Functions that the linker marks as wrappers by name (cmd/internal/objabi/funcid.go).
WRAPPERS = {"runtime.deferreturn", "runtime.runOpenDeferFrame", "reflect.callReflect",
            "reflect.callMethod"}
results, figures = [], []


def figure(program, oracle, addresses, wrong, **more):
    """A line of the result file."""
    figures.append({"program": program, "oracle": oracle, "addresses": addresses, "different": wrong,
                    **more})


def check(ok, name, *notes):
    for n in notes if not ok else ():
        print("# " + str(n).replace("\n", " | ")[:300])
    results.append(ok)
    print(f"{'ok' if ok else 'not ok'} {len(results)} - {name}", flush=True)


def skip(name, why):
    results.append(None)
    print(f"ok {len(results)} - {name} # SKIP {why}", flush=True)


def run(*command, text=None):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def build(version, kind, folder, arch="amd64", source="gobin_self"):
    """The path of a program of tests/oracle, built; None where there is no C compiler for it."""
    root, out = goroot(version), os.path.join(folder, f"{source}-{version}-{kind}-{arch}")
    cgo = kind.startswith("cgo")
    if cgo and not shutil.which("gcc"):
        return None
    # Go 1.23 and later let only known packages pull the runtime's function that expands chains.
    flags = KINDS[kind] + (["-checklinkname=0"] if int(version[2:]) >= 23 else [])
    command = [root + "/bin/go", "build", "-o", out, "-ldflags=" + " ".join(flags)]
    if kind.endswith("pie"):
        command.append("-buildmode=pie")
    env = {**os.environ, "GOROOT": root, "GO111MODULE": "off", "GOTOOLCHAIN": "local",
           "GOFLAGS": "", "CGO_ENABLED": "1" if cgo else "0", "GOARCH": arch,
           "GOEXPERIMENT": kind if kind == "noswissmap" else "",
           "GOCACHE": f"{CACHE}/gocache-{version}"}
    p = subprocess.run(command + ["."], cwd=f"{TOP}/tests/oracle/{source}", env=env,
                       capture_output=True, text=True, check=False)
    if p.returncode:
        raise RuntimeError(p.stderr)
    return out


def cells():
    """(version, kind) of what is built."""
    for version in VERSIONS:
        yield from ((version, kind) for kind in ("plain", "strip", "pie"))
        if SLOW or version in ("1.19", "1.27"):
            yield version, "cgo"
        if SLOW or version == "1.25":
            yield version, "cgo-pie"
    yield "1.24", "noswissmap"
    yield "1.25", "noswissmap"


def functions(program):
    lines = run(DUMP, program, "functions").stdout.splitlines()
    return [(int(a, 16), name) for a, name in (line.split(" ", 1) for line in lines)]


def pick(funcs, n, seed):
    """Addresses in functions, drawn evenly over the text."""
    rng = random.Random(seed)
    lo, hi = funcs[0][0], funcs[-1][0]
    entries = {a for a, _ in funcs}
    drawn = set()
    while len(drawn) < n:
        a = rng.randrange(lo, hi)
        # A byte before an entry is padding, and the runtime takes it for the next function's.
        if a + 1 not in entries:
            drawn.add(a)
    return sorted(drawn)


def chains(text):
    """Address → [(function, file:line)]. Wrappers are left out where another frame remains, as the
    runtime does: those that we know by their kind, and what is inlined in them."""
    found, current = {}, None
    for line in text.splitlines():
        if line.startswith("\t"):
            function, place, *wrapper = line[1:].split("\t")
            if current and (wrapper or place.startswith("<autogenerated>") or function in WRAPPERS):
                continue
            current.append((function, "" if place in ("?:0", ":0") else place))
        else:
            current = found.setdefault(int(line.split()[0], 16), [])
    return found


def compare(program, oracle, ours, theirs, wanted):
    # The runtime has no name for the function whose name happens to stand first in its table.
    for pc in wanted:
        theirs[pc] = [o if t == ("", o[1]) else t
                      for t, o in zip(theirs.get(pc, []), ours.get(pc, []) + [("", "")] * 99)]
    wrong = [f"{pc:x}: {ours.get(pc)} != {theirs.get(pc)}" for pc in wanted
             if ours.get(pc) != theirs.get(pc)]
    inlined = sum(len(theirs.get(pc, [])) > 1 for pc in wanted)
    figure(program, oracle, len(wanted), len(wrong), inlined=inlined)
    check(not wrong and len(wanted) > 50 and inlined > 10,
          f"{program}: chains as {oracle} has them: {len(wanted)} addresses, {inlined} of them inlined",
          len(wrong), *wrong[:3])


def self_chains(version, kind, program, funcs):
    pcs = pick(funcs, ADDRESSES, SEED)
    text = "\n".join(f"{pc:x}" for pc in pcs) + "\n"
    main = [a for a, name in funcs if name == "main.main"][0]
    theirs = chains(run(program, f"{main:x}", text=text).stdout)
    ours = chains(run(DUMP, program, "frames", text=text).stdout)
    compare(f"go{version} {kind}", "its own runtime", ours, theirs, pcs)
    return pcs, ours


def nm_functions(version, program, funcs):
    text = run(goroot(version) + "/bin/go", "tool", "nm", program).stdout
    names = {}
    for line in text.splitlines():
        part = line.split(None, 2)
        if len(part) == 3 and part[1] in "tT":
            names.setdefault(int(part[0], 16), set()).add(part[2])
    wrong = [(hex(a), n, names.get(a)) for a, n in funcs
             if n.replace("·", ".") not in {s.replace(".abi0", "").replace(".abiinternal", "")
                          for s in names.get(a, ())} and "[...]" not in n
             and n not in ("go:textfipsstart", "go:textfipsend")]
    figure(f"go{version} plain", "go tool nm", len(funcs), len(wrong))
    check(not wrong and len(funcs) > 1000, f"go{version}: {len(funcs)} functions as nm has them",
          *wrong[:3])
    return {s: a for line in text.splitlines() for a, _, s in [line.split(None, 2)]
            if s.startswith("runtime.")} if text else {}


def globals_of_stripped(version, program, folder, symbols, pcs, ours):
    stripped = os.path.join(folder, "stripped")
    run("strip", "-s", "-o", stripped, program)
    found = dict(line.split() for line in run(DUMP, stripped, "globals").stdout.splitlines())
    want = {n: symbols[n].lstrip("0") for n in ("runtime.writeBarrier", "runtime.gomaxprocs",
                                                       "runtime.allgs")}
    check(found == want, f"go{version}: variables found in the code of the stripped program",
          found, want)
    text = "\n".join(f"{pc:x}" for pc in pcs) + "\n"
    check(chains(run(DUMP, stripped, "frames", text=text).stdout) == ours,
          f"go{version}: the same chains after strip")


def map_functions():
    """Names of the map functions that locate probes, from its own table."""
    with open(TOP + "/src/engine/target.c", encoding="utf-8") as f:
        return re.findall(r'\{ "([^"]+)", MAP_OP_', f.read())


def objdump(version, program):
    """Function → its instructions, [(address, mnemonic, operands)]."""
    text = run(goroot(version) + "/bin/go", "tool", "objdump", program).stdout
    found, current = {}, None
    for line in text.splitlines():
        part = line.split(None, 3)
        if part[:1] == ["TEXT"]:
            current = found.setdefault(line[5:line.rindex("(SB)")], [])
        elif len(part) == 4:
            mnemonic, _, operands = part[3].strip().partition(" ")
            current.append((int(part[1], 16), mnemonic, operands.strip()))
    return found


def objdump_calls(version, program, code):
    names = map_functions()
    targets = {n for n in names if n in code}
    want, calls = set(), {t: 0 for t in targets}
    for function, instructions in code.items():
        for address, mnemonic, operands in instructions:
            to = operands[:-4] if operands.endswith("(SB)") else ""
            if mnemonic not in ("CALL", "JMP") or to not in targets:
                continue
            if mnemonic == "JMP" and to == function:
                continue  # back to its own start, when the stack has grown
            want.add((address, mnemonic.lower()))
            calls[to] += 1
    ours = {(int(a, 16), kind) for a, kind, _ in
            (line.split() for line in run(DUMP, program, "calls", *targets).stdout.splitlines())}
    figure(f"go{version} plain", "go tool objdump: calls of map functions", len(want), len(ours ^ want),
           functions=len(targets))
    check(ours == want and len(want) > 30 and len(targets) >= 12,
          f"go{version}: {len(want)} calls of {len(targets)} map functions as objdump has them",
          f"missing {sorted(want - ours)[:3]}", f"too many {sorted(ours - want)[:3]}")
    return targets


ARGUMENTS = ("AX", "BX", "CX", "DI", "SI", "R8", "R9", "R10", "R11", "R14", "AL", "BL", "DL")
EMULATED = re.compile(r"(PUSHQ|CALL|JMP|NOPL?|J[A-Z]{1,2})$")
READS_ONLY = ("CMP", "TEST", "UCOMIS", "BT", "PUSH", "J", "NOP", "CALL")


def bad_probe(instructions, at, kind):
    """Why the instruction at `at` is no place to probe, or None: objdump's last operand is what is
    written to."""
    checked = False
    for address, mnemonic, operands in instructions:
        if address == at:
            if kind == "first":
                return None
            if not EMULATED.match(mnemonic):
                return f"{mnemonic} is not emulated"
            return None if checked or kind == "jcc" or not any(
                i[1] == "JBE" for i in instructions[:8]) else "stands before the stack check"
        if mnemonic == "JBE":
            checked = True
        elif mnemonic.startswith(("CALL", "JMP", "RET")):
            return f"{mnemonic} comes before it"
        to = operands.split(", ")[-1]
        if not mnemonic.startswith(READS_ONLY) and (
                to in ARGUMENTS or ("(" in to and not to.endswith(("(SP)", "(BP)")))):
            return f"{mnemonic} {operands} comes before it"
    return "no instruction starts there"


def objdump_probes(version, program, code, targets):
    lines = run(DUMP, program, "probe", *sorted(targets)).stdout.splitlines()
    wrong, kinds = [], {}
    for line in lines:
        part = line.split()
        name, entry, plus, kind = part[0], int(part[2], 16), int(part[4]), part[5]
        kinds[kind] = kinds.get(kind, 0) + 1
        why = bad_probe(code[name], entry + plus, kind)
        if why:
            wrong.append(f"{name}+{plus} ({kind}): {why}")
    figure(f"go{version} plain", "go tool objdump: probe points", len(lines), len(wrong), kinds=kinds)
    check(not wrong and len(lines) == len(targets) and kinds.get("first", 0) <= 3,
          f"go{version}: {len(lines)} probe points stand where objdump lets them", kinds, *wrong[:4])


def delve(label, program, funcs):
    """Function and line of addresses as delve has them, from DWARF. (Of stripped programs it knows
    functions only.)"""
    dlv = CACHE + "/gobin-oracles/delve/usr/bin/dlv"
    if not os.path.exists(dlv):
        return skip(label + ": delve", "not unpacked; scripts/setup.sh test fetches it")
    pcs = pick(funcs, ADDRESSES, SEED + 2)
    theirs = delve_lines(dlv, program, pcs, dict((n, a) for a, n in funcs)["main.main"])
    if theirs is None:
        return check(False, f"{label}: delve opens it")
    text = "\n".join(f"{pc:x}" for pc in pcs) + "\n"
    wrong, ours, excepted = [], places(run(DUMP, program, "frames", text=text).stdout), 0
    for pc in pcs:
        name, place = theirs[pc]
        mine = ours[pc]
        generated = name.endswith(".init") or mine[-1][1].startswith("<autogenerated>")
        if generated and place == "<autogenerated>:1" and short(name) == mine[-1][0]:
            # It says so of all of a generated function: wrappers of methods with what is inlined in
            # them, initialisers of packages since 1.25. The runtime, go tool addr2line and
            # llvm-symbolizer name the lines that the code came from, as we do.
            excepted += 1
            continue
        if mine[0][1] == ":0" and place == ":0":
            continue  # padding between functions: no line, and it has no function for it either
        if short(name) != mine[-1][0] or place != mine[0][1]:
            wrong.append(f"{pc:x}: {theirs[pc]} != {mine}")
    figure(label, "delve", len(pcs), len(wrong), generated=excepted)
    return check(not wrong and len(pcs) > 50, f"{label}: {len(pcs)} lines as delve has them",
                 len(wrong), *wrong[:3])


def delve_lines(dlv, program, pcs, main):
    """Address → (function that has the code, file:line), asked of a process stopped at its start."""
    p = subprocess.Popen([dlv, "exec", program, "--headless", "--listen=127.0.0.1:0", "--api-version=2",
                          "--check-go-version=false"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         stdin=subprocess.DEVNULL, text=True, env={**os.environ, "HOME": "/nonexistent"})
    try:
        for line in p.stdout:
            m = re.search(r"listening at: ([0-9.]+):(\d+)", line)
            if m:
                break
        else:
            return None
        with socket.create_connection((m[1], int(m[2])), timeout=120) as s, s.makefile("rw") as f:
            def ask(method, **params):
                f.write(json.dumps({"method": "RPCServer." + method, "params": [params], "id": 0}) + "\n")
                f.flush()
                answer = json.loads(f.readline())
                return answer["result"]
            def place(where):
                got = ask("FindLocation", Scope={"GoroutineID": -1}, Loc=where)
                return (got or {}).get("Locations") or [{}]
            bias = place("main.main")[0].get("pc", 0)
            # It answers with the place behind the prologue: the bias is a multiple of the page.
            bias = (bias - main) & ~0xfff if bias >= main else 0
            found = {}
            for pc in pcs:
                at = place(f"*{pc + bias:#x}")[0]
                found[pc] = ((at.get("function") or {}).get("name", ""),
                             f"{at.get('file', '')}:{at.get('line', 0)}")
            ask("Detach", Kill=True)
            return found
    finally:
        p.kill()
        p.wait()


def places(text):
    """Address → [(function, file:line)] of gobin_dump's frames."""
    found, current = {}, None
    for line in text.splitlines():
        if line.startswith("\t"):
            current.append(tuple(line[1:].split("\t")[:2]))
        else:
            current = found.setdefault(int(line.split()[0], 16), [])
    return found


def other_version(program, folder, version):
    """A copy that says it was built by a version (of the same length), DWARF taken out."""
    out = os.path.join(folder, "other-version")
    run("strip", "-s", "-o", out, program)
    with open(out, "rb") as f:
        data = f.read()
    now = re.search(rb"go1\.\d\d\.\d", data)[0]
    with open(out, "wb") as f:
        f.write(data.replace(now, version.encode()))
    return out


def versions_and_experiments(folder):
    for version, says, nearest in (
            ("1.21", "go1.20.3", "nearest: go1.21"), ("1.27", "go1.28.0", "nearest: go1.27"),
            ("1.19", "go1.18.9", "where the runtime keeps things is known from Go 1.19")):
        program = other_version(os.path.join(folder, f"gobin_self-{version}-plain-amd64"), folder, says)
        info, row = run(DUMP, program, "info").stdout, run(DUMP, program, "source").stdout.strip()
        check(f"version {says}" in info and row.endswith(nearest),
              f"{says}, which no row is of: {nearest}", info[:100], row)
    for version in ("1.24", "1.25"):
        program = os.path.join(folder, f"gobin_self-{version}-noswissmap-amd64")
        info = dict(line.split(" ", 1) for line in run(DUMP, program, "info").stdout.splitlines())
        row = run(DUMP, other_version(program, folder, f"go{version}.0"), "source").stdout.strip()
        check(info["experiments"] == "noswissmap" and info["swiss"] == "0" and
              row == f"table go{version} noswissmap",
              f"go{version} with GOEXPERIMENT=noswissmap is seen to have the old maps", info, row)
    for version, kind in (("1.25", "cgo-pie"), ("1.27", "cgo")):
        program = os.path.join(folder, f"gobin_self-{version}-{kind}-amd64")
        if not os.path.exists(program):
            skip(f"go{version} {kind}: its sections", "no gcc")
            continue
        names = run("readelf", "-SW", program).stdout
        check((".gopclntab" not in names) == (kind == "cgo-pie") and
              "external 1\ncgo 1" in run(DUMP, program, "info").stdout,
              f"go{version} {kind}: linked by the C linker, with C code")


def damaged(program, folder):
    """Cut short and with bytes changed: an answer or an error, never a crash."""
    with open(program, "rb") as f:
        sound = f.read()
    copy, rng = os.path.join(folder, "damaged"), random.Random(3)
    cut = {}
    for i in range(1, 30):
        with open(copy, "wb") as f:
            f.write(sound[:len(sound) * i // 30])
        p = run(DUMP, copy, "info")
        cut[i] = (p.returncode, p.stdout.split(":")[0])
    wrong = {i: c for i, c in cut.items() if c not in ((1, "error 4"),)}
    check(not wrong, "a program cut short is an error of the input", wrong)
    crashed = []
    head = sound.find(b"\xf1\xff\xff\xff\0\0\1\x08")
    for i in range(2000 if SLOW else 60):
        bad = bytearray(sound)
        for _ in range(rng.randrange(1, 6)):
            near = rng.choice((0, head, head, rng.randrange(len(bad))))
            at = min(near + rng.choice((rng.randrange(200), rng.randrange(200000))), len(bad) - 8)
            bad[at:at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f",
                                         rng.randbytes(4)))
        with open(copy, "wb") as f:
            f.write(bad)
        pcs = "\n".join(f"{0x401000 + rng.randrange(600000):x}" for _ in range(50))
        for what in (["frames"], ["calls", "runtime.newobject"], ["types"], ["layout"],
                     ["globals"], ["probe", "runtime.newobject", "main.main"]):
            p = subprocess.run([DUMP, copy, *what], input=pcs.encode(), capture_output=True,
                               timeout=60, check=False)
            if p.returncode not in (0, 1):
                crashed.append((i, what, p.returncode))
    check(not crashed, "changed bytes never crash it", crashed[:5])


def rows(folder):
    spec = importlib.util.spec_from_file_location("rows", TOP + "/scripts/golayout-rows.py")
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    for version, experiment in make.ROWS:
        program = make.build(version, experiment, folder)
        dwarf = make.layout(DUMP, program)
        text = run(DUMP, program, "row").stdout.splitlines()
        row = {k: int(v) for k, v in (s.split() for s in text[1:])}
        name = f"table go{version} {experiment}".strip()
        check(dwarf == row and len(row) > 40 and text[0] == "source " + name,
              f"{name}: its row is what DWARF says",
              {k: (v, row.get(k)) for k, v in dwarf.items() if row.get(k) != v}, text[0])


def foreign(label, program, oracle, funcs):
    """Chains of a stripped program, as the runtime that it is hung into has them."""
    info = dict(line.split(" ", 1) for line in run(DUMP, program, "info").stdout.splitlines())
    if not info["version"].startswith("go1.24."):
        return skip(f"{label}: chains", f"built by {info['version']}, the oracle by 1.24")
    pcs = pick(funcs, ADDRESSES, SEED)
    text = "\n".join(f"{pc:x}" for pc in pcs) + "\n"
    theirs = chains(run(oracle, program, info["moduledata"], text=text).stdout)
    ours = chains(run(DUMP, program, "frames", text=text).stdout)
    # An inline tree that goes round: the runtime never answers, we stop at the first repetition.
    endless = [pc for pc in pcs if theirs.get(pc, [("", "")])[0][0] == "NEVER RETURNS"]
    check(all(len(ours[pc]) < 20 for pc in endless) and len(endless) <= len(pcs) // 200,
          f"{label}: {len(endless)} addresses where the runtime goes round for ever", endless[:5])
    return compare(label, "a runtime of its version", ours, theirs,
                   [pc for pc in pcs if pc not in endless])


def debian(package, oracle):
    name = package.split("/")[0]
    folder = f"{CACHE}/gobin-oracles/{name}"
    p = run("bash", "-c", f"set -e; cd '{TOP}'; . scripts/lib.sh; "
            f"unpack_deb '{folder}' {package}")
    binaries = [os.path.join(folder, "usr/bin", f) for f in
                [name.replace("-server", "")]]
    for program in binaries:
        label = os.path.basename(program)
        if p.returncode or not os.path.exists(program):
            skip(label, "the package could not be unpacked")
            continue
        funcs = functions(program)
        check(len(funcs) > 10000, f"{label}: {len(funcs)} functions", run(DUMP, program,
                                                                          "info").stdout)
        foreign(label, program, oracle, funcs)
        pcs = pick(funcs, ADDRESSES, SEED + 1)
        if "pie 1" not in run(DUMP, program, "info").stdout:
            addr2line(label, program, pcs)


def short(name):
    """As the runtime prints a generic function's name."""
    return name[:name.index("[")] + "[...]" + name[name.rindex("]") + 1:] if "[" in name else name


def addr2line(label, program, pcs):
    """It names the function that has the code and the innermost line. It takes the start of the
    section .text for that of Go's code, which is wrong where C code stands before it: shifted."""
    text = "\n".join(f"0x{pc:x}" for pc in pcs) + "\n"
    info = dict(line.split(" ", 1) for line in run(DUMP, program, "info").stdout.splitlines())
    sections = run("readelf", "-SW", program).stdout.split("\n")
    section = [int(line.split("PROGBITS")[1].split()[0], 16) for line in sections
               if " .text " in line][0]
    shift = section - int(info["text"].split()[0], 16)
    shifted = "\n".join(f"0x{pc + shift:x}" for pc in pcs) + "\n"
    lines = run(goroot("1.24") + "/bin/go", "tool", "addr2line", program, text=shifted)
    lines = lines.stdout.splitlines()
    theirs = {pc: (lines[2 * i], lines[2 * i + 1]) for i, pc in enumerate(pcs)
              if 2 * i + 1 < len(lines)}
    found = places(run(DUMP, program, "frames", text=text).stdout)
    def same(ours, theirs):
        if not ours or not theirs:
            return False
        none = ours[0][1] == ":0" and theirs[1] in ("?:0", ":-1", "?:-1", ":0")
        return (ours[0][1] == theirs[1] or none) and ours[-1][0] == short(theirs[0])

    wrong = [f"{pc:x}: {theirs.get(pc)} != {c}" for pc, c in found.items()
             if not same(c, theirs.get(pc))]
    figure(label, "go tool addr2line", len(pcs), len(wrong))
    check(not wrong and len(found) == len(pcs),
          f"{label}: {len(pcs)} lines as addr2line has them", len(wrong), *wrong[:3])


def own_programs(folder, match):
    for version, kind in cells():
        if match not in f"go{version} {kind}":
            continue
        program = build(version, kind, folder)
        if not program:
            skip(f"go{version} {kind}", "no gcc")
            continue
        funcs = functions(program)
        pcs, ours = self_chains(version, kind, program, funcs)
        if kind != "plain":
            continue
        symbols = nm_functions(version, program, funcs)
        globals_of_stripped(version, program, folder, symbols, pcs, ours)
        if SLOW or version in ("1.19", "1.27"):
            code = objdump(version, program)
            objdump_probes(version, program, code, objdump_calls(version, program, code))
            delve(f"go{version} plain", program, funcs)


def record_figures():
    sys.path.insert(0, TOP + "/bench")
    import record
    series = record.Series("gobin", f"addresses drawn with seed {SEED}: what gobin reads against who knows",
                           resume=True)
    for row in figures:
        series.add(row)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--match", default="")
    parser.add_argument("--record", action="store_true")
    args = parser.parse_args()
    if not os.path.exists(goroot("1.27") + "/bin/go"):
        skip("oracles", "no Go toolchains; scripts/setup.sh test fetches them")
        print("1..1")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        own_programs(folder, args.match)
        if not args.match:
            versions_and_experiments(folder)
            damaged(os.path.join(folder, "gobin_self-1.27-plain-amd64"), folder)
            arm = run(DUMP, build("1.24", "plain", folder, "arm64"), "info")
            check(arm.returncode == 1 and "arm64; only amd64 can be read" in arm.stdout,
                  "a program for arm64 is refused with its reason", arm.stdout)
            rows(folder)
        packages = [p for p in DEBIAN if args.match in p]
        oracle = build("1.24", "pie", folder, source="gobin_foreign") if packages else None
        for package in packages:
            debian(package, oracle)
    print(f"1..{len(results)}")
    if args.record:
        record_figures()
    print(f"{results.count(True)} passed, {results.count(False)} failed, {results.count(None)} skipped")
    return 1 if False in results else 0


if __name__ == "__main__":
    sys.exit(main())

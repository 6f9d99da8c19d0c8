#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What logging does to a dump, alone and on top of each other, must not change the answer: real dumps
(tests/golden/dump) are mangled here in every combination, and the JSON must be that of the plain one."""
import html
import json
import os
import random
import subprocess
import sys

import tap

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAPTRAP = os.environ.get("MAPTRAP", os.path.join(TOP, "build/maptrap"))
INPUTS = ["1.19-ww", "1.23-rw", "1.25-ww-all", "1.24-ww-system", "1.25-debug2", "1.19-debug1", "1.27-quit",
          "1.25-ancestors", "1.24-race", "1.26-ww", "1.21-generic", "1.22-panic"]
TWO = [("1.25-ww-all", "1.23-rw"), ("1.27-ww-all", "1.19-debug2"), ("1.24-iw", "1.24-ww-system")]


def answer(data):
    p = subprocess.run([MAPTRAP, "dump", "-", "--json", "--list"], input=data, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, check=False)
    if p.returncode not in (0, 1, 5):
        return {"failed": p.stderr.decode(errors="replace")}
    return json.loads(p.stdout)


# ---- inside of a line, or of the order of lines: list of lines -> list of lines

def wrapped(width):
    return lambda lines: [l[i:i + width] for l in lines for i in range(0, len(l) or 1, width)]


def noisy(lines):
    """Other log lines of the same process in between, but not inside of a pair of lines."""
    dice, out = random.Random(7), []
    for l in lines:
        if dice.random() < 0.2 and not l.startswith("\t"):
            out.append(f'GET /cart/{dice.randrange(99)} 200 in {dice.randrange(99)}ms')
        out.append(l)
    return out


CONTENT = {
    "plain": lambda lines: lines,
    "crlf": lambda lines: [l + "\r" for l in lines],
    "padding": lambda lines: [l.ljust(160) for l in lines],
    "no blank lines": lambda lines: [l for l in lines if l],
    "blank line after each": lambda lines: [x for l in lines for x in (l, "")],
    "spaces for tabs": lambda lines: [l.replace("\t", "        ") for l in lines],
    "html": lambda lines: ["<pre>"] + [html.escape(l) for l in lines] + ["</pre>"],
    "wrapped at 72": wrapped(72),
    "wrapped at 40": wrapped(40),
    "noise": noisy,
}


# ---- round a line: (line, number) -> line; with what tells processes apart

def envelope(form, process=0):
    pid, host = 4711 + process * 300, "web" + str(1 + process)

    def stamp(i):
        return {"s": f"{i % 60:02}", "m": f"{i // 60 % 60:02}", "us": f"{i * 7919 % 1000000:06}", "i": i + 1,
                "pid": pid, "host": host}
    forms = {
        "none": lambda l, i: l,
        "syslog": lambda l, i: "Nov 24 10:{m}:{s} {host} shop[{pid}]: ".format(**stamp(i)) + l.replace("\t", "#011"),
        "rfc5424": lambda l, i: '<11>1 2026-11-24T10:{m}:{s}.{us}Z {host} shop {pid} - [meta sequenceId="{i}"] '
                   .format(**stamp(i)) + l,
        "go log": lambda l, i: "2026/11/24 10:{m}:{s} [{pid}] ".format(**stamp(i)) + l,
        "iso": lambda l, i: "2026-11-24T10:{m}:{s}.{us}Z {host} ".format(**stamp(i)) + l,
        "klog": lambda l, i: "E1124 10:{m}:{s}.{us} {pid:7} panic.go:12] ".format(**stamp(i)) + l,
        "compose": lambda l, i: f"{host}-1  | {l}",
        "coloured": lambda l, i: f"\x1b[36m{host}-1  |\x1b[0m {l}\x1b[0m",
        "cri": lambda l, i: "2026-11-24T10:{m}:{s}.{us}000Z stderr F ".format(**stamp(i)) + l,
        "docker": lambda l, i: json.dumps({"log": l + "\n", "stream": "stderr", "time": "2026"},
                                          separators=(",", ":")),
        "fluent": lambda l, i: json.dumps({"log": l, "stream": "stderr", "kubernetes": {"pod_name": host}}),
        "journald": lambda l, i: json.dumps({"_PID": str(pid), "_HOSTNAME": host, "MESSAGE": l, "PRIORITY": "6"}),
        "journald bytes": lambda l, i: json.dumps({"_PID": str(pid), "MESSAGE": list(l.encode())}),
        "journald export": lambda l, i: f"_PID={pid}\nMESSAGE={l}\n",
        "compose, json": lambda l, i: f"{host}-1  | " + json.dumps({"level": "error", "msg": l}),
        "logrus": lambda l, i: f'time="2026-11-24T10:{i // 60 % 60:02}:{i % 60:02}Z" level=error msg=' + json.dumps(l),
        "syslog, slog": lambda l, i: "Nov 24 10:{m}:{s} {host} shop[{pid}]: time=2026 level=INFO msg=".format(
            **stamp(i)) + (json.dumps(l) if not l or set(l) & set(' "=\t') else l) + " run=7",
        "rsyslog, coloured": lambda l, i: "Nov 24 10:{m}:{s} {host} shop[{pid}]: #033[31m".format(**stamp(i)) +
                                       l.replace("\t", "#011") + "#033[0m",
        "tput": lambda l, i: f"\x1b[38;5;9m{l}\x1b(B\x1b[m",
        "link": lambda l, i: f"\x1b]8;;http://log/{i}\x1b\\{l}\x1b]8;;\x1b\\",
        "numbered": lambda l, i: f"{i + 1:6}\t{l}",
        "grep -n": lambda l, i: f"{i + 1}:{l}",
    }
    return forms[form]


ENVELOPES = ["none", "syslog", "rfc5424", "go log", "iso", "klog", "compose", "coloured", "cri", "docker", "fluent",
             "journald", "journald bytes", "journald export", "compose, json", "logrus", "syslog, slog",
             "rsyslog, coloured", "tput", "link", "numbered", "grep -n"]
APART = ["syslog", "rfc5424", "go log", "iso", "klog", "compose", "coloured", "fluent", "journald",
         "journald bytes", "compose, json", "syslog, slog", "rsyslog, coloured"]
# What cannot be undone, with the reason.
HOPELESS = {
    ("wrapped at 72", "reversed"): "pieces of a line in reverse order",
    ("wrapped at 40", "reversed"): "pieces of a line in reverse order",
    ("wrapped at 40", "panic"): "too few cut lines to tell the width, and a panic's text may be cut anywhere",
    ("wrapped at 72", "debug1"): "a row of addresses looks whole wherever it is cut",
    ("wrapped at 40", "debug1"): "a row of addresses looks whole wherever it is cut",
}


def whole(lines):
    """All of it as one value of one line."""
    text = "\n".join(lines) + "\n"
    yield "one JSON value", json.dumps({"level": "error", "msg": "died", "stack": text})
    yield "one JSON value, GCP", json.dumps({"severity": "ERROR", "jsonPayload": {"message": text}})
    yield "logfmt, with what HTML has", 'level=error msg="<autogenerated> & more" stack=' + json.dumps(text)
    yield "logfmt, CRLF", 'level=error stack=' + json.dumps(text.replace("\n", "\r\n"))
    yield "logfmt", 'time=2026-11-24T10:00:00Z level=error msg="it died" stack="' + \
        text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace('"', '\\"') + '"'


    quoted = text.replace("\\", "\\\\").replace("\t", "\\t").replace('"', '\\"')
    yield "logfmt, HTML", 'time=2026-11-24T10:00:00Z level=error msg="' + quoted.replace("\n", "<br>") + '"'
    yield "HTML in one line", html.escape(text).replace("\n", "<br>")
    yield "JSON, HTML", json.dumps({"level": "error", "msg": text.replace("\n", "<br/>")})
    yield "escaped", quoted.replace("\n", "\\n")


# What a logger puts before the first line of a text only.
FIRST = {
    "go log": "2026/11/24 10:00:00 main.go:12: ",
    "glog": "F1124 10:00:00.123456       1 main.go:12] ",
    "logrus": "\x1b[31mFATA\x1b[0m[0000] ",
    "zerolog": "\x1b[90m10:00AM\x1b[0m \x1b[31mFTL\x1b[0m ",
    "zap": "2026-11-24T10:00:00.000Z\tERROR\tmain/main.go:12\t",
    "syslog": "Nov 24 10:00:00 web1 shop[4711]: ",
}


def same(got, want, keys):
    return [k for k in keys if got.get(k) != want.get(k)]


KEYS = ["fatal", "goroutines", "states", "top_functions", "groups", "second_writer", "chain", "races", "list"]


def check(counts, name, data, want, keys=None):
    got = answer(data if isinstance(data, bytes) else data.encode())
    wrong = [got["failed"]] if "failed" in got else same(got, want, keys or KEYS)
    counts.append((name, wrong))
    keep = os.environ.get("MANGLE_KEEP")
    if wrong and keep:
        with open(os.path.join(keep, name.replace("/", "_").replace(" ", "-")), "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())


def alone(counts, name, plain):
    want, lines = answer(plain.encode()), plain.splitlines()
    for how, content in CONTENT.items():
        if (how, name.split("-")[1]) in HOPELESS:
            continue
        inner = content(lines)
        for form in ENVELOPES:
            put = envelope(form)
            mangled = [put(l, i) for i, l in enumerate(inner)]
            check(counts, f"{name}: {how}, {form}", "\n".join(mangled) + "\n", want)
            # debug=1 has no order that shows: its lines stand for themselves.
            if (how, "reversed") not in HOPELESS and form != "journald export" and "debug1" not in name:
                check(counts, f"{name}: {how}, {form}, reversed", "\n".join(reversed(mangled)) + "\n", want)
    if "debug1" not in name and "race" not in name:
        for how, line in whole(lines):
            check(counts, f"{name}: {how}", line + "\n", want)
    if "debug1" not in name and "race" not in name:
        for how, prefix in FIRST.items():
            check(counts, f"{name}: first line behind {how}", prefix + plain, want)
            twice = "service starts\n" + prefix + plain + "served 7\n" + prefix + plain
            check(counts, f"{name}: first line behind {how}, again", twice, answer((plain + plain).encode()))
    windows = "\ufeff" + plain.replace("\n", "\r\n")
    for coding in ("utf-8", "utf-16-le", "utf-16-be"):
        check(counts, f"{name}: {coding} with a byte order mark", windows.encode(coding), want)


def mix(dice, a, b):
    """Two processes' lines as they come, in bursts."""
    out, a, b = [], list(a), list(b)
    while a or b:
        side = a if dice.random() < 0.5 else b
        n = dice.randrange(1, 4)
        out += side[:n]
        del side[:n]
    return out


def together(counts, one, two, texts):
    """Two processes interleaved: all goroutines of both, each with its own stack."""
    wants = [answer(texts[n].encode()) for n in (one, two)]
    for how, content in CONTENT.items():
        for form in APART:
            sides = [[envelope(form, k)(l, i) for i, l in enumerate(content(texts[n].splitlines()))]
                     for k, n in enumerate((one, two))]
            got = answer(("\n".join(mix(random.Random(11), *sides)) + "\n").encode())
            wrong = []
            if "failed" in got:
                wrong = [got["failed"]]
            else:
                key = lambda g: json.dumps(g, sort_keys=True)  # noqa: E731
                if sorted(map(key, got["list"])) != sorted(map(key, wants[0]["list"] + wants[1]["list"])):
                    wrong.append("list")
                fatals = [w["fatal"] for w in wants if w["fatal"]]
                if got["fatal"] not in fatals:
                    wrong.append("fatal")
                for w in wants:
                    if got["fatal"] == w["fatal"] and got["second_writer"] != w["second_writer"]:
                        wrong.append("second_writer")
            counts.append((f"{one} and {two} interleaved: {how}, {form}", wrong))


def main():
    texts = {}
    for name in INPUTS + [n for pair in TWO for n in pair]:
        with open(os.path.join(TOP, "tests/golden/dump", name, "dump"), encoding="utf-8") as f:
            texts[name] = f.read()
    jobs = [(n, lambda c, n=n: alone(c, n, texts[n])) for n in INPUTS]
    jobs += [(f"{a} and {b} interleaved", lambda c, a=a, b=b: together(c, a, b, texts)) for a, b in TWO]
    for name, job in jobs:
        counts = []
        job(counts)
        bad = [f"{n}: {', '.join(w)[:200]}" for n, w in counts if w]
        tap.check(counts and not bad, f"{name}, mangled: {len(counts) - len(bad)} of {len(counts)} alike",
                  *bad[:40 if os.environ.get("MANGLE_KEEP") else 5])
    sys.exit(tap.done())


if __name__ == "__main__":
    main()

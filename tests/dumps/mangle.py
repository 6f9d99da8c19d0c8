#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mangle.py DIR: what logging makes of a dump. Each case must give the answer of the plain dump."""
import html
import json
import os
import sys

to = sys.argv[1]
with open(os.path.join(to, "1.25-ww-all", "dump"), encoding="utf-8") as f:
    plain = f.read()
with open(os.path.join(to, "1.23-rw", "dump"), encoding="utf-8") as f:
    other = f.read()
lines = plain.splitlines()


def case(name, text, args="dump dump --json"):
    os.makedirs(os.path.join(to, name), exist_ok=True)
    with open(os.path.join(to, name, "dump"), "wb") as out:
        out.write(text if isinstance(text, bytes) else text.encode())
    with open(os.path.join(to, name, "cmd"), "w", encoding="utf-8") as out:
        out.write(args + "\n")


def stamp(i, form):
    return form.format(s=i % 60, m=i // 60, ms=i * 37 % 1000)


def every(prefix, text=None):
    return "".join(stamp(i, prefix) + l + "\n" for i, l in enumerate(text or lines))


def interleave(a, b):
    out, a, b = [], a.splitlines(True), b.splitlines(True)
    while a or b:
        out += a[:2] + b[:3]
        a, b = a[2:], b[3:]
    return "".join(out)


syslog = "Nov 24 10:{m:02}:{s:02} web1 shop[4711]: "
case("mangled-syslog", every(syslog, [l.replace("\t", "#011") for l in lines]))
case("mangled-timestamps", every("2026/11/24 10:{m:02}:{s:02} "))
case("mangled-iso", every("2026-11-24T10:{m:02}:{s:02}.{ms:03}Z "))
case("mangled-compose", every("web-1  | "))
case("mangled-docker", "".join(json.dumps({"log": l + "\n", "stream": "stderr", "time": "2026"},
                                          separators=(",", ":")) + "\n" for l in lines))
case("mangled-cri", every("2026-11-24T10:{m:02}:{s:02}.{ms:03}Z stderr F "))
case("mangled-cri-partial", "".join(
    f"2026-11-24T10:00:00.0Z stderr P {l[:9]}\n2026-11-24T10:00:00.0Z stderr F {l[9:]}\n"
    for l in lines))
case("mangled-journald", "".join(json.dumps({"MESSAGE": l, "_PID": "7"}) + "\n" for l in lines))
case("mangled-json-one", json.dumps({"level": "error", "msg": "died", "stack": plain}) + "\n")
case("mangled-crlf", plain.replace("\n", "\r\n"))
case("mangled-padding", "".join(l.ljust(200) + "\n" for l in lines))
case("mangled-no-blanks", "".join(l + "\n" for l in lines if l))
case("mangled-spaces", plain.replace("\t", "        "))
case("mangled-html", "<html><body><pre>" + html.escape(plain) + "</pre></body></html>\n")
case("mangled-reversed", "".join(l + "\n" for l in reversed(lines)))
case("mangled-wrapped", "".join(l[i:i + 48] + "\n" for l in lines for i in range(0, len(l) or 1, 48)))
case("mangled-headless", "".join(l + "\n" for l in lines if not l.startswith("fatal error")))
case("mangled-truncated", plain[:len(plain) * 2 // 3])
case("mangled-two", plain + "\nrestarting\n" + other)
case("mangled-interleaved", interleave(every("Nov 24 10:00:00 h a[1]: "),
                                       every("Nov 24 10:00:00 h b[22]: ", other.splitlines())))
case("mangled-text", every(syslog), "dump dump")
case("text-symptoms", plain, "dump dump --symptoms --redact --top 2")
case("text-lenient", other, "dump dump --lenient")
case("text-dot", plain, "dump dump --chain dot")
case("text-mermaid", plain, "dump dump --chain mermaid")
case("text-diff", plain, "dump dump --diff ../1.23-rw/dump")
case("redact-list", plain, "dump dump --json --list --redact")
case("bad-empty", "")
case("bad-binary", bytes(i * i % 251 for i in range(4000)))
case("bad-nothing", "2026-11-24 all is well\n" * 3)
case("bad-missing", "", "dump no-such-file")
case("bad-usage", "", "dump --list dump")

# The fatal line lost where the runtime's frames are hidden: probable, no more.
with open(os.path.join(to, "1.23-ww", "dump"), encoding="utf-8") as f:
    case("headless-1.23", f.read().split("\n\n", 1)[1])
with open(os.path.join(to, "1.24-quit", "dump"), encoding="utf-8") as f:
    quiet = f.read()
case("symptoms-little", quiet, "dump dump --symptoms --top 1")
case("symptoms-all", quiet, "dump dump --symptoms --top 1 --heap ../../profile/heap-1.19/heap.pb.gz "
     "--log ../1.24-ww/dump --trace ../../trace/go1.26/trace.out")
case("symptoms-json", quiet, "dump dump --symptoms --json --log ../mangled-two/dump")
case("symptoms-clean-log", quiet, "dump dump --symptoms --json --log cmd")
case("bad-symptoms-without", quiet, "dump dump --heap heap.pb.gz")
case("bad-symptoms-log", quiet, "dump dump --symptoms --log missing.log")
case("bad-symptoms-heap", quiet, "dump dump --symptoms --heap ../../profile/cpu-json/cpu.pb.gz")

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables in README.md and docs/ from the result files: whatever stands between
<!-- table: NAME --> and <!-- end of table --> is replaced. Names: see TABLES. --check changes nothing
and exits 1 if a table is not what its results say."""
import glob
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import crash
import live
import record
import stats


def table(header, rows):
    out = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return out + ["| " + " | ".join(str(c) for c in r) + " |" for r in rows]


def machine(head):
    m = head["machine"]
    return f"{head['date'][:10]}, {m['cpus']} CPUs ({m['cpu']}{', virtual' if m['virtual'] else ''}), Linux {m['kernel']}"


def source(head):
    return f"\n`{head['command']}` at {head['commit']}, {machine(head)}."


def seconds(values, p):
    return f"{stats.quantile(values, p):.1f} s" if values else "–"


def matrix():
    head, rows = record.load("matrix")
    if not head:
        return []
    out = []
    for go in sorted({r["go"] for r in rows if r["case"] == "shop"}):
        racy = [r for r in rows if r["case"] == "shop" and r["go"] == go]
        fixed = [r for r in rows if r["case"] == "shop-fixed" and r["go"] == go]
        took = [r["took_s"] for r in racy if r["ok"]]
        out.append([go, ", ".join(sorted({r["kind"] for r in racy})),
                    f"{sum(r['ok'] for r in racy)} of {len(racy)}", seconds(took, 0.5), seconds(took, 0.95),
                    f"{sum(r['ok'] for r in fixed)} of {len(fixed)}",
                    sum(r.get("status") == 1 for r in fixed)])
    return table(["Go", "builds", "race found, both sides and lines right", "median", "95th percentile",
                  "with the lock: clean and covered", "falsely accused"], out) + [source(head)]


def cases():
    head, rows = record.load("matrix")
    if not head:
        return []
    names = list(dict.fromkeys(r["case"] for r in rows))
    out = []
    for n in names:
        mine = [r for r in rows if r["case"] == n]
        out.append([n, len({(r["go"], r["kind"]) for r in mine}), f"{sum(r['ok'] for r in mine)} of {len(mine)}",
                    sum(r.get("deaths", 0) for r in mine)])
    return table(["case", "cells", "runs as expected", "targets dead of their own race"], out) + [source(head)]


ARMS = {"alone": "alone", "locate": "`locate`", "windows": "windows", "holds": "holds", "short": "short holds",
        "unguarded": "(holds without the guard)"}


def safety_cell(died, s, base):
    """Crashes, time, and the hazard against the target alone with its one-sided 95 % bound."""
    cell = f"{died} in {s:.0f} s"
    if base and base[1]:
        ratio, _, _, bound = stats.hazard_ratio(died, s, base[1], base[2])
        cell += f": {ratio:.2f} (< {bound:.2f})"
    return cell


def safety():
    out, series = [], {}
    for path in sorted(glob.glob(os.path.join(record.RESULTS, "crash-*.jsonl"))):
        suite, go = re.match(r"crash-(.+)-([0-9.]+)\.jsonl", os.path.basename(path)).groups()
        head, rows = record.load(os.path.basename(path)[:-6])
        t = crash.totals(rows)
        base = t.get("alone")
        out.append([suite, go] + [safety_cell(*t[a][1:3], base if a != "alone" else None) if a in t else "–" for a in ARMS])
        series.setdefault(machine(head), []).append(f"{suite} {go}: {head['commit']}")
    if not out:
        return []
    return table(["target", "Go"] + list(ARMS.values()), out) + [
        "\n`bench/crash.py TARGET --go V --together` (busy: one after the other). "
        + " ".join(f"{', '.join(names)}; {where}." for where, names in series.items())]


def cost():
    out = []
    head, rows = record.load("live-http")
    names = {"requests_s": "throughput", "cpu_us": "CPU a request", "p50_us": "p50", "p99_us": "p99"}
    for arm, what in (("locate", "maptrap locate"), ("race", "built with -race"),
                      ("drag", "injected slow-down of 1 %")) if rows else ():
        r = live.ratios(rows, arm, live.FIGURES)
        out.append(["HTTP service", what] + [live.percent(r[f]) if f in r else "–" for f in names])
    hot_head, rows = record.load("live-hot")
    for r in live.ratios(rows, "locate", ["writes_s"]).values():
        out.append(["2 million map writes a second", "maptrap locate", live.percent(r), "–", "–", "–"])
    head = head or hot_head
    if not out:
        return []
    note = []
    if not live.sees_drag(record.load("live-http")[1]):
        note = ["\nThis machine cannot see the injected 1 %: differences of that size are not decided here."]
    return table(["target", "beside it"] + list(names.values()), out) + note + [source(head)]


def servers():
    out, head = [], None
    for path in sorted(glob.glob(os.path.join(record.RESULTS, "servers-*.jsonl"))):
        head, rows = record.load(os.path.basename(path)[:-6])
        out += [[r["server"], r.get("go", "–"), r["suite"], r.get("maps", "–"), r.get("maps_shared", "–"),
                 r.get("holds", "–"), len(r.get("findings", [])), len(r.get("suspects", [])),
                 "; ".join(r.get("wrong", [])) or "yes"] for r in rows]
    if not head:
        return []
    return table(["server", "built with", "suite", "maps", "shared", "holds", "accused", "suspects", "as it must be"],
                 out) + [source(head)]


def share(n, of):
    return f"{n} of {of} ({100 * n / max(1, of):.0f} %)"


def scan_history():
    head, rows = record.load("history")
    if not head:
        return []
    out = []
    lists = {"read": "read by hand", "rule": "listed by a program", "wide": "by a wider program"}
    for listed, half in ((l, h) for l in lists for h in ("tuning", "held-out")):
        some = [r for r in rows if r["half"] == half and r.get("listed", "read") == listed]
        if not some:
            continue
        for tier in ("default", "medium", "library"):
            named = [r for r in some if r[tier]["named"]]
            out.append([half, lists[listed], len({r["repository"] for r in some}), tier, share(len(named), len(some)),
                        share(sum(r[tier]["gone"] for r in named), len(named))])
    return table(["half", "unguarded accesses", "repositories", "tier", "named before the fix", "of these gone after it"], out) + [source(head)]


def scan_noise():
    head, rows = record.load("noise")
    trees = [r for r in rows if "lines" in r]
    drawn = [r for r in rows if "verdict" in r]
    if not head:
        return []
    out = [[r["repository"], r["commit"][:12], f"{r['lines'] / 1000:.0f}", f"{r['lines_of_tests'] / 1000:.0f}",
            r["default"], r["medium"], r["library"]] for r in trees]
    total = {k: sum(r[k] for r in trees) for k in ("lines", "lines_of_tests", "default", "medium", "library")}
    out.append(["**all**", "", f"{total['lines'] / 1000:.0f}", f"{total['lines_of_tests'] / 1000:.0f}",
                total["default"], total["medium"], total["library"]])
    note = (f"\nDefault tier: one alert in {total['lines'] / max(1, total['default']) / 1000:.1f} thousand lines, "
            f"{(total['lines'] - total['lines_of_tests']) / max(1, total['default']) / 1000:.1f} thousand without tests.")
    if drawn:
        n = {v: sum(r["verdict"] == v for r in drawn) for v in ("bug", "plausible", "false", "unread")}
        note += (f" Of {len(drawn)} drawn at random (seed {drawn[0]['seed']}) and read: {n['bug']} bugs, "
                 f"{n['plausible']} plausible, {n['false']} false"
                 + (f", {n['unread']} not read" if n["unread"] else "") + ".")
    return table(["code base", "commit", "1000 lines", "of these tests", "default", "medium", "library"],
                 out) + [note, source(head)]


def kill9():
    head, rows = record.load("kill9")
    if not head:
        return []
    return table(["kills", "moments", "target harmed, or anything left"],
                 [[len(rows), f"0–{max(r['after_s'] for r in rows):.1f} s after the start",
                   sum(bool(r["wrong"]) for r in rows)]]) + [source(head)]


def kernels():
    head, rows = record.load("kernels")
    if not head:
        return []
    # Each run a row: a racing target may die of its race, and that is no answer either.
    return table(["kernel", "probes", "race found after", "holds until then", "with the lock: accused, holds",
                  "target alive, nothing left"],
                 [[r["kernel"], r["uprobes"].split(",")[0], f"{r['took_s']} s" if "took_s" in r else "not found",
                   r.get("holds", "–"), f"{'yes' if r['guarded'] == 1 else 'no'}, {r.get('guarded_holds', '–')}",
                   "yes" if r["ok"] else f"died of its race {r['deaths']} times" if r["deaths"] else "no"]
                  for r in sorted(rows, key=lambda r: [int(n) for n in re.findall(r"\d+", r["kernel"])])]) + [source(head)]


def links():
    head, rows = record.load("links")
    if not head:
        return []
    out = []
    for n in sorted({r["points"] for r in rows}):
        line = [n]
        for how in ("multi", "single"):
            mine = [r for r in rows if r["points"] == n and r["how"] == how]
            line += [f"{stats.quantile([r[k] for r in mine], 0.5):.0f} ms" for k in ("attach_ms", "detach_ms")]
        out.append(line)
    return table(["probes", "one link: on", "off", "a link each: on", "off"], out) + [source(head)]


def gobin():
    head, rows = record.load("gobin")
    if not head:
        return []
    out = []
    for oracle in dict.fromkeys(r["oracle"] for r in rows):
        mine = [r for r in rows if r["oracle"] == oracle]
        out.append([oracle, len(mine), sum(r["addresses"] for r in mine), sum(r["different"] for r in mine)])
    return table(["held against", "programs", "addresses, functions or calls", "different"], out) + [source(head)]


def soak():
    head, rows = record.load("soak")
    if not head:
        return []
    return table(["length", "rounds", "accused", "targets dead", "maptrap's memory, first and last"],
                 [[f"{sum(r['seconds'] for r in rows) / 60:.0f} min", len(rows), sum(r["accused"] for r in rows),
                   sum(r["dead"] for r in rows), f"{rows[0]['rss_kb']} and {rows[-1]['rss_kb']} KB"]]) + [source(head)]


def paired(name, file_key, tool_key, wall, memory):
    """Rows of a benchmark that runs maptrap and others on the same file in turns: medians, and how many
    times as long the other takes."""
    head, rows = record.load(name)
    if not head:
        return []
    out = []
    for file in dict.fromkeys(r[file_key] for r in rows):
        mine = [r for r in rows if r[file_key] == file]

        def median(tool, key, mine=mine):
            values = [r[key] for r in mine if r[tool_key] == tool and r.get(key)]
            return stats.quantile(values, 0.5) if values else None

        ours, ours_mb = median("maptrap", wall), median("maptrap", memory)
        for tool in dict.fromkeys(r[tool_key] for r in mine if r[tool_key] != "maptrap"):
            theirs, theirs_mb = median(tool, wall), median(tool, memory)
            cpu = median(tool, "cpu_s") / median("maptrap", "cpu_s")
            out.append([file, f"{mine[0]['bytes'] / 1e6:.3g} MB", time_text(ours), tool,
                        time_text(theirs), f"{theirs / ours:.1f} x", f"{cpu:.1f} x",
                        memory_text(ours_mb, memory), memory_text(theirs_mb, memory)])
    return table(["file", "size", "maptrap", "against", "it takes", "faster", "less CPU", "memory", "its memory"], out) + [source(head)]


def time_text(s):
    return f"{s:.2f} s" if s >= 0.995 else f"{s * 1000:.3g} ms"


def memory_text(value, key):
    if not value:
        return "–"
    return f"{value / (1024 if key.endswith('kb') else 1):.0f} MB"


def profile_speed():
    return paired("profile", "file", "tool", "wall_s", "peak_kb")


def trace_speed():
    return paired("trace", "file", "arm", "s", "peak_mb")


def dump():
    head, rows = record.load("dump")
    if not head:
        return []
    names = {"read": "the file read, nothing done with it (the floor)", "maptrap": "`maptrap dump`, plain log",
             "maptrap, docker": "`maptrap dump`, docker's JSON lines", "maptrap, syslog": "`maptrap dump`, syslog"}
    out = []
    for arm, what in names.items():
        mine = [r for r in rows if r["arm"] == arm]
        if mine:
            cpu = stats.quantile([r["cpu_s"] for r in mine], 0.5)
            out.append([what, f"{mine[0]['bytes'] / 1e6:.0f} MB", f"{cpu:.2f} s", f"{mine[0]['bytes'] / cpu / 1e6:.0f}",
                        f"{max(r['peak_mb'] for r in mine)} MB"])
    kinds = {"same": "a million goroutines of 3 KB, few stacks, through a pipe",
             "distinct": "the same, every stack different", "names": "the same, every function's name different",
             "line": "one line of 1 GB", "json": "one JSON value of 1 GB"}
    for r in rows:
        if r["arm"] == "stream":
            size = re.search(r"(\d+) bytes", r["said"])
            mb = int(size[1]) / 1e6 if size else 0
            out.append([kinds[r["kind"]], f"{mb:.0f} MB", f"{r['cpu_s']:.2f} s", f"{mb / r['cpu_s']:.0f}",
                        f"{r['peak_mb']} MB"])
    return table(["input", "size", "CPU time (median)", "MB/s", "peak memory"], out) + [source(head)]


def scan_speed():
    head, rows = record.load("scan")
    if not head:
        return []
    out = []
    for tree, arm in dict.fromkeys((r["tree"], r["arm"]) for r in rows if r["arm"] != "warm-up"):
        mine = [r for r in rows if (r["tree"], r["arm"]) == (tree, arm)]
        lines = max(r.get("lines", 0) for r in rows if r["tree"] == tree)
        wall, cpu, peak = (stats.quantile([r[k] for r in mine], 0.5) for k in ("wall_s", "cpu_s", "peak_kb"))
        out.append([tree, f"{lines / 1e6:.2f} million lines", ("" if arm.startswith("go vet") else "scan, ") + arm, len(mine),
                    f"{wall:.3g} s", f"{cpu:.3g} s", f"{peak / 1024:.0f} MB"])
    return table(["tree", "size", "", "runs", "wall, median", "CPU", "memory"], out) + [source(head)]


TABLES = {f.__name__: f for f in (scan_speed, profile_speed, trace_speed, dump, matrix, cases, servers, safety, cost, kill9, kernels, links, gobin,
                                  soak)}
TABLES.update((f.__name__, f) for f in (scan_history, scan_noise))
PATTERN = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end of table -->)", re.S)


def fill(match):
    if match[2] not in TABLES:
        raise SystemExit(f"no table is called {match[2]}")
    lines = TABLES[match[2]]() or ["*No figures yet.*"]
    return match[1] + "\n".join(lines) + "\n" + match[3]


def main():
    check, stale = "--check" in sys.argv[1:], []
    pages = [os.path.join(record.TOP, "README.md")] + sorted(glob.glob(os.path.join(record.TOP, "docs/**/*.md"),
                                                                       recursive=True))
    for path in pages:
        if not os.path.exists(path):
            continue
        with open(path, encoding="utf-8") as f:
            text = f.read()
        new = PATTERN.sub(fill, text)
        if new != text:
            stale.append(os.path.relpath(path, record.TOP))
            if not check:
                with open(path, "w", encoding="utf-8") as f:
                    f.write(new)
    if check and stale:
        print("tables are not what bench/results says (bench/tables.py writes them): " + ", ".join(stale))
        sys.exit(1)
    print(f"{len(pages)} pages, " + (f"rewritten: {', '.join(stale)}" if stale else "all tables as the results say"))


if __name__ == "__main__":
    main()

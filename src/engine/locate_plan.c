// SPDX-License-Identifier: Apache-2.0
// --dry-run: every probe with its cost class and blind spots; nothing is attached.
#include "base/json.h"
#include "engine/locate_state.h"

static const char *cost_class(const struct gobin_probe *p)
{
    switch (p->kind) {
    case GOBIN_PROBE_PUSH: return "emulated, after the stack check, about 1 us a hit";
    case GOBIN_PROBE_JCC: return "emulated, at the stack check's branch, about 1 us a hit";
    case GOBIN_PROBE_OTHER: return "emulated, about 1 us a hit";
    case GOBIN_PROBE_FIRST: return "single-stepped, about 10 us a hit: not used";
    }
    return "";
}

static size_t calls_to(const struct target *t, const struct map_func *f)
{
    size_t calls = 0;
    for (size_t k = 0; k < t->calls.n; k++) calls += t->calls.call[k].target == f->func.entry;
    return calls;
}

static size_t blind_spots(const struct target *t, const char *ret[static 4])
{
    size_t n = 0;
    ret[n++] = "maps that only one goroutine writes";
    ret[n++] = "maps that nothing touches meanwhile, sync.Map, and what C code does";
    if (!t->write_barrier) ret[n++] = "runtime.writeBarrier was not found in this binary";
    if (t->gomaxprocs == 1) ret[n++] = "GOMAXPROCS is 1: nothing would be held";
    return n;
}

static void plan_text(const struct locate_options *o, const struct target *t, struct buf *out)
{
    buf_printf(
        out,
        "Would look into pid %d (%s, %.*s, layout from %s) for %.0f s; nothing was attached.\n\n"
        "1. Sample the CPU for 0.25 s; map functions above 5 %% of a core are not probed whole.\n"
        "2. In windows within %.1f %% of a core, probe:\n",
        t->proc.pid, t->proc.exe, STR_ARG(t->info->version), t->layout.source,
        (double)o->for_ns / 1e9, 100 * o->cpu_share);
    for (size_t i = 0; i < t->n_funcs; i++) {
        const struct map_func *f = &t->func[i];
        buf_printf(out, "   %-40s %-8s at %#llx, %zu call sites; %s%s\n", f->name,
                   map_op_name(f->op), (unsigned long long)f->probe.address, calls_to(t, f),
                   cost_class(&f->probe), map_func_finds(f) ? "" : "; only while a map is held at");
    }
    buf_printf(out, "   %zu functions that stop the world or end the program, %zu that abort\n",
               t->n_stop, t->n_fatal);
    if (o->no_hold)
        buf_adds(out, "3. Hold nothing (--no-hold).\n");
    else
        buf_printf(
            out,
            "3. At maps that several goroutines touch: probes at their call sites and the "
            "instructions after,\n   busy holds of at most %.1f ms, %.0f %% of a core in all, "
            "under the guard.\n",
            (double)o->max_hold_ns / 1e6, 100 * o->hold_share);
    const char *blind[4];
    size_t n = blind_spots(t, blind);
    buf_adds(out, "\n");
    for (size_t i = 0; i < n; i++)
        buf_printf(out, "%s%s.\n", i ? "" : "What cannot be seen: ", blind[i]);
}

static void plan_json(const struct locate_options *o, const struct target *t, struct buf *out)
{
    struct json j;
    json_init(&j, out, 2);
    json_object(&j);
    json_key(&j, "schema"), json_cstr(&j, "maptrap.plan/1");
    json_key(&j, "target"), json_object(&j);
    json_key(&j, "pid"), json_int(&j, t->proc.pid);
    json_key(&j, "exe"), json_cstr(&j, t->proc.exe);
    json_key(&j, "go"), json_str(&j, t->info->version);
    json_key(&j, "layout"), json_cstr(&j, t->layout.source);
    json_end(&j);
    json_key(&j, "for_s"), json_double(&j, (double)o->for_ns / 1e9);
    json_key(&j, "cpu_share"), json_double(&j, o->cpu_share);
    json_key(&j, "hold_share"), json_double(&j, o->no_hold ? 0 : o->hold_share);
    json_key(&j, "max_hold_ms"), json_double(&j, o->no_hold ? 0 : (double)o->max_hold_ns / 1e6);
    json_key(&j, "probes"), json_array(&j);
    for (size_t i = 0; i < t->n_funcs; i++) {
        const struct map_func *f = &t->func[i];
        json_object(&j);
        json_key(&j, "function"), json_cstr(&j, f->name);
        json_key(&j, "op"), json_cstr(&j, map_op_name(f->op));
        json_key(&j, "address"), json_strf(&j, "%#llx", (unsigned long long)f->probe.address);
        json_key(&j, "calls"), json_uint(&j, calls_to(t, f));
        json_key(&j, "cost"), json_cstr(&j, cost_class(&f->probe));
        json_key(&j, "discovers"), json_bool(&j, map_func_finds(f));
        json_end(&j);
    }
    json_end(&j);
    json_key(&j, "stop_functions"), json_uint(&j, t->n_stop);
    json_key(&j, "abort_functions"), json_uint(&j, t->n_fatal);
    const char *blind[4];
    size_t n = blind_spots(t, blind);
    json_key(&j, "blind"), json_array(&j);
    for (size_t i = 0; i < n; i++) json_cstr(&j, blind[i]);
    json_end(&j);
    json_end(&j);
    json_deinit(&j);
}

struct err *locate_plan(const struct locate_options *o, bool json, struct log *log, struct buf *out)
{
    struct target *t;
    ERR_TRY(target_open(o->pid, log, &t));
    (json ? plan_json : plan_text)(o, t, out);
    target_close(t);
    return NULL;
}

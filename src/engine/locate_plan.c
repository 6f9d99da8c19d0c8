// SPDX-License-Identifier: Apache-2.0
// --dry-run: every probe with its cost class and blind spots; nothing is attached.
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

struct err *locate_plan(const struct locate_options *o, struct log *log, struct buf *out)
{
    struct target *t;
    ERR_TRY(target_open(o->pid, log, &t));
    buf_printf(
        out,
        "Would look into pid %d (%s, %.*s, layout from %s) for %.0f s; nothing was attached.\n\n"
        "1. Sample the CPU for 0.25 s; map functions above 5 %% of a core are not probed whole.\n"
        "2. In windows within %.1f %% of a core, probe:\n",
        t->proc.pid, t->proc.exe, STR_ARG(t->info->version), t->layout.source,
        (double)o->for_ns / 1e9, 100 * o->cpu_share);
    for (size_t i = 0; i < t->n_funcs; i++) {
        const struct map_func *f = &t->func[i];
        size_t calls = 0;
        for (size_t k = 0; k < t->calls.n; k++) calls += t->calls.call[k].target == f->func.entry;
        buf_printf(out, "   %-40s %-8s at %#llx, %zu call sites; %s%s\n", f->name,
                   map_op_name(f->op), (unsigned long long)f->probe.address, calls,
                   cost_class(&f->probe),
                   map_op_writes(f->op) && !f->inner ? "" : "; only while a map is held at");
    }
    buf_printf(out, "   %zu functions that stop the world, %zu that abort\n", t->n_stop,
               t->n_fatal);
    if (o->no_hold)
        buf_adds(out, "3. Hold nothing (--no-hold).\n");
    else
        buf_printf(
            out,
            "3. At maps that several goroutines touch: probes at their call sites and the "
            "instructions after,\n   busy holds of at most %.1f ms, %.0f %% of a core in all, "
            "under the guard.\n",
            (double)o->max_hold_ns / 1e6, 100 * o->hold_share);
    buf_adds(out,
             "\nWhat cannot be seen: maps that nothing touches meanwhile, sync.Map, and what C "
             "code does.\n");
    if (!t->write_barrier) buf_adds(out, "runtime.writeBarrier was not found in this binary.\n");
    if (t->gomaxprocs == 1) buf_adds(out, "GOMAXPROCS is 1: nothing would be held.\n");
    target_close(t);
    return NULL;
}

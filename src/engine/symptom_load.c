// SPDX-License-Identifier: Apache-2.0
#include "engine/symptom_load.h"

#include "analyses/profile_maps.h"
#include "analyses/trace_states.h"
#include "base/clock.h"
#include "decoders/gotrace.h"
#include "engine/dump_load.h"
#include "engine/profile_exe.h"
#include "engine/profile_load.h"
#include "engine/prom_latency.h"
#include "sources/input.h"
#include "sources/proc.h"

#include <unistd.h>

// ---- Heap profile

static struct err *load_heap(const char *name, struct loaded_profile *l, struct arena *a,
                             struct symptom_inputs *ret)
{
    static const struct profile_filter everything;
    size_t type;
    ERR_TRY(profile_load(name, l));
    if (!profile_heap_type(&l->p, &type))
        return err_new(ERR_INPUT, "--heap %s: is no heap profile", name);
    if (profile_hides_runtime(&l->p)) { // map functions are only in it with the binary's help
        ERR_TRY(profile_open_exe(NULL, l));
        ret->heap.hidden = l->exe == NULL;
        if (l->exe) profile_restore(&l->p, l->exe);
    }
    struct profile_view view;
    struct profile_sites sites = { 0 };
    ERR_TRY(profile_view_init(&view, &l->p, &everything));
    profile_sites_init(&sites, &view, type, false);
    ret->heap.known = true;
    ret->heap.map_bytes = sites.map_value;
    ret->heap.bytes = sites.total;
    if (sites.sites.n) ret->heap.owner = arena_str(a, sites.sites.p[0].function);
    profile_sites_deinit(&sites);
    profile_view_deinit(&view);
    return NULL;
}

static struct err *heap(const char *name, struct arena *a, struct symptom_inputs *ret)
{
    struct loaded_profile l = { 0 };
    struct err *e = load_heap(name, &l, a, ret);
    loaded_profile_deinit(&l);
    return e;
}

// ---- Log

static struct err *log_file(const char *name, struct arena *a, struct symptom_inputs *ret)
{
    struct dump d = { 0 };
    struct dump_source source = { 0 };
    struct err *e = dump_load(name, false, &d, &source);
    if (e && e->kind == ERR_INPUT && d.bytes) { // nothing of Go's in it: that is an answer too
        err_free(e);
        e = NULL;
    }
    if (!e) {
        ret->log.known = true;
        ret->log.crashes = dump_crashes(&d);
        if (d.fatal.p && dump_fatal_is_map(d.fatal)) ret->log.fatal = arena_str(a, d.fatal);
    }
    buf_deinit(&source.name);
    dump_deinit(&d);
    return e;
}

// ---- Execution trace

static struct err *read_input(void *arg, void *p, size_t n, size_t *ret_n)
{
    return input_read(arg, p, n, ret_n);
}

static struct err *read_trace(const char *name, struct input *in, struct gotrace_tables *tables,
                              struct symptom_inputs *ret)
{
    struct gotrace *t;
    struct trace_states s;
    ERR_TRY(gotrace_open(&(struct gotrace_source) { read_input, in, name }, tables, &t));
    trace_states_init(&s, tables);
    for (const struct gotrace_event *ev; (ev = gotrace_next(t));) trace_states_event(&s, ev);
    trace_states_finish(&s, 0);
    ret->trace.known = true;
    ret->trace.stuck = s.n_stuck;
    if (s.n_longest) ret->trace.longest_ns = s.longest[0].ns;
    trace_states_deinit(&s);
    gotrace_close(t);
    return NULL;
}

static struct err *trace(const char *name, struct symptom_inputs *ret)
{
    const struct input_options options = { .decompress = true, .pprof = "trace?seconds=5" };
    struct gotrace_tables tables;
    _cleanup_input_ struct input *in = NULL;
    ERR_TRY(input_open(name, &options, &in));
    gotrace_tables_init(&tables);
    struct err *e = read_trace(input_name(in), in, &tables, ret);
    gotrace_tables_deinit(&tables);
    return e;
}

// ---- Process

static struct err *process(pid_t pid, struct symptom_inputs *ret)
{
    struct proc p;
    uint64_t began = clock_now_ns(), cpu = proc_cpu_ns(pid);
    usleep(SYMPTOM_CPU_MS * 1000);
    ERR_TRY(proc_read(pid, &p));
    bool throttled;
    double quota = proc_cpu_quota(pid, &throttled), cores = host_cpus();
    if (quota > 0 && quota < cores) cores = quota;
    ret->process.known = true;
    ret->process.cpu_share =
        (double)(proc_cpu_ns(pid) - cpu) / ((double)(clock_now_ns() - began) * cores);
    ret->process.cores = cores < 1 ? 1 : (unsigned)cores;
    ret->process.uptime_s = p.uptime_s;
    proc_thread_states(pid, &ret->process.running, &ret->process.sleeping,
                       &ret->process.uninterruptible);
    return NULL;
}

struct err *symptom_load(const struct symptom_sources *s, struct log *log, struct arena *a,
                         struct symptom_inputs *ret)
{
    struct symptom_inputs in = { 0 };
    if (s->heap) ERR_TRY(heap(s->heap, a, &in));
    if (s->log) ERR_TRY(log_file(s->log, a, &in));
    if (s->trace) ERR_TRY(trace(s->trace, &in));
    if (s->prom) ERR_TRY(prom_latency(s->prom, s->prom_select, &in, a));
    if (s->prom && !in.latency.known)
        log_warn(log,
                 "--prom %s: no histogram of request times with requests in the last 5 minutes "
                 "(looked for names like http_request_duration_seconds_bucket)",
                 s->prom);
    if (s->pid) ERR_TRY(process(s->pid, &in));
    *ret = in;
    return NULL;
}

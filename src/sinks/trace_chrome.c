// SPDX-License-Identifier: Apache-2.0
#include "sinks/trace_chrome.h"

#include "analyses/trace_slices.h"
#include "base/cleanup.h"
#include "base/json.h"

#include <errno.h>

enum { PID_PROCS = 1, PID_GOROUTINES = 2, PID_RUNTIME = 3 };

struct trace_chrome {
    const struct gotrace_tables *tables;
    const char *path;
    FILE *file;
    struct buf scratch;
    struct json j;
    struct trace_slicer slicer;
};

struct err *trace_chrome_create(const char *path, const struct gotrace_tables *tables,
                                struct trace_chrome **ret)
{
    FILE *file = fopen(path, "w");
    if (!file) return err_sys(ERR_CANNOT, errno, "cannot write %s", path);
    struct trace_chrome *c = mem_zalloc(sizeof(*c));
    c->tables = tables;
    c->path = path;
    c->file = file;
    json_init_stream(&c->j, &c->scratch, file, 0);
    json_object(&c->j);
    json_key(&c->j, "displayTimeUnit"), json_cstr(&c->j, "ns");
    json_key(&c->j, "traceEvents");
    json_array(&c->j);
    *ret = c;
    return NULL;
}

static void begin_event(struct trace_chrome *c, const char *phase, int pid, int64_t tid)
{
    json_object(&c->j);
    json_key(&c->j, "ph"), json_cstr(&c->j, phase);
    json_key(&c->j, "pid"), json_int(&c->j, pid);
    json_key(&c->j, "tid"), json_int(&c->j, tid);
}

static void put_span(struct trace_chrome *c, int64_t begin_ns, int64_t end_ns)
{
    json_key(&c->j, "ts"), json_fixed(&c->j, begin_ns - c->slicer.first_ns, 3);
    json_key(&c->j, "dur"), json_fixed(&c->j, end_ns - begin_ns, 3);
}

static void put_slice(struct trace_chrome *c, const struct trace_slice *s)
{
    struct json *j = &c->j;
    begin_event(c, "X", PID_GOROUTINES, c->tables->goroutine.p[s->go]);
    put_span(c, s->begin_ns, s->end_ns);
    json_key(j, "name"), json_cstr(j, gotrace_state_name(s->state));
    if (s->reason || s->by != GOTRACE_NONE || s->proc >= 0) {
        json_key(j, "args");
        json_object(j);
        if (s->reason) json_key(j, "reason"), json_str(j, c->tables->string.p[s->reason]);
        if (s->by != GOTRACE_NONE)
            json_key(j, "woken_by"), json_int(j, c->tables->goroutine.p[s->by]);
        if (s->proc >= 0) json_key(j, "p"), json_int(j, s->proc);
        json_end(j);
    }
    json_end(j);
    if (s->state != GOTRACE_RUNNING || s->proc < 0) return;
    begin_event(c, "X", PID_PROCS, s->proc);
    put_span(c, s->begin_ns, s->end_ns);
    json_key(j, "name"), json_strf(j, "goroutine %lld", (long long)c->tables->goroutine.p[s->go]);
    json_end(j);
}

void trace_chrome_event(struct trace_chrome *c, const struct gotrace_event *ev)
{
    struct trace_slice s;
    if (trace_slicer_event(&c->slicer, ev, &s)) put_slice(c, &s);
}

static void put_name(struct trace_chrome *c, const char *what, int pid, int64_t tid,
                     struct str name)
{
    begin_event(c, "M", pid, tid);
    json_key(&c->j, "name"), json_cstr(&c->j, what);
    json_key(&c->j, "args");
    json_object(&c->j);
    json_key(&c->j, "name"), json_str(&c->j, name);
    json_end(&c->j);
    json_end(&c->j);
}

static void put_pauses(struct trace_chrome *c, const struct trace_states *states)
{
    for (size_t i = 0; i < states->pause.n; i++) {
        const struct trace_pause *p = &states->pause.p[i];
        begin_event(c, "X", PID_RUNTIME, p->range);
        put_span(c, c->slicer.first_ns + p->at_ns, c->slicer.first_ns + p->at_ns + p->ns);
        json_key(&c->j, "name");
        struct str reason = c->tables->string.p[p->reason];
        if (p->range == GOTRACE_GC || !reason.n) reason = str_from(gotrace_range_name(p->range));
        json_str(&c->j, reason);
        json_end(&c->j);
    }
}

struct err *trace_chrome_finish(struct trace_chrome *c, const struct trace_states *states)
{
    struct trace_slice s;
    for (uint32_t i = 0; i < c->slicer.go.n; i++)
        if (trace_slicer_rest(&c->slicer, i, &s)) put_slice(c, &s);
    put_pauses(c, states);
    put_name(c, "process_name", PID_PROCS, 0, STR("Ps"));
    put_name(c, "process_name", PID_GOROUTINES, 0, STR("goroutines"));
    put_name(c, "process_name", PID_RUNTIME, 0, STR("runtime"));
    put_name(c, "thread_name", PID_RUNTIME, GOTRACE_STW, STR("stop-the-world"));
    put_name(c, "thread_name", PID_RUNTIME, GOTRACE_GC, STR("gc"));
    for (uint32_t i = 0; i < states->go.n; i++) {
        if (!states->go.p[i].told) continue;
        _cleanup_buf_ struct buf name = { 0 };
        buf_addstr(&name, trace_go_function(states, i));
        buf_printf(&name, " %lld", (long long)c->tables->goroutine.p[i]);
        put_name(c, "thread_name", PID_GOROUTINES, c->tables->goroutine.p[i], buf_str(&name));
    }
    json_end(&c->j);
    json_end(&c->j);
    json_deinit(&c->j);
    int failed = ferror(c->file);
    if (fclose(c->file) != 0) failed = 1;
    c->file = NULL;
    return failed ? err_new(ERR_CANNOT, "writing %s failed (is the disk full?)", c->path) : NULL;
}

void trace_chrome_destroy(struct trace_chrome *c)
{
    if (!c) return;
    if (c->file) fclose(c->file);
    buf_deinit(&c->scratch);
    trace_slicer_deinit(&c->slicer);
    free(c);
}

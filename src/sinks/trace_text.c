// SPDX-License-Identifier: Apache-2.0
#include "base/cleanup.h"
#include "sinks/trace_report.h"

#include <stdlib.h>

enum { LONG_WAIT_MS = 10, LONG_PAUSE_MS = 10, NAME_WIDTH = 40 };

// "1.23 ms": three figures and a unit, right-aligned by the caller.
static void add_duration(struct buf *out, int64_t ns)
{
    double v = (double)ns;
    static const struct {
        double ns;
        const char *unit;
    } units[] = { { 1e9, "s" }, { 1e6, "ms" }, { 1e3, "us" } };
    for (size_t i = 0; i < array_size(units); i++) {
        double n = v / units[i].ns;
        if (n < 0.9995) continue;
        buf_printf(out, "%.*f %s", n < 9.995 ? 2 : n < 99.95 ? 1 : 0, n, units[i].unit);
        return;
    }
    buf_printf(out, "%lld ns", (long long)ns);
}

// A duration in a column.
static void put_column(struct buf *out, int64_t ns)
{
    _cleanup_buf_ struct buf b = { 0 };
    if (ns == 0)
        buf_addc(&b, '-');
    else
        add_duration(&b, ns);
    buf_printf(out, " %8s", buf_cstr(&b));
}

static void put_count(struct buf *out, uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) buf_addc(out, ',');
        buf_addc(out, digits[i]);
    }
}

// Foreign text: control bytes become '?'.
static void put_text(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        buf_addc(out, c < 0x20 || c == 0x7f ? '?' : (char)c);
    }
}

// Cut in front, where packages' paths are, to fit a column.
static void put_name(struct buf *out, struct str s, size_t width)
{
    size_t begin = out->n;
    if (s.n > width) {
        buf_adds(out, "..");
        s = str_sub(s, s.n - (width - 2), s.n);
    }
    put_text(out, s);
    while (out->n - begin < width) buf_addc(out, ' ');
}

static struct str reason_of(const struct trace_states *s, uint32_t reason)
{
    struct str text = s->tables->string.p[reason];
    return text.n ? text : STR("unknown");
}

static void put_go(struct buf *out, const struct trace_states *s, uint32_t go)
{
    if (go == GOTRACE_NONE)
        buf_adds(out, "nobody (timer, network or collector)");
    else
        buf_printf(out, "goroutine %lld", (long long)s->tables->goroutine.p[go]);
}

static void put_frame(struct buf *out, const struct frame *f)
{
    put_text(out, f->function);
    buf_adds(out, " (");
    size_t slash = str_rfind_char(f->file, '/');
    put_text(out, slash == STR_NPOS ? f->file : str_sub(f->file, slash + 1, f->file.n));
    buf_printf(out, ":%u)", f->line);
}

static void put_heading(struct buf *out, const struct trace_text_options *o, const char *text)
{
    buf_printf(out, "\n%s%s%s\n", o->color ? "\033[1m" : "", text, o->color ? "\033[0m" : "");
}

static int64_t longest_stop(const struct trace_states *s, size_t *ret)
{
    int64_t most = -1;
    for (size_t i = 0; i < s->pause.n; i++)
        if (s->pause.p[i].range == GOTRACE_STW && s->pause.p[i].ns > most)
            most = s->pause.p[i].ns, *ret = i;
    return most;
}

// Of the program's own goroutines; NULL if none waited.
static const struct trace_long_wait *longest_wait(const struct trace_states *s)
{
    for (size_t i = 0; i < s->n_longest; i++)
        if (!trace_go_is_runtime(s, s->longest[i].go)) return &s->longest[i];
    return NULL;
}

static size_t pairs_inside(const struct trace_writers *w)
{
    size_t n = 0;
    while (n < w->pair.n && w->pair.p[n].inside) n++;
    return n;
}

// The reason all goroutines of one stuck list wait for, in words.
static void put_stuck_row(struct buf *out, const struct trace_states *s,
                          const struct trace_stuck *k)
{
    const struct trace_go *g = &s->go.p[k->go];
    put_go(out, s, k->go);
    buf_addc(out, ' ');
    put_text(out, trace_go_function(s, k->go));
    buf_adds(out, ": ");
    switch (k->kind) {
    case TRACE_STUCK_UNRUN:
        buf_adds(out, "runnable for ");
        add_duration(out, k->ns);
        buf_adds(out, " at the end, woken by ");
        put_go(out, s, k->by);
        break;
    case TRACE_STUCK_FLAPPING:
        buf_printf(out, "woken %u times, ran ", g->wakes);
        add_duration(out, g->ns[GOTRACE_RUNNING] / (g->runs ? g->runs : 1));
        buf_adds(out, " a time, waited for a P ");
        add_duration(out, k->ns);
        buf_adds(out, ", blocked again at ");
        put_text(out, reason_of(s, k->reason));
        break;
    case TRACE_STUCK_BLOCKED:
        buf_adds(out, "blocked at ");
        put_text(out, reason_of(s, k->reason));
        buf_adds(out, " for ");
        add_duration(out, k->ns);
        buf_adds(out, " up to the end");
        break;
    }
    if (k->by_count) {
        buf_adds(out, "; woken mostly by ");
        put_go(out, s, k->by);
    }
    const struct frame *at = gotrace_place(s->tables, g->blocked);
    if (at && k->kind != TRACE_STUCK_UNRUN) {
        buf_adds(out, "; in ");
        put_frame(out, at);
    }
}

void trace_text_verdict(const struct trace_report *r, struct buf *out)
{
    const struct trace_states *s = r->states;
    const struct trace_writers *w = r->writers;
    size_t stop = 0;
    int64_t stop_ns = longest_stop(s, &stop);
    const struct trace_long_wait *wait = longest_wait(s);
    if (r->broken) buf_adds(out, "Part of a broken trace: ");
    if (s->events == 0) {
        buf_adds(out, r->broken ? "nothing of it can be read." : "The trace holds no event.");
    } else if (pairs_inside(w)) {
        const struct trace_writer_pair *p = &w->pair.p[0];
        buf_adds(out, "Goroutines were inside map writes at the same time: ");
        put_frame(out, p->site[0]);
        buf_adds(out, " and ");
        put_frame(out, p->site[1]);
        unsigned long long seen = p->inside + p->running;
        buf_printf(out, ", seen %llu time%s; if that is one map, it is a race.", seen,
                   seen == 1 ? "" : "s");
    } else if (r->broken && trace_span_ns(s) < LONG_WAIT_MS * 1000000ll) {
        buf_adds(out, "too little of it can be read to say whether a goroutine is stuck (");
        add_duration(out, trace_span_ns(s));
        buf_adds(out, ").");
    } else if (s->n_stuck) {
        buf_printf(out, "%llu goroutine%s stuck between runnable and blocked; ",
                   (unsigned long long)s->n_stuck, s->n_stuck == 1 ? " is" : "s are");
        put_stuck_row(out, s, &s->stuck.p[0]);
        buf_addc(out, '.');
    } else if (wait && wait->ns >= LONG_WAIT_MS * 1000000ll) {
        buf_adds(out, "Runnable goroutines wait long for a P: up to ");
        add_duration(out, wait->ns);
        buf_adds(out, " (");
        put_go(out, s, wait->go);
        buf_addc(out, ' ');
        put_text(out, trace_go_function(s, wait->go));
        buf_adds(out, ").");
    } else if (stop_ns >= LONG_PAUSE_MS * 1000000ll) {
        buf_adds(out, "The world was stopped for up to ");
        add_duration(out, stop_ns);
        buf_adds(out, " (");
        put_text(out, reason_of(s, s->pause.p[stop].reason));
        buf_adds(out, ").");
    } else {
        buf_adds(out, "No goroutine is stuck");
        if (wait) buf_adds(out, ": the longest wait for a P took "), add_duration(out, wait->ns);
        if (stop_ns >= 0) {
            buf_adds(out, wait ? ", the longest stop of the world "
                               : ": the longest stop of the world took ");
            add_duration(out, stop_ns);
        }
        buf_addc(out, '.');
    }
    buf_addc(out, '\n');
}

static void put_summary(struct buf *out, const struct trace_report *r)
{
    const struct trace_states *s = r->states;
    size_t told = 0;
    for (size_t i = 0; i < s->go.n; i++) told += s->go.p[i].told;
    buf_printf(out, "%s: trace of format go 1.%d, ", r->name, r->version);
    add_duration(out, trace_span_ns(s));
    buf_adds(out, ", ");
    put_count(out, s->events);
    buf_adds(out, " events (");
    put_count(out, s->samples);
    buf_adds(out, " CPU samples), ");
    put_count(out, told);
    buf_printf(out, " goroutines in %zu groups\n", s->group.n);
    if (r->broken)
        buf_printf(out, "broken at offset %llu (%s); the answer is of what stands before\n",
                   (unsigned long long)r->broke_offset, r->broke_why);
}

static size_t rows(const struct trace_text_options *o, size_t n)
{
    return o->top && o->top < n ? o->top : n;
}

static void put_more(struct buf *out, const struct trace_text_options *o, size_t n)
{
    if (rows(o, n) < n) buf_printf(out, "  … %zu more (--top 0 shows all)\n", n - rows(o, n));
}

static void put_groups(struct buf *out, const struct trace_report *r,
                       const struct trace_text_options *o)
{
    const struct trace_states *s = r->states;
    if (s->group.n == 0) return;
    put_heading(out, o, "Goroutines by the function they were started with (times added up)");
    buf_printf(out, "  %-*s %7s %8s %8s %8s %8s %8s %8s  %s\n", NAME_WIDTH, "function", "count",
               "running", "runnable", "longest", "syscall", "assist", "waiting", "mostly for");
    for (size_t i = 0; i < rows(o, s->group.n); i++) {
        const struct trace_group *g = &s->group.p[i];
        uint32_t most = 0;
        for (uint32_t w = g->waits; w; w = s->wait.p[w - 1].next)
            if (!most || s->wait.p[w - 1].ns > s->wait.p[most - 1].ns) most = w;
        buf_adds(out, "  ");
        put_name(out, g->function, NAME_WIDTH);
        buf_printf(out, " %7llu", (unsigned long long)g->goroutines);
        put_column(out, g->ns[GOTRACE_RUNNING]);
        put_column(out, g->ns[GOTRACE_RUNNABLE]);
        put_column(out, g->runnable_max_ns);
        put_column(out, g->ns[GOTRACE_SYSCALL]);
        put_column(out, g->assist_ns);
        put_column(out, g->ns[GOTRACE_WAITING]);
        buf_adds(out, "  ");
        if (most) put_text(out, reason_of(s, s->wait.p[most - 1].reason));
        buf_addc(out, '\n');
    }
    put_more(out, o, s->group.n);
}

static void put_stuck(struct buf *out, const struct trace_report *r,
                      const struct trace_text_options *o)
{
    const struct trace_states *s = r->states;
    if (s->n_stuck == 0) return;
    put_heading(out, o, "Stuck between runnable and blocked");
    for (size_t i = 0; i < rows(o, s->stuck.n); i++) {
        buf_adds(out, "  ");
        put_stuck_row(out, s, &s->stuck.p[i]);
        buf_addc(out, '\n');
    }
    put_more(out, o, (size_t)s->n_stuck);
}

static void put_longest(struct buf *out, const struct trace_report *r,
                        const struct trace_text_options *o)
{
    const struct trace_states *s = r->states;
    if (s->n_longest == 0) return;
    put_heading(out, o, "Longest waits for a P (runnable, not run)");
    size_t n = s->n_longest < 10 ? s->n_longest : 10;
    for (size_t i = 0; i < n; i++) {
        const struct trace_long_wait *w = &s->longest[i];
        put_column(out, w->ns);
        buf_adds(out, "  at ");
        add_duration(out, w->at_ns);
        buf_adds(out, ": ");
        put_go(out, s, w->go);
        buf_addc(out, ' ');
        put_text(out, trace_go_function(s, w->go));
        if (w->yielded) {
            buf_adds(out, ", after it was preempted or gave way");
        } else {
            buf_adds(out, ", woken by ");
            put_go(out, s, w->by);
        }
        buf_addc(out, '\n');
    }
}

static void put_wakes(struct buf *out, const struct trace_report *r,
                      const struct trace_text_options *o)
{
    const struct trace_states *s = r->states;
    if (s->wake.n == 0) return;
    put_heading(out, o, "Who woke whom");
    size_t n = s->wake.n < TRACE_TEXT_WAKES ? s->wake.n : TRACE_TEXT_WAKES;
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, " %8llu × ", (unsigned long long)s->wake.p[i].count);
        put_go(out, s, s->wake.p[i].by);
        if (s->wake.p[i].by != GOTRACE_NONE) {
            buf_addc(out, ' ');
            put_text(out, trace_go_function(s, s->wake.p[i].by));
        }
        buf_adds(out, " -> ");
        put_go(out, s, s->wake.p[i].go);
        buf_addc(out, ' ');
        put_text(out, trace_go_function(s, s->wake.p[i].go));
        buf_addc(out, '\n');
    }
    if (s->wakes_dropped)
        buf_printf(out, "  %llu more wakes were not told apart\n",
                   (unsigned long long)s->wakes_dropped);
}

struct stop_sum {
    uint32_t reason;
    uint32_t n;
    int64_t ns, most;
};

static void put_pauses(struct buf *out, const struct trace_report *r,
                       const struct trace_text_options *o)
{
    const struct trace_states *s = r->states;
    VEC(struct stop_sum) sums = { 0 };
    uint64_t cycles = 0;
    int64_t gc_ns = 0;
    for (size_t i = 0; i < s->pause.n; i++) {
        const struct trace_pause *p = &s->pause.p[i];
        if (p->range == GOTRACE_GC) {
            cycles++;
            gc_ns += p->ns;
            continue;
        }
        size_t k = 0;
        while (k < sums.n && sums.p[k].reason != p->reason) k++;
        if (k == sums.n) vec_push(&sums, (struct stop_sum) { .reason = p->reason });
        sums.p[k].n++;
        sums.p[k].ns += p->ns;
        if (p->ns > sums.p[k].most) sums.p[k].most = p->ns;
    }
    if (s->pause.n) put_heading(out, o, "Stops of the world and collections");
    for (size_t i = 0; i < sums.n; i++) {
        buf_printf(out, " %8u × stopped, longest ", sums.p[i].n);
        add_duration(out, sums.p[i].most);
        buf_adds(out, ", in all ");
        add_duration(out, sums.p[i].ns);
        buf_adds(out, ": ");
        put_text(out, reason_of(s, sums.p[i].reason));
        buf_addc(out, '\n');
    }
    if (cycles) {
        buf_printf(out, " %8llu × collection, marking for ", (unsigned long long)cycles);
        add_duration(out, gc_ns);
        buf_printf(out, " in all (%.1f %% of the trace)\n",
                   trace_span_ns(s) ? 100.0 * (double)gc_ns / (double)trace_span_ns(s) : 0);
    }
    vec_deinit(&sums);
}

static void put_writers(struct buf *out, const struct trace_report *r,
                        const struct trace_text_options *o)
{
    const struct trace_states *s = r->states;
    const struct trace_writers *w = r->writers;
    if (w->moments == 0) return;
    put_heading(out, o, "Map writers in parallel (a trace names no map: compare the code)");
    if (w->pair.n == 0)
        buf_printf(out, "  none: %llu times a goroutine was seen in a map write, always alone\n",
                   (unsigned long long)w->moments);
    for (size_t i = 0; i < rows(o, w->pair.n); i++) {
        const struct trace_writer_pair *p = &w->pair.p[i];
        buf_printf(out, "  %s %llu×: ", p->inside ? "both inside" : "both running",
                   (unsigned long long)(p->inside ? p->inside : p->running));
        for (int k = 0; k < 2; k++) {
            put_go(out, s, p->go[k]);
            buf_printf(out, " %s in ", map_op_name(p->op[k]));
            put_frame(out, p->site[k]);
            buf_adds(out, k ? "\n" : " and ");
        }
    }
    put_more(out, o, w->pair.n);
}

static void put_next(struct buf *out, const struct trace_report *r)
{
    if (r->states->events == 0) return;
    buf_adds(out, "\nnext: ");
    if (r->writers->pair.n)
        buf_adds(out, "maptrap locate --pid PID names the map and both goroutines in the live "
                      "service\n");
    else if (r->states->samples == 0)
        buf_adds(out, "no CPU samples in this trace; with a CPU profile running meanwhile it also "
                      "shows who writes maps\n");
    else
        buf_printf(out, "maptrap trace %s --html trace.html draws it over time\n", r->name);
}

void trace_text(const struct trace_report *r, const struct trace_text_options *o, struct buf *out)
{
    trace_text_verdict(r, out);
    put_summary(out, r);
    put_groups(out, r, o);
    put_stuck(out, r, o);
    put_longest(out, r, o);
    put_wakes(out, r, o);
    put_pauses(out, r, o);
    put_writers(out, r, o);
    put_next(out, r);
}

// SPDX-License-Identifier: Apache-2.0
#include "base/cleanup.h"
#include "sinks/trace_report.h"

static void key_int(struct json *j, const char *key, int64_t v)
{
    json_key(j, key);
    json_int(j, v);
}

static void key_str(struct json *j, const char *key, struct str v)
{
    json_key(j, key);
    json_str(j, v);
}

// The number Go gives a goroutine, or null.
static void key_go(struct json *j, const char *key, const struct trace_states *s, uint32_t go)
{
    json_key(j, key);
    if (go == GOTRACE_NONE)
        json_null(j);
    else
        json_int(j, s->tables->goroutine.p[go]);
}

static struct str reason_of(const struct trace_states *s, uint32_t reason)
{
    struct str text = s->tables->string.p[reason];
    return text.n ? text : STR("unknown");
}

static int compare_waits(const void *a, const void *b)
{
    const struct trace_wait *const *x = a, *const *y = b;
    if ((*x)->ns != (*y)->ns) return (*x)->ns > (*y)->ns ? -1 : 1;
    return (*x)->reason < (*y)->reason ? -1 : (*x)->reason > (*y)->reason;
}

static void put_waits(struct json *j, const struct trace_states *s, uint32_t list)
{
    VEC(const struct trace_wait *) waits = { 0 };
    for (uint32_t w = list; w; w = s->wait.p[w - 1].next) vec_push(&waits, &s->wait.p[w - 1]);
    if (waits.n) qsort(waits.p, waits.n, sizeof(*waits.p), compare_waits);
    json_key(j, "waiting");
    json_array(j);
    for (size_t i = 0; i < waits.n; i++) {
        json_object(j);
        key_str(j, "reason", reason_of(s, waits.p[i]->reason));
        key_int(j, "ns", waits.p[i]->ns);
        key_int(j, "count", waits.p[i]->count);
        json_end(j);
    }
    json_end(j);
    vec_deinit(&waits);
}

static void put_times(struct json *j, const int64_t *ns, int64_t assist_ns)
{
    key_int(j, "running_ns", ns[GOTRACE_RUNNING]);
    key_int(j, "runnable_ns", ns[GOTRACE_RUNNABLE]);
    key_int(j, "syscall_ns", ns[GOTRACE_SYSCALL]);
    key_int(j, "gc_assist_ns", assist_ns);
}

struct by_number {
    int64_t goid;
    uint32_t go;
};

static int compare_numbers(const void *a, const void *b)
{
    const struct by_number *x = a, *y = b;
    return x->goid < y->goid ? -1 : x->goid > y->goid;
}

static void put_goroutines(struct json *j, const struct trace_states *s)
{
    VEC(struct by_number) order = { 0 };
    for (uint32_t i = 0; i < s->go.n; i++)
        if (s->go.p[i].told) vec_push(&order, (struct by_number) { s->tables->goroutine.p[i], i });
    if (order.n) qsort(order.p, order.n, sizeof(*order.p), compare_numbers);
    json_key(j, "goroutines");
    json_array(j);
    for (size_t i = 0; i < order.n; i++) {
        const struct trace_go *g = &s->go.p[order.p[i].go];
        json_object(j);
        key_int(j, "goroutine", order.p[i].goid);
        key_str(j, "function", trace_go_function(s, order.p[i].go));
        put_times(j, g->ns, g->assist_ns);
        put_waits(j, s, g->waits);
        json_end(j);
    }
    json_end(j);
    vec_deinit(&order);
}

static void put_groups(struct json *j, const struct trace_states *s)
{
    json_key(j, "groups");
    json_array(j);
    for (size_t i = 0; i < s->group.n; i++) {
        const struct trace_group *g = &s->group.p[i];
        json_object(j);
        key_str(j, "function", g->function);
        key_int(j, "goroutines", (int64_t)g->goroutines);
        put_times(j, g->ns, g->assist_ns);
        key_int(j, "longest_runnable_ns", g->runnable_max_ns);
        put_waits(j, s, g->waits);
        json_end(j);
    }
    json_end(j);
}

static void put_longest(struct json *j, const struct trace_states *s)
{
    json_key(j, "longest_runnable");
    json_array(j);
    for (size_t i = 0; i < s->n_longest; i++) {
        const struct trace_long_wait *w = &s->longest[i];
        json_object(j);
        key_go(j, "goroutine", s, w->go);
        key_str(j, "function", trace_go_function(s, w->go));
        key_int(j, "ns", w->ns);
        key_int(j, "at_ns", w->at_ns);
        key_str(j, "after", w->yielded ? STR("running") : STR("waking"));
        key_go(j, "by", s, w->by);
        json_end(j);
    }
    json_end(j);
}

static void put_wakes(struct json *j, const struct trace_states *s)
{
    json_key(j, "unblocked");
    json_array(j);
    for (size_t i = 0; i < s->wake.n; i++) {
        json_object(j);
        key_go(j, "by", s, s->wake.p[i].by);
        key_go(j, "goroutine", s, s->wake.p[i].go);
        key_int(j, "count", (int64_t)s->wake.p[i].count);
        json_end(j);
    }
    json_end(j);
}

static void put_pauses(struct json *j, const struct trace_states *s)
{
    json_key(j, "pauses");
    json_array(j);
    for (size_t i = 0; i < s->pause.n; i++) {
        const struct trace_pause *p = &s->pause.p[i];
        json_object(j);
        key_str(j, "kind", str_from(gotrace_range_name(p->range)));
        key_str(j, "reason",
                p->range == GOTRACE_GC ? STR("concurrent mark") : reason_of(s, p->reason));
        key_int(j, "at_ns", p->at_ns);
        key_int(j, "ns", p->ns);
        key_go(j, "goroutine", s, p->go);
        json_end(j);
    }
    json_end(j);
}

static void put_frame(struct json *j, const struct frame *f)
{
    key_str(j, "function", f->function);
    key_str(j, "file", f->file);
    key_int(j, "line", f->line);
}

static void put_writers(struct json *j, const struct trace_states *s, const struct trace_writers *w)
{
    json_key(j, "writers_in_parallel");
    json_array(j);
    for (size_t i = 0; i < w->pair.n; i++) {
        const struct trace_writer_pair *p = &w->pair.p[i];
        json_object(j);
        key_str(j, "evidence", p->inside ? STR("inside") : STR("running"));
        key_int(j, "inside", (int64_t)p->inside);
        key_int(j, "running", (int64_t)p->running);
        key_int(j, "at_ns", p->at_ns - s->first_ns);
        json_key(j, "writers");
        json_array(j);
        for (int k = 0; k < 2; k++) {
            json_object(j);
            key_go(j, "goroutine", s, p->go[k]);
            key_str(j, "op", str_from(map_op_name(p->op[k])));
            put_frame(j, p->site[k]);
            json_end(j);
        }
        json_end(j);
        json_end(j);
    }
    json_end(j);
}

static void put_stuck(struct json *j, const struct trace_states *s)
{
    json_key(j, "stuck");
    json_array(j);
    for (size_t i = 0; i < s->stuck.n; i++) {
        const struct trace_stuck *k = &s->stuck.p[i];
        const struct trace_go *g = &s->go.p[k->go];
        const struct frame *at = gotrace_place(s->tables, g->blocked);
        json_object(j);
        key_go(j, "goroutine", s, k->go);
        key_str(j, "function", trace_go_function(s, k->go));
        key_str(j, "kind", str_from(trace_stuck_name(k->kind)));
        json_key(j, "reason");
        if (k->kind == TRACE_STUCK_UNRUN)
            json_null(j);
        else
            json_str(j, reason_of(s, k->reason));
        key_int(j, "ns", k->ns);
        key_int(j, "wakes", g->wakes);
        key_go(j, "by", s, k->by);
        json_key(j, "at");
        if (at) {
            json_object(j);
            put_frame(j, at);
            json_end(j);
        } else {
            json_null(j);
        }
        json_end(j);
    }
    json_end(j);
}

void trace_json(const struct trace_report *r, struct json *j)
{
    const struct trace_states *s = r->states;
    json_object(j);
    key_str(j, "schema", STR("maptrap.trace/1"));
    json_key(j, "version");
    json_strf(j, "go1.%d", r->version);
    json_key(j, "complete");
    json_bool(j, !r->broken);
    json_key(j, "broke");
    if (r->broken) {
        json_object(j);
        json_key(j, "offset");
        json_uint(j, r->broke_offset);
        json_key(j, "why");
        json_cstr(j, r->broke_why);
        json_end(j);
    } else {
        json_null(j);
    }
    key_int(j, "span_ns", trace_span_ns(s));
    key_int(j, "events", (int64_t)s->events);
    put_goroutines(j, s);
    put_groups(j, s);
    put_longest(j, s);
    put_wakes(j, s);
    put_pauses(j, s);
    put_writers(j, s, r->writers);
    put_stuck(j, s);
    json_end(j);
}

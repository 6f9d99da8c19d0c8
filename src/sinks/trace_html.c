// SPDX-License-Identifier: Apache-2.0
#include "sinks/trace_html.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "sinks/html_page.h"

extern const unsigned char timeline_page[];
extern const size_t timeline_page_size;

enum { PAUSES_DRAWN = 4096 };

// A lane's slices: begin and length (ns since the first event), then of pure slices the state, of
// mixed ones the share of each state in percent; then what it was about.
static void put_lane(struct json *j, const struct trace_states *s, const struct trace_lane *lane,
                     bool proc)
{
    json_key(j, "s");
    json_array(j);
    for (size_t i = 0; i < lane->slice.n; i++) {
        const struct trace_slice *x = &lane->slice.p[i];
        int64_t all = x->end_ns - x->begin_ns;
        json_int(j, x->begin_ns - s->first_ns);
        json_int(j, all);
        json_int(j, x->state);
        for (int k = GOTRACE_RUNNABLE; k <= GOTRACE_WAITING; k++)
            json_int(j, all ? (int64_t)(100.0 * (double)x->ns[k] / (double)all + 0.5) : 0);
        json_int(j, proc                          ? (int64_t)x->go
                    : x->state == GOTRACE_WAITING ? (int64_t)x->reason
                    : x->by != GOTRACE_NONE       ? (int64_t)x->by
                                                  : -1);
    }
    json_end(j);
}

static void put_lanes(struct json *j, const struct trace_report *r, const struct trace_timeline *t)
{
    const struct trace_states *s = r->states;
    json_key(j, "procs");
    json_array(j);
    for (size_t i = 0; i < t->proc.n; i++) {
        if (t->proc.p[i].slice.n == 0) continue;
        json_object(j);
        json_key(j, "id"), json_uint(j, i);
        put_lane(j, s, &t->proc.p[i], true);
        json_end(j);
    }
    json_end(j);
    json_key(j, "goroutines");
    json_array(j);
    for (uint32_t i = 0; i < t->go.n; i++) {
        if (t->go.p[i].slice.n == 0) continue;
        const struct frame *at = gotrace_place(s->tables, s->go.p[i].blocked);
        json_object(j);
        json_key(j, "i"), json_uint(j, i);
        json_key(j, "id"), json_int(j, s->tables->goroutine.p[i]);
        json_key(j, "f"), json_str(j, trace_go_function(s, i));
        json_key(j, "at");
        if (at)
            json_strf(j, "%.*s:%u", STR_ARG(at->function), at->line);
        else
            json_null(j);
        put_lane(j, s, &t->go.p[i], false);
        json_end(j);
    }
    json_end(j);
}

static void put_pauses(struct json *j, const struct trace_states *s)
{
    json_key(j, "pauses");
    json_array(j);
    for (size_t i = 0; i < s->pause.n && i < PAUSES_DRAWN; i++) {
        const struct trace_pause *p = &s->pause.p[i];
        json_array(j);
        json_int(j, p->at_ns);
        json_int(j, p->ns);
        json_int(j, p->range);
        json_int(j, p->reason);
        json_end(j);
    }
    json_end(j);
}

static void put_data(struct json *j, const struct trace_report *r, const struct trace_timeline *t)
{
    const struct trace_states *s = r->states;
    _cleanup_buf_ struct buf verdict = { 0 };
    trace_text_verdict(r, &verdict);
    json_object(j);
    json_key(j, "name"), json_cstr(j, r->name);
    json_key(j, "verdict"), json_str(j, str_trim(buf_str(&verdict)));
    json_key(j, "span"), json_int(j, trace_span_ns(s));
    json_key(j, "grain"), json_int(j, t->grain_ns);
    json_key(j, "notDrawn"), json_uint(j, t->not_drawn);
    json_key(j, "broke");
    if (r->broken)
        json_strf(j, "broken at offset %llu: %s", (unsigned long long)r->broke_offset,
                  r->broke_why);
    else
        json_null(j);
    json_key(j, "strings");
    json_array(j);
    // Only those that are named: reasons are few, and come early; the rest stay empty.
    VEC(bool) used = { 0 };
    for (size_t i = 0; i < s->tables->string.n; i++) vec_push(&used, false);
    for (size_t i = 0; i < s->wait.n; i++) used.p[s->wait.p[i].reason] = true;
    for (size_t i = 0; i < s->pause.n; i++) used.p[s->pause.p[i].reason] = true;
    size_t last = s->tables->string.n;
    while (last > 0 && !used.p[last - 1]) last--;
    for (size_t i = 0; i < last; i++) json_str(j, used.p[i] ? s->tables->string.p[i] : STR(""));
    vec_deinit(&used);
    json_end(j);
    put_pauses(j, s);
    put_lanes(j, r, t);
    json_end(j);
}

struct err *trace_html_write(const char *path, const struct trace_report *r,
                             const struct trace_timeline *t)
{
    _cleanup_buf_ struct buf data = { 0 };
    struct json j;
    json_init(&j, &data, 0);
    put_data(&j, r, t);
    json_deinit(&j);
    return html_page_write(path, str_make(timeline_page, timeline_page_size), buf_str(&data));
}

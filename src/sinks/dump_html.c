// SPDX-License-Identifier: Apache-2.0
#include "sinks/dump_html.h"

#include "base/json.h"
#include "model/gofunc.h"
#include "sinks/html_page.h"

extern const unsigned char dump_page[];
extern const size_t dump_page_size;

// [function, file, line, kind]: 0 the program's own, 1 of the standard library, 2 a map operation.
static void put_frame(struct json *j, const struct dump_frame *f)
{
    json_array(j);
    json_str(j, f->function);
    json_str(j, f->file);
    json_uint(j, f->line);
    json_uint(j, gofunc_map_op(f->function) ? 2 : gofunc_is_std(f->function) ? 1 : 0);
    json_end(j);
}

static void put_frame_or_null(struct json *j, const struct dump *d, uint32_t frame)
{
    if (frame == DUMP_NONE)
        json_null(j);
    else
        put_frame(j, &d->frame.p[frame]);
}

static void put_counts(struct json *j, const char *key, const struct dump_count *c, size_t n)
{
    json_key(j, key), json_array(j);
    for (size_t i = 0; i < n && i < DUMP_HTML_COUNTS; i++) {
        json_array(j);
        json_str(j, c[i].name);
        json_uint(j, c[i].count);
        json_end(j);
    }
    json_end(j);
}

static void put_goroutine(struct json *j, const struct dump *d, size_t record)
{
    const struct dump_goroutine *g = dump_at(d, record);
    const struct dump_group *group = &d->group.p[g->group];
    const struct dump_frame *in = dump_user_frame(d, group);
    json_key(j, "id"), json_uint(j, g->id);
    json_key(j, "parent"), json_uint(j, g->parent);
    json_key(j, "by"), put_frame_or_null(j, d, group->creator);
    json_key(j, "in");
    if (in)
        put_frame(j, in);
    else
        json_null(j);
}

static void put_suspects(struct json *j, const struct dump *d, const struct dump_view *v,
                         const struct dump_report *r)
{
    json_key(j, "suspects"), json_array(j);
    for (size_t i = 0; i < v->n_suspect; i++) {
        const struct dump_suspect *s = &v->suspect[i];
        json_object(j);
        put_goroutine(j, d, s->record);
        json_key(j, "score"), json_uint(j, s->score);
        json_key(j, "why"), json_array(j);
        for (size_t k = 0; k < s->n_why; k++) json_str(j, dump_reason(s, k, r));
        json_end(j);
        json_end(j);
    }
    json_end(j);
}

static void put_groups(struct json *j, const struct dump *d, const struct dump_view *v)
{
    json_key(j, "groups"), json_array(j);
    for (size_t i = 0; i < v->n_order && i < DUMP_HTML_GROUPS; i++) {
        const struct dump_group *g = &d->group.p[v->order[i]];
        size_t from = v->ids_from[v->order[i]], to = v->ids_from[v->order[i] + 1];
        json_object(j);
        json_key(j, "n"), json_uint(j, g->count);
        json_key(j, "state"), json_str(j, d->state.p[g->state]);
        json_key(j, "note");
        json_cstr(j, g->unavailable ? "stack unavailable" : g->elided ? "frames elided" : "");
        json_key(j, "stack"), json_array(j);
        for (size_t k = 0; k < g->n_stack; k++) put_frame(j, &d->frame.p[g->stack[k]]);
        json_end(j);
        json_key(j, "by"), put_frame_or_null(j, d, g->creator);
        json_key(j, "ids"), json_array(j);
        for (size_t k = from; k < to && k < from + DUMP_HTML_IDS; k++) json_uint(j, v->ids[k]);
        json_end(j);
        json_end(j);
    }
    json_end(j);
    json_key(j, "groupsLeftOut");
    json_uint(j, v->n_order > DUMP_HTML_GROUPS ? v->n_order - DUMP_HTML_GROUPS : 0);
}

static void put_data(struct json *j, const struct dump *d, const struct dump_view *v,
                     const struct dump_report *r)
{
    _cleanup_buf_ struct buf verdict = { 0 }, hint = { 0 }, about = { 0 };
    dump_text_verdict(d, v, r, &verdict);
    dump_text_hint(d, v, &hint);
    dump_text_source(d, r, &about);
    json_object(j);
    json_key(j, "verdict"), json_str(j, buf_str(&verdict));
    json_key(j, "hint"), json_str(j, buf_str(&hint));
    json_key(j, "about"), json_str(j, buf_str(&about));
    json_key(j, "goroutines"), json_uint(j, d->goroutines);
    json_key(j, "nGroups"), json_uint(j, v->n_order);
    json_key(j, "runtimeHidden"), json_bool(j, !d->runtime_frames_seen);
    json_key(j, "fatal"), json_uint(j, d->fatal_record < d->n ? d->fatal_goroutine : 0);
    put_counts(j, "states", v->state.p, v->state.n);
    put_counts(j, "top", v->top.p, v->top.n);
    put_suspects(j, d, v, r);
    json_key(j, "chain"), json_array(j);
    for (size_t i = 0; i < v->chain.n; i++) {
        json_object(j);
        put_goroutine(j, d, v->chain.p[i]);
        json_end(j);
    }
    json_end(j);
    dump_json_races(j, d, DUMP_HTML_COUNTS, put_frame_or_null);
    put_groups(j, d, v);
    json_end(j);
}

struct err *dump_html_write(const char *path, const struct dump *d, const struct dump_view *v,
                            const struct dump_report *r)
{
    _cleanup_buf_ struct buf data = { 0 };
    struct json j;
    json_init(&j, &data, 0);
    put_data(&j, d, v, r);
    json_deinit(&j);
    return html_page_write(path, str_make(dump_page, dump_page_size), buf_str(&data));
}

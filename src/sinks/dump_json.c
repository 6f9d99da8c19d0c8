// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "sinks/dump_report.h"

static void frame_fields(struct json *j, const struct dump_frame *f)
{
    json_key(j, "function"), json_str(j, f->function);
    json_key(j, "file"), json_str(j, f->file);
    json_key(j, "line"), json_uint(j, f->line);
}

static void frame_or_null(struct json *j, const struct dump *d, uint32_t frame)
{
    if (frame == DUMP_NONE) {
        json_null(j);
        return;
    }
    json_object(j);
    frame_fields(j, &d->frame.p[frame]);
    json_end(j);
}

static void id_or_null(struct json *j, uint64_t id)
{
    if (id)
        json_uint(j, id);
    else
        json_null(j);
}

static double share(const struct dump *d, uint64_t n)
{
    return d->goroutines ? (double)n / (double)d->goroutines : 0;
}

static void counts(struct json *j, const struct dump *d, const char *name, const char *field,
                   const struct dump_count *c, size_t n)
{
    json_key(j, name), json_array(j);
    for (size_t i = 0; i < n; i++) {
        json_object(j);
        json_key(j, field), json_str(j, c[i].name);
        json_key(j, "count"), json_uint(j, c[i].count);
        json_key(j, "share"), json_double(j, share(d, c[i].count));
        json_end(j);
    }
    json_end(j);
}

// What was left out to bound memory: nearly never anything, and then not mentioned.
static void loss(struct json *j, const char *key, uint64_t n)
{
    if (n) json_key(j, key), json_uint(j, n);
}

static void process(struct json *j, const struct dump_process *p)
{
    json_key(j, "process"), json_object(j);
    json_key(j, "pid"), json_int(j, p->pid);
    json_key(j, "start_time"), json_cstr(j, p->start_time);
    json_key(j, "exe"), json_cstr(j, p->exe);
    json_key(j, "go"), json_cstr(j, p->go);
    json_key(j, "torn"), json_uint(j, p->torn);
    json_key(j, "sampled"), json_uint(j, p->sampled);
    json_key(j, "without_stack"), json_uint(j, p->without_stack);
    json_key(j, "system_goroutines"), json_uint(j, p->system);
    json_key(j, "took_s"), json_double(j, p->took_s);
    json_end(j);
}

static void head(struct json *j, const struct dump *d, const struct dump_report *r)
{
    json_key(j, "schema"), json_cstr(j, "maptrap.dump/1");
    json_key(j, "source"), json_object(j);
    json_key(j, "name"), json_cstr(j, r->name);
    json_key(j, "bytes"), json_uint(j, d->bytes);
    json_key(j, "lines"), json_uint(j, d->lines);
    json_key(j, "lines_not_understood"), json_uint(j, d->lines_not_understood);
    json_key(j, "truncated"), json_bool(j, d->truncated);
    loss(j, "frames_without_place", d->placeless);
    loss(j, "lines_too_long", d->lines_too_long);
    loss(j, "goroutines_merged", d->merged);
    loss(j, "goroutines_not_kept", d->not_kept);
    loss(j, "arguments_dropped", d->arguments_dropped);
    json_end(j);
    if (d->process) process(j, d->process);
    json_key(j, "fatal");
    if (d->fatal.p) {
        struct str shown = r->redact ? dump_fatal_public(d->fatal) : d->fatal;
        json_object(j);
        json_key(j, "text"), json_str(j, shown.n ? shown : STR("(redacted)"));
        json_key(j, "goroutine"), id_or_null(j, d->fatal_goroutine);
        json_key(j, "sure"), json_cstr(j, dump_sure_name(d->fatal_sure));
        json_end(j);
    } else {
        json_null(j);
    }
    json_key(j, "goroutines"), json_uint(j, d->goroutines);
}

static void groups(struct json *j, const struct dump *d, const struct dump_view *v)
{
    json_key(j, "groups"), json_array(j);
    for (size_t i = 0; i < v->n_order; i++) {
        const struct dump_group *g = &d->group.p[v->order[i]];
        json_object(j);
        json_key(j, "count"), json_uint(j, g->count);
        json_key(j, "state"), json_str(j, d->state.p[g->state]);
        json_key(j, "stack"), json_array(j);
        for (size_t k = 0; k < g->n_stack; k++) frame_or_null(j, d, g->stack[k]);
        json_end(j);
        json_key(j, "created_by"), frame_or_null(j, d, g->creator);
        json_key(j, "goroutines"), json_array(j);
        for (size_t k = v->ids_from[v->order[i]]; k < v->ids_from[v->order[i] + 1]; k++)
            json_uint(j, v->ids[k]);
        json_end(j);
        json_end(j);
    }
    json_end(j);
}

static void suspects(struct json *j, const struct dump *d, const struct dump_view *v,
                     const struct dump_report *r)
{
    static const struct dump_frame none;
    json_key(j, "second_writer"), json_array(j);
    for (size_t i = 0; i < v->n_suspect; i++) {
        const struct dump_suspect *s = &v->suspect[i];
        json_object(j);
        json_key(j, "goroutine"), json_uint(j, dump_at(d, s->record)->id);
        json_key(j, "score"), json_uint(j, s->score);
        json_key(j, "why"), json_array(j);
        for (size_t k = 0; k < s->n_why; k++) json_str(j, dump_reason(s, k, r));
        json_end(j);
        frame_fields(j, s->frame ? s->frame : &none);
        json_end(j);
    }
    json_end(j);
}

static void chain(struct json *j, const struct dump *d, const struct dump_view *v)
{
    json_key(j, "chain"), json_array(j);
    for (size_t i = 0; i < v->chain.n; i++) {
        const struct dump_goroutine *g = dump_at(d, v->chain.p[i]);
        json_object(j);
        json_key(j, "goroutine"), id_or_null(j, g->id);
        json_key(j, "parent"), id_or_null(j, g->parent);
        json_key(j, "created_by"), frame_or_null(j, d, d->group.p[g->group].creator);
        json_end(j);
    }
    json_end(j);
}

static void symptoms(struct json *j, const struct dump_view *v)
{
    json_key(j, "symptoms"), json_array(j);
    for (size_t i = 0; i < v->symptom.n; i++) {
        const struct dump_symptom *s = &v->symptom.p[i];
        json_object(j);
        json_key(j, "name"), json_cstr(j, s->name);
        json_key(j, "value"), json_cstr(j, s->value);
        json_key(j, "level"), json_cstr(j, s->measured ? s->level : "not measured");
        json_key(j, "score");
        if (s->measured)
            json_double(j, s->score);
        else
            json_null(j);
        json_key(j, "score_max"), json_double(j, s->score_max);
        json_key(j, "why"), json_cstr(j, s->why);
        json_key(j, "looks_the_same"), json_cstr(j, s->also ? s->also : "");
        json_key(j, "speaks_for"), json_cstr(j, s->speaks_for);
        json_end(j);
    }
    json_end(j);
    json_key(j, "odds"), json_object(j);
    json_key(j, "verdict"), json_cstr(j, v->odds);
    json_key(j, "stars"), json_double(j, v->stars);
    json_key(j, "stars_max"), json_double(j, v->stars_max);
    json_end(j);
}

void dump_json_races(struct json *j, const struct dump *d, size_t most,
                     void (*frame)(struct json *j, const struct dump *d, uint32_t frame))
{
    json_key(j, "races"), json_array(j);
    for (size_t i = 0; i < d->race.n && i < most; i++) {
        json_array(j);
        for (size_t k = 0; k < d->race.p[i].n; k++) {
            const struct dump_race_side *s = &d->race.p[i].side[k];
            const struct dump_group *g = &d->group.p[s->group];
            json_object(j);
            json_key(j, "op"), json_str(j, s->op);
            json_key(j, "goroutine"), json_uint(j, s->goroutine);
            json_key(j, "stack"), json_array(j);
            for (size_t f = 0; f < g->n_stack; f++) frame(j, d, g->stack[f]);
            json_end(j);
            json_end(j);
        }
        json_end(j);
    }
    json_end(j);
}

static void list(struct json *j, const struct dump *d, const struct dump_report *r)
{
    json_key(j, "list"), json_array(j);
    for (size_t i = 0; i < d->n; i++) {
        const struct dump_goroutine *g = dump_at(d, i);
        const struct dump_group *p = &d->group.p[g->group];
        struct str arguments = str_from(g->arguments ? g->arguments : "");
        json_object(j);
        json_key(j, "goroutine"), id_or_null(j, g->id);
        json_key(j, "state"), json_str(j, d->state.p[p->state]);
        json_key(j, "wait_minutes"), json_uint(j, g->wait_minutes);
        json_key(j, "locked_to_thread"), json_bool(j, g->locked);
        json_key(j, "stack"), json_array(j);
        for (size_t k = 0; k < p->n_stack; k++) {
            struct str a = STR("");
            if (!str_split(&arguments, '\n', &a)) a = STR("");
            json_object(j);
            frame_fields(j, &d->frame.p[p->stack[k]]);
            json_key(j, "arguments"), json_str(j, r->redact && a.n ? STR("(redacted)") : a);
            json_end(j);
        }
        json_end(j);
        json_key(j, "created_by"), frame_or_null(j, d, p->creator);
        json_key(j, "parent"), id_or_null(j, g->parent);
        if (d->process) {
            json_key(j, "torn"), json_bool(j, g->torn);
            json_key(j, "stack_sampled"), json_bool(j, g->sampled);
        }
        json_end(j);
    }
    json_end(j);
}

void dump_json(FILE *out, const struct dump *d, const struct dump_view *v,
               const struct dump_report *r)
{
    _cleanup_buf_ struct buf scratch = { 0 };
    struct json j;
    json_init_stream(&j, &scratch, out, 2);
    json_object(&j);
    head(&j, d, r);
    counts(&j, d, "states", "state", v->state.p, v->state.n);
    counts(&j, d, "top_functions", "function", v->top.p, v->top.n);
    groups(&j, d, v);
    suspects(&j, d, v, r);
    chain(&j, d, v);
    symptoms(&j, v);
    if (d->race.n) dump_json_races(&j, d, d->race.n, frame_or_null);
    if (r->list) list(&j, d, r);
    json_end(&j);
    json_deinit(&j);
}

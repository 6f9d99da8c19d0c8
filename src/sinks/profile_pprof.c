// SPDX-License-Identifier: Apache-2.0
#include "sinks/profile_pprof.h"

#include "base/buf.h"
#include "base/map.h"
#include "sinks/protobuf.h"

#include <errno.h>
#include <zlib.h>

struct writer {
    const struct profile_view *v;
    const struct profile *p;
    gzFile out;
    bool failed;
    struct strmap index;
    VEC(struct str) strings;
    struct buf message, nested, packed;
};

static uint64_t string(struct writer *w, struct str s)
{
    bool fresh;
    uint64_t *i = strmap_put(&w->index, s, &fresh);
    if (fresh) {
        *i = w->strings.n;
        vec_push(&w->strings, s);
    }
    return *i;
}

static void put(struct writer *w, const struct buf *b)
{
    if (b->n && gzwrite(w->out, b->p, (unsigned)b->n) != (int)b->n) w->failed = true;
}

// The message at hand as one field of the profile.
static void put_message(struct writer *w, uint32_t field)
{
    buf_clear(&w->nested);
    pb_bytes_always(&w->nested, field, buf_str(&w->message));
    put(w, &w->nested);
    buf_clear(&w->message);
}

static void put_type(struct writer *w, uint32_t field, const struct profile_type *t)
{
    pb_uint(&w->message, 1, string(w, t->type));
    pb_uint(&w->message, 2, string(w, t->unit));
    put_message(w, field);
}

static void put_samples(struct writer *w)
{
    const struct profile *p = w->p;
    for (size_t i = 0; i < p->samples.n; i++) {
        if (!profile_view_keeps(w->v, i)) continue;
        const struct profile_sample *s = &p->samples.p[i];
        buf_clear(&w->packed);
        for (uint32_t k = 0; k < s->n_stack; k++) {
            uint32_t l = p->stack.p[s->stack + k];
            if (w->v->at[l].n) pb_varint(&w->packed, (uint64_t)l + 1);
        }
        pb_bytes(&w->message, 1, buf_str(&w->packed));
        buf_clear(&w->packed);
        for (size_t k = 0; k < p->types.n; k++)
            pb_varint(&w->packed, (uint64_t)profile_value(p, i, k));
        pb_bytes(&w->message, 2, buf_str(&w->packed));
        for (uint32_t k = 0; k < s->n_labels; k++) {
            const struct profile_label *l = &p->labels.p[s->label + k];
            buf_clear(&w->packed);
            pb_uint(&w->packed, 1, string(w, profile_string(p, l->key)));
            if (l->numeric) {
                pb_int(&w->packed, 3, l->number);
                pb_uint(&w->packed, 4, string(w, profile_string(p, l->unit)));
            } else {
                pb_uint(&w->packed, 2, string(w, profile_string(p, l->value)));
            }
            pb_bytes(&w->message, 3, buf_str(&w->packed));
        }
        put_message(w, 2);
    }
}

static void put_mappings(struct writer *w)
{
    for (size_t i = 0; i < w->p->mappings.n; i++) {
        const struct profile_mapping *m = &w->p->mappings.p[i];
        pb_uint(&w->message, 1, i + 1);
        pb_uint(&w->message, 2, m->start);
        pb_uint(&w->message, 3, m->limit);
        pb_uint(&w->message, 4, m->offset);
        pb_uint(&w->message, 5, string(w, m->file));
        pb_uint(&w->message, 6, string(w, m->build_id));
        pb_uint(&w->message, 7, m->has_functions);
        pb_uint(&w->message, 8, m->has_filenames);
        pb_uint(&w->message, 9, m->has_line_numbers);
        pb_uint(&w->message, 10, m->has_inline_frames);
        put_message(w, 3);
    }
}

static void put_locations(struct writer *w)
{
    const struct profile *p = w->p;
    for (size_t i = 0; i < p->locations.n; i++) {
        const struct profile_location *l = &p->locations.p[i];
        struct profile_run run = w->v->at[i];
        if (run.n == 0) continue;
        pb_uint(&w->message, 1, i + 1);
        if (l->mapping != PROFILE_NONE) pb_uint(&w->message, 2, (uint64_t)l->mapping + 1);
        pb_uint(&w->message, 3, l->address);
        for (uint32_t k = 0; k < run.n; k++) {
            uint32_t at = w->v->frames.p[run.first + k].line;
            if (at == PROFILE_NONE || p->lines.p[at].function == PROFILE_NONE) continue;
            buf_clear(&w->packed);
            pb_uint(&w->packed, 1, (uint64_t)p->lines.p[at].function + 1);
            pb_int(&w->packed, 2, p->lines.p[at].line);
            pb_uint(&w->packed, 3, p->lines.p[at].column);
            pb_bytes(&w->message, 4, buf_str(&w->packed));
        }
        pb_uint(&w->message, 5, l->folded);
        put_message(w, 4);
    }
}

static void put_functions(struct writer *w)
{
    for (size_t i = 0; i < w->p->functions.n; i++) {
        const struct profile_function *f = &w->p->functions.p[i];
        pb_uint(&w->message, 1, i + 1);
        pb_uint(&w->message, 2, string(w, f->name));
        pb_uint(&w->message, 3, string(w, f->system_name.n ? f->system_name : f->name));
        pb_uint(&w->message, 4, string(w, f->file));
        pb_int(&w->message, 5, f->start_line);
        put_message(w, 5);
    }
}

static void put_rest(struct writer *w)
{
    const struct profile *p = w->p;
    pb_int(&w->message, 9, p->time_ns);
    pb_int(&w->message, 10, p->duration_ns);
    pb_int(&w->message, 12, p->period);
    for (size_t i = 0; i < p->comments.n; i++)
        pb_uint(&w->message, 13, string(w, p->comments.p[i]));
    if (p->types.n) pb_uint(&w->message, 14, string(w, p->types.p[p->default_type].type));
    pb_uint(&w->message, 15, string(w, p->doc_url));
    put(w, &w->message);
    buf_clear(&w->message);
    if (p->period_type.type.n) put_type(w, 11, &p->period_type);
    for (size_t i = 0; i < w->strings.n; i++) {
        pb_bytes_always(&w->message, 6, w->strings.p[i]);
        put(w, &w->message);
        buf_clear(&w->message);
    }
}

struct err *profile_pprof_write(const char *path, const struct profile_view *v)
{
    struct writer w = { .v = v, .p = v->p };
    w.out = gzopen(path, "wb6");
    if (!w.out) return err_sys(ERR_CANNOT, errno, "cannot write %s", path);
    string(&w, STR(""));
    for (size_t i = 0; i < v->p->types.n; i++) put_type(&w, 1, &v->p->types.p[i]);
    put_samples(&w);
    put_mappings(&w);
    put_locations(&w);
    put_functions(&w);
    put_rest(&w);
    if (gzclose(w.out) != Z_OK) w.failed = true;
    strmap_deinit(&w.index);
    vec_deinit(&w.strings);
    buf_deinit(&w.message);
    buf_deinit(&w.nested);
    buf_deinit(&w.packed);
    return w.failed ? err_new(ERR_CANNOT, "writing %s failed", path) : NULL;
}

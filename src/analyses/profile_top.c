// SPDX-License-Identifier: Apache-2.0
#include "analyses/profile_top.h"

// Sums wrap instead of overflowing: the values are the input's.
static int64_t add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static uint64_t magnitude(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

int64_t profile_total(const struct profile *p, size_t type)
{
    uint64_t total = 0;
    for (size_t i = 0; i < p->samples.n; i++) total += magnitude(profile_value(p, i, type));
    return (int64_t)total;
}

struct sum {
    int64_t flat, cum;
    size_t last; // number of the sample that was last counted in cum, from 1
};

static void add_sample(struct sum *sums, const struct profile_view *v, size_t i, int64_t value)
{
    const struct profile_sample *s = &v->p->samples.p[i];
    if (s->n_stack == 0) return;
    const uint32_t *stack = v->p->stack.p + s->stack;
    bool leaf = true;
    for (uint32_t k = 0; k < s->n_stack; k++) {
        struct profile_run run = v->at[stack[k]];
        const struct profile_frame *frame = v->frames.p + run.first;
        for (uint32_t f = 0; f < run.n; f++) {
            struct sum *sum = &sums[frame[f].node];
            if (leaf) {
                sum->flat = add(sum->flat, value);
                leaf = false;
            }
            if (sum->last != i + 1) {
                sum->last = i + 1;
                sum->cum = add(sum->cum, value);
            }
        }
    }
}

struct order {
    const struct profile_view *v;
    bool by_cum;
};

static int compare_rows(const void *pa, const void *pb, void *context)
{
    const struct profile_row *a = pa, *b = pb;
    const struct order *o = context;
    uint64_t flat_a = magnitude(a->flat), flat_b = magnitude(b->flat);
    uint64_t cum_a = magnitude(a->cum), cum_b = magnitude(b->cum);
    if (!o->by_cum && flat_a != flat_b) return flat_a > flat_b ? -1 : 1;
    if (cum_a != cum_b) return cum_a > cum_b ? -1 : 1;
    return str_cmp(o->v->names.p[a->node], o->v->names.p[b->node]);
}

void profile_top_init(struct profile_top *t, const struct profile_view *v, size_t type, bool by_cum)
{
    *t = (struct profile_top) { 0 };
    const struct profile *p = v->p;
    struct arena scratch = { 0 };
    struct sum *sums = arena_array(&scratch, struct sum, v->names.n + 1);
    uint64_t total = 0, kept = 0;
    for (size_t i = 0; i < p->samples.n; i++) {
        int64_t value = profile_value(p, i, type);
        total += magnitude(value);
        if (value == 0 || !profile_view_keeps(v, i)) continue;
        kept += magnitude(value);
        add_sample(sums, v, i, value);
    }
    t->total = (int64_t)total;
    t->kept = (int64_t)kept;
    for (size_t i = 0; i < v->names.n; i++)
        if (sums[i].flat || sums[i].cum)
            vec_push(&t->rows, (struct profile_row) { (uint32_t)i, sums[i].flat, sums[i].cum });
    struct order order = { v, by_cum };
    if (t->rows.n) qsort_r(t->rows.p, t->rows.n, sizeof(*t->rows.p), compare_rows, &order);
    arena_deinit(&scratch);
}

void profile_top_deinit(struct profile_top *t)
{
    vec_deinit(&t->rows);
}

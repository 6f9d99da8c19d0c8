// SPDX-License-Identifier: Apache-2.0
#include "analyses/trace_writers.h"

void trace_writers_init(struct trace_writers *w, const struct trace_states *states)
{
    *w = (struct trace_writers) { .tables = states->tables, .states = states };
}

void trace_writers_deinit(struct trace_writers *w)
{
    vec_deinit(&w->op);
    vec_deinit(&w->pair);
    map_deinit(&w->pair_index);
}

static enum map_op look_up_op(struct trace_writers *w, uint32_t stack)
{
    while (w->op.n <= stack) vec_push(&w->op, 0);
    w->op.p[stack] = (uint8_t)(gotrace_stack_map_op(w->tables, stack) + 1);
    return (enum map_op)(w->op.p[stack] - 1);
}

static inline enum map_op op_of(struct trace_writers *w, uint32_t stack)
{
    if (stack < w->op.n && w->op.p[stack]) return (enum map_op)(w->op.p[stack] - 1);
    return look_up_op(w, stack);
}

static uint32_t site_of(const struct trace_writers *w, uint32_t stack)
{
    const struct frame *f = gotrace_own_frame(w->tables, stack);
    return f ? (uint32_t)(f - w->tables->frame.p) : UINT32_MAX;
}

static void note_pair(struct trace_writers *w, const struct trace_writer *a,
                      const struct trace_writer *b, bool inside)
{
    const struct trace_writer *x = a->frame <= b->frame ? a : b, *y = x == a ? b : a;
    uint64_t key = (uint64_t)x->frame << 32 | y->frame;
    uint64_t *index = map_get(&w->pair_index, key);
    if (!index && w->pair.n >= TRACE_WRITERS_PAIRS) {
        w->pairs_dropped++;
        return;
    }
    if (!index) {
        index = map_put(&w->pair_index, key, NULL);
        *index = w->pair.n;
        // The frames move while the table grows: numbers until the end (see _finish).
        vec_push(&w->pair,
                 (struct trace_writer_pair) { .op = { (enum map_op)x->op, (enum map_op)y->op },
                                              .go = { x->go, y->go },
                                              .at_ns = b->time });
    }
    struct trace_writer_pair *p = &w->pair.p[*index];
    p->inside += inside;
    p->running += !inside;
}

static const struct trace_go *go_of(const struct trace_writers *w, uint32_t go)
{
    static const struct trace_go unknown;
    return go < w->states->go.n ? &w->states->go.p[go] : &unknown;
}

// Whether an earlier writer may still be in its write now, and drops it from the list if not.
static bool still(struct trace_writers *w, size_t i, int64_t now)
{
    const struct trace_writer *r = &w->recent[i];
    const struct trace_go *g = go_of(w, r->go);
    bool runs = g->state == GOTRACE_RUNNING;
    if (r->inside
            ? !runs && g->runs == r->runs
            : runs && g->since <= r->time && now - r->time <= TRACE_WRITERS_APART_MS * 1000000ll)
        return true;
    w->recent[i] = w->recent[--w->n_recent];
    return false;
}

static void note_moment(struct trace_writers *w, const struct trace_writer *now)
{
    w->moments++;
    for (size_t i = w->n_recent; i-- > 0;) {
        if (!still(w, i, now->time)) continue;
        if (w->recent[i].go == now->go)
            w->recent[i] = w->recent[--w->n_recent]; // replaced below
        else
            note_pair(w, &w->recent[i], now, w->recent[i].inside);
    }
    if (w->n_recent == TRACE_WRITERS_RECENT) {
        memmove(w->recent, w->recent + 1, (TRACE_WRITERS_RECENT - 1) * sizeof(*w->recent));
        w->n_recent--;
    }
    w->recent[w->n_recent++] = *now;
}

void trace_writers_look(struct trace_writers *w, const struct gotrace_event *ev)
{
    if (!map_op_writes(op_of(w, ev->stack))) return;
    const struct trace_go *g = go_of(w, ev->by);
    struct trace_writer now = { .time = ev->time_ns,
                                .go = ev->by,
                                .frame = site_of(w, ev->stack),
                                .op = (uint8_t)op_of(w, ev->stack),
                                .runs = g->runs,
                                .inside = g->state != GOTRACE_RUNNING };
    if (now.frame != UINT32_MAX) note_moment(w, &now);
}

static int compare_pairs(const void *a, const void *b)
{
    const struct trace_writer_pair *x = a, *y = b;
    if (x->inside != y->inside) return x->inside > y->inside ? -1 : 1;
    if (x->running != y->running) return x->running > y->running ? -1 : 1;
    return x->at_ns < y->at_ns ? -1 : x->at_ns > y->at_ns;
}

void trace_writers_finish(struct trace_writers *w)
{
    for (size_t i = 0; i < w->pair_index.cap; i++) {
        const struct map_slot *slot = &w->pair_index.slot[i];
        if (!slot->used) continue;
        struct trace_writer_pair *p = &w->pair.p[slot->value];
        p->site[0] = &w->tables->frame.p[slot->key >> 32];
        p->site[1] = &w->tables->frame.p[(uint32_t)slot->key];
    }
    if (w->pair.n) qsort(w->pair.p, w->pair.n, sizeof(*w->pair.p), compare_pairs);
}

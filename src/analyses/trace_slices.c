// SPDX-License-Identifier: Apache-2.0
#include "analyses/trace_slices.h"

void trace_slicer_deinit(struct trace_slicer *s)
{
    vec_deinit(&s->go);
}

static void end_slice(struct trace_slice *s, int64_t now)
{
    s->end_ns = now;
    s->ns[s->state] = now - s->begin_ns;
}

bool trace_slicer_event(struct trace_slicer *s, const struct gotrace_event *ev,
                        struct trace_slice *ret)
{
    if (!s->begun) s->first_ns = ev->time_ns;
    s->begun = true;
    s->last_ns = ev->time_ns;
    if (ev->kind != GOTRACE_GO || ev->from == ev->to) return false;
    while (s->go.n <= ev->go) vec_push(&s->go, (struct trace_slicer_go) { 0 });
    struct trace_slicer_go *g = &s->go.p[ev->go];
    bool ended = g->exists;
    if (ended) {
        *ret = g->open;
        end_slice(ret, ev->time_ns);
    }
    g->exists = ev->to != GOTRACE_NOT_EXIST;
    bool before = ev->from == GOTRACE_UNDETERMINED;
    g->open = (struct trace_slice) { .begin_ns = before ? s->first_ns : ev->time_ns,
                                     .go = ev->go,
                                     .by = ev->to == GOTRACE_RUNNABLE ? ev->by : GOTRACE_NONE,
                                     .reason = ev->reason,
                                     .stack = ev->to == GOTRACE_WAITING ? ev->stack : 0,
                                     .proc = ev->to == GOTRACE_RUNNING ? ev->proc : -1,
                                     .state = ev->to };
    return ended;
}

bool trace_slicer_rest(const struct trace_slicer *s, uint32_t go, struct trace_slice *ret)
{
    if (!s->go.p[go].exists) return false;
    *ret = s->go.p[go].open;
    end_slice(ret, s->last_ns);
    return true;
}

// Puts a slice at the end of a lane, or into the last one there, if both are within one grain.
static void put(struct trace_timeline *t, struct trace_lane *lane, const struct trace_slice *s)
{
    struct trace_slice *last = lane->slice.n ? vec_last(&lane->slice) : NULL;
    if (!last || s->end_ns - last->begin_ns > t->grain_ns) {
        vec_push(&lane->slice, *s);
        t->slices++;
        return;
    }
    last->end_ns = s->end_ns;
    for (int i = 0; i < GOTRACE_STATES; i++) last->ns[i] += s->ns[i];
    if (s->ns[s->state] > last->ns[last->state] || last->state == s->state) {
        last->state = s->state;
        last->reason = s->reason;
        last->stack = s->stack;
        last->go = s->go;
    }
}

static void coarsen_lane(struct trace_timeline *t, struct trace_lane *lane)
{
    struct trace_lane old = *lane;
    *lane = (struct trace_lane) { 0 };
    for (size_t i = 0; i < old.slice.n; i++) put(t, lane, &old.slice.p[i]);
    vec_deinit(&old.slice);
}

// Doubles the grain until half of the room is free. What stays above that is one slice a lane.
static void coarsen(struct trace_timeline *t)
{
    while (t->slices > TRACE_TIMELINE_SLICES / 2 &&
           t->grain_ns < (t->slicer.last_ns - t->slicer.first_ns)) {
        t->grain_ns = t->grain_ns ? 2 * t->grain_ns : 1000;
        t->slices = 0;
        for (size_t i = 0; i < t->go.n; i++) coarsen_lane(t, &t->go.p[i]);
        for (size_t i = 0; i < t->proc.n; i++) coarsen_lane(t, &t->proc.p[i]);
    }
}

static void add(struct trace_timeline *t, const struct trace_slice *s)
{
    if (s->go < TRACE_TIMELINE_LANES) {
        while (t->go.n <= s->go) vec_push(&t->go, (struct trace_lane) { 0 });
        put(t, &t->go.p[s->go], s);
    } else {
        t->not_drawn++;
    }
    if (s->proc >= 0 && s->proc < TRACE_TIMELINE_LANES) {
        while (t->proc.n <= (size_t)s->proc) vec_push(&t->proc, (struct trace_lane) { 0 });
        put(t, &t->proc.p[s->proc], s);
    }
    if (t->slices > TRACE_TIMELINE_SLICES) coarsen(t);
}

void trace_timeline_event(struct trace_timeline *t, const struct gotrace_event *ev)
{
    struct trace_slice s;
    if (trace_slicer_event(&t->slicer, ev, &s)) add(t, &s);
}

void trace_timeline_finish(struct trace_timeline *t)
{
    struct trace_slice s;
    for (uint32_t i = 0; i < t->slicer.go.n; i++)
        if (trace_slicer_rest(&t->slicer, i, &s)) add(t, &s);
}

void trace_timeline_deinit(struct trace_timeline *t)
{
    for (size_t i = 0; i < t->go.n; i++) vec_deinit(&t->go.p[i].slice);
    for (size_t i = 0; i < t->proc.n; i++) vec_deinit(&t->proc.p[i].slice);
    vec_deinit(&t->go);
    vec_deinit(&t->proc);
    trace_slicer_deinit(&t->slicer);
}

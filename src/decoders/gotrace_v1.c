// SPDX-License-Identifier: Apache-2.0
// Turns the events of Go 1.11 to 1.21 into those of the model, as internal/trace of go1.23 and
// later does (tracev1.go), and checks on the way that each goroutine is in the state its event
// needs.
#include "decoders/gotrace_v1.h"

#include "base/cleanup.h"

enum go_state { GO_DEAD, GO_RUNNABLE, GO_RUNNING, GO_WAITING };

struct v1_proc {
    uint32_t go; // that runs on it, GOTRACE_NONE = none
    bool running, sweeps;
};

struct v1_state {
    struct v1_proc *proc;           // parallel to gotrace_v1.proc
    uint32_t wait_reason[V1_COUNT]; // strings of the tables
    bool begun;                     // past the list of what was there when the trace began
    VEC(uint32_t) untold;
    size_t next_untold;
    int64_t untold_time;
    uint32_t untold_offset;
    bool gc, stw;
    uint32_t stw_reason;
};

void gotrace_v1_destroy(struct gotrace_v1 *v)
{
    v1_reader_destroy(v->reader);
    vec_deinit(&v->proc);
    vec_deinit(&v->go);
    free(v->state->proc);
    vec_deinit(&v->state->untold);
    free(v->state);
    free(v);
}

// What a stop of the world is for: the kinds of go1.21's runtime/trace.go; before it there were
// two.
static const char *stw_reason(int version, uint32_t kind)
{
    static const char *const names[] = {
        "",
        "GC mark termination",
        "GC sweep termination",
        "write heap dump",
        "goroutine profile",
        "goroutine profile cleanup",
        "all goroutine stack trace",
        "read mem stats",
        "AllThreadsSyscall",
        "GOMAXPROCS",
        "start trace",
        "stop trace",
        "CountPagesInUse (test)",
        "ReadMetricsSlow (test)",
        "ReadMemStatsSlow (test)",
        "PageCachePagesLeaked (test)",
        "ResetDebugLog (test)",
    };
    if (version < 21) return kind < 2 ? names[kind + 1] : "";
    return kind < array_size(names) ? names[kind] : "";
}

static const char *wait_reason(enum v1_type type)
{
    switch (type) {
    case V1_GO_STOP: return "forever";
    case V1_GO_SCHED: return "runtime.Gosched";
    case V1_GO_PREEMPT: return "preempted";
    case V1_GO_SLEEP: return "sleep";
    case V1_GO_BLOCK_SEND: return "chan send";
    case V1_GO_BLOCK_RECV: return "chan receive";
    case V1_GO_BLOCK_SELECT: return "select";
    case V1_GO_BLOCK_SYNC: return "sync";
    case V1_GO_BLOCK_COND: return "sync.(*Cond).Wait";
    case V1_GO_BLOCK_NET: return "network";
    case V1_GO_BLOCK_GC: return "GC mark assist wait for work";
    default: return "";
    }
}

struct gotrace_v1 *gotrace_v1_create(struct gotrace *t)
{
    struct gotrace_v1 *v = mem_zalloc(sizeof(*v));
    v->state = mem_zalloc(sizeof(*v->state));
    v->last_time = -1;
    for (unsigned i = 0; i < V1_COUNT; i++)
        v->state->wait_reason[i] =
            gotrace_string(t->tables, str_from(wait_reason((enum v1_type)i)));
    return v;
}

static struct gotrace_event *push(struct gotrace_v1 *v, const struct v1_event *ev)
{
    struct gotrace_event *out = &v->queue[v->queue_n++];
    *out = (struct gotrace_event) { .kind = GOTRACE_OTHER,
                                    .time_ns = ev->time,
                                    .go = GOTRACE_NONE,
                                    .by = ev->go,
                                    .stack = ev->stack,
                                    .proc = v->proc.p[ev->proc] };
    return out;
}

static struct gotrace_event *push_go(struct gotrace_v1 *v, const struct v1_event *ev, uint32_t go,
                                     enum gotrace_state from, enum gotrace_state to)
{
    struct gotrace_event *out = push(v, ev);
    out->kind = GOTRACE_GO;
    out->go = go;
    out->from = (uint8_t)from;
    out->to = (uint8_t)to;
    return out;
}

static void push_range(struct gotrace_v1 *v, const struct v1_event *ev, enum gotrace_range range,
                       bool begins)
{
    struct gotrace_event *out = push(v, ev);
    out->kind = begins ? GOTRACE_RANGE_BEGIN : GOTRACE_RANGE_END;
    out->range = (uint8_t)range;
    out->go = ev->go;
}

// A goroutine that was there when the trace began tells its state.
static void push_status(struct gotrace_v1 *v, const struct v1_event *ev, uint32_t go,
                        enum gotrace_state to)
{
    struct v1_go *g = &v->go.p[go];
    struct gotrace_event *out = push_go(v, ev, go, GOTRACE_UNDETERMINED, to);
    out->go_stack = g->stack;
    g->untold = false;
}

static bool impossible(struct gotrace *t, const struct v1_event *ev, const char *what)
{
    return gotrace_break(t, V1_HEADER_BYTES + ev->offset, "%s (type %d)", what, ev->type);
}

// The event's goroutine must be the one that runs on its P.
static bool runs(struct gotrace *t, const struct v1_event *ev, bool may_be_none)
{
    const struct v1_proc *p = &t->v1->state->proc[ev->proc];
    if (ev->go == GOTRACE_NONE)
        return may_be_none ? true : impossible(t, ev, "an event of no goroutine");
    if (t->v1->go.p[ev->go].state != GO_RUNNING || p->go != ev->go)
        return impossible(t, ev, "an event of a goroutine that does not run there");
    return true;
}

static bool leave(struct gotrace *t, const struct v1_event *ev)
{
    struct gotrace_v1 *v = t->v1;
    if (!runs(t, ev, false)) return false;
    enum gotrace_state to = GOTRACE_WAITING;
    uint8_t state = GO_WAITING;
    enum v1_leave by = v1_leave_by(ev->type);
    if (by == V1_ENDS) to = GOTRACE_NOT_EXIST, state = GO_DEAD;
    if (by == V1_YIELDS) to = GOTRACE_RUNNABLE, state = GO_RUNNABLE;
    struct gotrace_event *out = push_go(v, ev, ev->go, GOTRACE_RUNNING, to);
    out->reason = v->state->wait_reason[ev->type];
    v->go.p[ev->go].state = state;
    v->state->proc[ev->proc].go = GOTRACE_NONE;
    return true;
}

static bool go_create(struct gotrace *t, const struct v1_event *ev)
{
    struct gotrace_v1 *v = t->v1;
    struct v1_state *s = v->state;
    if (!runs(t, ev, true)) return false;
    if (ev->other == GOTRACE_NONE || t->v1->go.p[ev->other].state != GO_DEAD)
        return impossible(t, ev, "a goroutine is created that there is already");
    struct v1_go *g = &v->go.p[ev->other];
    g->stack = ev->value;
    g->state = GO_RUNNABLE;
    g->untold = !s->begun;
    if (s->begun)
        push_go(v, ev, ev->other, GOTRACE_NOT_EXIST, GOTRACE_RUNNABLE)->go_stack = ev->value;
    else
        vec_push(&s->untold, ev->other);
    return true;
}

static bool go_start(struct gotrace *t, const struct v1_event *ev)
{
    struct gotrace_v1 *v = t->v1;
    struct v1_proc *p = &v->state->proc[ev->proc];
    if (ev->go == GOTRACE_NONE || v->go.p[ev->go].state != GO_RUNNABLE)
        return impossible(t, ev, "a goroutine starts that is not runnable");
    if (p->go != GOTRACE_NONE) return impossible(t, ev, "a goroutine starts on a busy P");
    p->go = ev->go;
    v->go.p[ev->go].state = GO_RUNNING;
    if (!v->state->begun) {
        push_status(v, ev, ev->go, GOTRACE_RUNNING);
        return true;
    }
    push_go(v, ev, ev->go, GOTRACE_RUNNABLE, GOTRACE_RUNNING);
    if (ev->type == V1_GO_START_LABEL) push(v, ev);
    return true;
}

static bool go_told(struct gotrace *t, const struct v1_event *ev)
{
    struct gotrace_v1 *v = t->v1;
    if (ev->go == GOTRACE_NONE || v->go.p[ev->go].state != GO_RUNNABLE)
        return impossible(t, ev, "a goroutine's first state does not fit");
    v->go.p[ev->go].state = GO_WAITING;
    push_status(v, ev, ev->go, ev->type == V1_GO_WAITING ? GOTRACE_WAITING : GOTRACE_SYSCALL);
    return true;
}

static bool go_unblock(struct gotrace *t, const struct v1_event *ev)
{
    if (ev->other == GOTRACE_NONE || t->v1->go.p[ev->other].state != GO_WAITING)
        return impossible(t, ev, "a goroutine is unblocked that does not wait");
    t->v1->go.p[ev->other].state = GO_RUNNABLE;
    push_go(t->v1, ev, ev->other, GOTRACE_WAITING, GOTRACE_RUNNABLE);
    return true;
}

static bool go_syscall(struct gotrace *t, const struct v1_event *ev)
{
    if (!runs(t, ev, false)) return false;
    push_go(t->v1, ev, ev->go, GOTRACE_RUNNING, GOTRACE_SYSCALL);
    if (!ev->blocked) // how long it took is not said: the least there is
        push_go(t->v1, ev, ev->go, GOTRACE_SYSCALL, GOTRACE_RUNNING)->time_ns = ev->time + 1;
    return true;
}

static bool go_syscall_block(struct gotrace *t, const struct v1_event *ev)
{
    if (!runs(t, ev, false)) return false;
    t->v1->go.p[ev->go].state = GO_WAITING;
    t->v1->state->proc[ev->proc].go = GOTRACE_NONE;
    return true;
}

static bool go_syscall_exit(struct gotrace *t, const struct v1_event *ev)
{
    if (ev->go == GOTRACE_NONE || t->v1->go.p[ev->go].state != GO_WAITING)
        return impossible(t, ev, "a syscall ends of a goroutine that is in none");
    t->v1->go.p[ev->go].state = GO_RUNNABLE;
    push_go(t->v1, ev, ev->go, GOTRACE_SYSCALL, GOTRACE_RUNNABLE);
    return true;
}

static bool proc_event(struct gotrace *t, const struct v1_event *ev)
{
    struct v1_proc *p = &t->v1->state->proc[ev->proc];
    bool starts = ev->type == V1_PROC_START;
    if (p->running == starts) return impossible(t, ev, "a P starts or stops twice");
    if (p->go != GOTRACE_NONE) return impossible(t, ev, "a P stops that runs a goroutine");
    push(t->v1, ev);
    p->running = starts;
    return true;
}

static bool range_event(struct gotrace *t, const struct v1_event *ev)
{
    struct gotrace_v1 *v = t->v1;
    struct v1_state *s = v->state;
    bool *open = NULL, begins = false;
    enum gotrace_range range = GOTRACE_ASSIST;
    switch ((enum v1_type)ev->type) {
    case V1_GC_START: begins = true; __attribute__((fallthrough));
    case V1_GC_DONE: open = &s->gc, range = GOTRACE_GC; break;
    case V1_STW_START: begins = true; __attribute__((fallthrough));
    case V1_STW_DONE: open = &s->stw, range = GOTRACE_STW; break;
    case V1_SWEEP_START: begins = true; __attribute__((fallthrough));
    case V1_SWEEP_DONE: open = &s->proc[ev->proc].sweeps, range = GOTRACE_SWEEP; break;
    default: begins = ev->type == V1_ASSIST_START; break;
    }
    // An assist may have begun before the trace did.
    if (open && *open == begins)
        return impossible(t, ev, "a collection, sweep or stop of the world begins or ends twice");
    if (open) *open = begins;
    push_range(v, ev, range, begins);
    if (range != GOTRACE_STW) return true;
    if (begins)
        s->stw_reason = gotrace_string(t->tables, str_from(stw_reason(t->version, ev->value)));
    v->queue[v->queue_n - 1].reason = s->stw_reason;
    return true;
}

// Queues what the event is in the model. False: it does not fit; noted.
static bool convert(struct gotrace *t, const struct v1_event *ev)
{
    struct v1_state *s = t->v1->state;
    switch ((enum v1_type)ev->type) {
    case V1_GOMAXPROCS: // the first one ends the list of what was there
        if (s->begun) push(t->v1, ev);
        s->untold_time = ev->time;
        s->untold_offset = ev->offset;
        s->begun = true;
        return true;
    case V1_PROC_START:
    case V1_PROC_STOP: return proc_event(t, ev);
    case V1_GO_CREATE: return go_create(t, ev);
    case V1_GO_START:
    case V1_GO_START_LABEL: return go_start(t, ev);
    case V1_GO_WAITING:
    case V1_GO_IN_SYSCALL: return go_told(t, ev);
    case V1_GO_UNBLOCK: return go_unblock(t, ev);
    case V1_GO_SYS_CALL: return go_syscall(t, ev);
    case V1_GO_SYS_BLOCK: return go_syscall_block(t, ev);
    case V1_GO_SYS_EXIT: return go_syscall_exit(t, ev);
    case V1_GC_START:
    case V1_GC_DONE:
    case V1_STW_START:
    case V1_STW_DONE:
    case V1_SWEEP_START:
    case V1_SWEEP_DONE:
    case V1_ASSIST_START:
    case V1_ASSIST_DONE: return range_event(t, ev);
    default: break;
    }
    if (v1_leave_by(ev->type)) return leave(t, ev);
    struct gotrace_event *out = push(t->v1, ev);
    if (ev->type == V1_CPU_SAMPLE) {
        out->kind = GOTRACE_CPU_SAMPLE;
        out->proc = (int32_t)ev->value;
    }
    return true;
}

// A goroutine that was there, of which nothing but its existence was told: it is runnable.
static bool untold_next(struct gotrace_v1 *v)
{
    struct v1_state *s = v->state;
    if (!s->begun) return false;
    while (s->next_untold < s->untold.n) {
        uint32_t go = s->untold.p[s->next_untold++];
        if (!v->go.p[go].untold) continue;
        struct v1_event at = { .time = s->untold_time, .go = GOTRACE_NONE };
        push_status(v, &at, go, GOTRACE_RUNNABLE);
        v->queue[v->queue_n - 1].proc = -1;
        return true;
    }
    return false;
}

static void load(struct gotrace *t)
{
    struct gotrace_v1 *v = t->v1;
    v->reader = v1_read(t, v);
    v->state->proc = mem_zalloc(v->proc.n * sizeof(*v->state->proc));
    for (size_t i = 0; i < v->proc.n; i++) v->state->proc[i].go = GOTRACE_NONE;
}

bool gotrace_v1_loads(const struct gotrace_v1 *v)
{
    return !v->reader;
}

size_t gotrace_v1_read(struct gotrace *t, struct gotrace_event *ret)
{
    enum { AT_ONCE = 2 }; // most events of the model that one of the trace makes
    struct gotrace_v1 *v = t->v1;
    if (!v->reader) load(t);
    v->queue = ret;
    v->queue_n = 0;
    while (v->queue_n + AT_ONCE <= GOTRACE_READ_EVENTS) {
        unsigned before = v->queue_n;
        uint64_t offset = V1_HEADER_BYTES + v->state->untold_offset;
        if (!untold_next(v)) {
            const struct v1_event *ev = v->over ? NULL : v1_next(v->reader);
            if (!ev) break;
            offset = V1_HEADER_BYTES + ev->offset;
            if (!convert(t, ev)) {
                v->queue_n = before;
                v->over = true;
            }
        }
        unsigned n = v->queue_n - before;
        unsigned good = gotrace_stamp(t, &v->queue[before], n, offset, &v->last_time);
        v->queue_n = before + good;
        if (good < n) v->over = true;
    }
    return v->queue_n;
}

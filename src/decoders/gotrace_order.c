// SPDX-License-Identifier: Apache-2.0
// The scheduler's state as the events tell it: which event may come next. The rules are those of
// the runtime, as internal/trace/order.go of go1.27 checks them.
//
// An event that names another goroutine or P (a start, an unblock, a steal) carries a number that
// must follow the last one seen of it, within a generation; it waits (ADVANCE_NO) until then. An
// event of what is bound to its own thread must always fit: if not, the trace is broken.
#include "decoders/gotrace_v2.h"

enum proc_status {
    PROC_BAD,
    PROC_RUNNING,
    PROC_IDLE,
    PROC_SYSCALL,
    PROC_SYSCALL_ABANDONED,
    PROC_STATUSES
};
enum go_status { GO_ABSENT, GO_RUNNABLE, GO_RUNNING, GO_SYSCALL, GO_WAITING, GO_STATUSES };

static const char *go_status_name(unsigned status)
{
    static const char *const names[] = { "absent", "runnable", "running", "in a syscall",
                                         "waiting" };
    return status < GO_STATUSES ? names[status] : "?";
}

static const char *proc_status_name(unsigned status)
{
    static const char *const names[] = { "bad", "running", "idle", "in a syscall",
                                         "in a syscall, abandoned" };
    return status < PROC_STATUSES ? names[status] : "?";
}

static const uint8_t model_state[GO_STATUSES] = {
    [GO_ABSENT] = GOTRACE_NOT_EXIST, [GO_RUNNABLE] = GOTRACE_RUNNABLE,
    [GO_RUNNING] = GOTRACE_RUNNING,  [GO_SYSCALL] = GOTRACE_SYSCALL,
    [GO_WAITING] = GOTRACE_WAITING,
};

#define BROKEN(v, ev, ...) (gotrace_break((v)->t, (ev)->offset, __VA_ARGS__), ADVANCE_BROKEN)
#define NAME(ev)           (event_specs[(ev)->type].name)
#define BROKEN_IF(cond, v, ev, ...)                                                                \
    do {                                                                                           \
        if (cond) return BROKEN(v, ev, __VA_ARGS__);                                               \
    } while (0)

void order_deinit(struct order *o)
{
    vec_deinit(&o->thread);
    vec_deinit(&o->proc);
    vec_deinit(&o->go);
    map_deinit(&o->thread_index);
    map_deinit(&o->proc_index);
    vec_deinit(&o->region);
    vec_deinit(&o->free_region);
    vec_deinit(&o->stw);
    map_deinit(&o->task);
}

uint32_t order_thread(struct gotrace_v2 *v, int64_t id)
{
    struct order *o = &v->order;
    bool fresh;
    uint64_t *index = map_put(&o->thread_index, (uint64_t)id, &fresh);
    if (!fresh) return (uint32_t)*index;
    *index = o->thread.n;
    vec_push(&o->thread, (struct order_thread) { .id = id,
                                                 .go = NO_INDEX,
                                                 .proc = NO_INDEX,
                                                 .first_batch = NO_INDEX,
                                                 .last_batch = NO_INDEX });
    return (uint32_t)*index;
}

// The index of a goroutine that is created or tells its status; absent if it was not heard of.
static enum advance go_index(struct gotrace_v2 *v, const struct raw_event *ev, uint32_t *ret)
{
    struct gotrace_tables *t = v->t->tables;
    if (t->goroutine.n >= GOTRACE_GOROUTINES &&
        gotrace_goroutine_find(t, (int64_t)ev->args[0]) == GOTRACE_NONE) {
        gotrace_break(v->t, ev->offset, "more than %d goroutines", GOTRACE_GOROUTINES);
        return ADVANCE_BROKEN;
    }
    *ret = gotrace_goroutine(t, (int64_t)ev->args[0]);
    while (v->order.go.n <= *ret) vec_push(&v->order.go, (struct order_go) { 0 });
    return ADVANCE_YES;
}

static struct order_proc *known_proc(struct order *o, uint64_t id, uint32_t *ret_index)
{
    const uint64_t *index = map_get(&o->proc_index, id);
    if (!index) return NULL;
    *ret_index = (uint32_t)*index;
    return &o->proc.p[*index];
}

static bool succeeds(uint64_t generation, uint64_t seq, uint64_t last_generation, uint64_t last_seq)
{
    return generation == last_generation && seq == last_seq + 1;
}

// What an event needs of its context: a thread always; for P and goroutine:
enum need { MUST_NOT, MAY, MUST };

static bool fits(uint32_t index, enum need need)
{
    return need == MAY || (need == MUST) == (index != NO_INDEX);
}

static inline enum advance need(struct gotrace_v2 *v, const struct raw_event *ev,
                                const struct context *c, enum need proc, enum need go)
{
    BROKEN_IF(c->thread == NO_INDEX, v, ev, "%s stands outside any thread", NAME(ev));
    BROKEN_IF(!fits(c->proc, proc), v, ev, "%s on thread %lld, which has %s P", NAME(ev),
              (long long)v->order.thread.p[c->thread].id, proc == MUST ? "no" : "a");
    BROKEN_IF(!fits(c->go, go), v, ev, "%s on thread %lld, which runs %s goroutine", NAME(ev),
              (long long)v->order.thread.p[c->thread].id, go == MUST ? "no" : "a");
    return ADVANCE_YES;
}

#define NEED(...)                                                                                  \
    do {                                                                                           \
        if (need(__VA_ARGS__) != ADVANCE_YES) return ADVANCE_BROKEN;                               \
    } while (0)

// Queues an event that happens in context c.
static inline struct gotrace_event *push_plain(struct gotrace_v2 *v, int64_t time,
                                               const struct context *c)
{
    struct gotrace_event *out = v->out++;
    *out = (struct gotrace_event) {
        .time_ns = time,
        .go = GOTRACE_NONE,
        .by = c->go,
        .proc = c->proc == NO_INDEX ? -1 : (int32_t)v->order.proc.p[c->proc].id,
    };
    return out;
}

static inline struct gotrace_event *push_go_plain(struct gotrace_v2 *v, int64_t time,
                                                  const struct context *c, uint32_t go,
                                                  unsigned from, unsigned to)
{
    struct gotrace_event *out = push_plain(v, time, c);
    out->kind = GOTRACE_GO;
    out->go = go;
    out->from = model_state[from];
    out->to = model_state[to];
    return out;
}

// Puts the stacks and strings that the event's type names into *out.
static inline void name_all(struct gotrace_v2 *v, const struct raw_event *ev,
                            struct gotrace_event *out)
{
    const struct event_spec *spec = &event_specs[ev->type];
    uint32_t unused;
    bool ok = true;
    if (spec->stack) ok = v2_stack(v, ev, ev->args[spec->stack - 1], &out->stack);
    if (spec->go_stack) ok = ok && v2_stack(v, ev, ev->args[spec->go_stack - 1], &out->go_stack);
    if (spec->string) ok = ok && v2_string(v, ev, ev->args[spec->string - 1], &out->reason);
    if (spec->string2) ok = ok && v2_string(v, ev, ev->args[spec->string2 - 1], &unused);
    if (!ok) v->stopped = true;
}

static struct gotrace_event *push(struct gotrace_v2 *v, const struct raw_event *ev,
                                  const struct context *c)
{
    struct gotrace_event *out = push_plain(v, ev->time, c);
    name_all(v, ev, out);
    return out;
}

static void push_go(struct gotrace_v2 *v, const struct raw_event *ev, const struct context *c,
                    uint32_t go, unsigned from, unsigned to)
{
    name_all(v, ev, push_go_plain(v, ev->time, c, go, from, to));
}

static void push_range(struct gotrace_v2 *v, const struct raw_event *ev, const struct context *c,
                       enum gotrace_kind kind, enum gotrace_range range, uint32_t go)
{
    struct gotrace_event *out = push(v, ev, c);
    out->kind = (uint8_t)kind;
    out->range = (uint8_t)range;
    out->go = go;
}

// ---- Ps

static enum advance new_proc(struct gotrace_v2 *v, const struct raw_event *ev, uint64_t id,
                             unsigned status, uint32_t *ret)
{
    struct order *o = &v->order;
    BROKEN_IF(o->proc.n >= GOTRACE_PROCS, v, ev, "more than %d Ps", GOTRACE_PROCS);
    *map_put(&o->proc_index, id, NULL) = o->proc.n;
    *ret = (uint32_t)o->proc.n;
    vec_push(&o->proc, (struct order_proc) { .id = (int64_t)id,
                                             .status = (uint8_t)status,
                                             .generation = v->generation });
    return ADVANCE_YES;
}

static enum advance proc_status(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    struct order *o = &v->order;
    uint64_t status = ev->args[1];
    struct context at = *c;
    uint32_t p;
    BROKEN_IF(status >= PROC_STATUSES, v, ev, "P %llu has status %llu, which there is not",
              (unsigned long long)ev->args[0], (unsigned long long)status);
    struct order_proc *s = known_proc(o, ev->args[0], &p);
    if (!s) {
        if (new_proc(v, ev, ev->args[0], (unsigned)status, &p) != ADVANCE_YES)
            return ADVANCE_BROKEN;
    } else {
        bool stolen = status == PROC_SYSCALL_ABANDONED && s->status == PROC_SYSCALL;
        BROKEN_IF(!stolen && s->status != status, v, ev, "P %lld was %s, its status says %s",
                  (long long)s->id, proc_status_name(s->status),
                  proc_status_name((unsigned)status));
        s->generation = v->generation;
        s->seq = 0;
        if (stolen) { // by another thread, soon: the event belongs to the thread that has it
            uint32_t owner = NO_INDEX;
            for (uint32_t i = 0; i < o->thread.n; i++)
                if (o->thread.p[i].seen && o->thread.p[i].proc == p) owner = i;
            BROKEN_IF(owner == NO_INDEX, v, ev, "P %lld is in a syscall of no thread",
                      (long long)s->id);
            at = (struct context) { .thread = owner, .proc = p, .go = o->thread.p[owner].go };
        }
    }
    if (status == PROC_RUNNING || status == PROC_SYSCALL) c->proc = p;
    push(v, ev, &at);
    return ADVANCE_YES;
}

static enum advance proc_start(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    uint32_t p;
    struct order_proc *s = known_proc(&v->order, ev->args[0], &p);
    if (!s || s->status != PROC_IDLE || c->proc != NO_INDEX ||
        !succeeds(v->generation, ev->args[1], s->generation, s->seq))
        return ADVANCE_NO;
    NEED(v, ev, c, MUST_NOT, MAY);
    s->status = PROC_RUNNING;
    s->seq = ev->args[1];
    push(v, ev, c);
    c->proc = p;
    return ADVANCE_YES;
}

static enum advance proc_stop(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    NEED(v, ev, c, MUST, MAY);
    struct order_proc *s = &v->order.proc.p[c->proc];
    BROKEN_IF(s->status != PROC_RUNNING && s->status != PROC_SYSCALL, v, ev,
              "P %lld stops, but it was %s", (long long)s->id, proc_status_name(s->status));
    s->status = PROC_IDLE;
    push(v, ev, c);
    c->proc = NO_INDEX;
    return ADVANCE_YES;
}

static enum advance proc_steal(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    struct order *o = &v->order;
    uint32_t p;
    struct order_proc *s = known_proc(o, ev->args[0], &p);
    if (!s || (s->status != PROC_SYSCALL && s->status != PROC_SYSCALL_ABANDONED) ||
        !succeeds(v->generation, ev->args[1], s->generation, s->seq))
        return ADVANCE_NO;
    NEED(v, ev, c, MAY, MAY);
    bool abandoned = s->status == PROC_SYSCALL_ABANDONED;
    s->status = PROC_IDLE;
    s->seq = ev->args[1];
    push(v, ev, c);
    if (abandoned) return ADVANCE_YES; // whom it was taken from is not known any more
    int64_t from = (int64_t)ev->args[2];
    const uint64_t *index = map_get(&o->thread_index, (uint64_t)from);
    BROKEN_IF(!index || !o->thread.p[*index].seen, v, ev,
              "P %lld is stolen from thread %lld, which was not heard of", (long long)s->id,
              (long long)from);
    struct order_thread *owner = &o->thread.p[*index];
    uint32_t has = *index == c->thread ? c->proc : owner->proc;
    BROKEN_IF(has != p, v, ev, "P %lld is stolen from thread %lld, which does not have it",
              (long long)s->id, (long long)from);
    owner->proc = NO_INDEX;
    if (*index == c->thread) c->proc = NO_INDEX;
    return ADVANCE_YES;
}

// ---- goroutines

static enum advance go_status_syscall(struct gotrace_v2 *v, const struct raw_event *ev,
                                      struct context *c, uint32_t go, struct context *at)
{
    struct order *o = &v->order;
    int64_t thread = (int64_t)ev->args[1];
    long long goid = (long long)ev->args[0];
    BROKEN_IF(thread == -1, v, ev, "goroutine %lld is in a syscall without a thread", goid);
    const uint64_t *known = map_get(&o->thread_index, (uint64_t)thread);
    if (known && *known == c->thread) {
        BROKEN_IF(v->generation != o->first_generation && c->go != go, v, ev,
                  "goroutine %lld is in a syscall on thread %lld, which runs another", goid,
                  (long long)thread);
        c->go = go;
        return ADVANCE_YES;
    }
    BROKEN_IF(!known && o->thread.n >= GOTRACE_THREADS, v, ev, "more than %d threads",
              GOTRACE_THREADS);
    uint32_t index = known ? (uint32_t)*known : order_thread(v, thread);
    struct order_thread *other = &o->thread.p[index];
    if (other->seen) {
        BROKEN_IF(other->go != go, v, ev,
                  "goroutine %lld is in a syscall on thread %lld, which runs another", goid,
                  (long long)thread);
        at->go = go;
    } else {
        other->seen = true;
        other->go = go;
    }
    at->thread = index;
    return ADVANCE_YES;
}

static enum advance go_status(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    struct order *o = &v->order;
    uint64_t status = ev->args[2];
    BROKEN_IF(status >= GO_STATUSES, v, ev, "goroutine %lld has status %llu, which there is not",
              (long long)ev->args[0], (unsigned long long)status);
    uint32_t go;
    if (go_index(v, ev, &go) != ADVANCE_YES) return ADVANCE_BROKEN;
    struct order_go *s = &o->go.p[go];
    bool fresh = s->status == GO_ABSENT;
    BROKEN_IF(!fresh && s->status != status, v, ev, "goroutine %lld was %s, its status says %s",
              (long long)ev->args[0], go_status_name(s->status), go_status_name((unsigned)status));
    BROKEN_IF(fresh && v->generation != o->first_generation, v, ev,
              "goroutine %lld has a status, but was never created", (long long)ev->args[0]);
    BROKEN_IF(status == GO_ABSENT, v, ev, "goroutine %lld has status 0", (long long)ev->args[0]);
    s->status = (uint8_t)status;
    s->generation = v->generation;
    s->seq = 0;
    struct context at = *c;
    if (status == GO_RUNNING) c->go = go;
    if (status == GO_SYSCALL && go_status_syscall(v, ev, c, go, &at) != ADVANCE_YES)
        return ADVANCE_BROKEN;
    push_go(v, ev, &at, go, (unsigned)status, (unsigned)status);
    if (fresh) v->out[-1].from = GOTRACE_UNDETERMINED;
    return ADVANCE_YES;
}

static enum advance go_create(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    struct order *o = &v->order;
    NEED(v, ev, c, MUST, MAY);
    BROKEN_IF(c->go != NO_INDEX && o->go.p[c->go].status != GO_RUNNING, v, ev,
              "%s by a goroutine that is %s", NAME(ev), go_status_name(o->go.p[c->go].status));
    uint32_t go;
    if (go_index(v, ev, &go) != ADVANCE_YES) return ADVANCE_BROKEN;
    BROKEN_IF(o->go.p[go].status != GO_ABSENT, v, ev,
              "goroutine %lld is created, but there is one already", (long long)ev->args[0]);
    unsigned status = ev->type == EV_GO_CREATE_BLOCKED ? GO_WAITING : GO_RUNNABLE;
    o->go.p[go] = (struct order_go) { .status = (uint8_t)status, .generation = v->generation };
    push_go(v, ev, c, go, GO_ABSENT, status);
    return ADVANCE_YES;
}

static enum advance go_create_syscall(struct gotrace_v2 *v, const struct raw_event *ev,
                                      struct context *c)
{
    NEED(v, ev, c, MAY, MUST_NOT);
    uint32_t go;
    if (go_index(v, ev, &go) != ADVANCE_YES) return ADVANCE_BROKEN;
    struct order_go *s = &v->order.go.p[go];
    BROKEN_IF(s->status != GO_ABSENT, v, ev,
              "goroutine %lld is created in a syscall, but there is one already",
              (long long)ev->args[0]);
    *s = (struct order_go) { .status = GO_SYSCALL, .generation = v->generation };
    push_go(v, ev, c, go, GO_ABSENT, GO_SYSCALL);
    c->go = go;
    return ADVANCE_YES;
}

static void go_forget(struct order *o, uint32_t go)
{
    struct order_go *s = &o->go.p[go];
    while (s->region) {
        uint32_t index = s->region - 1;
        s->region = o->region.p[index].outer;
        vec_push(&o->free_region, index);
    }
    if (s->stw)
        for (size_t i = o->stw.n; i-- > 0;)
            if (o->stw.p[i].go == go) o->stw.p[i] = o->stw.p[--o->stw.n];
    *s = (struct order_go) { 0 };
}

// The running goroutine must be in this status.
static enum advance bound(struct gotrace_v2 *v, const struct raw_event *ev, const struct context *c,
                          unsigned status)
{
    unsigned is = v->order.go.p[c->go].status;
    BROKEN_IF(is != status, v, ev, "%s of goroutine %lld, which is %s", NAME(ev),
              (long long)v->t->tables->goroutine.p[c->go], go_status_name(is));
    return ADVANCE_YES;
}

// GoDestroy, GoStop, GoBlock: the running goroutine leaves its thread.
static enum advance go_leave(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    NEED(v, ev, c, MUST, MUST);
    if (bound(v, ev, c, GO_RUNNING) != ADVANCE_YES) return ADVANCE_BROKEN;
    unsigned to = ev->type == EV_GO_STOP    ? GO_RUNNABLE
                  : ev->type == EV_GO_BLOCK ? GO_WAITING
                                            : GO_ABSENT;
    struct gotrace_event *out = push_go_plain(v, ev->time, c, c->go, GO_RUNNING, to);
    if (to != GO_ABSENT &&
        !(v2_string(v, ev, ev->args[0], &out->reason) && v2_stack(v, ev, ev->args[1], &out->stack)))
        v->stopped = true;
    if (to == GO_ABSENT)
        go_forget(&v->order, c->go);
    else
        v->order.go.p[c->go].status = (uint8_t)to;
    c->go = NO_INDEX;
    return ADVANCE_YES;
}

// A goroutine named by an event of anyone, if it has this status and the event is its next.
static inline bool go_ready(struct gotrace_v2 *v, const struct raw_event *ev, unsigned status,
                            uint32_t *ret)
{
    uint32_t known = gotrace_goroutine_find(v->t->tables, (int64_t)ev->args[0]);
    if (known >= v->order.go.n) return false; // GOTRACE_NONE too
    const struct order_go *s = &v->order.go.p[known];
    *ret = known;
    return s->status == status && succeeds(v->generation, ev->args[1], s->generation, s->seq);
}

static enum advance go_start(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    uint32_t go;
    if (!go_ready(v, ev, GO_RUNNABLE, &go)) return ADVANCE_NO;
    NEED(v, ev, c, MUST, MUST_NOT);
    v->order.go.p[go].status = GO_RUNNING;
    v->order.go.p[go].seq = ev->args[1];
    push_go_plain(v, ev->time, c, go, GO_RUNNABLE, GO_RUNNING);
    c->go = go;
    return ADVANCE_YES;
}

static enum advance go_unblock(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    uint32_t go;
    if (!go_ready(v, ev, GO_WAITING, &go)) return ADVANCE_NO;
    v->order.go.p[go].status = GO_RUNNABLE;
    v->order.go.p[go].seq = ev->args[1];
    struct gotrace_event *out = push_go_plain(v, ev->time, c, go, GO_WAITING, GO_RUNNABLE);
    if (!v2_stack(v, ev, ev->args[2], &out->stack)) v->stopped = true;
    return ADVANCE_YES;
}

// A coroutine switch is three events at once: unblock the next, block (or end) this one, start the
// next.
static enum advance go_switch(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    struct order *o = &v->order;
    NEED(v, ev, c, MUST, MUST);
    if (bound(v, ev, c, GO_RUNNING) != ADVANCE_YES) return ADVANCE_BROKEN;
    uint32_t next;
    if (!go_ready(v, ev, GO_WAITING, &next)) return ADVANCE_NO;
    push_go(v, ev, c, next, GO_WAITING, GO_RUNNABLE);
    bool ends = ev->type == EV_GO_SWITCH_DESTROY;
    push_go_plain(v, ev->time, c, c->go, GO_RUNNING, ends ? GO_ABSENT : GO_WAITING);
    if (ends)
        go_forget(o, c->go);
    else
        o->go.p[c->go].status = GO_WAITING;
    c->go = NO_INDEX;
    push_go_plain(v, ev->time, c, next, GO_RUNNABLE, GO_RUNNING);
    o->go.p[next].status = GO_RUNNING;
    o->go.p[next].seq = ev->args[1];
    c->go = next;
    return ADVANCE_YES;
}

static enum advance go_syscall_begin(struct gotrace_v2 *v, const struct raw_event *ev,
                                     struct context *c)
{
    NEED(v, ev, c, MUST, MUST);
    if (bound(v, ev, c, GO_RUNNING) != ADVANCE_YES) return ADVANCE_BROKEN;
    struct order_proc *p = &v->order.proc.p[c->proc];
    BROKEN_IF(!succeeds(v->generation, ev->args[0], p->generation, p->seq), v, ev,
              "a syscall is number %llu of P %lld, which was at %llu",
              (unsigned long long)ev->args[0], (long long)p->id, (unsigned long long)p->seq);
    p->seq = ev->args[0];
    p->status = PROC_SYSCALL;
    v->order.go.p[c->go].status = GO_SYSCALL;
    push_go(v, ev, c, c->go, GO_RUNNING, GO_SYSCALL);
    return ADVANCE_YES;
}

static enum advance go_syscall_end(struct gotrace_v2 *v, const struct raw_event *ev,
                                   struct context *c)
{
    NEED(v, ev, c, MUST, MUST);
    if (bound(v, ev, c, GO_SYSCALL) != ADVANCE_YES) return ADVANCE_BROKEN;
    struct order_proc *p = &v->order.proc.p[c->proc];
    BROKEN_IF(p->status != PROC_SYSCALL, v, ev, "a syscall ends on P %lld, which is %s",
              (long long)p->id, proc_status_name(p->status));
    p->status = PROC_RUNNING;
    v->order.go.p[c->go].status = GO_RUNNING;
    push_go(v, ev, c, c->go, GO_SYSCALL, GO_RUNNING);
    return ADVANCE_YES;
}

// The syscall lost its P: waits until that was seen to go (a stop, or a steal by another thread).
static enum advance go_syscall_end_blocked(struct gotrace_v2 *v, const struct raw_event *ev,
                                           struct context *c)
{
    if (c->proc != NO_INDEX && v->order.proc.p[c->proc].status == PROC_SYSCALL) return ADVANCE_NO;
    NEED(v, ev, c, MAY, MUST);
    if (bound(v, ev, c, GO_SYSCALL) != ADVANCE_YES) return ADVANCE_BROKEN;
    v->order.go.p[c->go].status = GO_RUNNABLE;
    push_go(v, ev, c, c->go, GO_SYSCALL, GO_RUNNABLE);
    c->go = NO_INDEX;
    return ADVANCE_YES;
}

static enum advance go_destroy_syscall(struct gotrace_v2 *v, const struct raw_event *ev,
                                       struct context *c)
{
    NEED(v, ev, c, MAY, MUST);
    if (bound(v, ev, c, GO_SYSCALL) != ADVANCE_YES) return ADVANCE_BROKEN;
    struct context at = *c;
    go_forget(&v->order, c->go);
    c->go = NO_INDEX;
    if (c->proc != NO_INDEX) { // gone with the thread: the same as a steal from itself
        struct order_proc *p = &v->order.proc.p[c->proc];
        BROKEN_IF(p->status != PROC_SYSCALL, v, ev, "a goroutine ends in a syscall on P %lld: %s",
                  (long long)p->id, proc_status_name(p->status));
        p->status = PROC_SYSCALL_ABANDONED;
        push_plain(v, ev->time, &at);
        c->proc = NO_INDEX;
    }
    push_go(v, ev, &at, at.go, GO_SYSCALL, GO_ABSENT);
    return ADVANCE_YES;
}

// ---- collection and stopped worlds

static enum advance gc_event(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    struct order *o = &v->order;
    uint64_t seq = ev->args[0];
    bool first = ev->type == EV_GC_BEGIN    ? o->gc == GC_UNDETERMINED
                 : ev->type == EV_GC_ACTIVE ? v->generation == o->first_generation
                                            : false;
    if (first) {
        BROKEN_IF(o->gc != GC_UNDETERMINED, v, ev,
                  "a running collection is told of after other events of it");
    } else {
        if (seq != o->gc_seq + 1) return ADVANCE_NO;
        bool must_run = ev->type != EV_GC_BEGIN;
        BROKEN_IF((o->gc == GC_ON) != must_run, v, ev, "%s while %s collection runs", NAME(ev),
                  o->gc == GC_ON ? "a" : "no");
        NEED(v, ev, c, MUST, MUST);
    }
    o->gc_seq = seq;
    o->gc = ev->type == EV_GC_END ? GC_OFF : GC_ON;
    push_range(v, ev, c,
               ev->type == EV_GC_BEGIN    ? GOTRACE_RANGE_BEGIN
               : ev->type == EV_GC_ACTIVE ? GOTRACE_RANGE_ACTIVE
                                          : GOTRACE_RANGE_END,
               GOTRACE_GC, c->go);
    return ADVANCE_YES;
}

static enum advance sweep(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    struct order_proc *p;
    bool begins = ev->type == EV_GC_SWEEP_BEGIN, active = ev->type == EV_GC_SWEEP_ACTIVE;
    if (active) {
        uint32_t index;
        p = known_proc(&v->order, ev->args[0], &index);
        BROKEN_IF(!p, v, ev, "P %lld sweeps, but was not heard of", (long long)ev->args[0]);
        begins = v->generation == v->order.first_generation;
    } else {
        NEED(v, ev, c, MUST, MAY);
        p = &v->order.proc.p[c->proc];
    }
    BROKEN_IF(begins && p->sweep, v, ev, "P %lld begins to sweep, but it sweeps already",
              (long long)p->id);
    BROKEN_IF(!begins && !p->sweep, v, ev, "%s of P %lld, which did not sweep", NAME(ev),
              (long long)p->id);
    p->sweep = begins || active;
    push_range(v, ev, c,
               active   ? GOTRACE_RANGE_ACTIVE
               : begins ? GOTRACE_RANGE_BEGIN
                        : GOTRACE_RANGE_END,
               GOTRACE_SWEEP, c->go);
    return ADVANCE_YES;
}

static enum advance assist_active(struct gotrace_v2 *v, const struct raw_event *ev,
                                  struct context *c)
{
    uint32_t known = gotrace_goroutine_find(v->t->tables, (int64_t)ev->args[0]);
    BROKEN_IF(known >= v->order.go.n || !v->order.go.p[known].status, v, ev,
              "goroutine %lld assists the collector, but was not heard of", (long long)ev->args[0]);
    struct order_go *s = &v->order.go.p[known];
    bool first = v->generation == v->order.first_generation;
    BROKEN_IF(first == s->assist, v, ev, "goroutine %lld %s the collector", (long long)ev->args[0],
              first ? "already assists" : "did not assist");
    s->assist = true;
    push_range(v, ev, c, GOTRACE_RANGE_ACTIVE, GOTRACE_ASSIST, known);
    return ADVANCE_YES;
}

static enum advance assist(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    NEED(v, ev, c, MUST, MUST);
    bool begins = ev->type == EV_GC_MARK_ASSIST_BEGIN;
    struct order_go *s = &v->order.go.p[c->go];
    BROKEN_IF(s->assist == begins, v, ev, "%s, but the goroutine %s", NAME(ev),
              begins ? "assists already" : "did not assist");
    s->assist = begins;
    push_range(v, ev, c, begins ? GOTRACE_RANGE_BEGIN : GOTRACE_RANGE_END, GOTRACE_ASSIST, c->go);
    return ADVANCE_YES;
}

static enum advance stw_begin(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    struct order *o = &v->order;
    NEED(v, ev, c, MUST, MUST);
    for (size_t i = 0; i < o->stw.n; i++)
        BROKEN_IF(o->stw.p[i].go == c->go && o->stw.p[i].kind == ev->args[0], v, ev,
                  "the world is stopped for a reason it is stopped for already");
    BROKEN_IF(o->stw.n >= GOTRACE_RANGES_OPEN, v, ev, "more than %d stops of the world at once",
              GOTRACE_RANGES_OPEN);
    push_range(v, ev, c, GOTRACE_RANGE_BEGIN, GOTRACE_STW, c->go);
    vec_push(&o->stw, (struct open_stw) { c->go, ev->args[0], v->out[-1].reason });
    o->go.p[c->go].stw = true;
    return ADVANCE_YES;
}

static enum advance stw_end(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    struct order *o = &v->order;
    NEED(v, ev, c, MUST, MUST);
    size_t i = 0;
    while (i < o->stw.n && o->stw.p[i].go != c->go) i++;
    BROKEN_IF(i == o->stw.n, v, ev, "the world is started by a goroutine that did not stop it");
    push_range(v, ev, c, GOTRACE_RANGE_END, GOTRACE_STW, c->go);
    v->out[-1].reason = o->stw.p[i].reason;
    memmove(&o->stw.p[i], &o->stw.p[i + 1], (o->stw.n - i - 1) * sizeof(*o->stw.p));
    o->stw.n--;
    return ADVANCE_YES;
}

// ---- annotations

static enum advance user_task(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    bool begins = ev->type == EV_USER_TASK_BEGIN;
    uint64_t *active = map_get(&v->order.task, ev->args[0]);
    BROKEN_IF(begins && active && *active, v, ev, "task %llu begins, but it has begun already",
              (unsigned long long)ev->args[0]);
    NEED(v, ev, c, MUST, MUST);
    if (begins)
        *map_put(&v->order.task, ev->args[0], NULL) = 1;
    else if (active)
        *active = 0;
    push(v, ev, c);
    return ADVANCE_YES;
}

static enum advance user_region(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    struct order *o = &v->order;
    NEED(v, ev, c, MUST, MUST);
    uint32_t name = push(v, ev, c)->reason;
    struct order_go *s = &o->go.p[c->go];
    if (ev->type == EV_USER_REGION_BEGIN) {
        uint32_t index =
            o->free_region.n ? o->free_region.p[--o->free_region.n] : (uint32_t)o->region.n;
        struct user_region region = { ev->args[0], name, s->region };
        if (index == o->region.n)
            vec_push(&o->region, region);
        else
            o->region.p[index] = region;
        s->region = index + 1;
        return ADVANCE_YES;
    }
    if (!s->region) return ADVANCE_YES; // it began before the trace did
    const struct user_region *inner = &o->region.p[s->region - 1];
    BROKEN_IF(!v->lenient && (inner->task != ev->args[0] || inner->name != name), v, ev,
              "a user region ends that is not goroutine %lld's innermost",
              (long long)v->t->tables->goroutine.p[c->go]);
    vec_push(&o->free_region, s->region - 1);
    s->region = inner->outer;
    return ADVANCE_YES;
}

static enum advance plain(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c,
                          enum need proc, enum need go)
{
    NEED(v, ev, c, proc, go);
    push(v, ev, c);
    return ADVANCE_YES;
}

static enum advance dispatch(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c)
{
    switch ((enum event_type)ev->type) {
    case EV_PROC_START: return proc_start(v, ev, c);
    case EV_PROC_STOP: return proc_stop(v, ev, c);
    case EV_PROC_STEAL: return proc_steal(v, ev, c);
    case EV_PROC_STATUS: return proc_status(v, ev, c);
    case EV_GO_CREATE:
    case EV_GO_CREATE_BLOCKED: return go_create(v, ev, c);
    case EV_GO_CREATE_SYSCALL: return go_create_syscall(v, ev, c);
    case EV_GO_DESTROY_SYSCALL: return go_destroy_syscall(v, ev, c);
    case EV_GO_SYSCALL_BEGIN: return go_syscall_begin(v, ev, c);
    case EV_GO_SYSCALL_END: return go_syscall_end(v, ev, c);
    case EV_GO_SYSCALL_END_BLOCKED: return go_syscall_end_blocked(v, ev, c);
    case EV_GO_STATUS:
    case EV_GO_STATUS_STACK: return go_status(v, ev, c);
    case EV_GO_SWITCH:
    case EV_GO_SWITCH_DESTROY: return go_switch(v, ev, c);
    case EV_STW_BEGIN: return stw_begin(v, ev, c);
    case EV_STW_END: return stw_end(v, ev, c);
    case EV_GC_ACTIVE:
    case EV_GC_BEGIN:
    case EV_GC_END: return gc_event(v, ev, c);
    case EV_GC_SWEEP_ACTIVE:
    case EV_GC_SWEEP_BEGIN:
    case EV_GC_SWEEP_END: return sweep(v, ev, c);
    case EV_GC_MARK_ASSIST_ACTIVE: return assist_active(v, ev, c);
    case EV_GC_MARK_ASSIST_BEGIN:
    case EV_GC_MARK_ASSIST_END: return assist(v, ev, c);
    case EV_USER_TASK_BEGIN:
    case EV_USER_TASK_END: return user_task(v, ev, c);
    case EV_USER_REGION_BEGIN:
    case EV_USER_REGION_END: return user_region(v, ev, c);
    case EV_PROCS_CHANGE:
    case EV_GO_LABEL:
    case EV_USER_LOG: return plain(v, ev, c, MUST, MUST);
    case EV_HEAP_ALLOC:
    case EV_HEAP_GOAL: return plain(v, ev, c, MUST, MAY);
    default: break;
    }
    if (ev->type >= EV_SPAN) return plain(v, ev, c, MAY, MAY);
    return BROKEN(v, ev, "%s stands among a thread's events", NAME(ev));
}

// Reads the event's arguments and lets `apply` do with it what its type says.
static inline __attribute__((always_inline)) enum advance
run(struct gotrace_v2 *v, struct thread_cursor *at, unsigned args,
    enum advance (*apply)(struct gotrace_v2 *v, const struct raw_event *ev, struct context *c))
{
    struct order *o = &v->order;
    uint32_t thread = at->thread;
    struct raw_event ev;
    ev.type = *at->at;
    ev.time = at->time;
    ev.offset = at->bias + (uint64_t)(uintptr_t)at->at;
    const uint8_t *p = at->args;
    for (unsigned i = 0; i < args && p; i++) p = read_uvarint(p, &ev.args[i]);
    if (!p) return BROKEN(v, &ev, "an event's arguments are cut off (type %d)", ev.type);
    struct context c = { NO_INDEX, NO_INDEX, NO_INDEX };
    if (thread != NO_INDEX) {
        o->thread.p[thread].seen = true;
        c.thread = thread;
        c.proc = o->thread.p[thread].proc;
        c.go = o->thread.p[thread].go;
    }
    struct gotrace_event *before = v->out;
    enum advance result = apply(v, &ev, &c);
    if (result == ADVANCE_YES && v->stopped) result = ADVANCE_BROKEN;
    if (result != ADVANCE_YES) {
        v->out = before;
        return result;
    }
    at->at = p;
    if (thread != NO_INDEX) {
        o->thread.p[thread].proc = c.proc;
        o->thread.p[thread].go = c.go;
    }
    return ADVANCE_YES;
}

enum advance order_advance(struct gotrace_v2 *v, struct thread_cursor *c)
{
    switch ((enum event_type) *
            c->at) { // most events are one of these: the compiler joins all steps
    case EV_GO_START: return run(v, c, 2, go_start);
    case EV_GO_STOP:
    case EV_GO_BLOCK:
    case EV_GO_DESTROY: return run(v, c, event_specs[*c->at].args, go_leave);
    case EV_GO_UNBLOCK: return run(v, c, 3, go_unblock);
    default: return run(v, c, event_specs[*c->at].args, dispatch);
    }
}

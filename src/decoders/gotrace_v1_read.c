// SPDX-License-Identifier: Apache-2.0
// First pass: where each P's batches lie, strings, stacks, the clock, CPU samples. Second pass: the
// Ps' streams are merged; an event that names a goroutine waits until that goroutine's sequence
// number and state have come to it, and of those that may come, the earliest does.
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/cursor.h"
#include "decoders/gotrace_v1.h"

#define FEW_MORE 2048 // most bytes of the arguments of one event with more than three

// Arguments of each type, without the time and the stack: internal/trace/parser.go of go1.21.
static const struct v1_spec {
    uint8_t since, args;
    bool stack;
} specs[V1_COUNT] = {
    [V1_GOMAXPROCS] = { 5, 1, true },
    [V1_PROC_START] = { 5, 1 },
    [V1_PROC_STOP] = { 5, 0 },
    [V1_GC_START] = { 5, 1, true },
    [V1_GC_DONE] = { 5, 0 },
    [V1_STW_START] = { 5, 1 },
    [V1_STW_DONE] = { 5, 0 },
    [V1_SWEEP_START] = { 5, 0, true },
    [V1_SWEEP_DONE] = { 5, 2 },
    [V1_GO_CREATE] = { 5, 2, true },
    [V1_GO_START] = { 5, 2 },
    [V1_GO_END] = { 5, 0 },
    [V1_GO_STOP] = { 5, 0, true },
    [V1_GO_SCHED] = { 5, 0, true },
    [V1_GO_PREEMPT] = { 5, 0, true },
    [V1_GO_SLEEP] = { 5, 0, true },
    [V1_GO_BLOCK] = { 5, 0, true },
    [V1_GO_UNBLOCK] = { 5, 2, true },
    [V1_GO_BLOCK_SEND] = { 5, 0, true },
    [V1_GO_BLOCK_RECV] = { 5, 0, true },
    [V1_GO_BLOCK_SELECT] = { 5, 0, true },
    [V1_GO_BLOCK_SYNC] = { 5, 0, true },
    [V1_GO_BLOCK_COND] = { 5, 0, true },
    [V1_GO_BLOCK_NET] = { 5, 0, true },
    [V1_GO_SYS_CALL] = { 5, 0, true },
    [V1_GO_SYS_EXIT] = { 5, 3 },
    [V1_GO_SYS_BLOCK] = { 5, 0 },
    [V1_GO_WAITING] = { 5, 1 },
    [V1_GO_IN_SYSCALL] = { 5, 1 },
    [V1_HEAP_ALLOC] = { 5, 1 },
    [V1_HEAP_GOAL] = { 5, 1 },
    [V1_FUTILE_WAKEUP] = { 5, 0 },
    [V1_GO_START_LOCAL] = { 7, 1 },
    [V1_GO_UNBLOCK_LOCAL] = { 7, 1, true },
    [V1_GO_SYS_EXIT_LOCAL] = { 7, 2 },
    [V1_GO_START_LABEL] = { 8, 3 },
    [V1_GO_BLOCK_GC] = { 8, 0, true },
    [V1_ASSIST_START] = { 9, 0, true },
    [V1_ASSIST_DONE] = { 9, 0 },
    [V1_TASK_CREATE] = { 11, 3, true },
    [V1_TASK_END] = { 11, 1, true },
    [V1_REGION] = { 11, 3, true },
    [V1_LOG] = { 11, 2, true },
    [V1_CPU_SAMPLE] = { 19, 3, true },
};

enum v1_leave v1_leave_by(uint8_t type)
{
    static const uint8_t by[V1_COUNT] = {
        [V1_GO_END] = V1_ENDS,           [V1_GO_STOP] = V1_STOPS,
        [V1_GO_SCHED] = V1_YIELDS,       [V1_GO_PREEMPT] = V1_YIELDS,
        [V1_GO_SLEEP] = V1_WAITS,        [V1_GO_BLOCK] = V1_WAITS,
        [V1_GO_BLOCK_SEND] = V1_WAITS,   [V1_GO_BLOCK_RECV] = V1_WAITS,
        [V1_GO_BLOCK_SELECT] = V1_WAITS, [V1_GO_BLOCK_SYNC] = V1_WAITS,
        [V1_GO_BLOCK_COND] = V1_WAITS,   [V1_GO_BLOCK_NET] = V1_WAITS,
        [V1_GO_BLOCK_GC] = V1_WAITS,     [V1_GO_SYS_BLOCK] = V1_WAITS,
    };
    return (enum v1_leave)by[type];
}

enum { MOST_ARGS = 5 }; // of an event with a fixed number: time, three, stack

struct raw {
    uint64_t args[MOST_ARGS]; // [0] is the time since the event before
    size_t offset;
    uint8_t type;
};

struct piece {
    uint64_t begin, end, ticks;
    uint32_t next; // of the same P
};

enum ordering { ABSENT, RUNNABLE, RUNNING, WAITING };

// What an event does to which goroutine. `exact`: only at this sequence number.
struct transition {
    uint32_t go; // GOTRACE_NONE: it needs no order
    bool exact, counts;
    uint8_t from, to;
};

struct go_order {
    uint64_t seq;
    uint32_t syscall; // number + 1 of its last event, if that is a GoSysCall
    uint8_t state;
};

struct stream {
    uint16_t proc; // its index in v->proc
    uint32_t first_piece, last_piece;
    uint32_t piece; // to be read next
    struct cursor c;
    int64_t ticks;
    uint32_t go; // that runs on it, or GOTRACE_NONE
    bool done;
    struct v1_event ev; // the head
    uint64_t seq;       // what it waits for
    int64_t exit_ticks; // GoSysExit: when it really ended
    struct transition to;
};

// A GoSysExit is written when the goroutine comes to run again, and carries the time when the
// syscall ended: it belongs there.
struct moved {
    size_t number; // in the order
    struct v1_event ev;
};

struct v1_reader {
    struct gotrace *t;
    struct gotrace_v1 *v;
    struct buf bytes;
    uint64_t hz;
    struct id_table strings, stacks;
    VEC(struct piece) piece;
    VEC(uint64_t) stack_word; // per stack: id, offset, n, then n × { pc, function, file, line }
    VEC(struct v1_event) sample;
    VEC(struct stream) stream;
    struct map stream_index;
    VEC(struct go_order) go; // parallel to tables->goroutine
    uint64_t gc_seq;
    size_t events; // that the first pass met: at least as many as come of them
    // What the second pass finds: whose event is next, again and again. The events themselves are
    // read once more, which costs less than to keep them.
    VEC(uint16_t) order;    // index + 1 of the stream, 0 = a sample
    uint64_t *blocked;      // a bit an event: GoSysCall that lost its P
    VEC(struct moved) exit; // that do not stand where they belong, by number
    int64_t last_time;
    size_t cut; // number of the first whose time lies before that of the one before, 0 = none
    struct v1_event cut_at;
    // The third pass.
    VEC(uint32_t) by_time; // of `exit`
    size_t next, next_sample, next_exit, next_by_time;
    struct v1_event *head; // the next that stands where it belongs, number next - 1
    bool begun;
    int64_t first; // ticks of the first event
    double ns_per_tick;
};

static bool bad(struct v1_reader *r, uint64_t offset, const char *what, unsigned type)
{
    return gotrace_break(r->t, V1_HEADER_BYTES + offset, "%s (type %u)", what, type);
}

// ---- first pass

static bool read_string(struct v1_reader *r, struct cursor *c, size_t at)
{
    uint64_t id = cursor_uvarint(c), n = cursor_uvarint(c);
    if (!c->bad && (id == 0 || n == 0 || n > GOTRACE_V1_STRING_BYTES))
        return bad(r, at, "a string without a number, or of an impossible length", V1_STRING);
    struct str s = cursor_bytes(c, n);
    if (c->bad) return bad(r, at, "a string is cut off", V1_STRING);
    if (!id_table_put(&r->strings, id, gotrace_string(r->t->tables, s)))
        return bad(r, at, "there is a string of that number already", V1_STRING);
    return true;
}

static bool read_stack(struct v1_reader *r, struct str args, size_t at)
{
    struct cursor c = cursor_make("stack", args);
    uint64_t id = cursor_uvarint(&c), n = cursor_uvarint(&c);
    if (c.bad || n > GOTRACE_V1_FRAMES) return bad(r, at, "a stack of too many frames", V1_STACK);
    size_t start = r->stack_word.n;
    if (start * sizeof(*r->stack_word.p) > GOTRACE_TABLE_BYTES / 2)
        return bad(r, at, "more stacks than can be held", V1_STACK);
    vec_push(&r->stack_word, id);
    vec_push(&r->stack_word, at);
    vec_push(&r->stack_word, n);
    for (uint64_t i = 0; i < 4 * n && !c.bad; i++) vec_push(&r->stack_word, cursor_uvarint(&c));
    if (!c.bad && cursor_left(&c) == 0) return true;
    r->stack_word.n = start;
    return bad(r, at, "a stack whose frames do not fit its length", V1_STACK);
}

static bool read_sample(struct v1_reader *r, struct str args, size_t at)
{
    struct cursor c = cursor_make("sample", args);
    uint64_t a[MOST_ARGS];
    for (size_t i = 0; i < MOST_ARGS; i++) a[i] = cursor_uvarint(&c);
    if (c.bad || cursor_left(&c)) return bad(r, at, "a CPU sample is cut off", V1_CPU_SAMPLE);
    vec_push(&r->sample, (struct v1_event) { .type = V1_CPU_SAMPLE,
                                             .time = (int64_t)a[1],
                                             .value = (uint32_t)a[2],
                                             .stack = a[4] > UINT32_MAX ? 0 : (uint32_t)a[4],
                                             .offset = (uint32_t)at,
                                             .go = GOTRACE_NONE,
                                             .other = GOTRACE_NONE });
    // Its goroutine is known once all are: kept by its number until then.
    struct v1_event *s = vec_last(&r->sample);
    s->go = a[3] ? gotrace_goroutine(r->t->tables, (int64_t)a[3]) : GOTRACE_NONE;
    return true;
}

static bool begin_piece(struct v1_reader *r, struct cursor *c, size_t at)
{
    uint64_t proc = cursor_uvarint(c), ticks = cursor_uvarint(c);
    if (c->bad) return bad(r, at, "the head of a batch is cut off", V1_BATCH);
    if (proc != UINT64_MAX && proc > INT32_MAX)
        return bad(r, at, "a batch of an impossible P", V1_BATCH);
    if (r->piece.n) vec_last(&r->piece)->end = at;
    bool fresh;
    uint64_t *index = map_put(&r->stream_index, proc, &fresh);
    uint32_t piece = (uint32_t)r->piece.n;
    if (fresh) {
        if (r->stream.n >= GOTRACE_PROCS - 1) return bad(r, at, "too many Ps", V1_BATCH);
        *index = r->stream.n;
        vec_push(&r->v->proc, proc == UINT64_MAX ? -1 : (int32_t)proc);
        vec_push(&r->stream, (struct stream) { .proc = (uint16_t)*index,
                                               .first_piece = piece,
                                               .last_piece = piece,
                                               .go = GOTRACE_NONE });
    } else {
        struct stream *s = &r->stream.p[*index];
        r->piece.p[s->last_piece].next = piece;
        s->last_piece = piece;
    }
    vec_push(&r->piece, (struct piece) { .begin = c->at, .ticks = ticks, .next = UINT32_MAX });
    return true;
}

// Up to three numbers, as read_uvarint reads each.
static inline const uint8_t *skip_uvarints(const uint8_t *p, unsigned n)
{
    uint64_t v, unused;
    memcpy(&v, p, sizeof(v));
    // A bit in the last byte of each number; less and less of them.
    uint64_t ends = ~v & 0x8080808080808080u, ends2 = ends & (ends - 1),
             ends3 = ends2 & (ends2 - 1);
    ends = n == 1 ? ends : n == 2 ? ends2 : ends3;
    if (__builtin_expect(ends != 0, 1)) return p + (__builtin_ctzll(ends) >> 3) + 1;
    for (unsigned i = 0; i < n && p; i++) p = read_uvarint(p, &unused);
    return p;
}

// The arguments of an event as they stand, its byte already read. `inlined`: how many come at once
// (otherwise a length comes first). NUMBER_PAD zero bytes stand behind r->bytes.
static inline bool read_args(struct v1_reader *r, struct cursor *c, uint8_t type, unsigned inlined,
                             size_t at, struct str *ret)
{
    if (inlined) {
        const uint8_t *begin = (const uint8_t *)r->bytes.p + c->at;
        const uint8_t *p = skip_uvarints(begin, inlined);
        size_t n = p ? (size_t)(p - begin) : SIZE_MAX;
        if (n > cursor_left(c)) return bad(r, at, "an event's arguments are cut off", type);
        c->at += n;
        *ret = str_make(begin, n);
        return true;
    }
    uint64_t n = cursor_uvarint(c);
    if (!c->bad && n > FEW_MORE && type != V1_STACK)
        return bad(r, at, "an event's arguments are impossibly long", type);
    *ret = cursor_bytes(c, n);
    if (type == V1_LOG) cursor_bytes(c, cursor_uvarint(c));
    if (c->bad) return bad(r, at, "an event's arguments are cut off", type);
    return true;
}

static bool first_pass(struct v1_reader *r)
{
    struct cursor c = cursor_make("trace", buf_str(&r->bytes));
    while (cursor_left(&c)) {
        size_t at = c.at;
        uint8_t head = (uint8_t)c.bytes.p[c.at++], type = head & 0x3f;
        unsigned inlined = (head >> 6) + 1;
        if (type == V1_NONE || type >= V1_COUNT || specs[type].since > r->t->version)
            return bad(r, at, "there is no such event", type);
        struct str args;
        bool ok;
        if (type == V1_STRING)
            ok = read_string(r, &c, at);
        else if (type == V1_BATCH)
            ok = inlined == 2 ? begin_piece(r, &c, at)
                              : bad(r, at, "a batch with other than two arguments", type);
        else
            ok = read_args(r, &c, type, inlined < 4 ? inlined : 0, at, &args);
        if (!ok) {
            if (r->piece.n) vec_last(&r->piece)->end = at;
            return false;
        }
        if (type == V1_STRING || type == V1_BATCH) continue;
        if (!r->piece.n) return bad(r, at, "an event before the first batch", type);
        r->events++;
        if (type == V1_FREQUENCY) {
            struct cursor a = cursor_make("arguments", args);
            r->hz = cursor_uvarint(&a);
        }
        if (type == V1_STACK && !read_stack(r, args, at)) return false;
        if (type == V1_CPU_SAMPLE && !read_sample(r, args, at)) return false;
    }
    if (r->piece.n) vec_last(&r->piece)->end = r->bytes.n;
    return true;
}

// Numbers the stacks as the tables do. The first mention of a pc says what it is.
static void join_stacks(struct v1_reader *r)
{
    struct gotrace_tables *t = r->t->tables;
    struct map pcs = { 0 };
    for (size_t at = 0; at < r->stack_word.n;) {
        uint64_t id = r->stack_word.p[at], n = r->stack_word.p[at + 2];
        const uint64_t *word = &r->stack_word.p[at + 3];
        uint32_t frames[GOTRACE_V1_FRAMES];
        for (uint64_t i = 0; i < n; i++, word += 4) {
            bool fresh;
            uint64_t *known = map_put(&pcs, word[0], &fresh);
            if (fresh) {
                uint32_t function = 0, file = 0;
                id_table_get(&r->strings, word[1], &function);
                id_table_get(&r->strings, word[2], &file);
                *known = gotrace_frame(t, word[0], function, file, (uint32_t)word[3]);
            }
            frames[i] = (uint32_t)*known;
        }
        if (id) id_table_put(&r->stacks, id, gotrace_stack(t, frames, (uint32_t)n));
        at += 3 + 4 * n;
    }
    map_deinit(&pcs);
}

// ---- second pass

static uint32_t stack_of(const struct v1_reader *r, uint64_t id)
{
    uint32_t stack = 0;
    id_table_get(&r->stacks, (uint32_t)id, &stack);
    return stack;
}

static uint32_t go_of(struct v1_reader *r, uint64_t id)
{
    if (id == 0) return GOTRACE_NONE;
    uint32_t index = gotrace_goroutine_find(r->t->tables, (int64_t)id);
    if (index == GOTRACE_NONE) index = gotrace_goroutine(r->t->tables, (int64_t)id);
    while (r->go.n <= index) vec_push(&r->go, (struct go_order) { 0 });
    return index;
}

// Fills s->ev from the raw event, and keeps track of which goroutine runs on the P.
static void take(struct v1_reader *r, struct stream *s, const struct raw *raw)
{
    const struct v1_spec *spec = &specs[raw->type];
    const uint64_t *a = raw->args + 1;
    s->ticks = (int64_t)((uint64_t)s->ticks + raw->args[0]);
    s->ev = (struct v1_event) { .time = s->ticks,
                                .proc = s->proc,
                                .type = raw->type,
                                .offset = (uint32_t)raw->offset,
                                .other = GOTRACE_NONE };
    s->seq = 0;
    s->exit_ticks = 0;
    if (spec->stack) s->ev.stack = stack_of(r, a[spec->args]);
    s->ev.go = s->go;
    if (v1_leave_by(raw->type)) s->go = GOTRACE_NONE;
    switch ((enum v1_type)raw->type) {
    case V1_GO_START:
    case V1_GO_START_LABEL: s->seq = a[1]; __attribute__((fallthrough));
    case V1_GO_START_LOCAL: s->ev.go = s->go = go_of(r, a[0]); break;
    case V1_GO_SYS_EXIT:
        s->seq = a[1];
        s->exit_ticks = (int64_t)a[2];
        s->ev.go = go_of(r, a[0]);
        break;
    case V1_GO_SYS_EXIT_LOCAL:
        s->exit_ticks = (int64_t)a[1];
        s->ev.go = go_of(r, a[0]);
        break;
    case V1_GO_WAITING:
    case V1_GO_IN_SYSCALL: s->ev.go = go_of(r, a[0]); break;
    case V1_GO_CREATE:
        s->ev.other = go_of(r, a[0]);
        s->ev.value = stack_of(r, a[1]);
        break;
    case V1_GO_UNBLOCK: s->seq = a[1]; __attribute__((fallthrough));
    case V1_GO_UNBLOCK_LOCAL: s->ev.other = go_of(r, a[0]); break;
    case V1_GC_START: s->seq = a[0]; break;
    case V1_STW_START: s->ev.value = (uint32_t)a[0]; break;
    default: break;
    }
}

static struct transition transition_of(const struct v1_event *ev)
{
    switch ((enum v1_type)ev->type) {
    case V1_GO_CREATE: return (struct transition) { ev->other, true, true, ABSENT, RUNNABLE };
    case V1_GO_WAITING:
    case V1_GO_IN_SYSCALL: return (struct transition) { ev->go, true, true, RUNNABLE, WAITING };
    case V1_GO_START:
    case V1_GO_START_LABEL: return (struct transition) { ev->go, true, true, RUNNABLE, RUNNING };
    case V1_GO_START_LOCAL: return (struct transition) { ev->go, false, true, RUNNABLE, RUNNING };
    case V1_GO_UNBLOCK: return (struct transition) { ev->other, true, true, WAITING, RUNNABLE };
    case V1_GO_UNBLOCK_LOCAL:
        return (struct transition) { ev->other, false, true, WAITING, RUNNABLE };
    case V1_GO_SYS_EXIT: return (struct transition) { ev->go, true, true, WAITING, RUNNABLE };
    case V1_GO_SYS_EXIT_LOCAL:
        return (struct transition) { ev->go, false, true, WAITING, RUNNABLE };
    default: break;
    }
    switch (v1_leave_by(ev->type)) {
    case V1_WAITS: return (struct transition) { ev->go, false, false, RUNNING, WAITING };
    case V1_YIELDS: return (struct transition) { ev->go, false, false, RUNNING, RUNNABLE };
    default: return (struct transition) { GOTRACE_NONE, false, false, 0, 0 };
    }
}

static uint64_t wanted_seq(const struct stream *s)
{
    if (s->ev.type == V1_GO_CREATE) return 0;
    if (s->ev.type == V1_GO_WAITING || s->ev.type == V1_GO_IN_SYSCALL) return 1;
    return s->seq;
}

// Reads the P's next event into s->ev. Sets done at its end.
static bool advance(struct v1_reader *r, struct stream *s)
{
    for (;;) {
        while (cursor_left(&s->c) == 0) {
            if (s->piece == UINT32_MAX) {
                s->done = true;
                return true;
            }
            const struct piece *p = &r->piece.p[s->piece];
            s->c = cursor_make("batch", str_sub(buf_str(&r->bytes), 0, p->end));
            cursor_seek(&s->c, p->begin);
            s->ticks = (int64_t)p->ticks;
            s->piece = p->next;
        }
        struct raw raw;
        raw.offset = s->c.at;
        uint8_t head = (uint8_t)s->c.bytes.p[s->c.at++];
        raw.type = head & 0x3f;
        if (raw.type == V1_STRING) { // the first pass has read it
            cursor_uvarint(&s->c);
            cursor_bytes(&s->c, cursor_uvarint(&s->c));
            continue;
        }
        struct str bytes = { 0 };
        unsigned inlined = (head >> 6) + 1;
        bool plain = specs[raw.type].since && raw.type != V1_CPU_SAMPLE;
        unsigned want = 1u + specs[raw.type].args + specs[raw.type].stack;
        const uint8_t *a = (const uint8_t *)r->bytes.p + s->c.at, *end;
        if (plain && inlined < 4 && inlined == want) {
            end = NULL; // the first pass has seen that they end before the batch does
        } else {
            if (!read_args(r, &s->c, raw.type, inlined < 4 ? inlined : 0, raw.offset, &bytes))
                return false;
            if (!plain) continue;
            a = (const uint8_t *)bytes.p;
            end = a + bytes.n;
        }
        for (unsigned i = 0; i < want && a; i++) a = read_uvarint(a, &raw.args[i]);
        if (end ? a != end : !a)
            return bad(r, raw.offset, "an event with another number of arguments than its type has",
                       raw.type);
        if (!end) s->c.at = (size_t)(a - (const uint8_t *)r->bytes.p);
        take(r, s, &raw);
        return true;
    }
}

// The same, and what the event waits for.
static bool advance_head(struct v1_reader *r, struct stream *s)
{
    if (!advance(r, s)) return false;
    if (s->done) return true;
    s->to = transition_of(&s->ev);
    if (s->to.exact) s->seq = wanted_seq(s);
    return true;
}

static inline bool ready(const struct v1_reader *r, const struct stream *s)
{
    const struct transition *t = &s->to;
    if (t->go == GOTRACE_NONE) return s->ev.type != V1_GC_START || s->seq == r->gc_seq;
    const struct go_order *g = &r->go.p[t->go];
    return g->state == t->from && (!t->exact || s->seq == g->seq);
}

static uint8_t general_type(uint8_t type)
{
    return type == V1_GO_START_LOCAL      ? V1_GO_START
           : type == V1_GO_UNBLOCK_LOCAL  ? V1_GO_UNBLOCK
           : type == V1_GO_SYS_EXIT_LOCAL ? V1_GO_SYS_EXIT
                                          : type;
}

static void put_in_order(struct v1_reader *r, const struct v1_event *ev, size_t stream)
{
    if (r->order.n && ev->time < r->last_time && !r->cut) {
        r->cut = r->order.n;
        r->cut_at = *ev;
    }
    r->last_time = ev->time;
    vec_push(&r->order, (uint16_t)stream);
}

static void apply(struct v1_reader *r, struct stream *s)
{
    size_t number = r->order.n;
    if (s->ev.type == V1_GC_START) r->gc_seq = s->seq + 1;
    if (s->to.go != GOTRACE_NONE) {
        struct go_order *g = &r->go.p[s->to.go];
        g->state = s->to.to;
        if (s->to.counts) g->seq++;
    }
    s->ev.type = general_type(s->ev.type);
    if (s->ev.type == V1_GO_SYS_EXIT && s->exit_ticks && s->exit_ticks <= s->ev.time) {
        vec_push(&r->exit, (struct moved) { number, s->ev });
        vec_last(&r->exit)->ev.time = s->exit_ticks;
    }
    if (s->ev.go != GOTRACE_NONE) {
        uint32_t *call = &r->go.p[s->ev.go].syscall;
        if (*call && s->ev.type == V1_GO_SYS_BLOCK)
            r->blocked[(*call - 1) / 64] |= (uint64_t)1 << (*call - 1) % 64;
        *call = s->ev.type == V1_GO_SYS_CALL ? (uint32_t)number + 1 : 0;
    }
    put_in_order(r, &s->ev, (size_t)(s - r->stream.p) + 1);
}

// All streams to their beginning.
static void rewind_streams(struct v1_reader *r)
{
    for (size_t i = 0; i < r->stream.n; i++) {
        struct stream *s = &r->stream.p[i];
        s->piece = s->first_piece;
        s->c = (struct cursor) { 0 };
        s->go = GOTRACE_NONE;
        s->done = false;
    }
}

// The merge: of the streams' heads that may come now, the earliest comes.
static bool merge(struct v1_reader *r)
{
    rewind_streams(r);
    for (size_t i = 0; i < r->stream.n; i++)
        if (!advance_head(r, &r->stream.p[i])) return false;
    size_t sample = 0, room = r->events < GOTRACE_V1_EVENTS ? r->events : GOTRACE_V1_EVENTS;
    vec_reserve(&r->order, room + 1);
    r->blocked = mem_zalloc((room / 64 + 1) * sizeof(*r->blocked));
    for (;;) {
        struct stream *best = NULL, *waits = NULL;
        for (size_t i = 0; i < r->stream.n; i++) {
            struct stream *s = &r->stream.p[i];
            if (s->done || (best && s->ev.time >= best->ev.time)) continue;
            if (ready(r, s))
                best = s;
            else if (!waits || s->ev.time < waits->ev.time)
                waits = s;
        }
        bool samples = sample < r->sample.n;
        if (samples && (!best || r->sample.p[sample].time < best->ev.time)) {
            put_in_order(r, &r->sample.p[sample++], 0);
            continue;
        }
        if (r->order.n >= GOTRACE_V1_EVENTS)
            return gotrace_break(r->t, in_offset(&r->t->in), "more than %d M events",
                                 GOTRACE_V1_EVENTS >> 20);
        if (!best) {
            if (!waits) return true;
            return bad(r, waits->ev.offset,
                       "no order of the events is possible: this one of the earliest waits",
                       waits->ev.type);
        }
        apply(r, best);
        if (!advance_head(r, best)) return false;
    }
}

static int compare_time(const void *a, const void *b)
{
    const struct v1_event *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

// Where the times go back, the trace is broken: what follows is cut off.
static void cut_off(struct v1_reader *r)
{
    if (!r->cut) return;
    bad(r, r->cut_at.offset, "its time lies before that of the event before it", r->cut_at.type);
    r->order.n = r->cut;
    while (r->exit.n && vec_last(&r->exit)->number >= r->cut) r->exit.n--;
}

// ---- third pass

static int compare_exits(const void *a, const void *b, void *exits)
{
    const struct moved *all = exits;
    const uint32_t *i = a, *j = b;
    if (all[*i].ev.time != all[*j].ev.time) return all[*i].ev.time < all[*j].ev.time ? -1 : 1;
    return *i < *j ? -1 : *i > *j;
}

// Sets r->head to the next event that stands where it belongs, if there is one. (It stays where it
// was read: copying what was written in parts just before makes the processor wait.)
static void read_head(struct v1_reader *r)
{
    while (!r->head && r->next < r->order.n) {
        size_t number = r->next++, stream = r->order.p[number];
        if (stream == 0) {
            r->head = &r->sample.p[r->next_sample++];
        } else {
            struct stream *s = &r->stream.p[stream - 1];
            if (!advance(r, s) || s->done) break; // it was read before
            r->head = &s->ev;
            r->head->type = general_type(s->ev.type);
            r->head->blocked = r->blocked[number / 64] >> number % 64 & 1;
        }
        if (r->next_exit < r->exit.n && r->exit.p[r->next_exit].number == number) {
            r->next_exit++;
            r->head = NULL;
        }
    }
}

const struct v1_event *v1_next(struct v1_reader *r)
{
    read_head(r);
    struct moved *m =
        r->next_by_time < r->by_time.n ? &r->exit.p[r->by_time.p[r->next_by_time]] : NULL;
    if (!r->head && !m) return NULL;
    struct v1_event *ev = r->head;
    // At the same time what stands first comes first.
    if (m &&
        (!ev || m->ev.time < ev->time || (m->ev.time == ev->time && m->number < r->next - 1))) {
        ev = &m->ev;
        r->next_by_time++;
    } else {
        r->head = NULL;
    }
    if (!r->begun) r->first = ev->time;
    r->begun = true;
    // As Go converts them.
    double ticks = ev->time > r->first ? (double)((uint64_t)ev->time - (uint64_t)r->first) : 0;
    double ns = ticks * r->ns_per_tick;
    ev->time = ns < 0x1p63 ? (int64_t)ns : INT64_MAX;
    return ev;
}

static bool read_all(struct v1_reader *r)
{
    enum { STEP = 1 << 20 };
    for (;;) {
        if (r->bytes.n >= GOTRACE_V1_BYTES)
            return gotrace_break(r->t, in_offset(&r->t->in),
                                 "a trace of this format of over %d MB (it must be held in memory)",
                                 GOTRACE_V1_BYTES >> 20);
        buf_reserve(&r->bytes, STEP + NUMBER_PAD);
        size_t n = in_bytes(&r->t->in, r->bytes.p + r->bytes.n, STEP);
        r->bytes.n += n;
        if (n < STEP) break;
    }
    memset(r->bytes.p + r->bytes.n, 0, NUMBER_PAD);
    return !r->t->in.failed || gotrace_break_end(r->t, "reading the trace");
}

void v1_reader_destroy(struct v1_reader *r)
{
    if (!r) return;
    buf_deinit(&r->bytes);
    id_table_deinit(&r->strings);
    id_table_deinit(&r->stacks);
    vec_deinit(&r->piece);
    vec_deinit(&r->stack_word);
    vec_deinit(&r->sample);
    vec_deinit(&r->stream);
    map_deinit(&r->stream_index);
    vec_deinit(&r->go);
    vec_deinit(&r->order);
    vec_deinit(&r->exit);
    vec_deinit(&r->by_time);
    free(r->blocked);
    free(r);
}

struct v1_reader *v1_read(struct gotrace *t, struct gotrace_v1 *v)
{
    struct v1_reader *r = mem_zalloc(sizeof(*r));
    r->t = t;
    r->v = v;
    read_all(r);
    first_pass(r);
    join_stacks(r);
    if (r->hz == 0 && r->piece.n)
        gotrace_break_also(t, "the clock's frequency is missing (it stands at the end): times are "
                              "ticks, not ns");
    for (size_t i = 0; i < r->sample.n; i++)
        r->sample.p[i].stack = stack_of(r, r->sample.p[i].stack);
    if (r->sample.n) qsort(r->sample.p, r->sample.n, sizeof(*r->sample.p), compare_time);
    merge(r);
    cut_off(r);
    for (uint32_t i = 0; i < r->exit.n; i++) vec_push(&r->by_time, i);
    if (r->exit.n)
        qsort_r(r->by_time.p, r->exit.n, sizeof(*r->by_time.p), compare_exits, r->exit.p);
    rewind_streams(r);
    r->ns_per_tick = r->hz ? 1e9 / (double)r->hz : 1;
    return r;
}

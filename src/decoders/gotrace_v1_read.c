// SPDX-License-Identifier: Apache-2.0
// First pass: where each P's batches lie, strings, stacks, the clock, CPU samples, ends of
// syscalls. Second pass, as events are asked for: the Ps' streams are merged; an event that names a
// goroutine waits until that goroutine's sequence number and state have come to it, and of those
// that may come, the earliest does.
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
    uint32_t stream;
    uint32_t next; // of the same P
};

enum ordering { ABSENT, RUNNABLE, RUNNING, WAITING };

// What an event of a type does to the goroutine that it names (or that runs, if it names none).
static const struct transition {
    bool is, exact, counts; // exact: it comes at its sequence number only
    uint8_t from, to;
} transitions[V1_COUNT] = {
    [V1_GO_CREATE] = { true, true, true, ABSENT, RUNNABLE },
    [V1_GO_WAITING] = { true, true, true, RUNNABLE, WAITING },
    [V1_GO_IN_SYSCALL] = { true, true, true, RUNNABLE, WAITING },
    [V1_GO_START] = { true, true, true, RUNNABLE, RUNNING },
    [V1_GO_START_LABEL] = { true, true, true, RUNNABLE, RUNNING },
    [V1_GO_START_LOCAL] = { true, false, true, RUNNABLE, RUNNING },
    [V1_GO_UNBLOCK] = { true, true, true, WAITING, RUNNABLE },
    [V1_GO_UNBLOCK_LOCAL] = { true, false, true, WAITING, RUNNABLE },
    [V1_GO_SYS_EXIT] = { true, true, true, WAITING, RUNNABLE },
    [V1_GO_SYS_EXIT_LOCAL] = { true, false, true, WAITING, RUNNABLE },
    [V1_GO_SCHED] = { true, false, false, RUNNING, RUNNABLE },
    [V1_GO_PREEMPT] = { true, false, false, RUNNING, RUNNABLE },
    [V1_GO_SLEEP] = { true, false, false, RUNNING, WAITING },
    [V1_GO_BLOCK] = { true, false, false, RUNNING, WAITING },
    [V1_GO_BLOCK_SEND] = { true, false, false, RUNNING, WAITING },
    [V1_GO_BLOCK_RECV] = { true, false, false, RUNNING, WAITING },
    [V1_GO_BLOCK_SELECT] = { true, false, false, RUNNING, WAITING },
    [V1_GO_BLOCK_SYNC] = { true, false, false, RUNNING, WAITING },
    [V1_GO_BLOCK_COND] = { true, false, false, RUNNING, WAITING },
    [V1_GO_BLOCK_NET] = { true, false, false, RUNNING, WAITING },
    [V1_GO_BLOCK_GC] = { true, false, false, RUNNING, WAITING },
    [V1_GO_SYS_BLOCK] = { true, false, false, RUNNING, WAITING },
};

struct stream {
    uint16_t proc; // its index in v->proc
    uint8_t head;  // which of `ev` is the next event; the other is the one before
    bool done;
    uint32_t first_piece, last_piece;
    uint32_t piece; // to be read next
    struct cursor c;
    int64_t ticks;
    uint32_t go; // that runs on it, or GOTRACE_NONE
    // The head: what it waits for, and the goroutine that it changes, or GOTRACE_NONE.
    uint32_t changes;
    uint64_t seq;
    uint32_t exit;                 // index + 1 into v1_reader.exit, 0 = it is none
    uint32_t last_exit, next_exit; // of those on this P: index + 1
    struct v1_event ev[2];
};

static inline struct v1_event *head_of(struct stream *s)
{
    return &s->ev[s->head];
}

// A GoSysExit is written when the goroutine comes to run again, and carries the time when the
// syscall ended: it is given there.
struct exit_event {
    int64_t time, goid;
    uint32_t offset;
    uint32_t next; // on the same P: index + 1
    uint16_t proc;
    bool stays;  // it stands where it belongs
    bool passed; // the merge has come past the place where it stands
};

// Streams by the time of their heads, then by number.
struct waiting_stream {
    int64_t time;
    uint32_t stream;
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
    VEC(struct exit_event) exit;
    VEC(struct stream) stream;
    struct map stream_index;
    // The merge.
    VEC(struct waiting_stream) queue; // of the streams that have not ended
    VEC(uint32_t) exit_by_time;       // of `exit`
    size_t next_sample, next_exit;
    struct v1_event exit_given;
    struct merge_tries tries;
    uint64_t gc_seq;
    int64_t last_time; // in the order of the merge
    bool over;         // nothing comes any more but exits that were passed
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
    vec_push(&r->piece,
             (struct piece) {
                 .begin = c->at, .ticks = ticks, .stream = (uint32_t)*index, .next = UINT32_MAX });
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

// Notes when a syscall ended, if that is said.
static void note_exit(struct v1_reader *r, uint8_t type, struct str args, size_t at)
{
    struct cursor c = cursor_make("arguments", args);
    cursor_uvarint(&c); // the time
    uint64_t goid = cursor_uvarint(&c);
    if (type == V1_GO_SYS_EXIT) cursor_uvarint(&c); // the sequence number
    uint64_t ticks = cursor_uvarint(&c);
    if (c.bad || ticks == 0 || ticks > INT64_MAX) return;
    struct stream *s = &r->stream.p[vec_last(&r->piece)->stream];
    vec_push(&r->exit, (struct exit_event) { .time = (int64_t)ticks,
                                             .goid = (int64_t)goid,
                                             .offset = (uint32_t)at,
                                             .proc = s->proc });
    uint32_t number = (uint32_t)r->exit.n;
    if (s->last_exit)
        r->exit.p[s->last_exit - 1].next = number;
    else
        s->next_exit = number;
    s->last_exit = number;
}

// An event that the first pass has more to do with than to skip it.
static bool first_pass_event(struct v1_reader *r, struct cursor *c, uint8_t type, unsigned inlined,
                             size_t at)
{
    if (type == V1_NONE || type >= V1_COUNT || specs[type].since > r->t->version)
        return bad(r, at, "there is no such event", type);
    if (type == V1_STRING) return read_string(r, c, at);
    if (type == V1_BATCH)
        return inlined == 2 ? begin_piece(r, c, at)
                            : bad(r, at, "a batch with other than two arguments", type);
    struct str args;
    if (!read_args(r, c, type, inlined < 4 ? inlined : 0, at, &args)) return false;
    if (!r->piece.n) return bad(r, at, "an event before the first batch", type);
    if (type == V1_FREQUENCY) {
        struct cursor a = cursor_make("arguments", args);
        r->hz = cursor_uvarint(&a);
    }
    if (type == V1_GO_SYS_EXIT || type == V1_GO_SYS_EXIT_LOCAL) note_exit(r, type, args, at);
    if (type == V1_STACK) return read_stack(r, args, at);
    if (type == V1_CPU_SAMPLE) return read_sample(r, args, at);
    return true;
}

// How many numbers follow an event's byte, where the first pass has but to skip them; else 0.
static void make_skips(const struct v1_reader *r, uint8_t ret[UINT8_MAX + 1])
{
    for (unsigned head = 0; head <= UINT8_MAX; head++) {
        unsigned type = head & 0x3f, inlined = (head >> 6) + 1;
        bool plain = type < V1_COUNT && specs[type].since && specs[type].since <= r->t->version &&
                     type != V1_CPU_SAMPLE && type != V1_GO_SYS_EXIT &&
                     type != V1_GO_SYS_EXIT_LOCAL && inlined < 4;
        ret[head] = plain ? (uint8_t)inlined : 0;
    }
}

static bool first_pass(struct v1_reader *r)
{
    uint8_t skips[UINT8_MAX + 1];
    make_skips(r, skips);
    struct cursor c = cursor_make("trace", buf_str(&r->bytes));
    const uint8_t *begin = (const uint8_t *)r->bytes.p, *end = begin + r->bytes.n;
    bool ok = true;
    while (ok && cursor_left(&c)) {
        const uint8_t *p = begin + c.at, *next = p;
        if (r->piece.n)
            while (p < end && skips[*p] && (next = skip_uvarints(p + 1, skips[*p])) && next <= end)
                p = next;
        c.at = (size_t)(p - begin);
        if (p == end) break;
        size_t at = c.at++;
        ok = first_pass_event(r, &c, *p & 0x3f, (*p >> 6) + 1u, at);
        if (!ok && r->piece.n) vec_last(&r->piece)->end = at;
    }
    if (ok && r->piece.n) vec_last(&r->piece)->end = r->bytes.n;
    return ok;
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

static inline uint32_t go_of(struct v1_reader *r, uint64_t id)
{
    if (id == 0) return GOTRACE_NONE;
    uint32_t index = gotrace_goroutine_find(r->t->tables, (int64_t)id);
    if (index == GOTRACE_NONE) index = gotrace_goroutine(r->t->tables, (int64_t)id);
    while (r->v->go.n <= index) vec_push(&r->v->go, (struct v1_go) { 0 });
    return index;
}

// If the event has an entry of r->exit: its number + 1.
static uint32_t exit_of(const struct v1_reader *r, struct stream *s, const struct v1_event *ev,
                        uint64_t ended)
{
    uint32_t exit = s->next_exit;
    if (!exit || r->exit.p[exit - 1].offset != ev->offset) return 0;
    s->next_exit = r->exit.p[exit - 1].next;
    // One that ended later than it says that it did is given where it stands.
    r->exit.p[exit - 1].stays = (int64_t)ended > ev->time;
    return exit;
}

// Makes the raw event the head, and keeps track of which goroutine runs on the P.
static void take(struct v1_reader *r, struct stream *s, const struct raw *raw)
{
    const struct v1_spec *spec = &specs[raw->type];
    const uint64_t *a = raw->args + 1;
    s->ticks = (int64_t)((uint64_t)s->ticks + raw->args[0]);
    s->head ^= 1;
    s->seq = 0;
    s->exit = 0;
    struct v1_event *ev = head_of(s);
    *ev = (struct v1_event) { .time = s->ticks,
                              .go = s->go,
                              .other = GOTRACE_NONE,
                              .proc = s->proc,
                              .type = raw->type,
                              .offset = (uint32_t)raw->offset };
    if (spec->stack) ev->stack = stack_of(r, a[spec->args]);
    if (v1_leave_by(raw->type)) s->go = GOTRACE_NONE;
    s->changes = GOTRACE_NONE;
    switch ((enum v1_type)raw->type) {
    case V1_GO_START:
    case V1_GO_START_LABEL: s->seq = a[1]; __attribute__((fallthrough));
    case V1_GO_START_LOCAL: s->changes = ev->go = s->go = go_of(r, a[0]); break;
    case V1_GO_SYS_EXIT:
        s->seq = a[1];
        s->changes = ev->go = go_of(r, a[0]);
        s->exit = exit_of(r, s, ev, a[2]);
        break;
    case V1_GO_SYS_EXIT_LOCAL:
        s->changes = ev->go = go_of(r, a[0]);
        s->exit = exit_of(r, s, ev, a[1]);
        break;
    case V1_GO_WAITING:
    case V1_GO_IN_SYSCALL:
        s->seq = 1;
        s->changes = ev->go = go_of(r, a[0]);
        break;
    case V1_GO_CREATE:
        s->changes = ev->other = go_of(r, a[0]);
        ev->value = stack_of(r, a[1]);
        break;
    case V1_GO_UNBLOCK: s->seq = a[1]; __attribute__((fallthrough));
    case V1_GO_UNBLOCK_LOCAL: s->changes = ev->other = go_of(r, a[0]); break;
    case V1_GC_START: s->seq = a[0]; break;
    case V1_STW_START: ev->value = (uint32_t)a[0]; break;
    default:
        if (transitions[raw->type].is) s->changes = ev->go;
        break;
    }
}

// Goes on to the P's next batch that has events. False: there is none.
static bool next_piece(struct v1_reader *r, struct stream *s)
{
    while (cursor_left(&s->c) == 0) {
        if (s->piece == UINT32_MAX) return false;
        const struct piece *p = &r->piece.p[s->piece];
        s->c = cursor_make("batch", str_sub(buf_str(&r->bytes), 0, p->end));
        cursor_seek(&s->c, p->begin);
        s->ticks = (int64_t)p->ticks;
        s->piece = p->next;
    }
    return true;
}

// Reads the P's next event to be its head. Sets done at its end. False: broken, noted.
static bool advance(struct v1_reader *r, struct stream *s)
{
    for (;;) {
        if (cursor_left(&s->c) == 0 && !next_piece(r, s)) {
            s->done = true;
            return true;
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

static inline bool ready(const struct v1_reader *r, struct stream *s)
{
    const struct v1_event *ev = head_of(s);
    if (s->changes == GOTRACE_NONE) return ev->type != V1_GC_START || s->seq == r->gc_seq;
    const struct transition *t = &transitions[ev->type];
    const struct v1_go *g = &r->v->go.p[s->changes];
    return g->merged == t->from && (!t->exact || s->seq == g->seq);
}

static inline uint8_t general_type(uint8_t type)
{
    return type == V1_GO_START_LOCAL      ? V1_GO_START
           : type == V1_GO_UNBLOCK_LOCAL  ? V1_GO_UNBLOCK
           : type == V1_GO_SYS_EXIT_LOCAL ? V1_GO_SYS_EXIT
                                          : type;
}

// Brings the stream at place i of the queue, whose head has changed, to its place by time.
static inline void requeue(struct v1_reader *r, size_t i)
{
    struct waiting_stream w = r->queue.p[i], *q = r->queue.p;
    struct stream *s = &r->stream.p[w.stream];
    size_t last = r->queue.n - 1;
    if (s->done) {
        memmove(&q[i], &q[i + 1], (last - i) * sizeof(*q));
        r->queue.n--;
        return;
    }
    w.time = head_of(s)->time;
    for (; i < last &&
           (q[i + 1].time < w.time || (q[i + 1].time == w.time && q[i + 1].stream < w.stream));
         i++)
        q[i] = q[i + 1];
    for (; i > 0 &&
           (q[i - 1].time > w.time || (q[i - 1].time == w.time && q[i - 1].stream > w.stream));
         i--)
        q[i] = q[i - 1];
    q[i] = w;
}

static void begin_merge(struct v1_reader *r)
{
    for (uint32_t i = 0; i < r->stream.n; i++) {
        struct stream *s = &r->stream.p[i];
        s->piece = s->first_piece;
        if (!advance(r, s)) {
            r->over = true;
            return;
        }
        vec_push(&r->queue, (struct waiting_stream) { .stream = i });
        requeue(r, r->queue.n - 1);
    }
}

// Whether the event may stand next in the order. False: the trace is broken there; noted.
static inline bool in_order(struct v1_reader *r, const struct v1_event *ev)
{
    if (ev->time < r->last_time) {
        r->over = true;
        return bad(r, ev->offset, "its time lies before that of the event before it", ev->type);
    }
    r->last_time = ev->time;
    return true;
}

// Takes the head of the stream at place i of the queue. NULL: it does not stand where it belongs,
// or breaks the trace.
static struct v1_event *take_head(struct v1_reader *r, size_t i)
{
    struct stream *s = &r->stream.p[r->queue.p[i].stream];
    struct v1_event *ev = head_of(s);
    if (!in_order(r, ev)) return NULL;
    if (ev->type == V1_GC_START) r->gc_seq = s->seq + 1;
    if (s->changes != GOTRACE_NONE) {
        const struct transition *t = &transitions[ev->type];
        struct v1_go *g = &r->v->go.p[s->changes];
        g->merged = t->to;
        g->seq += t->counts;
    }
    ev->type = general_type(ev->type);
    bool moved = s->exit && !r->exit.p[s->exit - 1].stays;
    if (s->exit) r->exit.p[s->exit - 1].passed = true;
    r->over = !advance(r, s);
    if (r->over) return moved ? NULL : ev;
    if (ev->type == V1_GO_SYS_CALL) ev->blocked = !s->done && head_of(s)->type == V1_GO_SYS_BLOCK;
    requeue(r, i);
    return moved ? NULL : ev;
}

static int compare_time(const void *a, const void *b)
{
    const struct v1_event *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

// ---- ends of syscalls

static int compare_exits(const void *a, const void *b, void *exits)
{
    const struct exit_event *all = exits;
    const uint32_t *i = a, *j = b;
    if (all[*i].time != all[*j].time) return all[*i].time < all[*j].time ? -1 : 1;
    return *i < *j ? -1 : *i > *j;
}

static void sort_exits(struct v1_reader *r)
{
    for (uint32_t i = 0; i < r->exit.n; i++) vec_push(&r->exit_by_time, i);
    if (r->exit.n)
        qsort_r(r->exit_by_time.p, r->exit.n, sizeof(*r->exit_by_time.p), compare_exits, r->exit.p);
}

// The next end of a syscall, if it belongs before an event at this time. At the same time what
// stands first comes first.
static inline struct v1_event *exit_before(struct v1_reader *r, int64_t time)
{
    for (; r->next_exit < r->exit_by_time.n; r->next_exit++) {
        const struct exit_event *x = &r->exit.p[r->exit_by_time.p[r->next_exit]];
        if (x->time > time || (x->time == time && !x->passed)) return NULL;
        if (x->stays || (r->over && !x->passed)) continue;
        r->next_exit++;
        r->exit_given = (struct v1_event) { .time = x->time,
                                            .go = go_of(r, (uint64_t)x->goid),
                                            .other = GOTRACE_NONE,
                                            .offset = x->offset,
                                            .proc = x->proc,
                                            .type = V1_GO_SYS_EXIT };
        return &r->exit_given;
    }
    return NULL;
}

// ---- what comes next

// The merge: of the streams' heads and samples that may come now, the earliest comes, unless a
// syscall ended before.
static struct v1_event *next_event(struct v1_reader *r)
{
    while (!r->over) {
        size_t i = 0;
        while (i < r->queue.n && !ready(r, &r->stream.p[r->queue.p[i].stream])) i++;
        bool any = i < r->queue.n;
        r->tries.failed += i;
        r->tries.events++;
        struct v1_event *sample =
            r->next_sample < r->sample.n ? &r->sample.p[r->next_sample] : NULL;
        if (sample && any && sample->time >= r->queue.p[i].time) sample = NULL;
        bool lost = i && !merge_tries_left(&r->tries);
        if (lost || (!any && !sample)) {
            r->over = true;
            if (!r->queue.n) break;
            const struct v1_event *waits = head_of(&r->stream.p[r->queue.p[0].stream]);
            bad(r, waits->offset,
                lost ? "no order of the events is found: too many wait, this one the longest"
                     : "no order of the events is possible: this one of the earliest waits",
                waits->type);
            break;
        }
        struct v1_event *ev = exit_before(r, sample ? sample->time : r->queue.p[i].time);
        if (ev) return ev;
        if (sample) {
            r->next_sample++;
            ev = in_order(r, sample) ? sample : NULL;
        } else {
            ev = take_head(r, i);
        }
        if (ev) return ev;
    }
    return exit_before(r, INT64_MAX);
}

const struct v1_event *v1_next(struct v1_reader *r)
{
    struct v1_event *ev = next_event(r);
    if (!ev) return NULL;
    if (!r->begun) r->first = ev->time;
    r->begun = true;
    // As Go converts them.
    double ticks = ev->time > r->first ? (double)((uint64_t)ev->time - (uint64_t)r->first) : 0;
    double ns = ticks * r->ns_per_tick;
    ev->time = gotrace_time(ns);
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
    vec_deinit(&r->exit);
    vec_deinit(&r->exit_by_time);
    vec_deinit(&r->queue);
    free(r);
}

struct v1_reader *v1_read(struct gotrace *t, struct gotrace_v1 *v)
{
    struct v1_reader *r = mem_zalloc(sizeof(*r));
    r->t = t;
    r->v = v;
    r->last_time = INT64_MIN;
    read_all(r);
    first_pass(r);
    join_stacks(r);
    if (r->hz == 0 && r->piece.n)
        gotrace_break_also(t, "the clock's frequency is missing (it stands at the end): times are "
                              "ticks, not ns");
    for (size_t i = 0; i < r->sample.n; i++)
        r->sample.p[i].stack = stack_of(r, r->sample.p[i].stack);
    if (r->sample.n) qsort(r->sample.p, r->sample.n, sizeof(*r->sample.p), compare_time);
    sort_exits(r);
    begin_merge(r);
    r->ns_per_tick = r->hz ? 1e9 / (double)r->hz : 1;
    return r;
}

// SPDX-License-Identifier: Apache-2.0
// The reader of execution traces: numbers, tables, traces cut and damaged at every place, slices
// against sums. Right answers are those of Go's own parsers: tests/oracle/gotrace.py.
#include "analyses/trace_slices.h"
#include "analyses/trace_states.h"
#include "analyses/trace_writers.h"
#include "base/buf.h"
#include "decoders/gotrace_ahead.h"
#include "decoders/gotrace_in.h"
#include "test.h"

#include <dirent.h>

struct bytes {
    const char *p;
    size_t n, step;
};

static struct err *read_bytes(void *arg, void *p, size_t n, size_t *ret_n)
{
    struct bytes *b = arg;
    if (n > b->step) n = b->step;
    if (n > b->n) n = b->n;
    if (n) memcpy(p, b->p, n);
    b->p += n;
    b->n -= n;
    *ret_n = n;
    return NULL;
}

struct outcome {
    bool opened, broken;
    uint64_t offset, events;
    int64_t running_ns, sliced_ns; // of all goroutines together: by states, by slices
    size_t goroutines;
};

static struct outcome read_trace(struct str trace, size_t step)
{
    struct outcome o = { 0 };
    struct bytes bytes = { trace.p, trace.n, step };
    struct gotrace_tables tables;
    gotrace_tables_init(&tables);
    struct gotrace *t = NULL;
    struct err *e =
        gotrace_open(&(struct gotrace_source) { read_bytes, &bytes, "test" }, &tables, &t);
    o.opened = !e;
    err_free(e);
    if (t) {
        struct trace_states states;
        struct trace_slicer slicer = { 0 };
        struct trace_slice slice;
        trace_states_init(&states, &tables);
        for (const struct gotrace_event *ev; (ev = gotrace_next(t));) {
            trace_states_event(&states, ev);
            if (trace_slicer_event(&slicer, ev, &slice)) o.sliced_ns += slice.ns[GOTRACE_RUNNING];
        }
        trace_states_finish(&states, SIZE_MAX);
        for (uint32_t i = 0; i < slicer.go.n; i++)
            if (trace_slicer_rest(&slicer, i, &slice)) o.sliced_ns += slice.ns[GOTRACE_RUNNING];
        for (size_t i = 0; i < states.go.n; i++) {
            o.running_ns += states.go.p[i].ns[GOTRACE_RUNNING];
            o.goroutines += states.go.p[i].told;
        }
        o.events = states.events;
        o.broken = gotrace_broke(t) != NULL;
        if (o.broken) o.offset = gotrace_broke(t)->offset;
        trace_slicer_deinit(&slicer);
        trace_states_deinit(&states);
    }
    gotrace_close(t);
    gotrace_tables_deinit(&tables);
    return o;
}

// Reads in a thread, or not, at most `most` batches; the same events as one by one.
static void check_ahead(struct str trace, bool threaded, size_t most)
{
    struct bytes bytes[2] = { { trace.p, trace.n, 4096 }, { trace.p, trace.n, 4096 } };
    struct gotrace_tables tables[2];
    struct gotrace *t[2] = { 0 };
    for (int i = 0; i < 2; i++) {
        struct gotrace_source source = { read_bytes, &bytes[i], "test" };
        gotrace_tables_init(&tables[i]);
        CHECK(!gotrace_open(&source, &tables[i], &t[i]));
    }
    struct gotrace_ahead *a = gotrace_ahead_create(t[0], threaded);
    struct trace_states states;
    struct trace_writers writers;
    trace_states_init(&states, &tables[0]);
    trace_writers_init(&writers, &states);
    bool same = true, over = false;
    for (size_t batch = 0; batch < most && !over; batch++) {
        size_t n;
        const struct gotrace_event *ev = gotrace_ahead_read(a, &n), *want = NULL;
        over = ev == NULL;
        for (size_t i = 0; i < n && (want = gotrace_next(t[1])); i++) {
            same = same && memcmp(&ev[i], want, sizeof(*want)) == 0;
            trace_states_event(&states, &ev[i]); // looks at the tables meanwhile
            trace_writers_event(&writers, &ev[i]);
        }
        same = same && (over || (want && gotrace_ahead_bytes(a) <= trace.n));
    }
    CHECK(same);
    CHECK(!over || !gotrace_next(t[1]));
    gotrace_ahead_destroy(a);
    trace_writers_deinit(&writers);
    trace_states_deinit(&states);
    for (int i = 0; i < 2; i++) {
        gotrace_close(t[i]);
        gotrace_tables_deinit(&tables[i]);
    }
}

static char *read_file(const char *path, size_t *ret_n)
{
    _cleanup_fclose_ FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    enum { MOST = 1 << 20 };
    char *p = mem_alloc(MOST);
    *ret_n = fread(p, 1, MOST, f);
    return p;
}

static const char corpus[] = "tests/fuzz/corpus/gotrace/";

// Calls f with every file of the corpus; how many there were.
static size_t each(void (*f)(const char *name, struct str trace))
{
    DIR *dir = opendir(corpus);
    if (!dir) return 0;
    size_t n = 0;
    for (const struct dirent *d; (d = readdir(dir));) {
        if (d->d_name[0] == '.') continue;
        _cleanup_free_ char *path = mem_printf("%s%s", corpus, d->d_name);
        size_t size = 0;
        _cleanup_free_ char *p = read_file(path, &size);
        f(d->d_name, str_make(p, size));
        n++;
    }
    closedir(dir);
    return n;
}

static void check_whole(const char *name, struct str trace)
{
    struct outcome o = read_trace(trace, SIZE_MAX), slow = read_trace(trace, 3);
    CHECK(o.opened);
    CHECK_INT(slow.events, o.events);
    CHECK_INT(slow.broken, o.broken);
    CHECK_INT(o.sliced_ns, o.running_ns);
    if (str_starts(str_from(name), STR("go1."))) {
        CHECK(!o.broken);
        CHECK(o.goroutines >= 10 && o.events >= 150);
    }
}

static void corpus_reads(void)
{
    CHECK(each(check_whole) >= 7);
}

static void check_threads(const char *name, struct str trace)
{
    if (!str_starts(str_from(name), STR("go1."))) return;
    check_ahead(trace, true, SIZE_MAX);
    check_ahead(trace, false, SIZE_MAX);
    check_ahead(trace, true, 1); // left before its end
    check_ahead(trace, true, 0);
}

static void read_ahead(void)
{
    CHECK(each(check_threads) >= 7);
}

// The most frequent wakes first, without sorting the others: the same as when all are sorted.
static void check_wakes(const char *name, struct str trace)
{
    (void)name;
    enum { FEW = 3 };
    struct bytes bytes = { trace.p, trace.n, SIZE_MAX };
    struct gotrace_source source = { read_bytes, &bytes, "test" };
    struct gotrace_tables tables;
    gotrace_tables_init(&tables);
    struct gotrace *t = NULL;
    CHECK(!gotrace_open(&source, &tables, &t));
    struct trace_states few, all;
    trace_states_init(&few, &tables);
    trace_states_init(&all, &tables);
    for (const struct gotrace_event *ev; (ev = gotrace_next(t));) {
        trace_states_event(&few, ev);
        trace_states_event(&all, ev);
    }
    trace_states_finish(&few, FEW);
    trace_states_finish(&all, SIZE_MAX);
    CHECK_INT(few.wake.n, all.wake.n);
    uint64_t sum[2] = { 0 };
    for (size_t i = 0; i < all.wake.n; i++) {
        const struct trace_wake *a = &few.wake.p[i], *b = &all.wake.p[i];
        if (i < FEW) CHECK(a->count == b->count && a->by == b->by && a->go == b->go);
        CHECK(i == 0 || b[-1].count >= b->count);
        sum[0] += a->count * (a->go + 1u);
        sum[1] += b->count * (b->go + 1u);
    }
    CHECK_INT(sum[0], sum[1]);
    trace_states_deinit(&few);
    trace_states_deinit(&all);
    gotrace_close(t);
    gotrace_tables_deinit(&tables);
}

static void few_wakes(void)
{
    CHECK(each(check_wakes) >= 7);
}

// Cut anywhere: said so, at an offset within it, with no more events than the whole has.
static void check_cut(const char *name, struct str trace)
{
    if (!str_starts(str_from(name), STR("go1."))) return;
    uint64_t whole = read_trace(trace, SIZE_MAX).events;
    size_t at_border = 0;
    for (size_t n = 16; n < trace.n; n += 1 + n % 3) {
        // The bytes lie in memory of their own, so that a read past them is seen.
        _cleanup_free_ char *copy = mem_alloc(n);
        memcpy(copy, trace.p, n);
        struct outcome o = read_trace(str_make(copy, n), SIZE_MAX);
        CHECK(o.opened && o.offset <= n && o.events <= whole);
        at_border += !o.broken;
    }
    // A v1 trace may lose a stack at its end and not miss it; a later one misses any batch but one
    // of stacks that no event names.
    CHECK(at_border < trace.n / 20);
}

static void cut_anywhere(void)
{
    CHECK(each(check_cut) >= 7);
}

static void check_damage(const char *name, struct str trace)
{
    (void)name;
    _cleanup_free_ char *copy = mem_alloc(trace.n);
    for (size_t i = 0; i < trace.n; i += 5) {
        memcpy(copy, trace.p, trace.n);
        copy[i] = (char)(copy[i] ^ (1 << i % 8));
        copy[(i * 7 + 16) % trace.n] = (char)0xff;
        struct outcome o = read_trace(str_make(copy, trace.n), SIZE_MAX);
        CHECK(!o.broken || o.offset <= trace.n);
        CHECK_INT(o.sliced_ns, o.running_ns);
    }
}

static void damaged_anywhere(void)
{
    CHECK(each(check_damage) >= 7);
}

static size_t put_uvarint(uint8_t *p, uint64_t v)
{
    size_t n = 0;
    for (; v >= 0x80; v >>= 7) p[n++] = (uint8_t)(v | 0x80);
    p[n++] = (uint8_t)v;
    return n;
}

static void numbers(void)
{
    uint8_t p[NUMBER_PAD];
    for (unsigned bit = 0; bit < 64; bit++) {
        for (int d = -1; d <= 1; d++) {
            uint64_t want = ((uint64_t)1 << bit) + (uint64_t)d, got = 0;
            memset(p, 0xa5, sizeof(p)); // what follows must not matter
            size_t n = put_uvarint(p, want);
            const uint8_t *end = read_uvarint(p, &got);
            CHECK(end == p + n && got == want);
        }
    }
    uint64_t got;
    memset(p, 0xff, sizeof(p));
    CHECK(read_uvarint(p, &got) == NULL);
    memset(p, 0x80, sizeof(p));
    p[9] = 2; // 65 bits
    CHECK(read_uvarint(p, &got) == NULL);
}

static void add_uvarint(struct buf *b, uint64_t v)
{
    uint8_t p[NUMBER_PAD];
    buf_add(b, p, put_uvarint(p, v));
}

static void add_all(struct buf *b, const uint64_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++) add_uvarint(b, v[i]);
}
#define ADD(b, ...)                                                                                \
    add_all(b, (const uint64_t[]) { __VA_ARGS__ },                                                 \
            sizeof((const uint64_t[]) { __VA_ARGS__ }) / sizeof(uint64_t))

// Thousands of threads wait for ever for a goroutine that there is not, and one goes on: it is
// given up before each event was tried against all of them.
static void waiting(void)
{
    enum { WAITING = 10000, EVENTS = 20000, HEAP_ALLOC_V1 = 33 | 1 << 6, BATCH_V1 = 1 | 1 << 6 };
    _cleanup_buf_ struct buf b = { 0 };
    buf_add(&b, "go 1.21 trace\0\0", 16);
    for (uint64_t p = 0; p < WAITING; p++) {
        ADD(&b, BATCH_V1, p, 1000);
        buf_addc(&b, (char)(14 | 2 << 6)); // GoStart of goroutine 7, number 99
        ADD(&b, 0, 7, 99);
    }
    ADD(&b, BATCH_V1, WAITING, 1000);
    for (int i = 0; i < EVENTS; i++) ADD(&b, HEAP_ALLOC_V1, 1, 5);
    struct outcome o = read_trace(buf_str(&b), SIZE_MAX);
    CHECK(o.opened && o.broken && o.events > 1000 && o.events < EVENTS);

    buf_clear(&b);
    buf_add(&b, "go 1.22 trace\0\0", 16);
    ADD(&b, 1, 1, UINT64_MAX, 1, 6, 8, 1000000000); // the clock
    for (uint64_t m = 0; m < WAITING; m++) ADD(&b, 1, 1, m + 1, 1000, 4, 16, 0, 7, 99);
    ADD(&b, 1, 1, WAITING + 5, 1001, 4, 13, 0, 0, 1); // P 0 runs
    for (int i = 0; i < EVENTS / 1000; i++) {
        ADD(&b, 1, 1, WAITING + 5, 1002, 3 * 1000);
        for (int k = 0; k < 1000; k++) ADD(&b, 37, 1, 5);
    }
    o = read_trace(buf_str(&b), SIZE_MAX);
    CHECK(o.opened && o.broken && o.events > 1000 && o.events < EVENTS);
}

// An impossible time breaks the trace where it stands, and no later time follows it.
static void impossible_times(void)
{
    enum { BATCH = 1 | 1 << 6, CREATE = 13 | 3 << 6, PROCS = 4 | 2 << 6, FREQUENCY = 2 };
    static const uint64_t far = 1ull << 50; // at a tick a second
    _cleanup_buf_ struct buf b = { 0 };
    buf_add(&b, "go 1.21 trace\0\0", 16);
    ADD(&b, BATCH, 0, 1);
    for (uint64_t go = 2; go < 6; go++) { // there when the trace began, and told at its end
        buf_addc(&b, (char)CREATE);
        ADD(&b, 4, 1, go, 0, 0);
    }
    size_t at = b.n;
    buf_addc(&b, (char)PROCS);
    ADD(&b, far, 1, 0, FREQUENCY, 1);
    struct outcome o = read_trace(buf_str(&b), SIZE_MAX);
    CHECK(o.opened && o.broken && o.events == 0);
    CHECK_INT(o.offset, at);

    buf_clear(&b); // a syscall of 1 ns
    buf_add(&b, "go 1.21 trace\0\0", 16);
    ADD(&b, BATCH, 0, 1);
    buf_addc(&b, (char)CREATE);
    ADD(&b, 4, 1, 2, 0, 0);
    buf_addc(&b, (char)PROCS);
    ADD(&b, 1, 1, 0, 5 | 1 << 6, 1, 0); // P 0 starts
    buf_addc(&b, (char)(14 | 2 << 6));
    ADD(&b, 1, 2, 1); // the goroutine starts
    at = b.n;
    ADD(&b, 28 | 1 << 6, far, 0, FREQUENCY, 1);
    o = read_trace(buf_str(&b), SIZE_MAX);
    CHECK(o.opened && o.broken && o.events == 3);
    CHECK_INT(o.offset, at);

    static const struct {
        uint64_t time, delta, sample; // of a batch, of an event in it, of a CPU sample
        size_t events;
    } made[] = { { 1000, 1, 2000, 3 },
                 { UINT64_MAX - 9, 1, 2000, 1 },
                 { 1000, UINT64_MAX / 2, 2000, 2 },
                 { 1000, 1, UINT64_MAX / 2, 2 },
                 { 1000, 1, UINT64_MAX, 2 } };
    for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++) {
        _cleanup_buf_ struct buf events = { 0 }, sample = { 0 };
        ADD(&events, 13, 1, 0, 1, 37, made[i].delta, 5); // P 0 runs, the heap's size
        ADD(&sample, 6, 7, made[i].sample, 1, 0, 0, 0);
        buf_clear(&b);
        buf_add(&b, "go 1.22 trace\0\0", 16);
        ADD(&b, 1, 1, UINT64_MAX, 1, 6, 8, 1000000000); // the clock
        ADD(&b, 1, 1, 1, made[i].time, events.n);
        buf_add(&b, events.p, events.n);
        ADD(&b, 1, 1, UINT64_MAX, 1, sample.n);
        buf_add(&b, sample.p, sample.n);
        o = read_trace(buf_str(&b), SIZE_MAX);
        CHECK(o.opened);
        CHECK_INT(o.broken, i > 0);
        CHECK_INT(o.events, made[i].events);
    }
}

static void tables(void)
{
    struct id_table t = { 0 };
    uint32_t got = 7;
    CHECK(id_table_get(&t, 0, &got) && got == 0);
    CHECK(!id_table_put(&t, 0, 5)); // 0 is taken
    CHECK(id_table_put(&t, 3, 30) && !id_table_put(&t, 3, 31));
    CHECK(id_table_put(&t, UINT64_MAX, 99) && id_table_put(&t, 1u << 21, 98));
    CHECK(id_table_get(&t, 3, &got) && got == 30);
    CHECK(id_table_get(&t, UINT64_MAX, &got) && got == 99);
    CHECK(id_table_get(&t, 1u << 21, &got) && got == 98);
    CHECK(!id_table_get(&t, 4, &got));
    CHECK(t.dense.n < 100); // far numbers cost no array
    id_table_deinit(&t);
}

static void stacks(void)
{
    struct gotrace_tables t;
    gotrace_tables_init(&t);
    uint32_t file = gotrace_string(&t, STR("x.go"));
    const char *names[] = { "runtime.evacuate_faststr",
                            "runtime.growWork_faststr",
                            "runtime.mapassign_faststr",
                            "net/http.Header.Set",
                            "main.put",
                            "main.worker" };
    uint32_t frames[6];
    for (uint32_t i = 0; i < 6; i++)
        frames[i] = gotrace_frame(&t, i, gotrace_string(&t, str_from(names[i])), file, 10 + i);
    uint32_t stack = gotrace_stack(&t, frames, 6);
    CHECK_INT(gotrace_stack(&t, frames, 6), stack);
    CHECK_INT(gotrace_stack_map_op(&t, stack), MAP_OP_ASSIGN);
    CHECK_STR(gotrace_user_frame(&t, stack)->function, "net/http.Header.Set");
    CHECK_STR(gotrace_own_frame(&t, stack)->function, "main.put");
    CHECK_STR(gotrace_root_frame(&t, stack)->function, "main.worker");
    CHECK_INT(gotrace_stack_map_op(&t, gotrace_stack(&t, frames + 3, 3)), MAP_OP_NONE);
    CHECK(gotrace_root_frame(&t, 0) == NULL && gotrace_own_frame(&t, 0) == NULL);
    gotrace_tables_deinit(&t);
}

// Numbers are given in the order of first mention, whether the goroutines' own are near each other,
// far apart, falling or negative.
static void goroutines(void)
{
    struct gotrace_tables t;
    gotrace_tables_init(&t);
    static const int64_t far[] = { 1,          17, 5000000000, 5000000001, 4999999999, 2,
                                   5000009999, -3, INT64_MAX,  INT64_MIN,  5000001000, 0 };
    enum { NEAR = 20000, MORE = array_size(far) };
    for (uint32_t i = 0; i < MORE; i++) {
        CHECK_INT(gotrace_goroutine_find(&t, far[i]), GOTRACE_NONE);
        CHECK_INT(gotrace_goroutine(&t, far[i]), i);
    }
    for (uint32_t i = 0; i < NEAR; i++)
        CHECK_INT(gotrace_goroutine(&t, 6000000000 + i * 3), MORE + i);
    for (uint32_t i = 0; i < MORE; i++) CHECK_INT(gotrace_goroutine(&t, far[i]), i);
    for (uint32_t i = 0; i < NEAR; i++)
        CHECK_INT(gotrace_goroutine_find(&t, 6000000000 + i * 3), MORE + i);
    CHECK_INT(gotrace_goroutine_find(&t, 6000000001), GOTRACE_NONE);
    CHECK_INT(t.goroutine.n, MORE + NEAR);
    gotrace_tables_deinit(&t);
    // Sparse ones do not make the array grow without bound.
    gotrace_tables_init(&t);
    for (uint32_t i = 0; i < NEAR; i++) gotrace_goroutine(&t, i * 1000);
    CHECK(t.goroutine_near.n < 10 * NEAR);
    gotrace_tables_deinit(&t);
}

static struct gotrace_event runs(int64_t time_ns, uint32_t go)
{
    return (struct gotrace_event) { .time_ns = time_ns,
                                    .kind = GOTRACE_GO,
                                    .go = go,
                                    .by = GOTRACE_NONE,
                                    .from = GOTRACE_RUNNABLE,
                                    .to = GOTRACE_RUNNING };
}

// It ran, and its own doing takes it off its P.
static struct gotrace_event leaves(int64_t time_ns, uint32_t go, enum gotrace_state to,
                                   uint32_t stack)
{
    return (struct gotrace_event) { .time_ns = time_ns,
                                    .kind = GOTRACE_GO,
                                    .go = go,
                                    .by = go,
                                    .stack = stack,
                                    .from = GOTRACE_RUNNING,
                                    .to = (uint8_t)to };
}

static struct gotrace_event sampled(int64_t time_ns, uint32_t by, uint32_t stack)
{
    return (struct gotrace_event) {
        .time_ns = time_ns, .kind = GOTRACE_CPU_SAMPLE, .go = GOTRACE_NONE, .by = by, .stack = stack
    };
}

// Two goroutines, in writes of maps: one preempted inside while the other writes.
static void writers(void)
{
    struct gotrace_tables t;
    gotrace_tables_init(&t);
    uint32_t file = gotrace_string(&t, STR("x.go"));
    uint32_t f[2] = { gotrace_frame(&t, 1, gotrace_string(&t, STR("runtime.mapassign")), file, 1),
                      gotrace_frame(&t, 2, gotrace_string(&t, STR("main.put")), file, 7) };
    uint32_t stack = gotrace_stack(&t, f, 2);
    uint32_t a = gotrace_goroutine(&t, 11), b = gotrace_goroutine(&t, 12);
    struct trace_states states;
    trace_states_init(&states, &t);
    struct trace_writers w;
    trace_writers_init(&w, &states);
    const struct gotrace_event events[] = {
        runs(1, a),
        runs(2, b),
        leaves(3, a, GOTRACE_RUNNABLE, stack),
        sampled(4, b, stack),
        runs(5, a),
        sampled(6, a, stack),
        sampled(50000000, b, stack),
        // Off its P inside once more, but it runs again, is done, and waits elsewhere (for a lock,
        // say) when b is seen next.
        leaves(50000001, a, GOTRACE_RUNNABLE, stack),
        runs(50000002, a),
        leaves(50000003, a, GOTRACE_WAITING, 0),
        sampled(80000000, b, stack),
    };
    for (size_t i = 0; i < array_size(events); i++) {
        trace_states_event(&states, &events[i]);
        trace_writers_event(&w, &events[i]);
    }
    trace_writers_finish(&w);
    CHECK_INT(w.moments, 6);
    CHECK_INT(w.pair.n, 1);
    CHECK_INT(w.pair.p[0].inside, 1); // b's sample while a was off its P in the write
    // a's sample 2 ns after b's, and where it is preempted again; b's own at 50 ms is too late.
    CHECK_INT(w.pair.p[0].running, 2);
    CHECK_STR(w.pair.p[0].site[0]->function, "main.put");
    trace_writers_deinit(&w);
    trace_states_deinit(&states);
    gotrace_tables_deinit(&t);
}

// A timeline of any length keeps its size, and loses no time.
static void timeline(void)
{
    struct trace_timeline t = { 0 };
    int64_t now = 0;
    enum { ROUNDS = 400000 };
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t go = (uint32_t)i % 3;
        bool run = i / 3 % 2;
        struct gotrace_event ev = { .time_ns = now += 10 + i % 90, .kind = GOTRACE_GO, .go = go };
        ev.from = i < 3 ? GOTRACE_NOT_EXIST : run ? GOTRACE_RUNNABLE : GOTRACE_RUNNING;
        ev.to = run ? GOTRACE_RUNNING : GOTRACE_RUNNABLE;
        ev.proc = run ? (int32_t)go : -1;
        trace_timeline_event(&t, &ev);
    }
    trace_timeline_finish(&t);
    CHECK(t.slices <= TRACE_TIMELINE_SLICES && t.slices > 1000);
    CHECK(t.grain_ns > 0);
    CHECK_INT(t.proc.n, 3);
    int64_t sum = 0, span = 0;
    for (size_t i = 0; i < t.go.n; i++) {
        const struct trace_lane *lane = &t.go.p[i];
        for (size_t k = 0; k < lane->slice.n; k++) {
            for (int s = 0; s < GOTRACE_STATES; s++) sum += lane->slice.p[k].ns[s];
            if (k) CHECK(lane->slice.p[k].begin_ns == lane->slice.p[k - 1].end_ns);
        }
        span += vec_last(&lane->slice)->end_ns - lane->slice.p[0].begin_ns;
    }
    CHECK_INT(sum, span);
    trace_timeline_deinit(&t);
}

TEST_MAIN(TEST(numbers), TEST(tables), TEST(stacks), TEST(goroutines), TEST(writers),
          TEST(timeline), TEST(corpus_reads), TEST(read_ahead), TEST(few_wakes), TEST(waiting),
          TEST(impossible_times), TEST(cut_anywhere), TEST(damaged_anywhere))

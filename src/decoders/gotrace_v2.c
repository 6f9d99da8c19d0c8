// SPDX-License-Identifier: Apache-2.0
// Traces of Go 1.22 and later: a sequence of generations, each a heap of batches: one thread's
// events, or strings, stacks, CPU samples, the clock. A generation is read whole, its tables are
// joined to those of the trace, then its threads' streams are merged: the earliest event first, or
// where that may not come yet, the earliest that may.
#include "decoders/gotrace_v2.h"
#include "base/cursor.h"
#include "base/limits.h"

#include <float.h>

enum { BLOCK_BYTES = 2 << 20, NO_THREAD = -1 };

struct gotrace_v2 *gotrace_v2_create(struct gotrace *t)
{
    struct gotrace_v2 *v = mem_zalloc(sizeof(*v));
    v->t = t;
    v->spill_data = mem_alloc(GOTRACE_BATCH_BYTES);
    return v;
}

void gotrace_v2_destroy(struct gotrace_v2 *v)
{
    for (size_t i = 0; i < v->block.n; i++) free(v->block.p[i]);
    vec_deinit(&v->block);
    vec_deinit(&v->batch);
    vec_deinit(&v->thread);
    vec_deinit(&v->sample);
    vec_deinit(&v->raw_frame);
    vec_deinit(&v->raw_stack);
    vec_deinit(&v->cursor);
    vec_deinit(&v->heap);
    id_table_deinit(&v->strings);
    id_table_deinit(&v->stacks);
    order_deinit(&v->order);
    free(v->spill_data);
    free(v);
}

bool v2_missing(struct gotrace_v2 *v, const struct raw_event *ev, const char *what, uint64_t id,
                uint32_t *ret)
{
    *ret = 0;
    if (v->lenient) return true;
    return gotrace_break(v->t, ev->offset, "%s names %s %llu, which there is not",
                         event_specs[ev->type].name, what, (unsigned long long)id);
}

// ---- batches

// Room for n bytes and the padding behind them, until the next generation.
static uint8_t *data_room(struct gotrace_v2 *v, size_t n)
{
    if (v->block_at < v->block.n && v->block_used + n + NUMBER_PAD > BLOCK_BYTES) {
        v->block_at++;
        v->block_used = 0;
    }
    if (v->block_at == v->block.n) vec_push(&v->block, mem_alloc_large(BLOCK_BYTES, 1));
    uint8_t *p = v->block.p[v->block_at] + v->block_used;
    v->block_used += n + NUMBER_PAD;
    v->data_bytes += n;
    memset(p + n, 0, NUMBER_PAD);
    return p;
}

struct header {
    uint64_t generation, thread, experiment;
    struct batch batch;
    bool end_of_generation;
};

enum read_result { READ_OK, READ_END, READ_BROKEN };

// One batch; its data in v->spill_data until it is known which generation it belongs to.
static enum read_result read_batch(struct gotrace_v2 *v, struct header *h)
{
    struct gotrace *t = v->t;
    *h = (struct header) { .batch.offset = in_offset(&t->in), .batch.next = NO_INDEX };
    uint8_t type;
    if (!in_byte(&t->in, &type)) {
        if (t->in.failed) gotrace_break_end(t, "reading the next batch");
        return t->in.failed ? READ_BROKEN : READ_END;
    }
    if (type == EV_END_OF_GENERATION) {
        h->end_of_generation = true;
        return READ_OK;
    }
    if (type != EV_EVENT_BATCH && type != EV_EXPERIMENTAL_BATCH) {
        gotrace_break(t, h->batch.offset, "a batch should begin here, but there is event type %d",
                      type);
        return READ_BROKEN;
    }
    uint8_t experiment = 0;
    if (type == EV_EXPERIMENTAL_BATCH && !in_byte(&t->in, &experiment)) {
        gotrace_break_end(t, "in the header of a batch");
        return READ_BROKEN;
    }
    h->experiment = experiment;
    uint64_t size = 0;
    uint64_t *const fields[] = { &h->generation, &h->thread, &h->batch.time, &size };
    for (size_t i = 0; i < 4; i++) {
        uint64_t at = in_offset(&t->in);
        enum in_number n = in_uvarint(&t->in, fields[i]);
        if (n == IN_END) gotrace_break_end(t, "in the header of a batch");
        if (n == IN_TOO_LONG) gotrace_break(t, at, "a number in a batch's header has over 64 bits");
        if (n != IN_OK) return READ_BROKEN;
    }
    if (size > GOTRACE_BATCH_BYTES) {
        gotrace_break(t, h->batch.offset, "a batch of %llu bytes, the most is %d",
                      (unsigned long long)size, GOTRACE_BATCH_BYTES);
        return READ_BROKEN;
    }
    h->batch.n = (uint32_t)size;
    size_t got = in_bytes(&t->in, v->spill_data, size);
    if (got == size) return READ_OK;
    gotrace_break_end(t, "in a batch");
    return READ_BROKEN;
}

// The batches below stand in v->spill_data; this one reads them. Its messages' offsets count from
// the batch's header (a few bytes early).
static struct cursor batch_cursor(const struct gotrace_v2 *v, const struct batch *b)
{
    struct cursor c = cursor_make("batch", str_make(v->spill_data, b->n));
    c.base = b->offset;
    cursor_skip(&c, 1); // the type that says what the batch holds
    return c;
}

static uint64_t cursor_offset(const struct cursor *c)
{
    return c->base + c->at;
}

static bool bad_table(struct gotrace_v2 *v, const struct cursor *c, const char *what)
{
    return gotrace_break(v->t, c->base + (c->bad ? c->bad_at : c->at), "%s", what);
}

static bool add_strings(struct gotrace_v2 *v, const struct batch *b)
{
    struct cursor c = batch_cursor(v, b);
    while (cursor_left(&c)) {
        uint64_t at = cursor_offset(&c);
        if (cursor_u8(&c) != EV_STRING) return bad_table(v, &c, "a string should begin here");
        uint64_t id = cursor_uvarint(&c), n = cursor_uvarint(&c);
        if (c.bad) return bad_table(v, &c, "a string's header is cut off");
        if (n > GOTRACE_STRING_BYTES)
            return gotrace_break(v->t, at, "a string of %llu bytes, the most is %d",
                                 (unsigned long long)n, GOTRACE_STRING_BYTES);
        struct str s = cursor_bytes(&c, n);
        if (c.bad) return bad_table(v, &c, "a string runs over the end of its batch");
        if (!id_table_put(&v->strings, id, gotrace_string(v->t->tables, s)))
            return gotrace_break(v->t, at, "there is a string %llu already",
                                 (unsigned long long)id);
    }
    return true;
}

static bool add_stacks(struct gotrace_v2 *v, const struct batch *b)
{
    struct cursor c = batch_cursor(v, b);
    while (cursor_left(&c)) {
        struct raw_stack s = { .offset = cursor_offset(&c), .first = v->raw_frame.n };
        if (cursor_u8(&c) != EV_STACK) return bad_table(v, &c, "a stack should begin here");
        s.id = cursor_uvarint(&c);
        uint64_t n = cursor_uvarint(&c);
        if (n > LIMIT_STACK_FRAMES)
            return gotrace_break(v->t, s.offset, "a stack of %llu frames, the most is %d",
                                 (unsigned long long)n, LIMIT_STACK_FRAMES);
        for (s.n = 0; s.n < n && !c.bad; s.n++) {
            struct raw_frame f;
            f.pc = cursor_uvarint(&c);
            f.function = cursor_uvarint(&c);
            f.file = cursor_uvarint(&c);
            f.line = cursor_uvarint(&c);
            vec_push(&v->raw_frame, f);
        }
        if (c.bad) return bad_table(v, &c, "a stack is cut off");
        vec_push(&v->raw_stack, s);
    }
    return true;
}

static bool add_samples(struct gotrace_v2 *v, const struct batch *b)
{
    struct cursor c = batch_cursor(v, b);
    while (cursor_left(&c)) {
        struct cpu_sample s = { .offset = cursor_offset(&c) };
        if (cursor_u8(&c) != EV_CPU_SAMPLE)
            return bad_table(v, &c, "a CPU sample should begin here");
        s.ticks = cursor_uvarint(&c);
        s.thread = (int64_t)cursor_uvarint(&c);
        s.proc = (int64_t)cursor_uvarint(&c);
        s.go = (int64_t)cursor_uvarint(&c);
        s.stack = cursor_uvarint(&c);
        if (c.bad) return bad_table(v, &c, "a CPU sample is cut off");
        vec_push(&v->sample, s);
    }
    return true;
}

static bool set_clock(struct gotrace_v2 *v, const struct batch *b)
{
    struct cursor c = cursor_make("batch", str_make(v->spill_data, b->n));
    c.base = b->offset;
    if (v->t->version >= 25) cursor_skip(&c, 1);
    while (cursor_left(&c)) {
        uint64_t at = cursor_offset(&c);
        uint8_t type = cursor_u8(&c);
        if (type == EV_FREQUENCY) {
            if (v->has_frequency) return gotrace_break(v->t, at, "a second clock frequency");
            uint64_t hz = cursor_uvarint(&c);
            v->has_frequency = true;
            v->ns_per_tick = 1.0 / ((double)hz / 1e9);
        } else if (type == EV_CLOCK_SNAPSHOT && v->t->version >= 25) {
            if (v->has_clock) return gotrace_break(v->t, at, "a second clock snapshot");
            v->has_clock = true;
            for (int i = 0; i < 4; i++) cursor_uvarint(&c); // ticks, monotonic ns, s and ns of wall
        } else {
            return gotrace_break(v->t, at, "event type %d in a batch of the clock", type);
        }
        if (c.bad) return bad_table(v, &c, "the clock's data is cut off");
    }
    return true;
}

static bool add_events(struct gotrace_v2 *v, const struct header *h)
{
    struct gotrace *t = v->t;
    if (v->data_bytes + h->batch.n > GOTRACE_GENERATION_BYTES)
        return gotrace_break(t, h->batch.offset, "a generation of over %d MB of events",
                             GOTRACE_GENERATION_BYTES >> 20);
    if (v->order.thread.n >= GOTRACE_THREADS && !map_get(&v->order.thread_index, h->thread))
        return gotrace_break(t, h->batch.offset, "more than %d threads", GOTRACE_THREADS);
    struct batch b = h->batch;
    uint8_t *data = data_room(v, b.n);
    memcpy(data, v->spill_data, b.n);
    b.data = data;
    uint32_t index = (uint32_t)v->batch.n;
    uint32_t number = order_thread(v, (int64_t)h->thread); // may move the table
    struct order_thread *thread = &v->order.thread.p[number];
    if (thread->last_batch == NO_INDEX) {
        thread->first_batch = index;
        vec_push(&v->thread, number);
    } else {
        v->batch.p[thread->last_batch].next = index;
    }
    thread->last_batch = index;
    vec_push(&v->batch, b);
    return true;
}

// Tables and samples of the generation, before they are joined to those of the trace.
static bool within_limits(struct gotrace_v2 *v, const struct batch *b)
{
    size_t bytes = v->raw_frame.cap * sizeof(*v->raw_frame.p) +
                   v->raw_stack.cap * sizeof(*v->raw_stack.p) +
                   v->sample.cap * sizeof(*v->sample.p);
    if (bytes > GOTRACE_GENERATION_BYTES)
        return gotrace_break(v->t, b->offset,
                             "a generation whose stacks and samples take over %d MB",
                             GOTRACE_GENERATION_BYTES >> 20);
    if (gotrace_tables_bytes(v->t->tables) > GOTRACE_TABLE_BYTES)
        return gotrace_break(v->t, b->offset, "strings and stacks of over %d MB",
                             GOTRACE_TABLE_BYTES >> 20);
    return true;
}

// Adds a batch to the generation. A damaged table is noted, and the rest goes on without what it
// lacks. False: over a limit.
static bool add_batch(struct gotrace_v2 *v, const struct header *h)
{
    if (v->first_ticks == 0 || h->batch.time < v->first_ticks) v->first_ticks = h->batch.time;
    if (h->experiment) return true; // of an experiment: not read
    uint8_t type = h->batch.n ? v->spill_data[0] : EV_NONE;
    bool ok = true;
    if (type == EV_STRINGS)
        ok = add_strings(v, &h->batch);
    else if (type == EV_STACKS)
        ok = add_stacks(v, &h->batch);
    else if (type == EV_CPU_SAMPLES)
        ok = add_samples(v, &h->batch);
    else if (type == (v->t->version < 25 ? EV_FREQUENCY : EV_SYNC))
        ok = set_clock(v, &h->batch);
    else
        return add_events(v, h);
    v->lenient = v->lenient || !ok;
    return within_limits(v, &h->batch);
}

// ---- generations

static void forget_generation(struct gotrace_v2 *v)
{
    v->block_at = v->block_used = 0;
    v->data_bytes = 0;
    for (size_t i = 0; i < v->thread.n; i++) {
        struct order_thread *thread = &v->order.thread.p[v->thread.p[i]];
        thread->first_batch = thread->last_batch = NO_INDEX;
    }
    vec_clear(&v->thread);
    vec_clear(&v->batch);
    vec_clear(&v->sample);
    vec_clear(&v->raw_frame);
    vec_clear(&v->raw_stack);
    vec_clear(&v->cursor);
    vec_clear(&v->heap);
    id_table_clear(&v->strings);
    id_table_clear(&v->stacks);
    v->next_sample = 0;
    v->generation = v->first_ticks = 0;
    v->has_frequency = v->has_clock = v->lenient = false;
}

// Whether a batch belongs to the generation being read; if not, *over says whether it begins the
// next one (which is kept for it), or breaks the trace.
static bool belongs(struct gotrace_v2 *v, const struct header *h, bool *over)
{
    if (h->generation == 0)
        return gotrace_break(v->t, h->batch.offset, "a batch of generation 0, which there is not");
    if (v->generation == 0) v->generation = h->generation;
    if (h->generation == v->generation) return true;
    if (v->t->version < 26 && h->generation == v->generation + 1) {
        v->spilled = *over = true;
        v->spill = h->batch;
        v->spill_generation = h->generation;
        v->spill_thread = h->thread;
        v->spill_experiment = (uint8_t)h->experiment;
        return false;
    }
    return gotrace_break(v->t, h->batch.offset, "a batch of generation %llu within generation %llu",
                         (unsigned long long)h->generation, (unsigned long long)v->generation);
}

// Reads batches up to the end of a generation. False: it is not whole; the break is noted.
static bool read_batches(struct gotrace_v2 *v)
{
    if (v->spilled) {
        v->spilled = false;
        v->generation = v->spill_generation;
        struct header h = { .generation = v->spill_generation,
                            .thread = v->spill_thread,
                            .experiment = v->spill_experiment,
                            .batch = v->spill };
        if (!add_batch(v, &h)) return false;
    }
    for (;;) {
        struct header h;
        enum read_result result = read_batch(v, &h);
        if (result == READ_END) {
            v->last = true;
            if (v->t->version < 26 || v->batch.n == 0) return true;
            return gotrace_break_end(v->t, "the last generation is not whole");
        }
        if (result == READ_BROKEN) return false;
        if (h.end_of_generation && v->t->version >= 26) return true;
        bool over = false;
        if (!belongs(v, &h, &over)) return over;
        if (!add_batch(v, &h)) return false;
    }
}

// Numbers the generation's stacks as the tables do. The first mention of a pc says what it is.
static bool join_stacks(struct gotrace_v2 *v, bool whole)
{
    struct gotrace_tables *t = v->t->tables;
    struct map pcs = { 0 };
    bool ok = true;
    for (size_t i = 0; i < v->raw_stack.n; i++) {
        const struct raw_stack *s = &v->raw_stack.p[i];
        uint32_t frames[LIMIT_STACK_FRAMES];
        for (uint32_t j = 0; j < s->n; j++) {
            const struct raw_frame *f = &v->raw_frame.p[s->first + j];
            bool fresh;
            uint64_t *known = map_put(&pcs, f->pc, &fresh);
            if (fresh) {
                uint32_t function = 0, file = 0;
                bool found = id_table_get(&v->strings, f->function, &function) &&
                             id_table_get(&v->strings, f->file, &file);
                if (!found && whole && ok)
                    ok = gotrace_break(v->t, s->offset,
                                       "a frame of stack %llu names strings %llu and %llu, which "
                                       "there are not",
                                       (unsigned long long)s->id, (unsigned long long)f->function,
                                       (unsigned long long)f->file);
                *known = gotrace_frame(t, f->pc, function, file, (uint32_t)f->line);
            }
            frames[j] = (uint32_t)*known;
        }
        if (!id_table_put(&v->stacks, s->id, gotrace_stack(t, frames, s->n)) && ok)
            ok = gotrace_break(v->t, s->offset, "there is a stack %llu already",
                               (unsigned long long)s->id);
    }
    map_deinit(&pcs);
    return ok;
}

// Ticks → ns, as Go converts them (in floating point, cut off).
static int64_t ticks_to_ns(const struct gotrace_v2 *v, uint64_t ticks)
{
    return gotrace_time((double)ticks * v->ns_per_tick);
}

static int compare_samples(const void *a, const void *b)
{
    const struct cpu_sample *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static bool begin_streams(struct gotrace_v2 *v);

// Reads the next generation. False at the end, or when nothing more can be had.
static bool load_generation(struct gotrace_v2 *v)
{
    bool had_one = v->order.first_generation != 0;
    if (v->last && !v->spilled) return false;
    double last_scale = v->ns_per_tick;
    forget_generation(v);
    bool whole = read_batches(v);
    if (!whole) v->last = true;
    whole = whole && !v->lenient;
    if (v->generation == 0) { // no batch at all: fine after a generation, and since 1.26 before
        if (!v->last || (!had_one && v->t->version < 26))
            gotrace_break_end(v->t, "a generation without a batch");
        return false;
    }
    bool clocked = v->has_frequency && (v->t->version < 25 || v->has_clock);
    if (!clocked) {
        gotrace_break(v->t, in_offset(&v->t->in), "generation %llu has no clock %s",
                      (unsigned long long)v->generation,
                      v->has_frequency ? "snapshot" : "frequency");
        whole = false;
    }
    if (!v->has_frequency) v->ns_per_tick = last_scale; // one process, one clock
    if (!(v->ns_per_tick > 0 && v->ns_per_tick <= DBL_MAX)) {
        gotrace_break(v->t, in_offset(&v->t->in), "generation %llu has an impossible clock",
                      (unsigned long long)v->generation);
        return false;
    }
    if (!join_stacks(v, whole)) whole = false;
    if (gotrace_tables_bytes(v->t->tables) > GOTRACE_TABLE_BYTES)
        return gotrace_break(v->t, in_offset(&v->t->in), "strings and stacks of over %d MB",
                             GOTRACE_TABLE_BYTES >> 20);
    v->lenient = !whole;
    for (size_t i = 0; i < v->sample.n; i++)
        v->sample.p[i].time = ticks_to_ns(v, v->sample.p[i].ticks);
    if (v->sample.n) qsort(v->sample.p, v->sample.n, sizeof(*v->sample.p), compare_samples);
    v->sample_time = v->sample.n ? v->sample.p[0].time : INT64_MAX;
    if (!v->order.first_generation) v->order.first_generation = v->generation;
    // A generation's beginning takes a time of its own, as it is an event to Go's reader.
    int64_t begin = ticks_to_ns(v, v->first_ticks);
    if (begin <= v->last_time) begin = v->last_time + 1;
    if (begin > GOTRACE_TIME_MAX)
        return gotrace_break(v->t, in_offset(&v->t->in),
                             "generation %llu begins at an impossible time",
                             (unsigned long long)v->generation);
    v->last_time = begin;
    return begin_streams(v);
}

// ---- the merge

enum stream { STREAM_EVENT, STREAM_END, STREAM_BROKEN };

static enum stream stream_broken(struct gotrace_v2 *v, const struct thread_cursor *c,
                                 const char *what)
{
    const struct batch *b = &v->batch.p[c->batch];
    gotrace_break(v->t, b->offset + (uint64_t)(c->at - b->data), "%s (type %d)", what, *c->at);
    return STREAM_BROKEN;
}

// Goes on to the thread's next batch that has events. False: there is none.
static bool stream_batch(const struct gotrace_v2 *v, struct thread_cursor *c)
{
    while (c->at == c->end) {
        if (c->at) c->batch = v->batch.p[c->batch].next;
        if (c->batch == NO_INDEX) return false;
        const struct batch *b = &v->batch.p[c->batch];
        c->at = b->data;
        c->end = b->data + b->n;
        c->sure = v->lenient || b->n < EVENT_BYTES ? b->data : c->end - EVENT_BYTES;
        c->bias = b->offset - (uint64_t)(uintptr_t)b->data;
        c->time = ticks_to_ns(v, b->time);
    }
    return true;
}

// Whether the arguments that follow, so many, lie within the batch.
static bool has_args(const struct thread_cursor *c, const uint8_t *p, unsigned args)
{
    uint64_t unused;
    for (unsigned i = 0; i < args && p; i++) p = read_uvarint(p, &unused);
    return p && p <= c->end;
}

// Comes to a thread's next event.
static inline enum stream stream_next(struct gotrace_v2 *v, struct thread_cursor *c)
{
    if (c->at == c->end && !stream_batch(v, c)) return STREAM_END;
    uint8_t type = *c->at;
    if (type >= EV_COUNT) return stream_broken(v, c, "there is no such event");
    const struct event_spec *spec = &event_specs[type];
    if (!spec->timed) return stream_broken(v, c, "no event of a thread");
    uint64_t ticks;
    c->args = read_uvarint(c->at + 1, &ticks);
    if (!c->args || (c->at >= c->sure && !has_args(c, c->args, spec->args)))
        return stream_broken(v, c, "an event's arguments are cut off");
    uint64_t time =
        (uint64_t)c->time + (uint64_t)ticks_to_ns(v, ticks); // an impossible one stays so
    c->time = time <= GOTRACE_TIME_MAX ? (int64_t)time : GOTRACE_TIME_MAX + 1;
    return STREAM_EVENT;
}

// Both move a hole instead of swapping, and write an entry's fields where it comes to rest: copying
// what was written in parts just before makes the processor wait.
static void sift_up(struct heap_entry *h, size_t i, int64_t time, struct thread_cursor *cursor)
{
    for (; i > 0 && h[(i - 1) / 2].time > time; i = (i - 1) / 2) h[i] = h[(i - 1) / 2];
    h[i].time = time;
    h[i].cursor = cursor;
}

static inline void sift_down(struct heap_entry *h, size_t n, size_t i, int64_t time,
                             struct thread_cursor *cursor)
{
    for (;;) {
        size_t least = 2 * i + 1;
        if (least >= n) break;
        if (least + 1 < n && h[least + 1].time < h[least].time) least++;
        if (h[least].time >= time) break;
        h[i] = h[least];
        i = least;
    }
    h[i].time = time;
    h[i].cursor = cursor;
}

// Entry i's cursor has come to its next event.
static inline void heap_update(struct gotrace_v2 *v, size_t i)
{
    struct heap_entry *h = v->heap.p;
    struct thread_cursor *cursor = h[i].cursor;
    int64_t time = cursor->time;
    if (i > 0 && h[(i - 1) / 2].time > time)
        sift_up(h, i, time, cursor);
    else
        sift_down(h, v->heap.n, i, time, cursor);
}

static void heap_remove(struct gotrace_v2 *v, size_t i)
{
    struct heap_entry *h = v->heap.p;
    for (; i > 0; i = (i - 1) / 2) h[i] = h[(i - 1) / 2];
    struct heap_entry last = h[--v->heap.n];
    if (v->heap.n) sift_down(h, v->heap.n, 0, last.time, last.cursor);
}

static int compare_entries(const void *a, const void *b)
{
    const struct heap_entry *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return x->cursor < y->cursor ? -1 : 1;
}

// By time; a sorted array is a heap, too. It is nearly sorted, and mostly small.
static void sort_heap(struct heap_entry *h, size_t n)
{
    enum { SMALL = 64 };
    if (n > SMALL) {
        qsort(h, n, sizeof(*h), compare_entries);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct heap_entry e = h[i];
        size_t j = i;
        for (; j > 0 && h[j - 1].time > e.time; j--) h[j] = h[j - 1];
        h[j] = e;
    }
}

static bool begin_streams(struct gotrace_v2 *v)
{
    vec_reserve(&v->cursor, v->thread.n); // they do not move any more
    for (size_t i = 0; i < v->thread.n; i++) {
        uint32_t thread = v->thread.p[i];
        bool none = v->order.thread.p[thread].id == NO_THREAD;
        struct thread_cursor c = { .thread = none ? NO_INDEX : thread,
                                   .batch = v->order.thread.p[thread].first_batch };
        enum stream s = stream_next(v, &c);
        if (s == STREAM_BROKEN) v->stopped = !v->lenient;
        if (v->stopped) return false;
        if (s != STREAM_EVENT) continue;
        vec_push(&v->cursor, c);
        vec_push(&v->heap, (struct heap_entry) { 0 });
        sift_up(v->heap.p, v->heap.n - 1, c.time, vec_last(&v->cursor));
    }
    return true;
}

// Applies the event at the head of heap entry i, if it may come now.
static inline enum advance try_entry(struct gotrace_v2 *v, size_t i)
{
    struct thread_cursor *c = v->heap.p[i].cursor;
    enum advance result = order_advance(v, c);
    if (result != ADVANCE_YES) return result;
    switch (stream_next(v, c)) {
    case STREAM_EVENT: heap_update(v, i); break;
    case STREAM_BROKEN:
        if (!v->lenient) return ADVANCE_BROKEN;
        heap_remove(v, i); // of a generation that is not whole: its other threads may go on
        break;
    case STREAM_END: heap_remove(v, i); break;
    }
    return ADVANCE_YES;
}

static bool merge_one(struct gotrace_v2 *v)
{
    v->tries.events++;
    enum advance result = try_entry(v, 0);
    if (result == ADVANCE_YES) return true;
    bool lost = false;
    if (result == ADVANCE_NO) { // rare: then in the order of time
        v->tries.failed += v->heap.n;
        lost = !merge_tries_left(&v->tries);
        if (!lost) sort_heap(v->heap.p, v->heap.n);
        for (size_t i = 0; i < v->heap.n && result == ADVANCE_NO && !lost; i++)
            result = try_entry(v, i);
        if (result == ADVANCE_YES) return true;
    }
    if (result == ADVANCE_NO) {
        const struct thread_cursor *c = v->heap.p[0].cursor;
        gotrace_break(v->t, c->bias + (uint64_t)(uintptr_t)c->at,
                      "no order of the events is %s: of %zu threads the earliest waits with %s",
                      lost ? "found" : "possible", v->heap.n, event_specs[*c->at].name);
    }
    return false;
}

static void push_sample(struct gotrace_v2 *v)
{
    const struct cpu_sample *s = &v->sample.p[v->next_sample++];
    v->sample_time = v->next_sample < v->sample.n ? v->sample.p[v->next_sample].time : INT64_MAX;
    struct raw_event ev = { .type = EV_CPU_SAMPLE, .offset = s->offset };
    struct gotrace_event out = { .kind = GOTRACE_CPU_SAMPLE,
                                 .time_ns = s->time,
                                 .go = GOTRACE_NONE,
                                 .by = s->go ? gotrace_goroutine_find(v->t->tables, s->go)
                                             : GOTRACE_NONE,
                                 .proc = (int32_t)s->proc };
    if (v2_stack(v, &ev, s->stack, &out.stack))
        *v->out++ = out;
    else
        v->stopped = true;
}

bool gotrace_v2_loads(const struct gotrace_v2 *v)
{
    return !v->stopped && v->heap.n == 0 && v->next_sample == v->sample.n;
}

size_t gotrace_v2_read(struct gotrace_v2 *v, struct gotrace_event *ret)
{
    struct gotrace_event *const last = ret + GOTRACE_READ_EVENTS - QUEUE_AT_ONCE;
    v->out = ret;
    while (!v->stopped && v->out <= last) {
        struct gotrace_event *before = v->out;
        if (v->heap.n && v->heap.p[0].time <= v->sample_time)
            v->stopped = !merge_one(v);
        else if (v->next_sample < v->sample.n)
            push_sample(v);
        else if (v->out != ret)
            break;
        else
            v->stopped = !load_generation(v);
        unsigned n = (unsigned)(v->out - before);
        unsigned good = gotrace_stamp(v->t, before, n, in_offset(&v->t->in), &v->last_time);
        if (good < n) v->stopped = true;
        v->out = before + good;
    }
    return (size_t)(v->out - ret);
}

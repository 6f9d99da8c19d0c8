// SPDX-License-Identifier: Apache-2.0
// Internal to the gotrace decoder: the format of Go 1.22 and later. gotrace_v2.c reads generations
// and merges the threads' streams, gotrace_order.c decides whether an event may come now,
// gotrace_spec.c knows the arguments of each event type.
#pragma once

#include "decoders/gotrace_in.h"

// Wire types, as in internal/trace/tracev2/events.go of go1.27 (a superset of all earlier ones).
enum event_type {
    EV_NONE,
    EV_EVENT_BATCH,
    EV_STACKS,
    EV_STACK,
    EV_STRINGS,
    EV_STRING,
    EV_CPU_SAMPLES,
    EV_CPU_SAMPLE,
    EV_FREQUENCY,
    EV_PROCS_CHANGE,
    EV_PROC_START,
    EV_PROC_STOP,
    EV_PROC_STEAL,
    EV_PROC_STATUS,
    EV_GO_CREATE,
    EV_GO_CREATE_SYSCALL,
    EV_GO_START,
    EV_GO_DESTROY,
    EV_GO_DESTROY_SYSCALL,
    EV_GO_STOP,
    EV_GO_BLOCK,
    EV_GO_UNBLOCK,
    EV_GO_SYSCALL_BEGIN,
    EV_GO_SYSCALL_END,
    EV_GO_SYSCALL_END_BLOCKED,
    EV_GO_STATUS,
    EV_STW_BEGIN,
    EV_STW_END,
    EV_GC_ACTIVE,
    EV_GC_BEGIN,
    EV_GC_END,
    EV_GC_SWEEP_ACTIVE,
    EV_GC_SWEEP_BEGIN,
    EV_GC_SWEEP_END,
    EV_GC_MARK_ASSIST_ACTIVE,
    EV_GC_MARK_ASSIST_BEGIN,
    EV_GC_MARK_ASSIST_END,
    EV_HEAP_ALLOC,
    EV_HEAP_GOAL,
    EV_GO_LABEL,
    EV_USER_TASK_BEGIN,
    EV_USER_TASK_END,
    EV_USER_REGION_BEGIN,
    EV_USER_REGION_END,
    EV_USER_LOG,
    EV_GO_SWITCH, // 1.23
    EV_GO_SWITCH_DESTROY,
    EV_GO_CREATE_BLOCKED,
    EV_GO_STATUS_STACK,
    EV_EXPERIMENTAL_BATCH,
    EV_SYNC, // 1.25
    EV_CLOCK_SNAPSHOT,
    EV_END_OF_GENERATION, // 1.26
    EV_SPAN = 128,        // experimental, 1.23: AllocFree
    EV_SPAN_ALLOC,
    EV_SPAN_FREE,
    EV_HEAP_OBJECT,
    EV_HEAP_OBJECT_ALLOC,
    EV_HEAP_OBJECT_FREE,
    EV_GOROUTINE_STACK,
    EV_GOROUTINE_STACK_ALLOC,
    EV_GOROUTINE_STACK_FREE,
    EV_COUNT,
};

enum {
    EVENT_ARGS = 4,                          // most arguments of a timed event, beside its time
    EVENT_BYTES = 1 + (1 + EVENT_ARGS) * 10, // most bytes of one: type, time, arguments
};

// Arguments counted without the time; positions from 1, 0 = has none.
struct event_spec {
    const char *name;
    uint8_t args;
    bool timed; // stands in a thread's stream
    uint8_t stack, go_stack, string, string2;
};
extern const struct event_spec event_specs[EV_COUNT];

struct raw_event {
    int64_t time;
    uint64_t args[EVENT_ARGS];
    uint64_t offset; // in the input
    uint8_t type;
};

#define NO_INDEX UINT32_MAX

// Where an event happens: indices of the thread, P and goroutine, or NO_INDEX. (P and goroutine do
// not stand side by side: written one by one and copied as one they cost a third of all time, the
// processor waits until both writes are done.)
struct context {
    uint32_t proc, thread, go;
};

struct order_thread {
    int64_t id;
    uint32_t go;          // bound to it now
    uint32_t first_batch; // of this generation
    uint32_t proc;        // bound to it now
    uint32_t last_batch;
    bool seen; // an event of it was tried, or another named it
};

struct order_proc {
    int64_t id;
    uint64_t generation, seq;
    uint8_t status; // enum proc_status
    bool sweep;
};

struct order_go {
    uint64_t generation, seq;
    uint32_t region; // innermost open user region, index + 1 into order.region
    uint8_t status;  // enum go_status, 0 = there is no such goroutine
    bool assist;
    bool stw; // has an entry in order.stw
};

struct user_region {
    uint64_t task;
    uint32_t name;
    uint32_t outer; // index + 1
};

struct open_stw {
    uint32_t go;
    uint64_t kind;   // string number of the generation it began in
    uint32_t reason; // of the tables
};

struct order {
    uint64_t first_generation;
    VEC(struct order_thread) thread;
    VEC(struct order_proc) proc;
    VEC(struct order_go) go; // parallel to tables->goroutine
    struct map thread_index, proc_index;
    VEC(struct user_region) region;
    VEC(uint32_t) free_region;
    VEC(struct open_stw) stw;
    struct map task; // id → 1 while it is active
    uint64_t gc_seq;
    enum { GC_UNDETERMINED, GC_OFF, GC_ON } gc;
};

struct batch {
    uint64_t time;
    uint64_t offset;
    const uint8_t *data; // followed by NUMBER_PAD zero bytes
    uint32_t n;
    uint32_t next; // of the same thread, NO_INDEX = last
};

// A thread's next event. Its arguments are read when it is tried: they lie within the batch.
struct thread_cursor {
    const uint8_t *at, *args, *end; // at: its type; args: behind its time; end: of the batch
    const uint8_t *sure;            // before this an event cannot pass the end
    int64_t time;
    uint64_t bias;   // what makes an address in the batch an offset in the input
    uint32_t thread; // NO_INDEX: events of no thread
    uint32_t batch;
};

struct heap_entry {
    int64_t time;
    struct thread_cursor *cursor; // in the order of gotrace_v2.cursor
};

struct cpu_sample {
    uint64_t ticks;
    int64_t time;
    int64_t thread, proc, go;
    uint64_t stack, offset;
};

struct raw_frame {
    uint64_t pc, function, file, line;
};

struct raw_stack {
    uint64_t id, offset;
    size_t first;
    uint32_t n;
};

enum { QUEUE_AT_ONCE = 4 }; // most events of the model that one of the trace makes

struct gotrace_v2 {
    struct gotrace *t;
    struct order order;
    // The generation in memory.
    uint64_t generation;
    uint64_t first_ticks; // the earliest batch's, 0 = none yet
    double ns_per_tick;   // 0 = not known
    bool has_frequency, has_clock;
    bool lenient;         // it is not whole, or damaged: what its tables lack is left out
    bool last;            // nothing comes after it
    VEC(uint8_t *) block; // of data, kept for the next one
    size_t block_at, block_used;
    uint64_t data_bytes;
    VEC(struct batch) batch;
    VEC(uint32_t) thread; // that have batches, in the order of their first
    VEC(struct cpu_sample) sample;
    size_t next_sample;
    int64_t sample_time; // of the next one, INT64_MAX = there is none
    VEC(struct raw_frame) raw_frame;
    VEC(struct raw_stack) raw_stack;
    struct id_table strings, stacks;
    // The first batch of the next one, which showed that this one was over (before 1.26).
    bool spilled;
    uint64_t spill_generation, spill_thread;
    struct batch spill;
    uint8_t spill_experiment;
    uint8_t *spill_data;
    // The merge.
    VEC(struct thread_cursor) cursor;
    VEC(struct heap_entry) heap;
    struct gotrace_event *out; // where the next event is put
    struct merge_tries tries;
    int64_t last_time;
    bool stopped;
};

// Tables of the order, new entries made. NO_INDEX over a limit (which is then noted as a break).
uint32_t order_thread(struct gotrace_v2 *v, int64_t id);
void order_deinit(struct order *o);

enum advance { ADVANCE_NO, ADVANCE_YES, ADVANCE_BROKEN };
// Whether the thread's next event may come now. YES: it was applied, it stands before v->out, and
// c->at is behind it. BROKEN: it can never come; noted.
enum advance order_advance(struct gotrace_v2 *v, struct thread_cursor *c);

// A string or stack number of the generation → of the tables. False (noted) if there is none.
bool v2_missing(struct gotrace_v2 *v, const struct raw_event *ev, const char *what, uint64_t id,
                uint32_t *ret);

static inline bool v2_string(struct gotrace_v2 *v, const struct raw_event *ev, uint64_t id,
                             uint32_t *ret)
{
    return id_table_get(&v->strings, id, ret) || v2_missing(v, ev, "string", id, ret);
}

static inline bool v2_stack(struct gotrace_v2 *v, const struct raw_event *ev, uint64_t id,
                            uint32_t *ret)
{
    return id_table_get(&v->stacks, id, ret) || v2_missing(v, ev, "stack", id, ret);
}

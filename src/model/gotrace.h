// SPDX-License-Identifier: Apache-2.0
// An execution trace as analyses see it: events in one consistent order, whatever version of the
// format they came from, and the names and stacks that they refer to.
//
// Time is ns on the trace's own clock, strictly increasing from event to event. Goroutines are
// told apart by a dense index in the order of their first mention (`event.go`), so that an analysis
// can keep an array; the number that Go prints is `tables.goroutine[index]`.
//
// Strings and stacks are numbered for the whole trace (the format numbers them anew in each
// generation): the same text or call path has the same number throughout. Number 0 is "none".
#pragma once

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "base/vec.h"
#include "model/frame.h"
#include "model/gofunc.h"

enum gotrace_state {
    GOTRACE_NOT_EXIST,    // before creation, after the end
    GOTRACE_UNDETERMINED, // existed before the trace began, not mentioned yet
    GOTRACE_RUNNABLE,
    GOTRACE_RUNNING,
    GOTRACE_SYSCALL,
    GOTRACE_WAITING,
    GOTRACE_STATES,
};

enum gotrace_kind {
    GOTRACE_OTHER,        // counted, nothing that an analysis here wants
    GOTRACE_GO,           // goroutine `go` went `from` → `to` on behalf of `by`
    GOTRACE_RANGE_BEGIN,  // of kind `range`; goroutine `go`, P `proc`
    GOTRACE_RANGE_ACTIVE, // it had begun before the trace did
    GOTRACE_RANGE_END,
    GOTRACE_CPU_SAMPLE, // `by` was running `stack` at that time
};

enum gotrace_range {
    GOTRACE_STW,    // the world is stopped (or being stopped); `reason` says what for
    GOTRACE_GC,     // a collection's concurrent mark phase
    GOTRACE_SWEEP,  // P `proc` sweeps
    GOTRACE_ASSIST, // goroutine `go` marks for the collector, as a tax on its allocations
    GOTRACE_RANGES,
};

#define GOTRACE_NONE UINT32_MAX // no goroutine

struct gotrace_event {
    int64_t time_ns;
    uint32_t go;       // the goroutine that it is about, or GOTRACE_NONE
    uint32_t by;       // the goroutine that ran when this happened, or GOTRACE_NONE
    uint32_t stack;    // where `by` was, or 0
    uint32_t go_stack; // GO: where `go` begins (from NOT_EXIST) or is, if that is known, else 0
    uint32_t reason;   // string: why it waits or yields, what the world stops for
    int32_t proc;      // the P, or -1
    uint8_t kind, from, to, range;
};

// A call path, innermost frame first: numbers into gotrace_tables.frame.
struct gotrace_stack {
    const uint32_t *frame;
    uint32_t n;
};

// What the numbers mean. Filled by the decoder, only read by analyses; grows while the trace is
// read, entries never change.
struct gotrace_tables {
    struct arena arena;
    VEC(struct str) string;          // [0] is ""
    VEC(struct frame) frame;         // each distinct one once
    VEC(struct gotrace_stack) stack; // [0] is empty
    VEC(int64_t) goroutine;          // what Go calls it
    struct strmap string_id, frame_id, stack_id;
    // Goroutines by what Go calls them. It counts upwards: what a trace sees begin is nearly dense,
    // and stands in an array; what was there before, in a hash table with a cache.
    int64_t goroutine_first;      // Go's number of goroutine_near[0]
    VEC(uint32_t) goroutine_near; // index + 1, 0 = none, or it is in goroutine_id
    struct map goroutine_id;
    struct {
        int64_t goid;
        uint32_t index; // + 1
    } goroutine_cache[4096];
};

void gotrace_tables_init(struct gotrace_tables *t);
void gotrace_tables_deinit(struct gotrace_tables *t);
// Each gives the number of what was asked, a new one if it is new.
uint32_t gotrace_string(struct gotrace_tables *t, struct str s);
uint32_t gotrace_frame(struct gotrace_tables *t, uint64_t pc, uint32_t function, uint32_t file,
                       uint32_t line);
uint32_t gotrace_stack(struct gotrace_tables *t, const uint32_t *frame, uint32_t n);
uint32_t gotrace_goroutine(struct gotrace_tables *t, int64_t goid);
uint32_t gotrace_goroutine_look_up(struct gotrace_tables *t, int64_t goid);
// The number of a goroutine that was mentioned, or GOTRACE_NONE.
static inline uint32_t gotrace_goroutine_find(struct gotrace_tables *t, int64_t goid)
{
    uint64_t near = (uint64_t)goid - (uint64_t)t->goroutine_first;
    if (near < t->goroutine_near.n && t->goroutine_near.p[near])
        return t->goroutine_near.p[near] - 1;
    size_t slot = (uint64_t)goid % array_size(t->goroutine_cache);
    if (t->goroutine_cache[slot].index && t->goroutine_cache[slot].goid == goid)
        return t->goroutine_cache[slot].index - 1;
    return gotrace_goroutine_look_up(t, goid);
}
// Bytes that the tables take, roughly.
size_t gotrace_tables_bytes(const struct gotrace_tables *t);

static inline const struct frame *gotrace_stack_frame(const struct gotrace_tables *t,
                                                      uint32_t stack, uint32_t i)
{
    return &t->frame.p[t->stack.p[stack].frame[i]];
}

// The first frame that is not of the runtime, or NULL: what the goroutine's own code did.
const struct frame *gotrace_user_frame(const struct gotrace_tables *t, uint32_t stack);
// The first frame outside Go's distribution, or NULL: the service's own code.
const struct frame *gotrace_own_frame(const struct gotrace_tables *t, uint32_t stack);
// Where a goroutine was, for people: its own code, else the first that is not the runtime's.
static inline const struct frame *gotrace_place(const struct gotrace_tables *t, uint32_t stack)
{
    const struct frame *f = gotrace_own_frame(t, stack);
    return f ? f : gotrace_user_frame(t, stack);
}
// The outermost frame, the function a goroutine was started with, or NULL.
const struct frame *gotrace_root_frame(const struct gotrace_tables *t, uint32_t stack);
// The operation on a map that the runtime frames of a stack are in (GROW counts as ASSIGN).
enum map_op gotrace_stack_map_op(const struct gotrace_tables *t, uint32_t stack);

const char *gotrace_state_name(enum gotrace_state s);
const char *gotrace_range_name(enum gotrace_range r);

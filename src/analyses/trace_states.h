// SPDX-License-Identifier: Apache-2.0
// What the goroutines of an execution trace did with their time: running, runnable, in syscalls,
// waiting (by reason), helping the collector; who woke whom; the longest waits for a P; stops of
// the world; and which goroutines are stuck between runnable and blocked.
//
//     struct trace_states s;
//     trace_states_init(&s, &tables);
//     for (const struct gotrace_event *ev; (ev = gotrace_next(t));) trace_states_event(&s, ev);
//     trace_states_finish(&s, SIZE_MAX);
//     … s.go, s.group, s.stuck …
//     trace_states_deinit(&s);
//
// A goroutine that was there when the trace began counts from the first event on, in the state it
// is first told to be in. What is open at the end counts up to the last event.
// Memory: about 200 bytes a goroutine, plus the limits below.
#pragma once

#include "model/gotrace.h"

enum {
    TRACE_LONGEST = 20,             // waits for a P that are kept, the longest
    TRACE_STUCK = 100,              // stuck goroutines that are kept
    TRACE_PAUSES = 1 << 16,         // stops of the world and collections that are kept
    TRACE_WAKES = 1 << 20,          // pairs of who woke whom
    TRACE_WAKERS_LISTED = 8,        // wakers of a goroutine that are found without a hash table
    TRACE_STUCK_RUNNABLE_MS = 10,   // runnable this long at the end: nobody runs it
    TRACE_STUCK_WAKES = 20,         // woken this often at least to be called flapping
    TRACE_STUCK_RUN_US = 100,       // … and on average run for at most this long a time
    TRACE_STUCK_RUNNABLE_SHARE = 4, // … and runnable for at least a quarter of its time
};

struct trace_wait {
    int64_t ns;
    uint32_t reason; // string
    uint32_t count;
    uint32_t next; // of the same goroutine: index + 1
};

struct trace_go {
    int64_t since;              // when it came into its state
    int64_t ns[GOTRACE_STATES]; // WAITING: of all reasons together
    int64_t assist_ns, assist_since;
    int64_t runnable_max_ns;
    uint32_t waits;   // index + 1 into trace_states.wait
    uint32_t now;     // the wait it is in: index + 1
    uint32_t name;    // stack whose root is the function it was started with, 0 = not known
    uint32_t blocked; // stack where it last began to wait
    uint32_t woken_by;
    uint32_t wakers; // the first of those that woke it: index + 1 into trace_states.wake
    uint32_t wakes;  // from waiting to runnable
    uint32_t runs;   // times that it began to run
    uint8_t state;
    bool yielded, assists, told; // told: some event was about it
};

struct trace_long_wait {
    int64_t ns, at_ns; // at: since the first event
    uint32_t go, by;   // by: who made it runnable, GOTRACE_NONE = nobody that is known
    bool yielded;      // it was running before, and was preempted or gave way
};

struct trace_wake {
    uint64_t count;
    uint32_t by, go;
    uint32_t next; // by others, of the same goroutine: index + 1
};

struct trace_pause {
    int64_t at_ns, ns;
    uint32_t go, reason;
    uint8_t range; // GOTRACE_STW or GOTRACE_GC
    bool open;     // the trace ended before it did
};

struct trace_group { // goroutines started with one function
    struct str function;
    uint64_t goroutines;
    int64_t ns[GOTRACE_STATES];
    int64_t assist_ns;
    int64_t runnable_max_ns;
    uint32_t waits;
};

enum trace_stuck_kind {
    TRACE_STUCK_UNRUN,    // woken, and at the end still not run
    TRACE_STUCK_FLAPPING, // woken again and again, mostly to wait for a P and block again
    TRACE_STUCK_BLOCKED,  // at a lock or a send for most of the trace, and never woken
};

struct trace_stuck {
    enum trace_stuck_kind kind;
    uint32_t go;
    int64_t ns;      // in that state: runnable, or blocked
    uint32_t reason; // what it waits for, when it waits
    uint32_t by;     // who woke it most, GOTRACE_NONE = nobody that is known
    uint64_t by_count;
};

struct trace_states {
    const struct gotrace_tables *tables;
    uint64_t events, samples;
    int64_t first_ns, last_ns;
    VEC(struct trace_go) go; // by goroutine index
    VEC(struct trace_wait) wait;
    VEC(struct trace_wake) wake;
    struct map wake_index; // of wakers that are not among their goroutine's first
    uint64_t wakes_dropped;
    struct trace_long_wait longest[TRACE_LONGEST];
    size_t n_longest;
    VEC(struct trace_pause) pause;
    uint64_t pauses_dropped;
    // After trace_states_finish:
    VEC(struct trace_group) group; // most goroutine time (without waiting) first
    VEC(struct trace_stuck) stuck;
    uint64_t n_stuck; // of which TRACE_STUCK are in `stuck`
};

void trace_states_init(struct trace_states *s, const struct gotrace_tables *tables);
void trace_states_event(struct trace_states *s, const struct gotrace_event *ev);
// Of s->wake, the `wakes` most frequent come to stand first, most frequent first; SIZE_MAX: all do.
void trace_states_finish(struct trace_states *s, size_t wakes);
void trace_states_deinit(struct trace_states *s);

// The function a goroutine was started with; "(unknown)" if the trace does not say.
struct str trace_go_function(const struct trace_states *s, uint32_t go);
// One of the runtime's own (sweeper, scavenger, mark workers), which give way on purpose.
bool trace_go_is_runtime(const struct trace_states *s, uint32_t go);
// How the program is told it in JSON and text.
const char *trace_stuck_name(enum trace_stuck_kind k);

static inline int64_t trace_span_ns(const struct trace_states *s)
{
    return s->last_ns - s->first_ns;
}

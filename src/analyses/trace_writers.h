// SPDX-License-Identifier: Apache-2.0
// Which goroutines of an execution trace wrote maps at the same time. A trace names no map and
// records no map operation; but CPU samples and events carry stacks, and a stack that ends in the
// runtime's map write says that its goroutine was inside one. Two goroutines that were inside at
// once are a pair of sites (the first frames outside Go's distribution; writes of its own maps by
// its own goroutines are left out); whether it was one map, the code there must tell.
//
// Evidence, strongest first:
//   inside   one was off its P (preempted, made to help the collector, blocked) in the middle of
//            its write, and the other was seen in a write meanwhile
//   running  both were seen in writes at most TRACE_WRITERS_APART_MS apart, and the first has been
//            running without a break since
#pragma once

#include "analyses/trace_states.h"

enum {
    TRACE_WRITERS_RECENT = 64,   // writers looked back at
    TRACE_WRITERS_PAIRS = 4096,  // pairs of sites kept
    TRACE_WRITERS_APART_MS = 10, // between two samples of one goroutine (99 Hz … 100 Hz)
};

struct trace_writer_pair {
    const struct frame *site[2]; // same site twice: one piece of code in two goroutines
    enum map_op op[2];
    uint32_t go[2]; // the first two that were seen
    uint64_t inside, running;
    int64_t at_ns; // first seen, on the trace's clock
};

struct trace_writer {
    int64_t time;
    uint32_t go, frame; // frame: number of the site in the tables
    uint32_t runs;      // how often it had begun to run: it is inside until it runs again
    uint8_t op;
    bool inside; // off its P
};

struct trace_writers {
    const struct gotrace_tables *tables;
    const struct trace_states *states; // says who runs
    VEC(uint8_t) op;                   // by stack: enum map_op + 1, 0 = not looked at
    struct trace_writer recent[TRACE_WRITERS_RECENT];
    size_t n_recent;
    VEC(struct trace_writer_pair) pair; // after _finish: most inside first
    struct map pair_index;
    uint64_t moments; // events and samples inside a map write
    uint64_t pairs_dropped;
};

// `states` is borrowed, and gets each event before trace_writers_event does.
void trace_writers_init(struct trace_writers *w, const struct trace_states *states);
// An event whose stack may be that of a map write.
void trace_writers_look(struct trace_writers *w, const struct gotrace_event *ev);
static inline void trace_writers_event(struct trace_writers *w, const struct gotrace_event *ev)
{
    if (ev->stack == 0 || ev->by == GOTRACE_NONE) return;
    uint8_t known = ev->stack < w->op.n ? w->op.p[ev->stack] : 0;
    if (!known || map_op_writes((enum map_op)(known - 1))) trace_writers_look(w, ev);
}
void trace_writers_finish(struct trace_writers *w);
void trace_writers_deinit(struct trace_writers *w);

// SPDX-License-Identifier: Apache-2.0
// The events of an execution trace as slices of time: goroutine G was in state S from here to
// there, on P. And a timeline of them that stays small: short neighbours of one lane are put
// together, the more coarsely the longer the trace is.
#pragma once

#include "model/gotrace.h"

enum {
    TRACE_TIMELINE_SLICES = 100000, // slices kept in a timeline
    TRACE_TIMELINE_LANES = 2000,    // goroutines drawn (the first ones that did anything)
};

struct trace_slice {
    int64_t begin_ns, end_ns;   // on the trace's clock
    int64_t ns[GOTRACE_STATES]; // of each state in it: one, or more where slices were put together
    uint32_t go, by;            // by: who woke it, where it is runnable
    uint32_t reason;            // why it waits
    uint32_t stack;             // where it began to wait
    int32_t proc;               // it ran on, or -1
    uint8_t state;
};

struct trace_slicer_go {
    struct trace_slice open;
    bool exists;
};

struct trace_slicer {
    VEC(struct trace_slicer_go) go; // by goroutine index
    int64_t first_ns, last_ns;
    bool begun;
};

void trace_slicer_deinit(struct trace_slicer *s); // a zeroed struct is a new one
// Whether the event ends a slice, and which.
bool trace_slicer_event(struct trace_slicer *s, const struct gotrace_event *ev,
                        struct trace_slice *ret);
// At the end: goroutine `go`'s slice that is still open, if there is one.
bool trace_slicer_rest(const struct trace_slicer *s, uint32_t go, struct trace_slice *ret);

struct trace_lane {
    VEC(struct trace_slice) slice; // in order
};

struct trace_timeline {
    struct trace_slicer slicer;
    VEC(struct trace_lane) go; // by goroutine index, the first TRACE_TIMELINE_LANES
    VEC(struct trace_lane) proc;
    size_t slices;
    int64_t grain_ns;   // slices are put together up to this length
    uint64_t not_drawn; // slices of goroutines beyond the lanes
};

void trace_timeline_event(struct trace_timeline *t, const struct gotrace_event *ev);
void trace_timeline_finish(struct trace_timeline *t);
void trace_timeline_deinit(struct trace_timeline *t); // a zeroed struct is a new one

// SPDX-License-Identifier: Apache-2.0
// Internal to the gotrace decoder: the format of Go 1.11 to 1.21. gotrace_v1_read.c reads the whole
// trace and merges the Ps' streams, gotrace_v1.c checks the goroutines' states and turns the events
// into those of the model.
#pragma once

#include "decoders/gotrace_in.h"

// Wire types, as in runtime/trace.go of go1.19 and go1.21.
enum v1_type {
    V1_NONE,
    V1_BATCH,
    V1_FREQUENCY,
    V1_STACK,
    V1_GOMAXPROCS,
    V1_PROC_START,
    V1_PROC_STOP,
    V1_GC_START,
    V1_GC_DONE,
    V1_STW_START,
    V1_STW_DONE,
    V1_SWEEP_START,
    V1_SWEEP_DONE,
    V1_GO_CREATE,
    V1_GO_START,
    V1_GO_END,
    V1_GO_STOP,
    V1_GO_SCHED,
    V1_GO_PREEMPT,
    V1_GO_SLEEP,
    V1_GO_BLOCK,
    V1_GO_UNBLOCK,
    V1_GO_BLOCK_SEND,
    V1_GO_BLOCK_RECV,
    V1_GO_BLOCK_SELECT,
    V1_GO_BLOCK_SYNC,
    V1_GO_BLOCK_COND,
    V1_GO_BLOCK_NET,
    V1_GO_SYS_CALL,
    V1_GO_SYS_EXIT,
    V1_GO_SYS_BLOCK,
    V1_GO_WAITING,
    V1_GO_IN_SYSCALL,
    V1_HEAP_ALLOC,
    V1_HEAP_GOAL,
    V1_TIMER_GOROUTINE,
    V1_FUTILE_WAKEUP,
    V1_STRING,
    V1_GO_START_LOCAL,
    V1_GO_UNBLOCK_LOCAL,
    V1_GO_SYS_EXIT_LOCAL,
    V1_GO_START_LABEL,
    V1_GO_BLOCK_GC,
    V1_ASSIST_START,
    V1_ASSIST_DONE,
    V1_TASK_CREATE,
    V1_TASK_END,
    V1_REGION,
    V1_LOG,
    V1_CPU_SAMPLE,
    V1_COUNT,
};

// How the running goroutine leaves its P with an event, if it does.
enum v1_leave { V1_STAYS, V1_ENDS, V1_STOPS, V1_WAITS, V1_YIELDS };
enum v1_leave v1_leave_by(uint8_t type);
enum { V1_HEADER_BYTES = 16 }; // before what v1_event.offset counts from

// An event; goroutines by their index in the tables, or GOTRACE_NONE.
struct v1_event {
    int64_t time;   // ticks; as v1_next gives it ns since the first event
    uint32_t go;    // that ran
    uint32_t other; // that it names
    uint32_t stack; // of the tables
    uint32_t value; // GoCreate: stack of the new one; STWStart: kind; CPUSample: P
    uint32_t offset;
    uint16_t proc; // index into v->proc; not of a CPUSample
    uint8_t type;
    bool blocked; // GoSysCall: it lost its P
};
_Static_assert(GOTRACE_V1_BYTES <= UINT32_MAX, "v1_event.offset");

struct v1_reader;

struct v1_go {
    uint64_t seq;   // the merge's: of the last event that named it
    uint32_t stack; // where it begins
    uint8_t merged; // the merge's: its state there
    uint8_t state;
    bool untold; // it was there when the trace began; no event has said more yet
};

struct gotrace_v1 {
    bool over;
    struct v1_reader *reader; // NULL until the first events are asked for
    VEC(int32_t) proc;        // what Go calls the Ps
    VEC(struct v1_go) go;     // parallel to tables->goroutine, those that events have named
    struct v1_state *state;
    struct gotrace_event *queue; // what is being read
    unsigned queue_n;
    int64_t last_time;
};

// Reads all of the trace into memory, and what is needed to find the order of its events. What is
// wrong is noted as a break; the events before it stay.
struct v1_reader *v1_read(struct gotrace *t, struct gotrace_v1 *v);
// The next event, until the next call; NULL at the end or at a break.
const struct v1_event *v1_next(struct v1_reader *r);
void v1_reader_destroy(struct v1_reader *r); // takes NULL

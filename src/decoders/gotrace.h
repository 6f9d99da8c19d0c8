// SPDX-License-Identifier: Apache-2.0
// Reads Go execution traces of Go 1.11 to 1.27 (docs/formats/gotrace.md) and gives their events in
// one consistent order.
//
//     struct gotrace_tables tables;
//     gotrace_tables_init(&tables);
//     struct gotrace *t;
//     ERR_TRY(gotrace_open(&(struct gotrace_source) { read, arg, name }, &tables, &t));
//     for (const struct gotrace_event *ev; (ev = gotrace_next(t));) use(ev, &tables);
//     if (gotrace_broke(t)) …
//     gotrace_close(t), gotrace_tables_deinit(&tables);
//
// Order: each thread's (before 1.22: each P's) own order is kept; between them, sequence numbers of
// goroutines and Ps decide, and the timestamps only where those leave a choice. A trace that cannot
// be brought into such an order is broken there.
//
// Memory: traces of 1.22 and later are read one generation (about a second) at a time, older ones
// whole (that format keeps its stacks at the end). Limits below; over one, the trace counts as
// broken at that place.
#pragma once

#include "base/err.h"
#include "model/gotrace.h"

enum {
    GOTRACE_BATCH_BYTES = 64 << 10,     // one batch, 1.22+ (the runtime's own limit)
    GOTRACE_STRING_BYTES = 1 << 10,     // one string, 1.22+ (the runtime's own limit)
    GOTRACE_V1_STRING_BYTES = 1000000,  // one string, before 1.22
    GOTRACE_V1_FRAMES = 1000,           // frames of one stack, before 1.22
    GOTRACE_GENERATION_BYTES = 1 << 29, // event data of one generation, 1.22+
    GOTRACE_V1_BYTES = 512 << 20,       // a whole trace before 1.22
    GOTRACE_TABLE_BYTES = 1 << 30,      // strings, stacks and goroutines of the whole trace
    GOTRACE_GOROUTINES = 8 << 20,       // goroutines of the whole trace
    GOTRACE_THREADS = 1 << 14,          // threads (Ms) of the whole trace
    GOTRACE_PROCS = 1 << 16,            // Ps of the whole trace
    GOTRACE_RANGES_OPEN = 1 << 10,      // ranges begun and not ended at one time
    GOTRACE_READ_EVENTS = 1 << 11,      // events that are given at once
    GOTRACE_TRIES = 1 << 24,     // tries of events that cannot come yet, of the whole trace …
    GOTRACE_TRIES_EACH = 1 << 8, // … and so many more for each event that could
};

#define GOTRACE_TIME_MAX (INT64_MAX / 2) // ns, on the trace's clock: 146 years after its zero

// Where the bytes come from: up to n bytes, as many as are at hand; *ret_n is 0 at the end only.
struct gotrace_source {
    struct err *(*read)(void *arg, void *p, size_t n, size_t *ret_n);
    void *arg;
    const char *name; // for messages
};

// Why a trace could not be read to its end.
struct gotrace_break {
    uint64_t offset; // in the trace's bytes
    const char *why;
};

struct gotrace;

// Reads the header. ERR_INPUT: not an execution trace, or of a version that is not known.
// `tables` is borrowed and must outlive the reader.
struct err *gotrace_open(const struct gotrace_source *source, struct gotrace_tables *tables,
                         struct gotrace **ret) ERR_MUST_USE;
// The next events: how many; 0 at the end of the trace or where it is broken.
size_t gotrace_read(struct gotrace *t, struct gotrace_event ret[GOTRACE_READ_EVENTS]);
// Whether the next gotrace_read reads input and adds to the tables' strings, frames and stacks
// (otherwise it only adds goroutines).
bool gotrace_loads(const struct gotrace *t);
// The next event alone, until the next call, or NULL; not to be mixed with gotrace_read.
const struct gotrace_event *gotrace_next(struct gotrace *t);
// The first thing that was wrong, or NULL. Valid at any time: from a generation that was cut short
// events still come (with what its missing tables would have said left out).
const struct gotrace_break *gotrace_broke(const struct gotrace *t);
int gotrace_version(const struct gotrace *t);    // 11, 19, 21, 22, 23, 25, 26: as the header says
uint64_t gotrace_bytes(const struct gotrace *t); // read so far
void gotrace_close(struct gotrace *t);           // takes NULL

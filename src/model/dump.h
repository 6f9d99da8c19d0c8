// SPDX-License-Identifier: Apache-2.0
// Goroutines as a dump shows them: one small record each, stacks kept once a group. A million
// goroutines fit in about 100 MB.
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"

enum {
    DUMP_ARGS = 4,           // argument words kept of a goroutine's first user frame
    DUMP_CHUNK = 1 << 14,    // goroutines a chunk
    DUMP_NONE = 0xffffffffu, // no frame
    DUMP_RACES_MAX = 1000,   // race reports kept; the rest is counted only
};

struct dump_frame {
    struct str function, file;
    uint32_t line; // 0 = unknown
};

// Goroutines with the same state, stack and creator's call site.
struct dump_group {
    uint32_t state;        // index of dump.state
    uint32_t creator;      // frame, or DUMP_NONE
    const uint32_t *stack; // frames, innermost first; owned by the dump's arena
    uint32_t n_stack;
    bool unavailable; // "running on other thread; stack unavailable"
    bool elided;      // "…frames elided…"
    uint64_t count;
    uint64_t hash;
};

struct dump_goroutine {
    uint64_t id;     // 0 = not told (debug=1)
    uint64_t parent; // 0 = not told (before 1.21)
    uint32_t group;
    uint32_t count; // of goroutines that this record stands for (debug=1), else 1
    uint32_t wait_minutes;
    uint32_t dump; // which of several in the input: ids are only unique within one
    bool locked;   // to its thread
    bool torn;     // it changed while its memory was read: state and stack may not belong together
    bool sampled;  // it was running: the stack is where a sampler saw it a moment before
    uint8_t n_args;
    uint64_t arg[DUMP_ARGS];
    const char *arguments; // one text a frame, joined by '\n'; NULL unless asked to keep them
};

// One side of a race detector's report.
struct dump_race_side {
    struct str op; // "write", "read", "previous write", …
    uint64_t address, goroutine;
    uint32_t group;
};

struct dump_race {
    struct dump_race_side side[2];
    uint32_t n;
};

// Where a dump comes from that was read from a live process's memory.
struct dump_process {
    int pid;
    const char *exe, *go, *start_time; // start_time: RFC 3339
    uint64_t torn, sampled, without_stack,
        system; // of the goroutines; system ones are not in the dump
    double took_s;
};

// How sure it is that a fatal error is in the dump whose line is missing.
enum dump_sure {
    DUMP_CERTAIN,
    DUMP_PROBABLE, // two goroutines were at one function or object at that instant
    DUMP_POSSIBLE, // it begins as such an error does, and as other things do too
};

struct dump {
    struct arena arena;
    VEC(struct dump_frame) frame;
    VEC(struct str) state;
    VEC(struct dump_group) group;
    VEC(struct dump_goroutine *) chunk;
    VEC(struct dump_race) race;
    size_t n;            // records
    uint64_t goroutines; // records weighed by their count
    uint64_t bytes, lines, lines_not_understood, races;
    uint64_t lines_too_long;    // of which only the beginning was read
    uint64_t merged;            // goroutines whose stack was shortened to bound memory
    uint64_t not_kept;          // goroutines counted in their group only: not listed, not ranked
    uint64_t arguments_dropped; // goroutines whose arguments were not kept
    uint64_t placeless;         // frames whose place is missing
    uint64_t disorder;          // frames that came after their goroutine's creator
    const struct dump_process *process; // NULL: it is a text
    uint32_t dumps;                     // dumps in the input, as far as they can be told apart
    uint32_t recovered;                 // … that are of panics which did not end the process
    struct str fatal;                   // text of the fatal error or "panic: …"; p NULL = none
    uint64_t fatal_goroutine;
    size_t fatal_record; // index of its record, n if there is none
    enum dump_sure fatal_sure;
    bool truncated, runtime_frames_seen;
};

static inline struct dump_goroutine *dump_at(const struct dump *d, size_t i)
{
    return &d->chunk.p[i / DUMP_CHUNK][i % DUMP_CHUNK];
}

static inline const struct dump_group *dump_group_of(const struct dump *d, size_t i)
{
    return &d->group.p[dump_at(d, i)->group];
}

// Index in the group's stack of the first frame that is not the runtime's; of the first outside the
// standard library if `user`. n_stack if there is none.
size_t dump_first_frame(const struct dump *d, const struct dump_group *g, bool user);
// The frame that says where a group is: the first outside the standard library, else outside the
// runtime; NULL if there is none. Of the goroutine that died of a panic: where that was raised, not
// the deferred functions that ran, or panicked again, on its way out.
const struct dump_frame *dump_user_frame(const struct dump *d, const struct dump_group *g);
// Whether a fatal text is one of the runtime's five about maps.
bool dump_fatal_is_map(struct str text);
// What may leave the machine of a fatal text: those five alone, whatever stands around them.
// Static; empty = nothing of it.
struct str dump_fatal_public(struct str text);
// How often its process died, or was asked for its goroutines by SIGQUIT; 0 without a fatal text.
uint64_t dump_crashes(const struct dump *d);
const char *dump_sure_name(enum dump_sure s); // as JSON says it
void dump_deinit(struct dump *d);

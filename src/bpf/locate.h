// SPDX-License-Identifier: Apache-2.0 OR BSD-2-Clause
// Records and tables that the BPF programs of `locate` share with user space. All layouts are fixed
// by the assertions at the end. Times are CLOCK_MONOTONIC in ns, addresses those of the target.
#pragma once

#if defined(__bpf__) || defined(HOST_TEST)
#include "bpf/kernel.h"
#else
#include <linux/types.h>
#endif

enum {
    EVENT_FRAMES = 32,    // return addresses kept of one stack
    EVENT_KEY_BYTES = 32, // bytes kept of a key
    CANDIDATES_MAX = 64,  // maps that are guarded and held at, at a time
    CANDIDATE_DONE_MAX = 8,
    SITES_MAX = 1024,   // call sites that are probed at a time
    RETURNS_MAX = 1024, // instructions after those calls
    FUNCTIONS_MAX = 32, // map functions that are probed whole
    RINGBUF_BYTES = 1 << 23,
    POSTPONE_NS = 100000,      // a hold goes on for at least this long after an arrival
    HOLD_HARD_NS = 2000000,    // and ends at the latest this long after its start
    GUARD_LIMIT_NS = 20000000, // how long an access waits for the guard's owner
    LEAVING_NS = 200000000, // how long a goroutine may take from the end of its hold to its access
    GUARD_EXPIRE_NS = 40000000, // an owner that did not come back by then has lost it
};

enum event_kind {
    EVENT_ACCESS = 1, // an access, seen at the function (discovery) or at a call site
    EVENT_HOLD,       // the access that is held from now on
    EVENT_ARRIVAL,    // an access to the held map by another goroutine
    EVENT_HOLD_END,   // no stack; `key_value` is the time held in ns, `fn` the reason
    EVENT_LATE, // the same after the hold, before the held one has gone on: EVENT_ENTERED proves it
    EVENT_ENTERED, // the held one goes on; no stack
    EVENT_INSIDE,  // an access that finds the guard's owner inside the map, the flag seen set
    EVENT_FATAL,   // the runtime aborts
    EVENT_SAMPLE,  // a CPU sample: instruction, caller by frame pointer, word on top of the stack
};

enum hold_end {
    HOLD_END_CLOCK,
    HOLD_END_LET_GO,  // asked for by user space
    HOLD_END_STW,     // a stop-the-world or forEachP began
    HOLD_END_PREEMPT, // the goroutine is asked to stop
    HOLD_END_FATAL,
    HOLD_END_REASONS,
};

// Where a probe stands and what is in the registers there: the attach cookie.
enum map_arg {
    MAP_ARG_BX,   // f(type, map, …)
    MAP_ARG_AX,   // f(map, type, …)
    MAP_ARG_ITER, // f(iterator): the map's pointer is a field of it
};
enum key_arg {
    KEY_ARG_NONE,
    KEY_ARG_U32, // the value in CX
    KEY_ARG_U64, // the value in CX
    KEY_ARG_STR, // pointer in CX, length in DI
    KEY_ARG_PTR, // a pointer to the key in CX
};

#define COOKIE_INDEX(c)     ((__u32)(c))               // of the function or the call site
#define COOKIE_OP(c)        ((__u32)((c) >> 32) & 0xf) // enum map_op
#define COOKIE_MAP_ARG(c)   ((__u32)((c) >> 36) & 0x3)
#define COOKIE_KEY_ARG(c)   ((__u32)((c) >> 38) & 0x7)
#define COOKIE_JBE(c)       ((__u32)((c) >> 41) & 0x1)   // at the stack check's branch
#define COOKIE_GUARD(c)     ((__u32)((c) >> 42) & 0x1)   // the guard is taken here
#define COOKIE_DISCOVER(c)  ((__u32)((c) >> 43) & 0x1)   // maps that are no candidates are told of
#define COOKIE_RSP_DELTA(c) ((__u32)((c) >> 44) & 0xfff) // of the return address from rsp
#define COOKIE(index, op, map_arg, key_arg, jbe, guard, discover, delta)                           \
    ((__u64)(__u32)(index) | (__u64)(op) << 32 | (__u64)(map_arg) << 36 | (__u64)(key_arg) << 38 | \
     (__u64)(jbe) << 41 | (__u64)(guard) << 42 | (__u64)(discover) << 43 | (__u64)(delta) << 44)

struct event {
    __u64 time_ns;
    __u64 map, type; // type: 0 where the registers do not hold it (iteration steps)
    __u64 g, goid, parent, gopc;
    __u64 seed;          // the map's hash seed: changes when the map is another one or emptied
    __u64 hold;          // number of the hold it belongs to, 0 = none
    __u64 key_value;     // integer key, or length of a string key
    __u32 tid, fn, site; // indexes of user space's tables; site NO_SITE at a function probe
    __u8 kind, op, key_arg, n_pcs;
    __u8 flag; // the writing flag was seen set
    __u8 key_bytes, on_call, pad[5];
    char key[EVENT_KEY_BYTES];
    __u64 pc[EVENT_FRAMES]; // return addresses, innermost first
};
#define NO_SITE 0xffffffffu
// In the table of return addresses: the call stands inside a map function, which only passes on to
// the one that does the work.
#define RETURN_IN_WRAPPER 0xfffffffeu

// A map that is guarded and held at. User space writes the first block, BPF the second.
struct candidate {
    __u64 map;
    __u64 hold_ns;  // length of the next hold, 0 = none
    __u64 pause_ns; // from the end of a hold here to the next here
    __u32 guard;    // the guard is on
    __u32 n_done;
    __u64 emit_mask;                // an access is told of when its number has none of these bits
    __u32 done[CANDIDATE_DONE_MAX]; // sites of pairs that are proven: never held at again

    __u64 owner, owner_since; // the guard: g, 0 = free
    __u64 inside_unknown;     // until then an access that takes no part in the guard may be inside
    __u64 told; // g whose latest access here was told of: if it is inside, by that one
    __u64 next_hold;
    __u64 accesses, holds, held_ns, arrivals;
    __u64 waited, waited_ns; // accesses that waited >1 µs for the guard
    __u64 over, stolen;      // waited in vain; took a guard whose owner did not come back
    // Whose hold has ended and who has not yet been seen at the callee's entry: still before its
    // access.
    __u64 leaving, leaving_hold, leaving_since, leaving_ret; // the last: where its call returns to
};

struct site {
    __u64 hold_ok; // written by user space
    __u64 hits, holds;
};

enum drop {
    DROP_RINGBUF,    // no room for an event
    DROP_UNREADABLE, // memory of the target that could not be read
    DROP_INSIDE,     // the table of owners was full
    DROP_KINDS,
};

struct counters { // one a CPU
    __u64 hits_entry, hits_call, hits_return, hits_other;
    __u64 on_stack; // accesses to maps on the accessor's own stack
    __u64 dropped[DROP_KINDS];
    __u64 samples, calibrations;
    __u64 hits_function[FUNCTIONS_MAX];
};

_Static_assert(sizeof(struct event) == 80 + 24 + 32 + EVENT_FRAMES * 8, "wire layout");
_Static_assert(sizeof(struct candidate) == 22 * 8 + CANDIDATE_DONE_MAX * 4, "wire layout");
_Static_assert(sizeof(struct site) == 24, "wire layout");
_Static_assert(sizeof(struct counters) == 80 + FUNCTIONS_MAX * 8, "wire layout");

// SPDX-License-Identifier: Apache-2.0
// The BPF side of `locate`: loads the programs, attaches them to one process, reads the events.
// The links are owned by a child (uprobe_keeper.h), the rest by descriptors of this process: when
// it dies, however, nothing is left behind.
//
// Order: probes_open → probes_attach… → probes_poll… → probes_detach → probes_close. The caller
// must not attach or detach while a hold is on: probes_quiet() ends holds and waits for that.
#pragma once

#include "base/err.h"
#include "bpf/locate.h"
#include "sources/uprobe_links.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct probes;

// What the programs must know of the target.
struct probes_config {
    pid_t pid;
    uint32_t g_m, g_goid, g_parent, g_gopc, g_preempt_stop, g_stack_lo;
    uint32_t m_g0, m_locks, m_mallocing;
    uint32_t map_flag, map_flag_mask, map_seed, map_seed_bytes, iter_map;
    uint64_t write_barrier; // address of runtime.writeBarrier, 0 = unknown
    bool unguarded_holds;   // for the series that shows what the guard is worth, only
    bool single;            // one link a point even where uprobe_multi works (for tests)
};

// Points that may be attached at a time where each takes a link of its own: such a link takes the
// kernel about 0.1 s to take off, one after the other (bench/results/links.jsonl).
enum { PROBES_SINGLE_MAX = 64 };

// Fails with ERR_CANNOT and what to do: no permission, no BPF, no BTF, lockdown, a kernel too old.
struct err *probes_open(const struct probes_config *config, struct probes **ret) ERR_MUST_USE;
void probes_close(struct probes *p);

enum probe_program {
    PROBE_CALL,
    PROBE_ENTRY,
    PROBE_RETURN,
    PROBE_STOP,
    PROBE_FATAL,
    PROBE_PROGRAMS
};

// All points in one link where uprobe_multi works, else a link each, at most probes_room() of them.
// May be called several times; probes_detach() drops all of a program's. After an error some may be
// attached.
struct err *probes_attach(struct probes *p, enum probe_program program,
                          const struct probe_point *points, size_t n) ERR_MUST_USE;
void probes_detach(struct probes *p, enum probe_program program);
size_t probes_attached(const struct probes *p, enum probe_program program); // points
size_t probes_room(const struct probes *p); // points that may still be attached; SIZE_MAX = any
// NULL where uprobe_multi is used: the kernel has it, and a self-test with two threads passed (pid
// filters before 6.10 drop all threads but one). Else why single uprobes are used.
const char *probes_why_single(const struct probes *p);

// CPU samples of the target, hz a CPU. Stopped by probes_stop_sampling.
struct err *probes_start_sampling(struct probes *p, unsigned hz) ERR_MUST_USE;
void probes_stop_sampling(struct probes *p);

// Waits `wait_ms`, then hands the events that have come to fn.
struct err *probes_poll(struct probes *p, int wait_ms, void (*fn)(void *arg, const struct event *e),
                        void *arg) ERR_MUST_USE;

// Tables that both sides write, mapped.
struct candidate *probes_candidates(struct probes *p); // CANDIDATES_MAX
struct site *probes_sites(struct probes *p);           // SITES_MAX
struct err *probes_set_candidate(struct probes *p, uint64_t map, uint32_t index) ERR_MUST_USE;
void probes_drop_candidate(struct probes *p, uint64_t map);
struct err *probes_set_return(struct probes *p, uint64_t addr, uint32_t site) ERR_MUST_USE;
void probes_clear_returns(struct probes *p);

// Control.
void probes_set_accesses(struct probes *p, bool on);
// gap_factor: a hold is followed by this many times its length without one; total_ns: all holds
// together must not pass this.
void probes_set_holds(struct probes *p, bool on, uint64_t gap_factor, uint64_t total_ns);
// Asks the hold that is on to end, waits until it has (a few µs; on a busy host as long as the held
// thread finds no CPU, 2 s at most). Holds stay off.
void probes_quiet(struct probes *p);
bool probes_holding(const struct probes *p);
// Waits until ns have gone by since the last hold ended: a thread that was held may be preempted on
// its way back, and both sides must still find the guard.
void probes_settle(const struct probes *p, uint64_t ns);
uint64_t probes_last_hold_ns(const struct probes *p); // when that was, 0 = never

struct probes_totals {
    uint64_t hits_entry, hits_call, hits_return, hits_other, samples;
    uint64_t hits_function[FUNCTIONS_MAX];
    uint64_t on_stack;
    uint64_t dropped[DROP_KINDS];
    uint64_t holds, held_ns, hold_ends[HOLD_END_REASONS];
    uint64_t stops, fatals;
    uint64_t bpf_ns,
        bpf_runs; // the kernel's own statistics of our programs, holds and waits included
};
void probes_totals(const struct probes *p, struct probes_totals *ret);

// What a hit costs on this host, ns, measured on a function of our own: at an instruction that the
// kernel emulates, and at one that it single-steps; and what of it the kernel's own statistics say
// is the BPF program (0 = they are off). Takes about 60 ms.
struct err *probes_calibrate(struct probes *p, double *ret_emulated_ns, double *ret_stepped_ns,
                             double *ret_program_ns) ERR_MUST_USE;

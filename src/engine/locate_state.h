// SPDX-License-Identifier: Apache-2.0
// What the parts of locate share while it runs. Internal to the engine.
#pragma once

#include "analyses/sharing.h"
#include "base/vec.h"
#include "engine/locate.h"
#include "engine/source_files.h"
#include "engine/target.h"
#include "sources/probes.h"

enum {
    LAYOUT_LOOKS_MIN = 8,   // accesses before the self-check says anything
    HOLDS_KEPT = 256,       // accesses of the latest holds, by number
    OWNERS_KEPT = 4096,     // latest access of each goroutine to a candidate
    OVERLAPS_MAX = 64,      // pairs proven in one run
    HOLDS_MIN = 100,        // holds at a map before it may be withdrawn
    CANDIDATES_ACTIVE = 4,  // maps that are held at, at a time
    WITHDRAW_LOCKED = 5,    // arrivals that should have come under holds and did not, where
    WITHDRAW_UNLOCKED = 12, // every path to the map takes a lock, and where one does not
    HOLD_SHORTEST_NS = 100000,
    GUARD_LINGER_NS = 60000000, // the guard stays for this long after the last hold
    OTHER_PAIRS_NS = 500000000, // after the first pair of a map, for its other sites
};

// A map that is guarded and held at.
struct trial {
    uint64_t map;
    uint32_t index; // in the BPF table of candidates
    bool active, proven, withdrawn;
    uint64_t proven_ns;                        // when the first pair was
    bool retired;                              // settled, but guarded until the window closes
    uint32_t n_done, done[CANDIDATE_DONE_MAX]; // sites of pairs that are proven
    bool unguardable;   // a function that touches it is too hot to be probed whole
    uint64_t asleep_ns; // its last access, where a window waited for the next in vain
    double weight;      // share of the hold budget
    uint64_t holds, held_ns, arrivals;
    double expected;   // arrivals that were to be expected in that time
    double enough;     // as many expected in vain, and it is withdrawn
    double rate;       // accesses a second while windows were open
    uint64_t accesses; // counted at its call sites in the kernel; not all are told of one by one
    uint64_t accesses_before; // of them in earlier windows
    uint64_t accesses_then, open_ns_then;
};

struct overlap {
    struct access side[2]; // the held (or inside) one first
    uint64_t map;
    bool inside; // the flag was seen set, nothing was held
    uint64_t count, first_ns;
    uint64_t holds, held_ns, arrivals; // on this map until the proof
    double expected;
};

struct call_site {
    const struct gobin_call *call;
    const struct map_func *func;
    bool wanted; // in the next window
    bool of_hot; // stands for a function that is too hot to be probed whole
};

struct locate {
    const struct locate_options *o;
    struct log *log;
    struct target *t;
    struct probes *p;
    struct sharing *sharing;
    struct report *report;
    struct source_files sources;
    unsigned named; // maps for whose names the source was asked

    uint64_t start_ns, deadline_ns;
    uint64_t open_since_ns, open_ns, closed_ns; // of the window
    bool discovering; // maps that nobody knows are looked for, with costly functions as well
    uint64_t windows; // opened so far
    double cost_at_open_ns;
    double site_rate; // of a core: what the call sites took while the last one was open
    uint64_t site_hits_at_open;
    uint64_t detach_ns;    // what switching it off took the last time
    size_t n_wanted;       // call sites, when it was opened
    size_t sites_left_out; // of them for want of room, at most
    bool open, holding_allowed;
    double ns_emulated, ns_stepped, ns_program; // of one hit; the last is in the first two
    struct probes_totals totals;
    double cost_ns;
    double waits_before_ns; // for the guard, at candidates that others have taken the place of
    uint64_t returns_emulated, returns_all;

    VEC(struct trial) trials; // every map that ever was one
    struct call_site site[SITES_MAX];
    uint32_t n_sites;
    struct map site_of_call; // address of the call → index in site + 1
    struct map hot_calls;    // address of the call → CPU samples in it

    struct access hold[HOLDS_KEPT];
    uint64_t hold_seq[HOLDS_KEPT];
    struct access late[HOLDS_KEPT]; // who came after the hold, until the held one is seen to go on
    uint64_t late_seq[HOLDS_KEPT];
    struct map owner_slot; // g → index in owner
    struct access *owner;
    uint32_t n_owners;
    VEC(struct overlap) overlaps;
    uint64_t overlaps_lost, holds_lost;
    uint64_t idle_then, idle_looked_ns, busy_since_ns; // the host's room
    bool no_room;
    double runnable; // threads that run or wait for a CPU, smoothed
    double wait_ns;  // that the target's threads wait for a CPU each time, smoothed
    uint64_t waited_ns, waited_times; // as proc_cpu_wait gave them last
    bool overloaded;     // so many that an access under the guard may not be resumed in time
    bool was_overloaded; // at any time while it looked
    bool fatal_seen;
    struct map g_of; // goroutine id → g, for the self-check of the layout
    uint64_t layout_looked, layout_bad;
    int lock_fd;    // the host-wide lock on holds
    int lock_errno; // why its file cannot be opened, 0 = it can
    uint64_t busy_lock_ns;
    const char *ended;
};

// locate_windows.c: probes on, probes off, within the budget.
struct err *windows_sample(struct locate *l) ERR_MUST_USE; // marks hot functions and calls
struct err *windows_step(struct locate *l) ERR_MUST_USE;   // opens, widens or closes
void windows_close(struct locate *l);
bool windows_too_hot(const struct locate *l, const struct gobin_call *c); // to be probed
double windows_cost_ns(struct locate *l);                                 // so far, of all hits
double windows_program_ns(struct locate *l); // of it the BPF programs, without holds and waits
// What guarding this map takes while a window is open, as a share of a core, beyond what every map
// does (functions for any key): all functions of its family, whatever map they touch, but for those
// that are marked in others[MAP_FUNCS_MAX]; they are marked, too. 0 where it is not known yet.
double windows_guard_cost(struct locate *l, const struct sharing_map *m, bool *others);
// The function that an access of this map went through; NULL if it is not known.
const struct map_func *windows_func_of(struct locate *l, const struct sharing_map *m,
                                       uint32_t site);

// locate_trials.c: which maps are held at, for how long; what came of it.
void trials_on_event(void *arg, const struct event *e);
struct err *trials_step(struct locate *l) ERR_MUST_USE;
bool trials_open(struct locate *l);        // is any map still to be decided?
bool trials_want_change(struct locate *l); // would others be held at, chosen anew?
void trials_choose(struct locate *l);      // chooses them; only while no window is open
void trials_rest(struct locate *l);        // after a window: which of them were not touched in it
struct err *trials_check_layout(const struct locate *l) ERR_MUST_USE; // wrong: ERR_CANNOT
bool trials_settled(const struct locate *l); // is every map with a finding done with?
bool looks_locked_everywhere(struct target *t, const struct sharing_map *m);
struct trial *trial_of(struct locate *l, uint64_t map);

// locate_report.c
void report_fill(struct locate *l);

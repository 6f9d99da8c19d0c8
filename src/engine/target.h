// SPDX-License-Identifier: Apache-2.0
// A live Go process: its binary read, its map functions and their callers found, the places where
// they may be probed, and names for whatever addresses come back.
#pragma once

#include "base/arena.h"
#include "base/log.h"
#include "base/map.h"
#include "bpf/locate.h"
#include "decoders/gobin.h"
#include "decoders/gotype.h"
#include "model/access.h"
#include "sources/proc.h"

// An entry of the runtime's map code, and how it is called.
struct map_func {
    const char *name;
    enum map_op op;
    enum map_arg map_arg;
    enum key_arg key_arg;
    char family; // small keys have variants: 's' string, '4' and '8' bytes; 0 = any key
    bool inner;  // called by the others only: the guard stands here, discovery does not
    bool guard;  // does the work itself; false for one that only passes on to another of these
    struct gobin_func func;
    struct gobin_probe probe;
    uint64_t offset; // of the probe point, in the file
    bool hot;        // the sampler saw it often: never probed whole
    uint32_t samples;
    bool guards,
        discovers; // in the window that is open: probed for candidates, telling of all maps
    uint64_t whole_ns, whole_hits, looked_ns; // in earlier windows: probed, telling of all maps
    uint64_t look[2]; // when the latest two windows in which it discovered were opened, 0 = not yet
};

// May it find maps that nobody knows yet? What does not write only helps to guard and to see who
// comes.
static inline bool map_func_finds(const struct map_func *f)
{
    return map_op_writes(f->op) && !f->inner;
}

// May it be probed whole: neither too hot, nor with its first instruction as the only point?
static inline bool map_func_may_be_whole(const struct map_func *f)
{
    return !f->hot && f->probe.kind != GOBIN_PROBE_FIRST;
}

enum { MAP_FUNCS_MAX = FUNCTIONS_MAX, STOP_POINTS_MAX = 8, LOCK_FUNCS_MAX = 16 };

struct target {
    struct proc proc;
    uint64_t exec_mark; // changes at an exec
    int pidfd;
    void *bytes; // the binary, mapped
    size_t n_bytes;
    struct gobin *bin;
    const struct gobin_info *info;
    struct golayout layout;
    uint64_t bias; // run-time address = link-time address + bias
    struct map_func func[MAP_FUNCS_MAX];
    size_t n_funcs;
    struct gobin_calls calls;                               // to the map functions, by address
    uint64_t stop[STOP_POINTS_MAX], fatal[STOP_POINTS_MAX]; // file offsets
    size_t n_stop, n_fatal;
    uint64_t write_barrier;        // run-time address, 0 = unknown
    int32_t gomaxprocs;            // 0 = unknown
    struct arena arena;            // names and frames
    struct map types;              // type address → struct str *
    struct map key_types;          // type address → struct gotype *, kind 0 = cannot be read
    uint64_t lock[LOCK_FUNCS_MAX]; // entries of functions that take a lock
    size_t n_locks;
    uint64_t unlock[LOCK_FUNCS_MAX]; // and that give it back
    size_t n_unlocks;
    struct map
        locked_at; // address in a function → whether code before it takes a lock and keeps it
};

// ERR_CANNOT with what to do: no such process, not Go, Go too old, traced, unreadable, a wrong
// layout row (the self-check on live data refuses).
struct err *target_open(pid_t pid, struct log *log, struct target **ret) ERR_MUST_USE;
// The same for reading memory only: without map functions and their callers, so much sooner.
struct err *target_open_memory(pid_t pid, struct log *log, struct target **ret) ERR_MUST_USE;
void target_close(struct target *t);

// Is it still the same process running the same program? Else why not ("exited", "exec").
bool target_alive(const struct target *t, const char **ret_why);
// Reads its GOMAXPROCS again: a program may change it, from 1.25 the runtime does by itself.
void target_read_procs(struct target *t);

// The call to a map function that returns to a run-time address; NULL if none is known.
const struct gobin_call *target_call_of(const struct target *t, uint64_t return_address);
// Does the call stand inside a map function?
bool target_call_is_inner(const struct target *t, const struct gobin_call *c);
// The map function that starts at a link-time address.
const struct map_func *target_func_at(const struct target *t, uint64_t entry);

// Frames of run-time return addresses, innermost first, inlined ones included.
void target_frames(struct target *t, const uint64_t *pcs, size_t n, struct arena *a,
                   struct stack *ret);
// Is a lock taken and not given back, as far as the code shows, in a function on the way to this
// access? A hint for where to look first, nothing more.
bool target_looks_locked(struct target *t, const struct access *a);
// Does the function that makes this access belong to the standard library?
bool target_access_is_std(struct target *t, const struct access *a);
// "map[string]int" of a type descriptor's run-time address; empty if it cannot be read.
struct str target_type_name(struct target *t, uint64_t type);
// What the keys of a map type are; false if it cannot be read.
bool target_key_type(struct target *t, uint64_t type, struct gotype *ret);
// "main.cache" if a package variable holds the map's address; empty otherwise.
struct str target_map_name(struct target *t, uint64_t map, struct arena *a);

// Looks once at a Go process without keeping it open, for lists. go: its version, "" if not Go.
struct go_process {
    struct proc proc;
    char go[48];
    char why_not[160]; // empty = can be attached to
};
bool target_peek(pid_t pid, struct go_process *ret); // false: not a Go program or not readable

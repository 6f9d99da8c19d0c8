// SPDX-License-Identifier: Apache-2.0
// The goroutines of a Go process that runs on while it is read: from its memory alone, without
// stopping it. runtime.allgs leads to every g; what a parked one, or one in a system call, has
// saved of itself (pc, sp) is where its stack is unwound from, through the sizes of frames in
// pclntab, up to runtime.goexit. A g is read before and after its stack: where the two differ, or
// the stack does not end in goexit, it is read again, and in the end marked torn. One that runs has
// no stack that could be read (unless the caller knows its registers).
//
//     struct golive l = { .bin = bin, .layout = &layout, .bias = bias, .read = read, .arg = &pid };
//     struct dump d = { 0 };
//     ERR_TRY(golive_read(&l, &d, &counts));
//
// Goroutines of the runtime itself are left out and counted, as Go's own dumps leave them out.
#pragma once

#include "base/err.h"
#include "decoders/gobin.h"
#include "decoders/golayout.h"
#include "model/dump.h"

enum {
    GOLIVE_GS_MAX = 1 << 24,       // goroutines, dead ones included
    GOLIVE_STACK_FIRST = 16 << 10, // bytes of a stack read at first
    GOLIVE_STACK_MAX = 1 << 20,    // … and at most, where that did not reach its end
    GOLIVE_ROUNDS = 4,             // times that a goroutine is read before it is called torn
};

// One piece of memory to be read; `ok` says whether all of it was.
struct golive_piece {
    uint64_t address;
    void *to;
    size_t n;
    bool ok;
};

struct golive {
    struct gobin *bin;
    const struct golayout *layout;
    uint64_t bias;
    uint64_t now_ns; // of CLOCK_MONOTONIC, which the runtime's waitsince is of
    void (*read)(void *arg, struct golive_piece *piece, size_t n);
    // Where a running goroutine was seen a moment ago, if the caller has a sampler; NULL = it has
    // none. The instruction, then return addresses; returns how many (≤ LIMIT_STACK_FRAMES).
    size_t (*running)(void *arg, uint64_t g, uint64_t *pcs);
    void *arg;
};

struct golive_counts {
    uint64_t bytes;         // of memory read
    uint64_t system;        // goroutines of the runtime itself
    uint64_t torn;          // changed while they were read, each time
    uint64_t sampled;       // running, with the stack that the sampler saw
    uint64_t without_stack; // running and not sampled, or their stack was being moved
};

// Fills *d (zeroed; dump_deinit it in any case). ERR_CANNOT: the list of goroutines cannot be found
// or read.
struct err *golive_read(const struct golive *l, struct dump *d,
                        struct golive_counts *ret) ERR_MUST_USE;

// SPDX-License-Identifier: Apache-2.0
// Reads an execution trace some batches of events ahead, in a thread of its own: while one batch is
// summed up, the next are decoded.
//
//     struct gotrace_ahead *a = gotrace_ahead_create(t, true);
//     size_t n;
//     for (const struct gotrace_event *ev; (ev = gotrace_ahead_read(a, &n));) use(ev, n);
//     gotrace_ahead_destroy(a);
//
// Until gotrace_ahead_read has returned NULL (or a was destroyed) the trace itself must not be
// touched, and of its tables only strings, frames and stacks may be looked at: the thread adds to
// those while nobody uses a batch, but to the goroutines at any time.
//
// Memory: 6 batches, 480 KB.
#pragma once

#include "decoders/gotrace.h"

struct gotrace_ahead;

// `t` is borrowed. Without `threaded`, or where there is one CPU only, the caller's thread reads.
struct gotrace_ahead *gotrace_ahead_create(struct gotrace *t, bool threaded);
// The next events, *ret_n of them, until the next call; NULL at the end, as gotrace_read.
const struct gotrace_event *gotrace_ahead_read(struct gotrace_ahead *a, size_t *ret_n);
// How far the input was read for the batch that was given last, in bytes.
uint64_t gotrace_ahead_bytes(const struct gotrace_ahead *a);
void gotrace_ahead_destroy(struct gotrace_ahead *a); // takes NULL; before the trace is closed

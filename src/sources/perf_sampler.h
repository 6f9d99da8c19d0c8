// SPDX-License-Identifier: Apache-2.0
// Samples a process's stacks by the kernel's perf events: the software CPU clock, so that it works
// in virtual machines too, at most 99 times a second and thread. Nothing is written to the process
// and nothing of it is stopped; a sample costs it some microseconds.
//
//     ERR_TRY(perf_sampler_open(pid, 99, &s));
//     while (!over) ERR_TRY(perf_sampler_poll(s, 100, on_sample, arg));
//     perf_sampler_close(s);
//
// Stacks are unwound by frame pointers, which Go keeps on amd64 and arm64. Threads made later are
// seen too. ERR_CANNOT with what to do where the kernel refuses.
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct perf_sampler;

enum {
    PERF_SAMPLER_MAX_HZ = 99,
    PERF_SAMPLER_MAX_FRAMES = 127, // the kernel's default bound
};

struct perf_stack {
    uint64_t time_ns; // CLOCK_MONOTONIC
    uint32_t tid;
    bool in_kernel;                       // the thread was in a system call or interrupt
    uint64_t r14;                         // user register, of use in Go code (g); 0 = unknown
    uint64_t pc;                          // user instruction
    uint64_t ip[PERF_SAMPLER_MAX_FRAMES]; // user frames, innermost first; ip[0] == pc
    size_t n;
};

typedef void perf_sampler_fn(const struct perf_stack *stack, void *arg);

struct err *perf_sampler_open(pid_t pid, unsigned hz, struct perf_sampler **ret) ERR_MUST_USE;
// Waits up to timeout_ms and hands over what has come. The process's end is no error: *ret_ended.
struct err *perf_sampler_poll(struct perf_sampler *s, int timeout_ms, perf_sampler_fn *fn,
                              void *arg, bool *ret_ended) ERR_MUST_USE;
uint64_t perf_sampler_lost(const struct perf_sampler *s);    // samples the kernel had no room for
bool perf_sampler_sees_kernel(const struct perf_sampler *s); // false: only user time is sampled
void perf_sampler_close(struct perf_sampler *s);             // takes NULL

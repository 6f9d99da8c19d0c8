// SPDX-License-Identifier: Apache-2.0
// A profile of a live process, made by sampling its stacks from outside (sources/perf_sampler.h).
#pragma once

#include "base/log.h"
#include "engine/profile_load.h"

#include <sys/types.h>

// Samples for span_ns, or until the process ends, or until *stop is set. Sample types: "samples"
// and "cpu" in ns; labels: tid, and of a Go program goroutine and its pprof labels. Functions are
// named by the symbol tables of the binaries that are mapped (through /proc/PID/root); a binary
// without any is "[name]", and one warning says so. ERR_CANNOT with what to do where the kernel
// refuses; ERR_UNSEEN when nothing ran in all that time.
struct err *profile_sample(pid_t pid, uint64_t span_ns, unsigned hz, const volatile int *stop,
                           struct log *log, struct loaded_profile *ret) ERR_MUST_USE;

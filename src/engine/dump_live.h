// SPDX-License-Identifier: Apache-2.0
// The goroutines of a live process as a dump, from its memory. It is never stopped or traced.
#pragma once

#include "base/err.h"
#include "base/log.h"
#include "model/dump.h"

#include <sys/types.h>

enum {
    DUMP_LIVE_MB_S = 500,      // most memory that is read, so that the service keeps its own
    DUMP_LIVE_SAMPLE_MS = 100, // a sampler looks at what runs before, where the kernel lets it
};

// Fills *d (zeroed; dump_deinit it in any case), d->process included. ERR_CANNOT with what to do:
// no such process, not Go, Go too old, traced, not readable.
struct err *dump_live(pid_t pid, struct log *log, struct dump *d) ERR_MUST_USE;

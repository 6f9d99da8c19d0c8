// SPDX-License-Identifier: Apache-2.0
// Whatever is at hand for the table of symptoms, measured: a heap profile, a log, an execution
// trace, a Prometheus, a process's CPU and threads.
#pragma once

#include "analyses/symptoms.h"
#include "base/err.h"
#include "base/log.h"

#include <sys/types.h>

enum { SYMPTOM_CPU_MS = 1000 }; // over which CPU is measured

struct symptom_sources {
    const char *heap, *log, *trace; // files or URLs; NULL = not given
    const char *prom, *prom_select; // URL; label matchers, or NULL
    pid_t pid;                      // 0 = none
};

// Fills *ret, whose strings lie in `a`. Fails with the first that cannot be read.
struct err *symptom_load(const struct symptom_sources *s, struct log *log, struct arena *a,
                         struct symptom_inputs *ret) ERR_MUST_USE;

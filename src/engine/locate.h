// SPDX-License-Identifier: Apache-2.0
// Proves races on maps in a live process: samples, discovers shared maps, holds accesses under the
// guard, and pairs them with what arrives meanwhile. The process is left exactly as it was.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "findings/finding.h"

#include <sys/types.h>

enum locate_keys { KEYS_SHOW, KEYS_HASH, KEYS_LEN, KEYS_OFF };

struct locate_options {
    pid_t pid;
    uint64_t for_ns;      // look for this long at most
    bool until_found;     // end at the first finding
    double cpu_share;     // of one core, for probe hits
    double hold_share;    // of one core, for busy holds
    uint64_t max_hold_ns; // one hold, at most
    bool no_hold;
    bool single_probes; // a link each, as kernels without uprobe_multi need it
    // For measuring what the mechanisms do to a racing target; not options of the program.
    bool no_guard; // holds without the guard
    bool endless;  // what is proven is held at again and again, and nothing is withdrawn
    enum locate_keys keys;
    const char *src;    // where source files lie, or NULL
    volatile int *stop; // becomes non-zero when the user wants to end (Ctrl-C)
};

// The report is the caller's (report_destroy). A target that ends or execs mid-way is an orderly
// end and said in the report.
struct err *locate_run(const struct locate_options *o, struct log *log,
                       struct report **ret) ERR_MUST_USE;

// What locate_run would do: every probe with its cost class, and what it could not see. Attaches
// nothing. For stdout: text, or JSON ("maptrap.plan/1").
struct err *locate_plan(const struct locate_options *o, bool json, struct log *log,
                        struct buf *out) ERR_MUST_USE;

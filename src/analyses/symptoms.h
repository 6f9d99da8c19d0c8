// SPDX-License-Identifier: Apache-2.0
// The scored table of symptoms: what speaks for a map race (up to five stars a row), and what else
// the same picture may be. A row whose input was not given says "not measured" and counts for
// nothing, neither as a star nor as one that is missing.
#pragma once

#include "analyses/dump_views.h"

enum {
    SYMPTOM_MAP_BYTES = 10 << 20, // map memory above which it scores
    SYMPTOM_CPU_LOW = 10,         // % of the cores it may use
    SYMPTOM_SOARS = 3,            // times as long as an hour ago
    SYMPTOM_SOARS_MIN_MS = 100,   // … and at least this
    SYMPTOM_SLOW_MS = 1000,       // where nothing is known of an hour ago
    SYMPTOM_PILE = 50,            // % of goroutines running, runnable or in a syscall
    SYMPTOM_PILE_MIN = 20,        // … of at least so many
    SYMPTOM_RUNNABLE_MS = 100,    // longest wait for a P
    SYMPTOM_LOCKED = 50,          // % of goroutines waiting for a lock: a convoy
    SYMPTOM_COLLECTOR = 20,       // % of goroutines working for, or waiting for, the collector
    SYMPTOM_YOUNG_S = 120,        // a process younger than that may be in a crash loop
};

// What is at hand besides the dump; what is not `known` was not given.
struct symptom_inputs {
    struct {
        bool known;
        struct str fatal; // of a map; n 0 = none in it
        uint64_t crashes; // fatal errors, panics and SIGQUITs in it
    } log;
    struct {
        bool known;
        bool hidden; // Go left the map functions out, and the binary that has them is not here
        int64_t map_bytes, bytes;
        struct str owner; // the site that has most of it
    } heap;
    struct {
        bool known;
        uint64_t stuck; // between runnable and blocked
        int64_t longest_ns;
    } trace;
    struct {
        bool known;
        struct str metric;
        double p95_s, p99_s, before_p99_s, per_second; // before: an hour ago, negative = unknown
    } latency;
    struct {
        bool known;
        double cpu_share, uptime_s;                         // share: of the cores that it may use
        unsigned cores, running, sleeping, uninterruptible; // threads by state
    } process;
};

// Fills v->symptom and v->odds. in NULL: only rows that the dump itself answers are in the table.
void symptoms_find(struct dump_view *v, const struct dump *d, const struct symptom_inputs *in);

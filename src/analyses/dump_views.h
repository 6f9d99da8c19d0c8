// SPDX-License-Identifier: Apache-2.0
// What a dump of goroutines says: groups, states, functions on top, who else may have been in the
// map, who created whom, symptoms.
#pragma once

#include "model/dump.h"

enum {
    DUMP_GROUP_IDS = 100,    // goroutine ids listed a group
    DUMP_SUSPECTS = 10,      // second writers listed
    DUMP_CHAIN = 1000,       // edges of the chain listed
    DUMP_MAP_HIGH = 70,      // % of stacks topped by a map operation: high
    DUMP_MAP_STRONG = 80,    // % of stacks topped by a map write: strong
    DUMP_SAME_FUNCTION = 40, // scores of a second writer
    DUMP_SAME_POINTER = 25,
    DUMP_RUNNING = 15,
    DUMP_RUNNABLE = 10,
    DUMP_IN_MAP_OP = 15,
    DUMP_SIBLING = 10,
    DUMP_SAME_RECEIVER_TYPE = 15,
    DUMP_HEADLESS_MAX =
        10000,             // goroutines looked at for a second one, where the fatal line is missing
    DUMP_SUSPECT_MIN = 15, // below it one is not listed, as a sibling that waits
};

struct dump_count {
    struct str name;
    uint64_t count;
};

struct dump_counts {
    struct dump_count *p;
    size_t n, cap;
};

struct dump_suspect {
    size_t record;
    unsigned score, reasons;        // reasons: bits, of dump_views.c
    const struct dump_frame *frame; // first user frame, or NULL
    const char *why[8];
    size_t n_why;
};

// A row of the table of symptoms (analyses/symptoms.h).
struct dump_symptom {
    const char *name, *value, *why; // value: "not measured" where there was no input for it
    const char *level;              // "none", "medium", "high", "strong", "very high"
    const char *also;               // what else looks the same; NULL = nothing
    const char *speaks_for;         // "map race", or what it would be instead: "deadlock", …
    double score, score_max;        // stars, 0 to 5; 0 and 0 for what speaks for something else
    bool measured;
};

struct dump_view {
    struct arena arena;
    uint32_t *order; // groups with goroutines, largest first
    size_t n_order;
    size_t *ids_from; // of each group, in `ids`; one more at the end
    uint64_t *ids;
    struct dump_counts state, top, creator; // most first
    uint64_t map_top, write_top;            // goroutines topped by a map operation, by a write
    struct dump_suspect suspect[DUMP_SUSPECTS];
    size_t n_suspect;
    VEC(size_t) chain; // records: the fatal one (or all with a parent), then its creators
    VEC(struct dump_symptom) symptom;
    const char *odds; // what the rows come to, one sentence
    double stars, stars_max;
    const char *map_verdict; // a sentence about the share; NULL if nothing stands out
};

// lenient: groups compare functions only, not lines.
void dump_view_init(struct dump_view *v, struct dump *d, bool lenient);
void dump_view_deinit(struct dump_view *v);

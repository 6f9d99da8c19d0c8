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
    DUMP_SUSPECT_MIN = 15, // below it one is not listed, as a sibling that waits
};

struct dump_count {
    struct str name;
    uint64_t count;
};

struct dump_suspect {
    size_t record;
    unsigned score, reasons;        // reasons: bits, of dump_views.c
    const struct dump_frame *frame; // first user frame, or NULL
    const char *why[8];
    size_t n_why;
};

struct dump_symptom {
    const char *name, *value, *level, *why; // level: "none", "medium", "high", "strong"
    double score;                           // stars, 0 to 5
};

struct dump_view {
    struct arena arena;
    uint32_t *order; // groups with goroutines, largest first
    size_t n_order;
    size_t *ids_from; // of each group, in `ids`; one more at the end
    uint64_t *ids;
    VEC(struct dump_count) state, top;
    uint64_t map_top, write_top; // goroutines topped by a map operation, by a write
    struct dump_suspect suspect[DUMP_SUSPECTS];
    size_t n_suspect;
    VEC(size_t) chain; // records: the fatal one (or all with a parent), then its creators
    VEC(struct dump_symptom) symptom;
    const char *map_verdict; // a sentence about the share; NULL if nothing stands out
};

// lenient: groups compare functions only, not lines.
void dump_view_init(struct dump_view *v, struct dump *d, bool lenient);
void dump_view_deinit(struct dump_view *v);

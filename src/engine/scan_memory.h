// SPDX-License-Identifier: Apache-2.0
// Files that earlier runs of the scan in this process have read and parsed, for the next one: what
// is still the same, by its stamp or by its bytes, is neither read nor parsed again.
//
//     struct scan_memory m = { 0 };
//     struct scan_options o = { …, .memory = &m };
//     for (;;) {
//         scan_run_deinit(&r), r = (struct scan_run) { 0 };
//         ERR_TRY(scan_run(&o, &r));      // r borrows from m until the next run
//     }
//     scan_memory_deinit(&m);
//
// It holds one tree's texts and syntax trees (about 200 bytes a line), and at most as much again of
// files that have changed since.
#pragma once

#include "base/arena.h"
#include "base/vec.h"
#include "model/goast.h"
#include "sources/gotree.h"

struct scan_run;
struct scan_generation; // what one run has read

struct scan_kept {
    struct str path, text;
    struct gotree_stamp stamp;
    enum gotree_state state;
    bool overlaid; // the text is not what was on disk
    bool used;     // by the run that goes on
    struct go_file parsed;
    struct scan_generation *of;
};

struct scan_memory {
    VEC(struct scan_kept) files; // sorted by path
    uint64_t listed_ns;          // wall clock, before the tree of the last run was listed
};

void scan_memory_deinit(struct scan_memory *m);
// Before the files of a listed tree are read: finds the kept one of each (r->kept), and gives those
// that are surely the same their text.
void scan_memory_recall(struct scan_memory *m, struct scan_run *r);
// Once all are parsed: keeps them, and lets go of the others. Takes the run's workers' arenas.
void scan_memory_keep(struct scan_memory *m, struct scan_run *r);

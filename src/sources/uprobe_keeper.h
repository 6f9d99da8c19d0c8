// SPDX-License-Identifier: Apache-2.0
// A child of ours that attaches and detaches uprobes, and so owns their links. Why not this
// process: the kernel gives up putting a breakpoint in, and taking it out, when the task that does
// it has a fatal signal pending; `kill -9` in the midst of that left breakpoints in a target's
// code. The keeper is in a session of its own, and takes everything off in peace when this process
// is gone.
//
//     ERR_TRY(uprobe_keeper_start(&config, &k));          (forks: single-threaded callers only)
//     ERR_TRY(uprobe_keeper_attach(k, program, points, n));
//     uprobe_keeper_detach(k, program);
//     uprobe_keeper_stop(k);                              (nothing is attached when it returns)
#pragma once

#include "base/err.h"
#include "sources/uprobe_links.h"

#include <stddef.h>
#include <sys/types.h>

struct uprobe_keeper;

enum { UPROBE_KEEPER_PROGRAMS_MAX = 16 };

struct uprobe_keeper_config {
    struct uprobe_how how;
    pid_t pid;           // the target: its program is what is probed
    const int *programs; // descriptors of loaded BPF programs
    size_t programs_n;   // at most UPROBE_KEEPER_PROGRAMS_MAX
    void (*orphaned)(
        void *arg); // called in the keeper when this process is gone, before it detaches
    void *arg;
};

struct err *uprobe_keeper_start(const struct uprobe_keeper_config *config,
                                struct uprobe_keeper **ret) ERR_MUST_USE;
// Adds points to those of programs[program]. ERR_CANNOT: the kernel refused (some may be attached),
// or the keeper is gone, and what it had attached with it.
struct err *uprobe_keeper_attach(struct uprobe_keeper *k, size_t program,
                                 const struct probe_point *points, size_t n) ERR_MUST_USE;
// ERR_CANNOT once the keeper is gone: nothing is attached any more, and nothing is seen.
struct err *uprobe_keeper_check(const struct uprobe_keeper *k) ERR_MUST_USE;
void uprobe_keeper_detach(struct uprobe_keeper *k, size_t program); // all of that program's points
void uprobe_keeper_stop(struct uprobe_keeper *k); // takes all off, waits for that; NULL is fine

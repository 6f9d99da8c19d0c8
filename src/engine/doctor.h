// SPDX-License-Identifier: Apache-2.0
// What this kernel, this user and (with a pid) this binary allow, and what to do about each "no".
#pragma once

#include "base/arena.h"
#include "base/log.h"

#include <sys/types.h>

enum check_state { CHECK_YES, CHECK_PART, CHECK_NO };

struct check {
    const char *name; // "BPF programs load"
    enum check_state state;
    struct str found; // what was seen
    struct str todo;  // what to do about it; empty = nothing
};

struct doctor {
    struct arena arena;
    struct check *check;
    size_t n;
    bool can_locate; // everything that `locate` cannot do without is there
    bool can_hold;
};

// pid 0: the host only.
struct doctor *doctor_examine(pid_t pid, struct log *log);
void doctor_destroy(struct doctor *d);

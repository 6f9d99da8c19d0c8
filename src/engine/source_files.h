// SPDX-License-Identifier: Apache-2.0
// The source files that a target's frames name, where they are at hand: the line of code, and what
// it calls the map it touches. The paths come from the binary and so may say anything: only regular
// .go files up to LIMIT_SOURCE_BYTES are opened, LIMIT_SOURCE_FILES of them; each is read once.
#pragma once

#include "analyses/map_expr.h"
#include "base/map.h"
#include "model/frame.h"

enum { LIMIT_SOURCE_FILES = 200, LIMIT_SOURCE_BYTES = 4 << 20 };

struct source_files {
    const char *dir; // a folder to look in instead, or NULL; the longest tail of a path counts
    struct arena arena;
    struct strmap by_path; // path → struct go_file *, or 0: not at hand
};

void source_files_deinit(struct source_files *s);
// The frame's line, trimmed, in the arena a; empty if the file is not at hand.
struct str source_files_line(struct source_files *s, const struct frame *at, struct arena *a);
// What the frame's line calls the map on which it does op; in the arena a.
struct map_expr source_files_map(struct source_files *s, const struct frame *at, enum map_op op,
                                 struct arena *a);

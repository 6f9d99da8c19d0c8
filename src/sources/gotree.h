// SPDX-License-Identifier: Apache-2.0
// The Go files of folders: which there are, which package each belongs to, and which of them a
// build for linux/amd64 takes (names like x_windows.go, //go:build lines). Symbolic links to
// folders are not followed, so loops cannot be; hidden folders, testdata and node_modules are left
// out, vendor is kept and marked. What cannot be read is named, and the rest goes on.
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

struct gotree_file {
    struct str path;        // below the folder that was asked for, with it
    struct str import_path; // of its folder
    struct str text;
    bool vendor, test;
};

struct gotree_unread {
    struct str path;
    const char *why;
};

enum { LIMIT_GOTREE_DEPTH = 128, LIMIT_GOTREE_FILE_BYTES = 64 << 20 };

struct gotree {
    struct arena *arena;
    VEC(struct gotree_file) files; // sorted by path
    VEC(struct gotree_unread) unread;
    size_t left_out; // by build constraints
};

// Adds a folder or one file. ERR_CANNOT if the path itself is not there.
struct err *gotree_add(struct gotree *t, const char *path) ERR_MUST_USE;
void gotree_sort(struct gotree *t);
void gotree_deinit(struct gotree *t);
// Whether the //go:build line of a file (if any) holds for linux/amd64.
bool gotree_build_line(struct str text);

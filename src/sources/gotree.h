// SPDX-License-Identifier: Apache-2.0
// The Go files of folders: which there are, which package each belongs to, and which of them a
// build for linux/amd64 takes (names like x_windows.go, //go:build lines). Symbolic links to
// folders are not followed, so loops cannot be; hidden folders, testdata and node_modules are left
// out, vendor is kept and marked. What cannot be read is named, and the rest goes on.
//
//     struct gotree t = { .arena = &arena };
//     ERR_TRY(gotree_add(&t, "."));
//     gotree_finish(&t);
//     for (size_t i = 0; i < t.files.n; i++) gotree_read(&worker_arena, &t.files.p[i]);
//     gotree_deinit(&t);
//
// Listing reads no source: whoever remembers a file by its stamp need not read it again.
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

struct gotree_stamp { // as stat(2) tells
    uint64_t size, mtime_ns, ctime_ns, inode, device;
};

enum gotree_state {
    GOTREE_LISTED, // not looked into yet
    GOTREE_TAKEN,  // part of the build
    GOTREE_LEFT,   // its build constraint does not hold
    GOTREE_UNREAD, // see why
};

struct gotree_file {
    struct str path;        // below the folder that was asked for, with it
    struct str import_path; // of its folder
    struct str home;        // its folder, seen from the present one, however it was asked for
    struct str text;        // once read; not terminated
    const char *why;        // it could not be read
    struct gotree_stamp stamp;
    enum gotree_state state;
    bool overlaid; // the text was given, and is not what is on disk
    bool vendor;   // read for its types only: vendored, or a module that go.work or replace names
    bool test;
};

struct gotree_unread {
    struct str path;
    const char *why;
};

enum {
    LIMIT_GOTREE_DEPTH = 128,
    LIMIT_GOTREE_FILE_BYTES = 64 << 20,
    LIMIT_GOTREE_MODULES = 256, // that go.work and replace directives name
};

struct gotree {
    struct arena *arena;
    VEC(struct gotree_file) files; // sorted by path after gotree_finish
    VEC(struct gotree_unread) unread;
    VEC(struct str) roots; // resolved
    struct str here; // the folder that homes are seen from, resolved; the present one if empty
    struct str asked, home; // while a root is listed: its path, and where that is from there
    size_t left_out;        // by their name alone
};

// A path without what says nothing: slashes in a row, "." but for a first one, and a last "...".
char *gotree_tidy(struct arena *a, const char *path);
// Adds a folder or one file ("dir/..." is dir). ERR_CANNOT if the path itself is not there,
// ERR_USAGE if it is empty.
struct err *gotree_add(struct gotree *t, const char *path) ERR_MUST_USE;
// Adds the modules outside the tree that go.work files and replace directives name, drops what was
// added twice, and sorts.
void gotree_finish(struct gotree *t);
void gotree_deinit(struct gotree *t);
// Reads a file into the arena (unless its text is there already) and decides its state. Safe in
// several threads, for different files and arenas.
void gotree_read(struct arena *a, struct gotree_file *f);
// Whether a file has surely not changed since it was read, no earlier than at looked_ns. As in git,
// a stamp that was as young as that proves nothing.
bool gotree_same(const struct gotree_stamp *then, const struct gotree_stamp *now,
                 uint64_t looked_ns);

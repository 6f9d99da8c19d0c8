// SPDX-License-Identifier: Apache-2.0
// Fixes of a scan's findings, and which findings are new since a git revision.
#pragma once

#include "engine/scan.h"

// Gives each finding its column in UTF-16 units, and its diff if it has a fix.
void scan_finish(struct scan_run *r);

struct scan_patch { // what the fixes make of one file
    struct str path, before, after;
    char *real;      // resolved
    size_t findings; // that it cures
    size_t refused;  // whose fix did not stand the test
    bool bad;        // not to be written
};

// Scans once more, with texts that stand for what files hold.
typedef struct err *(*scan_again)(void *arg, const struct scan_overlay *texts, size_t n,
                                  struct scan_run *ret);

// The patches that the fixes of r's findings make, in its arena; those findings are marked as
// fixed. The tree is scanned with the new texts first. Fixes of a function where a finding is left
// or a new one comes are taken back; where that is not enough, or the file does not parse, all of
// its fixes are.
struct err *scan_patches(struct scan_run *r, scan_again again, void *arg, struct scan_patch **ret,
                         size_t *ret_n) ERR_MUST_USE;

struct scan_repairs {
    size_t findings, files; // fixed
    size_t refused;         // had a fix that did not stand the test
    size_t unwritten;       // files
    struct err *why;        // the first of them could not be written; the caller's
};

// Applies the fixes of r's findings to their files, as far as they stand the test of
// scan_patches(). A file that has changed meanwhile is not written, nor is one that is read-only.
struct err *scan_repair(const struct scan_options *o, struct scan_run *r,
                        struct scan_repairs *ret) ERR_MUST_USE;

// Drops the findings that the same paths have at a git revision too.
struct err *scan_only_new(const struct scan_options *o, const char *revision,
                          struct scan_run *r) ERR_MUST_USE;

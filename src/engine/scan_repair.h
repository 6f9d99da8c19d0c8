// SPDX-License-Identifier: Apache-2.0
// Fixes of a scan's findings, and which findings are new since a git revision.
#pragma once

#include "engine/scan.h"

// Gives each finding its column in UTF-16 units, and its diff if it has a fix.
void scan_finish(struct scan_run *r);

struct scan_repairs {
    size_t findings, files; // fixed
    size_t refused;         // had a fix that did not stand the test
};

// Applies the fixes of r's findings to their files. Before anything is written the whole tree is
// scanned with the new texts: a file that does not parse then, a finding that is still there, or a
// new one, and the fixes of that file are left out. A file that has changed meanwhile is not
// written.
struct err *scan_repair(const struct scan_options *o, struct scan_run *r,
                        struct scan_repairs *ret) ERR_MUST_USE;

// Drops the findings that the same paths have at a git revision too.
struct err *scan_only_new(const struct scan_options *o, const char *revision,
                          struct scan_run *r) ERR_MUST_USE;

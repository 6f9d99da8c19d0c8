// SPDX-License-Identifier: Apache-2.0
// The findings of a static scan as text, JSON (maptrap.scan/1), SARIF 2.1.0 and GitHub commands.
#pragma once

#include "analyses/goscan.h"
#include "base/buf.h"

struct scan_bad_file {
    struct str path;
    const char *why;
};

struct scan_report {
    struct goscan_result result;
    struct scan_bad_file *bad; // unreadable ones first, then those with syntax errors
    size_t n_bad, n_unread, n_files, n_lines, left_out;
    double took_s;
};

void scan_print_rule(enum goscan_rule rule, struct buf *out); // its explanation
// The name of a file, which may hold anything, with its control characters as \xNN.
void scan_print_name(struct str name, struct buf *out);
// Annotations without an effect, a line each, for stderr.
void scan_print_remarks(const struct scan_report *r, const char *program, struct buf *out);
void scan_print_text(const struct scan_report *r, bool explain, struct buf *out);
void scan_print_json(const struct scan_report *r, struct buf *out);
void scan_print_sarif(const struct scan_report *r, struct buf *out);
void scan_print_github(const struct scan_report *r, struct buf *out);

// SPDX-License-Identifier: Apache-2.0
// A dump's view as one page of HTML that needs nothing else: the verdict, the ranking of second
// writers, states, who created whom as a picture, groups to search in. Its size is bounded: the
// largest DUMP_HTML_GROUPS groups are on it, and it says how many are not.
#pragma once

#include "base/err.h"
#include "sinks/dump_report.h"

enum {
    DUMP_HTML_GROUPS = 500,
    DUMP_HTML_IDS = 20,    // goroutine ids shown a group
    DUMP_HTML_COUNTS = 20, // states, functions on top
};

struct err *dump_html_write(const char *path, const struct dump *d, const struct dump_view *v,
                            const struct dump_report *r) ERR_MUST_USE;

// SPDX-License-Identifier: Apache-2.0
// Regular expressions as people write them for pprof (Go's RE2), matched by POSIX extended ones:
// \d \w \s (in brackets too), (?: ), a leading (?i) and lazy quantifiers are translated. Not
// understood, and refused with a message: other (?…) groups, \p classes, \x escapes, \Q…\E,
// back-references, counts over 255, and repetitions of repetitions that would become very large.
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <regex.h>

struct pattern {
    regex_t regex;
    bool set;
};

// ERR_USAGE: `what` (an option's name) and why.
struct err *pattern_compile(const char *what, struct str text, struct pattern *ret) ERR_MUST_USE;
bool pattern_matches(const struct pattern *p, struct str s);
void pattern_deinit(struct pattern *p); // a zeroed one is fine

// SPDX-License-Identifier: Apache-2.0
// Text formats, read line by line and word by word without copying.
#pragma once

#include "base/str.h"

// The lines of a text. A line of more than `max` bytes ends the walk with `too_long`.
struct text_lines {
    struct str rest;
    const char *origin; // offset 0
    size_t max;
    struct str line; // without its end
    bool too_long;
};

struct text_lines text_lines_make(struct str text, size_t max);
bool text_next(struct text_lines *t); // the next line into t->line; CR before LF is cut
static inline uint64_t text_at(const struct text_lines *t)
{
    return t->line.p ? (uint64_t)(t->line.p - t->origin) : 0;
}

// Scanning one line: each takes what it names from the front of *s, or leaves it and says false.
void scan_spaces(struct str *s);
bool scan_char(struct str *s, char c);
bool scan_word(struct str *s, struct str *ret);  // up to the next space or tab
bool scan_int(struct str *s, int64_t *ret);      // decimal, with a sign; false when it overflows
bool scan_hex(struct str *s, uint64_t *ret);     // digits without 0x
bool scan_address(struct str *s, uint64_t *ret); // 0x and hex digits

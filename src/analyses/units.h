// SPDX-License-Identifier: Apache-2.0
// Units of measured values: bytes and times in the spellings that profiles use, printed at a size
// people read, and ranges of them ("12kb:64mb") as pprof's tag filters have.
#pragma once

#include "base/str.h"

// "12.50MB", "340ms", "12 samples" without a unit: into a buffer of at least 48 bytes; returns it.
char *unit_format(int64_t value, struct str unit, char *ret);

// What a numeric label counts: its unit, else "bytes" for keys that mean it, else the key.
struct str unit_of_label(struct str key, struct str unit);

struct unit_range {
    double low, high; // in bytes or ns, or as they are
    bool has_low, has_high;
    int kind; // 0 = no unit, else of bytes, of time
};

// "32kb", ":64kb", "4mb:", "12kb:64mb". False: it is no range (then it is a regular expression).
bool unit_range_parse(struct str s, struct unit_range *ret);
bool unit_range_holds(const struct unit_range *r, int64_t value, struct str unit);

// SPDX-License-Identifier: Apache-2.0
// A report of findings as JSON ("maptrap.findings/1", see docs) or for people.
#pragma once

#include "base/buf.h"
#include "findings/finding.h"

void findings_json(const struct report *r, struct buf *out);

struct findings_text_options {
    bool color;
    bool all;       // maps without a finding too
    unsigned width; // columns, 0 = 100; below 60 the two sides stand one below the other
};
void findings_text(const struct report *r, const struct findings_text_options *o, struct buf *out);

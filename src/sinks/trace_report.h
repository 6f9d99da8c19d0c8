// SPDX-License-Identifier: Apache-2.0
// How an execution trace's analyses are told: as text (verdict first, then tables, then the next
// command) and as JSON ("maptrap.trace/1").
#pragma once

#include "analyses/trace_states.h"
#include "analyses/trace_writers.h"
#include "base/buf.h"
#include "base/json.h"

struct trace_report {
    const char *name; // of the input
    int version;      // 22 of "go 1.22 trace"
    bool broken;
    uint64_t broke_offset;
    const char *broke_why;
    const struct trace_states *states;
    const struct trace_writers *writers;
};

enum { TRACE_TEXT_WAKES = 10 }; // pairs of who woke whom in the text

struct trace_text_options {
    size_t top; // rows of a table, 0 = all
    bool color;
};

void trace_text(const struct trace_report *r, const struct trace_text_options *o, struct buf *out);
// The first line alone, with a newline.
void trace_text_verdict(const struct trace_report *r, struct buf *out);
void trace_json(const struct trace_report *r, struct json *j);

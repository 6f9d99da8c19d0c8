// SPDX-License-Identifier: Apache-2.0
// A dump's view as JSON (schema maptrap.dump/1), as text, and its creators as DOT or Mermaid.
// All write to a stream as they go: a list of a million goroutines is never held as text.
#pragma once

#include "analyses/dump_views.h"
#include "base/buf.h"
#include "base/json.h"

#include <stdio.h>

struct dump_report {
    const char *name;     // the file or URL
    bool list, redact;    // every goroutine; no arguments, addresses and panic texts
    bool symptoms, color; // text only
    size_t top;           // groups shown in text
};

void dump_json(FILE *out, const struct dump *d, const struct dump_view *v,
               const struct dump_report *r);
void dump_text(FILE *out, const struct dump *d, const struct dump_view *v,
               const struct dump_report *r);
void dump_chain_dot(FILE *out, const struct dump *d, const struct dump_view *v);
void dump_chain_mermaid(FILE *out, const struct dump *d, const struct dump_view *v);
// At most `most` race reports: each a list of sides, each frame as `frame` writes it.
void dump_json_races(struct json *j, const struct dump *d, size_t most,
                     void (*frame)(struct json *j, const struct dump *d, uint32_t frame));
// Pieces of the text, which other sinks show too. The verdict is one line without its end; the hint
// says why the second writer cannot be told and what would tell it, or is empty.
void dump_text_verdict(const struct dump *d, const struct dump_view *v, const struct dump_report *r,
                       struct buf *ret);
void dump_text_hint(const struct dump *d, const struct dump_view *v, struct buf *ret);
// Where it came from, how much of it was understood, what was left out for want of memory.
void dump_text_source(const struct dump *d, const struct dump_report *r, struct buf *ret);
// The k-th reason of a suspect, without addresses if asked to redact.
struct str dump_reason(const struct dump_suspect *s, size_t k, const struct dump_report *r);

// SPDX-License-Identifier: Apache-2.0
// A dump's view as JSON (schema maptrap.dump/1), as text, and its creators as DOT or Mermaid.
// All write to a stream as they go: a list of a million goroutines is never held as text.
#pragma once

#include "analyses/dump_views.h"

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

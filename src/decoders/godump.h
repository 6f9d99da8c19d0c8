// SPDX-License-Identifier: Apache-2.0
// What Go prints about goroutines (go1.19 to go1.27), as a stream: crashes, panics, SIGQUIT,
// debug=1 and debug=2 profiles, GOTRACEBACK=system headers, race reports; and what logging makes of
// it: prefixes (several processes told apart by theirs), #011, docker, CRI, journald and other JSON
// lines, HTML, CRLF, padding, hard wraps, lost blank lines and lost tabs.
//
//     struct godump *p = godump_create(&d, false);
//     while (… bytes …) godump_feed(p, bytes);
//     godump_finish(p); // frees p; d is complete
//
// Lines that say nothing about goroutines are counted in lines_not_understood, never an error.
// Reversed input (newest line first) must be turned round by the caller: godump_is_reversed.
#pragma once

#include "model/dump.h"

enum {
    GODUMP_LINE_MAX = 1 << 20,   // bytes of a line that are looked at; the rest of it is skipped
    GODUMP_STREAMS = 32,         // prefixes (processes) told apart
    GODUMP_TEXT_MAX = 128 << 20, // bytes of distinct names, files and stacks kept
    GODUMP_JOINS = 8,            // pieces that one hard-wrapped line is put together from
    GODUMP_NESTING = 4,          // envelopes in envelopes
};

struct godump;

// Fills *d, which is zeroed. keep_arguments: every frame's argument text too.
struct godump *godump_create(struct dump *d, bool keep_arguments);
void godump_feed(struct godump *p, struct str bytes);
void godump_finish(struct godump *p);

// Whether the lines of this sample (the start of an input) stand in reverse order.
bool godump_is_reversed(struct str sample);

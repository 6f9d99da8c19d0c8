// SPDX-License-Identifier: Apache-2.0
// What Go prints about goroutines (go1.19 to go1.27), as a stream: crashes, panics, SIGQUIT,
// debug=1 and debug=2 profiles, GOTRACEBACK=system headers, race reports; and what logging makes of
// it: prefixes (several processes told apart by theirs), #011, docker, CRI, journald and other JSON
// lines, HTML, CRLF, padding, hard wraps, lost blank lines and lost tabs.
//
//     struct godump *p = godump_create(&d, &(struct godump_options) { 0 });
//     while (… bytes …) godump_feed(p, bytes);
//     godump_finish(p); // frees p; d is complete
//
// Lines that say nothing about goroutines are counted in lines_not_understood, never an error.
// Reversed input (newest line first) must be held by the caller: godump_look_ahead tells.
//
// Memory is bounded: above GODUMP_TEXT_MAX stacks that were not seen before are merged, above
// GODUMP_RECORDS_MAX goroutines are counted in their groups only; struct dump counts both.
#pragma once

#include "model/dump.h"

enum {
    GODUMP_LINE_MAX = 16 << 20,   // bytes of a line that are looked at; the rest of it is skipped
    GODUMP_STREAMS = 32,          // prefixes (processes) told apart at a time
    GODUMP_TEXT_MAX = 120 << 20,  // bytes of distinct names, files and stacks kept
    GODUMP_RECORDS_MAX = 1 << 21, // goroutines kept with their ids and pointers
    GODUMP_ARGUMENTS_MAX = 128 << 20, // bytes of arguments kept
    GODUMP_LATER = 256,               // goroutines on other threads whose stacks may come later
    GODUMP_JOINS = 8,                 // pieces that one hard-wrapped line is put together from
    GODUMP_NESTING = 4,               // envelopes in envelopes
};

struct godump;

struct godump_options {
    bool keep_arguments; // every frame's argument text too
    size_t wrap;         // width of hard-wrapped lines, as godump_look_ahead found it; 0 = none
};

// Fills *d, which is zeroed.
struct godump *godump_create(struct dump *d, const struct godump_options *o);
void godump_feed(struct godump *p, struct str bytes);
// The lines of `all` from the last to the first; all of the input at once.
void godump_feed_reversed(struct godump *p, struct str all);
void godump_finish(struct godump *p);

// Reads a sample (the start of an input) in both orders of its lines: whether the reverse one makes
// more sense. *ret_wrap is set in any case.
bool godump_look_ahead(struct str sample, size_t *ret_wrap);

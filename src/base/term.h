// SPDX-License-Identifier: Apache-2.0
// What of our output may reach a terminal: names, keys and lines of code come out of logs, profiles
// and other people's memory, and must not move the cursor or do worse. Control characters are shown
// as \xNN, except tab and newline, and colours (ESC [ digits m).
#pragma once

#include "base/buf.h"

#include <stdio.h>

enum { TERM_PENDING_MAX = 16 };

struct term_filter {                // a zeroed struct is at the beginning of the text
    char pending[TERM_PENDING_MAX]; // what has come of a sequence so far
    size_t n;
};

// Appends what may be shown of the next piece; a sequence may be cut between two pieces.
void term_filter_add(struct term_filter *f, struct str piece, struct buf *out);
// And at the end of the text, what was left of a sequence.
void term_filter_end(struct term_filter *f, struct buf *out);

// From now on what is written to stdout, or to stderr, goes through the filter. For a terminal
// only; the stream lives as long as the program.
void term_guard_stdout(void);
void term_guard_stderr(void);

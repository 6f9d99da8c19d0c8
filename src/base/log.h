// SPDX-License-Identifier: Apache-2.0
// Talk on stderr, never data. Levels: warnings always, progress when something takes over a second,
// debug with --verbose. Callers below cli/ get a `struct log *` handed in and may get NULL
// (silent).
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct log {
    bool verbose;      // debug lines too
    bool quiet;        // warnings only
    bool terminal;     // stderr is one: a progress line is redrawn in place
    bool line_open;    // a progress line stands unfinished
    uint64_t start_ns; // CLOCK_MONOTONIC
};

void log_init(struct log *l, bool verbose, bool quiet);
void log_warn(struct log *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_info(struct log *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_debug(struct log *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// A line that the next one replaces (on a terminal), or that is dropped (elsewhere).
void log_progress(struct log *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_progress_end(struct log *l);

// SPDX-License-Identifier: Apache-2.0
// An execution trace in Chrome's JSON trace format, which ui.perfetto.dev and chrome://tracing
// open: one track a P (which goroutine ran there), one a goroutine (its states, with why it waits
// and who woke it), stops of the world and collections. Written while the trace is read: any size,
// no memory. Times in microseconds since the first event.
//
//     struct trace_chrome *c;
//     ERR_TRY(trace_chrome_create(path, &tables, &c));
//     … trace_chrome_event(c, ev) for each …
//     ERR_TRY(trace_chrome_finish(c, &states));     // names the tracks, closes the file
//     trace_chrome_destroy(c);
#pragma once

#include "analyses/trace_states.h"
#include "base/err.h"

struct trace_chrome;

struct err *trace_chrome_create(const char *path, const struct gotrace_tables *tables,
                                struct trace_chrome **ret) ERR_MUST_USE;
void trace_chrome_event(struct trace_chrome *c, const struct gotrace_event *ev);
struct err *trace_chrome_finish(struct trace_chrome *c,
                                const struct trace_states *states) ERR_MUST_USE;
void trace_chrome_destroy(struct trace_chrome *c); // takes NULL

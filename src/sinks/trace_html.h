// SPDX-License-Identifier: Apache-2.0
// An execution trace as one page of HTML that needs nothing else: the Ps and the goroutines over
// time, stops of the world and collections laid over them; zoom, search, keyboard. The page is
// small whatever the trace: short slices were put together (analyses/trace_slices.h), and the page
// says up to which length.
#pragma once

#include "analyses/trace_slices.h"
#include "base/err.h"
#include "sinks/trace_report.h"

struct err *trace_html_write(const char *path, const struct trace_report *r,
                             const struct trace_timeline *t) ERR_MUST_USE;

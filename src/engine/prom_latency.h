// SPDX-License-Identifier: Apache-2.0
// How long requests take by a Prometheus: of all histograms that are named like request times (old
// ones with buckets and native ones) the one that has soared most, else the busiest.
#pragma once

#include "analyses/symptoms.h"
#include "base/err.h"

enum { PROM_LATENCY_METRICS = 20 }; // looked at: five queries each

// url: of the Prometheus ("http://localhost:9090"). select: label matchers such as `job="shop"`, or
// NULL. Fills in->latency; it stays unknown where no such histogram has requests. ERR_CANNOT: the
// Prometheus does not answer, or refuses.
struct err *prom_latency(const char *url, const char *select, struct symptom_inputs *in,
                         struct arena *a) ERR_MUST_USE;

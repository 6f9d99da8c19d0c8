// SPDX-License-Identifier: Apache-2.0
// Answers of Prometheus's HTTP API (/api/v1/query, /api/v1/label/NAME/values).
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum { PROM_MAX_BYTES = 16 << 20, PROM_MAX_NAMES = 1 << 16 };

// The number that an instant query of one series gives; *ret_has is false where the answer is empty
// or no number. ERR_INPUT: no such answer; ERR_CANNOT: Prometheus says why not.
struct err *prom_number(const char *name, struct str json, double *ret, bool *ret_has) ERR_MUST_USE;
// The strings of a label's values.
struct err *prom_names(const char *name, struct str json, struct arena *a, struct str **ret,
                       size_t *ret_n) ERR_MUST_USE;

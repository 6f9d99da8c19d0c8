// SPDX-License-Identifier: Apache-2.0
// A type's name from its descriptor in a running process.
#pragma once

#include "base/arena.h"
#include "decoders/golayout.h"

// "map[string]int". `type` is a run-time address; memory is read through `read`. Whatever it says
// is distrusted and bounded. ERR_INPUT if it is no type descriptor.
struct err *gotype_name(const struct golayout *l, struct gobin *b, uint64_t bias,
                        bool (*read)(void *arg, uint64_t addr, void *p, size_t n), void *arg,
                        uint64_t type, struct arena *a, struct str *ret) ERR_MUST_USE;

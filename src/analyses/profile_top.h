// SPDX-License-Identifier: Apache-2.0
// Functions by how much of a profile is theirs. Flat: samples whose innermost frame it is. Cum:
// samples with it anywhere on the stack, each counted once however often it recurs. The rules, and
// the order (flat, then cum, then name), are those of `go tool pprof -top`.
#pragma once

#include "analyses/profile_view.h"

struct profile_row {
    uint32_t node; // into the view's names
    int64_t flat, cum;
};

struct profile_top {
    VEC(struct profile_row) rows; // functions of which both are 0 are left out
    int64_t total; // sum of the magnitudes of all samples, those filtered out included
    int64_t kept;  // the same of those that the view keeps
};

void profile_top_init(struct profile_top *t, const struct profile_view *v, size_t type,
                      bool by_cum);
void profile_top_deinit(struct profile_top *t);

// Sum of the magnitudes of one sample type over the whole profile.
int64_t profile_total(const struct profile *p, size_t type);

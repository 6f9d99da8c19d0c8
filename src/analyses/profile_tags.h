// SPDX-License-Identifier: Apache-2.0
// Labels of samples (pprof calls them tags) with what was spent under each value.
#pragma once

#include "analyses/profile_view.h"

struct profile_tag {
    struct str key, value; // value of a number: printed with its unit
    int64_t sum;
};

struct profile_tags {
    VEC(struct profile_tag) tags; // by key, then by sum, then by value
    bool cut;                     // more than PROFILE_MAX_TAGS differ; the rest is left out
    struct arena arena;
};

enum { PROFILE_MAX_TAGS = 100000 };

void profile_tags_init(struct profile_tags *t, const struct profile_view *v, size_t type);
void profile_tags_deinit(struct profile_tags *t);

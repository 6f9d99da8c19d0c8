// SPDX-License-Identifier: Apache-2.0
// The answer of `maptrap profile --json`: one document, schema maptrap.profile/1 (docs/profile.md).
#pragma once

#include "analyses/profile_maps.h"
#include "analyses/profile_tags.h"
#include "analyses/profile_top.h"
#include "base/json.h"

enum {
    PROFILE_MAP_MEMORY_ALARM = 10 << 20, // bytes of one owner's maps that are flagged
};

struct profile_answer {
    const struct profile *p;
    const struct profile_view *view;
    size_t type; // the sample type shown
    const struct profile_top *top;
    const struct profile_sites *sites;  // that write maps, in the shown type
    const struct profile_sites *memory; // live bytes under map operations, or NULL
    size_t memory_type;
    bool restored;                   // hidden map functions were put back, by the binary
    size_t limit;                    // rows of top, 0 = all
    const struct profile_tags *tags; // or NULL: not asked for
};

void profile_json(struct json *j, const struct profile_answer *a);

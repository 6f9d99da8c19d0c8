// SPDX-License-Identifier: Apache-2.0
// Everything that is done with a decoded profile, for the fuzz targets of its decoders.
#pragma once

#include "analyses/profile_maps.h"
#include "analyses/profile_tags.h"
#include "analyses/profile_top.h"
#include "analyses/profile_tree.h"

#include <stdlib.h>

static inline void profile_use(struct profile *p)
{
    const struct profile_filter filter = { .hide = "runtime\\.g", .tagignore = "a=b" };
    struct profile_view v;
    profile_prune(p);
    if (profile_view_init(&v, p, &filter)) abort(); // the filter is ours and right
    for (size_t type = 0; type < p->types.n; type++) {
        struct profile_top top;
        struct profile_sites sites;
        struct profile_tree tree;
        struct profile_tags tags;
        profile_top_init(&top, &v, type, false);
        profile_sites_init(&sites, &v, type, true);
        profile_tree_init(&tree, &v, type, type ? "comm" : NULL);
        profile_tags_init(&tags, &v, type);
        profile_top_deinit(&top);
        profile_sites_deinit(&sites);
        profile_tree_deinit(&tree);
        profile_tags_deinit(&tags);
    }
    profile_view_deinit(&v);
}

static inline int profile_fuzz(struct err *(*decode)(const char *, struct str, struct profile *),
                               struct str bytes)
{
    struct profile p = { 0 };
    struct err *e = decode("fuzz", bytes, &p);
    if (e)
        err_free(e);
    else
        profile_use(&p);
    profile_deinit(&p);
    return 0;
}

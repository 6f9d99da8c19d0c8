// SPDX-License-Identifier: Apache-2.0
// Who writes maps, by a profile: the samples with one of the runtime's map operations on their
// stack, added up by site. A site is the innermost frame outside Go's standard library; `via` names
// the library function through which it got to the map ("encoding/json.(*decodeState).object").
//
// The operation is what the program asked for: time spent growing a map inside an assignment is
// the assignment's.
#pragma once

#include "analyses/profile_view.h"
#include "model/gofunc.h"

struct profile_site {
    struct str function, file;
    struct str via; // empty = called by the site itself
    int64_t line;
    enum map_op op;
    int64_t value;
};

struct profile_sites {
    VEC(struct profile_site) sites; // by value, then function, file, line
    int64_t total;                  // of all samples, map operations or not
    int64_t map_value;              // of the samples in any map operation, reads included
};

// `writes_only`: assign, delete, clear (and growth that has lost its caller). Else reads, clones
// and the making of maps too: what memory profiles are about.
void profile_sites_init(struct profile_sites *s, const struct profile_view *v, size_t type,
                        bool writes_only);
void profile_sites_deinit(struct profile_sites *s);

// The sample type that holds live heap bytes, else allocated ones. False: not a heap profile.
bool profile_heap_type(const struct profile *p, size_t *ret);

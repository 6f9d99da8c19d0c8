// SPDX-License-Identifier: Apache-2.0
// What the scan remembers between runs, in a folder of sources/cachedir.h:
//
// * an *index* for each set of paths that was asked for: the content hash of each file, by its
//   stamp (size, times, inode). As in git, a stamp that is as young as the index itself proves
//   nothing: such a file is read again.
// * a *result* for each set of contents: the whole report, under a hash of everything that it was
//   made from, and of this build of maptrap.
#pragma once

#include "base/hash.h"
#include "engine/scan.h"
#include "sources/cachedir.h"

struct scan_cache {
    struct cachedir dir;
    struct hash index_key;
    uint64_t began_ns; // wall clock, before the tree was listed
    struct hash *of;   // of each file of the tree
    bool current;      // the index says all of this already
};

// False where there is no usable folder; nothing else must be called then.
bool scan_cache_open(const struct scan_options *o, struct scan_cache *ret);
void scan_cache_close(struct scan_cache *c);
// Fills c->of and the state of the files that the index knows for sure; the others are
// GOTREE_LISTED, or read.
void scan_cache_recall(struct scan_cache *c, struct scan_run *r);
// Both need the hash of each file.
bool scan_cache_get(struct scan_cache *c, struct scan_run *r);
void scan_cache_put(struct scan_cache *c, struct scan_run *r);

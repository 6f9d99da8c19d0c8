// SPDX-License-Identifier: Apache-2.0
// A folder of remembered answers: bytes under a hash. An entry carries a checksum of its own; what
// is damaged, cut or foreign is no entry. Entries appear whole (written aside, then renamed), so
// any number of runs may use a folder at once. It holds LIMIT_CACHEDIR_BYTES at most: the entries
// that were not used for longest go first.
//
//     struct cachedir c;
//     if (cachedir_open(path, &c) && cachedir_get(&c, &key, &bytes)) … else … cachedir_put(…)
//     cachedir_close(&c);
//
// Nothing here is an error: a cache that cannot be read or written is an empty one.
#pragma once

#include "base/buf.h"
#include "base/hash.h"

enum {
    LIMIT_CACHEDIR_BYTES = 64 << 20,
    LIMIT_CACHEDIR_ENTRIES = 512,
};

struct cachedir {
    int fd;
};

bool cachedir_open(const char *path, struct cachedir *ret); // makes the folder (for its user only)
void cachedir_close(struct cachedir *c);
bool cachedir_get(const struct cachedir *c, const struct hash *key, struct buf *ret);
void cachedir_put(const struct cachedir *c, const struct hash *key, struct str bytes);

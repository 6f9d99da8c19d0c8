// SPDX-License-Identifier: Apache-2.0
// Hash tables: 64-bit key → 64-bit value, and bytes → 64-bit value. Open addressing, no removal.
// A zeroed struct is an empty table. Iterate over `slot[0 … cap)` where `used` is set.
#pragma once

#include "base/str.h"

struct map_slot {
    uint64_t key, value;
    bool used;
};

struct map {
    struct map_slot *slot;
    size_t n, cap;
};

void map_deinit(struct map *m);
// The value of key, or NULL. Valid until the next map_put.
uint64_t *map_get(const struct map *m, uint64_t key);
// The value of key, made as 0 if new; *fresh (may be NULL) says whether it was.
uint64_t *map_put(struct map *m, uint64_t key, bool *fresh);

struct strmap_slot {
    struct str key; // borrowed: must outlive the table
    uint64_t hash, value;
    bool used;
};

struct strmap {
    struct strmap_slot *slot;
    size_t n, cap;
};

void strmap_deinit(struct strmap *m);
uint64_t *strmap_get(const struct strmap *m, struct str key);
uint64_t *strmap_put(struct strmap *m, struct str key, bool *fresh);

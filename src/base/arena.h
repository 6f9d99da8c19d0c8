// SPDX-License-Identifier: Apache-2.0
// Memory by lifetime: allocations that are all released together. Nothing is freed singly.
// Not for use by several threads at once.
#pragma once

#include "base/str.h"

struct arena_block;

struct arena {
    struct arena_block *last;
    size_t used;  // bytes handed out
    size_t limit; // most bytes it may hand out, 0 = no limit; over it the program ends (exit 3)
};

void arena_deinit(struct arena *a); // a zeroed struct is an empty arena; reusable afterwards
void *arena_alloc(struct arena *a, size_t size)
    __attribute__((returns_nonnull)); // zeroed, 16-aligned
struct str arena_str(struct arena *a,
                     struct str s); // a copy, terminated by a NUL beyond its length
char *arena_cstr(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define arena_new(a, type)      ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc_array((a), (n), sizeof(type)))
void *arena_alloc_array(struct arena *a, size_t n, size_t size) __attribute__((returns_nonnull));

// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

// A new block is as large as what is used already, between these: a small input touches few pages.
enum { BLOCK_BYTES_MIN = 4 * 1024, BLOCK_BYTES = 64 * 1024 };

struct arena_block {
    struct arena_block *prev;
    size_t size, used;
    _Alignas(16) char data[];
};

void arena_deinit(struct arena *a)
{
    while (a->last) {
        struct arena_block *prev = a->last->prev;
        free(a->last);
        a->last = prev;
    }
    a->used = 0;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX - 64) size = SIZE_MAX - 64; // cannot succeed: ends below
    size = (size + 15) & ~(size_t)15;
    if (a->limit && (size > a->limit || a->used > a->limit - size)) size = SIZE_MAX / 2;
    struct arena_block *b = a->last;
    if (!b || b->size - b->used < size) {
        size_t block = a->used < BLOCK_BYTES_MIN ? BLOCK_BYTES_MIN : a->used;
        if (block > BLOCK_BYTES) block = BLOCK_BYTES;
        size_t want = size > block ? size : block;
        struct arena_block *fresh = mem_zalloc(sizeof(*fresh) + want);
        fresh->size = want;
        if (b && size > BLOCK_BYTES / 2) { // a large one goes behind the current block
            fresh->prev = b->prev;
            b->prev = fresh;
        } else {
            fresh->prev = b;
            a->last = fresh;
        }
        b = fresh;
    }
    void *p = b->data + b->used;
    b->used += size;
    a->used += size;
    return p;
}

void *arena_alloc_array(struct arena *a, size_t n, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total)) total = SIZE_MAX / 2;
    return arena_alloc(a, total);
}

char *arena_cstr(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    if (s.n) memcpy(p, s.p, s.n);
    return p;
}

struct str arena_str(struct arena *a, struct str s)
{
    return (struct str) { arena_cstr(a, s), s.n };
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) n = 0;
    char *p = arena_alloc(a, (size_t)n + 1);
    va_start(ap, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return p;
}

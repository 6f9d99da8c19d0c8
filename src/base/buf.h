// SPDX-License-Identifier: Apache-2.0
// A growing byte buffer, always terminated by a NUL beyond its length. A zeroed struct is empty.
#pragma once

#include "base/cleanup.h"
#include "base/str.h"

#include <stdarg.h>

struct buf {
    char *p;
    size_t n, cap;
};

void buf_deinit(struct buf *b);
void buf_clear(struct buf *b); // keeps the memory
void buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *p, size_t n);
void buf_addc(struct buf *b, char c);
void buf_add_rune(struct buf *b, uint32_t c); // a code point, as UTF-8
void buf_adds(struct buf *b, const char *cstr);
void buf_addstr(struct buf *b, struct str s);
// A file's path as it stands in a URI: %XX for what may not stand there itself.
void buf_add_uri_path(struct buf *b, struct str path);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static inline struct str buf_str(const struct buf *b)
{
    return (struct str) { b->p ? b->p : "", b->n };
}

static inline const char *buf_cstr(const struct buf *b)
{
    return b->p ? b->p : "";
}
#define _cleanup_buf_ CLEANUP(buf_deinit)

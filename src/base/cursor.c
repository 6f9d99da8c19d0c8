// SPDX-License-Identifier: Apache-2.0
#include "base/cursor.h"

struct cursor cursor_make(const char *name, struct str bytes)
{
    return (struct cursor) { .name = name, .bytes = bytes };
}

struct err *cursor_err(const struct cursor *c)
{
    if (!c->bad) return NULL;
    return err_new(ERR_INPUT, "%s: %zu bytes wanted at offset %#llx, but it ends at %#llx", c->name,
                   c->bad_want, (unsigned long long)(c->base + c->bad_at),
                   (unsigned long long)(c->base + c->bytes.n));
}

static void spoil(struct cursor *c, size_t want)
{
    if (c->bad) return;
    c->bad = true;
    c->bad_at = c->at;
    c->bad_want = want;
}

static bool have(struct cursor *c, uint64_t n)
{
    if (c->bad) return false;
    if (n > c->bytes.n - c->at) {
        spoil(c, (size_t)n);
        return false;
    }
    return true;
}

void cursor_seek(struct cursor *c, uint64_t at)
{
    if (c->bad) return;
    if (at > c->bytes.n) {
        c->at = (size_t)at;
        spoil(c, 0);
        return;
    }
    c->at = (size_t)at;
}

void cursor_skip(struct cursor *c, uint64_t n)
{
    if (have(c, n)) c->at += (size_t)n;
}

#define READ(type)                                                                                 \
    type v = 0;                                                                                    \
    if (have(c, sizeof(v))) {                                                                      \
        memcpy(&v, c->bytes.p + c->at, sizeof(v));                                                 \
        c->at += sizeof(v);                                                                        \
    }                                                                                              \
    return v

uint8_t cursor_u8(struct cursor *c)
{
    READ(uint8_t);
}

uint16_t cursor_u16(struct cursor *c)
{
    READ(uint16_t);
}

uint32_t cursor_u32(struct cursor *c)
{
    READ(uint32_t);
}

uint64_t cursor_u64(struct cursor *c)
{
    READ(uint64_t);
}

uint64_t cursor_uvarint(struct cursor *c)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (!have(c, 1)) return 0;
        uint8_t b = (uint8_t)c->bytes.p[c->at++];
        if (shift == 63 && b > 1) break;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) return v;
    }
    spoil(c, 11);
    return 0;
}

struct str cursor_bytes(struct cursor *c, uint64_t n)
{
    if (!have(c, n)) return (struct str) { "", 0 };
    struct str s = { c->bytes.p + c->at, (size_t)n };
    c->at += (size_t)n;
    return s;
}

struct str cursor_cstr(struct cursor *c)
{
    if (!have(c, 0)) return (struct str) { "", 0 };
    struct str rest = str_sub(c->bytes, c->at, c->bytes.n);
    size_t n = str_find_char(rest, 0);
    if (n == STR_NPOS) {
        spoil(c, rest.n + 1);
        return (struct str) { "", 0 };
    }
    c->at += n + 1;
    return str_sub(rest, 0, n);
}

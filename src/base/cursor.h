// SPDX-License-Identifier: Apache-2.0
// The only way foreign bytes are read: a position in a bounded slice. A read that would pass the
// end sets `bad` once (with the offset and width that were wanted), returns zero, and every later
// read returns zero too; the caller checks once with cursor_err().
//
//     struct cursor c = cursor_make("pclntab", bytes);
//     uint32_t magic = cursor_u32(&c);
//     ERR_TRY(cursor_err(&c));
//
// Little endian; Go's varints are those of protobuf (LEB128).
#pragma once

#include "base/err.h"
#include "base/str.h"

struct cursor {
    const char *name; // for messages: the file or section
    struct str bytes;
    size_t at;
    uint64_t base; // file offset of bytes.p[0], for messages only
    bool bad;
    size_t bad_at, bad_want;
};

struct cursor cursor_make(const char *name, struct str bytes);
// NULL, or an ERR_INPUT that names section, offset, what was wanted and what was there.
struct err *cursor_err(const struct cursor *c) ERR_MUST_USE;

static inline size_t cursor_left(const struct cursor *c)
{
    return c->bad ? 0 : c->bytes.n - c->at;
}

void cursor_seek(struct cursor *c, uint64_t at);
void cursor_skip(struct cursor *c, uint64_t n);
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
uint64_t cursor_uvarint(struct cursor *c);             // at most 10 bytes, else bad
struct str cursor_bytes(struct cursor *c, uint64_t n); // borrowed
struct str cursor_cstr(struct cursor *c);              // up to a NUL, which is skipped; bad if none

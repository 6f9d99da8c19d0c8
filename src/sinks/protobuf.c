// SPDX-License-Identifier: Apache-2.0
#include "sinks/protobuf.h"

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

void pb_varint(struct buf *b, uint64_t v)
{
    char bytes[10];
    size_t n = 0;
    while (v >= 0x80) {
        bytes[n++] = (char)(v | 0x80);
        v >>= 7;
    }
    bytes[n++] = (char)v;
    buf_add(b, bytes, n);
}

void pb_uint(struct buf *b, uint32_t field, uint64_t v)
{
    if (v == 0) return;
    pb_varint(b, (uint64_t)field << 3 | WIRE_VARINT);
    pb_varint(b, v);
}

void pb_int(struct buf *b, uint32_t field, int64_t v)
{
    pb_uint(b, field, (uint64_t)v);
}

void pb_bytes_always(struct buf *b, uint32_t field, struct str s)
{
    pb_varint(b, (uint64_t)field << 3 | WIRE_BYTES);
    pb_varint(b, s.n);
    buf_addstr(b, s);
}

void pb_bytes(struct buf *b, uint32_t field, struct str s)
{
    if (s.n) pb_bytes_always(b, field, s);
}

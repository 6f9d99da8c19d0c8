// SPDX-License-Identifier: Apache-2.0
// The protobuf wire format, read: a bounds-checked walk over the fields of one message. A read that
// would pass the end, a varint of more than ten bytes or an unknown wire type sets `bad` with its
// offset, and the walk ends.
//
//     struct wire w = wire_make(bytes);
//     struct wire_field f;
//     while (wire_next(&w, &f))
//         if (f.number == 6 && f.type == WIRE_BYTES) use(f.bytes);
//     if (w.bad) …wire_bad_at(&w), w.bad
//
// A nested message is walked with wire_nested(), which keeps offsets those of the whole input.
#pragma once

#include "base/str.h"

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2,
    WIRE_FIXED32 = 5,
};

struct wire {
    const uint8_t *p, *end;
    const uint8_t *origin; // offset 0
    const char *bad;       // what was wrong, or NULL
};

struct wire_field {
    uint32_t number;
    enum wire_type type;
    uint64_t value;   // of VARINT and the fixed ones
    struct str bytes; // of BYTES, borrowed
};

static inline struct wire wire_make(struct str s)
{
    const uint8_t *p = (const uint8_t *)(s.p ? s.p : "");
    return (struct wire) { p, p + s.n, p, NULL };
}

static inline struct wire wire_nested(const struct wire *outer, struct str s)
{
    const uint8_t *p = (const uint8_t *)s.p;
    return (struct wire) { p, p + s.n, outer->origin, NULL };
}

static inline uint64_t wire_at(const struct wire *w)
{
    return (uint64_t)(w->p - w->origin);
}

uint64_t wire_varint_slow(struct wire *w);

// The next varint; 0 with `bad` set where there is none.
static inline uint64_t wire_varint(struct wire *w)
{
    if (w->end - w->p >= 2) {
        uint8_t a = w->p[0], b = w->p[1];
        if (a < 0x80) {
            w->p++;
            return a;
        }
        if (b < 0x80) {
            w->p += 2;
            return (a & 0x7fu) | (uint64_t)b << 7;
        }
    }
    return wire_varint_slow(w);
}

// The next field; false at the end of the message and where it is bad.
bool wire_next(struct wire *w, struct wire_field *f);

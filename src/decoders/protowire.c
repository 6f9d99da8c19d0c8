// SPDX-License-Identifier: Apache-2.0
#include "decoders/protowire.h"

uint64_t wire_varint_slow(struct wire *w)
{
    uint64_t v = 0;
    const uint8_t *p = w->p;
    if (w->end - p >= 10) { // no need to look for the end at each byte
        for (unsigned shift = 0; shift < 70; shift += 7) {
            uint8_t b = *p++;
            v |= (uint64_t)(b & 0x7f) << shift;
            if (b < 0x80) {
                w->p = p;
                return v;
            }
        }
        w->bad = "a number of more than ten bytes";
        return 0;
    }
    for (unsigned i = 0; i < 10; i++) {
        if (p == w->end) {
            w->bad = "a number goes on past the end";
            return 0;
        }
        uint8_t b = *p++;
        v |= (uint64_t)(b & 0x7f) << (7 * i);
        if (b < 0x80) {
            w->p = p;
            return v;
        }
    }
    w->bad = "a number of more than ten bytes";
    return 0;
}

static uint64_t fixed(struct wire *w, unsigned size)
{
    if ((size_t)(w->end - w->p) < size) {
        w->bad = "a fixed-size number goes on past the end";
        return 0;
    }
    uint64_t v = 0;
    for (unsigned i = 0; i < size; i++) v |= (uint64_t)w->p[i] << (8 * i);
    w->p += size;
    return v;
}

bool wire_next(struct wire *w, struct wire_field *f)
{
    if (w->bad || w->p == w->end) return false;
    const uint8_t *began = w->p;
    uint64_t tag = wire_varint(w);
    f->number = (uint32_t)(tag >> 3);
    f->type = (enum wire_type)(tag & 7);
    f->value = 0;
    f->bytes = (struct str) { 0 };
    if (w->bad) return false;
    if (f->number == 0 || tag >> 32) {
        w->bad = "a field number that cannot be";
    } else if (f->type == WIRE_VARINT) {
        f->value = wire_varint(w);
    } else if (f->type == WIRE_BYTES) {
        uint64_t n = wire_varint(w);
        if (!w->bad && n > (uint64_t)(w->end - w->p))
            w->bad = "a field is longer than what is left";
        if (!w->bad) {
            f->bytes = str_make(w->p, (size_t)n);
            w->p += n;
        }
    } else if (f->type == WIRE_FIXED64) {
        f->value = fixed(w, 8);
    } else if (f->type == WIRE_FIXED32) {
        f->value = fixed(w, 4);
    } else {
        w->bad = "an unknown wire type";
    }
    if (w->bad) w->p = began;
    return !w->bad;
}

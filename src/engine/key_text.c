// SPDX-License-Identifier: Apache-2.0
#include "engine/key_text.h"

#include "base/buf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t signed_of(uint64_t v, uint64_t bytes)
{
    unsigned shift = bytes < 8 ? 64 - 8 * (unsigned)bytes : 0;
    return (int64_t)(v << shift) >> shift;
}

// The shortest text that stands for the same number.
static struct str float_text(double v, bool single, struct arena *r)
{
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, v);
        double back = strtod(text, NULL);
        if (isnan(v) || (single ? (float)back == (float)v : back == v)) break;
    }
    return arena_str(r, str_from(text));
}

static struct str hex_text(struct str bytes, bool more, struct arena *r)
{
    _cleanup_buf_ struct buf hex = { 0 };
    for (size_t i = 0; i < bytes.n; i++) buf_printf(&hex, "%02x", (unsigned char)bytes.p[i]);
    if (more) buf_adds(&hex, "…");
    return arena_str(r, buf_str(&hex));
}

// Whatever bytes they are, zeros too.
static struct str string_text(struct str bytes, bool more, struct arena *r)
{
    _cleanup_buf_ struct buf text = { 0 };
    buf_add(&text, bytes.p, bytes.n);
    if (more) buf_adds(&text, "…");
    return arena_str(r, buf_str(&text));
}

static struct str value_text(struct str bytes, const struct gotype *key, struct arena *r)
{
    uint64_t v = 0;
    memcpy(&v, bytes.p, bytes.n < 8 ? bytes.n : 8);
    if (key->kind == GOTYPE_BOOL) return v ? STR("true") : STR("false");
    if (key->kind >= GOTYPE_INT && key->kind <= GOTYPE_INT64)
        return str_from(arena_printf(r, "%lld", (long long)signed_of(v, key->size)));
    if (key->kind >= GOTYPE_UINT && key->kind <= GOTYPE_UINTPTR)
        return str_from(arena_printf(r, "%llu", (unsigned long long)v));
    if (key->kind == GOTYPE_POINTER || key->kind == GOTYPE_CHAN ||
        key->kind == GOTYPE_UNSAFE_POINTER)
        return str_from(arena_printf(r, "%#llx", (unsigned long long)v));
    if (key->kind == GOTYPE_FLOAT32 || key->kind == GOTYPE_FLOAT64) {
        bool single = key->kind == GOTYPE_FLOAT32;
        float f;
        double d;
        memcpy(&f, &v, sizeof(f));
        memcpy(&d, &v, sizeof(d));
        return float_text(single ? (double)f : d, single, r);
    }
    return hex_text(bytes, key->size > bytes.n, r);
}

bool key_text(const struct access *a, const struct gotype *key, enum locate_keys how,
              struct arena *r, struct str *ret)
{
    if (a->key_kind == ACCESS_KEY_NONE || how == KEYS_OFF) return false;
    bool is_str = a->key_kind == ACCESS_KEY_STR, is_int = a->key_kind == ACCESS_KEY_INT;
    if (a->key_kind == ACCESS_KEY_BYTES &&
        (!key || key->kind == GOTYPE_INTERFACE || key->kind == GOTYPE_STRING))
        return false; // a pointer, or bytes of which it is not known how many are the key's
    struct str bytes = is_int ? str_make(&a->key_value, 8) : str_make(a->key, a->key_bytes);
    uint64_t size = is_str ? a->key_value : key ? key->size : bytes.n;
    if (size < bytes.n) bytes.n = (size_t)size;
    bool more = size > bytes.n;
    if (how == KEYS_LEN)
        *ret = str_from(arena_printf(r, "length:%llu", (unsigned long long)size));
    else if (how == KEYS_HASH && more)
        *ret = str_from(arena_printf(r, "hash:%016llx of the first %zu bytes",
                                     (unsigned long long)str_hash(bytes), bytes.n));
    else if (how == KEYS_HASH)
        *ret = str_from(arena_printf(r, "hash:%016llx", (unsigned long long)str_hash(bytes)));
    else if (is_str)
        *ret = string_text(bytes, more, r);
    else if (key)
        *ret = value_text(bytes, key, r);
    else
        *ret = str_from(arena_printf(r, "%lld", (long long)a->key_value));
    return true;
}

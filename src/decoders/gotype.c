// SPDX-License-Identifier: Apache-2.0
#include "decoders/gotype.h"

#include "base/limits.h"
#include "base/mem.h"

enum {
    KIND_MASK = 31,       // abi.KindMask: the bits above are flags up to 1.25
    TFLAG_EXTRA_STAR = 2, // abi.TFlagExtraStar: the name is stored as that of the pointer type
    NAME_HEAD = 1 + 5,    // flags, and at most five bytes of length
};

struct reader {
    gotype_read *read;
    void *arg;
};

static struct err *read_at(const struct reader *r, uint64_t address, void *ret, size_t n)
{
    if (address >= 4096 && address + n > address && r->read(r->arg, address, ret, n)) return NULL;
    return err_new(ERR_UNSEEN, "type descriptor: %zu bytes at %#llx could not be read", n,
                   (unsigned long long)address);
}

static struct err *header_of(const struct golayout *l, const struct reader *r, uint64_t type,
                             struct gotype *ret)
{
    struct gotype t = { 0 };
    ERR_TRY(read_at(r, type + l->type_size, &t.size, sizeof(t.size)));
    ERR_TRY(read_at(r, type + l->type_kind, &t.kind, sizeof(t.kind)));
    t.kind &= KIND_MASK;
    if (t.kind == 0 || t.kind > GOTYPE_KIND_MAX || t.size > 1ull << 40)
        return err_new(ERR_INPUT, "type descriptor at %#llx: kind %u and %llu bytes are impossible",
                       (unsigned long long)type, t.kind, (unsigned long long)t.size);
    *ret = t;
    return NULL;
}

// An abi.Name: a byte of flags, the length as a varint, the bytes.
static struct err *read_name(const struct reader *r, uint64_t address, uint64_t end,
                             struct arena *a, struct str *ret)
{
    uint8_t head[NAME_HEAD];
    size_t have = end - address < sizeof(head) ? (size_t)(end - address) : sizeof(head);
    ERR_TRY(read_at(r, address, head, have));
    uint64_t n = 0;
    size_t at = 1;
    for (unsigned shift = 0; at < have; shift += 7) {
        uint8_t byte = head[at++];
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) break;
        if (at == have) n = UINT64_MAX;
    }
    if (n == 0 || n > LIMIT_NAME_BYTES || n > end - address - at)
        return err_new(ERR_INPUT, "type name at %#llx: a length of %llu bytes is impossible",
                       (unsigned long long)address, (unsigned long long)n);
    _cleanup_free_ char *text = mem_alloc((size_t)n);
    ERR_TRY(read_at(r, address + at, text, (size_t)n));
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) text[i] = '?';
    }
    *ret = arena_str(a, str_make(text, (size_t)n));
    return NULL;
}

struct err *gotype_name(const struct golayout *l, struct gobin *b, uint64_t bias, gotype_read *read,
                        void *arg, uint64_t type, struct arena *a, struct str *ret)
{
    struct reader r = { read, arg };
    struct gobin_range types = gobin_info(b)->types;
    struct gotype t;
    if (type - bias < types.lo || type - bias >= types.hi)
        return err_new(ERR_INPUT,
                       "type descriptor at %#llx: outside the types of this program (made by "
                       "reflection, or of a plugin)",
                       (unsigned long long)type);
    ERR_TRY(header_of(l, &r, type, &t));
    uint8_t tflag;
    uint32_t offset;
    ERR_TRY(read_at(&r, type + l->type_tflag, &tflag, sizeof(tflag)));
    ERR_TRY(read_at(&r, type + l->type_str, &offset, sizeof(offset)));
    if (offset == 0 || offset >= types.hi - types.lo)
        return err_new(ERR_INPUT, "type descriptor at %#llx: its name lies at %#x, outside",
                       (unsigned long long)type, offset);
    struct str name;
    ERR_TRY(read_name(&r, types.lo + bias + offset, types.hi + bias, a, &name));
    if ((tflag & TFLAG_EXTRA_STAR) && name.p[0] == '*') name = str_sub(name, 1, name.n);
    *ret = name;
    return NULL;
}

struct err *gotype_map(const struct golayout *l, struct gobin *b, uint64_t bias, gotype_read *read,
                       void *arg, uint64_t type, struct gotype_map *ret)
{
    struct reader r = { read, arg };
    struct gotype t;
    struct gotype_map m = { 0 };
    ERR_TRY(header_of(l, &r, type, &t));
    if (t.kind != GOTYPE_MAP)
        return err_new(ERR_INPUT, "type descriptor at %#llx: kind %u is no map",
                       (unsigned long long)type, t.kind);
    ERR_TRY(read_at(&r, type + l->maptype_key, &m.key_type, sizeof(m.key_type)));
    ERR_TRY(read_at(&r, type + l->maptype_elem, &m.elem_type, sizeof(m.elem_type)));
    ERR_TRY(header_of(l, &r, m.key_type, &m.key));
    ERR_TRY(header_of(l, &r, m.elem_type, &m.elem));
    *ret = m;
    return NULL;
}

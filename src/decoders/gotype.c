// SPDX-License-Identifier: Apache-2.0
#include "decoders/gotype.h"

enum { TFLAG_EXTRA_STAR = 2 };

struct err *gotype_name(const struct golayout *l, struct gobin *b, uint64_t bias,
                        bool (*read)(void *arg, uint64_t addr, void *p, size_t n), void *arg,
                        uint64_t type, struct arena *a, struct str *ret)
{
    struct gobin_range t = gobin_info(b)->types;
    uint8_t tflag;
    int32_t offset;
    if (!read(arg, type + l->type_tflag, &tflag, 1) || !read(arg, type + l->type_str, &offset, 4))
        return err_new(ERR_INPUT, "type %#llx cannot be read", (unsigned long long)type);
    if (t.lo >= t.hi || offset < 0 || (uint64_t)offset >= t.hi - t.lo)
        return err_new(ERR_INPUT, "type %#llx: its name lies at %#x, outside of the type data",
                       (unsigned long long)type, (unsigned)offset);
    // A name: a byte of flags, its length as a varint, its bytes.
    char text[3 + LIMIT_NAME_BYTES];
    uint64_t at = t.lo + bias + (uint64_t)offset;
    size_t have = sizeof(text);
    while (have > 3 && !read(arg, at, text, have)) have /= 2; // it may stand near the end
    size_t length = 0, i = 1;
    for (unsigned shift = 0; i < 4 && i < have; i++, shift += 7) {
        length |= (size_t)(text[i] & 0x7f) << shift;
        if (!(text[i] & 0x80)) break;
    }
    i++;
    if (have <= 3 || length == 0 || length > have - i)
        return err_new(ERR_INPUT, "type %#llx has no readable name", (unsigned long long)type);
    struct str name = str_make(text + i, length);
    if ((tflag & TFLAG_EXTRA_STAR) && name.p[0] == '*') name = str_sub(name, 1, name.n);
    *ret = arena_str(a, name);
    return NULL;
}

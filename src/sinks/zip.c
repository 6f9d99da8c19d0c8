// SPDX-License-Identifier: Apache-2.0
// APPNOTE.TXT of PKWARE, sections 4.3.7 (local header), 4.3.12 (directory), 4.3.16 (its end).
#include "sinks/zip.h"

#include <zlib.h>

enum {
    LOCAL = 0x04034b50,
    ENTRY = 0x02014b50,
    END = 0x06054b50,
    VERSION = 20,
    UTF8_NAME = 1 << 11,
    DAY_ONE = 1 << 5 | 1, // 1980-01-01
};

static void put(struct buf *b, uint32_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) buf_addc(b, (char)(v >> 8 * i));
}

// What the header of a file and its entry in the directory have in common.
static void put_file(struct buf *b, struct str name, struct str bytes)
{
    uint32_t n = (uint32_t)bytes.n;
    put(b, VERSION, 2);
    put(b, UTF8_NAME, 2);
    put(b, 0, 2); // stored
    put(b, 0, 2);
    put(b, DAY_ONE, 2);
    put(b, (uint32_t)crc32(0, (const Bytef *)bytes.p, n), 4);
    put(b, n, 4);
    put(b, n, 4);
    put(b, (uint32_t)name.n, 2);
    put(b, 0, 2); // no extra field
}

bool zip_add(struct zip *z, struct str name, struct str bytes)
{
    if (name.n > UINT16_MAX || z->files == UINT16_MAX || z->out.n > LIMIT_ZIP_BYTES ||
        bytes.n > LIMIT_ZIP_BYTES - z->out.n)
        return false;
    struct buf *d = &z->directory;
    put(d, ENTRY, 4);
    put(d, VERSION, 2);
    put_file(d, name, bytes);
    for (int i = 0; i < 5; i++) put(d, 0, 2); // comment, disk, attributes
    put(d, (uint32_t)z->out.n, 4);
    buf_addstr(d, name);
    put(&z->out, LOCAL, 4);
    put_file(&z->out, name, bytes);
    buf_addstr(&z->out, name);
    buf_addstr(&z->out, bytes);
    z->files++;
    return true;
}

void zip_finish(struct zip *z)
{
    uint32_t at = (uint32_t)z->out.n;
    buf_addstr(&z->out, buf_str(&z->directory));
    put(&z->out, END, 4);
    put(&z->out, 0, 4); // one disk
    put(&z->out, z->files, 2);
    put(&z->out, z->files, 2);
    put(&z->out, (uint32_t)z->directory.n, 4);
    put(&z->out, at, 4);
    put(&z->out, 0, 2); // no comment
    buf_deinit(&z->directory);
}

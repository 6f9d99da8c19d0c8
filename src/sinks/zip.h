// SPDX-License-Identifier: Apache-2.0
// A zip archive in memory: files as they are, uncompressed.
//
//     struct zip z = { 0 };
//     if (!zip_add(&z, STR("a/b.go"), text)) …
//     zip_finish(&z);
//     … z.out … buf_deinit(&z.out);
//
// Holds LIMIT_ZIP_BYTES at most.
#pragma once

#include "base/buf.h"

enum { LIMIT_ZIP_BYTES = 1 << 30 };

struct zip {
    struct buf out, directory;
    uint16_t files;
};

bool zip_add(struct zip *z, struct str name, struct str bytes); // false: no room
void zip_finish(struct zip *z);

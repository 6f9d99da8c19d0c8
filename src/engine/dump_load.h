// SPDX-License-Identifier: Apache-2.0
// A dump from a file, "-" or a URL, whichever way its lines run.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "model/dump.h"

enum { DUMP_REVERSED_MAX = 512 << 20 }; // bytes of a reversed input, which is held in memory

struct dump_source {
    struct buf name;
    bool reversed;
    struct err *broke; // the input could be read up to here only (a cut gzip file); NULL = whole
};

void dump_source_deinit(struct dump_source *s);

// Fills *d (zeroed; dump_deinit it in any case). What could be read before the input broke is an
// answer: then ret->broke says where. ERR_INPUT if nothing in it looks like goroutines.
struct err *dump_load(const char *name, bool keep_arguments, struct dump *d,
                      struct dump_source *ret) ERR_MUST_USE;

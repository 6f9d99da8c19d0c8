// SPDX-License-Identifier: Apache-2.0
// What the parts of gobin share. Not for others: include gobin.h.
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "decoders/gobin.h"
#include "decoders/gopclntab.h"

// Names of generic functions as the runtime prints them, made when first wanted.
struct short_names {
    struct arena arena;
    struct strmap known; // name → struct str * in the arena
};

struct gobin {
    char *name;
    struct goelf elf;
    struct gopclntab pcln;
    struct gobin_info info;
    struct str modinfo; // the build info's lines

    struct strmap by_name;  // function name → index + 1 of the first of that name
    uint32_t *next_of_name; // index → index + 1 of the next of the same name, 0 = last
    struct short_names *names;
    struct strmap symbols;         // symbol name → address
    VEC(struct goelf_symbol) data; // symbols of data sections by address
    bool symbols_read;

    bool global_known[GOBIN_GLOBALS], global_tried[GOBIN_GLOBALS]; // enum gobin_global
    uint64_t global[GOBIN_GLOBALS];
};

// SPDX-License-Identifier: Apache-2.0
// Type descriptors (abi.Type) of a live process: a type's name as reflect prints it, and of a map
// type what its keys and elements are. Everything read is distrusted and bounded.
#pragma once

#include "base/arena.h"
#include "decoders/golayout.h"

// Kinds of Go's reflect.Kind that callers tell apart.
enum gotype_kind {
    GOTYPE_BOOL = 1,
    GOTYPE_INT = 2,
    GOTYPE_INT64 = 6,
    GOTYPE_UINT = 7,
    GOTYPE_UINTPTR = 12,
    GOTYPE_FLOAT32 = 13,
    GOTYPE_FLOAT64 = 14,
    GOTYPE_CHAN = 18,
    GOTYPE_INTERFACE = 20,
    GOTYPE_MAP = 21,
    GOTYPE_POINTER = 22,
    GOTYPE_STRING = 24,
    GOTYPE_UNSAFE_POINTER = 26,
    GOTYPE_KIND_MAX = 26,
};

struct gotype {
    uint64_t size; // bytes
    uint8_t kind;  // reflect.Kind
};

struct gotype_map {
    struct gotype key, elem;
    uint64_t key_type, elem_type; // run-time addresses
};

// Reads n bytes of the process (or core file) at a run-time address; false if not all are there.
typedef bool gotype_read(void *arg, uint64_t address, void *ret, size_t n);

// "map[string]int" of the descriptor at run-time address `type`, in the arena. ERR_UNSEEN if the
// memory cannot be read, ERR_INPUT if what is there is no type of this program.
struct err *gotype_name(const struct golayout *l, struct gobin *b, uint64_t bias, gotype_read *read,
                        void *arg, uint64_t type, struct arena *a, struct str *ret) ERR_MUST_USE;
// ERR_INPUT if it is no map type.
struct err *gotype_map(const struct golayout *l, struct gobin *b, uint64_t bias, gotype_read *read,
                       void *arg, uint64_t type, struct gotype_map *ret) ERR_MUST_USE;

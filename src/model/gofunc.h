// SPDX-License-Identifier: Apache-2.0
// What a Go function's name says: its package, whether it is of the standard library, whether it is
// one of the runtime's map operations.
#pragma once

#include "base/str.h"

enum map_op {
    MAP_OP_NONE,
    MAP_OP_ASSIGN,
    MAP_OP_DELETE,
    MAP_OP_CLEAR,
    MAP_OP_READ,
    MAP_OP_ITERATE,
    MAP_OP_CLONE,
    MAP_OP_GROW, // part of an assign or delete: growth, splitting, rehashing
    MAP_OP_MAKE, // making one; no operation on a map that is there: gofunc_map_op() never says it
};

// "assign", "delete" … as JSON says them; "" for none. GROW is "grow", MAKE "make".
const char *map_op_name(enum map_op op);
static inline bool map_op_writes(enum map_op op)
{
    return op == MAP_OP_ASSIGN || op == MAP_OP_DELETE || op == MAP_OP_CLEAR || op == MAP_OP_GROW;
}

// The import path: "net/http" of "net/http.(*conn).serve", "example.com/a.b/c" of
// "example.com/a%2eb/c.F" (still escaped: a dot in the last element is written %2e).
struct str gofunc_package(struct str function);

// Of Go's own distribution (vendored golang.org/x packages of it included). "main" is not.
bool gofunc_is_std(struct str function);

// Of package runtime or of internal/runtime/…: hidden in a crash log unless GOTRACEBACK=system.
bool gofunc_is_runtime(struct str function);

// Which operation on a map a runtime function is an entry of (or, for GROW, a part of). Understands
// both homes of the code (runtime.…, internal/runtime/maps.…) and reflect's and maps' doors to it.
enum map_op gofunc_map_op(struct str function);

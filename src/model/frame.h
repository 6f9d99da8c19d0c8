// SPDX-License-Identifier: Apache-2.0
// A frame and a stack, as every reader and the live engine make them. Innermost frame first.
#pragma once

#include "base/str.h"

struct frame {
    struct str function; // full Go name: "net/http.(*conn).serve", "main.(*T[...]).Set.func1"
    struct str file;     // as the binary or log has it; empty = unknown
    uint32_t line;       // 0 = unknown
    uint64_t pc;         // 0 = unknown; a return address for all but the innermost frame
    bool inlined;        // has no machine frame of its own
};

struct stack {
    struct frame *frame; // owned by whoever made the stack (usually an arena)
    size_t n;
};

// SPDX-License-Identifier: Apache-2.0
// Named limits with their units: whatever grows or recurses because of input has one here.
#pragma once

enum {
    LIMIT_STACK_FRAMES = 128,   // frames kept of one stack, inlined ones included
    LIMIT_INLINE_DEPTH = 64,    // levels of an inline tree
    LIMIT_NAME_BYTES = 4096,    // a symbol, type or file name
    LIMIT_KEY_BYTES = 64,       // bytes of a map key that are kept
    LIMIT_JSON_DEPTH = 64,      // nesting of the JSON that we write
    LIMIT_MAPS = 1 << 16,       // maps told apart in one run
    LIMIT_SITES = 1 << 14,      // sites (call paths) told apart in one run
    LIMIT_GOROUTINES = 1 << 17, // goroutines told apart in one run
    LIMIT_CALL_SITES = 1 << 20, // call instructions of one function
    LIMIT_FUNCTIONS = 1 << 22,  // functions of one binary
};

// SPDX-License-Identifier: Apache-2.0
// What a profile leaves out and its binary still knows.
#pragma once

#include "engine/code_names.h"
#include "model/profile.h"

// Go's heap profiles leave the runtime's innermost frames out, so `m[k] = v` never shows as a map
// operation. But the address of the innermost frame that is left is its call: where that is a
// direct call of a map function, the function goes back on the stack, and locations without a name
// get one. Returns how many samples got a frame.
size_t profile_restore(struct profile *p, const struct code_names *exe);

// Whether the binary is the one that the profile was taken of: the functions that the profile names
// lie at their addresses in it. (Build ids are recorded by few versions only.)
bool profile_is_of(const struct profile *p, const struct code_names *exe);

// Whether samples are of heap memory, whose stacks lack the runtime.
bool profile_hides_runtime(const struct profile *p);

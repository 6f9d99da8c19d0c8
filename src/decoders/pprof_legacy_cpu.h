// SPDX-License-Identifier: Apache-2.0
// The binary CPU profile of gperftools and Go before 1.9: machine words, 0 3 0 PERIOD 0, then
// COUNT DEPTH ADDRESS… for each stack, an end mark 0 1 0, and a memory map as text. Words of 4 or 8
// bytes in either order. The third word is 1 in a Java program's, which has names instead of a map.
#pragma once

#include "decoders/profile_build.h"

bool legacy_cpu_recognises(struct str bytes);
struct err *legacy_cpu_decode(const char *name, struct str bytes,
                              struct profile_builder *b) ERR_MUST_USE;

// SPDX-License-Identifier: Apache-2.0
// The memory map at the end of a legacy profile: which binary each address belongs to.
#pragma once

#include "decoders/profile_build.h"
#include "decoders/text.h"

bool legacy_is_map_header(struct str line); // "--- Memory map: ---", "MAPPED_LIBRARIES:"
// Reads the lines that are left as a map and gives every location with an address its mapping.
void legacy_take_map(struct profile_builder *b, struct text_lines *t);

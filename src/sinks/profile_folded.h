// SPDX-License-Identifier: Apache-2.0
// Folded stacks for other flame graph tools: root first, "a;b;c 12", one line a stack, by name.
// Semicolons in names become colons, as FlameGraph's own tools have it.
#pragma once

#include "analyses/profile_tree.h"

#include <stdio.h>

void profile_folded(FILE *out, const struct profile_view *v, const struct profile_tree *t);

// SPDX-License-Identifier: Apache-2.0
// Folded stacks, as FlameGraph's tools write them: one line a stack, root first, "a;b;c 12".
#pragma once

#include "model/profile.h"

bool folded_recognises(struct str bytes);
// As pprof_decode(). The one sample type is "samples".
struct err *folded_decode(const char *name, struct str bytes, struct profile *ret) ERR_MUST_USE;

// SPDX-License-Identifier: Apache-2.0
// The answer of `maptrap profile` for people: what the profile shows in one line, who writes maps,
// the table, and what to run next.
#pragma once

#include "sinks/profile_json.h"

void profile_text(FILE *out, const char *name, const struct profile_answer *a);

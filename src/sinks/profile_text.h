// SPDX-License-Identifier: Apache-2.0
// The answer of `maptrap profile` for people: what the profile shows in one line, who writes maps,
// the table, and what to run next.
#pragma once

#include "analyses/profile_tags.h"
#include "analyses/profile_tree.h"
#include "sinks/profile_json.h"

void profile_text(FILE *out, const char *name, const struct profile_answer *a);

// Call tree, root first, of what makes up at least 0.5 % of the whole.
void profile_text_tree(FILE *out, const struct profile_answer *a, const struct profile_tree *t);
// Every sample with its labels and its stack, innermost frame first, as in the input.
void profile_text_traces(FILE *out, const struct profile_answer *a);
void profile_text_tags(FILE *out, const struct profile_answer *a, const struct profile_tags *t);

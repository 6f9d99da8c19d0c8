// SPDX-License-Identifier: Apache-2.0
// Edits of a text, and the unified diff that says what they change. All results lie in the arena.
#pragma once

#include "analyses/goscan.h"

// Applies edits in any order; the same edit twice counts once. False if two overlap or one lies
// outside of the text.
bool edits_apply(struct arena *a, struct str text, const struct goscan_fix *edits, size_t n,
                 struct str *ret);
// As `diff -u` and `git diff` say it, one hunk; empty if nothing differs.
const char *edits_diff(struct arena *a, struct str path, struct str before, struct str after);

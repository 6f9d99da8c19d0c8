// SPDX-License-Identifier: Apache-2.0
// The Go files of a git revision, written to a temporary folder as they lie in the repository. Git
// runs without a shell, without hooks and filters: nothing of the repository is changed.
//
//     struct git_tree t = { 0 };
//     ERR_TRY(git_tree_make("./cmd", "origin/main", &t));
//     … t.dir holds what t.top held at that revision …
//     git_tree_remove(&t);
#pragma once

#include "base/err.h"

struct git_tree {
    char *top; // the repository's own folder, resolved
    char *dir; // the temporary one, resolved
};

// ERR_CANNOT where git or the repository is missing, ERR_USAGE where there is no such revision.
struct err *git_tree_make(const char *inside, const char *revision,
                          struct git_tree *ret) ERR_MUST_USE;
void git_tree_remove(struct git_tree *t);

// SPDX-License-Identifier: Apache-2.0
// What the source calls the map that a line touches: "main.catalog.quotes" for a field whose
// owner's type is in sight (the receiver's, a parameter's), else the expression as it stands there
// ("quotes").
//
// The line must stand in the function that is named as the runtime names it, so a file that is not
// the one the program was built from gives no name rather than a wrong one.
#pragma once

#include "base/arena.h"
#include "model/goast.h"
#include "model/gofunc.h"

struct map_expr {
    struct str name; // empty: no map is touched there, or more than one
    bool qualified;  // it begins with a package: "main.catalog.quotes"
};

struct map_expr map_expr_at(const struct go_file *f, struct str function, uint32_t line,
                            enum map_op op, struct arena *a);
// One name for a map that two places touch; empty if they do not agree on one.
struct map_expr map_expr_join(struct map_expr x, struct map_expr y);

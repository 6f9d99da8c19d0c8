// SPDX-License-Identifier: Apache-2.0
// Parses Go source (1.0 to 1.27: generics, generic methods, range over functions, new(expr)) into
// the tree of model/goast.h. It accepts and rejects what go/parser does.
//
//     struct go_file f;
//     gosrc_parse(&arena, STR("a/b.go"), text, &f);
//     if (f.error) …                      // f.decls holds the declarations that could be read
//
// Tree, names and tables lie in the arena; the source is borrowed. Malformed input ends in
// f.error, never in a crash: nesting is limited (LIMIT_GO_NESTING), a file may have at most
// LIMIT_GO_FILE_BYTES, and after an error parsing goes on at the next declaration.
// Safe to call from several threads, each with an arena of its own.
#pragma once

#include "base/arena.h"
#include "model/goast.h"

enum {
    LIMIT_GO_NESTING = 10000,       // levels of expressions, types and statements
    LIMIT_GO_FILE_BYTES = 64 << 20, // larger files are refused
};

void gosrc_parse(struct arena *a, struct str path, struct str source, struct go_file *ret);

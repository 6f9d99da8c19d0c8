// SPDX-License-Identifier: Apache-2.0
// Tokens of a Go source text, with automatic semicolons, as the language specification has them.
// One token at a time: lex_next() sets tok, pos, end, and sym for names and keywords.
#pragma once

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "model/goast.h"

struct lexer {
    const char *p;
    uint32_t n, at;
    enum go_tok tok;
    uint32_t pos, end;
    uint32_t sym;     // of a name
    bool semi_next;   // a newline after the last token ends the statement
    bool newline;     // this semicolon was a newline (or the end of the file)
    bool stopped;     // after an error: every token is GO_T_EOF until lex_restart()
    const char *what; // the first error since the last restart, NULL if none
    uint32_t what_at;
    uint32_t n_errors;
    struct arena *arena;
    VEC(struct str) names;
    uint32_t *table; // open addressing over `names`: number + 1
    uint32_t table_size;
    uint32_t *hashes;
    VEC(struct go_comment) comments;
};

void lex_init(struct lexer *l, struct arena *a, struct str source);
void lex_deinit(struct lexer *l);
void lex_next(struct lexer *l);
// Notes an error at an offset and stops: what follows is GO_T_EOF.
void lex_error(struct lexer *l, uint32_t at, const char *what);
// Goes on at an offset after an error.
void lex_restart(struct lexer *l, uint32_t at);
// NULL, or what is wrong with the bytes as such (NUL, not UTF-8, a stray byte order mark), and
// where.
const char *lex_check_bytes(struct str source, uint32_t *ret_at);

// SPDX-License-Identifier: Apache-2.0
// What the parts of the Go parser share (gosrc.c, gosrc_expr.c, gosrc_stmt.c); not for others.
// After an error the lexer yields only GO_T_EOF, so every loop ends; functions return some node,
// which the file's loop drops with its declaration.
#pragma once

#include "decoders/gosrc.h"
#include "decoders/gosrc_lex.h"

struct parameter {
    struct go_node *name, *type;
};

struct parser {
    struct lexer lex;
    char *pool; // for nodes
    size_t pool_left;
    int depth; // nesting
    int level; // below 0: in the head of a statement, where `{` begins its block
    VEC(struct parameter) params;
};

struct go_list {
    struct go_node *first, *last;
};

struct go_node *go_node(struct parser *p, enum goast_kind kind, unsigned kids, uint32_t pos);
struct go_node *parse_wrap1(struct parser *p, enum goast_kind kind, uint32_t pos,
                            struct go_node *kid);
void go_list_add(struct go_list *l, struct go_node *n); // NULL is ignored
void parse_error(struct parser *p, uint32_t at, const char *what);
bool parse_got(struct parser *p, enum go_tok tok); // skips it if it is there
void parse_expect(struct parser *p, enum go_tok tok, const char *what);
void parse_semicolon(struct parser *p);
// After an element of a list: true if there was a comma; an error if neither comma nor `close`.
bool parse_comma(struct parser *p, enum go_tok close, const char *what);
bool parse_deeper(struct parser *p); // one level of nesting; undo with p->depth--

struct go_node *parse_ident(struct parser *p);
struct go_node *parse_literal(struct parser *p);
struct go_node *parse_type(struct parser *p);
struct go_node *parse_try_type(struct parser *p); // NULL if there is none
struct go_node *parse_func_type(struct parser *p);
struct go_node *parse_parameters(struct parser *p, bool dots_ok);
struct go_node *parse_gen_decl(struct parser *p);

struct go_node *parse_expr(struct parser *p);
struct go_node *parse_expr_list(struct parser *p);
struct go_node *parse_unary(struct parser *p);
struct go_node *parse_primary(struct parser *p, struct go_node *x);
struct go_node *parse_binary(struct parser *p, struct go_node *x, int precedence);

struct go_node *parse_block(struct parser *p);

// SPDX-License-Identifier: Apache-2.0
#include "decoders/gosrc_parse.h"

struct go_node *parse_literal(struct parser *p)
{
    struct go_node *n = go_node(p, GO_LIT, 0, p->lex.pos);
    n->op = (uint8_t)p->lex.tok;
    lex_next(&p->lex);
    return n;
}

static struct go_node *parse_func_or_literal(struct parser *p)
{
    struct go_node *type = parse_func_type(p);
    if (p->lex.tok != GO_T_LBRACE) return type;
    struct go_node *n = go_node(p, GO_FUNC_LIT, 2, type->pos);
    n->kid[0] = type;
    p->level++;
    int level = p->level;
    p->level = 0; // a body is a world of its own
    n->kid[1] = parse_block(p);
    p->level = level - 1;
    n->end = n->kid[1]->end;
    return n;
}

static struct go_node *parse_operand(struct parser *p)
{
    switch (p->lex.tok) {
    case GO_T_IDENT: return parse_ident(p);
    case GO_T_INT:
    case GO_T_FLOAT:
    case GO_T_IMAG:
    case GO_T_CHAR:
    case GO_T_STRING: return parse_literal(p);
    case GO_T_LPAREN: {
        uint32_t pos = p->lex.pos;
        lex_next(&p->lex);
        int level = p->level;
        p->level = level + 1;
        if (p->level < 1) p->level = 1;
        struct go_node *n = parse_wrap1(p, GO_PAREN, pos, parse_expr(p));
        p->level = level;
        n->end = p->lex.end;
        parse_expect(p, GO_T_RPAREN, "expected ')'");
        return n;
    }
    case GO_T_FUNC: return parse_func_or_literal(p);
    default: break;
    }
    struct go_node *type = parse_try_type(p);
    if (type) return type;
    parse_error(p, p->lex.pos, "expected operand");
    return go_node(p, GO_BAD, 0, p->lex.pos);
}

// At '.': a selector or a type assertion.
static struct go_node *parse_dot(struct parser *p, struct go_node *x)
{
    lex_next(&p->lex);
    if (p->lex.tok == GO_T_IDENT) {
        struct go_node *n = go_node(p, GO_SELECTOR, 1, x->pos);
        n->kid[0] = x;
        n->sym = p->lex.sym;
        lex_next(&p->lex);
        return n;
    }
    struct go_node *n = go_node(p, GO_TYPE_ASSERT, 2, x->pos);
    n->kid[0] = x;
    parse_expect(p, GO_T_LPAREN, "expected selector or type assertion");
    if (!parse_got(p, GO_T_TYPE)) n->kid[1] = parse_type(p);
    n->end = p->lex.end;
    parse_expect(p, GO_T_RPAREN, "expected ')'");
    return n;
}

static struct go_node *parse_slice(struct parser *p, struct go_node *x, struct go_node *low)
{
    struct go_node *n = go_node(p, GO_SLICE, 4, x->pos), *at[2] = { 0 };
    unsigned colons = 0;
    while (p->lex.tok == GO_T_COLON && colons < 2) {
        lex_next(&p->lex);
        enum go_tok t = p->lex.tok;
        if (t != GO_T_COLON && t != GO_T_RBRACK && t != GO_T_EOF) at[colons] = parse_expr(p);
        colons++;
    }
    if (colons == 2) n->flags |= GO_F_SLICE3;
    n->kid[0] = x;
    n->kid[1] = low;
    n->kid[2] = at[0];
    n->kid[3] = at[1];
    if (colons == 2 && (!at[0] || !at[1]))
        parse_error(p, p->lex.pos, "middle and final index required in 3-index slice");
    return n;
}

static struct go_node *parse_index(struct parser *p, struct go_node *x)
{
    struct go_node *n, *first = NULL;
    lex_next(&p->lex);
    int level = p->level;
    p->level = level + 1;
    if (p->level < 1) p->level = 1;
    if (p->lex.tok != GO_T_COLON) first = parse_expr(p);
    if (p->lex.tok == GO_T_COLON) {
        n = parse_slice(p, x, first);
    } else {
        struct go_list args = { 0 };
        n = go_node(p, GO_INDEX, 2, x->pos);
        n->kid[0] = x;
        go_list_add(&args, first);
        while (parse_got(p, GO_T_COMMA))
            if (p->lex.tok != GO_T_RBRACK) go_list_add(&args, parse_type(p));
        n->kid[1] = args.first;
    }
    p->level = level;
    n->end = p->lex.end;
    parse_expect(p, GO_T_RBRACK, "expected ']'");
    return n;
}

static struct go_node *parse_call(struct parser *p, struct go_node *function)
{
    struct go_node *n = go_node(p, GO_CALL, 2, function->pos);
    struct go_list args = { 0 };
    n->kid[0] = function;
    n->sym = p->lex.pos; // of the parenthesis
    lex_next(&p->lex);
    int level = p->level;
    p->level = level + 1;
    if (p->level < 1) p->level = 1;
    while (p->lex.tok != GO_T_RPAREN && p->lex.tok != GO_T_EOF && !(n->flags & GO_F_ELLIPSIS)) {
        go_list_add(&args, parse_expr(p));
        if (parse_got(p, GO_T_DOTS)) n->flags |= GO_F_ELLIPSIS;
        if (!parse_comma(p, GO_T_RPAREN, "missing ',' in argument list")) break;
    }
    p->level = level;
    n->kid[1] = args.first;
    n->end = p->lex.end;
    parse_expect(p, GO_T_RPAREN, "expected ')'");
    return n;
}

static struct go_node *parse_composite(struct parser *p, struct go_node *type);

static struct go_node *parse_element_value(struct parser *p)
{
    return p->lex.tok == GO_T_LBRACE ? parse_composite(p, NULL) : parse_expr(p);
}

// At '{' of a composite literal.
static struct go_node *parse_composite(struct parser *p, struct go_node *type)
{
    struct go_node *n = go_node(p, GO_COMPOSITE, 2, type ? type->pos : p->lex.pos);
    struct go_list elements = { 0 };
    n->kid[0] = type;
    if (!parse_deeper(p)) {
        p->depth--;
        return n;
    }
    lex_next(&p->lex);
    int level = p->level;
    p->level = level + 1;
    if (p->level < 1) p->level = 1;
    while (p->lex.tok != GO_T_RBRACE && p->lex.tok != GO_T_EOF) {
        struct go_node *x = parse_element_value(p);
        if (parse_got(p, GO_T_COLON)) {
            struct go_node *pair = go_node(p, GO_KEY_VALUE, 2, x->pos);
            pair->kid[0] = x;
            pair->kid[1] = parse_element_value(p);
            pair->end = pair->kid[1]->end;
            x = pair;
        }
        go_list_add(&elements, x);
        if (!parse_comma(p, GO_T_RBRACE, "missing ',' in composite literal")) break;
    }
    p->level = level;
    n->kid[1] = elements.first;
    n->end = p->lex.end;
    parse_expect(p, GO_T_RBRACE, "expected '}'");
    p->depth--;
    return n;
}

static bool may_be_literal_type(const struct parser *p, const struct go_node *t)
{
    switch (t->kind) {
    case GO_IDENT:
    case GO_SELECTOR:
    case GO_INDEX: return p->level >= 0;
    case GO_ARRAY_TYPE:
    case GO_STRUCT_TYPE:
    case GO_MAP_TYPE: return true;
    default: return false;
    }
}

struct go_node *parse_primary(struct parser *p, struct go_node *x)
{
    int depth = p->depth;
    if (!x) x = parse_operand(p);
    for (bool more = true; more && parse_deeper(p);) {
        switch (p->lex.tok) {
        case GO_T_PERIOD: x = parse_dot(p, x); break;
        case GO_T_LBRACK: x = parse_index(p, x); break;
        case GO_T_LPAREN: x = parse_call(p, x); break;
        case GO_T_LBRACE: {
            struct go_node *t = x;
            while (t->kind == GO_PAREN) t = t->kid[0];
            more = may_be_literal_type(p, t);
            if (!more) break;
            if (t != x)
                parse_error(p, t->pos, "cannot parenthesize type in composite literal");
            else
                x = parse_composite(p, x);
            break;
        }
        default: more = false;
        }
    }
    p->depth = depth;
    return x;
}

// `<- x`, where x turned out to be a channel type: the arrow belongs to the type.
static struct go_node *arrow_type(struct parser *p, uint32_t pos, struct go_node *type)
{
    uint8_t direction = GO_T_SEND;
    uint32_t arrow = pos;
    struct go_node *t = type;
    while (t && t->kind == GO_CHAN_TYPE && direction == GO_T_SEND) {
        if (t->op == GO_T_ARROW) parse_error(p, t->pos, "expected 'chan'");
        direction = t->op;
        t->op = GO_T_ARROW;
        t->pos = arrow;
        arrow = t->sym;
        t = t->kid[0];
    }
    if (direction == GO_T_SEND) parse_error(p, pos, "expected channel type");
    return type;
}

static struct go_node *parse_unary_inner(struct parser *p)
{
    uint32_t pos = p->lex.pos;
    enum go_tok op = p->lex.tok;
    switch (op) {
    case GO_T_ADD:
    case GO_T_SUB:
    case GO_T_NOT:
    case GO_T_XOR:
    case GO_T_AND:
    case GO_T_TILDE:
    case GO_T_ARROW: {
        lex_next(&p->lex);
        struct go_node *x = parse_unary(p);
        if (op == GO_T_ARROW && x->kind == GO_CHAN_TYPE) return arrow_type(p, pos, x);
        struct go_node *n = parse_wrap1(p, GO_UNARY, pos, x);
        n->op = (uint8_t)op;
        return n;
    }
    case GO_T_MUL: lex_next(&p->lex); return parse_wrap1(p, GO_STAR, pos, parse_unary(p));
    default: return parse_primary(p, NULL);
    }
}

struct go_node *parse_unary(struct parser *p)
{
    struct go_node *n = parse_deeper(p) ? parse_unary_inner(p) : go_node(p, GO_BAD, 0, p->lex.pos);
    p->depth--;
    return n;
}

static int precedence_of(enum go_tok t)
{
    switch (t) {
    case GO_T_LOR: return 1;
    case GO_T_LAND: return 2;
    case GO_T_EQL ... GO_T_GEQ: return 3;
    case GO_T_ADD ... GO_T_XOR: return 4;
    case GO_T_MUL ... GO_T_AND_NOT: return 5;
    default: return 0;
    }
}

struct go_node *parse_binary(struct parser *p, struct go_node *x, int precedence)
{
    int depth = p->depth;
    if (!x) x = parse_unary(p);
    for (;;) {
        int here = precedence_of(p->lex.tok);
        if (here < precedence || !parse_deeper(p)) break;
        struct go_node *n = go_node(p, GO_BINARY, 2, x->pos);
        n->op = (uint8_t)p->lex.tok;
        n->sym = p->lex.pos; // of the operator
        lex_next(&p->lex);
        n->kid[0] = x;
        n->kid[1] = parse_binary(p, NULL, here + 1);
        n->end = n->kid[1]->end;
        x = n;
    }
    p->depth = depth;
    return x;
}

struct go_node *parse_expr(struct parser *p)
{
    return parse_binary(p, NULL, 1);
}

struct go_node *parse_expr_list(struct parser *p)
{
    struct go_list list = { 0 };
    do go_list_add(&list, parse_expr(p));
    while (parse_got(p, GO_T_COMMA));
    return list.first;
}

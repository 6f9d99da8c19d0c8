// SPDX-License-Identifier: Apache-2.0
#include "decoders/gosrc_parse.h"

static struct go_node *parse_stmt(struct parser *p);

static struct go_node *parse_stmt_list(struct parser *p)
{
    struct go_list list = { 0 };
    while (p->lex.tok != GO_T_CASE && p->lex.tok != GO_T_DEFAULT && p->lex.tok != GO_T_RBRACE &&
           p->lex.tok != GO_T_EOF)
        go_list_add(&list, parse_stmt(p));
    return list.first;
}

struct go_node *parse_block(struct parser *p)
{
    struct go_node *n = go_node(p, GO_BLOCK, 1, p->lex.pos);
    parse_expect(p, GO_T_LBRACE, "expected '{'");
    n->kid[0] = parse_stmt_list(p);
    n->end = p->lex.end;
    parse_expect(p, GO_T_RBRACE, "expected '}'");
    return n;
}

enum simple_mode { SIMPLE, SIMPLE_LABEL, SIMPLE_RANGE, SIMPLE_COMM };

static struct go_node *parse_assignment(struct parser *p, struct go_node *left,
                                        enum simple_mode mode)
{
    enum go_tok op = p->lex.tok;
    lex_next(&p->lex);
    if (mode == SIMPLE_RANGE && p->lex.tok == GO_T_RANGE &&
        (op == GO_T_DEFINE || op == GO_T_ASSIGN)) {
        struct go_node *n = go_node(p, GO_RANGE, 4, left->pos);
        lex_next(&p->lex);
        n->op = (uint8_t)op;
        n->kid[0] = left;
        n->kid[1] = left->next;
        if (left->next && left->next->next)
            parse_error(p, left->pos, "expected at most 2 expressions");
        left->next = NULL;
        n->kid[2] = parse_expr(p);
        return n;
    }
    struct go_node *n = go_node(p, GO_ASSIGN, 2, left->pos);
    n->op = (uint8_t)op;
    n->kid[0] = left;
    n->kid[1] = parse_expr_list(p);
    n->end = p->lex.pos;
    return n;
}

static struct go_node *parse_labeled(struct parser *p, struct go_node *label)
{
    struct go_node *n = go_node(p, GO_LABELED, 1, label->pos);
    n->sym = label->sym;
    lex_next(&p->lex);
    n->kid[0] = parse_stmt(p);
    return n;
}

static struct go_node *parse_simple(struct parser *p, enum simple_mode mode)
{
    struct go_node *x = parse_expr_list(p);
    if (p->lex.tok >= GO_T_ASSIGN && p->lex.tok <= GO_T_AND_NOT_ASSIGN)
        return parse_assignment(p, x, mode);
    if (x->next) parse_error(p, x->pos, "expected 1 expression");
    struct go_node *n;
    switch (p->lex.tok) {
    case GO_T_COLON:
        if (mode == SIMPLE_COMM) return parse_wrap1(p, GO_EXPR_STMT, x->pos, x);
        if (mode == SIMPLE_LABEL && x->kind == GO_IDENT) return parse_labeled(p, x);
        parse_error(p, p->lex.pos, "illegal label declaration");
        return x;
    case GO_T_ARROW:
        n = go_node(p, GO_SEND, 2, x->pos);
        lex_next(&p->lex);
        n->kid[0] = x;
        n->kid[1] = parse_expr(p);
        return n;
    case GO_T_INC:
    case GO_T_DEC:
        n = go_node(p, GO_INC_DEC, 1, x->pos);
        n->op = (uint8_t)p->lex.tok;
        n->kid[0] = x;
        lex_next(&p->lex);
        return n;
    default: return parse_wrap1(p, GO_EXPR_STMT, x->pos, x);
    }
}

static struct go_node *parse_go_or_defer(struct parser *p)
{
    struct go_node *n = go_node(p, p->lex.tok == GO_T_GO ? GO_GO : GO_DEFER, 1, p->lex.pos);
    lex_next(&p->lex);
    struct go_node *call = parse_expr(p);
    if (call->kind != GO_CALL)
        parse_error(p, call->pos, "expression in go or defer must be a function call");
    n->kid[0] = call;
    n->end = call->end;
    parse_semicolon(p);
    return n;
}

static struct go_node *parse_return(struct parser *p)
{
    struct go_node *n = go_node(p, GO_RETURN, 1, p->lex.pos);
    lex_next(&p->lex);
    if (p->lex.tok != GO_T_SEMICOLON && p->lex.tok != GO_T_RBRACE) n->kid[0] = parse_expr_list(p);
    parse_semicolon(p);
    return n;
}

static struct go_node *parse_branch(struct parser *p)
{
    struct go_node *n = go_node(p, GO_BRANCH, 1, p->lex.pos);
    n->op = (uint8_t)p->lex.tok;
    lex_next(&p->lex);
    if (n->op == GO_T_GOTO ||
        ((n->op == GO_T_CONTINUE || n->op == GO_T_BREAK) && p->lex.tok == GO_T_IDENT))
        n->kid[0] = parse_ident(p);
    parse_semicolon(p);
    return n;
}

// The expression of a statement in a head, where only an expression may stand.
static struct go_node *as_expr(struct parser *p, struct go_node *s, const char *what)
{
    if (!s) return NULL;
    if (s->kind == GO_EXPR_STMT) return s->kid[0];
    parse_error(p, s->pos, what);
    return s;
}

static void parse_if_head(struct parser *p, struct go_node *n)
{
    int level = p->level;
    struct go_node *s = NULL;
    if (p->lex.tok == GO_T_LBRACE) {
        parse_error(p, p->lex.pos, "missing condition in if statement");
        return;
    }
    p->level = -1;
    if (p->lex.tok != GO_T_SEMICOLON) s = parse_simple(p, SIMPLE);
    if (p->lex.tok != GO_T_LBRACE) {
        n->kid[0] = s;
        s = NULL;
        parse_expect(p, GO_T_SEMICOLON, "expected ';' or '{' in if statement");
        if (p->lex.tok != GO_T_LBRACE)
            s = parse_simple(p, SIMPLE);
        else
            parse_error(p, p->lex.pos, "missing condition in if statement");
    }
    n->kid[1] = as_expr(p, s, "expected boolean expression");
    p->level = level;
}

static struct go_node *parse_if(struct parser *p)
{
    struct go_node *n = go_node(p, GO_IF, 4, p->lex.pos);
    if (!parse_deeper(p)) {
        p->depth--;
        return n;
    }
    lex_next(&p->lex);
    parse_if_head(p, n);
    n->kid[2] = parse_block(p);
    if (!parse_got(p, GO_T_ELSE)) {
        parse_semicolon(p);
    } else if (p->lex.tok == GO_T_IF) {
        n->kid[3] = parse_if(p);
    } else {
        n->kid[3] = parse_block(p);
        parse_semicolon(p);
    }
    n->end = n->kid[3] ? n->kid[3]->end : n->kid[2]->end;
    p->depth--;
    return n;
}

static struct go_node *parse_case(struct parser *p)
{
    struct go_node *n = go_node(p, GO_CASE, 2, p->lex.pos);
    if (p->lex.tok == GO_T_DEFAULT) n->flags |= GO_F_DEFAULT;
    lex_next(&p->lex);
    if (!(n->flags & GO_F_DEFAULT)) n->kid[0] = parse_expr_list(p);
    parse_expect(p, GO_T_COLON, "expected ':'");
    n->kid[1] = parse_stmt_list(p);
    n->end = p->lex.pos;
    return n;
}

static bool is_type_switch(struct parser *p, const struct go_node *s)
{
    if (!s) return false;
    if (s->kind == GO_EXPR_STMT) return s->kid[0]->kind == GO_TYPE_ASSERT && !s->kid[0]->kid[1];
    if (s->kind != GO_ASSIGN || s->kid[0]->next || s->kid[1]->next ||
        s->kid[1]->kind != GO_TYPE_ASSERT || s->kid[1]->kid[1])
        return false;
    if (s->op == GO_T_ASSIGN) parse_error(p, s->pos, "expected ':=', found '='");
    return s->op == GO_T_DEFINE || s->op == GO_T_ASSIGN;
}

static struct go_node *parse_switch(struct parser *p)
{
    struct go_node *n = go_node(p, GO_SWITCH, 3, p->lex.pos), *tag = NULL;
    struct go_list cases = { 0 };
    lex_next(&p->lex);
    if (p->lex.tok != GO_T_LBRACE) {
        int level = p->level;
        p->level = -1;
        if (p->lex.tok != GO_T_SEMICOLON) tag = parse_simple(p, SIMPLE);
        if (parse_got(p, GO_T_SEMICOLON)) {
            n->kid[0] = tag;
            tag = p->lex.tok != GO_T_LBRACE ? parse_simple(p, SIMPLE) : NULL;
        }
        p->level = level;
    }
    if (is_type_switch(p, tag)) {
        n->kind = GO_TYPE_SWITCH;
        n->kid[1] = tag;
    } else {
        n->kid[1] = as_expr(p, tag, "expected switch expression");
    }
    parse_expect(p, GO_T_LBRACE, "expected '{'");
    while (p->lex.tok == GO_T_CASE || p->lex.tok == GO_T_DEFAULT)
        go_list_add(&cases, parse_case(p));
    n->kid[2] = cases.first;
    n->end = p->lex.end;
    parse_expect(p, GO_T_RBRACE, "expected 'case', 'default' or '}'");
    parse_semicolon(p);
    return n;
}

static struct go_node *parse_comm(struct parser *p)
{
    struct go_node *n = go_node(p, GO_COMM, 2, p->lex.pos);
    if (parse_got(p, GO_T_DEFAULT)) {
        n->flags |= GO_F_DEFAULT;
    } else {
        lex_next(&p->lex);
        struct go_node *s = parse_simple(p, SIMPLE_COMM);
        bool many = s->kind == GO_ASSIGN && ((s->kid[0]->next && s->kid[0]->next->next) ||
                                             s->kid[1]->next || s->op > GO_T_DEFINE);
        if (many || s->kind == GO_INC_DEC) parse_error(p, s->pos, "expected a send or a receive");
        n->kid[0] = s;
    }
    parse_expect(p, GO_T_COLON, "expected ':'");
    n->kid[1] = parse_stmt_list(p);
    n->end = p->lex.pos;
    return n;
}

static struct go_node *parse_select(struct parser *p)
{
    struct go_node *n = go_node(p, GO_SELECT, 1, p->lex.pos);
    struct go_list cases = { 0 };
    lex_next(&p->lex);
    parse_expect(p, GO_T_LBRACE, "expected '{'");
    while (p->lex.tok == GO_T_CASE || p->lex.tok == GO_T_DEFAULT)
        go_list_add(&cases, parse_comm(p));
    n->kid[0] = cases.first;
    n->end = p->lex.end;
    parse_expect(p, GO_T_RBRACE, "expected 'case', 'default' or '}'");
    parse_semicolon(p);
    return n;
}

// The head of a for statement. Returns the range clause, or NULL after filling init, condition and
// post.
static struct go_node *parse_for_head(struct parser *p, struct go_node *init_cond_post[3])
{
    struct go_node *s = NULL;
    if (p->lex.tok == GO_T_LBRACE) return NULL;
    if (p->lex.tok == GO_T_RANGE) {
        struct go_node *n = go_node(p, GO_RANGE, 4, p->lex.pos);
        lex_next(&p->lex);
        n->kid[2] = parse_expr(p);
        return n;
    }
    if (p->lex.tok != GO_T_SEMICOLON) s = parse_simple(p, SIMPLE_RANGE);
    if (s && s->kind == GO_RANGE) return s;
    if (parse_got(p, GO_T_SEMICOLON)) {
        init_cond_post[0] = s;
        s = p->lex.tok != GO_T_SEMICOLON ? parse_simple(p, SIMPLE) : NULL;
        parse_semicolon(p);
        if (p->lex.tok != GO_T_LBRACE) init_cond_post[2] = parse_simple(p, SIMPLE);
    }
    init_cond_post[1] = as_expr(p, s, "expected boolean or range expression");
    return NULL;
}

static struct go_node *parse_for(struct parser *p)
{
    uint32_t pos = p->lex.pos;
    struct go_node *head[3] = { 0 };
    lex_next(&p->lex);
    int level = p->level;
    p->level = -1;
    struct go_node *n = parse_for_head(p, head);
    p->level = level;
    if (!n) {
        n = go_node(p, GO_FOR, 4, pos);
        memcpy(n->kid, head, sizeof(head));
    }
    n->pos = pos;
    n->kid[3] = parse_block(p);
    n->end = n->kid[3]->end;
    parse_semicolon(p);
    return n;
}

static struct go_node *parse_empty(struct parser *p)
{
    struct go_node *n = go_node(p, GO_EMPTY, 0, p->lex.pos);
    if (p->lex.tok == GO_T_SEMICOLON) lex_next(&p->lex);
    return n;
}

static struct go_node *parse_stmt_inner(struct parser *p)
{
    struct go_node *n;
    switch (p->lex.tok) {
    case GO_T_CONST:
    case GO_T_TYPE:
    case GO_T_VAR: n = parse_gen_decl(p); return parse_wrap1(p, GO_DECL_STMT, n->pos, n);
    case GO_T_IDENT ... GO_T_STRING:
    case GO_T_FUNC:
    case GO_T_LPAREN:
    case GO_T_LBRACK:
    case GO_T_STRUCT:
    case GO_T_MAP:
    case GO_T_CHAN:
    case GO_T_INTERFACE:
    case GO_T_ADD:
    case GO_T_SUB:
    case GO_T_MUL:
    case GO_T_AND:
    case GO_T_XOR:
    case GO_T_ARROW:
    case GO_T_NOT:
        n = parse_simple(p, SIMPLE_LABEL);
        if (n->kind != GO_LABELED) parse_semicolon(p);
        return n;
    case GO_T_GO:
    case GO_T_DEFER: return parse_go_or_defer(p);
    case GO_T_RETURN: return parse_return(p);
    case GO_T_BREAK:
    case GO_T_CONTINUE:
    case GO_T_GOTO:
    case GO_T_FALLTHROUGH: return parse_branch(p);
    case GO_T_LBRACE:
        n = parse_block(p);
        parse_semicolon(p);
        return n;
    case GO_T_IF: return parse_if(p);
    case GO_T_SWITCH: return parse_switch(p);
    case GO_T_SELECT: return parse_select(p);
    case GO_T_FOR: return parse_for(p);
    case GO_T_SEMICOLON:
    case GO_T_RBRACE: return parse_empty(p);
    default:
        parse_error(p, p->lex.pos, "expected statement");
        return go_node(p, GO_BAD, 0, p->lex.pos);
    }
}

static struct go_node *parse_stmt(struct parser *p)
{
    struct go_node *n = parse_deeper(p) ? parse_stmt_inner(p) : go_node(p, GO_BAD, 0, p->lex.pos);
    p->depth--;
    return n;
}

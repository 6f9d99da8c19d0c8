// SPDX-License-Identifier: Apache-2.0
// Declarations, types and parameter lists; expressions and statements are in gosrc_expr.c and
// gosrc_stmt.c.
#include "decoders/gosrc.h"

#include "decoders/gosrc_parse.h"

struct go_node *go_node(struct parser *p, enum goast_kind kind, unsigned kids, uint32_t pos)
{
    size_t size = sizeof(struct go_node) + kids * sizeof(struct go_node *);
    if (p->pool_left < size) {
        enum { POOL_BYTES = 32 * 1024 };
        p->pool = arena_alloc(p->lex.arena, POOL_BYTES);
        p->pool_left = POOL_BYTES;
    }
    struct go_node *n = (struct go_node *)p->pool;
    p->pool += size;
    p->pool_left -= size;
    n->kind = (uint8_t)kind;
    n->kids = (uint8_t)kids;
    n->pos = pos;
    n->end = p->lex.end;
    return n;
}

void go_list_add(struct go_list *l, struct go_node *n)
{
    if (!n) return;
    if (l->last)
        l->last->next = n;
    else
        l->first = n;
    l->last = n;
}

void parse_error(struct parser *p, uint32_t at, const char *what)
{
    lex_error(&p->lex, at, what);
}

bool parse_got(struct parser *p, enum go_tok tok)
{
    if (p->lex.tok != tok) return false;
    lex_next(&p->lex);
    return true;
}

void parse_expect(struct parser *p, enum go_tok tok, const char *what)
{
    if (!parse_got(p, tok)) parse_error(p, p->lex.pos, what);
}

void parse_semicolon(struct parser *p)
{
    if (p->lex.tok == GO_T_RPAREN || p->lex.tok == GO_T_RBRACE) return;
    parse_expect(p, GO_T_SEMICOLON, "expected ';'");
}

bool parse_comma(struct parser *p, enum go_tok close, const char *what)
{
    if (parse_got(p, GO_T_COMMA)) return true;
    if (p->lex.tok != close) parse_error(p, p->lex.pos, what);
    return false;
}

bool parse_deeper(struct parser *p)
{
    if (++p->depth <= LIMIT_GO_NESTING) return true;
    parse_error(p, p->lex.pos, "exceeded max nesting depth");
    return false;
}

struct go_node *parse_ident(struct parser *p)
{
    if (p->lex.tok != GO_T_IDENT) {
        parse_error(p, p->lex.pos, "expected a name");
        return go_node(p, GO_BAD, 0, p->lex.pos);
    }
    struct go_node *n = go_node(p, GO_IDENT, 0, p->lex.pos);
    n->sym = p->lex.sym;
    lex_next(&p->lex);
    return n;
}

struct go_node *parse_wrap1(struct parser *p, enum goast_kind kind, uint32_t pos,
                            struct go_node *kid)
{
    struct go_node *n = go_node(p, kind, 1, pos);
    n->kid[0] = kid;
    if (kid) n->end = kid->end;
    return n;
}

// ---- types ----

static struct go_node *parse_type_arguments(struct parser *p, struct go_node *x)
{
    struct go_node *n = go_node(p, GO_INDEX, 2, x->pos);
    struct go_list args = { 0 };
    lex_next(&p->lex);
    n->kid[0] = x;
    while (p->lex.tok != GO_T_RBRACK && p->lex.tok != GO_T_EOF) {
        go_list_add(&args, parse_type(p));
        if (!parse_comma(p, GO_T_RBRACK, "missing ',' in type argument list")) break;
    }
    if (!args.first) parse_error(p, p->lex.pos, "expected type argument list");
    n->end = p->lex.end;
    parse_expect(p, GO_T_RBRACK, "expected ']'");
    n->kid[1] = args.first;
    return n;
}

// A name, perhaps qualified; `name` if it was read already.
static struct go_node *parse_type_name(struct parser *p, struct go_node *name)
{
    if (!name) name = parse_ident(p);
    if (p->lex.tok != GO_T_PERIOD) return name;
    lex_next(&p->lex);
    struct go_node *n = go_node(p, GO_SELECTOR, 1, name->pos);
    n->kid[0] = name;
    n->sym = p->lex.sym;
    n->end = p->lex.end;
    parse_expect(p, GO_T_IDENT, "expected a name");
    return n;
}

static struct go_node *parse_qualified(struct parser *p, struct go_node *name)
{
    struct go_node *n = parse_type_name(p, name);
    return p->lex.tok == GO_T_LBRACK ? parse_type_arguments(p, n) : n;
}

static struct go_node *parse_array_type(struct parser *p, uint32_t pos, struct go_node *length)
{
    struct go_node *n = go_node(p, GO_ARRAY_TYPE, 2, pos);
    if (!length) {
        p->level++;
        if (p->lex.tok == GO_T_DOTS) {
            length = go_node(p, GO_ELLIPSIS, 1, p->lex.pos);
            lex_next(&p->lex);
        } else if (p->lex.tok != GO_T_RBRACK) {
            length = parse_expr(p);
        }
        p->level--;
    }
    parse_expect(p, GO_T_RBRACK, "expected ']'");
    n->kid[0] = length;
    n->kid[1] = parse_type(p);
    n->end = n->kid[1]->end;
    return n;
}

static struct go_node *index_of(struct parser *p, struct go_node *x, struct go_node *args)
{
    struct go_node *n = go_node(p, GO_INDEX, 2, x->pos);
    n->kid[0] = x;
    n->kid[1] = args;
    return n;
}

// After a field or parameter name at '[': an array type that follows the name, or arguments of the
// generic type that the name is. *name becomes NULL in the second case.
static struct go_node *parse_array_or_arguments(struct parser *p, struct go_node **name)
{
    uint32_t pos = p->lex.pos, stray_comma = 0;
    struct go_list args = { 0 };
    unsigned count = 0;
    lex_next(&p->lex);
    if (p->lex.tok != GO_T_RBRACK) {
        p->level++;
        for (;;) {
            go_list_add(&args, parse_expr(p));
            count++;
            if (p->lex.tok != GO_T_COMMA) break;
            stray_comma = p->lex.pos;
            lex_next(&p->lex);
            if (p->lex.tok == GO_T_RBRACK) break;
            stray_comma = 0;
        }
        p->level--;
    }
    uint32_t end = p->lex.end;
    parse_expect(p, GO_T_RBRACK, "expected ']'");
    struct go_node *element = NULL;
    if (count == 0) element = parse_type(p);
    if (count == 1) element = parse_try_type(p);
    if (element) {
        if (stray_comma) parse_error(p, stray_comma, "unexpected comma; expecting ]");
        struct go_node *n = go_node(p, GO_ARRAY_TYPE, 2, pos);
        n->kid[0] = args.first;
        n->kid[1] = element;
        n->end = element->end;
        return n;
    }
    struct go_node *n = index_of(p, *name, args.first);
    n->end = end;
    *name = NULL;
    return n;
}

static struct go_node *field(struct parser *p, struct go_node *names, struct go_node *type)
{
    struct go_node *n = go_node(p, GO_FIELD, 3, names ? names->pos : type ? type->pos : p->lex.pos);
    n->kid[0] = names;
    n->kid[1] = type;
    return n;
}

static struct go_node *parse_struct_field(struct parser *p)
{
    struct go_list names = { 0 };
    struct go_node *type = NULL;
    if (p->lex.tok == GO_T_MUL) {
        uint32_t pos = p->lex.pos;
        lex_next(&p->lex);
        type = parse_wrap1(p, GO_STAR, pos, parse_qualified(p, NULL));
    } else if (p->lex.tok == GO_T_IDENT) {
        struct go_node *name = parse_ident(p);
        enum go_tok t = p->lex.tok;
        if (t == GO_T_PERIOD) {
            type = parse_qualified(p, name);
        } else if (t == GO_T_STRING || t == GO_T_SEMICOLON || t == GO_T_RBRACE) {
            type = name;
        } else if (t == GO_T_LBRACK) {
            type = parse_array_or_arguments(p, &name);
            go_list_add(&names, name);
        } else {
            go_list_add(&names, name);
            while (parse_got(p, GO_T_COMMA)) go_list_add(&names, parse_ident(p));
            type = parse_type(p);
        }
    } else {
        parse_error(p, p->lex.pos, "expected field name or embedded type");
    }
    struct go_node *n = field(p, names.first, type);
    if (p->lex.tok == GO_T_STRING) n->kid[2] = parse_literal(p);
    parse_semicolon(p);
    return n;
}

static struct go_node *parse_struct_type(struct parser *p)
{
    struct go_node *n = go_node(p, GO_STRUCT_TYPE, 1, p->lex.pos);
    struct go_list fields = { 0 };
    lex_next(&p->lex);
    parse_expect(p, GO_T_LBRACE, "expected '{'");
    while (p->lex.tok == GO_T_IDENT || p->lex.tok == GO_T_MUL || p->lex.tok == GO_T_LPAREN)
        go_list_add(&fields, parse_struct_field(p));
    n->end = p->lex.end;
    parse_expect(p, GO_T_RBRACE, "expected field name or '}'");
    n->kid[0] = fields.first;
    return n;
}

static struct go_node *parse_term(struct parser *p)
{
    if (p->lex.tok == GO_T_TILDE) {
        struct go_node *n = go_node(p, GO_UNARY, 1, p->lex.pos);
        n->op = GO_T_TILDE;
        lex_next(&p->lex);
        n->kid[0] = parse_type(p);
        n->end = n->kid[0]->end;
        return n;
    }
    struct go_node *t = parse_try_type(p);
    if (t) return t;
    parse_error(p, p->lex.pos, "expected ~ term or type");
    return go_node(p, GO_BAD, 0, p->lex.pos);
}

// A union of terms; the first one if it was read already.
static struct go_node *parse_union(struct parser *p, struct go_node *x)
{
    if (!x) x = parse_term(p);
    while (p->lex.tok == GO_T_OR) {
        struct go_node *n = go_node(p, GO_BINARY, 2, x->pos);
        n->op = GO_T_OR;
        lex_next(&p->lex);
        n->kid[0] = x;
        n->kid[1] = parse_term(p);
        n->end = n->kid[1]->end;
        x = n;
    }
    return x;
}

static struct go_node *parse_signature(struct parser *p, uint32_t pos)
{
    struct go_node *n = go_node(p, GO_FUNC_TYPE, 3, pos);
    n->kid[1] = parse_parameters(p, true);
    if (p->lex.tok == GO_T_LPAREN) {
        n->kid[2] = parse_parameters(p, false);
    } else {
        struct go_node *type = parse_try_type(p);
        if (type) n->kid[2] = field(p, NULL, type);
    }
    return n;
}

static struct go_node *parse_method_or_embedded(struct parser *p)
{
    struct go_node *x = parse_type_name(p, NULL);
    if (x->kind == GO_IDENT && p->lex.tok == GO_T_LPAREN) {
        struct go_node *type = parse_signature(p, p->lex.pos);
        return field(p, x, type);
    }
    if (p->lex.tok == GO_T_LBRACK) x = parse_type_arguments(p, x);
    return field(p, NULL, parse_union(p, x));
}

static struct go_node *parse_interface_type(struct parser *p)
{
    struct go_node *n = go_node(p, GO_INTERFACE_TYPE, 1, p->lex.pos);
    struct go_list list = { 0 };
    lex_next(&p->lex);
    parse_expect(p, GO_T_LBRACE, "expected '{'");
    for (;;) {
        struct go_node *f;
        if (p->lex.tok == GO_T_IDENT) {
            f = parse_method_or_embedded(p);
        } else if (p->lex.tok == GO_T_TILDE) {
            f = field(p, NULL, parse_union(p, NULL));
        } else {
            struct go_node *type = parse_try_type(p);
            if (!type) break;
            f = field(p, NULL, parse_union(p, type));
        }
        parse_semicolon(p);
        go_list_add(&list, f);
    }
    n->end = p->lex.end;
    parse_expect(p, GO_T_RBRACE, "expected method, type or '}'");
    n->kid[0] = list.first;
    return n;
}

static struct go_node *parse_map_type(struct parser *p)
{
    struct go_node *n = go_node(p, GO_MAP_TYPE, 2, p->lex.pos);
    lex_next(&p->lex);
    parse_expect(p, GO_T_LBRACK, "expected '['");
    n->kid[0] = parse_type(p);
    parse_expect(p, GO_T_RBRACK, "expected ']'");
    n->kid[1] = parse_type(p);
    n->end = n->kid[1]->end;
    return n;
}

static struct go_node *parse_chan_type(struct parser *p)
{
    struct go_node *n = go_node(p, GO_CHAN_TYPE, 1, p->lex.pos);
    n->op = GO_T_CHAN;
    if (parse_got(p, GO_T_ARROW)) {
        n->op = GO_T_ARROW;
        parse_expect(p, GO_T_CHAN, "expected 'chan'");
    } else {
        lex_next(&p->lex);
        n->sym = p->lex.pos; // of the arrow
        if (parse_got(p, GO_T_ARROW)) n->op = GO_T_SEND;
    }
    n->kid[0] = parse_type(p);
    n->end = n->kid[0]->end;
    return n;
}

struct go_node *parse_func_type(struct parser *p)
{
    uint32_t pos = p->lex.pos;
    lex_next(&p->lex);
    if (p->lex.tok == GO_T_LBRACK)
        parse_error(p, p->lex.pos, "function type must have no type parameters");
    return parse_signature(p, pos);
}

static struct go_node *parse_type_inner(struct parser *p)
{
    uint32_t pos = p->lex.pos;
    switch (p->lex.tok) {
    case GO_T_IDENT: return parse_qualified(p, NULL);
    case GO_T_LBRACK: lex_next(&p->lex); return parse_array_type(p, pos, NULL);
    case GO_T_STRUCT: return parse_struct_type(p);
    case GO_T_MUL: lex_next(&p->lex); return parse_wrap1(p, GO_STAR, pos, parse_type(p));
    case GO_T_FUNC: return parse_func_type(p);
    case GO_T_INTERFACE: return parse_interface_type(p);
    case GO_T_MAP: return parse_map_type(p);
    case GO_T_CHAN:
    case GO_T_ARROW: return parse_chan_type(p);
    case GO_T_LPAREN: {
        lex_next(&p->lex);
        struct go_node *n = parse_wrap1(p, GO_PAREN, pos, parse_type(p));
        n->end = p->lex.end;
        parse_expect(p, GO_T_RPAREN, "expected ')'");
        return n;
    }
    default: return NULL;
    }
}

struct go_node *parse_try_type(struct parser *p)
{
    struct go_node *n = parse_deeper(p) ? parse_type_inner(p) : NULL;
    p->depth--;
    return n;
}

struct go_node *parse_type(struct parser *p)
{
    struct go_node *n = parse_try_type(p);
    if (n) return n;
    parse_error(p, p->lex.pos, "expected type");
    return go_node(p, GO_BAD, 0, p->lex.pos);
}

// ---- parameters ----

static struct go_node *parse_dots_type(struct parser *p)
{
    uint32_t pos = p->lex.pos;
    lex_next(&p->lex);
    return parse_wrap1(p, GO_ELLIPSIS, pos, parse_type(p));
}

// What follows the name of a parameter; the name may turn out to be (part of) the type.
static void parse_after_name(struct parser *p, struct parameter *par, bool sets)
{
    switch (p->lex.tok) {
    case GO_T_IDENT:
    case GO_T_MUL:
    case GO_T_ARROW:
    case GO_T_FUNC:
    case GO_T_CHAN:
    case GO_T_MAP:
    case GO_T_STRUCT:
    case GO_T_INTERFACE:
    case GO_T_LPAREN: par->type = parse_type(p); break;
    case GO_T_LBRACK: par->type = parse_array_or_arguments(p, &par->name); break;
    case GO_T_DOTS: par->type = parse_dots_type(p); return;
    case GO_T_PERIOD:
        par->type = parse_qualified(p, par->name);
        par->name = NULL;
        break;
    case GO_T_TILDE:
        if (sets) par->type = parse_union(p, NULL);
        return;
    case GO_T_OR:
        if (!sets) return;
        par->type = parse_union(p, par->name);
        par->name = NULL;
        return;
    default: return;
    }
    if (sets && p->lex.tok == GO_T_OR && par->type) par->type = parse_union(p, par->type);
}

static struct parameter parse_parameter(struct parser *p, struct go_node *name, bool sets)
{
    struct parameter par = { .name = name };
    if (name) {
        parse_after_name(p, &par, sets);
        return par;
    }
    switch (p->lex.tok) {
    case GO_T_IDENT:
        par.name = parse_ident(p);
        parse_after_name(p, &par, sets);
        return par;
    case GO_T_DOTS: par.type = parse_dots_type(p); return par;
    case GO_T_TILDE:
        if (sets) {
            par.type = parse_union(p, NULL);
            return par;
        }
        break;
    default: par.type = parse_try_type(p); break;
    }
    if (!par.type) parse_error(p, p->lex.pos, "expected ')'");
    if (sets && p->lex.tok == GO_T_OR) par.type = parse_union(p, par.type);
    return par;
}

// Gives every parameter of p->params[base…] a type; all or none must have a name.
static void settle_parameters(struct parser *p, size_t base, bool type_params, bool dots_ok)
{
    struct parameter *list = p->params.p + base;
    size_t n = p->params.n - base, named = 0;
    for (size_t i = 0; i < n; i++) named += list[i].name && list[i].type;
    if (named == 0) {
        for (size_t i = 0; i < n; i++)
            if (list[i].name) list[i].type = list[i].name, list[i].name = NULL;
        if (type_params) parse_error(p, p->lex.pos, "missing type parameter name or constraint");
    } else {
        struct go_node *type = NULL;
        for (size_t i = n; i-- > 0;) {
            if (list[i].type) type = list[i].type;
            if (!list[i].name || !type)
                parse_error(p, p->lex.pos, "missing parameter name or type");
            list[i].type = type;
        }
    }
    for (size_t i = 0; i < n; i++)
        if (list[i].type && list[i].type->kind == GO_ELLIPSIS && (!dots_ok || i + 1 < n))
            parse_error(p, list[i].type->pos, "can only use ... with final parameter in list");
}

// From the first parameter to before the closing token. `name` and `type` were read already.
static struct go_node *parse_parameter_list(struct parser *p, struct go_node *name,
                                            struct go_node *type, enum go_tok close, bool dots_ok)
{
    size_t base = p->params.n;
    bool type_params = close == GO_T_RBRACK;
    while (name || (p->lex.tok != close && p->lex.tok != GO_T_EOF)) {
        struct parameter par = { name, type };
        if (!type)
            par = parse_parameter(p, name, type_params);
        else if (type_params)
            par.type = parse_union(p, type);
        name = type = NULL;
        vec_push(&p->params, par);
        if (!parse_comma(p, close, "missing ',' in parameter list")) break;
    }
    struct go_list fields = { 0 };
    if (p->params.n > base && !p->lex.stopped) {
        settle_parameters(p, base, type_params, dots_ok);
        for (size_t i = base; i < p->params.n && !p->lex.stopped;) {
            struct go_list names = { 0 };
            struct go_node *t = p->params.p[i].type;
            if (!p->params.p[i].name) {
                go_list_add(&fields, field(p, NULL, t));
                i++;
                continue;
            }
            for (; i < p->params.n && p->params.p[i].type == t; i++)
                go_list_add(&names, p->params.p[i].name);
            go_list_add(&fields, field(p, names.first, t));
        }
    }
    p->params.n = base;
    return fields.first;
}

struct go_node *parse_parameters(struct parser *p, bool dots_ok)
{
    parse_expect(p, GO_T_LPAREN, "expected '('");
    struct go_node *list = parse_parameter_list(p, NULL, NULL, GO_T_RPAREN, dots_ok);
    parse_expect(p, GO_T_RPAREN, "expected ')'");
    return list;
}

static struct go_node *parse_type_parameters(struct parser *p)
{
    uint32_t pos = p->lex.pos;
    lex_next(&p->lex);
    struct go_node *list = parse_parameter_list(p, NULL, NULL, GO_T_RBRACK, false);
    parse_expect(p, GO_T_RBRACK, "expected ']'");
    if (!list) parse_error(p, pos, "empty type parameter list");
    return list;
}

// ---- declarations ----

static struct go_node *parse_import_spec(struct parser *p)
{
    struct go_node *n = go_node(p, GO_IMPORT_SPEC, 2, p->lex.pos);
    if (p->lex.tok == GO_T_IDENT) {
        n->kid[0] = parse_ident(p);
    } else if (p->lex.tok == GO_T_PERIOD) {
        n->kid[0] = go_node(p, GO_IDENT, 0, p->lex.pos);
        n->kid[0]->op = GO_T_PERIOD;
        lex_next(&p->lex);
    }
    if (p->lex.tok == GO_T_STRING)
        n->kid[1] = parse_literal(p);
    else
        parse_error(p, p->lex.pos, "missing import path");
    n->end = n->kid[1] ? n->kid[1]->end : p->lex.pos;
    parse_semicolon(p);
    return n;
}

static struct go_node *parse_value_spec(struct parser *p, enum go_tok keyword)
{
    struct go_node *n = go_node(p, GO_VALUE_SPEC, 3, p->lex.pos);
    struct go_list names = { 0 };
    do go_list_add(&names, parse_ident(p));
    while (parse_got(p, GO_T_COMMA));
    n->kid[0] = names.first;
    if (keyword == GO_T_VAR) {
        if (p->lex.tok != GO_T_ASSIGN) n->kid[1] = parse_type(p);
        if (parse_got(p, GO_T_ASSIGN)) n->kid[2] = parse_expr_list(p);
    } else if (p->lex.tok != GO_T_SEMICOLON && p->lex.tok != GO_T_RPAREN) {
        n->kid[1] = parse_try_type(p);
        if (parse_got(p, GO_T_ASSIGN)) n->kid[2] = parse_expr_list(p);
    }
    parse_semicolon(p);
    return n;
}

static bool is_type_element(const struct go_node *x)
{
    switch (x->kind) {
    case GO_ARRAY_TYPE:
    case GO_STRUCT_TYPE:
    case GO_FUNC_TYPE:
    case GO_INTERFACE_TYPE:
    case GO_MAP_TYPE:
    case GO_CHAN_TYPE: return true;
    case GO_BINARY: return is_type_element(x->kid[0]) || is_type_element(x->kid[1]);
    case GO_UNARY: return x->op == GO_T_TILDE;
    case GO_PAREN: return is_type_element(x->kid[0]);
    default: return false;
    }
}

// Splits an expression into the name of a type parameter and the constraint that follows it, if it
// can be read so: `P *C`, `P (C)`, `P *C|D`. *type stays NULL for a lone name.
static struct go_node *split_name(struct parser *p, struct go_node *x, bool force,
                                  struct go_node **type)
{
    if (x->kind == GO_IDENT) return x;
    if (x->kind == GO_BINARY && x->op == GO_T_MUL) {
        if (x->kid[0]->kind != GO_IDENT || !(force || is_type_element(x->kid[1]))) return NULL;
        *type = parse_wrap1(p, GO_STAR, x->kid[0]->end, x->kid[1]);
        (*type)->pos = x->sym; // of the operator
        return x->kid[0];
    }
    if (x->kind == GO_BINARY && x->op == GO_T_OR) {
        struct go_node *left = NULL;
        struct go_node *name = split_name(p, x->kid[0], force || is_type_element(x->kid[1]), &left);
        if (!name || !left) return NULL;
        struct go_node *n = go_node(p, GO_BINARY, 2, left->pos);
        n->op = GO_T_OR;
        n->kid[0] = left;
        n->kid[1] = x->kid[1];
        *type = n;
        return name;
    }
    if (x->kind == GO_CALL && x->kid[0]->kind == GO_IDENT && x->kid[1] && !x->kid[1]->next &&
        !(x->flags & GO_F_ELLIPSIS) && (force || is_type_element(x->kid[1]))) {
        *type = parse_wrap1(p, GO_PAREN, x->sym, x->kid[1]);
        return x->kid[0];
    }
    return NULL;
}

// After "type Name [": an array type, or type parameters and the type.
static void parse_type_spec_bracket(struct parser *p, struct go_node *spec)
{
    uint32_t pos = p->lex.pos;
    lex_next(&p->lex);
    if (p->lex.tok != GO_T_IDENT) {
        spec->kid[1] = parse_array_type(p, pos, NULL);
        return;
    }
    struct go_node *x = parse_ident(p), *type = NULL;
    if (p->lex.tok != GO_T_LBRACK) {
        p->level++;
        x = parse_binary(p, parse_primary(p, x), 1);
        p->level--;
    }
    struct go_node *name = split_name(p, x, p->lex.tok == GO_T_COMMA, &type);
    if (!name || (!type && p->lex.tok == GO_T_RBRACK)) {
        spec->kid[1] = parse_array_type(p, pos, x);
        return;
    }
    spec->kid[0] = parse_parameter_list(p, name, type, GO_T_RBRACK, false);
    parse_expect(p, GO_T_RBRACK, "expected ']'");
    if (parse_got(p, GO_T_ASSIGN)) spec->flags |= GO_F_ALIAS;
    spec->kid[1] = parse_type(p);
}

static struct go_node *parse_type_spec(struct parser *p)
{
    struct go_node *n = go_node(p, GO_TYPE_SPEC, 2, p->lex.pos);
    n->sym = p->lex.sym;
    parse_expect(p, GO_T_IDENT, "expected a name");
    if (p->lex.tok == GO_T_LBRACK) {
        parse_type_spec_bracket(p, n);
    } else {
        if (parse_got(p, GO_T_ASSIGN)) n->flags |= GO_F_ALIAS;
        n->kid[1] = parse_type(p);
    }
    if (n->kid[1]) n->end = n->kid[1]->end;
    parse_semicolon(p);
    return n;
}

static struct go_node *parse_spec(struct parser *p, enum go_tok keyword)
{
    if (keyword == GO_T_IMPORT) return parse_import_spec(p);
    return keyword == GO_T_TYPE ? parse_type_spec(p) : parse_value_spec(p, keyword);
}

struct go_node *parse_gen_decl(struct parser *p)
{
    struct go_node *n = go_node(p, GO_GEN_DECL, 1, p->lex.pos);
    enum go_tok keyword = p->lex.tok;
    struct go_list specs = { 0 };
    n->op = (uint8_t)keyword;
    lex_next(&p->lex);
    if (parse_got(p, GO_T_LPAREN)) {
        while (p->lex.tok != GO_T_RPAREN && p->lex.tok != GO_T_EOF)
            go_list_add(&specs, parse_spec(p, keyword));
        n->end = p->lex.end;
        parse_expect(p, GO_T_RPAREN, "expected ')'");
        parse_semicolon(p);
    } else {
        go_list_add(&specs, parse_spec(p, keyword));
        n->end = specs.first->end;
    }
    n->kid[0] = specs.first;
    return n;
}

static struct go_node *parse_func_decl(struct parser *p)
{
    struct go_node *n = go_node(p, GO_FUNC_DECL, 3, p->lex.pos), *type_params = NULL;
    uint32_t pos = p->lex.pos;
    lex_next(&p->lex);
    if (p->lex.tok == GO_T_LPAREN) n->kid[0] = parse_parameters(p, true);
    n->sym = p->lex.sym;
    parse_expect(p, GO_T_IDENT, "expected a name");
    if (p->lex.tok == GO_T_LBRACK) type_params = parse_type_parameters(p);
    n->kid[1] = parse_signature(p, pos);
    n->kid[1]->kid[0] = type_params;
    n->end = p->lex.pos;
    if (p->lex.tok == GO_T_LBRACE) {
        n->kid[2] = parse_block(p);
        n->end = n->kid[2]->end;
        parse_semicolon(p);
    } else if (p->lex.tok == GO_T_SEMICOLON) {
        lex_next(&p->lex);
        if (p->lex.tok == GO_T_LBRACE)
            parse_error(p, p->lex.pos, "unexpected semicolon or newline before {");
    } else {
        parse_semicolon(p);
    }
    return n;
}

static struct go_node *parse_decl(struct parser *p)
{
    switch (p->lex.tok) {
    case GO_T_IMPORT:
    case GO_T_CONST:
    case GO_T_VAR:
    case GO_T_TYPE: return parse_gen_decl(p);
    case GO_T_FUNC: return parse_func_decl(p);
    default:
        parse_error(p, p->lex.pos, "expected declaration");
        return go_node(p, GO_BAD, 0, p->lex.pos);
    }
}

// ---- files ----

// The next line after `at` that begins with the keyword of a declaration, or the end.
static uint32_t next_declaration(struct str s, uint32_t at)
{
    static const char *const starts[] = { "func ", "type ", "var ",   "const ",  "import ",
                                          "type(", "var(",  "const(", "import(", "func(" };
    while (at < s.n) {
        const char *nl = memchr(s.p + at, '\n', s.n - at);
        if (!nl) break;
        at = (uint32_t)(nl - s.p) + 1;
        struct str line = str_sub(s, at, s.n);
        for (size_t i = 0; i < array_size(starts); i++)
            if (str_starts(line, str_from(starts[i]))) return at;
    }
    return (uint32_t)s.n;
}

static void count_lines(struct arena *a, struct go_file *f)
{
    uint32_t n = 1;
    const char *p = f->source.p, *end = p + f->source.n;
    for (const char *q = p; q < end && (q = memchr(q, '\n', (size_t)(end - q))); q++) n++;
    f->lines = arena_array(a, uint32_t, n);
    f->n_lines = 1;
    for (const char *q = p; q < end && (q = memchr(q, '\n', (size_t)(end - q))); q++)
        f->lines[f->n_lines++] = (uint32_t)(q - p) + 1;
}

// Keeps the first error in the file, and goes on at the next declaration.
static void note_error(struct parser *p, struct arena *a, struct go_file *f)
{
    struct lexer *l = &p->lex;
    f->n_errors++;
    if (!f->error) {
        uint32_t line, column;
        goast_position(f, l->what_at, &line, &column);
        f->error = arena_printf(a, "%u:%u: %s", line, column, l->what);
    }
    uint32_t at = l->what_at;
    l->what = NULL;
    p->depth = 0, p->level = 0, p->params.n = 0;
    lex_restart(l, next_declaration(f->source, at));
}

static void parse_package_clause(struct parser *p, struct go_file *f)
{
    parse_expect(p, GO_T_PACKAGE, "expected 'package'");
    if (p->lex.tok == GO_T_IDENT) f->package = p->lex.names.p[p->lex.sym];
    parse_expect(p, GO_T_IDENT, "expected a package name");
    parse_semicolon(p);
}

static void parse_file(struct parser *p, struct arena *a, struct go_file *f)
{
    struct go_list decls = { 0 };
    bool imports_over = false;
    lex_next(&p->lex);
    parse_package_clause(p, f);
    if (p->lex.what) {
        note_error(p, a, f);
        return;
    }
    while (p->lex.tok != GO_T_EOF || p->lex.what) {
        if (p->lex.tok != GO_T_IMPORT)
            imports_over = true;
        else if (imports_over)
            parse_error(p, p->lex.pos, "imports must appear before other declarations");
        struct go_node *d = p->lex.what ? NULL : parse_decl(p);
        if (p->lex.what)
            note_error(p, a, f);
        else
            go_list_add(&decls, d);
    }
    f->decls = decls.first;
}

void gosrc_parse(struct arena *a, struct str path, struct str source, struct go_file *ret)
{
    struct go_file f = { .path = path, .source = source };
    uint32_t at = 0, line, column;
    if (source.n > LIMIT_GO_FILE_BYTES) {
        f.source.n = 0;
        count_lines(a, &f);
        f.error = "1:1: the file is larger than 64 MB";
        f.n_errors = 1;
        *ret = f;
        return;
    }
    count_lines(a, &f);
    const char *bad_bytes = lex_check_bytes(source, &at);
    if (bad_bytes) {
        goast_position(&f, at, &line, &column);
        f.error = arena_printf(a, "%u:%u: %s", line, column, bad_bytes);
        f.n_errors = 1;
    }
    struct parser p = { 0 };
    lex_init(&p.lex, a, source);
    parse_file(&p, a, &f);
    f.n_names = (uint32_t)p.lex.names.n;
    f.names = arena_array(a, struct str, f.n_names);
    memcpy(f.names, p.lex.names.p, f.n_names * sizeof(*f.names));
    f.n_comments = (uint32_t)p.lex.comments.n;
    f.comments = arena_array(a, struct go_comment, f.n_comments + 1);
    if (f.n_comments) memcpy(f.comments, p.lex.comments.p, f.n_comments * sizeof(*f.comments));
    lex_deinit(&p.lex);
    vec_deinit(&p.params);
    *ret = f;
}

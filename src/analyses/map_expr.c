// SPDX-License-Identifier: Apache-2.0
#include "analyses/map_expr.h"

enum { NESTING_MAX = 200, NAME_MAX_BYTES = 200 };

struct search {
    const struct go_file *f;
    enum map_op op;
    uint32_t line;
    const struct go_node *found; // the map's expression
    bool several;
};

static uint32_t line_of(const struct go_file *f, uint32_t pos)
{
    uint32_t line, column;
    goast_position(f, pos, &line, &column);
    return line;
}

// Where the compiler says a call for this node stands: at its operator or name, so either end will
// do.
static bool is_on_line(const struct search *s, const struct go_node *n)
{
    return line_of(s->f, n->pos) == s->line || line_of(s->f, n->end) == s->line;
}

static const struct go_node *bare(const struct go_node *n)
{
    while (n && (n->kind == GO_PAREN || n->kind == GO_STAR)) n = n->kid[0];
    return n;
}

static void found(struct search *s, const struct go_node *map)
{
    map = bare(map);
    if (!map || (map->kind != GO_IDENT && map->kind != GO_SELECTOR && map->kind != GO_INDEX))
        return;
    if (s->found && !str_eq(goast_text(s->f, s->found), goast_text(s->f, map))) s->several = true;
    s->found = map;
}

static void found_element(struct search *s, const struct go_node *x, const struct go_node *at)
{
    x = bare(x);
    if (x && x->kind == GO_INDEX && x->kid[1] && !x->kid[1]->next && is_on_line(s, at))
        found(s, x->kid[0]);
}

static bool calls(const struct search *s, const struct go_node *call, const char *name)
{
    const struct go_node *f = call->kid[0];
    return f && f->kind == GO_IDENT && str_eqc(goast_name(s->f, f->sym), name);
}

static void look_at(struct search *s, const struct go_node *n)
{
    switch (n->kind) {
    case GO_ASSIGN:
        if (s->op != MAP_OP_ASSIGN) break;
        for (const struct go_node *x = n->kid[0]; x; x = x->next) found_element(s, x, n);
        break;
    case GO_INC_DEC:
        if (s->op == MAP_OP_ASSIGN) found_element(s, n->kid[0], n);
        break;
    case GO_CALL:
        if (((s->op == MAP_OP_DELETE && calls(s, n, "delete")) ||
             (s->op == MAP_OP_CLEAR && calls(s, n, "clear"))) &&
            n->kid[1] && is_on_line(s, n))
            found(s, n->kid[1]);
        break;
    case GO_RANGE:
        if (s->op == MAP_OP_ITERATE && line_of(s->f, n->pos) == s->line) found(s, n->kid[2]);
        break;
    case GO_INDEX:
        if (s->op == MAP_OP_READ) found_element(s, n, n);
        break;
    default: break;
    }
}

static void walk(struct search *s, const struct go_node *n, unsigned depth)
{
    for (; n && depth < NESTING_MAX; n = n->next) {
        if (line_of(s->f, n->pos) > s->line || line_of(s->f, n->end) < s->line) continue;
        look_at(s, n);
        for (unsigned i = 0; i < n->kids; i++) walk(s, n->kid[i], depth + 1);
    }
}

// The name of a type as it is written, without pointers, type arguments and packages.
static const struct go_node *type_name(const struct go_node *t)
{
    t = bare(t);
    if (t && t->kind == GO_INDEX) t = bare(t->kid[0]);
    return t && (t->kind == GO_IDENT || t->kind == GO_SELECTOR) ? t : NULL;
}

// Is this declaration the function of that name, or does its body hold it (F.func1)?
static bool declares(const struct go_file *f, const struct go_node *decl, struct str function)
{
    struct str package = gofunc_package(function);
    if (function.n <= package.n) return false;
    struct str rest = str_sub(function, package.n + 1, STR_NPOS);
    struct str name = goast_name(f, decl->sym);
    const struct go_node *receiver = decl->kid[0] ? type_name(decl->kid[0]->kid[1]) : NULL;
    if (receiver) {
        struct str type = goast_text(f, receiver);
        bool pointer = decl->kid[0]->kid[1]->kind == GO_STAR;
        if (str_starts(rest, STR("(*")) != pointer) return false;
        if (pointer) rest = str_sub(rest, 2, STR_NPOS);
        if (!str_starts(rest, type)) return false;
        rest = str_sub(rest, type.n, STR_NPOS);
        if (str_starts(rest, STR("[...]"))) rest = str_sub(rest, 5, STR_NPOS);
        if (pointer && !str_starts(rest, STR(")"))) return false;
        if (pointer) rest = str_sub(rest, 1, STR_NPOS);
        if (!str_starts(rest, STR("."))) return false;
        rest = str_sub(rest, 1, STR_NPOS);
    } else if (decl->kid[0]) {
        return false;
    }
    if (!str_starts(rest, name)) return false;
    return rest.n == name.n || rest.p[name.n] == '.' || rest.p[name.n] == '[' ||
           rest.p[name.n] == '-';
}

// The type that a field list (of receivers or parameters) gives to a name.
static const struct go_node *type_in(const struct go_node *fields, uint32_t sym)
{
    for (; fields; fields = fields->next)
        for (const struct go_node *n = fields->kid[0]; n; n = n->next)
            if (n->kind == GO_IDENT && n->sym == sym) return type_name(fields->kid[1]);
    return NULL;
}

static bool among(const struct go_node *names, uint32_t sym)
{
    for (; names; names = names->next)
        if (names->kind == GO_IDENT && names->sym == sym) return true;
    return false;
}

// Is the name given to anything else in a body? Then what it stands for is not known.
static bool redeclared(const struct go_node *n, uint32_t sym, unsigned depth)
{
    for (; n; n = n->next) {
        if (depth == NESTING_MAX) return true;
        bool names = (n->kind == GO_ASSIGN && n->op == GO_T_DEFINE) || n->kind == GO_FIELD ||
                     n->kind == GO_VALUE_SPEC;
        if (names && among(n->kid[0], sym)) return true;
        if (n->kind == GO_RANGE && n->op == GO_T_DEFINE &&
            (among(n->kid[0], sym) || among(n->kid[1], sym)))
            return true;
        for (unsigned i = 0; i < n->kids; i++)
            if (redeclared(n->kid[i], sym, depth + 1)) return true;
    }
    return false;
}

static struct map_expr name_of(const struct go_file *f, const struct go_node *decl,
                               const struct go_node *map, struct str function, struct arena *a)
{
    struct map_expr none = { { "", 0 }, false };
    struct str text = goast_text(f, map);
    if (text.n > NAME_MAX_BYTES || str_find_char(text, '\n') != STR_NPOS) return none;
    const struct go_node *owner = map;
    while (owner->kind == GO_SELECTOR || owner->kind == GO_INDEX) {
        owner = bare(owner->kid[0]);
        if (!owner) return none;
    }
    if (owner == map || owner->kind != GO_IDENT)
        return (struct map_expr) { arena_str(a, text), false };
    const struct go_node *type = type_in(decl->kid[0], owner->sym);
    if (!type && decl->kid[1]) type = type_in(decl->kid[1]->kid[1], owner->sym);
    if (!type || redeclared(decl->kid[2], owner->sym, 0))
        return (struct map_expr) { arena_str(a, text), false };
    struct str rest = str_sub(f->source, owner->end, map->end), t = goast_text(f, type);
    if (str_starts(rest, STR(")"))) rest = str_sub(rest, 1, STR_NPOS); // (*p).m
    bool imported = type->kind == GO_SELECTOR;
    return (struct map_expr) {
        str_from(arena_printf(a, "%.*s%s%.*s%.*s", imported ? 0 : (int)gofunc_package(function).n,
                              function.p, imported ? "" : ".", STR_ARG(t), STR_ARG(rest))),
        true,
    };
}

struct map_expr map_expr_at(const struct go_file *f, struct str function, uint32_t line,
                            enum map_op op, struct arena *a)
{
    for (const struct go_node *d = f->decls; d; d = d->next) {
        if (d->kind != GO_FUNC_DECL || !d->kid[2] || line_of(f, d->pos) > line ||
            line_of(f, d->end) < line || !declares(f, d, function))
            continue;
        struct search s = { .f = f, .op = op, .line = line };
        walk(&s, d->kid[2], 0);
        if (s.found && !s.several) return name_of(f, d, s.found, function, a);
    }
    return (struct map_expr) { { "", 0 }, false };
}

static struct str last_part(struct str name)
{
    size_t dot = str_rfind_char(name, '.');
    return dot == STR_NPOS ? name : str_sub(name, dot + 1, STR_NPOS);
}

struct map_expr map_expr_join(struct map_expr x, struct map_expr y)
{
    if (!x.name.n) return y;
    if (!y.name.n || str_eq(x.name, y.name)) return x;
    if (x.qualified != y.qualified) return x.qualified ? x : y;
    // One from farther out than the other: main.server.catalog.quotes, main.catalog.quotes.
    if (x.qualified && str_eq(last_part(x.name), last_part(y.name)))
        return x.name.n < y.name.n ? x : y;
    return (struct map_expr) { { "", 0 }, false };
}

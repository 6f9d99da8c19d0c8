// SPDX-License-Identifier: Apache-2.0
// The edit that cures a finding, where it is plain that it does no harm: the lock is taken around
// one statement that calls nothing and waits for nothing, or RLock becomes Lock in a function that
// calls nothing. None is offered where it is not known which locks are held on entry, or where any
// is: an order of two locks is for people to decide.
#include "analyses/goscan_int.h"

#include <stdio.h>

enum { LIMIT_EDITS = 16, LIMIT_FIX_DEPTH = 200 };

struct fixer {
    struct scan *s;
    const struct access *a;
    const struct gsource *file;
    const struct gfield *field; // the map's, or NULL
    uint32_t map_sym;
    struct str base; // what stands before ".m", in all of the statement
    const struct go_node *base_node;
    unsigned maps; // how often the map is named in it
    bool ok;
};

static struct str node_text(const struct fixer *x, const struct go_node *n)
{
    return goast_text(x->file->ast, n);
}

// ---- what may stand under the lock ----

static bool harmless_call(const struct fixer *x, const struct go_node *call)
{
    static const char *const builtins[] = { "len",    "cap", "append", "delete", "clear",
                                            "make",   "new", "min",    "max",    "copy",
                                            "string", "int", "int64",  "uint64", "float64" };
    static const char *const packages[] = { "strings",      "strconv", "time",
                                            "math",         "errors",  "unicode",
                                            "unicode/utf8", "path",    "path/filepath" };
    const struct go_node *f = call->kid[0];
    if (f->kind == GO_IDENT) {
        for (size_t i = 0; i < array_size(builtins); i++)
            if (str_eqc(goast_name(x->file->ast, f->sym), builtins[i])) return true;
        return false;
    }
    if (f->kind != GO_SELECTOR || f->kid[0]->kind != GO_IDENT) return false;
    struct str path = file_import(x->file, scan_sym(x->file, f->kid[0]));
    if (str_eqc(goast_name(x->file->ast, f->sym), "Sleep")) return false;
    for (size_t i = 0; i < array_size(packages); i++)
        if (str_eqc(path, packages[i])) return true;
    return false;
}

static bool is_lock_call(const struct fixer *x, const struct go_node *call, const char *method)
{
    const struct go_node *f = call->kid[0];
    return call->kind == GO_CALL && f->kind == GO_SELECTOR &&
           str_eqc(goast_name(x->file->ast, f->sym), method);
}

// Nothing below n (lists of nodes included) calls, waits, leaves, or starts anything.
static bool harmless(const struct fixer *x, const struct go_node *n, unsigned depth)
{
    if (depth > LIMIT_FIX_DEPTH) return false;
    for (; n; n = n->next) {
        if (n->kind == GO_CALL && !harmless_call(x, n)) return false;
        if (n->kind == GO_FUNC_LIT || n->kind == GO_SEND || n->kind == GO_GO ||
            n->kind == GO_DEFER || n->kind == GO_SELECT || n->kind == GO_BRANCH ||
            n->kind == GO_LABELED || n->kind == GO_RETURN || n->kind == GO_BAD)
            return false;
        if (n->kind == GO_UNARY && n->op == GO_T_ARROW) return false;
        for (unsigned i = 0; i < n->kids; i++)
            if (!harmless(x, n->kid[i], depth + 1)) return false;
    }
    return true;
}

static bool is_map_name(const struct fixer *x, const struct go_node *n)
{
    return (n->kind == GO_SELECTOR || n->kind == GO_IDENT) && scan_sym(x->file, n) == x->map_sym;
}

static bool is_literal(const struct go_node *n)
{
    return n && n->kind == GO_LIT;
}

// What plainly may panic: whoever recovers then would find the lock held for ever.
static bool may_panic(const struct fixer *x, const struct go_node *n, unsigned depth)
{
    if (depth > LIMIT_FIX_DEPTH) return true;
    if (n->kind == GO_TYPE_ASSERT) return true;
    if (n->kind == GO_SLICE && (n->kid[1] || n->kid[2])) return true;
    if (n->kind == GO_INDEX && is_literal(n->kid[1]) && n->kid[1]->op == GO_T_INT &&
        !is_map_name(x, n->kid[0]))
        return true;
    bool divides = (n->kind == GO_BINARY && (n->op == GO_T_QUO || n->op == GO_T_REM)) ||
                   (n->kind == GO_ASSIGN && (n->op == GO_T_QUO_ASSIGN || n->op == GO_T_REM_ASSIGN));
    if (divides && !is_literal(n->kid[1])) return true;
    // `v, ok := x.(T)` does not.
    bool both = n->kind == GO_ASSIGN && n->kid[0]->next && n->kid[1] && !n->kid[1]->next &&
                n->kid[1]->kind == GO_TYPE_ASSERT;
    for (unsigned i = 0; i < n->kids; i++)
        for (const struct go_node *k = n->kid[i]; k; k = k->next)
            if (may_panic(x, both && i == 1 ? k->kid[0] : k, depth + 1)) return true;
    return false;
}

// ---- where the map is named ----

// The expression is the place: names and selectors, step by step, no field promoted from another.
static bool spells(const struct fixer *x, const struct go_node *n, const struct place *p)
{
    for (; p; p = p->parent) {
        while (n->kind == GO_PAREN || n->kind == GO_STAR) n = n->kid[0];
        if (p->kind == P_VAR) return n->kind == GO_IDENT && scan_sym(x->file, n) == p->var->sym;
        if (p->kind != P_FIELD || n->kind != GO_SELECTOR || scan_sym(x->file, n) != p->field->sym)
            return false;
        n = n->kid[0];
    }
    return false;
}

static void find_map(struct fixer *x, const struct go_node *n, unsigned depth)
{
    if (depth > LIMIT_FIX_DEPTH) x->ok = false;
    for (; n && x->ok; n = n->next) {
        bool named =
            n->kind == (x->field ? GO_SELECTOR : GO_IDENT) && scan_sym(x->file, n) == x->map_sym;
        if (named && !spells(x, n, x->a->place)) x->ok = false;
        if (named && x->field) {
            struct str base = node_text(x, n->kid[0]);
            if (x->maps && !str_eq(base, x->base)) x->ok = false;
            x->base = base;
        }
        x->maps += named;
        for (unsigned i = 0; i < n->kids; i++) find_map(x, n->kid[i], depth + 1);
    }
}

// The map is named in n.
static bool names_map(const struct fixer *x, const struct go_node *n, unsigned depth)
{
    if (depth > LIMIT_FIX_DEPTH) return true;
    for (; n; n = n->next) {
        if (is_map_name(x, n)) return true;
        for (unsigned i = 0; i < n->kids; i++)
            if (names_map(x, n->kid[i], depth + 1)) return true;
    }
    return false;
}

// A statement that reads the map may write it, too: then its lock must be the one for writing.
static bool writes_map(const struct fixer *x, const struct go_node *n, unsigned depth)
{
    if (depth > LIMIT_FIX_DEPTH) return true;
    bool call = n->kind == GO_CALL && n->kid[0]->kind == GO_IDENT &&
                (str_eqc(goast_name(x->file->ast, n->kid[0]->sym), "delete") ||
                 str_eqc(goast_name(x->file->ast, n->kid[0]->sym), "clear"));
    unsigned targets = n->kind == GO_RANGE ? 2 : n->kind == GO_ASSIGN || n->kind == GO_INC_DEC;
    for (unsigned i = 0; i < n->kids; i++) {
        if ((call || i < targets) && names_map(x, n->kid[i], depth + 1)) return true;
        for (const struct go_node *k = n->kid[i]; k; k = k->next)
            if (writes_map(x, k, depth + 1)) return true;
    }
    return false;
}

// The innermost statement of a list that holds the offset. Not every node knows its end: of those
// that begin before the offset, the last one holds it.
static const struct go_node *statement_at(const struct go_node *n, uint32_t pos)
{
    const struct go_node *best = NULL;
    for (unsigned depth = 0; n && depth < LIMIT_FIX_DEPTH; depth++) {
        const struct go_node *inner = NULL;
        bool listed = false;
        for (unsigned i = 0; i < n->kids; i++)
            for (const struct go_node *k = n->kid[i]; k; k = k->next) {
                if (k->pos > pos || (inner && k->pos < inner->pos)) continue;
                inner = k;
                listed = (n->kind == GO_BLOCK && i == 0) ||
                         ((n->kind == GO_CASE || n->kind == GO_COMM) && i == 1);
            }
        if (listed) best = inner;
        n = inner;
    }
    return best;
}

// ---- the lock ----

static bool declares(const struct fixer *x, const struct go_node *n, uint32_t sym, unsigned depth)
{
    if (depth > LIMIT_FIX_DEPTH) return true;
    for (; n; n = n->next) {
        unsigned names = n->kind == GO_RANGE ? 2
                         : n->kind == GO_FIELD || n->kind == GO_VALUE_SPEC ||
                                 (n->kind == GO_ASSIGN && n->op == GO_T_DEFINE)
                             ? 1
                             : 0;
        for (unsigned i = 0; i < n->kids; i++) {
            for (const struct go_node *k = i < names ? n->kid[i] : NULL; k; k = k->next)
                if (k->kind == GO_IDENT && scan_sym(x->file, k) == sym) return true;
            if (declares(x, n->kid[i], sym, depth + 1)) return true;
        }
    }
    return false;
}

// The lock as it is spelt beside the map, or NULL.
static const char *lock_text(struct fixer *x, const void *class, const struct gtype **ret_type)
{
    struct arena *a = x->s->arena;
    if (x->field) {
        const struct gtype *t = x->a->place->parent ? x->a->place->parent->type : NULL;
        t = t ? type_deref(x->s, (struct gtype *)(uintptr_t)t) : NULL;
        for (uint32_t i = 0; t && t->kind == T_STRUCT && i < t->n_fields; i++) {
            if (&t->fields[i] != class) continue;
            struct str name = scan_name(x->s, t->fields[i].sym);
            *ret_type = t->fields[i].type;
            return arena_printf(a, "%.*s.%.*s", STR_ARG(x->base), STR_ARG(name));
        }
        return NULL;
    }
    const struct gvar *v = NULL;
    for (size_t i = 0; i < x->a->func->pkg->scope.cap && !v; i++) {
        const struct map_slot *slot = &x->a->func->pkg->scope.slot[i];
        const struct gobj *o = slot->used ? (const struct gobj *)(uintptr_t)slot->value : NULL;
        if (o && o->kind == OBJ_VAR && (const void *)o->var == class) v = o->var;
    }
    if (!v) return NULL;
    const struct go_node *f = x->a->func->node; // itself, not the functions behind it
    for (unsigned i = 0; i < f->kids; i++)
        if (declares(x, f->kid[i], v->sym, 0)) return NULL;
    *ret_type = v->type;
    return arena_cstr(a, scan_name(x->s, v->sym));
}

static bool entry_free(const struct access *a)
{
    if (a->func->called_unknown || a->state->unknown) return false;
    for (size_t i = 0; i < a->func->entry.n; i++)
        if (a->func->entry.p[i].held || a->func->entry.p[i].maybe) return false;
    return true;
}

// ---- edits ----

static void add_edit(struct fixer *x, struct goscan_finding *f, uint32_t pos, uint32_t end,
                     const char *text)
{
    if (!f->fix) f->fix = arena_array(x->s->arena, struct goscan_fix, LIMIT_EDITS);
    if (f->n_fix < LIMIT_EDITS)
        f->fix[f->n_fix++] = (struct goscan_fix) { pos, end, text };
    else
        x->ok = false;
}

// The blanks before a statement that begins its line; p is NULL where it does not.
static struct str indent_of(struct str text, uint32_t pos)
{
    uint32_t from = pos;
    while (from && (text.p[from - 1] == ' ' || text.p[from - 1] == '\t')) from--;
    if (from && text.p[from - 1] != '\n') return (struct str) { 0 };
    return str_sub(text, from, pos);
}

// Where the line ends on which the statement does, if nothing but a comment follows; else 0.
static uint32_t end_of_line(struct str text, uint32_t end)
{
    while (end && text.p[end - 1] == '\r') end--;
    struct str rest = str_sub(text, end, text.n), line = rest;
    size_t newline = str_find_char(rest, '\n');
    if (newline != STR_NPOS) line = str_sub(rest, 0, newline);
    if (str_ends(line, STR("\r"))) line.n--;
    if (str_find_char(line, '\r') != STR_NPOS) return 0;
    struct str left = str_trim(line);
    return left.n && !str_starts(left, STR("//")) ? 0 : end + (uint32_t)line.n;
}

// How the line before a position ends, so that added ones end likewise.
static const char *newline_before(struct str text, uint32_t pos)
{
    size_t at = str_rfind_char(str_sub(text, 0, pos), '\n');
    return at != STR_NPOS && at && text.p[at - 1] == '\r' ? "\r\n" : "\n";
}

// `mu.Lock()` before the statement, `mu.Unlock()` after it.
static void lock_around(struct fixer *x, const void *class, const struct go_node *st,
                        struct goscan_finding *f)
{
    struct str text = x->file->ast->source, indent = indent_of(text, st->pos);
    uint32_t end = end_of_line(text, st->end);
    bool returns = st->kind == GO_RETURN;
    bool write = x->a->op == ACCESS_WRITE || writes_map(x, st, 0);
    const struct gtype *type = NULL;
    const char *lock = lock_text(x, class, &type);
    if (!lock || !type || !indent.p || (returns ? write : !end)) return;
    if (type->kind == T_PTR) type = type->elem;
    bool rw = type_is_ext(type, "sync", S_RWMutex);
    if (!rw && !type_is_ext(type, "sync", S_Mutex)) return;
    const char *r = rw && !write ? "R" : "";
    const char *nl = newline_before(text, st->pos);
    struct arena *a = x->s->arena;
    if (returns) {
        add_edit(x, f, st->pos, st->pos,
                 arena_printf(a, "%s.%sLock()%s%.*sdefer %s.%sUnlock()%s%.*s", lock, r, nl,
                              STR_ARG(indent), lock, r, nl, STR_ARG(indent)));
        return;
    }
    add_edit(x, f, st->pos, st->pos,
             arena_printf(a, "%s.%sLock()%s%.*s", lock, r, nl, STR_ARG(indent)));
    add_edit(x, f, end, end, arena_printf(a, "%s%.*s%s.%sUnlock()", nl, STR_ARG(indent), lock, r));
}

static void fix_missing(struct fixer *x, const void *class, struct goscan_finding *f)
{
    const struct access *a = x->a;
    if (a->state->n || !entry_free(a)) return;
    const struct go_node *st = statement_at(a->func->node, a->pos);
    if (!st) return;
    if (st->kind != GO_EXPR_STMT && st->kind != GO_INC_DEC && st->kind != GO_ASSIGN &&
        st->kind != GO_RANGE && st->kind != GO_RETURN)
        return;
    for (unsigned i = 0; i < st->kids; i++) {
        if (!harmless(x, st->kid[i], 0)) return;
        find_map(x, st->kid[i], 0);
    }
    if (st->kind != GO_RETURN && may_panic(x, st, 0)) return; // that one defers the unlock
    if (x->ok && x->maps) lock_around(x, class, st, f);
}

// All of RLock and RUnlock on one lock in a function that calls nothing else.
static void strengthen(struct fixer *x, const struct go_node *n, struct goscan_finding *f,
                       unsigned depth)
{
    if (depth > LIMIT_FIX_DEPTH) x->ok = false;
    for (; n && x->ok; n = n->next) {
        if (n->kind == GO_FUNC_LIT || n->kind == GO_GO || n->kind == GO_SELECT ||
            n->kind == GO_SEND || (n->kind == GO_UNARY && n->op == GO_T_ARROW))
            x->ok = false;
        bool lock = is_lock_call(x, n, "RLock"), unlock = is_lock_call(x, n, "RUnlock");
        if (lock || unlock) {
            const struct go_node *m = n->kid[0];
            struct str on = node_text(x, m->kid[0]);
            if (x->base.n && !str_eq(x->base, on)) x->ok = false;
            x->base = on;
            x->maps += lock;
            add_edit(x, f, m->end - (lock ? 5 : 7), m->end, lock ? "Lock" : "Unlock");
            continue;
        }
        if (n->kind == GO_CALL && !harmless_call(x, n)) x->ok = false;
        for (unsigned i = 0; i < n->kids; i++) strengthen(x, n->kid[i], f, depth + 1);
    }
}

static void fix_read_lock(struct fixer *x, const void *class, struct goscan_finding *f)
{
    const struct access *a = x->a;
    const struct held *h = &a->state->held[0];
    if (a->state->n != 1 || h->mode != HOLD_READ || h->class != class || h->copy) return;
    if (!entry_free(a)) return;
    for (unsigned i = 0; i < a->func->node->kids; i++) strengthen(x, a->func->node->kid[i], f, 0);
    if (x->maps != 1) x->ok = false;
}

void scan_fix(struct scan *s, const struct access *a, const void *class, struct goscan_finding *f)
{
    struct fixer x = { .s = s, .a = a, .file = a->file, .ok = true };
    if (a->alias_file || a->via_file || a->depth || a->file != a->func->file) return;
    if (a->file->in->generated) return; // whoever makes it anew would undo it
    if (a->place->kind == P_FIELD)
        x.field = a->place->field, x.map_sym = x.field->sym;
    else if (a->place->kind == P_VAR && a->place->var->global)
        x.map_sym = a->place->var->sym;
    else
        return;
    if (f->rule == GOSCAN_RLOCK_WRITE)
        fix_read_lock(&x, class, f);
    else if (f->rule == GOSCAN_INCONSISTENT || f->rule == GOSCAN_UNLOCKED_READ)
        fix_missing(&x, class, f);
    if (!x.ok) f->n_fix = 0;
}

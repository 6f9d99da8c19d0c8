// SPDX-License-Identifier: Apache-2.0
// Expressions: the place and the type that each has, and the maps that it touches.
#include "analyses/goscan_int.h"

struct place *place_var(struct scan *s, struct gvar *v)
{
    if (!v->place) {
        v->place = arena_new(s->arena, struct place);
        *v->place =
            (struct place) { .kind = P_VAR, .id = ++s->n_places, .var = v, .type = v->type };
    }
    return v->place;
}

struct place *place_step(struct scan *s, struct place *parent, enum place_kind kind,
                         struct gfield *f, uint32_t hash, struct gtype *type)
{
    if (!parent) return NULL;
    uint64_t key = ((uint64_t)parent->id << 32 | hash) * 0x9e3779b97f4a7c15u ^
                   (uint64_t)(uintptr_t)f * 0xc2b2ae3d27d4eb4fu ^ kind;
    bool fresh;
    uint64_t *v = map_put(&s->places, key, &fresh);
    if (fresh) {
        struct place *p = arena_new(s->arena, struct place);
        *p = (struct place) { kind, ++s->n_places, hash, parent, NULL, f, type };
        *v = (uint64_t)(uintptr_t)p;
    }
    return (struct place *)(uintptr_t)*v;
}

struct gvar *place_root(struct place *p)
{
    while (p && p->parent) p = p->parent;
    return p ? p->var : NULL;
}

const void *place_class(const struct place *p)
{
    while (p && p->kind == P_INDEX) p = p->parent;
    if (!p) return NULL;
    return p->kind == P_FIELD ? (const void *)p->field : p->kind == P_VAR ? p->var : NULL;
}

bool place_owned(const struct place *p)
{
    const struct gvar *v = place_root((struct place *)p);
    if (!v || !v->func || !v->fresh || v->escaped || v->lent) return false;
    for (; p->parent; p = p->parent)
        if (p->escaped) return false;
    return true;
}

struct place *place_translate(struct scan *s, struct place *p, const struct gfunc *callee,
                              struct place *const *args, uint32_t n_args)
{
    if (!p) return NULL;
    if (!p->parent) {
        if (!p->var) return NULL;
        if (!p->var->func) return p;
        if (p->var->func != callee || p->var->param < 0 || (uint32_t)p->var->param >= n_args)
            return NULL;
        return args[p->var->param];
    }
    struct place *up = place_translate(s, p->parent, callee, args, n_args);
    return up ? place_step(s, up, p->kind, p->field, p->hash, p->type) : NULL;
}

// What goroutines captured is its owner's alone again when all of them were waited for.
static bool back_again(const struct walker *w, const struct gvar *v)
{
    if (!v->func || !v->fresh || v->escaped || v->thread != w->thread) return false;
    for (size_t i = w->first_thread; i < w->s->threads.n; i++) {
        const struct gthread *t = w->s->threads.p[i];
        if (t->parent == w->thread && t->join_seq == UINT32_MAX) return false;
    }
    return true;
}

bool place_back_again(const struct walker *w, struct place *p)
{
    struct gvar *root = place_root(p);
    return root && !p->escaped && back_again(w, root);
}

// A read that only sees how a variable of this goroutine got its value is not interesting to the
// ledger; everything else is noted with the locks held.
struct access *note_access(struct walker *w, enum access_op op, const struct val *map, uint32_t pos)
{
    struct place *p = map->p;
    const void *class = place_class(p);
    struct gvar *root = place_root(p);
    if (!p || !class || !root || w->st->dead || map->is_nil) return NULL;
    struct access a = { .place = p,
                        .class = class,
                        .func = w->func,
                        .file = w->file,
                        .thread = w->thread,
                        .loop = w->loop,
                        .pos = pos,
                        .op = op };
    a.state = state_save(w);
    a.seq = ++w->s->seq;
    a.owned = map->fresh || map->owned || place_owned(p) || w->st->once || place_back_again(w, p);
    a.init =
        (w->func->is_init || w->func->is_main) && !w->st->started && w->thread->kind == THREAD_BODY;
    a.copied = map->copied;
    a.sent = p->kind == P_VAR && root->sent;
    a.alias_pos = map->alias_pos;
    a.alias_file = map->alias_file;
    a.alias_locked = map->alias_locked;
    for (const struct place *q = p; q && q->kind == P_INDEX; q = q->parent) a.depth++;
    vec_push(&w->s->accesses, a);
    if (root->param >= 0 && root->func == w->func && w->thread->kind == THREAD_BODY &&
        w->st->n == 0 && !w->st->unknown && p->kind == P_VAR && w->func->writes.n < 16)
        vec_push(&w->func->writes,
                 (struct param_write) { (uint8_t)root->param, op, pos, w->file, NULL });
    return vec_last(&w->s->accesses);
}

static struct gvar *lookup_var(struct walker *w, uint32_t sym, struct gobj **ret_obj)
{
    *ret_obj = NULL;
    if (sym >= w->s->n_bind) return NULL;
    uintptr_t b = (uintptr_t)w->s->bind[sym];
    if (b & 1) return (struct gvar *)(b - 1);
    *ret_obj = b ? (struct gobj *)b : package_lookup(w->func->pkg, sym);
    return *ret_obj && (*ret_obj)->kind == OBJ_VAR ? (*ret_obj)->var : NULL;
}

// Of `make(…)`, `f()`, `pkg.F()`, `T(…)`, `func() … { … }()` behind a package's variable.
static struct gtype *type_of_initial_call(const struct type_context *c, struct go_node *call,
                                          uint32_t index)
{
    struct scan *s = c->s;
    struct go_node *f = call->kid[0];
    while (f->kind == GO_PAREN || f->kind == GO_INDEX) f = f->kid[0];
    struct gobj *fn = NULL;
    struct gtype *t = NULL;
    if (f->kind == GO_FUNC_LIT) {
        t = type_of_node(c, f->kid[0]);
    } else if (f->kind == GO_IDENT) {
        uint32_t sym = scan_sym(c->file, f);
        fn = package_lookup(c->pkg, sym);
        if (!fn && (sym == S_make || sym == S_new) && call->kid[1]) {
            t = type_of_node(c, call->kid[1]);
            return sym == S_new ? type_new(s, T_PTR, t) : t;
        }
    } else if (f->kind == GO_SELECTOR && f->kid[0]->kind == GO_IDENT) {
        struct str path = file_import(c->file, scan_sym(c->file, f->kid[0]));
        struct gpackage *p = path.n ? package_by_path(s, path) : NULL;
        fn = p ? package_lookup(p, scan_sym(c->file, f)) : NULL;
    }
    if (fn && fn->kind == OBJ_TYPE) return fn->type;
    if (fn && fn->kind == OBJ_FUNC && fn->func->type->kid[2]) {
        struct type_context fc = { s, fn->pkg, fn->file, fn->func->type->kid[0], NULL, false };
        t = type_of_func_node(&fc, fn->func->type);
    }
    return t && index < t->n_args ? t->args[index] : &s->unknown;
}

static struct gtype *var_type(struct scan *s, struct gobj *o)
{
    struct gvar *v = o->var;
    if (v->type || o->resolving) return v->type ? v->type : &s->unknown;
    o->resolving = true;
    struct type_context c = { s, o->pkg, o->file, NULL, NULL, false };
    struct go_node *x = o->value;
    struct gtype *t = &s->unknown;
    bool pointer = x && x->kind == GO_UNARY && x->op == GO_T_AND;
    if (pointer) x = x->kid[0];
    if (o->value_type) {
        t = type_of_node(&c, o->value_type);
    } else if (x && x->kind == GO_COMPOSITE && x->kid[0]) {
        t = type_of_node(&c, x->kid[0]);
        if (pointer) t = type_new(s, T_PTR, t);
    } else if (x && x->kind == GO_CALL) {
        t = type_of_initial_call(&c, x, o->value_index);
    } else if (x && x->kind == GO_IDENT && !pointer) {
        struct gobj *other = package_lookup(o->pkg, scan_sym(o->file, x));
        if (other && other->kind == OBJ_VAR) t = var_type(s, other);
    }
    o->resolving = false;
    return v->type = t;
}

static void touch(struct gthread *t, const struct gvar *v)
{
    for (uint8_t i = 0; i < t->n_touched; i++)
        if (t->touched[i] == v) return;
    if (t->n_touched < array_size(t->touched))
        t->touched[t->n_touched++] = v;
    else
        t->opaque = true;
}

static struct val val_of_var(struct walker *w, struct gvar *v)
{
    struct val x = { .t = v->global ? var_type(w->s, v->global) : v->type };
    if (!x.t) x.t = &w->s->unknown;
    for (struct gthread *t = v->func ? w->thread : NULL; t && t != v->thread; t = t->parent) {
        v->lent |= t->kind == THREAD_GO;
        v->escaped |= t->kind == THREAD_HANDLER;
        touch(t, v);
        if (v->alias && place_root(v->alias)) touch(t, place_root(v->alias));
    }
    if (v->method) return *v->method;
    x.closure = v->closure;
    x.unlocker = v->unlocker;
    x.read_locker = v->read_locker;
    x.p = place_var(w->s, v);
    x.p->type = x.t;
    if (v->alias && !v->no_alias) {
        if (v->via) {
            x = *v->via;
        } else {
            x.alias_pos = v->alias_pos;
            x.alias_file = v->file;
            for (uint8_t i = 0; v->alias_state && i < v->alias_state->n; i++)
                x.alias_locked |= v->alias_state->held[i].mode >= HOLD_READ;
        }
        x.t = v->type;
        x.p = v->alias;
    }
    x.owned = place_owned(x.p);
    return x;
}

static struct val val_of_obj(struct walker *w, struct gobj *o)
{
    struct val x = { .t = &w->s->unknown };
    if (o->kind == OBJ_TYPE) x.is_type = true, x.t = o->alias ? type_under(w->s, o->type) : o->type;
    if (o->kind == OBJ_FUNC) x.fn = o->func;
    if (o->kind == OBJ_CONST) x.t = &w->s->basic;
    if (o->kind == OBJ_VAR) return val_of_var(w, o->var);
    return x;
}

struct val eval_name(struct walker *w, uint32_t sym)
{
    struct gobj *o;
    struct gvar *v = lookup_var(w, sym, &o);
    if (v) return val_of_var(w, v);
    if (o) return val_of_obj(w, o);
    return (struct val) { .t = &w->s->unknown, .sym = sym };
}

static struct val eval_ident(struct walker *w, struct go_node *n)
{
    uint32_t sym = scan_sym(w->file, n);
    struct gobj *o;
    struct gvar *v = lookup_var(w, sym, &o);
    if (v || o) return eval_name(w, sym);
    struct val x = { .t = &w->s->unknown, .sym = sym };
    if (sym == S_nil) {
        x.is_nil = true;
        return x;
    }
    x.pkg = file_import(w->file, sym);
    if (x.pkg.n) return x;
    x.t = type_of_node(&w->types, n);
    x.is_builtin = sym >= S_make && sym <= S_close;
    x.is_type = !x.is_builtin && sym != S_true && sym != S_false;
    return x;
}

// The lock behind a sync.Cond: the mutex beside it, if there is one; unknown, if there are more.
static struct place *cond_lock(struct scan *s, struct place *p)
{
    static const uint32_t locks[] = { S_Mutex, S_RWMutex, S_Locker };
    struct gtype *u = p && p->kind == P_FIELD && p->field->owner ? p->field->owner->under : NULL;
    struct gfield *only = NULL;
    for (uint32_t i = 0; u && i < u->n_fields; i++)
        for (size_t k = 0; k < array_size(locks); k++) {
            if (!type_is_ext(u->fields[i].type, "sync", locks[k])) continue;
            if (only) return NULL;
            only = &u->fields[i];
        }
    return only ? place_step(s, p->parent, P_FIELD, only, 0, only->type) : p;
}

// `get(k).field`: some object that others may have too. The same text is taken for the same object.
static struct place *given_place(struct walker *w, struct go_node *n, const struct val *x)
{
    while (n->kind == GO_PAREN || n->kind == GO_STAR) n = n->kid[0];
    const struct go_node *base = n;
    while (base->kind == GO_INDEX || base->kind == GO_PAREN) base = base->kid[0];
    if ((base->kind != GO_CALL && base->kind != GO_TYPE_ASSERT) || x->fresh || x->owned)
        return NULL;
    if (type_deref(w->s, x->t)->kind != T_STRUCT) return NULL;
    if (!w->func->given) {
        w->func->given = arena_new(w->s->arena, struct gvar);
        w->func->given->func = w->func;
        w->func->given->param = -1;
        w->func->given->anonymous = true;
    }
    uint32_t hash = (uint32_t)str_hash(goast_text(w->file->ast, n));
    return place_step(w->s, place_var(w->s, w->func->given), P_CALL, NULL, hash, x->t);
}

static struct val eval_selector(struct walker *w, struct go_node *n)
{
    struct scan *s = w->s;
    struct val x = eval(w, n->kid[0]);
    if (!x.p) x.p = given_place(w, n->kid[0], &x);
    uint32_t sym = scan_sym(w->file, n);
    if (x.pkg.n && !x.p && n->kid[0]->kind == GO_IDENT) {
        struct val r = { .t = &s->unknown, .sym = sym };
        struct gpackage *p = package_by_path(s, x.pkg);
        struct gobj *o = p ? package_lookup(p, sym) : NULL;
        if (o) return val_of_obj(w, o);
        r.pkg = x.pkg;
        r.t = type_of_node(&w->types, n);
        r.is_type = r.t->kind == T_EXT && type_under(s, r.t)->kind == T_MAP;
        return r;
    }
    return eval_member(w, &x, sym);
}

struct val eval_member(struct walker *w, const struct val *from, uint32_t sym)
{
    struct scan *s = w->s;
    struct val x = *from, r = { .t = &s->unknown, .sym = sym };
    struct member m = type_member(s, x.t, sym);
    struct gvar *root = place_root(x.p);
    struct place *base = x.p;
    if (m.found && m.field && root && root->copy_of && x.p == root->place &&
        type_is_map(s, m.type)) {
        r.own = place_step(s, x.p, P_FIELD, m.field, 0, m.type);
        r.copied = !r.own->replaced;
        if (r.copied) base = root->copy_of;
    }
    for (unsigned i = 0; i < m.depth; i++)
        base = place_step(s, base, P_FIELD, m.path[i], 0, m.path[i]->type);
    r.alias_pos = 0;
    if (m.field) {
        r.t = m.type;
        r.p = place_step(s, base, P_FIELD, m.field, 0, m.type);
        r.owned = place_owned(r.p) || (r.p && r.p->replaced_fresh);
        return r;
    }
    r.p = sym == S_L && type_is_ext(x.t, "sync", S_Cond) ? cond_lock(s, base) : base;
    r.read_locker = x.read_locker;
    r.recv_type = m.found ? m.type : x.t;
    r.fn = m.method;
    r.alias_pos = x.alias_pos;
    r.alias_file = x.alias_file;
    r.alias_locked = x.alias_locked;
    r.fresh = x.fresh;
    return r;
}

static struct val element_of(struct walker *w, const struct val *x, struct go_node *index)
{
    struct scan *s = w->s;
    struct gtype *u = type_under(s, x->t);
    if (u->kind == T_PTR) u = type_under(s, u->elem);
    struct val r = { .t = &s->unknown };
    if (u->kind != T_MAP && u->kind != T_SLICE) return r;
    struct str text = goast_text(w->file->ast, index);
    struct gobj *o;
    struct gvar *v = index->kind == GO_IDENT ? lookup_var(w, scan_sym(w->file, index), &o) : NULL;
    uint32_t hash = (uint32_t)str_hash(text);
    if (v) hash ^= v->pos;
    r.t = u->elem;
    r.p = place_step(s, x->p, P_INDEX, NULL, hash, u->elem);
    if (r.p) r.p->var = v;
    r.alias_pos = x->alias_pos;
    r.alias_file = x->alias_file;
    r.alias_locked = x->alias_locked;
    return r;
}

static struct val eval_index(struct walker *w, struct go_node *n)
{
    struct val x = eval(w, n->kid[0]);
    if (x.is_type || x.fn) {
        if (x.is_type) x.t = type_of_node(&w->types, n);
        return x;
    }
    eval_list(w, n->kid[1]);
    if (type_is_map(w->s, x.t)) note_access(w, ACCESS_READ, &x, n->pos);
    return element_of(w, &x, n->kid[1]);
}

void note_value_used(const struct walker *w, struct gfunc *fn)
{
    if (fn && !w->func->test) fn->value_used = true;
}

// The field of a struct of the tree that a key of its literal names, or NULL.
static const struct gfield *field_named(struct walker *w, struct gtype *t,
                                        const struct go_node *key)
{
    struct gtype *u = type_deref(w->s, t);
    if (key->kind != GO_IDENT || u->kind != T_STRUCT) return NULL;
    uint32_t sym = scan_sym(w->file, key);
    for (uint32_t i = 0; i < u->n_fields; i++)
        if (u->fields[i].sym == sym) return &u->fields[i];
    return NULL;
}

static struct val eval_composite(struct walker *w, struct go_node *n)
{
    struct val r = { .t = n->kid[0] ? type_of_node(&w->types, n->kid[0]) : &w->s->unknown,
                     .fresh = true };
    note_made(w, r.t);
    for (struct go_node *e = n->kid[1]; e; e = e->next) {
        struct go_node *value = e->kind == GO_KEY_VALUE ? e->kid[1] : e;
        if (e->kind == GO_KEY_VALUE && e->kid[0]->kind != GO_IDENT) eval(w, e->kid[0]);
        struct val v = eval(w, value);
        if (r.t->kind == T_EXT && e->kind == GO_KEY_VALUE && e->kid[0]->kind == GO_IDENT &&
            hand_over_field(w, scan_name(w->s, scan_sym(w->file, e->kid[0])), &v, value->pos))
            continue;
        if (v.closure && r.t->kind == T_EXT)
            walk_outside_closure(w, v.closure);
        else if (v.closure)
            walk_unknown_closure(w, v.closure);
        const void *slot = e->kind == GO_KEY_VALUE ? field_named(w, r.t, e->kid[0]) : NULL;
        if (v.fn && !note_flow(w, slot, &v)) note_value_used(w, v.fn);
        if (!v.fn && slot) note_flow(w, slot, &v);
    }
    return r;
}

static bool is_timer(struct walker *w, struct go_node *x)
{
    if (x->kind == GO_CALL) x = x->kid[0];
    if (x->kind != GO_SELECTOR) return false;
    uint32_t sym = scan_sym(w->file, x);
    return sym == S_Done || sym == S_After || sym == S_C || sym == S_Tick;
}

static struct val eval_unary(struct walker *w, struct go_node *n)
{
    struct val x = eval(w, n->kid[0]);
    if (n->op == GO_T_AND) {
        x.t = type_new(w->s, T_PTR, x.t);
        return x;
    }
    if (n->op != GO_T_ARROW) return (struct val) { .t = &w->s->basic };
    struct gtype *u = type_under(w->s, x.t);
    struct gobj *unused;
    struct gvar *channel =
        n->kid[0]->kind == GO_IDENT ? lookup_var(w, scan_sym(w->file, n->kid[0]), &unused) : NULL;
    if (channel && (channel->param < 1 || !channel->func)) channel = NULL;
    if (!is_timer(w, n->kid[0]) && receive_joins(w, channel)) {
        w->st->receive_seq = ++w->s->seq;
        walk_join(w);
    }
    return (struct val) { .t = u->kind == T_CHAN ? u->elem : &w->s->unknown };
}

void eval_list(struct walker *w, struct go_node *x)
{
    for (; x; x = x->next) {
        struct val v = eval(w, x);
        if (v.closure && x->kind == GO_FUNC_LIT) walk_unknown_closure(w, v.closure);
    }
}

static struct val eval_inner(struct walker *w, struct go_node *n)
{
    struct scan *s = w->s;
    struct val x = { .t = &s->unknown };
    switch (n->kind) {
    case GO_IDENT: return eval_ident(w, n);
    case GO_LIT: x.t = n->op == GO_T_STRING ? &s->string : &s->basic; return x;
    case GO_PAREN: return eval(w, n->kid[0]);
    case GO_SELECTOR: return eval_selector(w, n);
    case GO_INDEX: return eval_index(w, n);
    case GO_CALL: return eval_call(w, n, false);
    case GO_COMPOSITE: return eval_composite(w, n);
    case GO_UNARY: return eval_unary(w, n);
    case GO_FUNC_LIT:
        x.t = &s->func;
        x.closure = arena_new(s->arena, struct closure);
        x.closure->node = n;
        return x;
    case GO_STAR: {
        x = eval(w, n->kid[0]);
        if (x.is_type) return (struct val) { .is_type = true, .t = type_new(s, T_PTR, x.t) };
        struct gtype *u = type_under(s, x.t);
        x.t = u->kind == T_PTR ? u->elem : &s->unknown;
        return x;
    }
    case GO_BINARY:
        eval(w, n->kid[0]);
        eval(w, n->kid[1]);
        x.t = &s->basic;
        return x;
    case GO_TYPE_ASSERT:
        x = eval(w, n->kid[0]);
        x.given = !x.p && !x.fresh;
        x.t = n->kid[1] ? type_of_node(&w->types, n->kid[1]) : &s->unknown;
        return x;
    case GO_SLICE:
        x = eval(w, n->kid[0]);
        for (int i = 1; i < 4; i++)
            if (n->kid[i]) eval(w, n->kid[i]);
        return x;
    case GO_ARRAY_TYPE ... GO_CHAN_TYPE:
        x.is_type = true;
        x.t = type_of_node(&w->types, n);
        return x;
    default: return x;
    }
}

struct val eval(struct walker *w, struct go_node *n)
{
    struct val x = { .t = &w->s->unknown };
    if (!n || w->s->depth > LIMIT_GOSCAN_DEPTH) return x;
    w->s->depth++;
    x = eval_inner(w, n);
    w->s->depth--;
    if (!x.t) x.t = &w->s->unknown;
    return x;
}

struct val val_result(struct walker *w, const struct val *x, uint32_t i)
{
    if (i == 0) {
        struct val y = *x;
        if (y.t && y.t->kind == T_TUPLE) y.t = y.t->args[0];
        return y;
    }
    struct val y = { .t = &w->s->unknown };
    if (x->t && x->t->kind == T_TUPLE && i < x->t->n_args) y.t = x->t->args[i];
    if (x->unlocker) y.unlocker = x->unlocker;
    return y;
}

void eval_escape(struct walker *w, const struct val *v)
{
    struct gvar *root = place_root(v->p);
    if (root && root->func && type_under(w->s, v->t)->kind != T_BASIC) {
        v->p->escaped = true;
        // What callers hear of is the parameter itself and its maps.
        if (!v->p->parent || (root->param >= 0 && type_is_map(w->s, v->t))) root->escaped = true;
    }
    note_value_used(w, v->fn);
}

// The map that a place held was replaced: locals that still refer to the old one own it now.
static void replaced(struct walker *w, const struct place *p)
{
    for (size_t i = 0; i < w->aliases.n; i++) {
        struct gvar *v = w->aliases.p[i];
        if (v->alias != p) continue;
        v->alias = NULL;
        v->no_alias = true;
        v->fresh = true;
        v->escaped = false;
    }
}

void eval_assign(struct walker *w, struct go_node *left, const struct val *x, bool define, bool op)
{
    while (left->kind == GO_PAREN) left = left->kid[0];
    if (left->kind == GO_IDENT) {
        uint32_t sym = scan_sym(w->file, left);
        if (sym == S__) return;
        struct gobj *o;
        struct gvar *v = lookup_var(w, sym, &o);
        if (define && (!v || !v->func || v->scope_undo < w->scope)) v = walk_declare(w, left, NULL);
        if (!v) return;
        if (v->func) {
            if (v->thread != w->thread) val_of_var(w, v);
            if (!op) walk_assign_var(w, v, x, left->pos);
        } else {
            if (x->closure) walk_unknown_closure(w, x->closure);
            if (!note_flow(w, v, x)) eval_escape(w, x);
            v->dropped |= x->is_nil && w->func->is_init && w->thread->kind == THREAD_BODY;
            if (x->p != place_var(w->s, v)) replaced(w, place_var(w->s, v));
        }
        return;
    }
    if (x->closure) walk_unknown_closure(w, x->closure);
    if (left->kind == GO_INDEX) {
        struct val m = eval(w, left->kid[0]);
        eval_list(w, left->kid[1]);
        if (type_is_map(w->s, m.t)) note_access(w, ACCESS_WRITE, &m, left->pos);
        if (note_flow(w, place_class(m.p), x)) return;
        if (!m.owned && place_root(m.p) != place_root(x->p)) eval_escape(w, x);
        return;
    }
    struct val l = eval(w, left);
    struct gvar *root = place_root(l.p);
    if (!l.own && l.p && l.p->kind == P_FIELD && root->by_value && l.p->parent == root->place)
        l.own = l.p;
    if (l.own && !op) l.own->replaced = true, l.own->replaced_fresh = x->fresh || x->owned;
    if (left->kind == GO_SELECTOR && l.p && !op && x->p != l.p) replaced(w, l.p);
    if (note_flow(w, place_class(l.p), x)) return;
    if (!l.owned && (!root || root != place_root(x->p))) eval_escape(w, x);
}

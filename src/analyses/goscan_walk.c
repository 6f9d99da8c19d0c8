// SPDX-License-Identifier: Apache-2.0
// The statements of a function, in order, with the locks held on each way.
#include "analyses/goscan_int.h"

// ---- states ----

static struct held *state_find(struct state *st, const struct held *h)
{
    for (uint8_t i = 0; i < st->n; i++)
        if (st->held[i].class == h->class && st->held[i].place == h->place) return &st->held[i];
    return NULL;
}

void state_join(struct state *into, const struct state *from)
{
    if (from->dead) return;
    if (into->dead) {
        *into = *from;
        return;
    }
    struct state other = *from;
    for (uint8_t i = 0; i < into->n; i++) {
        struct held *a = &into->held[i], *b = state_find(&other, a);
        if (!b || (b->mode != a->mode && (b->mode <= HOLD_MAYBE || a->mode <= HOLD_MAYBE)))
            a->mode = HOLD_MAYBE;
        else if (b->mode < a->mode)
            a->mode = b->mode;
        if (b) a->deferred |= b->deferred;
    }
    for (uint8_t i = 0; i < other.n && into->n < LIMIT_GOSCAN_HELD; i++) {
        if (state_find(into, &other.held[i])) continue;
        into->held[into->n] = other.held[i];
        into->held[into->n++].mode = HOLD_MAYBE;
    }
    into->unknown |= other.unknown;
    into->outside |= other.outside;
    into->started |= other.started;
    into->once &= other.once;
    if (other.receive_seq < into->receive_seq) into->receive_seq = other.receive_seq;
}

struct state *state_save(struct walker *w)
{
    if (w->saved && memcmp(w->saved, w->st, sizeof(*w->st)) == 0) return w->saved;
    w->saved = arena_new(w->s->arena, struct state);
    *w->saved = *w->st;
    return w->saved;
}

// ---- names ----

static void bind(struct walker *w, uint32_t sym, void *what)
{
    if (sym == S__ || sym >= w->s->n_bind) return;
    vec_push(&w->undo, (struct undo) { sym, w->s->bind[sym] });
    w->s->bind[sym] = what;
}

static void walk_bind(struct walker *w, uint32_t sym, struct gvar *v)
{
    bind(w, sym, (char *)v + 1); // the lowest bit says that it is a variable
}

static void leave_scope(struct walker *w, size_t mark)
{
    // Closures that were given a name and never called from here run who knows when.
    for (size_t i = w->undo.n; i-- > mark;) {
        uintptr_t b = (uintptr_t)w->s->bind[w->undo.p[i].sym];
        struct gvar *v = b & 1 ? (struct gvar *)(b - 1) : NULL;
        if (!v || !v->closure || v->closure->walked || v->func != w->func) continue;
        walk_unknown_closure(w, v->closure);
    }
    while (w->undo.n > mark) {
        struct undo *u = &w->undo.p[--w->undo.n];
        w->s->bind[u->sym] = u->was;
    }
}

struct gvar *walk_declare(struct walker *w, const struct go_node *name, struct gtype *type)
{
    struct gvar *v = arena_new(w->s->arena, struct gvar);
    v->sym = scan_sym(w->file, name);
    v->pos = name->pos;
    v->file = w->file;
    v->type = type;
    v->func = w->func;
    v->thread = w->thread;
    v->loop = w->loop;
    v->param = -1;
    v->scope_undo = w->undo.n;
    walk_bind(w, v->sym, v);
    return v;
}

static bool refers(struct scan *s, struct gtype *t)
{
    switch (type_under(s, t)->kind) {
    case T_PTR:
    case T_MAP:
    case T_SLICE:
    case T_CHAN:
    case T_IFACE:
    case T_FUNC:
    case T_PARAM:
    case T_UNKNOWN: return true;
    case T_EXT: return true;
    default: return false;
    }
}

static bool is_lock_method(const struct val *x)
{
    return x->recv_type && x->p && x->sym >= S_Lock && x->sym <= S_TryRLock;
}

void walk_assign_var(struct walker *w, struct gvar *v, const struct val *x, uint32_t pos)
{
    struct scan *s = w->s;
    bool first = !v->assigned;
    v->assigned = true;
    v->remade |= !first;
    v->sent = false;
    if (!v->type || v->type->kind == T_UNKNOWN) v->type = x->t;
    if (x->unlocker) v->unlocker = x->unlocker;
    if (x->closure) v->closure = x->closure;
    if (!v->func) return;
    v->method = NULL;
    if (is_lock_method(x) && first) {
        v->method = arena_new(s->arena, struct val);
        *v->method = *x;
        return;
    }
    if (first && x->given && !x->p && type_is_map(s, x->t)) v->given = true;
    if (x->fresh && v->given && (w->nil_var == v || w->not_found)) return;
    if (x->fresh) {
        v->given = false;
        v->fresh = first || v->fresh || w->target == NULL;
        if (v->thread == w->thread) v->escaped = false;
    } else if (x->t && x->t->kind != T_BASIC && !x->is_nil) {
        v->fresh = false;
    }
    if (!x->p || x->p == v->place) {
        // `if m == nil { m = make(…) }`: elsewhere it still is what it was.
        bool was_nil = w->nil_var == v || (w->not_found && v->alias && v->alias->kind == P_INDEX);
        if (!first && v->alias && !x->is_nil && !was_nil) v->alias = NULL, v->no_alias = true;
        return;
    }
    if (!refers(s, x->t)) {
        v->copy_of = x->p;
        return;
    }
    if (x->read_locker) v->read_locker = true;
    // `m := make(…); if shared { m = s.m }`: from there on it may be either.
    bool either = !first && !v->alias && v->scope_undo < w->scope && place_root(x->p) != v &&
                  !place_owned(x->p);
    if (v->no_alias || (!first && v->alias != x->p && !either)) {
        v->alias = NULL;
        v->no_alias = true;
        return;
    }
    v->alias = x->p;
    v->alias_pos = pos;
    v->alias_state = state_save(w);
    if (x->alias_pos) {
        v->via = arena_new(s->arena, struct val);
        *v->via = *x;
    }
    vec_push(&w->aliases, v);
}

// ---- statements ----

static void walk_stmt(struct walker *w, struct go_node *n);

static void walk_list(struct walker *w, struct go_node *n)
{
    for (; n; n = n->next) walk_stmt(w, n);
}

static void walk_body(struct walker *w, struct go_node *block)
{
    size_t mark = w->undo.n, scope = w->scope;
    w->scope = mark;
    walk_list(w, block ? block->kid[0] : NULL);
    leave_scope(w, mark);
    w->scope = scope;
}

static void walk_value_spec(struct walker *w, struct go_node *spec)
{
    struct gtype *type = spec->kid[1] ? type_of_node(&w->types, spec->kid[1]) : NULL;
    struct go_node *value = spec->kid[2];
    bool tuple = value && !value->next && spec->kid[0]->next;
    struct val x = { 0 };
    if (tuple) x = eval(w, value);
    uint32_t i = 0;
    for (struct go_node *n = spec->kid[0]; n; n = n->next, i++) {
        if (n->kind != GO_IDENT) continue;
        struct val y = { 0 };
        if (tuple)
            y = val_result(w, &x, i);
        else if (value)
            y = eval(w, value), value = value->next;
        struct gvar *v = walk_declare(w, n, type);
        if (spec->kid[2]) {
            if (type) y.t = type;
            walk_assign_var(w, v, &y, n->pos);
        } else {
            v->fresh = true; // a zero value, nobody else's
            note_made(w, type);
        }
    }
}

static void walk_decl(struct walker *w, struct go_node *d)
{
    for (struct go_node *spec = d->kid[0]; spec; spec = spec->next) {
        if (spec->kind == GO_VALUE_SPEC && d->op == GO_T_VAR) {
            walk_value_spec(w, spec);
        } else if (spec->kind == GO_VALUE_SPEC) {
            for (struct go_node *n = spec->kid[0]; n; n = n->next)
                if (n->kind == GO_IDENT) walk_declare(w, n, &w->s->basic);
        } else if (spec->kind == GO_TYPE_SPEC) {
            struct gobj *o = arena_new(w->s->arena, struct gobj);
            o->kind = OBJ_TYPE;
            o->sym = scan_sym(w->file, spec);
            o->pkg = w->func->pkg;
            o->file = w->file;
            o->node = spec;
            o->type = type_new(w->s, T_NAMED, NULL);
            o->type->obj = o;
            o->resolving = true;
            bind(w, o->sym, o);
            struct gtype *under = type_under(w->s, type_of_node(&w->types, spec->kid[1]));
            o->under = under;
            o->resolving = false;
        }
    }
}

static void walk_assign(struct walker *w, struct go_node *n)
{
    struct go_node *left = n->kid[0], *right = n->kid[1];
    bool define = n->op == GO_T_DEFINE, op = n->op != GO_T_DEFINE && n->op != GO_T_ASSIGN;
    if (left->next && !right->next) {
        struct val x = eval(w, right);
        for (uint32_t i = 0; left; left = left->next, i++) {
            struct val y = val_result(w, &x, i);
            eval_assign(w, left, &y, define, false);
        }
        return;
    }
    enum { MOST = 16 };
    struct val values[MOST];
    unsigned count = 0;
    for (struct go_node *r = right; r; r = r->next) {
        struct val v = eval(w, r);
        if (count < MOST) values[count++] = v;
    }
    struct val none = { .t = &w->s->unknown };
    for (unsigned i = 0; left; left = left->next, i++)
        eval_assign(w, left, i < count ? &values[i] : &none, define, op);
}

static struct branch_target *push_target(struct walker *w, struct branch_target *t, bool loop)
{
    *t = (struct branch_target) { .outer = w->target, .label = w->next_label, .is_loop = loop };
    t->out.dead = true;
    w->next_label = 0;
    w->target = t;
    return t;
}

static void walk_branch(struct walker *w, const struct go_node *n)
{
    if (n->op == GO_T_FALLTHROUGH) return;
    uint32_t label = n->kid[0] ? scan_sym(w->file, n->kid[0]) : 0;
    if (n->op == GO_T_GOTO && !w->st->dead) vec_push(&w->jumps, (struct jump) { label, *w->st });
    for (struct branch_target *t = n->op == GO_T_GOTO ? NULL : w->target; t; t = t->outer) {
        if (label ? t->label != label : n->op == GO_T_CONTINUE && !t->is_loop) continue;
        state_join(&t->out, w->st);
        if (n->op == GO_T_BREAK) t->any = true;
        break;
    }
    w->st->dead = true;
}

static void enter_loop(struct walker *w, bool endless)
{
    struct gloop *l = arena_new(w->s->arena, struct gloop);
    l->parent = w->loop;
    l->endless = endless || (w->loop && w->loop->endless);
    l->id = ++w->s->loops;
    w->loop = l;
}

static void walk_for(struct walker *w, struct go_node *n)
{
    size_t mark = w->undo.n, scope = w->scope;
    w->scope = mark;
    struct branch_target t;
    push_target(w, &t, true);
    struct gloop *outer = w->loop;
    if (n->kid[0]) walk_stmt(w, n->kid[0]);
    enter_loop(w, !n->kid[1]);
    if (n->kid[1]) eval(w, n->kid[1]);
    struct state before = *w->st;
    walk_body(w, n->kid[3]);
    if (n->kid[2]) walk_stmt(w, n->kid[2]);
    w->target = t.outer;
    w->loop = outer;
    struct state after = *w->st;
    if (n->kid[1]) {
        *w->st = before;
        state_join(w->st, &after);
    } else {
        w->st->dead = true;
        if (!t.any) t.out.dead = true;
    }
    state_join(w->st, &t.out);
    leave_scope(w, mark);
    w->scope = scope;
}

static void declare_range(struct walker *w, struct go_node *n, const struct val *x)
{
    struct scan *s = w->s;
    struct gtype *u = type_under(s, x->t);
    if (u->kind == T_PTR) u = type_under(s, u->elem);
    for (unsigned i = 0; i < 2; i++) {
        struct go_node *name = n->kid[i];
        if (!name) continue;
        struct gtype *t = &s->unknown;
        if (u->kind == T_MAP) t = i == 0 ? u->key : u->elem;
        if (u->kind == T_SLICE) t = i == 0 ? &s->basic : u->elem;
        if (u->kind == T_CHAN && i == 0) t = u->elem;
        if (u->kind == T_BASIC) t = &s->basic;
        struct val v = { .t = t };
        if (n->op == GO_T_DEFINE && name->kind == GO_IDENT) {
            struct gvar *var = walk_declare(w, name, t);
            var->assigned = true;
            if (x->owned) var->fresh = true;
        } else {
            eval_assign(w, name, &v, false, false);
        }
    }
}

static void walk_range(struct walker *w, struct go_node *n)
{
    size_t mark = w->undo.n;
    struct branch_target t;
    struct val x = eval(w, n->kid[2]);
    if (type_is_map(w->s, x.t)) note_access(w, ACCESS_RANGE, &x, n->kid[2]->pos);
    note_sequence(w, &x, n->kid[2]->pos);
    if (type_under(w->s, x.t)->kind == T_CHAN) w->st->receive_seq = ++w->s->seq;
    push_target(w, &t, true);
    struct gloop *outer = w->loop;
    enter_loop(w, type_under(w->s, x.t)->kind == T_CHAN);
    declare_range(w, n, &x);
    struct state before = *w->st;
    walk_body(w, n->kid[3]);
    w->target = t.outer;
    w->loop = outer;
    struct state after = *w->st;
    *w->st = before;
    state_join(w->st, &after);
    state_join(w->st, &t.out);
    leave_scope(w, mark);
    if (type_under(w->s, x.t)->kind == T_CHAN) walk_join(w);
}

// `if m == nil` and `if !ok` say that there is no map yet.
static void note_absent(struct walker *w, const struct go_node *cond)
{
    w->nil_var = NULL;
    w->not_found =
        cond && cond->kind == GO_UNARY && cond->op == GO_T_NOT && cond->kid[0]->kind == GO_IDENT;
    if (!cond || cond->kind != GO_BINARY || cond->op != GO_T_EQL) return;
    if (cond->kid[0]->kind != GO_IDENT || cond->kid[1]->kind != GO_IDENT) return;
    if (scan_sym(w->file, cond->kid[1]) != S_nil) return;
    uintptr_t b = (uintptr_t)w->s->bind[scan_sym(w->file, cond->kid[0])];
    if (b & 1) w->nil_var = (struct gvar *)(b - 1);
}

static void walk_if(struct walker *w, struct go_node *n)
{
    size_t mark = w->undo.n, scope = w->scope;
    const struct gvar *nil_var = w->nil_var;
    bool not_found = w->not_found;
    w->scope = mark;
    struct state otherwise;
    if (n->kid[0]) walk_stmt(w, n->kid[0]);
    if (n->kid[1])
        walk_condition(w, n->kid[1], &otherwise);
    else
        otherwise = *w->st;
    note_absent(w, n->kid[1]);
    walk_body(w, n->kid[2]);
    w->nil_var = nil_var;
    w->not_found = not_found;
    struct state then = *w->st;
    *w->st = otherwise;
    if (n->kid[3]) walk_stmt(w, n->kid[3]);
    state_join(w->st, &then);
    leave_scope(w, mark);
    w->scope = scope;
}

static void bind_switch_var(struct walker *w, struct go_node *guard, const struct go_node *clause,
                            const struct val *x)
{
    if (guard->kind != GO_ASSIGN || guard->kid[0]->kind != GO_IDENT) return;
    struct gtype *t = &w->s->unknown;
    if (clause->kid[0] && !clause->kid[0]->next) t = type_of_node(&w->types, clause->kid[0]);
    struct gvar *v = walk_declare(w, guard->kid[0], t);
    struct val y = *x;
    y.t = t;
    walk_assign_var(w, v, &y, guard->pos);
}

static void walk_switch(struct walker *w, struct go_node *n)
{
    size_t mark = w->undo.n, scope = w->scope;
    w->scope = mark;
    struct branch_target t;
    struct val x = { .t = &w->s->unknown };
    push_target(w, &t, false);
    if (n->kid[0]) walk_stmt(w, n->kid[0]);
    struct go_node *guard = NULL;
    if (n->kind == GO_TYPE_SWITCH) {
        guard = n->kid[1];
        struct go_node *e = guard->kind == GO_ASSIGN ? guard->kid[1] : guard->kid[0];
        x = eval(w, e->kid[0]);
    } else if (n->kid[1]) {
        eval(w, n->kid[1]);
    }
    struct state before = *w->st, out = { .dead = true };
    bool has_default = false;
    for (struct go_node *c = n->kid[2]; c; c = c->next) {
        size_t inner = w->undo.n;
        *w->st = before;
        has_default |= c->flags & GO_F_DEFAULT;
        if (guard)
            bind_switch_var(w, guard, c, &x);
        else
            eval_list(w, c->kid[0]);
        walk_list(w, c->kid[1]);
        leave_scope(w, inner);
        state_join(&out, w->st);
    }
    if (!has_default) state_join(&out, &before);
    w->target = t.outer;
    state_join(&out, &t.out);
    *w->st = out;
    leave_scope(w, mark);
    w->scope = scope;
}

// Of a select, a goroutine counts as waited for where every way behind it has waited.
struct waited {
    struct gthread *thread;
    uint32_t joined;
    bool everywhere;
};

static struct waited *threads_running(struct walker *w, size_t *ret_n)
{
    struct waited *r =
        arena_array(w->s->arena, struct waited, w->s->threads.n - w->first_thread + 1);
    for (size_t i = w->first_thread; i < w->s->threads.n; i++)
        if (w->s->threads.p[i]->join_seq == UINT32_MAX)
            r[(*ret_n)++] = (struct waited) { w->s->threads.p[i], 0, true };
    return r;
}

static void walk_select(struct walker *w, struct go_node *n)
{
    struct branch_target t;
    push_target(w, &t, false);
    struct state before = *w->st, out = { .dead = true };
    size_t n_running = 0;
    struct waited *running = threads_running(w, &n_running);
    for (struct go_node *c = n->kid[0]; c; c = c->next) {
        size_t inner = w->undo.n;
        *w->st = before;
        if (c->kid[0]) walk_stmt(w, c->kid[0]);
        walk_list(w, c->kid[1]);
        leave_scope(w, inner);
        for (size_t i = 0; i < n_running; i++) {
            struct waited *r = &running[i];
            if (r->thread->join_seq != UINT32_MAX)
                r->joined = r->thread->join_seq;
            else if (!w->st->dead)
                r->everywhere = false;
            r->thread->join_seq = UINT32_MAX;
        }
        state_join(&out, w->st);
    }
    for (size_t i = 0; i < n_running; i++)
        if (running[i].joined && running[i].everywhere)
            running[i].thread->join_seq = running[i].joined;
    w->target = t.outer;
    state_join(&out, &t.out);
    *w->st = out;
}

// `defer s.lock()()`: the inner call runs now, what it took is released at the end.
static void walk_defer_result(struct walker *w, struct go_node *inner)
{
    struct val f = eval(w, inner);
    for (uint8_t i = 0; f.unlocker && i < f.unlocker->n; i++) {
        struct held *h = state_find(w->st, &f.unlocker->held[i]);
        if (h) h->deferred = true;
    }
}

static void walk_defer(struct walker *w, struct go_node *call)
{
    if (call->kid[0]->kind == GO_CALL) {
        walk_defer_result(w, call->kid[0]);
        eval_list(w, call->kid[1]);
        return;
    }
    struct state later = *w->st, *st = w->st;
    bool was = w->in_defer;
    w->in_defer = true;
    w->st = &later;
    eval_call(w, call, false);
    w->st = st;
    w->in_defer = was;
    for (uint8_t i = 0; i < later.n; i++) { // `mu.Unlock(); defer mu.Lock()`
        const struct held *h = &later.held[i], *now = state_find(st, h);
        if (h->mode >= HOLD_READ && now && now->mode == HOLD_NONE && !w->in_closure)
            vec_push(&w->relocked, (struct lock_effect) { h->place, h->class, h->mode });
    }
    for (uint8_t i = 0; i < st->n; i++) {
        struct held *h = state_find(&later, &st->held[i]);
        if (!h || h->mode == HOLD_NONE) st->held[i].deferred = true;
    }
}

static void note_return(struct walker *w, struct go_node *n, const struct val *x)
{
    struct gfunc *f = w->func;
    if (w->in_closure) return;
    struct go_node *e = n->kid[0];
    while (e && e->kind == GO_PAREN) e = e->kid[0];
    if (x->closure || (x->sym == S_Unlock || x->sym == S_RUnlock)) f->returns_unlocker = true;
    if (x->is_nil) return;
    struct gvar *root = x->p ? place_root(x->p) : NULL;
    bool owned = x->fresh || x->owned || (x->p && place_owned(x->p));
    if (owned) {
        f->returns_fresh = true;
        return;
    }
    struct place *p = root && (root->param >= 0 || !root->func) ? x->p : NULL;
    if (!p || (f->returns_place && f->returns_place != p)) {
        f->returns_other = true;
        return;
    }
    f->returns_place = p;
    f->returns_pos = n->pos;
    for (uint8_t i = 0; i < w->st->n; i++)
        if (w->st->held[i].mode >= HOLD_READ) f->returns_locked = true;
}

static void walk_return(struct walker *w, struct go_node *n)
{
    struct val first = { .t = &w->s->unknown }, x;
    for (struct go_node *e = n->kid[0]; e; e = e->next) {
        x = eval(w, e);
        if (x.closure) walk_unknown_closure(w, x.closure);
        if (e == n->kid[0]) first = x;
    }
    if (n->kid[0]) {
        note_return(w, n, &first);
    } else if (!w->in_closure && w->func->results_named && w->func->results_named[0]) {
        struct gvar *v = w->func->results_named[0];
        x = (struct val) { .t = v->type, .p = v->alias ? v->alias : place_var(w->s, v) };
        note_return(w, n, &x);
    }
    state_join(&w->exit, w->st);
    w->st->dead = true;
}

static void walk_go(struct walker *w, struct go_node *call)
{
    eval_call(w, call, true);
    w->st->started = true;
    w->func->spawns = true;
}

static void note_sent(struct walker *w, const struct val *v)
{
    struct gvar *x = v->p && v->p->kind == P_VAR ? v->p->var : NULL;
    if (!x || !x->func || !type_is_map(w->s, v->t)) return;
    x->sent = true;
    x->sent_loop = w->loop;
}

static void walk_simple(struct walker *w, struct go_node *n)
{
    struct val v, none = { .t = &w->s->unknown };
    switch (n->kind) {
    case GO_EXPR_STMT: v = eval(w, n->kid[0]); break;
    case GO_SEND:
        eval(w, n->kid[0]);
        v = eval(w, n->kid[1]);
        if (v.closure) walk_unknown_closure(w, v.closure);
        note_sent(w, &v);
        eval_escape(w, &v);
        break;
    case GO_INC_DEC: eval_assign(w, n->kid[0], &none, false, true); break;
    default: break;
    }
}

static void walk_stmt_inner(struct walker *w, struct go_node *n)
{
    switch (n->kind) {
    case GO_DECL_STMT: walk_decl(w, n->kid[0]); break;
    case GO_LABELED:
        w->next_label = scan_sym(w->file, n);
        for (size_t i = 0; i < w->jumps.n; i++)
            if (w->jumps.p[i].label == w->next_label) state_join(w->st, &w->jumps.p[i].state);
        walk_stmt(w, n->kid[0]);
        w->next_label = 0;
        break;
    case GO_ASSIGN: walk_assign(w, n); break;
    case GO_GO: walk_go(w, n->kid[0]); break;
    case GO_DEFER: walk_defer(w, n->kid[0]); break;
    case GO_RETURN: walk_return(w, n); break;
    case GO_BRANCH: walk_branch(w, n); break;
    case GO_BLOCK: walk_body(w, n); break;
    case GO_IF: walk_if(w, n); break;
    case GO_SWITCH:
    case GO_TYPE_SWITCH: walk_switch(w, n); break;
    case GO_SELECT: walk_select(w, n); break;
    case GO_FOR: walk_for(w, n); break;
    case GO_RANGE: walk_range(w, n); break;
    default: walk_simple(w, n); break;
    }
}

static void walk_stmt(struct walker *w, struct go_node *n)
{
    if (w->s->depth > LIMIT_GOSCAN_DEPTH) return;
    w->s->depth++;
    walk_stmt_inner(w, n);
    w->s->depth--;
}

// ---- functions and closures ----

// Declares the parameters of a function or a closure.
static void walk_params(struct walker *w, struct go_node *type, struct gfunc *f,
                        const struct val *args, size_t n_args)
{
    size_t i = 0;
    for (struct go_node *p = type->kid[1]; p; p = p->next) {
        struct gtype *t = type_of_node(&w->types, p->kid[1]);
        struct go_node *name = p->kid[0];
        do {
            struct gvar *v = NULL;
            if (name && name->kind == GO_IDENT) {
                v = walk_declare(w, name, t);
                v->assigned = true;
                v->by_value = type_under(w->s, t)->kind == T_STRUCT;
                if (i < n_args && args[i].p) {
                    v->assigned = false;
                    walk_assign_var(w, v, &args[i], name->pos);
                }
                if (i < n_args && args[i].fresh) v->fresh = true;
            }
            if (f && i + 1 < f->n_params) f->params[i + 1] = v;
            if (f && v) v->param = (int)i + 1;
            i++;
            name = name ? name->next : NULL;
        } while (name);
    }
    for (struct go_node *p = type->kid[2]; p; p = p->next) {
        struct gtype *t = type_of_node(&w->types, p->kid[1]);
        for (struct go_node *name = p->kid[0]; name; name = name->next) {
            if (name->kind != GO_IDENT) continue;
            struct gvar *v = walk_declare(w, name, t);
            v->fresh = true;
            if (f && !f->results_named) {
                f->results_named = arena_new(w->s->arena, struct gvar *);
                f->results_named[0] = v;
            }
        }
    }
}

void walk_closure(struct walker *w, struct closure *c, struct state *st, struct gthread *thread,
                  const struct val *args, size_t n_args)
{
    if (w->inlined >= LIMIT_GOSCAN_INLINE || c->busy) return;
    c->walked = c->busy = true;
    size_t mark = w->undo.n;
    struct state *was_st = w->st, before = *st, exit = w->exit;
    struct gthread *was_thread = w->thread;
    struct branch_target *target = w->target;
    struct gloop *loop = w->loop;
    bool in_closure = w->in_closure, deferred_wait = w->deferred_wait;
    w->deferred_wait = false;
    w->st = st;
    w->thread = thread;
    w->target = NULL;
    w->in_closure = true;
    w->exit = (struct state) { .dead = true };
    w->inlined++;
    walk_params(w, c->node->kid[0], NULL, args, n_args);
    walk_body(w, c->node->kid[1]);
    leave_scope(w, mark);
    if (w->deferred_wait) walk_join(w);
    w->deferred_wait = deferred_wait;
    state_join(st, &w->exit);
    for (uint8_t i = 0; i < st->n;) { // its own deferred unlocks ran
        const struct held *was = state_find(&before, &st->held[i]);
        if (st->held[i].deferred && !(was && was->deferred))
            st->held[i] = st->held[--st->n];
        else
            i++;
    }
    w->inlined--;
    w->st = was_st;
    w->thread = was_thread;
    w->target = target;
    w->loop = loop;
    w->in_closure = in_closure;
    w->exit = exit;
    c->busy = false;
}

void walk_unknown_closure(struct walker *w, struct closure *c)
{
    if (c->walked) return;
    struct state st = { .unknown = true };
    struct gthread *t = new_thread(w, THREAD_UNKNOWN, c->node->pos);
    if (is_handler(w, c->node->kid[0])) {
        t->kind = THREAD_HANDLER;
        t->multi = true;
        st.unknown = false;
    }
    walk_closure(w, c, &st, t, NULL, 0);
}

void walk_outside_closure(struct walker *w, struct closure *c)
{
    if (c->walked) return;
    struct state st = *w->st;
    struct gthread *t = new_thread(w, THREAD_UNKNOWN, c->node->pos);
    if (is_handler(w, c->node->kid[0])) {
        t->kind = THREAD_HANDLER;
        t->multi = true;
        st = (struct state) { 0 };
    }
    st.outside = t->kind == THREAD_UNKNOWN && !st.unknown;
    st.started = true;
    for (uint8_t i = 0; i < st.n; i++)
        if (st.held[i].mode > HOLD_MAYBE) st.held[i].mode = HOLD_MAYBE;
    walk_closure(w, c, &st, t, NULL, 0);
}

static void declare_receiver(struct walker *w, struct gfunc *f)
{
    struct go_node *recv = f->node->kid[0];
    if (!recv || !recv->kid[0] || recv->kid[0]->kind != GO_IDENT || !f->recv) return;
    struct gtype *t = f->recv->type;
    struct go_node *type = recv->kid[1];
    while (type && (type->kind == GO_STAR || type->kind == GO_PAREN)) type = type->kid[0];
    if (type && type->kind == GO_INDEX) w->types.recv_params = type->kid[1];
    if (f->recv_pointer) t = type_new(w->s, T_PTR, t);
    struct gvar *v = walk_declare(w, recv->kid[0], t);
    v->param = 0;
    v->assigned = true;
    v->by_value = !f->recv_pointer && type_under(w->s, t)->kind == T_STRUCT;
    f->params[0] = v;
}

static void count_params(struct scan *s, struct gfunc *f)
{
    f->n_params = 1;
    for (struct go_node *p = f->type->kid[1]; p; p = p->next) {
        uint32_t names = 0;
        for (struct go_node *n = p->kid[0]; n; n = n->next) names++;
        f->n_params += names ? names : 1;
    }
    f->params = arena_array(s->arena, struct gvar *, f->n_params);
}

// What the function leaves held, and what its parameters went through.
static void summarise(struct walker *w)
{
    struct gfunc *f = w->func;
    for (uint8_t i = 0; i < w->exit.n; i++) {
        struct held *h = &w->exit.held[i];
        if (h->deferred || h->mode < HOLD_READ || w->exit.dead || h->copy) continue;
        vec_push(&f->effects, (struct lock_effect) { h->place, h->class, h->mode });
    }
    for (size_t i = 0; i < f->effects.n; i++) { // released on some ways only, or taken again
        struct lock_effect *e = &f->effects.p[i];
        const struct held h = { .place = e->place, .class = e->class };
        const struct held *left = state_find(&w->exit, &h);
        if (e->mode == HOLD_NONE && left && left->mode == HOLD_MAYBE) e->mode = HOLD_MAYBE;
    }
    for (size_t i = 0; i < w->relocked.n; i++) vec_push(&f->effects, w->relocked.p[i]);
    bool running = false;
    for (size_t i = w->first_thread; i < w->s->threads.n; i++)
        running |= w->s->threads.p[i]->func == f && w->s->threads.p[i]->join_seq == UINT32_MAX;
    for (uint32_t i = 0; i < f->n_params && i < 64; i++) {
        const struct gvar *v = f->params[i];
        bool lent = v && v->lent && v->type->kind != T_FUNC && running;
        if (v && (v->escaped || lent)) f->param_escapes |= 1ull << i;
        if (lent && !v->escaped) f->param_lent |= 1ull << i;
    }
    f->no_return = w->exit.dead;
    if (f->returns_other || f->returns_fresh) f->returns_place = NULL;
    if (f->returns_other) f->returns_fresh = false;
}

void walk_function(struct scan *s, struct gfunc *f)
{
    if (f->walk != WALK_NEW || s->walk_depth > LIMIT_GOSCAN_CALLS) return;
    f->walk = WALK_BUSY;
    count_params(s, f);
    if (!f->node->kid[2]) {
        f->walk = WALK_DONE;
        return;
    }
    s->walk_depth++;
    unsigned depth = s->depth;
    s->depth = 0;
    // Names of the caller's scope, if this is walked on demand, are not in sight here.
    void **bind = s->bind;
    s->bind = scan_clean_bind(s);
    struct state st = { 0 };
    struct walker w = { .s = s, .func = f, .file = f->file, .st = &st };
    w.exit.dead = true;
    w.types = (struct type_context) { s, f->pkg, f->file, f->type->kid[0], NULL, true };
    w.thread = arena_new(s->arena, struct gthread);
    *w.thread = (struct gthread) { .func = f, .kind = THREAD_BODY, .join_seq = UINT32_MAX };
    w.first_thread = s->threads.n;
    declare_receiver(&w, f);
    walk_params(&w, f->type, f, NULL, 0);
    note_annotations(&w);
    f->handler = is_handler(&w, f->type) || is_rpc(&w, f);
    f->worker = !f->handler && is_worker(&w, f);
    walk_body(&w, f->node->kid[2]);
    leave_scope(&w, 0);
    state_join(&w.exit, &st);
    summarise(&w);
    vec_deinit(&w.undo);
    vec_deinit(&w.aliases);
    vec_deinit(&w.relocked);
    vec_deinit(&w.jumps);
    scan_return_bind(s, s->bind);
    s->bind = bind;
    s->depth = depth;
    s->walk_depth--;
    f->walk = WALK_DONE;
}

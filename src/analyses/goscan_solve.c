// SPDX-License-Identifier: Apache-2.0
// What holds on entry of each function, over all its callers: locks, receivers nobody else sees,
// and the goroutines it runs in. To a fixpoint.
#include "analyses/goscan_int.h"

enum { LIMIT_ROUNDS = 16 };

static struct entry_lock *entry_find(const struct gfunc *f, const void *class)
{
    for (size_t i = 0; i < f->entry.n; i++)
        if (f->entry.p[i].class == class) return &f->entry.p[i];
    return NULL;
}

static uint8_t local_mode(const struct state *st, const void *class, bool *found)
{
    uint8_t best = HOLD_NONE;
    for (uint8_t i = 0; i < st->n; i++) {
        if (st->held[i].class != class || st->held[i].copy) continue;
        *found = true;
        if (st->held[i].mode > best) best = st->held[i].mode;
    }
    return best;
}

// An interface's method that is not exported is implemented in its own package.
static bool may_call(const struct dynamic_lock *d, const struct gfunc *f)
{
    return f->exported || d->pkg == f->pkg;
}

static bool dynamic_holds(const struct gfunc *f, const void *class)
{
    for (size_t i = 0; i < f->n_dynamic; i++)
        if (f->dynamic[i].class == class && may_call(&f->dynamic[i], f)) return true;
    return false;
}

uint8_t mode_at(const struct gfunc *f, const struct state *st, bool own_thread, const void *class,
                const struct call **without)
{
    bool found = false;
    uint8_t mode = local_mode(st, class, &found);
    if (found) return mode;
    if (st->unknown) return HOLD_MAYBE;
    if (!own_thread && !st->outside) return HOLD_NONE;
    struct entry_lock *e = entry_find(f, class);
    if (st->outside)
        return f->called_unknown || (e && (e->held || e->maybe)) ? HOLD_MAYBE : HOLD_NONE;
    if (e && e->held && !e->missing && !e->maybe) return e->mode;
    if (e && e->missing && e->held && without) *without = e->without;
    if (e && e->missing && e->held) return HOLD_NONE;
    return f->called_unknown || (e && e->maybe) || dynamic_holds(f, class) ? HOLD_MAYBE : HOLD_NONE;
}

uint8_t entry_mode(const struct access *a, const void *class, const struct call **without)
{
    uint8_t m = mode_at(a->func, a->state, a->thread->kind == THREAD_BODY, class, without);
    if (m < HOLD_READ || a->place->kind != P_FIELD) return m;
    for (uint8_t i = 0; i < a->state->n; i++) { // the same lock of another object?
        const struct place *l = a->state->held[i].place;
        if (a->state->held[i].class != class || !l || l->kind != P_FIELD) continue;
        if (l->field->owner == a->place->field->owner && l->parent != a->place->parent)
            return HOLD_MAYBE;
    }
    return m;
}

static bool foreign(const struct call *c, const void *class)
{
    if (c->caller->pkg == c->callee->pkg) return false;
    const struct gobj *recv = c->callee->recv;
    struct gtype *u = recv ? recv->under : NULL;
    for (uint32_t i = 0; u && u->kind == T_STRUCT && i < u->n_fields; i++)
        if (&u->fields[i] == class) return false;
    return true;
}

// Before a caller's own entry is solved, nothing is known to be missing there: recursion under a
// lock stays under it.
static bool not_yet(const struct call *c, const void *class)
{
    bool found = false;
    if (c->spawns || c->state->unknown) return false;
    if (c->thread->kind != THREAD_BODY && !c->state->outside) return false;
    local_mode(c->state, class, &found);
    return !found && (!c->caller->entry_solved || c->caller == c->callee);
}

static void meet_class(struct entry_lock *e, const struct call *c)
{
    if (not_yet(c, e->class)) return;
    uint8_t m = c->spawns
                    ? HOLD_NONE
                    : mode_at(c->caller, c->state, c->thread->kind == THREAD_BODY, e->class, NULL);
    const struct entry_lock *up = entry_find(c->caller, e->class);
    bool abroad = m >= HOLD_READ ? foreign(c, e->class) : m == HOLD_MAYBE && up && up->abroad;
    if (abroad) m = HOLD_MAYBE;
    if (m == HOLD_NONE) {
        if (e->missing < 255) e->missing++;
        if (!e->without) e->without = c;
    } else if (m == HOLD_MAYBE) {
        if (e->maybe < 255) e->maybe++;
        if (abroad && e->abroad < 255) e->abroad++;
    } else {
        if (e->held < 255) e->held++;
        struct place *on = c->n_args ? c->args[0] : NULL;
        for (uint8_t i = 0; i < c->state->n && on && on->parent; i++)
            if (c->state->held[i].class == e->class && c->state->held[i].place)
                e->of_receiver |= place_root(c->state->held[i].place) == place_root(on);
        if (m < e->mode) e->mode = m;
    }
}

static bool at_init(const struct call *c)
{
    return c->init || (c->caller->init_only && c->thread->kind == THREAD_BODY && !c->spawns);
}

bool call_counts(const struct call *c)
{
    if (c->caller->test || at_init(c)) return false;
    return !(c->callee->recv && (c->owned & 1) && !c->spawns);
}

static bool class_known(const struct entry_lock *e, size_t n, const void *class)
{
    for (size_t i = 0; i < n; i++)
        if (e[i].class == class) return true;
    return false;
}

static bool same_lock(const struct entry_lock *a, const struct entry_lock *b)
{
    return a->class == b->class && a->place == b->place && a->mode == b->mode &&
           a->held == b->held && a->missing == b->missing && a->maybe == b->maybe &&
           a->abroad == b->abroad && a->of_receiver == b->of_receiver && a->without == b->without;
}

// The classes of locks that any caller has a say about, then the meet over the callers.
static bool solve_entry(struct gfunc *f)
{
    struct entry_lock now[LIMIT_GOSCAN_ENTRY];
    size_t n = 0;
    bool solved = !f->counted.n;
    for (size_t i = 0; i < f->counted.n; i++) {
        const struct call *c = f->counted.p[i];
        solved |= c->caller->entry_solved || c->spawns || c->state->n;
        size_t local = c->state->n, all = local + (c->spawns ? 0 : c->caller->entry.n);
        for (size_t j = 0; j < all && n < LIMIT_GOSCAN_ENTRY; j++) {
            struct entry_lock e = { .mode = HOLD_WRITE };
            e.class = j < local ? c->state->held[j].class : c->caller->entry.p[j - local].class;
            e.place = j < local ? c->state->held[j].place : c->caller->entry.p[j - local].place;
            if (!class_known(now, n, e.class)) now[n++] = e;
        }
    }
    for (size_t i = 0; i < f->counted.n; i++)
        for (size_t k = 0; k < n; k++) meet_class(&now[k], f->counted.p[i]);
    bool changed = n != f->entry.n || (solved && !f->entry_solved);
    for (size_t i = 0; i < n && !changed; i++) changed = !same_lock(&now[i], &f->entry.p[i]);
    f->entry.n = 0;
    for (size_t k = 0; k < n; k++) vec_push(&f->entry, now[k]);
    f->entry_solved |= solved;
    return changed;
}

// What holds on entry is asked of functions that touch maps or whose annotations name locks; it
// comes from their callers, and from theirs.
static void want_entries(struct scan *s)
{
    VEC(struct gfunc *) next = { 0 };
    for (size_t i = 0; i < s->accesses.n; i++) {
        struct gfunc *f = s->accesses.p[i].func;
        if (!f->entry_wanted) vec_push(&next, f);
        f->entry_wanted = true;
    }
    for (size_t i = 0; i < s->funcs.n; i++) {
        struct gfunc *f = s->funcs.p[i];
        if (f->asked.n && !f->entry_wanted) vec_push(&next, f);
        f->entry_wanted |= f->asked.n > 0;
    }
    while (next.n) {
        const struct gfunc *f = next.p[--next.n];
        for (size_t i = 0; i < f->callers.n; i++) {
            struct gfunc *up = f->callers.p[i]->caller;
            if (!up->entry_wanted) vec_push(&next, up);
            up->entry_wanted = true;
        }
    }
    vec_deinit(&next);
}

// Each function again for as long as what holds at its callers changes.
static void solve_entries(struct scan *s)
{
    want_entries(s);
    for (size_t i = 0; i < s->funcs.n; i++) {
        struct gfunc *f = s->funcs.p[i];
        if (!f->entry_wanted) continue;
        f->entry_due = true;
        f->counted.p = arena_array(s->arena, const struct call *, f->callers.n);
        for (size_t k = 0; k < f->callers.n; k++)
            if (call_counts(f->callers.p[k])) f->counted.p[f->counted.n++] = f->callers.p[k];
    }
    bool due = true;
    for (int round = 0; round < LIMIT_ROUNDS && due; round++) {
        due = false;
        for (size_t i = 0; i < s->funcs.n; i++) {
            struct gfunc *f = s->funcs.p[i];
            if (!f->entry_due) continue;
            f->entry_due = false;
            if (!solve_entry(f)) continue;
            for (size_t k = 0; k < f->n_callees; k++)
                if (f->callees[k]->entry_wanted) due = f->callees[k]->entry_due = true;
        }
    }
}

// A recursion with the same object.
static bool passes_on(const struct call *c, uint32_t k)
{
    const struct gvar *root = place_root(c->args[k]);
    return c->caller == c->callee && root && root->param == (int)k && c->args[k] == root->place;
}

static void solve_base(struct gfunc *f)
{
    bool any = false, counted = false, unknown_state = false, only_init = true;
    for (size_t i = 0; i < f->callers.n; i++) {
        const struct call *c = f->callers.p[i];
        any = true;
        if (!at_init(c)) only_init = false;
        if (!call_counts(c)) continue;
        counted = true;
        unknown_state |= c->state->unknown;
        for (uint32_t k = 0; k < c->n_args && k < 64; k++)
            if (c->spawns || (!(c->owned >> k & 1) && !passes_on(c, k)))
                f->param_shared |= 1ull << k;
    }
    bool dynamic_unknown = false;
    for (size_t i = 0; i < f->n_dynamic; i++)
        dynamic_unknown |= !f->dynamic[i].class && f->dynamic[i].pkg == f->pkg;
    f->has_caller = any;
    f->init_only = f->is_init || (any && !counted && !f->exported && !f->value_used) ||
                   (any && only_init && !f->exported && !f->value_used && !f->stored);
    bool entry_known = counted || f->exported || f->handler || f->is_main || f->is_init;
    f->called_unknown = unknown_state || !entry_known ||
                        (f->value_used && !f->exported && !f->handler) || dynamic_unknown;
    if (!counted && (f->locked_name || note_held_on_entry(f))) f->called_unknown = true;
}

// Goroutines that each function runs in.
static bool spread(struct gfunc *to, const struct gthread *root, bool multi)
{
    bool changed = multi && !to->root_multi;
    to->root_multi |= multi;
    for (int i = 0; i < 2 && root; i++) {
        if (to->root[i] == root) break;
        if (to->root[i]) continue;
        to->root[i] = root;
        return true;
    }
    return changed;
}

static struct gthread *root_thread(struct scan *s, struct gfunc *f, int kind)
{
    struct gthread *t = arena_new(s->arena, struct gthread);
    t->func = f;
    t->kind = kind;
    t->multi = kind == THREAD_HANDLER;
    t->pos = f->node->pos;
    return t;
}

// `parts[i].run()`: one of several objects.
static bool of_many(const struct place *p)
{
    for (; p; p = p->parent)
        if (p->kind == P_INDEX) return true;
    return false;
}

static bool spread_call(const struct call *c)
{
    bool changed = false;
    const struct gthread *t = c->thread;
    if (c->caller->reachable_shared && !c->callee->reachable_shared)
        changed = c->callee->reachable_shared = true;
    bool joined = false; // a goroutine for each of several objects, and all are waited for
    if (t->kind == THREAD_GO || t->kind == THREAD_HANDLER) {
        struct gvar *root = c->n_args ? place_root(c->args[0]) : NULL;
        bool own =
            root && root->func && (root->loop == t->loop || (root->fresh && of_many(c->args[0])));
        own |= c->own_thread;
        if (c->guessed && t->loop && t->loop->parent) own = false; // an element, round after round
        bool multi = t->kind == THREAD_HANDLER || t->multi || (t->loop && !t->loop_joined && !own);
        bool many = multi || (t->loop && !t->loop_joined);
        changed |= many && !c->callee->root_many;
        c->callee->root_many |= many;
        joined = c->guessed && t->kind == THREAD_GO && own && t->loop && t->join_seq != UINT32_MAX;
        if (!joined) changed |= spread(c->callee, t, multi);
    }
    if (t->kind != THREAD_BODY && !joined) return changed;
    changed |= c->caller->root_many && !c->callee->root_many;
    c->callee->root_many |= c->caller->root_many;
    bool owned = c->owned & 1;
    if (owned && c->callee->recv) return changed;
    for (int k = 0; k < 2; k++)
        if (c->caller->root[k])
            changed |= spread(c->callee, c->caller->root[k], c->caller->root_multi);
    return changed;
}

// A call is looked at again where its caller has changed since.
static void solve_roots(struct scan *s)
{
    enum { ROUNDS = 20 };
    uint64_t seq = s->calls.n; // counts looks at calls
    bool changed = true;
    for (int round = 0; round < ROUNDS && changed; round++) {
        changed = false;
        for (size_t i = 0; i < s->calls.n; i++, seq++) {
            const struct call *c = &s->calls.p[i];
            if (!c->callee || c->caller->test) continue;
            if (round && c->caller->root_seq + s->calls.n <= seq) continue;
            if (!spread_call(c)) continue;
            c->callee->root_seq = seq;
            changed = true;
        }
    }
}

static int by_name(const void *x, const void *y)
{
    const struct dynamic_lock *a = x, *b = y;
    if (a->name != b->name) return a->name < b->name ? -1 : 1;
    if (a->class != b->class) return a->class < b->class ? -1 : 1;
    return a->pkg < b->pkg ? -1 : a->pkg > b->pkg;
}

// Which locks are held at calls through interfaces, by the method's name.
static void index_dynamic(struct scan *s)
{
    for (size_t i = 0; i < s->calls.n; i++) {
        const struct call *c = &s->calls.p[i];
        if (c->callee || !c->name || c->caller->test) continue;
        struct dynamic_lock d = { c->name, NULL, c->caller->pkg };
        if (c->state->unknown) vec_push(&s->dynamic, d);
        for (uint8_t k = 0; k < c->state->n; k++) {
            d.class = c->state->held[k].class;
            if (c->state->held[k].mode >= HOLD_MAYBE) vec_push(&s->dynamic, d);
        }
    }
    if (!s->dynamic.n) return;
    struct dynamic_lock *p = s->dynamic.p;
    qsort(p, s->dynamic.n, sizeof(*p), by_name);
    size_t n = 1;
    for (size_t i = 1; i < s->dynamic.n; i++)
        if (by_name(&p[i], &p[n - 1])) p[n++] = p[i];
    s->dynamic.n = n;
    for (size_t i = 0; i < s->funcs.n; i++) {
        struct gfunc *f = s->funcs.p[i];
        size_t lo = 0, hi = n;
        while (lo < hi) {
            size_t middle = (lo + hi) / 2;
            if (p[middle].name < f->sym)
                lo = middle + 1;
            else
                hi = middle;
        }
        f->dynamic = p + lo;
        while (f->recv && lo + f->n_dynamic < n && p[lo + f->n_dynamic].name == f->sym)
            f->n_dynamic++;
    }
}

// Which calls lead to each function, and where those in it lead.
static void link_calls(struct scan *s)
{
    for (size_t i = 0; i < s->calls.n; i++) {
        const struct call *c = &s->calls.p[i];
        if (c->callee && !c->guessed && !c->caller->test)
            c->callee->callers.n++, c->caller->n_callees++;
    }
    for (size_t i = 0; i < s->funcs.n; i++) {
        struct gfunc *f = s->funcs.p[i];
        f->callers.p = arena_array(s->arena, const struct call *, f->callers.n);
        f->callees = arena_array(s->arena, struct gfunc *, f->n_callees);
        f->callers.n = f->n_callees = 0;
    }
    for (size_t i = 0; i < s->calls.n; i++) {
        struct call *c = &s->calls.p[i];
        if (!c->callee || c->guessed || c->caller->test) continue;
        c->callee->callers.p[c->callee->callers.n++] = c;
        c->caller->callees[c->caller->n_callees++] = c->callee;
    }
}

void scan_solve(struct scan *s)
{
    scan_dispatch(s);
    link_calls(s);
    index_dynamic(s);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < s->funcs.n; i++) solve_base(s->funcs.p[i]);
    solve_entries(s);
    for (size_t i = 0; i < s->funcs.n; i++) {
        struct gfunc *f = s->funcs.p[i];
        if (f->test) continue;
        f->reachable_shared = f->exported || f->value_used || f->stored || f->given_out;
        if (f->handler) spread(f, root_thread(s, f, THREAD_HANDLER), true);
        if (!f->worker) continue;
        if (!f->recv->worker) f->recv->worker = root_thread(s, f, THREAD_GO);
        spread(f, f->recv->worker, false);
    }
    solve_roots(s);
}

void scan_deinit(struct scan *s)
{
    for (size_t i = 0; i < s->funcs.n; i++) {
        struct gfunc *f = s->funcs.p[i];
        vec_deinit(&f->effects);
        vec_deinit(&f->asked);
        vec_deinit(&f->writes);
        vec_deinit(&f->entry);
    }
    for (size_t i = 0; i < s->packages.n; i++) {
        struct gpackage *p = s->packages.p[i];
        for (size_t k = 0; k < p->scope.cap; k++)
            if (p->scope.slot[k].used)
                map_deinit(&((struct gobj *)(uintptr_t)p->scope.slot[k].value)->methods);
        map_deinit(&p->scope);
        vec_deinit(&p->files);
    }
    strmap_deinit(&s->names);
    strmap_deinit(&s->by_path);
    map_deinit(&s->places);
    map_deinit(&s->type_exts);
    vec_deinit(&s->name_text);
    vec_deinit(&s->packages);
    vec_deinit(&s->funcs);
    vec_deinit(&s->methods);
    vec_deinit(&s->accesses);
    vec_deinit(&s->calls);
    vec_deinit(&s->flows);
    vec_deinit(&s->made);
    vec_deinit(&s->dynamic);
    vec_deinit(&s->threads);
    for (size_t i = 0; i < s->spare_binds.n; i++) free(s->spare_binds.p[i]);
    vec_deinit(&s->spare_binds);
    vec_deinit(&s->findings);
    vec_deinit(&s->remarks);
    free(s->bind);
}

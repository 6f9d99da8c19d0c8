// SPDX-License-Identifier: Apache-2.0
// What holds on entry of each function, over all its callers: locks, receivers nobody else sees,
// and the goroutines it runs in. To a fixpoint.
#include "analyses/goscan_int.h"

enum { LIMIT_ROUNDS = 8 };

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

// The mode in which a lock is held at a place in a function's body.
static uint8_t mode_at(const struct gfunc *f, const struct state *st, bool own_thread,
                       const void *class, const struct call **without)
{
    bool found = false;
    uint8_t mode = local_mode(st, class, &found);
    if (found) return mode;
    if (st->unknown) return HOLD_MAYBE;
    if (!own_thread) return HOLD_NONE;
    struct entry_lock *e = entry_find(f, class);
    if (e && e->held && !e->missing && !e->maybe) return e->mode;
    if (e && e->missing && e->held && without) *without = e->without;
    if (e && e->missing && e->held) return HOLD_NONE;
    return f->called_unknown || (e && e->maybe) ? HOLD_MAYBE : HOLD_NONE;
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

static bool foreign(const struct call *c, const void *class, const struct scan *s)
{
    (void)s;
    if (c->caller->pkg == c->callee->pkg) return false;
    const struct gobj *recv = c->callee->recv;
    struct gtype *u = recv ? recv->under : NULL;
    for (uint32_t i = 0; u && u->kind == T_STRUCT && i < u->n_fields; i++)
        if (&u->fields[i] == class) return false;
    return true;
}

static void meet_class(struct scan *s, struct gfunc *f, const struct call *c, const void *class)
{
    struct entry_lock *e = entry_find(f, class);
    if (!e) {
        vec_push(&f->entry, (struct entry_lock) { .class = class, .mode = HOLD_WRITE });
        e = vec_last(&f->entry);
    }
    uint8_t m = c->spawns
                    ? HOLD_NONE
                    : mode_at(c->caller, c->state, c->thread->kind == THREAD_BODY, class, NULL);
    if (m >= HOLD_READ && foreign(c, class, s)) m = HOLD_MAYBE;
    if (m == HOLD_NONE) {
        if (e->missing < 255) e->missing++;
        if (!e->without) e->without = c;
    } else if (m == HOLD_MAYBE) {
        if (e->maybe < 255) e->maybe++;
    } else {
        if (e->held < 255) e->held++;
        if (m < e->mode) e->mode = m;
    }
}

static bool counts(const struct call *c)
{
    if (c->caller->test || c->init || c->caller->init_only) return false;
    return !(c->callee->recv && (c->owned & 1) && !c->spawns);
}

// The classes of locks that any caller has a say about, then the meet over the callers.
static bool solve_entry(struct scan *s, struct gfunc *f)
{
    struct entry_lock before[16];
    size_t n_before = f->entry.n;
    for (size_t i = 0; i < n_before && i < 16; i++) before[i] = f->entry.p[i];
    VEC(const void *) classes = { 0 };
    for (size_t i = 0; i < f->callers.n; i++) {
        const struct call *c = f->callers.p[i];
        if (!counts(c)) continue;
        for (uint8_t j = 0; j < c->state->n; j++) vec_push(&classes, c->state->held[j].class);
        for (size_t j = 0; j < c->caller->entry.n && !c->spawns; j++)
            vec_push(&classes, c->caller->entry.p[j].class);
    }
    f->entry.n = 0;
    for (size_t k = 0; k < classes.n && f->entry.n < 16; k++) {
        if (entry_find(f, classes.p[k])) continue;
        for (size_t i = 0; i < f->callers.n; i++)
            if (counts(f->callers.p[i])) meet_class(s, f, f->callers.p[i], classes.p[k]);
    }
    vec_deinit(&classes);
    bool changed = n_before != f->entry.n;
    for (size_t i = 0; i < f->entry.n && i < n_before; i++)
        changed |= before[i].held != f->entry.p[i].held ||
                   before[i].missing != f->entry.p[i].missing ||
                   before[i].maybe != f->entry.p[i].maybe;
    return changed;
}

static bool held_by_comment(const struct gfunc *f)
{
    static const char *const marks[] = { "must hold",      "must be held", "ust be called with",
                                         "aller holds",    "allers hold",  "is held",
                                         "lock held",      "holding",      "+checklocks",
                                         "should be held", "under lock",   "should hold",
                                         "locked by",      "not thread",   "not safe",
                                         "not goroutine" };
    const struct go_file *ast = f->file->ast;
    uint32_t lo = 0, hi = ast->n_comments;
    while (lo < hi) {
        uint32_t middle = (lo + hi) / 2;
        if (ast->comments[middle].end <= f->node->pos)
            lo = middle + 1;
        else
            hi = middle;
    }
    uint32_t line, other;
    goast_position(ast, f->node->pos, &line, NULL);
    for (uint32_t i = lo; i-- > 0;) {
        goast_position(ast, ast->comments[i].end, &other, NULL);
        if (other + 1 < line) return false;
        goast_position(ast, ast->comments[i].pos, &line, NULL);
        struct str text = str_sub(ast->source, ast->comments[i].pos, ast->comments[i].end);
        for (size_t m = 0; m < array_size(marks); m++)
            if (str_find(text, str_from(marks[m])) != STR_NPOS) return true;
    }
    return false;
}

static void solve_base(struct scan *s, struct gfunc *f, const struct map *dynamic)
{
    bool any = false, counted = false, unknown_state = false, only_init = true;
    for (size_t i = 0; i < f->callers.n; i++) {
        const struct call *c = f->callers.p[i];
        if (c->caller->test) continue;
        any = true;
        if (!c->init && !c->caller->init_only) only_init = false;
        if (!counts(c)) continue;
        counted = true;
        unknown_state |= c->state->unknown;
        for (uint32_t k = 0; k < c->n_args && k < 64; k++)
            if (c->spawns || !(c->owned >> k & 1)) f->param_shared |= 1ull << k;
    }
    (void)s;
    const uint64_t *locked = map_get(dynamic, f->sym);
    f->has_caller = any;
    f->init_only = f->is_init || (any && !counted && !f->value_used) ||
                   (any && only_init && !f->exported && !f->value_used);
    bool entry_known = counted || f->exported || f->handler || f->is_main || f->is_init;
    f->called_unknown = unknown_state || !entry_known ||
                        (f->value_used && !f->exported && !f->handler) ||
                        (f->recv && locked && *locked);
    if (!counted && (f->locked_name || held_by_comment(f))) f->called_unknown = true;
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

static bool solve_roots(struct scan *s)
{
    bool changed = false;
    for (size_t i = 0; i < s->calls.n; i++) {
        const struct call *c = &s->calls.p[i];
        if (!c->callee || c->caller->test) continue;
        const struct gthread *t = c->thread;
        if (t->kind == THREAD_GO || t->kind == THREAD_HANDLER) {
            struct gvar *root = c->n_args ? place_root(c->args[0]) : NULL;
            bool own = root && root->func && (root->loop == t->loop || root->fresh);
            bool multi =
                t->kind == THREAD_HANDLER || t->multi || (t->loop && !t->loop_joined && !own);
            changed |= spread(c->callee, t, multi);
        }
        if (t->kind != THREAD_BODY) continue;
        bool owned = c->owned & 1;
        if (owned && c->callee->recv) continue;
        for (int k = 0; k < 2; k++)
            if (c->caller->root[k])
                changed |= spread(c->callee, c->caller->root[k], c->caller->root_multi);
        if (c->caller->reachable_shared && !c->callee->reachable_shared)
            changed = c->callee->reachable_shared = true;
    }
    return changed;
}

void scan_solve(struct scan *s)
{
    struct map dynamic = { 0 };
    for (size_t i = 0; i < s->calls.n; i++) {
        struct call *c = &s->calls.p[i];
        if (c->callee)
            vec_push(&c->callee->callers, c);
        else if (c->name)
            *map_put(&dynamic, c->name, NULL) |= c->state->n > 0 || c->state->unknown;
    }
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < s->funcs.n; i++) solve_base(s, s->funcs.p[i], &dynamic);
    map_deinit(&dynamic);
    for (int round = 0; round < LIMIT_ROUNDS; round++) {
        bool changed = false;
        for (size_t i = 0; i < s->funcs.n; i++) changed |= solve_entry(s, s->funcs.p[i]);
        if (!changed) break;
    }
    for (size_t i = 0; i < s->funcs.n; i++) {
        struct gfunc *f = s->funcs.p[i];
        if (f->test) continue;
        f->reachable_shared = f->exported;
        if (f->handler) {
            struct gthread *t = arena_new(s->arena, struct gthread);
            *t = (struct gthread) {
                .func = f, .kind = THREAD_HANDLER, .multi = true, .pos = f->node->pos
            };
            spread(f, t, true);
        }
    }
    for (int round = 0; round < 20 && solve_roots(s); round++)
        ;
}

void scan_deinit(struct scan *s)
{
    for (size_t i = 0; i < s->funcs.n; i++) {
        struct gfunc *f = s->funcs.p[i];
        vec_deinit(&f->effects);
        vec_deinit(&f->writes);
        vec_deinit(&f->entry);
        vec_deinit(&f->callers);
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
    vec_deinit(&s->threads);
    for (size_t i = 0; i < s->spare_binds.n; i++) free(s->spare_binds.p[i]);
    vec_deinit(&s->spare_binds);
    vec_deinit(&s->findings);
    free(s->bind);
}

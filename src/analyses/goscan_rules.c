// SPDX-License-Identifier: Apache-2.0
// The ledger of each map: who holds what at which access, and what that says.
#include "analyses/goscan_int.h"

#include "base/buf.h"

#include <stdio.h>

static const char *class_name(struct scan *s, const void *class, const struct place *p)
{
    while (p && p->kind == P_INDEX) p = p->parent;
    if (p && p->kind == P_FIELD && (const void *)p->field == class) {
        struct str owner = p->field->owner ? scan_name(s, p->field->owner->sym) : STR("struct");
        struct str name = scan_name(s, p->field->sym);
        return arena_printf(s->arena, "%.*s.%.*s", STR_ARG(owner), STR_ARG(name));
    }
    const struct gvar *v = class;
    struct str name = scan_name(s, v->sym);
    if (v->func) return arena_printf(s->arena, "%.*s", STR_ARG(name));
    return arena_printf(s->arena, "%.*s.%.*s", STR_ARG(v->global->pkg->name), STR_ARG(name));
}

struct guard {
    const void *class;
    const struct place *place;
    unsigned held, none, held_writes, score;
    bool declared; // by a comment
};

static void locate(const struct gsource *f, uint32_t pos, struct goscan_related *ret,
                   const char *role)
{
    ret->file = f->ast->path;
    goast_position(f->ast, pos, &ret->line, NULL);
    ret->role = role;
}

static struct goscan_finding *report(struct scan *s, enum goscan_rule rule, enum goscan_tier tier,
                                     const struct access *a, const struct guard *g,
                                     const char *message)
{
    if (tier == GOSCAN_DEFAULT && !(g && g->declared) && (s->doubtful || doubt_access(a)))
        tier = GOSCAN_MEDIUM;
    for (size_t i = 0; i < s->findings.n; i++) {
        struct goscan_finding *old = &s->findings.p[i];
        if (old->pos == a->pos && str_eq(old->file, a->file->ast->path)) {
            bool worse = old->tier == tier && old->rule == GOSCAN_UNLOCKED_READ &&
                         a->op == ACCESS_WRITE; // a callee that reads and writes
            if (old->tier <= tier && !worse) return NULL;
            *old = *vec_last(&s->findings);
            s->findings.n--;
            break;
        }
    }
    struct goscan_finding f = {
        .rule = rule, .tier = tier, .file = a->file->ast->path, .pos = a->pos, .message = message
    };
    goast_position(a->file->ast, a->pos, &f.line, &f.column);
    f.map = class_name(s, a->class, a->place);
    f.guard = g && g->class ? class_name(s, g->class, g->place) : NULL;
    f.suppressed = note_suppressed(a->file->ast, f.line);
    f.use = a->op == ACCESS_WRITE   ? GOSCAN_WRITE
            : a->op == ACCESS_RANGE ? GOSCAN_ITERATE
                                    : GOSCAN_READ;
    // What exported code does is said function by function.
    if (tier != GOSCAN_LIBRARY) f.group = (s->n_maps * GOSCAN_RULES + rule) * 3 + tier + 1;
    f.related = arena_array(s->arena, struct goscan_related, 6);
    char *func = arena_printf(s->arena, "|%.*s|%.*s|%.*s|", STR_ARG(a->func->pkg->path),
                              STR_ARG(a->func->recv ? scan_name(s, a->func->recv->sym) : STR("")),
                              STR_ARG(scan_name(s, a->func->sym)));
    char *key = arena_printf(s->arena, "%s%s%s", goscan_rules[rule].name, func, f.map);
    f.within = str_hash(str_from(func));
    unsigned same = 0; // the n-th of its kind in this function
    uint64_t hash = str_hash(str_from(key));
    for (size_t i = 0; i < s->findings.n; i++) same += s->findings.p[i].hash == hash;
    f.hash = hash;
    snprintf(f.id, sizeof(f.id), "%016llx",
             (unsigned long long)(hash + same * 0x9e3779b97f4a7c15u));
    if (a->via_file) locate(a->via_file, a->via_pos, &f.related[f.n_related++], "in the callee");
    if (a->alias_file)
        locate(a->alias_file, a->alias_pos, &f.related[f.n_related++], "alias taken");
    vec_push(&s->findings, f);
    return vec_last(&s->findings);
}

static const char *op_name(const struct access *a)
{
    return a->op == ACCESS_WRITE   ? "write of"
           : a->op == ACCESS_RANGE ? "iteration over"
                                   : "read of";
}

static bool is_owned(const struct access *a)
{
    if (a->owned || a->init || a->func->test || a->file->in->test || a->func->unchecked)
        return true;
    if (a->func->builds && place_root(a->place) && place_root(a->place)->param == 0) return true;
    if (a->func->init_only && a->thread->kind == THREAD_BODY && !a->state->started) return true;
    const struct gvar *root = place_root(a->place);
    if (root && root->dropped && place_class(a->place) == root) return true;
    if (!root || root->param < 0 || root->func != a->func || root->param >= 64) return false;
    return a->func->has_caller && !a->func->exported && !a->func->value_used && !a->func->stored &&
           !a->func->given_out && !root->lent && !(a->func->param_shared >> root->param & 1);
}

// True if some lock is known to be held, or may be; abroad: those of callers in other packages too.
static bool any_lock(const struct access *a, uint8_t least, bool abroad)
{
    for (uint8_t i = 0; i < a->state->n; i++)
        if (a->state->held[i].mode >= least && !a->state->held[i].copy) return true;
    if (a->state->unknown) return least <= HOLD_MAYBE;
    if (a->thread->kind != THREAD_BODY && !a->state->outside) return false;
    for (size_t i = 0; i < a->func->entry.n; i++) {
        const struct entry_lock *e = &a->func->entry.p[i];
        if (e->held && !e->missing && (!a->state->outside || least <= HOLD_MAYBE)) return true;
        if (least <= HOLD_MAYBE && e->maybe > (abroad ? 0 : e->abroad)) return true;
    }
    return least <= HOLD_MAYBE && a->func->called_unknown;
}

// A field of the struct, or of one that it embeds: what `s.Lock()` takes.
static bool has_lock(const struct gtype *u, const void *class, unsigned depth)
{
    enum { LIMIT_EMBEDDED = 6 };
    if (!u || u->kind != T_STRUCT || depth > LIMIT_EMBEDDED) return false;
    for (uint32_t i = 0; i < u->n_fields; i++) {
        if (&u->fields[i] == class) return true;
        const struct gobj *o = u->fields[i].embedded ? type_obj(u->fields[i].type) : NULL;
        if (o && has_lock(o->under, class, depth + 1)) return true;
    }
    return false;
}

static bool sibling(const void *class, const struct access *a)
{
    const struct place *p = a->place;
    while (p->kind == P_INDEX) p = p->parent;
    if (p->kind == P_FIELD) {
        const struct gtype *u = p->field->owner ? p->field->owner->under : NULL;
        if (!u && p->parent) u = p->parent->type; // a struct without a name
        return has_lock(u, class, 0);
    }
    return true;
}

// A lock of an object that the map hangs from, at some access: `db.mu` and `db.table.rows`.
static bool same_object(const void *class, struct access *const *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (uint8_t j = 0; j < a[i]->state->n; j++) {
            const struct held *h = &a[i]->state->held[j];
            if (h->class == class && h->mode >= HOLD_READ && h->place && h->place->parent &&
                place_root(h->place) == place_root(a[i]->place))
                return true;
        }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < a[i]->func->entry.n; j++) {
            const struct entry_lock *e = &a[i]->func->entry.p[j];
            if (e->class == class && e->held && e->of_receiver) return true;
        }
    return false;
}

static bool leads_through(const struct place *p, const struct gobj *owner)
{
    for (; p; p = p->parent) {
        if (p->kind == P_FIELD && p->field->owner == owner) return true;
        if (type_obj(p->type) == owner) return true;
    }
    return false;
}

// A lock that stands elsewhere than beside the map says nothing about objects that are not reached
// through the one that it guards.
static bool concerns(const struct guard *g, const struct access *a)
{
    if (g->declared || sibling(g->class, a) || !g->place) return true;
    const struct place *l = g->place;
    while (l->kind == P_INDEX) l = l->parent;
    if (l->kind != P_FIELD) return l->var->func || l->var->global->pkg == a->func->pkg;
    const struct gobj *owner = l->field->owner;
    if (!owner || a->func->recv == owner) return true;
    if (leads_through(a->place, owner)) return true;
    const struct call *without = NULL;
    entry_mode(a, g->class, &without);
    if (without) return without->n_args && leads_through(without->args[0], owner);
    bool any = false;
    for (size_t i = 0; i < a->func->callers.n; i++) {
        const struct call *c = a->func->callers.p[i];
        if (c->caller->test) continue;
        if (!c->n_args || !leads_through(c->args[0], owner)) return false;
        any = true;
    }
    return any;
}

static void count_guard(struct access *const *a, size_t n, struct guard *g)
{
    for (size_t i = 0; i < n; i++) {
        if (!concerns(g, a[i])) continue;
        const struct call *without = NULL;
        uint8_t m = entry_mode(a[i], g->class, &without);
        if (m >= HOLD_READ) {
            g->held++;
            g->held_writes += m == HOLD_WRITE && a[i]->op == ACCESS_WRITE;
        } else if (m == HOLD_NONE && (without || !any_lock(a[i], HOLD_MAYBE, false))) {
            g->none++;
        }
    }
}

// A name that a comment gives may be that of anything.
static bool may_lock(struct scan *s, struct gtype *t)
{
    enum type_kind k = t ? type_deref(s, t)->kind : T_UNKNOWN;
    return k != T_BASIC && k != T_MAP && k != T_SLICE && k != T_FUNC;
}

// The lock that a comment at the map's declaration names.
static struct guard declared_guard(struct scan *s, struct access *const *a, size_t n)
{
    struct guard g = { 0 };
    const struct place *p = a[0]->place;
    while (p->kind == P_INDEX) p = p->parent;
    struct str name = p->kind == P_FIELD ? p->field->guard : p->var->guard;
    bool checklocks = p->kind == P_FIELD ? p->field->checklocks : p->var->checklocks;
    if (!name.n && !checklocks) return g;
    struct gtype *u = p->kind == P_FIELD && p->field->owner ? p->field->owner->under : NULL;
    for (uint32_t i = 0; u && i < u->n_fields && !g.class; i++)
        if (str_eq(scan_name(s, u->fields[i].sym), name) && may_lock(s, u->fields[i].type)) {
            g.class = &u->fields[i];
            g.place = place_step(s, p->parent, P_FIELD, &u->fields[i], 0, u->fields[i].type);
        }
    const uint64_t *sym = strmap_get(&s->names, name);
    const struct gobj *o = sym && !g.class ? package_lookup(a[0]->func->pkg, (uint32_t)*sym) : NULL;
    if (o && o->kind == OBJ_VAR && may_lock(s, o->var->type)) {
        g.class = o->var;
        g.place = place_var(s, o->var);
    }
    if (!g.class && checklocks)
        note_no_lock(s, p->kind == P_FIELD ? p->field->file : p->var->file,
                     p->kind == P_FIELD ? p->field->pos : p->var->pos, name);
    if (!g.class) return g;
    g.declared = true;
    count_guard(a, n, &g);
    // A comment that was left behind: it is always another lock that is held.
    bool other = false;
    for (size_t i = 0; i < n && !g.held; i++) other |= any_lock(a[i], HOLD_READ, true);
    return other ? (struct guard) { 0 } : g;
}

// The lock that most accesses hold.
static struct guard find_guard(struct scan *s, struct access *const *a, size_t n)
{
    struct guard best = declared_guard(s, a, n);
    if (best.declared) return best;
    VEC(struct guard) all = { 0 };
    for (size_t i = 0; i < n; i++) {
        for (uint8_t j = 0; j < a[i]->state->n; j++) {
            const struct held *h = &a[i]->state->held[j];
            if (h->mode >= HOLD_READ && !h->copy)
                vec_push(&all, (struct guard) { .class = h->class, .place = h->place });
        }
        for (size_t j = 0; j < a[i]->func->entry.n; j++)
            vec_push(&all, (struct guard) { .class = a[i]->func->entry.p[j].class,
                                            .place = a[i]->func->entry.p[j].place });
    }
    VEC(const void *) seen = { 0 };
    for (size_t i = 0; i < all.n; i++) {
        bool known = false;
        for (size_t k = 0; k < seen.n; k++) known |= seen.p[k] == all.p[i].class;
        if (known || seen.n > 20) continue;
        vec_push(&seen, all.p[i].class);
        struct guard g = all.p[i];
        for (size_t k = 0; k < all.n && !g.place; k++)
            if (all.p[k].class == g.class) g.place = all.p[k].place;
        count_guard(a, n, &g);
        if (!g.held) continue;
        g.score = 2 * g.held;
        if (sibling(g.class, a[0]))
            g.score++;
        else if (!same_object(g.class, a, n))
            g.score = g.held > 2 ? g.score - 4 : 0;
        if (g.score > best.score) best = g;
    }
    vec_deinit(&seen);
    vec_deinit(&all);
    if (best.place && place_class(best.place) != best.class) best.place = NULL;
    return best.place ? best : (struct guard) { 0 };
}

static void relate(struct goscan_finding *f, struct access *const *a, size_t n,
                   const struct access *self, const struct guard *g, const struct call *without)
{
    if (!f) return;
    if (without)
        locate(without->file, without->pos, &f->related[f->n_related++], "caller without the lock");
    unsigned shown = 0;
    for (int writes = 1; writes >= 0; writes--)
        for (size_t i = 0; i < n && shown < 3 && f->n_related < 6; i++) {
            const struct call *unused = NULL;
            if (a[i] == self || (a[i]->op == ACCESS_WRITE) != writes) continue;
            bool held = g->class && entry_mode(a[i], g->class, &unused) >= HOLD_READ;
            if (g->class && !held) continue;
            locate(a[i]->file, a[i]->pos, &f->related[f->n_related++],
                   held     ? (writes ? "locked write" : "locked read")
                   : writes ? "write"
                            : "read");
            shown++;
        }
}

// The lock was taken in a struct that the function got by value.
static bool holds_copy(const struct access *a, const void *class)
{
    for (uint8_t i = 0; i < a->state->n; i++)
        if (a->state->held[i].class == class && a->state->held[i].copy) return true;
    return false;
}

// `s.locks[k].Lock(); s.m[k] = v`: one lock of an array or map, and a map that is none of many.
static bool keyed(const struct access *a, const void *class)
{
    if (a->place->kind != P_FIELD || a->place->parent->kind == P_INDEX) return false;
    for (uint8_t i = 0; i < a->state->n; i++) {
        const struct held *h = &a->state->held[i];
        if (h->class == class && h->place && h->place->kind == P_INDEX &&
            h->place->parent->kind == P_FIELD && h->place->parent->parent == a->place->parent)
            return true;
    }
    return false;
}

// `s.mu.Lock(); to.m[k] = v`, where both came to the function as receiver or parameters.
static bool other_object(const struct access *a, const void *class)
{
    const struct place *p = a->place;
    if (p->kind != P_FIELD || p->parent->kind != P_VAR || p->parent->var->param < 0) return false;
    for (uint8_t i = 0; i < a->state->n; i++) {
        const struct held *h = &a->state->held[i];
        if (h->class != class || h->mode < HOLD_READ || !h->place) continue;
        return h->place->kind == P_FIELD && h->place->parent->kind == P_VAR &&
               h->place->parent->var->param >= 0 && h->place->parent != p->parent;
    }
    return false;
}

static const char *root_name(struct scan *s, const struct gthread *t)
{
    if (t->pos == t->func->node->pos)
        return arena_printf(s->arena, "%.*s", STR_ARG(scan_name(s, t->func->sym)));
    struct str file = t->func->file->ast->path;
    size_t slash = str_rfind_char(file, '/');
    if (slash != STR_NPOS) file = str_sub(file, slash + 1, file.n);
    uint32_t line;
    goast_position(t->func->file->ast, t->pos, &line, NULL);
    return arena_printf(s->arena, "%s at %.*s:%u",
                        t->kind == THREAD_HANDLER ? "the callback" : "go", STR_ARG(file), line);
}

// "; reached from ServeHTTP and from go at cache.go:41", or nothing.
static const char *reached(struct scan *s, const struct access *a)
{
    const struct gthread *t = a->thread, *first = a->func->root[0], *second = a->func->root[1];
    if (t->kind == THREAD_GO || t->kind == THREAD_HANDLER) first = t, second = NULL;
    if (!first) return "";
    if (!second) return arena_printf(s->arena, "; reached from %s", root_name(s, first));
    return arena_printf(s->arena, "; reached from %s and from %s", root_name(s, first),
                        root_name(s, second));
}

// Another lock is held for writing, at the place itself or by all callers.
static bool holds_other(const struct access *a, const void *class)
{
    for (uint8_t i = 0; i < a->state->n; i++)
        if (a->state->held[i].class != class && a->state->held[i].mode == HOLD_WRITE) return true;
    for (size_t i = 0; i < a->func->entry.n; i++) {
        const struct entry_lock *e = &a->func->entry.p[i];
        if (e->class != class && e->held && !e->missing && e->mode == HOLD_WRITE) return true;
    }
    return false;
}

// Written under a lock of the same struct: then even one among many says that others need it too.
static bool beside(const struct guard *g, const struct access *x)
{
    bool root = x->func->root[0] || x->thread->kind != THREAD_BODY;
    return g->held_writes && sibling(g->class, x) && (root || g->held > 1 || g->none == 1) &&
           (x->op == ACCESS_WRITE || (root && x->op == ACCESS_RANGE) || g->held * 3 >= g->none);
}

static void judge_guarded(struct scan *s, struct access *const *a, size_t n, const struct guard *g)
{
    unsigned writes = 0;
    for (size_t i = 0; i < n; i++) writes += a[i]->op == ACCESS_WRITE;
    if (!writes && !g->declared) return;
    const char *lock = class_name(s, g->class, g->place);
    unsigned known = g->held + g->none;
    for (size_t i = 0; i < n; i++) {
        const struct access *x = a[i];
        const struct call *without = NULL;
        uint8_t m = entry_mode(x, g->class, &without);
        const char *map = class_name(s, x->class, x->place);
        bool write = x->op == ACCESS_WRITE;
        struct goscan_finding *f = NULL;
        if (!concerns(g, x) || doubt_striped(x)) continue;
        if (m == HOLD_READ && write) {
            if (holds_other(x, g->class)) continue;
            f = report(s, GOSCAN_RLOCK_WRITE,
                       g->declared || g->held_writes || !g->none ? GOSCAN_DEFAULT : GOSCAN_MEDIUM,
                       x, g,
                       arena_printf(s->arena, "write of %s while %s is held for reading only%s",
                                    map, lock, reached(s, x)));
        } else if (m == HOLD_NONE && (without || !any_lock(x, HOLD_MAYBE, false))) {
            bool alias = x->alias_locked, copy = holds_copy(x, g->class);
            enum goscan_rule rule = copy    ? GOSCAN_WRONG_LOCK
                                    : alias ? GOSCAN_ALIAS
                                    : write ? GOSCAN_INCONSISTENT
                                            : GOSCAN_UNLOCKED_READ;
            unsigned weight = write ? 3 : 1; // a write is more surely wrong than a read
            bool most = g->held >= 1 && g->held * weight >= g->none &&
                        (write || g->held_writes || writes > 1);
            enum goscan_tier tier =
                g->declared || most || beside(g, x) ? GOSCAN_DEFAULT : GOSCAN_MEDIUM;
            f = report(s, rule, tier, x, g,
                       arena_printf(s->arena, "%s %s: %u of %u accesses hold %s%s; this one %s%s",
                                    op_name(x), map, g->held, known, lock,
                                    g->declared ? ", as its comment asks" : "",
                                    copy      ? "locks a copy of it"
                                    : alias   ? "uses an alias taken under the lock"
                                    : without ? "is also reached without it"
                                              : "none",
                                    reached(s, x)));
        } else if (m == HOLD_NONE && any_lock(x, HOLD_READ, true) &&
                   (g->held >= 2 || g->declared)) {
            const struct place *l = x->state->n == 1 ? x->state->held[0].place : NULL;
            if (l && l->kind != P_INDEX &&
                x->state->held[0].mode >= (write ? HOLD_WRITE : HOLD_READ) && !x->func->entry.n &&
                (write || (g->held_writes && sibling(g->class, x))))
                f = report(
                    s, GOSCAN_WRONG_LOCK, GOSCAN_DEFAULT, x, g,
                    arena_printf(s->arena, "%s %s under %s: %u accesses hold %s%s", op_name(x), map,
                                 class_name(s, x->state->held[0].class, x->state->held[0].place),
                                 g->held, lock, reached(s, x)));
        } else if (write && m >= HOLD_READ && keyed(x, g->class)) {
            f = report(
                s, GOSCAN_WRONG_LOCK, GOSCAN_DEFAULT, x, g,
                arena_printf(s->arena,
                             "write of %s under one of many %s: another key takes another lock",
                             map, lock));
        } else if (write && m == HOLD_MAYBE && other_object(x, g->class)) {
            f = report(s, GOSCAN_WRONG_LOCK, GOSCAN_MEDIUM, x, g,
                       arena_printf(s->arena, "write of %s under %s of another object", map, lock));
        }
        if (f && !without) scan_fix(s, x, g->class, f);
        relate(f, a, n, x, g, without);
    }
}

static const struct gthread *root_of(const struct access *a, bool *multi)
{
    const struct gthread *t = a->thread;
    if (t->kind == THREAD_GO || t->kind == THREAD_HANDLER) {
        *multi = t->multi || t->kind == THREAD_HANDLER || (t->loop && !t->loop_joined);
        return t;
    }
    *multi = a->func->root_multi;
    return a->func->root[0];
}

// The write's own goroutine has no name here, but that of the other access has.
static const char *also_reached(struct scan *s, const struct access *meets)
{
    const char *other = reached(s, meets);
    return *other ? arena_printf(s->arena, "; another access is%s", other + 1) : "";
}

static bool is_global(const struct access *a)
{
    const struct gvar *root = place_root(a->place);
    return root && !root->func;
}

// There is one such map for all that reach it: it is a package's, or a field of the very object
// whose methods are the handlers, or were started as the goroutines, or of an object that a
// variable of a package holds.
static bool is_service(const struct access *a, const struct gthread *root)
{
    if (root->kind == THREAD_HANDLER && !root->func->handler) return false;
    const struct place *p = a->place;
    while (p->kind == P_INDEX) p = p->parent;
    while (p->kind == P_FIELD) p = p->parent;
    if (p->kind != P_VAR) return false;
    if (!p->var->func) return true;
    if (p->var->param != 0 || p->var->func != a->func || !a->func->recv) return false;
    if (root->func->recv == a->func->recv || root->runs == a->func->recv) return true;
    for (size_t i = 0; i < a->func->callers.n; i++) {
        const struct call *c = a->func->callers.p[i];
        const struct gvar *on = c->n_args ? place_root(c->args[0]) : NULL;
        if (on && !on->func && !c->caller->test) return true;
    }
    return false;
}

// A struct whose own lock is taken somewhere is made for several goroutines.
static bool locks_elsewhere(const struct access *a)
{
    const struct place *p = a->place;
    while (p->kind == P_INDEX) p = p->parent;
    const struct gobj *owner = p->kind == P_FIELD ? p->field->owner : NULL;
    const struct gtype *u = owner ? owner->under : NULL;
    for (uint32_t i = 0; u && u->kind == T_STRUCT && i < u->n_fields; i++)
        if (u->fields[i].taken) return true;
    return false;
}

// An exported method, which whoever has the object may call while its goroutines run.
static bool is_api(struct scan *s, const struct access *a)
{
    static const char *const phases[] = { "New",   "Init",  "Setup", "Open", "Start",   "Run",
                                          "Serve", "Close", "Stop",  "Shut", "Destroy", "Reset" };
    const struct gvar *on = place_root(a->place);
    if (!a->func->exported || !a->func->recv || a->thread->kind != THREAD_BODY) return false;
    if (!on || on->param != 0 || on->func != a->func) return false;
    struct str name = scan_name(s, a->func->sym);
    for (size_t i = 0; i < array_size(phases); i++)
        if (str_starts(name, str_from(phases[i]))) return false;
    return true;
}

// One object's map, written here, and used by another goroutine of that object or by an exported
// method of its type, all without a lock.
static bool two_sides(struct scan *s, struct access *const *a, size_t n, const struct access *x,
                      const struct gthread *root)
{
    bool mine = root && is_service(x, root), unused;
    if (!mine && !is_api(s, x)) return false;
    for (size_t k = 0; k < n; k++) {
        if (any_lock(a[k], HOLD_MAYBE, true)) continue;
        const struct gthread *r[2] = { root_of(a[k], &unused), NULL };
        if (a[k]->thread->kind == THREAD_BODY) r[1] = a[k]->func->root[1];
        for (int j = 0; j < 2; j++)
            if (r[j] && r[j] != root && is_service(a[k], r[j])) return true;
        if (mine && !a[k]->func->root[0] && is_api(s, a[k])) return true;
    }
    return false;
}

// The other side of unguarded writes, once a function that has none itself.
static void judge_reads(struct scan *s, struct access *const *a, size_t n)
{
    struct guard none = { 0 };
    const struct gfunc *last = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct access *x = a[i];
        if (x->op == ACCESS_WRITE || x->func == last || any_lock(x, HOLD_MAYBE, true)) continue;
        if (!x->func->reachable_shared && !x->func->exported) continue;
        bool writes = false;
        for (size_t k = 0; k < n && !writes; k++)
            writes = a[k]->op == ACCESS_WRITE && a[k]->func == x->func;
        last = x->func;
        if (writes) continue;
        struct goscan_finding *f = report(
            s, GOSCAN_EXPORTED, GOSCAN_LIBRARY, x, &none,
            arena_printf(s->arena, "%s %s in exported code: none of %zu accesses holds a lock",
                         op_name(x), class_name(s, x->class, x->place), n));
        relate(f, a, n, x, &none, NULL);
    }
}

// Two goroutines are known to come here, or one here and another to the same map elsewhere: not one
// and somebody of whom nothing is known, who mostly is that one too, or comes before it.
static bool several_roots(struct access *const *a, size_t n, const struct access *x)
{
    bool unused;
    const struct gthread *root = root_of(x, &unused);
    if (x->thread->kind == THREAD_BODY && x->func->root[1]) return true;
    for (size_t k = 0; k < n; k++) {
        const struct gthread *other = root_of(a[k], &unused);
        if (other && other != root) return true;
    }
    return false;
}

// Whoever is known to call it has an object of its own.
static bool callers_own(const struct access *a)
{
    const struct gvar *on = place_root(a->place);
    const struct gfunc *f = a->func;
    if (!on || on->param != 0 || on->func != f || f->value_used || f->stored || f->given_out)
        return false;
    for (size_t i = 0; i < f->callers.n; i++)
        if (call_counts(f->callers.p[i]) || f->callers.p[i]->spawns) return false;
    return f->callers.n && !f->called_by_name;
}

// What `p.Load()` gave, of sync/atomic: others read it without a lock, that is what it is for.
static bool loaded(const struct access *a)
{
    for (const struct place *p = a->place; p->parent; p = p->parent) {
        const struct gtype *t = p->parent->type;
        if (p->kind == P_INDEX && p->hash == S_Load &&
            (type_is_ext(t, "sync/atomic", S_Pointer) || type_is_ext(t, "sync/atomic", S_Value)))
            return true;
    }
    return false;
}

static void judge_unguarded(struct scan *s, struct access *const *a, size_t n)
{
    struct guard none = { 0 };
    size_t before = s->findings.n;
    for (size_t i = 0; i < n; i++) {
        const struct access *x = a[i];
        if (x->op != ACCESS_WRITE || any_lock(x, HOLD_READ, true)) continue;
        bool sure = !any_lock(x, HOLD_MAYBE, true); // else it runs who knows where, as a callback
        if (!sure && (x->state->n || x->state->unknown)) continue;
        bool multi = false, other_multi = false;
        const struct gthread *root = root_of(x, &multi);
        bool shared = root && multi;
        if (root && x->func->root[1] && x->thread->kind == THREAD_BODY) shared = true;
        const struct access *meets = NULL;
        for (size_t k = 0; k < n && !shared; k++) {
            const struct gthread *other = root_of(a[k], &other_multi);
            shared = k != i && other != root && (root || other);
            if (shared && !root) meets = a[k];
        }
        if (meets && callers_own(x)) shared = false;
        const char *map = class_name(s, x->class, x->place);
        struct goscan_finding *f = NULL;
        bool many = root && x->func->root_many && is_global(x);
        shared |= many;
        bool service = shared && root && is_service(x, root) && (multi || many || x->func->root[1]);
        service |= shared && root && two_sides(s, a, n, x, root);
        service |= shared && root && (multi || several_roots(a, n, x)) && life_long(x);
        if (!sure) shared = false;
        if (x->copied && sure)
            f = report(s, GOSCAN_SHALLOW_COPY, GOSCAN_MEDIUM, x, &none,
                       arena_printf(
                           s->arena,
                           "write of %s through a copy of its struct, which shares the map", map));
        else if (shared)
            f = report(s, GOSCAN_UNGUARDED, service ? GOSCAN_DEFAULT : GOSCAN_MEDIUM, x, &none,
                       arena_printf(s->arena,
                                    "write of %s: several goroutines reach it, and none of %zu "
                                    "accesses holds a lock%s",
                                    map, n, meets ? also_reached(s, meets) : reached(s, x)));
        else if (sure && loaded(x))
            f = report(s, GOSCAN_UNGUARDED, GOSCAN_MEDIUM, x, &none,
                       arena_printf(s->arena,
                                    "write of what %s holds: who loads it has the same map", map));
        else if (x->func->reachable_shared || x->func->exported)
            f = report(
                s, GOSCAN_EXPORTED,
                sure && is_api(s, x) && locks_elsewhere(x) ? GOSCAN_MEDIUM : GOSCAN_LIBRARY, x,
                &none,
                arena_printf(
                    s->arena, "write of %s in exported code: none of %zu accesses holds a lock%s",
                    map, n, locks_elsewhere(x) ? ", though its struct has one and takes it" : ""));
        if (f && root)
            locate(root->func->file, root->pos, &f->related[f->n_related++],
                   "goroutine or handler");
        relate(f, a, n, x, &none, NULL);
    }
    if (s->findings.n > before) judge_reads(s, a, n);
}

// ---- local maps ----

static bool common_loop(const struct gloop *a, const struct gloop *b, const struct gloop *outside)
{
    for (; a && a != outside; a = a->parent)
        for (const struct gloop *q = b; q; q = q->parent)
            if (q == a) return true;
    return false;
}

// Many instances of this goroutine at once see the variable.
static bool many(const struct gthread *t, const struct gvar *v)
{
    for (; t && t != v->thread; t = t->parent) {
        if (t->kind == THREAD_UNKNOWN) return false;
        if (t->kind == THREAD_HANDLER || t->multi) return true;
        if (t->loop && t->loop != v->loop && !t->loop_joined &&
            common_loop(t->loop, t->loop, v->loop))
            return true;
    }
    return false;
}

static bool child_of(const struct gthread *t, const struct gthread *up)
{
    for (t = t ? t->parent : NULL; t; t = t->parent)
        if (t == up) return true;
    return false;
}

static bool unlocked_pair(const struct access *a, const struct access *b)
{
    if (a->state->unknown || b->state->unknown) return false;
    for (uint8_t i = 0; i < a->state->n; i++) {
        if (a->state->held[i].mode == HOLD_MAYBE) return false;
        for (uint8_t j = 0; j < b->state->n; j++)
            if (a->state->held[i].class == b->state->held[j].class &&
                (a->state->held[i].mode != HOLD_READ || b->state->held[j].mode != HOLD_READ))
                return false;
    }
    for (uint8_t j = 0; j < b->state->n; j++)
        if (b->state->held[j].mode == HOLD_MAYBE) return false;
    return true;
}

// A lock in common, but both hold it for reading.
static bool both_read(const struct access *a, const struct access *b)
{
    for (uint8_t i = 0; i < a->state->n; i++)
        for (uint8_t j = 0; j < b->state->n; j++)
            if (a->state->held[i].class == b->state->held[j].class) return true;
    return false;
}

static bool at_once(const struct access *a, const struct access *b, const struct gvar *v)
{
    const struct gthread *t = a->thread, *u = b->thread;
    if (t == u) return t != v->thread && many(t, v);
    // Who locks on one side does not rely on the order of messages.
    bool queue = !a->state->n != !b->state->n;
    if (u->kind == THREAD_UNKNOWN || t->kind == THREAD_UNKNOWN) return false;
    if (child_of(t, u)) {
        if (!queue && (a->state->receive_seq || b->state->receive_seq > t->spawn_seq)) return false;
        if (b->seq > t->spawn_seq) return b->seq < t->join_seq;
        return t->loop && !t->loop_joined && t->join_seq == UINT32_MAX &&
               common_loop(t->loop, b->loop, v->loop);
    }
    if (child_of(u, t)) return at_once(b, a, v);
    if (!queue && (a->state->receive_seq || b->state->receive_seq)) return false;
    return t->spawn_seq < u->join_seq && u->spawn_seq < t->join_seq;
}

// `parts[i][k] = v`, where i is the goroutine's own or that of its round of the loop.
static bool own_element(const struct access *a, const struct gvar *v)
{
    for (const struct place *p = a->place; p->parent; p = p->parent)
        if (p->kind == P_INDEX && p->var && p->var->func &&
            (p->var->thread != v->thread || p->var->loop != v->loop))
            return true;
    return false;
}

// A local map that went over a channel: who received it has it too.
static void judge_sent(struct scan *s, const struct access *a)
{
    const struct gvar *v = place_root(a->place);
    if (a->op != ACCESS_WRITE || !v || !v->func || a->place->kind != P_VAR) return;
    bool again = v->sent_loop && v->sent_loop != v->loop && !v->remade &&
                 common_loop(a->loop, v->sent_loop, v->loop);
    if (!a->sent && !again) return;
    if (a->state->n || a->state->unknown) return;
    struct guard none = { 0 };
    report(s, GOSCAN_UNGUARDED, GOSCAN_MEDIUM, a, &none,
           arena_printf(s->arena, "write of %s after it was sent to another goroutine",
                        class_name(s, a->class, a->place)));
}

// A map that a call gave, of which nothing says that it is new.
static void judge_given(struct scan *s, const struct access *a)
{
    if (a->op != ACCESS_WRITE || !a->func->reachable_shared || a->func->test || a->state->n ||
        a->file->in->test || a->thread->kind != THREAD_BODY || any_lock(a, HOLD_MAYBE, true))
        return;
    struct guard none = { 0 };
    report(s, GOSCAN_EXPORTED, GOSCAN_LIBRARY, a, &none,
           arena_printf(s->arena, "write of %s, which a call gave and others may have",
                        class_name(s, a->class, a->place)));
}

static void judge_captured(struct scan *s, struct access *const *a, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct gvar *v = place_root(a[i]->place);
        if (!v || !v->func || v->anonymous || a[i]->op != ACCESS_WRITE || own_element(a[i], v))
            continue;
        for (size_t k = 0; k < n; k++) {
            if (a[k]->place != a[i]->place || a[k]->func != a[i]->func) continue;
            if (a[i]->thread == v->thread && a[k]->thread == v->thread) continue;
            if (!unlocked_pair(a[i], a[k]) || !at_once(a[i], a[k], v)) continue;
            struct guard none = { 0 };
            const char *map = class_name(s, a[i]->class, a[i]->place);
            bool reading = both_read(a[i], a[k]);
            bool other =
                a[i]->state->n && !a[k]->state->n; // it is the other side that lacks the lock
            struct goscan_finding *f = report(
                s, reading ? GOSCAN_RLOCK_WRITE : GOSCAN_CAPTURED, GOSCAN_DEFAULT, a[other ? k : i],
                &none,
                arena_printf(
                    s->arena,
                    other     ? "use of %s without the lock under which another goroutine writes it"
                    : reading ? "write of %s in several goroutines, each holding the lock for "
                                "reading only"
                    : k == i || a[k]->thread == a[i]->thread
                        ? "write of %s, which many instances of this goroutine share without a lock"
                        : "write of %s while another goroutine uses it, without a common lock",
                    map));
            if (f) {
                const struct gthread *t = a[i]->thread != v->thread ? a[i]->thread : a[k]->thread;
                locate(a[i]->file, t->pos, &f->related[f->n_related++], "goroutine started");
                const struct access *y = a[other ? i : k];
                if (k != i)
                    locate(y->file, y->pos, &f->related[f->n_related++],
                           y->op == ACCESS_WRITE ? "other write" : "other read");
            }
            if (!other) break;
        }
    }
}

// ---- all maps ----

static int by_class(const void *x, const void *y)
{
    const struct access *a = *(struct access *const *)x, *b = *(struct access *const *)y;
    if (a->class != b->class) return a->class < b->class ? -1 : 1;
    if (a->depth != b->depth) return a->depth - b->depth;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static int by_place(const void *x, const void *y)
{
    const struct goscan_finding *a = x, *b = y;
    int c = str_cmp(a->file, b->file);
    if (c) return c;
    if (a->line != b->line) return a->line < b->line ? -1 : 1;
    return a->column < b->column ? -1 : a->column > b->column;
}

static int by_line(const void *x, const void *y)
{
    const struct goscan_remark *a = x, *b = y;
    int c = str_cmp(a->file, b->file);
    return c ? c : a->line < b->line ? -1 : a->line > b->line;
}

static void judge_class(struct scan *s, struct access **a, size_t n)
{
    judge_captured(s, a, n);
    for (size_t i = 0; i < n; i++) judge_sent(s, a[i]);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const struct gvar *root = place_root(a[i]->place);
        bool local =
            root && root->func && a[i]->place->kind != P_FIELD && place_class(a[i]->place) == root;
        if (local && root->given && a[i]->place->kind == P_VAR) judge_given(s, a[i]);
        if (!local && !is_owned(a[i])) a[kept++] = a[i];
    }
    if (!kept) return;
    s->doubtful = doubt_one_goroutine(s, a, kept) || doubt_written_at_init(a, kept);
    struct guard g = find_guard(s, a, kept);
    if (g.score || g.declared) {
        judge_guarded(s, a, kept, &g);
        size_t others = 0; // of objects that this lock has nothing to do with
        for (size_t i = 0; i < kept; i++)
            if (!concerns(&g, a[i])) a[others++] = a[i];
        kept = others;
    }
    if (kept) judge_unguarded(s, a, kept);
    s->doubtful = false;
}

// Calls of functions whose annotation asks for a lock that the caller does not hold.
static void judge_call(struct scan *s, const struct call *c, const struct lock_effect *e)
{
    uint8_t m = c->spawns
                    ? HOLD_NONE
                    : mode_at(c->caller, c->state, c->thread->kind == THREAD_BODY, e->class, NULL);
    if (m >= e->mode || m == HOLD_MAYBE || !call_counts(c)) return;
    const struct access *touched = NULL;
    for (size_t i = 0; i < s->accesses.n; i++) {
        const struct access *a = &s->accesses.p[i];
        if (a->func == c->callee && (!touched || a->op > touched->op)) touched = a;
    }
    if (!touched || c->caller->unchecked) return;
    struct access a = *touched;
    a.func = c->caller;
    a.file = c->file;
    a.pos = c->pos;
    struct guard g = { .class = e->class, .place = e->place };
    struct str name = scan_name(s, c->callee->sym);
    struct goscan_finding *f =
        report(s, m == HOLD_READ ? GOSCAN_RLOCK_WRITE : GOSCAN_INCONSISTENT, GOSCAN_DEFAULT, &a, &g,
               arena_printf(s->arena, "call of %.*s, which its annotation wants under %s; %s",
                            STR_ARG(name), class_name(s, e->class, e->place),
                            m == HOLD_READ ? "held for reading only" : "this one holds none"));
    if (!f) return;
    f->group = 0; // of no map
    locate(touched->file, touched->pos, &f->related[f->n_related++],
           touched->op == ACCESS_WRITE ? "write" : "read");
}

static void judge_calls(struct scan *s)
{
    for (size_t i = 0; i < s->calls.n; i++) {
        const struct call *c = &s->calls.p[i];
        if (!c->callee || c->guessed || !c->caller->pkg->reported || c->caller->test) continue;
        for (size_t k = 0; k < c->callee->asked.n; k++) judge_call(s, c, &c->callee->asked.p[k]);
    }
}

static void apply_rules(struct scan *s)
{
    VEC(struct access *) all = { 0 };
    for (size_t i = 0; i < s->accesses.n; i++) {
        struct access *a = &s->accesses.p[i];
        if (a->func->pkg->reported) vec_push(&all, a);
    }
    if (all.n) qsort(all.p, all.n, sizeof(*all.p), by_class);
    for (size_t i = 0; i < all.n;) {
        size_t end = i + 1;
        while (end < all.n && all.p[end]->class == all.p[i]->class &&
               all.p[end]->depth == all.p[i]->depth)
            end++;
        judge_class(s, all.p + i, end - i);
        s->n_maps++;
        i = end;
    }
    vec_deinit(&all);
    judge_calls(s);
    if (s->findings.n) qsort(s->findings.p, s->findings.n, sizeof(*s->findings.p), by_place);
    if (s->remarks.n) qsort(s->remarks.p, s->remarks.n, sizeof(*s->remarks.p), by_line);
}

void goscan_run(struct arena *arena, const struct goscan_input *in, struct goscan_result *ret)
{
    struct scan s = { .arena = arena, .in = in };
    types_load(&s);
    for (size_t i = 0; i < s.funcs.n; i++)
        if (s.funcs.p[i]->pkg->reported) walk_function(&s, s.funcs.p[i]);
    scan_solve(&s);
    doubt_prepare(&s);
    life_prepare(&s);
    apply_rules(&s);
    struct goscan_result r = {
        .n = s.findings.n, .accesses = s.accesses.n, .maps = s.n_maps, .functions = s.n_functions
    };
    r.findings = arena_array(arena, struct goscan_finding, s.findings.n + 1);
    if (r.n) memcpy(r.findings, s.findings.p, r.n * sizeof(*r.findings));
    r.n_remarks = s.remarks.n;
    r.remarks = arena_array(arena, struct goscan_remark, r.n_remarks + 1);
    if (r.n_remarks) memcpy(r.remarks, s.remarks.p, r.n_remarks * sizeof(*r.remarks));
    *ret = r;
    scan_deinit(&s);
}

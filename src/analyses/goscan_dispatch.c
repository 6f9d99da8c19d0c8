// SPDX-License-Identifier: Apache-2.0
// Calls that do not name what they call: through interfaces, and of functions that were stored in a
// field or variable, or came as a parameter. Of a stored function the callers are known then; of an
// interface's method only that its implementations may run in the caller's goroutine.
#include "analyses/goscan_int.h"

enum {
    LIMIT_IMPLEMENTERS = 8, // of one interface; more say nothing about any of them
    LIMIT_OF_ONE = 4,       // of an interface with one method, which many types have by chance
    LIMIT_STORED = 24,      // functions in one field or variable
    LIMIT_FLOW_ROUNDS = 4,
};

bool note_flow(struct walker *w, const void *slot, const struct val *x)
{
    const struct gvar *param = func_param(w, x);
    if (!slot || w->func->test || (!x->fn && !param)) return false;
    vec_push(&w->s->flows, (struct flow) { slot, x->fn ? NULL : param, x->fn });
    if (!x->fn) return false; // a parameter has other ways too
    x->fn->stored = true;
    return true;
}

// Which functions each slot holds: lists in one array.
struct stored {
    struct gfunc *fn;
    uint64_t next; // index + 1
};

struct slots {
    struct map first; // slot → index + 1
    VEC(struct stored) list;
};

static bool slot_add(struct slots *t, const void *slot, struct gfunc *fn)
{
    uint64_t *first = map_put(&t->first, (uint64_t)(uintptr_t)slot, NULL);
    unsigned n = 0;
    for (uint64_t i = *first; i; i = t->list.p[i - 1].next, n++)
        if (t->list.p[i - 1].fn == fn) return false;
    if (n >= LIMIT_STORED) return false;
    vec_push(&t->list, (struct stored) { fn, *first });
    *first = t->list.n;
    return true;
}

static uint64_t slot_first(const struct slots *t, const void *slot)
{
    const uint64_t *first = map_get(&t->first, (uint64_t)(uintptr_t)slot);
    return first ? *first : 0;
}

static void fill_slots(struct scan *s, struct slots *t)
{
    for (size_t i = 0; i < s->flows.n; i++)
        if (s->flows.p[i].fn) slot_add(t, s->flows.p[i].slot, s->flows.p[i].fn);
    bool changed = true;
    for (int round = 0; round < LIMIT_FLOW_ROUNDS && changed; round++) {
        changed = false;
        for (size_t i = 0; i < s->flows.n; i++) {
            const struct flow *f = &s->flows.p[i];
            if (f->fn) continue;
            for (uint64_t k = slot_first(t, f->from); k; k = t->list.p[k - 1].next)
                changed |= slot_add(t, f->slot, t->list.p[k - 1].fn);
        }
    }
}

// The slots that functions are called from, and the parameters that go there.
static void called_slots(struct scan *s, struct map *called)
{
    for (size_t i = 0; i < s->calls.n; i++)
        if (s->calls.p[i].slot) map_put(called, (uint64_t)(uintptr_t)s->calls.p[i].slot, NULL);
    for (int round = 0; round < LIMIT_FLOW_ROUNDS; round++)
        for (size_t i = 0; i < s->flows.n; i++)
            if (s->flows.p[i].from && map_get(called, (uint64_t)(uintptr_t)s->flows.p[i].slot))
                map_put(called, (uint64_t)(uintptr_t)s->flows.p[i].from, NULL);
}

// Methods by name, and the implementations of each method of each interface that is called.
struct methods {
    struct map first, known; // name, or interface and name → index + 1
    VEC(struct stored) list;
};

static bool stands_in(struct scan *s, const struct gfunc *f)
{
    struct str name = scan_name(s, f->recv->sym);
    return f->test || str_find(name, STR("ock")) != STR_NPOS ||
           str_find(name, STR("ake")) != STR_NPOS;
}

static void index_methods(struct scan *s, struct methods *m)
{
    for (size_t i = 0; i < s->methods.n; i++) {
        struct gfunc *f = s->methods.p[i];
        if (!f->node->kid[2] || stands_in(s, f)) continue;
        uint64_t *first = map_put(&m->first, f->sym, NULL);
        vec_push(&m->list, (struct stored) { f, *first });
        *first = m->list.n;
    }
}

static uint64_t implementations(struct scan *s, struct methods *m, const struct call *c)
{
    bool fresh;
    uint64_t key = ((uint64_t)(uintptr_t)c->iface->node << 20) ^ c->name;
    uint64_t *known = map_put(&m->known, key, &fresh);
    if (!fresh) return *known;
    const uint64_t *by_name = map_get(&m->first, c->name);
    const struct go_node *one = c->iface->node->kid[0];
    unsigned limit = one && one->kid[0] && !one->next ? LIMIT_OF_ONE : LIMIT_IMPLEMENTERS, n = 0;
    uint64_t first = 0;
    for (uint64_t i = by_name ? *by_name : 0; i && n <= limit; i = m->list.p[i - 1].next) {
        struct gfunc *f = m->list.p[i - 1].fn;
        if (!type_implements(s, f->recv, c->iface)) continue;
        vec_push(&m->list, (struct stored) { f, first });
        first = m->list.n;
        n++;
    }
    if (n > limit) first = 0;
    return *map_put(&m->known, key, NULL) = first;
}

void scan_dispatch(struct scan *s)
{
    struct slots slots = { 0 };
    struct methods methods = { 0 };
    struct map called = { 0 };
    fill_slots(s, &slots);
    index_methods(s, &methods);
    called_slots(s, &called);
    size_t n = s->calls.n;
    for (size_t i = 0; i < n; i++) {
        struct call c = s->calls.p[i];
        if (c.unless && map_get(&called, (uint64_t)(uintptr_t)c.unless))
            s->calls.p[i].callee = NULL;
        if (c.callee || c.caller->test) continue;
        const struct stored *list = slots.list.p;
        uint64_t k = c.slot ? slot_first(&slots, c.slot) : 0;
        if (c.iface) {
            k = implementations(s, &methods, &c);
            list = methods.list.p;
            c.guessed = true;
        }
        for (; k; k = list[k - 1].next) {
            c.callee = list[k - 1].fn;
            vec_push(&s->calls, c);
        }
    }
    map_deinit(&called);
    map_deinit(&slots.first);
    vec_deinit(&slots.list);
    map_deinit(&methods.first);
    map_deinit(&methods.known);
    vec_deinit(&methods.list);
}

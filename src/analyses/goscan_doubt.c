// SPDX-License-Identifier: Apache-2.0
// What speaks against a finding: it was read often, and was mostly no bug. None of it proves
// anything, so such findings are said in the medium tier.
#include "analyses/goscan_int.h"

#include <ctype.h>

// ---- functions that only run while their object is set up ----

static bool is_word(struct str name, const char *word)
{
    for (size_t i = 0; i < name.n; i++)
        if (tolower((unsigned char)name.p[i]) != word[i]) return false; // the end is no letter
    return !word[name.n];
}

// Its name says that it makes its object ready; such a method runs once, first.
static bool is_setup(const struct scan *s, const struct gfunc *f)
{
    static const char *const words[] = { "init", "initialize", "initialise", "setup",
                                         "open", "start",      "startup" };
    struct str name = scan_name(s, f->sym);
    if (f->is_init || f->is_main) return true;
    for (size_t i = 0; f->recv && i < array_size(words); i++)
        if (is_word(name, words[i])) return true;
    return false;
}

static bool at_setup(const struct call *c)
{
    if (c->init) return true;
    return c->caller->setup_only && !c->spawns && !c->state->started && !c->endless &&
           c->thread->kind == THREAD_BODY;
}

// Nobody is known to call it but functions that set up.
static bool called_at_setup(const struct gfunc *f)
{
    if (f->value_used || f->stored || f->given_out || f->handler || f->called_by_name) return false;
    bool any = false;
    for (size_t i = 0; i < f->callers.n; i++) {
        const struct call *c = f->callers.p[i];
        bool setup = at_setup(c), own = f->recv && (c->owned & 1);
        if (c->caller != f && !setup && !own) return false;
        any |= setup || (own && !f->exported);
    }
    return any;
}

static void find_setup(struct scan *s)
{
    enum { ROUNDS = 8 }; // of callers
    for (size_t i = 0; i < s->funcs.n; i++) s->funcs.p[i]->setup_only = is_setup(s, s->funcs.p[i]);
    bool changed = true;
    for (int round = 0; round < ROUNDS && changed; round++) {
        changed = false;
        for (size_t i = 0; i < s->funcs.n; i++) {
            struct gfunc *f = s->funcs.p[i];
            if (f->setup_only || !called_at_setup(f)) continue;
            changed = f->setup_only = true;
        }
    }
}

// Names of methods that are called through interfaces.
static void find_called_by_name(struct scan *s)
{
    struct map names = { 0 };
    for (size_t i = 0; i < s->calls.n; i++)
        if (!s->calls.p[i].callee && s->calls.p[i].name && !s->calls.p[i].caller->test)
            map_put(&names, s->calls.p[i].name, NULL);
    for (size_t i = 0; i < s->funcs.n; i++) {
        struct gfunc *f = s->funcs.p[i];
        f->called_by_name = f->recv && map_get(&names, f->sym);
    }
    map_deinit(&names);
}

// ---- functions that only tests call ----

static void mark_imports(struct scan *s, struct gpackage *p, unsigned depth)
{
    enum { LIMIT_IMPORT_DEPTH = 500 };
    if (p->in_program || depth > LIMIT_IMPORT_DEPTH) return;
    p->in_program = true;
    for (size_t i = 0; i < p->files.n; i++) {
        const struct gsource *f = p->files.p[i];
        for (uint32_t k = 0; k < f->n_imports && !f->in->test; k++) {
            struct gpackage *to = package_by_path(s, f->imports[k].path);
            if (to) mark_imports(s, to, depth + 1);
        }
    }
}

static void find_tested(struct scan *s)
{
    for (size_t i = 0; i < s->packages.n; i++) {
        struct gpackage *p = s->packages.p[i];
        if (str_eqc(p->name, "main") && p->reported) mark_imports(s, p, 0);
    }
    for (size_t i = 0; i < s->calls.n; i++)
        if (s->calls.p[i].callee && s->calls.p[i].caller->test)
            s->calls.p[i].callee->by_test = true;
}

// A package made for tests; there it says nothing that only tests call something.
static bool for_tests(struct str package)
{
    static const char *const words[] = { "test", "mock", "fake" };
    for (size_t i = 0; i < array_size(words); i++)
        if (str_starts(package, str_from(words[i])) || str_ends(package, str_from(words[i])))
            return true;
    return false;
}

// A part of a program, not of a library, and nothing but tests is known to call it.
static bool tests_only(const struct gfunc *f)
{
    return !for_tests(f->pkg->name) && f->by_test && !f->callers.n && f->pkg->in_program &&
           !f->value_used && !f->given_out && !f->handler && !f->called_by_name;
}

// ---- functions that one goroutine runs ----

static bool is_outer(const struct gfunc *f)
{
    if (f->is_init || f->setup_only) return false; // before it
    return (f->exported && !f->pkg->in_program) || f->value_used || f->given_out || f->handler ||
           f->is_main || f->called_by_name || !f->callers.n;
}

static void find_outer(struct scan *s)
{
    enum { ROUNDS = 20 };
    for (size_t i = 0; i < s->funcs.n; i++) s->funcs.p[i]->outer = is_outer(s->funcs.p[i]);
    bool changed = true;
    for (int round = 0; round < ROUNDS && changed; round++) {
        changed = false;
        for (size_t i = 0; i < s->calls.n; i++) {
            const struct call *c = &s->calls.p[i];
            if (!c->callee || c->callee->outer || c->caller->test || !c->caller->outer) continue;
            if (c->spawns || c->thread->kind != THREAD_BODY) continue;
            changed = c->callee->outer = true;
        }
    }
}

static const struct gthread *only_root(const struct access *a)
{
    const struct gthread *t = a->thread;
    if (t->kind == THREAD_BODY) {
        const struct gfunc *f = a->func;
        return f->outer || f->root_multi || f->root_many || f->root[1] ? NULL : f->root[0];
    }
    return t->kind == THREAD_GO && !t->multi && !t->loop ? t : NULL;
}

static bool in_setup(const struct access *a)
{
    return a->func->setup_only && a->thread->kind == THREAD_BODY && !a->state->started &&
           !(a->loop && a->loop->endless);
}

// Some function returns the map itself: who knows where it is read then.
static bool handed_out(const struct scan *s, const void *class)
{
    for (size_t i = 0; i < s->funcs.n; i++) {
        const struct gfunc *f = s->funcs.p[i];
        if (f->returns_place && !f->test && place_class(f->returns_place) == class) return true;
    }
    return false;
}

bool doubt_one_goroutine(const struct scan *s, struct access *const *a, size_t n)
{
    const struct gthread *one = NULL;
    for (size_t i = 0; i < n; i++) {
        if (in_setup(a[i])) continue;
        const struct gthread *t = only_root(a[i]);
        if (!t || t->kind != THREAD_GO || t->multi || t->loop || (one && t != one)) return false;
        one = t;
    }
    return one && !handed_out(s, a[0]->class);
}

// ---- maps that only init functions write ----

static bool at_init(const struct gfunc *f)
{
    if (f->is_init) return true;
    for (size_t i = 0; i < f->callers.n; i++)
        if (!f->callers.p[i]->caller->is_init && !f->callers.p[i]->init) return false;
    return f->callers.n && !f->value_used && !f->given_out && !f->handler && !f->called_by_name;
}

bool doubt_written_at_init(struct access *const *a, size_t n)
{
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        if (a[i]->op != ACCESS_WRITE) continue;
        if (a[i]->thread->kind != THREAD_BODY || !at_init(a[i]->func)) return false;
        any = true;
    }
    return any;
}

void doubt_prepare(struct scan *s)
{
    find_called_by_name(s);
    find_setup(s);
    find_tested(s);
    find_outer(s);
}

// ---- accesses ----

// A server that a test runs has its one client.
static bool of_test_server(const struct access *a)
{
    return a->file->in->test && a->thread->kind == THREAD_HANDLER;
}

bool doubt_access(const struct access *a)
{
    return in_setup(a) || of_test_server(a) || tests_only(a->func) || note_not_concurrent(a->func);
}

// `s.locks[i].Lock(); s.maps[i][k] = v`: a lock for each of many maps.
bool doubt_striped(const struct access *a)
{
    for (uint8_t i = 0; i < a->state->n; i++) {
        const struct held *h = &a->state->held[i];
        if (h->mode < (a->op == ACCESS_WRITE ? HOLD_WRITE : HOLD_READ) || !h->place ||
            place_root(h->place) != place_root(a->place))
            continue;
        for (const struct place *l = h->place; l; l = l->parent)
            for (const struct place *p = a->place; l->kind == P_INDEX && p; p = p->parent)
                if (p->kind == P_INDEX && p->hash == l->hash) return true;
    }
    return false;
}

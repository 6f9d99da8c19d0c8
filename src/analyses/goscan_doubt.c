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

void doubt_prepare(struct scan *s)
{
    find_called_by_name(s);
    find_setup(s);
}

// ---- accesses ----

// A server that a test runs has its one client.
static bool of_test_server(const struct access *a)
{
    return a->file->in->test && a->thread->kind == THREAD_HANDLER;
}

bool doubt_access(const struct access *a)
{
    bool setup = a->func->setup_only && a->thread->kind == THREAD_BODY && !a->state->started &&
                 !(a->loop && a->loop->endless);
    return setup || of_test_server(a);
}

// `s.locks[i].Lock(); s.maps[i][k] = v`: a lock for each of many maps.
bool doubt_striped(const struct access *a)
{
    for (uint8_t i = 0; i < a->state->n; i++) {
        const struct held *h = &a->state->held[i];
        if (h->mode < HOLD_READ || !h->place || place_root(h->place) != place_root(a->place))
            continue;
        for (const struct place *l = h->place; l; l = l->parent)
            for (const struct place *p = a->place; l->kind == P_INDEX && p; p = p->parent)
                if (p->kind == P_INDEX && p->hash == l->hash) return true;
    }
    return false;
}

// SPDX-License-Identifier: Apache-2.0
#include "model/dump.h"

#include "base/cleanup.h"
#include "model/gofunc.h"

static size_t first_from(const struct dump *d, const struct dump_group *g, size_t from, bool user)
{
    for (size_t i = from; i < g->n_stack; i++) {
        struct str f = d->frame.p[g->stack[i]].function;
        if (user ? !gofunc_is_std(f) : !gofunc_is_runtime(f)) return i;
    }
    return g->n_stack;
}

size_t dump_first_frame(const struct dump *d, const struct dump_group *g, bool user)
{
    return first_from(d, g, 0, user);
}

// Behind the outermost panic that the stack of the one that died of it is in; 0 for all others.
static size_t behind_panic(const struct dump *d, const struct dump_group *g)
{
    if (d->fatal_record >= d->n || g != dump_group_of(d, d->fatal_record)) return 0;
    size_t n = str_find(d->fatal, STR("panic")) == STR_NPOS ? 0 : g->n_stack;
    while (n && !str_eqc(d->frame.p[g->stack[n - 1]].function, "panic")) n--;
    return n;
}

const struct dump_frame *dump_user_frame(const struct dump *d, const struct dump_group *g)
{
    size_t from = behind_panic(d, g), i = first_from(d, g, from, true);
    if (i == g->n_stack) i = first_from(d, g, from, false);
    return i < g->n_stack ? &d->frame.p[g->stack[i]] : NULL;
}

bool dump_fatal_is_map(struct str text)
{
    // A panic says what the program likes.
    return !str_starts(text, STR("panic: ")) && str_find(text, STR("concurrent map ")) != STR_NPOS;
}

struct str dump_fatal_public(struct str text)
{
    static const char *const texts[] = {
        "concurrent map writes",
        "concurrent map read and map write",
        "concurrent map iteration and map write",
        "concurrent map clone and map write",
        "concurrent map write and map clone",
        "concurrent map access", // said by maptrap itself, where the line is missing
    };
    for (size_t i = 0; i < array_size(texts); i++)
        if (str_find(text, str_from(texts[i])) != STR_NPOS) return str_from(texts[i]);
    return (struct str) { 0 };
}

uint64_t dump_crashes(const struct dump *d)
{
    uint64_t n = d->dumps ? d->dumps : 1;
    return d->fatal.p && n > d->recovered ? n - d->recovered : 0;
}

const char *dump_sure_name(enum dump_sure s)
{
    static const char *const names[] = { "certain", "probable", "possible" };
    return names[s];
}

void dump_deinit(struct dump *d)
{
    for (size_t i = 0; i < d->chunk.n; i++) free(d->chunk.p[i]);
    vec_deinit(&d->frame);
    vec_deinit(&d->state);
    vec_deinit(&d->group);
    vec_deinit(&d->chunk);
    vec_deinit(&d->race);
    arena_deinit(&d->arena);
}

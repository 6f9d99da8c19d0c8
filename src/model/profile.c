// SPDX-License-Identifier: Apache-2.0
#include "model/profile.h"

#include "base/buf.h"

const char *profile_format_name(enum profile_format f)
{
    static const char *const names[] = { "proto", "legacy", "perf", "folded" };
    return names[f];
}

void profile_deinit(struct profile *p)
{
    vec_deinit(&p->types);
    vec_deinit(&p->mappings);
    vec_deinit(&p->functions);
    vec_deinit(&p->lines);
    vec_deinit(&p->locations);
    vec_deinit(&p->stack);
    vec_deinit(&p->samples);
    vec_deinit(&p->values);
    vec_deinit(&p->labels);
    vec_deinit(&p->strings);
    vec_deinit(&p->comments);
    arena_deinit(&p->arena);
    *p = (struct profile) { 0 };
}

// Gives a table of the copy memory of its own.
#define OWN_TABLE(v)                                                                               \
    do {                                                                                           \
        const void *shared_ = (v)->p;                                                              \
        size_t n_ = (v)->n;                                                                        \
        (v)->p = NULL;                                                                             \
        (v)->cap = 0;                                                                              \
        vec_reserve((v), n_);                                                                      \
        if (n_) memcpy((v)->p, shared_, n_ * sizeof(*(v)->p));                                     \
    } while (0)

void profile_copy(const struct profile *p, struct profile *ret)
{
    *ret = *p;
    ret->arena = (struct arena) { 0 };
    OWN_TABLE(&ret->types);
    OWN_TABLE(&ret->mappings);
    OWN_TABLE(&ret->functions);
    OWN_TABLE(&ret->lines);
    OWN_TABLE(&ret->locations);
    OWN_TABLE(&ret->stack);
    OWN_TABLE(&ret->samples);
    OWN_TABLE(&ret->values);
    OWN_TABLE(&ret->labels);
    OWN_TABLE(&ret->strings);
    OWN_TABLE(&ret->comments);
}

void profile_break(struct profile *p, uint64_t at, const char *fmt, ...)
{
    if (p->broke) return;
    char why[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(why, sizeof(why), fmt, args);
    va_end(args);
    p->broke = true;
    p->broke_at = at;
    p->broke_why = arena_cstr(&p->arena, str_from(why));
}

struct err *profile_type_find(const struct profile *p, struct str name, size_t *ret)
{
    uint64_t position;
    if (str_to_u64(name, 10, &position) && position < p->types.n) {
        *ret = (size_t)position;
        return NULL;
    }
    struct str bare = str_starts(name, STR("inuse_")) ? str_sub(name, 6, name.n) : name;
    _cleanup_buf_ struct buf list = { 0 };
    for (size_t i = 0; i < p->types.n; i++) {
        struct str type = p->types.p[i].type;
        if (str_eq(type, name) || str_eq(type, bare)) {
            *ret = i;
            return NULL;
        }
        buf_printf(&list, "%s%.*s", i ? ", " : "", STR_ARG(type));
    }
    return err_new(ERR_USAGE, "no sample type '%.*s' in this profile; it has: %s", STR_ARG(name),
                   buf_cstr(&list));
}

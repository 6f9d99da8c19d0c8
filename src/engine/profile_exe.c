// SPDX-License-Identifier: Apache-2.0
#include "engine/profile_exe.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/map.h"
#include "model/gofunc.h"

enum {
    CALL_BYTES = 5, // call rel32
    COMPARED = 256, // locations that are looked at to recognise a binary
};

struct restorer {
    struct profile *p;
    const struct code_names *exe;
    struct map callee_at;             // location → location of its callee + 1, 0 = none
    struct strmap location_of_callee; // name → location
};

// The address as the file has it.
static uint64_t link_address(const struct restorer *r, const struct profile_location *l)
{
    uint64_t bias;
    if (l->mapping == PROFILE_NONE) return l->address;
    const struct profile_mapping *m = &r->p->mappings.p[l->mapping];
    if (!code_names_bias(r->exe, m->start, m->offset, &bias)) return l->address;
    return l->address - bias;
}

static bool keeps_maps(struct str name)
{
    return gofunc_map_op(name) != MAP_OP_NONE || str_starts(name, STR("runtime.makemap"));
}

static uint32_t new_location(struct restorer *r, struct str name)
{
    struct profile *p = r->p;
    bool fresh;
    uint64_t *location = strmap_put(&r->location_of_callee, name, &fresh);
    if (!fresh) return (uint32_t)*location;
    vec_push(&p->functions, (struct profile_function) { .name = name, .system_name = name });
    vec_push(&p->lines, (struct profile_line) { .function = (uint32_t)p->functions.n - 1 });
    vec_push(&p->locations, (struct profile_location) { .mapping = PROFILE_NONE,
                                                        .line = (uint32_t)p->lines.n - 1,
                                                        .n_lines = 1 });
    *location = p->locations.n - 1;
    return (uint32_t)p->locations.n - 1;
}

// A profile's address of a call is its last byte, so the call itself began four bytes before.
static uint32_t callee_of(struct restorer *r, uint32_t location)
{
    bool fresh;
    uint64_t *known = map_put(&r->callee_at, location, &fresh);
    if (!fresh) return *known ? (uint32_t)*known - 1 : PROFILE_NONE;
    const struct profile_location *l = &r->p->locations.p[location];
    uint64_t end = link_address(r, l) + 1;
    uint8_t code[CALL_BYTES];
    struct str name;
    int32_t distance;
    if (!l->address || !code_names_read(r->exe, end - CALL_BYTES, code, CALL_BYTES) ||
        code[0] != 0xe8)
        return PROFILE_NONE;
    memcpy(&distance, code + 1, sizeof(distance));
    if (!code_names_function(r->exe, end + (uint64_t)(int64_t)distance, &name) || !keeps_maps(name))
        return PROFILE_NONE;
    uint32_t callee = new_location(r, name);
    *map_get(&r->callee_at, location) = (uint64_t)callee + 1;
    return callee;
}

// Locations without a name get those of the binary, inlined frames and lines too.
static void name_locations(struct restorer *r)
{
    struct profile *p = r->p;
    struct strmap functions = { 0 };
    struct frame frame[LIMIT_INLINE_DEPTH];
    for (size_t i = 0; i < p->locations.n; i++) {
        struct profile_location *l = &p->locations.p[i];
        if (l->n_lines || !l->address) continue;
        size_t n = code_names_frames(r->exe, link_address(r, l), frame, array_size(frame));
        if (n) l->line = (uint32_t)p->lines.n;
        for (size_t k = 0; k < n; k++) {
            bool fresh;
            uint64_t *f = strmap_put(&functions, frame[k].function, &fresh);
            if (fresh) {
                *f = p->functions.n;
                vec_push(&p->functions,
                         (struct profile_function) { .name = frame[k].function,
                                                     .system_name = frame[k].function,
                                                     .file = frame[k].file });
            }
            vec_push(&p->lines,
                     (struct profile_line) { .function = (uint32_t)*f, .line = frame[k].line });
        }
        l->n_lines = (uint32_t)n;
    }
    strmap_deinit(&functions);
}

bool profile_hides_runtime(const struct profile *p)
{
    bool heap = false;
    for (size_t i = 0; i < p->types.n; i++) heap |= str_ends(p->types.p[i].type, STR("space"));
    return heap;
}

size_t profile_restore(struct profile *p, const struct code_names *exe)
{
    struct restorer r = { .p = p, .exe = exe };
    size_t restored = 0;
    name_locations(&r);
    VEC(uint32_t) stack = { 0 };
    if (profile_hides_runtime(p) && p->stack.n + p->samples.n <= PROFILE_MAX_STACK) {
        for (size_t i = 0; i < p->samples.n; i++) {
            struct profile_sample *s = &p->samples.p[i];
            uint32_t from = (uint32_t)stack.n;
            uint32_t callee = s->n_stack ? callee_of(&r, p->stack.p[s->stack]) : PROFILE_NONE;
            if (callee != PROFILE_NONE) {
                vec_push(&stack, callee);
                restored++;
            }
            for (uint32_t k = 0; k < s->n_stack; k++) vec_push(&stack, p->stack.p[s->stack + k]);
            s->stack = from;
            s->n_stack = (uint32_t)stack.n - from;
        }
        vec_deinit(&p->stack);
        p->stack.p = stack.p;
        p->stack.n = stack.n;
        p->stack.cap = stack.cap;
    }
    map_deinit(&r.callee_at);
    strmap_deinit(&r.location_of_callee);
    return restored;
}

// Without type arguments, which the tables of a binary abbreviate.
static struct str bare(struct str name)
{
    return str_sub(name, 0, str_find_char(name, '['));
}

// Whether a function has the code at an address, itself or inlined there.
static bool lies_at(const struct restorer *r, const struct profile_location *l, struct str function)
{
    struct frame frame[LIMIT_INLINE_DEPTH];
    size_t n = code_names_frames(r->exe, link_address(r, l), frame, array_size(frame));
    for (size_t i = 0; i < n; i++)
        if (str_eq(bare(frame[i].function), bare(function))) return true;
    return false;
}

bool profile_is_of(const struct profile *p, const struct code_names *exe)
{
    const struct restorer r = { .p = (struct profile *)(uintptr_t)p, .exe = exe };
    size_t looked = 0, same = 0;
    for (size_t i = 0; i < p->locations.n && looked < COMPARED; i++) {
        const struct profile_location *l = &p->locations.p[i];
        if (!l->address || !l->n_lines) continue;
        uint32_t f = p->lines.p[l->line + l->n_lines - 1].function;
        if (f == PROFILE_NONE) continue;
        looked++;
        same += lies_at(&r, l, p->functions.p[f].name);
    }
    return looked && same * 20 >= looked * 19;
}

// SPDX-License-Identifier: Apache-2.0
#include "analyses/profile_maps.h"

#include "analyses/profile_top.h"
#include "base/map.h"

// What a function's name says, found once for each; the package only for stacks with a map
// operation on them.
struct kind {
    uint8_t op;
    bool known;   // the rest is
    bool runtime; // runtime, reflect or maps: the way to the operation
    bool std;
};

struct key {
    uint64_t line;
    uint32_t function, via;
    uint64_t op;
};

struct walk {
    const struct profile_view *v;
    struct profile_sites *out;
    struct kind *kinds;
    struct strmap index; // struct key → site
    struct arena arena;
    bool writes_only;
    uint64_t map_value;
};

static bool is_way(struct str name)
{
    struct str package = gofunc_package(name);
    return gofunc_is_runtime(name) || str_eqc(package, "reflect") || str_eqc(package, "maps") ||
           str_eqc(package, "internal/abi");
}

static const struct kind *kind_of(const struct walk *w, const struct profile_frames *stack,
                                  size_t i)
{
    struct kind *k = &w->kinds[stack->p[i].node];
    if (!k->known) {
        struct str name = w->v->names.p[stack->p[i].node];
        k->runtime = is_way(name);
        k->std = gofunc_is_std(name);
        k->known = true;
    }
    return k;
}

// Where the operation and the site are on a stack.
struct found {
    enum map_op op;
    size_t site, via; // via == site: none
};

static bool find_site(const struct walk *w, const struct profile_frames *stack, struct found *ret)
{
    size_t i = 0;
    while (i < stack->n && !w->kinds[stack->p[i].node].op) i++;
    if (i == stack->n) return false;
    ret->op = MAP_OP_NONE;
    for (; i < stack->n && kind_of(w, stack, i)->runtime; i++) {
        enum map_op op = (enum map_op)w->kinds[stack->p[i].node].op;
        if (op && (op != MAP_OP_GROW || !ret->op)) ret->op = op;
    }
    size_t way = i; // the first frame outside runtime, reflect and maps
    while (i < stack->n && kind_of(w, stack, i)->std) i++;
    bool all_std = i == stack->n;
    ret->site = all_std ? (way < stack->n ? way : stack->n - 1) : i;
    ret->via = ret->site;
    if (all_std) return true;
    if (way < ret->site) {
        ret->via = way;
    } else {
        struct str door = way ? w->v->names.p[stack->p[way - 1].node] : STR("");
        if (way && !gofunc_is_runtime(door)) ret->via = way - 1;
    }
    return true;
}

static void add_site(struct walk *w, const struct profile_frames *stack, const struct found *f,
                     int64_t value)
{
    const struct profile *p = w->v->p;
    struct profile_frame site = stack->p[f->site];
    const struct profile_line *line = site.line == PROFILE_NONE ? NULL : &p->lines.p[site.line];
    struct key key = {
        .line = line ? (uint64_t)line->line : 0,
        .function = site.node,
        .via = f->via == f->site ? PROFILE_NONE : stack->p[f->via].node,
        .op = f->op,
    };
    const uint64_t *known = strmap_get(&w->index, str_make(&key, sizeof(key)));
    size_t at = known ? (size_t)*known : w->out->sites.n;
    if (!known) {
        *strmap_put(&w->index, arena_str(&w->arena, str_make(&key, sizeof(key))), NULL) = at;
        bool has_function = line && line->function != PROFILE_NONE;
        vec_push(&w->out->sites,
                 (struct profile_site) {
                     .function = w->v->names.p[site.node],
                     .file = has_function ? p->functions.p[line->function].file : STR(""),
                     .via = key.via == PROFILE_NONE ? STR("") : w->v->names.p[key.via],
                     .line = (int64_t)key.line,
                     .op = f->op,
                 });
    }
    struct profile_site *s = &w->out->sites.p[at];
    s->value = (int64_t)((uint64_t)s->value + (uint64_t)value);
}

static int compare_sites(const void *pa, const void *pb)
{
    const struct profile_site *a = pa, *b = pb;
    uint64_t va = a->value < 0 ? 0 - (uint64_t)a->value : (uint64_t)a->value;
    uint64_t vb = b->value < 0 ? 0 - (uint64_t)b->value : (uint64_t)b->value;
    if (va != vb) return va > vb ? -1 : 1;
    int order = str_cmp(a->function, b->function);
    if (!order) order = (a->line > b->line) - (a->line < b->line);
    if (!order) order = (int)a->op - (int)b->op;
    return order ? order : str_cmp(a->via, b->via);
}

// A sample with no map operation among its locations is passed over without looking at its frames.
static uint8_t *locations_with_op(struct walk *w)
{
    const struct profile *p = w->v->p;
    uint8_t *has = arena_array(&w->arena, uint8_t, p->locations.n + 1);
    for (size_t i = 0; i < p->locations.n; i++) {
        struct profile_run run = w->v->at[i];
        for (uint32_t f = 0; f < run.n; f++)
            if (w->kinds[w->v->frames.p[run.first + f].node].op) has[i] = 1;
    }
    return has;
}

static enum map_op op_of(struct str name, bool writes_only)
{
    enum map_op op = gofunc_map_op(name);
    if (op || writes_only || !str_starts(name, STR("runtime.makemap"))) return op;
    return MAP_OP_MAKE;
}

void profile_sites_init(struct profile_sites *s, const struct profile_view *v, size_t type,
                        bool writes_only)
{
    *s = (struct profile_sites) { 0 };
    const struct profile *p = v->p;
    struct walk w = { .v = v, .out = s, .writes_only = writes_only };
    w.kinds = arena_array(&w.arena, struct kind, v->names.n + 1);
    for (size_t i = 0; i < v->names.n; i++)
        w.kinds[i].op = (uint8_t)op_of(v->names.p[i], writes_only);
    const uint8_t *has = locations_with_op(&w);
    struct profile_frames stack = { 0 };
    for (size_t i = 0; i < p->samples.n; i++) {
        int64_t value = profile_value(p, i, type);
        const struct profile_sample *sample = &p->samples.p[i];
        bool any = false;
        for (uint32_t k = 0; k < sample->n_stack; k++) any |= has[p->stack.p[sample->stack + k]];
        struct found f;
        if (!any || value == 0 || !profile_view_keeps(v, i)) continue;
        profile_view_stack(v, i, &stack);
        if (!find_site(&w, &stack, &f)) continue;
        w.map_value += (uint64_t)value;
        if (!writes_only || map_op_writes(f.op)) add_site(&w, &stack, &f, value);
    }
    s->total = profile_total(p, type);
    s->map_value = (int64_t)w.map_value;
    if (s->sites.n) qsort(s->sites.p, s->sites.n, sizeof(*s->sites.p), compare_sites);
    vec_deinit(&stack);
    strmap_deinit(&w.index);
    arena_deinit(&w.arena);
}

void profile_sites_deinit(struct profile_sites *s)
{
    vec_deinit(&s->sites);
}

bool profile_heap_type(const struct profile *p, size_t *ret)
{
    static const char *const names[] = { "inuse_space", "space", "alloc_space" };
    for (size_t n = 0; n < array_size(names); n++)
        for (size_t i = 0; i < p->types.n; i++)
            if (str_eqc(p->types.p[i].type, names[n]) && str_eqc(p->types.p[i].unit, "bytes")) {
                *ret = i;
                return true;
            }
    return false;
}

// SPDX-License-Identifier: Apache-2.0
#include "analyses/dump_views.h"

#include "analyses/symptoms.h"
#include "base/cleanup.h"
#include "model/gofunc.h"

#include <stdlib.h>

static int by_count(const void *a, const void *b)
{
    const struct dump_count *x = a, *y = b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return str_cmp(x->name, y->name);
}

static int by_size(const void *a, const void *b, void *arg)
{
    const struct dump *d = arg;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    uint64_t n = d->group.p[x].count, m = d->group.p[y].count;
    return n != m ? (n < m ? 1 : -1) : x < y ? -1 : x > y;
}

static uint64_t lenient_key(const struct dump *d, const struct dump_group *g)
{
    uint64_t h = g->state + 1;
    for (size_t i = 0; i < g->n_stack; i++)
        h = h * 0x9e3779b97f4a7c15u ^ str_hash(d->frame.p[g->stack[i]].function);
    if (g->creator != DUMP_NONE)
        h = h * 0x9e3779b97f4a7c15u ^ str_hash(d->frame.p[g->creator].function);
    return h;
}

// Groups that differ in lines only become the first of them.
static void merge_lenient(struct dump *d)
{
    struct map seen = { 0 };
    for (size_t i = 0; i < d->n; i++) {
        struct dump_goroutine *r = dump_at(d, i);
        bool fresh;
        uint64_t *first = map_put(&seen, lenient_key(d, &d->group.p[r->group]), &fresh);
        if (fresh) *first = r->group;
        if (*first == r->group) continue;
        d->group.p[r->group].count -= r->count;
        d->group.p[*first].count += r->count;
        r->group = (uint32_t)*first;
    }
    map_deinit(&seen);
}

static void list_ids(struct dump_view *v, const struct dump *d)
{
    size_t n = d->group.n;
    v->ids_from = arena_array(&v->arena, size_t, n + 1);
    for (size_t i = 0; i < d->n; i++)
        if (dump_at(d, i)->id && v->ids_from[dump_at(d, i)->group + 1] < DUMP_GROUP_IDS)
            v->ids_from[dump_at(d, i)->group + 1]++;
    for (size_t i = 0; i < n; i++) v->ids_from[i + 1] += v->ids_from[i];
    v->ids = arena_array(&v->arena, uint64_t, v->ids_from[n] + 1);
    size_t *at = arena_array(&v->arena, size_t, n + 1);
    memcpy(at, v->ids_from, n * sizeof(*at));
    for (size_t i = 0; i < d->n; i++) {
        const struct dump_goroutine *r = dump_at(d, i);
        if (r->id && at[r->group] < v->ids_from[r->group + 1]) v->ids[at[r->group]++] = r->id;
    }
}

// Whether a dump prints frames of the runtime at all: these stand in every one that does.
static bool runtime_shown(const struct dump *d)
{
    static const char *const always[] = { "runtime.gopark", "runtime.goexit", "runtime.main" };
    for (size_t i = 0; i < d->frame.n; i++)
        for (size_t k = 0; k < array_size(always); k++)
            if (str_eqc(d->frame.p[i].function, always[k])) return true;
    return false;
}

// A table of names as a list, most first; takes the table.
static void list_counts(struct strmap *m, struct dump_counts *c)
{
    for (size_t i = 0; i < m->cap; i++)
        if (m->slot[i].used) vec_push(c, (struct dump_count) { m->slot[i].key, m->slot[i].value });
    if (c->n) qsort(c->p, c->n, sizeof(*c->p), by_count);
    strmap_deinit(m);
}

// Fatal and throw may stand on top of the operation.
static void count_map_operation(struct dump_view *v, const struct dump *d,
                                const struct dump_group *g)
{
    for (size_t k = 0; k < g->n_stack; k++) {
        struct str f = d->frame.p[g->stack[k]].function;
        enum map_op op = gofunc_map_op(f);
        if (op) v->map_top += g->count;
        if (map_op_writes(op)) v->write_top += g->count;
        if (op || !gofunc_is_runtime(f)) break;
    }
}

static void count_all(struct dump_view *v, struct dump *d)
{
    v->order = arena_array(&v->arena, uint32_t, d->group.n + 1);
    struct strmap state = { 0 }, top = { 0 }, creator = { 0 };
    for (size_t i = 0; i < d->group.n; i++) {
        const struct dump_group *g = &d->group.p[i];
        if (g->count == 0) continue;
        v->order[v->n_order++] = (uint32_t)i;
        *strmap_put(&state, d->state.p[g->state], NULL) += g->count;
        if (g->creator != DUMP_NONE)
            *strmap_put(&creator, d->frame.p[g->creator].function, NULL) += g->count;
        if (g->n_stack == 0) continue;
        *strmap_put(&top, d->frame.p[g->stack[0]].function, NULL) += g->count;
        count_map_operation(v, d, g);
    }
    qsort_r(v->order, v->n_order, sizeof(*v->order), by_size, d);
    list_counts(&state, &v->state);
    list_counts(&top, &v->top);
    list_counts(&creator, &v->creator);
}

// "main.(*store)" of "main.(*store).put"; empty for a plain function.
static struct str receiver_type(struct str f)
{
    size_t close = str_find(f, STR(")."));
    return close == STR_NPOS ? STR("") : str_sub(f, 0, close + 1);
}

static bool stack_has(const struct dump *d, const struct dump_group *g, struct str function)
{
    for (size_t i = 0; i < g->n_stack; i++)
        if (str_eq(d->frame.p[g->stack[i]].function, function)) return true;
    return false;
}

// The map operation that a stack stands in, or NULL.
static const struct dump_frame *map_frame(const struct dump *d, const struct dump_group *g)
{
    for (size_t i = 0; i < g->n_stack; i++) {
        const struct dump_frame *f = &d->frame.p[g->stack[i]];
        if (gofunc_map_op(f->function)) return f;
        if (!gofunc_is_runtime(f->function)) break;
    }
    return NULL;
}

// What a goroutine has in common with the one that died, and what each is worth.
enum {
    WHY_FUNCTION = 1 << 0,
    WHY_TYPE = 1 << 1,
    WHY_MAP_OP = 1 << 2,
    WHY_UNAVAILABLE = 1 << 3,
    WHY_RUNNING = 1 << 4,
    WHY_RUNNABLE = 1 << 5,
    WHY_SIBLING = 1 << 6,
    WHY_POINTER = 1 << 7,
    WHY_KNOWN = 1 << 8, // reckoned
};

static unsigned group_reasons(const struct dump *d, const struct dump_group *f,
                              const struct dump_group *g)
{
    unsigned why = WHY_KNOWN;
    const struct dump_frame *mine = dump_user_frame(d, f), *its = dump_user_frame(d, g);
    struct str state = d->state.p[g->state];
    if (mine && stack_has(d, g, mine->function)) {
        why |= WHY_FUNCTION;
    } else if (mine && its) {
        struct str type = receiver_type(mine->function);
        if (type.n && str_eq(type, receiver_type(its->function))) why |= WHY_TYPE;
    }
    if (map_frame(d, g)) why |= WHY_MAP_OP;
    if (g->unavailable)
        why |= WHY_UNAVAILABLE;
    else if (str_starts(state, STR("running")))
        why |= WHY_RUNNING;
    else if (str_starts(state, STR("runnable")))
        why |= WHY_RUNNABLE;
    if (f->creator != DUMP_NONE && g->creator != DUMP_NONE &&
        str_eq(d->frame.p[f->creator].function, d->frame.p[g->creator].function))
        why |= WHY_SIBLING;
    return why;
}

static unsigned score_of(unsigned why)
{
    static const unsigned worth[] = { DUMP_SAME_FUNCTION, DUMP_SAME_RECEIVER_TYPE,
                                      DUMP_IN_MAP_OP,     DUMP_RUNNING,
                                      DUMP_RUNNING,       DUMP_RUNNABLE,
                                      DUMP_SIBLING,       DUMP_SAME_POINTER };
    unsigned score = 0;
    for (size_t i = 0; i < array_size(worth); i++)
        if (why >> i & 1) score += worth[i];
    return score;
}

static uint64_t common_pointer(const struct dump_goroutine *a, const struct dump_goroutine *b)
{
    for (size_t i = 0; i < a->n_args; i++)
        for (size_t k = 0; k < b->n_args; k++)
            if (a->arg[i] == b->arg[k]) return a->arg[i];
    return 0;
}

static void reason(struct dump_suspect *s, const char *why)
{
    if (s->n_why < array_size(s->why)) s->why[s->n_why++] = why;
}

// The reasons in words.
static void explain(struct dump_view *v, const struct dump *d, struct dump_suspect *s)
{
    const struct dump_goroutine *fr = dump_at(d, d->fatal_record), *r = dump_at(d, s->record);
    const struct dump_group *f = &d->group.p[fr->group], *g = &d->group.p[r->group];
    const struct dump_frame *mine = dump_user_frame(d, f);
    s->frame = dump_user_frame(d, g);
    if (s->reasons & WHY_FUNCTION)
        reason(s, arena_printf(&v->arena, "in the same function, %.*s", STR_ARG(mine->function)));
    if (s->reasons & WHY_TYPE)
        reason(s, arena_printf(&v->arena, "in a method of the same type, %.*s",
                               STR_ARG(receiver_type(mine->function))));
    if (s->reasons & WHY_MAP_OP)
        reason(s, arena_printf(&v->arena, "inside a map operation, %.*s",
                               STR_ARG(map_frame(d, g)->function)));
    if (s->reasons & WHY_UNAVAILABLE)
        reason(s, "running on another thread at that instant (its stack is not shown)");
    if (s->reasons & WHY_RUNNING) reason(s, "running at that instant");
    if (s->reasons & WHY_RUNNABLE) reason(s, "runnable at that instant");
    if (s->reasons & WHY_SIBLING)
        reason(s, arena_printf(&v->arena, "created by the same function, %.*s",
                               STR_ARG(d->frame.p[f->creator].function)));
    if (s->reasons & WHY_POINTER)
        reason(s, arena_printf(&v->arena, "has the same receiver or argument, 0x%llx",
                               (unsigned long long)common_pointer(fr, r)));
}

static void insert(struct dump_view *v, struct dump_suspect s)
{
    size_t at = v->n_suspect;
    while (at > 0 && v->suspect[at - 1].score < s.score) at--;
    if (at == DUMP_SUSPECTS) return;
    if (v->n_suspect < DUMP_SUSPECTS) v->n_suspect++;
    memmove(&v->suspect[at + 1], &v->suspect[at], (v->n_suspect - at - 1) * sizeof(s));
    v->suspect[at] = s;
}

static void rank_suspects(struct dump_view *v, const struct dump *d)
{
    if (d->fatal_record >= d->n || !dump_fatal_is_map(d->fatal)) return;
    const struct dump_goroutine *f = dump_at(d, d->fatal_record);
    const struct dump_group *fg = &d->group.p[f->group];
    uint16_t *reasons =
        arena_array(&v->arena, uint16_t, d->group.n + 1); // of groups, reckoned once
    for (size_t i = 0; i < d->n; i++) {
        const struct dump_goroutine *r = dump_at(d, i);
        if (i == d->fatal_record || r->id == f->id || r->dump != f->dump) continue;
        if (!reasons[r->group])
            reasons[r->group] = (uint16_t)group_reasons(d, fg, &d->group.p[r->group]);
        unsigned why = reasons[r->group] | (common_pointer(f, r) ? WHY_POINTER : 0);
        struct dump_suspect s = { .record = i, .score = score_of(why), .reasons = why };
        if (s.score >= DUMP_SUSPECT_MIN) insert(v, s);
    }
    for (size_t i = 0; i < v->n_suspect; i++) explain(v, d, &v->suspect[i]);
}

// Where the goroutines of one dump are, by their ids: record + 1, open addressing, 0 = empty.
struct id_index {
    uint32_t *slot;
    size_t cap;
};

static uint32_t *id_slot(const struct id_index *x, const struct dump *d, uint64_t id)
{
    size_t i = (id * 0x9e3779b97f4a7c15u >> 20) & (x->cap - 1);
    while (x->slot[i] && dump_at(d, x->slot[i] - 1)->id != id) i = (i + 1) & (x->cap - 1);
    return &x->slot[i];
}

static struct id_index index_ids(struct dump_view *v, const struct dump *d, uint32_t dump)
{
    struct id_index x = { .cap = 16 };
    while (x.cap < d->n * 2) x.cap *= 2;
    x.slot = arena_array(&v->arena, uint32_t, x.cap);
    for (size_t i = 0; i < d->n; i++) {
        if (dump_at(d, i)->dump != dump) continue;
        uint32_t *slot = id_slot(&x, d, dump_at(d, i)->id);
        if (*slot == 0) *slot = (uint32_t)i + 1;
    }
    return x;
}

// Packages that stacks name from Go 1.24 on only. There a fatal map error leaves the frame
// internal/runtime/maps.fatal, whether its line is missing or not.
static bool shows_go_1_24(const struct dump *d)
{
    for (size_t i = 0; i < d->frame.n; i++)
        if (str_starts(d->frame.p[i].function, STR("internal/sync.")) ||
            str_starts(d->frame.p[i].function, STR("internal/runtime/maps.")))
            return true;
    return false;
}

// Whether another goroutine was at work at the first one's function, or at an object that it had.
static bool meets_first(const struct dump *d)
{
    const struct dump_group *first = dump_group_of(d, 0);
    size_t looked = 0;
    for (size_t i = 1; i < d->n && looked < DUMP_HEADLESS_MAX; i++) {
        const struct dump_group *g = dump_group_of(d, i);
        struct str state = d->state.p[g->state];
        if (!str_eqc(state, "running") && !str_eqc(state, "runnable")) continue;
        looked++;
        if (group_reasons(d, first, g) & WHY_FUNCTION) return true;
        if (common_pointer(dump_at(d, 0), dump_at(d, i))) return true;
    }
    return false;
}

// A crash log that has lost its fatal line (debug.SetCrashOutput, a log cut at its head), up to Go
// 1.23, where the runtime's frames are hidden too. It shows the goroutine that died first, running,
// with the program's own code on top: throws leave their frames there, and of the runtime's fatal
// errors only those about maps (and `go` of a nil function) leave none. But what runtime.Stack
// prints for a service that still lives looks the same, and so does a panic with GOTRACEBACK=all
// whose log is cut: alone it is called possible, with a second goroutine at the same place
// probable.
static void infer_headless(struct dump *d)
{
    if (d->fatal.p || d->process || d->races || d->n < 2 || dump_at(d, 0)->id == 0) return;
    const struct dump_group *first = dump_group_of(d, 0);
    if (!str_eqc(d->state.p[first->state], "running") || first->n_stack == 0 ||
        gofunc_is_std(d->frame.p[first->stack[0]].function))
        return;
    // With them shown, the one that says "fatal" would be.
    if (d->runtime_frames_seen || shows_go_1_24(d)) return;
    bool meets = meets_first(d);
    d->fatal_sure = meets ? DUMP_PROBABLE : DUMP_POSSIBLE;
    d->fatal = meets ? STR("probably concurrent map access (the line that says why is missing; "
                           "runtime.Stack leaves a log like this too)")
                     : STR("possibly concurrent map access (the line that says why is missing; "
                           "runtime.Stack, or a panic with GOTRACEBACK=all, leaves a log like this "
                           "too)");
    d->fatal_goroutine = dump_at(d, 0)->id;
    d->fatal_record = 0;
}

static void find_chain(struct dump_view *v, const struct dump *d)
{
    if (d->fatal_record >= d->n || d->fatal_sure == DUMP_POSSIBLE) {
        for (size_t i = 0; i < d->n && v->chain.n < DUMP_CHAIN; i++)
            if (dump_group_of(d, i)->creator != DUMP_NONE) vec_push(&v->chain, i);
        return;
    }
    const struct dump_goroutine *g = dump_at(d, d->fatal_record);
    vec_push(&v->chain, d->fatal_record);
    if (!g->parent) return;
    struct id_index by_id = index_ids(v, d, g->dump);
    while (v->chain.n < DUMP_CHAIN && g->parent && g->parent < g->id) { // so there is no cycle
        uint32_t next = *id_slot(&by_id, d, g->parent);
        if (!next) return;
        vec_push(&v->chain, next - 1);
        g = dump_at(d, next - 1);
    }
}

void dump_view_init(struct dump_view *v, struct dump *d, bool lenient)
{
    *v = (struct dump_view) { 0 };
    if (lenient) merge_lenient(d);
    if (!d->runtime_frames_seen) d->runtime_frames_seen = runtime_shown(d);
    count_all(v, d);
    list_ids(v, d);
    infer_headless(d);
    rank_suspects(v, d);
    find_chain(v, d);
    symptoms_find(v, d, NULL);
}

void dump_view_deinit(struct dump_view *v)
{
    vec_deinit(&v->state);
    vec_deinit(&v->top);
    vec_deinit(&v->creator);
    vec_deinit(&v->chain);
    vec_deinit(&v->symptom);
    arena_deinit(&v->arena);
}

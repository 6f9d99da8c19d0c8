// SPDX-License-Identifier: Apache-2.0
#include "model/gotrace.h"

#include "base/cleanup.h"

void gotrace_tables_init(struct gotrace_tables *t)
{
    *t = (struct gotrace_tables) { 0 };
    gotrace_string(t, STR(""));
    gotrace_stack(t, NULL, 0);
}

void gotrace_tables_deinit(struct gotrace_tables *t)
{
    vec_deinit(&t->string);
    vec_deinit(&t->frame);
    vec_deinit(&t->stack);
    vec_deinit(&t->goroutine);
    vec_deinit(&t->goroutine_near);
    strmap_deinit(&t->string_id);
    strmap_deinit(&t->frame_id);
    strmap_deinit(&t->stack_id);
    map_deinit(&t->goroutine_id);
    arena_deinit(&t->arena);
}

// The number of these bytes in a table that numbers in order of arrival. *fresh: it is `next`, and
// *kept are the bytes as the table keeps them.
static uint32_t number(struct gotrace_tables *t, struct strmap *ids, struct str bytes,
                       uint32_t next, bool *fresh, struct str *kept)
{
    const uint64_t *known = strmap_get(ids, bytes);
    *fresh = !known;
    if (known) return (uint32_t)*known;
    *kept = arena_str(&t->arena, bytes);
    *strmap_put(ids, *kept, NULL) = next;
    return next;
}

uint32_t gotrace_string(struct gotrace_tables *t, struct str s)
{
    bool fresh;
    struct str kept;
    uint32_t id = number(t, &t->string_id, s, (uint32_t)t->string.n, &fresh, &kept);
    if (fresh) vec_push(&t->string, kept);
    return id;
}

uint32_t gotrace_frame(struct gotrace_tables *t, uint64_t pc, uint32_t function, uint32_t file,
                       uint32_t line)
{
    struct {
        uint64_t pc;
        uint32_t function, file, line, zero;
    } key = { pc, function, file, line, 0 };
    bool fresh;
    struct str kept;
    uint32_t id =
        number(t, &t->frame_id, str_make(&key, sizeof(key)), (uint32_t)t->frame.n, &fresh, &kept);
    if (fresh)
        vec_push(&t->frame, (struct frame) { .function = t->string.p[function],
                                             .file = t->string.p[file],
                                             .line = line,
                                             .pc = pc });
    return id;
}

uint32_t gotrace_stack(struct gotrace_tables *t, const uint32_t *frame, uint32_t n)
{
    bool fresh;
    struct str kept;
    uint32_t id = number(t, &t->stack_id, str_make(frame, n * sizeof(*frame)), (uint32_t)t->stack.n,
                         &fresh, &kept);
    if (fresh)
        vec_push(&t->stack, (struct gotrace_stack) { (const uint32_t *)(const void *)kept.p, n });
    return id;
}

static uint32_t cache_goroutine(struct gotrace_tables *t, int64_t goid, uint32_t index)
{
    size_t slot = (uint64_t)goid % array_size(t->goroutine_cache);
    t->goroutine_cache[slot].goid = goid;
    t->goroutine_cache[slot].index = index + 1;
    return index;
}

uint32_t gotrace_goroutine_look_up(struct gotrace_tables *t, int64_t goid)
{
    const uint64_t *id = map_get(&t->goroutine_id, (uint64_t)goid);
    return id ? cache_goroutine(t, goid, (uint32_t)*id) : GOTRACE_NONE;
}

// Numbers a goroutine in the array, if it is not far beyond its end and the array not mostly empty.
// An array that is still short is given up for one that begins at the new goroutine.
static bool put_near(struct gotrace_tables *t, int64_t goid, uint32_t index)
{
    enum { SHORT = 256, GAP = 1024, SPARSE = 8 };
    uint64_t near = (uint64_t)goid - (uint64_t)t->goroutine_first;
    if (near >= t->goroutine_near.n + GAP || near >= SPARSE * t->goroutine.n + GAP) {
        if (goid < t->goroutine_first || t->goroutine_near.n > SHORT) return false;
        for (size_t i = 0; i < t->goroutine_near.n; i++)
            if (t->goroutine_near.p[i])
                *map_put(&t->goroutine_id, (uint64_t)t->goroutine_first + i, NULL) =
                    t->goroutine_near.p[i] - 1;
        vec_clear(&t->goroutine_near);
        t->goroutine_first = goid;
        near = 0;
    }
    while (t->goroutine_near.n <= near) vec_push(&t->goroutine_near, 0);
    t->goroutine_near.p[near] = index + 1;
    return true;
}

uint32_t gotrace_goroutine(struct gotrace_tables *t, int64_t goid)
{
    uint32_t known = gotrace_goroutine_find(t, goid);
    if (known != GOTRACE_NONE) return known;
    uint32_t index = (uint32_t)t->goroutine.n;
    vec_push(&t->goroutine, goid);
    if (put_near(t, goid, index)) return index;
    *map_put(&t->goroutine_id, (uint64_t)goid, NULL) = index;
    return cache_goroutine(t, goid, index);
}

size_t gotrace_tables_bytes(const struct gotrace_tables *t)
{
    return t->arena.used + t->string.cap * sizeof(*t->string.p) +
           t->frame.cap * sizeof(*t->frame.p) + t->stack.cap * sizeof(*t->stack.p) +
           t->goroutine.cap * sizeof(*t->goroutine.p) +
           (t->string_id.cap + t->frame_id.cap + t->stack_id.cap) * sizeof(struct strmap_slot) +
           t->goroutine_near.cap * sizeof(*t->goroutine_near.p) +
           t->goroutine_id.cap * sizeof(struct map_slot);
}

const struct frame *gotrace_user_frame(const struct gotrace_tables *t, uint32_t stack)
{
    for (uint32_t i = 0; i < t->stack.p[stack].n; i++) {
        const struct frame *f = gotrace_stack_frame(t, stack, i);
        if (!gofunc_is_runtime(f->function)) return f;
    }
    return NULL;
}

const struct frame *gotrace_own_frame(const struct gotrace_tables *t, uint32_t stack)
{
    for (uint32_t i = 0; i < t->stack.p[stack].n; i++) {
        const struct frame *f = gotrace_stack_frame(t, stack, i);
        if (!gofunc_is_std(f->function)) return f;
    }
    return NULL;
}

const struct frame *gotrace_root_frame(const struct gotrace_tables *t, uint32_t stack)
{
    uint32_t n = t->stack.p[stack].n;
    return n ? gotrace_stack_frame(t, stack, n - 1) : NULL;
}

enum map_op gotrace_stack_map_op(const struct gotrace_tables *t, uint32_t stack)
{
    enum map_op op = MAP_OP_NONE;
    for (uint32_t i = 0; i < t->stack.p[stack].n; i++) {
        struct str function = gotrace_stack_frame(t, stack, i)->function;
        enum map_op here = gofunc_map_op(function);
        if (!here && !gofunc_is_runtime(function)) break; // the user's own code from here on
        if (here) op = here; // the outermost of them: the entry that the user's code called
    }
    return op == MAP_OP_GROW ? MAP_OP_ASSIGN : op;
}

const char *gotrace_state_name(enum gotrace_state s)
{
    static const char *const names[] = {
        [GOTRACE_NOT_EXIST] = "none",    [GOTRACE_UNDETERMINED] = "unknown",
        [GOTRACE_RUNNABLE] = "runnable", [GOTRACE_RUNNING] = "running",
        [GOTRACE_SYSCALL] = "syscall",   [GOTRACE_WAITING] = "waiting",
    };
    return (size_t)s < array_size(names) ? names[s] : "";
}

const char *gotrace_range_name(enum gotrace_range r)
{
    static const char *const names[] = {
        [GOTRACE_STW] = "stop-the-world",
        [GOTRACE_GC] = "gc",
        [GOTRACE_SWEEP] = "sweep",
        [GOTRACE_ASSIST] = "gc assist",
    };
    return (size_t)r < array_size(names) ? names[r] : "";
}

// SPDX-License-Identifier: Apache-2.0
#include "decoders/godump_in.h"

#include "base/mem.h"
#include "model/gofunc.h"

struct godump_string {
    uint32_t hash, id; // id + 1; 0 = empty
};

static uint64_t hash_bytes(struct str s)
{
    uint64_t h = 0x9e3779b97f4a7c15u ^ s.n;
    const char *p = s.p;
    size_t n = s.n;
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        h = (h ^ w) * 0xff51afd7ed558ccdu;
        h ^= h >> 29;
    }
    uint64_t w = 0;
    memcpy(&w, p, n);
    h = (h ^ w) * 0xff51afd7ed558ccdu;
    return h ^ (h >> 32);
}

static const struct str too_many = { "(too many different names)", 26 };

static bool full(const struct godump_builder *b)
{
    return b->text_bytes > GODUMP_TEXT_MAX;
}

static void strings_grow(struct godump_strings *t)
{
    size_t cap = t->cap ? t->cap * 2 : 1024;
    struct godump_string *fresh = mem_zalloc(cap * sizeof(*fresh));
    for (size_t i = 0; i < t->cap; i++) {
        if (!t->slot[i].id) continue;
        size_t at = t->slot[i].hash & (cap - 1);
        while (fresh[at].id) at = (at + 1) & (cap - 1);
        fresh[at] = t->slot[i];
    }
    free(t->slot);
    t->slot = fresh;
    t->cap = cap;
}

static struct godump_string *find_string(const struct godump_strings *t, struct str s,
                                         uint32_t hash)
{
    size_t at = hash & (t->cap - 1);
    while (t->slot[at].id &&
           !(t->slot[at].hash == hash && str_eq(t->text.p[t->slot[at].id - 1], s)))
        at = (at + 1) & (t->cap - 1);
    return &t->slot[at];
}

// Whether a string with this hash may be in a table to which nothing is added any more. Where all
// names differ, that is asked for each of them: half a megabyte answers faster than the table.
static bool may_have(struct godump_strings *t, uint32_t hash)
{
    enum { FILTER_BITS = 22 };
    if (!t->filter) {
        t->filter = mem_zalloc((1u << FILTER_BITS) / 8);
        for (size_t i = 0; i < t->cap; i++) {
            uint32_t bit = t->slot[i].hash >> (32 - FILTER_BITS);
            if (t->slot[i].id) t->filter[bit / 64] |= 1ull << (bit % 64);
        }
    }
    uint32_t bit = hash >> (32 - FILTER_BITS);
    return t->filter[bit / 64] >> (bit % 64) & 1;
}

static uint32_t intern(struct godump_builder *b, struct godump_strings *t, struct str s,
                       bool *fresh)
{
    enum { STRING_BYTES = 64 }; // besides its text
    if (t->n + 1 > t->cap / 2) strings_grow(t);
    if (s.n > LIMIT_NAME_BYTES) s.n = LIMIT_NAME_BYTES;
    uint32_t hash = (uint32_t)hash_bytes(s);
    bool closed = full(b);
    struct godump_string *at = closed && !may_have(t, hash) ? NULL : find_string(t, s, hash);
    *fresh = false;
    if (at && at->id) return at->id - 1;
    if (closed) { // one name for all that come from now on
        if (t->too_many) return t->too_many - 1;
        s = too_many;
        hash = (uint32_t)hash_bytes(s);
        at = find_string(t, s, hash);
        t->too_many = at->id ? at->id : (uint32_t)t->text.n + 1;
        if (at->id) return at->id - 1;
    }
    *fresh = true;
    vec_push(&t->text, arena_str(&b->d->arena, s));
    b->text_bytes += s.n + STRING_BYTES;
    t->n++;
    *at = (struct godump_string) { hash, (uint32_t)t->text.n };
    return (uint32_t)t->text.n - 1;
}

// A direct-mapped memo in front of the tables: lines repeat, and comparing bytes is cheaper than
// hashing them. Where in it: the text's last bytes (lines differ at their end) and its length.
static size_t memo_at(struct str s, uint32_t salt)
{
    uint64_t w = 0;
    if (s.n >= 8)
        memcpy(&w, s.p + s.n - 8, 8);
    else if (s.n)
        memcpy(&w, s.p, s.n);
    w = (w ^ s.n ^ (uint64_t)salt << 32) * 0xff51afd7ed558ccdu;
    return w >> (64 - GODUMP_MEMO_BITS);
}

void godump_builder_deinit(struct godump_builder *b)
{
    free(b->functions.slot);
    free(b->functions.filter);
    free(b->locations.slot);
    free(b->locations.filter);
    vec_deinit(&b->functions.text);
    vec_deinit(&b->locations.text);
    vec_deinit(&b->is_std);
    vec_deinit(&b->unavailable);
    vec_deinit(&b->place);
    map_deinit(&b->frames);
    map_deinit(&b->groups);
    map_deinit(&b->states);
}

uint32_t godump_function(struct godump_builder *b, struct str name)
{
    bool fresh;
    uint32_t id = intern(b, &b->functions, name, &fresh);
    if (fresh) vec_push(&b->is_std, gofunc_is_std(name));
    return id;
}

bool godump_function_known(const struct godump_builder *b, struct str name, uint32_t *ret)
{
    uint32_t id = b->function_memo[memo_at(name, 0)];
    if (id == 0 || !str_eq(b->functions.text.p[id - 1], name)) return false;
    *ret = id - 1;
    return true;
}

void godump_function_remember(struct godump_builder *b, struct str name, uint32_t function)
{
    if (str_eq(b->functions.text.p[function], name))
        b->function_memo[memo_at(name, 0)] = function + 1;
}

uint32_t godump_state(struct godump_builder *b, struct str name)
{
    enum { STATES_MAX = 1000 };
    uint64_t *id = map_get(&b->states, hash_bytes(name));
    if (id) return (uint32_t)*id;
    if (b->d->state.n >= STATES_MAX) return 0;
    *map_put(&b->states, hash_bytes(name), NULL) = b->d->state.n;
    vec_push(&b->d->state, arena_str(&b->d->arena, str_sub(name, 0, 100)));
    return (uint32_t)b->d->state.n - 1;
}

static uint32_t place_of(struct godump_builder *b, struct str location)
{
    bool fresh;
    uint32_t place = intern(b, &b->locations, location, &fresh);
    if (!fresh) return place;
    struct str text = b->locations.text.p[place];
    size_t colon = str_rfind_char(text, ':');
    uint64_t line = 0;
    bool has = colon != STR_NPOS && str_to_u64(str_sub(text, colon + 1, text.n), 10, &line);
    vec_push(&b->place,
             (struct godump_place) { has ? (uint32_t)colon : (uint32_t)text.n, (uint32_t)line });
    return place;
}

static uint32_t frame_of(struct godump_builder *b, uint32_t function, struct str location,
                         uint32_t *ret_place)
{
    enum { FRAME_BYTES = 96 };
    uint32_t place = place_of(b, location);
    if (full(b) && !map_get(&b->frames, (uint64_t)function << 32 | place))
        place = place_of(b, too_many); // functions times places would be too many, too
    *ret_place = place;
    bool fresh;
    uint64_t *id = map_put(&b->frames, (uint64_t)function << 32 | place, &fresh);
    if (!fresh) return (uint32_t)*id;
    *id = b->d->frame.n;
    b->text_bytes += FRAME_BYTES;
    struct str name = b->functions.text.p[function];
    vec_push(&b->d->frame,
             (struct dump_frame) { name,
                                   str_sub(b->locations.text.p[place], 0, b->place.p[place].file_n),
                                   b->place.p[place].line });
    if (gofunc_is_runtime(name) && gofunc_map_op(name)) b->d->runtime_frames_seen = true;
    return (uint32_t)*id;
}

// A location is "file:line"; empty = unknown.
uint32_t godump_frame(struct godump_builder *b, uint32_t function, struct str location)
{
    struct godump_frame_memo *m = &b->frame_memo[memo_at(location, function)];
    if (m->used && m->function == function && str_eq(b->locations.text.p[m->place], location))
        return m->frame;
    uint32_t place, frame = frame_of(b, function, location, &place);
    if (str_eq(b->locations.text.p[place], location))
        *m = (struct godump_frame_memo) { function, place, frame, true };
    return frame;
}

static bool same_group(const struct dump_group *a, const struct godump_open *g)
{
    return a->state == g->state && a->n_stack == g->n_stack && a->unavailable == g->unavailable &&
           a->elided == g->elided && a->creator == (g->has_creator ? g->creator : DUMP_NONE) &&
           memcmp(a->stack, g->stack, g->n_stack * sizeof(*g->stack)) == 0;
}

static uint64_t group_hash(const struct godump_open *g)
{
    return hash_bytes(str_make(g->stack, g->n_stack * sizeof(*g->stack))) ^
           ((uint64_t)g->state << 40) ^
           (g->has_creator ? (g->creator + 1) * 0x9e3779b97f4a7c15u : 0) ^
           ((uint64_t)g->elided << 62) ^ ((uint64_t)g->unavailable << 63);
}

// The group, or DUMP_NONE and the free key for it.
static uint32_t find_group(const struct godump_builder *b, const struct godump_open *g,
                           uint64_t *ret_key)
{
    for (*ret_key = group_hash(g);; *ret_key += 0x9e3779b97f4a7c15u) {
        uint64_t *id = map_get(&b->groups, *ret_key);
        if (!id) return DUMP_NONE;
        if (same_group(&b->d->group.p[*id], g)) return (uint32_t)*id;
    }
}

// Too many different stacks: of this one only the top and the first frame that is not Go's own are
// kept, and nothing at all when there are too many of those.
static void shorten(struct godump_builder *b, struct godump_open *g)
{
    b->d->merged += g->count;
    g->elided = true;
    bool none = b->text_bytes > GODUMP_TEXT_MAX + GODUMP_TEXT_MAX / 8;
    if (none) g->has_creator = false;
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->n_stack && !none; i++) {
        bool user = !gofunc_is_std(b->d->frame.p[g->stack[i]].function);
        if (i == 0 || user) g->stack[n++] = g->stack[i];
        if (user) break;
    }
    g->n_stack = n;
}

// May shorten the stack.
static uint32_t make_group(struct godump_builder *b, struct godump_open *g)
{
    enum { GROUP_BYTES = 120 };
    struct dump *d = b->d;
    uint64_t key;
    uint32_t found = find_group(b, g, &key);
    if (found == DUMP_NONE && full(b)) {
        shorten(b, g);
        found = find_group(b, g, &key);
    }
    if (found != DUMP_NONE) return found;
    *map_put(&b->groups, key, NULL) = d->group.n;
    size_t bytes = g->n_stack * sizeof(*g->stack);
    uint32_t *stack = arena_array(&d->arena, uint32_t, g->n_stack + 1);
    memcpy(stack, g->stack, bytes);
    b->text_bytes += bytes + GROUP_BYTES;
    vec_push(&d->group, (struct dump_group) { .state = g->state,
                                              .creator = g->has_creator ? g->creator : DUMP_NONE,
                                              .stack = stack,
                                              .n_stack = g->n_stack,
                                              .unavailable = g->unavailable,
                                              .elided = g->elided,
                                              .hash = key });
    return (uint32_t)d->group.n - 1;
}

// A crash file (debug.SetCrashOutput) lacks the fatal line, but go1.24 and later show who said it,
// and before it the frames do with GOTRACEBACK=system: a map function calls runtime.fatal for
// nothing else.
static void infer_fatal(struct dump *d, const struct dump_goroutine *r)
{
    const struct dump_group *g = &d->group.p[r->group];
    for (size_t i = 0; i < g->n_stack && i < 3; i++) {
        struct str function = d->frame.p[g->stack[i]].function;
        bool in_map = i + 1 < g->n_stack && gofunc_map_op(d->frame.p[g->stack[i + 1]].function);
        if (!str_eqc(function, "internal/runtime/maps.fatal") &&
            !(in_map && str_eqc(function, "runtime.fatal")))
            continue;
        d->fatal = STR("concurrent map access (the fatal error line is missing)");
        d->fatal_goroutine = r->id;
        d->fatal_record = d->n - 1;
    }
}

static const char *keep_arguments(struct godump_builder *b, struct godump_open *g)
{
    if (!b->keep_arguments) return NULL;
    if (b->argument_bytes + g->arguments.n > GODUMP_ARGUMENTS_MAX) {
        b->d->arguments_dropped++;
        return NULL;
    }
    b->argument_bytes += g->arguments.n + 16;
    return arena_cstr(&b->d->arena, buf_str(&g->arguments));
}

// With GOTRACEBACK=crash every thread shows its goroutine at the end, which before was "running on
// other thread; stack unavailable": that record.
static struct dump_goroutine *shown_before(struct godump_builder *b, const struct godump_open *g)
{
    for (size_t i = 0; i < b->unavailable.n; i++) {
        struct dump_goroutine *r = dump_at(b->d, b->unavailable.p[i]);
        if (r->id == g->id && r->dump == g->dump) return r;
    }
    return NULL;
}

// A dump that nothing announces (debug=2) begins where its first goroutine comes again.
static void number_dump(struct dump *d, struct godump_open *g)
{
    if (!g->dump || (g->id && g->id == g->first_id)) {
        g->dump = ++d->dumps;
        g->first_id = 0;
    }
    if (!g->first_id) g->first_id = g->id;
}

// Its stack was printed by debug.Stack, which the dying do not call.
static bool prints_itself(const struct dump *d, const struct dump_group *g)
{
    return g->n_stack && str_eqc(d->frame.p[g->stack[0]].function, "runtime/debug.Stack");
}

static void keep_record(struct godump_builder *b, struct godump_open *g, uint32_t group)
{
    struct dump *d = b->d;
    number_dump(d, g);
    struct dump_goroutine *r = g->n_stack ? shown_before(b, g) : NULL;
    d->group.p[group].count += g->count;
    if (r) {
        d->group.p[r->group].count -= r->count;
    } else {
        d->goroutines += g->count;
        if (d->n >= GODUMP_RECORDS_MAX) {
            d->not_kept += g->count;
            return;
        }
        if (d->n % DUMP_CHUNK == 0)
            vec_push(&d->chunk, mem_alloc(DUMP_CHUNK * sizeof(struct dump_goroutine)));
        if (g->fatal) {
            d->fatal_record = d->n;
            if (prints_itself(d, &d->group.p[group]) && !b->recovered)
                b->recovered = true, d->recovered++;
        }
        if (g->unavailable && b->unavailable.n < GODUMP_LATER) vec_push(&b->unavailable, d->n);
        r = dump_at(d, d->n++);
    }
    *r = (struct dump_goroutine) { .id = g->id,
                                   .parent = g->parent,
                                   .group = group,
                                   .count = g->count,
                                   .wait_minutes = g->wait_minutes,
                                   .dump = g->dump,
                                   .locked = g->locked,
                                   .torn = g->torn,
                                   .sampled = g->sampled,
                                   .n_args = g->n_args,
                                   .arguments = keep_arguments(b, g) };
    memcpy(r->arg, g->arg, sizeof(r->arg));
    if (!d->fatal.p) infer_fatal(d, r);
}

void godump_store(struct godump_builder *b, struct godump_open *g)
{
    if (!g->active) return;
    if (g->expect_location && !g->ignored) { // its location was lost
        uint32_t f = godump_frame(b, g->function, STR(""));
        if (g->creator_next)
            g->creator = f, g->has_creator = true;
        else if (g->n_stack < LIMIT_STACK_FRAMES)
            g->stack[g->n_stack++] = f;
    }
    if (g->race) {
        uint32_t group = make_group(b, g);
        b->d->race.p[g->race - 1].side[g->race_side].group = group;
    } else if (!g->ignored || g->ancestors) {
        keep_record(b, g, make_group(b, g));
    }
    g->active = false;
    buf_clear(&g->arguments);
}

// SPDX-License-Identifier: Apache-2.0
#include "decoders/profile_build.h"

void build_init(struct profile_builder *b, struct profile *p, enum profile_format format)
{
    *b = (struct profile_builder) { .p = p };
    p->format = format;
    vec_push(&p->strings, STR(""));
}

void build_deinit(struct profile_builder *b)
{
    map_deinit(&b->location_of_address);
    strmap_deinit(&b->function_of_name);
    strmap_deinit(&b->mapping_of_name);
    strmap_deinit(&b->location_of_frame);
    strmap_deinit(&b->string_of);
    arena_deinit(&b->arena);
    buf_deinit(&b->key);
}

void build_type(struct profile_builder *b, const char *type, const char *unit)
{
    vec_push(&b->p->types, (struct profile_type) { str_from(type), str_from(unit) });
    b->p->default_type = b->p->types.n - 1;
}

static bool room(struct profile_builder *b, size_t n, size_t max)
{
    if (n < max) return true;
    b->full = true;
    return false;
}

// The number of a key in a table, made with `next` as its number where it is new.
static uint32_t number_of(struct strmap *table, struct str key, size_t next, bool *fresh)
{
    uint64_t *n = strmap_put(table, key, fresh);
    if (*fresh) *n = next;
    return (uint32_t)*n;
}

uint32_t build_function(struct profile_builder *b, struct str name, struct str file)
{
    struct profile *p = b->p;
    bool fresh;
    struct str key = name;
    if (!room(b, p->functions.n, PROFILE_MAX_TABLE)) return PROFILE_NONE;
    if (file.n) {
        buf_clear(&b->key);
        buf_addstr(&b->key, name);
        buf_addc(&b->key, '\n');
        buf_addstr(&b->key, file);
        const uint64_t *known = strmap_get(&b->function_of_name, buf_str(&b->key));
        if (known) return (uint32_t)*known;
        key = arena_str(&b->arena, buf_str(&b->key));
    }
    uint32_t f = number_of(&b->function_of_name, key, p->functions.n, &fresh);
    if (fresh)
        vec_push(&p->functions,
                 (struct profile_function) { .name = name, .system_name = name, .file = file });
    return f;
}

uint32_t build_mapping(struct profile_builder *b, struct str file)
{
    struct profile *p = b->p;
    bool fresh;
    if (!room(b, p->mappings.n, PROFILE_MAX_TABLE)) return PROFILE_NONE;
    uint32_t m = number_of(&b->mapping_of_name, file, p->mappings.n, &fresh);
    if (fresh) vec_push(&p->mappings, (struct profile_mapping) { .file = file });
    return m;
}

static uint32_t new_location(struct profile_builder *b, uint64_t address, uint32_t mapping)
{
    vec_push(&b->p->locations, (struct profile_location) {
                                   .address = address,
                                   .mapping = mapping,
                                   .line = (uint32_t)b->p->lines.n,
                               });
    return (uint32_t)b->p->locations.n - 1;
}

uint32_t build_address(struct profile_builder *b, uint64_t address)
{
    if (!room(b, b->p->locations.n, PROFILE_MAX_TABLE)) return PROFILE_NONE;
    bool fresh;
    uint64_t *l = map_put(&b->location_of_address, address, &fresh);
    if (fresh) *l = new_location(b, address, PROFILE_NONE);
    return (uint32_t)*l;
}

uint32_t build_frame(struct profile_builder *b, struct str function, struct str file, int64_t line,
                     uint32_t mapping)
{
    struct {
        uint32_t function, mapping;
        int64_t line;
    } key = { function.n ? build_function(b, function, file) : PROFILE_NONE, mapping, line };
    if (!room(b, b->p->locations.n, PROFILE_MAX_TABLE)) return PROFILE_NONE;
    struct str bytes = str_make(&key, sizeof(key));
    const uint64_t *known = strmap_get(&b->location_of_frame, bytes);
    if (known) return (uint32_t)*known;
    uint32_t l = new_location(b, 0, mapping);
    *strmap_put(&b->location_of_frame, arena_str(&b->arena, bytes), NULL) = l;
    if (key.function != PROFILE_NONE) build_line(b, l, key.function, line);
    return l;
}

void build_line(struct profile_builder *b, uint32_t location, uint32_t function, int64_t line)
{
    struct profile *p = b->p;
    if (!room(b, p->lines.n, PROFILE_MAX_TABLE)) return;
    struct profile_location *l = &p->locations.p[location];
    if (l->n_lines == 0) l->line = (uint32_t)p->lines.n;
    vec_push(&p->lines, (struct profile_line) { .function = function, .line = line });
    l->n_lines++;
}

static uint32_t build_string(struct profile_builder *b, struct str s)
{
    bool fresh;
    if (s.n == 0 || !room(b, b->p->strings.n, PROFILE_MAX_TABLE)) return 0;
    uint32_t i = number_of(&b->string_of, s, b->p->strings.n, &fresh);
    if (fresh) vec_push(&b->p->strings, s);
    return i;
}

void build_begin(struct profile_builder *b)
{
    b->stack = (uint32_t)b->p->stack.n;
    b->label = (uint32_t)b->p->labels.n;
}

void build_push(struct profile_builder *b, uint32_t location)
{
    if (location != PROFILE_NONE && room(b, b->p->stack.n, PROFILE_MAX_STACK))
        vec_push(&b->p->stack, location);
}

static void add_label(struct profile_builder *b, struct profile_label l)
{
    if (room(b, b->p->labels.n, PROFILE_MAX_LABELS)) vec_push(&b->p->labels, l);
}

void build_label(struct profile_builder *b, struct str key, struct str value)
{
    if (value.n)
        add_label(b, (struct profile_label) { .key = build_string(b, key),
                                              .value = build_string(b, value) });
}

static struct str kept(struct profile_builder *b, struct str s)
{
    const uint64_t *known = strmap_get(&b->string_of, s);
    return known ? b->p->strings.p[*known] : arena_str(&b->p->arena, s);
}

void build_label_copy(struct profile_builder *b, struct str key, struct str value)
{
    build_label(b, kept(b, key), kept(b, value));
}

void build_number(struct profile_builder *b, struct str key, int64_t number, struct str unit)
{
    add_label(b, (struct profile_label) { .key = build_string(b, key),
                                          .unit = build_string(b, unit),
                                          .numeric = true,
                                          .number = number });
}

void build_end(struct profile_builder *b, const int64_t *values, uint64_t at)
{
    struct profile *p = b->p;
    if (b->full || !room(b, p->samples.n, PROFILE_MAX_SAMPLES) ||
        !room(b, p->values.n, PROFILE_MAX_VALUES)) {
        profile_break(p, at, "more samples or names than the limits of a profile allow");
        p->stack.n = b->stack;
        p->labels.n = b->label;
        return;
    }
    vec_push(&p->samples, (struct profile_sample) {
                              .stack = b->stack,
                              .n_stack = (uint32_t)p->stack.n - b->stack,
                              .label = b->label,
                              .n_labels = (uint32_t)p->labels.n - b->label,
                          });
    for (size_t i = 0; i < p->types.n; i++) vec_push(&p->values, values[i]);
    p->records++;
}

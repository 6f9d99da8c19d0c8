// SPDX-License-Identifier: Apache-2.0
#include "decoders/pprof.h"

#include "base/map.h"
#include "decoders/protowire.h"

#include <limits.h>

// Location ids of this size and more are kept aside, so that a stack entry stays 32 bits wide.
#define WIDE_ID 0x80000000u

enum profile_field {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE = 2,
    PROFILE_MAPPING = 3,
    PROFILE_LOCATION = 4,
    PROFILE_FUNCTION = 5,
    PROFILE_STRING = 6,
    PROFILE_DROP_FRAMES = 7,
    PROFILE_KEEP_FRAMES = 8,
    PROFILE_TIME = 9,
    PROFILE_DURATION = 10,
    PROFILE_PERIOD_TYPE = 11,
    PROFILE_PERIOD = 12,
    PROFILE_COMMENT = 13,
    PROFILE_DEFAULT_TYPE = 14,
    PROFILE_DOC_URL = 15,
};

// Names are indices until the string table is complete.
struct raw_type {
    uint64_t type, unit;
};

struct raw_function {
    uint64_t id, name, system_name, file;
};

struct raw_mapping {
    uint64_t id, file, build_id;
};

struct raw_location {
    uint64_t id, mapping;
};

struct decoder {
    struct profile *p;
    struct wire top;
    VEC(struct raw_type) types;
    VEC(struct raw_function) functions;
    VEC(struct raw_mapping) mappings;
    VEC(struct raw_location) locations;
    VEC(uint64_t) line_functions; // of each line
    VEC(uint64_t) wide;           // location ids ≥ WIDE_ID, in order of appearance
    struct map wide_index;
    VEC(uint64_t) comments;
    struct raw_type period_type;
    uint64_t drop_frames, keep_frames, default_type, doc_url;
    size_t n_values;                   // of each sample, from the first one on
    bool have_sample;                  // n_values is set
    bool full;                         // a limit was met
    bool strings_began;                // a string was seen ...
    bool second_began;                 // ... and then a sample or sample type: of a second profile?
    size_t first_samples, first_types; // how many stood before it
    uint64_t second_at;                // and where it began
    uint64_t field_at;                 // where the field at hand begins
};

static bool room(struct decoder *d, size_t n, size_t more, size_t max, const char *what)
{
    if (n + more <= max) return true;
    profile_break(d->p, wire_at(&d->top), "more than %zu %s", max, what);
    d->full = true;
    return false;
}

// A damaged record: noted, then left out.
static void damaged(struct decoder *d, const struct wire *w, const char *what)
{
    profile_break(d->p, wire_at(w), "a damaged %s: %s", what, w->bad);
}

static uint32_t location_ref(struct decoder *d, uint64_t id)
{
    if (id < WIDE_ID) return (uint32_t)id;
    bool fresh;
    uint64_t *index = map_put(&d->wide_index, id, &fresh);
    if (fresh) {
        *index = d->wide.n;
        vec_push(&d->wide, id);
    }
    return WIDE_ID | (uint32_t)*index;
}

// Repeated numbers, packed or not.
static void take_locations(struct decoder *d, struct wire *w, const struct wire_field *f)
{
    struct profile *p = d->p;
    if (f->type == WIRE_VARINT) {
        if (room(d, p->stack.n, 1, PROFILE_MAX_STACK, "frames"))
            vec_push(&p->stack, location_ref(d, f->value));
        return;
    }
    if (!room(d, p->stack.n, f->bytes.n, PROFILE_MAX_STACK, "frames")) return;
    vec_reserve(&p->stack, p->stack.n + f->bytes.n); // at least one byte each
    struct wire in = wire_nested(w, f->bytes);
    while (in.p != in.end && !in.bad) {
        uint64_t id = wire_varint(&in);
        if (!in.bad) p->stack.p[p->stack.n++] = id < WIDE_ID ? (uint32_t)id : location_ref(d, id);
    }
    w->bad = in.bad;
}

static void take_values(struct decoder *d, struct wire *w, const struct wire_field *f)
{
    struct profile *p = d->p;
    if (f->type == WIRE_VARINT) {
        if (room(d, p->values.n, 1, PROFILE_MAX_VALUES, "values"))
            vec_push(&p->values, (int64_t)f->value);
        return;
    }
    if (!room(d, p->values.n, f->bytes.n, PROFILE_MAX_VALUES, "values")) return;
    vec_reserve(&p->values, p->values.n + f->bytes.n);
    struct wire in = wire_nested(w, f->bytes);
    while (in.p != in.end && !in.bad) {
        uint64_t v = wire_varint(&in);
        if (!in.bad) p->values.p[p->values.n++] = (int64_t)v;
    }
    w->bad = in.bad;
}

static uint32_t string_ref(uint64_t i)
{
    return i < PROFILE_NONE ? (uint32_t)i : PROFILE_NONE;
}

static void take_label(struct decoder *d, struct wire *w, struct str bytes)
{
    if (!room(d, d->p->labels.n, 1, PROFILE_MAX_LABELS, "labels")) return;
    struct wire in = wire_nested(w, bytes);
    struct wire_field f;
    struct profile_label l = { 0 };
    while (wire_next(&in, &f)) {
        if (f.type != WIRE_VARINT) continue;
        if (f.number == 1) l.key = string_ref(f.value);
        if (f.number == 2) l.value = string_ref(f.value);
        if (f.number == 3) l.number = (int64_t)f.value;
        if (f.number == 4) l.unit = string_ref(f.value);
    }
    w->bad = in.bad;
    l.numeric = l.value == 0;
    // Neither text nor number nor unit: nothing was said.
    if (!in.bad && (l.value || l.number || l.unit)) vec_push(&d->p->labels, l);
}

static void take_sample(struct decoder *d, struct str bytes)
{
    struct profile *p = d->p;
    if (!room(d, p->samples.n, 1, PROFILE_MAX_SAMPLES, "samples")) return;
    struct profile_sample s = { .stack = (uint32_t)p->stack.n, .label = (uint32_t)p->labels.n };
    size_t first_value = p->values.n;
    struct wire in = wire_nested(&d->top, bytes);
    struct wire_field f;
    while (wire_next(&in, &f) && !d->full) {
        if (f.type != WIRE_VARINT && f.type != WIRE_BYTES) continue;
        if (f.number == 1) take_locations(d, &in, &f);
        if (f.number == 2) take_values(d, &in, &f);
        if (f.number == 3 && f.type == WIRE_BYTES) take_label(d, &in, f.bytes);
    }
    size_t n_values = p->values.n - first_value;
    if (!d->have_sample && !in.bad && !d->full) {
        d->have_sample = true;
        d->n_values = d->types.n ? d->types.n : n_values;
    }
    if (!in.bad && !d->full && n_values != d->n_values)
        profile_break(p, wire_at(&in), "a sample of %zu values among samples of %zu", n_values,
                      d->n_values);
    if (in.bad) damaged(d, &in, "sample");
    if (in.bad || d->full || n_values != d->n_values) {
        p->stack.n = s.stack;
        p->labels.n = s.label;
        p->values.n = first_value;
        return;
    }
    s.n_stack = (uint32_t)(p->stack.n - s.stack);
    s.n_labels = (uint32_t)(p->labels.n - s.label);
    vec_push(&p->samples, s);
}

static struct raw_type value_type(struct decoder *d, struct str bytes)
{
    struct wire in = wire_nested(&d->top, bytes);
    struct wire_field f;
    struct raw_type t = { 0 };
    while (wire_next(&in, &f)) {
        if (f.type != WIRE_VARINT) continue;
        if (f.number == 1) t.type = f.value;
        if (f.number == 2) t.unit = f.value;
    }
    if (in.bad) damaged(d, &in, "sample type");
    return t;
}

static void take_mapping(struct decoder *d, struct str bytes)
{
    if (!room(d, d->mappings.n, 1, PROFILE_MAX_TABLE, "mappings")) return;
    struct wire in = wire_nested(&d->top, bytes);
    struct wire_field f;
    struct raw_mapping raw = { 0 };
    struct profile_mapping m = { 0 };
    while (wire_next(&in, &f)) {
        if (f.type != WIRE_VARINT) continue;
        switch (f.number) {
        case 1: raw.id = f.value; break;
        case 2: m.start = f.value; break;
        case 3: m.limit = f.value; break;
        case 4: m.offset = f.value; break;
        case 5: raw.file = f.value; break;
        case 6: raw.build_id = f.value; break;
        case 7: m.has_functions = f.value; break;
        case 8: m.has_filenames = f.value; break;
        case 9: m.has_line_numbers = f.value; break;
        case 10: m.has_inline_frames = f.value; break;
        }
    }
    if (in.bad) damaged(d, &in, "mapping");
    vec_push(&d->mappings, raw);
    vec_push(&d->p->mappings, m);
}

static void take_line(struct decoder *d, struct wire *w, struct str bytes)
{
    if (!room(d, d->p->lines.n, 1, PROFILE_MAX_TABLE, "lines")) return;
    struct wire in = wire_nested(w, bytes);
    struct wire_field f;
    struct profile_line line = { .function = PROFILE_NONE };
    uint64_t function = 0;
    while (wire_next(&in, &f)) {
        if (f.type != WIRE_VARINT) continue;
        if (f.number == 1) function = f.value;
        if (f.number == 2) line.line = (int64_t)f.value;
        if (f.number == 3) line.column = (uint32_t)f.value;
    }
    w->bad = in.bad;
    vec_push(&d->p->lines, line);
    vec_push(&d->line_functions, function);
}

static void take_location(struct decoder *d, struct str bytes)
{
    struct profile *p = d->p;
    if (!room(d, p->locations.n, 1, PROFILE_MAX_TABLE, "locations")) return;
    struct wire in = wire_nested(&d->top, bytes);
    struct wire_field f;
    struct raw_location raw = { 0 };
    struct profile_location l = { .mapping = PROFILE_NONE, .line = (uint32_t)p->lines.n };
    while (wire_next(&in, &f) && !d->full) {
        if (f.number == 4 && f.type == WIRE_BYTES) take_line(d, &in, f.bytes);
        if (f.type != WIRE_VARINT) continue;
        if (f.number == 1) raw.id = f.value;
        if (f.number == 2) raw.mapping = f.value;
        if (f.number == 3) l.address = f.value;
        if (f.number == 5) l.folded = f.value;
    }
    if (in.bad) damaged(d, &in, "location");
    l.n_lines = (uint32_t)(p->lines.n - l.line);
    vec_push(&d->locations, raw);
    vec_push(&p->locations, l);
}

static void take_function(struct decoder *d, struct str bytes)
{
    if (!room(d, d->functions.n, 1, PROFILE_MAX_TABLE, "functions")) return;
    struct wire in = wire_nested(&d->top, bytes);
    struct wire_field f;
    struct raw_function raw = { 0 };
    struct profile_function fn = { 0 };
    while (wire_next(&in, &f)) {
        if (f.type != WIRE_VARINT) continue;
        if (f.number == 1) raw.id = f.value;
        if (f.number == 2) raw.name = f.value;
        if (f.number == 3) raw.system_name = f.value;
        if (f.number == 4) raw.file = f.value;
        if (f.number == 5) fn.start_line = (int64_t)f.value;
    }
    if (in.bad) damaged(d, &in, "function");
    vec_push(&d->functions, raw);
    vec_push(&d->p->functions, fn);
}

static void take_string(struct decoder *d, struct str s)
{
    struct profile *p = d->p;
    d->strings_began = true;
    if (room(d, p->strings.n, 1, PROFILE_MAX_TABLE, "strings")) vec_push(&p->strings, s);
}

// A second profile behind the first (what `cat a b` of two profiles makes): the second's indices
// mean other strings, so only the first can be used.
static void second_profile(struct decoder *d)
{
    struct profile *p = d->p;
    uint64_t at = d->second_began ? d->second_at : d->field_at;
    profile_break(p, at, "a second profile begins here; only the first was read");
    if (d->second_began) {
        p->samples.n = d->first_samples;
        d->types.n = d->first_types;
        p->values.n = p->samples.n * d->n_values;
    }
    d->full = true;
}

static void take_number(struct decoder *d, const struct wire_field *f)
{
    struct profile *p = d->p;
    switch (f->number) {
    case PROFILE_DROP_FRAMES: d->drop_frames = f->value; break;
    case PROFILE_KEEP_FRAMES: d->keep_frames = f->value; break;
    case PROFILE_TIME:
        if (p->time_ns)
            second_profile(d);
        else
            p->time_ns = (int64_t)f->value;
        break;
    case PROFILE_DURATION: p->duration_ns = (int64_t)f->value; break;
    case PROFILE_PERIOD: p->period = (int64_t)f->value; break;
    case PROFILE_COMMENT:
        if (room(d, d->comments.n, 1, PROFILE_MAX_TABLE, "comments"))
            vec_push(&d->comments, f->value);
        break;
    case PROFILE_DEFAULT_TYPE: d->default_type = f->value; break;
    case PROFILE_DOC_URL: d->doc_url = f->value; break;
    }
}

// Samples or their types behind the strings: a second profile's, if one turns out to be there.
static void maybe_second(struct decoder *d)
{
    if (!d->strings_began || d->second_began) return;
    d->second_began = true;
    d->first_samples = d->p->samples.n;
    d->first_types = d->types.n;
    d->second_at = d->field_at;
}

static void take_field(struct decoder *d, const struct wire_field *f)
{
    if (f->type == WIRE_VARINT) {
        take_number(d, f);
        return;
    }
    if (f->type != WIRE_BYTES) return;
    switch (f->number) {
    case PROFILE_SAMPLE_TYPE:
        maybe_second(d);
        if (room(d, d->types.n, 1, PROFILE_MAX_TYPES, "sample types"))
            vec_push(&d->types, value_type(d, f->bytes));
        break;
    case PROFILE_SAMPLE:
        maybe_second(d);
        take_sample(d, f->bytes);
        break;
    case PROFILE_MAPPING: take_mapping(d, f->bytes); break;
    case PROFILE_LOCATION: take_location(d, f->bytes); break;
    case PROFILE_FUNCTION: take_function(d, f->bytes); break;
    case PROFILE_STRING:
        if (f->bytes.n == 0 && d->p->strings.n)
            second_profile(d);
        else
            take_string(d, f->bytes);
        break;
    case PROFILE_PERIOD_TYPE: d->period_type = value_type(d, f->bytes); break;
    }
}

// Which row of a table has an identifier: an array for the usual small ones, a hash for the rest.
struct ids {
    VEC(uint32_t) dense;
    struct map sparse;
};

static void ids_deinit(struct ids *ids)
{
    vec_deinit(&ids->dense);
    map_deinit(&ids->sparse);
}

static void ids_init(struct ids *ids, size_t rows)
{
    *ids = (struct ids) { 0 };
    vec_reserve(&ids->dense, rows * 2 + 2);
    ids->dense.n = rows * 2 + 2;
    memset(ids->dense.p, 0xff, ids->dense.n * sizeof(*ids->dense.p));
}

static uint32_t ids_find(const struct ids *ids, uint64_t id)
{
    if (id < ids->dense.n) return ids->dense.p[id];
    const uint64_t *row = map_get(&ids->sparse, id);
    return row ? (uint32_t)*row : PROFILE_NONE;
}

static void ids_add(struct decoder *d, struct ids *ids, uint64_t id, size_t row, const char *what)
{
    if (id == 0) {
        profile_break(d->p, wire_at(&d->top), "a %s with the reserved id 0", what);
    } else if (ids_find(ids, id) != PROFILE_NONE) {
        profile_break(d->p, wire_at(&d->top), "two %ss with id %llu", what, (unsigned long long)id);
    } else if (id < ids->dense.n) {
        ids->dense.p[id] = (uint32_t)row;
    } else {
        *map_put(&ids->sparse, id, NULL) = row;
    }
}

static struct str string_at(struct decoder *d, uint64_t i)
{
    if (i < d->p->strings.n) return d->p->strings.p[i];
    profile_break(d->p, wire_at(&d->top), "string %llu is used, but the table has %zu%s",
                  (unsigned long long)i, d->p->strings.n,
                  d->p->strings.n ? ""
                                  : " (the names stand at the end of the file, which is missing)");
    return STR("");
}

static void resolve_types(struct decoder *d)
{
    struct profile *p = d->p;
    for (size_t i = 0; i < d->types.n; i++)
        vec_push(&p->types, (struct profile_type) { string_at(d, d->types.p[i].type),
                                                    string_at(d, d->types.p[i].unit) });
    p->period_type = (struct profile_type) { string_at(d, d->period_type.type),
                                             string_at(d, d->period_type.unit) };
    p->drop_frames = string_at(d, d->drop_frames);
    p->keep_frames = string_at(d, d->keep_frames);
    p->doc_url = string_at(d, d->doc_url);
    for (size_t i = 0; i < d->comments.n; i++)
        vec_push(&p->comments, string_at(d, d->comments.p[i]));
    p->default_type = p->types.n ? p->types.n - 1 : 0;
    struct str wanted = string_at(d, d->default_type);
    for (size_t i = p->types.n; wanted.n && i-- > 0;)
        if (str_eq(p->types.p[i].type, wanted)) p->default_type = i;
}

static void resolve_tables(struct decoder *d)
{
    struct profile *p = d->p;
    struct ids functions, mappings;
    ids_init(&functions, d->functions.n);
    ids_init(&mappings, d->mappings.n);
    for (size_t i = 0; i < d->functions.n; i++) {
        const struct raw_function *raw = &d->functions.p[i];
        ids_add(d, &functions, raw->id, i, "function");
        p->functions.p[i].name = string_at(d, raw->name);
        p->functions.p[i].system_name = string_at(d, raw->system_name);
        p->functions.p[i].file = string_at(d, raw->file);
    }
    for (size_t i = 0; i < d->mappings.n; i++) {
        ids_add(d, &mappings, d->mappings.p[i].id, i, "mapping");
        p->mappings.p[i].file = string_at(d, d->mappings.p[i].file);
        p->mappings.p[i].build_id = string_at(d, d->mappings.p[i].build_id);
    }
    for (size_t i = 0; i < p->lines.n; i++) {
        p->lines.p[i].function = ids_find(&functions, d->line_functions.p[i]);
        if (d->line_functions.p[i] && p->lines.p[i].function == PROFILE_NONE)
            profile_break(p, wire_at(&d->top), "a line names function %llu, which does not exist",
                          (unsigned long long)d->line_functions.p[i]);
    }
    for (size_t i = 0; i < p->locations.n; i++)
        p->locations.p[i].mapping = ids_find(&mappings, d->locations.p[i].mapping);
    ids_deinit(&functions);
    ids_deinit(&mappings);
}

// Turns the ids in the stacks into rows of the location table. A frame without a location goes.
static void resolve_stacks(struct decoder *d)
{
    struct profile *p = d->p;
    struct ids locations;
    ids_init(&locations, d->locations.n);
    for (size_t i = 0; i < d->locations.n; i++)
        ids_add(d, &locations, d->locations.p[i].id, i, "location");
    const uint32_t *dense = locations.dense.p;
    const uint32_t n_dense = (uint32_t)locations.dense.n;
    for (size_t i = 0; i < p->samples.n; i++) {
        struct profile_sample *s = &p->samples.p[i];
        if (s->n_stack == 0) continue;
        uint32_t *stack = p->stack.p + s->stack, kept = 0;
        for (uint32_t k = 0; k < s->n_stack; k++) {
            uint32_t ref = stack[k], row;
            if (ref < n_dense)
                row = dense[ref];
            else
                row = ids_find(&locations, ref < WIDE_ID ? ref : d->wide.p[ref & ~WIDE_ID]);
            if (row == PROFILE_NONE)
                profile_break(
                    p, wire_at(&d->top), "sample %zu names location %llu, which does not exist",
                    i + 1, (unsigned long long)(ref < WIDE_ID ? ref : d->wide.p[ref & ~WIDE_ID]));
            else
                stack[kept++] = row;
        }
        s->n_stack = kept;
    }
    ids_deinit(&locations);
}

static void decoder_deinit(struct decoder *d)
{
    vec_deinit(&d->types);
    vec_deinit(&d->functions);
    vec_deinit(&d->mappings);
    vec_deinit(&d->locations);
    vec_deinit(&d->line_functions);
    vec_deinit(&d->wide);
    map_deinit(&d->wide_index);
    vec_deinit(&d->comments);
}

struct err *pprof_decode(const char *name, struct str bytes, struct profile *ret)
{
    struct profile *p = ret;
    CLEANUP(decoder_deinit) struct decoder d = { .p = p, .top = wire_make(bytes) };
    p->format = PROFILE_PROTO;
    if (bytes.n > PROFILE_MAX_INPUT)
        return err_new(ERR_INPUT, "%s: %zu bytes are more than the %d that a profile may have",
                       name, bytes.n, PROFILE_MAX_INPUT);
    struct wire_field f;
    while (!d.full && wire_next(&d.top, &f)) {
        take_field(&d, &f);
        d.field_at = wire_at(&d.top);
    }
    if (d.top.bad) profile_break(p, wire_at(&d.top), "%s", d.top.bad);
    if (d.types.n == 0 && p->samples.n == 0)
        return p->broke ? err_new(ERR_INPUT, "%s: not a profile: at offset %llu %s", name,
                                  (unsigned long long)p->broke_at, p->broke_why)
                        : err_new(ERR_INPUT,
                                  "%s: not a profile: no sample type and no sample in %zu bytes",
                                  name, bytes.n);
    if (d.types.n == 0 || (d.have_sample && d.n_values != d.types.n))
        return err_new(ERR_INPUT, "%s: samples have %zu values, but there are %zu sample types",
                       name, d.n_values, d.types.n);
    if (p->strings.n == 0) vec_push(&p->strings, STR(""));
    resolve_types(&d);
    resolve_tables(&d);
    resolve_stacks(&d);
    p->records = p->samples.n;
    return NULL;
}

// SPDX-License-Identifier: Apache-2.0
// A profile: samples (stacks with one value a sample type) and what their frames are called. One
// form for pprof files of both kinds, `perf script` text, folded stacks and our own sampler.
//
// Everything is an index into a table of the same profile: a sample's stack is a run of location
// indices in `stack`, innermost first; a location's frames are a run of `lines`, innermost first,
// so all but the last of them are inlined. A location without lines is one frame without a name.
//
//     for (size_t i = 0; i < p.samples.n; i++)
//         total += profile_value(&p, i, p.default_type);
//
// Strings are slices of the decoded bytes (which must outlive the profile) or lie in `arena`.
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

// Bounds of what one input may make us allocate; a decoder that meets one stops there and says so.
enum {
    PROFILE_MAX_INPUT = 512 << 20,  // bytes of one input, decompressed
    PROFILE_MAX_SAMPLES = 64 << 20, // 1 GiB of memory
    PROFILE_MAX_STACK = 256 << 20,  // locations over all samples, 1 GiB
    PROFILE_MAX_VALUES = 128 << 20, // 1 GiB
    PROFILE_MAX_LABELS = 32 << 20,  // 768 MiB
    PROFILE_MAX_TABLE = 32 << 20,   // strings, functions, locations, lines, mappings: each
    PROFILE_MAX_TYPES = 64,         // sample types
    PROFILE_MAX_LINE = 1 << 20,     // bytes of one line of a text format
};

#define PROFILE_NONE UINT32_MAX // no such function, mapping, location

enum profile_format {
    PROFILE_PROTO,
    PROFILE_LEGACY,
    PROFILE_PERF,
    PROFILE_FOLDED,
};
const char *profile_format_name(enum profile_format f); // as JSON says it

struct profile_type {
    struct str type, unit; // "cpu", "nanoseconds"
};

struct profile_mapping {
    uint64_t start, limit, offset;
    struct str file, build_id;
    bool has_functions, has_filenames, has_line_numbers, has_inline_frames;
};

struct profile_function {
    struct str name, system_name, file;
    int64_t start_line;
};

struct profile_line {
    uint32_t function; // or PROFILE_NONE
    uint32_t column;
    int64_t line; // 0 = unknown
};

struct profile_location {
    uint64_t address;
    uint32_t mapping; // or PROFILE_NONE
    uint32_t line, n_lines;
    bool folded;
};

struct profile_label {
    uint32_t key, value, unit; // indices into strings; value is 0 for a numeric label
    bool numeric;
    int64_t number;
};

struct profile_sample {
    uint32_t stack, n_stack;
    uint32_t label, n_labels;
};

struct profile {
    enum profile_format format;
    VEC(struct profile_type) types;
    size_t default_type; // what pprof would show: default_sample_type, else the last
    VEC(struct profile_mapping) mappings;
    VEC(struct profile_function) functions;
    VEC(struct profile_line) lines;
    VEC(struct profile_location) locations;
    VEC(uint32_t) stack;
    VEC(struct profile_sample) samples;
    VEC(int64_t) values; // types.n for each sample
    VEC(struct profile_label) labels;
    VEC(struct str) strings; // [0] is empty
    VEC(struct str) comments;
    struct profile_type period_type;
    int64_t period, time_ns, duration_ns;
    struct str drop_frames, keep_frames, doc_url; // regular expressions of the profile's maker
    size_t base_samples; // how many samples at the end are a base profile's, negated
    uint64_t records;    // samples as the input had them (equal stacks may have been added up)

    // Where and why the input stopped making sense; what stands above is what could be used.
    bool broke;
    uint64_t broke_at; // byte offset in the decompressed input
    char *broke_why;   // in arena

    struct arena arena;
};

void profile_deinit(struct profile *p); // a zeroed struct is an empty profile

// A copy with tables of its own; strings are shared, so p must outlive it.
void profile_copy(const struct profile *p, struct profile *ret);

static inline int64_t profile_value(const struct profile *p, size_t sample, size_t type)
{
    return p->values.p[sample * p->types.n + type];
}

static inline struct str profile_string(const struct profile *p, uint32_t i)
{
    return i < p->strings.n ? p->strings.p[i] : STR("");
}

// Notes a break; only the first one counts.
void profile_break(struct profile *p, uint64_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// The index of the sample type called `name` ("cpu", or its position "1"; "inuse_space" finds
// "space" too, as with pprof). ERR_USAGE names those there are.
struct err *profile_type_find(const struct profile *p, struct str name, size_t *ret) ERR_MUST_USE;

// SPDX-License-Identifier: Apache-2.0
#include "decoders/pprof_legacy_cpu.h"

#include "decoders/pprof_legacy_java.h"
#include "decoders/pprof_legacy_map.h"

enum { HEADER_WORDS = 5, MAX_DEPTH = 1 << 16 };

struct words {
    struct str bytes;
    size_t at;
    unsigned size;
    bool big_endian;
};

static bool next_word(struct words *w, uint64_t *ret)
{
    if (w->bytes.n - w->at < w->size) return false;
    uint64_t v = 0;
    for (unsigned i = 0; i < w->size; i++) {
        uint8_t byte = (uint8_t)w->bytes.p[w->at + (w->big_endian ? i : w->size - 1 - i)];
        v = v << 8 | byte;
    }
    w->at += w->size;
    *ret = v;
    return true;
}

static bool read_header(struct str bytes, struct words *ret, bool *java, uint64_t *period)
{
    for (int i = 0; i < 4; i++) {
        struct words w = { bytes, 0, i < 2 ? 4 : 8, i % 2 == 1 };
        uint64_t h[HEADER_WORDS];
        bool all = true;
        for (int k = 0; k < HEADER_WORDS && all; k++) all = next_word(&w, &h[k]);
        if (!all || h[0] != 0 || h[1] != 3 || h[2] > 1 || h[3] == 0 || h[4] != 0) continue;
        *ret = w;
        *java = h[2] == 1;
        *period = h[3];
        return true;
    }
    return false;
}

bool legacy_cpu_recognises(struct str bytes)
{
    struct words w;
    bool java;
    uint64_t period;
    return read_header(bytes, &w, &java, &period);
}

// False at the end, with a break noted where it came too early.
static bool take_sample(struct words *w, struct profile_builder *b, bool java)
{
    struct profile *p = b->p;
    uint64_t count, depth, address, began = w->at;
    if (w->at == w->bytes.n) return false;
    if (!next_word(w, &count) || !next_word(w, &depth)) {
        profile_break(p, began, "the file ends within a sample");
        return false;
    }
    if (depth > MAX_DEPTH || depth > (w->bytes.n - w->at) / w->size) {
        profile_break(p, began, "a stack of %llu frames, but %zu bytes are left",
                      (unsigned long long)depth, w->bytes.n - w->at);
        w->at = w->bytes.n;
        return false;
    }
    build_begin(b);
    uint64_t first = 0;
    for (uint64_t i = 0; i < depth; i++) {
        next_word(w, &address);
        if (i == 0) first = address;
        build_push(b, build_address(b, i && !java ? address - 1 : address));
    }
    if (count == 0 && depth == 1 && first == 0) { // the end mark
        p->stack.n = b->stack;
        return false;
    }
    const int64_t values[] = { (int64_t)count, (int64_t)(count * (uint64_t)p->period) };
    build_end(b, values, began);
    return !b->full;
}

static void remove_frame(struct profile *p, struct profile_sample *s, uint32_t at)
{
    uint32_t *stack = p->stack.p + s->stack;
    memmove(stack + at, stack + at + 1, (s->n_stack - at - 1) * sizeof(*stack));
    s->n_stack--;
}

// A second frame that (nearly) all stacks share is the signal handler's own: pprof takes up to two
// such away, where at most one sample in 32 has another one.
static void remove_handler(struct profile *p)
{
    for (int round = 0; round < 2; round++) {
        struct map counts = { 0 };
        for (size_t i = 0; i < p->samples.n; i++)
            if (p->samples.p[i].n_stack > 1)
                ++*map_put(&counts, p->stack.p[p->samples.p[i].stack + 1], NULL);
        for (size_t i = 0; i < p->samples.n; i++) {
            struct profile_sample *s = &p->samples.p[i];
            if (s->n_stack < 2) continue;
            uint64_t n = *map_get(&counts, p->stack.p[s->stack + 1]);
            if (n >= p->samples.n - p->samples.n / 32) remove_frame(p, s, 1);
        }
        map_deinit(&counts);
    }
    for (size_t i = 0; i < p->samples.n; i++) {
        struct profile_sample *s = &p->samples.p[i];
        if (s->n_stack < 2) continue;
        const uint32_t *stack = p->stack.p + s->stack;
        if (p->locations.p[stack[0]].address == p->locations.p[stack[1]].address + 1)
            remove_frame(p, s, 1);
    }
}

struct err *legacy_cpu_decode(const char *name, struct str bytes, struct profile_builder *b)
{
    struct words w;
    bool java;
    uint64_t period;
    if (!read_header(bytes, &w, &java, &period))
        return err_new(ERR_INPUT, "%s: not a CPU profile", name);
    struct profile *p = b->p;
    build_type(b, "samples", "count");
    build_type(b, "cpu", "nanoseconds");
    p->period_type = p->types.p[1];
    p->period = (int64_t)(period * 1000);
    while (take_sample(&w, b, java)) continue;
    if (b->full) profile_break(p, w.at, "more than the limits of a profile allow");
    struct text_lines t = text_lines_make(bytes, PROFILE_MAX_LINE);
    t.rest = str_sub(bytes, w.at, bytes.n);
    if (java) {
        legacy_java_names(b, &t);
    } else {
        remove_handler(p);
        legacy_take_map(b, &t);
    }
    return NULL;
}

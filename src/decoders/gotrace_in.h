// SPDX-License-Identifier: Apache-2.0
// Internal to the gotrace decoder: the buffered, counted input, the state shared by both formats,
// and the varints.
#pragma once

#include "decoders/gotrace.h"

enum { IN_BUFFER_BYTES = 256 << 10 };

struct gotrace_in {
    struct gotrace_source source;
    uint8_t *buffer;
    size_t at, n;
    uint64_t offset; // of buffer[0] in the input
    bool ended;
    struct err *failed; // the source's own failure
};

struct gotrace {
    struct gotrace_in in;
    struct gotrace_tables *tables;
    int version;
    bool broken;
    struct gotrace_break broke;
    char *why; // owns broke.why
    struct gotrace_v1 *v1;
    struct gotrace_v2 *v2;
    struct gotrace_event *event; // gotrace_next: read, the first of which were given
    size_t events, given;
};

static inline uint64_t in_offset(const struct gotrace_in *in)
{
    return in->offset + in->at;
}

// False at the end of the input (or at the source's failure).
bool in_byte(struct gotrace_in *in, uint8_t *ret);
enum in_number { IN_OK, IN_END, IN_TOO_LONG };
enum in_number in_uvarint(struct gotrace_in *in, uint64_t *ret);
size_t in_bytes(struct gotrace_in *in, void *p, size_t n); // as many as there are

// Notes where and why the trace is broken, unless something earlier was noted. Returns false, so
// that what finds the break can `return gotrace_break(…)`.
bool gotrace_break(struct gotrace *t, uint64_t offset, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), cold));
// A consequence, added to what was noted (or noted at the end of the input, if nothing was).
void gotrace_break_also(struct gotrace *t, const char *what);
// How often events were tried that could not come yet. A real trace has hardly any: its threads'
// clocks agree. In a made one thousands may wait for ever, and each event would be sought among
// them.
struct merge_tries {
    uint64_t failed, events;
};

static inline bool merge_tries_left(const struct merge_tries *t)
{
    return t->failed <= GOTRACE_TRIES + GOTRACE_TRIES_EACH * t->events;
}

// As gotrace_break, for an input that ends too early: says so, or what made the source fail.
bool gotrace_break_end(struct gotrace *t, const char *what);

// An unsigned LEB128 number at p; NULL if it has more than 64 bits. Reads at most 10 bytes: the
// caller keeps NUMBER_PAD zero bytes behind its data, and checks afterwards that it is not past its
// end.
enum { NUMBER_PAD = 64 };
const uint8_t *read_long_uvarint(const uint8_t *p, uint64_t *ret);

// Seven bits of each byte, the first byte lowest.
static inline uint64_t join_sevens(uint64_t v)
{
    v = (v & 0x007f007f007f007fu) | (v & 0x7f007f007f007f00u) >> 1;
    v = (v & 0x00003fff00003fffu) | (v & 0x3fff00003fff0000u) >> 2;
    return (v & 0x000000000fffffffu) | (v & 0x0fffffff00000000u) >> 4;
}

static inline const uint8_t *read_uvarint(const uint8_t *p, uint64_t *ret)
{
    if (*p < 0x80) { // most stacks, reasons and sequence numbers of a small program
        *ret = *p;
        return p + 1;
    }
    // Two to eight bytes without a branch that depends on how many they are, which no processor
    // could foresee.
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    uint64_t ends = ~v & 0x8080808080808080u;
    if (__builtin_expect(!ends, 0)) return read_long_uvarint(p, ret);
    *ret = join_sevens(v & (ends ^ (ends - 1))); // up to the first byte that ends a number
    return p + (__builtin_ctzll(ends) >> 3) + 1;
}

// One generation's (or a v1 trace's) own numbers of strings or stacks → those of the tables.
struct id_table {
    VEC(uint32_t) dense; // value + 1, 0 = absent
    struct map sparse;
};

void id_table_clear(struct id_table *t);
void id_table_deinit(struct id_table *t);
bool id_table_put(struct id_table *t, uint64_t id, uint32_t value); // false if it is there already
bool id_table_sparse_get(const struct id_table *t, uint64_t id, uint32_t *ret);

// Number 0 is always there, and is 0.
static inline bool id_table_get(const struct id_table *t, uint64_t id, uint32_t *ret)
{
    if (id < t->dense.n && t->dense.p[id]) {
        *ret = t->dense.p[id] - 1;
        return true;
    }
    if (id == 0) {
        *ret = 0;
        return true;
    }
    return id_table_sparse_get(t, id, ret);
}

struct gotrace_v1 *gotrace_v1_create(struct gotrace *t);
size_t gotrace_v1_read(struct gotrace *t, struct gotrace_event *ret);
bool gotrace_v1_loads(const struct gotrace_v1 *v);
void gotrace_v1_destroy(struct gotrace_v1 *v);

struct gotrace_v2 *gotrace_v2_create(struct gotrace *t);
size_t gotrace_v2_read(struct gotrace_v2 *v, struct gotrace_event *ret);
bool gotrace_v2_loads(const struct gotrace_v2 *v);

// An impossible time is GOTRACE_TIME_MAX + 1, however far off: what is added to it does not
// overflow.
static inline int64_t gotrace_time(double ns)
{
    _Static_assert(GOTRACE_TIME_MAX == 0x3fffffffffffffff, "the limit below");
    return ns < 0x1p62 ? (int64_t)ns : GOTRACE_TIME_MAX + 1;
}

// Times increase strictly: one that does not follows 1 ns after the last. How many of the n events
// are at possible times: at the first that is past GOTRACE_TIME_MAX the trace is broken (noted, at
// this offset). No time follows an impossible one: last_time stays a possible one.
static inline unsigned gotrace_stamp(struct gotrace *t, struct gotrace_event *ev, unsigned n,
                                     uint64_t offset, int64_t *last_time)
{
    for (unsigned i = 0; i < n; i++) {
        if (ev[i].time_ns <= *last_time) ev[i].time_ns = *last_time + 1;
        if (__builtin_expect(ev[i].time_ns > GOTRACE_TIME_MAX, 0)) {
            gotrace_break(t, offset, "an event at an impossible time");
            return i;
        }
        *last_time = ev[i].time_ns;
    }
    return n;
}
void gotrace_v2_destroy(struct gotrace_v2 *v);

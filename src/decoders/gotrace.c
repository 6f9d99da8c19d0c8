// SPDX-License-Identifier: Apache-2.0
#include "decoders/gotrace.h"

#include "base/cleanup.h"
#include "decoders/gotrace_in.h"

#include <stdarg.h>

static bool fill(struct gotrace_in *in)
{
    if (in->ended) return false;
    in->offset += in->n;
    in->at = in->n = 0;
    size_t n = 0;
    in->failed = in->source.read(in->source.arg, in->buffer, IN_BUFFER_BYTES, &n);
    in->ended = in->failed || n == 0;
    if (!in->ended) in->n = n;
    return !in->ended;
}

bool in_byte(struct gotrace_in *in, uint8_t *ret)
{
    if (in->at == in->n && !fill(in)) return false;
    *ret = in->buffer[in->at++];
    return true;
}

enum in_number in_uvarint(struct gotrace_in *in, uint64_t *ret)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t b;
        if (!in_byte(in, &b)) return IN_END;
        if (shift == 63 && b > 1) return IN_TOO_LONG;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80) {
            *ret = v;
            return IN_OK;
        }
    }
    return IN_TOO_LONG;
}

size_t in_bytes(struct gotrace_in *in, void *p, size_t n)
{
    size_t done = 0;
    while (done < n && (in->at < in->n || fill(in))) {
        size_t some = in->n - in->at < n - done ? in->n - in->at : n - done;
        memcpy((char *)p + done, in->buffer + in->at, some);
        in->at += some;
        done += some;
    }
    return done;
}

bool gotrace_break(struct gotrace *t, uint64_t offset, const char *fmt, ...)
{
    if (t->broken) return false;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&t->why, fmt, ap) < 0) t->why = mem_strdup(fmt);
    va_end(ap);
    t->broken = true;
    t->broke = (struct gotrace_break) { offset, t->why };
    return false;
}

void gotrace_break_also(struct gotrace *t, const char *what)
{
    if (!t->broken) {
        gotrace_break(t, in_offset(&t->in), "%s", what);
        return;
    }
    char *both = mem_printf("%s; %s", t->why, what);
    free(t->why);
    t->broke.why = t->why = both;
}

bool gotrace_break_end(struct gotrace *t, const char *what)
{
    if (t->in.failed)
        return gotrace_break(t, in_offset(&t->in), "%s: %s", what, t->in.failed->text);
    return gotrace_break(t, in_offset(&t->in), "%s: the input ends here", what);
}

const uint8_t *read_long_uvarint(const uint8_t *p, uint64_t *ret)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint64_t b = *p++;
        if (shift == 63 && b > 1) return NULL;
        v |= (b & 0x7f) << shift;
        if (b < 0x80) {
            *ret = v;
            return p;
        }
    }
    return NULL;
}

void id_table_clear(struct id_table *t)
{
    vec_clear(&t->dense);
    map_deinit(&t->sparse);
}

void id_table_deinit(struct id_table *t)
{
    vec_deinit(&t->dense);
    map_deinit(&t->sparse);
}

// Up to this number, and not far beyond the largest seen, a table is an array.
enum { DENSE_IDS = 1 << 22, DENSE_GAP = 1 << 12 };

bool id_table_put(struct id_table *t, uint64_t id, uint32_t value)
{
    uint32_t there;
    if (id_table_get(t, id, &there)) return false;
    if (id < DENSE_IDS && id < t->dense.n + DENSE_GAP) {
        while (t->dense.n <= id) vec_push(&t->dense, 0);
        t->dense.p[id] = value + 1;
    } else {
        *map_put(&t->sparse, id, NULL) = value;
    }
    return true;
}

bool id_table_sparse_get(const struct id_table *t, uint64_t id, uint32_t *ret)
{
    const uint64_t *value = map_get(&t->sparse, id);
    if (value) *ret = (uint32_t)*value;
    return value != NULL;
}

// "go 1.22 trace\0\0\0": which version, or 0.
static int parse_header(struct str header)
{
    if (!str_starts(header, STR("go 1.")) || !str_ends(header, STR(" trace\0\0\0"))) return 0;
    uint64_t minor;
    if (!str_to_u64(str_sub(header, 5, header.n - 9), 10, &minor)) return 0;
    return minor < 1000 ? (int)minor : 0;
}

static struct err *read_header(struct gotrace *t)
{
    enum { HEADER_BYTES = 16 };
    static const int known[] = { 11, 19, 21, 22, 23, 25, 26 };
    char bytes[HEADER_BYTES];
    size_t n = in_bytes(&t->in, bytes, sizeof(bytes));
    if (t->in.failed) {
        struct err *e = t->in.failed;
        t->in.failed = NULL;
        return e;
    }
    if (n == 0) return err_new(ERR_INPUT, "%s: empty, not an execution trace", t->in.source.name);
    int version = parse_header(str_make(bytes, n));
    for (size_t i = 0; i < array_size(known); i++)
        if (version == known[i]) t->version = version;
    if (t->version) return NULL;
    if (version)
        return err_new(ERR_INPUT,
                       "%s: an execution trace of format go 1.%d, which is not known (known: 1.11, "
                       "1.19, 1.21, 1.22, 1.23, 1.25, 1.26)",
                       t->in.source.name, version);
    return err_new(ERR_INPUT,
                   "%s: not an execution trace: it should begin with \"go 1.NN trace\" (offset 0); "
                   "one is made by runtime/trace.Start or /debug/pprof/trace?seconds=5",
                   t->in.source.name);
}

struct err *gotrace_open(const struct gotrace_source *source, struct gotrace_tables *tables,
                         struct gotrace **ret)
{
    struct gotrace *t = mem_zalloc(sizeof(*t));
    t->in.source = *source;
    t->in.buffer = mem_alloc(IN_BUFFER_BYTES);
    t->tables = tables;
    struct err *e = read_header(t);
    if (e) {
        gotrace_close(t);
        return e;
    }
    if (t->version < 22)
        t->v1 = gotrace_v1_create(t);
    else
        t->v2 = gotrace_v2_create(t);
    *ret = t;
    return NULL;
}

size_t gotrace_read(struct gotrace *t, struct gotrace_event ret[GOTRACE_READ_EVENTS])
{
    return t->v2 ? gotrace_v2_read(t->v2, ret) : gotrace_v1_read(t, ret);
}

bool gotrace_loads(const struct gotrace *t)
{
    return t->v2 ? gotrace_v2_loads(t->v2) : gotrace_v1_loads(t->v1);
}

const struct gotrace_event *gotrace_next(struct gotrace *t)
{
    if (t->given == t->events) {
        if (!t->event) t->event = mem_alloc(GOTRACE_READ_EVENTS * sizeof(*t->event));
        t->given = 0;
        t->events = gotrace_read(t, t->event);
        if (t->events == 0) return NULL;
    }
    return &t->event[t->given++];
}

const struct gotrace_break *gotrace_broke(const struct gotrace *t)
{
    return t->broken ? &t->broke : NULL;
}

int gotrace_version(const struct gotrace *t)
{
    return t->version;
}

uint64_t gotrace_bytes(const struct gotrace *t)
{
    return in_offset(&t->in);
}

void gotrace_close(struct gotrace *t)
{
    if (!t) return;
    if (t->v1) gotrace_v1_destroy(t->v1);
    if (t->v2) gotrace_v2_destroy(t->v2);
    err_free(t->in.failed);
    free(t->in.buffer);
    free(t->event);
    free(t->why);
    free(t);
}

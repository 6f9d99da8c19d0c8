// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

enum { FLUSH_BYTES = 64 * 1024 };

void json_init(struct json *j, struct buf *out, int indent)
{
    *j = (struct json) { .out = out, .indent = indent };
}

void json_init_stream(struct json *j, struct buf *scratch, FILE *stream, int indent)
{
    *j = (struct json) { .out = scratch, .stream = stream, .indent = indent };
}

static void flush(struct json *j, bool all)
{
    if (!j->stream || (!all && j->out->n < FLUSH_BYTES)) return;
    fwrite(j->out->p ? j->out->p : "", 1, j->out->n, j->stream);
    buf_clear(j->out);
}

void json_deinit(struct json *j)
{
    assert(j->depth == 0);
    buf_addc(j->out, '\n');
    flush(j, true);
}

static void newline(struct json *j)
{
    if (!j->indent) return;
    buf_addc(j->out, '\n');
    for (int i = 0; i < j->indent * j->depth; i++) buf_addc(j->out, ' ');
}

// Before any value: the comma, unless a key was just written.
static void before(struct json *j)
{
    if (j->after_key) {
        j->after_key = false;
        return;
    }
    if (j->depth == 0) return;
    assert(j->level[j->depth - 1].close == ']');
    if (j->level[j->depth - 1].any) buf_addc(j->out, ',');
    j->level[j->depth - 1].any = true;
    newline(j);
}

static void open(struct json *j, char open, char close)
{
    before(j);
    assert(j->depth < LIMIT_JSON_DEPTH);
    buf_addc(j->out, open);
    j->level[j->depth].close = close;
    j->level[j->depth].any = false;
    j->depth++;
}

void json_object(struct json *j)
{
    open(j, '{', '}');
}

void json_array(struct json *j)
{
    open(j, '[', ']');
}

void json_end(struct json *j)
{
    assert(j->depth > 0 && !j->after_key);
    j->depth--;
    if (j->level[j->depth].any) newline(j);
    buf_addc(j->out, j->level[j->depth].close);
    flush(j, false);
}

// Length of the valid UTF-8 sequence at s, or 0.
static size_t utf8_length(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    unsigned char c = p[0];
    size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : 0;
    if (c >= 0xf0 && c < 0xf5) n = 4;
    if (n == 0 || n > s.n) return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80) return 0;
    if (n == 3 && ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] >= 0xa0))) return 0;
    if (n == 4 && ((c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] >= 0x90))) return 0;
    return n;
}

static void quoted(struct json *j, struct str s)
{
    struct buf *o = j->out;
    buf_addc(o, '"');
    while (s.n) {
        unsigned char c = (unsigned char)s.p[0];
        size_t n = utf8_length(s);
        if (n == 0) {
            buf_adds(o, "\\ufffd");
            n = 1;
        } else if (c == '"' || c == '\\') {
            buf_addc(o, '\\');
            buf_addc(o, (char)c);
        } else if (c == '\n') {
            buf_adds(o, "\\n");
        } else if (c == '\t') {
            buf_adds(o, "\\t");
        } else if (c == '\r') {
            buf_adds(o, "\\r");
        } else if (c < 0x20 || c == 0x7f) {
            buf_printf(o, "\\u%04x", c);
        } else {
            buf_add(o, s.p, n);
        }
        s = str_sub(s, n, s.n);
    }
    buf_addc(o, '"');
}

void json_key(struct json *j, const char *key)
{
    assert(j->depth > 0 && j->level[j->depth - 1].close == '}' && !j->after_key);
    if (j->level[j->depth - 1].any) buf_addc(j->out, ',');
    j->level[j->depth - 1].any = true;
    newline(j);
    quoted(j, str_from(key));
    buf_adds(j->out, j->indent ? ": " : ":");
    j->after_key = true;
}

void json_str(struct json *j, struct str s)
{
    before(j);
    quoted(j, s);
}

void json_cstr(struct json *j, const char *s)
{
    if (s)
        json_str(j, str_from(s));
    else
        json_null(j);
}

void json_int(struct json *j, int64_t v)
{
    before(j);
    buf_printf(j->out, "%" PRId64, v);
}

void json_uint(struct json *j, uint64_t v)
{
    before(j);
    buf_printf(j->out, "%" PRIu64, v);
}

void json_fixed(struct json *j, int64_t v, unsigned decimals)
{
    uint64_t unit = 1, u = v < 0 ? -(uint64_t)v : (uint64_t)v;
    for (unsigned i = 0; i < decimals; i++) unit *= 10;
    before(j);
    buf_printf(j->out, "%s%" PRIu64, v < 0 ? "-" : "", u / unit);
    if (decimals) buf_printf(j->out, ".%0*" PRIu64, (int)decimals, u % unit);
}

void json_double(struct json *j, double v)
{
    if (!isfinite(v)) {
        json_null(j);
        return;
    }
    before(j);
    buf_printf(j->out, "%.9g", v);
}

void json_bool(struct json *j, bool v)
{
    before(j);
    buf_adds(j->out, v ? "true" : "false");
}

void json_null(struct json *j)
{
    before(j);
    buf_adds(j->out, "null");
}

void json_strf(struct json *j, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    json_cstr(j, text);
}

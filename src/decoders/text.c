// SPDX-License-Identifier: Apache-2.0
#include "decoders/text.h"

struct text_lines text_lines_make(struct str text, size_t max)
{
    return (struct text_lines) { .rest = text, .origin = text.p, .max = max };
}

bool text_next(struct text_lines *t)
{
    if (t->rest.n == 0 || t->too_long) return false;
    size_t window = t->rest.n < t->max + 2 ? t->rest.n : t->max + 2;
    const char *end = memchr(t->rest.p, '\n', window);
    size_t n = end ? (size_t)(end - t->rest.p) : t->rest.n;
    t->line = str_sub(t->rest, 0, n);
    if (n > t->max) {
        t->too_long = true;
        return false;
    }
    t->rest = str_sub(t->rest, n + (end ? 1 : 0), t->rest.n);
    if (n && t->line.p[n - 1] == '\r') t->line.n--;
    return true;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

void scan_spaces(struct str *s)
{
    while (s->n && blank(s->p[0])) *s = str_sub(*s, 1, s->n);
}

bool scan_char(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c) return false;
    *s = str_sub(*s, 1, s->n);
    return true;
}

bool scan_word(struct str *s, struct str *ret)
{
    size_t n = 0;
    while (n < s->n && !blank(s->p[n])) n++;
    if (n == 0) return false;
    *ret = str_sub(*s, 0, n);
    *s = str_sub(*s, n, s->n);
    return true;
}

bool scan_int(struct str *s, int64_t *ret)
{
    struct str at = *s;
    bool negative = scan_char(&at, '-');
    size_t n = 0;
    int64_t v = 0;
    for (; n < at.n && at.p[n] >= '0' && at.p[n] <= '9'; n++) {
        int digit = at.p[n] - '0';
        if (__builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, negative ? -digit : digit, &v))
            return false;
    }
    if (n == 0) return false;
    *s = str_sub(at, n, at.n);
    *ret = v;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool scan_hex(struct str *s, uint64_t *ret)
{
    uint64_t v = 0;
    size_t n = 0;
    while (n < s->n && hex_digit(s->p[n]) >= 0) {
        if (v >> 60) return false;
        v = v << 4 | (uint64_t)hex_digit(s->p[n++]);
    }
    if (n == 0) return false;
    *s = str_sub(*s, n, s->n);
    *ret = v;
    return true;
}

bool scan_address(struct str *s, uint64_t *ret)
{
    if (!str_starts(*s, STR("0x"))) return false;
    struct str at = str_sub(*s, 2, s->n);
    if (!scan_hex(&at, ret)) return false;
    *s = at;
    return true;
}

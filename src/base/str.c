// SPDX-License-Identifier: Apache-2.0
#include "base/str.h"

size_t str_find(struct str s, struct str needle)
{
    if (needle.n == 0) return 0;
    if (s.n < needle.n) return STR_NPOS;
    const char *at = memmem(s.p, s.n, needle.p, needle.n);
    return at ? (size_t)(at - s.p) : STR_NPOS;
}

size_t str_find_char(struct str s, char c)
{
    const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
    return at ? (size_t)(at - s.p) : STR_NPOS;
}

struct str str_skip_bom(struct str s)
{
    return str_starts(s, STR("\xef\xbb\xbf")) ? str_sub(s, 3, s.n) : s;
}

size_t str_rfind_char(struct str s, char c)
{
    const char *at = s.n ? memrchr(s.p, c, s.n) : NULL;
    return at ? (size_t)(at - s.p) : STR_NPOS;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    if (c) return c;
    return (a.n > b.n) - (a.n < b.n);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.n && is_space(s.p[0])) s = str_sub(s, 1, s.n);
    while (s.n && is_space(s.p[s.n - 1])) s.n--;
    return s;
}

bool str_split(struct str *rest, char sep, struct str *piece)
{
    if (!rest->p) return false;
    size_t at = str_find_char(*rest, sep);
    if (at == STR_NPOS) {
        *piece = *rest;
        *rest = (struct str) { NULL, 0 };
        return true;
    }
    *piece = str_sub(*rest, 0, at);
    *rest = str_sub(*rest, at + 1, rest->n);
    return true;
}

bool str_to_u64(struct str s, int base, uint64_t *ret)
{
    uint64_t v = 0;
    if (s.n == 0) return false;
    for (size_t i = 0; i < s.n; i++) {
        int d;
        char c = s.p[i];
        if (c >= '0' && c <= '9')
            d = c - '0';
        else if (c >= 'a' && c <= 'z')
            d = c - 'a' + 10;
        else if (c >= 'A' && c <= 'Z')
            d = c - 'A' + 10;
        else
            return false;
        if (d >= base) return false;
        if (__builtin_mul_overflow(v, (uint64_t)base, &v)) return false;
        if (__builtin_add_overflow(v, (uint64_t)d, &v)) return false;
    }
    *ret = v;
    return true;
}

uint64_t str_hash(struct str s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.n; i++) {
        h ^= (unsigned char)s.p[i];
        h *= 0x100000001b3u;
    }
    return h;
}

// SPDX-License-Identifier: Apache-2.0
// Text as a slice: borrowed bytes with a length, not terminated, never owned by the slice.
// `printf("%.*s", STR_ARG(s))` prints one.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str) { "" literal, sizeof(literal) - 1 })
#define STR_ARG(s)   (int)((s).n > 0x7fffffff ? 0x7fffffff : (s).n), (s).p ? (s).p : ""

static inline struct str str_from(const char *cstr)
{
    return (struct str) { cstr, cstr ? strlen(cstr) : 0 };
}

static inline struct str str_make(const void *p, size_t n)
{
    return (struct str) { p, n };
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_eqc(struct str a, const char *b)
{
    return str_eq(a, str_from(b));
}

static inline bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

// Bytes [from, to), clamped to the slice.
static inline struct str str_sub(struct str s, size_t from, size_t to)
{
    if (to > s.n) to = s.n;
    if (from > to) from = to;
    return (struct str) { s.p ? s.p + from : s.p, to - from };
}

#define STR_NPOS ((size_t)-1)
size_t str_find(struct str s, struct str needle); // first, or STR_NPOS
size_t str_find_char(struct str s, char c);       // first, or STR_NPOS
size_t str_rfind_char(struct str s, char c);      // last, or STR_NPOS
int str_cmp(struct str a, struct str b);          // bytewise, like strcmp
struct str str_skip_bom(struct str s); // without a byte order mark of UTF-8 at its beginning
struct str str_trim(struct str s);     // spaces, tabs, CR, LF at both ends
// Cuts the next piece up to `sep` off *rest; false when *rest is used up.
bool str_split(struct str *rest, char sep, struct str *piece);
bool str_to_u64(struct str s, int base,
                uint64_t *ret);  // whole slice, no sign; false if not a number
uint64_t str_hash(struct str s); // FNV-1a; stable over runs and machines

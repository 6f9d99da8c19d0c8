// SPDX-License-Identifier: Apache-2.0
#include "analyses/pattern.h"

#include "base/buf.h"
#include "base/mem.h"

enum {
    PATTERN_MAX_BYTES = 16384,
    PATTERN_MAX_COUNT = 255, // of {m,n}
    PATTERN_MAX_DEPTH = 64,  // of groups
    PATTERN_MAX_SIZE = 8192, // characters after repetitions have been written out, as regcomp does
};

// How large the expression becomes: regcomp writes a repetition out, so that nested ones multiply
// (a profile may bring such an expression along, in its drop_frames).
struct size {
    uint32_t sum[PATTERN_MAX_DEPTH], last[PATTERN_MAX_DEPTH]; // of each open group; its last part
    unsigned depth;
};

static void size_atom(struct size *z, uint32_t n)
{
    z->sum[z->depth] += n;
    z->last[z->depth] = n;
}

static const char *size_repeat(struct size *z, uint32_t times)
{
    uint32_t more = z->last[z->depth] * (times - 1);
    z->sum[z->depth] += more;
    z->last[z->depth] += more;
    return z->sum[z->depth] > PATTERN_MAX_SIZE ? "repetitions of repetitions as large as these"
                                               : NULL;
}

static const char *size_open(struct size *z)
{
    if (++z->depth == PATTERN_MAX_DEPTH) return "more than 64 groups in each other";
    z->sum[z->depth] = z->last[z->depth] = 0;
    return NULL;
}

static const char *size_close(struct size *z)
{
    if (z->depth == 0) return "a ) without its (";
    z->depth--;
    size_atom(z, z->sum[z->depth + 1]);
    return NULL;
}

// \d \w \s and escaped punctuation; `bracket`: inside [ ].
static const char *translate_escape(struct buf *out, char c, bool bracket)
{
    switch (c) {
    case 'd': buf_adds(out, bracket ? "0-9" : "[0-9]"); return NULL;
    case 'w': buf_adds(out, bracket ? "[:alnum:]_" : "[[:alnum:]_]"); return NULL;
    case 's': buf_adds(out, bracket ? "[:space:]" : "[[:space:]]"); return NULL;
    case 't': buf_addc(out, '\t'); return NULL;
    case 'n': buf_addc(out, '\n'); return NULL;
    case 'b':
    case 'B':
        if (bracket) return "\\b in brackets";
        buf_addc(out, '\\');
        buf_addc(out, c);
        return NULL;
    case 'A': buf_addc(out, '^'); return NULL;
    case 'z': buf_addc(out, '$'); return NULL;
    }
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter) return "this \\ escape";
    if (bracket && (c == ']' || c == '^' || c == '-' || c == '\\')) {
        // A POSIX bracket has no escapes, but a one-character equivalence class says the same.
        buf_printf(out, "[=%c=]", c);
        return NULL;
    }
    if (!bracket) buf_addc(out, '\\');
    buf_addc(out, c);
    return NULL;
}

// "{2,5}" at text[*i]: its larger number into *times, *i onto the }. False: an ordinary brace.
static bool parse_count(struct str text, size_t *i, uint32_t *times)
{
    uint32_t n = 0, most = 0;
    size_t at = *i + 1;
    if (at == text.n || text.p[at] < '0' || text.p[at] > '9') return false;
    for (; at < text.n && text.p[at] != '}'; at++) {
        char c = text.p[at];
        if (c != ',' && (c < '0' || c > '9')) return false;
        n = c == ',' ? 0 : n * 10 + (uint32_t)(c - '0');
        if (n > PATTERN_MAX_COUNT) n = PATTERN_MAX_COUNT + 1;
        if (n > most) most = n;
    }
    if (at == text.n) return false;
    *times = most + 1; // {2,}: two, and what * stands for
    *i = at;
    return true;
}

static const char *translate_repeat(struct buf *out, struct str text, size_t *i, struct size *z,
                                    bool after_another)
{
    uint32_t times = 2; // + is written out as aa*
    size_t from = *i;
    if (text.p[from] == '{' && !parse_count(text, i, &times)) {
        buf_adds(out, "\\{");
        size_atom(z, 1);
        return NULL;
    }
    if (after_another) return "one repetition after another";
    if (times > PATTERN_MAX_COUNT + 1) return "a count over 255";
    buf_add(out, text.p + from, *i - from + 1);
    return size_repeat(z, times);
}

static const char *translate_group(struct buf *out, struct str text, size_t *i)
{
    buf_addc(out, '(');
    if (*i + 1 >= text.n || text.p[*i + 1] != '?') return NULL;
    if (*i + 2 >= text.n || text.p[*i + 2] != ':') return "this (? group";
    *i += 2;
    return NULL;
}

// One character (or escape, group, repetition) outside of brackets. *repeats: it was a repetition.
static const char *translate_plain(struct buf *out, struct str text, size_t *i, struct size *z,
                                   bool *repeats)
{
    char c = text.p[*i];
    bool after_another = *repeats;
    *repeats = false;
    switch (c) {
    case '(': {
        const char *bad = translate_group(out, text, i);
        return bad ? bad : size_open(z);
    }
    case ')': buf_addc(out, c); return size_close(z);
    case '?':
    case '*':
    case '+':
    case '{':
        *repeats = true;
        if (c == '?' && after_another) return NULL; // lazy: the same matches, in another order
        return translate_repeat(out, text, i, z, after_another);
    default:
        buf_addc(out, c);
        size_atom(z, 1);
        return NULL;
    }
}

// NULL, or what is not understood, and where it begins.
static const char *translate(struct str text, struct buf *out, size_t *ret_at)
{
    bool bracket = false, repeats = false;
    size_t bracket_at = 0;
    struct size z = { 0 };
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        const char *bad = NULL;
        *ret_at = i;
        if (c == 0) {
            return "a NUL byte";
        } else if (c == '\\') {
            if (++i == text.n) return "a \\ at the end";
            bad = translate_escape(out, text.p[i], bracket);
            if (!bracket) size_atom(&z, 1);
            repeats = false;
        } else if (bracket) {
            // "[]a]" and "[^]a]": the first one is an ordinary character.
            if (c == ']' && i > bracket_at + 1 && !(i == bracket_at + 2 && text.p[i - 1] == '^'))
                bracket = false;
            buf_addc(out, c);
        } else if (c == '[') {
            bracket = true;
            bracket_at = i;
            buf_addc(out, c);
            size_atom(&z, 1);
            repeats = false;
        } else {
            bad = translate_plain(out, text, &i, &z, &repeats);
        }
        if (bad) return bad;
    }
    return NULL;
}

struct err *pattern_compile(const char *what, struct str text, struct pattern *ret)
{
    if (text.n > PATTERN_MAX_BYTES)
        return err_new(ERR_USAGE, "%s: more than %d bytes", what, PATTERN_MAX_BYTES);
    _cleanup_buf_ struct buf out = { 0 };
    int flags = REG_EXTENDED | REG_NOSUB;
    struct str rest = text;
    if (str_starts(rest, STR("(?i)"))) {
        flags |= REG_ICASE;
        rest = str_sub(rest, 4, rest.n);
    }
    size_t at;
    const char *bad = translate(rest, &out, &at);
    if (bad)
        return err_new(ERR_USAGE,
                       "%s: '%.*s': at byte %zu: %s is not understood (POSIX extended regular "
                       "expressions, with \\d \\w \\s and (?i) in front)",
                       what, STR_ARG(text), text.n - rest.n + at + 1, bad);
    regex_t regex;
    int code = regcomp(&regex, buf_cstr(&out), flags);
    if (code) {
        char why[128];
        regerror(code, &regex, why, sizeof(why));
        return err_new(ERR_USAGE, "%s: '%.*s': %s", what, STR_ARG(text), why);
    }
    ret->regex = regex;
    ret->set = true;
    return NULL;
}

bool pattern_matches(const struct pattern *p, struct str s)
{
    char small[512];
    _cleanup_free_ char *large = NULL;
    if (s.n < sizeof(small)) {
        if (s.n) memcpy(small, s.p, s.n);
        small[s.n] = 0;
    } else {
        large = mem_strndup(s.p, s.n);
    }
    return regexec(&p->regex, large ? large : small, 0, NULL, 0) == 0;
}

void pattern_deinit(struct pattern *p)
{
    if (p->set) regfree(&p->regex);
    p->set = false;
}

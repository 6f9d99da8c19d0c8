// SPDX-License-Identifier: Apache-2.0
#include "analyses/pattern.h"

#include "base/buf.h"
#include "base/mem.h"

enum {
    PATTERN_MAX_BYTES = 16384,
    PATTERN_MAX_COUNT = 255, // of {m,n}: glibc multiplies the automaton by it
};

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

static bool count_is_small(struct str rest)
{
    uint64_t n = 0;
    for (size_t i = 0; i < rest.n && rest.p[i] != '}'; i++) {
        n = rest.p[i] >= '0' && rest.p[i] <= '9' ? n * 10 + (uint64_t)(rest.p[i] - '0') : 0;
        if (n > PATTERN_MAX_COUNT) return false;
    }
    return true;
}

static const char *translate_group(struct buf *out, struct str text, size_t *i)
{
    buf_addc(out, '(');
    if (*i + 1 >= text.n || text.p[*i + 1] != '?') return NULL;
    if (*i + 2 >= text.n || text.p[*i + 2] != ':') return "this (? group";
    *i += 2;
    return NULL;
}

// NULL, or what is not understood.
static const char *translate(struct str text, struct buf *out)
{
    bool bracket = false, after_quantifier = false;
    size_t bracket_at = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        const char *bad = NULL;
        bool quantifier = false;
        if (c == 0) {
            return "a NUL byte";
        } else if (c == '\\') {
            if (++i == text.n) return "a \\ at the end";
            bad = translate_escape(out, text.p[i], bracket);
        } else if (bracket) {
            // "[]a]" and "[^]a]": the first one is an ordinary character.
            if (c == ']' && i > bracket_at + 1 && !(i == bracket_at + 2 && text.p[i - 1] == '^'))
                bracket = false;
            buf_addc(out, c);
        } else if (c == '[') {
            bracket = true;
            bracket_at = i;
            buf_addc(out, c);
        } else if (c == '(') {
            bad = translate_group(out, text, &i);
        } else if (c == '?' && after_quantifier) {
            continue; // lazy: the same matches, found in another order
        } else {
            quantifier = c == '*' || c == '+' || c == '?' || c == '}';
            if (c == '{' && !count_is_small(str_sub(text, i + 1, text.n))) bad = "a count over 255";
            buf_addc(out, c);
        }
        if (bad) return bad;
        after_quantifier = quantifier;
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
    const char *bad = translate(rest, &out);
    if (bad)
        return err_new(ERR_USAGE,
                       "%s: '%.*s': %s is not understood (POSIX extended regular "
                       "expressions, with \\d \\w \\s and (?i) in front)",
                       what, STR_ARG(text), bad);
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

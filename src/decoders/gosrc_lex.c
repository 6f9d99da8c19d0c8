// SPDX-License-Identifier: Apache-2.0
#include "decoders/gosrc_lex.h"

#include <stdlib.h>

enum { C_OTHER, C_SPACE, C_LETTER, C_DIGIT, C_HIGH };

static const uint8_t class_of[256] = {
    [' '] = C_SPACE,         ['\t'] = C_SPACE,         ['\r'] = C_SPACE,
    ['_'] = C_LETTER,        ['a' ... 'z'] = C_LETTER, ['A' ... 'Z'] = C_LETTER,
    ['0' ... '9'] = C_DIGIT, [0x80 ... 0xff] = C_HIGH,
};

static const char *const keywords[] = {
    "break",  "case",        "chan", "const",   "continue", "default", "defer",
    "else",   "fallthrough", "for",  "func",    "go",       "goto",    "if",
    "import", "interface",   "map",  "package", "range",    "return",  "select",
    "struct", "switch",      "type", "var",
};
enum { N_KEYWORDS = sizeof(keywords) / sizeof(keywords[0]) };
_Static_assert(GO_T_VAR - GO_T_BREAK + 1 == N_KEYWORDS, "one token a keyword");

static uint32_t name_hash(const char *p, size_t n)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++) h = (h ^ (uint8_t)p[i]) * 16777619u;
    return h ^ h >> 15;
}

static void grow_table(struct lexer *l)
{
    uint32_t size = l->table_size ? l->table_size * 2 : 512;
    free(l->table);
    l->table = mem_zalloc(size * sizeof(*l->table));
    l->hashes = mem_realloc_array(l->hashes, size, sizeof(*l->hashes));
    l->table_size = size;
    for (uint32_t i = 0; i < l->names.n; i++) {
        uint32_t at = l->hashes[i] & (size - 1);
        while (l->table[at]) at = (at + 1) & (size - 1);
        l->table[at] = i + 1;
    }
}

static uint32_t intern(struct lexer *l, const char *p, uint32_t n, uint32_t h)
{
    if ((l->names.n + 1) * 4 > l->table_size * 3) grow_table(l);
    uint32_t at = h & (l->table_size - 1);
    while (l->table[at]) {
        uint32_t i = l->table[at] - 1;
        if (l->hashes[i] == h && l->names.p[i].n == n && memcmp(l->names.p[i].p, p, n) == 0)
            return i;
        at = (at + 1) & (l->table_size - 1);
    }
    l->table[at] = (uint32_t)l->names.n + 1;
    l->hashes[l->names.n] = h;
    vec_push(&l->names, str_make(p, n));
    return (uint32_t)l->names.n - 1;
}

void lex_init(struct lexer *l, struct arena *a, struct str source)
{
    *l = (struct lexer) { .p = source.p, .n = (uint32_t)source.n, .arena = a };
    intern(l, "_", 1, name_hash("_", 1));
    for (size_t i = 0; i < N_KEYWORDS; i++) {
        uint32_t n = (uint32_t)strlen(keywords[i]);
        intern(l, keywords[i], n, name_hash(keywords[i], n));
    }
    if (l->n >= 3 && memcmp(l->p, "\xef\xbb\xbf", 3) == 0) l->at = 3;
}

void lex_deinit(struct lexer *l)
{
    vec_deinit(&l->names);
    vec_deinit(&l->comments);
    free(l->table);
    free(l->hashes);
}

void lex_error(struct lexer *l, uint32_t at, const char *what)
{
    if (l->stopped) return;
    if (!l->what) l->what = what, l->what_at = at;
    l->n_errors++;
    l->stopped = true;
    l->tok = GO_T_EOF;
}

void lex_restart(struct lexer *l, uint32_t at)
{
    l->stopped = false;
    l->at = at;
    l->semi_next = false;
    lex_next(l);
}

// Length of the valid UTF-8 sequence at p (n bytes left) and its code point, or 0.
static unsigned utf8(const char *text, size_t n, uint32_t *ret)
{
    const uint8_t *p = (const uint8_t *)text;
    unsigned want = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (want == 0 || want > n || p[0] > 0xf4) return 0;
    uint32_t c = want == 1 ? p[0] : p[0] & (0xff >> (want + 1));
    for (unsigned i = 1; i < want; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    if ((want == 3 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) ||
        (want == 4 && (c < 0x10000 || c > 0x10ffff)))
        return 0;
    *ret = c;
    return want;
}

const char *lex_check_bytes(struct str source, uint32_t *ret_at)
{
    size_t i = 0, n = source.n;
    const char *p = source.p;
    while (i < n) {
        // Eight bytes at once that are neither zero nor high.
        while (i + 8 <= n) {
            uint64_t w;
            memcpy(&w, p + i, 8);
            if ((w | (w - 0x0101010101010101u)) & 0x8080808080808080u) break;
            i += 8;
        }
        if (i >= n) break;
        uint32_t c;
        *ret_at = (uint32_t)i;
        if (p[i] == 0) return "illegal character NUL";
        unsigned step = utf8(p + i, n - i, &c);
        if (step == 0) return "illegal UTF-8 encoding";
        if (c == 0xfeff && i > 0) return "illegal byte order mark";
        i += step;
    }
    return NULL;
}

static bool digit_high(uint32_t c)
{
    static const uint16_t zeros[] = { 0x660, 0x6f0, 0x7c0,  0x966,  0x9e6,  0xa66, 0xae6,
                                      0xb66, 0xbe6, 0xc66,  0xce6,  0xd66,  0xde6, 0xe50,
                                      0xed0, 0xf20, 0x1040, 0x17e0, 0x1810, 0xff10 };
    for (size_t i = 0; i < array_size(zeros); i++)
        if (c >= zeros[i] && c <= zeros[i] + 9u) return true;
    return false;
}

// Letters beyond ASCII: whole blocks, with the punctuation and symbols that occur in source left
// out.
static bool letter(uint32_t c)
{
    static const uint32_t not_letter[][2] = {
        { 0x80, 0xa9 },     { 0xab, 0xb4 },     { 0xb6, 0xb9 },        { 0xbb, 0xbf },
        { 0xd7, 0xd7 },     { 0xf7, 0xf7 },     { 0x2c2, 0x2c5 },      { 0x300, 0x36f },
        { 0x2000, 0x2070 }, { 0x2072, 0x207e }, { 0x2080, 0x208f },    { 0x20a0, 0x20ff },
        { 0x2190, 0x2bff }, { 0x3000, 0x3004 }, { 0x3008, 0x3020 },    { 0xd800, 0xf8ff },
        { 0xfe00, 0xfe6f }, { 0xff01, 0xff20 }, { 0x1f000, 0x1faff },  { 0x660, 0x669 },
        { 0x966, 0x96f },   { 0xff10, 0xff19 }, { 0xe0000, 0x10ffff },
    };
    if (digit_high(c)) return false;
    for (size_t i = 0; i < array_size(not_letter); i++)
        if (c >= not_letter[i][0] && c <= not_letter[i][1]) return false;
    return true;
}

static void lex_name(struct lexer *l)
{
    const char *p = l->p;
    uint32_t at = l->at, h = 2166136261u;
    while (at < l->n) {
        uint8_t c = (uint8_t)p[at], k = class_of[c];
        if (k == C_LETTER || k == C_DIGIT) {
            h = (h ^ c) * 16777619u;
            at++;
            continue;
        }
        if (k != C_HIGH) break;
        uint32_t rune;
        unsigned step = utf8(p + at, l->n - at, &rune);
        if (step == 0 || !(letter(rune) || (at > l->pos && digit_high(rune)))) break;
        for (; step; step--, at++) h = (h ^ (uint8_t)p[at]) * 16777619u;
    }
    if (at == l->pos) {
        lex_error(l, at, "illegal character");
        return;
    }
    l->at = at;
    l->sym = intern(l, p + l->pos, at - l->pos, h ^ h >> 15);
    if (l->sym == 0 || l->sym > N_KEYWORDS) {
        l->tok = GO_T_IDENT;
        l->semi_next = true;
        return;
    }
    l->tok = (enum go_tok)(GO_T_BREAK + l->sym - 1);
    l->semi_next = l->tok == GO_T_BREAK || l->tok == GO_T_CONTINUE || l->tok == GO_T_FALLTHROUGH ||
                   l->tok == GO_T_RETURN;
}

static char peek(const struct lexer *l, uint32_t ahead)
{
    return l->n - l->at > ahead ? l->p[l->at + ahead] : 0;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

struct digits {
    bool digit, separator, too_large;
};

static void lex_digits(struct lexer *l, int base, struct digits *d)
{
    for (;; l->at++) {
        char c = peek(l, 0);
        if (c == '_') {
            d->separator = true;
        } else if (base == 16 ? hex_value(c) < 16 : c >= '0' && c <= '9') {
            d->digit = true;
            if (c >= '0' + base && base < 10) d->too_large = true;
        } else {
            return;
        }
    }
}

// A separator must stand between digits (the prefix of a base counts as one).
static bool separators_ok(struct str s, bool prefixed)
{
    char before = '.';
    size_t i = 0;
    if (prefixed) before = '0', i = 2;
    for (; i < s.n; i++) {
        char c = s.p[i];
        if (c == '_') {
            if (before != '0') return false;
        } else if (prefixed && (s.p[1] | 0x20) == 'x' ? hex_value(c) < 16 : c >= '0' && c <= '9') {
            c = '0';
        } else {
            if (before == '_') return false;
            c = '.';
        }
        before = c;
    }
    return before != '_';
}

static const char *lex_exponent(struct lexer *l, char prefix, struct digits *d)
{
    char e = peek(l, 0) | 0x20;
    if (e == 'e' && prefix != 0 && prefix != '0') return "exponent requires decimal mantissa";
    if (e == 'p' && prefix != 'x') return "exponent requires hexadecimal mantissa";
    l->at++;
    if (peek(l, 0) == '+' || peek(l, 0) == '-') l->at++;
    struct digits exponent = { 0 };
    lex_digits(l, 10, &exponent);
    d->separator |= exponent.separator;
    return exponent.digit ? NULL : "exponent has no digits";
}

static void lex_number(struct lexer *l)
{
    int base = 10;
    char prefix = 0;
    struct digits d = { 0 };
    const char *wrong = NULL;
    l->tok = GO_T_INT;
    if (peek(l, 0) != '.') {
        if (peek(l, 0) == '0') {
            char c = peek(l, 1) | 0x20;
            if (c == 'x' || c == 'o' || c == 'b') {
                base = c == 'x' ? 16 : c == 'o' ? 8 : 2;
                prefix = c;
                l->at += 2;
            } else {
                base = 8, prefix = '0', d.digit = true;
                l->at++;
            }
        }
        lex_digits(l, base, &d);
    }
    if (peek(l, 0) == '.') {
        l->tok = GO_T_FLOAT;
        if (prefix == 'o' || prefix == 'b') wrong = "invalid radix point";
        l->at++;
        lex_digits(l, base, &d);
    }
    if (!d.digit && !wrong) wrong = "number has no digits";
    char e = peek(l, 0) | 0x20;
    if (e == 'e' || e == 'p') {
        l->tok = GO_T_FLOAT;
        const char *bad = lex_exponent(l, prefix, &d);
        if (bad && !wrong) wrong = bad;
    } else if (prefix == 'x' && l->tok == GO_T_FLOAT && !wrong) {
        wrong = "hexadecimal mantissa requires a 'p' exponent";
    }
    if (peek(l, 0) == 'i') l->tok = GO_T_IMAG, l->at++;
    if (l->tok == GO_T_INT && d.too_large && !wrong) wrong = "invalid digit in number";
    struct str text = str_make(l->p + l->pos, l->at - l->pos);
    if (d.separator && !wrong && !separators_ok(text, prefix != 0 && prefix != '0'))
        wrong = "'_' must separate successive digits";
    l->semi_next = true;
    if (wrong) lex_error(l, l->pos, wrong);
}

// After the backslash. False if the escape is not one.
static bool lex_escape(struct lexer *l, char quote)
{
    char c = peek(l, 0);
    unsigned n;
    uint32_t base, most;
    if (c != 0 && (strchr("abfnrtv\\", c) || c == quote)) {
        l->at++;
        return true;
    }
    if (c >= '0' && c <= '7')
        n = 3, base = 8, most = 255;
    else if (c == 'x')
        n = 2, base = 16, most = 255, l->at++;
    else if (c == 'u')
        n = 4, base = 16, most = 0x10ffff, l->at++;
    else if (c == 'U')
        n = 8, base = 16, most = 0x10ffff, l->at++;
    else
        return false;
    uint32_t x = 0;
    for (; n; n--, l->at++) {
        uint32_t v = (uint32_t)hex_value(peek(l, 0));
        if (v >= base) return false;
        x = x * base + v;
    }
    return x <= most && !(x >= 0xd800 && x < 0xe000);
}

static void lex_quoted(struct lexer *l, char quote)
{
    unsigned runes = 0;
    l->at++;
    l->tok = quote == '"' ? GO_T_STRING : GO_T_CHAR;
    l->semi_next = true;
    for (;;) {
        if (l->at >= l->n || l->p[l->at] == '\n') {
            lex_error(l, l->pos,
                      quote == '"' ? "string literal not terminated"
                                   : "rune literal not terminated");
            return;
        }
        char c = l->p[l->at++];
        if (c == quote) break;
        if (c == '\\' && !lex_escape(l, quote)) {
            lex_error(l, l->at, "unknown or malformed escape sequence");
            return;
        }
        if (((uint8_t)c & 0xc0) != 0x80) runes++;
    }
    if (quote == '\'' && runes != 1) lex_error(l, l->pos, "illegal rune literal");
}

static void lex_raw_string(struct lexer *l)
{
    const char *close = memchr(l->p + l->at + 1, '`', l->n - l->at - 1);
    l->tok = GO_T_STRING;
    l->semi_next = true;
    if (!close) {
        l->at = l->n;
        lex_error(l, l->pos, "raw string literal not terminated");
        return;
    }
    l->at = (uint32_t)(close - l->p) + 1;
}

// The numbers of a line directive: "name:line" or "name:line:column", from 1 up.
static const char *check_line_directive(struct str text)
{
    enum { MOST = 1 << 30 };
    size_t colon = str_rfind_char(text, ':');
    if (colon == STR_NPOS) return NULL;
    uint64_t line, column;
    if (!str_to_u64(str_sub(text, colon + 1, text.n), 10, &line)) return "invalid line number";
    struct str rest = str_sub(text, 0, colon);
    size_t second = str_rfind_char(rest, ':');
    if (second != STR_NPOS && str_to_u64(str_sub(rest, second + 1, rest.n), 10, &column)) {
        if (line == 0 || line > MOST) return "invalid column number";
        line = column;
    }
    return line == 0 || line > MOST ? "invalid line number" : NULL;
}

// At a '/' that begins a comment. True if the comment holds a newline that ends the statement.
static bool lex_comment(struct lexer *l)
{
    uint32_t from = l->at;
    bool lines = false, block = l->p[from + 1] == '*';
    const char *end;
    if (!block) {
        end = memchr(l->p + from, '\n', l->n - from);
        l->at = end ? (uint32_t)(end - l->p) : l->n;
    } else {
        end = l->n - from > 3 ? memmem(l->p + from + 2, l->n - from - 2, "*/", 2) : NULL;
        if (!end) {
            lex_error(l, from, "comment not terminated");
            return false;
        }
        l->at = (uint32_t)(end - l->p) + 2;
        lines = memchr(l->p + from, '\n', l->at - from) != NULL;
    }
    vec_push(&l->comments, (struct go_comment) { from, l->at });
    struct str text = str_make(l->p + from + 2, l->at - from - 2);
    if (str_starts(text, STR("line ")) && (block || from == 0 || l->p[from - 1] == '\n')) {
        text = str_sub(text, 5, block ? text.n - 2 : text.n);
        if (str_ends(text, STR("\r"))) text.n--;
        const char *wrong = check_line_directive(text);
        if (wrong) lex_error(l, from, wrong);
    }
    return lines;
}

static void semicolon(struct lexer *l, uint32_t at)
{
    l->tok = GO_T_SEMICOLON;
    l->newline = true;
    l->semi_next = false;
    l->pos = l->end = at;
}

// Skips blanks and comments. False if a token (a semicolon or the end) was made on the way.
static bool skip_blanks(struct lexer *l)
{
    for (;;) {
        while (l->at < l->n && class_of[(uint8_t)l->p[l->at]] == C_SPACE) l->at++;
        if (l->at >= l->n) {
            if (l->semi_next) {
                semicolon(l, l->n);
                return false;
            }
            l->tok = GO_T_EOF;
            l->pos = l->end = l->n;
            return false;
        }
        char c = l->p[l->at];
        if (c == '\n') {
            uint32_t at = l->at++;
            if (!l->semi_next) continue;
            semicolon(l, at);
            return false;
        }
        if (c != '/' || (peek(l, 1) != '/' && peek(l, 1) != '*')) return true;
        uint32_t at = l->at;
        bool lines = lex_comment(l);
        if (l->stopped) return false;
        if (lines && l->semi_next) {
            semicolon(l, at);
            return false;
        }
    }
}

static void set(struct lexer *l, enum go_tok tok, unsigned length)
{
    l->tok = tok;
    l->at += length;
}

static enum go_tok with_assign(struct lexer *l, enum go_tok plain, enum go_tok assign)
{
    return peek(l, 1) == '=' ? assign : plain;
}

// Operators that may be followed by '=' only.
static bool lex_simple_operator(struct lexer *l, char c)
{
    enum go_tok plain, assign;
    switch (c) {
    case '*': plain = GO_T_MUL, assign = GO_T_MUL_ASSIGN; break;
    case '/': plain = GO_T_QUO, assign = GO_T_QUO_ASSIGN; break;
    case '%': plain = GO_T_REM, assign = GO_T_REM_ASSIGN; break;
    case '^': plain = GO_T_XOR, assign = GO_T_XOR_ASSIGN; break;
    case '=': plain = GO_T_ASSIGN, assign = GO_T_EQL; break;
    case '!': plain = GO_T_NOT, assign = GO_T_NEQ; break;
    case ':': plain = GO_T_COLON, assign = GO_T_DEFINE; break;
    default: return false;
    }
    enum go_tok t = with_assign(l, plain, assign);
    set(l, t, t == assign ? 2 : 1);
    return true;
}

static void lex_operator(struct lexer *l, char c)
{
    char d = peek(l, 1);
    l->semi_next = false;
    switch (c) {
    case '(': set(l, GO_T_LPAREN, 1); return;
    case '[': set(l, GO_T_LBRACK, 1); return;
    case '{': set(l, GO_T_LBRACE, 1); return;
    case ',': set(l, GO_T_COMMA, 1); return;
    case '~': set(l, GO_T_TILDE, 1); return;
    case ';': set(l, GO_T_SEMICOLON, 1); return;
    case ')': set(l, GO_T_RPAREN, 1), l->semi_next = true; return;
    case ']': set(l, GO_T_RBRACK, 1), l->semi_next = true; return;
    case '}': set(l, GO_T_RBRACE, 1), l->semi_next = true; return;
    case '.':
        if (d == '.' && peek(l, 2) == '.')
            set(l, GO_T_DOTS, 3);
        else
            set(l, GO_T_PERIOD, 1);
        return;
    case '+':
        if (d == '+')
            set(l, GO_T_INC, 2), l->semi_next = true;
        else
            set(l, d == '=' ? GO_T_ADD_ASSIGN : GO_T_ADD, d == '=' ? 2 : 1);
        return;
    case '-':
        if (d == '-')
            set(l, GO_T_DEC, 2), l->semi_next = true;
        else
            set(l, d == '=' ? GO_T_SUB_ASSIGN : GO_T_SUB, d == '=' ? 2 : 1);
        return;
    case '<':
        if (d == '-')
            set(l, GO_T_ARROW, 2);
        else if (d == '<')
            set(l, peek(l, 2) == '=' ? GO_T_SHL_ASSIGN : GO_T_SHL, peek(l, 2) == '=' ? 3 : 2);
        else
            set(l, d == '=' ? GO_T_LEQ : GO_T_LSS, d == '=' ? 2 : 1);
        return;
    case '>':
        if (d == '>')
            set(l, peek(l, 2) == '=' ? GO_T_SHR_ASSIGN : GO_T_SHR, peek(l, 2) == '=' ? 3 : 2);
        else
            set(l, d == '=' ? GO_T_GEQ : GO_T_GTR, d == '=' ? 2 : 1);
        return;
    case '&':
        if (d == '&')
            set(l, GO_T_LAND, 2);
        else if (d == '^')
            set(l, peek(l, 2) == '=' ? GO_T_AND_NOT_ASSIGN : GO_T_AND_NOT,
                peek(l, 2) == '=' ? 3 : 2);
        else
            set(l, d == '=' ? GO_T_AND_ASSIGN : GO_T_AND, d == '=' ? 2 : 1);
        return;
    case '|':
        if (d == '|')
            set(l, GO_T_LOR, 2);
        else
            set(l, d == '=' ? GO_T_OR_ASSIGN : GO_T_OR, d == '=' ? 2 : 1);
        return;
    default:
        if (!lex_simple_operator(l, c)) lex_error(l, l->at, "illegal character");
    }
}

void lex_next(struct lexer *l)
{
    if (l->stopped) {
        l->tok = GO_T_EOF;
        return;
    }
    l->newline = false;
    if (!skip_blanks(l)) return;
    l->pos = l->at;
    char c = l->p[l->at];
    uint8_t k = class_of[(uint8_t)c];
    if (k == C_LETTER || k == C_HIGH)
        lex_name(l);
    else if (k == C_DIGIT || (c == '.' && class_of[(uint8_t)peek(l, 1)] == C_DIGIT))
        lex_number(l);
    else if (c == '"' || c == '\'')
        lex_quoted(l, c);
    else if (c == '`')
        lex_raw_string(l);
    else
        lex_operator(l, c);
    l->end = l->at;
    if (l->stopped) l->tok = GO_T_EOF;
}

// SPDX-License-Identifier: Apache-2.0
#include "decoders/godump_in.h"

#include <ctype.h>

// ---- JSON, as loggers write it: one object a line. Lenient: a line that a logger cut is used as
// far as it goes, and what is not asked for is skipped, not checked.

// clang-format off
#define TEXT_FIELDS(F) F("log") F("MESSAGE") F("message") F("msg") F("textPayload") F("line")      \
    F("stack") F("stacktrace") F("stack_trace") F("error.stack") F("error") F("body")              \
    F("jsonPayload") F("exception") F("errorVerbose")
// What tells processes apart.
#define ID_FIELDS(F) F("_HOSTNAME") F("_PID") F("host") F("hostname") F("pid") F("container_id")   \
    F("container_name") F("pod") F("pod_name") F("instance") F("kubernetes.pod_name")
// clang-format on
#define NAME(s)   STR(s),
#define LENGTH(s) | 1u << (sizeof(s) - 1)

static const struct str text_fields[] = { TEXT_FIELDS(NAME) };
static const struct str id_fields[] = { ID_FIELDS(NAME) };
// A bit for each length of a name: most others are told apart by that.
static const uint32_t text_lengths = 0 TEXT_FIELDS(LENGTH), id_lengths = 0 ID_FIELDS(LENGTH);

static int field_number(struct str key, const struct str *list, size_t n, uint32_t lengths)
{
    if (key.n >= 32 || !(lengths >> key.n & 1)) return -1;
    for (size_t i = 0; i < n; i++)
        if (key.n == list[i].n && key.p[0] == list[i].p[0] && memcmp(key.p, list[i].p, key.n) == 0)
            return (int)i;
    return -1;
}

static int text_field(struct str key)
{
    return field_number(key, text_fields, array_size(text_fields), text_lengths);
}

static bool is_id_field(struct str key)
{
    return field_number(key, id_fields, array_size(id_fields), id_lengths) >= 0;
}

static void skip_blanks(struct str *s)
{
    size_t n = 0;
    while (n < s->n && (s->p[n] == ' ' || s->p[n] == ',' || s->p[n] == '\t' || s->p[n] == '\r' ||
                        s->p[n] == '\n'))
        n++;
    *s = str_sub(*s, n, s->n);
}

// The bytes between the quotes, still escaped; *s goes on behind them.
static struct str quoted(struct str *s)
{
    const char *begin = s->p + 1, *end = s->p + s->n, *q = begin;
    for (; q < end && (q = memchr(q, '"', (size_t)(end - q))); q++) {
        const char *slash = q;
        while (slash > begin && slash[-1] == '\\') slash--;
        if ((q - slash) % 2) continue;
        *s = (struct str) { q + 1, (size_t)(end - q - 1) };
        return (struct str) { begin, (size_t)(q - begin) };
    }
    *s = (struct str) { end, 0 };
    return (struct str) { begin, (size_t)(end - begin) };
}

struct value {
    struct str all;
    struct str string; // what stands between its quotes, if it is a string
};

// One value, whole; *s goes on behind it.
static struct value value(struct str *s)
{
    struct str all = *s;
    if (all.n && all.p[0] == '"') {
        struct str string = quoted(s);
        return (struct value) { str_sub(all, 0, all.n - s->n), string };
    }
    size_t depth = 0;
    while (s->n) {
        char c = s->p[0];
        if (c == '"') {
            quoted(s);
        } else {
            if (c == '{' || c == '[') depth++;
            if ((c == '}' || c == ']') && depth > 0)
                depth--;
            else if (depth == 0 && (c == ',' || c == '}' || c == ']'))
                break;
            *s = str_sub(*s, 1, s->n);
        }
        if (depth == 0 && (all.p[0] == '{' || all.p[0] == '[')) break;
    }
    return (struct value) { .all = str_sub(all, 0, all.n - s->n) };
}

static unsigned hex4(struct str s)
{
    uint64_t v = 0;
    return s.n >= 4 && str_to_u64(str_sub(s, 0, 4), 16, &v) ? (unsigned)v : 0xfffd;
}

// The byte that a backslash and c stand for.
static char unescaped(char c)
{
    switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case 'b': return '\b';
    case 'f': return '\f';
    default: return c;
    }
}

static void unescape_string(struct str s, struct buf *ret)
{
    while (s.n) {
        size_t at = str_find_char(s, '\\');
        if (at == STR_NPOS || at + 1 >= s.n) {
            buf_addstr(ret, str_sub(s, 0, at));
            return;
        }
        buf_addstr(ret, str_sub(s, 0, at));
        char c = s.p[at + 1];
        s = str_sub(s, at + 2, s.n);
        uint64_t byte;
        if (c == 'x' && str_to_u64(str_sub(s, 0, 2), 16, &byte)) {
            buf_addc(ret, (char)byte);
            s = str_sub(s, 2, s.n);
        } else if (c == 'u') {
            unsigned r = hex4(s);
            s = str_sub(s, 4, s.n);
            if (r >= 0xd800 && r < 0xdc00 && str_starts(s, STR("\\u"))) {
                unsigned low = hex4(str_sub(s, 2, s.n));
                r = 0x10000 + ((r - 0xd800) << 10) + (low & 0x3ff);
                s = str_sub(s, 6, s.n);
            }
            buf_add_rune(ret, r);
        } else {
            buf_addc(ret, unescaped(c));
        }
    }
}

// A string, an object with such fields of its own, or (journald: not UTF-8) bytes as numbers.
static bool add_text(const struct value *value, int depth, struct buf *ret)
{
    struct str v = value->all;
    if (value->string.p) {
        unescape_string(value->string, ret);
        return true;
    }
    if (v.p[0] == '{') return depth < GODUMP_NESTING && godump_unwrap_json(v, depth + 1, ret, NULL);
    if (v.p[0] != '[') return false;
    struct str rest = str_sub(v, 1, v.n), item;
    if (rest.n && rest.p[rest.n - 1] == ']') rest.n--;
    bool any = false;
    while (str_split(&rest, ',', &item)) {
        uint64_t byte;
        if (!str_to_u64(str_trim(item), 10, &byte) || byte > 255) return any;
        buf_addc(ret, (char)byte);
        any = true;
    }
    return any;
}

static void add_id(const struct value *value, struct buf *ret_id)
{
    struct str v = value->all;
    if (v.p[0] == '{' || v.p[0] == '[' || v.n > 100) return;
    if (value->string.p) v = value->string;
    buf_printf(ret_id, "[%.*s]", STR_ARG(str_trim(v)));
}

bool godump_unwrap_json(struct str line, int depth, struct buf *ret, struct buf *ret_id)
{
    struct value found[array_size(text_fields)];
    unsigned has = 0; // which of them
    if (line.n < 2 || line.p[0] != '{') return false;
    struct str s = str_sub(line, 1, line.n);
    for (;;) {
        skip_blanks(&s);
        if (s.n == 0 || s.p[0] != '"') break;
        struct str key = quoted(&s);
        while (s.n && (s.p[0] == ' ' || s.p[0] == ':')) s = str_sub(s, 1, s.n);
        if (s.n == 0) break;
        struct value v = value(&s);
        if (v.all.n == 0) break;
        int text = text_field(key);
        if (text >= 0)
            found[text] = v, has |= 1u << text;
        else if (ret_id && is_id_field(key))
            add_id(&v, ret_id);
        else if (ret_id && str_eqc(key, "kubernetes") && depth < GODUMP_NESTING)
            godump_unwrap_json(v.all, depth + 1, NULL, ret_id);
    }
    bool any = false;
    for (size_t i = 0; ret && has >> i; i++) {
        if (!(has >> i & 1)) continue;
        if (any && ret->n && ret->p[ret->n - 1] != '\n') buf_addc(ret, '\n');
        any = add_text(&found[i], depth, ret) || any;
    }
    return any;
}

bool godump_unwrap_cri(struct str line, struct str *ret_text, bool *ret_partial, bool *ret_stdout)
{
    struct str rest = line, time, stream, tag;
    if (line.n < 20 || !isdigit((unsigned char)line.p[0]) || line.p[4] != '-') return false;
    if (!str_split(&rest, ' ', &time) || str_find_char(time, 'T') == STR_NPOS) return false;
    if (!str_split(&rest, ' ', &stream)) return false;
    if (!str_eqc(stream, "stdout") && !str_eqc(stream, "stderr")) return false;
    if (!str_split(&rest, ' ', &tag) || tag.n == 0) return false;
    if (tag.p[0] != 'F' && tag.p[0] != 'P') return false;
    *ret_text = rest;
    *ret_partial = tag.p[0] == 'P';
    *ret_stdout = str_eqc(stream, "stdout");
    return true;
}

static size_t entity(struct str s, struct buf *ret)
{
    static const struct {
        const char *name;
        char c;
    } names[] = { { "&lt;", '<' },  { "&gt;", '>' },   { "&amp;", '&' }, { "&quot;", '"' },
                  { "&#34;", '"' }, { "&#39;", '\'' }, { "&#43;", '+' }, { "&nbsp;", ' ' },
                  { "&#9;", '\t' }, { "&#x9;", '\t' } };
    for (size_t i = 0; i < array_size(names); i++)
        if (str_starts(s, str_from(names[i].name))) {
            buf_addc(ret, names[i].c);
            return strlen(names[i].name);
        }
    return 0;
}

// The length of an HTML tag at s, of those that a page puts round a dump; 0 if it is none.
static size_t tag(struct str s)
{
    static const char *const names[] = { "pre",  "br", "code", "html", "body", "div",
                                         "span", "p",  "head", "td",   "tr",   "table" };
    size_t end = str_find_char(str_sub(s, 0, 200), '>');
    if (end == STR_NPOS) return 0;
    size_t from = s.n > 1 && s.p[1] == '/' ? 2 : 1, n = from;
    while (n < end && isalpha((unsigned char)s.p[n])) n++;
    for (size_t i = 0; i < array_size(names); i++)
        if (n - from == strlen(names[i]) && strncasecmp(s.p + from, names[i], n - from) == 0)
            return end + 1;
    return 0;
}

// What tells a terminal what to do: "ESC [ 31 m", "ESC ( B", "ESC ] 8;;http://… ESC \", ESC itself
// or as syslog and cat -v write it. The length; 0 if it is none.
static size_t terminal(struct str s)
{
    enum { COLOUR_MAX = 60, LINK_MAX = 1000 };
    size_t n = s.p[0] == '\x1b' ? 1 : str_starts(s, STR("#033")) ? 4 : 2;
    if (n == 2 && !str_starts(s, STR("^["))) return 0;
    if (n + 1 >= s.n) return 0;
    char c = s.p[n++];
    if (c == '(') return n + 1;
    if (c == ']') {
        struct str rest = str_sub(s, n, n + LINK_MAX);
        size_t bell = str_find_char(rest, '\a'), end = str_find(rest, STR("\x1b\\"));
        return bell < end ? n + bell + 1 : end != STR_NPOS ? n + end + 2 : 0;
    }
    if (c != '[') return 0;
    while (n < s.n && n < COLOUR_MAX && s.p[n] && strchr("0123456789;", s.p[n])) n++;
    return n < s.n && isalpha((unsigned char)s.p[n]) ? n + 1 : 0;
}

bool godump_unescape(struct str line, struct buf *ret)
{
    static const bool special[256] = {
        ['#'] = true, ['&'] = true, ['<'] = true, ['^'] = true, ['\x1b'] = true
    };
    bool any = false;
    while (line.n) {
        size_t plain = 0, n = 0;
        while (plain < line.n && !special[(uint8_t)line.p[plain]]) plain++;
        if (plain == line.n && !any) return false;
        buf_addstr(ret, str_sub(line, 0, plain));
        struct str s = str_sub(line, plain, line.n);
        if (s.n == 0) break;
        if (str_starts(s, STR("#011")) || str_starts(s, STR("#012"))) {
            buf_addc(ret, s.p[3] == '1' ? '\t' : '\n');
            n = 4;
        } else if (s.p[0] == '&') {
            n = entity(s, ret);
        } else if (s.p[0] != '<') {
            n = terminal(s);
        } else {
            n = tag(s);
            if (n && strncasecmp(s.p, "<br", 3) == 0) buf_addc(ret, '\n');
        }
        any = any || n;
        if (n == 0) buf_addc(ret, s.p[0]), n = 1;
        line = str_sub(s, n, s.n);
    }
    return any;
}

// Where the first end of a goroutine's header is in a packed dump.
static size_t packed_header(struct str line)
{
    static const char *const ends[] = { "\\n", "\\r\\n", "<br" };
    for (size_t at = 0;; at += 2) {
        size_t next = str_find(str_sub(line, at, line.n), STR("]:"));
        if (next == STR_NPOS) return STR_NPOS;
        at += next;
        for (size_t i = 0; i < array_size(ends); i++)
            if (str_starts(str_sub(line, at + 2, line.n), str_from(ends[i]))) return at;
    }
}

bool godump_is_packed(struct str line)
{
    enum { PACKED_MIN = 120 };
    return line.n >= PACKED_MIN && packed_header(line) != STR_NPOS;
}

bool godump_unquote(struct str line, struct buf *ret)
{
    size_t header = packed_header(line);
    if (header == STR_NPOS) return false;
    static const char *const starts[] = { "fatal error: ", "panic: ", "goroutine " };
    size_t from = STR_NPOS;
    for (size_t i = 0; i < array_size(starts) && from == STR_NPOS; i++)
        from = str_find(str_sub(line, 0, header), str_from(starts[i]));
    if (from == STR_NPOS) return false;
    if (line.p[header + 2] == '<' && (from == 0 || line.p[from - 1] != '"')) return false; // HTML
    struct str rest = str_sub(line, from ? from - 1 : 0, line.n); // as if the quote stood there
    unescape_string(from ? quoted(&rest) : rest, ret);
    return ret->n > 0;
}

bool godump_unwrap_logfmt(struct str line, struct str *ret_before, struct buf *ret)
{
    enum { HEAD_MAX = 300 };
    struct str head = str_sub(line, 0, HEAD_MAX);
    size_t key = str_find(head, STR(" msg=")), level = str_find(head, STR("level="));
    if (key == STR_NPOS || level > key) return false;
    struct str value = str_sub(line, key + 5, line.n);
    if (value.n && value.p[0] == '"')
        unescape_string(quoted(&value), ret);
    else
        buf_addstr(ret, str_sub(value, 0, str_find_char(value, ' ')));
    size_t first = str_find_char(line, '=');
    while (first && line.p[first - 1] != ' ') first--;
    *ret_before = str_sub(line, 0, first);
    return true;
}

// Digits of a time: next to one of ":.,TZ+/-" or (day of month) a space. "[123]", "web-1" and
// "host3" are names, and tell processes apart.
static bool is_time(struct str s, size_t from, size_t to)
{
    char before = from ? s.p[from - 1] : ' ', after = to < s.n ? s.p[to] : ' ';
    if (before == '[' && after == ']') return false;
    if (before == '"' && after == '"') return true; // sequenceId="12" of syslog
    if (before == ' ' && after == ' ' && from > 0) return to - from <= 2 || to - from >= 10;
    if (strchr(":.,TZ", before) || strchr(":.,TZ", after)) return before != '[' || after != ']';
    if (after == '/' || after == '-')
        return before == ' ' || before == '[' || before == '/' || before == '-';
    if (before == '/' || before == '-') return from >= 2 && isdigit((unsigned char)s.p[from - 2]);
    return before == ' ' || before == '+';
}

// The shape ends in blanks: as many must be there.
static size_t prefix_end(struct str shape, struct str line, size_t at)
{
    size_t blanks = 0;
    while (blanks < shape.n && shape.p[shape.n - 1 - blanks] == ' ') blanks++;
    for (size_t i = 0; i < blanks; i++)
        if (at + i >= line.n || line.p[at + i] != ' ') return STR_NPOS;
    return at + blanks;
}

size_t godump_prefix_match(struct str shape, struct str line)
{
    size_t i = 0, j = 0;
    while (i < shape.n) {
        if (j >= line.n) return STR_NPOS;
        if (shape.p[i] == ' ' && line.p[j] == ' ') { // padded numbers; not the text's own indent
            while (i < shape.n && shape.p[i] == ' ') i++;
            if (i == shape.n) return prefix_end(shape, line, j);
            while (j < line.n && line.p[j] == ' ') j++;
            continue;
        }
        if (!isdigit((unsigned char)shape.p[i]) || !isdigit((unsigned char)line.p[j])) {
            if (shape.p[i] != line.p[j]) return STR_NPOS;
            i++, j++;
            continue;
        }
        size_t a = i, b = j;
        while (i < shape.n && isdigit((unsigned char)shape.p[i])) i++;
        while (j < line.n && isdigit((unsigned char)line.p[j])) j++;
        if (!is_time(shape, a, i) && !str_eq(str_sub(shape, a, i), str_sub(line, b, j)))
            return STR_NPOS;
    }
    return j;
}

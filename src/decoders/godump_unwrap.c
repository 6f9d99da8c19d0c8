// SPDX-License-Identifier: Apache-2.0
#include "decoders/godump_in.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>

static bool add_text(json_t *v, struct buf *ret)
{
    if (json_is_string(v)) {
        buf_add(ret, json_string_value(v), json_string_length(v));
        return true;
    }
    if (!json_is_array(v)) return false; // journald: bytes as numbers, when it is not UTF-8
    for (size_t i = 0; i < json_array_size(v); i++) {
        json_t *n = json_array_get(v, i);
        if (!json_is_integer(n)) return false;
        buf_addc(ret, (char)json_integer_value(n));
    }
    return json_array_size(v) > 0;
}

bool godump_unwrap_json(struct str line, struct buf *ret)
{
    static const char *const fields[] = { "log",         "MESSAGE",     "message", "msg",
                                          "textPayload", "line",        "stack",   "stacktrace",
                                          "stack_trace", "error.stack", "error",   "body" };
    if (line.n < 2 || line.p[0] != '{') return false;
    json_t *doc = json_loadb(line.p, line.n, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
    if (!doc) return false;
    bool any = false;
    for (size_t i = 0; i < array_size(fields); i++) {
        json_t *v = json_object_get(doc, fields[i]);
        if (!v) continue;
        if (any && ret->n && ret->p[ret->n - 1] != '\n') buf_addc(ret, '\n');
        any = add_text(v, ret) || any;
    }
    json_decref(doc);
    return any;
}

bool godump_unwrap_cri(struct str line, struct str *ret_text, bool *ret_partial)
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

bool godump_unescape(struct str line, struct buf *ret)
{
    bool any = false;
    for (size_t i = 0; i < line.n;) {
        struct str s = str_sub(line, i, line.n);
        size_t n = 0;
        if (s.p[0] == '#' && (str_starts(s, STR("#011")) || str_starts(s, STR("#012")))) {
            buf_addc(ret, s.p[3] == '1' ? '\t' : '\n');
            n = 4;
        } else if (s.p[0] == '&') {
            n = entity(s, ret);
        } else if (s.p[0] == '<') {
            n = tag(s);
            if (n && strncasecmp(s.p, "<br", 3) == 0) buf_addc(ret, '\n');
        }
        any = any || n;
        if (n == 0) buf_addc(ret, s.p[0]), n = 1;
        i += n;
    }
    return any;
}

// Digits of a time: next to one of ":.,TZ+/-" or (day of month) a space. "[123]", "web-1" and
// "host3" are names, and tell processes apart.
static bool is_time(struct str s, size_t from, size_t to)
{
    char before = from ? s.p[from - 1] : ' ', after = to < s.n ? s.p[to] : ' ';
    if (before == '[' && after == ']') return false;
    if (strchr(":.,TZ", before) || strchr(":.,TZ", after)) return before != '[' || after != ']';
    if (after == '/' || after == '-')
        return before == ' ' || before == '[' || before == '/' || before == '-';
    if (before == '/' || before == '-') return from >= 2 && isdigit((unsigned char)s.p[from - 2]);
    return before == ' ' || before == '+';
}

size_t godump_prefix_match(struct str shape, struct str line)
{
    size_t i = 0, j = 0;
    while (i < shape.n) {
        if (j >= line.n) return STR_NPOS;
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

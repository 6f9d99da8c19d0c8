// SPDX-License-Identifier: Apache-2.0
#include "analyses/edits.h"

#include "base/buf.h"

#include <stdlib.h>

static int by_position(const void *x, const void *y)
{
    const struct goscan_fix *a = x, *b = y;
    if (a->pos != b->pos) return a->pos < b->pos ? -1 : 1;
    return a->end < b->end ? -1 : a->end > b->end;
}

bool edits_apply(struct arena *a, struct str text, const struct goscan_fix *edits, size_t n,
                 struct str *ret)
{
    struct goscan_fix *e = arena_array(a, struct goscan_fix, n + 1);
    if (n) memcpy(e, edits, n * sizeof(*e));
    qsort(e, n, sizeof(*e), by_position);
    _cleanup_buf_ struct buf out = { 0 };
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        bool again = i && e[i].pos == e[i - 1].pos && e[i].end == e[i - 1].end;
        if (again && strcmp(e[i].text, e[i - 1].text) == 0) continue;
        if (again || e[i].pos < at || e[i].end < e[i].pos || e[i].end > text.n) return false;
        buf_addstr(&out, str_sub(text, at, e[i].pos));
        buf_adds(&out, e[i].text);
        at = e[i].end;
    }
    buf_addstr(&out, str_sub(text, at, text.n));
    *ret = arena_str(a, buf_str(&out));
    return true;
}

// ---- diff ----

struct lines {
    struct str *p;
    size_t n;
};

static struct lines split(struct arena *a, struct str s)
{
    struct lines l = { 0 };
    size_t most = 1;
    for (size_t i = 0; i < s.n; i++) most += s.p[i] == '\n';
    l.p = arena_array(a, struct str, most);
    while (s.n) {
        size_t end = str_find_char(s, '\n');
        end = end == STR_NPOS ? s.n : end + 1;
        l.p[l.n++] = str_sub(s, 0, end);
        s = str_sub(s, end, s.n);
    }
    return l;
}

static void put(struct buf *out, char mark, struct str line)
{
    buf_addc(out, mark);
    buf_addstr(out, line);
    if (!str_ends(line, STR("\n"))) buf_adds(out, "\n\\ No newline at end of file\n");
}

// The lines that differ, by the longest common subsequence; both ends of which differ.
static void put_changed(struct arena *a, struct lines x, struct lines y, struct buf *out)
{
    enum { LIMIT_LINES = 500 };
    bool whole = x.n > LIMIT_LINES || y.n > LIMIT_LINES; // too much to compare: replace all
    size_t w = y.n + 1;
    uint16_t *longest = arena_array(a, uint16_t, whole ? 1 : (x.n + 1) * w);
    for (size_t i = whole ? 0 : x.n; i-- > 0;)
        for (size_t k = y.n; k-- > 0;) {
            uint16_t skip_x = longest[(i + 1) * w + k], skip_y = longest[i * w + k + 1];
            longest[i * w + k] = str_eq(x.p[i], y.p[k])
                                     ? (uint16_t)(longest[(i + 1) * w + k + 1] + 1)
                                     : (skip_x > skip_y ? skip_x : skip_y);
        }
    size_t i = 0, k = 0;
    while (i < x.n || k < y.n) {
        if (!whole && i < x.n && k < y.n && str_eq(x.p[i], y.p[k])) {
            put(out, ' ', x.p[i]);
            i++, k++;
        } else if (i < x.n &&
                   (whole || k == y.n || longest[(i + 1) * w + k] >= longest[i * w + k + 1])) {
            put(out, '-', x.p[i++]);
        } else {
            put(out, '+', y.p[k++]);
        }
    }
}

const char *edits_diff(struct arena *a, struct str path, struct str before, struct str after)
{
    enum { CONTEXT = 3 };
    struct lines x = split(a, before), y = split(a, after);
    size_t head = 0, tail = 0;
    while (head < x.n && head < y.n && str_eq(x.p[head], y.p[head])) head++;
    while (tail < x.n - head && tail < y.n - head &&
           str_eq(x.p[x.n - 1 - tail], y.p[y.n - 1 - tail]))
        tail++;
    if (head == x.n && head == y.n) return "";
    size_t lead = head < CONTEXT ? head : CONTEXT, trail = tail < CONTEXT ? tail : CONTEXT;
    size_t from = head - lead, n_x = x.n - tail - head, n_y = y.n - tail - head;
    _cleanup_buf_ struct buf out = { 0 };
    if (str_starts(path, STR("./"))) path = str_sub(path, 2, path.n);
    bool relative = path.n && path.p[0] != '/' && !str_starts(path, STR("../"));
    buf_printf(&out, "--- %s%.*s\n+++ %s%.*s\n", relative ? "a/" : "", STR_ARG(path),
               relative ? "b/" : "", STR_ARG(path));
    buf_printf(&out, "@@ -%zu,%zu +%zu,%zu @@\n", from + 1, lead + n_x + trail, from + 1,
               lead + n_y + trail);
    for (size_t i = from; i < head; i++) put(&out, ' ', x.p[i]);
    put_changed(a, (struct lines) { x.p + head, n_x }, (struct lines) { y.p + head, n_y }, &out);
    for (size_t i = 0; i < trail; i++) put(&out, ' ', x.p[x.n - tail + i]);
    return arena_cstr(a, buf_str(&out));
}

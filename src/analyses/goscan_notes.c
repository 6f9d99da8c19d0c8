// SPDX-License-Identifier: Apache-2.0
// What comments say: which lock guards a field or a variable, what is held on entry of a function,
// and which findings are to be left out.
#include "analyses/goscan_int.h"

#include <strings.h>

// The first comment that ends behind a position.
static uint32_t comment_behind(const struct go_file *ast, uint32_t pos)
{
    uint32_t lo = 0, hi = ast->n_comments;
    while (lo < hi) {
        uint32_t middle = (lo + hi) / 2;
        if (ast->comments[middle].end <= pos)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

static uint32_t line_of(const struct go_file *ast, uint32_t pos)
{
    uint32_t line;
    goast_position(ast, pos, &line, NULL);
    return line;
}

static struct str comment_text(const struct go_file *ast, uint32_t i)
{
    return str_sub(ast->source, ast->comments[i].pos, ast->comments[i].end);
}

static bool name_char(char c)
{
    return c == '_' || c == '.' || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9');
}

// A name or a path of names at the start of a text: "`s.mu`, and…" is s.mu.
static struct str leading_path(struct str s)
{
    if (str_starts(s, STR("the "))) s = str_sub(s, 4, s.n);
    while (s.n && (s.p[0] == '`' || s.p[0] == '\'')) s = str_sub(s, 1, s.n);
    size_t end = 0;
    while (end < s.n && name_char(s.p[end])) end++;
    while (end && s.p[end - 1] == '.') end--;
    return str_sub(s, 0, end);
}

// "unguarded by", "not guarded by".
static bool says_not(struct str text, size_t at)
{
    static const char *const words[] = { " not", "n't", " never", " longer" };
    struct str before = str_sub(text, 0, at ? at - 1 : 0); // without its first letter
    if (before.n && name_char(before.p[before.n - 1])) return true;
    before = str_trim(before);
    for (size_t i = 0; i < array_size(words); i++)
        if (str_ends(before, str_from(words[i]))) return true;
    return false;
}

static struct str guard_in(struct str text, bool *ret_checklocks)
{
    static const char *const marks[] = { "uarded by ", "rotected by ",
                                         "+checklocks:", "GUARDED_BY(" };
    for (size_t m = 0; m < array_size(marks); m++) {
        size_t at = str_find(text, str_from(marks[m]));
        if (at == STR_NPOS || (marks[m][0] != '+' && marks[m][0] != 'G' && says_not(text, at)))
            continue;
        struct str name = leading_path(str_sub(text, at + strlen(marks[m]), text.n));
        size_t dot = str_rfind_char(name, '.');
        *ret_checklocks = marks[m][0] == '+';
        return dot == STR_NPOS ? name : str_sub(name, dot + 1, name.n);
    }
    return (struct str) { 0 };
}

struct str note_guard(const struct gsource *f, const struct go_node *n, bool *ret_checklocks)
{
    enum { ABOVE = 3 }; // comment lines that are looked at
    const struct go_file *ast = f->ast;
    uint32_t line = line_of(ast, n->pos), first = comment_behind(ast, n->pos);
    for (uint32_t i = first, count = 0; i-- > 0 && count < ABOVE; count++) {
        uint32_t other = line_of(ast, ast->comments[i].end);
        if (other + count + 1 < line) break;
        struct str before = str_sub(ast->source, ast->lines[other - 1], ast->comments[i].pos);
        if (str_trim(before).n) break; // it belongs to the field before
        struct str guard = guard_in(comment_text(ast, i), ret_checklocks);
        if (guard.n || *ret_checklocks) return guard;
    }
    if (first < ast->n_comments && line_of(ast, ast->comments[first].pos) == line)
        return guard_in(comment_text(ast, first), ret_checklocks);
    return (struct str) { 0 };
}

void note_no_lock(struct scan *s, const struct gsource *f, uint32_t pos, struct str name)
{
    struct goscan_remark r = { .file = f->ast->path, .line = line_of(f->ast, pos) };
    if (!f->pkg->reported) return;
    r.text = name.n ? arena_printf(s->arena,
                                   "+checklocks: no lock '%.*s' is known here: it has no effect",
                                   STR_ARG(name))
                    : "+checklocks: names no lock: it has no effect";
    vec_push(&s->remarks, r);
}

// Calls `each` for every comment right above a function, nearest first, until it says true.
static bool above_function(const struct gfunc *f, bool (*each)(struct str text, void *arg),
                           void *arg)
{
    const struct go_file *ast = f->file->ast;
    uint32_t line = line_of(ast, f->node->pos);
    for (uint32_t i = comment_behind(ast, f->node->pos); i-- > 0;) {
        if (line_of(ast, ast->comments[i].end) + 1 < line) return false;
        line = line_of(ast, ast->comments[i].pos);
        if (each(comment_text(ast, i), arg)) return true;
    }
    return false;
}

static bool says_held(struct str text, void *unused)
{
    static const char *const marks[] = { "must hold",      "must be held", "ust be called with",
                                         "aller holds",    "allers hold",  "is held",
                                         "lock held",      "holding",      "+checklocks",
                                         "should be held", "under lock",   "should hold",
                                         "locked by",      "not thread",   "not safe",
                                         "not goroutine" };
    (void)unused;
    for (size_t m = 0; m < array_size(marks); m++)
        if (str_find(text, str_from(marks[m])) != STR_NPOS) return true;
    return false;
}

static bool says_alone(struct str text, void *unused)
{
    static const char *const marks[] = { "be called concurrently", "not safe for concurrent",
                                         "not thread-safe", "not thread safe" };
    (void)unused;
    for (size_t m = 0; m < array_size(marks); m++)
        if (str_find(text, str_from(marks[m])) != STR_NPOS) return true;
    return false;
}

bool note_not_concurrent(const struct gfunc *f)
{
    return above_function(f, says_alone, NULL);
}

bool note_held_on_entry(const struct gfunc *f)
{
    return above_function(f, says_held, NULL);
}

// ---- annotations of functions: +checklocks:s.mu, +checklocksread:s.mu, +checklocksignore ----

static struct place *resolve(struct walker *w, struct str path)
{
    struct val x = { 0 };
    for (bool first = true; path.n; first = false) {
        size_t dot = str_find_char(path, '.');
        struct str name = str_sub(path, 0, dot == STR_NPOS ? path.n : dot);
        path = dot == STR_NPOS ? (struct str) { 0 } : str_sub(path, dot + 1, path.n);
        const uint64_t *sym = strmap_get(&w->s->names, name);
        if (!sym) return NULL;
        x = first ? eval_name(w, (uint32_t)*sym) : eval_member(w, &x, (uint32_t)*sym);
        if (!x.p) return NULL;
    }
    return x.p;
}

static bool take_annotation(struct str text, void *arg)
{
    struct walker *w = arg;
    size_t at = str_find(text, STR("+checklocks"));
    if (at == STR_NPOS) return false;
    struct str rest = str_sub(text, at + strlen("+checklocks"), text.n);
    w->func->unchecked |= str_starts(rest, STR("ignore")) && (rest.n == 6 || !name_char(rest.p[6]));
    bool read = str_starts(rest, STR("read:"));
    if (!read && !str_starts(rest, STR(":"))) return false;
    struct str path = leading_path(str_sub(rest, read ? 5 : 1, rest.n));
    struct place *p = resolve(w, path);
    if (!p) note_no_lock(w->s, w->file, w->func->node->pos, path);
    if (!p || w->st->n >= LIMIT_GOSCAN_HELD) return false;
    uint8_t mode = read ? HOLD_READ : HOLD_WRITE;
    // Held from the start, and left as it was: as if a defer of the caller would release it.
    w->st->held[w->st->n++] = (struct held) { p, place_class(p), w->func->node->pos, mode, true };
    vec_push(&w->func->asked, (struct lock_effect) { p, place_class(p), mode });
    return false;
}

void note_annotations(struct walker *w)
{
    above_function(w->func, take_annotation, w);
}

// ---- suppressions ----

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

// Whether a list of linters names this one: up to its reason, which follows // or a blank.
static bool names_us(struct str list, const char *everybody)
{
    struct str name;
    list = str_sub(list, 0, str_find(list, STR("//")));
    while (str_split(&list, ',', &name)) {
        name = str_trim(name);
        size_t end = 0;
        while (end < name.n && !is_blank(name.p[end])) end++;
        struct str word = str_sub(name, 0, end);
        if (word.n == 7 && strncasecmp(word.p, "maptrap", 7) == 0) return true;
        if (str_eqc(word, everybody)) return true;
        if (end < name.n) return false;
    }
    return false;
}

// golangci-lint's and staticcheck's ways to say it.
static bool suppresses(struct str text, bool same_line)
{
    static const char *const lists[] = { "//nolint:", "// nolint:", "//lint:ignore " };
    for (size_t i = 0; i < array_size(lists); i++)
        if (str_starts(text, str_from(lists[i])))
            return names_us(str_sub(text, strlen(lists[i]), text.n), "all");
    if (!same_line || !str_starts(text, STR("//nolint"))) return false;
    return text.n == 8 || is_blank(text.p[8]) || text.p[8] == '/';
}

static bool alone_on_its_line(const struct go_file *ast, uint32_t pos)
{
    while (pos && (ast->source.p[pos - 1] == ' ' || ast->source.p[pos - 1] == '\t')) pos--;
    return !pos || ast->source.p[pos - 1] == '\n';
}

bool note_suppressed(const struct go_file *ast, uint32_t line)
{
    uint32_t lo = 0, hi = ast->n_comments;
    while (lo < hi) {
        uint32_t middle = (lo + hi) / 2;
        if (line_of(ast, ast->comments[middle].pos) + 1 < line)
            lo = middle + 1;
        else
            hi = middle;
    }
    for (; lo < ast->n_comments; lo++) {
        uint32_t at = line_of(ast, ast->comments[lo].pos);
        if (at > line) return false;
        bool same = at == line;
        if ((same || alone_on_its_line(ast, ast->comments[lo].pos)) &&
            suppresses(comment_text(ast, lo), same))
            return true;
    }
    return false;
}

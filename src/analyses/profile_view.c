// SPDX-License-Identifier: Apache-2.0
#include "analyses/profile_view.h"

#include "analyses/pattern.h"
#include "analyses/units.h"
#include "base/map.h"

struct filters {
    struct pattern focus, ignore, show, hide;
};

static void filters_deinit(struct filters *f)
{
    pattern_deinit(&f->focus);
    pattern_deinit(&f->ignore);
    pattern_deinit(&f->show);
    pattern_deinit(&f->hide);
}

static struct err *compile(const char *what, const char *text, struct pattern *ret)
{
    return text && *text ? pattern_compile(what, str_from(text), ret) : NULL;
}

// Which functions and mappings a pattern matches, found once for all.
struct matches {
    bool *function, *mapping; // NULL = no pattern
};

static struct matches match_all(const struct profile *p, const struct pattern *pattern,
                                struct arena *a)
{
    struct matches m = { 0 };
    if (!pattern->set) return m;
    m.function = arena_array(a, bool, p->functions.n + 1);
    m.mapping = arena_array(a, bool, p->mappings.n + 1);
    for (size_t i = 0; i < p->functions.n; i++)
        m.function[i] = pattern_matches(pattern, p->functions.p[i].name) ||
                        pattern_matches(pattern, p->functions.p[i].file);
    for (size_t i = 0; i < p->mappings.n; i++)
        m.mapping[i] = pattern_matches(pattern, p->mappings.p[i].file);
    return m;
}

static bool mapping_matches(const struct matches *m, const struct profile_location *l)
{
    return l->mapping != PROFILE_NONE && m->mapping[l->mapping];
}

static bool location_matches(const struct profile *p, const struct matches *m,
                             const struct profile_location *l)
{
    for (uint32_t i = 0; i < l->n_lines; i++) {
        uint32_t f = p->lines.p[l->line + i].function;
        if (f != PROFILE_NONE && m->function[f]) return true;
    }
    return mapping_matches(m, l);
}

struct builder {
    struct profile_view *v;
    struct strmap node_of_name;
    uint32_t *node_of_function; // 0 = not yet, else node + 1
    struct matches show, hide;
};

static uint32_t node_named(struct builder *b, struct str name)
{
    bool fresh;
    uint64_t *node = strmap_put(&b->node_of_name, name, &fresh);
    if (fresh) {
        *node = b->v->names.n;
        vec_push(&b->v->names, name);
    }
    return (uint32_t)*node;
}

// Without a function's name: the binary's, as pprof prints it.
static struct str nameless(struct builder *b, const struct profile_location *l)
{
    if (l->mapping == PROFILE_NONE) return STR("<unknown>");
    struct str file = b->v->p->mappings.p[l->mapping].file;
    if (file.n == 0) return STR("<unknown>");
    size_t slash = str_rfind_char(file, '/');
    struct str base = slash == STR_NPOS ? file : str_sub(file, slash + 1, file.n);
    return str_from(arena_printf(&b->v->arena, "[%.*s]", STR_ARG(base)));
}

static uint32_t node_of(struct builder *b, const struct profile_location *l, uint32_t function)
{
    if (function == PROFILE_NONE || b->v->p->functions.p[function].name.n == 0)
        return node_named(b, nameless(b, l));
    if (b->node_of_function[function] == 0)
        b->node_of_function[function] = node_named(b, b->v->p->functions.p[function].name) + 1;
    return b->node_of_function[function] - 1;
}

static void build_location(struct builder *b, size_t index)
{
    struct profile_view *v = b->v;
    const struct profile *p = v->p;
    const struct profile_location *l = &p->locations.p[index];
    struct profile_run *run = &v->at[index];
    run->first = (uint32_t)v->frames.n;
    bool mapping_hidden = b->hide.function && mapping_matches(&b->hide, l);
    bool mapping_shown = b->show.function && mapping_matches(&b->show, l);
    for (uint32_t i = 0; i < l->n_lines && !mapping_hidden; i++) {
        uint32_t line = l->line + i, f = p->lines.p[line].function;
        if (f != PROFILE_NONE && b->hide.function && b->hide.function[f]) continue;
        if (f != PROFILE_NONE && b->show.function && !mapping_shown && !b->show.function[f])
            continue;
        vec_push(&v->frames, (struct profile_frame) { node_of(b, l, f), line });
    }
    if (l->n_lines == 0 && !mapping_hidden && (!b->show.function || mapping_shown))
        vec_push(&v->frames, (struct profile_frame) { node_of(b, l, PROFILE_NONE), PROFILE_NONE });
    run->n = (uint32_t)v->frames.n - run->first;
}

static void drop_sample(struct profile_view *v, size_t i)
{
    if (!v->drop) v->drop = arena_array(&v->arena, uint8_t, v->p->samples.n);
    v->drop[i] = 1;
}

static void drop_by_frames(struct profile_view *v, const struct filters *filters, bool some_hidden)
{
    const struct profile *p = v->p;
    struct matches focus = match_all(p, &filters->focus, &v->arena);
    struct matches ignore = match_all(p, &filters->ignore, &v->arena);
    enum { FOCUSED = 1, IGNORED = 2 };
    uint8_t *verdict = arena_array(&v->arena, uint8_t, p->locations.n + 1);
    for (size_t i = 0; i < p->locations.n; i++) {
        const struct profile_location *l = &p->locations.p[i];
        if (ignore.function && location_matches(p, &ignore, l))
            verdict[i] = IGNORED;
        else if (!focus.function || location_matches(p, &focus, l))
            verdict[i] = FOCUSED;
    }
    for (size_t i = 0; i < p->samples.n; i++) {
        const struct profile_sample *s = &p->samples.p[i];
        bool focused = false, ignored = false, visible = false;
        for (uint32_t k = 0; k < s->n_stack; k++) {
            uint32_t location = p->stack.p[s->stack + k];
            focused |= verdict[location] == FOCUSED;
            ignored |= verdict[location] == IGNORED;
            visible |= v->at[location].n > 0;
        }
        if (!focused || ignored || (some_hidden && !visible)) drop_sample(v, i);
    }
}

// One label filter, taken apart.
struct label_filter {
    struct str key; // empty = any
    struct unit_range range;
    bool is_range;
    struct pattern patterns[8];
    size_t n_patterns;
};

static void label_filter_deinit(struct label_filter *f)
{
    for (size_t i = 0; i < f->n_patterns; i++) pattern_deinit(&f->patterns[i]);
}

static struct err *label_filter_parse(const char *what, const char *text, struct label_filter *ret)
{
    struct str value = str_from(text);
    size_t equals = str_find_char(value, '=');
    if (equals != STR_NPOS) {
        ret->key = str_sub(value, 0, equals);
        value = str_sub(value, equals + 1, value.n);
    }
    ret->is_range = unit_range_parse(value, &ret->range);
    struct str piece;
    while (!ret->is_range && str_split(&value, ',', &piece)) {
        if (ret->n_patterns == array_size(ret->patterns))
            return err_new(ERR_USAGE, "%s: more than %zu expressions", what,
                           array_size(ret->patterns));
        ERR_TRY(pattern_compile(what, piece, &ret->patterns[ret->n_patterns]));
        ret->n_patterns++;
    }
    return NULL;
}

// With a key any expression may match one of its values; without one each must match some label.
static bool label_filter_matches(const struct profile *p, const struct label_filter *f,
                                 const struct profile_sample *s)
{
    size_t met = 0;
    for (size_t i = 0; i < (f->is_range ? 1 : f->n_patterns); i++) {
        bool hit = false;
        for (uint32_t k = 0; k < s->n_labels && !hit; k++) {
            const struct profile_label *l = &p->labels.p[s->label + k];
            struct str key = profile_string(p, l->key);
            if (l->numeric != f->is_range || (f->key.n && !str_eq(f->key, key))) continue;
            if (f->is_range) {
                hit = unit_range_holds(&f->range, l->number,
                                       unit_of_label(key, profile_string(p, l->unit)));
            } else if (f->key.n) {
                hit = pattern_matches(&f->patterns[i], profile_string(p, l->value));
            } else {
                struct str value = profile_string(p, l->value);
                _cleanup_free_ char *both = mem_printf("%.*s:%.*s", STR_ARG(key), STR_ARG(value));
                hit = pattern_matches(&f->patterns[i], str_from(both));
            }
        }
        if (hit && (f->key.n || f->is_range)) return true;
        met += hit;
    }
    return met && met == f->n_patterns;
}

static struct err *drop_by_labels(struct profile_view *v, const char *what, const char *text,
                                  bool keep_matching)
{
    if (!text || !*text) return NULL;
    CLEANUP(label_filter_deinit) struct label_filter f = { 0 };
    ERR_TRY(label_filter_parse(what, text, &f));
    for (size_t i = 0; i < v->p->samples.n; i++)
        if (label_filter_matches(v->p, &f, &v->p->samples.p[i]) != keep_matching) drop_sample(v, i);
    return NULL;
}

static struct err *view_build(struct profile_view *v, const struct profile_filter *filter)
{
    const struct profile *p = v->p;
    CLEANUP(filters_deinit) struct filters filters = { 0 };
    ERR_TRY(compile("--focus", filter->focus, &filters.focus));
    ERR_TRY(compile("--ignore", filter->ignore, &filters.ignore));
    ERR_TRY(compile("--show", filter->show, &filters.show));
    ERR_TRY(compile("--hide", filter->hide, &filters.hide));
    struct builder b = { .v = v };
    b.node_of_function = arena_array(&v->arena, uint32_t, p->functions.n + 1);
    b.show = match_all(p, &filters.show, &v->arena);
    b.hide = match_all(p, &filters.hide, &v->arena);
    v->at = arena_array(&v->arena, struct profile_run, p->locations.n + 1);
    bool some_hidden = false;
    for (size_t i = 0; i < p->locations.n; i++) {
        build_location(&b, i);
        some_hidden |= v->at[i].n == 0;
    }
    strmap_deinit(&b.node_of_name);
    if (filters.focus.set || filters.ignore.set || some_hidden)
        drop_by_frames(v, &filters, some_hidden);
    ERR_TRY(drop_by_labels(v, "--tagfocus", filter->tagfocus, true));
    ERR_TRY(drop_by_labels(v, "--tagignore", filter->tagignore, false));
    for (size_t i = 0; i < p->samples.n; i++) v->kept += profile_view_keeps(v, i);
    return NULL;
}

struct err *profile_view_init(struct profile_view *v, const struct profile *p,
                              const struct profile_filter *filter)
{
    *v = (struct profile_view) { .p = p };
    struct err *e = view_build(v, filter);
    if (e) profile_view_deinit(v);
    return e;
}

void profile_view_deinit(struct profile_view *v)
{
    vec_deinit(&v->names);
    vec_deinit(&v->frames);
    arena_deinit(&v->arena);
    *v = (struct profile_view) { 0 };
}

size_t profile_view_stack(const struct profile_view *v, size_t sample, struct profile_frames *ret)
{
    const struct profile_sample *s = &v->p->samples.p[sample];
    vec_clear(ret);
    for (uint32_t k = 0; k < s->n_stack; k++) {
        struct profile_run run = v->at[v->p->stack.p[s->stack + k]];
        vec_reserve(ret, ret->n + run.n);
        for (uint32_t i = 0; i < run.n; i++) ret->p[ret->n++] = v->frames.p[run.first + i];
    }
    return ret->n;
}

// What pprof matches drop_frames against: the name without its argument list.
static struct str simple_name(struct str name)
{
    if (str_starts(name, STR("."))) name = str_sub(name, 1, name.n);
    for (size_t i = 0; i < name.n; i++) {
        struct str rest = str_sub(name, i, name.n);
        if (str_starts(rest, STR("(anonymous namespace)")))
            i += 20;
        else if (str_starts(rest, STR("operator()")))
            i += 9;
        else if (name.p[i] == '(')
            return str_sub(name, 0, i);
    }
    return name;
}

enum prune_verdict {
    PRUNE_KEEP,
    PRUNE_BENEATH, // the frames inside this location go (already cut), and all below it
    PRUNE_WHOLE,   // this one goes too
};

static void prune_location(struct profile *p, size_t index, const bool *drop, uint8_t *verdict)
{
    struct profile_location *l = &p->locations.p[index];
    for (uint32_t i = l->n_lines; i-- > 0;) {
        uint32_t f = p->lines.p[l->line + i].function;
        if (f == PROFILE_NONE || !drop[f]) continue;
        verdict[index] = i + 1 == l->n_lines ? PRUNE_WHOLE : PRUNE_BENEATH;
        if (verdict[index] == PRUNE_BENEATH) {
            l->line += i + 1;
            l->n_lines -= i + 1;
        }
        return;
    }
}

static void prune_sample(struct profile *p, struct profile_sample *s, const uint8_t *verdict)
{
    bool found_user = false;
    for (uint32_t k = s->n_stack; k-- > 0;) {
        uint8_t what = verdict[p->stack.p[s->stack + k]];
        if (what == PRUNE_KEEP) {
            found_user = true;
        } else if (found_user) {
            uint32_t cut = what == PRUNE_WHOLE ? k + 1 : k;
            s->stack += cut;
            s->n_stack -= cut;
            return;
        }
    }
}

static struct err *compile_whole(const char *what, struct str text, struct pattern *ret)
{
    _cleanup_free_ char *whole = mem_printf("^(%.*s)$", STR_ARG(text));
    return pattern_compile(what, str_from(whole), ret);
}

bool profile_prune(struct profile *p)
{
    if (p->drop_frames.n == 0) return true;
    CLEANUP(pattern_deinit) struct pattern drop_pattern = { 0 };
    CLEANUP(pattern_deinit) struct pattern keep_pattern = { 0 };
    _cleanup_err_ struct err *e = compile_whole("drop_frames", p->drop_frames, &drop_pattern);
    if (!e && p->keep_frames.n) e = compile_whole("keep_frames", p->keep_frames, &keep_pattern);
    if (e) return false;
    struct arena scratch = { 0 };
    bool *drop = arena_array(&scratch, bool, p->functions.n + 1);
    uint8_t *verdict = arena_array(&scratch, uint8_t, p->locations.n + 1);
    for (size_t i = 0; i < p->functions.n; i++) {
        struct str name = simple_name(p->functions.p[i].name);
        drop[i] = name.n && pattern_matches(&drop_pattern, name) &&
                  !(keep_pattern.set && pattern_matches(&keep_pattern, name));
    }
    for (size_t i = 0; i < p->locations.n; i++) prune_location(p, i, drop, verdict);
    for (size_t i = 0; i < p->samples.n; i++) prune_sample(p, &p->samples.p[i], verdict);
    arena_deinit(&scratch);
    return true;
}

// Appends base's tables behind p's, with every index moved by what p had.
struct shift {
    uint32_t strings, functions, lines, locations, mappings, stack, labels;
};

static void append_tables(struct profile *p, const struct profile *b, const struct shift *by)
{
    for (size_t i = 0; i < b->strings.n; i++) vec_push(&p->strings, b->strings.p[i]);
    for (size_t i = 0; i < b->functions.n; i++) vec_push(&p->functions, b->functions.p[i]);
    for (size_t i = 0; i < b->mappings.n; i++) vec_push(&p->mappings, b->mappings.p[i]);
    for (size_t i = 0; i < b->lines.n; i++) {
        struct profile_line l = b->lines.p[i];
        if (l.function != PROFILE_NONE) l.function += by->functions;
        vec_push(&p->lines, l);
    }
    for (size_t i = 0; i < b->locations.n; i++) {
        struct profile_location l = b->locations.p[i];
        l.line += by->lines;
        if (l.mapping != PROFILE_NONE) l.mapping += by->mappings;
        vec_push(&p->locations, l);
    }
    for (size_t i = 0; i < b->labels.n; i++) {
        struct profile_label l = b->labels.p[i];
        l.key += by->strings;
        if (l.value) l.value += by->strings;
        if (l.unit) l.unit += by->strings;
        vec_push(&p->labels, l);
    }
}

struct err *profile_subtract(struct profile *p, const struct profile *base)
{
    bool same = p->types.n == base->types.n;
    for (size_t i = 0; same && i < p->types.n; i++)
        same = str_eq(p->types.p[i].type, base->types.p[i].type) &&
               str_eq(p->types.p[i].unit, base->types.p[i].unit);
    if (!same)
        return err_new(ERR_INPUT, "the base profile has other sample types, so there is no "
                                  "difference to take");
    if (p->samples.n + base->samples.n > PROFILE_MAX_SAMPLES ||
        p->stack.n + base->stack.n > PROFILE_MAX_STACK)
        return err_new(ERR_INPUT, "both profiles together are more than %d samples or %d frames",
                       PROFILE_MAX_SAMPLES, PROFILE_MAX_STACK);
    const struct shift by = {
        (uint32_t)p->strings.n,   (uint32_t)p->functions.n, (uint32_t)p->lines.n,
        (uint32_t)p->locations.n, (uint32_t)p->mappings.n,  (uint32_t)p->stack.n,
        (uint32_t)p->labels.n,
    };
    append_tables(p, base, &by);
    for (size_t i = 0; i < base->stack.n; i++) vec_push(&p->stack, base->stack.p[i] + by.locations);
    for (size_t i = 0; i < base->samples.n; i++) {
        struct profile_sample s = base->samples.p[i];
        s.stack += by.stack;
        s.label += by.labels;
        vec_push(&p->samples, s);
    }
    p->base_samples += base->samples.n;
    for (size_t i = 0; i < base->values.n; i++)
        vec_push(&p->values, (int64_t)(0 - (uint64_t)base->values.p[i]));
    return NULL;
}

// SPDX-License-Identifier: Apache-2.0
#include "sinks/profile_text.h"

#include "analyses/units.h"

#include <math.h>

enum {
    SITES_SHOWN = 10,
    TREE_SHARE = 200, // nodes under one part in so many of the whole are left out of the tree
};

static double percent(int64_t value, int64_t total)
{
    return total ? 100.0 * fabs((double)value) / fabs((double)total) : 0;
}

static const char *amount(int64_t value, struct str unit, char *buf)
{
    return value ? unit_format(value, unit, buf) : strcpy(buf, "0");
}

static bool counts(struct str unit)
{
    return str_eqc(unit, "count") || unit.n == 0;
}

// "cpu 12.3s", "3 goroutine".
static void print_total(FILE *out, const struct profile_answer *a, int64_t total)
{
    char buf[48];
    const struct profile_type *t = &a->p->types.p[a->type];
    if (t->type.n == 0)
        fprintf(out, "%lld (of what, the input no longer says)", (long long)total);
    else if (counts(t->unit))
        fprintf(out, "%lld %.*s", (long long)total, STR_ARG(t->type));
    else
        fprintf(out, "%s of %.*s", amount(total, t->unit, buf), STR_ARG(t->type));
}

static void print_site(FILE *out, const struct profile_site *s)
{
    fprintf(out, "%.*s", STR_ARG(s->function));
    if (s->file.n) fprintf(out, " (%.*s:%lld)", STR_ARG(s->file), (long long)s->line);
    fprintf(out, " %s", map_op_name(s->op));
    if (s->via.n) fprintf(out, " via %.*s", STR_ARG(s->via));
    fputc('\n', out);
}

static void print_sites(FILE *out, const struct profile_answer *a)
{
    const struct profile_sites *sites = a->sites;
    struct str unit = a->p->types.p[a->type].unit;
    char buf[48];
    if (sites->sites.n == 0) return;
    fprintf(out, "\nMap-writing sites:\n");
    for (size_t i = 0; i < sites->sites.n && i < SITES_SHOWN; i++) {
        const struct profile_site *s = &sites->sites.p[i];
        fprintf(out, "%10s %5.1f%%  ", amount(s->value, unit, buf),
                percent(s->value, sites->total));
        print_site(out, s);
    }
    if (sites->sites.n > SITES_SHOWN)
        fprintf(out, "  and %zu more (--json has all)\n", sites->sites.n - SITES_SHOWN);
}

static void print_memory(FILE *out, const struct profile_answer *a)
{
    char buf[48];
    if (!a->memory) return;
    if (!a->restored) {
        struct str exe = a->p->mappings.n ? a->p->mappings.p[0].file : STR("");
        fprintf(out,
                "\nGo leaves the runtime's frames out of heap profiles: to see what maps hold, add "
                "--exe %.*s\n",
                STR_ARG(exe.n ? exe : STR("BINARY")));
    }
    if (a->memory->sites.n == 0) return;
    struct str type = a->p->types.p[a->memory_type].type;
    fprintf(out, "\nMap memory (%.*s) by owner:\n", STR_ARG(type));
    for (size_t i = 0; i < a->memory->sites.n && i < SITES_SHOWN; i++) {
        const struct profile_site *s = &a->memory->sites.p[i];
        fprintf(out, "%10s %5.1f%%%s  ", amount(s->value, STR("bytes"), buf),
                percent(s->value, a->memory->total),
                s->value > PROFILE_MAP_MEMORY_ALARM ? " !" : "  ");
        print_site(out, s);
    }
}

static void print_table(FILE *out, const struct profile_answer *a)
{
    const struct profile_top *top = a->top;
    struct str unit = a->p->types.p[a->type].unit;
    size_t n = top->rows.n;
    if (a->limit && n > a->limit) n = a->limit;
    char flat[48], cum[48];
    int64_t sum = 0;
    fprintf(out, "\n%10s %6s %6s %10s %6s\n", "flat", "flat%", "sum%", "cum", "cum%");
    for (size_t i = 0; i < n; i++) {
        const struct profile_row *r = &top->rows.p[i];
        sum = (int64_t)((uint64_t)sum + (uint64_t)r->flat);
        fprintf(out, "%10s %5.1f%% %5.1f%% %10s %5.1f%%  %.*s\n", amount(r->flat, unit, flat),
                percent(r->flat, top->total), percent(sum, top->total), amount(r->cum, unit, cum),
                percent(r->cum, top->total), STR_ARG(a->view->names.p[r->node]));
    }
    if (n < top->rows.n) fprintf(out, "%zu of %zu functions; --top 0 shows all\n", n, top->rows.n);
}

// What the whole is, and what share of it maps are.
static void print_verdict(FILE *out, const struct profile_answer *a)
{
    const struct profile_sites *sites = a->sites;
    int64_t writes = 0;
    for (size_t i = 0; i < sites->sites.n; i++)
        writes = (int64_t)((uint64_t)writes + (uint64_t)sites->sites.p[i].value);
    if (a->p->samples.n && a->view->kept == 0) {
        fprintf(out, "Nothing left: the filters drop all %zu samples\n", a->p->samples.n);
    } else if (sites->sites.n) {
        fprintf(out, "%.1f%% of ", percent(writes, sites->total));
        print_total(out, a, sites->total);
        fprintf(out, " is under map writes, from %zu site%s; the first is ", sites->sites.n,
                sites->sites.n == 1 ? "" : "s");
        print_site(out, &sites->sites.p[0]);
    } else {
        fprintf(out, "No map write in ");
        print_total(out, a, a->top->kept);
        if (a->view->kept < a->p->samples.n) fprintf(out, " that the filters leave");
        if (a->top->rows.n) {
            struct str first = a->view->names.p[a->top->rows.p[0].node];
            fprintf(out, "; most is in %.*s (%.1f%%)", STR_ARG(first),
                    percent(a->top->rows.p[0].flat, a->top->total));
        }
        fputc('\n', out);
    }
}

// The exact next command.
static void print_next(FILE *out, const char *name, const struct profile_answer *a)
{
    struct str input = str_from(name);
    bool live = str_starts(input, STR("pid "));
    if (a->sites->sites.n && live)
        fprintf(out,
                "\nNext: maptrap locate --pid %.*s   do two goroutines write one without a "
                "common lock?\n",
                STR_ARG(str_sub(input, 4, input.n)));
    else if (a->sites->sites.n)
        fprintf(out,
                "\nNext: maptrap locate --pid P   of the live service: do two goroutines write one "
                "without a common lock?\n");
    else if (!live && a->top->rows.n)
        fprintf(out, "\nNext: maptrap profile %s --html flame.html\n", name);
}

void profile_text(FILE *out, const char *name, const struct profile_answer *a)
{
    const struct profile *p = a->p;
    // A file that was cut off has usually lost its names, which stand at its end.
    bool names =
        a->view->names.n > 1 || !a->view->names.n || !str_eqc(a->view->names.p[0], "<unknown>");
    if (p->broke) fprintf(out, "Incomplete input; of what could be read: ");
    if (p->broke && !names) {
        print_total(out, a, a->top->total);
        fprintf(out, ", but not in which code: its names are missing\n");
    } else {
        print_verdict(out, a);
    }
    fprintf(out, "\n%s: %s profile, %llu samples", name, profile_format_name(p->format),
            (unsigned long long)p->records);
    char buf[48];
    if (p->duration_ns > 0) fprintf(out, " in %s", amount(p->duration_ns, STR("ns"), buf));
    fprintf(out, "; sample types:");
    for (size_t i = 0; i < p->types.n; i++)
        fprintf(out, "%s %.*s%s", i ? "," : "", STR_ARG(p->types.p[i].type),
                i == a->type ? " (shown)" : "");
    fputc('\n', out);
    print_sites(out, a);
    print_memory(out, a);
    print_table(out, a);
    print_next(out, name, a);
}

void profile_text_tree(FILE *out, const struct profile_answer *a, const struct profile_tree *t)
{
    struct str unit = a->p->types.p[a->type].unit;
    const struct tree_node *root = &t->nodes.p[0];
    uint64_t least = root->width / TREE_SHARE;
    char total[48], self[48];
    size_t left_out = 0;
    fprintf(out, "%10s %6s %10s\n", "total", "total%", "self");
    for (uint32_t n = profile_tree_next(t, 0, true); n;) {
        const struct tree_node *node = &t->nodes.p[n];
        bool inside = node->width > least;
        int64_t value = (int64_t)((uint64_t)node->total - (uint64_t)node->base);
        left_out += !inside;
        if (inside)
            fprintf(out, "%10s %5.1f%% %10s %*s%.*s\n", amount(value, unit, total),
                    percent(value, (int64_t)root->width), amount(node->self, unit, self),
                    (int)node->depth, "", STR_ARG(a->view->names.p[node->name]));
        n = profile_tree_next(t, n, inside);
    }
    if (left_out) fprintf(out, "%zu branches under 0.5%% are left out\n", left_out);
}

static void print_labels(FILE *out, const struct profile *p, const struct profile_sample *s)
{
    char buf[48];
    for (uint32_t k = 0; k < s->n_labels; k++) {
        const struct profile_label *l = &p->labels.p[s->label + k];
        struct str key = profile_string(p, l->key), value = profile_string(p, l->value);
        if (l->numeric)
            value = str_from(
                unit_format(l->number, unit_of_label(key, profile_string(p, l->unit)), buf));
        fprintf(out, "%10.*s:  %.*s\n", STR_ARG(key), STR_ARG(value));
    }
}

void profile_text_traces(FILE *out, const struct profile_answer *a)
{
    struct profile_frames stack = { 0 };
    char buf[48];
    for (size_t i = 0; i < a->p->samples.n; i++) {
        if (!profile_view_keeps(a->view, i) || !profile_view_stack(a->view, i, &stack)) continue;
        fprintf(out, "-----------+-----------------------------------------\n");
        print_labels(out, a->p, &a->p->samples.p[i]);
        for (size_t k = 0; k < stack.n; k++)
            fprintf(out, "%10s   %.*s\n",
                    k ? ""
                      : amount(profile_value(a->p, i, a->type), a->p->types.p[a->type].unit, buf),
                    STR_ARG(a->view->names.p[stack.p[k].node]));
    }
    vec_deinit(&stack);
}

void profile_text_tags(FILE *out, const struct profile_answer *a, const struct profile_tags *t)
{
    struct str unit = a->p->types.p[a->type].unit;
    char buf[48];
    if (t->tags.n == 0) fprintf(out, "No labels in this profile\n");
    for (size_t i = 0; i < t->tags.n; i++) {
        const struct profile_tag *tag = &t->tags.p[i];
        if (i == 0 || !str_eq(tag->key, tag[-1].key))
            fprintf(out, "%s%.*s:\n", i ? "\n" : "", STR_ARG(tag->key));
        fprintf(out, "%10s %5.1f%%  %.*s\n", amount(tag->sum, unit, buf),
                percent(tag->sum, a->top->total), STR_ARG(tag->value));
    }
    if (t->cut) fprintf(out, "more than %d values; the rest is left out\n", PROFILE_MAX_TAGS);
}

// SPDX-License-Identifier: Apache-2.0
#include "engine/scan_fold.h"

#include "base/map.h"

static const char *role(enum goscan_use use)
{
    return use == GOSCAN_WRITE     ? "also: write"
           : use == GOSCAN_ITERATE ? "also: iteration"
                                   : "also: read";
}

static const char *joined(struct arena *a, const char *first, const char *second)
{
    return first && second ? arena_printf(a, "%s%s", first, second) : first ? first : second;
}

// members: places in the list, the first one is that of the finding itself.
static void fold(struct scan_run *r, const size_t *members, size_t n)
{
    struct goscan_finding *all = r->report.result.findings, *f = &all[members[0]];
    struct goscan_related *related =
        arena_array(&r->arena, struct goscan_related, n + f->n_related);
    size_t k = 0;
    for (size_t i = 1; i < n; i++) {
        const struct goscan_finding *m = &all[members[i]];
        related[k++] = (struct goscan_related) { m->file, m->line, role(m->use) };
        f->diff = joined(&r->arena, f->diff, m->diff);
    }
    for (size_t i = 0; i < f->n_related; i++) { // what accuses is not shown as an example too
        bool known = false;
        for (size_t j = 0; j < n - 1; j++)
            known |= related[j].line == f->related[i].line &&
                     str_eq(related[j].file, f->related[i].file);
        if (!known) related[k++] = f->related[i];
    }
    f->related = related;
    f->n_related = k;
    f->message = arena_printf(&r->arena, "%s; the same at %zu other %s", f->message, n - 1,
                              n == 2 ? "place" : "places");
}

void scan_fold(struct scan_run *r)
{
    struct goscan_result *g = &r->report.result;
    size_t *next = arena_array(&r->arena, size_t, g->n + 1); // of the same group, or 0
    size_t *members = arena_array(&r->arena, size_t, g->n + 1);
    bool *folded = arena_array(&r->arena, bool, g->n + 1);
    struct map last = { 0 }; // group → place of its last member
    for (size_t i = 0; i < g->n; i++) {
        if (!g->findings[i].group) continue;
        bool fresh;
        uint64_t *at = map_put(&last, g->findings[i].group, &fresh);
        if (!fresh) next[*at] = i, folded[i] = true;
        *at = i;
    }
    map_deinit(&last);
    for (size_t i = 0; i < g->n; i++) {
        if (folded[i] || !next[i]) continue;
        size_t n = 0;
        for (size_t k = i; n == 0 || k; k = next[k]) members[n++] = k;
        fold(r, members, n);
    }
    size_t kept = 0;
    for (size_t i = 0; i < g->n; i++)
        if (!folded[i]) g->findings[kept++] = g->findings[i];
    g->n = kept;
}

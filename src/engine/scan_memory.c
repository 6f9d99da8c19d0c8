// SPDX-License-Identifier: Apache-2.0
#include "engine/scan_memory.h"

#include "base/mem.h"
#include "engine/scan.h"

struct scan_generation {
    struct arena workers[SCAN_WORKERS];
    size_t files; // that are still kept
};

static void let_go(struct scan_generation *g, size_t files)
{
    g->files -= files;
    if (g->files) return;
    for (size_t i = 0; i < array_size(g->workers); i++) arena_deinit(&g->workers[i]);
    free(g);
}

void scan_memory_deinit(struct scan_memory *m)
{
    for (size_t i = 0; i < m->files.n; i++) let_go(m->files.p[i].of, 1);
    vec_deinit(&m->files);
}

void scan_memory_recall(struct scan_memory *m, struct scan_run *r)
{
    struct gotree *t = &r->tree;
    r->kept = arena_array(&r->arena, struct scan_kept *, t->files.n + 1);
    size_t at = 0;
    for (size_t i = 0; i < t->files.n; i++) { // both are sorted by path
        struct gotree_file *f = &t->files.p[i];
        while (at < m->files.n && str_cmp(m->files.p[at].path, f->path) < 0) at++;
        if (at == m->files.n) return;
        struct scan_kept *k = &m->files.p[at];
        if (!str_eq(k->path, f->path)) continue;
        r->kept[i] = k;
        if (f->text.p || k->overlaid || !gotree_same(&k->stamp, &f->stamp, m->listed_ns)) continue;
        f->text = k->text;
        f->state = k->state;
    }
}

void scan_memory_keep(struct scan_memory *m, struct scan_run *r)
{
    struct scan_generation *g = mem_zalloc(sizeof(*g));
    memcpy(g->workers, r->workers, sizeof(g->workers));
    memset(r->workers, 0, sizeof(r->workers));
    g->files = 1; // for as long as this goes on
    struct scan_memory next = { .listed_ns = r->listed_ns };
    for (size_t i = 0; i < r->tree.files.n; i++) {
        const struct gotree_file *f = &r->tree.files.p[i];
        if (f->state != GOTREE_TAKEN && f->state != GOTREE_LEFT) continue;
        struct scan_kept *was = r->kept[i], k = { .path = f->path };
        if (was && was->text.p == f->text.p) { // this very text, so this very tree
            k = *was;
            was->used = true;
        } else {
            k.path = arena_str(&g->workers[0], f->path);
            k.text = f->text;
            k.parsed = r->parsed[i];
            k.of = g;
            g->files++;
        }
        k.stamp = f->stamp;
        k.state = f->state;
        k.overlaid = f->overlaid;
        vec_push(&next.files, k);
    }
    for (size_t i = 0; i < m->files.n; i++)
        if (!m->files.p[i].used) let_go(m->files.p[i].of, 1);
    for (size_t i = 0; i < next.files.n; i++) next.files.p[i].used = false;
    vec_deinit(&m->files);
    *m = next;
    let_go(g, 1);
}

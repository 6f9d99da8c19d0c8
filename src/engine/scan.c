// SPDX-License-Identifier: Apache-2.0
#include "engine/scan.h"

#include "base/clock.h"
#include "base/map.h"
#include "decoders/gosrc.h"
#include "engine/scan_cache.h"
#include "engine/scan_memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

// ---- work that the cores share, file by file ----

struct pool {
    void (*run)(struct scan_run *r, size_t file, struct arena *a);
    struct scan_run *r;
    atomic_size_t next;
};

struct worker {
    struct pool *pool;
    struct arena *arena;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    for (;;) {
        size_t i = atomic_fetch_add(&w->pool->next, 1);
        if (i >= w->pool->r->tree.files.n) return NULL;
        w->pool->run(w->pool->r, i, w->arena);
    }
}

static void for_each_file(struct scan_run *r,
                          void (*run)(struct scan_run *r, size_t file, struct arena *a))
{
    enum { STACK_BYTES = 256 << 20 }; // for LIMIT_GO_NESTING levels; only touched pages count
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = cores < 1 ? 1 : (size_t)cores;
    if (n > array_size(r->workers)) n = array_size(r->workers);
    struct pool pool = { .run = run, .r = r };
    struct worker workers[array_size(r->workers)];
    pthread_t thread[array_size(r->workers)];
    bool started[array_size(r->workers)] = { false };
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    for (size_t i = 0; i < n; i++) {
        workers[i] = (struct worker) { &pool, &r->workers[i] };
        started[i] = pthread_create(&thread[i], &attr, work, &workers[i]) == 0;
    }
    if (!started[0]) work(&workers[0]);
    for (size_t i = 0; i < n; i++)
        if (started[i]) pthread_join(thread[i], NULL);
    pthread_attr_destroy(&attr);
}

static void read_file(struct scan_run *r, size_t i, struct arena *a)
{
    if (r->tree.files.p[i].state == GOTREE_LISTED) gotree_read(a, &r->tree.files.p[i]);
}

static void read_and_hash(struct scan_run *r, size_t i, struct arena *a)
{
    struct gotree_file *f = &r->tree.files.p[i];
    if (f->state != GOTREE_LISTED) return;
    gotree_read(a, f);
    r->hashes[i] = hash_of(f->text);
}

static void parse_file(struct scan_run *r, size_t i, struct arena *a)
{
    struct gotree_file *f = &r->tree.files.p[i];
    const struct scan_kept *k = r->kept ? r->kept[i] : NULL;
    if (k && f->text.p && str_eq(k->text, f->text)) {
        f->text = k->text;
        r->parsed[i] = k->parsed;
        r->parsed[i].path = f->path;
        return;
    }
    if (f->state == GOTREE_TAKEN && !f->text.p) { // known from the index; it may change meanwhile
        gotree_read(a, f);
        r->hashes[i] = hash_of(f->text);
    }
    if (f->state == GOTREE_TAKEN) gosrc_parse(a, f->path, f->text, &r->parsed[i]);
}

// ---- packages ----

static bool generated(const struct go_file *f)
{
    enum { LINES_OF_A_LICENCE = 64 };
    for (uint32_t i = 0; i < f->n_comments && i < LINES_OF_A_LICENCE; i++) {
        struct str c = str_sub(f->source, f->comments[i].pos, f->comments[i].end);
        if (str_starts(c, STR("// Code generated ")) && str_find(c, STR("DO NOT EDIT")) != STR_NPOS)
            return true;
    }
    return false;
}

// Sorts the files into packages: one for each folder and package name.
static void group(struct scan_run *r, struct goscan_input *in)
{
    const struct gotree *tree = &r->tree;
    struct strmap index = { 0 };
    in->packages = arena_array(&r->arena, struct goscan_package, tree->files.n + 1);
    size_t *of = arena_array(&r->arena, size_t, tree->files.n + 1);
    for (size_t i = 0; i < tree->files.n; i++) {
        const struct gotree_file *f = &tree->files.p[i];
        if (f->state != GOTREE_TAKEN) continue;
        struct str dir = r->by_import_path ? f->import_path : f->home;
        struct str key = str_from(
            arena_printf(&r->arena, "%.*s %.*s", STR_ARG(dir), STR_ARG(r->parsed[i].package)));
        bool fresh;
        uint64_t *v = strmap_put(&index, key, &fresh);
        if (fresh) {
            *v = in->n_packages++;
            struct goscan_package *p = &in->packages[*v];
            p->name = r->parsed[i].package;
            p->path = f->import_path.n ? f->import_path : dir;
            if (f->test && str_ends(p->name, STR("_test")))
                p->path = str_from(arena_printf(&r->arena, "%.*s_test", STR_ARG(p->path)));
            p->reported = !f->vendor;
        }
        of[i] = (size_t)*v;
        in->packages[*v].n_files++;
    }
    for (size_t i = 0; i < in->n_packages; i++) {
        in->packages[i].files = arena_array(&r->arena, struct goscan_file, in->packages[i].n_files);
        in->packages[i].n_files = 0;
    }
    for (size_t i = 0; i < tree->files.n; i++) {
        if (tree->files.p[i].state != GOTREE_TAKEN) continue;
        struct goscan_package *p = &in->packages[of[i]];
        p->files[p->n_files++] =
            (struct goscan_file) { &r->parsed[i], tree->files.p[i].test, generated(&r->parsed[i]) };
    }
    strmap_deinit(&index);
}

static void name_bad_file(struct scan_report *p, struct str path, const char *why)
{
    p->bad[p->n_bad++] = (struct scan_bad_file) { path, why };
}

static void count_files(struct scan_run *r)
{
    const struct gotree *t = &r->tree;
    struct scan_report *p = &r->report;
    p->bad = arena_array(&r->arena, struct scan_bad_file, t->files.n + t->unread.n + 1);
    p->left_out = t->left_out;
    for (size_t i = 0; i < t->unread.n; i++)
        name_bad_file(p, t->unread.p[i].path, t->unread.p[i].why);
    for (size_t i = 0; i < t->files.n; i++)
        if (t->files.p[i].state == GOTREE_UNREAD)
            name_bad_file(p, t->files.p[i].path, t->files.p[i].why);
    p->n_unread = p->n_bad;
    for (size_t i = 0; i < t->files.n; i++) {
        p->left_out += t->files.p[i].state == GOTREE_LEFT;
        if (t->files.p[i].state != GOTREE_TAKEN) continue;
        p->n_files++;
        p->n_lines += r->parsed[i].n_lines;
        if (r->parsed[i].error) name_bad_file(p, r->parsed[i].path, r->parsed[i].error);
    }
}

// ---- analysis ----

struct analysis {
    struct arena *arena;
    struct goscan_input in;
    struct goscan_result *result;
};

static void *analyse(void *arg)
{
    struct analysis *a = arg;
    goscan_run(a->arena, &a->in, a->result);
    return NULL;
}

static void note_all(struct scan_run *r)
{
    r->all = r->report.result;
    r->all.findings = arena_array(&r->arena, struct goscan_finding, r->all.n + 1);
    if (r->all.n)
        memcpy(r->all.findings, r->report.result.findings, r->all.n * sizeof(*r->all.findings));
}

void scan_tree(struct scan_run *r)
{
    enum { STACK_BYTES = 512 << 20 }; // the analysis recurses as deep as the source nests
    r->parsed = arena_array(&r->arena, struct go_file, r->tree.files.n + 1);
    for_each_file(r, read_file);
    for_each_file(r, parse_file);
    count_files(r);
    struct analysis a = { .arena = &r->arena, .result = &r->report.result };
    group(r, &a.in);
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    if (pthread_create(&thread, &attr, analyse, &a) == 0)
        pthread_join(thread, NULL);
    else
        analyse(&a);
    pthread_attr_destroy(&attr);
    note_all(r);
}

static void scan_through_cache(struct scan_run *r, struct scan_cache *c)
{
    scan_cache_recall(c, r);
    r->hashes = c->of;
    for_each_file(r, read_and_hash);
    r->cached = scan_cache_get(c, r);
    if (r->cached) {
        note_all(r);
        return;
    }
    scan_tree(r);
    scan_cache_put(c, r);
}

static void lay_over(struct scan_run *r, const struct scan_options *o)
{
    for (size_t k = 0; k < o->n_overlays; k++) {
        struct stat st;
        if (stat(arena_cstr(&r->arena, o->overlays[k].path), &st) != 0) continue;
        struct str text = arena_str(&r->workers[0], o->overlays[k].text);
        for (size_t i = 0; i < r->tree.files.n; i++) {
            struct gotree_file *f = &r->tree.files.p[i];
            if (f->stamp.inode != st.st_ino || f->stamp.device != st.st_dev) continue;
            f->text = text;
            f->overlaid = true;
        }
    }
}

static void scan_from_memory(struct scan_run *r, struct scan_memory *m)
{
    scan_memory_recall(m, r);
    scan_tree(r);
    scan_memory_keep(m, r);
}

struct err *scan_run(const struct scan_options *o, struct scan_run *r)
{
    uint64_t began = clock_now_ns();
    struct scan_cache cache;
    bool cached = scan_cache_open(o, &cache); // notes the time before anything is listed
    struct err *e = NULL;
    r->listed_ns = clock_wall_ns();
    r->tree.arena = &r->arena;
    r->tree.here = str_from(o->here);
    for (size_t i = 0; i < o->n_paths && !e; i++) e = gotree_add(&r->tree, o->paths[i]);
    if (!e) {
        gotree_finish(&r->tree);
        lay_over(r, o);
        if (o->memory)
            scan_from_memory(r, o->memory);
        else if (cached)
            scan_through_cache(r, &cache);
        else
            scan_tree(r);
    }
    if (cached) scan_cache_close(&cache);
    r->report.took_s = (double)(clock_now_ns() - began) / 1e9;
    return e;
}

void scan_run_deinit(struct scan_run *r)
{
    gotree_deinit(&r->tree);
    arena_deinit(&r->arena);
    for (size_t i = 0; i < array_size(r->workers); i++) arena_deinit(&r->workers[i]);
}

static int by_path(const void *key, const void *file)
{
    return str_cmp(*(const struct str *)key, ((const struct gotree_file *)file)->path);
}

struct str scan_text(struct scan_run *r, struct str path)
{
    struct gotree_file *f = bsearch(&path, r->tree.files.p, r->tree.files.n, sizeof(*f), by_path);
    if (f && !f->text.p) gotree_read(&r->arena, f);
    return f ? f->text : (struct str) { 0 };
}

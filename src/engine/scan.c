// SPDX-License-Identifier: Apache-2.0
#include "engine/scan.h"

#include "base/clock.h"
#include "base/map.h"
#include "decoders/gosrc.h"
#include "sources/gotree.h"

#include <pthread.h>
#include <stdatomic.h>

struct job {
    struct gotree *tree;
    struct go_file *parsed;
    struct arena *arena;
    atomic_size_t *next;
};

static void *parse_some(void *arg)
{
    struct job *j = arg;
    for (;;) {
        size_t i = atomic_fetch_add(j->next, 1);
        if (i >= j->tree->files.n) return NULL;
        struct gotree_file *f = &j->tree->files.p[i];
        gosrc_parse(j->arena, f->path, f->text, &j->parsed[i]);
    }
}

static void parse_all(struct scan_run *r, struct gotree *tree, struct go_file *parsed)
{
    enum { STACK_BYTES = 256 << 20 }; // for LIMIT_GO_NESTING levels; only touched pages count
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = cores < 1 ? 1 : (size_t)cores;
    if (n > array_size(r->workers)) n = array_size(r->workers);
    atomic_size_t next = 0;
    struct job jobs[array_size(r->workers)];
    pthread_t thread[array_size(r->workers)];
    bool started[array_size(r->workers)] = { false };
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    for (size_t i = 0; i < n; i++) {
        jobs[i] = (struct job) { tree, parsed, &r->workers[i], &next };
        started[i] = pthread_create(&thread[i], &attr, parse_some, &jobs[i]) == 0;
    }
    if (!started[0]) parse_some(&jobs[0]);
    for (size_t i = 0; i < n; i++)
        if (started[i]) pthread_join(thread[i], NULL);
    pthread_attr_destroy(&attr);
}

static bool generated(const struct go_file *f)
{
    for (uint32_t i = 0; i < f->n_comments && i < 8; i++) {
        struct str c = str_sub(f->source, f->comments[i].pos, f->comments[i].end);
        if (str_starts(c, STR("// Code generated ")) && str_find(c, STR("DO NOT EDIT")) != STR_NPOS)
            return true;
    }
    return false;
}

// Sorts the files into packages: one for each folder and package name.
static void group(struct scan_run *r, struct gotree *tree, struct go_file *parsed,
                  struct goscan_input *in)
{
    struct strmap index = { 0 };
    in->packages = arena_array(&r->arena, struct goscan_package, tree->files.n + 1);
    size_t *of = arena_array(&r->arena, size_t, tree->files.n + 1);
    for (size_t i = 0; i < tree->files.n; i++) {
        struct gotree_file *f = &tree->files.p[i];
        size_t slash = str_rfind_char(f->path, '/');
        struct str dir = slash == STR_NPOS ? STR(".") : str_sub(f->path, 0, slash);
        struct str key = str_from(
            arena_printf(&r->arena, "%.*s %.*s", STR_ARG(dir), STR_ARG(parsed[i].package)));
        bool fresh;
        uint64_t *v = strmap_put(&index, key, &fresh);
        if (fresh) {
            *v = in->n_packages++;
            struct goscan_package *p = &in->packages[*v];
            p->name = parsed[i].package;
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
        struct goscan_package *p = &in->packages[of[i]];
        p->files[p->n_files++] =
            (struct goscan_file) { &parsed[i], tree->files.p[i].test, generated(&parsed[i]) };
    }
    strmap_deinit(&index);
}

static void name_bad_files(struct scan_run *r, const struct gotree *tree,
                           const struct go_file *parsed)
{
    r->report.bad =
        arena_array(&r->arena, struct scan_bad_file, tree->files.n + tree->unread.n + 1);
    for (size_t i = 0; i < tree->unread.n; i++)
        r->report.bad[r->report.n_bad++] =
            (struct scan_bad_file) { tree->unread.p[i].path, tree->unread.p[i].why };
    r->report.n_unread = r->report.n_bad;
    for (size_t i = 0; i < tree->files.n; i++) {
        r->report.n_lines += parsed[i].n_lines;
        if (parsed[i].error)
            r->report.bad[r->report.n_bad++] =
                (struct scan_bad_file) { parsed[i].path, parsed[i].error };
    }
}

struct analysis {
    struct arena *arena;
    struct goscan_input *in;
    struct goscan_result *result;
};

static void *analyse(void *arg)
{
    struct analysis *a = arg;
    goscan_run(a->arena, a->in, a->result);
    return NULL;
}

struct err *scan_run(const char *const *paths, size_t n, struct scan_run *r)
{
    enum { STACK_BYTES = 512 << 20 }; // the analysis recurses as deep as the source nests
    uint64_t began = clock_now_ns();
    struct gotree tree = { .arena = &r->arena };
    for (size_t i = 0; i < n; i++) {
        struct err *e = gotree_add(&tree, paths[i]);
        if (e) {
            gotree_deinit(&tree);
            return e;
        }
    }
    gotree_sort(&tree);
    struct go_file *parsed = arena_array(&r->arena, struct go_file, tree.files.n + 1);
    parse_all(r, &tree, parsed);
    r->report.n_files = tree.files.n;
    r->report.left_out = tree.left_out;
    name_bad_files(r, &tree, parsed);
    struct goscan_input in = { 0 };
    group(r, &tree, parsed, &in);
    struct analysis a = { &r->arena, &in, &r->report.result };
    pthread_t thread;
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    if (pthread_create(&thread, &attr, analyse, &a) == 0)
        pthread_join(thread, NULL);
    else
        analyse(&a);
    pthread_attr_destroy(&attr);
    gotree_deinit(&tree);
    r->report.took_s = (double)(clock_now_ns() - began) / 1e9;
    return NULL;
}

void scan_run_deinit(struct scan_run *r)
{
    arena_deinit(&r->arena);
    for (size_t i = 0; i < array_size(r->workers); i++) arena_deinit(&r->workers[i]);
}

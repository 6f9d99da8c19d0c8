// SPDX-License-Identifier: Apache-2.0
#include "engine/scan_repair.h"

#include "analyses/edits.h"
#include "base/map.h"
#include "base/mem.h"
#include "decoders/gosrc.h"
#include "sources/git.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

// ---- what needs the text ----

static uint32_t utf16_column(struct str text, const struct goscan_finding *f)
{
    size_t from = f->column <= f->pos ? f->pos - (f->column - 1) : 0;
    uint32_t units = 1;
    for (size_t i = from; i < f->pos && i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        units += ((c & 0xc0) != 0x80) + (c >= 0xf0);
    }
    return units;
}

void scan_finish(struct scan_run *r)
{
    for (size_t i = 0; i < r->report.result.n; i++) {
        struct goscan_finding *f = &r->report.result.findings[i];
        struct str text = scan_text(r, f->file), fixed;
        if (text.p) f->column_utf16 = utf16_column(text, f);
        if (text.p && f->n_fix && edits_apply(&r->arena, text, f->fix, f->n_fix, &fixed))
            f->diff = edits_diff(&r->arena, f->file, text, fixed);
    }
}

// ---- repair ----

typedef VEC(struct scan_patch) patches;

static bool parses(struct str path, struct str text)
{
    struct arena a = { 0 };
    struct go_file f;
    gosrc_parse(&a, path, text, &f);
    bool ok = !f.error;
    arena_deinit(&a);
    return ok;
}

struct span { // of a text, from its first edit to its last
    uint32_t from, to;
};

typedef VEC(struct span) spans;

static struct span span_of(const struct goscan_finding *f)
{
    struct span s = { f->fix[0].pos, f->fix[0].end };
    for (size_t i = 1; i < f->n_fix; i++) {
        if (f->fix[i].pos < s.from) s.from = f->fix[i].pos;
        if (f->fix[i].end > s.to) s.to = f->fix[i].end;
    }
    return s;
}

// One lock around a statement is enough, and two deadlock: what is enclosed by a fix, or encloses
// one, is left to that. Whether it is cured so is seen when the result is scanned.
static bool meets(const spans *taken, struct span s)
{
    for (size_t i = 0; i < taken->n; i++)
        if (s.from <= taken->p[i].to && taken->p[i].from <= s.to) return true;
    return false;
}

// Whether the fixes of a finding's function or file have been taken back.
static bool is_dropped(const struct map *dropped, const struct goscan_finding *f)
{
    return map_get(dropped, f->within) || map_get(dropped, str_hash(f->file));
}

// The edits of all findings of a file that stand next to each other in the list.
static void make_patch(struct scan_run *r, const struct goscan_finding *f, size_t n,
                       const struct map *dropped, patches *ret)
{
    VEC(struct goscan_fix) edits = { 0 };
    spans taken = { 0 };
    struct scan_patch p = { .path = f->file };
    for (size_t i = 0; i < n; i++) {
        if (!f[i].n_fix) continue;
        p.refused += is_dropped(dropped, &f[i]);
        if (is_dropped(dropped, &f[i])) continue;
        p.findings++;
        if (meets(&taken, span_of(&f[i]))) continue;
        vec_push(&taken, span_of(&f[i]));
        for (size_t k = 0; k < f[i].n_fix; k++) vec_push(&edits, f[i].fix[k]);
    }
    p.before = scan_text(r, p.path);
    // The path of a file of the tree is terminated.
    _cleanup_free_ char *real = realpath(p.path.p, NULL);
    p.real = real ? arena_cstr(&r->arena, str_from(real)) : NULL;
    p.bad = !p.findings || !p.before.p || !real ||
            !edits_apply(&r->arena, p.before, edits.p, edits.n, &p.after) ||
            !parses(p.path, p.after);
    if (p.bad) p.refused += p.findings, p.findings = 0;
    if (p.findings || p.refused) vec_push(ret, p);
    vec_deinit(&edits);
    vec_deinit(&taken);
}

// One patch a file; findings are sorted by file.
static void make_patches(struct scan_run *r, const struct map *dropped, patches *ret)
{
    const struct goscan_result *g = &r->report.result;
    ret->n = 0;
    for (size_t i = 0, end; i < g->n; i = end) {
        for (end = i; end < g->n && str_eq(g->findings[end].file, g->findings[i].file);) end++;
        make_patch(r, &g->findings[i], end - i, dropped, ret);
    }
}

static bool is_patched(const patches *all, struct str path)
{
    for (size_t i = 0; i < all->n; i++)
        if (!all->p[i].bad && str_eq(all->p[i].path, path)) return true;
    return false;
}

static bool is_fixed(const patches *all, const struct map *dropped, const struct goscan_finding *f)
{
    return f->n_fix && is_patched(all, f->file) && !is_dropped(dropped, f);
}

// How many findings of each kind (rule, function and map) there are.
static void count(const struct goscan_result *g, struct map *ret)
{
    for (size_t i = 0; i < g->n; i++) ++*map_put(ret, g->findings[i].hash, NULL);
}

struct trial {
    struct scan_run *r;
    patches all;
    struct map dropped; // functions and files
    bool files;         // from now on files only
};

// A finding is there that should not be: whose fixes are to be dropped?
static void blame(const struct trial *t, const struct goscan_finding *f, struct map *ret)
{
    const struct goscan_result *g = &t->r->report.result;
    bool function = false, file = is_patched(&t->all, f->file);
    for (size_t i = 0; i < g->n && !t->files; i++)
        function |=
            g->findings[i].within == f->within && is_fixed(&t->all, &t->dropped, &g->findings[i]);
    if (function) {
        map_put(ret, f->within, NULL);
        return;
    }
    for (size_t i = 0; i < t->all.n; i++) // elsewhere: give up
        if (!file || str_eq(t->all.p[i].path, f->file))
            map_put(ret, str_hash(t->all.p[i].path), NULL);
}

// Whether no more findings are there with the patches than there should be; else some are dropped.
static bool try_patches(struct trial *t, scan_again again, void *arg, struct err **ret_error)
{
    struct scan_run after = { 0 };
    VEC(struct scan_overlay) texts = { 0 };
    for (size_t i = 0; i < t->all.n; i++)
        if (!t->all.p[i].bad)
            vec_push(&texts,
                     (struct scan_overlay) { str_from(t->all.p[i].real), t->all.p[i].after });
    *ret_error = texts.n ? again(arg, texts.p, texts.n, &after) : NULL;
    struct map wanted = { 0 }, got = { 0 }, bad = { 0 };
    const struct goscan_result *before = &t->r->report.result, *g = &after.report.result;
    count(&t->r->all, &wanted);
    count(g, &got);
    for (size_t i = 0; i < before->n; i++)
        if (is_fixed(&t->all, &t->dropped, &before->findings[i]))
            --*map_put(&wanted, before->findings[i].hash, NULL);
    bool good = true;
    for (size_t i = 0; i < g->n; i++) {
        const uint64_t *w = map_get(&wanted, g->findings[i].hash);
        if (*map_get(&got, g->findings[i].hash) <= (w ? *w : 0)) continue;
        blame(t, &g->findings[i], &bad);
        good = false;
    }
    for (size_t i = 0; i < bad.cap; i++)
        if (bad.slot[i].used) map_put(&t->dropped, bad.slot[i].key, NULL);
    map_deinit(&wanted);
    map_deinit(&got);
    map_deinit(&bad);
    vec_deinit(&texts);
    scan_run_deinit(&after);
    return good;
}

// Beside the file, then in its place, with its mode.
static struct err *write_patch(const struct scan_patch *p)
{
    struct stat st;
    _cleanup_free_ char *aside = mem_printf("%s.maptrap-XXXXXX", p->real);
    _cleanup_close_ int was = open(p->real, O_RDONLY | O_CLOEXEC);
    char *now = mem_alloc(p->before.n + 1);
    bool same = was >= 0 && fstat(was, &st) == 0 && (size_t)st.st_size == p->before.n &&
                read(was, now, p->before.n + 1) == (ssize_t)p->before.n &&
                memcmp(now, p->before.p, p->before.n) == 0;
    free(now);
    if (!same) return err_new(ERR_CANNOT, "%s has changed meanwhile", p->real);
    if (!(st.st_mode & 0222) || access(p->real, W_OK) != 0)
        return err_new(ERR_CANNOT, "%s is read-only", p->real);
    int fd = mkstemp(aside);
    if (fd < 0) return err_sys(ERR_CANNOT, errno, "%s", aside);
    bool mine = st.st_uid == geteuid() && st.st_gid == getegid();
    bool ok = (mine || fchown(fd, st.st_uid, st.st_gid) == 0) &&
              fchmod(fd, st.st_mode & 07777) == 0 &&
              write(fd, p->after.p, p->after.n) == (ssize_t)p->after.n && fsync(fd) == 0;
    ok = close(fd) == 0 && ok && rename(aside, p->real) == 0;
    struct err *e = ok ? NULL : err_sys(ERR_CANNOT, errno, "%s", p->real);
    if (!ok) unlink(aside);
    return e;
}

struct err *scan_patches(struct scan_run *r, scan_again again, void *arg, struct scan_patch **ret,
                         size_t *ret_n)
{
    enum { ROUNDS = 8, ROUNDS_OF_FUNCTIONS = 5 };
    struct trial t = { .r = r };
    struct err *e = NULL;
    bool good = false;
    for (unsigned round = 0; round < ROUNDS && !good && !e; round++) {
        t.files = round >= ROUNDS_OF_FUNCTIONS;
        make_patches(r, &t.dropped, &t.all);
        good = try_patches(&t, again, arg, &e);
    }
    *ret = arena_array(&r->arena, struct scan_patch, t.all.n + 1);
    *ret_n = t.all.n;
    for (size_t i = 0; i < t.all.n; i++) {
        struct scan_patch *p = &t.all.p[i];
        p->bad |= !good;
        if (p->bad) p->refused += p->findings, p->findings = 0;
        (*ret)[i] = *p;
    }
    struct goscan_result *g = &r->report.result;
    for (size_t i = 0; i < g->n; i++)
        g->findings[i].fixed = is_fixed(&t.all, &t.dropped, &g->findings[i]);
    map_deinit(&t.dropped);
    vec_deinit(&t.all);
    return e;
}

static struct err *tree_again(void *arg, const struct scan_overlay *texts, size_t n,
                              struct scan_run *ret)
{
    struct scan_options with = *(const struct scan_options *)arg;
    with.overlays = texts, with.n_overlays = n;
    return scan_run(&with, ret);
}

struct err *scan_repair(const struct scan_options *o, struct scan_run *r, struct scan_repairs *ret)
{
    struct scan_repairs done = { 0 };
    struct scan_options with = *o;
    struct scan_patch *all;
    size_t n;
    ERR_TRY(scan_patches(r, tree_again, &with, &all, &n));
    for (size_t i = 0; i < n; i++) {
        done.refused += all[i].refused;
        if (all[i].bad) continue;
        struct err *e = write_patch(&all[i]);
        if (e) { // the others are written all the same
            done.unwritten++;
            for (size_t k = 0; k < r->report.result.n; k++)
                if (str_eq(r->report.result.findings[k].file, all[i].path))
                    r->report.result.findings[k].fixed = false;
            if (done.why)
                err_free(e);
            else
                done.why = e;
            continue;
        }
        done.findings += all[i].findings;
        done.files++;
    }
    *ret = done;
    return NULL;
}

// ---- since a revision ----

// What follows the repository's folder in a resolved path; NULL if the path is not below it.
static const char *below_top(const struct git_tree *t, const char *real)
{
    size_t n = strlen(t->top);
    if (n == 1) return real; // "/"
    return real && strncmp(real, t->top, n) == 0 && (!real[n] || real[n] == '/') ? real + n : NULL;
}

// A path that was asked for, below the revision's folder; NULL if it is of no repository or
// another.
static const char *moved(struct arena *a, const struct git_tree *t, const char *path)
{
    _cleanup_free_ char *real = realpath(gotree_tidy(a, path), NULL);
    const char *rest = below_top(t, real);
    return rest ? arena_printf(a, "%s%s", t->dir, rest) : NULL;
}

// What stands in no module is called by where it is, seen from the present folder; so the old files
// are seen from the folder that stands for it.
static struct err *scan_old(const struct scan_options *o, const struct git_tree *t,
                            struct scan_run *old)
{
    _cleanup_free_ char *here = realpath(".", NULL);
    const char *inside = here ? below_top(t, here) : NULL;
    const char **paths = arena_array(&old->arena, const char *, o->n_paths + 1);
    struct scan_options then = {
        .paths = paths, .here = arena_printf(&old->arena, "%s%s", t->dir, inside ? inside : "")
    };
    for (size_t i = 0; i < o->n_paths; i++) {
        const char *path = moved(&old->arena, t, o->paths[i]);
        if (!path)
            return err_new(ERR_USAGE, "%s is not in this folder's git repository", o->paths[i]);
        if (access(path, F_OK) == 0) paths[then.n_paths++] = path; // else all of it is new
    }
    return scan_run(&then, old);
}

struct err *scan_only_new(const struct scan_options *o, const char *revision, struct scan_run *r)
{
    struct git_tree t = { 0 };
    struct scan_run old = { 0 };
    ERR_TRY(git_tree_make(".", revision, &t));
    struct err *e = scan_old(o, &t, &old);
    git_tree_remove(&t);
    if (!e) {
        struct strmap known = { 0 };
        struct goscan_result *g = &r->report.result;
        size_t kept = 0;
        for (size_t i = 0; i < old.report.result.n; i++)
            strmap_put(&known, str_from(old.report.result.findings[i].id), NULL);
        for (size_t i = 0; i < g->n; i++)
            if (!strmap_get(&known, str_from(g->findings[i].id)))
                g->findings[kept++] = g->findings[i];
        g->n = kept;
        strmap_deinit(&known);
    }
    scan_run_deinit(&old);
    return e;
}

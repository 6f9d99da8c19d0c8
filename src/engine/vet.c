// SPDX-License-Identifier: Apache-2.0
#include "engine/vet.h"

#include "base/buf.h"
#include "base/map.h"

#include <errno.h>
#include <stdio.h>

static const char facts_head[] = "maptrap-vet facts 1";
enum { LIMIT_FACTS_BYTES = 16 << 20, LIMIT_FACTS_FILES = 20000 };

static struct err *slurp(const char *path, size_t most, struct buf *ret)
{
    _cleanup_fclose_ FILE *f = fopen(path, "re");
    if (!f) return err_sys(ERR_CANNOT, errno, "%s", path);
    char part[64 * 1024];
    for (size_t n; (n = fread(part, 1, sizeof(part), f)) > 0;) {
        if (ret->n + n > most) return err_new(ERR_INPUT, "%s: larger than %zu bytes", path, most);
        buf_add(ret, part, n);
    }
    return ferror(f) ? err_new(ERR_CANNOT, "%s: cannot be read", path) : NULL;
}

// "p [p.test]" is p, built for its test.
static struct str plain_path(struct str path)
{
    size_t at = str_find(path, STR(" ["));
    return at == STR_NPOS ? path : str_sub(path, 0, at);
}

struct loading {
    struct scan_run *r;
    struct strmap seen;  // paths of files
    struct buf imported; // what the facts of the imports say about those themselves
};

// Adds a file that was not added before; with a hash only if that is what it holds.
static void add_file(struct loading *l, struct str path, struct str import, const struct str *want)
{
    bool fresh;
    strmap_put(&l->seen, path, &fresh);
    if (!fresh || l->r->tree.files.n >= LIMIT_FACTS_FILES) return;
    struct gotree_file f = { .path = path,
                             .import_path = import,
                             .vendor = want != NULL,
                             .test = str_ends(path, STR("_test.go")) };
    gotree_read(&l->r->arena, &f);
    if (f.state == GOTREE_LEFT) f.state = GOTREE_TAKEN; // the go command has chosen already
    char hex[65];
    struct hash h = hash_of(f.text);
    hash_hex(&h, hex);
    if (!want || str_eqc(*want, hex)) vec_push(&l->r->tree.files, f);
}

// Adds the files that a facts file names, as far as they are still the same.
static void read_facts(struct loading *l, const struct vet_import *m)
{
    _cleanup_buf_ struct buf all = { 0 };
    struct arena *a = &l->r->arena;
    _cleanup_err_ struct err *bad = slurp(arena_cstr(a, m->facts), LIMIT_FACTS_BYTES, &all);
    if (bad) return;
    struct str rest = arena_str(a, buf_str(&all)), line, import = { 0 };
    if (!str_split(&rest, '\n', &line) || !str_eqc(line, facts_head)) return;
    unsigned packages = 0;
    while (str_split(&rest, '\n', &line)) {
        struct str verb, hash, value = line;
        if (!str_split(&value, ' ', &verb)) continue;
        if (str_eqc(verb, "package")) {
            import = value;
            packages++;
        }
        if (packages == 1) buf_printf(&l->imported, "%.*s\n", STR_ARG(line));
        if (str_eqc(verb, "file") && str_split(&value, ' ', &hash) && import.n &&
            !str_ends(value, STR("_test.go")))
            add_file(l, value, import, &hash);
    }
}

static struct err *write_facts(struct vet_run *v, struct str imported)
{
    const struct vet_config *c = &v->config;
    if (!c->facts_output.n) return NULL;
    _cleanup_buf_ struct buf out = { 0 };
    buf_printf(&out, "%s\npackage %.*s\n", facts_head, STR_ARG(plain_path(c->import_path)));
    for (size_t i = 0; i < c->n_files; i++) {
        char hex[65];
        struct str text = { 0 };
        for (size_t k = 0; k < v->run.tree.files.n && !text.p; k++)
            if (str_eq(v->run.tree.files.p[k].path, c->files[i]))
                text = v->run.tree.files.p[k].text;
        struct hash h = hash_of(text);
        hash_hex(&h, hex);
        buf_printf(&out, "file %s %.*s\n", hex, STR_ARG(c->files[i]));
    }
    buf_addstr(&out, imported);
    const char *path = arena_cstr(&v->run.arena, c->facts_output);
    _cleanup_fclose_ FILE *f = fopen(path, "we");
    if (!f) return err_sys(ERR_CANNOT, errno, "%s", path);
    if (fwrite(out.p, 1, out.n, f) != out.n || fflush(f) != 0)
        return err_sys(ERR_CANNOT, errno, "%s: writing", path);
    return NULL;
}

static void load(struct vet_run *v, struct loading *l)
{
    const struct vet_config *c = &v->config;
    struct str self = plain_path(c->import_path);
    for (size_t i = 0; i < c->n_files; i++) add_file(l, c->files[i], self, NULL);
    for (size_t i = 0; i < c->n_imports; i++)
        if (!c->imports[i].standard) read_facts(l, &c->imports[i]);
}

// ---- places in files that cgo wrote ----

static const struct go_file *parsed_of(const struct scan_run *r, struct str path)
{
    for (size_t i = 0; i < r->tree.files.n; i++)
        if (str_eq(r->tree.files.p[i].path, path)) return &r->parsed[i];
    return NULL;
}

// Findings name the source that a //line directive names; they lose their fix, which counts in
// bytes of the file that was made from it.
static void name_sources(struct scan_run *r)
{
    struct goscan_result *g = &r->report.result;
    for (size_t i = 0; i < g->n_remarks; i++) {
        struct goscan_remark *m = &g->remarks[i];
        const struct go_file *ast = parsed_of(r, m->file);
        uint32_t column;
        if (ast && m->line && m->line <= ast->n_lines)
            goast_line_directive(ast, ast->lines[m->line - 1], &m->file, &m->line, &column);
    }
    for (size_t i = 0; i < g->n; i++) {
        struct goscan_finding *f = &g->findings[i];
        uint32_t column;
        for (size_t k = 0; k < f->n_related; k++) {
            struct goscan_related *o = &f->related[k];
            const struct go_file *ast = parsed_of(r, o->file);
            if (ast && o->line && o->line <= ast->n_lines)
                goast_line_directive(ast, ast->lines[o->line - 1], &o->file, &o->line, &column);
        }
        const struct go_file *ast = parsed_of(r, f->file);
        if (ast && goast_line_directive(ast, f->pos, &f->file, &f->line, &f->column)) f->n_fix = 0;
    }
}

struct err *vet_run(const char *unit, struct vet_run *v)
{
    _cleanup_buf_ struct buf json = { 0 };
    struct loading l = { .r = &v->run };
    v->run.by_import_path = true;
    v->run.tree.arena = &v->run.arena;
    ERR_TRY(slurp(unit, LIMIT_VETCFG_BYTES, &json));
    struct err *e = vetcfg_parse(&v->run.arena, buf_str(&json), &v->config);
    if (e) return err_wrap(e, "%s", unit);
    load(v, &l);
    e = write_facts(v, buf_str(&l.imported));
    strmap_deinit(&l.seen);
    buf_deinit(&l.imported);
    if (e || v->config.facts_only) return e;
    gotree_finish(&v->run.tree);
    scan_tree(&v->run);
    name_sources(&v->run);
    return NULL;
}

static struct err *package_again(void *arg, const struct scan_overlay *texts, size_t n,
                                 struct scan_run *ret)
{
    const struct gotree *t = &((const struct vet_run *)arg)->run.tree;
    ret->tree.arena = &ret->arena;
    ret->by_import_path = true;
    for (size_t i = 0; i < t->files.n; i++) {
        struct gotree_file f = t->files.p[i];
        _cleanup_free_ char *real = realpath(f.path.p, NULL);
        for (size_t k = 0; real && k < n; k++)
            if (str_eqc(texts[k].path, real)) f.text = texts[k].text;
        vec_push(&ret->tree.files, f);
    }
    scan_tree(ret);
    return NULL;
}

struct err *vet_patches(struct vet_run *v, struct scan_patch **ret, size_t *ret_n)
{
    return scan_patches(&v->run, package_again, v, ret, ret_n);
}

void vet_run_deinit(struct vet_run *v)
{
    scan_run_deinit(&v->run);
}

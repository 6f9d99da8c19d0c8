// SPDX-License-Identifier: Apache-2.0
// The whole static scan, on one or several files: a line "-- file --" ends one. Files with one
// package name are one package; its import path is "m/" and the name.
#include "analyses/goscan.h"
#include "decoders/gosrc.h"

#include "fuzz_stack.h"

#include <stdlib.h>

enum { FILES = 8 };

static struct go_file *parse(struct arena *a, struct str s, size_t *n)
{
    static const struct str cut = { "\n-- file --\n", 12 };
    struct go_file *files = arena_array(a, struct go_file, FILES);
    for (*n = 0; *n < FILES;) {
        size_t at = str_find(s, cut);
        gosrc_parse(a, str_from(arena_printf(a, "f%zu.go", *n)), str_sub(s, 0, at), &files[*n]);
        (*n)++;
        if (at == STR_NPOS) break;
        s = str_sub(s, at + cut.n, s.n);
    }
    return files;
}

static void group(struct arena *a, struct go_file *files, size_t n, struct goscan_input *in)
{
    in->packages = arena_array(a, struct goscan_package, FILES);
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < in->n_packages && !str_eq(in->packages[k].name, files[i].package)) k++;
        struct goscan_package *p = &in->packages[k];
        if (k == in->n_packages) {
            in->n_packages++;
            p->name = files[i].package;
            p->path = str_from(arena_printf(a, "m/%.*s", STR_ARG(p->name)));
            p->reported = !str_eqc(p->name, "vendored");
            p->files = arena_array(a, struct goscan_file, FILES);
        }
        p->files[p->n_files++] = (struct goscan_file) { .ast = &files[i] };
    }
}

static void scan(void *arg)
{
    const struct str *s = arg;
    struct arena a = { 0 };
    size_t n;
    struct go_file *files = parse(&a, *s, &n);
    struct goscan_input in = { 0 };
    group(&a, files, n, &in);
    struct goscan_result r;
    goscan_run(&a, &in, &r);
    for (size_t i = 0; i < r.n; i++) {
        const struct goscan_finding *f = &r.findings[i];
        if (f->rule >= GOSCAN_RULES || !f->line || !f->column || !f->map || !f->message) abort();
        for (size_t k = 0; k < f->n_related; k++)
            if (!f->related[k].line || !f->related[k].role) abort();
    }
    arena_deinit(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct str s = { (const char *)p, n };
    with_deep_stack(scan, &s);
    return 0;
}

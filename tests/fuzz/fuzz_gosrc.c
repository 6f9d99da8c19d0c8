// SPDX-License-Identifier: Apache-2.0
// The Go parser: whatever comes, it ends with a tree whose nodes lie within the source, each list
// with an end, and says the same when asked again.
#include "analyses/map_expr.h"
#include "decoders/gosrc.h"

#include "fuzz_stack.h"

#include <stdlib.h>

struct walk {
    const struct go_file *file;
    size_t nodes;
};

static bool has_name(const struct go_node *n)
{
    return n->kind == GO_IDENT || n->kind == GO_SELECTOR || n->kind == GO_LABELED ||
           n->kind == GO_TYPE_SPEC || n->kind == GO_FUNC_DECL;
}

static void check(struct walk *w, const struct go_node *n)
{
    for (; n; n = n->next) {
        w->nodes++;
        if (n->kind >= GO_KINDS || n->pos > n->end || n->end > w->file->source.n) abort();
        if (has_name(n) && n->sym >= w->file->n_names) abort();
        for (unsigned i = 0; i < n->kids; i++) check(w, n->kid[i]);
    }
}

// Lines of the first functions, asked for as locate does.
static void name_maps(const struct go_file *f, struct arena *a)
{
    enum { FUNCTIONS = 8, LINES = 8 };
    unsigned seen = 0;
    for (const struct go_node *d = f->decls; d && seen < FUNCTIONS; d = d->next) {
        if (d->kind != GO_FUNC_DECL || seen++ == FUNCTIONS) continue;
        struct str name = goast_name(f, d->sym);
        const struct go_node *type = d->kid[0] ? d->kid[0]->kid[1] : NULL;
        bool pointer = type && type->kind == GO_STAR;
        struct str t = { "", 0 };
        if (type) t = goast_text(f, pointer && type->kid[0] ? type->kid[0] : type);
        const char *function = type ? arena_printf(a, pointer ? "p.(*%.*s).%.*s" : "p.%.*s.%.*s",
                                                   STR_ARG(t), STR_ARG(name))
                                    : arena_printf(a, "p.%.*s", STR_ARG(name));
        uint32_t line, column;
        goast_position(f, d->pos, &line, &column);
        for (uint32_t i = 0; i < LINES; i++)
            for (unsigned op = MAP_OP_ASSIGN; op <= MAP_OP_ITERATE; op++) {
                struct map_expr x = map_expr_at(f, str_from(function), line + i, op, a);
                if (x.qualified && str_find_char(x.name, '.') == STR_NPOS) abort();
            }
    }
}

static void parse(void *arg)
{
    const struct str *s = arg;
    struct arena a = { 0 };
    struct go_file f, again;
    gosrc_parse(&a, STR("f.go"), *s, &f);
    struct walk w = { &f, 0 }, w2 = { &again, 0 };
    check(&w, f.decls);
    for (uint32_t i = 0; i < f.n_comments; i++)
        if (f.comments[i].pos > f.comments[i].end || f.comments[i].end > s->n) abort();
    name_maps(&f, &a);
    gosrc_parse(&a, STR("f.go"), *s, &again);
    check(&w2, again.decls);
    if (w.nodes != w2.nodes || !f.error != !again.error || f.n_lines != again.n_lines) abort();
    arena_deinit(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct str s = { (const char *)p, n };
    with_deep_stack(parse, &s);
    return 0;
}

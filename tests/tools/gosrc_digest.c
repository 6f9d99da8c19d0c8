// SPDX-License-Identifier: Apache-2.0
// gosrc_digest [--time] < list of files: one line a file with what the Go parser made of it, to be
// compared with what go/parser makes of it (gosrc_oracle.go): "error", or for every kind of node
// the count and the sum of the positions.
#include "base/buf.h"
#include "base/clock.h"
#include "decoders/gosrc.h"

#include <inttypes.h>

struct digest {
    uint64_t count[GO_KINDS], sum[GO_KINDS], idents;
};

static unsigned by_name[GO_KINDS];

static int compare_kinds(const void *a, const void *b)
{
    return strcmp(goast_kind_name(*(const unsigned *)a), goast_kind_name(*(const unsigned *)b));
}

static void walk(const struct go_node *n, struct digest *d)
{
    for (; n; n = n->next) {
        d->count[n->kind]++;
        d->sum[n->kind] += n->pos;
        d->idents += n->kind == GO_IDENT || n->kind == GO_SELECTOR || n->kind == GO_LABELED ||
                     n->kind == GO_TYPE_SPEC || n->kind == GO_FUNC_DECL;
        for (unsigned i = 0; i < n->kids; i++) walk(n->kid[i], d);
    }
}

static bool read_file(const char *path, struct buf *ret)
{
    _cleanup_fclose_ FILE *f = fopen(path, "rb");
    if (!f) return false;
    buf_clear(ret);
    char part[65536];
    for (size_t n; (n = fread(part, 1, sizeof(part), f)) > 0;) buf_add(ret, part, n);
    return !ferror(f);
}

static void digest(struct str path, struct str source)
{
    struct arena a = { 0 };
    struct go_file f;
    gosrc_parse(&a, path, source, &f);
    printf("%.*s", STR_ARG(path));
    if (f.error) {
        printf(" error\n");
    } else {
        struct digest d = { .idents = 1 };
        walk(f.decls, &d);
        printf(" Ident:%" PRIu64, d.idents);
        for (unsigned i = 0; i < GO_KINDS; i++) {
            unsigned k = by_name[i];
            if (k != GO_IDENT && d.count[k])
                printf(" %s:%" PRIu64 ":%" PRIu64, goast_kind_name(k), d.count[k], d.sum[k]);
        }
        printf("\n");
    }
    arena_deinit(&a);
}

int main(int argc, char **argv)
{
    bool timed = argc > 1 && strcmp(argv[1], "--time") == 0;
    bool errors = argc > 1 && strcmp(argv[1], "--errors") == 0;
    for (unsigned i = 0; i < GO_KINDS; i++) by_name[i] = i;
    qsort(by_name, GO_KINDS, sizeof(*by_name), compare_kinds);
    char line[4096];
    _cleanup_buf_ struct buf text = { 0 };
    uint64_t bytes = 0, ns = 0;
    while (fgets(line, sizeof(line), stdin)) {
        struct str path = str_trim(str_from(line));
        line[path.n] = 0;
        if (!read_file(line, &text)) {
            printf("%s unreadable\n", line);
            continue;
        }
        if (!timed && !errors) {
            digest(path, buf_str(&text));
            continue;
        }
        struct arena a = { 0 };
        struct go_file f;
        uint64_t began = clock_now_ns();
        gosrc_parse(&a, path, buf_str(&text), &f);
        ns += clock_now_ns() - began;
        bytes += text.n;
        if (errors && f.error) printf("%s:%s\n", line, f.error);
        arena_deinit(&a);
    }
    if (timed)
        printf("%.1f MB in %.3f s: %.1f MB/s\n", (double)bytes / 1e6, (double)ns / 1e9,
               (double)bytes * 1e3 / (double)ns);
    return 0;
}

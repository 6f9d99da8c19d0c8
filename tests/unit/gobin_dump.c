// SPDX-License-Identifier: Apache-2.0
// Prints what gobin reads, for the oracles of gobin_oracle_test.py to be compared with:
//   gobin_dump FILE info|functions|globals|source|layout|row|calls NAME…|probe NAME…|frames
//   <addresses
#include "base/vec.h"
#include "decoders/golayout.h"
#include "decoders/gotype.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static void fail(struct err *e)
{
    if (!e) return;
    printf("error %d: %s\n", e->kind, e->text);
    err_free(e);
    exit(1);
}

static void info(struct gobin *b)
{
    const struct gobin_info *i = gobin_info(b);
    printf("version %.*s %u.%u.%u\n", STR_ARG(i->version), i->major, i->minor, i->patch);
    printf("experiments %.*s\nswiss %d\npath %.*s\nmodule %.*s %.*s\n", STR_ARG(i->experiments),
           i->swiss, STR_ARG(i->path), STR_ARG(i->module), STR_ARG(i->module_version));
    printf("build-id %.*s\ngnu-build-id %s\n", STR_ARG(i->go_build_id), i->gnu_build_id);
    printf("stripped %d\ndwarf %d\npie %d\nexternal %d\ncgo %d\n", i->stripped, i->dwarf, i->pie,
           i->external, i->cgo);
    const struct gobin_range r[] = {
        i->text, i->data, i->noptrdata, i->bss, i->noptrbss, i->types
    };
    const char *name[] = { "text", "data", "noptrdata", "bss", "noptrbss", "types" };
    for (size_t k = 0; k < array_size(r); k++)
        printf("%s %#llx %#llx\n", name[k], (unsigned long long)r[k].lo,
               (unsigned long long)r[k].hi);
    printf("moduledata %#llx\n", (unsigned long long)i->moduledata);
}

static void functions(struct gobin *b)
{
    struct gobin_func f;
    for (size_t i = 0; gobin_func_at(b, i, &f); i++)
        printf("%llx %.*s\n", (unsigned long long)f.entry, STR_ARG(f.name));
}

static void globals(struct gobin *b)
{
    static const char *const name[] = { "runtime.writeBarrier", "runtime.gomaxprocs",
                                        "runtime.allgs" };
    for (unsigned i = 0; i < array_size(name); i++) {
        uint64_t at;
        if (gobin_global(b, i, &at)) printf("%s %llx\n", name[i], (unsigned long long)at);
    }
}

static void calls(struct gobin *b, char **names, int n)
{
    VEC(uint64_t) target = { 0 };
    for (int i = 0; i < n; i++) {
        struct gobin_func f[8];
        size_t k = gobin_funcs_named(b, str_from(names[i]), f, array_size(f));
        for (size_t j = 0; j < k && j < array_size(f); j++) vec_push(&target, f[j].entry);
    }
    struct gobin_calls c;
    fail(gobin_calls(b, target.p, target.n, &c));
    for (size_t i = 0; i < c.n; i++)
        printf("%llx %s %llx\n", (unsigned long long)c.call[i].address,
               c.call[i].tail ? "jmp" : "call", (unsigned long long)c.call[i].target);
    gobin_calls_deinit(&c);
    vec_deinit(&target);
}

static void probes(struct gobin *b, char **names, int n)
{
    static const char *const kind[] = { "push", "jcc", "other", "first" };
    for (int i = 0; i < n; i++) {
        struct gobin_func f;
        struct gobin_probe p;
        if (!gobin_func_named(b, str_from(names[i]), &f) || !gobin_probe(b, &f, &p)) continue;
        printf("%s entry %llx probe +%llu %s after_check %d has_check %d sp_delta %u\n", names[i],
               (unsigned long long)f.entry, (unsigned long long)(p.address - f.entry), kind[p.kind],
               p.after_check, p.has_check, p.sp_delta);
    }
}

static void frames(struct gobin *b)
{
    char line[64];
    while (fgets(line, sizeof(line), stdin)) {
        uint64_t pc = strtoull(line, NULL, 16);
        struct frame f[LIMIT_STACK_FRAMES];
        size_t n = gobin_frames(b, pc, f, array_size(f));
        printf("%llx %zu\n", (unsigned long long)pc, n);
        struct gobin_func has_code;
        bool wrapper = gobin_func_of(b, pc, &has_code) && has_code.wrapper;
        for (size_t i = 0; i < n; i++)
            printf("\t%.*s\t%.*s:%u%s\n", STR_ARG(f[i].function), STR_ARG(f[i].file), f[i].line,
                   wrapper && i + 1 == n ? "\twrapper" : "");
    }
}

// Which row a process of this program would be read by.
static void source(struct gobin *b)
{
    struct golayout l;
    fail(golayout_of(b, &l));
    printf("%s\n", l.source);
}

static void print_layout(const struct golayout *l)
{
    printf("source %s\n", l->source);
#define FIELD(name, structs, members) printf("%s %u\n", #name, l->name);
#include "decoders/golayout_fields.h"
}

static void layout(struct gobin *b, bool dwarf)
{
    struct golayout l;
    if (!dwarf)
        print_layout(golayout_row(gobin_info(b)->minor, gobin_info(b)->swiss, NULL));
    else if (golayout_from_dwarf(b, &l))
        print_layout(&l);
}

static bool read_file(void *arg, uint64_t address, void *ret, size_t n)
{
    // Pointers as the loader leaves them, other bytes as the file has them.
    if (n == 8) return gobin_pointer(arg, address, ret);
    return gobin_read(arg, address, ret, n);
}

// Names of the map types that the file itself holds: every descriptor of kind map among the types.
static void types(struct gobin *b)
{
    struct golayout l;
    struct arena a = { 0 };
    fail(golayout_of(b, &l));
    struct gobin_range r = gobin_info(b)->types;
    for (uint64_t at = (r.lo + 7) & ~7ull; at + 64 < r.hi; at += 8) {
        struct str name;
        struct gotype_map m;
        _cleanup_err_ struct err *e = gotype_map(&l, b, 0, read_file, b, at, &m);
        if (e) continue;
        _cleanup_err_ struct err *e2 = gotype_name(&l, b, 0, read_file, b, at, &a, &name);
        if (!e2 && str_starts(name, STR("map[")))
            printf("%.*s key %u %llu elem %u %llu\n", STR_ARG(name), m.key.kind,
                   (unsigned long long)m.key.size, m.elem.kind, (unsigned long long)m.elem.size);
    }
    arena_deinit(&a);
}

int main(int argc, char **argv)
{
    if (argc < 3) return 2;
    int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) return 2;
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) return 2;
    _cleanup_gobin_ struct gobin *b = NULL;
    fail(gobin_open(argv[1], str_make(p, (size_t)st.st_size), &b));
    if (!strcmp(argv[2], "info")) info(b);
    if (!strcmp(argv[2], "source")) source(b);
    if (!strcmp(argv[2], "layout")) layout(b, true);
    if (!strcmp(argv[2], "row")) layout(b, false);
    if (!strcmp(argv[2], "types")) types(b);
    if (!strcmp(argv[2], "functions")) functions(b);
    if (!strcmp(argv[2], "globals")) globals(b);
    if (!strcmp(argv[2], "calls")) calls(b, argv + 3, argc - 3);
    if (!strcmp(argv[2], "probe")) probes(b, argv + 3, argc - 3);
    if (!strcmp(argv[2], "frames")) frames(b);
    return 0;
}

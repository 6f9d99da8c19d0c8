// SPDX-License-Identifier: Apache-2.0
// Go programs that lie. An input that begins as an ELF file is taken as it is. Any other is a list
// of patches to a sound program, named by MAPTRAP_FUZZ_GOBIN (scripts/fuzz.sh builds one): random
// bytes alone never get past the header. What must hold: no crash, functions in order and found
// again by their entry, frames and calls within what was asked for.
#include "base/mem.h"
#include "decoders/goelf.h"
#include "decoders/golayout.h"
#include "decoders/gotype.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUNCTIONS = 64, TYPES = 64, LIMIT_BASE_BYTES = 16 << 20 };

static void require(bool ok)
{
    if (!ok) abort();
}

// ---- Patches ----

struct base {
    uint8_t *p;
    size_t n;
    struct goelf elf;
};

static const struct base *base_program(void)
{
    static struct base b;
    const char *path = getenv("MAPTRAP_FUZZ_GOBIN");
    if (b.p || !path) return b.p ? &b : NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    require(fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size < LIMIT_BASE_BYTES);
    b.n = (size_t)st.st_size;
    b.p = mem_zalloc(b.n);
    require(read(fd, b.p, b.n) == st.st_size);
    close(fd);
    require(!goelf_init(&b.elf, path, str_make((const char *)b.p, b.n)));
    return &b;
}

// A patch: which section (or the file's beginning, its end, or where it is cut), where in it, the
// eight bytes. Most fields are small, so offsets are taken from two bytes' worth at its beginning
// half of the time.
struct patch {
    uint8_t section, near;
    uint16_t n;
    uint32_t at;
    uint8_t bytes[8];
};

static void apply(const struct base *b, const struct patch *p, uint8_t *copy, size_t *n)
{
    enum { BEGINNING = 255, END = 254, CUT = 253, NEAR = 512 };
    size_t lo = 0, room = b->n;
    if (p->section == BEGINNING) {
        room = NEAR;
    } else if (p->section == END) {
        lo = b->n - NEAR * 8; // section headers
    } else if (p->section == CUT) {
        *n = 1 + p->at % b->n;
        return;
    } else if (b->elf.n_sections) {
        struct str s = b->elf.section[p->section % b->elf.n_sections].bytes;
        if (s.n == 0) return;
        lo = (size_t)((const uint8_t *)s.p - b->p);
        room = s.n;
    }
    if (p->near % 2 && room > NEAR) room = NEAR;
    size_t at = lo + p->at % room;
    for (size_t i = 0; i < 1u + p->n % 8u && at + i < b->n; i++) copy[at + i] = p->bytes[i];
}

// ---- What is asked of a program ----

static bool read_file(void *arg, uint64_t address, void *ret, size_t n)
{
    if (n == 8) return gobin_pointer(arg, address, ret);
    return gobin_read(arg, address, ret, n);
}

static void functions(struct gobin *b)
{
    size_t n = gobin_func_count(b), step = 1 + n / FUNCTIONS;
    for (size_t i = 0; i < n; i += step) {
        struct gobin_func f, again;
        if (!gobin_func_at(b, i, &f)) continue;
        require(f.index == i && f.entry <= f.end);
        if (f.entry < f.end && gobin_func_of(b, f.entry, &again)) require(again.entry == f.entry);
        struct frame frame[LIMIT_STACK_FRAMES];
        for (uint64_t pc = f.entry; pc < f.end && pc < f.entry + 64; pc += 7) {
            require(gobin_frames(b, pc, frame, array_size(frame)) <= array_size(frame));
            require(gobin_frames(b, pc, frame, 1) <= 1);
            uint32_t delta;
            (void)gobin_sp_delta(b, pc, &delta);
        }
        struct gobin_probe p;
        if (gobin_probe(b, &f, &p)) require(p.address >= f.entry && p.address < f.end);
    }
}

static void calls(struct gobin *b)
{
    struct gobin_func f;
    uint64_t target[2];
    size_t n = 0;
    if (gobin_func_named(b, STR("runtime.mapassign_faststr"), &f)) target[n++] = f.entry;
    if (gobin_func_named(b, STR("runtime.morestack_noctxt"), &f)) target[n++] = f.entry;
    struct gobin_calls c;
    struct err *e = gobin_calls(b, target, n, &c);
    if (e) {
        err_free(e);
        return;
    }
    for (size_t i = 0; i < c.n; i++) {
        require(i == 0 || c.call[i].address > c.call[i - 1].address);
        require(c.call[i].target == target[0] || (n > 1 && c.call[i].target == target[1]));
        require(c.call[i].function < gobin_func_count(b));
    }
    gobin_calls_deinit(&c);
}

static void types(struct gobin *b)
{
    struct golayout l;
    struct err *e = golayout_of(b, &l);
    if (e) {
        err_free(e);
        return;
    }
    struct arena a = { 0 };
    struct gobin_range r = gobin_info(b)->types;
    for (uint64_t i = 0, at = r.lo & ~7ull; i < TYPES && at < r.hi; i++, at += 32) {
        struct str name;
        struct gotype_map m;
        err_free(gotype_name(&l, b, 0, read_file, b, at, &a, &name));
        err_free(gotype_map(&l, b, 0, read_file, b, at, &m));
    }
    arena_deinit(&a);
}

static void run(const uint8_t *p, size_t n)
{
    struct gobin *b = NULL;
    struct err *e = gobin_open("fuzz", str_make((const char *)p, n), &b);
    if (e) {
        require(e->kind == ERR_INPUT || e->kind == ERR_CANNOT);
        err_free(e);
        return;
    }
    uint64_t address, offset;
    struct str text;
    (void)gobin_setting(b, STR("-ldflags"), &text);
    (void)gobin_global(b, GOBIN_WRITE_BARRIER, &address);
    (void)gobin_global(b, GOBIN_GOMAXPROCS, &address);
    if (gobin_symbol_named(b, STR("runtime.allgs"), &address))
        (void)gobin_symbol_of(b, address, &text, &offset);
    functions(b);
    calls(b);
    types(b);
    gobin_close(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct base *b = base_program();
    if (!b || (size >= 4 && memcmp(data, "\177ELF", 4) == 0)) {
        run(data, size);
        return 0;
    }
    uint8_t *copy = mem_zalloc(b->n);
    memcpy(copy, b->p, b->n);
    size_t n = b->n;
    struct patch patch;
    for (; size >= sizeof(patch); data += sizeof(patch), size -= sizeof(patch)) {
        memcpy(&patch, data, sizeof(patch));
        apply(b, &patch, copy, &n);
    }
    uint8_t *cut = mem_zalloc(n); // its own allocation: a read past the cut is seen
    memcpy(cut, copy, n);
    free(copy);
    run(cut, n);
    free(cut);
    return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "decoders/elfsym.h"

#include "base/mem.h"
#include "base/vec.h"
#include "decoders/goelf.h"

enum { MAX_SYMBOLS = 4 << 20, SIZELESS_SPAN = 65536, PAGE_BYTES = 4096 };

struct symbol {
    uint64_t address, end;
    struct str name;
};

struct elfsym {
    struct goelf elf;
    VEC(struct symbol) symbols; // by address
    bool symbols_read;
};

static void read_table(struct elfsym *e, const struct goelf_section *table)
{
    struct goelf_symbol s;
    for (size_t i = 0; e->symbols.n < MAX_SYMBOLS && goelf_symbol(&e->elf, table, i, &s); i++) {
        if (s.type != STT_FUNC || s.section == SHN_UNDEF || !s.value || !s.name.n) continue;
        uint64_t end = s.value + s.size;
        if (end < s.value) end = UINT64_MAX;
        vec_push(&e->symbols, (struct symbol) { s.value, end, s.name });
    }
}

static int by_address(const void *pa, const void *pb)
{
    const struct symbol *a = pa, *b = pb;
    if (a->address != b->address) return a->address > b->address ? 1 : -1;
    return a->end > b->end ? -1 : a->end < b->end; // the larger one first: found last wins
}

struct err *elfsym_open(const char *name, struct str bytes, struct elfsym **ret)
{
    struct elfsym *e = mem_zalloc(sizeof(*e));
    struct err *bad = goelf_init(&e->elf, name, bytes);
    if (bad) {
        free(e);
        return bad;
    }
    *ret = e;
    return NULL;
}

void elfsym_close(struct elfsym *e)
{
    if (!e) return;
    goelf_deinit(&e->elf);
    vec_deinit(&e->symbols);
    free(e);
}

static void read_symbols(struct elfsym *e)
{
    if (e->symbols_read) return;
    e->symbols_read = true;
    for (size_t i = 0; i < e->elf.n_sections; i++) {
        const struct goelf_section *table = &e->elf.section[i];
        if (table->type == SHT_SYMTAB || table->type == SHT_DYNSYM) read_table(e, table);
    }
    if (e->symbols.n) qsort(e->symbols.p, e->symbols.n, sizeof(*e->symbols.p), by_address);
}

size_t elfsym_count(struct elfsym *e)
{
    read_symbols(e);
    return e->symbols.n;
}

bool elfsym_find(struct elfsym *e, uint64_t address, struct str *ret)
{
    read_symbols(e);
    size_t lo = 0, hi = e->symbols.n; // the last symbol at or before the address
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (e->symbols.p[mid].address <= address)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == 0) return false;
    const struct symbol *s = &e->symbols.p[lo - 1];
    bool sizeless = s->end == s->address && address - s->address < SIZELESS_SPAN; // assembly
    if (address >= s->end && !sizeless) return false;
    *ret = s->name;
    return true;
}

bool elfsym_read(const struct elfsym *e, uint64_t address, void *ret, size_t n)
{
    return goelf_read(&e->elf, address, ret, n);
}

bool elfsym_bias(const struct elfsym *e, uint64_t map_start, uint64_t map_offset, uint64_t *ret)
{
    for (size_t i = 0; i < e->elf.n_segments; i++) {
        const struct goelf_segment *s = &e->elf.segment[i];
        // The kernel maps whole pages: a mapping may begin up to a page before its segment.
        uint64_t page = s->offset & ~(uint64_t)(PAGE_BYTES - 1);
        if (s->type != PT_LOAD || !(s->flags & PF_X) || map_offset < page ||
            map_offset >= s->offset + s->file_size)
            continue;
        *ret = map_start - (s->address - (s->offset - map_offset));
        return true;
    }
    return false;
}

// SPDX-License-Identifier: Apache-2.0
#include "decoders/elfsym.h"

#include "base/mem.h"
#include "base/vec.h"

#include <gelf.h>
#include <libelf.h>

enum { MAX_SYMBOLS = 4 << 20, MAX_SEGMENTS = 64, SIZELESS_SPAN = 65536 };

struct symbol {
    uint64_t address, end;
    struct str name;
};

struct segment {
    uint64_t address, offset, size; // size in the file
    bool executable;
};

struct elfsym {
    Elf *elf;
    struct str bytes;
    VEC(struct symbol) symbols; // by address
    bool symbols_read;
    struct segment segments[MAX_SEGMENTS];
    size_t n_segments;
};

static void read_table(struct elfsym *e, Elf_Scn *section, const GElf_Shdr *h)
{
    Elf_Data *data = elf_getdata(section, NULL);
    if (!data || h->sh_entsize == 0) return;
    size_t n = h->sh_size / h->sh_entsize;
    for (size_t i = 0; i < n && e->symbols.n < MAX_SYMBOLS; i++) {
        GElf_Sym sym;
        if (!gelf_getsym(data, (int)i, &sym)) return;
        if (GELF_ST_TYPE(sym.st_info) != STT_FUNC || sym.st_shndx == SHN_UNDEF || !sym.st_value)
            continue;
        const char *name = elf_strptr(e->elf, h->sh_link, sym.st_name);
        if (!name || !*name) continue;
        uint64_t end = sym.st_value + sym.st_size;
        if (end < sym.st_value) end = UINT64_MAX;
        vec_push(&e->symbols, (struct symbol) { sym.st_value, end, str_from(name) });
    }
}

static int by_address(const void *pa, const void *pb)
{
    const struct symbol *a = pa, *b = pb;
    if (a->address != b->address) return a->address > b->address ? 1 : -1;
    return a->end > b->end ? -1 : a->end < b->end; // the larger one first: found last wins
}

static void read_segments(struct elfsym *e)
{
    size_t n;
    if (elf_getphdrnum(e->elf, &n) != 0) return;
    for (size_t i = 0; i < n && e->n_segments < MAX_SEGMENTS; i++) {
        GElf_Phdr h;
        if (!gelf_getphdr(e->elf, (int)i, &h) || h.p_type != PT_LOAD) continue;
        e->segments[e->n_segments++] =
            (struct segment) { h.p_vaddr, h.p_offset, h.p_filesz, (h.p_flags & PF_X) != 0 };
    }
}

struct err *elfsym_open(const char *name, struct str bytes, struct elfsym **ret)
{
    elf_version(EV_CURRENT);
    struct elfsym *e = mem_zalloc(sizeof(*e));
    e->bytes = bytes;
    // libelf does not write to it in this mode.
    e->elf = elf_memory((char *)(uintptr_t)bytes.p, bytes.n);
    if (!e->elf || elf_kind(e->elf) != ELF_K_ELF) {
        elfsym_close(e);
        return err_new(ERR_INPUT, "%s: not an ELF file", name);
    }
    read_segments(e);
    *ret = e;
    return NULL;
}

void elfsym_close(struct elfsym *e)
{
    if (!e) return;
    if (e->elf) elf_end(e->elf);
    vec_deinit(&e->symbols);
    free(e);
}

static void read_symbols(struct elfsym *e)
{
    if (e->symbols_read) return;
    e->symbols_read = true;
    for (Elf_Scn *s = NULL; (s = elf_nextscn(e->elf, s));) {
        GElf_Shdr h;
        if (gelf_getshdr(s, &h) && (h.sh_type == SHT_SYMTAB || h.sh_type == SHT_DYNSYM))
            read_table(e, s, &h);
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
    for (size_t i = 0; i < e->n_segments; i++) {
        const struct segment *s = &e->segments[i];
        if (address < s->address || address - s->address >= s->size) continue;
        uint64_t into = address - s->address;
        if (n > s->size - into || s->offset > e->bytes.n || into > e->bytes.n - s->offset ||
            n > e->bytes.n - s->offset - into)
            return false;
        memcpy(ret, e->bytes.p + s->offset + into, n);
        return true;
    }
    return false;
}

bool elfsym_bias(const struct elfsym *e, uint64_t map_start, uint64_t map_offset, uint64_t *ret)
{
    for (size_t i = 0; i < e->n_segments; i++) {
        const struct segment *s = &e->segments[i];
        // The kernel maps whole pages: a mapping may begin up to a page before its segment.
        uint64_t page = s->offset & ~(uint64_t)4095;
        if (!s->executable || map_offset < page || map_offset >= s->offset + s->size) continue;
        *ret = map_start - (s->address - (s->offset - map_offset));
        return true;
    }
    return false;
}

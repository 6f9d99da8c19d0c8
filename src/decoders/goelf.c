// SPDX-License-Identifier: Apache-2.0
#include "decoders/goelf.h"

#include "base/cursor.h"
#include "base/limits.h"
#include "base/mem.h"

struct raw_section {
    uint32_t name, type, link;
    uint64_t flags, address, offset, size, entry;
};

static struct raw_section read_section(struct cursor *c)
{
    struct raw_section s = { 0 };
    s.name = cursor_u32(c);
    s.type = cursor_u32(c);
    s.flags = cursor_u64(c);
    s.address = cursor_u64(c);
    s.offset = cursor_u64(c);
    s.size = cursor_u64(c);
    s.link = cursor_u32(c);
    cursor_skip(c, 4 + 8); // info, alignment
    s.entry = cursor_u64(c);
    return s;
}

static struct str name_at(struct str names, uint64_t at)
{
    if (at >= names.n) return STR("");
    struct str s = str_sub(names, (size_t)at, names.n);
    if (s.n > LIMIT_NAME_BYTES) s.n = LIMIT_NAME_BYTES;
    return (struct str) { s.p, strnlen(s.p, s.n) };
}

static struct err *take_section(struct goelf *e, const struct raw_section *raw, struct str names)
{
    struct goelf_section *s = &e->section[e->n_sections++];
    *s = (struct goelf_section) { .name = name_at(names, raw->name),
                                  .type = raw->type,
                                  .link = raw->link,
                                  .flags = raw->flags,
                                  .address = raw->address,
                                  .size = raw->size,
                                  .bytes = { "", 0 } };
    if (raw->type == SHT_NOBITS || raw->type == SHT_NULL) return NULL;
    if (raw->offset > e->bytes.n || raw->size > e->bytes.n - raw->offset)
        return err_new(
            ERR_INPUT,
            "%s: section %.*s wants %llu bytes at offset %#llx, but the file ends at %#zx", e->name,
            STR_ARG(s->name), (unsigned long long)raw->size, (unsigned long long)raw->offset,
            e->bytes.n);
    s->bytes = str_sub(e->bytes, (size_t)raw->offset, (size_t)(raw->offset + raw->size));
    return NULL;
}

static struct err *read_sections(struct goelf *e, uint64_t at, uint16_t n, uint16_t names_index)
{
    if (at == 0 || n == 0) return NULL; // section headers were taken away: segments must do
    if (n > LIMIT_ELF_SECTIONS)
        return err_new(ERR_INPUT, "%s: %u sections, more than %d", e->name, n, LIMIT_ELF_SECTIONS);
    struct cursor c = cursor_make(e->name, e->bytes);
    struct str names = STR("");
    if (names_index < n) {
        cursor_seek(&c, at + (uint64_t)names_index * sizeof(Elf64_Shdr));
        struct raw_section raw = read_section(&c);
        if (raw.offset <= e->bytes.n && raw.size <= e->bytes.n - raw.offset)
            names = str_sub(e->bytes, (size_t)raw.offset, (size_t)(raw.offset + raw.size));
    }
    e->section = mem_zalloc(n * sizeof(*e->section));
    cursor_seek(&c, at);
    for (unsigned i = 0; i < n; i++) {
        struct raw_section raw = read_section(&c);
        if (c.bad) break;
        ERR_TRY(take_section(e, &raw, names));
    }
    return err_wrap(cursor_err(&c), "section headers");
}

static struct err *read_segments(struct goelf *e, uint64_t at, uint16_t n)
{
    if (n > LIMIT_ELF_SEGMENTS)
        return err_new(ERR_INPUT, "%s: %u segments, more than %d", e->name, n, LIMIT_ELF_SEGMENTS);
    struct cursor c = cursor_make(e->name, e->bytes);
    e->segment = mem_zalloc((n + 1u) * sizeof(*e->segment));
    cursor_seek(&c, at);
    for (unsigned i = 0; i < n && !c.bad; i++) {
        struct goelf_segment s = { .type = cursor_u32(&c), .flags = cursor_u32(&c) };
        s.offset = cursor_u64(&c);
        s.address = cursor_u64(&c);
        cursor_skip(&c, 8);
        s.file_size = cursor_u64(&c);
        s.memory_size = cursor_u64(&c);
        cursor_skip(&c, 8);
        if (c.bad) break;
        if (s.file_size && (s.offset > e->bytes.n || s.file_size > e->bytes.n - s.offset))
            return err_new(
                ERR_INPUT,
                "%s: segment %u wants %llu bytes at offset %#llx, but the file ends at %#zx",
                e->name, i, (unsigned long long)s.file_size, (unsigned long long)s.offset,
                e->bytes.n);
        if (s.address + s.memory_size < s.address || s.memory_size < s.file_size)
            return err_new(ERR_INPUT, "%s: segment %u has an impossible size", e->name, i);
        e->segment[e->n_segments++] = s;
    }
    return err_wrap(cursor_err(&c), "program headers");
}

static int by_address(const void *a, const void *b)
{
    uint64_t x = ((const struct goelf_reloc *)a)->address;
    uint64_t y = ((const struct goelf_reloc *)b)->address;
    return x < y ? -1 : x > y;
}

// Position-independent programs keep the value of a pointer in its relocation, not at its place.
static void read_relocs(struct goelf *e)
{
    size_t room = 0;
    for (size_t i = 0; i < e->n_sections; i++) {
        if (e->section[i].type == SHT_RELA && (e->section[i].flags & SHF_ALLOC))
            room += e->section[i].bytes.n / sizeof(Elf64_Rela);
    }
    if (!room) return;
    e->reloc = mem_realloc_array(NULL, room, sizeof(*e->reloc));
    bool sorted = true;
    for (size_t i = 0; i < e->n_sections; i++) {
        const struct goelf_section *s = &e->section[i];
        if (s->type != SHT_RELA || !(s->flags & SHF_ALLOC)) continue;
        for (size_t at = 0; at + sizeof(Elf64_Rela) <= s->bytes.n; at += sizeof(Elf64_Rela)) {
            Elf64_Rela r;
            memcpy(&r, s->bytes.p + at, sizeof(r));
            if (r.r_info != R_X86_64_RELATIVE) continue;
            if (e->n_relocs && e->reloc[e->n_relocs - 1].address > r.r_offset) sorted = false;
            e->reloc[e->n_relocs++] = (struct goelf_reloc) { r.r_offset, (uint64_t)r.r_addend };
        }
    }
    if (!sorted) qsort(e->reloc, e->n_relocs, sizeof(*e->reloc), by_address);
}

static struct err *read_header(struct goelf *e)
{
    if (e->bytes.n < EI_NIDENT || memcmp(e->bytes.p, ELFMAG, SELFMAG) != 0)
        return err_new(ERR_INPUT, "%s: not an ELF file", e->name);
    if (e->bytes.p[EI_CLASS] != ELFCLASS64 || e->bytes.p[EI_DATA] != ELFDATA2LSB)
        return err_new(ERR_CANNOT, "%s: only 64-bit little-endian programs can be read", e->name);
    struct cursor c = cursor_make(e->name, e->bytes);
    cursor_seek(&c, EI_NIDENT);
    e->type = cursor_u16(&c);
    e->machine = cursor_u16(&c);
    cursor_skip(&c, 4 + 8); // version, entry point
    uint64_t segments_at = cursor_u64(&c), sections_at = cursor_u64(&c);
    cursor_skip(&c, 4 + 2); // flags, size of this header
    uint16_t segment_size = cursor_u16(&c), segments = cursor_u16(&c);
    uint16_t section_size = cursor_u16(&c), sections = cursor_u16(&c), names = cursor_u16(&c);
    ERR_TRY(err_wrap(cursor_err(&c), "ELF header"));
    if (e->type != ET_EXEC && e->type != ET_DYN)
        return err_new(ERR_INPUT, "%s: neither a program nor a shared object (ELF type %u)",
                       e->name, e->type);
    if ((segments && segment_size != sizeof(Elf64_Phdr)) ||
        (sections && section_size != sizeof(Elf64_Shdr)))
        return err_new(ERR_INPUT, "%s: ELF header: table entries of %u and %u bytes", e->name,
                       segment_size, section_size);
    ERR_TRY(read_segments(e, segments_at, segments));
    return read_sections(e, sections_at, sections, names);
}

struct err *goelf_init(struct goelf *ret, const char *name, struct str bytes)
{
    struct goelf e = { .name = name, .bytes = bytes };
    struct err *err = read_header(&e);
    if (err) {
        goelf_deinit(&e);
        return err;
    }
    if (e.machine == EM_X86_64) read_relocs(&e);
    *ret = e;
    return NULL;
}

void goelf_deinit(struct goelf *e)
{
    free(e->section);
    free(e->segment);
    free(e->reloc);
    *e = (struct goelf) { 0 };
}

const struct goelf_section *goelf_section(const struct goelf *e, struct str name)
{
    for (size_t i = 0; i < e->n_sections; i++) {
        if (str_eq(e->section[i].name, name)) return &e->section[i];
    }
    return NULL;
}

static const struct goelf_segment *segment_of(const struct goelf *e, uint64_t address)
{
    for (size_t i = 0; i < e->n_segments; i++) {
        const struct goelf_segment *s = &e->segment[i];
        if (s->type == PT_LOAD && address >= s->address && address - s->address < s->file_size)
            return s;
    }
    return NULL;
}

struct str goelf_at(const struct goelf *e, uint64_t address)
{
    const struct goelf_segment *s = segment_of(e, address);
    if (!s) return STR("");
    size_t from = (size_t)(s->offset + (address - s->address));
    return str_sub(e->bytes, from, (size_t)(s->offset + s->file_size));
}

bool goelf_read(const struct goelf *e, uint64_t address, void *ret, size_t n)
{
    struct str s = goelf_at(e, address);
    if (s.n < n) return false;
    memcpy(ret, s.p, n);
    return true;
}

bool goelf_pointer(const struct goelf *e, uint64_t address, uint64_t *ret)
{
    struct goelf_reloc key = { .address = address };
    const struct goelf_reloc *r =
        e->n_relocs ? bsearch(&key, e->reloc, e->n_relocs, sizeof(key), by_address) : NULL;
    if (r) {
        *ret = r->value;
        return true;
    }
    return goelf_read(e, address, ret, sizeof(*ret));
}

bool goelf_offset(const struct goelf *e, uint64_t address, uint64_t *ret)
{
    const struct goelf_segment *s = segment_of(e, address);
    if (!s) return false;
    *ret = s->offset + (address - s->address);
    return true;
}

bool goelf_symbol(const struct goelf *e, const struct goelf_section *table, size_t i,
                  struct goelf_symbol *ret)
{
    Elf64_Sym s;
    if (i >= table->bytes.n / sizeof(s) || i >= LIMIT_ELF_SYMBOLS) return false;
    memcpy(&s, table->bytes.p + i * sizeof(s), sizeof(s));
    struct str names = table->link < e->n_sections ? e->section[table->link].bytes : STR("");
    *ret = (struct goelf_symbol) { .name = name_at(names, s.st_name),
                                   .value = s.st_value,
                                   .size = s.st_size,
                                   .type = ELF64_ST_TYPE(s.st_info),
                                   .section = s.st_shndx };
    return true;
}

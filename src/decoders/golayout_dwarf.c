// SPDX-License-Identifier: Apache-2.0
// Offsets from a program's own debugging information. Go's linker puts all types of a program into
// compile units named "runtime", as children of the unit, so few of its entries are looked at.
//
// libdw gets a small ELF file of our own making, with only the sections that types take, already
// decompressed: it would otherwise inflate all of a program's debugging information, and write to
// the caller's bytes while it does.
#include "base/buf.h"
#include "base/limits.h"
#include "decoders/gobin_in.h"
#include "decoders/golayout.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <zlib.h>

enum { LIMIT_DWARF_BYTES = 1 << 30 }; // of one section, decompressed

#define MAPTYPE                                                                                    \
    "internal/abi.SwissMapType|internal/abi.OldMapType|internal/abi.MapType|runtime.maptype"

struct field {
    const char *structs, *members;
    size_t at; // in struct golayout
};

static const struct field fields[] = {
#define FIELD(name, structs, members) { structs, members, offsetof(struct golayout, name) },
#include "decoders/golayout_fields.h"
};

// The place of `name` among alternatives "a|b|c", -1 if it is none of them.
static int alternative(const char *list, const char *name)
{
    struct str rest = str_from(list), one;
    for (int i = 0; str_split(&rest, '|', &one); i++) {
        if (str_eqc(one, name)) return i;
    }
    return -1;
}

struct search {
    struct golayout found;
    int rank[array_size(fields)]; // of the struct that a field was taken from; -1 = none yet
};

static void take_member(struct search *s, const char *structure, const char *member, uint32_t at)
{
    for (size_t i = 0; i < array_size(fields); i++) {
        int rank = alternative(fields[i].structs, structure);
        if (rank < 0 || alternative(fields[i].members, member) < 0) continue;
        if (s->rank[i] >= 0 && s->rank[i] <= rank) continue;
        s->rank[i] = rank;
        memcpy((char *)&s->found + fields[i].at, &at, sizeof(at));
    }
}

static bool wanted(const char *structure)
{
    for (size_t i = 0; i < array_size(fields); i++) {
        if (alternative(fields[i].structs, structure) >= 0) return true;
    }
    return false;
}

static void take_struct(struct search *s, Dwarf_Die *die)
{
    enum { MEMBERS_MAX = 1024 };
    const char *name = dwarf_diename(die);
    Dwarf_Die member;
    if (!name || !wanted(name) || dwarf_child(die, &member) != 0) return;
    for (unsigned n = 0; n < MEMBERS_MAX; n++) {
        Dwarf_Attribute a;
        Dwarf_Word at;
        const char *m = dwarf_diename(&member);
        if (m && dwarf_tag(&member) == DW_TAG_member &&
            dwarf_attr(&member, DW_AT_data_member_location, &a) && dwarf_formudata(&a, &at) == 0 &&
            at < UINT32_MAX)
            take_member(s, name, m, (uint32_t)at);
        if (dwarf_siblingof(&member, &member) != 0) return;
    }
}

static void take_unit(struct search *s, Dwarf_Die *unit)
{
    const char *name = dwarf_diename(unit);
    Dwarf_Die die;
    if (!name || strcmp(name, "runtime") != 0 || dwarf_child(unit, &die) != 0) return;
    do {
        if (dwarf_tag(&die) == DW_TAG_structure_type) take_struct(s, &die);
    } while (dwarf_siblingof(&die, &die) == 0);
}

// Adds a section's bytes to the image, decompressed. False if they are unsound.
static bool add_bytes(struct buf *image, const struct goelf_section *s)
{
    Elf64_Chdr h;
    if (!(s->flags & SHF_COMPRESSED)) {
        buf_add(image, s->bytes.p, s->bytes.n);
        return true;
    }
    if (s->bytes.n < sizeof(h)) return false;
    memcpy(&h, s->bytes.p, sizeof(h));
    size_t packed = s->bytes.n - sizeof(h);
    // zlib cannot pack better than 1032 : 1, so a larger claim is a lie.
    if (h.ch_type != ELFCOMPRESS_ZLIB || h.ch_size > LIMIT_DWARF_BYTES || h.ch_size / 1033 > packed)
        return false;
    buf_reserve(image, h.ch_size);
    uLongf n = h.ch_size;
    if (uncompress((Bytef *)image->p + image->n, &n, (const Bytef *)s->bytes.p + sizeof(h),
                   packed) != Z_OK ||
        n != h.ch_size)
        return false;
    image->n += n;
    return true;
}

static const char *const wanted_sections[] = { ".debug_info", ".debug_abbrev", ".debug_str",
                                               ".debug_line_str", ".debug_str_offsets" };

static bool make_image(const struct goelf *e, struct buf *image)
{
    enum { N = array_size(wanted_sections) };
    Elf64_Ehdr header = { .e_type = ET_EXEC,
                          .e_machine = EM_X86_64,
                          .e_version = EV_CURRENT,
                          .e_ehsize = sizeof(header),
                          .e_shentsize = sizeof(Elf64_Shdr),
                          .e_shnum = N + 2,
                          .e_shstrndx = N + 1 };
    memcpy(header.e_ident, e->bytes.p, EI_NIDENT);
    Elf64_Shdr section[N + 2] = { 0 };
    _cleanup_buf_ struct buf names = { 0 };
    buf_add(&names, "", 1);
    buf_add(image, &header, sizeof(header));
    for (unsigned i = 0; i < N; i++) {
        const struct goelf_section *s = goelf_section(e, str_from(wanted_sections[i]));
        section[i + 1] = (Elf64_Shdr) { .sh_name = (Elf64_Word)names.n,
                                        .sh_type = SHT_PROGBITS,
                                        .sh_offset = image->n,
                                        .sh_addralign = 1 };
        buf_add(&names, wanted_sections[i], strlen(wanted_sections[i]) + 1);
        if (s && !add_bytes(image, s)) return false;
        section[i + 1].sh_size = image->n - section[i + 1].sh_offset;
    }
    section[N + 1] = (Elf64_Shdr) { .sh_name = (Elf64_Word)names.n,
                                    .sh_type = SHT_STRTAB,
                                    .sh_offset = image->n,
                                    .sh_addralign = 1 };
    buf_add(&names, ".shstrtab", sizeof(".shstrtab"));
    section[N + 1].sh_size = names.n;
    buf_add(image, names.p, names.n);
    while (image->n % 8) buf_addc(image, 0);
    header.e_shoff = image->n;
    buf_add(image, section, sizeof(section));
    memcpy(image->p, &header, sizeof(header));
    return true;
}

static void search_image(struct buf *image, struct search *s)
{
    if (elf_version(EV_CURRENT) == EV_NONE) return;
    Elf *elf = elf_memory(image->p, image->n);
    Dwarf *dw = elf ? dwarf_begin_elf(elf, DWARF_C_READ, NULL) : NULL;
    Dwarf_CU *cu = NULL;
    Dwarf_Die unit;
    while (dw && dwarf_get_units(dw, cu, &cu, NULL, NULL, &unit, NULL) == 0) take_unit(s, &unit);
    if (dw) dwarf_end(dw);
    if (elf) elf_end(elf);
}

bool golayout_from_dwarf(const struct gobin *b, struct golayout *ret)
{
    _cleanup_buf_ struct buf image = { 0 };
    struct search s = { 0 };
    for (size_t i = 0; i < array_size(fields); i++) s.rank[i] = -1;
    if (!b->info.dwarf || !make_image(&b->elf, &image)) return false;
    search_image(&image, &s);
    const struct golayout *l = &s.found;
    if (!l->g_m || !l->g_goid || !l->g_gopc || !l->m_curg || !l->type_str || !l->maptype_key ||
        (b->info.swiss ? !l->map_writing : !l->hmap_flags))
        return false;
    *ret = s.found;
    ret->source = "dwarf";
    return true;
}

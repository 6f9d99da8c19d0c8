// SPDX-License-Identifier: Apache-2.0
// The parts of an ELF file that reading a Go program takes: sections, segments, what the loader
// would put at an address (relocations of position-independent programs included), symbols. Own
// code over the cursor instead of libelf, because a lying file must end in an error that names
// section and offset, never in a crash. 64-bit little endian only.
//
// The bytes are borrowed and must outlive the struct. Addresses are link-time virtual addresses.
#pragma once

#include "base/err.h"
#include "base/map.h"
#include "base/str.h"

#include <elf.h>

enum { LIMIT_ELF_SECTIONS = 1 << 14, LIMIT_ELF_SEGMENTS = 1 << 10, LIMIT_ELF_SYMBOLS = 1 << 24 };

struct goelf_section {
    struct str name;
    struct str bytes; // empty for SHT_NOBITS
    uint32_t type, link;
    uint64_t flags, address, size;
};

struct goelf_segment {
    uint32_t type, flags;
    uint64_t address, offset, file_size, memory_size;
};

struct goelf_symbol {
    struct str name;
    uint64_t value, size;
    uint8_t type;     // STT_*
    uint16_t section; // SHN_UNDEF = not of this file
};

struct goelf_reloc {
    uint64_t address, value;
};

struct goelf {
    const char *name;
    struct str bytes;
    uint16_t type, machine;
    struct goelf_section *section;
    size_t n_sections;
    struct goelf_segment *segment;
    size_t n_segments;
    struct goelf_reloc *reloc; // R_X86_64_RELATIVE of the dynamic relocations, by address
    size_t n_relocs;
};

// ERR_INPUT where the file is cut short or lies. `e` needs goelf_deinit only after success.
struct err *goelf_init(struct goelf *e, const char *name, struct str bytes) ERR_MUST_USE;
void goelf_deinit(struct goelf *e);

const struct goelf_section *goelf_section(const struct goelf *e, struct str name); // or NULL

// The file's bytes from an address up to the end of its segment's bytes in the file; empty where
// the file has none (not mapped, bss).
struct str goelf_at(const struct goelf *e, uint64_t address);
bool goelf_read(const struct goelf *e, uint64_t address, void *ret, size_t n);
// A pointer as the loader leaves it, for a program loaded at its link-time address.
bool goelf_pointer(const struct goelf *e, uint64_t address, uint64_t *ret);
bool goelf_offset(const struct goelf *e, uint64_t address, uint64_t *ret); // address → file

// Symbol `i` of a symbol table section; false if there is none.
bool goelf_symbol(const struct goelf *e, const struct goelf_section *table, size_t i,
                  struct goelf_symbol *ret);

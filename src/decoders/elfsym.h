// SPDX-License-Identifier: Apache-2.0
// Functions of an ELF file by its symbol tables (.symtab, .dynsym): names for addresses, and the
// code at them. For C code and for Go programs that are not stripped; it knows of no inlining.
//
// Addresses are link-time ones: a process adds the load bias of the mapping. The bytes are borrowed
// and must outlive the object, as the names handed out do.
#pragma once

#include "base/err.h"
#include "base/str.h"

struct elfsym;

// ERR_INPUT: not ELF, or damaged. A file without symbols is fine and finds none.
struct err *elfsym_open(const char *name, struct str bytes, struct elfsym **ret) ERR_MUST_USE;
void elfsym_close(struct elfsym *e); // takes NULL
// How many functions it knows. The symbols are read when they are first asked for.
size_t elfsym_count(struct elfsym *e);
// The function that an address lies in; false: none.
bool elfsym_find(struct elfsym *e, uint64_t address, struct str *ret);
// Bytes of the file at an address.
bool elfsym_read(const struct elfsym *e, uint64_t address, void *ret, size_t n);
// What a process adds to an address, from a mapping's start and file offset.
bool elfsym_bias(const struct elfsym *e, uint64_t map_start, uint64_t map_offset, uint64_t *ret);

// SPDX-License-Identifier: Apache-2.0
// Names for the code of one binary: a Go program's by its own tables (stripped or not, with inlined
// frames, files and lines), anything else by its symbol tables.
#pragma once

#include "base/err.h"
#include "model/frame.h"

struct code_names;
struct gobin;

// `bytes` is borrowed and must outlive the object, as the names handed out do. ERR_INPUT: not ELF.
struct err *code_names_open(const char *name, struct str bytes,
                            struct code_names **ret) ERR_MUST_USE;
void code_names_close(struct code_names *c); // takes NULL

struct gobin *code_names_go(struct code_names *c); // NULL = no Go program
bool code_names_any(const struct code_names *c);   // it can name something
// The frames at an instruction's link-time address, innermost first; 0 where it has none.
size_t code_names_frames(const struct code_names *c, uint64_t address, struct frame *ret,
                         size_t cap);
// The function that has the code at an address, inlined ones aside.
bool code_names_function(const struct code_names *c, uint64_t address, struct str *ret);
bool code_names_read(const struct code_names *c, uint64_t address, void *ret, size_t n);
// What a process adds to an address, from a mapping's start and file offset.
bool code_names_bias(const struct code_names *c, uint64_t map_start, uint64_t map_offset,
                     uint64_t *ret);

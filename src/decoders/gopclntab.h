// SPDX-License-Identifier: Apache-2.0
// Go's table of functions, lines and inlining (runtime.pclntab), Go 1.16 to 1.27. What is where
// and which Go source says so: docs/formats/gopclntab.md.
//
// The bytes are borrowed. Every read is bounded by the table; what a lying table makes of that is
// "unknown" (false, empty), never a crash.
#pragma once

#include "decoders/goelf.h"
#include "model/frame.h"

enum gopclntab_format {
    GOPCLNTAB_116, // 0xfffffffa, Go 1.16 and 1.17: absolute entries
    GOPCLNTAB_118, // 0xfffffff0, Go 1.18 and 1.19: entries are offsets from the text's start
    GOPCLNTAB_120, // 0xfffffff1, Go 1.20 and later: functions have a first line
};

struct gopclntab {
    enum gopclntab_format format;
    uint64_t address;     // of its header
    uint64_t header_text; // textStart of the header; 0 from 1.26 on, and before relocation
    uint64_t text;        // what entries are relative to; gopclntab_find sets header_text
    uint64_t gofunc;      // funcdata offsets are relative to it (moduledata.gofunc); 0 = unknown
    uint32_t n_functions, n_files;
    struct str names, cutab, filetab, pctab, functab; // each up to the end of the bytes
    uint64_t offset_names, offset_cutab, offset_filetab, offset_pctab, offset_functab;
    const struct goelf *elf; // for pointers that need relocation (1.16, 1.17) and funcdata
};

struct gopclntab_func {
    uint32_t index;
    uint64_t entry, end;
    struct str name;
    uint32_t start_line;             // 0 = unknown
    uint32_t pcsp, pcfile, pcln, cu; // offsets in pctab; index in cutab
    uint32_t n_pcdata;
    uint8_t id, flag, n_funcdata;
    struct str tail;   // pcdata[n_pcdata], funcdata[n_funcdata]
    bool tail_aligned; // 1.16, 1.17: four bytes of padding before funcdata
};

// Finds the table: by section, else by its magic in what is mapped read-only or relocated.
// ERR_CANNOT "not a Go program" if there is none, ERR_INPUT if it is cut short or ambiguous.
struct err *gopclntab_find(const struct goelf *e, struct gopclntab *ret) ERR_MUST_USE;

uint64_t gopclntab_entry(const struct gopclntab *t, uint32_t index); // index n_functions: the end
// The function that has pc, or n_functions.
uint32_t gopclntab_index(const struct gopclntab *t, uint64_t pc);
bool gopclntab_func(const struct gopclntab *t, uint32_t index, struct gopclntab_func *ret);
struct str gopclntab_name(const struct gopclntab *t, uint32_t index); // alone: quicker

// The value of a pc-value table of f at pc, -1 if it has none there.
int32_t gopclntab_value(const struct gopclntab *t, const struct gopclntab_func *f, uint32_t table,
                        uint64_t pc);
// The last address ≤ pc at which the table's value changes: an instruction boundary. f's entry if
// there is no such change.
uint64_t gopclntab_boundary(const struct gopclntab *t, const struct gopclntab_func *f,
                            uint32_t table, uint64_t pc);
// See gobin_frames.
size_t gopclntab_frames(const struct gopclntab *t, uint64_t pc, struct frame *ret, size_t cap);

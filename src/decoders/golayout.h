// SPDX-License-Identifier: Apache-2.0
// Where the Go runtime keeps what, in one version: offsets in bytes within its structs. From the
// binary's own DWARF when there, else the table's row of that version, else the nearest row, and
// `source` says which. How the rows are made: scripts/golayout-rows.py; what they mean:
// docs/formats/go-runtime.md.
#pragma once

#include "base/arena.h"
#include "decoders/gobin.h"

struct golayout {
    const char *source; // "dwarf", "table go1.24", "nearest: go1.21"
    // 0 = this version has no such field (or it lies first: g_stack_lo, m_g0, type_size …).
#define FIELD(name, structs, members) uint32_t name;
#include "decoders/golayout_fields.h"
};

// ERR_CANNOT for Go ≤1.18: the runtime's layout of such a program is not known.
struct err *golayout_of(struct gobin *b, struct golayout *ret) ERR_MUST_USE;
// From DWARF alone; false if there is none, or it lacks what matters.
bool golayout_from_dwarf(const struct gobin *b, struct golayout *ret);
// The row of a version, exact or nearest. *exact may be NULL.
const struct golayout *golayout_row(unsigned minor, bool swiss, bool *exact);

// Reads n bytes of a process's memory; false if not all of them are there.
typedef bool golayout_read(int pid, uint64_t address, void *ret, size_t n);
// Looks at the goroutines of a live process through the layout: ids, creators and stacks must be
// plausible. ERR_CANNOT if they are not (a wrong row). NULL also where the list of goroutines
// cannot be found, so nothing speaks against it.
struct err *golayout_check(const struct golayout *l, struct gobin *b, uint64_t bias, int pid,
                           golayout_read *read) ERR_MUST_USE;

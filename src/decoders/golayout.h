// SPDX-License-Identifier: Apache-2.0
// Where the Go runtime keeps what: offsets in bytes, a complete row for each version. Rows are read
// from the DWARF of programs that each toolchain built (docs/formats/go-runtime.md).
#pragma once

#include "decoders/gobin.h"

struct golayout {
    char source[48]; // "dwarf", "table go1.24" or "nearest: go1.21"
    unsigned minor;  // the row's version
    uint32_t g_stack_lo, g_stackguard0, g_m, g_atomicstatus, g_goid;
    uint32_t g_parent_goid; // 0: this version has none (1.19, 1.20)
    uint32_t g_gopc, g_startpc, g_labels, g_preempt_stop;
    uint32_t m_g0, m_procid, m_curg, m_mallocing, m_locks;
    uint32_t hmap_flags, hmap_b, hmap_hash0; // bucket maps
    uint32_t map_seed, map_writing;          // Swiss maps
    uint32_t iter_map;                       // an iterator's pointer to its map
    uint32_t type_size, type_tflag, type_kind, type_str, map_type_key, map_type_elem;
};

// The row of the binary's own version, else the nearest one; `source` says which.
struct err *golayout_of(struct gobin *b, struct golayout *ret) ERR_MUST_USE;

// Are there goroutines where the row says, in this very process? Walks runtime.allgs where its
// address is known (else it passes): states, ids and Ms must be plausible. ERR_CANNOT if not.
struct err *golayout_check(const struct golayout *l, struct gobin *b, uint64_t bias, int pid,
                           bool (*read)(int pid, uint64_t addr, void *p, size_t n)) ERR_MUST_USE;

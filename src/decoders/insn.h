// SPDX-License-Identifier: Apache-2.0
// amd64 instructions, as far as probes care.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Offset of the first instruction that the kernel's uprobes emulate, on the straight way from the
// first byte: every execution that enters at the first byte passes it, unless it faults before.
// Looks at `most` instructions; 0 if none of them will do (the first instruction then has to).
size_t insn_first_emulated(const uint8_t *code, size_t n, unsigned most);

// Entries of functions that take a lock and that give one back.
struct insn_locks {
    const uint64_t *take, *give;
    size_t n_take, n_give;
};

// Whether who has run through code that lies at `address` holds a lock at its end, as far as the
// code shows, read from its beginning to its end: calls of the functions in `locks`, and the atomic
// instructions that an inlined lock begins with (lock cmpxchg, lock xadd). What is given back
// counts unless a return or a jump follows at once: that was another way. A counter counts as a
// lock, so this is a hint.
bool insn_holds_lock(const uint8_t *code, size_t n, uint64_t address,
                     const struct insn_locks *locks);

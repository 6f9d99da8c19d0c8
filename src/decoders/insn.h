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

// Whether code that lies at `address` holds a call of one of the `lock` functions, or one of the
// atomic instructions that an inlined lock begins with (lock cmpxchg, lock xadd). Looked for byte
// by byte, wherever instructions begin: a constant that looks like one counts too, so this is a
// hint.
bool insn_takes_lock(const uint8_t *code, size_t n, uint64_t address, const uint64_t *lock,
                     size_t n_locks);

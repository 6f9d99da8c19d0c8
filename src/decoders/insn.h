// SPDX-License-Identifier: Apache-2.0
// amd64 instructions, as far as probes care.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Offset of the first instruction that the kernel's uprobes emulate, on the straight way from the
// first byte: every execution that enters at the first byte passes it, unless it faults before.
// Looks at `most` instructions; 0 if none of them will do (the first instruction then has to).
size_t insn_first_emulated(const uint8_t *code, size_t n, unsigned most);

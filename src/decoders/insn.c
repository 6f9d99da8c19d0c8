// SPDX-License-Identifier: Apache-2.0
#include "decoders/insn.h"

#include "decoders/gobin.h"

#include <Zydis/Zydis.h>
#include <string.h>

size_t insn_first_emulated(const uint8_t *code, size_t n, unsigned most)
{
    ZydisDecoder decoder;
    if (ZYAN_FAILED(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)))
        return 0;
    size_t at = 0;
    for (unsigned i = 0; i < most && at < n; i++) {
        if (gobin_emulated(code + at, n - at)) return at;
        ZydisDecodedInstruction insn;
        if (ZYAN_FAILED(ZydisDecoderDecodeInstruction(&decoder, NULL, code + at, n - at, &insn)))
            return 0;
        if (insn.meta.category == ZYDIS_CATEGORY_RET ||
            insn.meta.category == ZYDIS_CATEGORY_UNCOND_BR ||
            insn.meta.category == ZYDIS_CATEGORY_COND_BR ||
            insn.meta.category == ZYDIS_CATEGORY_CALL ||
            insn.meta.category == ZYDIS_CATEGORY_INTERRUPT)
            return 0;
        at += insn.length;
    }
    return 0;
}

static bool contains(const uint64_t *list, size_t n, uint64_t value)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == value) return true;
    return false;
}

bool insn_takes_lock(const uint8_t *code, size_t n, uint64_t address, const uint64_t *lock,
                     size_t n_locks)
{
    enum { CALL_REL32 = 0xe8, CALL_BYTES = 5, LOCK_PREFIX = 0xf0 };
    for (size_t i = 0; i + CALL_BYTES <= n; i++) {
        int32_t d;
        memcpy(&d, code + i + 1, sizeof(d));
        if (code[i] == CALL_REL32 &&
            contains(lock, n_locks, address + i + CALL_BYTES + (uint64_t)(int64_t)d))
            return true;
        if (code[i] != LOCK_PREFIX) continue;
        size_t k = (code[i + 1] & 0xf0) == 0x40 ? i + 2 : i + 1; // a REX prefix may stand between
        bool cmpxchg = (code[k + 1] & 0xfe) == 0xb0, xadd = (code[k + 1] & 0xfe) == 0xc0;
        if (code[k] == 0x0f && (cmpxchg || xadd)) return true;
    }
    return false;
}

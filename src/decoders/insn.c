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

// What one instruction does to a lock, as far as it shows.
enum lock_step { STEP_NONE, STEP_TAKES, STEP_GIVES, STEP_BRANCHES, STEP_LEAVES };

static enum lock_step lock_step(const ZydisDecodedInstruction *insn, const uint8_t *code,
                                uint64_t address, const struct insn_locks *l)
{
    enum { CALL_REL32 = 0xe8, CALL_BYTES = 5 };
    if (code[0] == CALL_REL32 && insn->length == CALL_BYTES) {
        int32_t d;
        memcpy(&d, code + 1, sizeof(d));
        uint64_t callee = address + CALL_BYTES + (uint64_t)(int64_t)d;
        if (contains(l->take, l->n_take, callee)) return STEP_TAKES;
        return contains(l->give, l->n_give, callee) ? STEP_GIVES : STEP_NONE;
    }
    if (insn->attributes & ZYDIS_ATTRIB_HAS_LOCK)
        return insn->mnemonic == ZYDIS_MNEMONIC_CMPXCHG || insn->mnemonic == ZYDIS_MNEMONIC_XADD
                   ? STEP_TAKES
                   : STEP_NONE;
    switch (insn->meta.category) {
    case ZYDIS_CATEGORY_COND_BR: return STEP_BRANCHES;
    case ZYDIS_CATEGORY_UNCOND_BR:
    case ZYDIS_CATEGORY_RET: return STEP_LEAVES;
    default: return STEP_NONE;
    }
}

bool insn_holds_lock(const uint8_t *code, size_t n, uint64_t address, const struct insn_locks *l)
{
    ZydisDecoder decoder;
    if (ZYAN_FAILED(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)))
        return false;
    bool held = false, straight = false;
    for (size_t at = 0; at < n;) {
        ZydisDecodedInstruction insn;
        if (ZYAN_FAILED(ZydisDecoderDecodeInstruction(&decoder, NULL, code + at, n - at, &insn))) {
            at++; // where it began in the middle of an instruction
            continue;
        }
        switch (lock_step(&insn, code + at, address + at, l)) {
        case STEP_TAKES: held = true, straight = false; break;
        case STEP_GIVES: held = false, straight = true; break;
        case STEP_BRANCHES: straight = false; break;
        case STEP_LEAVES:
            // Unlocked on the way out: what follows is reached by another way.
            if (straight) held = true;
            straight = false;
            break;
        case STEP_NONE: break;
        }
        at += insn.length;
    }
    return held;
}

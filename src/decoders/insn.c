// SPDX-License-Identifier: Apache-2.0
#include "decoders/insn.h"

#include "decoders/gobin.h"

#include <Zydis/Zydis.h>

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

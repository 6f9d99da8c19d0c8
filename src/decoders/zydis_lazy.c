// SPDX-License-Identifier: Apache-2.0
// libZydis, loaded when an instruction is first decoded: relocating its tables is half of what the
// loader does at a start, and no reader of files needs it.
#include "base/lazy.h"

#include <Zydis/Zydis.h>

LAZY_LIBRARY_NEEDED("libzydis4.0", "libZydis.so.4.0", "libZydis.so.4.1")

LAZY(ZyanStatus, ZydisDecoderInit,
     (ZydisDecoder * decoder, ZydisMachineMode mode, ZydisStackWidth width), (decoder, mode, width),
     ZYAN_STATUS_MISSING_DEPENDENCY)
LAZY(ZyanStatus, ZydisDecoderEnableMode,
     (ZydisDecoder * decoder, ZydisDecoderMode mode, ZyanBool enabled), (decoder, mode, enabled),
     ZYAN_STATUS_MISSING_DEPENDENCY)
LAZY(ZyanStatus, ZydisDecoderDecodeInstruction,
     (const ZydisDecoder *decoder, ZydisDecoderContext *context, const void *p, ZyanUSize n,
      ZydisDecodedInstruction *ret),
     (decoder, context, p, n, ret), ZYAN_STATUS_MISSING_DEPENDENCY)
LAZY(ZyanStatus, ZydisDecoderDecodeFull,
     (const ZydisDecoder *decoder, const void *p, ZyanUSize n, ZydisDecodedInstruction *ret,
      ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT]),
     (decoder, p, n, ret, operands), ZYAN_STATUS_MISSING_DEPENDENCY)
LAZY(ZyanStatus, ZydisCalcAbsoluteAddress,
     (const ZydisDecodedInstruction *instruction, const ZydisDecodedOperand *operand, ZyanU64 pc,
      ZyanU64 *ret),
     (instruction, operand, pc, ret), ZYAN_STATUS_MISSING_DEPENDENCY)
LAZY(ZydisRegister, ZydisRegisterGetLargestEnclosing, (ZydisMachineMode mode, ZydisRegister reg),
     (mode, reg), ZYDIS_REGISTER_NONE)

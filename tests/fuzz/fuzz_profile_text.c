// SPDX-License-Identifier: Apache-2.0
// Whatever else a profile may be: legacy text and binary forms, perf script, folded stacks.
#include "decoders/profile_decode.h"
#include "profile_use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return profile_fuzz(profile_decode, str_make(data, size));
}

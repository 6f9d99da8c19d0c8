// SPDX-License-Identifier: Apache-2.0
// The protobuf form of profiles, as it is after decompression.
#include "decoders/pprof.h"
#include "profile_use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return profile_fuzz(pprof_decode, str_make(data, size));
}

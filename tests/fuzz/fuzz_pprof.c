// SPDX-License-Identifier: Apache-2.0
#include "decoders/pprof.h"
#include "profile_use.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct profile p = { 0 };
    struct err *e = pprof_decode("fuzz", str_make(data, size), &p);
    if (e)
        err_free(e);
    else
        profile_use(&p);
    profile_deinit(&p);
    return 0;
}

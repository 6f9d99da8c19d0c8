// SPDX-License-Identifier: Apache-2.0
#include "decoders/profile_decode.h"

#include "decoders/pprof.h"

struct err *profile_decode(const char *name, struct str bytes, struct profile *ret)
{
    if (bytes.n == 0) return err_new(ERR_INPUT, "%s: empty", name);
    return pprof_decode(name, bytes, ret);
}

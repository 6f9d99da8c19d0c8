// SPDX-License-Identifier: Apache-2.0
// Answers of a Prometheus that is none.
#include "decoders/prom.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct str bytes = str_make((const char *)data, size), *names;
    size_t n;
    double v;
    bool has;
    struct err *e = prom_number("fuzz", bytes, &v, &has);
    if (!e && has && !isfinite(v)) abort();
    err_free(e);
    e = prom_names("fuzz", bytes, &a, &names, &n);
    if (!e && n > PROM_MAX_NAMES) abort();
    err_free(e);
    arena_deinit(&a);
    return 0;
}

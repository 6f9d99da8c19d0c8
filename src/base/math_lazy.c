// SPDX-License-Identifier: Apache-2.0
// libm, loaded when first needed: a tenth of a small start, for two functions that few runs call.
#include "base/lazy.h"

#include <math.h>

LAZY_LIBRARY_NEEDED("libc6", "libm.so.6")

LAZY(double, exp, (double x), (x), NAN)
LAZY(double, round, (double x), (x), NAN)

// SPDX-License-Identifier: Apache-2.0
// Recognises what kind of profile the bytes are, by their content, and decodes them.
#pragma once

#include "model/profile.h"

// As pprof_decode(): `bytes` must outlive *ret, which is zeroed; the caller deinits it in any case.
// ERR_INPUT says what the bytes look like where they are no profile.
struct err *profile_decode(const char *name, struct str bytes, struct profile *ret) ERR_MUST_USE;

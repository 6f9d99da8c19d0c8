// SPDX-License-Identifier: Apache-2.0
// A profile as a pprof file (profile.proto, gzip), of what the view keeps: any format that maptrap
// reads becomes one that every pprof tool reads.
#pragma once

#include "analyses/profile_view.h"

// ERR_CANNOT: the file could not be written.
struct err *profile_pprof_write(const char *path, const struct profile_view *v) ERR_MUST_USE;

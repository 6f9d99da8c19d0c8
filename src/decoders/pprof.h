// SPDX-License-Identifier: Apache-2.0
// pprof's own format (profile.proto), uncompressed. One pass, no allocation a sample.
//
// Reads on where it can: a damaged sample, a frame whose location does not exist, a string index
// out of range cost only themselves and are noted in ret->broke…; a field that does not end ends
// the reading. ERR_INPUT only where nothing could be used at all.
//
// Identifiers may be any 64-bit numbers and tables may come in any order (Go's runtime writes the
// strings last, so a truncated file has samples without names).
#pragma once

#include "model/profile.h"

// `bytes` must outlive *ret, which must be zeroed; the caller deinits it in any case.
struct err *pprof_decode(const char *name, struct str bytes, struct profile *ret) ERR_MUST_USE;

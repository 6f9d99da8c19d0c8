// SPDX-License-Identifier: Apache-2.0
// A profile from a file, stdin or URL: read, decompressed, recognised, decoded, and cleaned of what
// its maker declared uninteresting.
#pragma once

#include "base/buf.h"
#include "engine/code_names.h"
#include "model/profile.h"

struct loaded_profile {
    struct buf bytes; // what the profile's strings point into
    void *exe_bytes;  // the binary, mapped
    size_t n_exe_bytes;
    struct code_names *exe;
    struct profile p;
};

// ERR_CANNOT: it could not be had; ERR_INPUT: nothing of it could be used. Where a part could be
// used, NULL, and ret->p.broke… says where it ended. *ret is zeroed by the caller, who deinits it
// in any case.
struct err *profile_load(const char *name, struct loaded_profile *ret) ERR_MUST_USE;
// Opens the binary that the profile is of, into l->exe: `path`, or (NULL) the one that the profile
// itself names, if that is here and really it. NULL and no l->exe where that one is not.
// ERR_CANNOT, ERR_INPUT: `path` cannot be used.
struct err *profile_open_exe(const char *path, struct loaded_profile *l) ERR_MUST_USE;
void loaded_profile_deinit(struct loaded_profile *l);

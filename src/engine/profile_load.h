// SPDX-License-Identifier: Apache-2.0
// A profile from a file, stdin or URL: read, decompressed, recognised, decoded, and cleaned of what
// its maker declared uninteresting.
#pragma once

#include "base/buf.h"
#include "engine/code_names.h"
#include "model/profile.h"

struct loaded_profile {
    struct buf bytes; // what the profile's strings point into
    struct buf exe_bytes;
    struct code_names *exe; // names of profile_load_exe()
    struct profile p;
};

// ERR_CANNOT: it could not be had; ERR_INPUT: nothing of it could be used. Where a part could be
// used, NULL, and ret->p.broke… says where it ended. *ret is zeroed by the caller, who deinits it
// in any case.
struct err *profile_load(const char *name, struct loaded_profile *ret) ERR_MUST_USE;
// Puts back what the profile left out and its binary knows (engine/profile_exe.h). ERR_CANNOT: the
// binary has no symbols.
struct err *profile_load_exe(const char *path, struct loaded_profile *l,
                             size_t *ret_restored) ERR_MUST_USE;
void loaded_profile_deinit(struct loaded_profile *l);

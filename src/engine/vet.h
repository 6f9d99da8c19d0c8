// SPDX-License-Identifier: Apache-2.0
// One package as `go vet -vettool=maptrap-vet` hands it over: its files are analysed, those of the
// packages it imports are read for their types, and what later packages need is written.
//
// The facts of a package are the names and hashes of its files, and those of its own imports. A
// file that has changed since, or is gone, is not read: its types are unknown then, and what has no
// known type is no map. The standard library is built in.
//
//     struct vet_run v = { 0 };
//     ERR_TRY(vet_run("vet.cfg", &v));
//     … v.run.report, v.config …
//     vet_run_deinit(&v);
#pragma once

#include "decoders/vetcfg.h"
#include "engine/scan_repair.h"

struct vet_run {
    struct vet_config config;
    struct scan_run run; // nothing is in its report if config.facts_only
};

struct err *vet_run(const char *unit, struct vet_run *ret) ERR_MUST_USE;
// The files that the fixes of v's findings change, as scan_patches() says.
struct err *vet_patches(struct vet_run *v, struct scan_patch **ret, size_t *ret_n) ERR_MUST_USE;
void vet_run_deinit(struct vet_run *v);

// SPDX-License-Identifier: Apache-2.0
// The static scan of folders: read the tree, parse it on the cores, analyse it.
//
//     struct scan_run r = { 0 };
//     ERR_TRY(scan_run(paths, n, &r));
//     … r.report.result.findings …
//     scan_run_deinit(&r);
#pragma once

#include "analyses/goscan.h"
#include "base/err.h"
#include "sinks/scan_print.h"

struct scan_run {
    struct arena arena, workers[8];
    struct scan_report report;
};

struct err *scan_run(const char *const *paths, size_t n, struct scan_run *ret) ERR_MUST_USE;
void scan_run_deinit(struct scan_run *r);

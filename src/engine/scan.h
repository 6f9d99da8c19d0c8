// SPDX-License-Identifier: Apache-2.0
// The static scan of folders: list the tree, read and parse it on the cores, analyse it. What
// nothing has changed in since is answered from the cache.
//
//     struct scan_run r = { 0 };
//     ERR_TRY(scan_run(&(struct scan_options) { .paths = paths, .n_paths = n }, &r));
//     … r.report.result.findings …
//     scan_run_deinit(&r);
#pragma once

#include "analyses/goscan.h"
#include "base/err.h"
#include "base/hash.h"
#include "sinks/scan_print.h"
#include "sources/gotree.h"

struct scan_overlay { // text that stands for what a file holds on disk
    struct str path;  // resolved
    struct str text;
};

struct scan_kept;
struct scan_memory;

enum { SCAN_WORKERS = 8 };

struct scan_options {
    const char *const *paths;
    size_t n_paths;
    const char *cache_dir; // NULL = no cache
    const char *here;      // resolved; the folder that others are seen from, NULL = the present one
    const struct scan_overlay *overlays;
    size_t n_overlays;          // with any, the cache is not used
    struct scan_memory *memory; // of earlier runs, or NULL; the cache is not used then
};

struct scan_run {
    struct arena arena, workers[SCAN_WORKERS];
    struct gotree tree; // its files may hold no text where the answer came from the cache
    struct scan_report report;
    struct goscan_result all; // what the report held before anybody dropped anything
    struct go_file *parsed;   // of each file of the tree, and
    struct hash *hashes;      // where the cache is used
    struct scan_kept **kept;  // where there is a memory
    uint64_t listed_ns;       // wall clock, before the tree was listed
    bool cached;
    bool by_import_path; // files of one import path are a package wherever they lie: cgo's do
};

struct err *scan_run(const struct scan_options *o, struct scan_run *ret) ERR_MUST_USE;
// The same for a tree that the caller made (r->tree, finished; r->tree.arena = &r->arena).
void scan_tree(struct scan_run *r);
void scan_run_deinit(struct scan_run *r);
// What a file of the run holds; p is NULL if it is none or cannot be read (any more).
struct str scan_text(struct scan_run *r, struct str path);

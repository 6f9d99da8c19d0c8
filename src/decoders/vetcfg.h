// SPDX-License-Identifier: Apache-2.0
// What `go vet` tells its tool about one package: the JSON file that it names on the command line
// (Go 1.19 to 1.27: golang.org/x/tools/go/analysis/unitchecker's Config). Unknown members are
// skipped. Everything lies in the arena.
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum { LIMIT_VETCFG_BYTES = 64 << 20 };

struct vet_import {
    struct str path;  // "fmt", "example.com/p [example.com/p.test]"
    struct str facts; // file that an earlier run of this tool wrote for it
    bool standard;
};

struct vet_config {
    struct str id, import_path;
    struct str facts_output; // VetxOutput; empty = none wanted
    struct str stdout_path;  // Stdout (1.26 on); empty = the real one
    struct str fix_archive;  // FixArchive (1.26 on, -fix): where fixed files go
    struct str *files;       // Go files, absolute
    size_t n_files;
    struct vet_import *imports;
    size_t n_imports;
    bool facts_only; // VetxOnly: nothing is reported
};

struct err *vetcfg_parse(struct arena *a, struct str json, struct vet_config *ret) ERR_MUST_USE;

// SPDX-License-Identifier: Apache-2.0
// The static scan: maps that Go source writes without the lock that guards them elsewhere, or from
// several goroutines without any. It reads syntax trees and does no I/O.
//
//     struct goscan_result r;
//     goscan_run(&arena, &input, &r);
//     for (size_t i = 0; i < r.n; i++) … r.findings[i] …
//
// It errs on the side of silence: what has no known type is no map, and where the locks held are
// not known nobody is accused. Findings are sorted by file, line and column, and lie in the arena,
// as do all strings; the trees are borrowed.
#pragma once

#include "base/arena.h"
#include "model/goast.h"

struct goscan_file {
    struct go_file *ast;
    bool test;      // *_test.go
    bool generated; // "Code generated … DO NOT EDIT."
};

struct goscan_package {
    struct str path; // import path
    struct str name;
    struct goscan_file *files;
    size_t n_files;
    bool reported; // false for vendored packages: read for their types only
};

struct goscan_input {
    struct goscan_package *packages;
    size_t n_packages;
};

enum goscan_tier { GOSCAN_DEFAULT, GOSCAN_MEDIUM, GOSCAN_LIBRARY };

enum goscan_rule {
    GOSCAN_INCONSISTENT,  // most accesses hold a lock, this write none
    GOSCAN_UNLOCKED_READ, // locked writes, unlocked read or range
    GOSCAN_RLOCK_WRITE,   // a write under RLock
    GOSCAN_CAPTURED,      // a local map in several goroutines
    GOSCAN_ALIAS,         // an alias taken under the lock, used after it
    GOSCAN_WRONG_LOCK,    // another lock, or a copy of it
    GOSCAN_UNGUARDED,     // several goroutines or handlers, never a lock
    GOSCAN_SHALLOW_COPY,  // a struct was copied, its map is shared
    GOSCAN_EXPORTED,      // exported API that writes without a lock
    GOSCAN_RULES,
};

enum goscan_use { GOSCAN_READ, GOSCAN_ITERATE, GOSCAN_WRITE };

struct goscan_related {
    struct str file;
    uint32_t line;
    const char *role; // "locked write", "unlocked caller", "goroutine", …
};

struct goscan_fix { // text that stands for [pos, end) of the finding's file
    uint32_t pos, end;
    const char *text;
};

struct goscan_finding {
    char id[20];
    enum goscan_rule rule;
    enum goscan_tier tier;
    struct str file;
    uint32_t line, column, pos;
    const char *map, *guard, *message;
    struct goscan_related *related;
    size_t n_related;
    struct goscan_fix *fix; // in order; none unless it is safe
    size_t n_fix;
    // Once somebody with the text has made them, else 0 and NULL:
    uint32_t column_utf16;
    const char *diff; // what the fix changes
    bool suppressed;  // by a comment in the source
    bool fixed;       // and written to its file by now
    uint64_t hash;    // of what the id is made of
    uint64_t within;  // of its function
    uint64_t group;   // what one finding a map can say together has the same; 0: says it alone
    enum goscan_use use;
};

struct goscan_remark { // about the source itself: an annotation that has no effect
    struct str file;
    uint32_t line;
    const char *text;
};

struct goscan_result {
    struct goscan_finding *findings;
    size_t n;
    struct goscan_remark *remarks; // sorted by file and line
    size_t n_remarks;
    size_t accesses, maps, functions; // coverage
};

struct goscan_rule_info {
    const char *name, *summary;
    enum goscan_tier tier;
    const char *why, *advice;
};
extern const struct goscan_rule_info goscan_rules[GOSCAN_RULES];

void goscan_run(struct arena *a, const struct goscan_input *in, struct goscan_result *ret);

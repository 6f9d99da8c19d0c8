// SPDX-License-Identifier: Apache-2.0
// What maptrap says: a finding (an accusation) or a suspect, with its evidence, and the coverage
// and cost of the run that it comes from. Plain values; strings and arrays belong to the report's
// arena.
#pragma once

#include "base/arena.h"
#include "model/frame.h"
#include "model/gofunc.h"

enum evidence { EVIDENCE_OVERLAP, EVIDENCE_FATAL, EVIDENCE_UNGUARDED, EVIDENCE_SUSPECT };
const char *evidence_name(enum evidence e);

enum finding_kind { KIND_WRITE_WRITE, KIND_READ_WRITE, KIND_ITERATE_WRITE };
const char *finding_kind_name(enum finding_kind k);

struct finding_map {
    uint64_t address;
    struct str type; // "map[string]int"; empty = unknown
    struct str name; // of the package variable that holds it: "main.cache"; empty = none does
    // Else what the source calls it: "main.catalog.quotes" for a field, of which each value of the
    // type has one. Not in a finding's id: the source may be at hand one time and not the next.
    struct str written;
};

// What to call it: a variable's name, else (or for a part of one) what the source calls it.
struct str finding_map_shown(const struct finding_map *m);

struct finding_access {
    enum map_op op;
    uint64_t goroutine, parent; // parent 0 = unknown
    struct frame created_by;    // of the go statement; function empty = unknown
    struct frame at;            // the innermost frame outside the standard library
    struct str via;             // the library function in between; empty = none
    struct str key;             // as it may be shown (--keys); empty = not known
    bool has_key;
    uint64_t time_ns;
    struct stack stack;
    struct str source; // the line of code, where the file is at hand
    uint64_t site;     // sharing_site_id, to tell pairs apart
};

enum hold_kind { HELD_NONE, HELD_BUSY };

struct finding {
    char id[24];
    enum finding_kind kind;
    enum evidence evidence;
    struct finding_map map;
    struct finding_access access[2]; // the first is the one that was held, or inside
    size_t n_accesses;               // a suspect may have more sites than two; then the busiest
    struct {
        enum hold_kind kind;
        double ms;      // held on this map until the proof
        uint64_t times; // holds until then
        uint64_t arrivals;
        double expected; // arrivals to be expected in that time
    } held;
    struct str missing[4]; // what would make it sure, for a suspect
    size_t n_missing;
    struct str advice;
    uint64_t first_seen_ns;
    uint64_t count;
};

// A stable fingerprint of kind, map and the two sides; no addresses and no line numbers in it.
void finding_set_id(struct finding *f);
enum finding_kind finding_kind_of(enum map_op a, enum map_op b);

struct map_verdict {
    struct finding_map map;
    uint64_t goroutines, sites, accesses, holds;
    double held_ms, expected;
    uint64_t arrivals;
    const char *verdict; // "overlap", "suspect", "guarded", "private" …
    struct str why;
};

struct report {
    struct arena arena;
    struct {
        int64_t pid;
        char start_time[40];
        struct str exe, go, build_id;
        bool stripped;
    } target;
    struct finding *finding;
    size_t n_findings;
    struct finding *suspect;
    size_t n_suspects;
    struct {
        uint64_t maps, maps_shared, sites, accesses, holds;
        struct str unheld; // why not one hold was made: nothing could be proven; empty = some were
        struct str *blind; // what could not be seen, a sentence each
        size_t n_blind;
        struct map_verdict *by_map;
        size_t n_by_map;
    } coverage;
    struct {
        uint64_t probe_hits;
        double ns_per_hit, held_ms, cpu_share;
        uint64_t dropped;
        double bpf_ns_per_hit; // the kernel's own figure, holds and waits taken out; 0 = unknown
    } cost;
    double took_s;
    struct str ended; // why it ended early: the target exited … ; empty = it ran its time
    bool aborted;     // it did so by a fatal error of its runtime: silence before says nothing
};

struct report *report_create(void);
void report_destroy(struct report *r);
// One thing more that could not be seen, a sentence without its full stop; kept, not copied.
void report_add_blind(struct report *r, const char *text);

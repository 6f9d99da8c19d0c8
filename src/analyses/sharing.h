// SPDX-License-Identifier: Apache-2.0
// Which maps are touched by more than one goroutine, from where, how often: fed with accesses one
// by one, in about the order of time. Tables are bounded; what did not fit is counted.
//
//     struct sharing *s = sharing_create();
//     sharing_add(s, &access);
//     for (size_t i = 0; i < sharing_maps(s); i++) look(sharing_map(s, i));
//     sharing_destroy(s);
#pragma once

#include "model/access.h"

enum {
    SHARING_GOROUTINES_MAX = 32, // told apart per map; more only count as "many"
    SHARING_SITES_MAX = 24,      // call paths per map
    SHARING_PATH_FRAMES = 12,    // frames of a call path that tell sites apart
};

// A site: a call path to an operation on this map.
struct sharing_site {
    uint64_t id; // hash of op and path
    enum map_op op;
    uint64_t count;
    uint64_t goid_last;  // who was here last
    uint32_t goroutines; // distinct ones in a row: a lower bound is 1, see sharing_map
    uint64_t last_ns;
    struct access sample; // the latest access from here
};

// A map in its life: one that is freed and another at its address are two, told apart by the hash
// seed. Counted is the latest life.
struct sharing_map {
    uint64_t address, type, seed;
    uint64_t first_ns, last_ns;
    uint64_t accesses, writes;
    uint64_t goid[SHARING_GOROUTINES_MAX];
    uint32_t goroutines; // distinct; SHARING_GOROUTINES_MAX = that many or more
    uint64_t switches;   // accesses by another goroutine than the one before, same seed
    uint64_t renewals;   // the same, but the seed had changed when the one before emptied it
    uint64_t goid_last;
    enum map_op op_last;
    uint32_t n_sites;
    uint64_t sites_lost; // accesses from call paths that did not fit
    struct sharing_site site[SHARING_SITES_MAX];
};

struct sharing;

struct sharing *sharing_create(void);
void sharing_destroy(struct sharing *s);
struct sharing_map *sharing_add(struct sharing *s, const struct access *a); // NULL: table is full
size_t sharing_maps(const struct sharing *s);
struct sharing_map *sharing_map(const struct sharing *s, size_t i);
struct sharing_map *sharing_find(const struct sharing *s, uint64_t address);

struct sharing_totals {
    uint64_t maps, shared, sites, accesses, lost; // lost: accesses to maps that did not fit
};
void sharing_totals(const struct sharing *s, struct sharing_totals *ret);

// Touched by two goroutines or more, at least once for writing, within one life.
bool sharing_is_shared(const struct sharing_map *m);

uint64_t sharing_site_id(const struct access *a);

// SPDX-License-Identifier: Apache-2.0
// One access to a map, as a probe saw it.
#pragma once

#include "model/gofunc.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ACCESS_PCS_MAX = 32,
    ACCESS_KEY_MAX = 32,
};

enum access_key {
    ACCESS_KEY_NONE,
    ACCESS_KEY_INT,   // `key_value`
    ACCESS_KEY_STR,   // `key`, at most ACCESS_KEY_MAX bytes of the `key_value` it has
    ACCESS_KEY_BYTES, // the key's first bytes as they lie in memory
};

struct access {
    uint64_t time_ns;               // CLOCK_MONOTONIC
    uint64_t map;                   // address of hmap or maps.Map
    uint64_t type;                  // address of the map's type descriptor; 0 = not seen
    uint64_t seed;                  // the map's hash seed at that time
    uint64_t g, goid, parent, gopc; // parent 0 = unknown; gopc: return address of the go statement
    uint32_t tid;
    enum map_op op;
    bool flag; // the runtime's writing flag was set on arrival
    enum access_key key_kind;
    uint64_t key_value;
    uint8_t key_bytes;
    char key[ACCESS_KEY_MAX];
    uint8_t n_pcs;
    uint64_t pc[ACCESS_PCS_MAX]; // run-time return addresses, innermost first
};

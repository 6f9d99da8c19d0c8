// SPDX-License-Identifier: Apache-2.0
// BLAKE2b with 256 bits (RFC 7693): names content so that nobody can make two contents of one name.
//
//     struct hasher h;
//     hasher_init(&h);
//     hasher_str(&h, name), hasher_u64(&h, size);
//     struct hash id = hasher_final(&h);
//
// hasher_str() and hasher_u64() feed length and bytes, so that neighbours cannot run together.
#pragma once

#include "base/str.h"

struct hash {
    uint8_t p[32];
};

struct hasher {
    uint64_t h[8], t;
    uint8_t block[128];
    size_t n;
};

void hasher_init(struct hasher *h);
void hasher_bytes(struct hasher *h, const void *p, size_t n);
void hasher_str(struct hasher *h, struct str s);
void hasher_u64(struct hasher *h, uint64_t v);
void hasher_hash(struct hasher *h, const struct hash *v);
struct hash hasher_final(struct hasher *h);
struct hash hash_of(struct str s); // of these bytes and nothing else
void hash_hex(const struct hash *h, char ret[65]);

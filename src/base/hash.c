// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <stdio.h>

static const uint64_t iv[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint8_t order[10][16] = {
    { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
    { 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
    { 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
    { 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
    { 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
    { 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
    { 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
    { 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
    { 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
    { 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static uint64_t rotate(uint64_t v, unsigned by)
{
    return v >> by | v << (64 - by);
}

static inline void mix(uint64_t v[16], unsigned a, unsigned b, unsigned c, unsigned d, uint64_t x,
                       uint64_t y)
{
    v[a] += v[b] + x;
    v[d] = rotate(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = rotate(v[b] ^ v[c], 24);
    v[a] += v[b] + y;
    v[d] = rotate(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = rotate(v[b] ^ v[c], 63);
}

static void compress(struct hasher *h, const uint8_t block[128], bool last)
{
    uint64_t v[16], m[16];
    memcpy(m, block, sizeof(m)); // little endian, as are the machines this is built for
    for (unsigned i = 0; i < 8; i++) v[i] = h->h[i], v[i + 8] = iv[i];
    v[12] ^= h->t;
    if (last) v[14] = ~v[14];
    for (unsigned r = 0; r < 12; r++) {
        const uint8_t *s = order[r % 10];
        mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
        mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
        mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
        mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
        mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
        mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
        mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
        mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
    }
    for (unsigned i = 0; i < 8; i++) h->h[i] ^= v[i] ^ v[i + 8];
}

void hasher_init(struct hasher *h)
{
    *h = (struct hasher) { .n = 0 };
    memcpy(h->h, iv, sizeof(iv));
    h->h[0] ^= 0x01010000 ^ sizeof(struct hash);
}

void hasher_bytes(struct hasher *h, const void *p, size_t n)
{
    const uint8_t *q = p;
    while (n) {
        if (h->n == sizeof(h->block)) { // the last block is kept back for hasher_final
            h->t += h->n;
            compress(h, h->block, false);
            h->n = 0;
        }
        size_t part = sizeof(h->block) - h->n;
        if (part > n) part = n;
        memcpy(h->block + h->n, q, part);
        h->n += part, q += part, n -= part;
    }
}

void hasher_u64(struct hasher *h, uint64_t v)
{
    hasher_bytes(h, &v, sizeof(v));
}

void hasher_str(struct hasher *h, struct str s)
{
    hasher_u64(h, s.n);
    hasher_bytes(h, s.p, s.n);
}

void hasher_hash(struct hasher *h, const struct hash *v)
{
    hasher_bytes(h, v->p, sizeof(v->p));
}

struct hash hasher_final(struct hasher *h)
{
    struct hash r;
    h->t += h->n;
    memset(h->block + h->n, 0, sizeof(h->block) - h->n);
    compress(h, h->block, true);
    memcpy(r.p, h->h, sizeof(r.p));
    return r;
}

struct hash hash_of(struct str s)
{
    struct hasher h;
    hasher_init(&h);
    hasher_bytes(&h, s.p, s.n);
    return hasher_final(&h);
}

void hash_hex(const struct hash *h, char ret[65])
{
    for (size_t i = 0; i < sizeof(h->p); i++) snprintf(ret + 2 * i, 3, "%02x", h->p[i]);
}

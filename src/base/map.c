// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"

#include "base/mem.h"

#include <stdlib.h>

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdu;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53u;
    return x ^ (x >> 33);
}

void map_deinit(struct map *m)
{
    free(m->slot);
    *m = (struct map) { 0 };
}

static struct map_slot *map_find(const struct map *m, uint64_t key)
{
    size_t i = mix(key) & (m->cap - 1);
    while (m->slot[i].used && m->slot[i].key != key) i = (i + 1) & (m->cap - 1);
    return &m->slot[i];
}

uint64_t *map_get(const struct map *m, uint64_t key)
{
    if (m->n == 0) return NULL;
    struct map_slot *s = map_find(m, key);
    return s->used ? &s->value : NULL;
}

uint64_t *map_put(struct map *m, uint64_t key, bool *fresh)
{
    if (m->n + 1 > m->cap / 4 * 3) {
        struct map bigger = { .cap = m->cap ? m->cap * 2 : 16 };
        bigger.slot = mem_realloc_array(NULL, bigger.cap, sizeof(*bigger.slot));
        memset(bigger.slot, 0, bigger.cap * sizeof(*bigger.slot));
        for (size_t i = 0; i < m->cap; i++)
            if (m->slot[i].used) *map_find(&bigger, m->slot[i].key) = m->slot[i];
        bigger.n = m->n;
        free(m->slot);
        *m = bigger;
    }
    struct map_slot *s = map_find(m, key);
    if (fresh) *fresh = !s->used;
    if (!s->used) {
        *s = (struct map_slot) { .key = key, .used = true };
        m->n++;
    }
    return &s->value;
}

void strmap_deinit(struct strmap *m)
{
    free(m->slot);
    *m = (struct strmap) { 0 };
}

static struct strmap_slot *strmap_find(const struct strmap *m, struct str key, uint64_t hash)
{
    size_t i = mix(hash) & (m->cap - 1);
    while (m->slot[i].used && !(m->slot[i].hash == hash && str_eq(m->slot[i].key, key)))
        i = (i + 1) & (m->cap - 1);
    return &m->slot[i];
}

uint64_t *strmap_get(const struct strmap *m, struct str key)
{
    if (m->n == 0) return NULL;
    struct strmap_slot *s = strmap_find(m, key, str_hash(key));
    return s->used ? &s->value : NULL;
}

uint64_t *strmap_put(struct strmap *m, struct str key, bool *fresh)
{
    if (m->n + 1 > m->cap / 4 * 3) {
        struct strmap bigger = { .cap = m->cap ? m->cap * 2 : 16 };
        bigger.slot = mem_realloc_array(NULL, bigger.cap, sizeof(*bigger.slot));
        memset(bigger.slot, 0, bigger.cap * sizeof(*bigger.slot));
        for (size_t i = 0; i < m->cap; i++)
            if (m->slot[i].used)
                *strmap_find(&bigger, m->slot[i].key, m->slot[i].hash) = m->slot[i];
        bigger.n = m->n;
        free(m->slot);
        *m = bigger;
    }
    uint64_t hash = str_hash(key);
    struct strmap_slot *s = strmap_find(m, key, hash);
    if (fresh) *fresh = !s->used;
    if (!s->used) {
        *s = (struct strmap_slot) { .key = key, .hash = hash, .used = true };
        m->n++;
    }
    return &s->value;
}

// SPDX-License-Identifier: Apache-2.0
#include "analyses/sharing.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"

struct sharing {
    struct map by_address; // → index in maps + 1
    struct map sites;      // every site id seen
    VEC(struct sharing_map *) maps;
    uint64_t accesses, lost;
};

struct sharing *sharing_create(void)
{
    return mem_zalloc(sizeof(struct sharing));
}

void sharing_destroy(struct sharing *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->maps.n; i++) free(s->maps.p[i]);
    vec_deinit(&s->maps);
    map_deinit(&s->by_address);
    map_deinit(&s->sites);
    free(s);
}

uint64_t sharing_site_id(const struct access *a)
{
    uint64_t key[SHARING_PATH_FRAMES + 1] = { a->op };
    size_t n = a->n_pcs < SHARING_PATH_FRAMES ? a->n_pcs : SHARING_PATH_FRAMES;
    memcpy(key + 1, a->pc, n * sizeof(*key));
    return str_hash(str_make(key, (n + 1) * sizeof(*key)));
}

static void add_goroutine(struct sharing_map *m, uint64_t goid)
{
    for (uint32_t i = 0; i < m->goroutines; i++)
        if (m->goid[i] == goid) return;
    if (m->goroutines < SHARING_GOROUTINES_MAX) m->goid[m->goroutines++] = goid;
}

static struct sharing_site *site_of(struct sharing_map *m, const struct access *a)
{
    uint64_t id = sharing_site_id(a);
    for (uint32_t i = 0; i < m->n_sites; i++)
        if (m->site[i].id == id) return &m->site[i];
    return NULL;
}

static void add_site(struct sharing *s, struct sharing_map *m, const struct access *a)
{
    struct sharing_site *site = site_of(m, a);
    if (!site) {
        if (m->n_sites == SHARING_SITES_MAX) {
            m->sites_lost++;
            return;
        }
        site = &m->site[m->n_sites++];
        *site = (struct sharing_site) { .id = sharing_site_id(a), .op = a->op };
        if (s->sites.n < LIMIT_SITES) map_put(&s->sites, site->id, NULL);
    }
    if (site->count == 0 || site->goid_last != a->goid) site->goroutines++;
    site->count++;
    site->goid_last = a->goid;
    site->last_ns = a->time_ns;
    site->sample = *a;
}

static void begin_life(struct sharing_map *m, const struct access *a)
{
    *m = (struct sharing_map) {
        .address = a->map, .first_ns = a->time_ns, .seed = a->seed, .goid_last = a->goid
    };
}

// Another map at the address of one that is gone? A seed stays until the map is emptied, and what
// empties it is a deletion. Of a map that is known to be shared more is known than that.
static bool is_another(const struct sharing_map *m, const struct access *a)
{
    bool emptied = m->op_last == MAP_OP_DELETE || m->op_last == MAP_OP_CLEAR;
    return m->accesses && a->seed != m->seed && !emptied && !sharing_is_shared(m);
}

struct sharing_map *sharing_add(struct sharing *s, const struct access *a)
{
    s->accesses++;
    uint64_t *index = map_get(&s->by_address, a->map);
    if (!index) {
        if (s->maps.n >= LIMIT_MAPS) {
            s->lost++;
            return NULL;
        }
        struct sharing_map *fresh = mem_alloc(sizeof(*fresh));
        begin_life(fresh, a);
        vec_push(&s->maps, fresh);
        index = map_put(&s->by_address, a->map, NULL);
        *index = s->maps.n;
    }
    struct sharing_map *m = s->maps.p[*index - 1];
    if (is_another(m, a)) begin_life(m, a);
    if (a->type) m->type = a->type;
    m->accesses++;
    if (map_op_writes(a->op)) m->writes++;
    if (a->goid != m->goid_last) {
        if (a->seed == m->seed)
            m->switches++;
        else
            m->renewals++;
    }
    m->goid_last = a->goid;
    m->op_last = a->op;
    m->seed = a->seed;
    m->last_ns = a->time_ns;
    add_goroutine(m, a->goid);
    add_site(s, m, a);
    return m;
}

size_t sharing_maps(const struct sharing *s)
{
    return s->maps.n;
}

struct sharing_map *sharing_map(const struct sharing *s, size_t i)
{
    return s->maps.p[i];
}

struct sharing_map *sharing_find(const struct sharing *s, uint64_t address)
{
    uint64_t *index = map_get(&s->by_address, address);
    return index ? s->maps.p[*index - 1] : NULL;
}

bool sharing_is_shared(const struct sharing_map *m)
{
    // One that is emptied again and again may change its seed whenever it changes its goroutine; so
    // may maps of a pool, each emptied by its owner: hence a series of such changes.
    return m->goroutines >= 2 && m->writes > 0 && (m->switches >= 1 || m->renewals >= 8);
}

void sharing_totals(const struct sharing *s, struct sharing_totals *ret)
{
    *ret = (struct sharing_totals) {
        .maps = s->maps.n, .sites = s->sites.n, .accesses = s->accesses, .lost = s->lost
    };
    for (size_t i = 0; i < s->maps.n; i++) ret->shared += sharing_is_shared(s->maps.p[i]);
}

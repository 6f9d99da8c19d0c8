// SPDX-License-Identifier: Apache-2.0
#include "decoders/golayout.h"

#include "base/limits.h"

struct row {
    unsigned minor;
    bool swiss;
    struct golayout layout;
};

static const struct row rows[] = {
#include "decoders/golayout_rows.h"
};

const struct golayout *golayout_row(unsigned minor, bool swiss, bool *exact)
{
    const struct row *best = NULL;
    unsigned distance_min = ~0u;
    for (size_t i = 0; i < array_size(rows); i++) {
        if (rows[i].swiss != swiss) continue;
        unsigned distance = rows[i].minor > minor ? rows[i].minor - minor : minor - rows[i].minor;
        if (distance > distance_min) continue; // of two as near, the newer
        best = &rows[i];
        distance_min = distance;
    }
    if (exact) *exact = distance_min == 0;
    return &best->layout;
}

static const char *nearest(const struct golayout *row)
{
    static const char *const text[][2] = {
        { "table go1.19", "nearest: go1.19" },
        { "table go1.21", "nearest: go1.21" },
        { "table go1.22", "nearest: go1.22" },
        { "table go1.23", "nearest: go1.23" },
        { "table go1.24", "nearest: go1.24" },
        { "table go1.25", "nearest: go1.25" },
        { "table go1.26", "nearest: go1.26" },
        { "table go1.27", "nearest: go1.27" },
        { "table go1.24 noswissmap", "nearest: go1.24 noswissmap" },
        { "table go1.25 noswissmap", "nearest: go1.25 noswissmap" },
    };
    for (size_t i = 0; i < array_size(text); i++) {
        if (strcmp(text[i][0], row->source) == 0) return text[i][1];
    }
    return "nearest";
}

struct err *golayout_of(struct gobin *b, struct golayout *ret)
{
    const struct gobin_info *info = gobin_info(b);
    if (info->major == 1 && info->minor < 19)
        return err_new(ERR_CANNOT,
                       "%s: built with %.*s; where the runtime keeps things is known from Go 1.19",
                       gobin_name(b), STR_ARG(info->version));
    if (golayout_from_dwarf(b, ret)) return NULL;
    // A version that was taken out of the binary, or a development version: the newest row.
    unsigned minor = info->major == 1 ? info->minor : (info->swiss ? 99 : 23);
    bool exact;
    const struct golayout *row = golayout_row(minor, info->swiss, &exact);
    *ret = *row;
    if (!exact || info->major != 1) ret->source = nearest(row);
    return NULL;
}

// ---- Self-check on a live process ----

enum { SAMPLE = 64, LIMIT_ALLGS = 1 << 24 };

struct check {
    const struct golayout *l;
    const struct gobin_info *info;
    uint64_t bias;
    int pid;
    golayout_read *read;
};

static uint64_t word(const struct check *c, uint64_t address)
{
    uint64_t v = 0;
    return c->read(c->pid, address, &v, sizeof(v)) ? v : 0;
}

// Looks like a g whatever the version: its stack comes first, a power of two in size, then the
// guard, which lies in the stack or says "preempt".
static bool is_g(const struct check *c, uint64_t g)
{
    uint64_t v[3]; // stack.lo, stack.hi, stackguard0
    if (g == 0 || g % 8 || !c->read(c->pid, g, v, sizeof(v))) return false;
    uint64_t size = v[1] - v[0];
    if (v[0] == 0 && v[1] == 0) return true; // a dead one whose stack was freed
    return v[0] < v[1] && size >= 2048 && size <= 1ull << 32 && (size & (size - 1)) == 0 &&
           ((v[2] > v[0] && v[2] < v[1]) || v[2] > UINT64_MAX - 4096);
}

// Is (p, n, cap) the slice of all goroutines? Up to `SAMPLE` of them into gs, spread over it.
static size_t try_allgs(const struct check *c, const uint64_t slice[3], uint64_t *gs)
{
    uint64_t p = slice[0], n = slice[1], cap = slice[2];
    if (p < 4096 || p % 8 || n < 2 || n > cap || cap > LIMIT_ALLGS) return 0;
    size_t k = 0, live = 0;
    for (uint64_t i = 0; i < SAMPLE && i < n; i++) {
        uint64_t at = n <= SAMPLE ? i : i * (n / SAMPLE), v[2];
        if (!c->read(c->pid, p + 8 * at, &gs[k], 8) || !is_g(c, gs[k])) return 0;
        if (c->read(c->pid, gs[k], v, sizeof(v)) && v[0]) live++;
        k++;
    }
    return live >= 2 ? k : 0;
}

static size_t find_allgs(const struct check *c, struct gobin *b, uint64_t *gs)
{
    uint64_t at, slice[3];
    if (gobin_global(b, GOBIN_ALLGS, &at))
        return c->read(c->pid, at + c->bias, slice, sizeof(slice)) ? try_allgs(c, slice, gs) : 0;
    enum { CHUNK_WORDS = 4096, WORDS_MAX = 1 << 22 };
    uint64_t chunk[CHUNK_WORDS];
    struct gobin_range bss = c->info->bss;
    uint64_t end = bss.hi - bss.lo > 8 * WORDS_MAX ? bss.lo + 8 * WORDS_MAX : bss.hi;
    for (uint64_t lo = (bss.lo + 7) & ~7ull; lo + 24 <= end; lo += 8 * (CHUNK_WORDS - 2)) {
        size_t n = end - lo < sizeof(chunk) ? (size_t)(end - lo) / 8 : CHUNK_WORDS;
        if (!c->read(c->pid, lo + c->bias, chunk, 8 * n)) continue;
        for (size_t i = 0; i + 3 <= n; i++) {
            size_t k = try_allgs(c, &chunk[i], gs);
            if (k) return k;
        }
    }
    return 0;
}

static bool plausible(const struct check *c, uint64_t g)
{
    enum { STATUS_MAX = 10, SCAN = 0x1000, ID_MAX_BITS = 48 };
    const struct golayout *l = c->l;
    uint32_t status = 0;
    if (!c->read(c->pid, g + l->g_atomicstatus, &status, sizeof(status))) return false;
    status &= ~(uint32_t)SCAN;
    if (status > STATUS_MAX) return false;
    if (status == 6 || status == 0) return true; // dead, idle: its fields say nothing
    uint64_t id = word(c, g + l->g_goid), creator = word(c, g + l->g_gopc) - c->bias;
    uint64_t m = word(c, g + l->g_m);
    bool of_text = creator >= c->info->text.lo && creator < c->info->text.hi;
    bool m_fits = m == 0 || word(c, m + l->m_curg) == g || is_g(c, word(c, m + l->m_g0));
    return id > 0 && id >> ID_MAX_BITS == 0 && (of_text || creator == -c->bias) && m_fits;
}

struct err *golayout_check(const struct golayout *l, struct gobin *b, uint64_t bias, int pid,
                           golayout_read *read)
{
    struct check c = { l, gobin_info(b), bias, pid, read };
    uint64_t gs[SAMPLE];
    size_t n = find_allgs(&c, b, gs), good = 0;
    for (size_t i = 0; i < n; i++) good += plausible(&c, gs[i]);
    if (5 * good >= 4 * n) return NULL; // the others were being made or ended as we looked
    return err_new(ERR_CANNOT,
                   "self-check: %zu of %zu goroutines of pid %d look wrong through the layout that "
                   "was taken for %.*s (%s), so nothing was attached",
                   n - good, n, pid, STR_ARG(c.info->version), l->source);
}

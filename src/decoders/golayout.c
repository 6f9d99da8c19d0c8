// SPDX-License-Identifier: Apache-2.0
#include "decoders/golayout.h"

#include <stdio.h>

// Read from the DWARF of a program built by each version, Debian's toolchains 1.19.8, 1.21.13,
// 1.22.12, 1.23.5, 1.24.4, 1.25.12, 1.26.11, 1.27.4; tests/unit/golayout_test.py reads them again.
static const struct golayout rows[] = {
#define ROW(v, status, id, parent, made, start, pprof, stop, proc, cur, malloc_, lock)             \
    {                                                                                              \
        .minor = (v), .g_stack_lo = 0, .g_stackguard0 = 16, .g_m = 48, .g_atomicstatus = (status), \
        .g_goid = (id), .g_parent_goid = (parent), .g_gopc = (made), .g_startpc = (start),         \
        .g_labels = (pprof), .g_preempt_stop = (stop), .m_g0 = 0, .m_procid = (proc),              \
        .m_curg = (cur), .m_mallocing = (malloc_), .m_locks = (lock), .hmap_flags = 8,             \
        .hmap_b = 9, .hmap_hash0 = 12, .map_seed = 8, .map_writing = 34, .iter_map = 24,           \
        .type_size = 0, .type_tflag = 20, .type_kind = 23, .type_str = 40, .map_type_key = 48,     \
        .map_type_elem = 56                                                                        \
    }
    ROW(19, 144, 152, 0, 296, 312, 360, 178, 72, 192, 240, 264),
    ROW(21, 144, 152, 272, 280, 296, 344, 178, 72, 192, 240, 264),
    ROW(22, 144, 152, 272, 280, 296, 344, 178, 72, 192, 240, 264),
    ROW(23, 152, 160, 280, 288, 304, 352, 186, 72, 192, 240, 264),
    ROW(24, 152, 160, 280, 288, 304, 352, 186, 72, 192, 240, 264),
    ROW(25, 144, 152, 272, 280, 296, 344, 178, 64, 184, 232, 256),
    ROW(26, 144, 152, 280, 288, 304, 352, 178, 64, 184, 240, 264),
    ROW(27, 144, 152, 280, 288, 304, 352, 178, 64, 184, 240, 264),
#undef ROW
};

struct err *golayout_of(struct gobin *b, struct golayout *ret)
{
    const struct gobin_info *i = gobin_info(b);
    const struct golayout *best = &rows[array_size(rows) - 1];
    unsigned best_distance = ~0u;
    for (size_t k = 0; k < array_size(rows); k++) {
        unsigned m = i->minor ? i->minor : 27; // a development version is newer than all
        unsigned distance = m > rows[k].minor ? m - rows[k].minor : rows[k].minor - m;
        if (distance < best_distance) best = &rows[k], best_distance = distance;
    }
    *ret = *best;
    bool exact = i->major == 1 && i->minor == best->minor;
    snprintf(ret->source, sizeof(ret->source), "%sgo1.%u",
             exact ? "table " : "nearest: ", best->minor);
    return NULL;
}

static struct err *implausible(const struct golayout *l, int pid, const char *what, uint64_t value)
{
    return err_new(ERR_CANNOT,
                   "self-check: with the runtime layout of %s, %s of pid %d reads %#llx; this Go "
                   "version is not understood, nothing was attached",
                   l->source, what, pid, (unsigned long long)value);
}

// One goroutine: 0 is a dead one that says nothing, 1 a plausible one.
static struct err *check_g(const struct golayout *l, int pid, uint64_t g,
                           bool (*read)(int pid, uint64_t addr, void *p, size_t n), int *ret)
{
    uint64_t goid, m, lo, curg;
    uint32_t status;
    *ret = 0;
    if (!g || !read(pid, g + l->g_goid, &goid, 8) ||
        !read(pid, g + l->g_atomicstatus, &status, 4) || !read(pid, g + l->g_m, &m, 8) ||
        !read(pid, g + l->g_stack_lo, &lo, 8))
        return NULL; // it may be gone by now
    if ((status & ~0x1000u) > 10) return implausible(l, pid, "a goroutine's state", status);
    if ((status & 0xfff) == 6 || (status & 0xfff) == 0) return NULL; // dead or idle
    if (goid == 0 || goid > 1ull << 48) return implausible(l, pid, "a goroutine's id", goid);
    // Running, and still so: its M says the same.
    uint64_t again;
    if ((status & 0xfff) == 2 && m && read(pid, m + l->m_curg, &curg, 8) &&
        read(pid, g + l->g_m, &again, 8) && again == m && curg != g && curg > 1 && curg < 4096)
        return implausible(l, pid, "an M's current goroutine", curg);
    *ret = 1;
    return NULL;
}

struct err *golayout_check(const struct golayout *l, struct gobin *b, uint64_t bias, int pid,
                           bool (*read)(int pid, uint64_t addr, void *p, size_t n))
{
    enum { LOOKED_AT_MAX = 200 };
    uint64_t allgs, header[2];
    if (!gobin_symbol_named(b, STR("runtime.allgs"), &allgs)) return NULL;
    if (!read(pid, allgs + bias, header, sizeof(header)) || header[1] == 0) return NULL;
    int plausible = 0;
    uint64_t n = header[1] < LOOKED_AT_MAX ? header[1] : LOOKED_AT_MAX;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t g;
        int one;
        if (!read(pid, header[0] + i * 8, &g, 8)) continue;
        ERR_TRY(check_g(l, pid, g, read, &one));
        plausible += one;
    }
    if (plausible == 0) return implausible(l, pid, "every one of its goroutines (count)", n);
    return NULL;
}

// SPDX-License-Identifier: Apache-2.0
#include "engine/dump_live.h"

#include "base/clock.h"
#include "decoders/golive.h"
#include "engine/target.h"

#include <unistd.h>

struct memory {
    pid_t pid;
    uint64_t began_ns, bytes;
};

// Not faster than the limit: the rest of a millisecond is slept where it is worth it.
static void pace(struct memory *m, size_t bytes)
{
    enum { SLEEP_MIN_US = 1000 };
    m->bytes += bytes;
    uint64_t due_us = m->bytes / DUMP_LIVE_MB_S;
    uint64_t took_us = (clock_now_ns() - m->began_ns) / 1000;
    if (due_us > took_us + SLEEP_MIN_US) usleep((useconds_t)(due_us - took_us));
}

static void read_pieces(void *arg, struct golive_piece *piece, size_t n)
{
    enum { AT_ONCE = 256 };
    struct memory *m = arg;
    while (n) {
        struct iovec to[AT_ONCE], from[AT_ONCE];
        size_t k = n < AT_ONCE ? n : AT_ONCE, bytes = 0;
        for (size_t i = 0; i < k; i++) {
            to[i] = (struct iovec) { piece[i].to, piece[i].n };
            from[i] = (struct iovec) { (void *)(uintptr_t)piece[i].address, piece[i].n };
            bytes += piece[i].n;
        }
        size_t whole = proc_mem_readv(m->pid, to, from, k);
        for (size_t i = 0; i < whole; i++) piece[i].ok = true;
        if (whole < k) piece[whole++].ok = false; // the one that stopped it; go on behind it
        piece += whole;
        n -= whole;
        pace(m, bytes);
    }
}

static const struct dump_process *describe(const struct target *t, const struct golive_counts *c,
                                           double took_s, struct arena *a)
{
    struct dump_process *p = arena_new(a, struct dump_process);
    char start[40];
    proc_start_time(&t->proc, start);
    *p = (struct dump_process) { .pid = t->proc.pid,
                                 .exe = arena_printf(a, "%s", t->proc.exe),
                                 .go = arena_printf(a, "%.*s", STR_ARG(t->info->version)),
                                 .start_time = arena_printf(a, "%s", start),
                                 .torn = c->torn,
                                 .without_stack = c->without_stack,
                                 .system = c->system,
                                 .took_s = took_s };
    return p;
}

struct err *dump_live(pid_t pid, struct log *log, struct dump *d)
{
    struct target *t;
    uint64_t began = clock_now_ns();
    ERR_TRY(target_open_memory(pid, log, &t));
    struct memory m = { .pid = pid, .began_ns = clock_now_ns() };
    struct golive l = { .bin = t->bin,
                        .layout = &t->layout,
                        .bias = t->bias,
                        .now_ns = m.began_ns,
                        .read = read_pieces,
                        .arg = &m };
    struct golive_counts counts = { 0 };
    struct err *e = golive_read(&l, d, &counts);
    const char *why;
    if (!e && !target_alive(t, &why))
        e = err_new(ERR_CANNOT, "pid %d: %s while its goroutines were read", pid, why);
    if (!e)
        d->process = describe(t, &counts, (double)(clock_now_ns() - began) / 1e9, &d->arena);
    target_close(t);
    return e;
}

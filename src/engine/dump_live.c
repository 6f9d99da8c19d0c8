// SPDX-License-Identifier: Apache-2.0
#include "engine/dump_live.h"

#include "base/clock.h"
#include "decoders/golive.h"
#include "engine/target.h"
#include "sources/perf_sampler.h"

#include <unistd.h>

struct memory {
    pid_t pid;
    uint64_t began_ns, bytes;
    struct map sampled; // g → struct perf_stack *, the last one of each
    struct arena stacks;
};

// ---- What runs

static void on_sample(const struct perf_stack *stack, void *arg)
{
    struct memory *m = arg;
    bool fresh;
    if (!stack->r14 || !stack->n) return;
    uint64_t *slot = map_put(&m->sampled, stack->r14, &fresh);
    if (fresh) *slot = (uintptr_t)arena_new(&m->stacks, struct perf_stack);
    *(struct perf_stack *)(uintptr_t)*slot = *stack;
}

// Without permission or perf events there is no view of what runs, and the dump says so.
static void sample(struct memory *m, struct log *log)
{
    struct perf_sampler *s;
    bool ended = false;
    uint64_t end = clock_now_ns() + DUMP_LIVE_SAMPLE_MS * 1000000ull;
    struct err *e = perf_sampler_open(m->pid, PERF_SAMPLER_MAX_HZ, &s);
    if (!e) {
        while (!e && !ended && clock_now_ns() < end)
            e = perf_sampler_poll(s, DUMP_LIVE_SAMPLE_MS / 5, on_sample, m, &ended);
        perf_sampler_close(s);
    }
    if (e) log_debug(log, "no stacks of running goroutines: %s", e->text);
    err_free(e);
}

static size_t running(void *arg, uint64_t g, uint64_t *pcs)
{
    struct memory *m = arg;
    const uint64_t *slot = map_get(&m->sampled, g);
    if (!slot) return 0;
    const struct perf_stack *stack = (const struct perf_stack *)(uintptr_t)*slot;
    size_t n = stack->n < LIMIT_STACK_FRAMES ? stack->n : LIMIT_STACK_FRAMES;
    memcpy(pcs, stack->ip, n * sizeof(*pcs));
    return n;
}

// ---- Memory

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

// What lies in swap would be brought back by reading it.
static void warn_of_swap(pid_t pid, struct log *log)
{
    uint64_t bytes = proc_swapped(pid);
    if (bytes)
        log_warn(log,
                 "%llu MB of pid %d are swapped out; the stacks among them come back by being read",
                 (unsigned long long)bytes >> 20, pid);
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
                                 .sampled = c->sampled,
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
    struct memory m = { .pid = pid };
    warn_of_swap(pid, log);
    sample(&m, log);
    m.began_ns = clock_now_ns();
    struct golive l = { .bin = t->bin,
                        .layout = &t->layout,
                        .bias = t->bias,
                        .now_ns = m.began_ns,
                        .read = read_pieces,
                        .running = running,
                        .arg = &m };
    struct golive_counts counts = { 0 };
    struct err *e = golive_read(&l, d, &counts);
    const char *why;
    if (!e && !target_alive(t, &why))
        e = err_new(ERR_CANNOT, "pid %d: %s while its goroutines were read", pid, why);
    if (!e) d->process = describe(t, &counts, (double)(clock_now_ns() - began) / 1e9, &d->arena);
    target_close(t);
    map_deinit(&m.sampled);
    arena_deinit(&m.stacks);
    return e;
}

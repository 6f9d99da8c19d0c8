// SPDX-License-Identifier: Apache-2.0
// How long probes take to go on and off, N at a time, in one link and with a link each:
//   probe_links ROUNDS N…    prints "multi|single N attach-ms detach-ms" a round. Needs root.
#include "base/clock.h"
#include "base/mem.h"
#include "sources/probes.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { POINTS_MAX = 1024 }; // more than probes_room() gives: it is attached all the same

// One-byte instructions to probe; never executed.
__attribute__((naked, noinline, used)) static void field(void)
{
    __asm__ volatile(".rept 1024\n\tnop\n\t.endr\n\tret");
}

static uint64_t offset_of_field(void)
{
    unsigned long long start, end, offset, at = (uintptr_t)field;
    char line[1024];
    FILE *f = fopen("/proc/self/maps", "re");
    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "%llx-%llx %*s %llx", &start, &end, &offset) == 3 && at >= start &&
            at < end)
            return at - start + offset;
    return 0;
}

static void fail(struct err *e)
{
    if (!e) return;
    fprintf(stderr, "%s\n", e->text);
    exit(1);
}

static void measure(bool single, size_t n, int rounds)
{
    struct probes_config config = { .pid = getpid(), .single = single };
    struct probe_point point[POINTS_MAX];
    struct probes *p;
    fail(probes_open(&config, &p));
    for (size_t i = 0; i < n; i++) point[i] = (struct probe_point) { offset_of_field() + i, i };
    for (int i = 0; i < rounds; i++) {
        uint64_t began = clock_now_ns();
        fail(probes_attach(p, PROBE_CALL, point, n));
        uint64_t on = clock_now_ns();
        probes_detach(p, PROBE_CALL);
        printf("%s %zu %.1f %.1f\n", probes_why_single(p) ? "single" : "multi", n,
               (double)(on - began) / 1e6, (double)(clock_now_ns() - on) / 1e6);
    }
    probes_close(p);
}

int main(int argc, char **argv)
{
    if (argc < 3) return 2;
    for (int i = 2; i < argc; i++) {
        size_t n = strtoul(argv[i], NULL, 10);
        if (n == 0 || n > POINTS_MAX) return 2;
        measure(false, n, atoi(argv[1]));
        measure(true, n, atoi(argv[1]));
    }
    return 0;
}

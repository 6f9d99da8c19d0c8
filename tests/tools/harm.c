// SPDX-License-Identifier: Apache-2.0
// harm PID SECONDS [no-guard] [no-hold] [MICROSECONDS]: the mechanisms of locate without end, at a
// target that races, so that what they do to it shows. What is proven is held at again and again.
// Prints the holds made, the arrivals and the time held.
#include "engine/locate.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile int stop;

static void on_signal(int sig)
{
    stop = 1;
}

static uint64_t arrivals(const struct report *r)
{
    uint64_t n = 0;
    for (size_t i = 0; i < r->n_findings; i++) n += r->finding[i].count;
    return n;
}

int main(int argc, char **argv)
{
    if (argc < 3) return 2;
    struct locate_options o = { .pid = atoi(argv[1]),
                                .for_ns = (uint64_t)(atof(argv[2]) * 1e9),
                                .cpu_share = 0.01,
                                .hold_share = 0.04,
                                .max_hold_ns = 2000000,
                                .endless = true,
                                .stop = &stop };
    for (int i = 3; i < argc; i++) {
        if (strcmp(argv[i], "no-guard") == 0)
            o.no_guard = true;
        else if (strcmp(argv[i], "no-hold") == 0)
            o.no_hold = true;
        else
            o.max_hold_ns = (uint64_t)atoi(argv[i]) * 1000;
    }
    struct sigaction sa = { .sa_handler = on_signal };
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
    struct log log;
    log_init(&log, true, false);
    struct report *r;
    struct err *e = locate_run(&o, &log, &r);
    if (e) {
        fprintf(stderr, "%s\n", e->text);
        return 3;
    }
    printf("{\"holds\": %llu, \"held_ms\": %.1f, \"arrivals\": %llu}\n",
           (unsigned long long)r->coverage.holds, r->cost.held_ms, (unsigned long long)arrivals(r));
    report_destroy(r);
    return 0;
}

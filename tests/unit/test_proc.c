// SPDX-License-Identifier: Apache-2.0
// What /proc says of a process: of this one, and of one that is traced.
#include "base/clock.h"
#include "base/vec.h"
#include "sources/proc.h"
#include "test.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_start_time(void)
{
    struct proc p;
    CHECK(proc_read(getpid(), &p) == NULL);
    char first[40], again[40], now[40];
    proc_start_time(&p, first);
    for (int i = 0; i < 20; i++) { // the same however often it is asked
        usleep(1700);
        proc_start_time(&p, again);
        CHECK_STR(str_from(again), first);
    }
    clock_rfc3339_wall(clock_wall_ns(), now);
    CHECK(strcmp(first, now) <= 0);
}

static void test_mappings(void)
{
    struct proc_mappings m = { 0 };
    CHECK(proc_read_mappings(getpid(), &m) == NULL);
    size_t own = 0;
    for (size_t i = 0; i < m.n; i++) own += m.p[i].is_exe && m.p[i].executable;
    CHECK_INT(own, 1);
    vec_deinit(&m);
}

static void test_tracer(void)
{
    CHECK_INT(proc_tracer(getpid()), 0);
    pid_t child = fork();
    if (child == 0)
        for (;;) pause();
    CHECK_INT(ptrace(PTRACE_SEIZE, child, NULL, NULL), 0);
    CHECK_INT(proc_tracer(child), getpid());
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

TEST_MAIN(TEST(test_start_time), TEST(test_mappings), TEST(test_tracer))

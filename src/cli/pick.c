// SPDX-License-Identifier: Apache-2.0
#include "cli/pick.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/vec.h"
#include "engine/target.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_WAIT_S = 120 };

bool pick_any(const struct pick_options *o, const struct invocation *in)
{
    return o->pid || o->exe || o->container || in->n_rest;
}

static void print_process(const struct go_process *g)
{
    char up[32];
    double s = g->proc.uptime_s;
    if (s < 120)
        snprintf(up, sizeof(up), "%.0fs", s);
    else if (s < 7200)
        snprintf(up, sizeof(up), "%.0fm", s / 60);
    else
        snprintf(up, sizeof(up), "%.1fh", s / 3600);
    printf("%8d  %-10s %7s %8u  %-12s %s\n", g->proc.pid, g->go[0] ? g->go : "go ?", up,
           g->proc.threads, g->why_not[0] ? g->why_not : "yes", g->proc.exe);
}

void pick_list(bool color)
{
    (void)color;
    struct pid_list all = { 0 };
    size_t n = 0;
    proc_list(&all);
    for (size_t i = 0; i < all.n; i++) {
        struct go_process g;
        if (all.p[i] == getpid() || !target_peek(all.p[i], &g)) continue;
        if (n++ == 0)
            printf("%8s  %-10s %7s %8s  %-12s %s\n", "PID", "GO", "UP", "THREADS", "ATTACHABLE",
                   "EXECUTABLE");
        print_process(&g);
    }
    vec_deinit(&all);
    if (n == 0)
        puts(geteuid() ? "No Go process that you may look into is running here; root sees all."
                       : "No Go process is running here.");
    else
        puts("Next: maptrap locate --pid PID");
}

static bool named(const struct proc *p, const char *name)
{
    if (strchr(name, '/')) return strcmp(p->exe, name) == 0;
    const char *slash = strrchr(p->exe, '/');
    return strcmp(slash ? slash + 1 : p->exe, name) == 0;
}

// The one Go process of the list; several are refused with their pids.
static struct err *only_one(const struct pid_list *l, const char *what, pid_t *ret)
{
    size_t n = 0;
    struct buf pids = { 0 };
    for (size_t i = 0; i < l->n; i++) {
        struct go_process g;
        if (!target_peek(l->p[i], &g)) continue;
        *ret = l->p[i];
        buf_printf(&pids, "%s%d", n++ ? ", " : "", l->p[i]);
    }
    struct err *e = NULL;
    if (n == 0)
        e = err_new(ERR_CANNOT, "no Go process runs %s; maptrap locate lists those there are",
                    what);
    else if (n > 1)
        e = err_new(ERR_CANNOT, "%zu processes run %s: name one with --pid (%s)", n, what, pids.p);
    buf_deinit(&pids);
    return e;
}

static struct err *by_exe(const char *name, pid_t *ret)
{
    struct pid_list all = { 0 }, match = { 0 };
    proc_list(&all);
    for (size_t i = 0; i < all.n; i++) {
        struct proc p;
        struct err *e = proc_read(all.p[i], &p);
        if (!e && named(&p, name) && p.pid != getpid()) vec_push(&match, all.p[i]);
        err_free(e);
    }
    struct err *e = only_one(&match, name, ret);
    vec_deinit(&all);
    vec_deinit(&match);
    return e;
}

static struct err *by_container(const char *id, pid_t *ret)
{
    struct pid_list match = { 0 };
    struct err *e = proc_by_container(str_from(id), &match);
    if (!e) e = only_one(&match, "in that container", ret);
    vec_deinit(&match);
    return e;
}

static struct err *start(const struct invocation *in, pid_t *ret)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0) return err_sys(ERR_CANNOT, errno, "fork");
    if (pid == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO); // stdout is for the answer
        execvp(in->rest[0], (char *const *)in->rest);
        fprintf(stderr, "maptrap: %s: %s\n", in->rest[0], strerror(errno));
        _exit(127);
    }
    *ret = pid;
    return NULL;
}

// A wrapper such as the go command runs the program that is meant as a child: the youngest Go
// process of the family that is no part of the toolchain, once it has lived for a moment.
static bool choose_child(pid_t root, pid_t *ret)
{
    struct pid_list family = { 0 };
    proc_children(root, &family);
    bool found = false;
    for (size_t i = 0; i < family.n; i++) {
        struct go_process g;
        if (!target_peek(family.p[i], &g) || g.why_not[0] || g.proc.uptime_s < 0.05) continue;
        const char *slash = strrchr(g.proc.exe, '/'), *base = slash ? slash + 1 : g.proc.exe;
        if (strcmp(base, "go") == 0 || strstr(g.proc.exe, "/pkg/tool/")) continue;
        *ret = family.p[i];
        found = true;
    }
    vec_deinit(&family);
    return found;
}

static struct err *wait_for_go(struct picked *p)
{
    uint64_t until = clock_now_ns() + START_WAIT_S * 1000000000ull;
    while (clock_now_ns() < until) {
        int status;
        if (waitpid(p->started, &status, WNOHANG) == p->started) {
            p->started = 0;
            if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
                return err_new(ERR_CANNOT, "the command could not be started");
            return err_new(ERR_UNSEEN,
                           "the command ended before a Go program of it could be looked "
                           "into");
        }
        if (choose_child(p->started, &p->pid)) return NULL;
        usleep(20000);
    }
    return err_new(ERR_CANNOT, "the command ran no Go program within %d s", START_WAIT_S);
}

struct err *pick_process(const struct pick_options *o, const struct invocation *in,
                         struct picked *ret)
{
    struct picked p = { 0 };
    int ways = (o->pid != 0) + (o->exe != NULL) + (o->container != NULL) + (in->n_rest != 0);
    if (ways > 1)
        return err_new(ERR_USAGE,
                       "name the process in one way: --pid, --exe, --container or -- CMD");
    if (o->pid > 1 << 22)
        return err_new(ERR_USAGE, "--pid %llu: no pid is that large", (unsigned long long)o->pid);
    p.pid = (pid_t)o->pid;
    struct err *e = NULL;
    if (o->exe) e = by_exe(o->exe, &p.pid);
    if (o->container) e = by_container(o->container, &p.pid);
    if (in->n_rest) {
        e = start(in, &p.started);
        if (!e) e = wait_for_go(&p);
        if (e) pick_release(&p);
    }
    if (!e) *ret = p;
    return e;
}

void pick_release(struct picked *p)
{
    if (p->started <= 0) return;
    int status;
    if (waitpid(p->started, &status, WNOHANG) == 0) {
        kill(p->started, SIGTERM);
        waitpid(p->started, &status, 0);
    }
    p->started = 0;
}

static struct err *run_pids(const struct invocation *in, int *ret_status)
{
    (void)in, (void)ret_status;
    struct pid_list all = { 0 };
    proc_list(&all);
    for (size_t i = 0; i < all.n; i++) {
        struct go_process g;
        if (all.p[i] != getpid() && target_peek(all.p[i], &g) && !g.why_not[0])
            printf("%d\n", all.p[i]);
    }
    vec_deinit(&all);
    return NULL;
}

const struct command cmd_pids = {
    .name = "complete-pids",
    .summary = "print the pids of Go processes",
    .usage = "",
    .description = "For shell completion: the pids of the Go processes that can be looked into.",
    .opts_size = 1,
    .hidden = true,
    .run = run_pids,
};

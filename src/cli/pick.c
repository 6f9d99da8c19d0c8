// SPDX-License-Identifier: Apache-2.0
#include "cli/pick.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/vec.h"
#include "engine/target.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_WAIT_S = 120, END_WAIT_S = 10 };

bool pick_any(const struct pick_options *o, const struct invocation *in)
{
    return o->pid || o->exe || o->container || in->rest;
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

static void json_process(struct json *j, const struct go_process *g)
{
    json_object(j);
    json_key(j, "pid"), json_int(j, g->proc.pid);
    json_key(j, "go"), json_cstr(j, g->go[0] ? g->go : NULL);
    json_key(j, "uptime_s"), json_double(j, g->proc.uptime_s);
    json_key(j, "threads"), json_uint(j, g->proc.threads);
    json_key(j, "attachable"), json_bool(j, !g->why_not[0]);
    json_key(j, "why_not"), json_cstr(j, g->why_not[0] ? g->why_not : NULL);
    json_key(j, "exe"), json_cstr(j, g->proc.exe);
    json_end(j);
}

static void list_json(const struct pid_list *all)
{
    _cleanup_buf_ struct buf out = { 0 };
    struct json j;
    json_init(&j, &out, 2);
    json_object(&j);
    json_key(&j, "schema"), json_cstr(&j, "maptrap.processes/1");
    json_key(&j, "processes"), json_array(&j);
    for (size_t i = 0; i < all->n; i++) {
        struct go_process g;
        if (all->p[i] != getpid() && target_peek(all->p[i], &g)) json_process(&j, &g);
    }
    json_end(&j);
    json_end(&j);
    json_deinit(&j);
    fwrite(out.p, 1, out.n, stdout);
}

static void list_text(const struct pid_list *all)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        struct go_process g;
        if (all->p[i] == getpid() || !target_peek(all->p[i], &g)) continue;
        if (n++ == 0)
            printf("%8s  %-10s %7s %8s  %-12s %s\n", "PID", "GO", "UP", "THREADS", "ATTACHABLE",
                   "EXECUTABLE");
        print_process(&g);
    }
    if (n == 0)
        puts(geteuid() ? "No Go process that you may look into is running here; root sees all."
                       : "No Go process is running here.");
    else
        puts("Next: maptrap locate --pid PID");
}

void pick_list(bool json)
{
    struct pid_list all = { 0 };
    proc_list(&all);
    if (json)
        list_json(&all);
    else
        list_text(&all);
    vec_deinit(&all);
}

static const char *base_name(const struct proc *p)
{
    const char *slash = strrchr(p->exe, '/');
    return slash ? slash + 1 : p->exe;
}

static bool named(const struct proc *p, const char *name)
{
    return strcmp(strchr(name, '/') ? p->exe : base_name(p), name) == 0;
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
    // What a shell leaves behind when it ends becomes ours, so that it can be found and ended.
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t pid = fork();
    if (pid < 0) return err_sys(ERR_CANNOT, errno, "fork");
    if (pid == 0) {
        signal(SIGPIPE, SIG_DFL);           // ours is to ignore it; the command's is not
        dup2(STDERR_FILENO, STDOUT_FILENO); // stdout is for the answer
        execvp(in->rest[0], (char *const *)in->rest);
        fprintf(stderr, "maptrap: %s: %s\n", in->rest[0], strerror(errno));
        _exit(127);
    }
    *ret = pid;
    return NULL;
}

// Takes note of what has ended. True: nothing of the command runs any more.
static bool family_ended(struct picked *p, int *ret_status)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != p->started) continue;
        p->ended = true;
        *ret_status = status;
    }
    return pid < 0 && errno == ECHILD;
}

// A wrapper such as the go command runs the program that is meant as a child: the youngest Go
// process of the family that is no part of the toolchain, once it has lived for a moment.
static bool choose_child(pid_t *ret)
{
    struct pid_list family = { 0 };
    proc_children(getpid(), &family);
    bool found = false;
    for (size_t i = 1; i < family.n; i++) {
        struct go_process g;
        if (!target_peek(family.p[i], &g) || g.why_not[0] || g.proc.uptime_s < 0.05) continue;
        if (named(&g.proc, "go") || strstr(g.proc.exe, "/pkg/tool/")) continue;
        *ret = family.p[i];
        found = true;
    }
    vec_deinit(&family);
    return found;
}

static struct err *wait_for_go(struct picked *p, const volatile int *stop)
{
    uint64_t until = clock_now_ns() + START_WAIT_S * 1000000000ull;
    int status = 0;
    while (clock_now_ns() < until && !(stop && *stop)) {
        if (family_ended(p, &status)) {
            if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
                return err_new(ERR_CANNOT, "the command could not be started");
            return err_new(ERR_UNSEEN,
                           "the command ended before a Go program of it could be looked "
                           "into");
        }
        if (choose_child(&p->pid)) return NULL;
        usleep(20000);
    }
    if (stop && *stop)
        return err_new(ERR_UNSEEN, "you ended it before a Go program of the command ran");
    return err_new(ERR_CANNOT, "the command ran no Go program within %d s", START_WAIT_S);
}

bool pick_next(struct picked *p, uint64_t until_ns, const volatile int *stop)
{
    int status;
    while (p->started && !family_ended(p, &status) && clock_now_ns() < until_ns && !*stop) {
        if (choose_child(&p->pid)) return true;
        usleep(20000);
    }
    return false;
}

struct err *pick_process(const struct pick_options *o, const struct invocation *in,
                         const volatile int *stop, struct picked *ret)
{
    struct picked p = { 0 };
    int ways = (o->pid != 0) + (o->exe != NULL) + (o->container != NULL) + (in->rest != NULL);
    if (ways > 1)
        return err_new(ERR_USAGE,
                       "name the process in one way: --pid, --exe, --container or -- CMD");
    if (in->rest && !in->n_rest)
        return err_new(ERR_USAGE, "no command stands after --; write -- CMD [ARGS]");
    p.pid = (pid_t)o->pid;
    struct err *e = NULL;
    if (o->exe) e = by_exe(o->exe, &p.pid);
    if (o->container) e = by_container(o->container, &p.pid);
    if (in->n_rest) {
        e = start(in, &p.started);
        if (!e) e = wait_for_go(&p, stop);
        if (e) pick_release(&p, in->log);
    }
    if (!e) *ret = p;
    return e;
}

static void signal_family(int sig)
{
    struct pid_list family = { 0 };
    proc_children(getpid(), &family);
    for (size_t i = 1; i < family.n; i++) kill(family.p[i], sig);
    vec_deinit(&family);
}

void pick_release(struct picked *p, struct log *log)
{
    if (p->started <= 0) return;
    uint64_t until = clock_now_ns() + END_WAIT_S * 1000000000ull;
    int status;
    bool ended = family_ended(p, &status);
    if (!ended) signal_family(SIGTERM);
    while (!(ended = family_ended(p, &status)) && clock_now_ns() < until) usleep(10000);
    if (!ended)
        log_warn(log, "the command (pid %d) has not ended %d s after SIGTERM; left running",
                 p->started, END_WAIT_S);
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

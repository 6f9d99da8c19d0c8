// SPDX-License-Identifier: Apache-2.0
#include "sources/uprobe_keeper.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct uprobe_keeper {
    int sock;
    pid_t child;
};

// From us to the keeper; for ATTACH, n points follow. It answers each with an int: 0 or an errno.
enum keeper_op { KEEPER_ATTACH, KEEPER_DETACH };
struct request {
    enum keeper_op op;
    size_t program, n;
};

static bool send_all(int sock, const void *p, size_t n)
{
    while (n) {
        ssize_t k = send(sock, p, n, MSG_NOSIGNAL);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return false;
        p = (const char *)p + k;
        n -= (size_t)k;
    }
    return true;
}

static bool recv_all(int sock, void *p, size_t n)
{
    while (n) {
        ssize_t k = recv(sock, p, n, MSG_WAITALL);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return false;
        p = (char *)p + k;
        n -= (size_t)k;
    }
    return true;
}

// ---- In the keeper ----

static int attach(const struct uprobe_keeper_config *c, const struct request *r,
                  const struct probe_point *points, struct uprobe_links *links)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/exe", c->pid);
    _cleanup_err_ struct err *e = uprobe_attach(&c->how, c->programs[r->program], c->pid, path,
                                                points, r->n, &links[r->program]);
    return !e ? 0 : e->sys ? e->sys : EIO;
}

// Serves one request; false: the other end is gone.
static bool serve(const struct uprobe_keeper_config *c, int sock, struct uprobe_links *links)
{
    struct request r;
    int answer = 0;
    if (!recv_all(sock, &r, sizeof(r))) return false;
    if (r.op == KEEPER_ATTACH) {
        struct probe_point *points = mem_alloc(r.n * sizeof(*points));
        bool all = recv_all(sock, points, r.n * sizeof(*points));
        if (all) answer = attach(c, &r, points, links);
        free(points);
        if (!all) return false;
    } else {
        uprobe_links_close(&links[r.program]);
    }
    return send_all(sock, &answer, sizeof(answer));
}

// Signals meant for us (Ctrl-C, a service manager's SIGTERM) are ours to answer; no output of ours
// is kept open.
static void leave_the_terminal(void)
{
    setsid();
    for (int sig = 1; sig < NSIG; sig++)
        if (sig != SIGSEGV && sig != SIGBUS && sig != SIGABRT) signal(sig, SIG_IGN);
    prctl(PR_SET_NAME, "maptrap-keeper");
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; null >= 0 && fd <= 2; fd++) dup2(null, fd);
}

static _Noreturn void keep(const struct uprobe_keeper_config *c, int sock)
{
    static struct uprobe_links links[UPROBE_KEEPER_PROGRAMS_MAX];
    leave_the_terminal();
    while (serve(c, sock, links))
        ;
    if (c->orphaned) c->orphaned(c->arg);
    for (size_t i = 0; i < c->programs_n; i++) uprobe_links_close(&links[i]);
    _exit(0);
}

// ---- In the process that started it ----

struct err *uprobe_keeper_start(const struct uprobe_keeper_config *config,
                                struct uprobe_keeper **ret)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return err_sys(ERR_CANNOT, errno, "no socket for the keeper of the probes");
    pid_t child = fork();
    if (child == 0) {
        close(pair[0]);
        keep(config, pair[1]);
    }
    int sys = errno;
    close(pair[1]);
    if (child < 0) {
        close(pair[0]);
        return err_sys(ERR_CANNOT, sys, "the keeper of the probes could not be started");
    }
    struct uprobe_keeper *k = mem_zalloc(sizeof(*k));
    k->sock = pair[0];
    k->child = child;
    *ret = k;
    return NULL;
}

static struct err *gone(void)
{
    return err_new(ERR_CANNOT, "the child that keeps the probes is gone (killed?): nothing is "
                               "attached any more");
}

struct err *uprobe_keeper_attach(struct uprobe_keeper *k, size_t program,
                                 const struct probe_point *points, size_t n)
{
    struct request r = { .op = KEEPER_ATTACH, .program = program, .n = n };
    int answer;
    if (!send_all(k->sock, &r, sizeof(r)) || !send_all(k->sock, points, n * sizeof(*points)) ||
        !recv_all(k->sock, &answer, sizeof(answer)))
        return gone();
    return answer ? uprobe_attach_error(answer, n) : NULL;
}

struct err *uprobe_keeper_check(const struct uprobe_keeper *k)
{
    char c;
    return recv(k->sock, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0 ? gone() : NULL;
}

void uprobe_keeper_detach(struct uprobe_keeper *k, size_t program)
{
    struct request r = { .op = KEEPER_DETACH, .program = program };
    int answer;
    if (send_all(k->sock, &r, sizeof(r))) (void)recv_all(k->sock, &answer, sizeof(answer));
}

void uprobe_keeper_stop(struct uprobe_keeper *k)
{
    if (!k) return;
    close(k->sock);
    while (waitpid(k->child, NULL, 0) < 0 && errno == EINTR)
        ;
    free(k);
}

// SPDX-License-Identifier: Apache-2.0
#include "sources/uprobe_links.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

struct err *uprobe_find_type(struct uprobe_how *how)
{
    static const char path[] = "/sys/bus/event_source/devices/uprobe/type";
    _cleanup_fclose_ FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%d", &how->event_type) == 1) return NULL;
    return err_advise(err_new(ERR_CANNOT, "%s cannot be read", path),
                      "mount sysfs, or run a kernel with CONFIG_UPROBE_EVENTS");
}

// All points in one link; -1 with errno.
static int link_multi(int prog, pid_t pid, const char *path, const struct probe_point *points,
                      size_t n)
{
    unsigned long *offsets = mem_alloc(n * sizeof(*offsets));
    __u64 *cookies = mem_alloc(n * sizeof(*cookies));
    for (size_t i = 0; i < n; i++) {
        offsets[i] = points[i].offset;
        cookies[i] = points[i].cookie;
    }
    LIBBPF_OPTS(bpf_link_create_opts, o, .uprobe_multi.path = path, .uprobe_multi.offsets = offsets,
                .uprobe_multi.cookies = cookies, .uprobe_multi.cnt = (__u32)n,
                .uprobe_multi.pid = (__u32)pid);
    int fd = bpf_link_create(prog, 0, (enum bpf_attach_type)UPROBE_MULTI_ATTACH_TYPE, &o);
    int sys = errno;
    free(offsets);
    free(cookies);
    errno = sys;
    return fd < 0 ? -1 : fd;
}

// One point; -1 with errno. The event is left disabled: the thread that it is bound to need not
// schedule it at every context switch, while the breakpoint is in the whole process all the same
// and the program runs for all of its threads.
static int link_single(int event_type, int prog, pid_t pid, const char *path,
                       const struct probe_point *point)
{
    struct perf_event_attr attr = { .size = sizeof(attr),
                                    .type = (__u32)event_type,
                                    .disabled = 1,
                                    .uprobe_path = (uintptr_t)path,
                                    .probe_offset = point->offset };
    int event = (int)syscall(SYS_perf_event_open, &attr, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (event < 0) return -1;
    LIBBPF_OPTS(bpf_link_create_opts, o, .perf_event.bpf_cookie = point->cookie);
    int fd = bpf_link_create(prog, event, BPF_PERF_EVENT, &o);
    int sys = errno;
    close(event); // the link keeps it
    errno = sys;
    return fd < 0 ? -1 : fd;
}

struct err *uprobe_attach_error(int sys, size_t n)
{
    struct err *e = err_sys(ERR_CANNOT, sys, "%zu probes could not be attached", n);
    return err_advise(e, "maptrap doctor says what this kernel allows");
}

struct err *uprobe_attach(const struct uprobe_how *how, int prog, pid_t pid, const char *path,
                          const struct probe_point *points, size_t n, struct uprobe_links *ret)
{
    size_t links = how->multi && n ? 1 : n;
    for (size_t i = 0; i < links; i++) {
        int fd = how->multi ? link_multi(prog, pid, path, points, n)
                            : link_single(how->event_type, prog, pid, path, &points[i]);
        if (fd < 0) return uprobe_attach_error(errno, n);
        vec_push(&ret->fd, fd);
    }
    return NULL;
}

void uprobe_links_close(struct uprobe_links *l)
{
    for (size_t i = 0; i < l->fd.n; i++) close(l->fd.p[i]);
    vec_clear(&l->fd);
}

void uprobe_links_deinit(struct uprobe_links *l)
{
    uprobe_links_close(l);
    vec_deinit(&l->fd);
}

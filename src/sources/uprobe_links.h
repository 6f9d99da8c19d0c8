// SPDX-License-Identifier: Apache-2.0
// Attaches a BPF program at instructions of one process's program: all of them in one link
// (uprobe_multi), or a link each on kernels where that does not work. What is attached belongs to
// descriptors: it goes when they are closed, or when this process dies.
//
//     struct uprobe_links l = { 0 };
//     ERR_TRY(uprobe_attach(how, prog_fd, pid, "/proc/4711/exe", points, n, &l));
//     …
//     uprobe_links_deinit(&l);
#pragma once

#include "base/err.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct probe_point {
    uint64_t offset; // in the file
    uint64_t cookie;
};

// enum bpf_attach_type BPF_TRACE_UPROBE_MULTI: Debian 12's kernel headers do not have it yet.
enum { UPROBE_MULTI_ATTACH_TYPE = 48 };

struct uprobe_how {
    bool multi;
    int event_type; // single links: the number under which perf knows uprobes
};

struct uprobe_links {
    VEC(int) fd;
};

// For single links: sets event_type. ERR_CANNOT where the kernel has no uprobes for perf.
struct err *uprobe_find_type(struct uprobe_how *how) ERR_MUST_USE;

// The program must have been loaded for that way of attaching (expected attach type). pid: whose
// copy of the file, all its threads; path: as open() takes it. Adds to ret, also before an error.
struct err *uprobe_attach(const struct uprobe_how *how, int prog, pid_t pid, const char *path,
                          const struct probe_point *points, size_t n,
                          struct uprobe_links *ret) ERR_MUST_USE;
// What uprobe_attach says when the kernel refused, for an errno.
struct err *uprobe_attach_error(int sys, size_t n) ERR_MUST_USE;
void uprobe_links_close(struct uprobe_links *l); // detaches all; l may be used again
void uprobe_links_deinit(struct uprobe_links *l);

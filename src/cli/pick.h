// SPDX-License-Identifier: Apache-2.0
// How a live process is named on the command line: --pid, --exe, --container, or -- CMD.
#pragma once

#include "cli/command.h"

#include <sys/types.h>

struct pick_options {
    uint64_t pid;
    const char *exe, *container;
};

#define PICK_OPTIONS(type, field)                                                                  \
    OPT_UINT("pid", type, field.pid, "PID", "the process"),                                        \
        OPT_STRING("exe", type, field.exe, "NAME",                                                 \
                   "the process that runs this executable (name or path)"),                        \
        OPT_STRING("container", type, field.container, "ID",                                       \
                   "the Go process of this container (id, 8 digits or more)")

struct picked {
    pid_t pid;
    pid_t started; // of -- CMD, 0 = we started nothing
};

bool pick_any(const struct pick_options *o, const struct invocation *in);
// With -- CMD: starts it, waits until it or a child of it is a Go program that has run for a
// moment. The output of CMD goes to stderr when --json wants stdout for itself.
struct err *pick_process(const struct pick_options *o, const struct invocation *in,
                         struct picked *ret) ERR_MUST_USE;
// Ends what was started by -- CMD (SIGTERM, then waits).
void pick_release(struct picked *p);
void pick_list(bool color); // the Go processes of this host, on stdout

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
    OPT_PID("pid", type, field.pid, "the process"),                                                \
        OPT_STRING("exe", type, field.exe, "NAME",                                                 \
                   "the process that runs this executable (name or path)"),                        \
        OPT_STRING("container", type, field.container, "ID",                                       \
                   "the Go process of this container (id, 8 digits or more)")

struct picked {
    pid_t pid;
    pid_t started; // of -- CMD, 0 = we started nothing
    bool ended;    // the command itself has; what it started may go on
};

// Was anything named? -- without a command counts, and is refused by pick_process.
bool pick_any(const struct pick_options *o, const struct invocation *in);
// With -- CMD: starts it, waits until it or a child of it is a Go program that has run for a
// moment. The output of CMD goes to stderr: stdout is for the answer. *stop (or NULL) ends the
// wait.
struct err *pick_process(const struct pick_options *o, const struct invocation *in,
                         const volatile int *stop, struct picked *ret) ERR_MUST_USE;
// After the process of -- CMD has ended: another Go program of the command, as `go test ./...` runs
// one after the other. False: the command has ended, `until_ns` is over, or *stop was set.
bool pick_next(struct picked *p, uint64_t until_ns, const volatile int *stop);
// Ends what was started by -- CMD, with all that it started: SIGTERM, and a warning if anything of
// it does not end within ten seconds (it is left running then).
void pick_release(struct picked *p, struct log *log);
// The Go processes of this host, on stdout; in JSON as "maptrap.processes/1".
void pick_list(bool json);

// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void log_init(struct log *l, bool verbose, bool quiet)
{
    *l = (struct log) { .verbose = verbose, .quiet = quiet, .start_ns = clock_now_ns() };
    l->terminal = isatty(STDERR_FILENO);
}

void log_progress_end(struct log *l)
{
    static const char erase[] = "\r\033[K";
    if (!l || !l->line_open) return;
    fflush(stderr);
    // Past the guard of the stream: this one may move the cursor.
    if (write(STDERR_FILENO, erase, sizeof(erase) - 1) < 0) l->terminal = false;
    l->line_open = false;
}

__attribute__((format(printf, 3, 0))) static void line(struct log *l, const char *prefix,
                                                       const char *fmt, va_list ap)
{
    log_progress_end(l);
    fputs(prefix, stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}

void log_warn(struct log *l, const char *fmt, ...)
{
    if (!l) return;
    va_list ap;
    va_start(ap, fmt);
    line(l, "maptrap: warning: ", fmt, ap);
    va_end(ap);
}

void log_info(struct log *l, const char *fmt, ...)
{
    if (!l || l->quiet) return;
    va_list ap;
    va_start(ap, fmt);
    line(l, "maptrap: ", fmt, ap);
    va_end(ap);
}

void log_debug(struct log *l, const char *fmt, ...)
{
    if (!l || !l->verbose) return;
    char prefix[48];
    snprintf(prefix, sizeof(prefix), "maptrap: %7.3f ",
             (double)(clock_now_ns() - l->start_ns) / 1e9);
    va_list ap;
    va_start(ap, fmt);
    line(l, prefix, fmt, ap);
    va_end(ap);
}

void log_progress(struct log *l, const char *fmt, ...)
{
    if (!l || l->quiet || !l->terminal) return;
    log_progress_end(l);
    va_list ap;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fflush(stderr);
    l->line_open = true;
}

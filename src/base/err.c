// SPDX-License-Identifier: Apache-2.0
#include "base/err.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 1, 0))) static char *format(const char *fmt, va_list ap)
{
    char *s = NULL;
    if (vasprintf(&s, fmt, ap) < 0) return mem_strdup(fmt);
    return s;
}

static struct err *make(enum err_kind kind, int sys, char *text)
{
    struct err *e = mem_zalloc(sizeof(*e));
    e->kind = kind;
    e->sys = sys;
    e->text = text;
    return e;
}

struct err *err_new(enum err_kind kind, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = format(fmt, ap);
    va_end(ap);
    return make(kind, 0, text);
}

struct err *err_sys(enum err_kind kind, int sys, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    _cleanup_free_ char *what = format(fmt, ap);
    va_end(ap);
    return make(kind, sys, mem_printf("%s: %s", what, strerror(sys)));
}

struct err *err_wrap(struct err *e, const char *fmt, ...)
{
    if (!e) return NULL;
    va_list ap;
    va_start(ap, fmt);
    _cleanup_free_ char *what = format(fmt, ap);
    va_end(ap);
    char *text = mem_printf("%s: %s", what, e->text);
    free(e->text);
    e->text = text;
    return e;
}

struct err *err_advise(struct err *e, const char *fmt, ...)
{
    if (!e) return NULL;
    va_list ap;
    va_start(ap, fmt);
    _cleanup_free_ char *what = format(fmt, ap);
    va_end(ap);
    char *text = mem_printf("%s; %s", e->text, what);
    free(e->text);
    e->text = text;
    return e;
}

void err_free(struct err *e)
{
    if (!e) return;
    free(e->text);
    free(e);
}

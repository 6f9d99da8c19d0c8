// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    PAGE = 2 << 20,  // a large one
    LARGE = 4 << 20, // arrays from here on are put on such pages
};

static void *checked(void *p)
{
    if (!p) {
        static const char text[] = "maptrap: out of memory\n";
        ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
        (void)ignored;
        _exit(3);
    }
    return p;
}

void mem_init(void)
{
    mallopt(M_MMAP_THRESHOLD, LARGE);
}

void *mem_alloc(size_t size)
{
    return checked(malloc(size ? size : 1));
}

void *mem_zalloc(size_t size)
{
    return checked(calloc(1, size ? size : 1));
}

void *mem_alloc_large(size_t n, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total) || total > SIZE_MAX - PAGE) return checked(NULL);
    total = (total + PAGE - 1) / PAGE * PAGE;
    void *p = checked(aligned_alloc(PAGE, total ? total : PAGE));
    (void)madvise(p, total, MADV_HUGEPAGE); // only a wish
    return p;
}

void *mem_realloc_array(void *p, size_t n, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total)) return checked(NULL);
    if (total < LARGE) return checked(realloc(p, total ? total : 1));
    p = checked(realloc(p, total));
    // All of the mapping, with the allocator's few bytes before p: one of which a part is treated
    // otherwise cannot grow by moving its pages, it would be copied.
    uintptr_t small = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)p / small * small,
              end = ((uintptr_t)p + total + small - 1) / small * small;
    (void)madvise((void *)first, end - first, MADV_HUGEPAGE); // only a wish
    return p;
}

char *mem_strdup(const char *s)
{
    return checked(strdup(s));
}

char *mem_strndup(const char *s, size_t n)
{
    return checked(strndup(s, n));
}

char *mem_printf(const char *fmt, ...)
{
    char *s = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&s, fmt, ap);
    va_end(ap);
    return checked(n < 0 ? NULL : s);
}

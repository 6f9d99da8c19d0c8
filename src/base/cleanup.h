// SPDX-License-Identifier: Apache-2.0
// Scope-bound release: `_cleanup_free_ char *p = …;` frees when p goes out of scope.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(fn) __attribute__((cleanup(fn)))

static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}

static inline void cleanup_close(const int *fd)
{
    if (*fd >= 0) close(*fd);
}

static inline void cleanup_fclose(FILE **f)
{
    if (*f) fclose(*f);
}

#define _cleanup_free_   CLEANUP(cleanup_free)
#define _cleanup_close_  CLEANUP(cleanup_close)
#define _cleanup_fclose_ CLEANUP(cleanup_fclose)

// Hands a resource out of its scope: `return take_ptr(&p);`.
#define take_ptr(pp)                                                                               \
    ({                                                                                             \
        __typeof__(*(pp)) taken_ = *(pp);                                                          \
        *(pp) = NULL;                                                                              \
        taken_;                                                                                    \
    })

#define array_size(a) (sizeof(a) / sizeof((a)[0]))

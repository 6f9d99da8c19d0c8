// SPDX-License-Identifier: Apache-2.0
// Typed growing arrays.
//
//     VEC(int) v = { 0 };
//     vec_push(&v, 7);
//     for (size_t i = 0; i < v.n; i++) use(v.p[i]);
//     vec_deinit(&v);
#pragma once

#include "base/mem.h"

#include <stdlib.h>

#define VEC(type)                                                                                  \
    struct {                                                                                       \
        type *p;                                                                                   \
        size_t n, cap;                                                                             \
    }

#define vec_reserve(v, want)                                                                       \
    do {                                                                                           \
        if ((v)->cap < (size_t)(want)) {                                                           \
            size_t cap_ = (v)->cap ? (v)->cap * 2 : 8;                                             \
            if (cap_ < (size_t)(want)) cap_ = (size_t)(want);                                      \
            (v)->p = mem_realloc_array((v)->p, cap_, sizeof(*(v)->p));                             \
            (v)->cap = cap_;                                                                       \
        }                                                                                          \
    } while (0)

#define vec_push(v, ...)                                                                           \
    do {                                                                                           \
        vec_reserve((v), (v)->n + 1);                                                              \
        (v)->p[(v)->n++] = (__VA_ARGS__);                                                          \
    } while (0)

#define vec_last(v)  (&(v)->p[(v)->n - 1])
#define vec_clear(v) ((void)((v)->n = 0))
#define vec_deinit(v)                                                                              \
    do {                                                                                           \
        free((v)->p);                                                                              \
        (v)->p = NULL;                                                                             \
        (v)->n = (v)->cap = 0;                                                                     \
    } while (0)

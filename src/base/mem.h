// SPDX-License-Identifier: Apache-2.0
// Allocation that does not fail: out of memory ends the program (exit 3) with one line on stderr.
// Sizes that come from input are checked against base/limits.h before they get here.
#pragma once

#include <stddef.h>

// At the start of the program: large arrays grow by moving their pages, not by being copied.
void mem_init(void);
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));
void *mem_zalloc(size_t size) __attribute__((malloc, returns_nonnull));
// For hundreds of MB that are filled from their beginning: in pages of 2 MB where the kernel has
// them, so that it need not be asked for each 4 KB. Not zeroed; for free().
void *mem_alloc_large(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
// Multiplication is checked; returns at least one byte. From some MB on, in such pages as well.
void *mem_realloc_array(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *mem_strdup(const char *s) __attribute__((malloc, returns_nonnull));
char *mem_strndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
char *mem_printf(const char *fmt, ...) __attribute__((malloc, format(printf, 1, 2)));

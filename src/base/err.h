// SPDX-License-Identifier: Apache-2.0
// Errors as values. What can fail returns `struct err *`: NULL is success, anything else is owned
// by the caller, who hands it up, wraps it, or frees it. Results go to a last parameter `ret…`,
// which is untouched on failure.
//
//     struct err *e = elf_open(name, bytes, &elf);
//     if (e) return err_wrap(e, "target %d", pid);
//
// The text is one sentence fragment without a full stop; it names the file, the offset, what was
// wanted and what was there, and where it can, what the user can do about it.
#pragma once

#include "base/cleanup.h"

#include <stdarg.h>

// The kind decides the exit status (see DESIGN: 2 usage, 3 cannot, 4 bad input, 5 not enough seen).
enum err_kind {
    ERR_USAGE = 2,
    ERR_CANNOT = 3,
    ERR_INPUT = 4,
    ERR_UNSEEN = 5,
};

struct err {
    enum err_kind kind;
    int sys; // errno where one stands behind it, else 0
    char *text;
};

#define ERR_MUST_USE __attribute__((warn_unused_result))

struct err *err_new(enum err_kind kind, const char *fmt, ...) ERR_MUST_USE
    __attribute__((format(printf, 2, 3)));
// Adds ": <strerror(sys)>".
struct err *err_sys(enum err_kind kind, int sys, const char *fmt, ...) ERR_MUST_USE
    __attribute__((format(printf, 3, 4)));
// Prefixes e's text with "<what>: ". Takes e, returns it. NULL stays NULL.
struct err *err_wrap(struct err *e, const char *fmt, ...) ERR_MUST_USE
    __attribute__((format(printf, 2, 3)));
// Appends "; <what>" (an advice).
struct err *err_advise(struct err *e, const char *fmt, ...) ERR_MUST_USE
    __attribute__((format(printf, 2, 3)));
void err_free(struct err *e);

static inline void err_cleanup(struct err **e)
{
    err_free(*e);
}
#define _cleanup_err_ CLEANUP(err_cleanup) __attribute__((unused)) // `_cleanup_err_ … ignored = …`

// Returns from the enclosing function when `expr` fails.
#define ERR_TRY(expr)                                                                              \
    do {                                                                                           \
        struct err *try_e_ = (expr);                                                               \
        if (try_e_) return try_e_;                                                                 \
    } while (0)

// SPDX-License-Identifier: Apache-2.0
// A small TAP harness. A test is `static void test_name(void)`, its checks are CHECK(...); main is
// TEST_MAIN(test_a, test_b). Each test prints one "ok"/"not ok" line; failed checks say where.
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int test_failed_checks;
static const char *test_skip_reason;

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            printf("# %s:%d: %s\n", __FILE__, __LINE__, #cond);                                    \
            test_failed_checks++;                                                                  \
        }                                                                                          \
    } while (0)

#define CHECK_INT(got, want)                                                                       \
    do {                                                                                           \
        long long got_ = (long long)(got), want_ = (long long)(want);                              \
        if (got_ != want_) {                                                                       \
            printf("# %s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, got_, want_);      \
            test_failed_checks++;                                                                  \
        }                                                                                          \
    } while (0)

#define CHECK_STR(got, want)                                                                       \
    do {                                                                                           \
        struct str got_ = (got);                                                                   \
        if (!str_eqc(got_, want)) {                                                                \
            printf("# %s:%d: %s is '%.*s', not '%s'\n", __FILE__, __LINE__, #got, STR_ARG(got_),   \
                   want);                                                                          \
            test_failed_checks++;                                                                  \
        }                                                                                          \
    } while (0)

// The error must be of this kind and its text contain `part`. Frees it.
#define CHECK_ERR(expr, want_kind, part)                                                           \
    do {                                                                                           \
        _cleanup_err_ struct err *e_ = (expr);                                                     \
        if (!e_ || e_->kind != (want_kind) || !strstr(e_->text, part)) {                           \
            printf("# %s:%d: %s: error is '%s'\n", __FILE__, __LINE__, #expr,                      \
                   e_ ? e_->text : "(none)");                                                      \
            test_failed_checks++;                                                                  \
        }                                                                                          \
    } while (0)

#define CHECK_OK(expr)                                                                             \
    do {                                                                                           \
        _cleanup_err_ struct err *e_ = (expr);                                                     \
        if (e_) {                                                                                  \
            printf("# %s:%d: %s: %s\n", __FILE__, __LINE__, #expr, e_->text);                      \
            test_failed_checks++;                                                                  \
        }                                                                                          \
    } while (0)

// Leaves the test, which counts as skipped, with a reason.
#define SKIP(reason)                                                                               \
    do {                                                                                           \
        test_skip_reason = (reason);                                                               \
        return;                                                                                    \
    } while (0)

struct test_case {
    void (*run)(void);
    const char *name;
};

static inline int test_run(const struct test_case *tests, size_t n)
{
    int failed = 0;
    printf("1..%zu\n", n);
    for (size_t i = 0; i < n; i++) {
        test_failed_checks = 0;
        test_skip_reason = NULL;
        tests[i].run();
        bool ok = test_failed_checks == 0;
        printf("%s %zu - %s%s%s\n", ok ? "ok" : "not ok", i + 1, tests[i].name,
               test_skip_reason ? " # SKIP " : "", test_skip_reason ? test_skip_reason : "");
        fflush(stdout);
        failed += !ok;
    }
    return failed != 0;
}

#define TEST(fn)                                                                                   \
    {                                                                                              \
        fn, #fn                                                                                    \
    }
#define TEST_MAIN(...)                                                                             \
    int main(void)                                                                                 \
    {                                                                                              \
        static const struct test_case tests[] = { __VA_ARGS__ };                                   \
        return test_run(tests, sizeof(tests) / sizeof(tests[0]));                                  \
    }

// SPDX-License-Identifier: Apache-2.0
// A shared library that is loaded when it is first needed: each one costs every start, and only few
// runs need it. A file that includes this defines functions of the library's own names, which load
// it and hand on; one that is used and not listed there does not link.
//
//     LAZY_LIBRARY("libcurl.so.4", "libcurl-gnutls.so.4")
//     LAZY(CURL *, curl_easy_init, (void), (), NULL)
#pragma once

#include <dlfcn.h>
#include <stddef.h>

// The library, by the first of these names that is installed.
#define LAZY_LIBRARY(...)                                                                          \
    static void *lazy_find(const char *function)                                                   \
    {                                                                                              \
        static const char *const names[] = { __VA_ARGS__ };                                        \
        static void *library;                                                                      \
        for (size_t i = 0; !library && i < sizeof(names) / sizeof(*names); i++)                    \
            library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);                                     \
        return library ? dlsym(library, function) : NULL;                                          \
    }

// TYPE NAME(PARAMETERS), called with ARGUMENTS; OTHERWISE where there is no such library.
#define LAZY(type, name, parameters, arguments, otherwise)                                         \
    type name parameters                                                                           \
    {                                                                                              \
        static __typeof__(&(name)) real;                                                           \
        if (!real) real = (__typeof__(real))lazy_find(#name);                                      \
        return real ? real arguments : (otherwise);                                                \
    }
#define LAZY_VOID(name, parameters, arguments)                                                     \
    void name parameters                                                                           \
    {                                                                                              \
        static __typeof__(&(name)) real;                                                           \
        if (!real) real = (__typeof__(real))lazy_find(#name);                                      \
        if (real) real arguments;                                                                  \
    }

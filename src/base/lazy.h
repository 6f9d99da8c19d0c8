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
#include <stdio.h>
#include <stdlib.h>

// The library, by the first of these names that is installed; with none of them, each function
// gives what stands for it OTHERWISE, and its caller says so.
#define LAZY_LIBRARY(...) LAZY_FIND((void)0, __VA_ARGS__)
// The same for what nothing can be done without: the program ends (exit 3), as it would if the
// loader had looked for the library.
#define LAZY_LIBRARY_NEEDED(package, ...)                                                          \
    LAZY_FIND(                                                                                     \
        (fprintf(stderr, "maptrap: %s is not installed (Debian package %s)\n", names[0], package), \
         exit(3)),                                                                                 \
        __VA_ARGS__)
#define LAZY_FIND(if_missing, ...)                                                                 \
    static void *lazy_find(const char *function)                                                   \
    {                                                                                              \
        static const char *const names[] = { __VA_ARGS__ };                                        \
        static void *library;                                                                      \
        for (size_t i = 0; !library && i < sizeof(names) / sizeof(*names); i++)                    \
            library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);                                     \
        if (!library) if_missing;                                                                  \
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

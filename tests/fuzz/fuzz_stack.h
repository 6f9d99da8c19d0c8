// SPDX-License-Identifier: Apache-2.0
// Runs a function on a stack as deep as the program gives it: source nests deep, and sanitizers
// make frames large. Only touched pages count.
#pragma once

#include <pthread.h>
#include <stdlib.h>

struct deep_call {
    void (*run)(void *);
    void *arg;
};

static void *deep_start(void *arg)
{
    struct deep_call *c = arg;
    c->run(c->arg);
    return NULL;
}

static void with_deep_stack(void (*run)(void *), void *arg)
{
    enum { STACK_BYTES = 1 << 30 };
    pthread_attr_t attr;
    pthread_t thread;
    struct deep_call c = { run, arg };
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    if (pthread_create(&thread, &attr, deep_start, &c) != 0) abort();
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attr);
}

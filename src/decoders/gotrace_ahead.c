// SPDX-License-Identifier: Apache-2.0
#include "decoders/gotrace_ahead.h"

#include "base/mem.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

// Each waits until the other has done several batches, not one: to be woken for each costs more
// than to sum one up.
enum { BATCHES = 6, AT_LEAST = 3 };

struct event_batch {
    size_t n;
    uint64_t bytes; // of the input
    struct gotrace_event event[GOTRACE_READ_EVENTS];
};

struct gotrace_ahead {
    struct gotrace *t;
    bool threaded;
    pthread_t thread;
    pthread_mutex_t lock; // of what follows, up to the batches
    pthread_cond_t more, room;
    size_t filled, used; // batches so far; filled − used of them belong to the user
    bool over, stop;
    bool drains; // the thread waits until all are used
    bool given;  // the user has one
    struct event_batch batch[BATCHES];
};

static void fill(struct gotrace_ahead *a, struct event_batch *b)
{
    b->n = gotrace_read(a->t, b->event);
    b->bytes = gotrace_bytes(a->t);
}

// Waits until a batch is free, or all are, before the tables change. False: to stop.
static bool wait_for_room(struct gotrace_ahead *a)
{
    bool loads = gotrace_loads(a->t);
    pthread_mutex_lock(&a->lock);
    if (loads) {
        a->drains = true;
        pthread_cond_signal(&a->more);
        while (!a->stop && a->filled != a->used) pthread_cond_wait(&a->room, &a->lock);
        a->drains = false;
    } else if (a->filled - a->used == BATCHES) {
        while (!a->stop && a->filled - a->used > BATCHES - AT_LEAST)
            pthread_cond_wait(&a->room, &a->lock);
    }
    bool stop = a->stop;
    pthread_mutex_unlock(&a->lock);
    return !stop;
}

static void *run(void *arg)
{
    struct gotrace_ahead *a = arg;
    bool over = false;
    while (!over && wait_for_room(a)) {
        struct event_batch *b = &a->batch[a->filled % BATCHES];
        fill(a, b);
        over = b->n == 0;
        pthread_mutex_lock(&a->lock);
        a->over = over;
        a->filled += !over;
        if (over || a->filled - a->used >= AT_LEAST) pthread_cond_signal(&a->more);
        pthread_mutex_unlock(&a->lock);
    }
    return NULL;
}

static bool has_cpus(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 1;
}

struct gotrace_ahead *gotrace_ahead_create(struct gotrace *t, bool threaded)
{
    struct gotrace_ahead *a = mem_zalloc(sizeof(*a));
    a->t = t;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->more, NULL);
    pthread_cond_init(&a->room, NULL);
    a->threaded = threaded && has_cpus() && pthread_create(&a->thread, NULL, run, a) == 0;
    return a;
}

// Gives the last batch back and waits for the next. NULL at the end.
static struct event_batch *next_batch(struct gotrace_ahead *a)
{
    pthread_mutex_lock(&a->lock);
    if (a->given) {
        a->used++;
        if (a->filled - a->used <= (a->drains ? 0 : BATCHES - AT_LEAST))
            pthread_cond_signal(&a->room);
    }
    if (a->filled == a->used)
        while (a->filled - a->used < AT_LEAST && !a->over && !(a->drains && a->filled != a->used))
            pthread_cond_wait(&a->more, &a->lock);
    a->given = a->filled != a->used;
    pthread_mutex_unlock(&a->lock);
    return a->given ? &a->batch[a->used % BATCHES] : NULL;
}

const struct gotrace_event *gotrace_ahead_read(struct gotrace_ahead *a, size_t *ret_n)
{
    struct event_batch *b = &a->batch[0];
    if (a->threaded)
        b = next_batch(a);
    else
        fill(a, b);
    *ret_n = b ? b->n : 0;
    return *ret_n ? b->event : NULL;
}

uint64_t gotrace_ahead_bytes(const struct gotrace_ahead *a)
{
    return a->batch[a->used % BATCHES].bytes;
}

void gotrace_ahead_destroy(struct gotrace_ahead *a)
{
    if (!a) return;
    if (a->threaded) {
        pthread_mutex_lock(&a->lock);
        a->stop = true;
        pthread_cond_signal(&a->room);
        pthread_mutex_unlock(&a->lock);
        pthread_join(a->thread, NULL);
    }
    pthread_cond_destroy(&a->room);
    pthread_cond_destroy(&a->more);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

// SPDX-License-Identifier: Apache-2.0
// Stand-ins for the kernel, so that the BPF programs run as plain functions: tables are lists, time
// is a number that every look at it moves on, the target's memory is the test's own. While a
// program waits in a loop the test may run others, as other threads would: host_on_tick.
#pragma once

#include <asm/ptrace.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>

#define SEC(name)       __attribute__((used))
#define __uint(name, v) int(*name)[v]
#define __type(name, t) t *name

enum {
    BPF_MAP_TYPE_RINGBUF,
    BPF_MAP_TYPE_HASH,
    BPF_MAP_TYPE_ARRAY,
    BPF_MAP_TYPE_LRU_HASH,
    BPF_MAP_TYPE_PERCPU_ARRAY,
    BPF_F_MMAPABLE,
    BPF_ANY,
    BPF_RB_NO_WAKEUP,
};

struct bpf_perf_event_data {
    struct pt_regs regs;
};

struct host_entry {
    const void *map;
    uint64_t key;
    void *value;
};

enum { HOST_ENTRIES = 256, HOST_EVENTS = 64 };
static struct host_entry host_entry[HOST_ENTRIES];
static size_t host_n_entries;
static uint64_t host_now = 1000000, host_step = 50, host_cookie, host_pid_tgid;
static char host_event[HOST_EVENTS][1024];
static size_t host_n_events, host_event_limit = HOST_EVENTS;
static void (*host_on_tick)(void);

static inline uint64_t host_key(const void *key, size_t n)
{
    uint64_t k = 0;
    memcpy(&k, key, n < 8 ? n : 8);
    return k;
}

static inline struct host_entry *host_find(const void *map, uint64_t key)
{
    for (size_t i = 0; i < host_n_entries; i++)
        if (host_entry[i].map == map && host_entry[i].key == key) return &host_entry[i];
    return NULL;
}

static inline void *host_put(const void *map, uint64_t key, const void *value, size_t n)
{
    struct host_entry *e = host_find(map, key);
    if (!e) {
        if (host_n_entries == HOST_ENTRIES) return NULL;
        e = &host_entry[host_n_entries++];
        *e = (struct host_entry) { map, key, calloc(1, n) };
    }
    if (value) memcpy(e->value, value, n);
    return e->value;
}

// A lookup in an array always finds; the test makes the entries it cares about with host_put.
static inline void *host_lookup(const void *map, const void *key, size_t n)
{
    struct host_entry *e = host_find(map, host_key(key, n));
    return e ? e->value : NULL;
}

static inline int host_delete(const void *map, const void *key, size_t n)
{
    struct host_entry *e = host_find(map, host_key(key, n));
    if (!e) return -ENOENT;
    free(e->value);
    *e = host_entry[--host_n_entries];
    return 0;
}

#define bpf_map_lookup_elem(m, k) ((__typeof__((m)->value))host_lookup((m), (k), sizeof(*(m)->key)))
#define bpf_map_update_elem(m, k, v, flags)                                                        \
    (host_put((m), host_key((k), sizeof(*(m)->key)), (v), sizeof(*(m)->value)) ? 0 : -ENOMEM)
#define bpf_map_delete_elem(m, k) host_delete((m), (k), sizeof(*(m)->key))

static inline void *bpf_ringbuf_reserve(void *map, size_t n, uint64_t flags)
{
    (void)map, (void)flags;
    if (host_n_events >= host_event_limit || n > sizeof(host_event[0])) return NULL;
    return memset(host_event[host_n_events++], 0, n);
}

static inline void bpf_ringbuf_submit(void *p, uint64_t flags)
{
    (void)p, (void)flags;
}

static inline uint64_t bpf_ktime_get_ns(void)
{
    static int busy;
    host_now += host_step;
    if (host_on_tick && !busy) {
        busy = 1;
        host_on_tick();
        busy = 0;
    }
    return host_now;
}

static inline uint64_t bpf_get_current_pid_tgid(void)
{
    return host_pid_tgid;
}

static inline uint64_t bpf_get_attach_cookie(void *ctx)
{
    (void)ctx;
    return host_cookie;
}

static inline uint32_t bpf_get_prandom_u32(void)
{
    static uint32_t x = 1;
    return x = x * 1664525 + 1013904223;
}

// Addresses below 64 KB are not mapped.
static inline long bpf_probe_read_user(void *to, size_t n, const void *from)
{
    if ((uintptr_t)from < 65536) {
        memset(to, 0, n);
        return -EFAULT;
    }
    memcpy(to, from, n);
    return 0;
}

#define bpf_loop(n, fn, ctx, flags)                                                                \
    ({                                                                                             \
        for (uint32_t i_ = 0; i_ < (uint32_t)(n); i_++)                                            \
            if (fn(i_, (ctx))) break;                                                              \
        0;                                                                                         \
    })

// SPDX-License-Identifier: Apache-2.0
#include "engine/goroutine_read.h"

#include "sources/proc.h"

enum {
    G_BYTES = 512,   // more than any row's last offset
    MAX_BUCKETS = 8, // of a label map: 64 labels
    BUCKET_BYTES = 8 + 8 * 16 + 8 * 16 + 8,
    MIN_TOP_HASH = 5, // smaller ones mark empty slots
};

static bool word_at(const struct goroutine_reader *r, uint64_t address, uint64_t *ret)
{
    return address > 4096 && proc_mem_read(r->pid, address, ret, sizeof(*ret));
}

static bool read_string(const struct goroutine_reader *r, const uint64_t *header,
                        struct arena *scratch, struct str *ret)
{
    char bytes[GOROUTINE_LABEL_BYTES];
    uint64_t n = header[1];
    if (n > 1 << 20) return false; // no label's length: torn
    if (n > sizeof(bytes)) n = sizeof(bytes);
    if (n && !proc_mem_read(r->pid, header[0], bytes, n)) return false;
    *ret = arena_str(scratch, str_make(bytes, n));
    return true;
}

static void add_label(const struct goroutine_reader *r, const uint64_t *key, const uint64_t *value,
                      struct arena *scratch, struct goroutine_labels *ret)
{
    struct str k, v;
    if (ret->n == GOROUTINE_LABELS_MAX || !read_string(r, key, scratch, &k) ||
        !read_string(r, value, scratch, &v) || k.n == 0)
        return;
    ret->label[ret->n].key = k;
    ret->label[ret->n++].value = v;
}

// ≥1.24: { list []struct { key, value string } }.
static void read_list(const struct goroutine_reader *r, uint64_t labels, struct arena *scratch,
                      struct goroutine_labels *ret)
{
    uint64_t slice[2], pair[4];
    if (!proc_mem_read(r->pid, labels, slice, sizeof(slice))) return;
    for (uint64_t i = 0; i < slice[1] && i < GOROUTINE_LABELS_MAX; i++) {
        if (!proc_mem_read(r->pid, slice[0] + i * sizeof(pair), pair, sizeof(pair))) return;
        add_label(r, pair, pair + 2, scratch, ret);
    }
}

// Before: *map[string]string, a bucket map of few entries.
static void read_map(const struct goroutine_reader *r, uint64_t labels, struct arena *scratch,
                     struct goroutine_labels *ret)
{
    uint64_t map, buckets;
    uint8_t head[24], bucket[BUCKET_BYTES];
    if (!word_at(r, labels, &map) || !proc_mem_read(r->pid, map, head, sizeof(head))) return;
    unsigned b = head[9];
    memcpy(&buckets, head + 16, sizeof(buckets));
    if (b > 3) return;
    for (unsigned i = 0; i < 1u << b && i < MAX_BUCKETS; i++) {
        if (!proc_mem_read(r->pid, buckets + (uint64_t)i * BUCKET_BYTES, bucket, sizeof(bucket)))
            return;
        for (unsigned slot = 0; slot < 8; slot++) {
            uint64_t key[2], value[2];
            if (bucket[slot] < MIN_TOP_HASH) continue;
            memcpy(key, bucket + 8 + slot * 16, sizeof(key));
            memcpy(value, bucket + 8 + 128 + slot * 16, sizeof(value));
            add_label(r, key, value, scratch, ret);
        }
    }
}

static uint64_t field(const uint8_t *bytes, uint32_t offset)
{
    uint64_t v = 0;
    if (offset + sizeof(v) <= G_BYTES) memcpy(&v, bytes + offset, sizeof(v));
    return v;
}

bool goroutine_read(const struct goroutine_reader *r, uint64_t g, struct arena *scratch,
                    int64_t *ret_goid, struct goroutine_labels *ret)
{
    uint8_t bytes[G_BYTES];
    uint64_t g0, current;
    ret->n = 0;
    if (g < 4096 || g % 8 || !proc_mem_read(r->pid, g, bytes, sizeof(bytes))) return false;
    uint64_t m = field(bytes, r->layout.g_m);
    if (!word_at(r, m + r->layout.m_g0, &g0)) return false; // the goroutine runs no more
    if (g0 == g) { // on the scheduler's stack, on behalf of a goroutine or of none
        if (!word_at(r, m + r->layout.m_curg, &current) || current == 0 ||
            !proc_mem_read(r->pid, current, bytes, sizeof(bytes)))
            return false;
    }
    uint64_t goid = field(bytes, r->layout.g_goid);
    uint64_t labels = field(bytes, r->layout.g_labels);
    if (goid == 0 || goid >> 40) return false;
    *ret_goid = (int64_t)goid;
    if (labels && r->label_list) read_list(r, labels, scratch, ret);
    if (labels && !r->label_list) read_map(r, labels, scratch, ret);
    return true;
}

// SPDX-License-Identifier: Apache-2.0
#include "analyses/profile_tags.h"

#include "analyses/units.h"
#include "base/map.h"

struct key {
    uint32_t key, value, unit, numeric;
    int64_t number;
};

static struct profile_tag *tag_of(struct profile_tags *t, struct strmap *index,
                                  const struct profile *p, const struct profile_label *l)
{
    struct key key = { l->key, l->value, l->unit, l->numeric, l->number };
    struct str bytes = str_make(&key, sizeof(key));
    const uint64_t *known = strmap_get(index, bytes);
    if (known) return &t->tags.p[*known];
    if (t->tags.n == PROFILE_MAX_TAGS) {
        t->cut = true;
        return NULL;
    }
    *strmap_put(index, arena_str(&t->arena, bytes), NULL) = t->tags.n;
    struct profile_tag tag = { profile_string(p, l->key), profile_string(p, l->value), 0 };
    if (l->numeric) {
        char text[48];
        struct str unit = unit_of_label(tag.key, profile_string(p, l->unit));
        tag.value = arena_str(&t->arena, str_from(unit_format(l->number, unit, text)));
    }
    vec_push(&t->tags, tag);
    return vec_last(&t->tags);
}

static int compare(const void *pa, const void *pb)
{
    const struct profile_tag *a = pa, *b = pb;
    int order = str_cmp(a->key, b->key);
    if (order) return order;
    if (a->sum != b->sum) return a->sum > b->sum ? -1 : 1;
    return str_cmp(a->value, b->value);
}

void profile_tags_init(struct profile_tags *t, const struct profile_view *v, size_t type)
{
    *t = (struct profile_tags) { 0 };
    const struct profile *p = v->p;
    struct strmap index = { 0 };
    for (size_t i = 0; i < p->samples.n; i++) {
        const struct profile_sample *s = &p->samples.p[i];
        if (!profile_view_keeps(v, i)) continue;
        for (uint32_t k = 0; k < s->n_labels; k++) {
            struct profile_tag *tag = tag_of(t, &index, p, &p->labels.p[s->label + k]);
            if (tag) tag->sum = (int64_t)((uint64_t)tag->sum + (uint64_t)profile_value(p, i, type));
        }
    }
    if (t->tags.n) qsort(t->tags.p, t->tags.n, sizeof(*t->tags.p), compare);
    strmap_deinit(&index);
}

void profile_tags_deinit(struct profile_tags *t)
{
    vec_deinit(&t->tags);
    arena_deinit(&t->arena);
}

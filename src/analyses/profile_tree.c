// SPDX-License-Identifier: Apache-2.0
#include "analyses/profile_tree.h"

#include "base/map.h"

static int64_t plus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

struct builder {
    struct profile_tree *t;
    struct profile_view *v;
    struct map children;  // parent << 32 | name → node
    struct strmap labels; // value of the root label → name
};

static uint32_t child_of(struct builder *b, uint32_t parent, uint32_t name)
{
    const uint64_t key = (uint64_t)parent << 32 | name;
    const uint64_t *known = map_get(&b->children, key);
    if (known) return (uint32_t)*known;
    if (b->t->nodes.n >= TREE_MAX_NODES || b->t->nodes.p[parent].depth >= TREE_MAX_DEPTH) {
        b->t->cut = true;
        return parent;
    }
    uint32_t node = (uint32_t)b->t->nodes.n;
    *map_put(&b->children, key, NULL) = node;
    struct tree_node *p = &b->t->nodes.p[parent];
    struct tree_node fresh = {
        .name = name, .parent = parent, .sibling = p->child, .depth = p->depth + 1
    };
    p->child = node;
    vec_push(&b->t->nodes, fresh);
    return node;
}

static uint32_t label_name(struct builder *b, size_t sample, struct str key)
{
    const struct profile *p = b->v->p;
    const struct profile_sample *s = &p->samples.p[sample];
    struct str value = STR("(no label)");
    for (uint32_t i = 0; i < s->n_labels; i++) {
        const struct profile_label *l = &p->labels.p[s->label + i];
        if (!l->numeric && str_eq(profile_string(p, l->key), key))
            value = profile_string(p, l->value);
    }
    bool fresh;
    uint64_t *name = strmap_put(&b->labels, value, &fresh);
    if (fresh) {
        *name = b->v->names.n;
        vec_push(&b->v->names, value);
    }
    return (uint32_t)*name;
}

struct sort_context {
    const struct profile_view *v;
    const struct profile_tree *t;
};

static int by_name(const void *pa, const void *pb, void *context)
{
    const struct sort_context *c = context;
    const uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
    return str_cmp(c->v->names.p[c->t->nodes.p[a].name], c->v->names.p[c->t->nodes.p[b].name]);
}

static void sort_children(struct profile_tree *t, const struct profile_view *v)
{
    VEC(uint32_t) list = { 0 };
    struct sort_context context = { v, t };
    for (size_t i = 0; i < t->nodes.n; i++) {
        vec_clear(&list);
        for (uint32_t c = t->nodes.p[i].child; c; c = t->nodes.p[c].sibling) vec_push(&list, c);
        if (list.n < 2) continue;
        qsort_r(list.p, list.n, sizeof(*list.p), by_name, &context);
        t->nodes.p[i].child = list.p[0];
        for (size_t k = 0; k < list.n; k++)
            t->nodes.p[list.p[k]].sibling = k + 1 < list.n ? list.p[k + 1] : 0;
    }
    vec_deinit(&list);
}

static void add_value(struct tree_node *n, int64_t value, bool of_base)
{
    if (of_base)
        n->base = plus(n->base, (int64_t)(0 - (uint64_t)value));
    else
        n->total = plus(n->total, value);
}

static uint64_t magnitude(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

// A child stands behind its parent in the list: backwards, all children come first.
static void set_widths(struct profile_tree *t)
{
    for (size_t i = t->nodes.n; i-- > 0;) {
        struct tree_node *n = &t->nodes.p[i];
        uint64_t total = magnitude(n->total), base = magnitude(n->base);
        if (n->width < total) n->width = total;
        if (n->width < base) n->width = base;
        if (i) t->nodes.p[n->parent].width += n->width;
    }
}

void profile_tree_init(struct profile_tree *t, struct profile_view *v, size_t type,
                       const char *root_label)
{
    *t = (struct profile_tree) { 0 };
    const struct profile *p = v->p;
    struct builder b = { .t = t, .v = v };
    struct profile_frames stack = { 0 };
    vec_push(&t->nodes, (struct tree_node) { 0 });
    for (size_t i = 0; i < p->samples.n; i++) {
        int64_t value = profile_value(p, i, type);
        if (value == 0 || !profile_view_keeps(v, i)) continue;
        bool of_base = i >= p->samples.n - p->base_samples;
        add_value(&t->nodes.p[0], value, of_base);
        uint32_t node = 0;
        if (root_label) {
            node = child_of(&b, 0, label_name(&b, i, str_from(root_label)));
            if (node) add_value(&t->nodes.p[node], value, of_base);
        }
        for (size_t k = profile_view_stack(v, i, &stack); k-- > 0;) {
            uint32_t child = child_of(&b, node, stack.p[k].node);
            if (child == node) break; // a limit was met
            node = child;
            add_value(&t->nodes.p[node], value, of_base);
        }
        t->nodes.p[node].self = plus(t->nodes.p[node].self, value);
    }
    set_widths(t);
    sort_children(t, v);
    vec_deinit(&stack);
    map_deinit(&b.children);
    strmap_deinit(&b.labels);
}

void profile_tree_deinit(struct profile_tree *t)
{
    vec_deinit(&t->nodes);
}

uint32_t profile_tree_next(const struct profile_tree *t, uint32_t n, bool inside)
{
    const struct tree_node *nodes = t->nodes.p;
    if (inside && nodes[n].child) return nodes[n].child;
    while (n && !nodes[n].sibling) n = nodes[n].parent;
    return n ? nodes[n].sibling : 0;
}

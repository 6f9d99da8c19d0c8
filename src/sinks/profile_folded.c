// SPDX-License-Identifier: Apache-2.0
#include "sinks/profile_folded.h"

#include "base/buf.h"

static void add_name(struct buf *path, struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        buf_addc(path, c == ';' ? ':' : c == '\n' || c == '\r' ? ' ' : c);
    }
}

void profile_folded(FILE *out, const struct profile_view *v, const struct profile_tree *t)
{
    _cleanup_buf_ struct buf path = { 0 };
    VEC(size_t) ends = { 0 }; // where the path of each depth ends
    vec_push(&ends, 0);
    for (uint32_t n = profile_tree_next(t, 0, true); n; n = profile_tree_next(t, n, true)) {
        const struct tree_node *node = &t->nodes.p[n];
        ends.n = node->depth;
        path.n = *vec_last(&ends);
        if (path.n) buf_addc(&path, ';');
        add_name(&path, v->names.p[node->name]);
        vec_push(&ends, path.n);
        if (node->self) fprintf(out, "%.*s %lld\n", (int)path.n, path.p, (long long)node->self);
    }
    vec_deinit(&ends);
}

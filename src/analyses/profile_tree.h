// SPDX-License-Identifier: Apache-2.0
// The stacks of a view as one tree, root first: what flame graphs, folded output and --tree show.
// Node 0 is the root, which stands for everything. With a base profile (see profile_subtract) the
// base's part of each value is kept apart.
#pragma once

#include "analyses/profile_view.h"

enum {
    TREE_MAX_NODES = 8 << 20, // 512 MiB of memory
    TREE_MAX_DEPTH = 2048,    // frames from the root
};

struct tree_node {
    uint32_t name; // into the view's names; of no meaning for the root
    uint32_t parent;
    uint32_t child, sibling; // first child, next sibling; 0 = none. Sorted by name.
    uint32_t depth;          // 0 = the root
    int64_t self;            // the base's taken off
    int64_t total, base;     // the profile's and the base's, neither taken off the other
    uint64_t width;          // to draw: holds both, and all children side by side
};

struct profile_tree {
    VEC(struct tree_node) nodes;
    bool cut; // a limit was met: deeper frames are added to their callers
};

// `root_label`: a label whose value becomes the outermost frame ("comm"), or NULL.
void profile_tree_init(struct profile_tree *t, struct profile_view *v, size_t type,
                       const char *root_label);
void profile_tree_deinit(struct profile_tree *t);

// The node after n in the order of printing (a node, then its children), or 0 at the end.
// `inside`: n's children are wanted.
uint32_t profile_tree_next(const struct profile_tree *t, uint32_t n, bool inside);

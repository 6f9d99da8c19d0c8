// SPDX-License-Identifier: Apache-2.0
// Flame graphs of a profile: one self-contained HTML page (search, zoom, difference colours,
// keyboard; assets/flame.html) and a plain SVG picture. Colours tell map operations, the runtime,
// the standard library and the program apart; with a base profile, growth from shrinkage.
#pragma once

#include "analyses/profile_tree.h"

struct flame {
    const struct profile_view *v;
    const struct profile_tree *t;
    struct profile_type type;
    const char *title; // the input's name
};

// ERR_CANNOT: the file could not be written.
struct err *profile_flame_html(const char *path, const struct flame *f) ERR_MUST_USE;
struct err *profile_flame_svg(const char *path, const struct flame *f) ERR_MUST_USE;

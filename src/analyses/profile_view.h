// SPDX-License-Identifier: Apache-2.0
// What every analysis of a profile starts from: the frames of each location under one number a
// function name, and which samples count, after focus, ignore, show, hide and the label filters
// have had their say. The rules are pprof's:
//   focus    keeps samples with a frame whose function, file or binary matches
//   ignore   drops samples with such a frame
//   show     keeps only matching frames;  hide drops matching ones;
//            a sample of which no frame is left goes
//   tagfocus keeps samples with a label that matches; tagignore drops them
//            "key=regex", "regex" (against "key:value"), or a range such as "key=12kb:64mb"
//
//     for (size_t i = 0; i < p->samples.n; i++) {
//         if (!profile_view_keeps(&v, i)) continue;
//         … p->samples.p[i] → stack → v.at[location] → v.frames
//     }
#pragma once

#include "base/vec.h"
#include "model/profile.h"

struct profile_filter { // NULL = not asked for
    const char *focus, *ignore, *show, *hide, *tagfocus, *tagignore;
};

struct profile_frame {
    uint32_t node; // index into names
    uint32_t line; // index into the profile's lines, or PROFILE_NONE
};

struct profile_view {
    const struct profile *p;
    VEC(struct str) names;            // of nodes: function names, "[binary]", "<unknown>"
    VEC(struct profile_frame) frames; // innermost first within a location
    struct profile_run {
        uint32_t first, n;
    } * at;        // of each location, into frames
    uint8_t *drop; // of each sample, or NULL = none is dropped
    size_t kept;   // samples that count
    struct arena arena;
};

// ERR_USAGE for a filter that is not a regular expression.
struct err *profile_view_init(struct profile_view *v, const struct profile *p,
                              const struct profile_filter *filter) ERR_MUST_USE;
void profile_view_deinit(struct profile_view *v);

static inline bool profile_view_keeps(const struct profile_view *v, size_t sample)
{
    return !v->drop || !v->drop[sample];
}

// The frames of a sample, innermost first, into a growing list; returns their number.
struct profile_frames {
    struct profile_frame *p;
    size_t n, cap;
};
size_t profile_view_stack(const struct profile_view *v, size_t sample, struct profile_frames *ret);

// Removes what the profile's maker declared uninteresting (drop_frames, keep_frames), as pprof
// does before anything else. A table that is no regular expression of ours is left alone: false.
bool profile_prune(struct profile *p);

// Adds base's samples negated, so that what is left is the difference. Both must have the same
// sample types (ERR_INPUT). `base` must outlive p.
struct err *profile_subtract(struct profile *p, const struct profile *base) ERR_MUST_USE;

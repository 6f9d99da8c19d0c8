// SPDX-License-Identifier: Apache-2.0
// Which goroutine a thread runs and which pprof labels it carries, from the process's memory. The
// process is not stopped, so what is read may be a moment later than the sample: a goroutine that
// has moved on meanwhile is left out where that shows, not guessed.
#pragma once

#include "base/arena.h"
#include "decoders/golayout.h"

#include <sys/types.h>

enum {
    GOROUTINE_LABELS_MAX = 16,
    GOROUTINE_LABEL_BYTES = 256, // of a key or value; longer ones are cut
};

struct goroutine_labels {
    struct {
        struct str key, value;
    } label[GOROUTINE_LABELS_MAX];
    size_t n;
};

struct goroutine_reader {
    pid_t pid;
    struct golayout layout;
    bool label_list; // ≥1.24: a slice; before, a map
};

// From the g register. False: it holds no goroutine's g. Label strings lie in `scratch`.
bool goroutine_read(const struct goroutine_reader *r, uint64_t g, struct arena *scratch,
                    int64_t *ret_goid, struct goroutine_labels *ret);

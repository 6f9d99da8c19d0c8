// SPDX-License-Identifier: Apache-2.0
// The goroutine dump decoder: in one piece and in small ones, it must say the same.
#include "decoders/godump.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct dump read_by(struct str s, size_t step)
{
    struct dump d = { 0 };
    struct godump *g = godump_create(&d, &(struct godump_options) { .keep_arguments = true });
    for (size_t i = 0; i < s.n; i += step) godump_feed(g, str_sub(s, i, i + step));
    godump_finish(g);
    return d;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct str s = { (const char *)p, n };
    struct dump a = read_by(s, n + 1), b = read_by(s, 7);
    if (a.n != b.n || a.group.n != b.group.n || a.lines != b.lines ||
        a.lines_not_understood != b.lines_not_understood)
        abort();
    size_t wrap;
    godump_look_ahead(s, &wrap);
    dump_deinit(&a);
    dump_deinit(&b);
    return 0;
}

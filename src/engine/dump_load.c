// SPDX-License-Identifier: Apache-2.0
#include "engine/dump_load.h"

#include "base/mem.h"
#include "decoders/godump.h"
#include "sources/input.h"

enum { CHUNK = 256 * 1024, SAMPLE = 256 * 1024 };

static struct err *feed(struct input *in, struct dump *d, bool keep_arguments, bool *ret_reversed)
{
    _cleanup_buf_ struct buf b = { 0 };
    struct err *broke = NULL;
    struct godump_options options = { .keep_arguments = keep_arguments };
    buf_reserve(&b, SAMPLE);
    for (size_t got = 1; !broke && got && b.n < SAMPLE; b.n += got) {
        got = 0;
        broke = input_read(in, b.p + b.n, SAMPLE - b.n, &got);
    }
    *ret_reversed = godump_look_ahead(buf_str(&b), &options.wrap);
    struct godump *p = godump_create(d, &options);
    if (*ret_reversed) {
        if (!broke) broke = input_read_all(in, DUMP_REVERSED_MAX, &b);
        godump_feed_reversed(p, buf_str(&b));
    } else {
        godump_feed(p, buf_str(&b));
        for (size_t got = 1; !broke && got;) {
            got = 0;
            broke = input_read(in, b.p, CHUNK, &got);
            godump_feed(p, str_make(b.p, got));
        }
    }
    godump_finish(p);
    return broke;
}

struct err *dump_load(const char *name, bool keep_arguments, struct dump *d,
                      struct dump_source *ret)
{
    const struct input_options options = {
        .decompress = true,
        .pprof = "goroutine?debug=2",
    };
    _cleanup_input_ struct input *in = NULL;
    ERR_TRY(input_open(name, &options, &in));
    buf_adds(&ret->name, input_name(in));
    struct err *broke = feed(in, d, keep_arguments, &ret->reversed);
    bool any = d->goroutines || d->races || d->fatal.p;
    if (broke && !any) return broke;
    if (broke) broke->kind = ERR_INPUT; // of a transfer that ended early too: there is a part
    ret->broke = broke;
    if (any) return NULL;
    if (d->bytes == 0) return err_new(ERR_INPUT, "%s: is empty", buf_cstr(&ret->name));
    struct err *e = err_new(
        ERR_INPUT,
        "%s: no goroutine in %llu bytes, %llu lines; wanted a crash log, a goroutine profile with "
        "debug=1 or debug=2, or a race report",
        buf_cstr(&ret->name), (unsigned long long)d->bytes, (unsigned long long)d->lines);
    if (d->lines_too_long)
        e = err_advise(e, "%llu of the lines are longer than %d MB, of which only that was read",
                       (unsigned long long)d->lines_too_long, GODUMP_LINE_MAX >> 20);
    return e;
}

void dump_source_deinit(struct dump_source *s)
{
    buf_deinit(&s->name);
    err_free(s->broke);
    s->broke = NULL;
}

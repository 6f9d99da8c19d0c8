// SPDX-License-Identifier: Apache-2.0
#include "engine/dump_load.h"

#include "base/mem.h"
#include "decoders/godump.h"
#include "sources/input.h"

enum { CHUNK = 256 * 1024, SAMPLE = 256 * 1024 };

static void feed_reversed(struct godump *p, struct str all)
{
    while (all.n && all.p[all.n - 1] == '\n') all.n--;
    while (all.n) {
        size_t nl = str_rfind_char(all, '\n');
        size_t from = nl == STR_NPOS ? 0 : nl + 1;
        godump_feed(p, str_sub(all, from, all.n));
        godump_feed(p, STR("\n"));
        all.n = nl == STR_NPOS ? 0 : nl;
    }
}

static struct err *feed(struct input *in, struct godump *p, bool *ret_reversed)
{
    _cleanup_buf_ struct buf b = { 0 };
    buf_reserve(&b, SAMPLE);
    for (size_t got = 1; got && b.n < SAMPLE; b.n += got)
        ERR_TRY(input_read(in, b.p + b.n, SAMPLE - b.n, &got));
    if (godump_is_reversed(buf_str(&b))) {
        *ret_reversed = true;
        ERR_TRY(input_read_all(in, DUMP_REVERSED_MAX, &b));
        feed_reversed(p, buf_str(&b));
        return NULL;
    }
    godump_feed(p, buf_str(&b));
    for (size_t got = 1; got;) {
        ERR_TRY(input_read(in, b.p, CHUNK, &got));
        godump_feed(p, str_make(b.p, got));
    }
    return NULL;
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
    struct godump *p = godump_create(d, keep_arguments);
    struct err *e = feed(in, p, &ret->reversed);
    godump_finish(p);
    if (e) return e;
    if (d->n || d->races || d->fatal.p) return NULL;
    if (d->bytes == 0) return err_new(ERR_INPUT, "%s: is empty", buf_cstr(&ret->name));
    return err_new(ERR_INPUT,
                   "%s: no goroutine in %llu bytes, %llu lines; wanted a crash log, a goroutine "
                   "profile with debug=1 or debug=2, or a race report",
                   buf_cstr(&ret->name), (unsigned long long)d->bytes,
                   (unsigned long long)d->lines);
}

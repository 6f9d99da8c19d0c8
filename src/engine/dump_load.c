// SPDX-License-Identifier: Apache-2.0
#include "engine/dump_load.h"

#include "base/mem.h"
#include "decoders/godump.h"
#include "sources/input.h"

enum { CHUNK = 256 * 1024, SAMPLE = 256 * 1024 };

// PowerShell's > writes UTF-16. What a byte order mark at the start says is undone.
struct coding {
    enum { AS_IS, UTF16_LE, UTF16_BE } of;
    bool begun;
    int odd;       // a byte whose other half is yet to come, -1 = none
    uint32_t high; // a surrogate whose other half is yet to come, 0 = none
};

static void add_utf16(struct coding *c, uint32_t unit, struct buf *ret)
{
    if (c->high && unit >= 0xdc00 && unit < 0xe000) {
        buf_add_rune(ret, 0x10000 + ((c->high - 0xd800) << 10) + (unit - 0xdc00));
        c->high = 0;
        return;
    }
    if (c->high) buf_add_rune(ret, 0xfffd);
    c->high = unit >= 0xd800 && unit < 0xdc00 ? unit : 0;
    if (!c->high) buf_add_rune(ret, unit >= 0xdc00 && unit < 0xe000 ? 0xfffd : unit);
}

// The text of the bytes: themselves, or in *room.
static struct str as_utf8(struct coding *c, struct str bytes, struct buf *room)
{
    if (!c->begun && bytes.n) {
        c->begun = true;
        c->odd = -1;
        c->of = str_starts(bytes, STR("\xff\xfe"))   ? UTF16_LE
                : str_starts(bytes, STR("\xfe\xff")) ? UTF16_BE
                                                     : AS_IS;
        if (c->of != AS_IS) bytes = str_sub(bytes, 2, bytes.n);
    }
    if (c->of == AS_IS) return bytes;
    buf_clear(room);
    for (size_t i = 0; i < bytes.n; i++) {
        int byte = (unsigned char)bytes.p[i];
        if (c->odd < 0) {
            c->odd = byte;
            continue;
        }
        int unit = c->of == UTF16_LE ? byte << 8 | c->odd : c->odd << 8 | byte;
        add_utf16(c, (uint32_t)unit, room);
        c->odd = -1;
    }
    return buf_str(room);
}

static struct err *feed(struct input *in, struct dump *d, bool keep_arguments, bool *ret_reversed)
{
    struct coding coding = { .of = AS_IS };
    _cleanup_buf_ struct buf text = { 0 };
    _cleanup_buf_ struct buf b = { 0 };
    struct err *broke = NULL;
    struct godump_options options = { .keep_arguments = keep_arguments };
    buf_reserve(&b, SAMPLE);
    for (size_t got = 1; !broke && got && b.n < SAMPLE; b.n += got) {
        got = 0;
        broke = input_read(in, b.p + b.n, SAMPLE - b.n, &got);
    }
    struct str sample = as_utf8(&coding, buf_str(&b), &text);
    *ret_reversed = godump_look_ahead(sample, &options.wrap);
    struct godump *p = godump_create(d, &options);
    if (*ret_reversed) {
        if (!broke) broke = input_read_all(in, DUMP_REVERSED_MAX, &b);
        coding.begun = false;
        godump_feed_reversed(p, as_utf8(&coding, buf_str(&b), &text));
    } else {
        godump_feed(p, sample);
        for (size_t got = 1; !broke && got;) {
            got = 0;
            broke = input_read(in, b.p, CHUNK, &got);
            godump_feed(p, as_utf8(&coding, str_make(b.p, got), &text));
        }
    }
    godump_finish(p);
    if (coding.of != AS_IS) d->bytes = input_bytes(in);
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

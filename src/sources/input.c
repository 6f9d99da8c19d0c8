// SPDX-License-Identifier: Apache-2.0
#include "sources/input.h"

#include "base/mem.h"
#include "sources/input_url.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

enum {
    MAGIC_BYTES = 4,
    RAW_BYTES = 128 * 1024,
    READ_ALL_STEP = 256 * 1024,
};

enum coding { CODING_NONE, CODING_GZIP, CODING_ZSTD };

struct input {
    char *name;
    int fd;                // -1 for a URL
    bool owned;            // fd is ours to close
    struct input_url *url; // NULL for a file
    struct input_options opts;
    char magic[MAGIC_BYTES]; // read ahead at the start
    size_t magic_n, magic_at;
    uint64_t raw_bytes, bytes;
    enum coding coding;
    char *raw; // compressed bytes not yet expanded: raw[raw_at … raw_n)
    size_t raw_at, raw_n;
    bool raw_end, in_member; // in_member: a gzip member or zstd frame is not complete
    bool inflating;          // z is initialised
    z_stream z;
    ZSTD_DStream *zstd;
    struct err *failed;
};

static struct err *copy_err(const struct err *e)
{
    return err_new(e->kind, "%s", e->text);
}

bool input_is_url(const char *name)
{
    return strncasecmp(name, "http://", 7) == 0 || strncasecmp(name, "https://", 8) == 0;
}

const char *input_name(const struct input *in)
{
    return in->name;
}

uint64_t input_bytes(const struct input *in)
{
    return in->bytes;
}

// The bytes as they lie there, still compressed.
static struct err *read_source(struct input *in, void *p, size_t n, size_t *ret_n)
{
    if (in->magic_at < in->magic_n) {
        size_t have = in->magic_n - in->magic_at;
        *ret_n = have < n ? have : n;
        memcpy(p, in->magic + in->magic_at, *ret_n);
        in->magic_at += *ret_n;
        return NULL;
    }
    if (in->url) {
        ERR_TRY(input_url_read(in->url, p, n, ret_n));
    } else {
        ssize_t got;
        do got = read(in->fd, p, n);
        while (got < 0 && errno == EINTR);
        if (got < 0) return err_sys(ERR_CANNOT, errno, "%s: reading failed", in->name);
        *ret_n = (size_t)got;
    }
    in->raw_bytes += *ret_n;
    return NULL;
}

static struct err *read_magic(struct input *in)
{
    size_t n = 0;
    while (n < MAGIC_BYTES) {
        size_t got = 0;
        ERR_TRY(read_source(in, in->magic + n, MAGIC_BYTES - n, &got));
        if (got == 0) break;
        n += got;
    }
    in->magic_n = n;
    if (n >= 3 && memcmp(in->magic, "\x1f\x8b\x08", 3) == 0) in->coding = CODING_GZIP;
    if (n >= 4 && memcmp(in->magic, "\x28\xb5\x2f\xfd", 4) == 0) in->coding = CODING_ZSTD;
    if (in->coding) in->raw = mem_alloc(RAW_BYTES);
    if (in->coding == CODING_ZSTD) {
        in->zstd = ZSTD_createDStream();
        if (!in->zstd) return err_new(ERR_CANNOT, "%s: no memory for zstd", in->name);
    }
    return NULL;
}

static struct err *open_file(struct input *in, const char *path)
{
    if (strcmp(path, "-") == 0) {
        in->fd = STDIN_FILENO;
        return NULL;
    }
    in->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (in->fd < 0) return err_sys(ERR_CANNOT, errno, "%s", path);
    in->owned = true;
    struct stat st;
    if (fstat(in->fd, &st) == 0 && S_ISDIR(st.st_mode))
        return err_new(ERR_CANNOT, "%s: is a directory; name a file in it", path);
    posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL); // a hint: failing changes nothing
    return NULL;
}

struct err *input_open(const char *name, const struct input_options *opts, struct input **ret)
{
    _cleanup_input_ struct input *in = mem_zalloc(sizeof(*in));
    in->fd = -1;
    if (opts) in->opts = *opts;
    if (input_is_url(name)) {
        ERR_TRY(input_url_open(name, in->opts.pprof, in->opts.otherwise, &in->url));
        in->name = mem_strdup(input_url_name(in->url));
    } else {
        in->name = mem_strdup(strcmp(name, "-") == 0 ? "stdin" : name);
        ERR_TRY(open_file(in, name));
    }
    if (in->opts.decompress) ERR_TRY(read_magic(in));
    *ret = take_ptr(&in);
    return NULL;
}

static struct err *fill_raw(struct input *in)
{
    if (in->raw_at < in->raw_n || in->raw_end) return NULL;
    in->raw_at = in->raw_n = 0;
    ERR_TRY(read_source(in, in->raw, RAW_BYTES, &in->raw_n));
    in->raw_end = in->raw_n == 0;
    return NULL;
}

static struct err *cut_short(const struct input *in, const char *what)
{
    return err_new(
        ERR_INPUT, "%s: the %s data ends in the middle, at byte %llu (it expands to %llu)",
        in->name, what, (unsigned long long)in->raw_bytes, (unsigned long long)in->bytes);
}

static struct err *read_gzip(struct input *in, void *p, size_t n, size_t *ret_n)
{
    *ret_n = 0;
    while (*ret_n == 0) {
        ERR_TRY(fill_raw(in));
        if (in->raw_end) return in->in_member ? cut_short(in, "gzip") : NULL;
        if (!in->in_member) { // the first member, or one more behind it
            if (in->inflating && in->raw[in->raw_at] != '\x1f') { // padding, as gzip(1) ignores it
                in->raw_end = true;
                return NULL;
            }
            int init = in->inflating ? inflateReset(&in->z) : inflateInit2(&in->z, 15 + 16);
            if (init != Z_OK) return err_new(ERR_CANNOT, "%s: zlib does not start", in->name);
            in->inflating = in->in_member = true;
        }
        in->z.next_in = (Bytef *)in->raw + in->raw_at;
        in->z.avail_in = (uInt)(in->raw_n - in->raw_at);
        in->z.next_out = p;
        in->z.avail_out = n > UINT32_MAX ? UINT32_MAX : (uInt)n;
        uInt room = in->z.avail_out;
        int r = inflate(&in->z, Z_NO_FLUSH);
        in->raw_at = in->raw_n - in->z.avail_in;
        *ret_n = room - in->z.avail_out;
        if (r == Z_STREAM_END)
            in->in_member = false;
        else if (r != Z_OK && r != Z_BUF_ERROR)
            return err_new(ERR_INPUT, "%s: damaged gzip data before byte %llu: %s", in->name,
                           (unsigned long long)in->raw_bytes, in->z.msg ? in->z.msg : "bad stream");
    }
    return NULL;
}

static struct err *read_zstd(struct input *in, void *p, size_t n, size_t *ret_n)
{
    ZSTD_outBuffer out = { p, n, 0 };
    while (out.pos == 0) {
        ERR_TRY(fill_raw(in));
        if (in->raw_end && !in->in_member) break;
        ZSTD_inBuffer from = { in->raw, in->raw_n, in->raw_at };
        size_t r = ZSTD_decompressStream(in->zstd, &out, &from);
        if (ZSTD_isError(r))
            return err_new(ERR_INPUT, "%s: damaged zstd data before byte %llu: %s", in->name,
                           (unsigned long long)in->raw_bytes, ZSTD_getErrorName(r));
        bool stuck = in->raw_end && out.pos == 0;
        in->raw_at = from.pos;
        in->in_member = r != 0;
        if (stuck && in->in_member) return cut_short(in, "zstd");
    }
    *ret_n = out.pos;
    return NULL;
}

static struct err *check_limits(const struct input *in)
{
    if (in->opts.limit_bytes && in->bytes > in->opts.limit_bytes)
        return err_new(ERR_INPUT, "%s: more than %llu bytes, the limit here", in->name,
                       (unsigned long long)in->opts.limit_bytes);
    if (in->coding && in->bytes > INPUT_BOMB_BYTES &&
        in->bytes / INPUT_BOMB_RATIO > in->raw_bytes - (in->raw_n - in->raw_at))
        return err_new(ERR_INPUT,
                       "%s: %llu compressed bytes expand to %llu and more, which looks like a gzip "
                       "bomb; if it is not, expand it yourself and name the result",
                       in->name, (unsigned long long)in->raw_bytes, (unsigned long long)in->bytes);
    return NULL;
}

static struct err *read_some(struct input *in, void *p, size_t n, size_t *ret_n)
{
    switch (in->coding) {
    case CODING_GZIP: ERR_TRY(read_gzip(in, p, n, ret_n)); break;
    case CODING_ZSTD: ERR_TRY(read_zstd(in, p, n, ret_n)); break;
    case CODING_NONE: ERR_TRY(read_source(in, p, n, ret_n)); break;
    }
    in->bytes += *ret_n;
    return check_limits(in);
}

struct err *input_read(struct input *in, void *p, size_t n, size_t *ret_n)
{
    if (in->failed) return copy_err(in->failed);
    size_t got = 0;
    in->failed = read_some(in, p, n, &got);
    if (in->failed) return copy_err(in->failed);
    *ret_n = got;
    return NULL;
}

struct err *input_read_all(struct input *in, uint64_t limit_bytes, struct buf *ret)
{
    size_t before = ret->n;
    for (;;) {
        buf_reserve(ret, READ_ALL_STEP);
        size_t got = 0;
        ERR_TRY(input_read(in, ret->p + ret->n, READ_ALL_STEP, &got));
        if (got == 0) break;
        ret->n += got;
        if (ret->n - before > limit_bytes)
            return err_new(ERR_INPUT, "%s: more than %llu bytes, the limit here", in->name,
                           (unsigned long long)limit_bytes);
    }
    ret->p[ret->n] = 0;
    return NULL;
}

void input_close(struct input *in)
{
    if (!in) return;
    if (in->owned) close(in->fd);
    input_url_close(in->url);
    if (in->inflating) inflateEnd(&in->z);
    ZSTD_freeDStream(in->zstd);
    err_free(in->failed);
    free(in->raw);
    free(in->name);
    free(in);
}

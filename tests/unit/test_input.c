// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"
#include "sources/input.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <zlib.h>
#include <zstd.h>

static char path[64];

static void put_file(const void *p, size_t n)
{
    snprintf(path, sizeof(path), "/tmp/maptrap-test-input-%d", (int)getpid());
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(p, 1, n, f) == n && fclose(f) == 0);
}

static struct err *read_whole(const char *name, const struct input_options *o, size_t step,
                              struct buf *ret)
{
    _cleanup_input_ struct input *in = NULL;
    ERR_TRY(input_open(name, o, &in));
    for (;;) {
        size_t got = 0;
        buf_reserve(ret, step);
        ERR_TRY(input_read(in, ret->p + ret->n, step, &got));
        if (!got) break;
        ret->n += got;
    }
    CHECK_INT(input_bytes(in), ret->n);
    return NULL;
}

// n bytes that compress to about a fifth, as one gzip member.
static struct buf gzip_of(const void *p, size_t n)
{
    struct buf b = { 0 };
    buf_reserve(&b, compressBound(n) + 64);
    z_stream z = { .next_in = (Bytef *)(uintptr_t)p, .avail_in = (uInt)n };
    z.next_out = (Bytef *)b.p;
    z.avail_out = (uInt)b.cap;
    CHECK(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
    b.n = z.total_out;
    deflateEnd(&z);
    return b;
}

static char *text_of(size_t n)
{
    char *t = mem_alloc(n);
    for (size_t i = 0; i < n; i++) t[i] = "goroutine "[(i * i / 7 + i) % 10];
    return t;
}

static void test_plain(void)
{
    enum { N = 300000 };
    _cleanup_free_ char *t = text_of(N);
    put_file(t, N);
    const struct input_options options[] = { { 0 }, { .decompress = true } };
    for (int i = 0; i < 2; i++) {
        _cleanup_buf_ struct buf b = { 0 };
        CHECK_OK(read_whole(path, &options[i], 777, &b));
        CHECK(b.n == N && memcmp(b.p, t, N) == 0);
    }
    put_file("ab", 2); // shorter than a magic
    _cleanup_buf_ struct buf b = { 0 };
    CHECK_OK(read_whole(path, &options[1], 10, &b));
    CHECK_STR(buf_str(&b), "ab");
}

static void test_compressed(void)
{
    enum { N = 300000 };
    const struct input_options o = { .decompress = true };
    _cleanup_free_ char *t = text_of(N);
    _cleanup_buf_ struct buf gz = gzip_of(t, N / 2), second = gzip_of(t + N / 2, N / 2);
    buf_addstr(&gz, buf_str(&second)); // two members
    buf_add(&gz, "\0\0\0", 3);         // and padding
    put_file(gz.p, gz.n);
    _cleanup_buf_ struct buf b = { 0 };
    CHECK_OK(read_whole(path, &o, 1000, &b));
    CHECK(b.n == N && memcmp(b.p, t, N) == 0);

    put_file(gz.p, gz.n / 3); // in the first member
    buf_clear(&b);
    CHECK_ERR(read_whole(path, &o, 1000, &b), ERR_INPUT, "gzip data ends in the middle");
    gz.p[gz.n / 3] ^= 0x55;
    put_file(gz.p, gz.n);
    buf_clear(&b);
    CHECK_ERR(read_whole(path, &o, 1000, &b), ERR_INPUT, "damaged gzip");

    _cleanup_free_ char *z = mem_alloc(ZSTD_compressBound(N));
    size_t zn = ZSTD_compress(z, ZSTD_compressBound(N), t, N, 3);
    put_file(z, zn);
    buf_clear(&b);
    CHECK_OK(read_whole(path, &o, 1000, &b));
    CHECK(b.n == N && memcmp(b.p, t, N) == 0);
    put_file(z, zn - 9);
    buf_clear(&b);
    CHECK_ERR(read_whole(path, &o, 1000, &b), ERR_INPUT, "zstd data ends in the middle");
}

static void test_limits(void)
{
    enum { N = 80 << 20 };
    _cleanup_free_ char *t = mem_zalloc(N);
    _cleanup_buf_ struct buf gz = gzip_of(t, N);
    put_file(gz.p, gz.n);
    _cleanup_input_ struct input *in = NULL;
    CHECK_OK(input_open(path, &(struct input_options) { .decompress = true }, &in));
    _cleanup_buf_ struct buf b = { 0 };
    CHECK_ERR(input_read_all(in, 1 << 20, &b), ERR_INPUT, "more than 1048576 bytes");
    CHECK_ERR(input_read_all(in, N, &b), ERR_INPUT, "gzip bomb");
    CHECK_ERR(input_read_all(in, N, &b), ERR_INPUT, "gzip bomb"); // and again
    buf_clear(&b);
    CHECK_ERR(read_whole(path, &(struct input_options) { .limit_bytes = 100 }, 64, &b), ERR_INPUT,
              "more than 100 bytes");
}

static void test_bad_names(void)
{
    struct input *in = NULL;
    CHECK_ERR(input_open("/nonexistent/x", NULL, &in), ERR_CANNOT, "No such file");
    CHECK_ERR(input_open("/tmp", NULL, &in), ERR_CANNOT, "is a directory");
    CHECK(in == NULL);
    CHECK(input_is_url("HTTP://x") && input_is_url("https://x/") && !input_is_url("http"));
}

struct server {
    int fd;
    unsigned port;
    pthread_t thread;
};

// Answers one request a connection, by what its path says; ends at /stop.
static void *serve(void *arg)
{
    struct server *s = arg;
    for (bool stop = false; !stop;) {
        int c = accept(s->fd, NULL, NULL);
        if (c < 0) break;
        char req[4096] = "";
        ssize_t n = read(c, req, sizeof(req) - 1);
        req[n > 0 ? n : 0] = 0;
        const char *a = "HTTP/1.1 404 Not Found\r\nContent-Length: 15\r\n\r\n404 not\x1b found\n";
        if (strstr(req, "GET /debug/pprof/goroutine?debug=2 "))
            a = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ngoroutine";
        else if (strstr(req, "GET /redirect "))
            a = "HTTP/1.1 302 Found\r\nLocation: /redirect\r\nContent-Length: 0\r\n\r\n";
        else if (strstr(req, "GET /short "))
            a = "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\ngoroutine";
        else if (strstr(req, "GET /file "))
            a = "HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n";
        stop = strstr(req, "GET /stop ") != NULL;
        CHECK(write(c, a, strlen(a)) == (ssize_t)strlen(a));
        close(c);
    }
    return NULL;
}

static struct err *get(const struct server *s, const char *rest, struct buf *ret)
{
    char url[256];
    snprintf(url, sizeof(url), "http://u:secret@127.0.0.1:%u%s", s->port, rest);
    buf_clear(ret);
    const struct input_options o = { .decompress = true,
                                     .pprof = "goroutine?debug=2",
                                     .otherwise = "or use --pid" };
    return read_whole(url, &o, 4, ret);
}

static void test_url(void)
{
    struct server s = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    struct sockaddr_in sa = { .sin_family = AF_INET };
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof(sa);
    CHECK(bind(s.fd, (struct sockaddr *)&sa, len) == 0 && listen(s.fd, 8) == 0);
    CHECK(getsockname(s.fd, (struct sockaddr *)&sa, &len) == 0);
    s.port = ntohs(sa.sin_port);
    CHECK(pthread_create(&s.thread, NULL, serve, &s) == 0);

    _cleanup_buf_ struct buf b = { 0 };
    const char *const same[] = { "", "/", "/debug/pprof", "/debug/pprof/",
                                 "/debug/pprof/goroutine?debug=2" };
    for (size_t i = 0; i < array_size(same); i++) {
        CHECK_OK(get(&s, same[i], &b));
        CHECK_STR(buf_str(&b), "goroutine");
    }
    CHECK_ERR(get(&s, "/other", &b), ERR_CANNOT,
              "/other: HTTP status 404; it says \"404 not  found\"");
    CHECK_ERR(get(&s, "/other", &b), ERR_CANNOT, "net/http/pprof");
    CHECK_ERR(get(&s, "/other", &b), ERR_CANNOT, "or use --pid");
    CHECK_ERR(get(&s, "/redirect", &b), ERR_CANNOT, "redirect");
    CHECK_ERR(get(&s, "/file", &b), ERR_CANNOT, "rotocol");
    CHECK_ERR(get(&s, "/short", &b), ERR_CANNOT, "81 bytes remaining");
    CHECK_STR(buf_str(&b), "goroutine");
    struct err *e = get(&s, "/stop", &b);
    CHECK(e && !strstr(e->text, "secret"));
    err_free(e);
    pthread_join(s.thread, NULL);
    close(s.fd);
    CHECK_ERR(get(&s, "/", &b), ERR_CANNOT, "nothing listens there");
    unlink(path);
}

TEST_MAIN(TEST(test_plain), TEST(test_compressed), TEST(test_limits), TEST(test_bad_names),
          TEST(test_url))

// SPDX-License-Identifier: Apache-2.0
// The goroutine dump decoder: what is bounded, and what a stream of lines may do to it. What it
// makes of real dumps: godump_mangle_test.py, godump_oracle_test.py and the golden cases.
#include "base/buf.h"
#include "decoders/godump.h"

#include "test.h"

static struct dump parse(struct str text)
{
    struct dump d = { 0 };
    struct godump *p = godump_create(&d, &(struct godump_options) { .wrap = 0 });
    godump_feed(p, text);
    godump_finish(p);
    return d;
}

static uint64_t in_groups(const struct dump *d)
{
    uint64_t n = 0;
    for (size_t i = 0; i < d->group.n; i++) n += d->group.p[i].count;
    return n;
}

static void long_line(void)
{
    struct dump d = { 0 };
    struct godump *p = godump_create(&d, &(struct godump_options) { .wrap = 0 });
    _cleanup_buf_ struct buf part = { 0 };
    for (size_t i = 0; i < 1 << 20; i++) buf_addc(&part, 'x');
    for (size_t i = 0; i < (GODUMP_LINE_MAX >> 20) + 4; i++) godump_feed(p, buf_str(&part));
    godump_feed(p, STR("\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/src/a.go:7 +0x1d\n"));
    godump_finish(p);
    CHECK_INT(d.lines_too_long, 1);
    CHECK_INT(d.n, 1);
    CHECK_INT(d.frame.p[0].line, 7);
    dump_deinit(&d);
}

static void too_many_goroutines(void)
{
    enum { MORE = 1000, ALL = GODUMP_RECORDS_MAX + MORE };
    struct dump d = { 0 };
    struct godump *p = godump_create(&d, &(struct godump_options) { .wrap = 0 });
    _cleanup_buf_ struct buf b = { 0 };
    for (int i = 1; i <= ALL; i++) {
        buf_clear(&b);
        buf_printf(&b, "goroutine %d [select]:\nmain.f(0x1)\n\t/src/a.go:7 +0x1d\n\n", i);
        godump_feed(p, buf_str(&b));
    }
    godump_finish(p);
    CHECK_INT(d.n, GODUMP_RECORDS_MAX);
    CHECK_INT(d.not_kept, MORE);
    CHECK_INT(d.goroutines, ALL);
    CHECK_INT(in_groups(&d), ALL);
    CHECK_INT(d.group.n, 1);
    dump_deinit(&d);
}

static void too_many_names(void)
{
    enum { ALL = 700000 };
    struct dump d = { 0 };
    struct godump *p = godump_create(&d, &(struct godump_options) { .wrap = 0 });
    _cleanup_buf_ struct buf b = { 0 };
    for (int i = 1; i <= ALL; i++) {
        buf_clear(&b);
        buf_printf(&b,
                   "goroutine %d [select]:\nmain.f%d(0x1)\n\t/src/f%d.go:%d +0x1d\n"
                   "main.g%d(0x1)\n\t/src/g.go:%d +0x1d\n\n",
                   i, i, i, i, i, i);
        godump_feed(p, buf_str(&b));
    }
    godump_finish(p);
    CHECK(d.merged > 0);
    CHECK(d.arena.used < (size_t)GODUMP_TEXT_MAX);
    CHECK_INT(d.goroutines, ALL);
    CHECK_INT(in_groups(&d), ALL);
    dump_deinit(&d);
}

// Both sides notice: two lines, then the first of them. It is the one that died.
static void both_died(void)
{
    struct dump d = parse(STR("fatal error: concurrent map writes\n"
                              "fatal error: concurrent map writes\n\n"
                              "goroutine 7 [running]:\nmain.f(0x1)\n\t/src/a.go:7 +0x1d\n\n"
                              "goroutine 8 [running]:\n"
                              "\tgoroutine running on other thread; stack unavailable\n\n"
                              "goroutine 8 [running]:\nmain.g(0x1)\n\t/src/a.go:9 +0x1d\n"));
    CHECK_INT(d.dumps, 1);
    CHECK_INT(d.fatal_goroutine, 7);
    CHECK_INT(d.fatal_record, 0);
    CHECK_INT(d.n, 2); // goroutine 8 is shown twice, and is one
    CHECK_INT(d.goroutines, 2);
    CHECK(!dump_group_of(&d, 1)->unavailable);
    CHECK_INT(in_groups(&d), 2);
    dump_deinit(&d);
}

// A panic in a deferred function, or raised again by it, is printed below the one that led to it;
// lines after the next crash are told from its text.
static void panics_that_led_to_one_another(void)
{
    static const char crash[] = "panic: boom [recovered]\n"
                                "%spanic: wrapped: boom\n\n"
                                "goroutine 7 [running]:\nmain.f(0x1)\n\t/src/a.go:7 +0x1d\n\n"
                                "goroutine 8 [select]:\nmain.g(0x1)\n\t/src/a.go:9 +0x1d\n\n";
    static const char *const indents[] = { "\t", "" };
    for (size_t i = 0; i < array_size(indents); i++) {
        _cleanup_buf_ struct buf b = { 0 };
        buf_printf(&b, crash, indents[i]);
        buf_printf(&b, crash, indents[i]);
        buf_adds(&b, "one more line\nof a service\nthat logs\n");
        struct dump d = parse(buf_str(&b));
        CHECK_STR(d.fatal, "panic: boom [recovered]");
        CHECK_INT(d.fatal_goroutine, 7);
        CHECK_INT(d.fatal_record, 0);
        CHECK_INT(d.dumps, 2);
        CHECK_INT(d.lines_not_understood, 3);
        dump_deinit(&d);
    }
}

// A panic that was recovered from and logged is not the one that a later crash dies of.
static void a_panic_that_was_only_logged(void)
{
    struct dump d = parse(STR("panic: handled\n"
                              "panic: boom\n\n"
                              "goroutine 7 [running]:\nmain.f(0x1)\n\t/src/a.go:7 +0x1d\n"));
    CHECK_STR(d.fatal, "panic: boom");
    CHECK_INT(d.fatal_goroutine, 7);
    dump_deinit(&d);
}

#define SHOWN(id, f) "goroutine " id " [running]:\nmain." f "(0x1)\n\t/src/a.go:7 +0x1d\n\n"

// Whatever was recovered from before: what ended the process counts, and a fatal map error most.
static void what_is_said_of_several(void)
{
    static const char served[] = "2024/01/02 03:04:06 http: panic serving 127.0.0.1:44242: oh\n"
                                 "goroutine 5 [running]:\nnet/http.(*conn).serve.func1()\n"
                                 "\t/go/server.go:1947 +0xbe\npanic({0x1, 0x2})\n"
                                 "\t/go/panic.go:787 +0x132\nmain.h(0x1)\n\t/src/a.go:7 +0x1d\n\n";
    static const struct {
        const char *more, *fatal;
        unsigned goroutine;
    } cases[] = {
        { "", "panic: oh [recovered by net/http]", 5 },
        { "panic: boom\n\n" SHOWN("7", "f"), "panic: boom", 7 },
        { "fatal error: concurrent map writes\n\n" SHOWN("8", "f"), "concurrent map writes", 8 },
        { "SIGBUS: bus error\nPC=0x7f m=0 sigcode=0\n\ngoroutine 0 [idle]:\nruntime.f(0x1)\n"
          "\t/go/a.go:7 +0x1d\n\n" SHOWN("1", "f"),
          "SIGBUS: bus error", 0 },
        { "SIGABRT: abort\nPC=0x7f m=0 sigcode=0\nsignal arrived during cgo execution\n\n" SHOWN(
              "9", "_Cfunc_f"),
          "SIGABRT: abort", 9 },
        { "two | panic: of two\nthree | panic: of three\n"
          "two | goroutine 3 [running]:\nthree | goroutine 4 [running]:\n",
          "panic: of three", 4 },
    };
    for (size_t i = 0; i < array_size(cases); i++) {
        _cleanup_buf_ struct buf b = { 0 };
        buf_printf(&b, "%s%s", served, cases[i].more);
        struct dump d = parse(buf_str(&b));
        CHECK_STR(d.fatal, cases[i].fatal);
        CHECK_INT(d.fatal_goroutine, cases[i].goroutine);
        CHECK_INT(d.fatal_record < d.n, cases[i].goroutine != 0);
        CHECK_INT(d.lines_not_understood, 0);
        CHECK_INT(d.recovered, 1);
        CHECK_INT(dump_crashes(&d), i < 5 ? i > 0 : 2);
        dump_deinit(&d);
    }
}

// Nothing says where a profile with debug=2 begins.
static void two_without_a_header(void)
{
    static const char one[] = "goroutine 1 [running]:\nmain.f(0x1)\n\t/src/a.go:7 +0x1d\n\n"
                              "goroutine 2 [select]:\nmain.g(0x1)\n\t/src/a.go:9 +0x1d\n\n";
    _cleanup_buf_ struct buf b = { 0 };
    buf_printf(&b, "%s%s", one, one);
    struct dump d = parse(buf_str(&b));
    CHECK_INT(d.dumps, 2);
    CHECK_INT(dump_at(&d, 1)->dump, 1);
    CHECK_INT(dump_at(&d, 3)->dump, 2);
    dump_deinit(&d);
}

// Two processes, line by line, with nothing to tell them apart: it must show.
static void mixed_lines(void)
{
    struct dump d = parse(STR("goroutine 1 [running]:\ngoroutine 1 [select]:\nmain.f(0x1)\n"
                              "main.g(0x1)\n\t/src/a.go:7 +0x1d\n\t/src/a.go:9 +0x1d\n"));
    CHECK_INT(d.placeless, 1);
    CHECK_INT(d.lines_not_understood, 1);
    dump_deinit(&d);
}

// More processes than can be told apart at a time, one after the other: none is lost.
static void many_prefixes(void)
{
    enum { ALL = GODUMP_STREAMS * 3 };
    struct dump d = { 0 };
    struct godump *p = godump_create(&d, &(struct godump_options) { .wrap = 0 });
    _cleanup_buf_ struct buf b = { 0 };
    for (int i = 1; i <= ALL; i++) {
        buf_clear(&b);
        for (const char *const *l = (const char *const[]) { "goroutine 1 [running]:", "main.f(0x1)",
                                                            "\t/src/a.go:7 +0x1d", NULL };
             *l; l++)
            buf_printf(&b, "Nov 24 10:00:00 web1 shop[%d]: %s\n", 1000 + i, *l);
        godump_feed(p, buf_str(&b));
    }
    godump_finish(p);
    CHECK_INT(d.goroutines, ALL);
    CHECK_INT(d.group.n, 1);
    CHECK_INT(d.lines_not_understood, 0);
    dump_deinit(&d);
}

static void order_of_lines(void)
{
    size_t wrap;
    CHECK(!godump_look_ahead(STR("goroutine 1 [running]:\nmain.f(0x1)\n\t/src/a.go:7 +0x1d\n"),
                             &wrap));
    CHECK(godump_look_ahead(STR("\t/src/a.go:7 +0x1d\nmain.f(0x1)\ngoroutine 1 [running]:\n"),
                            &wrap));
    CHECK(!godump_look_ahead(STR(""), &wrap));
    CHECK_INT(wrap, 0);
}

TEST_MAIN(TEST(long_line), TEST(too_many_goroutines), TEST(too_many_names), TEST(both_died),
          TEST(panics_that_led_to_one_another), TEST(a_panic_that_was_only_logged),
          TEST(what_is_said_of_several), TEST(two_without_a_header), TEST(mixed_lines),
          TEST(many_prefixes), TEST(order_of_lines))

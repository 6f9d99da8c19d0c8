// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/map.h"
#include "base/term.h"
#include "base/vec.h"
#include "test.h"

static void test_str(void)
{
    struct str rest = STR("a,b,,c"), piece;
    const char *want[] = { "a", "b", "", "c" };
    size_t n = 0;
    while (str_split(&rest, ',', &piece)) CHECK_STR(piece, want[n++]);
    CHECK_INT(n, 4);
    CHECK(str_find(STR("hello"), STR("ll")) == 2);
    CHECK(str_find(STR("hello"), STR("x")) == STR_NPOS);
    CHECK(str_cmp(STR("a"), STR("ab")) < 0);
    CHECK_STR(str_trim(STR(" \t x y\r\n")), "x y");
    uint64_t v;
    CHECK(str_to_u64(STR("c000ff"), 16, &v) && v == 0xc000ff);
    CHECK(!str_to_u64(STR("18446744073709551616"), 10, &v));
    CHECK(!str_to_u64(STR("12x"), 10, &v));
    CHECK(!str_to_u64(STR(""), 10, &v));
}

static void test_cursor(void)
{
    static const char bytes[] = "\x01\x02\x03\x04\xac\x02name\0tail";
    struct cursor c = cursor_make("section .x", str_make(bytes, sizeof(bytes) - 1));
    CHECK_INT(cursor_u32(&c), 0x04030201);
    CHECK_INT(cursor_uvarint(&c), 300);
    CHECK_STR(cursor_cstr(&c), "name");
    CHECK_STR(cursor_bytes(&c, 4), "tail");
    CHECK_OK(cursor_err(&c));
    CHECK_INT(cursor_u16(&c), 0);
    CHECK_ERR(cursor_err(&c), ERR_INPUT, "section .x: 2 bytes wanted at offset 0xf");
    CHECK_INT(cursor_left(&c), 0);

    c = cursor_make("long varint", STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    cursor_uvarint(&c);
    CHECK(c.bad);
    c = cursor_make("huge", STR("abc"));
    cursor_bytes(&c, UINT64_MAX);
    CHECK(c.bad);
    c = cursor_make("no end", STR("abc"));
    cursor_cstr(&c);
    CHECK(c.bad);
}

static void test_arena(void)
{
    struct arena a = { 0 };
    char *first = arena_printf(&a, "%d-%s", 7, "x");
    for (int i = 0; i < 1000; i++) {
        char *p = arena_alloc(&a, 1000);
        CHECK(p[0] == 0 && p[999] == 0 && ((uintptr_t)p & 15) == 0);
        memset(p, 1, 1000);
    }
    arena_alloc(&a, 1 << 20);
    CHECK(strcmp(first, "7-x") == 0);
    arena_deinit(&a);
    CHECK_INT(a.used, 0);
}

static void test_map(void)
{
    struct map m = { 0 };
    for (uint64_t i = 0; i < 10000; i++) {
        bool fresh;
        *map_put(&m, i * 4096, &fresh) = i;
        CHECK(fresh);
    }
    for (uint64_t i = 0; i < 10000; i++) CHECK_INT(*map_get(&m, i * 4096), i);
    CHECK(!map_get(&m, 1));
    CHECK_INT(m.n, 10000);
    map_deinit(&m);

    struct strmap s = { 0 };
    *strmap_put(&s, STR("a"), NULL) = 1;
    *strmap_put(&s, STR("b"), NULL) = 2;
    CHECK_INT(*strmap_get(&s, STR("a")), 1);
    CHECK(!strmap_get(&s, STR("c")));
    strmap_deinit(&s);
}

static void test_json(void)
{
    struct buf out = { 0 };
    struct json j;
    json_init(&j, &out, 0);
    json_object(&j);
    json_key(&j, "s"), json_str(&j, STR("q\"\\\n\x01\xff é"));
    json_key(&j, "a");
    json_array(&j);
    json_int(&j, -3);
    json_uint(&j, UINT64_MAX);
    json_double(&j, 0.5);
    json_double(&j, 1.0 / 0.0);
    json_bool(&j, true);
    json_null(&j);
    json_object(&j);
    json_end(&j);
    json_end(&j);
    json_end(&j);
    json_deinit(&j);
    CHECK_STR(buf_str(&out), "{\"s\":\"q\\\"\\\\\\n\\u0001\\ufffd é\",\"a\":[-3,"
                             "18446744073709551615,0.5,null,true,null,{}]}\n");
    buf_deinit(&out);
}

static void test_clock(void)
{
    uint64_t v;
    CHECK_OK(clock_parse_duration(STR("1.5s"), &v));
    CHECK_INT(v, 1500000000);
    CHECK_OK(clock_parse_duration(STR("200ms"), &v));
    CHECK_INT(v, 200000000);
    CHECK_ERR(clock_parse_duration(STR("soon"), &v), ERR_USAGE, "not a time");
    CHECK_ERR(clock_parse_duration(STR("-1s"), &v), ERR_USAGE, "not a time");
    CHECK_OK(clock_parse_size(STR("10MB"), &v));
    CHECK_INT(v, 10 << 20);
    char text[40];
    clock_rfc3339(clock_now_ns(), text);
    CHECK(strlen(text) == 27 && text[10] == 'T' && text[26] == 'Z');
}

static void test_err(void)
{
    struct err *e = err_wrap(err_new(ERR_CANNOT, "no %s", "luck"), "pid %d", 7);
    CHECK_ERR(err_advise(e, "try again"), ERR_CANNOT, "pid 7: no luck; try again");
}

static void test_vec(void)
{
    VEC(int) v = { 0 };
    for (int i = 0; i < 100; i++) vec_push(&v, i);
    CHECK_INT(v.n, 100);
    CHECK_INT(*vec_last(&v), 99);
    vec_deinit(&v);
}

// What Python's hashlib.blake2b(…, digest_size=32) says.
static void test_hash(void)
{
    static const struct {
        char of;
        size_t n;
        const char *want;
    } rows[] = {
        { 'a', 0, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8" },
        { 'a', 128, "ae2aa48507885c4c950fb809b2076f959cde9f8ea6da260d9a3587df33dac450" },
        { 'a', 129, "2f64744a6de0d2c0b56e64cf6e29a5aaa255010d415d51c75ccc82f73dccd865" },
        { 'x', 1000, "ab75119ede14ef06ebf31f745fb655ed006cccfe8054c635308a557f7c9beaba" },
    };
    for (size_t i = 0; i < array_size(rows); i++) {
        char text[1000], hex[65];
        memset(text, rows[i].of, sizeof(text));
        struct hash whole = hash_of(str_make(text, rows[i].n));
        hash_hex(&whole, hex);
        CHECK_STR(str_from(hex), rows[i].want);
        struct hasher h;
        hasher_init(&h);
        for (size_t k = 0; k < rows[i].n; k += 7)
            hasher_bytes(&h, text + k, rows[i].n - k < 7 ? rows[i].n - k : 7);
        struct hash parts = hasher_final(&h);
        CHECK(memcmp(&whole, &parts, sizeof(whole)) == 0);
    }
}

// Whole, and byte by byte.
static void check_term(struct str in, const char *want)
{
    for (int bytewise = 0; bytewise < 2; bytewise++) {
        _cleanup_buf_ struct buf out = { 0 };
        struct term_filter f = { 0 };
        for (size_t i = 0; bytewise && i < in.n; i++)
            term_filter_add(&f, str_sub(in, i, i + 1), &out);
        if (!bytewise) term_filter_add(&f, in, &out);
        term_filter_end(&f, &out);
        CHECK_STR(buf_str(&out), want);
    }
}

static void test_term(void)
{
    check_term(STR("plain\ttext\n"), "plain\ttext\n");
    check_term(STR("\033[1;31mRACE\033[0m …é"), "\033[1;31mRACE\033[0m …é");
    check_term(STR("key \033]0;title\007"), "key \\x1b]0;title\\x07");
    check_term(STR("\033[2J\033[1m"), "\\x1b[2J\033[1m");
    check_term(STR("\033\033[1m\033["), "\\x1b\033[1m\\x1b[");
    check_term(STR("a\rb\bc\177\0d"), "a\\x0db\\x08c\\x7f\\x00d");
    check_term(STR("\xc2\x9b"
                   "2J \xc2\xa0 \xc2\xc2\x85 \xc2"),
               "\\xc2\\x9b2J \xc2\xa0 \xc2\\xc2\\x85 \\xc2");
    check_term(STR("\033[0123456789012345678m"), "\\x1b[0123456789012345678m");
}

TEST_MAIN(TEST(test_hash), TEST(test_str), TEST(test_cursor), TEST(test_arena), TEST(test_map),
          TEST(test_json), TEST(test_clock), TEST(test_err), TEST(test_vec), TEST(test_term))

// SPDX-License-Identifier: Apache-2.0
// Keys as they are shown: by their type, no byte more than the key has, and nothing invented.
#include "engine/key_text.h"
#include "test.h"

#include <string.h>

static struct arena arena;

static const char *shown(const struct access *a, const struct gotype *key, enum locate_keys how)
{
    struct str s;
    if (!key_text(a, key, how, &arena, &s)) return "(none)";
    return arena_str(&arena, s).p;
}

static bool is(const struct access *a, struct gotype key, const char *want)
{
    const char *got = shown(a, &key, KEYS_SHOW);
    if (strcmp(got, want) != 0) printf("# got %s, wanted %s\n", got, want);
    return strcmp(got, want) == 0;
}

static void test_numbers(void)
{
    struct access a = { .key_kind = ACCESS_KEY_INT, .key_value = 0xfffffffe };
    CHECK(is(&a, (struct gotype) { 4, 5 }, "-2")); // int32
    CHECK(is(&a, (struct gotype) { 4, 10 }, "4294967294"));
    CHECK(is(&a, (struct gotype) { 4, 17 }, "feffffff")); // [4]byte
    a.key_value = UINT64_MAX;
    CHECK(is(&a, (struct gotype) { 8, 2 }, "-1"));
    CHECK(is(&a, (struct gotype) { 8, 11 }, "18446744073709551615"));
    a.key_value = 0xc000012340;
    CHECK(is(&a, (struct gotype) { 8, 22 }, "0xc000012340")); // a pointer
    CHECK(strcmp(shown(&a, NULL, KEYS_SHOW), "824633795392") == 0);
}

// The probe saw sixteen bytes from where the key lies: those behind it are somebody else's.
static void test_bytes(void)
{
    struct access a = { .key_kind = ACCESS_KEY_BYTES, .key_bytes = 16 };
    memset(a.key, 0xaa, 16);
    double d = 2.5;
    memcpy(a.key, &d, sizeof(d));
    struct gotype float64 = { 8, 14 };
    CHECK(is(&a, float64, "2.5"));
    CHECK(strcmp(shown(&a, &float64, KEYS_LEN), "length:8") == 0);
    const char *one = shown(&a, &float64, KEYS_HASH);
    a.key[12] = 1;
    CHECK(strcmp(shown(&a, &float64, KEYS_HASH), one) == 0);
    a.key[0] = 1;
    CHECK(is(&a, (struct gotype) { 1, 1 }, "true"));
    CHECK(is(&a, (struct gotype) { 1, 8 }, "1"));
    CHECK(is(&a, (struct gotype) { 3, 17 }, "010000"));
    CHECK(is(&a, (struct gotype) { 20, 17 }, "0100000000000440aaaaaaaa01aaaaaa…"));
    CHECK(strstr(shown(&a, &(struct gotype) { 20, 17 }, KEYS_HASH), " of the first 16 bytes"));
    CHECK(strcmp(shown(&a, &float64, KEYS_OFF), "(none)") == 0);
}

static void test_unknown(void)
{
    struct access a = { .key_kind = ACCESS_KEY_BYTES, .key_bytes = 16 };
    CHECK(is(&a, (struct gotype) { 16, 20 }, "(none)")); // an interface: a pointer was seen
    CHECK(is(&a, (struct gotype) { 16, 24 }, "(none)")); // a string that could not be read
    CHECK(strcmp(shown(&a, NULL, KEYS_SHOW), "(none)") == 0);
    CHECK(strcmp(shown(&a, NULL, KEYS_HASH), "(none)") == 0);
}

static void test_strings(void)
{
    struct access a = { .key_kind = ACCESS_KEY_STR, .key_value = 3, .key_bytes = 3 };
    memcpy(a.key, "k17", 3);
    CHECK(is(&a, (struct gotype) { 16, 24 }, "k17"));
    CHECK(strcmp(shown(&a, NULL, KEYS_LEN), "length:3") == 0);
    struct str zero;
    memcpy(a.key, "a\0b", 3);
    CHECK(key_text(&a, NULL, KEYS_SHOW, &arena, &zero) && zero.n == 3 && zero.p[2] == 'b');
    memcpy(a.key, "k17", 3);
    a.key_value = 300;
    CHECK(is(&a, (struct gotype) { 16, 24 }, "k17…"));
    CHECK(strstr(shown(&a, NULL, KEYS_HASH), " of the first 3 bytes"));
}

TEST_MAIN(TEST(test_numbers), TEST(test_bytes), TEST(test_unknown), TEST(test_strings))

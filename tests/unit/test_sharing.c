// SPDX-License-Identifier: Apache-2.0
// Which maps are taken for shared: one life of one map, touched by two goroutines.
#include "analyses/sharing.h"
#include "test.h"

enum { MAP = 0xc000100000 };

struct step {
    uint64_t goid, seed;
    enum map_op op;
};

static const struct sharing_map *after(struct sharing *s, const struct step *step, size_t n,
                                       size_t rounds)
{
    uint64_t at = 0;
    for (size_t r = 0; r < rounds; r++)
        for (size_t i = 0; i < n; i++) {
            struct access a = { .time_ns = ++at,
                                .map = MAP,
                                .goid = step[i].goid,
                                .seed = step[i].seed,
                                .op = step[i].op,
                                .n_pcs = 1 };
            a.pc[0] = 0x401000 + step[i].op;
            sharing_add(s, &a);
        }
    return sharing_find(s, MAP);
}

static void test_shared(void)
{
    struct sharing *s = sharing_create();
    static const struct step steps[] = { { 1, 7, MAP_OP_ASSIGN }, { 2, 7, MAP_OP_ASSIGN } };
    const struct sharing_map *m = after(s, steps, 2, 3);
    CHECK(sharing_is_shared(m));
    CHECK_INT(m->accesses, 6);
    CHECK_INT(m->switches, 5);
    sharing_destroy(s);
}

static void test_one_goroutine(void)
{
    struct sharing *s = sharing_create();
    static const struct step steps[] = { { 1, 7, MAP_OP_ASSIGN }, { 1, 7, MAP_OP_DELETE } };
    CHECK(!sharing_is_shared(after(s, steps, 2, 20)));
    sharing_destroy(s);
}

// Maps of requests, one after the other at one address: each was one goroutine's own.
static void test_address_reused(void)
{
    struct sharing *s = sharing_create();
    static const struct step steps[] = { { 1, 7, MAP_OP_ASSIGN },
                                         { 1, 7, MAP_OP_ASSIGN },
                                         { 2, 8, MAP_OP_ASSIGN },
                                         { 2, 8, MAP_OP_ASSIGN },
                                         { 3, 9, MAP_OP_ASSIGN } };
    const struct sharing_map *m = after(s, steps, 5, 20);
    CHECK(!sharing_is_shared(m));
    CHECK_INT(m->accesses, 1);
    CHECK_INT(m->goroutines, 1);
    CHECK_INT(m->goid[0], 3);
    CHECK_INT(m->first_ns, 100);
    sharing_destroy(s);
}

// One map that each of them empties: a new seed each time, and yet the same map.
static void test_emptied(void)
{
    struct sharing *s = sharing_create();
    static const struct step steps[] = { { 1, 7, MAP_OP_ASSIGN },
                                         { 1, 7, MAP_OP_DELETE },
                                         { 2, 8, MAP_OP_ASSIGN },
                                         { 2, 8, MAP_OP_CLEAR } };
    const struct sharing_map *m = after(s, steps, 4, 3);
    CHECK_INT(m->renewals, 5);
    CHECK(!sharing_is_shared(m));
    m = after(s, steps, 4, 2);
    CHECK(sharing_is_shared(m));
    sharing_destroy(s);
}

// Once known to be shared, it stays so.
static void test_shared_then_emptied_unseen(void)
{
    struct sharing *s = sharing_create();
    static const struct step steps[] = { { 1, 7, MAP_OP_ASSIGN },
                                         { 2, 7, MAP_OP_ASSIGN },
                                         { 2, 8, MAP_OP_ASSIGN } };
    const struct sharing_map *m = after(s, steps, 3, 1);
    CHECK(sharing_is_shared(m));
    CHECK_INT(m->accesses, 3);
    sharing_destroy(s);
}

TEST_MAIN(TEST(test_shared), TEST(test_one_goroutine), TEST(test_address_reused),
          TEST(test_emptied), TEST(test_shared_then_emptied_unseen))

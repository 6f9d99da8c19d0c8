// SPDX-License-Identifier: Apache-2.0
// What a line of Go calls the map that it touches.
#include "analyses/map_expr.h"
#include "decoders/gosrc.h"
#include "test.h"

static const char source[] = "package shop\n"
                             "func (c *catalog) refresh(k string) { c.quotes[k] = 1 }\n" // 2
                             "func (c catalog) count(k string) { c.seen[k]++ }\n"        // 3
                             "func (b *box[K, V]) put(k K, v V) { (*b).items[k] = v }\n" // 4
                             "func fill(m map[string]int, s *server) { m[\"a\"] = 1\n"   // 5
                             "\ts.cat.quotes[\"a\"] = 1\n"                               // 6
                             "\tgo func() { delete(s.gone, \"a\") }()\n"                 // 7
                             "\ts.one[1], s.two[1] = 1, 2\n"                             // 8
                             "\tfor _, s := range list {\n"                              // 9
                             "\t\tuse(s)\n\t}\n}\n"                                      // 10-12
                             "func over(h http.Header, r *http.Request) {\n"             // 13
                             "\th[\"a\"] = nil; r.Form[\"b\"] = nil\n"                   // 14
                             "\tr.Form[\"b\"] = nil\n"                                   // 15
                             "\tx := table[\"a\"][1]\n"                                  // 16
                             "\tfor k := range r.Form { use(k) }\n"                      // 17
                             "\tclear(r.Trailer)\n"                                      // 18
                             "\tget().m[k] = 1\n"                                        // 19
                             "\ta[0].m[k] = 1\n}\n";                                     // 20

static const struct expected {
    const char *function;
    uint32_t line;
    enum map_op op;
    const char *name; // "" = none
    bool qualified;
} table[] = {
    { "a/shop.(*catalog).refresh", 2, MAP_OP_ASSIGN, "a/shop.catalog.quotes", true },
    { "a/shop.(*catalog).refresh.func1", 2, MAP_OP_ASSIGN, "a/shop.catalog.quotes", true },
    { "a/shop.(*catalog).refresher", 2, MAP_OP_ASSIGN, "",
      false }, // another function: another file
    { "a/shop.catalog.refresh", 2, MAP_OP_ASSIGN, "", false },
    { "a/shop.(*catalog).refresh", 3, MAP_OP_ASSIGN, "", false }, // that line is not in it
    { "a/shop.(*catalog).refresh", 2, MAP_OP_DELETE, "", false }, // nothing is deleted there
    { "a/shop.catalog.count", 3, MAP_OP_ASSIGN, "a/shop.catalog.seen", true },
    { "a/shop.(*box[...]).put", 4, MAP_OP_ASSIGN, "a/shop.box.items", true },
    { "a/shop.fill", 5, MAP_OP_ASSIGN, "m", false },
    { "a/shop.fill", 6, MAP_OP_ASSIGN, "s.cat.quotes", false }, // s is something else further down
    { "a/shop.fill.gowrap1", 7, MAP_OP_DELETE, "s.gone", false },
    { "a/shop.fill", 8, MAP_OP_ASSIGN, "", false }, // two maps
    { "a/shop.over", 14, MAP_OP_ASSIGN, "", false },
    { "a/shop.over", 15, MAP_OP_ASSIGN, "http.Request.Form", true },
    { "a/shop.over", 16, MAP_OP_READ, "", false }, // two again
    { "a/shop.over", 17, MAP_OP_ITERATE, "http.Request.Form", true },
    { "a/shop.over", 18, MAP_OP_CLEAR, "http.Request.Trailer", true },
    { "a/shop.over", 19, MAP_OP_ASSIGN, "get().m", false },
    { "a/shop.over", 20, MAP_OP_ASSIGN, "a[0].m", false },
    { "a/shop.over", 4000, MAP_OP_ASSIGN, "", false },
};

static void test_lines(void)
{
    struct arena a = { 0 };
    struct go_file f;
    gosrc_parse(&a, STR("shop.go"), str_from(source), &f);
    CHECK(!f.error);
    for (size_t i = 0; i < array_size(table); i++) {
        const struct expected *x = &table[i];
        struct map_expr got = map_expr_at(&f, str_from(x->function), x->line, x->op, &a);
        int before = test_failed_checks;
        CHECK_STR(got.name, x->name);
        CHECK(got.qualified == x->qualified);
        if (test_failed_checks > before) printf("# in %s, line %u\n", x->function, x->line);
    }
    arena_deinit(&a);
}

static bool joins(const char *x, bool x_full, const char *y, bool y_full, const char *want)
{
    struct map_expr a = { str_from(x), x_full }, b = { str_from(y), y_full };
    return str_eqc(map_expr_join(a, b).name, want) && str_eqc(map_expr_join(b, a).name, want);
}

static void test_join(void)
{
    CHECK(joins("p.t.m", true, "p.t.m", true, "p.t.m")); // both say the same
    CHECK(joins("p.t.m", true, "", false, "p.t.m"));     // only one says anything
    CHECK(joins("p.t.m", true, "x", false, "p.t.m"));    // a field's name rather than a variable's
    CHECK(joins("p.s.t.m", true, "p.t.m", true, "p.t.m")); // the nearer owner
    CHECK(joins("p.t.m", true, "p.t.n", true, ""));        // two fields: neither
    CHECK(joins("x", false, "y", false, ""));              // two variables: neither
}

TEST_MAIN(TEST(test_lines), TEST(test_join))

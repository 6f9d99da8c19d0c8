// SPDX-License-Identifier: Apache-2.0
#include "model/gofunc.h"
#include "test.h"

static void test_package(void)
{
    CHECK_STR(gofunc_package(STR("net/http.(*conn).serve")), "net/http");
    CHECK_STR(gofunc_package(STR("main.main.func1")), "main");
    CHECK_STR(gofunc_package(STR("github.com/a/b.v2/c.(*T[go.shape.string]).Set")),
              "github.com/a/b.v2/c");
    CHECK_STR(gofunc_package(STR("main.F[example.com/x/y.T]")), "main");
}

static void test_std(void)
{
    CHECK(gofunc_is_std(STR("encoding/json.(*decodeState).object")));
    CHECK(gofunc_is_std(STR("vendor/golang.org/x/net/http2.F")));
    CHECK(gofunc_is_std(STR("runtime.goexit")));
    CHECK(gofunc_is_std(STR("panic")));
    CHECK(!gofunc_is_std(STR("main.main")));
    CHECK(!gofunc_is_std(STR("github.com/x/y.F")));
    CHECK(!gofunc_is_std(STR("shop/cart.Add")));
    CHECK(!gofunc_is_std(STR("")));
}

static void test_op(void)
{
    CHECK_INT(gofunc_map_op(STR("runtime.mapassign_faststr")), MAP_OP_ASSIGN);
    CHECK_INT(gofunc_map_op(STR("internal/runtime/maps.runtime_mapaccess2_fast64")), MAP_OP_READ);
    CHECK_INT(gofunc_map_op(STR("internal/runtime/maps.(*table).rehash")), MAP_OP_GROW);
    CHECK_INT(gofunc_map_op(STR("main.mapassign")), MAP_OP_NONE);
    CHECK(gofunc_is_runtime(STR("internal/runtime/maps.(*Map).Put")));
    CHECK(gofunc_is_runtime(STR("panic")));
    CHECK(!gofunc_is_runtime(STR("runtime/pprof.StartCPUProfile")));
}

TEST_MAIN(TEST(test_package), TEST(test_std), TEST(test_op))

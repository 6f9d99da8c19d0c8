// SPDX-License-Identifier: Apache-2.0
// Profiles: the wire codec, each decoder on inputs made here, filters, analyses, and what is
// written read again.
#include "../fuzz/profile_use.h"
#include "analyses/pattern.h"
#include "analyses/profile_maps.h"
#include "analyses/profile_tags.h"
#include "analyses/profile_top.h"
#include "analyses/profile_tree.h"
#include "analyses/units.h"
#include "base/buf.h"
#include "decoders/elfsym.h"
#include "decoders/profile_decode.h"
#include "decoders/protowire.h"
#include "engine/profile_exe.h"
#include "engine/profile_load.h"
#include "sinks/profile_pprof.h"
#include "sinks/protobuf.h"
#include "sources/input.h"
#include "sources/perf_sampler.h"
#include "test.h"

#include <dirent.h>
#include <elf.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

// A profile file put together field by field.
struct maker {
    struct buf out, message, nested;
    const char *strings[64];
    uint64_t n_strings;
};

static uint64_t text(struct maker *m, const char *s)
{
    if (m->n_strings == 0) m->strings[m->n_strings++] = "";
    for (uint64_t i = 0; i < m->n_strings; i++)
        if (strcmp(m->strings[i], s) == 0) return i;
    m->strings[m->n_strings] = s;
    return m->n_strings++;
}

static void put(struct maker *m, uint32_t field)
{
    pb_bytes_always(&m->out, field, buf_str(&m->message));
    buf_clear(&m->message);
}

static void type(struct maker *m, const char *name, const char *unit)
{
    pb_uint(&m->message, 1, text(m, name));
    pb_uint(&m->message, 2, text(m, unit));
    put(m, 1);
}

static void sample(struct maker *m, int64_t value, const uint64_t *stack, const char *label)
{
    buf_clear(&m->nested);
    for (; *stack; stack++) pb_varint(&m->nested, *stack);
    pb_bytes(&m->message, 1, buf_str(&m->nested));
    buf_clear(&m->nested);
    pb_varint(&m->nested, (uint64_t)value);
    pb_bytes(&m->message, 2, buf_str(&m->nested));
    if (label) {
        buf_clear(&m->nested);
        pb_uint(&m->nested, 1, text(m, "route"));
        pb_uint(&m->nested, 2, text(m, label));
        pb_bytes(&m->message, 3, buf_str(&m->nested));
    }
    put(m, 2);
}

// A location whose frames, innermost first, are functions by number; 0 ends them.
static void location(struct maker *m, uint64_t id, const uint64_t *functions)
{
    pb_uint(&m->message, 1, id);
    for (; *functions; functions++) {
        buf_clear(&m->nested);
        pb_uint(&m->nested, 1, *functions);
        pb_uint(&m->nested, 2, 10 * *functions);
        pb_bytes(&m->message, 4, buf_str(&m->nested));
    }
    put(m, 4);
}

static void function(struct maker *m, uint64_t id, const char *name)
{
    pb_uint(&m->message, 1, id);
    pb_uint(&m->message, 2, text(m, name));
    pb_uint(&m->message, 4, text(m, "/src/x.go"));
    put(m, 5);
}

static void strings(struct maker *m)
{
    for (uint64_t i = 0; i < m->n_strings; i++)
        pb_bytes_always(&m->out, 6, str_from(m->strings[i]));
}

static void maker_deinit(struct maker *m)
{
    buf_deinit(&m->out);
    buf_deinit(&m->message);
    buf_deinit(&m->nested);
}

#define STACK(...) ((const uint64_t[]) { __VA_ARGS__, 0 })

// main.main → main.f (inlined into it) → runtime.mapassign; main.main → main.g, recursive.
static void make_small(struct maker *m)
{
    type(m, "cpu", "nanoseconds");
    sample(m, 100, STACK(1, 2, 4), "GET /a");
    sample(m, 30, STACK(3, 3, 4), "POST /b");
    sample(m, 7, STACK(4), NULL);
    location(m, 1, STACK(1));
    location(m, 2, STACK(2, 3)); // main.f, inlined into main.caller
    location(m, 3, STACK(4));
    location(m, 4, STACK(5));
    function(m, 1, "runtime.mapassign_faststr");
    function(m, 2, "main.f");
    function(m, 3, "main.caller");
    function(m, 4, "main.g");
    function(m, 5, "main.main");
    strings(m);
}

static const struct profile_row *row(const struct profile_top *t, const struct profile_view *v,
                                     const char *name)
{
    static const struct profile_row none = { 0, -1, -1 };
    for (size_t i = 0; i < t->rows.n; i++)
        if (str_eqc(v->names.p[t->rows.p[i].node], name)) return &t->rows.p[i];
    return &none;
}

static void test_wire_fields(void)
{
    _cleanup_buf_ struct buf b = { 0 };
    pb_uint(&b, 1, 300);
    pb_bytes(&b, 2, STR("abc"));
    pb_int(&b, 3, -1);
    struct wire w = wire_make(buf_str(&b));
    struct wire_field f;
    CHECK(wire_next(&w, &f) && f.number == 1 && f.value == 300);
    CHECK(wire_next(&w, &f) && f.number == 2 && str_eqc(f.bytes, "abc"));
    CHECK(wire_next(&w, &f) && f.number == 3 && (int64_t)f.value == -1);
    CHECK(!wire_next(&w, &f) && !w.bad);
}

static void test_wire_refuses(void)
{
    static const struct str bad[] = {
        STR("\x08"),                                             // no number
        STR("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), // eleven bytes
        STR("\x12\x05"
            "ab"),           // longer than what is left
        STR("\x0b"),         // a group
        STR("\x00\x01"),     // field 0
        STR("\x09\x01\x02"), // a short fixed64
    };
    for (size_t i = 0; i < array_size(bad); i++) {
        struct wire w = wire_make(bad[i]);
        struct wire_field f;
        CHECK(!wire_next(&w, &f));
        CHECK(w.bad != NULL);
        CHECK_INT(wire_at(&w), 0);
    }
}

static void test_top_rules(void)
{
    CLEANUP(maker_deinit) struct maker m = { 0 };
    make_small(&m);
    struct profile p = { 0 };
    CHECK_OK(profile_decode("small", buf_str(&m.out), &p));
    struct profile_view v;
    struct profile_top t;
    CHECK_OK(profile_view_init(&v, &p, &(struct profile_filter) { 0 }));
    profile_top_init(&t, &v, 0, false);
    CHECK(!p.broke);
    CHECK_INT(t.total, 137);
    CHECK_INT(t.rows.n, 5);
    CHECK_STR(v.names.p[t.rows.p[0].node], "runtime.mapassign_faststr");
    CHECK_INT(row(&t, &v, "main.g")->flat, 30);
    CHECK_INT(row(&t, &v, "main.g")->cum, 30); // on the stack twice, counted once
    CHECK_INT(row(&t, &v, "main.f")->flat, 0);
    CHECK_INT(row(&t, &v, "main.f")->cum, 100);
    CHECK_INT(row(&t, &v, "main.caller")->cum, 100);
    CHECK_INT(row(&t, &v, "main.main")->flat, 7);
    CHECK_INT(row(&t, &v, "main.main")->cum, 137);
    profile_top_deinit(&t);
    profile_view_deinit(&v);
    profile_deinit(&p);
}

static void check_filter(const struct profile *p, struct profile_filter filter, size_t kept,
                         const char *name, int64_t flat, int64_t cum)
{
    struct profile_view v;
    struct profile_top t;
    CHECK_OK(profile_view_init(&v, p, &filter));
    profile_top_init(&t, &v, 0, false);
    CHECK_INT(v.kept, kept);
    CHECK_INT(row(&t, &v, name)->flat, flat);
    CHECK_INT(row(&t, &v, name)->cum, cum);
    CHECK_INT(t.total, 137);
    profile_top_deinit(&t);
    profile_view_deinit(&v);
}

static void test_filters(void)
{
    CLEANUP(maker_deinit) struct maker m = { 0 };
    make_small(&m);
    struct profile p = { 0 };
    CHECK_OK(profile_decode("small", buf_str(&m.out), &p));
    check_filter(&p, (struct profile_filter) { .focus = "map" }, 1, "main.main", 0, 100);
    check_filter(&p, (struct profile_filter) { .ignore = "^main\\.g$" }, 2, "main.g", -1, -1);
    check_filter(&p, (struct profile_filter) { .hide = "^runtime" }, 3, "main.f", 100, 100);
    check_filter(&p, (struct profile_filter) { .show = "caller" }, 1, "main.caller", 100, 100);
    check_filter(&p, (struct profile_filter) { .tagfocus = "route=POST" }, 1, "main.g", 30, 30);
    check_filter(&p, (struct profile_filter) { .tagfocus = "route:GET" }, 1, "main.f", 0, 100);
    check_filter(&p, (struct profile_filter) { .tagignore = "GET" }, 2, "main.f", -1, -1);
    struct profile_view v;
    CHECK_ERR(profile_view_init(&v, &p, &(struct profile_filter) { .focus = "(" }), ERR_USAGE,
              "--focus");
    profile_deinit(&p);
}

static void test_sites(void)
{
    CLEANUP(maker_deinit) struct maker m = { 0 };
    make_small(&m);
    struct profile p = { 0 };
    CHECK_OK(profile_decode("small", buf_str(&m.out), &p));
    struct profile_view v;
    struct profile_sites s;
    CHECK_OK(profile_view_init(&v, &p, &(struct profile_filter) { 0 }));
    profile_sites_init(&s, &v, 0, true);
    CHECK_INT(s.sites.n, 1);
    CHECK_STR(s.sites.p[0].function, "main.f");
    CHECK_STR(s.sites.p[0].file, "/src/x.go");
    CHECK_INT(s.sites.p[0].line, 20);
    CHECK_INT(s.sites.p[0].op, MAP_OP_ASSIGN);
    CHECK_INT(s.sites.p[0].value, 100);
    CHECK_INT(s.sites.p[0].via.n, 0);
    profile_sites_deinit(&s);
    profile_view_deinit(&v);
    profile_deinit(&p);
}

static void check_site(const char *folded, const char *function, const char *via, enum map_op op)
{
    struct profile p = { 0 };
    CHECK_OK(profile_decode("folded", str_from(folded), &p));
    struct profile_view v;
    struct profile_sites s;
    CHECK_OK(profile_view_init(&v, &p, &(struct profile_filter) { 0 }));
    profile_sites_init(&s, &v, 0, false);
    CHECK_INT(s.sites.n, 1);
    if (s.sites.n) {
        CHECK_STR(s.sites.p[0].function, function);
        CHECK_STR(s.sites.p[0].via, via);
        CHECK_INT(s.sites.p[0].op, op);
    }
    profile_sites_deinit(&s);
    profile_view_deinit(&v);
    profile_deinit(&p);
}

static void test_sites_through_libraries(void)
{
    // Growth inside an assignment is the assignment's; the site is outside the library.
    check_site("main.f;runtime.mapassign;runtime.growWork;runtime.evacuate 1", "main.f", "",
               MAP_OP_ASSIGN);
    check_site("main.f;encoding/json.(*decodeState).object;reflect.Value.SetMapIndex;"
               "reflect.mapassign;runtime.mapassign 1",
               "main.f", "encoding/json.(*decodeState).object", MAP_OP_ASSIGN);
    check_site("main.f;reflect.Value.SetMapIndex;reflect.mapassign;runtime.mapassign 1", "main.f",
               "reflect.Value.SetMapIndex", MAP_OP_ASSIGN);
    check_site("net/http.(*conn).serve;net/http.f;runtime.mapdelete_faststr 1", "net/http.f", "",
               MAP_OP_DELETE);
    check_site("main.f;runtime.mapaccess1_fast64;aeshash64 1", "main.f", "", MAP_OP_READ);
    check_site("main.f;maps.clone;runtime.mapclone2;runtime.mapassign 1", "main.f", "maps.clone",
               MAP_OP_CLONE);
}

static void test_tree(void)
{
    struct profile p = { 0 }, base = { 0 };
    CHECK_OK(profile_decode("new", STR("a;b;c 10\na;b 3\na;d 4\n"), &p));
    CHECK_OK(profile_decode("old", STR("a;b;c 4\ne 1\n"), &base));
    CHECK_OK(profile_subtract(&p, &base));
    struct profile_view v;
    struct profile_tree t;
    CHECK_OK(profile_view_init(&v, &p, &(struct profile_filter) { 0 }));
    profile_tree_init(&t, &v, 0, NULL);
    // In the order of printing: a, a;b, a;b;c, a;d, e.
    static const struct {
        const char *name;
        int64_t self, total, base;
        uint32_t depth;
    } want[] = {
        { "a", 0, 17, 4, 1 }, { "b", 3, 13, 4, 2 }, { "c", 6, 10, 4, 3 },
        { "d", 4, 4, 0, 2 },  { "e", -1, 0, 1, 1 },
    };
    size_t i = 0;
    for (uint32_t n = profile_tree_next(&t, 0, true); n; n = profile_tree_next(&t, n, true), i++) {
        const struct tree_node *node = &t.nodes.p[n];
        if (i >= array_size(want)) continue;
        CHECK_STR(v.names.p[node->name], want[i].name);
        CHECK_INT(node->self, want[i].self);
        CHECK_INT(node->total, want[i].total);
        CHECK_INT(node->base, want[i].base);
        CHECK_INT(node->depth, want[i].depth);
    }
    CHECK_INT(i, array_size(want));
    CHECK_INT(t.nodes.p[0].width, 18);
    profile_tree_deinit(&t);
    profile_view_deinit(&v);
    profile_deinit(&p);
    profile_deinit(&base);
}

static void test_tree_is_bounded(void)
{
    _cleanup_buf_ struct buf deep = { 0 };
    for (int i = 0; i < 5000; i++) buf_printf(&deep, "%sf%d", i ? ";" : "", i % 7);
    buf_adds(&deep, " 1\n");
    struct profile p = { 0 };
    CHECK_OK(profile_decode("deep", buf_str(&deep), &p));
    struct profile_view v;
    struct profile_tree t;
    CHECK_OK(profile_view_init(&v, &p, &(struct profile_filter) { 0 }));
    profile_tree_init(&t, &v, 0, NULL);
    CHECK(t.cut);
    CHECK_INT(t.nodes.n, TREE_MAX_DEPTH + 1);
    CHECK_INT(t.nodes.p[0].total, 1);
    profile_tree_deinit(&t);
    profile_view_deinit(&v);
    profile_deinit(&p);
}

static void test_written_is_read_again(void)
{
    CLEANUP(maker_deinit) struct maker m = { 0 };
    make_small(&m);
    struct profile p = { 0 };
    CHECK_OK(profile_decode("small", buf_str(&m.out), &p));
    struct profile_view v;
    CHECK_OK(profile_view_init(&v, &p, &(struct profile_filter) { .hide = "main\\.f" }));
    char path[] = "/tmp/maptrap-test-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
    CHECK_OK(profile_pprof_write(path, &v));
    struct loaded_profile again = { 0 };
    CHECK_OK(profile_load(path, &again));
    unlink(path);
    CHECK(!again.p.broke);
    CHECK_INT(again.p.samples.n, 3);
    struct profile_view w;
    struct profile_top t;
    struct profile_tags tags;
    CHECK_OK(profile_view_init(&w, &again.p, &(struct profile_filter) { 0 }));
    profile_top_init(&t, &w, 0, false);
    CHECK_INT(row(&t, &w, "main.f")->cum, -1);
    CHECK_INT(row(&t, &w, "main.caller")->cum, 100);
    profile_tags_init(&tags, &w, 0);
    CHECK_INT(tags.tags.n, 2);
    CHECK_STR(tags.tags.p[0].value, "GET /a");
    CHECK_INT(tags.tags.p[0].sum, 100);
    profile_tags_deinit(&tags);
    profile_top_deinit(&t);
    profile_view_deinit(&w);
    profile_view_deinit(&v);
    loaded_profile_deinit(&again);
    profile_deinit(&p);
}

static void test_prune(void)
{
    CLEANUP(maker_deinit) struct maker m = { 0 };
    type(&m, "alloc_space", "bytes");
    sample(&m, 9, STACK(1, 2, 3), NULL);
    location(&m, 1, STACK(1));
    location(&m, 2, STACK(1, 2)); // malloc inlined into main.f: only the inlined part goes
    location(&m, 3, STACK(3));
    function(&m, 1, "malloc");
    function(&m, 2, "main.f");
    function(&m, 3, "main.main");
    pb_uint(&m.out, 7, text(&m, "mall.c"));
    strings(&m);
    struct profile p = { 0 };
    CHECK_OK(profile_decode("prune", buf_str(&m.out), &p));
    CHECK(profile_prune(&p));
    struct profile_view v;
    struct profile_frames stack = { 0 };
    CHECK_OK(profile_view_init(&v, &p, &(struct profile_filter) { 0 }));
    CHECK_INT(profile_view_stack(&v, 0, &stack), 2);
    CHECK_STR(v.names.p[stack.p[0].node], "main.f");
    vec_deinit(&stack);
    profile_view_deinit(&v);
    profile_deinit(&p);
}

static void test_wide_ids_and_loose_ends(void)
{
    CLEANUP(maker_deinit) struct maker m = { 0 };
    type(&m, "cpu", "nanoseconds");
    sample(&m, 5, STACK(0xffffffffff, 77, 0x90000000), NULL);
    location(&m, 0xffffffffff, STACK(0x123456789abc));
    location(&m, 0x90000000, STACK(99)); // no such function
    function(&m, 0x123456789abc, "main.far");
    strings(&m);
    struct profile p = { 0 };
    CHECK_OK(profile_decode("wide", buf_str(&m.out), &p));
    CHECK(p.broke); // location 77 and function 99 do not exist
    CHECK(strstr(p.broke_why, "function 99") != NULL);
    CHECK_INT(p.samples.p[0].n_stack, 2);
    CHECK_STR(p.functions.p[p.lines.p[0].function].name, "main.far");
    CHECK_INT(p.lines.p[1].function, PROFILE_NONE);
    profile_deinit(&p);
}

static void check_broken(struct str bytes, const char *why)
{
    struct profile p = { 0 };
    _cleanup_err_ struct err *e = profile_decode("bad", bytes, &p);
    const char *said = e ? e->text : p.broke ? p.broke_why : "(nothing)";
    CHECK(e || p.broke);
    if (!strstr(said, why)) printf("# said '%s', not '%s'\n", said, why), test_failed_checks++;
    profile_deinit(&p);
}

static void test_damaged_profiles(void)
{
    CLEANUP(maker_deinit) struct maker m = { 0 };
    make_small(&m);
    struct str whole = buf_str(&m.out);
    check_broken(str_sub(whole, 0, whole.n - 3), "longer than what is left");
    check_broken(STR("\x0a\x02\x08\x01\x12\x03\x0a\x05\x01"), "a damaged sample");
    check_broken(STR("\x01\x02\x03"), "not a profile");
    check_broken(STR(""), "empty");
    // Two profiles, one behind the other.
    _cleanup_buf_ struct buf twice = { 0 };
    buf_addstr(&twice, whole);
    buf_addstr(&twice, whole);
    struct profile p = { 0 };
    CHECK_OK(profile_decode("twice", buf_str(&twice), &p));
    CHECK(p.broke && strstr(p.broke_why, "second profile"));
    CHECK_INT(p.samples.n, 3);
    profile_deinit(&p);
    // Every cut of a profile is answered or refused, never worse.
    for (size_t n = 0; n < whole.n; n++) {
        struct profile cut = { 0 };
        struct profile_view v;
        _cleanup_err_ struct err *e = profile_decode("cut", str_sub(whole, 0, n), &cut);
        CHECK(e || cut.types.n > 0);
        if (!e) {
            CHECK_OK(profile_view_init(&v, &cut, &(struct profile_filter) { 0 }));
            profile_view_deinit(&v);
        }
        profile_deinit(&cut);
    }
}

static void test_absurd_counts(void)
{
    // A sample that claims 2^62 bytes; a type table beyond its limit; a stack depth beyond the
    // file.
    check_broken(STR("\x0a\x00\x12\xff\xff\xff\xff\xff\xff\xff\xff\x3f"),
                 "longer than what is left");
    _cleanup_buf_ struct buf types = { 0 };
    for (int i = 0; i <= PROFILE_MAX_TYPES; i++) buf_add(&types, "\x0a\x00", 2);
    check_broken(buf_str(&types), "sample types");
    check_broken(STR("\0\0\0\0\3\0\0\0\0\0\0\0\x10\x27\0\0\0\0\0\0\1\0\0\0\xff\xff\0\0"), "frames");
    check_broken(STR("goroutine profile: total 99999999999999999999\n1 @ 0x1\n"), "not a profile");
    check_broken(
        STR("heap profile: 1: 1 [1: 1] @ heap/512\n99999999999999999999: 1 [1: 1] @ 0x1\n"),
        "not a heap sample");
    check_broken(STR("a;b 99999999999999999999999\n"), "not a profile");
}

static void test_long_lines(void)
{
    _cleanup_buf_ struct buf b = { 0 };
    buf_adds(&b, "a;b 1\n");
    for (int i = 0; i <= PROFILE_MAX_LINE; i++) buf_addc(&b, 'x');
    buf_adds(&b, " 2\n");
    struct profile p = { 0 };
    CHECK_OK(profile_decode("long", buf_str(&b), &p));
    CHECK(p.broke && strstr(p.broke_why, "a line of more than"));
    CHECK_INT(p.broke_at, 6);
    CHECK_INT(p.samples.n, 1);
    profile_deinit(&p);
}

static void test_legacy_heap(void)
{
    struct profile p = { 0 };
    CHECK_OK(profile_decode("heap",
                            STR("heap profile: 3: 300 [5: 5000] @ heap/2048\n"
                                "3: 300 [5: 5000] @ 0x1001 0x2001 0x3001 0x4001\n"
                                "#\t0x2000\tmain.f+0x10\t/src/a.go:7\n"
                                "#\t0x3000\tmain.inl+0x10\t/src/a.go:9\n"
                                "#\t0x3000\tmain.g+0x20\t/src/a.go:11\n"
                                "\n# runtime.MemStats\n# Alloc = 12\n"),
                            &p));
    CHECK(!p.broke);
    CHECK_INT(p.types.n, 4);
    CHECK_STR(p.types.p[p.default_type].type, "inuse_space");
    // Sampled once in 1024 bytes: 5 objects of 1000 bytes stand for 5/(1-exp(-1000/1024)).
    CHECK_INT(profile_value(&p, 0, 0), 8);
    CHECK_INT(profile_value(&p, 0, 1), 8020);
    CHECK_INT(profile_value(&p, 0, 2), 32);
    // The runtime's frame in front and runtime.goexit behind have no comment: they are left out.
    CHECK_INT(p.samples.p[0].n_stack, 2);
    struct profile_view v;
    struct profile_frames stack = { 0 };
    CHECK_OK(profile_view_init(&v, &p, &(struct profile_filter) { 0 }));
    CHECK_INT(profile_view_stack(&v, 0, &stack), 3);
    CHECK_STR(v.names.p[stack.p[0].node], "main.f");
    CHECK_STR(v.names.p[stack.p[1].node], "main.inl");
    CHECK_STR(v.names.p[stack.p[2].node], "main.g");
    CHECK_INT(p.lines.p[stack.p[0].line].line, 7);
    vec_deinit(&stack);
    profile_view_deinit(&v);
    profile_deinit(&p);
}

static void test_legacy_goroutine_labels(void)
{
    struct profile p = { 0 };
    CHECK_OK(profile_decode("goroutine",
                            STR("goroutine profile: total 8\n7 @ 0x1001 0x2001\n"
                                "# labels: {\"route\":\"GET /a\", \"n\":\"1\"}\n"
                                "#\t0x2000\tmain.f+0x10\t/src/a.go:7\n\n1 @ 0x9001\n"),
                            &p));
    CHECK_INT(p.samples.n, 2);
    CHECK_INT(p.samples.p[0].n_labels, 2);
    CHECK_STR(profile_string(&p, p.labels.p[0].value), "GET /a");
    CHECK_INT(p.samples.p[1].n_stack, 1);
    CHECK_INT(p.locations.p[p.stack.p[p.samples.p[1].stack]].address, 0x9000);
    profile_deinit(&p);
}

static void test_legacy_contention(void)
{
    struct profile p = { 0 };
    CHECK_OK(profile_decode("mutex",
                            STR("--- mutex:\ncycles/second=2000000000\nsampling period=5\n"
                                "1000 3 @ 0x1001\n#\t0x1000\tmain.f+0x1\t/src/a.go:7\n"),
                            &p));
    CHECK_STR(p.types.p[1].type, "delay");
    CHECK_INT(profile_value(&p, 0, 0), 15);
    CHECK_INT(profile_value(&p, 0, 1), 2500); // cycles at 2 GHz, one in five
    profile_deinit(&p);
}

static void add_words(struct buf *b, const uint64_t *words, size_t n, unsigned size, bool big)
{
    for (size_t i = 0; i < n; i++)
        for (unsigned k = 0; k < size; k++)
            buf_addc(b, (char)(words[i] >> 8 * (big ? size - 1 - k : k)));
}

static void test_legacy_cpu(void)
{
    static const uint64_t words[] = {
        0, 3, 0, 10000, 0, 2, 2, 0x1000, 0x2001, 1, 1, 0x1500, 0, 1, 0
    };
    for (int form = 0; form < 4; form++) {
        _cleanup_buf_ struct buf b = { 0 };
        add_words(&b, words, array_size(words), form < 2 ? 4 : 8, form % 2);
        buf_adds(&b,
                 "lib=/usr/lib\n1000-1800: /srv/app (@0)\n2000-3000 r-xp 0 00:00 1 $lib/x.so\n");
        struct profile p = { 0 };
        CHECK_OK(profile_decode("cpu", buf_str(&b), &p));
        CHECK(!p.broke);
        CHECK_INT(p.samples.n, 2);
        CHECK_INT(profile_value(&p, 0, 1), 20000000);
        CHECK_INT(p.locations.p[p.stack.p[1]].address, 0x2000);
        CHECK_STR(p.mappings.p[p.locations.p[p.stack.p[0]].mapping].file, "/srv/app");
        CHECK_STR(p.mappings.p[p.locations.p[p.stack.p[1]].mapping].file, "/usr/lib/x.so");
        profile_deinit(&p);
    }
}

static void test_perf(void)
{
    struct profile p = { 0 };
    CHECK_OK(profile_decode(
        "perf",
        STR("# captured on: today\n\n"
            "my worker 1 812/815 [001] 52.177613:   10101010 cpu-clock:pppH: \n"
            "\t    4a3f2c main.(*cache).put+0x4c (/srv/a b (deleted))\n"
            "\t    4a3f00 operator new(unsigned long)+0x1 (/lib/libc.so.6)\n"
            "\tffffffff81 [unknown] ([kernel.kallsyms])\n\n"
            "go 9 [000] 52.2: 5 cpu-clock:pppH:  4a3f2c main.one+0x4c (/srv/service)\n\n"),
        &p));
    CHECK(!p.broke);
    CHECK_INT(p.format, PROFILE_PERF);
    CHECK_INT(p.samples.n, 2);
    CHECK_STR(p.types.p[0].type, "samples");
    CHECK_STR(p.types.p[1].type, "cpu-clock:pppH");
    CHECK_INT(profile_value(&p, 0, 1), 10101010);
    CHECK_STR(profile_string(&p, p.labels.p[p.samples.p[0].label].value), "my worker 1");
    CHECK_INT(p.labels.p[p.samples.p[0].label + 1].number, 812);
    CHECK_INT(p.labels.p[p.samples.p[0].label + 2].number, 815);
    struct profile_view v;
    struct profile_frames stack = { 0 };
    CHECK_OK(profile_view_init(&v, &p, &(struct profile_filter) { 0 }));
    CHECK_INT(profile_view_stack(&v, 0, &stack), 3);
    CHECK_STR(v.names.p[stack.p[0].node], "main.(*cache).put");
    CHECK_STR(v.names.p[stack.p[1].node], "operator new(unsigned long)");
    CHECK_STR(v.names.p[stack.p[2].node], "[[kernel.kallsyms]]");
    CHECK_INT(profile_view_stack(&v, 1, &stack), 1);
    CHECK_STR(v.names.p[stack.p[0].node], "main.one");
    vec_deinit(&stack);
    profile_view_deinit(&v);
    profile_deinit(&p);
}

static void test_folded(void)
{
    static const struct {
        const char *text, *why;
        unsigned samples, frames;
    } good[] = {
        { "a b;c d 12\r\n", NULL, 1, 2 },
        { ";;a;b; 3\n", NULL, 1, 2 },
        { "a;b\t3\n", NULL, 1, 2 },
        { "\xef\xbb\xbf"
          "a;b 3",
          NULL, 1, 2 },
        { "a;b -3\nc 4\n", NULL, 2, 2 },
        { "\n# text\na;b 3 4", NULL, 1, 2 },
        { "a;b 1.5\na;c 2\n", "1.5", 1, 2 },
        { "a;b 99999999999999999999\na;c 2\n", "999", 1, 2 },
        { ";;; 12\na;b;c 3\n", ";;; 12", 1, 3 },
    };
    for (size_t i = 0; i < array_size(good); i++) {
        struct profile p = { 0 };
        CHECK_OK(profile_decode("folded", str_from(good[i].text), &p));
        CHECK_INT(p.format, PROFILE_FOLDED);
        CHECK_INT(p.samples.n, good[i].samples);
        CHECK_INT(p.samples.p[0].n_stack, good[i].frames);
        CHECK_INT(p.broke, good[i].why != NULL);
        if (good[i].why) CHECK(strstr(p.broke_why, good[i].why));
        profile_deinit(&p);
    }
    struct profile p = { 0 };
    CHECK_ERR(profile_decode("text", STR("a;b 1.5\na;c 2.5\n"), &p), ERR_INPUT, "whole number");
    CHECK_ERR(profile_decode("gz", STR("\x1f\x8b\x08\x01 and more"), &p), ERR_INPUT, "twice");
    CHECK_ERR(profile_decode("text", STR("no profile\nlistening on 80\n"), &p), ERR_INPUT,
              "not a profile");
    profile_deinit(&p);
}

// What perf script prints for other fields than the default ones.
static void test_perf_fields(void)
{
#define FRAMES "\t    4a3f2c main.f\n\t    4a3f00 main.g\n"
    static const struct {
        const char *text, *comm;
        unsigned samples, types;
        bool broke;
    } cases[] = {
        { FRAMES "\n" FRAMES "\n", "", 2, 1, false },
        { FRAMES "\ngo 9 52.2: 5 cpu-clock: \n" FRAMES "\n", "go", 1, 2, true },
        { "go 812 \n" FRAMES "\n  a b 7 \n" FRAMES, "go", 2, 1, false },
        { "   cpu-clock: \n" FRAMES "\n" FRAMES, "", 1, 1, true },
        { "perf-exec 0 0.000000: PERF_RECORD_COMM: perf-exec:1/1\n"
          "go 9 52.2: 5 cpu-clock: \n" FRAMES "\ngo 9 52.3: PERF_RECORD_EXIT(9:9):(8:8)\n",
          "go", 1, 2, false },
        { "   a b 8 52.1:  5 cpu-clock:  4a3f2c main.f\n"
          "   a b 8 52.2:  5 cpu-clock:  4a3f2c main.f\n",
          "a b", 2, 2, false },
        { "go 9 52.2: 5 cpu-clock: \n\tffffff81 f+0x1 ([kernel.kallsyms])\n"
          "  [kernel.kallsyms][ffffff81]\n\t4a3f2c main.f+0x1 (/srv/a)\n  a.go:7\n",
          "go", 1, 2, false },
        { "a b 9 [001] Sp 52.2: 5 cpu-clock: \n\t4a3f2c main.f+0x1 (/srv/a (x86)/b)\n", "a b", 1, 2,
          false },
    };
    for (size_t i = 0; i < array_size(cases); i++) {
        struct profile p = { 0 };
        CHECK_OK(profile_decode("perf", str_from(cases[i].text), &p));
        CHECK_INT(p.format, PROFILE_PERF);
        CHECK_INT(p.samples.n, cases[i].samples);
        CHECK_INT(p.types.n, cases[i].types);
        CHECK_INT(p.broke, cases[i].broke);
        struct str comm = p.labels.n && p.samples.n && cases[i].comm[0]
                              ? profile_string(&p, p.labels.p[p.samples.p[0].label].value)
                              : STR("");
        CHECK_STR(comm, cases[i].comm);
        profile_deinit(&p);
    }
#undef FRAMES
}

// A program of two functions: main.f at 0x401000, whose call at 0x401010 goes to
// runtime.mapassign_faststr at 0x401800. File offset 0x1000 is address 0x401000.
struct program {
    Elf64_Ehdr head;
    Elf64_Phdr segment;
    Elf64_Shdr section[4];
    Elf64_Sym symbol[3];
    char strings[64], names[32];
    char pad[0x1000 - sizeof(Elf64_Ehdr) - sizeof(Elf64_Phdr) - 4 * sizeof(Elf64_Shdr) -
             3 * sizeof(Elf64_Sym) - 96];
    uint8_t code[0x1000];
};

static void make_program(struct program *p)
{
    *p = (struct program) { 0 };
    p->head = (Elf64_Ehdr) {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_phoff = offsetof(struct program, segment),
        .e_shoff = offsetof(struct program, section),
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 1,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = 4,
        .e_shstrndx = 3,
    };
    p->segment = (Elf64_Phdr) { .p_type = PT_LOAD,
                                .p_flags = PF_R | PF_X,
                                .p_offset = 0x1000,
                                .p_vaddr = 0x401000,
                                .p_filesz = 0x1000,
                                .p_memsz = 0x1000 };
    static const char text_names[] = "\0main.f\0runtime.mapassign_faststr";
    memcpy(p->strings, text_names, sizeof(text_names));
    p->symbol[1] = (Elf64_Sym) { 1, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, 0x401000, 0x100 };
    p->symbol[2] = (Elf64_Sym) { 8, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, 0x401800, 0x100 };
    p->section[1] = (Elf64_Shdr) { .sh_type = SHT_SYMTAB,
                                   .sh_offset = offsetof(struct program, symbol),
                                   .sh_size = sizeof(p->symbol),
                                   .sh_link = 2,
                                   .sh_info = 1,
                                   .sh_entsize = sizeof(Elf64_Sym) };
    p->section[2] = (Elf64_Shdr) { .sh_type = SHT_STRTAB,
                                   .sh_offset = offsetof(struct program, strings),
                                   .sh_size = sizeof(p->strings) };
    p->section[3] = (Elf64_Shdr) { .sh_type = SHT_STRTAB,
                                   .sh_offset = offsetof(struct program, names),
                                   .sh_size = sizeof(p->names) };
    const int32_t distance = 0x401800 - 0x401015;
    p->code[0x10] = 0xe8;
    memcpy(p->code + 0x11, &distance, sizeof(distance));
}

static void test_symbols(void)
{
    struct program *p = malloc(sizeof(*p));
    struct elfsym *e;
    struct str name;
    uint8_t code[5];
    uint64_t bias;
    make_program(p);
    CHECK_OK(elfsym_open("program", str_make(p, sizeof(*p)), &e));
    CHECK_INT(elfsym_count(e), 2);
    CHECK(elfsym_find(e, 0x401010, &name) && str_eqc(name, "main.f"));
    CHECK(elfsym_find(e, 0x4018ff, &name) && str_eqc(name, "runtime.mapassign_faststr"));
    CHECK(!elfsym_find(e, 0x401100, &name) && !elfsym_find(e, 0x400fff, &name));
    CHECK(elfsym_read(e, 0x401010, code, sizeof(code)) && code[0] == 0xe8);
    CHECK(!elfsym_read(e, 0x401ffd, code, sizeof(code)));
    CHECK(elfsym_bias(e, 0x7f0000001000, 0x1000, &bias) && bias == 0x7f0000001000 - 0x401000);
    CHECK(!elfsym_bias(e, 0x7f0000001000, 0x9000, &bias));
    elfsym_close(e);
    CHECK_ERR(elfsym_open("text", STR("hello"), &e), ERR_INPUT, "not an ELF file");
    // Cut anywhere, it is refused or has fewer symbols.
    for (size_t n = 4; n < 1200; n += 7) {
        _cleanup_err_ struct err *cut = elfsym_open("cut", str_make(p, n), &e);
        if (cut) continue;
        CHECK(elfsym_count(e) <= 2);
        elfsym_close(e);
    }
    free(p);
}

static void test_hidden_map_functions_come_back(void)
{
    struct program *program = malloc(sizeof(*program));
    struct code_names *exe;
    struct profile p = { 0 };
    make_program(program);
    CHECK_OK(code_names_open("program", str_make(program, sizeof(*program)), &exe));
    CHECK_OK(profile_decode("heap",
                            STR("heap profile: 1: 100 [1: 100] @ heapprofile\n"
                                "1: 100 [1: 100] @ 0x401015 0x401050\n"
                                "#\t0x401014\tmain.f+0x14\t/src/a.go:7\n"),
                            &p));
    CHECK_INT(profile_restore(&p, exe), 1);
    struct profile_view v;
    struct profile_sites s;
    CHECK_OK(profile_view_init(&v, &p, &(struct profile_filter) { 0 }));
    profile_sites_init(&s, &v, 1, false);
    CHECK_INT(s.sites.n, 1);
    if (s.sites.n) {
        CHECK_STR(s.sites.p[0].function, "main.f");
        CHECK_INT(s.sites.p[0].op, MAP_OP_ASSIGN);
        CHECK_INT(s.sites.p[0].value, 100);
    }
    profile_sites_deinit(&s);
    profile_view_deinit(&v);
    profile_deinit(&p);
    code_names_close(exe);
    free(program);
}

struct seen {
    size_t samples, with_stack;
};

static void on_sample(const struct perf_stack *stack, void *arg)
{
    struct seen *seen = arg;
    seen->samples++;
    seen->with_stack += stack->n > 0;
}

static void test_sampler_sees_a_child(void)
{
    pid_t child = fork();
    if (child == 0)
        for (volatile unsigned n = 0;; n++) continue;
    struct perf_sampler *s;
    _cleanup_err_ struct err *e = perf_sampler_open(child, 99, &s);
    if (e) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        SKIP("perf events are not allowed here");
    }
    struct seen seen = { 0 };
    bool ended = false;
    for (int i = 0; i < 60 && seen.samples < 20; i++)
        CHECK_OK(perf_sampler_poll(s, 100, on_sample, &seen, &ended));
    CHECK(seen.samples >= 20);
    CHECK(seen.with_stack >= 20);
    CHECK(!ended);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CHECK_OK(perf_sampler_poll(s, 10, on_sample, &seen, &ended));
    CHECK(ended);
    perf_sampler_close(s);
    CHECK_ERR(perf_sampler_open(child, 99, &s), ERR_CANNOT, "no process");
}

// Everything the fuzzers ever stumbled over, and what they start from.
static void test_fuzz_corpus(void)
{
    static const char *const folders[] = { "pprof", "profile_text" };
    const char *top = getenv("TOP");
    size_t n = 0;
    for (size_t i = 0; i < array_size(folders); i++) {
        _cleanup_free_ char *folder =
            mem_printf("%s/tests/fuzz/corpus/%s", top ? top : ".", folders[i]);
        DIR *dir = opendir(folder);
        if (!dir) continue;
        for (struct dirent *d; (d = readdir(dir));) {
            if (d->d_name[0] == '.') continue;
            _cleanup_free_ char *path = mem_printf("%s/%s", folder, d->d_name);
            _cleanup_input_ struct input *in = NULL;
            _cleanup_buf_ struct buf bytes = { 0 };
            struct profile p = { 0 };
            CHECK_OK(input_open(path, NULL, &in));
            CHECK_OK(input_read_all(in, PROFILE_MAX_INPUT, &bytes));
            _cleanup_err_ struct err *e = profile_decode(path, buf_str(&bytes), &p);
            if (!e) profile_use(&p);
            profile_deinit(&p);
            n++;
        }
        closedir(dir);
    }
    CHECK(n >= 15);
}

static bool matches(const char *pattern, const char *s)
{
    CLEANUP(pattern_deinit) struct pattern p = { 0 };
    CHECK_OK(pattern_compile("pattern", str_from(pattern), &p));
    return p.set && pattern_matches(&p, str_from(s));
}

static void test_patterns(void)
{
    CHECK(matches("main\\.(f|g)\\d+$", "main.g12"));
    CHECK(!matches("main\\.(f|g)\\d+$", "main.g"));
    CHECK(matches("(?i)MAIN", "a main b"));
    CHECK(matches("(?:ab)+?c", "ababc"));
    CHECK(matches("^[\\w.]+$", "a_b.c"));
    CHECK(!matches("^[\\w.]+$", "a b"));
    CHECK(matches("[]x]", "]"));
    CHECK(matches("\\(\\*T\\)\\.F", "main.(*T).F"));
    CHECK(matches("[\\]]y", "]y"));
    struct pattern p = { 0 };
    CHECK_ERR(pattern_compile("--focus", STR("a(?=b)"), &p), ERR_USAGE, "(? group");
    CHECK_ERR(pattern_compile("--focus", STR("\\pL"), &p), ERR_USAGE, "escape");
    CHECK_ERR(pattern_compile("--focus", STR("a{1000}"), &p), ERR_USAGE, "over 255");
    CHECK_ERR(pattern_compile("--focus", STR("(a)\\1"), &p), ERR_USAGE, "escape");
    // regcomp writes repetitions out: these would take gigabytes.
    CHECK_ERR(pattern_compile("--focus", STR("((((a{99}){99}){99}){99}"), &p), ERR_USAGE,
              "as large");
    CHECK_ERR(pattern_compile("--focus", STR("a++++++++++++++++++++++++++++++++"), &p), ERR_USAGE,
              "after another");
    CHECK_ERR(pattern_compile("--focus", STR("((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)"), &p),
              ERR_USAGE, "as large");
    CHECK(matches("^(ab){2,3}c{0,1}$", "ababab"));
    CHECK(matches("a{b", "a{b"));
    CHECK(matches("map\\[string\\]{1}x*?", "map[string]"));
    CHECK_ERR(pattern_compile("--focus", STR("a)("), &p), ERR_USAGE, "--focus");
}

static void test_units(void)
{
    char b[48];
    CHECK_STR(str_from(unit_format(1536, STR("bytes"), b)), "1.50kB");
    CHECK_STR(str_from(unit_format(-2000000, STR("nanoseconds"), b)), "-2ms");
    CHECK_STR(str_from(unit_format(12, STR("count"), b)), "12");
    CHECK_STR(str_from(unit_format(3, STR("seconds"), b)), "3s");
    struct unit_range r;
    CHECK(unit_range_parse(STR("12kb:64mb"), &r));
    CHECK(unit_range_holds(&r, 12288, STR("bytes")));
    CHECK(!unit_range_holds(&r, 12287, STR("bytes")));
    CHECK(!unit_range_holds(&r, 12288, STR("")));
    CHECK(unit_range_parse(STR(":5"), &r) && unit_range_holds(&r, -1, STR("")));
    CHECK(!unit_range_parse(STR("GET"), &r));
    CHECK(!unit_range_parse(STR("1kb:1ms"), &r));
}

TEST_MAIN(TEST(test_wire_fields), TEST(test_wire_refuses), TEST(test_top_rules), TEST(test_filters),
          TEST(test_sites), TEST(test_sites_through_libraries), TEST(test_tree),
          TEST(test_tree_is_bounded), TEST(test_written_is_read_again), TEST(test_prune),
          TEST(test_wide_ids_and_loose_ends), TEST(test_damaged_profiles), TEST(test_absurd_counts),
          TEST(test_long_lines), TEST(test_legacy_heap), TEST(test_legacy_goroutine_labels),
          TEST(test_legacy_contention), TEST(test_legacy_cpu), TEST(test_perf),
          TEST(test_perf_fields), TEST(test_folded), TEST(test_symbols),
          TEST(test_hidden_map_functions_come_back), TEST(test_sampler_sees_a_child),
          TEST(test_fuzz_corpus), TEST(test_patterns), TEST(test_units))

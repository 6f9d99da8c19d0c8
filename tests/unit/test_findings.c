// SPDX-License-Identifier: Apache-2.0
// What an answer looks like: the first line is the verdict, and the JSON holds what DESIGN
// promises.
#include "base/mem.h"
#include "findings/finding.h"
#include "sinks/finding_sinks.h"
#include "test.h"

#include <jansson.h>

static struct report *answer(void)
{
    struct report *r = report_create();
    r->target.pid = 4711;
    r->target.go = STR("go1.24.4");
    r->target.exe = STR("/srv/shop");
    snprintf(r->target.start_time, sizeof(r->target.start_time), "2026-01-02T03:04:05Z");
    r->coverage.maps = 9, r->coverage.maps_shared = 2, r->coverage.holds = 120;
    r->took_s = 30;
    return r;
}

static void add_finding(struct report *r)
{
    static struct frame stack[1];
    stack[0] = (struct frame) { .function = STR("main.(*catalog).refresh"),
                                .file = STR("/src/shop/catalog.go"),
                                .line = 60 };
    struct finding *f = r->finding = mem_zalloc(sizeof(*f));
    r->n_findings = 1;
    f->kind = KIND_WRITE_WRITE;
    f->evidence = EVIDENCE_OVERLAP;
    f->map = (struct finding_map) { 0xc000123450, STR("map[string]int"), STR("main.quotes") };
    f->n_accesses = 2;
    for (size_t i = 0; i < 2; i++) {
        struct finding_access *a = &f->access[i];
        a->op = MAP_OP_ASSIGN;
        a->goroutine = 21 + i;
        a->at = stack[0];
        a->at.line += (uint32_t)i;
        a->stack = (struct stack) { stack, 1 };
        a->key = STR("k\"1");
        a->has_key = true;
    }
    f->held.kind = HELD_BUSY, f->held.ms = 2, f->held.times = 1, f->held.arrivals = 1;
    f->count = 3;
    finding_set_id(f);
}

// The first line of the text.
static bool begins(const struct report *r, const char *want)
{
    _cleanup_buf_ struct buf out = { 0 };
    findings_text(r, &(struct findings_text_options) { .width = 100 }, &out);
    bool does = str_starts(buf_str(&out), str_from(want));
    if (!does) printf("# %.*s\n", (int)str_find_char(buf_str(&out), '\n'), buf_cstr(&out));
    return does;
}

// What to do next can be typed as it stands.
static void test_next(void)
{
    struct report *r = answer();
    _cleanup_buf_ struct buf out = { 0 }, ended = { 0 };
    findings_text(r, &(struct findings_text_options) { .width = 100 }, &out);
    CHECK(str_find(buf_str(&out), STR("Next: maptrap locate --pid 4711 --for 2m ")) != STR_NPOS);
    r->ended = STR("the target exited");
    findings_text(r, &(struct findings_text_options) { .width = 100 }, &ended);
    CHECK(str_find(buf_str(&ended), STR("--pid 4711 --for")) == STR_NPOS);
    report_destroy(r);
}

static void test_first_line(void)
{
    struct report *r = answer();
    CHECK(begins(r, "No race seen: 2 shared maps watched for 30.0 s, 120 holds"));
    r->aborted = true;
    CHECK(begins(r, "Not enough seen to say: the Go runtime of the target aborted after 30.0 s"));
    r->aborted = false;
    r->coverage.unheld = STR("the host was too busy");
    CHECK(begins(r,
                 "Not enough seen to say: 2 shared maps watched for 30.0 s, but nothing could be "
                 "held and so nothing proven: the host was too busy"));
    r->coverage.maps_shared = 0;
    CHECK(begins(r, "Not enough seen to say: no map was written by two goroutines"));
    add_finding(r);
    r->finding->map.name = STR("main.global+8");
    CHECK(begins(r, "RACE main.global+8 map[string]int: two goroutines"));
    r->finding->map.written = STR("global.seen");
    CHECK(begins(r, "RACE global.seen map[string]int: two goroutines"));
    r->finding->map.name = STR("main.quotes");
    CHECK(begins(r, "RACE main.quotes map[string]int: two goroutines write it at the same time"));
    report_destroy(r);
}

static const char *text_at(json_t *of, const char *key)
{
    const char *s = json_string_value(json_object_get(of, key));
    return s ? s : "(no text)";
}

static void test_json(void)
{
    struct report *r = answer();
    add_finding(r);
    _cleanup_buf_ struct buf out = { 0 };
    findings_json(r, &out);
    json_t *doc = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
    CHECK(doc != NULL);
    CHECK_STR(str_from(text_at(doc, "schema")), "maptrap.findings/1");
    json_t *f = json_array_get(json_object_get(doc, "findings"), 0);
    CHECK_STR(str_from(text_at(f, "kind")), "write-write");
    CHECK_STR(str_from(text_at(f, "evidence")), "overlap");
    json_t *map = json_object_get(f, "map"), *sides = json_object_get(f, "accesses");
    CHECK_STR(str_from(text_at(map, "address")), "0xc000123450");
    CHECK_STR(str_from(text_at(map, "name")), "main.quotes");
    CHECK_INT(json_array_size(sides), 2);
    json_t *second = json_array_get(sides, 1);
    static const char *const keys[] = { "op",       "goroutine", "parent", "created_by",
                                        "function", "file",      "line",   "via",
                                        "key",      "hash",      "bucket", "locks",
                                        "labels",   "route",     "time",   "stack" };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        CHECK(json_object_get(second, keys[i]) != NULL);
    CHECK_INT(json_integer_value(json_object_get(second, "goroutine")), 22);
    CHECK_INT(json_integer_value(json_object_get(second, "line")), 61);
    CHECK_STR(str_from(text_at(second, "key")), "k\"1");
    CHECK(json_is_null(json_object_get(second, "parent")));
    json_t *coverage = json_object_get(doc, "coverage");
    CHECK_INT(json_integer_value(json_object_get(coverage, "holds")), 120);
    json_decref(doc);
    report_destroy(r);
}

// The same for a pair of sites in either order, another for other sites; no line numbers in it.
static void test_id(void)
{
    struct report *r = answer();
    add_finding(r);
    struct finding *f = r->finding;
    char first[sizeof(f->id)];
    memcpy(first, f->id, sizeof(first));
    f->access[0].at.function = STR("main.other");
    finding_set_id(f);
    CHECK(strcmp(first, f->id) != 0);
    memcpy(first, f->id, sizeof(first));
    struct finding_access swap = f->access[0];
    f->access[0] = f->access[1];
    f->access[1] = swap;
    f->access[0].at.line = 999;
    f->map.address = 1;
    finding_set_id(f);
    CHECK(strcmp(first, f->id) == 0);
    report_destroy(r);
}

static void test_key_line(void)
{
    struct report *r = answer();
    add_finding(r);
    r->finding->access[0].key = (struct str) { "a\0b\nc", 5 };
    _cleanup_buf_ struct buf out = { 0 };
    findings_text(r, &(struct findings_text_options) { .width = 100 }, &out);
    CHECK(str_find(buf_str(&out), STR("key a\\x00b\\x0ac ")) != STR_NPOS);
    report_destroy(r);
}

// No line of the two sides is wider than the terminal, and no character is cut in two.
static void test_width(void)
{
    struct report *r = answer();
    add_finding(r);
    r->finding->access[0].key =
        STR("日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語"
            "日本語日本語");
    static const unsigned widths[] = { 24, 40, 59, 60, 80, 120 };
    for (size_t i = 0; i < array_size(widths); i++) {
        _cleanup_buf_ struct buf out = { 0 };
        findings_text(r, &(struct findings_text_options) { .width = widths[i] }, &out);
        struct str rest = buf_str(&out), line;
        while (str_split(&rest, '\n', &line) && !str_starts(line, STR("  Proof"))) {
            size_t columns = 0;
            for (size_t k = 0; k < line.n; k++)
                columns += ((unsigned char)line.p[k] & 0xc0) != 0x80;
            bool verdict = str_starts(line, STR("RACE"));
            CHECK(verdict || columns <= widths[i]);
            size_t bar = str_find(line, STR(" | "));
            struct str left = bar == STR_NPOS ? line : str_sub(line, 0, bar);
            CHECK(left.n == 0 || ((unsigned char)left.p[left.n - 1] & 0xc0) != 0xc0);
            struct str inner = str_trim(left);
            CHECK(inner.n == 0 || ((unsigned char)inner.p[0] & 0xc0) != 0x80);
        }
        CHECK(str_find(buf_str(&out), STR("was at its access | ")) == STR_NPOS || widths[i] >= 60);
    }
    report_destroy(r);
}

TEST_MAIN(TEST(test_next), TEST(test_key_line), TEST(test_width), TEST(test_first_line),
          TEST(test_json), TEST(test_id))

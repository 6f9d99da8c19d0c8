// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/json.h"
#include "sinks/finding_sinks.h"

#include <math.h>

static double round_to(double v, double unit)
{
    return round(v / unit) * unit;
}

static void str_or_null(struct json *j, const char *key, struct str s)
{
    json_key(j, key);
    if (s.n)
        json_str(j, s);
    else
        json_null(j);
}

static void time_field(struct json *j, const char *key, uint64_t ns)
{
    char text[40];
    clock_rfc3339(ns, text);
    json_key(j, key), json_cstr(j, text);
}

static void frame_fields(struct json *j, const struct frame *f)
{
    json_key(j, "function"), json_str(j, f->function);
    json_key(j, "file"), json_str(j, f->file);
    json_key(j, "line"), json_uint(j, f->line);
}

static void map_object(struct json *j, const struct finding_map *m)
{
    json_object(j);
    json_key(j, "address"), json_strf(j, "%#llx", (unsigned long long)m->address);
    str_or_null(j, "type", m->type);
    str_or_null(j, "name", finding_map_shown(m));
    json_end(j);
}

static void access_object(struct json *j, const struct finding_access *a)
{
    json_object(j);
    json_key(j, "op"), json_cstr(j, map_op_name(a->op));
    json_key(j, "goroutine"), json_uint(j, a->goroutine);
    json_key(j, "parent");
    if (a->parent)
        json_uint(j, a->parent);
    else
        json_null(j);
    json_key(j, "created_by");
    if (a->created_by.function.n) {
        json_object(j);
        frame_fields(j, &a->created_by);
        json_end(j);
    } else {
        json_null(j);
    }
    frame_fields(j, &a->at);
    str_or_null(j, "via", a->via);
    json_key(j, "key");
    if (a->has_key)
        json_str(j, a->key);
    else
        json_null(j);
    json_key(j, "hash"), json_null(j);
    json_key(j, "bucket"), json_null(j);
    json_key(j, "locks"), json_array(j), json_end(j);
    json_key(j, "labels"), json_object(j), json_end(j);
    json_key(j, "route"), json_null(j);
    time_field(j, "time", a->time_ns);
    json_key(j, "stack"), json_array(j);
    for (size_t i = 0; i < a->stack.n; i++) {
        json_object(j);
        frame_fields(j, &a->stack.frame[i]);
        json_key(j, "inlined"), json_bool(j, a->stack.frame[i].inlined);
        json_end(j);
    }
    json_end(j);
    json_end(j);
}

static void finding_object(struct json *j, const struct finding *f)
{
    json_object(j);
    json_key(j, "id"), json_cstr(j, f->id);
    json_key(j, "kind"), json_cstr(j, finding_kind_name(f->kind));
    json_key(j, "evidence"), json_cstr(j, evidence_name(f->evidence));
    json_key(j, "map"), map_object(j, &f->map);
    json_key(j, "accesses"), json_array(j);
    for (size_t i = 0; i < f->n_accesses; i++) access_object(j, &f->access[i]);
    json_end(j);
    json_key(j, "guards"), json_array(j), json_end(j);
    json_key(j, "held"), json_object(j);
    json_key(j, "kind"), json_cstr(j, f->held.kind == HELD_BUSY ? "busy" : "none");
    json_key(j, "ms"), json_double(j, round_to(f->held.ms, 0.001));
    json_key(j, "times"), json_uint(j, f->held.times);
    json_key(j, "arrivals"), json_uint(j, f->held.arrivals);
    json_key(j, "expected"), json_double(j, round_to(f->held.expected, 0.01));
    json_end(j);
    json_key(j, "missing"), json_array(j);
    for (size_t i = 0; i < f->n_missing; i++) json_str(j, f->missing[i]);
    json_end(j);
    json_key(j, "static"), json_cstr(j, "unknown");
    str_or_null(j, "advice", f->advice);
    time_field(j, "first_seen", f->first_seen_ns);
    json_key(j, "count"), json_uint(j, f->count);
    json_end(j);
}

static void coverage_object(struct json *j, const struct report *r)
{
    json_object(j);
    json_key(j, "maps"), json_uint(j, r->coverage.maps);
    json_key(j, "maps_shared"), json_uint(j, r->coverage.maps_shared);
    json_key(j, "sites"), json_uint(j, r->coverage.sites);
    json_key(j, "accesses"), json_uint(j, r->coverage.accesses);
    json_key(j, "holds"), json_uint(j, r->coverage.holds);
    json_key(j, "blind"), json_array(j);
    for (size_t i = 0; i < r->coverage.n_blind; i++) json_str(j, r->coverage.blind[i]);
    json_end(j);
    json_key(j, "by_map"), json_array(j);
    for (size_t i = 0; i < r->coverage.n_by_map; i++) {
        const struct map_verdict *v = &r->coverage.by_map[i];
        json_object(j);
        json_key(j, "map"), map_object(j, &v->map);
        json_key(j, "goroutines"), json_uint(j, v->goroutines);
        json_key(j, "sites"), json_uint(j, v->sites);
        json_key(j, "accesses"), json_uint(j, v->accesses);
        json_key(j, "holds"), json_uint(j, v->holds);
        json_key(j, "held_ms"), json_double(j, round_to(v->held_ms, 0.001));
        json_key(j, "arrivals"), json_uint(j, v->arrivals);
        json_key(j, "expected"), json_double(j, round_to(v->expected, 0.01));
        json_key(j, "guards"), json_array(j), json_end(j);
        json_key(j, "verdict"), json_cstr(j, v->verdict);
        json_key(j, "why"), json_str(j, v->why);
        json_end(j);
    }
    json_end(j);
    json_end(j);
}

void findings_json(const struct report *r, struct buf *out)
{
    struct json j;
    json_init(&j, out, 2);
    json_object(&j);
    json_key(&j, "schema"), json_cstr(&j, "maptrap.findings/1");
    json_key(&j, "target"), json_object(&j);
    json_key(&j, "pid"), json_int(&j, r->target.pid);
    json_key(&j, "start_time"), json_cstr(&j, r->target.start_time);
    json_key(&j, "exe"), json_str(&j, r->target.exe);
    json_key(&j, "go"), json_str(&j, r->target.go);
    json_key(&j, "build_id"), json_str(&j, r->target.build_id);
    json_key(&j, "stripped"), json_bool(&j, r->target.stripped);
    json_end(&j);
    json_key(&j, "findings"), json_array(&j);
    for (size_t i = 0; i < r->n_findings; i++) finding_object(&j, &r->finding[i]);
    json_end(&j);
    json_key(&j, "suspects"), json_array(&j);
    for (size_t i = 0; i < r->n_suspects; i++) finding_object(&j, &r->suspect[i]);
    json_end(&j);
    json_key(&j, "coverage"), coverage_object(&j, r);
    json_key(&j, "cost"), json_object(&j);
    json_key(&j, "probe_hits"), json_uint(&j, r->cost.probe_hits);
    json_key(&j, "ns_per_hit"), json_double(&j, round_to(r->cost.ns_per_hit, 1));
    json_key(&j, "held_ms"), json_double(&j, round_to(r->cost.held_ms, 0.001));
    json_key(&j, "cpu_share"), json_double(&j, round_to(r->cost.cpu_share, 0.00001));
    json_key(&j, "dropped"), json_uint(&j, r->cost.dropped);
    json_key(&j, "bpf_ns_per_hit"), json_double(&j, round_to(r->cost.bpf_ns_per_hit, 1));
    json_end(&j);
    str_or_null(&j, "ended", r->ended);
    json_key(&j, "took_s"), json_double(&j, round_to(r->took_s, 0.001));
    json_end(&j);
    json_deinit(&j);
}

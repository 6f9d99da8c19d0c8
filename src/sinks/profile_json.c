// SPDX-License-Identifier: Apache-2.0
#include "sinks/profile_json.h"

static void key_str(struct json *j, const char *key, struct str s)
{
    json_key(j, key);
    json_str(j, s);
}

static void key_int(struct json *j, const char *key, int64_t v)
{
    json_key(j, key);
    json_int(j, v);
}

static double share(int64_t value, int64_t total)
{
    return total ? (double)value / (double)total : 0;
}

static void put_types(struct json *j, const struct profile *p)
{
    json_key(j, "sample_types");
    json_array(j);
    for (size_t i = 0; i < p->types.n; i++) {
        json_object(j);
        key_str(j, "type", p->types.p[i].type);
        key_str(j, "unit", p->types.p[i].unit);
        key_int(j, "total", profile_total(p, i));
        json_end(j);
    }
    json_end(j);
}

static void put_top(struct json *j, const struct profile_answer *a)
{
    json_key(j, "top");
    json_array(j);
    size_t n = a->top->rows.n;
    if (a->limit && n > a->limit) n = a->limit;
    for (size_t i = 0; i < n; i++) {
        const struct profile_row *r = &a->top->rows.p[i];
        json_object(j);
        key_str(j, "function", a->view->names.p[r->node]);
        key_int(j, "flat", r->flat);
        key_int(j, "cum", r->cum);
        json_end(j);
    }
    json_end(j);
}

static void put_site(struct json *j, const struct profile_site *s)
{
    key_str(j, "function", s->function);
    key_str(j, "file", s->file);
    key_int(j, "line", s->line);
    json_key(j, "op");
    json_cstr(j, map_op_name(s->op));
    if (s->via.n) key_str(j, "via", s->via);
}

static void put_sites(struct json *j, const struct profile_sites *sites)
{
    json_key(j, "map_sites");
    json_array(j);
    for (size_t i = 0; i < sites->sites.n; i++) {
        const struct profile_site *s = &sites->sites.p[i];
        json_object(j);
        put_site(j, s);
        key_int(j, "value", s->value);
        json_key(j, "share");
        json_double(j, share(s->value, sites->total));
        json_end(j);
    }
    json_end(j);
}

static void put_memory(struct json *j, const struct profile_answer *a)
{
    json_key(j, "map_memory");
    json_array(j);
    for (size_t i = 0; a->memory && i < a->memory->sites.n; i++) {
        const struct profile_site *s = &a->memory->sites.p[i];
        json_object(j);
        put_site(j, s);
        key_int(j, "bytes", s->value);
        json_key(j, "share");
        json_double(j, share(s->value, a->memory->total));
        json_key(j, "over_10mb");
        json_bool(j, s->value > PROFILE_MAP_MEMORY_ALARM);
        json_end(j);
    }
    json_end(j);
}

static void put_tags(struct json *j, const struct profile_tags *t)
{
    json_key(j, "tags");
    json_array(j);
    for (size_t i = 0; i < t->tags.n; i++) {
        json_object(j);
        key_str(j, "key", t->tags.p[i].key);
        key_str(j, "value", t->tags.p[i].value);
        key_int(j, "sum", t->tags.p[i].sum);
        json_end(j);
    }
    json_end(j);
}

void profile_json(struct json *j, const struct profile_answer *a)
{
    const struct profile *p = a->p;
    json_object(j);
    json_key(j, "schema");
    json_cstr(j, "maptrap.profile/1");
    json_key(j, "format");
    json_cstr(j, profile_format_name(p->format));
    put_types(j, p);
    key_str(j, "sample", p->types.p[a->type].type);
    key_int(j, "samples", (int64_t)p->records);
    put_top(j, a);
    put_sites(j, a->sites);
    put_memory(j, a);
    if (a->tags) put_tags(j, a->tags);
    if (p->broke) {
        json_key(j, "broke");
        json_object(j);
        key_int(j, "offset", (int64_t)p->broke_at);
        key_str(j, "why", str_from(p->broke_why));
        json_end(j);
    }
    json_end(j);
}

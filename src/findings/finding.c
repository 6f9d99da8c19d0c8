// SPDX-License-Identifier: Apache-2.0
#include "findings/finding.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdio.h>

const char *evidence_name(enum evidence e)
{
    static const char *const names[] = { "overlap", "fatal", "unguarded", "suspect" };
    return names[e];
}

const char *finding_kind_name(enum finding_kind k)
{
    static const char *const names[] = { "write-write", "read-write", "iterate-write" };
    return names[k];
}

enum finding_kind finding_kind_of(enum map_op a, enum map_op b)
{
    if (map_op_writes(a) && map_op_writes(b)) return KIND_WRITE_WRITE;
    if (a == MAP_OP_ITERATE || b == MAP_OP_ITERATE) return KIND_ITERATE_WRITE;
    return KIND_READ_WRITE;
}

struct str finding_map_shown(const struct finding_map *m)
{
    bool part = str_find_char(m->name, '+') != STR_NPOS;
    return m->written.n && (part || !m->name.n) ? m->written : m->name;
}

static void side_text(const struct finding_access *a, struct buf *b)
{
    buf_printf(b, "%s %.*s via %.*s", map_op_name(a->op), STR_ARG(a->at.function), STR_ARG(a->via));
}

void finding_set_id(struct finding *f)
{
    _cleanup_buf_ struct buf one = { 0 }, two = { 0 }, all = { 0 };
    side_text(&f->access[0], &one);
    if (f->n_accesses > 1) side_text(&f->access[1], &two);
    bool swap = str_cmp(buf_str(&one), buf_str(&two)) > 0; // which side came first is chance
    buf_printf(&all, "%s|%.*s|%.*s|%s|%s", finding_kind_name(f->kind), STR_ARG(f->map.type),
               STR_ARG(f->map.name), buf_cstr(swap ? &two : &one), buf_cstr(swap ? &one : &two));
    snprintf(f->id, sizeof(f->id), "mt-%016llx", (unsigned long long)str_hash(buf_str(&all)));
}

struct report *report_create(void)
{
    return mem_zalloc(sizeof(struct report));
}

void report_destroy(struct report *r)
{
    if (!r) return;
    free(r->finding);
    free(r->suspect);
    free(r->coverage.blind);
    free(r->coverage.by_map);
    arena_deinit(&r->arena);
    free(r);
}

void report_add_blind(struct report *r, const char *text)
{
    r->coverage.blind =
        mem_realloc_array(r->coverage.blind, r->coverage.n_blind + 1, sizeof(*r->coverage.blind));
    r->coverage.blind[r->coverage.n_blind++] = str_from(text);
}

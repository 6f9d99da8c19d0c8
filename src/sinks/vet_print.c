// SPDX-License-Identifier: Apache-2.0
#include "sinks/vet_print.h"

#include "base/json.h"

void vet_print_text(const struct goscan_result *r, struct buf *out)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct goscan_finding *f = &r->findings[i];
        buf_printf(out, "%.*s:%u:%u: %s [%s, %s]\n", STR_ARG(f->file), f->line, f->column,
                   f->message, goscan_rules[f->rule].name, f->id);
    }
}

static void position(struct json *j, const char *key, struct str file, uint32_t line,
                     uint32_t column)
{
    json_key(j, key), json_strf(j, "%.*s:%u:%u", STR_ARG(file), line, column);
}

static void edits(struct json *j, const struct goscan_finding *f)
{
    if (!f->n_fix) return;
    json_key(j, "suggested_fixes"), json_array(j), json_object(j);
    json_key(j, "message"), json_strf(j, "hold %s", f->guard);
    json_key(j, "edits"), json_array(j);
    for (size_t i = 0; i < f->n_fix; i++) {
        json_object(j);
        json_key(j, "filename"), json_str(j, f->file);
        json_key(j, "start"), json_uint(j, f->fix[i].pos);
        json_key(j, "end"), json_uint(j, f->fix[i].end);
        json_key(j, "new"), json_cstr(j, f->fix[i].text);
        json_end(j);
    }
    json_end(j), json_end(j), json_end(j);
}

static void diagnostic(struct json *j, const struct goscan_finding *f)
{
    json_object(j);
    json_key(j, "category"), json_cstr(j, goscan_rules[f->rule].name);
    position(j, "posn", f->file, f->line, f->column);
    position(j, "end", f->file, f->line, f->column);
    json_key(j, "message");
    json_strf(j, "%s [%s, %s]", f->message, goscan_rules[f->rule].name, f->id);
    edits(j, f);
    json_key(j, "related"), json_array(j);
    for (size_t i = 0; i < f->n_related; i++) {
        json_object(j);
        position(j, "posn", f->related[i].file, f->related[i].line, 1);
        position(j, "end", f->related[i].file, f->related[i].line, 1);
        json_key(j, "message"), json_cstr(j, f->related[i].role);
        json_end(j);
    }
    json_end(j), json_end(j);
}

void vet_print_json(const struct goscan_result *r, struct str package_id, struct buf *out)
{
    struct json j;
    _cleanup_buf_ struct buf id = { 0 };
    buf_addstr(&id, package_id);
    json_init(&j, out, 4);
    json_object(&j);
    if (r->n) {
        json_key(&j, buf_cstr(&id)), json_object(&j);
        json_key(&j, "maptrap"), json_array(&j);
        for (size_t i = 0; i < r->n; i++) diagnostic(&j, &r->findings[i]);
        json_end(&j), json_end(&j);
    }
    json_end(&j);
    json_deinit(&j);
}

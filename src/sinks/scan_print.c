// SPDX-License-Identifier: Apache-2.0
#include "sinks/scan_print.h"

#include "base/json.h"

static const char *tier_name(enum goscan_tier t)
{
    return t == GOSCAN_DEFAULT ? "default" : t == GOSCAN_MEDIUM ? "medium" : "library";
}

void scan_print_rule(enum goscan_rule rule, struct buf *out)
{
    const struct goscan_rule_info *r = &goscan_rules[rule];
    buf_printf(out, "\n%s (tier %s): %s.\n\n%s\n\nWhat to do: %s\n", r->name, tier_name(r->tier),
               r->summary, r->why, r->advice);
}

static void text_diff(const char *diff, struct buf *out)
{
    struct str rest = str_from(diff), line;
    while (str_split(&rest, '\n', &line))
        if (line.n) buf_printf(out, "    %.*s\n", STR_ARG(line));
}

void scan_print_name(struct str name, struct buf *out)
{
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i],
                      next = i + 1 < name.n ? (unsigned char)name.p[i + 1] : 0;
        if (c < ' ' || c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0)) {
            buf_printf(out, "\\x%02x", c);
            if (c == 0xc2) buf_printf(out, "\\x%02x", (unsigned char)name.p[++i]);
        } else {
            buf_addc(out, (char)c);
        }
    }
}

static void text_place(const char *indent, struct str file, uint32_t line, struct buf *out)
{
    buf_adds(out, indent);
    scan_print_name(file, out);
    buf_printf(out, ":%u:", line);
}

void scan_print_remarks(const struct scan_report *r, const char *program, struct buf *out)
{
    enum { MOST = 20 };
    for (size_t i = 0; i < r->result.n_remarks && i < MOST; i++) {
        buf_printf(out, "%s: ", program);
        text_place("", r->result.remarks[i].file, r->result.remarks[i].line, out);
        buf_printf(out, " %s\n", r->result.remarks[i].text);
    }
    if (r->result.n_remarks > MOST)
        buf_printf(out, "%s: and %zu more of the kind\n", program, r->result.n_remarks - MOST);
}

void scan_print_text(const struct scan_report *r, bool explain, struct buf *out)
{
    for (size_t i = 0; i < r->result.n; i++) {
        const struct goscan_finding *f = &r->result.findings[i];
        text_place("", f->file, f->line, out);
        buf_printf(out, "%u: %s [%s, %s]\n", f->column, f->message, goscan_rules[f->rule].name,
                   f->id);
        for (size_t k = 0; k < f->n_related; k++) {
            text_place("    ", f->related[k].file, f->related[k].line, out);
            buf_printf(out, " %s\n", f->related[k].role);
        }
        if (explain)
            scan_print_rule(f->rule, out);
        else if (!f->diff)
            buf_printf(out, "    %s\n", goscan_rules[f->rule].advice);
        if (f->diff) text_diff(f->diff, out);
    }
    buf_printf(out,
               "%zu findings in %zu files, %zu lines; %zu maps, %zu accesses in %zu functions\n",
               r->result.n, r->n_files, r->n_lines, r->result.maps, r->result.accesses,
               r->result.functions);
    if (r->left_out)
        buf_printf(out, "%zu files are not part of a linux/amd64 build\n", r->left_out);
    if (r->n_bad) buf_printf(out, "%zu files with errors:\n", r->n_bad);
    for (size_t i = 0; i < r->n_bad; i++) {
        buf_adds(out, "    ");
        scan_print_name(r->bad[i].path, out);
        buf_printf(out, ":%s%s\n", i < r->n_unread ? " " : "", r->bad[i].why);
    }
}

static void json_finding(struct json *j, const struct goscan_finding *f)
{
    json_object(j);
    json_key(j, "id"), json_cstr(j, f->id);
    json_key(j, "rule"), json_cstr(j, goscan_rules[f->rule].name);
    json_key(j, "tier"), json_cstr(j, tier_name(f->tier));
    json_key(j, "file"), json_str(j, f->file);
    json_key(j, "line"), json_uint(j, f->line);
    json_key(j, "column"), json_uint(j, f->column);
    json_key(j, "map"), json_cstr(j, f->map);
    json_key(j, "guard"), json_cstr(j, f->guard);
    json_key(j, "message"), json_cstr(j, f->message);
    json_key(j, "related"), json_array(j);
    for (size_t i = 0; i < f->n_related; i++) {
        json_object(j);
        json_key(j, "file"), json_str(j, f->related[i].file);
        json_key(j, "line"), json_uint(j, f->related[i].line);
        json_key(j, "role"), json_cstr(j, f->related[i].role);
        json_end(j);
    }
    json_end(j);
    if (f->diff) json_key(j, "fix"), json_cstr(j, f->diff);
    json_end(j);
}

void scan_print_json(const struct scan_report *r, struct buf *out)
{
    struct json j;
    json_init(&j, out, 2);
    json_object(&j);
    json_key(&j, "schema"), json_cstr(&j, "maptrap.scan/1");
    json_key(&j, "files"), json_uint(&j, r->n_files);
    json_key(&j, "files_with_errors"), json_array(&j);
    for (size_t i = 0; i < r->n_bad; i++) json_str(&j, r->bad[i].path);
    json_end(&j);
    json_key(&j, "lines"), json_uint(&j, r->n_lines);
    json_key(&j, "findings"), json_array(&j);
    for (size_t i = 0; i < r->result.n; i++) json_finding(&j, &r->result.findings[i]);
    json_end(&j);
    json_key(&j, "took_s"), json_double(&j, r->took_s);
    json_end(&j);
    json_deinit(&j);
}

static void sarif_location(struct json *j, struct str file, uint32_t line, uint32_t column)
{
    json_key(j, "physicalLocation"), json_object(j);
    json_key(j, "artifactLocation"), json_object(j);
    if (str_starts(file, STR("./"))) file = str_sub(file, 2, file.n);
    _cleanup_buf_ struct buf uri = { 0 };
    if (file.n && file.p[0] == '/') buf_adds(&uri, "file://");
    buf_add_uri_path(&uri, file);
    json_key(j, "uri"), json_str(j, buf_str(&uri));
    json_end(j);
    json_key(j, "region"), json_object(j);
    json_key(j, "startLine"), json_uint(j, line);
    if (column) json_key(j, "startColumn"), json_uint(j, column);
    json_end(j);
    json_end(j);
}

static void sarif_result(struct json *j, const struct goscan_finding *f)
{
    json_object(j);
    json_key(j, "ruleId"), json_cstr(j, goscan_rules[f->rule].name);
    json_key(j, "ruleIndex"), json_uint(j, f->rule);
    json_key(j, "level"), json_cstr(j, f->tier == GOSCAN_DEFAULT ? "warning" : "note");
    json_key(j, "message"), json_object(j);
    json_key(j, "text"), json_cstr(j, f->message);
    json_end(j);
    json_key(j, "locations"), json_array(j), json_object(j);
    sarif_location(j, f->file, f->line, f->column_utf16);
    json_end(j), json_end(j);
    json_key(j, "relatedLocations"), json_array(j);
    for (size_t i = 0; i < f->n_related; i++) {
        json_object(j);
        json_key(j, "id"), json_uint(j, i + 1);
        sarif_location(j, f->related[i].file, f->related[i].line, 0);
        json_key(j, "message"), json_object(j);
        json_key(j, "text"), json_cstr(j, f->related[i].role);
        json_end(j), json_end(j);
    }
    json_end(j);
    json_key(j, "partialFingerprints"), json_object(j);
    json_key(j, "maptrap/v1"), json_cstr(j, f->id);
    json_end(j), json_end(j);
}

static void sarif_text(struct json *j, const char *key, const char *text)
{
    json_key(j, key), json_object(j);
    json_key(j, "text"), json_cstr(j, text);
    json_end(j);
}

// With all that GitHub's code scanning asks for.
static void sarif_rule(struct json *j, const struct goscan_rule_info *r)
{
    json_object(j);
    json_key(j, "id"), json_cstr(j, r->name);
    sarif_text(j, "shortDescription", r->summary);
    sarif_text(j, "fullDescription", r->why);
    sarif_text(j, "help", r->advice);
    json_end(j);
}

void scan_print_sarif(const struct scan_report *r, struct buf *out)
{
    struct json j;
    json_init(&j, out, 2);
    json_object(&j);
    json_key(&j, "$schema"), json_cstr(&j, "https://json.schemastore.org/sarif-2.1.0.json");
    json_key(&j, "version"), json_cstr(&j, "2.1.0");
    json_key(&j, "runs"), json_array(&j), json_object(&j);
    json_key(&j, "tool"), json_object(&j), json_key(&j, "driver"), json_object(&j);
    json_key(&j, "name"), json_cstr(&j, "maptrap");
    json_key(&j, "version"), json_cstr(&j, MAPTRAP_VERSION);
    json_key(&j, "rules"), json_array(&j);
    for (unsigned i = 0; i < GOSCAN_RULES; i++) sarif_rule(&j, &goscan_rules[i]);
    json_end(&j), json_end(&j), json_end(&j);
    json_key(&j, "columnKind"), json_cstr(&j, "utf16CodeUnits");
    json_key(&j, "results"), json_array(&j);
    for (size_t i = 0; i < r->result.n; i++) sarif_result(&j, &r->result.findings[i]);
    json_end(&j);
    json_end(&j), json_end(&j), json_end(&j);
    json_deinit(&j);
}

// As GitHub's runner wants what stands in a command.
static void github_escape(struct buf *out, struct str s, bool property)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
            buf_printf(out, "%%%02X", c);
        else
            buf_addc(out, (char)c);
    }
}

void scan_print_github(const struct scan_report *r, struct buf *out)
{
    for (size_t i = 0; i < r->result.n; i++) {
        const struct goscan_finding *f = &r->result.findings[i];
        struct str file = f->file;
        if (str_starts(file, STR("./"))) file = str_sub(file, 2, file.n);
        buf_printf(out, "::%s file=", f->tier == GOSCAN_DEFAULT ? "warning" : "notice");
        github_escape(out, file, true);
        buf_printf(out, ",line=%u,col=%u,title=maptrap %s::", f->line, f->column,
                   goscan_rules[f->rule].name);
        github_escape(out, str_from(f->message), false);
        buf_addc(out, '\n');
    }
}

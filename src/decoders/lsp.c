// SPDX-License-Identifier: Apache-2.0
#include "decoders/lsp.h"

#include "base/buf.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <strings.h>

size_t lsp_body_bytes(struct str header)
{
    static const char name[] = "content-length:";
    struct str line;
    size_t bytes = STR_NPOS;
    while (str_split(&header, '\n', &line)) {
        uint64_t n;
        line = str_trim(line);
        if (line.n < sizeof(name) || strncasecmp(line.p, name, sizeof(name) - 1) != 0) continue;
        if (str_to_u64(str_trim(str_sub(line, sizeof(name) - 1, line.n)), 10, &n))
            bytes = (size_t)n;
    }
    return bytes;
}

static struct str text(struct arena *a, const json_t *v)
{
    if (!json_is_string(v)) return (struct str) { 0 };
    return arena_str(a, str_make(json_string_value(v), json_string_length(v)));
}

static uint32_t line_of(const json_t *range, const char *end)
{
    json_int_t v = json_integer_value(json_object_get(json_object_get(range, end), "line"));
    return v < 0 || v > INT32_MAX ? INT32_MAX : (uint32_t)v;
}

static enum lsp_kind kind_of(struct str method)
{
    static const struct {
        const char *name;
        enum lsp_kind kind;
    } known[] = {
        { "initialize", LSP_INITIALIZE },
        { "shutdown", LSP_SHUTDOWN },
        { "exit", LSP_EXIT },
        { "textDocument/didOpen", LSP_OPEN },
        { "textDocument/didChange", LSP_CHANGE },
        { "textDocument/didSave", LSP_SAVE },
        { "textDocument/didClose", LSP_CLOSE },
        { "textDocument/codeAction", LSP_ACTION },
        { "workspace/didChangeWatchedFiles", LSP_SAVE },
    };
    for (size_t i = 0; i < array_size(known); i++)
        if (str_eqc(method, known[i].name)) return known[i].kind;
    return LSP_OTHER;
}

static void read_initialize(struct arena *a, const json_t *params, struct lsp_message *m)
{
    const json_t *folders = json_object_get(params, "workspaceFolders");
    m->folders = arena_array(a, struct str, LIMIT_LSP_FOLDERS);
    for (size_t i = 0; i < json_array_size(folders) && i < LIMIT_LSP_FOLDERS; i++) {
        struct str uri = text(a, json_object_get(json_array_get(folders, i), "uri"));
        if (uri.n) m->folders[m->n_folders++] = uri;
    }
    // Before there were several: one; before there were URIs: a path.
    struct str root = text(a, json_object_get(params, "rootUri")),
               path = text(a, json_object_get(params, "rootPath"));
    if (!root.n && path.n) root = lsp_uri(a, path);
    if (!m->n_folders && root.n) m->folders[m->n_folders++] = root;
    const json_t *general = json_object_get(json_object_get(params, "capabilities"), "general");
    const json_t *encodings = json_object_get(general, "positionEncodings");
    for (size_t i = 0; i < json_array_size(encodings); i++)
        m->utf8 |= str_eqc(text(a, json_array_get(encodings, i)), "utf-8");
}

static void read_document(struct arena *a, const json_t *params, struct lsp_message *m)
{
    const json_t *document = json_object_get(params, "textDocument");
    const json_t *changes = json_object_get(params, "contentChanges");
    m->uri = text(a, json_object_get(document, "uri"));
    m->text = text(a, json_object_get(document, "text"));
    size_t n = json_array_size(changes);
    if (n) m->text = text(a, json_object_get(json_array_get(changes, n - 1), "text"));
    const json_t *range = json_object_get(params, "range");
    const json_t *only = json_object_get(json_object_get(params, "context"), "only");
    m->no_fixes = json_array_size(only) > 0;
    for (size_t i = 0; i < json_array_size(only); i++) {
        struct str kind = text(a, json_array_get(only, i));
        if (!kind.n || str_eqc(kind, "quickfix")) m->no_fixes = false;
    }
    m->first_line = line_of(range, "start");
    m->last_line = line_of(range, "end");
}

void lsp_parse(struct arena *a, struct str body, struct lsp_message *ret)
{
    struct lsp_message m = { 0 };
    json_t *doc = json_loadb(body.p ? body.p : "", body.n, JSON_ALLOW_NUL, NULL);
    struct str method = text(a, json_object_get(doc, "method"));
    const json_t *id = json_object_get(doc, "id"), *params = json_object_get(doc, "params");
    if (method.n) m.kind = kind_of(method);
    if (json_is_string(id) || json_is_integer(id)) {
        char *s = json_dumps(id, JSON_ENCODE_ANY);
        m.wants_answer = method.n > 0;
        m.id = s ? arena_str(a, str_from(s)) : STR("null");
        free(s);
    }
    if (m.kind == LSP_INITIALIZE)
        read_initialize(a, params, &m);
    else if (m.kind >= LSP_OPEN)
        read_document(a, params, &m);
    json_decref(doc);
    *ret = m;
}

static int hex(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10
                                        : -1;
}

struct str lsp_path(struct arena *a, struct str uri)
{
    if (!str_starts(uri, STR("file://"))) return (struct str) { 0 };
    uri = str_sub(uri, 7, uri.n);
    size_t slash = str_find_char(uri, '/'); // behind the host, which is empty or this one
    uri = str_sub(uri, slash == STR_NPOS ? uri.n : slash, uri.n);
    char *p = arena_alloc(a, uri.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < uri.n; i++) {
        int high = uri.p[i] == '%' && i + 2 < uri.n ? hex(uri.p[i + 1]) : -1;
        int low = high >= 0 ? hex(uri.p[i + 2]) : -1;
        p[n++] = low >= 0 ? (char)(high << 4 | low) : uri.p[i];
        if (low >= 0) i += 2;
        if (!p[n - 1]) return (struct str) { 0 };
    }
    return str_make(p, n);
}

struct str lsp_uri(struct arena *a, struct str path)
{
    _cleanup_buf_ struct buf out = { 0 };
    buf_adds(&out, "file://");
    buf_add_uri_path(&out, path);
    return arena_str(a, buf_str(&out));
}

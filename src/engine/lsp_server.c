// SPDX-License-Identifier: Apache-2.0
#include "engine/lsp_server.h"

#include "base/json.h"
#include "base/mem.h"
#include "decoders/lsp.h"
#include "engine/scan.h"
#include "engine/scan_memory.h"

#include <errno.h>
#include <poll.h>

enum { QUIET_MS = 150 };
enum { // errors that the protocol numbers
    PARSE_ERROR = -32700,
    BAD_REQUEST = -32600,
    NO_METHOD = -32601,
    NOT_INITIALIZED = -32002,
};

struct document {
    char *uri, *path, *text; // path is resolved
};

struct server {
    const struct lsp_options *o;
    int in, out;
    struct buf input;
    size_t used; // of input
    VEC(struct document) open;
    VEC(char *) published; // URIs that have diagnostics
    VEC(const char *) roots;
    struct scan_memory memory; // what `last` borrows from
    struct scan_run last;
    bool initialized, scanned, stale, utf8, shut, failed;
};

// ---- writing ----

static void send_body(struct server *s, const struct buf *body)
{
    _cleanup_buf_ struct buf all = { 0 };
    buf_printf(&all, "Content-Length: %zu\r\n\r\n", body->n);
    buf_addstr(&all, buf_str(body));
    for (size_t done = 0; done < all.n && !s->failed;) {
        ssize_t n = write(s->out, all.p + done, all.n - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) s->failed = true; // the client has gone: the loop ends
        done += n > 0 ? (size_t)n : 0;
    }
}

static void answer(struct server *s, struct str id, const struct buf *result)
{
    _cleanup_buf_ struct buf out = { 0 };
    buf_printf(&out, "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"result\":", STR_ARG(id));
    buf_addstr(&out, buf_str(result));
    buf_addc(&out, '}');
    send_body(s, &out);
}

static void answer_error(struct server *s, struct str id, int code, const char *text)
{
    _cleanup_buf_ struct buf out = { 0 };
    buf_printf(&out, "{\"jsonrpc\":\"2.0\",\"id\":%.*s,\"error\":{\"code\":%d,\"message\":\"%s\"}}",
               STR_ARG(id), code, text);
    send_body(s, &out);
}

// ---- places ----

static void put_position(struct server *s, struct json *j, const char *key, struct str text,
                         size_t at)
{
    struct str before = str_sub(text, 0, at);
    size_t line = 0, newline = str_rfind_char(before, '\n'), units = 0;
    for (size_t i = 0; i < before.n; i++) line += before.p[i] == '\n';
    struct str part = newline == STR_NPOS ? before : str_sub(before, newline + 1, before.n);
    for (size_t i = 0; i < part.n; i++) {
        unsigned char c = (unsigned char)part.p[i];
        units += s->utf8 || (c & 0xc0) != 0x80; // one for each character,
        units += !s->utf8 && c >= 0xf0;         // and a second where UTF-16 needs a pair
    }
    json_key(j, key), json_object(j);
    json_key(j, "line"), json_uint(j, line);
    json_key(j, "character"), json_uint(j, units);
    json_end(j);
}

static void put_range(struct server *s, struct json *j, struct str text, size_t from, size_t to)
{
    json_key(j, "range"), json_object(j);
    put_position(s, j, "start", text, from);
    put_position(s, j, "end", text, to);
    json_end(j);
}

static size_t line_offset(struct str text, uint32_t line)
{
    size_t at = 0;
    for (; line > 1; line--) {
        size_t n = str_find_char(str_sub(text, at, text.n), '\n');
        if (n == STR_NPOS) return text.n;
        at += n + 1;
    }
    return at;
}

// As the client calls the file, if it has it open.
static struct str uri_of(struct server *s, struct str path)
{
    _cleanup_free_ char *real = realpath(arena_cstr(&s->last.arena, path), NULL);
    for (size_t i = 0; real && i < s->open.n; i++)
        if (strcmp(s->open.p[i].path, real) == 0) return str_from(s->open.p[i].uri);
    return lsp_uri(&s->last.arena, real ? arena_str(&s->last.arena, str_from(real)) : path);
}

static void put_diagnostic(struct server *s, struct json *j, const struct goscan_finding *f)
{
    struct str text = scan_text(&s->last, f->file);
    size_t end = f->pos;
    while (end < text.n && !strchr(" \t\r\n;{", text.p[end])) end++;
    json_object(j);
    put_range(s, j, text, f->pos, end);
    json_key(j, "severity"), json_uint(j, f->tier == GOSCAN_DEFAULT ? 2 : 3);
    json_key(j, "code"), json_cstr(j, goscan_rules[f->rule].name);
    json_key(j, "source"), json_cstr(j, "maptrap");
    json_key(j, "message"), json_cstr(j, f->message);
    json_key(j, "relatedInformation"), json_array(j);
    for (size_t i = 0; i < f->n_related; i++) {
        struct str other = scan_text(&s->last, f->related[i].file);
        size_t at = line_offset(other, f->related[i].line);
        json_object(j);
        json_key(j, "location"), json_object(j);
        json_key(j, "uri"), json_str(j, uri_of(s, f->related[i].file));
        put_range(s, j, other, at, at);
        json_end(j);
        json_key(j, "message"), json_cstr(j, f->related[i].role);
        json_end(j);
    }
    json_end(j);
    json_key(j, "data"), json_object(j);
    json_key(j, "id"), json_cstr(j, f->id);
    json_end(j), json_end(j);
}

// ---- diagnostics ----

static void publish(struct server *s, struct str uri, const struct goscan_finding *f, size_t n)
{
    _cleanup_buf_ struct buf out = { 0 };
    struct json j;
    json_init(&j, &out, 0);
    json_object(&j);
    json_key(&j, "jsonrpc"), json_cstr(&j, "2.0");
    json_key(&j, "method"), json_cstr(&j, "textDocument/publishDiagnostics");
    json_key(&j, "params"), json_object(&j);
    json_key(&j, "uri"), json_str(&j, uri);
    json_key(&j, "diagnostics"), json_array(&j);
    for (size_t i = 0; i < n; i++) put_diagnostic(s, &j, &f[i]);
    json_end(&j), json_end(&j), json_end(&j);
    json_deinit(&j);
    send_body(s, &out);
}

static void publish_all(struct server *s)
{
    struct goscan_result *r = &s->last.report.result;
    VEC(char *) now = { 0 };
    for (size_t i = 0, end; i < r->n; i = end) { // sorted by file
        for (end = i; end < r->n && str_eq(r->findings[end].file, r->findings[i].file);) end++;
        struct str uri = uri_of(s, r->findings[i].file);
        publish(s, uri, &r->findings[i], end - i);
        vec_push(&now, mem_strndup(uri.p, uri.n));
    }
    for (size_t i = 0; i < s->published.n; i++) {
        bool still = false;
        for (size_t k = 0; k < now.n; k++) still |= strcmp(now.p[k], s->published.p[i]) == 0;
        if (!still) publish(s, str_from(s->published.p[i]), NULL, 0);
        free(s->published.p[i]);
    }
    vec_deinit(&s->published);
    s->published.p = now.p, s->published.n = now.n, s->published.cap = now.cap;
}

typedef VEC(const char *) paths;

// A client without a workspace may have been started anywhere, the home folder say: the present
// folder is looked at if it is a module's, else those of the open documents.
static void find_folders(const struct server *s, struct arena *a, paths *ret)
{
    for (size_t i = 0; i < s->o->n_paths; i++) vec_push(ret, s->o->paths[i]);
    if (ret->n) return;
    for (size_t i = 0; i < s->roots.n; i++) // one that is gone would take the others with it
        if (access(s->roots.p[i], F_OK) == 0) vec_push(ret, s->roots.p[i]);
    if (s->roots.n) return;
    if (access("go.mod", F_OK) == 0 || access("go.work", F_OK) == 0) {
        vec_push(ret, ".");
        return;
    }
    for (size_t i = 0; i < s->open.n; i++) {
        struct str path = str_from(s->open.p[i].path);
        size_t slash = str_rfind_char(path, '/');
        const char *dir = arena_cstr(a, str_sub(path, 0, slash == STR_NPOS ? 0 : slash));
        if (dir[0] && access(dir, F_OK) == 0) vec_push(ret, dir);
    }
}

static void look(struct server *s)
{
    struct arena a = { 0 };
    paths folders = { 0 };
    find_folders(s, &a, &folders);
    VEC(struct scan_overlay) texts = { 0 };
    for (size_t i = 0; i < s->open.n; i++)
        vec_push(&texts, (struct scan_overlay) { str_from(s->open.p[i].path),
                                                 str_from(s->open.p[i].text) });
    struct scan_options o = { .paths = folders.p,
                              .n_paths = folders.n,
                              .overlays = texts.p,
                              .n_overlays = texts.n,
                              .memory = &s->memory };
    scan_run_deinit(&s->last);
    s->last = (struct scan_run) { 0 };
    _cleanup_err_ struct err *gone =
        scan_run(&o, &s->last); // a folder that is gone has no findings
    struct goscan_result *r = &s->last.report.result;
    size_t kept = 0;
    for (size_t i = 0; i < r->n; i++)
        if (!r->findings[i].suppressed && r->findings[i].tier <= s->o->tier)
            r->findings[kept++] = r->findings[i];
    r->n = kept;
    publish_all(s);
    vec_deinit(&texts);
    vec_deinit(&folders);
    arena_deinit(&a);
    s->scanned = true;
    s->stale = false;
}

// ---- documents ----

static void forget(struct document *d)
{
    free(d->uri), free(d->path), free(d->text);
}

static void keep_document(struct server *s, struct arena *a, const struct lsp_message *m)
{
    struct str path = lsp_path(a, m->uri);
    if (!path.n || !m->text.p) return;
    _cleanup_free_ char *real = realpath(arena_cstr(a, path), NULL);
    struct document d = { mem_strndup(m->uri.p, m->uri.n),
                          real ? mem_strdup(real) : mem_strndup(path.p, path.n),
                          mem_strndup(m->text.p, m->text.n) };
    for (size_t i = 0; i < s->open.n; i++)
        if (strcmp(s->open.p[i].uri, d.uri) == 0) {
            forget(&s->open.p[i]);
            s->open.p[i] = d;
            return;
        }
    if (s->open.n < LIMIT_LSP_DOCUMENTS)
        vec_push(&s->open, d);
    else
        forget(&d);
}

static void close_document(struct server *s, struct str uri)
{
    for (size_t i = 0; i < s->open.n; i++)
        if (str_eqc(uri, s->open.p[i].uri)) {
            forget(&s->open.p[i]);
            s->open.p[i] = *vec_last(&s->open);
            s->open.n--;
            return;
        }
}

// ---- requests ----

static void initialize(struct server *s, struct arena *a, const struct lsp_message *m)
{
    for (size_t i = 0; i < m->n_folders; i++) {
        struct str path = lsp_path(a, m->folders[i]);
        if (path.n) vec_push(&s->roots, mem_strndup(path.p, path.n));
    }
    s->initialized = true;
    s->utf8 = m->utf8;
    s->stale = true;
    _cleanup_buf_ struct buf out = { 0 };
    buf_printf(&out,
               "{\"capabilities\":{\"positionEncoding\":\"%s\",\"textDocumentSync\":{\"openClose\":"
               "true,\"change\":1,\"save\":true},\"codeActionProvider\":{\"codeActionKinds\":["
               "\"quickfix\"]}},\"serverInfo\":{\"name\":\"maptrap\",\"version\":\"%s\"}}",
               m->utf8 ? "utf-8" : "utf-16", MAPTRAP_VERSION);
    answer(s, m->id, &out);
}

static void put_action(struct server *s, struct json *j, const struct goscan_finding *f,
                       struct str uri)
{
    struct str text = scan_text(&s->last, f->file);
    _cleanup_free_ char *key = mem_strndup(uri.p, uri.n);
    json_object(j);
    json_key(j, "title"), json_strf(j, "Hold %s", f->guard);
    json_key(j, "kind"), json_cstr(j, "quickfix");
    json_key(j, "diagnostics"), json_array(j);
    put_diagnostic(s, j, f);
    json_end(j);
    json_key(j, "edit"), json_object(j), json_key(j, "changes"), json_object(j);
    json_key(j, key), json_array(j);
    for (size_t i = 0; i < f->n_fix; i++) {
        json_object(j);
        put_range(s, j, text, f->fix[i].pos, f->fix[i].end);
        json_key(j, "newText"), json_cstr(j, f->fix[i].text);
        json_end(j);
    }
    json_end(j), json_end(j), json_end(j), json_end(j);
}

static void code_action(struct server *s, const struct lsp_message *m)
{
    if (s->stale || !s->scanned) look(s);
    _cleanup_buf_ struct buf out = { 0 };
    struct json j;
    json_init(&j, &out, 0);
    json_array(&j);
    for (size_t i = 0; i < s->last.report.result.n && !m->no_fixes; i++) {
        const struct goscan_finding *f = &s->last.report.result.findings[i];
        if (!f->n_fix || f->line < m->first_line + 1 || f->line > m->last_line + 1) continue;
        if (str_eq(uri_of(s, f->file), m->uri)) put_action(s, &j, f, m->uri);
    }
    json_end(&j);
    json_deinit(&j);
    answer(s, m->id, &out);
}

// False at the end.
static bool handle(struct server *s, struct str body)
{
    const struct buf null = { .p = (char[]) { "null" }, .n = 4 };
    struct arena a = { 0 };
    struct lsp_message m;
    lsp_parse(&a, body, &m);
    if (m.kind == LSP_BAD && !m.id.n)
        answer_error(s, STR("null"), PARSE_ERROR, "not a message");
    else if (m.wants_answer && m.kind != LSP_INITIALIZE && !s->initialized)
        answer_error(s, m.id, NOT_INITIALIZED, "initialize comes first");
    else if (m.wants_answer && (s->shut || (m.kind == LSP_INITIALIZE && s->initialized)))
        answer_error(s, m.id, BAD_REQUEST, s->shut ? "after shutdown" : "once is enough");
    else if (m.kind == LSP_INITIALIZE && m.wants_answer)
        initialize(s, &a, &m);
    else if (m.kind == LSP_ACTION && m.wants_answer)
        code_action(s, &m);
    else if (m.kind == LSP_SHUTDOWN && m.wants_answer)
        s->shut = true, answer(s, m.id, &null);
    else if (m.wants_answer)
        answer_error(s, m.id, NO_METHOD, "not known here");
    if (m.kind == LSP_OPEN || m.kind == LSP_CHANGE) keep_document(s, &a, &m);
    if (m.kind == LSP_CLOSE) close_document(s, m.uri);
    s->stale |=
        m.kind == LSP_OPEN || m.kind == LSP_CHANGE || m.kind == LSP_SAVE || m.kind == LSP_CLOSE;
    arena_deinit(&a);
    return m.kind != LSP_EXIT && !s->failed;
}

// ---- reading ----

// A whole message, if one is there: *ret_body borrows the input.
static struct err *next_message(struct server *s, struct str *ret_body, bool *ret_whole)
{
    struct str have = str_sub(buf_str(&s->input), s->used, s->input.n);
    size_t end = str_find(have, STR("\r\n\r\n"));
    *ret_whole = false;
    if (end == STR_NPOS && have.n <= LIMIT_LSP_HEADER_BYTES) return NULL;
    if (end == STR_NPOS || end > LIMIT_LSP_HEADER_BYTES)
        return err_new(ERR_INPUT, "a header of more than %d bytes", LIMIT_LSP_HEADER_BYTES);
    size_t bytes = lsp_body_bytes(str_sub(have, 0, end + 2));
    if (bytes > LIMIT_LSP_BYTES)
        return err_new(ERR_INPUT, "a header without a Content-Length of at most %d MB",
                       LIMIT_LSP_BYTES >> 20);
    if (have.n - end - 4 < bytes) return NULL;
    *ret_body = str_sub(have, end + 4, end + 4 + bytes);
    *ret_whole = true;
    s->used += end + 4 + bytes;
    return NULL;
}

// Reads what comes, looking at the tree where nothing comes for a moment. False at the end.
static bool fill(struct server *s)
{
    if (s->used) {
        memmove(s->input.p, s->input.p + s->used, s->input.n - s->used);
        s->input.n -= s->used;
        s->used = 0;
    }
    struct pollfd p = { .fd = s->in, .events = POLLIN };
    if (s->stale && poll(&p, 1, QUIET_MS) == 0) look(s);
    char part[64 * 1024];
    ssize_t n;
    do n = read(s->in, part, sizeof(part));
    while (n < 0 && errno == EINTR);
    if (n > 0) buf_add(&s->input, part, (size_t)n);
    return n > 0;
}

struct err *lsp_serve(int in, int out, const struct lsp_options *o, bool *ret_orderly)
{
    struct server s = { .o = o, .in = in, .out = out };
    struct err *e = NULL;
    for (bool on = true; on && !e;) {
        struct str body;
        bool whole;
        e = next_message(&s, &body, &whole);
        if (!e) on = whole ? handle(&s, body) : fill(&s);
    }
    for (size_t i = 0; i < s.open.n; i++) forget(&s.open.p[i]);
    for (size_t i = 0; i < s.published.n; i++) free(s.published.p[i]);
    vec_deinit(&s.open);
    vec_deinit(&s.published);
    buf_deinit(&s.input);
    for (size_t i = 0; i < s.roots.n; i++) free((char *)(uintptr_t)s.roots.p[i]);
    vec_deinit(&s.roots);
    scan_run_deinit(&s.last);
    scan_memory_deinit(&s.memory);
    *ret_orderly = s.shut;
    return e;
}

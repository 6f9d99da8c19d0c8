// SPDX-License-Identifier: Apache-2.0
#include "engine/scan_cache.h"

#include "base/clock.h"
#include "base/cursor.h"
#include "base/map.h"
#include "version.h"

#include <link.h>

// ---- which build this is ----

static int find_build_id(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    struct hasher *h = arg;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_NOTE)
            hasher_str(h, str_make((const void *)(info->dlpi_addr + p->p_vaddr), p->p_memsz));
    }
    return 1; // the program itself comes first, and is all that is wanted
}

static void hash_build(struct hasher *h)
{
    hasher_init(h);
    hasher_str(h, STR(MAPTRAP_VERSION " " MAPTRAP_COMMIT));
    dl_iterate_phdr(find_build_id, h);
}

bool scan_cache_open(const struct scan_options *o, struct scan_cache *ret)
{
    struct scan_cache c = { 0 };
    if (!o->cache_dir || o->n_overlays || o->memory || !cachedir_open(o->cache_dir, &c.dir))
        return false;
    c.began_ns = clock_wall_ns();
    _cleanup_free_ char *here = realpath(".", NULL);
    struct hasher h;
    hash_build(&h);
    hasher_str(&h, STR("index"));
    hasher_str(&h, str_from(here));
    for (size_t i = 0; i < o->n_paths; i++) hasher_str(&h, str_from(o->paths[i]));
    c.index_key = hasher_final(&h);
    *ret = c;
    return true;
}

void scan_cache_close(struct scan_cache *c)
{
    cachedir_close(&c->dir);
}

// ---- index ----

static void add_u64(struct buf *b, uint64_t v)
{
    buf_add(b, &v, sizeof(v));
}

static void add_str(struct buf *b, struct str s)
{
    add_u64(b, s.n);
    buf_addstr(b, s);
}

static struct str get_str(struct cursor *c)
{
    uint64_t n = cursor_u64(c);
    return cursor_bytes(c, n);
}

static void index_entry(struct buf *out, const struct gotree_file *f, const struct hash *h)
{
    add_str(out, f->path);
    buf_add(out, &f->stamp, sizeof(f->stamp));
    buf_addc(out, f->state == GOTREE_LEFT);
    buf_add(out, h->p, sizeof(h->p));
}

void scan_cache_recall(struct scan_cache *c, struct scan_run *r)
{
    struct gotree *t = &r->tree;
    c->of = arena_array(&r->arena, struct hash, t->files.n + 1);
    _cleanup_buf_ struct buf bytes = { 0 };
    if (!cachedir_get(&c->dir, &c->index_key, &bytes)) return;
    struct cursor in = cursor_make("index", buf_str(&bytes));
    size_t at = 0, recalled = 0, entries = 0;
    uint64_t written_ns = cursor_u64(&in);
    while (cursor_left(&in)) { // both are sorted by path
        struct str path = get_str(&in), bytes_then = cursor_bytes(&in, sizeof(struct gotree_stamp));
        bool left = cursor_u8(&in);
        struct str hash = cursor_bytes(&in, sizeof(struct hash));
        if (in.bad) return;
        entries++;
        while (at < t->files.n && str_cmp(t->files.p[at].path, path) < 0) at++;
        if (at == t->files.n) continue;
        struct gotree_file *f = &t->files.p[at];
        struct gotree_stamp then;
        memcpy(&then, bytes_then.p, sizeof(then));
        if (!str_eq(f->path, path) || !gotree_same(&then, &f->stamp, written_ns)) continue;
        memcpy(c->of[at].p, hash.p, hash.n);
        f->state = left ? GOTREE_LEFT : GOTREE_TAKEN;
        recalled++;
    }
    c->current = recalled == t->files.n && entries == recalled;
}

static void put_index(struct scan_cache *c, struct scan_run *r)
{
    if (c->current) return;
    _cleanup_buf_ struct buf out = { 0 };
    add_u64(&out, c->began_ns);
    for (size_t i = 0; i < r->tree.files.n; i++)
        if (r->tree.files.p[i].state != GOTREE_UNREAD)
            index_entry(&out, &r->tree.files.p[i], &c->of[i]);
    cachedir_put(&c->dir, &c->index_key, buf_str(&out));
}

// ---- result ----

static struct hash result_key(const struct scan_cache *c, const struct scan_run *r)
{
    struct hasher h;
    hash_build(&h);
    hasher_str(&h, STR("result"));
    for (size_t i = 0; i < r->tree.files.n; i++) {
        const struct gotree_file *f = &r->tree.files.p[i];
        hasher_str(&h, f->path);
        hasher_str(&h, f->import_path);
        hasher_str(&h, f->home);
        hasher_str(&h, str_from(f->why));
        hasher_u64(&h, (uint64_t)f->state << 2 | (uint64_t)f->vendor << 1 | f->test);
        hasher_hash(&h, &c->of[i]);
    }
    for (size_t i = 0; i < r->tree.unread.n; i++) {
        hasher_str(&h, r->tree.unread.p[i].path);
        hasher_str(&h, str_from(r->tree.unread.p[i].why));
    }
    hasher_u64(&h, r->tree.left_out);
    return hasher_final(&h);
}

static void add_cstr(struct buf *b, const char *s)
{
    buf_addc(b, s != NULL);
    if (s) buf_add(b, s, strlen(s) + 1);
}

static const char *get_cstr(struct cursor *c)
{
    return cursor_u8(c) ? cursor_cstr(c).p : NULL;
}

// A new member must be written and read below, then counted here.
_Static_assert(sizeof(struct goscan_finding) == 176, "a finding has changed: remember it whole");
_Static_assert(sizeof(struct goscan_related) == 32, "a related place has changed");

static void add_finding(struct buf *b, const struct goscan_finding *f)
{
    buf_add(b, f->id, sizeof(f->id));
    add_u64(b, f->rule), add_u64(b, f->tier);
    add_str(b, f->file);
    add_u64(b, f->line), add_u64(b, f->column), add_u64(b, f->pos);
    add_cstr(b, f->map), add_cstr(b, f->guard), add_cstr(b, f->message);
    add_u64(b, f->n_related);
    for (size_t i = 0; i < f->n_related; i++) {
        add_str(b, f->related[i].file);
        add_u64(b, f->related[i].line);
        add_cstr(b, f->related[i].role);
    }
    add_u64(b, f->n_fix);
    for (size_t i = 0; i < f->n_fix; i++) {
        add_u64(b, f->fix[i].pos), add_u64(b, f->fix[i].end);
        add_cstr(b, f->fix[i].text);
    }
    buf_addc(b, f->suppressed);
    add_u64(b, f->hash), add_u64(b, f->within);
    add_u64(b, f->group), add_u64(b, f->use);
}

static bool get_finding(struct cursor *c, struct arena *a, struct goscan_finding *f)
{
    struct str id = cursor_bytes(c, sizeof(f->id));
    if (id.n == sizeof(f->id)) memcpy(f->id, id.p, id.n);
    f->rule = (enum goscan_rule)cursor_u64(c), f->tier = (enum goscan_tier)cursor_u64(c);
    f->file = get_str(c);
    f->line = (uint32_t)cursor_u64(c), f->column = (uint32_t)cursor_u64(c);
    f->pos = (uint32_t)cursor_u64(c);
    f->map = get_cstr(c), f->guard = get_cstr(c), f->message = get_cstr(c);
    f->n_related = cursor_u64(c);
    if (f->n_related > cursor_left(c)) return false;
    f->related = arena_array(a, struct goscan_related, f->n_related + 1);
    for (size_t i = 0; i < f->n_related; i++) {
        f->related[i].file = get_str(c);
        f->related[i].line = (uint32_t)cursor_u64(c);
        f->related[i].role = get_cstr(c);
    }
    f->n_fix = cursor_u64(c);
    if (f->n_fix > cursor_left(c)) return false;
    f->fix = arena_array(a, struct goscan_fix, f->n_fix + 1);
    for (size_t i = 0; i < f->n_fix; i++) {
        f->fix[i].pos = (uint32_t)cursor_u64(c), f->fix[i].end = (uint32_t)cursor_u64(c);
        f->fix[i].text = get_cstr(c);
    }
    f->suppressed = cursor_u8(c);
    f->hash = cursor_u64(c), f->within = cursor_u64(c);
    f->group = cursor_u64(c), f->use = (enum goscan_use)cursor_u64(c);
    return !c->bad && f->rule < GOSCAN_RULES && f->tier <= GOSCAN_LIBRARY && f->use <= GOSCAN_WRITE;
}

static void add_remark(struct buf *b, const struct goscan_remark *m)
{
    add_str(b, m->file);
    add_u64(b, m->line);
    add_cstr(b, m->text);
}

static struct goscan_remark get_remark(struct cursor *c)
{
    struct goscan_remark m = { .file = get_str(c) };
    m.line = (uint32_t)cursor_u64(c);
    m.text = get_cstr(c);
    return m;
}

static bool read_report(struct cursor *c, struct arena *a, struct scan_report *ret)
{
    struct scan_report r = { 0 };
    r.n_files = cursor_u64(c), r.n_lines = cursor_u64(c), r.left_out = cursor_u64(c);
    r.n_bad = cursor_u64(c), r.n_unread = cursor_u64(c);
    r.result.accesses = cursor_u64(c), r.result.maps = cursor_u64(c);
    r.result.functions = cursor_u64(c), r.result.n = cursor_u64(c);
    r.result.n_remarks = cursor_u64(c);
    if (r.n_bad > cursor_left(c) || r.result.n > cursor_left(c) ||
        r.result.n_remarks > cursor_left(c))
        return false;
    r.bad = arena_array(a, struct scan_bad_file, r.n_bad + 1);
    for (size_t i = 0; i < r.n_bad; i++) r.bad[i].path = get_str(c), r.bad[i].why = get_cstr(c);
    r.result.findings = arena_array(a, struct goscan_finding, r.result.n + 1);
    for (size_t i = 0; i < r.result.n; i++)
        if (!get_finding(c, a, &r.result.findings[i])) return false;
    r.result.remarks = arena_array(a, struct goscan_remark, r.result.n_remarks + 1);
    for (size_t i = 0; i < r.result.n_remarks; i++) {
        r.result.remarks[i] = get_remark(c);
        if (!r.result.remarks[i].text) return false;
    }
    if (c->bad || cursor_left(c)) return false;
    *ret = r;
    return true;
}

bool scan_cache_get(struct scan_cache *c, struct scan_run *r)
{
    struct hash key = result_key(c, r);
    _cleanup_buf_ struct buf bytes = { 0 };
    if (!cachedir_get(&c->dir, &key, &bytes)) return false;
    struct cursor in = cursor_make("result", arena_str(&r->arena, buf_str(&bytes)));
    if (!read_report(&in, &r->arena, &r->report)) return false;
    put_index(c, r);
    return true;
}

void scan_cache_put(struct scan_cache *c, struct scan_run *r)
{
    const struct scan_report *p = &r->report;
    _cleanup_buf_ struct buf out = { 0 };
    add_u64(&out, p->n_files), add_u64(&out, p->n_lines), add_u64(&out, p->left_out);
    add_u64(&out, p->n_bad), add_u64(&out, p->n_unread);
    add_u64(&out, p->result.accesses), add_u64(&out, p->result.maps);
    add_u64(&out, p->result.functions), add_u64(&out, p->result.n);
    add_u64(&out, p->result.n_remarks);
    for (size_t i = 0; i < p->n_bad; i++)
        add_str(&out, p->bad[i].path), add_cstr(&out, p->bad[i].why);
    for (size_t i = 0; i < p->result.n; i++) add_finding(&out, &p->result.findings[i]);
    for (size_t i = 0; i < p->result.n_remarks; i++) add_remark(&out, &p->result.remarks[i]);
    struct hash key = result_key(c, r);
    cachedir_put(&c->dir, &key, buf_str(&out));
    put_index(c, r);
}

// SPDX-License-Identifier: Apache-2.0
#include "sources/gotree.h"

#include "base/map.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

// ---- build constraints ----

static bool tag_holds(struct str tag)
{
    static const char *const yes[] = { "linux", "amd64", "unix", "gc", "cgo" };
    for (size_t i = 0; i < array_size(yes); i++)
        if (str_eqc(tag, yes[i])) return true;
    uint64_t minor;
    return str_starts(tag, STR("go1.")) && str_to_u64(str_sub(tag, 4, tag.n), 10, &minor) &&
           minor <= 27;
}

struct constraint {
    struct str s;
    unsigned depth;
};

static void blanks(struct constraint *c)
{
    while (c->s.n && (c->s.p[0] == ' ' || c->s.p[0] == '\t')) c->s = str_sub(c->s, 1, c->s.n);
}

static bool constraint_or(struct constraint *c);

static bool constraint_term(struct constraint *c)
{
    enum { DEEPEST = 64 };
    blanks(c);
    if (!c->s.n || ++c->depth > DEEPEST) return true;
    if (c->s.p[0] == '!') {
        c->s = str_sub(c->s, 1, c->s.n);
        return !constraint_term(c);
    }
    if (c->s.p[0] == '(') {
        c->s = str_sub(c->s, 1, c->s.n);
        bool v = constraint_or(c);
        blanks(c);
        if (c->s.n && c->s.p[0] == ')') c->s = str_sub(c->s, 1, c->s.n);
        return v;
    }
    size_t n = 0;
    while (n < c->s.n && !strchr(" \t()!&|", c->s.p[n])) n++;
    struct str tag = str_sub(c->s, 0, n);
    c->s = str_sub(c->s, n ? n : 1, c->s.n);
    return tag_holds(tag);
}

static bool constraint_and(struct constraint *c)
{
    bool v = constraint_term(c);
    for (blanks(c); str_starts(c->s, STR("&&")); blanks(c)) {
        c->s = str_sub(c->s, 2, c->s.n);
        bool right = constraint_term(c);
        v = v && right;
    }
    return v;
}

static bool constraint_or(struct constraint *c)
{
    bool v = constraint_and(c);
    for (blanks(c); str_starts(c->s, STR("||")); blanks(c)) {
        c->s = str_sub(c->s, 2, c->s.n);
        bool right = constraint_and(c);
        v = v || right;
    }
    return v;
}

// The older form: words of which one must hold, each a list by commas of which all must.
static bool plus_build_holds(struct str words)
{
    struct str word, tag;
    bool any = false;
    while (str_split(&words, ' ', &word)) {
        if (!word.n) continue;
        bool all = true;
        while (str_split(&word, ',', &tag)) {
            bool not = str_starts(tag, STR("!"));
            all = all && tag_holds(not ? str_sub(tag, 1, tag.n) : tag) != not ;
        }
        any = any || all;
    }
    return any;
}

// Whether the //go:build line of a file holds for linux/amd64; where there is none, whether all of
// its +build lines do, which stand before a blank line.
static bool build_line_holds(struct str text)
{
    struct str line;
    bool blocks = true, plus = true; // of lines since the last blank one, and of those before
    text = str_skip_bom(text);
    while (str_split(&text, '\n', &line)) {
        line = str_trim(line);
        if (str_starts(line, STR("package "))) return plus;
        if (!line.n) plus = plus && blocks, blocks = true;
        if (str_starts(line, STR("//go:build "))) {
            struct constraint c = { str_sub(line, 11, line.n), 0 };
            return constraint_or(&c);
        }
        struct str comment =
            str_starts(line, STR("//")) ? str_trim(str_sub(line, 2, line.n)) : line;
        if (comment.p != line.p && str_starts(comment, STR("+build ")))
            blocks = blocks && plus_build_holds(str_sub(comment, 7, comment.n));
    }
    return plus;
}

static bool known(struct str s, const char *const *list)
{
    for (; *list; list++)
        if (str_eqc(s, *list)) return true;
    return false;
}

static bool name_holds(struct str name)
{
    static const char *const systems[] = { "aix",     "android", "darwin", "dragonfly", "freebsd",
                                           "hurd",    "illumos", "ios",    "js",        "nacl",
                                           "netbsd",  "openbsd", "plan9",  "solaris",   "wasip1",
                                           "windows", "zos",     NULL };
    static const char *const machines[] = { "386",     "arm",     "arm64",    "loong64", "mips",
                                            "mipsle",  "mips64",  "mips64le", "ppc64",   "ppc64le",
                                            "riscv",   "riscv64", "s390",     "s390x",   "sparc",
                                            "sparc64", "wasm",    NULL };
    name = str_sub(name, 0, name.n - 3);
    if (str_ends(name, STR("_test"))) name = str_sub(name, 0, name.n - 5);
    size_t at = str_rfind_char(name, '_');
    if (at == STR_NPOS) return true;
    struct str last = str_sub(name, at + 1, name.n);
    if (known(last, machines) || known(last, systems)) return false;
    if (!str_eqc(last, "amd64")) return true;
    name = str_sub(name, 0, at);
    at = str_rfind_char(name, '_');
    return at == STR_NPOS || !known(str_sub(name, at + 1, name.n), systems);
}

// ---- files ----

static const char *why_errno(int code)
{
    return code == EACCES || code == EPERM ? "permission denied"
           : code == ENOENT                ? "gone meanwhile"
           : code == ELOOP                 ? "a loop of symbolic links"
                                           : "cannot be read";
}

static const char *read_all(struct arena *a, const char *path, struct str *ret)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) return why_errno(errno);
    if (!S_ISREG(st.st_mode)) return "not a regular file";
    if (st.st_size > LIMIT_GOTREE_FILE_BYTES) return "larger than 64 MB";
    char *p = arena_alloc(a, (size_t)st.st_size + 1);
    size_t n = 0;
    while (n < (size_t)st.st_size) {
        ssize_t got = read(fd, p + n, (size_t)st.st_size - n);
        if (got < 0) return why_errno(errno);
        if (got == 0) break;
        n += (size_t)got;
    }
    *ret = str_make(p, n);
    return NULL;
}

void gotree_read(struct arena *a, struct gotree_file *f)
{
    if (!f->text.p) {
        char path[4096];
        if (f->path.n >= sizeof(path)) {
            f->why = "path too long";
        } else {
            memcpy(path, f->path.p, f->path.n);
            path[f->path.n] = 0;
            f->why = read_all(a, path, &f->text);
        }
    }
    f->state = f->why ? GOTREE_UNREAD : build_line_holds(f->text) ? GOTREE_TAKEN : GOTREE_LEFT;
}

bool gotree_same(const struct gotree_stamp *then, const struct gotree_stamp *now,
                 uint64_t looked_ns)
{
    enum { RACY_NS = 2000000000 }; // the coarsest time stamps that file systems keep
    uint64_t changed_ns = now->mtime_ns > now->ctime_ns ? now->mtime_ns : now->ctime_ns;
    return changed_ns < looked_ns && looked_ns - changed_ns > RACY_NS && then->size == now->size &&
           then->mtime_ns == now->mtime_ns && then->ctime_ns == now->ctime_ns &&
           then->inode == now->inode && then->device == now->device;
}

static void unread(struct gotree *t, const char *path, const char *why)
{
    vec_push(&t->unread, (struct gotree_unread) { arena_str(t->arena, str_from(path)), why });
}

static uint64_t time_ns(struct timespec t)
{
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void add_file(struct gotree *t, const char *path, const struct stat *st, struct str import,
                     bool vendor)
{
    struct str p = str_from(path);
    size_t slash = str_rfind_char(p, '/');
    struct str name = slash == STR_NPOS ? p : str_sub(p, slash + 1, p.n);
    bool test = str_ends(name, STR("_test.go"));
    if (vendor && test) return;
    if (!name_holds(name)) {
        t->left_out++;
        return;
    }
    struct gotree_stamp stamp = { (uint64_t)st->st_size, time_ns(st->st_mtim), time_ns(st->st_ctim),
                                  st->st_ino, st->st_dev };
    struct str dir = str_sub(p, 0, slash == STR_NPOS ? 0 : slash);
    dir = str_sub(dir, t->asked.n < dir.n ? t->asked.n : dir.n, dir.n); // below the root
    if (dir.n && dir.p[0] == '/') dir = str_sub(dir, 1, dir.n);
    struct str home = t->home;
    if (dir.n) home = str_from(arena_printf(t->arena, "%.*s/%.*s", STR_ARG(t->home), STR_ARG(dir)));
    vec_push(&t->files, (struct gotree_file) { .path = arena_str(t->arena, p),
                                               .home = home,
                                               .import_path = import,
                                               .stamp = stamp,
                                               .vendor = vendor,
                                               .test = test });
}

// ---- go.mod, go.work ----

static struct str unquote(struct str s)
{
    s = str_trim(s);
    return s.n > 1 && (s.p[0] == '"' || s.p[0] == '`') ? str_sub(s, 1, s.n - 1) : s;
}

// The next directive of a go.mod or go.work: its verb and the rest of the line. Blocks in
// parentheses come as one directive a line.
static bool next_directive(struct str *text, struct str *block, struct str *verb, struct str *rest)
{
    struct str line;
    while (str_split(text, '\n', &line)) {
        line = str_trim(str_sub(line, 0, str_find(line, STR("//"))));
        if (!line.n) continue;
        if (block->n) {
            if (str_eqc(line, ")")) {
                *block = STR("");
                continue;
            }
            *verb = *block, *rest = line;
            return true;
        }
        size_t space = 0;
        while (space < line.n && line.p[space] != ' ' && line.p[space] != '\t') space++;
        *verb = str_sub(line, 0, space);
        *rest = str_trim(str_sub(line, space, line.n));
        if (!str_eqc(*rest, "(")) return true;
        *block = *verb;
    }
    return false;
}

static bool read_config(struct gotree *t, const char *dir, const char *name, struct str *ret)
{
    char *path = arena_printf(t->arena, "%s/%s", dir, name);
    return access(path, R_OK) == 0 && !read_all(t->arena, path, ret);
}

// The module path in a go.mod; p is NULL where there is none.
static struct str module_path(struct gotree *t, const char *dir)
{
    struct str text, block = { 0 }, verb, rest;
    if (!read_config(t, dir, "go.mod", &text)) return (struct str) { 0 };
    while (next_directive(&text, &block, &verb, &rest)) {
        if (!str_eqc(verb, "module")) continue;
        rest = unquote(rest);
        return str_eqc(rest, "std") ? STR("") : rest;
    }
    return (struct str) { 0 };
}

static struct str join_path(struct gotree *t, struct str a, struct str b)
{
    if (!a.n) return arena_str(t->arena, b);
    return str_from(arena_printf(t->arena, "%.*s/%.*s", STR_ARG(a), STR_ARG(b)));
}

// ---- folders ----

static bool skipped(struct str name)
{
    return name.n == 0 || name.p[0] == '.' || name.p[0] == '_' || str_eqc(name, "testdata") ||
           str_eqc(name, "node_modules");
}

static void add_folder(struct gotree *t, const char *path, struct str import, bool vendor,
                       unsigned depth)
{
    DIR *d = depth < LIMIT_GOTREE_DEPTH ? opendir(path) : NULL;
    if (!d) {
        unread(t, path, depth < LIMIT_GOTREE_DEPTH ? why_errno(errno) : "too deep");
        return;
    }
    struct str module = module_path(t, path);
    if (module.p) import = module;
    for (struct dirent *e; (e = readdir(d));) {
        struct str name = str_from(e->d_name);
        struct stat st;
        if (name.p[0] == '.') continue;
        bool top = path[1] == 0 && path[0] == '/';
        char *full = arena_printf(t->arena, "%s/%s", top ? "" : path, e->d_name);
        if (lstat(full, &st) != 0) continue;
        bool go = str_ends(name, STR(".go")) && name.p[0] != '_';
        if (S_ISDIR(st.st_mode)) {
            if (skipped(name)) continue;
            bool is_vendor = str_eqc(name, "vendor");
            add_folder(t, full, is_vendor ? STR("") : join_path(t, import, name),
                       vendor || is_vendor, depth + 1);
        } else if (go && S_ISLNK(st.st_mode) && stat(full, &st) != 0) {
            unread(t, full, errno == ENOENT ? "a symbolic link to nothing" : why_errno(errno));
        } else if (go && S_ISREG(st.st_mode)) {
            add_file(t, full, &st, import, vendor);
        } else if (go && !S_ISDIR(st.st_mode)) {
            unread(t, full, "not a regular file");
        }
    }
    closedir(d);
}

// The folder above `dir` (resolved) or itself that holds a file of this name; empty if none does.
static struct str folder_with(struct gotree *t, struct str dir, const char *name)
{
    while (dir.n > 1) {
        char *path = arena_printf(t->arena, "%.*s/%s", STR_ARG(dir), name);
        if (access(path, R_OK) == 0) return dir;
        size_t slash = str_rfind_char(dir, '/');
        dir = str_sub(dir, 0, slash == STR_NPOS ? 0 : slash);
    }
    return (struct str) { 0 };
}

// The import path of a resolved folder by the nearest go.mod above it.
static struct str import_above(struct gotree *t, struct str whole)
{
    struct str dir = folder_with(t, whole, "go.mod");
    struct str module = dir.n ? module_path(t, arena_cstr(t->arena, dir)) : dir;
    struct str rest = str_sub(whole, dir.n + 1, whole.n);
    return !module.p || !rest.n ? module : join_path(t, module, rest);
}

static struct str folder_of(struct str path)
{
    size_t slash = str_rfind_char(path, '/');
    return slash == STR_NPOS ? STR(".") : str_sub(path, 0, slash ? slash : 1);
}

static bool below(struct str path, struct str root)
{
    return str_starts(path, root) && (path.n == root.n || path.p[root.n] == '/' || root.n == 1);
}

char *gotree_tidy(struct arena *a, const char *path)
{
    char *out = arena_alloc(a, strlen(path) + 2);
    size_t n = 0;
    struct str rest = str_from(path), part;
    if (path[0] == '/') out[n++] = '/';
    for (bool first = path[0] != '/'; str_split(&rest, '/', &part);) {
        bool last = !rest.n;
        if (!part.n || (str_eqc(part, ".") && !first) || (str_eqc(part, "...") && last)) continue;
        if (n && out[n - 1] != '/') out[n++] = '/';
        memcpy(out + n, part.p, part.n);
        n += part.n;
        first = false;
    }
    if (!n) out[n++] = '.';
    out[n] = 0;
    return out;
}

// Where a resolved folder is, seen from the present one: ".", "./a", "../b".
static struct str seen_from_here(struct gotree *t, struct str dir)
{
    _cleanup_free_ char *real = realpath(".", NULL);
    struct str here = t->here.n ? t->here : str_from(real ? real : ""), up = STR(".");
    while (here.n && !below(dir, here)) {
        size_t slash = str_rfind_char(here, '/');
        here = str_sub(here, 0, slash == 0 && here.n > 1 ? 1 : slash == STR_NPOS ? 0 : slash);
        up =
            str_eqc(up, ".") ? STR("..") : str_from(arena_printf(t->arena, "%.*s/..", STR_ARG(up)));
    }
    if (!here.n) return dir;
    struct str rest = str_sub(dir, here.n, dir.n);
    if (rest.n && rest.p[0] == '/') rest = str_sub(rest, 1, rest.n);
    if (!rest.n) return up;
    return str_from(arena_printf(t->arena, "%.*s/%.*s", STR_ARG(up), STR_ARG(rest)));
}

struct err *gotree_add(struct gotree *t, const char *path)
{
    struct stat st;
    if (!path[0]) return err_new(ERR_USAGE, "an empty name is no folder: \".\" is the present one");
    char *clean = gotree_tidy(t->arena, path);
    if (stat(clean, &st) != 0) return err_sys(ERR_CANNOT, errno, "%s", path);
    bool folder = S_ISDIR(st.st_mode);
    struct str dir = folder ? str_from(clean) : folder_of(str_from(clean));
    _cleanup_free_ char *real = realpath(arena_cstr(t->arena, dir), NULL);
    struct str root = arena_str(t->arena, real ? str_from(real) : dir);
    t->asked = str_from(clean);
    t->home = seen_from_here(t, root);
    struct str import = import_above(t, root);
    if (!import.p)
        import = str_starts(t->home, STR("./")) ? str_sub(t->home, 2, t->home.n) : STR("");
    if (folder) {
        vec_push(&t->roots, root);
        add_folder(t, clean, import, false, 0);
    } else if (S_ISREG(st.st_mode)) {
        add_file(t, clean, &st, import, false);
    } else {
        unread(t, clean, "not a regular file");
    }
    return NULL;
}

// ---- modules outside the tree ----

// A module at `path` (relative to `dir`), imported as `import` unless its go.mod says otherwise.
static void add_module(struct gotree *t, struct str dir, struct str path, struct str import)
{
    path = unquote(path);
    if (!str_starts(path, STR("./")) && !str_starts(path, STR("../")) &&
        !str_starts(path, STR("/")))
        return;
    char *joined = path.p[0] == '/' ? arena_cstr(t->arena, path)
                                    : arena_cstr(t->arena, join_path(t, dir, path));
    _cleanup_free_ char *real = realpath(joined, NULL);
    struct stat st;
    // Without a go.mod it is no module, as the go command has it, and may be half of the disk.
    char *config = arena_printf(t->arena, "%s/go.mod", real ? real : "");
    if (!real || stat(config, &st) != 0 || !S_ISREG(st.st_mode)) return;
    for (size_t i = 0; i < t->roots.n; i++)
        if (below(str_from(real), t->roots.p[i])) return;
    if (t->roots.n >= LIMIT_GOTREE_MODULES) return;
    struct str root = arena_str(t->arena, str_from(real));
    vec_push(&t->roots, root);
    t->asked = t->home = root;
    add_folder(t, root.p, arena_str(t->arena, import), true, 0);
}

static void add_modules(struct gotree *t, struct str dir, const char *name)
{
    struct str text, block = { 0 }, verb, rest;
    if (!dir.n || !read_config(t, arena_cstr(t->arena, dir), name, &text)) return;
    while (next_directive(&text, &block, &verb, &rest)) {
        if (str_eqc(verb, "use")) add_module(t, dir, rest, STR(""));
        size_t arrow = str_find(rest, STR("=>"));
        if (!str_eqc(verb, "replace") || arrow == STR_NPOS) continue;
        struct str from = str_trim(str_sub(rest, 0, arrow));
        size_t space = str_find_char(from, ' '); // before a version
        add_module(t, dir, str_sub(rest, arrow + 2, rest.n), unquote(str_sub(from, 0, space)));
    }
}

static int by_path(const void *a, const void *b)
{
    return str_cmp(((const struct gotree_file *)a)->path, ((const struct gotree_file *)b)->path);
}

// The same file under two names that were both asked for ("." and "./a").
static bool same_file(const struct gotree_file *a, const struct gotree_file *b)
{
    if (a->stamp.inode != b->stamp.inode || a->stamp.device != b->stamp.device) return false;
    if (str_eq(a->path, b->path)) return true;
    _cleanup_free_ char *x = realpath(a->path.p, NULL), *y = realpath(b->path.p, NULL);
    return x && y && strcmp(x, y) == 0;
}

// What cannot be read under two names that were both asked for is named once.
static void drop_unread_twice(struct gotree *t)
{
    struct strmap seen = { 0 };
    size_t kept = 0;
    for (size_t i = 0; i < t->unread.n; i++) {
        struct str path = t->unread.p[i].path;
        size_t slash = str_rfind_char(path, '/');
        struct str name = slash == STR_NPOS ? path : str_sub(path, slash + 1, path.n);
        // Not of itself: it may be a link.
        _cleanup_free_ char *real = realpath(arena_cstr(t->arena, folder_of(path)), NULL);
        bool fresh;
        strmap_put(&seen,
                   str_from(arena_printf(t->arena, "%s/%.*s", real ? real : "", STR_ARG(name))),
                   &fresh);
        if (fresh || !real) t->unread.p[kept++] = t->unread.p[i];
    }
    t->unread.n = kept;
    strmap_deinit(&seen);
}

void gotree_finish(struct gotree *t)
{
    size_t asked = t->roots.n;
    for (size_t i = 0; i < asked; i++) {
        struct str work = folder_with(t, t->roots.p[i], "go.work");
        add_modules(t, work, "go.work");
        add_modules(t, folder_with(t, t->roots.p[i], "go.mod"), "go.mod");
    }
    drop_unread_twice(t);
    if (t->files.n) qsort(t->files.p, t->files.n, sizeof(*t->files.p), by_path);
    struct map seen = { 0 };
    size_t kept = 0;
    for (size_t i = 0; i < t->files.n; i++) {
        struct gotree_file *f = &t->files.p[i];
        bool fresh;
        uint64_t *first = map_put(&seen, f->stamp.inode * 31 + f->stamp.device, &fresh);
        if (!fresh && same_file(&t->files.p[*first], f)) continue;
        if (fresh) *first = kept;
        t->files.p[kept++] = *f;
    }
    t->files.n = kept;
    map_deinit(&seen);
}

void gotree_deinit(struct gotree *t)
{
    vec_deinit(&t->files);
    vec_deinit(&t->unread);
    vec_deinit(&t->roots);
}

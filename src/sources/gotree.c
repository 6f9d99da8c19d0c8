// SPDX-License-Identifier: Apache-2.0
#include "sources/gotree.h"

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

bool gotree_build_line(struct str text)
{
    struct str line;
    while (str_split(&text, '\n', &line)) {
        line = str_trim(line);
        if (str_starts(line, STR("package "))) return true;
        if (!str_starts(line, STR("//go:build "))) continue;
        struct constraint c = { str_sub(line, 11, line.n), 0 };
        return constraint_or(&c);
    }
    return true;
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
                                           "illumos", "ios",     "js",     "netbsd",    "openbsd",
                                           "plan9",   "solaris", "wasip1", "windows",   NULL };
    static const char *const machines[] = { "386",     "arm",    "arm64",    "loong64", "mips",
                                            "mipsle",  "mips64", "mips64le", "ppc64",   "ppc64le",
                                            "riscv64", "s390x",  "wasm",     NULL };
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

static void unread(struct gotree *t, const char *path, const char *why)
{
    vec_push(&t->unread, (struct gotree_unread) { arena_str(t->arena, str_from(path)), why });
}

static bool read_all(struct gotree *t, const char *path, struct str *ret)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        unread(t, path, errno == EACCES ? "permission denied" : "cannot be opened");
        return false;
    }
    if (!S_ISREG(st.st_mode) || st.st_size > LIMIT_GOTREE_FILE_BYTES) {
        unread(t, path, S_ISREG(st.st_mode) ? "larger than 64 MB" : "not a regular file");
        return false;
    }
    char *p = arena_alloc(t->arena, (size_t)st.st_size + 1);
    size_t n = 0;
    while (n < (size_t)st.st_size) {
        ssize_t got = read(fd, p + n, (size_t)st.st_size - n);
        if (got <= 0) break;
        n += (size_t)got;
    }
    *ret = str_make(p, n);
    return true;
}

static void add_file(struct gotree *t, const char *path, struct str import, bool vendor)
{
    struct str p = str_from(path), text;
    size_t slash = str_rfind_char(p, '/');
    struct str name = slash == STR_NPOS ? p : str_sub(p, slash + 1, p.n);
    bool test = str_ends(name, STR("_test.go"));
    if (vendor && test) return;
    if (!name_holds(name)) {
        t->left_out++;
        return;
    }
    if (!read_all(t, path, &text)) return;
    if (!gotree_build_line(text)) {
        t->left_out++;
        return;
    }
    vec_push(&t->files,
             (struct gotree_file) { arena_str(t->arena, p), import, text, vendor, test });
}

// The module path in a go.mod, or empty.
static struct str module_path(struct gotree *t, const char *dir)
{
    char *path = arena_printf(t->arena, "%s/go.mod", dir);
    struct str text, line;
    if (access(path, R_OK) != 0 || !read_all(t, path, &text)) return (struct str) { 0 };
    while (str_split(&text, '\n', &line)) {
        line = str_trim(line);
        if (!str_starts(line, STR("module "))) continue;
        line = str_trim(str_sub(line, 7, line.n));
        size_t comment = str_find(line, STR("//"));
        if (comment != STR_NPOS && comment) line = str_trim(str_sub(line, 0, comment));
        if (line.n > 1 && line.p[0] == '"') line = str_sub(line, 1, line.n - 1);
        return str_eqc(line, "std") ? STR("") : line;
    }
    return (struct str) { 0 };
}

static struct str join_path(struct gotree *t, struct str a, struct str b)
{
    if (!a.n) return arena_str(t->arena, b);
    return str_from(arena_printf(t->arena, "%.*s/%.*s", STR_ARG(a), STR_ARG(b)));
}

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
        unread(t, path, depth < LIMIT_GOTREE_DEPTH ? strerror(errno) : "too deep");
        return;
    }
    struct str module = module_path(t, path);
    if (module.p) import = module;
    for (struct dirent *e; (e = readdir(d));) {
        struct str name = str_from(e->d_name);
        struct stat st;
        if (name.p[0] == '.') continue;
        char *full = arena_printf(t->arena, "%s/%s", path, e->d_name);
        if (lstat(full, &st) != 0) continue;
        bool go = str_ends(name, STR(".go")) && name.p[0] != '_';
        if (S_ISDIR(st.st_mode)) {
            if (skipped(name)) continue;
            bool is_vendor = str_eqc(name, "vendor");
            add_folder(t, full, is_vendor ? STR("") : join_path(t, import, name),
                       vendor || is_vendor, depth + 1);
        } else if (go && (S_ISREG(st.st_mode) ||
                          (S_ISLNK(st.st_mode) && stat(full, &st) == 0 && S_ISREG(st.st_mode)))) {
            add_file(t, full, import, vendor);
        }
    }
    closedir(d);
}

// The import path of a folder by the nearest go.mod above it.
static struct str import_above(struct gotree *t, const char *path)
{
    _cleanup_free_ char *real = realpath(path, NULL);
    if (!real) return (struct str) { 0 };
    struct str whole = arena_str(t->arena, str_from(real)), dir = whole;
    while (dir.n > 1) {
        struct str module = module_path(t, arena_cstr(t->arena, dir));
        struct str rest = str_sub(whole, dir.n + 1, whole.n);
        if (module.p) return rest.n ? join_path(t, module, rest) : module;
        size_t slash = str_rfind_char(dir, '/');
        dir = str_sub(dir, 0, slash == STR_NPOS ? 0 : slash);
    }
    return (struct str) { 0 };
}

struct err *gotree_add(struct gotree *t, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) return err_sys(ERR_CANNOT, errno, "%s", path);
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') n--;
    if (n > 4 && strcmp(path + n - 4, "/...") == 0) n -= 4;
    char *clean = arena_cstr(t->arena, str_make(path, n));
    if (S_ISDIR(st.st_mode)) {
        add_folder(t, clean, import_above(t, clean), false, 0);
        return NULL;
    }
    struct str text;
    if (read_all(t, clean, &text))
        vec_push(&t->files, (struct gotree_file) { str_from(clean), STR(""), text, false,
                                                   str_ends(str_from(clean), STR("_test.go")) });
    return NULL;
}

static int by_path(const void *a, const void *b)
{
    return str_cmp(((const struct gotree_file *)a)->path, ((const struct gotree_file *)b)->path);
}

void gotree_sort(struct gotree *t)
{
    if (t->files.n) qsort(t->files.p, t->files.n, sizeof(*t->files.p), by_path);
}

void gotree_deinit(struct gotree *t)
{
    vec_deinit(&t->files);
    vec_deinit(&t->unread);
}

// SPDX-License-Identifier: Apache-2.0
#include "sources/git.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { LIMIT_OUTPUT_BYTES = 256 << 20, ARGUMENTS = 24 };

extern char **environ;

struct git_call {
    const char *inside;      // where it runs
    const char *const *args; // NULL-terminated
    struct str input;
    struct buf output;
};

static struct err *read_back(FILE *f, struct buf *ret)
{
    char part[64 * 1024];
    rewind(f);
    for (size_t n; (n = fread(part, 1, sizeof(part), f)) > 0;) {
        if (ret->n + n > LIMIT_OUTPUT_BYTES) return err_new(ERR_CANNOT, "git says too much");
        buf_add(ret, part, n);
    }
    return NULL;
}

static char **environment(void)
{
    static char locks[] = "GIT_OPTIONAL_LOCKS=0", prompt[] = "GIT_TERMINAL_PROMPT=0",
                language[] = "LC_ALL=C";
    size_t n = 0;
    while (environ[n]) n++;
    char **env = mem_alloc((n + 4) * sizeof(*env));
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "LC_ALL=", 7) != 0) env[k++] = environ[i];
    env[k++] = locks, env[k++] = prompt, env[k++] = language;
    env[k] = NULL;
    return env;
}

// Input and outputs are files: nobody waits for anybody. *ret: what it said, from the beginning.
static struct err *run_into(const struct git_call *c, FILE **ret)
{
    _cleanup_fclose_ FILE *in = tmpfile(), *out = tmpfile(), *bad = tmpfile();
    if (!in || !out || !bad) return err_sys(ERR_CANNOT, errno, "a temporary file");
    if (fwrite(c->input.p ? c->input.p : "", 1, c->input.n, in) != c->input.n || fflush(in) != 0)
        return err_sys(ERR_CANNOT, errno, "a temporary file");
    rewind(in);
    const char *argv[ARGUMENTS] = {
        "git", "-C", c->inside, "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"
    };
    size_t n = 7;
    for (size_t i = 0; c->args[i] && n < ARGUMENTS - 1; i++) argv[n++] = c->args[i];
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, fileno(in), 0);
    posix_spawn_file_actions_adddup2(&files, fileno(out), 1);
    posix_spawn_file_actions_adddup2(&files, fileno(bad), 2);
    _cleanup_free_ char **env = environment();
    pid_t pid;
    int failed = posix_spawnp(&pid, "git", &files, NULL, (char **)(uintptr_t)argv, env), status = 0;
    posix_spawn_file_actions_destroy(&files);
    if (failed) return err_sys(ERR_CANNOT, failed, "git");
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        rewind(out);
        *ret = out;
        out = NULL;
        return NULL;
    }
    _cleanup_buf_ struct buf why = { 0 };
    ERR_TRY(read_back(bad, &why));
    struct str line, rest = buf_str(&why);
    if (!str_split(&rest, '\n', &line)) line = STR("failed");
    return err_new(ERR_CANNOT, "git %s: %.*s", c->args[0], STR_ARG(line));
}

static struct err *run(struct git_call *c)
{
    _cleanup_fclose_ FILE *out = NULL;
    ERR_TRY(run_into(c, &out));
    return read_back(out, &c->output);
}

static struct err *first_line(const char *inside, const char *const *args, char **ret)
{
    struct git_call c = { .inside = inside, .args = args };
    struct err *e = run(&c);
    struct str line, rest = buf_str(&c.output);
    if (!e) *ret = str_split(&rest, '\n', &line) ? mem_strndup(line.p, line.n) : mem_strdup("");
    buf_deinit(&c.output);
    return e;
}

static bool wanted(struct str path)
{
    size_t slash = str_rfind_char(path, '/');
    struct str name = slash == STR_NPOS ? path : str_sub(path, slash + 1, path.n);
    return str_ends(name, STR(".go")) || str_eqc(name, "go.mod") || str_eqc(name, "go.work");
}

// A path that leads out of the folder, as no git writes it, is none.
static bool stays_inside(struct str path)
{
    struct str part;
    while (str_split(&path, '/', &part))
        if (!part.n || str_eqc(part, ".") || str_eqc(part, "..")) return false;
    return true;
}

struct blobs {
    struct buf ids;       // a line for each
    VEC(struct str) path; // of each, in that order; they borrow the listing
};

// "MODE blob ID<tab>PATH" of each Go file; links and submodules are none.
static void pick_blobs(struct str listing, struct blobs *ret)
{
    struct str line;
    while (str_split(&listing, '\0', &line)) {
        size_t tab = str_find_char(line, '\t');
        struct str path = str_sub(line, tab == STR_NPOS ? line.n : tab + 1, line.n), mode, kind;
        line = str_sub(line, 0, tab);
        if (!str_split(&line, ' ', &mode) || !str_split(&line, ' ', &kind)) continue;
        if (!str_starts(mode, STR("100")) || !wanted(path) || !stays_inside(path)) continue;
        buf_printf(&ret->ids, "%.*s\n", STR_ARG(line));
        vec_push(&ret->path, path);
    }
}

static struct err *write_blob(const char *dir, struct str path, FILE *in, size_t bytes)
{
    _cleanup_free_ char *full = mem_printf("%s/%.*s", dir, STR_ARG(path));
    for (char *q = full + strlen(dir) + 1; *q; q++) {
        if (*q != '/') continue;
        *q = 0;
        int bad = mkdir(full, 0700) != 0 && errno != EEXIST ? errno : 0;
        if (bad) return err_sys(ERR_CANNOT, bad, "%s", full);
        *q = '/';
    }
    _cleanup_fclose_ FILE *out = fopen(full, "we");
    if (!out) return err_sys(ERR_CANNOT, errno, "%s", full);
    char part[64 * 1024];
    while (bytes) {
        size_t n = fread(part, 1, bytes < sizeof(part) ? bytes : sizeof(part), in);
        if (!n) return err_new(ERR_CANNOT, "git cat-file: ended early");
        if (fwrite(part, 1, n, out) != n) return err_sys(ERR_CANNOT, errno, "%s", full);
        bytes -= n;
    }
    return fflush(out) == 0 ? NULL : err_sys(ERR_CANNOT, errno, "%s", full);
}

// As they lie in the repository: nothing is converted, no filter of an attribute runs.
static struct err *write_blobs(const char *dir, const struct blobs *b, FILE *in)
{
    for (size_t i = 0; i < b->path.n; i++) {
        size_t bytes;
        char kind[16];
        if (fscanf(in, "%*90s %15s", kind) != 1 || strcmp(kind, "blob") != 0 ||
            fscanf(in, " %zu", &bytes) != 1 || fgetc(in) != '\n')
            return err_new(ERR_CANNOT, "git has no content of %.*s", STR_ARG(b->path.p[i]));
        ERR_TRY(write_blob(dir, b->path.p[i], in, bytes));
        fgetc(in); // the newline behind it
    }
    return NULL;
}

static struct err *fill(const char *top, const char *commit, const char *dir)
{
    const char *list[] = { "ls-tree", "-r", "-z", "--full-tree", commit, NULL };
    const char *cat[] = { "cat-file", "--batch", NULL };
    struct git_call names = { .inside = top, .args = list };
    struct blobs b = { 0 };
    _cleanup_fclose_ FILE *contents = NULL;
    struct err *e = run(&names);
    if (!e) pick_blobs(buf_str(&names.output), &b);
    struct git_call read = { .inside = top, .args = cat, .input = buf_str(&b.ids) };
    if (!e) e = run_into(&read, &contents);
    if (!e) e = write_blobs(dir, &b, contents);
    buf_deinit(&names.output);
    buf_deinit(&b.ids);
    vec_deinit(&b.path);
    return e;
}

struct err *git_tree_make(const char *inside, const char *revision, struct git_tree *ret)
{
    const char *where[] = { "rev-parse", "--show-toplevel", NULL };
    struct git_tree t = { 0 };
    ERR_TRY(first_line(inside, where, &t.top));
    _cleanup_free_ char *name = mem_printf("%s^{commit}", revision), *commit = NULL;
    const char *which[] = { "rev-parse", "--verify", "--quiet", name, NULL };
    struct err *e = revision[0] == '-' || !revision[0] ? err_new(ERR_USAGE, "no revision")
                                                       : first_line(t.top, which, &commit);
    if (e) {
        err_free(e);
        free(t.top);
        return err_new(ERR_USAGE, "'%s' is no revision of this repository", revision);
    }
    const char *tmp = P_tmpdir;
    t.dir = mem_printf("%s/maptrap-rev-XXXXXX", tmp);
    e = mkdtemp(t.dir) ? fill(t.top, commit, t.dir) : err_sys(ERR_CANNOT, errno, "%s", t.dir);
    char *real = e ? NULL : realpath(t.dir, NULL);
    if (real) free(t.dir), t.dir = real;
    if (e) {
        git_tree_remove(&t);
        return e;
    }
    *ret = t;
    return NULL;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *w)
{
    (void)st, (void)flag, (void)w;
    return remove(path);
}

void git_tree_remove(struct git_tree *t)
{
    if (t->dir) nftw(t->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(t->dir);
    free(t->top);
    *t = (struct git_tree) { 0 };
}

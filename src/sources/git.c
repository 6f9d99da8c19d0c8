// SPDX-License-Identifier: Apache-2.0
#include "sources/git.h"

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <sys/wait.h>

enum { LIMIT_OUTPUT_BYTES = 256 << 20, ARGUMENTS = 24 };

extern char **environ;

struct git_call {
    const char *inside;      // where it runs
    const char *index;       // GIT_INDEX_FILE, or NULL
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

static char **environment(const char *index, char **ret_own)
{
    static char locks[] = "GIT_OPTIONAL_LOCKS=0", prompt[] = "GIT_TERMINAL_PROMPT=0",
                language[] = "LC_ALL=C";
    size_t n = 0;
    while (environ[n]) n++;
    char **env = mem_alloc((n + 5) * sizeof(*env));
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "LC_ALL=", 7) != 0 &&
            strncmp(environ[i], "GIT_INDEX_FILE=", 15) != 0)
            env[k++] = environ[i];
    env[k++] = locks, env[k++] = prompt, env[k++] = language;
    *ret_own = index ? mem_printf("GIT_INDEX_FILE=%s", index) : NULL;
    env[k++] = *ret_own;
    env[k] = NULL;
    return env;
}

// Input and outputs are files: nobody waits for anybody.
static struct err *run(struct git_call *c)
{
    _cleanup_fclose_ FILE *in = tmpfile(), *out = tmpfile(), *bad = tmpfile();
    if (!in || !out || !bad) return err_sys(ERR_CANNOT, errno, "a temporary file");
    if (fwrite(c->input.p ? c->input.p : "", 1, c->input.n, in) != c->input.n || fflush(in) != 0)
        return err_sys(ERR_CANNOT, errno, "a temporary file");
    rewind(in);
    const char *argv[ARGUMENTS] = { "git",
                                    "-C",
                                    c->inside,
                                    "-c",
                                    "core.hooksPath=/dev/null",
                                    "-c",
                                    "core.fsmonitor=false",
                                    "-c",
                                    "core.symlinks=false" };
    size_t n = 9;
    for (size_t i = 0; c->args[i] && n < ARGUMENTS - 1; i++) argv[n++] = c->args[i];
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, fileno(in), 0);
    posix_spawn_file_actions_adddup2(&files, fileno(out), 1);
    posix_spawn_file_actions_adddup2(&files, fileno(bad), 2);
    _cleanup_free_ char *own = NULL;
    _cleanup_free_ char **env = environment(c->index, &own);
    pid_t pid;
    int failed = posix_spawnp(&pid, "git", &files, NULL, (char **)(uintptr_t)argv, env), status = 0;
    posix_spawn_file_actions_destroy(&files);
    if (failed) return err_sys(ERR_CANNOT, failed, "git");
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return read_back(out, &c->output);
    _cleanup_buf_ struct buf why = { 0 };
    ERR_TRY(read_back(bad, &why));
    struct str line, rest = buf_str(&why);
    if (!str_split(&rest, '\n', &line)) line = STR("failed");
    return err_new(ERR_CANNOT, "git %s: %.*s", c->args[0], STR_ARG(line));
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

// The names of the Go files of a revision, each with a NUL behind it.
static struct err *list_files(const char *top, const char *revision, struct buf *ret)
{
    const char *args[] = { "ls-tree", "-r", "-z", "--name-only", "--full-tree", revision, NULL };
    struct git_call c = { .inside = top, .args = args };
    struct err *e = run(&c);
    struct str rest = buf_str(&c.output), path;
    while (!e && str_split(&rest, '\0', &path))
        if (wanted(path)) {
            buf_addstr(ret, path);
            buf_addc(ret, 0);
        }
    buf_deinit(&c.output);
    return e;
}

static struct err *fill(const char *top, const char *commit, const char *dir)
{
    _cleanup_free_ char *index = mem_printf("%s/.index", dir);
    _cleanup_free_ char *prefix = mem_printf("--prefix=%s/", dir);
    _cleanup_buf_ struct buf names = { 0 };
    const char *read_tree[] = { "read-tree", commit, NULL };
    const char *check_out[] = { "checkout-index", "-q", "-f", prefix, "-z", "--stdin", NULL };
    struct git_call read = { .inside = top, .index = index, .args = read_tree };
    struct err *e = list_files(top, commit, &names);
    if (!e) e = run(&read);
    struct git_call write = {
        .inside = top, .index = index, .args = check_out, .input = buf_str(&names)
    };
    if (!e) e = run(&write);
    buf_deinit(&read.output);
    buf_deinit(&write.output);
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

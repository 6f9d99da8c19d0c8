// SPDX-License-Identifier: Apache-2.0
// maptrap-vet: the static scan as `go vet -vettool=$(command -v maptrap-vet) ./...` runs it, one
// package at a time. The go command asks -V=full and -flags first, then hands over a unit file.
#include "analyses/edits.h"
#include "base/term.h"
#include "engine/vet.h"
#include "sinks/vet_print.h"
#include "sinks/zip.h"
#include "version.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const tiers[] = { "default", "medium", "library", NULL };

static const char flags[] =
    "[\n"
    "\t{\"Name\": \"json\", \"Bool\": true, \"Usage\": \"emit JSON output\"},\n"
    "\t{\"Name\": \"tier\", \"Bool\": false, \"Usage\": \"what to report: default, medium, "
    "library\"}\n"
    "]\n";

static const char help[] =
    "maptrap-vet finds unguarded writes to shared maps. Run it through the go command:\n"
    "\n"
    "    go vet -vettool=$(command -v maptrap-vet) [-tier default|medium|library] [-json] ./...\n"
    "    go vet -vettool=$(command -v maptrap-vet) -fix [-diff] ./...      (Go 1.26 on)\n"
    "\n"
    "It sees one package at a time; `maptrap scan` sees the callers in other packages too.\n";

struct asked {
    const char *unit;
    enum goscan_tier tier;
    bool json, version, flags, help, fix, diff;
};

static struct err *read_tier(const char *v, struct asked *a)
{
    for (unsigned t = 0; tiers[t]; t++)
        if (strcmp(tiers[t], v) == 0) {
            a->tier = (enum goscan_tier)t;
            return NULL;
        }
    return err_new(ERR_USAGE, "-tier %s: one of default, medium, library", v);
}

// Flags as Go's package flag understands them: one dash or two, a value after = or alone.
static struct err *read_arguments(int argc, char **argv, struct asked *a)
{
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (arg[0] != '-') {
            if (a->unit) return err_new(ERR_USAGE, "one unit file, not '%s' too", arg);
            a->unit = arg;
            continue;
        }
        arg += arg[1] == '-' ? 2 : 1;
        if (strcmp(arg, "V=full") == 0)
            a->version = true;
        else if (strcmp(arg, "flags") == 0)
            a->flags = true;
        else if (strcmp(arg, "h") == 0 || strcmp(arg, "help") == 0)
            a->help = true;
        else if (strcmp(arg, "json") == 0 || strcmp(arg, "json=true") == 0)
            a->json = true;
        else if (strcmp(arg, "json=false") == 0)
            a->json = false;
        else if (strcmp(arg, "fix") == 0)
            a->fix = true;
        else if (strcmp(arg, "diff") == 0)
            a->diff = true;
        else if (strncmp(arg, "tier=", 5) == 0)
            ERR_TRY(read_tier(arg + 5, a));
        else if (strcmp(arg, "tier") == 0 && i + 1 < argc)
            ERR_TRY(read_tier(argv[++i], a));
        else
            return err_new(ERR_USAGE, "no flag -%s", arg);
    }
    struct str unit = str_from(a->unit);
    if (!a->unit ? !a->version && !a->flags && !a->help : !str_ends(unit, STR(".cfg")))
        return err_new(ERR_USAGE, "to be run as: go vet -vettool=%s ./...", argv[0]);
    if (a->diff && !a->fix) return err_new(ERR_USAGE, "-diff goes with -fix");
    return NULL;
}

// The go command caches what this very file has said.
static struct err *print_version(void)
{
    _cleanup_close_ int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) return err_sys(ERR_CANNOT, errno, "/proc/self/exe");
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) return err_sys(ERR_CANNOT, errno, "/proc/self/exe");
    struct hash h = hash_of(str_make(p, (size_t)st.st_size));
    munmap(p, (size_t)st.st_size);
    char hex[65];
    hash_hex(&h, hex);
    printf("maptrap-vet version devel " MAPTRAP_VERSION "-" MAPTRAP_COMMIT " buildID=%s\n", hex);
    return NULL;
}

static void keep_wanted(struct goscan_result *r, enum goscan_tier tier)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->n; i++)
        if (!r->findings[i].suppressed && r->findings[i].tier <= tier)
            r->findings[kept++] = r->findings[i];
    r->n = kept;
}

static struct err *write_all(const char *path, const struct buf *out, FILE *otherwise)
{
    _cleanup_fclose_ FILE *own = path ? fopen(path, "we") : NULL;
    if (path && !own) return err_sys(ERR_CANNOT, errno, "%s", path);
    FILE *f = own ? own : otherwise;
    if (fwrite(buf_cstr(out), 1, out->n, f) != out->n || fflush(f) != 0)
        return err_new(ERR_CANNOT, "writing failed");
    return NULL;
}

// -fix: the changed files into the archive that the go command copies them from; -diff: what would
// change, on stdout.
static struct err *fix(const struct asked *a, struct vet_run *v, const char *path)
{
    struct scan_patch *patches;
    size_t n, refused = 0;
    const char *archive = arena_cstr(&v->run.arena, v->config.fix_archive);
    if (!a->diff && !archive[0])
        return err_new(ERR_USAGE, "go vet -fix works from Go 1.26 on; before, maptrap scan --fix");
    ERR_TRY(vet_patches(v, &patches, &n));
    _cleanup_buf_ struct buf diff = { 0 };
    struct zip z = { 0 };
    bool room = true;
    for (size_t i = 0; i < n; i++) {
        const struct scan_patch *p = &patches[i];
        refused += p->refused;
        if (p->bad) continue;
        if (a->diff)
            buf_printf(&diff, "%s", edits_diff(&v->run.arena, p->path, p->before, p->after));
        else
            room = room && zip_add(&z, p->path, p->after);
    }
    if (refused)
        fprintf(stderr, "maptrap-vet: %zu fixes left out: they did not stand the test\n", refused);
    zip_finish(&z);
    struct err *e = a->diff ? NULL
                    : room  ? write_all(archive, &z.out, stdout)
                            : err_new(ERR_CANNOT, "too much has changed for one archive");
    buf_deinit(&z.out);
    return e ? e : write_all(path, &diff, stdout);
}

static struct err *vet(const struct asked *a, struct vet_run *v, int *ret_status)
{
    ERR_TRY(vet_run(a->unit, v));
    const char *path =
        v->config.stdout_path.n ? arena_cstr(&v->run.arena, v->config.stdout_path) : NULL;
    _cleanup_buf_ struct buf out = { 0 };
    if (v->config.facts_only) return path ? write_all(path, &out, stdout) : NULL;
    struct goscan_result *r = &v->run.report.result;
    keep_wanted(r, a->tier);
    for (size_t i = 0; i < v->run.report.n_bad; i++)
        fprintf(stderr, "maptrap-vet: %.*s:%s\n", STR_ARG(v->run.report.bad[i].path),
                v->run.report.bad[i].why);
    // The go command before 1.26 joins both streams: there JSON stays alone.
    _cleanup_buf_ struct buf remarks = { 0 };
    if (!a->json || path) scan_print_remarks(&v->run.report, "maptrap-vet", &remarks);
    fwrite(buf_cstr(&remarks), 1, remarks.n, stderr);
    if (a->fix) return fix(a, v, path);
    if (a->json) {
        vet_print_json(r, v->config.id, &out);
        return write_all(path, &out, stdout);
    }
    vet_print_text(r, &out);
    *ret_status = r->n > 0 || v->run.report.n_bad > 0;
    if (path) {
        _cleanup_buf_ struct buf none = { 0 };
        ERR_TRY(write_all(path, &none, stdout));
    }
    return write_all(NULL, &out, stderr);
}

int main(int argc, char **argv)
{
    struct asked a = { 0 };
    struct vet_run v = { 0 };
    int status = 0;
    if (isatty(STDERR_FILENO)) term_guard_stderr();
    struct err *e = read_arguments(argc, argv, &a);
    if (!e && a.version)
        e = print_version();
    else if (!e && (a.flags || a.help))
        fputs(a.flags ? flags : help, stdout);
    else if (!e)
        e = vet(&a, &v, &status);
    vet_run_deinit(&v);
    if (!e) return status;
    fprintf(stderr, "maptrap-vet: %s\n", e->text);
    status = (int)e->kind;
    err_free(e);
    return status;
}

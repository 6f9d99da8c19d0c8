// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "cli/command.h"
#include "engine/lsp_server.h"
#include "engine/scan.h"
#include "engine/scan_fold.h"
#include "engine/scan_repair.h"
#include "sinks/scan_print.h"

#include <errno.h>
#include <stdio.h>

struct scan_opts {
    const char *tier, *baseline, *explain, *new_from;
    bool json, sarif, github, write_baseline, no_cache, fix, lsp;
};

enum { ID_DIGITS = 16, LIMIT_BASELINE_BYTES = 16 << 20 };

static const char *const tiers[] = { "default", "medium", "library", NULL };

static const struct option options[] = {
    OPT_ENUM("tier", struct scan_opts, tier, "TIER",
             "what to report: default (the default), medium, library; each holds the ones before",
             tiers),
    OPT_FLAG("json", struct scan_opts, json, "one JSON document on stdout"),
    OPT_FLAG("sarif", struct scan_opts, sarif, "SARIF 2.1.0 on stdout, for code scanning"),
    OPT_FLAG("github", struct scan_opts, github, "workflow commands, for GitHub Actions"),
    OPT_STRING("baseline", struct scan_opts, baseline, "FILE",
               "ids that are known, one a line: not reported"),
    OPT_FLAG("write-baseline", struct scan_opts, write_baseline,
             "print the ids of all findings, for --baseline"),
    OPT_STRING("new-from", struct scan_opts, new_from, "REV",
               "only findings that the git revision REV does not have"),
    OPT_FLAG("fix", struct scan_opts, fix,
             "write the fixes of the findings that have one to their files; report the others"),
    OPT_FLAG("lsp", struct scan_opts, lsp, "be a language server on stdin and stdout, for editors"),
    OPT_FLAG("no-cache", struct scan_opts, no_cache,
             "neither use nor write the cache (below XDG_CACHE_HOME, else ~/.cache)"),
    OPT_STRING("explain", struct scan_opts, explain, "ID|RULE",
               "only this finding, with its rule explained; or what a rule means"),
    OPT_END,
};

static const struct example examples[] = {
    { "scan .", "the module in this folder" },
    { "scan --tier medium --json ./...", "never locked maps too, as JSON" },
    { "scan --write-baseline . > known",
      "accept what stands today; then: scan --baseline known ." },
    { "scan --new-from origin/main .", "what this branch has brought in" },
    { "scan --fix .", "take the missing lock where that is plainly safe" },
    { NULL, NULL },
};

// Where results are remembered, or NULL.
static char *cache_folder(void)
{
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (base && base[0] == '/') return mem_printf("%s/maptrap/scan", base);
    return home && home[0] == '/' ? mem_printf("%s/.cache/maptrap/scan", home) : NULL;
}

// One id a line; empty lines and those that begin with # say nothing.
static struct err *parse_baseline(const char *path, struct str text, struct map *ret)
{
    struct str line;
    for (size_t n = 1; str_split(&text, '\n', &line); n++) {
        uint64_t id;
        line = str_trim(line);
        if (!line.n || line.p[0] == '#') continue;
        if (line.n != ID_DIGITS || !str_to_u64(line, 16, &id))
            return err_new(ERR_INPUT, "--baseline %s: line %zu is no id of a finding", path, n);
        map_put(ret, id, NULL);
    }
    return NULL;
}

static struct err *read_baseline(const char *path, struct map *ret)
{
    _cleanup_buf_ struct buf text = { 0 };
    _cleanup_fclose_ FILE *f = fopen(path, "r");
    if (!f) return err_sys(ERR_CANNOT, errno, "--baseline %s", path);
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof(part), f)) > 0;) {
        if (text.n > LIMIT_BASELINE_BYTES)
            return err_new(ERR_INPUT, "--baseline %s: larger than %d MB", path,
                           LIMIT_BASELINE_BYTES >> 20);
        buf_add(&text, part, n);
    }
    if (ferror(f)) return err_sys(ERR_CANNOT, errno, "--baseline %s", path);
    return parse_baseline(path, buf_str(&text), ret);
}

// Drops what is suppressed, beyond the tier, in the baseline, or not the one asked for.
static void keep_wanted(struct goscan_result *r, const struct scan_opts *o, enum goscan_tier tier,
                        struct map *baseline)
{
    size_t kept = 0;
    uint64_t asked = 0; // the group of the finding that is to be explained
    for (size_t i = 0; o->explain && i < r->n; i++)
        if (strcmp(o->explain, r->findings[i].id) == 0) asked = r->findings[i].group;
    for (size_t i = 0; i < r->n; i++) {
        const struct goscan_finding *f = &r->findings[i];
        uint64_t id;
        bool known = str_to_u64(str_from(f->id), 16, &id) && map_get(baseline, id);
        bool other = o->explain && strcmp(o->explain, f->id) != 0 && !(asked && f->group == asked);
        if (f->suppressed || known || other || (f->tier > tier && !o->explain)) continue;
        r->findings[kept++] = *f;
    }
    r->n = kept;
}

static bool explain_rule(const char *name)
{
    for (unsigned i = 0; i < GOSCAN_RULES; i++) {
        if (strcmp(goscan_rules[i].name, name) != 0) continue;
        _cleanup_buf_ struct buf out = { 0 };
        scan_print_rule((enum goscan_rule)i, &out);
        fwrite(out.p + 1, 1, out.n - 1, stdout); // without the empty line before it
        return true;
    }
    return false;
}

static struct err *check_options(const struct scan_opts *o)
{
    if (o->json + o->sarif + o->github + o->write_baseline + o->lsp > 1)
        return err_new(ERR_USAGE,
                       "--json, --sarif, --github, --write-baseline and --lsp exclude each other");
    if (o->fix && (o->write_baseline || o->lsp))
        return err_new(ERR_USAGE, "--fix goes with neither --write-baseline nor --lsp");
    if (o->lsp && (o->baseline || o->new_from || o->explain))
        return err_new(ERR_USAGE, "--lsp goes with --tier only");
    return NULL;
}

static struct err *serve(const struct invocation *in, enum goscan_tier tier, int *ret_status)
{
    struct lsp_options o = { .paths = in->args, .n_paths = in->n_args, .tier = tier };
    bool orderly = false;
    ERR_TRY(lsp_serve(STDIN_FILENO, STDOUT_FILENO, &o, &orderly));
    *ret_status = orderly ? 0 : 1; // as the protocol has it
    return NULL;
}

// Fixes what can be fixed; what is left in the report is what was not.
static struct err *fix(const struct scan_options *wanted, struct scan_run *r)
{
    struct scan_repairs done;
    ERR_TRY(scan_repair(wanted, r, &done));
    fprintf(stderr, "maptrap scan: %zu findings fixed in %zu files", done.findings, done.files);
    if (done.refused) fprintf(stderr, "; %zu fixes did not cure theirs", done.refused);
    fputc('\n', stderr);
    if (done.why) {
        _cleanup_buf_ struct buf why = { 0 };
        scan_print_name(str_from(done.why->text), &why);
        fprintf(stderr, "maptrap scan: %zu files are not written: %s\n", done.unwritten,
                buf_cstr(&why));
    }
    err_free(done.why);
    struct goscan_result *g = &r->report.result;
    size_t kept = 0;
    for (size_t i = 0; i < g->n; i++)
        if (!g->findings[i].fixed) g->findings[kept++] = g->findings[i];
    g->n = kept;
    return NULL;
}

static void print(struct scan_run *r, const struct scan_opts *o)
{
    _cleanup_buf_ struct buf out = { 0 };
    if (o->json)
        scan_print_json(&r->report, &out);
    else if (o->sarif)
        scan_print_sarif(&r->report, &out);
    else if (o->github)
        scan_print_github(&r->report, &out);
    else if (o->write_baseline)
        for (size_t i = 0; i < r->report.result.n; i++)
            buf_printf(&out, "%s\n", r->report.result.findings[i].id);
    else
        scan_print_text(&r->report, o->explain != NULL, &out);
    fwrite(buf_cstr(&out), 1, out.n, stdout);
    _cleanup_buf_ struct buf remarks = { 0 };
    scan_print_remarks(&r->report, "maptrap scan", &remarks);
    fwrite(buf_cstr(&remarks), 1, remarks.n, stderr);
}

static struct err *verdict(const struct scan_report *r, bool found)
{
    size_t usable = r->n_files + r->n_unread - r->n_bad;
    if (found || (usable && !r->n_unread)) return NULL;
    if (r->n_unread)
        return err_new(ERR_CANNOT, "%zu files or folders could not be read", r->n_unread);
    return r->n_files ? err_new(ERR_INPUT, "none of %zu files could be parsed", r->n_files)
                      : err_new(ERR_INPUT, "no Go files here");
}

static struct err *scan(const struct invocation *in, enum goscan_tier tier, struct map *baseline,
                        struct scan_run *r, int *ret_status)
{
    const struct scan_opts *o = in->opts;
    static const char *const here[] = { "." };
    _cleanup_free_ char *cache = o->no_cache ? NULL : cache_folder();
    struct scan_options wanted = { .paths = in->n_args ? in->args : here,
                                   .n_paths = in->n_args ? in->n_args : 1,
                                   .cache_dir = cache };
    ERR_TRY(scan_run(&wanted, r));
    if (o->new_from) ERR_TRY(scan_only_new(&wanted, o->new_from, r));
    keep_wanted(&r->report.result, o, tier, baseline);
    if (o->explain && !r->report.result.n)
        return err_new(ERR_USAGE, "no rule, and no finding here, is called '%.40s'", o->explain);
    if (o->fix) ERR_TRY(fix(&wanted, r));
    scan_finish(r);
    if (!o->write_baseline) scan_fold(r);
    print(r, o);
    *ret_status = r->report.result.n > 0 && !o->write_baseline;
    return verdict(&r->report, *ret_status);
}

static struct err *run_scan(const struct invocation *in, int *ret_status)
{
    const struct scan_opts *o = in->opts;
    ERR_TRY(check_options(o));
    if (o->explain && explain_rule(o->explain)) return NULL;
    enum goscan_tier tier = GOSCAN_DEFAULT;
    while (o->tier && strcmp(tiers[tier], o->tier) != 0) tier++;
    if (o->lsp) return serve(in, tier, ret_status);
    struct scan_run r = { 0 };
    struct map baseline = { 0 };
    struct err *e = o->baseline ? read_baseline(o->baseline, &baseline) : NULL;
    if (!e) e = scan(in, tier, &baseline, &r, ret_status);
    map_deinit(&baseline);
    scan_run_deinit(&r);
    return e;
}

const struct command cmd_scan = {
    .name = "scan",
    .summary = "find unguarded writes to shared maps in Go source",
    .usage = "[DIR|FILE]...",
    .description =
        "Reads Go source (1.19 to 1.27, no build needed) and reports maps that are written without "
        "the lock that guards them elsewhere, or from several goroutines at once. Three tiers: "
        "default says what is most likely a bug, medium adds maps that no access locks, library "
        "adds exported code that writes without a lock. A comment //nolint:maptrap // reason on "
        "the "
        "line keeps a finding quiet. Exit status 1: a finding in the asked tier.",
    .options = options,
    .examples = examples,
    .opts_size = sizeof(struct scan_opts),
    .run = run_scan,
};

// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"
#include "base/mem.h"
#include "cli/command.h"
#include "engine/scan.h"
#include "sinks/scan_print.h"

#include <stdio.h>

struct scan_opts {
    const char *tier, *baseline, *explain;
    bool json, sarif, github, write_baseline, no_cache;
};

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
    { NULL, NULL },
};

// Where results are remembered, or NULL.
static char *cache_folder(void)
{
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (base && base[0] == '/') return mem_printf("%s/maptrap/scan", base);
    return home && home[0] == '/' ? mem_printf("%s/.cache/maptrap/scan", home) : NULL;
}

static struct err *read_baseline(const char *path, struct buf *ret)
{
    _cleanup_fclose_ FILE *f = fopen(path, "r");
    if (!f) return err_new(ERR_CANNOT, "--baseline %s: cannot be read", path);
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof(part), f)) > 0;) buf_add(ret, part, n);
    return NULL;
}

// Drops what is suppressed, beyond the tier, in the baseline, or not the one asked for.
static void keep_wanted(struct goscan_result *r, const struct scan_opts *o, enum goscan_tier tier,
                        struct str baseline)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->n; i++) {
        const struct goscan_finding *f = &r->findings[i];
        bool known = baseline.n && str_find(baseline, str_from(f->id)) != STR_NPOS;
        bool other = o->explain && strcmp(o->explain, f->id) != 0;
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

static struct err *run_scan(const struct invocation *in, int *ret_status)
{
    const struct scan_opts *o = in->opts;
    if (o->json + o->sarif + o->github + o->write_baseline > 1)
        return err_new(ERR_USAGE,
                       "--json, --sarif, --github and --write-baseline exclude each other");
    if (o->explain && explain_rule(o->explain)) return NULL;
    enum goscan_tier tier = GOSCAN_DEFAULT;
    while (o->tier && strcmp(tiers[tier], o->tier) != 0) tier++;
    _cleanup_buf_ struct buf baseline = { 0 };
    if (o->baseline) ERR_TRY(read_baseline(o->baseline, &baseline));
    const char *here[] = { "." };
    struct scan_run r = { 0 };
    _cleanup_free_ char *cache = o->no_cache ? NULL : cache_folder();
    struct scan_options wanted = { .paths = in->n_args ? in->args : here,
                                   .n_paths = in->n_args ? in->n_args : 1,
                                   .cache_dir = cache };
    struct err *e = scan_run(&wanted, &r);
    if (e) {
        scan_run_deinit(&r);
        return e;
    }
    keep_wanted(&r.report.result, o, tier, buf_str(&baseline));
    _cleanup_buf_ struct buf out = { 0 };
    if (o->json)
        scan_print_json(&r.report, &out);
    else if (o->sarif)
        scan_print_sarif(&r.report, &out);
    else if (o->github)
        scan_print_github(&r.report, &out);
    else if (o->write_baseline)
        for (size_t i = 0; i < r.report.result.n; i++)
            buf_printf(&out, "%s\n", r.report.result.findings[i].id);
    else
        scan_print_text(&r.report, o->explain != NULL, &out);
    fwrite(buf_cstr(&out), 1, out.n, stdout);
    *ret_status = r.report.result.n > 0 && !o->write_baseline;
    size_t usable = r.report.n_files + r.report.n_unread - r.report.n_bad,
           unread = r.report.n_unread, files = r.report.n_files;
    scan_run_deinit(&r);
    if (*ret_status || (usable && !unread)) return NULL;
    if (unread) return err_new(ERR_CANNOT, "%zu files or folders could not be read", unread);
    return files ? err_new(ERR_INPUT, "none of %zu files could be parsed", files)
                 : err_new(ERR_INPUT, "no Go files here");
}

const struct command cmd_scan = {
    .name = "scan",
    .summary = "find unguarded writes to shared maps in Go source",
    .usage = "[DIR|FILE]...",
    .description =
        "Reads Go source (1.19 to 1.27, no build needed) and reports maps that are written without "
        "the lock that guards them elsewhere, or from several goroutines at once. Three tiers: "
        "default says what is nearly always a bug, medium adds maps that no access locks, library "
        "adds exported code that writes without a lock. A comment //nolint:maptrap // reason on "
        "the "
        "line keeps a finding quiet. Exit status 1: a finding in the asked tier.",
    .options = options,
    .examples = examples,
    .opts_size = sizeof(struct scan_opts),
    .run = run_scan,
};

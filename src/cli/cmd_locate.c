// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cli/command.h"
#include "cli/pick.h"
#include "engine/locate.h"
#include "sinks/finding_sinks.h"
#include "sources/proc.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

struct locate_args {
    struct pick_options pick;
    uint64_t for_ns, max_hold_ns;
    bool until_found, no_hold, single_probes, json, dry_run, all;
    struct string_list budget;
    const char *keys, *src;
};

static const char *const key_modes[] = { "show", "hash", "len", "off", NULL };

static const struct option options[] = {
    PICK_OPTIONS(struct locate_args, pick),
    OPT_DURATION("for", struct locate_args, for_ns, "TIME", "look for this long at most (30s)"),
    OPT_FLAG("until-found", struct locate_args, until_found, "end at the first finding"),
    OPT_FLAG("json", struct locate_args, json, "one JSON document on stdout"),
    OPT_LIST("budget", struct locate_args, budget, "WHAT=N%",
             "cpu=1% of a core for probes, hold=4% for holds; may be repeated"),
    OPT_DURATION("max-hold", struct locate_args, max_hold_ns, "TIME",
                 "hold one access for this long at most (2ms)"),
    OPT_FLAG("no-hold", struct locate_args, no_hold,
             "hold nothing: suspects, and what is caught in the act"),
    OPT_FLAG("single-probes", struct locate_args, single_probes,
             "attach probes one by one, as kernels before 6.10 need it (chosen by itself there)"),
    OPT_ENUM("keys", struct locate_args, keys, "HOW",
             "how map keys appear: show, hash, len or off (show)", key_modes),
    OPT_STRING("src", struct locate_args, src, "DIR",
               "look for source files here (lines, names of maps)"),
    OPT_FLAG("dry-run", struct locate_args, dry_run,
             "print every probe, its cost and what cannot be seen; attach nothing"),
    OPT_FLAG("all", struct locate_args, all, "list every shared map that was looked at"),
    OPT_END,
};

static const struct example examples[] = {
    { "locate", "list the Go processes that can be looked into" },
    { "locate --pid 4711", "name the goroutines that race on a map, in a live service" },
    { "locate --exe shop --for 2m --until-found --json", "for scripts: one JSON document" },
    { "locate -- go test ./...", "watch a test run, child processes included" },
    { NULL, NULL },
};

static volatile int stop_asked;

static void on_signal(int sig)
{
    (void)sig;
    if (stop_asked++) _exit(130); // links and holds end with our descriptors
}

static struct err *parse_budget(const struct string_list *l, struct locate_options *o)
{
    for (size_t i = 0; i < l->n; i++) {
        struct str s = str_from(l->p[i]);
        double *field = str_starts(s, STR("cpu=")) ? &o->cpu_share : &o->hold_share;
        char *end;
        double v = strtod(l->p[i] + (field == &o->cpu_share ? 4 : 5), &end);
        if ((field == &o->hold_share && !str_starts(s, STR("hold="))) || strcmp(end, "%") != 0 ||
            !(v > 0 && v <= 100))
            return err_new(ERR_USAGE, "--budget %s: write cpu=1%% or hold=4%%", l->p[i]);
        *field = v / 100;
    }
    if (o->hold_share > 0.04)
        return err_new(ERR_USAGE, "--budget hold: busy holds take 4 %% of a core at most");
    return NULL;
}

static enum locate_keys keys_mode(const char *name)
{
    for (int i = 0; name && key_modes[i]; i++)
        if (strcmp(name, key_modes[i]) == 0) return (enum locate_keys)i;
    return KEYS_SHOW;
}

static unsigned terminal_width(void)
{
    struct winsize w;
    return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

static void print_report(const struct report *r, const struct locate_args *a,
                         const struct invocation *in)
{
    _cleanup_buf_ struct buf out = { 0 };
    if (a->json) {
        findings_json(r, &out);
    } else {
        struct findings_text_options o = { .color = in->color,
                                           .all = a->all,
                                           .width = terminal_width() };
        findings_text(r, &o, &out);
    }
    fwrite(out.p, 1, out.n, stdout);
}

static int status_of(const struct report *r)
{
    if (r->n_findings) return 1;
    for (size_t i = 0; i < r->n_suspects; i++)
        if (r->suspect[i].evidence == EVIDENCE_UNGUARDED) return 5;
    return r->coverage.maps_shared && !r->coverage.unheld.n && !r->aborted ? 0 : 5;
}

static struct err *print_plan(const struct locate_args *a, const struct locate_options *o,
                              const struct invocation *in)
{
    _cleanup_buf_ struct buf out = { 0 };
    ERR_TRY(locate_plan(o, a->json, in->log, &out));
    fwrite(out.p, 1, out.n, stdout);
    return NULL;
}

static bool is_there(pid_t pid)
{
    struct proc p;
    _cleanup_err_ struct err *e = proc_read(pid, &p);
    return e == NULL;
}

// The one of two answers that says more; the other is released. Either may be NULL.
static struct report *better(struct report *a, struct report *b)
{
    bool second =
        !a || (b && b->coverage.maps_shared > a->coverage.maps_shared) || (b && b->n_findings);
    report_destroy(second ? a : b);
    return second ? b : a;
}

// Looks into the process; where a command of ours runs one Go program after the other, as
// `go test ./...` does, into each until something is found or the time is over. One answer: that of
// the process where most was seen.
static struct err *locate_all(struct locate_options *o, struct picked *p, struct log *log,
                              struct report **ret)
{
    uint64_t until = clock_now_ns() + o->for_ns;
    struct report *best = NULL;
    unsigned looked = 0;
    for (bool more = true; more; looked++) {
        struct report *r = NULL;
        o->pid = p->pid;
        struct err *e = locate_run(o, log, &r);
        bool gone = p->started && !is_there(p->pid);
        if (e && !gone) {
            report_destroy(best);
            return e;
        }
        err_free(e); // too short-lived to be looked into
        more = p->started && !stop_asked && (!r || (r->ended.n && !r->n_findings));
        best = better(best, r);
        more = more && pick_next(p, until, &stop_asked);
        uint64_t now = clock_now_ns();
        o->for_ns = until > now ? until - now : 0;
    }
    if (!best)
        return err_new(ERR_UNSEEN, "the Go programs of the command ended before they could be "
                                   "looked into; let them run for some seconds");
    if (looked > 1)
        report_add_blind(best, arena_printf(&best->arena,
                                            "the command ran %u Go programs one after the other; "
                                            "this is what was seen in pid %lld",
                                            looked, (long long)best->target.pid));
    *ret = best;
    return NULL;
}

static struct err *locate_one(const struct locate_args *a, struct locate_options *o,
                              struct picked *p, const struct invocation *in, int *ret_status)
{
    struct report *r = NULL;
    o->pid = p->pid;
    if (a->dry_run) return print_plan(a, o, in);
    ERR_TRY(locate_all(o, p, in->log, &r));
    log_progress_end(in->log);
    print_report(r, a, in);
    *ret_status = status_of(r);
    report_destroy(r);
    return NULL;
}

static struct err *check_options(const struct locate_args *a, const struct locate_options *o,
                                 const struct invocation *in)
{
    if (o->max_hold_ns > 2000000)
        return err_new(ERR_USAGE, "--max-hold: busy holds last 2 ms at most");
    struct stat st;
    if (a->src && (stat(a->src, &st) || !S_ISDIR(st.st_mode)))
        return err_new(ERR_USAGE, "--src %s: there is no such directory", a->src);
    if (in->n_args)
        return err_new(ERR_USAGE,
                       "'%s' is not understood; name a process with --pid, "
                       "--exe, --container or -- CMD",
                       in->args[0]);
    return NULL;
}

static struct err *run(const struct invocation *in, int *ret_status)
{
    struct locate_args *a = in->opts;
    struct locate_options o = { .for_ns = a->for_ns ? a->for_ns : 30000000000u,
                                .until_found = a->until_found,
                                .cpu_share = 0.01,
                                .hold_share = 0.04,
                                .max_hold_ns = a->max_hold_ns ? a->max_hold_ns : 2000000,
                                .no_hold = a->no_hold,
                                .single_probes = a->single_probes,
                                .keys = keys_mode(a->keys),
                                .src = a->src,
                                .stop = &stop_asked };
    ERR_TRY(parse_budget(&a->budget, &o));
    ERR_TRY(check_options(a, &o, in));
    struct picked picked;
    if (!pick_any(&a->pick, in)) {
        pick_list(a->json);
        return NULL;
    }
    struct sigaction sa = { .sa_handler = on_signal };
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    ERR_TRY(pick_process(&a->pick, in, &stop_asked, &picked));
    struct err *e = locate_one(a, &o, &picked, in, ret_status);
    pick_release(&picked, in->log);
    return e;
}

const struct command cmd_locate = {
    .name = "locate",
    .summary = "name the goroutines that touch one map of a live service without a common lock",
    .usage = "--pid P | --exe NAME | --container ID | -- CMD [ARGS]   [OPTIONS]",
    .runs_another = true,
    .description =
        "Attaches to a running, unmodified Go program (Go 1.19 or newer), finds a map that two "
        "goroutines touch at the same time, at least one of them writing, and names both: stacks, "
        "source lines, keys, who created them. The program is left exactly as it was: memory is "
        "only read, no thread is stopped, and whatever was attached goes with maptrap.\n\n"
        "An accusation (overlap) is proven, not inferred: one goroutine was held for a moment "
        "right "
        "before its access, and another reached an access to the same map meanwhile. A lock that "
        "both take makes that impossible. Without an accusation the answer says what was covered "
        "and what could not be seen.\n\n"
        "Without a target it lists the Go processes of this host.",
    .options = options,
    .examples = examples,
    .opts_size = sizeof(struct locate_args),
    .run = run,
};

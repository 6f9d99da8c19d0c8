// SPDX-License-Identifier: Apache-2.0
// maptrap profile: where a service spends its time or memory, by profile, and who writes maps.
#include "base/cleanup.h"
#include "cli/command.h"
#include "engine/profile_exe.h"
#include "engine/profile_load.h"
#include "engine/profile_sample.h"
#include "sinks/profile_flame.h"
#include "sinks/profile_folded.h"
#include "sinks/profile_json.h"
#include "sinks/profile_pprof.h"
#include "sinks/profile_text.h"
#include "sources/perf_sampler.h"

#include <limits.h>
#include <signal.h>

struct opts {
    bool json, cum, folded, tree, traces, tags;
    const char *top, *sample, *base, *tagroot, *html, *svg, *pprof, *exe, *pid;
    uint64_t for_ns, hz;
    const char *focus, *ignore, *show, *hide, *tagfocus, *tagignore;
};

enum { TOP_DEFAULT = 20 };
#define SAMPLE_SPAN_NS 10000000000ull // of --pid

// All that is computed of one profile.
struct work {
    struct loaded_profile in, base;
    struct profile_view view;
    struct profile with_maps; // a heap profile with its map functions put back, or empty
    struct profile_view map_view;
    struct profile_top top;
    struct profile_sites sites, memory;
    struct profile_tree calls;
    struct profile_tags tags;
    struct profile_answer answer;
};

static void work_deinit(struct work *w)
{
    profile_tags_deinit(&w->tags);
    profile_tree_deinit(&w->calls);
    profile_sites_deinit(&w->memory);
    profile_sites_deinit(&w->sites);
    profile_top_deinit(&w->top);
    profile_view_deinit(&w->map_view);
    profile_deinit(&w->with_maps);
    profile_view_deinit(&w->view);
    loaded_profile_deinit(&w->in);
    loaded_profile_deinit(&w->base);
}

// Where the memory of maps is: of a heap profile whose binary is here, in a copy with the map
// functions put back. The rest of the answer stays that of pprof.
static struct err *analyse_maps(struct work *w, const struct opts *o,
                                const struct profile_filter *filter)
{
    const struct profile_view *view = &w->view;
    w->answer.restored = o->exe != NULL;
    if (!o->exe && !o->pid && profile_hides_runtime(&w->in.p)) {
        ERR_TRY(profile_open_exe(NULL, &w->in));
        if (w->in.exe) {
            profile_copy(&w->in.p, &w->with_maps);
            profile_restore(&w->with_maps, w->in.exe);
            ERR_TRY(profile_view_init(&w->map_view, &w->with_maps, filter));
            view = &w->map_view;
            w->answer.restored = true;
        }
    }
    profile_sites_init(&w->sites, view, w->answer.type, true);
    if (profile_heap_type(&w->in.p, &w->answer.memory_type)) {
        profile_sites_init(&w->memory, view, w->answer.memory_type, false);
        w->answer.memory = &w->memory;
    }
    return NULL;
}

static struct err *analyse(struct work *w, const struct opts *o)
{
    const struct profile *p = &w->in.p;
    size_t type = p->default_type;
    uint64_t limit = TOP_DEFAULT;
    if (o->top && !str_to_u64(str_from(o->top), 10, &limit))
        return err_new(ERR_USAGE, "--top %s: not a whole number", o->top);
    if (o->sample) ERR_TRY(profile_type_find(p, str_from(o->sample), &type));
    const struct profile_filter filter = { o->focus, o->ignore,   o->show,
                                           o->hide,  o->tagfocus, o->tagignore };
    ERR_TRY(profile_view_init(&w->view, p, &filter));
    profile_top_init(&w->top, &w->view, type, o->cum);
    w->answer = (struct profile_answer) {
        .p = p,
        .view = &w->view,
        .type = type,
        .top = &w->top,
        .sites = &w->sites,
        .limit = (size_t)limit,
    };
    return analyse_maps(w, o, &filter);
}

static struct err *write_files(struct work *w, const struct opts *o, const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *title = slash && slash[1] ? slash + 1 : name;
    const struct flame flame = { &w->view, &w->calls, w->in.p.types.p[w->answer.type], title };
    if (o->pprof) ERR_TRY(profile_pprof_write(o->pprof, &w->view));
    if (o->html) ERR_TRY(profile_flame_html(o->html, &flame));
    if (o->svg) ERR_TRY(profile_flame_svg(o->svg, &flame));
    return NULL;
}

static void print(const struct work *w, const struct opts *o, const char *name)
{
    if (o->json) {
        _cleanup_buf_ struct buf scratch = { 0 };
        struct json j;
        json_init_stream(&j, &scratch, stdout, 2);
        profile_json(&j, &w->answer);
        json_deinit(&j);
    } else if (o->folded) {
        profile_folded(stdout, &w->view, &w->calls);
    } else if (o->tree) {
        profile_text_tree(stdout, &w->answer, &w->calls);
    } else if (o->traces) {
        profile_text_traces(stdout, &w->answer);
    } else if (o->tags) {
        profile_text_tags(stdout, &w->answer, &w->tags);
    } else {
        profile_text(stdout, name, &w->answer);
    }
}

static struct err *broken(const struct profile *p, const char *name)
{
    if (!p->broke) return NULL;
    return err_new(ERR_INPUT, "%s: at offset %llu: %s; the answer is of what could be read", name,
                   (unsigned long long)p->broke_at, p->broke_why);
}

static volatile int interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

// Samples the process of --pid; Ctrl-C ends it early with what has come.
static struct err *sample(const struct opts *o, struct log *log, char *title, size_t size,
                          struct loaded_profile *ret)
{
    uint64_t pid;
    if (!str_to_u64(str_from(o->pid), 10, &pid) || pid == 0 || pid > INT_MAX)
        return err_new(ERR_USAGE, "--pid %s: not a process id", o->pid);
    if (o->hz > PERF_SAMPLER_MAX_HZ)
        return err_new(ERR_USAGE, "--hz %llu: at most %d", (unsigned long long)o->hz,
                       PERF_SAMPLER_MAX_HZ);
    snprintf(title, size, "pid %llu", (unsigned long long)pid);
    struct sigaction once = { .sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND };
    sigaction(SIGINT, &once, NULL);
    return profile_sample((pid_t)pid, o->for_ns ? o->for_ns : SAMPLE_SPAN_NS, (unsigned)o->hz,
                          &interrupted, log, ret);
}

static struct err *run_profile(const struct invocation *in, int *ret_status)
{
    (void)ret_status;
    const struct opts *o = in->opts;
    if (o->pid ? in->n_args != 0 : in->n_args != 1)
        return err_new(ERR_USAGE, "name one profile: a file, - or a URL such as "
                                  "http://localhost:6060/debug/pprof/heap, or --pid P alone");
    if (!o->pid && (o->for_ns || o->hz))
        return err_new(ERR_USAGE, "--for and --hz say how to sample the process of --pid");
    if (o->json + o->folded + o->tree + o->traces > 1 ||
        (o->tags && !o->json && (o->folded + o->tree + o->traces)))
        return err_new(ERR_USAGE, "--json, --folded, --tree, --traces: one of them at a time");
    CLEANUP(work_deinit) struct work w = { 0 };
    char title[32];
    const char *name = in->n_args ? in->args[0] : title;
    if (o->pid)
        ERR_TRY(sample(o, in->log, title, sizeof(title), &w.in));
    else
        ERR_TRY(profile_load(name, &w.in));
    if (o->exe) {
        ERR_TRY(profile_open_exe(o->exe, &w.in));
        if (!profile_is_of(&w.in.p, w.in.exe))
            log_warn(in->log, "%s is not the binary that this profile was taken of", o->exe);
        size_t restored = profile_restore(&w.in.p, w.in.exe);
        log_debug(in->log, "%zu samples got the map function back that they ended in", restored);
    }
    if (o->base) {
        ERR_TRY(profile_load(o->base, &w.base));
        ERR_TRY(err_wrap(profile_subtract(&w.in.p, &w.base.p), "%s", o->base));
    }
    ERR_TRY(analyse(&w, o));
    if (o->folded || o->tree || o->html || o->svg)
        profile_tree_init(&w.calls, &w.view, w.answer.type, o->tagroot);
    if (o->tags) profile_tags_init(&w.tags, &w.view, w.answer.type);
    if (o->tags) w.answer.tags = &w.tags;
    ERR_TRY(write_files(&w, o, name));
    print(&w, o, name);
    ERR_TRY(broken(&w.in.p, name));
    return broken(&w.base.p, o->base);
}

static const struct option options[] = {
    OPT_FLAG("json", struct opts, json, "one JSON document on stdout"),
    OPT_STRING("pid", struct opts, pid, "P", "sample this process instead of reading a profile"),
    OPT_DURATION("for", struct opts, for_ns, "TIME", "sample for this long (default: 10s)"),
    OPT_UINT("hz", struct opts, hz, "N", "samples a second of each thread (default and most: 99)"),
    OPT_STRING(
        "exe", struct opts, exe, "BINARY",
        "the binary: puts map functions back that Go leaves out of heap profiles (default for "
        "map memory: the one that the profile names, if it is here)"),
    OPT_STRING("sample", struct opts, sample, "TYPE",
               "which sample type, by name or position (default: the profile's own)"),
    OPT_STRING("top", struct opts, top, "N", "rows of the table, 0 = all (default: 20)"),
    OPT_FLAG("folded", struct opts, folded, "folded stacks instead, root first: a;b;c 12"),
    OPT_FLAG("tree", struct opts, tree, "the call tree instead, root first"),
    OPT_FLAG("traces", struct opts, traces, "every sample instead, with labels and stack"),
    OPT_FLAG("tags", struct opts, tags, "what was spent under each label, instead"),
    OPT_STRING("html", struct opts, html, "FILE", "write a flame graph, one self-contained page"),
    OPT_STRING("svg", struct opts, svg, "FILE", "write a flame graph as a picture"),
    OPT_STRING("pprof", struct opts, pprof, "FILE", "write the profile as a pprof file"),
    OPT_STRING("base", struct opts, base, "FILE", "subtract this profile first: what has changed"),
    OPT_FLAG("cum", struct opts, cum, "sort by cum instead of flat"),
    OPT_STRING("focus", struct opts, focus, "REGEX",
               "only samples with a frame whose function, file or binary matches"),
    OPT_STRING("ignore", struct opts, ignore, "REGEX", "no samples with such a frame"),
    OPT_STRING("show", struct opts, show, "REGEX", "only frames that match"),
    OPT_STRING("hide", struct opts, hide, "REGEX", "no frames that match"),
    OPT_STRING("tagfocus", struct opts, tagfocus, "FILTER",
               "only samples with a label that matches: KEY=REGEX, REGEX, KEY=12kb:64mb"),
    OPT_STRING("tagignore", struct opts, tagignore, "FILTER", "no samples with such a label"),
    OPT_STRING("tagroot", struct opts, tagroot, "KEY",
               "a label's value as the outermost frame of --folded, --tree, --html, --svg"),
    OPT_END,
};

static const struct example examples[] = {
    { "profile cpu.pb.gz", "the functions that burn CPU, and the sites that write maps" },
    { "profile http://localhost:6060/debug/pprof/heap --sample alloc_space",
      "allocations of a live service" },
    { "profile heap.pb.gz --exe ./service", "which code owns the memory of maps" },
    { "profile --pid 812 --for 30s --html flame.html", "sample a live process from outside" },
    { "profile new.pb.gz --base old.pb.gz --html diff.html", "what grew, as a flame graph" },
    { "profile perf.txt --folded --tagroot comm",
      "folded stacks of perf script, as FlameGraph has" },
    { NULL, NULL },
};

const struct command cmd_profile = {
    .name = "profile",
    .summary = "read a profile: top functions, map-writing sites, map memory",
    .usage = "FILE|URL|-|--pid P",
    .description =
        "Reads a profile from a file, stdin or a pprof endpoint, compressed or not: pprof "
        "(every type, goroutineleak too) and its older text and binary forms (debug=1), the text "
        "of "
        "perf script, folded stacks.\n\n"
        "The first lines are the answer: what the profile shows, and which code writes maps in it. "
        "Values and rules are those of go tool pprof -top.",
    .options = options,
    .examples = examples,
    .opts_size = sizeof(struct opts),
    .run = run_profile,
};

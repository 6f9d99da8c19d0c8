// SPDX-License-Identifier: Apache-2.0
// maptrap profile: where a service spends its time or memory, by profile, and who writes maps.
#include "base/cleanup.h"
#include "cli/command.h"
#include "engine/profile_load.h"
#include "sinks/profile_json.h"
#include "sinks/profile_text.h"

struct opts {
    bool json, cum;
    const char *top, *sample;
    const char *focus, *ignore, *show, *hide, *tagfocus, *tagignore;
};

enum { TOP_DEFAULT = 20 };

// All that is computed of one profile.
struct work {
    struct loaded_profile in;
    struct profile_view view;
    struct profile_top top;
    struct profile_sites sites, memory;
    struct profile_answer answer;
};

static void work_deinit(struct work *w)
{
    profile_sites_deinit(&w->memory);
    profile_sites_deinit(&w->sites);
    profile_top_deinit(&w->top);
    profile_view_deinit(&w->view);
    loaded_profile_deinit(&w->in);
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
    profile_sites_init(&w->sites, &w->view, type, true);
    w->answer = (struct profile_answer) {
        .p = p,
        .view = &w->view,
        .type = type,
        .top = &w->top,
        .sites = &w->sites,
        .limit = (size_t)limit,
    };
    if (profile_heap_type(p, &w->answer.memory_type)) {
        profile_sites_init(&w->memory, &w->view, w->answer.memory_type, false);
        w->answer.memory = &w->memory;
    }
    return NULL;
}

static struct err *run_profile(const struct invocation *in, int *ret_status)
{
    (void)ret_status;
    struct opts *o = in->opts;
    if (in->n_args != 1)
        return err_new(ERR_USAGE, "name one profile: a file, - or a URL such as "
                                  "http://localhost:6060/debug/pprof/heap");
    CLEANUP(work_deinit) struct work w = { 0 };
    ERR_TRY(profile_load(in->args[0], &w.in));
    ERR_TRY(analyse(&w, o));
    if (o->json) {
        _cleanup_buf_ struct buf scratch = { 0 };
        struct json j;
        json_init_stream(&j, &scratch, stdout, 2);
        profile_json(&j, &w.answer);
        json_deinit(&j);
    } else {
        profile_text(stdout, in->args[0], &w.answer);
    }
    if (w.in.p.broke)
        return err_new(ERR_INPUT, "%s: at offset %llu: %s; the answer is of what could be read",
                       in->args[0], (unsigned long long)w.in.p.broke_at, w.in.p.broke_why);
    return NULL;
}

static const struct option options[] = {
    OPT_FLAG("json", struct opts, json, "one JSON document on stdout"),
    OPT_STRING("sample", struct opts, sample, "TYPE",
               "which sample type, by name or position (default: the profile's own)"),
    OPT_STRING("top", struct opts, top, "N", "rows of the table, 0 = all (default: 20)"),
    OPT_FLAG("cum", struct opts, cum, "sort by cum instead of flat"),
    OPT_STRING("focus", struct opts, focus, "REGEX",
               "only samples with a frame whose function, file or binary matches"),
    OPT_STRING("ignore", struct opts, ignore, "REGEX", "no samples with such a frame"),
    OPT_STRING("show", struct opts, show, "REGEX", "only frames that match"),
    OPT_STRING("hide", struct opts, hide, "REGEX", "no frames that match"),
    OPT_STRING("tagfocus", struct opts, tagfocus, "FILTER",
               "only samples with a label that matches: KEY=REGEX, REGEX, KEY=12kb:64mb"),
    OPT_STRING("tagignore", struct opts, tagignore, "FILTER", "no samples with such a label"),
    OPT_END,
};

static const struct example examples[] = {
    { "profile cpu.pb.gz", "the functions that burn CPU, and the sites that write maps" },
    { "profile http://localhost:6060/debug/pprof/heap --sample alloc_space",
      "allocations of a live service" },
    { NULL, NULL },
};

const struct command cmd_profile = {
    .name = "profile",
    .summary = "read a profile: top functions, map-writing sites, map memory",
    .usage = "FILE|URL|-",
    .description =
        "Reads a profile (pprof), compressed or not, from a file, stdin or a pprof endpoint.\n\n"
        "The first lines are the answer: what the profile shows, and which code writes maps in it. "
        "Values and rules are those of go tool pprof -top.",
    .options = options,
    .examples = examples,
    .opts_size = sizeof(struct opts),
    .run = run_profile,
};

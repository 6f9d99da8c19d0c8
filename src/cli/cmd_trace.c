// SPDX-License-Identifier: Apache-2.0
// maptrap trace: what the goroutines did with their time, from a Go execution trace.
#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/command.h"
#include "decoders/gotrace_ahead.h"
#include "sinks/trace_chrome.h"
#include "sinks/trace_html.h"
#include "sinks/trace_report.h"
#include "sources/input.h"

struct opts {
    bool json;
    const char *top, *html, *perfetto;
};

enum { TOP_DEFAULT = 20, PROGRESS_EVENTS = 1 << 20 };

struct work {
    struct input *in;
    struct gotrace_tables tables;
    struct gotrace *trace;
    struct gotrace_ahead *ahead;
    struct trace_states states;
    struct trace_writers writers;
    struct trace_timeline timeline;
    struct trace_chrome *chrome;
    bool draws; // the timeline is wanted
};

static void work_deinit(struct work *w)
{
    gotrace_ahead_destroy(w->ahead);
    trace_chrome_destroy(w->chrome);
    trace_timeline_deinit(&w->timeline);
    trace_writers_deinit(&w->writers);
    trace_states_deinit(&w->states);
    gotrace_close(w->trace);
    gotrace_tables_deinit(&w->tables);
    input_close(w->in);
}

static struct err *read_input(void *arg, void *p, size_t n, size_t *ret_n)
{
    return input_read(arg, p, n, ret_n);
}

static void analyse(struct work *w, const struct gotrace_event *ev, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        trace_states_event(&w->states, &ev[i]);
        trace_writers_event(&w->writers, &ev[i]);
        if (w->draws) trace_timeline_event(&w->timeline, &ev[i]);
        if (w->chrome) trace_chrome_event(w->chrome, &ev[i]);
    }
}

static struct err *read_trace(struct work *w, const char *name, const struct opts *o,
                              struct log *log)
{
    const struct input_options options = {
        .decompress = true,
        .pprof = "trace?seconds=5",
        .otherwise = "runtime/trace.Start in the service writes the same to a file",
    };
    ERR_TRY(input_open(name, &options, &w->in));
    gotrace_tables_init(&w->tables);
    ERR_TRY(gotrace_open(&(struct gotrace_source) { read_input, w->in, input_name(w->in) },
                         &w->tables, &w->trace));
    trace_states_init(&w->states, &w->tables);
    trace_writers_init(&w->writers, &w->states);
    w->draws = o->html;
    if (o->perfetto) ERR_TRY(trace_chrome_create(o->perfetto, &w->tables, &w->chrome));
    size_t n;
    uint64_t done = 0;
    // Perfetto's events name goroutines as they come.
    w->ahead = gotrace_ahead_create(w->trace, !o->perfetto);
    for (const struct gotrace_event *ev; (ev = gotrace_ahead_read(w->ahead, &n)); done += n) {
        analyse(w, ev, n);
        if (done / PROGRESS_EVENTS != (done + n) / PROGRESS_EVENTS)
            log_progress(log, "%llu million events, %llu MB",
                         (unsigned long long)(done + n) / 1000000,
                         (unsigned long long)gotrace_ahead_bytes(w->ahead) >> 20);
    }
    log_progress_end(log);
    trace_states_finish(&w->states, o->json ? SIZE_MAX : TRACE_TEXT_WAKES);
    trace_writers_finish(&w->writers);
    if (o->html) trace_timeline_finish(&w->timeline);
    if (w->chrome) ERR_TRY(trace_chrome_finish(w->chrome, &w->states));
    return NULL;
}

static struct err *run_trace(const struct invocation *in, int *ret_status)
{
    (void)ret_status;
    const struct opts *o = in->opts;
    if (in->n_args != 1)
        return err_new(ERR_USAGE, "name one execution trace: a file, - or a URL such as "
                                  "http://localhost:6060/debug/pprof/trace?seconds=5");
    uint64_t top = TOP_DEFAULT;
    if (o->top && !str_to_u64(str_from(o->top), 10, &top))
        return err_new(ERR_USAGE, "--top %s: not a whole number", o->top);
    CLEANUP(work_deinit) struct work w = { 0 };
    ERR_TRY(read_trace(&w, in->args[0], o, in->log));
    const struct gotrace_break *broke = gotrace_broke(w.trace);
    const struct trace_report report = {
        .name = input_name(w.in),
        .version = gotrace_version(w.trace),
        .broken = broke,
        .broke_offset = broke ? broke->offset : 0,
        .broke_why = broke ? broke->why : NULL,
        .states = &w.states,
        .writers = &w.writers,
    };
    if (o->html) ERR_TRY(trace_html_write(o->html, &report, &w.timeline));
    _cleanup_buf_ struct buf out = { 0 };
    if (o->json) {
        struct json j;
        json_init_stream(&j, &out, stdout, 2);
        trace_json(&report, &j);
        json_deinit(&j);
    } else {
        trace_text(&report, &(struct trace_text_options) { (size_t)top, in->color }, &out);
        fwrite(out.p, 1, out.n, stdout);
    }
    if (!broke) return NULL;
    return err_new(ERR_INPUT, "%s: broken at offset %llu: %s; the answer is of what could be read",
                   input_name(w.in), (unsigned long long)broke->offset, broke->why);
}

static const struct option options[] = {
    OPT_FLAG("json", struct opts, json, "one JSON document on stdout"),
    OPT_STRING("top", struct opts, top, "N", "rows of a table, 0 = all (default: 20)"),
    OPT_STRING("html", struct opts, html, "FILE",
               "write a timeline: one page that needs nothing else, some MB at most"),
    OPT_STRING("perfetto", struct opts, perfetto, "FILE",
               "write every state of every goroutine as JSON for ui.perfetto.dev"),
    OPT_END,
};

static const struct example examples[] = {
    { "trace trace.out", "where the goroutines' time went, and who is stuck" },
    { "trace trace.out --html trace.html", "the same, drawn over time" },
    { "trace 'http://localhost:6060/debug/pprof/trace?seconds=5'", "of a live service" },
    { NULL, NULL },
};

const struct command cmd_trace = {
    .name = "trace",
    .summary = "read an execution trace: states, waits, who unblocked whom",
    .usage = "FILE|URL|-",
    .description =
        "Reads a Go execution trace (runtime/trace, Go 1.11 to 1.27) from a file, stdin or a pprof "
        "endpoint, compressed or not.\n\n"
        "The first line is the answer: map writes that overlap, goroutines that are stuck between "
        "runnable and blocked, long waits for a P, long stops of the world, or none of these. Then "
        "come the times of the goroutines by the function they were started with, the longest "
        "waits, who woke whom, and stops and collections.\n\n"
        "A trace that is broken (cut off, damaged) is read up to the break; the answer says where "
        "that is, and the exit status is 4.",
    .options = options,
    .examples = examples,
    .opts_size = sizeof(struct opts),
    .run = run_trace,
};

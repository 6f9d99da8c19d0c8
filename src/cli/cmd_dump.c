// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"
#include "cli/pick.h"
#include "engine/dump_live.h"
#include "engine/dump_load.h"
#include "engine/symptom_load.h"
#include "sinks/dump_html.h"

enum { TOP_DEFAULT = 10 };

struct opts {
    bool json, list, redact, lenient, symptoms;
    const char *chain, *html;
    uint64_t top;
    const char *diff;
    const char *heap, *log, *trace, *prom, *prom_select;
    struct pick_options pick;
};

static const char *const chain_forms[] = { "text", "dot", "mermaid", NULL };

static const struct option options[] = {
    PICK_OPTIONS(struct opts, pick),
    OPT_FLAG("json", struct opts, json, "one JSON document on stdout (schema maptrap.dump/1)"),
    OPT_FLAG("list", struct opts, list, "every goroutine with its arguments, in JSON"),
    OPT_FLAG("lenient", struct opts, lenient,
             "groups: the same functions are enough, lines may differ"),
    OPT_FLAG("symptoms", struct opts, symptoms,
             "the scored table of symptoms, each with its value, over all that is given"),
    OPT_STRING("heap", struct opts, heap, "FILE|URL",
               "for --symptoms: a heap profile (map memory)"),
    OPT_STRING("log", struct opts, log, "FILE",
               "for --symptoms: the service's log (the fatal line, crashes)"),
    OPT_STRING("trace", struct opts, trace, "FILE|URL",
               "for --symptoms: an execution trace (who is stuck runnable)"),
    OPT_STRING("prom", struct opts, prom, "URL",
               "for --symptoms: a Prometheus (p95 and p99 of requests, now and an hour ago)"),
    OPT_STRING("prom-select", struct opts, prom_select, "LABELS",
               "only series with these labels, such as 'job=\"shop\"'"),
    OPT_FLAG("redact", struct opts, redact,
             "leave out what may be secret: arguments, addresses, the texts of panics, folders"),
    OPT_ENUM("chain", struct opts, chain, "FORM",
             "only who created whom: text, dot (Graphviz) or mermaid", chain_forms),
    OPT_STRING("html", struct opts, html, "FILE",
               "a page with all of it, and who created whom as a picture; needs nothing else"),
    OPT_UINT("top", struct opts, top, "N", "groups shown in text (default 10)"),
    OPT_STRING("diff", struct opts, diff, "OTHER",
               "what has become more or less since OTHER, an earlier dump"),
    OPT_END,
};

static const struct example examples[] = {
    { "dump crash.log", "who died in a map, and who the other side probably is" },
    { "dump http://localhost:6060", "a live service's goroutines, from its pprof endpoint" },
    { "dump --pid 4242", "the same from its memory: no endpoint, not stopped" },
    { "dump - --json < pod.log", "the same as JSON, from docker, CRI or journald lines too" },
    { "dump crash.log --html crash.html", "the same as a page to send round" },
    { "dump after.txt --diff before.txt", "which groups grew between two dumps" },
    { NULL, NULL },
};

static const struct dump_frame *label_frame(const struct dump *d, const struct dump_group *g)
{
    size_t i = dump_first_frame(d, g, true);
    if (i == g->n_stack) i = 0;
    return i < g->n_stack ? &d->frame.p[g->stack[i]] : NULL;
}

// What tells a group of one dump in the other: state and stack. A hash of their texts.
static uint64_t group_key(const struct dump *d, const struct dump_group *g)
{
    uint64_t h = str_hash(d->state.p[g->state]);
    for (size_t i = 0; i < g->n_stack; i++) {
        const struct dump_frame *f = &d->frame.p[g->stack[i]];
        h = (h ^ str_hash(f->function)) * 0x9e3779b97f4a7c15u;
        h = (h ^ str_hash(f->file) ^ f->line) * 0x9e3779b97f4a7c15u;
    }
    return h;
}

struct change {
    int64_t by;
    uint64_t before, now;
    struct str state;
    const struct dump_frame *frame;
};

static int by_change(const void *a, const void *b)
{
    int64_t x = ((const struct change *)a)->by, y = ((const struct change *)b)->by;
    return x != y ? (x < y ? 1 : -1) : 0;
}

static void print_diff(const struct dump *was, const struct dump *now)
{
    struct map seen = { 0 };
    VEC(struct change) change = { 0 };
    for (int side = 0; side < 2; side++) {
        const struct dump *d = side ? now : was;
        for (size_t i = 0; i < d->group.n; i++) {
            const struct dump_group *g = &d->group.p[i];
            if (g->count == 0) continue;
            bool fresh;
            uint64_t *at = map_put(&seen, group_key(d, g), &fresh);
            if (fresh) {
                *at = change.n;
                vec_push(&change, (struct change) { .state = d->state.p[g->state],
                                                    .frame = label_frame(d, g) });
            }
            struct change *c = &change.p[*at];
            if (side)
                c->now += g->count;
            else
                c->before += g->count;
            c->by = (int64_t)c->now - (int64_t)c->before;
        }
    }
    if (change.n) qsort(change.p, change.n, sizeof(*change.p), by_change);
    printf("%llu goroutines, %+lld since the other dump\n\n", (unsigned long long)now->goroutines,
           (long long)(now->goroutines - was->goroutines));
    for (size_t i = 0; i < change.n; i++) {
        const struct change *c = &change.p[i];
        if (c->by == 0) continue;
        printf("  %+8lld  %llu → %llu  %.*s  ", (long long)c->by, (unsigned long long)c->before,
               (unsigned long long)c->now, STR_ARG(c->state));
        if (c->frame)
            printf("%.*s (%.*s:%u)", STR_ARG(c->frame->function), STR_ARG(c->frame->file),
                   c->frame->line);
        putchar('\n');
    }
    vec_deinit(&change);
    map_deinit(&seen);
}

// Folders name users, customers and machines; a file's name stands beside its function's.
static struct str without_folder(struct str path)
{
    size_t i = path.n;
    while (i > 0 && path.p[i - 1] != '/' && path.p[i - 1] != '\\') i--;
    return str_sub(path, i, path.n);
}

static void leave_folders_out(struct dump *d, struct dump_source *source)
{
    for (size_t i = 0; i < d->frame.n; i++) d->frame.p[i].file = without_folder(d->frame.p[i].file);
    _cleanup_buf_ struct buf name = { 0 };
    buf_addstr(&name, without_folder(buf_str(&source->name)));
    buf_clear(&source->name);
    buf_addstr(&source->name, buf_str(&name));
    if (d->process) {
        struct dump_process *p = arena_array(&d->arena, struct dump_process, 1);
        *p = *d->process;
        p->exe = without_folder(str_from(p->exe)).p; // its end, so terminated as it is
        d->process = p;
    }
}

static struct err *diff(const struct opts *o, const struct dump *now)
{
    struct dump was = { 0 };
    struct dump_source source = { 0 };
    struct err *e = dump_load(o->diff, false, &was, &source);
    if (!e && o->redact) leave_folders_out(&was, &source);
    if (!e) print_diff(&was, now);
    dump_source_deinit(&source);
    dump_deinit(&was);
    return e;
}

static struct err *find_symptoms(const struct opts *o, const struct dump *d, struct log *log,
                                 struct dump_view *v)
{
    struct symptom_inputs in;
    const struct symptom_sources from = { .heap = o->heap,
                                          .log = o->log,
                                          .trace = o->trace,
                                          .prom = o->prom,
                                          .prom_select = o->prom_select,
                                          .pid = d->process ? d->process->pid : 0 };
    ERR_TRY(symptom_load(&from, log, &v->arena, &in));
    symptoms_find(v, d, &in);
    return NULL;
}

static struct err *report(const struct opts *o, struct dump *d, const char *name,
                          const struct invocation *inv)
{
    struct dump_view view;
    dump_view_init(&view, d, o->lenient);
    struct err *e = o->symptoms ? find_symptoms(o, d, inv->log, &view) : NULL;
    if (e) {
        dump_view_deinit(&view);
        return e;
    }
    const struct dump_report r = { .name = name,
                                   .list = o->list,
                                   .redact = o->redact,
                                   .symptoms = o->symptoms,
                                   .color = inv->color,
                                   .top = o->top ? o->top : TOP_DEFAULT };
    if (o->json)
        dump_json(stdout, d, &view, &r);
    else if (o->chain && strcmp(o->chain, "dot") == 0)
        dump_chain_dot(stdout, d, &view);
    else if (o->chain && strcmp(o->chain, "mermaid") == 0)
        dump_chain_mermaid(stdout, d, &view);
    else
        dump_text(stdout, d, &view, &r);
    if (o->html) e = dump_html_write(o->html, d, &view, &r);
    dump_view_deinit(&view);
    return e;
}

static struct err *live(const struct opts *o, const struct invocation *in, struct dump *d,
                        struct dump_source *ret)
{
    struct picked p;
    ERR_TRY(pick_process(&o->pick, in, NULL, &p));
    ERR_TRY(dump_live(p.pid, in->log, d));
    buf_printf(&ret->name, "pid %d", p.pid);
    return NULL;
}

static struct err *run(const struct invocation *in, int *ret_status)
{
    struct opts *o = in->opts;
    bool of_process = o->pick.pid || o->pick.exe || o->pick.container;
    if (in->n_args + of_process != 1)
        return err_new(ERR_USAGE, "name one dump: a file, -, a URL, or a process with --pid");
    if (!o->symptoms && (o->heap || o->log || o->trace || o->prom || o->prom_select))
        return err_new(ERR_USAGE, "--heap, --log, --trace and --prom are inputs of --symptoms");
    if (o->prom_select && !o->prom) return err_new(ERR_USAGE, "--prom-select needs --prom URL");
    if (o->list && !o->json) return err_new(ERR_USAGE, "--list needs --json");
    struct dump d = { 0 };
    struct dump_source source = { 0 };
    struct err *e =
        of_process ? live(o, in, &d, &source) : dump_load(in->args[0], o->list, &d, &source);
    if (!e && o->redact) leave_folders_out(&d, &source);
    if (!e && o->diff)
        e = diff(o, &d);
    else if (!e)
        e = report(o, &d, buf_cstr(&source.name), in);
    if (!e && source.broke) e = err_wrap(take_ptr(&source.broke), "only a part could be read");
    if (!e && d.fatal.p && dump_fatal_is_map(d.fatal))
        *ret_status = d.fatal_sure == DUMP_CERTAIN ? 1 : 5;
    dump_source_deinit(&source);
    dump_deinit(&d);
    return e;
}

const struct command cmd_dump = {
    .name = "dump",
    .summary = "goroutines of a crash log or profile: groups, shares, chain, second writer",
    .usage = "FILE|URL|-|--pid P",
    .description =
        "Reads what Go prints about goroutines: crashes, SIGQUIT, pprof's goroutine profile with "
        "debug=1 or 2, race reports; through docker, CRI, journald, syslog and HTML, prefixed, "
        "interleaved, wrapped, reversed or cut short. Names the goroutine that died in a map, "
        "ranks "
        "who the other side may have been, and groups the rest. Exit status 1 if a fatal map error "
        "is in it, 5 if its line is missing and the stacks alone cannot say.\n\n"
        "With --pid the goroutines are read from the memory of a running, unmodified Go program "
        "(Go 1.19 or newer, stripped or not), which is neither stopped nor traced; those that "
        "changed while they were read are marked torn.",
    .options = options,
    .examples = examples,
    .opts_size = sizeof(struct opts),
    .run = run,
};

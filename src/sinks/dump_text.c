// SPDX-License-Identifier: Apache-2.0
#include "sinks/dump_report.h"

#include "model/gofunc.h"

static void place(FILE *out, const struct dump_frame *f)
{
    fprintf(out, "%.*s", STR_ARG(f->function));
    if (f->file.n) fprintf(out, " (%.*s:%u)", STR_ARG(f->file), f->line);
}

static void add_place(struct buf *b, const struct dump_frame *f)
{
    buf_addstr(b, f->function);
    if (f->file.n) buf_printf(b, " (%.*s:%u)", STR_ARG(f->file), f->line);
}

// Where a suspect is, or, where its stack is not shown, what started it.
static void add_suspect(struct buf *b, const struct dump *d, const struct dump_suspect *s,
                        const char *in)
{
    uint32_t creator = dump_group_of(d, s->record)->creator;
    if (s->frame) {
        buf_adds(b, in), add_place(b, s->frame);
    } else if (creator != DUMP_NONE) {
        buf_adds(b, *in ? ", started by " : "started by "), add_place(b, &d->frame.p[creator]);
    }
}

static void verdict_fatal(struct buf *out, const struct dump *d, const struct dump_view *v,
                          const struct dump_report *r)
{
    bool map = dump_fatal_is_map(d->fatal);
    struct str shown = r->redact ? dump_fatal_public(d->fatal) : d->fatal;
    if (shown.n)
        buf_addstr(out, shown);
    else
        buf_adds(out, "it died (text redacted)");
    if (d->fatal_record < d->n) {
        const struct dump_frame *f = dump_user_frame(d, dump_group_of(d, d->fatal_record));
        buf_printf(out, ": goroutine %llu", (unsigned long long)d->fatal_goroutine);
        if (f) buf_adds(out, " in "), add_place(out, f);
    }
    if (map && v->n_suspect) {
        const struct dump_suspect *s = &v->suspect[0];
        buf_printf(out, "; the other side is probably goroutine %llu",
                   (unsigned long long)dump_at(d, s->record)->id);
        add_suspect(out, d, s, " in ");
    }
}

void dump_text_verdict(const struct dump *d, const struct dump_view *v, const struct dump_report *r,
                       struct buf *ret)
{
    if (d->fatal.p)
        verdict_fatal(ret, d, v, r);
    else if (d->races)
        buf_printf(ret, "the race detector reported %llu race%s; both sides are below",
                   (unsigned long long)d->races, d->races == 1 ? "" : "s");
    else if (v->map_verdict)
        buf_adds(ret, v->map_verdict);
    else if (r->symptoms)
        buf_printf(ret, "%s (%.1f of the %.1f stars that could be measured)", v->odds, v->stars,
                   v->stars_max);
    else if (d->process)
        buf_printf(ret, "no pile of goroutines in map operations among the %llu of pid %d",
                   (unsigned long long)d->goroutines, d->process->pid);
    else
        buf_adds(ret, "no fatal error about a map, and no pile of goroutines in map operations");
}

void dump_text_hint(const struct dump *d, const struct dump_view *v, struct buf *ret)
{
    if (!d->fatal.p || !dump_fatal_is_map(d->fatal) || v->n_suspect) return;
    buf_printf(ret,
               "The second writer cannot be told from this log: %s\nnext: run the service with "
               "GOTRACEBACK=all, or let `maptrap record --pid P` wait for the next crash; `maptrap "
               "locate --pid P` finds both sides alive",
               d->goroutines <= 1
                   ? "it shows one goroutine only. Go 1.26 and later print just the one that "
                     "noticed unless GOTRACEBACK=all is set."
                   : "no other goroutine has anything in common with the one that died.");
}

struct str dump_reason(const struct dump_suspect *s, size_t k, const struct dump_report *r)
{
    struct str why = str_from(s->why[k]);
    size_t cut = r->redact ? str_find(why, STR(", 0x")) : STR_NPOS;
    return str_sub(why, 0, cut);
}

static void second_writer(FILE *out, const struct dump *d, const struct dump_view *v,
                          const struct dump_report *r)
{
    _cleanup_buf_ struct buf hint = { 0 };
    dump_text_hint(d, v, &hint);
    if (hint.n) fprintf(out, "\n%s\n", buf_cstr(&hint));
    if (v->n_suspect == 0) return;
    fprintf(out, "\nSecond writer, most likely first (a ranking, not a proof):\n");
    for (size_t i = 0; i < v->n_suspect; i++) {
        const struct dump_suspect *s = &v->suspect[i];
        _cleanup_buf_ struct buf at = { 0 };
        add_suspect(&at, d, s, "");
        fprintf(out, "  %3u  goroutine %llu  %s\n", s->score,
                (unsigned long long)dump_at(d, s->record)->id, buf_cstr(&at));
        for (size_t k = 0; k < s->n_why; k++)
            fprintf(out, "         - %.*s\n", STR_ARG(dump_reason(s, k, r)));
    }
}

static void add_loss(struct buf *b, uint64_t n, const char *what)
{
    if (n) buf_printf(b, "; %llu %s", (unsigned long long)n, what);
}

void dump_text_source(const struct dump *d, const struct dump_report *r, struct buf *ret)
{
    buf_printf(ret, "%s: %llu bytes", r->name, (unsigned long long)d->bytes);
    if (d->lines)
        buf_printf(ret, ", %llu lines, %llu not understood", (unsigned long long)d->lines,
                   (unsigned long long)d->lines_not_understood);
    else if (d->bytes)
        buf_adds(ret, " of its memory"); // a process, not a text
    if (d->truncated) buf_adds(ret, "; it stops in the middle of a goroutine");
    if (d->dumps > 1) buf_adds(ret, "; several dumps in one input, counted together");
    add_loss(
        ret, d->placeless,
        "frames have lost their place, so lines are missing, or those of several processes mixed");
    add_loss(ret, d->lines_too_long, "lines of more than 16 MB, of which the rest was skipped");
    add_loss(
        ret, d->merged,
        "goroutines whose stacks were cut to two frames, as there are too many different ones");
    add_loss(ret, d->not_kept,
             "goroutines only counted, not listed or ranked, as there are so many");
    add_loss(ret, d->arguments_dropped,
             "goroutines listed without arguments, as they are too many");
}

static void races(FILE *out, const struct dump *d)
{
    enum { SHOWN = 20 };
    for (size_t i = 0; i < d->race.n && i < SHOWN; i++) {
        fprintf(out, "\nRace %zu:\n", i + 1);
        for (size_t k = 0; k < d->race.p[i].n; k++) {
            const struct dump_race_side *s = &d->race.p[i].side[k];
            const struct dump_frame *f = dump_user_frame(d, &d->group.p[s->group]);
            fprintf(out, "  %.*s by goroutine %llu in ", STR_ARG(s->op),
                    (unsigned long long)s->goroutine);
            if (f) place(out, f);
            fputc('\n', out);
        }
    }
}

static void symptoms(FILE *out, const struct dump_view *v)
{
    fprintf(out, "\nSymptoms: %s (%.1f of the %.1f stars that could be measured)\n", v->odds,
            v->stars, v->stars_max);
    for (size_t i = 0; i < v->symptom.n; i++) {
        const struct dump_symptom *s = &v->symptom.p[i];
        bool scores = s->score_max > 0;
        fprintf(out, "  %-38s  %s", s->name, s->value);
        if (s->measured && scores)
            fprintf(out, "  → %s, %.1f of %.1f stars", s->level, s->score, s->score_max);
        if (s->measured && !scores && strcmp(s->level, "none") != 0)
            fprintf(out, "  → %s", s->speaks_for);
        fprintf(out, "\n      %s\n", s->why);
        if (s->measured && s->also) fprintf(out, "      looks the same: %s\n", s->also);
    }
}

static void of_process(FILE *out, const struct dump *d)
{
    const struct dump_process *p = d->process;
    fprintf(out, "\npid %d, %s, %s: %llu bytes of its memory read in %.2f s\n", p->pid, p->exe,
            p->go, (unsigned long long)d->bytes, p->took_s);
    fprintf(
        out,
        "%llu changed while they were read (torn), %llu running with a sampled stack, %llu without "
        "a stack, %llu of the runtime itself left out\n",
        (unsigned long long)p->torn, (unsigned long long)p->sampled,
        (unsigned long long)p->without_stack, (unsigned long long)p->system);
}

static void counts(FILE *out, const struct dump *d, const struct dump_view *v)
{
    enum { SHOWN = 10 };
    fprintf(out, "\n%llu goroutines, %zu groups\n\nStates:\n", (unsigned long long)d->goroutines,
            v->n_order);
    double all = d->goroutines ? (double)d->goroutines : 1;
    for (size_t i = 0; i < v->state.n && i < SHOWN; i++)
        fprintf(out, "  %8llu  %5.1f %%  %.*s\n", (unsigned long long)v->state.p[i].count,
                100 * (double)v->state.p[i].count / all, STR_ARG(v->state.p[i].name));
    if (v->creator.n) fprintf(out, "\nCreated by:\n");
    for (size_t i = 0; i < v->creator.n && i < SHOWN; i++)
        fprintf(out, "  %8llu  %5.1f %%  %.*s\n", (unsigned long long)v->creator.p[i].count,
                100 * (double)v->creator.p[i].count / all, STR_ARG(v->creator.p[i].name));
    fprintf(out, "\nOn top of the stacks:\n");
    for (size_t i = 0; i < v->top.n && i < SHOWN; i++)
        fprintf(out, "  %8llu  %5.1f %%  %.*s\n", (unsigned long long)v->top.p[i].count,
                100 * (double)v->top.p[i].count / all, STR_ARG(v->top.p[i].name));
    if (!d->runtime_frames_seen)
        fprintf(out, "  runtime frames such as mapassign are hidden here (a crash log hides them, "
                     "debug=2 and GOTRACEBACK=system show them)\n");
}

static void groups(FILE *out, const struct dump *d, const struct dump_view *v, size_t top)
{
    fprintf(out, "\nGroups (> marks the first frame that is not Go's own):\n");
    size_t shown = top < v->n_order ? top : v->n_order;
    for (size_t i = 0; i < shown; i++) {
        const struct dump_group *g = &d->group.p[v->order[i]];
        fprintf(out, "\n  %llu × %.*s%s%s\n", (unsigned long long)g->count,
                STR_ARG(d->state.p[g->state]), g->unavailable ? ", stack unavailable" : "",
                g->elided ? ", frames elided" : "");
        size_t user = dump_first_frame(d, g, true);
        for (size_t k = 0; k < g->n_stack; k++) {
            fprintf(out, "    %c ", k == user ? '>' : ' ');
            place(out, &d->frame.p[g->stack[k]]);
            fputc('\n', out);
        }
        if (g->creator != DUMP_NONE) {
            fprintf(out, "      created by ");
            place(out, &d->frame.p[g->creator]);
            fputc('\n', out);
        }
    }
    if (shown < v->n_order)
        fprintf(out, "\n  … and %zu groups more (--top N shows more)\n", v->n_order - shown);
}

static void chain(FILE *out, const struct dump *d, const struct dump_view *v)
{
    if (d->fatal_record >= d->n || v->chain.n == 0) return;
    fprintf(out, "\nWho created whom:\n");
    for (size_t i = 0; i < v->chain.n; i++) {
        const struct dump_goroutine *g = dump_at(d, v->chain.p[i]);
        uint32_t creator = d->group.p[g->group].creator;
        if (creator == DUMP_NONE) continue;
        fprintf(out, "  goroutine %llu was created by ", (unsigned long long)g->id);
        place(out, &d->frame.p[creator]);
        if (g->parent) fprintf(out, " in goroutine %llu", (unsigned long long)g->parent);
        fputc('\n', out);
    }
}

void dump_text(FILE *out, const struct dump *d, const struct dump_view *v,
               const struct dump_report *r)
{
    _cleanup_buf_ struct buf verdict = { 0 };
    dump_text_verdict(d, v, r, &verdict);
    fprintf(out, "%s\n", buf_cstr(&verdict));
    second_writer(out, d, v, r);
    races(out, d);
    if (d->goroutines) {
        counts(out, d, v);
        chain(out, d, v);
        groups(out, d, v, r->top);
    }
    if (r->symptoms) symptoms(out, v);
    if (d->process) {
        of_process(out, d);
        return;
    }
    _cleanup_buf_ struct buf source = { 0 };
    dump_text_source(d, r, &source);
    fprintf(out, "\n%s\n", buf_cstr(&source));
}

static void edge_label(FILE *out, const struct dump *d, const struct dump_goroutine *g)
{
    uint32_t creator = d->group.p[g->group].creator;
    struct str f = creator == DUMP_NONE ? STR("") : d->frame.p[creator].function;
    for (size_t i = 0; i < f.n; i++) // neither language takes quotes inside quotes
        fputc(strchr("\"\\<>", f.p[i]) ? '_' : f.p[i], out);
}

void dump_chain_dot(FILE *out, const struct dump *d, const struct dump_view *v)
{
    fprintf(out, "digraph creators {\n  rankdir=LR; node [shape=box];\n");
    for (size_t i = 0; i < v->chain.n; i++) {
        const struct dump_goroutine *g = dump_at(d, v->chain.p[i]);
        if (!g->parent) continue;
        fprintf(out, "  \"%llu\" -> \"%llu\" [label=\"", (unsigned long long)g->parent,
                (unsigned long long)g->id);
        edge_label(out, d, g);
        fprintf(out, "\"];\n");
    }
    fprintf(out, "}\n");
}

void dump_chain_mermaid(FILE *out, const struct dump *d, const struct dump_view *v)
{
    fprintf(out, "flowchart LR\n");
    for (size_t i = 0; i < v->chain.n; i++) {
        const struct dump_goroutine *g = dump_at(d, v->chain.p[i]);
        if (!g->parent) continue;
        fprintf(out, "  g%llu[\"goroutine %llu\"] -->|\"", (unsigned long long)g->parent,
                (unsigned long long)g->parent);
        edge_label(out, d, g);
        fprintf(out, "\"| g%llu[\"goroutine %llu\"]\n", (unsigned long long)g->id,
                (unsigned long long)g->id);
    }
}

// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/vec.h"
#include "sinks/finding_sinks.h"

#include <inttypes.h>

enum { STACK_LINES_MAX = 12 };

struct style {
    const char *bad, *good, *dim, *bold, *off;
};

static const struct style plain = { "", "", "", "", "" };
static const struct style colored = { "\033[1;31m", "\033[1;32m", "\033[2m", "\033[1m", "\033[0m" };

struct lines {
    struct str *p;
    size_t n, cap;
};

static void line(struct lines *l, struct arena *a, struct str text)
{
    vec_push(l, arena_str(a, text));
}

#define LINE(l, a, ...) line(l, a, str_from(arena_printf(a, __VA_ARGS__)))

// A key may hold any bytes; a line of text has no zeros and no ends of line in it.
static struct str key_line(struct str key, struct arena *a)
{
    _cleanup_buf_ struct buf b = { 0 };
    buf_adds(&b, "key ");
    for (size_t i = 0; i < key.n; i++) {
        if (key.p[i] == 0 || key.p[i] == '\n' || key.p[i] == '\r')
            buf_printf(&b, "\\x%02x", (unsigned)key.p[i]);
        else
            buf_add(&b, key.p + i, 1);
    }
    return arena_str(a, buf_str(&b));
}

// One side of a finding, a line each.
static void side_lines(const struct finding_access *x, const char *role, struct arena *a,
                       struct lines *l)
{
    LINE(l, a, "goroutine %" PRIu64 "%s%s", x->goroutine, role[0] ? ", " : "", role);
    LINE(l, a, "%s in %.*s", map_op_name(x->op), STR_ARG(x->at.function));
    LINE(l, a, "%.*s:%u", STR_ARG(x->at.file), x->at.line);
    if (x->source.n) LINE(l, a, "  > %.*s", STR_ARG(x->source));
    if (x->via.n) LINE(l, a, "through %.*s", STR_ARG(x->via));
    if (x->has_key) line(l, a, key_line(x->key, a));
    if (x->created_by.function.n)
        LINE(l, a, "created by %.*s, %.*s:%u", STR_ARG(x->created_by.function),
             STR_ARG(x->created_by.file), x->created_by.line);
    if (x->parent) LINE(l, a, "parent: goroutine %" PRIu64, x->parent);
    LINE(l, a, "stack:");
    size_t shown = x->stack.n < STACK_LINES_MAX ? x->stack.n : STACK_LINES_MAX;
    for (size_t i = 0; i < shown; i++) {
        const struct frame *f = &x->stack.frame[i];
        size_t slash = str_rfind_char(f->file, '/');
        struct str base = slash == STR_NPOS ? f->file : str_sub(f->file, slash + 1, f->file.n);
        LINE(l, a, "  %.*s %.*s:%u%s", STR_ARG(f->function), STR_ARG(base), f->line,
             f->inlined ? " (inlined)" : "");
    }
    if (shown < x->stack.n) LINE(l, a, "  … %zu more", x->stack.n - shown);
}

// UTF-8: a continuation byte takes no column, and never begins one.
static bool begins_column(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

static size_t columns(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) n += begins_column(s.p[i]);
    return n;
}

// How many bytes fill `width` columns, or all there are.
static size_t bytes_of(struct str s, size_t width)
{
    size_t n = 0;
    for (size_t used = 0; n < s.n; n++)
        if (begins_column(s.p[n]) && used++ == width) break;
    return n;
}

// Cuts a line into pieces of at most `width` columns, what follows is indented by four.
static void wrap(const struct lines *in, size_t width, struct arena *a, struct lines *out)
{
    for (size_t i = 0; i < in->n; i++) {
        struct str s = in->p[i];
        bool first = true;
        while (s.n) {
            size_t room = bytes_of(s, first ? width : width - 4), n = room;
            for (size_t k = room; room < s.n && k > room / 2; k--)
                if (s.p[k - 1] == ' ' || s.p[k - 1] == '/' || s.p[k - 1] == '.') {
                    n = k;
                    break;
                }
            LINE(out, a, "%s%.*s", first ? "" : "    ", (int)n, s.p);
            s = str_sub(s, n, s.n);
            first = false;
        }
    }
}

static void print_columns(const struct lines *cell, size_t column, const struct style *st,
                          struct buf *out)
{
    size_t n = cell[0].n > cell[1].n ? cell[0].n : cell[1].n;
    for (size_t i = 0; i < n; i++) {
        struct str l = i < cell[0].n ? cell[0].p[i] : STR("");
        struct str r = i < cell[1].n ? cell[1].p[i] : STR("");
        size_t pad = column > columns(l) ? column - columns(l) : 0;
        const char *on = i < 3 ? st->bold : "";
        buf_printf(out, "  %s%.*s%s%*s %s|%s %s%.*s%s\n", on, STR_ARG(l), st->off, (int)pad, "",
                   st->dim, st->off, on, STR_ARG(r), st->off);
    }
}

static void print_stacked(const struct lines *cell, const struct style *st, struct buf *out)
{
    for (size_t i = 0; i < 2; i++) {
        if (i) buf_adds(out, "\n");
        for (size_t k = 0; k < cell[i].n; k++)
            buf_printf(out, "  %s%.*s%s\n", k < 3 ? st->bold : "", STR_ARG(cell[i].p[k]), st->off);
    }
}

// Side by side where there is room for it, else one below the other.
static void both_sides(const struct finding *f, const struct style *st, unsigned width,
                       struct buf *out)
{
    enum { TWO_COLUMNS_FROM = 60, NARROWEST = 20 };
    struct arena a = { 0 };
    struct lines side[2] = { { 0 }, { 0 } }, cell[2] = { { 0 }, { 0 } };
    bool two = width >= TWO_COLUMNS_FROM;
    size_t column = two ? (width - 7) / 2 : width > NARROWEST ? width - 2 : NARROWEST - 2;
    bool overlap = f->evidence == EVIDENCE_OVERLAP;
    for (size_t i = 0; i < 2; i++) {
        side_lines(&f->access[i],
                   !overlap ? ""
                   : i == 0 ? "was at its access"
                            : "came meanwhile",
                   &a, &side[i]);
        wrap(&side[i], column, &a, &cell[i]);
    }
    if (two)
        print_columns(cell, column, st, out);
    else
        print_stacked(cell, st, out);
    for (int i = 0; i < 2; i++) {
        vec_deinit(&side[i]);
        vec_deinit(&cell[i]);
    }
    arena_deinit(&a);
}

static void map_text(const struct finding_map *m, struct buf *out)
{
    struct str name = finding_map_shown(m);
    if (name.n) buf_printf(out, "%.*s ", STR_ARG(name));
    if (m->type.n)
        buf_printf(out, "%.*s", STR_ARG(m->type));
    else
        buf_adds(out, "a map of unknown type");
    if (!m->name.n) buf_printf(out, " at %#" PRIx64, m->address);
}

static const char *what_happens(enum finding_kind k)
{
    static const char *const text[] = {
        "two goroutines write it at the same time, with no lock in common",
        "one goroutine reads it while another writes, with no lock in common",
        "one goroutine ranges over it while another writes, with no lock in common",
    };
    return text[k];
}

static void finding_block(const struct finding *f, const struct style *st, unsigned width,
                          struct buf *out)
{
    buf_printf(out, "%sRACE%s ", st->bad, st->off);
    map_text(&f->map, out);
    buf_printf(out, ": %s\n\n", what_happens(f->kind));
    both_sides(f, st, width, out);
    buf_adds(out, "\n");
    if (f->held.kind == HELD_BUSY)
        buf_printf(out,
                   "  Proof (overlap): the first was held before its access while the second "
                   "reached its own; a common lock makes that impossible.\n"
                   "  It took %" PRIu64 " hold%s, %.1f ms in all; seen %" PRIu64 " time%s. id %s\n",
                   f->held.times, f->held.times == 1 ? "" : "s", f->held.ms, f->count,
                   f->count == 1 ? "" : "s", f->id);
    else
        buf_printf(
            out,
            "  Proof (overlap): the second reached its access while the first was inside the "
            "map, its writing flag set. Seen %" PRIu64 " time%s. id %s\n",
            f->count, f->count == 1 ? "" : "s", f->id);
    if (f->advice.n) buf_printf(out, "  Next: %.*s\n", STR_ARG(f->advice));
    buf_adds(out, "\n");
}

static void maps_table(const struct report *r, const struct style *st, bool all, struct buf *out)
{
    size_t shown = 0;
    for (size_t i = 0; i < r->coverage.n_by_map; i++) {
        const struct map_verdict *v = &r->coverage.by_map[i];
        if (!all && shown >= 8) break;
        if (shown++ == 0) buf_adds(out, "Shared maps that were looked at:\n");
        buf_printf(out, "  %s%-9s%s ", strcmp(v->verdict, "overlap") == 0 ? st->bad : "",
                   v->verdict, st->off);
        map_text(&v->map, out);
        buf_printf(out,
                   ": %" PRIu64 "%s goroutines, %" PRIu64 " sites, %" PRIu64 " accesses, %" PRIu64
                   " holds%s%.*s\n",
                   v->goroutines, v->goroutines >= 32 ? "+" : "", v->sites, v->accesses, v->holds,
                   v->why.n ? "; " : "", STR_ARG(v->why));
    }
    if (shown < r->coverage.n_by_map)
        buf_printf(out, "  … %zu more (--all and --json have them)\n",
                   r->coverage.n_by_map - shown);
}

static void verdict_line(const struct report *r, const struct style *st, struct buf *out)
{
    if (r->n_findings) return; // each finding's own first line is the verdict
    if (r->coverage.maps_shared == 0)
        buf_printf(out, "Not enough seen to say: no map was written by two goroutines in %.1f s\n",
                   r->took_s);
    else if (r->aborted)
        buf_printf(out,
                   "Not enough seen to say: the Go runtime of the target aborted after %.1f s; "
                   "what it printed says why (maptrap dump reads it)\n",
                   r->took_s);
    else if (r->coverage.unheld.n)
        buf_printf(out,
                   "Not enough seen to say: %" PRIu64 " shared map%s watched for %.1f s, but "
                   "nothing could be held and so nothing proven: %.*s\n",
                   r->coverage.maps_shared, r->coverage.maps_shared == 1 ? "" : "s", r->took_s,
                   STR_ARG(r->coverage.unheld));
    else
        buf_printf(out,
                   "%sNo race seen%s: %" PRIu64 " shared map%s watched for %.1f s, %" PRIu64
                   " holds, nobody came in between\n",
                   st->good, st->off, r->coverage.maps_shared,
                   r->coverage.maps_shared == 1 ? "" : "s", r->took_s, r->coverage.holds);
}

static void cost_lines(const struct report *r, const struct style *st, struct buf *out)
{
    buf_printf(out,
               "%sCost: %" PRIu64
               " probe hits of %.0f ns (%.2f %% of a core), %.1f ms held in %" PRIu64
               " holds; events lost: %" PRIu64 ". Took %.1f s.%s\n",
               st->dim, r->cost.probe_hits, r->cost.ns_per_hit, 100 * r->cost.cpu_share,
               r->cost.held_ms, r->coverage.holds, r->cost.dropped, r->took_s, st->off);
    buf_printf(out,
               "%sSeen: %" PRIu64 " map%s (%" PRIu64 " shared), %" PRIu64 " site%s, %" PRIu64
               " accesses of pid %" PRId64 " (%.*s, %.*s)%s\n",
               st->dim, r->coverage.maps, r->coverage.maps == 1 ? "" : "s", r->coverage.maps_shared,
               r->coverage.sites, r->coverage.sites == 1 ? "" : "s", r->coverage.accesses,
               r->target.pid, STR_ARG(r->target.exe), STR_ARG(r->target.go), st->off);
    for (size_t i = 0; i < r->coverage.n_blind; i++)
        buf_printf(out, "Not seen: %.*s\n", STR_ARG(r->coverage.blind[i]));
    if (r->ended.n) buf_printf(out, "Ended early: %.*s\n", STR_ARG(r->ended));
}

// A race needs both sides to run while it looks.
static void next_line(const struct report *r, struct buf *out)
{
    buf_adds(out, "Next: ");
    if (r->ended.n)
        buf_adds(out, "look again, for longer (--for 2m)");
    else
        buf_printf(out, "maptrap locate --pid %" PRId64 " --for 2m looks longer", r->target.pid);
    buf_adds(out, "; a race needs both sides to run while it looks, so put the load on that showed "
                  "the crash\n");
}

void findings_text(const struct report *r, const struct findings_text_options *o, struct buf *out)
{
    const struct style *st = o->color ? &colored : &plain;
    unsigned width = o->width ? o->width : 100;
    verdict_line(r, st, out);
    for (size_t i = 0; i < r->n_findings; i++) finding_block(&r->finding[i], st, width, out);
    if (r->n_findings == 0 || o->all) maps_table(r, st, o->all, out);
    cost_lines(r, st, out);
    if (r->n_findings == 0) next_line(r, out);
}

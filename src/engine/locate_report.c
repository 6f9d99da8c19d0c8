// SPDX-License-Identifier: Apache-2.0
// What a run of locate says: findings, suspects, coverage, cost.
#include "base/clock.h"
#include "engine/key_text.h"
#include "engine/locate_state.h"

#include <ctype.h>
#include <stdio.h>

enum { SUSPECTS_MAX = 20, NAMED_MAX = 64, NAMED_SITES_MAX = 8 };

// The library function between user code and the map: the innermost that is no part of the
// runtime or of reflection, if there is one.
static struct str via_of(const struct stack *s, size_t user)
{
    for (size_t i = 0; i < user; i++) {
        struct str p = gofunc_package(s->frame[i].function);
        if (gofunc_is_runtime(s->frame[i].function) || str_eqc(p, "reflect") ||
            str_starts(p, STR("internal/")))
            continue;
        return s->frame[i].function;
    }
    for (size_t i = user; i-- > 0;)
        if (!gofunc_is_runtime(s->frame[i].function)) return s->frame[i].function;
    return (struct str) { "", 0 };
}

// Where user code touches the map, and through which library function.
static void set_place(struct finding_access *x)
{
    size_t user = 0;
    while (user < x->stack.n && gofunc_is_std(x->stack.frame[user].function)) user++;
    if (user < x->stack.n) {
        x->at = x->stack.frame[user];
        x->via = via_of(&x->stack, user);
    } else if (x->stack.n) {
        x->at = x->stack.frame[0];
    }
}

static void fill_access(struct locate *l, const struct access *a, struct finding_access *ret)
{
    struct arena *r = &l->report->arena;
    *ret = (struct finding_access) { .op = a->op,
                                     .goroutine = a->goid,
                                     .parent = a->parent,
                                     .time_ns = a->time_ns,
                                     .site = sharing_site_id(a) };
    target_frames(l->t, a->pc, a->n_pcs, r, &ret->stack);
    set_place(ret);
    if (a->gopc) {
        struct stack made;
        target_frames(l->t, &a->gopc, 1, r, &made);
        if (made.n && made.frame[0].line) ret->created_by = made.frame[0];
    }
    struct gotype key;
    bool known = target_key_type(l->t, a->type, &key);
    ret->has_key = key_text(a, known ? &key : NULL, l->o->keys, r, &ret->key);
    ret->source = source_files_line(&l->sources, &ret->at, r);
}

// What the lines that touch a map call it, if they agree.
static struct str written_name(struct locate *l, const struct sharing_map *m)
{
    struct arena *r = &l->report->arena;
    struct map_expr name = { { "", 0 }, false };
    bool any = false;
    for (uint32_t i = 0; m && i < m->n_sites && i < NAMED_SITES_MAX; i++) {
        const struct access *a = &m->site[i].sample;
        struct finding_access x = { .op = a->op };
        target_frames(l->t, a->pc, a->n_pcs, r, &x.stack);
        set_place(&x);
        if (x.via.n) continue; // its own line does not say which map
        struct map_expr one = source_files_map(&l->sources, &x.at, a->op, r);
        if (!one.name.n) continue;
        name = any ? map_expr_join(name, one) : one;
        any = true;
        if (!name.name.n) break;
    }
    return name.name;
}

static void fill_map(struct locate *l, uint64_t address, struct finding_map *ret)
{
    struct sharing_map *m = sharing_find(l->sharing, address);
    *ret = (struct finding_map) { .address = address };
    ret->type = target_type_name(l->t, m ? m->type : 0);
    ret->type = arena_str(&l->report->arena, ret->type);
    ret->name = target_map_name(l->t, address, &l->report->arena);
    // "main.global+8" is a field of a variable: the source says which.
    bool named = ret->name.n && str_find_char(ret->name, '+') == STR_NPOS;
    if (!named && l->named++ < NAMED_MAX) ret->written = written_name(l, m);
}

static struct str advice_for(struct locate *l, const struct finding *f)
{
    struct str shown = finding_map_shown(&f->map);
    const char *name = shown.n ? shown.p : "the map";
    bool same = f->access[0].site == f->access[1].site;
    if (same)
        return str_from(arena_printf(&l->report->arena,
                                     "take one lock around every access to %s, %.*s:%u first; then "
                                     "run this again",
                                     name, STR_ARG(f->access[0].at.file), f->access[0].at.line));
    return str_from(arena_printf(
        &l->report->arena,
        "take the same lock at %.*s:%u and %.*s:%u (and wherever else %s is touched); then run "
        "this again",
        STR_ARG(f->access[0].at.file), f->access[0].at.line, STR_ARG(f->access[1].at.file),
        f->access[1].at.line, name));
}

static void fill_finding(struct locate *l, const struct overlap *o, struct finding *f)
{
    *f = (struct finding) { .evidence = EVIDENCE_OVERLAP,
                            .kind = finding_kind_of(o->side[0].op, o->side[1].op),
                            .n_accesses = 2,
                            .first_seen_ns = o->first_ns,
                            .count = o->count };
    fill_map(l, o->map, &f->map);
    for (int i = 0; i < 2; i++) fill_access(l, &o->side[i], &f->access[i]);
    f->held.kind = o->inside ? HELD_NONE : HELD_BUSY;
    f->held.ms = (double)o->held_ns / 1e6;
    f->held.times = o->holds;
    f->held.arrivals = o->arrivals;
    f->held.expected = o->expected;
    f->advice = advice_for(l, f);
    finding_set_id(f);
}

// Pairs of two different sites first, then by how often they met.
static int by_value(const void *x, const void *y)
{
    const struct finding *a = x, *b = y;
    bool one = a->access[0].site != a->access[1].site, two = b->access[0].site != b->access[1].site;
    if (one != two) return one ? -1 : 1;
    return (a->count < b->count) - (a->count > b->count);
}

// The id holds no line numbers; two pairs of lines of the same two functions are two findings.
static bool same_finding(const struct finding *a, const struct finding *b)
{
    uint32_t one = a->access[0].at.line, two = a->access[1].at.line;
    uint32_t x = b->access[0].at.line, y = b->access[1].at.line;
    return strcmp(a->id, b->id) == 0 && ((one == x && two == y) || (one == y && two == x));
}

static int by_line(const void *x, const void *y)
{
    const struct finding *a = x, *b = y;
    uint64_t one = (uint64_t)a->access[0].at.line + a->access[1].at.line;
    uint64_t two = (uint64_t)b->access[0].at.line + b->access[1].at.line;
    return (one > two) - (one < two);
}

// Gives findings that share an id one each: in the order of their lines, which stays when lines
// are added elsewhere.
static void tell_ids_apart(struct report *r)
{
    qsort(r->finding, r->n_findings, sizeof(*r->finding), by_line);
    for (size_t i = 0; i < r->n_findings; i++) {
        unsigned before = 0;
        size_t n = strlen("mt-0123456789abcdef");
        for (size_t k = 0; k < i; k++)
            before += strncmp(r->finding[k].id, r->finding[i].id, n) == 0;
        if (before) snprintf(r->finding[i].id + n, sizeof(r->finding[i].id) - n, "-%u", before + 1);
    }
}

static void fill_findings(struct locate *l)
{
    struct report *r = l->report;
    r->finding = mem_zalloc(l->overlaps.n * sizeof(*r->finding));
    for (size_t i = 0; i < l->overlaps.n; i++) {
        struct finding f;
        fill_finding(l, &l->overlaps.p[i], &f);
        size_t k = 0; // the same pair on another map of the same kind is one finding, seen again
        while (k < r->n_findings && !same_finding(&r->finding[k], &f)) k++;
        if (k < r->n_findings)
            r->finding[k].count += f.count;
        else
            r->finding[r->n_findings++] = f;
    }
    tell_ids_apart(r);
    qsort(r->finding, r->n_findings, sizeof(*r->finding), by_value);
}

// A call that is not probed is neither held at nor seen to come.
static bool has_unseen_site(struct locate *l, const struct sharing_map *m)
{
    for (uint32_t i = 0; i < m->n_sites; i++) {
        const struct gobin_call *c = target_call_of(l->t, m->site[i].sample.pc[0]);
        if (c && windows_too_hot(l, c)) return true;
    }
    return false;
}

static void judge(struct locate *l, struct sharing_map *m, struct map_verdict *v)
{
    struct arena *r = &l->report->arena;
    struct trial *tr = trial_of(l, m->address);
    *v = (struct map_verdict) { .goroutines = m->goroutines,
                                .sites = m->n_sites,
                                .accesses = m->accesses,
                                .verdict = "suspect" };
    fill_map(l, m->address, &v->map);
    if (!tr) {
        v->why = STR("shared, but there was no time to hold at it");
        return;
    }
    v->holds = tr->holds;
    if (tr->accesses > v->accesses) v->accesses = tr->accesses;
    v->held_ms = (double)tr->held_ns / 1e6;
    v->arrivals = tr->arrivals;
    v->expected = tr->expected;
    if (tr->proven_ns) {
        v->verdict = "overlap";
        v->why = STR("two accesses met");
        return;
    }
    bool locked = !m->sites_lost && looks_locked_everywhere(l->t, m),
         unseen = has_unseen_site(l, m);
    bool enough = !unseen && tr->expected >= WITHDRAW_LOCKED;
    if (enough && locked) v->verdict = "guarded";
    // Without a lock in sight it stays a suspect: a side that found no CPU did not come either.
    if (enough)
        v->why = str_from(arena_printf(r,
                                       "%.1f arrivals were to be expected under holds, none came: "
                                       "%s",
                                       tr->expected,
                                       locked ? "every path to it takes a lock, as far as the "
                                                "code shows"
                                              : "something may order these accesses"));
    else if (unseen)
        v->why = STR("one of the calls that touch it is too hot to be probed");
    else if (tr->unguardable)
        v->why = STR("a map function that it shares with a hot map is too hot to be guarded");
    else if (!l->holding_allowed)
        v->why = STR("nothing was held");
    else
        v->why = str_from(arena_printf(
            r, "only %.1f arrivals were to be expected under holds so far", tr->expected));
}

static int by_verdict(const void *x, const void *y)
{
    const struct map_verdict *a = x, *b = y;
    if (a->holds != b->holds) return a->holds < b->holds ? 1 : -1;
    return (a->accesses < b->accesses) - (a->accesses > b->accesses);
}

static void add_suspect(struct locate *l, const struct sharing_map *m, const struct map_verdict *v)
{
    struct report *r = l->report;
    const struct sharing_site *best = NULL, *second = NULL;
    for (uint32_t i = 0; i < m->n_sites; i++) {
        const struct sharing_site *s = &m->site[i];
        if (map_op_writes(s->op) && (!best || s->count > best->count)) best = s;
    }
    for (uint32_t i = 0; i < m->n_sites; i++)
        if (&m->site[i] != best && (!second || m->site[i].count > second->count))
            second = &m->site[i];
    if (!best || r->n_suspects == SUSPECTS_MAX) return;
    struct finding *f = &r->suspect[r->n_suspects++];
    *f = (struct finding) { .evidence = EVIDENCE_SUSPECT,
                            .map = v->map,
                            .n_accesses = second ? 2 : 1,
                            .first_seen_ns = m->first_ns,
                            .count = m->accesses };
    f->kind = second ? finding_kind_of(best->op, second->op) : KIND_WRITE_WRITE;
    fill_access(l, &best->sample, &f->access[0]);
    if (second) fill_access(l, &second->sample, &f->access[1]);
    f->held.kind = v->holds ? HELD_BUSY : HELD_NONE;
    f->held.ms = v->held_ms;
    f->held.times = v->holds;
    f->held.expected = v->expected;
    f->missing[f->n_missing++] = v->why;
    finding_set_id(f);
}

static const char *why_unheld(const struct locate *l)
{
    if (l->o->no_hold) return "--no-hold was asked for";
    if (l->t->gomaxprocs == 1) return "GOMAXPROCS is 1";
    if (!l->holding_allowed) return "its cgroup's CPU quota is tight, or it has one CPU";
    if (l->was_overloaded) return "the host was too busy";
    if (l->lock_fd < 0 && l->busy_lock_ns) return "another maptrap holds on this host";
    if (l->lock_fd < 0 && l->lock_errno) return "the lock file in /run cannot be opened";
    return "there was no time for it";
}

static void fill_coverage(struct locate *l)
{
    struct report *r = l->report;
    struct sharing_totals s;
    sharing_totals(l->sharing, &s);
    r->coverage.maps = s.maps;
    r->coverage.maps_shared = s.shared;
    r->coverage.sites = s.sites;
    r->coverage.accesses = s.accesses;
    r->coverage.holds = l->totals.holds;
    if (!l->totals.holds) r->coverage.unheld = str_from(why_unheld(l));
    r->coverage.by_map = mem_zalloc(s.shared * sizeof(*r->coverage.by_map));
    r->suspect = mem_zalloc(SUSPECTS_MAX * sizeof(*r->suspect));
    for (size_t i = 0; i < sharing_maps(l->sharing); i++) {
        struct sharing_map *m = sharing_map(l->sharing, i);
        if (!sharing_is_shared(m) || r->coverage.n_by_map == s.shared) continue;
        judge(l, m, &r->coverage.by_map[r->coverage.n_by_map++]);
    }
    qsort(r->coverage.by_map, r->coverage.n_by_map, sizeof(*r->coverage.by_map), by_verdict);
    for (size_t i = 0; i < r->coverage.n_by_map; i++) { // what was looked at most comes first
        const struct map_verdict *v = &r->coverage.by_map[i];
        if (strcmp(v->verdict, "suspect") == 0)
            add_suspect(l, sharing_find(l->sharing, v->map.address), v);
    }
}

static void fill_blind_single(struct locate *l)
{
    const char *why = probes_why_single(l->p);
    if (!why || !l->sites_left_out) return;
    report_add_blind(l->report,
                     arena_printf(&l->report->arena,
                                  "up to %zu call sites were left out at a time: probes are "
                                  "attached one by one (%s), %d at most",
                                  l->sites_left_out, why, PROBES_SINGLE_MAX));
}

static void fill_blind_paths(struct locate *l)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < sharing_maps(l->sharing); i++)
        lost += sharing_map(l->sharing, i)->sites_lost;
    if (lost)
        report_add_blind(
            l->report, arena_printf(&l->report->arena,
                                    "%llu accesses by call paths beyond the first %d of their map",
                                    (unsigned long long)lost, SHARING_SITES_MAX));
}

// Functions that were looked through for less of the time than the others: they are costly, and the
// budget is what it is.
static void fill_blind_costly(struct locate *l)
{
    double elapsed = (double)(clock_now_ns() - l->start_ns) / 1e9;
    for (size_t i = 0; i < l->t->n_funcs; i++) {
        const struct map_func *f = &l->t->func[i];
        if (!map_func_may_be_whole(f) || !map_func_finds(f) || f->looked_ns >= l->open_ns / 2)
            continue;
        report_add_blind(l->report,
                         arena_printf(&l->report->arena,
                                      "%s: looked through for new maps for %.2f of %.1f s only, "
                                      "since its hits are costly",
                                      f->name, (double)f->looked_ns / 1e9, elapsed));
    }
}

static void fill_blind(struct locate *l)
{
    struct report *r = l->report;
    struct arena *a = &r->arena;
    for (size_t i = 0; i < l->t->n_funcs; i++) {
        const struct map_func *f = &l->t->func[i];
        if (f->hot)
            report_add_blind(
                r, arena_printf(a,
                                "%s is called too often to be probed whole (%u CPU samples); "
                                "its quieter call sites were",
                                f->name, f->samples));
        else if (f->probe.kind == GOBIN_PROBE_FIRST)
            report_add_blind(
                r, arena_printf(a, "%s has no instruction that is cheap to probe", f->name));
    }
    report_add_blind(r,
                     "maps that only one goroutine writes: who only reads is seen only where two "
                     "write");
    if (l->o->no_hold)
        report_add_blind(r, "nothing was held (--no-hold): two that meet are seen only if one is "
                            "inside the map just then");
    else if (l->t->gomaxprocs == 1)
        report_add_blind(
            r, "GOMAXPROCS is 1: while one goroutine is held no other runs, so nothing was held");
    else if (!l->holding_allowed)
        report_add_blind(
            r, "nothing was held: the CPU quota of the target's cgroup is tight, or it has one CPU "
               "to run on");
    else if (l->lock_fd < 0 && l->busy_lock_ns)
        report_add_blind(r, "nothing was held: another maptrap holds on this host");
    else if (l->lock_fd < 0 && l->lock_errno)
        report_add_blind(
            r, arena_printf(a, "nothing was held: the lock file in /run cannot be opened (%s)",
                            strerror(l->lock_errno)));
    fill_blind_single(l);
    fill_blind_paths(l);
    fill_blind_costly(l);
    if (l->was_overloaded)
        report_add_blind(
            r,
            "the host is overloaded (more than three threads want each CPU, and the target's wait "
            "for it): nothing is held then; look again when it is not");
    else if (l->no_room)
        report_add_blind(r, "the host has no idle CPU: few and late holds only");
    if (!l->t->write_barrier)
        report_add_blind(
            r, "runtime.writeBarrier was not found, so holds may start while a collection marks");
    if (strcmp(l->t->layout.source, "dwarf") != 0 && strncmp(l->t->layout.source, "table", 5) != 0)
        report_add_blind(r,
                         arena_printf(a, "runtime layout taken from the nearest known version: %s",
                                      l->t->layout.source));
    if (l->totals.hits_entry && l->open_ns < (clock_now_ns() - l->start_ns) / 2)
        report_add_blind(
            r,
            arena_printf(a, "map functions were probed whole for %.1f of %.1f s (budget)",
                         (double)l->open_ns / 1e9, (double)(clock_now_ns() - l->start_ns) / 1e9));
}

static void fill_cost(struct locate *l)
{
    struct report *r = l->report;
    const struct probes_totals *t = &l->totals;
    uint64_t hits = t->hits_entry + t->hits_call + t->hits_return + t->hits_other;
    struct sharing_totals s;
    sharing_totals(l->sharing, &s);
    double elapsed = (double)(clock_now_ns() - l->start_ns);
    r->cost.probe_hits = hits;
    r->cost.ns_per_hit = hits ? l->cost_ns / (double)hits : l->ns_emulated;
    r->cost.held_ms = (double)t->held_ns / 1e6;
    r->cost.cpu_share = l->cost_ns / elapsed;
    r->cost.dropped = s.lost + l->overlaps_lost + l->holds_lost;
    for (int i = 0; i < DROP_KINDS; i++) r->cost.dropped += t->dropped[i];
    if (t->bpf_runs) r->cost.bpf_ns_per_hit = windows_program_ns(l) / (double)t->bpf_runs;
    r->took_s = elapsed / 1e9;
}

void report_fill(struct locate *l)
{
    struct report *r = l->report;
    struct arena *a = &r->arena;
    r->target.pid = l->t->proc.pid;
    proc_start_time(&l->t->proc, r->target.start_time);
    r->target.exe = arena_str(a, str_from(l->t->proc.exe));
    r->target.go = arena_str(a, l->t->info->version);
    r->target.build_id = l->t->info->gnu_build_id[0]
                             ? arena_str(a, str_from(l->t->info->gnu_build_id))
                             : arena_str(a, l->t->info->go_build_id);
    r->target.stripped = l->t->info->stripped;
    fill_findings(l);
    fill_coverage(l);
    fill_blind(l);
    fill_cost(l);
    r->aborted = l->fatal_seen;
    if (l->fatal_seen)
        r->ended = STR("the Go runtime of the target aborted");
    else if (l->ended)
        r->ended = str_from(l->ended);
    else if (*l->o->stop)
        r->ended = STR("you ended it; the target was left running");
}

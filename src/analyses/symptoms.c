// SPDX-License-Identifier: Apache-2.0
#include "analyses/symptoms.h"

#include "base/cleanup.h"

static const char map_race[] = "map race";

struct finder {
    struct dump_view *v;
    const struct dump *d;
    const struct symptom_inputs *in;
    bool all;                   // rows without input too
    double pile, locked, all_n; // shares in %; goroutines
    bool soars, piles;
};

static bool in_list(struct str s, const char *const *names, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (str_starts(s, str_from(names[k]))) return true;
    return false;
}

static double share_in(const struct finder *f, const char *const *names, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < f->v->state.n; i++)
        if (in_list(f->v->state.p[i].name, names, n)) sum += f->v->state.p[i].count;
    return 100 * (double)sum / f->all_n;
}

// A row that was measured.
static void row(struct finder *f, struct dump_symptom s)
{
    s.measured = true;
    vec_push(&f->v->symptom, s);
}

static void not_measured(struct finder *f, const char *name, double score_max,
                         const char *speaks_for, const char *what)
{
    if (!f->all) return;
    vec_push(&f->v->symptom, (struct dump_symptom) { .name = name,
                                                     .value = "not measured",
                                                     .level = "none",
                                                     .why = what,
                                                     .speaks_for = speaks_for,
                                                     .score_max = score_max });
}

static const char *text(struct finder *f, const char *fmt, double x)
{
    return arena_printf(&f->v->arena, fmt, x);
}

// ---- What speaks for a map race

static void fatal_line(struct finder *f)
{
    bool own = f->d->fatal.p && dump_fatal_is_map(f->d->fatal);
    struct str said = f->in->log.fatal.n || !own ? f->in->log.fatal : f->d->fatal;
    if (f->d->process && !f->in->log.known && !own) {
        not_measured(f, "fatal line", 5, map_race,
                     "a process that lives has printed none; --log FILE looks into its log");
        return;
    }
    bool is = said.n != 0, inferred = own && !f->in->log.fatal.n;
    bool possible = inferred && f->d->fatal_sure == DUMP_POSSIBLE;
    bool probable = inferred && f->d->fatal_sure == DUMP_PROBABLE;
    row(f, (struct dump_symptom) { .name = "fatal line",
                                   .value = is ? arena_cstr(&f->v->arena, said) : "none",
                                   .level = possible   ? "low"
                                            : probable ? "medium"
                                            : is       ? "very high"
                                                       : "none",
                                   .why = possible || probable
                                              ? "the line is missing; the stacks look like it"
                                          : is ? "the runtime itself saw two goroutines in one map"
                                               : "no fatal error about a map in this input",
                                   .speaks_for = map_race,
                                   .score = possible   ? 0.5
                                            : probable ? 2.5
                                            : is       ? 5
                                                       : 0,
                                   .score_max = 5 });
}

static void map_operations(struct finder *f)
{
    double map = 100 * (double)f->v->map_top / f->all_n;
    double write = 100 * (double)f->v->write_top / f->all_n;
    bool strong = write > DUMP_MAP_STRONG, high = map >= DUMP_MAP_HIGH;
    f->v->map_verdict = NULL;
    if (strong || high)
        f->v->map_verdict =
            arena_printf(&f->v->arena, "%s signal: %.0f %% of the stacks are topped by a %s",
                         strong ? "strong" : "high", strong ? write : map,
                         strong ? "map write" : "map operation");
    if (!f->d->runtime_frames_seen && !f->v->map_top) {
        not_measured(f, "map operations on top", 5, map_race,
                     "runtime frames are hidden here, so this cannot show; dump --pid and "
                     "GOTRACEBACK=system have them");
        return;
    }
    row(f, (struct dump_symptom) {
               .name = "map operations on top",
               .value = text(f, "%.1f %%", map),
               .level = strong ? "strong"
                        : high ? "high"
                               : "none",
               .why = "share of all stacks; from 70 % high, writes over 80 % strong",
               .also = "one hot map behind a lock that is held for long",
               .speaks_for = map_race,
               .score = strong || high ? 5 : 0,
               .score_max = 5 });
}

static void map_memory(struct finder *f)
{
    if (!f->in->heap.known) {
        not_measured(f, "map memory", 3.5, map_race, "--heap FILE|URL measures it");
        return;
    }
    bool big = f->in->heap.map_bytes > SYMPTOM_MAP_BYTES;
    if (f->in->heap.hidden && !big) {
        not_measured(f, "map memory", 3.5, map_race,
                     "Go leaves map functions out of heap profiles, and the binary that could put "
                     "them back is not here");
        return;
    }
    double mb = (double)f->in->heap.map_bytes / (1 << 20);
    row(f, (struct dump_symptom) {
               .name = "map memory",
               .value = f->in->heap.owner.n
                            ? arena_printf(&f->v->arena, "%.1f of %.1f MB, most of it by %.*s", mb,
                                           (double)f->in->heap.bytes / (1 << 20),
                                           STR_ARG(f->in->heap.owner))
                            : text(f, "%.1f MB", mb),
               .level = big ? "medium" : "none",
               .why = "over 10 MB in maps: large and long-lived, so many goroutines meet in them",
               .also = "a cache that is meant to be large",
               .speaks_for = map_race,
               .score = big ? 3.5 : 0,
               .score_max = 3.5 });
}

static void latency(struct finder *f)
{
    if (!f->in->latency.known) {
        not_measured(f, "request latency", 2, map_race,
                     "--prom URL measures it, where Prometheus has a histogram of it");
        return;
    }
    double p99 = f->in->latency.p99_s, before = f->in->latency.before_p99_s;
    bool had = before > 0;
    f->soars = had ? p99 >= SYMPTOM_SOARS * before && p99 * 1000 >= SYMPTOM_SOARS_MIN_MS
                   : p99 * 1000 >= SYMPTOM_SLOW_MS;
    const char *then = had ? text(f, ", p99 an hour ago %.3f s", before) : ", unknown an hour ago";
    row(f, (struct dump_symptom) {
               .name = "request latency",
               .value = arena_printf(&f->v->arena, "p95 %.3f s, p99 %.3f s%s (%.*s, %.1f/s)",
                                     f->in->latency.p95_s, p99, then,
                                     STR_ARG(f->in->latency.metric), f->in->latency.per_second),
               .level = f->soars ? "medium" : "none",
               .why = "soars from three times of what it was an hour ago on (1 s where that is "
                      "unknown)",
               .also = "a slow dependency, overload, collections",
               .speaks_for = map_race,
               .score = f->soars ? 2 : 0,
               .score_max = 2 });
}

static void pile_up(struct finder *f)
{
    static const char *const busy[] = { "running", "runnable", "syscall" };
    f->pile = share_in(f, busy, array_size(busy));
    f->piles = f->pile >= SYMPTOM_PILE && f->all_n >= SYMPTOM_PILE_MIN;
    row(f, (struct dump_symptom) { .name = "running, runnable or in a syscall",
                                   .value = text(f, "%.1f %%", f->pile),
                                   .level = f->piles ? "medium" : "none",
                                   .why = "goroutines pile up for the CPU",
                                   .also = "plain overload",
                                   .speaks_for = map_race,
                                   .score = f->piles ? 2 : 0,
                                   .score_max = 2 });
}

static void cpu(struct finder *f)
{
    if (!f->in->process.known) {
        not_measured(f, "CPU", 4, map_race, "--pid P measures it");
        return;
    }
    double share = 100 * f->in->process.cpu_share;
    bool low = share < SYMPTOM_CPU_LOW;
    int with = f->soars + f->piles;
    row(f, (struct dump_symptom) {
               .name = "CPU",
               .value = arena_printf(&f->v->arena,
                                     "%.1f %% of %u cores; threads: %u running, %u sleeping, %u "
                                     "in uninterruptible sleep",
                                     share, f->in->process.cores, f->in->process.running,
                                     f->in->process.sleeping, f->in->process.uninterruptible),
               .level = low && with == 2 ? "high"
                        : low && with    ? "medium"
                                         : "none",
               .why = "under 10 % while latency soars and goroutines pile up: the work waits for "
                      "itself",
               .also = "a service with nothing to do, or one that waits for another",
               .speaks_for = map_race,
               .score = low ? 2 * with : 0,
               .score_max = 4 });
}

static void stuck_runnable(struct finder *f)
{
    if (!f->in->trace.known) {
        not_measured(f, "stuck between runnable and blocked", 2, map_race,
                     "--trace FILE|URL measures it");
        return;
    }
    double ms = (double)f->in->trace.longest_ns / 1e6;
    bool is = f->in->trace.stuck || ms >= SYMPTOM_RUNNABLE_MS;
    row(f, (struct dump_symptom) {
               .name = "stuck between runnable and blocked",
               .value = arena_printf(&f->v->arena, "%llu goroutines, longest wait for a P %.1f ms",
                                     (unsigned long long)f->in->trace.stuck, ms),
               .level = is ? "medium" : "none",
               .why = "woken and not run, or from 100 ms on",
               .also = "overload, a CPU quota, long collections",
               .speaks_for = map_race,
               .score = is ? 2 : 0,
               .score_max = 2 });
}

// ---- What looks the same and is something else

static const char *const locks[] = { "semacquire", "sync.Mutex", "sync.RWMutex" };

static void lock_convoy(struct finder *f)
{
    f->locked = share_in(f, locks, array_size(locks));
    row(f, (struct dump_symptom) {
               .name = "waiting for a lock",
               .value = text(f, "%.1f %%", f->locked),
               .level = f->locked >= SYMPTOM_LOCKED ? "high" : "none",
               .why = "from half of all goroutines on it is a convoy behind one lock: the lock is "
                      "there, so no map race",
               .speaks_for = "lock convoy" });
}

static void deadlock(struct finder *f)
{
    uint64_t n = 0;
    for (size_t i = 0; i < f->d->n; i++) {
        const struct dump_goroutine *g = dump_at(f->d, i);
        struct str state = f->d->state.p[f->d->group.p[g->group].state];
        if (g->wait_minutes >= 1 && in_list(state, locks, array_size(locks))) n += g->count;
    }
    row(f, (struct dump_symptom) {
               .name = "waiting for a lock for a minute or more",
               .value = arena_printf(&f->v->arena, "%llu goroutines", (unsigned long long)n),
               .level = n >= 2 ? "high" : "none",
               .why = "who holds it does not come back: two locks taken in opposite order, or an "
                      "Unlock that was left out",
               .speaks_for = "deadlock" });
}

static void collector(struct finder *f)
{
    static const char *const gc[] = { "GC assist", "garbage collection", "GC mark termination",
                                      "wait for GC cycle", "stopping the world" };
    double share = share_in(f, gc, array_size(gc));
    row(f, (struct dump_symptom) {
               .name = "working or waiting for the collector",
               .value = text(f, "%.1f %%", share),
               .level = share >= SYMPTOM_COLLECTOR ? "high" : "none",
               .why = "memory is made faster than it is collected: look at the heap profile",
               .speaks_for = "garbage collection" });
}

static void crash_loop(struct finder *f)
{
    uint64_t n = f->in->log.crashes;
    if (!f->d->process && dump_crashes(f->d) > n) n = dump_crashes(f->d);
    bool young = f->in->process.known && f->in->process.uptime_s < SYMPTOM_YOUNG_S;
    if (f->d->process && !f->in->log.known && !f->in->process.known) {
        not_measured(f, "crashes", 0, "crash loop", "--log FILE counts them");
        return;
    }
    const char *up =
        f->in->process.known ? text(f, ", up for %.0f s", f->in->process.uptime_s) : "";
    row(f, (struct dump_symptom) {
               .name = "crashes",
               .value = arena_printf(&f->v->arena, "%llu%s", (unsigned long long)n, up),
               .level = n >= 2 || (n && young) ? "high" : "none",
               .why = "dying and starting again looks like a hang from outside",
               .speaks_for = "crash loop" });
}

static void sum_up(struct finder *f)
{
    struct dump_view *v = f->v;
    const char *instead = NULL;
    double best = 0;
    for (size_t i = 0; i < v->symptom.n; i++) {
        const struct dump_symptom *s = &v->symptom.p[i];
        if (!s->measured) continue;
        v->stars += s->score;
        v->stars_max += s->score_max;
        if (s->score > best) best = s->score;
        if (s->speaks_for != map_race && strcmp(s->level, "none") != 0 && !instead)
            instead = s->speaks_for;
    }
    bool fatal = v->symptom.n && strcmp(v->symptom.p[0].name, "fatal line") == 0 &&
                 v->symptom.p[0].score >= 5;
    const char *odds = fatal             ? "a map race for certain: the runtime said so"
                       : best >= 5       ? "very likely a map race"
                       : v->stars >= 2.5 ? "maybe a map race"
                                         : "little speaks for a map race";
    v->odds = instead ? arena_printf(&v->arena, "%s; %s %s", odds,
                                     fatal ? "also a" : "it looks like a", instead)
                      : odds;
}

void symptoms_find(struct dump_view *v, const struct dump *d, const struct symptom_inputs *in)
{
    static const struct symptom_inputs nothing;
    struct finder f = { .v = v, .d = d, .in = in ? in : &nothing, .all = in != NULL };
    f.all_n = d->goroutines ? (double)d->goroutines : 1;
    vec_clear(&v->symptom);
    v->stars = v->stars_max = 0;
    fatal_line(&f);
    map_operations(&f);
    map_memory(&f);
    latency(&f);
    pile_up(&f);
    cpu(&f);
    stuck_runnable(&f);
    lock_convoy(&f);
    deadlock(&f);
    collector(&f);
    crash_loop(&f);
    sum_up(&f);
}

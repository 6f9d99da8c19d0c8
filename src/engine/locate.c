// SPDX-License-Identifier: Apache-2.0
#include "engine/locate.h"

#include "base/clock.h"
#include "engine/locate_state.h"

#include <stdio.h>
#include <sys/file.h>

enum {
    POLL_MS = 10,
    STEP_NS = 20000000,        // between looks at windows and trials
    TARGET_NS = 1000000000,    // between looks at what may become of the target
    IDLE_END_NS = 6000000000u, // nothing left to try for this long: the answer will not change
};

static struct probes_config config_of(const struct target *t, const struct locate_options *o)
{
    const struct golayout *y = &t->layout;
    return (struct probes_config) {
        .pid = t->proc.pid,
        .g_m = y->g_m,
        .g_goid = y->g_goid,
        .g_parent = y->g_parent_goid,
        .g_gopc = y->g_gopc,
        .g_preempt_stop = y->g_preempt_stop,
        .g_stack_lo = y->g_stack_lo,
        .m_g0 = y->m_g0,
        .m_locks = y->m_locks,
        .m_mallocing = y->m_mallocing,
        .map_flag = t->info->swiss ? y->map_writing : y->hmap_flags,
        .map_flag_mask = t->info->swiss ? 0xff : 4, // hashWriting
        .map_seed = t->info->swiss ? y->map_seed : y->hmap_hash0,
        .map_seed_bytes = t->info->swiss ? 8 : 4,
        .iter_map = y->iter_map,
        .write_barrier = t->write_barrier,
        .unguarded_holds = o->no_guard,
        .single = o->single_probes,
    };
}

// Busy holds need another CPU and another P for the other side to run on meanwhile. Both may change
// while it looks.
static bool holds_possible(struct locate *l)
{
    bool throttled;
    if (l->o->no_hold) return false;
    target_read_procs(l->t);
    if (l->t->gomaxprocs == 1 || host_cpus() < 2 || proc_cpus(l->t->proc.pid) == 1) return false;
    double quota = proc_cpu_quota(l->t->proc.pid, &throttled);
    return !(quota > 0 && (throttled || quota < 1));
}

// What need not be looked at in every turn. A debugger that comes, or a checkpoint, has the target
// for itself.
static void look_at_target(struct locate *l)
{
    l->holding_allowed = holds_possible(l);
    pid_t tracer = proc_tracer(l->t->proc.pid);
    if (tracer)
        l->ended = arena_printf(&l->report->arena, "the target is being traced by pid %d", tracer);
}

static bool time_to_end(struct locate *l, uint64_t now, uint64_t *idle_since)
{
    if (*l->o->stop || now >= l->deadline_ns || l->fatal_seen || l->ended) return true;
    if (!target_alive(l->t, &l->ended)) return true;
    bool found = l->overlaps.n > 0 && !l->o->endless;
    if (found && l->o->until_found && trials_settled(l)) return true;
    if (trials_open(l) || !found) *idle_since = now;
    // Found, and for a while nothing else was worth trying.
    return found && now - *idle_since > IDLE_END_NS;
}

static void progress(struct locate *l, uint64_t now)
{
    struct sharing_totals s;
    sharing_totals(l->sharing, &s);
    log_progress(l->log,
                 "looking: %.0f of %.0f s, %llu maps, %llu shared, %llu holds, cost %.2f %% of a "
                 "core, %zu found",
                 (double)(now - l->start_ns) / 1e9, (double)(l->deadline_ns - l->start_ns) / 1e9,
                 (unsigned long long)s.maps, (unsigned long long)s.shared,
                 (unsigned long long)l->totals.holds,
                 100 * l->cost_ns / (double)(now - l->start_ns), l->overlaps.n);
}

static struct err *look(struct locate *l)
{
    uint64_t step = 0, idle_since = clock_now_ns(), shown = 0, looked = idle_since;
    for (;;) {
        ERR_TRY(probes_poll(l->p, POLL_MS, trials_on_event, l));
        ERR_TRY(trials_check_layout(l));
        uint64_t now = clock_now_ns();
        if (time_to_end(l, now, &idle_since)) return NULL;
        if (now - step < STEP_NS) continue;
        step = now;
        if (now - looked > TARGET_NS) look_at_target(l), looked = now;
        ERR_TRY(trials_step(l));
        ERR_TRY(windows_step(l));
        if (now - shown > 500000000) progress(l, now), shown = now;
    }
}

static struct err *prepare(struct locate *l)
{
    struct probes_config config = config_of(l->t, l->o);
    ERR_TRY(probes_open(&config, &l->p));
    const char *single = probes_why_single(l->p);
    if (single) log_debug(l->log, "probes one by one: %s", single);
    ERR_TRY(probes_calibrate(l->p, &l->ns_emulated, &l->ns_stepped, &l->ns_program));
    ERR_TRY(windows_sample(l));
    l->holding_allowed = holds_possible(l);
    probes_set_accesses(l->p, true);
    return NULL;
}

static void log_trials(struct locate *l)
{
    for (size_t i = 0; i < l->trials.n; i++) {
        const struct trial *tr = &l->trials.p[i];
        const struct candidate *c = &probes_candidates(l->p)[tr->index];
        if (c->map != tr->map) continue;
        log_debug(l->log,
                  "map %#llx: rate %.0f/s, %llu holds, %.1f expected, %llu arrivals; guard: %llu "
                  "waited %.1f ms, %llu over the limit, %llu stolen",
                  (unsigned long long)tr->map, tr->rate, (unsigned long long)tr->holds,
                  tr->expected, (unsigned long long)tr->arrivals, (unsigned long long)c->waited,
                  (double)c->waited_ns / 1e6, (unsigned long long)c->over,
                  (unsigned long long)c->stolen);
    }
    log_debug(
        l->log, "holds ended: clock %llu, asked %llu, stop %llu, preempt %llu, fatal %llu",
        (unsigned long long)l->totals.hold_ends[0], (unsigned long long)l->totals.hold_ends[1],
        (unsigned long long)l->totals.hold_ends[2], (unsigned long long)l->totals.hold_ends[3],
        (unsigned long long)l->totals.hold_ends[4]);
}

static void finish(struct locate *l)
{
    if (!l->p) return;
    probes_quiet(l->p);
    // What still lies in the buffer belongs to the answer.
    _cleanup_err_ struct err *ignored = probes_poll(l->p, 0, trials_on_event, l);
    windows_close(l);
    windows_cost_ns(l);
    log_trials(l);
}

static void release(struct locate *l)
{
    probes_close(l->p);
    if (l->lock_fd >= 0) close(l->lock_fd);
    target_close(l->t);
    sharing_destroy(l->sharing);
    vec_deinit(&l->trials);
    vec_deinit(&l->overlaps);
    map_deinit(&l->site_of_call);
    map_deinit(&l->hot_calls);
    map_deinit(&l->owner_slot);
    map_deinit(&l->g_of);
    source_files_deinit(&l->sources);
    free(l->owner);
    free(l);
}

struct err *locate_run(const struct locate_options *o, struct log *log, struct report **ret)
{
    struct locate *l = mem_zalloc(sizeof(*l));
    l->o = o;
    l->log = log;
    l->lock_fd = -1;
    l->start_ns = clock_now_ns();
    l->deadline_ns = l->start_ns + o->for_ns;
    l->sharing = sharing_create();
    l->owner = mem_zalloc(OWNERS_KEPT * sizeof(*l->owner));
    l->report = report_create();
    l->sources.dir = o->src;
    struct err *e = target_open(o->pid, log, &l->t);
    if (!e) e = prepare(l);
    if (!e) e = look(l);
    const char *why;
    if (e && l->p && !target_alive(l->t, &why)) { // it ended while we attached or read
        err_free(e);
        e = NULL;
        l->ended = why;
    }
    finish(l);
    if (!e) report_fill(l);
    if (e)
        report_destroy(l->report);
    else
        *ret = l->report;
    release(l);
    return e;
}

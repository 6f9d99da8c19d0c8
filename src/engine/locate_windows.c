// SPDX-License-Identifier: Apache-2.0
// Windows: the function-wide probes are on only while the budget allows; call sites of candidates
// stay probed longer. Nothing is attached or detached while a hold is on.
#include "base/clock.h"
#include "decoders/insn.h"
#include "engine/locate_state.h"

enum {
    SAMPLE_HZ = 1999,
    SAMPLE_MS = 250,
    HOT_SAMPLES = 25,     // 5 % of a core in one map function: never probed whole
    HOT_CALL_SAMPLES = 5, // 1 % in one call of it: that call is not probed. Fewer may be chance.
    HOT_PER_CENT = 30,    // of a core, taken by the hits of one function in a window: not again
    SWITCH_NS = 50000000, // attaching and detaching, during which probes already or still hit
    DETACH_NS = 30000000,
    WINDOW_FIRST_NS = 100000000, // a window is not worth opening for less: the first three,
    WINDOW_MIN_NS = 500000000,   // and later (few windows)
    WIDEN_NS = 150000000,   // how long a window stays before it is looked at what it should hold,
    REVIEW_NS = 1000000000, // at first and later
    REVIEW_DETACHES = 3,    // and this many times what detaching takes, where links are single
    DISCOVER_FIRST = 3,
    DISCOVER_EACH = 4,
    COSTLY_DIVISOR = 20, // a function that takes more than this part of the budget is costly, and
    RATION_DIVISOR = 3,  // gets this part of it in all
    OVERLOAD_OPEN_NS = 500000000,    // on an overloaded host windows are as short as this,
    OVERLOAD_PAUSE_NS = 4500000000u, // and this far apart: there even a probe's microsecond shows
    SITES_HOT_MAX = 600,             // call sites of hot functions that are probed instead
};

static void on_sample(void *arg, const struct event *e)
{
    struct locate *l = arg;
    if (e->kind != EVENT_SAMPLE) return;
    struct target *t = l->t;
    uint64_t pc = e->pc[0] - t->bias;
    for (size_t i = 0; i < t->n_funcs; i++) {
        if (pc < t->func[i].func.entry || pc >= t->func[i].func.end) continue;
        t->func[i].samples++;
        for (int k = 1; k < 3; k++) {
            const struct gobin_call *c = target_call_of(t, e->pc[k]);
            if (!c) continue;
            ++*map_put(&l->hot_calls, c->address, NULL);
            break;
        }
    }
}

struct err *windows_sample(struct locate *l)
{
    ERR_TRY(probes_start_sampling(l->p, SAMPLE_HZ));
    uint64_t until = clock_now_ns() + SAMPLE_MS * 1000000ull;
    struct err *e = NULL;
    while (!e && clock_now_ns() < until && !*l->o->stop) e = probes_poll(l->p, 10, on_sample, l);
    probes_stop_sampling(l->p);
    if (!e) e = probes_poll(l->p, 0, on_sample, l);
    for (size_t i = 0; i < l->t->n_funcs; i++) {
        struct map_func *f = &l->t->func[i];
        f->hot = f->samples >= HOT_SAMPLES;
        if (f->samples)
            log_debug(l->log, "sampler: %s %u samples%s", f->name, f->samples,
                      f->hot ? ", hot" : "");
    }
    return e;
}

double windows_program_ns(struct locate *l)
{
    double ns = (double)l->totals.bpf_ns - (double)l->totals.held_ns - l->waits_before_ns;
    const struct candidate *c = probes_candidates(l->p);
    for (size_t i = 0; i < CANDIDATES_MAX; i++) ns -= (double)c[i].waited_ns;
    return ns > 0 ? ns : 0;
}

double windows_cost_ns(struct locate *l)
{
    probes_totals(l->p, &l->totals);
    const struct probes_totals *t = &l->totals;
    double stepped = l->returns_all ? 1 - (double)l->returns_emulated / (double)l->returns_all : 0;
    uint64_t hits = t->hits_entry + t->hits_call + t->hits_return + t->hits_other;
    double ns = (double)hits * l->ns_emulated +
                (double)t->hits_return * stepped * (l->ns_stepped - l->ns_emulated);
    // What the programs took beyond the calibrated hit: stacks, events.
    double beyond = windows_program_ns(l) - (double)t->bpf_runs * l->ns_program;
    if (beyond > 0) ns += beyond;
    l->cost_ns = ns;
    return ns;
}

// What comes between two looks, and at the end, must fit into the budget as well.
static double allowed_ns(const struct locate *l, uint64_t now)
{
    static const double margin = 0.97;
    return margin * l->o->cpu_share * (double)(now - l->start_ns);
}

static uint64_t function_cookie(const struct map_func *f, size_t index)
{
    return COOKIE(index, f->op, f->map_arg, f->key_arg, f->probe.kind == GOBIN_PROBE_JCC, f->guard,
                  f->discovers, f->probe.sp_delta);
}

const struct map_func *windows_func_of(struct locate *l, const struct sharing_map *m, uint32_t site)
{
    const struct gobin_call *c = target_call_of(l->t, m->site[site].sample.pc[0]);
    return c ? target_func_at(l->t, c->target) : NULL;
}

// May this function touch that map?
static bool touches(struct locate *l, const struct map_func *f, const struct sharing_map *m)
{
    if (!f->family) return true;
    for (uint32_t k = 0; k < m->n_sites; k++) {
        const struct map_func *used = windows_func_of(l, m, k);
        if (used && used->family == f->family) return true;
    }
    return false;
}

// Is any active trial on a map that this function may touch?
static bool wanted_for_guard(struct locate *l, const struct map_func *f)
{
    for (size_t i = 0; i < l->trials.n; i++) {
        struct trial *tr = &l->trials.p[i];
        if (!tr->active || tr->unguardable) continue;
        struct sharing_map *m = sharing_find(l->sharing, tr->map);
        if (m && touches(l, f, m)) return true;
    }
    return false;
}

// Is it probed whole in this window?
static bool is_whole(const struct map_func *f)
{
    return f->discovers || f->guards;
}

static double spent_ns(const struct locate *l, size_t func)
{
    return (double)l->totals.hits_function[func] * l->ns_emulated;
}

// Share of a core that a function takes while it is probed whole, by the windows that are over; 0
// where there was none.
static double function_cost(const struct locate *l, size_t func)
{
    const struct map_func *f = &l->t->func[func];
    return f->whole_ns ? (double)f->whole_hits * l->ns_emulated / (double)f->whole_ns : 0;
}

double windows_guard_cost(struct locate *l, const struct sharing_map *m, bool *others)
{
    double cost = 0;
    for (size_t i = 0; i < l->t->n_funcs; i++) {
        const struct map_func *f = &l->t->func[i];
        if (!f->family || !map_func_may_be_whole(f) || others[i] || !touches(l, f, m)) continue;
        others[i] = true;
        cost += function_cost(l, i);
    }
    return cost;
}

static bool any_active(const struct locate *l)
{
    for (size_t i = 0; i < l->trials.n; i++)
        if (l->trials.p[i].active) return true;
    return false;
}

static bool is_cheap(const struct locate *l, size_t func)
{
    return l->t->func[func].whole_ns && function_cost(l, func) < l->o->cpu_share / COSTLY_DIVISOR;
}

// Does this function look for maps that no trial knows yet? The cheap ones always do. A costly one
// would use up the budget, all for a map that may be one goroutine's own: it does so in some
// windows, within its ration, and more where the budget is not needed for anything else.
static bool discovers(const struct locate *l, size_t func)
{
    const struct map_func *f = &l->t->func[func];
    if (!map_func_finds(f)) return false;
    if (is_cheap(l, func)) return true;
    double allowed = allowed_ns(l, clock_now_ns());
    bool unneeded = !any_active(l) && l->cost_ns < allowed / 2;
    return l->discovering && (!f->whole_ns || unneeded ||
                              spent_ns(l, func) + function_cost(l, func) * (WIDEN_NS + SWITCH_NS) <
                                  allowed / RATION_DIVISOR);
}

// What the next window is for, and which functions it probes whole: those that find maps and those
// that the guard needs. Maps that no trial knows yet are looked for at first, in some of the
// windows later, and where there is nothing else to look at: else such a window would see nothing
// and never change.
static void plan_window(struct locate *l)
{
    trials_choose(l);
    l->discovering =
        l->windows < DISCOVER_FIRST || l->windows % DISCOVER_EACH == 0 || !any_active(l);
    for (size_t i = 0; i < l->t->n_funcs; i++) {
        struct map_func *f = &l->t->func[i];
        f->discovers = map_func_may_be_whole(f) && discovers(l, i);
        f->guards = map_func_may_be_whole(f) && wanted_for_guard(l, f);
    }
}

// Share of a core that the window which is planned will take, as far as is known.
static double planned_cost(const struct locate *l)
{
    double functions = 0, sites = 0;
    for (size_t i = 0; i < l->t->n_funcs; i++)
        if (is_whole(&l->t->func[i])) functions += function_cost(l, i);
    for (size_t i = 0; i < l->trials.n; i++)
        if (l->trials.p[i].active) sites += 2 * l->trials.p[i].rate * l->ns_emulated / 1e9;
    return functions + (sites > l->site_rate ? sites : l->site_rate);
}

static struct err *attach_functions(struct locate *l)
{
    struct probe_point point[MAP_FUNCS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < l->t->n_funcs; i++) {
        const struct map_func *f = &l->t->func[i];
        if (is_whole(f)) point[n++] = (struct probe_point) { f->offset, function_cookie(f, i) };
    }
    return probes_attach(l->p, PROBE_ENTRY, point, n);
}

bool windows_too_hot(const struct locate *l, const struct gobin_call *c)
{
    const uint64_t *samples = map_get(&l->hot_calls, c->address);
    return samples && *samples >= HOT_CALL_SAMPLES;
}

// Makes a call site known; returns its index, or -1 when the table is full.
static int add_site(struct locate *l, const struct gobin_call *c)
{
    uint64_t *known = map_get(&l->site_of_call, c->address);
    if (known) return (int)*known - 1;
    if (l->n_sites == SITES_MAX) return -1;
    uint32_t index = l->n_sites++;
    l->site[index] = (struct call_site) { .call = c, .func = target_func_at(l->t, c->target) };
    *map_put(&l->site_of_call, c->address, NULL) = index + 1;
    return (int)index;
}

// Where the guard is given back: after the call, at an instruction that is cheap to probe if one
// stands close behind it.
static uint64_t release_point(struct locate *l, uint64_t after)
{
    enum { CODE_BYTES = 64, INSNS = 8 };
    uint8_t code[CODE_BYTES];
    if (!gobin_read(l->t->bin, after, code, sizeof(code))) return after;
    return after + insn_first_emulated(code, sizeof(code), INSNS);
}

static bool is_emulated(struct locate *l, uint64_t at)
{
    uint8_t insn[15];
    return gobin_read(l->t->bin, at, insn, sizeof(insn)) && gobin_emulated(insn, sizeof(insn));
}

static struct err *attach_site(struct locate *l, uint32_t i, struct probe_point *call,
                               size_t *n_call, struct probe_point *ret, size_t *n_ret)
{
    struct call_site *s = &l->site[i];
    uint64_t offset, after = s->call->address + s->call->size;
    // Of other maps than the candidates it tells only where the function does not: once for a call.
    bool at_call = s->of_hot || (l->discovering && !s->func->discovers);
    if (gobin_offset(l->t->bin, s->call->address, &offset))
        call[(*n_call)++] =
            (struct probe_point) { offset, COOKIE(i, s->func->op, s->func->map_arg,
                                                  s->func->key_arg, 0, 0, at_call, 0) };
    uint64_t release = release_point(l, after);
    if (!gobin_offset(l->t->bin, release, &offset)) return NULL;
    ret[(*n_ret)++] = (struct probe_point) { offset, i };
    ERR_TRY(probes_set_return(l->p, after + l->t->bias, i));
    l->returns_all++;
    l->returns_emulated += is_emulated(l, release);
    return NULL;
}

// How many call sites may be probed: each takes two points, and the functions need theirs.
static size_t sites_room(const struct locate *l)
{
    size_t room = probes_room(l->p);
    if (room == SIZE_MAX) return SITES_MAX;
    return room > l->t->n_funcs ? (room - l->t->n_funcs) / 2 : 0;
}

// Those of trials first: the sites of hot functions are many.
static struct err *attach_sites(struct locate *l)
{
    static struct probe_point call[SITES_MAX], ret[SITES_MAX];
    size_t n_call = 0, n_ret = 0, wanted = 0, room = sites_room(l);
    for (int hot = 0; hot < 2; hot++)
        for (uint32_t i = 0; i < l->n_sites; i++) {
            const struct call_site *s = &l->site[i];
            if (!s->wanted || !s->func || s->of_hot != hot || ++wanted > room) continue;
            ERR_TRY(attach_site(l, i, call, &n_call, ret, &n_ret));
        }
    if (wanted > room && wanted - room > l->sites_left_out) l->sites_left_out = wanted - room;
    ERR_TRY(probes_attach(l->p, PROBE_CALL, call, n_call));
    return probes_attach(l->p, PROBE_RETURN, ret, n_ret);
}

// Call sites of functions that are too hot to be probed whole; left out is each that the sampler
// saw.
static void add_sites_of_hot(struct locate *l)
{
    size_t added = 0;
    for (size_t i = 0; i < l->t->calls.n && added < SITES_HOT_MAX; i++) {
        const struct gobin_call *c = &l->t->calls.call[i];
        const struct map_func *f = target_func_at(l->t, c->target);
        if (c->tail || !f || !f->hot || !map_op_writes(f->op)) continue;
        if (map_get(&l->hot_calls, c->address)) continue;
        int index = add_site(l, c);
        if (index < 0) continue;
        l->site[index].of_hot = true;
        added++;
    }
}

// Calls inside the map code: their return addresses say that a wrapper stands in between.
static struct err *set_inner_returns(struct locate *l)
{
    for (size_t i = 0; i < l->t->calls.n; i++) {
        const struct gobin_call *c = &l->t->calls.call[i];
        if (!c->tail && target_call_is_inner(l->t, c))
            ERR_TRY(probes_set_return(l->p, c->address + c->size + l->t->bias, RETURN_IN_WRAPPER));
    }
    return NULL;
}

// Marks the call sites of active trials as wanted. Returns how many are wanted in all.
static size_t collect_sites(struct locate *l)
{
    for (uint32_t i = 0; i < l->n_sites; i++) l->site[i].wanted = l->site[i].of_hot;
    for (size_t i = 0; i < l->trials.n; i++) {
        struct trial *tr = &l->trials.p[i];
        struct sharing_map *m = tr->active ? sharing_find(l->sharing, tr->map) : NULL;
        for (uint32_t k = 0; m && k < m->n_sites; k++) {
            const struct gobin_call *c = target_call_of(l->t, m->site[k].sample.pc[0]);
            if (!c || target_call_is_inner(l->t, c) || windows_too_hot(l, c)) continue;
            int index = add_site(l, c);
            if (index < 0) continue;
            probes_sites(l->p)[index].hold_ok = 1;
            l->site[index].wanted = true;
        }
    }
    size_t n = 0;
    for (uint32_t i = 0; i < l->n_sites; i++) n += l->site[i].wanted;
    return n;
}

static void mark_hot(struct locate *l)
{
    bool more = false;
    for (size_t i = 0; i < l->t->n_funcs; i++) {
        struct map_func *f = &l->t->func[i];
        if (f->hot || f->whole_ns < 10000000 || function_cost(l, i) * 100 < HOT_PER_CENT) continue;
        f->hot = more = true;
    }
    if (more) add_sites_of_hot(l);
}

// How long each function was probed in the window that ends.
static void count_time(struct locate *l, uint64_t ns)
{
    for (size_t i = 0; i < l->t->n_funcs; i++) {
        struct map_func *f = &l->t->func[i];
        if (is_whole(f)) {
            f->whole_ns += ns;
            f->whole_hits = l->totals.hits_function[i];
        }
        if (!f->discovers) continue;
        f->looked_ns += ns;
        f->look[1] = f->look[0];
        f->look[0] = l->open_since_ns;
    }
}

static uint64_t site_hits(const struct locate *l)
{
    return l->totals.hits_call + l->totals.hits_return;
}

void windows_close(struct locate *l)
{
    if (!l->open) return;
    probes_quiet(l->p);
    probes_settle(l->p, GUARD_LINGER_NS);
    uint64_t began = clock_now_ns();
    probes_detach(l->p, PROBE_ENTRY);
    probes_detach(l->p, PROBE_CALL);
    probes_detach(l->p, PROBE_RETURN);
    probes_clear_returns(l->p);
    uint64_t now = clock_now_ns();
    l->detach_ns = now - began;
    double before = l->cost_at_open_ns, spent = windows_cost_ns(l) - before;
    double lasted = (double)(now - l->open_since_ns);
    l->open = false;
    l->open_ns += now - l->open_since_ns;
    l->site_rate = (double)(site_hits(l) - l->site_hits_at_open) * l->ns_emulated / lasted;
    l->closed_ns = now;
    count_time(l, now - l->open_since_ns);
    trials_rest(l);
    mark_hot(l);
    log_debug(l->log,
              "window closed after %.0f ms: %.1f ms, %.2f %% of a core while open; %.2f %% in all",
              lasted / 1e6, spent / 1e6, 100 * spent / lasted,
              100 * l->cost_ns / (double)(now - l->start_ns));
}

static struct err *attach_once(struct locate *l)
{
    struct probe_point stop[STOP_POINTS_MAX], fatal[STOP_POINTS_MAX];
    for (size_t i = 0; i < l->t->n_stop; i++) stop[i] = (struct probe_point) { l->t->stop[i], 0 };
    for (size_t i = 0; i < l->t->n_fatal; i++)
        fatal[i] = (struct probe_point) { l->t->fatal[i], 0 };
    ERR_TRY(probes_attach(l->p, PROBE_STOP, stop, l->t->n_stop));
    ERR_TRY(probes_attach(l->p, PROBE_FATAL, fatal, l->t->n_fatal));
    add_sites_of_hot(l);
    return NULL;
}

// As planned.
static struct err *open_window(struct locate *l)
{
    l->open_since_ns = clock_now_ns();
    l->cost_at_open_ns = windows_cost_ns(l);
    l->site_hits_at_open = site_hits(l);
    l->open = true;
    if (probes_attached(l->p, PROBE_STOP) == 0) ERR_TRY(attach_once(l));
    l->n_wanted = collect_sites(l);
    ERR_TRY(set_inner_returns(l));
    // The guard's release is on before anything can take it.
    ERR_TRY(attach_sites(l));
    ERR_TRY(attach_functions(l));
    l->windows++;
    log_debug(l->log, "window open: %zu functions, %zu call sites%s",
              probes_attached(l->p, PROBE_ENTRY), probes_attached(l->p, PROBE_CALL),
              l->discovering ? ", looking for maps" : "");
    for (size_t i = 0; i < l->t->n_funcs; i++) {
        const struct map_func *f = &l->t->func[i];
        if (is_whole(f) && !is_cheap(l, i))
            log_debug(l->log, "  %s: %.2f %% of a core%s%s", f->name, 100 * function_cost(l, i),
                      f->discovers ? ", discovers" : "", f->guards ? ", guards" : "");
    }
    return NULL;
}

// Single links come off one after the other: what that took the last time.
static uint64_t detach_ns(const struct locate *l)
{
    return probes_why_single(l->p) && l->detach_ns > DETACH_NS ? l->detach_ns : DETACH_NS;
}

// How long a window stays before it is looked at what it should hold.
static uint64_t review_ns(const struct locate *l)
{
    if (l->windows < DISCOVER_FIRST) return WIDEN_NS;
    // Where changing it takes seconds in which nothing is held, it must last longer than that.
    if (probes_why_single(l->p)) return REVIEW_NS + REVIEW_DETACHES * detach_ns(l);
    return l->discovering ? WIDEN_NS : REVIEW_NS;
}

// How much of the budget must have grown back before a window is worth its attach and detach.
static double cost_to_open(const struct locate *l)
{
    bool brief = l->windows < DISCOVER_FIRST || l->discovering;
    uint64_t length = brief ? WINDOW_FIRST_NS : WINDOW_MIN_NS;
    return planned_cost(l) * (double)(length + SWITCH_NS - DETACH_NS + detach_ns(l));
}

// Is a costly function probed for nothing but the maps that it may find?
static bool costly_looks(const struct locate *l)
{
    for (size_t i = 0; i < l->t->n_funcs; i++) {
        const struct map_func *f = &l->t->func[i];
        if (f->discovers && !is_cheap(l, i) && !f->guards) return true;
    }
    return false;
}

// Has the window that is open done what it is for?
static bool has_served(struct locate *l)
{
    if (clock_now_ns() - l->open_since_ns < review_ns(l)) return false;
    // New call sites, or maps that are more worth it: not at every step.
    if (collect_sites(l) != l->n_wanted || trials_want_change(l)) return true;
    return l->windows > DISCOVER_FIRST && any_active(l) && costly_looks(l);
}

struct err *windows_step(struct locate *l)
{
    uint64_t now = clock_now_ns();
    double cost = windows_cost_ns(l), allowed = allowed_ns(l, now);
    if (l->open) {
        // What detaching will still cost is kept back.
        double rate = (cost - l->cost_at_open_ns) / (double)(now - l->open_since_ns);
        bool spent = cost + rate * (double)detach_ns(l) > allowed;
        bool overloaded = l->overloaded && now - l->open_since_ns > OVERLOAD_OPEN_NS;
        if (!spent && !overloaded && !has_served(l)) return NULL;
        windows_close(l);
        if (spent || overloaded) return NULL;
        cost = windows_cost_ns(l);
        allowed = allowed_ns(l, clock_now_ns());
    }
    if (l->overloaded && l->windows && now - l->closed_ns < OVERLOAD_PAUSE_NS) return NULL;
    plan_window(l);
    return cost + cost_to_open(l) > allowed ? NULL : open_window(l);
}

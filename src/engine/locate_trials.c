// SPDX-License-Identifier: Apache-2.0
// Trials: the maps that are held at. Which, in what share of the hold budget, for how long; a pair
// that meets under a hold is an overlap, a map where nobody came though they should have is
// withdrawn.
#include "base/clock.h"
#include "engine/locate_state.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

enum {
    ACCESSES_MIN = 6,           // at a map before it is tried
    RANKED_MAX = 16,            // maps that are looked at when those to hold at are chosen
    ROOM_LOOK_NS = 200000000,   // how often the host's idle time is looked at
    ROOM_WAIT_NS = 4000000000u, // how long a busy host is waited for, before few holds are made
    INSIDE_GRACE_NS = 50000000, // accesses that began before the guard was on are over by then
    SHARE_TIMES = 4,            // see set_holds
    BURST_GAP = 3,              // within the budget holds may follow each other this closely,
    BURST_GAP_RARE = 1,         // and this where windows are open for little of the time
    LIFE_MIN_NS = 150000000,    // a map lives for this long before it is tried
    STALE_NS = 5000000000u,     // not touched for this long: gone, or asleep
    REST_NS = 400000000,        // nor in this much of an open window
    ARRIVALS_DIVISOR = 10,      // one arrival in this many holds is as good as any
    LIBRARY_DIVISOR = 16,       // maps of the library's own are seldom the cause
    WEIGHT_DIVISOR = 8, // a map of less than this part of the best one's weight is not held at now
    CROWDED_FACTOR = 4, // a busy host gets this part of the hold budget
    OVERLOAD_PER_CPU = 3,       // runnable threads a CPU from which on nothing is held or guarded,
    OVERLOAD_WAIT_NS = 2000000, // if they make the target's own threads wait as long as this
};

struct trial *trial_of(struct locate *l, uint64_t map)
{
    for (size_t i = 0; i < l->trials.n; i++)
        if (l->trials.p[i].map == map) return &l->trials.p[i];
    return NULL;
}

static void to_access(const struct event *e, struct access *a)
{
    *a = (struct access) { .time_ns = e->time_ns,
                           .map = e->map,
                           .type = e->type,
                           .seed = e->seed,
                           .g = e->g,
                           .goid = e->goid,
                           .parent = e->parent,
                           .gopc = e->gopc,
                           .tid = e->tid,
                           .op = e->op,
                           .flag = e->flag,
                           .key_value = e->key_value,
                           .n_pcs = e->n_pcs };
    static const enum access_key kinds[] = { [KEY_ARG_NONE] = ACCESS_KEY_NONE,
                                             [KEY_ARG_U32] = ACCESS_KEY_INT,
                                             [KEY_ARG_U64] = ACCESS_KEY_INT,
                                             [KEY_ARG_STR] = ACCESS_KEY_STR,
                                             [KEY_ARG_PTR] = ACCESS_KEY_BYTES };
    a->key_kind = e->key_arg < array_size(kinds) ? kinds[e->key_arg] : ACCESS_KEY_NONE;
    a->key_bytes = e->key_bytes <= ACCESS_KEY_MAX ? e->key_bytes : ACCESS_KEY_MAX;
    memcpy(a->key, e->key, a->key_bytes);
    if (a->n_pcs > ACCESS_PCS_MAX) a->n_pcs = ACCESS_PCS_MAX;
    memcpy(a->pc, e->pc, a->n_pcs * sizeof(*a->pc));
}

// Of a string that is handed over by pointer, as in a map of large values, the probe saw where it
// lies. Its bytes never change, and are looked up while the access is some milliseconds old.
static void read_string_key(struct locate *l, struct access *a)
{
    struct gotype key;
    if (a->key_kind != ACCESS_KEY_BYTES || !target_key_type(l->t, a->type, &key) ||
        key.kind != GOTYPE_STRING)
        return;
    uint64_t word[2];
    memcpy(word, a->key, sizeof(word));
    size_t n = word[1] < ACCESS_KEY_MAX ? (size_t)word[1] : ACCESS_KEY_MAX;
    if (n && !proc_mem_read(l->t->proc.pid, word[0], a->key, n)) return;
    a->key_kind = ACCESS_KEY_STR;
    a->key_value = word[1];
    a->key_bytes = (uint8_t)n;
}

static bool same_pair(const struct overlap *o, const struct access *a, const struct access *b)
{
    uint64_t one = sharing_site_id(&o->side[0]), two = sharing_site_id(&o->side[1]);
    uint64_t x = sharing_site_id(a), y = sharing_site_id(b);
    return o->map == a->map && ((one == x && two == y) || (one == y && two == x));
}

// The call site's index in the BPF table, -1 if it has none.
static int site_index(const struct locate *l, const struct access *a)
{
    const struct gobin_call *c = target_call_of(l->t, a->pc[0]);
    uint64_t *known = c ? map_get(&l->site_of_call, c->address) : NULL;
    return known ? (int)*known - 1 : -1;
}

static bool is_done(const struct trial *tr, int site)
{
    for (uint32_t i = 0; i < tr->n_done; i++)
        if (tr->done[i] == (uint32_t)site) return true;
    return false;
}

// A site of a pair that is proven is not held at again.
static void site_done(struct locate *l, struct trial *tr, const struct access *a)
{
    struct candidate *c = &probes_candidates(l->p)[tr->index];
    int site = site_index(l, a);
    if (site < 0 || tr->n_done == CANDIDATE_DONE_MAX || is_done(tr, site)) return;
    tr->done[tr->n_done++] = (uint32_t)site;
    if (!tr->active) return;
    c->done[tr->n_done - 1] = (uint32_t)site;
    c->n_done = tr->n_done;
}

// Are all writing sites of this map in proven pairs, or was there time enough for it?
static bool all_done(struct locate *l, const struct trial *tr)
{
    if (!tr->proven_ns) return false;
    if (clock_now_ns() - tr->proven_ns > OTHER_PAIRS_NS) return true;
    const struct sharing_map *m = sharing_find(l->sharing, tr->map);
    for (uint32_t i = 0; m && i < m->n_sites; i++) {
        if (!map_op_writes(m->site[i].op)) continue;
        int site = site_index(l, &m->site[i].sample);
        if (site >= 0 && !is_done(tr, site)) return false;
    }
    return true;
}

// When the second came: under the hold, after it and before the held one went on, or with the first
// inside the map.
enum met { MET_UNDER, MET_AFTER, MET_INSIDE };

static void add_overlap(struct locate *l, const struct access *first, const struct access *second,
                        enum met met)
{
    if (!map_op_writes(first->op) && !map_op_writes(second->op)) return;
    struct trial *tr = trial_of(l, first->map);
    for (size_t i = 0; i < l->overlaps.n; i++)
        if (same_pair(&l->overlaps.p[i], first, second)) {
            l->overlaps.p[i].count++;
            return;
        }
    if (tr && !l->o->endless) {
        if (!tr->proven_ns) tr->proven_ns = clock_now_ns();
        site_done(l, tr, first);
        site_done(l, tr, second);
    }
    if (l->overlaps.n == OVERLAPS_MAX) {
        l->overlaps_lost++;
        return;
    }
    struct overlap o = { .side = { *first, *second },
                         .map = first->map,
                         .inside = met == MET_INSIDE,
                         .count = 1,
                         .first_ns = second->time_ns };
    if (tr) {
        // A hold is counted, with its length, when it ends; until then what has passed of it.
        o.holds = tr->holds + (met == MET_UNDER);
        o.held_ns = tr->held_ns + (met == MET_UNDER ? second->time_ns - first->time_ns : 0);
        o.expected = tr->expected;
        o.arrivals = tr->arrivals;
    }
    vec_push(&l->overlaps, o);
    log_debug(l->log, "overlap on map %#llx: goroutines %llu and %llu",
              (unsigned long long)first->map, (unsigned long long)first->goid,
              (unsigned long long)second->goid);
}

// The share of this map's accesses that are not by whoever is held.
static double others(const struct sharing_map *m)
{
    double by_number = 1 - 1.0 / (m->goroutines ? m->goroutines : 1);
    double by_switches =
        m->accesses ? (double)(m->switches + m->renewals) / (double)m->accesses : 0;
    return by_number < by_switches ? by_number : by_switches;
}

static void on_hold_end(struct locate *l, const struct event *e)
{
    struct trial *tr = trial_of(l, e->map);
    struct sharing_map *m = sharing_find(l->sharing, e->map);
    if (!tr || !m) return;
    tr->holds++;
    tr->held_ns += e->key_value;
    if (l->no_room) return; // the other side may have had no CPU to come on
    tr->expected += (double)e->key_value / 1e9 * tr->rate * others(m);
}

// The latest access of each goroutine to a candidate, for accesses that find it inside.
static void keep_owner(struct locate *l, const struct access *a)
{
    bool fresh;
    if (l->owner_slot.n >= OWNERS_KEPT) { // start again rather than grow
        map_deinit(&l->owner_slot);
        l->n_owners = 0;
    }
    uint64_t *slot = map_put(&l->owner_slot, a->g, &fresh);
    if (fresh) *slot = l->n_owners++;
    l->owner[*slot] = *a;
}

static void on_inside(struct locate *l, const struct event *e, const struct access *a)
{
    uint64_t *slot = map_get(&l->owner_slot, e->hold);
    const struct access *first = slot ? &l->owner[*slot] : NULL;
    if (!first || first->map != a->map || first->time_ns > a->time_ns ||
        a->time_ns - first->time_ns > GUARD_EXPIRE_NS || first->goid == a->goid)
        return;
    add_overlap(l, first, a, MET_INSIDE);
}

static void on_arrival(struct locate *l, uint64_t hold, const struct access *a, enum met met)
{
    size_t slot = hold % HOLDS_KEPT;
    if (l->hold_seq[slot] != hold) {
        l->holds_lost++;
        return;
    }
    const struct access *first = &l->hold[slot];
    if (first->map != a->map || first->goid == a->goid || !a->goid) return;
    struct trial *tr = trial_of(l, a->map);
    if (tr) tr->arrivals++;
    add_overlap(l, first, a, met);
}

// The held one goes on: whoever came after its hold came before that.
static void on_entered(struct locate *l, uint64_t hold)
{
    size_t slot = hold % HOLDS_KEPT;
    if (l->late_seq[slot] == hold) on_arrival(l, hold, &l->late[slot], MET_AFTER);
    l->late_seq[slot] = 0;
}

// Does what was read with the layout's offsets look like a goroutine? Its id is its own, and the go
// statement that made it lies in the program's text.
static void check_layout(struct locate *l, const struct access *a)
{
    uint64_t made = a->gopc - l->t->bias;
    bool plausible = a->goid && a->goid < 1ull << 48 && made >= l->t->info->text.lo &&
                     made < l->t->info->text.hi;
    if (plausible && l->g_of.n < OWNERS_KEPT) {
        uint64_t *g = map_put(&l->g_of, a->goid, NULL);
        if (*g && *g != a->g) plausible = false; // two goroutines of one id
        *g = a->g;
    }
    l->layout_looked++;
    l->layout_bad += !plausible;
}

struct err *trials_check_layout(const struct locate *l)
{
    if (l->layout_looked < LAYOUT_LOOKS_MIN || l->layout_bad * 2 < l->layout_looked) return NULL;
    return err_new(ERR_CANNOT,
                   "self-check: with the runtime layout of %s, %llu of %llu accesses were by "
                   "implausible goroutines; this Go version is not understood, and nothing is said",
                   l->t->layout.source, (unsigned long long)l->layout_bad,
                   (unsigned long long)l->layout_looked);
}

void trials_on_event(void *arg, const struct event *e)
{
    struct locate *l = arg;
    if (e->kind == EVENT_SAMPLE) return;
    if (e->kind == EVENT_HOLD_END) {
        on_hold_end(l, e);
        return;
    }
    if (e->kind == EVENT_ENTERED) {
        on_entered(l, e->hold);
        return;
    }
    if (e->kind == EVENT_FATAL) {
        l->fatal_seen = true;
        log_debug(l->log, "fatal: %.3f ms after the last hold ended, window %s %.3f ms ago",
                  ((double)e->time_ns - (double)probes_last_hold_ns(l->p)) / 1e6,
                  l->open ? "opened" : "closed",
                  ((double)e->time_ns - (double)(l->open ? l->open_since_ns : l->closed_ns)) / 1e6);
        return;
    }
    struct access a;
    to_access(e, &a);
    check_layout(l, &a);
    if (!a.goid) return; // g0: the runtime's own maps
    if (e->on_call) read_string_key(l, &a);
    sharing_add(l->sharing, &a);
    if (e->kind == EVENT_HOLD) {
        l->hold[e->hold % HOLDS_KEPT] = a;
        l->hold_seq[e->hold % HOLDS_KEPT] = e->hold;
    } else if (e->kind == EVENT_ARRIVAL) {
        on_arrival(l, e->hold, &a, MET_UNDER);
    } else if (e->kind == EVENT_LATE) {
        l->late[e->hold % HOLDS_KEPT] = a;
        l->late_seq[e->hold % HOLDS_KEPT] = e->hold;
    } else if (e->kind == EVENT_INSIDE) {
        on_inside(l, e, &a);
    }
    if (e->on_call) keep_owner(l, &a);
}

// Is every function that is known to touch this map probed whole, so that the guard is complete?
static bool guardable(struct locate *l, const struct sharing_map *m)
{
    for (uint32_t i = 0; i < m->n_sites; i++) {
        const struct map_func *used = windows_func_of(l, m, i);
        if (!used) continue;
        for (size_t k = 0; k < l->t->n_funcs; k++) {
            const struct map_func *f = &l->t->func[k];
            if (f->hot && (f == used || (used->family && f->family == used->family))) return false;
        }
    }
    return true;
}

bool looks_locked_everywhere(struct target *t, const struct sharing_map *m)
{
    for (uint32_t i = 0; i < m->n_sites; i++)
        if (!target_looks_locked(t, &m->site[i].sample)) return false;
    return m->n_sites > 0;
}

// Accesses a second that were seen while functions that touch this map told of all maps.
static double seen_rate(struct locate *l, const struct sharing_map *m)
{
    uint64_t looked = 0;
    for (uint32_t i = 0; i < m->n_sites; i++) {
        const struct map_func *f = windows_func_of(l, m, i);
        if (!f) continue;
        uint64_t ns = f->looked_ns;
        if (l->open && f->discovers) ns += clock_now_ns() - l->open_since_ns;
        if (ns > looked) looked = ns;
    }
    return looked ? (double)m->accesses / ((double)looked / 1e9) : 0;
}

// Accesses a second: counted at its call sites where it is held at, else seen.
static double rate_of(struct locate *l, const struct sharing_map *m)
{
    struct trial *tr = trial_of(l, m->address);
    return tr && tr->rate > 0 ? tr->rate : seen_rate(l, m);
}

// How much a hold at this map can tell: the arrivals to be expected under it, 1 where that is often
// enough, and never so little that the map is left out.
static double told_by_a_hold(struct locate *l, const struct sharing_map *m)
{
    double arrivals = rate_of(l, m) * others(m) * (double)l->o->max_hold_ns / 1e9;
    double told = ARRIVALS_DIVISOR * arrivals;
    return told < 0.1 ? 0.1 : told > 1 ? 1 : told;
}

// Share of a core that probing this map takes while a window is open: the hits at its calls and
// after them, and all of its family but for the functions in others.
static double cost_of(struct locate *l, const struct sharing_map *m, bool *others)
{
    return windows_guard_cost(l, m, others) + 2 * rate_of(l, m) * l->ns_emulated / 1e9;
}

// Which map to hold at first, and how the hold budget is shared out.
static double weight_of(struct locate *l, const struct sharing_map *m)
{
    double alternation =
        m->accesses ? (double)(m->switches + m->renewals) / (double)m->accesses : 0;
    double w = 0.2 + alternation;
    size_t unlocked = 0, library = 0;
    for (uint32_t i = 0; i < m->n_sites; i++) {
        unlocked += !target_looks_locked(l->t, &m->site[i].sample);
        library += target_access_is_std(l->t, &m->site[i].sample);
    }
    if (unlocked) w *= 8; // where no lock is taken on the way, look first
    if (library == m->n_sites) w /= LIBRARY_DIVISOR;
    bool none[MAP_FUNCS_MAX] = { 0 };
    return w * told_by_a_hold(l, m) / (1 + cost_of(l, m, none) / l->o->cpu_share);
}

// Was it touched lately? Between windows nothing is seen; so a map may also have been touched since
// the last window but one in which what touches it was looked at.
static bool is_fresh(struct locate *l, const struct sharing_map *m)
{
    if (clock_now_ns() - m->last_ns < STALE_NS) return true;
    struct trial *tr = trial_of(l, m->address);
    if (tr && tr->asleep_ns >= m->last_ns) return false;
    if (tr && tr->active && l->open) return clock_now_ns() - l->open_since_ns < REST_NS;
    for (uint32_t i = 0; i < m->n_sites; i++) {
        const struct map_func *f = windows_func_of(l, m, i);
        if (f && f->look[1] > m->last_ns) return false;
    }
    return true;
}

// Lived long enough to be more than one request's, and was touched lately.
static bool lives(struct locate *l, const struct sharing_map *m)
{
    return m->last_ns - m->first_ns >= LIFE_MIN_NS && is_fresh(l, m);
}

// The guard stays on for a while after the last hold, however loaded the host is.
static bool guard_wanted(const struct locate *l)
{
    if (l->o->no_guard) return false;
    return !l->overloaded || clock_now_ns() - probes_last_hold_ns(l->p) <= GUARD_LINGER_NS;
}

// Puts a trial into the BPF table of candidates. Only while no probes are attached.
static void activate(struct locate *l, struct trial *tr, const struct sharing_map *m,
                     uint32_t index)
{
    struct candidate *c = &probes_candidates(l->p)[index];
    l->waits_before_ns += (double)c->waited_ns;
    memset(c, 0, sizeof(*c));
    c->map = m->address;
    tr->unguardable = !guardable(l, m);
    // Where a function is too hot to be probed, somebody who is not seen may be inside at any time.
    c->inside_unknown = tr->unguardable ? UINT64_MAX : clock_now_ns() + INSIDE_GRACE_NS;
    c->guard = guard_wanted(l);
    c->n_done = tr->n_done;
    memcpy(c->done, tr->done, sizeof(c->done));
    tr->index = index;
    tr->active = true;
    tr->accesses_before = tr->accesses;
    tr->accesses_then = 0;
    tr->open_ns_then = l->open_ns;
    if (tr->rate <= 0) tr->rate = seen_rate(l, m); // until it is counted
    tr->enough = looks_locked_everywhere(l->t, m) ? WITHDRAW_LOCKED : WITHDRAW_UNLOCKED;
    _cleanup_err_ struct err *e = probes_set_candidate(l->p, m->address, index);
    if (e) tr->active = false;
}

// Settled while its window is open: no holds any more, but guarded until the window closes.
static void retire(struct locate *l, struct trial *tr)
{
    probes_candidates(l->p)[tr->index].hold_ns = 0;
    tr->retired = true;
}

static bool in_vain(const struct locate *l, const struct trial *tr)
{
    return tr->expected >= tr->enough && !l->o->endless;
}

// The longer nobody comes who should, the less likely it is that somebody will.
static double share_of(const struct locate *l, const struct trial *tr)
{
    double left = exp(-tr->expected);
    if (in_vain(l, tr)) left = 0.5; // a few short holds more, and it is settled
    return tr->weight * (left > 0.05 ? left : 0.05);
}

// Those of n maps, best first, that are guarded together. One that tells little beside the first,
// or would add half of what those before it take, waits until they are settled, unless all is
// cheap.
static size_t affordable(struct locate *l, struct sharing_map **map, const double *value, size_t n,
                         size_t cap)
{
    bool used[MAP_FUNCS_MAX] = { 0 };
    double cost = 0;
    size_t kept = 0;
    for (size_t i = 0; i < n && kept < cap; i++) {
        bool with[MAP_FUNCS_MAX];
        memcpy(with, used, sizeof(with));
        double more = cost_of(l, map[i], with);
        bool worth = value[i] >= value[0] / WEIGHT_DIVISOR && more <= cost / 2;
        if (kept && !worth && cost + more > l->o->cpu_share) continue;
        memcpy(used, with, sizeof(used));
        cost += more;
        map[kept++] = map[i];
    }
    return kept;
}

// The maps most worth holding at now, best first. Returns how many, at most CANDIDATES_ACTIVE.
static size_t best_maps(struct locate *l, struct sharing_map *ret[RANKED_MAX])
{
    const size_t cap = RANKED_MAX;
    double value[RANKED_MAX];
    size_t n = 0;
    for (size_t i = 0; i < sharing_maps(l->sharing); i++) {
        struct sharing_map *m = sharing_map(l->sharing, i);
        if (!sharing_is_shared(m) || m->accesses < ACCESSES_MIN || !lives(l, m)) continue;
        struct trial *tr = trial_of(l, m->address);
        if (tr && (tr->proven || tr->withdrawn || tr->unguardable)) continue;
        double w = weight_of(l, m);
        if (tr) {
            tr->weight = w;
            w = share_of(l, tr);
        }
        size_t k = n < cap ? n++ : cap;
        if (k == cap && w <= value[cap - 1]) continue;
        if (k == cap) k = cap - 1;
        for (; k > 0 && value[k - 1] < w; k--) value[k] = value[k - 1], ret[k] = ret[k - 1];
        value[k] = w;
        ret[k] = m;
    }
    return affordable(l, ret, value, n, CANDIDATES_ACTIVE);
}

bool trials_want_change(struct locate *l)
{
    struct sharing_map *best[RANKED_MAX];
    size_t n = best_maps(l, best);
    for (size_t i = 0; i < n; i++) {
        struct trial *tr = trial_of(l, best[i]->address);
        if (!tr || !tr->active) return true;
    }
    return false;
}

void trials_rest(struct locate *l)
{
    if (l->closed_ns - l->open_since_ns < REST_NS) return;
    for (size_t i = 0; i < l->trials.n; i++) {
        struct trial *tr = &l->trials.p[i];
        struct sharing_map *m = tr->active ? sharing_find(l->sharing, tr->map) : NULL;
        if (m && m->last_ns < l->open_since_ns) tr->asleep_ns = m->last_ns;
    }
}

void trials_choose(struct locate *l)
{
    struct sharing_map *best[RANKED_MAX];
    for (size_t i = 0; i < l->trials.n; i++) {
        struct trial *tr = &l->trials.p[i];
        if (!tr->active) continue;
        probes_candidates(l->p)[tr->index].guard = 0;
        probes_drop_candidate(l->p, tr->map);
        tr->active = tr->retired = false;
    }
    size_t n = best_maps(l, best);
    for (size_t i = 0; i < n; i++) {
        if (!trial_of(l, best[i]->address))
            vec_push(&l->trials,
                     (struct trial) { .map = best[i]->address, .weight = weight_of(l, best[i]) });
        activate(l, trial_of(l, best[i]->address), best[i], (uint32_t)i);
    }
}

static void measure_rate(struct locate *l, struct trial *tr, uint64_t open_ns)
{
    struct candidate *c = &probes_candidates(l->p)[tr->index];
    uint64_t accesses = c->accesses, dt = open_ns - tr->open_ns_then;
    if (dt < 100000000) return;
    double rate = (double)(accesses - tr->accesses_then) / ((double)dt / 1e9);
    tr->rate = tr->rate > 0 ? 0.5 * tr->rate + 0.5 * rate : rate;
    tr->accesses_then = accesses;
    tr->open_ns_then = open_ns;
}

// About one arrival a hold where the sides come often, as long as allowed where they do not; short
// once enough was expected in vain.
static uint64_t hold_length(struct locate *l, const struct trial *tr)
{
    struct sharing_map *m = sharing_find(l->sharing, tr->map);
    uint64_t most = l->o->max_hold_ns;
    if (most > HOLD_HARD_NS - POSTPONE_NS) most = HOLD_HARD_NS - POSTPONE_NS;
    uint64_t length = most;
    double rate = m ? tr->rate * others(m) : 0;
    if (rate > 0 && 1e9 / rate < (double)most) length = (uint64_t)(1e9 / rate);
    if (in_vain(l, tr) || tr->proven) length = HOLD_SHORTEST_NS;
    if (length < HOLD_SHORTEST_NS) length = HOLD_SHORTEST_NS;
    return length < most ? length : most;
}

// The part of the time in which windows were open so far.
static double duty_of(const struct locate *l)
{
    uint64_t now = clock_now_ns(), open_ns = l->open_ns + (l->open ? now - l->open_since_ns : 0);
    return (double)open_ns / (double)(now - l->start_ns);
}

static void set_holds(struct locate *l)
{
    // Windows are open for a part of the time only: the holds' share of it is made up for there.
    double total = 0, duty = duty_of(l) < 0.15 ? 0.15 : duty_of(l);
    for (size_t i = 0; i < l->trials.n; i++)
        if (l->trials.p[i].active && !l->trials.p[i].proven) total += share_of(l, &l->trials.p[i]);
    for (size_t i = 0; i < l->trials.n; i++) {
        struct trial *tr = &l->trials.p[i];
        if (!tr->active) continue;
        struct candidate *c = &probes_candidates(l->p)[tr->index];
        bool hold =
            !tr->retired && !tr->proven && !tr->withdrawn && !tr->unguardable && tr->rate > 0;
        uint64_t length = hold ? hold_length(l, tr) : 0;
        double share = total > 0 ? l->o->hold_share * share_of(l, tr) / total : 0;
        // Several times its share: it is not always there to be held, others do not use all of
        // theirs, and the whole is bounded anyway.
        double spacing = share > 0 ? duty / (SHARE_TIMES * share) : 2;
        c->pause_ns = (uint64_t)((double)length * (spacing > 2 ? spacing - 1 : 1));
        c->hold_ns = length;
        c->emit_mask = tr->rate > 4000 ? 63 : tr->rate > 1000 ? 15 : tr->rate > 300 ? 3 : 0;
    }
}

// How long the target's threads wait for a CPU each time they want one, of late. Threads come and
// go, so the sums may shrink: then what was known before stands.
static void look_at_waits(struct locate *l)
{
    uint64_t wait, times;
    if (!proc_cpu_wait(l->t->proc.pid, &wait, &times)) {
        l->wait_ns = OVERLOAD_WAIT_NS; // unknown, so the number of threads alone decides
        return;
    }
    if (l->waited_times && times > l->waited_times && wait >= l->waited_ns)
        l->wait_ns = 0.5 * l->wait_ns +
                     0.5 * (double)(wait - l->waited_ns) / (double)(times - l->waited_times);
    l->waited_ns = wait;
    l->waited_times = times;
}

// A hold wants a CPU that nobody needs. A busy host is waited for; after a while few holds are
// made.
static void look_for_room(struct locate *l)
{
    uint64_t now = clock_now_ns();
    if (now - l->idle_looked_ns < ROOM_LOOK_NS) return;
    uint64_t idle = host_idle_ns();
    if (l->idle_looked_ns) {
        double free_cpus = (double)(idle - l->idle_then) / (double)(now - l->idle_looked_ns);
        l->no_room = free_cpus < 0.4;
        if (!l->no_room)
            l->busy_since_ns = 0;
        else if (!l->busy_since_ns)
            l->busy_since_ns = now;
    }
    l->idle_then = idle;
    l->idle_looked_ns = now;
    // Who goes into the map is kept from the others for 20 ms at most; where each CPU has many
    // threads to run, it may not be resumed in that time, and those who wait would burn the CPU it
    // needs. Niced threads may be many: the target does not wait for them.
    l->runnable = 0.7 * l->runnable + 0.3 * host_runnable();
    double most = OVERLOAD_PER_CPU * (double)host_cpus();
    look_at_waits(l);
    double from = l->overloaded ? 0.8 : 1;
    l->overloaded = l->runnable > from * most && l->wait_ns >= from * OVERLOAD_WAIT_NS;
    l->was_overloaded |= l->overloaded;
}

static void set_guards(struct locate *l)
{
    uint64_t now = clock_now_ns();
    bool on = guard_wanted(l);
    for (size_t i = 0; i < l->trials.n; i++) {
        if (!l->trials.p[i].active) continue;
        struct candidate *c = &probes_candidates(l->p)[l->trials.p[i].index];
        if (on && !c->guard && c->inside_unknown != UINT64_MAX)
            c->inside_unknown = now + INSIDE_GRACE_NS;
        c->guard = on;
    }
}

// One maptrap holds at a time on a host: a lock on a file, which dies with its owner.
static bool have_host_lock(struct locate *l)
{
    if (l->lock_fd >= 0) return true;
    const char *path = "/run/maptrap.hold.lock";
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    l->lock_errno = fd < 0 ? errno : 0;
    if (fd < 0) return false;
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        close(fd);
        if (!l->busy_lock_ns) {
            l->busy_lock_ns = clock_now_ns();
            log_info(l->log, "another maptrap holds on this host; waiting for it to end");
        }
        return false;
    }
    l->lock_fd = fd;
    return true;
}

static void allow_holds(struct locate *l)
{
    uint64_t now = clock_now_ns();
    double share = l->o->hold_share;
    bool on = l->open && l->holding_allowed;
    look_for_room(l);
    set_guards(l);
    if (l->overloaded) on = false;
    if (on && l->no_room) {
        on = now - l->busy_since_ns > ROOM_WAIT_NS;
        share /= CROWDED_FACTOR;
    }
    if (on) on = have_host_lock(l);
    uint64_t budget = (uint64_t)(share * (double)(now - l->start_ns));
    uint64_t gap = duty_of(l) < 0.3 ? BURST_GAP_RARE : BURST_GAP;
    probes_set_holds(l->p, on, l->no_room ? (uint64_t)(1 / share) : gap, budget);
}

struct err *trials_step(struct locate *l)
{
    uint64_t open_ns = l->open_ns + (l->open ? clock_now_ns() - l->open_since_ns : 0);
    for (size_t i = 0; i < l->trials.n; i++) {
        struct trial *tr = &l->trials.p[i];
        tr->proven = tr->proven || all_done(l, tr);
        if (!tr->active) continue;
        measure_rate(l, tr, open_ns);
        tr->accesses = tr->accesses_before + probes_candidates(l->p)[tr->index].accesses;
        struct sharing_map *m = sharing_find(l->sharing, tr->map);
        if (m && !tr->unguardable && !guardable(l, m)) {
            tr->unguardable = true;
            probes_candidates(l->p)[tr->index].inside_unknown = UINT64_MAX;
        }
        tr->withdrawn = !tr->proven_ns && in_vain(l, tr) && tr->holds >= HOLDS_MIN;
        if (tr->withdrawn || tr->proven || (m && !lives(l, m))) retire(l, tr);
    }
    set_holds(l);
    allow_holds(l);
    return NULL;
}

bool trials_settled(const struct locate *l)
{
    for (size_t i = 0; i < l->trials.n; i++)
        if (l->trials.p[i].proven_ns && !l->trials.p[i].proven) return false;
    return true;
}

bool trials_open(struct locate *l)
{
    struct sharing_map *best[RANKED_MAX];
    return best_maps(l, best) > 0;
}

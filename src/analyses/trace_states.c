// SPDX-License-Identifier: Apache-2.0
#include "analyses/trace_states.h"

#include "base/cleanup.h"

void trace_states_init(struct trace_states *s, const struct gotrace_tables *tables)
{
    *s = (struct trace_states) { .tables = tables };
}

void trace_states_deinit(struct trace_states *s)
{
    vec_deinit(&s->go);
    vec_deinit(&s->wait);
    vec_deinit(&s->wake);
    map_deinit(&s->wake_index);
    vec_deinit(&s->pause);
    vec_deinit(&s->group);
    vec_deinit(&s->stuck);
}

// The entry for a reason in a list of waits, made if it is new: index + 1.
static uint32_t wait_entry(struct trace_states *s, uint32_t *list, uint32_t reason)
{
    for (uint32_t i = *list; i; i = s->wait.p[i - 1].next)
        if (s->wait.p[i - 1].reason == reason) return i;
    vec_push(&s->wait, (struct trace_wait) { .reason = reason, .next = *list });
    return *list = (uint32_t)s->wait.n;
}

static void keep_longest(struct trace_states *s, const struct trace_long_wait *w)
{
    size_t i = s->n_longest;
    if (i == TRACE_LONGEST) {
        if (s->longest[i - 1].ns >= w->ns) return;
        i--;
    } else {
        s->n_longest++;
    }
    for (; i > 0 && s->longest[i - 1].ns < w->ns; i--) s->longest[i] = s->longest[i - 1];
    s->longest[i] = *w;
}

// Counts that `by` woke `go`. Most goroutines are woken by few others: those stand in a list of
// their own, later ones in a hash table.
static void note_wake(struct trace_states *s, struct trace_go *g, uint32_t by, uint32_t go)
{
    uint32_t *link = &g->wakers, n = 0;
    for (; *link && n < TRACE_WAKERS_LISTED; link = &s->wake.p[*link - 1].next, n++) {
        if (s->wake.p[*link - 1].by != by) continue;
        s->wake.p[*link - 1].count++;
        return;
    }
    uint64_t key = (uint64_t)by << 32 | go;
    uint64_t *index = n < TRACE_WAKERS_LISTED ? NULL : map_get(&s->wake_index, key);
    if (index) {
        s->wake.p[*index].count++;
        return;
    }
    if (s->wake.n >= TRACE_WAKES) {
        s->wakes_dropped++;
        return;
    }
    if (n < TRACE_WAKERS_LISTED)
        *link = (uint32_t)s->wake.n + 1;
    else
        *map_put(&s->wake_index, key, NULL) = s->wake.n;
    vec_push(&s->wake, (struct trace_wake) { .count = 1, .by = by, .go = go });
}

// Sums of hostile times stay at the most there is.
static void add_ns(int64_t *sum, int64_t ns)
{
    if (__builtin_add_overflow(*sum, ns, sum)) *sum = INT64_MAX;
}

// Books the time since the last change on the state that ends now.
static inline void book(struct trace_states *s, struct trace_go *g, uint32_t index, int64_t now)
{
    int64_t ns = now - g->since;
    g->ns[g->state] += ns;
    if (g->state == GOTRACE_WAITING && g->now) s->wait.p[g->now - 1].ns += ns;
    if (g->state == GOTRACE_RUNNABLE) {
        if (ns > g->runnable_max_ns) g->runnable_max_ns = ns;
        if (s->n_longest < TRACE_LONGEST || ns > s->longest[TRACE_LONGEST - 1].ns)
            keep_longest(s, &(struct trace_long_wait) { ns, g->since - s->first_ns, index,
                                                        g->woken_by, g->yielded });
    }
    g->since = now;
}

static struct trace_go *entry(struct trace_states *s, uint32_t go)
{
    while (s->go.n <= go) vec_push(&s->go, (struct trace_go) { .woken_by = GOTRACE_NONE });
    return &s->go.p[go];
}

static inline void change(struct trace_states *s, const struct gotrace_event *ev)
{
    struct trace_go *g = ev->go < s->go.n ? &s->go.p[ev->go] : entry(s, ev->go);
    if (!g->name) g->name = ev->go_stack;
    if (!g->name && ev->by == ev->go) g->name = ev->stack;
    if (ev->from == ev->to) return; // a status that says what is known
    if (ev->from == GOTRACE_UNDETERMINED) {
        g->since = s->first_ns;
        g->blocked = ev->go_stack;
    } else if (ev->from == GOTRACE_NOT_EXIST) {
        g->since = ev->time_ns;
        g->woken_by = ev->by;
    } else {
        g->state = ev->from;
        book(s, g, ev->go, ev->time_ns);
    }
    g->state = ev->to;
    g->told = true;
    switch ((enum gotrace_state)ev->to) {
    case GOTRACE_WAITING:
        if (!g->now || s->wait.p[g->now - 1].reason != ev->reason)
            g->now = wait_entry(s, &g->waits, ev->reason);
        s->wait.p[g->now - 1].count++;
        if (ev->from == GOTRACE_RUNNING) g->blocked = ev->stack;
        break;
    case GOTRACE_RUNNABLE:
        g->yielded = ev->from == GOTRACE_RUNNING || ev->from == GOTRACE_SYSCALL;
        if (ev->from == GOTRACE_WAITING) {
            g->wakes++;
            g->woken_by = ev->by;
            note_wake(s, g, ev->by, ev->go);
        } else if (g->yielded) {
            g->woken_by = GOTRACE_NONE;
        }
        break;
    case GOTRACE_RUNNING: g->runs += ev->from == GOTRACE_RUNNABLE; break;
    default: break;
    }
}

static void assist(struct trace_states *s, const struct gotrace_event *ev)
{
    if (ev->go == GOTRACE_NONE) return;
    struct trace_go *g = entry(s, ev->go);
    if (ev->kind == GOTRACE_RANGE_END) {
        // Without a begin (formats before 1.22): it assisted when the trace began.
        add_ns(&g->assist_ns, ev->time_ns - (g->assists ? g->assist_since : s->first_ns));
        g->assists = false;
    } else if (!g->assists) {
        g->assists = true;
        g->assist_since = ev->kind == GOTRACE_RANGE_ACTIVE ? s->first_ns : ev->time_ns;
    }
}

static void pause_event(struct trace_states *s, const struct gotrace_event *ev)
{
    struct trace_pause *open = NULL;
    for (size_t i = s->pause.n; i-- > 0 && s->pause.n - i <= 64 && !open;)
        if (s->pause.p[i].open && s->pause.p[i].range == ev->range &&
            (ev->range == GOTRACE_GC || s->pause.p[i].go == ev->go))
            open = &s->pause.p[i];
    if (ev->kind == GOTRACE_RANGE_END) {
        if (!open) return;
        open->ns = ev->time_ns - s->first_ns - open->at_ns;
        open->open = false;
        return;
    }
    if (ev->kind == GOTRACE_RANGE_ACTIVE && open) return;
    if (s->pause.n >= TRACE_PAUSES) {
        s->pauses_dropped++;
        return;
    }
    bool before = ev->kind == GOTRACE_RANGE_ACTIVE;
    vec_push(&s->pause, (struct trace_pause) { .at_ns = before ? 0 : ev->time_ns - s->first_ns,
                                               .go = ev->go,
                                               .reason = ev->reason,
                                               .range = ev->range,
                                               .open = true });
}

void trace_states_event(struct trace_states *s, const struct gotrace_event *ev)
{
    if (s->events++ == 0) s->first_ns = ev->time_ns;
    s->last_ns = ev->time_ns;
    switch ((enum gotrace_kind)ev->kind) {
    case GOTRACE_GO: change(s, ev); break;
    case GOTRACE_RANGE_BEGIN:
    case GOTRACE_RANGE_ACTIVE:
    case GOTRACE_RANGE_END:
        if (ev->range == GOTRACE_ASSIST) assist(s, ev);
        if (ev->range == GOTRACE_STW || ev->range == GOTRACE_GC) pause_event(s, ev);
        break;
    case GOTRACE_CPU_SAMPLE: s->samples++; break;
    case GOTRACE_OTHER: break;
    }
}

struct str trace_go_function(const struct trace_states *s, uint32_t go)
{
    const struct frame *root =
        go < s->go.n ? gotrace_root_frame(s->tables, s->go.p[go].name) : NULL;
    return root && root->function.n ? root->function : STR("(unknown)");
}

bool trace_go_is_runtime(const struct trace_states *s, uint32_t go)
{
    struct str function = trace_go_function(s, go);
    return gofunc_is_runtime(function) && !str_eqc(function, "runtime.main");
}

const char *trace_stuck_name(enum trace_stuck_kind k)
{
    static const char *const names[] = {
        [TRACE_STUCK_UNRUN] = "woken, not run",
        [TRACE_STUCK_FLAPPING] = "woken to block again",
        [TRACE_STUCK_BLOCKED] = "blocked, not woken",
    };
    return names[k];
}

// ---- at the end

static int64_t active_ns(const struct trace_group *g)
{
    int64_t sum = 0;
    add_ns(&sum, g->ns[GOTRACE_RUNNING]);
    add_ns(&sum, g->ns[GOTRACE_RUNNABLE]);
    add_ns(&sum, g->ns[GOTRACE_SYSCALL]);
    return sum;
}

static int compare_groups(const void *a, const void *b)
{
    const struct trace_group *x = a, *y = b;
    if (active_ns(x) != active_ns(y)) return active_ns(x) > active_ns(y) ? -1 : 1;
    if (x->goroutines != y->goroutines) return x->goroutines > y->goroutines ? -1 : 1;
    return str_cmp(x->function, y->function);
}

// The group of the goroutines that were started with this function.
static size_t group_of(struct trace_states *s, struct strmap *index, struct str function)
{
    bool fresh;
    uint64_t *known = strmap_put(index, function, &fresh);
    if (fresh) {
        *known = s->group.n;
        vec_push(&s->group, (struct trace_group) { .function = function });
    }
    return (size_t)*known;
}

static void make_groups(struct trace_states *s)
{
    struct strmap index = { 0 };
    struct map by_stack = { 0 };
    for (uint32_t i = 0; i < s->go.n; i++) {
        struct trace_go *g = &s->go.p[i];
        if (!g->told) continue; // only named by a CPU sample
        bool fresh;
        uint64_t *known = map_put(&by_stack, g->name, &fresh);
        if (fresh) *known = group_of(s, &index, trace_go_function(s, i));
        struct trace_group *group = &s->group.p[*known];
        group->goroutines++;
        add_ns(&group->assist_ns, g->assist_ns);
        for (int k = 0; k < GOTRACE_STATES; k++) add_ns(&group->ns[k], g->ns[k]);
        if (g->runnable_max_ns > group->runnable_max_ns)
            group->runnable_max_ns = g->runnable_max_ns;
        for (uint32_t w = g->waits; w; w = s->wait.p[w - 1].next) {
            uint32_t to = wait_entry(s, &group->waits, s->wait.p[w - 1].reason);
            add_ns(&s->wait.p[to - 1].ns, s->wait.p[w - 1].ns);
            s->wait.p[to - 1].count += s->wait.p[w - 1].count;
        }
    }
    map_deinit(&by_stack);
    strmap_deinit(&index);
    if (s->group.n) qsort(s->group.p, s->group.n, sizeof(*s->group.p), compare_groups);
}

// Waits that end only when another goroutine acts: at a lock, or at a send that nobody receives.
// Receives, selects, the network and sleep are what idle goroutines do.
static bool waits_for_another(struct str reason)
{
    static const char *const names[] = { "chan send", "sync", "sync.(*Cond).Wait", "semacquire" };
    for (size_t i = 0; i < array_size(names); i++)
        if (str_eqc(reason, names[i])) return true;
    return false;
}

static bool flaps(const struct trace_go *g)
{
    int64_t all = g->ns[GOTRACE_RUNNING] + g->ns[GOTRACE_RUNNABLE] + g->ns[GOTRACE_SYSCALL] +
                  g->ns[GOTRACE_WAITING];
    return g->wakes >= TRACE_STUCK_WAKES && g->runs &&
           g->ns[GOTRACE_RUNNING] / g->runs < TRACE_STUCK_RUN_US * 1000ll &&
           g->ns[GOTRACE_RUNNABLE] > g->ns[GOTRACE_RUNNING] &&
           g->ns[GOTRACE_RUNNABLE] > all / TRACE_STUCK_RUNNABLE_SHARE;
}

// The reason it waited for longest.
static uint32_t main_reason(const struct trace_states *s, const struct trace_go *g)
{
    uint32_t best = 0;
    for (uint32_t w = g->waits; w; w = s->wait.p[w - 1].next)
        if (!best || s->wait.p[w - 1].ns > s->wait.p[best - 1].ns) best = w;
    return best ? s->wait.p[best - 1].reason : 0;
}

static bool stuck(const struct trace_states *s, uint32_t index, struct trace_stuck *ret)
{
    const struct trace_go *g = &s->go.p[index];
    if (trace_go_is_runtime(s, index)) return false;
    int64_t open_ns = s->last_ns - g->since;
    *ret = (struct trace_stuck) { .go = index, .by = GOTRACE_NONE };
    if (g->state == GOTRACE_RUNNABLE && open_ns >= TRACE_STUCK_RUNNABLE_MS * 1000000ll) {
        ret->kind = TRACE_STUCK_UNRUN;
        ret->ns = open_ns;
        ret->by = g->woken_by;
        return true;
    }
    if (g->state == GOTRACE_WAITING && g->now && open_ns > trace_span_ns(s) / 2 &&
        waits_for_another(s->tables->string.p[s->wait.p[g->now - 1].reason])) {
        ret->kind = TRACE_STUCK_BLOCKED;
        ret->ns = open_ns;
        ret->reason = s->wait.p[g->now - 1].reason;
        return true;
    }
    if (!flaps(g)) return false;
    ret->kind = TRACE_STUCK_FLAPPING;
    ret->ns = g->ns[GOTRACE_RUNNABLE];
    ret->reason = main_reason(s, g);
    return true;
}

static int compare_stuck(const void *a, const void *b)
{
    const struct trace_stuck *x = a, *y = b;
    if (x->ns != y->ns) return x->ns > y->ns ? -1 : 1;
    return x->go < y->go ? -1 : x->go > y->go;
}

static int compare_wakes(const void *a, const void *b)
{
    const struct trace_wake *x = a, *y = b;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    if (x->by != y->by) return x->by < y->by ? -1 : 1;
    return x->go < y->go ? -1 : x->go > y->go;
}

// Brings the `most` most frequent pairs to the front, in order.
static void sort_wakes(struct trace_states *s, size_t most)
{
    enum { FEW = 64 };
    if (most > FEW) {
        if (s->wake.n) qsort(s->wake.p, s->wake.n, sizeof(*s->wake.p), compare_wakes);
        return;
    }
    struct trace_wake *p = s->wake.p;
    for (size_t i = 0, n = 0; i < s->wake.n && most; i++) {
        struct trace_wake w = p[i];
        if (n == most && compare_wakes(&w, &p[n - 1]) > 0) continue;
        if (n == most) p[i] = p[--n]; // makes room, and stands behind from now on
        size_t at = n++;
        for (; at > 0 && compare_wakes(&w, &p[at - 1]) < 0; at--) p[at] = p[at - 1];
        p[at] = w;
    }
}

// Who woke each of them most.
static void find_wakers(struct trace_states *s)
{
    struct map index = { 0 };
    for (size_t i = 0; i < s->stuck.n; i++)
        if (s->stuck.p[i].kind != TRACE_STUCK_UNRUN) *map_put(&index, s->stuck.p[i].go, NULL) = i;
    for (size_t i = 0; i < s->wake.n && index.n; i++) {
        const struct trace_wake *w = &s->wake.p[i];
        const uint64_t *known = map_get(&index, w->go);
        struct trace_stuck *k = known ? &s->stuck.p[*known] : NULL;
        if (!k || w->count < k->by_count || (w->count == k->by_count && w->by > k->by)) continue;
        k->by = w->by;
        k->by_count = w->count;
    }
    map_deinit(&index);
}

static void find_stuck(struct trace_states *s)
{
    for (uint32_t i = 0; i < s->go.n; i++) {
        struct trace_stuck found;
        if (stuck(s, i, &found)) vec_push(&s->stuck, found);
    }
    s->n_stuck = s->stuck.n;
    if (s->stuck.n) qsort(s->stuck.p, s->stuck.n, sizeof(*s->stuck.p), compare_stuck);
    if (s->stuck.n > TRACE_STUCK) s->stuck.n = TRACE_STUCK;
    find_wakers(s);
}

void trace_states_finish(struct trace_states *s, size_t wakes)
{
    for (uint32_t i = 0; i < s->go.n; i++) {
        struct trace_go *g = &s->go.p[i];
        int64_t since = g->since;
        if (g->state != GOTRACE_NOT_EXIST) book(s, g, i, s->last_ns);
        g->since = since;
        if (g->assists) add_ns(&g->assist_ns, s->last_ns - g->assist_since);
    }
    for (size_t i = 0; i < s->pause.n; i++)
        if (s->pause.p[i].open) s->pause.p[i].ns = trace_span_ns(s) - s->pause.p[i].at_ns;
    sort_wakes(s, wakes);
    make_groups(s);
    find_stuck(s);
}

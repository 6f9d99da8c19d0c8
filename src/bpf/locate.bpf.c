// SPDX-License-Identifier: Apache-2.0 OR BSD-2-Clause
// The probes of `locate`.
//
// Nothing here runs between the setting and the clearing of the runtime's writing flag: the probes
// stand at the call of a map function, at its first emulated instruction, and at the instruction
// after the call. A hold stands at the call. Nothing is written to the target.
#include "bpf/locate.h"
#include "bpf/kernel.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define STACK_PREEMPT 0xfffffffffffffadeULL // g.stackguard0 when a preemption is asked for

// Set before loading: the target and the offsets of its Go runtime.
SETTING __u32 target_tgid;
SETTING __u32 off_g_m, off_g_goid, off_g_parent, off_g_gopc, off_g_preempt_stop;
SETTING __u32 off_g_stack_lo, off_m_g0, off_m_locks, off_m_mallocing;
SETTING __u32 off_map_flag, map_flag_mask, off_map_seed, map_seed_bytes, off_iter_map;
SETTING __u64 addr_write_barrier; // 0 = unknown
SETTING __u32 unguarded_holds;    // for the series that shows what the guard is worth, only

// Control, written by user space.
volatile __u32 ctl_accesses;       // emit accesses to candidates
volatile __u32 ctl_holds;          // holds may start
volatile __u32 ctl_let_go;         // the one that is on must end
volatile __u64 ctl_gap_factor;     // a hold is followed by this many times its length without one
volatile __u64 ctl_hold_budget_ns; // held_total_ns must not pass this

// The one hold. hold_end is 0 while there is none; the other three belong to it.
volatile __u64 hold_end, hold_hard, hold_map, hold_g, hold_seq;
volatile __u32 hold_arrivals;
volatile __u64 hold_next;  // none before this
volatile __u64 hold_taken; // 0 or 1: being set up or on
volatile __u64 stw_count, fatal_count;
volatile __u64 hold_last; // when the last one ended
volatile __u64 holds_total, held_total_ns, hold_ends[HOLD_END_REASONS];

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, RINGBUF_BYTES);
} events SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, CANDIDATES_MAX * 2);
    __type(key, __u64);
    __type(value, __u32);
} candidate_of SEC(".maps"); // map address → index

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, CANDIDATES_MAX);
    __type(key, __u32);
    __type(value, struct candidate);
} candidates SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, SITES_MAX);
    __type(key, __u32);
    __type(value, struct site);
} sites SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, RETURNS_MAX);
    __type(key, __u64);
    __type(value, __u32);
} returns SEC(".maps"); // address after a probed call → its site

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 16384);
    __type(key, __u64);
    __type(value, __u32);
} inside SEC(".maps"); // g that owns a guard → index of the candidate

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct counters);
} counts SEC(".maps");

struct access {
    __u64 now, g, map, type, cookie;
};

static __always_inline struct counters *counters(void)
{
    __u32 zero = 0;
    return bpf_map_lookup_elem(&counts, &zero);
}

static __always_inline void drop(enum drop kind)
{
    struct counters *c = counters();
    if (c) c->dropped[kind]++;
}

static __always_inline __u64 read_u64(__u64 addr, __u64 *ret)
{
    return bpf_probe_read_user(ret, 8, (const void *)addr);
}

static __always_inline int in_target(void)
{
    return (__u32)(bpf_get_current_pid_tgid() >> 32) == target_tgid;
}

static __always_inline int get_access(struct pt_regs *r, __u64 cookie, struct access *a)
{
    a->now = bpf_ktime_get_ns();
    a->g = r->r14;
    a->cookie = cookie;
    if (COOKIE_MAP_ARG(cookie) == MAP_ARG_ITER) {
        a->type = 0;
        if (read_u64(r->rax + off_iter_map, &a->map)) {
            drop(DROP_UNREADABLE);
            return -1;
        }
    } else if (COOKIE_MAP_ARG(cookie) == MAP_ARG_AX) {
        a->type = r->rbx;
        a->map = r->rax;
    } else {
        a->type = r->rax;
        a->map = r->rbx;
    }
    return a->map ? 0 : -1;
}

// A map on the accessor's own stack is never shared.
static __always_inline int on_own_stack(const struct access *a)
{
    __u64 bounds[2];
    if (bpf_probe_read_user(bounds, sizeof(bounds), (const void *)(a->g + off_g_stack_lo)))
        return 0;
    return a->map >= bounds[0] && a->map < bounds[1];
}

static __always_inline __u8 flag_of(__u64 map)
{
    __u8 f = 0;
    if (bpf_probe_read_user(&f, 1, (const void *)(map + off_map_flag))) return 0;
    return (f & map_flag_mask) != 0;
}

static __always_inline void fill_key(struct pt_regs *r, struct event *e)
{
    e->key_value = r->rcx;
    e->key_bytes = 0;
    if (e->key_arg == KEY_ARG_STR) {
        __u64 n = r->rdi;
        e->key_value = n;
        if (n > EVENT_KEY_BYTES) n = EVENT_KEY_BYTES;
        if (n && !bpf_probe_read_user(e->key, n & 63, (const void *)r->rcx)) e->key_bytes = n;
    } else if (e->key_arg == KEY_ARG_PTR) {
        if (!bpf_probe_read_user(e->key, 16, (const void *)r->rcx)) e->key_bytes = 16;
    } else if (e->key_arg == KEY_ARG_U32) {
        e->key_value = (__u32)r->rcx;
    }
}

// Emits the access with its goroutine and stack. first_pc: the return address into the caller,
// whose frame is at `frame`. Returns whether there was room.
static __always_inline int emit(struct pt_regs *r, const struct access *a, enum event_kind kind,
                                __u64 hold, __u64 first_pc, __u64 frame, int on_call)
{
    struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
    if (!e) {
        drop(DROP_RINGBUF);
        return 0;
    }
    e->time_ns = a->now;
    e->map = a->map;
    e->type = a->type;
    e->g = a->g;
    e->goid = e->parent = e->gopc = e->seed = 0;
    read_u64(a->g + off_g_goid, &e->goid);
    if (off_g_parent) read_u64(a->g + off_g_parent, &e->parent);
    read_u64(a->g + off_g_gopc, &e->gopc);
    if (map_seed_bytes == 8)
        read_u64(a->map + off_map_seed, &e->seed);
    else
        bpf_probe_read_user(&e->seed, 4, (const void *)(a->map + off_map_seed));
    e->hold = hold;
    e->tid = (__u32)bpf_get_current_pid_tgid();
    e->kind = kind;
    e->op = COOKIE_OP(a->cookie);
    e->key_arg = COOKIE_KEY_ARG(a->cookie);
    e->fn = COOKIE_INDEX(a->cookie);
    e->site = on_call ? COOKIE_INDEX(a->cookie) : NO_SITE;
    e->on_call = on_call;
    e->flag = flag_of(a->map);
    fill_key(r, e);
    e->pc[0] = first_pc;
    __u64 next[2];
    int n = 1;
    for (int i = 1; i < EVENT_FRAMES; i++) {
        if (!frame || bpf_probe_read_user(next, sizeof(next), (const void *)frame)) break;
        if (!next[1]) break;
        e->pc[i] = next[1];
        n = i + 1;
        if (next[0] <= frame) break;
        frame = next[0];
    }
    e->n_pcs = n;
    bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP); // user space looks every few ms
    return 1;
}

static __always_inline void emit_mark(const struct access *a, enum event_kind kind, __u64 seq,
                                      __u64 value, __u32 reason)
{
    struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
    if (!e) {
        drop(DROP_RINGBUF);
        return;
    }
    e->time_ns = a->now;
    e->map = a->map;
    e->g = a->g;
    e->hold = seq;
    e->key_value = value;
    e->fn = reason;
    e->kind = kind;
    e->n_pcs = 0;
    bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
}

// Counts this access as an arrival at the hold that is on, if it is one. The end of the hold is
// postponed in the same atomic step that proves that it was still on.
static __always_inline __u64 arrive(const struct access *a)
{
    for (int i = 0; i < 4; i++) {
        __u64 end = hold_end;
        if (!end || hold_map != a->map || hold_g == a->g) return 0;
        __u64 seq = hold_seq, wanted = a->now + POSTPONE_NS;
        if (wanted > hold_hard) return 0; // too late to be let in behind it
        if (wanted < end) wanted = end + 1;
        if (__sync_bool_compare_and_swap(&hold_end, end, wanted)) {
            __sync_fetch_and_add(&hold_arrivals, 1);
            return seq;
        }
    }
    return 0;
}

// An arrival after the hold, while the held one has not yet been seen to go on.
static __always_inline int arrive_late(struct pt_regs *r, const struct access *a,
                                       struct candidate *c)
{
    __u64 g = c->leaving, seq = c->leaving_hold;
    if (!g) return 0;
    if (g == a->g || a->now - c->leaving_since > LEAVING_NS) {
        c->leaving = 0; // its entry was missed: nothing is proven
        return 0;
    }
    if (c->leaving != g || c->leaving_hold != seq) return 0;
    emit(r, a, EVENT_LATE, seq, r->rip + 5, r->rbp, 1);
    return 1;
}

struct hold_loop {
    __u64 g, stw, fatal;
    __u32 reason, preempt_stop;
};

static long hold_turn(__u32 i, struct hold_loop *h)
{
    __u64 now = bpf_ktime_get_ns(), end = hold_end;
    if (now >= end) {
        // Closed in one step: an arrival that came meanwhile has moved the end.
        if (__sync_bool_compare_and_swap(&hold_end, end, 0)) {
            h->reason = HOLD_END_CLOCK;
            return 1;
        }
        return 0;
    }
    __u32 reason = 0;
    if (ctl_let_go)
        reason = HOLD_END_LET_GO;
    else if (stw_count != h->stw)
        reason = HOLD_END_STW;
    else if (fatal_count != h->fatal)
        reason = HOLD_END_FATAL;
    else if ((i & 15) == 0) {
        __u64 guard = 0;
        __u8 stop = 0;
        read_u64(h->g + 16, &guard); // g.stackguard0, at 16 in every version
        if (h->preempt_stop) bpf_probe_read_user(&stop, 1, (const void *)(h->g + h->preempt_stop));
        if (guard == STACK_PREEMPT || stop) reason = HOLD_END_PREEMPT;
    }
    if (!reason) return 0;
    h->reason = reason;
    hold_end = 0;
    return 1;
}

// No hold on g0, inside the allocator or with locks of the runtime held, nor when a stop is asked
// for or the write barrier is on.
static __always_inline int may_hold(const struct access *a)
{
    __u64 m = 0, g0 = 0, guard = 0;
    __u32 locks = 1, mallocing = 1, barrier = 0;
    __u8 stop = 0;
    if (read_u64(a->g + off_g_m, &m) || !m || read_u64(m + off_m_g0, &g0) || g0 == a->g) return 0;
    if (bpf_probe_read_user(&locks, 4, (const void *)(m + off_m_locks)) || locks) return 0;
    if (bpf_probe_read_user(&mallocing, 4, (const void *)(m + off_m_mallocing)) || mallocing)
        return 0;
    if (read_u64(a->g + 16, &guard) || guard == STACK_PREEMPT) return 0;
    if (off_g_preempt_stop) {
        if (bpf_probe_read_user(&stop, 1, (const void *)(a->g + off_g_preempt_stop)) || stop)
            return 0;
    }
    if (addr_write_barrier &&
        (bpf_probe_read_user(&barrier, 4, (const void *)addr_write_barrier) || barrier))
        return 0;
    return 1;
}

// Whether it was held: then it has been told of.
static __always_inline int hold(struct pt_regs *r, struct access *a, struct candidate *c,
                                struct site *s)
{
    if (!ctl_holds || ctl_let_go || !c->hold_ns || !s->hold_ok) return 0;
    if (!c->guard && !unguarded_holds) return 0;
    if (a->now < hold_next || a->now < c->next_hold || c->owner) return 0;
    if (held_total_ns >= ctl_hold_budget_ns) return 0;
    for (int i = 0; i < CANDIDATE_DONE_MAX; i++)
        if (i < (int)c->n_done && c->done[i] == COOKIE_INDEX(a->cookie)) return 0;
    if (!may_hold(a)) return 0;
    if (!__sync_bool_compare_and_swap(&hold_taken, 0, 1)) return 0;
    struct hold_loop h = { .g = a->g, .stw = stw_count, .fatal = fatal_count };
    h.preempt_stop = off_g_preempt_stop;
    __u64 seq = hold_seq + 1, length = c->hold_ns;
    if (length > HOLD_HARD_NS - POSTPONE_NS) length = HOLD_HARD_NS - POSTPONE_NS;
    hold_seq = seq;
    hold_map = a->map;
    hold_g = a->g;
    hold_arrivals = 0;
    if (emit(r, a, EVENT_HOLD, seq, r->rip + 5, r->rbp, 1)) c->told = a->g;
    __u64 start = bpf_ktime_get_ns();
    hold_hard = start + HOLD_HARD_NS;
    __sync_lock_test_and_set(&hold_end, start + length);
    bpf_loop(1 << 20, hold_turn, &h, 0);
    hold_end = 0;
    __u64 end = bpf_ktime_get_ns(), held = end - start;
    c->holds++;
    c->held_ns += held;
    c->arrivals += hold_arrivals;
    // Drawn anew each time: sides that come at regular intervals must not keep missing each other.
    c->next_hold = end + c->pause_ns / 2 + (c->pause_ns * (bpf_get_prandom_u32() & 1023) >> 10);
    s->holds++;
    holds_total++;
    held_total_ns += held;
    if (h.reason < HOLD_END_REASONS) hold_ends[h.reason]++;
    hold_next = end + held * ctl_gap_factor;
    hold_last = end;
    // It may be descheduled on its way back, and the other side come then.
    c->leaving_hold = seq;
    c->leaving_since = end;
    c->leaving_ret = r->rip + 5;
    __sync_lock_test_and_set(&c->leaving, a->g);
    emit_mark(a, EVENT_HOLD_END, seq, held, h.reason);
    __sync_lock_test_and_set(&hold_taken, 0);
    return 1;
}

// At the `call` of a map function, arguments in their registers, before the callee's stack check.
SEC("uprobe.multi")
int on_call(struct pt_regs *r)
{
    struct access a;
    if (!in_target()) return 0;
    struct counters *n = counters();
    if (n) n->hits_call++;
    if (get_access(r, bpf_get_attach_cookie(r), &a)) return 0;
    __u32 *index = bpf_map_lookup_elem(&candidate_of, &a.map);
    if (!index) {
        if (COOKIE_DISCOVER(a.cookie) && !on_own_stack(&a))
            emit(r, &a, EVENT_ACCESS, 0, r->rip + 5, r->rbp, 1);
        return 0;
    }
    __u32 site_index = COOKIE_INDEX(a.cookie);
    struct candidate *c = bpf_map_lookup_elem(&candidates, index);
    struct site *s = bpf_map_lookup_elem(&sites, &site_index);
    if (!c || !s || c->map != a.map) return 0;
    __u64 number = __sync_fetch_and_add(&c->accesses, 1), told = c->told;
    __sync_fetch_and_add(&s->hits, 1);
    // Not every access is told of. Whoever is inside by one that was not, is not who was told of.
    if (told == a.g) c->told = 0;
    __u64 seq = arrive(&a);
    if (seq) {
        emit(r, &a, EVENT_ARRIVAL, seq, r->rip + 5, r->rbp, 1);
        return 0;
    }
    if (arrive_late(r, &a, c)) return 0;
    __u64 owner = c->owner, since = c->owner_since;
    if (owner && owner != a.g && owner == told && a.now > c->inside_unknown && flag_of(a.map) &&
        c->owner == owner && c->owner_since == since) {
        emit(r, &a, EVENT_INSIDE, owner, r->rip + 5, r->rbp, 1);
        return 0;
    }
    if (hold(r, &a, c, s)) return 0;
    if (ctl_accesses && !(number & c->emit_mask) &&
        emit(r, &a, EVENT_ACCESS, 0, r->rip + 5, r->rbp, 1))
        c->told = a.g;
    return 0;
}

struct guard_loop {
    __u64 end, g, map;
    struct candidate *c;
    __u32 own, ok, stolen;
};

static long guard_turn(__u32 i, struct guard_loop *l)
{
    __u64 now = bpf_ktime_get_ns();
    struct candidate *c = l->c;
    __u64 o = c->owner;
    if (now >= l->end) return 1;
    if (o && o != l->g && now - c->owner_since < GUARD_EXPIRE_NS) return 0;
    __u8 f = 0;
    if (bpf_probe_read_user(&f, 1, (const void *)(l->map + off_map_flag))) return 1;
    if (f & map_flag_mask) return 0; // somebody is inside
    if (!l->own) {
        l->ok = 1;
        return 1;
    }
    if (__sync_bool_compare_and_swap(&c->owner, o, l->g)) {
        c->owner_since = now;
        l->ok = 1;
        l->stolen = o && o != l->g;
        return 1;
    }
    return 0;
}

// Takes the guard, or waits for it where the access comes from a call that is not probed.
static __always_inline void guard(const struct access *a, struct candidate *c, __u32 index,
                                  int known)
{
    struct guard_loop l = { .end = a->now + GUARD_LIMIT_NS, .g = a->g, .map = a->map, .c = c };
    l.own = known;
    bpf_loop(1 << 20, guard_turn, &l, 0);
    __u64 now = bpf_ktime_get_ns();
    if (now - a->now > 1000) {
        __sync_fetch_and_add(&c->waited, 1);
        __sync_fetch_and_add(&c->waited_ns, now - a->now);
    }
    if (l.stolen) __sync_fetch_and_add(&c->stolen, 1);
    if (!l.ok) __sync_fetch_and_add(&c->over, 1);
    __u64 until = now + GUARD_EXPIRE_NS;
    if ((!l.ok || l.stolen || !known) && c->inside_unknown < until) c->inside_unknown = until;
    if (l.ok && known && bpf_map_update_elem(&inside, &a->g, &index, BPF_ANY)) drop(DROP_INSIDE);
}

// At the first emulated instruction of a map function after its stack check.
SEC("uprobe.multi")
int on_entry(struct pt_regs *r)
{
    struct access a;
    if (!in_target()) return 0;
    struct counters *n = counters();
    __u64 cookie = bpf_get_attach_cookie(r);
    if (n) {
        n->hits_entry++;
        n->hits_function[COOKIE_INDEX(cookie) & (FUNCTIONS_MAX - 1)]++;
    }
    // The stack check is about to fail: the function will be entered again.
    if (COOKIE_JBE(cookie) && (r->eflags & 0x41)) return 0;
    if (get_access(r, cookie, &a)) return 0;
    __u32 *index = bpf_map_lookup_elem(&candidate_of, &a.map);
    if (!index && !COOKIE_DISCOVER(cookie)) return 0;
    __u64 ret = 0, slot = r->rsp + COOKIE_RSP_DELTA(cookie), frame = r->rbp;
    // Where the probe stands behind the set-up of the function's own frame: the caller's is below.
    int unreadable = read_u64(slot, &ret) || (frame + 8 == slot && read_u64(frame, &frame));
    if (unreadable) {
        drop(DROP_UNREADABLE);
        return 0;
    }
    __u32 *site = bpf_map_lookup_elem(&returns, &ret);
    int nested = site && *site == RETURN_IN_WRAPPER;
    struct candidate *c = index ? bpf_map_lookup_elem(&candidates, index) : 0;
    if (!c || c->map != a.map) {
        if (!COOKIE_DISCOVER(cookie) || nested) return 0;
        if (on_own_stack(&a)) {
            if (n) n->on_stack++;
            return 0;
        }
        emit(r, &a, EVENT_ACCESS, 0, ret, frame, 0);
        return 0;
    }
    if (c->leaving == a.g) {
        // By this very call: anything else means that its entry was missed.
        __u64 hold_of = c->leaving_hold;
        int same = c->leaving_ret == ret;
        if (__sync_bool_compare_and_swap(&c->leaving, a.g, 0) && same)
            emit_mark(&a, EVENT_ENTERED, hold_of, 0, 0);
    }
    if (nested) { // who called the wrapper?
        __u64 outer = 0;
        read_u64(frame + 8, &outer);
        site = bpf_map_lookup_elem(&returns, &outer);
    } else if (!site) {
        __u64 seq = arrive(&a);
        if (seq)
            emit(r, &a, EVENT_ARRIVAL, seq, ret, frame, 0);
        else if (ctl_accesses)
            emit(r, &a, EVENT_ACCESS, 0, ret, frame, 0);
    }
    if (c->guard && COOKIE_GUARD(cookie)) guard(&a, c, *index, site && *site < SITES_MAX);
    return 0;
}

// At the instruction after the call of a map function: the access is over.
SEC("uprobe.multi")
int on_return(struct pt_regs *r)
{
    if (!in_target()) return 0;
    struct counters *n = counters();
    if (n) n->hits_return++;
    __u64 g = r->r14;
    __u32 *index = bpf_map_lookup_elem(&inside, &g);
    if (!index) return 0;
    struct candidate *c = bpf_map_lookup_elem(&candidates, index);
    if (c) __sync_bool_compare_and_swap(&c->owner, g, 0);
    bpf_map_delete_elem(&inside, &g);
    return 0;
}

// runtime.stopTheWorldWithSema, forEachP: whatever is held lets go.
SEC("uprobe.multi")
int on_stop(struct pt_regs *r)
{
    if (!in_target()) return 0;
    struct counters *n = counters();
    if (n) n->hits_other++;
    __sync_fetch_and_add(&stw_count, 1);
    return 0;
}

// runtime.fatal and the like.
SEC("uprobe.multi")
int on_fatal(struct pt_regs *r)
{
    if (!in_target()) return 0;
    struct access a = { .now = bpf_ktime_get_ns(), .g = r->r14 };
    __u64 ret = 0;
    __sync_fetch_and_add(&fatal_count, 1);
    read_u64(r->rsp, &ret);
    emit(r, &a, EVENT_FATAL, 0, ret, r->rbp, 0);
    return 0;
}

// CPU samples of the target, in user mode: what is hot is never probed whole.
SEC("perf_event")
int on_sample(struct bpf_perf_event_data *ctx)
{
    if (!in_target() || (ctx->regs.cs & 3) != 3) return 0;
    struct counters *n = counters();
    if (n) n->samples++;
    struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
    if (!e) {
        drop(DROP_RINGBUF);
        return 0;
    }
    e->time_ns = bpf_ktime_get_ns();
    e->kind = EVENT_SAMPLE;
    e->map = e->hold = 0;
    e->pc[0] = ctx->regs.rip;
    e->pc[1] = e->pc[2] = 0;
    e->n_pcs = 3;
    read_u64(ctx->regs.rbp + 8, &e->pc[1]); // the caller, once the frame is set up
    read_u64(ctx->regs.rsp, &e->pc[2]);     // the caller, before that
    bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
    return 0;
}

// For measuring what a hit costs on this host: attached to a function of maptrap itself.
SEC("uprobe.multi")
int on_calibrate(struct pt_regs *r)
{
    struct access a;
    struct counters *n = counters();
    if (n) n->calibrations++;
    if (get_access(r, COOKIE(0, 1, MAP_ARG_BX, KEY_ARG_NONE, 0, 0, 0, 0), &a)) return 0;
    __u32 *index = bpf_map_lookup_elem(&candidate_of, &a.map);
    return index != 0;
}

// SPDX-License-Identifier: Apache-2.0
// The BPF programs of locate on the host, without root. Other threads are played by host_on_tick.
#include <stdbool.h>

#include "bpf/locate.bpf.c"

#include "test.h"

struct goroutine {
    uint64_t words[64]; // the g
    uint64_t m[64], g0[64];
    uint64_t frame[4], stack[8];
    struct pt_regs regs;
};

enum { G_STACK_LO = 0, G_GUARD = 16, G_M = 48, G_GOID = 152, G_GOPC = 200, G_STOP = 208 };
enum { M_G0 = 0, M_LOCKS = 64, M_MALLOCING = 72 };

static struct goroutine g1, g2;
static uint64_t the_map[8], other_map[8];
static uint32_t barrier_word;
static struct candidate *cand;
static struct site *site0;
static struct counters *count;

static void goroutine_init(struct goroutine *g, uint64_t goid)
{
    memset(g, 0, sizeof(*g));
    char *p = (char *)g->words;
    uint64_t m = (uintptr_t)g->m, g0 = (uintptr_t)g->g0;
    memcpy(p + G_M, &m, 8);
    memcpy(p + G_GOID, &goid, 8);
    memcpy((char *)g->m + M_G0, &g0, 8);
    g->frame[1] = 0x401234;
    g->stack[0] = 0x400100; // the return address on top of the stack
    g->regs = (struct pt_regs) { .r14 = (uintptr_t)g->words,
                                 .rbx = (uintptr_t)the_map,
                                 .rax = 0x500000,
                                 .rcx = 7,
                                 .rip = 0x4000fb,
                                 .rbp = (uintptr_t)g->frame,
                                 .rsp = (uintptr_t)g->stack };
}

static void reset(void)
{
    for (size_t i = 0; i < host_n_entries; i++) free(host_entry[i].value);
    host_n_entries = host_n_events = 0;
    host_event_limit = HOST_EVENTS;
    host_on_tick = NULL;
    host_pid_tgid = (uint64_t)77 << 32 | 78;
    host_cookie = COOKIE(0, 1, MAP_ARG_BX, KEY_ARG_U64, 0, 1, 0, 0);
    goroutine_init(&g1, 21);
    goroutine_init(&g2, 34);
    memset(the_map, 0, sizeof(the_map));
    memset(other_map, 0, sizeof(other_map));
    barrier_word = 0;
    ctl_let_go = 0;
    ctl_accesses = 0;
    ctl_holds = 1;
    ctl_gap_factor = 1;
    ctl_hold_budget_ns = UINT64_MAX;
    hold_end = hold_taken = hold_next = held_total_ns = holds_total = 0;
    stw_count = fatal_count = 0;
    uint32_t zero = 0;
    uint64_t key = (uintptr_t)the_map;
    count = host_put(&counts, 0, NULL, sizeof(*count));
    host_put(&candidate_of, key, &zero, sizeof(zero));
    cand = host_put(&candidates, 0, NULL, sizeof(*cand));
    cand->map = key;
    cand->hold_ns = 1000000;
    cand->guard = 1;
    site0 = host_put(&sites, 0, NULL, sizeof(*site0));
    site0->hold_ok = 1;
}

static const struct event *event(size_t i)
{
    static const struct event none;
    return i < host_n_events ? (const struct event *)host_event[i] : &none;
}

static void test_not_a_candidate(void)
{
    reset();
    g1.regs.rbx = (uintptr_t)other_map;
    on_call(&g1.regs);
    CHECK_INT(host_n_events, 0);
    CHECK_INT(count->hits_call, 1);
    host_cookie = COOKIE(0, 1, MAP_ARG_BX, KEY_ARG_U64, 0, 1, 1, 0);
    on_call(&g1.regs);
    CHECK_INT(host_n_events, 1);
    CHECK_INT(event(0)->goid, 21);
    CHECK_INT(event(0)->pc[0], 0x400100);
    CHECK_INT(event(0)->pc[1], 0x401234);
    CHECK_INT(event(0)->n_pcs, 2);
}

static void test_other_process(void)
{
    reset();
    host_pid_tgid = (uint64_t)99 << 32 | 99;
    host_cookie = COOKIE(0, 1, MAP_ARG_BX, KEY_ARG_U64, 0, 1, 1, 0);
    on_call(&g1.regs);
    on_entry(&g1.regs);
    on_return(&g1.regs);
    CHECK_INT(host_n_events, 0);
    CHECK_INT(count->hits_call, 0);
}

static void test_hold_ends_by_the_clock(void)
{
    reset();
    uint64_t start = host_now;
    on_call(&g1.regs);
    CHECK_INT(host_n_events, 2);
    CHECK_INT(event(0)->kind, EVENT_HOLD);
    CHECK_INT(event(1)->kind, EVENT_HOLD_END);
    CHECK_INT(event(1)->fn, HOLD_END_CLOCK);
    CHECK(event(1)->key_value >= 1000000 && event(1)->key_value < 1010000);
    CHECK(host_now - start >= 1000000);
    CHECK_INT(cand->holds, 1);
    CHECK_INT(cand->arrivals, 0);
    CHECK_INT(hold_taken, 0);
    CHECK_INT(hold_end, 0);
    // The pause after it: none at once.
    on_call(&g1.regs);
    CHECK_INT(cand->holds, 1);
}

static uint64_t arrive_at;
static bool arrived;

static void second_arrives(void)
{
    if (arrived || !hold_end || host_now < arrive_at) return;
    arrived = true;
    on_call(&g2.regs);
}

static void test_arrival_postpones(void)
{
    reset();
    arrived = false;
    arrive_at = host_now + 990000; // 10 µs before the end
    host_on_tick = second_arrives;
    on_call(&g1.regs);
    CHECK(arrived);
    CHECK_INT(cand->arrivals, 1);
    CHECK_INT(host_n_events, 3);
    CHECK_INT(event(1)->kind, EVENT_ARRIVAL);
    CHECK_INT(event(1)->hold, event(0)->hold);
    CHECK_INT(event(1)->goid, 34);
    // Not ended because of it: at least 100 µs go by after the arrival.
    CHECK(event(2)->key_value >= 990000 + POSTPONE_NS - 10000);
    CHECK_INT(event(2)->fn, HOLD_END_CLOCK);
}

static void test_arrival_behind_the_hold(void)
{
    reset();
    on_call(&g1.regs); // held, and not yet at the callee's entry
    CHECK_INT(host_n_events, 2);
    on_call(&g2.regs);
    CHECK_INT(host_n_events, 3);
    CHECK_INT(event(2)->kind, EVENT_LATE);
    CHECK_INT(event(2)->hold, event(0)->hold);
    on_entry(&g1.regs);
    CHECK_INT(event(3)->kind, EVENT_ENTERED);
    CHECK_INT(event(3)->hold, event(0)->hold);
    // From here on it is no longer before its access.
    size_t n = host_n_events;
    cand->hold_ns = 0;
    cand->owner = 0;
    on_call(&g2.regs);
    CHECK_INT(host_n_events, n);
}

static void test_missed_entry_proves_nothing(void)
{
    reset();
    on_call(&g1.regs);
    cand->hold_ns = 0;
    on_call(&g1.regs); // the same one again: its entry was not seen
    on_call(&g2.regs);
    CHECK_INT(host_n_events, 2);

    reset();
    on_call(&g1.regs);
    on_call(&g2.regs);
    g1.stack[0] = 0x400777; // its next entry is by another call, so that of the held one was missed
    on_entry(&g1.regs);
    for (size_t i = 0; i < host_n_events; i++) CHECK(event(i)->kind != EVENT_ENTERED);
    CHECK_INT(cand->leaving, 0);
}

static void test_arrival_too_late_is_none(void)
{
    reset();
    arrived = false;
    cand->hold_ns = HOLD_HARD_NS; // cut to what leaves room for a postponement
    arrive_at = host_now + HOLD_HARD_NS - POSTPONE_NS - 200;
    host_on_tick = second_arrives;
    on_call(&g1.regs);
    CHECK(event(host_n_events - 1)->key_value <= HOLD_HARD_NS + 1000);
}

static void test_own_access_is_no_arrival(void)
{
    reset();
    arrived = false;
    arrive_at = 0;
    host_on_tick = second_arrives;
    g2.regs.r14 = g1.regs.r14;
    on_call(&g1.regs);
    CHECK(arrived);
    CHECK_INT(cand->arrivals, 0);
}

static void stop_the_world(void)
{
    if (hold_end && !arrived) {
        arrived = true;
        on_stop(&g2.regs);
    }
}

static void ask_preempt(void)
{
    uint64_t v = STACK_PREEMPT;
    if (hold_end) memcpy((char *)g1.words + G_GUARD, &v, 8);
}

static void ask_let_go(void)
{
    if (hold_end) ctl_let_go = 1;
}

static void abort_elsewhere(void)
{
    if (hold_end && !arrived) {
        arrived = true;
        on_fatal(&g2.regs);
    }
}

static void test_let_go(void)
{
    static const struct {
        void (*tick)(void);
        int reason;
    } cases[] = { { stop_the_world, HOLD_END_STW },
                  { ask_preempt, HOLD_END_PREEMPT },
                  { ask_let_go, HOLD_END_LET_GO },
                  { abort_elsewhere, HOLD_END_FATAL } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        reset();
        arrived = false;
        host_on_tick = cases[i].tick;
        on_call(&g1.regs);
        const struct event *last = event(host_n_events - 1);
        CHECK_INT(last->kind, EVENT_HOLD_END);
        CHECK_INT(last->fn, cases[i].reason);
        CHECK(last->key_value < 100000);
        CHECK_INT(hold_end, 0);
        CHECK_INT(hold_taken, 0);
    }
}

static void test_no_hold(void)
{
    uint64_t preempt = STACK_PREEMPT, g = (uintptr_t)g1.words;
    uint32_t one = 1;
    struct {
        void *at;
        const void *value;
        size_t n;
    } cases[] = {
        { (char *)g1.words + G_GUARD, &preempt, 8 },
        { (char *)g1.words + G_STOP, &one, 1 },
        { (char *)g1.m + M_LOCKS, &one, 4 },
        { (char *)g1.m + M_MALLOCING, &one, 4 },
        { (char *)g1.m + M_G0, &g, 8 },
        { &barrier_word, &one, 4 },
        { (void *)(uintptr_t)&hold_taken, &one, 4 },
        { (void *)(uintptr_t)&ctl_let_go, &one, 4 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        reset();
        memcpy(cases[i].at, cases[i].value, cases[i].n);
        on_call(&g1.regs);
        CHECK_INT(cand->holds, 0);
    }
    reset();
    cand->guard = 0; // never without the guard
    on_call(&g1.regs);
    CHECK_INT(cand->holds, 0);
    reset();
    site0->hold_ok = 0;
    on_call(&g1.regs);
    CHECK_INT(cand->holds, 0);
    reset();
    cand->done[0] = 0;
    cand->n_done = 1; // this site's pair is proven
    on_call(&g1.regs);
    CHECK_INT(cand->holds, 0);
    reset();
    ctl_hold_budget_ns = 10;
    held_total_ns = 10;
    on_call(&g1.regs);
    CHECK_INT(cand->holds, 0);
    reset();
    on_call(&g1.regs);
    CHECK_INT(cand->holds, 1);
}

static uint32_t return_site = 0;

static void know_return(uint64_t addr, uint32_t value)
{
    host_put(&returns, addr, &value, sizeof(value));
}

static void test_guard(void)
{
    reset();
    know_return(0x400100, return_site);
    on_entry(&g1.regs);
    CHECK(cand->owner == g1.regs.r14);
    // The second waits until the limit, then goes in; the owner has not changed.
    uint64_t before = host_now;
    host_step = 1000;
    on_entry(&g2.regs);
    host_step = 50;
    CHECK(host_now - before >= GUARD_LIMIT_NS);
    CHECK_INT(cand->over, 1);
    CHECK(cand->owner == g1.regs.r14);
    CHECK(cand->inside_unknown > host_now);
    on_return(&g2.regs);
    CHECK(cand->owner == g1.regs.r14);
    on_return(&g1.regs);
    CHECK_INT(cand->owner, 0);
    on_entry(&g2.regs);
    CHECK(cand->owner == g2.regs.r14);
}

static void first_returns(void)
{
    if (!arrived && host_now > arrive_at) {
        arrived = true;
        on_return(&g1.regs);
    }
}

static void test_guard_hands_over(void)
{
    reset();
    know_return(0x400100, return_site);
    on_entry(&g1.regs);
    arrived = false;
    arrive_at = host_now + 30000;
    host_on_tick = first_returns;
    on_entry(&g2.regs);
    CHECK(cand->owner == g2.regs.r14);
    CHECK_INT(cand->over, 0);
    CHECK_INT(cand->waited, 1);
    CHECK(cand->waited_ns >= 30000);
}

static void test_guard_unknown_call(void)
{
    reset();
    ctl_accesses = 1;
    on_entry(&g1.regs); // its return address is in no table: it waits its turn but owns nothing
    CHECK_INT(cand->owner, 0);
    CHECK(cand->inside_unknown > host_now);
    CHECK_INT(host_n_events, 1);
    CHECK_INT(event(0)->kind, EVENT_ACCESS);
    CHECK_INT(event(0)->site, NO_SITE);
}

static void test_guard_through_wrapper(void)
{
    reset();
    ctl_accesses = 1;
    know_return(0x400100, RETURN_IN_WRAPPER);
    know_return(0x401234, return_site);
    on_entry(&g1.regs);
    CHECK(cand->owner == g1.regs.r14);
    CHECK_INT(host_n_events, 0); // the wrapper's own probe has told of it
}

static void test_stack_check_fails(void)
{
    reset();
    know_return(0x400100, return_site);
    host_cookie = COOKIE(0, 1, MAP_ARG_BX, KEY_ARG_U64, 1, 1, 0, 0);
    g1.regs.eflags = 1; // CF: the branch to morestack will be taken
    on_entry(&g1.regs);
    CHECK_INT(cand->owner, 0);
    g1.regs.eflags = 0;
    on_entry(&g1.regs);
    CHECK(cand->owner == g1.regs.r14);
}

static void test_inside(void)
{
    reset();
    know_return(0x400100, return_site);
    cand->hold_ns = 0;
    ctl_accesses = 1;
    on_call(&g1.regs); // told of
    on_entry(&g1.regs);
    cand->emit_mask = ~0ull;
    on_call(&g2.regs);
    CHECK_INT(host_n_events, 1); // the flag is not set
    ((char *)the_map)[8] = 4;
    on_call(&g2.regs);
    CHECK_INT(host_n_events, 2);
    CHECK_INT(event(0)->kind, EVENT_ACCESS);
    CHECK_INT(event(1)->kind, EVENT_INSIDE);
    CHECK(event(1)->hold == g1.regs.r14);
    cand->inside_unknown = UINT64_MAX; // somebody who takes no part may have set it
    on_call(&g2.regs);
    CHECK_INT(host_n_events, 2);
}

// One call is one access, held or not.
static void test_told_once(void)
{
    reset();
    ctl_accesses = 1;
    on_call(&g1.regs);
    CHECK_INT(host_n_events, 2);
    CHECK_INT(event(0)->kind, EVENT_HOLD);
    CHECK_INT(event(1)->kind, EVENT_HOLD_END);
    on_call(&g1.regs); // in the pause
    CHECK_INT(host_n_events, 3);
    CHECK_INT(event(2)->kind, EVENT_ACCESS);
}

// The access by which it is inside was not told of; the one before it, elsewhere, was.
static void test_inside_by_another_access(void)
{
    reset();
    know_return(0x400100, return_site);
    cand->hold_ns = 0;
    ctl_accesses = 1;
    on_call(&g1.regs);
    CHECK_INT(host_n_events, 1);
    on_entry(&g1.regs);
    on_return(&g1.regs);
    cand->emit_mask = ~0ull;
    on_call(&g1.regs);
    CHECK_INT(host_n_events, 1);
    on_entry(&g1.regs);
    ((char *)the_map)[8] = 4;
    on_call(&g2.regs);
    CHECK_INT(host_n_events, 1);
}

static void test_own_stack(void)
{
    reset();
    host_cookie = COOKIE(0, 1, MAP_ARG_BX, KEY_ARG_U64, 0, 1, 1, 0);
    g1.regs.rbx = (uintptr_t)other_map;
    uint64_t bounds[2] = { (uintptr_t)other_map, (uintptr_t)other_map + 64 };
    memcpy(g1.words, bounds, sizeof(bounds));
    on_entry(&g1.regs);
    CHECK_INT(host_n_events, 0);
    CHECK_INT(count->on_stack, 1);
}

static void test_drops_are_counted(void)
{
    reset();
    host_event_limit = 0;
    host_cookie = COOKIE(0, 1, MAP_ARG_BX, KEY_ARG_U64, 0, 1, 1, 0);
    g1.regs.rbx = (uintptr_t)other_map;
    on_entry(&g1.regs);
    CHECK_INT(count->dropped[DROP_RINGBUF], 1);
    host_cookie = COOKIE(0, 5, MAP_ARG_ITER, KEY_ARG_NONE, 0, 0, 0, 0);
    g1.regs.rax = 8; // not mapped
    on_entry(&g1.regs);
    CHECK_INT(count->dropped[DROP_UNREADABLE], 1);
}

int main(void)
{
    static const struct test_case tests[] = {
        TEST(test_not_a_candidate),
        TEST(test_other_process),
        TEST(test_hold_ends_by_the_clock),
        TEST(test_arrival_postpones),
        TEST(test_arrival_behind_the_hold),
        TEST(test_missed_entry_proves_nothing),
        TEST(test_arrival_too_late_is_none),
        TEST(test_own_access_is_no_arrival),
        TEST(test_let_go),
        TEST(test_no_hold),
        TEST(test_guard),
        TEST(test_guard_hands_over),
        TEST(test_guard_unknown_call),
        TEST(test_guard_through_wrapper),
        TEST(test_stack_check_fails),
        TEST(test_inside),
        TEST(test_told_once),
        TEST(test_inside_by_another_access),
        TEST(test_own_stack),
        TEST(test_drops_are_counted),
    };
    target_tgid = 77;
    off_g_m = G_M;
    off_g_goid = G_GOID;
    off_g_gopc = G_GOPC;
    off_g_preempt_stop = G_STOP;
    off_g_stack_lo = G_STACK_LO;
    off_m_g0 = M_G0;
    off_m_locks = M_LOCKS;
    off_m_mallocing = M_MALLOCING;
    off_map_flag = 8;
    map_flag_mask = 4;
    off_map_seed = 12;
    map_seed_bytes = 4;
    addr_write_barrier = (uintptr_t)&barrier_word;
    return test_run(tests, sizeof(tests) / sizeof(tests[0]));
}

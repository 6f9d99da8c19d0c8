// SPDX-License-Identifier: Apache-2.0
#include "sources/probes.h"

#include "base/clock.h"
#include "base/vec.h"
#include "locate.skel.h"
#include "sources/uprobe_keeper.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    POLL_EVENTS_MAX = 65536,
    QUIET_NS = 2000000000, // a held thread that finds no CPU takes its time to see that it may go
};

struct probes {
    struct locate_bpf *skel;
    struct ring_buffer *ring;
    pid_t pid;
    struct uprobe_how how;
    char why_single[128]; // "" while uprobe_multi is used
    struct uprobe_keeper *keeper;
    size_t points[PROBE_PROGRAMS];
    VEC(struct bpf_link *) samplers;
    struct candidate *candidates;
    struct site *sites;
    size_t candidates_bytes, sites_bytes;
    int stats_fd; // keeps the kernel's run-time statistics on
    void (*fn)(void *arg, const struct event *e);
    void *arg;
    size_t polled;
};

static char libbpf_said[1024];

static int keep_message(enum libbpf_print_level level, const char *fmt, va_list ap)
{
    // The first warning names the cause; what follows are its consequences.
    if (level == LIBBPF_WARN && !libbpf_said[0]) {
        vsnprintf(libbpf_said, sizeof(libbpf_said), fmt, ap);
        libbpf_said[strcspn(libbpf_said, "\n")] = 0;
    }
    return 0;
}

static struct err *load_error(int sys)
{
    struct err *e = err_sys(ERR_CANNOT, sys, "the BPF programs could not be loaded%s%s",
                            libbpf_said[0] ? ": " : "", libbpf_said);
    if (sys == EPERM || sys == EACCES)
        return err_advise(e, "run as root (or with CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE); "
                             "maptrap doctor says what is missing");
    return err_advise(e, "maptrap doctor says what this kernel lacks");
}

static struct bpf_program *program(const struct probes *p, enum probe_program which)
{
    struct bpf_program *programs[PROBE_PROGRAMS] = {
        [PROBE_CALL] = p->skel->progs.on_call,     [PROBE_ENTRY] = p->skel->progs.on_entry,
        [PROBE_RETURN] = p->skel->progs.on_return, [PROBE_STOP] = p->skel->progs.on_stop,
        [PROBE_FATAL] = p->skel->progs.on_fatal,
    };
    return programs[which];
}

// ---- Ourselves, probed ----

// The function that calibration probes: its first instruction is emulated by the kernel, the third
// (lea) is not. It must not be inlined or optimised.
__attribute__((naked, noinline, used)) static void calibration_target(void)
{
    __asm__ volatile("push %rbp\n\t"
                     "mov %rsp, %rbp\n\t"
                     "lea 0(%rax), %rax\n\t"
                     "pop %rbp\n\t"
                     "ret\n\t");
}

// File offset of an address of our own text.
static uint64_t own_offset(const void *addr)
{
    _cleanup_fclose_ FILE *f = fopen("/proc/self/maps", "re");
    unsigned long long start, end, offset;
    char line[1024];
    while (f && fgets(line, sizeof(line), f))
        if (sscanf(line, "%llx-%llx %*s %llx", &start, &end, &offset) == 3 &&
            (uintptr_t)addr >= start && (uintptr_t)addr < end)
            return (uintptr_t)addr - start + offset;
    return 0;
}

static void (*volatile call_calibration_target)(void) = calibration_target;

static void *call_in_thread(void *arg)
{
    call_calibration_target();
    return arg;
}

static uint64_t calibrations(const struct probes *p)
{
    int cpus = libbpf_num_possible_cpus();
    struct counters *c = mem_zalloc((size_t)(cpus > 0 ? cpus : 1) * sizeof(*c));
    __u32 zero = 0;
    uint64_t n = 0;
    if (!bpf_map_lookup_elem(bpf_map__fd(p->skel->maps.counts), &zero, c))
        for (int i = 0; i < cpus; i++) n += c[i].calibrations;
    free(c);
    return n;
}

// Does uprobe_multi see every thread of a process? Kernels before 6.6 do not have it, and the pid
// filter of those before 6.10 drops all threads but the first: a call from each of two threads.
static bool multi_works(struct probes *p)
{
    static const struct uprobe_how multi = { .multi = true };
    struct probe_point point = { .offset = own_offset((const void *)calibration_target) };
    struct uprobe_links link = { 0 };
    _cleanup_err_ struct err *e =
        uprobe_attach(&multi, bpf_program__fd(p->skel->progs.on_calibrate), getpid(),
                      "/proc/self/exe", &point, 1, &link);
    if (e) {
        snprintf(p->why_single, sizeof(p->why_single), "this kernel has no uprobe_multi");
        return false;
    }
    uint64_t before = calibrations(p);
    pthread_t other;
    call_calibration_target();
    bool started = pthread_create(&other, NULL, call_in_thread, NULL) == 0;
    if (started) pthread_join(other, NULL);
    bool both = started && calibrations(p) == before + 2;
    uprobe_links_deinit(&link);
    if (!both)
        snprintf(p->why_single, sizeof(p->why_single),
                 "uprobe_multi of this kernel does not see all threads");
    return both;
}

// ---- Opening ----

static void set_config(struct locate_bpf *s, const struct probes_config *c)
{
    s->rodata->target_tgid = (uint32_t)c->pid;
    s->rodata->off_g_m = c->g_m;
    s->rodata->off_g_goid = c->g_goid;
    s->rodata->off_g_parent = c->g_parent;
    s->rodata->off_g_gopc = c->g_gopc;
    s->rodata->off_g_preempt_stop = c->g_preempt_stop;
    s->rodata->off_g_stack_lo = c->g_stack_lo;
    s->rodata->off_m_g0 = c->m_g0;
    s->rodata->off_m_locks = c->m_locks;
    s->rodata->off_m_mallocing = c->m_mallocing;
    s->rodata->off_map_flag = c->map_flag;
    s->rodata->map_flag_mask = c->map_flag_mask;
    s->rodata->off_map_seed = c->map_seed;
    s->rodata->map_seed_bytes = c->map_seed_bytes;
    s->rodata->off_iter_map = c->iter_map;
    s->rodata->addr_write_barrier = c->write_barrier;
    s->rodata->unguarded_holds = c->unguarded_holds;
}

static int on_event(void *ctx, void *data, size_t size)
{
    struct probes *p = ctx;
    if (size < sizeof(struct event)) return 0;
    p->fn(p->arg, data);
    return ++p->polled >= POLL_EVENTS_MAX ? -EAGAIN : 0; // a chance to look at the clock
}

static void *map_array(struct bpf_map *m, size_t value, size_t n, size_t *ret_bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    *ret_bytes = (value * n + page - 1) / page * page;
    void *p = mmap(NULL, *ret_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(m), 0);
    return p == MAP_FAILED ? NULL : p;
}

// A program is loaded for the one way of attaching or for the other.
static void set_attach_type(struct locate_bpf *skel, bool multi)
{
    struct bpf_program *prog;
    bpf_object__for_each_program(prog, skel->obj)
    {
        if ((int)bpf_program__expected_attach_type(prog) == UPROBE_MULTI_ATTACH_TYPE && !multi)
            bpf_program__set_expected_attach_type(prog, 0);
    }
}

static struct err *load(struct probes *p, const struct probes_config *config)
{
    libbpf_said[0] = 0;
    p->skel = locate_bpf__open();
    if (!p->skel) return err_new(ERR_CANNOT, "the BPF object could not be opened: %s", libbpf_said);
    set_config(p->skel, config);
    set_attach_type(p->skel, p->how.multi);
    int rc = locate_bpf__load(p->skel);
    return rc ? load_error(-rc) : NULL;
}

static struct err *map_tables(struct probes *p)
{
    p->candidates = map_array(p->skel->maps.candidates, sizeof(struct candidate), CANDIDATES_MAX,
                              &p->candidates_bytes);
    p->sites = map_array(p->skel->maps.sites, sizeof(struct site), SITES_MAX, &p->sites_bytes);
    p->ring = ring_buffer__new(bpf_map__fd(p->skel->maps.events), on_event, p, NULL);
    if (p->candidates && p->sites && p->ring) return NULL;
    return err_sys(ERR_CANNOT, errno, "the BPF tables could not be mapped");
}

// In the keeper, when we are gone: no link is taken off under a hold.
static void orphaned(void *arg)
{
    probes_quiet(arg);
}

static struct err *start_keeper(struct probes *p)
{
    int programs[PROBE_PROGRAMS];
    for (int i = 0; i < PROBE_PROGRAMS; i++) programs[i] = bpf_program__fd(program(p, i));
    struct uprobe_keeper_config config = { .how = p->how,
                                           .pid = p->pid,
                                           .programs = programs,
                                           .programs_n = PROBE_PROGRAMS,
                                           .orphaned = orphaned,
                                           .arg = p };
    return uprobe_keeper_start(&config, &p->keeper);
}

// Loads for uprobe_multi where the self-test lets it, else again for single uprobes.
static struct err *open_into(struct probes *p, const struct probes_config *config)
{
    p->how.multi = !config->single;
    if (config->single) snprintf(p->why_single, sizeof(p->why_single), "asked for");
    ERR_TRY(load(p, config));
    if (p->how.multi && !multi_works(p)) {
        locate_bpf__destroy(p->skel);
        p->skel = NULL;
        p->how.multi = false;
        ERR_TRY(load(p, config));
    }
    if (!p->how.multi) ERR_TRY(uprobe_find_type(&p->how));
    ERR_TRY(start_keeper(p));
    return map_tables(p);
}

struct err *probes_open(const struct probes_config *config, struct probes **ret)
{
    libbpf_set_print(keep_message);
    struct probes *p = mem_zalloc(sizeof(*p));
    p->pid = config->pid;
    p->stats_fd = -1;
    struct err *e = open_into(p, config);
    if (e) {
        probes_close(p);
        return e;
    }
    p->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
    *ret = p;
    return NULL;
}

void probes_close(struct probes *p)
{
    if (!p) return;
    if (p->skel && p->skel->bss) probes_quiet(p);
    probes_stop_sampling(p);
    uprobe_keeper_stop(p->keeper);
    vec_deinit(&p->samplers);
    if (p->ring) ring_buffer__free(p->ring);
    if (p->candidates) munmap(p->candidates, p->candidates_bytes);
    if (p->sites) munmap(p->sites, p->sites_bytes);
    if (p->stats_fd >= 0) close(p->stats_fd);
    locate_bpf__destroy(p->skel);
    free(p);
}

struct err *probes_attach(struct probes *p, enum probe_program which,
                          const struct probe_point *points, size_t n)
{
    ERR_TRY(uprobe_keeper_attach(p->keeper, which, points, n));
    p->points[which] += n;
    return NULL;
}

void probes_detach(struct probes *p, enum probe_program which)
{
    uprobe_keeper_detach(p->keeper, which);
    p->points[which] = 0;
}

size_t probes_room(const struct probes *p)
{
    if (p->how.multi) return SIZE_MAX;
    size_t used = 0;
    for (int i = 0; i < PROBE_PROGRAMS; i++) used += p->points[i];
    return PROBES_SINGLE_MAX - used;
}

size_t probes_attached(const struct probes *p, enum probe_program which)
{
    return p->points[which];
}

struct err *probes_start_sampling(struct probes *p, unsigned hz)
{
    struct perf_event_attr attr = { .size = sizeof(attr),
                                    .type = PERF_TYPE_SOFTWARE,
                                    .config = PERF_COUNT_SW_CPU_CLOCK,
                                    .freq = 1,
                                    .sample_freq = hz,
                                    .exclude_kernel = 1 };
    long cpus = sysconf(_SC_NPROCESSORS_CONF);
    for (int cpu = 0; cpu < cpus; cpu++) {
        int fd = (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
        if (fd < 0 && errno == ENODEV) continue; // that CPU is off
        if (fd < 0) return err_sys(ERR_CANNOT, errno, "the CPU sampler could not be opened");
        struct bpf_link *link = bpf_program__attach_perf_event(p->skel->progs.on_sample, fd);
        if (!link) {
            int sys = errno;
            close(fd);
            return err_sys(ERR_CANNOT, sys, "the CPU sampler could not be attached");
        }
        vec_push(&p->samplers, link);
    }
    return NULL;
}

void probes_stop_sampling(struct probes *p)
{
    for (size_t i = 0; i < p->samplers.n; i++) bpf_link__destroy(p->samplers.p[i]);
    vec_clear(&p->samplers);
}

struct err *probes_poll(struct probes *p, int wait_ms, void (*fn)(void *arg, const struct event *e),
                        void *arg)
{
    p->fn = fn;
    p->arg = arg;
    p->polled = 0;
    if (wait_ms) usleep((useconds_t)wait_ms * 1000); // no wake-ups: they cost the target time
    int rc = ring_buffer__consume(p->ring);
    if (rc < 0 && rc != -EINTR && rc != -EAGAIN)
        return err_sys(ERR_CANNOT, -rc, "reading events failed");
    return uprobe_keeper_check(p->keeper);
}

struct candidate *probes_candidates(struct probes *p)
{
    return p->candidates;
}

struct site *probes_sites(struct probes *p)
{
    return p->sites;
}

struct err *probes_set_candidate(struct probes *p, uint64_t map, uint32_t index)
{
    __u64 key = map;
    __u32 value = index;
    if (bpf_map_update_elem(bpf_map__fd(p->skel->maps.candidate_of), &key, &value, BPF_ANY))
        return err_sys(ERR_CANNOT, errno, "the table of candidates is full");
    return NULL;
}

void probes_drop_candidate(struct probes *p, uint64_t map)
{
    __u64 key = map;
    bpf_map_delete_elem(bpf_map__fd(p->skel->maps.candidate_of), &key);
}

struct err *probes_set_return(struct probes *p, uint64_t addr, uint32_t site)
{
    __u64 key = addr;
    __u32 value = site;
    if (bpf_map_update_elem(bpf_map__fd(p->skel->maps.returns), &key, &value, BPF_ANY))
        return err_sys(ERR_CANNOT, errno, "the table of call sites is full");
    return NULL;
}

void probes_clear_returns(struct probes *p)
{
    int fd = bpf_map__fd(p->skel->maps.returns);
    __u64 key;
    while (bpf_map_get_next_key(fd, NULL, &key) == 0)
        if (bpf_map_delete_elem(fd, &key)) break;
}

void probes_set_accesses(struct probes *p, bool on)
{
    p->skel->bss->ctl_accesses = on;
}

void probes_set_holds(struct probes *p, bool on, uint64_t gap_factor, uint64_t total_ns)
{
    p->skel->bss->ctl_gap_factor = gap_factor;
    p->skel->bss->ctl_hold_budget_ns = total_ns;
    if (on) p->skel->bss->ctl_let_go = 0;
    p->skel->bss->ctl_holds = on;
}

bool probes_holding(const struct probes *p)
{
    return p->skel->bss->hold_taken != 0;
}

void probes_quiet(struct probes *p)
{
    p->skel->bss->ctl_holds = 0;
    p->skel->bss->ctl_let_go = 1;
    uint64_t until = clock_now_ns() + QUIET_NS;
    while (probes_holding(p) && clock_now_ns() < until) usleep(50);
}

uint64_t probes_last_hold_ns(const struct probes *p)
{
    return p->skel->bss->hold_last;
}

void probes_settle(const struct probes *p, uint64_t ns)
{
    while (p->skel->bss->hold_last && clock_now_ns() < p->skel->bss->hold_last + ns) usleep(1000);
}

static void add_program_stats(struct bpf_program *prog, struct probes_totals *t)
{
    struct bpf_prog_info info = { 0 };
    __u32 size = sizeof(info);
    if (bpf_prog_get_info_by_fd(bpf_program__fd(prog), &info, &size)) return;
    t->bpf_ns += info.run_time_ns;
    t->bpf_runs += info.run_cnt;
}

void probes_totals(const struct probes *p, struct probes_totals *ret)
{
    struct probes_totals t = { 0 };
    int cpus = libbpf_num_possible_cpus();
    if (cpus < 1) cpus = 1;
    struct counters *c = mem_zalloc((size_t)cpus * sizeof(*c));
    __u32 zero = 0;
    if (!bpf_map_lookup_elem(bpf_map__fd(p->skel->maps.counts), &zero, c))
        for (int i = 0; i < cpus; i++) {
            t.hits_entry += c[i].hits_entry;
            t.hits_call += c[i].hits_call;
            t.hits_return += c[i].hits_return;
            t.hits_other += c[i].hits_other;
            t.samples += c[i].samples;
            for (int k = 0; k < FUNCTIONS_MAX; k++) t.hits_function[k] += c[i].hits_function[k];
            t.on_stack += c[i].on_stack;
            for (int k = 0; k < DROP_KINDS; k++) t.dropped[k] += c[i].dropped[k];
        }
    free(c);
    t.holds = p->skel->bss->holds_total;
    t.held_ns = p->skel->bss->held_total_ns;
    t.stops = p->skel->bss->stw_count;
    t.fatals = p->skel->bss->fatal_count;
    for (int k = 0; k < HOLD_END_REASONS; k++) t.hold_ends[k] = p->skel->bss->hold_ends[k];
    for (int i = 0; i < PROBE_PROGRAMS; i++) add_program_stats(program(p, i), &t);
    *ret = t;
}

static double calls_ns(int n)
{
    uint64_t t = clock_now_ns();
    for (int i = 0; i < n; i++) call_calibration_target();
    return (double)(clock_now_ns() - t) / n;
}

static struct err *cost_at(struct probes *p, uint64_t offset, double *ret)
{
    enum { CALLS = 100, ROUNDS = 25 }; // short ones: some are not interrupted
    struct probe_point point = { .offset = offset };
    struct uprobe_links link = { 0 };
    double plain = calls_ns(CALLS), best = 0;
    ERR_TRY(uprobe_attach(&p->how, bpf_program__fd(p->skel->progs.on_calibrate), getpid(),
                          "/proc/self/exe", &point, 1, &link));
    for (int i = 0; i < ROUNDS; i++) {
        double ns = calls_ns(CALLS) - plain;
        if (i == 0 || ns < best) best = ns;
    }
    uprobe_links_deinit(&link);
    *ret = best;
    return NULL;
}

struct err *probes_calibrate(struct probes *p, double *ret_emulated_ns, double *ret_stepped_ns,
                             double *ret_program_ns)
{
    uint64_t at = own_offset((const void *)calibration_target);
    if (!at) return err_new(ERR_CANNOT, "our own text was not found in /proc/self/maps");
    ERR_TRY(cost_at(p, at, ret_emulated_ns));
    ERR_TRY(cost_at(p, at + 4, ret_stepped_ns));
    struct probes_totals t = { 0 };
    add_program_stats(p->skel->progs.on_calibrate, &t);
    *ret_program_ns = t.bpf_runs ? (double)t.bpf_ns / (double)t.bpf_runs : 0;
    return NULL;
}

const char *probes_why_single(const struct probes *p)
{
    return p->how.multi ? NULL : p->why_single;
}

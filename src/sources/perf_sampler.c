// SPDX-License-Identifier: Apache-2.0
#include "sources/perf_sampler.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

enum {
    RING_PAGES = 64,   // of each CPU, 256 KiB
    MAX_EVENTS = 8192, // threads × CPUs; beyond it the whole host is sampled and filtered
    MAX_RECORD = 65536,
#if defined(__x86_64__)
    REG_G = 22, // PERF_REG_X86_R14
#else
    REG_G = 28, // x28, Go's g on arm64
#endif
};

struct ring {
    int fd; // the event whose ring it is
    struct perf_event_mmap_page *page;
    bool ended; // its thread has: there is nothing to wait for any more
    uint8_t *data;
    uint64_t size;
};

struct perf_sampler {
    pid_t pid;
    bool kernel; // samples taken in the kernel are counted
    uint64_t lost;
    VEC(int) events;
    VEC(struct ring) rings; // one a CPU
    uint8_t record[MAX_RECORD];
};

static void set_attr(struct perf_event_attr *a, unsigned hz, bool kernel)
{
    *a = (struct perf_event_attr) {
        .size = sizeof(*a),
        .type = PERF_TYPE_SOFTWARE,
        .config = PERF_COUNT_SW_CPU_CLOCK,
        .freq = 1,
        .sample_freq = hz,
        .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CALLCHAIN |
                       PERF_SAMPLE_REGS_USER,
        .sample_regs_user = 1ull << REG_G,
        .disabled = 1,
        .inherit = 1,
        .exclude_kernel = !kernel,
        .exclude_callchain_kernel = 1,
        .exclude_hv = 1,
        .use_clockid = 1,
        .clockid = CLOCK_MONOTONIC,
        .wakeup_events = 1,
    };
}

static int open_event(const struct perf_event_attr *a, pid_t tid, int cpu)
{
    return (int)syscall(SYS_perf_event_open, a, tid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static struct err *map_ring(struct perf_sampler *s, int fd)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *p = mmap(NULL, (RING_PAGES + 1) * page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return err_advise(err_sys(ERR_CANNOT, errno, "the sampler's buffer"),
                          "raise kernel.perf_event_mlock_kb, or run as root");
    vec_push(&s->rings, (struct ring) { fd, p, false, (uint8_t *)p + page, RING_PAGES * page });
    return NULL;
}

static struct err *refused(int code, pid_t pid)
{
    struct err *e = err_sys(ERR_CANNOT, code, "sampling process %d", (int)pid);
    if (code == EACCES || code == EPERM)
        return err_advise(e, "run as root or with CAP_PERFMON, or set kernel.perf_event_paranoid "
                             "to 1 for processes of your own");
    if (code == EMFILE) return err_advise(e, "raise the limit of open files (ulimit -n)");
    return e;
}

static void list_threads(pid_t pid, int *ret_n, pid_t *ret, int cap)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    *ret_n = 0;
    DIR *dir = opendir(path);
    if (!dir) return;
    for (struct dirent *d; *ret_n < cap && (d = readdir(dir));)
        if (d->d_name[0] != '.') ret[(*ret_n)++] = (pid_t)strtol(d->d_name, NULL, 10);
    closedir(dir);
}

// One event for each thread there is on each CPU (a buffer can be shared by a CPU's events only);
// threads made later inherit theirs. -1 and errno where the kernel refuses.
static int open_all(struct perf_sampler *s, const struct perf_event_attr *a, const pid_t *tids,
                    int n_tids, long cpus, struct err **e)
{
    for (long cpu = 0; cpu < cpus; cpu++) {
        int ring = -1;
        for (int i = 0; i < n_tids; i++) {
            int fd = open_event(a, tids[i], (int)cpu);
            if (fd < 0 && (errno == ESRCH || errno == ENODEV)) continue; // ended; CPU is off
            if (fd < 0) return -1;
            vec_push(&s->events, fd);
            if (ring < 0) {
                *e = map_ring(s, fd);
                if (*e) return 0;
                ring = fd;
            } else if (ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, ring) != 0) {
                return -1;
            }
        }
    }
    if (s->rings.n == 0) errno = ESRCH;
    return s->rings.n ? 0 : -1;
}

static void close_all(struct perf_sampler *s)
{
    for (size_t i = 0; i < s->rings.n; i++) {
        const size_t page = (size_t)sysconf(_SC_PAGESIZE);
        munmap(s->rings.p[i].page, (RING_PAGES + 1) * page);
    }
    for (size_t i = 0; i < s->events.n; i++) close(s->events.p[i]);
    vec_clear(&s->rings);
    vec_clear(&s->events);
}

struct err *perf_sampler_open(pid_t pid, unsigned hz, struct perf_sampler **ret)
{
    enum { MAX_THREADS = 4096 };
    if (hz == 0 || hz > PERF_SAMPLER_MAX_HZ) hz = PERF_SAMPLER_MAX_HZ;
    _cleanup_free_ pid_t *tids = mem_realloc_array(NULL, MAX_THREADS, sizeof(*tids));
    int n_tids;
    list_threads(pid, &n_tids, tids, MAX_THREADS);
    if (n_tids == 0) return err_new(ERR_CANNOT, "there is no process %d", (int)pid);
    long cpus = sysconf(_SC_NPROCESSORS_CONF);
    if (n_tids * cpus > MAX_EVENTS) { // every process, filtered by whose it is
        tids[0] = -1;
        n_tids = 1;
    }
    struct perf_sampler *s = mem_zalloc(sizeof(*s));
    s->pid = pid;
    struct err *e = NULL;
    int code = 0;
    for (int kernel = 1; kernel >= 0; kernel--) {
        struct perf_event_attr a;
        set_attr(&a, hz, kernel);
        code = open_all(s, &a, tids, n_tids, cpus, &e) == 0 ? 0 : errno;
        s->kernel = kernel;
        if (code == 0) break;
        close_all(s);
        if (code != EACCES && code != EPERM) break;
    }
    if (code) e = refused(code, pid);
    for (size_t i = 0; !e && i < s->events.n; i++) ioctl(s->events.p[i], PERF_EVENT_IOC_ENABLE, 0);
    if (e) {
        perf_sampler_close(s);
        return e;
    }
    *ret = s;
    return NULL;
}

// The words of a sample record, checked against its end.
struct words {
    const uint8_t *p, *end;
};

static uint64_t word(struct words *w)
{
    uint64_t v = 0;
    if (w->end - w->p < 8) {
        w->p = w->end;
        return 0;
    }
    memcpy(&v, w->p, 8);
    w->p += 8;
    return v;
}

static void parse_sample(const struct perf_sampler *s, struct words w, perf_sampler_fn *fn,
                         void *arg)
{
    struct perf_stack stack = { 0 };
    stack.in_kernel = word(&w) >> 63; // the address where it was hit
    uint64_t ids = word(&w);
    stack.tid = (uint32_t)(ids >> 32);
    stack.time_ns = word(&w);
    uint64_t n = word(&w);
    bool user = false;
    for (uint64_t i = 0; i < n && w.p < w.end; i++) {
        uint64_t ip = word(&w);
        if (ip >= PERF_CONTEXT_MAX) {
            user = ip == PERF_CONTEXT_USER;
        } else if (user && stack.n < PERF_SAMPLER_MAX_FRAMES) {
            stack.ip[stack.n++] = ip;
        }
    }
    if (word(&w) != PERF_SAMPLE_REGS_ABI_NONE) stack.r14 = word(&w);
    if ((uint32_t)ids != (uint32_t)s->pid) return;
    stack.pc = stack.n ? stack.ip[0] : 0;
    fn(&stack, arg);
}

static void drain(struct perf_sampler *s, struct ring *r, perf_sampler_fn *fn, void *arg)
{
    uint64_t head = __atomic_load_n(&r->page->data_head, __ATOMIC_ACQUIRE);
    uint64_t tail = r->page->data_tail;
    while (head - tail >= sizeof(struct perf_event_header)) {
        struct perf_event_header h;
        for (size_t i = 0; i < sizeof(h); i++)
            ((uint8_t *)&h)[i] = r->data[(tail + i) & (r->size - 1)];
        if (h.size < sizeof(h) || h.size > head - tail) break;
        for (size_t i = 0; i < h.size; i++) s->record[i] = r->data[(tail + i) & (r->size - 1)];
        struct words w = { s->record + sizeof(h), s->record + h.size };
        if (h.type == PERF_RECORD_SAMPLE) {
            parse_sample(s, w, fn, arg);
        } else if (h.type == PERF_RECORD_LOST) {
            word(&w);
            s->lost += word(&w);
        }
        tail += h.size;
    }
    __atomic_store_n(&r->page->data_tail, tail, __ATOMIC_RELEASE);
}

struct err *perf_sampler_poll(struct perf_sampler *s, int timeout_ms, perf_sampler_fn *fn,
                              void *arg, bool *ret_ended)
{
    _cleanup_free_ struct pollfd *fds = mem_realloc_array(NULL, s->rings.n, sizeof(*fds));
    for (size_t i = 0; i < s->rings.n; i++)
        fds[i] =
            (struct pollfd) { .fd = s->rings.p[i].ended ? -1 : s->rings.p[i].fd, .events = POLLIN };
    if (poll(fds, s->rings.n, timeout_ms) < 0 && errno != EINTR)
        return err_sys(ERR_CANNOT, errno, "waiting for samples");
    for (size_t i = 0; i < s->rings.n; i++) {
        if (fds[i].revents & POLLHUP) s->rings.p[i].ended = true;
        drain(s, &s->rings.p[i], fn, arg);
    }
    *ret_ended = kill(s->pid, 0) != 0 && errno == ESRCH;
    return NULL;
}

uint64_t perf_sampler_lost(const struct perf_sampler *s)
{
    return s->lost;
}

bool perf_sampler_sees_kernel(const struct perf_sampler *s)
{
    return s->kernel;
}

void perf_sampler_close(struct perf_sampler *s)
{
    if (!s) return;
    close_all(s);
    vec_deinit(&s->rings);
    vec_deinit(&s->events);
    free(s);
}

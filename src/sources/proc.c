// SPDX-License-Identifier: Apache-2.0
#include "sources/proc.h"

#include "base/clock.h"
#include "base/vec.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { SMALL_FILE_BYTES = 64 * 1024 };

// A small file of /proc or /sys as text, cut at size - 1. Empty on failure; returns errno or 0.
static int read_small(const char *path, char *ret, size_t size)
{
    ret[0] = 0;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return errno;
    size_t n = 0;
    while (n < size - 1) {
        ssize_t got = read(fd, ret + n, size - 1 - n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) break;
        n += (size_t)got;
    }
    ret[n] = 0;
    return 0;
}

static bool status_field(const char *status, const char *name, uint64_t *ret)
{
    const char *at = strstr(status, name);
    if (!at) return false;
    *ret = strtoull(at + strlen(name), NULL, 10);
    return true;
}

static double host_uptime_s(void)
{
    char text[64];
    return read_small("/proc/uptime", text, sizeof(text)) ? 0 : strtod(text, NULL);
}

// state, parent and start time stand behind the last ')' of stat: a name may hold anything.
static struct err *parse_stat(const char *stat, struct proc *p)
{
    const char *at = strrchr(stat, ')');
    int parent;
    unsigned long long start;
    if (!at || sscanf(at + 1,
                      " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
                      "%llu",
                      &p->state, &parent, &start) != 3)
        return err_new(ERR_CANNOT, "/proc/%d/stat is not understood", p->pid);
    p->parent = parent;
    p->start_ticks = start;
    return NULL;
}

static struct err *read_exe(struct proc *p)
{
    char path[64];
    proc_exe_path(p->pid, path, sizeof(path));
    ssize_t n = readlink(path, p->exe, sizeof(p->exe) - 1);
    if (n < 0) {
        int sys = errno;
        if (sys == ENOENT)
            return err_new(ERR_CANNOT, "pid %d is a kernel thread, it has no binary", p->pid);
        struct err *e = err_sys(ERR_CANNOT, sys, "pid %d: its binary cannot be opened", p->pid);
        if (sys == EACCES || sys == EPERM)
            return err_advise(e, "%s",
                              geteuid() ? "run maptrap as root"
                                        : "a security module or a namespace forbids it");
        return e;
    }
    p->exe[n] = 0;
    static const char deleted[] = " (deleted)";
    size_t cut = sizeof(deleted) - 1;
    if ((size_t)n > cut && strcmp(p->exe + n - cut, deleted) == 0) {
        p->exe[(size_t)n - cut] = 0;
        p->exe_deleted = true;
    }
    struct stat st;
    if (stat(path, &st) == 0) {
        p->exe_inode = st.st_ino;
        p->exe_device = st.st_dev;
    }
    return NULL;
}

static bool other_pid_ns(pid_t pid)
{
    char path[64];
    struct stat theirs, ours;
    snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
    if (stat(path, &theirs) || stat("/proc/self/ns/pid", &ours)) return false;
    return theirs.st_ino != ours.st_ino;
}

bool proc_in_host_pid_ns(void)
{
    static const ino_t host = 0xeffffffc; // PROC_PID_INIT_INO of the kernel
    struct stat st;
    return stat("/proc/self/ns/pid", &st) || st.st_ino == host;
}

struct err *proc_read(pid_t pid, struct proc *ret)
{
    struct proc p = { .pid = pid };
    char path[64], text[4096];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    int sys = read_small(path, text, sizeof(text));
    if (sys)
        return err_new(ERR_CANNOT,
                       "there is no process %d; maptrap locate without --pid lists "
                       "the Go processes",
                       pid);
    ERR_TRY(parse_stat(text, &p));
    if (p.state == 'Z' || p.state == 'X') return err_new(ERR_CANNOT, "process %d has ended", pid);
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    sys = read_small(path, text, sizeof(text));
    if (sys) return err_sys(ERR_CANNOT, sys, "%s", path);
    uint64_t v;
    if (status_field(text, "\nTgid:", &v) && (pid_t)v != pid)
        return err_new(ERR_CANNOT, "%d is a thread of process %d; give that pid", pid, (pid_t)v);
    if (status_field(text, "\nThreads:", &v)) p.threads = (uint32_t)v;
    if (status_field(text, "\nUid:", &v)) p.uid = (uint32_t)v;
    snprintf(path, sizeof(path), "/proc/%d/comm", pid);
    read_small(path, p.comm, sizeof(p.comm));
    p.comm[strcspn(p.comm, "\n")] = 0;
    ERR_TRY(read_exe(&p));
    p.own_pid_ns = other_pid_ns(pid);
    p.uptime_s = host_uptime_s() - (double)p.start_ticks / (double)sysconf(_SC_CLK_TCK);
    *ret = p;
    return NULL;
}

void proc_exe_path(pid_t pid, char *ret, size_t size)
{
    snprintf(ret, size, "/proc/%d/exe", pid);
}

void proc_start_time(const struct proc *p, char *ret)
{
    uint64_t tick = 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK);
    uint64_t wall = clock_wall_ns() - clock_boot_ns() + p->start_ticks * tick;
    // To the kernel's own tick: asked again, the same process started at the same time.
    clock_rfc3339_wall((wall + tick / 2) / tick * tick, ret);
}

static void parse_mapping(char *line, const struct proc *p, struct proc_mappings *ret)
{
    struct proc_mapping m = { 0 };
    unsigned long long start, end, offset, inode;
    unsigned major_, minor_;
    char perms[8];
    int at = 0;
    if (sscanf(line, "%llx-%llx %7s %llx %x:%x %llu%n", &start, &end, perms, &offset, &major_,
               &minor_, &inode, &at) != 7)
        return;
    m.start = start, m.end = end, m.offset = offset;
    m.readable = perms[0] == 'r';
    m.writable = perms[1] == 'w';
    m.executable = perms[2] == 'x';
    m.is_exe = inode == p->exe_inode && inode != 0;
    m.anonymous = inode == 0;
    const char *name = line + at;
    while (*name == ' ') name++;
    m.special = strncmp(name, "/dev/", 5) == 0 || strncmp(name, "[v", 2) == 0;
    vec_push(ret, m);
}

struct err *proc_read_mappings(pid_t pid, struct proc_mappings *ret)
{
    struct proc p;
    ERR_TRY(proc_read(pid, &p));
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/maps", pid);
    _cleanup_fclose_ FILE *f = fopen(path, "re");
    if (!f) return err_sys(ERR_CANNOT, errno, "%s", path);
    ret->n = 0;
    char line[4096 + 128];
    while (fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = 0;
        parse_mapping(line, &p, ret);
    }
    if (ret->n == 0) return err_new(ERR_CANNOT, "%s: cannot be read; run maptrap as root", path);
    return NULL;
}

bool proc_mem_read(pid_t pid, uint64_t addr, void *p, size_t n)
{
    struct iovec local = { p, n }, remote = { (void *)(uintptr_t)addr, n };
    return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)n;
}

size_t proc_mem_readv(pid_t pid, const struct iovec *local, const struct iovec *remote, size_t n)
{
    ssize_t got = process_vm_readv(pid, local, n, remote, n, 0);
    size_t whole = 0, left = got < 0 ? 0 : (size_t)got;
    while (whole < n && local[whole].iov_len <= left) left -= local[whole++].iov_len;
    return got < 0 ? 0 : whole;
}

void proc_list(struct pid_list *ret)
{
    DIR *d = opendir("/proc");
    if (!d) return;
    struct dirent *e;
    while ((e = readdir(d)))
        if (isdigit((unsigned char)e->d_name[0])) vec_push(ret, (pid_t)atoi(e->d_name));
    closedir(d);
}

static pid_t parent_of(pid_t pid)
{
    char path[64], text[1024];
    struct proc p = { .pid = pid };
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    if (read_small(path, text, sizeof(text))) return 0;
    _cleanup_err_ struct err *e = parse_stat(text, &p);
    return e ? 0 : p.parent;
}

void proc_children(pid_t pid, struct pid_list *ret)
{
    struct pid_list all = { 0 };
    proc_list(&all);
    pid_t *parent = mem_zalloc(all.n * sizeof(*parent));
    for (size_t i = 0; i < all.n; i++) parent[i] = parent_of(all.p[i]);
    vec_push(ret, pid);
    for (size_t k = ret->n - 1; k < ret->n; k++)
        for (size_t i = 0; i < all.n; i++)
            if (parent[i] == ret->p[k]) vec_push(ret, all.p[i]);
    free(parent);
    vec_deinit(&all);
}

struct err *proc_by_container(struct str id, struct pid_list *ret)
{
    if (id.n < 8) return err_new(ERR_USAGE, "--container wants 8 digits of the id or more");
    struct pid_list all = { 0 };
    proc_list(&all);
    static char text[SMALL_FILE_BYTES];
    for (size_t i = 0; i < all.n; i++) {
        char path[64];
        snprintf(path, sizeof(path), "/proc/%d/cgroup", all.p[i]);
        if (read_small(path, text, sizeof(text))) continue;
        if (str_find(str_from(text), id) != STR_NPOS) vec_push(ret, all.p[i]);
    }
    vec_deinit(&all);
    if (ret->n == 0)
        return err_new(ERR_CANNOT, "no process is in a cgroup named like container %.*s",
                       STR_ARG(id));
    return NULL;
}

// The path of a process's cgroup, "" if it has none: in v2's hierarchy, or in that of a controller
// of v1. A line is "number:controllers:path", v2's without controllers.
static void cgroup_path(pid_t pid, const char *controller, char *ret, size_t size)
{
    char path[64], text[8192];
    ret[0] = 0;
    snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
    if (read_small(path, text, sizeof(text))) return;
    struct str rest = str_from(text), line, number, list, one;
    while (str_split(&rest, '\n', &line)) {
        if (!str_split(&line, ':', &number) || !str_split(&line, ':', &list)) continue;
        bool of_it = list.n == 0 && !*controller;
        while (!of_it && str_split(&list, ',', &one)) of_it = one.n && str_eqc(one, controller);
        if (!of_it) continue;
        snprintf(ret, size, "%.*s", STR_ARG(line));
        return;
    }
}

// Where a hierarchy is mounted, and how its files say what a group may use.
struct cpu_hierarchy {
    const char *controller, *mount, *quota, *period; // period NULL: in the quota's file
};

// The least that the group and those above it may use, as a share of cores; 0 = any.
static double quota_of(const struct cpu_hierarchy *h, const char *group)
{
    char path[1200], text[128];
    unsigned long long period;
    snprintf(path, sizeof(path), "%s%s/%s", h->mount, group, h->quota);
    char *end = text;
    if (read_small(path, text, sizeof(text))) return 0;
    long long quota = strtoll(text, &end, 10); // "max" and -1 are none
    if (h->period) {
        snprintf(path, sizeof(path), "%s%s/%s", h->mount, group, h->period);
        if (read_small(path, text, sizeof(text))) return 0;
        end = text;
    }
    period = strtoull(end, NULL, 10);
    return quota > 0 && period ? (double)quota / (double)period : 0;
}

static bool was_throttled(const struct cpu_hierarchy *h, const char *group)
{
    char path[1200], text[1024];
    uint64_t n;
    snprintf(path, sizeof(path), "%s%s/cpu.stat", h->mount, group);
    return !read_small(path, text, sizeof(text)) && status_field(text, "nr_throttled", &n) && n;
}

double proc_cpu_quota(pid_t pid, bool *ret_throttled)
{
    static const struct cpu_hierarchy hierarchies[] = {
        { "", "/sys/fs/cgroup", "cpu.max", NULL },
        { "cpu", "/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "cpu.cfs_period_us" },
    };
    char group[1024];
    double least = 0;
    *ret_throttled = false;
    for (size_t i = 0; i < array_size(hierarchies); i++) {
        const struct cpu_hierarchy *h = &hierarchies[i];
        cgroup_path(pid, h->controller, group, sizeof(group));
        while (group[0]) {
            double share = quota_of(h, group);
            if (share > 0 && (least == 0 || share < least)) least = share;
            if (share > 0) *ret_throttled |= was_throttled(h, group);
            char *slash = strrchr(group, '/');
            if (!slash) break;
            *slash = 0;
        }
    }
    return least;
}

unsigned proc_cpus(pid_t pid)
{
    cpu_set_t set;
    return sched_getaffinity(pid, sizeof(set), &set) ? 0 : (unsigned)CPU_COUNT(&set);
}

uint64_t proc_cpu_ns(pid_t pid)
{
    char path[64], text[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    if (read_small(path, text, sizeof(text))) return 0;
    const char *at = strrchr(text, ')');
    unsigned long long user, sys;
    if (!at ||
        sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &sys) != 2)
        return 0;
    return (user + sys) * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

static DIR *open_threads(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    return opendir(path);
}

// A file of the next thread that still has it; false: there are no more.
static bool next_thread(DIR *d, pid_t pid, const char *file, char *ret, size_t size)
{
    char path[300];
    for (struct dirent *e; d && (e = readdir(d));) {
        if (!isdigit((unsigned char)e->d_name[0])) continue;
        snprintf(path, sizeof(path), "/proc/%d/task/%s/%s", pid, e->d_name, file);
        if (!read_small(path, ret, size)) return true;
    }
    return false;
}

bool proc_cpu_wait(pid_t pid, uint64_t *ret_wait_ns, uint64_t *ret_times)
{
    char text[128];
    uint64_t wait = 0, times = 0;
    DIR *d = open_threads(pid);
    int left = PROC_WAIT_THREADS_MAX;
    while (left && next_thread(d, pid, "schedstat", text, sizeof(text))) {
        unsigned long long w, n;
        if (sscanf(text, "%*u %llu %llu", &w, &n) != 2) continue;
        wait += w, times += n;
        left--;
    }
    if (d) closedir(d);
    *ret_wait_ns = wait;
    *ret_times = times;
    return left < PROC_WAIT_THREADS_MAX;
}

pid_t proc_tracer(pid_t pid)
{
    char text[4096];
    uint64_t tracer = 0;
    DIR *d = open_threads(pid);
    while (!tracer && next_thread(d, pid, "status", text, sizeof(text)))
        if (!status_field(text, "\nTracerPid:", &tracer)) tracer = 0;
    if (d) closedir(d);
    return (pid_t)tracer;
}

uint64_t proc_swapped(pid_t pid)
{
    char path[64], text[4096];
    uint64_t kb;
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    if (read_small(path, text, sizeof(text)) || !status_field(text, "\nVmSwap:", &kb)) return 0;
    return kb << 10;
}

void proc_thread_states(pid_t pid, unsigned *ret_running, unsigned *ret_sleeping,
                        unsigned *ret_uninterruptible)
{
    char text[1024];
    *ret_running = *ret_sleeping = *ret_uninterruptible = 0;
    DIR *d = open_threads(pid);
    while (next_thread(d, pid, "stat", text, sizeof(text))) {
        const char *at = strrchr(text, ')');
        char state = at && at[1] ? at[2] : 0;
        if (state == 'R') ++*ret_running;
        if (state == 'S' || state == 'I') ++*ret_sleeping;
        if (state == 'D') ++*ret_uninterruptible;
    }
    if (d) closedir(d);
}

uint64_t host_idle_ns(void)
{
    char text[512];
    unsigned long long user, nice, sys, idle, iowait;
    if (read_small("/proc/stat", text, sizeof(text)) ||
        sscanf(text, "cpu %llu %llu %llu %llu %llu", &user, &nice, &sys, &idle, &iowait) != 5)
        return 0;
    return (nice + idle + iowait) * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

unsigned host_runnable(void)
{
    char text[128];
    unsigned n;
    if (read_small("/proc/loadavg", text, sizeof(text)) || sscanf(text, "%*s %*s %*s %u/", &n) != 1)
        return 0;
    return n;
}

double host_cpu_pressure(void)
{
    char text[512];
    double avg10;
    if (read_small("/proc/pressure/cpu", text, sizeof(text)) ||
        sscanf(text, "some avg10=%lf", &avg10) != 1)
        return -1;
    return avg10;
}

unsigned host_cpus(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (unsigned)n : 1;
}

// SPDX-License-Identifier: Apache-2.0
#include "engine/doctor.h"

#include "base/mem.h"
#include "engine/target.h"
#include "sources/probes.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static struct check *add(struct doctor *d, const char *name, enum check_state state,
                         const char *found, const char *todo)
{
    d->check = mem_realloc_array(d->check, d->n + 1, sizeof(*d->check));
    d->check[d->n] = (struct check) { .name = name,
                                      .state = state,
                                      .found = arena_str(&d->arena, str_from(found)),
                                      .todo = arena_str(&d->arena, str_from(todo ? todo : "")) };
    return &d->check[d->n++];
}

// The first line of a file, "" if it cannot be read.
static void first_line(const char *path, char *ret, size_t size)
{
    ret[0] = 0;
    _cleanup_fclose_ FILE *f = fopen(path, "re");
    if (f && fgets(ret, (int)size, f)) ret[strcspn(ret, "\n")] = 0;
}

static void check_kernel(struct doctor *d)
{
    struct utsname u;
    unsigned major_ = 0, minor_ = 0;
    char found[256], version[512];
    uname(&u);
    sscanf(u.release, "%u.%u", &major_, &minor_);
    unsigned v = major_ * 1000 + minor_;
    snprintf(found, sizeof(found), "Linux %.100s", u.release);
    first_line("/proc/version", version, sizeof(version));
    if (strstr(version, "gVisor"))
        add(d, "kernel", CHECK_NO, "gVisor", "run maptrap on the host, outside the sandbox");
    else if (v < 5017)
        add(d, "kernel", CHECK_NO, found,
            "locate needs Linux 5.17 (bpf_loop); dump, profile, trace and scan work on any");
    else
        add(d, "kernel", CHECK_YES, found, NULL);
    if (strcmp(u.machine, "x86_64") != 0)
        add(d, "processor", CHECK_NO, u.machine, "only x86-64 is supported so far");
}

static void check_user(struct doctor *d)
{
    uint64_t caps = 0;
    char line[256];
    _cleanup_fclose_ FILE *f = fopen("/proc/self/status", "re");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, "CapEff:", 7) == 0) caps = strtoull(line + 7, NULL, 16);
    enum { PTRACE = 19, SYS_ADMIN = 21, PERFMON = 38, BPF = 39 };
    bool admin = caps >> SYS_ADMIN & 1;
    bool enough = (admin || ((caps >> BPF & 1) && (caps >> PERFMON & 1))) && (caps >> PTRACE & 1);
    snprintf(line, sizeof(line), "uid %u, capabilities %#llx", geteuid(), (unsigned long long)caps);
    add(d, "permission", enough ? CHECK_YES : CHECK_NO, line,
        enough ? NULL : "run as root, or give the program CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE");
}

static void check_settings(struct doctor *d)
{
    char line[256];
    first_line("/sys/kernel/security/lockdown", line, sizeof(line));
    if (strstr(line, "[confidentiality]"))
        add(d, "lockdown", CHECK_PART, "confidentiality",
            "closes the kernel's memory to BPF, which maptrap does not read; it was not tried "
            "here, "
            "but whether programs load says the check below");
    else
        add(d, "lockdown", CHECK_YES, line[0] ? line : "off or not built in", NULL);
    first_line("/proc/sys/kernel/perf_event_paranoid", line, sizeof(line));
    add(d, "perf_event_paranoid", atoi(line) > 2 && geteuid() ? CHECK_NO : CHECK_YES, line,
        atoi(line) > 2 && geteuid() ? "sysctl kernel.perf_event_paranoid=2, or run as root" : NULL);
    first_line("/proc/sys/kernel/yama/ptrace_scope", line, sizeof(line));
    add(d, "yama ptrace_scope", atoi(line) == 3 ? CHECK_NO : CHECK_YES, line[0] ? line : "no Yama",
        atoi(line) == 3 ? "3 forbids reading other processes' memory until a reboot" : NULL);
    bool btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0;
    add(d, "BTF", btf ? CHECK_YES : CHECK_PART, btf ? "/sys/kernel/btf/vmlinux" : "none",
        btf ? NULL : "a kernel built with CONFIG_DEBUG_INFO_BTF is what maptrap is tested on");
    if (!proc_in_host_pid_ns())
        add(d, "pid namespace", CHECK_NO, "its own",
            "probes cannot tell processes apart there: run maptrap on the host, or in a container "
            "that shares the host's pids (--pid=host, hostPID: true)");
    unsigned cpus = host_cpus();
    snprintf(line, sizeof(line), "%u", cpus);
    add(d, "CPUs", cpus > 1 ? CHECK_YES : CHECK_PART, line,
        cpus > 1 ? NULL : "with one CPU nothing can run beside a held goroutine: suspects only");
    double pressure = host_cpu_pressure();
    snprintf(line, sizeof(line), pressure < 0 ? "no PSI" : "%.1f %% of the time something waits",
             pressure);
    add(d, "CPU pressure", pressure > 40 ? CHECK_PART : CHECK_YES, line,
        pressure > 40 ? "holds wait for a quieter moment" : NULL);
}

static void check_uprobes(struct doctor *d, const struct probes *p)
{
    const char *why = probes_why_single(p);
    if (!why) {
        add(d, "uprobes", CHECK_YES, "uprobe_multi, seen by all threads", NULL);
        return;
    }
    char text[256];
    snprintf(text, sizeof(text), "single uprobes, %d at a time: %s", PROBES_SINGLE_MAX, why);
    add(d, "uprobes", CHECK_PART, text,
        "attaching takes longer, and fewer call sites are watched at a time; Linux 6.10 does "
        "better");
}

// Loads the programs against ourselves, attaches one, and measures what a hit costs.
static void check_bpf(struct doctor *d)
{
    struct probes_config config = { .pid = getpid() };
    struct probes *p = NULL;
    char text[256];
    _cleanup_err_ struct err *e = probes_open(&config, &p);
    if (e) {
        add(d, "BPF programs load", CHECK_NO, e->text, "see permission, kernel and lockdown above");
        return;
    }
    add(d, "BPF programs load", CHECK_YES, "yes", NULL);
    double emulated = 0, stepped = 0, program = 0;
    e = probes_calibrate(p, &emulated, &stepped, &program);
    if (e) {
        add(d, "uprobes", CHECK_NO, e->text, "a kernel with CONFIG_UPROBE_EVENTS is needed");
    } else {
        d->can_locate = proc_in_host_pid_ns();
        check_uprobes(d, p);
        snprintf(text, sizeof(text),
                 "%.0f ns where the kernel emulates, %.0f ns where it steps; of it the BPF program "
                 "%.0f ns by the kernel's statistics",
                 emulated, stepped, program);
        add(d, "cost of a probe hit", emulated < 5000 ? CHECK_YES : CHECK_PART, text,
            emulated < 5000 ? NULL : "hits are expensive here: the budget buys few");
        add(d, "BPF statistics", program > 0 && program < emulated ? CHECK_YES : CHECK_PART,
            program > 0 ? "agree with what was measured" : "off", NULL);
    }
    probes_close(p);
}

static void check_target(struct doctor *d, pid_t pid, struct log *log)
{
    struct target *t = NULL;
    _cleanup_err_ struct err *e = target_open(pid, log, &t);
    if (e) {
        add(d, "target", CHECK_NO, e->text, NULL);
        d->can_locate = false;
        return;
    }
    char text[1024];
    snprintf(text, sizeof(text), "pid %d, %s, %.*s%s%s%s", pid, t->proc.exe,
             STR_ARG(t->info->version), t->info->stripped ? ", stripped" : "",
             t->info->pie ? ", PIE" : "", t->info->cgo ? ", cgo" : "");
    add(d, "target", CHECK_YES, text, NULL);
    bool exact = strncmp(t->layout.source, "nearest", 7) != 0;
    add(d, "runtime layout", exact ? CHECK_YES : CHECK_PART, t->layout.source,
        exact ? NULL
              : "offsets are those of the nearest known version; the self-check on live data "
                "passed");
    size_t cheap = 0;
    for (size_t i = 0; i < t->n_funcs; i++) cheap += t->func[i].probe.kind != GOBIN_PROBE_FIRST;
    snprintf(text, sizeof(text), "%zu of %zu map functions, %zu calls to them", cheap, t->n_funcs,
             t->calls.n);
    add(d, "cheap probe points", cheap ? CHECK_YES : CHECK_NO, text, NULL);
    if (t->gomaxprocs == 1)
        add(d, "GOMAXPROCS", CHECK_PART, "1",
            "no other goroutine runs while one is held: suspects "
            "only");
    if (proc_cpus(pid) == 1)
        add(d, "CPU affinity", CHECK_PART, "one CPU",
            "no other goroutine runs while one is held: suspects only");
    bool throttled;
    double quota = proc_cpu_quota(pid, &throttled);
    if (quota > 0) {
        snprintf(text, sizeof(text), "%.2f cores%s", quota, throttled ? ", throttled before" : "");
        add(d, "CPU quota", throttled || quota < 1 ? CHECK_PART : CHECK_YES, text,
            throttled || quota < 1 ? "nothing is held in a tight cgroup: suspects only" : NULL);
    }
    target_close(t);
}

struct doctor *doctor_examine(pid_t pid, struct log *log)
{
    struct doctor *d = mem_zalloc(sizeof(*d));
    check_kernel(d);
    check_user(d);
    check_settings(d);
    check_bpf(d);
    d->can_hold = d->can_locate;
    if (pid) check_target(d, pid, log);
    for (size_t i = 0; i < d->n; i++)
        if (d->check[i].state == CHECK_NO) d->can_hold = false;
    return d;
}

void doctor_destroy(struct doctor *d)
{
    if (!d) return;
    free(d->check);
    arena_deinit(&d->arena);
    free(d);
}

// SPDX-License-Identifier: Apache-2.0
// Processes through /proc: what they are, where their binary is mapped, their memory (read only).
#pragma once

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>

struct proc {
    pid_t pid; // the thread group's
    pid_t parent;
    char state; // R S D T t Z …
    uint32_t threads;
    uint32_t uid;
    uint64_t start_ticks; // since boot; with pid and exec generation this names a process
    double uptime_s;
    char comm[64];
    char exe[512]; // readlink of /proc/PID/exe, " (deleted)" cut off
    bool exe_deleted;
    uint64_t exe_inode; // together with device: changes at an exec
    uint64_t exe_device;
    bool own_pid_ns; // lives in another pid namespace than we do
};

// Do we live in the pid namespace of the host? True where it cannot be known.
bool proc_in_host_pid_ns(void);
// ERR_CANNOT when there is no such process, it is a zombie, a kernel thread, or a thread's id.
struct err *proc_read(pid_t pid, struct proc *ret) ERR_MUST_USE;
// The path through which the binary can be opened even if deleted or in a container.
void proc_exe_path(pid_t pid, char *ret, size_t size);
// RFC 3339 of the process's start, to the kernel's tick (10 ms).
void proc_start_time(const struct proc *p, char *ret /* 40 bytes */);

struct proc_mapping {
    uint64_t start, end, offset;
    bool readable, writable, executable, is_exe; // is_exe: of the process's own binary
    bool special;                                // a device, [vvar], [vsyscall] …: not to be read
    bool anonymous;
};
struct proc_mappings {
    struct proc_mapping *p;
    size_t n, cap;
};
struct err *proc_read_mappings(pid_t pid, struct proc_mappings *ret) ERR_MUST_USE;

// Reads target memory. Returns false if not all of it could be read.
bool proc_mem_read(pid_t pid, uint64_t addr, void *p, size_t n);
// Many pieces at once (n ≤ 1024): how many of them, from the first on, were read whole.
size_t proc_mem_readv(pid_t pid, const struct iovec *local, const struct iovec *remote, size_t n);

struct pid_list {
    pid_t *p;
    size_t n, cap;
};
void proc_list(struct pid_list *ret);                // every process we can see
void proc_children(pid_t pid, struct pid_list *ret); // itself and its descendants
// Processes whose cgroup path contains id (a container's id, 8 hex digits or more).
struct err *proc_by_container(struct str id, struct pid_list *ret) ERR_MUST_USE;

// CPU quota of the process's cgroups (v2, and v1's cfs): share of cores, 0 = none. `throttled`: it
// was throttled at least once.
double proc_cpu_quota(pid_t pid, bool *ret_throttled);

// How many CPUs its first thread may run on; 0 = unknown.
unsigned proc_cpus(pid_t pid);

// CPU time used by the process so far, ns; 0 if unknown.
uint64_t proc_cpu_ns(pid_t pid);

// What the scheduler made threads of the process wait for a CPU so far, and how often they got one:
// of the first PROC_WAIT_THREADS_MAX threads. False if unknown.
enum { PROC_WAIT_THREADS_MAX = 64 };
bool proc_cpu_wait(pid_t pid, uint64_t *ret_wait_ns, uint64_t *ret_times);

// Who traces a thread of the process, or holds it while it is checkpointed; 0 = nobody.
pid_t proc_tracer(pid_t pid);

// Bytes of the process that are swapped out.
uint64_t proc_swapped(pid_t pid);
// How many threads of the process run or could, sleep, and sleep where no signal wakes them.
void proc_thread_states(pid_t pid, unsigned *ret_running, unsigned *ret_sleeping,
                        unsigned *ret_uninterruptible);

// How busy the host is: idle ns of all CPUs so far (what niced tasks use counts as idle: they give
// way), and the pressure (PSI "some" of cpu, avg10 in per cent, negative = unknown), threads that
// run or wait for a CPU now (this one among them; 0 = unknown).
uint64_t host_idle_ns(void);
unsigned host_runnable(void);
double host_cpu_pressure(void);
unsigned host_cpus(void);

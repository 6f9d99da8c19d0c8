// SPDX-License-Identifier: Apache-2.0
#include "engine/target.h"

#include "base/vec.h"
#include "decoders/insn.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { GO_MINOR_TESTED = 27 };

#define BX   MAP_ARG_BX
#define AX   MAP_ARG_AX
#define ITER MAP_ARG_ITER

// Every entry of the map code that compiled code, reflect and the maps package call, go1.19 to
// go1.27. From 1.24 the same names stand for Swiss maps; deletion, clearing and iteration are done
// by functions of internal/runtime/maps there, which the runtime's names only pass on to.
static const struct map_func map_funcs[] = {
    { "runtime.mapassign", MAP_OP_ASSIGN, BX, KEY_ARG_PTR, 0, false },
    { "runtime.mapassign_fast32", MAP_OP_ASSIGN, BX, KEY_ARG_U32, '4', false },
    { "runtime.mapassign_fast32ptr", MAP_OP_ASSIGN, BX, KEY_ARG_U32, '4', false },
    { "runtime.mapassign_fast64", MAP_OP_ASSIGN, BX, KEY_ARG_U64, '8', false },
    { "runtime.mapassign_fast64ptr", MAP_OP_ASSIGN, BX, KEY_ARG_U64, '8', false },
    { "runtime.mapassign_faststr", MAP_OP_ASSIGN, BX, KEY_ARG_STR, 's', false },
    { "runtime.mapdelete", MAP_OP_DELETE, BX, KEY_ARG_PTR, 0, false },
    { "runtime.mapdelete_fast32", MAP_OP_DELETE, BX, KEY_ARG_U32, '4', false },
    { "runtime.mapdelete_fast64", MAP_OP_DELETE, BX, KEY_ARG_U64, '8', false },
    { "runtime.mapdelete_faststr", MAP_OP_DELETE, BX, KEY_ARG_STR, 's', false },
    { "reflect.mapdelete", MAP_OP_DELETE, BX, KEY_ARG_PTR, 0, false },
    { "runtime.mapclear", MAP_OP_CLEAR, BX, KEY_ARG_NONE, 0, false },
    { "runtime.mapaccess1", MAP_OP_READ, BX, KEY_ARG_PTR, 0, false },
    { "runtime.mapaccess1_fast32", MAP_OP_READ, BX, KEY_ARG_U32, '4', false },
    { "runtime.mapaccess1_fast64", MAP_OP_READ, BX, KEY_ARG_U64, '8', false },
    { "runtime.mapaccess1_faststr", MAP_OP_READ, BX, KEY_ARG_STR, 's', false },
    { "runtime.mapaccess2", MAP_OP_READ, BX, KEY_ARG_PTR, 0, false },
    { "runtime.mapaccess2_fast32", MAP_OP_READ, BX, KEY_ARG_U32, '4', false },
    { "runtime.mapaccess2_fast64", MAP_OP_READ, BX, KEY_ARG_U64, '8', false },
    { "runtime.mapaccess2_faststr", MAP_OP_READ, BX, KEY_ARG_STR, 's', false },
    { "runtime.mapaccessK", MAP_OP_READ, BX, KEY_ARG_PTR, 0, false },
    { "runtime.mapiterinit", MAP_OP_ITERATE, BX, KEY_ARG_NONE, 0, false },
    { "runtime.mapiternext", MAP_OP_ITERATE, ITER, KEY_ARG_NONE, 0, false },
    { "runtime.mapIterStart", MAP_OP_ITERATE, BX, KEY_ARG_NONE, 0, false },
    { "runtime.mapIterNext", MAP_OP_ITERATE, ITER, KEY_ARG_NONE, 0, false },
    { "internal/runtime/maps.(*Iter).Next", MAP_OP_ITERATE, ITER, KEY_ARG_NONE, 0, true },
    { "internal/runtime/maps.(*Map).Delete", MAP_OP_DELETE, AX, KEY_ARG_PTR, 0, true },
    { "internal/runtime/maps.(*Map).Clear", MAP_OP_CLEAR, AX, KEY_ARG_NONE, 0, true },
};
_Static_assert(array_size(map_funcs) <= MAP_FUNCS_MAX, "a cookie and a counter for each");

// Whatever waits for all Ps or all threads: nobody is held meanwhile.
static const char *const stop_names[] = {
    "runtime.stopTheWorldWithSema", "runtime.forEachP",           "runtime.forEachPInternal",
    "os.runtime_beforeExit",        "syscall.runtime_BeforeExec", "runtime.exit",
};
_Static_assert(array_size(stop_names) <= STOP_POINTS_MAX, "room for each");

static const char *const fatal_names[] = { "runtime.fatal", "runtime.fatalthrow" };

// Functions that take a lock when they are not inlined.
static const char *const lock_names[] = {
    "sync.(*Mutex).Lock",
    "sync.(*Mutex).TryLock",
    "sync.(*Mutex).lockSlow",
    "sync.(*RWMutex).Lock",
    "sync.(*RWMutex).RLock",
    "sync.(*RWMutex).TryLock",
    "sync.(*RWMutex).TryRLock",
    "sync.(*rlocker).Lock",
    "internal/sync.(*Mutex).Lock",
    "internal/sync.(*Mutex).TryLock",
    "internal/sync.(*Mutex).lockSlow",
};

// And those that give it back, or are called where giving it back is inlined.
static const char *const unlock_names[] = {
    "sync.(*Mutex).Unlock",
    "sync.(*Mutex).unlockSlow",
    "sync.(*RWMutex).Unlock",
    "sync.(*RWMutex).RUnlock",
    "sync.(*RWMutex).rUnlockSlow",
    "internal/sync.(*Mutex).Unlock",
    "internal/sync.(*Mutex).unlockSlow",
};
_Static_assert(array_size(lock_names) <= LOCK_FUNCS_MAX, "room for each");
_Static_assert(array_size(unlock_names) <= LOCK_FUNCS_MAX, "room for each");

static struct err *map_binary(struct target *t)
{
    char path[64];
    proc_exe_path(t->proc.pid, path, sizeof(path));
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st)) {
        int sys = errno;
        struct err *e = err_sys(ERR_CANNOT, sys, "the binary of pid %d (%s) cannot be read",
                                t->proc.pid, t->proc.exe);
        return err_advise(e, "%s",
                          geteuid() ? "run maptrap as root"
                                    : "a security module or a namespace forbids it");
    }
    t->n_bytes = (size_t)st.st_size;
    t->bytes = mmap(NULL, t->n_bytes ? t->n_bytes : 1, PROT_READ, MAP_PRIVATE, fd, 0);
    if (t->bytes == MAP_FAILED) {
        t->bytes = NULL;
        return err_sys(ERR_CANNOT, errno, "the binary of pid %d cannot be mapped", t->proc.pid);
    }
    return NULL;
}

static struct err *find_bias(struct target *t)
{
    struct proc_mappings maps = { 0 };
    struct err *e = proc_read_mappings(t->proc.pid, &maps);
    bool found = false;
    for (size_t i = 0; !e && i < maps.n && !found; i++)
        if (maps.p[i].is_exe && maps.p[i].executable)
            found = gobin_bias(t->bin, maps.p[i].start, maps.p[i].offset, &t->bias);
    vec_deinit(&maps);
    if (e) return e;
    if (!found)
        return err_new(ERR_CANNOT, "the text of %s is not mapped in pid %d", t->proc.exe,
                       t->proc.pid);
    return NULL;
}

static void find_map_funcs(struct target *t)
{
    for (size_t i = 0; i < array_size(map_funcs) && t->n_funcs < MAP_FUNCS_MAX; i++) {
        struct map_func f = map_funcs[i];
        // Up to 1.23 it calls runtime.mapdelete, which is enough; from 1.24 that is inlined in it.
        if (!t->info->swiss && strncmp(f.name, "reflect.", 8) == 0) continue;
        if (!gobin_func_named(t->bin, str_from(f.name), &f.func)) continue;
        if (!gobin_probe(t->bin, &f.func, &f.probe)) continue;
        if (!gobin_offset(t->bin, f.probe.address, &f.offset)) continue;
        t->func[t->n_funcs++] = f;
    }
}

// File offsets of the first emulated instructions of the functions that are there.
static size_t find_points(struct target *t, const char *const *names, size_t n, uint64_t *ret)
{
    size_t found = 0;
    for (size_t i = 0; i < n && found < STOP_POINTS_MAX; i++) {
        struct gobin_func f;
        struct gobin_probe p;
        if (gobin_func_named(t->bin, str_from(names[i]), &f) && gobin_probe(t->bin, &f, &p) &&
            gobin_offset(t->bin, p.address, &ret[found]))
            found++;
    }
    return found;
}

static size_t find_entries(struct target *t, const char *const *names, size_t n, uint64_t *ret)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        struct gobin_func f;
        if (gobin_func_named(t->bin, str_from(names[i]), &f)) ret[found++] = f.entry;
    }
    return found;
}

static struct err *find_calls(struct target *t)
{
    uint64_t entry[MAP_FUNCS_MAX];
    for (size_t i = 0; i < t->n_funcs; i++) entry[i] = t->func[i].func.entry;
    ERR_TRY(gobin_calls(t->bin, entry, t->n_funcs, &t->calls));
    // One that calls another of them for the same operation only passes on to it.
    for (size_t i = 0; i < t->n_funcs; i++) t->func[i].guard = true;
    for (size_t i = 0; i < t->calls.n; i++) {
        struct gobin_func in;
        if (!gobin_func_at(t->bin, t->calls.call[i].function, &in)) continue;
        struct map_func *outer = (struct map_func *)target_func_at(t, in.entry);
        const struct map_func *to = target_func_at(t, t->calls.call[i].target);
        if (outer && to && outer != to && outer->op == to->op) outer->guard = false;
    }
    return NULL;
}

bool target_call_is_inner(const struct target *t, const struct gobin_call *c)
{
    struct gobin_func f;
    return gobin_func_at(t->bin, c->function, &f) && target_func_at(t, f.entry) != NULL;
}

static struct err *check_version(const struct target *t)
{
    const struct gobin_info *i = t->info;
    if (i->major == 1 && i->minor < 19 && i->minor != 0)
        return err_new(ERR_CANNOT,
                       "pid %d runs %.*s; live analysis needs Go 1.19 or newer (its crash logs, "
                       "profiles and source can still be read: maptrap --help)",
                       t->proc.pid, STR_ARG(i->version));
    return NULL;
}

// Start of the stack and of the environment: drawn anew at every exec.
static uint64_t exec_mark(pid_t pid)
{
    char path[64], text[2048];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    _cleanup_fclose_ FILE *f = fopen(path, "re");
    size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
    text[n] = 0;
    struct str rest = str_from(strrchr(text, ')') ? strrchr(text, ')') : ""), field;
    uint64_t mark = 0, v;
    for (int i = 2; str_split(&rest, ' ', &field); i++)
        if ((i == 28 || i == 50) && str_to_u64(str_trim(field), 10, &v)) mark = mark * 31 + v;
    return mark;
}

void target_read_procs(struct target *t)
{
    uint64_t at;
    int32_t n;
    if (gobin_global(t->bin, GOBIN_GOMAXPROCS, &at) &&
        proc_mem_read(t->proc.pid, at + t->bias, &n, sizeof(n)))
        t->gomaxprocs = n;
}

// Is what we take for goroutines and Ps plausible in this very process? A wrong layout row is
// refused here and not found out later.
static struct err *self_check(struct target *t)
{
    uint64_t at;
    target_read_procs(t);
    if (gobin_global(t->bin, GOBIN_GOMAXPROCS, &at) &&
        (t->gomaxprocs < 1 || t->gomaxprocs > 1 << 16))
        return err_new(ERR_CANNOT,
                       "self-check: runtime.gomaxprocs of pid %d reads %d; the binary is not "
                       "what runs, or it is not understood",
                       t->proc.pid, t->gomaxprocs);
    return golayout_check(&t->layout, t->bin, t->bias, t->proc.pid, proc_mem_read);
}

// The kernel tells probes the host's numbers of processes: in a pid namespace of our own they would
// see nobody, and nothing would be said of it.
static struct err *check_place(const struct target *t)
{
    if (!proc_in_host_pid_ns())
        return err_advise(err_new(ERR_CANNOT,
                                  "maptrap runs in a pid namespace of its own, where "
                                  "its probes cannot tell pid %d from others",
                                  t->proc.pid),
                          "run it on the host, or in a container that shares the host's "
                          "(--pid=host, hostPID: true)");
    if (t->proc.state == 'T')
        return err_advise(err_new(ERR_CANNOT, "pid %d is stopped (SIGSTOP)", t->proc.pid),
                          "let it go on first: kill -CONT %d", t->proc.pid);
    return NULL;
}

// Is its memory ours to read? Else every later failure would look like a wrong layout.
static struct err *check_readable(const struct target *t)
{
    uint8_t byte;
    if (proc_mem_read(t->proc.pid, t->info->text.lo + t->bias, &byte, 1)) return NULL;
    int sys = errno;
    struct err *e = err_sys(ERR_CANNOT, sys, "the memory of pid %d cannot be read", t->proc.pid);
    if (sys == ESRCH) return e;
    return err_advise(
        e, "%s", geteuid() ? "run maptrap as root" : "a security module or a namespace forbids it");
}

static struct err *open_program(struct target *t, pid_t pid)
{
    ERR_TRY(proc_read(pid, &t->proc));
    pid_t tracer = proc_tracer(pid);
    if (tracer)
        return err_new(ERR_CANNOT,
                       "pid %d is being traced by pid %d; end that first (a debugger and "
                       "maptrap would disturb each other)",
                       pid, tracer);
    ERR_TRY(map_binary(t));
    ERR_TRY(gobin_open(t->proc.exe, str_make(t->bytes, t->n_bytes), &t->bin));
    t->info = gobin_info(t->bin);
    t->exec_mark = exec_mark(pid);
    t->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    ERR_TRY(check_version(t));
    ERR_TRY(golayout_of(t->bin, &t->layout));
    ERR_TRY(find_bias(t));
    ERR_TRY(check_readable(t));
    return self_check(t);
}

static struct err *find_code(struct target *t)
{
    ERR_TRY(check_place(t));
    find_map_funcs(t);
    t->n_stop = find_points(t, stop_names, array_size(stop_names), t->stop);
    t->n_fatal = find_points(t, fatal_names, array_size(fatal_names), t->fatal);
    uint64_t at;
    if (gobin_global(t->bin, GOBIN_WRITE_BARRIER, &at)) t->write_barrier = at + t->bias;
    if (t->n_funcs == 0) return err_new(ERR_CANNOT, "%s has no map functions", t->proc.exe);
    ERR_TRY(find_calls(t));
    t->n_locks = find_entries(t, lock_names, array_size(lock_names), t->lock);
    t->n_unlocks = find_entries(t, unlock_names, array_size(unlock_names), t->unlock);
    return NULL;
}

static struct err *open_target(pid_t pid, struct log *log, bool code, struct target **ret)
{
    struct target *t = mem_zalloc(sizeof(*t));
    t->pidfd = -1;
    struct err *e = open_program(t, pid);
    if (!e && code) e = find_code(t);
    if (e) {
        target_close(t);
        return e;
    }
    if (t->info->minor == 20 || t->info->minor > GO_MINOR_TESTED || !t->info->minor)
        log_warn(log,
                 "%.*s is not a version that this maptrap was tested with; it goes by the runtime "
                 "layout of: %s, and checks it on live data",
                 STR_ARG(t->info->version), t->layout.source);
    log_debug(log, "pid %d: %s, %.*s, %zu map functions, %zu calls to them, layout from %s", pid,
              t->proc.exe, STR_ARG(t->info->version), t->n_funcs, t->calls.n, t->layout.source);
    *ret = t;
    return NULL;
}

struct err *target_open(pid_t pid, struct log *log, struct target **ret)
{
    return open_target(pid, log, true, ret);
}

struct err *target_open_memory(pid_t pid, struct log *log, struct target **ret)
{
    return open_target(pid, log, false, ret);
}

void target_close(struct target *t)
{
    if (!t) return;
    gobin_calls_deinit(&t->calls);
    gobin_close(t->bin);
    if (t->bytes) munmap(t->bytes, t->n_bytes ? t->n_bytes : 1);
    if (t->pidfd >= 0) close(t->pidfd);
    map_deinit(&t->types);
    map_deinit(&t->key_types);
    map_deinit(&t->locked_at);
    arena_deinit(&t->arena);
    free(t);
}

bool target_alive(const struct target *t, const char **ret_why)
{
    struct pollfd p = { .fd = t->pidfd, .events = POLLIN };
    if (t->pidfd >= 0 ? poll(&p, 1, 0) > 0 : access("/proc/self", F_OK) != 0) {
        *ret_why = "the target exited";
        return false;
    }
    if (exec_mark(t->proc.pid) != t->exec_mark) {
        *ret_why = "the target runs another program now (exec)";
        return false;
    }
    return true;
}

const struct gobin_call *target_call_of(const struct target *t, uint64_t return_address)
{
    uint64_t at = return_address - t->bias;
    size_t lo = 0, hi = t->calls.n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct gobin_call *c = &t->calls.call[mid];
        if (c->address + c->size < at)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == t->calls.n) return NULL;
    const struct gobin_call *c = &t->calls.call[lo];
    return !c->tail && c->address + c->size == at ? c : NULL;
}

const struct map_func *target_func_at(const struct target *t, uint64_t entry)
{
    for (size_t i = 0; i < t->n_funcs; i++)
        if (t->func[i].func.entry == entry) return &t->func[i];
    return NULL;
}

void target_frames(struct target *t, const uint64_t *pcs, size_t n, struct arena *a,
                   struct stack *ret)
{
    struct frame frame[LIMIT_STACK_FRAMES];
    size_t have = 0;
    for (size_t i = 0; i < n && have < LIMIT_STACK_FRAMES; i++) {
        uint64_t pc = pcs[i] - t->bias - 1; // a return address: the call is before it
        size_t got = gobin_frames(t->bin, pc, frame + have, LIMIT_STACK_FRAMES - have);
        if (got == 0) {
            frame[have] = (struct frame) { .function = STR("(unknown code)"), .pc = pcs[i] };
            got = 1;
        }
        have += got;
    }
    ret->frame = arena_array(a, struct frame, have ? have : 1);
    memcpy(ret->frame, frame, have * sizeof(*frame));
    for (size_t i = 0; i < have; i++) { // names must outlive the binary's mapping
        ret->frame[i].function = arena_str(a, frame[i].function);
        ret->frame[i].file = arena_str(a, frame[i].file);
    }
    ret->n = have;
}

// Between the start of a function and pc, of which only the nearest CODE_MAX bytes count.
static bool holds_lock(struct target *t, uint64_t entry, uint64_t pc)
{
    enum { CODE_MAX = 16384 };
    static uint8_t code[CODE_MAX];
    size_t n = pc - entry;
    if (n > CODE_MAX) entry = pc - CODE_MAX, n = CODE_MAX;
    struct insn_locks locks = { t->lock, t->unlock, t->n_locks, t->n_unlocks };
    return gobin_read(t->bin, entry, code, n) && insn_holds_lock(code, n, entry, &locks);
}

bool target_looks_locked(struct target *t, const struct access *a)
{
    enum {
        NEAR_FRAMES = 4
    }; // of these the library's too: a server takes locks of its own further out
    for (uint8_t i = 0; i < a->n_pcs; i++) {
        uint64_t pc = a->pc[i] - t->bias - 1;
        struct gobin_func f;
        if (!gobin_func_of(t->bin, pc, &f) || (i >= NEAR_FRAMES && gofunc_is_std(f.name))) continue;
        bool fresh;
        uint64_t *known = map_put(&t->locked_at, pc, &fresh);
        if (fresh) *known = holds_lock(t, f.entry, pc);
        if (*known) return true;
    }
    return false;
}

bool target_access_is_std(struct target *t, const struct access *a)
{
    for (uint8_t i = 0; i < a->n_pcs; i++) {
        struct frame frame[1];
        if (!gobin_frames(t->bin, a->pc[i] - t->bias - 1, frame, 1)) continue;
        if (!gofunc_is_runtime(frame[0].function)) return gofunc_is_std(frame[0].function);
    }
    return false;
}

static bool read_target(void *arg, uint64_t addr, void *p, size_t n)
{
    const struct target *t = arg;
    return proc_mem_read(t->proc.pid, addr, p, n);
}

struct str target_type_name(struct target *t, uint64_t type)
{
    if (!type) return (struct str) { "", 0 };
    uint64_t *known = map_get(&t->types, type);
    if (known) return *(struct str *)(uintptr_t)*known;
    struct str *name = arena_new(&t->arena, struct str);
    *name = (struct str) { "", 0 };
    _cleanup_err_ struct err *e =
        gotype_name(&t->layout, t->bin, t->bias, read_target, t, type, &t->arena, name);
    *map_put(&t->types, type, NULL) = (uintptr_t)name;
    return *name;
}

bool target_key_type(struct target *t, uint64_t type, struct gotype *ret)
{
    if (!type) return false;
    bool fresh;
    uint64_t *known = map_put(&t->key_types, type, &fresh);
    if (fresh) {
        struct gotype *key = arena_new(&t->arena, struct gotype);
        struct gotype_map m = { 0 };
        _cleanup_err_ struct err *e =
            gotype_map(&t->layout, t->bin, t->bias, read_target, t, type, &m);
        *key = m.key;
        *known = (uintptr_t)key;
    }
    *ret = *(struct gotype *)(uintptr_t)*known;
    return ret->kind != 0;
}

// Looks for the word in one range of package variables, a page at a time.
static bool find_word(struct target *t, struct gobin_range r, uint64_t word, uint64_t *ret)
{
    enum { CHUNK = 65536 };
    static uint64_t chunk[CHUNK / 8];
    for (uint64_t at = (r.lo + 7) & ~7ull; at < r.hi; at += CHUNK) {
        size_t n = r.hi - at < CHUNK ? (size_t)(r.hi - at) : CHUNK;
        if (!proc_mem_read(t->proc.pid, at + t->bias, chunk, n)) continue;
        for (size_t i = 0; i < n / 8; i++)
            if (chunk[i] == word) {
                *ret = at + i * 8;
                return true;
            }
    }
    return false;
}

struct str target_map_name(struct target *t, uint64_t map, struct arena *a)
{
    const struct gobin_range ranges[] = { t->info->bss, t->info->data };
    for (size_t i = 0; i < array_size(ranges); i++) {
        uint64_t at, offset;
        struct str name;
        if (!find_word(t, ranges[i], map, &at)) continue;
        if (!gobin_symbol_of(t->bin, at, &name, &offset)) return (struct str) { "", 0 };
        if (offset == 0) return arena_str(a, name);
        return str_from(arena_printf(a, "%.*s+%llu", STR_ARG(name), (unsigned long long)offset));
    }
    return (struct str) { "", 0 };
}

bool target_peek(pid_t pid, struct go_process *ret)
{
    *ret = (struct go_process) { 0 };
    struct target t = { .pidfd = -1 };
    struct err *e = proc_read(pid, &t.proc);
    if (!e) e = map_binary(&t);
    if (!e) e = gobin_open(t.proc.exe, str_make(t.bytes, t.n_bytes), &t.bin);
    bool is_go = e == NULL;
    if (is_go) {
        t.info = gobin_info(t.bin);
        ret->proc = t.proc;
        snprintf(ret->go, sizeof(ret->go), "%.*s", STR_ARG(t.info->version));
        pid_t tracer = proc_tracer(pid);
        e = check_version(&t);
        if (e)
            snprintf(ret->why_not, sizeof(ret->why_not), "Go is older than 1.19");
        else if (tracer)
            snprintf(ret->why_not, sizeof(ret->why_not), "traced by pid %d", tracer);
    }
    err_free(e);
    gobin_close(t.bin);
    if (t.bytes) munmap(t.bytes, t.n_bytes ? t.n_bytes : 1);
    return is_go;
}

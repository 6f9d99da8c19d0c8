// SPDX-License-Identifier: Apache-2.0
#include "engine/profile_sample.h"

#include "base/clock.h"
#include "base/limits.h"
#include "decoders/pprof_legacy_map.h"
#include "decoders/profile_build.h"
#include "engine/goroutine_read.h"
#include "sources/input.h"
#include "sources/perf_sampler.h"
#include "sources/proc.h"

enum {
    POLL_MS = 200,
    MAX_BINARY = 1 << 30, // bytes of a mapped file that is read for its symbols
    MAX_MAPS = 16 << 20,  // bytes of /proc/PID/maps
};

struct taker {
    struct profile_builder b;
    uint64_t period_ns;
    uint32_t kernel; // location of what is spent in the kernel
    uint64_t began_ns;
    struct goroutine_reader goroutines;
    bool reads_goroutines; // it is a Go program whose layout is known
    struct arena scratch;  // of one sample
};

static void take_goroutine(struct taker *t, uint64_t g)
{
    int64_t goid;
    struct goroutine_labels labels;
    if (goroutine_read(&t->goroutines, g, &t->scratch, &goid, &labels)) {
        build_number(&t->b, STR("goroutine"), goid, STR(""));
        for (size_t i = 0; i < labels.n; i++)
            build_label_copy(&t->b, labels.label[i].key, labels.label[i].value);
    }
    arena_deinit(&t->scratch);
}

static void take(const struct perf_stack *stack, void *arg)
{
    struct taker *t = arg;
    build_begin(&t->b);
    if (stack->in_kernel) build_push(&t->b, t->kernel);
    for (size_t i = 0; i < stack->n;
         i++) // the innermost is where it stood, the others return there
        build_push(&t->b, build_address(&t->b, i ? stack->ip[i] - 1 : stack->ip[i]));
    build_number(&t->b, STR("tid"), stack->tid, STR(""));
    if (t->reads_goroutines) take_goroutine(t, stack->r14);
    const int64_t values[] = { 1, (int64_t)t->period_ns };
    build_end(&t->b, values, 0);
}

// Reads /proc/PID/maps over what was read before; a process that is gone leaves that as it is.
static void read_maps(pid_t pid, struct buf *ret)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
    _cleanup_input_ struct input *in = NULL;
    _cleanup_buf_ struct buf fresh = { 0 };
    _cleanup_err_ struct err *e = input_open(path, NULL, &in);
    if (!e) e = input_read_all(in, MAX_MAPS, &fresh);
    if (e || fresh.n == 0) return;
    buf_clear(ret);
    buf_addstr(ret, buf_str(&fresh));
}

// The file behind a mapping, as the process sees it.
static struct err *read_binary(pid_t pid, struct str file, struct buf *ret)
{
    struct proc proc;
    char path[64];
    _cleanup_err_ struct err *gone = proc_read(pid, &proc);
    if (!gone && str_eqc(file, proc.exe)) {
        proc_exe_path(pid, path, sizeof(path));
        _cleanup_input_ struct input *in = NULL;
        ERR_TRY(input_open(path, NULL, &in));
        return input_read_all(in, MAX_BINARY, ret);
    }
    _cleanup_free_ char *inside = gone ? mem_printf("%.*s", STR_ARG(file))
                                       : mem_printf("/proc/%d/root%.*s", (int)pid, STR_ARG(file));
    _cleanup_input_ struct input *in = NULL;
    ERR_TRY(input_open(inside, NULL, &in));
    return input_read_all(in, MAX_BINARY, ret);
}

// Names the locations of one mapping. False: its file has no names.
static bool name_mapping(struct profile_builder *b, uint32_t mapping,
                         const struct code_names *names)
{
    struct profile *p = b->p;
    struct profile_mapping *m = &p->mappings.p[mapping];
    struct frame frame[LIMIT_INLINE_DEPTH];
    uint64_t bias;
    if (!code_names_any(names) || !code_names_bias(names, m->start, m->offset, &bias)) return false;
    for (size_t i = 0; i < p->locations.n; i++) {
        const struct profile_location *l = &p->locations.p[i];
        if (l->mapping != mapping || l->n_lines) continue;
        size_t n = code_names_frames(names, l->address - bias, frame, array_size(frame));
        for (size_t k = 0; k < n; k++) {
            // The binary's bytes are let go of before the profile is.
            struct str name = arena_str(&p->arena, frame[k].function);
            struct str file = arena_str(&p->arena, frame[k].file);
            build_line(b, (uint32_t)i, build_function(b, name, file), frame[k].line);
            m->has_filenames |= file.n > 0;
            m->has_line_numbers |= frame[k].line > 0;
            m->has_inline_frames |= k > 0;
        }
    }
    m->has_functions = true;
    return true;
}

static void name_all(pid_t pid, struct profile_builder *b, struct log *log)
{
    struct profile *p = b->p;
    _cleanup_free_ size_t *used = mem_zalloc((p->mappings.n + 1) * sizeof(*used));
    for (size_t i = 0; i < p->locations.n; i++)
        if (p->locations.p[i].mapping != PROFILE_NONE) used[p->locations.p[i].mapping]++;
    for (size_t i = 0; i < p->mappings.n; i++) {
        struct str file = p->mappings.p[i].file;
        if (!used[i] || file.n == 0 || file.p[0] != '/') continue;
        _cleanup_buf_ struct buf bytes = { 0 };
        struct code_names *names = NULL;
        _cleanup_err_ struct err *e = read_binary(pid, file, &bytes);
        if (!e) e = code_names_open("binary", buf_str(&bytes), &names);
        if (e || !name_mapping(b, (uint32_t)i, names))
            log_warn(log, "%.*s: %s; its functions have no names", STR_ARG(file),
                     e ? e->text : "it has no symbol table and no Go program's tables");
        code_names_close(names);
    }
}

// Where goroutines are in a Go program; any other is sampled without them.
static void find_goroutines(pid_t pid, struct taker *t, struct log *log)
{
    _cleanup_buf_ struct buf bytes = { 0 };
    struct code_names *names = NULL;
    char path[64];
    proc_exe_path(pid, path, sizeof(path));
    _cleanup_input_ struct input *in = NULL;
    _cleanup_err_ struct err *e = input_open(path, NULL, &in);
    if (!e) e = input_read_all(in, MAX_BINARY, &bytes);
    if (!e) e = code_names_open(path, buf_str(&bytes), &names);
    struct gobin *go = e ? NULL : code_names_go(names);
    if (go) e = golayout_of(go, &t->goroutines.layout);
    if (go && !e) {
        const struct gobin_info *info = gobin_info(go);
        t->goroutines.pid = pid;
        t->goroutines.label_list = info->swiss || info->minor >= 24;
        t->reads_goroutines = true;
        log_debug(log, "goroutines: %s", t->goroutines.layout.source);
    }
    code_names_close(names);
}

static struct err *run(pid_t pid, uint64_t span_ns, unsigned hz, const volatile int *stop,
                       struct taker *t, struct buf *maps, struct log *log)
{
    struct perf_sampler *s;
    ERR_TRY(perf_sampler_open(pid, hz, &s));
    if (!perf_sampler_sees_kernel(s))
        log_warn(log, "without privileges only time outside the kernel is sampled");
    uint64_t end = clock_now_ns() + span_ns, now;
    bool ended = false;
    struct err *e = NULL;
    while (!e && !ended && !*stop && !t->b.full && (now = clock_now_ns()) < end) {
        log_progress(log, "sampling process %d: %.0f s left, %zu samples", (int)pid,
                     (double)(end - now) / 1e9, t->b.p->samples.n);
        uint64_t left_ms = (end - now) / 1000000 + 1;
        e = perf_sampler_poll(s, left_ms < POLL_MS ? (int)left_ms : POLL_MS, take, t, &ended);
    }
    log_progress_end(log);
    read_maps(pid, maps);
    if (perf_sampler_lost(s))
        log_warn(log, "%llu samples were lost: the host is too busy",
                 (unsigned long long)perf_sampler_lost(s));
    perf_sampler_close(s);
    return e;
}

static void taker_deinit(struct taker *t)
{
    build_deinit(&t->b);
}

struct err *profile_sample(pid_t pid, uint64_t span_ns, unsigned hz, const volatile int *stop,
                           struct log *log, struct loaded_profile *ret)
{
    struct proc proc;
    ERR_TRY(proc_read(pid, &proc));
    if (hz == 0 || hz > PERF_SAMPLER_MAX_HZ) hz = PERF_SAMPLER_MAX_HZ;
    CLEANUP(taker_deinit) struct taker t = { .period_ns = 1000000000 / hz };
    struct profile *p = &ret->p;
    build_init(&t.b, p, PROFILE_PERF);
    build_type(&t.b, "samples", "count");
    build_type(&t.b, "cpu", "nanoseconds");
    p->period_type = p->types.p[1];
    p->period = (int64_t)t.period_ns;
    t.kernel = build_frame(&t.b, STR("[kernel]"), STR(""), 0, PROFILE_NONE);
    read_maps(pid, &ret->bytes);
    find_goroutines(pid, &t, log);
    t.began_ns = clock_now_ns();
    ERR_TRY(run(pid, span_ns, hz, stop, &t, &ret->bytes, log));
    p->duration_ns = (int64_t)(clock_now_ns() - t.began_ns);
    if (p->samples.n == 0)
        return err_advise(err_new(ERR_UNSEEN, "process %d did not run in %.1f s", (int)pid,
                                  (double)p->duration_ns / 1e9),
                          "put load on it, or sample for longer (--for)");
    struct text_lines lines = text_lines_make(buf_str(&ret->bytes), PROFILE_MAX_LINE);
    legacy_take_map(&t.b, &lines);
    name_all(pid, &t.b, log);
    return NULL;
}

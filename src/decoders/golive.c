// SPDX-License-Identifier: Apache-2.0
#include "decoders/golive.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "decoders/godump_in.h"
#include "model/gofunc.h"

enum {
    BATCH = 256,   // goroutines read at once
    G_BYTES = 512, // of a g; more than any row's last offset
    REASONS_MAX = 100,
};

// runtime2.go's _Gidle and so on; all versions agree.
enum {
    G_IDLE = 0,
    G_RUNNABLE = 1,
    G_RUNNING = 2,
    G_SYSCALL = 3,
    G_WAITING = 4,
    G_DEAD = 6,
    G_COPYSTACK = 8,
    G_PREEMPTED = 9,
    G_LEAKED = 10,
    G_DEADEXTRA = 11,
    G_SCAN = 0x1000,
};

static const char *const status_text[] = {
    [G_IDLE] = "idle",           [G_RUNNABLE] = "runnable", [G_RUNNING] = "running",
    [G_SYSCALL] = "syscall",     [G_WAITING] = "waiting",   [5] = "moribund",
    [G_DEAD] = "dead",           [7] = "enqueue",           [G_COPYSTACK] = "copystack",
    [G_PREEMPTED] = "preempted", [G_LEAKED] = "leaked",     [G_DEADEXTRA] = "dead",
};

// What one address in the code stands for, reckoned once.
struct place {
    uint32_t first, n; // frames, in reader.frames
    int32_t delta;     // from sp to the return address; negative = unknown
    bool known;        // it is Go code
    bool ends;         // the outermost function: the stack ends here
    bool injected;     // called by a signal handler: its caller's pc is no return address
    bool of_runtime;   // all its frames are
};

struct seen {
    uint64_t g, sp, pc;
    uint8_t head[G_BYTES], again[G_BYTES];
    bool readable, skip, has_stack, torn, whole, short_read, user_code;
    uint8_t *stack;
    size_t n_stack;
    uint32_t frame[LIMIT_STACK_FRAMES];
    uint32_t n_frames;
};

struct reader {
    const struct golive *l;
    struct godump_builder b;
    struct golive_counts count;
    struct arena scratch; // stacks of a batch
    size_t g_bytes;
    struct str reason[REASONS_MAX];
    size_t n_reasons;
    struct map place_of;   // pc → index + 1 of place
    struct map creator_of; // pc → frame + 1
    struct map system_of;  // startpc → 1 + enum origin
    VEC(struct place) place;
    VEC(uint32_t) frames;
    struct seen *seen;
    struct golive_piece piece[BATCH];
};

enum origin { ORIGIN_USER, ORIGIN_SYSTEM, ORIGIN_CALLBACKS };

static void read_pieces(struct reader *r, size_t n)
{
    for (size_t i = 0; i < n; i++) r->count.bytes += r->piece[i].n;
    r->l->read(r->l->arg, r->piece, n);
}

static bool read_one(struct reader *r, uint64_t address, void *to, size_t n)
{
    r->piece[0] = (struct golive_piece) { address, to, n, false };
    read_pieces(r, 1);
    return r->piece[0].ok;
}

static uint64_t word(const uint8_t *bytes, uint32_t offset)
{
    uint64_t v = 0;
    if (offset + sizeof(v) <= G_BYTES) memcpy(&v, bytes + offset, sizeof(v));
    return v;
}

static uint32_t status_of(const struct reader *r, const uint8_t *head)
{
    return (uint32_t)word(head, r->l->layout->g_atomicstatus) & ~(uint32_t)G_SCAN;
}

// ---- Why a goroutine waits: runtime.waitReasonStrings, found by how it begins

static bool read_reason(const struct reader *r, uint64_t at, struct str *ret)
{
    enum { TEXT_MAX = 64 };
    uint64_t header[2], text;
    char bytes[TEXT_MAX];
    if (!gobin_read(r->l->bin, at, header, sizeof(header)) || header[1] > TEXT_MAX) return false;
    *ret = STR("");
    if (header[1] == 0) return true;
    if (!gobin_pointer(r->l->bin, at, &text) || !gobin_read(r->l->bin, text, bytes, header[1]))
        return false;
    for (size_t i = 0; i < header[1]; i++)
        if (bytes[i] < ' ' || bytes[i] > '~') return false;
    *ret = arena_str(&r->b.d->arena, str_make(bytes, header[1]));
    return true;
}

// An array of strings of which the first is empty and the second "GC assist marking".
static void find_reasons(struct reader *r)
{
    enum { CHUNK_WORDS = 4096 };
    uint64_t chunk[CHUNK_WORDS];
    static const struct str second = { "GC assist marking", 17 };
    struct gobin_range data = gobin_info(r->l->bin)->data;
    for (uint64_t lo = (data.lo + 7) & ~7ull; lo + 32 <= data.hi; lo += 8 * (CHUNK_WORDS - 3)) {
        size_t n = data.hi - lo < sizeof(chunk) ? (size_t)(data.hi - lo) / 8 : CHUNK_WORDS;
        if (!gobin_read(r->l->bin, lo, chunk, 8 * n)) return;
        for (size_t i = 0; i + 4 <= n; i++) {
            struct str s;
            if (chunk[i + 1] != 0 || chunk[i + 3] != second.n ||
                !read_reason(r, lo + 8 * i + 16, &s) || !str_eq(s, second))
                continue;
            while (r->n_reasons < REASONS_MAX &&
                   read_reason(r, lo + 8 * i + 16 * r->n_reasons, &r->reason[r->n_reasons]))
                r->n_reasons++;
            return;
        }
    }
}

static struct str state_text(const struct reader *r, const uint8_t *head)
{
    uint32_t status = status_of(r, head);
    if (status == G_WAITING || status == G_LEAKED) {
        uint8_t why = head[r->l->layout->g_waitreason];
        if (why < r->n_reasons && r->reason[why].n) return r->reason[why];
    }
    return status < array_size(status_text) ? str_from(status_text[status]) : STR("???");
}

// ---- Code addresses

static uint32_t frame_id(struct reader *r, struct str function, struct str file, uint32_t line)
{
    char text[LIMIT_NAME_BYTES + 16];
    int n = file.n ? snprintf(text, sizeof(text), "%.*s:%u",
                              (int)(file.n < LIMIT_NAME_BYTES ? file.n : LIMIT_NAME_BYTES), file.p,
                              line)
                   : 0;
    return godump_frame(&r->b, godump_function(&r->b, function), str_make(text, (size_t)n));
}

static bool one_of(struct str name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eqc(name, list[i])) return true;
    return false;
}

// pc is a return address, or (exact) an instruction's own.
static struct place *place_at(struct reader *r, uint64_t pc, bool exact)
{
    static const char *const injected[] = { "runtime.sigpanic", "runtime.asyncPreempt",
                                            "runtime.debugCallV2" };
    static const char *const outermost[] = { "runtime.goexit", "runtime.mstart", "runtime.rt0_go",
                                             "runtime.mcall", "runtime.morestack" };
    bool fresh;
    uint64_t *known = map_put(&r->place_of, 2 * pc + exact, &fresh);
    if (!fresh) return &r->place.p[*known];
    *known = r->place.n;
    struct place p = { .delta = -1, .first = (uint32_t)r->frames.n, .of_runtime = true };
    struct gobin_func f;
    struct frame frame[LIMIT_STACK_FRAMES];
    if (gobin_func_of(r->l->bin, pc, &f)) {
        uint32_t delta;
        uint64_t at = exact || pc == f.entry ? pc : pc - 1;
        size_t n = gobin_frames(r->l->bin, at, frame, array_size(frame));
        p.known = n != 0;
        p.injected = one_of(f.name, injected, array_size(injected));
        p.ends = one_of(f.name, outermost, array_size(outermost));
        if (gobin_sp_delta(r->l->bin, pc, &delta)) p.delta = (int32_t)delta;
        for (size_t i = 0; i < n && !p.ends; i++) {
            if (!gofunc_is_runtime(frame[i].function)) p.of_runtime = false;
            // Made by the compiler or cgo ("_cgoexp_…"): nobody wrote it.
            if ((i + 1 == n && f.wrapper) || str_find_char(frame[i].function, '.') == STR_NPOS)
                continue;
            vec_push(&r->frames, frame_id(r, frame[i].function, frame[i].file, frame[i].line));
            p.n++;
        }
    }
    vec_push(&r->place, p);
    return vec_last(&r->place);
}

// The creator's frame as Go's dumps name it: the function that has the code, the line of the call.
static uint32_t creator_at(struct reader *r, uint64_t pc)
{
    bool fresh;
    uint64_t *known = map_put(&r->creator_of, pc, &fresh);
    if (!fresh) return (uint32_t)*known;
    *known = DUMP_NONE;
    struct frame frame[LIMIT_STACK_FRAMES];
    size_t n = gobin_frames(r->l->bin, pc - 1, frame, array_size(frame));
    if (n) *known = frame_id(r, frame[n - 1].function, frame[0].file, frame[0].line);
    return (uint32_t)*known;
}

// Whose a goroutine is, by the function that it began with (runtime.isSystemGoroutine).
static enum origin origin_at(struct reader *r, uint64_t startpc)
{
    static const char *const users[] = { "runtime.main", "runtime.corostart",
                                         "runtime.handleAsyncEvent" };
    static const char *const callbacks[] = { "runtime.runfinq", "runtime.runFinalizers",
                                             "runtime.runCleanups" };
    bool fresh;
    uint64_t *known = map_put(&r->system_of, startpc, &fresh);
    struct gobin_func f;
    if (!fresh) return (enum origin) * known;
    if (!gobin_func_of(r->l->bin, startpc, &f) || !str_starts(f.name, STR("runtime.")) ||
        one_of(f.name, users, array_size(users)))
        *known = ORIGIN_USER;
    else
        *known =
            one_of(f.name, callbacks, array_size(callbacks)) ? ORIGIN_CALLBACKS : ORIGIN_SYSTEM;
    return (enum origin) * known;
}

// ---- One goroutine

// Where its stack is to be unwound from; false if nothing says so.
static bool start_of(const struct reader *r, const uint8_t *head, uint64_t *sp, uint64_t *pc)
{
    const struct golayout *l = r->l->layout;
    uint64_t lo = word(head, l->g_stack_lo), hi = word(head, l->g_stack_lo + 8);
    uint32_t status = status_of(r, head);
    *sp = word(head, l->g_sched + l->gobuf_sp);
    *pc = word(head, l->g_sched + l->gobuf_pc);
    if (status == G_SYSCALL || status == G_RUNNING) { // running with it set: on its way out of one
        *sp = word(head, l->g_syscallsp);
        *pc = word(head, l->g_syscallpc);
    }
    return status != G_COPYSTACK && *pc && *sp >= lo && *sp + 8 <= hi && *sp % 8 == 0;
}

static void append(struct reader *r, struct seen *s, const struct place *p)
{
    for (uint32_t i = 0; i < p->n && s->n_frames < LIMIT_STACK_FRAMES; i++)
        s->frame[s->n_frames++] = r->frames.p[p->first + i];
    if (!p->ends && !p->of_runtime) s->user_code = true;
}

static void unwind(struct reader *r, struct seen *s)
{
    uint64_t pc = s->pc - r->l->bias, at = 0; // at: of sp, in the bytes that were read
    bool exact = false;
    s->n_frames = 0;
    s->whole = s->short_read = s->user_code = false;
    for (;;) {
        const struct place *p = place_at(r, pc, exact);
        if (!p->known) return;
        append(r, s, p);
        s->whole = p->ends;
        if (p->ends || p->delta < 0 || s->n_frames == LIMIT_STACK_FRAMES) return;
        at += (uint32_t)p->delta;
        if (at + 8 > s->n_stack) {
            s->short_read = true;
            return;
        }
        memcpy(&pc, s->stack + at, sizeof(pc));
        pc -= r->l->bias;
        at += 8;
        exact = p->injected;
    }
}

// A running goroutine's stack, where somebody saw it.
static bool take_sampled(struct reader *r, struct seen *s)
{
    uint64_t pcs[LIMIT_STACK_FRAMES];
    if (!r->l->running || status_of(r, s->head) != G_RUNNING) return false;
    size_t n = r->l->running(r->l->arg, s->g, pcs);
    s->n_frames = 0;
    s->whole = false;
    for (size_t i = 0; i < n && !s->whole; i++) {
        const struct place *p = place_at(r, pcs[i] - r->l->bias, i == 0);
        if (!p->known) break;
        append(r, s, p);
        s->whole = p->ends;
    }
    return s->n_frames > 0;
}

// Whether a goroutine stood still between two readings of its g.
static bool same(const struct reader *r, const struct seen *s)
{
    const struct golayout *l = r->l->layout;
    uint64_t sp, pc;
    bool had = start_of(r, s->again, &sp, &pc);
    return status_of(r, s->head) == status_of(r, s->again) && had == s->has_stack &&
           (!had || (sp == s->sp && pc == s->pc)) &&
           word(s->head, l->g_goid) == word(s->again, l->g_goid) &&
           word(s->head, l->g_stack_lo) == word(s->again, l->g_stack_lo);
}

static bool skipped(const struct reader *r, const struct seen *s)
{
    uint32_t status = status_of(r, s->head);
    return status == G_IDLE || status == G_DEAD || status >= G_DEADEXTRA ||
           word(s->head, r->l->layout->g_goid) == 0;
}

// ---- A batch: heads, stacks, heads again

static void read_heads(struct reader *r, struct seen **todo, size_t n, bool again)
{
    for (size_t i = 0; i < n; i++)
        r->piece[i] = (struct golive_piece) { todo[i]->g, again ? todo[i]->again : todo[i]->head,
                                              r->g_bytes, false };
    read_pieces(r, n);
    for (size_t i = 0; i < n; i++) todo[i]->readable = r->piece[i].ok;
}

static void read_stacks(struct reader *r, struct seen **todo, size_t n)
{
    size_t k = 0;
    struct seen *of[BATCH];
    for (size_t i = 0; i < n; i++) {
        struct seen *s = todo[i];
        s->has_stack = s->readable && !s->skip && start_of(r, s->head, &s->sp, &s->pc);
        if (!s->has_stack) continue;
        uint64_t size = word(s->head, r->l->layout->g_stack_lo + 8) - s->sp;
        size_t most = s->short_read ? GOLIVE_STACK_MAX : GOLIVE_STACK_FIRST;
        s->n_stack = size < most ? (size_t)size : most;
        s->stack = arena_alloc(&r->scratch, s->n_stack);
        r->piece[k] = (struct golive_piece) { s->sp, s->stack, s->n_stack, false };
        of[k++] = s;
    }
    read_pieces(r, k);
    for (size_t i = 0; i < k; i++)
        if (!r->piece[i].ok) of[i]->n_stack = 0;
}

// One round: those of todo that have to be read once more stay in it; returns how many.
static size_t read_round(struct reader *r, struct seen **todo, size_t n)
{
    read_heads(r, todo, n, false);
    for (size_t i = 0; i < n; i++) todo[i]->skip = !todo[i]->readable || skipped(r, todo[i]);
    read_stacks(r, todo, n);
    read_heads(r, todo, n, true);
    size_t left = 0;
    for (size_t i = 0; i < n; i++) {
        struct seen *s = todo[i];
        if (s->skip) continue;
        bool was_short = s->short_read;
        s->torn = !s->readable || !same(r, s);
        if (s->has_stack && !s->torn) unwind(r, s);
        if (s->has_stack && !s->whole && s->n_frames < LIMIT_STACK_FRAMES && !was_short)
            s->torn |= !s->short_read;
        if (s->torn || (s->short_read && !was_short)) todo[left++] = s;
    }
    return left;
}

static void emit(struct reader *r, struct seen *s)
{
    const struct golayout *l = r->l->layout;
    enum origin origin = origin_at(r, word(s->head, l->g_startpc) - r->l->bias);
    if (origin == ORIGIN_SYSTEM || (origin == ORIGIN_CALLBACKS && !s->user_code)) {
        r->count.system++;
        return;
    }
    bool sampled = !s->has_stack && !s->torn && take_sampled(r, s);
    bool shown = sampled || (s->has_stack && s->n_frames);
    if (s->torn) r->count.torn++;
    if (sampled) r->count.sampled++;
    if (!shown) r->count.without_stack++;
    uint64_t since = word(s->head, l->g_waitsince), pc = word(s->head, l->g_gopc);
    uint32_t status = status_of(r, s->head);
    bool waits = status == G_WAITING || status == G_SYSCALL;
    struct godump_open g = { .active = true,
                             .count = 1,
                             .dump = 1,
                             .id = word(s->head, l->g_goid),
                             .parent = l->g_parent_goid ? word(s->head, l->g_parent_goid) : 0,
                             .state = godump_state(&r->b, state_text(r, s->head)),
                             .locked = word(s->head, l->g_lockedm) != 0,
                             .torn = s->torn,
                             .sampled = sampled,
                             .unavailable = !shown,
                             .elided = shown && !s->whole };
    if (waits && since && since < r->l->now_ns)
        g.wait_minutes = (uint32_t)((r->l->now_ns - since) / 60000000000u);
    if (pc && g.id != 1) {
        g.creator = creator_at(r, pc - r->l->bias);
        g.has_creator = g.creator != DUMP_NONE;
    }
    if (shown) {
        memcpy(g.stack, s->frame, s->n_frames * sizeof(*s->frame));
        g.n_stack = s->n_frames;
    }
    godump_store(&r->b, &g);
}

static void read_batch(struct reader *r, const uint64_t *gs, size_t n)
{
    struct seen *todo[BATCH];
    size_t left = 0;
    for (size_t i = 0; i < n; i++) {
        r->seen[i] = (struct seen) { .g = gs[i] };
        if (gs[i] && gs[i] % 8 == 0) todo[left++] = &r->seen[i];
        r->seen[i].skip = true;
    }
    for (int round = 0; left && round < GOLIVE_ROUNDS; round++) left = read_round(r, todo, left);
    for (size_t i = 0; i < n; i++)
        if (!r->seen[i].skip) emit(r, &r->seen[i]);
    arena_deinit(&r->scratch);
}

// ---- All of them

static struct err *find_allgs(struct reader *r, uint64_t slice[2])
{
    uint64_t at, again[2];
    const char *name = gobin_name(r->l->bin);
    if (!gobin_global(r->l->bin, GOBIN_ALLGS, &at))
        return err_new(ERR_CANNOT, "%s: runtime.allgs is not found, by symbol or in the code",
                       name);
    for (int i = 0; i < GOLIVE_ROUNDS; i++) { // it may just be growing
        if (!read_one(r, at + r->l->bias, slice, 16) || !read_one(r, at + r->l->bias, again, 16))
            return err_new(ERR_CANNOT, "%s: the process's memory cannot be read", name);
        if (memcmp(slice, again, sizeof(again)) == 0) break;
    }
    if (slice[0] == 0 || slice[0] % 8 || slice[1] == 0 || slice[1] > GOLIVE_GS_MAX)
        return err_new(ERR_CANNOT, "%s: no list of goroutines at runtime.allgs (%llu of them?)",
                       name, (unsigned long long)slice[1]);
    return NULL;
}

static size_t bytes_of_g(const struct golayout *l)
{
    const uint32_t last[] = { l->g_waitreason, l->g_lockedm, l->g_parent_goid, l->g_gopc,
                              l->g_startpc,    l->g_goid,    l->g_waitsince,   l->g_syscallpc };
    size_t n = 0;
    for (size_t i = 0; i < array_size(last); i++)
        if (last[i] + 8u > n) n = last[i] + 8u;
    return n < G_BYTES ? n : G_BYTES;
}

static struct err *read_all(struct reader *r)
{
    uint64_t slice[2], gs[BATCH];
    ERR_TRY(find_allgs(r, slice));
    for (uint64_t i = 0; i < slice[1]; i += BATCH) {
        size_t n = slice[1] - i < BATCH ? (size_t)(slice[1] - i) : BATCH;
        if (!read_one(r, slice[0] + 8 * i, gs, 8 * n)) {
            r->b.d->truncated = true; // the process ends, or the list moved
            break;
        }
        read_batch(r, gs, n);
    }
    return NULL;
}

struct err *golive_read(const struct golive *l, struct dump *d, struct golive_counts *ret)
{
    struct reader *r = mem_zalloc(sizeof(*r));
    r->l = l;
    r->b.d = d;
    r->g_bytes = bytes_of_g(l->layout);
    r->seen = mem_zalloc(BATCH * sizeof(*r->seen));
    d->runtime_frames_seen = true; // nothing is hidden here
    find_reasons(r);
    struct err *e = read_all(r);
    d->dumps = 1;
    d->fatal_record = d->fatal.p ? d->fatal_record : d->n;
    d->bytes = r->count.bytes;
    *ret = r->count;
    godump_builder_deinit(&r->b);
    map_deinit(&r->place_of);
    map_deinit(&r->creator_of);
    map_deinit(&r->system_of);
    vec_deinit(&r->place);
    vec_deinit(&r->frames);
    free(r->seen);
    free(r);
    return e;
}

// SPDX-License-Identifier: Apache-2.0
// What gobin reads from machine code (amd64): call sites, probe points, variables that only the
// code names.
#include "decoders/gobin_in.h"

#include <Zydis/Zydis.h>

enum { LIMIT_TARGETS = 1 << 16 };

bool gobin_emulated(const uint8_t *insn, size_t n)
{
    if (n == 0) return false;
    uint8_t op = insn[0];
    if (op == 0x41) return n >= 2 && insn[1] >= 0x50 && insn[1] <= 0x57; // push %r8 … %r15
    if (op == 0x0f) return n >= 6 && (insn[1] & 0xf0) == 0x80;           // jcc rel32
    if (op == 0x90 || (op & 0xf8) == 0x50) return true;                  // nop, push
    if (op == 0xeb || (op & 0xf0) == 0x70) return n >= 2;                // jmp, jcc rel8
    return (op == 0xe8 || op == 0xe9) && n >= 5;                         // call, jmp rel32
}

// False: there is no libZydis.
static bool decoder_init(ZydisDecoder *d, bool minimal)
{
    if (ZYAN_FAILED(ZydisDecoderInit(d, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)))
        return false;
    return !minimal ||
           ZYAN_SUCCESS(ZydisDecoderEnableMode(d, ZYDIS_DECODER_MODE_MINIMAL, ZYAN_TRUE));
}

// The code of [entry, end), cut to what the file has.
static struct str code_of(const struct gobin *b, uint64_t entry, uint64_t end)
{
    return str_sub(goelf_at(&b->elf, entry), 0, (size_t)(end - entry));
}

// ---- Call sites ----

struct target_set {
    struct map set;
    uint64_t lo, hi;
    uint64_t filter[64]; // one bit per hash of the address: most misses end here
};

static unsigned filter_bit(uint64_t address)
{
    return (unsigned)((address * 0x9e3779b97f4a7c15u) >> 52); // 12 bits
}

static void target_set_add(struct target_set *s, uint64_t address)
{
    unsigned h = filter_bit(address);
    s->filter[h / 64] |= 1ull << (h % 64);
    *map_put(&s->set, address, NULL) = 1;
    if (address < s->lo || !s->hi) s->lo = address;
    if (address > s->hi) s->hi = address;
}

static inline bool target_set_has(const struct target_set *s, uint64_t address)
{
    if (address < s->lo || address > s->hi) return false;
    unsigned h = filter_bit(address);
    return (s->filter[h / 64] >> (h % 64) & 1) && map_get(&s->set, address);
}

// Whether an instruction starts at `pc`: decodes from the last line change before it, which the
// assembler puts on an instruction boundary, so a few instructions suffice.
static bool on_boundary(const struct gobin *b, const ZydisDecoder *d,
                        const struct gopclntab_func *f, uint64_t pc)
{
    uint64_t at = gopclntab_boundary(&b->pcln, f, f->pcln, pc);
    struct str code = code_of(b, f->entry, f->end);
    while (at < pc) {
        ZydisDecodedInstruction insn;
        size_t from = (size_t)(at - f->entry);
        if (from >= code.n || ZYAN_FAILED(ZydisDecoderDecodeInstruction(d, NULL, code.p + from,
                                                                        code.n - from, &insn)))
            return false;
        at += insn.length;
    }
    return at == pc;
}

struct call_scan {
    const struct gobin *b;
    struct target_set targets;
    ZydisDecoder decoder;
    struct gopclntab_func func; // of the last hit
    VEC(struct gobin_call) found;
};

static void consider(struct call_scan *s, uint64_t pc, uint64_t target, bool tail)
{
    struct gopclntab_func *f = &s->func;
    if (pc < f->entry || pc >= f->end) {
        if (!gopclntab_func(&s->b->pcln, gopclntab_index(&s->b->pcln, pc), f)) {
            *f = (struct gopclntab_func) { 0 };
            return;
        }
    }
    if (tail && target == f->entry) return; // a loop, or the way back from morestack
    if (s->found.n >= LIMIT_CALL_SITES || !on_boundary(s->b, &s->decoder, f, pc)) return;
    vec_push(&s->found, (struct gobin_call) { pc, target, f->index, 5, tail });
}

struct err *gobin_calls(struct gobin *b, const uint64_t *targets, size_t n, struct gobin_calls *ret)
{
    if (n > LIMIT_TARGETS)
        return err_new(ERR_CANNOT, "%s: calls of %zu functions asked for, more than %d", b->name, n,
                       LIMIT_TARGETS);
    struct call_scan s = { .b = b };
    if (!decoder_init(&s.decoder, true))
        return err_new(ERR_CANNOT,
                       "%s: libZydis, which reads machine code, is not installed "
                       "(apt install libzydis4.0)",
                       b->name);
    for (size_t i = 0; i < n; i++) target_set_add(&s.targets, targets[i]);
    uint64_t start = gopclntab_entry(&b->pcln, 0);
    struct str code = code_of(b, start, gopclntab_entry(&b->pcln, b->pcln.n_functions));
    for (size_t i = 0; n && i + 5 <= code.n; i++) {
        uint8_t op = (uint8_t)code.p[i];
        if ((op & 0xfe) != 0xe8) continue;
        int32_t rel;
        memcpy(&rel, code.p + i + 1, sizeof(rel));
        uint64_t target = start + i + 5 + (uint64_t)(int64_t)rel;
        if (target_set_has(&s.targets, target)) consider(&s, start + i, target, op == 0xe9);
    }
    map_deinit(&s.targets.set);
    ret->call = s.found.p;
    ret->n = s.found.n;
    return NULL;
}

void gobin_calls_deinit(struct gobin_calls *c)
{
    free(c->call);
    *c = (struct gobin_calls) { 0 };
}

// ---- Probe points ----

// Registers that carry arguments, and g.
static bool carries_argument(ZydisRegister r)
{
    switch (ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, r)) {
    case ZYDIS_REGISTER_RAX:
    case ZYDIS_REGISTER_RBX:
    case ZYDIS_REGISTER_RCX:
    case ZYDIS_REGISTER_RDI:
    case ZYDIS_REGISTER_RSI:
    case ZYDIS_REGISTER_R8:
    case ZYDIS_REGISTER_R9:
    case ZYDIS_REGISTER_R10:
    case ZYDIS_REGISTER_R11:
    case ZYDIS_REGISTER_R14: return true;
    default: return false;
    }
}

struct insn {
    ZydisDecodedInstruction i;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
};

static bool decode(const ZydisDecoder *d, struct str code, size_t at, struct insn *ret)
{
    return at < code.n &&
           ZYAN_SUCCESS(ZydisDecoderDecodeFull(d, code.p + at, code.n - at, &ret->i, ret->op));
}

// Writes a register that carries an argument, or memory outside the function's own frame.
static bool changes_state(const struct insn *in)
{
    for (unsigned i = 0; i < in->i.operand_count; i++) {
        const ZydisDecodedOperand *o = &in->op[i];
        if (!(o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)) continue;
        if (o->type == ZYDIS_OPERAND_TYPE_REGISTER && carries_argument(o->reg.value)) return true;
        if (o->type == ZYDIS_OPERAND_TYPE_MEMORY && o->mem.base != ZYDIS_REGISTER_RSP) return true;
    }
    return false;
}

static bool leaves(const struct insn *in)
{
    switch (in->i.meta.category) {
    case ZYDIS_CATEGORY_RET:
    case ZYDIS_CATEGORY_UNCOND_BR:
    case ZYDIS_CATEGORY_CALL:
    case ZYDIS_CATEGORY_INTERRUPT: return true;
    default: return false;
    }
}

// cmp with stackguard0: [r14+0x10] or, in functions of systems code, [r14+0x18].
static bool is_stack_check(const struct insn *in)
{
    if (in->i.mnemonic != ZYDIS_MNEMONIC_CMP) return false;
    for (unsigned i = 0; i < in->i.operand_count_visible; i++) {
        const ZydisDecodedOperand *o = &in->op[i];
        if (o->type == ZYDIS_OPERAND_TYPE_MEMORY && o->mem.base == ZYDIS_REGISTER_R14 &&
            (o->mem.disp.value == 0x10 || o->mem.disp.value == 0x18))
            return true;
    }
    return false;
}

static bool is_condition(const struct insn *in)
{
    return in->i.meta.category == ZYDIS_CATEGORY_COND_BR;
}

struct walk {
    struct gobin_probe first_jcc, pick;
    bool have_jcc, have_pick;
    bool compared, checked; // the stack check's cmp, its branch
};

// Takes one instruction at `address` in; false = look no further.
static bool walk_insn(struct walk *w, const struct insn *in, bool emulated, uint64_t address)
{
    struct gobin_probe p = { .address = address, .after_check = w->checked };
    if (is_stack_check(in)) w->compared = true;
    if (w->compared && !w->checked && is_condition(in)) {
        p.kind = GOBIN_PROBE_JCC;
        w->first_jcc = p;
        w->have_jcc = w->checked = true;
        return true;
    }
    if (emulated) {
        p.kind = in->i.mnemonic == ZYDIS_MNEMONIC_PUSH ? GOBIN_PROBE_PUSH : GOBIN_PROBE_OTHER;
        w->pick = p;
        w->have_pick = true;
        // A branch before the check (huge frames) is no place: go on to the check itself.
        return is_condition(in) && !w->checked;
    }
    return !leaves(in) && !is_condition(in) && !changes_state(in);
}

bool gobin_probe(const struct gobin *b, const struct gobin_func *f, struct gobin_probe *ret)
{
    enum { INSTRUCTIONS_MAX = 24 }; // a prologue has fewer
    struct str code = code_of(b, f->entry, f->end);
    ZydisDecoder d;
    struct walk w = { 0 };
    struct insn in;
    size_t at = 0;
    if (!decoder_init(&d, false) || !decode(&d, code, 0, &in)) return false;
    for (unsigned i = 0; i < INSTRUCTIONS_MAX && decode(&d, code, at, &in); i++) {
        bool emulated = gobin_emulated((const uint8_t *)code.p + at, code.n - at);
        if (!walk_insn(&w, &in, emulated, f->entry + at)) break;
        at += in.i.length;
    }
    struct gobin_probe p = { .address = f->entry, .kind = GOBIN_PROBE_FIRST };
    if (w.have_pick && (w.pick.after_check || !w.have_jcc))
        p = w.pick;
    else if (w.have_jcc)
        p = w.first_jcc;
    p.has_check = w.checked;
    if (!w.checked) p.after_check = true;
    if (!gobin_sp_delta(b, p.address, &p.sp_delta)) p.sp_delta = 0;
    *ret = p;
    return true;
}

// ---- Variables that the code names ----

struct votes {
    struct map count;
    uint64_t best, best_n;
};

// Votes for the runner-up.
static uint64_t votes_second(const struct votes *v)
{
    uint64_t n = 0;
    for (size_t i = 0; i < v->count.cap; i++) {
        const struct map_slot *s = &v->count.slot[i];
        if (s->used && s->key != v->best && s->value > n) n = s->value;
    }
    return n;
}

static void vote(struct votes *v, uint64_t address)
{
    uint64_t n = ++*map_put(&v->count, address, NULL);
    if (n > v->best_n) {
        v->best = address;
        v->best_n = n;
    }
}

static bool rip_operand(const struct insn *in, uint64_t pc, unsigned bits, uint64_t *ret)
{
    for (unsigned i = 0; i < in->i.operand_count_visible; i++) {
        const ZydisDecodedOperand *o = &in->op[i];
        if (o->type != ZYDIS_OPERAND_TYPE_MEMORY || o->mem.base != ZYDIS_REGISTER_RIP ||
            o->size != bits)
            continue;
        return ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&in->i, o, pc, ret));
    }
    return false;
}

// `cmpl $0, X(%rip)` as the compiler puts before each write to a pointer: X is the word that more
// functions of the runtime compare with zero than any other.
static void find_write_barrier(const struct gobin *b, struct votes *v)
{
    uint64_t start = gopclntab_entry(&b->pcln, 0);
    struct str code = code_of(b, start, gopclntab_entry(&b->pcln, b->pcln.n_functions));
    for (size_t i = 0; i + 7 <= code.n; i++) {
        if (memcmp(code.p + i, "\x83\x3d", 2) != 0 || code.p[i + 6] != 0) continue;
        int32_t rel;
        memcpy(&rel, code.p + i + 2, sizeof(rel));
        vote(v, start + i + 7 + (uint64_t)(int64_t)rel);
    }
}

// runtime.GOMAXPROCS(n) reads it under a lock and returns it: the 32-bit word of the data ranges
// that it loads.
static void find_gomaxprocs(struct gobin *b, struct votes *v)
{
    struct gobin_func f;
    if (!gobin_func_named(b, STR("runtime.GOMAXPROCS"), &f)) return;
    struct str code = code_of(b, f.entry, f.end);
    ZydisDecoder d;
    struct insn in;
    if (!decoder_init(&d, false)) return;
    for (size_t at = 0; decode(&d, code, at, &in); at += in.i.length) {
        uint64_t address;
        bool load = in.i.mnemonic == ZYDIS_MNEMONIC_MOV || in.i.mnemonic == ZYDIS_MNEMONIC_MOVSXD;
        if (load && in.op[0].type == ZYDIS_OPERAND_TYPE_REGISTER &&
            rip_operand(&in, f.entry + at, 32, &address))
            vote(v, address);
    }
}

// runtime.allgadd appends to it: the one place of three words in a row that it moves to or from.
static void find_allgs(struct gobin *b, struct votes *v)
{
    enum { WORDS_MAX = 64 };
    uint64_t word[WORDS_MAX];
    size_t n = 0;
    struct gobin_func f;
    if (!gobin_func_named(b, STR("runtime.allgadd"), &f)) return;
    struct str code = code_of(b, f.entry, f.end);
    ZydisDecoder d;
    struct insn in;
    if (!decoder_init(&d, false)) return;
    for (size_t at = 0; n < WORDS_MAX && decode(&d, code, at, &in); at += in.i.length)
        if (in.i.mnemonic == ZYDIS_MNEMONIC_MOV && rip_operand(&in, f.entry + at, 64, &word[n]))
            n++;
    for (size_t i = 0; i < n; i++) {
        bool length = false, capacity = false;
        for (size_t k = 0; k < n; k++) {
            length |= word[k] == word[i] + 8;
            capacity |= word[k] == word[i] + 16;
        }
        if (length && capacity) vote(v, word[i]);
    }
}

static bool in_data(const struct gobin *b, uint64_t address)
{
    const struct gobin_range range[] = { b->info.data, b->info.noptrdata, b->info.bss,
                                         b->info.noptrbss };
    for (size_t i = 0; i < array_size(range); i++) {
        if (address >= range[i].lo && address < range[i].hi) return true;
    }
    return false;
}

bool gobin_global(struct gobin *b, enum gobin_global which, uint64_t *ret_address)
{
    static const struct str name[GOBIN_GLOBALS] = { { "runtime.writeBarrier", 20 },
                                                    { "runtime.gomaxprocs", 18 },
                                                    { "runtime.allgs", 13 } };
    if (gobin_symbol_named(b, name[which], ret_address)) return true;
    if (!b->global_tried[which]) {
        struct votes v = { 0 };
        switch (which) {
        case GOBIN_WRITE_BARRIER: find_write_barrier(b, &v); break;
        case GOBIN_GOMAXPROCS: find_gomaxprocs(b, &v); break;
        case GOBIN_ALLGS: find_allgs(b, &v); break;
        }
        b->global_tried[which] = true;
        b->global[which] = v.best;
        // A crowd of sites and far ahead of the rest; for the others, all of the few there are.
        uint64_t second = votes_second(&v);
        bool sure = which == GOBIN_WRITE_BARRIER ? v.best_n >= 100 && v.best_n >= 4 * second
                                                 : v.best_n >= 1 && second == 0;
        b->global_known[which] = sure && in_data(b, v.best);
        map_deinit(&v.count);
    }
    *ret_address = b->global[which];
    return b->global_known[which];
}

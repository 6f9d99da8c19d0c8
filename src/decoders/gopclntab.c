// SPDX-License-Identifier: Apache-2.0
#include "decoders/gopclntab.h"

#include "base/cursor.h"
#include "base/limits.h"

enum {
    PCDATA_INL_TREE_INDEX = 2, // internal/abi/symtab.go (runtime/symtab.go up to 1.19)
    FUNCDATA_INL_TREE = 3,
    HEADER_BYTES_116 = 8 + 7 * 8,
    HEADER_BYTES_118 = 8 + 8 * 8,
    MAX_PCDATA = 16, // of one function; 1.27 has 5
};

static uint32_t load32(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

static bool at32(struct str s, uint64_t at, uint32_t *ret)
{
    if (at > s.n || s.n - at < 4) return false;
    *ret = load32(s.p + at);
    return true;
}

// The bytes of a C string, as long as the limit on names allows.
static struct str cstr_at(struct str s, uint64_t at)
{
    if (at >= s.n) return STR("");
    size_t left = s.n - (size_t)at;
    if (left > LIMIT_NAME_BYTES) left = LIMIT_NAME_BYTES;
    return (struct str) { s.p + at, strnlen(s.p + at, left) };
}

static bool format_of(uint32_t magic, enum gopclntab_format *ret)
{
    switch (magic) {
    case 0xfffffffa: *ret = GOPCLNTAB_116; return true;
    case 0xfffffff0: *ret = GOPCLNTAB_118; return true;
    case 0xfffffff1: *ret = GOPCLNTAB_120; return true;
    default: return false;
    }
}

// Whether a header stands at the start of `bytes`. `what` names the place for the error.
static struct err *read_header(const struct goelf *e, const char *what, struct str bytes,
                               uint64_t address, struct gopclntab *ret)
{
    struct gopclntab t = { .address = address, .elf = e };
    struct cursor c = cursor_make(what, bytes);
    c.base = (uint64_t)(bytes.p - e->bytes.p);
    uint32_t magic = cursor_u32(&c);
    uint8_t pad1 = cursor_u8(&c), pad2 = cursor_u8(&c);
    uint8_t quantum = cursor_u8(&c), pointer = cursor_u8(&c);
    ERR_TRY(cursor_err(&c));
    if (!format_of(magic, &t.format) || pad1 || pad2 || pointer != 8 ||
        (quantum != 1 && quantum != 4))
        return err_new(ERR_INPUT, "%s: no known pclntab header at offset %#llx (magic %#x)", what,
                       (unsigned long long)c.base, magic);
    uint64_t functions = cursor_u64(&c), files = cursor_u64(&c);
    if (t.format != GOPCLNTAB_116 && !goelf_pointer(e, address + c.at, &t.header_text))
        t.header_text = 0;
    if (t.format != GOPCLNTAB_116) cursor_skip(&c, 8);
    uint64_t *offset[] = { &t.offset_names, &t.offset_cutab, &t.offset_filetab, &t.offset_pctab,
                           &t.offset_functab };
    struct str *part[] = { &t.names, &t.cutab, &t.filetab, &t.pctab, &t.functab };
    uint64_t previous = c.at;
    for (size_t i = 0; i < array_size(part); i++) {
        uint64_t at = cursor_u64(&c);
        ERR_TRY(cursor_err(&c));
        if (at > bytes.n || at < previous)
            return err_new(ERR_INPUT,
                           "%s: table %zu of pclntab at %#llx lies outside its %zu bytes", what, i,
                           (unsigned long long)at, bytes.n);
        *offset[i] = previous = at;
        *part[i] = str_sub(bytes, (size_t)at, bytes.n);
    }
    size_t entry = t.format == GOPCLNTAB_116 ? 16 : 8;
    if (functions == 0 || functions > LIMIT_FUNCTIONS || functions >= t.functab.n / entry ||
        files > UINT32_MAX)
        return err_new(ERR_INPUT, "%s: pclntab has %llu functions in %zu bytes", what,
                       (unsigned long long)functions, t.functab.n);
    t.n_functions = (uint32_t)functions;
    t.n_files = (uint32_t)files;
    t.text = t.header_text;
    *ret = t;
    return NULL;
}

// Its names and entries make sense: tells a table from bytes that happen to begin like one.
static bool plausible(const struct gopclntab *t)
{
    uint64_t last = 0;
    for (uint32_t i = 0; i <= t->n_functions && i < 64; i++) {
        uint64_t entry = gopclntab_entry(t, i);
        if (entry < last) return false;
        last = entry;
        if (i < t->n_functions && gopclntab_name(t, i).n == 0) return false;
    }
    return true;
}

// Every place in `s` where a header might begin: 8-aligned magic, zeros, quantum, pointer size.
static struct err *search(const struct goelf *e, struct str s, uint64_t address,
                          struct gopclntab *ret, unsigned *found)
{
    static const char tail[] = { (char)0xff, (char)0xff, (char)0xff, 0, 0, 1, 8 };
    for (const char *p = s.p; p; p++) {
        p = memmem(p, s.n - (size_t)(p - s.p), tail, sizeof(tail));
        if (!p) break;
        if (p == s.p) continue;
        size_t at = (size_t)(p - 1 - s.p);
        if ((address + at) % 8) continue;
        struct gopclntab t;
        _cleanup_err_ struct err *err =
            read_header(e, e->name, str_sub(s, at, s.n), address + at, &t);
        if (err || !plausible(&t)) continue;
        if ((*found)++ == 0) *ret = t;
    }
    return NULL;
}

struct err *gopclntab_find(const struct goelf *e, struct gopclntab *ret)
{
    const struct goelf_section *s = goelf_section(e, STR(".gopclntab"));
    if (!s) s = goelf_section(e, STR(".data.rel.ro.gopclntab"));
    if (s && s->type != SHT_NOBITS) {
        struct gopclntab t;
        struct err *err = read_header(e, "section .gopclntab", s->bytes, s->address, &t);
        if (err) return err_wrap(err, "%s", e->name);
        if (!plausible(&t))
            return err_new(ERR_INPUT, "%s: section .gopclntab: the function table is not in order",
                           e->name);
        *ret = t;
        return NULL;
    }
    unsigned found = 0;
    for (size_t i = 0; i < e->n_segments; i++) {
        const struct goelf_segment *g = &e->segment[i];
        if (g->type != PT_LOAD || (g->flags & PF_X) || !g->file_size) continue;
        struct str bytes = str_sub(e->bytes, (size_t)g->offset, (size_t)(g->offset + g->file_size));
        ERR_TRY(search(e, bytes, g->address, ret, &found));
    }
    if (found == 1) return NULL;
    if (found > 1)
        return err_new(ERR_INPUT, "%s: %u places look like Go's function table (pclntab)", e->name,
                       found);
    return err_new(ERR_CANNOT, "%s: not a Go program (no pclntab of Go 1.16 or later)", e->name);
}

uint64_t gopclntab_entry(const struct gopclntab *t, uint32_t index)
{
    if (t->format == GOPCLNTAB_116) {
        uint64_t v = 0;
        goelf_pointer(t->elf, t->address + t->offset_functab + 16 * (uint64_t)index, &v);
        return v;
    }
    return t->text + load32(t->functab.p + 8 * (size_t)index); // n_functions was checked
}

static uint64_t func_offset(const struct gopclntab *t, uint32_t index)
{
    if (t->format == GOPCLNTAB_116) {
        uint64_t v;
        memcpy(&v, t->functab.p + 16 * (size_t)index + 8, sizeof(v));
        return v;
    }
    return load32(t->functab.p + 8 * (size_t)index + 4);
}

uint32_t gopclntab_index(const struct gopclntab *t, uint64_t pc)
{
    uint32_t lo = 0, hi = t->n_functions; // the last entry ≤ pc
    if (pc < gopclntab_entry(t, 0) || pc >= gopclntab_entry(t, t->n_functions))
        return t->n_functions;
    while (hi - lo > 1) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (gopclntab_entry(t, mid) <= pc)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

struct str gopclntab_name(const struct gopclntab *t, uint32_t index)
{
    uint32_t name;
    uint64_t at = func_offset(t, index) + (t->format == GOPCLNTAB_116 ? 8 : 4);
    return at32(t->functab, at, &name) ? cstr_at(t->names, name) : STR("");
}

bool gopclntab_func(const struct gopclntab *t, uint32_t index, struct gopclntab_func *ret)
{
    if (index >= t->n_functions) return false;
    struct gopclntab_func f = { .index = index,
                                .entry = gopclntab_entry(t, index),
                                .end = gopclntab_entry(t, index + 1) };
    struct cursor c = cursor_make("pclntab", t->functab);
    cursor_seek(&c, func_offset(t, index));
    cursor_skip(&c, t->format == GOPCLNTAB_116 ? 8 : 4); // entry
    uint32_t name = cursor_u32(&c);
    cursor_skip(&c, 4 + 4); // args, deferreturn
    f.pcsp = cursor_u32(&c);
    f.pcfile = cursor_u32(&c);
    f.pcln = cursor_u32(&c);
    f.n_pcdata = cursor_u32(&c);
    f.cu = cursor_u32(&c);
    if (t->format == GOPCLNTAB_120) f.start_line = cursor_u32(&c);
    f.id = cursor_u8(&c);
    f.flag = cursor_u8(&c);
    cursor_skip(&c, 1);
    f.n_funcdata = cursor_u8(&c);
    if (c.bad || f.n_pcdata > MAX_PCDATA || f.end < f.entry) return false;
    f.tail_aligned = t->format == GOPCLNTAB_116 && (c.at + 4 * (size_t)f.n_pcdata) % 8 != 0;
    f.tail = str_sub(t->functab, c.at, t->functab.n);
    f.name = cstr_at(t->names, name);
    *ret = f;
    return true;
}

struct pcvalue {
    const uint8_t *p, *end;
    uint64_t pc;
    int32_t value;
    bool first;
};

static bool varint32(struct pcvalue *v, uint32_t *ret)
{
    uint32_t x = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        if (v->p == v->end) return false;
        uint8_t b = *v->p++;
        x |= (uint32_t)((uint64_t)(b & 0x7f) << shift);
        if (!(b & 0x80)) {
            *ret = x;
            return true;
        }
    }
    return false;
}

// The next run: `value` holds for addresses up to (not including) the new `pc`.
static bool pcvalue_next(struct pcvalue *v)
{
    uint32_t delta, run;
    if (!varint32(v, &delta) || (delta == 0 && !v->first)) return false;
    v->first = false;
    v->value = (int32_t)((uint32_t)v->value + ((delta & 1) ? ~(delta >> 1) : delta >> 1));
    if (!varint32(v, &run)) return false;
    v->pc += run;
    return true;
}

static bool pcvalue_start(const struct gopclntab *t, const struct gopclntab_func *f, uint32_t table,
                          struct pcvalue *ret)
{
    if (table == 0 || table >= t->pctab.n) return false;
    const uint8_t *p = (const uint8_t *)t->pctab.p;
    *ret = (struct pcvalue) { p + table, p + t->pctab.n, f->entry, -1, true };
    return true;
}

int32_t gopclntab_value(const struct gopclntab *t, const struct gopclntab_func *f, uint32_t table,
                        uint64_t pc)
{
    struct pcvalue v;
    if (!pcvalue_start(t, f, table, &v)) return -1;
    while (v.pc <= f->end && pcvalue_next(&v)) {
        if (pc < v.pc) return v.value;
    }
    return -1;
}

uint64_t gopclntab_boundary(const struct gopclntab *t, const struct gopclntab_func *f,
                            uint32_t table, uint64_t pc)
{
    struct pcvalue v;
    uint64_t last = f->entry;
    if (!pcvalue_start(t, f, table, &v)) return last;
    while (pcvalue_next(&v) && v.pc <= pc) last = v.pc;
    return last;
}

static struct str file_name(const struct gopclntab *t, const struct gopclntab_func *f,
                            uint32_t file)
{
    uint32_t at;
    if (!at32(t->cutab, 4 * ((uint64_t)f->cu + file), &at) || at == UINT32_MAX) return STR("");
    return cstr_at(t->filetab, at);
}

static struct str file_at(const struct gopclntab *t, const struct gopclntab_func *f, uint64_t pc)
{
    int32_t file = gopclntab_value(t, f, f->pcfile, pc);
    return file < 0 ? STR("") : file_name(t, f, (uint32_t)file);
}

static uint32_t pcdata_table(const struct gopclntab_func *f, uint32_t which)
{
    uint32_t v;
    return which < f->n_pcdata && at32(f->tail, 4 * (uint64_t)which, &v) ? v : 0;
}

// The address of the inline tree, 0 if the function has none.
static uint64_t inline_tree(const struct gopclntab *t, const struct gopclntab_func *f)
{
    if (f->n_funcdata <= FUNCDATA_INL_TREE) return 0;
    uint64_t at = 4 * (uint64_t)f->n_pcdata;
    if (t->format == GOPCLNTAB_116) {
        at += (f->tail_aligned ? 4 : 0) + 8 * FUNCDATA_INL_TREE;
        uint64_t place = t->address + t->offset_functab + (uint64_t)(f->tail.p - t->functab.p) + at;
        uint64_t tree;
        return goelf_pointer(t->elf, place, &tree) ? tree : 0;
    }
    uint32_t offset;
    if (!t->gofunc || !at32(f->tail, at + 4 * FUNCDATA_INL_TREE, &offset) || offset == UINT32_MAX)
        return 0;
    return t->gofunc + offset;
}

// One node of an inline tree: the callee, and where in the function its call stands.
struct inlined {
    struct str name;
    uint32_t parent_pc; // offset from the entry
    int32_t parent;     // index of the node around it (≤1.19)
    int32_t file, line; // of the call (≤1.19)
};

static bool read_inlined(const struct gopclntab *t, uint64_t tree, uint32_t index,
                         struct inlined *ret)
{
    *ret = (struct inlined) { .parent = -1, .file = -1 };
    uint32_t w[5];
    if (t->format == GOPCLNTAB_120) {
        if (!goelf_read(t->elf, tree + 16 * (uint64_t)index, w, 16)) return false;
        ret->name = cstr_at(t->names, w[1]);
        ret->parent_pc = w[2];
        return true;
    }
    if (!goelf_read(t->elf, tree + 20 * (uint64_t)index, w, 20)) return false;
    ret->parent = (int16_t)(w[0] & 0xffff);
    ret->file = (int32_t)w[1];
    ret->line = (int32_t)w[2];
    ret->name = cstr_at(t->names, w[3]);
    ret->parent_pc = w[4];
    return true;
}

static uint32_t line_of(int32_t line)
{
    return line < 0 ? 0 : (uint32_t)line;
}

// Compilers have made trees in which a node is its own caller (go1.24.4, package initialisers): the
// way outwards ends where it comes back to a node.
static bool comes_back(const int32_t *seen, size_t n, int32_t node)
{
    for (size_t i = 0; i < n; i++)
        if (seen[i] == node) return true;
    return false;
}

size_t gopclntab_frames(const struct gopclntab *t, uint64_t pc, struct frame *ret, size_t cap)
{
    struct gopclntab_func f;
    size_t n = 0;
    if (cap == 0 || !gopclntab_func(t, gopclntab_index(t, pc), &f)) return 0;
    uint64_t tree = inline_tree(t, &f);
    uint32_t table = pcdata_table(&f, PCDATA_INL_TREE_INDEX);
    struct str file = file_at(t, &f, pc);
    int32_t line = gopclntab_value(t, &f, f.pcln, pc);
    int32_t node = tree ? gopclntab_value(t, &f, table, pc) : -1;
    struct inlined in;
    int32_t seen[LIMIT_INLINE_DEPTH];
    while (node >= 0 && n + 1 < cap && n < LIMIT_INLINE_DEPTH && !comes_back(seen, n, node) &&
           read_inlined(t, tree, (uint32_t)node, &in)) {
        seen[n] = node;
        ret[n++] = (struct frame) { in.name, file, line_of(line), pc, true };
        if (t->format == GOPCLNTAB_120) {
            uint64_t parent = f.entry + in.parent_pc;
            file = file_at(t, &f, parent);
            line = gopclntab_value(t, &f, f.pcln, parent);
            node = gopclntab_value(t, &f, table, parent);
        } else {
            file = in.file < 0 ? STR("") : file_name(t, &f, (uint32_t)in.file);
            line = in.line;
            node = in.parent;
        }
    }
    ret[n++] = (struct frame) { f.name, file, line_of(line), pc, false };
    return n;
}

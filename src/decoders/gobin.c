// SPDX-License-Identifier: Apache-2.0
#include "base/cursor.h"
#include "decoders/gobin_in.h"

#include <stdio.h>

// Words of runtime.moduledata that all versions from 1.16 on have at the same place; what comes
// after the data ranges differs, see read_moduledata.
enum {
    MD_PCHEADER = 0,
    MD_NAMES = 1,
    MD_FTAB = 16,
    MD_FTAB_LEN = 17,
    MD_MINPC = 20,
    MD_TEXT = 22,
    MD_NOPTRDATA = 24,
    MD_DATA = 26,
    MD_BSS = 28,
    MD_NOPTRBSS = 30,
    MD_AFTER_DATA = 32,
};

static bool md_word(const struct gobin *b, uint64_t md, unsigned i, uint64_t *ret)
{
    return goelf_pointer(&b->elf, md + 8 * (uint64_t)i, ret);
}

static bool is_moduledata(const struct gobin *b, uint64_t md)
{
    uint64_t header, names, ftab, n, minpc, text;
    return md % 8 == 0 && md_word(b, md, MD_PCHEADER, &header) && header == b->pcln.address &&
           md_word(b, md, MD_NAMES, &names) && names == header + b->pcln.offset_names &&
           md_word(b, md, MD_FTAB, &ftab) && ftab == header + b->pcln.offset_functab &&
           md_word(b, md, MD_FTAB_LEN, &n) && n == (uint64_t)b->pcln.n_functions + 1 &&
           md_word(b, md, MD_MINPC, &minpc) && md_word(b, md, MD_TEXT, &text) && text <= minpc;
}

// It is the one place that holds the address of pclntab and, after it, those of its parts.
static uint64_t find_moduledata(const struct gobin *b)
{
    for (size_t i = 0; i < b->elf.n_relocs; i++) {
        const struct goelf_reloc *r = &b->elf.reloc[i];
        if (r->value == b->pcln.address && is_moduledata(b, r->address)) return r->address;
    }
    for (size_t i = 0; i < b->elf.n_segments; i++) {
        const struct goelf_segment *s = &b->elf.segment[i];
        if (s->type != PT_LOAD || (s->flags & PF_X)) continue;
        for (uint64_t at = -s->address & 7; s->file_size >= 8 && at <= s->file_size - 8; at += 8) {
            uint64_t v;
            memcpy(&v, b->elf.bytes.p + s->offset + at, sizeof(v));
            if (v == b->pcln.address && is_moduledata(b, s->address + at)) return s->address + at;
        }
    }
    return 0;
}

static struct gobin_range md_range(const struct gobin *b, uint64_t md, unsigned i)
{
    struct gobin_range r;
    if (!md_word(b, md, i, &r.lo) || !md_word(b, md, i + 1, &r.hi) || r.hi < r.lo)
        return (struct gobin_range) { 0 };
    return r;
}

static void read_moduledata(struct gobin *b, uint64_t md)
{
    struct gobin_info *info = &b->info;
    info->moduledata = md;
    info->text = md_range(b, md, MD_TEXT);
    info->noptrdata = md_range(b, md, MD_NOPTRDATA);
    info->data = md_range(b, md, MD_DATA);
    info->bss = md_range(b, md, MD_BSS);
    info->noptrbss = md_range(b, md, MD_NOPTRBSS);
    unsigned i = MD_AFTER_DATA;
    if (b->pcln.format == GOPCLNTAB_120) i += 2; // covctrs, ecovctrs
    i += 3;                                      // end, gcdata, gcbss
    info->types = md_range(b, md, i);
    uint64_t second = 0;
    md_word(b, md, i + 1, &second);
    bool has_lengths = b->pcln.format == GOPCLNTAB_120 && second < info->types.lo;
    if (info->types.lo == 0 && second && second < info->text.lo) has_lengths = true;
    if (has_lengths || (b->pcln.format == GOPCLNTAB_120 && info->minor >= 27)) {
        // Since 1.27: types, typedesclen, etypes, itaboffset, itabsize.
        struct gobin_range r = { 0 };
        if (md_word(b, md, i, &r.lo) && md_word(b, md, i + 2, &r.hi) && r.lo <= r.hi)
            info->types = r;
        i += 5;
    } else {
        i += 2;
    }
    if (b->pcln.format != GOPCLNTAB_116 && !md_word(b, md, i + 1, &b->pcln.gofunc)) // after rodata
        b->pcln.gofunc = 0;
}

// ---- Build info ----

static void parse_version(struct gobin_info *info)
{
    struct str rest = info->version, experiments = STR(""), v;
    size_t x = str_find(rest, STR(" X:"));
    if (x != STR_NPOS) {
        experiments = str_sub(rest, x + 3, rest.n);
        info->version = str_sub(rest, 0, x);
    }
    size_t space = str_find_char(experiments, ' ');
    info->experiments = str_sub(experiments, 0, space);
    if (!str_starts(info->version, STR("go1."))) return;
    unsigned *part[] = { &info->major, &info->minor, &info->patch };
    rest = str_sub(info->version, 2, info->version.n);
    for (size_t i = 0; i < 3 && str_split(&rest, '.', &v); i++) {
        size_t digits = 0;
        while (digits < v.n && v.p[digits] >= '0' && v.p[digits] <= '9') digits++;
        uint64_t n;
        if (!str_to_u64(str_sub(v, 0, digits), 10, &n) || n > 9999) break;
        *part[i] = (unsigned)n;
        if (digits < v.n) break; // "1.24rc1"
    }
}

static struct str go_string(const struct gobin *b, uint64_t at)
{
    uint64_t p, n;
    if (!goelf_pointer(&b->elf, at, &p) || !goelf_read(&b->elf, at + 8, &n, 8)) return STR("");
    struct str s = goelf_at(&b->elf, p);
    return n > s.n ? STR("") : str_sub(s, 0, (size_t)n);
}

// Where the build info starts: a section, or its magic on a 16-byte boundary of what is mapped.
static struct str find_buildinfo(const struct gobin *b, uint64_t *ret_address)
{
    static const char magic[] = "\xff Go buildinf:";
    const struct goelf_section *s = goelf_section(&b->elf, STR(".go.buildinfo"));
    if (s && str_starts(s->bytes, STR("\xff Go buildinf:"))) {
        *ret_address = s->address;
        return s->bytes;
    }
    for (size_t i = 0; i < b->elf.n_segments; i++) {
        const struct goelf_segment *g = &b->elf.segment[i];
        if (g->type != PT_LOAD || !(g->flags & PF_W)) continue;
        struct str in =
            str_sub(b->elf.bytes, (size_t)g->offset, (size_t)(g->offset + g->file_size));
        for (const char *p = in.p; p;) {
            p = memmem(p, in.n - (size_t)(p - in.p), magic, sizeof(magic) - 1);
            if (!p) break;
            *ret_address = g->address + (uint64_t)(p - in.p);
            if (*ret_address % 16 == 0) return str_sub(in, (size_t)(p - in.p), in.n);
            p++;
        }
    }
    return STR("");
}

static void read_buildinfo(struct gobin *b)
{
    uint64_t address = 0;
    struct str s = find_buildinfo(b, &address), mod = STR("");
    struct cursor c = cursor_make("build info", s);
    cursor_skip(&c, 14);
    uint8_t pointer = cursor_u8(&c), flags = cursor_u8(&c);
    if (c.bad) return;
    if (flags & 2) { // since 1.18: the strings stand here
        cursor_seek(&c, 32);
        b->info.version = cursor_bytes(&c, cursor_uvarint(&c));
        mod = cursor_bytes(&c, cursor_uvarint(&c));
        if (c.bad) mod = STR("");
    } else if (pointer == 8) {
        uint64_t version, lines;
        if (goelf_pointer(&b->elf, address + 16, &version)) b->info.version = go_string(b, version);
        if (goelf_pointer(&b->elf, address + 24, &lines)) mod = go_string(b, lines);
    }
    if (b->info.version.n > LIMIT_NAME_BYTES) b->info.version = STR("");
    parse_version(&b->info);
    if (mod.n >= 33 && mod.p[mod.n - 17] == '\n') b->modinfo = str_sub(mod, 16, mod.n - 16);
    struct str rest = b->modinfo, line, word;
    while (str_split(&rest, '\n', &line)) {
        if (!str_split(&line, '\t', &word)) continue;
        if (str_eqc(word, "path")) b->info.path = line;
        if (!str_eqc(word, "mod")) continue;
        if (str_split(&line, '\t', &word)) b->info.module = word;
        if (str_split(&line, '\t', &word)) b->info.module_version = word;
    }
    struct str experiments;
    if (gobin_setting(b, STR("GOEXPERIMENT"), &experiments)) b->info.experiments = experiments;
}

bool gobin_setting(const struct gobin *b, struct str key, struct str *ret)
{
    struct str rest = b->modinfo, line;
    while (str_split(&rest, '\n', &line)) {
        if (!str_starts(line, STR("build\t"))) continue;
        line = str_sub(line, 6, line.n);
        if (!str_starts(line, key) || line.n <= key.n || line.p[key.n] != '=') continue;
        *ret = str_sub(line, key.n + 1, line.n);
        return true;
    }
    return false;
}

static void read_note(struct gobin *b, struct str name, uint32_t type, struct str desc)
{
    struct gobin_info *info = &b->info;
    if (type == 4 && str_eq(name, STR("Go\0\0"))) info->go_build_id = desc;
    if (type != NT_GNU_BUILD_ID || !str_eq(name, STR("GNU\0")) || desc.n > 64) return;
    for (size_t i = 0; i < desc.n; i++)
        snprintf(info->gnu_build_id + 2 * i, 3, "%02x", (unsigned char)desc.p[i]);
}

static void read_notes(struct gobin *b)
{
    for (size_t i = 0; i < b->elf.n_segments; i++) {
        const struct goelf_segment *g = &b->elf.segment[i];
        if (g->type != PT_NOTE) continue;
        struct cursor c = cursor_make(
            "notes", str_sub(b->elf.bytes, (size_t)g->offset, (size_t)(g->offset + g->file_size)));
        while (cursor_left(&c) >= 12) {
            uint32_t name_size = cursor_u32(&c), size = cursor_u32(&c), type = cursor_u32(&c);
            struct str name = cursor_bytes(&c, name_size);
            cursor_skip(&c, -name_size & 3);
            struct str desc = cursor_bytes(&c, size);
            if (c.bad) break;
            read_note(b, name, type, desc);
            if (cursor_left(&c) < (-size & 3)) break;
            cursor_skip(&c, -size & 3);
        }
    }
}

// ---- Opening ----

static bool has_function(const struct gobin *b, struct str name_between_nuls)
{
    struct str names =
        str_sub(b->pcln.names, 0, (size_t)(b->pcln.offset_cutab - b->pcln.offset_names));
    return memmem(names.p, names.n, name_between_nuls.p, name_between_nuls.n) != NULL;
}

static void describe(struct gobin *b)
{
    struct gobin_info *info = &b->info;
    const struct goelf *e = &b->elf;
    info->version = info->experiments = info->path = STR("");
    info->module = info->module_version = info->go_build_id = STR("");
    read_buildinfo(b);
    read_notes(b);
    info->stripped = !goelf_section(e, STR(".symtab"));
    info->dwarf = goelf_section(e, STR(".debug_info")) || goelf_section(e, STR(".zdebug_info"));
    info->pie = e->type == ET_DYN;
    info->external = goelf_section(e, STR(".init_array")) || goelf_section(e, STR(".eh_frame"));
    info->cgo = has_function(b, STR("\0crosscall2\0"));
    if (info->minor)
        info->swiss =
            info->minor >= 24 && str_find(info->experiments, STR("noswissmap")) == STR_NPOS;
    else
        info->swiss = !has_function(b, STR("\0runtime.hashGrow\0"));
}

static struct err *locate_text(struct gobin *b)
{
    uint64_t md = find_moduledata(b);
    if (md) read_moduledata(b, md);
    const struct goelf_section *s = goelf_section(&b->elf, STR(".text"));
    uint64_t header = b->pcln.header_text;
    if (!b->info.text.hi && header) b->info.text.lo = header;
    if (!b->info.text.hi && !header && s && !b->info.external) b->info.text.lo = s->address;
    if (!b->info.text.lo)
        return err_new(ERR_INPUT,
                       "%s: pclntab at %#llx: no module data points to it, so where its functions "
                       "start is unknown",
                       b->name, (unsigned long long)b->pcln.address);
    b->pcln.text = b->info.text.lo;
    uint64_t end = gopclntab_entry(&b->pcln, b->pcln.n_functions);
    if (!b->info.text.hi) b->info.text.hi = end;
    uint64_t first = gopclntab_entry(&b->pcln, 0);
    struct str code = goelf_at(&b->elf, first);
    if (end < first || code.n < end - first)
        return err_new(ERR_INPUT,
                       "%s: pclntab at %#llx: its functions [%#llx, %#llx) are not in the file",
                       b->name, (unsigned long long)b->pcln.address, (unsigned long long)first,
                       (unsigned long long)end);
    return NULL;
}

static struct err *open_into(struct gobin *b, struct str bytes)
{
    ERR_TRY(goelf_init(&b->elf, b->name, bytes));
    struct err *e = gopclntab_find(&b->elf, &b->pcln);
    if (e) return e;
    if (b->elf.machine != EM_X86_64)
        return err_new(ERR_CANNOT, "%s: a Go program for %s; only amd64 can be read", b->name,
                       b->elf.machine == EM_AARCH64 ? "arm64" : "another processor than amd64");
    describe(b);
    return locate_text(b);
}

struct err *gobin_open(const char *name, struct str bytes, struct gobin **ret)
{
    struct gobin *b = mem_zalloc(sizeof(*b));
    b->name = mem_strdup(name);
    b->names = mem_zalloc(sizeof(*b->names));
    struct err *e = open_into(b, bytes);
    if (e) {
        gobin_close(b);
        return e;
    }
    *ret = b;
    return NULL;
}

void gobin_close(struct gobin *b)
{
    if (!b) return;
    goelf_deinit(&b->elf);
    strmap_deinit(&b->by_name);
    strmap_deinit(&b->symbols);
    free(b->next_of_name);
    strmap_deinit(&b->names->known);
    arena_deinit(&b->names->arena);
    free(b->names);
    vec_deinit(&b->data);
    free(b->name);
    free(b);
}

const struct gobin_info *gobin_info(const struct gobin *b)
{
    return &b->info;
}

const char *gobin_name(const struct gobin *b)
{
    return b->name;
}

// ---- Addresses ----

bool gobin_offset(const struct gobin *b, uint64_t address, uint64_t *ret_offset)
{
    return goelf_offset(&b->elf, address, ret_offset);
}

static bool executable(const struct goelf_segment *s)
{
    return s->type == PT_LOAD && (s->flags & PF_X);
}

bool gobin_bias(const struct gobin *b, uint64_t map_start, uint64_t map_offset, uint64_t *ret_bias)
{
    enum { PAGE = 4096 };
    for (size_t i = 0; i < b->elf.n_segments; i++) {
        const struct goelf_segment *s = &b->elf.segment[i];
        uint64_t first = s->offset & ~(uint64_t)(PAGE - 1); // mappings are whole pages
        if (!executable(s) || map_offset < first || map_offset >= s->offset + s->file_size)
            continue;
        *ret_bias = map_start - (s->address - s->offset + map_offset);
        return true;
    }
    return false;
}

bool gobin_read(const struct gobin *b, uint64_t address, void *ret, size_t n)
{
    return goelf_read(&b->elf, address, ret, n);
}

bool gobin_pointer(const struct gobin *b, uint64_t address, uint64_t *ret)
{
    return goelf_pointer(&b->elf, address, ret);
}

// ---- Functions ----

size_t gobin_func_count(const struct gobin *b)
{
    return b->pcln.n_functions;
}

// FuncIDWrapper, the last of the list (internal/abi/symtab.go; runtime/symtab.go up to 1.19).
static uint8_t wrapper_id(unsigned minor)
{
    if (minor >= 25) return 23;
    return minor >= 22 ? 22 : 21;
}

bool gobin_func_at(const struct gobin *b, size_t index, struct gobin_func *ret)
{
    enum { FLAG_ASM = 4 }; // abi.FuncFlagAsm
    struct gopclntab_func f;
    if (index >= b->pcln.n_functions || !gopclntab_func(&b->pcln, (uint32_t)index, &f))
        return false;
    *ret = (struct gobin_func) { .index = f.index,
                                 .entry = f.entry,
                                 .end = f.end,
                                 .name = f.name,
                                 .start_line = f.start_line,
                                 .id = f.id,
                                 .wrapper = f.id == wrapper_id(b->info.minor),
                                 .assembly = (f.flag & FLAG_ASM) != 0 };
    return true;
}

bool gobin_func_of(const struct gobin *b, uint64_t pc, struct gobin_func *ret)
{
    return gobin_func_at(b, gopclntab_index(&b->pcln, pc), ret);
}

static void index_names(struct gobin *b)
{
    uint32_t n = b->pcln.n_functions;
    b->next_of_name = mem_zalloc(n * sizeof(*b->next_of_name));
    for (uint32_t i = n; i-- > 0;) { // backwards: the first of a name ends up in the table
        uint64_t *first = strmap_put(&b->by_name, gopclntab_name(&b->pcln, i), NULL);
        b->next_of_name[i] = (uint32_t)*first;
        *first = i + 1;
    }
}

size_t gobin_funcs_named(struct gobin *b, struct str name, struct gobin_func *ret, size_t cap)
{
    if (!b->next_of_name) index_names(b);
    uint64_t *first = strmap_get(&b->by_name, name);
    size_t n = 0;
    for (uint64_t i = first ? *first : 0; i; i = b->next_of_name[i - 1]) {
        struct gobin_func f;
        if (!gobin_func_at(b, i - 1, &f)) continue;
        if (n < cap) ret[n] = f;
        n++;
    }
    return n;
}

bool gobin_func_named(struct gobin *b, struct str name, struct gobin_func *ret)
{
    struct gobin_func f[8];
    size_t n = gobin_funcs_named(b, name, f, array_size(f));
    if (n > array_size(f)) n = array_size(f);
    for (size_t i = 0; i < n; i++) {
        if (f[i].wrapper) continue;
        *ret = f[i];
        return true;
    }
    if (n) *ret = f[0];
    return n != 0;
}

// "main.(*T[...]).Set" of "main.(*T[go.shape.string]).Set": as stack traces have it, so that a name
// from a log and one from the binary are the same (runtime.funcNameForPrint).
static struct str short_name(struct short_names *names, struct str name)
{
    size_t open = str_find_char(name, '['), close = str_rfind_char(name, ']');
    if (open == STR_NPOS || close == STR_NPOS || close < open) return name;
    struct str inner = str_sub(name, open + 1, close);
    if (str_eqc(inner, "...")) return name;
    uint64_t *known = strmap_put(&names->known, name, NULL);
    if (!*known) {
        struct str *made = arena_new(&names->arena, struct str);
        struct str tail = str_sub(name, close, name.n);
        *made = str_from(arena_printf(&names->arena, "%.*s...%.*s",
                                      STR_ARG(str_sub(name, 0, open + 1)), STR_ARG(tail)));
        *known = (uintptr_t)made;
    }
    return *(const struct str *)(uintptr_t)*known;
}

size_t gobin_frames(const struct gobin *b, uint64_t pc, struct frame *ret, size_t cap)
{
    size_t n = gopclntab_frames(&b->pcln, pc, ret, cap);
    for (size_t i = 0; i < n; i++) ret[i].function = short_name(b->names, ret[i].function);
    return n;
}

bool gobin_sp_delta(const struct gobin *b, uint64_t pc, uint32_t *ret)
{
    struct gopclntab_func f;
    if (!gopclntab_func(&b->pcln, gopclntab_index(&b->pcln, pc), &f)) return false;
    int32_t v = gopclntab_value(&b->pcln, &f, f.pcsp, pc);
    if (v < 0) return false;
    *ret = (uint32_t)v;
    return true;
}

// ---- Data ----

static int by_value(const void *a, const void *b)
{
    uint64_t x = ((const struct goelf_symbol *)a)->value;
    uint64_t y = ((const struct goelf_symbol *)b)->value;
    return x < y ? -1 : x > y;
}

static void read_symbols(struct gobin *b)
{
    b->symbols_read = true;
    const struct goelf_section *table = goelf_section(&b->elf, STR(".symtab"));
    struct goelf_symbol s;
    for (size_t i = 1; table && goelf_symbol(&b->elf, table, i, &s); i++) {
        if (s.section == SHN_UNDEF || s.section >= b->elf.n_sections || s.name.n == 0 ||
            s.type > STT_FUNC)
            continue;
        bool fresh;
        uint64_t *value = strmap_put(&b->symbols, s.name, &fresh);
        if (fresh) *value = s.value;
        if (s.size && !(b->elf.section[s.section].flags & SHF_EXECINSTR)) vec_push(&b->data, s);
    }
    if (b->data.n) qsort(b->data.p, b->data.n, sizeof(*b->data.p), by_value);
}

bool gobin_symbol_named(struct gobin *b, struct str name, uint64_t *ret_address)
{
    if (!b->symbols_read) read_symbols(b);
    uint64_t *v = strmap_get(&b->symbols, name);
    if (v) {
        *ret_address = *v;
        return true;
    }
    if (b->info.moduledata && str_eqc(name, "runtime.firstmoduledata")) {
        *ret_address = b->info.moduledata;
        return true;
    }
    return false;
}

bool gobin_symbol_of(struct gobin *b, uint64_t address, struct str *ret_name, uint64_t *ret_offset)
{
    if (!b->symbols_read) read_symbols(b);
    size_t lo = 0, hi = b->data.n; // the last symbol ≤ address
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (b->data.p[mid].value <= address)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (size_t i = lo; i-- > 0 && lo - i < 16;) { // markers like runtime.data overlap variables
        const struct goelf_symbol *s = &b->data.p[i];
        if (address - s->value >= s->size) continue;
        *ret_name = s->name;
        *ret_offset = address - s->value;
        return true;
    }
    return false;
}

// SPDX-License-Identifier: Apache-2.0
// The text formats. The binary CPU profile is in pprof_legacy_cpu.c.
#include "decoders/pprof_legacy.h"

#include "decoders/pprof_legacy_cpu.h"
#include "decoders/pprof_legacy_java.h"
#include "decoders/pprof_legacy_map.h"

#include <math.h>

enum { MAX_FRAMES = 4096, MAX_VALUES = 4 };

struct parser {
    struct profile_builder b;
    struct text_lines t;
    struct profile *p;
    bool stopped; // at a line that begins another section
    // The sample whose comments may still come.
    bool open;
    uint64_t open_at;
    int64_t values[MAX_VALUES];
    uint64_t frames[MAX_FRAMES];
    size_t n_frames;
    int64_t block_bytes; // label "bytes" of a heap sample, or -1
    size_t commented;    // frames matched so far: the next comment is looked for from here on
    size_t first_commented, last_commented;
    bool any_comment;
};

static bool is_comment(struct str line)
{
    struct str s = str_trim(line);
    return s.n == 0 || s.p[0] == '#';
}

static void bad_line(struct parser *r, const char *what)
{
    profile_break(r->p, text_at(&r->t), "not %s: '%.*s'", what,
                  (int)(r->t.line.n < 80 ? r->t.line.n : 80), r->t.line.p);
}

// Puts the open sample into the profile, with the frames that were commented where some were.
static void flush(struct parser *r)
{
    if (!r->open) return;
    r->open = false;
    size_t from = r->any_comment ? r->first_commented : 0;
    size_t to = r->any_comment ? r->last_commented + 1 : r->n_frames;
    for (size_t i = from; i < to; i++) build_push(&r->b, build_address(&r->b, r->frames[i]));
    if (r->block_bytes >= 0) build_number(&r->b, STR("bytes"), r->block_bytes, STR(""));
    build_end(&r->b, r->values, r->open_at);
}

static void open_sample(struct parser *r)
{
    build_begin(&r->b);
    r->open = true;
    r->open_at = text_at(&r->t);
    r->block_bytes = -1;
    r->commented = r->first_commented = r->last_commented = 0;
    r->any_comment = false;
    r->n_frames = 0;
}

// Addresses up to the end of the line, each moved back by one onto the call it returns from; the
// innermost too, unless `leaf_is_exact`.
static bool take_addresses(struct parser *r, struct str s, bool leaf_is_exact)
{
    uint64_t address;
    for (scan_spaces(&s); s.n; scan_spaces(&s)) {
        if (!scan_address(&s, &address)) return false;
        if (r->n_frames == MAX_FRAMES) return false;
        bool exact = leaf_is_exact && r->n_frames == 0;
        r->frames[r->n_frames++] = exact ? address : address - 1;
    }
    return true;
}

static uint32_t comment_function(struct parser *r, struct str rest, int64_t *line)
{
    struct str name, place;
    *line = 0;
    scan_spaces(&rest);
    // The name may hold spaces (generic types, closures of them): it ends at a tab, or at "+0x".
    size_t plus = str_find(rest, STR("+0x"));
    if (plus == STR_NPOS) return PROFILE_NONE;
    name = str_sub(rest, 0, plus);
    rest = str_sub(rest, plus, rest.n);
    scan_word(&rest, &place);
    scan_spaces(&rest);
    place = str_trim(rest);
    size_t colon = str_rfind_char(place, ':');
    if (colon != STR_NPOS) {
        struct str digits = str_sub(place, colon + 1, place.n);
        if (scan_int(&digits, line)) place = str_sub(place, 0, colon);
    }
    return name.n ? build_function(&r->b, name, place) : PROFILE_NONE;
}

// "#\t0x47280e\tmain.f+0x18\t/src/main.go:19": a frame of the sample above. Inlined ones have the
// same address, or one of their own that is not in the sample.
static void take_comment(struct parser *r)
{
    struct str s = r->t.line;
    uint64_t address;
    int64_t line;
    scan_char(&s, '#');
    scan_spaces(&s);
    if (!r->open || !scan_address(&s, &address)) return;
    size_t i = r->commented;
    while (i < r->n_frames && r->frames[i] != address) i++;
    uint32_t function = comment_function(r, s, &line);
    if (function == PROFILE_NONE) return;
    bool matched = i < r->n_frames;
    if (!matched && !r->any_comment) return;
    if (matched) {
        r->commented = i + 1;
        r->last_commented = i;
        if (!r->any_comment) r->first_commented = i;
        r->any_comment = true;
        // Already named by an earlier sample: its inlined frames stand there too.
        if (build_address(&r->b, address) == PROFILE_NONE) return;
    }
    uint32_t l = build_address(&r->b, r->frames[r->last_commented]);
    if (l == PROFILE_NONE) return;
    struct profile_location *location = &r->p->locations.p[l];
    bool last = location->line + location->n_lines == r->p->lines.n;
    if (location->n_lines == 0 || (!matched && last)) build_line(&r->b, l, function, line);
}

// "# labels: {"key":"value", …}" of a goroutine profile.
static void take_labels(struct parser *r)
{
    struct str s = str_sub(r->t.line, 9, r->t.line.n);
    if (!r->open) return;
    struct str pair[2];
    for (;;) {
        for (int i = 0; i < 2; i++) {
            size_t from = str_find_char(s, '"');
            if (from == STR_NPOS) return;
            size_t to = from + 1;
            while (to < s.n && s.p[to] != '"') to += s.p[to] == '\\' ? 2 : 1;
            if (to >= s.n) return;
            pair[i] = str_sub(s, from + 1, to);
            s = str_sub(s, to + 1, s.n);
        }
        build_label(&r->b, pair[0], pair[1]);
    }
}

// What every text format has between samples. False: the line is a sample, or ends the section.
static bool take_between(struct parser *r)
{
    if (str_starts(r->t.line, STR("# labels: "))) {
        take_labels(r);
        return true;
    }
    if (str_starts(r->t.line, STR("#\t0x"))) {
        take_comment(r);
        return true;
    }
    return is_comment(r->t.line);
}

static int64_t to_int(double v)
{
    return v >= 9.2e18 ? INT64_MAX : v <= -9.2e18 ? INT64_MIN : (int64_t)v;
}

// A sample of average size S was taken with probability 1-exp(-S/rate).
static void unsample(int64_t *count, int64_t *size, int64_t rate)
{
    if (*count == 0 || *size == 0) {
        *count = *size = 0;
        return;
    }
    if (rate <= 1) return;
    double average = (double)*size / (double)*count;
    double scale = 1 / (1 - exp(-average / (double)rate));
    *count = to_int((double)*count * scale);
    *size = to_int((double)*size * scale);
}

struct heap_header {
    int64_t count, bytes, alloc_count, alloc_bytes;
    struct str rest; // after the @
};

static bool heap_numbers(struct str s, struct heap_header *h)
{
    scan_spaces(&s);
    if (!scan_int(&s, &h->count) || !scan_char(&s, ':')) return false;
    scan_spaces(&s);
    if (!scan_int(&s, &h->bytes)) return false;
    scan_spaces(&s);
    if (!scan_char(&s, '[')) return false;
    scan_spaces(&s);
    if (!scan_int(&s, &h->alloc_count) || !scan_char(&s, ':')) return false;
    scan_spaces(&s);
    if (!scan_int(&s, &h->alloc_bytes)) return false;
    scan_spaces(&s);
    if (!scan_char(&s, ']')) return false;
    scan_spaces(&s);
    if (!scan_char(&s, '@')) return false;
    scan_spaces(&s);
    h->rest = s;
    return true;
}

struct heap_format {
    int64_t rate;
    bool scaled, has_alloc;
};

static bool heap_format(struct str line, struct heap_format *ret)
{
    struct heap_header h;
    size_t at = str_find(line, STR("heap profile:"));
    if (at == STR_NPOS || !heap_numbers(str_sub(line, at + 13, line.n), &h)) return false;
    struct str kind;
    struct heap_format f = { .rate = 1 };
    if (str_starts(h.rest, STR("growth")) || str_starts(h.rest, STR("fragmentation"))) {
        *ret = f;
        return true;
    }
    size_t slash = str_find_char(h.rest, '/');
    kind = str_trim(str_sub(h.rest, 0, slash == STR_NPOS ? h.rest.n : slash));
    int64_t rate = 0;
    struct str digits = slash == STR_NPOS ? STR("") : str_sub(h.rest, slash + 1, h.rest.n);
    if (digits.n && !scan_int(&digits, &rate)) return false;
    f.has_alloc =
        (h.alloc_count != h.count && h.alloc_count) || (h.alloc_bytes != h.bytes && h.alloc_bytes);
    if (str_eqc(kind, "heapz_v2") || str_eqc(kind, "heap_v2"))
        f.scaled = true, f.rate = rate;
    else if (str_eqc(kind, "heap"))
        f.scaled = true, f.rate = rate / 2;
    else if (!str_eqc(kind, "heapprofile"))
        return false;
    *ret = f;
    return true;
}

static bool heap_pair(struct parser *r, const struct heap_format *f, int64_t count, int64_t size,
                      int64_t *values)
{
    if (count == 0 && size != 0) return false;
    if (count) r->block_bytes = count == -1 ? -size : size / count;
    if (count && f->scaled) unsample(&count, &size, f->rate);
    values[0] = count;
    values[1] = size;
    return true;
}

static bool heap_sample(struct parser *r, const struct heap_format *f)
{
    struct heap_header h;
    if (!heap_numbers(r->t.line, &h)) return false;
    open_sample(r);
    r->open = false;
    r->block_bytes = 0;
    size_t n = 0;
    if (f->has_alloc) {
        if (!heap_pair(r, f, h.alloc_count, h.alloc_bytes, r->values)) return false;
        n = 2;
    }
    if (!heap_pair(r, f, h.count, h.bytes, r->values + n)) return false;
    r->open = take_addresses(r, h.rest, false);
    return r->open;
}

static void heap_types(struct parser *r, const struct heap_format *f)
{
    if (f->has_alloc) {
        build_type(&r->b, "alloc_objects", "count");
        build_type(&r->b, "alloc_space", "bytes");
        build_type(&r->b, "inuse_objects", "count");
        build_type(&r->b, "inuse_space", "bytes");
    } else {
        build_type(&r->b, "objects", "count");
        build_type(&r->b, "space", "bytes");
    }
    r->p->period_type = (struct profile_type) { STR("space"), STR("bytes") };
    r->p->period = f->rate;
}

static void parse_heap(struct parser *r, const struct heap_format *f)
{
    heap_types(r, f);
    while (text_next(&r->t)) {
        if (take_between(r)) continue;
        flush(r);
        if (legacy_is_map_header(r->t.line)) break;
        if (!heap_sample(r, f)) bad_line(r, "a heap sample");
    }
}

// "goroutine profile: total 8", then "7 @ 0x47280e 0x40d085" lines.
static void parse_count(struct parser *r, struct str type)
{
    vec_push(&r->p->types, (struct profile_type) { type, STR("count") });
    r->p->period_type = r->p->types.p[0];
    r->p->period = 1;
    while (text_next(&r->t)) {
        if (take_between(r)) continue;
        flush(r);
        if (str_starts(r->t.line, STR("---"))) {
            r->stopped = true;
            break;
        }
        struct str s = r->t.line;
        open_sample(r);
        r->open = scan_int(&s, &r->values[0]);
        scan_spaces(&s);
        r->open = r->open && scan_char(&s, '@') && take_addresses(r, s, false);
        if (!r->open) bad_line(r, "a count and its stack");
    }
}

// "key=value" lines at the head of a contention profile. False: the line is none.
static bool contention_attribute(struct parser *r, int64_t *hz)
{
    size_t equals = str_find_char(r->t.line, '=');
    if (equals == STR_NPOS) return false;
    struct str key = str_trim(str_sub(r->t.line, 0, equals));
    struct str value = str_trim(str_sub(r->t.line, equals + 1, r->t.line.n));
    int64_t n;
    bool number = scan_int(&value, &n);
    if (str_eqc(key, "cycles/second") && number) *hz = n;
    if (str_eqc(key, "sampling period") && number) r->p->period = n;
    if (str_eqc(key, "ms since reset") && number) r->p->duration_ns = to_int((double)n * 1e6);
    return true;
}

static bool contention_sample(struct parser *r, int64_t hz)
{
    struct str s = r->t.line;
    int64_t delay, count;
    scan_spaces(&s);
    open_sample(r);
    r->open = false;
    if (!scan_int(&s, &delay)) return false;
    scan_spaces(&s);
    if (!scan_int(&s, &count)) return false;
    scan_spaces(&s);
    int64_t period = r->p->period;
    if (period > 0 && hz > 0) delay = to_int((double)delay * (double)period / ((double)hz / 1e9));
    if (period > 0) count = (int64_t)((uint64_t)count * (uint64_t)period);
    r->values[0] = count;
    r->values[1] = delay;
    r->open = scan_char(&s, '@') && take_addresses(r, s, false);
    return r->open;
}

static void parse_contention(struct parser *r)
{
    build_type(&r->b, "contentions", "count");
    build_type(&r->b, "delay", "nanoseconds");
    r->p->period_type = r->p->types.p[0];
    r->p->period = 1;
    int64_t hz = 0;
    bool head = true;
    while (text_next(&r->t)) {
        if (take_between(r)) continue;
        if (head && contention_attribute(r, &hz)) continue;
        head = false;
        flush(r);
        if (str_starts(str_trim(r->t.line), STR("---"))) {
            r->stopped = true;
            break;
        }
        if (!contention_sample(r, hz)) bad_line(r, "a delay, a count and their stack");
    }
}

// The frames of one thread, as "  PC: 0x… 0x…", "  0x…: name" and "  creator: 0x…" lines. The line
// that ends them stays in r->t.line.
static bool thread_frames(struct parser *r, bool *same)
{
    *same = false;
    while (text_next(&r->t)) {
        struct str s = str_trim(r->t.line);
        if (str_starts(s, STR("---"))) return true;
        if (str_find(s, STR("same as previous thread")) != STR_NPOS) *same = true;
        for (size_t at; !*same && (at = str_find(s, STR("0x"))) != STR_NPOS;) {
            uint64_t address;
            s = str_sub(s, at, s.n);
            if (!scan_address(&s, &address)) {
                s = str_sub(s, 2, s.n);
            } else if (r->n_frames < MAX_FRAMES) {
                r->frames[r->n_frames] = r->n_frames ? address - 1 : address;
                r->n_frames++;
            }
        }
    }
    return false;
}

// A leaf address taken from the registers and again, moved back, from the stack: one frame.
static void drop_double_leaf(struct parser *r)
{
    if (r->n_frames < 2 || r->frames[0] != r->frames[1] + 1) return;
    memmove(&r->frames[1], &r->frames[2], (r->n_frames - 2) * sizeof(r->frames[0]));
    r->n_frames--;
}

static void parse_threads(struct parser *r)
{
    build_type(&r->b, "thread", "count");
    r->p->period_type = r->p->types.p[0];
    r->p->period = 1;
    bool more = true;
    // Prose up to the first thread.
    while (!str_starts(r->t.line, STR("--- Thread ")) && (more = text_next(&r->t)))
        if (legacy_is_map_header(r->t.line)) break;
    while (more && !legacy_is_map_header(r->t.line)) {
        if (!str_starts(str_trim(r->t.line), STR("--- Thread "))) break;
        bool same;
        open_sample(r);
        r->values[0] = 1;
        more = thread_frames(r, &same);
        if (r->n_frames == 0) {
            r->open = false;
            if (r->p->samples.n) r->p->values.p[r->p->values.n - 1]++;
            continue;
        }
        drop_double_leaf(r);
        flush(r);
    }
    r->stopped = more;
}

static bool count_header(struct str line, struct str *type)
{
    size_t at = str_find(line, STR(" profile: total "));
    if (at == STR_NPOS || at == 0) return false;
    *type = str_sub(line, 0, at);
    struct str digits = str_sub(line, at + 16, line.n);
    int64_t total;
    return str_find_char(*type, ' ') == STR_NPOS && scan_int(&digits, &total) &&
           str_trim(digits).n == 0;
}

static bool is_contention(struct str line)
{
    return str_starts(line, STR("--- contentionz ")) || str_starts(line, STR("--- mutex:")) ||
           str_starts(line, STR("--- contention:"));
}

// The first line that is neither blank nor a comment.
static bool first_line(struct text_lines *t)
{
    while (text_next(t))
        if (!is_comment(t->line)) return true;
    return false;
}

bool pprof_legacy_recognises(struct str bytes)
{
    if (legacy_cpu_recognises(bytes)) return true;
    struct text_lines t = text_lines_make(bytes, PROFILE_MAX_LINE);
    struct heap_format f;
    struct str type;
    return first_line(&t) &&
           (heap_format(t.line, &f) || count_header(t.line, &type) || is_contention(t.line) ||
            str_starts(t.line, STR("--- threadz ")) || str_starts(t.line, STR("--- Thread ")) ||
            str_starts(t.line, STR("--- heapz ")));
}

// Whatever follows the samples, up to the memory map and through it.
static void take_rest(struct parser *r)
{
    flush(r);
    while (!legacy_is_map_header(r->t.line))
        if (!text_next(&r->t)) break;
    legacy_take_map(&r->b, &r->t);
    if (r->t.too_long)
        profile_break(r->p, text_at(&r->t), "a line of more than %d bytes", PROFILE_MAX_LINE);
}

static struct err *parse_text(const char *name, struct parser *r)
{
    struct heap_format f;
    struct str type;
    if (!first_line(&r->t)) return err_new(ERR_INPUT, "%s: not a profile: no line", name);
    if (heap_format(r->t.line, &f))
        parse_heap(r, &f);
    else if (count_header(r->t.line, &type))
        parse_count(r, type);
    else if (is_contention(r->t.line))
        parse_contention(r);
    else if (str_starts(r->t.line, STR("--- Thread")) || str_starts(r->t.line, STR("--- threadz")))
        parse_threads(r);
    else
        return err_new(ERR_INPUT, "%s: not a legacy profile: its first line is '%.*s'", name,
                       (int)(r->t.line.n < 80 ? r->t.line.n : 80), r->t.line.p);
    take_rest(r);
    return NULL;
}

static void parser_deinit(struct parser **r)
{
    build_deinit(&(*r)->b);
    free(*r);
}

struct err *pprof_legacy_decode(const char *name, struct str bytes, struct profile *ret)
{
    if (bytes.n > PROFILE_MAX_INPUT)
        return err_new(ERR_INPUT, "%s: %zu bytes are more than the %d that a profile may have",
                       name, bytes.n, PROFILE_MAX_INPUT);
    CLEANUP(parser_deinit) struct parser *r = mem_zalloc(sizeof(*r));
    r->p = ret;
    build_init(&r->b, ret, PROFILE_LEGACY);
    if (legacy_cpu_recognises(bytes)) return legacy_cpu_decode(name, bytes, &r->b);
    if (legacy_java_recognises(bytes)) return legacy_java_decode(name, bytes, &r->b);
    r->t = text_lines_make(bytes, PROFILE_MAX_LINE);
    return parse_text(name, r);
}

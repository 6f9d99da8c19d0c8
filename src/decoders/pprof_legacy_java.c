// SPDX-License-Identifier: Apache-2.0
#include "decoders/pprof_legacy_java.h"

#include <math.h>

enum { JAVA_HEAP_RATE = 524288 }; // bytes between two samples

struct java {
    struct profile_builder *b;
    bool heap;
    bool java; // "format = java" was seen
    int64_t period;
    struct str resolution;
};

static bool read_attribute(struct java *j, struct str line)
{
    size_t equals = str_find_char(line, '=');
    if (equals == STR_NPOS) return false;
    struct str key = str_trim(str_sub(line, 0, equals));
    struct str value = str_trim(str_sub(line, equals + 1, line.n));
    struct str digits = value;
    int64_t n = 0;
    bool number = scan_int(&digits, &n);
    if (str_eqc(key, "format")) j->java = str_eqc(value, "java");
    if (str_eqc(key, "resolution")) j->resolution = value;
    if (str_eqc(key, "sampling period") && number) j->period = n;
    if (str_eqc(key, "ms since reset") && number)
        j->b->p->duration_ns = (int64_t)((uint64_t)n * 1000000);
    return true;
}

// Reads the first line and the attributes; the first line after them stays in t->line.
static bool read_head(struct java *j, struct text_lines *t, bool *more)
{
    *more = text_next(t);
    if (!*more) return false;
    struct str head = str_trim(t->line);
    j->heap = str_eqc(head, "--- heapz 1 ---");
    if (!j->heap && !str_eqc(head, "--- contentionz 1 ---")) return false;
    while ((*more = text_next(t)))
        if (str_trim(t->line).n && !read_attribute(j, t->line)) break;
    return j->java;
}

bool legacy_java_recognises(struct str bytes)
{
    struct profile scratch = { 0 };
    struct profile_builder b = { .p = &scratch };
    struct java j = { .b = &b };
    struct text_lines t = text_lines_make(bytes, PROFILE_MAX_LINE);
    bool more;
    return str_starts(bytes, STR("--- ")) && read_head(&j, &t, &more);
}

static int64_t scaled(int64_t v, double by)
{
    double r = (double)v * by;
    return r >= 9.2e18 ? INT64_MAX : r <= -9.2e18 ? INT64_MIN : (int64_t)r;
}

// "  BYTES COUNT @ 0x… 0x…". False: the samples have ended.
static bool take_sample(struct java *j, struct text_lines *t)
{
    struct str s = t->line;
    int64_t value, count;
    scan_spaces(&s);
    if (!scan_int(&s, &value)) return false;
    scan_spaces(&s);
    if (!scan_int(&s, &count)) return false;
    scan_spaces(&s);
    if (!scan_char(&s, '@')) return false;
    build_begin(j->b);
    uint64_t address;
    for (scan_spaces(&s); scan_address(&s, &address); scan_spaces(&s))
        build_push(j->b, build_address(j->b, address));
    if (j->heap) {
        if (count == 0) {
            profile_break(j->b->p, text_at(t), "a heap sample of no object");
            j->b->p->stack.n = j->b->stack;
            return true;
        }
        build_number(j->b, STR("bytes"), count == -1 ? -value : value / count, STR(""));
        double average = (double)value / (double)count;
        double by = value ? 1 / (1 - exp(-average / JAVA_HEAP_RATE)) : 0;
        count = scaled(count, by);
        value = scaled(value, by);
    } else if (j->period) {
        count = (int64_t)((uint64_t)count * (uint64_t)j->period);
        value = (int64_t)((uint64_t)value * (uint64_t)j->period);
    }
    const int64_t values[] = { count, value };
    build_end(j->b, values, text_at(t));
    return true;
}

// "f (Source.java:12)", "f (/lib/x.so)", "GC".
static void take_name(struct profile_builder *b, uint32_t location, struct str s)
{
    struct str file = STR("");
    int64_t line = 0;
    size_t open = str_rfind_char(s, '(');
    if (open != STR_NPOS && open > 0 && s.p[s.n - 1] == ')' && s.p[open - 1] == ' ') {
        struct str in = str_sub(s, open + 1, s.n - 1);
        size_t colon = str_rfind_char(in, ':');
        struct str digits = colon == STR_NPOS ? STR("") : str_sub(in, colon + 1, in.n);
        if (scan_int(&digits, &line) && digits.n == 0) {
            file = str_sub(in, 0, colon);
        } else {
            size_t slash = str_rfind_char(in, '/');
            file = slash == STR_NPOS ? in : str_sub(in, slash + 1, in.n);
        }
        s = str_trim(str_sub(s, 0, open));
    } else if (str_find(s, STR("generated stub/JIT")) != STR_NPOS) {
        s = STR("STUB");
    }
    build_line(b, location, build_function(b, s, file), line > 0 ? line : 0);
}

void legacy_java_names(struct profile_builder *b, struct text_lines *t)
{
    struct profile *p = b->p;
    do {
        struct str s = str_trim(t->line);
        uint64_t address;
        if (!scan_address(&s, &address)) continue;
        const uint64_t *l = map_get(&b->location_of_address, address);
        s = str_trim(s);
        if (l && s.n && p->locations.p[*l].n_lines == 0) take_name(b, (uint32_t)*l, s);
    } while (text_next(t));
    for (size_t i = 0; i < p->locations.n; i++) p->locations.p[i].address = 0;
    if (t->too_long) profile_break(p, text_at(t), "a line of more than %d bytes", PROFILE_MAX_LINE);
}

struct err *legacy_java_decode(const char *name, struct str bytes, struct profile_builder *b)
{
    struct java j = { .b = b, .resolution = STR("") };
    struct text_lines t = text_lines_make(bytes, PROFILE_MAX_LINE);
    bool more;
    if (!read_head(&j, &t, &more)) return err_new(ERR_INPUT, "%s: not a Java profile", name);
    build_type(b, j.heap ? "inuse_objects" : "contentions", "count");
    vec_push(&b->p->types,
             (struct profile_type) { j.heap ? STR("inuse_space") : STR("delay"), j.resolution });
    b->p->default_type = 1;
    if (!j.heap && j.period) {
        b->p->period_type = b->p->types.p[0];
        b->p->period = j.period;
    }
    while (more && (str_trim(t.line).n == 0 || take_sample(&j, &t))) more = text_next(&t);
    if (more) legacy_java_names(b, &t);
    return NULL;
}

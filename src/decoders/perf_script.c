// SPDX-License-Identifier: Apache-2.0
#include "decoders/perf_script.h"

#include "decoders/profile_build.h"
#include "decoders/text.h"

enum {
    MAX_FRAMES = 4096,
    CACHE_SLOTS = 1 << 14, // frames remembered by address; a power of two
};

struct header {
    struct str comm, event;
    int64_t pid, tid, period;
    bool has_pid, has_period, has_time;
    struct str rest; // after the event: the frame of an event without a call chain
};

// What a frame's line said at an address, and which location that is.
struct cached {
    uint64_t address;
    struct str text;
    uint32_t location;
};

struct parser {
    struct profile_builder b;
    struct text_lines t;
    struct profile *p;
    struct header h;
    bool open;
    bool headless; // perf was asked for nothing but frames
    uint64_t open_at;
    struct str first_event;
    bool several_events, has_period;
    uint32_t frames[MAX_FRAMES];
    size_t n_frames;
    struct cached cache[CACHE_SLOTS];
};

// "52.177613:".
static bool is_time(struct str s)
{
    bool dot = false;
    if (s.n < 3 || s.p[s.n - 1] != ':') return false;
    for (size_t i = 0; i + 1 < s.n; i++) {
        if (s.p[i] == '.' && !dot && i > 0)
            dot = true;
        else if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    }
    return dot;
}

static bool is_number(struct str s)
{
    int64_t n;
    return scan_int(&s, &n) && s.n == 0;
}

// "812" or "812/815".
static bool take_ids(struct str s, struct header *h)
{
    if (!scan_int(&s, &h->pid)) return false;
    h->tid = h->pid;
    if (scan_char(&s, '/') && !scan_int(&s, &h->tid)) return false;
    h->has_pid = s.n == 0;
    return h->has_pid;
}

// "K", "U", "Sp": what -F misc shows.
static bool is_misc(struct str s)
{
    size_t n = 0;
    while (n < s.n && strchr("KUHGgMESpD", s.p[n])) n++;
    return n == s.n && n > 0 && n <= 4;
}

static void parse_name_ids_cpu(struct str s, struct header *h)
{
    s = str_trim(s);
    struct str last = s;
    size_t space = str_rfind_char(s, ' ');
    if (space != STR_NPOS) last = str_sub(s, space + 1, s.n);
    if (last.n && last.p[0] == '[') {
        s = str_trim(str_sub(s, 0, s.n - last.n));
        space = str_rfind_char(s, ' ');
        last = space == STR_NPOS ? s : str_sub(s, space + 1, s.n);
    }
    if (take_ids(last, h)) s = str_trim(str_sub(s, 0, s.n - last.n));
    h->comm = s;
}

// What stands before the time: the command's name (spaces allowed), ids, CPU, misc.
static void parse_who(struct str s, struct header *h)
{
    s = str_trim(s);
    size_t misc = str_rfind_char(s, ' ');
    if (misc != STR_NPOS && is_misc(str_sub(s, misc + 1, s.n)))
        parse_name_ids_cpu(str_sub(s, 0, misc), h);
    if (!h->has_pid) parse_name_ids_cpu(s, h); // then that is the end of a name
}

// A header has a time, or ends with its event and a colon.
static bool parse_header(struct str line, struct header *ret)
{
    struct header h = { 0 };
    struct str rest = line, word;
    const char *time = NULL;
    while (scan_spaces(&rest), scan_word(&rest, &word))
        if (is_time(word)) {
            time = word.p;
            h.has_time = true;
            break;
        }
    if (!time) {
        struct str s = str_trim(line);
        size_t space = str_rfind_char(s, ' ');
        if (s.n < 2 || s.p[s.n - 1] != ':' || space == STR_NPOS) return false;
        h.event = str_sub(s, space + 1, s.n - 1);
        s = str_trim(str_sub(s, 0, space));
        space = str_rfind_char(s, ' ');
        struct str period = space == STR_NPOS ? STR("") : str_sub(s, space + 1, s.n);
        if (period.n && is_number(period)) { // of "comm pid period event:" or "comm pid event:"
            struct header probe = { 0 };
            parse_who(str_sub(s, 0, space), &probe);
            if (probe.has_pid) {
                h.has_period = scan_int(&period, &h.period);
                s = str_sub(s, 0, space);
            }
        }
        parse_who(s, &h);
        *ret = h;
        return h.has_pid;
    }
    parse_who(str_make(line.p, (size_t)(time - line.p)), &h);
    scan_spaces(&rest);
    struct str after = rest;
    if (scan_int(&after, &h.period) && after.n && (after.p[0] == ' ' || after.p[0] == '\t')) {
        h.has_period = true;
        rest = after;
        scan_spaces(&rest);
    }
    if (scan_word(&rest, &h.event) && h.event.p[h.event.n - 1] == ':') h.event.n--;
    h.rest = str_trim(rest);
    *ret = h;
    return true;
}

// "\t    4a3f2c name…", as perf prints the frames of a call chain, below one another.
static bool is_frame_line(struct str s)
{
    uint64_t address;
    if (!scan_char(&s, '\t')) return false;
    scan_spaces(&s);
    struct str at = s;
    return scan_hex(&s, &address) && at.n - s.n >= 3 && s.n && s.p[0] == ' ';
}

// Without any field that makes a header there are blocks of frames. If something else follows the
// first of them, that one is the end of an event whose beginning was cut off.
static bool is_headless(struct str bytes)
{
    struct text_lines t = text_lines_make(bytes, PROFILE_MAX_LINE);
    bool frames = false, parted = false;
    while (text_next(&t)) {
        bool blank = str_trim(t.line).n == 0;
        if (!blank && !is_frame_line(t.line)) return false;
        if (!blank && parted) return true;
        frames = frames || !blank;
        parted = frames && blank;
    }
    return frames;
}

// A header without time and event, or the event alone, is told by the frame in the next line.
static bool parse_short_header(struct str line, struct str rest, struct header *ret)
{
    if (is_frame_line(line) || !is_frame_line(str_sub(rest, 0, str_find_char(rest, '\n'))))
        return false;
    struct header h = { 0 };
    struct str s = str_trim(line);
    if (str_ends(s, STR(":")) && str_find_char(s, ' ') == STR_NPOS)
        h.event = str_sub(s, 0, s.n - 1);
    else
        parse_who(s, &h);
    *ret = h;
    return true;
}

// "main.f+0x4c (/srv/service)": name and binary. The name may hold spaces and parentheses.
static bool split_frame(struct str s, struct str *name, struct str *binary)
{
    s = str_trim(s);
    if (s.n == 0) return false;
    struct str in = s.p[s.n - 1] == ')' ? str_sub(s, 0, s.n - 1) : s;
    if (str_ends(in, STR(" (deleted)"))) in = str_sub(in, 0, in.n - 10);
    size_t open = STR_NPOS;
    for (size_t i = in.n; s.n > in.n && i-- > 1;) {
        if (in.p[i] != '(' || in.p[i - 1] != ' ') continue;
        bool path = i + 1 < in.n && (in.p[i + 1] == '/' || in.p[i + 1] == '[');
        if (path || open == STR_NPOS) open = i; // a folder's name may hold parentheses, too
        if (path) break;
    }
    if (open == STR_NPOS) { // perf was not asked for binaries
        in = s;
        open = in.n;
    }
    *binary = str_sub(in, open + 1, in.n);
    *name = str_trim(str_sub(in, 0, open));
    size_t plus = str_rfind_char(*name, '+');
    struct str offset = plus == STR_NPOS ? STR("") : str_sub(*name, plus + 1, name->n);
    uint64_t n;
    if (scan_address(&offset, &n) && offset.n == 0) *name = str_sub(*name, 0, plus);
    if (str_eqc(*name, "[unknown]")) *name = STR("");
    return true;
}

static bool take_frame(struct parser *r, struct str s)
{
    uint64_t address;
    scan_spaces(&s);
    if (!scan_hex(&s, &address) || s.n == 0 || s.p[0] != ' ') return false;
    uint32_t location;
    struct cached *c = &r->cache[(address ^ address >> 14) & (CACHE_SLOTS - 1)];
    if (c->text.p && c->address == address && str_eq(c->text, s)) {
        location = c->location;
    } else {
        struct str name, binary;
        if (!split_frame(s, &name, &binary)) return false;
        bool inlined = str_eqc(binary, "inlined");
        uint32_t mapping = inlined || binary.n == 0 || str_eqc(binary, "[unknown]")
                               ? PROFILE_NONE
                               : build_mapping(&r->b, binary);
        location = build_frame(&r->b, name, STR(""), 0, mapping);
        *c = (struct cached) { address, s, location };
    }
    if (r->n_frames < MAX_FRAMES)
        r->frames[r->n_frames++] = location;
    else
        profile_break(r->p, text_at(&r->t), "a stack of more than %d frames", MAX_FRAMES);
    return true;
}

// "  main.go:12" below a frame.
static bool take_source_line(struct parser *r)
{
    struct str s = str_trim(r->t.line);
    size_t colon = str_rfind_char(s, ':');
    if (r->n_frames && str_ends(s, STR("]"))) return true; // "  [kernel.kallsyms][ffffffff81]"
    if (colon == STR_NPOS || r->n_frames == 0) return false;
    struct str digits = str_sub(s, colon + 1, s.n);
    int64_t line;
    if (!scan_int(&digits, &line) || line < 0) return false;
    const struct profile_location *l = &r->p->locations.p[r->frames[r->n_frames - 1]];
    if (l->n_lines == 0) return true;
    struct str name = r->p->functions.p[r->p->lines.p[l->line].function].name;
    uint32_t mapping = l->mapping;
    r->frames[r->n_frames - 1] = build_frame(&r->b, name, str_sub(s, 0, colon), line, mapping);
    return r->frames[r->n_frames - 1] != PROFILE_NONE;
}

static void flush(struct parser *r)
{
    if (!r->open) return;
    r->open = false;
    build_begin(&r->b);
    for (size_t i = 0; i < r->n_frames; i++) build_push(&r->b, r->frames[i]);
    if (r->h.comm.n) build_label(&r->b, STR("comm"), r->h.comm);
    if (r->h.has_pid) {
        build_number(&r->b, STR("pid"), r->h.pid, STR(""));
        build_number(&r->b, STR("tid"), r->h.tid, STR(""));
    }
    if (!str_eq(r->h.event, r->first_event)) {
        r->several_events = true;
        build_label(&r->b, STR("event"), r->h.event);
    }
    const int64_t values[] = { 1, r->h.has_period ? r->h.period : 0 };
    build_end(&r->b, values, r->open_at);
}

static void open_event(struct parser *r, const struct header *h)
{
    if (r->p->types.n == 0) {
        r->first_event = h->event;
        r->has_period = h->has_period;
        build_type(&r->b, "samples", "count");
        if (h->has_period) build_type(&r->b, "", "count");
        r->p->default_type = 0;
    }
    r->h = *h;
    r->open = true;
    r->open_at = text_at(&r->t);
    r->n_frames = 0;
    if (h->rest.n) take_frame(r, h->rest);
}

static void take_line(struct parser *r)
{
    struct str line = r->t.line;
    struct header h;
    if (str_trim(line).n == 0) {
        flush(r);
        return;
    }
    if (line.p[0] == '#') return;
    if (!r->open && r->headless) open_event(r, &(struct header) { 0 });
    bool indented = line.p[0] == ' ' || line.p[0] == '\t';
    // Without call chains events stand below one another, indented, too.
    bool event = line.p[0] == ' ' && parse_header(line, &h) && h.has_time && h.has_pid;
    if (r->open && indented && !event && (take_frame(r, line) || take_source_line(r))) return;
    if (parse_header(line, &h) || parse_short_header(line, r->t.rest, &h)) {
        flush(r);
        if (!str_starts(h.event, STR("PERF_RECORD_"))) open_event(r, &h); // that is no sample
        return;
    }
    profile_break(r->p, text_at(&r->t), "neither an event nor a frame: '%.*s'",
                  (int)(line.n < 80 ? line.n : 80), line.p);
}

static void name_period(struct parser *r)
{
    if (!r->has_period) return;
    struct profile_type *t = &r->p->types.p[1];
    bool clock = str_starts(r->first_event, STR("cpu-clock")) ||
                 str_starts(r->first_event, STR("task-clock"));
    t->type = r->several_events || r->first_event.n == 0 ? STR("period") : r->first_event;
    t->unit = clock && !r->several_events ? STR("nanoseconds") : STR("count");
}

bool perf_script_recognises(struct str bytes)
{
    struct text_lines t = text_lines_make(bytes, PROFILE_MAX_LINE);
    struct header h;
    while (text_next(&t)) {
        if (str_trim(t.line).n == 0 || t.line.p[0] == '#') continue;
        return parse_header(t.line, &h) || parse_short_header(t.line, t.rest, &h) ||
               is_frame_line(t.line);
    }
    return false;
}

static void parser_deinit(struct parser **r)
{
    build_deinit(&(*r)->b);
    free(*r);
}

struct err *perf_script_decode(const char *name, struct str bytes, struct profile *ret)
{
    if (bytes.n > PROFILE_MAX_INPUT)
        return err_new(ERR_INPUT, "%s: %zu bytes are more than the %d that a profile may have",
                       name, bytes.n, PROFILE_MAX_INPUT);
    CLEANUP(parser_deinit) struct parser *r = mem_zalloc(sizeof(*r));
    r->p = ret;
    r->t = text_lines_make(bytes, PROFILE_MAX_LINE);
    r->headless = is_headless(bytes);
    build_init(&r->b, ret, PROFILE_PERF);
    while (!r->b.full && text_next(&r->t)) take_line(r);
    if (r->t.too_long)
        profile_break(ret, text_at(&r->t), "a line of more than %d bytes", PROFILE_MAX_LINE);
    if (!r->b.full) flush(r);
    if (ret->types.n == 0)
        return err_new(ERR_INPUT, "%s: no event in this output of perf script", name);
    name_period(r);
    return NULL;
}

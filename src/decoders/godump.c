// SPDX-License-Identifier: Apache-2.0
#include "decoders/godump_in.h"

#include "base/mem.h"

#include <ctype.h>

enum { PREFIX_MAX = 300, MESSAGE_MAX = 500 };

// One process's lines: those behind one prefix.
struct stream {
    struct str prefix; // empty for the first
    struct godump_open g;
    struct buf last; // the line before, for hard wraps
    bool last_understood;
    unsigned joins; // pieces in `last` that were counted as not understood
};

struct godump {
    struct godump_builder b;
    struct dump *d;
    struct buf carry;   // the start of a line whose end has not come
    bool skipping;      // … that is too long
    struct buf partial; // docker and CRI: pieces of one line
    struct stream stream[GODUMP_STREAMS];
    size_t n_stream;
    bool mangled; // hard wraps are looked for
};

struct godump *godump_create(struct dump *d, bool keep_arguments)
{
    struct godump *p = mem_zalloc(sizeof(*p));
    p->d = p->b.d = d;
    p->b.keep_arguments = keep_arguments;
    p->n_stream = 1;
    return p;
}

static bool number(struct str *s, uint64_t *ret)
{
    size_t n = 0;
    uint64_t v = 0;
    while (n < s->n && n < 19 && s->p[n] >= '0' && s->p[n] <= '9')
        v = v * 10 + (uint64_t)(s->p[n++] - '0');
    if (n == 0) return false;
    *s = str_sub(*s, n, s->n);
    *ret = v;
    return true;
}

// ---- headers

static void header_detail(struct godump_open *g, struct str part)
{
    struct str s = str_trim(part);
    uint64_t n = 0;
    if (str_eqc(s, "locked to thread"))
        g->locked = true;
    else if (str_ends(s, STR(" minutes")) && number(&s, &n))
        g->wait_minutes = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static void open_goroutine(struct godump *p, struct godump_open *g)
{
    godump_store(&p->b, g);
    struct buf keep = g->arguments;
    memset(g, 0, offsetof(struct godump_open, stack));
    g->n_stack = 0, g->n_args = 0, g->race = NULL;
    memset(g->arg, 0, sizeof(g->arg));
    g->arguments = keep;
    g->active = true;
    g->count = 1;
}

// "goroutine 7 [chan receive, 3 minutes, locked to thread]:", with gp=, m=, mp= and labels or not.
static bool header(struct godump *p, struct godump_open *g, struct str line)
{
    struct str s = str_sub(line, 10, line.n);
    uint64_t id;
    if (!str_starts(line, STR("goroutine ")) || !number(&s, &id)) return false;
    size_t open = str_starts(s, STR(" [")) ? 0 : str_find(s, STR(" ["));
    if (open == STR_NPOS || open > 80 || (open > 0 && !str_starts(s, STR(" gp=")))) return false;
    s = str_sub(s, open + 2, s.n);
    size_t close = str_find_char(s, ']');
    if (close == STR_NPOS || !str_ends(s, STR(":"))) return false;
    open_goroutine(p, g);
    g->id = id;
    g->ignored = id == 0;
    struct str inside = str_sub(s, 0, close), part;
    bool first = true;
    while (str_split(&inside, ',', &part)) {
        if (first)
            g->state = godump_state(&p->b, part);
        else
            header_detail(g, part);
        first = false;
    }
    if (g->want_fatal && id) {
        g->want_fatal = g->want_message = false;
        p->d->fatal_goroutine = id;
        p->d->fatal_record = p->d->n;
    }
    return true;
}

// ---- frames

static void keep_arguments(struct godump *p, struct godump_open *g, struct str args)
{
    if (p->b.keep_arguments) {
        if (g->n_stack || g->arguments.n) buf_addc(&g->arguments, '\n');
        buf_addstr(&g->arguments, str_sub(args, 0, MESSAGE_MAX));
    }
}

static void pointers(struct godump_open *g, struct str args)
{
    enum { POINTER_MIN = 0x10000 };
    g->user_seen = true;
    for (size_t i = 0; i + 2 < args.n && g->n_args < DUMP_ARGS; i++) {
        if (args.p[i] != '0' || args.p[i + 1] != 'x') continue;
        uint64_t v = 0;
        for (i += 2; i < args.n && isxdigit((unsigned char)args.p[i]); i++)
            v = v << 4 |
                (uint64_t)(args.p[i] <= '9' ? args.p[i] - '0' : (args.p[i] | 32) - 'a' + 10);
        if (v >= POINTER_MIN) g->arg[g->n_args++] = v;
    }
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_argument_char(char c)
{
    return is_hex(c) || (c && strchr("x{}, _.?()", c));
}

static bool is_function_name(struct str s)
{
    if (memchr(s.p, ' ', s.n) || memchr(s.p, '\t', s.n)) return false;
    return memchr(s.p, '.', s.n) || str_eqc(s, "panic");
}

// "main.(*store).put(0xc000012345, {0x1, 0x2})": a name without spaces, arguments without brackets.
static bool function_line(struct godump *p, struct godump_open *g, struct str line)
{
    if (line.n < 4 || line.p[line.n - 1] != ')') return false;
    const char *open = memrchr(line.p, '(', line.n);
    if (!open || open == line.p) return false;
    struct str name = { line.p, (size_t)(open - line.p) };
    uint32_t function;
    bool known = godump_function_known(&p->b, name, &function);
    if (!known && !is_function_name(name)) return false;
    struct str args = str_sub(line, name.n + 1, line.n - 1);
    for (size_t i = 0; i < args.n && i < 8; i++) // of hexadecimal numbers and "{}, _.?"
        if (!is_argument_char(args.p[i])) return false;
    if (g->expect_location) { // the one before has lost its location
        uint32_t f = godump_frame(&p->b, g->function, STR(""));
        if (g->n_stack < LIMIT_STACK_FRAMES && !g->creator_next && !g->ignored)
            g->stack[g->n_stack++] = f;
    }
    if (!known) {
        function = godump_function(&p->b, name);
        godump_function_remember(&p->b, name, function);
    }
    g->function = function;
    g->expect_location = true;
    g->creator_next = false;
    if (g->ignored) return true;
    keep_arguments(p, g, args);
    if (!g->user_seen && args.n && !p->b.is_std.p[g->function]) pointers(g, args);
    return true;
}

static bool file_and_line(struct str s, struct str *ret)
{
    size_t n = s.n;
    while (n && s.p[n - 1] >= '0' && s.p[n - 1] <= '9') n--;
    if (n == s.n || n < 2 || s.p[n - 1] != ':') return false;
    *ret = s;
    return true;
}

// "/src/main.go:42 +0x1d", "…:42 fp=0x… sp=0x… pc=0x…": the part up to the line's number.
static bool location(struct str s, struct str *ret)
{
    size_t hex = s.n;
    while (hex && is_hex(s.p[hex - 1])) hex--;
    if (hex < s.n && hex >= 4 && memcmp(s.p + hex - 4, " +0x", 4) == 0 &&
        !memchr(s.p, ' ', hex - 4))
        return file_and_line(str_sub(s, 0, hex - 4), ret); // nearly all of them
    const char *plus = memchr(s.p, ' ', s.n);
    while (plus) { // a path may hold blanks
        struct str tail = str_sub(s, (size_t)(plus - s.p) + 1, s.n);
        if (str_starts(tail, STR("+0x")) || str_starts(tail, STR("fp=0x"))) break;
        plus = tail.n ? memchr(tail.p, ' ', tail.n) : NULL;
    }
    if (plus) {
        const char *q = plus + 1 + (plus[1] == '+' ? 3 : 5), *end = s.p + s.n;
        while (q < end && (isxdigit((unsigned char)*q) || (plus[1] == 'f' && strchr(" spc=x", *q))))
            q++;
        if (q < end && !str_starts(str_make(q, (size_t)(end - q)), STR(" fp=0x"))) return false;
        s.n = (size_t)(plus - s.p);
    }
    return file_and_line(s, ret);
}

static bool location_line(struct godump *p, struct godump_open *g, struct str line)
{
    struct str at;
    if (!g->expect_location || !location(line, &at)) return false;
    g->expect_location = false;
    if (g->ignored) return true;
    uint32_t f = godump_frame(&p->b, g->function, at);
    if (g->creator_next) {
        g->creator = f;
        g->has_creator = true;
    } else if (g->n_stack < LIMIT_STACK_FRAMES) {
        g->stack[g->n_stack++] = f;
    } else {
        g->elided = true;
    }
    return true;
}

static bool creator_line(struct godump *p, struct godump_open *g, struct str line)
{
    if (!str_starts(line, STR("created by "))) return false;
    static const char in[] = " in goroutine ";
    struct str name = str_sub(line, 11, line.n);
    size_t digits = name.n;
    while (digits && name.p[digits - 1] >= '0' && name.p[digits - 1] <= '9') digits--;
    struct str id = str_sub(name, digits, name.n);
    if (str_ends(str_sub(name, 0, digits), str_from(in)))
        name = str_sub(name, 0, digits - strlen(in));
    else
        id = STR("");
    if (name.n == 0 || memchr(name.p, ' ', name.n)) return false;
    if (g->expect_location && !g->creator_next && !g->ignored && g->n_stack < LIMIT_STACK_FRAMES)
        g->stack[g->n_stack++] = godump_frame(&p->b, g->function, STR(""));
    if (id.n && !g->ignored && !g->parent) number(&id, &g->parent);
    g->function = godump_function(&p->b, name);
    g->expect_location = g->creator_next = true;
    return true;
}

// Lines inside of a goroutine that are neither function nor location.
static bool other_line(struct godump_open *g, struct str line)
{
    struct str s = line;
    uint64_t n = 0;
    if (str_find(line, STR("stack unavailable")) != STR_NPOS && line.n < 100) {
        g->unavailable = true;
        return true;
    }
    if (str_starts(line, STR("...")) && str_ends(line, STR("elided..."))) {
        g->elided = true;
        return true;
    }
    if (str_starts(line, STR("[originating from goroutine ")) && line.n > 28) {
        s = str_sub(line, 28, line.n);
        if (!number(&s, &n)) return false;
        if (!g->parent) g->parent = n;
        g->ancestors = g->ignored = true; // its frames were another goroutine's
        return true;
    }
    return str_starts(line, STR("non-Go function")) || str_starts(line, STR("pc=0x"));
}

// ---- debug=1

static bool profile_line(struct godump *p, struct godump_open *g, struct str line)
{
    struct str s = line;
    uint64_t count;
    if (str_starts(line, STR("#\t0x")) || str_starts(line, STR("# 0x")) ||
        str_starts(line, STR("#   0x"))) {
        if (!g->active) return false;
        size_t at = str_find(line, STR("0x"));
        s = str_sub(line, at, line.n);
        size_t end = 0;
        while (end < s.n && s.p[end] != '\t' && s.p[end] != ' ') end++;
        s = str_trim(str_sub(s, end, s.n));
        size_t plus = str_find(s, STR("+0x"));
        if (plus == STR_NPOS) return true; // a pc without a name
        struct str name = str_sub(s, 0, plus), rest = str_sub(s, plus, s.n), place;
        size_t gap = 0;
        while (gap < rest.n && rest.p[gap] != '\t' && rest.p[gap] != ' ') gap++;
        if (!location(str_trim(str_sub(rest, gap, rest.n)), &place)) place = STR("");
        if (g->n_stack < LIMIT_STACK_FRAMES)
            g->stack[g->n_stack++] = godump_frame(&p->b, godump_function(&p->b, name), place);
        return true;
    }
    if (str_starts(line, STR("# labels:")) || str_starts(line, STR("goroutine profile: total ")))
        return true;
    if (!number(&s, &count) || !str_starts(s, STR(" @"))) return false;
    struct str rest = str_sub(s, 2, s.n);
    if (rest.n && !str_starts(rest, STR(" 0x"))) return false;
    open_goroutine(p, g);
    g->count = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
    g->state = godump_state(&p->b, STR("unknown"));
    return true;
}

// ---- race reports

static bool race_side(struct godump *p, struct godump_open *g, struct str line)
{
    static const char *const ops[] = { "Write",         "Read",         "Previous write",
                                       "Previous read", "Atomic write", "Previous atomic write" };
    struct dump *d = p->d;
    for (size_t i = 0; i < array_size(ops); i++) {
        struct str op = str_from(ops[i]), s;
        if (!str_starts(line, op) || !str_starts(str_sub(line, op.n, line.n), STR(" at 0x")))
            continue;
        open_goroutine(p, g);
        g->ignored = true;
        struct dump_race *r = d->race.n ? vec_last(&d->race) : NULL;
        if (!r || r->n >= 2 || d->races > DUMP_RACES_MAX) return true;
        s = str_sub(line, op.n + 6, line.n);
        size_t end = str_find_char(s, ' ');
        g->race = &r->side[r->n++];
        g->race->op = op;
        if (!str_to_u64(str_sub(s, 0, end), 16, &g->race->address)) g->race->address = 0;
        size_t by = str_find(s, STR("by goroutine "));
        s = by == STR_NPOS ? STR("") : str_sub(s, by + 13, s.n);
        if (!number(&s, &g->race->goroutine)) g->race->goroutine = 1; // "by main goroutine"
        g->ignored = false;
        g->state = godump_state(&p->b, STR("race report"));
        return true;
    }
    if (str_starts(line, STR("Goroutine ")) && str_find(line, STR("created at:")) != STR_NPOS) {
        open_goroutine(p, g);
        g->ignored = true;
        return true;
    }
    if (str_eqc(line, "WARNING: DATA RACE")) {
        godump_store(&p->b, g);
        if (d->races++ < DUMP_RACES_MAX) vec_push(&d->race, (struct dump_race) { .n = 0 });
        return true;
    }
    return str_starts(line, STR("==================")) || str_starts(line, STR("Found ")) ||
           str_starts(line, STR("[failed to restore the stack]"));
}

// ---- messages

static bool is_register(struct str line)
{
    size_t n = 0;
    while (n < line.n && n < 7 && isalnum((unsigned char)line.p[n])) n++;
    size_t blank = n;
    while (n < line.n && line.p[n] == ' ') n++;
    return blank && n > blank && str_starts(str_sub(line, n, line.n), STR("0x")) && line.n < 40;
}

static void fatal(struct godump *p, struct godump_open *g, struct str text)
{
    g->dump = ++p->d->dumps;
    g->want_fatal = false;
    text = str_trim(text);
    // A fatal map error is what one looks for; else the first that is said.
    if (p->d->fatal.p && (dump_fatal_is_map(p->d->fatal) || !dump_fatal_is_map(text))) return;
    p->d->fatal = arena_str(&p->d->arena, str_sub(text, 0, MESSAGE_MAX));
    p->d->fatal_goroutine = 0;
    g->want_fatal = true;
}

static bool message(struct godump *p, struct godump_open *g, struct str line)
{
    struct str s = line.n && line.p[0] == '\t' ? str_sub(line, 1, line.n) : line;
    if (str_starts(s, STR("fatal error: "))) {
        godump_store(&p->b, g);
        fatal(p, g, str_sub(s, 13, s.n));
        return true;
    }
    if (str_starts(s, STR("panic: "))) {
        godump_store(&p->b, g);
        fatal(p, g, s);
        g->want_message = true;
        return true;
    }
    if (str_starts(line, STR("goroutine running on other thread"))) return false;
    if (str_starts(line, STR("SIGQUIT: quit"))) {
        godump_store(&p->b, g);
        g->dump = ++p->d->dumps;
        return true;
    }
    if (str_starts(line, STR("runtime stack:"))) {
        open_goroutine(p, g);
        g->ignored = true;
        return true;
    }
    if (g->active && is_register(line)) {
        godump_store(&p->b, g);
        return true;
    }
    return is_register(line) || str_starts(line, STR("[signal ")) ||
           str_starts(line, STR("PC=0x")) || str_starts(line, STR("exit status ")) ||
           str_starts(line, STR("runtime: ")) || str_starts(line, STR("sigcode=")) ||
           str_starts(line, STR("-----"));
}

// ---- one line of one process

static bool understand(struct godump *p, struct godump_open *g, struct str line)
{
    char c = line.p[0];
    if (g->active) {
        if (c == '\t' && location_line(p, g, str_sub(line, 1, line.n))) return true;
        if (c != '\t' && function_line(p, g, line)) return true;
        if (creator_line(p, g, line)) return true;
        if (c == 'g' && header(p, g, line)) return true;
        if (other_line(g, str_trim(line))) return true;
        if (g->race || g->ignored) {
            struct str t = str_trim(line);
            if (c == ' ' && t.n && (location_line(p, g, t) || function_line(p, g, t))) return true;
        } else if (g->expect_location && (c == ' ' || c == '/')) { // tabs lost
            if (location_line(p, g, str_trim(line))) return true;
        }
    }
    return (c == 'g' && !g->active && header(p, g, line)) || profile_line(p, g, line) ||
           race_side(p, g, line) || message(p, g, line);
}

static void remember(struct stream *s, struct str line)
{
    buf_clear(&s->last);
    buf_addstr(&s->last, str_sub(line, 0, GODUMP_LINE_MAX));
}

static struct str trim_end(struct str s)
{
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\t')) s.n--;
    return s;
}

// A hard wrap: this line is the rest of the one before, which was not understood, or was understood
// as a location cut in its number.
static bool join(struct godump *p, struct stream *s, struct str line)
{
    if (!s->last.n || s->joins >= GODUMP_JOINS || line.n > LIMIT_NAME_BYTES) return false;
    struct godump_open *g = &s->g;
    buf_addstr(&s->last, line);
    struct str whole = buf_str(&s->last), at;
    if (!s->last_understood) return understand(p, g, whole);
    bool was_location = whole.p[0] == '\t' && g->active && !g->ignored && !g->expect_location;
    if (!was_location || !location(str_sub(whole, 1, whole.n), &at)) return false;
    if (g->creator_next)
        g->creator = godump_frame(&p->b, g->function, at);
    else if (g->n_stack)
        g->stack[g->n_stack - 1] = godump_frame(&p->b, g->function, at);
    return true;
}

static bool stream_line(struct godump *p, struct stream *s, struct str line)
{
    struct dump *d = p->d;
    line = trim_end(line);
    if (line.n == 0) return true; // blank lines between goroutines may be lost, or be too many
    if (understand(p, &s->g, line)) {
        s->joins = 0;
        s->last_understood = true;
        remember(s, line);
        return true;
    }
    if (join(p, s, line)) { // its pieces were counted when they came
        d->lines_not_understood -=
            s->joins < d->lines_not_understood ? s->joins : d->lines_not_understood;
        s->joins = 0;
        s->last_understood = true;
        return true;
    }
    if (s->last_understood || s->joins == 0 || s->joins >= GODUMP_JOINS) {
        remember(s, line);
        s->joins = 0;
    }
    s->last_understood = false;
    if (s->g.want_message) { // a panic's text over several lines
        buf_clear(&s->last);
        return true;
    }
    s->joins++;
    return false;
}

// ---- prefixes

static size_t marker(struct str line)
{
    static const char *const marks[] = { "goroutine ", "fatal error: ", "panic: ", "SIGQUIT: quit",
                                         "WARNING: DATA RACE" };
    for (size_t i = 0; i < array_size(marks); i++) {
        size_t at = str_find(line, str_from(marks[i]));
        if (at == STR_NPOS || at == 0 || at > PREFIX_MAX) continue;
        if (i == 0 && str_find(line, STR("]:")) == STR_NPOS) continue;
        return at;
    }
    return STR_NPOS;
}

static bool prefixed_line(struct godump *p, struct str line)
{
    for (size_t i = p->n_stream; i-- > 1;) {
        size_t at = godump_prefix_match(p->stream[i].prefix, line);
        if (at != STR_NPOS) return stream_line(p, &p->stream[i], str_sub(line, at, line.n));
        // A blank line behind a prefix may have lost the prefix's last blanks.
        struct str shape = trim_end(p->stream[i].prefix);
        if (shape.n && godump_prefix_match(shape, line) == line.n) return true;
    }
    size_t at = marker(line);
    if (at == STR_NPOS || p->n_stream >= GODUMP_STREAMS) return false;
    struct stream *s = &p->stream[p->n_stream];
    s->prefix = arena_str(&p->d->arena, str_sub(line, 0, at));
    p->n_stream++;
    return stream_line(p, s, str_sub(line, at, line.n));
}

// ---- envelopes

static bool any_line(struct godump *p, struct str line, int depth);

static bool lines_of(struct godump *p, struct str text, int depth)
{
    struct str line;
    bool any = false;
    while (str_split(&text, '\n', &line)) {
        _cleanup_buf_ struct buf copy = { 0 }; // terminated
        buf_addstr(&copy, line);
        buf_reserve(&copy, 1);
        any = any_line(p, buf_str(&copy), depth + 1) || any;
    }
    return any;
}

// Pieces of one line, as docker and CRI cut them at 16 KB.
static bool piece(struct godump *p, struct str text, bool more, int depth)
{
    if (p->partial.n + text.n < GODUMP_LINE_MAX) buf_addstr(&p->partial, text);
    if (more) return true;
    _cleanup_buf_ struct buf whole = p->partial;
    p->partial = (struct buf) { 0 };
    return lines_of(p, buf_str(&whole), depth);
}

static bool enveloped(struct godump *p, struct str line, int depth)
{
    struct str text;
    bool more;
    if (godump_unwrap_cri(line, &text, &more)) return piece(p, text, more, depth);
    _cleanup_buf_ struct buf out = { 0 };
    if (line.p[0] == '{' && godump_unwrap_json(line, &out)) {
        bool docker = str_starts(line, STR("{\"log\":"));
        return piece(p, buf_str(&out), docker && out.n && out.p[out.n - 1] != '\n', depth);
    }
    if (!memchr(line.p, '#', line.n) && !memchr(line.p, '&', line.n) &&
        !memchr(line.p, '<', line.n))
        return false;
    return godump_unescape(line, &out) && lines_of(p, buf_str(&out), depth);
}

static bool any_line(struct godump *p, struct str line, int depth)
{
    if (line.n == 0) return true;
    if (understand(p, &p->stream[0].g, line)) {
        if (p->mangled) {
            remember(&p->stream[0], line);
            p->stream[0].last_understood = true;
            p->stream[0].joins = 0;
        }
        return true;
    }
    struct str cut = trim_end(line);
    if (cut.n == 0) return true;
    p->mangled = true;
    if (depth < GODUMP_NESTING && enveloped(p, cut, depth)) return true;
    if (prefixed_line(p, line)) return true;
    return stream_line(p, &p->stream[0], line);
}

// ---- the stream of bytes

static void whole_line(struct godump *p, struct str line)
{
    p->d->lines++;
    if (!any_line(p, line, 0)) p->d->lines_not_understood++;
}

static void carry_on(struct godump *p, struct str s)
{
    if (p->skipping) return;
    size_t room = GODUMP_LINE_MAX - p->carry.n;
    if (s.n > room) p->d->line_too_long = p->skipping = true;
    buf_addstr(&p->carry, str_sub(s, 0, room));
}

void godump_feed(struct godump *p, struct str bytes)
{
    p->d->bytes += bytes.n;
    while (bytes.n) {
        const char *nl = memchr(bytes.p, '\n', bytes.n);
        if (!nl) {
            carry_on(p, bytes);
            return;
        }
        struct str line = { bytes.p, (size_t)(nl - bytes.p) };
        bytes = str_sub(bytes, line.n + 1, bytes.n);
        if (p->carry.n || p->skipping) {
            carry_on(p, line);
            buf_reserve(&p->carry, 1);
            whole_line(p, buf_str(&p->carry));
            buf_clear(&p->carry);
            p->skipping = false;
        } else {
            whole_line(p, line);
        }
    }
}

void godump_finish(struct godump *p)
{
    struct dump *d = p->d;
    if (p->partial.n) piece(p, STR(""), false, 0);
    bool cut = false;
    if (p->carry.n) {
        uint64_t before = d->lines_not_understood;
        whole_line(p, buf_str(&p->carry));
        cut = d->lines_not_understood > before && d->n + d->races > 0;
    }
    for (size_t i = 0; i < p->n_stream; i++) {
        struct stream *s = &p->stream[i];
        struct godump_open *g = &s->g;
        bool empty =
            g->active && !g->n_stack && !g->unavailable && !g->ignored && !g->expect_location;
        cut = cut || (g->active && g->expect_location) || empty;
        godump_store(&p->b, g);
        buf_deinit(&g->arguments);
        buf_deinit(&s->last);
    }
    d->truncated = cut;
    if (!d->fatal_goroutine) d->fatal_record = d->n;
    if (d->dumps == 0 && d->n) d->dumps = 1;
    godump_builder_deinit(&p->b);
    buf_deinit(&p->carry);
    buf_deinit(&p->partial);
    free(p);
}

bool godump_is_reversed(struct str sample)
{
    struct str line, before = STR("");
    size_t forward = 0, reversed = 0;
    while (str_split(&sample, '\n', &line)) {
        struct str at;
        size_t tab = str_find_char(line, '\t');
        bool here = tab != STR_NPOS && location(trim_end(str_sub(line, tab + 1, line.n)), &at);
        bool call = str_ends(trim_end(line), STR(")"));
        size_t tab_before = str_find_char(before, '\t');
        bool place_before = tab_before != STR_NPOS &&
                            location(trim_end(str_sub(before, tab_before + 1, before.n)), &at);
        if (here && str_ends(trim_end(before), STR(")"))) forward++;
        if (call && place_before) reversed++;
        // Frame after frame, both are seen: the header decides.
        if (str_find(line, STR("goroutine ")) != STR_NPOS && str_ends(trim_end(line), STR("]:")))
            reversed += place_before || str_ends(trim_end(before), STR(")")) ? 2 : 0;
        if (str_find(before, STR("goroutine ")) != STR_NPOS &&
            str_ends(trim_end(before), STR("]:")))
            forward += call ? 2 : 0;
        before = line;
    }
    return reversed > forward;
}

// SPDX-License-Identifier: Apache-2.0
// One line of one process: header, function, location, creator, message, or nothing of ours.
#include "decoders/godump_in.h"

#include <ctype.h>

enum { MESSAGE_MAX = 500 };

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

static void open_goroutine(struct godump_builder *b, struct godump_open *g)
{
    godump_store(b, g);
    struct buf keep = g->arguments;
    memset(g, 0, offsetof(struct godump_open, stack));
    g->n_stack = 0, g->n_args = 0, g->race = 0;
    memset(g->arg, 0, sizeof(g->arg));
    g->arguments = keep;
    g->active = true;
    g->count = 1;
}

// "goroutine 7 [chan receive, 3 minutes, locked to thread]:", with gp=, m=, mp= and labels or not.
static bool header(struct godump_builder *b, struct godump_open *g, struct str line)
{
    struct str s = str_sub(line, 10, line.n);
    uint64_t id;
    if (!str_starts(line, STR("goroutine ")) || !number(&s, &id)) return false;
    size_t open = str_starts(s, STR(" [")) ? 0 : str_find(s, STR(" ["));
    if (open == STR_NPOS || open > 80 || (open > 0 && !str_starts(s, STR(" gp=")))) return false;
    s = str_sub(s, open + 2, s.n);
    size_t close = str_find_char(s, ']');
    if (close == STR_NPOS || !str_ends(s, STR(":"))) return false;
    open_goroutine(b, g);
    g->id = id;
    g->ignored = id == 0;
    struct str inside = str_sub(s, 0, close), part;
    bool first = true;
    while (str_split(&inside, ',', &part)) {
        if (first)
            g->state = godump_state(b, part);
        else
            header_detail(g, part);
        first = false;
    }
    g->want_message = false;
    // Goroutine 0 is a thread. A signal that came to one ended no goroutine.
    if (g->want_fatal && (id || str_starts(b->d->fatal, STR("SIG")))) {
        g->want_fatal = false;
        g->fatal = id && b->died == g;
        if (g->fatal) b->d->fatal_goroutine = id;
    }
    return true;
}

// ---- frames

static void keep_arguments(struct godump_builder *b, struct godump_open *g, struct str args)
{
    if (b->keep_arguments) {
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
static bool function_line(struct godump_builder *b, struct godump_open *g, struct str line)
{
    if (line.n < 4 || line.p[line.n - 1] != ')') return false;
    const char *open = memrchr(line.p, '(', line.n);
    if (!open || open == line.p) return false;
    struct str name = { line.p, (size_t)(open - line.p) };
    uint32_t function;
    bool known = godump_function_known(b, name, &function);
    if (!known && !is_function_name(name)) return false;
    struct str args = str_sub(line, name.n + 1, line.n - 1);
    for (size_t i = 0; i < args.n && i < 8; i++) // of hexadecimal numbers and "{}, _.?"
        if (!is_argument_char(args.p[i])) return false;
    b->d->disorder += g->has_creator && !g->ignored;
    if (g->expect_location) { // the one before has lost its location
        b->d->placeless += !g->ignored;
        uint32_t f = godump_frame(b, g->function, STR(""));
        if (g->n_stack < LIMIT_STACK_FRAMES && !g->creator_next && !g->ignored)
            g->stack[g->n_stack++] = f;
    }
    if (!known) {
        function = godump_function(b, name);
        godump_function_remember(b, name, function);
    }
    g->function = function;
    g->expect_location = true;
    g->creator_next = false;
    if (g->ignored) return true;
    keep_arguments(b, g, args);
    if (!g->user_seen && args.n && !b->is_std.p[g->function]) pointers(g, args);
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
bool godump_location(struct str s, struct str *ret)
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

static bool location_line(struct godump_builder *b, struct godump_open *g, struct str line)
{
    struct str at;
    if (!g->expect_location || !godump_location(line, &at)) return false;
    g->expect_location = false;
    if (g->ignored) return true;
    uint32_t f = godump_frame(b, g->function, at);
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

static bool creator_line(struct godump_builder *b, struct godump_open *g, struct str line)
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
        g->stack[g->n_stack++] = godump_frame(b, g->function, STR(""));
    if (id.n && !g->ignored && !g->parent) number(&id, &g->parent);
    g->function = godump_function(b, name);
    g->expect_location = g->creator_next = true;
    return true;
}

// Lines inside of a goroutine that are neither function nor location.
static bool other_line(struct godump_open *g, struct str line)
{
    struct str s = line;
    uint64_t n = 0;
    if (line.n < 100 && str_find(line, STR("stack unavailable")) != STR_NPOS) {
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

static bool profile_line(struct godump_builder *b, struct godump_open *g, struct str line)
{
    struct str s = line;
    uint64_t count;
    if (line.p[0] == '#' && str_starts(str_trim(str_sub(line, 1, line.n)), STR("0x"))) {
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
        if (!godump_location(str_trim(str_sub(rest, gap, rest.n)), &place)) place = STR("");
        if (g->n_stack < LIMIT_STACK_FRAMES)
            g->stack[g->n_stack++] = godump_frame(b, godump_function(b, name), place);
        return true;
    }
    if (str_starts(line, STR("# labels:")) || str_starts(line, STR("goroutine profile: total ")))
        return true;
    if (!number(&s, &count) || !str_starts(s, STR(" @"))) return false;
    struct str rest = str_sub(s, 2, s.n);
    if (rest.n && !str_starts(rest, STR(" 0x"))) return false;
    open_goroutine(b, g);
    g->count = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
    g->state = godump_state(b, STR("unknown"));
    return true;
}

// ---- race reports

static bool race_side(struct godump_builder *b, struct godump_open *g, struct str line)
{
    static const char *const ops[] = { "Write",         "Read",         "Previous write",
                                       "Previous read", "Atomic write", "Previous atomic write" };
    struct dump *d = b->d;
    for (size_t i = 0; i < array_size(ops); i++) {
        struct str op = str_from(ops[i]), s;
        if (!str_starts(line, op) || !str_starts(str_sub(line, op.n, line.n), STR(" at 0x")))
            continue;
        if (!str_ends(line, STR(":"))) return false; // a part of it
        open_goroutine(b, g);
        g->ignored = true;
        struct dump_race *r = d->race.n ? vec_last(&d->race) : NULL;
        if (!r || r->n >= 2 || d->races > DUMP_RACES_MAX) return true;
        s = str_sub(line, op.n + 6, line.n);
        size_t end = str_find_char(s, ' ');
        struct dump_race_side *side = &r->side[r->n++];
        g->race = d->race.n;
        g->race_side = r->n - 1;
        side->op = op;
        if (!str_to_u64(str_sub(s, 0, end), 16, &side->address)) side->address = 0;
        size_t by = str_find(s, STR("by goroutine "));
        s = by == STR_NPOS ? STR("") : str_sub(s, by + 13, s.n);
        if (!number(&s, &side->goroutine)) side->goroutine = 1; // "by main goroutine"
        g->ignored = false;
        g->state = godump_state(b, STR("race report"));
        return true;
    }
    if (str_starts(line, STR("Goroutine ")) && str_find(line, STR("created at:")) != STR_NPOS) {
        open_goroutine(b, g);
        g->ignored = true;
        return true;
    }
    if (str_eqc(line, "WARNING: DATA RACE")) {
        godump_store(b, g);
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

// recovered: the process went on.
static void fatal(struct godump_builder *b, struct godump_open *g, struct str text, bool recovered)
{
    godump_store(b, g);
    // Both goroutines may notice at once, and both say so before either is shown: one dump.
    bool again = g->want_fatal && !g->want_message;
    if (!again) g->dump = ++b->d->dumps, g->first_id = 0;
    b->said = g;
    b->said_line = b->d->lines;
    b->d->recovered += recovered;
    text = str_trim(text);
    if (str_ends(text, STR("<br>"))) text.n -= 4; // of a page: the rest of it stands in other lines
    if (str_ends(text, STR("<br/>"))) text.n -= 5;
    // A fatal map error is what one looks for; else the first that is said, if it was of a crash
    // at all: a panic that was recovered from and logged shows no goroutine of its own.
    struct str said = b->d->fatal;
    bool weak = (b->recovered && !recovered) || (!b->d->fatal_goroutine && !again);
    bool better = !said.p || (!dump_fatal_is_map(said) && (weak || dump_fatal_is_map(text)));
    if (!again) g->want_fatal = better;
    if (!better) return;
    b->d->fatal = arena_str(&b->d->arena, str_sub(text, 0, MESSAGE_MAX));
    b->d->fatal_goroutine = 0;
    b->recovered = recovered;
    b->died = g;
}

// "…http: panic serving ADDRESS: TEXT", as net/http logs what it recovers from: the text.
static struct str http_panic(struct str line)
{
    static const char serving[] = "http: panic serving ";
    size_t at = str_find(str_sub(line, 0, MESSAGE_MAX), str_from(serving));
    if (at == STR_NPOS) return STR("");
    struct str s = str_sub(line, at + strlen(serving), line.n);
    size_t colon = str_find(s, STR(": "));
    return colon == STR_NPOS ? STR("") : str_sub(s, colon + 2, s.n);
}

// What the runtime says first where a signal ends the process.
static bool is_signal(struct str line)
{
    static const char *const texts[] = { "SIGABRT: abort",
                                         "SIGBUS: bus error",
                                         "SIGFPE: floating-point exception",
                                         "SIGILL: illegal instruction",
                                         "SIGSEGV: segmentation violation",
                                         "SIGSYS: bad system call",
                                         "SIGTRAP: trace trap" };
    for (size_t i = 0; i < array_size(texts); i++)
        if (str_eqc(line, texts[i])) return true;
    return false;
}

static bool message(struct godump_builder *b, struct godump_open *g, struct str line)
{
    // Panics that led to one another are printed on top of each other: the first is the cause.
    bool more = g->want_message || (b->said && b->said->want_message);
    struct str s = line.n && line.p[0] == '\t' && more ? str_sub(line, 1, line.n) : line;
    if (str_starts(s, STR("fatal error: "))) {
        fatal(b, g, str_sub(s, 13, s.n), false);
        return true;
    }
    if (is_signal(line)) {
        fatal(b, g, line, false);
        return true;
    }
    if (str_starts(s, STR("panic: "))) {
        godump_store(b, g);
        bool led_to = s.n < line.n || str_find(b->d->fatal, STR(" [recovered")) != STR_NPOS;
        if (!(led_to && more)) fatal(b, g, s, false);
        g->want_message = true;
        return true;
    }
    // Go 1.23 and later indent what follows the first line of a panic's text.
    if (g->want_message && !g->active && s.n < line.n) return true;
    struct str served = http_panic(line);
    if (served.n) {
        _cleanup_buf_ struct buf text = { 0 };
        buf_printf(&text, "panic: %.*s [recovered by net/http]",
                   STR_ARG(str_sub(served, 0, MESSAGE_MAX - 40)));
        fatal(b, g, buf_str(&text), true);
        g->want_message = true;
        return true;
    }
    if (str_starts(line, STR("goroutine running on other thread"))) return false;
    if (str_starts(line, STR("SIGQUIT: quit"))) {
        godump_store(b, g);
        g->dump = ++b->d->dumps;
        g->first_id = 0;
        return true;
    }
    if (str_starts(line, STR("runtime stack:"))) {
        open_goroutine(b, g);
        g->ignored = true;
        return true;
    }
    if (g->active && is_register(line)) {
        godump_store(b, g);
        return true;
    }
    return is_register(line) || str_starts(line, STR("[signal ")) ||
           str_starts(line, STR("PC=0x")) || str_starts(line, STR("exit status ")) ||
           str_starts(line, STR("signal arrived during ")) ||
           str_starts(line, STR("unexpected fault address 0x")) ||
           str_starts(line, STR("instruction bytes: ")) || str_starts(line, STR("runtime: ")) ||
           str_starts(line, STR("sigcode=")) || str_starts(line, STR("-----"));
}

// ---- one line of one process

bool godump_understand(struct godump_builder *b, struct godump_open *g, struct str line)
{
    char c = line.p[0];
    if (g->active) {
        if (c == '\t' && location_line(b, g, str_sub(line, 1, line.n))) return true;
        if (c != '\t' && function_line(b, g, line)) return true;
        if (creator_line(b, g, line)) return true;
        if (c == 'g' && header(b, g, line)) return true;
        if (other_line(g, str_trim(line))) return true;
        if (g->race || g->ignored) {
            struct str t = str_trim(line);
            if (c == ' ' && t.n && (location_line(b, g, t) || function_line(b, g, t))) return true;
        } else if (g->expect_location && (c == ' ' || c == '/')) { // tabs lost
            if (location_line(b, g, str_trim(line))) return true;
        }
    }
    return (c == 'g' && !g->active && header(b, g, line)) || profile_line(b, g, line) ||
           race_side(b, g, line) || message(b, g, line);
}

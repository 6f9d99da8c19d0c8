// SPDX-License-Identifier: Apache-2.0
#include "decoders/godump_in.h"

#include "base/mem.h"

#include <ctype.h>

enum {
    PREFIX_MAX = 300,
    PREFIX_SURE = 8,      // bytes of a prefix that no line without it begins with
    WRAP_SURE = 2,        // joined lines cut at one width, before it counts as that of hard wraps
    WRAP_MIN = 20,        // bytes of a line that may be hard-wrapped
    DOCKER_PIECE = 16000, // docker cuts lines at 16 KiB
    LAST_MAX = 2 * LIMIT_NAME_BYTES,
};

// One process's lines: those behind one prefix.
struct stream {
    struct buf prefix; // empty for the first
    struct buf recent; // the bytes that matched it last, if it matches nothing but these after them
    uint64_t used_at;  // line that it was used for last
    struct godump_open g;
    struct buf last; // the line before, for hard wraps
    bool last_understood;
    bool pending;       // `last` is as long as a hard wrap: its rest is to come
    unsigned joins;     // pieces in `last` that were counted as not understood
    size_t piece;       // bytes of the first piece in `last`
    size_t wrap;        // width of hard-wrapped lines, 0 = none known
    size_t longest;     // bytes of its longest line
    unsigned wrap_seen; // times that it was seen
};

struct godump {
    struct godump_builder b;
    struct dump *d;
    struct buf carry;      // the start of a line whose end has not come
    bool skipping;         // … that is too long
    struct buf partial[2]; // pieces of one line: docker's and CRI's stderr, and stdout
    struct buf scratch[GODUMP_NESTING + 1];
    struct stream stream[GODUMP_STREAMS];
    size_t n_stream, recent;
    size_t wrap;           // width of hard-wrapped lines, as found by a look ahead; 0 = none
    bool mangled;          // hard wraps are looked for
    struct stream *headed; // whose goroutine has just begun, in line headed_at
    uint64_t headed_at;
};

struct godump *godump_create(struct dump *d, const struct godump_options *o)
{
    struct godump *p = mem_zalloc(sizeof(*p));
    p->d = p->b.d = d;
    p->b.keep_arguments = o->keep_arguments;
    p->n_stream = 1;
    p->wrap = o->wrap;
    p->mangled = o->wrap;
    return p;
}

static struct str trim_end(struct str s)
{
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\t')) s.n--;
    return s;
}

static bool is_header(struct str line)
{
    return line.p[0] == 'g' && str_starts(line, STR("goroutine "));
}

// ---- hard wraps

static void remember(struct stream *s, struct str line, bool understood)
{
    buf_clear(&s->last);
    buf_addstr(&s->last, str_sub(line, 0, LAST_MAX));
    s->last_understood = understood;
    s->piece = s->last.n;
}

// This line is the rest of the one before, which was not understood, or was understood as a
// location cut in its number.
static bool join(struct godump *p, struct stream *s, struct str line)
{
    if (!s->last.n || s->joins >= GODUMP_JOINS || line.n > LIMIT_NAME_BYTES) return false;
    struct godump_open *g = &s->g;
    buf_addstr(&s->last, line);
    struct str whole = buf_str(&s->last), at;
    if (!s->last_understood) {
        if (!godump_understand(&p->b, g, whole)) return false;
        if (s->piece < WRAP_MIN) return true;
        s->wrap_seen = s->wrap == s->piece ? s->wrap_seen + 1 : 1;
        s->wrap = s->piece;
        return true;
    }
    bool was_location = whole.p[0] == '\t' && g->active && !g->ignored && !g->expect_location;
    if (!was_location || !godump_location(str_sub(whole, 1, whole.n), &at)) return false;
    if (g->creator_next)
        g->creator = godump_frame(&p->b, g->function, at);
    else if (g->n_stack)
        g->stack[g->n_stack - 1] = godump_frame(&p->b, g->function, at);
    return true;
}

// ---- one line of one process

// Loggers put their prefix before the first line of a text only: "… FTL fatal error: …", and then
// the goroutines without it. The first of them is the one that died, if it comes soon.
static void take_over(struct godump *p, struct stream *s)
{
    enum { SOON = 20 }; // lines; a panic's text may have several
    struct godump_open *said = p->b.said;
    if (!said || p->d->lines - p->b.said_line > SOON) return;
    const struct stream *by = p->stream;
    while (&by->g != said) by++;
    if (godump_prefix_match(buf_str(&s->prefix), buf_str(&by->prefix)) == STR_NPOS) return;
    p->b.said = NULL;
    if (by == s) return;
    godump_store(&p->b, &s->g);
    s->g.want_fatal = said->want_fatal;
    s->g.dump = said->dump;
    s->g.first_id = 0;
    said->want_fatal = said->want_message = false;
    if (p->b.died == said) p->b.died = &s->g;
}

// The same with the goroutine's own header: "… ERR goroutine 7 [running]:", and then its frames.
// False if this line is no frame.
static bool go_on(struct godump *p, struct str line)
{
    struct stream *s = p->headed, *plain = p->stream;
    if (p->d->lines > p->headed_at + 1 || line.p[line.n - 1] != ')') return false;
    if (!s->g.active || s->g.n_stack || s->g.expect_location) return false;
    if (plain->g.want_fatal || plain->g.want_message) return false;
    for (size_t i = 1; i < p->n_stream; i++)
        if (godump_prefix_match(buf_str(&p->stream[i].prefix), line) != STR_NPOS) return false;
    struct godump_open other = plain->g;
    plain->g = s->g;
    s->g = other;
    bool frame = godump_understand(&p->b, &plain->g, line);
    if (frame) {
        godump_store(&p->b, &s->g);
        if (p->b.died == &s->g) p->b.died = &plain->g;
        p->headed = NULL;
    } else {
        s->g = plain->g;
        plain->g = other;
    }
    return frame;
}

// raw: with the blanks at its end, where a hard wrap may have cut.
static bool stream_take(struct godump *p, struct stream *s, struct str line, struct str raw)
{
    struct dump *d = p->d;
    if (is_header(line)) take_over(p, s);
    if (godump_understand(&p->b, &s->g, line)) {
        p->headed = is_header(line) && s != p->stream ? s : NULL;
        p->headed_at = d->lines;
        s->joins = 0;
        remember(s, line, true);
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
        remember(s, raw, false);
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

static size_t wrap_of(const struct stream *s)
{
    return s->wrap_seen >= WRAP_SURE && s->longest <= s->wrap ? s->wrap : 0;
}

static bool is_wrap(const struct godump *p, const struct stream *s, struct str raw)
{
    size_t known = wrap_of(s);
    return raw.n && raw.n == (known ? known : p->wrap);
}

// A line of just the width of a hard wrap was held back: the rest of it follows, unless this line
// begins as only a new one can.
static bool begins_anew(struct str raw)
{
    return raw.n == 0 || raw.p[0] == '\t' || str_starts(raw, STR("  ")) ||
           str_starts(raw, STR("goroutine ")) || str_starts(raw, STR("created by "));
}

static bool release(struct godump *p, struct stream *s)
{
    s->pending = false;
    _cleanup_buf_ struct buf held = s->last;
    s->last = (struct buf) { 0 };
    s->joins = 0;
    struct str line = trim_end(buf_str(&held));
    return line.n == 0 || stream_take(p, s, line, line);
}

static bool stream_line(struct godump *p, struct stream *s, struct str raw)
{
    s->used_at = p->d->lines;
    if (raw.n && raw.p[raw.n - 1] == '\r') raw.n--;
    if (raw.n > s->longest) s->longest = raw.n;
    if (s->pending && !begins_anew(raw) && s->last.n < LIMIT_NAME_BYTES) {
        buf_addstr(&s->last, str_sub(raw, 0, LIMIT_NAME_BYTES));
        return is_wrap(p, s, raw) || release(p, s);
    }
    if (s->pending && !release(p, s)) p->d->lines_not_understood++;
    if (is_wrap(p, s, raw)) {
        remember(s, raw, false);
        return s->pending = true;
    }
    struct str line = trim_end(raw);
    if (line.n == 0) return true; // blank lines between goroutines may be lost, or be too many
    return stream_take(p, s, line, raw);
}

// ---- prefixes

static size_t marker(struct str line)
{
    static const char *const marks[] = {
        "goroutine ",    "fatal error: ",      "panic: ",
        "SIGQUIT: quit", "WARNING: DATA RACE", "goroutine profile: total "
    };
    size_t first = STR_NPOS;
    for (size_t i = 0; i < array_size(marks); i++) {
        size_t at = str_find(str_sub(line, 0, first), str_from(marks[i]));
        if (at == STR_NPOS || at == 0 || at > PREFIX_MAX) continue;
        if (i == 0 && str_find(line, STR("]:")) == STR_NPOS) continue;
        first = at;
    }
    return first;
}

static void stream_close(struct godump *p, struct stream *s)
{
    if (s->pending && !release(p, s)) p->d->lines_not_understood++;
    godump_store(&p->b, &s->g);
    buf_deinit(&s->g.arguments);
    buf_deinit(&s->last);
    buf_deinit(&s->prefix);
    buf_deinit(&s->recent);
}

// One more stream; instead of the one that was silent for longest if there are too many.
static struct stream *stream_new(struct godump *p, struct str prefix)
{
    size_t at = p->n_stream;
    if (at < GODUMP_STREAMS) {
        p->n_stream++;
    } else {
        at = 1;
        for (size_t i = 2; i < GODUMP_STREAMS; i++)
            if (p->stream[i].used_at < p->stream[at].used_at) at = i;
        stream_close(p, &p->stream[at]);
    }
    struct stream *s = &p->stream[at];
    *s = (struct stream) { .wrap = 0 };
    buf_addstr(&s->prefix, prefix);
    p->recent = at;
    return s;
}

static bool prefixed_by(struct godump *p, size_t i, struct str line, bool *ret)
{
    struct stream *s = &p->stream[i];
    size_t at = godump_prefix_match(buf_str(&s->prefix), line);
    if (at == STR_NPOS) {
        // A blank line behind a prefix may have lost the prefix's last blanks.
        struct str shape = trim_end(buf_str(&s->prefix));
        *ret = true;
        return shape.n && godump_prefix_match(shape, line) == line.n;
    }
    p->recent = i;
    *ret = stream_line(p, s, str_sub(line, at, line.n));
    return true;
}

static bool prefixed_line(struct godump *p, struct str line)
{
    bool understood;
    for (size_t i = p->n_stream; i-- > 1;)
        if (prefixed_by(p, i, line, &understood)) return understood;
    size_t at = marker(line);
    if (at == STR_NPOS) return false;
    struct stream *s = stream_new(p, str_sub(line, 0, at));
    return stream_line(p, s, str_sub(line, at, line.n));
}

// ---- envelopes

static bool any_line(struct godump *p, struct str line, int depth);

static bool lines_of(struct godump *p, struct str text, int depth)
{
    struct str line;
    bool any = false, blank = true;
    while (str_split(&text, '\n', &line)) {
        if (line.n == 0) continue;
        blank = false;
        any = any_line(p, line, depth + 1) || any;
    }
    return any || blank;
}

// Pieces of one line, as docker and CRI cut them at 16 KB.
static bool piece(struct godump *p, struct buf *partial, struct str text, bool more, int depth)
{
    if (!more && partial->n == 0) return lines_of(p, text, depth);
    buf_addstr(partial, str_sub(text, 0, GODUMP_LINE_MAX - partial->n));
    if (more) return true;
    _cleanup_buf_ struct buf whole = *partial;
    *partial = (struct buf) { 0 };
    return lines_of(p, buf_str(&whole), depth);
}

// As if each line of the text stood behind what tells its process.
static bool lines_behind(struct godump *p, struct str id, struct str text, int depth)
{
    if (id.n == 0) return lines_of(p, text, depth);
    _cleanup_buf_ struct buf all = { 0 };
    struct str line;
    while (str_split(&text, '\n', &line)) {
        if (line.n == 0) continue;
        buf_addstr(&all, id);
        buf_addstr(&all, line);
        buf_addc(&all, '\n');
        if (all.n > 2 * GODUMP_LINE_MAX) break;
    }
    return lines_of(p, buf_str(&all), depth);
}

// A line of JSON, with what stands before it; false if it has no text. Each line of its text is
// read as if it were prefixed with that and with what the document says about the process.
static bool json_line(struct godump *p, struct str before, struct str json, int depth,
                      bool *ret_understood)
{
    _cleanup_buf_ struct buf id = { 0 };
    struct buf *out = &p->scratch[depth];
    buf_clear(out);
    buf_addstr(&id, before);
    if (!godump_unwrap_json(json, depth, out, &id)) return false;
    bool docker = str_starts(json, STR("{\"log\":")) && out->n >= DOCKER_PIECE;
    bool more = docker && out->p[out->n - 1] != '\n';
    *ret_understood = id.n ? lines_behind(p, buf_str(&id), buf_str(out), depth)
                           : piece(p, &p->partial[0], buf_str(out), more, depth);
    return true;
}

// Whether something is wrapped round the line, and if so, whether what is inside was understood.
static bool enveloped(struct godump *p, struct str line, int depth, bool *ret_understood)
{
    struct str text;
    bool more, out;
    if (godump_unwrap_cri(line, &text, &more, &out)) {
        *ret_understood = piece(p, &p->partial[out], text, more, depth);
        return true;
    }
    size_t open = str_find(str_sub(line, 0, PREFIX_MAX), STR("{\""));
    if (open != STR_NPOS && open > 0 && // any_line has tried it at 0
        json_line(p, str_sub(line, 0, open), str_sub(line, open, line.n), depth, ret_understood))
        return true;
    struct buf *inside = &p->scratch[depth];
    struct str before = STR("");
    buf_clear(inside);
    bool quoted = godump_unquote(line, inside) || godump_unwrap_logfmt(line, &before, inside);
    if (!quoted && !godump_unescape(line, inside)) return false;
    *ret_understood = lines_behind(p, before, buf_str(inside), depth);
    return true;
}

// godump_prefix_match for the stream's prefix. Most often the line begins with the very bytes that
// the one before began with: a log has many lines in a second.
static size_t prefix_of(struct stream *s, struct str line)
{
    struct str recent = buf_str(&s->recent);
    if (recent.n && str_starts(line, recent)) return recent.n;
    size_t at = godump_prefix_match(buf_str(&s->prefix), line);
    // Behind digits it would depend on what follows them.
    if (at == STR_NPOS || isdigit((unsigned char)s->prefix.p[s->prefix.n - 1])) return at;
    buf_clear(&s->recent);
    buf_addstr(&s->recent, str_sub(line, 0, at));
    return at;
}

// Nearly always a line has the prefix of the one before.
static bool recent_line(struct godump *p, struct str line, int depth, bool *ret)
{
    struct stream *s = &p->stream[p->recent];
    if (s->prefix.n < PREFIX_SURE) return false;
    size_t at = prefix_of(s, line);
    if (at == STR_NPOS) return false;
    struct str text = str_sub(line, at, line.n);
    if (text.n && text.p[0] == '{') return false; // one more envelope
    if (str_starts(text, STR("time=")) || str_starts(text, STR("level="))) return false;
    struct buf *out = &p->scratch[depth];
    buf_clear(out);
    if (!godump_unescape(text, out)) {
        *ret = stream_line(p, s, text);
        return true;
    }
    struct str rest = buf_str(out), part;
    *ret = false;
    while (str_split(&rest, '\n', &part)) *ret = stream_line(p, s, part) || *ret;
    return true;
}

static bool any_line(struct godump *p, struct str line, int depth)
{
    bool understood;
    struct stream *plain = &p->stream[0];
    if (line.n && line.p[line.n - 1] == '\r') line.n--;
    if (line.n == 0) return true;
    if (p->recent && depth < GODUMP_NESTING && recent_line(p, line, depth, &understood))
        return understood;
    if (str_starts(line, STR("{\"")) && depth < GODUMP_NESTING &&
        json_line(p, STR(""), line, depth, &understood)) {
        p->mangled = true;
        return understood;
    }
    if (is_header(line)) take_over(p, plain);
    if (p->headed && go_on(p, line)) return true;
    bool packed = line.p[0] != '\t' && godump_is_packed(line);
    if (!plain->pending && !is_wrap(p, plain, line) && !packed &&
        godump_understand(&p->b, &plain->g, line)) {
        if (p->mangled) remember(plain, line, true);
        if (line.n > plain->longest) plain->longest = line.n;
        plain->joins = 0;
        return true;
    }
    if (trim_end(line).n == 0) return true;
    p->mangled = true;
    if (depth < GODUMP_NESTING && enveloped(p, line, depth, &understood)) return understood;
    if (prefixed_line(p, line)) return true;
    return stream_line(p, plain, line);
}

// ---- the stream of bytes

static void whole_line(struct godump *p, struct str line)
{
    p->d->lines++;
    // Before any of several files put together there may be a byte order mark.
    line = str_skip_bom(line);
    if (!any_line(p, line, 0)) p->d->lines_not_understood++;
}

static void carry_on(struct godump *p, struct str s)
{
    if (p->skipping) return;
    size_t room = GODUMP_LINE_MAX - p->carry.n;
    if (s.n > room) {
        p->skipping = true;
        p->d->lines_too_long++;
    }
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
            whole_line(p, buf_str(&p->carry));
            buf_clear(&p->carry);
            p->skipping = false;
        } else {
            whole_line(p, line);
        }
    }
}

// Width of hard-wrapped lines so far, 0 = none.
static size_t wrap_so_far(const struct godump *p)
{
    for (size_t i = 0; i < p->n_stream; i++)
        if (wrap_of(&p->stream[i])) return p->stream[i].wrap;
    return 0;
}

void godump_finish(struct godump *p)
{
    struct dump *d = p->d;
    for (size_t i = 0; i < array_size(p->partial); i++)
        if (p->partial[i].n) piece(p, &p->partial[i], STR(""), false, 0);
    bool cut = false;
    if (p->carry.n) {
        uint64_t before = d->lines_not_understood;
        whole_line(p, buf_str(&p->carry));
        cut = d->lines_not_understood > before && d->n + d->races > 0;
    }
    for (size_t i = 0; i < p->n_stream; i++) {
        struct godump_open *g = &p->stream[i].g;
        bool empty =
            g->active && !g->n_stack && !g->unavailable && !g->ignored && !g->expect_location;
        cut = cut || (g->active && g->expect_location) || empty;
        stream_close(p, &p->stream[i]);
    }
    d->truncated = cut;
    if (!d->fatal_goroutine) d->fatal_record = d->n;
    if (d->dumps == 0 && d->n) d->dumps = 1;
    godump_builder_deinit(&p->b);
    buf_deinit(&p->carry);
    for (size_t i = 0; i < array_size(p->partial); i++) buf_deinit(&p->partial[i]);
    for (size_t i = 0; i < array_size(p->scratch); i++) buf_deinit(&p->scratch[i]);
    free(p);
}

// ---- a look ahead

// How badly a sample reads in this order of its lines: lines that say nothing, and frames that come
// after the creator of their goroutine.
static uint64_t trouble(struct str sample, bool reversed, size_t *ret_wrap)
{
    struct dump d = { 0 };
    struct godump *p = godump_create(&d, &(struct godump_options) { .wrap = 0 });
    if (reversed)
        godump_feed_reversed(p, sample);
    else
        godump_feed(p, sample);
    *ret_wrap = wrap_so_far(p);
    uint64_t n = d.lines_not_understood + d.disorder;
    godump_finish(p);
    dump_deinit(&d);
    return n;
}

void godump_feed_reversed(struct godump *p, struct str all)
{
    while (all.n && all.p[all.n - 1] == '\n') all.n--;
    while (all.n) {
        size_t nl = str_rfind_char(all, '\n');
        size_t from = nl == STR_NPOS ? 0 : nl + 1;
        godump_feed(p, str_sub(all, from, all.n));
        godump_feed(p, STR("\n"));
        all.n = nl == STR_NPOS ? 0 : nl;
    }
}

bool godump_look_ahead(struct str sample, size_t *ret_wrap)
{
    size_t last = str_rfind_char(sample, '\n'), ignored;
    if (last != STR_NPOS) sample.n = last + 1;
    uint64_t forward = trouble(sample, false, ret_wrap);
    if (forward == 0) return false;
    return trouble(sample, true, &ignored) < forward;
}

// SPDX-License-Identifier: Apache-2.0
#include "base/term.h"

#include <unistd.h>

enum { ESCAPE = 0x1b, DELETE = 0x7f, C1_LEAD = 0xc2 }; // C1 controls in UTF-8: c2 80 … c2 9f

static void show(struct term_filter *f, struct buf *out)
{
    for (size_t i = 0; i < f->n; i++) {
        unsigned char c = (unsigned char)f->pending[i];
        if (c < ' ' || c >= DELETE)
            buf_printf(out, "\\x%02x", c);
        else
            buf_addc(out, (char)c);
    }
    f->n = 0;
}

// Does this byte go on with what is pending? At its end *ret_whole: may it pass as it is?
static bool goes_on(const struct term_filter *f, unsigned char c, bool *ret_whole)
{
    *ret_whole = false;
    if ((unsigned char)f->pending[0] == C1_LEAD) return false; // one byte follows, looked at before
    if (f->n == 1) return c == '[';
    *ret_whole = c == 'm';
    return f->n < TERM_PENDING_MAX - 1 && (c == 'm' || c == ';' || (c >= '0' && c <= '9'));
}

static void add_byte(struct term_filter *f, unsigned char c, struct buf *out)
{
    bool whole;
    if (f->n && (unsigned char)f->pending[0] == C1_LEAD) {
        if (c >= 0x80 && c < 0xa0) {
            f->pending[f->n++] = (char)c;
            show(f, out);
            return;
        }
        buf_addc(out, (char)C1_LEAD);
        f->n = 0;
    } else if (f->n && goes_on(f, c, &whole)) {
        f->pending[f->n++] = (char)c;
        if (whole) {
            buf_add(out, f->pending, f->n);
            f->n = 0;
        }
        return;
    }
    show(f, out);
    bool begins = c == ESCAPE || c == C1_LEAD;
    bool bad = (c < ' ' && c != '\n' && c != '\t') || c == DELETE;
    if (begins || bad)
        f->pending[f->n++] = (char)c;
    else
        buf_addc(out, (char)c);
    if (bad && !begins) show(f, out);
}

void term_filter_add(struct term_filter *f, struct str piece, struct buf *out)
{
    for (size_t i = 0; i < piece.n; i++) add_byte(f, (unsigned char)piece.p[i], out);
}

void term_filter_end(struct term_filter *f, struct buf *out)
{
    show(f, out);
}

// A stream that is guarded, and where it really goes.
struct guarded {
    int fd;
    struct term_filter filter;
};

static ssize_t write_filtered(void *cookie, const char *p, size_t n)
{
    struct guarded *g = cookie;
    _cleanup_buf_ struct buf out = { 0 };
    term_filter_add(&g->filter, str_make(p, n), &out);
    for (size_t done = 0; done < out.n;) {
        ssize_t w = write(g->fd, out.p + done, out.n - done);
        if (w <= 0) return 0;
        done += (size_t)w;
    }
    return (ssize_t)n;
}

static void guard(FILE **stream, struct guarded *g)
{
    static const cookie_io_functions_t io = { .write = write_filtered };
    fflush(*stream);
    FILE *f = fopencookie(g, "w", io);
    if (!f) return; // no memory: as it was
    setvbuf(f, NULL, _IOLBF, 0);
    *stream = f;
}

void term_guard_stdout(void)
{
    static struct guarded out = { .fd = STDOUT_FILENO };
    guard(&stdout, &out);
}

void term_guard_stderr(void)
{
    static struct guarded out = { .fd = STDERR_FILENO };
    guard(&stderr, &out);
}

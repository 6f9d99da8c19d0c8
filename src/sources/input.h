// SPDX-License-Identifier: Apache-2.0
// Where a reader's bytes come from: a file, "-" (stdin), or an http(s):// URL such as a pprof
// endpoint. One way to read for all three: in chunks (input_read), or all at once under a limit
// (input_read_all). gzip and zstd are undone on the way, recognised by their magic.
//
//     struct input *in;
//     ERR_TRY(input_open(name, &(struct input_options) { .decompress = true }, &in));
//     e = input_read_all(in, 512 << 20, &bytes);
//     input_close(in);
//
// Messages name the file or URL and say what to do: what listens, which import serves pprof, what
// else gives the same answer. ERR_CANNOT: it could not be opened or fetched (no such file, refused,
// 404, timed out). ERR_INPUT: its content is bad (damaged gzip, over the limit).
//
// Memory: some hundred KB; with zstd up to the frame's window, 128 MiB at most (larger is refused).
#pragma once

#include "base/buf.h"
#include "base/err.h"

struct input;

enum {
    INPUT_CONNECT_S = 10,   // seconds to connect
    INPUT_STALL_S = 30,     // seconds without a byte (?seconds=N of a URL is added)
    INPUT_REDIRECTS = 5,    // followed, to http and https only
    INPUT_BOMB_RATIO = 600, // expansion above which, past INPUT_BOMB_BYTES, a file is called a bomb
    INPUT_BOMB_BYTES = 64 << 20,
};

struct input_options {
    bool decompress;      // undo gzip (several members too) and zstd
    uint64_t limit_bytes; // most bytes handed out, 0 = no limit; over it ERR_INPUT
    const char *pprof; // for a URL that names only a host (or …/debug/pprof): what to ask there,
                       // such as "goroutine?debug=2"; NULL = the URL as it is
    const char *otherwise; // advice when a URL does not answer, such as "maptrap dump --pid P reads
                           // the same from memory"; NULL = none
};

// opts may be NULL: no options.
struct err *input_open(const char *name, const struct input_options *opts,
                       struct input **ret) ERR_MUST_USE;
// Up to n > 0 bytes, as many as are at hand; *ret_n is 0 at the end only. The same failure is
// returned at every later call.
struct err *input_read(struct input *in, void *p, size_t n, size_t *ret_n) ERR_MUST_USE;
// All that is left, appended to *ret; more than limit_bytes is ERR_INPUT.
struct err *input_read_all(struct input *in, uint64_t limit_bytes, struct buf *ret) ERR_MUST_USE;
void input_close(struct input *in); // takes NULL

const char *input_name(const struct input *in); // the file or the URL asked; "stdin" for "-"
uint64_t input_bytes(const struct input *in);   // handed out so far (expanded)
// Whether `name` is an http(s) URL.
bool input_is_url(const char *name);

static inline void input_cleanup(struct input **in)
{
    input_close(*in);
}
#define _cleanup_input_ CLEANUP(input_cleanup)

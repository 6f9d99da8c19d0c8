// SPDX-License-Identifier: Apache-2.0
// Between the files of the godump decoder, and golive.c, which reads a process instead of text.
#pragma once

#include "base/buf.h"
#include "base/limits.h"
#include "decoders/godump.h"

// ---- godump_build.c: interned frames, groups, records

// A goroutine while its lines come in.
struct godump_open {
    bool fatal;           // it is the one that died
    bool active, ignored; // ignored: frames that belong to no goroutine (g0, ancestors, registers)
    bool expect_location; // a function or creator line waits for its "\tfile:line"
    bool creator_next;    // … and it was a creator line
    bool has_creator, unavailable, elided, user_seen, ancestors, torn, sampled;
    uint64_t id, parent;
    uint32_t state, count, wait_minutes, function, creator;
    bool locked;
    uint32_t stack[LIMIT_STACK_FRAMES];
    uint32_t n_stack;
    uint8_t n_args;
    uint64_t arg[DUMP_ARGS];
    struct buf arguments;
    // What stays when the next goroutine opens:
    bool want_fatal;   // the next one is the one that died
    bool want_message; // a panic's text may go on
    uint32_t dump;     // number of the dump that it belongs to
    uint64_t first_id; // the first goroutine of that dump
    size_t race,
        race_side; // race - 1: the race report, and its side, that these frames belong to; 0 = none
};

struct godump_strings {
    struct godump_string *slot;
    size_t n, cap;
    uint64_t *filter;  // once it is full: a bit for each hash that is there
    uint32_t too_many; // id + 1 of the one name for all others, 0 = none yet
    VEC(struct str) text;
};

struct godump_place {
    uint32_t file_n, line; // bytes of the location that are the file; the line
};

enum { GODUMP_MEMO_BITS = 12 };

struct godump_frame_memo {
    uint32_t function, place, frame;
    bool used;
};

struct godump_builder {
    struct dump *d;
    bool keep_arguments;
    bool recovered;           // what d->fatal says did not end the process
    struct godump_open *died; // whose goroutines follow the line that d->fatal is of
    struct godump_open *said; // … the last such line, number said_line; NULL once they came
    uint64_t said_line;
    uint32_t function_memo[1 << GODUMP_MEMO_BITS]; // function + 1, 0 = none
    struct godump_frame_memo frame_memo[1 << GODUMP_MEMO_BITS];
    struct godump_strings functions, locations;
    VEC(bool) is_std;               // of each function
    VEC(struct godump_place) place; // of each location
    struct map frames, groups, states;
    size_t text_bytes, argument_bytes;
    VEC(size_t)
    unavailable; // records without a stack that may still be shown, GODUMP_LATER at most
};

void godump_builder_deinit(struct godump_builder *b);
uint32_t godump_function(struct godump_builder *b, struct str name);
// Names that once stood in a function's line: those need no second look.
bool godump_function_known(const struct godump_builder *b, struct str name, uint32_t *ret);
void godump_function_remember(struct godump_builder *b, struct str name, uint32_t function);
uint32_t godump_state(struct godump_builder *b, struct str name);
uint32_t godump_frame(struct godump_builder *b, uint32_t function, struct str location);
void godump_store(struct godump_builder *b, struct godump_open *g); // and closes it

// ---- godump_line.c: what one line says

// Takes a line that is not empty into the goroutine that it belongs to; false: it says nothing.
bool godump_understand(struct godump_builder *b, struct godump_open *g, struct str line);
// "/src/main.go:42 +0x1d", "…:42 fp=0x… sp=0x… pc=0x…": the part up to the line's number.
bool godump_location(struct str s, struct str *ret);

// ---- godump_unwrap.c: what logging wraps round a line

// The text of a docker, journald or other JSON log line, unescaped, appended; false if it is none.
// What it says about the process (host, pid, pod) is appended to *ret_id, NULL = not wanted. *ret
// NULL: only that. A line that was cut is used as far as it goes.
bool godump_unwrap_json(struct str line, int depth, struct buf *ret, struct buf *ret_id);
// Kubernetes CRI: "TIME stdout|stderr F|P text".
bool godump_unwrap_cri(struct str line, struct str *ret_text, bool *ret_partial, bool *ret_stdout);
// "#011", "#012" of syslog, HTML tags and entities, colours; false if there is nothing of the kind.
bool godump_unescape(struct str line, struct buf *ret);
// Whether all of a dump is in one line, its ends of lines written "\n" or "<br>".
bool godump_is_packed(struct str line);
// Such a dump, quoted, as in logfmt: stack="goroutine 1 [running]:\nmain.main()\n\t…".
bool godump_unquote(struct str line, struct buf *ret);
// A line of logfmt, "time=… level=error msg="main.main()"": the message, unescaped, and what stands
// before the first key.
bool godump_unwrap_logfmt(struct str line, struct str *ret_before, struct buf *ret);
// Where the text after a prefix like `shape` begins in line, or STR_NPOS: digits of times match any
// digits, all else must be equal.
size_t godump_prefix_match(struct str shape, struct str line);

// SPDX-License-Identifier: Apache-2.0
// A streaming JSON writer. It keeps track of commas and nesting; misuse (a value without a key in
// an object, an unclosed object at the end) is our mistake and asserted. Strings are UTF-8; bytes
// that are not become U+FFFD. Numbers that are not finite become null.
//
//     struct json j;
//     json_init(&j, &out, 2);
//     json_object(&j);
//     json_key(&j, "n"), json_int(&j, 3);
//     json_end(&j);
//     json_deinit(&j);
#pragma once

#include "base/buf.h"
#include "base/limits.h"

#include <stdio.h>

struct json {
    struct buf *out; // what is written
    FILE *stream;    // where `out` is flushed to when it grows, or NULL
    int indent;      // spaces a level, 0 = one line
    int depth;
    bool after_key;
    struct {
        char close;
        bool any;
    } level[LIMIT_JSON_DEPTH];
};

void json_init(struct json *j, struct buf *out, int indent);
// The same, flushing to a stream as it goes (for large output). json_deinit flushes the rest.
void json_init_stream(struct json *j, struct buf *scratch, FILE *stream, int indent);
void json_deinit(struct json *j); // asserts that everything is closed; ends the line

void json_object(struct json *j);
void json_array(struct json *j);
void json_end(struct json *j); // the innermost object or array

void json_key(struct json *j, const char *key);
void json_str(struct json *j, struct str s);
void json_cstr(struct json *j, const char *s); // NULL becomes null
void json_int(struct json *j, int64_t v);
void json_uint(struct json *j, uint64_t v);
void json_double(struct json *j, double v); // up to 9 significant digits
// v / 10^decimals, exactly: json_fixed(j, 1234567, 3) is 1234.567.
void json_fixed(struct json *j, int64_t v, unsigned decimals);
void json_bool(struct json *j, bool v);
void json_null(struct json *j);
void json_strf(struct json *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// SPDX-License-Identifier: Apache-2.0
#include "decoders/folded.h"

#include "decoders/profile_build.h"
#include "decoders/text.h"

// "a;b;c 12" into its stack and number.
static bool split(struct str line, struct str *stack, int64_t *value)
{
    line = str_trim(line);
    size_t from = line.n;
    while (from && line.p[from - 1] != ' ' && line.p[from - 1] != '\t') from--;
    struct str digits = str_sub(line, from, line.n);
    if (!scan_int(&digits, value) || digits.n) return false;
    struct str s = str_trim(str_sub(line, 0, from));
    while (s.n && s.p[0] == ';') s = str_sub(s, 1, s.n); // no frames are there
    while (s.n && s.p[s.n - 1] == ';') s.n--;
    *stack = s;
    return s.n > 0;
}

static bool skipped(struct str line)
{
    struct str s = str_trim(line);
    return s.n == 0 || s.p[0] == '#';
}

bool folded_recognises(struct str bytes)
{
    enum { LOOKED_AT = 10 }; // lines: one may be damaged
    struct text_lines t = text_lines_make(bytes, PROFILE_MAX_LINE);
    struct str stack;
    int64_t value;
    for (int n = 0; n < LOOKED_AT && text_next(&t);) {
        if (skipped(t.line)) continue;
        // Below the first line anything but calls could be a line of any text.
        if (split(t.line, &stack, &value) && (n == 0 || str_find_char(stack, ';') != STR_NPOS))
            return true;
        n++;
    }
    return false;
}

struct err *folded_decode(const char *name, struct str bytes, struct profile *ret)
{
    if (bytes.n > PROFILE_MAX_INPUT)
        return err_new(ERR_INPUT, "%s: %zu bytes are more than the %d that a profile may have",
                       name, bytes.n, PROFILE_MAX_INPUT);
    CLEANUP(build_deinit) struct profile_builder b;
    build_init(&b, ret, PROFILE_FOLDED);
    build_type(&b, "samples", "count");
    struct text_lines t = text_lines_make(bytes, PROFILE_MAX_LINE);
    while (!b.full && text_next(&t)) {
        struct str stack;
        int64_t value;
        if (skipped(t.line)) continue;
        if (!split(t.line, &stack, &value)) {
            profile_break(ret, text_at(&t), "not a stack and a count: '%.*s'",
                          (int)(t.line.n < 80 ? t.line.n : 80), t.line.p);
            continue;
        }
        build_begin(&b);
        while (stack.n) { // from the innermost, which stands last
            size_t cut = str_rfind_char(stack, ';');
            struct str frame = cut == STR_NPOS ? stack : str_sub(stack, cut + 1, stack.n);
            build_push(&b, build_frame(&b, frame, STR(""), 0, PROFILE_NONE));
            stack = str_sub(stack, 0, cut == STR_NPOS ? 0 : cut);
        }
        build_end(&b, &value, text_at(&t));
    }
    if (t.too_long)
        profile_break(ret, text_at(&t), "a line of more than %d bytes", PROFILE_MAX_LINE);
    if (ret->samples.n == 0)
        return err_new(ERR_INPUT, "%s: no stack that could be read%s%s", name,
                       ret->broke ? ": " : "", ret->broke ? ret->broke_why : "");
    return NULL;
}

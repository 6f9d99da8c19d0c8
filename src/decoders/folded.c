// SPDX-License-Identifier: Apache-2.0
#include "decoders/folded.h"

#include "decoders/profile_build.h"
#include "decoders/text.h"

// "a;b;c 12" into its stack and number.
static bool split(struct str line, struct str *stack, int64_t *value)
{
    line = str_trim(line);
    size_t space = str_rfind_char(line, ' ');
    if (space == STR_NPOS) return false;
    struct str digits = str_sub(line, space + 1, line.n);
    if (!scan_int(&digits, value) || digits.n) return false;
    *stack = str_trim(str_sub(line, 0, space));
    return stack->n > 0;
}

static bool skipped(struct str line)
{
    struct str s = str_trim(line);
    return s.n == 0 || s.p[0] == '#';
}

bool folded_recognises(struct str bytes)
{
    struct text_lines t = text_lines_make(bytes, PROFILE_MAX_LINE);
    struct str stack;
    int64_t value;
    while (text_next(&t))
        if (!skipped(t.line)) return split(t.line, &stack, &value);
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

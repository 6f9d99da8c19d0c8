// SPDX-License-Identifier: Apache-2.0
#include "decoders/profile_decode.h"

#include "decoders/folded.h"
#include "decoders/perf_script.h"
#include "decoders/pprof.h"
#include "decoders/pprof_legacy.h"

enum { LOOKED_AT = 4096 }; // bytes at the start that tell text from the rest

static bool is_text(struct str bytes)
{
    size_t n = bytes.n < LOOKED_AT ? bytes.n : LOOKED_AT;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        if (c < ' ' && c != '\n' && c != '\t' && c != '\r') return false;
    }
    return true;
}

// What Go prints about goroutines: its indented lines would pass for stacks of perf script.
static bool is_dump(struct str s)
{
    struct str line = str_sub(s, 0, str_find_char(s, '\n'));
    return (str_starts(line, STR("goroutine ")) && str_find(line, STR(" [")) != STR_NPOS) ||
           str_starts(line, STR("fatal error: ")) || str_starts(line, STR("panic: "));
}

static bool is_trace(struct str s)
{
    return str_starts(s, STR("go 1.")) && str_find(str_sub(s, 0, 16), STR(" trace")) != STR_NPOS;
}

static struct err *not_a_profile(const char *name, struct str bytes)
{
    struct str s = str_trim(bytes);
    struct str line = str_sub(s, 0, str_find_char(s, '\n'));
    size_t n_line = line.n;
    if (line.n > 80) line.n = 80;
    const char *seems = "";
    if (str_starts(s, STR("<")))
        seems = "; it is a page of HTML: ask for the profile itself, such as …/debug/pprof/heap";
    else if (is_dump(s))
        seems = "; it is a crash log or a dump of goroutines: maptrap dump reads it";
    else if (n_line > PROFILE_MAX_LINE)
        seems = "; that line is longer than 1 MiB";
    else if (str_find_char(line, ';') != STR_NPOS)
        seems = "; folded stacks end in a blank and a whole number";
    return err_new(
        ERR_INPUT,
        "%s: not a profile (pprof, its older text forms, perf script, folded stacks): it "
        "begins with '%.*s'%s",
        name, STR_ARG(str_trim(line)), seems);
}

struct err *profile_decode(const char *name, struct str bytes, struct profile *ret)
{
    if (bytes.n == 0) return err_new(ERR_INPUT, "%s: empty", name);
    if (is_trace(bytes))
        return err_new(ERR_INPUT,
                       "%s: not a profile; it is an execution trace: maptrap trace reads it", name);
    if (str_starts(bytes, STR("\x1f\x8b")))
        return err_new(
            ERR_INPUT,
            "%s: compressed twice, as a proxy does with its own Content-Encoding: expand it "
            "with gunzip, or fetch it with `curl --compressed`, and name the file",
            name);
    if (pprof_legacy_recognises(bytes)) return pprof_legacy_decode(name, bytes, ret);
    if (!is_text(bytes)) return pprof_decode(name, bytes, ret);
    bytes = str_skip_bom(bytes);
    if (is_dump(str_trim(bytes))) return not_a_profile(name, bytes);
    if (perf_script_recognises(bytes)) return perf_script_decode(name, bytes, ret);
    if (folded_recognises(bytes)) return folded_decode(name, bytes, ret);
    return not_a_profile(name, bytes);
}

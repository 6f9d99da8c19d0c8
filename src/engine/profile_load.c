// SPDX-License-Identifier: Apache-2.0
#include "engine/profile_load.h"

#include "analyses/profile_view.h"
#include "decoders/profile_decode.h"
#include "engine/profile_exe.h"
#include "sources/input.h"

void loaded_profile_deinit(struct loaded_profile *l)
{
    profile_deinit(&l->p);
    code_names_close(l->exe);
    l->exe = NULL;
    buf_deinit(&l->exe_bytes);
    buf_deinit(&l->bytes);
}

struct err *profile_load_exe(const char *path, struct loaded_profile *l, size_t *ret_restored)
{
    enum { MAX_BINARY = 1 << 30 }; // bytes
    _cleanup_input_ struct input *in = NULL;
    ERR_TRY(input_open(path, NULL, &in));
    ERR_TRY(input_read_all(in, MAX_BINARY, &l->exe_bytes));
    ERR_TRY(code_names_open(path, buf_str(&l->exe_bytes), &l->exe));
    if (!code_names_any(l->exe))
        return err_new(ERR_CANNOT, "%s: neither a Go program's tables nor symbols are in it", path);
    *ret_restored = profile_restore(&l->p, l->exe);
    return NULL;
}

struct err *profile_load(const char *name, struct loaded_profile *ret)
{
    _cleanup_input_ struct input *in = NULL;
    const struct input_options options = {
        .decompress = true,
        .pprof = "profile?seconds=5",
        .otherwise = "maptrap profile --pid P samples the process from outside",
    };
    ERR_TRY(input_open(name, &options, &in));
    _cleanup_err_ struct err *cut = input_read_all(in, PROFILE_MAX_INPUT, &ret->bytes);
    if (cut && (cut->kind != ERR_INPUT || ret->bytes.n == 0)) return take_ptr(&cut);
    struct err *e = profile_decode(input_name(in), buf_str(&ret->bytes), &ret->p);
    if (cut && e) {
        err_free(e);
        return take_ptr(&cut);
    }
    if (e) return e;
    // The end that is missing says more than what the decoder found missing in it.
    if (cut) {
        ret->p.broke = false;
        profile_break(&ret->p, ret->bytes.n, "%s", cut->text);
    }
    profile_prune(&ret->p);
    return NULL;
}

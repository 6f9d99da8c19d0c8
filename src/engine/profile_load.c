// SPDX-License-Identifier: Apache-2.0
#include "engine/profile_load.h"

#include "analyses/profile_view.h"
#include "decoders/profile_decode.h"
#include "sources/input.h"

void loaded_profile_deinit(struct loaded_profile *l)
{
    profile_deinit(&l->p);
    buf_deinit(&l->bytes);
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

// SPDX-License-Identifier: Apache-2.0
#include "engine/profile_load.h"

#include "analyses/profile_view.h"
#include "base/mem.h"
#include "decoders/profile_decode.h"
#include "engine/profile_exe.h"
#include "sources/input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

void loaded_profile_deinit(struct loaded_profile *l)
{
    profile_deinit(&l->p);
    code_names_close(l->exe);
    l->exe = NULL;
    if (l->exe_bytes) munmap(l->exe_bytes, l->n_exe_bytes);
    l->exe_bytes = NULL;
    buf_deinit(&l->bytes);
}

static struct err *map_exe(const char *path, struct loaded_profile *l)
{
    struct stat st;
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st)) return err_sys(ERR_CANNOT, errno, "%s", path);
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return err_new(ERR_INPUT, "%s: not a binary: no regular file, or empty", path);
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) return err_sys(ERR_CANNOT, errno, "%s", path);
    l->exe_bytes = p;
    l->n_exe_bytes = (size_t)st.st_size;
    return code_names_open(path, str_make(p, l->n_exe_bytes), &l->exe);
}

static void find_exe(struct loaded_profile *l)
{
    struct str file = l->p.mappings.n ? l->p.mappings.p[0].file : STR("");
    if (file.n == 0 || file.p[0] != '/') return;
    _cleanup_free_ char *path = mem_printf("%.*s", STR_ARG(file));
    _cleanup_err_ struct err *e = map_exe(path, l);
    if (e || !code_names_any(l->exe) || !profile_is_of(&l->p, l->exe)) {
        code_names_close(l->exe);
        l->exe = NULL;
    }
}

struct err *profile_open_exe(const char *path, struct loaded_profile *l)
{
    if (!path) {
        find_exe(l);
        return NULL;
    }
    ERR_TRY(map_exe(path, l));
    if (!code_names_any(l->exe))
        return err_new(ERR_CANNOT, "%s: neither a Go program's tables nor symbols are in it", path);
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
    if (cut && ret->bytes.n == 0) return take_ptr(&cut);
    // Of what is too long, or broke on the way, as much as is read is used.
    if (ret->bytes.n > PROFILE_MAX_INPUT) ret->bytes.n = PROFILE_MAX_INPUT;
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

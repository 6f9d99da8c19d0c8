// SPDX-License-Identifier: Apache-2.0
#include "engine/code_names.h"

#include "base/mem.h"
#include "decoders/elfsym.h"
#include "decoders/gobin.h"

struct code_names {
    struct gobin *go; // NULL = not a Go program that can be read
    struct elfsym *elf;
};

struct err *code_names_open(const char *name, struct str bytes, struct code_names **ret)
{
    struct elfsym *elf;
    ERR_TRY(elfsym_open(name, bytes, &elf));
    struct code_names *c = mem_zalloc(sizeof(*c));
    c->elf = elf;
    // C programs, and Go ones that are too old or damaged, have their symbols still.
    err_free(gobin_open(name, bytes, &c->go));
    *ret = c;
    return NULL;
}

void code_names_close(struct code_names *c)
{
    if (!c) return;
    gobin_close(c->go);
    elfsym_close(c->elf);
    free(c);
}

struct gobin *code_names_go(struct code_names *c)
{
    return c->go;
}

bool code_names_any(const struct code_names *c)
{
    return c->go || elfsym_count(c->elf) > 0;
}

size_t code_names_frames(const struct code_names *c, uint64_t address, struct frame *ret,
                         size_t cap)
{
    size_t n = c->go ? gobin_frames(c->go, address, ret, cap) : 0;
    struct str name;
    if (n || cap == 0 || !elfsym_find(c->elf, address, &name)) return n;
    ret[0] = (struct frame) { .function = name, .pc = address };
    return 1;
}

bool code_names_function(const struct code_names *c, uint64_t address, struct str *ret)
{
    struct gobin_func f;
    if (c->go && gobin_func_of(c->go, address, &f)) {
        *ret = f.name;
        return true;
    }
    return elfsym_find(c->elf, address, ret);
}

bool code_names_read(const struct code_names *c, uint64_t address, void *ret, size_t n)
{
    return elfsym_read(c->elf, address, ret, n);
}

bool code_names_bias(const struct code_names *c, uint64_t map_start, uint64_t map_offset,
                     uint64_t *ret)
{
    return elfsym_bias(c->elf, map_start, map_offset, ret);
}

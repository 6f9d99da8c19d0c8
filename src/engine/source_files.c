// SPDX-License-Identifier: Apache-2.0
#include "engine/source_files.h"

#include "base/cleanup.h"
#include "base/limits.h"
#include "decoders/gosrc.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void source_files_deinit(struct source_files *s)
{
    strmap_deinit(&s->by_path);
    arena_deinit(&s->arena);
}

// The whole of a regular file; a pipe or device is neither waited for nor read.
static bool read_regular(const char *path, struct arena *a, struct str *ret)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > LIMIT_SOURCE_BYTES)
        return false;
    size_t size = (size_t)st.st_size, n = 0;
    char *p = arena_alloc(a, size + 1);
    for (ssize_t got; n < size && (got = read(fd, p + n, size - n)) > 0;) n += (size_t)got;
    *ret = str_make(p, n);
    return true;
}

static bool find(const struct source_files *s, struct str path, struct arena *a, struct str *ret)
{
    if (!s->dir) return read_regular(arena_cstr(a, path), a, ret);
    while (path.n) {
        if (read_regular(arena_printf(a, "%s/%.*s", s->dir, STR_ARG(path)), a, ret)) return true;
        size_t slash = str_find_char(path, '/');
        path = slash == STR_NPOS ? (struct str) { "", 0 } : str_sub(path, slash + 1, path.n);
    }
    return false;
}

static const struct go_file *file_of(struct source_files *s, struct str path)
{
    if (!path.n || path.n > LIMIT_NAME_BYTES / 2 || !str_ends(path, STR(".go"))) return NULL;
    uint64_t *known = strmap_get(&s->by_path, path);
    if (known) return (const struct go_file *)(uintptr_t)*known;
    if (s->by_path.n == LIMIT_SOURCE_FILES) return NULL;
    struct go_file *f = NULL;
    struct str text;
    path = arena_str(&s->arena, path);
    if (find(s, path, &s->arena, &text)) {
        f = arena_new(&s->arena, struct go_file);
        gosrc_parse(&s->arena, path, text, f);
    }
    *strmap_put(&s->by_path, path, NULL) = (uintptr_t)f;
    return f;
}

struct str source_files_line(struct source_files *s, const struct frame *at, struct arena *a)
{
    const struct go_file *f = file_of(s, at->file);
    struct str rest = f ? f->source : (struct str) { "", 0 }, line;
    for (uint32_t i = 1; str_split(&rest, '\n', &line); i++)
        if (i == at->line) return arena_str(a, str_trim(line));
    return (struct str) { "", 0 };
}

struct map_expr source_files_map(struct source_files *s, const struct frame *at, enum map_op op,
                                 struct arena *a)
{
    const struct go_file *f = file_of(s, at->file);
    if (!f) return (struct map_expr) { { "", 0 }, false };
    return map_expr_at(f, at->function, at->line, op, a);
}

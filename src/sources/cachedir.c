// SPDX-License-Identifier: Apache-2.0
#include "sources/cachedir.h"

#include "base/mem.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

static const char magic[8] = "mapcach1";
enum { HEAD_BYTES = sizeof(magic) + sizeof(struct hash) };

static bool make_folders(const char *path)
{
    _cleanup_free_ char *p = mem_strdup(path);
    for (char *q = p + 1; *q; q++) {
        if (*q != '/') continue;
        *q = 0;
        if (mkdir(p, 0700) != 0 && errno != EEXIST) return false;
        *q = '/';
    }
    return mkdir(p, 0700) == 0 || errno == EEXIST;
}

bool cachedir_open(const char *path, struct cachedir *ret)
{
    if (!path[0] || !make_folders(path)) return false;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    ret->fd = fd;
    return true;
}

void cachedir_close(struct cachedir *c)
{
    close(c->fd);
}

static bool read_whole(int fd, struct buf *ret)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > LIMIT_CACHEDIR_BYTES)
        return false;
    buf_reserve(ret, (size_t)st.st_size);
    char part[64 * 1024];
    for (ssize_t n; (n = read(fd, part, sizeof(part))) != 0;) {
        if (n < 0 || ret->n + (size_t)n > LIMIT_CACHEDIR_BYTES) return false;
        buf_add(ret, part, (size_t)n);
    }
    return true;
}

bool cachedir_get(const struct cachedir *c, const struct hash *key, struct buf *ret)
{
    char name[65];
    hash_hex(key, name);
    _cleanup_close_ int fd = openat(c->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    _cleanup_buf_ struct buf all = { 0 };
    if (fd < 0 || !read_whole(fd, &all) || all.n < HEAD_BYTES) return false;
    struct str body = str_sub(buf_str(&all), HEAD_BYTES, all.n);
    struct hash sum = hash_of(body);
    if (memcmp(all.p, magic, sizeof(magic)) != 0 ||
        memcmp(all.p + sizeof(magic), sum.p, sizeof(sum.p)) != 0)
        return false;
    buf_addstr(ret, body);
    futimens(fd, NULL); // used just now
    return true;
}

static bool write_whole(int fd, const void *p, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t w = write(fd, (const char *)p + done, n - done);
        if (w <= 0) return false;
        done += (size_t)w;
    }
    return true;
}

struct entry {
    char name[65];
    time_t used;
    off_t bytes;
};

static int by_age(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->used < y->used ? -1 : x->used > y->used;
}

// Removes what a run that was killed left aside, then the oldest entries until there is room.
static void trim(const struct cachedir *c)
{
    enum { ASIDE_SECONDS = 600 };
    int fd = openat(c->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        if (fd >= 0) close(fd);
        return;
    }
    VEC(struct entry) all = { 0 };
    off_t bytes = 0;
    time_t now = time(NULL);
    for (struct dirent *e; (e = readdir(d));) {
        struct stat st;
        size_t n = strlen(e->d_name);
        if (fstatat(c->fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
            continue;
        if (strncmp(e->d_name, "aside-", 6) == 0 && now - st.st_mtime > ASIDE_SECONDS)
            unlinkat(c->fd, e->d_name, 0);
        if (n != 64) continue;
        struct entry x = { .used = st.st_mtime, .bytes = st.st_size };
        memcpy(x.name, e->d_name, n);
        vec_push(&all, x);
        bytes += st.st_size;
    }
    closedir(d);
    if (all.n) qsort(all.p, all.n, sizeof(*all.p), by_age);
    for (size_t i = 0;
         i < all.n && (bytes > LIMIT_CACHEDIR_BYTES || all.n - i > LIMIT_CACHEDIR_ENTRIES); i++) {
        unlinkat(c->fd, all.p[i].name, 0);
        bytes -= all.p[i].bytes;
    }
    vec_deinit(&all);
}

void cachedir_put(const struct cachedir *c, const struct hash *key, struct str bytes)
{
    char name[65], aside[64];
    if (bytes.n > LIMIT_CACHEDIR_BYTES / 2) return;
    hash_hex(key, name);
    snprintf(aside, sizeof(aside), "aside-%d-%.16s", (int)getpid(), name);
    int fd = openat(c->fd, aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return;
    struct hash sum = hash_of(bytes);
    bool ok = write_whole(fd, magic, sizeof(magic)) && write_whole(fd, sum.p, sizeof(sum.p)) &&
              write_whole(fd, bytes.p, bytes.n);
    if (close(fd) != 0 || !ok || renameat(c->fd, aside, c->fd, name) != 0) {
        unlinkat(c->fd, aside, 0);
        return;
    }
    trim(c);
}

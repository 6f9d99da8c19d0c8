// SPDX-License-Identifier: Apache-2.0
// A process whose memory lies: the input is runtime.allgs (24 bytes) and the heap behind it, under
// a sound program, named by MAPTRAP_FUZZ_GOBIN (scripts/fuzz.sh builds one). A word 0xf0f0…,
// wherever it is read, stands for an address in the code, so that stacks can be made of real
// functions. What must hold: no crash, as many goroutines as were counted, stacks within their
// bounds.
#include "analyses/dump_views.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "decoders/golive.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SLICE_BYTES = 24, LIMIT_BASE_BYTES = 16 << 20 };
static const uint64_t heap = 0xc000000000;

struct memory {
    struct gobin *bin;
    struct golayout layout;
    uint64_t allgs;
    const uint8_t *p;
    size_t n;
};

static void require(bool ok)
{
    if (!ok) abort();
}

static struct memory *base_program(void)
{
    static struct memory m;
    const char *path = getenv("MAPTRAP_FUZZ_GOBIN");
    if (m.bin || !path) return m.bin ? &m : NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    require(fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size < LIMIT_BASE_BYTES);
    char *bytes = mem_zalloc((size_t)st.st_size);
    require(read(fd, bytes, (size_t)st.st_size) == st.st_size);
    close(fd);
    require(!gobin_open(path, str_make(bytes, (size_t)st.st_size), &m.bin));
    require(!golayout_of(m.bin, &m.layout) && gobin_global(m.bin, GOBIN_ALLGS, &m.allgs));
    return &m;
}

static uint64_t code_address(const struct memory *m, uint64_t word)
{
    struct gobin_func f;
    if (word >> 48 != 0xf0f0) return word;
    bool has = gobin_func_at(m->bin, (uint32_t)word % gobin_func_count(m->bin), &f);
    return has ? f.entry + (word >> 32 & 0xffff) : word;
}

static bool read_one(const struct memory *m, uint64_t address, uint8_t *to, size_t n)
{
    size_t at = (size_t)(address - heap) + SLICE_BYTES;
    if (address >= m->allgs && address < m->allgs + SLICE_BYTES)
        at = (size_t)(address - m->allgs);
    else if (address < heap)
        return gobin_read(m->bin, address, to, n);
    if (at > m->n || n > m->n - at) return false;
    memcpy(to, m->p + at, n);
    for (size_t i = 0; i + 8 <= n; i += 8) {
        uint64_t w;
        memcpy(&w, to + i, 8);
        w = code_address(m, w);
        memcpy(to + i, &w, 8);
    }
    return true;
}

static void read_pieces(void *arg, struct golive_piece *piece, size_t n)
{
    for (size_t i = 0; i < n; i++)
        piece[i].ok = read_one(arg, piece[i].address, piece[i].to, piece[i].n);
}

static size_t running(void *arg, uint64_t g, uint64_t *pcs)
{
    const struct memory *m = arg;
    size_t n = m->n % (LIMIT_STACK_FRAMES + 1);
    for (size_t i = 0; i < n; i++) pcs[i] = code_address(m, 0xf0f0000000000000 + g + 77 * i);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory *m = base_program();
    if (!m || size < SLICE_BYTES) return 0;
    m->p = data;
    m->n = size;
    uint64_t gs;
    memcpy(&gs, data + 8, sizeof(gs));
    if (gs > 4096 && gs <= GOLIVE_GS_MAX) return 0; // allowed, and slow
    const struct golive l = { .bin = m->bin,
                              .layout = &m->layout,
                              .now_ns = 1000000000000000,
                              .read = read_pieces,
                              .running = size % 2 ? running : NULL,
                              .arg = m };
    struct dump d = { 0 };
    struct golive_counts counts = { 0 };
    struct err *e = golive_read(&l, &d, &counts);
    if (e) {
        require(e->kind == ERR_CANNOT);
        err_free(e);
    }
    require(d.n <= d.goroutines && d.goroutines <= gs);
    for (size_t i = 0; i < d.group.n; i++) require(d.group.p[i].n_stack <= LIMIT_STACK_FRAMES);
    struct dump_view v;
    dump_view_init(&v, &d, false);
    dump_view_deinit(&v);
    dump_deinit(&d);
    return 0;
}

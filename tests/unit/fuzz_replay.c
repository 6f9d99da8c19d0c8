// SPDX-License-Identifier: Apache-2.0
// A fuzz target without the fuzzer: it is given each file of its corpus, so what once crashed is
// tried by every compiler and in every build.
#include "base/buf.h"
#include "base/mem.h"

#include "test.h"

#include <dirent.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void corpus(void)
{
    const char *top = getenv("TOP");
    _cleanup_free_ char *folder = mem_printf("%s/tests/fuzz/corpus/" FUZZ_TARGET, top ? top : ".");
    DIR *dir = opendir(folder);
    size_t tried = 0;
    CHECK(dir != NULL);
    for (struct dirent *d; dir && (d = readdir(dir));) {
        if (d->d_name[0] == '.') continue;
        _cleanup_free_ char *path = mem_printf("%s/%s", folder, d->d_name);
        _cleanup_fclose_ FILE *f = fopen(path, "r");
        _cleanup_buf_ struct buf bytes = { 0 };
        char part[4096];
        for (size_t n; f && (n = fread(part, 1, sizeof(part), f)) > 0;) buf_add(&bytes, part, n);
        CHECK_INT(LLVMFuzzerTestOneInput((const uint8_t *)buf_cstr(&bytes), bytes.n), 0);
        tried++;
    }
    if (dir) closedir(dir);
    CHECK(tried > 0);
}

TEST_MAIN(TEST(corpus))

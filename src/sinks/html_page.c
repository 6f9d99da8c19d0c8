// SPDX-License-Identifier: Apache-2.0
#include "sinks/html_page.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

// "</script>" in a name would end the script: every "<" is written as an escape.
static void put_escaped(FILE *out, struct str data)
{
    while (data.n) {
        size_t at = str_find_char(data, '<');
        struct str piece = at == STR_NPOS ? data : str_sub(data, 0, at);
        fwrite(piece.p, 1, piece.n, out);
        if (at == STR_NPOS) return;
        fputs("\\u003c", out);
        data = str_sub(data, at + 1, data.n);
    }
}

struct err *html_page_write(const char *path, struct str page, struct str json)
{
    static const char mark[] = "/*DATA*/";
    size_t at = str_find(page, str_from(mark));
    assert(at != STR_NPOS);
    FILE *out = fopen(path, "w");
    if (!out) return err_sys(ERR_CANNOT, errno, "cannot write %s", path);
    fwrite(page.p, 1, at, out);
    put_escaped(out, json);
    fwrite(page.p + at + strlen(mark), 1, page.n - at - strlen(mark), out);
    int failed = ferror(out);
    if (fclose(out) != 0) failed = 1;
    return failed ? err_new(ERR_CANNOT, "writing %s failed (is the disk full?)", path) : NULL;
}

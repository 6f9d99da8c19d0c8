// SPDX-License-Identifier: Apache-2.0
// Messages of the Language Server Protocol, as far as `maptrap scan --lsp` answers them. What is no
// such message comes as LSP_BAD, what it does not know as LSP_OTHER.
#pragma once

#include "base/arena.h"

enum { LIMIT_LSP_BYTES = 64 << 20, LIMIT_LSP_HEADER_BYTES = 4096, LIMIT_LSP_FOLDERS = 256 };

enum lsp_kind {
    LSP_BAD,
    LSP_OTHER,
    LSP_INITIALIZE,
    LSP_SHUTDOWN,
    LSP_EXIT,
    LSP_OPEN,   // uri, text
    LSP_CHANGE, // uri, text: the whole document
    LSP_SAVE,
    LSP_CLOSE,
    LSP_ACTION, // uri, first_line, last_line, no_fixes
};

struct lsp_message {
    enum lsp_kind kind;
    bool wants_answer;
    struct str id; // as JSON, to be given back
    struct str uri, text;
    struct str *folders; // URIs of the workspace's folders
    size_t n_folders;
    uint32_t first_line, last_line; // from 0
    bool utf8;                      // positions may be told in bytes
    bool no_fixes;                  // actions of other kinds are wanted
};

// How many bytes the body behind this header has; the header ends with an empty line. STR_NPOS if
// it does not say.
size_t lsp_body_bytes(struct str header);
void lsp_parse(struct arena *a, struct str body, struct lsp_message *ret);
// The path of a file: URI, or empty.
struct str lsp_path(struct arena *a, struct str uri);
struct str lsp_uri(struct arena *a, struct str path);

// SPDX-License-Identifier: Apache-2.0
// A language server over two descriptors: the scan's findings as diagnostics, its fixes as code
// actions. What is open in the editor counts as the editor has it; the tree is looked at anew when
// nothing has come for a moment after a change. Ends with the client.
#pragma once

#include "analyses/goscan.h"
#include "base/err.h"

enum { LIMIT_LSP_DOCUMENTS = 1000 };

struct lsp_options {
    const char *const *paths; // what to look at; none = the folder that the client names
    size_t n_paths;
    enum goscan_tier tier;
};

// ERR_INPUT if what comes cannot be told into messages; *ret_orderly: shutdown came before the end.
struct err *lsp_serve(int in, int out, const struct lsp_options *o, bool *ret_orderly) ERR_MUST_USE;

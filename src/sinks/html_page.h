// SPDX-License-Identifier: Apache-2.0
// A page of assets/ with its data put in. The page holds "/*DATA*/" where the data goes.
#pragma once

#include "base/err.h"
#include "base/str.h"

struct err *html_page_write(const char *path, struct str page, struct str json) ERR_MUST_USE;

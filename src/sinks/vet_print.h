// SPDX-License-Identifier: Apache-2.0
// Findings as tools of `go vet` print them: lines for a reader, or one JSON document for the go
// command (golang.org/x/tools/go/analysis's JSONDiagnostic).
#pragma once

#include "analyses/goscan.h"
#include "base/buf.h"

void vet_print_text(const struct goscan_result *r, struct buf *out);
void vet_print_json(const struct goscan_result *r, struct str package_id, struct buf *out);

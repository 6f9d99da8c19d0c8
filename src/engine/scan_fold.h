// SPDX-License-Identifier: Apache-2.0
// One finding a map, where the scan has found several places.
#pragma once

#include "engine/scan.h"

// Folds findings of one group (goscan.h) into the first of them: the other places become related
// ones, before those that only illustrate, with the role "also: read", "also: write" or "also:
// iteration"; their diffs are added to its own. Ids of the others are gone then, so baselines and
// the like come before.
void scan_fold(struct scan_run *r);

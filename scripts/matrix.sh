#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# matrix.sh: the tier that is too long for CI: Go binaries in full, every cell of the live cases, Debian's
# Go servers, kill -9 at random moments, crash rates of racing targets. Each series goes on where it
# stopped, and all run whatever the others say. Ends with the sum of their counts, and status 1 if any
# failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT

passed=0 failed=0 skipped=0
# series COMMAND...: runs it, and adds the counts of its last line "N passed, N failed, N skipped".
series() {
  local p f s
  printf '==== %s\n' "$*"
  "$@" 2>&1 | tee "$log"
  read -r p f s < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$log" | tail -1)
  if [ -z "${s:-}" ]; then # it broke off
    p=0 f=1 s=0
  fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

series env MAPTRAP_SLOW=1 tests/unit/gobin_oracle_test.py --record
series tests/live/run.py --matrix
series tests/servers/run.py --suite bookworm
series tests/servers/run.py --suite trixie
series tests/scan/drive.py
series bench/kill9.py
series bench/crash.py --all
bench/tables.py
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ]

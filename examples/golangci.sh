#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# golangci-lint and maptrap in one SARIF file. golangci-lint's plug-ins must be written in Go, so the two
# run side by side and their logs are joined: a SARIF log holds any number of runs. For golangci-lint 2.
#
#     examples/golangci.sh [OUT.sarif]
set -u
out=${1:-lint.sarif}
work=$(mktemp -d) || exit 3
trap 'rm -rf "$work"' EXIT
golangci-lint run --output.sarif.path "$work/a.sarif" ./...
lint=$?
maptrap scan --sarif . >"$work/b.sarif"
scan=$?
[ "$lint" -le 1 ] && [ "$scan" -le 1 ] || exit 3
jq -s '.[0] + { runs: map(.runs) | add }' "$work/a.sarif" "$work/b.sarif" >"$out" || exit 3
[ "$lint" = 0 ] && [ "$scan" = 0 ]

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh [TARGET...]: builds the fuzz targets with clang, ASan and UBSan (in FUZZ_BUILD, build-fuzz),
# and runs each (or those named) for FUZZ_SECONDS (default 60), starting from its corpus. New inputs go
# to the cache folder; an input that crashes is printed with the command that replays it. Ends with a
# count. bench/fuzz.py runs one target and keeps a record of it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
seconds=${FUZZ_SECONDS:-60}
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "FUZZ_SECONDS=$seconds: not a number of seconds"
build=${FUZZ_BUILD:-build-fuzz}
[ -f "$build/build.ninja" ] ||
  CC=clang meson setup "$build" -Dfuzz=true -Db_lundef=false -Db_sanitize=address,undefined \
    "-Dlibbpf=$cache/libbpf" >/dev/null
ninja --quiet -C "$build" >&2
for target in "$@"; do
  [ -x "$build/tests/fuzz/fuzz_$target" ] || die "there is no fuzz target $target"
done

# The sound program that the gobin target patches. Without a toolchain it has whole files only.
go=$(scripts/toolchains.sh --path 1.24)
if [ -x "$go/bin/go" ]; then
  mkdir -p "$cache/fuzz"
  (cd tests/fuzz/gobin_base && GOROOT=$go GO111MODULE=off GOTOOLCHAIN=local GOFLAGS='' CGO_ENABLED=0 \
    GOCACHE=$cache/gocache-1.24 "$go/bin/go" build -o "$cache/fuzz/gobin-base" .)
  export MAPTRAP_FUZZ_GOBIN=$cache/fuzz/gobin-base
fi

passed=0 failed=0
for program in "$build"/tests/fuzz/fuzz_*; do
  if ! [ -f "$program" ] || ! [ -x "$program" ]; then continue; fi
  name=${program##*/fuzz_}
  if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
  found=$cache/fuzz/$name
  mkdir -p "$found"
  seeds=()
  [ -d "tests/fuzz/corpus/$name" ] && seeds=("tests/fuzz/corpus/$name")
  log=$found.log
  if nice -n 10 "$program" "-max_total_time=$seconds" -timeout=25 -rss_limit_mb=2048 -print_final_stats=1 \
    "-artifact_prefix=$found-crash-" "$found" ${seeds[@]+"${seeds[@]}"} >"$log" 2>&1; then
    passed=$((passed + 1))
    runs=$(awk '/stat::number_of_executed_units/ { print $2 }' "$log")
    printf 'ok   fuzz: %s (%s runs in %s s)\n' "$name" "${runs:-?}" "$seconds"
  else
    failed=$((failed + 1))
    printf 'FAIL fuzz: %s\n' "$name"
    grep -E 'ERROR|SUMMARY|runtime error' "$log" | head -5 | sed 's/^/       /' || true
    sed -n "s|.*Test unit written to \(.*\)|       replay: $program \1|p" "$log"
    printf '       log: %s\n' "$log"
  fi
done
printf '%d passed, %d failed, 0 skipped\n' "$passed" "$failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]

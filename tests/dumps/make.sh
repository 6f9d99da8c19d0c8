#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make.sh [DIR]: real crashes and dumps of crash.go and die.go from every toolchain, as golden inputs
# (tests/golden/dump/CASE/dump by default), and what logging makes of them (mangle.py).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. scripts/lib.sh
to=$(realpath -m "${1:-tests/golden/dump}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

build() { # VERSION PROGRAM FLAGS...
  local v=$1 program=$2 root
  shift 2
  root=$(scripts/toolchains.sh --path "$v")
  (cd tests/dumps && GOROOT=$root GO111MODULE=off GOTOOLCHAIN=local GOCACHE=$cache/gocache-$v GOFLAGS='' \
    "$root/bin/go" build -o "$work/$program-$v" "$@" "$program.go")
}

keep() { # CASE: makes a case of $work/out, without this machine's paths
  mkdir -p "$to/$1"
  sed "s|$(scripts/toolchains.sh --path "$v")|/usr/lib/go|g; s|$PWD/tests/dumps|/src|g" "$work/out" \
    >"$to/$1/dump"
  [ -e "$to/$1/cmd" ] || echo "dump dump --json --list" >"$to/$1/cmd"
}

for v in 1.19 1.21 1.22 1.23 1.24 1.25 1.26 1.27; do
  CGO_ENABLED=0 build "$v" crash || exit 1
  CGO_ENABLED=0 build "$v" die || exit 1
  for how in ww rw iw generic panic panicval debug2 debug1; do
    timeout 10 "$work/crash-$v" $how >"$work/out" 2>&1
    keep "$v-$how"
  done
  for level in none all system; do
    (GOTRACEBACK=$level timeout 10 "$work/crash-$v" ww) >"$work/out" 2>&1
    keep "$v-ww-$level"
  done
  timeout -s QUIT 0.5 "$work/crash-$v" quit >"$work/out" 2>&1
  keep "$v-quit"
  GODEBUG=tracebackancestors=3 timeout 10 "$work/crash-$v" ww >"$work/out" 2>&1
  keep "$v-ancestors"
  for how in deadlock repanic logged text signal overflow; do
    case $v:$how in *:deadlock | *:repanic | 1.24:* | 1.27:*) ;; *) continue ;; esac
    (ulimit -c 0 && timeout 10 "$work/die-$v" $how) >"$work/out" 2>&1
    keep "$v-die-$how"
    echo "dump dump" >"$to/$v-die-$how/cmd"
  done
  case $v in 1.19 | 1.24 | 1.27) ;; *) continue ;; esac # the race detector's text: start, middle, end
  CGO_ENABLED=1 build "$v" crash -race || exit 1
  timeout 3 "$work/crash-$v" ww 2>&1 | head -120 >"$work/out"
  keep "$v-race"
  rm -f "$work/crash-$v"
done
python3 tests/dumps/mangle.py "$to"

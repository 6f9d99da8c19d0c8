#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# toolchains.sh all|VERSION...: Debian's Go toolchains side by side in the cache folder.
# toolchains.sh --path VERSION prints the GOROOT of one of them.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
root=$cache/go

if [ "${1:-}" = --path ]; then
  echo "$root/usr/lib/go-$2"
  exit 0
fi

suite_of() {
  case $1 in
    1.19) echo bookworm ;;
    1.21 | 1.22 | 1.23) echo bookworm-backports ;;
    1.24) echo trixie ;;
    1.25 | 1.26 | 1.27) echo trixie-backports ;;
    *) die "no package is known for Go $1" ;;
  esac
}

[ "${1:-all}" = all ] && set -- 1.19 1.21 1.22 1.23 1.24 1.25 1.26 1.27
for v in "$@"; do
  s=$(suite_of "$v")
  unpack_deb "$root" "golang-$v-go/$s" "golang-$v-src/$s"
  [ -x "$root/usr/lib/go-$v/bin/go" ] || die "Go $v did not unpack"
done

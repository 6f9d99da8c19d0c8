#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# make_profiles.sh DIR [VERSION...]: every profile of the service beside this script, by each Go
# toolchain of the cache folder (scripts/toolchains.sh), in DIR/VERSION/. With CGO off and paths
# trimmed, so that what is written names no folder of this machine.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$1
shift
[ $# -gt 0 ] || set -- 1.19 1.21 1.22 1.23 1.24 1.25 1.26 1.27
for v in "$@"; do
  root=$("$here/../../scripts/toolchains.sh" --path "$v")
  [ -x "$root/bin/go" ] || { echo "Go $v is not unpacked: scripts/toolchains.sh $v" >&2; exit 3; }
  mkdir -p "$dir/$v"
  experiment=
  [ "$v" = 1.26 ] && experiment=goroutineleakprofile
  (cd "$here/service" && GOEXPERIMENT=$experiment GOROOT=$root GO111MODULE=off GOTOOLCHAIN=local \
    GOCACHE=${GOCACHE:-/tmp/maptrap-gocache}-$v GOFLAGS='' CGO_ENABLED=0 \
    "$root/bin/go" build -trimpath -o "$dir/$v/service" main.go)
  "$dir/$v/service" "$dir/$v"
done

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kernels.sh: unpacks Debian's cloud kernels (bookworm, trixie, sid) in the cache folder, and prints
# "SUITE PATH-OF-VMLINUZ" for each. Nothing is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh

for suite in bookworm trixie sid; do
  dir=$cache/kernels/$suite
  if [ -z "$(find "$dir/boot" -name 'vmlinuz-*' 2>/dev/null)" ]; then
    private_apt_init
    mkdir -p "$dir/meta"
    # The meta package names the kernel of the day.
    (cd "$dir/meta" && rm -f ./*.deb && private_apt download -qq "linux-image-cloud-amd64/$suite" >&2) ||
      die "no cloud kernel in $suite"
    image=$(dpkg-deb -f "$dir"/meta/*.deb Depends | grep -o 'linux-image-[^ ,]*' | head -1)
    rm -rf "$dir/meta"
    unpack_deb "$dir" "$image/$suite"
    # Newer suites keep the kernel itself in a package of its own.
    [ -d "$dir/boot" ] || unpack_deb "$dir" "linux-binary-${image#linux-image-}/$suite"
    vmlinuz=$(find "$dir" -name 'vmlinuz*' -type f | head -1)
    [ -n "$vmlinuz" ] || die "no kernel in $image of $suite"
    mkdir -p "$dir/boot"
    [ "${vmlinuz%/*}" = "$dir/boot" ] || mv "$vmlinuz" "$dir/boot/vmlinuz-${image#linux-image-}"
    rm -rf "$dir/usr/lib/modules" "$dir/lib/modules"
  fi
  echo "$suite $(find "$dir/boot" -name 'vmlinuz-*' | sort | tail -1)"
done

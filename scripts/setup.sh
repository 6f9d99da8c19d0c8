#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# setup.sh [build|demo|test|kernels]: installs what is missing, through apt only, and nothing twice.
#   build  what compiling maptrap takes
#   demo   and Go 1.19, for the example service (the default)
#   test   and every Go toolchain that the tests use, and programs that they read (unpacked only)
#   kernels  and what boots other kernels: qemu, busybox, Debian's cloud kernels (unpacked only)
# Packages of the machine's own release are installed; newer ones (libbpf, Go) are unpacked in the
# cache folder, and the machine's apt sources stay as they are.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
want=${1:-demo}

packages="gcc clang llvm make pkg-config meson ninja-build python3 libelf-dev libdw-dev zlib1g-dev
  liblzma-dev libbz2-dev libzstd-dev libzydis-dev libcurl4-openssl-dev libjansson-dev curl linux-libc-dev ca-certificates"
[ "$want" = test ] && packages="$packages clang-format shellcheck mandoc libclang-rt-14-dev
  binutils curl procps iproute2"
[ "$want" = kernels ] && packages="$packages qemu-system-x86 busybox-static cpio"

missing=""
for p in $packages; do
  dpkg-query -W -f='${db:Status-Status}\n' "$p" 2>/dev/null | grep -q '^installed$' ||
    missing="$missing $p"
done
if [ -n "$missing" ]; then
  [ "$(id -u)" = 0 ] || die "these packages are missing, and only root can install them:$missing"
  say "installing:$missing"
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing \
    >/dev/null 2>&1 || {
    apt-get update -qq >&2
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing \
      >/dev/null || die "apt-get install failed:$missing"
  }
fi

# libbpf >= 1.3 for uprobe_multi, and a bpftool that goes with it.
unpack_deb "$cache/libbpf" libbpf-dev/bookworm-backports bpftool/bookworm-backports

case $want in
  demo) scripts/toolchains.sh 1.19 ;;
  test)
    scripts/toolchains.sh all
    # Programs of others that gobin is tested on, and a debugger that reads them too.
    for p in delve/sid prometheus/trixie etcd-server/trixie caddy/trixie kubectl/trixie kustomize/trixie; do
      unpack_deb "$cache/gobin-oracles/${p%%/*}" "$p"
    done
    # What checks our SARIF; where there is no npm, that test is skipped.
    if command -v npm >/dev/null && ! cmp -s tests/tools/npm/package-lock.json "$cache/npm/package-lock.json"; then
      mkdir -p "$cache/npm"
      cp tests/tools/npm/package.json tests/tools/npm/package-lock.json "$cache/npm/"
      npm --prefix "$cache/npm" ci --ignore-scripts --no-audit --no-fund >/dev/null ||
        rm -f "$cache/npm/package-lock.json"
    fi
    ;;
  kernels)
    scripts/toolchains.sh 1.24
    scripts/kernels.sh
    ;;
esac

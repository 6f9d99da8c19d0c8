# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts of this folder: where the cache lies, which mirror the machine uses.
# Source it; it sets `cache` and defines functions, nothing else.
# shellcheck shell=bash

cache=${MAPTRAP_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/maptrap}

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# debian_mirror: the mirror in the machine's own apt sources (deb822 or one-line form).
debian_mirror() {
  local files
  files=$(ls /etc/apt/sources.list /etc/apt/sources.list.d/*.sources \
             /etc/apt/sources.list.d/*.list 2>/dev/null || true)
  # shellcheck disable=SC2086
  awk '
    /^[ \t]*#/ { next }
    /^URIs:/ { for (i = 2; i <= NF; i++) uri[++n] = $i }
    /^deb[ \t]/ { for (i = 2; i <= NF; i++) if ($i ~ /:\/\//) { uri[++n] = $i; break } }
    END { for (i = 1; i <= n; i++) if (uri[i] ~ /\/debian\/?$/) { print uri[i]; exit } }' $files
}

# private_apt ARGS...: apt-get with sources of our own (bookworm to trixie-backports), in the cache;
# the machine's own sources and lists stay as they are.
private_apt() {
  apt-get "-oDir::Etc::sourcelist=$cache/apt/sources.list" -oDir::Etc::sourceparts=/dev/null \
    "-oDir::State::lists=$cache/apt/lists" "-oDir::Cache::archives=$cache/apt/archives" \
    "-oDir::Cache::pkgcache=" "-oDir::Cache::srcpkgcache=" \
    -oAPT::Get::List-Cleanup=0 -oAPT::Sandbox::User=root "$@"
}

# private_apt_init: writes those sources and fetches their lists, at most once a day.
private_apt_init() {
  local mirror key suite
  mkdir -p "$cache/apt/lists/partial" "$cache/apt/archives/partial"
  if [ -n "$(find "$cache/apt/updated" -mmin -1440 2>/dev/null)" ]; then return 0; fi
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || die "no Debian mirror in this machine's apt sources"
  key=/usr/share/keyrings/debian-archive-keyring.gpg
  : >"$cache/apt/sources.list"
  for suite in bookworm bookworm-backports trixie trixie-backports sid; do
    echo "deb [signed-by=$key] $mirror $suite main" >>"$cache/apt/sources.list"
  done
  private_apt update -qq >&2 || die "the package lists of $mirror could not be read"
  touch "$cache/apt/updated"
}

# unpack_deb DIR PACKAGE[/SUITE]...: downloads packages through private_apt, unpacks them in DIR. Who
# comes while another does waits for it: the cache is everybody's, and a half unpacked program nobody's.
unpack_deb() {
  local dir=$1 p name lock
  shift
  mkdir -p "$dir"
  for p in "$@"; do
    name=${p%%/*}
    [ -e "$dir/.unpacked-$name" ] && continue
    exec {lock}>"$cache/unpack.lock"
    flock "$lock"
    [ -e "$dir/.unpacked-$name" ] || fetch_and_unpack "$dir" "$p" "$name"
    exec {lock}>&-
  done
}

fetch_and_unpack() { # DIR PACKAGE[/SUITE] NAME
  local dir=$1 p=$2 name=$3
  private_apt_init
  rm -f "$cache/apt/archives/${name}"_*.deb
  (cd "$cache/apt/archives" && private_apt download -qq "$p" >&2) || die "package $p could not be fetched"
  dpkg -x "$cache/apt/archives/${name}"_*.deb "$dir" || die "package $p could not be unpacked"
  rm -f "$cache/apt/archives/${name}"_*.deb
  touch "$dir/.unpacked-$name"
}

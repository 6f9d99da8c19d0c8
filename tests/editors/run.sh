#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh: Neovim (sid) and Emacs (bookworm-backports), unpacked from Debian in the cache, as clients of
# `maptrap scan --lsp`, and pre-commit (bookworm) with examples/pre-commit. Each shows a finding, cures it
# and shows none. Ends with "N passed, N failed, N skipped".
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$top/scripts/lib.sh"
at=$cache/editors
lib=usr/lib/x86_64-linux-gnu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export WORK=$work TOP=$top HOME=$work PATH=${MAPTRAP_BUILD:-$top/build}:$PATH
passed=0 failed=0

nvim_packages=(neovim/sid neovim-runtime/sid libc6/sid libgcc-s1/sid libluajit-5.1-2/sid libuv1t64/sid
  libtree-sitter0.26/sid libunibilium4/sid libutf8proc3/sid lua-lpeg/sid lua-luv/sid)
emacs_packages=(emacs-nox/bookworm-backports emacs-common/bookworm-backports
  emacs-bin-common/bookworm-backports libgccjit0/bookworm libtree-sitter0/bookworm libisl23/bookworm
  libmpc3/bookworm libmpfr6/bookworm liblcms2-2/bookworm libasound2/bookworm)
hook_packages=(pre-commit/bookworm python3-cfgv/bookworm python3-identify/bookworm nodeenv/bookworm
  python3-virtualenv/bookworm python3-yaml/bookworm python3-distlib/bookworm
  python3-filelock/bookworm python3-platformdirs/bookworm)

project() {
  rm -rf "$work/p"
  mkdir -p "$work/p"
  printf 'module example.com/p\n\ngo 1.21\n' >"$work/p/go.mod"
  cat >"$work/p/p.go" <<'GO'
package p

import "sync"

type S struct {
	mu sync.Mutex
	m  map[string]int
}

func (s *S) A(k string) { s.mu.Lock(); s.m[k] = 1; s.mu.Unlock() }
func (s *S) B(k string) { s.mu.Lock(); s.m[k] = 2; s.mu.Unlock() }
func (s *S) C(k string) {
	s.m[k] = 3
}
GO
}

verdict() { # NAME OUTPUT WANTED
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1))
    echo "ok   $1"
  else
    failed=$((failed + 1))
    printf 'FAIL %s\n--- wanted\n%s\n--- got\n%s\n' "$1" "$3" "$2"
  fi
}

edited=$(printf '13:2 maptrap inconsistent-lock\n\ts.mu.Lock()|\ts.m[k] = 3|\ts.mu.Unlock()\nended')

neovim() {
  unpack_deb "$at/nvim" "${nvim_packages[@]}"
  mkdir -p "$work/nvim/lsp"
  cp "$top/examples/maptrap.nvim.lua" "$work/nvim/lsp/maptrap.lua"
  VIMRUNTIME=$at/nvim/usr/share/nvim/runtime LUA_CPATH="$at/nvim/$lib/lua/5.1/?.so" \
    timeout 120 "$at/nvim/$lib/ld-linux-x86-64.so.2" --library-path "$at/nvim/$lib" "$at/nvim/usr/bin/nvim" \
    --headless --clean -l "$top/tests/editors/nvim.lua" 2>&1
}

emacs() {
  local share=$at/emacs/usr/share/emacs/30.1
  unpack_deb "$at/emacs" "${emacs_packages[@]}"
  EMACSLOADPATH=$(find "$share/lisp" -type d | tr '\n' ':') EMACSDATA=$share/etc EMACSDOC=$share/etc \
    LD_LIBRARY_PATH=$at/emacs/$lib timeout 240 "$at/emacs/usr/bin/emacs-nox" --batch -Q \
    -l "$top/tests/editors/eglot.el" 2>"$work/emacs.log"
}

hook() { # a commit that brings in a finding is refused, one that does not passes
  unpack_deb "$at/hook" "${hook_packages[@]}"
  export PYTHONPATH=$at/hook/usr/lib/python3/dist-packages
  cd "$work/p" || return
  git init -q . && git config user.email a@example.com && git config user.name a
  sed "s|entry: .*pre-commit,|entry: $top/examples/pre-commit,|" >.pre-commit-config.yaml <<'YAML'
repos:
  - repo: local
    hooks:
      - { id: maptrap, name: maptrap, language: system, entry: examples/pre-commit, types: [go], pass_filenames: false }
YAML
  git add -A && git commit -qm one && python3 -m pre_commit install >/dev/null
  printf '\nfunc (s *S) D() { delete(s.m, "") }\n' >>p.go
  git add -A
  git commit -qm two >"$work/hook.log" 2>&1 && echo "a new finding passed"
  grep -o 'p.go:[0-9:]* write of S.m' "$work/hook.log"
  sed -i 's/{ delete(s.m, "") }/{ s.mu.Lock(); delete(s.m, ""); s.mu.Unlock() }/' p.go
  git add -A
  git commit -qm two >>"$work/hook.log" 2>&1 && echo committed
}

project
verdict "Neovim" "$(neovim)" "$edited"
project
verdict "Emacs, eglot" "$(emacs | sed 's/maptrap \[\(.*\)\]/maptrap \1/; s/ *$//')" "$edited"
project
verdict "pre-commit" "$(hook)" "$(printf 'p.go:16:19: write of S.m\ncommitted')"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]

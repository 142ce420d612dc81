#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Larger and odder programs through the oracle, in the VM; full_prepare.sh has
# collected them. One TAP line a program.
#
# packages: bash
# files: /bin/bash

# shellcheck disable=SC2016 # what is quoted is for the programs
cd "$(dirname "$0")/programs" || exit 1
number=0

# identical PROGRAM [ARG...]
identical()
{
	local output status=0

	number=$((number + 1))
	output=$(xelf diff "$@" 2>/tmp/err) || status=$?
	if [ $status = 0 ] && [ "$output" = identical ]; then
		echo "ok $number - identical: $*"
	else
		echo "not ok $number - identical: $*"
		head -n 20 <<<"$output" | sed 's/^/# /'
		grep -v '^xelf: until this ends' /tmp/err | sed 's/^/# /'
	fi
}

for program in coreutils/*; do
	identical "$program" --version
done
# With --version they do little: these do something.
identical coreutils/sort -r /etc/passwd
identical coreutils/ls -la /usr
identical coreutils/sha256sum /usr/bin/bash
identical coreutils/cat /proc/self/maps
identical coreutils/env -i A=1 coreutils/nice -n 3 coreutils/seq 3
identical coreutils/timeout 5 coreutils/true
identical coreutils/stdbuf -o0 coreutils/true

identical bin/busybox ls -l /
identical bin/busybox sed -n 1p /etc/passwd
identical bin/busybox awk 'BEGIN { print 6 * 7 }'
identical bin/busybox sh -c 'for i in 1 2 3; do echo $i; done'
identical bin/busybox tar cf - /etc/passwd
identical /bin/bash -c 'echo "${BASH_VERSINFO[@]}"; cat <(echo sub)'
identical bin/perl -e 'print join(",", map { $_ * 2 } 1..5), "\n"'
identical bin/openssl dgst -sha256 /etc/passwd
identical bin/sqlite3 :memory: 'create table t(a); insert into t values(42); select * from t;'
identical bin/git hash-object --no-filters /etc/passwd
identical bin/fzf --version
identical bin/fzf --filter root
identical bin/gdb -nx --version
identical bin/cc1 -quiet hello.c -o /dev/stdout
identical bin/gcc-12 --version
identical bin/as --version
identical bin/ld --version
identical bin/collect2 --version

for program in odd/*; do
	case $program in
	*/klibc-cat) identical "$program" /etc/passwd ;;
	*) identical "$program" one two ;;
	esac
done
for program in bin/bash odd/static odd/static-pie odd/no-pie; do
	[ "$program" != bin/bash ] || program=/bin/bash
	number=$((number + 1))
	if xelf diff --aslr 1000 "$program" >/tmp/out 2>&1; then
		echo "ok $number - spread alike over 1,000 runs: $program"
	else
		echo "not ok $number - spread alike over 1,000 runs: $program"
	fi
	sed 's/^/# /' /tmp/out
done
echo "1..$number"

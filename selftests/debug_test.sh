#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What the kernel debug has found after other tests: the last in a VM. What it
# found at once is in its log, and scripts/vm says that. Prints TAP.

cd "$(dirname "$0")" || exit 1
# shellcheck source=selftests/tap.sh
. ./tap.sh

kmemleak=/sys/kernel/debug/kmemleak

# ---- tests ----

# It turns itself off at its first finding, and when it runs out of room.
lockdep_is_still_on()
{
	grep -Eq '^ *debug_locks: +1$' /proc/lockdep_stats ||
		fail "$(grep debug_locks /proc/lockdep_stats)"
}

# Without the module, so that what only its variables point to is a leak, too.
kmemleak_finds_nothing()
{
	[ ! -e /sys/module/binfmt_xelf ] || modprobe -r binfmt_xelf
	# An object is reported when it is five seconds old and was the same
	# in two scans.
	sleep 6
	echo scan >$kmemleak
	sleep 2
	echo scan >$kmemleak
	found=$(cat $kmemleak)
	[ -z "$found" ] || fail "$found"
}

tap_main "$@"

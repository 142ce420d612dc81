#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# That the kernel debug finds mistakes: makes one of each kind, with modules of
# the kernel's own, and looks for it in the log. Runs on the host. Prints TAP.

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/.." && pwd)
# shellcheck source=selftests/tap.sh
. "$here/tap.sh"

# All in one VM, which goes on after each.
log=$TAP_TMP/log.kernel
vm_status=0
module_files=()
for module in lkdtm kmemleak-test test_lockup; do
	file=$(find "$("$top/scripts/kernel" --root debug)/lib/modules/" -name "$module.ko")
	module_files+=(-f "$file:/modules/$module.ko")
done
# shellcheck disable=SC2016 # for the guest
"$top/scripts/vm" -k debug -t 900 --no-module --log "$log" "${module_files[@]}" -- sh -c '
	# The kernel takes these two locks the other way round. First, since what
	# the others find turns lockdep off. The module does its work when it is
	# loaded, and then refuses to be.
	address()
	{
		grep -w "$1\$" /proc/kallsyms | sed "s/ .*//; s/^/0x/"
	}
	insmod /modules/test_lockup.ko lock_mutex_ptr=$(address rtnl_mutex) \
		lock_rwsem_ptr=$(address pernet_ops_rwsem)
	insmod /modules/lkdtm.ko
	echo WRITE_AFTER_FREE >/sys/kernel/debug/provoke-crash/DIRECT
	echo ARRAY_BOUNDS >/sys/kernel/debug/provoke-crash/DIRECT
	insmod /modules/kmemleak-test.ko
	rmmod kmemleak_test
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	echo scan >/sys/kernel/debug/kmemleak
	cat /sys/kernel/debug/kmemleak
' >"$TAP_TMP/out" 2>"$TAP_TMP/err" || vm_status=$?

# logged PATTERN [LOG]
logged()
{
	grep -Eq "$1" "${2-$log}" || fail "not in the log: $1"
}

# ---- tests ----

scripts_vm_says_70()
{
	[ $vm_status = 70 ] || fail "exit status $vm_status: $(tail "$TAP_TMP/err")"
}

kasan_reports_a_write_after_free()
{
	logged 'BUG: KASAN: .*use-after-free in lkdtm_WRITE_AFTER_FREE'
}

ubsan_reports_an_index_out_of_bounds()
{
	logged 'UBSAN: array-index-out-of-bounds'
}

lockdep_reports_two_locks_taken_both_ways_round()
{
	logged 'WARNING: possible circular locking dependency detected'
}

kmemleak_reports_a_leak()
{
	logged 'kmemleak: [1-9][0-9]* new suspected memory leaks'
	grep -q 'unreferenced object' "$TAP_TMP/out" || fail "$(cat "$TAP_TMP/out")"
}

# A loader that is wrong on purpose: include/xelf/broken.h.
lockdep_reports_a_lock_that_the_loader_holds()
{
	status=0
	# What holds the lock may never end.
	# shellcheck disable=SC2016 # for the guest
	XELF_BROKEN=1 "$top/scripts/vm" -k debug -t 900 --log "$TAP_TMP/log.broken" -f /bin/true -- sh -c '
		cp /bin/true .
		xelf tag true
		echo 8 >/sys/module/binfmt_xelf/parameters/broken
		./true &
		sleep 2' >out 2>&1 || status=$?
	[ $status = 70 ] || fail "exit status $status: $(tail out)"
	logged 'WARNING: lock held when returning to user space' "$TAP_TMP/log.broken"
}

lockdep_passes_its_own_tests()
{
	logged 'Good, all [0-9]* testcases passed'
}

tap_main "$@"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Do the oracle and the tests of faults see a loader that is wrong? Runs in a VM of its own, with the
# module that include/xelf/broken.h breaks. Prints TAP.
#
# packages: coreutils
# files: /bin/true

# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

script=$(realpath "$0")
broken=/sys/module/binfmt_xelf/parameters/broken

# sees NUMBER FIELD...: with the loader broken so, these fields differ
sees()
{
	[ -e $broken ] || fail "this module is not the broken one"
	echo "$1" >$broken
	shift
	status=0
	xelf diff /bin/true >out 2>&1 || status=$?
	[ $status = 1 ] || fail "exit status $status: $(cat out)"
	for field; do
		grep -q "^$field: binfmt_elf" out || fail "$field is not found: $(cat out)"
	done
}

# the_fuzzer_sees NUMBER TEXT: within a second or two of its beginning
the_fuzzer_sees()
{
	echo "$1" >$broken
	status=0
	"$(dirname "$script")/exec_fuzz" -x -s 1 -t 60 >out 2>err || status=$?
	[ $status = 1 ] || fail "exit status $status: $(cat err)"
	sed -n '/^== finding/,/^== /p' out >finding
	grep -q "^# .*$2" finding || fail "$(cat finding)"
}

# ---- tests ----

a_whole_loader_is_identical()
{
	echo 0 >$broken
	xelf diff /bin/true >out 2>&1 || fail "$(cat out)"
	[ "$(tail -n 1 out)" = identical ] || fail "$(cat out)"
}

brk_a_page_too_high_is_seen()
{
	sees 1 stat.start_brk
	[ "$(tail -n 1 out)" = "1 difference(s)" ] || fail "$(cat out)"
}

a_missing_auxv_entry_is_seen()
{
	sees 2 auxv.AT_HWCAP2 auxv.order
}

a_page_more_is_seen()
{
	sees 3 status.VmSize 'maps.0x[0-9a-f]*' 'vmflags.0x[0-9a-f]*'
}

another_name_is_seen()
{
	sees 4 comm status.Name
}

a_register_is_seen()
{
	sees 5 'register.\(rdx\|x2\|r2\)'
	[ "$(tail -n 1 out)" = "1 difference(s)" ] || fail "$(cat out)"
}

a_byte_in_memory_is_seen()
{
	sees 6 'memory.0x[0-9a-f]*'
	[ "$(tail -n 1 out)" = "1 difference(s)" ] || fail "$(cat out)"
}

the_fuzzer_sees_a_brk_a_page_too_high()
{
	the_fuzzer_sees 1 stat.start_brk
}

the_fuzzer_sees_a_wrong_errno()
{
	the_fuzzer_sees 16 "binfmt_elf refuses it with ENOENT, binfmt_xelf refuses it with EACCES"
}

a_leak_of_the_interpreters_file_is_seen()
{
	echo 0 >$broken
	faults=${script%/*}/read_fault_test
	[ -x "$faults" ] || skip "read_fault_test is not built for this machine"
	[ ! -e /sys/kernel/debug/kmemleak ] || skip "kmemleak would complain of what is leaked on purpose"
	"$faults" >out 2>&1 || fail "$(cat out)"
	echo 7 >$broken
	! "$faults" >out 2>&1 || fail "$(cat out)"
	echo 0 >$broken
	grep -q 'soon(can_be_unmounted)' out || fail "$(cat out)"
}

tap_main "$@"

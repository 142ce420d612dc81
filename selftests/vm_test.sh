#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests of scripts/vm and scripts/kernel: the interface that others build on.
# Runs on the host. Prints TAP.

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/.." && pwd)
vm=$top/scripts/vm
# shellcheck source=selftests/tap.sh
. "$here/tap.sh"

# ends STATUS ARG...: runs scripts/vm; out and err are what it printed
ends()
{
	local want=$1 status=0

	shift
	"$vm" "$@" >out 2>err || status=$?
	[ $status = "$want" ] || fail "vm $*: exit status $status, not $want: $(cat err)"
}

# ---- tests ----

keeps_output_error_and_status_apart()
{
	# The first run on a machine installs QEMU, tries KVM, and says so.
	ends 0 -- true
	ends 3 -- sh -c 'echo to output; echo to error >&2; exit 3'
	[ "$(cat out)" = "to output" ] || fail "output: $(cat out)"
	[ "$(cat err)" = "to error" ] || fail "error: $(cat err)"
}

brings_files_and_their_libraries_byte_for_byte()
{
	head -c 3000000 /dev/urandom >data
	ends 0 -f /bin/bash -f "$PWD/data:/some/where" -- bash -c 'cat /some/where'
	cmp data out
}

loads_the_module_unless_told_not_to()
{
	ends 0 -- sh -c 'cat /sys/kernel/debug/xelf/stats; modprobe -r binfmt_xelf; modprobe binfmt_xelf'
	grep -q '^loaded 0$' out || fail "$(cat out)"
	ends 1 --no-module -- test -e /sys/module/binfmt_xelf
}

says_128_and_the_signal()
{
	# shellcheck disable=SC2016 # for the guest
	ends 143 -- sh -c 'kill -TERM $$'
}

says_70_and_shows_the_log_of_a_kernel_that_complains()
{
	ends 70 -- sh -c 'echo "BUG: not really" >/dev/kmsg'
	grep -q 'BUG: not really' err || fail "$(cat err)"
}

says_70_when_the_kernel_panics()
{
	ends 70 -- sh -c 'echo c >/proc/sysrq-trigger'
}

says_71_when_the_time_is_up()
{
	ends 71 -t 12 -- sleep 100
}

says_72_when_the_guest_ends_without_a_word()
{
	ends 72 -- poweroff -f
}

# What README shows first.
the_demonstration_shows_both_loaders()
{
	"$top/scripts/demo" >out 2>err || fail "$(cat out err)"
	for line in '^  untagged   binfmt_elf   python 3' '^  tagged     binfmt_xelf  python 3' 'refused-stale-tag 1$' \
		'^  exclusive  binfmt_xelf  hello'; do
		grep -q "$line" out || fail "no '$line' in: $(cat out)"
	done
}

the_command_in_the_readme_prints_what_it_says()
{
	# shellcheck disable=SC2016 # as README has it
	local command='xelf tag /bin/bash; bash -c "echo hi"; head -1 /sys/kernel/debug/xelf/stats'

	grep -qF -- "scripts/vm -f /bin/bash -- sh -c '$command'" "$top/README.md" || fail "README has another"
	ends 0 -f /bin/bash -- sh -c "$command"
	[ "$(cat out)" = "hi
loaded 1" ] || fail "$(cat out)"
}

refuses_bad_usage()
{
	ends 2 --nonsense -- true
	ends 2 -f "$PWD/nowhere" -- true
	ends 2 -k no-such-kernel -- true
}

counts_instructions()
{
	ends 0 --icount -- nproc
	[ "$(cat out)" = 1 ] || fail "$(cat out)"
}

kernel_prints_two_paths()
{
	"$top/scripts/kernel" 6.1 >out 2>err
	[ "$(wc -l <out)" = 2 ] || fail "$(cat out err)"
	vmlinuz=$(sed -n 's/^vmlinuz=//p' out)
	module=$(sed -n 's/^module=//p' out)
	[ -s "$vmlinuz" ] || fail "$(cat out)"
	[ -s "$module" ] || fail "$(cat out)"
}

kernel_refuses_an_unknown_name()
{
	status=0
	"$top/scripts/kernel" 0.99 >out 2>err || status=$?
	[ $status = 2 ] || fail "exit status $status: $(cat err)"
	grep -q '6\.1' err || fail "it does not say what there is: $(cat err)"
}

tap_main "$@"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The oracle, `xelf diff`, on real programs and on what can go wrong with it.
# Runs in the VM. Prints TAP.
#
# packages: bash busybox-static coreutils dash klibc-utils python3-minimal
# files: /bin/bash /bin/busybox /bin/cat /bin/dash /bin/ls /bin/sort /bin/true /usr/bin/env
# files: /usr/bin/python3 /usr/lib/python3.11 /usr/lib/klibc/bin/cat

# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

enabled=/sys/module/binfmt_xelf/parameters/enabled

# identical PROGRAM [ARG...]
identical()
{
	xelf diff "$@" >out 2>err || fail "xelf diff $*: $(cat out err)"
	[ "$(cat out)" = identical ] || fail "xelf diff $*: $(cat out)"
}

# patch FILE OFFSET BYTE: BYTE is octal
patch()
{
	printf '%b' "\\0$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# ---- tests ----

ls_is_identical()
{
	identical /bin/ls -l /
}

bash_is_identical()
{
	# shellcheck disable=SC2016 # for the inner bash
	identical /bin/bash -c 'echo "$BASH_VERSION"; (echo sub); exit 0'
}

dash_is_identical()
{
	# shellcheck disable=SC2016 # for the inner dash
	identical /bin/dash -c 'for i in 1 2 3; do echo $i >&2; done; exit 3'
}

# Its hashes are random, and with them what it takes of the heap; so is whether it finds a module
# compiled.
python_is_identical()
{
	export PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1
	identical "$(realpath /usr/bin/python3)" -c 'print(open("/proc/self/maps").read())'
}

coreutils_are_identical()
{
	identical /bin/cat /proc/self/maps
	identical /bin/sort /etc/passwd
	identical /bin/true
	identical /usr/bin/env -i A=1 /bin/true
}

a_static_program_is_identical()
{
	identical /bin/busybox echo one two
}

a_program_with_a_fixed_interpreter_is_identical()
{
	identical /usr/lib/klibc/bin/cat /etc/passwd
}

a_tagged_file_is_compared_itself()
{
	cp /bin/cat program
	xelf tag program
	identical ./program /proc/self/cmdline
}

an_untagged_file_is_left_as_it_was()
{
	cp /bin/cat program
	before=$(md5sum program)
	identical ./program /proc/self/cmdline
	[ "$(md5sum program)" = "$before" ] || fail "it was changed"
	[ "$(find /tmp -maxdepth 1 -name 'xelf-diff.*' | wc -l)" = 0 ] || fail "a copy is left behind"
}

a_script_with_a_tagged_interpreter_is_identical()
{
	cp /bin/dash program
	xelf tag program
	printf '#!%s/program -e\necho from a script\n' "$PWD" >script
	chmod +x script
	identical ./script one two
}

a_program_killed_by_a_signal_is_identical()
{
	# shellcheck disable=SC2016 # for the inner shell
	identical /bin/dash -c 'kill -SEGV $$'
}

a_program_that_does_not_end_is_ended()
{
	identical --timeout 1 /bin/dash -c 'while :; do :; done'
}

what_differs_by_itself_is_found()
{
	status 1 xelf diff /bin/cat /proc/sys/kernel/random/uuid
	grep -q '^output.000001: binfmt_elf' out || fail "$(cat out)"
}

an_exec_that_both_refuse_is_identical()
{
	cp /bin/cat program
	xelf tag program
	chmod -x program
	status 0 xelf diff ./program
	[ "$(cat out)" = "identical: each refuses it with EACCES" ] || fail "$(cat out)"
}

a_stale_tag_is_meant()
{
	cp /bin/cat program
	xelf tag program
	# e_shoff, which no loader looks at.
	patch program 40 001
	status 0 xelf diff ./program /etc/passwd
	grep -q 'refuses it with EBADMSG (stale-tag): meant so (tag-refused)$' out || fail "$(cat out)"
}

the_exclusive_form_is_meant()
{
	cp /bin/cat program
	xelf tag --exclusive program
	echo /bin/false >/proc/sys/kernel/modprobe
	status 0 xelf diff ./program /etc/passwd
	grep -q 'meant so (exclusive-form)$' out || fail "$(cat out)"
}

json_says_the_same()
{
	status 0 xelf diff --json /bin/true
	/usr/bin/python3 -c '
import json
d = json.load(open("out"))
assert d["identical"] is True and d["differences"] == [] and d["facts"] > 100, d'
	status 1 xelf diff --json /bin/cat /proc/sys/kernel/random/uuid
	/usr/bin/python3 -c '
import json
d = json.load(open("out"))
assert d["identical"] is False, d
assert d["differences"][0]["field"] == "output.000001", d
assert d["differences"][0]["rule"] is None, d'
}

the_switch_is_given_back()
{
	cp /bin/true program
	xelf tag program
	for value in N Y; do
		echo $value >$enabled
		xelf diff ./program >out 2>&1
		[ "$(cat $enabled)" = $value ] || fail "it was $value and is $(cat $enabled)"
	done
}

the_switch_is_given_back_after_an_interrupt()
{
	xelf diff --timeout 30 /bin/dash -c 'while :; do :; done' >out 2>&1 &
	until [ "$(find /tmp -maxdepth 1 -name 'xelf-diff.*' | wc -l)" != 0 ]; do sleep 0.1; done
	sleep 1
	kill -TERM $!
	wait $! || true
	[ "$(cat $enabled)" = Y ] || fail "it is $(cat $enabled)"
	[ "$(find /tmp -maxdepth 1 -name 'xelf-diff.*' | wc -l)" = 0 ] || fail "a copy is left behind"
}

the_switch_is_given_back_when_nobody_reads()
{
	echo N >$enabled
	# More than a pipe's buffer of the C library holds until the end.
	xelf diff /usr/bin/python3 -c 'import os; [print(os.urandom(64).hex()) for i in range(200)]' 2>err | :
	value=$(cat $enabled)
	echo Y >$enabled
	[ "$value" = N ] || fail "it was N and is $value: $(cat err)"
	[ "$(find /tmp -maxdepth 1 -name 'xelf-diff.*' | wc -l)" = 0 ] || fail "a copy is left behind"
}

two_at_once_do_not_mix()
{
	xelf diff /bin/true >out1 2>&1 &
	xelf diff /bin/cat /etc/passwd >out2 2>&1 &
	wait
	[ "$(tail -n 1 out1)" = identical ] || fail "$(cat out1)"
	[ "$(tail -n 1 out2)" = identical ] || fail "$(cat out2)"
}

bad_usage_is_2()
{
	status 2 xelf diff
	status 2 xelf diff /nowhere
	status 2 xelf diff --aslr 0 /bin/true
	status 2 xelf diff --timeout never /bin/true
	status 2 xelf diff /etc
}

a_missing_module_is_said()
{
	rmmod binfmt_xelf
	status 2 xelf diff /bin/true
	modprobe binfmt_xelf
	grep -q 'modprobe binfmt_xelf' err || fail "$(cat err)"
}

a_dynamic_program_is_spread_alike()
{
	status 0 xelf diff --aslr 100 /bin/cat
	[ "$(tail -n 1 out)" = "the same" ] || fail "$(cat out)"
}

a_static_program_is_spread_alike()
{
	status 0 xelf diff --aslr 100 /bin/busybox
	[ "$(tail -n 1 out)" = "the same" ] || fail "$(cat out)"
}

every_rule_is_documented()
{
	xelf diff --rules >rules
	[ "$(wc -l <rules)" -gt 1 ] || fail "$(cat rules)"
	while read -r rule; do
		grep -q "^## $rule\$" /t/differences.md || fail "differences.md has no heading $rule"
	done <rules
	# And no heading is a rule that the oracle does not know.
	sed -n 's/^## \([a-z-]*\)$/\1/p' /t/differences.md | while read -r rule; do
		grep -q "^$rule\$" rules || fail "the oracle knows no rule $rule"
	done
}

tap_main "$@"

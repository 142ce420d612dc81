#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# `xelf record` and what the other commands do with hints, on real programs.
# Runs in the VM. Prints TAP.
#
# packages: bash busybox-static python3-minimal
# files: /bin/bash /bin/busybox /bin/true /usr/bin/python3 /usr/lib/python3.11

# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

around=/sys/kernel/debug/fault_around_bytes
hints=/sys/module/binfmt_xelf/parameters/hints

# says TEXT: what was printed holds it
says()
{
	grep -qF -- "$1" out err || fail "no '$1' in: $(cat out err)"
}

# recorded FILE [ARG...]: ./busybox-x is a copy of FILE with hints, for these arguments
recorded()
{
	cp "$1" busybox-x
	shift
	status 0 xelf record ./busybox-x "$@"
	says 'pages read and'
}

# refuses REASON COMMAND...: fails for the reason, and leaves ./busybox-x as it was
refuses()
{
	reason=$1
	shift
	before=$(md5sum <busybox-x)
	status 1 "$@"
	says "($reason)"
	[ "$before" = "$(md5sum <busybox-x)" ] || fail "$*: the file has changed"
}

# identical PROGRAM [ARG...]
identical()
{
	used=$(counter hints-used)
	status 0 xelf diff "$@"
	[ "$(cat out)" = identical ] || fail "xelf diff $*: $(cat out)"
	[ "$(counter hints-used)" -gt "$used" ] || fail "xelf diff $*: its hints were not used"
}

# counter NAME
counter()
{
	sed -n "s/^$1 //p" /sys/kernel/debug/xelf/stats
}

# ---- tests ----

a_static_program_is_identical_with_hints()
{
	recorded /bin/busybox sh -c :
	identical ./busybox-x sh -c :
	identical ./busybox-x echo one two
}

a_dynamic_program_is_identical_with_hints()
{
	recorded /bin/bash -c :
	changed=$(counter hints-ignored-interpreter-changed)
	identical ./busybox-x -c 'echo one; exit 3'
	[ "$(counter hints-ignored-interpreter-changed)" = "$changed" ] || fail 'the interpreter is not known again'
	recorded /bin/true
	identical ./busybox-x
}

python_is_identical_with_hints()
{
	recorded "$(realpath /usr/bin/python3)" -c pass
	identical ./busybox-x -c 'print(open("/proc/self/maps").read())'
}

a_recorded_program_is_valid_and_its_hints_are_shown()
{
	recorded /bin/busybox true
	status 0 xelf check busybox-x
	says 'valid (version 1, hints)'
	[ ! -s err ] || fail "$(cat err)"
	status 0 xelf dump busybox-x
	says '  hints  '
	says 'program'
	status 0 xelf dump --json busybox-x
	says '"access": "write"'
}

recording_again_replaces_the_hints()
{
	recorded /bin/busybox true
	xelf tag --no-hints -o bare busybox-x
	status 0 xelf record ./busybox-x true
	status 0 xelf tag --no-hints busybox-x
	cmp busybox-x bare || fail "more than hints has changed"
}

hints_are_cut_off_again()
{
	recorded /bin/busybox true
	cp /bin/busybox tagged
	xelf tag tagged
	xelf tag --no-hints -o bare busybox-x
	cmp bare tagged || fail "tag --no-hints leaves more than the tag"
	status 0 xelf untag busybox-x
	cmp busybox-x /bin/busybox || fail "untag does not give the file back"
}

the_result_can_go_elsewhere()
{
	cp /bin/busybox busybox-x
	status 0 xelf record -o busybox-y ./busybox-x true
	cmp busybox-x /bin/busybox || fail "the file has changed"
	status 0 xelf check busybox-y
	says 'hints'
	status 0 ./busybox-y true
}

the_exclusive_form_stays_so()
{
	cp /bin/busybox busybox-x
	xelf tag --exclusive busybox-x
	status 0 xelf record ./busybox-x true
	status 0 xelf check busybox-x
	says 'exclusive, hints'
}

a_changed_trailer_is_told_of_and_ignored()
{
	recorded /bin/bash -c :
	# In the sum of the interpreter.
	size=$(stat -c %s busybox-x)
	printf x | dd of=busybox-x bs=1 seek=$((size - 12)) conv=notrunc 2>/dev/null
	status 0 xelf check busybox-x
	says '(bad-checksum)'
	was=$(counter hints-ignored-bad-checksum)
	status 0 ./busybox-x -c :
	[ "$(counter hints-ignored-bad-checksum)" = $((was + 1)) ] || fail "not counted"
}

appended_data_is_refused_without_force()
{
	cp /bin/busybox busybox-x
	echo data >>busybox-x
	refuses appended-data xelf record ./busybox-x true
	status 0 xelf record --force ./busybox-x true
	says 'warning: has 0x5 bytes after its last section'
	status 0 xelf untag busybox-x
	cp /bin/busybox appended
	echo data >>appended
	cmp busybox-x appended
}

a_program_that_cannot_be_run_is_not_changed()
{
	cp /bin/busybox busybox-x
	chmod -x busybox-x
	before=$(md5sum <busybox-x)
	status 1 xelf record ./busybox-x true
	[ "$before" = "$(md5sum <busybox-x)" ] || fail "the file has changed"
}

a_program_that_runs_another_is_refused()
{
	cp /bin/busybox busybox-x
	refuses other-program xelf record ./busybox-x sh -c 'exec /bin/true'
}

a_program_that_goes_on_is_recorded_after_the_window()
{
	cp /bin/busybox busybox-x
	status 0 xelf record -n 1 --window 200 ./busybox-x sleep 1000
	status 0 xelf check busybox-x
}

the_machines_settings_are_given_back()
{
	echo 16384 >$around
	recorded /bin/busybox true
	[ "$(cat $around)" = 16384 ] || fail "$around is $(cat $around)"
	cp /bin/busybox busybox-x
	for signal in TERM INT QUIT HUP PIPE; do
		xelf record --window 60000 ./busybox-x sleep 1000 &
		tries=0
		# The last of its settings.
		while [ "$(cat $hints)" != N ]; do
			[ $tries -lt 100 ] || fail "$hints is $(cat $hints) after ten seconds"
			sleep 0.1
			tries=$((tries + 1))
		done
		[ "$(cat $around)" = 4096 ] || fail "$around is $(cat $around)"
		kill -$signal $!
		wait $! || true
		[ "$(cat $around)" = 16384 ] || fail "$around is $(cat $around) after SIG$signal"
		[ "$(cat $hints)" = Y ] || fail "$hints is $(cat $hints) after SIG$signal"
	done
	echo 65536 >$around
}

two_at_once_wait_for_each_other()
{
	echo 16384 >$around
	cp /bin/busybox busybox-x
	cp /bin/busybox busybox-y
	xelf record --window 3000 ./busybox-x sleep 1000 >first 2>&1 &
	tries=0
	while [ "$(cat $around)" != 4096 ] && [ $tries -lt 100 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	status 0 xelf record ./busybox-y true
	says "waiting for another"
	wait $! || fail "the first: $(cat first)"
	[ "$(cat $around)" = 16384 ] || fail "$around is $(cat $around)"
	[ "$(cat $hints)" = Y ] || fail "$hints is $(cat $hints)"
	echo 65536 >$around
}

usage_is_wrong_without_a_program()
{
	status 2 xelf record
	status 2 xelf record -n 0 ./busybox-x
	status 2 xelf record --window x ./busybox-x
	status 0 xelf record --help
}

tap_main "$@"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# xelf bench: that a column is the loader that it names, and that nothing that failed counts as fast.
# Runs in the VM. Prints TAP.
#
# packages: dash e2fsprogs gnuplot-nox python3-minimal
# files: /bin/dash /bin/true /sbin/mkfs.ext4 /usr/bin/gnuplot /usr/bin/python3 /usr/lib/python3.11

# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

enabled=/sys/module/binfmt_xelf/parameters/enabled
stats=/sys/kernel/debug/xelf/stats

# says TEXT: asserts that it stands in err, which is one line but for the word on the switch
says()
{
	grep -qF -- "$1" err || fail "standard error lacks '$1': $(cat err)"
	[ "$(grep -vc 'until this ends' err)" = 1 ] || fail "more than one line: $(cat err)"
}

# refuses TEXT COMMAND...: it fails for this reason, prints nothing, and gives the switch back
refuses()
{
	text=$1
	shift
	status 1 "$@"
	says "$text"
	[ ! -s out ] || fail "it printed: $(cat out)"
	nothing_left
}

nothing_left()
{
	[ "$(cat $enabled)" = Y ] || fail "enabled is $(cat $enabled)"
	[ "$(find /tmp -maxdepth 1 -name 'xelf-bench.*' | wc -l)" = 0 ] || fail "a copy is left behind"
}

# json EXPRESSION...: Python's, of d, which is out as JSON; all must be true
json()
{
	for expression; do
		/usr/bin/python3 -c "
import json
d = json.load(open('out'))
c = d['columns']
assert $expression, d" || fail "$expression"
	done
}

counter()
{
	sed -n "s/^$1 //p" $stats
}

# tagged [PROGRAM]: ./program
tagged()
{
	xelf tag -o program "${1:-/bin/true}"
}

# as_nobody COMMAND...
as_nobody()
{
	/usr/bin/python3 -c 'import os, sys
os.setgid(65534)
os.setuid(65534)
os.execvp(sys.argv[1], sys.argv[1:])' "$@"
}

# each_says TEXT FILE: all who make a copy of it refuse it, with that one line
each_says()
{
	refuses "$1" xelf bench -n 5 "$2"
	for command in diff 'trace --compare'; do
		# shellcheck disable=SC2086 # words
		status 2 xelf $command "$2"
		says "$1"
		[ ! -s out ] || fail "it printed: $(cat out)"
	done
}

# ---- tests ----

each_loader_runs_what_its_column_says()
{
	tagged
	loaded=$(counter loaded)
	disabled=$(counter refused-disabled)
	status 0 xelf bench -n 20 --json ./program
	# Ten turns of two, and one that does not count.
	[ $(($(counter loaded) - loaded)) = 22 ] || fail "binfmt_xelf loaded $(($(counter loaded) - loaded))"
	[ $(($(counter refused-disabled) - disabled)) = 22 ] || fail "and handed on $(($(counter refused-disabled) - disabled))"
	json 'd["loader_checked"]' '[x["loader"] for x in c] == ["binfmt_elf", "binfmt_xelf"]' \
		'[x["runs"] for x in c] == [20, 20]'
}

a_slower_loader_is_seen()
{
	tagged /bin/dash
	# shellcheck disable=SC2016 # for the inner dash
	slow='read -r e <'$enabled'; [ $e != "$1" ] || while [ $((i += 1)) -lt 5000 ]; do :; done'
	status 0 xelf bench -n 20 --json ./program -c "$slow" - Y
	json 'c[0]["ratio"] is None' 'c[1]["ratio"]["value"] > 1.5' 'c[1]["ratio"]["low"] > 1'
	status 0 xelf bench -n 20 --json ./program -c "$slow" - N
	json 'c[1]["ratio"]["value"] < 0.7' 'c[1]["ratio"]["high"] < 1'
}

the_numbers_fit_together()
{
	tagged
	status 0 xelf bench -n 50 --json ./program
	json 'all(0 < x["minimum"] <= x["median"] <= x["p99"] for x in c)' \
		'abs(c[1]["ratio"]["value"] - c[1]["median"] / c[0]["median"]) < 0.001' \
		'c[1]["ratio"]["low"] <= c[1]["ratio"]["value"] <= c[1]["ratio"]["high"]' \
		'all(x["minor_faults"] > 10 and x["major_faults"] == 0 for x in c)' \
		'all(x["runs_per_second"] * x["minimum"] < 1e9 for x in c)'
}

a_copy_that_may_not_be_executed_is_told_of()
{
	cp /bin/true program
	mkdir noexec
	mount -t tmpfs -o noexec tmpfs noexec
	export TMPDIR="$PWD/noexec"
	each_says "./program: its copy in $PWD/noexec may not be executed: set TMPDIR to another directory" ./program
	[ -z "$(ls noexec)" ] || fail "left behind: $(ls noexec)"
	# That none may execute it is no fault of the copy.
	chmod -x program
	status 0 xelf diff ./program
	grep -q 'identical: each refuses it with EACCES' out || fail "$(cat out)"
	umount noexec
}

a_remedy_is_one_that_the_command_has()
{
	cp /bin/true program
	chmod 4755 program
	each_says 'use a copy, after chmod a-s (setuid-or-setgid)' ./program
	cp program copy
	chmod a-s copy
	status 0 xelf diff ./copy
	cp -L /lib/x86_64-linux-gnu/libc.so.6 library
	chmod 755 library
	each_says 'tag a copy yourself: xelf tag --force -o OUT FILE (shared-object)' ./library
	xelf tag --force -o tagged library
	status 0 xelf diff ./tagged
}

an_untagged_program_is_measured_by_a_copy()
{
	cp /bin/true program
	before=$(md5sum program)
	status 0 xelf bench -n 5 --json ./program
	json 'd["copied"] is True' 'd["loader_checked"] is True' 'd["command"] == ["./program"]'
	[ "$(md5sum program)" = "$before" ] || fail "the program was changed"
	nothing_left
}

a_program_with_nothing_tagged_is_refused()
{
	printf '#!/bin/dash\nexit 0\n' >script
	chmod +x script
	refuses '(other-loader)' xelf bench -n 5 ./script
	tagged /bin/dash
	printf '#!%s/program\nexit 0\n' "$PWD" >script
	status 0 xelf bench -n 5 ./script
}

an_exit_status_is_kept()
{
	tagged /bin/dash
	status 0 xelf bench -n 5 --json ./program -c 'exit 3'
	json 'd["exit_status"] == 3'
	status 0 xelf bench -n 5 ./program -c 'exit 3'
	grep -q 'exit status 3' out || fail "$(cat out)"
}

another_exit_status_is_refused()
{
	tagged /bin/dash
	refuses 'exit status 0 under binfmt_xelf, but exit status 1 before' \
		xelf bench -n 5 ./program -c "read -r e <$enabled; [ \$e = Y ]"
	# shellcheck disable=SC2016 # for the inner dash
	refuses '(other-status)' xelf bench -n 50 ./program -c 'echo >>count; [ $(wc -l <count) -lt 40 ]'
}

a_program_killed_by_a_signal_is_refused()
{
	tagged /bin/dash
	# shellcheck disable=SC2016 # for the inner dash
	refuses 'killed by SIGKILL' xelf bench -n 5 ./program -c 'kill -KILL $$'
}

a_failed_exec_is_no_fast_run()
{
	tagged
	chmod -x program
	refuses 'binfmt_elf does not run it: Permission denied' xelf bench -n 5 ./program
	chmod +x program
	# e_shoff, which the kernel's loader does not look at.
	printf '\001' | dd of=program bs=1 seek=40 conv=notrunc 2>/dev/null
	refuses 'binfmt_xelf does not run it: Bad message' xelf bench -n 5 ./program
	refuses 'cannot find it' xelf bench -n 5 ./nowhere
}

the_exclusive_form_is_refused()
{
	xelf tag --exclusive -o program /bin/true
	refuses '(exclusive)' xelf bench -n 5 ./program
}

the_switch_is_given_back()
{
	tagged
	for value in N Y; do
		echo $value >$enabled
		xelf bench -n 5 ./program >out 2>&1
		[ "$(cat $enabled)" = $value ] || fail "it was $value and is $(cat $enabled)"
	done
}

the_switch_is_given_back_after_a_signal()
{
	for signal in INT TERM HUP; do
		xelf bench -n 100000 /bin/true >out 2>&1 &
		until [ "$(find /tmp -maxdepth 1 -name 'xelf-bench.*' | wc -l)" != 0 ]; do sleep 0.1; done
		sleep 0.5
		kill -$signal $!
		got=0
		wait $! || got=$?
		[ $got -gt 128 ] || fail "SIG$signal: exit status $got: $(cat out)"
		nothing_left
		sleep 1
		! pidof xelf || fail "SIG$signal: a worker lives on"
	done
}

two_at_once_take_turns()
{
	xelf bench -n 20 /bin/true >out1 2>&1 &
	xelf bench -n 20 /bin/true >out2 2>&1 || fail "$(cat out2)"
	wait $! || fail "$(cat out1)"
}

several_processors_are_used()
{
	tagged
	status 0 xelf bench -n 20 -j 2 --json ./program
	json '[x["loader"] for x in c] == ["binfmt_elf", "binfmt_xelf"] * 2' \
		'[(x["cpus"], x["runs"]) for x in c] == [(1, 20)] * 2 + [(2, 40)] * 2' \
		'c[0]["scaling"] is None and c[2]["scaling"] > 0.1 and c[3]["scaling"] > 0.1' \
		'c[2]["ratio"] is None and c[3]["ratio"]["value"] > 0'
	status 0 xelf bench -n 5 -j 2 --csv ./program
	[ "$(cut -d, -f3,5 out | sort -u | tr '\n' ' ')" = '1,0 2,0 2,1 cpus,cpu ' ] || fail "$(cat out)"
	status 2 xelf bench -j 3 ./program
	says 'there are 2 processors'
}

csv_has_a_line_for_each_run()
{
	tagged
	status 0 xelf bench -n 20 --csv ./program
	[ "$(head -n 1 out)" = loader,hints,cpus,block,cpu,ns,minor_faults,major_faults ] || fail "$(head -n 1 out)"
	[ "$(grep -c '^binfmt_elf,0,1,[0-9],0,[0-9]*,[0-9]*,0$' out)" = 20 ] || fail "$(cat out)"
	[ "$(grep -c '^binfmt_xelf,0,1,[0-9],0,[0-9]*,[0-9]*,0$' out)" = 20 ] || fail "$(cat out)"
	[ "$(wc -l <out)" = 41 ] || fail "$(cat out)"
}

svg_is_drawn_by_gnuplot()
{
	tagged
	status 0 xelf bench -n 20 --svg plot.svg ./program
	grep -q '<svg' plot.svg || fail "$(head plot.svg)"
	grep -q 'binfmt_xelf, 1 cpu' plot.svg || fail "no column is named"
	status 1 xelf bench -n 20 --svg /nowhere/plot.svg ./program
}

a_missing_gnuplot_is_said_before_anything_runs()
{
	loaded=$(counter loaded)
	refuses 'apt-get install gnuplot-nox' env PATH=/nowhere /usr/bin/xelf bench --svg plot.svg /bin/true
	[ "$(counter loaded)" = "$loaded" ] || fail "it ran"
}

the_machine_is_named()
{
	tagged
	status 0 xelf bench -n 5 --json ./program
	json "d['machine']['kernel'].startswith('$(uname -r) ')" 'd["machine"]["cpus"] == 2' \
		'all(d["machine"][x] for x in ("cpu", "accelerator", "mitigations", "clocksource", "governor"))' \
		'any("5 runs are few" in x for x in d["cautions"])'
	if grep -q 'TCG' /proc/cpuinfo; then
		json '"TCG" in d["machine"]["accelerator"]' 'any("emulated" in x for x in d["cautions"])'
	fi
}

what_else_runs_is_noticed()
{
	tagged
	/bin/dash -c 'while :; do :; done' &
	status 0 xelf bench -n 300 --json ./program
	kill $!
	json 'any("other programs took" in x for x in d["cautions"])'
}

a_cold_run_reads_from_the_disk()
{
	dd if=/dev/zero of=disk bs=1M count=16 2>/dev/null
	mkfs.ext4 -q disk
	mkdir mnt
	mount -o loop disk mnt
	xelf tag -o mnt/program /bin/dash
	status 0 xelf bench -n 5 --json mnt/program -c :
	json 'all(x["major_faults"] == 0 for x in c)' 'd["cold"] is False'
	status 0 xelf bench -n 5 --json --cold mnt/program -c :
	json 'all(x["major_faults"] > 0 for x in c)' 'd["cold"] is True'
	umount mnt
}

what_stays_in_memory_is_not_called_cold()
{
	tagged
	refuses '(not-dropped)' xelf bench -n 5 --cold ./program
}

a_user_compares_two_files()
{
	chmod 755 "$TAP_TMP" "$TAP_TMP/tests" .
	tagged
	for program in ./program /bin/true; do
		as_nobody xelf bench -n 5 --json $program >out 2>err || fail "$(cat err)"
		json 'd["loader_checked"] is False' 'len(c) == 2' 'any("two files" in x for x in d["cautions"])'
		nothing_left
	done
	echo N >$enabled
	status 1 as_nobody xelf bench -n 5 ./program
	echo Y >$enabled
	says 'is off'
}

a_clock_that_counts_no_instructions_is_refused()
{
	refuses 'scripts/vm --icount' xelf bench -n 5 --unit insns /bin/true
}

bad_usage_is_2()
{
	status 2 xelf bench
	status 2 xelf bench -n 0 /bin/true
	status 2 xelf bench -n many /bin/true
	status 2 xelf bench -j 0 /bin/true
	status 2 xelf bench --json --csv /bin/true
	status 2 xelf bench --cold -j 2 /bin/true
	status 2 xelf bench --unit hours /bin/true
	status 2 xelf bench --nonsense /bin/true
	status 0 xelf bench --help
	grep -q '^usage: xelf bench' out || fail "$(cat out)"
}

a_missing_module_is_said()
{
	rmmod binfmt_xelf
	status 1 xelf bench -n 5 /bin/true
	mv err said
	status 0 xelf bench -n 5 --as-is --json /bin/true
	modprobe binfmt_xelf
	grep -q 'modprobe binfmt_xelf' said || fail "$(cat said)"
	[ "$(wc -l <said)" = 1 ] || fail "$(cat said)"
	json 'len(c) == 1 and c[0]["loader"] is None and c[0]["ratio"] is None'
}

tap_main "$@"

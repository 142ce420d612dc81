#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# xelf trace, inside the VM: what it shows of programs, tagged or not, that do odd things.
#
# Needs traced beside it.
#
# packages: bash jq
# files: /bin/bash /bin/true /usr/bin/jq

# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

here=$(cd "$(dirname "$0")" && pwd)
tracing=/sys/kernel/tracing
enabled=/sys/module/binfmt_xelf/parameters/enabled

# What of it is the machine's: x86's linker gives headers and text a segment each, and only there
# start_thread() is no inline function, and can be probed.
ld_text='segment 0 \.text'
mmap=mmap
vdso=vdso
tables=tables
start=brk
if [ "$(uname -m)" = x86_64 ]; then
	ld_text='segment 1 \.text'
	start=' start$'
fi
# Debian's programs of 32-bit ARM are Thumb code, in which there are no probes.
main='main is reached'
to_main=': to main'
no_main='^[0-9]+ faults'
to_entry=": to the program's entry point"
entry='the entry point is reached'
if [ "$(uname -m)" = armv7l ]; then
	# Nor arch_align_stack(), a macro.
	ld_text='segment 1 \.text'
	vdso=segment
	tables=vdso
	# Its entry in the table of system calls is no function that has an event.
	mmap=fault
	main='fault'
	to_main=', and what follows'
	no_main='^main is not shown: no probe can be put there'
	to_entry=$to_main
	entry='fault'
fi
# Where the kernel has no trace events of faults, they are perf's: of what access is not known, and
# not of a program that gains rights.
has_fault_events=
if [ -e $tracing/events/exceptions/page_fault_user ]; then
	has_fault_events=yes
fi

# same WANTED GOT WHAT
same()
{
	[ "$1" = "$2" ] || fail "$3: wanted '$1', got '$2'"
}

# trace STATUS ARGUMENT...: xelf trace; what it prints is in out and err
trace()
{
	trace_wanted=$1
	shift
	trace_status=0
	xelf trace "$@" >out 2>err || trace_status=$?
	same "$trace_wanted" "$trace_status" "exit status of xelf trace $*: $(cat err) $(tail -n 3 out)"
}

# shows PATTERN...: each in a line of its own, in this order
shows()
{
	shows_from=1
	for shows_pattern; do
		shows_line=$(tail -n "+$shows_from" out | grep -nE -- "$shows_pattern" | head -n 1 | cut -d: -f1)
		[ -n "$shows_line" ] || fail "no '$shows_pattern' after line $shows_from of: $(cat out)"
		shows_from=$((shows_from + shows_line))
	done
}

shows_no()
{
	if grep -E -- "$1" out; then
		fail "there is '$1'"
	fi
}

# The machine's tracing is as it was, and so is the module's switch.
clean()
{
	same "" "$(ls $tracing/instances)" "instances"
	same "" "$(cat $tracing/kprobe_events $tracing/uprobe_events)" "probes"
	same "Y" "$(cat $enabled)" "the module's switch"
}

# tagged NAME: a program
tagged()
{
	cp "$here/traced" "$1"
	xelf tag "$1"
}

# ---- tests ----

shows_the_way_of_an_untagged_program_from_fork_to_exit()
{
	trace 0 bash -c :
	shows 'fork' 'execve' 'check' 'open' 'interpreter path=/lib(64)?/ld-linux' 'commit' 'stack' 'program' 'segment' \
		'interpreter' 'segment' "$vdso" "$tables" "$start" "start-up$to_main" "exec  file .*ld-linux.*$ld_text" \
		"$mmap .*libc\.so\.6" 'mprotect' "$main" '\[heap\]' 'exit: status 0' '^loaded by binfmt_elf; exit status 0' "$no_main"
	clean
}

shows_the_steps_of_our_loader_for_a_tagged_program()
{
	cp /bin/bash tagged-bash
	xelf tag tagged-bash
	trace 0 ./tagged-bash -c :
	shows 'fork' 'execve' 'check' 'open' 'interpreter path=' 'plan' 'plan program: [24] segments' 'commit' 'committed' 'stack' \
		'program' 'segment' 'cleared' 'interpreter' 'vdso addr' 'tables' 'auxv' 'argc=3' 'brk addr' 'start pc=' \
		"$main" 'exit: status 0' '^loaded by binfmt_xelf; exit status 0'
	clean
}

each_line_fits_into_100_columns()
{
	tagged program
	trace 0 ./program
	same "" "$(grep -E '^.{101}' out || true)" "long lines"
	trace 0 --compare ./program
	same "" "$(grep -E '^.{101}' out || true)" "long lines of a comparison"
}

compares_both_loaders_phase_by_phase()
{
	tagged program
	trace 0 --compare ./program
	shows '^binfmt_elf .*\| binfmt_xelf .*difference' '^check .* ms .*\| check .* ms .*[-+]' '^commit .*\| commit .*[-+]' \
		'^program .*\| program .*[-+]' 'segment .*\|.*segment' '^start-up .*\| start-up .*[-+]' 'main is reached .*\|.*main is reached' \
		'^binfmt_elf +loaded by binfmt_elf; exit status 0' '^binfmt_xelf +loaded by binfmt_xelf; exit status 0'
	clean
	# Without a tag it is a tagged copy that is compared.
	trace 0 --compare "$here/traced"
	shows '^binfmt_xelf +loaded by binfmt_xelf'
	clean
}

a_refused_exec_shows_reason_step_and_errno()
{
	tagged program
	printf X | dd of=program bs=1 seek=24 conv=notrunc 2>/dev/null
	trace 1 ./program
	shows 'check' 'refuse reason=stale-tag step=check errno=74' 'refused by binfmt_xelf in step check: EBADMSG .*stale-tag'
	same stale-tag "$(xelf trace --json ./program 2>err | jq -r '.runs[0].loads[0].reason')" "the reason in JSON"
	clean
}

the_kernels_refusal_shows_the_errno()
{
	cp /bin/true program
	# Another machine than this.
	printf '\003' | dd of=program bs=1 seek=18 conv=notrunc 2>/dev/null
	trace 1 ./program
	shows 'refused by binfmt_elf in step check: ENOEXEC'
	echo "no program" >text
	chmod +x text
	trace 1 ./text
	shows 'refused by binfmt_elf in step check: ENOEXEC'
	clean
}

an_exec_that_is_killed_is_told()
{
	cp "$here/traced" program
	# The size in memory of its first segment, as it is linked in either class.
	printf '\000\000\000\000' | dd of=program bs=1 seek=104 conv=notrunc 2>/dev/null
	trace 1 ./program
	shows 'commit' '^killed by binfmt_elf in step program: EINVAL'
	clean
}

what_is_no_program_is_said_in_one_line()
{
	trace 1 ./missing
	trace 1 missing
	same 1 "$(wc -l <err)" "lines"
	mkdir directory
	trace 1 ./directory
	shows 'exec failed before a loader was asked: EACCES'
	trace 2
	trace 2 --timeout 0 ./program
	trace 0 --help
	clean
}

counts_100000_faults_and_loses_none_unsaid()
{
	tagged program
	trace 0 ./program touch 100000
	shows '\.\.\. and [0-9]+ more' 'exit: status 0' '^[0-9]+ faults'
	faults=$(sed -n 's/^\([0-9]*\) faults.*/\1/p' out)
	lost=$(sed -n 's/^lost: \([0-9]*\) events.*/\1/p' out)
	[ $((faults + ${lost:-0})) -ge 100000 ] || fail "$faults faults and ${lost:-0} lost"
	[ "$(wc -l <out)" -lt 1000 ] || fail "$(wc -l <out) lines"
	clean
}

says_what_did_not_fit_into_a_small_buffer()
{
	[ "$has_fault_events" ] || skip "perf's buffer has a size of its own"
	tagged program
	trace 0 --buffer 4 ./program touch 20000
	faults=$(sed -n 's/^\([0-9]*\) faults.*/\1/p' out)
	lost=$(sed -n 's/^lost: \([0-9]*\) events.*/\1/p' out)
	[ "${lost:-0}" -gt 0 ] || fail "nothing is said to be lost: $(tail -n 3 out)"
	[ $((faults + lost)) -ge 20000 ] || fail "$faults faults and $lost lost"
	[ "$(xelf trace --json --buffer 4 ./program touch 20000 | jq '.runs[0].lost_events')" -gt 0 ] || fail "not in JSON"
	clean
}

without_symbols_the_entry_point_is_the_end_of_start_up()
{
	trace 0 /bin/true
	shows "start-up$to_entry" "$entry" 'exit: status 0'
	clean
}

with_all_nothing_is_left_out()
{
	tagged program
	trace 0 --all ./program touch 500
	[ "$(grep -c "fault 0x.*${has_fault_events:+write }anon.*touch_pages" out)" -ge 500 ] || fail "$(tail -n 60 out)"
	shows_no 'and [0-9]+ more'
}

json_is_valid_and_has_both_runs()
{
	tagged program
	xelf trace --json --compare ./program >out 2>err || fail "$(cat err)"
	jq -e '.runs | length == 2' out || fail "runs"
	same "binfmt_elf binfmt_xelf" "$(jq -r '[.runs[] | .loads[-1].loader] | join(" ")' out)" "the loaders"
	jq -e '[.runs[].phases[] | select(.name == "commit")] | length == 2' out || fail "commit"
	access=${has_fault_events:+write}
	jq -e --arg access "$access" '[.runs[].phases[].events[] | select(.kind == "fault" and .cost == "minor" and
		($access == "" or .access == $access))] | length > 4' out || fail "faults"
	jq -e '[.runs[].phases[] | .took_ns] | min >= 0' out || fail "time runs backwards"
	# The program's own output does not come in between.
	xelf trace --json bash -c 'echo "}"' 2>err | jq -e .program || fail "the program's output"
	grep -q '^}$' err || fail "the program's output is lost: $(cat err)"
}

a_program_that_runs_for_ever_is_ended_by_the_clock()
{
	tagged program
	trace 0 --timeout 1 ./program for-ever
	shows 'main is reached' '^loaded by binfmt_xelf; the time was up'
	same "" "$(pidof program || true)" "what is left of it"
	clean
}

ctrl_c_ends_the_trace_and_prints_what_there_is()
{
	tagged program
	for signal in INT QUIT TERM; do
		xelf trace --timeout 60 ./program for-ever >out 2>err &
		until pidof program >/dev/null; do
			sleep 0.1
		done
		sleep 1
		kill -$signal $!
		wait $! || fail "SIG$signal: $(cat err)"
		shows 'main is reached' '; stopped by a signal'
		same "" "$(pidof program || true)" "what is left of it after SIG$signal"
		clean
	done
}

where_symbols_are_hidden_it_is_said_what_is_missing()
{
	restrict=/proc/sys/kernel/kptr_restrict
	was=$(cat $restrict)
	echo 2 >$restrict
	status=0
	xelf trace /bin/true >out 2>err || status=$?
	echo "$was" >$restrict
	same 0 $status "exit status: $(cat err)"
	grep -q 'kernel.kptr_restrict hides it' err || fail "$(cat err)"
	shows 'exit: status 0'
	clean
}

children_are_told_of_and_not_followed()
{
	tagged program
	trace 0 ./program fork
	shows 'forks: process [0-9]+, which is not followed' 'exit: status 0'
	same 1 "$(grep -c 'exit: ' out)" "exits"
}

a_program_that_crashes_shows_the_signal()
{
	tagged program
	trace 0 ./program crash
	shows 'signal 11' 'exit: killed by signal 11' '; killed by signal 11'
}

a_second_exec_is_shown_too()
{
	tagged program
	trace 0 ./program exec /bin/true
	shows 'execve' 'start pc=' 'main is reached' 'execve' 'open' 'interpreter path=' '^loaded by binfmt_elf'
	same 2 "$(grep -c '  commit$' out)" "points of no return"
}

an_exec_of_its_own_that_is_refused_is_not_the_programs()
{
	tagged program
	echo "no program" >text
	chmod +x text
	trace 0 ./program exec ./text
	shows 'execve' 'execve' '^loaded by binfmt_xelf; exit status 0'
	clean
}

a_setuid_program_is_traced()
{
	tagged program
	chown 1:1 program
	chmod 6755 program
	trace 0 ./program touch 10
	shows 'committed .*secure=1' 'segment' ${has_fault_events:+'program segment [0-9] .text'} 'exit: status 0'
	clean
}

draws_a_picture()
{
	tagged program
	trace 0 --compare --svg picture.svg ./program
	grep -q '^<svg ' picture.svg || fail "no picture"
	grep -q 'class="box".*commit' picture.svg || fail "no box for the step commit"
	trace 1 --svg /missing/picture.svg ./program
	grep -q 'the picture cannot be written' err || fail "$(cat err)"
}

no_colours_without_a_terminal()
{
	tagged program
	trace 0 ./program
	shows_no "$(printf '\033')"
}

a_file_name_does_not_command_the_terminal()
{
	odd=$(printf './x\033[2Jy')
	tagged program
	mv program "$odd"
	for option in --all --compare; do
		trace 0 "$option" "$odd"
		shows 'x\\x1b\[2Jy'
		shows_no "$(printf '\033')"
	done
}

who_is_not_root_is_told_the_remedy()
{
	chmod 755 . "$TAP_TMP" "$TAP_TMP/tests"
	su -s /bin/sh nobody -c 'xelf trace true' >out 2>err && fail "it did not fail"
	same 1 "$(wc -l <err)" "lines"
	grep -q 'needs root' err || fail "$(cat err)"
}

a_missing_tracefs_is_mounted_or_the_remedy_is_told()
{
	unshare -m sh -c 'umount -l /sys/kernel/tracing; umount -l /sys/kernel/debug; xelf trace /bin/true' >out 2>err ||
		grep -q 'mount -t tracefs' err || fail "$(cat err)"
	clean
}

without_the_module_the_kernels_loader_is_traced()
{
	rmmod binfmt_xelf
	trace 0 /bin/true
	shows 'commit' '^loaded by binfmt_elf'
	trace 2 --compare /bin/true
	grep -q 'the module is not loaded' err || fail "$(cat err)"
	modprobe binfmt_xelf
	clean
}

tap_main "$@"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The module's own life inside the VM: loading, unloading, parameters, what it shows and what it leaves behind.
#
# Needs exec_test beside it, which makes and runs the programs. Ends with the module loaded, as it began.

# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

here=$(cd "$(dirname "$0")" && pwd)
parameters=/sys/module/binfmt_xelf/parameters
stats=/sys/kernel/debug/xelf/stats

# The probe's exit status, 42, as waitpid() gives it.
good='status 10752'

# helper WORD ARGUMENT...: what exec_test can do for a script
helper()
{
	helper_word=$1
	shift
	"$here/exec_test" "--child-$helper_word" "$@"
}

# same WANTED GOT WHAT
same()
{
	[ "$1" = "$2" ] || fail "$3: wanted '$1', got '$2'"
}

loaded()
{
	sed -n 's/^loaded //p' "$stats"
}

# ours PROGRAM: it runs, and our loader did it
ours()
{
	ours_before=$(loaded)
	same "$good" "$(helper try "$1")" "$1"
	same $((ours_before + 1)) "$(loaded)" "loads of $1"
}

module_is_there()
{
	grep -q '^binfmt_xelf ' /proc/modules
}

# Those that the kernel prints for other reasons (its clock is not content with a
# busy machine, say) are none of ours: what names us or what was executed.
log_lines()
{
	dmesg | grep -E 'xelf|program|stale' | tee /dev/stderr | wc -l
}

# Each test may leave the module out, or loaded otherwise.
fresh()
{
	if module_is_there; then
		rmmod binfmt_xelf || fail "rmmod"
	fi
	echo /sbin/modprobe >/proc/sys/kernel/modprobe
	modprobe binfmt_xelf || fail "modprobe"
}

# ---- tests ----

survives_50_rounds_of_insmod_and_rmmod()
{
	fresh
	helper write program
	file=$(modinfo -F filename binfmt_xelf 2>/dev/null)
	[ -e "$file" ] || file=$(find /lib/modules/ -name 'binfmt_xelf.ko' | head -n 1)
	[ -e "$file" ] || fail "no binfmt_xelf.ko below /lib/modules"
	round=0
	while [ $round -lt 50 ]; do
		rmmod binfmt_xelf || fail "round $round: rmmod"
		if module_is_there; then
			fail "round $round: still there"
		fi
		if [ $((round % 2)) = 0 ]; then
			insmod "$file" || fail "round $round: insmod"
		else
			modprobe binfmt_xelf || fail "round $round: modprobe"
		fi
		ours ./program
		round=$((round + 1))
	done
}

loads_by_its_alias()
{
	fresh
	helper write program
	rmmod binfmt_xelf
	if module_is_there; then
		fail "still there"
	fi
	modprobe binfmt-4c45 || fail "modprobe binfmt-4c45"
	module_is_there || fail "not there"
	ours ./program
}

without_the_module_the_plain_form_runs_and_the_exclusive_one_does_not()
{
	fresh
	helper write plain
	helper write-exclusive exclusive
	ours ./plain
	ours ./exclusive
	rmmod binfmt_xelf
	echo >/proc/sys/kernel/modprobe
	same "$good" "$(helper try ./plain)" "the plain form"
	same "errno 8" "$(helper try ./exclusive)" "the exclusive form"
	if module_is_there; then
		fail "the module came by itself"
	fi
	fresh
}

switched_off_the_exclusive_form_does_not_run()
{
	fresh
	helper write-exclusive exclusive
	ours ./exclusive
	echo 0 >$parameters/enabled
	result=$(helper try ./exclusive)
	echo 1 >$parameters/enabled
	same "errno 8" "$result" "the exclusive form"
}

the_exclusive_form_brings_the_module_by_itself()
{
	fresh
	case $(uname -r) in
	[1-5].* | 6.[0-9].* | 6.1[0-3].*) ;;
	*) skip "since 6.14 the kernel asks for no module for a binary format" ;;
	esac
	helper write-exclusive exclusive
	rmmod binfmt_xelf
	same "$good" "$(helper try ./exclusive)" "the exclusive form"
	module_is_there || fail "it ran without the module"
	same 1 "$(loaded)" "loads"
}

rmmod_is_refused_as_long_as_a_tagged_program_lives()
{
	fresh
	helper write-self sleeper
	before=$(loaded)
	./sleeper --child-pause &
	sleeper=$!
	rounds=0
	while [ "$(loaded)" = "$before" ]; do
		rounds=$((rounds + 1))
		[ $rounds -lt 100 ] || fail "the sleeper does not start"
		usleep 20000
	done
	if rmmod binfmt_xelf 2>message; then
		kill $sleeper
		fail "rmmod took it away from under a program"
	fi
	cat message
	grep -qi 'temporarily unavailable\|busy\|in use' message || fail "rmmod said something else"
	module_is_there || fail "not there"
	[ "$(sed -n 's/^binfmt_xelf [0-9]* \([0-9]*\) .*/\1/p' /proc/modules)" -ge 1 ] || fail "not counted as used"
	# It is as good as before.
	helper write program
	ours ./program
	kill $sleeper
	wait $sleeper || true
	rmmod binfmt_xelf || fail "rmmod after its end"
	if module_is_there; then
		fail "still there"
	fi
	modprobe binfmt_xelf
}

a_refused_exec_does_not_keep_the_module()
{
	fresh
	helper write program
	# A byte of the header changed after tagging; a short one.
	printf '\377' | dd of=program bs=1 seek=120 conv=notrunc 2>/dev/null
	same "errno 74" "$(helper try ./program)" "a stale tag"
	same 0 "$(sed -n 's/^binfmt_xelf [0-9]* \([0-9]*\) .*/\1/p' /proc/modules)" "users"
	rmmod binfmt_xelf || fail "rmmod"
	modprobe binfmt_xelf
}

enabled_is_0_or_1_and_roots_alone()
{
	fresh
	helper write program
	same 644 "$(stat -c %a $parameters/enabled)" "mode"
	same 0:0 "$(stat -c %u:%g $parameters/enabled)" "owner"
	for value in 2 x -1 ''; do
		if printf '%s\n' "$value" 2>/dev/null >$parameters/enabled; then
			fail "enabled took '$value'"
		fi
		same Y "$(cat $parameters/enabled)" "enabled after '$value'"
	done
	if helper as-nobody sh -c "echo 0 >$parameters/enabled" 2>/dev/null; then
		fail "nobody switched it off"
	fi
	same Y "$(cat $parameters/enabled)" "enabled"
	ours ./program
	echo 0 >$parameters/enabled
	same N "$(cat $parameters/enabled)" "enabled"
	before=$(loaded)
	same "$good" "$(helper try ./program)" "switched off"
	same "$before" "$(loaded)" "loads while switched off"
	echo 1 >$parameters/enabled
	ours ./program
}

loaded_switched_off_it_leaves_tagged_files_alone()
{
	fresh
	helper write program
	rmmod binfmt_xelf
	modprobe binfmt_xelf enabled=0
	same "$good" "$(helper try ./program)" "switched off"
	same 0 "$(loaded)" "loads"
	echo 1 >$parameters/enabled
	ours ./program
	fresh
}

stats_are_for_root_alone()
{
	fresh
	same 400 "$(stat -c %a $stats)" "mode"
	same 0:0 "$(stat -c %u:%g $stats)" "owner"
	grep -q '^loaded [0-9]*$' $stats || fail "no line for loads"
	grep -q '^refused-stale-tag [0-9]*$' $stats || fail "no line for a reason"
	if grep -vq '^[a-z-]* [0-9]*$' $stats; then
		fail "a line that is not a name and a number: $(grep -v '^[a-z-]* [0-9]*$' $stats)"
	fi
	# The directory above may be closed too; the file has to be by itself.
	mode=$(stat -c %a /sys/kernel/debug)
	chmod 755 /sys/kernel/debug
	if helper as-nobody cat $stats 2>message; then
		read=yes
	fi
	chmod "$mode" /sys/kernel/debug
	[ -z "${read-}" ] || fail "nobody read them"
	grep -q 'Permission denied' message || fail "$(cat message)"
}

vdso_0_runs_programs_without_one()
{
	fresh
	helper write program
	# 21 in hexadecimal is AT_SYSINFO_EHDR, which is 33.
	./program >with || true
	grep -q '^auxv 21 ' with || fail "no AT_SYSINFO_EHDR with the vDSO"
	grep -q '\[vdso\]' with || fail "no vDSO"
	rmmod binfmt_xelf
	dmesg -c >/dev/null
	case $(uname -m) in
	x86_64) ;;
	*)
		# A signal handler could not return.
		! modprobe binfmt_xelf vdso=0 || fail "it loads with vdso=0"
		dmesg | grep -q 'no program of this machine runs without a vDSO' || fail "$(dmesg)"
		modprobe binfmt_xelf
		return
		;;
	esac
	modprobe binfmt_xelf vdso=0
	dmesg >log
	same N "$(cat $parameters/vdso)" "parameter vdso"
	grep -q 'binfmt_xelf.*vDSO' log || fail "the kernel log does not say so"
	./program >without || true
	helper write-self child
	# A C program, whose clock is then a system call.
	./child --child-report >report
	same 2 "$(loaded)" "loads"
	grep -q '^end$' without || fail "it did not run to its end"
	if grep -q '^auxv 21 \|\[vdso\]' without; then
		fail "there is a vDSO all the same"
	fi
	grep -q '^end$' report || fail "the C program did not run to its end"
	# All other entries stay, in their order.
	sed -n 's/^auxv \([^ ]*\) .*/\1/p' with | grep -v '^21$' >with.ids
	sed -n 's/^auxv \([^ ]*\) .*/\1/p' without >without.ids
	same "$(cat with.ids)" "$(cat without.ids)" "entries"
	fresh
}

vdso_cannot_be_changed_while_it_runs()
{
	fresh
	same 444 "$(stat -c %a $parameters/vdso)" "mode"
}

logs_nothing_for_an_exec()
{
	fresh
	helper write program
	helper write stale
	printf '\377' | dd of=stale bs=1 seek=120 conv=notrunc 2>/dev/null
	dmesg -c >/dev/null
	i=0
	while [ $i -lt 20 ]; do
		ours ./program
		same "errno 74" "$(helper try ./stale)" "a stale tag"
		i=$((i + 1))
	done
	same 0 "$(log_lines)" "lines in the kernel log"
}

leaves_nothing_in_debugfs()
{
	fresh
	[ -e $stats ] || fail "no $stats"
	rmmod binfmt_xelf
	if [ -e /sys/kernel/debug/xelf ]; then
		fail "/sys/kernel/debug/xelf is still there"
	fi
	modprobe binfmt_xelf
	[ -e $stats ] || fail "no $stats"
}

rmmod_is_refused_as_long_as_stats_are_open()
{
	fresh
	{
		if rmmod binfmt_xelf; then
			fail "rmmod took it away from under a reader"
		fi
		grep -q '^loaded 0$' <&3 || fail "they cannot be read any more"
	} 3<$stats
	rmmod binfmt_xelf || fail "rmmod when they were closed"
	modprobe binfmt_xelf
}

tap_main "$@"

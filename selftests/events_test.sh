#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The trace events xelf:*, inside the VM: what they say is what happened, and tools read them.
#
# packages: trace-cmd
# files: /usr/bin/trace-cmd /bin/true

# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

tracing=/sys/kernel/tracing
stats=/sys/kernel/debug/xelf/stats
enabled=/sys/module/binfmt_xelf/parameters/enabled

events='auxv brk bss check committed exec hints interpreter plan refuse segment stack start vdso'

[ -d $tracing/events ] || mount -t tracefs tracefs $tracing

# traced COMMAND...: runs it; what the events said is in the file trace
traced()
{
	echo >$tracing/trace
	echo 1 >$tracing/events/xelf/enable
	"$@" || true
	echo 0 >$tracing/events/xelf/enable
	sed -n 's/.* \(xelf_[a-z]*\): /\1 /p' $tracing/trace >trace
}

# field EVENT NAME [PATTERN]: the value of a field, in each line of the event that matches
field()
{
	sed -n "/^xelf_$1 .*${3-}/s/.* $2=\([^ ]*\).*/\1/p" trace
}

# same WANTED GOT WHAT
same()
{
	[ "$1" = "$2" ] || fail "$3: wanted '$1', got '$2'"
}

# hex NUMBER: as the events print addresses
hex()
{
	printf '0x%x' "$1"
}

counter()
{
	sed -n "s/^$1 //p" $stats
}

# A program with an interpreter, and one without: the VM's own shell.
programs()
{
	cp /bin/true dynamic
	cp /bin/busybox .
	xelf tag dynamic busybox
}

# patch FILE OFFSET: another byte there
patch()
{
	printf X | dd of="$1" bs=1 seek="$(($2))" conv=notrunc 2>/dev/null
}

# ---- tests ----

each_event_is_there()
{
	# shellcheck disable=SC2086,SC2012 # words; the names are ours
	same "$(printf 'xelf_%s\n' $events)" \
		"$(ls -d $tracing/events/xelf/xelf_* | sed 's/.*\///' | sort)" "the events"
}

no_event_has_a_gap_that_shows_old_memory()
{
	for event in $events; do
		format=$tracing/events/xelf/xelf_$event/format
		awk -v name="$format" '
			/field:/ && !/common_/ {
				match($0, /offset:[0-9]+/); offset = substr($0, RSTART + 7, RLENGTH - 7)
				match($0, /size:[0-9]+/); size = substr($0, RSTART + 5, RLENGTH - 5)
				if (offset != end + 8) { print name ": a gap before" $0; bad = 1 }
				end = offset + size - 8
			}
			END {
				if (!end || end % 8) { print name ": " end " bytes, a gap at the end"; bad = 1 }
				exit bad
			}' "$format" || fail "gaps"
	done
}

an_exec_says_each_step_in_its_order()
{
	programs
	traced ./dynamic
	# On a kernel before 6.7 an interpreter's bss comes after its segments, else after each.
	same "xelf_check xelf_interpreter xelf_plan xelf_committed xelf_segment xelf_bss xelf_segment xelf_bss xelf_vdso xelf_auxv xelf_stack xelf_brk xelf_start xelf_exec" \
		"$(cut -d' ' -f1 trace | uniq | tr '\n' ' ' | sed 's/ $//')" "the events"
	same "program interpreter" "$(field plan image | tr '\n' ' ' | sed 's/ $//')" "the plans"
	same "$(field plan segments program)" "$(field segment image | grep -c program)" "segments of the program"
	same "$(field plan segments image=interpreter)" "$(field segment image | grep -c interpreter)" "segments of the interpreter"
	same "$(tr '\0' '\n' <dynamic | grep -am1 '^/lib.*/ld-linux')" "$(field interpreter path)" "the interpreter"
	same 0 "$(field interpreter errno)" "the interpreter's errno"
	same "$PWD/dynamic" "$PWD/$(basename "$(field exec path)")" "path"
	same "0 start ok" "$(field exec errno) $(field exec step) $(field exec reason)" "the result"
}

without_an_interpreter_no_event_tells_of_one()
{
	programs
	traced ./busybox true
	same "" "$(grep -E 'xelf_interpreter|image=interpreter' trace || true)" "the interpreter"
	same 0 "$(field exec open)$(field exec interpreter | tr -d 0)" "its steps"
	same 0x0 "$(field auxv base)" AT_BASE
}

what_it_says_is_what_the_program_sees()
{
	programs
	traced ./busybox sh -c '
		tr "\0" "\n" </proc/$$/environ >environ
		cat /proc/$$/stat >stat
		cat /proc/$$/maps >maps
		:' - one two
	same 7 "$(field stack argc | head -n 1)" argc
	same "$(wc -l <environ)" "$(field stack envc | head -n 1)" envc
	# shellcheck disable=SC2046 # numbers
	set -- $(sed 's/.*) //' stat)
	shift 23
	same "$(hex "$1")-$(hex "$2")" "$(field brk code | head -n 1)" "start_code and end_code"
	same "$(hex "$3")" "$(field stack sp | head -n 1)" start_stack
	same "$(hex "$3")" "$(field start sp | head -n 1)" "the first stack pointer"
	shift 19
	same "$(hex "$1")-$(hex "$2")" "$(field brk data | head -n 1)" "start_data and end_data"
	same "$(hex "$3")" "$(field brk addr | head -n 1)" start_brk
	sed '/^xelf_exec/q' trace | sed -n '/^xelf_segment/s/.* addr=0x\([^ ]*\).*/\1/p' >addresses
	while read -r addr; do
		grep -q "^0*$addr-" maps || fail "no mapping begins at $addr: $(cat maps)"
	done <addresses
	grep "vdso" maps | grep -q "^$(field vdso addr | head -n 1 | sed s/0x//)-" ||
		fail "the vDSO is not at $(field vdso addr | head -n 1): $(cat maps)"
}

the_times_of_the_steps_add_up()
{
	programs
	traced ./dynamic
	awk '/^xelf_exec/ {
		for (i = 2; i <= NF; i++) {
			split($i, part, "=")
			if (part[1] == "total")
				total = part[2]
			else if (part[1] !~ /^(path|errno|step|reason)$/) {
				sum += part[2]; steps++
				# The file has no hints.
				if ((part[2] <= 0) != (part[1] == "hints")) { print $i; bad = 1 }
			}
		}
	} END { print steps, sum, total; exit bad || !total || sum != total || steps != 12 }' trace ||
		fail "$(cat trace)"
}

a_refused_exec_says_why_where_and_the_errno()
{
	programs
	patch dynamic 24
	before=$(counter ended-check)
	traced ./dynamic
	same "stale-tag check 74" "$(field refuse reason) $(field refuse step) $(field refuse errno)" "refused"
	same "stale-tag check 74" "$(field exec reason) $(field exec step) $(field exec errno)" "summed up"
	same 0 "$(field exec start)" "the time of a step that was not reached"
	same $((before + 1)) "$(counter ended-check)" "ended-check"
	same "" "$(grep xelf_committed trace || true)" "the point of no return"
}

a_missing_interpreter_is_refused_in_the_step_open()
{
	programs
	# Its path is not among the bytes that the tag vouches for.
	patch dynamic "$(xelf dump --json dynamic | awk '/"type_name"/ { name = $2 }
		/"offset"/ && name ~ /PT_INTERP/ { gsub(/[",]/, "", $2); print $2 }')"
	before=$(counter ended-open)
	traced ./dynamic
	same "interpreter-not-opened open 2" "$(field refuse reason) $(field refuse step) $(field refuse errno)" "refused"
	same 2 "$(field interpreter errno)" "the interpreter's errno"
	same $((before + 1)) "$(counter ended-open)" "ended-open"
}

switched_off_it_says_that_it_left_the_file_alone()
{
	programs
	echo 0 >$enabled
	traced ./dynamic
	echo 1 >$enabled
	same "disabled 8" "$(field refuse reason) $(field refuse errno)" "refused"
	same 1 "$(wc -l <trace)" "events"
}

an_untagged_program_has_no_events()
{
	traced /bin/true
	same "" "$(cat trace)" "events"
}

a_path_is_cut_to_255_bytes()
{
	programs
	deep=$PWD
	while [ ${#deep} -lt 400 ]; do
		deep=$deep/0123456789012345678901234567890123456789
	done
	mkdir -p "$deep"
	cp dynamic "$deep/dynamic"
	traced "$deep/dynamic"
	path=$(field exec path)
	same 255 ${#path} "length"
	case $deep in
	"$path"*) ;;
	*) fail "$path is not how $deep begins" ;;
	esac
}

no_address_of_the_kernel_is_shown()
{
	case $(uname -m) in
	# User space ends at 0xbf000000, where modules are; the kernel is above them.
	arm*) address='0x(bf|[c-f][0-9a-f])[0-9a-f]{6}' ;;
	*) address='0x[89a-f][0-9a-f]{15}' ;;
	esac
	# It would be seen: the kernel's first instruction, and one of the module's.
	for symbol in _stext xelf_load_binary; do
		sed -n "s/^\([0-9a-f]*\) . $symbol\(\t.*\)*$/0x\1/p" /proc/kallsyms >found
		grep -qxE "$address" found || fail "$symbol is not like an address of the kernel: $(cat found)"
	done
	programs
	traced ./dynamic
	[ -s trace ] || fail "nothing was traced"
	same "" "$(grep -wE "$address" trace || true)" "kernel addresses"
}

tracing_that_begins_or_ends_during_execs_does_no_harm()
{
	programs
	(
		i=0
		while [ $i -lt 40 ]; do
			./busybox true
			i=$((i + 1))
		done
	) &
	i=0
	while [ $i -lt 10 ]; do
		echo 1 >$tracing/events/xelf/xelf_exec/enable
		echo 0 >$tracing/events/xelf/xelf_exec/enable
		i=$((i + 1))
	done
	wait
	traced ./dynamic
	same 0 "$(field exec errno)" "an exec afterwards"
}

trace_cmd_records_and_reports_them()
{
	need trace-cmd
	programs
	trace-cmd record -q -e xelf ./dynamic >log 2>&1 || fail "$(cat log)"
	trace-cmd report >said 2>&1 || fail "trace-cmd report"
	grep -q 'xelf_segment: *image=interpreter index=[01] offset=0x0 addr=0x[0-9a-f]* size=0x[0-9a-f]* prot=r-[-x]' said ||
		fail "$(cat said)"
	grep -q 'xelf_exec: *path=.*dynamic errno=0 step=start reason=ok check=' said || fail "$(cat said)"
	if grep -iE 'failed|\[FAIL' said; then
		fail "trace-cmd does not understand an event"
	fi
}

tap_main "$@"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's own selftests under both loaders, inside the VM: kernel_test.sh LIST
#
# Each line of the list is a test, SUITE/NAME, in the directory of the list, and perhaps the reason why it cannot be run.
# Every program that a test may execute is tagged: the test, what was built with it, and those of Debian's that are named
# here. So the module's parameter alone chooses the loader, of the same files. Prints TAP: ok is the same verdict of both.
#
# packages: bash busybox-static coreutils libc-bin perl-base python3-minimal
# files: /bin/bash /bin/bash:/bin/sh /bin/sleep /bin/true /usr/bin/getconf /usr/bin/perl /usr/bin/python3
# files: /usr/lib/python3.11

list=$1
top=$(cd "$(dirname "$0")" && pwd)
enabled=/sys/module/binfmt_xelf/parameters/enabled
stats=/sys/kernel/debug/xelf/stats

# This script has a busybox of its own, so that only the tests execute tagged programs.
own=/run/own
if [ "${KERNEL_TEST_PATH-}" = "" ]; then
	mkdir -p $own
	cp /bin/busybox $own/
	$own/busybox --install -s $own
	export KERNEL_TEST_PATH="$PATH"
	PATH=$own
	exec $own/sh "$0" "$@"
fi
tests_path=$KERNEL_TEST_PATH
unset KERNEL_TEST_PATH

# tag_all: whatever is a program. What the tool refuses is said, with its reason.
tag_all()
{
	{
		find "$top" -type f -perm -100
		echo /usr/bin/busybox
		sed -n 's/^# files: //p' "$0" | tr ' ' '\n' | sed 's/.*://'
	} | while read -r file; do
		[ "$(head -c 4 "$file" 2>/dev/null)" = "$(printf '\177ELF')" ] || continue
		/usr/bin/xelf tag "$file" 2>$own/refused || sed 's/^/# not tagged: /' $own/refused
	done
}

# counted PATTERN: the sum of the module's counters whose names match
counted()
{
	awk -v "pattern=^($1)\$" '$1 ~ pattern { sum += $2 } END { print sum + 0 }' $stats
}

# limit NAME: seconds for a test; what needs longer in an emulator, and ends
limit()
{
	case $1 in
	syscall_numbering_64) echo 240 ;;
	*) echo 60 ;;
	esac
}

# arguments NAME: without them it takes hours in an emulator
arguments()
{
	case $1 in
	run_param_test.sh) echo -r 1 -t 2 ;;
	esac
}

# end_session ID: ends what a test has left behind
end_session()
{
	cat /proc/[0-9]*/stat 2>/dev/null |
		awk -v "session=$1" '{ sub(/[(].*[)]/, "name"); if ($6 == session) print $1 }' |
		xargs -r kill -KILL 2>/dev/null
}

# under N SUITE NAME: with the module's parameter enabled N, in a fresh directory. What it comes to is in $own/verdictN
# (one line: what the exit status means), subtestsN, loadedN, execsN (that were tagged) and outputN.
under()
{
	rm -rf $own/tests
	mkdir $own/tests
	# Links: no test writes to a file that it was built with, and some have 50 MB.
	mkdir -p "$own/tests/$2"
	cp -al "$top/$2/." "$own/tests/$2/"
	limit=$(limit "$3")
	echo "$1" >$enabled
	loaded=$(counted loaded)
	# As the kernel's loader has to, of a program that cannot be mapped here.
	killed=$(counted 'killed-.*')
	execs=$(counted 'loaded|refused-.*|killed-.*')
	start=$(date +%s)
	(
		cd "$own/tests/$2" || exit 1
		PATH=$tests_path
		export PATH
		# shellcheck disable=SC2046 # words
		exec $own/setsid $own/timeout -s KILL "$limit" "./$3" $(arguments "$3")
	) >"$own/output$1" 2>&1 </dev/null &
	session=$!
	# The shell's word on a process that was killed is not wanted.
	wait $session 2>/dev/null
	status=$?
	elapsed=$(($(date +%s) - start))
	end_session $session
	echo 1 >$enabled
	loaded=$(($(counted loaded) - loaded))
	echo $(($(counted 'loaded|refused-.*|killed-.*') - execs)) >"$own/execs$1"
	echo $loaded >"$own/loaded$1"
	echo $(($(counted 'killed-.*') - killed)) >"$own/killed$1"

	case $status in
	0) echo pass ;;
	4) echo skip ;;
	137)
		if [ $elapsed -ge "$limit" ]; then
			echo "time is up after $limit seconds"
		else
			echo "killed by signal 9"
		fi
		;;
	12[89] | 1[3-9]?) echo "killed by signal $((status - 128))" ;;
	*) echo "fail (exit status $status)" ;;
	esac >"$own/verdict$1"
	# Addresses, process numbers and times are not the same twice.
	grep -E '^[[:space:]#]*(not )?ok |\[(OK|FAIL|SKIP|PASS|WARN|NOTE|INFO)\]' "$own/output$1" |
		sed -E 's/0x[0-9a-f]+/ADDRESS/g; s/[0-9a-f]{8,}/ADDRESS/g; s/[0-9]+/N/g' >"$own/subtests$1"
}

# difference: says what is not the same, if anything is not
difference()
{
	if [ "$(cat $own/verdict0)" != "$(cat $own/verdict1)" ]; then
		echo "$(cat $own/verdict0) under the kernel's loader, $(cat $own/verdict1) under binfmt_xelf"
	elif [ "$(cat $own/loaded0)" -ne 0 ]; then
		echo "binfmt_xelf loaded $(cat $own/loaded0) though it was switched off"
	elif [ "$(cat $own/loaded1)" -eq 0 ] && [ "$(cat $own/killed1)" -eq 0 ]; then
		echo "$(cat $own/verdict0) under the kernel's loader, and binfmt_xelf loaded nothing"
	elif grep -q '^time' $own/verdict0; then
		:
	elif ! cmp -s $own/subtests0 $own/subtests1; then
		echo "$(cat $own/verdict0) under both loaders, but not in each subtest"
	elif [ "$(cat $own/execs0)" -ne "$(cat $own/execs1)" ]; then
		echo "$(cat $own/execs0) programs executed under the kernel's loader, $(cat $own/execs1) under binfmt_xelf"
	fi
}

# show_different: what each loader's run had to say
show_different()
{
	diff -U0 $own/subtests0 $own/subtests1 | sed -n '/^[-+][^-+]/s/^/#   /p' | head -n 20
	for on in 0 1; do
		tail -n 5 $own/output$on | sed "s/^/#   enabled=$on: /"
	done
}

# show_equal: why it did not pass
show_equal()
{
	if ! grep -q '^pass' $own/verdict1; then
		{
			grep -E '^not ok|\[FAIL\]|SKIP' $own/output1 || tail -n 1 $own/output1
		} | head -n 3 | sed 's/^[[:space:]]*/#   /'
	fi
}

number=0
tag_all
while read -r name reason; do
	number=$((number + 1))
	# On real hardware, and under KVM, it does no harm.
	if [ "$name" = x86/sysret_ss_attrs_64 ] && grep -q 'QEMU TCG' /proc/cpuinfo; then
		reason="QEMU's emulation of a far return reads the user's stack as the kernel, which then oopses"
	fi
	if [ -n "$reason" ]; then
		echo "ok $number - $name # SKIP $reason"
		continue
	fi
	began=$(date +%s)
	# What depends on timing may differ by chance.
	for try in 1 2 3 4; do
		under 0 "${name%/*}" "${name##*/}"
		under 1 "${name%/*}" "${name##*/}"
		different=$(difference)
		[ -n "$different" ] || break
		echo "# $name: $different; try $try of 4"
		[ $try != 1 ] || show_different
	done
	if [ -n "$different" ]; then
		echo "not ok $number - $name: $different"
	else
		echo "ok $number - $name: $(cat $own/verdict1) under both loaders"
		show_equal
	fi
	echo "#   binfmt_xelf loaded $(cat $own/loaded1); $(wc -l <$own/subtests1) subtests; $(($(date +%s) - began)) s"
done <"$list"
echo "1..$number"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Real programs under both loaders, in the VM: what they print, their mappings,
# their auxiliary vector, their system calls. Prints TAP.
#
# packages: bash busybox-static coreutils dash klibc-utils python3-minimal strace
# files: /bin/bash /bin/busybox /bin/cat /bin/dash /bin/ls /bin/true /usr/bin/python3 /usr/lib/python3.11
# files: /usr/lib/klibc/bin/cat /usr/bin/strace

# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

enabled=/sys/module/binfmt_xelf/parameters/enabled
stats=/sys/kernel/debug/xelf/stats

# Of 32 bits: half as much, and addresses as short as other numbers.
auxv_min=300
digits=9
if [ "$(uname -m)" = armv7l ]; then
	auxv_min=150
	digits=6
fi

# loaded: how many programs our loader has loaded
loaded()
{
	sed -n 's/^loaded //p' $stats
}

# tagged FILE: a tagged copy here, called program
tagged()
{
	need "$1"
	cp "$1" program
	xelf tag program
}

# under N COMMAND...: with the module's parameter enabled N; output, error and
# status go to outN. That our loader was used, or not, is checked.
under()
{
	on=$1
	shift
	echo "$on" >$enabled
	before=$(loaded)
	status=0
	"$@" >"out$on" 2>&1 || status=$?
	after=$(loaded)
	echo 1 >$enabled
	# On a line of its own, however the output ends.
	printf '\nexit status %s\n' "$status" >>"out$on"
	case $on in
	0) [ "$after" -eq "$before" ] || fail "switched off, it loaded $((after - before))" ;;
	1) [ "$after" -gt "$before" ] || fail "it was not loaded by binfmt_xelf" ;;
	esac
}

# same COMMAND...: the command does the same under both loaders, addresses
# included. Without randomisation, since these print addresses.
same()
{
	echo 0 >/proc/sys/kernel/randomize_va_space
	under 0 "$@"
	under 1 "$@"
	echo 2 >/proc/sys/kernel/randomize_va_space
	diff -u out0 out1 || fail "$* differs"
	grep -q "^exit status 0$" out1 || fail "$(cat out1)"
}

# ---- tests ----

bash_does_the_same()
{
	tagged /bin/bash
	# The processes' numbers differ; nothing else may.
	# shellcheck disable=SC2016 # for the inner bash
	same ./program -c 'echo "$BASH_VERSION $((6 * 7))"; cat /proc/self/maps; cat <(echo sub)'
}

dash_does_the_same()
{
	tagged /bin/dash
	# shellcheck disable=SC2016
	same ./program -c 'for i in 1 2 3; do echo $i; done; cat /proc/self/environ'
}

ls_does_the_same()
{
	tagged /bin/ls
	same ./program -l / /proc/self/exe -d
}

python_does_the_same()
{
	tagged "$(realpath /usr/bin/python3)"
	# Else the second finds its modules compiled.
	export PYTHONDONTWRITEBYTECODE=1
	same ./program -c 'import sys; print(sys.version, id(sys), open("/proc/self/maps").read())'
}

a_static_program_has_the_same_mappings()
{
	tagged /bin/busybox
	# It does what its name says.
	mv program busybox
	same ./busybox cat /proc/self/maps
	grep -q 'vdso' out1 || fail "no vDSO: $(cat out1)"
}

a_dynamic_program_has_the_same_mappings()
{
	tagged /bin/cat
	same ./program /proc/self/maps
	grep -q 'vdso' out1 || fail "no vDSO: $(cat out1)"
}

a_program_with_a_fixed_interpreter_has_the_same_mappings()
{
	tagged /usr/lib/klibc/bin/cat
	same ./program /proc/self/maps
}

the_auxiliary_vector_of_proc_is_the_same()
{
	tagged /bin/cat
	same ./program /proc/self/auxv
	[ "$(wc -c <out1)" -gt $auxv_min ] || fail "it is too short"
}

ld_show_auxv_is_the_same()
{
	tagged /bin/true
	export LD_SHOW_AUXV=1
	same ./program
	unset LD_SHOW_AUXV
	grep -q AT_SYSINFO_EHDR out1 || fail "$(cat out1)"
}

# But for random addresses: their lengths stay, their digits do not.
ld_show_auxv_is_the_same_but_for_random_addresses()
{
	tagged /bin/true
	export LD_SHOW_AUXV=1
	under 0 ./program
	under 1 ./program
	unset LD_SHOW_AUXV
	for out in out0 out1; do
		sed -E "s/0x[0-9a-f]{$digits,}/ADDRESS/" $out >$out.masked
	done
	diff -u out0.masked out1.masked
	cmp -s out0 out1 && fail "nothing is random: $(cat out1)"
	true
}

stat_is_the_same()
{
	tagged /bin/cat
	# Fields 26 to 28 and 45 to 51 are addresses; times and the process's
	# own number differ from run to run.
	echo 0 >/proc/sys/kernel/randomize_va_space
	for on in 0 1; do
		under $on ./program /proc/self/stat
		cut -d ' ' -f '26-28,45-51' "out$on" >"fields$on"
	done
	echo 2 >/proc/sys/kernel/randomize_va_space
	diff -u fields0 fields1
}

# Parent and child each have their file, since they run side by side. Numbers of
# processes and random bytes differ.
strace_follows_a_tagged_program()
{
	tagged /bin/dash
	mkdir empty
	echo 0 >/proc/sys/kernel/randomize_va_space
	for on in 0 1; do
		# shellcheck disable=SC2016 # for the inner shell
		under $on sh -c 'cd empty && exec strace -ff -o ../trace$1 ../program -c "(exit 3); echo done"' - "$on"
		# The scheduler decides whether the signal comes before or after wait4 returns.
		for trace in trace"$on".*; do
			sed -E '/^--- SIGCHLD|^(rt_)?sigreturn/d
				s/getrandom\("[^"]*"/getrandom("R"/; s/si_pid=[0-9]+/si_pid=N/; s/si_([us]time)=[0-9]+( \/\* [0-9.]+ s \*\/)?/si_\1=N/g; s/wait4\([0-9]+/wait4(N/
				s/(clone|getpid|getppid|set_tid_address|wait4)(\(.*= )[0-9]+$/\1\2N/' "$trace"
		done >"calls$on"
	done
	echo 2 >/proc/sys/kernel/randomize_va_space
	grep -q '^execve("../program"' calls1 || fail "$(cat calls1)"
	grep -q 'exited with 3' calls1 || fail "the child was not followed: $(cat calls1)"
	diff -u calls0 calls1
}

an_exclusive_program_runs()
{
	cp /bin/ls program
	xelf tag --exclusive program
	under 1 ./program -d /
	[ "$(head -n 1 out1)" = / ] || fail "$(cat out1)"
	under 0 sh -c 'exec ./program -d /'
	grep -q '^exit status 0$' out0 && fail "it ran without the module's help: $(cat out0)"
	true
}

a_hundred_at_once()
{
	tagged /bin/true
	before=$(loaded)
	pids=
	i=0
	while [ $i -lt 100 ]; do
		./program &
		pids="$pids $!"
		i=$((i + 1))
	done
	for pid in $pids; do
		wait "$pid" || fail "exit status $?"
	done
	[ $(($(loaded) - before)) -eq 100 ] || fail "loaded $(($(loaded) - before)) of 100"
}

tap_main "$@"

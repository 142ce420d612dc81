#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What other parts of the kernel keep from a program, or tell of it, is the same
# whether it is tagged or not; and who is not root learns nothing of the module.
# Prints TAP.
#
# packages: apparmor attr auditd coreutils
# files: /usr/sbin/apparmor_parser /usr/sbin/auditctl /usr/bin/setfattr /bin/true /usr/bin/sha256sum

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/tap.sh
. "$here/tap.sh"

debugfs=/sys/kernel/debug
stats=$debugfs/xelf/stats
parameters=/sys/module/binfmt_xelf/parameters
security=/sys/kernel/security
grep -q " $security " /proc/mounts || mount -t securityfs none $security 2>/dev/null
ima=$security/ima

# make_both PROGRAM: two copies, the second one tagged, where everybody may look
make_both()
{
	dir=$(mktemp -d /tmp/security.XXXXXX)
	chmod 755 "$dir"
	cd "$dir"
	mkdir plain tagged
	cp "$1" plain/
	cp "$1" tagged/
	xelf tag "tagged/${1##*/}"
}

loaded()
{
	sed -n 's/^loaded //p' $stats
}

# run_as PROGRAM LOADS COMMAND...: runs it, with what it prints in PROGRAM.out; our loader did it
# LOADS times if PROGRAM is tagged, and never if it is plain; sets status
run_as()
{
	run_program=$1
	loads=$2
	shift 2
	[ "$run_program" = tagged ] || loads=0
	before=$(loaded)
	status=0
	"$@" >"$run_program.out" 2>&1 || status=$?
	after=$(loaded)
	[ $((after - before)) = "$loads" ] ||
		fail "$run_program: $((after - before)) loads by binfmt_xelf, not $loads: $(cat "$run_program.out")"
}

# both LOADS COMMAND...: under each loader the command, in which @ is the program, prints the same;
# our loader does it LOADS times
both()
{
	both_loads=$1
	shift
	for program in plain tagged; do
		run_as $program "$both_loads" sh -c "$(echo "$*" | sed "s/@/$program/g")"
		echo "status $status" >>$program.out
		sed -i "s/\<$program\>/@/g" $program.out
	done
	cmp plain.out tagged.out || fail "$(tail plain.out tagged.out)"
}

# sees PATTERN: in what the tagged program printed
sees()
{
	grep -q "$1" tagged.out || fail "$1 is not in: $(cat tagged.out)"
}

# refused COMMAND...: to nobody, for want of the right
refused()
{
	! su nobody -s /bin/sh -c "$*" >out 2>&1 || fail "nobody may: $*"
	grep -q 'Permission denied\|permission denied' out || fail "$(cat out)"
}

# The policy can be written once.
ima_policy()
{
	[ -d $ima ] || skip "this kernel has no IMA"
	[ ! -e /run/ima-policy ] || return 0
	chown 0 "$ima/policy" 2>/dev/null || skip "IMA's policy cannot be written"
	printf '%s\n' 'measure func=BPRM_CHECK mask=MAY_EXEC' \
		'appraise func=BPRM_CHECK fowner=1234' >$ima/policy || fail "IMA does not take the policy"
	: >/run/ima-policy
}

# What the records say of a program: types, result, paths, arguments.
records()
{
	dmesg | sed -n "/$1-begin/,\$p" | grep -o 'audit: type=13[0-9]*.*' |
		grep -e "exe=\"$dir/$1/true\"" -e "name=\"" -e 'argc=' |
		sed "s/audit([^)]*)//g; s/\(pid\|ppid\|inode\|a[0-3]\|ses\)=[0-9a-f]*//g; s/\<$1\>/@/g"
}

# ---- tests ----

the_modules_files_are_for_root_alone()
{
	[ "$(stat -c '%a %u' $stats)" = '400 0' ] || fail "$(stat $stats)"
	for parameter in enabled hints; do
		[ "$(stat -c '%a %u' $parameters/$parameter)" = '644 0' ] || fail "$(stat $parameters/$parameter)"
		refused "echo 0 >$parameters/$parameter"
	done
	# Also where somebody has opened the directory to all.
	mode=$(stat -c %a $debugfs)
	chmod 755 $debugfs
	refused "cat $stats"
	chmod "$mode" $debugfs
}

trace_events_have_no_address_of_the_kernel()
{
	events=/sys/kernel/tracing/events/xelf
	[ -d $events ] || skip "this kernel has no trace events"
	refused "cat $events/xelf_exec/format"
	formats=$(cat $events/*/format)
	[ -n "$formats" ] || fail "no events"
	! echo "$formats" | grep 'print fmt' | grep '%p' || fail "a pointer is printed"
	! echo "$formats" | grep 'field:.*struct .*\*' || fail "a pointer is recorded"
}

apparmor_confines_a_tagged_program_as_an_untagged_one()
{
	[ -d $security/apparmor ] || skip "this kernel has no AppArmor, or it is off"
	make_both /usr/bin/busybox
	echo secret >secret
	echo open >open
	both 1 './@/busybox cat secret'
	sees '^secret$'
	cat >profile <<-END
		profile xelf-test $dir/{plain,tagged}/busybox {
			/** r,
			$dir/** rix,
			deny $dir/secret rw,
		}
	END
	apparmor_parser --base "$dir" -K -r profile >parser.out 2>&1 || fail "$(cat parser.out)"
	both 1 './@/busybox cat open secret'
	both 1 './@/busybox cat /proc/self/attr/current'
	cp tagged.out confined
	both 1 './@/busybox cat open secret'
	apparmor_parser --base "$dir" -K -R profile
	sees '^open$'
	sees 'Permission denied'
	! grep -q '^secret$' tagged.out || fail "it has read the secret"
	grep -q '^xelf-test (enforce)$' confined || fail "$(cat confined)"
}

audit_records_an_exec_of_a_tagged_program_as_of_an_untagged_one()
{
	[ -e /proc/self/loginuid ] || skip "this kernel has no audit of system calls"
	make_both /bin/true
	# Where nobody listens for records, they go to the log, which takes but a few.
	limit=$(cat /proc/sys/kernel/printk_ratelimit)
	echo 0 >/proc/sys/kernel/printk_ratelimit
	auditctl -e 1 >log 2>&1 || skip "audit cannot be switched on: $(cat log)"
	auditctl -a always,exit -F arch=b64 -S execve -F "dir=$dir" >log 2>&1 || fail "$(cat log)"
	for program in plain tagged; do
		echo $program-begin >/dev/kmsg
		run_as $program 1 "$dir/$program/true" one
		[ $status = 0 ] || fail "$program: status $status: $(cat $program.out)"
		# The kernel's thread for records prints them when it comes to it; this one is the last.
		tries=0
		until dmesg | sed -n "/$program-begin/,\$p" | grep -q 'audit: type=1327' || [ $tries -ge 200 ]; do
			sleep 0.1
			tries=$((tries + 1))
		done
		records $program >$program.records
	done
	auditctl -D >log 2>&1
	auditctl -e 0 >log 2>&1
	echo "$limit" >/proc/sys/kernel/printk_ratelimit
	grep -q 'success=yes.*exe="[^"]*/@/true"' tagged.records || fail "$(cat tagged.records; dmesg | tail)"
	grep -q 'argc=2 ' tagged.records || fail "$(cat tagged.records)"
	cmp plain.records tagged.records || fail "$(cat plain.records tagged.records)"
}

ima_measures_a_tagged_program_as_an_untagged_one()
{
	make_both /usr/bin/busybox
	ima_policy
	for program in plain tagged; do
		run_as $program 1 $program/busybox true
		[ $status = 0 ] || fail "$program: status $status: $(cat $program.out)"
		sum=$(sha256sum $program/busybox | cut -d' ' -f1)
		grep -q " sha256:$sum .*$program/busybox *\$" $ima/ascii_runtime_measurements ||
			fail "not measured: $(tail -n 3 $ima/ascii_runtime_measurements)"
	done
}

ima_appraises_a_tagged_program_as_an_untagged_one()
{
	make_both /usr/bin/busybox
	ima_policy
	chown 1234 plain/busybox tagged/busybox
	both 0 './@/busybox echo runs'
	sees 'Permission denied'
	for program in plain tagged; do
		setfattr -n security.ima -v "0x0404$(sha256sum $program/busybox | cut -d' ' -f1)" $program/busybox
	done
	both 1 './@/busybox echo runs'
	sees '^runs$'
	# Another file's hash.
	setfattr -n security.ima -v "0x0404$(sha256sum /bin/true | cut -d' ' -f1)" plain/busybox
	setfattr -n security.ima -v "0x0404$(sha256sum /bin/true | cut -d' ' -f1)" tagged/busybox
	both 0 './@/busybox echo runs'
	sees 'Permission denied'
}

tap_main "$@"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Tests of the command xelf that need root and file systems of their own. Prints TAP. POSIX sh: made to run in the VM.
#
#	scripts/vm --no-module -f selftests:/t -f /sbin/mke2fs ... -- sh /t/tool_root_test.sh [TEST]...
#
# packages: attr e2fsprogs fsverity libcap2-bin
# files: /sbin/mke2fs /sbin/setcap /sbin/getcap /usr/bin/setfattr /usr/bin/getfattr /usr/bin/chattr /usr/bin/lsattr
# files: /usr/bin/fsverity /bin/ls
#
# XELF is the command to test (default xelf). Beside busybox it takes those files; what is not there skips its tests.

XELF=${XELF:-xelf}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/tap.sh"

[ "$(id -u)" -eq 0 ] || { echo "1..0 # SKIP not root"; exit 4; }
program=/bin/ls

# ---- helpers ----

# The tests run on an ext4 file system of their own.
mount_ext4()
{
	# By its path: busybox has one of its own.
	dd if=/dev/zero of="$TAP_TMP/image" bs=1M count=64 2>/dev/null &&
		/sbin/mke2fs -q -t ext4 -b 4096 -O verity "$TAP_TMP/image" &&
		mkdir -p "$TAP_TMP/tests" &&
		mount -t ext4 -o loop "$TAP_TMP/image" "$TAP_TMP/tests"
}

good()
{
	cp "$program" good
	chmod 755 good
}

state()
{
	stat -c '%i %a %u %g %s %Y %h' "$1"
	sha256sum <"$1"
}

no_leftovers()
{
	left=$(find "$1" -name '.xelf-*')
	[ -z "$left" ] || fail "left behind: $left"
}

# run STATUS COMMAND...
run()
{
	expected=$1
	shift
	status=0
	"$@" >stdout 2>stderr || status=$?
	[ "$status" -eq "$expected" ] || fail "exit status $status, not $expected: $*: $(cat stdout stderr)"
}

says()
{
	grep -qF -- "$1" stderr || fail "standard error lacks '$1': $(cat stderr)"
}

# refuses TEXT COMMAND FILE: fails with the text and leaves the file as it was
refuses()
{
	before=$(state "$3")
	run 1 "$XELF" "$2" "$3"
	says "$1"
	[ "$(state "$3")" = "$before" ] || fail "the file has changed"
	no_leftovers "$(dirname "$3")"
}

# xattr NAME FILE: prints its value in hexadecimal
xattr()
{
	getfattr --absolute-names -e hex -n "$1" "$2" | sed -n 's/^[^=]*=//p'
}

has_flag()
{
	lsattr -d "$1" | cut -d ' ' -f 1 | grep -q "$2"
}

# integrity_signature NAME VALUE
integrity_signature()
{
	need setfattr getfattr
	good
	setfattr -n "$1" -v "$2" good || skip "this kernel does not let $1 be set"
	refuses "(integrity-signature)" tag good
	run 0 "$XELF" tag -o out good
	run 0 "$XELF" tag --force good
	says "$1 is dropped"
	! getfattr -n "$1" good || fail "$1 is still there"
	run 0 "$XELF" check good
}

if ! mount_ext4; then
	echo "not ok 1 - mounts_an_ext4_image"
	echo "1..1"
	exit 1
fi
trap 'umount "$TAP_TMP/tests"; rm -rf "$TAP_TMP"' EXIT

# ---- tests ----

keeps_owner_and_setuid_with_force()
{
	good
	chown 1234:4321 good
	chmod 6755 good
	refuses "(setuid-or-setgid)" tag good
	run 0 "$XELF" tag --force good
	[ "$(stat -c '%u %g %a' good)" = "1234 4321 6755" ]
	refuses "(setuid-or-setgid)" untag good
	run 0 "$XELF" untag --force good
	[ "$(stat -c '%u %g %a' good)" = "1234 4321 6755" ]
	cmp good "$program"
}

keeps_the_owner_of_an_ordinary_file()
{
	good
	chown 1234:4321 good
	chmod 750 good
	run 0 "$XELF" tag good
	[ "$(stat -c '%u %g %a' good)" = "1234 4321 750" ]
	run 0 "$XELF" tag -o out "$program"
	run 0 "$XELF" untag -o out good
	[ "$(stat -c '%u %g %a' out)" = "1234 4321 750" ]
}

keeps_file_capabilities()
{
	need setcap getcap
	good
	chown 1234:4321 good
	setcap cap_net_raw,cap_chown=ep good
	caps=$(getcap good)
	[ -n "$caps" ]
	run 0 "$XELF" tag good
	[ "$(getcap good)" = "$caps" ]
	run 0 "$XELF" tag -o out "$program"
	run 0 "$XELF" untag -o out good
	[ "$(getcap out)" = "$(echo "$caps" | sed 's/^good/out/')" ]
	run 0 "$XELF" untag good
	[ "$(getcap good)" = "$caps" ]
	cmp good "$program"
}

keeps_extended_attributes()
{
	need setfattr getfattr
	good
	setfattr -n user.note -v hello good
	setfattr -n trusted.note -v world good
	setfattr -n security.note -v 0x0001ff good
	run 0 "$XELF" tag good
	[ "$(xattr user.note good)" = 0x68656c6c6f ]
	[ "$(xattr trusted.note good)" = 0x776f726c64 ]
	[ "$(xattr security.note good)" = 0x0001ff ]
	[ ! -s stderr ]
}

# user 1234 r-x besides rwxr-xr-x, with a mask of r-x
acl=0x0200000001000700ffffffff02000500d204000004000500ffffffff10000500ffffffff20000500ffffffff

keeps_an_acl()
{
	need setfattr getfattr
	good
	setfattr -n system.posix_acl_access -v $acl good
	run 0 "$XELF" tag good
	[ "$(xattr system.posix_acl_access good)" = $acl ]
	[ "$(stat -c %a good)" = 755 ]
}

takes_no_acl_from_the_directory()
{
	need setfattr getfattr
	mkdir dir
	good
	mv good dir/good
	setfattr -n system.posix_acl_default -v $acl dir
	run 0 "$XELF" tag dir/good
	! getfattr -n system.posix_acl_access dir/good || fail "the file has got an ACL"
	# The twin: a new file gets one.
	: >dir/new
	getfattr -n system.posix_acl_access dir/new
}

an_immutable_file_needs_force_and_stays_immutable()
{
	need chattr lsattr
	good
	chattr +i good
	refuses "(immutable)" tag good
	run 0 "$XELF" tag --force good
	has_flag good i
	refuses "(immutable)" untag good
	run 0 "$XELF" untag --force good
	has_flag good i
	chattr -i good
	cmp good "$program"
	run 0 "$XELF" tag good
}

an_append_only_file_needs_force_and_stays_so()
{
	need chattr lsattr
	good
	chattr +a good
	refuses "(append-only)" tag good
	run 0 "$XELF" tag --force good
	has_flag good a
	chattr -a good
	run 0 "$XELF" check good
}

an_immutable_file_can_be_tagged_into_another()
{
	need chattr lsattr
	good
	chattr +i good
	run 0 "$XELF" tag -o out good
	! has_flag out i || fail "the copy is immutable"
	chattr -i good
}

an_immutable_directory_is_left_alone()
{
	need chattr
	mkdir dir
	good
	mv good dir/good
	chattr +i dir
	before=$(state dir/good)
	run 1 "$XELF" tag dir/good
	chattr -i dir
	says "cannot create a file in the directory"
	[ "$(state dir/good)" = "$before" ]
	no_leftovers dir
}

an_immutable_file_survives_a_rename_that_fails()
{
	need chattr lsattr
	good
	chattr +i good
	touch mounted
	mount --bind good mounted
	before=$(state good)
	run 1 "$XELF" tag --force mounted
	umount mounted
	says "cannot rename its copy to it"
	has_flag good i
	[ "$(state good)" = "$before" ] || fail "the file has changed"
	chattr -i good
	no_leftovers .
}

a_file_with_fs_verity_needs_force()
{
	need fsverity
	good
	fsverity --version
	fsverity enable good || skip "this kernel or file system has no fs-verity"
	refuses "(fs-verity)" tag good
	run 0 "$XELF" tag -o out good
	run 0 "$XELF" check out
	run 0 "$XELF" tag --force good
	says "fs-verity protects it no longer"
	! fsverity measure good || fail "fs-verity is still on"
	run 0 "$XELF" check good
}

a_file_with_an_ima_signature_needs_force()
{
	# A SHA-1 digest: the form that every kernel lets in.
	integrity_signature security.ima 0x010102030405060708090a0b0c0d0e0f1011121314
}

a_file_with_an_evm_signature_needs_force()
{
	# A signature; what an HMAC is, the kernel alone says.
	integrity_signature security.evm 0x030204a1a2a3a40000
}

no_space_leaves_the_file_as_it_was()
{
	size=$(stat -c %s "$program")
	mkdir small
	mount -t tmpfs -o size=$((size * 3 / 2)) tmpfs small
	cp "$program" small/good
	refuses "No space left on device" tag small/good
	cp small/good .
	umount small
	cmp good "$program"
	mount -t tmpfs -o size=$((size * 3)) tmpfs small
	cp "$program" small/good
	run 0 "$XELF" tag small/good
	umount small
}

no_space_on_ext4_leaves_the_file_as_it_was()
{
	good
	dd if=/dev/zero of=filler bs=1M 2>/dev/null || :
	dd if=/dev/zero of=filler2 bs=4k 2>/dev/null || :
	touch stdout stderr
	before=$(state good)
	"$XELF" tag good 2>/dev/null && fail "tagged on a full disk"
	[ "$(state good)" = "$before" ] || fail "the file has changed"
	no_leftovers .
	rm filler filler2
	run 0 "$XELF" tag good
}

a_read_only_file_system_is_left_alone()
{
	mkdir ro
	mount -t tmpfs tmpfs ro
	cp "$program" ro/good
	mount -o remount,ro ro
	refuses "Read-only file system" tag ro/good
	run 0 "$XELF" tag -o out ro/good
	umount ro
}

a_bind_mounted_file_is_left_alone()
{
	good
	touch mounted
	mount --bind good mounted
	before=$(state good)
	run 1 "$XELF" tag mounted
	umount mounted
	says "cannot rename its copy to it"
	[ "$(state good)" = "$before" ] || fail "the file has changed"
	no_leftovers .
	run 0 "$XELF" tag good
}

a_device_is_not_opened()
{
	mknod null c 1 3
	mknod disk b 7 0
	for device in null disk; do
		run 1 "$XELF" tag $device
		says "(special-file)"
		run 1 "$XELF" tag -o $device "$program"
		says "is not a regular file"
	done
	[ -c null ]
	[ -b disk ]
}

tap_main "$@"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests of the command xelf that any Debian host with gcc can run, as root or not. Prints TAP.
#
#	selftests/tool_test.sh [TEST]...
#
# packages: gcc libc6-dev binutils attr python3
#
# XELF is the command to test (default build/xelf). What needs root, a mount or a file system of its own stands in
# tool_root_test.sh.

here=$(cd "$(dirname "$0")" && pwd)
XELF=$(realpath "${XELF:-$here/../build/xelf}")
[ -x "$XELF" ] || { echo "Bail out! there is no $XELF"; exit 1; }
# shellcheck source-path=SCRIPTDIR
. "$here/tap.sh"

# A sanitizer's word must not be taken for a refusal.
export ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99:print_stacktrace=1
export LC_ALL=C
programs=$TAP_TMP/programs

# ---- helpers ----

# Programs of each kind, and `mark`, which writes tags without the tool's help.
build_programs()
{
	mkdir "$programs"
	cd "$programs" || return
	cat >mark.c <<-'END'
	/*
	 * mark FILE [BYTE [MAGIC]]: writes a tag whatever FILE holds; BYTE is version and flags.
	 * mark --mutate FILE SEED COUNT: COUNT copies with one byte of the first 1000 changed.
	 * mark --cut FILE COUNT: copies that end after 0 to COUNT - 1 bytes.
	 */
	#include <stdio.h>
	#include <stdlib.h>
	#include <string.h>

	static unsigned char data[1 << 22];
	static size_t size;

	static unsigned int crc16(const unsigned char *bytes, size_t count)
	{
		unsigned int crc = 0xffff;

		while (count--) {
			crc ^= *bytes++;
			for (int i = 0; i < 8; i++)
				crc = crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1;
		}
		return crc;
	}

	static void tag(unsigned int byte)
	{
		unsigned char first[128] = { 0 };
		unsigned int crc;

		memcpy(data + 9, "XELF", 4);
		data[13] = byte;
		memcpy(first, data, size < 128 ? size : 128);
		first[14] = first[15] = 0;
		crc = crc16(first, 128);
		data[14] = crc & 255;
		data[15] = crc >> 8;
	}

	static void put(const char *name, size_t count)
	{
		FILE *file = fopen(name, "wb");

		if (!file || fwrite(data, 1, count, file) != count || fclose(file))
			exit(1);
	}

	int main(int argc, char **argv)
	{
		int special = argv[1][0] == '-';
		FILE *file = fopen(argv[1 + special], "rb");
		char name[64];

		if (!file)
			return 1;
		size = fread(data, 1, sizeof(data), file);
		fclose(file);
		if (!special) {
			if (argc > 3)
				memcpy(data, argv[3], 4);
			tag(argc > 2 ? strtol(argv[2], 0, 0) : 1);
			put(argv[1], size);
		} else if (!strcmp(argv[1], "--cut")) {
			for (int i = 0; i < atoi(argv[3]); i++) {
				snprintf(name, sizeof(name), "cut-%04d", i);
				put(name, i);
			}
		} else {
			srand(atoi(argv[3]));
			for (int i = 0; i < atoi(argv[4]); i++) {
				size_t at = rand() % 1000;
				unsigned char was = data[at];

				data[at] = rand() % 4 ? rand() : rand() % 2 ? 0xff : 0;
				if (at < 9 || at > 15)
					tag(1);
				snprintf(name, sizeof(name), "mutant-%04d", i);
				put(name, size);
				data[at] = was;
			}
		}
		return 0;
	}
	END
	echo 'int main(int argc, char **argv) { return argc > 1 ? argv[1][0] - 48 : 42; }' >main.c
	echo 'int answer(void) { return 42; } void start(void) { }' >lib.c
	gcc -O1 -Wall -o mark mark.c &&
		gcc -o dynamic main.c &&
		gcc -no-pie -o dynamic_exec main.c &&
		gcc -static -no-pie -o static main.c &&
		gcc -static-pie -o static_pie main.c &&
		gcc -c -o object.o main.c &&
		gcc -shared -fPIC -o library.so lib.c &&
		gcc -shared -fPIC -Wl,-soname,libname.so.1 -o named.so lib.c &&
		gcc -shared -fPIC -nostdlib -Wl,-e,start -o entered.so lib.c
}

# patch FILE OFFSET HEX...: overwrites bytes
patch()
{
	local file=$1 offset=$2 byte bytes=

	shift 2
	for byte; do
		bytes+="\\x$byte"
	done
	# shellcheck disable=SC2059
	printf "$bytes" | dd of="$file" bs=1 seek=$((offset)) conv=notrunc status=none
}

# patch64 FILE OFFSET NUMBER: overwrites eight bytes, little-endian
patch64()
{
	local number=$3 bytes=() i

	for ((i = 0; i < 8; i++)); do
		bytes+=("$(printf %02x $((number >> 8 * i & 255)))")
	done
	patch "$1" "$2" "${bytes[@]}"
}

# number FILE OFFSET SIZE: prints the number that lies there
number()
{
	od -A n -t "u$3" -j $(($2)) -N "$3" "$1" | tr -d ' '
}

# phdr FILE TYPE [N]: prints the file offset of the Nth program header (from 1) of the type, as readelf names it
phdr()
{
	local index

	index=$(readelf -lW "$1" | awk -v type="$2" -v nth="${3:-1}" '
		$2 ~ /^0x/ && $3 ~ /^0x/ { if ($1 == type && ++seen == nth) print count + 0; count++ }')
	[ -n "$index" ] || return 1
	echo $((64 + 56 * index))
}

# Offsets in a program header.
p_flags=4 p_offset=8 p_vaddr=16 p_filesz=32 p_memsz=40 p_align=48

# good [NAME]: makes ./good (or NAME) from the fixture of that name, default dynamic
good()
{
	cp "$programs/${1:-dynamic}" "${2:-good}"
}

# state FILE: prints what must not change
state()
{
	stat -c '%i %a %u %g %s %Y %h' "$1"
	# Who runs this may not be allowed to read it.
	{ sha256sum <"$1"; } 2>/dev/null || :
}

no_leftovers()
{
	local left

	left=$(find "${1:-.}" -name '.xelf-*')
	[ -z "$left" ] || fail "left behind: $left"
}

# run STATUS COMMAND...: runs, and asserts the exit status; output in ./stdout and ./stderr
run()
{
	local expected=$1 status=0

	shift
	timeout 60 "$@" >stdout 2>stderr || status=$?
	[ "$status" -eq "$expected" ] && return
	echo "exit status $status, not $expected: $*"
	cat stdout stderr
	exit 1
}

# says TEXT: asserts that it stands on standard error
says()
{
	grep -qF -- "$1" stderr || fail "standard error lacks '$1': $(cat stderr)"
}

prints()
{
	grep -qF -- "$1" stdout || fail "standard output lacks '$1': $(cat stdout)"
}

# refuses REASON COMMAND FILE [OPTION]...: xelf COMMAND FILE fails for the reason and leaves the file as it was
refuses()
{
	local reason=$1 command=$2 file=$3 before

	shift 3
	before=$(state "$file")
	run 1 "$XELF" "$command" "$@" "$file"
	says "($reason)"
	[ ! -s stdout ] || fail "standard output is not empty: $(cat stdout)"
	[ "$(state "$file")" = "$before" ] || fail "the file has changed"
	no_leftovers "$(dirname "$file")"
}

# refuses_with TEXT COMMAND FILE [OPTION]...: the same for a failed call
refuses_with()
{
	local text=$1 command=$2 file=$3 before

	shift 3
	before=$(state "$file")
	run 1 "$XELF" "$command" "$@" "$file"
	says "$text"
	[ "$(state "$file")" = "$before" ] || fail "the file has changed"
	no_leftovers "$(dirname "$file")"
}

# check_refuses REASON ERRNO FILE: what xelf check says of a file that has a valid tag
check_refuses()
{
	run 1 "$XELF" check "$3"
	prints "$3: refused: $1 ($2): "
}

# both REASON ERRNO: xelf check refuses ./good with a valid tag, and xelf tag ./good without one
both()
{
	cp good marked
	"$programs/mark" marked
	check_refuses "$1" "$2" marked
	refuses "$1" tag good
}

# survives FILE...: check and dump do not crash
survives()
{
	local command status

	for command in check dump 'dump --json'; do
		status=0
		# shellcheck disable=SC2086
		timeout 300 "$XELF" $command "$@" >stdout 2>stderr || status=$?
		case $status in
		0 | 1 | 3) ;;
		*) fail "xelf $command: exit status $status: $(tail -n 20 stderr)" ;;
		esac
		! grep -E 'Sanitizer|runtime error' stderr || fail "xelf $command"
	done
	! command -v python3 >/dev/null || python3 -m json.tool stdout >/dev/null
}

# tags FILE [OPTION]...: the positive twin
tags()
{
	local file=$1

	shift
	run 0 "$XELF" tag "$@" "$file"
	run 0 "$XELF" check "$file"
}

# warns TEXT FILE: xelf check warns, and the file is valid all the same
warns()
{
	run 0 "$XELF" check "$2"
	says "warning: "
	says "$1"
}

warns_of_nothing()
{
	run 0 "$XELF" check "$1"
	[ ! -s stderr ] || fail "standard error is not empty: $(cat stderr)"
}

# become_user: sets ${as_user[@]}, words to put before a command that is to run without privileges, and $user_xelf, which
# that user can reach
become_user()
{
	as_user=(env)
	user_xelf=$XELF
	[ "$(id -u)" -eq 0 ] || return 0
	need setpriv
	as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all)
	chmod 755 "$TAP_TMP" "$TAP_TMP/tests"
	user_xelf=$TAP_TMP/xelf
	cp "$XELF" "$user_xelf"
}

# refuses_as_user TEXT FILE: xelf tag FILE fails for an ordinary user and leaves the file as it was
refuses_as_user()
{
	local before

	before=$(state "$2")
	run 1 "${as_user[@]}" "$user_xelf" tag "$2"
	says "$1"
	[ "$(state "$2")" = "$before" ] || fail "the file has changed"
	no_leftovers "$(dirname "$2")"
}

# ours FILE...: gives files to the user of become_user
ours()
{
	[ "$(id -u)" -ne 0 ] || chown 65534:65534 "$@"
}

(build_programs) || { echo 'Bail out! gcc cannot build the test programs'; exit 1; }

# ---- tests ----

tag_then_untag_gives_the_same_bytes()
{
	local program count=0

	for program in /bin/ls /bin/bash /bin/busybox /usr/bin/python3 "$programs"/{dynamic,dynamic_exec,static,static_pie}; do
		[ -e "$program" ] || continue
		cp "$program" copy
		tags copy
		! cmp -s copy "$program" || fail "$program: not changed by tag"
		run 0 "$XELF" untag copy
		cmp copy "$program"
		tags copy --exclusive
		run 0 "$XELF" untag copy
		cmp copy "$program"
		count=$((count + 1))
	done
	[ $count -ge 6 ]
}

tag_changes_seven_bytes_and_no_others()
{
	good
	tags good
	[ "$(cmp -l good "$programs/dynamic" | awk '{ print $1 }' | xargs)" = "10 11 12 13 14 15 16" ] ||
		# A byte of the checksum may be zero.
		[ "$(cmp -l good "$programs/dynamic" | awk '$1 < 10 || $1 > 16' | wc -l)" -eq 0 ]
	[ "$(head -c 14 good | tail -c 5 | od -A n -t x1 | xargs)" = "58 45 4c 46 01" ]
}

exclusive_changes_the_magic_too()
{
	good
	tags good --exclusive
	prints "valid (version 1, exclusive)"
	[ "$(head -c 4 good | od -A n -t x1 | xargs)" = "7f 58 45 4c" ]
	[ "$(tail -c +17 good | sha256sum)" = "$(tail -c +17 "$programs/dynamic" | sha256sum)" ]
}

the_checksum_is_the_documented_one()
{
	good
	good dynamic marked
	tags good
	"$programs/mark" marked
	cmp good marked
	good
	tags good --exclusive
	"$programs/mark" marked 1 $'\177XEL'
	cmp good marked
}

the_checksum_of_a_short_file_counts_zeros()
{
	# An ELF header, one program header that is no PT_LOAD, 120 bytes in all.
	head -c 120 "$programs/dynamic" >short
	patch short 56 01 00
	tags short
	cp short marked
	"$programs/mark" marked
	cmp short marked
}

a_tagged_program_runs()
{
	good
	tags good
	run 7 ./good 7
	good static
	tags good
	run 7 ./good 7
}

an_exclusive_program_runs_under_the_module_alone()
{
	[ ! -d /sys/module/binfmt_xelf ] || skip "binfmt_xelf is loaded"
	good
	tags good --exclusive
	run 126 bash -c ./good
	says "Exec format error"
}

several_files_are_tagged_in_one_call()
{
	good dynamic one
	good static two
	run 0 "$XELF" tag one two
	run 0 "$XELF" check one two
	run 0 "$XELF" untag one two
	cmp one "$programs/dynamic"
	cmp two "$programs/static"
}

one_refused_file_does_not_keep_the_others()
{
	good dynamic one
	echo text >two
	good dynamic three
	run 1 "$XELF" tag one two three
	says "two: is not an ELF file"
	run 0 "$XELF" check one three
}

strip_and_objcopy_take_the_tag_off()
{
	good
	tags good
	objcopy good copied
	run 3 "$XELF" check copied
	strip good
	run 3 "$XELF" check good
	run 0 "$XELF" tag good
}

the_dynamic_linker_refuses_what_is_tagged()
{
	good library.so
	LD_PRELOAD=./good "$programs/dynamic" 7 2>stderr || [ $? -eq 7 ]
	[ ! -s stderr ]
	run 0 "$XELF" tag --force good
	LD_PRELOAD=./good "$programs/dynamic" 7 2>stderr || [ $? -eq 7 ]
	says "nonzero padding in e_ident"
	good
	tags good
	run 1 ldd ./good
	says "not a dynamic executable"
}

the_documents_example_holds()
{
	local document=$here/../Documentation/format.md form magic

	[ -e "$document" ] || skip "there is no $document"
	# shellcheck disable=SC2016 # no commands, but Markdown
	sed -n '/^```sh$/,/^```$/p' "$document" | grep -v '^```' >script
	sh ./script
	run 42 ./exit42
	for form in '' --exclusive; do
		cp exit42 tagged
		# shellcheck disable=SC2086
		run 0 "$XELF" tag $form tagged
		[ -n "$form" ] || run 42 ./tagged
		magic=$(head -c 16 tagged | od -A n -t x1 | xargs)
		grep -q "^ *$magic\$" "$document" || fail "the document lacks $magic"
	done
}

make_install_puts_the_command_and_its_page()
{
	local source=$here/../tools

	[ -e "$source/Makefile" ] || skip "there is no $source"
	need make
	run 0 env -u MAKEFLAGS make -s -C "$source" -j4 OUT="$PWD/out" DESTDIR="$PWD/root" PREFIX=/opt install
	[ ! -s stdout ]
	run 0 root/opt/bin/xelf --version
	[ "$(stat -c %a root/opt/bin/xelf root/opt/share/man/man1/xelf.1 | xargs)" = "755 644" ]
	[ "$(find root -type f | wc -l)" -eq 2 ]
}

# ---- writing ----

out_writes_a_copy_and_leaves_the_file()
{
	local before

	good
	before=$(state good)
	run 0 "$XELF" tag -o out good
	[ "$(state good)" = "$before" ] || fail "the file has changed"
	run 0 "$XELF" check out
	[ "$(stat -c '%a %u %g %Y' out)" = "$(stat -c '%a %u %g %Y' good)" ]
	run 0 "$XELF" untag --output=back out
	cmp back good
	no_leftovers
}

out_replaces_a_file_and_follows_a_link()
{
	good
	echo old >old
	ln -s old link
	run 0 "$XELF" tag -o link good
	[ -L link ]
	run 0 "$XELF" check old
	run 3 "$XELF" check good
}

out_that_is_the_file_is_in_place()
{
	good
	ln -s good link
	run 0 "$XELF" tag -o link good
	[ -L link ]
	run 0 "$XELF" check good
}

out_may_not_be_a_special_file()
{
	good
	mkfifo fifo
	mkdir dir
	ln -s nowhere dangling
	for out in fifo dir /dev/null; do
		run 1 "$XELF" tag -o $out good
		says "$out: is not a regular file"
	done
	[ -p fifo ] && [ -d dir ] && [ -c /dev/null ]
	run 1 "$XELF" tag -o dangling good
	says "dangling: cannot find it: No such file"
	run 1 "$XELF" tag -o new/ good
	run 1 "$XELF" tag -o nowhere/new good
	no_leftovers
}

out_for_someone_elses_file_is_ours()
{
	become_user
	mkdir dir
	ours dir
	run 0 "${as_user[@]}" "$user_xelf" tag -o dir/ls /bin/ls
	run 0 "$XELF" check dir/ls
	[ "$(stat -c %u dir/ls)" -ne 0 ]
}

in_place_keeps_mode_and_times()
{
	good
	chmod 2751 good || chmod 751 good
	touch -d '2001-02-03 04:05:06.789' good
	local before
	before=$(stat -c '%a %u %g %s %x %y' good)
	run 0 "$XELF" tag --force good
	[ "$(stat -c '%a %u %g %s %x %y' good)" = "$before" ]
	run 0 "$XELF" untag --force good
	[ "$(stat -c '%a %u %g %s %x %y' good)" = "$before" ]
}

in_place_keeps_extended_attributes()
{
	need setfattr getfattr
	good
	setfattr -n user.one -v 1 good || skip "this file system has no extended attributes"
	setfattr -n user.two -v '' good
	run 0 "$XELF" tag good
	[ "$(getfattr --only-values -n user.one good)" = 1 ]
	getfattr -n user.two good
}

in_place_replaces_the_file_at_once()
{
	local inode

	good
	inode=$(stat -c %i good)
	exec 8<good
	tags good
	[ "$(stat -c %i good)" != "$inode" ]
	# Who had it open still reads the old one.
	cmp /dev/fd/8 "$programs/dynamic"
}

in_place_keeps_holes()
{
	good
	truncate -s 64M good
	[ "$(stat -c %b good)" -lt 1000 ] || skip "this file system keeps no holes"
	tags good
	[ "$(stat -c %s good)" -eq $((64 << 20)) ]
	[ "$(stat -c %b good)" -lt 1000 ]
}

a_symbolic_link_stays_and_its_target_is_tagged()
{
	mkdir dir
	good dynamic dir/target
	ln -s dir/target link
	tags link
	[ "$(readlink link)" = dir/target ]
	run 0 "$XELF" check dir/target
	no_leftovers
}

other_hard_links_keep_the_old_file()
{
	good
	ln good other
	run 0 "$XELF" tag good
	says "1 other hard link(s) keep the old file"
	run 0 "$XELF" check good
	cmp other "$programs/dynamic"
}

a_running_program_can_be_tagged()
{
	cp /bin/sleep good
	./good 60 &
	run 0 "$XELF" tag good
	kill %1
	run 0 "$XELF" check good
}

an_exec_meanwhile_finds_a_whole_program()
{
	local status i

	good static
	for ((i = 0; i < 40; i++)); do
		"$XELF" tag good || exit 1
		"$XELF" untag good || exit 1
	done &
	while kill -0 $! 2>/dev/null; do
		status=0
		./good 7 || status=$?
		[ $status -eq 7 ] || fail "exit status $status, not 7"
	done
	wait $!
}

closed_standard_files_do_no_harm()
{
	local status=0

	good
	ln good other
	"$XELF" tag good <&- >&- 2>&-
	run 0 "$XELF" check good
	run 0 "$XELF" untag good
	cmp good "$programs/dynamic"
	"$XELF" dump good >&- 2>stderr || status=$?
	[ $status -eq 1 ]
}

no_message_gets_into_the_file()
{
	local setuid

	become_user
	setuid=$(find /usr/bin/ -user root -perm -4005 -print -quit)
	[ -n "$setuid" ] || skip "there is no setuid program to read"
	mkdir dir
	ours dir
	# Warns while the copy is open, and it would be standard error.
	"${as_user[@]}" "$user_xelf" tag --force -o dir/out "$setuid" <&- >&- 2>&-
	run 0 "$XELF" check dir/out
	[ "$(stat -c %s dir/out)" -eq "$(stat -c %s "$setuid")" ]
	run 0 "${as_user[@]}" "$user_xelf" tag --force -o dir/out "$setuid"
	says "is not setuid or setgid"
}

a_name_may_begin_with_a_dash()
{
	good dynamic ./-good
	run 0 "$XELF" tag -- -good
	run 0 "$XELF" check -- -good
}

a_signal_leaves_the_file_whole_and_nothing_else()
{
	local i

	good
	head -c 48M /dev/zero >>good
	for i in 0 1 2 3 4 5 6 7 8 9; do
		"$XELF" tag good &
		sleep 0.0$i
		kill -s TERM $! 2>/dev/null || :
		wait $! || :
		no_leftovers
		[ "$(stat -c %s good)" -gt $((48 << 20)) ]
		if "$XELF" check good >/dev/null; then
			run 0 "$XELF" untag good
		fi
		run 3 "$XELF" check good
	done
}

a_full_disk_quota_leaves_the_file_as_it_was()
{
	good static
	(ulimit -f 8 && refuses_with "File too large" tag good)
	tags good
}

# ---- what tag refuses ----

refuses_what_is_not_elf()
{
	good
	patch good 3 47
	refuses not-elf tag good
	patch good 3 46
	tags good
	printf '#!/bin/sh\necho hi\n' >script
	refuses not-elf tag script
}

refuses_the_exclusive_magic_without_a_tag()
{
	good
	patch good 1 58 45 4c
	refuses not-elf tag good
}

refuses_another_class()
{
	good
	patch good 4 01
	refuses other-class tag good
	says "EI_CLASS is 1 (32 bits), not 2"
	patch good 4 02
	tags good
}

refuses_a_real_32_bit_program()
{
	echo 'int main(void) { return 0; }' >main.c
	gcc -m32 -c -o object.o main.c 2>/dev/null || skip "gcc has no -m32"
	refuses other-class tag object.o
}

refuses_another_byte_order()
{
	good
	patch good 5 02
	refuses other-byte-order tag good
	patch good 5 01
	tags good
}

refuses_another_machine()
{
	good
	patch good 18 b7
	refuses other-machine tag good
	says "e_machine is 183 (EM_AARCH64), not 62 (EM_X86_64)"
	patch good 18 3e
	tags good
}

refuses_another_type()
{
	refuses not-executable-type tag "$programs/object.o"
	good
	patch good 16 04
	refuses not-executable-type tag good
	says "ET_CORE"
	patch good 16 03
	tags good
}

refuses_a_shared_object()
{
	local library

	for library in library.so named.so entered.so; do
		refuses shared-object tag "$programs/$library"
	done
	good named.so
	tags good --force
	says ""
}

refuses_the_systems_libraries_and_interpreter()
{
	local library

	# libc.so.6 has an interpreter and an entry.
	for library in $(ldd /bin/bash | grep -o '/[^ ]*'); do
		cp -L "$library" good
		refuses shared-object tag good
	done
}

tells_an_old_program_from_a_shared_object()
{
	local dynamic flags_1 debug

	# A position-independent program without DF_1_PIE, as linkers before 2016 made them.
	good static_pie
	dynamic=$(number good $(($(phdr good DYNAMIC) + p_offset)) 8)
	flags_1=$(readelf -dW good | awk '/^ 0x/ { if ($2 == "(FLAGS_1)") print n + 0; n++ }')
	debug=$(readelf -dW good | awk '/^ 0x/ { if ($2 == "(DEBUG)") print n + 0; n++ }')
	patch64 good $((dynamic + 16 * flags_1)) 0x60000001
	tags good
	run 0 "$XELF" untag good
	patch64 good $((dynamic + 16 * flags_1)) 14
	refuses shared-object tag good
	says "it has a DT_SONAME"
	patch64 good $((dynamic + 16 * flags_1)) 0x60000001
	patch64 good $((dynamic + 16 * debug)) 0x60000001
	refuses shared-object tag good
}

refuses_padding_in_use()
{
	local byte

	for byte in 9 10 11 12 13 14 15; do
		good
		patch good $byte 01
		refuses padding-in-use tag good
	done
	patch good 15 00
	tags good
}

takes_osabi_and_abi_version_for_no_padding()
{
	good
	patch good 7 03 07
	tags good
	[ "$(number good 8 1)" -eq 7 ]
}

refuses_a_tagged_file()
{
	good
	tags good
	refuses already-tagged tag good
	refuses already-tagged tag good --force
	refuses already-tagged tag good --exclusive
}

refuses_a_stale_tag()
{
	good
	tags good
	patch good 24 ff
	refuses stale-tag tag good
	says "untag it first"
	check_refuses stale-tag EBADMSG good
}

refuses_an_unknown_version()
{
	good
	"$programs/mark" good 2
	refuses unknown-version tag good
	check_refuses unknown-version EBADMSG good
	good
	"$programs/mark" good 1
	run 0 "$XELF" check good
}

refuses_unknown_flags()
{
	good
	"$programs/mark" good 0x21
	refuses unknown-flags tag good
	check_refuses unknown-flags EBADMSG good
}

refuses_an_empty_file()
{
	: >good
	refuses empty-file tag good
	run 3 "$XELF" check good
}

refuses_a_truncated_file()
{
	local size

	for size in 4 16 63; do
		head -c $size "$programs/dynamic" >good
		refuses truncated tag good
	done
	for size in 64 100 700; do
		head -c $size "$programs/dynamic" >good
		refuses program-headers-unreadable tag good
	done
	size=$(($(number "$programs/dynamic" $(($(phdr "$programs/dynamic" LOAD 4) + p_offset)) 8) +
		$(number "$programs/dynamic" $(($(phdr "$programs/dynamic" LOAD 4) + p_filesz)) 8)))
	head -c $((size - 1)) "$programs/dynamic" >good
	refuses truncated tag good
	says "reaches past the end of the file, $(printf '0x%x' $((size - 1)))"
	head -c $size "$programs/dynamic" >good
	tags good
}

refuses_special_files_and_does_not_block()
{
	local file

	mkfifo fifo
	mkdir dir
	ln -s fifo link
	for file in fifo dir link /dev/null /dev/zero /dev/tty; do
		for command in tag untag check dump; do
			run 1 timeout 10 "$XELF" $command $file
			says "(special-file)"
		done
	done
}

refuses_a_file_that_is_not_there()
{
	for command in tag untag check dump; do
		run 1 "$XELF" $command nothing
		says "nothing: cannot find it: No such file or directory"
	done
}

refuses_a_file_open_for_writing()
{
	good
	exec 9>>good
	refuses open-for-writing tag good
	exec 9>&-
	tags good
}

refuses_a_file_that_changes_meanwhile()
{
	local i status=0

	good
	head -c 64M /dev/zero >>good
	for i in 1 2 3 4 5 6 7 8 9 10; do
		status=0
		"$XELF" tag good 2>stderr &
		# Changes the time of the last change and needs no writer.
		while kill -0 $! 2>/dev/null; do
			chmod 755 good
		done
		wait $! || status=$?
		no_leftovers
		[ $status -eq 0 ] || break
		# It was faster than we.
		run 0 "$XELF" untag good
	done
	[ $status -eq 1 ]
	says "(changed)"
	run 3 "$XELF" check good
}

refuses_without_permission()
{
	become_user
	mkdir dir mine
	good dynamic dir/good
	chmod 555 dir
	ours mine
	refuses_as_user "cannot create a file in the directory: Permission denied" dir/good
	chmod 755 dir
	good dynamic mine/good
	ours mine/good
	chmod 000 mine/good
	refuses_as_user "cannot open it: Permission denied" mine/good
	chmod 700 mine/good
	run 0 "${as_user[@]}" "$user_xelf" tag mine/good
	run 0 "${as_user[@]}" "$user_xelf" check mine/good
}

refuses_when_the_owner_cannot_be_kept()
{
	[ "$(id -u)" -eq 0 ] || skip "only root can make a file of another owner"
	become_user
	mkdir dir
	good dynamic dir/good
	ours dir
	refuses_as_user "cannot keep its owner and group: Operation not permitted" dir/good
}

refuses_setuid_and_setgid()
{
	good
	chmod 4755 good
	refuses setuid-or-setgid tag good
	refuses setuid-or-setgid tag good -o out
	[ ! -e out ]
	tags good --force
	[ "$(stat -c %a good)" = 4755 ]
	refuses setuid-or-setgid untag good
	run 0 "$XELF" untag --force good
	[ "$(stat -c %a good)" = 4755 ]
	chmod 2755 good
	refuses setuid-or-setgid tag good
	chmod 755 good
	tags good
}

# ---- what the headers may not hold: refused by tag, and by check with exec's errno ----

refuses_another_phentsize()
{
	good
	patch good 54 20
	both other-phentsize ENOEXEC
	says "e_phentsize is 32, not 56"
}

refuses_no_program_headers()
{
	good
	patch good 56 00 00
	both no-program-headers ENOEXEC
}

refuses_too_many_program_headers()
{
	# 73 fill a page.
	good
	truncate -s 8192 good.tail
	cat good.tail >>good
	patch64 good 32 $(($(stat -c %s good) - 8192))
	patch good 56 49 00
	tags good
	run 0 "$XELF" untag good
	patch good 56 4a 00
	both too-many-program-headers ENOEXEC
	says "the 74 program headers take 4144 bytes, more than the 4096"
}

refuses_program_headers_past_the_end()
{
	good
	patch64 good 32 "$(stat -c %s good)"
	both program-headers-unreadable ENOEXEC
	patch64 good 32 0xffffffffffffffc0
	both program-headers-unreadable ENOEXEC
}

refuses_a_file_size_above_the_memory_size()
{
	local load memsz

	good
	load=$(phdr good LOAD 2)
	memsz=$(number good $((load + p_memsz)) 8)
	patch64 good $((load + p_filesz)) $((memsz + 1))
	both filesz-exceeds-memsz EINVAL
	says "$(printf 'program header 3: file size 0x%x is larger than memory size 0x%x' $((memsz + 1)) "$memsz")"
	patch64 good $((load + p_filesz)) "$memsz"
	tags good
}

refuses_a_segment_outside_user_space()
{
	local load address

	good static
	load=$(phdr good LOAD 2)
	address=$(number good $((load + p_vaddr)) 8)
	patch64 good $((load + p_vaddr)) $((0x7ffffffff000 + (address & 4095)))
	both vaddr-out-of-range EINVAL
	patch64 good $((load + p_vaddr)) $((0xfffffffffffff000 + (address & 4095)))
	both vaddr-out-of-range EINVAL
	patch64 good $((load + p_vaddr)) "$address"
	patch64 good $((load + p_memsz)) 0x7ffffffff001
	both vaddr-out-of-range EINVAL
}

refuses_an_offset_that_does_not_fit_the_address()
{
	local load

	good
	load=$(phdr good LOAD 2)
	patch64 good $((load + p_vaddr)) $(($(number good $((load + p_vaddr)) 8) + 16))
	both offset-misaligned EINVAL
}

refuses_an_offset_that_overflows()
{
	local load

	good
	load=$(phdr good LOAD 2)
	patch64 good $((load + p_offset)) 0xfffffffffffff000
	both offset-out-of-range EINVAL
}

refuses_an_empty_image()
{
	local n

	good static_pie
	for n in 1 2 3 4; do
		patch64 good $(($(phdr good LOAD $n) + p_filesz)) 0
		patch64 good $(($(phdr good LOAD $n) + p_memsz)) 0
		patch64 good $(($(phdr good LOAD $n) + p_vaddr)) 0
	done
	both empty-image EINVAL
}

refuses_an_entry_outside_user_space()
{
	good static
	patch64 good 24 0x7ffffffff000
	both entry-out-of-range EINVAL
	good dynamic_exec
	# With an interpreter the kernel does not enter there.
	patch64 good 24 0x7ffffffff000
	tags good
	says "warning: the entry 0x7ffffffff000 lies outside user space"
}

refuses_an_interpreters_path_of_bad_size()
{
	local interp size

	good
	interp=$(phdr good INTERP)
	for size in 0 1 4097; do
		patch64 good $((interp + p_filesz)) $size
		both interpreter-path-size ENOEXEC
	done
	patch64 good $((interp + p_filesz)) 28
	tags good
}

refuses_an_interpreters_path_past_the_end()
{
	local interp

	good
	interp=$(phdr good INTERP)
	patch64 good $((interp + p_offset)) "$(stat -c %s good)"
	both interpreter-path-unreadable EIO
	patch64 good $((interp + p_offset)) 0xffffffffffffff00
	both interpreter-path-unreadable EINVAL
}

refuses_an_interpreters_path_without_an_end()
{
	local interp

	good
	interp=$(phdr good INTERP)
	patch64 good $((interp + p_filesz)) 27
	both interpreter-path-unterminated ENOEXEC
}

# ---- untag ----

untag_refuses_an_untagged_file()
{
	good
	refuses not-tagged untag good
	echo text >text
	refuses not-tagged untag text
}

untag_repairs_a_stale_tag()
{
	good
	good dynamic changed
	patch changed 24 ff
	tags good
	patch good 24 ff
	run 0 "$XELF" untag good
	says "warning: the tag was stale"
	cmp good changed
}

untag_refuses_an_unknown_version_without_force()
{
	good
	"$programs/mark" good 2
	refuses unknown-version untag good
	run 0 "$XELF" untag --force good
	says "warning: "
	cmp good "$programs/dynamic"
	"$programs/mark" good 0x41
	refuses unknown-flags untag good
}

untag_refuses_a_hints_trailer()
{
	good
	"$programs/mark" good 0x11
	run 0 "$XELF" check good
	refuses hints-trailer untag good
	refuses hints-trailer untag good --force
}

# ---- check ----

check_tells_tagged_from_untagged()
{
	good
	run 3 "$XELF" check good
	prints "good: not XELF: an ELF file without a tag"
	tags good
	prints "good: valid (version 1)"
	echo text >text
	run 3 "$XELF" check text
	prints "text: not XELF: not an ELF file"
}

check_of_several_files_gives_the_worst()
{
	good
	good dynamic bad
	good dynamic untagged
	tags good
	tags bad
	patch bad 24 ff
	run 0 "$XELF" check good good
	run 3 "$XELF" check good untagged good
	run 1 "$XELF" check untagged bad good
	run 1 "$XELF" check bad untagged
	run 1 "$XELF" check good nothing
}

check_refuses_an_interpreter_that_is_missing_or_unusable()
{
	local path

	good
	path=$(number good $(($(phdr good INTERP) + p_offset)) 8)
	# The rest of the path's 28 bytes is behind its first null byte.
	printf '/tmp/xelf-no-such-loader\0\0\0\0' | dd of=good bs=1 seek="$path" conv=notrunc status=none
	# Another machine may have it.
	run 0 "$XELF" tag good
	check_refuses interpreter-not-opened ENOENT good
	printf './ld\0' | dd of=good bs=1 seek="$path" conv=notrunc status=none
	cp -L /lib64/ld-linux-x86-64.so.2 ld
	run 0 "$XELF" check good
	chmod 644 ld
	check_refuses interpreter-not-opened EACCES good
	rm ld
	mkdir ld
	check_refuses interpreter-not-opened EACCES good
	rmdir ld
	head -c 63 /lib64/ld-linux-x86-64.so.2 >ld
	chmod 755 ld
	check_refuses interpreter-unreadable EIO good
	cp -L /lib64/ld-linux-x86-64.so.2 ld
	patch ld 1 46
	check_refuses interpreter-not-elf ELIBBAD good
	patch ld 1 45
	patch ld 18 b7
	check_refuses interpreter-other-machine ELIBBAD good
	patch ld 18 3e
	patch ld 56 00
	check_refuses interpreter-bad-program-headers ELIBBAD good
	cp -L /lib64/ld-linux-x86-64.so.2 ld
	patch ld 16 01
	check_refuses interpreter-not-executable-type ELIBBAD good
	patch ld 16 03
	patch64 ld $(($(phdr ld LOAD 2) + p_filesz)) 0x7000000000
	check_refuses interpreter-bad-segments ELIBBAD good
	cp -L /lib64/ld-linux-x86-64.so.2 ld
	warns_of_nothing good
}

check_warns_of_class_byte_order_and_version()
{
	good
	tags good
	warns_of_nothing good
	patch good 4 01
	"$programs/mark" good
	warns "EI_CLASS is 1, not ELFCLASS64 (2)" good
	patch good 4 02 02
	"$programs/mark" good
	warns "EI_DATA is 2, not ELFDATA2LSB (1)" good
	patch good 5 01 00
	"$programs/mark" good
	warns "EI_VERSION is 0, not EV_CURRENT (1)" good
	patch good 6 01
	patch good 20 07
	"$programs/mark" good
	warns "e_version is 7, not EV_CURRENT (1)" good
	patch good 20 01
	patch good 52 34
	"$programs/mark" good
	warns "e_ehsize is 52, not 64" good
}

check_warns_of_an_entry_outside_the_code()
{
	good
	patch64 good 24 0x10
	"$programs/mark" good
	warns "the entry 0x10 lies in no executable segment" good
}

check_warns_of_a_writable_and_executable_segment()
{
	good
	patch good $(($(phdr good LOAD 2) + p_flags)) 07
	"$programs/mark" good
	warns "program header 3: the segment is writable and executable" good
}

check_warns_of_an_executable_stack()
{
	good
	patch good $(($(phdr good GNU_STACK) + p_flags)) 07
	"$programs/mark" good
	warns "the stack is executable" good
}

check_does_not_mind_a_missing_stack_header()
{
	good
	patch good "$(phdr good GNU_STACK)" 00 00 00 00
	"$programs/mark" good
	warns_of_nothing good
}

check_warns_of_overlap_by_bytes_alone()
{
	local second third

	good
	second=$(phdr good LOAD 2)
	third=$(phdr good LOAD 3)
	# Up to the next segment is no overlap yet.
	patch64 good $((second + p_memsz)) $(($(number good $((third + p_vaddr)) 8) - $(number good $((second + p_vaddr)) 8)))
	"$programs/mark" good
	warns_of_nothing good
	patch64 good $((second + p_memsz)) $(($(number good $((second + p_memsz)) 8) + 1))
	"$programs/mark" good
	warns "program headers 3 and 4 overlap" good
}

check_warns_of_segments_out_of_order()
{
	local second third

	good
	second=$(phdr good LOAD 2)
	third=$(phdr good LOAD 3)
	dd if=good of=a bs=1 skip="$second" count=56 status=none
	dd if=good of=b bs=1 skip="$third" count=56 status=none
	dd if=b of=good bs=1 seek="$second" conv=notrunc status=none
	dd if=a of=good bs=1 seek="$third" conv=notrunc status=none
	"$programs/mark" good
	warns "the PT_LOADs are not in ascending order" good
}

check_warns_of_program_headers_that_are_not_loaded()
{
	local size

	good
	size=$(stat -c %s good)
	dd if=good bs=1 skip=64 count=$((56 * $(number good 56 2))) status=none >table
	cat table >>good
	patch64 good 32 "$size"
	"$programs/mark" good
	warns "AT_PHDR would be wrong" good
}

check_warns_of_contents_past_the_end()
{
	good
	truncate -s 12000 good
	"$programs/mark" good
	warns "reaches past the end of the file, 0x2ee0" good
}

check_warns_of_an_odd_alignment()
{
	good
	patch64 good $(($(phdr good LOAD 2) + p_align)) 0x3000
	"$programs/mark" good
	warns "program header 3: alignment 0x3000 is not a power of two" good
}

# ---- dump ----

dump_shows_tagged_and_untagged_files()
{
	good
	run 0 "$XELF" dump good
	prints "tag               untagged"
	prints "interpreter       /lib64/ld-linux-x86-64.so.2"
	tags good
	run 0 "$XELF" dump good
	prints "tag               valid, plain form, version 1, flags 0x00"
	[ ! -s stderr ]
	[ "$(awk 'length > 100' stdout | wc -l)" -eq 0 ]
}

dump_agrees_with_readelf()
{
	local program

	for program in /bin/ls "$programs"/{static,static_pie,dynamic_exec}; do
		run 0 "$XELF" dump "$program"
		[ "$(awk '$2 == "PT_LOAD" { print $4, $5, $6, $7 }' stdout)" = "$(readelf -lW "$program" |
			awk '$1 == "LOAD" { print $2, $3, $5, $6 }' |
			sed -E 's/0x0+([0-9a-f]+)/0x\1/g; s/\b0x0\b/0/g')" ] || fail "$program: $(cat stdout)"
	done
}

dump_lays_out_what_the_kernel_maps()
{
	# The maps of a static program, as the kernel made them, against the dump.
	echo '#include <stdio.h>
	static char bss[100000];
	int main(void) { int c; FILE *f = fopen("/proc/self/maps", "r"); bss[1] = 1;
		while ((c = getc(f)) != EOF) putchar(c); return 0; }' >maps.c
	gcc -static -no-pie -Wl,-z,norelro -o maps maps.c
	run 0 "$XELF" dump maps
	awk '$2 == "file" { print $3, $4, $5, $NF }' stdout | while read -r rights address size offset; do
		printf '%08x-%08x %sp %08x\n' $((address)) $((address + size)) "$rights" $((offset))
	done >dumped
	./maps | awk '$6 ~ /\/maps$/ { print $1, $2, $3 }' >mapped
	[ -s mapped ]
	diff dumped mapped
	awk '$2 == "zero" { print $4, $5 }' stdout | while read -r address size; do
		printf '%08x-%08x\n' $((address)) $((address + size))
	done >zero
	grep -qf zero <(./maps)
}

dump_json_is_json()
{
	need python3
	good
	tags good
	run 0 "$XELF" dump --json good "$programs/static" /bin/bash
	python3 - <<-'END'
	import json
	a, b, c = json.load(open("stdout"))
	assert a["tag"]["state"] == "valid" and a["tag"]["version"] == 1, a["tag"]
	assert a["tag"]["checksum"] == a["tag"]["checksum_computed"]
	assert b["tag"] == {"state": "untagged"}
	assert a["load"]["interpreter"] == "/lib64/ld-linux-x86-64.so.2"
	assert b["load"]["interpreter"] is None and not b["load"]["position_independent"]
	assert int(b["load"]["image_address"], 16) == 0x400000
	assert len(a["program_headers"]) == a["header"]["phnum"]
	assert [s["program_header"] for s in a["load"]["segments"]] == [2, 3, 4, 5]
	END
	run 1 "$XELF" dump --json nothing
	python3 -c 'import json; assert json.load(open("stdout")) == []'
}

dump_escapes_strings_out_of_the_file()
{
	local path

	good
	path=$(number good $(($(phdr good INTERP) + p_offset)) 8)
	printf 'a"b\\c\033[2J\n\303\244\377\0' | dd of=good bs=1 seek="$path" conv=notrunc status=none
	run 0 "$XELF" dump good
	prints 'interpreter       a"b\\c\x1b[2J\x0a\xc3\xa4\xff'
	"$programs/mark" good
	run 1 "$XELF" check good
	! grep -q "$(printf '\033')" stdout stderr || fail "an escape reached the terminal"
	need python3
	run 0 "$XELF" dump --json good
	python3 -c 'import json
path = json.load(open("stdout", encoding="utf-8"))[0]["load"]["interpreter"]
assert path == "a\"b\\c\x1b[2J\n\xe4\xff", ascii(path)'
}

dump_names_the_fault()
{
	good
	patch64 good $(($(phdr good LOAD 2) + p_filesz)) 0x700000
	run 0 "$XELF" dump good
	prints "not loaded: filesz-exceeds-memsz (EINVAL): program header 3"
}

dump_refuses_what_it_cannot_read()
{
	echo text >text
	run 1 "$XELF" dump text
	says "(not-elf)"
	good
	patch good 4 01
	run 1 "$XELF" dump good
	says "(other-class)"
}

# ---- hostile files ----

no_truncation_is_too_much_for_check_and_dump()
{
	good
	tags good
	"$programs/mark" --cut good 1001
	survives cut-*
	# The same with a checksum that fits.
	for file in cut-*; do
		[ "$(stat -c %s "$file")" -le 16 ] || "$programs/mark" "$file"
	done
	survives cut-*
}

no_mutation_is_too_much_for_check_and_dump()
{
	local program

	for program in dynamic static_pie static; do
		good $program
		"$programs/mark" --mutate good 20 500
		survives mutant-*
	done
}

no_mutation_is_too_much_for_tag()
{
	local file status

	good
	"$programs/mark" --mutate good 21 500
	status=0
	"$XELF" untag mutant-* >stdout 2>stderr || status=$?
	[ $status -le 1 ] || fail "exit status $status"
	"$XELF" tag mutant-* >stdout 2>stderr || status=$?
	[ $status -le 1 ] || fail "exit status $status"
	! grep -E 'Sanitizer|runtime error' stderr || fail "see above"
	# What tag let pass is valid.
	for file in mutant-*; do
		grep -q "^xelf: $file: " stderr || echo "$file"
	done >tagged
	[ -s tagged ]
	xargs "$XELF" check <tagged >stdout 2>stderr || status=$?
	! grep 'refused: [^i]' stdout || fail "see above"
}

# ---- the command line ----

help_and_version_succeed()
{
	local command

	for command in --help -h help; do
		run 0 "$XELF" $command
		prints "usage: xelf COMMAND"
		[ ! -s stderr ]
	done
	for command in tag untag check dump help; do
		run 0 "$XELF" $command --help
		prints "usage: xelf $command"
		run 0 "$XELF" help $command
		prints "usage: xelf $command"
	done
	run 0 "$XELF" --version
	prints "xelf "
}

bad_usage_is_2_and_changes_nothing()
{
	local before

	good
	before=$(state good)
	run 2 "$XELF"
	run 2 "$XELF" frobnicate good
	run 2 "$XELF" help frobnicate
	run 2 "$XELF" --frobnicate
	run 2 "$XELF" tag
	run 2 "$XELF" tag --json good
	says "unrecognized option '--json'"
	run 2 "$XELF" tag -o
	run 2 "$XELF" tag -o '' good
	run 2 "$XELF" tag -o out good good
	run 2 "$XELF" untag --exclusive good
	run 2 "$XELF" check --force good
	run 2 "$XELF" dump
	[ ! -s stdout ]
	[ "$(state good)" = "$before" ]
	[ ! -e out ]
}

a_full_output_is_a_failure()
{
	local status=0

	"$XELF" dump /bin/ls >/dev/full 2>stderr || status=$?
	[ $status -eq 1 ]
	says "standard output: No space left on device"
}

tap_main "$@"

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests of the command xelf share: programs to tag, changes to their bytes, and what to assert. Sourced.
#
# A script that sources this defines helpers of its own, then its tests, as tap.sh says. XELF is the command to test
# (default build/xelf). The tests run on any Debian host with gcc, as root or not; what needs root, a mount or a file
# system of its own stands in tool_root_test.sh, which does without this file.

here=$(cd "$(dirname "$0")" && pwd)
XELF=$(realpath "${XELF:-$here/../build/xelf}")
[ -x "$XELF" ] || { echo "Bail out! there is no $XELF"; exit 1; }
# shellcheck source-path=SCRIPTDIR
. "$here/tap.sh"

# A sanitizer's word must not be taken for a refusal.
export ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99:print_stacktrace=1
export LC_ALL=C
programs=$TAP_TMP/programs

# ---- programs ----

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
	 * mark --hints FILE: a tag, then a trailer of one run, for an interpreter that no file is.
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

	static void append_hints(void)
	{
		unsigned long long words[] = {
			1ULL << 32, 0, 40ULL << 32 | 1 << 16 | 12 << 8 | 1, 1, 0xcbf29ce484222325,
		};

		memcpy(&words[1], "XELFHINT", 8);
		for (int i = 0; i < 4; i++)
			words[4] = (words[4] ^ words[i]) * 0x100000001b3;
		memcpy(data + size, words, sizeof(words));
		size += sizeof(words);
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
		} else if (!strcmp(argv[1], "--hints")) {
			tag(0x11);
			append_hints();
			put(argv[2], size);
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

(build_programs) || { echo 'Bail out! gcc cannot build the test programs'; exit 1; }

# good [NAME [FILE]]: makes ./good (or FILE) from the program of that name, default dynamic
good()
{
	cp "$programs/${1:-dynamic}" "${2:-good}"
}

# ---- bytes ----

# put FILE OFFSET: overwrites bytes with standard input
put()
{
	dd of="$1" bs=1 seek=$(($2)) conv=notrunc status=none
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
	printf "$bytes" | put "$file" "$offset"
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

# Offsets in a program header.
declare -A phdr_fields=([p_type]=0 [p_flags]=4 [p_offset]=8 [p_vaddr]=16 [p_filesz]=32 [p_memsz]=40 [p_align]=48)

# phdr FILE FIELD TYPE [N]: prints the file offset of a field in the Nth program header (from 1) of the type, which is as
# readelf names it
phdr()
{
	local index

	index=$(readelf -lW "$1" | awk -v type="$3" -v nth="${4:-1}" '
		$2 ~ /^0x/ && $3 ~ /^0x/ { if ($1 == type && ++seen == nth) print count + 0; count++ }')
	[ -n "$index" ] || return 1
	echo $((64 + 56 * index + phdr_fields[$2]))
}

# ---- what to assert ----

# state FILE: prints what must not change
state()
{
	stat -c '%i %a %u %g %s %y %h' "$1"
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

# tags FILE [OPTION]...: xelf tag takes the file, and makes it valid
tags()
{
	local file=$1

	shift
	run 0 "$XELF" tag "$@" "$file"
	run 0 "$XELF" check "$file"
}

# fails_for TEXT FILE COMMAND...: the command fails, says why, prints nothing, and leaves the file as it was
fails_for()
{
	local text=$1 file=$2 before

	shift 2
	before=$(state "$file")
	run 1 "$@"
	says "$text"
	[ ! -s stdout ] || fail "standard output is not empty: $(cat stdout)"
	[ "$(state "$file")" = "$before" ] || fail "the file has changed"
	no_leftovers "$(dirname "$file")"
}

# refuses REASON COMMAND FILE [OPTION]...: xelf COMMAND FILE fails for the reason and leaves the file as it was
refuses()
{
	fails_for "($1)" "$3" "$XELF" "$2" "${@:4}" "$3"
}

# check_refuses REASON ERRNO FILE: what xelf check says of a file that has a valid tag
check_refuses()
{
	run 1 "$XELF" check "$3"
	prints "$3: refused: $1 ($2): "
}

# ---- an ordinary user ----

# become_user: sets ${user_xelf[@]}, the command xelf as an ordinary user runs it
become_user()
{
	user_xelf=("$XELF")
	[ "$(id -u)" -eq 0 ] || return 0
	need setpriv
	# Where that user can reach it.
	chmod 755 "$TAP_TMP" "$TAP_TMP/tests"
	cp "$XELF" "$TAP_TMP/xelf"
	user_xelf=(setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all "$TAP_TMP/xelf")
}

# ours FILE...: gives files to that user
ours()
{
	[ "$(id -u)" -ne 0 ] || chown 65534:65534 "$@"
}

# refuses_as_user TEXT FILE: xelf tag FILE fails for that user and leaves the file as it was
refuses_as_user()
{
	fails_for "$1" "$2" "${user_xelf[@]}" tag "$2"
}

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests of what `xelf tag` refuses, and of what it takes that is one byte or one field away. Prints TAP.
#
#	selftests/tool_refuse_test.sh [TEST]...
#
# packages: gcc libc6-dev binutils

# shellcheck source=selftests/tool.sh
. "$(dirname "$0")/tool.sh"

# refuses_byte REASON OFFSET BAD GOOD [TEXT]: tag refuses a program with the bad byte there, says TEXT, and takes it with
# the good one
refuses_byte()
{
	good
	patch good "$2" "$3"
	refuses "$1" tag good
	[ -z "${5-}" ] || says "$5"
	patch good "$2" "$4"
	tags good
}

# both REASON ERRNO: xelf check refuses ./good with a valid tag, and xelf tag ./good without one
both()
{
	cp good marked
	"$programs/mark" marked
	check_refuses "$1" "$2" marked
	refuses "$1" tag good
}

# ---- tests ----

# ---- what tag refuses ----

refuses_what_is_not_elf()
{
	refuses_byte not-elf 3 47 46
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
	refuses_byte other-class 4 01 02 "EI_CLASS is 1 (32 bits), not 2"
}

refuses_a_real_32_bit_program()
{
	echo 'int main(void) { return 0; }' >main.c
	gcc -m32 -c -o object.o main.c 2>/dev/null || skip "gcc has no -m32"
	refuses other-class tag object.o
}

refuses_another_byte_order()
{
	refuses_byte other-byte-order 5 02 01
}

refuses_another_machine()
{
	refuses_byte other-machine 18 f3 3e "e_machine is 243 (EM_RISCV), not 62 (EM_X86_64), 183 (EM_AARCH64) or 40 (EM_ARM)"
}

refuses_another_type()
{
	refuses not-executable-type tag "$programs/object.o"
	refuses_byte not-executable-type 16 04 03 ET_CORE
}

refuses_a_shared_object()
{
	local library

	for library in library.so named.so entered.so; do
		refuses shared-object tag "$programs/$library"
	done
	good named.so
	run 0 "$XELF" tag --force good
	says "warning: looks like a shared object"
	run 0 "$XELF" check good
	says "warning: the entry 0x0 lies in no executable segment"
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
	dynamic=$(number good "$(phdr good p_offset DYNAMIC)" 8)
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
		refuses_byte padding-in-use $byte 01 00
	done
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
	good
	size=$(($(number good "$(phdr good p_offset LOAD 4)" 8) + $(number good "$(phdr good p_filesz LOAD 4)" 8)))
	head -c $((size - 1)) "$programs/dynamic" >good
	refuses truncated tag good
	says "reaches past the end of the file, $(printf '0x%x' $((size - 1)))"
	head -c $size "$programs/dynamic" >good
	tags good
	# A segment of bss alone has no contents that could be cut off.
	good
	patch64 good "$(phdr good p_filesz LOAD 4)" 0
	patch64 good "$(phdr good p_offset LOAD 4)" $(($(number good "$(phdr good p_offset LOAD 4)" 8) + 0x10000000))
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
	run 0 "${user_xelf[@]}" tag mine/good
	run 0 "${user_xelf[@]}" check mine/good
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

# ---- what record refuses, before it runs or changes anything ----

record_refuses_a_file_shorter_than_what_its_tag_sums()
{
	head -c 120 "$programs/dynamic" >good
	patch good 56 01 00
	chmod 755 good
	refuses short-file record good
	says "truncate -s 128"
	tags good
	refuses short-file record good
}

record_refuses_another_machines_program()
{
	good static
	patch good 18 b7 00
	refuses other-machine record good
	says "is for EM_AARCH64"
	tags good
	refuses other-machine record good
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
	local filesz memsz

	good
	filesz=$(phdr good p_filesz LOAD 2)
	memsz=$(number good "$(phdr good p_memsz LOAD 2)" 8)
	patch64 good "$filesz" $((memsz + 1))
	both filesz-exceeds-memsz EINVAL
	says "$(printf 'program header 3: file size 0x%x is larger than memory size 0x%x' $((memsz + 1)) "$memsz")"
	patch64 good "$filesz" "$memsz"
	tags good
}

refuses_a_segment_outside_user_space()
{
	local vaddr address page

	good static
	vaddr=$(phdr good p_vaddr LOAD 2)
	address=$(number good "$vaddr" 8)
	for page in 0x7ffffffff000 0xfffffffffffff000; do
		patch64 good "$vaddr" $((page + (address & 4095)))
		both vaddr-out-of-range EINVAL
	done
	patch64 good "$vaddr" "$address"
	patch64 good "$(phdr good p_memsz LOAD 2)" 0x7ffffffff001
	both vaddr-out-of-range EINVAL
}

refuses_an_offset_that_does_not_fit_the_address()
{
	local vaddr

	good
	vaddr=$(phdr good p_vaddr LOAD 2)
	patch64 good "$vaddr" $(($(number good "$vaddr" 8) + 16))
	both offset-misaligned EINVAL
}

refuses_an_offset_that_overflows()
{
	good
	patch64 good "$(phdr good p_offset LOAD 2)" 0xfffffffffffff000
	both offset-out-of-range EINVAL
}

refuses_an_empty_image()
{
	local n field

	good static_pie
	for n in 1 2 3 4; do
		for field in p_filesz p_memsz p_vaddr; do
			patch64 good "$(phdr good $field LOAD $n)" 0
		done
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
	local filesz size

	good
	filesz=$(phdr good p_filesz INTERP)
	for size in 0 1 4097; do
		patch64 good "$filesz" $size
		both interpreter-path-size ENOEXEC
	done
	patch64 good "$filesz" 28
	tags good
}

refuses_an_interpreters_path_past_the_end()
{
	local offset

	good
	offset=$(phdr good p_offset INTERP)
	patch64 good "$offset" "$(stat -c %s good)"
	both interpreter-path-unreadable EIO
	patch64 good "$offset" 0xffffffffffffff00
	both interpreter-path-unreadable EINVAL
}

refuses_an_interpreters_path_without_an_end()
{
	good
	patch64 good "$(phdr good p_filesz INTERP)" 27
	both interpreter-path-unterminated ENOEXEC
}

tap_main "$@"

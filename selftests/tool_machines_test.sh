#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Tests that the command xelf does the same with the programs of each machine on every machine that
# it is built for: what stands here. Prints TAP. POSIX sh: made to run in the VM.
#
# XELF is the command to test (default xelf).

# shellcheck disable=SC2086 # what is not quoted is a number, or a word of ours

XELF=${XELF:-xelf}
# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

# ---- helpers ----

# le SIZE NUMBER...: each as so many bytes, the least first
le()
{
	le_size=$1
	shift
	for le_number; do
		le_left=$le_size
		while [ "$le_left" -gt 0 ]; do
			# shellcheck disable=SC2059 # the format is the byte
			printf "\\$(printf %o $((le_number & 255)))"
			le_number=$((le_number >> 8))
			le_left=$((le_left - 1))
		done
	done
}

# text SIZE TEXT: with zeros after it
text()
{
	printf '%s' "$2"
	head -c $(($1 - ${#2})) /dev/zero
}

# choose MACHINE: sets its class, e_machine, e_flags (of ARM: EABI 5), where user space ends, the
# checksum in its tag; of its class, the bytes of an address and of headers, and where its image
# begins, which no long of a 32-bit machine holds if it can
choose()
{
	case $1 in
	x86_64) class=2 number=62 flags=0 end=$((0x7ffffffff000)) sum=0x90f9 ;;
	aarch64) class=2 number=183 flags=0 end=$((0x1000000000000)) sum=0x79af ;;
	arm) class=1 number=40 flags=$((0x5000000)) end=$((0xbf000000)) sum=0x7eee ;;
	esac
	case $class in
	1) word=4 low=$((0x10000)) ehsize=52 phentsize=32 shentsize=40 ;;
	2) word=8 low=$((0x123456780000)) ehsize=64 phentsize=56 shentsize=64 ;;
	esac
}

# program_header TYPE FLAGS OFFSET ADDRESS FILE_SIZE MEMORY_SIZE ALIGN: each class has the flags
# elsewhere
program_header()
{
	le 4 "$1"
	[ $class = 1 ] || le 4 "$2"
	le $word "$3" "$4" "$4" "$5" "$6"
	[ $class = 2 ] || le 4 "$2"
	le $word "$7"
}

# section NAME TYPE FLAGS ADDRESS OFFSET SIZE ALIGN
section()
{
	le 4 "$1" "$2"
	le $word "$3" "$4" "$5" "$6"
	le 4 0 0
	le $word "$7" 0
}

# image MACHINE: a program of code, data and bss, which is not run: its code is a word
image()
{
	choose "$1"
	printf '\177ELF'
	le 1 $class 1 1
	text 9 ''
	le 2 2 $number
	le 4 1
	le $word $((low + 0x200)) $ehsize $((0x400))
	le 4 $flags
	le 2 $ehsize $phentsize 3 $shentsize 5 4
	program_header 1 5 0 $low $((0x300)) $((0x300)) $((0x1000))
	program_header 1 6 $((0x300)) $((low + 0x1300)) $((0x40)) $((0x1240)) $((0x1000))
	# PT_GNU_STACK
	program_header $((0x6474e551)) 6 0 0 0 0 16
	text $((0x200 - ehsize - 3 * phentsize)) ''
	text $((0x100)) code
	text $((0x40)) data
	# The names of sections.
	printf '\0.text\0.data\0.bss\0.shstrtab\0'
	text $((0x400 - 0x340 - 28)) ''
	section 0 0 0 0 0 0 0
	section 1 1 6 $((low + 0x200)) $((0x200)) $((0x100)) 16
	section 7 1 3 $((low + 0x1300)) $((0x300)) $((0x40)) 8
	section 13 8 3 $((low + 0x1340)) $((0x340)) $((0x1200)) 8
	section 18 3 0 0 $((0x340)) 28 1
}

# good MACHINE: its image in the files good and untagged
good()
{
	image "$1" >untagged
	cp untagged good
	chmod 755 good
}

# tagged: what the tag makes of it, as Documentation/format.md says
tagged()
{
	head -c 9 untagged
	printf 'XELF\001'
	le 2 $((sum))
	tail -c +17 untagged
}

# data_at ADDRESS: the data of good, whose program header is the second one
data_at()
{
	case $class in
	1) field=$((ehsize + phentsize + 8)) ;;
	2) field=$((ehsize + phentsize + 16)) ;;
	esac
	le $word "$1" | dd of=good bs=1 seek=$field conv=notrunc 2>/dev/null
}

# quiet COMMAND...: succeeds, and prints nothing
quiet()
{
	status 0 "$@"
	[ -z "$(cat out err)" ] || fail "$*: $(cat out err)"
}

# condensed: JSON without its layout, a value on each line
condensed()
{
	tr -d ' \t\n' | tr , '\n'
	echo
}

hex()
{
	printf '0x%x' "$1"
}

# at OFFSET: an address in the image
at()
{
	hex $((low + $1))
}

# ---- tests ----

the_tag_of_each_machines_program_is_the_same_everywhere()
{
	for machine in $machines; do
		good $machine
		quiet "$XELF" tag good
		tagged >wanted
		cmp wanted good || fail "$machine"
	done
}

each_machines_program_is_untagged_byte_for_byte()
{
	for machine in $machines; do
		for form in '' --exclusive; do
			good $machine
			# shellcheck disable=SC2086 # or none
			quiet "$XELF" tag $form good
			! cmp -s untagged good || fail "$machine: not tagged"
			quiet "$XELF" untag good
			cmp untagged good || fail "$machine $form"
		done
	done
}

check_says_which_machine_it_is_for_unless_it_is_this_one()
{
	for machine in $machines; do
		good $machine
		status 3 "$XELF" check good
		"$XELF" tag good
		case $machine:$(uname -m) in
		x86_64:x86_64 | aarch64:aarch64 | arm:arm*) wanted='good: valid (version 1)' ;;
		x86_64:*) wanted='good: valid (version 1, for EM_X86_64)' ;;
		aarch64:*) wanted='good: valid (version 1, for EM_AARCH64)' ;;
		arm:*) wanted='good: valid (version 1, for EM_ARM)' ;;
		esac
		status 0 "$XELF" check good
		[ "$(cat out)" = "$wanted" ] || fail "'$(cat out)' is not '$wanted'"
		# A byte that the checksum is of.
		printf X | dd of=good bs=1 seek=24 conv=notrunc 2>/dev/null
		status 1 "$XELF" check good
		grep -q stale-tag out err || fail "$machine: $(cat out err)"
	done
}

a_segment_past_the_end_of_its_machines_user_space_is_refused()
{
	for machine in $machines; do
		good $machine
		# The data, in two pages: they end there, or one is above.
		data_at $((end - 0x2000 + 0x300))
		quiet "$XELF" tag -o fits good
		data_at $((end - 0x1000 + 0x300))
		status 1 "$XELF" tag good
		grep -q '(vaddr-out-of-range)' err || fail "$machine: $(cat err)"
	done
}

dump_says_the_same_everywhere()
{
	for machine in $machines; do
		good $machine
		"$XELF" tag good
		status 0 "$XELF" dump --json good
		condensed <out >got
		condensed <<-END >wanted
		[{
		"file": "good",
		"size": "$(hex $((0x400 + 5 * shentsize)))",
		"tag": {"state": "valid", "form": "plain", "version": 1, "flags": "0x0",
		"checksum": "$sum", "checksum_computed": "$sum"},
		"hints": null,
		"header": {"class": $class, "data": 1, "ident_version": 1, "osabi": 0,
		"abi_version": 0, "type": 2, "machine": $number, "version": 1,
		"entry": "$(at 0x200)",
		"phoff": "$(hex $ehsize)", "shoff": "0x400", "flags": "$(hex $flags)",
		"ehsize": $ehsize, "phentsize": $phentsize, "phnum": 3,
		"shentsize": $shentsize, "shnum": 5, "shstrndx": 4},
		"program_headers": [
		{"index": 0, "type": "0x1", "type_name": "PT_LOAD", "flags": "0x5",
		"offset": "0x0", "vaddr": "$(at 0)", "paddr": "$(at 0)", "filesz": "0x300",
		"memsz": "0x300", "align": "0x1000"},
		{"index": 1, "type": "0x1", "type_name": "PT_LOAD", "flags": "0x6",
		"offset": "0x300", "vaddr": "$(at 0x1300)", "paddr": "$(at 0x1300)",
		"filesz": "0x40",
		"memsz": "0x1240", "align": "0x1000"},
		{"index": 2, "type": "0x6474e551", "type_name": "PT_GNU_STACK", "flags": "0x6",
		"offset": "0x0", "vaddr": "0x0", "paddr": "0x0", "filesz": "0x0", "memsz": "0x0",
		"align": "0x10"}],
		"load": {"state": "ok", "interpreter": null, "stack": "rw-",
		"position_independent": false, "image_address": "$(at 0)", "image_size": "0x2540",
		"alignment": "0x1000", "brk": "$(at 0x3000)", "at_phdr": "$(at $ehsize)",
		"at_entry": "$(at 0x200)", "segments": [
		{"program_header": 0, "rights": "r-x", "address": "$(at 0)", "file_offset": "0x0",
		"file_size": "0x1000", "cleared_address": "0x0", "cleared_size": "0x0",
		"zero_address": "$(at 0x1000)", "zero_size": "0x0"},
		{"program_header": 1, "rights": "rw-", "address": "$(at 0x1000)",
		"file_offset": "0x0",
		"file_size": "0x1000", "cleared_address": "$(at 0x1340)", "cleared_size": "0xcc0",
		"zero_address": "$(at 0x2000)", "zero_size": "0x1000"}]},
		"sections_error": null,
		"sections": [
		{"name": ".text", "type": "0x1", "flags": "0x6", "address": "$(at 0x200)",
		"offset": "0x200", "size": "0x100", "align": "0x10"},
		{"name": ".data", "type": "0x1", "flags": "0x3", "address": "$(at 0x1300)",
		"offset": "0x300", "size": "0x40", "align": "0x8"},
		{"name": ".bss", "type": "0x8", "flags": "0x3", "address": "$(at 0x1340)",
		"offset": "0x340", "size": "0x1200", "align": "0x8"},
		{"name": ".shstrtab", "type": "0x3", "flags": "0x0", "address": "0x0",
		"offset": "0x340", "size": "0x1c", "align": "0x1"}],
		"segment_sections": [[".text"], [".data", ".bss"], []],
		"section_areas": {
		"text": {"address": "$(at 0x200)", "size": "0x100", "bytes": "0x100",
		"sections": 1},
		"data": {"address": "$(at 0x1300)", "size": "0x40", "bytes": "0x40", "sections": 1},
		"bss": {"address": "$(at 0x1340)", "size": "0x1200", "bytes": "0x1200",
		"sections": 1},
		"rtthread_text": {"address": "$(at 0x200)", "size": "0x100", "bytes": "0x100",
		"sections": 1},
		"rtthread_data": {"address": "$(at 0x1300)", "size": "0x1240", "bytes": "0x1240",
		"sections": 2},
		"rtthread_apart": true}
		}]
		END
		diff wanted got || fail "$machine"
	done
}

machines='x86_64 aarch64 arm'
tap_main "$@"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests of `xelf check`, `xelf dump` and the command line, down to files made to break them. Prints TAP.
#
#	selftests/tool_check_test.sh [TEST]...
#
# packages: gcc libc6-dev binutils python3

# shellcheck source=selftests/tool.sh
. "$(dirname "$0")/tool.sh"

# warns TEXT: xelf check warns of ./good, which is valid all the same with a tag of its own
warns()
{
	"$programs/mark" good
	run 0 "$XELF" check good
	says "warning: "
	says "$1"
}

# warns_of_nothing: nor does xelf check refuse ./good, with the tag that it has
warns_of_nothing()
{
	run 0 "$XELF" check good
	[ ! -s stderr ] || fail "standard error is not empty: $(cat stderr)"
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

# ---- tests ----

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
	local linker=/lib64/ld-linux-x86-64.so.2 path reason offset byte

	good
	path=$(number good "$(phdr good p_offset INTERP)" 8)
	# The rest of the path's 28 bytes is behind its first null byte.
	printf '/tmp/xelf-no-such-loader\0\0\0\0' | put good "$path"
	# Another machine may have it.
	run 0 "$XELF" tag good
	check_refuses interpreter-not-opened ENOENT good
	printf './ld\0' | put good "$path"
	cp -L $linker ld
	run 0 "$XELF" check good
	chmod 644 ld
	check_refuses interpreter-not-opened EACCES good
	rm ld
	mkdir ld
	check_refuses interpreter-not-opened EACCES good
	rmdir ld
	head -c 63 $linker >ld
	chmod 755 ld
	check_refuses interpreter-unreadable EIO good
	while read -r reason offset byte; do
		cp -L $linker ld
		patch ld "$offset" "$byte"
		check_refuses "$reason" ELIBBAD good
	done <<-'END'
	interpreter-not-elf              1 46
	interpreter-other-machine       18 b7
	interpreter-bad-program-headers 56 00
	interpreter-not-executable-type 16 01
	END
	cp -L $linker ld
	patch64 ld "$(phdr ld p_filesz LOAD 2)" 0x7000000000
	check_refuses interpreter-bad-segments ELIBBAD good
	cp -L $linker ld
	warns_of_nothing
}

check_opens_no_interpreter_that_is_a_device_or_a_fifo()
{
	local path

	good
	path=$(number good "$(phdr good p_offset INTERP)" 8)
	printf './ld\0' | put good "$path"
	"$programs/mark" --hints good
	cp -L /lib64/ld-linux-x86-64.so.2 ld
	run 0 "$XELF" check good
	says "(interpreter-changed)"
	rm ld
	mkfifo ld
	# Who opens it lets the writer go on.
	bash -c 'exec 3>ld; : >opened' &
	trap 'kill $! 2>/dev/null || :' EXIT
	until grep -q '^State:.S' /proc/$!/status; do :; done
	sleep 0.2
	check_refuses interpreter-not-opened EACCES good
	sleep 0.2
	[ ! -e opened ] || fail "the fifo was opened"
	# It would have been seen.
	: <ld
	sleep 0.5
	[ -e opened ] || fail "who waits at the fifo does not see that it is opened"
	[ ! -s stderr ] || fail "standard error is not empty: $(cat stderr)"
}

check_warns_of_class_byte_order_and_version()
{
	local offset bad right text

	good
	tags good
	warns_of_nothing
	while read -r offset bad right text; do
		patch good "$offset" "$bad"
		warns "$text"
		patch good "$offset" "$right"
	done <<-'END'
	 4 01 02 EI_CLASS is 1, not ELFCLASS64 (2)
	 5 02 01 EI_DATA is 2, not ELFDATA2LSB (1)
	 6 00 01 EI_VERSION is 0, not EV_CURRENT (1)
	20 07 01 e_version is 7, not EV_CURRENT (1)
	52 34 40 e_ehsize is 52, not 64
	END
}

check_warns_of_an_entry_outside_the_code()
{
	good
	patch64 good 24 0x10
	warns "the entry 0x10 lies in no executable segment"
}

check_warns_of_a_writable_and_executable_segment()
{
	good
	patch good "$(phdr good p_flags LOAD 2)" 07
	warns "program header 3: the segment is writable and executable"
}

check_warns_of_an_executable_stack()
{
	good
	patch good "$(phdr good p_flags GNU_STACK)" 07
	warns "the stack is executable"
}

check_does_not_mind_a_missing_stack_header()
{
	good
	patch good "$(phdr good p_type GNU_STACK)" 00 00 00 00
	"$programs/mark" good
	warns_of_nothing
}

check_warns_of_overlap_by_bytes_alone()
{
	local memsz room

	good
	memsz=$(phdr good p_memsz LOAD 2)
	room=$(($(number good "$(phdr good p_vaddr LOAD 3)" 8) - $(number good "$(phdr good p_vaddr LOAD 2)" 8)))
	# Up to the next segment is no overlap yet.
	patch64 good "$memsz" $room
	"$programs/mark" good
	warns_of_nothing
	patch64 good "$memsz" $((room + 1))
	warns "program headers 3 and 4 overlap"
}

check_warns_of_segments_out_of_order()
{
	local second third

	good
	second=$(phdr good p_type LOAD 2)
	third=$(phdr good p_type LOAD 3)
	dd if="$programs/dynamic" bs=1 skip="$second" count=56 status=none | put good "$third"
	dd if="$programs/dynamic" bs=1 skip="$third" count=56 status=none | put good "$second"
	warns "the PT_LOADs are not in ascending order"
}

check_warns_of_program_headers_that_are_not_loaded()
{
	local size

	good
	size=$(stat -c %s good)
	dd if=good bs=1 skip=64 count=$((56 * $(number good 56 2))) status=none >table
	cat table >>good
	patch64 good 32 "$size"
	warns "AT_PHDR would be wrong"
}

check_warns_of_contents_past_the_end()
{
	good
	truncate -s 12000 good
	warns "reaches past the end of the file, 0x2ee0"
}

check_warns_of_an_odd_alignment()
{
	good
	patch64 good "$(phdr good p_align LOAD 2)" 0x3000
	warns "program header 3: alignment 0x3000 is not a power of two"
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
	path=$(number good "$(phdr good p_offset INTERP)" 8)
	printf 'a"b\\c\033[2J\n\303\244\377\0' | put good "$path"
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

no_name_of_a_file_reaches_the_terminal_raw()
{
	local name=$'x\nforged: valid\033[2J\302\233\377' shown='x\x0aforged: valid\x1b[2J\xc2\x9b\xff'

	good dynamic "$name"
	run 3 "$XELF" check "$name"
	prints "$shown: not XELF: an ELF file without a tag"
	[ "$(wc -l <stdout)" -eq 1 ] || fail "more than a line: $(cat stdout)"
	tags "$name"
	prints "$shown: valid (version 1)"
	run 0 "$XELF" dump "$name"
	[ "$(head -n 1 stdout)" = "$shown: $(stat -c %s "$name") bytes" ]
	run 1 "$XELF" tag "$name"
	says "xelf: $shown: is tagged already"
	[ "$(wc -l <stderr)" -eq 1 ] || fail "more than a line: $(cat stderr)"
	run 1 "$XELF" map "$name"
	says "xelf: $shown: is not in PATH; give its path, as in ./$shown"
	# What a person named so stays so.
	good dynamic $'b\303\244r \\n.txt'
	run 3 "$XELF" check $'b\303\244r \\n.txt'
	prints $'b\303\244r \\n.txt: not XELF'
}

dump_puts_sections_into_segments_as_readelf_does()
{
	local program

	need python3
	cat >compare.py <<-'END'
	import json, re, sys
	text = open("wanted").read().split("Segment Sections...")[1]
	want = [line.split()[1:] for line in text.splitlines() if re.match(r" +\d+", line)]
	assert want == json.load(open("stdout"))[0]["segment_sections"], sys.argv[1]
	END
	for program in /bin/bash /bin/ls "$("$XELF" dump --json /bin/ls | sed -n 's/.*"interpreter": "\(.*\)".*/\1/p')" \
		/lib/x86_64-linux-gnu/lib{c,m}.so.6 "$programs"/{static,static_pie,dynamic_exec,library.so,entered.so}; do
		readelf -lW "$program" >wanted 2>/dev/null
		run 0 "$XELF" dump --json "$program"
		python3 compare.py "$program"
	done
}

# The tag, the class and the magic are not libelf's business.
dump_reads_the_sections_of_any_tagged_file()
{
	good
	run 0 "$XELF" dump good
	sed -n '/#  type  *sections/,$p' stdout >untagged
	grep -q ' LOAD .*\.text' untagged
	tags good
	run 0 "$XELF" dump good
	sed -n '/#  type  *sections/,$p' stdout | diff untagged -
	patch good 4 07 09 00
	"$programs/mark" good
	run 0 "$XELF" dump good
	sed -n '/#  type  *sections/,$p' stdout | diff untagged -
	good
	tags good --exclusive
	run 0 "$XELF" dump good
	sed -n '/#  type  *sections/,$p' stdout | diff untagged -
	[ "$(head -c 4 good)" = "$(printf '\177XEL')" ]
}

# A program of 32-bit ARM, with a section; of arm64, all but e_machine is x86-64's.
programs_of_other_machines_are_tagged_checked_and_dumped()
{
	local form

	python3 - <<-'PYTHON'
	import struct
	names = b"\0.text\0.shstrtab\0"
	code = struct.pack("<2I", 0xe3a00000, 0xe12fff1e)
	shoff = 84 + len(code) + len(names)
	ident = b"\x7fELF\1\1\1".ljust(16, b"\0")
	ehdr = struct.pack("<HHIIIIIHHHHHH", 2, 40, 1, 0x10054, 52, shoff, 0x05000400, 52, 32, 1, 40, 3, 2)
	size = 84 + len(code)
	phdr = struct.pack("<8I", 1, 0, 0x10000, 0x10000, size, size, 5, 0x1000)
	sections = [(0,) * 10, (1, 1, 6, 0x10054, 84, len(code), 0, 0, 4, 0),
	            (7, 3, 0, 0, 84 + len(code), len(names), 0, 0, 1, 0)]
	with open("arm", "wb") as f:
	    f.write(ident + ehdr + phdr + code + names + b"".join(struct.pack("<10I", *s) for s in sections))
	PYTHON
	chmod 755 arm
	run 0 "$XELF" dump arm
	sed -n '/#  type  *sections/,$p' stdout >untagged
	grep -q ' LOAD .*\.text' untagged
	for form in '' --exclusive; do
		# shellcheck disable=SC2086 # or none
		tags arm $form
		prints "for EM_ARM)"
		run 0 "$XELF" dump arm
		sed -n '/#  type  *sections/,$p' stdout | diff untagged -
		run 0 "$XELF" untag arm
	done
	good static
	patch good 18 b7 00
	tags good
	prints "for EM_AARCH64)"
	run 0 "$XELF" dump good
	prints ".text"
}

dump_says_that_there_are_no_section_headers()
{
	good
	patch64 good 40 0
	patch good 60 00 00
	run 0 "$XELF" dump good
	prints "  sections          none: the file has no section headers"
	good
	patch64 good 40 0x7fffffff
	run 0 "$XELF" dump good
	prints " section headers at 0x7fffffff lie past the file's end"
}

dump_lays_out_a_section_driven_loaders_areas()
{
	cat >areas.s <<-'END'
	.section .text, "ax"
	.globl _start
	_start:	.skip 0x30
	.section .rodata, "a"
		.skip 0x20
	.section .note.x, "a", @note
		.skip 0x10
	.section .data, "aw"
		.skip 0x40
	.section .tbss, "awT", @nobits
		.skip 0x8
	.section .bss, "aw", @nobits
		.skip 0x500
	.section .comment
		.skip 0x99
	END
	cat >areas.lds <<-'END'
	SECTIONS {
		.text 0x400000 : { *(.text) }
		.rodata 0x400100 : { *(.rodata) }
		.note.x 0x500000 : { *(.note.x) }
		.data 0x600000 : { *(.data) }
		.tbss 0x600040 : { *(.tbss) }
		.bss 0x600080 : { *(.bss) }
		/DISCARD/ : { *(.note.gnu.property) }
	}
	END
	gcc -c areas.s
	ld -T areas.lds -o areas areas.o 2>/dev/null
	run 0 "$XELF" dump areas
	sed -n '/goes by sections/,$p' stdout | tr -s ' ' >areas.txt
	diff - areas.txt <<-'END'
	 what a loader that goes by sections would set up, by their rights
	 area address size sections their bytes gaps
	 text 0x400000 0x100010 3 0x60 0xfffb0
	 data 0x600000 0x40 1 0x40 0
	 bss 0x600080 0x500 1 0x500 0
	 by RT-Thread Smart's rule: PROGBITS not writable, all else
	 text 0x400000 0x120 2 0x50 0xd0
	 data 0x500000 0x100580 4 0x558 0x100028
	END
	# The note in front of the text: now the areas cross.
	sed -i 's/0x500000/0x400080/' areas.lds
	ld -T areas.lds -o areas areas.o 2>/dev/null
	run 0 "$XELF" dump areas
	prints "text and data share pages: such a loader cannot map both"
	need python3
	run 0 "$XELF" dump --json areas
	python3 -c 'import json
areas = json.load(open("stdout"))[0]["section_areas"]
assert areas["rtthread_apart"] is False
assert areas["rtthread_data"] == {"address": "0x400080", "size": "0x200500", "bytes": "0x558", "sections": 4}, areas
assert areas["bss"]["size"] == "0x500"'
}

dump_names_the_fault()
{
	good
	patch64 good "$(phdr good p_filesz LOAD 2)" 0x700000
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

no_mutation_of_section_headers_is_too_much_for_dump()
{
	local program offset count i

	# The same ones on each run.
	RANDOM=7
	for program in dynamic static; do
		good $program
		offset=$(number good 40 8)
		count=$(number good 60 2)
		for ((i = 0; i < 150; i++)); do
			cp good mutant-$i
			patch64 mutant-$i $((offset + 8 * (RANDOM % (8 * count)))) $((RANDOM % 3 ? RANDOM << (RANDOM % 49) : -1))
			[ $((i % 10)) != 0 ] || patch mutant-$i $((60 + RANDOM % 4)) "$(printf %02x $((RANDOM % 256)))"
		done
		survives mutant-*
		prints '"segment_sections"'
	done
	# Sections whose number stands elsewhere, and is a lie.
	good
	patch good 60 00 00
	for i in 5 0x7fffffff 0x7fffffffffffffff -1; do
		patch64 good $(($(number good 40 8) + 32)) $i
		survives good
	done
}

no_mutation_is_too_much_for_tag()
{
	local file status=0

	good
	"$programs/mark" --mutate good 21 500
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

help_has_the_ranges_that_hold()
{
	local command option least most options=0

	for command in diff bench map trace record; do
		"$XELF" $command --help >help
		# --runs=RUNS ... (1 to 1000; 3), --timeout S ... (1 to 86400)
		while read -r option least most; do
			run 2 "$XELF" $command "$option" $((most + 1)) ./nothing
			says "is not a number from $least to $most"
			run 2 "$XELF" $command "$option" $((least - 1)) ./nothing
			says "is not a number from $least to $most"
			options=$((options + 1))
		done < <(sed -nE 's/^  (-., )?(--[a-z]+)[ =].*\(([0-9]+) to ([0-9]+).*/\2 \3 \4/p' help)
	done
	[ $options = 8 ] || fail "$options options with a range"
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

pages_of_another_size_are_refused()
{
	# A kernel with such pages, as far as the command can tell.
	cat >pages.c <<-'END'
	#define _GNU_SOURCE
	#include <dlfcn.h>
	#include <unistd.h>
	long sysconf(int name)
	{
		long (*next)(int) = (long (*)(int))dlsym(RTLD_NEXT, "sysconf");

		return name == _SC_PAGESIZE ? 65536 : next(name);
	}
	END
	gcc -shared -fPIC -o pages.so pages.c
	good
	for command in map record diff; do
		run "$([ $command = diff ] && echo 2 || echo 1)" env LD_PRELOAD=./pages.so \
			ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0" "$XELF" $command ./good
		says "xelf: $command: pages of 65536 bytes are not supported, only of 4096"
		[ "$(wc -l <stderr)" -eq 1 ] || fail "more than a line: $(cat stderr)"
		[ ! -s stdout ] || fail "standard output is not empty: $(cat stdout)"
	done
}

# libelf gets a copy of the exclusive form, holes left out.
a_sparse_file_of_1_tib_is_dumped_at_once()
{
	good
	run 0 "$XELF" tag --exclusive good
	truncate -s 1T good || skip "no file system for files of 1 TiB"
	run 0 "$XELF" dump good
	grep -q '^ *text ' stdout || fail "no sections: $(cat stdout)"
}

a_full_output_is_a_failure()
{
	local status=0

	"$XELF" dump /bin/ls >/dev/full 2>stderr || status=$?
	[ $status -eq 1 ]
	says "standard output: No space left on device"
}

tap_main "$@"

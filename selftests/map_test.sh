#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Tests of `xelf map`, against what the kernel says in /proc and readelf of the files. Runs on the host, with the tool that
# has sanitizers, and in the VM, with the module and other kernels. Prints TAP.
#
#	selftests/map_test.sh [TEST]...
#
# packages: bash binutils bsdutils busybox-static gcc klibc-utils libc6-dev python3 util-linux
# files: /bin/bash /bin/busybox /bin/sleep /usr/lib/klibc/bin/cat /usr/bin/script

# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

xelf=$(command -v "${XELF:-xelf}") || { echo "Bail out! there is no ${XELF:-xelf}"; exit 1; }
xelf=$(realpath "$xelf")
# A sanitizer's word must not be taken for a refusal.
export ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99:print_stacktrace=1
export LC_ALL=C
unset NO_COLOR

# Segments of bash and of busybox, which is static, as the machine's linker numbers them: x86's
# gives headers and text one each. Where ELF has e_shoff and e_shnum. 32-bit ARM has no --at entry.
entry=entry
shoff='seek=40 count=8'
shnum='seek=60 count=2'
case $(uname -m) in
x86_64)
	headers='r--p .*LOAD#2 r-- file 0x0'
	text='LOAD#3 r-x'
	data='LOAD#5 rw-'
	static_first=' 400000 .*LOAD#0 r-- file 0x0'
	static_text='LOAD#1 r-x'
	;;
aarch64)
	headers='r-xp .*LOAD#2 r-x file 0x0'
	text='LOAD#2 r-x'
	data='LOAD#3 rw-'
	static_first=' 400000 .*LOAD#0 r-x file 0x0'
	static_text='LOAD#0 r-x'
	;;
armv7l)
	headers='r-xp .*LOAD#3 r-x file 0x0'
	text='LOAD#3 r-x'
	data='LOAD#4 rw-'
	static_first=' 10000 .*LOAD#1 r-x file 0x0'
	static_text='LOAD#1 r-x'
	shoff='seek=32 count=4'
	shnum='seek=48 count=2'
	entry=
	;;
esac

# says TEXT: in one line on standard error, and nothing on standard output
says()
{
	grep -qF -- "$1" err || fail "standard error lacks '$1': $(cat err)"
	[ "$(wc -l <err)" -eq 1 ] || fail "more than a line: $(cat err)"
	[ ! -s out ] || fail "standard output: $(cat out)"
}

prints()
{
	grep -qF -- "$1" out || fail "standard output lacks '$1': $(cat out)"
}

# sleeper: starts a process that sleeps; $sleeper is its number
sleeper()
{
	/bin/sleep 100 &
	sleeper=$!
	trap 'kill $sleeper' EXIT
	# It has come to its sleep when it has nothing more to map.
	until grep -q 'State:.S' "/proc/$sleeper/status" && grep -q libc "/proc/$sleeper/maps"; do
		sleep 0.1
	done
}

# resident PID: pages
resident()
{
	awk '/^Rss:/ { kib += $2 } END { print kib / 4 }' "/proc/$1/smaps"
}

# rows <out: the lines of the mappings: start, size, rights
rows()
{
	sed -n 's/^ *\([0-9a-f]\{6,16\}\)  *\([0-9]*[BKMGT]\) \([r-][w-][x-][ps]\) .*/\1 \2 \3/p'
}

# joined <out: one line a mapping, with all sections behind it
joined()
{
	awk '/^ +\|/ { sub(/^ +\|/, ""); printf "%s", $0; next } { printf "\n%s", $0 } END { print "" }'
}

has_module()
{
	[ -e /sys/module/binfmt_xelf ] || skip "the module is not loaded here"
}

# as_nobody COMMAND: in the shell of an ordinary user
as_nobody()
{
	[ "$(id -u)" -eq 0 ] || skip "only root can be another user"
	chmod 755 "$TAP_TMP" "$TAP_TMP/tests" .
	[ -x "$TAP_TMP/xelf" ] || cp "$xelf" "$TAP_TMP/xelf"
	status "$1" su -s /bin/sh nobody -c "$2"
}

# ---- tests ----

shows_every_mapping_as_the_kernel_has_it()
{
	sleeper
	status 0 "$xelf" map $sleeper
	sed 's/^\([0-9a-f]*\)-[0-9a-f]* \(....\) .*/\1 \2/' "/proc/$sleeper/maps" >want
	rows <out | awk '{ print $1, $3 }' >got
	[ -s want ]
	# The columns are as wide as addresses of user space.
	sed 's/^0*//' want >want.short
	diff want.short got
}

counts_the_pages_that_smaps_counts()
{
	sleeper
	# It may still be on its way to its sleep.
	rss=
	until [ "$rss" = "$(resident $sleeper)" ]; do
		rss=$(resident $sleeper)
		sleep 0.3
		status 0 "$xelf" map $sleeper
	done
	anon=$(awk '/^Anonymous:/ { kib += $2 } END { print kib / 4 }' "/proc/$sleeper/smaps")
	[ "$anon" -gt 5 ]
	prints "in memory $rss pages"
	prints "$anon anonymous"
}

shows_a_program_at_its_exec_its_entry_and_its_exit()
{
	status 0 "$xelf" map --at exec /bin/bash -c :
	prints "behind its exec"
	! grep -q '/libc.so.6: library' out || fail "libc is there at the exec: $(cat out)"
	! grep -qF '[heap]' out || fail "a heap is there at the exec"
	# Nothing of the program's text has run.
	joined <out | grep -Eq 'r-xp \.+ +- +- .*\.text' || fail "the text was touched: $(cat out)"

	status 0 "$xelf" map /bin/bash -c :
	prints "before its exit"
	prints "[heap]"

	[ "$entry" ] || return 0
	status 0 "$xelf" map --at entry /bin/bash -c :
	prints "at its entry"
	prints "/libc.so.6: library"
	! grep -qF '[heap]' out || fail "a heap is there at the entry"
	! joined <out | grep -E 'LOAD.*\.data ' | grep -q ' [1-9][0-9]* file' || fail "a page of the data is still the file's"
}

the_entry_is_the_programs_own_whatever_ld_so_does()
{
	[ "$entry" ] || skip "--at entry needs a hardware breakpoint"
	for program in /bin/busybox /usr/lib/klibc/bin/cat /bin/bash; do
		status 0 "$xelf" map --at entry $program
		prints "at its entry"
	done
}

sees_the_entry_and_the_vector_of_a_32_bit_program()
{
	[ "$(uname -m)" = x86_64 ] || skip "it is a program of i386"
	need gcc
	cat >narrow.s <<-'END'
	.globl _start
	_start:
		mov $1, %eax
		xor %ebx, %ebx
		int $0x80
	END
	gcc -m32 -nostdlib -static -o narrow narrow.s || fail "gcc -m32"
	./narrow || skip "the kernel runs no programs of i386"
	status 0 "$xelf" map --at entry ./narrow
	prints "/narrow, process"
	prints "at its entry"
	[ ! -s err ] || fail "$(cat err)"
	need python3 readelf
	status 0 "$xelf" map --json ./narrow
	python3 - <<-'PYTHON'
	import json, re, subprocess
	header = subprocess.run(["readelf", "-h", "narrow"], capture_output=True, text=True).stdout
	entry = re.search("Entry point address: *(0x[0-9a-f]+)", header).group(1)
	auxv = json.load(open("out"))["auxv"]
	assert auxv["AT_ENTRY"] == entry and auxv["AT_PAGESZ"] == "0x1000", auxv
	PYTHON
}

names_the_segment_and_sections_of_each_mapping()
{
	status 0 "$xelf" map /bin/bash -c :
	joined <out | sed -n '/bash: program/,/libc/p' >bash
	grep -q "$headers .interp .*\.rela\{0,1\}\.dyn" bash
	grep -q "r-xp .*$text .* \.text" bash
	grep -q "r--p .*$data .*(relro) .*\.dynamic" bash
	grep -q "rw-p .*$data .*\.data" bash
	grep -q "rw-p .*bss $data \.bss$" bash
	! grep 'r-xp' bash | grep -q '\.data' || fail "$(cat bash)"
	grep -q 'ld-linux-[a-z0-9-]*\.so\.[0-9]: interpreter' out
	joined <out | grep -q '\[stack\]$'
	joined <out | grep -q 'r-xp .*vdso .*\.text'
}

agrees_with_readelf_and_maps_on_where_sections_are()
{
	need python3 readelf
	status 0 "$xelf" map --json --at entry /bin/bash -c :
	python3 - <<-'PYTHON'
	import json, re, subprocess
	map = json.load(open("out"))
	mappings, objects = map["mappings"], map["objects"]
	assert [o["role"] for o in objects].count("program") == 1
	checked = 0
	for index, o in enumerate(objects):
	    if o["role"] not in ("program", "interpreter", "library"):
	        continue
	    text = subprocess.run(["readelf", "-SW", o["path"]], capture_output=True, text=True).stdout
	    bias = int(o["bias"], 16)
	    for name, kind, addr, size, flags in re.findall(
	            r"\] (\S+) +(\S+) +([0-9a-f]{16}) [0-9a-f]+ ([0-9a-f]+) \S+ +([A-Z]*) ", text):
	        if "A" not in flags or ("T" in flags and kind == "NOBITS"):
	            continue
	        start = int(addr, 16) + bias
	        end = start + (int(size, 16) or 1)
	        want = [m["start"] for m in mappings if int(m["start"], 16) < end and int(m["end"], 16) > start]
	        got = [m["start"] for m in mappings if m["object"] == index and name in m["sections"]]
	        assert want == got and want, (o["path"], name, want, got)
	        checked += 1
	assert checked > 50, checked
	base, entry = int(map["auxv"]["AT_BASE"], 16), int(map["auxv"]["AT_ENTRY"], 16)
	assert [o["role"] for o in objects if int(o["bias"], 16) == base] == ["interpreter"]
	[there] = [m for m in mappings if int(m["start"], 16) <= entry < int(m["end"], 16)]
	assert ".text" in there["sections"] and objects[there["object"]]["role"] == "program"
	for m in mappings:
	    pages = (int(m["end"], 16) - int(m["start"], 16)) // map["page_size"]
	    assert len(m["pages"]) == pages and m["pages"].count("f") == m["file_pages"]
	    assert m["pages"].count("a") == m["anonymous_pages"]
	PYTHON
}

counts_what_alignment_costs()
{
	need gcc python3
	echo 'int main(void) { return 0; }' >main.c
	gcc -Wl,-z,max-page-size=0x200000 -o apart main.c
	gcc -Wl,-z,noseparate-code,-z,norelro -o together main.c
	for program in apart together; do
		status 0 "$xelf" map --json ./$program
		mv out $program.json
	done
	python3 - <<-'PYTHON'
	import json, struct
	def loads(name):
	    data = open(name, "rb").read()
	    phoff, = struct.unpack_from("<Q", data, 32)
	    count, = struct.unpack_from("<H", data, 56)
	    all = [struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * i) for i in range(count)]
	    return [p for p in all if p[0] == 1]
	for name in "apart", "together":
	    [o] = [o for o in json.load(open(name + ".json"))["objects"] if o["role"] == "program"]
	    around = holes = file = 0
	    last = None
	    for _, _, offset, vaddr, _, filesz, memsz, _ in loads(name):
	        start, end = vaddr & -4096, vaddr + memsz + 4095 & -4096
	        around += end - start - memsz
	        if last:
	            holes += max(0, start - last[0])
	            file += max(0, offset - last[1])
	        last = end, offset + filesz
	    padding = o["padding"]
	    assert padding["around_segments"] == around, (name, padding, around)
	    assert padding["between_segments"] == holes, (name, padding, holes)
	    assert padding["between_segments_in_file"] == file, (name, padding, file)
	    assert (holes > 4 << 20) == (name == "apart"), holes
	PYTHON
}

shows_a_static_program()
{
	status 0 "$xelf" map /bin/busybox true
	prints "/busybox: program"
	! grep -q ': interpreter' out || fail "$(cat out)"
	joined <out | grep -q "$static_first"
}

shows_an_interpreter_at_addresses_of_its_own()
{
	status 0 "$xelf" map /usr/lib/klibc/bin/cat
	prints "/klibc/bin/cat: program"
	# It is ET_EXEC: nothing is added to its addresses.
	grep -Eq '/klibc-[^/]*\.so: (interpreter|library)$' out || fail "$(cat out)"
}

shows_tagged_programs()
{
	has_module
	cp /bin/bash tagged
	xelf tag tagged
	status 0 "$xelf" map ./tagged -c :
	joined <out | grep -q "r-xp .*$text .* \.text"
	prints "/tagged: program"
}

shows_programs_of_the_exclusive_form()
{
	has_module
	cp /bin/busybox exclusive
	xelf tag --exclusive exclusive
	for at in exec $entry exit; do
		status 0 "$xelf" map --at "$at" ./exclusive true
		prints "/exclusive: program"
		joined <out | grep -q "r-xp .*$static_text .* \.text"
	done
}

says_that_a_file_has_no_section_headers()
{
	cp /bin/bash bare
	for field in "$shoff" "$shnum"; do
		# shellcheck disable=SC2086 # operands
		dd if=/dev/zero of=bare bs=1 $field conv=notrunc 2>/dev/null
	done
	status 0 "$xelf" map ./bare -c :
	grep -q '/bare: program.*, no section headers$' out
	joined <out | grep -q "r-xp .*$text file 0x[0-9a-f]*$"
}

shows_a_program_whose_file_is_gone()
{
	cp /bin/sleep gone
	./gone 100 &
	sleeper=$!
	trap 'kill $sleeper' EXIT
	until grep -q libc "/proc/$sleeper/maps"; do sleep 0.1; done
	rm gone
	status 0 "$xelf" map $sleeper
	prints "/gone (deleted): program"
}

follows_a_program_that_executes_another()
{
	status 0 "$xelf" map /bin/bash -c 'exec /bin/busybox true'
	prints "/busybox, process"
	prints "/busybox: program"
}

shows_a_program_that_a_signal_kills()
{
	# shellcheck disable=SC2016 # for the inner shell
	status 0 "$xelf" map /bin/bash -c 'kill -SEGV $$'
	prints "before its exit"
}

looks_when_the_time_is_up_or_at_a_ctrl_c()
{
	status 0 "$xelf" map --at 1 /bin/sleep 100
	prints "while it ran"
	prints "/sleep: program"
	# shellcheck disable=SC2016 # for the inner bash
	"$xelf" map /bin/bash -c 'echo $$ >pid; exec /bin/sleep 100' >out 2>err &
	map=$!
	# A background process of a shell ignores SIGINT until it has a handler, which it has by then.
	until [ -s pid ]; do sleep 0.1; done
	sleep 0.5
	kill -INT $map
	wait $map || fail "exit status $?: $(cat err)"
	prints "while it ran"
	[ -s pid ]
	! kill -0 "$(cat pid)" || fail "the program still runs"
}

keeps_the_programs_output_off_standard_output()
{
	status 0 "$xelf" map --json /bin/bash -c 'echo to output; echo to error >&2'
	[ "$(cat err)" = "to output
to error" ] || fail "$(cat err)"
	[ "$(head -c 1 out)" = '{' ]
}

gives_the_program_its_arguments_and_takes_its_own()
{
	for words in '--at exec /bin/bash -c :' '/bin/bash --at exec -c :' '/bin/bash --at=exec -- -c :'; do
		# shellcheck disable=SC2086 # words
		status 0 "$xelf" map $words
		prints "behind its exec"
	done
	# shellcheck disable=SC2016 # for the inner bash
	status 0 "$xelf" map /bin/bash -- -c 'echo "$1" >&2' x --json
	[ "$(cat err)" = --json ]
	prints "before its exit"
}

finds_programs_in_path()
{
	status 0 "$xelf" map bash -c :
	prints "/bash: program"
	status 1 "$xelf" map no-such-program
	says "no-such-program: is not in PATH"
}

says_why_a_program_does_not_start()
{
	status 1 "$xelf" map ./nothing
	says "./nothing: exec: No such file or directory (ENOENT)"
	echo 'not a program' >text
	chmod 755 text
	status 1 "$xelf" map ./text
	says "./text: exec: Exec format error (ENOEXEC)"
	status 1 "$xelf" map /
	says "(EACCES)"
}

says_why_a_broken_tagged_program_does_not_start()
{
	has_module
	cp /bin/bash stale
	xelf tag stale
	printf '\1' | dd of=stale bs=1 seek=49 conv=notrunc 2>/dev/null
	status 1 "$xelf" map ./stale
	says "exec: Bad message (EBADMSG)"
}

says_why_a_process_cannot_be_seen()
{
	status 1 "$xelf" map 4194303
	says "4194303: there is no such process"
	if grep -q '^Name:.kthreadd' /proc/2/status 2>/dev/null; then
		status 1 "$xelf" map 2
		says "is a thread of the kernel's"
	fi
	# Its parent does not wait for it: it is another program by then.
	/bin/bash -c '/bin/bash -c "echo \$\$ >ended; exec /bin/sleep 2" & exec /bin/sleep 100' &
	parent=$!
	trap 'kill $parent' EXIT
	tries=0
	until [ -s ended ] && grep -q 'State:.Z' "/proc/$(cat ended)/status"; do
		sleep 0.1
		tries=$((tries + 1))
		[ $tries -lt 300 ] || fail "no process has ended"
	done
	status 1 "$xelf" map "$(cat ended)"
	says "has ended"
}

says_which_rights_are_missing()
{
	sleeper
	as_nobody 1 "$TAP_TMP/xelf map $sleeper"
	says "its mappings cannot be read: Permission denied; run this as root (sudo)"
	cp /bin/sleep unreadable
	chmod 711 unreadable
	as_nobody 1 "$TAP_TMP/xelf map ./unreadable 0"
	says "run this as root (sudo)"
}

shows_an_ordinary_user_his_own()
{
	as_nobody 0 "$TAP_TMP/xelf map /bin/bash -c :"
	joined <out | grep -q "r-xp .*$text .* \.text" || fail "$(cat out)"
	joined <out | grep -q '^[0-9a-f]* .* F* .*\.interp' || fail "no page is seen: $(cat out)"
}

says_that_a_traced_program_is_not_setuid()
{
	cp /bin/sleep setuid
	chmod 4755 setuid
	as_nobody 0 "$TAP_TMP/xelf map ./setuid 0"
	grep -q 'warning: is traced, and so without its setuid rights' err || fail "$(cat err)"
	prints "/setuid: program"
}

fits_into_100_columns()
{
	for program in /bin/bash /bin/busybox; do
		status 0 "$xelf" map $program
		[ "$(awk 'length > 100' out | wc -l)" -eq 0 ] || fail "$(awk 'length > 100' out)"
	done
}

colours_for_a_terminal_alone()
{
	need script
	escape=$(printf '\033')
	status 0 "$xelf" map /bin/busybox true
	! grep -q "$escape" out || fail "colours without a terminal"
	script -qc "$xelf map /bin/busybox true" /dev/null >out 2>err
	grep -q "$escape" out || fail "no colours: $(cat out)"
	NO_COLOR=1 script -qc "$xelf map /bin/busybox true" /dev/null >out 2>err
	grep -q busybox out || fail "nothing printed"
	! grep -q "$escape" out || fail "colours in spite of NO_COLOR"
}

draws_a_picture()
{
	status 0 "$xelf" map bash --svg bash.svg -c :
	[ ! -s out ] || fail "standard output: $(cat out)"
	[ "$(head -c 5 bash.svg)" = '<svg ' ]
	[ "$(tail -n 1 bash.svg)" = '</svg>' ]
	for word in .text '[heap]' '[stack]' "$text" libc.so.6 'hole of'; do
		grep -qF "$word" bash.svg || fail "the picture lacks $word"
	done
	[ "$(grep -c '<text' bash.svg)" -eq "$(grep -c 'class="box"' bash.svg)" ]
	status 0 "$xelf" map --svg - --at exec /bin/busybox
	[ "$(head -c 5 out)" = '<svg ' ]
	status 1 "$xelf" map --svg nowhere/bash.svg /bin/busybox true
	says "nowhere/bash.svg: the picture cannot be written: No such file or directory"
	status 1 "$xelf" map --svg /dev/full /bin/busybox true
	says "No space left on device"
}

refuses_a_wrong_command_line()
{
	for words in '' '--at never bash' '--at 0 bash' '--bogus bash' '--svg' 'bash --svg' '0' '1 2' '99999999999'; do
		# shellcheck disable=SC2086 # words
		status 2 "$xelf" map $words
		[ ! -s out ] || fail "$words: $(cat out)"
		[ -s err ] || fail "$words: says nothing"
	done
	status 0 "$xelf" map --help
	prints "usage: xelf map "
}

tap_main "$@"

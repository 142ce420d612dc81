#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tests of what the command xelf changes and keeps when it tags and untags a file. Prints TAP.
#
#	selftests/tool_tag_test.sh [TEST]...
#
# packages: gcc libc6-dev binutils attr

# shellcheck source=selftests/tool.sh
. "$(dirname "$0")/tool.sh"

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

make_install_puts_the_command_and_its_pages()
{
	local source=$here/../tools

	[ -e "$source/Makefile" ] || skip "there is no $source"
	need make
	run 0 env -u MAKEFLAGS make -s -C "$source" -j4 OUT="$PWD/out" DESTDIR="$PWD/root" PREFIX=/opt install
	[ ! -s stdout ]
	run 0 root/opt/bin/xelf --version
	[ "$(stat -c %a root/opt/bin/xelf root/opt/share/man/man1/xelf.1 | xargs)" = "755 644" ]
	[ "$(cd root/opt && find . -type f | sort | xargs)" = \
		"./bin/xelf ./share/bash-completion/completions/xelf ./share/man/man1/xelf.1 ./share/man/man7/binfmt_xelf.7" ]
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
	[ -p fifo ]
	[ -d dir ]
	[ -c /dev/null ]
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
	run 0 "${user_xelf[@]}" tag -o dir/ls /bin/ls
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
	"${user_xelf[@]}" tag --force -o dir/out "$setuid" <&- >&- 2>&-
	run 0 "$XELF" check dir/out
	[ "$(stat -c %s dir/out)" -eq "$(stat -c %s "$setuid")" ]
	run 0 "${user_xelf[@]}" tag --force -o dir/out "$setuid"
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
	local i interrupted=0

	good
	head -c 48M /dev/zero >>good
	for i in 0 1 2 3 4 5 6 7 8 9; do
		"$XELF" tag good &
		# The copy has begun, or all is over.
		while kill -0 $! 2>/dev/null && [ -z "$(find . -maxdepth 1 -name '.xelf-*')" ]; do :; done
		sleep 0.00$i
		kill -s TERM $! 2>/dev/null || :
		wait $! || interrupted=$((interrupted + 1))
		no_leftovers
		[ "$(stat -c %s good)" -gt $((48 << 20)) ]
		if "$XELF" check good >/dev/null; then
			run 0 "$XELF" untag good
		fi
		run 3 "$XELF" check good
	done
	[ $interrupted -gt 0 ] || fail "each was over before its signal"
}

a_full_disk_quota_leaves_the_file_as_it_was()
{
	good static
	(ulimit -f 8 && fails_for "File too large" good "$XELF" tag good)
	tags good
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

untag_repairs_a_short_file_with_hints()
{
	# Older versions of record made such: what was summed as zeros holds hints.
	head -c 120 "$programs/dynamic" >good
	cp good short
	"$programs/mark" --hints good
	run 1 "$XELF" check good
	run 0 "$XELF" untag good
	says "warning: the tag was stale"
	cmp good short
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

a_missing_hints_trailer_is_told_of()
{
	good
	"$programs/mark" good 0x11
	run 0 "$XELF" check good
	says "(no-trailer)"
	refuses hints-trailer untag good
	refuses hints-trailer tag good --no-hints
	run 0 "$XELF" untag --force good
	says "warning: its hints trailer is not found"
	cmp good "$programs/dynamic"
}

no_hints_are_not_cut()
{
	good
	refuses not-tagged tag good --no-hints
	tags good
	refuses no-hints tag good --no-hints
}

tap_main "$@"

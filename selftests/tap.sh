# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Runs test functions and prints TAP. Sourced; POSIX sh, so that busybox runs it too.
#
# A script that sources this defines its helpers, then a line "# ---- tests ----", then one function for each test, whose
# name is a claim; its last line is: tap_main "$@". Each test runs in a subshell, with set -e, in an empty directory of its
# own below $TAP_TMP, which is removed at the end. Arguments name the tests to run; without any, all are.
#
# Where the tests are the rows of a table, the script sets tap_call to the function that is called with a row's name, and
# gives the names to tap_main. They share one directory.

TAP_TMP=$(mktemp -d "${TMPDIR:-/tmp}/xelf-test.XXXXXX") || exit 1
trap 'rm -rf "$TAP_TMP"' EXIT
trap 'exit 130' INT TERM HUP

# fail MESSAGE...: ends the test, which has failed
fail()
{
	echo "$*"
	exit 1
}

# skip REASON...: ends the test, which cannot be done here
skip()
{
	echo "$*" >"$TAP_TMP/reason"
	exit 77
}

# need PROGRAM...: skips the test unless they are all there
need()
{
	for tap_program; do
		command -v "$tap_program" >/dev/null || skip "$tap_program is not installed"
	done
}

# status WANT COMMAND...: runs it, asserts its exit status; what it printed is in the files out and err
status()
{
	tap_want=$1
	shift
	tap_got=0
	"$@" >out 2>err || tap_got=$?
	[ $tap_got = "$tap_want" ] || fail "$*: exit status $tap_got, not $tap_want: $(cat out err)"
}

tap_tests()
{
	sed -n '/^# ---- tests ----/,$s/^\([a-z0-9_]*\)()$/\1/p' "$0"
}

tap_main()
{
	tap_number=0
	tap_failed=0
	tap_passed=0
	# shellcheck disable=SC2046 # one word each
	[ $# -gt 0 ] || set -- $(tap_tests)
	for tap_name; do
		tap_number=$((tap_number + 1))
		tap_dir=$TAP_TMP/tests/${tap_call:-$tap_name}
		[ -d "$tap_dir" ] || mkdir -p "$tap_dir"
		(
			trap - EXIT
			cd "$tap_dir" || exit 1
			set -e
			${tap_call:+"$tap_call"} "$tap_name"
		) >"$TAP_TMP/log" 2>&1 </dev/null
		case $? in
		0)
			tap_passed=$((tap_passed + 1))
			echo "ok $tap_number - $tap_name"
			;;
		77)
			echo "ok $tap_number - $tap_name # SKIP $(cat "$TAP_TMP/reason")"
			;;
		*)
			tap_failed=$((tap_failed + 1))
			echo "not ok $tap_number - $tap_name"
			sed 's/^/# /' "$TAP_TMP/log"
			;;
		esac
		[ -n "${tap_call-}" ] || rm -rf "$tap_dir"
	done
	echo "1..$tap_number"
	[ "$tap_failed" -eq 0 ] && [ "$tap_passed" -gt 0 ]
}

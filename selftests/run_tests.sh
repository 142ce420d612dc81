#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs test programs one after the other, in the VM or on the host:
# run_tests.sh TEST...
#
# A test has $TEST_SECONDS (default 600), and is run by $TEST_UNDER, a command, if that is set.
#
# Their TAP goes through as it is. A test that ends badly without having said
# so (killed, out of time, fewer results than planned) gets a `not ok` here.

cd "$(dirname "$0")" || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 143' HUP INT TERM

for test; do
	echo "# ---- $test"
	{
		$TEST_UNDER timeout "${TEST_SECONDS:-600}" "./$test" 2>&1
		echo $? >"$tmp/status"
	} </dev/null | tee "$tmp/log"
	status=$(cat "$tmp/status")
	planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$tmp/log" | tail -n 1)
	got=$(grep -Ec '^(not )?ok ' "$tmp/log")
	if [ "$got" != "$planned" ]; then
		echo "not ok - $test: $got results, ${planned:-none} planned; exit status $status"
	elif [ "$status" -ne 0 ] && [ "$status" -ne 4 ] && ! grep -q '^not ok ' "$tmp/log"; then
		echo "not ok - $test: exit status $status"
	fi
done

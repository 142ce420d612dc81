#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs test programs one after the other inside the VM: run_vm.sh TEST...
#
# Their TAP goes through as it is. A test that ends badly without having said
# so (killed, out of time, fewer results than planned) gets a `not ok` here.

cd "$(dirname "$0")" || exit 1
log=/tmp/run_vm.log

for test; do
	echo "# ---- $test"
	{
		timeout 120 "./$test" 2>&1
		echo $? >/tmp/run_vm.status
	} </dev/null | tee $log
	status=$(cat /tmp/run_vm.status)
	planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' $log | tail -n 1)
	got=$(grep -Ec '^(not )?ok ' $log)
	if [ "$got" != "$planned" ]; then
		echo "not ok - $test: $got results, ${planned:-none} planned; exit status $status"
	elif [ "$status" -ne 0 ] && [ "$status" -ne 4 ] && ! grep -q '^not ok ' $log; then
		echo "not ok - $test: exit status $status"
	fi
done

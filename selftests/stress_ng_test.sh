#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The execs of stress-ng, which are of its own file: tagged. Prints TAP.
#
# packages: stress-ng
# files: /usr/bin/stress-ng

# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

loaded()
{
	sed -n 's/^loaded //p' /sys/kernel/debug/xelf/stats
}

# execs OPTION...: at least 100 of them, all by our loader; stress-ng does not do that as root
execs()
{
	dir=$(mktemp -d /tmp/stress-ng.XXXXXX)
	cp /usr/bin/stress-ng "$dir/"
	xelf tag "$dir/stress-ng"
	chmod 777 "$dir"
	before=$(loaded)
	status=0
	su nobody -c "cd $dir && ./stress-ng --exec 4 --exec-ops 100 --timeout 120 $*" >out 2>&1 ||
		status=$?
	rm -rf "$dir"
	[ $status = 0 ] || fail "exit status $status: $(cat out)"
	grep -q 'successful run completed' out || fail "$(cat out)"
	[ $(($(loaded) - before)) -ge 100 ] || fail "$(loaded) loaded, $before before: $(cat out)"
	[ "$(cat /sys/module/binfmt_xelf/refcnt)" = 0 ] || fail "the module is still in use"
}

# ---- tests ----

stress_ng_execs_its_tagged_self()
{
	execs
}

stress_ng_execs_its_tagged_self_after_vfork()
{
	execs --exec-fork-method vfork --exec-max 16
}

tap_main "$@"

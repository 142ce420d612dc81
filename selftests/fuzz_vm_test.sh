#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A short run of the fuzzer of execs (scripts/fuzz-vm is the long one). Runs in
# a VM of its own. Prints TAP.
#
# packages: coreutils dash busybox-static klibc-utils
# files: /bin/true /bin/dash /bin/busybox /usr/lib/klibc/bin/cat

# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

here=$(cd "$(dirname "$0")" && pwd)

# fuzz OPTION...: its blocks are in out, the counts at its end in counts
fuzz()
{
	status=0
	"$here/exec_fuzz" "$@" /bin/true /bin/dash /bin/busybox /usr/lib/klibc/bin/cat >out 2>err || status=$?
	sed -n '/^== summary/,$p' out >counts
}

# sound_fuzz OPTION...: it must find nothing
sound_fuzz()
{
	fuzz "$@"
	[ $status = 0 ] || fail "exit status $status: $(cat err) $(sed -n '/^== finding/,/^== /p' out)"
}

# of NAME: one of the counts
of()
{
	sed -n "s/^$1 //p" counts
}

# more NAME FLOOR
more()
{
	[ "$(of "$1")" -ge "$2" ] || fail "$1 is $(of "$1"), and should be $2 at least: $(cat counts err)"
}

# nothing_differs: the input runs, and is no finding
nothing_differs()
{
	fuzz -i input
	[ $status = 0 ] || fail "exit status $status: $(cat out err)"
	[ "$(cat out)" = "nothing differs but what is meant" ] || fail "$(cat out)"
}

# ---- tests ----

# There are some 480 images to begin with; each is compared before any is changed.
a_run_has_no_findings()
{
	sound_fuzz -s 1 -n 900
	more compared 900
	more loaded 400
	more refused 50
	more killed 15
	for rule in refused-early tag-refused exclusive-form; do
		more "$rule" 1
	done
	more ran-on 3
	# What is left out must be the exception.
	[ $(($(of random-ends) + $(of misplaced) + $(of own-interp))) -lt 20 ] || fail "too much is left out: $(cat counts)"
	[ ! -e /sys/kernel/debug/kcov ] || more edges 600
}

a_seed_is_a_run()
{
	sound_fuzz -b 8 -s 1 -n 150
	digest=$(of digest)
	sound_fuzz -b 8 -s 1 -n 150
	[ "$(of digest)" = "$digest" ] || fail "the second run was another: $(of digest), not $digest"
	sound_fuzz -b 8 -s 2 -n 150
	[ "$(of digest)" != "$digest" ] || fail "so is another seed: $digest"
}

an_input_can_be_run_again()
{
	cat >input <<-END
		program good-pie 24604
		interpreter good-pie.interp 24576
		set personality 0x200000
		program @e0 0030
	END
	nothing_differs
	echo "program no-such-image 1" >input
	fuzz -i input
	[ $status = 2 ] || fail "exit status $status: $(cat out err)"
}

what_carries_no_tag_may_be_handed_on()
{
	cat >input <<-END
		program good-pie 24604
		interpreter good-pie.interp 24576
		set tag 0x1
		program @9 00000000000000
	END
	nothing_differs
}

tap_main "$@"

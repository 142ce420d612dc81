#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A short run of the fuzz targets, and of bugs that they must find. Runs on the host. Prints TAP.
# packages: clang libclang-rt-14-dev llvm libjson-c-dev patch

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/.." && pwd)
fuzz=$top/scripts/fuzz
# shellcheck source=selftests/tap.sh
. "$here/tap.sh"

# finds_nothing TARGET SECONDS RUNS EDGES: the target tries at least so many inputs of its own making,
# reaches so many edges of the code, and comes to every place that it is there for
finds_nothing()
{
	local runs edges

	"$fuzz" --fresh -t "$2" "$1" >out 2>err || fail "$(cat out err)"
	runs=$(sed -n 's/.* found nothing in \([0-9]*\) runs, .*/\1/p' out)
	edges=$(sed -n 's/.* s, \([0-9]*\) edges: .*/\1/p' out)
	[ "$runs" -ge "$3" ] || fail "only $runs runs, not $3: $(cat out)"
	[ "$edges" -ge "$4" ] || fail "only $edges edges, not $4: $(cat out)"
}

# finds BUG TARGET: planted in a copy of the headers
finds()
{
	"$fuzz" --planted "$1" -t 20 "$2" >out 2>err || fail "$(cat out err)"
	grep -q "^fuzz: $1: found by $2 in " out || fail "$(cat out)"
}

# ---- tests ----

# The floors are a quarter of what was tried on a machine with four other things to do on two processors.

finds_nothing_in_check()
{
	finds_nothing check 5 20000 90
}

finds_nothing_in_plan()
{
	finds_nothing plan 8 25000 160
}

finds_nothing_in_hints()
{
	finds_nothing hints 4 60000 35
}

finds_nothing_in_property()
{
	finds_nothing property 3 120000 28
}

finds_nothing_in_tool()
{
	finds_nothing tool 12 350 800
}

finds_a_read_past_the_table()
{
	finds plan-reads-past-the-table plan
	grep -q 'AddressSanitizer: heap-buffer-overflow' out || fail "$(cat out)"
}

finds_headers_widened_over_each_other()
{
	finds class-widens-backwards plan
	grep -q 'does not hold: !memcmp(&phdrs\[i\], &wanted' out || fail "$(cat out)"
}

finds_bounds_that_wrap()
{
	finds plan-bounds-wrap plan
}

finds_an_offset_that_is_off_by_a_page()
{
	finds plan-offset-off-by-a-page plan
}

finds_a_trailer_larger_than_the_file()
{
	finds hints-larger-than-the-file hints
	grep -q 'AddressSanitizer: heap-buffer-overflow' out || fail "$(cat out)"
}

finds_a_property_past_the_note()
{
	finds property-rounds-past-the-note property
	grep -q 'AddressSanitizer: heap-buffer-overflow' out || fail "$(cat out)"
}

tap_main "$@"

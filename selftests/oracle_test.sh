#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Every synthetic image of the table (cases.h) through the oracle: xelf diff finds both loaders doing the same, or differing
# by the one rule that the table names.
#
#	selftests/oracle_test.sh [CASE]...
#
# Runs in the VM, with make_image beside it.

# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

here=$(cd "$(dirname "$0")" && pwd)
newline='
'
images=$TAP_TMP/images
mkdir "$images"
"$here/make_image" --all "$images" || exit 1
names=
while read -r name rule; do
	echo "$rule" >"$images/$name.rule"
	names="$names $name"
done <<-END
	$("$here/make_image" --list)
END

# compare CASE
compare()
{
	read -r wanted <"$images/$1.rule"
	output=$(xelf diff --timeout 10 "$images/$1") || true
	echo "$output"

	case $output in
	*": meant so ("*)
		rule=${output##*": meant so ("}
		rule=${rule%%")"*}
		;;
	*) rule=identical ;;
	esac
	case ${output##*"$newline"} in
	identical*) ;;
	*) fail "not identical" ;;
	esac
	[ "$rule" = "$wanted" ] || fail "wanted '$wanted', got '$rule'"
}

# shellcheck disable=SC2034 # used by tap_main
tap_call=compare
# shellcheck disable=SC2086 # one word each
[ $# -gt 0 ] || set -- $names
tap_main "$@"

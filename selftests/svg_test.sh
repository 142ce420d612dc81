#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The pictures that xelf draws, rendered in headless Chromium: every label lies in its box, none covers another, and the
# file needs nothing but itself. Prints TAP.
#
#	selftests/svg_test.sh [PICTURE | FILE.svg]...
#
# Without an argument the pictures are drawn here; they are the functions below "pictures". Runs on the host.
#
# packages: bash busybox-static chromium gcc libc6-dev python3

# shellcheck source=selftests/tap.sh
. "$(dirname "$0")/tap.sh"

here=$(cd "$(dirname "$0")" && pwd)
XELF=$(realpath "${XELF:-$here/../build/xelf}")
[ -x "$XELF" ] || { echo "Bail out! there is no $XELF"; exit 1; }
start=$PWD

# ---- pictures ----

map_of_bash()
{
	"$XELF" map --svg "$1" bash
}

map_of_a_static_program_at_its_exec()
{
	"$XELF" map --at exec --svg "$1" busybox true
}

map_of_python_and_its_libraries()
{
	"$XELF" map --svg "$1" /usr/bin/python3 -c 'import ctypes, ssl, sqlite3'
}

# Names that would break a picture, or out of their boxes.
map_of_a_program_with_an_odd_name()
{
	local name

	name='<a&b> "quoted" é '$(printf 'very-%.0s' {1..40})long
	echo 'int long_section[9] __attribute__((section(".a_section_with_<a&b>_and_a_name_that_is_long_'"$(printf 'x%.0s' {1..90})"'"))) = { 1 };
	int main(void) { return 0; }' >odd.c
	gcc -o "$name" odd.c
	"$XELF" map --svg "$1" "./$name"
}

map_of_segments_two_megabytes_apart()
{
	echo 'int main(void) { return 0; }' >apart.c
	gcc -Wl,-z,max-page-size=0x200000 -o apart apart.c
	"$XELF" map --svg "$1" ./apart
}

# Drawn in a VM, by scripts/docs.
trace_in_the_documentation()
{
	cp "$here/../Documentation/exec-path.svg" "$1"
}

# ---- the check ----

# Written into the page, to look at the picture from inside. It puts what is wrong, a line each, into the element "result".
write_page()
{
	cat >page.html <<-'END'
	<!DOCTYPE html><meta charset="utf-8"><style>body { margin: 0 }</style>
	END
	cat "$1" >>page.html
	cat >>page.html <<-'END'
	<pre id="result"></pre>
	<script>
	const wrong = [];
	const svg = document.querySelector("svg").getBoundingClientRect();
	const inside = (a, b) => a.left >= b.left - 0.5 && a.right <= b.right + 0.5 && a.top >= b.top - 0.5 && a.bottom <= b.bottom + 0.5;
	const meet = (a, b) => a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
	const labels = [...document.querySelectorAll("svg text")];
	const places = labels.map(label => label.getBoundingClientRect());
	labels.forEach((label, i) => {
		const box = label.closest("g.box");
		const rects = box ? box.querySelectorAll("rect") : [];
		if (rects.length != 1)
			wrong.push(`has no box of its own: ${label.textContent}`);
		else if (!inside(places[i], rects[0].getBoundingClientRect()))
			wrong.push(`sticks out of its box: ${label.textContent}`);
		if (!inside(places[i], svg))
			wrong.push(`sticks out of the picture: ${label.textContent}`);
		for (let j = 0; j < i; j++)
			if (meet(places[i], places[j]))
				wrong.push(`covers another: ${label.textContent}: ${labels[j].textContent}`);
	});
	document.getElementById("result").textContent = `labels ${labels.length}\n` + wrong.map(text => `wrong: ${text}\n`).join("");
	</script>
	END
}

legible()
{
	local options=(--headless --disable-gpu --user-data-dir="$PWD/profile" --virtual-time-budget=20000 --dump-dom) result

	write_page "$1"
	# Chromium's sandbox is not for root.
	[ "$(id -u)" -ne 0 ] || options+=(--no-sandbox)
	HOME=$PWD timeout 120 chromium "${options[@]}" "file://$PWD/page.html" >dom 2>chromium.log ||
		fail "chromium failed: $(tail -n 5 chromium.log)"
	result=$(sed -n '/<pre id="result">/,/<\/pre>/p' dom | sed 's/<[^>]*>//g')
	echo "$result"
	grep -Eq '^labels [1-9]' <<<"$result" || fail "there are no labels"
	! grep -q '^wrong' <<<"$result" || fail "see above"
}

stands_alone()
{
	python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$1"
	! grep -Eio '<script|<image|<foreignObject|href=|url\(|@import|<!ENTITY| on[a-z]+=' "$1" || fail "needs more than itself"
	[ "$(grep -o 'http[^"]*' "$1")" = http://www.w3.org/2000/svg ] || fail "names another address"
}

# check PICTURE | FILE
check()
{
	local file=$PWD/picture.svg

	need chromium python3
	case $1 in
	*.svg) file=$(cd "$start" && realpath "$1") ;;
	*) "$1" "$file" ;;
	esac
	stands_alone "$file"
	legible "$file"
}

# shellcheck disable=SC2034 # used by tap_main
tap_call=check
if [ $# = 0 ]; then
	mapfile -t pictures < <(sed -n '/^# ---- pictures ----/,/^# ---- the check ----/s/^\([a-z0-9_]*\)()$/\1/p' "$0")
	set -- "${pictures[@]}"
fi
tap_main "$@"

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Shell functions that the scripts beside this file share: talk, the cache, and an apt of our own.

# The checkout and the cache; everything that a script keeps is in one of them.
# shellcheck disable=SC2034 # used by who reads this file
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${XDG_CACHE_HOME:-${HOME:?is not set, and is where the cache is}/.cache}/binfmt_xelf
cache=${XELF_CACHE:-$cache}

# Debian 12's own tools are in places that a user's PATH need not have.
PATH=$PATH:/usr/sbin:/sbin

# When a make runs a script, its flags and jobs are not for the makes that the script runs.
unset MAKEFLAGS MFLAGS MAKELEVEL

say()
{
	printf '%s\n' "$*" >&2
}

# A step of a few seconds is told to a person only: what runs in the VM has standard error to
# itself.
step()
{
	if [ -t 2 ]; then
		say "$*"
	fi
}

die()
{
	say "${0##*/}: $*"
	exit 1
}

bad_usage()
{
	say "${0##*/}: $* (see ${0##*/} --help)"
	exit 2
}

# The text that a script opens with, without its marks, is its help.
usage()
{
	sed -n '3,/^$/{s/^# \{0,1\}//p}' "$0"
}

# lock FILE: held until this process and its children have ended.
lock()
{
	mkdir -p "$(dirname "$1")"
	exec {lock_fd}>"$1"
	flock "$lock_fd"
}

# debian_repositories [APT-GET OPTION]...: the Debian repositories that this machine uses, one a
# line: URI, label. A repository is known by what its own Release file says, so that third-party
# ones are left out whatever they are called.
debian_repositories()
{
	# shellcheck disable=SC2016 # apt-get expands these
	apt-get "$@" indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' \
		2>/dev/null |
		awk '$2 == "Debian" && $3 ~ /^Debian(-Security)?$/ && !seen[$1 $3]++ { print $1, $3 }'
}

# choose_machine ARCH: sets what the scripts know of a machine that runs the module, by the name
# that Debian has for it.
# shellcheck disable=SC2034 # used by who reads this file
choose_machine()
{
	arch=$1
	case $arch in
	amd64)
		kernel_arch=x86
		cross=
		cross_packages=()
		native_interpreter=/lib64/ld-linux-x86-64.so.2
		;;
	arm64)
		kernel_arch=arm64
		cross=aarch64-linux-gnu-
		cross_packages=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
		native_interpreter=/lib/ld-linux-aarch64.so.1
		;;
	armhf)
		kernel_arch=arm
		cross=arm-linux-gnueabihf-
		cross_packages=(gcc-arm-linux-gnueabihf libc6-dev-armhf-cross)
		native_interpreter=/lib/ld-linux-armhf.so.3
		;;
	*) bad_usage "no machine $arch; there are: amd64 arm64 armhf" ;;
	esac
	# What is kept of a machine that is not the usual one has its name in front.
	arch_prefix=
	if [ "$arch" != amd64 ]; then
		arch_prefix=$arch-
	fi
}

# private_apt SUITE [ARCH]: fetches the package lists of one Debian release, for an apt that keeps
# everything in the cache, needs no root and leaves the machine's own apt alone. Packages are
# ARCH's (default amd64); NAME:amd64 is one that runs here. Call it afterwards as:
# apt-get -c "$apt_conf" ...
private_apt()
{
	local lists_lock

	mkdir -p "$cache/apt"
	exec {lists_lock}>"$cache/apt/lock"
	flock "$lists_lock"
	make_private_apt "$@"
	exec {lists_lock}>&-
}

# The same, by one script at a time.
make_private_apt()
{
	local suite=$1 release=${1%-backports} arch=${2:-amd64} dir=$cache/apt/$1
	local machine=(-o "Dir::State::lists=$cache/apt/machine/lists" -o "Dir::Cache=$cache/apt/machine"
		-o APT::Sandbox::User=root)
	local repositories uri label suites s
	local architectures=$arch

	if [ "$arch" != amd64 ]; then
		dir+=-$arch
		architectures+=,amd64
	fi
	mkdir -p "$dir/lists/partial" "$dir/archives/partial" "$cache/apt/machine/lists/partial"
	repositories=$(debian_repositories)
	if [ -z "$repositories" ]; then
		# A minimal system may have no package lists; have some of our own.
		say "apt: looking up this machine's repositories"
		apt-get -qq "${machine[@]}" update >&2 || true
		repositories=$(debian_repositories "${machine[@]}")
	fi
	[ -n "$repositories" ] ||
		die "apt knows no Debian repository: add one to /etc/apt/sources.list.d and run apt-get update"

	while read -r uri label; do
		case $label:$release in
		Debian:*) suites="$release $release-updates" ;;
		# Mirrors still have the lists of this security suite, but no longer all its packages.
		*:bullseye) suites= ;;
		*) suites=$release-security ;;
		esac
		if [ "$label" = Debian ] && [ "$suite" != "$release" ]; then
			suites+=" $suite"
		fi
		for s in $suites; do
			printf 'deb [arch=%s target=Packages signed-by=%s] %s %s main\n' \
				"$architectures" /usr/share/keyrings/debian-archive-keyring.gpg "$uri" "$s"
		done
	done <<<"$repositories" >"$dir/sources.list"

	: >"$dir/status"
	# The machine's hooks after an update are for its own lists.
	cat >"$dir/apt.conf.new" <<-END
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
		Dir::State "$dir";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir";
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Acquire::Languages "none";
		Acquire::Retries "3";
		APT::Sandbox::User "root";
		APT::Architecture "$arch";
		#clear APT::Architectures;
		APT::Architectures "$architectures";
	END
	if [ "$suite" != "$release" ]; then
		printf 'APT::Default-Release "%s";\n' "$suite" >>"$dir/apt.conf.new"
	fi
	apt_conf=$dir/apt.conf
	mv "$apt_conf.new" "$apt_conf"

	say "apt: fetching the package lists of $suite"
	if apt-get -qq -c "$apt_conf" update >&2; then
		return
	fi
	# A mirror may be in the middle of taking over what is new there.
	say "apt: trying again without the security suite"
	sed -i '/-security main$/d' "$dir/sources.list"
	apt-get -qq -c "$apt_conf" update >&2 ||
		die "apt could not fetch the package lists of $suite; its message is above"
}

# fetch PACKAGE DIRECTORY: downloads a package through the private apt, and sets deb to the file.
fetch()
{
	local size

	size=$(apt-cache -c "$apt_conf" show --no-all-versions "$1" 2>/dev/null | sed -n 's/^Size: //p')
	[ -n "$size" ] ||
		die "package $1 is in no repository of this machine (see $(dirname "$apt_conf")/sources.list)"
	say "apt: fetching $1 ($(((size + 999999) / 1000000)) MB)"
	(cd "$2" && apt-get -qq -c "$apt_conf" download "$1" >&2) ||
		die "apt could not fetch $1; its message is above"
	deb=$(find "$2" -name "${1%:*}_*.deb")
}

# unpack_source PACKAGE DIRECTORY [TAR ARGUMENT]...: unpacks a kernel's source into the directory,
# which is empty.
unpack_source()
{
	local package=$1 dir=$2

	shift 2
	fetch "$package" "$dir"
	say "apt: unpacking $package (half a minute)"
	dpkg-deb --fsys-tarfile "$deb" | tar -xO "./usr/src/$package.tar.xz" |
		tar -xJ -C "$dir" --strip-components=1 "$@" ||
		die "$package could not be unpacked; the reason is above"
	rm "$deb"
}

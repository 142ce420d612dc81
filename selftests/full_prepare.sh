#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Collects the programs that full_test.sh takes through the oracle, on the host:
# full_prepare.sh DIRECTORY
#
# packages: binutils busybox-static coreutils fzf gcc gdb git golang-go klibc-utils libc6-dev lld mold nasm
# packages: openssl perl-base python3 sqlite3 tcc

set -euo pipefail
dir=$1
# shellcheck source=scripts/common.sh
. "$(dirname "$0")/../scripts/common.sh"
mkdir -p "$dir/bin" "$dir/odd" "$dir/coreutils"

dpkg -L coreutils | grep -E '/s?bin/' | while read -r file; do
	cp -L "$file" "$dir/coreutils/"
done
# A packed program. Debian 12 has no upx, Debian 11 has.
pack()
{
	local upx=$cache/upx

	if [ ! -e "$upx/usr/bin/upx-ucl" ]; then
		private_apt bullseye
		mkdir -p "$upx"
		for package in upx-ucl libucl1; do
			fetch "$package" "$upx"
			dpkg-deb -x "$deb" "$upx"
			rm "$deb"
		done
	fi
	LD_LIBRARY_PATH=$upx/usr/lib/x86_64-linux-gnu "$upx/usr/bin/upx-ucl" -qqq -o "$odd/upx" "$odd/static"
}

for name in as fzf gdb git ld openssl perl python3 sqlite3 busybox; do
	cp -L "/usr/bin/$name" "$dir/bin/"
done
cp "$(gcc -print-prog-name=cc1)" "$(gcc -print-prog-name=collect2)" "$(command -v gcc-12 || command -v gcc)" "$dir/bin/"

cat >"$dir/hello.c" <<'END'
int printf(const char *, ...);
static int zero[3000], one[] = { 1, 2, 3 };
int main(int argc, char **argv)
{
	printf("hello from %s: %d %d\n", argv[0], argc, zero[2999] + one[1]);
	return 0;
}
END
cat >"$dir/hello.asm" <<'END'
section .text
global _start
_start:	mov eax, 1
	mov edi, 1
	lea rsi, [rel text]
	mov edx, 6
	syscall
	mov eax, 60
	xor edi, edi
	syscall
section .rodata
text:	db "hello", 10
section .bss
room:	resb 10000
END
odd=$dir/odd
tcc -o "$odd/tcc" "$dir/hello.c"
gcc -static -o "$odd/static" "$dir/hello.c"
gcc -static-pie -o "$odd/static-pie" "$dir/hello.c"
gcc -no-pie -o "$odd/no-pie" "$dir/hello.c"
gcc -Wl,-z,max-page-size=0x200000 -o "$odd/align-2m" "$dir/hello.c"
gcc -static-pie -Wl,-z,max-page-size=0x200000 -o "$odd/static-pie-align-2m" "$dir/hello.c"
gcc -Wl,-z,noseparate-code -o "$odd/noseparate-code" "$dir/hello.c"
gcc -Wl,-z,execstack -o "$odd/execstack" "$dir/hello.c"
gcc -fuse-ld=mold -o "$odd/mold" "$dir/hello.c"
gcc -fuse-ld=lld -o "$odd/lld" "$dir/hello.c"
gcc -fuse-ld=gold -o "$odd/gold" "$dir/hello.c"
nasm -f elf64 -o "$dir/hello.o" "$dir/hello.asm"
ld -o "$odd/nasm" "$dir/hello.o"
ld --omagic --no-warn-rwx-segments -o "$odd/nasm-omagic" "$dir/hello.o"
mold -o "$odd/nasm-mold" "$dir/hello.o"
printf '%s\n' 'package main' 'func main() { println("hello from Go") }' >"$dir/hello.go"
CGO_ENABLED=0 GOCACHE=$dir/go GOFLAGS=-mod=mod go build -o "$odd/go-static" "$dir/hello.go"
pack
cp /usr/lib/klibc/bin/cat "$odd/klibc-cat"
rm -rf "$dir/hello.asm" "$dir/hello.o" "$dir/hello.go" "$dir/go"

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is decided from the first 128 bytes of a file, and the list of reasons
 * for which a file is refused.
 *
 * Pure code: it allocates nothing, prints nothing, and compiles unchanged in
 * the kernel, in the tool, in the tests and in the fuzzers. Nothing that needs
 * a kernel may live here.
 */
#ifndef _XELF_CHECK_H
#define _XELF_CHECK_H

#ifdef __KERNEL__
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <linux/types.h>
#endif

#include "class.h"
#include "format.h"

#define XELF_OSABI_ARM_FDPIC	65

/*
 * XELF_REASONS() - every reason for which an exec is refused, in the order in
 * which an exec meets them: X(identifier, errno, name, text).
 *
 * The errno is what execve() gives. It is load_elf_binary()'s where that
 * refuses too. ENOEXEC hands the file on to the kernel's own loader, so a
 * broken tag is never ENOEXEC. Where the errno is 0 here, the call that failed
 * brings its own. Names are an interface: debugfs, the tool's messages and the
 * tests use them.
 */
#define XELF_REASONS(X)							       \
	/* the tag */							       \
	X(NOT_TAGGED, ENOEXEC, "not-tagged",				       \
	  "carries no XELF tag")					       \
	X(DISABLED, ENOEXEC, "disabled",				       \
	  "the module's parameter enabled is 0")			       \
	X(UNKNOWN_VERSION, EBADMSG, "unknown-version",			       \
	  "the tag's version is not known")				       \
	X(UNKNOWN_FLAGS, EBADMSG, "unknown-flags",			       \
	  "the tag has flag bits that are not known")			       \
	X(STALE_TAG, EBADMSG, "stale-tag",				       \
	  "the first 128 bytes do not match the tag's checksum")	       \
	/* the ELF header */						       \
	X(NOT_EXECUTABLE_TYPE, ENOEXEC, "not-executable-type",		       \
	  "e_type is neither ET_EXEC nor ET_DYN")			       \
	X(OTHER_MACHINE, ENOEXEC, "other-machine",			       \
	  "e_machine is not this machine's")				       \
	X(OTHER_ABI, ENOEXEC, "other-abi",				       \
	  "its flags, its entry or its OS ABI are not for this machine")       \
	X(OTHER_PHENTSIZE, ENOEXEC, "other-phentsize",			       \
	  "e_phentsize is not that of this class")			       \
	X(NO_PHDRS, ENOEXEC, "no-program-headers",			       \
	  "there are no program headers")				       \
	X(TOO_MANY_PHDRS, ENOEXEC, "too-many-program-headers",		       \
	  "the program header table is larger than this kernel takes")       \
	X(CANNOT_MAP, ENOEXEC, "cannot-be-mapped",			       \
	  "its file system cannot map files")				       \
	X(PHDRS_UNREADABLE, ENOEXEC, "program-headers-unreadable",	       \
	  "the program headers cannot be read, or lie past the end of file")  \
	/* the interpreter */						       \
	X(INTERP_SIZE, ENOEXEC, "interpreter-path-size",		       \
	  "the interpreter's path is shorter than 2 or longer than 4096 bytes") \
	X(INTERP_UNREADABLE, 0, "interpreter-path-unreadable",		       \
	  "the interpreter's path cannot be read, or lies past the end of file") \
	X(INTERP_UNTERMINATED, ENOEXEC, "interpreter-path-unterminated",       \
	  "the interpreter's path does not end in a null byte")	       \
	X(INTERP_OPEN, 0, "interpreter-not-opened",			       \
	  "the interpreter cannot be opened for execution")		       \
	X(INTERP_SHORT, 0, "interpreter-unreadable",			       \
	  "the interpreter's ELF header cannot be read")		       \
	X(INTERP_NOT_ELF, ELIBBAD, "interpreter-not-elf",		       \
	  "the interpreter is not an ELF file")				       \
	X(INTERP_MACHINE, ELIBBAD, "interpreter-other-machine",	       \
	  "the interpreter is for another machine")			       \
	X(INTERP_PHDRS, ELIBBAD, "interpreter-bad-program-headers",	       \
	  "the interpreter's program headers cannot be used")		       \
	X(INTERP_TYPE, ELIBBAD, "interpreter-not-executable-type",	       \
	  "the interpreter's e_type is neither ET_EXEC nor ET_DYN")	       \
	X(INTERP_CANNOT_MAP, ELIBBAD, "interpreter-cannot-be-mapped",	       \
	  "the interpreter's file system cannot map files")		       \
	X(INTERP_SEGMENTS, ELIBBAD, "interpreter-bad-segments",	       \
	  "a segment or the entry of the interpreter cannot be loaded")       \
	/* the properties */						       \
	X(PROPERTY_UNREADABLE, EIO, "property-unreadable",		       \
	  "the property note cannot be read, or lies past the end of file")   \
	X(PROPERTY_BAD, ENOEXEC, "property-bad",			       \
	  "the property note is not well-formed")			       \
	/* the segments */						       \
	X(VADDR_OUT_OF_RANGE, EINVAL, "vaddr-out-of-range",		       \
	  "a segment lies outside user space")				       \
	X(FILESZ_EXCEEDS_MEMSZ, EINVAL, "filesz-exceeds-memsz",		       \
	  "a segment's file size is larger than its memory size")	       \
	X(OFFSET_MISALIGNED, EINVAL, "offset-misaligned",		       \
	  "a segment's file offset and address differ within the page")       \
	X(OFFSET_OUT_OF_RANGE, EINVAL, "offset-out-of-range",		       \
	  "a segment's file offset and size overflow")			       \
	X(EMPTY_IMAGE, EINVAL, "empty-image",				       \
	  "the segments of a position-independent file span no memory")       \
	X(ENTRY_OUT_OF_RANGE, EINVAL, "entry-out-of-range",		       \
	  "the entry point lies outside user space")			       \
	/* the machine */						       \
	X(NO_MEMORY, ENOMEM, "no-memory",				       \
	  "memory for the load could not be had")			       \
	X(NOT_COMMITTED, 0, "not-committed",				       \
	  "the kernel refused the exec at the point of no return")

/**
 * enum xelf_reason - why a file is refused; XELF_OK if it is not
 *
 * Made from XELF_REASONS().
 */
enum xelf_reason {
	XELF_OK,
#define XELF_REASON_ID(id, err, name, text) XELF_##id,
	XELF_REASONS(XELF_REASON_ID)
#undef XELF_REASON_ID
	XELF_REASON_COUNT
};

/**
 * xelf_reason_name() - the name of a reason, as in "stale-tag"
 * @reason: any value of enum xelf_reason
 *
 * Return: a constant string; "ok" for XELF_OK, "?" for what is no reason.
 */
static inline const char *xelf_reason_name(enum xelf_reason reason)
{
	static const char *const names[] = {
		[XELF_OK] = "ok",
#define XELF_REASON_NAME(id, err, name, text)				       \
		[XELF_##id] = name,
		XELF_REASONS(XELF_REASON_NAME)
#undef XELF_REASON_NAME
	};

	return (unsigned int)reason < XELF_REASON_COUNT ? names[reason] : "?";
}

/**
 * xelf_reason_errno() - what execve() gives for a reason
 * @reason: any value of enum xelf_reason
 *
 * Return: a positive errno; 0 for XELF_OK and for the reasons whose errno is
 * that of the call that failed.
 */
static inline int xelf_reason_errno(enum xelf_reason reason)
{
	static const __u8 errnos[] = {
		[XELF_OK] = 0,
#define XELF_REASON_ERRNO(id, err, name, text)				       \
		[XELF_##id] = err,
		XELF_REASONS(XELF_REASON_ERRNO)
#undef XELF_REASON_ERRNO
	};

	return (unsigned int)reason < XELF_REASON_COUNT ? errnos[reason] : 0;
}

/**
 * struct xelf_limits - what the machine that loads the file allows
 * @task_size: bytes; the first address above user space
 * @page_size: bytes; a power of two
 * @phdrs_size: bytes; the largest program header table that is read
 * @machine: the e_machine that is loaded
 */
struct xelf_limits {
	__u64 task_size;
	__u32 page_size;
	__u32 phdrs_size;
	__u16 machine;
};

/**
 * xelf_crc16() - CRC-16/MODBUS
 * @crc: 0xffff to begin with, or the result so far
 * @data: bytes to add
 * @size: their number
 *
 * Polynomial 0x8005 reflected, no final xor: "123456789" gives 0x4b37. A
 * nibble at a time. This is what the tag's checksum is, for any number of bytes;
 * xelf_tag_crc() is a faster way for those of a tag.
 *
 * Return: the checksum of all bytes so far.
 */
static inline __u16 xelf_crc16(__u16 crc, const __u8 *data, size_t size)
{
	static const __u16 table[16] = {
		0x0000, 0xcc01, 0xd801, 0x1400, 0xf001, 0x3c00, 0x2800, 0xe401,
		0xa001, 0x6c00, 0x7800, 0xb401, 0x5000, 0x9c01, 0x8801, 0x4400,
	};

	while (size--) {
		crc ^= *data++;
		crc = (crc >> 4) ^ table[crc & 0xf];
		crc = (crc >> 4) ^ table[crc & 0xf];
	}
	return crc;
}

/* Adds @value to the 8 bytes at @at, which need not be aligned. */
static inline void xelf_crc16_add(__u8 *at, __u64 value)
{
	__u64 old;

	memcpy(&old, at, sizeof(old));
	value ^= old;
	memcpy(at, &value, sizeof(value));
}

/*
 * Folds the first 16 words of @bits bits each into the 16 that follow, which
 * then have the checksum that all 32 had. @bits is 8, 16 or 32.
 *
 * The polynomial P has few terms, and P(x)^n is P(x^n) for every power of two
 * n: x^(16n) is x^(15n) + x^(2n) + 1 modulo P. So a word of n bits need not be
 * divided: it is added to the words 1, 14 and 16 places on. Eight bytes at a
 * time, those words being little-endian as the machine is.
 */
static inline void xelf_crc16_fold(__u8 *data, unsigned int bits)
{
	unsigned int size = bits / 8;
	unsigned int i, shift;
	__u64 words;

	for (i = 0; i < 16 * size; i += sizeof(words)) {
		memcpy(&words, data + i, sizeof(words));
		for (shift = bits; shift < 64; shift *= 2)
			words ^= words << shift;
		xelf_crc16_add(data + i + sizeof(words), words >> (64 - bits));
		xelf_crc16_add(data + i + 14 * size, words);
		xelf_crc16_add(data + i + 16 * size, words);
	}
}

/*
 * The same with 16 words that fit into one: @data has them, @half bits together.
 * Of the first two words, what goes 14 places on stays among the 16.
 *
 * Return: what is to be added to the @half bits that follow.
 */
static inline __u64 xelf_crc16_fold_word(__u64 data, unsigned int half)
{
	unsigned int bits = half / 16;
	unsigned int shift;

	for (shift = bits; shift < half; shift *= 2)
		data ^= data << shift;
	data ^= data << 14 * bits ^ data << 15 * bits;
	if (half < 64)
		data &= (1ULL << half) - 1;
	return data ^ data >> 2 * bits ^ data >> 15 * bits;
}

/**
 * xelf_tag_crc() - the checksum that a valid tag holds
 * @first: the first XELF_CHECKED_SIZE bytes of the file
 *
 * Every exec of a tagged file comes through here, so all is folded, half by
 * half, down to the checksum.
 *
 * Return: the checksum, with the tag's own two bytes taken as zero.
 */
static inline __u16 xelf_tag_crc(const __u8 *first)
{
	__u8 data[XELF_CHECKED_SIZE];
	__u64 low, rest;

	memcpy(data, first, sizeof(data));
	data[XELF_CRC_OFFSET] = 0;
	data[XELF_CRC_OFFSET + 1] = 0;
	/* What the checksum begins with. */
	data[0] ^= 0xff;
	data[1] ^= 0xff;
	xelf_crc16_fold(data, 32);
	xelf_crc16_fold(data + 64, 16);
	xelf_crc16_fold(data + 96, 8);
	memcpy(&low, data + 112, sizeof(low));
	memcpy(&rest, data + 120, sizeof(rest));
	rest ^= xelf_crc16_fold_word(low, 64);
	rest = rest >> 32 ^ xelf_crc16_fold_word(rest & 0xffffffff, 32);
	rest = rest >> 16 ^ xelf_crc16_fold_word(rest & 0xffff, 16);
	return xelf_crc16_fold_word(rest, 16);
}

/**
 * xelf_is_exclusive() - is the magic the exclusive form's?
 * @first: the first XELF_CHECKED_SIZE bytes of the file
 *
 * Return: true if so, whatever the tag holds.
 */
static inline bool xelf_is_exclusive(const __u8 *first)
{
	return !memcmp(first, XELF_MAGIC_EXCLUSIVE, XELF_MAGIC_SIZE);
}

/**
 * xelf_is_tagged() - is the file ours to accept or to refuse?
 * @first: the first XELF_CHECKED_SIZE bytes of the file
 *
 * Runs for every exec on the machine: two compares for a file that is not ours.
 *
 * Return: true if the magic and the tag's four letters are there.
 */
static inline bool xelf_is_tagged(const __u8 *first)
{
	return !memcmp(first + XELF_TAG_OFFSET, XELF_TAG_MAGIC,
		       XELF_TAG_MAGIC_SIZE) &&
	       (!memcmp(first, XELF_MAGIC_PLAIN, XELF_MAGIC_SIZE) ||
		xelf_is_exclusive(first));
}

/**
 * xelf_check_tag() - is the tag one that this code understands, and whole?
 * @first: the first XELF_CHECKED_SIZE bytes of the file
 *
 * The version comes first: what another version's checksum covers is unknown.
 *
 * Return: XELF_OK, XELF_NOT_TAGGED, XELF_UNKNOWN_VERSION, XELF_UNKNOWN_FLAGS
 * or XELF_STALE_TAG.
 */
static inline enum xelf_reason xelf_check_tag(const __u8 *first)
{
	__u8 version = first[XELF_VERSION_OFFSET];
	__u16 crc = first[XELF_CRC_OFFSET] | first[XELF_CRC_OFFSET + 1] << 8;

	if (!xelf_is_tagged(first))
		return XELF_NOT_TAGGED;
	if ((version & XELF_VERSION_MASK) != XELF_VERSION)
		return XELF_UNKNOWN_VERSION;
	if (version & XELF_FLAGS_MASK & ~XELF_FLAGS_KNOWN)
		return XELF_UNKNOWN_FLAGS;
	if (crc != xelf_tag_crc(first))
		return XELF_STALE_TAG;
	return XELF_OK;
}

/**
 * xelf_check_phdr_table() - can the program header table be one of ours?
 * @ehdr: the ELF header; its magic is not looked at
 * @limits: the machine's
 *
 * Return: XELF_OK, XELF_OTHER_PHENTSIZE, XELF_NO_PHDRS or XELF_TOO_MANY_PHDRS.
 */
static inline enum xelf_reason
xelf_check_phdr_table(const Elf64_Ehdr *ehdr, const struct xelf_limits *limits)
{
	size_t size = xelf_phdr_size(limits->machine);

	if (ehdr->e_phentsize != size)
		return XELF_OTHER_PHENTSIZE;
	if (!ehdr->e_phnum)
		return XELF_NO_PHDRS;
	if (ehdr->e_phnum * size > limits->phdrs_size)
		return XELF_TOO_MANY_PHDRS;
	return XELF_OK;
}

/**
 * xelf_abi_is_known() - is it for more than the right machine by its name?
 * @ehdr: the ELF header
 *
 * On 32-bit ARM code begins at a word, or, being Thumb's, at an odd address;
 * and FDPIC is another format. What of the rest a processor can run it knows
 * itself.
 *
 * Return: true if so; on other machines all are.
 */
static inline bool xelf_abi_is_known(const Elf64_Ehdr *ehdr)
{
	if (ehdr->e_machine != EM_ARM)
		return true;
	return ehdr->e_ident[EI_OSABI] != XELF_OSABI_ARM_FDPIC &&
	       (ehdr->e_entry & 3) != 2;
}

/**
 * xelf_check_header() - is this a header that load_elf_binary() would load?
 * @ehdr: the ELF header, after xelf_check_tag(); the magic is not looked at
 * @limits: the machine's
 *
 * Decides by what load_elf_binary() decides by, and by nothing else: EI_CLASS,
 * EI_DATA, EI_VERSION, e_version and e_ehsize are the tool's to warn of.
 *
 * Return: XELF_OK, XELF_NOT_EXECUTABLE_TYPE, XELF_OTHER_MACHINE, XELF_OTHER_ABI
 * or a reason of xelf_check_phdr_table(); each of them ENOEXEC.
 */
static inline enum xelf_reason
xelf_check_header(const Elf64_Ehdr *ehdr, const struct xelf_limits *limits)
{
	if (ehdr->e_type != ET_EXEC && ehdr->e_type != ET_DYN)
		return XELF_NOT_EXECUTABLE_TYPE;
	if (ehdr->e_machine != limits->machine)
		return XELF_OTHER_MACHINE;
	if (!xelf_abi_is_known(ehdr))
		return XELF_OTHER_ABI;
	return xelf_check_phdr_table(ehdr, limits);
}

#endif /* _XELF_CHECK_H */

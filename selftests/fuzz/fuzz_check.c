// SPDX-License-Identifier: GPL-2.0-only
/*
 * include/xelf/check.h, for any first bytes: the tag and the ELF header, read as
 * one of each class.
 */
#include "fuzz.h"

enum { VALID, STALE, UNKNOWN, OTHER, LOADABLE, LOADABLE_32, REFUSED };

struct counter counters[] = {
	[VALID] = { "valid-tags" },
	[STALE] = { "stale-tags" },
	[UNKNOWN] = { "unknown-tags" },
	[OTHER] = { "files-without-tag" },
	[LOADABLE] = { "headers-accepted" },
	[LOADABLE_32] = { "elf32-headers-accepted" },
	[REFUSED] = { "headers-refused" },
	{ }
};

/* CRC-16/MODBUS as its definition has it, a bit at a time. */
static __u16 crc_by_bits(const __u8 *first)
{
	unsigned int crc = 0xffff;
	size_t i;
	int bit;

	for (i = 0; i < XELF_CHECKED_SIZE; i++) {
		if (i != XELF_CRC_OFFSET && i != XELF_CRC_OFFSET + 1)
			crc ^= first[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1;
	}
	return crc;
}

static void try_tag(__u8 *first)
{
	bool plain = !memcmp(first, "\177ELF", 4);
	bool exclusive = !memcmp(first, "\177XEL", 4);
	bool ours = (plain || exclusive) && !memcmp(first + 9, "XELF", 4);
	unsigned int version = first[13] & 15, flags = first[13] >> 4;
	unsigned int crc = first[14] | first[15] << 8;
	__u8 copy[XELF_CHECKED_SIZE];

	CLAIM(xelf_is_tagged(first) == ours);
	CLAIM(xelf_is_exclusive(first) == exclusive);
	CLAIM(xelf_tag_crc(first) == crc_by_bits(first));
	switch (xelf_check_tag(first)) {
	case XELF_NOT_TAGGED:
		CLAIM(!ours);
		counters[OTHER].count++;
		return;
	case XELF_UNKNOWN_VERSION:
		CLAIM(ours && version != 1);
		counters[UNKNOWN].count++;
		return;
	case XELF_UNKNOWN_FLAGS:
		CLAIM(ours && version == 1 && flags > 1);
		counters[UNKNOWN].count++;
		return;
	case XELF_STALE_TAG:
		CLAIM(ours && version == 1 && flags <= 1);
		CLAIM(crc != crc_by_bits(first));
		memcpy(copy, first, sizeof(copy));
		sign(copy);
		CLAIM(xelf_check_tag(copy) == XELF_OK);
		counters[STALE].count++;
		return;
	case XELF_OK:
		CLAIM(ours && version == 1 && flags <= 1);
		CLAIM(crc == crc_by_bits(first));
		counters[VALID].count++;
		return;
	default:
		CLAIM(!"a reason that xelf_check_tag() may give");
	}
}

/* Whatever machine it names, as that of @machine. */
static void try_header(const __u8 *first, __u32 phdrs_size, __u16 machine)
{
	const struct xelf_limits limits = {
		.phdrs_size = phdrs_size,
		.machine = machine,
	};
	bool arm = machine == EM_ARM;
	size_t phdr_size = arm ? 32 : 56;
	Elf64_Ehdr ehdr = read_ehdr(first, machine);
	bool type = ehdr.e_type == ET_EXEC || ehdr.e_type == ET_DYN;
	bool fdpic = ehdr.e_ident[7] == 65;
	bool here = ehdr.e_machine == machine &&
		    !(arm && (fdpic || ehdr.e_entry % 4 == 2));
	bool table = ehdr.e_phentsize == phdr_size && ehdr.e_phnum &&
		     ehdr.e_phnum * phdr_size <= phdrs_size;
	bool magic = !memcmp(ehdr.e_ident, "\177ELF", 4);
	enum xelf_reason reason = xelf_check_header(&ehdr, &limits);

	CLAIM((reason == XELF_OK) == (type && here && table));
	CLAIM(!reason || xelf_reason_errno(reason) == ENOEXEC);
	counters[reason ? REFUSED : arm ? LOADABLE_32 : LOADABLE].count++;

	reason = xelf_check_interp(&ehdr, &limits);
	CLAIM((reason == XELF_OK) == (magic && here && table));
	CLAIM(!reason || xelf_reason_errno(reason) == ELIBBAD);
	reason = xelf_check_interp_type(&ehdr);
	CLAIM((reason == XELF_OK) == type);
	CLAIM(!reason || xelf_reason_errno(reason) == ELIBBAD);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	__u8 first[XELF_CHECKED_SIZE] = { };

	if (size > sizeof(first))
		size = sizeof(first);
	if (size)
		memcpy(first, data, size);
	try_tag(first);
	try_header(first, 4096, EM_X86_64);
	try_header(first, 65536, EM_X86_64);
	try_header(first, 4096, EM_ARM);
	try_header(first, 65536, EM_ARM);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bytes of a XELF file: where the tag lies and what it may hold.
 *
 * A XELF file is an ELF file whose e_ident padding carries a tag, so that the
 * same file runs under the kernel's own ELF loader and under binfmt_xelf.
 * Only constants stand here; what is done with them is in check.h and plan.h.
 * Documentation/format.md is the prose.
 */
#ifndef _XELF_FORMAT_H
#define _XELF_FORMAT_H

/*
 * The first four bytes. The plain form keeps the ELF magic; the exclusive form
 * has a magic of its own, which nothing but binfmt_xelf runs.
 */
#define XELF_MAGIC_SIZE		4
#define XELF_MAGIC_PLAIN	"\177ELF"
#define XELF_MAGIC_EXCLUSIVE	"\177XEL"

/* The tag fills the padding of e_ident, bytes 9 to 15 (EI_PAD to EI_NIDENT). */
#define XELF_TAG_OFFSET		9
#define XELF_TAG_SIZE		7
#define XELF_TAG_MAGIC		"XELF"
#define XELF_TAG_MAGIC_SIZE	4
#define XELF_VERSION_OFFSET	13	/* low nibble: version; high nibble: flags */
#define XELF_CRC_OFFSET		14	/* little-endian, two bytes */

#define XELF_VERSION		1
#define XELF_VERSION_MASK	0x0f
#define XELF_FLAGS_MASK		0xf0
#define XELF_FLAG_HINTS		0x10	/* the file ends in a hints trailer */
#define XELF_FLAGS_KNOWN	XELF_FLAG_HINTS

/*
 * The checksum covers these first bytes of the file (zero past the end of a
 * shorter one), with its own two bytes taken as zero.
 */
#define XELF_CHECKED_SIZE	128

#endif /* _XELF_FORMAT_H */

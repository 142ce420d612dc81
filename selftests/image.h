/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Synthetic ELF images around the probe: a good one, which a test changes in
 * one thing.
 */
#ifndef XELF_IMAGE_H
#define XELF_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "machine.h"

#define IMAGE_PHDRS_OF_A_PAGE	((int)(4096 / sizeof(Elf_Phdr)))
#define IMAGE_PHDRS	(IMAGE_PHDRS_OF_A_PAGE + 1)
#define IMAGE_SIZE	0x20000
#define IMAGE_BASE	0x10000000UL	/* of the ET_EXEC image */

/* Which program header of the good image is which. */
enum {
	PH_HEADERS,	/* PT_LOAD r--: ELF header and program headers */
	PH_CODE,	/* PT_LOAD r-x: the probe */
	PH_DATA,	/* PT_LOAD rw-: bytes, bss in the page and beyond it */
	PH_STACK,	/* PT_GNU_STACK rw- */
	PH_COUNT,	/* as many has it; PH_INTERP is added by image_interp() */
	PH_INTERP = PH_COUNT,
};

/* Where the parts of the good image lie in the file, and in memory. */
#define IMAGE_CODE	0x2000
#define IMAGE_DATA	0x4000
#define IMAGE_DATA_SIZE	0x1800
#define IMAGE_BSS_SIZE	0x3000
#define IMAGE_INTERP	0x6000	/* the interpreter's path, in the file only */

struct image {
	Elf_Ehdr ehdr;
	Elf_Phdr phdr[IMAGE_PHDRS];
	size_t table;			/* where the program headers are put */
	size_t size;			/* bytes of the file */
	unsigned char bytes[IMAGE_SIZE];
};

/*
 * The good image: the probe, loadable, of type ET_EXEC or ET_DYN. Every byte
 * that no part uses holds a pattern, so that what should have been cleared
 * shows.
 */
void image_init(struct image *image, int type);

/* Adds a PT_INTERP with @path. */
void image_interp(struct image *image, const char *path);

/* Adds a program header to the end of the table. */
Elf_Phdr *image_add(struct image *image, Elf_Word type);

/* Writes it to @path, executable, tagged or not. */
void image_write(struct image *image, const char *path, bool tagged);

#endif /* XELF_IMAGE_H */

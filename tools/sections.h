/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The linker's view of an ELF file: its sections, and which segment each went
 * into. Read by libelf, from files of either class.
 */
#ifndef _TOOLS_SECTIONS_H
#define _TOOLS_SECTIONS_H

#include <gelf.h>

#include "xelf.h"

/**
 * struct section - one section header, its name looked up
 * @name: escaped; "" if it has none
 * @type: sh_type
 * @flags: sh_flags
 * @addr: sh_addr
 * @offset: sh_offset
 * @size: sh_size
 * @align: sh_addralign
 */
struct section {
	char *name;
	__u32 type;
	__u64 flags;
	__u64 addr;
	__u64 offset;
	__u64 size;
	__u64 align;
};

/**
 * struct sections - what libelf reads of a file
 * @ehdr: the ELF header
 * @phdrs: program headers; @phdr_count of them
 * @phdr_count: their number
 * @list: sections, without the null section at index 0
 * @count: their number; 0 if the file has no section headers
 * @error: why headers cannot be read, or NULL; what was read before stays
 */
struct sections {
	GElf_Ehdr ehdr;
	GElf_Phdr *phdrs;
	size_t phdr_count;
	struct section *list;
	size_t count;
	char *error;
};

/**
 * struct area - memory that a section-driven loader sets up for some sections
 * @start: the lowest address
 * @end: the highest end
 * @bytes: in the sections themselves; what is missing from the whole is gaps
 * @count: the number of sections; 0: there is no such area
 */
struct area {
	__u64 start;
	__u64 end;
	__u64 bytes;
	size_t count;
};

/**
 * enum area_kind - the areas
 * @AREA_TEXT: what is not writable, and has bytes in the file
 * @AREA_DATA: what is writable and has bytes in the file
 * @AREA_BSS: what has none
 * @AREA_RTT_TEXT: by RT-Thread Smart's rule: PROGBITS that is not writable
 * @AREA_RTT_DATA: by the same rule: all else
 * @AREA_COUNT: how many there are
 */
enum area_kind {
	AREA_TEXT,
	AREA_DATA,
	AREA_BSS,
	AREA_RTT_TEXT,
	AREA_RTT_DATA,
	AREA_COUNT,
};

extern const char *const area_names[AREA_COUNT];

int sections_copy(int fd);
void sections_read(struct sections *sections, int fd);
void sections_free(struct sections *sections);
bool section_in_segment(const struct section *section, const GElf_Phdr *phdr);
__u64 section_memory(const struct section *section);
bool sections_areas(const struct sections *sections,
		    struct area areas[AREA_COUNT]);

#endif /* _TOOLS_SECTIONS_H */

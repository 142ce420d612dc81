// SPDX-License-Identifier: GPL-2.0-only
/* Cases of the ELF header, the place of the program headers, and short files. */
#include "cases.h"
#include "xelf_test.h"

/* Bytes of the ELF header, up to its e_phnum, and with a good image's table. */
#define HEADER		sizeof(Elf_Ehdr)
#define ENTRY		sizeof(Elf_Phdr)
#define PHNUM		offsetof(Elf_Ehdr, e_phnum)
#define TABLE_END	(HEADER + PH_COUNT * ENTRY)

static void ident_all_wrong(struct image *i)
{
	i->ehdr.e_ident[EI_CLASS] = ELFCLASS32;
	i->ehdr.e_ident[EI_DATA] = ELFDATA2MSB;
	i->ehdr.e_ident[EI_VERSION] = 0;
	i->ehdr.e_version = 77;
	i->ehdr.e_ehsize = 1;
}

static void machine_386(struct image *i)
{
	i->ehdr.e_machine = EM_386;
	i->ehdr.e_phentsize = sizeof(Elf32_Phdr);
}

/* As many program headers, out of the way of the code. */
static void headers(struct image *i, int count)
{
	i->table = 0x8000;
	i->ehdr.e_phoff = i->table;
	i->size = 0xa000;
	while (i->ehdr.e_phnum < count)
		image_add(i, PT_NOTE);
}

static void phnum_of_a_page(struct image *i)
{
	headers(i, IMAGE_PHDRS_OF_A_PAGE);
}

static void phnum_over_a_page(struct image *i)
{
	headers(i, IMAGE_PHDRS_OF_A_PAGE + 1);
}

static void table_moved(struct image *i, size_t to)
{
	i->table = to;
	i->ehdr.e_phoff = to;
}

static void table_in_data(struct image *i)
{
	table_moved(i, 0x5000);
}

static void table_at_the_end(struct image *i)
{
	table_moved(i, i->size - PH_COUNT * ENTRY);
}

static void table_in_a_hole(struct image *i)
{
	table_moved(i, 0x1800);
}

static void table_odd(struct image *i)
{
	table_moved(i, 0x203);
}

static void table_in_bss(struct image *i)
{
	/* Past the segment's file contents, but within the file. */
	table_moved(i, IMAGE_DATA + IMAGE_DATA_SIZE);
}

static void table_not_mapped(struct image *i)
{
	i->phdr[PH_HEADERS].p_type = PT_NULL;
}

/* Two segments hold the table: the last counts. */
static void table_mapped_twice(struct image *i)
{
	Elf_Phdr *more = image_add(i, PT_LOAD);

	*more = i->phdr[PH_HEADERS];
	more->p_vaddr += 0x100000;
}

static void table_after_its_segment(struct image *i)
{
	i->phdr[PH_HEADERS].p_filesz = sizeof(Elf_Ehdr);
}

static void table_in_its_segments_last_byte(struct image *i)
{
	i->phdr[PH_HEADERS].p_filesz = sizeof(Elf_Ehdr) + 1;
}

static void phoff_past_the_end(struct image *i)
{
	i->ehdr.e_phoff = i->size;
}

static void phoff_short_by_one(struct image *i)
{
	i->ehdr.e_phoff = i->size - i->ehdr.e_phnum * sizeof(Elf_Phdr) + 1;
}

static void entry_in_data(struct image *i)
{
	i->ehdr.e_entry = i->phdr[PH_DATA].p_vaddr;
}

static void entry_in_a_hole(struct image *i)
{
	i->ehdr.e_entry = i->phdr[PH_HEADERS].p_vaddr + 0x1000;
}

static void entry_off_by_one(struct image *i)
{
	/* The probe's first byte of code is an instruction of its own. */
	i->ehdr.e_entry++;
}

static void entry_at_the_limit(struct image *i)
{
	i->ehdr.e_entry = task_size();
}

static void entry_below_the_limit(struct image *i)
{
	i->ehdr.e_entry = task_size() - 1;
}

#define NOT_EXECUTABLE	REFUSED("not-executable-type", ENOEXEC)
#define OTHER_MACHINE	REFUSED("other-machine", ENOEXEC)
#define OTHER_PHENTSIZE	REFUSED("other-phentsize", ENOEXEC)
#define NO_HEADERS	REFUSED("no-program-headers", ENOEXEC)
#define TOO_MANY	REFUSED("too-many-program-headers", ENOEXEC)
#define UNREADABLE	REFUSED("program-headers-unreadable", ENOEXEC)
#define INTERP_SHORT	REFUSED("interpreter-unreadable", EIO)
#define INTERP_NOT_ELF	REFUSED("interpreter-not-elf", ELIBBAD)
#define INTERP_MACHINE	REFUSED("interpreter-other-machine", ELIBBAD)
#define INTERP_HEADERS	REFUSED("interpreter-bad-program-headers", ELIBBAD)
#define INTERP_TYPE	INTERP_EARLY("interpreter-not-executable-type")

static const struct image_case cases[] = {
	{ "good-exec", EXEC },
	{ "good-exec-with-interp", EXEC_INTERP },
	{ "good-pie", PIE },
	{ "good-static-pie", STATIC },

	/* What is not looked at. */
	{ "ident-class-32", EXEC, SET(ehdr.e_ident[EI_CLASS], ELFCLASS32) },
	{ "ident-data-msb", EXEC, SET(ehdr.e_ident[EI_DATA], ELFDATA2MSB) },
	{ "ident-version-max", EXEC, SET(ehdr.e_ident[EI_VERSION], 255) },
	{ "ident-osabi-max", EXEC, SET(ehdr.e_ident[EI_OSABI], 255) },
	{ "ident-abiversion-max", EXEC, SET(ehdr.e_ident[EI_ABIVERSION], 255) },
	{ "ident-all-wrong", EXEC, .change = ident_all_wrong },
	{ "version-max", EXEC, SET(ehdr.e_version, ~0U) },
	{ "flags-max", EXEC, SET(ehdr.e_flags, ~0U) },
	{ "ehsize-0", EXEC, SET(ehdr.e_ehsize, 0) },
	{ "shoff-max", EXEC, SET(ehdr.e_shoff, ~0UL) },
	{ "shnum-max", EXEC, SET(ehdr.e_shnum, 0xffff) },

	{ "type-none", EXEC, SET(ehdr.e_type, ET_NONE), NOT_EXECUTABLE },
	{ "type-rel", EXEC, SET(ehdr.e_type, ET_REL), NOT_EXECUTABLE },
	{ "type-core", EXEC, SET(ehdr.e_type, ET_CORE), NOT_EXECUTABLE },
	{ "type-max", EXEC, SET(ehdr.e_type, 0xffff), NOT_EXECUTABLE },
	{ "interp-type-none", PIE, .set_interp = SET(ehdr.e_type, ET_NONE),
	  INTERP_TYPE },
	{ "interp-type-rel", PIE, .set_interp = SET(ehdr.e_type, ET_REL),
	  INTERP_TYPE },

	{ "machine-0", EXEC, SET(ehdr.e_machine, 0), OTHER_MACHINE },
	{ "machine-below", EXEC, SET(ehdr.e_machine, TEST_MACHINE - 1),
	  OTHER_MACHINE },
	{ "machine-riscv", EXEC, SET(ehdr.e_machine, EM_RISCV),
	  OTHER_MACHINE },
	/* Its headers mean nothing as 32-bit ones: nobody runs it. */
	{ "machine-386", EXEC, .change = machine_386, OTHER_MACHINE },
	{ "machine-max", EXEC, SET(ehdr.e_machine, 0xffff), OTHER_MACHINE },
	{ "interp-machine-riscv", PIE,
	  .set_interp = SET(ehdr.e_machine, EM_RISCV), INTERP_MACHINE },

	{ "phentsize-0", EXEC, SET(ehdr.e_phentsize, 0), OTHER_PHENTSIZE },
	{ "phentsize-of-the-other-class", EXEC, SET(ehdr.e_phentsize, 32 + 56 - ENTRY),
	  OTHER_PHENTSIZE },
	{ "phentsize-less-by-one", EXEC, SET(ehdr.e_phentsize, ENTRY - 1), OTHER_PHENTSIZE },
	{ "phentsize-more-by-one", EXEC, SET(ehdr.e_phentsize, ENTRY + 1), OTHER_PHENTSIZE },
	{ "phentsize-max", EXEC, SET(ehdr.e_phentsize, 0xffff),
	  OTHER_PHENTSIZE },
	{ "interp-phentsize-more-by-one", PIE, .set_interp = SET(ehdr.e_phentsize, ENTRY + 1),
	  INTERP_HEADERS },

	{ "phnum-0", EXEC, SET(ehdr.e_phnum, 0), NO_HEADERS },
	{ "phnum-1", EXEC, SET(ehdr.e_phnum, 1), .any_end = true },
	{ "phnum-less-by-one", EXEC, SET(ehdr.e_phnum, PH_COUNT - 1) },
	{ "phnum-more-by-one", EXEC, SET(ehdr.e_phnum, PH_COUNT + 1) },
	{ "phnum-of-a-page", EXEC, .change = phnum_of_a_page },
	{ "phnum-over-a-page", EXEC, .change = phnum_over_a_page, TOO_MANY,
	  .refused_until = KERNEL(7, 0) },
	/* 65536 bytes of headers: the other limit. */
	{ "phnum-max", EXEC, SET(ehdr.e_phnum, 0xffff), TOO_MANY },
	{ "interp-phnum-0", PIE, .set_interp = SET(ehdr.e_phnum, 0),
	  INTERP_HEADERS },
	{ "interp-phnum-over-a-page", PIE, .change_interp = phnum_over_a_page, INTERP_HEADERS,
	  .refused_until = KERNEL(7, 0) },

	{ "phoff-0", EXEC, SET(ehdr.e_phoff, 0), .any_end = true },
	{ "phoff-1", EXEC, SET(ehdr.e_phoff, 1), .any_end = true },
	{ "phoff-less-by-one", EXEC, SET(ehdr.e_phoff, HEADER - 1), .any_end = true },
	{ "phoff-more-by-one", EXEC, SET(ehdr.e_phoff, HEADER + 1), .any_end = true },
	{ "phoff-of-the-second", EXEC, SET(ehdr.e_phoff, HEADER + ENTRY) },
	{ "phoff-past-the-end", EXEC, .change = phoff_past_the_end,
	  UNREADABLE },
	{ "phoff-short-by-one", EXEC, .change = phoff_short_by_one,
	  UNREADABLE },
	{ "phoff-largest", EXEC, SET(ehdr.e_phoff, ~0UL >> 1), UNREADABLE },
	{ "phoff-negative", EXEC, SET(ehdr.e_phoff, -8UL), UNREADABLE },
	{ "interp-phoff-0", PIE, .set_interp = SET(ehdr.e_phoff, 0),
	  INTERP_EARLY("interpreter-bad-segments") },
	{ "interp-phoff-past-the-end", PIE,
	  .change_interp = phoff_past_the_end, INTERP_HEADERS },

	/* What AT_PHDR says. */
	{ "table-in-data", EXEC, .change = table_in_data },
	{ "table-at-the-end", EXEC, .change = table_at_the_end },
	{ "table-in-a-hole", EXEC, .change = table_in_a_hole },
	{ "table-odd", EXEC, .change = table_odd },
	{ "table-in-bss", EXEC, .change = table_in_bss },
	{ "table-not-mapped", EXEC, .change = table_not_mapped },
	{ "pie-table-not-mapped", PIE, .change = table_not_mapped },
	{ "table-mapped-twice", EXEC, .change = table_mapped_twice },
	{ "table-after-its-segment", EXEC, .change = table_after_its_segment },
	{ "table-in-its-segments-last-byte", EXEC,
	  .change = table_in_its_segments_last_byte },

	{ "entry-0", EXEC, SET(ehdr.e_entry, 0), .any_end = true },
	{ "entry-off-by-one", EXEC, .change = entry_off_by_one,
	  .any_end = true },
	{ "entry-in-data", EXEC, .change = entry_in_data, .any_end = true },
	{ "entry-in-a-hole", EXEC, .change = entry_in_a_hole,
	  .any_end = true },
	{ "entry-below-the-limit", EXEC, .change = entry_below_the_limit,
	  .any_end = true },
	{ "entry-at-the-limit", EXEC, .change = entry_at_the_limit,
	  REFUSED_EARLY("entry-out-of-range") },
	{ "entry-max", EXEC, SET(ehdr.e_entry, ~0UL),
	  REFUSED_EARLY("entry-out-of-range") },
	/* It is the interpreter that is entered. */
	{ "exec-with-interp-entry-max", EXEC_INTERP, SET(ehdr.e_entry, ~0UL) },
	{ "pie-entry-in-the-kernel", PIE,
	  SET(ehdr.e_entry, TEST_KERNEL + 0x1000000) },
	/* With the bias added, it may come to lie anywhere. */
	{ "static-pie-entry-at-the-limit", STATIC,
	  .change = entry_at_the_limit, .any_end = true },
	{ "static-pie-entry-wraps", STATIC, SET(ehdr.e_entry, ~0UL),
	  .any_end = true },
	{ "interp-entry-at-the-limit", PIE,
	  .change_interp = entry_at_the_limit, .any_end = true },
	{ "interp-entry-wraps", PIE, .set_interp = SET(ehdr.e_entry, ~0UL),
	  .any_end = true },
	{ "fixed-interp-entry-at-the-limit", PIE_EXEC,
	  .change_interp = entry_at_the_limit,
	  INTERP_EARLY("interpreter-bad-segments") },

	/* Files that end early; what is past the end reads as zero. */
	{ "cut-after-ident", EXEC, SET(size, 16), NOT_EXECUTABLE },
	{ "cut-after-type", EXEC, SET(size, 18), OTHER_MACHINE },
	{ "cut-after-phentsize", EXEC, SET(size, PHNUM), NO_HEADERS },
	{ "cut-in-phnum", EXEC, SET(size, PHNUM + 1), UNREADABLE },
	{ "cut-before-the-headers-end", EXEC, SET(size, HEADER - 1), UNREADABLE },
	{ "cut-after-the-header", EXEC, SET(size, HEADER), UNREADABLE },
	{ "cut-in-what-is-checked", EXEC, SET(size, 127), UNREADABLE },
	{ "cut-before-the-tables-end", EXEC, SET(size, TABLE_END - 1),
	  UNREADABLE },
	{ "cut-after-the-table", EXEC, SET(size, TABLE_END), .any_end = true },
	{ "interp-cut-to-nothing", PIE, .set_interp = SET(size, 0),
	  INTERP_SHORT },
	{ "interp-cut-before-the-headers-end", PIE,
	  .set_interp = SET(size, HEADER - 1), INTERP_SHORT },
	{ "interp-cut-after-the-header", PIE, .set_interp = SET(size, HEADER),
	  INTERP_HEADERS },
	{ "interp-cut-before-the-tables-end", PIE,
	  .set_interp = SET(size, TABLE_END - 1), INTERP_HEADERS },
	{ "interp-cut-after-the-table", PIE,
	  .set_interp = SET(size, TABLE_END), .any_end = true },

	{ "interp-magic-0", PIE, .set_interp = SET(ehdr.e_ident[0], 0),
	  INTERP_NOT_ELF },
	{ "interp-magic-3", PIE, .set_interp = SET(ehdr.e_ident[3], 'f'),
	  INTERP_NOT_ELF },
};

const struct case_list header_cases = { cases, ARRAY_SIZE(cases) };

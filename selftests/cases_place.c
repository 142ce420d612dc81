// SPDX-License-Identifier: GPL-2.0-only
/* Cases of addresses: where an image asks to lie, alignment, what is there already, brk. */
#include "cases.h"
#include "xelf_test.h"

/* Without randomisation, in a machine with four page-table levels or five. */
#define STACK_END	TEST_STACK_END
#define MMAP_END	TEST_MMAP_END
/* From the image's first page to the end of its bss. */
#define IMAGE_SPAN	0x9000UL

static void move_to(struct image *i, unsigned long address)
{
	image_move(i, address - i->phdr[PH_HEADERS].p_vaddr);
}

/* The data alone, to a page. */
static void data_to(struct image *i, unsigned long address)
{
	i->phdr[PH_DATA].p_vaddr = address;
}

#define MOVE(name, address)						\
	static void name(struct image *i)				\
	{								\
		move_to(i, address);					\
	}
#define MOVE_DATA(name, address)					\
	static void name(struct image *i)				\
	{								\
		data_to(i, address);					\
	}

MOVE(at_0, 0)
MOVE(at_4k, 0x1000)
MOVE(at_min_addr, 0x10000)
MOVE(in_the_mmap_region, MMAP_END - 0x8000)
MOVE(on_the_stack, STACK_END - IMAGE_SPAN)
MOVE(at_the_top, task_size() - IMAGE_SPAN)
MOVE(over_the_top, task_size() - IMAGE_SPAN + 0x1000)
MOVE(in_the_kernel, TEST_KERNEL)
MOVE(not_canonical, TEST_NOWHERE)
MOVE(at_118_megabytes, 0x7654000)

MOVE_DATA(data_on_the_stack, STACK_END - 0x5000)
MOVE_DATA(data_at_the_limit, task_size())
MOVE_DATA(data_in_the_kernel, TEST_KERNEL)
MOVE_DATA(data_not_canonical, task_size() + 0x1000)
MOVE_DATA(data_wraps, -0x1000UL)

/* Its bss ends with user space, or a byte later. */
static void memory_to_the_limit(struct image *i)
{
	data_to(i, task_size() - 0x4000);
	i->phdr[PH_DATA].p_memsz = 0x4000;
}

static void memory_past_the_limit(struct image *i)
{
	memory_to_the_limit(i);
	i->phdr[PH_DATA].p_memsz++;
}

static void bss_to_the_limit(struct image *i)
{
	i->phdr[PH_DATA].p_memsz = task_size() - i->phdr[PH_DATA].p_vaddr;
}

/* Fixed over the stack: there is no NOREPLACE after the first segment. */
static void bss_over_the_stack(struct image *i)
{
	data_to(i, STACK_END - 0x8000);
	i->phdr[PH_DATA].p_filesz = 0;
	i->phdr[PH_DATA].p_memsz = 0x4000;
}

static void first_address_off_page(struct image *i)
{
	i->phdr[PH_HEADERS].p_vaddr += 0x40;
	i->phdr[PH_HEADERS].p_offset += 0x40;
}

/*
 * A position-independent program whose second segment lies beyond user space
 * once the bias is added. The first is empty, so that no room is asked for.
 */
static void empty_segment_beyond(struct image *i)
{
	Elf_Phdr *more = image_add(i, PT_LOAD);

	*more = i->phdr[PH_HEADERS];
	i->phdr[PH_HEADERS].p_filesz = 0;
	i->phdr[PH_HEADERS].p_memsz = 0;
	more->p_vaddr = task_size() - 0x10000;
	more->p_filesz = 0;
	more->p_memsz = 0;
}

static void segment_beyond(struct image *i)
{
	empty_segment_beyond(i);
	i->phdr[i->ehdr.e_phnum - 1].p_filesz = 0x1000;
	i->phdr[i->ehdr.e_phnum - 1].p_memsz = 0x1000;
}

/* brk begins behind the highest segment, whatever that is. */
static void code_is_highest(struct image *i)
{
	i->phdr[PH_CODE].p_vaddr += 0x100000;
	i->ehdr.e_entry += 0x100000;
}

static void headers_are_highest(struct image *i)
{
	i->phdr[PH_HEADERS].p_vaddr += 0x100000;
}

static void empty_segment_is_highest(struct image *i)
{
	Elf_Phdr *more = image_add(i, PT_LOAD);

	*more = i->phdr[PH_DATA];
	more->p_vaddr += 0x100123;
	more->p_filesz = 0;
	more->p_memsz = 0;
}

static void two_alignments(struct image *i)
{
	i->phdr[PH_CODE].p_align = 0x10000;
	i->phdr[PH_DATA].p_align = 0x200000;
}

static void alignment_of_a_hole(struct image *i)
{
	i->phdr[PH_HEADERS].p_align = 0x200000;
	i->phdr[PH_DATA].p_vaddr += 0x600000;
}

static void alignment_above_0(struct image *i)
{
	at_118_megabytes(i);
	i->phdr[PH_HEADERS].p_align = 0x200000;
}

#define ALIGN(segment, value)	SET(phdr[segment].p_align, value)
#define OUT_OF_RANGE		REFUSED_EARLY("vaddr-out-of-range")
#define BAD_INTERP		INTERP_EARLY("interpreter-bad-segments")

static const struct image_case cases[] = {
	/* The tests run as root, whom mmap_min_addr does not hold. */
	{ "at-0", EXEC, .change = at_0, .any_end = true },
	{ "at-4k", EXEC, .change = at_4k, .any_end = true },
	{ "at-mmap-min-addr", EXEC, .change = at_min_addr },
	{ "in-the-mmap-region", EXEC, .change = in_the_mmap_region },
	{ "exec-with-interp-in-the-mmap-region", EXEC_INTERP,
	  .change = in_the_mmap_region },
	{ "on-the-stack", EXEC, .change = on_the_stack, .any_end = true },
	{ "at-the-top", EXEC, .change = at_the_top, .any_end = true },
	{ "over-the-top", EXEC, .change = over_the_top, OUT_OF_RANGE },
	{ "in-the-kernel", EXEC, .change = in_the_kernel, OUT_OF_RANGE },
	{ "pie-in-the-kernel", PIE, .change = in_the_kernel, OUT_OF_RANGE },
	{ "interp-in-the-kernel", PIE, .change_interp = in_the_kernel },
	{ "interp-not-canonical", PIE, .change_interp = not_canonical },
	{ "fixed-interp-in-the-kernel", PIE_EXEC,
	  .change_interp = in_the_kernel, BAD_INTERP },

	{ "data-on-the-stack", EXEC, .change = data_on_the_stack,
	  .any_end = true },
	{ "bss-over-the-stack", EXEC, .change = bss_over_the_stack,
	  .any_end = true },
	{ "data-at-the-limit", EXEC, .change = data_at_the_limit,
	  OUT_OF_RANGE },
	{ "data-in-the-kernel", EXEC, .change = data_in_the_kernel,
	  OUT_OF_RANGE },
	{ "data-not-canonical", EXEC, .change = data_not_canonical,
	  OUT_OF_RANGE },
	{ "data-wraps", EXEC, .change = data_wraps, OUT_OF_RANGE },
	{ "memory-to-the-limit", EXEC, .change = memory_to_the_limit,
	  .any_end = true },
	{ "memory-past-the-limit", EXEC, .change = memory_past_the_limit,
	  OUT_OF_RANGE },
	{ "bss-to-the-limit", EXEC, .change = bss_to_the_limit,
	  .any_end = true },
	{ "pie-memory-to-the-limit", PIE, .change = memory_to_the_limit,
	  .any_end = true },
	{ "interp-memory-to-the-limit", PIE,
	  .change_interp = memory_to_the_limit, .any_end = true },
	{ "interp-memory-past-the-limit", PIE,
	  .change_interp = memory_past_the_limit, .any_end = true },
	{ "interp-data-wraps", PIE, .change_interp = data_wraps,
	  .any_end = true },

	{ "pie-above-0", PIE, .change = at_118_megabytes },
	{ "static-pie-above-0", STATIC, .change = at_118_megabytes },
	{ "interp-above-0", PIE, .change_interp = at_118_megabytes },
	{ "pie-at-the-top", PIE, .change = at_the_top },
	PROGRAM_AND_INTERP_CHANGED("first-address-off-page",
				   first_address_off_page),
	{ "pie-first-address-off-page", PIE,
	  .change = first_address_off_page },
	{ "pie-segment-beyond", PIE, .change = segment_beyond,
	  .any_end = true },
	{ "pie-empty-segment-beyond", PIE, .change = empty_segment_beyond,
	  .any_end = true },

	/* An address that a position-independent interpreter wishes for. */
	{ "exec-with-interp-above-0", EXEC_INTERP,
	  .change_interp = at_118_megabytes },
	{ "exec-with-interp-on-the-stack", EXEC_INTERP,
	  .change_interp = on_the_stack },
	{ "exec-with-interp-in-the-kernel", EXEC_INTERP,
	  .change_interp = in_the_kernel },

	{ "pie-align-0", PIE, ALIGN(PH_DATA, 0) },
	{ "static-pie-align-0", STATIC, ALIGN(PH_DATA, 0) },
	{ "pie-align-8k", PIE, ALIGN(PH_DATA, 0x2000) },
	{ "pie-align-no-power-of-two", PIE, ALIGN(PH_DATA, 0x3000) },
	{ "pie-align-64k", PIE, ALIGN(PH_CODE, 0x10000) },
	{ "static-pie-align-64k", STATIC, ALIGN(PH_CODE, 0x10000) },
	EACH_KIND("align-2m", ALIGN(PH_HEADERS, 0x200000)),
	{ "static-pie-align-16m", STATIC, ALIGN(PH_DATA, 0x1000000) },
	/* Rounded down to address 0 on some machines, too. */
	{ "pie-align-1g", PIE, ALIGN(PH_DATA, 0x40000000),
	  .any_end = TEST_DYN_BASE < 0x40000000 },
	{ "static-pie-align-1g", STATIC, ALIGN(PH_DATA, 0x40000000) },
	/* Rounded down to address 0. */
	{ "pie-align-sign", PIE, ALIGN(PH_DATA, ~(~0UL >> 1)), .any_end = true },
	{ "static-pie-align-sign", STATIC, ALIGN(PH_DATA, ~(~0UL >> 1)),
	  .any_end = true },
	{ "pie-align-of-the-stack-header", PIE, ALIGN(PH_STACK, 0x40000000) },
	{ "pie-align-two", PIE, .change = two_alignments },
	{ "static-pie-align-with-a-hole", STATIC,
	  .change = alignment_of_a_hole },
	{ "pie-align-above-0", PIE, .change = alignment_above_0 },
	{ "static-pie-align-above-0", STATIC, .change = alignment_above_0 },

	{ "brk-after-code", EXEC, .change = code_is_highest },
	{ "pie-brk-after-code", PIE, .change = code_is_highest },
	{ "brk-after-headers", EXEC, .change = headers_are_highest },
	{ "brk-after-an-empty-segment", EXEC,
	  .change = empty_segment_is_highest,
	  .runs_since = KERNEL(6, 1) },
};

const struct case_list place_cases = { cases, ARRAY_SIZE(cases) };

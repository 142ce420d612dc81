// SPDX-License-Identifier: GPL-2.0-only
/* Cases of the program headers: order, overlap, rights, sizes, offsets, types. */
#include "cases.h"
#include "xelf_test.h"

static void order(struct image *i, int first, int second, int third)
{
	Elf_Phdr old[] = {
		i->phdr[PH_HEADERS], i->phdr[PH_CODE], i->phdr[PH_DATA],
	};

	i->phdr[0] = old[first];
	i->phdr[1] = old[second];
	i->phdr[2] = old[third];
}

static void order_headers_data_code(struct image *i)
{
	order(i, PH_HEADERS, PH_DATA, PH_CODE);
}

static void order_code_headers_data(struct image *i)
{
	order(i, PH_CODE, PH_HEADERS, PH_DATA);
}

static void order_code_data_headers(struct image *i)
{
	order(i, PH_CODE, PH_DATA, PH_HEADERS);
}

static void order_data_headers_code(struct image *i)
{
	order(i, PH_DATA, PH_HEADERS, PH_CODE);
}

static void order_data_code_headers(struct image *i)
{
	order(i, PH_DATA, PH_CODE, PH_HEADERS);
}

static void stack_header_first(struct image *i)
{
	Elf_Phdr stack = i->phdr[PH_STACK];

	i->phdr[PH_STACK] = i->phdr[PH_HEADERS];
	i->phdr[PH_HEADERS] = stack;
}

static void hole(struct image *i)
{
	i->phdr[PH_DATA].p_vaddr += 0x100000;
}

static void large_hole(struct image *i)
{
	i->phdr[PH_DATA].p_vaddr += TEST_HOLE;
}

/* More than there is room for in one piece, but for a fixed program. */
static void too_large_hole(struct image *i)
{
	i->phdr[PH_DATA].p_vaddr += TEST_LARGE_HOLE;
}

/* A second piece that must not meet what the kernel puts near the first. */
static void large_second_segment(struct image *i)
{
	i->phdr[PH_DATA].p_vaddr += 0x40000000;
	i->phdr[PH_DATA].p_filesz = 0x400000;
	i->phdr[PH_DATA].p_memsz = 0x400000;
}

static void overlap(struct image *i)
{
	/* The data's first page is the code's last one's neighbour's. */
	i->phdr[PH_CODE].p_filesz = IMAGE_DATA - IMAGE_CODE + 0x1000;
	i->phdr[PH_CODE].p_memsz = i->phdr[PH_CODE].p_filesz;
}

/* The first segment takes the place of all others, which then replace it. */
static void first_covers_all(struct image *i)
{
	i->phdr[PH_HEADERS].p_filesz = i->size;
	i->phdr[PH_HEADERS].p_memsz = i->size;
}

static void same_segment_twice(struct image *i)
{
	*image_add(i, PT_LOAD) = i->phdr[PH_DATA];
}

static void data_over_code(struct image *i)
{
	Elf_Phdr *more = image_add(i, PT_LOAD);

	*more = i->phdr[PH_DATA];
	more->p_vaddr = i->phdr[PH_CODE].p_vaddr;
	more->p_filesz = 0x1000;
	more->p_memsz = 0x1000;
}

static void share_a_page(struct image *i)
{
	Elf_Phdr *more = image_add(i, PT_LOAD);

	*more = i->phdr[PH_DATA];
	more->p_filesz = 0x80;
	more->p_memsz = 0x80;
	more->p_offset = IMAGE_DATA + 0x900;
	more->p_vaddr = i->phdr[PH_DATA].p_vaddr + 0x900;
	i->phdr[PH_DATA].p_filesz = 0x800;
	i->phdr[PH_DATA].p_memsz = 0x800;
}

static void share_a_page_reversed(struct image *i)
{
	Elf_Phdr data;

	share_a_page(i);
	data = i->phdr[PH_DATA];
	i->phdr[PH_DATA] = i->phdr[PH_COUNT];
	i->phdr[PH_COUNT] = data;
}

/* The first of them has bss in the page that the second maps anew. */
static void share_a_page_with_bss(struct image *i)
{
	share_a_page(i);
	i->phdr[PH_DATA].p_memsz += 0x40;
}

static void share_a_page_reversed_with_bss(struct image *i)
{
	share_a_page_reversed(i);
	i->phdr[PH_DATA].p_memsz += 0x2000;
}

static void share_a_page_other_rights(struct image *i)
{
	share_a_page(i);
	i->phdr[PH_COUNT].p_flags = PF_R;
}

static void adjacent(struct image *i)
{
	Elf_Phdr *more = image_add(i, PT_LOAD);

	*more = i->phdr[PH_HEADERS];
	more->p_offset += 0x1000;
	more->p_vaddr += 0x1000;
}

static void sixty_segments(struct image *i)
{
	unsigned long n;

	for (n = 1; i->ehdr.e_phnum < 60; n++) {
		Elf_Phdr *more = image_add(i, PT_LOAD);

		*more = i->phdr[PH_DATA];
		more->p_vaddr += n * 0x10000;
		more->p_memsz = IMAGE_DATA_SIZE + n * 0x100;
	}
}

static void no_segments(struct image *i)
{
	int n;

	for (n = 0; n < PH_COUNT; n++)
		i->phdr[n].p_type = PT_NULL;
}

static void data_off_page(struct image *i)
{
	i->phdr[PH_DATA].p_vaddr += 0x234;
	i->phdr[PH_DATA].p_offset += 0x234;
	i->phdr[PH_DATA].p_filesz -= 0x234;
}

static void vaddr_off_by_one(struct image *i)
{
	i->phdr[PH_DATA].p_vaddr++;
}

static void no_memory_spanned(struct image *i)
{
	int n;

	for (n = PH_HEADERS; n <= PH_DATA; n++) {
		i->phdr[n].p_vaddr = 0x1000;
		i->phdr[n].p_filesz = 0;
		i->phdr[n].p_memsz = 0;
	}
}

static void data_size(struct image *i, unsigned long size)
{
	i->phdr[PH_DATA].p_filesz = size;
	i->phdr[PH_DATA].p_memsz = size;
}

static void sizes_past_the_end_of_file(struct image *i)
{
	data_size(i, 0x4800);
}

static void segment_past_the_end_of_file(struct image *i)
{
	Elf_Phdr *more = image_add(i, PT_LOAD);

	*more = i->phdr[PH_HEADERS];
	more->p_offset = 0x40000000;
	more->p_vaddr += 0x40000000;
}

/* It can be mapped alone, but not with the rest of the image behind it. */
static void headers_of_the_last_offsets(struct image *i)
{
	unsigned long last = sizeof(last) == 8 ? ~0UL >> 1 : ~0UL;

	i->phdr[PH_HEADERS].p_offset = last - 0x2fff;
	i->phdr[PH_HEADERS].p_filesz = IMAGE_CODE;
	i->phdr[PH_HEADERS].p_memsz = IMAGE_CODE;
	i->phdr[PH_CODE].p_filesz = IMAGE_DATA - IMAGE_CODE;
	i->phdr[PH_CODE].p_memsz = IMAGE_DATA - IMAGE_CODE;
}

/* By the order of the table, its size is less than nothing by less than a page. */
static void empty_first_behind_the_last(struct image *i)
{
	const Elf_Phdr *data = &i->phdr[PH_DATA];

	i->phdr[PH_HEADERS].p_vaddr = (data->p_vaddr + data->p_memsz + 0xfff) & -0x1000UL;
	i->phdr[PH_HEADERS].p_filesz = 0;
	i->phdr[PH_HEADERS].p_memsz = 0;
}

static void memsz_over_the_limit(struct image *i)
{
	i->phdr[PH_DATA].p_memsz = task_size();
}

/* Header of a type that no loader looks at, or not closely. */
static void add_garbage(struct image *i, Elf_Word type)
{
	Elf_Phdr *more = image_add(i, type);

	memset(more, 0xff, sizeof(*more));
	more->p_type = type;
}

#define GARBAGE(name, type)						\
	static void name(struct image *i)				\
	{								\
		add_garbage(i, type);					\
	}

GARBAGE(garbage_null, PT_NULL)
GARBAGE(garbage_phdr, PT_PHDR)
GARBAGE(garbage_stack, PT_GNU_STACK)
GARBAGE(garbage_loproc, PT_LOPROC)
GARBAGE(garbage_max, 0xffffffff)

static void two_stack_headers(struct image *i)
{
	image_add(i, PT_GNU_STACK)->p_flags = PF_R | PF_W | PF_X;
}

static void two_stack_headers_reversed(struct image *i)
{
	i->phdr[PH_STACK].p_flags |= PF_X;
	image_add(i, PT_GNU_STACK)->p_flags = PF_R | PF_W;
}

#define DATA(member, value)	SET(phdr[PH_DATA].member, value)
#define CODE(member, value)	SET(phdr[PH_CODE].member, value)
#define HEADERS(member, value)	SET(phdr[PH_HEADERS].member, value)
#define STACK_FLAGS(value)	SET(phdr[PH_STACK].p_flags, value)

static const struct image_case cases[] = {
	{ "order-headers-data-code", EXEC, .change = order_headers_data_code },
	{ "order-code-headers-data", EXEC, .change = order_code_headers_data },
	{ "static-pie-order-code-headers-data", STATIC,
	  .change = order_code_headers_data },
	{ "order-code-data-headers", EXEC, .change = order_code_data_headers },
	{ "order-data-headers-code", EXEC, .change = order_data_headers_code },
	{ "order-data-code-headers", EXEC, .change = order_data_code_headers },
	{ "pie-order-data-code-headers", PIE,
	  .change = order_data_code_headers, .runs_since = KERNEL(6, 1) },
	{ "static-pie-order-data-code-headers", STATIC,
	  .change = order_data_code_headers, .runs_since = KERNEL(6, 1) },
	{ "interp-order-data-code-headers", PIE,
	  .change_interp = order_data_code_headers,
	  .runs_since = KERNEL(6, 1) },
	{ "order-stack-header-first", EXEC, .change = stack_header_first },

	EACH_KIND_CHANGED("hole", hole),
	{ "hole-large", EXEC, .change = large_hole },
	{ "pie-hole-large", PIE, .change = large_hole },
	{ "interp-hole-too-large", PIE, .change_interp = too_large_hole,
	  .any_end = true },
	{ "pie-large-second-segment", PIE, .change = large_second_segment },
	{ "static-pie-large-second-segment", STATIC,
	  .change = large_second_segment },

	PROGRAM_AND_INTERP_CHANGED("overlap", overlap),
	{ "pie-overlap", PIE, .change = overlap },
	{ "overlap-by-the-first", EXEC, .change = first_covers_all },
	{ "same-segment-twice", EXEC, .change = same_segment_twice },
	{ "data-over-code", EXEC, .change = data_over_code, .any_end = true },
	{ "shared-page", EXEC, .change = share_a_page },
	PROGRAM_AND_INTERP_CHANGED("shared-page-reversed", share_a_page_reversed),
	{ "shared-page-with-bss", EXEC, .change = share_a_page_with_bss },
	PROGRAM_AND_INTERP_CHANGED("shared-page-reversed-with-bss",
				   share_a_page_reversed_with_bss),
	{ "shared-page-other-rights", EXEC,
	  .change = share_a_page_other_rights },
	{ "adjacent-segments", EXEC, .change = adjacent },
	{ "sixty-segments", EXEC, .change = sixty_segments },

	{ "no-segments", EXEC, .change = no_segments, .any_end = true },
	{ "pie-no-segments", PIE, .change = no_segments },
	{ "static-pie-no-segments", STATIC, .change = no_segments,
	  .any_end = true },
	{ "interp-no-segments", PIE, .change_interp = no_segments,
	  INTERP_EARLY("interpreter-bad-segments") },
	{ "static-pie-no-memory-spanned", STATIC, .change = no_memory_spanned,
	  REFUSED_EARLY("empty-image") },
	{ "interp-no-memory-spanned", PIE, .change_interp = no_memory_spanned,
	  INTERP_EARLY("interpreter-bad-segments") },

	{ "pie-empty-first-segment-behind-the-last", PIE,
	  .change = empty_first_behind_the_last, .any_end = true },
	{ "static-pie-empty-first-segment-behind-the-last", STATIC,
	  .change = empty_first_behind_the_last, .any_end = true },
	{ "interp-empty-first-segment-behind-the-last", PIE,
	  .change_interp = empty_first_behind_the_last, .any_end = true },

	{ "data-without-rights", EXEC, DATA(p_flags, 0),
	  .runs_since = KERNEL(6, 1) },
	{ "data-execute-only", EXEC, DATA(p_flags, PF_X),
	  .runs_since = KERNEL(6, 1) },
	{ "data-write-only", EXEC, DATA(p_flags, PF_W) },
	{ "data-flags-max", EXEC, DATA(p_flags, 0xffffffff) },
	{ "code-without-rights", EXEC, CODE(p_flags, 0), .any_end = true },
	/* The probe dies where the machine can tell. */
	{ "code-execute-only", EXEC, CODE(p_flags, PF_X), .any_end = true },
	{ "code-read-only", EXEC, CODE(p_flags, PF_R), .any_end = true },
	{ "code-writable", EXEC, CODE(p_flags, PF_R | PF_W | PF_X) },
	{ "headers-without-rights", EXEC, HEADERS(p_flags, 0) },

	{ "paddr-max", EXEC, DATA(p_paddr, ~0UL) },
	{ "offset-0", EXEC, DATA(p_offset, 0) },
	{ "offset-not-0-of-the-first", EXEC, HEADERS(p_offset, 0x1000) },
	{ "offset-past-the-end-of-file", EXEC,
	  .change = segment_past_the_end_of_file },
	{ "offset-off-by-one", EXEC, DATA(p_offset, IMAGE_DATA + 1),
	  REFUSED_EARLY("offset-misaligned") },
	{ "interp-offset-off-by-one", PIE,
	  .set_interp = DATA(p_offset, IMAGE_DATA + 1),
	  INTERP_EARLY("interpreter-bad-segments") },
	{ "vaddr-off-by-one", EXEC, .change = vaddr_off_by_one,
	  REFUSED_EARLY("offset-misaligned") },
	{ "data-off-page", EXEC, .change = data_off_page },
	{ "pie-data-off-page", PIE, .change = data_off_page },
	{ "interp-data-off-page", PIE, .change_interp = data_off_page },
	{ "offset-of-the-last-page", EXEC,
	  DATA(p_offset, (~0UL >> 1) - 0x2fff), .any_end = true },
	{ "offset-past-the-last-page", EXEC,
	  DATA(p_offset, (~0UL >> 1) - 0x1fff), .any_end = true },
	{ "pie-headers-of-the-last-offsets", PIE,
	  .change = headers_of_the_last_offsets, .any_end = true },
	{ "static-pie-headers-of-the-last-offsets", STATIC,
	  .change = headers_of_the_last_offsets, .any_end = true },
	{ "interp-headers-of-the-last-offsets", PIE,
	  .change_interp = headers_of_the_last_offsets, .any_end = true },
	{ "offset-that-does-not-wrap", EXEC, DATA(p_offset, -0x3000UL),
	  .any_end = true },
	{ "offset-that-wraps-to-0", EXEC, DATA(p_offset, -0x2000UL),
	  REFUSED_EARLY("offset-out-of-range") },
	{ "offset-wraps", EXEC, DATA(p_offset, -0x1000UL),
	  REFUSED_EARLY("offset-out-of-range") },
	{ "interp-offset-wraps", PIE, .set_interp = DATA(p_offset, -0x1000UL),
	  INTERP_EARLY("interpreter-bad-segments") },

	{ "filesz-more-than-memsz", EXEC,
	  DATA(p_memsz, IMAGE_DATA_SIZE - 1),
	  REFUSED_EARLY("filesz-exceeds-memsz") },
	{ "interp-filesz-more-than-memsz", PIE,
	  .set_interp = DATA(p_memsz, IMAGE_DATA_SIZE - 1),
	  INTERP_EARLY("interpreter-bad-segments") },
	{ "filesz-max", EXEC, DATA(p_filesz, ~0UL),
	  REFUSED_EARLY("filesz-exceeds-memsz") },
	{ "memsz-0", EXEC, DATA(p_memsz, 0),
	  REFUSED_EARLY("filesz-exceeds-memsz") },
	{ "sizes-past-the-end-of-file", EXEC,
	  .change = sizes_past_the_end_of_file },
	{ "interp-sizes-past-the-end-of-file", PIE,
	  .change_interp = sizes_past_the_end_of_file, .any_end = true },
	{ "memsz-over-the-limit", EXEC, .change = memsz_over_the_limit,
	  REFUSED_EARLY("vaddr-out-of-range") },
	{ "memsz-max", EXEC, DATA(p_memsz, ~0UL),
	  REFUSED_EARLY("vaddr-out-of-range") },
	{ "pie-memsz-max", PIE, DATA(p_memsz, ~0UL),
	  REFUSED_EARLY("vaddr-out-of-range") },
	/* 6.1 lets it run. */
	{ "file-cut-before-the-data", EXEC, SET(size, IMAGE_DATA),
	  .any_end = true },
	{ "file-cut-in-the-code", EXEC, SET(size, IMAGE_CODE + 1),
	  .any_end = true },

	{ "type-null", EXEC, .change = garbage_null },
	{ "type-phdr", EXEC, .change = garbage_phdr },
	{ "type-loproc", EXEC, .change = garbage_loproc },
	{ "type-max-of-32-bits", EXEC, .change = garbage_max },

	{ "stack-header-none", EXEC, SET(phdr[PH_STACK].p_type, PT_NULL) },
	{ "stack-executable", EXEC, STACK_FLAGS(PF_R | PF_W | PF_X) },
	{ "interp-stack-executable", PIE,
	  .set_interp = STACK_FLAGS(PF_R | PF_W | PF_X) },
	{ "stack-flags-0", EXEC, STACK_FLAGS(0) },
	{ "stack-header-garbage", EXEC, .change = garbage_stack },
	{ "stack-headers-two", EXEC, .change = two_stack_headers },
	{ "stack-headers-two-reversed", EXEC,
	  .change = two_stack_headers_reversed },
};

const struct case_list segment_cases = { cases, ARRAY_SIZE(cases) };

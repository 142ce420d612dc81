// SPDX-License-Identifier: GPL-2.0-only
/* Cases of bss: memory of a segment that no file contents lie behind. */
#include "cases.h"
#include "xelf_test.h"

static void without_file_off_page(struct image *i)
{
	i->phdr[PH_DATA].p_filesz = 0;
	i->phdr[PH_DATA].p_vaddr += 0x123;
	i->phdr[PH_DATA].p_offset += 0x123;
}

static void without_file_misaligned(struct image *i)
{
	i->phdr[PH_DATA].p_filesz = 0;
	i->phdr[PH_DATA].p_offset = 0x777;
}

static void empty_segment(struct image *i)
{
	i->phdr[PH_DATA].p_filesz = 0;
	i->phdr[PH_DATA].p_memsz = 0;
}

static void empty_segment_off_page(struct image *i)
{
	empty_segment(i);
	i->phdr[PH_DATA].p_vaddr += 0x123;
	i->phdr[PH_DATA].p_offset += 0x123;
}

/* The first PT_LOAD has nothing of the file: no place is reserved by it. */
static void comes_first(struct image *i)
{
	Elf_Phdr first = i->phdr[PH_HEADERS];

	i->phdr[PH_HEADERS] = i->phdr[PH_DATA];
	i->phdr[PH_HEADERS].p_filesz = 0;
	i->phdr[PH_HEADERS].p_vaddr = i->phdr[PH_DATA].p_vaddr - 0x4000;
	i->phdr[PH_DATA] = first;
	i->phdr[PH_DATA].p_vaddr += 0x8000;
	i->phdr[PH_CODE].p_vaddr += 0x8000;
	i->ehdr.e_entry += 0x8000;
}

static void comes_first_aligned(struct image *i)
{
	comes_first(i);
	i->phdr[PH_CODE].p_align = 0x200000;
}

static void comes_first_off_page(struct image *i)
{
	comes_first(i);
	i->phdr[PH_HEADERS].p_vaddr += 0x123;
}

static void empty_comes_first(struct image *i)
{
	comes_first(i);
	i->phdr[PH_HEADERS].p_memsz = 0;
}

/* Between headers and code. */
static void in_the_middle(struct image *i)
{
	Elf_Phdr *more = image_add(i, PT_LOAD), code = i->phdr[PH_CODE];

	*more = i->phdr[PH_DATA];
	i->phdr[PH_DATA] = code;
	i->phdr[PH_CODE] = *more;
	i->phdr[PH_CODE].p_vaddr -= 0x3000;
	i->phdr[PH_CODE].p_filesz = 0;
	i->phdr[PH_CODE].p_memsz = 0x800;
}

static void in_the_first_segment(struct image *i)
{
	i->phdr[PH_HEADERS].p_flags = PF_R | PF_W;
	i->phdr[PH_HEADERS].p_filesz = 0x800;
	i->phdr[PH_HEADERS].p_memsz = 0x1800;
}

static void in_read_only_headers(struct image *i)
{
	in_the_first_segment(i);
	i->phdr[PH_HEADERS].p_flags = PF_R;
}

static void over_an_earlier_segment(struct image *i)
{
	Elf_Phdr *more = image_add(i, PT_LOAD);

	*more = i->phdr[PH_DATA];
	more->p_vaddr -= 0x1000;
	more->p_offset -= 0x1000;
	more->p_filesz = 0x200;
	more->p_memsz = 0x1800;
}

/* Its bss is laid first, then a segment in the midst of that. */
static void under_a_later_segment(struct image *i)
{
	Elf_Phdr *more = image_add(i, PT_LOAD);

	*more = i->phdr[PH_DATA];
	more->p_vaddr += 0x3000;
	more->p_filesz = 0x1000;
	more->p_memsz = 0x1000;
}

static void in_two_segments(struct image *i)
{
	Elf_Phdr *more = image_add(i, PT_LOAD);

	*more = i->phdr[PH_DATA];
	more->p_vaddr += 0x10000;
}

static void executable_only_in_the_last(struct image *i)
{
	in_two_segments(i);
	i->phdr[PH_DATA].p_flags |= PF_X;
}

/* The later segment lies below the earlier one, its bss too. */
static void in_two_segments_reversed(struct image *i)
{
	in_two_segments(i);
	i->phdr[PH_DATA].p_vaddr += 0x20000;
}

static void after_another(struct image *i)
{
	Elf_Phdr *more = image_add(i, PT_LOAD);

	*more = i->phdr[PH_DATA];
	more->p_vaddr += 0x5000;
	more->p_filesz = 0;
	more->p_memsz = 0x2000;
}

/* Pages of bss that end where others begin, which were there before. */
static void before_another(struct image *i)
{
	Elf_Phdr *more = image_add(i, PT_LOAD);

	*more = i->phdr[PH_DATA];
	more->p_filesz = 0;
	more->p_memsz = 0x2000;
	i->phdr[PH_DATA].p_filesz = 0;
	i->phdr[PH_DATA].p_vaddr += 0x2000;
}

static void inside_another(struct image *i)
{
	Elf_Phdr *more = image_add(i, PT_LOAD);

	*more = i->phdr[PH_DATA];
	more->p_vaddr += 0x3000;
	more->p_filesz = 0;
	more->p_memsz = 0x1000;
}

static void cut_off(struct image *i, size_t size)
{
	i->size = size;
}

static void page_to_clear_past_the_end(struct image *i)
{
	cut_off(i, IMAGE_DATA + 0x1000);
}

static void page_to_clear_of_one_byte(struct image *i)
{
	cut_off(i, IMAGE_DATA + 0x1001);
}

static void file_ends_with_the_data(struct image *i)
{
	cut_off(i, IMAGE_DATA + IMAGE_DATA_SIZE);
}

#define DATA_FILE(value)	SET(phdr[PH_DATA].p_filesz, value)
#define DATA_MEMORY(value)	SET(phdr[PH_DATA].p_memsz, value)
#define DATA_FLAGS(value)	SET(phdr[PH_DATA].p_flags, value)

static const struct image_case cases[] = {
	/* The tail of the page keeps what the file has. */
	EACH_KIND("bss-none", DATA_MEMORY(IMAGE_DATA_SIZE)),
	{ "bss-of-one-byte", EXEC, .set = DATA_MEMORY(IMAGE_DATA_SIZE + 1) },
	EACH_KIND("bss-in-the-page", DATA_MEMORY(IMAGE_DATA_SIZE + 0x100)),
	PROGRAM_AND_INTERP("bss-to-the-page-end", DATA_MEMORY(0x2000)),
	EACH_KIND("bss-to-one-past-the-page-end", DATA_MEMORY(0x2001)),
	PROGRAM_AND_INTERP("bss-that-begins-on-a-page", DATA_FILE(0x1000)),
	{ "bss-after-one-byte", EXEC, .set = DATA_FILE(1) },
	EACH_KIND("bss-without-file", DATA_FILE(0)),
	PROGRAM_AND_INTERP_CHANGED("bss-without-file-off-page", without_file_off_page),
	{ "bss-without-file-misaligned", EXEC,
	  .change = without_file_misaligned },
	PROGRAM_AND_INTERP("bss-executable", DATA_FLAGS(PF_R | PF_W | PF_X)),
	PROGRAM_AND_INTERP_CHANGED("bss-in-the-middle", in_the_middle),
	PROGRAM_AND_INTERP_CHANGED("bss-in-the-first-segment", in_the_first_segment),
	PROGRAM_AND_INTERP_CHANGED("bss-in-two-segments", in_two_segments),
	PROGRAM_AND_INTERP_CHANGED("bss-in-two-segments-reversed",
				   in_two_segments_reversed),
	PROGRAM_AND_INTERP_CHANGED("bss-over-an-earlier-segment",
				   over_an_earlier_segment),
	PROGRAM_AND_INTERP_CHANGED("bss-under-a-later-segment", under_a_later_segment),

	{ "interp-bss-executable-in-the-earlier-of-two", PIE,
	  .change_interp = executable_only_in_the_last },
	{ "bss-after-another", EXEC, .change = after_another },
	{ "bss-before-another", EXEC, .change = before_another },
	{ "bss-inside-another", EXEC, .change = inside_another },
	{ "bss-read-only", EXEC, .set = DATA_FLAGS(PF_R),
	  .runs_since = KERNEL(6, 1) },
	{ "interp-bss-read-only", PIE, .set_interp = DATA_FLAGS(PF_R),
	  .any_end = true },
	{ "bss-in-read-only-headers", EXEC, .change = in_read_only_headers },

	{ "bss-comes-first", EXEC, .change = comes_first },
	{ "pie-bss-comes-first", PIE, .change = comes_first },
	{ "static-pie-bss-comes-first", STATIC, .change = comes_first,
	  .any_end = true },
	{ "static-pie-bss-comes-first-aligned", STATIC,
	  .change = comes_first_aligned, .any_end = true },
	{ "interp-bss-comes-first", PIE, .change_interp = comes_first,
	  .any_end = true },
	{ "pie-bss-comes-first-off-page", PIE,
	  .change = comes_first_off_page, .runs_since = KERNEL(6, 1) },

	{ "empty-segment", EXEC, .change = empty_segment },
	{ "interp-empty-segment", PIE, .change_interp = empty_segment },
	{ "interp-empty-segment-off-page", PIE,
	  .change_interp = empty_segment_off_page },
	{ "pie-empty-segment-first", PIE, .change = empty_comes_first },
	{ "static-pie-empty-segment-first", STATIC,
	  .change = empty_comes_first, .any_end = true },
	{ "interp-empty-segment-first", PIE,
	  .change_interp = empty_comes_first, .any_end = true },

	/* The page whose tail is to be cleared is not there. 6.1 lets it run. */
	{ "bss-after-the-end-of-file", EXEC,
	  .change = page_to_clear_past_the_end, .any_end = true },
	{ "interp-bss-after-the-end-of-file", PIE,
	  .change_interp = page_to_clear_past_the_end, .any_end = true },
	{ "interp-bss-at-the-last-byte-of-the-file", PIE,
	  .change_interp = page_to_clear_of_one_byte },
	{ "file-ends-with-the-data", EXEC, .change = file_ends_with_the_data },

	{ "static-pie-bss-of-16m", STATIC, .set = DATA_MEMORY(0x1000000) },
	/* More than there is: it kills. */
	{ "bss-too-large", EXEC, .set = DATA_MEMORY(TEST_HOLE), .any_end = true },
	{ "interp-bss-too-large", PIE, .set_interp = DATA_MEMORY(TEST_HOLE),
	  .any_end = true },
};

const struct case_list bss_cases = { cases, ARRAY_SIZE(cases) };

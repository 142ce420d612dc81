// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shapes of a loadable image: each is run under the kernel's loader and
 * under ours, from one inode, and what the program saw must be the same.
 *
 * No expectation is written here but one: that the kernel runs these at all,
 * where a shape does not say otherwise.
 */
#include <kselftest.h>
#include <sched.h>

#include "image.h"
#include "probe.h"
#include "xelf_test.h"

#define PROGRAM	"/tmp/load_test.program"
#define INTERP	"/tmp/load_test.interp"

struct shape {
	const char *name;	/* a claim */
	int type;		/* of the program */
	int interp;		/* ET_* of the interpreter; ET_NONE: none */
	void (*change)(struct image *program);
	void (*change_interp)(struct image *interp);
	bool any_end;		/* it need not run: the kernel's loader decides */
};

static void no_stack_header(struct image *i)
{
	i->phdr[PH_STACK].p_type = PT_NULL;
}

static void executable_stack(struct image *i)
{
	i->phdr[PH_STACK].p_flags |= PF_X;
}

static void two_stack_headers(struct image *i)
{
	image_add(i, PT_GNU_STACK)->p_flags = PF_R | PF_W | PF_X;
}

static void no_bss(struct image *i)
{
	i->phdr[PH_DATA].p_memsz = i->phdr[PH_DATA].p_filesz;
}

static void bss_in_the_page(struct image *i)
{
	i->phdr[PH_DATA].p_memsz = i->phdr[PH_DATA].p_filesz + 0x100;
}

static void bss_to_the_page_end(struct image *i)
{
	i->phdr[PH_DATA].p_memsz = 0x2000;
}

static void bss_of_pages_only(struct image *i)
{
	i->phdr[PH_DATA].p_filesz = 0x1000;
}

static void bss_without_file(struct image *i)
{
	i->phdr[PH_DATA].p_filesz = 0;
}

static void bss_without_file_off_page(struct image *i)
{
	i->phdr[PH_DATA].p_filesz = 0;
	i->phdr[PH_DATA].p_vaddr += 0x123;
	i->phdr[PH_DATA].p_offset += 0x123;
}

static void bss_offset_does_not_matter(struct image *i)
{
	i->phdr[PH_DATA].p_filesz = 0;
	i->phdr[PH_DATA].p_offset = 0x777;
}

static void empty_segment(struct image *i)
{
	i->phdr[PH_DATA].p_filesz = 0;
	i->phdr[PH_DATA].p_memsz = 0;
}

/* The first PT_LOAD has nothing of the file: no place is reserved by it. */
static void bss_comes_first(struct image *i)
{
	Elf64_Phdr first = i->phdr[PH_HEADERS];

	i->phdr[PH_HEADERS] = i->phdr[PH_DATA];
	i->phdr[PH_HEADERS].p_filesz = 0;
	i->phdr[PH_HEADERS].p_vaddr = i->phdr[PH_DATA].p_vaddr - 0x4000;
	i->phdr[PH_DATA] = first;
	i->phdr[PH_DATA].p_vaddr += 0x8000;
	i->phdr[PH_CODE].p_vaddr += 0x8000;
	i->ehdr.e_entry += 0x8000;
}

static void bss_comes_first_aligned(struct image *i)
{
	bss_comes_first(i);
	i->phdr[PH_CODE].p_align = 0x200000;
}

static void bss_read_only(struct image *i)
{
	i->phdr[PH_DATA].p_flags = PF_R;
}

static void bss_executable(struct image *i)
{
	i->phdr[PH_DATA].p_flags |= PF_X;
}

static void data_write_only(struct image *i)
{
	i->phdr[PH_DATA].p_flags = PF_W;
}

static void data_without_rights(struct image *i)
{
	i->phdr[PH_DATA].p_flags = 0;
}

static void code_execute_only(struct image *i)
{
	i->phdr[PH_CODE].p_flags = PF_X;
}

static void code_writable(struct image *i)
{
	i->phdr[PH_CODE].p_flags |= PF_W;
}

static void unknown_flag_bits(struct image *i)
{
	i->phdr[PH_DATA].p_flags |= 0x0ff00000;
}

static void data_off_page(struct image *i)
{
	i->phdr[PH_DATA].p_vaddr += 0x234;
	i->phdr[PH_DATA].p_offset += 0x234;
	i->phdr[PH_DATA].p_filesz -= 0x234;
}

static void hole_between_segments(struct image *i)
{
	i->phdr[PH_DATA].p_vaddr += 0x100000;
}

static void terabyte_hole(struct image *i)
{
	i->phdr[PH_DATA].p_vaddr += 1UL << 40;
}

static void segments_in_reverse(struct image *i)
{
	Elf64_Phdr first = i->phdr[PH_HEADERS];

	i->phdr[PH_HEADERS] = i->phdr[PH_DATA];
	i->phdr[PH_DATA] = first;
}

static void code_first(struct image *i)
{
	Elf64_Phdr first = i->phdr[PH_HEADERS];

	i->phdr[PH_HEADERS] = i->phdr[PH_CODE];
	i->phdr[PH_CODE] = first;
}

static void segments_overlap(struct image *i)
{
	/* The data's first page is the code's last one's neighbour's. */
	i->phdr[PH_CODE].p_filesz = IMAGE_DATA - IMAGE_CODE + 0x1000;
	i->phdr[PH_CODE].p_memsz = i->phdr[PH_CODE].p_filesz;
}

static void segments_share_a_page(struct image *i)
{
	Elf64_Phdr *more = image_add(i, PT_LOAD);

	*more = i->phdr[PH_DATA];
	more->p_filesz = 0x80;
	more->p_memsz = 0x80;
	more->p_offset = IMAGE_DATA + 0x900;
	more->p_vaddr = i->phdr[PH_DATA].p_vaddr + 0x900;
	i->phdr[PH_DATA].p_filesz = 0x800;
	i->phdr[PH_DATA].p_memsz = 0x800;
}

static void bss_over_an_earlier_segment(struct image *i)
{
	Elf64_Phdr *more = image_add(i, PT_LOAD);

	*more = i->phdr[PH_DATA];
	more->p_vaddr -= 0x1000;
	more->p_offset -= 0x1000;
	more->p_filesz = 0x200;
	more->p_memsz = 0x1800;
}

static void headers_not_mapped(struct image *i)
{
	i->phdr[PH_HEADERS].p_type = PT_NULL;
}

static void headers_at_the_end(struct image *i)
{
	i->ehdr.e_phoff = 0x5000;
}

static void first_offset_not_zero(struct image *i)
{
	i->phdr[PH_HEADERS].p_offset = 0x1000;
}

static void file_ends_in_the_page(struct image *i)
{
	i->size = IMAGE_DATA + IMAGE_DATA_SIZE;
}

static void segment_past_the_file(struct image *i)
{
	i->phdr[PH_HEADERS].p_filesz = 0x2000;
	i->phdr[PH_HEADERS].p_memsz = 0x2000;
	image_add(i, PT_LOAD);
	i->phdr[PH_COUNT] = i->phdr[PH_HEADERS];
	i->phdr[PH_COUNT].p_offset = 0x40000000;
	i->phdr[PH_COUNT].p_vaddr += 0x40000000;
}

static void no_segments(struct image *i)
{
	int n;

	for (n = 0; n < PH_COUNT; n++)
		i->phdr[n].p_type = PT_NULL;
}

static void align_zero(struct image *i)
{
	i->phdr[PH_DATA].p_align = 0;
}

static void align_no_power_of_two(struct image *i)
{
	i->phdr[PH_DATA].p_align = 0x3000;
}

static void align_64k(struct image *i)
{
	i->phdr[PH_CODE].p_align = 0x10000;
}

static void align_2m(struct image *i)
{
	i->phdr[PH_HEADERS].p_align = 0x200000;
}

static void align_16m(struct image *i)
{
	i->phdr[PH_DATA].p_align = 0x1000000;
}

static void align_1g(struct image *i)
{
	i->phdr[PH_DATA].p_align = 0x40000000;
}

static void first_address_not_zero(struct image *i)
{
	int n;

	for (n = PH_HEADERS; n <= PH_DATA; n++)
		i->phdr[n].p_vaddr += 0x7654000;
	i->ehdr.e_entry += 0x7654000;
}

static void seventy_three_headers(struct image *i)
{
	/* Out of the way of the code, so that the table fits. */
	i->ehdr.e_phoff = 0x8000;
	i->size = 0xa000;
	while (i->ehdr.e_phnum < 73)
		image_add(i, PT_NOTE);
}

static void wrong_class_data_version(struct image *i)
{
	i->ehdr.e_ident[EI_CLASS] = ELFCLASS32;
	i->ehdr.e_ident[EI_DATA] = ELFDATA2MSB;
	i->ehdr.e_ident[EI_VERSION] = 0;
	i->ehdr.e_version = 77;
	i->ehdr.e_ehsize = 1;
}

static void two_interpreters(struct image *i)
{
	/* The second is never looked at. */
	image_add(i, PT_INTERP)->p_filesz = 1;
}

static void entry_in_data(struct image *i)
{
	i->ehdr.e_entry = i->phdr[PH_DATA].p_vaddr;
}

static void entry_in_kernel(struct image *i)
{
	i->ehdr.e_entry = 0xffffffff81000000;
}

static void linked_in_kernel_space(struct image *i)
{
	int n;

	for (n = PH_HEADERS; n <= PH_DATA; n++)
		i->phdr[n].p_vaddr += 0xffffffff80000000;
	i->ehdr.e_entry += 0xffffffff80000000;
}

#define EXEC	ET_EXEC, ET_NONE
#define PIE	ET_DYN, ET_DYN
#define STATIC	ET_DYN, ET_NONE

static const struct shape shapes[] = {
	{ "runs a fixed program", EXEC },
	{ "runs a static PIE", STATIC },
	{ "runs a PIE with an interpreter", PIE },
	{ "runs a fixed program with an interpreter", ET_EXEC, ET_DYN },
	{ "runs a PIE with a fixed interpreter", ET_DYN, ET_EXEC,
	  .change_interp = first_address_not_zero },
	{ "runs a fixed program with a fixed interpreter", ET_EXEC, ET_EXEC,
	  .change_interp = first_address_not_zero },

	{ "default stack rights", EXEC, no_stack_header },
	{ "executable stack", EXEC, executable_stack },
	{ "the last PT_GNU_STACK counts", EXEC, two_stack_headers },

	{ "no bss: the tail of the page keeps the file", EXEC, no_bss },
	{ "bss in the page", EXEC, bss_in_the_page },
	{ "bss up to the page's end", EXEC, bss_to_the_page_end },
	{ "bss that begins on a page", EXEC, bss_of_pages_only },
	{ "bss of pages alone", EXEC, bss_without_file },
	{ "bss of pages alone, off the page", EXEC, bss_without_file_off_page },
	{ "bss of pages alone, any offset", EXEC, bss_offset_does_not_matter },
	{ "bss of pages alone in a static PIE", STATIC, bss_without_file },
	{ "bss of pages alone in a PIE", PIE, bss_without_file },
	{ "bss of pages alone comes first", EXEC, bss_comes_first },
	{ "bss of pages alone comes first in a PIE", PIE, bss_comes_first },
	{ "bss of pages alone comes first in a static PIE", STATIC,
	  bss_comes_first, .any_end = true },
	{ "bss of pages alone comes first in an aligned static PIE", STATIC,
	  bss_comes_first_aligned, .any_end = true },
	{ "bss of pages alone comes first in an interpreter", PIE,
	  .change_interp = bss_comes_first, .any_end = true },
	{ "a segment without size", EXEC, empty_segment },
	{ "read-only bss", EXEC, bss_read_only },
	{ "executable bss", EXEC, bss_executable },
	{ "write-only data", EXEC, data_write_only },
	{ "a segment without rights", EXEC, data_without_rights },
	{ "execute-only code (the probe dies where the machine can tell)", EXEC,
	  code_execute_only, .any_end = true },
	{ "writable code", EXEC, code_writable },
	{ "flag bits that mean nothing", EXEC, unknown_flag_bits },
	{ "data that begins off the page", EXEC, data_off_page },
	{ "data that begins off the page in a PIE", PIE, data_off_page },

	{ "a hole", EXEC, hole_between_segments },
	{ "a hole in a PIE", PIE, hole_between_segments },
	{ "a hole in a static PIE", STATIC, hole_between_segments },
	{ "a hole of a terabyte", EXEC, terabyte_hole },
	{ "a hole of a terabyte in a PIE", PIE, terabyte_hole },
	{ "segments in reverse", EXEC, segments_in_reverse },
	{ "segments in reverse in a PIE", PIE, segments_in_reverse },
	{ "segments in reverse in a static PIE", STATIC, segments_in_reverse },
	{ "code before headers in a static PIE", STATIC, code_first },
	{ "overlapping segments", EXEC, segments_overlap },
	{ "overlapping segments in a PIE", PIE, segments_overlap },
	{ "segments that share a page", EXEC, segments_share_a_page },
	{ "bss over an earlier segment", EXEC, bss_over_an_earlier_segment },

	{ "program headers not mapped", EXEC, headers_not_mapped },
	{ "program headers not mapped in a PIE", PIE, headers_not_mapped },
	{ "program headers at the end", EXEC, headers_at_the_end },
	{ "a first offset that is not 0", EXEC, first_offset_not_zero },
	{ "a file that ends within a page", EXEC, file_ends_in_the_page },
	{ "a segment past the end of file", EXEC, segment_past_the_file },
	{ "73 program headers", EXEC, seventy_three_headers },
	{ "class, byte order and version are not looked at", EXEC,
	  wrong_class_data_version },
	{ "a second PT_INTERP is not looked at", PIE, two_interpreters },
	{ "a PIE with an interpreter and no segments", PIE, no_segments },

	{ "p_align 0", PIE, align_zero },
	{ "p_align 0 in a static PIE", STATIC, align_zero },
	{ "p_align that is no power of two", PIE, align_no_power_of_two },
	{ "p_align 64K", PIE, align_64k },
	{ "p_align 64K in a static PIE", STATIC, align_64k },
	{ "p_align 2M", PIE, align_2m },
	{ "p_align 2M in a static PIE", STATIC, align_2m },
	{ "p_align 2M in a fixed program", EXEC, align_2m },
	{ "p_align 16M in a static PIE", STATIC, align_16m },
	{ "p_align 1G", PIE, align_1g },
	{ "p_align 1G in a static PIE", STATIC, align_1g },
	{ "a PIE linked above 0", PIE, first_address_not_zero },
	{ "a static PIE linked above 0", STATIC, first_address_not_zero },

	{ "interpreter's p_align is ignored", PIE, .change_interp = align_2m },
	{ "an interpreter linked above 0", PIE,
	  .change_interp = first_address_not_zero },
	{ "an interpreter linked above 0 under a fixed program", ET_EXEC,
	  ET_DYN, .change_interp = first_address_not_zero },
	{ "an interpreter linked in kernel space", PIE,
	  .change_interp = linked_in_kernel_space },
	{ "an interpreter without bss", PIE, .change_interp = no_bss },
	{ "an interpreter with bss in the page", PIE,
	  .change_interp = bss_in_the_page },
	{ "an interpreter with bss of pages alone", PIE,
	  .change_interp = bss_without_file },
	{ "an interpreter with bss of pages alone, off the page", PIE,
	  .change_interp = bss_without_file_off_page },
	{ "an interpreter with executable bss", PIE,
	  .change_interp = bss_executable },
	{ "an interpreter with read-only bss", PIE,
	  .change_interp = bss_read_only, .any_end = true },
	{ "an interpreter in reverse", PIE,
	  .change_interp = segments_in_reverse },
	{ "an interpreter with a hole", PIE,
	  .change_interp = hole_between_segments },
	{ "an interpreter with overlapping segments", PIE,
	  .change_interp = segments_overlap },

	{ "an entry that is not executable kills", EXEC, entry_in_data,
	  .any_end = true },
	{ "an entry in the kernel does not matter with an interpreter", PIE,
	  entry_in_kernel },
};

static struct image image;
static char seen[2][1 << 20];

static void write_shape(const struct shape *shape)
{
	if (shape->interp != ET_NONE) {
		image_init(&image, shape->interp);
		if (shape->change_interp)
			shape->change_interp(&image);
		image_write(&image, INTERP, false);
	}
	image_init(&image, shape->type);
	if (shape->interp != ET_NONE)
		image_interp(&image, INTERP);
	if (shape->change)
		shape->change(&image);
	image_write(&image, PROGRAM, true);
}

/* Says where two reports part. */
static void print_difference(const char *a, const char *b)
{
	char *line_a, *line_b, *rest_a, *rest_b;
	char *copy_a = strdup(a), *copy_b = strdup(b);

	rest_a = copy_a;
	rest_b = copy_b;
	do {
		line_a = strsep(&rest_a, "\n");
		line_b = strsep(&rest_b, "\n");
	} while (line_a && line_b && !strcmp(line_a, line_b));
	ksft_print_msg("binfmt_elf:  %s\n", line_a ? line_a : "(end)");
	ksft_print_msg("binfmt_xelf: %s\n", line_b ? line_b : "(end)");
	free(copy_a);
	free(copy_b);
}

static bool same(const struct shape *shape)
{
	struct run r[2] = {};
	long loaded = 0;
	int ours;

	write_shape(shape);
	for (ours = 0; ours < 2; ours++) {
		r[ours].output = seen[ours];
		r[ours].output_size = sizeof(seen[ours]);
		loaded = counter("loaded");
		run_under(ours, PROGRAM, &r[ours]);
		loaded = counter("loaded") - loaded;
		if (!ours && loaded) {
			ksft_print_msg("switched off, yet it was loaded\n");
			return false;
		}
	}
	if (r[0].err || r[1].err || r[0].status != r[1].status) {
		ksft_print_msg("errno %d and %d, status %x and %x\n", r[0].err,
			       r[1].err, r[0].status, r[1].status);
		return false;
	}
	if (!shape->any_end && (WEXITSTATUS(r[0].status) != PROBE_STATUS ||
				loaded != 1)) {
		ksft_print_msg("status %x, loaded %ld\n", r[0].status, loaded);
		return false;
	}
	if (!shape->any_end && !strstr(seen[0], "\nend\n")) {
		ksft_print_msg("the report is cut off\n");
		return false;
	}
	if (strcmp(seen[0], seen[1])) {
		print_difference(seen[0], seen[1]);
		return false;
	}
	return true;
}

int main(void)
{
	size_t i;

	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(shapes));
	for (i = 0; i < ARRAY_SIZE(shapes); i++)
		ksft_test_result(same(&shapes[i]), "%s\n", shapes[i].name);
	unlink(PROGRAM);
	unlink(INTERP);
	ksft_finished();
}

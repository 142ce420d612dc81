// SPDX-License-Identifier: GPL-2.0-only
/* Cases of PT_INTERP, of its path, and of interpreters of type ET_EXEC. */
#include "cases.h"
#include "xelf_test.h"

#include <limits.h>

static char *path_of(struct image *i)
{
	return (char *)i->bytes + IMAGE_INTERP;
}

/* The path takes @size bytes of the file, the null byte included. */
static void set_size(struct image *i, size_t size)
{
	i->phdr[PH_INTERP].p_filesz = size;
	i->size = IMAGE_INTERP + size;
}

static void set_path(struct image *i, const char *path)
{
	strcpy(path_of(i), path);
	set_size(i, strlen(path) + 1);
}

/* The same path with so many slashes in front that it has @size bytes. */
static void lengthen(struct image *i, size_t size)
{
	size_t old = strlen(path_of(i)) + 1;

	memmove(path_of(i) + size - old, path_of(i), old);
	memset(path_of(i), '/', size - old);
	set_size(i, size);
}

static void path_4095(struct image *i)
{
	lengthen(i, PATH_MAX - 1);
}

static void path_4096(struct image *i)
{
	lengthen(i, PATH_MAX);
}

static void path_4097(struct image *i)
{
	lengthen(i, PATH_MAX + 1);
}

static void path_4096_mostly_nulls(struct image *i)
{
	size_t used = strlen(path_of(i));

	memset(path_of(i) + used, 0, PATH_MAX - used);
	set_size(i, PATH_MAX);
}

static void path_of_long_name(struct image *i)
{
	strcpy(path_of(i), "/tmp/");
	memset(path_of(i) + 5, 'x', 256);
	path_of(i)[5 + 256] = 0;
	set_size(i, 5 + 256 + 1);
}

static void path_ends_early(struct image *i)
{
	size_t used = strlen(path_of(i)) + 1;

	memcpy(path_of(i) + used, "rest", 5);
	set_size(i, used + 5);
}

static void path_unterminated(struct image *i)
{
	i->phdr[PH_INTERP].p_filesz--;
}

static void path_more_by_one(struct image *i)
{
	size_t size = i->phdr[PH_INTERP].p_filesz;

	path_of(i)[size] = 'x';
	set_size(i, size + 1);
}

static void path_of_two_nulls(struct image *i)
{
	memset(path_of(i), 0, 2);
	set_size(i, 2);
}

static void path_root(struct image *i)
{
	set_path(i, "/");
}

static void path_missing(struct image *i)
{
	path_of(i)[5] = '?';
}

static void path_below_a_file(struct image *i)
{
	set_path(i, "/proc/version/interp");
}

static void path_not_executable(struct image *i)
{
	set_path(i, "/proc/version");
}

static void path_of_a_directory(struct image *i)
{
	set_path(i, "/tmp");
}

/* The tagged program itself, as it is its own interpreter's file. */
static void path_of_itself(struct image *i)
{
	char *suffix = path_of(i) + strlen(path_of(i)) - strlen(INTERP_SUFFIX);

	*suffix = 0;
	set_size(i, suffix + 1 - path_of(i));
}

static void path_past_the_end(struct image *i)
{
	i->phdr[PH_INTERP].p_offset = i->size;
}

static void path_offset_0(struct image *i)
{
	i->phdr[PH_INTERP].p_offset = 0;
	i->phdr[PH_INTERP].p_filesz = sizeof(Elf_Ehdr);
}

static void cut_by_one(struct image *i)
{
	i->size--;
}

static void path_in_the_first_page(struct image *i)
{
	memcpy(i->bytes + 0x800, path_of(i), i->phdr[PH_INTERP].p_filesz);
	i->phdr[PH_INTERP].p_offset = 0x800;
	i->size = IMAGE_INTERP;
}

static void header_first(struct image *i)
{
	Elf_Phdr interp = i->phdr[PH_INTERP];

	memmove(i->phdr + 1, i->phdr, PH_INTERP * sizeof(interp));
	i->phdr[0] = interp;
}

static void two_headers(struct image *i)
{
	/* The second is never looked at. */
	image_add(i, PT_INTERP)->p_filesz = 1;
}

static void bad_header_first(struct image *i)
{
	*image_add(i, PT_INTERP) = i->phdr[PH_INTERP];
	i->phdr[PH_INTERP].p_filesz = 1;
}

static void missing_header_first(struct image *i)
{
	Elf_Phdr *good = image_add(i, PT_INTERP);

	*good = i->phdr[PH_INTERP];
	i->bytes[0x800] = '?';
	i->bytes[0x801] = 0;
	i->phdr[PH_INTERP].p_offset = 0x800;
	i->phdr[PH_INTERP].p_filesz = 2;
}

static void tagged(struct image *i)
{
	/* Whatever the checksum. */
	memcpy(i->ehdr.e_ident + XELF_TAG_OFFSET, XELF_TAG_MAGIC,
	       XELF_TAG_MAGIC_SIZE);
	i->ehdr.e_ident[XELF_VERSION_OFFSET] = XELF_VERSION;
}

static void exclusive(struct image *i)
{
	tagged(i);
	memcpy(i->ehdr.e_ident, XELF_MAGIC_EXCLUSIVE, XELF_MAGIC_SIZE);
}

static void interp_of_its_own(struct image *i)
{
	Elf_Phdr *more = image_add(i, PT_INTERP);

	more->p_offset = ~0UL;
	more->p_filesz = ~0UL;
}

/* Away from the fixed program, which lies where the interpreter is linked. */
static void elsewhere(struct image *i)
{
	image_move(i, 0x7654000);
}

static void partly_over_the_program(struct image *i)
{
	image_move(i, 0x6000);
}

static void partly_below_the_program(struct image *i)
{
	image_move(i, -0x6000UL);
}

static void elsewhere_with_a_hole(struct image *i)
{
	elsewhere(i);
	i->phdr[PH_DATA].p_vaddr += 0x100000;
}

static void elsewhere_without_file(struct image *i)
{
	elsewhere(i);
	i->phdr[PH_DATA].p_filesz = 0;
}

static void at_0(struct image *i)
{
	image_move(i, -IMAGE_BASE);
}

/* Its bss ends behind 0, the rest before; in memory nothing wraps. */
static void across_0(struct image *i)
{
	image_move(i, -0x6000UL);
}

/*
 * The first segment ends where the second begins, but is larger than what the
 * addresses of all of them span: only so much of it is mapped.
 */
static void larger_than_its_span(struct image *i)
{
	i->phdr[PH_HEADERS].p_vaddr = -0x6000UL;
	i->phdr[PH_HEADERS].p_filesz = 0x8000;
	i->phdr[PH_HEADERS].p_memsz = 0x8000;
	i->phdr[PH_CODE].p_filesz = 0x2000;
	i->phdr[PH_CODE].p_memsz = 0x2000;
}

static void over_the_stack(struct image *i)
{
	image_move(i, TEST_STACK_END - 0x9000 - IMAGE_BASE);
}

static void in_the_mmap_region(struct image *i)
{
	image_move(i, TEST_MMAP_END - 0x8000 - IMAGE_BASE);
}

#define PATH(member, value)	SET(phdr[PH_INTERP].member, value)
#define PATH_SIZE		REFUSED("interpreter-path-size", ENOEXEC)
#define NO_NULL			REFUSED("interpreter-path-unterminated", ENOEXEC)
#define UNREADABLE(err)		REFUSED("interpreter-path-unreadable", err)
#define NOT_OPENED(err)		REFUSED("interpreter-not-opened", err)

static const struct image_case cases[] = {
	{ "path-size-0", PIE, PATH(p_filesz, 0), PATH_SIZE },
	{ "path-size-1", PIE, PATH(p_filesz, 1), PATH_SIZE },
	{ "path-of-two-nulls", PIE, .change = path_of_two_nulls,
	  NOT_OPENED(EACCES) },
	{ "path-of-two-bytes", PIE, .change = path_root, NOT_OPENED(EACCES) },
	{ "path-of-4095-bytes", PIE, .change = path_4095 },
	{ "path-of-4096-bytes", PIE, .change = path_4096 },
	{ "path-of-4096-bytes-mostly-nulls", PIE,
	  .change = path_4096_mostly_nulls },
	{ "path-of-4097-bytes", PIE, .change = path_4097, PATH_SIZE },
	{ "path-ends-early", PIE, .change = path_ends_early },
	{ "path-unterminated", PIE, .change = path_unterminated, NO_NULL },
	{ "path-more-by-one", PIE, .change = path_more_by_one, NO_NULL },
	{ "path-past-the-end", PIE, .change = path_past_the_end,
	  UNREADABLE(EIO) },
	{ "path-cut-by-one", PIE, .change = cut_by_one, UNREADABLE(EIO) },
	/* Of 32 bits it is merely past the end. */
	{ "path-offset-largest", PIE, PATH(p_offset, ~0UL >> 1),
	  UNREADABLE(TEST_CLASS == ELFCLASS64 ? EINVAL : EIO) },
	{ "path-offset-max", PIE, PATH(p_offset, ~0UL),
	  UNREADABLE(TEST_CLASS == ELFCLASS64 ? EINVAL : EIO) },
	/* The file's first bytes are a path to nothing. */
	{ "path-offset-0", PIE, .change = path_offset_0, NOT_OPENED(ENOENT) },
	{ "path-in-the-first-page", PIE, .change = path_in_the_first_page },

	{ "path-missing", PIE, .change = path_missing, NOT_OPENED(ENOENT) },
	{ "path-below-a-file", PIE, .change = path_below_a_file,
	  NOT_OPENED(ENOTDIR) },
	{ "path-not-executable", PIE, .change = path_not_executable,
	  NOT_OPENED(EACCES) },
	{ "path-of-a-directory", PIE, .change = path_of_a_directory,
	  NOT_OPENED(EACCES) },
	{ "path-of-a-long-name", PIE, .change = path_of_long_name,
	  NOT_OPENED(ENAMETOOLONG) },
	{ "path-of-itself", PIE, .change = path_of_itself },

	{ "interp-header-vaddr-max", PIE, PATH(p_vaddr, ~0UL) },
	{ "interp-header-first", PIE, .change = header_first },
	{ "interp-headers-two", PIE, .change = two_headers },
	{ "interp-headers-two-bad-first", PIE, .change = bad_header_first,
	  PATH_SIZE },
	{ "interp-headers-two-missing-first", PIE,
	  .change = missing_header_first, NOT_OPENED(ENOENT) },
	{ "interp-with-an-interp", PIE, .change_interp = interp_of_its_own },
	{ "interp-tagged", PIE, .change_interp = tagged },
	{ "interp-exclusive", PIE, .change_interp = exclusive,
	  REFUSED("interpreter-not-elf", ELIBBAD) },

	{ "interp-across-0", PIE, .change_interp = across_0 },
	{ "exec-with-interp-across-0", EXEC_INTERP,
	  .change_interp = across_0 },
	{ "interp-larger-than-its-span", PIE,
	  .change_interp = larger_than_its_span },

	{ "fixed-interp", PIE_EXEC },
	{ "fixed-interp-elsewhere", PIE_EXEC, .change_interp = elsewhere },
	{ "fixed-interp-with-a-hole", PIE_EXEC,
	  .change_interp = elsewhere_with_a_hole },
	{ "fixed-interp-without-file", PIE_EXEC,
	  .change_interp = elsewhere_without_file },
	{ "fixed-interp-at-0", PIE_EXEC, .change_interp = at_0,
	  .any_end = true },
	{ "fixed-interp-in-the-mmap-region", PIE_EXEC,
	  .change_interp = in_the_mmap_region },
	{ "fixed-interp-over-the-stack", PIE_EXEC,
	  .change_interp = over_the_stack, .any_end = true },
	{ "exec-with-fixed-interp", EXEC_EXEC, .change_interp = elsewhere },
	/* Nothing keeps it off the program. */
	{ "exec-overwritten-by-interp", EXEC_EXEC },
	{ "exec-partly-overwritten-by-interp", EXEC_EXEC,
	  .change_interp = partly_over_the_program },
	{ "exec-overwritten-from-below-by-interp", EXEC_EXEC,
	  .change_interp = partly_below_the_program },
};

const struct case_list interp_cases = { cases, ARRAY_SIZE(cases) };

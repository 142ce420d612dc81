// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hints trailer of a file: found, checked and put into words. What it means
 * stands in include/xelf/hints.h.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hints.h"

/**
 * hints_fault_text() - why hints are ignored, in words
 * @fault: any value of enum xelf_hints_fault
 *
 * Return: a constant string.
 */
const char *hints_fault_text(enum xelf_hints_fault fault)
{
	/* In the order of the enum, which is made from the same list. */
	static const char *const texts[XELF_HINTS_FAULT_COUNT] = {
		"nothing is wrong",
#define XELF_HINTS_FAULT_TEXT(id, name, text) text,
		XELF_HINTS_FAULTS(XELF_HINTS_FAULT_TEXT)
#undef XELF_HINTS_FAULT_TEXT
	};

	return texts[fault];
}

/**
 * hints_expected() - does the tag say that there is a trailer?
 * @file: opened by file_open()
 *
 * Return: true if the file is tagged and the tag has the flag.
 */
bool hints_expected(const struct file *file)
{
	return xelf_is_tagged(file->first) &&
	       tag_flags(file->first) & XELF_FLAG_HINTS;
}

/**
 * trailer_read() - look for the trailer at the end of a file, as exec does
 * @trailer: filled in; it holds what @trailer->hints refers to
 * @file: opened by file_open()
 *
 * Return: XELF_HINTS_OK if it is whole, or what is wrong.
 */
enum xelf_hints_fault trailer_read(struct trailer *trailer,
				   const struct file *file)
{
	size_t size = file->size < sizeof(trailer->tail) ?
		      file->size : sizeof(trailer->tail);

	trailer->hints = (struct xelf_hints){ };
	if (file_read(file, trailer->tail, size, file->size - size))
		return XELF_HINTS_UNREADABLE;
	return xelf_find_hints(trailer->tail, size, PAGE_SHIFT,
			       &trailer->hints);
}

/**
 * hints_interp_sum() - what tells an interpreter from others
 * @path: the interpreter, or NULL
 *
 * Return: xelf_interp_sum() of it; 0 without one, or if it is no regular file or
 * cannot be read.
 */
__u64 hints_interp_sum(const char *path)
{
	__u8 first[XELF_INTERP_SUM_SIZE];
	struct stat st;
	ssize_t have = -1;
	int fd;

	/* Opening a device may already do something: look first. */
	if (!path || stat(path, &st) || !S_ISREG(st.st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		have = pread(fd, first, sizeof(first), 0);
	close(fd);
	return have < 0 ? 0 : xelf_interp_sum(first, have, st.st_size);
}

/**
 * hint_place_name() - what a run is of
 * @hint: the run
 *
 * Return: a constant string; "unknown" if the loader will ignore the run.
 */
const char *hint_place_name(const struct xelf_hint *hint)
{
	static const char *const names[] = {
		[XELF_HINT_PROGRAM] = "program",
		[XELF_HINT_INTERP] = "interpreter",
		[XELF_HINT_STACK] = "stack",
	};

	return hint->place < ARRAY_SIZE(names) ? names[hint->place] : "unknown";
}

/**
 * hint_access_name() - what the program does to a run
 * @hint: the run
 *
 * Return: a constant string; "unknown" if the loader will ignore the run.
 */
const char *hint_access_name(const struct xelf_hint *hint)
{
	return hint->access == XELF_HINT_READ ? "read" :
	       hint->access == XELF_HINT_WRITE ? "write" : "unknown";
}

/* Where the contents of a section end, if that is behind @end. */
static __u64 section_end(const __u8 *bytes, bool narrow, __u64 end)
{
	Elf64_Shdr wide;
	Elf32_Shdr shdr;

	if (narrow) {
		memcpy(&shdr, bytes, sizeof(shdr));
		wide.sh_type = shdr.sh_type;
		wide.sh_offset = shdr.sh_offset;
		wide.sh_size = shdr.sh_size;
	} else {
		memcpy(&wide, bytes, sizeof(wide));
	}
	if (wide.sh_type == SHT_NOBITS || end >= wide.sh_offset + wide.sh_size)
		return end;
	return wide.sh_offset + wide.sh_size;
}

/**
 * contents_end() - where the file ends, as its headers have it
 * @img: the file
 *
 * Return: bytes; the end of the last segment, section or table of them.
 */
__u64 contents_end(const struct image *img)
{
	const Elf64_Ehdr *ehdr = &img->file->ehdr;
	bool narrow = xelf_is_elf32(ehdr->e_machine);
	size_t each = narrow ? sizeof(Elf32_Shdr) : sizeof(Elf64_Shdr);
	size_t phdrs = ehdr->e_phnum * xelf_phdr_size(ehdr->e_machine);
	size_t size = ehdr->e_shnum * each;
	__u8 *shdrs;
	__u64 end = 0;
	int i;

	for (i = 0; i < ehdr->e_phnum; i++) {
		const Elf64_Phdr *phdr = &img->phdrs[i];

		if (end < phdr->p_offset + phdr->p_filesz)
			end = phdr->p_offset + phdr->p_filesz;
	}
	if (end < ehdr->e_phoff + phdrs)
		end = ehdr->e_phoff + phdrs;
	if (!size || ehdr->e_shentsize != each)
		return end;
	shdrs = allocate(size);
	if (!file_read(img->file, shdrs, size, ehdr->e_shoff)) {
		if (end < ehdr->e_shoff + size)
			end = ehdr->e_shoff + size;
		for (i = 0; i < ehdr->e_shnum; i++)
			end = section_end(shdrs + i * each, narrow, end);
	}
	free(shdrs);
	return end;
}

/**
 * trailer_make() - write a trailer
 * @tail: XELF_HINTS_MAX_SIZE bytes, filled in
 * @runs: the runs
 * @count: their number, at most XELF_HINTS_RUNS
 * @interp: hints_interp_sum() of the interpreter that they were recorded with
 *
 * Return: bytes.
 */
size_t trailer_make(__u8 *tail, const struct xelf_hint *runs,
		    unsigned int count, __u64 interp)
{
	struct xelf_hints_footer footer = {
		.magic = { 'X', 'E', 'L', 'F', 'H', 'I', 'N', 'T' },
		.version = XELF_HINTS_VERSION,
		.page_shift = PAGE_SHIFT,
		.count = count,
		.size = XELF_HINTS_SIZE(count),
		.interp = interp,
	};
	size_t before_sum = footer.size - sizeof(footer.sum);

	memcpy(tail, runs, count * sizeof(*runs));
	memcpy(tail + count * sizeof(*runs), &footer, sizeof(footer));
	footer.sum = xelf_sum(XELF_SUM_START, tail, before_sum);
	memcpy(tail + before_sum, &footer.sum, sizeof(footer.sum));
	return footer.size;
}

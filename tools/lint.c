// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel lets pass and a careful loader would not. Warnings alone:
 * nothing here may refuse a file.
 */
#include "xelf.h"

static void lint_header(const struct file *file)
{
	const Elf64_Ehdr *ehdr = &file->ehdr;
	unsigned int class = machine_class(ehdr->e_machine);
	size_t size = xelf_ehdr_size(ehdr->e_machine);
	const __u8 *ident = ehdr->e_ident;

	if (ident[EI_CLASS] != class)
		warn(file->name, "EI_CLASS is %u, not ELFCLASS%u (%u)",
		     ident[EI_CLASS], class * 32, class);
	if (ident[EI_DATA] != ELFDATA2LSB)
		warn(file->name, "EI_DATA is %u, not ELFDATA2LSB (%u)",
		     ident[EI_DATA], ELFDATA2LSB);
	if (ident[EI_VERSION] != EV_CURRENT)
		warn(file->name, "EI_VERSION is %u, not EV_CURRENT (%u)",
		     ident[EI_VERSION], EV_CURRENT);
	if (ehdr->e_version != EV_CURRENT)
		warn(file->name, "e_version is %u, not EV_CURRENT (%u)",
		     ehdr->e_version, EV_CURRENT);
	if (ehdr->e_ehsize != size)
		warn(file->name, "e_ehsize is %u, not %zu", ehdr->e_ehsize,
		     size);
}

/* Does a PT_LOAD with all of @flags hold the address? */
static bool loaded_with(const struct image *img, __u64 addr, __u32 flags)
{
	int i;

	for (i = 0; i < img->file->ehdr.e_phnum; i++) {
		const Elf64_Phdr *phdr = &img->phdrs[i];

		if (phdr->p_type == PT_LOAD &&
		    (phdr->p_flags & flags) == flags &&
		    addr >= phdr->p_vaddr && addr - phdr->p_vaddr < phdr->p_memsz)
			return true;
	}
	return false;
}

static void lint_entry(const struct image *img)
{
	unsigned long long entry = img->file->ehdr.e_entry;

	if (entry >= img->limits->task_size)
		warn(img->file->name,
		     "the entry 0x%llx lies outside user space, which ends at 0x%llx",
		     entry, HEX(img->limits->task_size));
	else if (!loaded_with(img, entry, PF_X))
		warn(img->file->name,
		     "the entry 0x%llx lies in no executable segment", entry);
}

/* Are the program headers, all of them, in one segment's file contents? */
static void lint_phdr_table(const struct image *img)
{
	const Elf64_Ehdr *ehdr = &img->file->ehdr;
	__u64 size = ehdr->e_phnum * xelf_phdr_size(ehdr->e_machine);
	int i;

	for (i = 0; i < ehdr->e_phnum; i++) {
		const Elf64_Phdr *phdr = &img->phdrs[i];

		if (phdr->p_type == PT_LOAD && phdr->p_offset <= ehdr->e_phoff &&
		    ehdr->e_phoff - phdr->p_offset <= phdr->p_filesz &&
		    size <= phdr->p_filesz - (ehdr->e_phoff - phdr->p_offset))
			return;
	}
	warn(img->file->name,
	     "no segment holds the program headers, 0x%llx bytes at file offset 0x%llx: AT_PHDR would be wrong",
	     HEX(size), HEX(ehdr->e_phoff));
}

static bool overlap(const Elf64_Phdr *a, const Elf64_Phdr *b)
{
	if (a->p_vaddr <= b->p_vaddr)
		return b->p_memsz && b->p_vaddr - a->p_vaddr < a->p_memsz;
	return a->p_memsz && a->p_vaddr - b->p_vaddr < b->p_memsz;
}

/* One PT_LOAD against those before it: at most two lines. */
static void lint_neighbours(const struct image *img, int index)
{
	const Elf64_Phdr *phdr = &img->phdrs[index];
	bool overlaps = false;
	int last = -1;
	int i;

	for (i = 0; i < index; i++) {
		const Elf64_Phdr *other = &img->phdrs[i];

		if (other->p_type != PT_LOAD)
			continue;
		last = i;
		if (overlaps || !overlap(other, phdr))
			continue;
		overlaps = true;
		warn(img->file->name,
		     "program headers %d and %d overlap: 0x%llx with size 0x%llx, 0x%llx with size 0x%llx",
		     i, index, HEX(other->p_vaddr),
		     HEX(other->p_memsz),
		     HEX(phdr->p_vaddr),
		     HEX(phdr->p_memsz));
	}
	if (last >= 0 && img->phdrs[last].p_vaddr > phdr->p_vaddr)
		warn(img->file->name,
		     "program header %d: address 0x%llx comes after 0x%llx: the PT_LOADs are not in ascending order",
		     index, HEX(phdr->p_vaddr),
		     HEX(img->phdrs[last].p_vaddr));
}

static void lint_load(const struct image *img, int index)
{
	const Elf64_Phdr *phdr = &img->phdrs[index];
	unsigned long long size = img->file->size;

	if ((phdr->p_flags & PF_W) && (phdr->p_flags & PF_X))
		warn(img->file->name,
		     "program header %d: the segment is writable and executable",
		     index);
	if (phdr->p_align & (phdr->p_align - 1))
		warn(img->file->name,
		     "program header %d: alignment 0x%llx is not a power of two",
		     index, HEX(phdr->p_align));
	if (phdr->p_filesz &&
	    (phdr->p_offset > size || phdr->p_filesz > size - phdr->p_offset))
		warn(img->file->name,
		     "program header %d: file offset 0x%llx with file size 0x%llx reaches past the end of the file, 0x%llx",
		     index, HEX(phdr->p_offset),
		     HEX(phdr->p_filesz), size);
	lint_neighbours(img, index);
}

/**
 * lint() - warn of what a careful loader would not load
 * @img: read by image_read(), as far as that came
 */
void lint(const struct image *img)
{
	int i;

	lint_header(img->file);
	if (!img->phdrs)
		return;
	lint_entry(img);
	lint_phdr_table(img);
	if (img->plan.stack == XELF_STACK_EXEC)
		warn(img->file->name, "the stack is executable");
	if (!img->plan.loads)
		warn(img->file->name, "there is no PT_LOAD: nothing is loaded");
	for (i = 0; i < img->file->ehdr.e_phnum; i++)
		if (img->phdrs[i].p_type == PT_LOAD)
			lint_load(img, i);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sections of a file, by libelf, and what follows from them: which segment
 * holds which, and the areas that a loader makes that goes by sections.
 *
 * Nothing that the file says is trusted; sums of its numbers do not wrap here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sections.h"

/* A program header table of more is a lie. */
#define PHDRS_MAX	65536
/* Bytes of a file, holes left out, that a copy in memory is made of. */
#define COPY_MAX	(2LL << 30)

const char *const area_names[AREA_COUNT] = {
	"text", "data", "bss", "text", "data",
};

/* Holes stay holes: a file may be much larger than what it holds. */
static int copy_data(int to, int from)
{
	off_t data, hole = 0, copied = 0;
	struct stat st;

	if (fstat(from, &st) || ftruncate(to, st.st_size))
		return -1;
	while ((data = lseek(from, hole, SEEK_DATA)) >= 0) {
		hole = lseek(from, data, SEEK_HOLE);
		if (hole < 0 || lseek(to, data, SEEK_SET) < 0)
			return -1;
		copied += hole - data;
		if (copied > COPY_MAX) {
			errno = EFBIG;
			return -1;
		}
		while (data < hole) {
			ssize_t sent = sendfile(to, from, &data, hole - data);

			if (!sent)
				errno = EIO;
			if (sent <= 0)
				return -1;
		}
	}
	/* No data behind the last hole. */
	return errno == ENXIO ? 0 : -1;
}

/**
 * sections_copy() - a file as libelf can read it
 * @fd: the file
 *
 * libelf minds the magic, the class and the byte order, which the loader does
 * not look at in a tagged file: it gets a copy with what the loader takes them
 * for.
 *
 * Return: the copy; @fd itself if none is needed; -1 with errno.
 */
int sections_copy(int fd)
{
	__u8 wanted[] = {
		ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
		EV_CURRENT,
	};
	__u8 first[XELF_CHECKED_SIZE] = { };
	Elf64_Half machine;
	int copy;

	if (pread(fd, first, sizeof(first), 0) < 0)
		return -1;
	memcpy(&machine, first + offsetof(Elf64_Ehdr, e_machine),
	       sizeof(machine));
	wanted[EI_CLASS] = machine_class(machine);
	if (!xelf_is_tagged(first) || !memcmp(first, wanted, sizeof(wanted)))
		return fd;
	copy = memfd_create("elf", MFD_CLOEXEC);
	if (copy < 0)
		return -1;
	if (copy_data(copy, fd) || pwrite(copy, wanted, sizeof(wanted), 0) < 0) {
		close(copy);
		return -1;
	}
	return copy;
}

static void read_phdrs(struct sections *sections, Elf *elf)
{
	size_t count, i;

	if (elf_getphdrnum(elf, &count))
		goto bad;
	if (count > PHDRS_MAX) {
		sections->error = format("%zu program headers are too many",
					 count);
		return;
	}
	sections->phdrs = allocate(count * sizeof(*sections->phdrs));
	for (i = 0; i < count; i++)
		if (!gelf_getphdr(elf, i, &sections->phdrs[i]))
			goto bad;
	sections->phdr_count = count;
	return;
bad:
	sections->error = format("the program headers cannot be read: %s",
				 elf_errmsg(-1));
}

static void read_sections(struct sections *sections, Elf *elf)
{
	size_t count, names = SHN_UNDEF;
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	if (elf_getshdrnum(elf, &count))
		goto bad;
	if (!count && sections->ehdr.e_shoff && sections->ehdr.e_shnum) {
		sections->error = format("the %u section headers at 0x%llx lie past the file's end",
					 sections->ehdr.e_shnum,
					 HEX(sections->ehdr.e_shoff));
		return;
	}
	/* Sections without names are sections all the same. */
	elf_getshdrstrndx(elf, &names);
	sections->list = allocate(count * sizeof(*sections->list));
	while ((scn = elf_nextscn(elf, scn))) {
		struct section *section = &sections->list[sections->count];
		const char *name;

		if (!gelf_getshdr(scn, &shdr))
			goto bad;
		if (sections->count == count)
			break;
		name = elf_strptr(elf, names, shdr.sh_name);
		*section = (struct section){
			.name = escaped(name ? name : ""),
			.type = shdr.sh_type,
			.flags = shdr.sh_flags,
			.addr = shdr.sh_addr,
			.offset = shdr.sh_offset,
			.size = shdr.sh_size,
			.align = shdr.sh_addralign,
		};
		sections->count++;
	}
	return;
bad:
	sections->error = format("the section headers cannot be read: %s",
				 elf_errmsg(-1));
}

/**
 * sections_read() - read a file's headers by libelf
 * @sections: filled in; for sections_free() to undo, in any case
 * @fd: the file, open for reading; tagged or not, of either form and class
 */
void sections_read(struct sections *sections, int fd)
{
	int copy = sections_copy(fd);
	Elf *elf;

	*sections = (struct sections){ };
	if (copy < 0) {
		sections->error = format("cannot be read: %s", strerror(errno));
		return;
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(copy, ELF_C_READ, NULL);
	if (!elf)
		sections->error = format("libelf: %s", elf_errmsg(-1));
	else if (elf_kind(elf) != ELF_K_ELF)
		sections->error = format("is not an ELF file");
	else if (!gelf_getehdr(elf, &sections->ehdr))
		sections->error = format("the ELF header cannot be read: %s",
					 elf_errmsg(-1));
	if (!sections->error)
		read_phdrs(sections, elf);
	if (!sections->error)
		read_sections(sections, elf);
	elf_end(elf);
	if (copy != fd)
		close(copy);
}

/**
 * sections_free() - undo sections_read()
 * @sections: as filled in
 */
void sections_free(struct sections *sections)
{
	size_t i;

	for (i = 0; i < sections->count; i++)
		free(sections->list[i].name);
	free(sections->list);
	free(sections->phdrs);
	free(sections->error);
	*sections = (struct sections){ };
}

/* A thread's own zeroes have an address, and take no place there. */
static bool is_tbss(const struct section *section)
{
	return section->flags & SHF_TLS && section->type == SHT_NOBITS;
}

/**
 * section_memory() - bytes that a section takes of the address space
 * @section: the section
 *
 * Return: 0 for what is not loaded, and for .tbss.
 */
__u64 section_memory(const struct section *section)
{
	return section->flags & SHF_ALLOC && !is_tbss(section) ?
	       section->size : 0;
}

/* Does [@start, + @size) lie in [@from, + @room)? An empty one must not begin at its end. */
static bool lies_in(__u64 start, __u64 size, __u64 from, __u64 room)
{
	return start >= from && start - from < room &&
	       size <= room - (start - from);
}

/* The kinds of segment that hold nothing but what is loaded. */
static bool holds_memory_only(__u32 type)
{
	return type == PT_LOAD || type == PT_DYNAMIC ||
	       type == PT_GNU_EH_FRAME || type == PT_GNU_STACK ||
	       type == PT_GNU_RELRO;
}

/**
 * section_in_segment() - did the linker put a section into a segment?
 * @section: the section
 * @phdr: the segment
 *
 * By the same rules as readelf -l: a section lies in a segment if its bytes lie
 * in the segment's part of the file, and its memory in the segment's memory.
 *
 * Return: true if so.
 */
bool section_in_segment(const struct section *section, const GElf_Phdr *phdr)
{
	__u32 type = phdr->p_type;
	__u64 size = section->size;

	if (is_tbss(section)) {
		if (type != PT_TLS)
			return false;
	} else if (section->flags & SHF_TLS) {
		if (type != PT_TLS && type != PT_GNU_RELRO && type != PT_LOAD)
			return false;
	} else if (type == PT_TLS || type == PT_PHDR) {
		return false;
	}
	if (!(section->flags & SHF_ALLOC) && holds_memory_only(type))
		return false;
	if (section->type != SHT_NOBITS &&
	    !lies_in(section->offset, size, phdr->p_offset, phdr->p_filesz))
		return false;
	if (section->flags & SHF_ALLOC &&
	    !lies_in(section->addr, size, phdr->p_vaddr, phdr->p_memsz))
		return false;
	/* What is empty lies inside these, not at their edge. */
	if (!size && (type == PT_DYNAMIC || type == PT_NOTE) && phdr->p_memsz)
		return section->offset > phdr->p_offset &&
		       section->addr > phdr->p_vaddr;
	return true;
}

static void area_add(struct area *area, const struct section *section)
{
	__u64 end;

	/* A section whose end wraps is no memory. */
	if (__builtin_add_overflow(section->addr, section->size, &end))
		return;
	if (!area->count || section->addr < area->start)
		area->start = section->addr;
	if (!area->count || end > area->end)
		area->end = end;
	area->bytes += section->size;
	area->count++;
}

/* In whole pages. */
static bool overlap(const struct area *a, const struct area *b)
{
	__u64 mask = ~(__u64)(PAGE_SIZE_SHOWN - 1);

	return a->count && b->count && a->end > (b->start & mask) &&
	       b->end > (a->start & mask);
}

/**
 * sections_areas() - the memory of a loader that goes by sections
 * @sections: the file's
 * @areas: filled in
 *
 * Two ways. By rights: text, data and bss, without .tbss. By the rule of
 * RT-Thread Smart's loader (components/lwp): what is loaded, PROGBITS and not
 * writable is text, and all else is data, down to .tbss and the notes.
 *
 * Return: true if its text and data lie in separate pages, as that loader needs.
 */
bool sections_areas(const struct sections *sections,
		    struct area areas[AREA_COUNT])
{
	size_t i;

	memset(areas, 0, AREA_COUNT * sizeof(*areas));
	for (i = 0; i < sections->count; i++) {
		const struct section *section = &sections->list[i];
		bool writable = section->flags & SHF_WRITE;
		bool progbits = section->type == SHT_PROGBITS;

		if (!(section->flags & SHF_ALLOC))
			continue;
		area_add(&areas[progbits && !writable ? AREA_RTT_TEXT :
							AREA_RTT_DATA],
			 section);
		if (!is_tbss(section))
			area_add(&areas[section->type == SHT_NOBITS ? AREA_BSS :
					writable ? AREA_DATA : AREA_TEXT],
				 section);
	}
	return !overlap(&areas[AREA_RTT_TEXT], &areas[AREA_RTT_DATA]);
}

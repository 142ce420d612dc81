// SPDX-License-Identifier: GPL-2.0-only
/*
 * From mappings to what they were made of: which file, which of its segments
 * and sections, and what alignment costs.
 *
 * A file may have changed since it was mapped, so that its numbers are not
 * trusted: sums of them may wrap, and are only compared.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "map.h"

static __u64 floor_of(__u64 addr)
{
	return xelf_page_floor(addr, PAGE_SIZE_SHOWN);
}

static __u64 ceil_of(__u64 addr)
{
	return xelf_page_ceil(addr, PAGE_SIZE_SHOWN);
}

static bool is_load(const GElf_Phdr *phdr)
{
	return phdr->p_type == PT_LOAD && phdr->p_memsz;
}

/* Does [@start, @end) share a byte with [@from, + @size)? */
static bool meet(__u64 start, __u64 end, __u64 from, __u64 size)
{
	return size && from < end && start < from + size;
}

/* The whole pages of a segment, as the file has its addresses. */
static bool meets_pages(const struct object *object,
			const struct mapping *mapping, const GElf_Phdr *phdr)
{
	__u64 start = floor_of(phdr->p_vaddr);

	return meet(mapping->start - object->bias, mapping->end - object->bias,
		    start, ceil_of(phdr->p_vaddr + phdr->p_memsz) - start);
}

/*
 * Is this a mapping of this segment's part of the file, with its start where
 * the segment has it?
 */
static bool is_mapped_segment(const struct object *object,
			      const struct mapping *mapping,
			      const GElf_Phdr *phdr)
{
	__u64 in_segment = mapping->offset - floor_of(phdr->p_offset);

	return is_load(phdr) && phdr->p_filesz &&
	       in_segment < ceil_of(phdr->p_offset + phdr->p_filesz) -
			    floor_of(phdr->p_offset) &&
	       mapping->start - object->bias == floor_of(phdr->p_vaddr) +
						in_segment;
}

static bool is_part(const struct object *object, const struct mapping *mapping)
{
	__u64 low = ~0ULL, high = 0;
	size_t i;

	for (i = 0; i < object->elf.phdr_count; i++) {
		const GElf_Phdr *phdr = &object->elf.phdrs[i];

		if (is_mapped_segment(object, mapping, phdr))
			return true;
		if (!is_load(phdr))
			continue;
		if (low > floor_of(phdr->p_vaddr))
			low = floor_of(phdr->p_vaddr);
		if (high < phdr->p_vaddr + phdr->p_memsz)
			high = phdr->p_vaddr + phdr->p_memsz;
	}
	/* ld.so keeps the holes between segments, without rights. */
	return mapping->start - object->bias - low < high - low &&
	       !strncmp(mapping->rights, "---", 3);
}

/* Is the whole of a mapping a part of one segment, and so not all of the file? */
static bool is_within(const struct mapping *mapping, const GElf_Phdr *phdr)
{
	return is_load(phdr) && mapping->offset >= floor_of(phdr->p_offset) &&
	       mapping->offset + (mapping->end - mapping->start) <=
	       ceil_of(phdr->p_offset + phdr->p_filesz);
}

/* The bias with which a mapping is part of a file. Return: false if it is not. */
static bool find_bias(struct object *object, const struct mapping *mapping,
		      __u64 hint)
{
	__u64 low = ~0ULL;
	size_t i;

	object->bias = object->elf.ehdr.e_type == ET_EXEC ? 0 : hint;
	if (is_part(object, mapping))
		return true;
	for (i = 0; i < object->elf.phdr_count; i++) {
		const GElf_Phdr *phdr = &object->elf.phdrs[i];

		if (is_load(phdr) && low > phdr->p_offset)
			low = phdr->p_offset;
	}
	/* Its lowest part comes first, by which the others are placed. */
	for (i = 0; i < object->elf.phdr_count; i++) {
		const GElf_Phdr *phdr = &object->elf.phdrs[i];

		if (!is_within(mapping, phdr) || phdr->p_offset != low)
			continue;
		object->bias = mapping->start - floor_of(phdr->p_vaddr) -
			       (mapping->offset - floor_of(phdr->p_offset));
		return true;
	}
	object->bias = 0;
	return false;
}

/*
 * The file itself, even if its name leads elsewhere by now; who may not ask for
 * it that way gets what the name leads to, if that is the same file.
 */
static int open_mapped(const struct map *map, const struct mapping *mapping)
{
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	char *link = format("/proc/%d/map_files/%llx-%llx", map->pid,
			    HEX(mapping->start), HEX(mapping->end));
	char *path = format("/proc/%d/root%s", map->pid, mapping->path);
	bool by_link = true;
	struct stat st;
	int fd;

	/* A look first: to open a device may do something. */
	if (stat(link, &st)) {
		by_link = false;
		if (stat(path, &st) || st.st_ino != mapping->inode)
			st.st_mode = 0;
	}
	fd = S_ISREG(st.st_mode) ? open(by_link ? link : path, flags) : -1;
	free(path);
	free(link);
	return fd;
}

static unsigned long auxv_value(const struct map *map, unsigned long id)
{
	const unsigned long *auxv = map->auxv;

	for (; auxv && *auxv; auxv += 2)
		if (*auxv == id)
			return auxv[1];
	return 0;
}

static int add_object(struct map *map, struct object object)
{
	map->objects = reallocarray(map->objects, map->object_count + 1,
				    sizeof(object));
	if (!map->objects)
		exit(fail("", "reading the mappings", ENOMEM));
	map->objects[map->object_count] = object;
	return map->object_count++;
}

/* The object that a file's mapping begins. */
static int new_object(struct map *map, const struct mapping *mapping)
{
	struct object object = {
		.path = format("%s", mapping->path),
		.inode = mapping->inode,
		.role = ROLE_FILE,
	};
	bool is_program = !strcmp(object.path, map->program);
	__u64 base = auxv_value(map, AT_BASE);
	__u64 entry = auxv_value(map, AT_ENTRY);
	int fd = open_mapped(map, mapping);

	if (fd >= 0) {
		sections_read(&object.elf, fd);
		close(fd);
	}
	if (is_program && !object.elf.phdr_count)
		object.role = ROLE_PROGRAM;
	if (!object.elf.phdr_count || mapping->rights[3] == 's')
		return add_object(map, object);
	if (find_bias(&object, mapping,
		      is_program ? entry - object.elf.ehdr.e_entry : base))
		object.role = is_program ? ROLE_PROGRAM :
			      base && object.bias == base ? ROLE_INTERPRETER :
							    ROLE_LIBRARY;
	else
		sections_free(&object.elf);
	return add_object(map, object);
}

/* The vDSO is an ELF file too; it is in the process's memory alone. */
static int vdso_object(struct map *map, const struct mapping *mapping)
{
	struct object object = {
		.path = format("%s", mapping->path),
		.role = ROLE_KERNEL,
		.bias = mapping->start,
	};
	size_t size = mapping->end - mapping->start;
	char *path = format("/proc/%d/mem", map->pid);
	int from = open(path, O_RDONLY | O_CLOEXEC);
	int to = memfd_create("vdso", MFD_CLOEXEC);
	char *bytes = allocate(size);

	if (from >= 0 && to >= 0 &&
	    pread(from, bytes, size, mapping->start) == (ssize_t)size &&
	    write(to, bytes, size) == (ssize_t)size)
		sections_read(&object.elf, to);
	free(bytes);
	if (to >= 0)
		close(to);
	if (from >= 0)
		close(from);
	free(path);
	return add_object(map, object);
}

/* The last that fits: a file that is mapped twice has two. */
static int find_file(const struct map *map, const struct mapping *mapping)
{
	int i;

	for (i = (int)map->object_count - 1; i >= 0; i--) {
		const struct object *object = &map->objects[i];

		if (object->inode != mapping->inode ||
		    strcmp(object->path, mapping->path))
			continue;
		if (!object->elf.phdr_count || is_part(object, mapping))
			return i;
	}
	return -1;
}

/* Memory without a file, in the pages of some object's segment: its bss. */
static int find_owner(const struct map *map, const struct mapping *mapping)
{
	size_t i, j;

	for (i = 0; i < map->object_count; i++) {
		const struct object *object = &map->objects[i];

		for (j = 0; j < object->elf.phdr_count; j++)
			if (is_load(&object->elf.phdrs[j]) &&
			    meets_pages(object, mapping, &object->elf.phdrs[j]))
				return i;
	}
	return -1;
}

static int by_offset(const void *a, const void *b)
{
	const GElf_Phdr *pa = a, *pb = b;

	return pa->p_offset < pb->p_offset ? -1 : pa->p_offset > pb->p_offset;
}

static int by_vaddr(const void *a, const void *b)
{
	const GElf_Phdr *pa = a, *pb = b;

	return pa->p_vaddr < pb->p_vaddr ? -1 : pa->p_vaddr > pb->p_vaddr;
}

/* Between the sections of one segment, in the order of the file's table. */
static __u64 section_gaps(const struct sections *elf, const GElf_Phdr *phdr)
{
	__u64 end = 0, gaps = 0;
	size_t i;

	for (i = 0; i < elf->count; i++) {
		const struct section *section = &elf->list[i];

		if (!section_memory(section) ||
		    !section_in_segment(section, phdr))
			continue;
		if (end && section->addr > end)
			gaps += section->addr - end;
		end = section->addr + section->size;
	}
	return gaps;
}

static void measure_padding(struct object *object)
{
	const struct sections *elf = &object->elf;
	GElf_Phdr *loads = allocate(elf->phdr_count * sizeof(*loads));
	struct padding *padding = &object->padding;
	size_t count = 0, i;

	for (i = 0; i < elf->phdr_count; i++) {
		const GElf_Phdr *phdr = &elf->phdrs[i];

		if (!is_load(phdr))
			continue;
		loads[count++] = *phdr;
		padding->around += ceil_of(phdr->p_vaddr + phdr->p_memsz) -
				   floor_of(phdr->p_vaddr) - phdr->p_memsz;
		padding->sections += section_gaps(elf, phdr);
	}
	qsort(loads, count, sizeof(*loads), by_vaddr);
	for (i = 1; i < count; i++) {
		__u64 end = ceil_of(loads[i - 1].p_vaddr + loads[i - 1].p_memsz);
		__u64 next = floor_of(loads[i].p_vaddr);

		padding->holes += next > end ? next - end : 0;
	}
	qsort(loads, count, sizeof(*loads), by_offset);
	for (i = 1; i < count; i++) {
		__u64 end = loads[i - 1].p_offset + loads[i - 1].p_filesz;

		if (loads[i].p_filesz && loads[i].p_offset > end)
			padding->file += loads[i].p_offset - end;
	}
	free(loads);
}

/**
 * map_link() - find out what the mappings were made of
 * @map: from map_read()
 *
 * What cannot be found out is left out.
 */
void map_link(struct map *map)
{
	size_t i;

	for (i = 0; i < map->count; i++) {
		struct mapping *mapping = &map->list[i];

		if (mapping->inode) {
			mapping->object = find_file(map, mapping);
			if (mapping->object < 0)
				mapping->object = new_object(map, mapping);
		} else if (!strcmp(mapping->path, "[vdso]")) {
			mapping->object = vdso_object(map, mapping);
		}
	}
	for (i = 0; i < map->count; i++)
		if (map->list[i].object < 0)
			map->list[i].object = find_owner(map, &map->list[i]);
	for (i = 0; i < map->object_count; i++)
		measure_padding(&map->objects[i]);
}

static const struct object *object_of(const struct map *map,
				      const struct mapping *mapping)
{
	return mapping->object < 0 ? NULL : &map->objects[mapping->object];
}

/**
 * mapping_has_segment() - is there something of a segment in a mapping?
 * @map: the address space
 * @mapping: the mapping
 * @phdr: a program header of the object that the mapping is part of
 *
 * Return: true if they share a page.
 */
bool mapping_has_segment(const struct map *map, const struct mapping *mapping,
			 const GElf_Phdr *phdr)
{
	const struct object *object = object_of(map, mapping);

	if (!object || !is_load(phdr))
		return false;
	/* Where two segments share a page of addresses, one has it. */
	if (mapping->inode)
		return is_mapped_segment(object, mapping, phdr) ||
		       (meets_pages(object, mapping, phdr) &&
			mapping->start - object->bias <
			phdr->p_vaddr + phdr->p_filesz &&
			phdr->p_vaddr < mapping->end - object->bias);
	return meets_pages(object, mapping, phdr);
}

/**
 * mapping_has_section() - is there something of a section in a mapping?
 * @map: the address space
 * @mapping: the mapping
 * @section: of the object that the mapping is part of
 *
 * Return: true if they share a byte, or the section is an empty one there.
 */
bool mapping_has_section(const struct map *map, const struct mapping *mapping,
			 const struct section *section)
{
	const struct object *object = object_of(map, mapping);
	__u64 size = section_memory(section);

	/* .tbss has a size, and is nowhere. */
	return object && section->flags & SHF_ALLOC &&
	       size == section->size &&
	       meet(mapping->start - object->bias, mapping->end - object->bias,
		    section->addr, size ? size : 1);
}

/**
 * mapping_is_relro() - was a mapping made read-only when ld.so was through?
 * @map: the address space
 * @mapping: the mapping
 *
 * Return: true if it is not writable, and begins in a PT_GNU_RELRO.
 */
bool mapping_is_relro(const struct map *map, const struct mapping *mapping)
{
	const struct object *object = object_of(map, mapping);
	size_t i;

	if (!object || mapping->rights[1] == 'w')
		return false;
	for (i = 0; i < object->elf.phdr_count; i++) {
		const GElf_Phdr *phdr = &object->elf.phdrs[i];

		if (phdr->p_type == PT_GNU_RELRO &&
		    mapping->start - object->bias - floor_of(phdr->p_vaddr) <
		    phdr->p_memsz)
			return true;
	}
	return false;
}

/**
 * mapping_kind() - what a mapping is, in a word
 * @map: the address space
 * @mapping: the mapping
 *
 * Return: "segment", "bss", "gap" (kept by ld.so between segments), "file",
 * "shared", "heap", "stack", "vdso", "vvar", "vsyscall" or "anonymous".
 */
const char *mapping_kind(const struct map *map, const struct mapping *mapping)
{
	static const struct {
		const char *path;
		const char *kind;
	} names[] = {
		{ "[heap]", "heap" }, { "[stack]", "stack" },
		{ "[vdso]", "vdso" }, { "[vvar]", "vvar" },
		{ "[vvar_vclock]", "vvar" }, { "[vsyscall]", "vsyscall" },
	};
	const struct object *object = object_of(map, mapping);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(mapping->path, names[i].path))
			return names[i].kind;
	if (!mapping->inode)
		return object ? "bss" : "anonymous";
	for (i = 0; i < object->elf.phdr_count; i++)
		if (mapping_has_segment(map, mapping, &object->elf.phdrs[i]))
			return "segment";
	if (object->elf.phdr_count)
		return "gap";
	return mapping->rights[3] == 's' ? "shared" : "file";
}

/**
 * role_name() - what a file is to the process, in a word
 * @role: any
 *
 * Return: a constant string.
 */
const char *role_name(enum role role)
{
	static const char *const names[] = {
		[ROLE_PROGRAM] = "program",
		[ROLE_INTERPRETER] = "interpreter",
		[ROLE_LIBRARY] = "library",
		[ROLE_KERNEL] = "kernel",
		[ROLE_FILE] = "file",
	};

	return names[role];
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What lies at an address, in words: the file, its segment and section, the
 * function. Files are read once, by libelf.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace.h"

/* A stack grows to this by default. */
#define STACK_SIZE	(8UL << 20)

/* A function or a variable. */
struct symbol {
	__u64 addr;
	__u64 size;
	char *name;
	bool thumb;
};

/* A file that something was mapped from. */
struct object {
	struct object *next;
	char *path;
	struct sections elf;
	struct symbol *symbols;	/* by address */
	size_t count;
};

static struct object *objects;

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Thumb code of 32-bit ARM has odd addresses. */
static bool is_thumb(const GElf_Ehdr *ehdr, __u64 addr)
{
	return ehdr->e_machine == EM_ARM && (addr & 1);
}

/* Adds the symbols of one table, those that have an address here. */
static void add_symbols(struct object *object, Elf *elf, Elf_Scn *scn,
			const GElf_Shdr *shdr)
{
	size_t count = shdr->sh_entsize ? shdr->sh_size / shdr->sh_entsize : 0;
	Elf_Data *data = elf_getdata(scn, NULL);
	struct symbol *more;
	size_t i;

	if (!data || data->d_size / sizeof(Elf32_Sym) < count)
		return;
	more = allocate((object->count + count) * sizeof(*more));
	if (object->count)
		memcpy(more, object->symbols, object->count * sizeof(*more));
	free(object->symbols);
	object->symbols = more;
	for (i = 0; i < count; i++) {
		const char *name;
		bool thumb;
		GElf_Sym sym;
		int type;

		if (!gelf_getsym(data, i, &sym))
			break;
		type = GELF_ST_TYPE(sym.st_info);
		name = elf_strptr(elf, shdr->sh_link, sym.st_name);
		/* With a $: what marks code and data in ARM's files. */
		if (!name || !*name || sym.st_shndx == SHN_UNDEF ||
		    (type == STT_NOTYPE && *name == '$') ||
		    (type != STT_FUNC && type != STT_OBJECT &&
		     type != STT_GNU_IFUNC && type != STT_NOTYPE))
			continue;
		thumb = type == STT_FUNC &&
			is_thumb(&object->elf.ehdr, sym.st_value);
		object->symbols[object->count++] = (struct symbol){
			sym.st_value - thumb, sym.st_size, escaped(name), thumb
		};
	}
}

static void read_symbols(struct object *object, int fd)
{
	int copy = sections_copy(fd);
	Elf *elf = copy < 0 ? NULL : elf_begin(copy, ELF_C_READ, NULL);
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;

	while (elf && (scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &shdr) &&
		    (shdr.sh_type == SHT_SYMTAB || shdr.sh_type == SHT_DYNSYM))
			add_symbols(object, elf, scn, &shdr);
	if (object->count)
		qsort(object->symbols, object->count, sizeof(*object->symbols),
		      by_address);
	elf_end(elf);
	if (copy >= 0 && copy != fd)
		close(copy);
}

/* Return: what is known of a file; nothing in it if it is not ELF. */
static struct object *object_of(const char *path)
{
	struct object *object;
	int fd;

	for (object = objects; object; object = object->next)
		if (!strcmp(object->path, path))
			return object;
	object = allocate(sizeof(*object));
	object->path = format("%s", path);
	object->next = objects;
	objects = object;
	/* Without waiting, should it be a fifo by now. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return object;
	sections_read(&object->elf, fd);
	if (!object->elf.error)
		read_symbols(object, fd);
	close(fd);
	return object;
}

/**
 * where_forget() - free what was read of files
 */
void where_forget(void)
{
	while (objects) {
		struct object *object = objects;
		size_t i;

		objects = object->next;
		for (i = 0; i < object->count; i++)
			free(object->symbols[i].name);
		free(object->symbols);
		sections_free(&object->elf);
		free(object->path);
		free(object);
	}
}

/* Return: index of the PT_LOAD with @offset in its file part, or -1. */
static int segment_at(const struct sections *elf, __u64 offset)
{
	size_t i;

	for (i = 0; i < elf->phdr_count; i++) {
		const GElf_Phdr *phdr = &elf->phdrs[i];
		__u64 in_page = phdr->p_vaddr & (PAGE_SIZE_SHOWN - 1);

		/* From the beginning of its first page to the end of its last. */
		if (phdr->p_type == PT_LOAD && phdr->p_filesz &&
		    offset >= phdr->p_offset - in_page &&
		    offset < xelf_page_ceil(phdr->p_offset + phdr->p_filesz,
					    PAGE_SIZE_SHOWN))
			return i;
	}
	return -1;
}

/**
 * main_offset() - where in a file its main begins
 * @path: the file
 * @is_main: false if it has no such symbol: it is the entry point
 *
 * Return: bytes; 0 if there is neither, or no probe can be put there: the kernel
 * would write an instruction of ARM's into Thumb code.
 */
__u64 main_offset(const char *path, bool *is_main)
{
	const struct object *object = object_of(path);
	__u64 addr = object->elf.ehdr.e_entry;
	bool thumb = is_thumb(&object->elf.ehdr, addr);
	size_t i;

	*is_main = false;
	for (i = 0; i < object->count; i++) {
		if (strcmp(object->symbols[i].name, "main"))
			continue;
		addr = object->symbols[i].addr;
		thumb = object->symbols[i].thumb;
		*is_main = true;
	}
	if (thumb)
		return 0;
	for (i = 0; i < object->elf.phdr_count; i++) {
		const GElf_Phdr *phdr = &object->elf.phdrs[i];

		if (phdr->p_type == PT_LOAD && addr >= phdr->p_vaddr &&
		    addr - phdr->p_vaddr < phdr->p_filesz)
			return addr - phdr->p_vaddr + phdr->p_offset;
	}
	return 0;
}

/* The last load that had begun at @ns; its mappings are those that count. */
static const struct load *load_at(const struct trace *trace, __u64 ns)
{
	size_t i = trace->load_count;

	while (i--)
		if (trace->loads[i]->begin <= ns &&
		    trace->loads[i]->step > XELF_STEP_COMMIT)
			return trace->loads[i];
	return NULL;
}

/* The mapping at an address: the last one there by then, of this exec. */
static const struct mapped *mapped_at(const struct trace *trace, __u64 ns,
				      __u64 addr)
{
	const struct load *load = load_at(trace, ns);
	size_t i = trace->map_count;

	while (i--) {
		const struct mapped *map = &trace->maps[i];

		if (map->ns <= ns && map->start <= addr && addr < map->end)
			return load && map->ns < load->begin ? NULL : map;
	}
	return NULL;
}

static bool is_file(const struct mapped *map)
{
	return map && map->path[0] == '/' && map->path[1] != '/';
}

/**
 * is_file_page() - is there a file behind an address?
 * @trace: the run
 * @ns: when
 * @addr: where
 *
 * Return: true if so; a page of it that is written becomes anonymous.
 */
bool is_file_page(const struct trace *trace, __u64 ns, __u64 addr)
{
	return is_file(mapped_at(trace, ns, addr));
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* Does an address lie where the program's brk() calls made the heap? */
static bool is_heap(const struct trace *trace, const struct mapped *map)
{
	size_t i;

	for (i = 0; i < trace->count; i++) {
		const struct event *event = &trace->events[i];

		if (event->kind == TRACE_CALL && event->call.args[0] &&
		    !strcmp(event->call.name, "brk") &&
		    map->end == xelf_page_ceil(event->call.result,
					       PAGE_SIZE_SHOWN))
			return true;
	}
	return false;
}

/* Anonymous memory right behind a file's is its bss. */
static char *anonymous_text(const struct trace *trace, const struct mapped *map)
{
	size_t i;

	/* Some kernels do not call it so when it is new. */
	if (is_heap(trace, map))
		return format("[heap]");
	for (i = 0; i < trace->map_count; i++)
		if (trace->maps[i].end == map->start && is_file(&trace->maps[i]) &&
		    trace->maps[i].ns <= map->ns)
			return format("%s bss", base_of(trace->maps[i].path));
	return format("anonymous");
}

static char *file_text(const struct mapped *map, __u64 addr)
{
	const struct object *object = object_of(map->path);
	__u64 offset = addr - map->start + map->offset;
	int index = segment_at(&object->elf, offset);
	const GElf_Phdr *phdr;
	const char *section = "";
	size_t i;

	if (index < 0)
		return format("%s+0x%llx", base_of(map->path), HEX(offset));
	phdr = &object->elf.phdrs[index];
	for (i = 0; i < object->elf.count; i++) {
		const struct section *s = &object->elf.list[i];
		__u64 at = offset - phdr->p_offset + phdr->p_vaddr;

		if (section_memory(s) && at >= s->addr && at - s->addr < s->size)
			section = s->name;
	}
	return format("%s segment %d%s%s", base_of(map->path), index,
		      *section ? " " : "", section);
}

/**
 * where_text() - what lies at an address
 * @trace: the run
 * @ns: when
 * @addr: where
 *
 * Return: as in "libc.so.6 segment 3 .data"; for the caller to free.
 */
char *where_text(const struct trace *trace, __u64 ns, __u64 addr)
{
	const struct mapped *map = mapped_at(trace, ns, addr);
	const struct load *load = load_at(trace, ns);

	if (is_file(map))
		return file_text(map, addr);
	if (map && map->path[0] == '[')
		return format("%s", map->path);
	if (load && load->sp && addr < load->sp + STACK_SIZE &&
	    addr >= load->sp - STACK_SIZE)
		return format("[stack]");
	if (map)
		return anonymous_text(trace, map);
	return format("?");
}

/**
 * symbol_text() - the function at an address
 * @trace: the run
 * @ns: when
 * @addr: where
 *
 * Return: as in "_dl_start+0x2c"; for the caller to free; NULL if not known.
 */
char *symbol_text(const struct trace *trace, __u64 ns, __u64 addr)
{
	const struct mapped *map = mapped_at(trace, ns, addr);
	const struct symbol *found = NULL;
	const struct object *object;
	__u64 at;
	size_t low = 0, high;
	int index;

	if (!is_file(map))
		return NULL;
	object = object_of(map->path);
	at = addr - map->start + map->offset;
	index = segment_at(&object->elf, at);
	if (index < 0)
		return NULL;
	at += object->elf.phdrs[index].p_vaddr - object->elf.phdrs[index].p_offset;
	high = object->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (object->symbols[middle].addr <= at)
			low = middle + 1;
		else
			high = middle;
	}
	if (low)
		found = &object->symbols[low - 1];
	if (!found || (found->size && at - found->addr >= found->size) ||
	    (!found->size && at - found->addr >= PAGE_SIZE_SHOWN))
		return NULL;
	return format("%s+0x%llx", found->name, HEX(at - found->addr));
}

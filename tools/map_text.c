// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf map, for people at a terminal of 100 columns: the execution view on the
 * left, a line for each mapping; the link view beside it, what of the file is
 * there.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump.h"
#include "map.h"

/* Columns. */
#define BAR		16	/* cells for a mapping's pages */
#define LEFT		57	/* where the link view begins */
#define WIDTH		100

/* What terminals call them; empty without a terminal, or with NO_COLOR. */
struct colours {
	const char *off, *bold, *dim, *file, *anon;
};

static const struct colours *colours(void)
{
	static const struct colours none = { "", "", "", "", "" };
	static const struct colours some = {
		"\033[0m", "\033[1m", "\033[2m", "\033[32m", "\033[33m",
	};
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) ? &some : &none;
}

/**
 * size_text() - a size in at most five characters
 * @size: bytes
 * @room: 32 bytes
 *
 * Return: @room, as in "188K"; rounded down.
 */
char *size_text(__u64 size, char *room)
{
	const char *unit = "BKMGTPE";

	while (size >= 10000) {
		size /= 1024;
		unit++;
	}
	/* Whole pages are thought of in KiB. */
	if (*unit == 'B' && size && !(size % 1024)) {
		size /= 1024;
		unit++;
	}
	sprintf(room, "%llu%c", HEX(size), *unit);
	return room;
}

/*
 * One cell of the bar: the pages [@from, @to). A letter for what is there; a
 * capital if no page is missing.
 */
static char cell(const struct mapping *mapping, size_t from, size_t to)
{
	char kind = '.';
	bool all = true;
	size_t i;

	for (i = from; i < to; i++) {
		switch (mapping->pages[i]) {
		case PAGE_ABSENT:
			all = false;
			break;
		case PAGE_ANON:
			kind = 'a';
			break;
		case PAGE_FILE:
			if (kind != 'a')
				kind = 'f';
			break;
		case PAGE_SWAPPED:
			if (kind == '.')
				kind = 's';
			break;
		}
	}
	return all && kind != '.' ? kind - 'a' + 'A' : kind;
}

static void print_bar(const struct mapping *mapping, const struct colours *c)
{
	size_t count = mapping_pages(mapping);
	size_t cells = count < BAR ? count : BAR;
	/* A gate page's address takes more room than any other. */
	int width = BAR - (mapping->start >> 48 ? 4 : 0);
	size_t i;

	if (!mapping->pages) {
		printf("%-*s", width, mapping->file || mapping->anon ? "?" : ".");
		return;
	}
	for (i = 0; i < cells; i++) {
		char letter = cell(mapping, i * count / cells,
				   (i + 1) * count / cells);
		const char *colour = letter == 'f' || letter == 'F' ? c->file :
				     letter == '.' ? "" : c->anon;

		printf("%s%c%s", colour, letter, *colour ? c->off : "");
	}
	printf("%*s", (int)(width - cells), "");
}

/* Of a long path the end tells more. Returns a string for the caller to free. */
static char *shortened(const char *path, size_t room)
{
	char *name = escaped(path);
	size_t length = strlen(name);

	if (length > room) {
		memmove(name, name + length - room, room + 1);
		memcpy(name, "...", 3);
	}
	return name;
}

/* A file that is mapped by its segments has a line of its own above them. */
static bool has_heading(const struct map *map, const struct mapping *mapping)
{
	return mapping->object >= 0 &&
	       map->objects[mapping->object].role != ROLE_FILE;
}

/* The link view of one mapping: words, in lines behind the left part. */
struct words {
	int column;
	bool any;
};

static void add_word(struct words *words, const char *word, const char *colour)
{
	const struct colours *c = colours();

	if (words->any && words->column + 1 + strlen(word) > WIDTH) {
		printf("\n%*s|", LEFT, "");
		words->column = LEFT + 1;
	}
	printf(" %s%s%s", colour, word, *colour ? c->off : "");
	words->column += 1 + strlen(word);
	words->any = true;
}

static void add_segments(const struct map *map, const struct mapping *mapping,
			 struct words *words)
{
	const struct sections *elf = &map->objects[mapping->object].elf;
	char rights[4];
	__u64 offset;
	char *word;
	size_t i;

	for (i = 0; i < elf->phdr_count; i++) {
		const GElf_Phdr *phdr = &elf->phdrs[i];

		if (!mapping_has_segment(map, mapping, phdr))
			continue;
		word = format("LOAD#%zu", i);
		add_word(words, word, colours()->bold);
		free(word);
		add_word(words, rights_text(phdr->p_flags, rights), "");
		if (!mapping->inode)
			continue;
		/* Of two segments in one mapping the second begins later. */
		offset = xelf_page_floor(phdr->p_offset,
					 PAGE_SIZE_SHOWN);
		if (offset < mapping->offset)
			offset = mapping->offset;
		word = format("file 0x%llx", HEX(offset));
		add_word(words, word, "");
		free(word);
	}
	if (mapping_is_relro(map, mapping))
		add_word(words, "(relro)", "");
}

static void print_link(const struct map *map, const struct mapping *mapping)
{
	const char *kind = mapping_kind(map, mapping);
	struct words words = { .column = LEFT + 1 };
	const struct sections *elf;
	char *name;
	size_t i;

	putchar('|');
	if (strcmp(kind, "segment")) {
		name = shortened(*mapping->path &&
				 (!has_heading(map, mapping)) ?
				 mapping->path : kind, WIDTH - LEFT - 2);
		add_word(&words, name, colours()->bold);
		free(name);
	}
	if (!strcmp(kind, "gap"))
		add_word(&words, "kept free between segments", "");
	if (mapping->object >= 0 && strcmp(kind, "vdso"))
		add_segments(map, mapping, &words);
	elf = mapping->object < 0 ? NULL : &map->objects[mapping->object].elf;
	for (i = 0; elf && i < elf->count; i++)
		if (mapping_has_section(map, mapping, &elf->list[i]))
			add_word(&words, elf->list[i].name, colours()->dim);
	putchar('\n');
}

static void print_mapping(const struct map *map, const struct mapping *mapping)
{
	char room[32];
	char counts[32];

	printf("%12llx %5s %s ", HEX(mapping->start),
	       size_text(mapping->end - mapping->start, room), mapping->rights);
	print_bar(mapping, colours());
	snprintf(counts, sizeof(counts), "%zu", mapping->file);
	printf(" %6s", mapping->file ? counts : "-");
	snprintf(counts, sizeof(counts), "%zu", mapping->anon);
	printf(" %6s", mapping->anon ? counts : "-");
	printf("  ");
	print_link(map, mapping);
}

/* A hole's bar: each cell is four times the one before, from a page on. */
static void print_hole(__u64 size)
{
	char room[32];
	char bar[BAR + 1] = "";
	size_t i;

	for (i = 0; i < BAR && size >> (12 + 2 * i); i++)
		bar[i] = '~';
	printf("%s%12s %5s      %-*s%s\n", colours()->dim, "hole",
	       size_text(size, room), LEFT - 24, bar, colours()->off);
}

static void print_object(const struct object *object)
{
	char *path = shortened(object->path, WIDTH - 50);

	printf("%s%s%s: %s", colours()->bold, path, colours()->off,
	       role_name(object->role));
	if (object->bias)
		printf(", addresses + 0x%llx", HEX(object->bias));
	if (object->elf.error)
		printf(", %s", object->elf.error);
	else if (!object->elf.count)
		printf(", no section headers");
	putchar('\n');
	free(path);
}

static void print_padding(const struct map *map)
{
	size_t i;

	printf("\n%swhat alignment costs, in bytes%s\n", colours()->bold,
	       colours()->off);
	printf("%12s %12s %12s %12s\n", "around", "between", "between",
	       "between");
	printf("%12s %12s %12s %12s\n", "segments", "segments", "segments",
	       "sections");
	printf("%12s %12s %12s\n", "(pages)", "(addresses)", "(in the file)");
	for (i = 0; i < map->object_count; i++) {
		const struct padding *padding = &map->objects[i].padding;
		char *path;

		if (map->objects[i].role == ROLE_FILE)
			continue;
		path = shortened(map->objects[i].path, 46);
		printf("%12llu %12llu %12llu %12llu  %s\n",
		       HEX(padding->around), HEX(padding->holes),
		       HEX(padding->file), HEX(padding->sections), path);
		free(path);
	}
}

static void print_heading(const struct map *map)
{
	const struct colours *c = colours();
	char *program = shortened(map->program, 60);
	size_t file = 0, anon = 0, i;
	__u64 size = 0;
	char room[2][32];

	for (i = 0; i < map->count; i++) {
		size += map->list[i].end - map->list[i].start;
		file += map->list[i].file;
		anon += map->list[i].anon;
	}
	printf("%s%s%s, process %d, %s\n", c->bold, program, c->off,
	       map->pid, map->when);
	printf("%zu mappings, %s of addresses; in memory %zu pages (%s): %zu file, %zu anonymous\n",
	       map->count, size_text(size, room[0]), file + anon,
	       size_text((__u64)(file + anon) * PAGE_SIZE_SHOWN,
			 room[1]), file, anon);
	printf("pages: %sf%s of the file  %sa%s anonymous: written, or of no file  ",
	       c->file, c->off, c->anon, c->off);
	printf("%ss%s swapped out  . none\n", c->anon, c->off);
	puts("       a cell is many pages of a large mapping; a capital: all of them are there\n");
	printf("%12s %5s %s %-*s %6s %6s  | %s\n", "address", "size", "rwx ",
	       BAR, "pages", "file", "anon", "segment, sections");
	free(program);
}

/**
 * map_print() - the address space, for people
 * @map: from map_read() and map_link()
 */
void map_print(const struct map *map)
{
	int last = -1;
	size_t i;

	print_heading(map);
	for (i = 0; i < map->count; i++) {
		const struct mapping *mapping = &map->list[i];

		/* What is above the last is the kernel's, but for a gate page. */
		if (i && mapping->start > map->list[i - 1].end &&
		    !(mapping->start >> 48))
			print_hole(mapping->start - map->list[i - 1].end);
		if (has_heading(map, mapping) && mapping->object != last)
			print_object(&map->objects[mapping->object]);
		print_mapping(map, mapping);
		last = mapping->object;
	}
	print_padding(map);
}

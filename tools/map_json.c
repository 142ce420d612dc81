// SPDX-License-Identifier: GPL-2.0-only
/* xelf map --json: one object; numbers as in xelf dump --json. */
#include <stdlib.h>

#include "json.h"
#include "map.h"

static void json_auxv(const struct map *map)
{
	const unsigned long *auxv = map->auxv;
	bool more = false;
	char room[32];

	member(true, "  ", "auxv");
	putchar('{');
	for (; auxv && *auxv; auxv += 2) {
		hex(more, "    ", auxv_name(*auxv, room), auxv[1]);
		more = true;
	}
	printf("\n  }");
}

static void json_segment(const struct object *object, size_t index, bool more)
{
	static const char in[] = "          ";
	const struct sections *elf = &object->elf;
	const GElf_Phdr *phdr = &elf->phdrs[index];
	bool next = false;
	size_t i;

	printf("%s\n        {", more ? "," : "");
	number(false, in, "program_header", index);
	hex(true, in, "flags", phdr->p_flags);
	hex(true, in, "offset", phdr->p_offset);
	hex(true, in, "vaddr", phdr->p_vaddr);
	hex(true, in, "filesz", phdr->p_filesz);
	hex(true, in, "memsz", phdr->p_memsz);
	hex(true, in, "align", phdr->p_align);
	member(true, in, "sections");
	putchar('[');
	for (i = 0; i < elf->count; i++) {
		if (!section_in_segment(&elf->list[i], phdr))
			continue;
		printf("%s", next ? ", " : "");
		print_json_string(elf->list[i].name);
		next = true;
	}
	printf("]\n        }");
}

static void json_object(const struct object *object, bool more)
{
	static const char in[] = "      ";
	bool next = false;
	size_t i;

	printf("%s\n    {", more ? "," : "");
	string(false, in, "path", object->path);
	string(true, in, "role", role_name(object->role));
	number(true, in, "inode", object->inode);
	hex(true, in, "bias", object->bias);
	string(true, in, "error", object->elf.error);
	number(true, in, "sections", object->elf.count);
	member(true, in, "segments");
	putchar('[');
	for (i = 0; i < object->elf.phdr_count; i++) {
		if (object->elf.phdrs[i].p_type != PT_LOAD)
			continue;
		json_segment(object, i, next);
		next = true;
	}
	printf("\n      ]");
	member(true, in, "padding");
	putchar('{');
	number(false, "        ", "around_segments", object->padding.around);
	number(true, "        ", "between_segments", object->padding.holes);
	number(true, "        ", "between_segments_in_file",
	       object->padding.file);
	number(true, "        ", "between_sections", object->padding.sections);
	printf("\n      }\n    }");
}

/* A letter for each page, as in "ff.a"; null if they were not looked at. */
static void json_pages(const struct mapping *mapping)
{
	size_t count = mapping_pages(mapping), i;

	member(true, "      ", "pages");
	if (!mapping->pages) {
		printf("null");
		return;
	}
	putchar('"');
	for (i = 0; i < count; i++)
		putchar(mapping->pages[i] ? mapping->pages[i] : '.');
	putchar('"');
}

static void json_parts(const struct map *map, const struct mapping *mapping)
{
	static const struct sections nothing;
	const struct sections *elf = mapping->object < 0 ? &nothing :
				     &map->objects[mapping->object].elf;
	bool next = false;
	size_t i;

	member(true, "      ", "program_headers");
	putchar('[');
	for (i = 0; i < elf->phdr_count; i++) {
		if (!mapping_has_segment(map, mapping, &elf->phdrs[i]))
			continue;
		printf("%s%zu", next ? ", " : "", i);
		next = true;
	}
	putchar(']');
	member(true, "      ", "sections");
	putchar('[');
	next = false;
	for (i = 0; i < elf->count; i++) {
		if (!mapping_has_section(map, mapping, &elf->list[i]))
			continue;
		printf("%s", next ? ", " : "");
		print_json_string(elf->list[i].name);
		next = true;
	}
	putchar(']');
}

static void json_mapping(const struct map *map, const struct mapping *mapping,
			 bool more)
{
	static const char in[] = "      ";

	printf("%s\n    {", more ? "," : "");
	hex(false, in, "start", mapping->start);
	hex(true, in, "end", mapping->end);
	string(true, in, "rights", mapping->rights);
	hex(true, in, "offset", mapping->offset);
	number(true, in, "inode", mapping->inode);
	string(true, in, "path", mapping->path);
	string(true, in, "kind", mapping_kind(map, mapping));
	member(true, in, "relro");
	printf("%s", mapping_is_relro(map, mapping) ? "true" : "false");
	member(true, in, "object");
	if (mapping->object < 0)
		printf("null");
	else
		printf("%d", mapping->object);
	number(true, in, "file_pages", mapping->file);
	number(true, in, "anonymous_pages", mapping->anon);
	number(true, in, "swapped_pages", mapping->swapped);
	json_pages(mapping);
	json_parts(map, mapping);
	printf("\n    }");
}

/**
 * map_print_json() - the address space, for programs
 * @map: from map_read() and map_link()
 */
void map_print_json(const struct map *map)
{
	size_t i;

	putchar('{');
	number(false, "  ", "pid", map->pid);
	string(true, "  ", "program", map->program);
	string(true, "  ", "when", map->when);
	number(true, "  ", "page_size", PAGE_SIZE_SHOWN);
	json_auxv(map);
	member(true, "  ", "objects");
	putchar('[');
	for (i = 0; i < map->object_count; i++)
		json_object(&map->objects[i], i);
	printf("\n  ]");
	member(true, "  ", "mappings");
	putchar('[');
	for (i = 0; i < map->count; i++)
		json_mapping(map, &map->list[i], i);
	printf("\n  ]\n}\n");
}

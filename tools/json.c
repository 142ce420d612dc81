// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf dump --json: an array with one object for each file.
 */
#include <stdio.h>

#include "dump.h"
#include "hints.h"
#include "json.h"

static void json_tag(const struct file *file)
{
	static const char in[] = "      ";
	const __u8 *first = file->first;

	member(true, "    ", "tag");
	putchar('{');
	string(false, in, "state", tag_state(file));
	if (xelf_is_tagged(first)) {
		string(true, in, "form",
		       xelf_is_exclusive(first) ? "exclusive" : "plain");
		number(true, in, "version", tag_version(first));
		hex(true, in, "flags", tag_flags(first));
		hex(true, in, "checksum", tag_crc(first));
		hex(true, in, "checksum_computed", xelf_tag_crc(first));
	}
	printf("\n    }");
}

static void json_header(const Elf64_Ehdr *ehdr)
{
	static const char in[] = "      ";
	const __u8 *ident = ehdr->e_ident;

	member(true, "    ", "header");
	putchar('{');
	number(false, in, "class", ident[EI_CLASS]);
	number(true, in, "data", ident[EI_DATA]);
	number(true, in, "ident_version", ident[EI_VERSION]);
	number(true, in, "osabi", ident[EI_OSABI]);
	number(true, in, "abi_version", ident[EI_ABIVERSION]);
	number(true, in, "type", ehdr->e_type);
	number(true, in, "machine", ehdr->e_machine);
	number(true, in, "version", ehdr->e_version);
	hex(true, in, "entry", ehdr->e_entry);
	hex(true, in, "phoff", ehdr->e_phoff);
	hex(true, in, "shoff", ehdr->e_shoff);
	hex(true, in, "flags", ehdr->e_flags);
	number(true, in, "ehsize", ehdr->e_ehsize);
	number(true, in, "phentsize", ehdr->e_phentsize);
	number(true, in, "phnum", ehdr->e_phnum);
	number(true, in, "shentsize", ehdr->e_shentsize);
	number(true, in, "shnum", ehdr->e_shnum);
	number(true, in, "shstrndx", ehdr->e_shstrndx);
	printf("\n    }");
}

static void json_phdr(int index, const Elf64_Phdr *phdr)
{
	static const char in[] = "        ";

	printf("%s\n      {", index ? "," : "");
	number(false, in, "index", index);
	hex(true, in, "type", phdr->p_type);
	string(true, in, "type_name", phdr_type_name(phdr->p_type));
	hex(true, in, "flags", phdr->p_flags);
	hex(true, in, "offset", phdr->p_offset);
	hex(true, in, "vaddr", phdr->p_vaddr);
	hex(true, in, "paddr", phdr->p_paddr);
	hex(true, in, "filesz", phdr->p_filesz);
	hex(true, in, "memsz", phdr->p_memsz);
	hex(true, in, "align", phdr->p_align);
	printf("\n      }");
}

static void json_phdrs(const struct image *img)
{
	int i;

	member(true, "    ", "program_headers");
	if (!img->phdrs) {
		printf("null");
		return;
	}
	putchar('[');
	for (i = 0; i < img->file->ehdr.e_phnum; i++)
		json_phdr(i, &img->phdrs[i]);
	printf("\n    ]");
}

static void json_segment(bool more, int index, const Elf64_Phdr *phdr)
{
	static const char in[] = "          ";
	struct xelf_segment seg = xelf_segment(phdr, PAGE_SIZE_SHOWN);
	char rights[4];

	printf("%s\n        {", more ? "," : "");
	number(false, in, "program_header", index);
	string(true, in, "rights", rights_text(phdr->p_flags, rights));
	hex(true, in, "address", seg.addr);
	hex(true, in, "file_offset", seg.file_offset);
	hex(true, in, "file_size", seg.file_size);
	hex(true, in, "cleared_address", seg.clear_addr);
	hex(true, in, "cleared_size", seg.clear_size);
	hex(true, in, "zero_address", seg.anon_addr);
	hex(true, in, "zero_size", seg.anon_size);
	printf("\n        }");
}

/* null if the tag does not say that there is a trailer. */
static void json_hints(const struct file *file)
{
	static const char in[] = "      ", run_in[] = "          ";
	enum xelf_hints_fault fault;
	struct trailer trailer;
	unsigned int i;

	member(true, "    ", "hints");
	if (!hints_expected(file)) {
		printf("null");
		return;
	}
	fault = trailer_read(&trailer, file);
	putchar('{');
	string(false, in, "state", xelf_hints_fault_name(fault));
	hex(true, in, "size", trailer.hints.size);
	hex(true, in, "interpreter", trailer.hints.interp);
	member(true, in, "runs");
	putchar('[');
	for (i = 0; i < trailer.hints.count; i++) {
		struct xelf_hint hint = xelf_hint_at(&trailer.hints, i);

		printf("%s\n        {", i ? "," : "");
		string(false, run_in, "of", hint_place_name(&hint));
		string(true, run_in, "access", hint_access_name(&hint));
		number(true, run_in, "page", hint.page);
		number(true, run_in, "pages", hint.pages);
		printf("\n        }");
	}
	printf("\n      ]\n    }");
}

static void json_load(const struct image *img)
{
	static const char in[] = "      ";
	const struct xelf_plan *plan = &img->plan;
	bool more = false;
	int i;

	string(true, in, "interpreter", img->interp);
	string(true, in, "stack", stack_text(plan->stack));
	member(true, in, "position_independent");
	printf("%s", img->file->ehdr.e_type == ET_DYN ? "true" : "false");
	hex(true, in, "image_address", plan->loads ? plan->low : 0);
	hex(true, in, "image_size", xelf_plan_size(plan));
	hex(true, in, "alignment", plan->align);
	hex(true, in, "brk", brk_start(plan));
	hex(true, in, "at_phdr", plan->phdr_addr);
	hex(true, in, "at_entry", img->file->ehdr.e_entry);
	member(true, in, "segments");
	putchar('[');
	for (i = 0; i < img->file->ehdr.e_phnum; i++) {
		if (img->phdrs[i].p_type != PT_LOAD)
			continue;
		json_segment(more, i, &img->phdrs[i]);
		more = true;
	}
	printf("\n      ]");
}

static void json_section(const struct section *section, bool more)
{
	static const char in[] = "        ";

	printf("%s\n      {", more ? "," : "");
	string(false, in, "name", section->name);
	hex(true, in, "type", section->type);
	hex(true, in, "flags", section->flags);
	hex(true, in, "address", section->addr);
	hex(true, in, "offset", section->offset);
	hex(true, in, "size", section->size);
	hex(true, in, "align", section->align);
	printf("\n      }");
}

/* The sections of one segment, by name. */
static void json_segment_sections(const struct sections *sections,
				  const GElf_Phdr *phdr, bool more)
{
	bool next = false;
	size_t i;

	printf("%s\n      [", more ? "," : "");
	for (i = 0; i < sections->count; i++) {
		if (!section_in_segment(&sections->list[i], phdr))
			continue;
		printf("%s", next ? ", " : "");
		print_json_string(sections->list[i].name);
		next = true;
	}
	putchar(']');
}

static void json_areas(const struct sections *sections)
{
	/* Two texts: one by rights, one by RT-Thread Smart's rule. */
	static const char *const keys[AREA_COUNT] = {
		"text", "data", "bss", "rtthread_text", "rtthread_data",
	};
	static const char in[] = "        ";
	struct area areas[AREA_COUNT];
	bool apart = sections_areas(sections, areas);
	int i;

	member(true, "    ", "section_areas");
	putchar('{');
	for (i = 0; i < AREA_COUNT; i++) {
		member(i, "      ", keys[i]);
		if (!areas[i].count) {
			printf("null");
			continue;
		}
		putchar('{');
		hex(false, in, "address", areas[i].start);
		hex(true, in, "size", areas[i].end - areas[i].start);
		hex(true, in, "bytes", areas[i].bytes);
		number(true, in, "sections", areas[i].count);
		printf("\n      }");
	}
	member(true, "      ", "rtthread_apart");
	printf("%s\n    }", apart ? "true" : "false");
}

/* What libelf has to say; empty if the file has no section headers. */
static void json_sections(const struct sections *sections)
{
	size_t i;

	string(true, "    ", "sections_error", sections->error);
	member(true, "    ", "sections");
	putchar('[');
	for (i = 0; i < sections->count; i++)
		json_section(&sections->list[i], i);
	printf("\n    ]");
	member(true, "    ", "segment_sections");
	putchar('[');
	for (i = 0; i < sections->phdr_count; i++)
		json_segment_sections(sections, &sections->phdrs[i], i);
	printf("\n    ]");
	json_areas(sections);
}

/**
 * dump_json_begin() - before the first file
 */
void dump_json_begin(void)
{
	putchar('[');
}

/**
 * dump_json() - one file
 * @img: read by image_read()
 * @sections: of the same file
 * @first: no file came before it
 */
void dump_json(const struct image *img, const struct sections *sections,
	       bool first)
{
	static const char in[] = "      ";

	printf("%s\n  {", first ? "" : ",");
	string(false, "    ", "file", img->file->name);
	hex(true, "    ", "size", img->file->size);
	json_tag(img->file);
	json_hints(img->file);
	json_header(&img->file->ehdr);
	json_phdrs(img);
	member(true, "    ", "load");
	putchar('{');
	string(false, in, "state", xelf_reason_name(img->reason));
	if (img->reason) {
		string(true, in, "errno", errno_name(img->err));
		string(true, in, "detail", img->detail);
	} else {
		json_load(img);
	}
	printf("\n    }");
	json_sections(sections);
	printf("\n  }");
}

/**
 * dump_json_end() - after the last file
 */
void dump_json_end(void)
{
	printf("\n]\n");
}

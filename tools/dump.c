// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf dump: what a file says, and what the loader would make of it. For
 * people; the same for programs stands in json.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "hints.h"

/* Columns: where the names of sections begin, and where a line ends. */
#define TEXT_INDENT	23
#define TEXT_WIDTH	100

/**
 * tag_state() - the tag in one word
 * @file: the file
 *
 * Return: "valid", "untagged", "padding-in-use", or the name of the reason for
 * which exec would refuse the tag.
 */
const char *tag_state(const struct file *file)
{
	static const __u8 no_padding[XELF_TAG_SIZE];
	enum xelf_reason reason = xelf_check_tag(file->first);

	if (!reason)
		return "valid";
	if (reason != XELF_NOT_TAGGED)
		return xelf_reason_name(reason);
	if (memcmp(file->first + XELF_TAG_OFFSET, no_padding,
		   sizeof(no_padding)))
		return "padding-in-use";
	return "untagged";
}

/**
 * rights_text() - p_flags as in "r-x"
 * @flags: p_flags
 * @text: 4 bytes, filled in
 *
 * Return: @text.
 */
const char *rights_text(__u32 flags, char *text)
{
	text[0] = flags & PF_R ? 'r' : '-';
	text[1] = flags & PF_W ? 'w' : '-';
	text[2] = flags & PF_X ? 'x' : '-';
	text[3] = '\0';
	return text;
}

/**
 * stack_text() - the stack's rights in one word
 * @stack: what PT_GNU_STACK asks for
 *
 * Return: a constant string.
 */
const char *stack_text(enum xelf_stack stack)
{
	switch (stack) {
	case XELF_STACK_NOEXEC:
		return "rw-";
	case XELF_STACK_EXEC:
		return "rwx";
	default:
		return "default";
	}
}

static void dump_tag(const struct file *file)
{
	const __u8 *first = file->first;

	printf("  tag               %s", tag_state(file));
	if (xelf_is_tagged(first))
		printf(", %s form, version %u, flags 0x%02x, checksum 0x%04x (computed 0x%04x)",
		       xelf_is_exclusive(first) ? "exclusive" : "plain",
		       tag_version(first), tag_flags(first), tag_crc(first),
		       xelf_tag_crc(first));
	putchar('\n');
}

/* The trailer, if the tag says that there is one. */
static void dump_hints(const struct file *file)
{
	enum xelf_hints_fault fault;
	struct trailer trailer;
	unsigned int i;

	if (!hints_expected(file))
		return;
	fault = trailer_read(&trailer, file);
	printf("\n  hints             ");
	if (fault) {
		printf("ignored: %s (%s)\n", hints_fault_text(fault),
		       xelf_hints_fault_name(fault));
		return;
	}
	printf("%u runs of pages, %u bytes", trailer.hints.count,
	       trailer.hints.size);
	if (trailer.hints.interp)
		printf(", for interpreter 0x%016llx", HEX(trailer.hints.interp));
	printf("\n    #  of           what   page     pages\n");
	for (i = 0; i < trailer.hints.count; i++) {
		struct xelf_hint hint = xelf_hint_at(&trailer.hints, i);

		printf("  %3u  %-11s  %-5s  %-#7x  %u\n", i,
		       hint_place_name(&hint), hint_access_name(&hint),
		       hint.page, hint.pages);
	}
}

static void dump_header(const Elf64_Ehdr *ehdr)
{
	printf("  type              %u (%s)\n", ehdr->e_type,
	       type_name(ehdr->e_type));
	printf("  machine           %u (%s)\n", ehdr->e_machine,
	       machine_name(ehdr->e_machine));
	printf("  class, data       %u, %u\n", ehdr->e_ident[EI_CLASS],
	       ehdr->e_ident[EI_DATA]);
	printf("  version           %u in e_ident, %u in the header\n",
	       ehdr->e_ident[EI_VERSION], ehdr->e_version);
	printf("  OS ABI            %u, version %u\n",
	       ehdr->e_ident[EI_OSABI], ehdr->e_ident[EI_ABIVERSION]);
	printf("  entry             0x%llx\n", HEX(ehdr->e_entry));
	printf("  flags             0x%x\n", ehdr->e_flags);
	printf("  header size       %u\n", ehdr->e_ehsize);
	printf("  program headers   %u of %u bytes at 0x%llx\n", ehdr->e_phnum,
	       ehdr->e_phentsize, HEX(ehdr->e_phoff));
	printf("  section headers   %u of %u bytes at 0x%llx, names in %u\n",
	       ehdr->e_shnum, ehdr->e_shentsize, HEX(ehdr->e_shoff),
	       ehdr->e_shstrndx);
}

static void dump_phdr(int index, const Elf64_Phdr *phdr)
{
	const char *name = phdr_type_name(phdr->p_type);
	char rights[4];
	char number[11];

	if (!name) {
		snprintf(number, sizeof(number), "0x%x", phdr->p_type);
		name = number;
	}
	printf("  %3d  %-15s  %s  %#-10llx  %#-14llx  %#-10llx  %#-10llx  %#llx\n",
	       index, name, rights_text(phdr->p_flags, rights),
	       HEX(phdr->p_offset), HEX(phdr->p_vaddr), HEX(phdr->p_filesz),
	       HEX(phdr->p_memsz), HEX(phdr->p_align));
}

static void dump_phdrs(const struct image *img)
{
	int i;

	fprintf(stdout,
		"\n    #  type             rwx  offset      address         file size   memory size align\n");
	for (i = 0; i < img->file->ehdr.e_phnum; i++)
		dump_phdr(i, &img->phdrs[i]);
}

static void dump_segment(int index, const Elf64_Phdr *phdr)
{
	struct xelf_segment seg = xelf_segment(phdr, PAGE_SIZE_SHOWN);
	char rights[4];

	rights_text(phdr->p_flags, rights);
	if (seg.file_size)
		printf("  %3d  file     %s  %#-14llx  %#-10llx  from file offset 0x%llx\n",
		       index, rights, HEX(seg.addr), HEX(seg.file_size),
		       HEX(seg.file_offset));
	if (seg.clear_size)
		printf("  %3d  cleared  %s  %#-14llx  %#-10llx\n", index,
		       rights, HEX(seg.clear_addr), HEX(seg.clear_size));
	/* Anonymous memory is writable whatever the segment says. */
	if (seg.anon_size)
		printf("  %3d  zero     rw%c  %#-14llx  %#-10llx\n", index,
		       rights[2], HEX(seg.anon_addr), HEX(seg.anon_size));
}

static void dump_load(const struct image *img)
{
	const struct xelf_plan *plan = &img->plan;
	char *interp = img->interp ? escaped(img->interp) : NULL;
	int i;

	printf("\n    #  what     rwx  address         size\n");
	for (i = 0; i < img->file->ehdr.e_phnum; i++)
		if (img->phdrs[i].p_type == PT_LOAD)
			dump_segment(i, &img->phdrs[i]);
	putchar('\n');
	printf("  addresses         %s\n",
	       img->file->ehdr.e_type == ET_DYN ?
	       "chosen by the loader, plus those above" : "as above");
	if (plan->loads)
		printf("  image             0x%llx, 0x%llx bytes, alignment 0x%llx\n",
		       HEX(plan->low), HEX(xelf_plan_size(plan)),
		       HEX(plan->align));
	printf("  brk               0x%llx, before it is randomised\n",
	       HEX(brk_start(plan)));
	printf("  AT_PHDR           0x%llx%s\n", HEX(plan->phdr_addr),
	       plan->phdr_addr ? "" : " (no segment holds the program headers)");
	printf("  AT_ENTRY          0x%llx\n", HEX(img->file->ehdr.e_entry));
	printf("  interpreter       %s\n", interp ? interp : "none");
	printf("  stack             %s\n", stack_text(plan->stack));
	free(interp);
}

/* The names of a segment's sections, in lines that are not too long. */
static void dump_segment_sections(const struct sections *sections,
				  const GElf_Phdr *phdr)
{
	int column = TEXT_INDENT;
	bool none = true;
	size_t i;

	for (i = 0; i < sections->count; i++) {
		const char *name = sections->list[i].name;

		if (!section_in_segment(&sections->list[i], phdr))
			continue;
		if (!*name)
			name = "(no name)";
		if (!none && column + 1 + strlen(name) > TEXT_WIDTH) {
			printf("\n%*s", TEXT_INDENT, "");
			column = TEXT_INDENT;
		}
		column += printf(" %s", name);
		none = false;
	}
	puts(none ? " -" : "");
}

static void dump_areas(const struct sections *sections)
{
	struct area areas[AREA_COUNT];
	bool apart = sections_areas(sections, areas);
	int i;

	printf("\n  what a loader that goes by sections would set up, by their rights\n");
	printf("    area  address         size        sections  their bytes  gaps\n");
	for (i = 0; i < AREA_COUNT; i++) {
		const struct area *area = &areas[i];
		__u64 size = area->end - area->start;

		if (i == AREA_RTT_TEXT)
			puts("  by RT-Thread Smart's rule: PROGBITS not writable, all else");
		if (!area->count)
			printf("    %-4s  none\n", area_names[i]);
		else
			printf("    %-4s  %#-14llx  %#-10llx  %8zu  %#-11llx  %#llx\n",
			       area_names[i], HEX(area->start), HEX(size),
			       area->count, HEX(area->bytes),
			       size > area->bytes ? HEX(size - area->bytes) : 0);
	}
	if (!apart)
		puts("    text and data share pages: such a loader cannot map both");
}

/* The file as the linker left it. */
static void dump_sections(const struct sections *sections)
{
	char number[11];
	size_t i;

	putchar('\n');
	if (sections->error)
		printf("  sections          %s\n", sections->error);
	else if (!sections->count)
		puts("  sections          none: the file has no section headers");
	if (!sections->count)
		return;
	printf("    #  type             sections\n");
	for (i = 0; i < sections->phdr_count; i++) {
		const GElf_Phdr *phdr = &sections->phdrs[i];
		const char *name = phdr_type_name(phdr->p_type);

		snprintf(number, sizeof(number), "0x%x", phdr->p_type);
		printf("  %3zu  %-15s ", i,
		       name ? name + strlen("PT_") : number);
		dump_segment_sections(sections, phdr);
	}
	dump_areas(sections);
}

/* One file for people. */
static void dump_text(const struct image *img, const struct sections *sections)
{
	print_shown(img->file->name, stdout);
	printf(": %llu bytes\n", HEX(img->file->size));
	dump_tag(img->file);
	dump_header(&img->file->ehdr);
	if (img->phdrs)
		dump_phdrs(img);
	if (img->reason)
		printf("\n  not loaded: %s (%s): %s\n",
		       xelf_reason_name(img->reason), errno_name(img->err),
		       img->detail);
	else
		dump_load(img);
	dump_sections(sections);
	dump_hints(img->file);
}

/*
 * A tagged file is read as the kernel reads it, whatever EI_CLASS says; of the
 * others, those whose header has this layout.
 */
static int check_readable(const struct file *file)
{
	unsigned int class = machine_class(file->ehdr.e_machine);
	const __u8 *ident = file->first;

	if (!file_is_elf(file))
		return refuse(file->name, "not-elf", "is not an ELF file");
	if (xelf_is_tagged(ident))
		return EXIT_DONE;
	if (ident[EI_CLASS] != class)
		return refuse(file->name, "other-class",
			      "EI_CLASS is %u, not %u (%u bits)",
			      ident[EI_CLASS], class, class * 32);
	if (ident[EI_DATA] != ELFDATA2LSB)
		return refuse(file->name, "other-byte-order",
			      "EI_DATA is %u, not %u (little-endian)",
			      ident[EI_DATA], ELFDATA2LSB);
	return EXIT_DONE;
}

/**
 * command_dump() - the sub-command
 * @opt: --json
 * @files: at least one name, ended by NULL
 *
 * Return: EXIT_DONE; EXIT_REFUSED if one cannot be read or is no ELF file.
 */
int command_dump(const struct options *opt, char **files)
{
	int worst = EXIT_DONE;
	bool first = true;

	if (opt->json)
		dump_json_begin();
	for (; *files; files++) {
		struct file file;
		int status = file_open(&file, *files, false);

		if (!status)
			status = check_readable(&file);
		if (!status) {
			struct sections sections;
			struct image img;

			image_read(&img, &file, false);
			sections_read(&sections, file.fd);
			if (opt->json) {
				dump_json(&img, &sections, first);
			} else {
				if (!first)
					putchar('\n');
				dump_text(&img, &sections);
			}
			sections_free(&sections);
			image_free(&img);
			first = false;
		}
		file_close(&file);
		if (status)
			worst = status;
	}
	if (opt->json)
		dump_json_end();
	return worst;
}

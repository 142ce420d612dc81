// SPDX-License-Identifier: GPL-2.0-only
/* Makes the synthetic images of image.h. */
#include "image.h"
#include "xelf_test.h"

/* The probe's code, from the flat file that the Makefile links. */
__asm__(".section .rodata\n"
	".globl probe_start, probe_end\n"
	"probe_start: .incbin \"probe.bin\"\n"
	"probe_end:\n"
	".previous\n");
extern const unsigned char probe_start[], probe_end[];

static void load(struct image *image, int index, Elf_Word flags,
		 unsigned long offset, unsigned long file_size,
		 unsigned long mem_size, unsigned long base)
{
	image->phdr[index] = (Elf_Phdr){
		.p_type = PT_LOAD,
		.p_flags = flags,
		.p_offset = offset,
		.p_vaddr = base + offset,
		.p_paddr = base + offset,
		.p_filesz = file_size,
		.p_memsz = mem_size,
		.p_align = 0x1000,
	};
}

void image_init(struct image *image, int type)
{
	unsigned long base = type == ET_EXEC ? IMAGE_BASE : 0;
	size_t code_size = probe_end - probe_start, i;

	memset(image, 0, sizeof(*image));
	for (i = 0; i < sizeof(image->bytes); i++)
		image->bytes[i] = 0xa5 ^ i ^ i >> 8;
	memcpy(image->bytes + IMAGE_CODE, probe_start, code_size);
	image->size = IMAGE_INTERP;

	memcpy(image->ehdr.e_ident, ELFMAG, SELFMAG);
	image->ehdr.e_ident[EI_CLASS] = TEST_CLASS;
	image->ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
	image->ehdr.e_ident[EI_VERSION] = EV_CURRENT;
	image->ehdr.e_type = type;
	image->ehdr.e_machine = TEST_MACHINE;
	image->ehdr.e_flags = TEST_FLAGS;
	image->ehdr.e_version = EV_CURRENT;
	image->ehdr.e_entry = base + IMAGE_CODE;
	image->table = sizeof(Elf_Ehdr);
	image->ehdr.e_phoff = image->table;
	image->ehdr.e_ehsize = sizeof(Elf_Ehdr);
	image->ehdr.e_phentsize = sizeof(Elf_Phdr);
	image->ehdr.e_phnum = PH_COUNT;

	load(image, PH_HEADERS, PF_R, 0, 0x1000, 0x1000, base);
	load(image, PH_CODE, PF_R | PF_X, IMAGE_CODE, code_size, code_size,
	     base);
	load(image, PH_DATA, PF_R | PF_W, IMAGE_DATA, IMAGE_DATA_SIZE,
	     IMAGE_DATA_SIZE + IMAGE_BSS_SIZE, base);
	image->phdr[PH_STACK] = (Elf_Phdr){
		.p_type = PT_GNU_STACK,
		.p_flags = PF_R | PF_W,
		.p_align = 16,
	};
}

Elf_Phdr *image_add(struct image *image, Elf_Word type)
{
	Elf_Phdr *phdr = &image->phdr[image->ehdr.e_phnum++];

	memset(phdr, 0, sizeof(*phdr));
	phdr->p_type = type;
	return phdr;
}

void image_interp(struct image *image, const char *path)
{
	Elf_Phdr *phdr = image_add(image, PT_INTERP);

	phdr->p_offset = IMAGE_INTERP;
	phdr->p_filesz = strlen(path) + 1;
	phdr->p_memsz = phdr->p_filesz;
	memcpy(image->bytes + IMAGE_INTERP, path, phdr->p_filesz);
	image->size = IMAGE_INTERP + phdr->p_filesz;
}

void image_write(struct image *image, const char *path, bool tagged)
{
	size_t table = image->ehdr.e_phnum * sizeof(Elf_Phdr);

	/* A count that is meant to be wrong is not followed. */
	if (table > sizeof(image->phdr))
		table = sizeof(image->phdr);
	memcpy(image->bytes, &image->ehdr, sizeof(image->ehdr));
	memcpy(image->bytes + image->table, image->phdr, table);
	if (tagged) {
		/* The checksum takes what lies past the end as zero. */
		if (image->size < XELF_CHECKED_SIZE)
			memset(image->bytes + image->size, 0,
			       XELF_CHECKED_SIZE - image->size);
		tag_bytes(image->bytes);
	}
	write_file(path, image->bytes, image->size, 0755);
	if (chmod(path, 0755))
		die("%s: chmod", path);
}

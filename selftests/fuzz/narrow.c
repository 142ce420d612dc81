// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes ELF32 programs of 32-bit ARM out of ELF64 ones, for the fuzzers to
 * begin with: narrow DIRECTORY FILE... writes each as DIRECTORY/arm-FILE.
 *
 * Each header and each table stays where it is, and becomes shorter. What runs
 * there is no matter; a file whose tables are not all in it is left out.
 */
#include <stdio.h>
#include <stdlib.h>

#include <xelf/check.h>

#include "fields.h"

static const struct field shdr_fields[] = {
	{ 0, 4, 0, 4 },		/* sh_name */
	{ 4, 4, 4, 4 },		/* sh_type */
	{ 8, 4, 8, 8 },		/* sh_flags */
	{ 12, 4, 16, 8 },	/* sh_addr */
	{ 16, 4, 24, 8 },	/* sh_offset */
	{ 20, 4, 32, 8 },	/* sh_size */
	{ 24, 4, 40, 4 },	/* sh_link */
	{ 28, 4, 44, 4 },	/* sh_info */
	{ 32, 4, 48, 8 },	/* sh_addralign */
	{ 36, 4, 56, 8 },	/* sh_entsize */
	{ }
};

struct file {
	__u8 *bytes;
	size_t size;
};

/* An entry never reaches those that are still to be read. */
static bool narrow_table(struct file *file, __u64 at, size_t count,
			 const struct field *fields, size_t size64,
			 size_t size32)
{
	__u8 wide[sizeof(Elf64_Shdr)];
	size_t i;

	if (at > file->size || count * size64 > file->size - at)
		return false;
	for (i = 0; i < count; i++) {
		memcpy(wide, file->bytes + at + i * size64, size64);
		fields_narrow(file->bytes + at + i * size32, wide, fields);
	}
	return true;
}

static bool narrow(struct file *file)
{
	Elf64_Ehdr ehdr;
	bool valid;

	if (file->size < XELF_CHECKED_SIZE)
		return false;
	valid = xelf_check_tag(file->bytes) == XELF_OK;
	memcpy(&ehdr, file->bytes, sizeof(ehdr));
	if (!narrow_table(file, ehdr.e_phoff, ehdr.e_phnum, phdr_fields,
			  sizeof(Elf64_Phdr), sizeof(Elf32_Phdr)) ||
	    !narrow_table(file, ehdr.e_shoff, ehdr.e_shnum, shdr_fields,
			  sizeof(Elf64_Shdr), sizeof(Elf32_Shdr)))
		return false;
	ehdr.e_ident[EI_CLASS] = ELFCLASS32;
	ehdr.e_machine = EM_ARM;
	ehdr.e_flags = EF_ARM_EABI_VER5;
	ehdr.e_ehsize = sizeof(Elf32_Ehdr);
	/* One that is wrong stays so. */
	if (ehdr.e_phentsize == sizeof(Elf64_Phdr))
		ehdr.e_phentsize = sizeof(Elf32_Phdr);
	if (ehdr.e_shentsize == sizeof(Elf64_Shdr))
		ehdr.e_shentsize = sizeof(Elf32_Shdr);
	fields_narrow(file->bytes, &ehdr, ehdr_fields);
	if (valid) {
		__u16 crc = xelf_tag_crc(file->bytes);

		memcpy(file->bytes + XELF_CRC_OFFSET, &crc, sizeof(crc));
	}
	return true;
}

static void die(const char *name)
{
	perror(name);
	exit(1);
}

static struct file read_file(const char *name)
{
	FILE *stream = fopen(name, "r");
	struct file file;
	long size;

	if (!stream || fseek(stream, 0, SEEK_END))
		die(name);
	size = ftell(stream);
	rewind(stream);
	file.size = size;
	file.bytes = malloc(file.size + 1);
	if (size < 0 || !file.bytes ||
	    fread(file.bytes, 1, file.size, stream) != file.size)
		die(name);
	fclose(stream);
	return file;
}

static void write_file(const char *directory, const char *name,
		       const struct file *file)
{
	const char *slash = strrchr(name, '/');
	char path[PATH_MAX];
	FILE *stream;

	snprintf(path, sizeof(path), "%s/arm-%s", directory,
		 slash ? slash + 1 : name);
	stream = fopen(path, "w");
	if (!stream || fwrite(file->bytes, 1, file->size, stream) != file->size ||
	    fclose(stream))
		die(path);
}

int main(int argc, char **argv)
{
	int i;

	for (i = 2; i < argc; i++) {
		struct file file = read_file(argv[i]);

		if (narrow(&file))
			write_file(argv[1], argv[i], &file);
		free(file.bytes);
	}
	return 0;
}

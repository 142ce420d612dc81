// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf tag and xelf untag: which files may be, and the bytes that change.
 */
#include <stdio.h>
#include <string.h>

#include "hints.h"

static const __u8 no_padding[XELF_TAG_SIZE];

/* A tag that is there already, valid or not. */
static int refuse_tagged(const struct file *file)
{
	enum xelf_reason reason = xelf_check_tag(file->first);

	switch (reason) {
	case XELF_OK:
		return refuse(file->name, "already-tagged",
			      "is tagged already (version %u)",
			      tag_version(file->first));
	case XELF_STALE_TAG:
		return refuse(file->name, xelf_reason_name(reason),
			      "has a stale tag: 0x%04x in the tag, 0x%04x computed; untag it first",
			      tag_crc(file->first), xelf_tag_crc(file->first));
	default:
		return refuse(file->name, xelf_reason_name(reason),
			      "has a tag already: %s: version %u, flags 0x%02x",
			      reason_text(reason), tag_version(file->first),
			      tag_flags(file->first));
	}
}

/* What the first 16 bytes say. */
static int check_ident(const struct file *file)
{
	const __u8 *ident = file->first;
	const __u8 *pad = ident + XELF_TAG_OFFSET;
	unsigned int class = machine_class(file->ehdr.e_machine);
	size_t size = xelf_ehdr_size(file->ehdr.e_machine);

	if (!file->size)
		return refuse(file->name, "empty-file", "is empty");
	if (xelf_is_tagged(ident))
		return refuse_tagged(file);
	if (memcmp(ident, XELF_MAGIC_PLAIN, XELF_MAGIC_SIZE))
		return refuse(file->name, "not-elf",
			      "is not an ELF file: it begins with %02x %02x %02x %02x, not 7f 45 4c 46",
			      ident[0], ident[1], ident[2], ident[3]);
	if (file->size < size)
		return refuse(file->name, "truncated",
			      "its %llu bytes do not hold an ELF header of %zu",
			      HEX(file->size), size);
	if (ident[EI_CLASS] != class)
		return refuse(file->name, "other-class",
			      "EI_CLASS is %u%s, not %u (%u bits): binfmt_xelf would hand it on to the kernel's own loader",
			      ident[EI_CLASS],
			      ident[EI_CLASS] == ELFCLASS32 ? " (32 bits)" :
			      ident[EI_CLASS] == ELFCLASS64 ? " (64 bits)" : "",
			      class, class * 32);
	if (ident[EI_DATA] != ELFDATA2LSB)
		return refuse(file->name, "other-byte-order",
			      "EI_DATA is %u%s, not %u (little-endian)",
			      ident[EI_DATA],
			      ident[EI_DATA] == ELFDATA2MSB ?
			      " (big-endian)" : "", ELFDATA2LSB);
	if (memcmp(pad, no_padding, sizeof(no_padding)))
		return refuse(file->name, "padding-in-use",
			      "its e_ident padding is in use: %02x %02x %02x %02x %02x %02x %02x, not zeros",
			      pad[0], pad[1], pad[2], pad[3], pad[4], pad[5],
			      pad[6]);
	return EXIT_DONE;
}

/* The kernel would map what is not there, and the program die later. */
static int check_truncated(const struct image *img)
{
	unsigned long long size = img->file->size;
	int i;

	for (i = 0; i < img->file->ehdr.e_phnum; i++) {
		const Elf64_Phdr *phdr = &img->phdrs[i];

		/* Of bss alone linkers let the offset be anything. */
		if (phdr->p_type != PT_LOAD || !phdr->p_filesz)
			continue;
		if (phdr->p_offset <= size &&
		    phdr->p_filesz <= size - phdr->p_offset)
			continue;
		return refuse(img->file->name, "truncated",
			      "program header %d: file offset 0x%llx with file size 0x%llx reaches past the end of the file, 0x%llx",
			      i, HEX(phdr->p_offset),
			      HEX(phdr->p_filesz), size);
	}
	return EXIT_DONE;
}

#define TAG_A_COPY	"tag a copy yourself: xelf tag --force -o OUT FILE"
#define UNTAG_A_COPY	"untag a copy yourself: xelf untag --force -o OUT FILE"

/* Some commands make a copy, and have no --force to go on. */
static const char *remedy(const struct options *opt, const char *with_force,
			  const char *without)
{
	return opt->no_force ? without : with_force;
}

static int check_image(const struct file *file, const struct options *opt)
{
	const char *sign;
	struct image img;
	int status;

	image_read(&img, file, false);
	if (img.reason) {
		status = refuse(file->name, xelf_reason_name(img.reason), "%s",
				img.detail);
		goto free;
	}
	status = check_truncated(&img);
	if (status)
		goto free;
	sign = shared_object_sign(&img);
	if (sign && !opt->force)
		status = refuse(file->name, "shared-object",
				"looks like a shared object or an interpreter: %s; ld.so refuses a tagged one, and with it every program that needs it; %s",
				sign, remedy(opt, "--force tags it", TAG_A_COPY));
	else if (sign)
		warn(file->name, "looks like a shared object or an interpreter: %s",
		     sign);
free:
	image_free(&img);
	return status;
}

/**
 * tag_check() - may an untagged file be tagged?
 * @file: opened by file_open()
 * @opt: --force: even if it looks like a shared object
 *
 * Return: EXIT_DONE, or EXIT_REFUSED after saying why not.
 */
int tag_check(const struct file *file, const struct options *opt)
{
	int status = check_ident(file);

	return status ? status : check_image(file, opt);
}

/**
 * tag_make() - write a tag
 * @first: the first XELF_CHECKED_SIZE bytes of a file, changed
 * @exclusive: in the exclusive form
 * @flags: of the tag
 */
void tag_make(__u8 *first, bool exclusive, unsigned int flags)
{
	__u16 crc;

	memcpy(first, exclusive ? XELF_MAGIC_EXCLUSIVE : XELF_MAGIC_PLAIN,
	       XELF_MAGIC_SIZE);
	memcpy(first + XELF_TAG_OFFSET, XELF_TAG_MAGIC, XELF_TAG_MAGIC_SIZE);
	first[XELF_VERSION_OFFSET] = XELF_VERSION | flags;
	crc = xelf_tag_crc(first);
	first[XELF_CRC_OFFSET] = crc & 0xff;
	first[XELF_CRC_OFFSET + 1] = crc >> 8;
}

static int tag_one(struct file *file, const struct options *opt)
{
	__u8 first[XELF_CHECKED_SIZE];
	int status = tag_check(file, opt);

	if (status)
		return status;
	memcpy(first, file->first, sizeof(first));
	tag_make(first, opt->exclusive, 0);
	return file_replace(file, &(struct rewrite){ first, file->size, NULL, 0 },
			    opt);
}

/* Where the file ends without its trailer. */
static int find_trailer(const struct file *file, const struct options *opt,
			__u64 *keep)
{
	enum xelf_hints_fault fault;
	struct trailer trailer;

	*keep = file->size;
	if (!hints_expected(file))
		return EXIT_DONE;
	fault = trailer_read(&trailer, file);
	if (!fault) {
		*keep -= trailer.hints.size;
		return EXIT_DONE;
	}
	if (!opt->force)
		return refuse(file->name, "hints-trailer",
			      "its hints trailer is not found: %s; %s",
			      hints_fault_text(fault),
			      remedy(opt, "--force leaves the file's end as it is",
				     UNTAG_A_COPY));
	warn(file->name, "its hints trailer is not found: %s; the file's end stays as it is",
	     hints_fault_text(fault));
	return EXIT_DONE;
}

/* A tagged file without its hints. */
static int cut_hints(struct file *file, const struct options *opt)
{
	__u8 first[XELF_CHECKED_SIZE];
	enum xelf_reason reason = xelf_check_tag(file->first);
	__u64 keep;
	int status;

	if (reason)
		return refuse(file->name, xelf_reason_name(reason), "%s",
			      reason_text(reason));
	if (!hints_expected(file))
		return refuse(file->name, "no-hints", "has no hints");
	status = find_trailer(file, opt, &keep);
	if (status)
		return status;
	memcpy(first, file->first, sizeof(first));
	tag_make(first, xelf_is_exclusive(first), 0);
	return file_replace(file, &(struct rewrite){ first, keep, NULL, 0 }, opt);
}

/* Which tags come off. A stale one must: that is how it is repaired. */
static int check_untag(const struct file *file, const struct options *opt)
{
	enum xelf_reason reason = xelf_check_tag(file->first);

	switch (reason) {
	case XELF_NOT_TAGGED:
		return refuse(file->name, xelf_reason_name(reason), "%s",
			      reason_text(reason));
	case XELF_UNKNOWN_VERSION:
	case XELF_UNKNOWN_FLAGS:
		if (!opt->force)
			return refuse(file->name, xelf_reason_name(reason),
				      "%s: version %u, flags 0x%02x; %s",
				      reason_text(reason),
				      tag_version(file->first),
				      tag_flags(file->first),
				      remedy(opt, "--force zeroes it",
					     UNTAG_A_COPY));
		warn(file->name,
		     "%s: version %u, flags 0x%02x: there may be more to the tag than is taken off",
		     reason_text(reason), tag_version(file->first),
		     tag_flags(file->first));
		return EXIT_DONE;
	default:
		break;
	}
	if (reason == XELF_STALE_TAG)
		warn(file->name, "the tag was stale: 0x%04x in the tag, 0x%04x computed",
		     tag_crc(file->first), xelf_tag_crc(file->first));
	return EXIT_DONE;
}

static int untag_one(struct file *file, const struct options *opt)
{
	__u8 first[XELF_CHECKED_SIZE];
	__u64 keep;
	int status;

	status = check_untag(file, opt);
	if (!status)
		status = find_trailer(file, opt, &keep);
	if (status)
		return status;

	memcpy(first, file->first, sizeof(first));
	memcpy(first, XELF_MAGIC_PLAIN, XELF_MAGIC_SIZE);
	memset(first + XELF_TAG_OFFSET, 0, XELF_TAG_SIZE);
	return file_replace(file, &(struct rewrite){ first, keep, NULL, 0 }, opt);
}

static int each(int (*one)(struct file *file, const struct options *opt),
		const struct options *opt, char **files)
{
	int worst = EXIT_DONE;

	for (; *files; files++) {
		struct file file;
		int status = file_open(&file, *files, true);

		if (!status)
			status = one(&file, opt);
		file_close(&file);
		if (status)
			worst = status;
	}
	return worst;
}

/**
 * command_tag() - the sub-command
 * @opt: -o, --exclusive, --force, --no-hints
 * @files: at least one name, ended by NULL; one alone with -o
 *
 * Return: EXIT_DONE; EXIT_REFUSED if one was refused, after trying the others.
 */
int command_tag(const struct options *opt, char **files)
{
	return each(opt->no_hints ? cut_hints : tag_one, opt, files);
}

/**
 * command_untag() - the sub-command
 * @opt: -o, --force
 * @files: at least one name, ended by NULL; one alone with -o
 *
 * Return: EXIT_DONE; EXIT_REFUSED if one was refused, after trying the others.
 */
int command_untag(const struct options *opt, char **files)
{
	return each(untag_one, opt, files);
}

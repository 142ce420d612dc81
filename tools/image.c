// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks a file as exec would: header, program headers, interpreter, segments.
 * Decides nothing itself; include/xelf/ does. Here the file is read, and the
 * reason gets its numbers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xelf.h"

/* Bytes; the largest program header table that any kernel reads. */
#define PHDRS_SIZE_SHOWN	65536

/**
 * reason_text() - a reason in words
 * @reason: any value of enum xelf_reason
 *
 * Return: a constant string.
 */
const char *reason_text(enum xelf_reason reason)
{
	/* In the order of enum xelf_reason, which is made from the same list. */
	static const char *const texts[XELF_REASON_COUNT] = {
		"nothing is wrong",
#define XELF_REASON_TEXT(id, err, name, text) text,
		XELF_REASONS(XELF_REASON_TEXT)
#undef XELF_REASON_TEXT
	};

	return texts[reason];
}

/**
 * errno_name() - as in "EINVAL"
 * @err: errno
 *
 * Return: a constant string; "?" for one that an exec is not expected to give.
 */
const char *errno_name(int err)
{
	static const struct {
		int err;
		const char *name;
	} names[] = {
		{ EACCES, "EACCES" },	{ EBADMSG, "EBADMSG" },
		{ EINVAL, "EINVAL" },	{ EIO, "EIO" },
		{ EISDIR, "EISDIR" },	{ ELIBBAD, "ELIBBAD" },
		{ ELOOP, "ELOOP" },	{ ENAMETOOLONG, "ENAMETOOLONG" },
		{ ENOENT, "ENOENT" },	{ ENOEXEC, "ENOEXEC" },
		{ ENOMEM, "ENOMEM" },	{ ENOTDIR, "ENOTDIR" },
		{ EPERM, "EPERM" },	{ ETXTBSY, "ETXTBSY" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].err == err)
			return names[i].name;
	return "?";
}

__printf(4, 5)
static bool image_refuse(struct image *img, enum xelf_reason reason, int err,
			 const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	img->reason = reason;
	img->err = err ? -err : xelf_reason_errno(reason);
	img->detail = vformat(fmt, args);
	va_end(args);
	return false;
}

/* Reads a file's program headers; @ehdr has passed xelf_check_phdr_table(). */
static int read_phdrs(const struct file *file, Elf64_Phdr **phdrs)
{
	__u16 count = file->ehdr.e_phnum, machine = file->ehdr.e_machine;
	int err;

	*phdrs = allocate(count * sizeof(**phdrs));
	err = file_read(file, xelf_phdrs_in_file(*phdrs, count, machine),
			count * xelf_phdr_size(machine), file->ehdr.e_phoff);
	if (err) {
		free(*phdrs);
		*phdrs = NULL;
		return err;
	}
	xelf_widen_phdrs(*phdrs, count, machine);
	return 0;
}

static bool image_header(struct image *img)
{
	const Elf64_Ehdr *ehdr = &img->file->ehdr;
	enum xelf_reason reason = xelf_check_header(ehdr, img->limits);

	switch (reason) {
	case XELF_OK:
		return true;
	case XELF_NOT_EXECUTABLE_TYPE:
		return image_refuse(img, reason, 0,
				    "e_type is %u (%s), not ET_EXEC or ET_DYN",
				    ehdr->e_type, type_name(ehdr->e_type));
	case XELF_OTHER_MACHINE:
		return image_refuse(img, reason, 0,
				    "e_machine is %u (%s), not %u (EM_X86_64), %u (EM_AARCH64) or %u (EM_ARM)",
				    ehdr->e_machine,
				    machine_name(ehdr->e_machine),
				    EM_X86_64, EM_AARCH64, EM_ARM);
	case XELF_OTHER_ABI:
		return image_refuse(img, reason, 0,
				    "its OS ABI is %u, where %u is FDPIC, and its entry 0x%llx, where ARM code begins at a word and Thumb code at an odd address",
				    ehdr->e_ident[EI_OSABI],
				    XELF_OSABI_ARM_FDPIC, HEX(ehdr->e_entry));
	case XELF_OTHER_PHENTSIZE:
		return image_refuse(img, reason, 0,
				    "e_phentsize is %u, not %zu",
				    ehdr->e_phentsize,
				    xelf_phdr_size(ehdr->e_machine));
	case XELF_TOO_MANY_PHDRS:
		return image_refuse(img, reason, 0,
				    "the %u program headers take %zu bytes, more than the %u that kernels before 7.0 read",
				    ehdr->e_phnum,
				    ehdr->e_phnum *
				    xelf_phdr_size(ehdr->e_machine),
				    img->limits->phdrs_size);
	default:
		return image_refuse(img, reason, 0, "%s", reason_text(reason));
	}
}

static bool image_phdrs(struct image *img)
{
	const Elf64_Ehdr *ehdr = &img->file->ehdr;

	if (read_phdrs(img->file, &img->phdrs))
		return image_refuse(img, XELF_PHDRS_UNREADABLE, 0,
				    "the %u program headers at file offset 0x%llx cannot be read from a file of 0x%llx bytes",
				    ehdr->e_phnum, HEX(ehdr->e_phoff),
				    HEX(img->file->size));
	xelf_make_plan(&img->plan, ehdr, img->phdrs, PAGE_SIZE_SHOWN);
	return true;
}

static bool image_interp_path(struct image *img)
{
	int index = img->plan.interp;
	const Elf64_Phdr *phdr = &img->phdrs[index];
	enum xelf_reason reason = xelf_check_interp_size(phdr);
	unsigned long long size = phdr->p_filesz;
	char *path;
	int err;

	if (reason)
		return image_refuse(img, reason, 0,
				    "program header %d: the interpreter's path has %llu bytes, not 2 to %d",
				    index, size, PATH_MAX);
	path = allocate(size);
	err = file_read(img->file, path, size, phdr->p_offset);
	if (err) {
		free(path);
		return image_refuse(img, XELF_INTERP_UNREADABLE, err,
				    "program header %d: the interpreter's path, 0x%llx bytes at file offset 0x%llx, cannot be read from a file of 0x%llx bytes",
				    index, size, HEX(phdr->p_offset),
				    HEX(img->file->size));
	}
	reason = xelf_check_interp_path(path, size);
	if (reason) {
		free(path);
		return image_refuse(img, reason, 0,
				    "program header %d: %s", index,
				    reason_text(reason));
	}
	img->interp = path;
	return true;
}

/*
 * Opens the interpreter as exec does: it must be a regular file that may be
 * executed. Return: 0 or -errno.
 */
static int open_interp(struct file *interp, const char *path)
{
	*interp = (struct file){ .name = path, .fd = -1 };
	if (stat(path, &interp->st))
		return -errno;
	if (!S_ISREG(interp->st.st_mode))
		return -EACCES;
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS))
		return -errno;
	interp->fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (interp->fd < 0)
		return -errno;
	if (fstat(interp->fd, &interp->st))
		return -errno;
	if (!S_ISREG(interp->st.st_mode))
		return -EACCES;
	interp->size = interp->st.st_size;
	return 0;
}

/* The interpreter's headers and segments; @interp is open. */
static enum xelf_reason check_interp(struct file *interp,
				     const struct xelf_limits *limits, int *err)
{
	enum xelf_reason reason;
	struct xelf_plan plan;
	Elf64_Phdr *phdrs;

	*err = file_read(interp, interp->first, xelf_ehdr_size(limits->machine),
			 0);
	if (*err)
		return XELF_INTERP_SHORT;
	xelf_widen_ehdr(&interp->ehdr, interp->first, limits->machine);
	reason = xelf_check_interp(&interp->ehdr, limits);
	if (reason)
		return reason;
	if (read_phdrs(interp, &phdrs))
		return XELF_INTERP_PHDRS;
	reason = xelf_check_interp_type(&interp->ehdr);
	if (reason) {
		free(phdrs);
		return reason;
	}
	xelf_make_plan(&plan, &interp->ehdr, phdrs, PAGE_SIZE_SHOWN);
	reason = xelf_check_interp_plan(&plan, limits);
	free(phdrs);
	return reason;
}

static bool image_interp(struct image *img)
{
	enum xelf_reason reason;
	struct file interp;
	char *path;
	int err;

	err = open_interp(&interp, img->interp);
	reason = err ? XELF_INTERP_OPEN : check_interp(&interp, img->limits,
							   &err);
	file_close(&interp);
	if (!reason)
		return true;
	path = escaped(img->interp);
	image_refuse(img, reason, err, "interpreter %s: %s", path,
		     err ? strerror(-err) : reason_text(reason));
	free(path);
	return false;
}

static bool image_segments(struct image *img)
{
	const struct xelf_plan *plan = &img->plan;
	enum xelf_reason reason = xelf_check_plan(&img->plan, img->limits);
	const Elf64_Phdr *phdr = img->phdrs + (plan->fault < 0 ? 0 : plan->fault);

	switch (reason) {
	case XELF_OK:
		return true;
	case XELF_FILESZ_EXCEEDS_MEMSZ:
		return image_refuse(img, reason, 0,
				    "program header %d: file size 0x%llx is larger than memory size 0x%llx",
				    plan->fault, HEX(phdr->p_filesz),
				    HEX(phdr->p_memsz));
	case XELF_VADDR_OUT_OF_RANGE:
		return image_refuse(img, reason, 0,
				    "program header %d: address 0x%llx with memory size 0x%llx lies outside user space, which ends at 0x%llx",
				    plan->fault, HEX(phdr->p_vaddr),
				    HEX(phdr->p_memsz),
				    HEX(img->limits->task_size));
	case XELF_OFFSET_MISALIGNED:
		return image_refuse(img, reason, 0,
				    "program header %d: file offset 0x%llx and address 0x%llx differ within the page of 0x%x",
				    plan->fault, HEX(phdr->p_offset),
				    HEX(phdr->p_vaddr),
				    PAGE_SIZE_SHOWN);
	case XELF_OFFSET_OUT_OF_RANGE:
		return image_refuse(img, reason, 0,
				    "program header %d: file offset 0x%llx and file size 0x%llx overflow",
				    plan->fault, HEX(phdr->p_offset),
				    HEX(phdr->p_filesz));
	case XELF_ENTRY_OUT_OF_RANGE:
		return image_refuse(img, reason, 0,
				    "the entry 0x%llx lies outside user space, which ends at 0x%llx",
				    HEX(plan->ehdr->e_entry),
				    HEX(img->limits->task_size));
	default:
		return image_refuse(img, reason, 0, "%s", reason_text(reason));
	}
}

/* The program headers of a file that is refused, for those who only look. */
static void image_phdrs_anyway(struct image *img)
{
	struct xelf_limits limits = *img->limits;

	limits.machine = img->file->ehdr.e_machine;
	limits.phdrs_size = PHDRS_SIZE_SHOWN;
	if (xelf_check_phdr_table(&img->file->ehdr, &limits) ||
	    read_phdrs(img->file, &img->phdrs))
		return;
	xelf_make_plan(&img->plan, &img->file->ehdr, img->phdrs,
		       PAGE_SIZE_SHOWN);
}

/**
 * image_read() - walk a file as exec would
 * @img: filled in, up to where exec would refuse, and with the program headers
 *	if they can be read; for image_free() to undo
 * @file: opened by file_open(), must outlive @img; its tag is not looked at
 * @open_interp: also look at the interpreter that this machine has, if the
 *	file is for this machine
 */
void image_read(struct image *img, const struct file *file, bool open_interp)
{
	*img = (struct image){
		.file = file,
		.limits = machine_limits(file->ehdr.e_machine),
	};

	if (!image_header(img)) {
		image_phdrs_anyway(img);
		return;
	}
	if (!image_phdrs(img))
		return;
	if (img->plan.interp >= 0) {
		if (!image_interp_path(img))
			return;
		if (open_interp && machine_is_this(file->ehdr.e_machine) &&
		    !image_interp(img))
			return;
	}
	image_segments(img);
}

/**
 * image_free() - undo image_read()
 * @img: the image
 */
void image_free(struct image *img)
{
	free(img->phdrs);
	free(img->interp);
	free(img->detail);
}

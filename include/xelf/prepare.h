/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Before the point of no return: what is read of the program and of its
 * interpreter, and refused if it cannot be loaded. A part of binfmt_xelf.c.
 */
#ifndef _XELF_PREPARE_H
#define _XELF_PREPARE_H

#include <linux/binfmts.h>
#include <linux/fs.h>
#include <linux/nospec.h>
#include <linux/slab.h>

#include <xelf/arch.h>
#include <xelf/compat.h>
#include <xelf/load.h>
#include <xelf/property.h>

/* All of @size bytes at @pos, or an errno; a short read is EIO. */
static int xelf_read(struct file *file, void *buf, size_t size, loff_t pos)
{
	ssize_t got = kernel_read(file, buf, size, &pos);

	if (got < 0)
		return got;
	return got == size ? 0 : -EIO;
}

/*
 * Reads the head of a file into @head, which holds @have bytes of it already.
 * A file that ends sooner has a shorter head.
 */
static int xelf_read_head(struct xelf_image *image, u8 *head, size_t have)
{
	loff_t pos = have;
	ssize_t got = kernel_read(image->file, head + have,
				  XELF_HEAD_SIZE - have, &pos);

	if (got < 0)
		return got;
	image->head = head;
	image->head_size = have + got;
	return 0;
}

/* @size bytes at @offset of the file, if they are in its head; else NULL. */
static const void *xelf_in_head(const struct xelf_image *image, u64 offset,
				u64 size)
{
	if (offset > image->head_size || size > image->head_size - offset)
		return NULL;
	/* The file names the offset; a processor may not have waited. */
	return image->head + array_index_nospec((size_t)offset,
						image->head_size + 1);
}

/*
 * Reads the program headers and plans from them. Whatever fails has one errno
 * for each caller, so the errno of the read is not passed on.
 */
static int xelf_read_phdrs(struct xelf_image *image)
{
	unsigned int count = image->ehdr.e_phnum;
	size_t size = count * xelf_phdr_size(XELF_MACHINE);
	const void *in_head = xelf_in_head(image, image->ehdr.e_phoff, size);

	if (in_head && !xelf_is_elf32(XELF_MACHINE) &&
	    IS_ALIGNED((unsigned long)in_head, 8)) {
		image->phdrs = in_head;
	} else {
		Elf64_Phdr *phdrs = kmalloc_array(count, sizeof(*phdrs), GFP_KERNEL);
		void *bytes;

		if (!phdrs)
			return -ENOMEM;
		image->own_phdrs = phdrs;
		bytes = xelf_phdrs_in_file(phdrs, count, XELF_MACHINE);
		if (in_head)
			memcpy(bytes, in_head, size);
		else if (xelf_read(image->file, bytes, size, image->ehdr.e_phoff))
			return -EIO;
		xelf_widen_phdrs(phdrs, count, XELF_MACHINE);
		image->phdrs = phdrs;
	}
	xelf_make_plan(&image->plan, &image->ehdr, image->phdrs, PAGE_SIZE);
	return 0;
}

/*
 * The head of the program: the bytes that the kernel has read for us, which
 * are those that the checksum was taken of, and more if it takes more.
 */
static int xelf_read_program_head(struct xelf_load *load)
{
	struct xelf_image *program = &load->program;
	size_t phdrs_size = program->ehdr.e_phnum * xelf_phdr_size(XELF_MACHINE);
	const char *buf = load->bprm->buf;
	loff_t size = i_size_read(file_inode(program->file));

	program->head = (const u8 *)buf;
	program->head_size = min_t(loff_t, sizeof(load->bprm->buf), size);
	if (program->head_size < sizeof(load->bprm->buf) ||
	    xelf_in_head(program, program->ehdr.e_phoff, phdrs_size))
		return 0;
	/* Not on the stack, which is small on 32-bit machines. */
	load->program_head = kmalloc(XELF_HEAD_SIZE, GFP_KERNEL);
	/* Then the program headers are read by themselves. */
	if (!load->program_head)
		return 0;
	memcpy(load->program_head, buf, sizeof(load->bprm->buf));
	return xelf_read_head(program, load->program_head,
			      sizeof(load->bprm->buf));
}

/* Check: the first 128 bytes, then the program headers. */
static int xelf_check(struct xelf_load *load)
{
	struct xelf_image *program = &load->program;
	const char *buf = load->bprm->buf;
	int err;

	BUILD_BUG_ON(sizeof(load->bprm->buf) < XELF_CHECKED_SIZE);

	xelf_enter(load, XELF_STEP_CHECK);
	err = xelf_refuse_if(load, xelf_check_tag((const u8 *)buf));
	if (err)
		return err;
	/* From here on the header is what was tagged. */
	xelf_widen_ehdr(&program->ehdr, buf, XELF_MACHINE);
	err = xelf_refuse_if(load, xelf_check_header(&program->ehdr, &load->limits));
	if (err)
		return err;
	if (!xelf_processor_runs(&program->ehdr))
		return xelf_refuse(load, XELF_OTHER_ABI, 0);
	program->file = load->bprm->file;
	if (!xelf_can_mmap(program->file))
		return xelf_refuse(load, XELF_CANNOT_MAP, 0);
	if (xelf_read_program_head(load) || xelf_read_phdrs(program))
		return xelf_refuse(load, XELF_PHDRS_UNREADABLE, 0);
	xelf_tell(check, load->bprm->interp, &program->ehdr);
	return 0;
}

/*
 * The interpreter's path, read into *@own if it is not at hand already. What
 * *@own holds is the caller's to free, whatever comes.
 */
static int xelf_read_interp_path(struct xelf_load *load, const char **path,
				 char **own)
{
	struct xelf_image *program = &load->program;
	const Elf64_Phdr *phdr = &program->phdrs[program->plan.interp];
	int err;

	err = xelf_refuse_if(load, xelf_check_interp_size(phdr));
	if (err)
		return err;
	*path = xelf_in_head(program, phdr->p_offset, phdr->p_filesz);
	if (!*path) {
		*own = kmalloc(phdr->p_filesz, GFP_KERNEL);
		if (!*own)
			return xelf_refuse(load, XELF_NO_MEMORY, 0);
		err = xelf_read(program->file, *own, phdr->p_filesz,
				phdr->p_offset);
		if (err)
			return xelf_refuse(load, XELF_INTERP_UNREADABLE, err);
		*path = *own;
	}
	return xelf_refuse_if(load, xelf_check_interp_path(*path, phdr->p_filesz));
}

/* Reads and plans from an interpreter that is open. */
static int xelf_check_interp_file(struct xelf_load *load)
{
	struct xelf_image *interp = load->interp;
	int err;

	err = xelf_read_head(interp, (u8 *)(interp + 1), 0);
	if (!err && interp->head_size < xelf_ehdr_size(XELF_MACHINE))
		err = -EIO;
	if (err)
		return xelf_refuse(load, XELF_INTERP_SHORT, err);
	xelf_widen_ehdr(&interp->ehdr, interp->head, XELF_MACHINE);
	err = xelf_refuse_if(load, xelf_check_interp(&interp->ehdr, &load->limits));
	if (err)
		return err;
	if (!xelf_processor_runs(&interp->ehdr))
		return xelf_refuse(load, XELF_INTERP_MACHINE, 0);
	if (xelf_read_phdrs(interp))
		return xelf_refuse(load, XELF_INTERP_PHDRS, 0);
	return 0;
}

/*
 * The interpreter is opened and planned by the same code as the program. Its
 * file is released by xelf_release(), whatever comes.
 */
static int xelf_open_interp(struct xelf_load *load)
{
	struct xelf_image *interp;
	const char *path;
	char *own = NULL;
	struct file *file;
	int err;

	if (load->program.plan.interp < 0) {
		xelf_drop_substitute(load->bprm);
		return 0;
	}

	xelf_enter(load, XELF_STEP_OPEN);
	err = xelf_read_interp_path(load, &path, &own);
	if (err)
		goto out;
	/* With room for its head. */
	interp = kmalloc(sizeof(*interp) + XELF_HEAD_SIZE, GFP_KERNEL);
	if (!interp) {
		err = xelf_refuse(load, XELF_NO_MEMORY, 0);
		goto out;
	}
	file = xelf_open_interp_file(load->bprm, path, &load->substitute);
	xelf_tell(interpreter, path, PTR_ERR_OR_ZERO(file));
	if (IS_ERR(file)) {
		err = xelf_refuse(load, XELF_INTERP_OPEN, PTR_ERR(file));
		kfree(interp);
		goto out;
	}
	*interp = (struct xelf_image){ .file = file };
	load->interp = interp;
	/* A program must not become readable by way of its interpreter. */
	would_dump(load->bprm, file);
	err = xelf_check_interp_file(load);
out:
	kfree(own);
	return err;
}

/*
 * The properties of the image that is entered, and only that: an interpreter
 * looks after the program's itself.
 */
static noinline int xelf_read_properties(struct xelf_load *load)
{
	struct xelf_image *image = load->interp ?: &load->program;
	const Elf64_Phdr *phdr;
	enum xelf_reason reason;
	u8 note[XELF_PROPERTY_SIZE];
	loff_t pos;
	ssize_t got;
	bool bti;

	if (image->plan.property < 0)
		return 0;
	phdr = &image->phdrs[image->plan.property];
	if (phdr->p_filesz > sizeof(note))
		return xelf_refuse(load, XELF_PROPERTY_BAD, 0);
	pos = phdr->p_offset;
	got = kernel_read(image->file, note, phdr->p_filesz, &pos);
	if (got < 0)
		return xelf_refuse(load, XELF_PROPERTY_UNREADABLE, 0);
	reason = xelf_check_properties(note, got, sizeof(unsigned long),
				       XELF_MACHINE, &bti);
	if (!reason && bti)
		image->map_flags = XELF_MAP_BTI;
	return xelf_refuse_if(load, reason);
}

/* What the kernel's loader would find out only when it is too late. */
static int xelf_check_segments(struct xelf_load *load)
{
	struct xelf_plan *program = &load->program.plan;
	struct xelf_image *interp = load->interp;
	enum xelf_reason reason = XELF_OK;
	int err;

	xelf_enter(load, XELF_STEP_PLAN);
	if (IS_ENABLED(CONFIG_ARCH_USE_GNU_PROPERTY)) {
		err = xelf_read_properties(load);
		if (err)
			return err;
	}
	xelf_tell(plan, XELF_IMAGE_PROGRAM, program);
	if (interp) {
		xelf_tell(plan, XELF_IMAGE_INTERP, &interp->plan);
		reason = xelf_check_interp_type(&interp->ehdr);
		if (!reason && !xelf_can_mmap(interp->file))
			reason = XELF_INTERP_CANNOT_MAP;
		if (!reason)
			reason = xelf_check_interp_plan(&interp->plan,
							&load->limits);
	}
	if (!reason)
		reason = xelf_check_plan(program, &load->limits);
	return xelf_refuse_if(load, reason);
}

#endif /* _XELF_PREPARE_H */

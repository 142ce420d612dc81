/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the segments of an image are mapped: their file pages, what is cleared of
 * them, their bss. A part of binfmt_xelf.c.
 */
#ifndef _XELF_MAP_H
#define _XELF_MAP_H

#include <linux/elf-randomize.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/uaccess.h>

#include <xelf/load.h>
#include <xelf/symbols.h>

static int xelf_prot(u32 p_flags)
{
	return (p_flags & PF_R ? PROT_READ : 0) |
	       (p_flags & PF_W ? PROT_WRITE : 0) |
	       (p_flags & PF_X ? PROT_EXEC : 0);
}

/*
 * Maps the file pages of a segment. With @total, that much is taken first and
 * what is over given back, so that the kernel finds room for the whole image.
 * Returns the address or an errno.
 */
static unsigned long xelf_map_file(struct file *file, unsigned long addr,
				   const struct xelf_segment *seg, int prot,
				   unsigned long flags, unsigned long total)
{
	unsigned long size = total ?: seg->file_size;

	if (flags & XELF_MAP_BTI) {
		flags &= ~XELF_MAP_BTI;
		prot |= prot & PROT_EXEC ? XELF_PROT_BTI : 0;
	}
	addr = vm_mmap(file, addr, size, prot, flags, seg->file_offset);
	if (addr >= TASK_SIZE)
		return IS_ERR_VALUE(addr) ? addr : -EINVAL;
	if (size > seg->file_size)
		vm_munmap(addr + seg->file_size, size - seg->file_size);
	return addr;
}

/*
 * Finds room for an image without gaps, where mapping @total bytes of its
 * file would find it: *@bias goes there. Mapping them and giving back what is over
 * is how the kernel's loader asks; it costs as much as two mappings more. What
 * is found stays free: nobody else maps into the memory of a task that has
 * not started, and the stack's growth is kept away by the kernel's choice of
 * the place for mappings.
 */
static int xelf_find_room(struct file *file, const Elf64_Phdr *first,
			  unsigned long flags, unsigned long total,
			  unsigned long *bias)
{
	struct xelf_segment seg = xelf_segment(first, PAGE_SIZE);
	struct mm_struct *mm = current->mm;
	unsigned long addr = *bias + seg.addr;

	if (flags & MAP_FIXED_NOREPLACE)
		flags |= MAP_FIXED;
	flags &= ~XELF_MAP_BTI;
	mmap_read_lock(mm);
	addr = xelf_get_unmapped_area(file, addr, total,
				      seg.file_offset >> PAGE_SHIFT, flags);
	if (!IS_ERR_VALUE(addr) && (flags & MAP_FIXED_NOREPLACE) &&
	    find_vma_intersection(mm, addr, addr + total))
		addr = -EEXIST;
	mmap_read_unlock(mm);
	if (IS_ERR_VALUE(addr))
		return addr;
	*bias = addr - seg.addr;
	return 0;
}

/*
 * Is it all the same how room is found? While all of an image, @total bytes, is
 * mapped as its first segment, the limits on a task's memory count what lies in
 * gaps, and, if that segment can be written, the others as data; and a file has
 * offsets up to LONG_MAX at least.
 */
static bool xelf_can_find_room(const struct xelf_image *image,
			       const Elf64_Phdr *first, unsigned long total)
{
	return !image->plan.gaps && first->p_filesz &&
	       !(first->p_flags & PF_W) && total <= LONG_MAX &&
	       first->p_offset <= LONG_MAX - total;
}

/*
 * Takes the fault that the next touch of @addr is bound to be. An exception maps
 * the same pages and costs more; what fails here is left to it.
 */
static void xelf_touch(unsigned long addr, unsigned int fault_flags)
{
	struct mm_struct *mm = current->mm;
	bool unlocked = false;

	mmap_read_lock(mm);
	fixup_user_fault(mm, addr, fault_flags, &unlocked);
	mmap_read_unlock(mm);
}

/* Clears the rest of a file page. Return: bytes that could not be cleared. */
static unsigned long xelf_clear(unsigned long addr, unsigned long size)
{
	if (!size)
		return 0;
	xelf_touch(addr, FAULT_FLAG_WRITE);
	return clear_user((void __user *)addr, size);
}

/*
 * Pages of zeroes, writable whatever p_flags says. Not by vm_mmap(), which
 * would merge them with a mapping behind them; brk does so only before them.
 */
static int xelf_map_anon(unsigned long addr, unsigned long size, int prot)
{
	if (!size)
		return 0;
	/* The last argument became a bool in 7.x: this is right as either. */
	return static_call(xelf_vm_brk_flags)(addr, size,
					      prot & PROT_EXEC ? VM_EXEC : 0);
}

#include <xelf/bss_merged.h>

/* Bytes that an image takes, whole pages; 0 if it can have no room. */
static unsigned long xelf_image_total(const struct xelf_image *image)
{
	unsigned long size;

	if (!XELF_SIZE_BY_ORDER)
		return PAGE_ALIGN(xelf_plan_size(&image->plan));
	size = xelf_plan_size_by_order(&image->plan);
	/* Less than nothing is no room at all, but for who does not ask for it. */
	return size ? PAGE_ALIGN(size) ?: -PAGE_SIZE : 0;
}

/*
 * Maps one PT_LOAD at *@bias: its file pages, the cleared rest of the last of
 * them, its anonymous pages. Where @flags leaves the place to the kernel,
 * *@bias comes back as the place that it chose.
 */
static int xelf_map_segment(struct file *file, const Elf64_Phdr *phdr,
			    unsigned long flags, unsigned long total,
			    unsigned long *bias)
{
	struct xelf_segment seg = xelf_segment(phdr, PAGE_SIZE);
	int prot = xelf_prot(phdr->p_flags);
	unsigned long addr;

	if (seg.file_size) {
		addr = xelf_map_file(file, *bias + seg.addr, &seg, prot, flags,
				     total);
		if (IS_ERR_VALUE(addr))
			return addr;
		*bias = addr - seg.addr;
	} else if (xelf_in_memory(*bias, seg.addr) >= TASK_SIZE) {
		/* Even if there is nothing to map. */
		return -EINVAL;
	}
	if (xelf_clear(xelf_in_memory(*bias, seg.clear_addr), seg.clear_size) &&
	    xelf_clear_must_succeed(phdr->p_flags))
		return -EFAULT;
	return xelf_map_anon(*bias + seg.anon_addr, seg.anon_size, prot);
}

/* @bss: its zeroes are its own, and not told of for the whole image. */
static noinline __cold void __xelf_tell_segment(unsigned int which,
						const struct xelf_image *image,
						int index, bool bss)
{
	const Elf64_Phdr *phdr = &image->phdrs[index];
	struct xelf_segment seg = xelf_segment(phdr, PAGE_SIZE);

	trace_xelf_segment(which, index, &seg, image->bias,
			   xelf_prot(phdr->p_flags));
	if (bss && (seg.clear_size || seg.anon_size))
		trace_xelf_bss(which, index, &seg, image->bias);
}

/* Tells of a segment that was mapped. */
static __always_inline void xelf_tell_segment(unsigned int which,
					      const struct xelf_image *image,
					      int index, bool bss)
{
	if (trace_xelf_segment_enabled() || (bss && trace_xelf_bss_enabled()))
		__xelf_tell_segment(which, image, index, bss);
}

/*
 * Where a position-independent program goes: from two thirds of user space up
 * if it has an interpreter, so that brk has room to grow; else, being perhaps an
 * interpreter itself, to where the kernel maps files.
 *
 * Sets the bias to ask for and the flags of the first mapping.
 */
static int xelf_place_program(struct xelf_load *load, const Elf64_Phdr *first,
			      unsigned long *flags)
{
	struct xelf_image *program = &load->program;
	unsigned long align = program->plan.align;
	unsigned long addr = 0;
	int err;

	if (load->interp) {
		addr = ELF_ET_DYN_BASE;
		if (current->flags & PF_RANDOMIZE)
			addr += static_call(xelf_arch_mmap_rnd)();
		*flags |= XELF_MAP_FIRST;
	} else if (XELF_STATIC_PIE_ALIGNED && align > PAGE_SIZE) {
		/* Ask where the image would go, then move it down to fit. */
		unsigned long floor = xelf_page_floor(first->p_vaddr, PAGE_SIZE);
		unsigned long bias = -floor;

		err = xelf_map_segment(program->file, first, *flags,
				       xelf_image_total(program), &bias);
		if (err)
			return err;
		addr = bias + floor;
		vm_munmap(addr, xelf_plan_size(&program->plan));
		*flags |= MAP_FIXED_NOREPLACE;
	}
	if (align)
		addr &= ~(align - 1);
	program->bias = xelf_page_floor(addr - first->p_vaddr, PAGE_SIZE);
	return 0;
}

/* Maps one PT_LOAD of the program, the next in the table's order. */
static int xelf_map_program_segment(struct xelf_load *load,
				    const Elf64_Phdr *phdr, unsigned long flags,
				    unsigned long total, struct xelf_bss *bss)
{
	struct xelf_image *program = &load->program;
	int err;

	if (!XELF_PROGRAM_BSS_MERGED)
		return xelf_map_segment(program->file, phdr, flags, total,
					&program->bias);
	err = xelf_bss_between(bss, program->bias);
	if (!err)
		err = xelf_map_file_pages(program->file, phdr, flags, total,
					  &program->bias);
	xelf_bss_add(bss, phdr, 0);
	return err;
}

static int xelf_map_program(struct xelf_load *load)
{
	struct xelf_image *program = &load->program;
	unsigned long flags = XELF_MAP_FILE | program->map_flags;
	struct xelf_bss bss = { };
	unsigned long total = 0;
	bool first = true;
	int i, err = 0;

	xelf_enter(load, XELF_STEP_PROGRAM);
	for (i = 0; i < program->ehdr.e_phnum; i++) {
		const Elf64_Phdr *phdr = &program->phdrs[i];

		if (phdr->p_type != PT_LOAD)
			continue;
		if (first && program->ehdr.e_type == ET_DYN) {
			total = xelf_image_total(program);
			err = total ? xelf_place_program(load, phdr, &flags) :
				      -EINVAL;
			if (!err && xelf_can_find_room(program, phdr, total)) {
				err = xelf_find_room(program->file, phdr, flags,
						     total, &program->bias);
				flags |= XELF_MAP_FIRST;
				total = 0;
			}
		} else if (first) {
			flags |= XELF_MAP_FIRST;
		}
		if (!err)
			err = xelf_map_program_segment(load, phdr, flags, total,
						       &bss);
		if (err)
			break;
		xelf_tell_segment(XELF_IMAGE_PROGRAM, program, i,
				  !XELF_PROGRAM_BSS_MERGED);
		/* The first mapping reserved the room for all the others. */
		flags = XELF_MAP_FILE | MAP_FIXED | program->map_flags;
		total = 0;
		first = false;
	}
	if (!err && XELF_PROGRAM_BSS_MERGED)
		err = xelf_bss_of_program(&bss, program->bias);
	if (err)
		return xelf_kill(XELF_STEP_PROGRAM, err);

	load->entry = program->ehdr.e_entry + program->bias;
	if (!load->interp && load->entry >= TASK_SIZE)
		return xelf_kill(XELF_STEP_PROGRAM, -EINVAL);
	return 0;
}

static int xelf_map_interp_segment(struct xelf_load *load,
				   const Elf64_Phdr *phdr, unsigned long flags,
				   unsigned long total)
{
	struct xelf_image *interp = load->interp;
	int err;

	if (XELF_INTERP_BSS_MERGED)
		err = xelf_map_file_pages(interp->file, phdr, flags, total,
					  &interp->bias);
	else
		err = xelf_map_segment(interp->file, phdr, flags, total,
				       &interp->bias);
	if (err)
		return err;
	/* Only now is it known where it lies. */
	if (!xelf_in_user_space(xelf_in_memory(interp->bias, phdr->p_vaddr),
				phdr->p_memsz, &load->limits))
		return -ENOMEM;
	return 0;
}

static int xelf_map_interp(struct xelf_load *load)
{
	struct xelf_image *interp = load->interp;
	struct xelf_bss bss = { };
	unsigned long flags, total;
	bool first = true;
	bool fixed;
	int i, err;

	if (!interp)
		return 0;

	xelf_enter(load, XELF_STEP_INTERP);
	fixed = interp->ehdr.e_type == ET_EXEC;
	flags = XELF_MAP_FILE | (fixed ? MAP_FIXED : 0) | interp->map_flags;
	total = xelf_image_total(interp);
	err = total ? 0 : -EINVAL;
	for (i = 0; !err && i < interp->ehdr.e_phnum; i++) {
		const Elf64_Phdr *phdr = &interp->phdrs[i];

		if (phdr->p_type != PT_LOAD)
			continue;
		/*
		 * Anywhere, unless the program is where it was linked: then the
		 * interpreter's own address is a wish. 0 is none.
		 */
		if (first && !fixed && load->program.bias)
			interp->bias = -xelf_page_floor(phdr->p_vaddr, PAGE_SIZE);
		if (first && !fixed && xelf_can_find_room(interp, phdr, total) &&
		    !xelf_page_floor(xelf_in_memory(interp->bias, phdr->p_vaddr),
				     PAGE_SIZE)) {
			err = xelf_find_room(interp->file, phdr, flags, total,
					     &interp->bias);
			if (err)
				break;
			flags |= MAP_FIXED_NOREPLACE;
			total = 0;
		}
		err = xelf_map_interp_segment(load, phdr, flags, total);
		if (err)
			break;
		xelf_bss_add(&bss, phdr, interp->bias);
		xelf_tell_segment(XELF_IMAGE_INTERP, interp, i,
				  !XELF_INTERP_BSS_MERGED);
		flags = XELF_MAP_FILE | MAP_FIXED | interp->map_flags;
		total = 0;
		first = false;
	}
	if (!err && XELF_INTERP_BSS_MERGED)
		err = xelf_bss_of_interp(&bss);
	if (err)
		return xelf_kill(XELF_STEP_INTERP, err);

	load->entry = interp->ehdr.e_entry + interp->bias;
	if (load->entry >= TASK_SIZE)
		return xelf_kill(XELF_STEP_INTERP, -EINVAL);
	return 0;
}

#endif /* _XELF_MAP_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Maps pages ahead, as hints ask for it: what the program's own faults would
 * map, in batches, before it runs.
 *
 * Nothing is mapped that a fault of the program would not map: each page goes
 * through the VMA's own operations, with the VMA's rights, and clipped to it.
 * Whatever fails is left for the program to fault in. A part of binfmt_xelf.c.
 */
#ifndef _XELF_AHEAD_H
#define _XELF_AHEAD_H

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/pgtable.h>

#include <xelf/compat.h>
#include <xelf/hints.h>
#include <xelf/prepare.h>

static bool hints = true;
module_param(hints, bool, 0644);
MODULE_PARM_DESC(hints,
		 "0: leave the hints of tagged files alone (default 1)");

/**
 * struct xelf_ahead - pages to be mapped ahead
 * @mm: the memory of the program
 * @places: where the images and the stack lie, by enum xelf_hint_place; an
 *	empty one has no hints
 * @read_pages: how many more pages may be mapped to be read
 * @write_pages: how many more to be written
 * @tables: how many more page-table pages may be made
 * @budget: what all of it may still cost, as XELF_HINTS_BUDGET has it
 * @ignored: how many runs were not followed
 * @vma: the VMA that was found last; NULL if it may have changed
 * @pmd: the page-table page that was found last, NULL if there was none
 * @pmd_end: the first address after what @pmd is for; 0: look it up
 */
struct xelf_ahead {
	struct mm_struct *mm;
	struct xelf_extent places[XELF_HINT_STACK + 1];
	unsigned int read_pages;
	unsigned int write_pages;
	unsigned int tables;
	unsigned int budget;
	unsigned int ignored;
	struct vm_area_struct *vma;
	pmd_t *pmd;
	unsigned long pmd_end;
};

/* Takes @cost from the budget; false if there is not that much. */
static bool xelf_spend(struct xelf_ahead *ahead, unsigned int cost)
{
	if (ahead->budget < cost)
		return false;
	ahead->budget -= cost;
	return true;
}

/* The page-table page's entry for @addr, or NULL where there is none yet. */
static pmd_t *xelf_find_pmd(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	if (pgd_none(*pgd) || unlikely(pgd_bad(*pgd)))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d) || unlikely(p4d_bad(*p4d)))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud) || unlikely(pud_bad(*pud)))
		return NULL;
	pmd = pmd_offset(pud, addr);
	/* A huge page is no table, and needs none. */
	return pmd_none(*pmd) || unlikely(pmd_bad(*pmd)) ? NULL : pmd;
}

/* The page-table page for @addr, or NULL; looked up once for each. */
static pmd_t *xelf_look_up_table(struct xelf_ahead *ahead, unsigned long addr)
{
	if (addr >= ahead->pmd_end || addr < ahead->pmd_end - PMD_SIZE) {
		ahead->pmd_end = (addr & PMD_MASK) + PMD_SIZE;
		ahead->pmd = xelf_find_pmd(ahead->mm, addr);
	}
	return ahead->pmd;
}

/* May one more page-table page be made? A fault then makes it. */
static bool xelf_take_table(struct xelf_ahead *ahead)
{
	if (!ahead->tables || !xelf_spend(ahead, XELF_HINTS_TABLE_COST))
		return false;
	ahead->tables--;
	ahead->pmd_end = 0;
	return true;
}

/* The first VMA that ends above @addr. Runs are mostly in order. */
static struct vm_area_struct *xelf_next_vma(struct xelf_ahead *ahead,
					    unsigned long addr)
{
	struct vm_area_struct *vma = ahead->vma;

	if (!vma || addr < vma->vm_start || addr >= vma->vm_end)
		ahead->vma = find_vma(ahead->mm, addr);
	return ahead->vma;
}

/*
 * May a page of the VMA found last be written for which there is no page-table
 * page yet? The fault makes one; or it makes a huge page, which is more than was asked for.
 */
static bool xelf_may_write_first(struct xelf_ahead *ahead, unsigned long addr)
{
	struct vm_area_struct *vma = ahead->vma;
	unsigned long huge = addr & PMD_MASK;

	if (vma_is_anonymous(vma) && huge >= vma->vm_start &&
	    huge + PMD_SIZE <= vma->vm_end)
		return false;
	return xelf_take_table(ahead);
}

/*
 * Pages that are to be written, one by one. A page that must be copied from
 * the file is copied at once, and not mapped to be read before.
 */
static void xelf_write_ahead(struct xelf_ahead *ahead, unsigned long addr,
			     unsigned long end)
{
	struct vm_area_struct *vma;
	bool unlocked = false;
	int err;

	for (; addr < end && ahead->write_pages; addr += PAGE_SIZE) {
		/* A fault below the stack would make it grow. */
		vma = xelf_next_vma(ahead, addr);
		if (!vma || addr < vma->vm_start)
			return;
		if (!xelf_spend(ahead, XELF_HINTS_WRITE_COST))
			return;
		ahead->write_pages--;
		if (!xelf_look_up_table(ahead, addr) &&
		    !xelf_may_write_first(ahead, addr))
			return;
		/* Refuses what the VMA's rights refuse. */
		err = fixup_user_fault(ahead->mm, addr, FAULT_FLAG_WRITE,
				       &unlocked);
		/* What was found before the lock was dropped may be gone. */
		if (unlocked) {
			ahead->vma = NULL;
			ahead->pmd_end = 0;
		}
		if (err)
			return;
	}
}

/*
 * Finds the page-table page for @addr in ahead->pmd, NULL if there is none to
 * be had. Returns false if the VMA must be looked up again.
 */
static bool xelf_find_table(struct xelf_ahead *ahead, unsigned long addr)
{
	bool unlocked = false;

	if (xelf_look_up_table(ahead, addr) || !xelf_take_table(ahead))
		return true;
	fixup_user_fault(ahead->mm, addr, 0, &unlocked);
	xelf_look_up_table(ahead, addr);
	if (!unlocked)
		return true;
	ahead->vma = NULL;
	return false;
}

/* Pages that are to be read, of files that are in the page cache. */
static void xelf_read_ahead(struct xelf_ahead *ahead, unsigned long addr,
			    unsigned long end)
{
	while (addr < end && xelf_spend(ahead, XELF_HINTS_RUN_COST)) {
		struct vm_area_struct *vma = xelf_next_vma(ahead, addr);
		unsigned long piece, pages;

		if (!vma || vma->vm_start >= end)
			return;
		if (addr < vma->vm_start)
			addr = vma->vm_start;
		piece = min(pmd_addr_end(addr, end), vma->vm_end);
		if (!vma->vm_ops || !vma->vm_ops->map_pages ||
		    !(vma->vm_flags & (VM_READ | VM_EXEC))) {
			addr = piece;
			continue;
		}
		if (!xelf_find_table(ahead, addr))
			continue;
		pages = min3((unsigned long)ahead->read_pages,
			     (unsigned long)ahead->budget / XELF_HINTS_READ_COST,
			     (piece - addr) >> PAGE_SHIFT);
		if (!pages)
			return;
		piece = addr + (pages << PAGE_SHIFT);
		ahead->read_pages -= pages;
		ahead->budget -= pages * XELF_HINTS_READ_COST;
		if (ahead->pmd)
			xelf_map_pages(vma, ahead->pmd, addr, piece);
		addr = piece;
	}
}

/* What there is of the stack: a fault below it would make it grow. */
static void xelf_clip_to_stack(struct xelf_ahead *ahead)
{
	struct xelf_extent *stack = &ahead->places[XELF_HINT_STACK];
	struct vm_area_struct *vma = find_vma(ahead->mm, stack->end - 1);

	if (!vma || vma->vm_start >= stack->end)
		stack->start = stack->end;
	else if (stack->start < vma->vm_start)
		stack->start = vma->vm_start;
}

/**
 * xelf_map_ahead() - map what hints ask for
 * @ahead: where and how much; what was tried is taken off
 * @hints: from xelf_find_hints()
 *
 * In the order of the trailer, in which what is to be written comes first: it
 * makes page-table pages that what is to be read can use. May sleep; after the
 * point of no return, when the program's memory is all there.
 */
static void xelf_map_ahead(struct xelf_ahead *ahead,
			   const struct xelf_hints *hints)
{
	unsigned int i;

	ahead->ignored = hints->count;
	mmap_read_lock(ahead->mm);
	xelf_clip_to_stack(ahead);
	for (i = 0; i < hints->count; i++) {
		struct xelf_hint hint = xelf_hint_at(hints, i);
		struct xelf_extent run;

		if (hint.access > XELF_HINT_WRITE ||
		    hint.place >= ARRAY_SIZE(ahead->places))
			continue;
		hint.place = array_index_nospec(hint.place,
						ARRAY_SIZE(ahead->places));
		run = xelf_hint_extent(&hint, &ahead->places[hint.place],
				       PAGE_SHIFT);
		if (run.start >= run.end)
			continue;
		ahead->ignored--;
		if (hint.access == XELF_HINT_WRITE)
			xelf_write_ahead(ahead, run.start, run.end);
		else
			xelf_read_ahead(ahead, run.start, run.end);
	}
	mmap_read_unlock(ahead->mm);
}

/* The hints in the last bytes of the program's file. */
static enum xelf_hints_fault xelf_read_hints(struct file *file, u8 *tail,
					     struct xelf_hints *found)
{
	loff_t file_size = i_size_read(file_inode(file));
	size_t size = min_t(loff_t, file_size, XELF_HINTS_MAX_SIZE);

	if (xelf_read(file, tail, size, file_size - size))
		return XELF_HINTS_UNREADABLE;
	return xelf_find_hints(tail, size, PAGE_SHIFT, found);
}

/* The memory of an image, in whole pages. */
static struct xelf_extent xelf_image_extent(const struct xelf_image *image)
{
	struct xelf_extent extent = {
		.start = xelf_in_memory(image->bias, image->plan.low),
		.end = xelf_in_memory(image->bias, PAGE_ALIGN(image->plan.high)),
	};

	/* Without segments, and around the end of all addresses, it has none. */
	if (!image->plan.loads || extent.start >= extent.end)
		extent.end = extent.start;
	return extent;
}

/* Is the interpreter the one that the hints are for? */
static bool xelf_same_interp(const struct xelf_load *load, u64 sum)
{
	const struct xelf_image *interp = load->interp;

	return interp &&
	       sum == xelf_interp_sum(interp->head, interp->head_size,
				      i_size_read(file_inode(interp->file)));
}

/* Does the file say that it has hints, and are they wanted? */
static bool xelf_has_hints(const struct xelf_load *load)
{
	return load->bprm->buf[XELF_VERSION_OFFSET] & XELF_FLAG_HINTS &&
	       READ_ONCE(hints);
}

/*
 * Pages that the program will touch at once are mapped at once, if its file
 * says which. Costs time if the file is wrong, and a bounded time.
 */
static noinline void xelf_use_hints(struct xelf_load *load)
{
	struct mm_struct *mm = current->mm;
	struct xelf_ahead ahead = {
		.mm = mm,
		.read_pages = XELF_HINTS_READ_PAGES,
		.write_pages = XELF_HINTS_WRITE_PAGES,
		.tables = XELF_HINTS_TABLES,
		.budget = XELF_HINTS_BUDGET,
	};
	u8 tail[XELF_HINTS_MAX_SIZE] __uninitialized;
	enum xelf_hints_fault fault;
	struct xelf_hints found;

	xelf_enter(load, XELF_STEP_HINTS);
	fault = xelf_read_hints(load->program.file, tail, &found);
	if (fault) {
		atomic_long_inc(&xelf_hints_ignored[fault]);
		return;
	}
	ahead.places[XELF_HINT_PROGRAM] = xelf_image_extent(&load->program);
	if (found.interp && xelf_same_interp(load, found.interp))
		ahead.places[XELF_HINT_INTERP] = xelf_image_extent(load->interp);
	else if (found.interp)
		atomic_long_inc(&xelf_hints_ignored[XELF_HINTS_OTHER_INTERP]);
	/* All that lies below; there may be less of a stack. */
	ahead.places[XELF_HINT_STACK].end = PAGE_ALIGN(mm->start_stack + 1);
	xelf_map_ahead(&ahead, &found);
	atomic_long_inc(&xelf_hints_used);
	xelf_tell(hints, found.count,
		  XELF_HINTS_READ_PAGES - ahead.read_pages +
		  XELF_HINTS_WRITE_PAGES - ahead.write_pages,
		  ahead.ignored);
}

#endif /* _XELF_AHEAD_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How kernels map segments that give an image one bss: those before 6.7, see
 * XELF_PROGRAM_BSS_MERGED and XELF_INTERP_BSS_MERGED. A part of binfmt_xelf.c;
 * it can go with the last of them.
 */
#ifndef _XELF_BSS_MERGED_H
#define _XELF_BSS_MERGED_H

/*
 * What is between the highest end of file contents and the highest end of
 * memory of the segments so far. Of a program by the file's own addresses, of
 * an interpreter by those in memory: which end is the highest is another one if
 * the file's wrap. @cleared: where memory was cleared from last.
 */
struct xelf_bss {
	unsigned long start;
	unsigned long end;
	unsigned long cleared;
	int prot;
};

/* @bias: of an interpreter; 0 for a program. */
static void xelf_bss_add(struct xelf_bss *bss, const Elf64_Phdr *phdr,
			 unsigned long bias)
{
	unsigned long addr = phdr->p_vaddr + bias;

	bss->start = max_t(unsigned long, bss->start, addr + phdr->p_filesz);
	if (bss->end < addr + phdr->p_memsz) {
		bss->end = addr + phdr->p_memsz;
		bss->prot = xelf_prot(phdr->p_flags);
	}
}

/* The event's index is that of no segment. */
static noinline void xelf_bss_trace(unsigned int image,
				    const struct xelf_bss *bss,
				    unsigned long bias)
{
	unsigned long page = PAGE_ALIGN(bss->start);
	struct xelf_segment seg = {
		.clear_addr = bss->start,
		.clear_size = page - bss->start,
		.anon_addr = page,
		.anon_size = max(PAGE_ALIGN(bss->end), page) - page,
	};

	trace_xelf_bss(image, -1, &seg, bias);
}

/* A page takes its first fault once, however often it is cleared. */
static unsigned long xelf_bss_clear(struct xelf_bss *bss, unsigned long addr,
				    unsigned long size)
{
	bool again = bss->cleared == addr;

	bss->cleared = addr;
	return again ? clear_user((void __user *)addr, size) :
		       xelf_clear(addr, size);
}

static int xelf_bss_map_anon(const struct xelf_bss *bss, unsigned long bias)
{
	unsigned long start = PAGE_ALIGN(bss->start + bias);
	unsigned long end = PAGE_ALIGN(bss->end + bias);

	return end > start ? xelf_map_anon(start, end - start, bss->prot) : 0;
}

/*
 * The file pages of one PT_LOAD. Even without file contents: a segment that
 * does not begin as a page does gets the page that it begins in.
 */
static int xelf_map_file_pages(struct file *file, const Elf64_Phdr *phdr,
			       unsigned long flags, unsigned long total,
			       unsigned long *bias)
{
	unsigned long in_page = offset_in_page(phdr->p_vaddr);
	struct xelf_segment seg = xelf_segment(phdr, PAGE_SIZE);
	unsigned long addr;

	seg.file_offset = phdr->p_offset - in_page;
	seg.file_size = PAGE_ALIGN(phdr->p_filesz + in_page);
	if (!seg.file_size)
		return xelf_in_memory(*bias, seg.addr) < TASK_SIZE ? 0 : -EINVAL;
	addr = xelf_map_file(file, *bias + seg.addr, &seg,
			     xelf_prot(phdr->p_flags), flags, total);
	if (IS_ERR_VALUE(addr))
		return addr;
	*bias = addr - seg.addr;
	return 0;
}

/*
 * The bss of a program before its next segment, if there is one yet. Clearing
 * may fail here, and stops where the bss does, not at the page's end.
 */
static int xelf_bss_between(struct xelf_bss *bss, unsigned long bias)
{
	unsigned long size = min(PAGE_ALIGN(bss->start) - bss->start,
				 bss->end - bss->start);
	int err;

	if (bss->end <= bss->start)
		return 0;
	err = xelf_bss_map_anon(bss, bias);
	if (err)
		return err;
	if (xelf_bss_clear(bss, bss->start + bias, size))
		pr_debug("bss: the rest of a page keeps the file's bytes\n");
	return 0;
}

/* The bss after a program's last segment. A failing clear is fatal. */
static int xelf_bss_of_program(struct xelf_bss *bss, unsigned long bias)
{
	int err = xelf_bss_map_anon(bss, bias);

	if (err || bss->end == bss->start)
		return err;
	if (trace_xelf_bss_enabled())
		xelf_bss_trace(XELF_IMAGE_PROGRAM, bss, bias);
	return xelf_bss_clear(bss, bss->start + bias,
			      PAGE_ALIGN(bss->start) - bss->start) ? -EFAULT : 0;
}

/* That of an interpreter: cleared also where nothing but the file is mapped. */
static int xelf_bss_of_interp(const struct xelf_bss *bss)
{
	if (xelf_clear(bss->start,
		       PAGE_ALIGN(bss->start) - bss->start))
		return -EFAULT;
	if (trace_xelf_bss_enabled())
		xelf_bss_trace(XELF_IMAGE_INTERP, bss, 0);
	return xelf_bss_map_anon(bss, 0);
}

#endif /* _XELF_BSS_MERGED_H */

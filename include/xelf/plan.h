/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From program headers to a plan: what will be mapped where, with which rights.
 *
 * Pure code, as check.h. One plan serves the program and its interpreter, the
 * module and the tool. All addresses are the file's own; the load bias is
 * added by whoever maps.
 */
#ifndef _XELF_PLAN_H
#define _XELF_PLAN_H

#include "check.h"

/**
 * enum xelf_stack - what PT_GNU_STACK asks for; the values of EXSTACK_*
 * @XELF_STACK_DEFAULT: no PT_GNU_STACK: the machine's default
 * @XELF_STACK_NOEXEC: a stack that cannot be executed
 * @XELF_STACK_EXEC: a stack that can
 */
enum xelf_stack {
	XELF_STACK_DEFAULT = 0,
	XELF_STACK_NOEXEC = 1,
	XELF_STACK_EXEC = 2,
};

/**
 * struct xelf_plan - all that the program headers say to a loader
 * @ehdr: the ELF header that was planned from
 * @phdrs: the program headers; @ehdr->e_phnum of them
 * @interp: index of the first PT_INTERP, or -1
 * @property: index of the last PT_GNU_PROPERTY, or -1
 * @fault: index of the program header that xelf_check_plan() refused, or -1
 * @loads: number of PT_LOADs
 * @gaps: the file pages of the PT_LOADs do not follow each other page by page, in
 *	their order, or one of them wraps
 * @entry_in_file: the entry lies in file contents of an executable PT_LOAD
 * @entry_in_tail: it lies in a page whose rest behind file contents is cleared
 * @stack: what the last PT_GNU_STACK asks for
 * @low: lowest address of a PT_LOAD, rounded down to its page
 * @high: end of the highest PT_LOAD, not rounded; also where brk begins
 * @first: address of the first PT_LOAD in the table, rounded down to its page
 * @last_end: end of the last PT_LOAD in the table, not rounded
 * @align: bytes; the largest p_align of a PT_LOAD that is a power of two,
 *	rounded up to a page; 0 if none is
 * @phdr_addr: address of the program headers in memory; 0 if no PT_LOAD holds
 *	them
 * @start_code: lowest address of an executable PT_LOAD; all ones if none
 * @end_code: highest end of file contents of an executable PT_LOAD
 * @start_data: highest address of a PT_LOAD
 * @end_data: highest end of file contents of a PT_LOAD
 *
 * With no PT_LOAD, @low is all ones and the other addresses are as above for
 * an empty set.
 */
struct xelf_plan {
	const Elf64_Ehdr *ehdr;
	const Elf64_Phdr *phdrs;
	int interp;
	int property;
	int fault;
	unsigned int loads;
	bool gaps;
	bool entry_in_file;
	bool entry_in_tail;
	enum xelf_stack stack;
	__u64 low;
	__u64 high;
	__u64 first;
	__u64 last_end;
	__u64 align;
	__u64 phdr_addr;
	__u64 start_code;
	__u64 end_code;
	__u64 start_data;
	__u64 end_data;
};

/**
 * struct xelf_segment - how one PT_LOAD is laid into memory
 * @addr: first page of the segment
 * @file_offset: bytes; where in the file that page begins
 * @file_size: bytes, whole pages; mapped from the file; 0 if none
 * @clear_addr: first byte after the file contents, if it must be cleared
 * @clear_size: bytes to clear, up to the end of the page; 0 if none
 * @anon_addr: first page that has no file behind it
 * @anon_size: bytes, whole pages; 0 if none
 */
struct xelf_segment {
	__u64 addr;
	__u64 file_offset;
	__u64 file_size;
	__u64 clear_addr;
	__u64 clear_size;
	__u64 anon_addr;
	__u64 anon_size;
};

static inline __u64 xelf_page_floor(__u64 addr, __u32 page_size)
{
	return addr & ~(__u64)(page_size - 1);
}

static inline __u64 xelf_page_ceil(__u64 addr, __u32 page_size)
{
	return xelf_page_floor(addr + page_size - 1, page_size);
}

/* Of two values of a file: wraps where the file's class does. */
static inline __u64 xelf_add(const Elf64_Ehdr *ehdr, __u64 a, __u64 b)
{
	return xelf_is_elf32(ehdr->e_machine) ? (__u32)(a + b) : a + b;
}

/* Adds one PT_LOAD to the plan; nothing in it has been checked yet. */
static inline void xelf_plan_load(struct xelf_plan *plan,
				  const Elf64_Phdr *phdr, __u32 page_size)
{
	__u64 phoff = plan->ehdr->e_phoff;
	__u64 file_end = xelf_add(plan->ehdr, phdr->p_vaddr, phdr->p_filesz);
	__u64 end = xelf_add(plan->ehdr, phdr->p_vaddr, phdr->p_memsz);
	__u64 floor = xelf_page_floor(phdr->p_vaddr, page_size);

	if (!plan->loads)
		plan->first = floor;
	plan->last_end = end;
	/* A bss between them would be a gap in the files' pages. */
	if (plan->loads++ && (floor != xelf_page_ceil(plan->high, page_size) ||
			      floor != xelf_page_ceil(plan->end_data, page_size)))
		plan->gaps = true;
	/* It wraps, as an interpreter's may: the ends say nothing then. */
	if (end < phdr->p_vaddr)
		plan->gaps = true;
	if (plan->low > floor)
		plan->low = floor;
	if (plan->high < end)
		plan->high = end;
	if (!(phdr->p_align & (phdr->p_align - 1)) && plan->align < phdr->p_align)
		plan->align = phdr->p_align;
	if (phdr->p_offset <= phoff &&
	    phoff < xelf_add(plan->ehdr, phdr->p_offset, phdr->p_filesz))
		plan->phdr_addr = phoff - phdr->p_offset + phdr->p_vaddr;
	if (plan->start_data < phdr->p_vaddr)
		plan->start_data = phdr->p_vaddr;
	if (plan->end_data < file_end)
		plan->end_data = file_end;
	if (phdr->p_filesz < phdr->p_memsz &&
	    xelf_page_floor(file_end, page_size) ==
	    xelf_page_floor(plan->ehdr->e_entry, page_size))
		plan->entry_in_tail = true;
	if (!(phdr->p_flags & PF_X))
		return;
	/* Below its address is above all sizes. */
	if (plan->ehdr->e_entry - phdr->p_vaddr < phdr->p_filesz)
		plan->entry_in_file = true;
	if (plan->start_code > phdr->p_vaddr)
		plan->start_code = phdr->p_vaddr;
	if (plan->end_code < file_end)
		plan->end_code = file_end;
}

/**
 * xelf_make_plan() - read the program headers
 * @plan: filled in
 * @ehdr: the ELF header, checked by xelf_check_phdr_table(); kept by reference
 * @phdrs: @ehdr->e_phnum program headers; kept by reference
 * @page_size: bytes; a power of two
 *
 * Only reads: what cannot be loaded is refused by xelf_check_plan(), after the
 * interpreter has had its say, as load_elf_binary() orders it. The interpreter
 * and its faults come back as an errno there; a bad segment only kills.
 */
static inline void xelf_make_plan(struct xelf_plan *plan,
				  const Elf64_Ehdr *ehdr,
				  const Elf64_Phdr *phdrs, __u32 page_size)
{
	int i;

	*plan = (struct xelf_plan){
		.ehdr = ehdr,
		.phdrs = phdrs,
		.interp = -1,
		.property = -1,
		.fault = -1,
		.low = ~0ULL,
		.start_code = ~0ULL,
	};

	for (i = 0; i < ehdr->e_phnum; i++) {
		const Elf64_Phdr *phdr = &phdrs[i];

		switch (phdr->p_type) {
		case PT_LOAD:
			xelf_plan_load(plan, phdr, page_size);
			break;
		case PT_INTERP:
			if (plan->interp < 0)
				plan->interp = i;
			break;
		case PT_GNU_STACK:
			plan->stack = phdr->p_flags & PF_X ? XELF_STACK_EXEC :
							     XELF_STACK_NOEXEC;
			break;
		case PT_GNU_PROPERTY:
			plan->property = i;
			break;
		}
	}
	plan->align = xelf_page_ceil(plan->align, page_size);
}

/**
 * xelf_check_interp_size() - is the interpreter's path of a length to read?
 * @phdr: the PT_INTERP
 *
 * Return: XELF_OK or XELF_INTERP_SIZE.
 */
static inline enum xelf_reason xelf_check_interp_size(const Elf64_Phdr *phdr)
{
	return phdr->p_filesz < 2 || phdr->p_filesz > PATH_MAX ?
		       XELF_INTERP_SIZE : XELF_OK;
}

/**
 * xelf_check_interp_path() - does the interpreter's path end?
 * @path: the bytes that PT_INTERP names
 * @size: their number, at least 1
 *
 * Return: XELF_OK or XELF_INTERP_UNTERMINATED.
 */
static inline enum xelf_reason xelf_check_interp_path(const char *path,
						      size_t size)
{
	return path[size - 1] ? XELF_INTERP_UNTERMINATED : XELF_OK;
}

/**
 * xelf_check_interp() - is this the header of a usable interpreter?
 * @ehdr: the interpreter's ELF header
 * @limits: the machine's
 *
 * In load_elf_binary()'s order, as far as that looks before the old program is
 * gone.
 *
 * Return: XELF_OK, XELF_INTERP_NOT_ELF, XELF_INTERP_MACHINE or
 * XELF_INTERP_PHDRS; each of them ELIBBAD.
 */
static inline enum xelf_reason
xelf_check_interp(const Elf64_Ehdr *ehdr, const struct xelf_limits *limits)
{
	if (memcmp(ehdr->e_ident, XELF_MAGIC_PLAIN, XELF_MAGIC_SIZE))
		return XELF_INTERP_NOT_ELF;
	if (ehdr->e_machine != limits->machine || !xelf_abi_is_known(ehdr))
		return XELF_INTERP_MACHINE;
	if (xelf_check_phdr_table(ehdr, limits))
		return XELF_INTERP_PHDRS;
	return XELF_OK;
}

/**
 * xelf_check_interp_type() - is an interpreter of a type that can be loaded?
 * @ehdr: the interpreter's ELF header
 *
 * After all that load_elf_binary() refuses: it looks at this only when the old
 * program is gone.
 *
 * Return: XELF_OK, or XELF_INTERP_TYPE, which is ELIBBAD.
 */
static inline enum xelf_reason xelf_check_interp_type(const Elf64_Ehdr *ehdr)
{
	if (ehdr->e_type != ET_EXEC && ehdr->e_type != ET_DYN)
		return XELF_INTERP_TYPE;
	return XELF_OK;
}

/**
 * xelf_in_user_space() - does a piece of memory lie in user space?
 * @addr: its first byte
 * @size: bytes
 * @limits: the machine's
 *
 * Return: true if so; arithmetic does not wrap, whatever the values.
 */
static inline bool xelf_in_user_space(__u64 addr, __u64 size,
				      const struct xelf_limits *limits)
{
	return addr < limits->task_size && size <= limits->task_size &&
	       addr <= limits->task_size - size;
}

/* Can this PT_LOAD be mapped, wherever the image comes to lie? */
static inline enum xelf_reason
xelf_check_load(const Elf64_Phdr *phdr, const struct xelf_limits *limits)
{
	__u64 last = xelf_is_elf32(limits->machine) ? ~0U : ~0ULL;
	__u64 in_page = limits->page_size - 1;

	if (phdr->p_memsz > limits->task_size)
		return XELF_VADDR_OUT_OF_RANGE;
	if (phdr->p_filesz > phdr->p_memsz)
		return XELF_FILESZ_EXCEEDS_MEMSZ;
	if (!phdr->p_filesz)
		return XELF_OK;
	if ((phdr->p_offset ^ phdr->p_vaddr) & in_page)
		return XELF_OFFSET_MISALIGNED;
	/* vm_mmap() wants the end, in whole pages, not to wrap. */
	if (phdr->p_offset > last - phdr->p_filesz - in_page)
		return XELF_OFFSET_OUT_OF_RANGE;
	return XELF_OK;
}

/**
 * xelf_check_plan() - refuse what could only be found out by failing to map it
 * @plan: made by xelf_make_plan(); @plan->fault is set to the header at fault
 * @limits: the machine's
 *
 * load_elf_binary() finds these after the point of no return and kills the
 * task; here they are errnos. Nothing is refused that it would run. A program
 * with an interpreter is not entered at its own e_entry by the kernel, so that
 * is not looked at.
 *
 * Return: XELF_OK, XELF_VADDR_OUT_OF_RANGE, XELF_FILESZ_EXCEEDS_MEMSZ,
 * XELF_OFFSET_MISALIGNED, XELF_OFFSET_OUT_OF_RANGE, XELF_EMPTY_IMAGE or
 * XELF_ENTRY_OUT_OF_RANGE; each of them EINVAL.
 */
static inline enum xelf_reason
xelf_check_plan(struct xelf_plan *plan, const struct xelf_limits *limits)
{
	int i;

	for (i = 0; i < plan->ehdr->e_phnum; i++) {
		const Elf64_Phdr *phdr = &plan->phdrs[i];
		enum xelf_reason reason;

		if (phdr->p_type != PT_LOAD)
			continue;
		plan->fault = i;
		reason = xelf_check_load(phdr, limits);
		if (reason)
			return reason;
		if (!xelf_in_user_space(phdr->p_vaddr, phdr->p_memsz, limits))
			return XELF_VADDR_OUT_OF_RANGE;
	}
	plan->fault = -1;
	if (plan->ehdr->e_type == ET_DYN && plan->loads &&
	    plan->high == plan->low)
		return XELF_EMPTY_IMAGE;
	if (plan->ehdr->e_type == ET_EXEC && plan->interp < 0 &&
	    plan->ehdr->e_entry >= limits->task_size)
		return XELF_ENTRY_OUT_OF_RANGE;
	return XELF_OK;
}

/**
 * xelf_check_interp_plan() - xelf_check_plan() for an interpreter
 * @plan: the interpreter's; @plan->fault is set to the header at fault
 * @limits: the machine's
 *
 * Where an ET_DYN interpreter comes to lie is not known yet, and the kernel
 * minds only that: its addresses are looked at again when it is mapped.
 *
 * Return: XELF_OK or XELF_INTERP_SEGMENTS.
 */
static inline enum xelf_reason
xelf_check_interp_plan(struct xelf_plan *plan, const struct xelf_limits *limits)
{
	bool fixed = plan->ehdr->e_type == ET_EXEC;
	int i;

	for (i = 0; i < plan->ehdr->e_phnum; i++) {
		const Elf64_Phdr *phdr = &plan->phdrs[i];

		if (phdr->p_type != PT_LOAD)
			continue;
		plan->fault = i;
		if (xelf_check_load(phdr, limits))
			return XELF_INTERP_SEGMENTS;
		if (fixed && !xelf_in_user_space(phdr->p_vaddr, phdr->p_memsz,
						 limits))
			return XELF_INTERP_SEGMENTS;
	}
	plan->fault = -1;
	if (!plan->loads || plan->high == plan->low)
		return XELF_INTERP_SEGMENTS;
	if (fixed && plan->ehdr->e_entry >= limits->task_size)
		return XELF_INTERP_SEGMENTS;
	return XELF_OK;
}

/**
 * xelf_plan_size() - memory from the first to the last byte of the image
 * @plan: checked by xelf_check_plan()
 *
 * Return: bytes; 0 without a PT_LOAD.
 */
static inline __u64 xelf_plan_size(const struct xelf_plan *plan)
{
	return plan->loads ? plan->high - plan->low : 0;
}

/**
 * xelf_plan_size_by_order() - memory from the first PT_LOAD to the end of the
 *			       last, in the order of the table
 * @plan: checked by xelf_check_plan()
 *
 * What load_elf_binary() takes before 5.18. If the table is not in ascending
 * order that is less than the image needs, or, modulo 2^64, nearly all.
 *
 * Return: bytes; 0 without a PT_LOAD, and perhaps with a table out of order.
 */
static inline __u64 xelf_plan_size_by_order(const struct xelf_plan *plan)
{
	return plan->loads ? plan->last_end - plan->first : 0;
}

/**
 * xelf_segment() - lay out one PT_LOAD
 * @phdr: a PT_LOAD that xelf_check_plan() let pass
 * @page_size: bytes; a power of two
 *
 * A page's head before p_offset keeps the file's bytes, and so does its tail
 * when p_memsz equals p_filesz, as with load_elf_binary().
 *
 * Return: the layout, with the file's own addresses.
 */
static inline struct xelf_segment xelf_segment(const Elf64_Phdr *phdr,
					       __u32 page_size)
{
	__u64 in_page = phdr->p_vaddr & (page_size - 1);
	__u64 file_end = phdr->p_vaddr + phdr->p_filesz;
	__u64 end = xelf_page_ceil(phdr->p_vaddr + phdr->p_memsz, page_size);
	struct xelf_segment seg = { .addr = phdr->p_vaddr - in_page };

	seg.anon_addr = seg.addr;
	if (phdr->p_filesz) {
		seg.file_offset = phdr->p_offset - in_page;
		seg.anon_addr = xelf_page_ceil(file_end, page_size);
		seg.file_size = seg.anon_addr - seg.addr;
	}
	if (phdr->p_memsz > phdr->p_filesz) {
		seg.anon_size = end - seg.anon_addr;
		if (phdr->p_filesz) {
			seg.clear_addr = file_end;
			seg.clear_size = seg.anon_addr - file_end;
		}
	}
	return seg;
}

#endif /* _XELF_PLAN_H */

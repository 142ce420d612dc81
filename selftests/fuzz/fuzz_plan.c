// SPDX-License-Identifier: GPL-2.0-only
/*
 * include/xelf/plan.h, for any program headers, and class.h, by which they are
 * read. What a plan must be is said here a second time, in 128 bits, where
 * nothing can wrap.
 */
#include "fuzz.h"

enum {
	ACCEPTED, ACCEPTED_32, REFUSED, BY_128_BITS, INTERPRETERS, SEGMENTS,
	CLEARED
};

struct counter counters[] = {
	[ACCEPTED] = { "programs-accepted" },
	[ACCEPTED_32] = { "elf32-programs-accepted" },
	[REFUSED] = { "programs-refused" },
	[BY_128_BITS] = { "refused-where-the-class-wraps" },
	[INTERPRETERS] = { "interpreters-accepted" },
	[SEGMENTS] = { "segments" },
	[CLEARED] = { "segments-with-bss-in-a-page" },
	{ }
};

static unsigned __int128 memory_end(const Elf64_Phdr *phdr)
{
	return (unsigned __int128)phdr->p_vaddr + phdr->p_memsz;
}

/* The highest number of a machine's class. */
static __u64 last_of(__u16 machine)
{
	return machine == EM_ARM ? 0xffffffff : ~0ULL;
}

/* Why a segment cannot be loaded; @anywhere: its address does not count. */
static enum xelf_reason load_reason(const Elf64_Phdr *phdr,
				    const struct xelf_limits *limits,
				    bool anywhere)
{
	unsigned __int128 page = limits->page_size;
	unsigned __int128 file_end = (unsigned __int128)phdr->p_offset + phdr->p_filesz;

	if (phdr->p_memsz > limits->task_size)
		return XELF_VADDR_OUT_OF_RANGE;
	if (phdr->p_filesz > phdr->p_memsz)
		return XELF_FILESZ_EXCEEDS_MEMSZ;
	if (phdr->p_filesz && phdr->p_offset % page != phdr->p_vaddr % page)
		return XELF_OFFSET_MISALIGNED;
	if (phdr->p_filesz && file_end + page - 1 > last_of(limits->machine))
		return XELF_OFFSET_OUT_OF_RANGE;
	if (!anywhere && (phdr->p_vaddr >= limits->task_size ||
			  memory_end(phdr) > limits->task_size))
		return XELF_VADDR_OUT_OF_RANGE;
	return XELF_OK;
}

/* The first segment that cannot be loaded, or -1. */
static int first_fault(const struct xelf_plan *plan,
		       const struct xelf_limits *limits, bool anywhere,
		       enum xelf_reason *reason)
{
	int i;

	for (i = 0; i < plan->ehdr->e_phnum; i++) {
		if (plan->phdrs[i].p_type != PT_LOAD)
			continue;
		*reason = load_reason(&plan->phdrs[i], limits, anywhere);
		if (*reason)
			return i;
	}
	*reason = XELF_OK;
	return -1;
}

/* One segment of a plan that was accepted. */
static void try_segment(const Elf64_Phdr *phdr, const struct xelf_plan *plan,
			const struct xelf_limits *limits)
{
	unsigned __int128 page = limits->page_size;
	struct xelf_segment seg = xelf_segment(phdr, limits->page_size);
	unsigned __int128 mapped = (unsigned __int128)seg.addr + seg.file_size + seg.anon_size;
	unsigned __int128 limit = (limits->task_size + page - 1) / page * page;

	counters[SEGMENTS].count++;
	CLAIM(!(seg.addr % page) && !(seg.file_size % page) &&
	      !(seg.anon_size % page) && !(seg.file_offset % page));
	CLAIM(seg.addr <= phdr->p_vaddr && phdr->p_vaddr - seg.addr < page);
	CLAIM(seg.anon_addr == (unsigned __int128)seg.addr + seg.file_size);
	CLAIM(mapped <= limit);
	CLAIM((unsigned __int128)seg.file_offset + seg.file_size <=
	      last_of(limits->machine));
	/* All that the program was promised is there, and not a page more. */
	if (phdr->p_memsz)
		CLAIM(mapped >= memory_end(phdr) &&
		      mapped - memory_end(phdr) < page);
	if (phdr->p_filesz)
		CLAIM(seg.file_offset + (phdr->p_vaddr - seg.addr) ==
		      phdr->p_offset);
	else
		CLAIM(!seg.file_size);
	/* Only what lies between the file's bytes and the page's end. */
	CLAIM(seg.clear_size < page);
	if (seg.clear_size) {
		counters[CLEARED].count++;
		CLAIM(seg.clear_addr == phdr->p_vaddr + phdr->p_filesz);
		CLAIM(seg.clear_addr + seg.clear_size == seg.anon_addr);
	}
	CLAIM(plan->low <= seg.addr && plan->high >= memory_end(phdr));
}

/* What holds for a plan whose addresses were all found to be in user space. */
static void try_accepted(const struct xelf_plan *plan,
			 const struct xelf_limits *limits)
{
	unsigned int loads = 0;
	bool holds = false;
	int i;

	for (i = 0; i < plan->ehdr->e_phnum; i++) {
		const Elf64_Phdr *phdr = &plan->phdrs[i];

		if (phdr->p_type != PT_LOAD)
			continue;
		loads++;
		try_segment(phdr, plan, limits);
		if (phdr->p_filesz && plan->phdr_addr >= phdr->p_vaddr &&
		    plan->phdr_addr - phdr->p_vaddr < phdr->p_filesz)
			holds = true;
	}
	CLAIM(plan->loads == loads);
	CLAIM(!plan->phdr_addr || holds);
	if (!loads) {
		CLAIM(!xelf_plan_size(plan) && !xelf_plan_size_by_order(plan));
		return;
	}
	CLAIM(plan->low <= plan->high && plan->high <= limits->task_size);
	CLAIM(xelf_plan_size(plan) == plan->high - plan->low);
	CLAIM(plan->first >= plan->low && plan->first <= plan->high);
	CLAIM(plan->last_end >= plan->low && plan->last_end <= plan->high);
	CLAIM(plan->start_data < limits->task_size);
	CLAIM(plan->end_data <= plan->high && plan->end_code <= plan->high);
	CLAIM(plan->start_code == ~0ULL || plan->start_code <= plan->end_code);
}

static void try_program(struct xelf_plan *plan, const struct xelf_limits *limits)
{
	enum xelf_reason reason = xelf_check_plan(plan, limits);
	enum xelf_reason wanted;
	int fault = first_fault(plan, limits, false, &wanted);

	CLAIM(!reason || xelf_reason_errno(reason) == EINVAL);
	if (fault >= 0) {
		CLAIM(plan->fault == fault && reason == wanted);
		if (memory_end(&plan->phdrs[fault]) > last_of(limits->machine))
			counters[BY_128_BITS].count++;
	} else if (plan->ehdr->e_type == ET_DYN && plan->loads &&
		   plan->high == plan->low) {
		CLAIM(reason == XELF_EMPTY_IMAGE && plan->fault < 0);
	} else if (plan->ehdr->e_type == ET_EXEC && plan->interp < 0 &&
		   plan->ehdr->e_entry >= limits->task_size) {
		CLAIM(reason == XELF_ENTRY_OUT_OF_RANGE && plan->fault < 0);
	} else {
		CLAIM(reason == XELF_OK && plan->fault < 0);
		try_accepted(plan, limits);
	}
	if (reason)
		counters[REFUSED].count++;
	else if (limits->machine == EM_ARM)
		counters[ACCEPTED_32].count++;
	else
		counters[ACCEPTED].count++;
}

static void try_interpreter(struct xelf_plan *plan,
			    const struct xelf_limits *limits)
{
	bool fixed = plan->ehdr->e_type == ET_EXEC;
	enum xelf_reason reason = xelf_check_interp_plan(plan, limits);
	enum xelf_reason wanted;
	int fault = first_fault(plan, limits, !fixed, &wanted);
	bool empty = !plan->loads || plan->high == plan->low;
	bool entry = !fixed || plan->ehdr->e_entry < limits->task_size;

	CLAIM(!reason || reason == XELF_INTERP_SEGMENTS);
	CLAIM(plan->fault == fault);
	CLAIM((reason == XELF_OK) == (fault < 0 && !empty && entry));
	if (reason)
		return;
	counters[INTERPRETERS].count++;
	if (fixed)
		try_accepted(plan, limits);
}

static void try_path(const struct xelf_plan *plan, const __u8 *data,
		     size_t size)
{
	const Elf64_Phdr *phdr;
	char *path;
	bool ends;

	if (plan->interp < 0)
		return;
	CLAIM(plan->interp < plan->ehdr->e_phnum);
	phdr = &plan->phdrs[plan->interp];
	CLAIM(phdr->p_type == PT_INTERP);
	if (xelf_check_interp_size(phdr))
		return;
	CLAIM(phdr->p_filesz >= 2 && phdr->p_filesz <= PATH_MAX);
	if (phdr->p_offset > size || phdr->p_filesz > size - phdr->p_offset)
		return;
	path = malloc(phdr->p_filesz);
	memcpy(path, data + phdr->p_offset, phdr->p_filesz);
	ends = !path[phdr->p_filesz - 1];
	CLAIM((xelf_check_interp_path(path, phdr->p_filesz) == XELF_OK) == ends);
	free(path);
}

/* Ends may wrap until they are refused: there, and not further up. */
static void claim_high(const struct xelf_plan *plan, __u64 last)
{
	__u64 high = 0;
	int i;

	for (i = 0; i < plan->ehdr->e_phnum; i++) {
		__u64 end = memory_end(&plan->phdrs[i]) & last;

		if (plan->phdrs[i].p_type == PT_LOAD && end > high)
			high = end;
	}
	CLAIM(plan->high == high);
}

static void try_with(const Elf64_Ehdr *ehdr, const Elf64_Phdr *phdrs,
		     __u32 page_size, const __u8 *data, size_t size)
{
	const struct xelf_limits limits = {
		.task_size = ehdr->e_machine == EM_ARM ?
				     0xbf000000 : (1ULL << 47) - page_size,
		.page_size = page_size,
		.machine = ehdr->e_machine,
	};
	struct xelf_plan plan;

	xelf_make_plan(&plan, ehdr, phdrs, page_size);
	CLAIM(!(plan.align % page_size) && !(plan.align & (plan.align - 1)));
	CLAIM(plan.property < ehdr->e_phnum);
	CLAIM(plan.stack <= XELF_STACK_EXEC);
	claim_high(&plan, last_of(limits.machine));
	try_path(&plan, data, size);
	try_program(&plan, &limits);
	try_interpreter(&plan, &limits);
}

/*
 * The program headers from a file's @bytes, widened in place. The memory is of
 * their size exactly, so that a step past it is seen.
 */
static Elf64_Phdr *read_phdrs(const __u8 *bytes, size_t count, __u16 machine)
{
	size_t size = machine == EM_ARM ? 32 : 56, i;
	Elf64_Phdr *phdrs = malloc(count * sizeof(*phdrs));

	CLAIM(xelf_phdr_size(machine) == size);
	memcpy(xelf_phdrs_in_file(phdrs, count, machine), bytes, count * size);
	xelf_widen_phdrs(phdrs, count, machine);
	for (i = 0; i < count; i++) {
		Elf64_Phdr wanted = get_phdr(bytes + i * size, machine);

		CLAIM(!memcmp(&phdrs[i], &wanted, sizeof(wanted)));
	}
	return phdrs;
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	struct xelf_limits limits = { .phdrs_size = 65536 };
	Elf64_Phdr *phdrs;
	Elf64_Ehdr ehdr;

	if (size < sizeof(ehdr))
		return 0;
	/* One machine of each class. */
	limits.machine = get_machine(data) == EM_ARM ? EM_ARM : EM_X86_64;
	ehdr = read_ehdr(data, limits.machine);
	/* For the rest of the header there is fuzz_check. */
	if (ehdr.e_type != ET_EXEC)
		ehdr.e_type = ET_DYN;
	ehdr.e_machine = limits.machine;
	if (xelf_check_phdr_table(&ehdr, &limits) || ehdr.e_phoff > size ||
	    ehdr.e_phnum * (size_t)ehdr.e_phentsize > size - ehdr.e_phoff)
		return 0;
	phdrs = read_phdrs(data + ehdr.e_phoff, ehdr.e_phnum, limits.machine);
	try_with(&ehdr, phdrs, 4096, data, size);
	try_with(&ehdr, phdrs, 16384, data, size);
	try_with(&ehdr, phdrs, 65536, data, size);
	free(phdrs);
	return 0;
}

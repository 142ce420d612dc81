// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes to an input that know an ELF file's parts: half of them keep a file
 * that could be loaded, since what there is to find lies behind the checks.
 */
#include <sys/personality.h>

#include "../hints_image.h"
#include "../xelf_test.h"
#include "exec_fuzz.h"

/* Addresses and sizes at whose edges something happens. */
static const __u64 edges[] = {
	0, 1, 2, 0x10, 0x38, 0x40, 0x7f, 0x80, 0xff, 0x100, 0x340, 0xfff,
	0x1000, 0x1001, 0x1fff, 0x2000, 0xffff, 0x10000, 0x20000, 0x1fffff,
	0x200000, 0x400000, 0x10000000, 0x40000000, 1ULL << 32, 1ULL << 40,
	1ULL << 47, 1ULL << 56, 1ULL << 63, ~0ULL, -4096ULL, -8192ULL,
	/* this machine's */
	TEST_LOWEST, TEST_DYN_BASE, TEST_DYN_BASE + PAGE,
	TEST_MMAP_END - 2 * PAGE, TEST_MMAP_END, TEST_STACK_END - 33 * PAGE,
	TEST_STACK_END - PAGE, TEST_STACK_END - PAGE - 1, TEST_STACK_END,
	TEST_LARGE_END - PAGE, TEST_LARGE_END, TEST_KERNEL, TEST_HOLE,
	TEST_LARGE_HOLE,
};

static __u64 edge(struct rng *rng)
{
	return edges[rng_below(rng, ARRAY_SIZE(edges))];
}

/* A small number of pages, or bytes about them. */
static __u64 small(struct rng *rng)
{
	__u64 pages = rng_below(rng, 1ULL << rng_below(rng, 8));

	switch (rng_below(rng, 4)) {
	case 0:
		return pages * PAGE + rng_below(rng, PAGE);
	case 1:
		return pages * PAGE + rng_below(rng, 3) - 1;
	default:
		return pages * PAGE;
	}
}

/* A number in place of @old. */
static __u64 other_number(__u64 old, struct rng *rng)
{
	switch (rng_below(rng, 8)) {
	case 0:
		return edge(rng);
	case 1:
		return old + edge(rng);
	case 2:
		return old - edge(rng);
	case 3:
		return old + small(rng);
	case 4:
		return old - small(rng);
	case 5:
		return old ^ 1ULL << rng_below(rng, 64);
	case 6:
		return old + rng_below(rng, 5) - 2;
	default:
		return rng_next(rng) >> rng_below(rng, 64);
	}
}

/* ---- the headers of a file ---- */

static bool get_ehdr(const struct work_file *file, Elf_Ehdr *ehdr)
{
	memcpy(ehdr, file->bytes, sizeof(*ehdr));
	return file->size >= sizeof(*ehdr);
}

static void put_ehdr(struct work_file *file, const Elf_Ehdr *ehdr)
{
	memcpy(file->bytes, ehdr, sizeof(*ehdr));
}

/* How many program headers lie in the file. */
static unsigned int phdr_count(const struct work_file *file)
{
	Elf_Ehdr ehdr;
	size_t room;

	if (!get_ehdr(file, &ehdr) || ehdr.e_phoff > file->size)
		return 0;
	room = (file->size - ehdr.e_phoff) / sizeof(Elf_Phdr);
	return ehdr.e_phnum < room ? ehdr.e_phnum : room;
}

static __u8 *phdr_at(const struct work_file *file, unsigned int i)
{
	Elf_Ehdr ehdr;

	get_ehdr(file, &ehdr);
	return file->bytes + ehdr.e_phoff + i * sizeof(Elf_Phdr);
}

static Elf_Phdr get_phdr(const struct work_file *file, unsigned int i)
{
	Elf_Phdr phdr;

	memcpy(&phdr, phdr_at(file, i), sizeof(phdr));
	return phdr;
}

static void put_phdr(struct work_file *file, unsigned int i,
		     const Elf_Phdr *phdr)
{
	memcpy(phdr_at(file, i), phdr, sizeof(*phdr));
}

/* One of the program headers of a type, or of any: PT_NULL; -1 if none. */
static int pick_phdr(const struct work_file *file, Elf_Word type,
		     struct rng *rng)
{
	unsigned int count = phdr_count(file), i, start;

	if (!count)
		return -1;
	start = rng_below(rng, count);
	for (i = 0; i < count; i++) {
		unsigned int at = (start + i) % count;

		if (type == PT_NULL || get_phdr(file, at).p_type == type)
			return at;
	}
	return -1;
}

/* ---- what cares for nothing ---- */

static void change_ehdr(struct work_file *file, struct rng *rng)
{
	Elf_Ehdr ehdr;

	if (!get_ehdr(file, &ehdr))
		return;
	switch (rng_below(rng, 12)) {
	case 0:
		ehdr.e_type = rng_one_in(rng, 4) ? rng_next(rng) :
						   ET_EXEC + rng_below(rng, 2);
		break;
	case 1:
		ehdr.e_machine = rng_one_in(rng, 2) ? EM_386 : rng_next(rng);
		break;
	case 2:
	case 3:
	case 4:
		ehdr.e_entry = other_number(ehdr.e_entry, rng);
		break;
	case 5:
	case 6:
		ehdr.e_phoff = other_number(ehdr.e_phoff, rng);
		break;
	case 7:
		ehdr.e_phentsize = other_number(ehdr.e_phentsize, rng);
		break;
	case 8:
	case 9:
		ehdr.e_phnum = rng_one_in(rng, 2) ? ehdr.e_phnum + rng_below(rng, 3) - 1 :
						    rng_below(rng, 80);
		break;
	case 10:
		ehdr.e_flags = rng_next(rng);
		break;
	default:
		ehdr.e_ident[rng_below(rng, EI_NIDENT)] = rng_next(rng);
	}
	put_ehdr(file, &ehdr);
}

static void change_phdr(struct work_file *file, struct rng *rng)
{
	static const Elf_Word types[] = {
		PT_LOAD, PT_LOAD, PT_NULL, PT_INTERP, PT_GNU_STACK, PT_NOTE,
		PT_PHDR, PT_GNU_PROPERTY, PT_TLS, PT_DYNAMIC, PT_GNU_RELRO,
	};
	int i = pick_phdr(file, rng_one_in(rng, 2) ? PT_LOAD : PT_NULL, rng);
	Elf_Phdr phdr, other;

	if (i < 0)
		return;
	phdr = get_phdr(file, i);
	other = get_phdr(file, pick_phdr(file, PT_NULL, rng));
	switch (rng_below(rng, 12)) {
	case 0:
		phdr.p_type = types[rng_below(rng, ARRAY_SIZE(types))];
		break;
	case 1:
		phdr.p_flags = rng_one_in(rng, 4) ? rng_next(rng) : rng_below(rng, 8);
		break;
	case 2:
		phdr.p_offset = other_number(phdr.p_offset, rng);
		break;
	case 3:
	case 4:
		phdr.p_vaddr = other_number(phdr.p_vaddr, rng);
		break;
	case 5:
		phdr.p_filesz = other_number(phdr.p_filesz, rng);
		break;
	case 6:
	case 7:
		phdr.p_memsz = other_number(phdr.p_memsz, rng);
		break;
	case 8:
		phdr.p_align = other_number(phdr.p_align, rng);
		break;
	case 9:
		phdr.p_vaddr = other.p_vaddr;
		break;
	case 10:
		phdr.p_offset = other.p_offset;
		break;
	default:
		phdr = other;
	}
	put_phdr(file, i, &phdr);
}

static void change_bytes(struct work_file *file, struct rng *rng)
{
	size_t among = file->size < 832 ? file->size : 832;
	int n = 1 + rng_below(rng, 4);

	while (among && n--)
		file->bytes[rng_below(rng, among)] = rng_next(rng);
}

/* Cut, or made longer, at what is an edge of something. */
static void change_size(struct work_file *file, struct rng *rng)
{
	int i = pick_phdr(file, PT_NULL, rng);
	size_t size = file->size, by;
	Elf_Phdr phdr;

	switch (rng_below(rng, 4)) {
	case 0:
		size = edge(rng);
		break;
	case 1:
		size += small(rng);
		break;
	case 2:
		by = small(rng);
		size -= by < size ? by : 0;
		break;
	default:
		if (i < 0)
			return;
		phdr = get_phdr(file, i);
		size = phdr.p_offset + (rng_one_in(rng, 2) ? phdr.p_filesz : 0) +
		       rng_below(rng, 3) - 1;
	}
	if (size <= MAX_FILE / 4 || size <= file->size)
		work_resize(file, size);
}

/* ---- what could be loaded, if it could be before ---- */

/* Size and place in memory, rights, alignment; in step with the file. */
static void change_segment(struct work_file *file, struct rng *rng)
{
	int i = pick_phdr(file, PT_LOAD, rng);
	Elf_Phdr phdr;
	__u64 by = small(rng) & -PAGE;

	if (i < 0)
		return;
	phdr = get_phdr(file, i);
	switch (rng_below(rng, 10)) {
	case 0:
		phdr.p_memsz += small(rng);
		break;
	case 1:
		phdr.p_memsz = phdr.p_filesz;
		break;
	case 2:
		phdr.p_memsz = phdr.p_filesz + small(rng);
		break;
	case 3:
		phdr.p_filesz = rng_below(rng, phdr.p_memsz < MAX_FILE ?
						phdr.p_memsz + 1 : PAGE);
		break;
	case 4:
		phdr.p_vaddr += by;
		break;
	case 5:
		phdr.p_vaddr -= by;
		break;
	case 6:
		/* The same page, from another byte on. */
		by = rng_below(rng, PAGE);
		phdr.p_vaddr = (phdr.p_vaddr & -PAGE) + by;
		phdr.p_offset = (phdr.p_offset & -PAGE) + by;
		break;
	case 7:
		phdr.p_offset += by;
		break;
	case 8:
		phdr.p_flags = rng_below(rng, 8);
		break;
	default:
		phdr.p_align = 1ULL << rng_below(rng, 32);
	}
	put_phdr(file, i, &phdr);
}

/* The whole image, or what follows a segment, elsewhere. */
static void move_image(struct work_file *file, struct rng *rng)
{
	unsigned int count = phdr_count(file), i, from = 0;
	__u64 by = small(rng) & -PAGE;
	bool entered = false;
	Elf_Ehdr ehdr;
	Elf_Phdr phdr;

	if (!count)
		return;
	get_ehdr(file, &ehdr);
	if (rng_one_in(rng, 3)) {
		from = rng_below(rng, count);
	} else if (rng_one_in(rng, 2)) {
		/* To an edge, from wherever it is. */
		by = (edge(rng) & -PAGE) + (rng_below(rng, 33) - 16) * PAGE -
		     (get_phdr(file, 0).p_vaddr & -PAGE);
	} else if (rng_one_in(rng, 2)) {
		by = -by;
	}
	for (i = from; i < count; i++) {
		phdr = get_phdr(file, i);
		if (phdr.p_type != PT_LOAD)
			continue;
		/* The entry goes with the segment that it is in. */
		if (!entered && ehdr.e_entry >= phdr.p_vaddr &&
		    ehdr.e_entry - phdr.p_vaddr < phdr.p_memsz) {
			ehdr.e_entry += by;
			put_ehdr(file, &ehdr);
			entered = true;
		}
		phdr.p_vaddr += by;
		put_phdr(file, i, &phdr);
	}
}

static void swap_phdrs(struct work_file *file, struct rng *rng)
{
	int i = pick_phdr(file, PT_LOAD, rng);
	int j = pick_phdr(file, rng_one_in(rng, 4) ? PT_NULL : PT_LOAD, rng);
	Elf_Phdr a, b;

	if (i < 0 || j < 0)
		return;
	a = get_phdr(file, i);
	b = get_phdr(file, j);
	put_phdr(file, i, &b);
	put_phdr(file, j, &a);
}

/* One more, like another; what lies behind the table is lost. */
static void add_phdr(struct work_file *file, struct rng *rng)
{
	int i = pick_phdr(file, rng_one_in(rng, 3) ? PT_NULL : PT_LOAD, rng);
	Elf_Ehdr ehdr;
	Elf_Phdr phdr;

	if (i < 0)
		return;
	get_ehdr(file, &ehdr);
	if (ehdr.e_phnum == 0xffff)
		return;
	phdr = get_phdr(file, i);
	phdr.p_vaddr += rng_one_in(rng, 4) ? 0 : small(rng) & -PAGE;
	if (rng_one_in(rng, 4))
		phdr.p_filesz = 0;
	ehdr.e_phnum++;
	put_ehdr(file, &ehdr);
	if (phdr_count(file) == ehdr.e_phnum)
		put_phdr(file, ehdr.e_phnum - 1, &phdr);
}

/* A segment in two, at one of its pages. */
static void split_segment(struct work_file *file, struct rng *rng)
{
	int i = pick_phdr(file, PT_LOAD, rng);
	Elf_Phdr first, second;
	Elf_Ehdr ehdr;
	__u64 at;

	if (i < 0)
		return;
	first = get_phdr(file, i);
	if (first.p_filesz < 2 * PAGE || first.p_filesz > MAX_FILE)
		return;
	at = PAGE * (1 + rng_below(rng, first.p_filesz / PAGE - 1)) -
	     first.p_vaddr % PAGE;
	get_ehdr(file, &ehdr);
	if (ehdr.e_phnum == 0xffff)
		return;
	ehdr.e_phnum++;
	put_ehdr(file, &ehdr);
	if (phdr_count(file) != ehdr.e_phnum)
		return;
	second = first;
	second.p_vaddr += at;
	second.p_offset += at;
	second.p_filesz -= at;
	second.p_memsz -= at;
	first.p_filesz = at;
	first.p_memsz = at;
	put_phdr(file, i, &first);
	put_phdr(file, ehdr.e_phnum - 1, &second);
}

/* The table to the end of the file, where it has room. */
static void move_table(struct work_file *file, struct rng *rng)
{
	unsigned int count = phdr_count(file);
	size_t size = count * sizeof(Elf_Phdr);
	Elf_Ehdr ehdr;
	size_t to;

	if (!count || size > 1024 || file->size > MAX_FILE / 4)
		return;
	get_ehdr(file, &ehdr);
	to = rng_one_in(rng, 3) ? file->size : (file->size + 7) & -8UL;
	work_resize(file, to + size + rng_below(rng, 2) * sizeof(Elf_Phdr));
	memcpy(file->bytes + to, phdr_at(file, 0), size);
	ehdr.e_phoff = to;
	put_ehdr(file, &ehdr);
}

/* A type that is another, with addresses that go with it. */
static void change_type(struct work_file *file, struct rng *rng)
{
	Elf_Ehdr ehdr;

	if (!get_ehdr(file, &ehdr))
		return;
	ehdr.e_type = ehdr.e_type == ET_EXEC ? ET_DYN : ET_EXEC;
	put_ehdr(file, &ehdr);
	if (rng_one_in(rng, 2))
		move_image(file, rng);
}

/* ---- the interpreter's path ---- */

static void change_path(struct work_file *file, struct rng *rng)
{
	static const char *const paths[] = {
		INTERP, INTERP, INTERP, PROGRAM, "/", "", "/nowhere", PLACE,
		"/proc/version", PROGRAM "/p", "/dev/null", "/bin/busybox",
		"/proc/self/exe",
	};
	int i = pick_phdr(file, PT_INTERP, rng);
	const char *path = paths[rng_below(rng, ARRAY_SIZE(paths))];
	size_t size = strlen(path) + 1;
	Elf_Ehdr ehdr;
	Elf_Phdr phdr;

	if (i < 0) {
		/* It gets one. */
		if (!get_ehdr(file, &ehdr) || !phdr_count(file))
			return;
		i = rng_one_in(rng, 2) ? ehdr.e_phnum : pick_phdr(file, PT_NULL, rng);
		if (i == 0xffff)
			return;
		ehdr.e_phnum += i == ehdr.e_phnum;
		put_ehdr(file, &ehdr);
		if (phdr_count(file) != ehdr.e_phnum)
			return;
		phdr = (Elf_Phdr){ .p_type = PT_INTERP };
	} else {
		phdr = get_phdr(file, i);
	}
	if (file->size + size <= MAX_FILE / 4) {
		phdr.p_offset = file->size;
		if (rng_one_in(rng, 4))
			phdr.p_offset += small(rng);
		phdr.p_filesz = size;
		work_resize(file, phdr.p_offset + size);
		memcpy(file->bytes + phdr.p_offset, path, size);
	}
	if (rng_one_in(rng, 3))
		phdr.p_filesz = rng_one_in(rng, 2) ? 4096 + rng_below(rng, 3) - 1 :
				phdr.p_filesz + rng_below(rng, 5) - 2;
	put_phdr(file, i, &phdr);
}

/* ---- hints ---- */

static void add_hints(struct work *work, struct rng *rng)
{
	static struct hints_image image;
	struct work_file *file = &work->file[THE_PROGRAM];
	const struct work_file *interp = &work->file[THE_INTERP];
	unsigned int count = rng_below(rng, XELF_HINTS_RUNS + 1), i;
	__u8 trailer[sizeof(image)];
	size_t size;

	hints_init(&image, count);
	for (i = 0; i < count; i++)
		image.runs[i] = (struct xelf_hint){
			.page = rng_one_in(rng, 8) ? rng_next(rng) :
						     rng_below(rng, 40),
			.pages = rng_one_in(rng, 8) ? rng_next(rng) :
						      rng_below(rng, 12),
			.place = rng_one_in(rng, 16) ? rng_next(rng) :
						       rng_below(rng, 3),
			.access = rng_one_in(rng, 16) ? rng_next(rng) :
							rng_below(rng, 2),
		};
	if (!rng_one_in(rng, 4))
		image.footer.interp = xelf_interp_sum(interp->bytes, interp->size,
						      interp->size);
	size = hints_write(trailer, &image, count);
	if (rng_one_in(rng, 8))
		trailer[rng_below(rng, size)] ^= 1 << rng_below(rng, 8);
	if (file->size > MAX_FILE / 2)
		return;
	work_resize(file, file->size + size);
	memcpy(file->bytes + file->size - size, trailer, size);
	work->setup.tag = TAG_HINTS;
}

/* ---- circumstances ---- */

/* Bytes that the PT_LOADs of a file span. */
static __u64 span(const struct work_file *file)
{
	unsigned int count = phdr_count(file), i;
	__u64 low = ~0ULL, high = 0;

	for (i = 0; i < count; i++) {
		Elf_Phdr phdr = get_phdr(file, i);

		if (phdr.p_type != PT_LOAD)
			continue;
		if (low > phdr.p_vaddr)
			low = phdr.p_vaddr;
		if (high < phdr.p_vaddr + phdr.p_memsz)
			high = phdr.p_vaddr + phdr.p_memsz;
	}
	return high > low && high - low < 1ULL << 40 ? high - low : 0;
}

/* About what the exec needs, so that it is now too little, now enough. */
static unsigned long some_limit(const struct work *work, struct rng *rng)
{
	__u64 need = 0;

	if (rng_one_in(rng, 4))
		return 0;
	if (rng_one_in(rng, 4))
		return 1 + (rng_next(rng) >> (24 + rng_below(rng, 32)));
	if (rng_one_in(rng, 2))
		need += span(&work->file[THE_PROGRAM]);
	if (rng_one_in(rng, 2))
		need += span(&work->file[THE_INTERP]);
	return 1 + need + rng_below(rng, 96) * PAGE;
}

static void change_setup(struct work *work, struct rng *rng)
{
	static const unsigned int personalities[] = {
		READ_IMPLIES_EXEC, MMAP_PAGE_ZERO, ADDR_COMPAT_LAYOUT,
		ADDR_LIMIT_3GB, ADDR_LIMIT_32BIT, STICKY_TIMEOUTS, WHOLE_SECONDS,
		SHORT_INODE, UNAME26,
	};
	struct setup *setup = &work->setup;

	switch (rng_below(rng, 12)) {
	case 0:
	case 1:
		setup->as = some_limit(work, rng);
		break;
	case 2:
		setup->data = some_limit(work, rng);
		break;
	case 3:
		setup->stack = some_limit(work, rng);
		break;
	case 4:
	case 5:
		setup->personality ^=
			personalities[rng_below(rng, ARRAY_SIZE(personalities))];
		break;
	case 6:
		setup->args = rng_below(rng, 1ULL << rng_below(rng, 9));
		setup->arg_size = rng_below(rng, 1ULL << rng_below(rng, 13));
		break;
	case 7:
		setup->envs = rng_below(rng, 1ULL << rng_below(rng, 9));
		setup->env_size = rng_below(rng, 1ULL << rng_below(rng, 13));
		break;
	case 8:
		setup->nobody = rng_below(rng, 2);
		break;
	case 9:
		setup->closed = rng_below(rng, 2);
		break;
	case 10:
		setup->how = rng_below(rng, HOWS);
		break;
	default:
		*setup = (struct setup){ .tag = setup->tag };
	}
}

/* ---- one input from another ---- */

static void change_file(struct work_file *file, struct rng *rng)
{
	switch (rng_below(rng, 24)) {
	case 0:
		change_ehdr(file, rng);
		break;
	case 1:
	case 2:
	case 3:
	case 4:
		change_phdr(file, rng);
		break;
	case 5:
		change_bytes(file, rng);
		break;
	case 6:
		change_size(file, rng);
		break;
	case 7:
	case 8:
		move_image(file, rng);
		break;
	case 9:
	case 10:
		swap_phdrs(file, rng);
		break;
	case 11:
	case 12:
		add_phdr(file, rng);
		break;
	case 13:
		split_segment(file, rng);
		break;
	case 14:
		move_table(file, rng);
		break;
	case 15:
		change_type(file, rng);
		break;
	case 16:
		change_path(file, rng);
		break;
	default:
		change_segment(file, rng);
	}
}

/* Changes an input; @other is one to take parts from. */
void mutate(struct work *work, const struct input *other, struct rng *rng)
{
	struct setup *setup = &work->setup;
	int n = 1 + rng_below(rng, 4);

	/* Nearly always right: a wrong one hides all the rest. */
	setup->tag = rng_one_in(rng, 64) ? rng_below(rng, TAGGINGS) :
		     setup->tag == TAG_HINTS ? TAG_HINTS : TAG_RIGHT;
	while (n--) {
		switch (rng_below(rng, 16)) {
		case 0:
			work_splice(work, other, rng_below(rng, FILES));
			break;
		case 1:
		case 2:
			change_setup(work, rng);
			break;
		case 3:
			add_hints(work, rng);
			break;
		case 4:
		case 5:
		case 6:
		case 7:
			change_file(&work->file[THE_INTERP], rng);
			break;
		default:
			change_file(&work->file[THE_PROGRAM], rng);
		}
	}
	setup->run = rng_one_in(rng, 12);
}

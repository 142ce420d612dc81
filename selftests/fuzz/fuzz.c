// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is linked into every target: the counters' report, and a mutator that
 * knows an ELF file's parts. Bytes changed anywhere would mostly change code,
 * which nothing here reads, and break the tag's checksum.
 */
#include "../hints_image.h"
#include "fuzz.h"

static void print_counters(void)
{
	const struct counter *counter;

	for (counter = counters; counter->name; counter++)
		fprintf(stderr, "reached %s %lu\n", counter->name,
			counter->count);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return atexit(print_counters);
}

Elf64_Ehdr read_ehdr(const __u8 *data, __u16 machine)
{
	Elf64_Ehdr wanted = get_ehdr(data, machine), ehdr;
	size_t size = machine == EM_ARM ? 52 : 64;
	__u8 *bytes = malloc(size);

	CLAIM(xelf_ehdr_size(machine) == size);
	memcpy(bytes, data, size);
	xelf_widen_ehdr(&ehdr, bytes, machine);
	CLAIM(!memcmp(&ehdr, &wanted, sizeof(ehdr)));
	free(bytes);
	return ehdr;
}

static unsigned int next(unsigned int *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 8;
}

/* Changes bytes in place: what lies behind them stays where it is. */
static void mutate_piece(__u8 *data, size_t size, __u64 at, __u64 length)
{
	if (at < size && length) {
		if (length > size - at)
			length = size - at;
		LLVMFuzzerMutate(data + at, length, length);
	}
}

/* A program header, or NULL if the file has no such. */
static __u8 *phdr_at(__u8 *data, size_t size, unsigned int random)
{
	size_t phdr_size;
	Elf64_Ehdr ehdr;
	__u64 at;

	if (size < sizeof(ehdr))
		return NULL;
	ehdr = get_ehdr(data, get_machine(data));
	if (!ehdr.e_phnum || ehdr.e_phoff > size)
		return NULL;
	phdr_size = xelf_phdr_size(ehdr.e_machine);
	at = ehdr.e_phoff + random % ehdr.e_phnum * phdr_size;
	return at + phdr_size <= size ? data + at : NULL;
}

/* One field of a program header gets a value from where the edges are. */
static void mutate_field(__u8 *data, size_t size, unsigned int *seed)
{
	static const __u64 edges[] = {
		0, 1, 2, 0xfff, 0x1000, 0x1001, 0xffff, 0x10000, 1ULL << 32,
		0x7fffffffe000, 0x7fffffffefff, 0x7ffffffff000, 1ULL << 47,
		0xbefff000, 0xbeffffff, 0xbf000000, 1ULL << 31,
		1ULL << 63, ~0ULL, ~0ULL - 0xfff, ~0ULL - 0x1fff,
	};
	__u8 *phdr = phdr_at(data, size, next(seed));
	__u8 *other = phdr_at(data, size, next(seed));
	/* All but the first 8 bytes, type and flags, are 64-bit numbers. */
	size_t field = next(seed) % 6 * 8 + 8, field2 = next(seed) % 6 * 8 + 8;
	Elf64_Phdr to, from;
	__u16 machine;
	__u64 value;

	if (!phdr || !other)
		return;
	machine = get_machine(data);
	to = get_phdr(phdr, machine);
	from = get_phdr(other, machine);
	memcpy(&value, (__u8 *)&from + field2, sizeof(value));
	switch (next(seed) % 4) {
	case 0:
		value = edges[next(seed) % ARRAY_SIZE(edges)];
		break;
	case 1:
		value += edges[next(seed) % ARRAY_SIZE(edges)];
		break;
	case 2:
		value = -value;
		break;
	default:
		break;
	}
	memcpy((__u8 *)&to + field, &value, sizeof(value));
	put_phdr(phdr, &to, machine);
}

static void mutate_phdr(__u8 *data, size_t size, unsigned int *seed)
{
	static const Elf64_Word types[] = {
		PT_LOAD, PT_LOAD, PT_INTERP, PT_NULL, PT_GNU_STACK,
		PT_GNU_PROPERTY, PT_DYNAMIC, PT_NOTE, PT_PHDR,
	};
	__u8 *phdr = phdr_at(data, size, next(seed));
	size_t phdr_size;

	if (!phdr)
		return;
	phdr_size = xelf_phdr_size(get_machine(data));
	if (next(seed) % 2)
		memcpy(phdr, &types[next(seed) % ARRAY_SIZE(types)],
		       sizeof(types[0]));
	else
		LLVMFuzzerMutate(phdr, phdr_size, phdr_size);
}

/* What a program header names: a path, notes, the dynamic section. */
static void mutate_contents(__u8 *data, size_t size, unsigned int *seed)
{
	__u8 *at = phdr_at(data, size, next(seed));
	Elf64_Phdr phdr;

	if (!at)
		return;
	phdr = get_phdr(at, get_machine(data));
	mutate_piece(data, size, phdr.p_offset,
		     phdr.p_filesz < 256 ? phdr.p_filesz : 256);
}

/* A section header, which xelf dump and xelf map show. */
static void mutate_section(__u8 *data, size_t size, unsigned int *seed)
{
	size_t shdr_size;
	Elf64_Ehdr ehdr;

	if (size < sizeof(ehdr))
		return;
	ehdr = get_ehdr(data, get_machine(data));
	shdr_size = ehdr.e_machine == EM_ARM ? sizeof(Elf32_Shdr) :
					       sizeof(Elf64_Shdr);
	if (ehdr.e_shnum && ehdr.e_shoff < size)
		mutate_piece(data, size, ehdr.e_shoff +
			     next(seed) % ehdr.e_shnum * shdr_size, shdr_size);
}

/*
 * A hints trailer at the end, nearly always a right one, and the tag's word for
 * it. Return: the new size.
 */
static size_t mutate_trailer(__u8 *data, size_t size, size_t max_size,
			     unsigned int *seed)
{
	unsigned int count = next(seed) % (XELF_HINTS_RUNS + 1), i;
	static struct hints_image image;
	__u8 trailer[sizeof(image)];
	struct xelf_hints hints;
	size_t tail = size < XELF_HINTS_MAX_SIZE ? size : XELF_HINTS_MAX_SIZE;
	size_t more;

	if (size < EI_NIDENT)
		return size;
	hints_init(&image, count);
	for (i = 0; i < count; i++)
		image.runs[i] = (struct xelf_hint){
			.page = next(seed),
			.pages = next(seed),
			.place = next(seed) % 4,
			.access = next(seed) % 3,
		};
	image.footer.interp = next(seed);
	more = hints_write(trailer, &image, count);
	if (next(seed) % 8 == 0)
		trailer[next(seed) % more] ^= 1 << next(seed) % 8;
	/* In the place of one that is there. */
	if (xelf_find_hints(data + size - tail, tail, PAGE_SHIFT, &hints) ==
	    XELF_HINTS_OK)
		size -= hints.size;
	if (size < EI_NIDENT || more > max_size - size)
		return size;
	memcpy(data + size, trailer, more);
	memcpy(data + XELF_TAG_OFFSET, XELF_TAG_MAGIC, XELF_TAG_MAGIC_SIZE);
	data[XELF_VERSION_OFFSET] = XELF_VERSION | XELF_FLAG_HINTS;
	return size + more;
}

/* A target that reads no ELF file has a mutator of its own. */
__attribute__((weak))
size_t LLVMFuzzerCustomMutator(__u8 *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	__u8 first[XELF_CHECKED_SIZE] = { };

	/* An untagged file, for the way that leads through tag. */
	if (size >= EI_NIDENT && next(&seed) % 32 == 0) {
		memcpy(data, XELF_MAGIC_PLAIN, XELF_MAGIC_SIZE);
		memset(data + XELF_TAG_OFFSET, 0, XELF_TAG_SIZE);
	}
	switch (next(&seed) % 8) {
	case 0:
		size = LLVMFuzzerMutate(data, size, max_size);
		break;
	case 1:
		mutate_piece(data, size, 0, XELF_CHECKED_SIZE);
		break;
	case 2:
	case 3:
		mutate_phdr(data, size, &seed);
		break;
	case 4:
		if (next(&seed) % 2)
			mutate_contents(data, size, &seed);
		else
			mutate_section(data, size, &seed);
		break;
	case 5:
		size = mutate_trailer(data, size, max_size, &seed);
		break;
	default:
		mutate_field(data, size, &seed);
	}
	/* Mostly with a valid tag: behind it is what there is to find. */
	if (size < XELF_CRC_OFFSET + 2 || next(&seed) % 8 == 0)
		return size;
	memcpy(first, data, size < sizeof(first) ? size : sizeof(first));
	if (xelf_is_tagged(first)) {
		sign(first);
		memcpy(data, first, size < sizeof(first) ? size : sizeof(first));
	}
	return size;
}

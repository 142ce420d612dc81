// SPDX-License-Identifier: GPL-2.0-only
/*
 * include/xelf/hints.h, for any last bytes of a file: a trailer is found only
 * where a whole one is, and a run of pages stays in its place.
 */
#include <xelf/hints.h>

#include "fuzz.h"

#define PAGE_SHIFT	12

enum { WHOLE, MISSING, DAMAGED, RUNS, CLIPPED };

struct counter counters[] = {
	[WHOLE] = { "trailers-found" },
	[MISSING] = { "files-without-trailer" },
	[DAMAGED] = { "trailers-ignored" },
	[RUNS] = { "runs" },
	[CLIPPED] = { "runs-clipped" },
	{ }
};

/* One run, in the memory between two pages. */
static void try_run(const struct xelf_hint *hint, __u64 first, __u64 end)
{
	const struct xelf_extent place = {
		.start = first << PAGE_SHIFT,
		.end = end << PAGE_SHIFT,
	};
	struct xelf_extent extent = xelf_hint_extent(hint, &place, PAGE_SHIFT);
	__u64 pages = (extent.end - extent.start) >> PAGE_SHIFT;

	counters[RUNS].count++;
	CLAIM(extent.start >= place.start && extent.end <= place.end);
	CLAIM(extent.start <= extent.end);
	CLAIM(!(extent.start % (1 << PAGE_SHIFT)) &&
	      !(extent.end % (1 << PAGE_SHIFT)));
	CLAIM(pages <= hint->pages);
	if (pages < hint->pages) {
		counters[CLIPPED].count++;
		CLAIM((__u64)hint->page + hint->pages > end - first);
	}
	if (!pages)
		return;
	if (hint->place == XELF_HINT_STACK)
		CLAIM(place.end - extent.end == (__u64)hint->page << PAGE_SHIFT);
	else
		CLAIM(extent.start - place.start ==
		      (__u64)hint->page << PAGE_SHIFT);
}

static void try_hints(const struct xelf_hints *hints, const __u8 *tail,
		      size_t size)
{
	unsigned int i;

	CLAIM(hints->count <= XELF_HINTS_RUNS);
	CLAIM(hints->size == XELF_HINTS_SIZE(hints->count));
	CLAIM(hints->size <= size && hints->size <= XELF_HINTS_MAX_SIZE);
	CLAIM(hints->runs == tail + size - hints->size);
	for (i = 0; i < hints->count; i++) {
		struct xelf_hint hint = xelf_hint_at(hints, i);

		try_run(&hint, 0, 0);
		try_run(&hint, 0x400, 0x500);
		try_run(&hint, 0x7ffffff00, 0x7fffffffe);
	}
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	enum xelf_hints_fault fault;
	struct xelf_hints hints;
	__u8 *tail;

	if (size > XELF_HINTS_MAX_SIZE) {
		data += size - XELF_HINTS_MAX_SIZE;
		size = XELF_HINTS_MAX_SIZE;
	}
	/* Of its size exactly, so that a read before it is seen. */
	tail = malloc(size ? size : 1);
	if (size)
		memcpy(tail, data, size);
	fault = xelf_find_hints(tail, size, PAGE_SHIFT, &hints);
	CLAIM(fault < XELF_HINTS_FAULT_COUNT);
	CLAIM(strcmp(xelf_hints_fault_name(fault), "?"));
	CLAIM(!strcmp(xelf_hints_fault_name(XELF_HINTS_FAULT_COUNT), "?"));
	switch (fault) {
	case XELF_HINTS_OK:
		counters[WHOLE].count++;
		try_hints(&hints, tail, size);
		/* One bit more or less, and it is none. */
		tail[size - 1 - xelf_crc16(0, tail, size) % hints.size] ^= 0x10;
		CLAIM(xelf_find_hints(tail, size, PAGE_SHIFT, &hints));
		break;
	case XELF_HINTS_MISSING:
		counters[MISSING].count++;
		break;
	default:
		CLAIM(fault != XELF_HINTS_UNREADABLE &&
		      fault != XELF_HINTS_OTHER_INTERP);
		CLAIM(size >= sizeof(struct xelf_hints_footer));
		counters[DAMAGED].count++;
		break;
	}
	CLAIM(xelf_interp_sum(tail, size, size));
	free(tail);
	return 0;
}

/* Puts a whole trailer at the end, of runs that are any bytes. */
static size_t make_whole(__u8 *data, size_t size, unsigned int runs)
{
	struct xelf_hints_footer footer = {
		.magic = XELF_HINTS_MAGIC,
		.version = XELF_HINTS_VERSION,
		.page_shift = PAGE_SHIFT,
	};
	__u8 *end = data + size;

	while (runs && XELF_HINTS_SIZE(runs) > size)
		runs--;
	if (XELF_HINTS_SIZE(runs) > size)
		return size;
	footer.count = runs;
	footer.size = XELF_HINTS_SIZE(runs);
	memcpy(end - sizeof(footer), &footer, sizeof(footer));
	footer.sum = xelf_sum(XELF_SUM_START, end - footer.size,
			      footer.size - sizeof(footer.sum));
	memcpy(end - sizeof(footer.sum), &footer.sum, sizeof(footer.sum));
	return size;
}

/* The target has a mutator of its own: a sum is not found by chance. */
size_t LLVMFuzzerCustomMutator(__u8 *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	size = LLVMFuzzerMutate(data, size, max_size);
	return seed % 2 ? size :
			  make_whole(data, size, seed / 2 % (XELF_HINTS_RUNS + 1));
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hints trailer: which pages a program touches when it starts, in the last
 * bytes of its file.
 *
 * Pure code, as check.h. Hints change when pages are mapped, nothing else: what
 * is wrong with them is counted and ignored, and never fails an exec.
 */
#ifndef _XELF_HINTS_H
#define _XELF_HINTS_H

#include "check.h"

/* What a file names is not looked up ahead of its check; a matter of kernels. */
#ifdef __KERNEL__
#include <linux/nospec.h>
#else
#define array_index_nospec(index, size)	(index)
#endif

/**
 * struct xelf_hint - a run of pages, as in the file (little-endian)
 * @page: the first page of the run. Of an image: counted from its lowest page
 *	up. Of the stack: from the page of the initial stack pointer down
 * @pages: their number; 0: none
 * @place: one of enum xelf_hint_place; what is not is ignored
 * @access: XELF_HINT_READ or XELF_HINT_WRITE; what is neither is ignored
 */
struct xelf_hint {
	__u32 page;
	__u16 pages;
	__u8 place;
	__u8 access;
};

enum xelf_hint_place {
	XELF_HINT_PROGRAM,
	XELF_HINT_INTERP,
	XELF_HINT_STACK,
};

#define XELF_HINT_READ	0
#define XELF_HINT_WRITE	1

/**
 * struct xelf_hints_footer - the end of the file (little-endian)
 * @magic: XELF_HINTS_MAGIC
 * @version: XELF_HINTS_VERSION
 * @page_shift: binary logarithm of the page size that the runs are counted in
 * @count: number of struct xelf_hint right before the footer
 * @size: bytes of the whole trailer, the footer included
 * @interp: xelf_interp_sum() of the interpreter that the hints were recorded
 *	with; 0 without one
 * @sum: xelf_sum() of the trailer up to here
 */
struct xelf_hints_footer {
	__u8 magic[8];
	__u8 version;
	__u8 page_shift;
	__u16 count;
	__u32 size;
	__u64 interp;
	__u64 sum;
};

#define XELF_HINTS_MAGIC	"XELFHINT"
#define XELF_HINTS_VERSION	1

/* The format's limits: a trailer with more runs is not used. */
#define XELF_HINTS_RUNS		64
#define XELF_HINTS_SIZE(runs) \
	((runs) * sizeof(struct xelf_hint) + sizeof(struct xelf_hints_footer))
#define XELF_HINTS_MAX_SIZE	XELF_HINTS_SIZE(XELF_HINTS_RUNS)

/* What is mapped at most, whatever a trailer asks for. */
#define XELF_HINTS_READ_PAGES	256
#define XELF_HINTS_WRITE_PAGES	32
#define XELF_HINTS_TABLES	8	/* page-table pages made */

/*
 * What all of it may cost, in hundreds of instructions, with what the pages
 * cost again when the program ends; as measured on 6.1 and rounded up. A fault
 * that makes a page-table page also maps pages around the one that was asked for.
 */
#define XELF_HINTS_BUDGET	3000
#define XELF_HINTS_RUN_COST	5	/* of pages to be read, in one mapping */
#define XELF_HINTS_READ_COST	10	/* a page */
#define XELF_HINTS_WRITE_COST	52	/* a page */
#define XELF_HINTS_TABLE_COST	230

_Static_assert(sizeof(struct xelf_hint) == 8, "a hint has 8 bytes");
_Static_assert(sizeof(struct xelf_hints_footer) == 32, "a footer has 32 bytes");

/*
 * XELF_HINTS_FAULTS() - why hints are ignored: X(identifier, name, text). Names
 * are an interface, as those of XELF_REASONS().
 */
#define XELF_HINTS_FAULTS(X)						       \
	X(UNREADABLE, "unreadable",					       \
	  "the end of the file cannot be read")				       \
	X(MISSING, "no-trailer",					       \
	  "the file does not end in a hints trailer")			       \
	X(VERSION_UNKNOWN, "unknown-version",			       \
	  "the trailer's version is not known")				       \
	X(PAGE_SIZE, "other-page-size",					       \
	  "the trailer counts pages of another size")			       \
	X(TOO_MANY, "too-many-runs",					       \
	  "the trailer has more runs than are looked at")		       \
	X(BAD_SIZE, "bad-size",						       \
	  "the trailer's size is not that of its runs, or not in the file")    \
	X(BAD_SUM, "bad-checksum",					       \
	  "the trailer does not match its checksum")			       \
	X(OTHER_INTERP, "interpreter-changed",				       \
	  "the interpreter is not the one that the hints were recorded with")

/**
 * enum xelf_hints_fault - why hints are ignored; XELF_HINTS_OK if they are not
 *
 * Made from XELF_HINTS_FAULTS(). The last of them is about the hints for the
 * interpreter alone; the others stand.
 */
enum xelf_hints_fault {
	XELF_HINTS_OK,
#define XELF_HINTS_FAULT_ID(id, name, text) XELF_HINTS_##id,
	XELF_HINTS_FAULTS(XELF_HINTS_FAULT_ID)
#undef XELF_HINTS_FAULT_ID
	XELF_HINTS_FAULT_COUNT
};

/**
 * xelf_hints_fault_name() - the name of a fault, as in "bad-checksum"
 * @fault: any value of enum xelf_hints_fault
 *
 * Return: a constant string; "ok" for XELF_HINTS_OK, "?" for what is none.
 */
static inline const char *xelf_hints_fault_name(enum xelf_hints_fault fault)
{
	static const char *const names[] = {
		[XELF_HINTS_OK] = "ok",
#define XELF_HINTS_FAULT_NAME(id, name, text)				       \
		[XELF_HINTS_##id] = name,
		XELF_HINTS_FAULTS(XELF_HINTS_FAULT_NAME)
#undef XELF_HINTS_FAULT_NAME
	};

	return (unsigned int)fault < XELF_HINTS_FAULT_COUNT ? names[fault] : "?";
}

/**
 * xelf_sum() - a checksum against accidents
 * @sum: XELF_SUM_START, or the result so far
 * @data: bytes to add
 * @size: their number; what is beyond a multiple of 8 is left out
 *
 * FNV-1a's two steps, for little-endian words of 64 bits in place of bytes:
 * three instructions for eight bytes.
 *
 * Return: the checksum.
 */
static inline __u64 xelf_sum(__u64 sum, const void *data, size_t size)
{
	const __u8 *at = data;
	__u64 word;

	for (; size >= sizeof(word); size -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		sum = (sum ^ word) * 0x100000001b3ULL;
		at += sizeof(word);
	}
	return sum;
}

#define XELF_SUM_START	0xcbf29ce484222325ULL

/*
 * Of an interpreter this much is summed: it holds the ELF header, the program
 * headers and, as linkers write it, the build ID.
 */
#define XELF_INTERP_SUM_SIZE	768

/**
 * xelf_interp_sum() - tells one interpreter from another
 * @first: its first XELF_INTERP_SUM_SIZE bytes, or all of a shorter file
 * @have: their number
 * @file_size: bytes of the whole file
 *
 * Hints for a file that this does not tell apart cost time, and do no harm.
 *
 * Return: the checksum; never 0.
 */
static inline __u64 xelf_interp_sum(const void *first, size_t have,
				    __u64 file_size)
{
	__u64 sum = xelf_sum(XELF_SUM_START, &file_size, sizeof(file_size));

	if (have > XELF_INTERP_SUM_SIZE)
		have = XELF_INTERP_SUM_SIZE;
	sum = xelf_sum(sum, first, have);
	return sum ? sum : 1;
}

/**
 * struct xelf_hints - a trailer that was found to be whole
 * @runs: the runs, @count times sizeof(struct xelf_hint); not aligned
 * @count: their number, at most XELF_HINTS_RUNS
 * @size: bytes of the whole trailer
 * @interp: as in the footer
 */
struct xelf_hints {
	const __u8 *runs;
	unsigned int count;
	unsigned int size;
	__u64 interp;
};

/**
 * xelf_hint_at() - one run
 * @hints: from xelf_find_hints()
 * @i: which, below @hints->count
 *
 * Return: the run; nothing in it has been checked.
 */
static inline struct xelf_hint xelf_hint_at(const struct xelf_hints *hints,
					    unsigned int i)
{
	struct xelf_hint hint;

	memcpy(&hint, hints->runs + i * sizeof(hint), sizeof(hint));
	return hint;
}

/**
 * xelf_find_hints() - look for a trailer at the end of a file
 * @tail: the file's last bytes; kept by reference
 * @size: their number: XELF_HINTS_MAX_SIZE, or all of a shorter file
 * @page_shift: binary logarithm of this machine's page size
 * @hints: filled in if the trailer is whole
 *
 * Return: XELF_HINTS_OK, or what is wrong; never XELF_HINTS_UNREADABLE or
 * XELF_HINTS_OTHER_INTERP, which are not the trailer's faults.
 */
static inline enum xelf_hints_fault
xelf_find_hints(const __u8 *tail, size_t size, unsigned int page_shift,
		struct xelf_hints *hints)
{
	struct xelf_hints_footer footer;
	const __u8 *start;

	if (size < sizeof(footer))
		return XELF_HINTS_MISSING;
	memcpy(&footer, tail + size - sizeof(footer), sizeof(footer));
	if (memcmp(footer.magic, XELF_HINTS_MAGIC, sizeof(footer.magic)))
		return XELF_HINTS_MISSING;
	if (footer.version != XELF_HINTS_VERSION)
		return XELF_HINTS_VERSION_UNKNOWN;
	if (footer.count > XELF_HINTS_RUNS)
		return XELF_HINTS_TOO_MANY;
	if (footer.size != XELF_HINTS_SIZE(footer.count) || footer.size > size)
		return XELF_HINTS_BAD_SIZE;
	start = tail + size - array_index_nospec((size_t)footer.size, size + 1);
	if (footer.sum != xelf_sum(XELF_SUM_START, start,
				   footer.size - sizeof(footer.sum)))
		return XELF_HINTS_BAD_SUM;
	if (footer.page_shift != page_shift)
		return XELF_HINTS_PAGE_SIZE;
	hints->runs = start;
	hints->count = footer.count;
	hints->size = footer.size;
	hints->interp = footer.interp;
	return XELF_HINTS_OK;
}

/**
 * struct xelf_extent - a piece of memory, in whole pages
 * @start: its first byte
 * @end: the byte after its last; not above @start if it is empty
 */
struct xelf_extent {
	__u64 start;
	__u64 end;
};

/**
 * xelf_hint_extent() - where a run lies in memory
 * @hint: the run
 * @place: the image's memory in whole pages; of the stack: what lies below the
 *	end of the page of the initial stack pointer
 * @page_shift: binary logarithm of the page size
 *
 * Return: the part of the run that lies in @place; it may be empty.
 */
static inline struct xelf_extent xelf_hint_extent(const struct xelf_hint *hint,
						  const struct xelf_extent *place,
						  unsigned int page_shift)
{
	__u64 room = (place->end - place->start) >> page_shift;
	__u64 first = hint->page < room ? hint->page : room;
	__u64 pages = hint->pages < room - first ? hint->pages : room - first;

	if (hint->place == XELF_HINT_STACK)
		first = room - first - pages;
	return (struct xelf_extent){
		.start = place->start + (first << page_shift),
		.end = place->start + ((first + pages) << page_shift),
	};
}

#endif /* _XELF_HINTS_H */

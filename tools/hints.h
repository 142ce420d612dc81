/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What those parts of the command share that look at a hints trailer.
 */
#ifndef _TOOLS_HINTS_H
#define _TOOLS_HINTS_H

#include <xelf/hints.h>

#include "xelf.h"

/* Binary logarithm of the machine's page size, as PAGE_SIZE_SHOWN has it. */
#define PAGE_SHIFT	12

/**
 * struct trailer - the trailer of a file
 * @hints: what is in it; refers to @tail
 * @tail: the file's last bytes
 */
struct trailer {
	struct xelf_hints hints;
	__u8 tail[XELF_HINTS_MAX_SIZE];
};

const char *hints_fault_text(enum xelf_hints_fault fault);
bool hints_expected(const struct file *file);
enum xelf_hints_fault trailer_read(struct trailer *trailer,
				   const struct file *file);
__u64 hints_interp_sum(const char *path);
const char *hint_place_name(const struct xelf_hint *hint);
const char *hint_access_name(const struct xelf_hint *hint);
__u64 contents_end(const struct image *img);
size_t trailer_make(__u8 *tail, const struct xelf_hint *runs,
		    unsigned int count, __u64 interp);

#endif /* _TOOLS_HINTS_H */

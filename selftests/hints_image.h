/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hints trailers for the tests, good and bad; made without the tool.
 */
#ifndef XELF_HINTS_IMAGE_H
#define XELF_HINTS_IMAGE_H

#include <xelf/hints.h>

#define PAGE_SHIFT	12

struct hints_image {
	struct xelf_hint runs[XELF_HINTS_RUNS + 1];
	struct xelf_hints_footer footer;
};

/* Writes @count runs and the footer to @to, with a right checksum. */
static inline size_t hints_write(__u8 *to, const struct hints_image *image,
				 unsigned int count)
{
	struct xelf_hints_footer footer = image->footer;
	size_t size = count * sizeof(image->runs[0]);

	memcpy(to, image->runs, size);
	memcpy(to + size, &footer, sizeof(footer));
	footer.sum = xelf_sum(XELF_SUM_START, to,
			      size + sizeof(footer) - sizeof(footer.sum));
	memcpy(to + size, &footer, sizeof(footer));
	return size + sizeof(footer);
}

/* A good footer for @count runs. */
static inline void hints_init(struct hints_image *image, unsigned int count)
{
	image->footer = (struct xelf_hints_footer){
		.version = XELF_HINTS_VERSION,
		.page_shift = PAGE_SHIFT,
		.count = count,
		.size = XELF_HINTS_SIZE(count),
	};
	memcpy(image->footer.magic, XELF_HINTS_MAGIC,
	       sizeof(image->footer.magic));
}

#endif /* XELF_HINTS_IMAGE_H */

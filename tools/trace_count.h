/* SPDX-License-Identifier: GPL-2.0-only */
/* How many of what there are in a stretch of a timeline. */
#ifndef _TOOLS_TRACE_COUNT_H
#define _TOOLS_TRACE_COUNT_H

#include "trace.h"

/**
 * struct counts - numbers of events
 * @faults: page faults
 * @major: of these, that waited for a disk
 * @file: of these, of file pages
 * @copied: of these, of file pages that were written and so copied
 * @anon: of these, of memory without a file
 * @calls: system calls
 * @other: all else
 */
struct counts {
	size_t faults;
	size_t major;
	size_t file;
	size_t copied;
	size_t anon;
	size_t calls;
	size_t other;
};

void count_events(const struct trace *trace, size_t first, size_t last,
		  struct counts *counts);
char *counts_text(const struct counts *counts);

#endif /* _TOOLS_TRACE_COUNT_H */

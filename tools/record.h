/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of `xelf record` share: what is recorded.
 */
#ifndef _TOOLS_RECORD_H
#define _TOOLS_RECORD_H

#include "hints.h"

#define PAGE_BYTES	4096UL
#define STACK_PAGES	16

/**
 * struct pages - what was seen of one place, in all runs so far
 * @place: what it is a place of
 * @addr: where it lay in the last run; the stack: the page after the first
 * @count: number of pages that are looked at
 * @seen: for each, in how many runs it was there
 * @written: for each, in how many runs it was the process's own
 */
struct pages {
	enum xelf_hint_place place;
	__u64 addr;
	size_t count;
	unsigned int *seen;
	unsigned int *written;
};

/**
 * struct recording - one run of the command
 * @file: the program's file
 * @img: the same, planned
 * @interp_file: the interpreter's, if there is one
 * @interp_img: the same, planned
 * @argv: the program and its arguments
 * @runs: how often it is run
 * @window: how long a program is looked at, in ms
 * @zero_frame: the page that all memory reads from that nobody wrote; 0 if
 *	frames are not shown
 * @places: by enum xelf_hint_place
 */
struct recording {
	struct file file;
	struct image img;
	struct file interp_file;
	struct image interp_img;
	char **argv;
	unsigned int runs;
	unsigned int window;
	__u64 zero_frame;
	struct pages places[XELF_HINT_STACK + 1];
};

struct xelf_hint *record_runs(const struct recording *rec, size_t *count);

#endif /* _TOOLS_RECORD_H */

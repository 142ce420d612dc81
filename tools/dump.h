/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two forms of xelf dump share.
 */
#ifndef _TOOLS_DUMP_H
#define _TOOLS_DUMP_H

#include "sections.h"
#include "xelf.h"

/* Where brk begins, before it is randomised; in the file's own addresses. */
static inline __u64 brk_start(const struct xelf_plan *plan)
{
	return xelf_page_ceil(plan->high, PAGE_SIZE_SHOWN);
}

/* dump.c */
const char *tag_state(const struct file *file);
const char *rights_text(__u32 flags, char *text);
const char *stack_text(enum xelf_stack stack);

/* json.c */
void dump_json_begin(void);
void dump_json(const struct image *img, const struct sections *sections,
	       bool first);
void dump_json_end(void);

#endif /* _TOOLS_DUMP_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One exec under way: what it knows, how it is counted and told of.
 * A part of binfmt_xelf.c.
 */
#ifndef _XELF_LOAD_H
#define _XELF_LOAD_H

#include <linux/atomic.h>
#include <linux/binfmts.h>
#include <linux/elf.h>
#include <linux/seq_file.h>
#include <linux/timekeeping.h>

#include <xelf/check.h>
#include <xelf/hints.h>
#include <xelf/plan.h>
#include <xelf/steps.h>
#include <xelf/tell.h>

static const char *const xelf_step_names[] = {
#define XELF_STEP_NAME(id, name) \
	[XELF_STEP_##id] = #name,
	XELF_STEPS(XELF_STEP_NAME)
#undef XELF_STEP_NAME
};

static atomic_long_t xelf_loaded;
static atomic_long_t xelf_refused[XELF_REASON_COUNT];
static atomic_long_t xelf_ended[XELF_STEP_COUNT];
static atomic_long_t xelf_killed[XELF_STEP_COUNT];
static atomic_long_t xelf_hints_used;
static atomic_long_t xelf_hints_ignored[XELF_HINTS_FAULT_COUNT];

/*
 * Bytes of a file's beginning that are read at once: in nearly every file they
 * hold the program headers and the interpreter's path.
 */
#define XELF_HEAD_SIZE	832

/* A program or an interpreter: its file, its headers and where it lies. */
struct xelf_image {
	struct file *file;
	const u8 *head;		/* the file's first bytes, head_size of them */
	size_t head_size;
	Elf64_Ehdr ehdr;
	const Elf64_Phdr *phdrs;
	Elf64_Phdr *own_phdrs;	/* where they are if they are not in the head */
	struct xelf_plan plan;
	unsigned long bias;	/* memory address minus the file's own */
	unsigned long map_flags;	/* XELF_MAP_BTI, or 0 */
};

/* Where an address of an image's lies in memory: the sum wraps as addresses do. */
static inline unsigned long xelf_in_memory(unsigned long bias, u64 addr)
{
	return bias + addr;
}

/* One exec under way. */
struct xelf_load {
	struct linux_binprm *bprm;
	struct xelf_limits limits;
	struct xelf_image program;
	struct xelf_image *interp;	/* NULL without one */
	bool substitute;		/* and that is binfmt_misc's, not PT_INTERP's */
	u8 *program_head;		/* XELF_HEAD_SIZE bytes, if it takes as many */
	int randomize_va_space;		/* read once: root may flip it meanwhile */
	unsigned long entry;		/* where the task starts */
	enum xelf_step step;
	enum xelf_reason reason;	/* XELF_OK unless refused */
	u64 *ns;	/* when each step began; NULL unless xelf_exec is traced */
};

/* Not if tracing began in the middle of this exec. */
static noinline __cold void xelf_take_time(struct xelf_load *load)
{
	if (load->ns)
		load->ns[load->step] = ktime_get_ns();
}

/* Each step of XELF_STEPS begins with this. */
static __always_inline void xelf_enter(struct xelf_load *load,
				       enum xelf_step step)
{
	load->step = step;
	if (trace_xelf_exec_enabled())
		xelf_take_time(load);
}

/* The event that sums up: from when each step began to how long it took. */
static noinline void xelf_trace_exec(struct xelf_load *load, int err)
{
	u64 now = ktime_get_ns(), end = now;
	int step;

	for (step = XELF_STEP_COUNT - 1; step >= 0; step--) {
		u64 began = load->ns[step];

		if (!began)
			continue;
		load->ns[step] = end - began;
		end = began;
	}
	trace_xelf_exec(load->bprm->interp, load->ns, end, now - end,
			xelf_step_names[load->step],
			xelf_reason_name(load->reason), err);
}

/* Counts a refusal. @err replaces the reason's own errno where it has none. */
static int xelf_refuse(struct xelf_load *load, enum xelf_reason reason, int err)
{
	if (xelf_reason_errno(reason))
		err = -xelf_reason_errno(reason);
	load->reason = reason;
	atomic_long_inc(&xelf_refused[reason]);
	xelf_tell(refuse, load->bprm->interp, xelf_reason_name(reason),
		  xelf_step_names[load->step], err);
	return err;
}

static int xelf_refuse_if(struct xelf_load *load, enum xelf_reason reason)
{
	return reason ? xelf_refuse(load, reason, 0) : 0;
}

/* Counts a failure after the point of no return; @err only kills. */
static int xelf_kill(enum xelf_step step, int err)
{
	atomic_long_inc(&xelf_killed[step]);
	return err;
}

/* debugfs: xelf/stats, a name and a number a line */
static int stats_show(struct seq_file *m, void *unused)
{
	int i;

	seq_printf(m, "loaded %ld\n", atomic_long_read(&xelf_loaded));
	for (i = XELF_NOT_TAGGED + 1; i < XELF_REASON_COUNT; i++)
		seq_printf(m, "refused-%s %ld\n", xelf_reason_name(i),
			   atomic_long_read(&xelf_refused[i]));
	for (i = 0; i < XELF_STEP_COUNT; i++)
		seq_printf(m, "ended-%s %ld\n", xelf_step_names[i],
			   atomic_long_read(&xelf_ended[i]));
	/* Before these steps an exec is refused; after them nothing can fail. */
	for (i = XELF_STEP_STACK; i <= XELF_STEP_TABLES; i++)
		seq_printf(m, "killed-%s %ld\n", xelf_step_names[i],
			   atomic_long_read(&xelf_killed[i]));
	seq_printf(m, "hints-used %ld\n", atomic_long_read(&xelf_hints_used));
	for (i = XELF_HINTS_OK + 1; i < XELF_HINTS_FAULT_COUNT; i++)
		seq_printf(m, "hints-ignored-%s %ld\n",
			   xelf_hints_fault_name(i),
			   atomic_long_read(&xelf_hints_ignored[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

#endif /* _XELF_LOAD_H */

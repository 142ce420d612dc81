/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The steps of an exec: the one list behind the counters in xelf/stats, the
 * times in the trace event xelf_exec, and what a killed task was killed in.
 */
#ifndef _XELF_STEPS_H
#define _XELF_STEPS_H

/*
 * XELF_STEPS() - the steps in their order: X(identifier, name). Names are an
 * interface, as reasons are. The point of no return lies in commit: before it
 * an exec is refused, after it killed.
 *
 * check: the tag, the first 128 bytes, the program headers read
 * open: the interpreter opened, its headers read; only if there is one
 * plan: what would be mapped is looked at, and refused if it cannot be
 * commit: begin_new_exec(): the old program goes
 * stack: the stack goes to its place
 * program: its segments and bss are mapped
 * interpreter: likewise; only if there is one
 * vdso: the kernel's code and data pages for user space are mapped
 * tables: argv, envp and the auxiliary vector are written
 * brk: where the heap begins
 * hints: pages are mapped ahead; only if the file asks for it
 * start: registers
 */
#define XELF_STEPS(X) \
	X(CHECK, check) \
	X(OPEN, open) \
	X(PLAN, plan) \
	X(COMMIT, commit) \
	X(STACK, stack) \
	X(PROGRAM, program) \
	X(INTERP, interpreter) \
	X(VDSO, vdso) \
	X(TABLES, tables) \
	X(BRK, brk) \
	X(HINTS, hints) \
	X(START, start)

enum xelf_step {
#define XELF_STEP_ID(id, name) XELF_STEP_##id,
	XELF_STEPS(XELF_STEP_ID)
#undef XELF_STEP_ID
	XELF_STEP_COUNT
};

#endif /* _XELF_STEPS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A loader that is wrong on purpose, to prove that the tests see it: built
 * only with XELF_BROKEN=1 in scripts/kernel's environment, never for use.
 */
#ifndef _XELF_BROKEN_H
#define _XELF_BROKEN_H

/* The values of the module parameter `broken`. */
enum xelf_broken {
	XELF_BROKEN_NOT,
	XELF_BROKEN_BRK,	/* brk begins a page too high */
	XELF_BROKEN_AUXV,	/* AT_HWCAP2 is named AT_IGNORE */
	XELF_BROKEN_MAP,	/* one page more is mapped */
	XELF_BROKEN_COMM,	/* the name begins with a question mark */
	XELF_BROKEN_REGISTER,	/* XELF_ZERO_REGISTER is not zero */
	XELF_BROKEN_BSS,	/* a byte of the stack's lowest page is not zero */
	XELF_BROKEN_LEAK,	/* the interpreter's file is not given back */
	XELF_BROKEN_LOCK,	/* the memory's lock is not given back */
	XELF_BROKEN_ERRNO = 16,	/* ENOENT becomes EACCES */
};

#ifdef XELF_BROKEN
static unsigned int broken;
module_param(broken, uint, 0644);
MODULE_PARM_DESC(broken, "what is wrong on purpose, see xelf/broken.h");
#define xelf_is_broken(what)	(READ_ONCE(broken) == (what))

static void xelf_break_auxv(unsigned long *auxv)
{
	if (!xelf_is_broken(XELF_BROKEN_AUXV))
		return;
	for (; *auxv != AT_NULL; auxv += 2)
		if (*auxv == AT_HWCAP2)
			*auxv = AT_IGNORE;
}

/* What the exec says. */
static int xelf_break_errno(int err)
{
	return xelf_is_broken(XELF_BROKEN_ERRNO) && err == -ENOENT ? -EACCES : err;
}

/* What is broken when all has been done right. */
static void xelf_break(struct linux_binprm *bprm)
{
	struct mm_struct *mm = current->mm;

	if (xelf_is_broken(XELF_BROKEN_BRK)) {
		mm->start_brk += PAGE_SIZE;
		mm->brk += PAGE_SIZE;
	}
	if (xelf_is_broken(XELF_BROKEN_MAP) &&
	    IS_ERR_VALUE(vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ,
				 MAP_PRIVATE | MAP_ANONYMOUS, 0)))
		pr_warn("broken: no page more could be mapped\n");
	if (xelf_is_broken(XELF_BROKEN_COMM)) {
		task_lock(current);
		current->comm[0] = '?';
		task_unlock(current);
	}
	if (xelf_is_broken(XELF_BROKEN_REGISTER))
		XELF_ZERO_REGISTER(current_pt_regs()) = 1;
	if (xelf_is_broken(XELF_BROKEN_BSS) &&
	    put_user('!', (char __user *)((bprm->p & PAGE_MASK) - 1)))
		pr_warn("broken: the stack could not be written\n");
	if (xelf_is_broken(XELF_BROKEN_LOCK))
		mmap_read_lock(mm);
}
#else
#define xelf_is_broken(what)	false

static inline void xelf_break_auxv(unsigned long *auxv)
{
}

static inline int xelf_break_errno(int err)
{
	return err;
}

static inline void xelf_break(struct linux_binprm *bprm)
{
}
#endif

#endif /* _XELF_BROKEN_H */

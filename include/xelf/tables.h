/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a program finds on its stack: argc, argv, envp, the auxiliary vector, and
 * how that of this kernel is learnt. A part of binfmt_xelf.c.
 */
#ifndef _XELF_TABLES_H
#define _XELF_TABLES_H

#include <linux/auxvec.h>
#include <linux/cred.h>
#include <linux/random.h>
#include <linux/uaccess.h>

#include <xelf/broken.h>
#include <xelf/load.h>
#include <xelf/symbols.h>

#define XELF_AUXV_LONGS	ARRAY_SIZE(((struct mm_struct *)NULL)->saved_auxv)

/*
 * The auxiliary vector of this kernel, learnt at init from that of the task
 * that loads the module: its entries in its order, the values of those that
 * are the machine's, and zeros from AT_NULL on.
 */
static unsigned long xelf_auxv[XELF_AUXV_LONGS];
static unsigned int xelf_auxv_longs;	/* in use, AT_NULL's two included */
static unsigned int xelf_auxv_execfd;	/* where AT_EXECFD goes, if it is to */

/* The entries whose values are the task's. */
#define XELF_TASK_AUXV(X) \
	X(SYSINFO_EHDR) X(PHDR) X(PHNUM) X(BASE) X(FLAGS) X(ENTRY) X(UID) \
	X(EUID) X(GID) X(EGID) X(SECURE) X(RANDOM) X(EXECFN) X(PLATFORM)

enum xelf_task_auxv {
#define XELF_TASK_AUXV_ID(id) XELF_AUXV_##id,
	XELF_TASK_AUXV(XELF_TASK_AUXV_ID)
#undef XELF_TASK_AUXV_ID
	XELF_TASK_AUXV_COUNT
};

/* Where in xelf_auxv the value of each lies; 0 if this kernel has it not. */
static u8 xelf_auxv_at[XELF_TASK_AUXV_COUNT];

/*
 * This and its callers are inlined by force: xelf_exec() has grown too large for
 * the compiler to do so by itself, and a function saves and restores registers.
 *
 * Fills mm->saved_auxv, whose rest is zeros: /proc/PID/auxv and the core dumper
 * walk it up to AT_NULL. Returns the number of longs, AT_NULL included.
 */
static __always_inline unsigned int
xelf_fill_auxv(const struct xelf_load *load, unsigned long platform,
	       unsigned long random)
{
	const struct linux_binprm *bprm = load->bprm;
	const struct xelf_image *program = &load->program;
	const struct cred *cred = current_cred();
	unsigned long *auxv = current->mm->saved_auxv;
	unsigned long *execfd = auxv + xelf_auxv_execfd;

	BUILD_BUG_ON(sizeof(current->mm->saved_auxv) != sizeof(xelf_auxv));
	memcpy(auxv, xelf_auxv, sizeof(xelf_auxv));
#define XELF_SET_AUXV(id, value) do {					      \
	if (xelf_auxv_at[XELF_AUXV_##id])				      \
		auxv[xelf_auxv_at[XELF_AUXV_##id]] = (value);		      \
} while (0)
	XELF_SET_AUXV(SYSINFO_EHDR, xelf_vdso_base());
	XELF_SET_AUXV(PHDR, program->plan.phdr_addr + program->bias);
	XELF_SET_AUXV(PHNUM, program->ehdr.e_phnum);
	XELF_SET_AUXV(BASE, load->interp ? load->interp->bias : 0);
	XELF_SET_AUXV(FLAGS, xelf_at_flags(bprm));
	XELF_SET_AUXV(ENTRY, program->ehdr.e_entry + program->bias);
	XELF_SET_AUXV(UID, from_kuid_munged(cred->user_ns, cred->uid));
	XELF_SET_AUXV(EUID, from_kuid_munged(cred->user_ns, cred->euid));
	XELF_SET_AUXV(GID, from_kgid_munged(cred->user_ns, cred->gid));
	XELF_SET_AUXV(EGID, from_kgid_munged(cred->user_ns, cred->egid));
	XELF_SET_AUXV(SECURE, bprm->secureexec);
	XELF_SET_AUXV(RANDOM, random);
	XELF_SET_AUXV(EXECFN, bprm->exec);
	XELF_SET_AUXV(PLATFORM, platform);
#undef XELF_SET_AUXV
	xelf_break_auxv(auxv);
	if (!bprm->have_execfd)
		return xelf_auxv_longs;
	memmove(execfd + 2, execfd,
		(xelf_auxv_longs - xelf_auxv_execfd) * sizeof(*auxv));
	execfd[0] = AT_EXECFD;
	execfd[1] = bprm->execfd;
	return xelf_auxv_longs + 2;
}

/*
 * Writes pointers to @count strings that lie one after the other from *@string
 * on, and a NULL. *@slot and *@string are moved past what was used.
 */
static int xelf_put_strings(unsigned long __user **slot, int count,
			    unsigned long *string)
{
	unsigned long batch[16];
	unsigned int n = 0;

	for (;;) {
		long size;

		batch[n++] = count ? *string : 0;
		if (!count || n == ARRAY_SIZE(batch)) {
			if (copy_to_user(*slot, batch, n * sizeof(*batch)))
				return -EFAULT;
			*slot += n;
			n = 0;
		}
		if (!count--)
			return 0;
		size = strnlen_user((void __user *)*string, MAX_ARG_STRLEN);
		if (!size || size > MAX_ARG_STRLEN)
			return -EINVAL;
		*string += size;
	}
}

/* argc, argv, envp and the vector, below the strings that execve() copied. */
static __always_inline int __xelf_write_tables(struct xelf_load *load)
{
	const char *platform = XELF_PLATFORM;
	size_t platform_size = strlen(platform) + 1;
	struct linux_binprm *bprm = load->bprm;
	struct mm_struct *mm = current->mm;
	unsigned long p, u_platform, u_random, string;
	unsigned long __user *slot;
	unsigned int auxv_longs;
	u64 random[2];
	long items;

	p = xelf_align_stack(bprm->p);
	p -= platform_size;
	u_platform = p;
	if (copy_to_user((void __user *)p, platform, platform_size))
		return -EFAULT;
	/* As good as get_random_bytes(), which sets up its cipher each time. */
	random[0] = get_random_u64();
	random[1] = get_random_u64();
	p -= sizeof(random);
	u_random = p;
	if (copy_to_user((void __user *)p, random, sizeof(random)))
		return -EFAULT;

	auxv_longs = xelf_fill_auxv(load, u_platform, u_random);
	/* argc, and the NULLs that end argv and envp */
	items = (long)bprm->argc + bprm->envc + 3;
	p -= auxv_longs * sizeof(*slot);
	p -= items * sizeof(*slot);
	bprm->p = p & ~15UL;

	/* The faults of these writes grow the stack as far as needed. */
	slot = (unsigned long __user *)bprm->p;
	if (put_user((unsigned long)bprm->argc, slot++))
		return -EFAULT;
	string = mm->arg_start;
	mm->arg_end = string;
	if (xelf_put_strings(&slot, bprm->argc, &string))
		return -EFAULT;
	mm->arg_end = string;
	mm->env_start = string;
	mm->env_end = string;
	if (xelf_put_strings(&slot, bprm->envc, &string))
		return -EFAULT;
	mm->env_end = string;
	if (copy_to_user(slot, mm->saved_auxv, auxv_longs * sizeof(*slot)))
		return -EFAULT;
	return 0;
}

static __always_inline int xelf_write_tables(struct xelf_load *load)
{
	int err;

	xelf_enter(load, XELF_STEP_TABLES);
	err = __xelf_write_tables(load);
	if (err)
		return xelf_kill(XELF_STEP_TABLES, err);
	xelf_tell(auxv, &load->program.plan, load->program.bias,
		  load->interp ? load->interp->bias : 0, current->mm);
	xelf_tell(stack, load->bprm, current->mm);
	return 0;
}

/* Is this an entry that we know to copy, being the machine's? */
static bool __init xelf_is_machine_auxv(unsigned long id)
{
	switch (id) {
	case AT_IGNORE:
	case AT_HWCAP:
	case AT_PAGESZ:
	case AT_PHENT:
	case AT_CLKTCK:
	case AT_HWCAP2:
	case XELF_AT_RSEQ_FEATURE_SIZE:
	case XELF_AT_RSEQ_ALIGN:
	case XELF_AT_HWCAP3:
	case XELF_AT_HWCAP4:
	case XELF_AT_MINSIGSTKSZ:
		return true;
	default:
		return false;
	}
}

/* Is this one that we know to make? Then its value will go to @at. */
static bool __init xelf_is_task_auxv(unsigned long id, u8 at)
{
	static const u8 ids[] __initconst = {
#define XELF_TASK_AUXV_AT(id) AT_##id,
		XELF_TASK_AUXV(XELF_TASK_AUXV_AT)
#undef XELF_TASK_AUXV_AT
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		if (ids[i] != id)
			continue;
		xelf_auxv_at[i] = at;
		return true;
	}
	return false;
}

/*
 * Learns this kernel's vector: which entries, in which order, and the values
 * of those that are the same for every task. AT_EXECFD, which is there only if
 * binfmt_misc wants it, has its place after the last of the strings.
 */
static int __init xelf_learn_auxv(void)
{
	const unsigned long *auxv = current->mm->saved_auxv;
	unsigned int i, n = 0;

	for (i = 0; i + 1 < XELF_AUXV_LONGS && auxv[i] != AT_NULL; i += 2) {
		if (auxv[i] == AT_EXECFD ||
		    (auxv[i] == AT_SYSINFO_EHDR && !vdso))
			continue;
		/* One entry for AT_EXECFD and one for AT_NULL must be left. */
		if (n + 2 * 2 >= XELF_AUXV_LONGS)
			return -E2BIG;
		if (xelf_is_machine_auxv(auxv[i])) {
			xelf_auxv[n + 1] = auxv[i + 1];
		} else if (!xelf_is_task_auxv(auxv[i], n + 1)) {
			pr_warn("auxiliary vector entry %lu is not known: left out\n",
				auxv[i]);
			continue;
		}
		xelf_auxv[n] = auxv[i];
		n += 2;
		if (auxv[i] == AT_EXECFN || auxv[i] == AT_PLATFORM)
			xelf_auxv_execfd = n;
	}
	xelf_auxv_longs = n + 2;
	return n ? 0 : -ENOEXEC;
}

#endif /* _XELF_TABLES_H */

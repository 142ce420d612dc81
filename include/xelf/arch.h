/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between machines: one block each, with the same names.
 */
#ifndef _XELF_ARCH_H
#define _XELF_ARCH_H

#include <linux/elf.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/static_call.h>
#include <asm/exec.h>
#include <asm/processor.h>

#if defined(CONFIG_X86_64)

#define XELF_MACHINE		EM_X86_64
/* The string that AT_PLATFORM points to. */
#define XELF_PLATFORM		"x86_64"
/* Without the vDSO a program loses speed, nothing else. */
#define XELF_VDSO_OPTIONAL	true
/* The end of user space, also while the task that execs has less of it. */
#define XELF_TASK_SIZE		TASK_SIZE_MAX
/*
 * What mmap() gets for code whose branches are checked where they land, and
 * what its flags have before to say so; 0 where there is no such thing.
 */
#define XELF_PROT_BTI		0
#define XELF_MAP_BTI		0

/* Functions of this machine's own that the kernel does not export. */
#define XELF_ARCH_SYMBOLS(X) \
	X(set_personality_64bit)

/*
 * What SET_PERSONALITY() does: called after the point of no return, since
 * TASK_SIZE and the layout of the address space hang on it.
 */
#define xelf_set_personality(ehdr) static_call(xelf_set_personality_64bit)()

/* An insmod of 32 bits would teach us the 32-bit dumper and vector. */
static inline bool xelf_native_task(void)
{
	return !test_thread_flag(TIF_ADDR32);
}

#elif defined(CONFIG_ARM64)

#include <asm/cpufeature.h>
#include <asm/spectre.h>

#define XELF_MACHINE		EM_AARCH64
#ifdef __AARCH64EB__
#define XELF_PLATFORM		"aarch64_be"
#else
#define XELF_PLATFORM		"aarch64"
#endif
/* A signal handler returns by way of it. */
#define XELF_VDSO_OPTIONAL	false
#define XELF_TASK_SIZE		TASK_SIZE_64
#define XELF_PROT_BTI		(system_supports_bti() ? PROT_BTI : 0)
#define XELF_MAP_BTI		BIT(63)

#define XELF_ARCH_SYMBOLS(X) \
	X(spectre_v4_enable_task_mitigation)

#define xelf_set_personality(ehdr) SET_PERSONALITY(ehdr)

static inline bool xelf_native_task(void)
{
	return !test_thread_flag(TIF_32BIT);
}

/*
 * start_thread() is inline, and calls this, which is not exported. So the
 * module has a function of that name, which calls the kernel's.
 */
DECLARE_STATIC_CALL(xelf_spectre_v4_enable_task_mitigation,
		    spectre_v4_enable_task_mitigation);

void spectre_v4_enable_task_mitigation(struct task_struct *task)
{
	static_call(xelf_spectre_v4_enable_task_mitigation)(task);
}

#else
#error "binfmt_xelf: this machine is not supported yet (x86-64 and arm64 are)"
#endif

static inline unsigned long xelf_vdso_base(void)
{
	return (unsigned long)current->mm->context.vdso;
}

#endif /* _XELF_ARCH_H */

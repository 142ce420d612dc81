/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between machines: one block each, with the same names.
 */
#ifndef _XELF_ARCH_H
#define _XELF_ARCH_H

#include <linux/elf.h>
#include <linux/sched.h>
#include <asm/exec.h>
#include <asm/processor.h>

#if defined(CONFIG_X86_64)

#define XELF_MACHINE		EM_X86_64
/* The string that AT_PLATFORM points to. */
#define XELF_PLATFORM		"x86_64"
/* Without the vDSO a program loses speed, nothing else. */
#define XELF_VDSO_OPTIONAL	true

/* Functions of this machine's own that the kernel does not export. */
#define XELF_ARCH_SYMBOLS(X) \
	X(set_personality_64bit)

/*
 * What SET_PERSONALITY() does: called after the point of no return, since
 * TASK_SIZE and the layout of the address space hang on it.
 */
#define xelf_set_personality()	static_call(xelf_set_personality_64bit)()

/* An insmod of 32 bits would teach us the 32-bit dumper and vector. */
static inline bool xelf_native_task(void)
{
	return !test_thread_flag(TIF_ADDR32);
}

static inline unsigned long xelf_vdso_base(void)
{
	return (unsigned long)current->mm->context.vdso;
}

#else
#error "binfmt_xelf: this machine is not supported yet (x86-64 is)"
#endif

#endif /* _XELF_ARCH_H */

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
/* What an insmod must be to teach us this machine's own dumper and vector. */
#define XELF_NATIVE		"a 64-bit"
/* Without the vDSO a program loses speed, nothing else. */
#define XELF_VDSO_OPTIONAL	true
/* The end of user space, also while the task that execs has less of it. */
#define XELF_TASK_SIZE		TASK_SIZE_MAX
/* Code that is not aligned so faults before its page is looked at. */
#define XELF_ENTRY_ALIGN	1
/*
 * What mmap() gets for code whose branches are checked where they land, and
 * what its flags have before to say so; 0 where there is no such thing.
 */
#define XELF_PROT_BTI		0
#define XELF_MAP_BTI		0

/* Functions of this machine's own that the kernel does not export. */
#define XELF_ARCH_SYMBOLS(X) \
	X(set_personality_64bit)

/* A register that is zero when a program begins. */
#define XELF_ZERO_REGISTER(pt)	((pt)->dx)

/* Can this very processor run a program that is for its machine? */
static inline bool xelf_processor_runs(const Elf64_Ehdr *ehdr)
{
	return true;
}

DECLARE_STATIC_CALL(xelf_set_personality_64bit, set_personality_64bit);

/*
 * What SET_PERSONALITY() does, and whether what can be read can be executed:
 * called after the point of no return, since TASK_SIZE and the layout of the
 * address space hang on it. @stack is one of EXSTACK_*.
 */
static inline void xelf_set_personality(const Elf64_Ehdr *ehdr, int stack)
{
	static_call(xelf_set_personality_64bit)();
}

/* An insmod of 32 bits would teach us the 32-bit dumper and vector. */
static inline bool xelf_native_task(void)
{
	return !test_thread_flag(TIF_ADDR32);
}

#elif defined(CONFIG_ARM64)

#include <asm/cpufeature.h>
#include <asm/spectre.h>

#define XELF_MACHINE		EM_AARCH64
#define XELF_PLATFORM		"aarch64"
#define XELF_NATIVE		"a 64-bit"
/* A signal handler returns by way of it. */
#define XELF_VDSO_OPTIONAL	false
#define XELF_TASK_SIZE		TASK_SIZE_64
#define XELF_ENTRY_ALIGN	4
#define XELF_PROT_BTI		(system_supports_bti() ? PROT_BTI : 0)
#define XELF_MAP_BTI		BIT(63)

#define XELF_ARCH_SYMBOLS(X) \
	X(spectre_v4_enable_task_mitigation)

#define XELF_ZERO_REGISTER(pt)	((pt)->regs[2])

static inline bool xelf_processor_runs(const Elf64_Ehdr *ehdr)
{
	return true;
}

static inline void xelf_set_personality(const Elf64_Ehdr *ehdr, int stack)
{
	SET_PERSONALITY(*ehdr);
}

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

#elif defined(CONFIG_ARM)

#include <linux/binfmts.h>

#define XELF_MACHINE		EM_ARM
/* The processor's, as "v7l". */
#define XELF_PLATFORM		elf_platform
#define XELF_NATIVE		"an"
/* With it comes the page by way of which a signal handler returns. */
#define XELF_VDSO_OPTIONAL	false
#define XELF_TASK_SIZE		TASK_SIZE
/* xelf_processor_runs() lets no other through. */
#define XELF_ENTRY_ALIGN	1
#define XELF_PROT_BTI		0
#define XELF_MAP_BTI		0
#define XELF_ARCH_SYMBOLS(X)

#define XELF_ZERO_REGISTER(pt)	((pt)->ARM_r2)

/* What the kernel's functions look at, as they want it. */
static inline struct elf32_hdr xelf_narrow_ehdr(const Elf64_Ehdr *ehdr)
{
	return (struct elf32_hdr){
		.e_machine = ehdr->e_machine,
		.e_entry = ehdr->e_entry,
		.e_flags = ehdr->e_flags,
	};
}

/* Thumb code, the old ABI's floating point, its addresses of 26 bits. */
static inline bool xelf_processor_runs(const Elf64_Ehdr *ehdr)
{
	struct elf32_hdr narrow = xelf_narrow_ehdr(ehdr);

	return elf_check_arch(&narrow);
}

static inline void xelf_set_personality(const Elf64_Ehdr *ehdr, int stack)
{
	struct elf32_hdr narrow = xelf_narrow_ehdr(ehdr);

	elf_set_personality(&narrow);
	if (arm_elf_read_implies_exec(stack))
		current->personality |= READ_IMPLIES_EXEC;
}

static inline bool xelf_native_task(void)
{
	return true;
}

#else
#error "binfmt_xelf: this machine is not supported yet (x86-64, arm64 and 32-bit ARM are)"
#endif

#ifdef CONFIG_CPU_BIG_ENDIAN
#error "binfmt_xelf: tags and trailers are little-endian, and so must the kernel be"
#endif

/*
 * What randomises the stack within its page: a macro that does nothing on
 * machines without it, else a function that the kernel does not export.
 */
#ifdef arch_align_stack
#define XELF_ALIGN_SYMBOLS(X)
#define xelf_align_stack(sp)	arch_align_stack(sp)
#else
#define XELF_ALIGN_SYMBOLS(X)	X(arch_align_stack)
#define xelf_align_stack(sp)	static_call(xelf_arch_align_stack)(sp)
#endif

static inline unsigned long xelf_vdso_base(void)
{
#if defined(CONFIG_ARM) && !defined(CONFIG_VDSO)
	/* Nor does the vector tell of one. */
	return 0;
#else
	return (unsigned long)current->mm->context.vdso;
#endif
}

#endif /* _XELF_ARCH_H */

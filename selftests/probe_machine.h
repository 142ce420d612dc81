/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The probe's machine: its first instructions, which keep all registers, and
 * its system calls; one block each, with the same names.
 */
#ifndef XELF_PROBE_MACHINE_H
#define XELF_PROBE_MACHINE_H

/*
 * REGISTER_NAMES: those that the first instructions put below the stack image,
 * upwards; the first is the stack pointer, as it was.
 * FPU_SIZE: bytes of what save_fpu() writes
 */
#if defined(__x86_64__)

#define REGISTER_NAMES							\
	"sp", "ax", "bx", "cx", "dx", "si", "di", "bp",			\
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "flags"

__asm__(".section .text.start, \"ax\"\n"
	".globl _start\n"
	"_start:\n"
	"	pushfq\n"
	"	push %r15; push %r14; push %r13; push %r12\n"
	"	push %r11; push %r10; push %r9; push %r8\n"
	"	push %rbp; push %rdi; push %rsi; push %rdx\n"
	"	push %rcx; push %rbx; push %rax\n"
	"	lea 128(%rsp), %rax\n"
	"	push %rax\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call probe_main\n"
	".text\n");

static long call3(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

#define FPU_SIZE	512

static void save_fpu(unsigned char *area)
{
	__asm__ volatile("fxsave (%0)" : : "r"(area) : "memory");
}

/* What is in no general register; returns false behind the last. */
static bool other_register(int i, unsigned long *value)
{
	unsigned int seg[6];

	__asm__("mov %%cs, %0\n\tmov %%ds, %1\n\tmov %%es, %2\n\t"
		"mov %%ss, %3\n\tmov %%fs, %4\n\tmov %%gs, %5"
		: "=r"(seg[0]), "=r"(seg[1]), "=r"(seg[2]), "=r"(seg[3]),
		  "=r"(seg[4]), "=r"(seg[5]));
	*value = i < 6 ? seg[i] : 0;
	return i < 6;
}

#elif defined(__aarch64__)

#define REGISTER_NAMES							\
	"sp", "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8",	\
	"x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17",	\
	"x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26",	\
	"x27", "x28", "x29", "x30", "nzcv", "tpidr"

__asm__(".section .text.start, \"ax\"\n"
	".globl _start\n"
	"_start:\n"
	"	sub sp, sp, #272\n"
	"	stp x0, x1, [sp, #8]\n"
	"	stp x2, x3, [sp, #24]\n"
	"	stp x4, x5, [sp, #40]\n"
	"	stp x6, x7, [sp, #56]\n"
	"	stp x8, x9, [sp, #72]\n"
	"	stp x10, x11, [sp, #88]\n"
	"	stp x12, x13, [sp, #104]\n"
	"	stp x14, x15, [sp, #120]\n"
	"	stp x16, x17, [sp, #136]\n"
	"	stp x18, x19, [sp, #152]\n"
	"	stp x20, x21, [sp, #168]\n"
	"	stp x22, x23, [sp, #184]\n"
	"	stp x24, x25, [sp, #200]\n"
	"	stp x26, x27, [sp, #216]\n"
	"	stp x28, x29, [sp, #232]\n"
	"	add x0, sp, #272\n"
	"	mrs x1, nzcv\n"
	"	mrs x2, tpidr_el0\n"
	"	str x0, [sp]\n"
	"	stp x30, x1, [sp, #248]\n"
	"	str x2, [sp, #264]\n"
	"	mov x0, sp\n"
	"	bl probe_main\n"
	".text\n");

static long call3(long nr, long a, long b, long c)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;

	__asm__ volatile("svc #0" : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}

#define FPU_SIZE	528

static void save_fpu(unsigned char *area)
{
	unsigned long fpcr, fpsr;

	__asm__ volatile(".arch_extension simd\n\t"
			 "st1 {v0.16b-v3.16b}, [%0], #64\n\t"
			 "st1 {v4.16b-v7.16b}, [%0], #64\n\t"
			 "st1 {v8.16b-v11.16b}, [%0], #64\n\t"
			 "st1 {v12.16b-v15.16b}, [%0], #64\n\t"
			 "st1 {v16.16b-v19.16b}, [%0], #64\n\t"
			 "st1 {v20.16b-v23.16b}, [%0], #64\n\t"
			 "st1 {v24.16b-v27.16b}, [%0], #64\n\t"
			 "st1 {v28.16b-v31.16b}, [%0], #64\n\t"
			 "mrs %1, fpcr\n\t"
			 "mrs %2, fpsr\n\t"
			 "stp %1, %2, [%0]"
			 : "+r"(area), "=&r"(fpcr), "=&r"(fpsr) : : "memory");
}

static bool other_register(int i, unsigned long *value)
{
	*value = i;
	return false;
}

#elif defined(__arm__)

#define REGISTER_NAMES							\
	"sp", "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8",	\
	"r9", "r10", "r11", "r12", "lr", "cpsr"

__asm__(".section .text.start, \"ax\"\n"
	".globl _start\n"
	"_start:\n"
	"	sub sp, sp, #64\n"
	"	stmib sp, {r0-r12}\n"
	"	str lr, [sp, #56]\n"
	"	mrs r1, cpsr\n"
	"	str r1, [sp, #60]\n"
	"	add r0, sp, #64\n"
	"	str r0, [sp]\n"
	"	mov r0, sp\n"
	"	bl probe_main\n"
	".text\n");

static long call3(long nr, long a, long b, long c)
{
	register long r7 __asm__("r7") = nr;
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;

	__asm__ volatile("svc #0" : "+r"(r0)
			 : "r"(r7), "r"(r1), "r"(r2) : "memory");
	return r0;
}

#define FPU_SIZE	264

static void save_fpu(unsigned char *area)
{
	unsigned long fpscr;

	__asm__ volatile(".fpu neon\n\t"
			 "vstmia %0!, {d0-d15}\n\t"
			 "vstmia %0!, {d16-d31}\n\t"
			 "vmrs %1, fpscr\n\t"
			 "str %1, [%0]"
			 : "+r"(area), "=&r"(fpscr) : : "memory");
}

/* The two thread registers that a program can read. */
static bool other_register(int i, unsigned long *value)
{
	if (i)
		__asm__("mrc p15, 0, %0, c13, c0, 3" : "=r"(*value));
	else
		__asm__("mrc p15, 0, %0, c13, c0, 2" : "=r"(*value));
	return i < 2;
}

#else
#error "the probe does not know this machine yet"
#endif

#endif /* XELF_PROBE_MACHINE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests know of the machine that they run on: one block each, with the
 * same names.
 */
#ifndef XELF_TEST_MACHINE_H
#define XELF_TEST_MACHINE_H

#include <link.h>
#include <stdbool.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Of this machine's class, as programs of it are. */
typedef ElfW(Ehdr) Elf_Ehdr;
typedef ElfW(Phdr) Elf_Phdr;
typedef ElfW(Nhdr) Elf_Nhdr;
typedef ElfW(Word) Elf_Word;

/*
 * TEST_MACHINE: e_machine of its programs
 * TEST_CLASS: their EI_CLASS
 * TEST_FLAGS: their e_flags
 * TEST_PLATFORM: AT_PLATFORM
 * TEST_MMAP_END: where files are mapped down from, without randomisation
 * TEST_STACK_END: where the stack ends, likewise
 * TEST_LARGE_END: the end of user space where there is more above that
 * TEST_DYN_BASE: where a PIE with an interpreter is mapped, likewise
 * TEST_LOWEST: the lowest page that root can map
 * TEST_KERNEL: an address of the kernel's
 * TEST_NOWHERE: one that is nobody's
 * TEST_HOLE: bytes; a large part of user space, and more than there is memory
 * TEST_LARGE_HOLE: bytes; more than has room below the stack
 * TEST_STACK_BITS: how many bits of the stack pointer must vary
 * TEST_MMAP_BITS_FEW, TEST_MMAP_BITS_MANY: what mmap_rnd_bits can be set to
 * TEST_PERSONALITY(caller): what exec makes of the caller's
 * TEST_CALL_TRACE: what each call trace in the kernel log has once
 * TEST_HAS_PROPERTIES: defined if its kernels look at PT_GNU_PROPERTY
 * TEST_DIES: instructions that write to address 0x10
 * TEST_READS_AND_EXITS: instructions that read a byte of standard input, then
 *	exit with 0
 * TEST_READ: the number of read(), as /proc/PID/syscall has it
 * TEST_MMAP: the number of the mmap() that its programs use
 *
 * TEST_REGS: general registers, in the order of NT_PRSTATUS; of these
 *	TEST_PC, TEST_SP, TEST_CALL: the number of a system call, TEST_RESULT
 * TEST_ZEROED: the first of them, as many as exec leaves at zero
 *
 * TEST_CRASH: assembly that puts 0x5eed into register TEST_CRASH_REG and dies
 *	of SIGSEGV, in at most 16 bytes
 *
 * TEST_STEPS: whether it can be traced instruction by instruction
 *
 * TEST_BREAKPOINT(word): the first instruction of @word made a breakpoint
 * TEST_BREAKPOINT_SIZE: by how much the pc has then moved on
 * TEST_BREAKPOINT_CODE: the si_code of its SIGTRAP
 */
#if defined(__x86_64__)

#define TEST_MACHINE	EM_X86_64
#define TEST_CLASS	ELFCLASS64
#define TEST_FLAGS	0
#define TEST_PLATFORM	"x86_64"
#define TEST_MMAP_END	0x7ffff7fff000UL
#define TEST_STACK_END	0x7ffffffff000UL
#define TEST_LARGE_END	0xfffffffffff000UL
#define TEST_DYN_BASE	0x555555554000UL
#define TEST_LOWEST	0UL
#define TEST_KERNEL	0xffffffff80000000UL
#define TEST_NOWHERE	0x4000000000000000UL
#define TEST_HOLE	0x10000000000UL
#define TEST_LARGE_HOLE	(110UL << 40)
/* Of 22 in the page number, 9 more within the page. */
#define TEST_STACK_BITS	28
#define TEST_MMAP_BITS_FEW	"28"
#define TEST_MMAP_BITS_MANY	"32"
#define TEST_PERSONALITY(caller)	((caller) & ~(unsigned long)READ_IMPLIES_EXEC)
#define TEST_CALL_TRACE	"Call Trace"
#define TEST_DIES							\
	0xc7, 0x04, 0x25, 0x10, 0x00, 0x00, 0x00, /* movl $1, 0x10 */	\
	0x01, 0x00, 0x00, 0x00
#define TEST_READS_AND_EXITS						\
	0x31, 0xc0,			/* xor %eax, %eax	read */	\
	0x31, 0xff,			/* xor %edi, %edi */		\
	0x48, 0x8d, 0x74, 0x24, 0xf8,	/* lea -8(%rsp), %rsi */	\
	0xba, 0x01, 0x00, 0x00, 0x00,	/* mov $1, %edx */		\
	0x0f, 0x05,			/* syscall */			\
	0xb8, 0xe7, 0x00, 0x00, 0x00,	/* mov $231, %eax exit_group */	\
	0x31, 0xff,			/* xor %edi, %edi */		\
	0x0f, 0x05			/* syscall */
#define TEST_READ	"0 "
#define TEST_MMAP	SYS_mmap
#define TEST_REGS	27
#define TEST_PC		16
#define TEST_SP		19
#define TEST_CALL	15
#define TEST_RESULT	10
#define TEST_ZEROED	15
#define TEST_CRASH	"movq $0x5eed, %%rbx\n\tmovl $1, 0x10"
#define TEST_CRASH_REG	5
#define TEST_CRASH_USES	"rbx"
#define TEST_BREAKPOINT(word)	(((word) & ~0xffL) | 0xcc)
#define TEST_BREAKPOINT_SIZE	1
#define TEST_BREAKPOINT_CODE	SI_KERNEL
#define TEST_STEPS	true

#elif defined(__aarch64__)

#define TEST_MACHINE	EM_AARCH64
#define TEST_CLASS	ELFCLASS64
#define TEST_FLAGS	0
#define TEST_PLATFORM	"aarch64"
#define TEST_HAS_PROPERTIES
#define TEST_MMAP_END	0xfffff7fff000UL
#define TEST_STACK_END	0x1000000000000UL
#define TEST_LARGE_END	0x10000000000000UL
#define TEST_DYN_BASE	0xaaaaaaaaa000UL
#define TEST_LOWEST	0UL
#define TEST_KERNEL	0xffffffff80000000UL
#define TEST_NOWHERE	0x4000000000000000UL
#define TEST_HOLE	0x10000000000UL
#define TEST_LARGE_HOLE	(110UL << 40)
/* Of 18 in the page number, 8 more within the page. */
#define TEST_STACK_BITS	24
#define TEST_MMAP_BITS_FEW	"28"
#define TEST_MMAP_BITS_MANY	"32"
#define TEST_PERSONALITY(caller)	((caller) & ~(unsigned long)READ_IMPLIES_EXEC)
#define TEST_CALL_TRACE	"Call trace"
#define TEST_DIES							\
	0x01, 0x02, 0x80, 0xd2,		/* mov x1, #0x10 */		\
	0x21, 0x00, 0x00, 0xf9		/* str x1, [x1] */
#define TEST_READS_AND_EXITS						\
	0xe8, 0x07, 0x80, 0xd2,		/* mov x8, #63		read */	\
	0x00, 0x00, 0x80, 0xd2,		/* mov x0, #0 */		\
	0xe1, 0x23, 0x00, 0xd1,		/* sub x1, sp, #8 */		\
	0x22, 0x00, 0x80, 0xd2,		/* mov x2, #1 */		\
	0x01, 0x00, 0x00, 0xd4,		/* svc #0 */			\
	0xc8, 0x0b, 0x80, 0xd2,		/* mov x8, #94	exit_group */	\
	0x00, 0x00, 0x80, 0xd2,		/* mov x0, #0 */		\
	0x01, 0x00, 0x00, 0xd4		/* svc #0 */
#define TEST_READ	"63 "
#define TEST_MMAP	SYS_mmap
#define TEST_REGS	34
#define TEST_PC		32
#define TEST_SP		31
#define TEST_CALL	8
#define TEST_RESULT	0
#define TEST_ZEROED	31
#define TEST_CRASH	"mov x19, #0x5eed\n\tmov x1, #0x10\n\tstr x1, [x1]"
#define TEST_CRASH_REG	19
#define TEST_CRASH_USES	"x1", "x19"
#define TEST_BREAKPOINT(word)	(((word) & ~0xffffffffL) | 0xd4200000)
#define TEST_BREAKPOINT_SIZE	0
#define TEST_BREAKPOINT_CODE	TRAP_BRKPT
#define TEST_STEPS	true

#elif defined(__arm__)

#define TEST_MACHINE	EM_ARM
#define TEST_CLASS	ELFCLASS32
#define TEST_FLAGS	EF_ARM_EABI_VER5
#define TEST_PLATFORM	"v7l"
#define TEST_MMAP_END	0xb7000000UL
#define TEST_STACK_END	0xbf000000UL
#define TEST_LARGE_END	TEST_STACK_END
#define TEST_DYN_BASE	0x400000UL
#define TEST_LOWEST	0x2000UL
#define TEST_KERNEL	0xc0000000UL
#define TEST_NOWHERE	0xf0000000UL
#define TEST_HOLE	0x90000000UL
#define TEST_LARGE_HOLE	0xb4000000UL
/* Of 11 in the page number, none within the page. */
#define TEST_STACK_BITS	9
#define TEST_MMAP_BITS_FEW	"8"
#define TEST_MMAP_BITS_MANY	"16"
#define TEST_PERSONALITY(caller)	\
	(((caller) & ~(unsigned long)PER_MASK) | ADDR_LIMIT_32BIT)
#define TEST_CALL_TRACE	"show_stack from"
#define TEST_DIES							\
	0x10, 0x10, 0xa0, 0xe3,		/* mov r1, #0x10 */		\
	0x00, 0x10, 0x81, 0xe5		/* str r1, [r1] */
#define TEST_READS_AND_EXITS						\
	0x03, 0x70, 0xa0, 0xe3,		/* mov r7, #3		read */	\
	0x00, 0x00, 0xa0, 0xe3,		/* mov r0, #0 */		\
	0x08, 0x10, 0x4d, 0xe2,		/* sub r1, sp, #8 */		\
	0x01, 0x20, 0xa0, 0xe3,		/* mov r2, #1 */		\
	0x00, 0x00, 0x00, 0xef,		/* svc #0 */			\
	0xf8, 0x70, 0xa0, 0xe3,		/* mov r7, #248	exit_group */	\
	0x00, 0x00, 0xa0, 0xe3,		/* mov r0, #0 */		\
	0x00, 0x00, 0x00, 0xef		/* svc #0 */
#define TEST_READ	"3 "
#define TEST_MMAP	SYS_mmap2
#define TEST_REGS	18
#define TEST_PC		15
#define TEST_SP		13
#define TEST_CALL	7
#define TEST_RESULT	0
#define TEST_ZEROED	13
#define TEST_CRASH	"movw r4, #0x5eed\n\tmov r1, #0x10\n\tstr r1, [r1]"
#define TEST_CRASH_REG	4
#define TEST_CRASH_USES	"r1", "r4"
#define TEST_BREAKPOINT(word)	((void)(word), 0xe7f001f0)
#define TEST_BREAKPOINT_SIZE	0
#define TEST_BREAKPOINT_CODE	TRAP_BRKPT
#define TEST_STEPS	false

#else
#error "the tests do not know this machine yet"
#endif

/* The general registers of a program that is stopped. */
struct test_regs {
	unsigned long r[TEST_REGS];
};

static inline int test_get_regs(pid_t pid, struct test_regs *regs)
{
	struct iovec iov = { regs, sizeof(*regs) };

	return ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov);
}

static inline int test_set_regs(pid_t pid, struct test_regs *regs)
{
	struct iovec iov = { regs, sizeof(*regs) };

	return ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov);
}

/* Those of the FPU; what is not there is left alone. */
static inline int test_get_fpregs(pid_t pid, void *area, size_t size)
{
	struct iovec iov = { area, size };

	return ptrace(PTRACE_GETREGSET, pid, NT_PRFPREG, &iov);
}

#endif /* XELF_TEST_MACHINE_H */

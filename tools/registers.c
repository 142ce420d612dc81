// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registers of a stopped program, as facts: one block for each machine,
 * with the same names.
 */
#include <elf.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#include "diff.h"

/**
 * struct register_set - registers that the kernel hands out in one piece
 * @type: NT_*
 * @name: what their facts begin with
 */
struct register_set {
	int type;
	const char *name;
};

/*
 * GENERAL_REGISTERS: in the order in which the kernel has them in NT_PRSTATUS.
 * STACK_POINTER: which of them it is.
 * other_sets: what else exec sets or clears. Not the keys that sign pointers,
 * which are random.
 */
#if defined(__x86_64__)
#define GENERAL_REGISTERS						\
	"r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9",	\
	"r8", "rax", "rcx", "rdx", "rsi", "rdi", "orig_rax", "rip",	\
	"cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es",	\
	"fs", "gs"
#define STACK_POINTER	19

static const struct register_set other_sets[] = {
	{ NT_X86_XSTATE, "fp" },
};
#elif defined(__aarch64__)
#define GENERAL_REGISTERS						\
	"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9",	\
	"x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18",	\
	"x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27",	\
	"x28", "x29", "x30", "sp", "pc", "pstate"
#define STACK_POINTER	31

static const struct register_set other_sets[] = {
	{ NT_PRFPREG, "fp" },
	{ NT_ARM_TLS, "tls" },
	{ NT_ARM_SYSTEM_CALL, "system-call" },
	{ NT_ARM_SVE, "sve" },
	{ NT_ARM_PAC_MASK, "pac-mask" },
	{ 0x409 /* NT_ARM_TAGGED_ADDR_CTRL */, "tagged-addr" },
	{ 0x40a /* NT_ARM_PAC_ENABLED_KEYS */, "pac-keys" },
	{ 0x40b /* NT_ARM_SSVE */, "streaming-sve" },
	{ 0x40c /* NT_ARM_ZA */, "za" },
};
#elif defined(__arm__)
#define GENERAL_REGISTERS						\
	"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9",	\
	"r10", "fp", "ip", "sp", "lr", "pc", "cpsr", "orig_r0"
#define STACK_POINTER	13

static const struct register_set other_sets[] = {
	{ NT_PRFPREG, "fpa" },
	{ NT_ARM_VFP, "vfp" },
};
#else
#error "xelf diff: the registers of this machine have no names yet"
#endif

static const char *const names[] = { GENERAL_REGISTERS };

static void read_general(const struct task *task,
			 unsigned long values[ARRAY_SIZE(names)])
{
	struct iovec iov = { values, sizeof(*values) * ARRAY_SIZE(names) };

	memset(values, 0, iov.iov_len);
	ptrace(PTRACE_GETREGSET, task->pid, NT_PRSTATUS, &iov);
}

/**
 * registers_sp() - the stack pointer of a program
 * @task: stopped by task_start(), after a successful exec
 *
 * Return: the address; 0 if it cannot be read.
 */
unsigned long registers_sp(const struct task *task)
{
	unsigned long values[ARRAY_SIZE(names)];

	read_general(task, values);
	return values[STACK_POINTER];
}

/* As the kernel keeps them: 8 bytes a fact, where not zero. */
static void observe_set(const struct task *task, const struct register_set *set,
			struct facts *facts)
{
	static __u64 area[16384];
	struct iovec iov = { area, sizeof(area) };
	size_t i;

	memset(area, 0, sizeof(area));
	/* A processor may not have them. */
	if (ptrace(PTRACE_GETREGSET, task->pid, set->type, &iov))
		return;
	facts_add(facts, format("%s.size", set->name), "%zu", iov.iov_len);
	for (i = 0; i < iov.iov_len / sizeof(*area); i++)
		if (area[i])
			facts_add(facts, format("%s.0x%03zx", set->name, i * 8),
				  "0x%llx", HEX(area[i]));
}

/**
 * registers_observe() - all registers that exec sets or clears
 * @task: stopped by task_start(), after a successful exec
 * @facts: added to
 */
void registers_observe(const struct task *task, struct facts *facts)
{
	unsigned long values[ARRAY_SIZE(names)];
	size_t i;

	read_general(task, values);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		facts_add(facts, format("register.%s", names[i]), "0x%lx",
			  values[i]);
	for (i = 0; i < ARRAY_SIZE(other_sets); i++)
		observe_set(task, &other_sets[i], facts);
}

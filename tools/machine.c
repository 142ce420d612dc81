// SPDX-License-Identifier: GPL-2.0-only
/* The machines whose programs can be tagged, and what each allows. */
#include <unistd.h>

#include "xelf.h"

/*
 * As most kernels are configured: page tables of four levels, pages of 4 KiB, a
 * quarter of the 32 bits for the kernel; and the program header table that all
 * kernels up to 6.12 take (7.0: 65536).
 */
static const struct xelf_limits machines[] = {
	{
		.machine = EM_X86_64,
		.task_size = 0x7ffffffff000,
		.page_size = PAGE_SIZE_SHOWN,
		.phdrs_size = 4096,
	}, {
		.machine = EM_AARCH64,
		.task_size = 0x1000000000000,
		.page_size = PAGE_SIZE_SHOWN,
		.phdrs_size = 4096,
	}, {
		.machine = EM_ARM,
		.task_size = 0xbf000000,
		.page_size = PAGE_SIZE_SHOWN,
		.phdrs_size = 4096,
	},
};

#if defined(__aarch64__)
#define THIS_MACHINE	EM_AARCH64
#elif defined(__arm__)
#define THIS_MACHINE	EM_ARM
#elif defined(__x86_64__)
#define THIS_MACHINE	EM_X86_64
#else
/* None of them, and nothing is run. */
#define THIS_MACHINE	EM_NONE
#endif

/**
 * machine_is_this() - is it the one that this program runs on?
 * @machine: e_machine
 *
 * Return: true if so.
 */
bool machine_is_this(unsigned int machine)
{
	return machine == THIS_MACHINE;
}

/**
 * machine_has_pages() - are this kernel's pages of the size that we count in?
 * @command: who counts, as in "map"
 *
 * Return: false after saying that they are not.
 */
bool machine_has_pages(const char *command)
{
	long size = sysconf(_SC_PAGESIZE);

	if (size == PAGE_SIZE_SHOWN)
		return true;
	say("", "%s: pages of %ld bytes are not supported, only of %d", command,
	    size, PAGE_SIZE_SHOWN);
	return false;
}

/**
 * machine_limits() - what a machine allows
 * @machine: e_machine
 *
 * Return: its limits; those of this machine for one that has no loader.
 */
const struct xelf_limits *machine_limits(unsigned int machine)
{
	const struct xelf_limits *own = machines;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(machines); i++) {
		if (machines[i].machine == machine)
			return &machines[i];
		if (machine_is_this(machines[i].machine))
			own = &machines[i];
	}
	return own;
}

/**
 * machine_class() - the EI_CLASS of a machine's programs
 * @machine: e_machine
 *
 * Return: ELFCLASS32 or ELFCLASS64.
 */
unsigned int machine_class(unsigned int machine)
{
	return xelf_is_elf32(machine) ? ELFCLASS32 : ELFCLASS64;
}

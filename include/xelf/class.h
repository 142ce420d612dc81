/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ELF of 32 bits. What a file says is widened as soon as it has been read, so
 * that all else knows one set of types, those of ELF64.
 *
 * The machine decides, not EI_CLASS, which no kernel looks at. e_machine is at
 * the same place in both classes.
 *
 * Pure code, as check.h.
 */
#ifndef _XELF_CLASS_H
#define _XELF_CLASS_H

#ifdef __KERNEL__
#include <linux/elf.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <linux/types.h>
#endif

/**
 * xelf_is_elf32() - are the programs of a machine ELF32?
 * @machine: e_machine
 *
 * Return: true if so; false also for a machine that is not known.
 */
static inline bool xelf_is_elf32(__u16 machine)
{
	return machine == EM_ARM;
}

/**
 * xelf_ehdr_size() - bytes of the ELF header in a file
 * @machine: e_machine
 */
static inline size_t xelf_ehdr_size(__u16 machine)
{
	return xelf_is_elf32(machine) ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);
}

/**
 * xelf_phdr_size() - bytes of one program header in a file
 * @machine: e_machine
 */
static inline size_t xelf_phdr_size(__u16 machine)
{
	return xelf_is_elf32(machine) ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
}

/**
 * xelf_widen_ehdr() - the ELF header from the bytes of a file
 * @ehdr: filled in
 * @bytes: xelf_ehdr_size(@machine) of them, need not be aligned
 * @machine: whose header is to be read, whatever is in @bytes
 */
static inline void xelf_widen_ehdr(Elf64_Ehdr *ehdr, const void *bytes,
				   __u16 machine)
{
	Elf32_Ehdr narrow;

	if (!xelf_is_elf32(machine)) {
		memcpy(ehdr, bytes, sizeof(*ehdr));
		return;
	}
	memcpy(&narrow, bytes, sizeof(narrow));
	memcpy(ehdr->e_ident, narrow.e_ident, sizeof(ehdr->e_ident));
	ehdr->e_type = narrow.e_type;
	ehdr->e_machine = narrow.e_machine;
	ehdr->e_version = narrow.e_version;
	ehdr->e_entry = narrow.e_entry;
	ehdr->e_phoff = narrow.e_phoff;
	ehdr->e_shoff = narrow.e_shoff;
	ehdr->e_flags = narrow.e_flags;
	ehdr->e_ehsize = narrow.e_ehsize;
	ehdr->e_phentsize = narrow.e_phentsize;
	ehdr->e_phnum = narrow.e_phnum;
	ehdr->e_shentsize = narrow.e_shentsize;
	ehdr->e_shnum = narrow.e_shnum;
	ehdr->e_shstrndx = narrow.e_shstrndx;
}

/**
 * xelf_phdrs_in_file() - where to read a program header table to
 * @phdrs: room for @count program headers
 * @count: their number
 * @machine: e_machine
 *
 * Return: the last @count * xelf_phdr_size(@machine) bytes of @phdrs.
 */
static inline void *xelf_phdrs_in_file(Elf64_Phdr *phdrs, size_t count,
				       __u16 machine)
{
	return (char *)(phdrs + count) - count * xelf_phdr_size(machine);
}

/**
 * xelf_widen_phdrs() - the program headers from the bytes of a file
 * @phdrs: filled in; its end holds the bytes, see xelf_phdrs_in_file()
 * @count: their number
 * @machine: e_machine
 */
static inline void xelf_widen_phdrs(Elf64_Phdr *phdrs, size_t count,
				    __u16 machine)
{
	const char *bytes = xelf_phdrs_in_file(phdrs, count, machine);
	Elf32_Phdr narrow;
	size_t i;

	if (!xelf_is_elf32(machine))
		return;
	/* What is written never reaches what is still to be read. */
	for (i = 0; i < count; i++) {
		memcpy(&narrow, bytes + i * sizeof(narrow), sizeof(narrow));
		phdrs[i].p_type = narrow.p_type;
		phdrs[i].p_flags = narrow.p_flags;
		phdrs[i].p_offset = narrow.p_offset;
		phdrs[i].p_vaddr = narrow.p_vaddr;
		phdrs[i].p_paddr = narrow.p_paddr;
		phdrs[i].p_filesz = narrow.p_filesz;
		phdrs[i].p_memsz = narrow.p_memsz;
		phdrs[i].p_align = narrow.p_align;
	}
}

#endif /* _XELF_CLASS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The headers of both classes, field by field, as gABI has them in numbers:
 * what <xelf/class.h> says with types, a second time.
 */
#ifndef XELF_FUZZ_FIELDS_H
#define XELF_FUZZ_FIELDS_H

#include <xelf/class.h>

/**
 * struct field - one field of a header
 * @at32: bytes; where ELF32 has it
 * @size32: bytes, there; 0 ends a list
 * @at64: bytes; where ELF64 has it
 * @size64: bytes, there
 */
struct field {
	__u8 at32;
	__u8 size32;
	__u8 at64;
	__u8 size64;
};

static const struct field ehdr_fields[] = {
	{ 0, 8, 0, 8 },		/* e_ident, the first half */
	{ 8, 8, 8, 8 },		/* and the second */
	{ 16, 2, 16, 2 },	/* e_type */
	{ 18, 2, 18, 2 },	/* e_machine */
	{ 20, 4, 20, 4 },	/* e_version */
	{ 24, 4, 24, 8 },	/* e_entry */
	{ 28, 4, 32, 8 },	/* e_phoff */
	{ 32, 4, 40, 8 },	/* e_shoff */
	{ 36, 4, 48, 4 },	/* e_flags */
	{ 40, 2, 52, 2 },	/* e_ehsize */
	{ 42, 2, 54, 2 },	/* e_phentsize */
	{ 44, 2, 56, 2 },	/* e_phnum */
	{ 46, 2, 58, 2 },	/* e_shentsize */
	{ 48, 2, 60, 2 },	/* e_shnum */
	{ 50, 2, 62, 2 },	/* e_shstrndx */
	{ }
};

static const struct field phdr_fields[] = {
	{ 0, 4, 0, 4 },		/* p_type */
	{ 4, 4, 8, 8 },		/* p_offset */
	{ 8, 4, 16, 8 },	/* p_vaddr */
	{ 12, 4, 24, 8 },	/* p_paddr */
	{ 16, 4, 32, 8 },	/* p_filesz */
	{ 20, 4, 40, 8 },	/* p_memsz */
	{ 24, 4, 4, 4 },	/* p_flags */
	{ 28, 4, 48, 8 },	/* p_align */
	{ }
};

static inline void fields_widen(void *wide, const void *narrow,
				const struct field *field)
{
	for (; field->size32; field++) {
		__u64 value = 0;

		memcpy(&value, (const char *)narrow + field->at32, field->size32);
		memcpy((char *)wide + field->at64, &value, field->size64);
	}
}

/* Of numbers that do not fit, the lower half. */
static inline void fields_narrow(void *narrow, const void *wide,
				 const struct field *field)
{
	for (; field->size32; field++)
		memcpy((char *)narrow + field->at32,
		       (const char *)wide + field->at64, field->size32);
}

/* The ELF header of a file that begins with @bytes. */
static inline Elf64_Ehdr get_ehdr(const void *bytes, __u16 machine)
{
	Elf64_Ehdr ehdr;

	if (machine == EM_ARM)
		fields_widen(&ehdr, bytes, ehdr_fields);
	else
		memcpy(&ehdr, bytes, sizeof(ehdr));
	return ehdr;
}

/* The program header that a file has at @bytes. */
static inline Elf64_Phdr get_phdr(const void *bytes, __u16 machine)
{
	Elf64_Phdr phdr;

	if (machine == EM_ARM)
		fields_widen(&phdr, bytes, phdr_fields);
	else
		memcpy(&phdr, bytes, sizeof(phdr));
	return phdr;
}

static inline void put_phdr(void *bytes, const Elf64_Phdr *phdr, __u16 machine)
{
	if (machine == EM_ARM)
		fields_narrow(bytes, phdr, phdr_fields);
	else
		memcpy(bytes, phdr, sizeof(*phdr));
}

/* The e_machine of a file that begins with @bytes, which reach so far. */
static inline __u16 get_machine(const void *bytes)
{
	__u16 machine;

	memcpy(&machine, (const char *)bytes + offsetof(Elf64_Ehdr, e_machine),
	       sizeof(machine));
	return machine;
}

#endif /* XELF_FUZZ_FIELDS_H */

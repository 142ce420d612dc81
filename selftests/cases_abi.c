// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cases of what is asked of a file beyond its e_machine. Only 32-bit ARM asks:
 * for its flags, OS ABI, and an entry in ARM or Thumb code. Elsewhere these
 * load, or end as the kernel's loader has it.
 */
#include "cases.h"
#include "xelf_test.h"

#define OSABI_FDPIC	65
/* Flags of the old ABI, which is that of no version. */
#define OLD_26_BIT	0x008
#define OLD_SOFT_FLOAT	0x200
#define OLD_VFP_FLOAT	0x400

static void entry_off_by_two(struct image *i)
{
	i->ehdr.e_entry += 2;
}

#ifdef __arm__
/* Thumb code behind the probe, which goes to the probe's first instruction. */
static void entry_in_thumb(struct image *i)
{
	Elf_Phdr *code = &i->phdr[PH_CODE];
	size_t at = (code->p_filesz + 3) & ~3;
	/* bx pc; nop; then ARM code: b, by words from two behind it */
	__u32 thumb[] = {
		0x46c04778,
		0xea000000 | (-(at + 4 + 8) / 4 & 0xffffff),
	};

	memcpy(i->bytes + IMAGE_CODE + at, thumb, sizeof(thumb));
	code->p_filesz = at + sizeof(thumb);
	code->p_memsz = code->p_filesz;
	i->ehdr.e_entry += at + 1;
}

#define OTHER_ABI	REFUSED("other-abi", ENOEXEC)
#define INTERP_ABI	REFUSED("interpreter-other-machine", ELIBBAD)
#else
#define OTHER_ABI	.any_end = true
#define INTERP_ABI	.any_end = true
#endif

static const struct image_case cases[] = {
	{ "osabi-fdpic", EXEC, SET(ehdr.e_ident[EI_OSABI], OSABI_FDPIC),
	  OTHER_ABI },
	{ "interp-osabi-fdpic", PIE,
	  .set_interp = SET(ehdr.e_ident[EI_OSABI], OSABI_FDPIC), INTERP_ABI },
	{ "flags-0", EXEC, SET(ehdr.e_flags, 0) },
	{ "flags-26-bit", EXEC, SET(ehdr.e_flags, OLD_26_BIT), OTHER_ABI },
	{ "interp-flags-26-bit", PIE,
	  .set_interp = SET(ehdr.e_flags, OLD_26_BIT), INTERP_ABI },
	{ "flags-soft-float", EXEC, SET(ehdr.e_flags, OLD_SOFT_FLOAT) },
	{ "flags-vfp-float", EXEC, SET(ehdr.e_flags, OLD_VFP_FLOAT) },
	{ "entry-off-by-two", EXEC, .change = entry_off_by_two, OTHER_ABI },
	{ "pie-entry-off-by-two", PIE, .change = entry_off_by_two, OTHER_ABI },
	{ "interp-entry-off-by-two", PIE, .change_interp = entry_off_by_two,
	  INTERP_ABI },
#ifdef __arm__
	{ "entry-in-thumb", EXEC, .change = entry_in_thumb },
	{ "static-pie-entry-in-thumb", STATIC, .change = entry_in_thumb },
	{ "interp-entry-in-thumb", PIE, .change_interp = entry_in_thumb },
#endif
};

const struct case_list abi_cases = { cases, ARRAY_SIZE(cases) };

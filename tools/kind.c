// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is an ET_DYN file a program, or a shared object? The kernel makes no
 * difference; ld.so refuses a tagged file, so a tagged library breaks whatever
 * uses it.
 */
#include "xelf.h"

/* What the dynamic section says. */
struct dynamic {
	bool pie;	/* DF_1_PIE: the linker made a program */
	bool soname;	/* DT_SONAME: others link to this */
	bool debug;	/* DT_DEBUG: linkers give it to programs alone */
};

/* No real dynamic section has more entries than this. */
#define DYNAMIC_MAX	4096

/* Return: 0, or why the section cannot be read. */
static int read_dynamic(const struct file *file, const Elf64_Phdr *phdr,
			struct dynamic *dynamic)
{
	bool narrow = xelf_is_elf32(file->ehdr.e_machine);
	size_t size = narrow ? sizeof(Elf32_Dyn) : sizeof(Elf64_Dyn);
	__u64 count = phdr->p_filesz / size;
	union {
		Elf32_Dyn narrow;
		Elf64_Dyn wide;
	} dyn;
	__s64 tag;
	__u64 value;
	__u64 i;
	int err;

	for (i = 0; i < count && i < DYNAMIC_MAX; i++) {
		/* Should this wrap, some other bytes are read. */
		err = file_read(file, &dyn, size, phdr->p_offset + i * size);
		if (err)
			return err;
		tag = narrow ? dyn.narrow.d_tag : dyn.wide.d_tag;
		value = narrow ? dyn.narrow.d_un.d_val : dyn.wide.d_un.d_val;
		switch (tag) {
		case DT_NULL:
			return 0;
		case DT_SONAME:
			dynamic->soname = true;
			break;
		case DT_DEBUG:
			dynamic->debug = true;
			break;
		case DT_FLAGS_1:
			dynamic->pie = value & DF_1_PIE;
			break;
		}
	}
	return 0;
}

/**
 * shared_object_sign() - what makes a file look like a shared object
 * @img: read by image_read(), and not refused
 *
 * DF_1_PIE is the linker's own word (GNU ld since 2.26, lld since 2020,
 * static PIE too). Older linkers leave DT_DEBUG, which GNU ld, gold and lld give to
 * programs alone. A library may have an entry and an interpreter, as libc.so.6
 * has; a file without a dynamic section cannot be linked to.
 *
 * Return: the sign in words, or NULL if the file looks like a program.
 */
const char *shared_object_sign(const struct image *img)
{
	const Elf64_Ehdr *ehdr = &img->file->ehdr;
	struct dynamic dynamic = { };
	bool found = false;
	int i;

	if (ehdr->e_type != ET_DYN)
		return NULL;
	for (i = 0; i < ehdr->e_phnum; i++) {
		if (img->phdrs[i].p_type != PT_DYNAMIC)
			continue;
		found = true;
		if (read_dynamic(img->file, &img->phdrs[i], &dynamic))
			return "its dynamic section cannot be read";
	}
	if (!found || dynamic.pie)
		return NULL;
	if (dynamic.soname)
		return img->plan.interp < 0 ?
		       "it has a DT_SONAME" :
		       "it has an entry and an interpreter, but also a DT_SONAME, and not DF_1_PIE";
	if (dynamic.debug)
		return NULL;
	return img->plan.interp < 0 ?
	       "it has neither DF_1_PIE nor DT_DEBUG nor an interpreter" :
	       "it has an interpreter, but neither DF_1_PIE nor DT_DEBUG";
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels, as capabilities. The only place that may look
 * at a kernel version; features that stable kernels backport are found in the
 * headers by Kbuild, since a version number does not tell.
 */
#ifndef _XELF_COMPAT_H
#define _XELF_COMPAT_H

#include <linux/auxvec.h>
#include <linux/binfmts.h>
#include <linux/elf.h>
#include <linux/fs.h>
#include <linux/mman.h>
#include <linux/sched/coredump.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "binfmt_xelf: kernels before 5.10 are not supported"
#endif

/*
 * exe_file_allow_write_access(): 0357ef03c94e ("fs: don't block write during
 * exec on pre-content watched files"), 6.14 and 6.1.184, 6.12.105. Can go with
 * the last kernel that lacks it.
 */
#ifndef XELF_HAVE_EXE_FILE_ALLOW_WRITE_ACCESS
#define exe_file_allow_write_access(file)	allow_write_access(file)
#endif

/*
 * can_mmap_file(): files may have mmap_prepare instead of mmap since 6.16.
 */
#ifdef XELF_HAVE_CAN_MMAP_FILE
#define xelf_can_mmap(file)	can_mmap_file(file)
#else
#define xelf_can_mmap(file)	((file)->f_op->mmap)
#endif

/*
 * MAP_DENYWRITE: until 5.15 (8d0920bde5eb, "mm: remove VM_DENYWRITE") a mapped
 * program was kept from being written by its mappings. Ignored since.
 */
#define XELF_MAP_FILE		(MAP_PRIVATE | MAP_DENYWRITE)

/*
 * Largest program header table read, in bytes. A page until 6.12; the limit
 * went in 7.x with the table's allocation.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
#define XELF_PHDRS_SIZE		PAGE_SIZE
#else
#define XELF_PHDRS_SIZE		65536
#endif

/*
 * An interpreter's bss: one piece after its highest segment until 6.7
 * ("binfmt_elf: Use elf_load() for interpreter"); since then each segment has
 * its own, as the program's have.
 */
#define XELF_INTERP_BSS_MERGED	(LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0))

/*
 * When the rest of a segment's last file page cannot be cleared, as where the
 * segment is not writable, the program keeps what the file holds there and
 * runs; from 6.12 on it is killed if the segment is writable.
 */
static inline bool xelf_clear_must_succeed(u32 p_flags)
{
	return LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0) &&
	       (p_flags & PF_W);
}

/*
 * Auxiliary vector entries that a kernel may give without its headers, or
 * these, having the name: RSEQ_* came in 6.3, HWCAP3 and HWCAP4 in 6.9.
 */
#define XELF_AT_RSEQ_FEATURE_SIZE	27
#define XELF_AT_RSEQ_ALIGN		28
#define XELF_AT_HWCAP3			29
#define XELF_AT_HWCAP4			30
#define XELF_AT_MINSIGSTKSZ		51

/*
 * AT_FLAGS: AT_FLAGS_PRESERVE_ARGV0 came in 5.12 (2347961b11d4) and by
 * backport to 5.10; binfmt_misc sets the flag that it reports.
 */
static inline unsigned long xelf_at_flags(const struct linux_binprm *bprm)
{
	unsigned long flags = 0;

#ifdef BINPRM_FLAGS_PRESERVE_ARGV0
	if (bprm->interp_flags & BINPRM_FLAGS_PRESERVE_ARGV0)
		flags |= AT_FLAGS_PRESERVE_ARGV0;
#endif
	return flags;
}

#endif /* _XELF_COMPAT_H */

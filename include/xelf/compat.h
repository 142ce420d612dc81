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
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/sched/coredump.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "binfmt_xelf: kernels before 5.10 are not supported"
#endif

/*
 * A kernel's loader is the specification, and that of a newer kernel has not
 * been read. Somebody who reads it, or only wants to see, may go on.
 */
#define XELF_NEWEST_KERNEL	KERNEL_VERSION(7, 4, 0)

#if LINUX_VERSION_CODE >= XELF_NEWEST_KERNEL && !defined(XELF_ANY_KERNEL)
#error "binfmt_xelf: newer than 7.3, the last kernel compared with; make XELF_ANY_KERNEL=y tries"
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
 * Fixes of 6.10 that went back into three long-term kernels together, as those
 * of 6.1.140: the mapping of segments without file contents, the gap before
 * brk, p_align of static PIEs.
 */
#define XELF_STABLE(a, b, c)						      \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(a, b, c) &&		      \
	 LINUX_VERSION_CODE < KERNEL_VERSION(a, (b) + 1, 0))

#define XELF_HAVE_6_10_FIXES						      \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0) ||		      \
	 XELF_STABLE(6, 6, 92) || XELF_STABLE(6, 1, 140))

/*
 * Bss in one piece, from the highest end of file contents to the highest end
 * of memory, once the next segment is mapped or the last was. Since 6.7
 * (585a018627b4, "binfmt_elf: Support segments with 0 filesz and misaligned
 * starts") each segment has its own. Only the program's went back to stable
 * kernels: an interpreter's is in one piece in 6.1.192, too. Can go with 6.1.
 */
#define XELF_INTERP_BSS_MERGED	(LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0))
#define XELF_PROGRAM_BSS_MERGED	(XELF_INTERP_BSS_MERGED && !XELF_HAVE_6_10_FIXES)

/*
 * Of a program that has its place, the first segment must find it free since
 * 5.16 (5f501d555653, "binfmt_elf: reintroduce using MAP_FIXED_NOREPLACE").
 * Can go with 5.10.
 */
#define XELF_MAP_FIRST							      \
	(LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0) ? MAP_FIXED :	      \
							 MAP_FIXED_NOREPLACE)

/*
 * The room for an image: from the lowest to the highest address since 5.18
 * ("ELF: fix overflow in total mapping size calculation"); before, from the
 * first segment to the last in the table. Can go with 5.10.
 */
#define XELF_SIZE_BY_ORDER	(LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0))

/* p_align of a static PIE counts: 6.10 (3545deff0ec7) and its stable kernels. */
#define XELF_STATIC_PIE_ALIGNED	XELF_HAVE_6_10_FIXES

/* A page between bss and a random brk: 6.10 (2a5eb9995528), and as above. */
#define XELF_BRK_GAP		XELF_HAVE_6_10_FIXES

/*
 * The heap of a static PIE is where that of a PIE would be, even without
 * randomisation: 6.15 (11854fe263eb, "binfmt_elf: Move brk for static PIE even
 * if ASLR disabled"), 6.12.30 and as above.
 */
#define XELF_BRK_MOVED_ALWAYS						      \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0) ||		      \
	 XELF_STABLE(6, 12, 30) || XELF_STABLE(6, 6, 92) ||		      \
	 XELF_STABLE(6, 1, 140))

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
 * binfmt_misc may put an interpreter of its own in the place of the one that
 * PT_INTERP names (its flag L): 7.3. The file is opened then, and ours.
 */
static inline struct file *xelf_open_interp_file(struct linux_binprm *bprm,
						 const char *path,
						 bool *substitute)
{
#ifdef XELF_HAVE_BPRM_OPEN_INTERPRETER
	struct file *file = bprm->loader;

	bprm->loader = NULL;
	*substitute = !!file;
	if (file)
		return file;
#endif
	return open_exec(path);
}

/*
 * Of an exec that failed: should the kernel's loader be asked next, it must not
 * find PT_INTERP's own in the place of a substitute. Who has asked us lets it go.
 */
static inline void xelf_return_substitute(struct linux_binprm *bprm,
					  struct file *file)
{
#ifdef XELF_HAVE_BPRM_OPEN_INTERPRETER
	bprm->loader = file;
#endif
}

/* A program without PT_INTERP has nothing that could be replaced. */
static inline void xelf_drop_substitute(struct linux_binprm *bprm)
{
#ifdef XELF_HAVE_BPRM_OPEN_INTERPRETER
	if (!bprm->loader)
		return;
	exe_file_allow_write_access(bprm->loader);
	fput(bprm->loader);
	bprm->loader = NULL;
#endif
}

/*
 * get_unmapped_area(): exported until 6.10 ("mm: remove export for
 * get_unmapped_area()", and __get_unmapped_area() came). Functions that only
 * some kernels do not export are found as those of XELF_SYMBOLS are.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define XELF_ROOM_SYMBOLS(X)
#define xelf_get_unmapped_area	get_unmapped_area
#else
#ifndef EMPTY_VMA_FLAGS		/* a number until 7.0 */
#define EMPTY_VMA_FLAGS		0
#endif
#define XELF_ROOM_SYMBOLS(X) \
	X(__get_unmapped_area)
#define xelf_get_unmapped_area(file, addr, size, pgoff, flags)		      \
	static_call(xelf___get_unmapped_area)(file, addr, size, pgoff, flags, \
					      EMPTY_VMA_FLAGS)
#endif

/*
 * Page 0 of MMAP_PAGE_ZERO is sealed on machines of 64 bits: since 6.12 ("binfmt_elf:
 * mseal address zero"), in 7.3 only if it was mapped.
 */
#if defined(XELF_HAVE_MSEAL_MMAP_PAGE_ZERO) && defined(CONFIG_64BIT)
#define XELF_SEAL_SYMBOLS(X) \
	X(mseal_mmap_page_zero)
#define xelf_seal_page_zero(mapped) \
	((mapped) ? static_call(xelf_mseal_mmap_page_zero)() : (void)0)
#elif defined(XELF_HAVE_DO_MSEAL) && defined(CONFIG_64BIT)
#define XELF_SEAL_SYMBOLS(X) \
	X(do_mseal)
#define xelf_seal_page_zero(mapped) \
	((void)static_call(xelf_do_mseal)(0, PAGE_SIZE, 0))
#else
#define XELF_SEAL_SYMBOLS(X)
#define xelf_seal_page_zero(mapped)	((void)0)
#endif

#define XELF_COMPAT_SYMBOLS(X) \
	XELF_ROOM_SYMBOLS(X) \
	XELF_SEAL_SYMBOLS(X)

/*
 * vm_operations_struct.map_pages(): maps those pages of a range that are in
 * the page cache; the page-table page must be there. Until 5.12 (f9ce0be71d1f,
 * "mm: Cleanup faultaround and finish_fault() codepaths") it left the table
 * locked. Since 6.4 (58ef47ef7db9, "mm: hold the RCU read lock over calls to
 * ->map_pages") RCU is the caller's; before, a file system might sleep in it.
 */
static inline void xelf_map_pages(struct vm_area_struct *vma, pmd_t *pmd,
				  unsigned long addr, unsigned long end)
{
	struct vm_fault vmf = {
		.vma = vma,
		.pmd = pmd,
		.address = addr,
		.pgoff = linear_page_index(vma, addr),
	};
	pgoff_t last = vmf.pgoff + ((end - addr) >> PAGE_SHIFT) - 1;

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)
	vma->vm_ops->map_pages(&vmf, vmf.pgoff, last);
	if (vmf.pte)
		pte_unmap_unlock(vmf.pte, vmf.ptl);
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
	vma->vm_ops->map_pages(&vmf, vmf.pgoff, last);
#else
	rcu_read_lock();
	vma->vm_ops->map_pages(&vmf, vmf.pgoff, last);
	rcu_read_unlock();
#endif
}

/*
 * file_open_root(): took dentry and mount until 5.13 (ffb37ca3bd16, "switch
 * file_open_root() to struct path"). Can go with 5.10.
 */
static inline struct file *xelf_open_in_mount(struct vfsmount *mnt,
					      const char *path)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 13, 0)
	return file_open_root(mnt->mnt_root, mnt, path, O_RDONLY, 0);
#else
	return file_open_root_mnt(mnt, path, O_RDONLY, 0);
#endif
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
 * backport to 5.10; bprm_at_flags() and its second flag in 7.3. binfmt_misc
 * sets what they report.
 */
static inline unsigned long xelf_at_flags(const struct linux_binprm *bprm)
{
#if defined(XELF_HAVE_BPRM_AT_FLAGS)
	return bprm_at_flags(bprm);
#elif defined(BINPRM_FLAGS_PRESERVE_ARGV0)
	return bprm->interp_flags & BINPRM_FLAGS_PRESERVE_ARGV0 ?
	       AT_FLAGS_PRESERVE_ARGV0 : 0;
#else
	return 0;
#endif
}

#endif /* _XELF_COMPAT_H */

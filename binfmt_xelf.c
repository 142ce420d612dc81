// SPDX-License-Identifier: GPL-2.0-only
/*
 * binfmt_xelf: loads ELF files that carry the XELF tag, in place of
 * load_elf_binary().
 *
 * Everything here needs a kernel. What can be decided from bytes alone is in
 * include/xelf/check.h and plan.h, what differs between kernels in compat.h,
 * between machines in arch.h. load_elf_binary() is the specification: where a
 * step looks odd, it is because the program would see the difference.
 *
 * The functions stand in the order in which an exec runs them;
 * xelf_exec() is the table of contents.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/auxvec.h>
#include <linux/binfmts.h>
#include <linux/cred.h>
#include <linux/debugfs.h>
#include <linux/elf-randomize.h>
#include <linux/elf.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/personality.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/task_stack.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/static_call.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include <xelf/ahead.h>
#include <xelf/compat.h>
#include <xelf/check.h>
#include <xelf/hints.h>
#include <xelf/plan.h>
#include <xelf/property.h>
#include <xelf/steps.h>

#define CREATE_TRACE_POINTS
#include <trace/events/xelf.h>

/*
 * Functions that place, randomise and map, which kernels do not export, or not
 * all of them. They are called, not imitated, so that a tagged program gets what this very
 * kernel gives. A static call is a direct call: with IBT an indirect one would
 * fault, since the kernel seals functions whose address nobody takes.
 */
#define XELF_SYMBOLS(X) \
	X(arch_align_stack) \
	X(arch_mmap_rnd) \
	X(arch_randomize_brk) \
	X(randomize_stack_top) \
	X(vm_brk_flags)

#include <xelf/arch.h>
#include <xelf/broken.h>

#define XELF_DEFINE_CALL(symbol) DEFINE_STATIC_CALL_NULL(xelf_##symbol, symbol);
XELF_SYMBOLS(XELF_DEFINE_CALL)
XELF_ARCH_SYMBOLS(XELF_DEFINE_CALL)
XELF_COMPAT_SYMBOLS(XELF_DEFINE_CALL)
DEFINE_STATIC_CALL_NULL(xelf_map_vdso, arch_setup_additional_pages);

DEFINE_STATIC_CALL_NULL(xelf_lookup_name, kallsyms_lookup_name);

static bool enabled = true;
module_param(enabled, bool, 0644);
MODULE_PARM_DESC(enabled,
		 "0: leave tagged files to the kernel's own loader (default 1)");

static bool hints = true;
module_param(hints, bool, 0644);
MODULE_PARM_DESC(hints,
		 "0: leave the hints of tagged files alone (default 1)");

static bool vdso = true;
module_param(vdso, bool, 0444);
MODULE_PARM_DESC(vdso,
		 "0: map no vDSO into tagged programs (default 1; becomes 0 where the kernel's function is not found)");

/* The kernel's sysctl; NULL if its table of symbols has no data. */
static int *xelf_randomize_va_space;

/*
 * Then the same in a mount of /proc that is ours alone. Without it the answer
 * is 2, as Linux defaults.
 */
static struct vfsmount *xelf_proc;
static struct file *xelf_randomize_file;

static const char *const xelf_step_names[] = {
#define XELF_STEP_NAME(id, name) \
	[XELF_STEP_##id] = #name,
	XELF_STEPS(XELF_STEP_NAME)
#undef XELF_STEP_NAME
};

static atomic_long_t xelf_loaded;
static atomic_long_t xelf_refused[XELF_REASON_COUNT];
static atomic_long_t xelf_ended[XELF_STEP_COUNT];
static atomic_long_t xelf_killed[XELF_STEP_COUNT];
static atomic_long_t xelf_hints_used;
static atomic_long_t xelf_hints_ignored[XELF_HINTS_FAULT_COUNT];

#define XELF_AUXV_LONGS	ARRAY_SIZE(((struct mm_struct *)NULL)->saved_auxv)

/*
 * The auxiliary vector of this kernel, learnt at init from that of the task
 * that loads the module: its entries in its order, the values of those that
 * are the machine's, and zeros from AT_NULL on.
 */
static unsigned long xelf_auxv[XELF_AUXV_LONGS];
static unsigned int xelf_auxv_longs;	/* in use, AT_NULL's two included */
static unsigned int xelf_auxv_execfd;	/* where AT_EXECFD goes, if it is to */

/* The entries whose values are the task's. */
#define XELF_TASK_AUXV(X) \
	X(SYSINFO_EHDR) X(PHDR) X(PHNUM) X(BASE) X(FLAGS) X(ENTRY) X(UID) \
	X(EUID) X(GID) X(EGID) X(SECURE) X(RANDOM) X(EXECFN) X(PLATFORM)

enum xelf_task_auxv {
#define XELF_TASK_AUXV_ID(id) XELF_AUXV_##id,
	XELF_TASK_AUXV(XELF_TASK_AUXV_ID)
#undef XELF_TASK_AUXV_ID
	XELF_TASK_AUXV_COUNT
};

/* Where in xelf_auxv the value of each lies; 0 if this kernel has it not. */
static u8 xelf_auxv_at[XELF_TASK_AUXV_COUNT];

static struct linux_binfmt xelf_format;

/*
 * Bytes of a file's beginning that are read at once: in nearly every file they
 * hold the program headers and the interpreter's path.
 */
#define XELF_HEAD_SIZE	832

/* A program or an interpreter: its file, its headers and where it lies. */
struct xelf_image {
	struct file *file;
	const u8 *head;		/* the file's first bytes, head_size of them */
	size_t head_size;
	Elf64_Ehdr ehdr;
	const Elf64_Phdr *phdrs;
	Elf64_Phdr *own_phdrs;	/* where they are if they are not in the head */
	struct xelf_plan plan;
	unsigned long bias;	/* memory address minus the file's own */
	unsigned long map_flags;	/* XELF_MAP_BTI, or 0 */
};

/* One exec under way. */
struct xelf_load {
	struct linux_binprm *bprm;
	struct xelf_limits limits;
	struct xelf_image program;
	struct xelf_image interp;	/* .file is NULL without one */
	u8 *program_head;		/* room for XELF_HEAD_SIZE bytes */
	u8 *interp_head;		/* the same, allocated */
	int randomize_va_space;		/* read once: root may flip it meanwhile */
	unsigned long entry;		/* where the task starts */
	enum xelf_step step;
	enum xelf_reason reason;	/* XELF_OK unless refused */
	u64 *ns;	/* when each step began; NULL unless xelf_exec is traced */
};

/* Each step of XELF_STEPS begins with this. */
static __always_inline void xelf_enter(struct xelf_load *load,
				       enum xelf_step step)
{
	load->step = step;
	/* Not if tracing began in the middle of this exec. */
	if (trace_xelf_exec_enabled() && load->ns)
		load->ns[step] = ktime_get_ns();
}

/* The event that sums up: from when each step began to how long it took. */
static noinline void xelf_trace_exec(struct xelf_load *load, int err)
{
	u64 now = ktime_get_ns(), end = now;
	int step;

	for (step = XELF_STEP_COUNT - 1; step >= 0; step--) {
		u64 began = load->ns[step];

		if (!began)
			continue;
		load->ns[step] = end - began;
		end = began;
	}
	trace_xelf_exec(load->bprm->interp, load->ns, end, now - end,
			xelf_step_names[load->step],
			xelf_reason_name(load->reason), err);
}

/* Counts a refusal. @err replaces the reason's own errno where it has none. */
static int xelf_refuse(struct xelf_load *load, enum xelf_reason reason, int err)
{
	if (xelf_reason_errno(reason))
		err = -xelf_reason_errno(reason);
	load->reason = reason;
	atomic_long_inc(&xelf_refused[reason]);
	trace_xelf_refuse(load->bprm->interp, xelf_reason_name(reason),
			  xelf_step_names[load->step], err);
	return err;
}

static int xelf_refuse_if(struct xelf_load *load, enum xelf_reason reason)
{
	return reason ? xelf_refuse(load, reason, 0) : 0;
}

/* Counts a failure after the point of no return; @err only kills. */
static int xelf_kill(enum xelf_step step, int err)
{
	atomic_long_inc(&xelf_killed[step]);
	return err;
}

/* All of @size bytes at @pos, or an errno; a short read is EIO. */
static int xelf_read(struct file *file, void *buf, size_t size, loff_t pos)
{
	ssize_t got = kernel_read(file, buf, size, &pos);

	if (got < 0)
		return got;
	return got == size ? 0 : -EIO;
}

/*
 * Reads the head of a file into @head, which holds @have bytes of it already.
 * A file that ends sooner has a shorter head.
 */
static int xelf_read_head(struct xelf_image *image, u8 *head, size_t have)
{
	loff_t pos = have;
	ssize_t got = kernel_read(image->file, head + have,
				  XELF_HEAD_SIZE - have, &pos);

	if (got < 0)
		return got;
	image->head = head;
	image->head_size = have + got;
	return 0;
}

/* @size bytes at @offset of the file, if they are in its head; else NULL. */
static const void *xelf_in_head(const struct xelf_image *image, u64 offset,
				u64 size)
{
	if (offset > image->head_size || size > image->head_size - offset)
		return NULL;
	return image->head + offset;
}

/*
 * Reads the program headers and plans from them. Whatever fails has one errno
 * for each caller, so the errno of the read is not passed on.
 */
static int xelf_read_phdrs(struct xelf_image *image)
{
	size_t size = image->ehdr.e_phnum * sizeof(*image->phdrs);

	image->phdrs = xelf_in_head(image, image->ehdr.e_phoff, size);
	if (!image->phdrs || !IS_ALIGNED((unsigned long)image->phdrs, 8)) {
		image->own_phdrs = kmalloc(size, GFP_KERNEL);
		if (!image->own_phdrs)
			return -ENOMEM;
		if (xelf_read(image->file, image->own_phdrs, size,
			      image->ehdr.e_phoff))
			return -EIO;
		image->phdrs = image->own_phdrs;
	}
	xelf_make_plan(&image->plan, &image->ehdr, image->phdrs, PAGE_SIZE);
	return 0;
}

/*
 * The head of the program: the bytes that the kernel has read for us, which
 * are those that the checksum was taken of, and more if it takes more.
 */
static int xelf_read_program_head(struct xelf_load *load)
{
	struct xelf_image *program = &load->program;
	size_t phdrs_size = program->ehdr.e_phnum * sizeof(*program->phdrs);
	const char *buf = load->bprm->buf;
	loff_t size = i_size_read(file_inode(program->file));

	program->head = (const u8 *)buf;
	program->head_size = min_t(loff_t, sizeof(load->bprm->buf), size);
	if (program->head_size < sizeof(load->bprm->buf) ||
	    xelf_in_head(program, program->ehdr.e_phoff, phdrs_size))
		return 0;
	memcpy(load->program_head, buf, sizeof(load->bprm->buf));
	return xelf_read_head(program, load->program_head,
			      sizeof(load->bprm->buf));
}

/* Check: the first 128 bytes, then the program headers. */
static int xelf_check(struct xelf_load *load)
{
	struct xelf_image *program = &load->program;
	const char *buf = load->bprm->buf;
	int err;

	BUILD_BUG_ON(sizeof(load->bprm->buf) < XELF_CHECKED_SIZE);

	xelf_enter(load, XELF_STEP_CHECK);
	err = xelf_refuse_if(load, xelf_check_tag((const u8 *)buf));
	if (err)
		return err;
	/* From here on the header is what was tagged. */
	memcpy(&program->ehdr, buf, sizeof(program->ehdr));
	err = xelf_refuse_if(load, xelf_check_header(&program->ehdr, &load->limits));
	if (err)
		return err;
	program->file = load->bprm->file;
	if (!xelf_can_mmap(program->file))
		return xelf_refuse(load, XELF_CANNOT_MAP, 0);
	if (xelf_read_program_head(load) || xelf_read_phdrs(program))
		return xelf_refuse(load, XELF_PHDRS_UNREADABLE, 0);
	trace_xelf_check(load->bprm->interp, &program->ehdr);
	return 0;
}

/*
 * The interpreter's path, read into *@own if it is not at hand already. What
 * *@own holds is the caller's to free, whatever comes.
 */
static int xelf_read_interp_path(struct xelf_load *load, const char **path,
				 char **own)
{
	struct xelf_image *program = &load->program;
	const Elf64_Phdr *phdr = &program->phdrs[program->plan.interp];
	int err;

	err = xelf_refuse_if(load, xelf_check_interp_size(phdr));
	if (err)
		return err;
	*path = xelf_in_head(program, phdr->p_offset, phdr->p_filesz);
	if (!*path) {
		*own = kmalloc(phdr->p_filesz, GFP_KERNEL);
		if (!*own)
			return xelf_refuse(load, XELF_NO_MEMORY, 0);
		err = xelf_read(program->file, *own, phdr->p_filesz,
				phdr->p_offset);
		if (err)
			return xelf_refuse(load, XELF_INTERP_UNREADABLE, err);
		*path = *own;
	}
	return xelf_refuse_if(load, xelf_check_interp_path(*path, phdr->p_filesz));
}

/* Reads and plans from an interpreter that is open. */
static int xelf_check_interp_file(struct xelf_load *load)
{
	struct xelf_image *interp = &load->interp;
	int err;

	load->interp_head = kmalloc(XELF_HEAD_SIZE, GFP_KERNEL);
	if (!load->interp_head)
		return xelf_refuse(load, XELF_NO_MEMORY, 0);
	err = xelf_read_head(interp, load->interp_head, 0);
	if (!err && interp->head_size < sizeof(interp->ehdr))
		err = -EIO;
	if (err)
		return xelf_refuse(load, XELF_INTERP_SHORT, err);
	memcpy(&interp->ehdr, interp->head, sizeof(interp->ehdr));
	err = xelf_refuse_if(load, xelf_check_interp(&interp->ehdr, &load->limits));
	if (err)
		return err;
	if (xelf_read_phdrs(interp))
		return xelf_refuse(load, XELF_INTERP_PHDRS, 0);
	if (!xelf_can_mmap(interp->file))
		return xelf_refuse(load, XELF_INTERP_CANNOT_MAP, 0);
	return 0;
}

/*
 * The interpreter is opened and planned by the same code as the program. Its
 * file is released by xelf_release(), whatever comes.
 */
static int xelf_open_interp(struct xelf_load *load)
{
	const char *path;
	char *own = NULL;
	struct file *file;
	int err;

	if (load->program.plan.interp < 0) {
		xelf_drop_substitute(load->bprm);
		return 0;
	}

	xelf_enter(load, XELF_STEP_OPEN);
	err = xelf_read_interp_path(load, &path, &own);
	if (err)
		goto out;
	file = xelf_open_interp_file(load->bprm, path);
	trace_xelf_interpreter(path, PTR_ERR_OR_ZERO(file));
	if (IS_ERR(file)) {
		err = xelf_refuse(load, XELF_INTERP_OPEN, PTR_ERR(file));
		goto out;
	}
	load->interp.file = file;
	/* A program must not become readable by way of its interpreter. */
	would_dump(load->bprm, file);
	err = xelf_check_interp_file(load);
out:
	kfree(own);
	return err;
}

/*
 * The properties of the image that is entered, and only that: an interpreter
 * looks after the program's itself.
 */
static noinline int xelf_read_properties(struct xelf_load *load)
{
	struct xelf_image *image = load->interp.file ? &load->interp :
						       &load->program;
	const Elf64_Phdr *phdr;
	enum xelf_reason reason;
	u8 note[XELF_PROPERTY_SIZE];
	loff_t pos;
	ssize_t got;
	bool bti;

	if (image->plan.property < 0)
		return 0;
	phdr = &image->phdrs[image->plan.property];
	if (phdr->p_filesz > sizeof(note))
		return xelf_refuse(load, XELF_PROPERTY_BAD, 0);
	pos = phdr->p_offset;
	got = kernel_read(image->file, note, phdr->p_filesz, &pos);
	if (got < 0)
		return xelf_refuse(load, XELF_PROPERTY_UNREADABLE, 0);
	reason = xelf_check_properties(note, got, sizeof(unsigned long),
				       XELF_MACHINE, &bti);
	if (!reason && bti)
		image->map_flags = XELF_MAP_BTI;
	return xelf_refuse_if(load, reason);
}

/* What the kernel's loader would find out only when it is too late. */
static int xelf_check_segments(struct xelf_load *load)
{
	struct xelf_plan *interp = &load->interp.plan;
	struct xelf_plan *program = &load->program.plan;
	enum xelf_reason reason = XELF_OK;
	int err;

	xelf_enter(load, XELF_STEP_PLAN);
	if (IS_ENABLED(CONFIG_ARCH_USE_GNU_PROPERTY)) {
		err = xelf_read_properties(load);
		if (err)
			return err;
	}
	trace_xelf_plan(XELF_IMAGE_PROGRAM, program);
	if (load->interp.file) {
		trace_xelf_plan(XELF_IMAGE_INTERP, interp);
		reason = xelf_check_interp_plan(interp, &load->limits);
	}
	if (!reason)
		reason = xelf_check_plan(program, &load->limits);
	return xelf_refuse_if(load, reason);
}

/* As text, by way of /proc, where the variable itself was not found. */
static int xelf_read_randomize_va_space(void)
{
	struct file *file = xelf_randomize_file;
	const struct cred *old;
	loff_t pos = 0;
	char digit;
	ssize_t got;

	if (xelf_randomize_va_space)
		return READ_ONCE(*xelf_randomize_va_space);
	if (!file)
		return 2;
	old = override_creds(file->f_cred);
	got = kernel_read(file, &digit, sizeof(digit), &pos);
	revert_creds(old);
	return got == sizeof(digit) ? digit - '0' : 2;
}

/*
 * The point of no return. Where begin_new_exec() fails without having passed
 * it, the errno still reaches the caller of execve().
 */
static int xelf_commit(struct xelf_load *load)
{
	struct linux_binprm *bprm = load->bprm;
	int err;

	xelf_enter(load, XELF_STEP_COMMIT);
	err = begin_new_exec(bprm);
	if (err)
		return xelf_refuse(load, XELF_NOT_COMMITTED, err);

	/* ---- point of no return ---- */

	xelf_set_personality(load->program.ehdr);
	load->randomize_va_space = xelf_read_randomize_va_space();
	if (!(current->personality & ADDR_NO_RANDOMIZE) &&
	    load->randomize_va_space)
		current->flags |= PF_RANDOMIZE;
	setup_new_exec(bprm);
	trace_xelf_committed(bprm, load->randomize_va_space);
	return 0;
}

/* The stack goes to its place, with the rights that PT_GNU_STACK asks for. */
static int xelf_place_stack(struct xelf_load *load)
{
	unsigned long top;
	int err;

	BUILD_BUG_ON((int)XELF_STACK_DEFAULT != EXSTACK_DEFAULT);
	BUILD_BUG_ON((int)XELF_STACK_NOEXEC != EXSTACK_DISABLE_X);
	BUILD_BUG_ON((int)XELF_STACK_EXEC != EXSTACK_ENABLE_X);

	xelf_enter(load, XELF_STEP_STACK);
	top = static_call(xelf_randomize_stack_top)(STACK_TOP);
	err = setup_arg_pages(load->bprm, top, load->program.plan.stack);
	return err < 0 ? xelf_kill(XELF_STEP_STACK, err) : 0;
}

static int xelf_prot(u32 p_flags)
{
	return (p_flags & PF_R ? PROT_READ : 0) |
	       (p_flags & PF_W ? PROT_WRITE : 0) |
	       (p_flags & PF_X ? PROT_EXEC : 0);
}

/*
 * Maps the file pages of a segment. With @total, that much is taken first and
 * what is over given back, so that the kernel finds room for the whole image.
 * Returns the address or an errno.
 */
static unsigned long xelf_map_file(struct file *file, unsigned long addr,
				   const struct xelf_segment *seg, int prot,
				   unsigned long flags, unsigned long total)
{
	unsigned long size = total ?: seg->file_size;

	if (flags & XELF_MAP_BTI) {
		flags &= ~XELF_MAP_BTI;
		prot |= prot & PROT_EXEC ? XELF_PROT_BTI : 0;
	}
	addr = vm_mmap(file, addr, size, prot, flags, seg->file_offset);
	if (addr >= TASK_SIZE)
		return IS_ERR_VALUE(addr) ? addr : -EINVAL;
	if (size > seg->file_size)
		vm_munmap(addr + seg->file_size, size - seg->file_size);
	return addr;
}

/*
 * Finds room for an image without gaps, where mapping @total bytes of its
 * file would find it: *@bias goes there. Mapping them and giving back what is over
 * is how the kernel's loader asks; it costs as much as two mappings more. What
 * is found stays free: nobody else maps into the memory of a task that has
 * not started, and the stack's growth is kept away by the kernel's choice of
 * the place for mappings. With gaps that way is kept, since the limits on a
 * task's memory count them while they are mapped.
 */
static int xelf_find_room(struct file *file, const Elf64_Phdr *first,
			  unsigned long flags, unsigned long total,
			  unsigned long *bias)
{
	struct xelf_segment seg = xelf_segment(first, PAGE_SIZE);
	struct mm_struct *mm = current->mm;
	unsigned long addr = *bias + seg.addr;

	if (flags & MAP_FIXED_NOREPLACE)
		flags |= MAP_FIXED;
	mmap_read_lock(mm);
	addr = xelf_get_unmapped_area(file, addr, total,
				      seg.file_offset >> PAGE_SHIFT, flags);
	if (!IS_ERR_VALUE(addr) && (flags & MAP_FIXED_NOREPLACE) &&
	    find_vma_intersection(mm, addr, addr + total))
		addr = -EEXIST;
	mmap_read_unlock(mm);
	if (IS_ERR_VALUE(addr))
		return addr;
	*bias = addr - seg.addr;
	return 0;
}

/*
 * Pages of zeroes, writable whatever p_flags says. Not by vm_mmap(), which
 * would merge them with a mapping behind them; brk does so only before them.
 */
static int xelf_map_anon(unsigned long addr, unsigned long size, int prot)
{
	/* The last argument became a bool in 7.x: this is right as either. */
	return static_call(xelf_vm_brk_flags)(addr, size,
					      prot & PROT_EXEC ? VM_EXEC : 0);
}

#include <xelf/bss_merged.h>

/* Bytes that an image takes, whole pages; 0 if it can have no room. */
static unsigned long xelf_image_total(const struct xelf_image *image)
{
	return PAGE_ALIGN(XELF_SIZE_BY_ORDER ?
			  xelf_plan_size_by_order(&image->plan) :
			  xelf_plan_size(&image->plan));
}

/*
 * Maps one PT_LOAD at *@bias: its file pages, the cleared rest of the last of
 * them, its anonymous pages. Where @flags leaves the place to the kernel,
 * *@bias comes back as the place that it chose.
 */
static int xelf_map_segment(struct file *file, const Elf64_Phdr *phdr,
			    unsigned long flags, unsigned long total,
			    unsigned long *bias)
{
	struct xelf_segment seg = xelf_segment(phdr, PAGE_SIZE);
	int prot = xelf_prot(phdr->p_flags);
	unsigned long addr;

	if (seg.file_size) {
		addr = xelf_map_file(file, *bias + seg.addr, &seg, prot, flags,
				     total);
		if (IS_ERR_VALUE(addr))
			return addr;
		*bias = addr - seg.addr;
	} else if (*bias + seg.addr >= TASK_SIZE) {
		/* Even if there is nothing to map. */
		return -EINVAL;
	}
	if (seg.clear_size &&
	    clear_user((void __user *)(*bias + seg.clear_addr), seg.clear_size) &&
	    xelf_clear_must_succeed(phdr->p_flags))
		return -EFAULT;
	return xelf_map_anon(*bias + seg.anon_addr, seg.anon_size, prot);
}

static noinline void __xelf_trace_segment(unsigned int image, int index,
					  const Elf64_Phdr *phdr,
					  unsigned long bias)
{
	struct xelf_segment seg = xelf_segment(phdr, PAGE_SIZE);

	trace_xelf_segment(image, index, &seg, bias, xelf_prot(phdr->p_flags));
	if (image == XELF_IMAGE_INTERP ? XELF_INTERP_BSS_MERGED :
					 XELF_PROGRAM_BSS_MERGED)
		return;
	if (seg.clear_size || seg.anon_size)
		trace_xelf_bss(image, index, &seg, bias);
}

/* Tells of a segment that was mapped at @bias. */
static __always_inline void xelf_trace_segment(unsigned int image, int index,
					       const Elf64_Phdr *phdr,
					       unsigned long bias)
{
	if (trace_xelf_segment_enabled() || trace_xelf_bss_enabled())
		__xelf_trace_segment(image, index, phdr, bias);
}

/*
 * Where a position-independent program goes: from two thirds of user space up
 * if it has an interpreter, so that brk has room to grow; else, being perhaps an
 * interpreter itself, to where the kernel maps files.
 *
 * Sets the bias to ask for and the flags of the first mapping.
 */
static int xelf_place_program(struct xelf_load *load, const Elf64_Phdr *first,
			      unsigned long *flags)
{
	struct xelf_image *program = &load->program;
	unsigned long align = program->plan.align;
	unsigned long addr = 0;
	int err;

	if (load->interp.file) {
		addr = ELF_ET_DYN_BASE;
		if (current->flags & PF_RANDOMIZE)
			addr += static_call(xelf_arch_mmap_rnd)();
		*flags |= XELF_MAP_FIRST;
	} else if (XELF_STATIC_PIE_ALIGNED && align > PAGE_SIZE) {
		/* Ask where the image would go, then move it down to fit. */
		unsigned long floor = xelf_page_floor(first->p_vaddr, PAGE_SIZE);
		unsigned long bias = -floor;

		err = xelf_map_segment(program->file, first, *flags,
				       xelf_image_total(program), &bias);
		if (err)
			return err;
		addr = bias + floor;
		vm_munmap(addr, xelf_plan_size(&program->plan));
		*flags |= MAP_FIXED_NOREPLACE;
	}
	if (align)
		addr &= ~(align - 1);
	program->bias = xelf_page_floor(addr - first->p_vaddr, PAGE_SIZE);
	return 0;
}

/* Maps one PT_LOAD of the program, the next in the table's order. */
static int xelf_map_program_segment(struct xelf_load *load,
				    const Elf64_Phdr *phdr, unsigned long flags,
				    unsigned long total, struct xelf_bss *bss)
{
	struct xelf_image *program = &load->program;
	int err;

	if (!XELF_PROGRAM_BSS_MERGED)
		return xelf_map_segment(program->file, phdr, flags, total,
					&program->bias);
	err = xelf_bss_between(bss, program->bias);
	if (!err)
		err = xelf_map_file_pages(program->file, phdr, flags, total,
					  &program->bias);
	xelf_bss_add(bss, phdr);
	return err;
}

static int xelf_map_program(struct xelf_load *load)
{
	struct xelf_image *program = &load->program;
	unsigned long flags = XELF_MAP_FILE | program->map_flags;
	struct xelf_bss bss = { };
	unsigned long total = 0;
	bool first = true;
	int i, err = 0;

	xelf_enter(load, XELF_STEP_PROGRAM);
	for (i = 0; i < program->ehdr.e_phnum && !err; i++) {
		const Elf64_Phdr *phdr = &program->phdrs[i];

		if (phdr->p_type != PT_LOAD)
			continue;
		if (first && program->ehdr.e_type == ET_DYN) {
			total = xelf_image_total(program);
			err = total ? xelf_place_program(load, phdr, &flags) :
				      -EINVAL;
			if (!err && !program->plan.gaps && phdr->p_filesz) {
				err = xelf_find_room(program->file, phdr, flags,
						     total, &program->bias);
				flags |= XELF_MAP_FIRST;
				total = 0;
			}
		} else if (first) {
			flags |= XELF_MAP_FIRST;
		}
		if (!err)
			err = xelf_map_program_segment(load, phdr, flags, total,
						       &bss);
		if (!err)
			xelf_trace_segment(XELF_IMAGE_PROGRAM, i, phdr,
					   program->bias);
		/* The first mapping reserved the room for all the others. */
		flags = XELF_MAP_FILE | MAP_FIXED | program->map_flags;
		total = 0;
		first = false;
	}
	if (!err && XELF_PROGRAM_BSS_MERGED)
		err = xelf_bss_of_program(&bss, program->bias);
	if (err)
		return xelf_kill(XELF_STEP_PROGRAM, err);

	load->entry = program->ehdr.e_entry + program->bias;
	if (!load->interp.file && load->entry >= TASK_SIZE)
		return xelf_kill(XELF_STEP_PROGRAM, -EINVAL);
	return 0;
}

static int xelf_map_interp_segment(struct xelf_load *load,
				   const Elf64_Phdr *phdr, unsigned long flags,
				   unsigned long total)
{
	struct xelf_image *interp = &load->interp;
	int err;

	if (XELF_INTERP_BSS_MERGED)
		err = xelf_map_file_pages(interp->file, phdr, flags, total,
					  &interp->bias);
	else
		err = xelf_map_segment(interp->file, phdr, flags, total,
				       &interp->bias);
	if (err)
		return err;
	/* Only now is it known where it lies. */
	if (!xelf_in_user_space(interp->bias + phdr->p_vaddr, phdr->p_memsz,
				&load->limits))
		return -ENOMEM;
	return 0;
}

static int xelf_map_interp(struct xelf_load *load)
{
	struct xelf_image *interp = &load->interp;
	bool fixed = interp->ehdr.e_type == ET_EXEC;
	unsigned long flags = XELF_MAP_FILE | (fixed ? MAP_FIXED : 0) |
			      interp->map_flags;
	unsigned long total = xelf_image_total(interp);
	struct xelf_bss bss = { };
	bool first = true;
	int i, err;

	if (!interp->file)
		return 0;

	xelf_enter(load, XELF_STEP_INTERP);
	err = total ? 0 : -EINVAL;
	for (i = 0; i < interp->ehdr.e_phnum && !err; i++) {
		const Elf64_Phdr *phdr = &interp->phdrs[i];

		if (phdr->p_type != PT_LOAD)
			continue;
		/*
		 * Anywhere, unless the program is where it was linked: then the
		 * interpreter's own address is a wish.
		 */
		if (first && !fixed && load->program.bias)
			interp->bias = -xelf_page_floor(phdr->p_vaddr, PAGE_SIZE);
		if (first && !fixed && !interp->plan.gaps && phdr->p_filesz &&
		    load->program.bias) {
			err = xelf_find_room(interp->file, phdr, flags, total,
					     &interp->bias);
			if (err)
				break;
			flags |= MAP_FIXED_NOREPLACE;
			total = 0;
		}
		err = xelf_map_interp_segment(load, phdr, flags, total);
		xelf_bss_add(&bss, phdr);
		if (!err)
			xelf_trace_segment(XELF_IMAGE_INTERP, i, phdr, interp->bias);
		flags = XELF_MAP_FILE | MAP_FIXED | interp->map_flags;
		total = 0;
		first = false;
	}
	if (!err && XELF_INTERP_BSS_MERGED)
		err = xelf_bss_of_interp(&bss, interp->bias);
	if (err)
		return xelf_kill(XELF_STEP_INTERP, err);

	load->entry = interp->ehdr.e_entry + interp->bias;
	if (load->entry >= TASK_SIZE)
		return xelf_kill(XELF_STEP_INTERP, -EINVAL);
	return 0;
}

/* From here on the task is a XELF program: it pins the module, and dumps core. */
static int xelf_map_vdso(struct xelf_load *load)
{
	int err;

	xelf_enter(load, XELF_STEP_VDSO);
	set_binfmt(&xelf_format);
	if (!vdso)
		return 0;
	err = static_call(xelf_map_vdso)(load->bprm, !!load->interp.file);
	if (err < 0)
		return xelf_kill(XELF_STEP_VDSO, err);
	trace_xelf_vdso(xelf_vdso_base());
	return 0;
}

/*
 * Fills mm->saved_auxv, whose rest is zeros: /proc/PID/auxv and the core dumper
 * walk it up to AT_NULL. Returns the number of longs, AT_NULL included.
 */
static unsigned int xelf_fill_auxv(const struct xelf_load *load,
				   unsigned long platform, unsigned long random)
{
	const struct linux_binprm *bprm = load->bprm;
	const struct xelf_image *program = &load->program;
	const struct cred *cred = current_cred();
	unsigned long *auxv = current->mm->saved_auxv;
	unsigned long *execfd = auxv + xelf_auxv_execfd;

	BUILD_BUG_ON(sizeof(current->mm->saved_auxv) != sizeof(xelf_auxv));
	memcpy(auxv, xelf_auxv, sizeof(xelf_auxv));
#define XELF_SET_AUXV(id, value) do {					      \
	if (xelf_auxv_at[XELF_AUXV_##id])				      \
		auxv[xelf_auxv_at[XELF_AUXV_##id]] = (value);		      \
} while (0)
	XELF_SET_AUXV(SYSINFO_EHDR, xelf_vdso_base());
	XELF_SET_AUXV(PHDR, program->plan.phdr_addr + program->bias);
	XELF_SET_AUXV(PHNUM, program->ehdr.e_phnum);
	XELF_SET_AUXV(BASE, load->interp.bias);
	XELF_SET_AUXV(FLAGS, xelf_at_flags(bprm));
	XELF_SET_AUXV(ENTRY, program->ehdr.e_entry + program->bias);
	XELF_SET_AUXV(UID, from_kuid_munged(cred->user_ns, cred->uid));
	XELF_SET_AUXV(EUID, from_kuid_munged(cred->user_ns, cred->euid));
	XELF_SET_AUXV(GID, from_kgid_munged(cred->user_ns, cred->gid));
	XELF_SET_AUXV(EGID, from_kgid_munged(cred->user_ns, cred->egid));
	XELF_SET_AUXV(SECURE, bprm->secureexec);
	XELF_SET_AUXV(RANDOM, random);
	XELF_SET_AUXV(EXECFN, bprm->exec);
	XELF_SET_AUXV(PLATFORM, platform);
#undef XELF_SET_AUXV
	xelf_break_auxv(auxv);
	if (!bprm->have_execfd)
		return xelf_auxv_longs;
	memmove(execfd + 2, execfd,
		(xelf_auxv_longs - xelf_auxv_execfd) * sizeof(*auxv));
	execfd[0] = AT_EXECFD;
	execfd[1] = bprm->execfd;
	return xelf_auxv_longs + 2;
}

/*
 * Writes pointers to @count strings that lie one after the other from *@string
 * on, and a NULL. *@slot and *@string are moved past what was used.
 */
static int xelf_put_strings(unsigned long __user **slot, int count,
			    unsigned long *string)
{
	unsigned long batch[16];
	unsigned int n = 0;

	for (;;) {
		long size;

		batch[n++] = count ? *string : 0;
		if (!count || n == ARRAY_SIZE(batch)) {
			if (copy_to_user(*slot, batch, n * sizeof(*batch)))
				return -EFAULT;
			*slot += n;
			n = 0;
		}
		if (!count--)
			return 0;
		size = strnlen_user((void __user *)*string, MAX_ARG_STRLEN);
		if (!size || size > MAX_ARG_STRLEN)
			return -EINVAL;
		*string += size;
	}
}

/* argc, argv, envp and the vector, below the strings that execve() copied. */
static int __xelf_write_tables(struct xelf_load *load)
{
	static const char platform[] = XELF_PLATFORM;
	struct linux_binprm *bprm = load->bprm;
	struct mm_struct *mm = current->mm;
	unsigned long p, u_platform, u_random, string;
	unsigned long __user *slot;
	unsigned int auxv_longs;
	u64 random[2];
	long items;

	p = static_call(xelf_arch_align_stack)(bprm->p);
	p -= sizeof(platform);
	u_platform = p;
	if (copy_to_user((void __user *)p, platform, sizeof(platform)))
		return -EFAULT;
	/* As good as get_random_bytes(), which sets up its cipher each time. */
	random[0] = get_random_u64();
	random[1] = get_random_u64();
	p -= sizeof(random);
	u_random = p;
	if (copy_to_user((void __user *)p, random, sizeof(random)))
		return -EFAULT;

	auxv_longs = xelf_fill_auxv(load, u_platform, u_random);
	/* argc, and the NULLs that end argv and envp */
	items = (long)bprm->argc + bprm->envc + 3;
	p -= auxv_longs * sizeof(*slot);
	p -= items * sizeof(*slot);
	bprm->p = p & ~15UL;

	/* The faults of these writes grow the stack as far as needed. */
	slot = (unsigned long __user *)bprm->p;
	if (put_user((unsigned long)bprm->argc, slot++))
		return -EFAULT;
	string = mm->arg_start;
	mm->arg_end = string;
	if (xelf_put_strings(&slot, bprm->argc, &string))
		return -EFAULT;
	mm->arg_end = string;
	mm->env_start = string;
	mm->env_end = string;
	if (xelf_put_strings(&slot, bprm->envc, &string))
		return -EFAULT;
	mm->env_end = string;
	if (copy_to_user(slot, mm->saved_auxv, auxv_longs * sizeof(*slot)))
		return -EFAULT;
	return 0;
}

static int xelf_write_tables(struct xelf_load *load)
{
	int err;

	xelf_enter(load, XELF_STEP_TABLES);
	err = __xelf_write_tables(load);
	if (err)
		return xelf_kill(XELF_STEP_TABLES, err);
	trace_xelf_auxv(&load->program.plan, load->program.bias,
			load->interp.bias, current->mm);
	trace_xelf_stack(load->bprm, current->mm);
	return 0;
}

/* Where brk begins, and what /proc/PID/stat says of code and data. */
static void xelf_set_bounds(struct xelf_load *load)
{
	const struct xelf_image *program = &load->program;
	const struct xelf_plan *plan = &program->plan;
	struct mm_struct *mm = current->mm;
	bool random = (current->flags & PF_RANDOMIZE) &&
		      load->randomize_va_space > 1;
	unsigned long brk = plan->high + program->bias;
	bool moved = false;

	xelf_enter(load, XELF_STEP_BRK);
	mm->start_code = plan->start_code + program->bias;
	mm->end_code = plan->end_code + program->bias;
	mm->start_data = plan->start_data + program->bias;
	mm->end_data = plan->end_data + program->bias;
	mm->start_stack = load->bprm->p;

	/*
	 * A program in the middle of the file mappings has no room for a heap:
	 * it gets the one that a program with an interpreter would have.
	 */
	if ((XELF_BRK_MOVED_ALWAYS ? !IS_ENABLED(CONFIG_COMPAT_BRK) : random) &&
	    program->ehdr.e_type == ET_DYN && !load->interp.file) {
		brk = ELF_ET_DYN_BASE;
		moved = true;
	}
	mm->brk = PAGE_ALIGN(brk);
	mm->start_brk = mm->brk;

	if (random) {
		/* Overflows of bss should not run into the heap. */
		if (XELF_BRK_GAP && !moved)
			mm->brk += PAGE_SIZE;
		mm->brk = static_call(xelf_arch_randomize_brk)(mm);
		mm->start_brk = mm->brk;
		moved = true;
	}
#ifdef compat_brk_randomized
	if (moved)
		current->brk_randomized = 1;
#endif
	trace_xelf_brk(mm);
}

/* Programs of SVr4 may read address 0. A failure is theirs to find out. */
static void xelf_map_page_zero(void)
{
	if (!(current->personality & MMAP_PAGE_ZERO))
		return;
	if (IS_ERR_VALUE(vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_EXEC,
				 MAP_FIXED | MAP_PRIVATE, 0)))
		pr_debug("MMAP_PAGE_ZERO: page 0 could not be mapped\n");
}

/* The hints in the last bytes of the program's file. */
static enum xelf_hints_fault xelf_read_hints(struct file *file, u8 *tail,
					     struct xelf_hints *found)
{
	loff_t file_size = i_size_read(file_inode(file));
	size_t size = min_t(loff_t, file_size, XELF_HINTS_MAX_SIZE);

	if (xelf_read(file, tail, size, file_size - size))
		return XELF_HINTS_UNREADABLE;
	return xelf_find_hints(tail, size, PAGE_SHIFT, found);
}

/* The memory of an image, in whole pages. */
static struct xelf_extent xelf_image_extent(const struct xelf_image *image)
{
	return (struct xelf_extent){
		.start = image->plan.low + image->bias,
		.end = PAGE_ALIGN(image->plan.high) + image->bias,
	};
}

/* Is the interpreter the one that the hints are for? */
static bool xelf_same_interp(const struct xelf_load *load, u64 sum)
{
	const struct xelf_image *interp = &load->interp;

	return interp->file &&
	       sum == xelf_interp_sum(interp->head, interp->head_size,
				      i_size_read(file_inode(interp->file)));
}

/*
 * Pages that the program will touch at once are mapped at once, if its file
 * says which. Costs time if the file is wrong, and a bounded time.
 */
static noinline void xelf_use_hints(struct xelf_load *load)
{
	struct mm_struct *mm = current->mm;
	struct xelf_ahead ahead = {
		.mm = mm,
		.read_pages = XELF_HINTS_READ_PAGES,
		.write_pages = XELF_HINTS_WRITE_PAGES,
		.tables = XELF_HINTS_TABLES,
		.budget = XELF_HINTS_BUDGET,
	};
	u8 tail[XELF_HINTS_MAX_SIZE];
	enum xelf_hints_fault fault;
	struct xelf_hints found;

	if (!(load->bprm->buf[XELF_VERSION_OFFSET] & XELF_FLAG_HINTS) ||
	    !READ_ONCE(hints))
		return;
	xelf_enter(load, XELF_STEP_HINTS);
	fault = xelf_read_hints(load->program.file, tail, &found);
	if (fault) {
		atomic_long_inc(&xelf_hints_ignored[fault]);
		return;
	}
	ahead.places[XELF_HINT_PROGRAM] = xelf_image_extent(&load->program);
	if (found.interp && xelf_same_interp(load, found.interp))
		ahead.places[XELF_HINT_INTERP] = xelf_image_extent(&load->interp);
	else if (found.interp)
		atomic_long_inc(&xelf_hints_ignored[XELF_HINTS_OTHER_INTERP]);
	/* All that lies below; there may be less of a stack. */
	ahead.places[XELF_HINT_STACK].end = PAGE_ALIGN(mm->start_stack + 1);
	xelf_map_ahead(&ahead, &found);
	atomic_long_inc(&xelf_hints_used);
	trace_xelf_hints(found.count,
			 XELF_HINTS_READ_PAGES - ahead.read_pages +
			 XELF_HINTS_WRITE_PAGES - ahead.write_pages,
			 ahead.ignored);
}

static void xelf_start(struct xelf_load *load)
{
	struct pt_regs *regs = current_pt_regs();

	xelf_enter(load, XELF_STEP_START);
	ELF_PLAT_INIT(regs, load->interp.file ? load->interp.bias :
						load->program.bias);
	xelf_break(load->bprm);
	finalize_exec(load->bprm);
	start_thread(regs, load->entry, load->bprm->p);
	trace_xelf_start(regs);
	atomic_long_inc(&xelf_loaded);
}

static void xelf_release(struct xelf_load *load)
{
	if (load->interp.file) {
		exe_file_allow_write_access(load->interp.file);
		fput(load->interp.file);
	}
	kfree(load->interp_head);
	kfree(load->interp.own_phdrs);
	kfree(load->program.own_phdrs);
}

/* The way of an exec. */
static noinline int xelf_exec(struct linux_binprm *bprm)
{
	u8 program_head[XELF_HEAD_SIZE] __aligned(8);
	struct xelf_load load = {
		.bprm = bprm,
		.program_head = program_head,
		.limits = {
			.task_size = XELF_TASK_SIZE,
			.page_size = PAGE_SIZE,
			.phdrs_size = XELF_PHDRS_SIZE,
			.machine = XELF_MACHINE,
		},
	};
	u64 ns[XELF_STEP_COUNT] __uninitialized;
	int err;

	if (trace_xelf_exec_enabled())
		load.ns = memset(ns, 0, sizeof(ns));

	err = xelf_check(&load);
	if (!err)
		err = xelf_open_interp(&load);
	if (!err)
		err = xelf_check_segments(&load);
	if (!err)
		err = xelf_commit(&load);
	/* ---- point of no return ---- */
	if (!err)
		err = xelf_place_stack(&load);
	if (!err)
		err = xelf_map_program(&load);
	if (!err)
		err = xelf_map_interp(&load);
	if (!err)
		err = xelf_map_vdso(&load);
	if (!err)
		err = xelf_write_tables(&load);
	if (!err) {
		xelf_set_bounds(&load);
		xelf_map_page_zero();
		xelf_use_hints(&load);
		xelf_start(&load);
	}
	atomic_long_inc(&xelf_ended[load.step]);
	if (trace_xelf_exec_enabled() && load.ns)
		xelf_trace_exec(&load, err);
	xelf_release(&load);
	return err;
}

/* Switched off: the kernel's loader gets its turn. */
static noinline int xelf_leave_alone(struct linux_binprm *bprm)
{
	struct xelf_load load = { .bprm = bprm, .step = XELF_STEP_CHECK };

	return xelf_refuse(&load, XELF_DISABLED, 0);
}

/*
 * Identify. Every exec on the machine comes through here first: two compares
 * for a file that is not ours, and nothing else.
 */
static int xelf_load_binary(struct linux_binprm *bprm)
{
	if (likely(!xelf_is_tagged((const u8 *)bprm->buf)))
		return -ENOEXEC;
	if (!READ_ONCE(enabled))
		return xelf_leave_alone(bprm);
	return xelf_exec(bprm);
}

static struct linux_binfmt xelf_format = {
	.module = THIS_MODULE,
	.load_binary = xelf_load_binary,
};

/* debugfs: xelf/stats, a name and a number a line */
static int stats_show(struct seq_file *m, void *unused)
{
	int i;

	seq_printf(m, "loaded %ld\n", atomic_long_read(&xelf_loaded));
	for (i = XELF_NOT_TAGGED + 1; i < XELF_REASON_COUNT; i++)
		seq_printf(m, "refused-%s %ld\n", xelf_reason_name(i),
			   atomic_long_read(&xelf_refused[i]));
	for (i = 0; i < XELF_STEP_COUNT; i++)
		seq_printf(m, "ended-%s %ld\n", xelf_step_names[i],
			   atomic_long_read(&xelf_ended[i]));
	/* Before these steps an exec is refused, not killed. */
	for (i = XELF_STEP_STACK; i < XELF_STEP_COUNT; i++)
		seq_printf(m, "killed-%s %ld\n", xelf_step_names[i],
			   atomic_long_read(&xelf_killed[i]));
	seq_printf(m, "hints-used %ld\n", atomic_long_read(&xelf_hints_used));
	for (i = XELF_HINTS_OK + 1; i < XELF_HINTS_FAULT_COUNT; i++)
		seq_printf(m, "hints-ignored-%s %ld\n",
			   xelf_hints_fault_name(i),
			   atomic_long_read(&xelf_hints_ignored[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/*
 * The address of a function that is not exported, by way of a kprobe that is
 * never armed. With IBT a kprobe lies after the function's ENDBR.
 */
static void *xelf_find_function(const char *name)
{
	struct kprobe probe = {
		.symbol_name = name,
		.flags = KPROBE_FLAG_DISABLED,
	};
	unsigned long addr;
	int err;

	err = register_kprobe(&probe);
	if (err) {
		pr_warn("%s: not found in this kernel (%d)\n", name, err);
		return NULL;
	}
	addr = (unsigned long)probe.addr;
	unregister_kprobe(&probe);
	if (IS_ENABLED(CONFIG_X86_KERNEL_IBT))
		addr = round_down(addr, 16);
	return (void *)addr;
}

/* Where the table of symbols has no data: without KALLSYMS_ALL. */
static void __init xelf_open_randomize_file(void)
{
	struct file_system_type *type = get_fs_type("proc");
	struct vfsmount *proc;
	struct file *file;

	proc = type ? kern_mount(type) : ERR_PTR(-ENODEV);
	if (type)
		module_put(type->owner);
	if (IS_ERR(proc)) {
		file = ERR_CAST(proc);
	} else {
		xelf_proc = proc;
		file = xelf_open_in_mount(proc, "sys/kernel/randomize_va_space");
	}
	if (IS_ERR(file))
		pr_warn("randomize_va_space: not found in this kernel, taken as 2 (%ld)\n",
			PTR_ERR(file));
	else
		xelf_randomize_file = file;
}

static int __init xelf_find_symbols(void)
{
	void *function;

#define XELF_FIND_CALL(symbol)						      \
	function = xelf_find_function(#symbol);				      \
	if (!function)							      \
		return -ENOENT;						      \
	static_call_update(xelf_##symbol, (typeof(symbol) *)function);
	XELF_SYMBOLS(XELF_FIND_CALL)
	XELF_ARCH_SYMBOLS(XELF_FIND_CALL)
	XELF_COMPAT_SYMBOLS(XELF_FIND_CALL)
#undef XELF_FIND_CALL

	function = vdso ? xelf_find_function("arch_setup_additional_pages") :
			  NULL;
	if (function) {
		static_call_update(xelf_map_vdso,
				   (typeof(arch_setup_additional_pages) *)function);
	} else if (XELF_VDSO_OPTIONAL) {
		vdso = false;
		pr_warn("no vDSO for tagged programs: AT_SYSINFO_EHDR is left out, their clock reads become system calls\n");
	} else {
		pr_err("no program of this machine runs without a vDSO%s\n",
		       vdso ? "" : ": load without vdso=0");
		return -ENOENT;
	}

	/* Data has no kprobe; the table of symbols holds it with KALLSYMS_ALL. */
	function = xelf_find_function("kallsyms_lookup_name");
	if (function) {
		static_call_update(xelf_lookup_name,
				   (typeof(kallsyms_lookup_name) *)function);
		xelf_randomize_va_space =
			(int *)static_call(xelf_lookup_name)("randomize_va_space");
	}
	if (!xelf_randomize_va_space)
		xelf_open_randomize_file();
	return 0;
}

static void xelf_close_randomize_file(void)
{
	if (xelf_randomize_file)
		filp_close(xelf_randomize_file, NULL);
	if (xelf_proc)
		kern_unmount(xelf_proc);
}

/* Is this an entry that we know to copy, being the machine's? */
static bool __init xelf_is_machine_auxv(unsigned long id)
{
	switch (id) {
	case AT_IGNORE:
	case AT_HWCAP:
	case AT_PAGESZ:
	case AT_PHENT:
	case AT_CLKTCK:
	case AT_HWCAP2:
	case XELF_AT_RSEQ_FEATURE_SIZE:
	case XELF_AT_RSEQ_ALIGN:
	case XELF_AT_HWCAP3:
	case XELF_AT_HWCAP4:
	case XELF_AT_MINSIGSTKSZ:
		return true;
	default:
		return false;
	}
}

/* Is this one that we know to make? Then its value will go to @at. */
static bool __init xelf_is_task_auxv(unsigned long id, u8 at)
{
	static const u8 ids[] __initconst = {
#define XELF_TASK_AUXV_AT(id) AT_##id,
		XELF_TASK_AUXV(XELF_TASK_AUXV_AT)
#undef XELF_TASK_AUXV_AT
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		if (ids[i] != id)
			continue;
		xelf_auxv_at[i] = at;
		return true;
	}
	return false;
}

/*
 * Learns this kernel's vector: which entries, in which order, and the values
 * of those that are the same for every task. AT_EXECFD, which is there only if
 * binfmt_misc wants it, has its place after the last of the strings.
 */
static int __init xelf_learn_auxv(void)
{
	const unsigned long *auxv = current->mm->saved_auxv;
	unsigned int i, n = 0;

	for (i = 0; i + 1 < XELF_AUXV_LONGS && auxv[i] != AT_NULL; i += 2) {
		if (auxv[i] == AT_EXECFD ||
		    (auxv[i] == AT_SYSINFO_EHDR && !vdso))
			continue;
		/* One entry for AT_EXECFD and one for AT_NULL must be left. */
		if (n + 2 * 2 >= XELF_AUXV_LONGS)
			return -E2BIG;
		if (xelf_is_machine_auxv(auxv[i])) {
			xelf_auxv[n + 1] = auxv[i + 1];
		} else if (!xelf_is_task_auxv(auxv[i], n + 1)) {
			pr_warn("auxiliary vector entry %lu is not known: left out\n",
				auxv[i]);
			continue;
		}
		xelf_auxv[n] = auxv[i];
		n += 2;
		if (auxv[i] == AT_EXECFN || auxv[i] == AT_PLATFORM)
			xelf_auxv_execfd = n;
	}
	xelf_auxv_longs = n + 2;
	return n ? 0 : -ENOEXEC;
}

/* Learns what only a running native ELF task can tell: ours, at insmod. */
static int __init xelf_learn_from_task(void)
{
	struct mm_struct *mm = current->mm;

	if (!mm || !mm->binfmt || !xelf_native_task()) {
		pr_err("must be loaded by a native ELF program (a 64-bit insmod)\n");
		return -ENOEXEC;
	}
#ifdef CONFIG_COREDUMP
	xelf_format.core_dump = mm->binfmt->core_dump;
	xelf_format.min_coredump = mm->binfmt->min_coredump;
	if (!xelf_format.core_dump)
		pr_warn("this kernel dumps no ELF cores: nor will tagged programs\n");
#endif
	return 0;
}

static struct dentry *xelf_debugfs;

static int __init xelf_init(void)
{
	int err;

	err = xelf_learn_from_task();
	if (err)
		return err;
	err = xelf_find_symbols();
	if (err) {
		xelf_close_randomize_file();
		return err;
	}
	err = xelf_learn_auxv();
	if (err) {
		pr_err("the auxiliary vector of the task that loads the module cannot be used (%d)\n",
		       err);
		xelf_close_randomize_file();
		return err;
	}
	xelf_debugfs = debugfs_create_dir("xelf", NULL);
	debugfs_create_file("stats", 0400, xelf_debugfs, NULL, &stats_fops);
	/* At the head: load_elf_binary() would take a tagged file too. */
	insert_binfmt(&xelf_format);
	return 0;
}

static void __exit xelf_exit(void)
{
	unregister_binfmt(&xelf_format);
	debugfs_remove(xelf_debugfs);
	xelf_close_randomize_file();
}

module_init(xelf_init);
module_exit(xelf_exit);

/* What the kernel asks for, up to 6.13, when nothing runs "\177XEL". */
MODULE_ALIAS("binfmt-4c45");
MODULE_DESCRIPTION("Loader for ELF executables that carry the XELF tag");
MODULE_LICENSE("GPL");

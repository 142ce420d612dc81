// SPDX-License-Identifier: GPL-2.0-only
/*
 * binfmt_xelf: loads ELF files that carry the XELF tag, in place of
 * load_elf_binary().
 *
 * xelf_exec() is the table of contents. Of include/xelf, these are parts of this
 * file, split off by theme:
 *
 * load.h: one exec under way, and how it is counted
 * tell.h: how the trace events are called
 * prepare.h: before the point of no return: what is read, and refused
 * map.h, bss_merged.h: the mapping of segments
 * tables.h: the stack's contents and the auxiliary vector
 * ahead.h: hints
 * symbols.h: what the kernel does not export
 *
 * What can be decided from bytes alone is in check.h, plan.h, property.h and hints.h;
 * what differs between kernels in compat.h, between machines in arch.h.
 *
 * load_elf_binary() is the specification: where a step looks odd, it is because
 * the program would see the difference.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/binfmts.h>
#include <linux/debugfs.h>
#include <linux/elf.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/personality.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>

#define CREATE_TRACE_POINTS
#include <trace/events/xelf.h>
/* Or the parts, which include it too, would make them once more. */
#undef CREATE_TRACE_POINTS

#include <xelf/ahead.h>
#include <xelf/broken.h>
#include <xelf/load.h>
#include <xelf/map.h>
#include <xelf/prepare.h>
#include <xelf/symbols.h>
#include <xelf/tables.h>

static bool enabled = true;
module_param(enabled, bool, 0644);
MODULE_PARM_DESC(enabled,
		 "0: leave tagged files to the kernel's own loader (default 1)");

static struct linux_binfmt xelf_format;

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

	xelf_set_personality(&load->program.ehdr, load->program.plan.stack);
	load->randomize_va_space = xelf_read_randomize_va_space();
	if (!(current->personality & ADDR_NO_RANDOMIZE) &&
	    load->randomize_va_space)
		current->flags |= PF_RANDOMIZE;
	setup_new_exec(bprm);
	xelf_tell(committed, bprm, load->randomize_va_space);
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

/* From here on the task is a XELF program: it pins the module, and dumps core. */
static int xelf_map_vdso(struct xelf_load *load)
{
	int err;

	xelf_enter(load, XELF_STEP_VDSO);
	set_binfmt(&xelf_format);
	if (!vdso)
		return 0;
	err = static_call(xelf_map_vdso)(load->bprm, !!load->interp);
	if (err < 0)
		return xelf_kill(XELF_STEP_VDSO, err);
	xelf_tell(vdso, xelf_vdso_base());
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
	unsigned long brk = xelf_in_memory(program->bias, plan->high);
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
	    program->ehdr.e_type == ET_DYN && !load->interp) {
		brk = ELF_ET_DYN_BASE;
		moved = true;
	}
	/* What is random is added to the base as it is, where only that moves it. */
	mm->brk = moved && !XELF_BRK_MOVED_ALWAYS ? brk : PAGE_ALIGN(brk);
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
	xelf_tell(brk, mm);
}

/* Programs of SVr4 may read address 0. A failure is theirs to find out. */
static void xelf_map_page_zero(void)
{
	unsigned long addr;

	if (!(current->personality & MMAP_PAGE_ZERO))
		return;
	addr = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_EXEC,
		       MAP_FIXED | MAP_PRIVATE, 0);
	if (addr)
		pr_debug("MMAP_PAGE_ZERO: page 0 could not be mapped\n");
	xelf_seal_page_zero(!addr);
}

/*
 * The entry is what the program touches first. Only where the fault is the one
 * that the exception would be: not what cannot be executed, nor what is there,
 * nor where the exception is one for its alignment.
 */
static void xelf_touch_entry(const struct xelf_load *load)
{
	const struct xelf_plan *plan = &(load->interp ?: &load->program)->plan;

	if (plan->entry_in_file && !plan->entry_in_tail &&
	    !(load->entry & (XELF_ENTRY_ALIGN - 1)))
		xelf_touch(load->entry, 0);
}

static void xelf_start(struct xelf_load *load)
{
	struct pt_regs *regs = current_pt_regs();

	xelf_enter(load, XELF_STEP_START);
	ELF_PLAT_INIT(regs, (load->interp ?: &load->program)->bias);
	finalize_exec(load->bprm);
	start_thread(regs, load->entry, load->bprm->p);
	xelf_break(load->bprm);
	xelf_tell(start, regs);
	atomic_long_inc(&xelf_loaded);
}

static void xelf_close_interp(struct xelf_load *load, int err)
{
	struct file *file = load->interp->file;

	if (err && load->substitute) {
		xelf_return_substitute(load->bprm, file);
		return;
	}
	exe_file_allow_write_access(file);
	if (!xelf_is_broken(XELF_BROKEN_LEAK))
		fput(file);
}

static void xelf_release(struct xelf_load *load, int err)
{
	struct xelf_image *interp = load->interp;

	if (interp) {
		xelf_close_interp(load, err);
		kfree(interp->own_phdrs);
		kfree(interp);
	}
	kfree(load->program_head);
	kfree(load->program.own_phdrs);
}

/* The way of an exec. */
static noinline int xelf_exec(struct linux_binprm *bprm)
{
	struct xelf_load load = {
		.bprm = bprm,
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
		if (xelf_has_hints(&load))
			xelf_use_hints(&load);
		else
			xelf_touch_entry(&load);
		xelf_start(&load);
	}
	atomic_long_inc(&xelf_ended[load.step]);
	if (trace_xelf_exec_enabled() && load.ns)
		xelf_trace_exec(&load, err);
	xelf_release(&load, err);
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
	return xelf_break_errno(xelf_exec(bprm));
}

static struct linux_binfmt xelf_format = {
	.module = THIS_MODULE,
	.load_binary = xelf_load_binary,
};

/* Learns what only a running native ELF task can tell: ours, at insmod. */
static int __init xelf_learn_from_task(void)
{
	struct mm_struct *mm = current->mm;

	if (!mm || !mm->binfmt || !xelf_native_task()) {
		pr_err("must be loaded by a native ELF program (" XELF_NATIVE " insmod)\n");
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

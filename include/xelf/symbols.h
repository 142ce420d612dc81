/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions and data of the kernel that it does not export: found once, at init.
 * A part of binfmt_xelf.c.
 */
#ifndef _XELF_SYMBOLS_H
#define _XELF_SYMBOLS_H

#include <linux/cred.h>
#include <linux/elf-randomize.h>
#include <linux/fs.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/static_call.h>

#include <xelf/arch.h>
#include <xelf/compat.h>

static bool vdso = true;
module_param(vdso, bool, 0444);
MODULE_PARM_DESC(vdso,
		 "0: map no vDSO into tagged programs (default 1; becomes 0 where the kernel's function is not found)");

/*
 * Functions that place, randomise and map, which kernels do not export, or not
 * all of them. They are called, not imitated, so that a tagged program gets what
 * this very kernel gives. A static call is a direct call: with IBT an indirect
 * one would fault, since the kernel seals functions whose address nobody takes.
 */
#define XELF_SYMBOLS(X) \
	X(arch_mmap_rnd) \
	X(arch_randomize_brk) \
	X(randomize_stack_top) \
	X(vm_brk_flags)

#define XELF_DEFINE_CALL(symbol) DEFINE_STATIC_CALL_NULL(xelf_##symbol, symbol);
XELF_SYMBOLS(XELF_DEFINE_CALL)
XELF_ALIGN_SYMBOLS(XELF_DEFINE_CALL)
XELF_ARCH_SYMBOLS(XELF_DEFINE_CALL)
XELF_COMPAT_SYMBOLS(XELF_DEFINE_CALL)
DEFINE_STATIC_CALL_NULL(xelf_map_vdso, arch_setup_additional_pages);

DEFINE_STATIC_CALL_NULL(xelf_lookup_name, kallsyms_lookup_name);

/* The kernel's sysctl; NULL if its table of symbols has no data. */
static int *xelf_randomize_va_space;

/* Then the same in a mount of /proc that is ours alone. */
static struct vfsmount *xelf_proc;
static struct file *xelf_randomize_file;

/* What stood there last; at first 2, as Linux defaults. */
static int xelf_randomize_read = 2;

/* As text, by way of /proc, where the variable itself was not found. */
static int xelf_read_randomize_va_space(void)
{
	struct file *file = xelf_randomize_file;
	const struct cred *old;
	loff_t pos = 0;
	char text[16];	/* an int */
	ssize_t got;
	int value;

	if (xelf_randomize_va_space)
		return READ_ONCE(*xelf_randomize_va_space);
	if (file) {
		old = override_creds(file->f_cred);
		got = kernel_read(file, text, sizeof(text) - 1, &pos);
		revert_creds(old);
		text[max_t(ssize_t, got, 0)] = 0;
		/* No memory, or a BPF program of the task's cgroup forbids it. */
		if (!kstrtoint(text, 10, &value))
			WRITE_ONCE(xelf_randomize_read, value);
	}
	return READ_ONCE(xelf_randomize_read);
}

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
	/* As a pointer to a function has it. */
	if (IS_ENABLED(CONFIG_THUMB2_KERNEL))
		addr |= 1;
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
	XELF_ALIGN_SYMBOLS(XELF_FIND_CALL)
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

#endif /* _XELF_SYMBOLS_H */

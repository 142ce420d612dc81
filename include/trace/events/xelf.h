/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The trace events xelf:*, one for each thing that an exec does, in the order
 * in which it does them, and xelf_exec, which sums up.
 *
 * Addresses are user space's, sizes are bytes. No event shows an address of the
 * kernel's. Fields are ordered by size and fill their event to the last byte:
 * what lies in a gap would be whatever was there before.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM xelf

#if !defined(_TRACE_XELF_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_XELF_H

#include <linux/binfmts.h>
#include <linux/mman.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <xelf/plan.h>
#include <xelf/steps.h>

/* Which image an event is about: the field `image`. */
#define XELF_IMAGE_PROGRAM	0
#define XELF_IMAGE_INTERP	1

#define xelf_show_image(image) \
	__print_symbolic(image, { XELF_IMAGE_PROGRAM, "program" }, \
			 { XELF_IMAGE_INTERP, "interpreter" })

#define xelf_show_stack(stack) \
	__print_symbolic(stack, { 0, "default" }, { 1, "noexec" }, { 2, "exec" })

/*
 * A string of an event. An event must fit into a page and a path may be as
 * long as one, so that strings are cut to 255 bytes.
 */
#define XELF_STRING_SIZE	256

#define xelf_string(item, src) \
	__dynamic_array(char, item, strnlen(src, XELF_STRING_SIZE - 1) + 1)
#define xelf_assign_string(item, src) \
	strscpy(__get_str(item), src, __get_dynamic_array_len(item))

/*
 * xelf_refuse - a tagged file is refused; the old program goes on
 * @path: the file
 * @reason: a name of XELF_REASONS
 * @step: a name of XELF_STEPS; `check` if the module is switched off
 * @errno: what execve() gives, positive; ENOEXEC leaves the file to the next
 *	format
 */
TRACE_EVENT(xelf_refuse,
	TP_PROTO(const char *path, const char *reason, const char *step,
		 int err),
	TP_ARGS(path, reason, step, err),
	TP_STRUCT__entry(
		__field(int, errno)
		xelf_string(path, path)
		xelf_string(reason, reason)
		xelf_string(step, step)
	),
	TP_fast_assign(
		__entry->errno = -err;
		xelf_assign_string(path, path);
		xelf_assign_string(reason, reason);
		xelf_assign_string(step, step);
	),
	TP_printk("path=%s reason=%s step=%s errno=%d", __get_str(path),
		  __get_str(reason), __get_str(step), __entry->errno)
);

/*
 * xelf_check - the first 128 bytes are good, and the program headers are read
 * @path: the file
 * @entry: e_entry; the file's own address
 * @type: e_type; 2: at a fixed address, 3: anywhere
 * @machine: e_machine
 * @phnum: number of program headers
 * @flags: the tag's flags; 0x10: the file ends in hints
 */
TRACE_EVENT(xelf_check,
	TP_PROTO(const char *path, const Elf64_Ehdr *ehdr),
	TP_ARGS(path, ehdr),
	TP_STRUCT__entry(
		__field(u64, entry)
		__field(u16, type)
		__field(u16, machine)
		__field(u32, phnum)
		__field(u32, flags)
		xelf_string(path, path)
	),
	TP_fast_assign(
		__entry->entry = ehdr->e_entry;
		__entry->type = ehdr->e_type;
		__entry->machine = ehdr->e_machine;
		__entry->phnum = ehdr->e_phnum;
		__entry->flags = ehdr->e_ident[XELF_VERSION_OFFSET] &
				 XELF_FLAGS_MASK;
		xelf_assign_string(path, path);
	),
	TP_printk("path=%s type=%u machine=%u phnum=%u entry=0x%llx flags=0x%x",
		  __get_str(path), __entry->type, __entry->machine,
		  __entry->phnum, __entry->entry, __entry->flags)
);

/*
 * xelf_plan - what the program headers of an image ask for, not yet checked
 * @low: lowest address, the file's own; all ones without segments
 * @size: bytes from the first to the last segment
 * @align: bytes; the largest alignment of a segment; 0 if none is asked for
 * @image: 0 the program, 1 its interpreter
 * @segments: number of PT_LOADs
 * @stack: 0 nothing is said of the stack's rights, 1 not executable,
 *	2 executable
 * @interp: index of the program header that names the interpreter; -1: none
 */
TRACE_EVENT(xelf_plan,
	TP_PROTO(unsigned int image, const struct xelf_plan *plan),
	TP_ARGS(image, plan),
	TP_STRUCT__entry(
		__field(u64, low)
		__field(u64, size)
		__field(u64, align)
		__field(u32, image)
		__field(u32, segments)
		__field(u32, stack)
		__field(s32, interp)
	),
	TP_fast_assign(
		__entry->low = plan->low;
		__entry->size = xelf_plan_size(plan);
		__entry->align = plan->align;
		__entry->image = image;
		__entry->segments = plan->loads;
		__entry->stack = plan->stack;
		__entry->interp = plan->interp;
	),
	TP_printk("image=%s segments=%u low=0x%llx size=0x%llx align=0x%llx stack=%s interp=%d",
		  xelf_show_image(__entry->image), __entry->segments,
		  __entry->low, __entry->size, __entry->align,
		  xelf_show_stack(__entry->stack), __entry->interp)
);

/*
 * xelf_interpreter - the program's interpreter was opened, or could not be
 * @path: as the program names it
 * @errno: why it could not be opened, positive; 0 if it was
 */
TRACE_EVENT(xelf_interpreter,
	TP_PROTO(const char *path, int err),
	TP_ARGS(path, err),
	TP_STRUCT__entry(
		__field(int, errno)
		xelf_string(path, path)
	),
	TP_fast_assign(
		__entry->errno = -err;
		xelf_assign_string(path, path);
	),
	TP_printk("path=%s errno=%d", __get_str(path), __entry->errno)
);

/*
 * xelf_committed - the point of no return is passed: the old program is gone
 * @randomize: kernel.randomize_va_space as this exec sees it; 0 if the task's
 *	personality forbids it
 * @secure: 1: the program gained rights (AT_SECURE)
 */
TRACE_EVENT(xelf_committed,
	TP_PROTO(const struct linux_binprm *bprm, int randomize),
	TP_ARGS(bprm, randomize),
	TP_STRUCT__entry(
		__field(u32, randomize)
		__field(u32, secure)
	),
	TP_fast_assign(
		__entry->randomize = current->flags & PF_RANDOMIZE ?
				     randomize : 0;
		__entry->secure = bprm->secureexec;
	),
	TP_printk("randomize=%u secure=%u", __entry->randomize,
		  __entry->secure)
);

/*
 * xelf_segment - a segment's file pages are mapped
 * @offset: bytes; where in the file they begin
 * @addr: where they lie
 * @size: bytes, whole pages; 0 if the segment has no file contents
 * @index: of its program header
 * @image: 0 the program, 1 its interpreter
 * @prot: PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4
 */
TRACE_EVENT(xelf_segment,
	TP_PROTO(unsigned int image, int index, const struct xelf_segment *seg,
		 u64 bias, int prot),
	TP_ARGS(image, index, seg, bias, prot),
	TP_STRUCT__entry(
		__field(u64, offset)
		__field(u64, addr)
		__field(u64, size)
		__field(s32, index)
		__field(u16, image)
		__field(u16, prot)
	),
	TP_fast_assign(
		__entry->offset = seg->file_offset;
		__entry->addr = (unsigned long)(seg->addr + bias);
		__entry->size = seg->file_size;
		__entry->index = index;
		__entry->image = image;
		__entry->prot = prot;
	),
	TP_printk("image=%s index=%d offset=0x%llx addr=0x%llx size=0x%llx prot=%s%s%s",
		  xelf_show_image(__entry->image), __entry->index,
		  __entry->offset, __entry->addr, __entry->size,
		  __entry->prot & PROT_READ ? "r" : "-",
		  __entry->prot & PROT_WRITE ? "w" : "-",
		  __entry->prot & PROT_EXEC ? "x" : "-")
);

/*
 * xelf_bss - memory without a file behind it, which the program sees as zeroes
 * @clear_addr: the rest of the last file page, which is cleared
 * @clear_size: bytes; 0 if nothing is
 * @addr: the pages after it
 * @size: bytes, whole pages; 0 if none
 * @index: of its program header; -1 on a kernel before 6.7, where all segments
 *	of an interpreter have one bss, and on 5.10 those of a program too
 * @image: 0 the program, 1 its interpreter
 */
TRACE_EVENT(xelf_bss,
	TP_PROTO(unsigned int image, int index, const struct xelf_segment *seg,
		 u64 bias),
	TP_ARGS(image, index, seg, bias),
	TP_STRUCT__entry(
		__field(u64, clear_addr)
		__field(u64, clear_size)
		__field(u64, addr)
		__field(u64, size)
		__field(s32, index)
		__field(u32, image)
	),
	TP_fast_assign(
		__entry->clear_addr = seg->clear_size ?
				      (unsigned long)(seg->clear_addr + bias) : 0;
		__entry->clear_size = seg->clear_size;
		__entry->addr = (unsigned long)(seg->anon_addr + bias);
		__entry->size = seg->anon_size;
		__entry->index = index;
		__entry->image = image;
	),
	TP_printk("image=%s index=%d clear_addr=0x%llx clear_size=0x%llx addr=0x%llx size=0x%llx",
		  xelf_show_image(__entry->image), __entry->index,
		  __entry->clear_addr, __entry->clear_size, __entry->addr,
		  __entry->size)
);

/*
 * xelf_vdso - the kernel's pages for user space are mapped
 * @addr: of the vDSO; 0 if there is none
 */
TRACE_EVENT(xelf_vdso,
	TP_PROTO(u64 addr),
	TP_ARGS(addr),
	TP_STRUCT__entry(
		__field(u64, addr)
	),
	TP_fast_assign(
		__entry->addr = addr;
	),
	TP_printk("addr=0x%llx", __entry->addr)
);

/*
 * xelf_auxv - the auxiliary vector is written
 * @phdr: AT_PHDR; 0 if no segment holds the program headers
 * @base: AT_BASE; where the interpreter lies; 0: there is none
 * @entry: AT_ENTRY; the program's own
 * @entries: number of entries, AT_NULL included
 */
TRACE_EVENT(xelf_auxv,
	TP_PROTO(const struct xelf_plan *plan, u64 bias, u64 base,
		 const struct mm_struct *mm),
	TP_ARGS(plan, bias, base, mm),
	TP_STRUCT__entry(
		__field(u64, phdr)
		__field(u64, base)
		__field(u64, entry)
		__field(u64, entries)
	),
	TP_fast_assign(
		__entry->phdr = (unsigned long)(plan->phdr_addr + bias);
		__entry->base = base;
		__entry->entry = (unsigned long)(plan->ehdr->e_entry + bias);
		for (__entry->entries = 1;
		     mm->saved_auxv[2 * __entry->entries - 2];)
			__entry->entries++;
	),
	TP_printk("entries=%llu phdr=0x%llx base=0x%llx entry=0x%llx",
		  __entry->entries, __entry->phdr, __entry->base,
		  __entry->entry)
);

/*
 * xelf_stack - the stack is as the program will find it
 * @sp: its lowest address, where argc stands
 * @tables: bytes from there to the strings: argc, argv, envp, the auxiliary
 *	vector, and up to 8 KiB more where the stack is randomised
 * @strings: bytes of the strings of argv and envp
 * @argc: number of arguments
 * @envc: number of environment strings
 */
TRACE_EVENT(xelf_stack,
	TP_PROTO(const struct linux_binprm *bprm, const struct mm_struct *mm),
	TP_ARGS(bprm, mm),
	TP_STRUCT__entry(
		__field(u64, sp)
		__field(u64, tables)
		__field(u64, strings)
		__field(u32, argc)
		__field(u32, envc)
	),
	TP_fast_assign(
		__entry->sp = bprm->p;
		__entry->tables = mm->arg_start - bprm->p;
		__entry->strings = mm->env_end - mm->arg_start;
		__entry->argc = bprm->argc;
		__entry->envc = bprm->envc;
	),
	TP_printk("argc=%u envc=%u sp=0x%llx tables=%llu strings=%llu",
		  __entry->argc, __entry->envc, __entry->sp, __entry->tables,
		  __entry->strings)
);

/*
 * xelf_brk - where the heap begins, and what /proc/PID/stat will say
 * @addr: where the heap begins
 * @start_code: first address of what can be executed
 * @end_code: its end, as far as the file goes
 * @start_data: address of the highest segment
 * @end_data: its end, as far as the file goes
 */
TRACE_EVENT(xelf_brk,
	TP_PROTO(const struct mm_struct *mm),
	TP_ARGS(mm),
	TP_STRUCT__entry(
		__field(u64, addr)
		__field(u64, start_code)
		__field(u64, end_code)
		__field(u64, start_data)
		__field(u64, end_data)
	),
	TP_fast_assign(
		__entry->addr = mm->start_brk;
		__entry->start_code = mm->start_code;
		__entry->end_code = mm->end_code;
		__entry->start_data = mm->start_data;
		__entry->end_data = mm->end_data;
	),
	TP_printk("addr=0x%llx code=0x%llx-0x%llx data=0x%llx-0x%llx",
		  __entry->addr, __entry->start_code, __entry->end_code,
		  __entry->start_data, __entry->end_data)
);

/*
 * xelf_hints - pages were mapped ahead, as the file's hints ask for
 * @pages: number of pages mapped
 * @runs: number of runs of pages in the hints
 * @ignored: how many of these were not followed
 */
TRACE_EVENT(xelf_hints,
	TP_PROTO(unsigned int runs, u64 pages, unsigned int ignored),
	TP_ARGS(runs, pages, ignored),
	TP_STRUCT__entry(
		__field(u64, pages)
		__field(u32, runs)
		__field(u32, ignored)
	),
	TP_fast_assign(
		__entry->pages = pages;
		__entry->runs = runs;
		__entry->ignored = ignored;
	),
	TP_printk("runs=%u pages=%llu ignored=%u", __entry->runs,
		  __entry->pages, __entry->ignored)
);

/*
 * xelf_start - the registers are set; the next instruction is the program's
 * @pc: its address: the interpreter's entry if there is one
 * @sp: the stack pointer
 */
TRACE_EVENT(xelf_start,
	TP_PROTO(struct pt_regs *regs),
	TP_ARGS(regs),
	TP_STRUCT__entry(
		__field(u64, pc)
		__field(u64, sp)
	),
	TP_fast_assign(
		__entry->pc = instruction_pointer(regs);
		__entry->sp = user_stack_pointer(regs);
	),
	TP_printk("pc=0x%llx sp=0x%llx", __entry->pc, __entry->sp)
);

/* The lines that each step of XELF_STEPS has in xelf_exec. */
#define xelf_step_field(id, name)	__field(u64, name##_ns)
#define xelf_step_assign(id, name)	__entry->name##_ns = ns[XELF_STEP_##id];
#define xelf_step_format(id, name)	" " #name "=%llu"
#define xelf_step_value(id, name)	__entry->name##_ns,

/*
 * xelf_exec - an exec of a tagged file is over, well or not
 * @begin_ns: CLOCK_MONOTONIC when it began
 * @total_ns: nanoseconds from there to the end
 * @check_ns ...: nanoseconds of each step of XELF_STEPS; 0: not entered
 * @errno: positive; 0: the program starts; before the point of no return what
 *	execve() gives, after it what the task was killed for
 * @path: the file
 * @step: the last step, a name of XELF_STEPS
 * @reason: a name of XELF_REASONS; "ok" if the file was not refused
 *
 * Time is taken only while this event is enabled, from the start of the exec.
 */
TRACE_EVENT(xelf_exec,
	TP_PROTO(const char *path, const u64 *ns, u64 begin, u64 total,
		 const char *step, const char *reason, int err),
	TP_ARGS(path, ns, begin, total, step, reason, err),
	TP_STRUCT__entry(
		__field(u64, begin_ns)
		__field(u64, total_ns)
		XELF_STEPS(xelf_step_field)
		__field(int, errno)
		xelf_string(path, path)
		xelf_string(step, step)
		xelf_string(reason, reason)
	),
	TP_fast_assign(
		__entry->begin_ns = begin;
		__entry->total_ns = total;
		XELF_STEPS(xelf_step_assign)
		__entry->errno = -err;
		xelf_assign_string(path, path);
		xelf_assign_string(step, step);
		xelf_assign_string(reason, reason);
	),
	TP_printk("path=%s errno=%d step=%s reason=%s"
		  XELF_STEPS(xelf_step_format) " total=%llu",
		  __get_str(path), __entry->errno, __get_str(step),
		  __get_str(reason), XELF_STEPS(xelf_step_value)
		  __entry->total_ns)
);

#endif /* _TRACE_XELF_H */

/* Found as <trace/events/xelf.h>: Kbuild has -I for it. */
#include <trace/define_trace.h>

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a program and collects what the kernel's trace events say of it: by
 * libtracefs, in an instance of our own that nobody else's tracing sees, of one
 * process alone.
 *
 * The kernel's own loader has no trace events; probes on functions that it calls
 * mark the same steps. (function_graph would show them too, but has no instances
 * before 6.11: it would take the machine's tracer from whoever uses it.)
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <tracefs.h>
#include <unistd.h>

#include "map.h"
#include "trace.h"

/* How often the buffers are emptied. */
#define POLL_MS		10

/* Our probes, as events of this system; a number tells two of us apart. */
#define PROBES		"xelftool"

/**
 * struct source - a trace event that is listened to
 * @system: its system; NULL: our probes'
 * @name: its name
 * @handle: takes one
 */
struct source {
	const char *system;
	const char *name;
	void (*handle)(struct collector *c, struct tep_event *event,
		       struct tep_record *record);
};

/**
 * struct probe - a function of the kernel's that marks a step
 * @name: the event's
 * @function: the kernel's
 * @args: what to fetch
 * @returns: at its end rather than its beginning
 */
struct probe {
	const char *name;
	const char *function;
	const char *args;
	bool returns;
};

/* Where a function has its arguments. ARM's kernel does not know them by $argN. */
#ifdef __arm__
#define ARG1	"%r0"
#define ARG2	"%r1"
#define ARG3	"%r2"
#define ARG4	"%r3"
#define ARG6	"$stack1"
#else
#define ARG1	"$arg1"
#define ARG2	"$arg2"
#define ARG3	"$arg3"
#define ARG4	"$arg4"
#define ARG6	"$arg6"
#endif

static const struct probe probes[] = {
	{ "open", "open_exec", "path=+0(" ARG1 "):string", false },
	/* since 7.3 */
	{ "open_for", "bprm_open_interpreter", "path=+0(" ARG2 "):string", false },
	{ "commit", "begin_new_exec", NULL, false },
	{ "stack", "setup_arg_pages", NULL, false },
	{ "segment", "vm_mmap",
	  "file=" ARG1 ":x64 addr=" ARG2 ":x64 size=" ARG3 ":x64 prot=" ARG4
	  ":x64 offset=" ARG6 ":x64",
	  false },
	{ "segment_at", "vm_mmap", "ret=$retval:x64", true },
	{ "vdso", "arch_setup_additional_pages", NULL, false },
	{ "tables", "arch_align_stack", NULL, false },
	{ "brk", "arch_randomize_brk", NULL, false },
	{ "start", "start_thread", "pc=" ARG2 ":x64 sp=" ARG3 ":x64", false },
};

/*
 * The kernel's loader itself. There may be one for each width of programs, of
 * the same name, so that they are found by how far they are from a symbol that
 * there is only once; a bare address would have no $retval.
 */
#define LOADER		"load_elf_binary"
#define UNIQUE		"_stext"
#define LOADERS_MAX	2

struct collector {
	struct tracefs_instance *instance;
	struct tep_handle *tep;
	/* of each loader two, and that of main */
	struct tracefs_dynevent *probes[ARRAY_SIZE(probes) + 2 * LOADERS_MAX + 1];
	size_t probe_count;
	char *system;		/* of our probes */
	bool main_symbol;
	bool main_probe;
	bool loader_probe;
	unsigned int timeout;
	bool json;		/* standard output is taken */
	struct trace *trace;	/* being filled */
	char *program;		/* absolute paths of what is loaded */
	char *interp;
	/* between the beginning of a thing and its end */
	struct call call;
	__u64 call_ns;
	struct load *elf;	/* the kernel's loader is at work */
	struct load *xelf;	/* ours is */
	__u64 file;		/* that the kernel's loader maps; a number to compare */
	__u64 program_file;
	__u64 segment[3];	/* size, prot, offset */
};

/* Set by Ctrl-C and the like. */
static volatile sig_atomic_t stop_now;

static void on_signal(int number)
{
	stop_now = number;
}

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static __u64 value_of(struct tep_event *event, struct tep_record *record,
		      const char *name)
{
	unsigned long long value = 0;

	tep_get_field_val(NULL, event, name, record, &value, 0);
	return value;
}

/* Return: a string of the record's, or NULL. */
static const char *string_of(struct tep_event *event, struct tep_record *record,
			     const char *name)
{
	int size;

	return tep_get_field_raw(NULL, event, name, record, &size, 0);
}

/* ---- faults ---- */

/* What the machine says of a fault. Only x86 has the event. */
static enum access access_of(__u64 error_code)
{
	return error_code & 16 ? ACCESS_EXEC :
	       error_code & 2 ? ACCESS_WRITE : ACCESS_READ;
}

static void add_fault(struct collector *c, struct tep_event *event,
		      struct tep_record *record, bool by_user)
{
	__u64 addr = value_of(event, record, "address");
	struct event *fault;

	/* The kernel's own memory is no part of the picture. */
	if (addr >> 63)
		return;
	fault = trace_add(c->trace, record->ts, TRACE_FAULT);
	if (!fault)
		return;
	fault->fault = (struct fault){
		.addr = addr,
		.ip = by_user ? value_of(event, record, "ip") : 0,
		.access = access_of(value_of(event, record, "error_code")),
	};
}

static void on_user_fault(struct collector *c, struct tep_event *event,
			  struct tep_record *record)
{
	add_fault(c, event, record, true);
}

static void on_kernel_fault(struct collector *c, struct tep_event *event,
			    struct tep_record *record)
{
	add_fault(c, event, record, false);
}

/* ---- system calls ---- */

static const char *const call_names[] = {
	"execve", "execveat", "mmap", "munmap", "mprotect", "mremap", "brk",
};

static const char *call_of(const struct tep_event *event)
{
	const char *name = strchr(strchr(event->name, '_') + 1, '_') + 1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(call_names); i++)
		if (!strcmp(call_names[i], name))
			return call_names[i];
	return NULL;
}

static void on_call(struct collector *c, struct tep_event *event,
		    struct tep_record *record)
{
	/* As the kernel's prototypes have them. */
	static const char *const args[][6] = {
		{ "filename" }, { "fd" },
		{ "addr", "len", "prot", "flags", "fd", "off" },
		{ "addr", "len" }, { "start", "len", "prot" },
		{ "addr", "old_len", "new_len", "flags", "new_addr" },
		{ "brk" },
	};
	size_t i, arg;

	c->call = (struct call){ .name = call_of(event) };
	c->call_ns = record->ts;
	for (i = 0; i < ARRAY_SIZE(call_names); i++)
		for (arg = 0; call_names[i] == c->call.name && arg < 6; arg++)
			if (args[i][arg])
				c->call.args[arg] = value_of(event, record,
							     args[i][arg]);
}

static void on_call_end(struct collector *c, struct tep_event *event,
			struct tep_record *record)
{
	struct event *call;

	/* It may have begun before we listened. */
	if (!c->call.name || c->call.name != call_of(event))
		return;
	call = trace_add(c->trace, c->call_ns, TRACE_CALL);
	if (call) {
		call->took = record->ts - c->call_ns;
		call->call = c->call;
		/* A word of this machine's, which is not widened by its sign. */
		call->call.result = (long)value_of(event, record, "ret");
	}
	c->call.name = NULL;
}

/* ---- the life of a process ---- */

static void on_fork(struct collector *c, struct tep_event *event,
		    struct tep_record *record)
{
	struct event *fork = trace_add(c->trace, record->ts, TRACE_FORK);

	if (fork)
		fork->number = value_of(event, record, "child_pid");
}

static void on_signal_event(struct collector *c, struct tep_event *event,
			    struct tep_record *record)
{
	struct event *got = trace_add(c->trace, record->ts, TRACE_SIGNAL);

	if (got)
		got->number = value_of(event, record, "sig");
}

static void on_exit_event(struct collector *c, struct tep_event *event,
			  struct tep_record *record)
{
	(void)event;
	trace_add(c->trace, record->ts, TRACE_EXIT);
}

static void on_main(struct collector *c, struct tep_event *event,
		    struct tep_record *record)
{
	(void)event;
	trace_add(c->trace, record->ts, TRACE_MAIN);
}

/* ---- binfmt_xelf's own events ---- */

static void add_detail(struct collector *c, __u64 ns, char *text)
{
	struct event *detail = trace_add(c->trace, ns, TRACE_DETAIL);

	if (detail)
		detail->text = text;
	else
		free(text);
}

/* Rights as in mmap(). */
static void add_segment(struct collector *c, __u64 ns, __u64 addr, __u64 size,
			__u64 offset, unsigned int prot, bool is_program)
{
	const char *path = is_program ? c->program : c->interp;
	char room[32];

	add_detail(c, ns, format("segment 0x%012llx %5s %c%c%c  offset 0x%llx",
				 HEX(addr), size_text(size, room),
				 prot & PROT_READ ? 'r' : '-',
				 prot & PROT_WRITE ? 'w' : '-',
				 prot & PROT_EXEC ? 'x' : '-', HEX(offset)));
	/* perf tells the same, but not of a program that gains rights. */
	if (path)
		trace_map(c->trace, ns, addr, size, offset, path);
}

static void on_xelf_segment(struct collector *c, struct tep_event *event,
			    struct tep_record *record)
{
	add_segment(c, record->ts, value_of(event, record, "addr"),
		    value_of(event, record, "size"),
		    value_of(event, record, "offset"),
		    value_of(event, record, "prot"),
		    !value_of(event, record, "image"));
}

static void on_xelf_bss(struct collector *c, struct tep_event *event,
			struct tep_record *record)
{
	__u64 size = value_of(event, record, "size");
	__u64 cleared = value_of(event, record, "clear_size");
	char room[32];

	if (size)
		add_detail(c, record->ts,
			   format("bss     0x%012llx %5s",
				  HEX(value_of(event, record, "addr")),
				  size_text(size, room)));
	if (cleared)
		add_detail(c, record->ts,
			   format("cleared 0x%012llx %5s  behind the file's contents",
				  HEX(value_of(event, record, "clear_addr")),
				  size_text(cleared, room)));
}

/* Each but the last: what it says, as it says it. */
static void on_xelf_detail(struct collector *c, struct tep_event *event,
			   struct tep_record *record)
{
	struct trace_seq seq;

	if (!c->xelf)
		c->xelf = trace_load(c->trace, BINFMT_XELF, record->ts);
	if (!strcmp(event->name, "xelf_interpreter")) {
		free(c->interp);
		c->interp = format("%s", string_of(event, record, "path") ?: "");
	}
	if (!strcmp(event->name, "xelf_start")) {
		c->xelf->pc = value_of(event, record, "pc");
		c->xelf->sp = value_of(event, record, "sp");
	}
	trace_seq_init(&seq);
	tep_print_event(c->tep, &seq, record, "%s", TEP_PRINT_INFO);
	trace_seq_terminate(&seq);
	/* The program's path is known. */
	add_detail(c, record->ts,
		   format("%s %s", event->name + strlen("xelf_"),
			  !strcmp(event->name, "xelf_interpreter") ||
			  !strchr(seq.buffer, ' ') ||
			  strncmp(seq.buffer, "path=", 5) ? seq.buffer :
			  strchr(seq.buffer, ' ') + 1));
	trace_seq_destroy(&seq);
}

static void on_xelf_plan(struct collector *c, struct tep_event *event,
			 struct tep_record *record)
{
	static const char *const stacks[] = { "default", "noexec", "exec" };
	__u64 stack = value_of(event, record, "stack");
	char size[32], align[32];

	add_detail(c, record->ts,
		   format("plan %s: %llu segments, %s, align %s, stack %s",
			  value_of(event, record, "image") ? "interpreter" :
							     "program",
			  HEX(value_of(event, record, "segments")),
			  size_text(value_of(event, record, "size"), size),
			  size_text(value_of(event, record, "align"), align),
			  stack < ARRAY_SIZE(stacks) ? stacks[stack] : "?"));
}

static void on_xelf_refuse(struct collector *c, struct tep_event *event,
			   struct tep_record *record)
{
	const char *reason = string_of(event, record, "reason");

	on_xelf_detail(c, event, record);
	/* Left alone: there is no event that sums up. */
	if (!reason || strcmp(reason, "disabled"))
		return;
	free(c->xelf->reason);
	c->xelf->reason = format("%s", reason);
	c->xelf->err = value_of(event, record, "errno");
	c->xelf->end = record->ts;
	c->xelf = NULL;
}

/* Sums up; the steps lie one after the other. */
static void on_xelf_exec(struct collector *c, struct tep_event *event,
			 struct tep_record *record)
{
	const char *reason = string_of(event, record, "reason");
	struct load *load = c->xelf;
	__u64 begin;
	int i;

	if (!load)
		load = trace_load(c->trace, BINFMT_XELF, record->ts);
	begin = value_of(event, record, "begin_ns");
	load->begin = begin;
	for (i = 0; i < XELF_STEP_COUNT; i++) {
		char *field = format("%s_ns", step_names[i]);
		__u64 ns = value_of(event, record, field);

		free(field);
		if (!ns)
			continue;
		load->step = i;
		load->step_begin[i] = begin;
		load->step_ns[i] = ns;
		begin += ns;
	}
	load->err = value_of(event, record, "errno");
	if (reason && strcmp(reason, "ok"))
		load->reason = format("%s", reason);
	load->end = record->ts;
	c->xelf = NULL;
}

/* ---- the kernel's loader, by probes ---- */

static void elf_step(struct collector *c, int step, __u64 ns)
{
	struct load *load = c->elf;

	/* The steps of an exec do not go back. */
	if (!load || step <= load->step)
		return;
	if (load->step >= 0)
		load->step_ns[load->step] = ns - load->step_begin[load->step];
	load->step = step;
	load->step_begin[step] = ns;
}

static void on_elf(struct collector *c, struct tep_event *event,
		   struct tep_record *record)
{
	(void)event;
	c->elf = trace_load(c->trace, BINFMT_ELF, record->ts);
	c->program_file = 0;
	elf_step(c, XELF_STEP_CHECK, record->ts);
}

static void on_elf_end(struct collector *c, struct tep_event *event,
		       struct tep_record *record)
{
	struct load *load = c->elf;
	__s32 result = value_of(event, record, "ret");

	if (!load)
		return;
	load->step_ns[load->step] = record->ts - load->step_begin[load->step];
	load->err = result < 0 ? -result : 0;
	load->end = record->ts;
	c->elf = NULL;
}

static void on_elf_open(struct collector *c, struct tep_event *event,
			struct tep_record *record)
{
	const char *path = string_of(event, record, "path");

	elf_step(c, XELF_STEP_OPEN, record->ts);
	if (!c->elf)
		return;
	free(c->interp);
	c->interp = format("%s", path ?: "");
	add_detail(c, record->ts, format("interpreter path=%s", c->interp));
}

static void on_elf_step(struct collector *c, struct tep_event *event,
			struct tep_record *record)
{
	int i;

	for (i = 0; i < XELF_STEP_COUNT; i++)
		if (!strcmp(event->name, step_names[i]) &&
		    /* The stack's place is aligned by the same function. */
		    (i != XELF_STEP_TABLES ||
		     (c->elf && c->elf->step >= XELF_STEP_PROGRAM)))
			elf_step(c, i, record->ts);
	if (c->elf && !strcmp(event->name, "start")) {
		c->elf->pc = value_of(event, record, "pc");
		c->elf->sp = value_of(event, record, "sp");
	}
}

/* The file that is mapped first is the program, another one its interpreter. */
static void on_elf_segment(struct collector *c, struct tep_event *event,
			   struct tep_record *record)
{
	c->file = value_of(event, record, "file");
	if (!c->elf || !c->file)
		return;
	if (!c->program_file)
		c->program_file = c->file;
	elf_step(c, c->file == c->program_file ? XELF_STEP_PROGRAM :
						 XELF_STEP_INTERP, record->ts);
	c->segment[0] = value_of(event, record, "size");
	c->segment[1] = value_of(event, record, "prot");
	c->segment[2] = value_of(event, record, "offset");
}

static void on_elf_segment_end(struct collector *c, struct tep_event *event,
			       struct tep_record *record)
{
	__u64 addr = value_of(event, record, "ret");

	if (!c->elf || !c->file)
		return;
	add_segment(c, record->ts, addr,
		    xelf_page_ceil(c->segment[0], PAGE_SIZE_SHOWN),
		    c->segment[2], c->segment[1], c->file == c->program_file);
	c->file = 0;
}

static const struct source sources[] = {
	{ "exceptions", "page_fault_user", on_user_fault },
	{ "exceptions", "page_fault_kernel", on_kernel_fault },
	{ "sched", "sched_process_fork", on_fork },
	{ "sched", "sched_process_exit", on_exit_event },
	{ "signal", "signal_deliver", on_signal_event },
	{ "syscalls", "sys_enter_execve", on_call },
	{ "syscalls", "sys_exit_execve", on_call_end },
	{ "syscalls", "sys_enter_execveat", on_call },
	{ "syscalls", "sys_exit_execveat", on_call_end },
	{ "syscalls", "sys_enter_mmap", on_call },
	{ "syscalls", "sys_exit_mmap", on_call_end },
	{ "syscalls", "sys_enter_munmap", on_call },
	{ "syscalls", "sys_exit_munmap", on_call_end },
	{ "syscalls", "sys_enter_mprotect", on_call },
	{ "syscalls", "sys_exit_mprotect", on_call_end },
	{ "syscalls", "sys_enter_mremap", on_call },
	{ "syscalls", "sys_exit_mremap", on_call_end },
	{ "syscalls", "sys_enter_brk", on_call },
	{ "syscalls", "sys_exit_brk", on_call_end },
	{ "xelf", "xelf_check", on_xelf_detail },
	{ "xelf", "xelf_refuse", on_xelf_refuse },
	{ "xelf", "xelf_plan", on_xelf_plan },
	{ "xelf", "xelf_interpreter", on_xelf_detail },
	{ "xelf", "xelf_committed", on_xelf_detail },
	{ "xelf", "xelf_segment", on_xelf_segment },
	{ "xelf", "xelf_bss", on_xelf_bss },
	{ "xelf", "xelf_vdso", on_xelf_detail },
	{ "xelf", "xelf_auxv", on_xelf_detail },
	{ "xelf", "xelf_stack", on_xelf_detail },
	{ "xelf", "xelf_brk", on_xelf_detail },
	{ "xelf", "xelf_hints", on_xelf_detail },
	{ "xelf", "xelf_start", on_xelf_detail },
	{ "xelf", "xelf_exec", on_xelf_exec },
	{ NULL, "loader0", on_elf },
	{ NULL, "loader1", on_elf },
	{ NULL, "loaded0", on_elf_end },
	{ NULL, "loaded1", on_elf_end },
	{ NULL, "open", on_elf_open },
	{ NULL, "open_for", on_elf_open },
	{ NULL, "commit", on_elf_step },
	{ NULL, "stack", on_elf_step },
	{ NULL, "segment", on_elf_segment },
	{ NULL, "segment_at", on_elf_segment_end },
	{ NULL, "vdso", on_elf_step },
	{ NULL, "tables", on_elf_step },
	{ NULL, "brk", on_elf_step },
	{ NULL, "start", on_elf_step },
	{ NULL, "main", on_main },
};

/* One record, of our process or not. */
static int on_record(struct tep_event *event, struct tep_record *record,
		     int cpu, void *context)
{
	struct collector *c = context;
	int pid = tep_data_pid(c->tep, record);
	size_t i;

	(void)cpu;
	/* Its fork is its parent's event, which is us. */
	if (pid != c->trace->pid &&
	    (strcmp(event->name, "sched_process_fork") ||
	     (int)value_of(event, record, "child_pid") != c->trace->pid))
		return 0;
	for (i = 0; i < ARRAY_SIZE(sources); i++)
		if (!strcmp(event->system, sources[i].system ?: c->system) &&
		    !strcmp(event->name, sources[i].name))
			sources[i].handle(c, event, record);
	return 0;
}

/* ---- setting up ---- */

static bool add_probe(struct collector *c, struct tracefs_dynevent *probe)
{
	/* A kernel may lack the function: its step is then part of the last. */
	if (!probe || tracefs_dynevent_create(probe)) {
		tracefs_dynevent_free(probe);
		return false;
	}
	c->probes[c->probe_count++] = probe;
	return true;
}

/* Each function of the kernel's loader's name, as of /proc/kallsyms. */
static void add_loader_probes(struct collector *c)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	unsigned long addr, unique = 0;
	const char *why = tracefs_file_exists(NULL, "kprobe_events") ?
			  "a probe on it is refused" : "this kernel has no kprobes";
	char name[128], kind;
	int count = 0;

	while (symbols && count < LOADERS_MAX &&
	       fscanf(symbols, "%lx %c %127s%*[^\n]", &addr, &kind, name) >= 3) {
		char *enters, *leaves, *where;

		if (!strcmp(name, UNIQUE))
			unique = addr;
		if (strcmp(name, LOADER) || addr < unique)
			continue;
		if (!addr) {
			why = "kernel.kptr_restrict hides it";
			break;
		}
		where = format(UNIQUE "+0x%lx", addr - unique);
		enters = format("loader%d", count);
		leaves = format("loaded%d", count++);
		c->loader_probe |= add_probe(c,
			tracefs_kprobe_alloc(c->system, enters, where, NULL));
		add_probe(c, tracefs_kretprobe_alloc(c->system, leaves, where,
						     "ret=$retval:s32", 0));
		free(enters);
		free(leaves);
		free(where);
	}
	if (symbols)
		fclose(symbols);
	if (!c->loader_probe)
		say("", "trace: without binfmt_elf's steps: %s", why);
}

static void add_probes(struct collector *c, const char *path)
{
	__u64 offset = main_offset(path, &c->main_symbol);
	size_t i;

	c->system = format(PROBES "%d", getpid());
	add_loader_probes(c);
	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		const struct probe *p = &probes[i];

		add_probe(c, p->returns ?
			  tracefs_kretprobe_alloc(c->system, p->name,
						  p->function, p->args, 0) :
			  tracefs_kprobe_alloc(c->system, p->name, p->function,
					       p->args));
	}
	c->main_probe = offset &&
		add_probe(c, tracefs_uprobe_alloc(c->system, "main", path,
						  offset, NULL));
}

static void enable_events(struct collector *c)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sources); i++) {
		const char *system = sources[i].system ?: c->system;

		if (tracefs_event_file_exists(c->instance, system,
					      sources[i].name, "enable"))
			tracefs_event_enable(c->instance, system,
					     sources[i].name);
	}
}

static void catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action = { .sa_handler = on_signal };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		sigaction(numbers[i], &action, NULL);
}

/* Only what this process does, and, at first, what it forks. */
static int filter_by_pid(struct collector *c)
{
	char *pid = format("%d", getpid());
	int err = tracefs_instance_file_write(c->instance, "set_event_pid", pid);

	free(pid);
	return err < 0 ||
	       tracefs_option_enable(c->instance, TRACEFS_OPTION_EVENT_FORK);
}

/**
 * collector_open() - get ready to trace
 * @opt: --buffer and --timeout
 * @path: the program; a probe is put on its main
 *
 * Return: for collector_close(), or NULL after saying what is missing.
 */
struct collector *collector_open(const struct trace_options *opt,
				 const char *path)
{
	const char *systems[7] = { "exceptions", "sched", "signal", "syscalls",
				  "xelf" };
	struct collector *c = allocate(sizeof(*c));
	char *name = format(PROBES "%d", getpid());

	/* From here on there is something to take back. */
	catch_signals();
	tracefs_set_loglevel(TEP_LOG_NONE);
	c->timeout = opt->timeout;
	c->json = opt->json;
	c->program = realpath(path, NULL);
	if (geteuid()) {
		say("", "trace: tracing needs root: run it with sudo");
		goto failed;
	}
	if (!tracefs_tracing_dir()) {
		say("", "trace: no tracefs: mount -t tracefs nodev /sys/kernel/tracing");
		goto failed;
	}
	c->instance = tracefs_instance_create(name);
	if (!c->instance) {
		say(tracefs_tracing_dir(), "no instance: %s; is the kernel locked down?",
		    strerror(errno));
		goto failed;
	}
	if (tracefs_instance_file_write(c->instance, "trace_clock", "mono") < 0 ||
	    tracefs_instance_set_buffer_size(c->instance, opt->buffer, -1) ||
	    filter_by_pid(c)) {
		say(tracefs_tracing_dir(), "the trace instance cannot be set up: %s",
		    strerror(errno));
		goto failed;
	}
	add_probes(c, path);
	systems[5] = c->system;
	c->tep = tracefs_local_events_system(NULL, systems);
	if (!c->tep) {
		say(tracefs_tracing_dir(), "the formats of the events cannot be read");
		goto failed;
	}
	enable_events(c);
	free(name);
	return c;
failed:
	free(name);
	collector_close(c);
	return NULL;
}

/**
 * collector_close() - leave the machine's tracing as it was
 * @collector: from collector_open()
 */
void collector_close(struct collector *collector)
{
	struct collector *c = collector;

	if (c->instance) {
		tracefs_event_disable(c->instance, NULL, NULL);
		tracefs_instance_destroy(c->instance);
		tracefs_instance_free(c->instance);
	}
	while (c->probe_count) {
		struct tracefs_dynevent *probe = c->probes[--c->probe_count];

		tracefs_dynevent_destroy(probe, true);
		tracefs_dynevent_free(probe);
	}
	tep_free(c->tep);
	free(c->system);
	free(c->program);
	free(c->interp);
	free(c);
}

/* ---- the run ---- */

/* Waits to be let go, and execs. What fails is written back. */
static void __attribute__((__noreturn__))
be_program(const struct collector *c, char **argv, int go, int failed)
{
	char byte;
	int err;

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	signal(SIGIO, SIG_DFL);
	if (c->json)
		dup2(STDERR_FILENO, STDOUT_FILENO);
	if (read(go, &byte, 1) == 1) {
		execv(c->trace->path, argv);
		err = errno;
		if (write(failed, &err, sizeof(err)) < 0)
			_exit(126);
	}
	_exit(127);
}

/* Trace events that found no room. */
static unsigned long lost_events(struct collector *c)
{
	static const char *const kinds[] = { "overrun", "commit overrun",
					     "dropped events" };
	long cpus = sysconf(_SC_NPROCESSORS_CONF), cpu;
	unsigned long lost = 0;
	size_t i;

	for (cpu = 0; cpu < cpus; cpu++) {
		char *file = format("per_cpu/cpu%ld/stats", cpu);
		char *stats = tracefs_instance_file_read(c->instance, file, NULL);

		for (i = 0; stats && i < ARRAY_SIZE(kinds); i++) {
			char *key = format("\n%s: ", kinds[i]);
			char *at = strstr(stats, key);

			if (at)
				lost += strtoul(at + strlen(key), NULL, 10);
			free(key);
		}
		free(stats);
		free(file);
	}
	return lost;
}

static void read_all(struct collector *c, struct perf *perf)
{
	tracefs_iterate_raw_events(c->tep, c->instance, NULL, 0, on_record, c);
	if (perf)
		perf_read(perf, c->trace);
}

/* Until the program ends, or somebody or the clock ends the trace. */
static void follow(struct collector *c, struct perf *perf)
{
	struct trace *trace = c->trace;
	__u64 until = now_ns() + c->timeout * 1000000000ULL;

	while (waitpid(trace->pid, &trace->status, WNOHANG) == 0) {
		if (stop_now || (c->timeout && now_ns() >= until)) {
			trace->stopped = stop_now ? "stopped by a signal" :
						    "the time was up";
			trace->interrupted = stop_now;
			tracefs_trace_off(c->instance);
			kill(trace->pid, SIGKILL);
			waitpid(trace->pid, &trace->status, 0);
			trace->status = -1;
			return;
		}
		read_all(c, perf);
		poll(NULL, 0, POLL_MS);
	}
}

/* Until its exec the process has our memory, to be copied where it writes. */
static void add_own_memory(struct trace *trace)
{
	struct map map;
	size_t i;

	if (map_read(&map, trace->pid))
		return;
	for (i = 0; i < map.count; i++)
		trace_map(trace, trace->fork_ns, map.list[i].start,
			  map.list[i].end - map.list[i].start,
			  map.list[i].offset, *map.list[i].path ?
			  map.list[i].path : "//anon");
	map_free(&map);
}

/**
 * collector_run() - run the program, and collect until it ends
 * @collector: from collector_open(), not used before
 * @trace: @trace->path is the file to run; the rest is filled in
 * @argv: the program's arguments, ended by NULL
 *
 * Return: EXIT_DONE, or EXIT_REFUSED after saying what failed.
 */
int collector_run(struct collector *collector, struct trace *trace,
		  char **argv)
{
	struct collector *c = collector;
	int go[2], failed[2];
	struct perf *perf;

	c->trace = trace;
	trace->main_symbol = c->main_symbol;
	trace->main_probe = c->main_probe;
	trace->loader_probe = c->loader_probe;
	trace->fault_events = tracefs_event_file_exists(c->instance, "exceptions",
							"page_fault_user",
							"enable");
	if (pipe2(go, O_CLOEXEC) || pipe2(failed, O_CLOEXEC))
		return fail("", "no pipe", errno);
	fflush(stdout);
	trace->fork_ns = now_ns();
	trace->pid = fork();
	if (trace->pid < 0)
		return fail("", "fork", errno);
	if (!trace->pid) {
		/* Nobody else can let it go: it ends if we do. */
		close(go[1]);
		be_program(c, argv, go[0], failed[1]);
	}
	close(go[0]);
	close(failed[1]);
	/* Its own children are not followed. */
	tracefs_option_disable(c->instance, TRACEFS_OPTION_EVENT_FORK);
	add_own_memory(trace);
	perf = perf_open(trace->pid);
	trace->perf = perf;
	if (write(go[1], "", 1) < 0)
		fail("", "the program cannot be let go", errno);
	follow(c, perf);
	read_all(c, perf);
	trace->lost.events = lost_events(c);
	trace_sort(trace);
	if (perf)
		perf_close(perf, trace);
	if (!trace->fault_events)
		trace_sort(trace);
	trace_sort_maps(trace);
	if (read(failed[0], &trace->exec_errno, sizeof(int)) <= 0)
		trace->exec_errno = 0;
	close(go[1]);
	close(failed[0]);
	return EXIT_DONE;
}

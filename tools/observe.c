// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that a program can see of its own loading, as facts: registers,
 * /proc/PID, the auxiliary vector, the stack image, what is in its writable
 * memory; and how it ended.
 *
 * Left out is what differs from one run to the next under one loader: process
 * numbers, times, counts of faults and switches, resident sizes, the sixteen
 * random bytes.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diff.h"

#define PAGE		4096UL
#define RANDOM_SIZE	16
/* Of a mapping that is larger, the middle is not looked at. */
#define MAX_PAGES	8192UL
/* Bytes of output that are compared. */
#define MAX_OUTPUT	(8 << 20)

/* A program's memory, and where its random bytes are in it. */
struct memory {
	int fd;
	unsigned long sp;
	unsigned long random;
};

/**
 * auxv_name() - the name of an entry of the auxiliary vector
 * @id: AT_*
 * @room: 32 bytes, for the name of one that has none
 *
 * Return: as in "AT_PHDR".
 */
const char *auxv_name(unsigned long id, char *room)
{
	static const char *const names[] = {
		[AT_IGNORE] = "AT_IGNORE", [AT_EXECFD] = "AT_EXECFD",
		[AT_PHDR] = "AT_PHDR", [AT_PHENT] = "AT_PHENT",
		[AT_PHNUM] = "AT_PHNUM", [AT_PAGESZ] = "AT_PAGESZ",
		[AT_BASE] = "AT_BASE", [AT_FLAGS] = "AT_FLAGS",
		[AT_ENTRY] = "AT_ENTRY", [AT_UID] = "AT_UID",
		[AT_EUID] = "AT_EUID", [AT_GID] = "AT_GID",
		[AT_EGID] = "AT_EGID", [AT_PLATFORM] = "AT_PLATFORM",
		[AT_HWCAP] = "AT_HWCAP", [AT_CLKTCK] = "AT_CLKTCK",
		[AT_SECURE] = "AT_SECURE", [AT_RANDOM] = "AT_RANDOM",
		[AT_HWCAP2] = "AT_HWCAP2", [AT_EXECFN] = "AT_EXECFN",
		[AT_SYSINFO_EHDR] = "AT_SYSINFO_EHDR",
		[27] = "AT_RSEQ_FEATURE_SIZE", [28] = "AT_RSEQ_ALIGN",
		[29] = "AT_HWCAP3", [30] = "AT_HWCAP4",
		[51] = "AT_MINSIGSTKSZ",
	};

	if (id < ARRAY_SIZE(names) && names[id])
		return names[id];
	snprintf(room, 32, "AT_%lu", id);
	return room;
}

/* Those of /proc/PID/stat that the loader has a hand in; see proc(5). */
static void add_stat(const struct task *task, struct facts *facts)
{
	static const struct {
		int number;
		const char *name;
	} fields[] = {
		{ 9, "flags" }, { 18, "priority" },
		{ 19, "nice" }, { 20, "num_threads" }, { 23, "vsize" },
		{ 25, "rsslim" }, { 26, "start_code" }, { 27, "end_code" },
		{ 28, "start_stack" }, { 29, "kstkesp" }, { 30, "kstkeip" },
		{ 31, "signal" }, { 32, "blocked" }, { 33, "sigignore" },
		{ 34, "sigcatch" }, { 38, "exit_signal" },
		{ 45, "start_data" }, { 46, "end_data" }, { 47, "start_brk" },
		{ 48, "arg_start" }, { 49, "arg_end" }, { 50, "env_start" },
		{ 51, "env_end" },
	};
	enum { FIRST_ADDRESS = 26 };
	char *text = task_file(task, "stat", NULL);
	/* A name may hold spaces and brackets; what follows does not. */
	char *rest = strrchr(text, ')');
	size_t next = 0;
	char *word;
	int number;

	for (number = 2; rest && next < ARRAY_SIZE(fields); number++) {
		word = strsep(&rest, " ");
		if (number != fields[next].number)
			continue;
		facts_add(facts, format("stat.%s", fields[next].name),
			  number >= FIRST_ADDRESS ? "0x%llx" : "%lld",
			  strtoull(word, NULL, 10));
		next++;
	}
	free(text);
}

static bool is_volatile_status(const char *name)
{
	static const char *const names[] = {
		"Tgid", "Ngid", "Pid", "PPid", "TracerPid", "NStgid", "NSpid",
		"NSpgid", "NSsid", "VmHWM", "VmRSS", "RssAnon", "RssFile",
		"RssShmem", "voluntary_ctxt_switches",
		"nonvoluntary_ctxt_switches",
		/* The most that there was while the old program went. */
		"VmPeak",
		/* Of what is resident: hints map pages, with their tables, ahead. */
		"VmPTE",
		/* Of all of the user's processes. */
		"SigQ",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static void add_status(const struct task *task, struct facts *facts)
{
	char *text = task_file(task, "status", NULL);
	char *rest = text, *line, *name;

	while ((line = strsep(&rest, "\n"))) {
		name = strsep(&line, ":");
		if (line && !is_volatile_status(name))
			facts_add(facts, format("status.%s", name), "%s",
				  line + strspn(line, " \t"));
	}
	free(text);
}

/* A file of lines, each a fact: a name, then a value. */
static void add_limits(const struct task *task, struct facts *facts)
{
	char *text = task_file(task, "limits", NULL);
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")))
		if (strlen(line) > 26)
			facts_add(facts, format("limits.%.25s", line), "%s",
				  line + 26);
	free(text);
}

/* A file of strings that end in null bytes. */
static void add_strings(const struct task *task, struct facts *facts,
			const char *name)
{
	size_t size, at, i = 0;
	char *text = task_file(task, name, &size);

	for (at = 0; at < size; at += strlen(text + at) + 1)
		facts_add(facts, format("%s[%zu]", name, i++), "%s", text + at);
	facts_add(facts, format("%s.size", name), "%zu", size);
	free(text);
}

static void add_one_line(const struct task *task, struct facts *facts,
			 const char *name)
{
	char *text = task_file(task, name, NULL);

	text[strcspn(text, "\n")] = '\0';
	facts_add(facts, format("%s", name), "%s", text);
	free(text);
}

static void add_exe(const struct task *task, struct facts *facts)
{
	char *path = format("/proc/%d/exe", task->pid);
	char target[4096] = "";

	if (readlink(path, target, sizeof(target) - 1) < 0)
		strcpy(target, "?");
	facts_add(facts, format("exe"), "%s", target);
	free(path);
}

/*
 * The vector in /proc and on the stack: the entries' order, and each value.
 * Returns where AT_RANDOM points to.
 */
static unsigned long add_auxv(const struct task *task, struct facts *facts)
{
	size_t size, i;
	char *text = task_file(task, "auxv", &size);
	const unsigned long *auxv = (unsigned long *)text;
	char *order = format("%s", ""), *longer;
	unsigned long random = 0;
	char room[32];

	for (i = 0; i + 1 < size / sizeof(*auxv) && auxv[i]; i += 2) {
		const char *name = auxv_name(auxv[i], room);

		facts_add(facts, format("auxv.%s", name), "0x%lx", auxv[i + 1]);
		longer = format("%s%s%s", order, i ? " " : "", name);
		free(order);
		order = longer;
		if (auxv[i] == AT_RANDOM)
			random = auxv[i + 1];
	}
	facts_add(facts, format("auxv.order"), "%s", order);
	/* AT_NULL is part of what /proc shows. */
	facts_add(facts, format("auxv.size"), "%zu", size);
	free(order);
	free(text);
	return random;
}

/* Takes the random bytes out of a piece of memory that was read at @addr. */
static void mask_random(const struct memory *mem, unsigned char *bytes,
			unsigned long addr, size_t size)
{
	size_t i;

	for (i = 0; mem->random && i < RANDOM_SIZE; i++)
		if (mem->random + i - addr < size)
			bytes[mem->random + i - addr] = 0;
}

/* FNV-1a. */
static __u64 hash(const unsigned char *bytes, size_t size)
{
	__u64 h = 0xcbf29ce484222325;

	while (size--)
		h = (h ^ *bytes++) * 0x100000001b3;
	return h;
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
	while (size--)
		if (*bytes++)
			return false;
	return true;
}

/* Each page of a mapping that holds anything: its checksum. */
static void add_pages(const struct memory *mem, struct facts *facts,
		      unsigned long start, unsigned long end)
{
	unsigned char page[PAGE];
	unsigned long addr;

	for (addr = start; addr < end; addr += PAGE) {
		if (addr - start >= MAX_PAGES / 2 * PAGE &&
		    end - addr > MAX_PAGES / 2 * PAGE)
			continue;
		if (pread(mem->fd, page, PAGE, addr) != PAGE) {
			facts_add(facts, format("memory.0x%012lx", addr),
				  "cannot be read");
			continue;
		}
		mask_random(mem, page, addr, PAGE);
		if (!is_zero(page, PAGE))
			facts_add(facts, format("memory.0x%012lx", addr),
				  "sum 0x%016llx", HEX(hash(page, PAGE)));
	}
}

/*
 * The stack image from sp up, word by word, so that a difference is found; by
 * address, so that what lies above one is still the same.
 */
static void add_stack(const struct memory *mem, struct facts *facts,
		      unsigned long end)
{
	unsigned char page[PAGE];
	unsigned long addr, word;
	size_t size, i;

	for (addr = mem->sp; addr < end; addr += size) {
		size = end - addr < PAGE ? end - addr : PAGE;
		if (pread(mem->fd, page, size, addr) != (ssize_t)size) {
			facts_add(facts, format("stack.0x%012lx", addr),
				  "cannot be read");
			return;
		}
		mask_random(mem, page, addr, size);
		for (i = 0; i + sizeof(word) <= size; i += sizeof(word)) {
			memcpy(&word, page + i, sizeof(word));
			facts_add(facts, format("stack.0x%012lx", addr + i),
				  "0x%lx", word);
		}
	}
}

/* One line of /proc/PID/maps. */
static void add_mapping(const struct memory *mem, struct facts *facts,
			const char *line)
{
	unsigned long start, end;
	char rights[5];
	int name = 0;

	if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %n", &start, &end, rights,
		   &name) < 3)
		return;
	facts_add(facts, format("maps.0x%012lx", start), "%s",
		  strchr(line, '-') + 1);
	/* What is not written is the file's, or the kernel's. */
	if (rights[1] != 'w')
		return;
	if (start <= mem->sp && mem->sp < end) {
		add_stack(mem, facts, end);
		end = mem->sp & -PAGE;
	}
	add_pages(mem, facts, start, end);
}

static void add_maps(const struct memory *mem, const struct task *task,
		     struct facts *facts)
{
	char *text = task_file(task, "maps", NULL);
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")))
		add_mapping(mem, facts, line);
	free(text);
}

/* The kernel's flags of each mapping, which maps does not show. */
static void add_vm_flags(const struct task *task, struct facts *facts)
{
	char *text = task_file(task, "smaps", NULL);
	char *rest = text, *line;
	unsigned long start = 0, low, high;

	while ((line = strsep(&rest, "\n"))) {
		if (sscanf(line, "%lx-%lx ", &low, &high) == 2)
			start = low;
		if (!strncmp(line, "VmFlags:", 8))
			facts_add(facts, format("vmflags.0x%012lx", start),
				  "%s", line + 9);
	}
	free(text);
}

/**
 * observe_stopped() - what can be seen of a program before it runs
 * @task: stopped by task_start(), after a successful exec
 * @facts: added to
 */
void observe_stopped(const struct task *task, struct facts *facts)
{
	struct memory mem;
	char *path;

	registers_observe(task, facts);
	add_stat(task, facts);
	add_status(task, facts);
	add_limits(task, facts);
	add_one_line(task, facts, "comm");
	add_one_line(task, facts, "personality");
	add_one_line(task, facts, "coredump_filter");
	add_exe(task, facts);
	add_strings(task, facts, "cmdline");
	add_strings(task, facts, "environ");
	add_vm_flags(task, facts);

	path = format("/proc/%d/mem", task->pid);
	mem = (struct memory){
		.fd = open(path, O_RDONLY | O_CLOEXEC),
		.sp = registers_sp(task),
		.random = add_auxv(task, facts),
	};
	free(path);
	add_maps(&mem, task, facts);
	if (mem.fd >= 0)
		close(mem.fd);
}

static void add_output(struct facts *facts, const char *name, int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text, *rest, *line;
	size_t number = 0;

	facts_add(facts, format("%s.size", name), "%lld", (long long)size);
	if (size > MAX_OUTPUT)
		size = MAX_OUTPUT;
	text = allocate(size + 1);
	if (pread(fd, text, size, 0) != size)
		size = 0;
	/* Lines, so that a difference says where; a null byte ends no line. */
	for (rest = text; rest && rest < text + size;) {
		__u64 sum;

		line = rest;
		rest = memchr(line, '\n', text + size - line);
		sum = hash((unsigned char *)line,
			   (rest ? rest : text + size) - line);
		if (rest)
			*rest++ = '\0';
		facts_add(facts, format("%s.%06zu", name, ++number),
			  "%.200s (sum %llx)", line, HEX(sum));
	}
	free(text);
}

/**
 * observe_end() - how a program ended
 * @task: ended by task_finish()
 * @facts: added to
 */
void observe_end(const struct task *task, struct facts *facts)
{
	if (task->timed_out)
		facts_add(facts, format("end"), "its time was up");
	else if (WIFSIGNALED(task->status))
		facts_add(facts, format("end"), "killed by SIG%s%s",
			  sigabbrev_np(WTERMSIG(task->status)) ?: "?",
			  WCOREDUMP(task->status) ? ", core dumped" : "");
	else
		facts_add(facts, format("end"), "exit status %d",
			  WEXITSTATUS(task->status));
	add_output(facts, "output", task->out);
	add_output(facts, "error", task->err);
}

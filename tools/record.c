// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf record: runs a program, learns which pages it touches when it starts,
 * and writes them into its file as hints.
 *
 * A page that a process touched is in its page table, and /proc/PID/pagemap
 * tells so, and whether the page is still the file's or, having been written,
 * the process's own. The kernel maps the neighbours of a page along with it;
 * while we look, it is told not to. Pages that are not touched at every start
 * are left out.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "diff.h"
#include "record.h"

#define DEFAULT_RUNS	3
#define MAX_RUNS	1000
#define DEFAULT_WINDOW	1000	/* ms */
#define MAX_WINDOW	3600000
/* With fewer, an exec takes longer with hints than without. */
#define FEWEST_PAGES	3

/* /proc/PID/pagemap */
#define PAGEMAP_PRESENT	0x8000000000000000ULL
#define PAGEMAP_FILE	0x2000000000000000ULL
#define PAGEMAP_FRAME	0x007fffffffffffffULL

/* ---- settings of the machine, given back whatever comes ---- */

/**
 * struct setting - one of them
 * @path: its file
 * @value: what it is to be
 * @was: what it was, @size bytes
 * @fd: the file; -1 if it is as it was
 */
struct setting {
	const char *path;
	const char *value;
	char was[32];
	ssize_t size;
	int fd;
};

static struct setting settings[] = {
	/* Pages that are mapped along with one that is touched: only that one. */
	{ "/sys/kernel/debug/fault_around_bytes", "4096", "", 0, -1 },
	/* What hints map is not what the program touches. */
	{ "/sys/module/binfmt_xelf/parameters/hints", "0", "", 0, -1 },
};

static volatile pid_t child = -1;

/* Runs in a signal's handler, too: only what may be done there. */
static void give_back(void)
{
	static const char failed[] =
		"xelf: record: could not be given back its value: ";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		struct setting *set = &settings[i];

		if (set->fd < 0)
			continue;
		if (write(set->fd, set->was, set->size) != set->size &&
		    write(STDERR_FILENO, failed, sizeof(failed) - 1) > 0 &&
		    write(STDERR_FILENO, set->path, strlen(set->path)) > 0 &&
		    write(STDERR_FILENO, "\n", 1) > 0)
			errno = 0;
		close(set->fd);
		set->fd = -1;
	}
}

static void give_back_and_die(int number)
{
	if (child > 0)
		kill(child, SIGKILL);
	give_back();
	signal(number, SIG_DFL);
	raise(number);
}

/* These files have no offset: one to read and one to write. */
static ssize_t read_setting(struct setting *set)
{
	int fd = open(set->path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, set->was, sizeof(set->was));
	int err = errno;

	if (fd >= 0)
		close(fd);
	return size < 0 ? -err : size;
}

/* Return: 0 or -errno; as it was if it fails. */
static int change_setting(struct setting *set)
{
	size_t size = strlen(set->value);
	int fd, err;

	set->size = read_setting(set);
	if (set->size <= 0)
		return set->size ? set->size : -EIO;
	fd = open(set->path, O_WRONLY | O_CLOEXEC);
	/* A signal that comes now gives it back. */
	set->fd = fd;
	if (fd >= 0 && write(fd, set->value, size) == (ssize_t)size)
		return 0;
	err = errno;
	set->fd = -1;
	if (fd >= 0)
		close(fd);
	return -err;
}

/* No other command that changes the machine's switches runs meanwhile. */
static void take_turn(void)
{
	int fd = open("/sys/module/binfmt_xelf/parameters/enabled",
		      O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fd = open(settings[0].path, O_RDONLY | O_CLOEXEC);
	/* Held until the end of this process. */
	if (fd >= 0)
		module_take_turn(fd);
}

static int change_settings(void)
{
	static const int fatal_signals[] = {
		SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM,
	};
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		signal(fatal_signals[i], give_back_and_die);
	atexit(give_back);
	take_turn();

	err = change_setting(&settings[0]);
	if (err) {
		say("", "record: cannot set %s: %s; this needs root and debugfs",
		    settings[0].path, strerror(-err));
		return EXIT_REFUSED;
	}
	/* Without the module there are no hints to turn off. */
	err = change_setting(&settings[1]);
	if (err && err != -ENOENT)
		return fail(settings[1].path, "cannot set it", -err);
	return EXIT_DONE;
}

/* ---- one run ---- */

static int read_pagemap(pid_t pid, __u64 addr, size_t count, __u64 *entries)
{
	size_t size = count * sizeof(*entries), done = 0;
	char *path = format("/proc/%d/pagemap", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : 0;

	free(path);
	while (!err && done < size) {
		ssize_t got = pread(fd, (char *)entries + done, size - done,
				    (addr >> PAGE_SHIFT) * sizeof(*entries) +
				    done);

		if (got <= 0)
			err = got ? -errno : -EIO;
		else
			done += got;
	}
	if (fd >= 0)
		close(fd);
	return err;
}

/* The frame behind memory that was read and never written. */
static __u64 find_zero_frame(void)
{
	volatile char *page = mmap(NULL, PAGE_BYTES, PROT_READ,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u64 entry = 0;

	if (page == MAP_FAILED)
		return 0;
	(void)*page;
	if (read_pagemap(getpid(), (uintptr_t)page, 1, &entry))
		entry = 0;
	munmap((void *)page, PAGE_BYTES);
	return entry & PAGEMAP_FRAME;
}

/* Adds what is in the page table to what was seen before. */
static int look_at_place(struct recording *rec, pid_t pid, struct pages *pages)
{
	__u64 *entries;
	size_t i;
	int err;

	if (!pages->count)
		return 0;
	entries = allocate(pages->count * sizeof(*entries));
	err = read_pagemap(pid, pages->addr, pages->count, entries);
	for (i = 0; !err && i < pages->count; i++) {
		__u64 frame = entries[i] & PAGEMAP_FRAME;

		if (!(entries[i] & PAGEMAP_PRESENT) ||
		    (rec->zero_frame && frame == rec->zero_frame))
			continue;
		pages->seen[i]++;
		if (!(entries[i] & PAGEMAP_FILE))
			pages->written[i]++;
	}
	free(entries);
	return err;
}

/* An entry of the program's auxiliary vector; 0 if there is none. */
static __u64 auxv_of(pid_t pid, unsigned long id)
{
	char *path = format("/proc/%d/auxv", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned long entry[2];
	__u64 value = 0;

	free(path);
	if (fd < 0)
		return 0;
	while (read(fd, entry, sizeof(entry)) == sizeof(entry))
		if (entry[0] == id)
			value = entry[1];
	close(fd);
	return value;
}

/* The initial stack pointer, field 28; 0 if it is not shown. */
static __u64 stack_of(pid_t pid)
{
	char *path = format("/proc/%d/stat", (int)pid);
	FILE *stat = fopen(path, "re");
	char line[2048];
	char *at = NULL;
	int field;

	free(path);
	if (!stat)
		return 0;
	if (fgets(line, sizeof(line), stat))
		at = strrchr(line, ')');
	for (field = 2; at && field < 28; field++)
		at = strchr(at + 1, ' ');
	fclose(stat);
	return at ? strtoull(at, NULL, 10) : 0;
}

/* The program stands still: where do its places lie, and what is there? */
static int look(struct recording *rec, pid_t pid)
{
	__u64 sp = stack_of(pid);
	__u64 bias = auxv_of(pid, AT_ENTRY) - rec->file.ehdr.e_entry;
	struct pages *places = rec->places;
	size_t i;
	int err;

	if (!sp)
		return fail(rec->file.name, "cannot look at its memory", EPERM);
	places[XELF_HINT_PROGRAM].addr = rec->img.plan.low + bias;
	places[XELF_HINT_INTERP].addr = rec->interp_img.plan.low +
					auxv_of(pid, AT_BASE);
	places[XELF_HINT_STACK].addr = xelf_page_floor(sp, PAGE_BYTES) +
				       PAGE_BYTES - STACK_PAGES * PAGE_BYTES;
	for (i = 0; i < ARRAY_SIZE(rec->places); i++) {
		err = look_at_place(rec, pid, &places[i]);
		if (err)
			return fail(rec->file.name, "cannot look at its memory",
				    -err);
	}
	return EXIT_DONE;
}

static pid_t start(const struct recording *rec)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	signal(SIGPIPE, SIG_DFL);
	if (!ptrace(PTRACE_TRACEME, 0, NULL, NULL)) {
		raise(SIGSTOP);
		execv(rec->argv[0], rec->argv);
	}
	say(rec->argv[0], "cannot run it: %s", strerror(errno));
	_exit(127);
}

static unsigned long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000UL + ts.tv_nsec / 1000000;
}

/*
 * Waits for the child to stop or end, but not past @end; then it is made to
 * stop. Return: false if it ended.
 */
static bool wait_for_stop(pid_t pid, unsigned long end, int *status)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	bool told = false;

	for (;;) {
		pid_t got = waitpid(pid, status, WNOHANG);

		if (got)
			return got == pid && WIFSTOPPED(*status);
		if (!told && end && now_ms() >= end) {
			kill(pid, SIGSTOP);
			told = true;
		}
		nanosleep(&nap, NULL);
	}
}

/* Lets the child run until it is about to exit, or the window is over. */
static int watch(struct recording *rec, pid_t pid)
{
	unsigned long end = 0;
	int status, number;

	if (!wait_for_stop(pid, 0, &status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL,
		   PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT))
		return fail(rec->file.name, "cannot trace it", errno);
	for (number = 0;; number = 0) {
		ptrace(PTRACE_CONT, pid, NULL, number);
next:
		if (!wait_for_stop(pid, end, &status))
			return refuse(rec->file.name, "not-run",
				      "could not be run to its end or for %u ms",
				      rec->window);
		switch (status >> 16) {
		case PTRACE_EVENT_EXEC:
			if (end)
				return refuse(rec->file.name, "other-program",
					      "runs another program in its place: record that");
			end = now_ms() + rec->window;
			continue;
		case PTRACE_EVENT_EXIT:
			/* execv() itself may have failed. */
			if (!end)
				return EXIT_REFUSED;
			return look(rec, pid);
		}
		number = WSTOPSIG(status);
		if (number == SIGSTOP && end && now_ms() >= end)
			return look(rec, pid);
		ptrace(PTRACE_CONT, pid, NULL, number);
		goto next;
	}
}

static int run_once(struct recording *rec)
{
	int status;

	fflush(stdout);
	child = start(rec);
	if (child < 0)
		return fail(rec->file.name, "cannot start it", errno);
	status = watch(rec, child);
	kill(child, SIGKILL);
	/* One that is about to exit does not take the signal, and stands. */
	ptrace(PTRACE_CONT, child, NULL, NULL);
	waitpid(child, NULL, 0);
	child = -1;
	return status;
}

/* ---- the file ---- */

static int write_hints(const struct recording *rec, const struct options *opt)
{
	const struct file *file = &rec->file;
	__u8 first[XELF_CHECKED_SIZE], tail[XELF_HINTS_MAX_SIZE];
	unsigned int read_pages = 0, write_pages = 0;
	struct rewrite with = { first, file->size, tail, 0 };
	struct xelf_hint *runs;
	struct trailer old;
	size_t count, i;
	int status;

	runs = record_runs(rec, &count);
	for (i = 0; i < count; i++)
		*(runs[i].access == XELF_HINT_WRITE ?
		  &write_pages : &read_pages) += runs[i].pages;
	with.tail_size = trailer_make(tail, runs, count,
				      hints_interp_sum(rec->img.interp));
	free(runs);
	if (read_pages + write_pages < FEWEST_PAGES && !opt->force)
		return refuse(file->name, "too-few-pages",
			      "touches %u pages: to read hints would take longer than they save",
			      read_pages + write_pages);

	if (hints_expected(file) && !trailer_read(&old, file))
		with.keep -= old.hints.size;
	memcpy(first, file->first, sizeof(first));
	tag_make(first, xelf_is_exclusive(first), XELF_FLAG_HINTS);
	status = file_replace(file, &with, opt);
	if (status)
		return status;
	print_shown(opt->out ? opt->out : file->name, stdout);
	printf(": %u pages read and %u written in %zu runs, seen in each of %u starts\n",
	       read_pages, write_pages, count, rec->runs);
	return EXIT_DONE;
}

/* A program that reads what lies behind its last section would read hints. */
static int check_end(const struct recording *rec, bool force)
{
	const struct file *file = &rec->file;
	__u64 end = contents_end(&rec->img), size = file->size;
	struct trailer trailer;

	if (hints_expected(file) && !trailer_read(&trailer, file))
		size -= trailer.hints.size;
	/* What the tag sums as zeros would be hints. */
	if (size < XELF_CHECKED_SIZE)
		return refuse(file->name, "short-file",
			      "has %llu bytes, and a tag sums %d: truncate -s %d lengthens it",
			      HEX(size), XELF_CHECKED_SIZE,
			      XELF_CHECKED_SIZE);
	if (size <= end)
		return EXIT_DONE;
	if (force) {
		warn(file->name, "has 0x%llx bytes after its last section",
		     HEX(size - end));
		return EXIT_DONE;
	}
	return refuse(file->name, "appended-data",
		      "has 0x%llx bytes after its last section, which it may look for at its end; --force appends hints",
		      HEX(size - end));
}

static void make_place(struct recording *rec, enum xelf_hint_place place,
		       size_t count)
{
	rec->places[place] = (struct pages){
		.place = place,
		.count = count,
		.seen = allocate((count + 1) * sizeof(unsigned int)),
		.written = allocate((count + 1) * sizeof(unsigned int)),
	};
}

static size_t pages_of(const struct image *img)
{
	__u64 end = xelf_page_ceil(img->plan.high, PAGE_BYTES);

	return img->phdrs && img->plan.loads ?
	       (end - img->plan.low) >> PAGE_SHIFT : 0;
}

static int record(struct recording *rec, const struct options *opt)
{
	const struct file *file = &rec->file;
	enum xelf_reason reason = xelf_check_tag(file->first);
	unsigned int i;
	int status;

	if (reason == XELF_NOT_TAGGED) {
		status = tag_check(file, opt);
		if (status)
			return status;
	} else if (reason) {
		return refuse(file->name, xelf_reason_name(reason), "%s",
			      reason_text(reason));
	}
	if (!machine_is_this(file->ehdr.e_machine))
		return refuse(file->name, xelf_reason_name(XELF_OTHER_MACHINE),
			      "is for %s, and must be run to be recorded: do it there",
			      machine_name(file->ehdr.e_machine));
	image_read(&rec->img, file, true);
	if (rec->img.reason)
		return refuse(file->name, xelf_reason_name(rec->img.reason),
			      "%s", rec->img.detail);
	status = check_end(rec, opt->force);
	if (status)
		return status;
	if (rec->img.interp) {
		status = file_open(&rec->interp_file, rec->img.interp, false);
		if (status)
			return status;
		image_read(&rec->interp_img, &rec->interp_file, false);
	}
	make_place(rec, XELF_HINT_PROGRAM, pages_of(&rec->img));
	make_place(rec, XELF_HINT_INTERP, pages_of(&rec->interp_img));
	make_place(rec, XELF_HINT_STACK, STACK_PAGES);

	status = change_settings();
	rec->zero_frame = find_zero_frame();
	for (i = 0; !status && i < rec->runs; i++)
		status = run_once(rec);
	give_back();
	return status ? status : write_hints(rec, opt);
}

/**
 * command_record() - the sub-command
 * @argc: as main()'s, for getopt_long()
 * @argv: the same
 *
 * Return: EXIT_DONE, EXIT_REFUSED or EXIT_USAGE.
 */
int command_record(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "runs", required_argument, NULL, 'n' },
		{ "window", required_argument, NULL, 'w' },
		{ "output", required_argument, NULL, 'o' },
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	struct recording rec = {
		.runs = DEFAULT_RUNS,
		.window = DEFAULT_WINDOW,
		.interp_file = { .fd = -1 },
	};
	struct options opt = { };
	int letter, status;
	size_t i;

	for (;;) {
		letter = getopt_long(argc, argv, "+hn:o:", long_options, NULL);
		if (letter < 0)
			break;
		switch (letter) {
		case 'n':
			rec.runs = number_of(optarg, MAX_RUNS);
			break;
		case 'w':
			rec.window = number_of(optarg, MAX_WINDOW);
			break;
		case 'o':
			opt.out = optarg;
			break;
		case 'f':
			opt.force = true;
			break;
		case 'h':
			print_usage_of("record", stdout);
			return EXIT_DONE;
		default:
			print_usage_of("record", stderr);
			return EXIT_USAGE;
		}
	}
	if (!rec.runs || !rec.window)
		return EXIT_USAGE;
	rec.argv = argv + optind;
	if (!*rec.argv || (opt.out && !*opt.out)) {
		say("", "record: no PROGRAM is given, or no name for -o");
		print_usage_of("record", stderr);
		return EXIT_USAGE;
	}
	if (!machine_has_pages("record"))
		return EXIT_REFUSED;
	status = file_open(&rec.file, *rec.argv, true);
	if (!status) {
		status = record(&rec, &opt);
		image_free(&rec.img);
		image_free(&rec.interp_img);
		for (i = 0; i < ARRAY_SIZE(rec.places); i++) {
			free(rec.places[i].seen);
			free(rec.places[i].written);
		}
	}
	file_close(&rec.interp_file);
	file_close(&rec.file);
	return status;
}

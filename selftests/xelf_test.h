/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests that run in the VM share: the module's switch and counters,
 * tagging, and running a program under either loader.
 *
 * A failure of these helpers themselves ends the test program (die()), since
 * nothing after it would mean anything.
 */
#ifndef XELF_TEST_H
#define XELF_TEST_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xelf/check.h>

#include "machine.h"

#define XELF_PARAMETERS	"/sys/module/binfmt_xelf/parameters/"
#define XELF_ENABLED	XELF_PARAMETERS "enabled"
#define XELF_HINTS	XELF_PARAMETERS "hints"
#define XELF_STATS	"/sys/kernel/debug/xelf/stats"

__attribute__((noreturn, format(printf, 1, 2)))
static inline void die(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	printf("Bail out! ");
	vprintf(format, ap);
	printf(": %s\n", strerror(errno));
	va_end(ap);
	exit(1);
}

/* The running kernel, for what its own loader does: kernel_release() >= KERNEL(6, 1) */
#define KERNEL(major, minor)	((major) * 1000 + (minor))

static inline unsigned int kernel_release(void)
{
	unsigned int major, minor;
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		die("uname");
	return KERNEL(major, minor);
}

static inline void write_file(const char *path, const void *data, size_t size,
			      int mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd))
		die("%s: cannot write", path);
}

static inline size_t read_file(const char *path, void *data, size_t size)
{
	int fd = open(path, O_RDONLY);
	size_t used = 0;
	ssize_t got;

	if (fd < 0)
		die("%s: cannot open", path);
	while ((got = read(fd, (char *)data + used, size - used)) > 0)
		used += got;
	if (got < 0)
		die("%s: cannot read", path);
	close(fd);
	return used;
}

/* The same with strings, as what /proc and /sys have is. */
static inline void write_text(const char *path, const char *text)
{
	write_file(path, text, strlen(text), 0644);
}

static inline char *read_text(const char *path, char *text, size_t size)
{
	text[read_file(path, text, size - 1)] = 0;
	return text;
}

/* The number at the beginning of a file. */
static inline long number_in(const char *path)
{
	char text[64];

	return atol(read_text(path, text, sizeof(text)));
}

/* Can it be opened so? Returns 0 or the errno. */
static inline int try_open(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* Removes a directory and the files in it, if it is there. */
static inline void remove_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(path);
}

/* An empty one, whatever a test that was ended has left there. */
static inline void fresh_dir(const char *path)
{
	remove_dir(path);
	if (mkdir(path, 0755) && errno != EEXIST)
		die("%s: mkdir", path);
}

static inline void copy_file(const char *from, const char *to)
{
	static char data[8 << 20];
	size_t size = read_file(from, data, sizeof(data));

	if (size == sizeof(data))
		die("%s: too large to copy", from);
	write_file(to, data, size, 0755);
}

/* The module's switch: with 0 the kernel's own loader runs tagged files. */
static inline void set_enabled(bool on)
{
	write_text(XELF_ENABLED, on ? "1" : "0");
}

/* What follows @name, and a blank or a colon, on a line; NULL if none has it. */
static inline const char *line_of(const char *text, const char *name)
{
	size_t size = strlen(name);

	for (; text && *text; text = strchr(text, '\n')) {
		if (*text == '\n' && !*++text)
			break;
		if (!strncmp(text, name, size) &&
		    (text[size] == ' ' || text[size] == ':'))
			return text + size + 1;
	}
	return NULL;
}

/* A counter of debugfs xelf/stats, as "loaded" or "refused-stale-tag". */
static inline long counter(const char *name)
{
	char stats[8192];
	const char *line;

	line = line_of(read_text(XELF_STATS, stats, sizeof(stats)), name);
	if (line)
		return atol(line);
	errno = ENOENT;
	die("%s: no counter %s", XELF_STATS, name);
}

/* Says where two reports part. */
static inline bool same_text(const char *a, const char *b)
{
	const char *line_a = a, *line_b = b;

	if (!strcmp(a, b))
		return true;
	for (; *a && *a == *b; a++, b++)
		if (*a == '\n') {
			line_a = a + 1;
			line_b = b + 1;
		}
	printf("# binfmt_elf:  %.*s\n", (int)strcspn(line_a, "\n"), line_a);
	printf("# binfmt_xelf: %.*s\n", (int)strcspn(line_b, "\n"), line_b);
	/* A test of the harness ends without. */
	fflush(stdout);
	return false;
}

/* Memory that children share. */
static inline void *share_memory(size_t size)
{
	void *got = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (got == MAP_FAILED)
		die("mmap");
	return got;
}

/* Runs a line of the shell; did it succeed? */
static inline bool command(const char *line)
{
	fflush(stdout);
	return system(line) == 0;
}

/*
 * The first address above user space; on 64-bit machines there is more of it
 * with five page-table levels.
 */
static inline unsigned long task_size(void)
{
	void *high = (void *)TEST_STACK_END;
	void *got = mmap(high, 1, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
			 0);

	if (got == MAP_FAILED)
		return TEST_STACK_END;
	munmap(got, 1);
	return TEST_LARGE_END;
}

/* Tags the first bytes of a file, whatever they hold; @version with flags. */
static inline void tag_bytes_as(unsigned char *first, unsigned char version)
{
	__u16 crc;

	memcpy(first + XELF_TAG_OFFSET, XELF_TAG_MAGIC, XELF_TAG_MAGIC_SIZE);
	first[XELF_VERSION_OFFSET] = version;
	crc = xelf_tag_crc(first);
	first[XELF_CRC_OFFSET] = crc & 0xff;
	first[XELF_CRC_OFFSET + 1] = crc >> 8;
}

static inline void tag_bytes(unsigned char *first)
{
	tag_bytes_as(first, XELF_VERSION);
}

/* Tags a file in place; the test's own files only. */
static inline void tag_file_as(const char *path, unsigned char version)
{
	unsigned char first[XELF_CHECKED_SIZE] = {};
	int fd = open(path, O_RDWR);
	ssize_t got;

	if (fd < 0)
		die("%s: cannot open to tag", path);
	got = pread(fd, first, sizeof(first), 0);
	if (got < EI_NIDENT)
		die("%s: cannot read to tag", path);
	tag_bytes_as(first, version);
	if (pwrite(fd, first, got, 0) != got || close(fd))
		die("%s: cannot tag", path);
}

static inline void tag_file(const char *path)
{
	tag_file_as(path, XELF_VERSION);
}

/* How a program was run and what became of it. */
struct run {
	char *const *argv;	/* NULL: the path alone */
	char *const *envp;	/* NULL: empty */
	bool aslr;		/* leave randomisation on */
	void (*setup)(void);	/* in the child, before exec; may be NULL */
	/* in the child, in place of execve(); may be NULL */
	int (*exec)(const char *path, char *const *argv, char *const *envp);
	/* for start_stopped(): where it stops */
	bool stopped;		/* before the exec */
	bool traced;		/* by us, and so after it */

	int err;		/* errno of the exec; 0 if it succeeded */
	int status;		/* as waitpid() gives it */
	char *output;		/* standard output and error; the caller's */
	size_t output_size;	/* room; a null byte is put at the end */
};

/* In the child: execs as @r says, with output to @out. Returns if that failed. */
static inline void exec_as(const char *path, const struct run *r, int out)
{
	char *const self[] = { (char *)path, NULL };
	char *const none[] = { NULL };

	if (!r->aslr)
		personality(ADDR_NO_RANDOMIZE);
	if (r->setup)
		r->setup();
	dup2(out, 1);
	dup2(out, 2);
	close(out);
	if (r->traced)
		ptrace(PTRACE_TRACEME, 0, 0, 0);
	if (r->stopped)
		raise(SIGSTOP);
	(r->exec ? r->exec : execve)(path, r->argv ? r->argv : self,
				     r->envp ? r->envp : none);
}

/* Starts @path with its output in a file; returns once it has stopped. */
static inline pid_t start_stopped(const char *path, const struct run *r,
				  const char *output)
{
	int out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0644), status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		exec_as(path, r, out);
		_exit(127);
	}
	close(out);
	if (out < 0 || pid < 0 || waitpid(pid, &status, WUNTRACED) != pid ||
	    !WIFSTOPPED(status) ||
	    WSTOPSIG(status) != (r->stopped ? SIGSTOP : SIGTRAP))
		die("%s: cannot start", path);
	return pid;
}

/*
 * Runs @path and waits. That the exec itself failed is told apart from what
 * the program did by a pipe that a successful exec closes.
 */
static inline void run(const char *path, struct run *r)
{
	char rest[4096];
	int out[2], failed[2];
	size_t used = 0;
	ssize_t got;
	pid_t pid;

	if (pipe(out) || pipe2(failed, O_CLOEXEC))
		die("pipe");
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		close(out[0]);
		exec_as(path, r, out[1]);
		if (write(failed[1], &errno, sizeof(errno)) < 0)
			_exit(126);
		_exit(127);
	}
	close(out[1]);
	close(failed[1]);
	if (read(failed[0], &r->err, sizeof(r->err)) != sizeof(r->err))
		r->err = 0;
	close(failed[0]);
	/* Read to the end, kept or not: a closed pipe would kill the program. */
	for (;;) {
		size_t room = r->output ? r->output_size - 1 - used : 0;

		got = room ? read(out[0], r->output + used, room) :
			     read(out[0], rest, sizeof(rest));
		if (got <= 0)
			break;
		if (room)
			used += got;
	}
	if (r->output)
		r->output[used] = 0;
	close(out[0]);
	if (waitpid(pid, &r->status, 0) != pid)
		die("waitpid");
}

/* Runs @path under the kernel's loader (false) or ours (true). */
static inline void run_under(bool ours, const char *path, struct run *r)
{
	set_enabled(ours);
	run(path, r);
	set_enabled(true);
}

#endif /* XELF_TEST_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program, or who looks at it, must not get: memory that can be written
 * and run without having been asked for, addresses of the kernel, bytes that
 * nobody wrote. What has to do with other parts of the kernel is in
 * security_test.sh.
 */
#include "both.h"

#include <linux/auxvec.h>
#include <sys/mount.h>
#include <sys/ptrace.h>

#define DIR_	"/tmp/security_test/"
#define PROGRAM	DIR_ "program"
#define INTERP	DIR_ "interp"

/* Where a kernel's addresses are; above them lie -1, -2 and the like. */
#define KERNEL_LOW	(~0ULL << 48)
#define KERNEL_HIGH	(~0ULL << 24)

#define STACK_ROOM	0x100000

/* A program that was stopped before its first instruction. */
struct stopped {
	pid_t pid;
	char maps[16384];
	unsigned long auxv[128];
	size_t auxv_size;
	unsigned long stack_start, stack_end, sp;
	char stack_rights[8];
	unsigned char stack[STACK_ROOM];	/* from stack_start on */
};

static struct stopped seen_stopped[2];

FIXTURE(security) {
	struct stopped *both;
};

FIXTURE_SETUP(security)
{
	self->both = seen_stopped;
	memset(self->both, 0, sizeof(seen_stopped));
	fresh_dir(DIR_);
	write_interp(INTERP, ET_DYN);
	write_program(PROGRAM, ET_DYN, INTERP);
}

FIXTURE_TEARDOWN(security)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (self->both[i].pid <= 0)
			continue;
		kill(self->both[i].pid, SIGKILL);
		waitpid(self->both[i].pid, NULL, 0);
	}
	set_enabled(true);
	remove_dir(DIR_);
}

static size_t read_of(pid_t pid, const char *what, void *data, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	return read_file(path, data, size);
}

static void read_stack(struct __test_metadata *_metadata, struct stopped *at)
{
	char path[64], *line = strstr(at->maps, "[stack]");
	size_t size;
	int fd;

	ASSERT_NE(NULL, line);
	while (line > at->maps && line[-1] != '\n')
		line--;
	ASSERT_EQ(3, sscanf(line, "%lx-%lx %7s", &at->stack_start, &at->stack_end,
			    at->stack_rights));
	size = at->stack_end - at->stack_start;
	ASSERT_GE(STACK_ROOM, size);
	snprintf(path, sizeof(path), "/proc/%d/mem", at->pid);
	fd = open(path, O_RDONLY);
	ASSERT_EQ(size, pread64(fd, at->stack, size, at->stack_start));
	close(fd);
}

/* Runs the program up to its exec's end. */
static void stop_program(struct __test_metadata *_metadata, bool ours,
			 struct stopped *at)
{
	char *const argv[] = { PROGRAM, "one", "three", NULL };
	char *const envp[] = { "NAME=value", NULL };
	struct run how = {
		.argv = argv,
		.envp = envp,
		.aslr = true,
		.traced = true,
	};
	long loaded = counter("loaded");
	char stat[4096];

	set_enabled(ours);
	at->pid = start_stopped(PROGRAM, &how, "/dev/null");
	set_enabled(true);
	EXPECT_EQ(ours, counter("loaded") - loaded);
	at->maps[read_of(at->pid, "maps", at->maps, sizeof(at->maps) - 1)] = 0;
	at->auxv_size = read_of(at->pid, "auxv", at->auxv, sizeof(at->auxv));
	/* Field 28 is where the stack began, which is where it is now. */
	stat[read_of(at->pid, "stat", stat, sizeof(stat) - 1)] = 0;
	ASSERT_EQ(1, sscanf(strrchr(stat, ')'),
			    ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %*d %*u %*u %*u %lu",
			    &at->sp));
	read_stack(_metadata, at);
}

static void stop_both(struct __test_metadata *_metadata, struct stopped *both)
{
	int ours;

	for (ours = 0; ours < 2; ours++)
		stop_program(_metadata, ours, &both[ours]);
}

TEST_F(security, nothing_can_be_written_and_run_that_does_not_ask_for_it)
{
	stop_both(_metadata, self->both);
	EXPECT_EQ(0, mentions_of(self->both[1].maps, " rwx"));
	EXPECT_EQ(0, mentions_of(self->both[1].maps, " -wx"));
	EXPECT_LT(0, mentions_of(self->both[1].maps, " rw-"));
}

TEST_F(security, a_segment_that_asks_can_be_written_and_run_and_no_other)
{
	image_init(&image, ET_DYN);
	image_interp(&image, INTERP);
	image.phdr[PH_DATA].p_flags |= PF_X;
	image_write(&image, PROGRAM, true);
	stop_both(_metadata, self->both);
	/* Its file pages, its bss, and not the stack. */
	EXPECT_EQ(2, mentions_of(self->both[1].maps, " rwx"));
	EXPECT_EQ(0, strcmp("rw-p", self->both[1].stack_rights));
	EXPECT_EQ(mentions_of(self->both[0].maps, " rwx"),
		  mentions_of(self->both[1].maps, " rwx"));
}

static bool is_of_kernel(unsigned long long value)
{
	return value >= KERNEL_LOW && value < KERNEL_HIGH;
}

TEST_F(security, no_address_of_the_kernel_is_on_the_stack_or_in_the_vector)
{
	const struct stopped *at = &self->both[1];
	unsigned long value, random = 0;
	size_t i;

	if (sizeof(value) < 8)
		SKIP(return, "a word of 32 bits may be any address");
	stop_both(_metadata, self->both);
	ASSERT_LT(0, at->auxv_size);
	for (i = 0; i < at->auxv_size / sizeof(at->auxv[0]); i++) {
		EXPECT_FALSE(is_of_kernel(at->auxv[i]))
			TH_LOG("auxv: %lx", at->auxv[i]);
		if (i % 2 == 0 && at->auxv[i] == AT_RANDOM)
			random = at->auxv[i + 1] - at->stack_start;
	}
	/*
	 * Read askew, a program's own address may look like one, by the ffff in it;
	 * and chance may have made any number.
	 */
	for (i = 0; i + sizeof(value) <= at->stack_end - at->stack_start;
	     i += sizeof(value)) {
		if (i + sizeof(value) > random && i < random + 16)
			continue;
		memcpy(&value, at->stack + i, sizeof(value));
		EXPECT_FALSE(is_of_kernel(value))
			TH_LOG("stack + %zx: %lx", i, value);
	}
}

TEST_F(security, what_nobody_wrote_is_zero)
{
	const struct stopped *at = &self->both[1];
	size_t i, end, random = 0;

	stop_both(_metadata, self->both);
	ASSERT_LT(at->stack_start, at->sp);
	for (i = 0; i < at->sp - at->stack_start; i++)
		EXPECT_EQ(0, at->stack[i])
			TH_LOG("%lx is below the stack pointer", at->stack_start + i);
	/* The vector as /proc has it, to its end. */
	for (i = 0; at->auxv[i] != AT_NULL; i += 2)
		if (at->auxv[i] == AT_RANDOM)
			random = at->auxv[i + 1] - at->stack_start;
	ASSERT_NE(0, random);
	for (; i < at->auxv_size / sizeof(at->auxv[0]); i++)
		EXPECT_EQ(0, at->auxv[i]);
	/* Between the vector and what lies above it: argc, 3 + 1 and 1 + 1. */
	end = at->sp - at->stack_start + 7 * sizeof(long);
	while (memcmp(at->stack + end, (unsigned long[]){ AT_NULL, 0 },
		      2 * sizeof(long)))
		end += 2 * sizeof(long);
	ASSERT_LT(end, random);
	for (i = end; i < random; i++)
		EXPECT_EQ(0, at->stack[i]);
}

TEST_HARNESS_MAIN

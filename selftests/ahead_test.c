// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hints in the VM: pages are mapped ahead, and a bad trailer never fails an
 * exec. The program under test is this one, copied: static, and with glibc.
 */
#include "faults.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define DIR_	"/tmp/ahead_test/"
#define PROGRAM	DIR_ "program"
#define STATUS	7

static __u8 tail[2 * XELF_HINTS_MAX_SIZE];

struct trial {
	struct hints_image image;
	struct rusage usage;	/* of the last run */
};

FIXTURE(ahead) {
	struct trial trial;
};

/* The program says that it has hints; it has no trailer yet. */
static void set_hints_flag(void)
{
	tag_file_as(PROGRAM, XELF_VERSION | XELF_FLAG_HINTS);
}

static void append(const void *data, size_t size)
{
	int fd = open(PROGRAM, O_WRONLY | O_APPEND);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || close(fd))
		die(PROGRAM);
}

static void begin(void)
{
	fresh_dir(DIR_);
	write_text(XELF_HINTS, "1");
	write_self(PROGRAM);
	set_hints_flag();
}

FIXTURE_SETUP(ahead)
{
	begin();
}

FIXTURE_TEARDOWN(ahead)
{
	write_text(XELF_HINTS, "1");
}

static char *const argv_exit[] = { PROGRAM, CHILD_PREFIX "exit", NULL };

/*
 * Runs the program; it must end as it does without hints, and be counted under
 * @counted once. Return: faults that came by exception.
 */
static long runs_and_counts(struct __test_metadata *_metadata,
			    struct trial *trial, const char *counted)
{
	struct run how = {
		.argv = argv_exit,
		.aslr = true,
		.stopped = true,
	};
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_PAGE_FAULTS,
		.disabled = 1,
		.enable_on_exec = 1,
	};
	long loaded = counter("loaded"), was = counter(counted);
	__s64 faults = -1;
	pid_t pid = start_stopped(PROGRAM, &how, "/dev/null");
	int fd, status;

	fd = syscall(SYS_perf_event_open, &attr, pid, -1, -1, 0);
	kill(pid, SIGCONT);
	EXPECT_EQ(pid, wait4(pid, &status, 0, &trial->usage));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(STATUS, WEXITSTATUS(status));
	EXPECT_EQ(1, counter("loaded") - loaded);
	EXPECT_EQ(1, counter(counted) - was)
		TH_LOG("not counted as %s", counted);
	if (fd >= 0) {
		EXPECT_EQ(sizeof(faults), read(fd, &faults, sizeof(faults)));
		close(fd);
	}
	return faults;
}

static void with_runs(struct trial *trial, unsigned int count)
{
	hints_init(&trial->image, count);
	append(tail, hints_write(tail, &trial->image, count));
}

/* ---- trailers that are not used ---- */

TEST_F(ahead, a_missing_trailer_is_ignored)
{
	runs_and_counts(_metadata, &self->trial,
			"hints-ignored-no-trailer");
}

TEST_F(ahead, a_truncated_trailer_is_ignored)
{
	size_t size;

	hints_init(&self->trial.image, 3);
	size = hints_write(tail, &self->trial.image, 3);
	append(tail, size - 1);
	runs_and_counts(_metadata, &self->trial,
			"hints-ignored-no-trailer");
	append(tail + size - 1, 1);
	runs_and_counts(_metadata, &self->trial,
			"hints-used");
}

TEST_F(ahead, a_wrong_checksum_is_ignored)
{
	size_t size;

	hints_init(&self->trial.image, 3);
	size = hints_write(tail, &self->trial.image, 3);
	tail[0] ^= 1;
	append(tail, size);
	runs_and_counts(_metadata, &self->trial,
			"hints-ignored-bad-checksum");
}

TEST_F(ahead, another_version_is_ignored)
{
	hints_init(&self->trial.image, 1);
	self->trial.image.footer.version = 2;
	append(tail, hints_write(tail, &self->trial.image, 1));
	runs_and_counts(_metadata, &self->trial,
			"hints-ignored-unknown-version");
}

TEST_F(ahead, pages_of_another_size_are_ignored)
{
	hints_init(&self->trial.image, 1);
	self->trial.image.footer.page_shift = 16;
	append(tail, hints_write(tail, &self->trial.image, 1));
	runs_and_counts(_metadata, &self->trial,
			"hints-ignored-other-page-size");
}

TEST_F(ahead, a_run_too_many_is_ignored)
{
	with_runs(&self->trial, XELF_HINTS_RUNS + 1);
	runs_and_counts(_metadata, &self->trial,
			"hints-ignored-too-many-runs");
}

TEST_F(ahead, counts_of_4_gib_are_ignored)
{
	hints_init(&self->trial.image, 1);
	self->trial.image.footer.count = 0xffff;
	self->trial.image.footer.size = ~0U;
	append(tail, hints_write(tail, &self->trial.image, 1));
	runs_and_counts(_metadata, &self->trial,
			"hints-ignored-too-many-runs");
	self->trial.image.footer.count = 1;
	append(tail, hints_write(tail, &self->trial.image, 1));
	runs_and_counts(_metadata, &self->trial,
			"hints-ignored-bad-size");
}

TEST_F(ahead, hints_for_an_interpreter_that_is_not_there_are_ignored)
{
	hints_init(&self->trial.image, 1);
	self->trial.image.footer.interp = 1;
	self->trial.image.runs[0] = (struct xelf_hint){ 0, 9, XELF_HINT_INTERP, 1 };
	append(tail, hints_write(tail, &self->trial.image, 1));
	runs_and_counts(_metadata, &self->trial,
			"hints-ignored-interpreter-changed");
}

TEST_F(ahead, switched_off_the_trailer_is_not_looked_at)
{
	long used = counter("hints-used");

	with_runs(&self->trial, 0);
	write_text(XELF_HINTS, "0");
	runs_and_counts(_metadata, &self->trial,
			"loaded");
	EXPECT_EQ(used, counter("hints-used"));
}

/* ---- trailers that are used, and mean harm ---- */

#define READ_	XELF_HINT_READ
#define WRITE_	XELF_HINT_WRITE
#define MANY	0xffff

/* What all runs of a trailer are. */
FIXTURE(hostile) {
	struct trial trial;
};

FIXTURE_VARIANT(hostile) {
	struct xelf_hint run;
	unsigned int count;
	unsigned int step;	/* from one run's page to the next's */
};

#define HOSTILE(name, page, pages, place, access, count, step)		\
	FIXTURE_VARIANT_ADD(hostile, name) {				\
		{ page, pages, place, access }, count, step		\
	}

HOSTILE(all_read, 0, MANY, XELF_HINT_PROGRAM, READ_, 64, 0);
HOSTILE(all_written, 0, MANY, XELF_HINT_PROGRAM, WRITE_, 64, 0);
HOSTILE(page_by_page_read, 0, 1, XELF_HINT_PROGRAM, READ_, 64, 3);
HOSTILE(page_by_page_written, 0, 1, XELF_HINT_PROGRAM, WRITE_, 64, 3);
HOSTILE(backwards, 0x200, 2, XELF_HINT_PROGRAM, READ_, 64, -1);
HOSTILE(overlapping, 0, 64, XELF_HINT_PROGRAM, READ_, 64, 1);
HOSTILE(outside, ~0U, MANY, XELF_HINT_PROGRAM, READ_, 64, 0);
HOSTILE(outside_written, 0x10000, MANY, XELF_HINT_PROGRAM, WRITE_, 64, 0);
HOSTILE(empty, 0, 0, XELF_HINT_PROGRAM, WRITE_, 64, 0);
HOSTILE(code_written, 1, 64, XELF_HINT_PROGRAM, WRITE_, 64, 0);
HOSTILE(stack_written, 0, MANY, XELF_HINT_STACK, WRITE_, 64, 0);
HOSTILE(stack_read, 0, MANY, XELF_HINT_STACK, READ_, 64, 0);
HOSTILE(far_below_the_stack, 0x800000, MANY, XELF_HINT_STACK, WRITE_, 64, 1);
HOSTILE(no_interpreter, 0, MANY, XELF_HINT_INTERP, READ_, 64, 0);
HOSTILE(no_such_place, 0, MANY, 7, READ_, 64, 0);
HOSTILE(no_such_access, 0, MANY, XELF_HINT_PROGRAM, 9, 64, 0);

FIXTURE_SETUP(hostile)
{
	begin();
}

FIXTURE_TEARDOWN(hostile)
{
}

TEST_F(hostile, runs_cost_little_and_break_nothing)
{
	unsigned int i;

	for (i = 0; i < variant->count; i++) {
		self->trial.image.runs[i] = variant->run;
		self->trial.image.runs[i].page += i * variant->step;
	}
	with_runs(&self->trial, variant->count);
	runs_and_counts(_metadata, &self->trial, "hints-used");
	/* Without hints it has about 30, and those here fault 40 pages in. */
	EXPECT_LE(self->trial.usage.ru_minflt, 100);
}

/* ---- trailers that chance makes, around what a trailer is ---- */

#define INTERP		DIR_ "interp"
#define TRAILERS	300

/* Of a program with an interpreter, or without. */
FIXTURE(any_trailer) {
	struct trial trial;
	off_t size;	/* of the program without a trailer */
	__u64 interp;	/* what a footer says of the interpreter; 0: none */
};

FIXTURE_VARIANT(any_trailer) {
	bool interp;
	int status;
};

FIXTURE_VARIANT_ADD(any_trailer, of_a_static_program) { false, STATUS };
FIXTURE_VARIANT_ADD(any_trailer, with_an_interpreter) { true, PROBE_STATUS };

FIXTURE_SETUP(any_trailer)
{
	struct stat st;

	begin();
	if (variant->interp) {
		write_interp(INTERP, ET_DYN);
		write_program(PROGRAM, ET_DYN, INTERP);
		set_hints_flag();
		self->interp = interp_sum(INTERP);
	}
	if (stat(PROGRAM, &st))
		die(PROGRAM);
	self->size = st.st_size;
	srand(1);
}

FIXTURE_TEARDOWN(any_trailer)
{
}

/* Small numbers, those around limits, and the ends of types. */
static unsigned int odd_number(void)
{
	static const unsigned int odd[] = {
		0, 1, 2, 31, 32, 33, 63, 64, 65, 255, 256, 257, 0x1ff, 0x200,
		0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, ~0U,
	};

	return rand() % 2 ? rand() % 300 : odd[rand() % ARRAY_SIZE(odd)];
}

/* Runs in some order, that meet and overlap more often than not. */
static void make_odd_runs(struct hints_image *to, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		to->runs[i] = (struct xelf_hint){
			.page = i && rand() % 3 ? to->runs[i - 1].page +
						  rand() % 9 - 2 : odd_number(),
			.pages = rand() % 2 ? rand() % 8 : odd_number(),
			.place = rand() % 8 ? rand() % 3 : odd_number(),
			.access = rand() % 8 ? rand() % 2 : odd_number(),
		};
}

/* One field of the footer is not what it should be. */
static void change_footer(struct xelf_hints_footer *footer)
{
	switch (rand() % 6) {
	case 0:
		footer->magic[rand() % sizeof(footer->magic)] ^= 1 << rand() % 8;
		break;
	case 1:
		footer->version = odd_number();
		break;
	case 2:
		footer->page_shift = odd_number();
		break;
	case 3:
		footer->count = odd_number();
		break;
	case 4:
		footer->size = odd_number();
		break;
	case 5:
		footer->interp = odd_number();
		break;
	}
}

/* Puts a trailer of some sort behind the program. */
static void append_odd_trailer(struct hints_image *trailer, __u64 interp)
{
	unsigned int count = rand() % (XELF_HINTS_RUNS + 2);
	size_t size, from = 0;

	hints_init(trailer, count);
	trailer->footer.interp = interp;
	make_odd_runs(trailer, count);
	if (!(rand() % 3))
		change_footer(&trailer->footer);
	size = hints_write(tail, trailer, count);
	if (!(rand() % 8))
		tail[rand() % size] ^= 1 << rand() % 8;
	if (!(rand() % 8))
		from = rand() % size;
	else if (!(rand() % 8))
		size = rand() % size;
	append(tail + from, size - from);
}

/* How many trailers were looked at, for better or worse. */
static long trailers_seen(void)
{
	long count = counter("hints-used");
	char name[64];
	int fault;

	/* One for another interpreter is used for the rest, and counted there. */
	for (fault = XELF_HINTS_OK + 1; fault < XELF_HINTS_OTHER_INTERP; fault++) {
		snprintf(name, sizeof(name), "hints-ignored-%s",
			 xelf_hints_fault_name(fault));
		count += counter(name);
	}
	return count;
}

TEST_F(any_trailer, fails_no_exec)
{
	long loaded = counter("loaded"), used = counter("hints-used");
	struct run r = { .argv = argv_exit, .aslr = true };
	long trailers = trailers_seen();
	int i;

	for (i = 0; i < TRAILERS; i++) {
		if (truncate(PROGRAM, self->size))
			die(PROGRAM);
		append_odd_trailer(&self->trial.image, self->interp);
		run(PROGRAM, &r);
		ASSERT_TRUE(WIFEXITED(r.status))
			TH_LOG("trailer %d: killed by %d", i, WTERMSIG(r.status));
		ASSERT_EQ(variant->status, WEXITSTATUS(r.status))
			TH_LOG("trailer %d", i);
	}
	used = counter("hints-used") - used;
	EXPECT_EQ(TRAILERS, counter("loaded") - loaded);
	EXPECT_EQ(TRAILERS, trailers_seen() - trailers);
	ksft_print_msg("%ld of %d trailers used\n", used, TRAILERS);
	/* Of either kind enough to mean something. */
	EXPECT_LE(TRAILERS / 4, used);
	EXPECT_GE(TRAILERS * 3 / 4, used);
}

/* ---- hints as they are recorded ---- */

static bool record(void)
{
	fflush(stdout);
	return !system("xelf record -n 5 " PROGRAM " " CHILD_PREFIX "exit");
}

TEST_F(ahead, recorded_hints_leave_few_faults_to_exceptions)
{
	long with, without;

	ASSERT_TRUE(record());
	with = runs_and_counts(_metadata, &self->trial, "hints-used");
	write_text(XELF_HINTS, "0");
	without = runs_and_counts(_metadata, &self->trial, "loaded");
	if (with < 0)
		SKIP(return, "this kernel counts no page faults");
	ksft_print_msg("%ld exceptions with hints, %ld without\n", with,
		       without);
	EXPECT_LE(with, 8);
	EXPECT_GE(without, 16);
}

TEST_F(ahead, recorded_hints_take_no_more_memory)
{
	long with;

	ASSERT_TRUE(record());
	runs_and_counts(_metadata, &self->trial, "hints-used");
	with = self->trial.usage.ru_maxrss;
	write_text(XELF_HINTS, "0");
	runs_and_counts(_metadata, &self->trial, "loaded");
	ksft_print_msg("%ld KiB with hints, %ld without\n", with,
		       self->trial.usage.ru_maxrss);
	EXPECT_LE(with * 100, self->trial.usage.ru_maxrss * 105);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], CHILD_PREFIX "exit"))
		return STATUS;
	return test_harness_run(argc, argv);
}

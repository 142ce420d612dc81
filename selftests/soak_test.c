// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is left of many execs, and of loading and unloading the module many
 * times: nothing. SOAK_EXECS execs (default 20000), half of which are
 * refused, each on a way out of its own, and SOAK_ROUNDS rounds of rmmod and insmod (default
 * 100).
 *
 * Before each count, what the kernel keeps to use it again is given back: page
 * cache, dentries, the empty slabs. What it does not give back at once is what
 * the tolerances are for; they stand with the counts.
 */
#include "faults.h"

#include <dirent.h>
#include <time.h>

#define DIR_	"/tmp/soak_test/"
#define INTERP	DIR_ "interp"
#define WORKERS	2
#define WARM_UP	2000	/* execs */

static const struct {
	const char *path;
	int err;	/* what execve() must say; 0: it runs, and exits with 0 */
} programs[] = {
	{ DIR_ "static" },
	{ DIR_ "dynamic" },
	{ DIR_ "hinted" },
	{ DIR_ "far" },
	{ DIR_ "untagged" },
	{ DIR_ "stale", EBADMSG },
	{ DIR_ "bad-segment", EINVAL },
	{ DIR_ "no-interpreter", ENOENT },
	{ DIR_ "bad-interpreter", ELIBBAD },
};

/* ---- what the kernel holds ---- */

/*
 * What is left of each exec of one of the programs, or of each round, adds up.
 * The least of it that shows stands with each, for 200,000 execs, which are
 * 22,000 of each program, and for 1,000 rounds:
 *
 * slab: of 250 caches, each processor may keep a slab, of 4 to 32 KiB, of those
 *	that were used last. Shows 32 bytes in each exec, 1 KiB in each round;
 *	kmemleak, on the debug kernel, knows each that nobody points to
 * vmalloc: two stacks of ended tasks, of 16 KiB, are kept for each processor.
 *	Shows a page in each round
 * page tables: of this test's own processes
 * memory in use: each processor keeps a list of free pages, some MiB. Shows a
 *	page in each exec, five in each round
 * files: the counter is exact to 32 for each processor
 */
#define HELD(X)							\
	X(slab, "slab, KiB", 512)				\
	X(vmalloc, "vmalloc, KiB", 256)				\
	X(areas, "vmalloc, areas", 16)				\
	X(tables, "page tables, KiB", 16)			\
	X(used, "memory in use, KiB", 16384)			\
	X(anonymous, "anonymous memory, KiB", 512)		\
	X(files, "open files", 64)				\
	X(modules, "modules", 0)				\
	X(references, "references to the module", 0)		\
	X(mms, "address spaces (mm_struct)", 56)		\
	X(areas_of_tasks, "mappings (vm_area_struct)", 208)

struct held {
#define NUMBER(name, text, tolerance) long name;
	HELD(NUMBER)
#undef NUMBER
};

/* The number after @name at the beginning of a line of @text. */
static long value_of(const char *text, const char *name)
{
	const char *line = line_of(text, name);

	if (line)
		return atol(line);
	errno = ENOENT;
	die("no line of %s", name);
}

static const char *text_of(const char *path)
{
	static char text[1 << 20];

	return read_text(path, text, sizeof(text));
}

/* Gives back what can be given back. */
static void settle(void)
{
	struct dirent *entry;
	char path[512];
	DIR *dir;
	int fd;

	/* What ended frees things after a grace period or two. */
	sleep(2);
	sync();
	write_text("/proc/sys/vm/drop_caches", "3");
	dir = opendir("/sys/kernel/slab");
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink",
			 entry->d_name);
		fd = open(path, O_WRONLY);
		if (fd < 0)
			continue;
		if (write(fd, "1", 1) != 1)
			ksft_print_msg("%s: %s\n", path, strerror(errno));
		close(fd);
	}
	if (dir)
		closedir(dir);
	sleep(1);
}

static void count_held(struct held *held)
{
	const char *text;

	settle();
	text = text_of("/proc/meminfo");
	held->slab = value_of(text, "Slab");
	held->vmalloc = value_of(text, "VmallocUsed");
	held->tables = value_of(text, "PageTables");
	held->used = value_of(text, "MemTotal") - value_of(text, "MemFree");
	held->anonymous = value_of(text, "AnonPages");
	text = text_of("/proc/vmallocinfo");
	/* But for those that are free, if not yet for others. */
	held->areas = mentions_of(text, "\n") - mentions_of(text, "unpurged");
	held->files = number_in("/proc/sys/fs/file-nr");
	held->modules = mentions_of(text_of("/proc/modules"), "\n");
	held->references = number_in("/sys/module/" MODULE "/refcnt");
	text = text_of("/proc/slabinfo");
	held->mms = value_of(text, "mm_struct");
	held->areas_of_tasks = value_of(text, "vm_area_struct");
}

/* Prints both, and says whether more is left than may be. */
static bool compare(const struct held *before, const struct held *after)
{
	bool good = true;

	ksft_print_msg("%-28s %9s %9s %8s %9s\n", "", "before", "after", "more",
		       "tolerance");
#define COMPARE(name, text, tolerance)					\
	ksft_print_msg("%-28s %9ld %9ld %+8ld %9d%s\n", text,		\
		       before->name, after->name,			\
		       after->name - before->name, tolerance,		\
		       after->name - before->name > (tolerance) ?	\
		       "  TOO MANY" : "");				\
	good &= after->name - before->name <= (tolerance);
	HELD(COMPARE)
#undef COMPARE
	fflush(stdout);
	return good;
}

/* ---- execs ---- */

static struct shared {
	unsigned long done;
	unsigned long wrong;
} *shared;

static void exec_one(const char *path, int expected)
{
	char *const argv[] = { (char *)path, NULL };
	volatile int err = 0;
	int status;
	pid_t pid;

	/* The child has this process's memory until it has ended. */
	pid = vfork();
	if (!pid) {
		execve(path, argv, argv + 1);
		err = errno;
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status ||
	    err != expected) {
		printf("# %s: status %x, %s\n", path, status,
		       err ? strerror(err) : "no error");
		fflush(stdout);
		__atomic_add_fetch(&shared->wrong, 1, __ATOMIC_RELAXED);
	}
	__atomic_add_fetch(&shared->done, 1, __ATOMIC_RELAXED);
}

static void exec_many(unsigned long execs)
{
	unsigned long i;

	for (i = 0; i < execs && !shared->wrong; i++) {
		int program = i % ARRAY_SIZE(programs);

		exec_one(programs[program].path, programs[program].err);
	}
}

static void tell(const char *what, unsigned long done, unsigned long all)
{
	static time_t told;
	time_t now = time(NULL);

	if (now < told + 10)
		return;
	told = now;
	ksft_print_msg("%lu of %lu %s\n", done, all, what);
	fflush(stdout);
}

/* On all processors. */
static void run_execs(unsigned long execs)
{
	int i, status, left = WORKERS;

	memset(shared, 0, sizeof(*shared));
	fflush(stdout);
	for (i = 0; i < WORKERS; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid)
			continue;
		exec_many(execs / WORKERS);
		_exit(0);
	}
	while (left) {
		if (waitpid(-1, &status, WNOHANG) > 0) {
			left--;
			continue;
		}
		usleep(100000);
		tell("execs", shared->done, execs);
	}
}

/* ---- rounds ---- */

static bool run_rounds(unsigned long rounds)
{
	unsigned long i;

	for (i = 0; i < rounds; i++) {
		if (!unload_module()) {
			perror("rmmod");
			return false;
		}
		if (!load_module())
			return false;
		/* Not only what init does is undone by exit. */
		exec_one(programs[i % 3].path, 0);
		tell("rounds of rmmod and insmod", i, rounds);
	}
	return true;
}

/* ---- the tests ---- */

FIXTURE(soak) {
	struct held before, after;
};

static void write_short(const char *path, int type, const char *interp,
			bool tagged)
{
	image_init_short(type);
	if (interp)
		image_interp(&image, interp);
	image_write(&image, path, tagged);
}

static void write_programs(void)
{
	write_short(INTERP, ET_DYN, NULL, false);
	write_short(DIR_ "static", ET_DYN, NULL, true);
	write_short(DIR_ "dynamic", ET_DYN, INTERP, true);
	write_short(DIR_ "hinted", ET_DYN, INTERP, true);
	append_usual_hints(DIR_ "hinted", INTERP);
	write_far_image(DIR_ "far", ET_DYN, INTERP, true, true);
	write_short(DIR_ "untagged", ET_EXEC, NULL, false);
	write_short(DIR_ "no-interpreter", ET_DYN, "/none", true);
	write_short(DIR_ "bad-interpreter", ET_DYN, DIR_ "text", true);
	memset(image.bytes, 'x', 1024);
	write_file(DIR_ "text", image.bytes, 1024, 0755);
	write_refused(DIR_ "stale", DIR_ "bad-segment");
}

FIXTURE_SETUP(soak)
{
	fresh_dir(DIR_);
	write_programs();
	shared = share_memory(sizeof(*shared));
	/* The first of everything makes caches, and this test's own pages. */
	run_execs(WARM_UP);
	run_rounds(20);
	count_held(&self->before);
	count_held(&self->before);
}

FIXTURE_TEARDOWN(soak)
{
	remove_dir(DIR_);
}

TEST_F_TIMEOUT(soak, execs_leave_nothing, 1000000)
{
	unsigned long execs = number_of_environment("SOAK_EXECS", 20000);

	run_execs(execs);
	ASSERT_EQ(0, shared->wrong);
	EXPECT_LT(0, shared->done);
	EXPECT_EQ(execs / WORKERS * WORKERS, shared->done);
	count_held(&self->after);
	ksft_print_msg("%lu execs:\n", shared->done);
	EXPECT_TRUE(compare(&self->before, &self->after));
}

TEST_F_TIMEOUT(soak, rounds_of_insmod_and_rmmod_leave_nothing, 1000000)
{
	unsigned long rounds = number_of_environment("SOAK_ROUNDS", 100);

	memset(shared, 0, sizeof(*shared));
	ASSERT_TRUE(run_rounds(rounds));
	EXPECT_EQ(0, shared->wrong);
	count_held(&self->after);
	ksft_print_msg("%lu rounds of rmmod and insmod:\n", rounds);
	EXPECT_TRUE(compare(&self->before, &self->after));
}

TEST_HARNESS_MAIN

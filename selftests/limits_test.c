// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits: of resources, of a memory cgroup, of overcommit, and the sysctls of
 * the layout end or move a tagged program where they do so untagged.
 */
#include "both.h"

#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/resource.h>

#define DIR_	"/tmp/limits_test/"
#define PROGRAM	DIR_ "program"	/* the probe */
#define INTERP	DIR_ "interp"
#define CHILD	DIR_ "child"	/* this program */
#define CGROUP	DIR_ "cgroup"
#define GROUP	CGROUP "/group"

#define PAGE	4096UL
#define MIB	(1024 * 1024UL)

/* ---- in the program under test ---- */

static int child_locked(void)
{
	static const char *const names[] = { "VmLck", NULL };

	report_status(names);
	return 0;
}

static char *const argv_locked[] = { CHILD, CHILD_PREFIX "locked", NULL };

/* ---- what the tests change, and is put back ---- */

/* Setting overcommit_ratio ends overcommit_kbytes. */
static const char *const settings[] = {
	"/proc/sys/vm/legacy_va_layout", "/proc/sys/vm/mmap_rnd_bits",
	"/proc/sys/vm/overcommit_memory", "/proc/sys/vm/overcommit_ratio",
};

static char settings_before[ARRAY_SIZE(settings)][32];

static void keep_settings(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		read_text(settings[i], settings_before[i],
			  sizeof(settings_before[i]));
}

static void restore_settings(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		write_text(settings[i], settings_before[i]);
}

FIXTURE(limits) {
	struct run r[2];
	struct run how;
};

PROGRAM_KINDS(limits);

static void set_up(void)
{
	fresh_dir(DIR_);
	write_interp(INTERP, ET_DYN);
	keep_settings();
}

static void tear_down(void)
{
	restore_settings();
	remove_dir(DIR_);
}

FIXTURE_SETUP(limits)
{
	set_up();
	write_program(PROGRAM, variant->type, variant->interp ? INTERP : NULL);
}

FIXTURE_TEARDOWN(limits)
{
	tear_down();
}

/* ---- resource limits ---- */

/* Loads that went past the point of no return, well or not. */
static long committed(void)
{
	char stats[8192], *line, *rest = stats;
	long sum = 0;

	read_text(XELF_STATS, stats, sizeof(stats));
	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, "loaded ", 7) || !strncmp(line, "killed-", 7))
			sum += atol(strchr(line, ' '));
	return sum;
}

/* Both loaders come to the same end, whichever it is. Did the program run? */
static bool same_end(struct __test_metadata *_metadata, const char *path,
		     const struct run *how, struct run r[2])
{
	int ours;

	for (ours = 0; ours < 2; ours++) {
		long before = committed();

		r[ours] = *how;
		r[ours].output = seen[ours];
		r[ours].output_size = sizeof(seen[ours]);
		run_under(ours, path, &r[ours]);
		EXPECT_EQ(ours && !r[ours].err, committed() - before);
	}
	EXPECT_EQ(r[0].err, r[1].err);
	EXPECT_EQ(r[0].status, r[1].status);
	EXPECT_TRUE(same_text(seen[0], seen[1]));
	return !r[1].err && r[1].status == PROBE_STATUS << 8;
}

static struct {
	int resource;
	rlim_t value;
} limit;

static void set_limit(void)
{
	struct rlimit both = { limit.value, limit.value };

	if (setrlimit(limit.resource, &both))
		die("setrlimit");
}

/* The least limit, in pages, with which the kernel's loader runs it. */
static unsigned int find_edge(const struct run *how, unsigned int pages)
{
	unsigned int low = 0, high = pages;

	while (low < high) {
		unsigned int middle = (low + high) / 2;
		struct run r = *how;

		limit.value = middle * PAGE;
		run_under(false, PROGRAM, &r);
		if (!r.err && r.status == PROBE_STATUS << 8)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/*
 * With values of a limit from nothing to @pages pages, every one around the
 * edge and some elsewhere: too little is too little for both loaders, and ends
 * the program in the same way.
 */
static void scan_limit(struct __test_metadata *_metadata, struct run *how,
		       int resource, unsigned int pages)
{
	unsigned int i, edge;
	struct run r[2];

	how->setup = set_limit;
	limit.resource = resource;
	edge = find_edge(how, pages);
	EXPECT_LT(0, edge);
	EXPECT_GT(pages, edge);
	for (i = 0; i <= pages; i++) {
		if (i % 8 && (i + 4 < edge || i > edge + 2))
			continue;
		limit.value = i * PAGE;
		EXPECT_EQ(i >= edge, same_end(_metadata, PROGRAM, how, r)) {
			TH_LOG("limit of %u pages, edge at %u", i, edge);
		}
	}
}

TEST_F(limits, RLIMIT_DATA_ends_it_where_it_does_untagged)
{
	scan_limit(_metadata, &self->how, RLIMIT_DATA, 24);
}

/* All of it counts as data while the kernel's loader looks for its place. */
TEST_F(limits, RLIMIT_DATA_counts_an_image_whose_first_segment_is_written)
{
	Elf_Phdr *first = &image.phdr[PH_HEADERS], *code = &image.phdr[PH_CODE];

	image_init(&image, variant->type);
	if (variant->interp)
		image_interp(&image, INTERP);
	/* Without gaps, which count anyway. */
	first->p_flags |= PF_W;
	first->p_filesz = IMAGE_CODE;
	first->p_memsz = IMAGE_CODE;
	code->p_filesz = IMAGE_DATA - IMAGE_CODE;
	code->p_memsz = IMAGE_DATA - IMAGE_CODE;
	image_write(&image, PROGRAM, true);
	scan_limit(_metadata, &self->how, RLIMIT_DATA, 40);
}

TEST_F(limits, RLIMIT_AS_ends_it_where_it_does_untagged)
{
	scan_limit(_metadata, &self->how, RLIMIT_AS, 120);
}

/* A bss of many pages between two segments, and no gap. */
static void bss_between(struct image *i)
{
	const unsigned long size = 64 * PAGE;

	i->phdr[PH_HEADERS].p_filesz = IMAGE_CODE;
	i->phdr[PH_HEADERS].p_memsz = IMAGE_CODE;
	i->phdr[PH_CODE].p_flags |= PF_W;
	i->phdr[PH_CODE].p_memsz = IMAGE_DATA - IMAGE_CODE + size;
	i->phdr[PH_DATA].p_vaddr += size;
}

/* Kernels before 6.7 map that of an interpreter for a moment only. */
TEST_F(limits, RLIMIT_AS_counts_a_bss_between_segments_as_when_untagged)
{
	image_init(&image, variant->type);
	if (variant->interp)
		image_interp(&image, INTERP);
	else
		bss_between(&image);
	image_write(&image, PROGRAM, true);
	if (variant->interp) {
		image_init(&image, ET_DYN);
		bss_between(&image);
		image_write(&image, INTERP, false);
	}
	scan_limit(_metadata, &self->how, RLIMIT_AS, 200);
}

TEST_F(limits, RLIMIT_STACK_ends_it_where_it_does_untagged)
{
	scan_limit(_metadata, &self->how, RLIMIT_STACK, 48);
}

TEST_F(limits, RLIMIT_STACK_with_much_to_put_there_ends_it_where_it_does)
{
	static char text[9 * 4096];
	char *const argv[] = { "p", text, text, NULL };

	memset(text, 'x', sizeof(text) - 1);
	self->how.argv = argv;
	scan_limit(_metadata, &self->how, RLIMIT_STACK, 48);
}

/* ---- sysctls of the layout ---- */

TEST_F(limits, legacy_va_layout_is_honoured)
{
	unsigned long usual, legacy;

	run_both(_metadata, PROGRAM, &self->how, self->r, 1);
	usual = auxv_of(seen[1], AT_SYSINFO_EHDR);
	write_text("/proc/sys/vm/legacy_va_layout", "1");
	run_both(_metadata, PROGRAM, &self->how, self->r, 1);
	legacy = auxv_of(seen[1], AT_SYSINFO_EHDR);
	EXPECT_TRUE(variant->type != ET_DYN || usual != legacy);
	EXPECT_EQ(PROBE_STATUS << 8, self->r[1].status);
}

/* How many bits vary, over some runs, of where mmap puts the first file. */
static int varying_bits(struct __test_metadata *_metadata, bool ours)
{
	unsigned long first = 0, mask = 0;
	struct run r = {
		.aslr = true,
		.output = seen[ours],
		.output_size = sizeof(seen[ours]),
	};
	long loaded = counter("loaded");
	int i;

	for (i = 0; i < 24; i++) {
		unsigned long at;

		run_under(ours, PROGRAM, &r);
		EXPECT_EQ(PROBE_STATUS << 8, r.status);
		at = auxv_of(seen[ours], AT_BASE) ? :
		     auxv_of(seen[ours], AT_PHDR);
		first = first ? : at;
		mask |= first ^ at;
	}
	EXPECT_EQ(ours ? 24 : 0, counter("loaded") - loaded);
	return __builtin_popcountl(mask);
}

TEST_F(limits, mmap_rnd_bits_is_honoured)
{
	int few = atoi(TEST_MMAP_BITS_FEW), many = atoi(TEST_MMAP_BITS_MANY);
	int ours;

	/* A fixed program lies where it was linked; its interpreter does not. */
	if (variant->type == ET_EXEC)
		write_program(PROGRAM, ET_EXEC, INTERP);
	for (ours = 0; ours < 2; ours++) {
		int bits;

		write_text("/proc/sys/vm/mmap_rnd_bits", TEST_MMAP_BITS_FEW);
		bits = varying_bits(_metadata, ours);
		EXPECT_LE(few, bits);
		/* A carry may reach the bits above. */
		EXPECT_GE(few + 3, bits);
		write_text("/proc/sys/vm/mmap_rnd_bits", TEST_MMAP_BITS_MANY);
		EXPECT_LE(many, varying_bits(_metadata, ours));
	}
}

/* ---- memory ---- */

TEST_F(limits, overcommit_memory_2_refuses_a_bss_that_0_gives)
{
	image_init(&image, variant->type);
	if (variant->interp)
		image_interp(&image, INTERP);
	image.phdr[PH_DATA].p_memsz = IMAGE_DATA_SIZE + 400 * MIB;
	image_write(&image, PROGRAM, true);

	write_text("/proc/sys/vm/overcommit_memory", "0");
	EXPECT_TRUE(same_end(_metadata, PROGRAM, &self->how, self->r));
	write_text("/proc/sys/vm/overcommit_memory", "1");
	EXPECT_TRUE(same_end(_metadata, PROGRAM, &self->how, self->r));

	write_text("/proc/sys/vm/overcommit_kbytes", "300000");
	write_text("/proc/sys/vm/overcommit_memory", "2");
	EXPECT_FALSE(same_end(_metadata, PROGRAM, &self->how, self->r));
	EXPECT_EQ(0, self->r[1].err);
	EXPECT_EQ(SIGSEGV, WTERMSIG(self->r[1].status));
	write_text("/proc/sys/vm/overcommit_kbytes", "900000");
	EXPECT_TRUE(same_end(_metadata, PROGRAM, &self->how, self->r));
}

FIXTURE(memory) {
	struct run r[2];
	struct run how;
};

FIXTURE_SETUP(memory)
{
	set_up();
	write_program(PROGRAM, ET_DYN, INTERP);
	write_self(CHILD);
}

FIXTURE_TEARDOWN(memory)
{
	rmdir(GROUP);
	umount2(CGROUP, MNT_DETACH);
	rmdir(CGROUP);
	tear_down();
}

static void lock_then_forbid(void)
{
	struct rlimit much = { RLIM_INFINITY, RLIM_INFINITY }, none = { 0, 0 };

	if (setrlimit(RLIMIT_MEMLOCK, &much))
		die("setrlimit");
	become_nobody();
	if (mlockall(MCL_CURRENT | MCL_FUTURE) ||
	    setrlimit(RLIMIT_MEMLOCK, &none))
		die("mlockall");
}

TEST_F(memory, locked_memory_is_the_old_programs)
{
	self->how.argv = argv_locked;
	self->how.setup = lock_then_forbid;
	run_both(_metadata, CHILD, &self->how, self->r, 1);
	EXPECT_EQ(0, self->r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], "VmLck:\t       0 kB\n"));
}

static void join_group(void)
{
	struct rlimit stack = { 64 * MIB, 64 * MIB };

	write_text(GROUP "/cgroup.procs", "0");
	if (setrlimit(RLIMIT_STACK, &stack))
		die("setrlimit");
}

#define IGNORE_LOGLEVEL	"/sys/module/printk/parameters/ignore_loglevel"

/*
 * The kernel prints a call trace for each process that is killed for want of
 * memory, which scripts/vm would take for a complaint. It is kept off the
 * console meanwhile, and the log looked through here instead.
 */
static int open_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
		die("/dev/kmsg");
	write_text(IGNORE_LOGLEVEL, "N");
	klogctl(8, NULL, 4);
	return fd;
}

static void check_log(struct __test_metadata *_metadata, int fd)
{
	int traces = 0, kills = 0;
	char line[8192];
	ssize_t got;

	klogctl(8, NULL, 7);
	write_text(IGNORE_LOGLEVEL, "Y");
	for (;;) {
		got = read(fd, line, sizeof(line) - 1);
		/* What was not read in time was written over. */
		if (got < 0 && errno == EPIPE)
			continue;
		if (got <= 0)
			break;
		line[got] = 0;
		traces += !!strstr(line, TEST_CALL_TRACE);
		kills += !!strstr(line, "invoked oom-killer");
		EXPECT_EQ(NULL, strstr(line, "BUG"));
		EXPECT_EQ(NULL, strstr(line, "WARNING"));
		EXPECT_EQ(NULL, strstr(line, "Oops"));
	}
	close(fd);
	EXPECT_EQ(kills, traces);
}

/* Runs it in a group with so much memory; returns its status, -1 if refused. */
static int run_in_group(struct __test_metadata *_metadata, bool ours,
			unsigned long kib, char *const *argv)
{
	struct run r = {
		.argv = argv,
		.setup = join_group,
		.output = seen[ours],
		.output_size = sizeof(seen[ours]),
	};
	char text[32];

	snprintf(text, sizeof(text), "%lu", kib << 10);
	write_text(GROUP "/memory.max", text);
	run_under(ours, PROGRAM, &r);
	return r.err ? -1 : r.status;
}

#define ARGS	200000

/* On 32-bit ARM, emulated, each exec of so many arguments takes ten seconds. */
TEST_F_TIMEOUT(memory, a_memory_cgroup_kills_the_program_alone, 600)
{
	static char *argv[ARGS + 1];
	unsigned long kib, killed[2] = {};
	long in_tables = counter("killed-tables"), before;
	int i, log, ours, status;

	if (mkdir(CGROUP, 0755) || mount("none", CGROUP, "cgroup2", 0, NULL))
		SKIP(return, "this kernel has no cgroup2");
	write_text(CGROUP "/cgroup.subtree_control", "+memory");
	ASSERT_EQ(0, mkdir(GROUP, 0755));
	/* 400 KB of text, and four times that in pointers. */
	for (i = 0; i < ARGS; i++)
		argv[i] = "x";

	log = open_log();
	for (kib = 512; kib <= 3584; kib += 512)
		for (ours = 0; ours < 2; ours++) {
			before = counter("loaded");
			status = run_in_group(_metadata, ours, kib, argv);
			if (status == SIGKILL) {
				killed[ours] = kib;
				continue;
			}
			EXPECT_EQ(PROBE_STATUS << 8, status);
			EXPECT_EQ(ours, counter("loaded") - before);
		}
	check_log(_metadata, log);

	/* Killed up to about the same size, and then not. */
	for (ours = 0; ours < 2; ours++) {
		EXPECT_LE(1024UL, killed[ours]);
		EXPECT_GT(3584UL, killed[ours]);
	}
	EXPECT_GE(512, labs((long)killed[0] - (long)killed[1]));
	/* Some of them while we wrote the pointers. */
	EXPECT_LT(0, counter("killed-tables") - in_tables);
	EXPECT_TRUE(same_text(seen[0], seen[1]));
	/* Nothing is left in the group. */
	EXPECT_EQ(0, rmdir(GROUP));
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], CHILD_PREFIX "locked"))
		return child_locked();
	return test_harness_run(argc, argv);
}

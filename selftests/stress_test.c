// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hundreds of execs at once, and everything that can be done to them meanwhile:
 * signals, tracers, memory limits, files cut and overwritten, mounts taken away,
 * sysctls, the module loaded and unloaded, a processor switched off and on.
 *
 * It goes on for STRESS_SECONDS (default 30), and says what has happened. That
 * the kernel did not complain is for scripts/vm. STRESS_SEED repeats the order of
 * what each process does, not the order among them.
 */
#include "faults.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <time.h>

#define DIR_	"/tmp/stress_test/"
#define INTERP	DIR_ "interp"
#define VICTIM	DIR_ "victim"		/* is written to */
#define VICTIM_INTERP	DIR_ "victim-interp"
#define MOUNT	DIR_ "mnt"		/* comes and goes */
#define CGROUP	DIR_ "cgroup"
#define CHILD	DIR_ "child"		/* this program */
#define SECOND	"/sys/devices/system/cpu/cpu1/online"

#define EXECERS	4
#define AT_ONCE	50		/* children of each */
#define CHILD_STATUS	7

/* ---- what is run ---- */

static const struct {
	const char *path;
	bool sound;	/* runs, whatever is done to others */
} programs[] = {
	{ DIR_ "untagged", true },
	{ DIR_ "dynamic", true },
	{ DIR_ "static", true },
	{ DIR_ "hinted", true },
	{ CHILD, true },
	{ DIR_ "stale" },
	{ DIR_ "bad-segment" },
	{ DIR_ "no-interpreter" },
	{ VICTIM },
	{ MOUNT "/program" },
};

#define UNTAGGED	0

#define HEADERS		(sizeof(Elf_Ehdr) + (PH_INTERP + 1) * sizeof(Elf_Phdr))
#define MANY		200	/* execs by this module */

/* ---- what has happened ---- */

#define COUNTS(X)							\
	X(execs, "execs begun")						\
	X(loaded, "programs loaded by this module, at least")			\
	X(ran, "programs that ended as they should")			\
	X(refused, "execs refused")					\
	X(died, "processes that died")					\
	X(signals, "signals sent")					\
	X(traced, "tracers attached")					\
	X(ooms, "processes killed for their memory")			\
	X(limited, "execs in a small memory cgroup")			\
	X(written, "programs and interpreters overwritten or cut")	\
	X(busy, "times that they were busy")				\
	X(mounts, "file systems unmounted")				\
	X(detached, "of them while busy")				\
	X(unloads, "module unloaded and loaded")			\
	X(in_use, "times that it was in use")				\
	X(flips, "sysctls and parameters flipped")			\
	X(hotplugs, "processor switched off and on")

static struct shared {
	bool stop;
	bool untagged;		/* nothing of ours is to be begun */
	unsigned long wrong;
#define COUNT(name, text) unsigned long name;
	COUNTS(COUNT)
#undef COUNT
	/* What execve() said in a child, by its place. */
	int err[EXECERS][AT_ONCE];
} *shared;

#define count(name)	__atomic_add_fetch(&shared->name, 1, __ATOMIC_RELAXED)
#define stopped()	__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)

static void print_counts(void)
{
#define PRINT(name, text) \
	printf("# %lu %s\n", shared->name, text);
	COUNTS(PRINT)
#undef PRINT
	fflush(stdout);
}

/* ---- chance ---- */

static unsigned long long state;

static unsigned int chance(unsigned int of)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (state >> 33) % of;
}

static bool set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);
	bool is_set;

	/* The module's are not always there. */
	is_set = fd >= 0 && write(fd, value, strlen(value)) > 0;
	if (is_set)
		count(flips);
	if (fd >= 0)
		close(fd);
	return is_set;
}

/* ---- execs ---- */

struct job {
	pid_t pid;		/* 0: none */
	int program;
	bool disturbed;		/* by a signal of ours */
};

static void begin(struct job *job, int execer, int place)
{
	int program = shared->untagged ? UNTAGGED : chance(ARRAY_SIZE(programs));
	char *const argv[] = {
		(char *)programs[program].path, CHILD_PREFIX "short", NULL
	};

	shared->err[execer][place] = 0;
	job->pid = fork();
	if (job->pid < 0) {
		job->pid = 0;
		return;
	}
	if (!job->pid) {
		execve(programs[program].path, argv, argv + 2);
		shared->err[execer][place] = errno;
		_exit(127);
	}
	job->program = program;
	job->disturbed = false;
	count(execs);
}

static void disturb(struct job *job)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGSEGV, SIGUSR1 };

	if (!job->pid)
		return;
	switch (chance(8)) {
	case 0:
	case 1:
		job->disturbed = true;
		kill(job->pid, signals[chance(ARRAY_SIZE(signals))]);
		count(signals);
		break;
	case 2:
		kill(job->pid, SIGSTOP);
		usleep(chance(3000));
		kill(job->pid, SIGCONT);
		count(signals);
		break;
	}
}

/* Looks at how a child ended. */
static void judge(const struct job *job, int status, int err)
{
	bool sound = programs[job->program].sound;
	bool good = status == PROBE_STATUS << 8 || status == CHILD_STATUS << 8;

	if (err)
		count(refused);
	else if (WIFSIGNALED(status))
		count(died);
	else
		count(ran);
	if (job->disturbed || !sound || (good && !err))
		return;
	count(wrong);
	printf("# %s: %s, status %x\n", programs[job->program].path,
	       err ? strerror(err) : "runs", status);
	fflush(stdout);
}

static void exec_programs(int execer)
{
	struct job jobs[AT_ONCE] = {};
	int status, place;
	pid_t pid;

	while (!stopped()) {
		for (place = 0; place < AT_ONCE; place++)
			if (!jobs[place].pid)
				begin(&jobs[place], execer, place);
		for (place = 0; place < AT_ONCE; place += 10)
			disturb(&jobs[place + chance(10)]);
		/* At least one, and all that have ended. */
		for (pid = waitpid(-1, &status, 0); pid > 0;
		     pid = waitpid(-1, &status, WNOHANG)) {
			for (place = 0; place < AT_ONCE; place++)
				if (jobs[place].pid == pid)
					break;
			if (place == AT_ONCE)
				continue;
			jobs[place].pid = 0;
			judge(&jobs[place], status, shared->err[execer][place]);
		}
	}
	while ((pid = waitpid(-1, &status, 0)) > 0)
		;
}

/* A process of its own that attaches to those it starts. */
static void trace_programs(int unused)
{
	char *const argv[] = { CHILD, CHILD_PREFIX "short", NULL };
	int status;
	pid_t pid;

	while (!stopped()) {
		if (shared->untagged) {
			usleep(10000);
			continue;
		}
		pid = fork();
		if (!pid) {
			execve(CHILD, argv, argv + 2);
			_exit(127);
		}
		usleep(chance(20000));
		if (!ptrace(PTRACE_SEIZE, pid, 0, 0)) {
			count(traced);
			ptrace(PTRACE_INTERRUPT, pid, 0, 0);
		}
		while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status))
			ptrace(PTRACE_DETACH, pid, 0, 0);
	}
}

/* ---- what is done to them ---- */

/* Under its name only when it is whole: what is being run cannot be written. */
static void write_image(const char *path, const char *interp, bool tagged)
{
	char other[64];

	snprintf(other, sizeof(other), "%s.new", path);
	write_far_image(other, ET_DYN, interp, false, tagged);
	if (rename(other, path))
		die("%s: rename", path);
}

static void write_victims(void)
{
	write_image(VICTIM_INTERP, NULL, false);
	write_image(VICTIM, VICTIM_INTERP, true);
}

/*
 * Where it cannot be written, it is being run. Bytes change in the headers alone,
 * which are what a loader reads: code of chance may be a far return, whose stack
 * QEMU 7.2 reads with the rights of the kernel. The kernel takes a fault there
 * for its own ("supervisor read access in user mode"), without any module, too.
 */
static void spoil(const char *path)
{
	char byte = chance(256);
	int fd = open(path, O_WRONLY);

	if (fd < 0) {
		count(busy);
		return;
	}
	if (chance(2) ? ftruncate(fd, chance(IMAGE_INTERP)) :
			pwrite(fd, &byte, 1, chance(HEADERS)) < 0)
		perror(path);
	else
		count(written);
	close(fd);
}

static void write_to_programs(int unused)
{
	while (!stopped()) {
		spoil(chance(2) ? VICTIM : VICTIM_INTERP);
		usleep(chance(20000));
		if (chance(2))
			continue;
		/* New ones, since nobody can write to what runs. */
		write_victims();
	}
}

static void mount_and_unmount(int unused)
{
	while (!stopped()) {
		if (mount("none", MOUNT, "tmpfs", 0, NULL))
			die("mount");
		write_image(MOUNT "/program", INTERP, true);
		usleep(chance(200000));
		if (umount(MOUNT)) {
			if (umount2(MOUNT, MNT_DETACH))
				die("umount");
			count(detached);
		}
		count(mounts);
	}
}

static void limit_memory(int unused)
{
	/* From where an exec has no room, to where the program runs. */
	static const char *const limits[] = {
		"65536", "131072", "262144", "524288", "1048576", "4194304",
	};
	char *const argv[] = { CHILD, CHILD_PREFIX "eat", NULL };
	int status;
	pid_t pid;

	while (!stopped()) {
		const char *limit = limits[chance(ARRAY_SIZE(limits))];

		if (shared->untagged || access(CGROUP "/small", F_OK)) {
			usleep(10000);
			continue;
		}
		write_text(CGROUP "/small/memory.max", limit);
		pid = fork();
		if (!pid) {
			write_text(CGROUP "/small/cgroup.procs", "0");
			execve(CHILD, argv, argv + 2);
			_exit(127);
		}
		if (waitpid(pid, &status, 0) == pid && status == SIGKILL)
			count(ooms);
		count(limited);
		usleep(chance(50000));
	}
}

static void flip_settings(int unused)
{
	static const struct {
		const char *path, *value[2];
	} settings[] = {
		{ "/proc/sys/kernel/randomize_va_space", { "0", "2" } },
		{ "/proc/sys/vm/legacy_va_layout", { "0", "1" } },
		{ XELF_ENABLED, { "0", "1" } },
		{ XELF_ENABLED, { "1", "1" } },
		{ XELF_HINTS, { "0", "1" } },
	};
	int i;

	while (!stopped()) {
		i = chance(ARRAY_SIZE(settings));
		set(settings[i].path, settings[i].value[chance(2)]);
		usleep(chance(20000));
	}
}

/* It goes when nobody uses it; so for a while nobody begins to. */
static void load_and_unload(int unused)
{
	bool gone;
	long loaded = 0;
	int tries;

	while (!stopped()) {
		shared->untagged = chance(2);
		gone = false;
		for (tries = 0; tries < 500 && !stopped(); tries++) {
			/* Its counters go with it. */
			loaded = counter("loaded");
			gone = unload_module();
			if (gone)
				break;
			count(in_use);
			usleep(10000);
			if (tries > 50)
				shared->untagged = true;
		}
		shared->untagged = false;
		/* Once gone it is loaded again, also when all is to stop. */
		if (!gone)
			continue;
		shared->loaded += loaded;
		/* Meanwhile the kernel's loader runs them. */
		usleep(chance(200000));
		if (!load_module()) {
			count(wrong);
			return;
		}
		count(unloads);
		usleep(1000000 + chance(1000000));
	}
}

static void switch_processor(int unused)
{
	while (!stopped() && !access(SECOND, W_OK)) {
		if (set(SECOND, "0")) {
			usleep(chance(500000));
			if (set(SECOND, "1"))
				count(hotplugs);
		}
		usleep(3000000 + chance(2000000));
	}
}

/* ---- in the program under test ---- */

static int child(const char *what)
{
	size_t size = 16 << 20;
	char *room;

	if (!strcmp(what, "short")) {
		usleep(getpid() % 20 * 1000);
		return CHILD_STATUS;
	}
	room = malloc(size);
	if (room)
		memset(room, 1, size);
	return room ? room[size / 2] : 2;
}

/* ---- the test ---- */

static const struct {
	void (*work)(int which);
	int which;
} workers[] = {
	{ exec_programs, 0 }, { exec_programs, 1 },
	{ exec_programs, 2 }, { exec_programs, 3 },
	{ trace_programs }, { write_to_programs }, { mount_and_unmount },
	{ limit_memory }, { flip_settings }, { load_and_unload },
	{ switch_processor },
};

FIXTURE(stress) {
	unsigned int seconds;
	pid_t pids[ARRAY_SIZE(workers)];
};

FIXTURE_SETUP(stress)
{
	self->seconds = number_of_environment("STRESS_SECONDS", 30);
	shared = share_memory(sizeof(*shared));
	fresh_dir(DIR_);
	fresh_dir(MOUNT);
	fresh_dir(CGROUP);
	write_interp(INTERP, ET_DYN);
	write_program(DIR_ "dynamic", ET_DYN, INTERP);
	write_program(DIR_ "static", ET_DYN, NULL);
	write_far_image(DIR_ "untagged", ET_EXEC, NULL, false, false);
	write_program(DIR_ "no-interpreter", ET_DYN, "/none");
	write_refused(DIR_ "stale", DIR_ "bad-segment");
	write_program(DIR_ "hinted", ET_DYN, INTERP);
	append_usual_hints(DIR_ "hinted", INTERP);
	write_victims();
	write_self(CHILD);
	/* Without it, nobody is short of memory. */
	if (!mount("none", CGROUP, "cgroup2", 0, NULL)) {
		set(CGROUP "/cgroup.subtree_control", "+memory");
		if (mkdir(CGROUP "/small", 0755) ||
		    access(CGROUP "/small/memory.max", W_OK))
			rmdir(CGROUP "/small");
	}
	/* Those that the workers leave behind are ours to wait for. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

FIXTURE_TEARDOWN(stress)
{
	set("/proc/sys/kernel/randomize_va_space", "2");
	set("/proc/sys/vm/legacy_va_layout", "0");
	umount2(MOUNT, MNT_DETACH);
	rmdir(CGROUP "/small");
	umount2(CGROUP, MNT_DETACH);
	if (system("rm -rf " DIR_))
		ksft_print_msg("%s is left behind\n", DIR_);
}

static pid_t start_worker(int i, unsigned int seed)
{
	pid_t pid;
	int null;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	state = seed + i;
	/* What the programs print, and that of nobody else. */
	null = open("/dev/null", O_WRONLY);
	stdout = fdopen(dup(1), "w");
	dup2(null, 1);
	workers[i].work(workers[i].which);
	fflush(stdout);
	_exit(0);
}

/* All children, in so many seconds. */
static int wait_for_all(unsigned int seconds)
{
	time_t until = time(NULL) + seconds;
	int status, bad = 0;
	pid_t pid;

	while (time(NULL) < until) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid < 0)
			return bad;
		if (!pid)
			usleep(10000);
		else if (status)
			bad++;
	}
	return -1;
}

/* Of everything at least one, where the kernel has it. */
static bool all_has_happened(void)
{
	return shared->loaded >= MANY && shared->ran && shared->refused &&
	       shared->died && shared->signals && shared->traced &&
	       shared->written && shared->busy && shared->mounts &&
	       shared->detached && shared->unloads && shared->flips &&
	       ((shared->ooms && shared->limited) || access(CGROUP "/small", F_OK)) &&
	       (shared->hotplugs || access(SECOND, W_OK));
}

TEST_F_TIMEOUT(stress, ends_all_processes_and_leaves_the_module_unused, 1000000)
{
	unsigned int seed = number_of_environment("STRESS_SEED", time(NULL));
	time_t begun = time(NULL), now, told = begun;
	int i;

	ksft_print_msg("%u seconds; STRESS_SEED=%u\n", self->seconds, seed);
	for (i = 0; i < ARRAY_SIZE(workers); i++)
		self->pids[i] = start_worker(i, seed);
	/* On a slow machine, on until everything has happened, within reason. */
	while (((now = time(NULL)) < begun + self->seconds ||
		(!all_has_happened() && now < begun + self->seconds + 300)) &&
	       !shared->wrong) {
		usleep(100000);
		if (now < told + 10)
			continue;
		told = now;
		ksft_print_msg("%ld of %u seconds, %lu execs, module unloaded %lu times\n",
			       (long)(now - begun), self->seconds, shared->execs,
			       shared->unloads);
		fflush(stdout);
	}
	shared->stop = true;
	EXPECT_EQ(0, wait_for_all(60));
	shared->loaded += counter("loaded");
	print_counts();
	EXPECT_EQ(0, shared->wrong);
	EXPECT_TRUE(all_has_happened());
	EXPECT_TRUE(soon(module_is_unused));
	EXPECT_TRUE(soon(unload_module));
	EXPECT_TRUE(load_module());
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strncmp(argv[1], CHILD_PREFIX, strlen(CHILD_PREFIX)))
		return child(argv[1] + strlen(CHILD_PREFIX));
	return test_harness_run(argc, argv);
}

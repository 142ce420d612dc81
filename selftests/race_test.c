// SPDX-License-Identifier: GPL-2.0-only
/*
 * What changes under an exec while it is under way, and what is left of the old
 * program after it: modes, sysctls, the module's switch, write access, files
 * that shrink; timers, locks, shared memory, kernel structures.
 */
#include "both.h"

#include <linux/aio_abi.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#define DIR_	"/tmp/race_test/"
#define PROGRAM	DIR_ "program"	/* the probe */
#define INTERP	DIR_ "interp"
#define CHILD	DIR_ "child"	/* this program */

#define RUNS	60

/* ---- in the program under test ---- */

#define PRIVILEGED	99

#define AIO_CONTEXTS	"/proc/sys/fs/aio-nr"

/* What of its predecessor's can it still find? */
static int child_leftovers(int shm, unsigned long timer)
{
	struct itimerval interval = {};
	struct itimerspec left;
	struct shmid_ds shared;
	stack_t stack;
	int value = -1;

	getitimer(ITIMER_REAL, &interval);
	printf("interval-timer %d\n", !!interval.it_value.tv_sec);
	getitimer(ITIMER_VIRTUAL, &interval);
	printf("virtual-timer %d\n", !!interval.it_value.tv_sec);
	errno = 0;
	syscall(SYS_timer_gettime, (int)timer, &left);
	printf("posix-timer %x\n", errno);
	if (shmctl(shm, IPC_STAT, &shared))
		die("shmctl");
	printf("shared-memory %lx\n", (unsigned long)shared.shm_nattch);
	printf("aio %lx\n", number_in(AIO_CONTEXTS));
	sigaltstack(NULL, &stack);
	printf("signal-stack %x\n", stack.ss_flags);
	printf("timer-slack %x\n", prctl(PR_GET_TIMERSLACK));
	printf("no-huge-pages %x\n", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	prctl(PR_GET_CHILD_SUBREAPER, &value);
	printf("subreaper %x\n", value);
	printf("no-new-privs %x\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	printf("end\n");
	return 0;
}

static int child(int argc, char **argv)
{
	const char *what = argv[1] + strlen(CHILD_PREFIX);

	if (!strcmp(what, "privileged"))
		return geteuid() && getegid() != OTHER ? 0 : PRIVILEGED;
	if (!strcmp(what, "leftovers") && argc > 3)
		return child_leftovers(atoi(argv[2]), atoi(argv[3]));
	if (!strcmp(what, "pause"))
		for (;;)
			pause();
	return 2;
}

/* ---- the tests ---- */

FIXTURE(race) {
	struct run r[2];
	struct run how;
	pid_t other;		/* the process that changes things meanwhile */
};

FIXTURE_SETUP(race)
{
	write_all(DIR_, PROGRAM, INTERP, CHILD);
}

static void stop_other(pid_t *other)
{
	if (*other > 0) {
		kill(*other, SIGKILL);
		waitpid(*other, NULL, 0);
	}
	*other = 0;
}

FIXTURE_TEARDOWN(race)
{
	stop_other(&self->other);
	set_enabled(true);
	remove_dir(DIR_);
}

/* A process that does something over and over until it is stopped. */
static pid_t start_other(void (*something)(int round))
{
	pid_t pid;
	int i;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		for (i = 0;; i++)
			something(i);
	return pid;
}

/* ---- under way ---- */

/* Everybody may run it, or it is setuid and setgid and others may not. */
static void change_mode(int round)
{
	if (chmod(CHILD, round % 2 ? 06750 : 0755))
		_exit(1);
}

/* CVE-2024-43882: who may run it only without the bits never runs with them. */
TEST_F(race, a_changing_mode_gives_nobody_what_neither_mode_gives)
{
	char *const argv[] = { CHILD, CHILD_PREFIX "privileged", NULL };
	int ours, i;

	/* The kernel's own, in what both loaders call: not for us to mend. */
	if (kernel_release() < KERNEL(6, 1))
		SKIP(return, "5.10.223 has CVE-2024-43882");
	ASSERT_EQ(0, chown(CHILD, 0, OTHER));
	self->how.argv = argv;
	self->how.setup = become_nobody;
	for (ours = 0; ours < 2; ours++) {
		long loaded = counter("loaded");
		int ran = 0, refused = 0;

		self->other = start_other(change_mode);
		/* On until both have been seen often, within reason. */
		for (i = 0; i < 40 * RUNS && (i < RUNS || ran < 10 ||
					      refused < 10); i++) {
			struct run r = self->how;

			run_under(ours, CHILD, &r);
			ran += !r.err;
			refused += r.err == EACCES;
			ASSERT_TRUE(!r.err || r.err == EACCES);
			EXPECT_EQ(0, r.status & ~(r.err ? 0xff00 : 0));
		}
		stop_other(&self->other);
		EXPECT_LE(10, ran);
		EXPECT_LE(10, refused);
		EXPECT_EQ(ours ? ran : 0, counter("loaded") - loaded);
	}
	/* The twin: a mode that gives both, and others may run it. */
	ASSERT_EQ(0, chmod(CHILD, 06755));
	run_both(_metadata, CHILD, &self->how, self->r, 1);
	EXPECT_EQ(PRIVILEGED << 8, self->r[1].status);
}

static const struct {
	const char *path;
	const char *value[2];	/* the usual one first */
} sysctls[] = {
	{ "/proc/sys/vm/legacy_va_layout", { "0", "1" } },
	{ "/proc/sys/vm/mmap_rnd_bits", { TEST_MMAP_BITS_FEW, TEST_MMAP_BITS_MANY } },
	{ "/proc/sys/vm/overcommit_memory", { "0", "1" } },
	{ "/proc/sys/vm/mmap_min_addr", { "65536", "4096" } },
	{ "/proc/sys/kernel/randomize_va_space", { "2", "0" } },
	{ "/proc/sys/fs/suid_dumpable", { "0", "2" } },
};

static void flip_sysctls(int round)
{
	size_t i = round / 2 % ARRAY_SIZE(sysctls);

	write_text(sysctls[i].path, sysctls[i].value[(round + 1) % 2]);
}

TEST_F(race, flipping_sysctls_meanwhile_crash_no_program)
{
	char before[ARRAY_SIZE(sysctls)][32];
	int ours, i;

	for (i = 0; i < ARRAY_SIZE(sysctls); i++)
		read_text(sysctls[i].path, before[i], sizeof(before[i]));
	self->other = start_other(flip_sysctls);
	for (ours = 0; ours < 2; ours++) {
		long loaded = counter("loaded");

		for (i = 0; i < RUNS; i++) {
			struct run r = { .aslr = true };

			run_under(ours, PROGRAM, &r);
			EXPECT_EQ(0, r.err);
			EXPECT_EQ(PROBE_STATUS << 8, r.status);
		}
		EXPECT_EQ(ours ? RUNS : 0, counter("loaded") - loaded);
	}
	/* It could write them all. */
	EXPECT_EQ(0, waitpid(self->other, NULL, WNOHANG));
	stop_other(&self->other);
	for (i = 0; i < ARRAY_SIZE(sysctls); i++)
		write_text(sysctls[i].path, before[i]);
}

static void flip_enabled(int round)
{
	set_enabled(round % 2);
}

TEST_F(race, switching_the_module_meanwhile_fails_no_exec)
{
	long loaded = counter("loaded");
	int i;

	self->other = start_other(flip_enabled);
	/* On until either loader had some, within reason. */
	for (i = 0; i < 20 * RUNS; i++) {
		struct run r = {};
		long ours = counter("loaded") - loaded;

		if (i >= RUNS && ours >= 10 && i - ours >= 10)
			break;
		run(PROGRAM, &r);
		EXPECT_EQ(0, r.err);
		EXPECT_EQ(PROBE_STATUS << 8, r.status);
	}
	stop_other(&self->other);
	EXPECT_LE(10, counter("loaded") - loaded);
	EXPECT_LE(10, i - (counter("loaded") - loaded));
}

static void try_to_write(int round)
{
	const char *path = round % 2 ? PROGRAM : INTERP;
	int err = try_open(path, O_RDWR);

	if (err && err != ETXTBSY)
		_exit(1);
}

TEST_F(race, a_writer_and_an_exec_keep_each_other_out)
{
	int ours, i;

	for (ours = 0; ours < 2; ours++) {
		long loaded = counter("loaded");
		int ran = 0;

		self->other = start_other(try_to_write);
		for (i = 0; i < RUNS; i++) {
			struct run r = {};

			run_under(ours, PROGRAM, &r);
			ASSERT_TRUE(!r.err || r.err == ETXTBSY);
			if (!r.err)
				EXPECT_EQ(PROBE_STATUS << 8, r.status);
			ran += !r.err;
		}
		/* It is there still: it met nothing but ETXTBSY. */
		EXPECT_EQ(0, waitpid(self->other, NULL, WNOHANG));
		stop_other(&self->other);
		EXPECT_LT(0, ran);
		EXPECT_EQ(ours ? ran : 0, counter("loaded") - loaded);
		/* Nothing is held that was not given back. */
		EXPECT_EQ(0, try_open(PROGRAM, O_RDWR));
		EXPECT_EQ(0, try_open(INTERP, O_RDWR));
	}
}

/* ---- files that shrink ---- */

/* Waits until the program is in its read(). */
static void await_read(pid_t pid)
{
	char path[64], call[256];

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	do {
		usleep(1000);
		read_text(path, call, sizeof(call));
	} while (memcmp(call, TEST_READ, strlen(TEST_READ)));
}

/* Until 5.15 a mapped interpreter was as safe from writers as the program. */
static bool truncates_mapped(void)
{
	return kernel_release() >= KERNEL(5, 15);
}

/* Its status, if meanwhile the interpreter's file lost its contents or not. */
static int run_shrinking(struct __test_metadata *_metadata, bool ours,
			 bool shrink)
{
	char *const argv[] = { PROGRAM, NULL };
	long loaded = counter("loaded");
	int ends[2], status;
	pid_t pid;

	image_init_short(ET_DYN);
	image_write(&image, INTERP, false);
	if (pipe(ends))
		die("pipe");
	fflush(stdout);
	set_enabled(ours);
	pid = vfork();
	if (!pid) {
		dup2(ends[0], 0);
		execve(PROGRAM, argv, argv + 1);
		_exit(127);
	}
	await_read(pid);
	set_enabled(true);
	/* The program's own file is not to be had. */
	EXPECT_EQ(-1, truncate(PROGRAM, 0));
	EXPECT_EQ(ETXTBSY, errno);
	if (shrink && truncates_mapped()) {
		EXPECT_EQ(0, truncate(INTERP, 0));
	} else if (shrink) {
		EXPECT_EQ(-1, truncate(INTERP, 0));
		EXPECT_EQ(ETXTBSY, errno);
	}
	if (write(ends[1], "x", 1) != 1)
		die("pipe");
	close(ends[0]);
	close(ends[1]);
	waitpid(pid, &status, 0);
	EXPECT_EQ(ours, counter("loaded") - loaded);
	return status;
}

TEST_F(race, an_interpreter_that_shrinks_ends_it_by_SIGBUS)
{
	int ours;

	for (ours = 0; ours < 2; ours++) {
		EXPECT_EQ(0, run_shrinking(_metadata, ours, false));
		EXPECT_EQ(truncates_mapped() ? SIGBUS : 0,
			  run_shrinking(_metadata, ours, true) & 0x7f);
	}
}

/* ---- what is left ---- */

static int shared_memory;
static char shared_name[16], timer_name[16];

static char *leftovers_argv[] = {
	CHILD, CHILD_PREFIX "leftovers", shared_name, timer_name, NULL
};

/* Has one of each, and leaves them to the exec. */
static void take_things(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	struct itimerval interval = { .it_value = { .tv_sec = 1000 } };
	struct itimerspec timeout = { .it_value = { .tv_sec = 1000 } };
	stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };
	aio_context_t aio = 0;
	int timer;

	if (setitimer(ITIMER_REAL, &interval, NULL) ||
	    setitimer(ITIMER_VIRTUAL, &interval, NULL) ||
	    syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) ||
	    syscall(SYS_timer_settime, timer, 0, &timeout, NULL) ||
	    syscall(SYS_io_setup, 8, &aio) ||
	    shmat(shared_memory, NULL, 0) == (void *)-1 ||
	    sigaltstack(&stack, NULL) ||
	    prctl(PR_SET_TIMERSLACK, 12345) ||
	    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		die("what the old program has");
	snprintf(timer_name, sizeof(timer_name), "%d", timer);
}

TEST_F(race, of_the_old_program_that_is_left_which_is_left_untagged)
{
	shared_memory = shmget(IPC_PRIVATE, 4096, 0600);
	ASSERT_LE(0, shared_memory);
	snprintf(shared_name, sizeof(shared_name), "%d", shared_memory);
	EXPECT_EQ(0, number_in(AIO_CONTEXTS));
	self->how.argv = leftovers_argv;
	self->how.setup = take_things;
	run_both(_metadata, CHILD, &self->how, self->r, 1);
	shmctl(shared_memory, IPC_RMID, NULL);
	EXPECT_EQ(0, self->r[1].status);
	EXPECT_EQ(1UL, number_of(seen[1], "interval-timer"));
	EXPECT_EQ(1UL, number_of(seen[1], "virtual-timer"));
	EXPECT_EQ((unsigned long)EINVAL, number_of(seen[1], "posix-timer"));
	EXPECT_EQ(0UL, number_of(seen[1], "shared-memory"));
	EXPECT_EQ(0UL, number_of(seen[1], "aio"));
	EXPECT_EQ((unsigned long)SS_DISABLE, number_of(seen[1], "signal-stack"));
	EXPECT_EQ(12345UL, number_of(seen[1], "timer-slack"));
	EXPECT_EQ(1UL, number_of(seen[1], "no-huge-pages"));
	EXPECT_EQ(1UL, number_of(seen[1], "no-new-privs"));
	EXPECT_NE(NULL, strstr(seen[1], "end\n"));
}

TEST_F(race, the_kernel_forgets_robust_locks_and_rseq)
{
	struct __ptrace_rseq_configuration rseq;
	struct run how = { .aslr = true, .stopped = true, .traced = true };
	int ours, status, stop;
	size_t size;
	void *head;
	pid_t pid;

	for (ours = 0; ours < 2; ours++) {
		long loaded = counter("loaded");

		set_enabled(ours);
		pid = start_stopped(PROGRAM, &how, "/dev/null");
		/* Before the exec, and after it. */
		for (stop = 0; stop < 2; stop++) {
			ASSERT_EQ(0, syscall(SYS_get_robust_list, pid, &head,
					     &size));
			EXPECT_EQ(!stop, !!head);
			/* Before 5.13 nobody can ask. */
			if (kernel_release() >= KERNEL(5, 13)) {
				ASSERT_EQ(sizeof(rseq),
					  ptrace(PTRACE_GET_RSEQ_CONFIGURATION,
						 pid, sizeof(rseq), &rseq));
				EXPECT_EQ(!stop, !!rseq.rseq_abi_pointer);
			}
			if (stop)
				continue;
			ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
			ASSERT_EQ(pid, waitpid(pid, &status, 0));
			ASSERT_TRUE(WIFSTOPPED(status));
		}
		set_enabled(true);
		EXPECT_EQ(ours, counter("loaded") - loaded);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
}

TEST_F(race, a_robust_lock_held_over_the_exec_is_given_up)
{
	char *const argv[] = { CHILD, CHILD_PREFIX "pause", NULL };
	pthread_mutexattr_t attr;
	pthread_mutex_t *mutex;
	int ours, status;
	pid_t pid;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	mutex = share_memory(sizeof(*mutex));
	for (ours = 0; ours < 2; ours++) {
		struct timespec until = { .tv_sec = time(NULL) + 10 };
		long loaded = counter("loaded");
		int ends[2];
		char byte;

		ASSERT_EQ(0, pthread_mutex_init(mutex, &attr));
		ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
		fflush(stdout);
		set_enabled(ours);
		pid = fork();
		if (!pid) {
			pthread_mutex_lock(mutex);
			if (write(ends[1], "x", 1) == 1)
				execve(CHILD, argv, argv + 2);
			_exit(127);
		}
		/* Locked; and then the exec closes the pipe. */
		close(ends[1]);
		ASSERT_EQ(1, read(ends[0], &byte, 1));
		ASSERT_EQ(0, read(ends[0], &byte, 1));
		EXPECT_EQ(EOWNERDEAD, pthread_mutex_timedlock(mutex, &until));
		EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
		while (ours && counter("loaded") == loaded)
			usleep(1000);
		set_enabled(true);
		EXPECT_EQ(ours, counter("loaded") - loaded);
		close(ends[0]);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		pthread_mutex_destroy(mutex);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strncmp(argv[1], CHILD_PREFIX, strlen(CHILD_PREFIX)))
		return child(argc, argv);
	return test_harness_run(argc, argv);
}

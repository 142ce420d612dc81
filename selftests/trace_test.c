// SPDX-License-Identifier: GPL-2.0-only
/*
 * ptrace and seccomp: the stops of an exec, their order and what the tracer can
 * ask at each, breakpoints, and filters that bind the program.
 */
#include "both.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

#define DIR_	"/tmp/trace_test/"
#define PROGRAM	DIR_ "program"	/* the probe */
#define INTERP	DIR_ "interp"
#define CHILD	DIR_ "child"	/* this program */
#define OUTPUT	DIR_ "output"

/* ---- in the program under test ---- */

static void *sleep_on(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void *exec_pause(void *path)
{
	char *const argv[] = { path, CHILD_PREFIX "pause", NULL };

	execve(path, argv, argv + 2);
	exit(1);
}

/* Another thread than the first execs. */
static int child_thread_exec(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, exec_pause, CHILD))
		die("pthread_create");
	sleep_on(NULL);
	return 1;
}

static int child(const char *what)
{
	if (!strcmp(what, "pause"))
		sleep_on(NULL);
	if (!strcmp(what, "thread-exec"))
		return child_thread_exec();
	return 2;
}

/* ---- the tests ---- */

FIXTURE(trace) {
	struct run r[2];
	struct run how;
};

FIXTURE_SETUP(trace)
{
	write_all(DIR_, PROGRAM, INTERP, CHILD);
}

FIXTURE_TEARDOWN(trace)
{
	remove_dir(DIR_);
}

/* A process of ours to trace, stopped before its exec. */
static pid_t start_traced(const char *path, const char *what,
			  void (*setup)(void))
{
	char *const argv[] = { (char *)path, (char *)what, NULL };
	struct run how = {
		.argv = argv,
		.setup = setup,
		.stopped = true,
		.traced = true,
	};

	return start_stopped(path, &how, OUTPUT);
}

/*
 * One line about a stop: which, and what the tracer can ask. Behind "op" come
 * what the kernel has to say of a system call: 1 or 3 and its number where it
 * begins, 2 and what it returns where it ends, else 0.
 */
static void log_stop(FILE *to, pid_t pid, int status)
{
	struct __ptrace_syscall_info info = {};
	struct test_regs regs = {};
	unsigned long message = 0;
	long long number = 0;

	fprintf(to, "stop %x ", status >> 8);
	test_get_regs(pid, &regs);
	if (status >> 16 && !ptrace(PTRACE_GETEVENTMSG, pid, 0, &message))
		fprintf(to, "message %s ", message == (unsigned long)pid ?
			"own" : "other");
	ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info);
	switch (info.op) {
	case PTRACE_SYSCALL_INFO_ENTRY:
		number = info.entry.nr;
		break;
	case PTRACE_SYSCALL_INFO_EXIT:
		number = info.exit.rval;
		break;
	case PTRACE_SYSCALL_INFO_SECCOMP:
		number = info.seccomp.nr;
		break;
	}
	fprintf(to, "op %d %lld call %lx result %lx ip %lx sp %lx\n", info.op,
		number, regs.r[TEST_CALL], regs.r[TEST_RESULT],
		regs.r[TEST_PC], regs.r[TEST_SP]);
}

/* The stop in @text whose line begins so; NULL if there is none. */
static const char *find_stop(const char *text, const char *stop, long number)
{
	char line[64];

	snprintf(line, sizeof(line), "stop %s %ld ", stop, number);
	return strstr(text, line);
}

/* Lets it run to its end with @request, and logs its stops to seen[ours]. */
static void log_all(struct __test_metadata *_metadata, pid_t pid, int request,
		    bool ours)
{
	FILE *to = fmemopen(seen[ours], sizeof(seen[ours]), "w");
	int status, signal = 0;

	ASSERT_NE(NULL, to);
	for (;;) {
		ASSERT_EQ(0, ptrace(request, pid, 0, signal));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		if (!WIFSTOPPED(status))
			break;
		log_stop(to, pid, status);
		signal = 0;
	}
	fprintf(to, "status %x\n", status);
	fclose(to);
}

static void log_both(struct __test_metadata *_metadata, int options,
		     int request, void (*setup)(void))
{
	int ours;

	for (ours = 0; ours < 2; ours++) {
		long loaded = counter("loaded");
		pid_t pid = start_traced(PROGRAM, NULL, setup);

		ASSERT_EQ(0, ptrace(PTRACE_SETOPTIONS, pid, 0, options));
		set_enabled(ours);
		log_all(_metadata, pid, request, ours);
		set_enabled(true);
		EXPECT_EQ(ours, counter("loaded") - loaded);
	}
	EXPECT_TRUE(same_text(seen[0], seen[1]));
	EXPECT_NE(NULL, strstr(seen[1], "status 2a00\n"));
}

TEST_F(trace, the_exec_event_comes_before_the_calls_end_which_returns_0)
{
	const char *entry, *event, *exit;

	ASSERT_EQ(0x2a, PROBE_STATUS);
	log_both(_metadata, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC,
		 PTRACE_SYSCALL, NULL);
	entry = find_stop(seen[1], "85 op 1", SYS_execve);
	event = find_stop(seen[1], "405 message own op 0", 0);
	exit = find_stop(seen[1], "85 op 2", 0);
	ASSERT_NE(NULL, entry);
	ASSERT_NE(NULL, event);
	ASSERT_NE(NULL, exit);
	EXPECT_LT(entry, event);
	EXPECT_LT(event, exit);
}

TEST_F(trace, without_options_a_signal_tells_of_the_exec)
{
	log_both(_metadata, 0, PTRACE_CONT, NULL);
	EXPECT_EQ(0, memcmp(seen[1], "stop 5 op 0 ", 12));
}

TEST_F(trace, a_seized_program_stops_only_where_it_was_asked_to)
{
	int ours, options;

	self->how.stopped = true;
	for (options = 0; options <= PTRACE_O_TRACEEXEC;
	     options += PTRACE_O_TRACEEXEC) {
		for (ours = 0; ours < 2; ours++) {
			long loaded = counter("loaded");
			pid_t pid = start_stopped(PROGRAM, &self->how, OUTPUT);
			int status;

			ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, 0, options));
			kill(pid, SIGCONT);
			ASSERT_EQ(pid, waitpid(pid, &status, 0));
			set_enabled(ours);
			log_all(_metadata, pid, PTRACE_CONT, ours);
			set_enabled(true);
			EXPECT_EQ(ours, counter("loaded") - loaded);
		}
		EXPECT_TRUE(same_text(seen[0], seen[1]));
		EXPECT_EQ(!!options, !!strstr(seen[1], "stop 405 "));
		EXPECT_EQ(NULL, strstr(seen[1], "stop 5 "));
	}
}

/* Waits for that stop of @pid, 0 if no event's, and returns its message. */
static unsigned long await_event(struct __test_metadata *_metadata, pid_t pid,
				 int event)
{
	unsigned long message = 0;
	int status = 0;

	EXPECT_EQ(pid, waitpid(pid, &status, __WALL));
	EXPECT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(event, status >> 16);
	EXPECT_EQ(0, ptrace(PTRACE_GETEVENTMSG, pid, 0, &message));
	return message;
}

TEST_F(trace, a_thread_that_execs_tells_the_number_it_had)
{
	int ours;

	for (ours = 0; ours < 2; ours++) {
		pid_t pid = start_traced(CHILD, CHILD_PREFIX "thread-exec",
					 NULL);
		long loaded = counter("loaded");
		pid_t thread;

		ASSERT_EQ(0, ptrace(PTRACE_SETOPTIONS, pid, 0,
				    PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE |
				    PTRACE_O_EXITKILL));
		set_enabled(ours);
		ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
		EXPECT_EQ((unsigned long)pid,
			  await_event(_metadata, pid, PTRACE_EVENT_EXEC));
		ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
		thread = await_event(_metadata, pid, PTRACE_EVENT_CLONE);
		EXPECT_NE(pid, thread);
		/* The new one begins stopped; both are let go. */
		await_event(_metadata, thread, 0);
		ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
		ASSERT_EQ(0, ptrace(PTRACE_CONT, thread, 0, 0));
		/* It tells as the process that it becomes. */
		EXPECT_EQ((unsigned long)thread,
			  await_event(_metadata, pid, PTRACE_EVENT_EXEC));
		set_enabled(true);
		EXPECT_EQ(ours ? 2 : 0, counter("loaded") - loaded);
		kill(pid, SIGKILL);
		while (waitpid(-1, NULL, __WALL) > 0)
			;
	}
}

/* A tracer that dies once its tracee runs a program. Its pid goes to @to. */
static void short_lived_tracer(int to, int options)
{
	pid_t pid = start_traced(CHILD, CHILD_PREFIX "pause", NULL);
	int status;

	ptrace(PTRACE_SETOPTIONS, pid, 0, options | PTRACE_O_TRACEEXEC);
	ptrace(PTRACE_CONT, pid, 0, 0);
	waitpid(pid, &status, 0);
	ptrace(PTRACE_CONT, pid, 0, 0);
	_exit(write(to, &pid, sizeof(pid)) != sizeof(pid) ||
	      status >> 16 != PTRACE_EVENT_EXEC);
}

TEST_F(trace, PTRACE_O_EXITKILL_outlasts_the_exec)
{
	int ours, options, status, ends[2];
	pid_t tracer, pid;

	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ASSERT_EQ(0, pipe(ends));
	for (ours = 0; ours < 2; ours++)
		for (options = 0; options <= PTRACE_O_EXITKILL;
		     options += PTRACE_O_EXITKILL) {
			long loaded = counter("loaded");

			set_enabled(ours);
			tracer = fork();
			if (!tracer)
				short_lived_tracer(ends[1], options);
			ASSERT_EQ(tracer, waitpid(tracer, &status, 0));
			ASSERT_EQ(0, status);
			ASSERT_EQ(sizeof(pid),
				  read(ends[0], &pid, sizeof(pid)));
			set_enabled(true);
			EXPECT_EQ(ours, counter("loaded") - loaded);
			/* Without it, it lives on until somebody ends it. */
			if (!options)
				kill(pid, SIGTERM);
			ASSERT_EQ(pid, waitpid(pid, &status, 0));
			EXPECT_EQ(options ? SIGKILL : SIGTERM, status);
		}
}

TEST_F(trace, a_breakpoint_stops_it_and_stays_out_of_the_file)
{
	int ours, status;

	for (ours = 0; ours < 2; ours++) {
		long loaded = counter("loaded");
		pid_t pid = start_traced(PROGRAM, NULL, NULL);
		struct test_regs regs;
		siginfo_t info;
		unsigned long at;
		long word;

		set_enabled(ours);
		ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		set_enabled(true);
		ASSERT_EQ(ours, counter("loaded") - loaded);
		ASSERT_EQ(0, test_get_regs(pid, &regs));
		at = regs.r[TEST_PC];
		word = ptrace(PTRACE_PEEKTEXT, pid, at, 0);
		ASSERT_EQ(0, ptrace(PTRACE_POKETEXT, pid, at,
				    TEST_BREAKPOINT(word)));
		ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(SIGTRAP << 8 | 0x7f, status);
		ASSERT_EQ(0, ptrace(PTRACE_GETSIGINFO, pid, 0, &info));
		EXPECT_EQ(TEST_BREAKPOINT_CODE, info.si_code);
		ASSERT_EQ(0, test_get_regs(pid, &regs));
		EXPECT_EQ(at + TEST_BREAKPOINT_SIZE, regs.r[TEST_PC]);
		regs.r[TEST_PC] = at;
		ASSERT_EQ(0, test_set_regs(pid, &regs));
		ASSERT_EQ(0, ptrace(PTRACE_POKETEXT, pid, at, word));
		ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(PROBE_STATUS << 8, status);
		read_text(OUTPUT, seen[ours], sizeof(seen[ours]));
	}
	EXPECT_TRUE(same_text(seen[0], seen[1]));
	EXPECT_NE(NULL, strstr(seen[1], "\nend\n"));
	run_both(_metadata, PROGRAM, &self->how, self->r, 1);
	EXPECT_EQ(PROBE_STATUS << 8, self->r[1].status);
}

/* ---- seccomp ---- */

static int filtered[16], filtered_count;
static unsigned int filter_action;

/* These system calls end in @filter_action, all others are let through. */
static void install_filter(void)
{
	struct sock_filter code[64] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog program = { .len = 1, .filter = code };
	int i;

	for (i = 0; i < filtered_count; i++) {
		code[program.len++] = (struct sock_filter)
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, filtered[i], 0, 1);
		code[program.len++] = (struct sock_filter)
			BPF_STMT(BPF_RET | BPF_K, filter_action);
	}
	code[program.len++] = (struct sock_filter)
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		die("PR_SET_SECCOMP");
}

#define set_filter(action, ...) do {					\
	const int numbers[] = { __VA_ARGS__ };				\
									\
	memcpy(filtered, numbers, sizeof(numbers));			\
	filtered_count = ARRAY_SIZE(numbers);				\
	filter_action = (action);					\
} while (0)

TEST_F(trace, a_seccomp_filter_binds_the_program_and_not_its_loader)
{
	self->how.setup = install_filter;
	set_filter(SECCOMP_RET_ERRNO | EUCLEAN, TEST_MMAP, SYS_munmap, SYS_brk,
		   SYS_mprotect, SYS_mremap, SYS_pread64, SYS_openat);
	run_both(_metadata, PROGRAM, &self->how, self->r, 1);
	EXPECT_EQ(PROBE_STATUS << 8, self->r[1].status);
	EXPECT_EQ((unsigned long)-EUCLEAN, number_of(seen[1], "brk"));

	set_filter(SECCOMP_RET_KILL_PROCESS, TEST_MMAP, SYS_munmap, SYS_mprotect,
		   SYS_mremap, SYS_pread64);
	run_both(_metadata, PROGRAM, &self->how, self->r, 1);
	EXPECT_EQ(PROBE_STATUS << 8, self->r[1].status);

	/* The twin: a call that the program does make. */
	set_filter(SECCOMP_RET_KILL_PROCESS, SYS_brk);
	run_both(_metadata, PROGRAM, &self->how, self->r, 1);
	EXPECT_EQ(SIGSYS, WTERMSIG(self->r[1].status));
}

TEST_F(trace, a_seccomp_filter_may_deny_the_exec)
{
	self->how.setup = install_filter;
	set_filter(SECCOMP_RET_ERRNO | EUCLEAN, SYS_execve);
	run_both(_metadata, PROGRAM, &self->how, self->r, 0);
	EXPECT_EQ(EUCLEAN, self->r[1].err);
}

TEST_F(trace, a_seccomp_stop_comes_before_the_exec_event)
{
	const char *stop, *event;

	set_filter(SECCOMP_RET_TRACE | 7, SYS_execve, SYS_brk);
	log_both(_metadata, PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEEXEC,
		 PTRACE_CONT, install_filter);
	stop = find_stop(seen[1], "705 message other op 3", SYS_execve);
	event = strstr(seen[1], "stop 405 ");
	ASSERT_NE(NULL, stop);
	ASSERT_NE(NULL, event);
	EXPECT_LT(stop, event);
	EXPECT_NE(NULL, find_stop(event, "705 message other op 3", SYS_brk));
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strncmp(argv[1], CHILD_PREFIX, strlen(CHILD_PREFIX)))
		return child(argv[1] + strlen(CHILD_PREFIX));
	return test_harness_run(argc, argv);
}

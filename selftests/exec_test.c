// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ways into an exec and what is left of the old program afterwards: every
 * form of execve(), scripts, ptrace, vfork, threads, write access, signals.
 */
#include "both.h"

#include <limits.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

#define DIR_	"/tmp/exec_test/"
#define PROGRAM	DIR_ "program"	/* the probe */
#define INTERP	DIR_ "interp"
#define CHILD	DIR_ "child"	/* this program */
#define SCRIPT	DIR_ "script"

/* ---- in the program under test ---- */

/* Prints a file of /proc with null bytes as '|'. */
static void report_file(const char *name, const char *path)
{
	static char data[65536];
	size_t size = read_file(path, data, sizeof(data)), i;

	printf("%s ", name);
	for (i = 0; i < size; i++)
		putchar(data[i] ? data[i] : '|');
	if (!size || data[size - 1] != '\n')
		putchar('\n');
}

static void report_link(const char *name, const char *path)
{
	char target[PATH_MAX] = "";

	if (readlink(path, target, sizeof(target) - 1) < 0)
		snprintf(target, sizeof(target), "errno %d", errno);
	printf("%s %s\n", name, target);
}

/* start_code to start_stack, start_data to env_end: see proc(5). */
static void print_stat(FILE *to, const char *stat)
{
	const char *p = strrchr(stat, ')');
	int field = 2;

	for (; *p; p++) {
		if (*p != ' ')
			continue;
		field++;
		if ((field >= 26 && field <= 28) || (field >= 45 && field <= 51))
			fprintf(to, "stat-%d %lu\n", field, strtoul(p, NULL, 10));
	}
}

static int child_report(void)
{
	/* These do not count pages, time or processes. */
	static const char *const names[] = {
		"Name", "Umask", "Threads", "SigPnd", "ShdPnd", "SigBlk",
		"SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd",
		"NoNewPrivs", "Seccomp", "VmSize", "VmData", "VmStk", "VmExe",
		"VmLib", NULL
	};
	static char stat[4096];
	int fd;

	report_file("comm", "/proc/self/comm");
	report_link("exe", "/proc/self/exe");
	report_file("cmdline", "/proc/self/cmdline");
	report_file("environ", "/proc/self/environ");
	printf("execfn %s\n", (const char *)getauxval(AT_EXECFN));
	printf("leader %d\n", getpid() == syscall(SYS_gettid));
	report_status(names);
	print_stat(stdout, read_text("/proc/self/stat", stat, sizeof(stat)));
	for (fd = 3; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("open %d\n", fd);
	printf("end\n");
	return 0;
}

static void *sleep_on(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void *exec_report(void *path)
{
	char *const argv[] = { path, CHILD_PREFIX "report", NULL };
	char *const envp[] = { NULL };

	execve(path, argv, envp);
	printf("execve: %s\n", strerror(errno));
	exit(1);
}

/* Another thread than the first execs; the first and two more are asleep. */
static int child_thread_exec(char *path)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, sleep_on, NULL) ||
	    pthread_create(&thread, NULL, sleep_on, NULL) ||
	    pthread_create(&thread, NULL, exec_report, path))
		die("pthread_create");
	sleep_on(NULL);
	return 1;
}

static void write_exclusive(const char *path)
{
	image_init(&image, ET_EXEC);
	memcpy(image.ehdr.e_ident, XELF_MAGIC_EXCLUSIVE, XELF_MAGIC_SIZE);
	image_write(&image, path, true);
}

/* Runs a program, and no shell in its place; says what became of it. */
static int try_exec(char **argv)
{
	struct run r = { .argv = argv, .aslr = true };

	run(argv[0], &r);
	if (r.err)
		printf("errno %d\n", r.err);
	else
		printf("status %d\n", r.status);
	return 0;
}

static int exec_as_nobody(char **argv)
{
	become_nobody();
	execvp(argv[0], argv);
	return 127;
}

static int child(int argc, char **argv)
{
	const char *what = argv[1] + strlen(CHILD_PREFIX);

	if (!strcmp(what, "report"))
		return child_report();
	if (!strcmp(what, "thread-exec") && argc > 2)
		return child_thread_exec(argv[2]);
	if (!strcmp(what, "pause"))
		sleep_on(NULL);
	/* The rest is for module_test.sh. */
	if (!strcmp(what, "write") && argc > 2)
		write_program(argv[2], ET_EXEC, NULL);
	else if (!strcmp(what, "write-exclusive") && argc > 2)
		write_exclusive(argv[2]);
	else if (!strcmp(what, "write-self") && argc > 2)
		write_self(argv[2]);
	else if (!strcmp(what, "try") && argc > 2)
		return try_exec(argv + 2);
	else if (!strcmp(what, "as-nobody") && argc > 2)
		return exec_as_nobody(argv + 2);
	else
		return 2;
	return 0;
}

/* ---- the tests ---- */

static char *const report_argv[] = {
	CHILD, CHILD_PREFIX "report", "an argument", "", "caf\303\251", NULL
};

static char *const report_envp[] = {
	"A=1", "LONGER=two words", "EMPTY=", NULL
};

static const struct run report = {
	.argv = report_argv,
	.envp = report_envp,
};

FIXTURE(exec) {
	struct run r[2];
	struct run plain;
};

FIXTURE_SETUP(exec)
{
	fresh_dir(DIR_);
	write_program(PROGRAM, ET_EXEC, NULL);
	write_self(CHILD);
}

FIXTURE_TEARDOWN(exec)
{
	remove_dir(DIR_);
}

TEST_F(exec, execve_runs_a_tagged_program)
{
	run_both(_metadata, PROGRAM, &self->plain, self->r, 1);
	EXPECT_EQ(0, self->r[1].err);
	EXPECT_EQ(PROBE_STATUS, WEXITSTATUS(self->r[1].status));
}

TEST_F(exec, a_program_knows_itself_as_when_untagged)
{
	run_both(_metadata, CHILD, &report, self->r, 1);
	EXPECT_EQ(0, self->r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], "comm child\n"));
	EXPECT_NE(NULL, strstr(seen[1], "exe " CHILD "\n"));
	EXPECT_NE(NULL, strstr(seen[1], "cmdline " CHILD
			       "|--child-report|an argument||caf\303\251|\n"));
	EXPECT_NE(NULL, strstr(seen[1], "environ A=1|LONGER=two words|EMPTY=|\n"));
	EXPECT_NE(NULL, strstr(seen[1], "execfn " CHILD "\n"));
	EXPECT_NE(NULL, strstr(seen[1], "\nend\n"));
}

/* execveat() of the file alone, opened as the test wants it. */
static int open_flags;

static int exec_by_fd(const char *path, char *const *argv, char *const *envp)
{
	int fd = open(path, open_flags);

	if (fd < 0 || dup3(fd, 40, open_flags & O_CLOEXEC) < 0 || close(fd))
		return -1;
	return syscall(SYS_execveat, 40, "", argv, envp, AT_EMPTY_PATH);
}

static void check_exec_by_fd(struct __test_metadata *_metadata, int flags)
{
	struct run how = report, r[2];

	open_flags = flags;
	how.exec = exec_by_fd;
	run_both(_metadata, CHILD, &how, r, 1);
	EXPECT_EQ(0, r[1].err);
	EXPECT_EQ(0, r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], "execfn /dev/fd/40\n"));
	EXPECT_NE(NULL, strstr(seen[1], "exe " CHILD "\n"));
	EXPECT_EQ(!(flags & O_CLOEXEC), !!strstr(seen[1], "open 40\n"));
}

TEST_F(exec, execveat_with_an_empty_path_runs_the_file)
{
	check_exec_by_fd(_metadata, O_RDONLY);
}

TEST_F(exec, execveat_takes_an_O_PATH_file)
{
	check_exec_by_fd(_metadata, O_PATH);
}

TEST_F(exec, execveat_takes_a_close_on_exec_file)
{
	check_exec_by_fd(_metadata, O_PATH | O_CLOEXEC);
}

static int exec_in_directory(const char *path, char *const *argv,
			     char *const *envp)
{
	int fd = open(DIR_, O_PATH | O_DIRECTORY);

	if (fd < 0 || dup2(fd, 41) < 0 || close(fd))
		return -1;
	return syscall(SYS_execveat, 41, strrchr(path, '/') + 1, argv, envp, 0);
}

TEST_F(exec, execveat_finds_a_program_in_a_directory)
{
	struct run how = report;

	how.exec = exec_in_directory;
	run_both(_metadata, CHILD, &how, self->r, 1);
	EXPECT_EQ(0, self->r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], "execfn /dev/fd/41/child\n"));
}

static int exec_memfd(const char *path, char *const *argv, char *const *envp)
{
	static char data[8 << 20];
	size_t size = read_file(path, data, sizeof(data));
	int fd = memfd_create("in memory", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return -1;
	return syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
}

TEST_F(exec, a_program_in_a_memfd_runs)
{
	struct run how = report;

	how.exec = exec_memfd;
	/* Its inode number is in no part of the report. */
	run_both(_metadata, CHILD, &how, self->r, 1);
	EXPECT_EQ(0, self->r[1].err);
	EXPECT_EQ(0, self->r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], "exe /memfd:in memory (deleted)\n"));
}

static int exec_deleted(const char *path, char *const *argv, char *const *envp)
{
	char gone[PATH_MAX];
	int fd;

	snprintf(gone, sizeof(gone), "%s.gone", path);
	if (link(path, gone))
		return -1;
	fd = open(gone, O_PATH | O_CLOEXEC);
	if (fd < 0 || unlink(gone))
		return -1;
	return syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
}

TEST_F(exec, a_deleted_program_runs)
{
	struct run how = report;

	how.exec = exec_deleted;
	run_both(_metadata, CHILD, &how, self->r, 1);
	EXPECT_EQ(0, self->r[1].err);
	EXPECT_EQ(0, self->r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], "exe " CHILD ".gone (deleted)\n"));
}

static void write_script(const char *path, const char *interp)
{
	char text[256];
	int size = snprintf(text, sizeof(text), "#!%s\n", interp);

	unlink(path);
	write_file(path, text, size, 0755);
}

TEST_F(exec, a_script_runs_its_tagged_interpreter)
{
	char *const argv[] = { "called so", "first", NULL };
	struct run how = report;

	how.argv = argv;
	write_script(SCRIPT, CHILD " " CHILD_PREFIX "report");
	run_both(_metadata, SCRIPT, &how, self->r, 1);
	unlink(SCRIPT);
	EXPECT_EQ(0, self->r[1].err);
	EXPECT_EQ(0, self->r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], "cmdline " CHILD
			       "|--child-report|" SCRIPT "|first|\n"));
	EXPECT_NE(NULL, strstr(seen[1], "comm script\n"));
	EXPECT_NE(NULL, strstr(seen[1], "exe " CHILD "\n"));
	EXPECT_NE(NULL, strstr(seen[1], "execfn " SCRIPT "\n"));
}

/* A chain of @depth scripts, the last of which names the program. */
static void run_scripts(struct __test_metadata *_metadata, int depth,
			struct run r[2], long loads)
{
	static const struct run plain;
	char path[64], next[64] = PROGRAM;
	int i;

	for (i = 0; i < depth; i++) {
		snprintf(path, sizeof(path), SCRIPT "%d", i);
		write_script(path, next);
		strcpy(next, path);
	}
	run_both(_metadata, path, &plain, r, loads);
	for (i = 0; i < depth; i++) {
		snprintf(path, sizeof(path), SCRIPT "%d", i);
		unlink(path);
	}
}

TEST_F(exec, five_scripts_in_a_row_reach_the_program)
{
	run_scripts(_metadata, 5, self->r, 1);
	EXPECT_EQ(0, self->r[1].err);
	EXPECT_EQ(PROBE_STATUS, WEXITSTATUS(self->r[1].status));
}

TEST_F(exec, six_scripts_in_a_row_are_a_loop)
{
	run_scripts(_metadata, 6, self->r, 0);
	EXPECT_EQ(ELOOP, self->r[1].err);
}

/* ---- ptrace ---- */

static char *const traced_argv[] = { PROGRAM, "one", NULL };
static char *const traced_envp[] = { "A=b", NULL };

/* Stops at its first instruction. */
static const struct run traced = {
	.argv = traced_argv,
	.envp = traced_envp,
	.traced = true,
};

static void end_traced(struct __test_metadata *_metadata, pid_t pid)
{
	int status;

	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(PROBE_STATUS, WEXITSTATUS(status));
}

#define STEPS	40

TEST_F(exec, ptrace_stops_at_the_first_instruction)
{
	static unsigned long pc[2][STEPS];
	static char fp[2][1024];
	struct test_regs regs[2];
	int ours, i, status;

	for (ours = 0; ours < 2; ours++) {
		long loaded = counter("loaded");
		struct test_regs now;
		pid_t pid;

		set_enabled(ours);
		pid = start_stopped(PROGRAM, &traced, "/dev/null");
		set_enabled(true);
		ASSERT_EQ(ours, counter("loaded") - loaded);
		ASSERT_EQ(0, test_get_regs(pid, &regs[ours]));
		ASSERT_EQ(0, test_get_fpregs(pid, fp[ours], sizeof(fp[ours])));
		for (i = 0; TEST_STEPS && i < STEPS; i++) {
			ASSERT_EQ(0, ptrace(PTRACE_SINGLESTEP, pid, 0, 0));
			ASSERT_EQ(pid, waitpid(pid, &status, 0));
			ASSERT_TRUE(WIFSTOPPED(status));
			ASSERT_EQ(SIGTRAP, WSTOPSIG(status));
			ASSERT_EQ(0, test_get_regs(pid, &now));
			pc[ours][i] = now.r[TEST_PC];
		}
		end_traced(_metadata, pid);
	}
	EXPECT_EQ(0, memcmp(&regs[0], &regs[1], sizeof(regs[0])));
	EXPECT_EQ(0, memcmp(&fp[0], &fp[1], sizeof(fp[0])));
	EXPECT_EQ(0, memcmp(pc[0], pc[1], sizeof(pc[0])));
	EXPECT_EQ(IMAGE_BASE + IMAGE_CODE, regs[1].r[TEST_PC]);
	if (TEST_STEPS)
		EXPECT_NE(pc[1][0], pc[1][STEPS - 1]);
	for (i = 0; i < TEST_ZEROED; i++)
		EXPECT_EQ(0UL, regs[1].r[i]);
	EXPECT_EQ(0UL, regs[1].r[TEST_SP] % 16);
#ifdef __x86_64__
	/* fs_base and gs_base */
	EXPECT_EQ(0UL, regs[1].r[21] | regs[1].r[22]);
#endif
}

/* All that @pid's directory in /proc says of its memory, to seen[ours]. */
static void look_at(struct __test_metadata *_metadata, pid_t pid, int ours)
{
	static const char *const files[] = {
		"maps", "auxv", "cmdline", "environ", "comm",
		"coredump_filter", "personality", "limits", "smaps", "status",
	};
	static char data[1 << 20];
	char path[64], *rest, *line;
	FILE *to = fmemopen(seen[ours], sizeof(seen[ours]), "w");
	size_t i, k, size;

	ASSERT_NE(NULL, to);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	print_stat(to, read_text(path, data, sizeof(data)));
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
		size = read_file(path, data, sizeof(data) - 1);
		data[size] = 0;
		fprintf(to, "%s\n", files[i]);
		if (!strcmp(files[i], "smaps") || !strcmp(files[i], "status")) {
			/* The rest of these counts pages, or the task. */
			rest = data;
			while ((line = strsep(&rest, "\n")))
				if (!strncmp(line, "VmFlags", 7) ||
				    !strncmp(line, "VmSize", 6) ||
				    !strncmp(line, "VmData", 6) ||
				    !strncmp(line, "VmStk", 5) ||
				    !strncmp(line, "VmExe", 5) ||
				    !strncmp(line, "VmLib", 5) ||
				    !strncmp(line, "VmLck", 5) ||
				    !strncmp(line, "Sig", 3) ||
				    !strncmp(line, "Cap", 3))
					fprintf(to, "%s\n", line);
			continue;
		}
		fprintf(to, "%zu bytes\n", size);
		for (k = 0; k < size; k++)
			if (!strcmp(files[i], "auxv"))
				fprintf(to, "%02x%s", data[k] & 255,
					k % 16 == 15 ? "\n" : "");
			else
				fputc(data[k] ? data[k] : '|', to);
	}
	fclose(to);
}

static void look_at_both(struct __test_metadata *_metadata)
{
	int ours;

	for (ours = 0; ours < 2; ours++) {
		long loaded = counter("loaded");
		pid_t pid;

		set_enabled(ours);
		pid = start_stopped(PROGRAM, &traced, "/dev/null");
		set_enabled(true);
		ASSERT_EQ(ours, counter("loaded") - loaded);
		look_at(_metadata, pid, ours);
		end_traced(_metadata, pid);
	}
	EXPECT_TRUE(same_text(seen[0], seen[1]));
	/* It is about something: the fields and the flags are there. */
	EXPECT_NE(NULL, strstr(seen[1], "stat-26 "));
	EXPECT_NE(NULL, strstr(seen[1], "stat-51 "));
	EXPECT_NE(NULL, strstr(seen[1], "VmFlags: "));
	EXPECT_NE(NULL, strstr(seen[1], "[stack]"));
}

TEST_F(exec, proc_shows_a_fixed_program_as_when_untagged)
{
	look_at_both(_metadata);
}

TEST_F(exec, proc_shows_a_static_pie_as_when_untagged)
{
	write_program(PROGRAM, ET_DYN, NULL);
	look_at_both(_metadata);
}

TEST_F(exec, proc_shows_a_pie_as_when_untagged)
{
	write_interp(INTERP, ET_DYN);
	write_program(PROGRAM, ET_DYN, INTERP);
	look_at_both(_metadata);
}

TEST_F(exec, PTRACE_O_TRACEEXEC_tells_of_the_exec)
{
	struct run how = { .aslr = true, .stopped = true, .traced = true };
	pid_t pid = start_stopped(PROGRAM, &how, "/dev/null");
	long loaded = counter("loaded");
	unsigned long message = 0;
	int status;

	ASSERT_EQ(0, ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXEC));
	ASSERT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(SIGTRAP | PTRACE_EVENT_EXEC << 8, status >> 8);
	EXPECT_EQ(0, ptrace(PTRACE_GETEVENTMSG, pid, 0, &message));
	EXPECT_EQ((unsigned long)pid, message);
	EXPECT_EQ(1, counter("loaded") - loaded);
	end_traced(_metadata, pid);
}

/* ---- vfork, threads ---- */

/*
 * The number of loads since @before. vfork() returns at the point of no
 * return, a little before the load is counted.
 */
static long await_load(long before)
{
	int i;

	for (i = 0; i < 5000 && counter("loaded") == before; i++)
		usleep(1000);
	return counter("loaded") - before;
}

TEST_F(exec, vfork_wakes_the_parent_when_the_program_runs)
{
	char *const argv[] = { CHILD, CHILD_PREFIX "pause", NULL };
	long loaded = counter("loaded");
	int status;
	pid_t pid;

	pid = vfork();
	if (!pid) {
		execve(CHILD, argv, argv + 2);
		_exit(127);
	}
	/* Here again: the program lives, and sleeps. */
	ASSERT_LE(0, pid);
	EXPECT_EQ(1, await_load(loaded));
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG));
	EXPECT_EQ(0, kill(pid, SIGKILL));
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(exec, vfork_gets_the_errno_of_a_refused_exec)
{
	char *const argv[] = { PROGRAM, NULL };
	volatile int err = 0;
	int status;
	pid_t pid;

	image_init(&image, ET_EXEC);
	image.phdr[PH_DATA].p_filesz = image.phdr[PH_DATA].p_memsz + 1;
	image_write(&image, PROGRAM, true);
	pid = vfork();
	if (!pid) {
		execve(PROGRAM, argv, argv + 1);
		err = errno;
		_exit(1);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(EINVAL, err);
	EXPECT_EQ(1 << 8, status);
}

TEST_F(exec, a_thread_that_execs_becomes_the_process)
{
	char *const argv[] = {
		CHILD, CHILD_PREFIX "thread-exec", CHILD, NULL
	};
	struct run how = { .argv = argv };

	/* run() waits for the process it started: the pid is kept. */
	run_both(_metadata, CHILD, &how, self->r, 2);
	EXPECT_EQ(0, self->r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], "leader 1\n"));
	EXPECT_NE(NULL, strstr(seen[1], "status Threads:\t1\n"));
}

/* ---- write access ---- */

TEST_F(exec, a_running_program_cannot_be_written)
{
	char *const argv[] = { CHILD, CHILD_PREFIX "pause", NULL };
	long loaded = counter("loaded");
	int status;
	pid_t pid;

	EXPECT_EQ(0, try_open(CHILD, O_RDWR));
	pid = vfork();
	if (!pid) {
		execve(CHILD, argv, argv + 2);
		_exit(127);
	}
	EXPECT_EQ(1, await_load(loaded));
	EXPECT_EQ(ETXTBSY, try_open(CHILD, O_RDWR));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, try_open(CHILD, O_RDWR));
}

TEST_F(exec, a_program_open_for_writing_does_not_run)
{
	long loaded = counter("loaded");
	int fd = open(PROGRAM, O_RDWR);

	ASSERT_LE(0, fd);
	run_both(_metadata, PROGRAM, &self->plain, self->r, 0);
	EXPECT_EQ(ETXTBSY, self->r[1].err);
	close(fd);
	EXPECT_EQ(loaded, counter("loaded"));
}

TEST_F(exec, an_interpreter_open_for_writing_is_refused)
{
	int fd;

	write_interp(INTERP, ET_DYN);
	write_program(PROGRAM, ET_DYN, INTERP);
	fd = open(INTERP, O_RDWR);
	ASSERT_LE(0, fd);
	run_both(_metadata, PROGRAM, &self->plain, self->r, 0);
	EXPECT_EQ(ETXTBSY, self->r[1].err);
	close(fd);
	run_both(_metadata, PROGRAM, &self->plain, self->r, 1);
	EXPECT_EQ(0, self->r[1].err);
}

TEST_F(exec, program_and_interpreter_can_be_written_afterwards)
{
	write_interp(INTERP, ET_DYN);
	write_program(PROGRAM, ET_DYN, INTERP);
	run_both(_metadata, PROGRAM, &self->plain, self->r, 1);
	EXPECT_EQ(0, try_open(PROGRAM, O_RDWR));
	EXPECT_EQ(0, try_open(INTERP, O_RDWR));
}

static void stale_tag(struct image *program, struct image *interp)
{
	(void)interp;
	program->bytes[XELF_CHECKED_SIZE - 1] ^= 1;
}

static void no_interpreter_there(struct image *program, struct image *interp)
{
	(void)interp;
	strcpy((char *)program->bytes + IMAGE_INTERP, "/none");
}

static void interp_path_unterminated(struct image *program,
				     struct image *interp)
{
	(void)interp;
	program->phdr[PH_INTERP].p_filesz--;
}

static void interp_is_no_elf(struct image *program, struct image *interp)
{
	(void)program;
	interp->ehdr.e_ident[0] = 0;
}

static void interp_is_short(struct image *program, struct image *interp)
{
	(void)program;
	interp->size = 32;
}

static void interp_has_no_phdrs(struct image *program, struct image *interp)
{
	(void)program;
	interp->ehdr.e_phnum = 0;
}

static void interp_segment_bad(struct image *program, struct image *interp)
{
	(void)program;
	interp->phdr[PH_DATA].p_filesz = interp->phdr[PH_DATA].p_memsz + 1;
}

static void segment_bad(struct image *program, struct image *interp)
{
	(void)interp;
	program->phdr[PH_DATA].p_filesz = program->phdr[PH_DATA].p_memsz + 1;
}

static void phdrs_past_the_end(struct image *program, struct image *interp)
{
	(void)interp;
	program->ehdr.e_phoff = ~0UL >> 1;
}

/* One of each place at which an exec is given up. */
static const struct refusal {
	const char *name;	/* the reason's */
	void (*change)(struct image *program, struct image *interp);
	int err;
} refusals[] = {
	{ "stale-tag", stale_tag, EBADMSG },
	{ "program-headers-unreadable", phdrs_past_the_end, ENOEXEC },
	{ "interpreter-path-unterminated", interp_path_unterminated, ENOEXEC },
	{ "interpreter-not-opened", no_interpreter_there, ENOENT },
	{ "interpreter-unreadable", interp_is_short, EIO },
	{ "interpreter-not-elf", interp_is_no_elf, ELIBBAD },
	{ "interpreter-bad-program-headers", interp_has_no_phdrs, ELIBBAD },
	{ "interpreter-bad-segments", interp_segment_bad, ELIBBAD },
	{ "filesz-exceeds-memsz", segment_bad, EINVAL },
};

TEST_F(exec, a_refused_exec_gives_the_files_back)
{
	static struct image interp;
	char name[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *refusal = &refusals[i];
		struct run r = {};
		long refused;

		image_init(&interp, ET_DYN);
		image_init(&image, ET_DYN);
		image_interp(&image, INTERP);
		if (refusal->change != stale_tag)
			refusal->change(&image, &interp);
		image_write(&interp, INTERP, false);
		image_write(&image, PROGRAM, true);
		if (refusal->change == stale_tag) {
			stale_tag(&image, &interp);
			write_file(PROGRAM, image.bytes, image.size, 0755);
		}
		snprintf(name, sizeof(name), "refused-%s", refusal->name);
		refused = counter(name);
		run(PROGRAM, &r);
		EXPECT_EQ(refusal->err, r.err) {
			TH_LOG("%s", refusal->name);
		}
		/* For ENOEXEC the kernel looks for a module and asks again. */
		EXPECT_LE(1, counter(name) - refused) {
			TH_LOG("%s", refusal->name);
		}
		EXPECT_GE(refusal->err == ENOEXEC ? 2 : 1,
			  counter(name) - refused) {
			TH_LOG("%s", refusal->name);
		}
		EXPECT_EQ(0, try_open(PROGRAM, O_RDWR));
		EXPECT_EQ(0, try_open(INTERP, O_RDWR));
	}
}

/* ---- what is inherited ---- */

static void open_two(void)
{
	int fd = open("/dev/null", O_RDONLY);

	dup3(fd, 50, 0);
	dup3(fd, 51, O_CLOEXEC);
	close(fd);
}

TEST_F(exec, close_on_exec_files_are_closed_and_others_kept)
{
	struct run how = report;

	how.setup = open_two;
	run_both(_metadata, CHILD, &how, self->r, 1);
	EXPECT_NE(NULL, strstr(seen[1], "open 50\n"));
	EXPECT_EQ(NULL, strstr(seen[1], "open 51\n"));
	EXPECT_NE(NULL, strstr(seen[1], "\nend\n"));
}

static void on_signal(int signal)
{
	(void)signal;
}

static void set_signals(void)
{
	static char alternate[65536];
	stack_t ss = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	sigset_t set;

	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, on_signal);
	sigaltstack(&ss, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGTERM);
}

TEST_F(exec, ignored_blocked_and_pending_signals_stay_handlers_go)
{
	struct run how = report;

	how.setup = set_signals;
	run_both(_metadata, CHILD, &how, self->r, 1);
	EXPECT_EQ(0, self->r[1].status);
	EXPECT_NE(NULL, strstr(seen[1], "status SigIgn:\t0000000000000200\n"));
	EXPECT_NE(NULL, strstr(seen[1], "status SigCgt:\t0000000000000000\n"));
	EXPECT_NE(NULL, strstr(seen[1], "status SigBlk:\t0000000000004001\n"));
	EXPECT_NE(NULL, strstr(seen[1], "status SigPnd:\t0000000000004000\n"));
}

/* ---- who loads ---- */

TEST_F(exec, switched_off_the_kernels_loader_runs_it)
{
	long loaded = counter("loaded"), disabled = counter("refused-disabled");
	struct run r = {};

	run_under(false, PROGRAM, &r);
	EXPECT_EQ(0, r.err);
	EXPECT_EQ(PROBE_STATUS, WEXITSTATUS(r.status));
	EXPECT_EQ(loaded, counter("loaded"));
	EXPECT_EQ(1, counter("refused-disabled") - disabled);
	run_under(true, PROGRAM, &r);
	EXPECT_EQ(PROBE_STATUS, WEXITSTATUS(r.status));
	EXPECT_EQ(1, counter("loaded") - loaded);
	EXPECT_EQ(1, counter("refused-disabled") - disabled);
}

TEST_F(exec, an_untagged_program_is_none_of_its_business)
{
	static char before[8192], after[8192];
	struct run r = {};

	image_init(&image, ET_EXEC);
	image_write(&image, PROGRAM, false);
	read_text(XELF_STATS, before, sizeof(before));
	run(PROGRAM, &r);
	EXPECT_EQ(PROBE_STATUS, WEXITSTATUS(r.status));
	read_text(XELF_STATS, after, sizeof(after));
	EXPECT_STREQ(before, after);
	/* The twin: the tag alone makes the difference. */
	tag_file(PROGRAM);
	run(PROGRAM, &r);
	EXPECT_EQ(PROBE_STATUS, WEXITSTATUS(r.status));
	read_text(XELF_STATS, after, sizeof(after));
	EXPECT_STRNE(before, after);
}

TEST_F(exec, a_pie_lies_at_a_multiple_of_its_p_align)
{
	struct run r = {
		.aslr = true,
		.output = seen[1],
		.output_size = sizeof(seen[1]),
	};
	long loaded = counter("loaded");
	int i;

	write_interp(INTERP, ET_DYN);
	image_init(&image, ET_DYN);
	image_interp(&image, INTERP);
	image.phdr[PH_CODE].p_align = 0x200000;
	image_write(&image, PROGRAM, true);
	for (i = 0; i < 8; i++) {
		run(PROGRAM, &r);
		EXPECT_EQ(PROBE_STATUS, WEXITSTATUS(r.status));
		EXPECT_EQ((unsigned long)IMAGE_CODE,
			  auxv_of(seen[1], AT_ENTRY) % 0x200000);
	}
	EXPECT_EQ(8, counter("loaded") - loaded);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strncmp(argv[1], CHILD_PREFIX, strlen(CHILD_PREFIX)))
		return child(argc, argv);
	return test_harness_run(argc, argv);
}

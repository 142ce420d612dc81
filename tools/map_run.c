// SPDX-License-Identifier: GPL-2.0-only
/* A program that is run up to the moment at which it is to be looked at. */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __aarch64__
#include <asm/ptrace.h>
#endif

#include "map.h"

/* Set by Ctrl-C, and when the time is up. */
static volatile sig_atomic_t look_now;

static void on_signal(int number)
{
	(void)number;
	look_now = 1;
}

/* Without SA_RESTART: it ends a wait. */
static void watch_signal(int number)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(number, &action, NULL);
}

/**
 * find_in_path() - the file that exec would find by PATH
 * @name: as the user gave it
 *
 * execvp() would go on to try a file that exec refuses as a script.
 *
 * Return: for the caller to free, or NULL after saying that it is not there.
 */
char *find_in_path(const char *name)
{
	const char *dir = getenv("PATH");
	struct stat st;
	int size;

	if (strchr(name, '/'))
		return format("%s", name);
	for (dir = dir ? dir : "/usr/bin:/bin"; *dir; dir += size + !!dir[size]) {
		char *path;

		size = strcspn(dir, ":");
		path = format("%.*s/%s", size ? size : 1, size ? dir : ".",
			      name);
		if (!access(path, X_OK) && !stat(path, &st) &&
		    S_ISREG(st.st_mode))
			return path;
		free(path);
	}
	say(name, "is not in PATH; give its path, as in ./%s", name);
	return NULL;
}

/* Who is traced by an ordinary user gets no rights by exec. */
static void warn_of_setuid(const char *path, const char *name)
{
	struct stat st;

	if (geteuid() && !stat(path, &st) && st.st_mode & (S_ISUID | S_ISGID))
		warn(name, "is traced, and so without its setuid rights; root can see it");
}

static unsigned long auxv_entry(const struct task *task)
{
	unsigned long *auxv = auxv_read(task);
	unsigned long entry = 0;
	size_t i;

	for (i = 0; auxv && auxv[i]; i += 2)
		if (auxv[i] == AT_ENTRY)
			entry = auxv[i + 1];
	free(auxv);
	return entry;
}

#ifdef __x86_64__
static bool is_at(const struct task *task, unsigned long addr)
{
	struct user_regs_struct regs;

	return !ptrace(PTRACE_GETREGS, task->pid, 0, &regs) && regs.rip == addr;
}

/* In hardware, since an instruction of ours in its place would cost a page. */
static bool stop_at(const struct task *task, unsigned long addr)
{
	size_t at = offsetof(struct user, u_debugreg);
	/* Of the registers 0 to 7: the control, breakpoint 0 on. */
	size_t control = at + 7 * sizeof(unsigned long);

	return !ptrace(PTRACE_POKEUSER, task->pid, at, addr) &&
	       !ptrace(PTRACE_POKEUSER, task->pid, control, 1UL);
}
#elif defined(__aarch64__)
static bool is_at(const struct task *task, unsigned long addr)
{
	struct user_regs_struct regs = {};
	struct iovec iov = { &regs, sizeof(regs) };

	return !ptrace(PTRACE_GETREGSET, task->pid, NT_PRSTATUS, &iov) &&
	       regs.pc == addr;
}

static bool stop_at(const struct task *task, unsigned long addr)
{
	struct user_hwdebug_state state = {
		.dbg_regs[0].addr = addr,
		/* Enabled, for user mode, of an instruction's four bytes. */
		.dbg_regs[0].ctrl = 0xf << 5 | 2 << 1 | 1,
	};
	struct iovec iov = {
		&state, offsetof(struct user_hwdebug_state, dbg_regs[1]),
	};
	struct user_regs_struct regs;
	struct iovec all = { &regs, sizeof(regs) };

	/* A 32-bit program has fewer registers, and its code may be Thumb. */
	if (ptrace(PTRACE_GETREGSET, task->pid, NT_PRSTATUS, &all))
		return false;
	if (all.iov_len < sizeof(regs)) {
		errno = EOPNOTSUPP;
		return false;
	}
	return !ptrace(PTRACE_SETREGSET, task->pid, NT_ARM_HW_BREAK, &iov);
}
#else
static bool is_at(const struct task *task, unsigned long addr)
{
	(void)task;
	(void)addr;
	return false;
}

static bool stop_at(const struct task *task, unsigned long addr)
{
	(void)task;
	(void)addr;
	errno = EOPNOTSUPP;
	return false;
}
#endif

static bool is_event(int status, int event)
{
	return WIFSTOPPED(status) && status >> 8 == (SIGTRAP | event << 8);
}

/* Which signal the program gets when it goes on. */
static int signal_of(int status)
{
	/* An event is no signal; nor is the stop that we asked for. */
	if (status >> 16 || WSTOPSIG(status) == SIGSTOP)
		return 0;
	return WSTOPSIG(status);
}

/*
 * Waits for the program's next stop. Asked to look now, it stops the program,
 * unless that stops anyway. Return: false after saying that it is gone.
 */
static bool next_stop(struct task *task, const char *name)
{
	pid_t got;

	do {
		if (look_now)
			kill(task->pid, SIGSTOP);
		got = waitpid(task->pid, &task->status, 0);
	} while (got < 0 && errno == EINTR);
	if (got > 0 && WIFSTOPPED(task->status))
		return true;
	task->pid = -1;
	if (got > 0 && WIFSIGNALED(task->status))
		say(name, "was killed by signal %d before it could be looked at",
		    WTERMSIG(task->status));
	else
		say(name, "ended before it could be looked at");
	return false;
}

/* From behind the exec to @moment, which is changed to what it came to. */
static int run_on(struct task *task, const char *name, enum moment *moment)
{
	unsigned long options = PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT |
				PTRACE_O_EXITKILL;
	unsigned long entry = 0;
	int number = 0;

	if (ptrace(PTRACE_SETOPTIONS, task->pid, 0, options))
		return fail(name, "cannot be traced", errno);
	if (*moment == AT_PROGRAM_ENTRY) {
		entry = auxv_entry(task);
		if (!entry) {
			say(name, "its entry is not known (use --at exit)");
			return EXIT_REFUSED;
		}
		if (is_at(task, entry))
			return EXIT_DONE;
		if (!stop_at(task, entry))
			return fail(name, "no hardware breakpoint at its entry (use --at exit)",
				    errno);
	}
	for (;;) {
		if (ptrace(PTRACE_CONT, task->pid, 0, (long)number) &&
		    errno != ESRCH)
			return fail(name, "cannot be made to go on", errno);
		if (!next_stop(task, name))
			return EXIT_REFUSED;
		if (is_event(task->status, PTRACE_EVENT_EXIT)) {
			if (*moment == AT_PROGRAM_ENTRY)
				say(name, "ends without having come to its entry");
			*moment = AT_EXIT;
			return EXIT_DONE;
		}
		if (look_now) {
			*moment = AT_TIME;
			return EXIT_DONE;
		}
		if (entry && WSTOPSIG(task->status) == SIGTRAP &&
		    is_at(task, entry))
			return EXIT_DONE;
		number = signal_of(task->status);
	}
}

/**
 * map_run() - run a program up to a moment, and stop it there
 * @task: filled in; map_run_end() is for the caller, in any case
 * @argv: the program, looked for in PATH, and its arguments; ended by NULL
 * @moment: when; set to what it came to, since a program may end before
 * @seconds: for AT_TIME
 *
 * The program's standard input is empty.
 *
 * Return: EXIT_DONE; EXIT_REFUSED after saying what went wrong.
 */
int map_run(struct task *task, char **argv, enum moment *moment,
	    unsigned int seconds)
{
	struct trial trial = { .argv = argv, .aslr = true };
	char *path = find_in_path(argv[0]);
	int status;

	*task = (struct task){ .pid = -1, .out = -1, .err = -1 };
	if (!path)
		return EXIT_REFUSED;
	warn_of_setuid(path, argv[0]);
	trial.path = path;
	status = task_start(task, &trial) ? EXIT_REFUSED : EXIT_DONE;
	free(path);
	if (status)
		return status;
	if (!task->execed) {
		if (task->exec_errno)
			say(argv[0], "exec: %s (%s)", strerror(task->exec_errno),
			    errno_name(task->exec_errno));
		else
			say(argv[0], "was killed in its exec by signal %d",
			    WTERMSIG(task->status));
		return EXIT_REFUSED;
	}
	if (*moment == AT_EXEC)
		return EXIT_DONE;
	watch_signal(SIGINT);
	watch_signal(SIGALRM);
	if (*moment == AT_TIME)
		/* Again and again: one that comes right before a wait does not end it. */
		setitimer(ITIMER_REAL, &(struct itimerval){
			.it_value.tv_sec = seconds,
			.it_interval.tv_usec = 100000,
		}, NULL);
	status = run_on(task, argv[0], moment);
	setitimer(ITIMER_REAL, &(struct itimerval){ }, NULL);
	return status;
}

/**
 * map_run_end() - end a program that map_run() stopped, and forget it
 * @task: from map_run(), whether or not that succeeded
 */
void map_run_end(struct task *task)
{
	/*
	 * Killed, it is not to stop again before its exit; and if that is where
	 * it is, a signal does not wake it.
	 */
	if (task->pid > 0) {
		ptrace(PTRACE_SETOPTIONS, task->pid, 0,
		       (long)PTRACE_O_EXITKILL);
		kill(task->pid, SIGKILL);
		ptrace(PTRACE_DETACH, task->pid, 0, 0);
	}
	task_kill(task);
}

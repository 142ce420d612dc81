// SPDX-License-Identifier: GPL-2.0-only
/* A program, started by exec and stopped before its first instruction. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diff.h"

/* What is wrong with the machine rather than with the program. */
static int broken(const char *what)
{
	say("", "%s: %s", what, strerror(errno));
	return EXIT_USAGE;
}

/* The child, up to its exec; @exec_errno is the parent's as well. */
__attribute__((noreturn))
static void run_program(const struct task *task, const struct trial *trial,
			int *exec_errno)
{
	int null = open("/dev/null", O_RDONLY);

	if (!trial->aslr)
		personality(personality(0xffffffff) | ADDR_NO_RANDOMIZE);
	signal(SIGXFSZ, SIG_DFL);
	signal(SIGIO, SIG_DFL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(task->out, 1) < 0 ||
	    dup2(task->err, 2) < 0 || ptrace(PTRACE_TRACEME, 0, 0, 0)) {
		*exec_errno = errno;
		_exit(127);
	}
	close(null);
	raise(SIGSTOP);
	execv(trial->path, trial->argv);
	*exec_errno = errno;
	_exit(127);
}

/* Lets it run up to the exec's end; signals on the way are its own. */
static int run_to_exec(struct task *task)
{
	unsigned long options = PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

	if (waitpid(task->pid, &task->status, 0) < 0)
		return broken("cannot wait for the program");
	if (WIFSTOPPED(task->status) &&
	    (ptrace(PTRACE_SETOPTIONS, task->pid, 0, options) ||
	     ptrace(PTRACE_CONT, task->pid, 0, 0)))
		return broken("cannot trace the program");
	while (WIFSTOPPED(task->status)) {
		if (waitpid(task->pid, &task->status, 0) < 0)
			return broken("cannot wait for the program");
		if (!WIFSTOPPED(task->status))
			break;
		if (task->status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8)) {
			task->execed = true;
			return EXIT_DONE;
		}
		ptrace(PTRACE_CONT, task->pid, 0, WSTOPSIG(task->status));
	}
	task->pid = -1;
	return EXIT_DONE;
}

/**
 * task_start() - start a program and stop it behind its exec
 * @task: filled in; task_kill() is for the caller, in any case
 * @trial: what to run
 *
 * Standard input is empty; the output goes to files.
 *
 * Return: EXIT_DONE, whether or not the exec succeeded; EXIT_USAGE after saying
 * what is wrong with the machine.
 */
int task_start(struct task *task, const struct trial *trial)
{
	int *exec_errno = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;

	*task = (struct task){ .pid = -1, .out = -1, .err = -1 };
	if (exec_errno == MAP_FAILED)
		return broken("cannot have memory");
	task->out = memfd_create("output", MFD_CLOEXEC);
	task->err = memfd_create("error", MFD_CLOEXEC);
	if (task->out < 0 || task->err < 0) {
		status = broken("cannot make a file for the output");
		goto out;
	}
	fflush(NULL);
	task->pid = fork();
	if (task->pid < 0) {
		status = broken("cannot fork");
		goto out;
	}
	if (!task->pid)
		run_program(task, trial, exec_errno);
	status = run_to_exec(task);
	task->exec_errno = *exec_errno;
out:
	munmap(exec_errno, sizeof(int));
	return status;
}

/**
 * task_finish() - let a stopped program run to its end
 * @task: stopped by task_start()
 * @trial: how long it may take
 *
 * Return: EXIT_DONE, or EXIT_USAGE after saying what is wrong.
 */
int task_finish(struct task *task, const struct trial *trial)
{
	struct pollfd poll_fd = { .events = POLLIN };

	poll_fd.fd = syscall(SYS_pidfd_open, task->pid, 0);
	if (poll_fd.fd < 0)
		return broken("pidfd_open");
	if (ptrace(PTRACE_DETACH, task->pid, 0, 0))
		return broken("cannot let the program run");
	if (!poll(&poll_fd, 1, trial->timeout * 1000)) {
		task->timed_out = true;
		kill(task->pid, SIGKILL);
	}
	close(poll_fd.fd);
	if (waitpid(task->pid, &task->status, 0) < 0)
		return broken("cannot wait for the program");
	task->pid = -1;
	return EXIT_DONE;
}

/**
 * task_kill() - end a program, if it has not ended, and forget it
 * @task: from task_start()
 */
void task_kill(struct task *task)
{
	if (task->pid > 0) {
		kill(task->pid, SIGKILL);
		waitpid(task->pid, &task->status, 0);
	}
	if (task->out >= 0)
		close(task->out);
	if (task->err >= 0)
		close(task->err);
	*task = (struct task){ .pid = -1, .out = -1, .err = -1 };
}

/**
 * task_file() - read one of the program's files in /proc
 * @task: a program that lives
 * @name: as in "maps"
 * @size: set to the number of bytes; may be NULL
 *
 * Return: what it holds, with a null byte behind it; the caller frees it. Empty
 * if it cannot be read, which shows as a difference if only one can.
 */
char *task_file(const struct task *task, const char *name, size_t *size)
{
	char *path = format("/proc/%d/%s", task->pid, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t room = 1 << 16, used = 0;
	char *text = allocate(room);
	ssize_t got;

	free(path);
	while (fd >= 0) {
		got = read(fd, text + used, room - 1 - used);
		if (got <= 0)
			break;
		used += got;
		if (used == room - 1) {
			char *more = allocate(2 * room);

			memcpy(more, text, used);
			free(text);
			text = more;
			room *= 2;
		}
	}
	if (fd >= 0)
		close(fd);
	text[used] = '\0';
	if (size)
		*size = used;
	return text;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Process 1 of the test VM: sets the guest up, runs one command, hands its output and its status to
 * the runner (scripts/vm), and powers off.
 *
 * What goes wrong before the command runs is written to the kernel log, which the runner shows.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The runner writes it: options and the command's words, each ended by a NUL; "--" parts them. */
#define COMMAND_FILE	"/.vm/command"
#define MAX_WORDS	65536

#if defined(__aarch64__) || defined(__arm__)
#define CONSOLE		"/dev/ttyAMA0"
#else
#define CONSOLE		"/dev/ttyS0"
#endif

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* The ports' numbers are the runner's (scripts/vm, nr=). */
#define PORT_STDOUT	"/dev/vport0p1"
#define PORT_STDERR	"/dev/vport0p2"
#define PORT_STATUS	"/dev/vport0p3"

struct options {
	bool module;		/* load binfmt_xelf first */
	bool console;		/* the command talks to the console */
	char **command;
};

struct relay {
	int from;		/* the pipe's read end; -1 when it is through */
	int to;			/* the port; never blocks */
	size_t start, end;	/* what is in the buffer */
	char buffer[65536];
};

static int kmsg = -1;

/* One line in the kernel log. Not by dprintf(), which wants to seek. */
__attribute__((format(printf, 1, 2)))
static void say(const char *format, ...)
{
	char line[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (n >= (int)sizeof(line))
		n = sizeof(line) - 1;
	write(kmsg, line, n);
}

/* Without a word on the status port the runner knows that the guest did not come up. */
static noreturn void power_off(void)
{
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

/* The runner looks for this word in the log. */
#define give_up(format, ...) do {				\
	say("vm-init: gave up: " format, ##__VA_ARGS__);	\
	power_off();						\
} while (0)

static void mount_all(void)
{
	static const struct {
		const char *type, *where, *options;
	} mounts[] = {
		{ "proc",	"/proc",		"" },
		{ "sysfs",	"/sys",			"" },
		{ "devtmpfs",	"/dev",			"mode=755" },
		{ "devpts",	"/dev/pts",		"mode=620,ptmxmode=666" },
		{ "tmpfs",	"/dev/shm",		"mode=1777" },
		{ "debugfs",	"/sys/kernel/debug",	"" },
		{ "tracefs",	"/sys/kernel/tracing",	"" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		mkdir(mounts[i].where, 0755);
		/* A kernel may lack debugfs or tracefs; a command that needs them will say so. */
		if (mount(mounts[i].type, mounts[i].where, mounts[i].type, 0, mounts[i].options) &&
		    kmsg >= 0)
			say("vm-init: mount of %s: %s", mounts[i].where, strerror(errno));
		if (kmsg < 0)
			kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	}
	/* The root is in memory already, and a mount would hide what the runner put into /tmp. */
	mkdir("/tmp", 01777);
	chmod("/tmp", 01777);
	mkdir("/run", 0755);

	symlink("/proc/self/fd", "/dev/fd");
	symlink("/proc/self/fd/0", "/dev/stdin");
	symlink("/proc/self/fd/1", "/dev/stdout");
	symlink("/proc/self/fd/2", "/dev/stderr");
}

static void bring_up_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		say("vm-init: bringing up lo: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

static void read_options(struct options *options)
{
	static char *words[MAX_WORDS + 1];
	struct stat st;
	char *text, *p;
	size_t n = 0;
	int fd;

	fd = open(COMMAND_FILE, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		give_up("%s: %s", COMMAND_FILE, strerror(errno));
	text = malloc(st.st_size + 1);
	if (!text || read(fd, text, st.st_size) != st.st_size)
		give_up("%s: cannot be read", COMMAND_FILE);
	close(fd);

	for (p = text; p < text + st.st_size && n < MAX_WORDS; p += strlen(p) + 1) {
		if (options->command)
			words[n++] = p;
		else if (!strcmp(p, "--"))
			options->command = words;
		else if (!strcmp(p, "module"))
			options->module = true;
		else if (!strcmp(p, "console"))
			options->console = true;
		else
			give_up("%s: no such option: %s", COMMAND_FILE, p);
	}
	if (n == MAX_WORDS || !n)
		give_up("%s: %zu words; a command has 1 to %d", COMMAND_FILE, n, MAX_WORDS - 1);
}

/* Runs a program of the guest's own, with its talk in the kernel log. */
static void run(char *const argv[])
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		dup2(kmsg, STDOUT_FILENO);
		dup2(kmsg, STDERR_FILENO);
		execv(argv[0], argv);
		say("vm-init: %s: %s", argv[0], strerror(errno));
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		give_up("%s %s failed", argv[0], argv[1]);
}

/* Ports come up on their own time, after the driver is loaded. */
static int open_port(const char *path)
{
	int fd;

	for (int i = 0; i < 5000; i++) {
		fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0)
			return fd;
		usleep(2000);
	}
	give_up("%s: %s", path, strerror(errno));
}

/* Waits until the host has taken all that was written. */
static void wait_until_taken(int port)
{
	struct pollfd p = { .fd = port, .events = POLLOUT };

	while (poll(&p, 1, -1) < 0 || !(p.revents & POLLOUT))
		usleep(2000);
}

static void relay_read(struct relay *relay)
{
	ssize_t n = read(relay->from, relay->buffer, sizeof(relay->buffer));

	if (n > 0) {
		relay->start = 0;
		relay->end = n;
	} else if (!n || errno != EAGAIN) {
		close(relay->from);
		relay->from = -1;
	}
}

static void relay_write(struct relay *relay)
{
	ssize_t n = write(relay->to, relay->buffer + relay->start, relay->end - relay->start);

	if (n > 0)
		relay->start += n;
}

/* Does what can be done now. Returns false when nothing came within the time (ms; -1: no limit). */
static bool relay_step(struct relay *relays, int count, int timeout, const sigset_t *mask)
{
	struct timespec ts = { .tv_nsec = timeout * 1000000L };
	struct pollfd fds[2];
	bool empty = true;

	for (int i = 0; i < count; i++) {
		bool full = relays[i].start < relays[i].end;

		fds[i].fd = full ? relays[i].to : relays[i].from;
		fds[i].events = full ? POLLOUT : POLLIN;
		fds[i].revents = 0;
		empty &= !full;
	}
	/* The host may be slow to take what is there; that has no limit. */
	if (ppoll(fds, count, timeout < 0 || !empty ? NULL : &ts, mask) <= 0)
		return !empty;
	for (int i = 0; i < count; i++) {
		if (fds[i].revents & POLLOUT)
			relay_write(&relays[i]);
		else if (fds[i].revents & (POLLIN | POLLHUP) && fds[i].fd == relays[i].from)
			relay_read(&relays[i]);
		else if (fds[i].revents)
			usleep(2000);	/* the host has not opened the port yet */
	}
	return true;
}

/*
 * execvp() would hand a file that no binary format takes to a shell; here the kernel's own answer
 * is wanted. Returns only when it failed, with errno set.
 */
static void execute(char **command, char *const path[], char *const environment[])
{
	char file[4096];

	if (strchr(command[0], '/')) {
		execve(command[0], command, environment);
		return;
	}
	for (int i = 0; path[i]; i++) {
		snprintf(file, sizeof(file), "%s/%s", path[i], command[0]);
		execve(file, command, environment);
		if (errno != ENOENT)
			return;
	}
}

/* The signal only has to end ppoll(). */
static void child_ended(int signal)
{
	(void)signal;
}

/*
 * In the child: what a command may expect of whoever starts it. Standard input is /dev/null, or the
 * console is all three and the controlling terminal.
 */
static noreturn void become(const struct options *options, int out, int err, const sigset_t *mask)
{
	static char *const path[] = {
		"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", NULL
	};
	static char *const environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/sh", "TERM=linux", "LANG=C",
		NULL
	};
	int in, error;

	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	setsid();
	if (options->console) {
		in = open(CONSOLE, O_RDWR);
		out = in;
		err = in;
	} else {
		in = open("/dev/null", O_RDONLY);
	}
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close_range(3, ~0U, 0);
	execute(options->command, path, environment);
	error = errno;
	dprintf(STDERR_FILENO, "vm: %s: %s\n", options->command[0], strerror(error));
	_exit(error == ENOENT ? 127 : 126);
}

/* Runs the command and relays its output; returns its wait status. */
static int run_command(const struct options *options, struct relay *relays)
{
	int out[2], err[2], status, command_status = 0;
	sigset_t block, mask;
	pid_t pid, ended;
	bool running = true;

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		give_up("pipe: %s", strerror(errno));
	relays[0].from = out[0];
	relays[1].from = err[0];
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);

	/* Blocked but in ppoll(), so that none is missed. */
	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_BLOCK, &block, &mask);
	signal(SIGCHLD, child_ended);

	pid = fork();
	if (!pid)
		become(options, out[1], err[1], &mask);
	if (pid < 0)
		give_up("fork: %s", strerror(errno));
	close(out[1]);
	close(err[1]);

	while (running) {
		relay_step(relays, 2, -1, &mask);
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
			if (ended == pid) {
				command_status = status;
				running = false;
			}
		}
	}

	/* What the command left behind must not keep its pipes open. */
	kill(-1, SIGKILL);
	while (relays[0].from >= 0 || relays[1].from >= 0 || relays[0].start < relays[0].end ||
	       relays[1].start < relays[1].end) {
		if (!relay_step(relays, 2, 500, &mask))
			break;
	}
	wait_until_taken(relays[0].to);
	wait_until_taken(relays[1].to);
	return command_status;
}

int main(void)
{
	static char *const drivers[] = {
		"/sbin/modprobe", "-a", "virtio_pci", "virtio_console", NULL
	};
	static char *const module[] = { "/sbin/modprobe", "binfmt_xelf", NULL };
	static struct relay relays[2];
	struct options options = {};
	int status, port;

	umask(022);
	mount_all();
	/* The pipes must not land on 0 to 2, should the kernel have found no console. */
	while (open("/dev/null", O_RDWR | O_CLOEXEC) < 3)
		;
	bring_up_loopback();
	sethostname("vm", 2);
	read_options(&options);
	run(drivers);
	port = open_port(PORT_STATUS);
	relays[0].to = open_port(PORT_STDOUT);
	relays[1].to = open_port(PORT_STDERR);
	if (options.module)
		run(module);
	status = run_command(&options, relays);

	dprintf(port, "%s %d\n", WIFSIGNALED(status) ? "signal" : "exit",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	wait_until_taken(port);
	power_off();
}

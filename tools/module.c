// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module's switch and counters. The switch is the machine's: whoever uses
 * it here gives it back as it was, however the program ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "diff.h"

#define PARAMETERS	"/sys/module/binfmt_xelf/parameters/"
#define STATS		"/sys/kernel/debug/xelf/stats"

const char *const loader_names[LOADER_COUNT] = {
	[BINFMT_ELF] = "binfmt_elf",
	[BINFMT_XELF] = "binfmt_xelf",
};

/**
 * struct toggle - a parameter of the module that is 0 or 1
 * @path: where it is
 * @fd: open while it is ours; else -1
 * @was: what it was before
 */
struct toggle {
	const char *path;
	int fd;
	char was;
};

static struct toggle enabled = { PARAMETERS "enabled", -1, 0 };
/* Older modules have none. */
static struct toggle hints = { PARAMETERS "hints", -1, 0 };

static void (*at_end)(void);

static const int fatal_signals[] = {
	SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM,
};

static void toggle_give_back(struct toggle *toggle)
{
	static const char failed[] =
		"xelf: a parameter of the module could not be given back; see " PARAMETERS "\n";

	if (toggle->fd < 0)
		return;
	if (pwrite(toggle->fd, &toggle->was, 1, 0) != 1 &&
	    write(STDERR_FILENO, failed, sizeof(failed) - 1) < 0)
		toggle->fd = -1;
	if (toggle->fd >= 0)
		close(toggle->fd);
	toggle->fd = -1;
}

/**
 * module_give_back() - undo module_take(); again does nothing
 *
 * Runs in a signal's handler, too: only what may be done there.
 */
void module_give_back(void)
{
	toggle_give_back(&enabled);
	toggle_give_back(&hints);
	if (at_end)
		at_end();
	at_end = NULL;
}

static void give_back_and_die(int number)
{
	module_give_back();
	signal(number, SIG_DFL);
	raise(number);
}

static void give_back_at_end(void (*clean_up)(void))
{
	size_t i;

	at_end = clean_up;
	atexit(module_give_back);
	for (i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		signal(fatal_signals[i], give_back_and_die);
}

static void say_cannot_open(const struct toggle *toggle)
{
	if (errno == ENOENT)
		say("", "the module is not loaded: modprobe binfmt_xelf, or insmod it");
	else
		say(toggle->path, "cannot open it: %s; this needs root",
		    strerror(errno));
}

static int toggle_read(struct toggle *toggle)
{
	if (pread(toggle->fd, &toggle->was, 1, 0) == 1)
		return EXIT_DONE;
	say(toggle->path, "cannot read it: %s", strerror(errno));
	close(toggle->fd);
	toggle->fd = -1;
	return EXIT_USAGE;
}

static int toggle_set(struct toggle *toggle, bool on)
{
	if (pwrite(toggle->fd, on ? "1" : "0", 1, 0) == 1)
		return EXIT_DONE;
	say(toggle->path, "cannot write it: %s", strerror(errno));
	return EXIT_USAGE;
}

/**
 * module_take_turn() - wait for the other commands that change the machine's switches
 * @fd: open on one of these; what it holds is given back when it is closed
 *
 * Each would see the other's changes, and give them back.
 */
void module_take_turn(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
		say("", "waiting for another comparison to end");
		flock(fd, LOCK_EX);
	}
}

/**
 * module_take() - take the module's switch for us alone
 * @clean_up: called when it is given back; only what a signal's handler may do
 *
 * Two that compare at the same time would each see the other's loads.
 *
 * Return: EXIT_DONE, or EXIT_USAGE after saying what is missing.
 */
int module_take(void (*clean_up)(void))
{
	enabled.fd = open(enabled.path, O_RDWR | O_CLOEXEC);
	if (enabled.fd < 0) {
		say_cannot_open(&enabled);
		return EXIT_USAGE;
	}
	module_take_turn(enabled.fd);
	hints.fd = open(hints.path, O_RDWR | O_CLOEXEC);
	if (toggle_read(&enabled) || (hints.fd >= 0 && toggle_read(&hints)))
		return EXIT_USAGE;
	give_back_at_end(clean_up);
	return EXIT_DONE;
}

/**
 * module_may_switch() - may we turn the module's switch?
 *
 * Return: false if it is there and we may not; true if we may, or there is no
 * module.
 */
bool module_may_switch(void)
{
	return !access(enabled.path, W_OK) || errno == ENOENT;
}

/**
 * module_share() - use the module as it stands, without its switch
 * @clean_up: called by module_give_back(); only what a signal's handler may do
 *
 * Return: EXIT_DONE, or EXIT_USAGE after saying that it is not loaded, or off.
 */
int module_share(void (*clean_up)(void))
{
	int status;

	enabled.fd = open(enabled.path, O_RDONLY | O_CLOEXEC);
	if (enabled.fd < 0) {
		say_cannot_open(&enabled);
		return EXIT_USAGE;
	}
	status = toggle_read(&enabled);
	if (status)
		return status;
	close(enabled.fd);
	enabled.fd = -1;
	hints.fd = open(hints.path, O_RDONLY | O_CLOEXEC);
	if (hints.fd >= 0) {
		toggle_read(&hints);
		close(hints.fd);
		hints.fd = -1;
	}
	if (enabled.was != 'Y') {
		say(enabled.path, "is off, and we may not turn it on; this needs root");
		return EXIT_USAGE;
	}
	give_back_at_end(clean_up);
	return EXIT_DONE;
}

/**
 * module_use() - have tagged files loaded by this loader from now on
 * @loader: which
 *
 * Return: EXIT_DONE, or EXIT_USAGE after saying what failed.
 */
int module_use(enum loader loader)
{
	return toggle_set(&enabled, loader == BINFMT_XELF);
}

/**
 * module_has_hints() - can hints be turned on and off? After module_take()
 *
 * Return: true if so.
 */
bool module_has_hints(void)
{
	return hints.fd >= 0;
}

/**
 * module_follows_hints() - did it, when we came? After module_share()
 *
 * Return: true if so.
 */
bool module_follows_hints(void)
{
	return hints.was == 'Y';
}

/**
 * module_use_hints() - have hints followed, or not, from now on
 * @on: are they followed?
 *
 * Return: EXIT_DONE, or EXIT_USAGE after saying what failed.
 */
int module_use_hints(bool on)
{
	return toggle_set(&hints, on);
}

static void read_counter(struct counters *counters, const char *name,
			 long value)
{
	static const char refused[] = "refused-";
	int i;

	if (!strcmp(name, "loaded"))
		counters->loaded = value;
	if (strncmp(name, refused, strlen(refused)))
		return;
	name += strlen(refused);
	for (i = 0; i < XELF_REASON_COUNT; i++)
		if (!strcmp(name, xelf_reason_name(i)))
			counters->refused[i] = value;
}

/**
 * module_counters() - read the module's counters
 * @counters: filled in
 *
 * Return: EXIT_DONE, or EXIT_USAGE after saying what is missing.
 */
int module_counters(struct counters *counters)
{
	FILE *stats = fopen(STATS, "re");
	char name[64];
	long value;

	*counters = (struct counters){ };
	if (!stats) {
		say(STATS, "cannot open it: %s; is debugfs mounted there?",
		    strerror(errno));
		return EXIT_USAGE;
	}
	while (fscanf(stats, "%63s %ld", name, &value) == 2)
		read_counter(counters, name, value);
	fclose(stats);
	return EXIT_DONE;
}

/**
 * counters_reason() - why our loader refused, by the counter that moved
 * @before: the counters before the exec
 * @after: those after it
 *
 * Return: the reason, or XELF_OK if none did.
 */
enum xelf_reason counters_reason(const struct counters *before,
				 const struct counters *after)
{
	int i;

	for (i = XELF_DISABLED + 1; i < XELF_REASON_COUNT; i++)
		if (after->refused[i] > before->refused[i])
			return i;
	return XELF_OK;
}

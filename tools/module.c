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

#define SWITCH	"/sys/module/binfmt_xelf/parameters/enabled"
#define STATS	"/sys/kernel/debug/xelf/stats"

const char *const loader_names[LOADER_COUNT] = {
	[BINFMT_ELF] = "binfmt_elf",
	[BINFMT_XELF] = "binfmt_xelf",
};

static int switch_fd = -1;
static char switch_was;
static void (*at_end)(void);

static const int fatal_signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

/**
 * module_give_back() - undo module_take(); again does nothing
 *
 * Runs in a signal's handler, too: only what may be done there.
 */
void module_give_back(void)
{
	static const char failed[] =
		"xelf: the module's switch could not be given back: " SWITCH "\n";

	if (switch_fd >= 0 && pwrite(switch_fd, &switch_was, 1, 0) != 1 &&
	    write(STDERR_FILENO, failed, sizeof(failed) - 1) < 0)
		switch_fd = -1;
	if (switch_fd >= 0)
		close(switch_fd);
	switch_fd = -1;
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
	size_t i;

	switch_fd = open(SWITCH, O_RDWR | O_CLOEXEC);
	if (switch_fd < 0) {
		if (errno == ENOENT)
			say("", "the module is not loaded: modprobe binfmt_xelf, or insmod it");
		else
			say(SWITCH, "cannot open it: %s; this needs root",
			    strerror(errno));
		return EXIT_USAGE;
	}
	if (flock(switch_fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
		say("", "waiting for another comparison to end");
		flock(switch_fd, LOCK_EX);
	}
	if (pread(switch_fd, &switch_was, 1, 0) != 1) {
		say(SWITCH, "cannot read it: %s", strerror(errno));
		close(switch_fd);
		switch_fd = -1;
		return EXIT_USAGE;
	}
	at_end = clean_up;
	atexit(module_give_back);
	for (i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		signal(fatal_signals[i], give_back_and_die);
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
	if (pwrite(switch_fd, loader == BINFMT_XELF ? "1" : "0", 1, 0) == 1)
		return EXIT_DONE;
	say(SWITCH, "cannot write it: %s", strerror(errno));
	return EXIT_USAGE;
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

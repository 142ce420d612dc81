// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf map: the address space of a process, or of a program that is run for it.
 * The command line; what it does stands in the other map files.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "map.h"

#define MAX_SECONDS	86400
#define MAX_PID		4194304

/**
 * struct map_options - what was asked for
 * @svg: --svg: the file for the picture, or NULL
 * @json: --json
 * @moment: --at
 * @seconds: --at SECONDS
 */
struct map_options {
	const char *svg;
	bool json;
	enum moment moment;
	unsigned int seconds;
};

static const struct option long_options[] = {
	{ "svg", required_argument, NULL, 's' },
	{ "json", no_argument, NULL, 'j' },
	{ "at", required_argument, NULL, 'a' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

/* Is a word one of our options? @takes_next: its value is the next word. */
static bool is_ours(const char *word, bool *takes_next)
{
	const struct option *option;

	for (option = long_options; option->name; option++) {
		size_t length = strlen(option->name);

		if (strncmp(word, "--", 2) ||
		    strncmp(word + 2, option->name, length))
			continue;
		*takes_next = option->has_arg && !word[2 + length];
		if (!word[2 + length] || word[2 + length] == '=')
			return true;
	}
	return false;
}

/*
 * Options may also follow PROGRAM, as in `xelf map bash --svg bash.svg`: they
 * are moved before it. Another word, or "--", begins the program's own.
 * Return: false after saying that an option lacks its value.
 */
static bool options_first(int argc, char **argv, int program)
{
	bool takes_next;
	char *name;
	int words;

	while (program + 1 < argc && is_ours(argv[program + 1], &takes_next)) {
		words = takes_next ? 2 : 1;
		if (program + words >= argc) {
			say("", "map: option '%s' needs a value",
			    argv[program + 1]);
			return false;
		}
		name = argv[program];
		memmove(argv + program, argv + program + 1,
			words * sizeof(*argv));
		program += words;
		argv[program] = name;
	}
	return true;
}

static bool set_moment(struct map_options *opt, const char *text)
{
	static const struct {
		const char *name;
		enum moment moment;
	} moments[] = {
		{ "exec", AT_EXEC },
		{ "entry", AT_PROGRAM_ENTRY },
		{ "exit", AT_EXIT },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(moments); i++) {
		if (!strcmp(text, moments[i].name)) {
			opt->moment = moments[i].moment;
			return true;
		}
	}
	if (*text < '0' || *text > '9') {
		say("", "map: --at takes exec, entry, exit or a number of seconds, not '%s'",
		    text);
		return false;
	}
	opt->moment = AT_TIME;
	opt->seconds = number_of(text, MAX_SECONDS);
	return opt->seconds;
}

/* Return: -1 to go on, or the exit status. */
static int parse_options(int argc, char **argv, struct map_options *opt)
{
	int letter;

	optind = 0;
	for (;;) {
		letter = getopt_long(argc, argv, "+h", long_options, NULL);
		if (letter < 0)
			return -1;
		switch (letter) {
		case 's':
			opt->svg = optarg;
			break;
		case 'j':
			opt->json = true;
			break;
		case 'a':
			if (!set_moment(opt, optarg))
				return EXIT_USAGE;
			break;
		case 'h':
			print_usage_of("map", stdout);
			return EXIT_DONE;
		default:
			print_usage_of("map", stderr);
			return EXIT_USAGE;
		}
	}
}

/* Reads and shows the address space of a process. */
static int show(const struct map_options *opt, pid_t pid, const char *when)
{
	struct map map;
	int status = map_read(&map, pid);

	if (!status) {
		map.when = when;
		map_link(&map);
		if (opt->json)
			map_print_json(&map);
		else if (!opt->svg)
			map_print(&map);
		if (opt->svg)
			status = map_draw(&map, opt->svg);
	}
	map_free(&map);
	return status;
}

/* What the program printed; standard output is for the map. */
static void pass_on(int from)
{
	char bytes[4096];
	off_t at = 0;
	ssize_t got;

	while ((got = pread(from, bytes, sizeof(bytes), at)) > 0) {
		at += got;
		if (write(STDERR_FILENO, bytes, got) != got)
			return;
	}
}

static int run_and_show(const struct map_options *opt, char **argv)
{
	static const char *const words[] = {
		[AT_EXEC] = "behind its exec",
		[AT_PROGRAM_ENTRY] = "at its entry",
		[AT_EXIT] = "before its exit",
		[AT_TIME] = "while it ran",
	};
	enum moment moment = opt->moment;
	struct task task;
	int status = map_run(&task, argv, &moment, opt->seconds);

	if (task.out >= 0) {
		pass_on(task.out);
		pass_on(task.err);
	}
	if (!status)
		status = show(opt, task.pid, words[moment]);
	map_run_end(&task);
	return status;
}

/**
 * command_map() - xelf map
 * @argc: number of words
 * @argv: the command's name, its options, and what to look at
 *
 * Return: EXIT_DONE; EXIT_REFUSED if it cannot be seen; EXIT_USAGE.
 */
int command_map(int argc, char **argv)
{
	struct map_options opt = { .moment = AT_EXIT };
	int status = parse_options(argc, argv, &opt);
	unsigned long pid;

	if (status < 0 && optind < argc) {
		if (options_first(argc, argv, optind)) {
			status = parse_options(argc, argv, &opt);
		} else {
			print_usage_of("map", stderr);
			status = EXIT_USAGE;
		}
	}
	if (status >= 0)
		return status;
	argv += optind;
	if (!*argv) {
		say("", "map: no PROGRAM and no PID is given");
		print_usage_of("map", stderr);
		return EXIT_USAGE;
	}
	if (!machine_has_pages("map"))
		return EXIT_REFUSED;
	if (argv[1] && !strcmp(argv[1], "--")) {
		argv[1] = argv[0];
		argv++;
	}
	if (strspn(*argv, "0123456789") != strlen(*argv) || !**argv)
		return run_and_show(&opt, argv);
	if (argv[1]) {
		say(*argv, "is a process, which takes no arguments; a program is ./%s",
		    *argv);
		return EXIT_USAGE;
	}
	pid = number_of(*argv, MAX_PID);
	if (!pid)
		return EXIT_USAGE;
	return show(&opt, pid, "while it runs");
}

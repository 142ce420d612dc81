// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf: tags, checks, shows and compares XELF files. The command line and the
 * messages; what the sub-commands do stands in a file of their own.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xelf.h"

/**
 * struct command - one sub-command
 * @name: its name
 * @run: does it; NULL for help itself
 * @parse: does it, and looks at its options itself; getopt_long() has them as
 *	main() does, and @run and @options are not used
 * @options: the letters of the options that it takes; '+' if what follows the
 *	first operand is not ours
 * @line: one line for the list of commands
 * @usage: its operands and options
 * @help: a line for each option, with its range and what holds without it
 */
struct command {
	const char *name;
	int (*run)(const struct options *opt, char **files);
	int (*parse)(int argc, char **argv);
	const char *options;
	const char *line;
	const char *usage;
	const char *help;
};

#define HELP_OUT "  -o, --output=OUT  write to OUT, and leave FILE as it is; one FILE only\n"

static const struct command commands[] = {
	{ "tag", command_tag, NULL, "oxfn",
	  "tag programs, so that binfmt_xelf loads them",
	  "[-o OUT] [--exclusive] [--force] FILE... | --no-hints [-o OUT] [--force] FILE...",
	  HELP_OUT
	  "  --exclusive       the form that nothing but binfmt_xelf runs\n"
	  "  --no-hints        cut the hints of a tagged file off, and leave it tagged\n"
	  "  --force           also where a refusal says \"needs --force\"\n" },
	{ "untag", command_untag, NULL, "of",
	  "take the tag off again",
	  "[-o OUT] [--force] FILE...",
	  HELP_OUT
	  "  --force           also a tag of an unknown version or with unknown flags\n" },
	{ "check", command_check, NULL, "",
	  "say whether exec would load tagged programs, and if not, why",
	  "FILE...", "" },
	{ "dump", command_dump, NULL, "j",
	  "show the tag, the headers, and what the loader would map",
	  "[--json] FILE...",
	  "  --json  an array, with one object for each file\n" },
	{ "diff", command_diff, NULL, "+jatr",
	  "run a program under both loaders and compare all that it can see",
	  "[--json] [--timeout SECONDS] [--aslr RUNS] PROGRAM [ARG...] | --rules",
	  "  --aslr RUNS        compare where things lie in RUNS loads each (1 to 1000000)\n"
	  "  --timeout SECONDS  how long the program may run (1 to 86400; 60)\n"
	  "  --json             one object\n"
	  "  --rules            list the differences that are there on purpose\n" },
	{ "bench", NULL, command_bench, "+",
	  "measure how long a program takes to start and end under both loaders",
	  "[OPTION...] PROGRAM [ARG...]\n"
	  "  -n RUNS, -j CPUS, --cold, --unit ns|insns, --as-is, --details,\n"
	  "  --json, --csv, --svg OUT.svg",
	  "  -n, --runs=RUNS  runs of each loader on each processor (1 to 100000; 200)\n"
	  "  -j, --jobs=CPUS  measure also on that many processors at once (1 to 1024)\n"
	  "  --cold           drop the page cache before each run\n"
	  "  --unit UNIT      ns, or insns under QEMU's -icount shift=0\n"
	  "  --as-is          the program alone, without asking for a loader\n"
	  "  --details        look also at page faults and at each step of our loader\n"
	  "  --json           one object\n"
	  "  --csv            a line for each run\n"
	  "  --svg OUT.svg    also draw what share of the runs took no longer than a time\n" },
	{ "map", NULL, command_map, "",
	  "show the address space of a program, or of a process, and what it was made of",
	  "[--at exec|entry|exit|SECONDS] [--json] [--svg FILE] PROGRAM [ARG...] | PID",
	  "  --at MOMENT  exec: before its first instruction; entry: when ld.so is through;\n"
	  "               exit: before it ends; or seconds after its exec (1 to 86400)\n"
	  "  --json       one object\n"
	  "  --svg FILE   draw it (-: standard output)\n" },
	{ "trace", NULL, command_trace, "",
	  "show what happens in an exec and in a program's start-up, by the kernel's trace events",
	  "[--compare] [--all] [--json] [--svg FILE] [--timeout S] [--buffer KIB]\n"
	  "  PROGRAM [ARG...]",
	  "  --compare     run it under both loaders, and show the difference of each phase\n"
	  "  --all         each event, also where a phase has very many\n"
	  "  --json        one object, with all events\n"
	  "  --svg FILE    also draw the phases and the faults in them\n"
	  "  --timeout S   end the program after S seconds (1 to 86400)\n"
	  "  --buffer KIB  trace buffer of each processor (1 to 1048576; 8192)\n" },
	{ "record", NULL, command_record, "",
	  "learn which pages a program touches when it starts, and write them into it as hints",
	  "[-n RUNS] [--window MS] [-o OUT] [--force] PROGRAM [ARG...]",
	  "  -n, --runs=RUNS   how often it is run (1 to 1000; 3)\n"
	  "  --window MS       how long starting lasts (1 to 3600000; 1000)\n"
	  "  -o, --output=OUT  write to OUT, and leave PROGRAM as it is\n"
	  "  --force           as with tag\n" },
	{ "help", NULL, NULL, "",
	  "show this, or how COMMAND is used",
	  "[COMMAND...]", "" },
};

#define MAX_RUNS	1000000
#define MAX_SECONDS	86400

static const struct option long_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "exclusive", no_argument, NULL, 'x' },
	{ "force", no_argument, NULL, 'f' },
	{ "json", no_argument, NULL, 'j' },
	{ "aslr", required_argument, NULL, 'a' },
	{ "timeout", required_argument, NULL, 't' },
	{ "rules", no_argument, NULL, 'r' },
	{ "no-hints", no_argument, NULL, 'n' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static void vsay(const char *name, const char *kind, const char *fmt,
		 va_list args)
{
	char *text;

	fflush(stdout);
	fputs("xelf: ", stderr);
	print_shown(name, stderr);
	fprintf(stderr, "%s%s", *name ? ": " : "", kind);
	/* Not vformat(), which would end the program; names may be in there, too. */
	if (vasprintf(&text, fmt, args) < 0) {
		fputs(fmt, stderr);
		return;
	}
	print_shown(text, stderr);
	free(text);
}

/**
 * say() - one line on standard error
 * @name: the file that it is about, or ""
 * @fmt: as for printf(), without a line's end
 */
void say(const char *name, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsay(name, "", fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

/**
 * warn() - say() that something is odd; the exit status does not change
 * @name: the file that it is about
 * @fmt: as for printf(), without a line's end
 */
void warn(const char *name, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsay(name, "warning: ", fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

/**
 * refuse() - say() why a file is refused
 * @name: the file
 * @reason: the reason's name, which a script may look for
 * @fmt: as for printf(), without a line's end
 *
 * Return: EXIT_REFUSED.
 */
int refuse(const char *name, const char *reason, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsay(name, "", fmt, args);
	va_end(args);
	fprintf(stderr, " (%s)\n", reason);
	return EXIT_REFUSED;
}

/**
 * fail() - say() which call failed
 * @name: the file
 * @what: what could not be done, as in "cannot open it"
 * @err: errno
 *
 * Return: EXIT_REFUSED.
 */
int fail(const char *name, const char *what, int err)
{
	say(name, "%s: %s", what, strerror(err));
	return EXIT_REFUSED;
}

/* All of it for who asks for it; a mistake is told in few lines. */
static void print_command(FILE *to, const struct command *cmd)
{
	fprintf(to, "usage: xelf %s %s\n%s\n", cmd->name, cmd->usage,
		cmd->line);
	if (to == stdout && *cmd->help)
		fprintf(to, "\n%s", cmd->help);
}

static void print_usage(FILE *to)
{
	size_t i;

	fputs("usage: xelf COMMAND [OPTION...] FILE...\n\n", to);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  xelf %s %s\n        %s\n", commands[i].name,
			commands[i].usage, commands[i].line);
	fputs("  xelf --version\n  xelf --help\n\nSee xelf(1).\n", to);
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	say("", "there is no command '%s'; try 'xelf help'", name);
	return NULL;
}

static int help(char **names)
{
	const struct command *cmd;

	if (!*names) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	for (; *names; names++) {
		cmd = find_command(*names);
		if (!cmd)
			return EXIT_USAGE;
		print_command(stdout, cmd);
	}
	return EXIT_DONE;
}

/* The long options that @cmd takes; @to has room for all. */
static void select_options(const struct command *cmd, struct option *to)
{
	const struct option *option;

	for (option = long_options; option->name; option++)
		if (option->val == 'h' || strchr(cmd->options, option->val))
			*to++ = *option;
	*to = (struct option){ };
}

/**
 * print_usage_of() - how a sub-command is used
 * @name: the command, as in the list of commands
 * @to: standard output if it was asked for, else standard error
 */
void print_usage_of(const char *name, FILE *to)
{
	print_command(to, find_command(name));
}

/**
 * number_of() - an option's argument as a number
 * @text: the argument
 * @max: the largest number that makes sense
 *
 * Return: the number, from 1 to @max, or 0 after saying that it is none.
 */
unsigned long number_of(const char *text, unsigned long max)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	if (*text >= '0' && *text <= '9' && !*end && number && number <= max)
		return number;
	say("", "'%s' is not a number from 1 to %lu", text, max);
	return 0;
}

static int run_command(const struct command *cmd, int argc, char **argv)
{
	const char *letters = strchr(cmd->options, 'o') ? "ho:" :
			      strchr(cmd->options, '+') ? "+h" : "h";
	struct option own_options[ARRAY_SIZE(long_options)];
	struct options opt = { };
	int letter;

	select_options(cmd, own_options);
	optind = 0;
	for (;;) {
		letter = getopt_long(argc, argv, letters, own_options, NULL);
		if (letter < 0)
			break;
		switch (letter) {
		case 'o':
			opt.out = optarg;
			break;
		case 'x':
			opt.exclusive = true;
			break;
		case 'f':
			opt.force = true;
			break;
		case 'j':
			opt.json = true;
			break;
		case 'n':
			opt.no_hints = true;
			break;
		case 'r':
			opt.rules = true;
			break;
		case 'a':
			opt.aslr = number_of(optarg, MAX_RUNS);
			if (!opt.aslr)
				return EXIT_USAGE;
			break;
		case 't':
			opt.timeout = number_of(optarg, MAX_SECONDS);
			if (!opt.timeout)
				return EXIT_USAGE;
			break;
		case 'h':
			print_command(stdout, cmd);
			return EXIT_DONE;
		default:
			print_command(stderr, cmd);
			return EXIT_USAGE;
		}
	}
	argv += optind;
	if (!cmd->run)
		return help(argv);
	if (!*argv && !opt.rules) {
		say("", "%s: no FILE is given", cmd->name);
		print_command(stderr, cmd);
		return EXIT_USAGE;
	}
	if (opt.no_hints && opt.exclusive) {
		say("", "%s: --no-hints leaves the form as it is: no --exclusive", cmd->name);
		return EXIT_USAGE;
	}
	if (opt.out && (argv[1] || !*opt.out)) {
		say("", "%s: -o takes a name, and one FILE only", cmd->name);
		print_command(stderr, cmd);
		return EXIT_USAGE;
	}
	return cmd->run(&opt, argv);
}

static int run(int argc, char **argv)
{
	const struct command *cmd;
	char name[32];

	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("xelf %s (format version %d)\n", XELF_TOOL_VERSION,
		       XELF_VERSION);
		return EXIT_DONE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return help(argv + argc);
	if (argv[1][0] == '-') {
		say("", "there is no option '%s' before a command", argv[1]);
		print_usage(stderr);
		return EXIT_USAGE;
	}
	cmd = find_command(argv[1]);
	if (!cmd)
		return EXIT_USAGE;
	/* getopt_long() begins its messages with argv[0]. */
	snprintf(name, sizeof(name), "xelf: %s", cmd->name);
	argv[1] = name;
	if (cmd->parse) {
		optind = 0;
		return cmd->parse(argc - 1, argv + 1);
	}
	return run_command(cmd, argc - 1, argv + 1);
}

/* A file must not become standard error, and get our messages. */
static void open_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	int status;

	open_standard_files();

	/* EFBIG, and a broken lease that is asked for: no need to die. */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGIO, SIG_IGN);

	status = run(argc, argv);
	if (fflush(stdout) || ferror(stdout)) {
		perror("xelf: standard output");
		return status ? status : EXIT_REFUSED;
	}
	return status;
}

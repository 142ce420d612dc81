// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf trace: one program from its fork on, through its exec and its start-up,
 * as the kernel's trace events tell it. The command line; what it does stands
 * in the other trace files.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"
#include "trace.h"

#define MAX_SECONDS	86400
/* KiB for each processor: 4 MiB hold about 100,000 faults. */
#define BUFFER		8192
#define MAX_BUFFER	(1024 * 1024)

static const struct option long_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "buffer", required_argument, NULL, 'b' },
	{ "compare", no_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, 'j' },
	{ "svg", required_argument, NULL, 's' },
	{ "timeout", required_argument, NULL, 't' },
	{ }
};

/* Return: an exit status, or -1 to go on with the program at optind. */
static int parse_options(int argc, char **argv, struct trace_options *opt)
{
	int letter;

	while ((letter = getopt_long(argc, argv, "+h", long_options, NULL)) != -1) {
		switch (letter) {
		case 'a':
			opt->all = true;
			break;
		case 'b':
			opt->buffer = number_of(optarg, MAX_BUFFER);
			if (!opt->buffer)
				return EXIT_USAGE;
			break;
		case 'c':
			opt->compare = true;
			break;
		case 'j':
			opt->json = true;
			break;
		case 's':
			opt->svg = optarg;
			break;
		case 't':
			opt->timeout = number_of(optarg, MAX_SECONDS);
			if (!opt->timeout)
				return EXIT_USAGE;
			break;
		case 'h':
			print_usage_of("trace", stdout);
			return EXIT_DONE;
		default:
			print_usage_of("trace", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc)
		return -1;
	say("", "trace: no PROGRAM is given");
	print_usage_of("trace", stderr);
	return EXIT_USAGE;
}

static int run_once(const struct trace_options *opt, const char *path,
		    struct trace *trace)
{
	struct collector *collector = collector_open(opt, path);
	int status;

	if (!collector)
		return EXIT_REFUSED;
	*trace = (struct trace){ .path = path };
	status = collector_run(collector, trace, opt->argv);
	collector_close(collector);
	return status;
}

/* Behind the point of no return nobody is left to whom an errno could be given. */
static bool exec_failed(const struct trace *trace)
{
	const struct load *load = deciding_load(trace);

	return trace->exec_errno || (load && load->err);
}

static int show(const struct trace_options *opt, const struct trace *traces,
		size_t count)
{
	struct timeline timelines[LOADER_COUNT] = { };
	int status = EXIT_DONE;
	size_t i;

	for (i = 0; i < count; i++)
		timeline_make(&timelines[i], &traces[i]);
	if (opt->json)
		trace_print_json(timelines, count);
	else if (count > 1)
		trace_print_both(timelines, opt->all);
	else
		trace_print(&timelines[0], opt->all);
	if (opt->svg)
		status = trace_draw(timelines, count, opt->svg);
	for (i = 0; i < count; i++) {
		if (exec_failed(&traces[i]))
			status = EXIT_REFUSED;
		timeline_free(&timelines[i]);
	}
	return status;
}

/* Under each loader; a run that a signal ended is shown alone. */
static int compare(const struct trace_options *opt, const char *path)
{
	struct trace traces[LOADER_COUNT] = { };
	struct trial trial = { .path = path };
	int status = module_take(copy_remove);
	size_t count;

	if (!status)
		status = trial_find_program(&trial);
	for (count = 0; count < LOADER_COUNT && !status; count++) {
		status = module_use(count);
		if (!status)
			status = run_once(opt, trial.path, &traces[count]);
		if (traces[count].interrupted) {
			count++;
			break;
		}
	}
	module_give_back();
	if (!status)
		status = show(opt, traces, count);
	while (count)
		trace_free(&traces[--count]);
	return status;
}

/**
 * command_trace() - xelf trace
 * @argc: number of words
 * @argv: the command's name, its options, the program and its arguments
 *
 * Return: EXIT_DONE; EXIT_REFUSED if the program's exec failed, or it cannot be
 * traced; EXIT_USAGE, also if the loaders cannot be compared.
 */
int command_trace(int argc, char **argv)
{
	struct trace_options opt = { .buffer = BUFFER };
	int status = parse_options(argc, argv, &opt);
	struct trace trace = { };
	char *path;

	if (status >= 0)
		return status;
	opt.argv = argv + optind;
	path = find_in_path(opt.argv[0]);
	if (!path)
		return EXIT_REFUSED;
	if (opt.compare) {
		status = compare(&opt, path);
	} else {
		status = run_once(&opt, path, &trace);
		if (!status)
			status = show(&opt, &trace, 1);
		trace_free(&trace);
	}
	where_forget();
	free(path);
	return status;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf bench: how long a program takes to be started, to run and to be waited
 * for, under the kernel's loader and under ours. This file is the command line
 * and what is to be measured; bench_run.c measures.
 */
#include <getopt.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define DEFAULT_RUNS	200
#define MAX_RUNS	100000
/* Short turns, so that both loaders meet the same weather. */
#define BLOCK_SIZE	10

/**
 * struct request - what the command line asks for
 * @runs: of each way of loading, on each processor
 * @jobs: on how many processors at once
 * @cold: drop the page cache before each run
 * @insns: the clock counts instructions
 * @as_is: run the program alone, without asking for a loader
 * @details: look at faults and steps too
 * @json: print JSON
 * @csv: print CSV
 * @svg: a file to draw into, or NULL
 */
struct request {
	unsigned int runs;
	unsigned int jobs;
	bool cold;
	bool insns;
	bool as_is;
	bool details;
	bool json;
	bool csv;
	const char *svg;
};

static const struct option options[] = {
	{ "runs", required_argument, NULL, 'n' },
	{ "jobs", required_argument, NULL, 'j' },
	{ "cold", no_argument, NULL, 'c' },
	{ "unit", required_argument, NULL, 'u' },
	{ "as-is", no_argument, NULL, 'a' },
	{ "details", no_argument, NULL, 'd' },
	{ "json", no_argument, NULL, 'J' },
	{ "csv", no_argument, NULL, 'C' },
	{ "svg", required_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

static bool parse_unit(struct request *request, const char *unit)
{
	request->insns = !strcmp(unit, "insns");
	if (request->insns || !strcmp(unit, "ns"))
		return true;
	say("", "'%s' is not a unit; there are ns and insns", unit);
	return false;
}

/* Return: false if the option makes no sense. */
static bool parse_option(struct request *request, int letter)
{
	switch (letter) {
	case 'n':
		request->runs = number_of(optarg, MAX_RUNS);
		return request->runs;
	case 'j':
		request->jobs = number_of(optarg, MAX_JOBS);
		return request->jobs;
	case 'c':
		request->cold = true;
		return true;
	case 'u':
		return parse_unit(request, optarg);
	case 'a':
		request->as_is = true;
		return true;
	case 'd':
		request->details = true;
		return true;
	case 'J':
		request->json = true;
		return true;
	case 'C':
		request->csv = true;
		return true;
	case 's':
		request->svg = optarg;
		return *optarg;
	default:
		return false;
	}
}

/* What goes together with what. */
static bool request_makes_sense(const struct request *request)
{
	cpu_set_t allowed;
	unsigned int cpus = 1;

	if (request->json && request->csv) {
		say("", "--json and --csv: one of them");
		return false;
	}
	if (request->cold && (request->jobs > 1 || request->insns)) {
		say("", "--cold goes neither with -j (all share one cache) nor with instructions");
		return false;
	}
	if (!sched_getaffinity(0, sizeof(allowed), &allowed))
		cpus = CPU_COUNT(&allowed);
	if (request->jobs > cpus) {
		say("", "-j %u: there are %u processors", request->jobs, cpus);
		return false;
	}
	return true;
}

/* What is missing on this machine, found out before anything is measured. */
static int machine_can(const struct request *request)
{
	if (request->svg && plot_is_possible())
		return EXIT_REFUSED;
	if (request->insns && !machine_counts_instructions()) {
		say("", "--unit insns: the clock counts none here; boot with scripts/vm --icount");
		return EXIT_REFUSED;
	}
	return EXIT_DONE;
}

static void add_column(struct bench *bench, const char *name,
		       enum loader loader, bool hints, const char *path)
{
	bench->columns[bench->column_count++] = (struct column){
		.name = name,
		.loader = loader,
		.hints = hints,
		.path = path,
		.jobs = 1,
	};
}

/* All columns once more, on several processors. */
static void multiply_columns(struct bench *bench, unsigned int jobs)
{
	unsigned int count = bench->column_count, i;

	if (jobs == 1)
		return;
	for (i = 0; i < count; i++) {
		bench->columns[count + i] = bench->columns[i];
		bench->columns[count + i].jobs = jobs;
	}
	bench->column_count = 2 * count;
}

/* One file under both loaders; of a program without a tag a tagged copy. */
static int choose_by_switch(struct bench *bench, const struct file *file)
{
	bool is_tagged = xelf_is_tagged(file->first);
	const char *path = bench->argv[0];

	if (module_take(copy_remove))
		return EXIT_REFUSED;
	bench->switched = true;
	/* What is no ELF file may be a script, and its interpreter tagged. */
	if (!is_tagged && file_is_elf(file)) {
		path = copy_make("bench", path, command_tag);
		if (!path)
			return EXIT_REFUSED;
		bench->copied = true;
	}
	add_column(bench, "binfmt_elf", BINFMT_ELF, false, path);
	add_column(bench, "binfmt_xelf", BINFMT_XELF, false, path);
	if (is_tagged && tag_flags(file->first) & XELF_FLAG_HINTS &&
	    module_has_hints())
		add_column(bench, "binfmt_xelf, hints", BINFMT_XELF, true, path);
	return EXIT_DONE;
}

/* Two files, one of them tagged, for a user who may not turn the switch. */
static int choose_by_file(struct bench *bench, const struct file *file)
{
	bool is_tagged = xelf_is_tagged(file->first);
	const char *path = bench->argv[0], *copy;

	if (module_share(copy_remove))
		return EXIT_REFUSED;
	if (!file_is_elf(file))
		return refuse(path, "not-elf",
			      "which loader takes it can be chosen only by the module's switch, which needs root");
	copy = copy_make("bench", path, is_tagged ? command_untag : command_tag);
	if (!copy)
		return EXIT_REFUSED;
	bench->copied = true;
	add_column(bench, "binfmt_elf", BINFMT_ELF, false,
		   is_tagged ? copy : path);
	add_column(bench, "binfmt_xelf", BINFMT_XELF,
		   is_tagged && tag_flags(file->first) & XELF_FLAG_HINTS &&
		   module_follows_hints(), is_tagged ? path : copy);
	return EXIT_DONE;
}

static int choose_columns(struct bench *bench, const struct request *request)
{
	struct file file;
	int status = file_open(&file, bench->argv[0], false);

	if (!status && request->as_is) {
		add_column(bench, "as it is", BINFMT_ELF, false, bench->argv[0]);
		bench->columns[0].as_is = true;
	} else if (!status && xelf_is_exclusive(file.first)) {
		status = refuse(bench->argv[0], "exclusive",
				"the kernel's loader does not run the exclusive form; untag it first");
	} else if (!status && module_may_switch()) {
		status = choose_by_switch(bench, &file);
	} else if (!status) {
		status = choose_by_file(bench, &file);
	}
	file_close(&file);
	multiply_columns(bench, request->jobs);
	return status;
}

static int measure(struct bench *bench, const struct request *request)
{
	struct machine machine;
	int status;

	if (!request->json && !request->csv && bench->switched)
		say("", "until this ends, tagged programs on this machine run under either loader");
	/* What is not on the disk yet cannot be dropped from memory. */
	if (bench->cold)
		sync();
	machine_look(&machine);
	status = bench_run(bench);
	if (!status) {
		machine_judge(&machine, bench);
		if (request->json)
			bench_print_json(bench, &machine);
		else if (request->csv)
			bench_print_csv(bench);
		else
			bench_print_text(bench, &machine);
	}
	if (!status && request->svg)
		status = plot_write(bench, &machine, request->svg);
	machine_free(&machine);
	return status;
}

static int bench_program(const struct request *request, char **argv)
{
	struct bench bench = {
		.argv = argv,
		.cold = request->cold,
		.insns = request->insns,
		.details = request->details,
	};
	int status;

	/* At least ten turns, if there are as many runs. */
	bench.block_size = request->runs / 10;
	if (!bench.block_size)
		bench.block_size = 1;
	if (bench.block_size > BLOCK_SIZE && request->jobs == 1)
		bench.block_size = BLOCK_SIZE;
	bench.blocks = (request->runs + bench.block_size - 1) / bench.block_size;

	status = machine_can(request);
	if (!status)
		status = choose_columns(&bench, request);
	if (!status)
		status = measure(&bench, request);
	module_give_back();
	copy_forget();
	bench_free(&bench);
	return status;
}

/**
 * command_bench() - xelf bench
 * @argc: of main(), from the command's name on
 * @argv: the same
 *
 * Return: EXIT_DONE, EXIT_USAGE, or EXIT_REFUSED if the program could not be
 * measured.
 */
int command_bench(int argc, char **argv)
{
	struct request request = { .runs = DEFAULT_RUNS, .jobs = 1 };
	int letter;

	while ((letter = getopt_long(argc, argv, "+hn:j:", options, NULL)) >= 0) {
		if (letter == 'h') {
			print_usage_of("bench", stdout);
			return EXIT_DONE;
		}
		if (!parse_option(&request, letter)) {
			print_usage_of("bench", stderr);
			return EXIT_USAGE;
		}
	}
	if (!argv[optind]) {
		say("", "bench: no PROGRAM is given");
		print_usage_of("bench", stderr);
		return EXIT_USAGE;
	}
	if (!request_makes_sense(&request))
		return EXIT_USAGE;
	return bench_program(&request, argv + optind);
}

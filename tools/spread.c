// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf diff --aslr: where the two loaders put a program when addresses are
 * random. Single runs cannot be compared; which bits vary over many, and how
 * far apart the results lie, can.
 */
#include <elf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "diff.h"

enum base {
	BASE_STACK,
	BASE_PROGRAM,
	BASE_INTERPRETER,
	BASE_BRK,
	BASE_VDSO,
	BASE_COUNT,
};

static const char *const base_names[BASE_COUNT] = {
	[BASE_STACK] = "stack",
	[BASE_PROGRAM] = "program",
	[BASE_INTERPRETER] = "interpreter",
	[BASE_BRK] = "brk",
	[BASE_VDSO] = "vdso",
};

#define BITS	((int)(8 * sizeof(long)))

/**
 * struct spread - where one base was found over many runs
 * @runs: how many
 * @ones: of each bit: in how many of them it was set
 * @bases: the addresses; sorted for report()
 */
struct spread {
	unsigned long runs;
	unsigned long ones[BITS];
	unsigned long *bases;
};

/* The numbered field of /proc/PID/stat. */
static unsigned long stat_field(const struct task *task, int number)
{
	char *text = task_file(task, "stat", NULL);
	char *rest = strrchr(text, ')');
	unsigned long value;

	for (number -= 2; rest && number; number--)
		strsep(&rest, " ");
	value = rest ? strtoul(rest, NULL, 10) : 0;
	free(text);
	return value;
}

static void find_bases(const struct task *task, unsigned long base[BASE_COUNT])
{
	size_t size, i;
	char *text = task_file(task, "auxv", &size);
	const unsigned long *auxv = (unsigned long *)text;

	memset(base, 0, BASE_COUNT * sizeof(*base));
	for (i = 0; i + 1 < size / sizeof(*auxv); i += 2) {
		if (auxv[i] == AT_ENTRY)
			base[BASE_PROGRAM] = auxv[i + 1];
		else if (auxv[i] == AT_BASE)
			base[BASE_INTERPRETER] = auxv[i + 1];
		else if (auxv[i] == AT_SYSINFO_EHDR)
			base[BASE_VDSO] = auxv[i + 1];
	}
	base[BASE_STACK] = stat_field(task, 28);
	base[BASE_BRK] = stat_field(task, 47);
	free(text);
}

static void widen(struct spread *spread, unsigned long base)
{
	int bit;

	spread->bases[spread->runs++] = base;
	for (bit = 0; bit < BITS; bit++)
		spread->ones[bit] += base >> bit & 1;
}

static int by_size(const void *a, const void *b)
{
	const unsigned long *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The lowest, or the highest, but for so many. */
static unsigned long lowest(const struct spread *spread, unsigned long but)
{
	return spread->bases[but];
}

static unsigned long highest(const struct spread *spread, unsigned long but)
{
	return spread->bases[spread->runs - 1 - but];
}

/* In how many runs a bit had its rarer value; 0: it never varied. */
static unsigned long rarer(const struct spread *spread, int bit)
{
	unsigned long zeros = spread->runs - spread->ones[bit];

	return zeros < spread->ones[bit] ? zeros : spread->ones[bit];
}

static unsigned long varying(const struct spread *spread)
{
	unsigned long bits = 0;
	int bit;

	for (bit = 0; bit < BITS; bit++)
		if (rarer(spread, bit))
			bits |= 1UL << bit;
	return bits;
}

static int one_run(const struct trial *trial, enum loader loader,
		   struct spread spreads[BASE_COUNT])
{
	unsigned long base[BASE_COUNT];
	struct counters before, after;
	struct task task;
	int status, i;
	bool ours;

	status = module_use(loader);
	if (!status)
		status = module_counters(&before);
	if (status)
		return status;
	status = task_start(&task, trial);
	if (!status && !task.execed) {
		say(trial->path, "%s does not load it",
		    loader_names[loader]);
		status = EXIT_USAGE;
	}
	if (!status)
		status = module_counters(&after);
	ours = !status && after.loaded > before.loaded;
	if (!status && loader != (ours ? BINFMT_XELF : BINFMT_ELF)) {
		say(trial->path, "was not loaded by %s", loader_names[loader]);
		status = EXIT_USAGE;
	}
	if (!status) {
		find_bases(&task, base);
		for (i = 0; i < BASE_COUNT; i++)
			widen(&spreads[i], base[i]);
	}
	task_kill(&task);
	return status;
}

static double log2_of(const struct spread *spread, unsigned long but)
{
	unsigned long size = highest(spread, but) - lowest(spread, but);

	return size ? log2(size) : 0;
}

/*
 * The highest bits vary in few runs, when a random number carries into them:
 * in n of one loader's runs and, if both do the same, in none of the other's
 * with a chance of about exp(-n).
 */
#define SURE	14

/*
 * One in so many runs may be out of the way at either end: 32-bit ARM has its
 * vDSO elsewhere if there is no room above the stack.
 */
#define ODD	20

static bool is_same(const struct spread *a, const struct spread *b)
{
	unsigned long but = a->runs / ODD;
	int bit;

	for (bit = 0; bit < BITS; bit++)
		if ((!rarer(a, bit) && rarer(b, bit) > SURE) ||
		    (!rarer(b, bit) && rarer(a, bit) > SURE))
			return false;
	return fabs(log2_of(a, but) - log2_of(b, but)) <= 1;
}

static void print_text(struct spread spreads[LOADER_COUNT][BASE_COUNT])
{
	int loader, i;

	printf("%-12s %-12s %-18s %-18s %-18s %4s %6s\n", "base", "loader",
	       "lowest", "highest", "varying bits", "bits", "log2");
	for (i = 0; i < BASE_COUNT; i++)
		for (loader = 0; loader < LOADER_COUNT; loader++) {
			const struct spread *s = &spreads[loader][i];

			printf("%-12s %-12s 0x%-16lx 0x%-16lx 0x%-16lx %4d %6.2f%s\n",
			       loader ? "" : base_names[i],
			       loader_names[loader], lowest(s, 0), highest(s, 0),
			       varying(s), __builtin_popcountl(varying(s)),
			       log2_of(s, s->runs / ODD),
			       loader && !is_same(&spreads[0][i], s) ?
			       "  differs" : "");
		}
}

static void print_json(const struct trial *trial, unsigned long runs,
		       struct spread spreads[LOADER_COUNT][BASE_COUNT])
{
	int loader, i;

	printf("{\n  \"program\": ");
	print_json_string(trial->path);
	printf(",\n  \"runs\": %lu,\n  \"bases\": [", runs);
	for (i = 0; i < BASE_COUNT; i++) {
		printf("%s\n    {\"base\": \"%s\"", i ? "," : "",
		       base_names[i]);
		for (loader = 0; loader < LOADER_COUNT; loader++) {
			const struct spread *s = &spreads[loader][i];

			printf(",\n     \"%s\": {\"lowest\": \"0x%lx\", \"highest\": \"0x%lx\",\n",
			       loader_names[loader], lowest(s, 0), highest(s, 0));
			printf("      \"varying\": \"0x%lx\", \"log2\": %.2f}",
			       varying(s), log2_of(s, s->runs / ODD));
		}
		printf(",\n     \"same\": %s}",
		       is_same(&spreads[0][i], &spreads[1][i]) ? "true" :
								 "false");
	}
	printf("\n  ]\n}\n");
}

/* Return: as spread_compare() does. */
static int report(const struct trial *trial, unsigned long runs, bool json,
		  struct spread spreads[LOADER_COUNT][BASE_COUNT])
{
	int status = EXIT_DONE;
	int loader, i;

	for (i = 0; i < BASE_COUNT; i++) {
		for (loader = 0; loader < LOADER_COUNT; loader++)
			qsort(spreads[loader][i].bases, runs,
			      sizeof(unsigned long), by_size);
		if (!is_same(&spreads[0][i], &spreads[1][i]))
			status = EXIT_REFUSED;
	}
	if (json)
		print_json(trial, runs, spreads);
	else
		print_text(spreads);
	if (!json && status == EXIT_DONE)
		printf("the same\n");
	return status;
}

/**
 * spread_compare() - compare where the loaders put things
 * @trial: what to run; up to its first instruction only
 * @runs: of each loader; few runs notice little
 * @json: for programs rather than people
 *
 * Return: EXIT_DONE if the same bits vary, but for what chance explains, and
 * log2 of highest minus lowest, without the twentieth at either end, differs by
 * at most one; EXIT_REFUSED if not; EXIT_USAGE if it cannot be told.
 */
int spread_compare(const struct trial *trial, unsigned long runs, bool json)
{
	struct spread spreads[LOADER_COUNT][BASE_COUNT];
	int status = EXIT_DONE;
	unsigned long run;
	int loader, i;

	for (loader = 0; loader < LOADER_COUNT; loader++)
		for (i = 0; i < BASE_COUNT; i++)
			spreads[loader][i] = (struct spread){
				.bases = allocate(runs * sizeof(run)),
			};
	for (run = 0; run < runs && !status; run++)
		for (loader = 0; loader < LOADER_COUNT && !status; loader++)
			status = one_run(trial, loader, spreads[loader]);
	if (!status)
		status = report(trial, runs, json, spreads);
	for (loader = 0; loader < LOADER_COUNT; loader++)
		for (i = 0; i < BASE_COUNT; i++)
			free(spreads[loader][i].bases);
	return status;
}

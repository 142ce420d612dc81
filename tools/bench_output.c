// SPDX-License-Identifier: GPL-2.0-only
/* xelf bench: what was measured, for a person, as JSON and as CSV. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* Times in microseconds, instructions as they are. */
static void print_amount(const struct bench *bench, double ns)
{
	if (bench->insns)
		printf(" %12.0f", ns);
	else
		printf(" %12.1f", ns / 1000);
}

static void print_command(const struct bench *bench)
{
	char *word;
	int i;

	for (i = 0; bench->argv[i]; i++) {
		word = escaped(bench->argv[i]);
		printf("%s%s", i ? " " : "", word);
		free(word);
	}
}

static void print_head(const struct bench *bench, const struct machine *machine)
{
	print_command(bench);
	printf(": vfork, exec, exit and wait, in %s\n",
	       bench->insns ? "instructions" : "microseconds");
	if (bench->copied && bench->switched)
		printf("  a tagged copy, the same file under both loaders\n");
	else if (bench->switched)
		printf("  the same file under both loaders\n");
	if (bench->cold)
		printf("  cold: the machine's page cache is dropped before each run\n");
	if (bench->exit_status)
		printf("  exit status %d, every time\n", bench->exit_status);
	printf("  Linux %s on %s\n  %ld x %s\n", machine->kernel,
	       machine->accelerator, machine->cpus, machine->cpu);
	printf("  mitigations: %s\n  clock: %s; frequency governor: %s\n\n",
	       machine->mitigations, machine->clocksource, machine->governor);
}

static void print_column(const struct bench *bench, const struct column *column)
{
	struct summary summary;

	bench_summarise(bench, column, &summary);
	printf("%-18s %4u %6zu", column->name, column->jobs, column->count);
	print_amount(bench, summary.minimum);
	print_amount(bench, summary.median);
	print_amount(bench, summary.p99);
	printf(" %6.0f %6.0f %10.0f\n", summary.minor, summary.major,
	       summary.rate);
}

static void print_ratio(const struct bench *bench, const struct column *column)
{
	const struct column *baseline = bench_baseline(bench, column);
	struct ratio ratio;

	if (!baseline)
		return;
	bench_ratio(bench, column, baseline, &ratio);
	printf("%-18s %4u   %.3f of %s (%.3f to %.3f)%s\n", column->name,
	       column->jobs, ratio.value, baseline->name, ratio.low, ratio.high,
	       ratio.low <= 1 && ratio.high >= 1 ? ": no difference seen" : "");
}

static void print_scaling(const struct bench *bench,
			  const struct column *column)
{
	const struct column *single = bench_single(bench, column);
	struct summary many, one;

	if (!single)
		return;
	bench_summarise(bench, column, &many);
	bench_summarise(bench, single, &one);
	printf("%-18s %4u   %.2f times the runs of one processor\n",
	       column->name, column->jobs, many.rate / one.rate);
}

/* The steps of our loader, and what both leave to exceptions. */
static void print_details(const struct bench *bench,
			  const struct column *column)
{
	unsigned int i;

	if (column->has_exceptions)
		printf("%-18s %4u   %.1f faults a run come by exception\n",
		       column->name, column->jobs, column->exceptions);
	if (!column->has_steps)
		return;
	printf("%-18s %4u   median of each step:", column->name, column->jobs);
	for (i = 0; i < XELF_STEP_COUNT; i++)
		if (column->steps[i] > 0)
			printf(bench->insns ? " %s %.0f" : " %s %.1f",
			       bench_steps[i], bench->insns ? column->steps[i] :
			       column->steps[i] / 1000);
	putchar('\n');
}

/**
 * bench_print_text() - for a person
 * @bench: what was measured
 * @machine: where
 */
void bench_print_text(const struct bench *bench, const struct machine *machine)
{
	unsigned int i;

	print_head(bench, machine);
	printf("%-18s %4s %6s %12s %12s %12s %6s %6s %10s\n", "loader", "cpus",
	       "runs", "minimum", "median", "p99", "minor", "major", "runs/s");
	for (i = 0; i < bench->column_count; i++)
		print_column(bench, &bench->columns[i]);
	if (bench->column_count > 1)
		printf("\nratio of the %s, 95%% confidence\n",
		       bench->insns ? "minima" : "medians");
	for (i = 0; i < bench->column_count; i++)
		print_ratio(bench, &bench->columns[i]);
	for (i = 0; i < bench->column_count; i++)
		print_scaling(bench, &bench->columns[i]);
	for (i = 0; i < bench->column_count; i++)
		print_details(bench, &bench->columns[i]);
	if (machine->caution_count)
		putchar('\n');
	for (i = 0; i < machine->caution_count; i++)
		printf("caution: %s\n", machine->cautions[i]);
}

static void json_string(const char *indent, const char *key, const char *value)
{
	printf("%s\"%s\": ", indent, key);
	print_json_string(value);
}

static void json_machine(const struct machine *machine)
{
	static const char in[] = ",\n    ";

	printf(",\n  \"machine\": {");
	json_string("\n    ", "kernel", machine->kernel);
	json_string(in, "cpu", machine->cpu);
	printf(",\n    \"cpus\": %ld", machine->cpus);
	json_string(in, "accelerator", machine->accelerator);
	json_string(in, "mitigations", machine->mitigations);
	json_string(in, "clocksource", machine->clocksource);
	json_string(in, "governor", machine->governor);
	printf("\n  }");
}

static void json_ratio(const struct bench *bench, const struct column *column)
{
	const struct column *baseline = bench_baseline(bench, column);
	struct ratio ratio;

	printf(",\n     \"ratio\": ");
	if (!baseline) {
		printf("null");
		return;
	}
	bench_ratio(bench, column, baseline, &ratio);
	printf("{\"value\": %.6f, \"low\": %.6f, \"high\": %.6f}", ratio.value,
	       ratio.low, ratio.high);
}

static void json_scaling(const struct bench *bench, const struct column *column)
{
	const struct column *single = bench_single(bench, column);
	struct summary many, one;

	printf(", \"scaling\": ");
	if (!single) {
		printf("null");
		return;
	}
	bench_summarise(bench, column, &many);
	bench_summarise(bench, single, &one);
	printf("%.4f", many.rate / one.rate);
}

static void json_details(const struct column *column)
{
	unsigned int i;

	printf(",\n     \"exceptions\": ");
	if (column->has_exceptions)
		printf("%.1f", column->exceptions);
	else
		printf("null");
	printf(", \"steps\": ");
	if (!column->has_steps) {
		printf("null");
		return;
	}
	for (i = 0; i < XELF_STEP_COUNT; i++)
		printf("%s\"%s\": %.0f", i ? ", " : "{", bench_steps[i],
		       column->steps[i]);
	putchar('}');
}

static void json_column(const struct bench *bench, const struct column *column)
{
	struct summary s;

	bench_summarise(bench, column, &s);
	printf("\n    {\"loader\": ");
	if (column->as_is)
		printf("null");
	else
		print_json_string(loader_names[column->loader]);
	printf(", \"hints\": %s, \"cpus\": %u, \"runs\": %zu,\n",
	       column->hints ? "true" : "false", column->jobs, column->count);
	printf("     \"minimum\": %.0f, \"median\": %.1f, \"p99\": %.0f,\n",
	       s.minimum, s.median, s.p99);
	printf("     \"minor_faults\": %.1f, \"major_faults\": %.1f,\n", s.minor,
	       s.major);
	printf("     \"runs_per_second\": %.3f", s.rate);
	json_ratio(bench, column);
	json_scaling(bench, column);
	if (bench->details)
		json_details(column);
	putchar('}');
}

/**
 * bench_print_json() - for programs: one object
 * @bench: what was measured
 * @machine: where
 */
void bench_print_json(const struct bench *bench, const struct machine *machine)
{
	unsigned int i;

	printf("{\n  \"command\": [");
	for (i = 0; bench->argv[i]; i++) {
		printf("%s", i ? ", " : "");
		print_json_string(bench->argv[i]);
	}
	printf("],\n  \"unit\": \"%s\",\n  \"ratio_of\": \"%s\",\n",
	       bench->insns ? "instructions" : "ns",
	       bench->insns ? "minima" : "medians");
	printf("  \"cold\": %s,\n  \"copied\": %s,\n",
	       bench->cold ? "true" : "false", bench->copied ? "true" : "false");
	printf("  \"loader_checked\": %s,\n  \"exit_status\": %d",
	       bench->switched ? "true" : "false", bench->exit_status);
	json_machine(machine);
	printf(",\n  \"columns\": [");
	for (i = 0; i < bench->column_count; i++) {
		if (i)
			putchar(',');
		json_column(bench, &bench->columns[i]);
	}
	printf("\n  ],\n  \"cautions\": [");
	for (i = 0; i < machine->caution_count; i++) {
		printf("%s\n    ", i ? "," : "");
		print_json_string(machine->cautions[i]);
	}
	printf("\n  ]\n}\n");
}

/**
 * bench_print_csv() - one line for each run, in the order of each column
 * @bench: what was measured
 */
void bench_print_csv(const struct bench *bench)
{
	const struct column *column;
	size_t size, i;
	unsigned int c;

	printf("loader,hints,cpus,block,cpu,%s,minor_faults,major_faults\n",
	       bench->insns ? "instructions" : "ns");
	for (c = 0; c < bench->column_count; c++) {
		column = &bench->columns[c];
		size = (size_t)bench->block_size * column->jobs;
		for (i = 0; i < column->count; i++)
			printf("%s,%d,%u,%zu,%zu,%llu,%u,%u\n",
			       column->as_is ? "" :
			       loader_names[column->loader],
			       column->hints, column->jobs, i / size,
			       i % size / bench->block_size,
			       HEX(column->samples[i].ns),
			       column->samples[i].minor,
			       column->samples[i].major);
	}
}

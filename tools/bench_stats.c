// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf bench: what the samples come to. Order statistics alone, since a run is
 * never too short, and now and then much too long.
 */
#include <stdlib.h>

#include "bench.h"

#define RESAMPLES	1000

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Of sorted values. */
static double median_of(const double *values, size_t count)
{
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

static double median_rate(const struct bench *bench,
			  const struct column *column)
{
	double *rates = allocate(bench->blocks * sizeof(*rates));
	double median;
	unsigned int i;

	for (i = 0; i < bench->blocks; i++)
		rates[i] = column->rates[i];
	qsort(rates, bench->blocks, sizeof(*rates), by_number);
	median = median_of(rates, bench->blocks);
	free(rates);
	return median;
}

/**
 * bench_summarise() - a column in a few numbers
 * @bench: what was measured
 * @column: one of its columns
 * @summary: filled in
 */
void bench_summarise(const struct bench *bench, const struct column *column,
		     struct summary *summary)
{
	size_t count = column->count, i;
	double *ns = allocate(count * sizeof(*ns));
	double *minor = allocate(count * sizeof(*minor));
	double *major = allocate(count * sizeof(*major));

	for (i = 0; i < count; i++) {
		ns[i] = column->samples[i].ns;
		minor[i] = column->samples[i].minor;
		major[i] = column->samples[i].major;
	}
	qsort(ns, count, sizeof(*ns), by_number);
	qsort(minor, count, sizeof(*minor), by_number);
	qsort(major, count, sizeof(*major), by_number);
	*summary = (struct summary){
		.minimum = ns[0],
		.median = median_of(ns, count),
		.p99 = ns[(count * 99 + 99) / 100 - 1],
		.minor = median_of(minor, count),
		.major = median_of(major, count),
		.rate = median_rate(bench, column),
	};
	free(ns);
	free(minor);
	free(major);
}

/**
 * bench_baseline() - the column that a column is compared with
 * @bench: what was measured
 * @column: one of its columns
 *
 * Return: the kernel's loader on as many processors, or NULL if @column is it.
 */
const struct column *bench_baseline(const struct bench *bench,
				    const struct column *column)
{
	unsigned int i;

	for (i = 0; i < bench->column_count; i++)
		if (bench->columns[i].loader == BINFMT_ELF &&
		    bench->columns[i].jobs == column->jobs)
			return &bench->columns[i] == column ? NULL :
			       &bench->columns[i];
	return NULL;
}

/**
 * bench_single() - the same way of loading, on one processor
 * @bench: what was measured
 * @column: one of its columns
 *
 * Return: that column, or NULL if @column is it.
 */
const struct column *bench_single(const struct bench *bench,
				  const struct column *column)
{
	unsigned int i;

	for (i = 0; i < bench->column_count; i++)
		if (bench->columns[i].loader == column->loader &&
		    bench->columns[i].hints == column->hints &&
		    bench->columns[i].jobs == 1)
			return &bench->columns[i] == column ? NULL :
			       &bench->columns[i];
	return NULL;
}

/* A sample's time, and the block that it is of. */
struct timed {
	__u64 ns;
	unsigned int block;
};

static int by_time(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;

	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

static struct timed *sort_samples(const struct bench *bench,
				  const struct column *column)
{
	struct timed *sorted = allocate(column->count * sizeof(*sorted));
	size_t i;

	for (i = 0; i < column->count; i++) {
		sorted[i].ns = column->samples[i].ns;
		sorted[i].block = i / (column->count / bench->blocks);
	}
	qsort(sorted, column->count, sizeof(*sorted), by_time);
	return sorted;
}

/*
 * The sample at @rank (from 0), when each block is there as often as @times
 * says.
 */
static double at_rank(const struct timed *sorted, const unsigned int *times,
		      size_t rank)
{
	size_t below = 0;

	for (;; sorted++) {
		below += times[sorted->block];
		if (below > rank)
			return sorted->ns;
	}
}

/* The minimum where instructions are counted: nothing makes a run shorter. */
static double statistic(const struct bench *bench, const struct timed *sorted,
			const unsigned int *times, size_t count)
{
	if (bench->insns)
		return at_rank(sorted, times, 0);
	return (at_rank(sorted, times, (count - 1) / 2) +
		at_rank(sorted, times, count / 2)) / 2;
}

/* The same numbers on every call, so that equal samples give equal output. */
static unsigned int next_random(__u64 *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

/**
 * bench_ratio() - a column by the baseline, and how sure that is
 * @bench: what was measured
 * @column: one of its columns
 * @baseline: another
 * @ratio: filled in
 *
 * The interval is the bootstrap's: blocks are drawn with replacement, the same
 * ones of both columns, since what disturbs one block disturbs its neighbour.
 */
void bench_ratio(const struct bench *bench, const struct column *column,
		 const struct column *baseline, struct ratio *ratio)
{
	struct timed *above = sort_samples(bench, column);
	struct timed *below = sort_samples(bench, baseline);
	unsigned int *times = allocate(bench->blocks * sizeof(*times));
	double *ratios = allocate(RESAMPLES * sizeof(*ratios));
	__u64 state = 1;
	unsigned int i, j;

	for (i = 0; i < bench->blocks; i++)
		times[i] = 1;
	ratio->value = statistic(bench, above, times, column->count) /
		       statistic(bench, below, times, baseline->count);
	for (i = 0; i < RESAMPLES; i++) {
		for (j = 0; j < bench->blocks; j++)
			times[j] = 0;
		for (j = 0; j < bench->blocks; j++)
			times[next_random(&state) % bench->blocks]++;
		ratios[i] = statistic(bench, above, times, column->count) /
			    statistic(bench, below, times, baseline->count);
	}
	qsort(ratios, RESAMPLES, sizeof(*ratios), by_number);
	ratio->low = ratios[RESAMPLES * 25 / 1000];
	ratio->high = ratios[RESAMPLES * 975 / 1000 - 1];
	free(above);
	free(below);
	free(times);
	free(ratios);
}

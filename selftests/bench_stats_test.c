// SPDX-License-Identifier: GPL-2.0-only
/* What xelf bench makes of samples: order statistics, the ratio, its interval. */
#include <stdlib.h>
#include <string.h>

#include "../tools/bench_stats.c"
#include <kselftest_harness.h>

#define BLOCKS	10
#define SIZE	10
#define RUNS	(BLOCKS * SIZE)

void *allocate(size_t size)
{
	void *mem = calloc(1, size);

	if (!mem)
		abort();
	return mem;
}

FIXTURE(bench) {
	struct bench bench;
	struct sample samples[2][RUNS];
	double rates[2][BLOCKS];
	struct summary summary;
	struct ratio ratio;
};

/* The kernel's loader takes 1000 to 1099 ns, ours twice that. */
FIXTURE_SETUP(bench)
{
	int c, i;

	self->bench = (struct bench){
		.blocks = BLOCKS,
		.block_size = SIZE,
		.column_count = 2,
	};
	for (c = 0; c < 2; c++) {
		self->bench.columns[c] = (struct column){
			.loader = c,
			.jobs = 1,
			.samples = self->samples[c],
			.count = RUNS,
			.rates = self->rates[c],
		};
		/* In no order: 37 and 100 have no common factor. */
		for (i = 0; i < RUNS; i++)
			self->samples[c][i] = (struct sample){
				.ns = (1000 + i * 37 % RUNS) * (c + 1),
				.minor = 7 + i % 3,
				.major = i == 50,
			};
		for (i = 0; i < BLOCKS; i++)
			self->rates[c][i] = 5 + i * 7 % BLOCKS;
	}
}

FIXTURE_TEARDOWN(bench)
{
}

static void get_ratio(const struct bench *bench, struct ratio *ratio)
{
	bench_ratio(bench, &bench->columns[1], &bench->columns[0], ratio);
}

TEST_F(bench, minimum_median_and_p99_are_those_of_the_sorted_samples)
{
	bench_summarise(&self->bench, &self->bench.columns[0], &self->summary);
	EXPECT_EQ(1000, self->summary.minimum);
	EXPECT_EQ(1049.5, self->summary.median);
	EXPECT_EQ(1098, self->summary.p99);
	EXPECT_EQ(8, self->summary.minor);
	EXPECT_EQ(0, self->summary.major);
	EXPECT_EQ(9.5, self->summary.rate);
}

TEST_F(bench, p99_of_few_samples_is_the_longest)
{
	self->bench.blocks = 1;
	self->bench.columns[0].count = 3;
	bench_summarise(&self->bench, &self->bench.columns[0], &self->summary);
	EXPECT_EQ(1074, self->summary.p99);
	EXPECT_EQ(1037, self->summary.median);
}

TEST_F(bench, one_long_run_moves_neither_median_nor_minimum)
{
	self->samples[0][0].ns = 1000000;
	bench_summarise(&self->bench, &self->bench.columns[0], &self->summary);
	EXPECT_EQ(1001, self->summary.minimum);
	EXPECT_EQ(1050.5, self->summary.median);
	EXPECT_EQ(1099, self->summary.p99);
}

/* Both columns draw the same blocks, so that the ratio never varies. */
TEST_F(bench, a_column_twice_as_long_is_exactly_2)
{
	get_ratio(&self->bench, &self->ratio);
	EXPECT_EQ(2, self->ratio.value);
	EXPECT_EQ(2, self->ratio.low);
	EXPECT_EQ(2, self->ratio.high);
}

TEST_F(bench, times_are_compared_by_medians_and_instructions_by_minima)
{
	int i;

	/* Ours: only the longer half is twice as long. */
	for (i = 0; i < RUNS; i++)
		if (self->samples[0][i].ns < 1040)
			self->samples[1][i].ns = self->samples[0][i].ns;
	get_ratio(&self->bench, &self->ratio);
	EXPECT_EQ(2, self->ratio.value);
	self->bench.insns = true;
	get_ratio(&self->bench, &self->ratio);
	EXPECT_EQ(1, self->ratio.value);
}

TEST_F(bench, blocks_that_disagree_make_the_interval_wide)
{
	int i;

	/* Ours is twice as long in the first half, and as long in the other. */
	for (i = RUNS / 2; i < RUNS; i++)
		self->samples[1][i].ns = self->samples[0][i].ns;
	get_ratio(&self->bench, &self->ratio);
	EXPECT_LT(self->ratio.low, 1.1);
	EXPECT_GT(self->ratio.high, 1.9);
	EXPECT_LE(self->ratio.low, self->ratio.value);
	EXPECT_LE(self->ratio.value, self->ratio.high);
}

TEST_F(bench, equal_samples_give_equal_intervals)
{
	struct ratio first;
	int i;

	for (i = 0; i < RUNS; i++)
		self->samples[1][i].ns += i * 13 % 50;
	get_ratio(&self->bench, &self->ratio);
	first = self->ratio;
	get_ratio(&self->bench, &self->ratio);
	EXPECT_LT(first.low, first.high);
	EXPECT_EQ(first.low, self->ratio.low);
	EXPECT_EQ(first.high, self->ratio.high);
}

TEST_F(bench, a_column_is_compared_with_the_kernels_on_as_many_processors)
{
	struct column *columns = self->bench.columns;

	columns[2] = columns[0];
	columns[3] = columns[1];
	columns[2].jobs = 2;
	columns[3].jobs = 2;
	self->bench.column_count = 4;
	EXPECT_EQ(NULL, bench_baseline(&self->bench, &columns[0]));
	EXPECT_EQ(&columns[0], bench_baseline(&self->bench, &columns[1]));
	EXPECT_EQ(NULL, bench_baseline(&self->bench, &columns[2]));
	EXPECT_EQ(&columns[2], bench_baseline(&self->bench, &columns[3]));
	EXPECT_EQ(NULL, bench_single(&self->bench, &columns[1]));
	EXPECT_EQ(&columns[1], bench_single(&self->bench, &columns[3]));
}

TEST_HARNESS_MAIN

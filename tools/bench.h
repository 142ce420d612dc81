/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of `xelf bench` share: what is measured, and what came out.
 */
#ifndef _TOOLS_BENCH_H
#define _TOOLS_BENCH_H

#include <sys/types.h>

#include <xelf/steps.h>

#include "diff.h"

/**
 * struct sample - one run: vfork, exec, exit, wait
 * @ns: how long it took, by CLOCK_MONOTONIC
 * @minor: page faults that needed no reading
 * @major: page faults that waited for the disk
 */
struct sample {
	__u64 ns;
	__u32 minor;
	__u32 major;
};

/**
 * struct column - one way to run the program
 * @name: for people
 * @loader: which loads it
 * @hints: the file's hints are followed
 * @as_is: no loader is asked for
 * @path: the file; columns differ in it where the switch may not be turned
 * @jobs: on how many processors at once
 * @samples: @jobs * block_size for each block, one block after another
 * @count: how many
 * @rates: runs a second, of each block
 * @has_exceptions: of @exceptions; it was looked at, and could be seen
 * @exceptions: faults of one run that came by exception, the mean
 * @has_steps: of @steps, likewise
 * @steps: nanoseconds that our loader took for each step, medians
 */
struct column {
	const char *name;
	enum loader loader;
	bool hints;
	bool as_is;
	const char *path;
	unsigned int jobs;
	struct sample *samples;
	size_t count;
	double *rates;
	bool has_exceptions;
	double exceptions;
	bool has_steps;
	double steps[XELF_STEP_COUNT];
};

/* Three ways of loading, each on one processor and on several. */
#define MAX_COLUMNS	6
#define MAX_JOBS	1024

/**
 * struct bench - one call of `xelf bench`
 * @argv: the program, as the user gave it, and its arguments
 * @cold: drop the page cache before each run
 * @insns: the clock counts instructions
 * @details: look at faults and steps too
 * @copied: the program is measured by way of a copy
 * @switched: the loader is chosen by the module's switch, and its counters are
 *	seen to move as they must; else each loader has a file of its own
 * @blocks: how often each column has its turn
 * @block_size: runs of each processor in one turn
 * @columns: what is measured; the first is the baseline
 * @column_count: how many
 * @exit_status: the program's own
 */
struct bench {
	char **argv;
	bool cold;
	bool insns;
	bool details;
	bool copied;
	bool switched;
	unsigned int blocks;
	unsigned int block_size;
	struct column columns[MAX_COLUMNS];
	unsigned int column_count;
	int exit_status;
};

/* bench_run.c */
int bench_run(struct bench *bench);
void bench_free(struct bench *bench);

/* bench_look.c */

/**
 * struct look - what is looked at in a turn
 * @faults: perf's counter; -1 without one
 * @instance: tracefs's, which collects events; NULL without one
 */
struct look {
	int faults;
	struct tracefs_instance *instance;
};

/* The names of XELF_STEPS. */
extern const char *const *const bench_steps;

void look_begin(struct look *look, pid_t pid);
void look_end(struct look *look, struct column *column, unsigned int runs);

/* bench_stats.c */

/**
 * struct summary - a column in a few numbers
 * @minimum: ns
 * @median: ns
 * @p99: ns; the smallest time that 99 of 100 runs do not exceed
 * @minor: median of the minor faults
 * @major: median of the major faults
 * @rate: median of the blocks' runs a second
 */
struct summary {
	double minimum;
	double median;
	double p99;
	double minor;
	double major;
	double rate;
};

/**
 * struct ratio - a column's time by the baseline's
 * @value: of the medians; of the minima if instructions are counted
 * @low: the lower end of the interval that holds it with 95% confidence
 * @high: its upper end
 */
struct ratio {
	double value;
	double low;
	double high;
};

void bench_summarise(const struct bench *bench, const struct column *column,
		     struct summary *summary);
const struct column *bench_baseline(const struct bench *bench,
				    const struct column *column);
const struct column *bench_single(const struct bench *bench,
				  const struct column *column);
void bench_ratio(const struct bench *bench, const struct column *column,
		 const struct column *baseline, struct ratio *ratio);

/* bench_machine.c */

#define MAX_CAUTIONS	16

/**
 * struct machine - where it was measured, and what is wrong with that
 * @kernel: release and architecture
 * @cpu: the processor's name
 * @cpus: how many are on
 * @accelerator: what runs the machine, as in "KVM" or "bare metal"
 * @mitigations: what the kernel does against the processor's leaks
 * @clocksource: what CLOCK_MONOTONIC reads
 * @governor: of the processor's frequency; "none" if it has none
 * @emulated: the processor is a program
 * @idle: ticks in which a processor had nothing to do, at the start
 * @steal: ticks that the host took, at the start
 * @own: seconds of our own, at the start
 * @start: CLOCK_MONOTONIC, at the start
 * @cautions: why the figures should not be trusted
 * @caution_count: how many
 */
struct machine {
	char *kernel;
	char *cpu;
	long cpus;
	char *accelerator;
	char *mitigations;
	char *clocksource;
	char *governor;
	bool emulated;
	double idle;
	double steal;
	double own;
	double start;
	char *cautions[MAX_CAUTIONS];
	unsigned int caution_count;
};

double machine_seconds(void);
bool machine_counts_instructions(void);
void machine_look(struct machine *machine);
void machine_judge(struct machine *machine, const struct bench *bench);
void machine_free(struct machine *machine);

/* bench_output.c */
void bench_print_text(const struct bench *bench, const struct machine *machine);
void bench_print_json(const struct bench *bench, const struct machine *machine);
void bench_print_csv(const struct bench *bench);

/* bench_plot.c */
int plot_is_possible(void);
int plot_write(const struct bench *bench, const struct machine *machine,
	       const char *out);

#endif /* _TOOLS_BENCH_H */

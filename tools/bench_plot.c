// SPDX-License-Identifier: GPL-2.0-only
/* xelf bench --svg: gnuplot draws how the runs of each column are spread. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static pid_t start_gnuplot(char *argument, int in, int out, int *err)
{
	char *const argv[] = { "gnuplot", argument, NULL };
	posix_spawn_file_actions_t files;
	pid_t pid = -1;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	*err = posix_spawnp(&pid, argv[0], &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	return *err ? -1 : pid;
}

static bool has_succeeded(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && !status;
}

/**
 * plot_is_possible() - is gnuplot there? Asked before anything is measured
 *
 * Return: EXIT_DONE, or EXIT_REFUSED after saying what to do.
 */
int plot_is_possible(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int err;
	pid_t pid = start_gnuplot("--version", null, null, &err);

	close(null);
	if (pid >= 0 && has_succeeded(pid))
		return EXIT_DONE;
	say("", "--svg needs gnuplot, which %s: apt-get install gnuplot-nox",
	    err ? "is not here" : "does not run");
	return EXIT_REFUSED;
}

static int by_ns(const void *a, const void *b)
{
	__u64 x = ((const struct sample *)a)->ns;
	__u64 y = ((const struct sample *)b)->ns;

	return x < y ? -1 : x > y;
}

/* Of each column: what share of its runs took no longer than that. */
static void write_data(const struct bench *bench, FILE *to)
{
	double unit = bench->insns ? 1 : 1000;
	const struct column *column;
	struct sample *sorted;
	unsigned int c;
	size_t i;

	for (c = 0; c < bench->column_count; c++) {
		column = &bench->columns[c];
		sorted = allocate(column->count * sizeof(*sorted));
		memcpy(sorted, column->samples,
		       column->count * sizeof(*sorted));
		qsort(sorted, column->count, sizeof(*sorted), by_ns);
		fprintf(to, "$column%u << END\n", c);
		for (i = 0; i < column->count; i++)
			fprintf(to, "%.3f %.6f\n", sorted[i].ns / unit,
				(i + 1.0) / column->count);
		fprintf(to, "END\n");
		free(sorted);
	}
}

/* The longest runs would squeeze all others into a corner. */
static double right_edge(const struct bench *bench)
{
	double edge = 0;
	struct summary summary;
	unsigned int c;

	for (c = 0; c < bench->column_count; c++) {
		bench_summarise(bench, &bench->columns[c], &summary);
		if (edge < summary.p99)
			edge = summary.p99;
	}
	return edge / (bench->insns ? 1 : 1000);
}

/* The words are our own and the kernel's; the program's name could be code. */
static void write_script(const struct bench *bench,
			 const struct machine *machine, FILE *to)
{
	unsigned int c;

	fprintf(to, "set terminal svg size 800,480 background 'white'\n");
	fprintf(to, "set title 'Linux %s' noenhanced\n", machine->kernel);
	fprintf(to, "set xlabel '%s'\n", bench->insns ?
		"instructions of one vfork, exec, exit and wait" :
		"microseconds of one vfork, exec, exit and wait");
	fprintf(to, "set ylabel 'share of runs'\nset key bottom right noenhanced\nset grid\n");
	fprintf(to, "set yrange [0:1]\nset xrange [*:%.3f]\n",
		right_edge(bench) * 1.01);
	write_data(bench, to);
	fprintf(to, "plot ");
	for (c = 0; c < bench->column_count; c++)
		fprintf(to, "%s$column%u with steps linewidth 2 title '%s, %u cpu(s)'",
			c ? ", " : "", c, bench->columns[c].name,
			bench->columns[c].jobs);
	fputc('\n', to);
}

/**
 * plot_write() - draw the columns
 * @bench: what was measured
 * @machine: where
 * @out: the SVG file
 *
 * Return: EXIT_DONE, or EXIT_REFUSED after saying what failed.
 */
int plot_write(const struct bench *bench, const struct machine *machine,
	       const char *out)
{
	FILE *script = tmpfile();
	int fd, err;
	pid_t pid;

	if (!script)
		return fail("", "cannot make a temporary file for gnuplot",
			    errno);
	write_script(bench, machine, script);
	if (fflush(script) || fseek(script, 0, SEEK_SET)) {
		fail("", "cannot write the script for gnuplot", errno);
		fclose(script);
		return EXIT_REFUSED;
	}
	fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		fail(out, "cannot write it", errno);
		fclose(script);
		return EXIT_REFUSED;
	}
	/* "-": the script is standard input. */
	pid = start_gnuplot("-", fileno(script), fd, &err);
	close(fd);
	fclose(script);
	if (pid >= 0 && has_succeeded(pid))
		return EXIT_DONE;
	say(out, "gnuplot failed; what it said is above");
	return EXIT_REFUSED;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * xelf bench --details: what can be seen of runs beside their time: how many
 * faults came by exception, and how long our loader took for each step. In a
 * turn of its own, since looking costs time.
 */
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <tracefs.h>
#include <unistd.h>

#include "bench.h"

static const char *const steps[] = {
#define STEP_NAME(id, name) \
	[XELF_STEP_##id] = #name,
	XELF_STEPS(STEP_NAME)
#undef STEP_NAME
};

const char *const *const bench_steps = steps;

/* Faults of a process and of those that it starts. */
static int count_faults(pid_t pid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_PAGE_FAULTS,
		.inherit = 1,
	};

	return syscall(SYS_perf_event_open, &attr, pid, -1, -1,
		       PERF_FLAG_FD_CLOEXEC);
}

/* The event that sums an exec up, of a process and of those that it starts. */
static struct tracefs_instance *collect_steps(pid_t pid)
{
	struct tracefs_instance *instance;
	char *name, *id;
	bool done;

	tracefs_set_loglevel(TEP_LOG_NONE);
	if (!tracefs_tracing_dir() ||
	    !tracefs_event_file_exists(NULL, "xelf", "xelf_exec", "enable"))
		return NULL;
	name = format("xelf-bench-%d", (int)getpid());
	instance = tracefs_instance_create(name);
	free(name);
	if (!instance)
		return NULL;
	id = format("%d", (int)pid);
	done = tracefs_instance_file_write(instance, "set_event_pid", id) > 0 &&
	       !tracefs_option_enable(instance, TRACEFS_OPTION_EVENT_FORK) &&
	       !tracefs_event_enable(instance, "xelf", "xelf_exec");
	free(id);
	if (done)
		return instance;
	tracefs_instance_destroy(instance);
	tracefs_instance_free(instance);
	return NULL;
}

/**
 * look_begin() - look at what a process runs from now on
 * @look: filled in; what cannot be seen is left out
 * @pid: the process
 */
void look_begin(struct look *look, pid_t pid)
{
	look->faults = count_faults(pid);
	look->instance = collect_steps(pid);
}

static int compare(const void *a, const void *b)
{
	const __u64 *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* What the events say of one step, of all runs. Return: the median. */
static double median_of_step(const char *trace, const char *name, __u64 *ns,
			     size_t room)
{
	char *field = format(" %s=", name);
	const char *line, *value;
	size_t count = 0;

	for (line = trace; (line = strstr(line, " xelf_exec: ")); line++) {
		/* After the path, which may hold anything. */
		value = strstr(line, " reason=");
		value = value ? strstr(value, field) : NULL;
		if (value && count < room)
			ns[count++] = strtoull(value + strlen(field), NULL, 10);
	}
	free(field);
	qsort(ns, count, sizeof(*ns), compare);
	return count ? ns[count / 2] : 0;
}

static void read_steps(struct tracefs_instance *instance, struct column *column,
		       unsigned int runs)
{
	char *trace = tracefs_instance_file_read(instance, "trace", NULL);
	__u64 *ns = allocate(runs * sizeof(*ns));
	unsigned int i;

	for (i = 0; trace && i < XELF_STEP_COUNT; i++) {
		column->steps[i] = median_of_step(trace, steps[i], ns, runs);
		/* Every exec starts with a check. */
		column->has_steps = column->steps[XELF_STEP_CHECK] > 0;
	}
	free(ns);
	free(trace);
	tracefs_event_disable(instance, NULL, NULL);
	tracefs_instance_destroy(instance);
	tracefs_instance_free(instance);
}

/**
 * look_end() - no longer look
 * @look: from look_begin()
 * @column: what was seen goes there
 * @runs: how many runs there were
 */
void look_end(struct look *look, struct column *column, unsigned int runs)
{
	__u64 faults;

	if (look->faults >= 0 &&
	    read(look->faults, &faults, sizeof(faults)) == sizeof(faults)) {
		column->has_exceptions = true;
		column->exceptions = (double)faults / runs;
	}
	if (look->faults >= 0)
		close(look->faults);
	if (look->instance)
		read_steps(look->instance, column, runs);
}
